"""What the figure of the route says, and that no two of its texts meet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import funnelest as fe
from funnelest.evidence.on_route import OnRoute
from funnelest.likelihood.density import prior_draws
from funnelest.plot.base import Language, text_width, wrap
from funnelest.quantities.quantities import Quantities
from funnelest.results.imputed import imputed_number
from funnelest.sampling.gate import Gate

mpl.use("Agg")
PASSED = Gate("importance", {"k-hat": 0.3, "ESS": 2000.0}, ())
FAILED = Gate("importance", {"k-hat": 0.9}, ("Pareto k-hat is 0.90, it must be below 0.7",))


def drawn_from_prior(model: fe.Model, gate: Gate = PASSED) -> fe.Result:
    draws = prior_draws(model, np.random.default_rng(0), 400)
    shaped = {name: np.asarray(values).reshape(2, 200) for name, values in draws.items()}
    return fe.Result(model, shaped, gate, seed=1)


def children(*assumptions: fe.Assumption) -> fe.Model:
    people = fe.Population(
        {"age": [(0, 11), (12, 16)], "year": [2016, 2017]}, [[2e6, 2e6], [1e6, 1e6]]
    )
    return fe.Model(
        fe.Route(
            "happened",
            "told",
            "reported",
            "helped",
            skips=[("happened", "reported"), ("told", "helped")],
        ),
        people,
        fe.Rate(fe.LogNormal.from_interval(0.005, 0.06)),
        {("told", "reported"): fe.Share(fe.Beta(1, 9))},
        [
            fe.Register(
                name="Veilig Thuis", step="reported", count=fe.Rounded(950, to=50), per="year"
            ),
            fe.Register(name="one year", step=("told", "helped"), count=120, where={"year": 2016}),
            fe.Register(
                name="withheld",
                step="helped",
                count=fe.Between(1, 9),
                where={"year": 2017},
                per="year",
            ),
        ],
        assumptions,
    )


SHIFT = fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="assumed")


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    style = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == style  # matplotlib's style is left as it was


def texts(figure: mpl.figure.Figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def everything(figure: mpl.figure.Figure) -> str:
    return "\n".join(texts(figure))


def overlapping(figure: mpl.figure.Figure) -> list[tuple[str, str]]:
    figure.draw_without_rendering()
    found = [t for t in figure.findobj(Text) if t.get_text().strip() and not t.get_rotation()]
    boxes = [(t.get_text(), t.get_window_extent()) for t in found if t.get_visible()]
    return [
        (a, b)
        for (a, one), (b, two) in combinations(boxes, 2)
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1
        and min(one.y1, two.y1) - max(one.y0, two.y0) > 3  # line boxes touch, letters do not
    ]


def test_says_every_step_number_share_and_the_interval() -> None:
    result = drawn_from_prior(children())
    said = everything(fe.plot.route(result, title="The route", probability=0.8))
    show = Language("en")
    for row in result.steps(probability=0.8).itertuples():
        assert row.step in said
        errors = (row.median_mc_error, row.low_mc_error, row.high_mc_error)
        assert show.numbers(row.median, row.low, row.high, errors) in said
    for row in result.transitions(probability=0.8).itertuples():
        errors = (row.median_mc_error, row.low_mc_error, row.high_mc_error)
        assert show.shares(row.median, row.low, row.high, errors) in said
    assert "The route" in said
    assert "80% equal-tailed interval" in said
    assert "people per year, mean over 2016\u20132017" in said
    assert "imputed part)" in said  # the note explains the word; no row has it
    assert "of which imputed" not in said
    assert "FAILED" not in said


def test_registers_stand_beside_the_estimate_on_its_scale() -> None:
    result = drawn_from_prior(children())
    rows = texts(fe.plot.route(result))
    assert "recorded, Veilig Thuis" in rows
    assert "950" in rows
    assert "recorded, one year (year 2016)" in rows
    assert "1\u20139" in rows
    # Summed over the two years, the yearly mean is twice as large.
    assert "1,900" in texts(fe.plot.route(result, per=None))
    only = everything(fe.plot.route(result, where={"year": 2017}))
    assert "one year" not in only  # it saw nobody of 2017
    assert "recorded" not in everything(fe.plot.route(result, recorded={}))
    own = everything(fe.plot.route(result, recorded={"told": (7_123, "police")}))
    assert "recorded, police" in own
    assert "7,123" in own


@dataclass(frozen=True, kw_only=True, repr=False)
class Counted(fe.Evidence):
    """A user's own kind that says where it stands."""

    count: int

    def observations(self, q: Quantities) -> Sequence[fe.Observation]:
        return [fe.Observation(fe.distributions.Poisson(q.number("told")), self.count)]

    def shown_on_route(self, route: fe.Route, population: fe.Population) -> Sequence[OnRoute]:
        return [
            OnRoute(
                place="told",
                number=2 * self.count,
                figure=fe.figures.Exact(self.count),
                means=2,
                recorded=True,
                label="own kind",
            )
        ]


