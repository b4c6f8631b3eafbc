"""Whether a method reproduces the overlaps: against exact probabilities and simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from funnelest.errors import SpecError
from funnelest.lists import Estimate, LogLinear, OverlapTable, Part
from funnelest.lists.checks.predictive import predictive
from funnelest.lists.computing.fits import fit_poisson
from funnelest.lists.terms import design, independent

LISTS = ["a", "b", "c"]
MEANS = np.array([50.0, 60.0, 12.0, 80.0, 9.0, 15.0, 4.0])


def table_of(counts, **more):
    names = [format(code, "03b") for code in range(1, 8)]
    return OverlapTable(LISTS, dict(zip(names, map(int, counts), strict=True)), **more)


def estimate(table, predicted, **more):
    if not isinstance(predicted, dict):
        predicted = {"all": predicted}
    return Estimate(
        method="made up", table_of=table, overall=Part(table.known, 10.0, None),
        statistic="maximum likelihood", kind="", assumes="nothing.", predicted=predicted, **more,
    )  # fmt: skip


def test_exact_numbers_of_a_fit():
    counts = np.array([52, 55, 12, 84, 10, 14, 5])
    found = predictive(estimate(table_of(counts), MEANS, measures={"df": 7.0}))
    table = found.table
    law = stats.poisson(MEANS)
    assert table["mid_p"].to_numpy() == pytest.approx(law.cdf(counts - 1) + law.pmf(counts) / 2)
    assert np.array_equal(table["low"], law.ppf(0.025))
    assert np.array_equal(table["high"], law.ppf(0.975))
    assert table["residual"].to_numpy() == pytest.approx((counts - MEANS) / np.sqrt(MEANS))
    assert [one.p for one in found.found] == pytest.approx(table["p"].to_list())
    assert [one.mid_p for one in found.found] == pytest.approx((1 - table["mid_p"]).to_list())
    assert [one.value for one in found.found] == list(counts)
    assert [one.median for one in found.found] == list(law.median())
    assert found.found[0].name == "made up (c only)"
    assert found.passed
    assert found.text.startswith("made up: all 7 overlaps are reproduced.")
    distance = np.sum((counts - MEANS) ** 2 / MEANS)
    assert found.details["discrepancy"] == pytest.approx(stats.chi2(7).sf(distance))
    assert f"chi-square {distance:.1f} on 7 degrees of freedom" in found.text
    assert "1 of the counts" in found.text


def test_the_terms_that_were_fitted_are_allowed_for():
    counts = {"100": 310, "010": 205, "001": 84, "110": 61, "101": 22, "011": 28, "111": 12}
    table = OverlapTable(LISTS, counts)
    fit = LogLinear().estimate(table)
    found = predictive(fit)
    distance = np.sum((table.cells().counts - fit.predicted["all"]) ** 2 / fit.predicted["all"])
    assert found.details["df"] == 3
    assert found.details["discrepancy"] == pytest.approx(stats.chi2(3).sf(distance))
    # The deviance, of which the estimate's own warning is, says the same: p = 0.024.
    assert fit.measures["p-value of the fit"] == pytest.approx(stats.chi2(3).sf(9.39), abs=1e-3)
    assert found.table["reproduced"].all()
    assert not found.passed
    assert "The table as a whole is not reproduced: chi-square" in found.text


def test_a_fit_without_degrees_of_freedom_is_judged_by_its_overlaps():
    table = table_of(MEANS)
    for measures, why in (
        ({"df": 0.0}, "it has as many terms as there are counts"),
        ({}, "it does not say how many degrees of freedom are left"),
    ):
        found = predictive(estimate(table, MEANS, measures=measures))
        assert np.isnan(found.details["discrepancy"])
        assert found.passed
        assert f"as a whole cannot be tested for this method: {why}" in found.text
    off = MEANS.copy()
    off[0] = 200
    assert not predictive(estimate(table, off)).passed


def test_draws_of_the_expected_counts():
    """Gamma draws around each mean: the predictive counts are negative binomial."""
    rng = np.random.default_rng(2)
    size = 20.0
    draws = MEANS[:, None] * rng.gamma(size, 1 / size, (7, 40_000))
    counts = np.array([60, 60, 12, 110, 9, 15, 1])
    table = predictive(estimate(table_of(counts), draws)).table
    law = stats.nbinom(size, size / (size + MEANS))
    assert table["mid_p"].to_numpy() == pytest.approx(
        law.cdf(counts - 1) + law.pmf(counts) / 2, abs=0.004
    )
    assert np.all(np.abs(table["low"] - law.ppf(0.025)) <= 1)
    assert np.all(np.abs(table["high"] - law.ppf(0.975)) <= 1)
    assert table["expected"].to_numpy() == pytest.approx(MEANS, rel=0.01)
    assert table["residual"].to_numpy() == pytest.approx((counts - MEANS) / law.std(), abs=0.02)


def test_overlaps_that_are_not_reproduced_are_named():
    counts = MEANS.astype(int)
    counts[4] = 31
    found = predictive(estimate(table_of(counts), MEANS, measures={"df": 3.0}))
    assert not found.passed
    assert found.text.startswith("made up: 1 of 7 overlaps is not reproduced")
    assert "On a and c only it expects 9 (95% predictive interval 4 to 15); 31 were found" in repr(
        found
    )
    assert "as a whole is not reproduced" in found.text
    row = found.table.set_index("pattern").loc["101"]
    assert not row["reproduced"]
    assert row["p"] == pytest.approx(2 * (stats.poisson.sf(31, 9) + stats.poisson.pmf(31, 9) / 2))
    assert row["adjusted"] == pytest.approx(7 * row["p"])
    assert found.table["reproduced"].sum() == 6


def test_a_chance_that_is_small_for_one_of_many_is_no_failure():
    counts = MEANS.astype(int)
    counts[4] = 17
    found = predictive(estimate(table_of(counts), MEANS))
    row = found.table.set_index("pattern").loc["101"]
    assert row["p"] < 0.05 < row["adjusted"]
    assert row["reproduced"]


def test_people_where_none_are_expected():
    means = MEANS.copy()
    means[6] = 0.0
    counts = MEANS.astype(int)
    found = predictive(estimate(table_of(counts), np.repeat(means[:, None], 2, axis=1)))
    assert not found.passed
    assert found.details["discrepancy"] == 0
    assert "less than 0.01% of tables" in found.text
    counts[6] = 1
    found = predictive(estimate(table_of(counts), means, measures={"df": 3.0}))
    assert found.details["discrepancy"] == 0
    assert "; 1 was found" in found.text


def test_upper_limits_are_only_too_low():
    counts = MEANS.astype(int)
    counts[0] = 500  # on c alone: others are among them
    high = predictive(estimate(table_of(counts, upper=["c"]), MEANS))
    assert high.passed
    assert np.isnan(high.table["residual"]).tolist() == [True] + [False] * 6
    assert high.table["limit"].tolist() == [True] + [False] * 6
    assert [one.limit for one in high.found] == ["at most"] + [""] * 6
    assert [one.p for one in high.found] == pytest.approx(high.table["p"].to_list())
    counts[0] = 20
    low = predictive(estimate(table_of(counts, upper=["c"]), MEANS))
    assert not low.passed
    assert "at most 20 were found" in low.text


def test_strata():
    counts = {
        name: dict(zip([format(i, "03b") for i in range(1, 8)], MEANS.astype(int), strict=True))
        for name in "xyz"
    }
    table = OverlapTable(LISTS, counts)
    found = predictive(estimate(table, {"x": MEANS, "y": MEANS * 3}))
    assert list(found.table["stratum"].unique()) == ["x", "y"]
    assert "On a only in y it expects 240" in found.text
    assert "It says nothing of what it expects in: z." in found.text
    assert "6 of 14 overlaps are not reproduced" in found.text
    assert "1 more is marked in the table." in found.text


def test_the_same_seed_gives_the_same_numbers():
    draws = np.random.default_rng(1).gamma(9, 1 / 9, (7, 300)) * MEANS[:, None]
    made = estimate(table_of(MEANS), draws)
    first, second = predictive(made, seed=3), predictive(made, seed=3)
    assert first.table.equals(second.table)
    assert (
        first.details["discrepancy"]
        == second.details["discrepancy"]
        != predictive(made, seed=4).details["discrepancy"]
    )


def test_a_method_that_is_right_fails_seldom():
    """Independent lists, fitted to tables that are made so."""
    rng = np.random.default_rng(7)
    X = design(independent(3), 3)[1:]
    means = np.exp(X @ np.array([5.0, -1.0, -0.5, -1.5]))
    failed = 0
    for _ in range(100):
        counts = rng.poisson(means)
        fit = fit_poisson(X, counts)
        made = estimate(table_of(counts), fit.means[0], measures={"df": 3.0})
        failed += not predictive(made).passed
    assert 1 <= failed <= 11  # 5 in 100, as stated


def test_a_withheld_number_stays_withheld():
    made = replace(estimate(table_of(MEANS), MEANS), withheld="the chains do not agree.")
    assert "Its number is withheld: the chains do not agree." in predictive(made).text


def refused(*arguments, **more):
    with pytest.raises(SpecError) as caught:
        predictive(*arguments, **more)
    return " ".join(caught.value.problems)


def test_what_cannot_be_compared():
    table = table_of(MEANS)
    nothing = estimate(table, {}, withheld="nobody is on both lists.")
    said = refused(nothing)
    assert "made up does not say how many people it expects on each overlap" in said
    assert "withheld: nobody is on both lists." in said
    assert "shape (7,) or (7, draws); given (6,)" in refused(estimate(table, MEANS[:6]))
    assert "given (7, 0)" in refused(estimate(table, np.zeros((7, 0))))
    assert "no finite" in refused(estimate(table, MEANS * np.nan))
    assert "no finite" in refused(estimate(table, -MEANS))
    assert "an Estimate is needed" in refused(table)
    assert "seed must be" in refused(estimate(table, MEANS), seed=1.5)
    two = OverlapTable(LISTS, {"x": table.counts, "y": table.counts})
    draws = np.ones((7, 30))
    assert "equally many" in refused(estimate(two, {"x": draws, "y": draws[:, :20]}))
