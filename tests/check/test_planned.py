"""The expected width after a planned source, against closed forms."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check import planned
from funnelest.likelihood.density import log_likelihoods, prior_draws
from funnelest.sampling.gate import Gate

CORE = importlib.import_module("funnelest.inference.preposterior")
FAILED = Gate("importance", {"k-hat": 0.9}, ("Pareto k-hat is 0.90, it must be below 0.7",))
YOUNG, OLD = {"age": (0, 11)}, {"age": (12, 16)}
A, B = 2 + 30, 3 + 70  # the posterior of the share who tell is Beta(A, B)


def fitted(draws=4000):
    model = fe.Model(
        fe.Route("happened", "told"),
        fe.Population.cells(),
        fe.Number(fe.Gamma(60, 0.1)),
        {("happened", "told"): fe.Share(fe.Beta(2, 3))},
        [fe.Cohort(name="now", of="happened", step="told", yes=30, n=100)],
        parameters={"x": fe.Normal(1.0, 2.0)},
    )
    return fe.fit(model, seed=1, draws=draws, progress=False)


@pytest.fixture(scope="module")
def result():
    return fitted()


def told(q):
    return q.transition("happened", "told")


def happened(q):
    return q.number("happened")


def x(q):
    return q.parameter("x")


def cohort(n):
    return fe.Cohort(name="planned", of="happened", step="told", yes=n // 3, n=n)


def width(law, probability=0.95):
    low, high = law.interval(probability)
    return high - low


def test_beta_binomial(result):
    found = planned(
        result, cohort, told, [20, 200], replicates=150, probability=0.9, seed=2, progress=False
    )
    table = found.table
    assert table["interval"].tolist() == ["90% equal-tailed"] * 2
    assert found.width_now == pytest.approx(width(stats.beta(A, B), 0.9), rel=0.05)
    for row in table.itertuples():
        y = np.arange(row.n + 1)
        weights = stats.betabinom(row.n, A, B).pmf(y)
        after = stats.beta(A + y, B + row.n - y)
        # Beside the error over replicates, all of these weigh the same draws.
        allowed = 4 * row.mc_error + 0.04 * row.expected_width
        assert row.expected_width == pytest.approx(weights @ width(after, 0.9), abs=allowed)
        assert row.expected_sd == pytest.approx(weights @ after.std(), rel=0.05)
        assert row.ratio == pytest.approx(row.expected_width / row.width_now)
        assert (row.replicates, row.failed, row.mark) == (150, 0, "")
        assert row.refitted <= 3  # made up from a draw far out in a tail
    assert "A source of 20 would be expected to narrow the 90% equal-tailed interval" in found.text


def test_normal_normal(result):
    def survey(n):
        return fe.OwnNormal(name="planned", quantity=x, estimate=0.0, se=4 / np.sqrt(n))

    found = planned(result, survey, x, [4, 16, 64], replicates=60, seed=2, progress=False)
    for row in found.table.itertuples():
        exact = width(stats.norm(0, (1 / 4 + row.n / 16) ** -0.5))
        assert row.expected_width == pytest.approx(exact, rel=0.05)


def test_gamma_poisson_reads_the_new_figures(result):
    def survey(n):  # its records are a known share of n percent
        return fe.Register(
            name="planned", step="happened", count=300, defects=[fe.Coverage(n / 100)]
        )

    found = planned(result, survey, happened, [20], replicates=150, seed=2, progress=False)
    y = np.arange(1000)
    weights = stats.nbinom(60, 0.1 / (0.1 + 0.2)).pmf(y)
    exact = weights @ width(stats.gamma(60 + y, scale=1 / (0.1 + 0.2)))
    row = found.table.iloc[0]
    assert row["expected_width"] == pytest.approx(exact, rel=0.05)
    # Widths differ as the counts do: an old print that is read again would give one width.
    assert found.widths.std() == pytest.approx(
        np.sqrt(weights @ (width(stats.gamma(60 + y, scale=1 / 0.3)) - exact) ** 2), rel=0.4
    )


def test_few_effective_draws_are_fitted_again(result):
    found = planned(result, cohort, told, [400_000], replicates=3, seed=2, progress=False)
    row = found.table.iloc[0]
    assert row["refitted"] == 3
    assert row["failed"] == 0
    p = A / (A + B)
    assert row["expected_width"] == pytest.approx(
        2 * 1.96 * np.sqrt(p * (1 - p) / 400_000), rel=0.15
    )


def test_refits_that_fail_are_counted_and_in_no_mean(result, monkeypatch):
    fits = []

    def failing(model, **others):
        fits.append(others["engine"])
        if len(fits) == 1:
            raise fe.FitError("nothing fits")
        made = fe.fit(model, **others)
        return replace(made, gate=FAILED) if len(fits) == 2 else made

    monkeypatch.setattr(CORE, "fit", failing)
    found = planned(result, cohort, told, [400_000], replicates=4, seed=2, progress=False)
    row = found.table.iloc[0]
    assert (row["refitted"], row["failed"], fits) == (4, 2, ["importance"] * 4)
    assert np.isnan(found.widths).tolist() == [[True, True, False, False]]
    assert row["expected_width"] == pytest.approx(np.nanmean(found.widths))
    assert "Left out of the means: 2 of the 4 replicates" in found.text

    none = replace(found, widths=np.full((1, 4), np.nan))
    assert np.isnan(none.table["expected_width"][0])
    assert "every refit failed" in none.text


def test_what_only_the_planned_source_needs_is_drawn_from_its_prior(result):
    def survey(n, sensitivity):
        return fe.OwnBinomial(
            name="planned", quantity=told, yes=n // 3, n=n,
            defects=[fe.TestError(sensitivity=sensitivity)],
        )  # fmt: skip

    sure, unsure = (
        planned(result, lambda n, s=s: survey(n, s), told, [200], replicates=40, seed=2)
        for s in (0.8, fe.Beta(8, 2))
    )
    assert sure.table["failed"][0] == unsure.table["failed"][0] == 0
    assert sure.table["ratio"][0] < unsure.table["ratio"][0] < 1


@pytest.fixture(scope="module")
def filled():
    model = fe.Model(
        fe.Route("happened", "told"),
        fe.Population({"age": [(0, 11), (12, 16)]}, [2e6, 1e6]),
        fe.Rate(fe.Beta(1, 30)),
        evidence=[fe.Survey(name="asked", step="happened", yes=40, n=1900, where=OLD)],
        assumptions=[
            fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="assumed")
        ],
    )
    return fe.fit(model, seed=1, progress=False)


def of_children(result, **others):
    """Return what asking children would tell of them, who are filled in by an assumption."""
    return planned(
        result,
        lambda n: fe.Survey(name="planned", step="happened", yes=1, n=n, where=YOUNG),
        lambda q: q.number("happened", YOUNG),
        [500, 2000],
        seed=1,
        **others,
    )


def test_ages_that_an_assumption_fills_in_may_be_asked(filled):
    found = of_children(filled, replicates=30)
    assert found.table["ratio"].is_monotonic_decreasing
    assert found.table["ratio"].max() < 0.95


def test_what_is_imputed_says_so(result, filled):
    for basis, shown in ((None, "partly imputed"), ("imputed", "imputed")):
        found = of_children(filled, replicates=2, basis=basis)
        assert found.table["basis"].tolist() == [shown] * 2
        assert f"What is asked about is {shown}: it rests " in found.text
    for found in (
        of_children(filled, replicates=2, basis="estimated"),
        planned(result, cohort, told, [20], replicates=2, seed=1),
    ):
        assert set(found.table["basis"]) == {"estimated"}
        assert "imputed" not in found.text


def test_the_same_seed_gives_the_same_answer(result):
    one, same, other = (
        planned(result, cohort, told, [20, 50], replicates=10, seed=seed) for seed in (4, 4, 5)
    )
    assert (one.widths == same.widths).all()
    assert (one.widths != other.widths).any()


def test_costs(result):
    found = planned(
        result, cohort, told, [20, 200], replicates=10, seed=4, cost=lambda n: 100.0 + n
    )
    table = found.table
    assert table["cost"].tolist() == [120, 300]
    gone = (found.width_now - table["expected_width"]) / table["cost"]
    assert table["narrowing_per_cost"].tolist() == pytest.approx(gone.tolist())
    assert "per unit of cost with" in found.text
    assert "cost" not in planned(result, cohort, told, [20], replicates=2, seed=4).table


def test_a_closed_gate_stays_closed_and_an_opened_one_is_marked(result):
    failed = replace(result, gate=FAILED)
    with pytest.raises(fe.FitError, match="gate"):
        planned(failed, cohort, told, [20], seed=1)
    found = planned(failed.despite_failed_gate(), cohort, told, [20], replicates=2, seed=1)
    assert found.table["mark"].tolist() == ["CONVERGENCE GATE FAILED"]
    assert found.text.startswith("CONVERGENCE GATE FAILED")


def test_every_problem_at_once():
    with pytest.raises(fe.SpecError) as caught:
        planned(1, 2, 3, [4, 4], replicates=1, probability=95, seed=-1, cost=5, basis="guess")
    said = "\n".join(caught.value.problems)
    for name in (
        "result", "survey", "quantity", "n must be", "replicates", "probability", "seed", "cost",
        "basis",
    ):  # fmt: skip
        assert name in said, name


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"n": "20"}, "n must be ascending whole numbers"),
        ({"n": [2.5]}, "n must be ascending whole numbers"),
        ({"n": []}, "n must be ascending whole numbers"),
        ({"n": [True]}, "n must be ascending whole numbers"),
        ({"seed": True}, "seed must be a whole number"),
        ({"seed": None}, "seed must be a whole number"),
        ({"replicates": 2.0}, "replicates must be a whole number"),
        ({"basis": "guess"}, "basis must be one of 'estimated', 'partly imputed', 'imputed'"),
        ({"survey": lambda n: n}, "must return evidence"),
        ({"survey": lambda n: replace(cohort(n), name="now")}, "now"),
        ({"survey": lambda n: replace(cohort(n), yes=n + 1)}, "yes"),
        ({"quantity": lambda q: 1.0}, "no width to narrow"),
        ({"survey": lambda n: cohort(50)}, r"survey\(20\) .* n = 20; its field 'n' is 50"),
        ({"cost": lambda n: 0.0}, "above 0"),
    ],
)
def test_refusals(result, changed, text):
    given = {"survey": cohort, "quantity": told, "n": [20], "replicates": 2, "seed": 1, **changed}
    with pytest.raises(fe.SpecError, match=text):
        planned(result, **given)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"quantity": lambda q: {}["a"]}, "quantity fails (KeyError: 'a')."),
        ({"quantity": lambda q: 1 / 0}, "quantity fails (ZeroDivisionError: division by zero)."),
        (
            {"quantity": lambda q: q.number("nowhere")},
            "quantity: there is no step 'nowhere'; the steps are: happened, told.",
        ),
        (
            {"quantity": lambda q: np.ones((3, q.draws))},
            "quantity must return one number per draw; the shape is (3, 4000), with 4000 draws.",
        ),
        ({"quantity": lambda q: "many"}, "quantity must return one number per draw; it gave str."),
        ({"survey": lambda n: {}["a"]}, "survey(20) fails (KeyError: 'a')."),
        ({"cost": lambda n: n / 0}, "cost(20) fails (ZeroDivisionError: division by zero)."),
    ],
)
def test_functions_that_fail_are_named_in_one_sentence(result, changed, text):
    given = {"survey": cohort, "quantity": told, "n": [20, 50], "seed": 1, **changed}
    with pytest.raises(fe.SpecError) as caught:
        planned(result, **given)
    assert caught.value.problems == (text,)


def test_every_size_that_the_survey_does_not_follow_is_named(result):
    with pytest.raises(fe.SpecError) as caught:
        planned(result, lambda n: cohort(50), told, [20, 50, 80], seed=1)
    assert [text[:10] for text in caught.value.problems] == ["survey(20)", "survey(80)"]


def test_the_text_tells_of_the_smallest_and_the_largest(result):
    found = planned(result, cohort, told, [20, 50, 100, 200], replicates=3, seed=4)
    assert found.text.count("A source of") == 1
    assert "A source of 20 would be expected to narrow" in found.text
    assert ", and one of 200 to " in found.text
    assert "The table has all 4 sizes." in found.text
    for size in ("50", "100"):
        assert f"of {size} " not in found.text
    widths = found.widths.copy()
    widths[0] = widths[2] = np.nan
    found = replace(found, widths=widths)
    assert "A source of 50 would" in found.text
    assert "Of 20, 100 every refit failed" in found.text
    assert "Left out" not in found.text


def test_every_kind_of_evidence_weighs_the_draws_by_its_new_figures(source, build, monkeypatch):
    monkeypatch.setattr(CORE, "_EFFECTIVE", 0.0)
    model = build(source)
    draws = prior_draws(model, np.random.default_rng(1), 50)
    plan = CORE.Preposterior(model, [source], draws, lambda q: q.number(model.route.steps[0]))
    for r in range(2):  # the second time something may be remembered of the first
        (made,), weights = plan.replicate(r, np.random.default_rng(r))
        again = model.with_evidence([made if one is source else one for one in model.evidence])
        logp = log_likelihoods(again, draws)[source.name].copy()
        logp[r] = -np.inf
        if weights is None:  # no other draw could have made these figures
            assert not np.isfinite(logp).any()
            continue
        exact = np.exp(logp - logp.max())
        assert weights == pytest.approx(exact / exact.sum(), rel=1e-9, abs=1e-12)