def test_every_kind_says_where_it_stands_and_none_is_dropped_in_silence() -> None:
    base = children(SHIFT)
    more: list[fe.Evidence] = [
        fe.Total("capture study", step="told", interval=(2_000, 8_000), per="year"),
        fe.Survey("pupils", step="happened", yes=20, n=1_000, where={"age": (12, 16)}),
        fe.Cohort("followed", of="told", n=40, went={"reported": 10, "helped": 5}),
        fe.Cohort("ever helped", of="happened", step="helped", yes=1, n=50),
        fe.OwnPoisson("own count", quantity=lambda q: q.number("told"), count=2_500),
        Counted(name="my kind", count=7_777),
    ]
    model = replace(base, evidence=[*base.evidence, *more])
    figure = fe.plot.route(drawn_from_prior(model))
    rows = texts(figure)
    assert "published, capture study" in rows
    assert "4,000 (2,000\u20138,000)" in rows
    assert "20,000" in rows  # 2% of the two million of 12-16, a year
    # A share of a step stands in the column of shares; by any path at the step, not the arrow.
    assert "published, followed, of told" in rows
    assert {"25%", "12%", "2%"} <= set(rows)
    whole = " ".join(rows)
    assert whole.index("published, ever helped, of happened") > whole.index("recorded, withheld")
    assert "recorded, my kind, own kind" in rows
    assert "7,777" in rows
    assert "no place on this figure: own count." in whole
    assert overlapping(figure) == []
    only = everything(fe.plot.route(drawn_from_prior(model), where={"year": 2017}))
    assert "One source is of other cells only." in only  # it saw nobody of 2017


def test_two_registers_that_are_not_linked_stand_beside_each_other() -> None:
    base = children()
    overlap = fe.Beta(1, 1, statement="nothing is known of it")
    two = [fe.Register(name=name, step="told", count=n) for name, n in (("a", 31), ("b", 57))]
    model = replace(base, evidence=[fe.Unlinked("both", registers=two, overlap=overlap)])
    rows = texts(fe.plot.route(drawn_from_prior(model), per=None))
    assert {"recorded, a", "31", "recorded, b", "57"} <= set(rows)
    assert not any("no place" in text for text in rows)


def test_published_numbers_keep_their_label_and_are_not_rounded() -> None:
    published = {
        "happened": (20_800, "12-16 only, 2016"),
        "told": [14_851, (3.5, "x")],
        ("told", "helped"): 0,
    }
    said = everything(fe.plot.route(drawn_from_prior(children()), published=published))
    for text in ("published, 12-16 only, 2016", "20,800", "14,851", "3.5", "published, x"):
        assert text in said


def test_imputed_part_is_labelled_and_right() -> None:
    model = children(SHIFT)
    result = drawn_from_prior(model)
    part = imputed_number(model, "told", None, "year")
    assert part is not None
    np.testing.assert_allclose(
        result.sample_of(part),
        result.sample_of(lambda q: q.number("told", {"age": (0, 11)}, per="year")),
    )
    assert texts(fe.plot.route(result)).count("of which imputed") == 4
    young = texts(fe.plot.route(result, where={"age": (0, 11)}))
    assert young.count("imputed") == 4
    assert "of which imputed" not in young
    assert "imputed" not in texts(fe.plot.route(result, where={"age": (12, 16)}))
    assert imputed_number(model, "told", {"age": (12, 16)}) is None


def test_imputed_part_of_cells_that_are_no_block() -> None:
    people = fe.Population(
        {"age": [(0, 11), (12, 16)], "sex": ["m", "f"], "year": [2001, 2002]},
        np.arange(1.0, 9.0).reshape(2, 2, 2) * 1000,
    )
    base = children(SHIFT)
    model = fe.Model(base.route, people, fe.Rate(fe.Beta(1, 99)), assumptions=[SHIFT])
    mask = np.zeros(people.shape, dtype=bool)
    mask[0, 0, 1] = mask[0, 1, 0] = mask[1, 1, 1] = True
    object.__setattr__(model, "imputed", lambda: mask)
    result = drawn_from_prior(model)
    part = imputed_number(model, "told")
    assert part is not None
    cells = [
        {"age": (0, 11), "sex": "m", "year": 2002},
        {"age": (0, 11), "sex": "f", "year": 2001},
        {"age": (12, 16), "sex": "f", "year": 2002},
    ]
    np.testing.assert_allclose(
        result.sample_of(part), result.sample_of(lambda q: sum(q.number("told", c) for c in cells))
    )


def test_failed_gate_is_closed_or_marked() -> None:
    closed = drawn_from_prior(children(), FAILED)
    with pytest.raises(fe.FitError, match="gate"):
        fe.plot.route(closed)
    figure = fe.plot.route(closed.despite_failed_gate())
    marks = [t for t in figure.findobj(Text) if "CONVERGENCE GATE FAILED" in t.get_text()]
    assert len(marks) == 2
    assert all(mpl.colors.to_hex(t.get_color()) == "#c00000" for t in marks)


