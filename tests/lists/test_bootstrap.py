"""Bias-corrected and accelerated intervals: against SciPy, and where estimates are infinite."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from funnelest.lists.computing.bootstrap import bca_interval, leave_one_out, quantile, resampled
from funnelest.words import Language

said = Language("en").say


def test_interval_as_scipy_for_a_share():
    # 30 of 100 people in the first cell: SciPy resamples the same people.
    people = np.repeat([1.0, 0.0], [30, 70])
    scipy_ = stats.bootstrap((people,), np.mean, n_resamples=20_000, method="BCa", rng=1)
    counts = np.array([30.0, 70.0])
    without, weights = leave_one_out(counts)
    found = bca_interval(
        0.3,
        resampled(counts, 20_000, np.random.default_rng(2))[:, 0] / 100,
        without[:, 0] / without.sum(axis=1),
        weights,
        0.95,
    )
    np.testing.assert_allclose(found.limits, scipy_.confidence_interval, atol=0.0101)
    d = np.average([29 / 99, 30 / 99], weights=weights) - np.array([29 / 99, 30 / 99])
    by_hand = np.sum(weights * d**3) / (6 * np.sum(weights * d**2) ** 1.5)
    assert found.acceleration == pytest.approx(by_hand)


def test_without_bias_and_acceleration_it_is_the_percentile_interval():
    replicates = np.arange(1.0, 1000.0)
    found = bca_interval(500.0, replicates, np.array([499.0, 501.0]), np.array([2.0, 2.0]), 0.9)
    assert found.bias == pytest.approx(0, abs=1e-12)
    expected = np.quantile(replicates, [0.05, 0.95], method="median_unbiased")
    np.testing.assert_allclose(found.limits, expected)


def test_infinite_replicates_count_as_infinite():
    replicates = np.concatenate([np.arange(1.0, 901.0), np.full(100, np.inf)])
    found = bca_interval(500.0, replicates, np.array([499.0, 501.0]), np.ones(2), 0.95)
    assert np.isfinite(found.limits[0])
    assert found.limits[1] == np.inf
    narrow = bca_interval(500.0, replicates, np.array([499.0, 501.0]), np.ones(2), 0.5)
    assert np.isfinite(narrow.limits).all()


def test_estimate_beyond_all_replicates_gives_no_interval():
    for estimate, side in ((0.0, "above"), (99.0, "below")):
        found = bca_interval(estimate, np.arange(1.0, 50.0), np.ones(2), np.ones(2), 0.95)
        assert found.limits is None
        assert f"all bootstrap replicates lie {side} the estimate" in Language("en").say(
            found.problem
        )


def test_correction_for_bias_does_not_bring_back_an_upper_limit():
    # By its own formula the correction would take a finite replicate as the upper limit.
    replicates = np.concatenate([np.arange(1.0, 301.0), np.full(700, np.inf)])
    found = bca_interval(150.0, replicates, np.array([149.0, 151.0]), np.ones(2), 0.8)
    assert found.levels[1] < 0.3
    assert found.limits[0] < 150
    assert found.limits[1] == np.inf


def test_estimate_at_the_edge_of_its_replicates_gives_no_interval():
    found = bca_interval(2.5, np.arange(1.0, 1001.0), np.ones(2), np.ones(2), 0.95)
    assert found.limits is None
    assert "at the edge of its own bootstrap replicates (0.2% are smaller)" in Language("en").say(
        found.problem
    )


def test_infinite_jackknife_leaves_only_the_bias_correction():
    replicates = np.arange(1.0, 1000.0)
    found = bca_interval(500.0, replicates, np.array([499.0, np.inf]), np.ones(2), 0.9)
    assert np.isnan(found.acceleration)
    assert np.isfinite(found.limits).all()


def test_acceleration_beyond_use_gives_no_interval():
    weights = np.array([1.0, 1e-4])
    found = bca_interval(50.0, np.arange(1.0, 100.0), np.array([50.0, 500.0]), weights, 0.95)
    assert found.limits is None
    assert "single persons" in said(found.problem)


def test_quantile_is_that_of_numpy_and_takes_infinity():
    x = np.sort(np.random.default_rng(1).normal(size=57))
    for level in (0.0, 0.01, 0.3, 0.5, 0.977, 1.0):
        assert quantile(x, level) == pytest.approx(np.quantile(x, level, method="median_unbiased"))
    y = np.array([1.0, 2.0, np.inf])
    assert quantile(y, 0.5) == 2.0
    assert quantile(y, 0.7) == quantile(y, 1.0) == np.inf


def test_leave_one_out_and_resampled_tables():
    counts = np.array([3.0, 0.0, 2.0])
    tables, weights = leave_one_out(counts)
    assert tables.tolist() == [[2, 0, 2], [3, 0, 1]]
    assert weights.tolist() == [3, 2]
    drawn = resampled(counts, 500, np.random.default_rng(1))
    assert (drawn.sum(axis=1) == 5).all()
    assert (drawn[:, 1] == 0).all()
    assert drawn[:, 0].mean() == pytest.approx(3, abs=0.15)


def test_an_estimate_unlike_its_replicates_has_the_percentile_interval_in_its_own() -> None:
    replicates = np.linspace(100.0, 300.0, 1001)
    found = bca_interval(135.0, replicates, np.full(4, 135.0), np.ones(4), 0.95)
    assert found.widened
    assert found.limits[1] == pytest.approx(295.0, abs=0.5)
    middle = bca_interval(190.0, replicates, np.full(4, 190.0), np.ones(4), 0.95)
    assert not middle.widened
