"""The given log-linear model: closed forms, existence first, partial tables, strata, linkage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from funnelest.errors import SpecError
from funnelest.lists import LinkageError, OverlapTable
from funnelest.lists.computing.profile import profile_limits, sum_limits
from funnelest.lists.computing.relinking import linked_at_random
from funnelest.lists.estimators import log_linear
from funnelest.lists.estimators.log_linear import LogLinear
from funnelest.lists.terms import design, independent

TWO = OverlapTable(["a", "b"], {"10": 400, "01": 200, "11": 600})
COUNTS = {"100": 40, "010": 30, "001": 20, "110": 6, "101": 3, "011": 2, "111": 1}
THREE = OverlapTable(["A", "B", "C"], COUNTS)
NAMES = ["A", "B", "C"]


def test_two_lists_in_closed_form():
    found = LogLinear().estimate(TWO)
    n0 = 400 * 200 / 600
    assert found.hidden == pytest.approx(n0)
    # Variance of the logarithm: the sum of the inverse counts.
    se = np.sqrt(n0 + n0**2 * (1 / 400 + 1 / 200 + 1 / 600))
    assert found.measures["standard error"] == pytest.approx(se)
    wald = LogLinear(interval="wald").estimate(TWO).overall.interval
    assert wald[0] * wald[1] == pytest.approx(n0**2)


def test_three_lists_in_closed_form():
    # No interaction of all three: n0 = n100 n010 n001 n111 / (n110 n101 n011).
    found = LogLinear(model="[12,13,23]").estimate(THREE)
    assert found.hidden == pytest.approx(40 * 30 * 20 * 1 / (6 * 3 * 2))
    # List 3 independent of the pair: people on it say how complete the others are.
    found = LogLinear(model=[["A", "B"], "C"]).estimate(THREE)
    assert found.hidden == pytest.approx(20 * (40 + 30 + 6) / (3 + 2 + 1))
    assert found.method == "log-linear [12,3]"
    assert found.measures["df"] == 2


def test_profile_limits_by_brute_force():
    from scipy.special import gammaln

    X, counts = design(independent(2), 2), np.array([20.0, 40.0, 12.0])
    low, high = profile_limits(X, np.eye(4)[1:], counts, 20 * 40 / 12, 0.4, 0.9)
    # Independent lists: the multinomial maximum has the margins of the full table.
    n0 = np.linspace(5, 400, 400_000)
    N = counts.sum() + n0
    p, q = (40 + 12) / N, (20 + 12) / N
    log = gammaln(N + 1) - gammaln(n0 + 1) + 52 * np.log(p) + (N - 52) * np.log(1 - p)
    log += 32 * np.log(q) + (N - 32) * np.log(1 - q)
    inside = n0[log > log.max() - 2.70554345 / 2]
    assert low == pytest.approx(inside[0], abs=0.01)
    assert high == pytest.approx(inside[-1], abs=0.01)


def test_existence_comes_first():
    sparse = OverlapTable(NAMES, {"100": 40, "010": 30, "001": 20, "110": 6})
    for model, word in (("[12,3]", "code 1"), ("[12,13,23]", "code 2")):
        found = LogLinear(model=model).estimate(sparse)
        assert word in found.withheld
        assert np.isnan(found.hidden)
        assert found.interval is None
    found = LogLinear(model="[13,23]").estimate(sparse)
    assert found.hidden == pytest.approx(40 * 30 / 6)
    assert "Extended estimate: nobody is on A and C, B and C" in found.text


def test_a_model_that_does_not_fit_says_so():
    table = OverlapTable(NAMES, {**COUNTS, "111": 60})
    assert "does not fit" in LogLinear().estimate(table).text
    assert "does not fit" not in LogLinear().estimate(THREE).text


def test_counts_of_several_patterns():
    table = OverlapTable(NAMES, {"10?": 40, "01?": 30, "001": 20, "11?": 6})
    found = LogLinear().estimate(table)
    # Not on A or B: 40 * 30 / 6 = 200 people, 20 of them on C.
    assert found.hidden == pytest.approx(180.0)
    np.testing.assert_allclose(found.predicted["all"], table.cells().counts, rtol=1e-6)


def test_an_upper_limit_is_left_out_of_the_likelihood():
    table = OverlapTable(NAMES, COUNTS, upper=["C"])
    found = LogLinear().estimate(table)
    again = LogLinear().estimate(OverlapTable(NAMES, {**COUNTS, "001": 20_000}, upper=["C"]))
    assert found.hidden == pytest.approx(again.hidden)
    assert found.known == 82
    assert "of the hidden people are among the 20 on C only" in found.text
    tight = LogLinear().estimate(OverlapTable(NAMES, {**COUNTS, "001": 1}, upper=["C"]))
    assert "contradict" in tight.text


def test_a_list_that_is_too_small_for_the_model_withholds_the_number():
    expected = LogLinear().estimate(OverlapTable(NAMES, COUNTS, upper=["C"])).predicted["all"][0]
    assert poisson.cdf(5, expected) < 0.025 < poisson.cdf(10, expected)
    within = LogLinear().estimate(OverlapTable(NAMES, {**COUNTS, "001": 10}, upper=["C"]))
    assert np.isfinite(within.hidden)
    assert "the list holds 10: all of them, within chance" in within.text
    found = LogLinear().estimate(OverlapTable(NAMES, {**COUNTS, "001": 5}, upper=["C"]))
    assert np.isnan(found.hidden)
    assert found.interval is None
    assert "model and list contradict each other" in found.withheld
    assert "within chance" not in found.text
    assert found.measures["df"] == within.measures["df"]


def test_rows_of_strata_say_their_own_reason():
    counts = {"x": {"10": 9, "01": 8, "11": 4}, "y": {"10": 3, "01": 2}}
    table = LogLinear().estimate(OverlapTable(["A", "B"], counts)).table.set_index("stratum")
    assert table["withheld"]["x"] == ""
    assert table["interval"].to_list() == ["95% profile likelihood", "none", "none"]
    assert table["withheld"]["y"].startswith("Model [1,2]: there is no maximum-likelihood")
    assert table["withheld"]["all"].startswith("Stratum 'y': Model")
    counts["y"]["11"] = 2
    table = LogLinear().estimate(OverlapTable(["A", "B"], counts)).table.set_index("stratum")
    assert set(table["withheld"]) == {""}
    assert table["interval"]["x"] == table["interval"]["y"] == "95% profile likelihood"
    assert "MOVER" in table["interval"]["all"]


def test_ten_lists():
    """A selection of patterns is no product of matrices, which took half a minute here."""
    rng = np.random.default_rng(1)
    codes = (rng.random((20_000, 10)) < 0.15) @ (1 << np.arange(10))
    counts = {format(i, "010b"): int((codes == i).sum()) for i in range(1, 1024)}
    found = LogLinear().estimate(OverlapTable([f"list {i}" for i in range(10)], counts))
    low, high = found.overall.interval
    assert low < (codes == 0).sum() < high


def test_strata_are_free_and_lists_that_do_not_cover_them_drop_out():
    table = OverlapTable(NAMES, {"x": COUNTS, "y": {"100": 10, "010": 12, "110": 4}},
                         not_covering={"C": ["y"]})  # fmt: skip
    found = LogLinear().estimate(table)
    one = LogLinear().estimate(THREE)
    other = LogLinear().estimate(OverlapTable(["A", "B"], {"10": 10, "01": 12, "11": 4}))
    for name, alone in (("x", one), ("y", other)):
        assert found.strata[name].hidden == pytest.approx(alone.hidden)
        assert found.strata[name].interval == pytest.approx(alone.overall.interval, rel=1e-4)
    assert found.hidden == pytest.approx(one.hidden + other.hidden)
    limits = [one.overall.interval, other.overall.interval]
    expected = sum_limits(np.array([one.hidden, other.hidden]), limits)
    assert found.overall.interval == pytest.approx(expected, rel=1e-4)
    assert "MOVER" in found.kind


def test_a_stratum_without_an_estimate_withholds_the_total_only():
    table = OverlapTable(["A", "B"], {"x": {"10": 9, "01": 8, "11": 4}, "y": {"10": 3, "01": 2}})
    found = LogLinear().estimate(table)
    assert found.withheld.startswith("Stratum 'y'")
    assert np.isnan(found.hidden)
    assert found.strata["x"].hidden == pytest.approx(18.0)
    assert np.isnan(found.strata["y"].hidden)


def test_problems_in_sentences():
    for method, word in (
        (LogLinear(model="[12,4]"), "names list 4"),
        (LogLinear(model="[123]"), "interaction of all lists"),
        (LogLinear(interval="bayes"), "'profile' or 'wald'"),  # type: ignore[arg-type]
        (LogLinear(model=3), "a model is text"),  # type: ignore[arg-type]
        (LogLinear(linkage=0.1), "must be a LinkageError"),  # type: ignore[arg-type]
        (LogLinear(linkage=LinkageError(missed=-1.0)), "missed"),
    ):
        with pytest.raises(SpecError, match=word):
            method.estimate(THREE)


def test_tables_whose_links_cannot_be_corrected():
    linkage = LinkageError(missed=0.1)
    for table, word in (
        (OverlapTable(NAMES, COUNTS, upper=["C"]), r"leave it out, table.without\('C'\)\.$"),
        (OverlapTable(NAMES, {"10?": 4, "010": 3, "11?": 6, "001": 1}), "C was not linked with"),
        (OverlapTable(NAMES, {"x": COUNTS, "y": COUNTS}), r"table.pooled\(\)"),
        (None, "an OverlapTable is needed"),
    ):
        for correct in (LogLinear(linkage=linkage).estimate, linkage.corrected):
            with pytest.raises(SpecError, match=word) as caught:
                correct(table)
            assert len(caught.value.problems) == 1


# --------------------------------------------------------------------- linkage


def test_missed_links_of_two_lists_in_closed_form(monkeypatch):
    monkeypatch.setattr(log_linear, "_REPLICATES", 40)
    # Of m on both, 1 - missed are linked: m = 600 / 0.9, and 1000 * 800 / m people in all.
    found = LogLinear(linkage=LinkageError(missed=0.1)).estimate(TWO)
    assert found.known + found.hidden == pytest.approx(1000 * 800 / (600 / 0.9), abs=0.5)
    assert found.known == round(1800 - 600 / 0.9)
    assert "corrected" in found.text
    assert "bootstrap" in found.kind
    both = LogLinear(linkage=LinkageError(missed=0.1, false=0.05)).estimate(TWO)
    assert both.total == pytest.approx(1000 * 800 / (600 * 0.95 / 0.9), abs=0.5)


def test_perfect_links_change_nothing_much(monkeypatch):
    monkeypatch.setattr(log_linear, "_REPLICATES", 100)
    plain = LogLinear().estimate(TWO)
    found = LogLinear(linkage=LinkageError()).estimate(TWO)
    assert found.hidden == pytest.approx(plain.hidden, rel=1e-6)
    assert found.interval == pytest.approx(plain.interval, abs=18)
    assert LogLinear(linkage=LinkageError()).estimate(TWO).interval == found.interval


def test_made_up_links_have_the_expected_numbers():
    rng = np.random.default_rng(0)
    people = np.array([50, 400, 300, 60, 500, 40, 30, 20])
    made = np.array([linked_at_random(people, 0.1, 0.05, 3, rng) for _ in range(1000)])
    expected = LinkageError().matrix(3, 0.1, 0.05) @ people
    error = made.std(axis=0) / np.sqrt(len(made))
    assert np.all(np.abs(made.mean(axis=0) - expected)[1:] < 4 * error[1:])