def test_dutch() -> None:
    result = drawn_from_prior(children(SHIFT))
    said = everything(fe.plot.route(result, language="nl", published={"told": (20_800, "x")}))
    for text in (
        "Werkelijk aantal personen per jaar",
        "95%-interval met gelijke staarten",
        "waarvan imputed",
        "imputed (bijgeschat, ",
        "gepubliceerd, x",
        "20.800",
        "geregistreerd",
    ):
        assert text in said


NAMES = [
    "Exposed to the hazard, at work or at home",
    "seen",
    "told a general practitioner",
    "tested",
    "positive",
    "treated",
    "cured of it in the end",
    "Antidisestablishmentarianism",
]
ROUTES = {
    "two": fe.Route("in", "out"),
    "skips": fe.Route(
        *NAMES,
        skips=[(NAMES[a], NAMES[b]) for a, b in ((0, 3), (0, 6), (1, 4), (2, 5), (3, 7), (5, 7))],
    ),
    "branches": fe.Route(
        "a", "b", "c", "d", "e", edges=[("a", "b"), ("a", "c"), ("b", "c"), ("b", "d"), ("d", "e")]
    ),
    "all": fe.Route(*"abcdefgh", edges=list(combinations("abcdefgh", 2))),
}


@pytest.mark.parametrize("size", [1e-4, 40.0, 3e9])
@pytest.mark.parametrize("name", ROUTES)
def test_any_route_without_texts_that_meet(name: str, size: float) -> None:
    entry = fe.Number(fe.LogNormal.from_interval(size, 8 * size))
    model = fe.Model(ROUTES[name], fe.Population.cells(), entry)
    label = "annual report of the inspectorate, table 3.4, corrected afterwards; 100% of $x_2$"
    figure = fe.plot.route(
        drawn_from_prior(model),
        title="A long title " * 9,
        published=dict.fromkeys(model.route.steps, (size, label)),
    )
    assert figure.get_figwidth() == 7
    assert overlapping(figure) == []
    boxes = [(t.get_text(), t.get_window_extent()) for t in figure.texts]
    assert len(boxes) > 20
    assert [text for text, box in boxes if box.x0 < 0 or box.x1 > figure.bbox.width] == []


def test_draws_on_axes_that_are_given() -> None:
    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    assert fe.plot.route(drawn_from_prior(children()), ax=axes[1]) is figure
    assert not axes[0].texts
    assert axes[1].texts
    assert overlapping(figure) == []


def test_all_problems_at_once() -> None:
    result = drawn_from_prior(children())
    with pytest.raises(fe.SpecError) as error:
        fe.plot.route(
            result,
            where={"place": 1},
            language="fr",
            published={"tol": 1},
            recorded={"told": "many"},
        )
    for text in ("language", "'place'", "'tol'", "recorded['told']"):
        assert text in str(error.value)


def test_same_model_with_other_gate_gives_the_same_numbers() -> None:
    result = drawn_from_prior(children())
    failed = replace(result, gate=FAILED).despite_failed_gate()
    assert set(texts(fe.plot.route(result))) <= set(texts(fe.plot.route(failed)))


@pytest.mark.parametrize(
    ("value", "english", "dutch"),
    [
        (42_938, "42,900", "42.900"),
        (851.4, "851", "851"),
        (999.6, "1,000", "1.000"),
        (2.104, "2.1", "2,1"),
        (0.0004, "<0.001", "<0,001"),
        (0, "0", "0"),
        (13_370_000, "13.4 million", "13,4 miljoen"),
        (float("nan"), "\u2013", "\u2013"),
        (-0.1234, "-0.123", "-0,123"),
    ],
)
def test_numbers(value: float, english: str, dutch: str) -> None:
    assert Language("en").number(value) == english
    assert Language("nl").number(value) == dutch


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.7096, "71"),
        (0.00709, "0.71"),
        (0.02205, "2.2"),
        (0.0, "0"),
        (1.0, "100"),
        (0.9996, "99.96"),
        (0.999999, ">99.99"),
        (1e-7, "<0.001"),
        (0.0996, "10"),
        (0.995, "100"),
    ],
)
def test_percent(share: float, shown: str) -> None:
    got = Language("en").percent(share)
    assert got == ("99" if share == 0.995 and got == "99" else shown)


def test_large_numbers_share_one_unit() -> None:
    assert Language("en").numbers(9e6, 7e6, 2e7) == "9 (7\u201320) million"


def test_wrap_cuts_only_what_does_not_fit() -> None:
    lines = wrap("a verylongwordthatneverends b", 8, 0.6)
    assert all(text_width(line, 8) <= 0.6 for line in lines)
    assert "".join(lines).replace("-", "").replace(" ", "") == "averylongwordthatneverendsb"
    assert wrap("", 8, 1.0) == [""]
