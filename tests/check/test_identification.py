"""What figures can tell apart, against closed forms."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.check.identification import identification
from funnelest.check.identification.slopes import Slopes
from funnelest.check.identification.spaces import Spaces, alike, components
from funnelest.verdict import Verdict

PEOPLE = 100_000.0


def chain(*evidence: Any, **parts: Any) -> fe.Model:
    """Return a chain of two steps on one cell: a rate and a share."""
    given: dict[str, Any] = {
        "occurrence": fe.Rate(fe.LogNormal(-4.0, 0.5)),
        "transitions": {("happened", "told"): fe.Share(fe.LogitNormal(-1.0, 0.8))},
    }
    return fe.Model(
        fe.Route("happened", "told"),
        fe.Population({"year": [2018]}, [PEOPLE]),
        evidence=evidence,
        **{**given, **parts},
    )


def register(step: Any, count: Any = 400, coverage: Any = None, name: str = "r") -> fe.Register:
    defects = [] if coverage is None else [fe.Coverage(coverage)]
    return fe.Register(name=name, step=step, count=count, defects=defects)


# ------------------------------------------------------------- slopes by hand


def test_slopes_are_those_of_the_closed_form() -> None:
    model = chain(
        register("told", coverage=fe.LogNormal(-0.7, 0.1)),
        fe.Survey(name="s", step="told", of="happened", yes=30, n=100),
    )
    slopes = Slopes(model, 5, seed=3)
    found = slopes.figures()
    assert slopes.names == ("rate of happened", "happened -> told", "coverage[r]")
    share = slopes.values[1]
    wanted = np.zeros((5, 2, 3))
    wanted[:, 0, 0] = 0.5  # the log of the rate, per prior score
    wanted[:, 0, 1] = 0.8 * (1 - share)  # d log expit(z) / dz
    wanted[:, 0, 2] = 0.1
    wanted[:, 1, 1] = 0.8  # the log-odds of the share
    assert found.slopes == pytest.approx(wanted, abs=1e-9)
    # (x + 1/2) is what an observed count tells of its log, n p (1 - p) what one of n does.
    assert found.information[:, 0] == pytest.approx(400.5)
    p = 30.5 / 101
    assert found.information[:, 1] == pytest.approx(100 * p * (1 - p))


@pytest.mark.parametrize(
    "law",
    [fe.Beta(2, 5), fe.Uniform(0.1, 0.6), fe.LogUniform(0.01, 0.5),
     fe.Truncated(fe.Normal(0.3, 0.2), low=0.0, high=1.0), fe.Beta(0.5, 0.5)],
)  # fmt: skip
def test_scores_make_every_prior_standard_normal(law: Any) -> None:
    from scipy.special import ndtri

    slopes = Slopes(chain(parameters={"x": law}), 6, seed=1)
    i = slopes.names.index("x")
    x, step = slopes.values[i], slopes.scale[i]
    u, h = ndtri(law.cdf(x)), 1e-5
    moved = ndtri(law.cdf(x + h * step)) - ndtri(law.cdf(x - h * step))
    assert np.abs(u).max() < 1.3
    assert moved / (2 * h) == pytest.approx(np.ones(6), rel=1e-5)


# ----------------------------------------------------------------- structure


def test_a_product_of_coverage_and_rate() -> None:
    found = identification(chain(register("happened", coverage=fe.Uniform(0.2, 0.9))))
    assert (found.details["rank"], len(found.details["parameters"])) == (1, 3)
    ((kind, names),) = found.details["confounded"][0].alike
    assert (kind, names) == ("product", ("rate of happened", "coverage[r]"))
    assert (
        "The figures see only the product of rate of happened and coverage[r]: rate of happened "
        "could be larger and coverage[r] smaller, and no figure would change." in found.text
    )
    assert found.details["unseen"] == ("happened -> told",)
    assert "No source sees happened -> told: it keeps its prior" in found.text
    by_name = {one.name: one for one in found.details["candidates"]}
    assert by_name["a study of coverage[r]"].frees == ("number at happened",)
    assert by_name["number at happened"].frees_parameters == ("rate of happened", "coverage[r]")
    assert not found.passed
    assert (
        found.mark == "PARTLY LEFT TO PRIORS: number at happened, number at told, happened -> told"
    )


def test_a_ratio_of_coverage_and_predictive_value() -> None:
    defects = [fe.Coverage(fe.Uniform(0.2, 0.9)), fe.PPV(fe.Uniform(0.3, 0.9))]
    source = fe.Register(name="r", step="happened", count=400, defects=defects)
    found = identification(chain(source, fe.Survey(name="s", step="happened", yes=30, n=2000)))
    ((kind, names),) = found.details["confounded"][0].alike
    assert (kind, names) == ("ratio", ("coverage[r]", "ppv[r]"))
    assert "both could be larger, and no figure would change" in found.text


@pytest.mark.parametrize("tight", [0.02, 0.3, 1.0])
def test_how_much_stays_of_a_product(tight: float) -> None:
    """Log-normal factors: the sum of two normals is seen, so the answer is exact."""
    wide, count = 0.5, 400
    twice = fe.Bridge(
        "reports per child", fe.LogNormal(0.3, tight, statement="twice"), unit="reports"
    )
    source = fe.Register(name="r", step="happened", count=count, unit="reports", defects=[twice])
    model = fe.Model(
        fe.Route("happened", "told", unit="children"),
        fe.Population.cells({"year": [2018]}),
        occurrence=fe.Number(fe.LogNormal(6.0, wide)),
        evidence=[source],
    )
    (one,) = identification(model, quantities={"number": lambda q: q.number("happened")}).found
    assert one.kept == pytest.approx(tight**2 / (tight**2 + wide**2), rel=1e-6)
    # Posterior variance of a normal given the sum of it and another, with noise 1/(x + 1/2).
    noise = tight**2 + 1 / (count + 0.5)
    assert one.taken == pytest.approx(wide**2 / (wide**2 + noise), rel=1e-6)
    assert one.verdict == ("nearly" if tight == 0.02 else "not identified")
    assert set(one.rests_on) <= {"number at happened", "reports per child[r]"}


def test_a_model_of_which_everything_is_known_passes() -> None:
    found = identification(chain(register("happened", name="a"), register("told", 200, name="b")))
    assert isinstance(found, Verdict)
    assert found.passed
    assert found.mark == ""
    assert found.headline == (
        "Larger sources of the same kind would decide all 3 quantities, and these take away at "
        "least half of the prior variance of each."
    )
    assert found.text.startswith(found.headline)
    assert (
        found.details["rank"],
        found.details["deficit"],
        found.details["confounded"],
        found.details["transitions"],
    ) == (2, 0, (), ())
    assert set(found.table["verdict"]) == {"identified"}
    assert (found.details["information"] > 1).all()


def test_few_figures_are_weak_though_they_identify() -> None:
    source = fe.Survey(name="s", step="told", of="happened", yes=1, n=2)
    found = identification(chain(register("happened"), source))
    told = next(one for one in found.found if one.name == "happened -> told")
    assert told.identified
    assert told.verdict == "weak"
    assert "Of happened -> told the figures take away" in found.text
    assert "In 1 of the 2 directions the figures tell less than the priors do." in found.text
    assert not found.passed


def test_no_evidence_at_all() -> None:
    found = identification(chain())
    assert (found.details["rank"], found.details["figures"], found.details["deficit"]) == (0, 0, 2)
    assert set(found.table["verdict"]) == {"unseen"}
    assert found.details["unseen"] == ("rate of happened", "happened -> told")
    assert not found.passed
    assert found.details["together"] == 2


def test_nothing_unknown() -> None:
    model = chain(register("told")).holding({"rate of happened": 0.02, "happened -> told": 0.3})
    found = identification(model)
    assert found.passed
    assert set(found.table["verdict"]) == {"fixed"}
    assert "Nothing is unknown." in repr(found)
    assert len(found.tables["directions"]) == len(found.tables["further"]) == 0


def test_holding_a_parameter_frees_the_other() -> None:
    model = chain(register("happened", coverage=fe.Uniform(0.2, 0.9)))
    held = identification(model.holding({"coverage[r]": 0.5}))
    assert held.details["confounded"] == ()
    assert held.table["identified"].tolist() == [True, False, False]
    fixed = identification(model.holding({"happened -> told": 0.5}))
    assert fixed.table["verdict"].tolist()[-1] == "fixed"


def test_only_the_scatter_tells_of_overdispersion() -> None:
    spread = fe.Overdispersion(fe.HalfNormal(0.1))
    source = fe.Register(name="r", step="happened", count=400, defects=[spread])
    found = identification(chain(source))
    assert found.details["scatter_only"] == ("overdispersion[r]",)
    assert "overdispersion[r]" not in found.details["unseen"]
    row = found.tables["directions"].set_index("parameter").loc["overdispersion[r]"]
    assert row["verdict"] == "scatter"


def test_a_limit_counts_as_no_figure() -> None:
    found = identification(chain(register("happened", fe.AtMost(500))))
    assert found.details["rank"] == 0
    assert found.details["limits"] == ("r",)
    assert "only a limit" in found.text


def test_likelihoods_of_the_users_own() -> None:
    def likelihood(data: Any, expected: Any) -> Any:
        return -((data - expected) ** 2)

    working = True

    def breaking(q: Any) -> Any:
        if not working:
            raise KeyError("x")
        return q.number("told")

    own = fe.OwnCustom(
        name="own", quantity=lambda q: q.number("happened"), data=400, log_likelihood=likelihood
    )
    failing = fe.OwnPoisson(name="failing", quantity=breaking, count=3)
    model = chain(own, failing)
    working = False  # a model of which it fails at once is refused
    found = identification(model)
    assert found.details["rank"] == 1
    assert found.details["imprecise"] == ("own",)
    assert found.details["silent"] == ("failing",)
    first = found.found[0]
    # How precise it is nobody knows: nothing is counted, and nothing is held against it.
    assert (first.taken, first.identified, first.verdict) == (0.0, True, "identified")
    assert "How precise the figures of own are is not known" in found.text
    assert "What failing expects could not be computed" in found.text


def test_transitions_that_hang_on_one_unknown_are_not_confounded(
    build: Callable[..., fe.Model],
) -> None:
    shares = {
        ("happened", "told"): fe.Share(0.3),
        ("happened", "reported"): fe.Share(0.3),
        ("told", "reported"): fe.Share(fe.Beta(2, 8)),
        ("told", "helped"): fe.Share(0.2),  # of the rest: it falls as told -> reported rises
        ("reported", "investigated"): fe.Share(0.4),
        ("investigated", "helped"): fe.Share(0.5),
    }
    found = identification(build(transitions=shares, parameters={}))
    assert [one.members for one in found.details["transitions"]] == [("told -> reported",)]


@pytest.mark.filterwarnings("ignore:.*give the same numbers of the same people")
@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_sentence_has_all_that_stands_in_its_braces(language: str) -> None:
    """Whatever a model lets be said: in both languages, and in Dutch no English is left."""
    coverage = fe.Uniform(0.2, 0.9)
    source = register("happened", coverage=coverage)
    both = fe.Register(
        "b", step="happened", count=400, defects=[fe.Coverage(coverage), fe.PPV(fe.Beta(2, 2))]
    )
    more = {f"x{i}": fe.LogNormal(0, 1) for i in range(3)}
    three = fe.OwnPoisson(
        name="p", count=30,
        quantity=lambda q: q.parameter("x0") * q.parameter("x1") + q.parameter("x2"),
    )  # fmt: skip
    models = [
        chain(), chain(source), chain(both, register("happened", name="c")),
        chain(register("happened"), fe.Survey(name="s", step="told", of="happened", yes=1, n=2)),
        chain(register("happened", fe.AtMost(500))), chain(three, parameters=more),
        chain(source).holding({"rate of happened": 0.1, "happened -> told": 0.3,
                               "coverage[r]": 0.5}),
    ]  # fmt: skip
    for model in models:
        found = identification(model).in_language(language)
        assert "{" not in found.text + found.mark
        assert found.headline == found.text[: len(found.headline)]
        if language == "nl":
            english = {"the", "and", "number", "figures", "could", "share"}
            assert not set(found.text.replace(":", "").split()) & english, found.text


# ------------------------------------------------------------------- arguments


def test_own_quantities_and_figures() -> None:
    found = identification(
        chain(register("happened", coverage=fe.Uniform(0.2, 0.9))),
        quantities={"cases": lambda q: q.number("happened")},
        further={"an audit": lambda q: q.parameter("coverage[r]"), "nothing": lambda q: 3.0},
    )
    assert found.table["quantity"].tolist() == ["cases"]
    rows = found.tables["further"].set_index("figure")
    assert rows.loc["an audit", ["kind", "directions", "frees"]].tolist() == ["own", 1, "cases"]
    assert rows.loc["nothing", "directions"] == 0


def test_bad_arguments_are_all_named() -> None:
    with pytest.raises(fe.SpecError) as error:
        identification("model", quantities={}, further={"a": 3}, points=1, seed=-1)  # type: ignore[arg-type,dict-item]
    assert len(error.value.problems) == 5
    with pytest.raises(fe.SpecError, match="quantity 'x' fails \\(KeyError"):
        identification(chain(), quantities={"x": lambda q: {}["a"]})
    with pytest.raises(fe.SpecError, match="no step 'nowhere'"):
        identification(chain(), quantities={"x": lambda q: q.number("nowhere")})


def test_the_same_seed_gives_the_same_answer_and_rank_needs_no_luck() -> None:
    model = chain(register("happened", coverage=fe.Uniform(0.2, 0.9)))
    a, b, c = (identification(model, seed=seed) for seed in (4, 4, 5))
    assert a.table.equals(b.table)
    assert not a.table.equals(c.table)
    assert a.details["rank"] == c.details["rank"]


# ------------------------------------------------------------------ any model


def test_every_kind_of_evidence(everything: fe.Model) -> None:
    found = identification(everything)
    assert found.details["silent"] == ()
    assert 0 < found.details["rank"] <= len(everything.free)
    assert found.details["rank"] == identification(everything, seed=2).details["rank"]
    assert len(found.table) == len(found.found)
    assert len(found.tables["directions"]) == len(everything.free)
    parts = found.tables["directions"][["taken", "kept"]].dropna()
    assert ((parts["taken"] + parts["kept"]) < 1 + 1e-6).all()
    assert found.details["together"] <= len(everything.free)
    assert repr(found)
    in_sets = sum(one.directions for one in found.details["confounded"])
    lone = sum(one.verdict in ("unseen", "scatter") for one in found.details["parameters"])
    assert in_sets + lone >= found.details["deficit"]


def test_two_hundred_figures() -> None:
    years = list(range(1900, 2000))
    population = fe.Population({"year": years, "sex": ["f", "m"]}, np.full((100, 2), 1e5))
    model = fe.Model(
        fe.Route("happened", "told"),
        population,
        occurrence=fe.Rate(fe.Beta(20, 980), fe.Levels("sex")),
        evidence=[
            fe.Register(
                name=f"{year} {sex}", step="told", count=300, where={"year": year, "sex": sex}
            )
            for year in years
            for sex in ("f", "m")
        ],
    )
    found = identification(model)
    assert (found.details["figures"], found.details["rank"], len(found.details["parameters"])) == (
        200,
        2,
        3,
    )
    # The effect of sex is one of log-odds: the level of the rate is in it, if only just.
    (confounded,) = found.details["confounded"]
    assert confounded.directions == 1
    assert confounded.members == tuple(model.free)


# ----------------------------------------------------------- linear algebra


def test_components_of_a_known_matroid() -> None:
    """Columns a, b, a + b, then c, 2c, then d, then zero: sets {a, b, a+b} and {c, 2c}."""
    rng = np.random.default_rng(2)
    a, b, c, d = rng.standard_normal((4, 9))
    matrix = np.array([a, b, a + b, c, 2 * c, d, 0 * d]).T[None]
    spaces = Spaces(matrix)
    assert spaces.rank == 4
    found = components(spaces.null, spaces.columns)
    assert sorted(found) == [([0, 1, 2], 1), ([3, 4], 1), ([6], 1)]
    assert spaces.known().tolist() == [False] * 5 + [True, False]
    assert alike(matrix, [0, 1, 2]) == []
    assert alike(matrix, [3, 4]) == [[3, 4]]


def test_rank_is_that_of_almost_every_point() -> None:
    good = np.array([[1.0, 0.0], [0.3, 1.0]])
    accident = np.array([[1.0, 2.0], [0.5, 1.0]])
    spaces = Spaces(np.array([accident, good, accident]))
    assert (spaces.rank, spaces.ranks, spaces.at, spaces.deficit) == (2, (1, 2, 1), [1], 0)


def test_narrow_priors_and_small_slopes_are_still_seen() -> None:
    matrix = np.array([[[1.0, 0.0, 1.0], [0.0, 1e-5, 1e-5]]])
    spaces = Spaces(matrix)
    assert spaces.rank == 2
    assert [members for members, _ in components(spaces.null, spaces.columns)] == [[0, 1, 2]]
