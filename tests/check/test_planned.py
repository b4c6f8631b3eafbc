"""The expected width after a planned source, against closed forms."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check import planned
from funnelest.density import log_likelihoods, prior_draws
from funnelest.engines.gate import Gate

PLANNED = importlib.import_module("funnelest.check.planned")
FAILED = Gate("importance", {"k-hat": 0.9}, ("Pareto k-hat is 0.90, it must be below 0.7",))
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

    monkeypatch.setattr(PLANNED, "fit", failing)
    found = planned(result, cohort, told, [400_000], replicates=4, seed=2, progress=False)
    row = found.table.iloc[0]
    assert (row["refitted"], row["failed"], fits) == (4, 2, ["importance"] * 4)
    assert np.isnan(found.widths).tolist() == [[True, True, False, False]]
    assert row["expected_width"] == pytest.approx(np.nanmean(found.widths))
    assert "Left out of that mean: 2 of the 4 replicates" in found.text

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


def test_ages_that_an_assumption_fills_in_may_be_asked():
    young, old = {"age": (0, 11)}, {"age": (12, 16)}
    model = fe.Model(
        fe.Route("happened", "told"),
        fe.Population({"age": [(0, 11), (12, 16)]}, [2e6, 1e6]),
        fe.Rate(fe.Beta(1, 30)),
        evidence=[fe.Survey(name="asked", step="happened", yes=40, n=1900, where=old)],
        assumptions=[
            fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="assumed")
        ],
    )
    found = planned(
        fe.fit(model, seed=1, progress=False),
        lambda n: fe.Survey(name="planned", step="happened", yes=1, n=n, where=young),
        lambda q: q.number("happened", young),
        [500, 2000],
        replicates=30,
        seed=1,
    )
    assert found.table["ratio"].is_monotonic_decreasing
    assert found.table["ratio"].max() < 0.95


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
        planned(1, 2, 3, [4, 4], replicates=1, probability=95, seed=-1, cost=5)
    said = "\n".join(caught.value.problems)
    for name in (
        "result", "survey", "quantity", "n must be", "replicates", "probability", "seed", "cost",
    ):  # fmt: skip
        assert name in said, name


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"n": "20"}, "n must be ascending whole numbers"),
        ({"n": [2.5]}, "n must be ascending whole numbers"),
        ({"n": []}, "n must be ascending whole numbers"),
        ({"survey": lambda n: n}, "must return evidence"),
        ({"survey": lambda n: replace(cohort(n), name="now")}, "now"),
        ({"survey": lambda n: replace(cohort(n), yes=n + 1)}, "yes"),
        ({"quantity": lambda q: 1.0}, "no width to narrow"),
        ({"cost": lambda n: 0.0}, "above 0"),
    ],
)
def test_refusals(result, changed, text):
    given = {"survey": cohort, "quantity": told, "n": [20], **changed}
    with pytest.raises(fe.SpecError, match=text):
        planned(result, **given, replicates=2, seed=1)


def test_every_kind_of_evidence_weighs_the_draws_by_its_new_figures(source, build, monkeypatch):
    monkeypatch.setattr(PLANNED, "_EFFECTIVE", 0.0)
    model = build(source)
    draws = prior_draws(model, np.random.default_rng(1), 50)
    plan = PLANNED._Plan(model, source, draws, lambda q: q.number(model.route.steps[0]))
    for r in range(2):  # the second time something may be remembered of the first
        made, weights = plan.replicate(r, np.random.default_rng(r))
        again = model.with_evidence([made if one is source else one for one in model.evidence])
        logp = log_likelihoods(again, draws)[source.name].copy()
        logp[r] = -np.inf
        if weights is None:  # no other draw could have made these figures
            assert not np.isfinite(logp).any()
            continue
        exact = np.exp(logp - logp.max())
        assert weights == pytest.approx(exact / exact.sum(), rel=1e-9, abs=1e-12)
