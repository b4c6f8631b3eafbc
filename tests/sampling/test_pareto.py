"""Smoothed weights and k-hat are those of ArviZ, and right where the tail is known."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from funnelest.sampling.pareto import pareto_smooth, tail_shape

TAILS = {
    "heavy": lambda rng, n: rng.standard_t(2, n),
    "wide": lambda rng, n: rng.normal(0, 3, n),
    "short": lambda rng, n: rng.random(n),
    "of few digits": lambda rng, n: np.round(rng.normal(0, 1, n), 1),
}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("n", [30, 225, 226, 4000])
def test_they_are_those_of_arviz(tail, n):
    logs = TAILS[tail](np.random.default_rng(n), n)
    weights, k_hat = pareto_smooth(logs)
    smoothed, shape = array_stats.psislw(-(logs - logs.max()))
    expected = np.exp(smoothed - smoothed.max())
    np.testing.assert_allclose(weights, expected / expected.sum(), atol=1e-14)
    assert k_hat == pytest.approx(float(shape), abs=1e-12)


@pytest.mark.parametrize("shape", [-0.3, 0.2, 0.9])
def test_the_shape_of_a_known_tail_is_found(shape):
    steps = -np.log1p(-(np.arange(20_000) + 0.5) / 20_000)  # quantiles of the exponential
    found, scale = tail_shape(3 * np.expm1(shape * steps) / shape)
    assert found == pytest.approx(shape, abs=0.01)
    assert scale == pytest.approx(3, rel=0.01)


@pytest.mark.parametrize(
    ("logs", "shape"),
    [
        (np.zeros(400), -np.inf),  # even weights
        (np.r_[np.zeros(3900), np.full(100, 2.0)], -np.inf),  # two bundles of them
        (np.arange(4.0), np.inf),  # too few for a tail
        (np.r_[0.0, np.full(3999, -1e5)], np.inf),  # one that is all
    ],
)
def test_what_has_no_tail_or_none_that_fits(logs, shape):
    weights, found = pareto_smooth(logs)
    expected = np.exp(logs - logs.max())
    assert found == shape
    np.testing.assert_allclose(weights, expected / expected.sum(), atol=1e-300)
