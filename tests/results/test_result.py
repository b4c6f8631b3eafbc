"""Tables of a result, the gate, and files."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy import special

import funnelest as fe
from funnelest.results import tables
from funnelest.results.intervals import beside_prior
from funnelest.results.printed_anew import figures_of
from funnelest.sampling.errors import Copies
from funnelest.sampling.gate import Gate, chains_gate, importance_gate
from funnelest.sampling.weights import tail_size

SUMMARY = [
    "mean",
    "median",
    "sd",
    "low",
    "high",
    "interval",
    "mean_mc_error",
    "median_mc_error",
    "low_mc_error",
    "high_mc_error",
    "least",
    "most",
    "prior_median",
    "prior_low",
    "prior_high",
    "prior_median_mc_error",
    "prior_low_mc_error",
    "prior_high_mc_error",
    "basis",
    "mark",
]
ALL = [
    lambda r, **k: r.steps(**k), lambda r, **k: r.transitions(**k), lambda r, **k: r.flows(**k),
    lambda r, **k: r.shares(**k), lambda r, **k: r.parameters(**k),
    lambda r, **k: r.quantities({"told": lambda q: q.number("told")}, **k),
]  # fmt: skip
LABELS = [
    ["step", "unit", "number"], ["from", "to", "skip"], ["from", "to", "skip", "unit", "number"],
    ["of", "step"],
    ["parameter", "prior"], ["quantity"],
]  # fmt: skip
NAMES = ["steps", "transitions", "flows", "shares", "parameters", "quantities"]


@pytest.fixture(scope="module")
def closed(fitted):
    gate = Gate("hmc", {"R-hat": 1.2}, ("the largest R-hat is 1.200, it must be below 1.01",))
    return dataclasses.replace(fitted, gate=gate)


def test_it_passed_the_gate(fitted):
    assert fitted.gate.passed
    assert fitted.engine == "importance"
    assert fitted.mark == ""
    assert all(draws.shape == (4, 500) for draws in fitted.draws.values())
    assert list(fitted.draws) == list(fitted.model.free)


@pytest.mark.parametrize(
    ("table", "labels"),
    list(zip(ALL, LABELS, strict=True)),
    ids=NAMES,
)  # fmt: skip
def test_columns(table, labels, fitted):
    found = table(fitted)
    assert list(found.columns) == labels + SUMMARY
    assert set(found["interval"]) == {"95% equal-tailed"}
    assert np.all((found["low"] <= found["median"]) & (found["median"] <= found["high"]))
    assert set(found["mark"]) == {""}


def test_rows(fitted):
    route = fitted.model.route
    assert list(fitted.steps()["step"]) == list(route.steps)
    edges = fitted.transitions()
    assert list(zip(edges["from"], edges["to"], strict=True)) == list(route.edges)
    assert set(edges[edges["skip"]]["from"]) == {"happened", "told"}
    assert list(fitted.shares("reported")["step"]) == ["investigated", "helped"]
    assert list(fitted.parameters()["parameter"]) == list(fitted.model.free)


def test_numbers_are_those_of_the_draws(fitted):
    where = {"age": (12, 16), "sex": "female"}
    draws = fitted.sample_of(lambda q: q.number("told", where, per="year"))
    row = fitted.steps(where, number="expected").set_index("step").loc["told"]
    assert row["mean"] == pytest.approx(draws.mean())
    assert row["median"] == pytest.approx(np.median(draws))
    assert (row["low"], row["high"]) == pytest.approx(np.quantile(draws, [0.025, 0.975]))
    both = fitted.steps(where, per=None, number="expected").set_index("step").loc["told"]
    assert both["mean"] == pytest.approx(2 * draws.mean())
    assert both["unit"] == "children"
    assert row["unit"] == "children per year, mean over 2017-2018"


def test_by_axes(fitted):
    table = fitted.steps(by=["sex", "year"], number="expected")
    assert len(table) == 5 * 4
    one = table[(table["sex"] == "female") & (table["year"] == "2018") & (table["step"] == "told")]
    draws = fitted.sample_of(lambda q: q.number("told", {"sex": "female", "year": 2018}))
    assert one["mean"].item() == pytest.approx(draws.mean())
    assert one["unit"].item() == "children"
    ages = fitted.transitions(by="age")
    assert set(ages["age"]) == {"0-11", "12-16", "17"}
    assert set(fitted.flows({"age": (12, 17)}, by="age")["age"]) == {"12-16", "17"}


def test_basis(fitted):
    # No figure of the fixture is of what leads on from investigated or to it from elsewhere.
    assert fitted.unseen >= {"shift[age 0-11 against 12-16]"}
    older = fitted.steps({"age": (12, 17)}).set_index("step")["basis"]
    # Telling is asked at 12-16 in 2017: of others it is taken to be the same.
    assert older["happened"] == "estimated"
    assert older["told"] == "partly carried over"
    asked = {"age": (12, 16), "year": 2017}
    assert set(fitted.steps(asked)["basis"][:2]) == {"estimated"}
    young = fitted.steps({"age": (0, 11)}).set_index("step")["basis"]
    assert (young["happened"], young["told"]) == ("imputed", "imputed, carried over")
    every = fitted.steps().set_index("step")["basis"]
    assert (every["happened"], every["told"]) == (
        "partly imputed",
        "partly imputed, partly carried over",
    )
    table = fitted.parameters().set_index("parameter")["basis"]
    assert table["shift[age 0-11 against 12-16]"] == "assumed"
    assert table["rate of happened"] == "estimated"
    assert set(fitted.quantities({"x": lambda q: q.number("told")})["basis"]) == {
        "derived, model partly imputed, partly carried over"
    }


def test_what_no_source_sees_is_assumed():
    people = fe.Population({"sex": ["male", "female"]}, [600, 400])
    model = fe.Model(
        fe.Route("a", "b", "c", "d", skips=[("b", "d")]), people, fe.Rate(fe.Beta(2, 8)),
        {("b", "c"): fe.Share(fe.Beta(2, 2), fe.Levels("sex", fe.Normal(0, 1)))},
        [fe.Survey("s", step="a", yes=30, n=100), fe.Register("r", step="d", count=20),
         fe.Survey("t", step="b", of="a", yes=8, n=20)],
    )  # fmt: skip
    seen = fe.fit(model, seed=1, draws=400, progress=False)
    assert not seen.unseen
    # Of b -> c the register sees only a product: its draws may be spread as its prior is.
    known = seen.transitions().set_index(["from", "to"])["basis"].drop(("b", "c"))
    assert list(seen.steps()["basis"]) == ["estimated"] * 3 + ["counted"]
    assert set(seen.steps(number="expected")["basis"]) == set(known) == {"estimated"}
    # Without the register nothing is known beyond b.
    result = fe.fit(model.without("r"), seed=1, draws=400, progress=False)
    assert result.unseen == {"b -> c", "b -> c[sex=female]", "c -> d", "b -> d"}
    assert list(result.steps()["basis"]) == ["estimated", "estimated"] + ["partly assumed"] * 2
    shares = result.transitions().set_index(["from", "to"])["basis"]
    assert shares["a", "b"] == "estimated"
    assert list(shares.drop(("a", "b"))) == ["assumed"] * 3
    by = result.transitions(by="sex").set_index(["from", "to", "sex"])["basis"]
    assert by["b", "c", "male"] == by["b", "c", "female"] == "assumed"
    parameters = result.parameters().set_index("parameter")["basis"]
    assert parameters["c -> d"] == "assumed"
    assert parameters["a -> b"] == "estimated"
    # Left out by its power is left out.
    left = fe.fit(model.with_powers({"r": 0}), seed=1, draws=400, progress=False)
    assert left.unseen == result.unseen


def test_intervals_name_their_probability_and_kind(fitted):
    wide = fitted.parameters(probability=0.9, kind="highest-density")
    assert set(wide["interval"]) == {"90% highest-density"}
    for name, low, high in zip(wide["parameter"], wide["low"], wide["high"], strict=True):
        draws = np.sort(fitted.sample_of(lambda q, n=name: q.parameter(n)))
        inside = np.mean((draws >= low) & (draws <= high))
        assert inside == pytest.approx(0.9, abs=0.01)
        size = int(np.floor(0.9 * len(draws)))
        shortest = np.min(draws[size:] - draws[: len(draws) - size])
        assert high - low == pytest.approx(shortest, rel=0.02)


@pytest.mark.parametrize("table", ALL[:4], ids=NAMES[:4])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"where": {"agee": 3}}, "'agee'"), ({"by": "agee"}, "'agee'"),
        ({"probability": 95}, "given 95"), ({"kind": "hdi"}, "'equal-tailed' or 'highest-density'"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused(table, arguments, words, fitted):
    with pytest.raises(fe.SpecError) as caught:
        table(fitted, **arguments)
    assert words in str(caught.value)


def test_a_misspelt_axis_of_the_mean_is_refused(fitted):
    for table in (fitted.steps, fitted.flows):
        with pytest.raises(fe.SpecError, match="'yeer'"):
            table(per="yeer")
    with pytest.raises(fe.SpecError, match="'toldd'"):
        fitted.shares("toldd")
    with pytest.raises(fe.SpecError, match="given 3"):
        fitted.figures(probability=3)


def test_figures_beside_what_is_expected(fitted):
    table = fitted.figures().set_index("source")
    assert list(table.index) == [
        "pupils",
        "survey yes",
        "register 50",
        "cohort went",
        "cohort went",
    ]
    assert table.loc["register 50", "figure"] == "250 rounded to 50"
    assert np.all(np.abs(table["residual"]) < 4)
    assert table.loc["pupils", "expected"] == pytest.approx(80, rel=0.3)


# -------------------------------------------------------------- the data ledger, by hand


@pytest.fixture(scope="module")
def known():
    """Every number is known: 400 men and 600 women reach b, of them 10% c."""
    bridge = fe.Bridge("reports", fe.Fixed(1.5, statement="several per child"))
    sources = [
        fe.Register(
            name="doubted", step="b", count=fe.Rounded(900, to=100),
            defects=[fe.PPV(0.8), bridge, fe.Coverage(0.5), fe.Overdispersion(0.1)],
        ),
        fe.Register(
            name="table", step="b", by="sex", count={"m": 310, "f": fe.Withheld(), "?": 210},
            total=fe.Rounded(500, to=50),
            defects=[fe.Unrecorded(0.2, axis="sex", name="?"), fe.Coverage(0.9)],
        ),
        fe.Register(
            name="two", step="b", where={"sex": "f"},
            count=fe.Disagreeing((fe.Rounded(650, to=50), 610), use=1),
        ),
        fe.Register(name="mixed", step="b", count=fe.Disagreeing((950, 1040), use="mixture")),
        fe.Register(name="above", step="b", count=fe.AtLeast(800)),
        fe.Register(name="below", step="b", count=fe.AtMost(800)),
        fe.Total(
            name="total", step="b", estimate=520, interval=(400, 680), per="year",
            defects=[fe.FalsePositives(20)],
        ),
        fe.Survey(
            name="survey", step="c", of="b", yes=12, n=100, defects=[fe.TestError(sensitivity=0.5)]
        ),
        fe.Cohort(name="cohort", of="b", went={"c": 7}, n=50),
        fe.OwnCustom(name="own", quantity=lambda q: q.number("b"), data={"x": 3},
                     log_likelihood=lambda data, expected: 0.0 * expected),
    ]  # fmt: skip
    model = fe.Model(
        fe.Route("a", "b", "c"),
        fe.Population(
            {"sex": ["m", "f"], "year": [1, 2]}, [[2000, 2000], [3000, 3000]], years="year"
        ),
        fe.Rate(0.2), {("a", "b"): fe.Share(0.5), ("b", "c"): fe.Share(0.1)}, sources,
    )  # fmt: skip
    return fe.fit(model, seed=1, progress=False)


def rows(result, source):
    table = result.figures()
    return table[table["source"] == source].set_index("of")


def test_how_a_figure_was_read(known):
    """1000 people, half of them registered, in 1.5 reports; 0.8 of the records are of people."""
    row = rows(known, "doubted").loc[""]
    assert row["figure"] == "900 rounded to 100"
    assert row["read_as"] == (
        "times coverage, times reports, divided by the ppv, more scatter than Poisson, by one "
        "factor per period"
    )
    mean = 1000 * 0.5 * 1.5 / 0.8
    assert (row["expected"], row["low"], row["high"]) == pytest.approx((mean, mean, mean))
    assert row["residual"] == pytest.approx((900 - mean) / np.sqrt(mean + (0.1 * mean) ** 2))
    assert row["cases_per_record"] == pytest.approx(500 / mean)
    assert row["registered_share"] == pytest.approx(0.5)
    assert row["used"]


def test_every_count_of_a_table_has_a_row(known):
    table = rows(known, "table")
    assert list(table.index) == ["sex m", "sex f", "sex ?", "total"]
    assert list(table["figure"]) == ["310", "withheld (0 to 4)", "210", "500 rounded to 50"]
    assert list(table["expected"]) == pytest.approx([288, 432, 180, 900])
    assert list(table["residual"]) == pytest.approx(
        [22 / np.sqrt(288), -430 / np.sqrt(432), 30 / np.sqrt(180), -400 / 30], abs=0.02
    )
    assert list(table["cases_per_record"])[:3] == pytest.approx([1, 1, 1])
    assert list(table["registered_share"])[:2] == pytest.approx([0.72, 0.72])
    assert np.isnan(table.loc["sex ?", "registered_share"])
    assert np.isnan(table.loc["total", "cases_per_record"])


def test_two_official_values_have_a_row_each(known):
    table = known.figures()
    two, mixed = (table[table["source"] == name] for name in ("two", "mixed"))
    assert list(two["figure"]) == ["650 rounded to 50", "610"]
    assert list(two["used"]) == [False, True]
    assert list(two["residual"]) == pytest.approx([50 / np.sqrt(600), 10 / np.sqrt(600)], abs=0.03)
    assert list(mixed["used"]) == [True, True]
    assert list(mixed["residual"]) == pytest.approx([-50 / np.sqrt(1000), 40 / np.sqrt(1000)])


def test_a_limit_that_holds_is_no_distance_away(known):
    assert rows(known, "above").loc["", "residual"] == 0
    assert rows(known, "below").loc["", "residual"] == pytest.approx(-200 / np.sqrt(1000))
    assert rows(known, "below").loc["", "figure"] == "at most 800"


def test_estimates_shares_and_data_of_your_own(known):
    total = rows(known, "total").loc[""]
    assert total["expected"] == pytest.approx(520)
    assert total["cases_per_record"] == pytest.approx(500 / 520)
    assert total["registered_share"] == pytest.approx(1.0)
    survey = rows(known, "survey").loc[""]
    assert survey["expected"] == pytest.approx(5)
    assert survey["read_as"] == "sensitivity of the question"
    assert survey["residual"] == pytest.approx(7 / np.sqrt(100 * 0.05 * 0.95))
    assert np.isnan(survey["cases_per_record"])
    cohort = rows(known, "cohort").loc[""]
    assert (cohort["figure"], cohort["expected"]) == ("7", pytest.approx(5))
    own = rows(known, "own").loc[""]
    assert own["figure"] == "{'x': 3}"
    assert np.isnan(own["residual"])


SKEWED = {
    "to 100%": (0.968, (0.939, 1.0)), "from 0": (0.03, (0.0, 0.05)), "short": (0.5, (0.2, 0.55)),
}  # fmt: skip


@pytest.mark.parametrize("name", SKEWED)
@pytest.mark.parametrize("z", [-3.0, -1.0, 0.0, 1.0, 3.0])
def test_the_residual_of_an_estimate_with_its_limits_is_its_normal_score(name, z):
    """As in the check of conflicts, whose tail it is: half in each tail, whatever the skewness."""
    share, interval = SKEWED[name]
    source = fe.Survey("s", step="a", share=share, interval=interval)
    triplet = source._estimate(None).observation(0.5).distribution.triplet  # type: ignore[arg-type]
    # Of a limit at an end what lies beyond it is cut off.
    first, last = triplet.kept
    score = float(special.ndtri(first + (last - first) * special.ndtr(z)))
    truth = float(special.expit(triplet.median + triplet.error(score)))
    model = fe.Model(
        fe.Route("a", "b"), fe.Population({"sex": ["f"]}, [1e6]), fe.Rate(truth), {}, [source]
    )
    q = fe.Quantities(model, {"a -> b": np.full(3, 0.5)})
    (row,) = tables.figure_rows(model, q, 0.95, Copies(), "")
    assert row["residual"] == pytest.approx(-score, abs=1e-7)
    ((_, part),) = figures_of(source, q)
    above, _ = part.figure.tails(part.seen.law(part.rows), 1)
    assert float(np.ravel(above)[0]) == pytest.approx(special.ndtr(z), abs=1e-9)


def test_every_good_example_has_its_rows(everything):
    """One row per printed number, whatever the source; drawn from the prior."""
    from funnelest.likelihood.density import prior_draws

    draws = prior_draws(everything, np.random.default_rng(1), 40)
    gate = Gate("importance", {}, ())
    result = fe.Result(everything, {n: d[None] for n, d in draws.items()}, gate, 1)
    table = result.figures()
    singles = {one.name for one in everything.sources() if not one.members()}
    assert set(table["source"]) == singles
    for one in everything.sources():
        mine = table[table["source"] == one.name]
        if isinstance(one, fe.Register) and one.axes:
            values = [*one.count.values()]
            totals = (
                0 if one.total is None else len(one.total) if isinstance(one.total, dict) else 1
            )
            several = sum(len(v.figures) - 1 for v in values if isinstance(v, fe.Disagreeing))
            assert len(mine) == len(values) + totals + several
        elif isinstance(one, fe.JointSurvey):
            assert len(mine) == len(one.asked)
    counted = table[table["source"].isin([
        one.name for one in everything.sources() if isinstance(one, fe.Register | fe.Total)
    ])]  # fmt: skip
    known_share = counted["registered_share"].dropna()
    assert np.all((known_share >= 0) & (known_share <= 1 + 1e-9))
    assert np.all(table["used"].isin([True, False]))
    assert np.all(np.isfinite(table[table["source"] != "own custom"]["residual"]))


def test_prior_beside_posterior(fitted):
    table = fitted.parameters().set_index("parameter")
    assert table.loc["rate of happened", "prior_median"] == pytest.approx(
        fe.Beta(20, 980).ppf(0.5), rel=0.05
    )
    same = table.loc["investigated -> helped"]  # no source sees it
    assert same["median"] == pytest.approx(same["prior_median"], abs=0.02)
    sample = fitted.prior_sample_of(lambda q: q.parameter("rate of happened"))
    assert sample.shape == (4000,)


def test_no_interval_past_a_failed_gate(closed):
    for table in [*ALL, lambda r: r.figures(), lambda r: r.sample_of(lambda q: q.number("told"))]:
        with pytest.raises(fe.FitError, match="despite_failed_gate"):
            table(closed)
    text = repr(closed)
    assert "FAILED" in text
    assert "despite_failed_gate" in text
    assert "happened  " not in text
    assert "<table" not in closed._repr_html_()


def test_opened_all_the_same_every_table_carries_the_mark(closed):
    opened = closed.despite_failed_gate()
    for table in [*ALL, lambda r: r.figures()]:
        assert set(table(opened)["mark"]) == {"CONVERGENCE GATE FAILED"}
    assert "CONVERGENCE GATE FAILED" in repr(opened)
    assert "CONVERGENCE GATE FAILED" in opened._repr_html_()
    with pytest.raises(fe.FitError):
        closed.steps()


def test_it_shows_itself(fitted):
    text = repr(fitted)
    assert "convergence gate passed (importance" in text
    assert "2000 draws, seed 3" in text
    assert "95% equal-tailed" in text
    assert all(step in text for step in fitted.model.route.steps)
    html = fitted._repr_html_()
    assert html.count("<table") == 2
    assert "partly imputed" in html


@pytest.mark.parametrize("thing", ["fitted", "closed"])
def test_a_file_gives_the_result_back(thing, request, tmp_path):
    result = request.getfixturevalue(thing)
    path = tmp_path / "result.nc"
    fe.save(result, path)
    again = fe.load(path)
    assert again.model == result.model
    assert again.gate == result.gate
    assert (again.seed, again.seconds, again.notes) == (result.seed, result.seconds, result.notes)
    for name, draws in result.draws.items():
        np.testing.assert_array_equal(again.draws[name], draws)
    np.testing.assert_array_equal(again.origins, result.origins)
    assert dataclasses.replace(again, origins=None).origins is None
    first, second = (r.despite_failed_gate().steps() for r in (result, again))
    assert first.equals(second)


def test_a_file_that_is_not_a_result(tmp_path, fitted):
    import xarray as xr

    xr.Dataset({"x": [1, 2]}).to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
    with pytest.raises(fe.SpecError, match="holds no model"):
        fe.load(tmp_path / "x.nc")
    own = fitted.model.with_evidence(
        [fe.OwnPoisson(name="own", quantity=lambda q: q.number("told"), count=700)]
    )
    with pytest.raises(fe.SpecError, match="no name"):
        fe.save(dataclasses.replace(fitted, model=own), tmp_path / "own.nc")
    assert not (tmp_path / "own.nc").exists()


def test_arviz_reads_it(fitted):
    import arviz as az

    tree = fe.to_datatree(fitted)
    groups = {"posterior", "prior", "log_likelihood", "log_prior"}
    assert set(tree.children) == {*groups, "sample_stats"}
    assert set(fe.to_datatree(dataclasses.replace(fitted, origins=None)).children) == groups
    assert json.loads(tree.attrs["model"])["format"] == 7
    table = az.summary(tree)
    assert set(table.index) == set(fitted.model.free)
    for name, draws in fitted.draws.items():
        assert float(table.loc[name, "mean"]) == pytest.approx(draws.mean(), rel=0.05, abs=0.01)
    likelihood = tree["log_likelihood"]
    assert set(likelihood.data_vars) == {one.name for one in fitted.model.evidence}
    assert likelihood["pupils"].shape == (4, 500)


def test_gates():
    assert importance_gate(0.5, 1000, 600, 1).passed
    assert not importance_gate(0.71, 1000, 600, 1).passed
    assert not importance_gate(0.5, 399, 600, 1).passed
    assert not importance_gate(0.5, 1000, 399, 1).passed
    assert not importance_gate(float("nan"), float("nan"), float("nan"), 1).passed
    good = {"r_hat": 1.0, "ess_bulk": 900.0, "ess_tail": 800.0, "divergences": 0, "bfmi": 0.9}
    assert chains_gate(**good).passed
    for name, value in (
        ("r_hat", 1.02),
        ("ess_bulk", 300),
        ("ess_tail", 300),
        ("divergences", 1),
        ("bfmi", 0.2),
    ):
        gate = chains_gate(**{**good, name: value})
        assert len(gate.failures) == 1
        assert gate.failures[0] in gate.text
    assert not chains_gate(
        **{name: float("nan") if name != "divergences" else 0 for name in good}
    ).passed


def test_the_ledger_tells_defaults_from_statements(fitted):
    table = fitted.model.ledger_table().set_index("about")
    assert table.loc["investigated -> helped", "stated"]
    assert not table.loc["rate of happened[sex=female]", "stated"]
    assert table.loc["coverage[register 50]", "kind"] == "default"
    told = table.loc["happened -> told over year"]
    assert told["value"] == "happened -> told is taken to be the same in 2017 and 2018"
    assert not told["stated"]


def test_weights_that_add_up_to_a_digit_more_than_one_have_no_negative_size() -> None:
    weights = np.array([0.02, np.nextafter(0.98, 1.0) + 2e-16, 0.0])
    assert np.cumsum(weights)[1] > 1.0
    assert tail_size(np.array([[0.0, 1.0, 2.0]]), weights) >= 0.0


def test_one_draw_with_all_the_weight():
    """A fit that went wrong is told in words, not by a traceback."""
    weights = np.zeros(1000)
    weights[3] = 1.0
    x = np.random.default_rng(3).standard_normal((2, 1000))
    assert tail_size(x, weights) <= 1.0
    gate = importance_gate(float("nan"), 1.0, tail_size(x, weights), 1)
    assert not gate.passed
    assert "k-hat is nan" in gate.text


def test_the_effective_size_of_a_tail():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((2, 10_000))
    even = np.full(10_000, 1e-4)
    assert tail_size(x, even) == pytest.approx(10_000, rel=0.02)
    # Half of the weight of one tail on a hundredth of its draws: 4,469 draws by the usual measure.
    tail = np.argsort(x[1])[:500]
    uneven = even.copy()
    uneven[tail] *= 0.5
    uneven[tail[:5]] += 0.025 / 5
    assert 1 / np.sum(uneven**2) == pytest.approx(4469, abs=1)
    # These five and half of the others lie below the 2.5% quantile, about: by hand.
    last = np.searchsorted(np.cumsum(uneven[np.argsort(x[1])]), 0.025)
    below = np.sort(x[1])[last]
    p = uneven[x[1] <= below].sum()
    by_hand = p * (1 - p) / np.sum(uneven**2 * ((x[1] <= below) - p) ** 2)
    assert by_hand < 600
    assert tail_size(x, uneven) == pytest.approx(by_hand, rel=1e-3)


def test_what_the_figures_leave_as_its_prior_is_assumed():
    """A factor of which one total tells only the product: its posterior is its prior."""
    model = fe.Model(
        fe.Route("ill", "seen"),
        fe.Population.cells(),
        fe.Number(fe.LogNormal.from_interval(1, 1e8)),
        {("ill", "seen"): fe.Share(fe.Beta(5, 5))},
        [fe.Total(name="list", step="seen", estimate=500, se=20)],
    )
    table = fe.fit(model, seed=1, progress=False).transitions().iloc[0]
    assert table["low"] == pytest.approx(table["prior_low"], rel=0.05)
    assert table["basis"] == "assumed"
    told = model.with_evidence(
        [*model.evidence, fe.Survey(name="asked", step="seen", of="ill", yes=20, n=40)]
    )
    assert fe.fit(told, seed=1, progress=False).transitions()["basis"].item() == "estimated"


def test_the_unit_is_that_of_the_route():
    parts = (fe.Population.cells(), fe.Number(fe.LogNormal.from_interval(10, 1e5)))
    sources = [fe.Register(name="list", step="b", count=40)]
    for unit, said in (("cases", "cases"), ("", "people")):
        model = fe.Model(fe.Route("a", "b", unit=unit), *parts, evidence=sources)
        result = fe.fit(model, seed=1, progress=False)
        assert set(result.steps()["unit"]) == set(result.flows()["unit"]) == {said}
        assert f"realised {said};" in repr(result)


def test_every_printed_median_and_limit_has_its_error(fitted):
    """Columns of three numbers: posterior, prior, and what is expected of figures."""
    exempt = ("sd", "least", "most", "residual")  # a residual is no number of people
    for table in (*(read(fitted) for read in ALL), fitted.figures()):
        numbers = {one for one in table if table[one].dtype.kind == "f"}
        printed = {one for one in numbers if not one.endswith("_mc_error")}
        assert printed - {*exempt} == {one.removesuffix("_mc_error") for one in numbers - printed}


def test_the_error_of_a_limit_of_the_prior_is_that_of_its_draws():
    """Against the standard deviation of the limit over draws of other seeds."""
    rng = np.random.default_rng(1)
    found = beside_prior(rng.lognormal(size=4000), 0.95, "equal-tailed")
    limits = np.quantile(rng.lognormal(size=(400, 4000)), [0.5, 0.025, 0.975], axis=1)
    errors = [found[f"prior_{one}_mc_error"] for one in ("median", "low", "high")]
    assert errors == pytest.approx(limits.std(axis=1), rel=0.35)
