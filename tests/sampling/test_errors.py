"""Monte Carlo errors against the spread over repeated samples."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base import array_stats

from funnelest.sampling.errors import Chains, Copies, mean_errors, quantile_errors
from funnelest.sampling.weights import quantiles

LEVELS = (0.025, 0.5, 0.975)
SHAPES = {"normal": lambda x: x, "log-normal": np.exp}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_of_independent_draws(shape):
    many = shape(np.random.default_rng(3).normal(size=(1000, 4000)))
    claimed = quantile_errors(many[:200], LEVELS, Copies())
    spread = quantiles(many, LEVELS, axis=1).std(axis=1)
    # The density in a tail, between levels half as far out and half farther: a little too low.
    assert (claimed.mean(axis=1) / spread) == pytest.approx([1.07, 1.02, 1.1], abs=0.1)
    assert claimed.std(axis=1) / claimed.mean(axis=1) == pytest.approx([0.08] * 3, abs=0.06)
    means = mean_errors(many[:200], Copies())
    assert means.mean() == pytest.approx(many.mean(axis=1).std(), rel=0.08)


def resampled(rng, draws, weighted):
    """Return draws of a normal, resampled from wider ones, and their origins."""
    x = rng.normal(0, 1.5, weighted)
    weights = np.exp(-0.5 * x**2 + 0.5 * (x / 1.5) ** 2)
    points = (rng.random() + np.arange(draws)) / draws * weights.sum()
    origins = np.searchsorted(np.cumsum(weights), points).clip(0, weighted - 1)
    origins = rng.permutation(origins)
    return x[origins], origins


@pytest.mark.parametrize(("draws", "weighted"), [(2000, 2000), (2000, 8000), (6000, 1000)])
def test_of_draws_taken_more_than_once(draws, weighted):
    rng = np.random.default_rng(4)
    limits, claimed, means, of_mean = [], [], [], []
    for _ in range(300):
        x, origins = resampled(rng, draws, weighted)
        limits.append(quantiles(x, LEVELS))
        claimed.append(quantile_errors(x[None], LEVELS, Copies(origins))[:, 0])
        means.append(x.mean())
        of_mean.append(mean_errors(x[None], Copies(origins))[0])
    ratio = np.mean(claimed, axis=0) / np.std(limits, axis=0)
    assert np.all((ratio > 0.88) & (ratio < 1.3)), ratio
    # Systematic resampling spreads evenly over what lies side by side, which no origin tells.
    assert 0.88 < np.mean(of_mean) / np.std(means) < 1.3


def test_copies_are_no_more_draws():
    x = np.random.default_rng(1).normal(size=(2, 5000))
    once = quantile_errors(x, LEVELS, Copies(np.arange(5000)))
    np.testing.assert_allclose(once, quantile_errors(x, LEVELS, Copies()))
    thrice = quantile_errors(np.repeat(x, 3, axis=1), LEVELS, Copies(np.repeat(np.arange(5000), 3)))
    np.testing.assert_allclose(thrice, once, rtol=0.1)


def chained(rng, memory, size):
    x = np.empty((4, size))
    x[:, 0] = rng.normal(size=4)
    for i in range(1, size):
        x[:, i] = memory * x[:, i - 1] + np.sqrt(1 - memory**2) * rng.normal(size=4)
    return x


def test_of_chains():
    rng = np.random.default_rng(5)
    many = np.stack([chained(rng, 0.6, 500) for _ in range(200)])
    rows = many.reshape(200, -1)
    claimed = quantile_errors(rows, LEVELS, Chains(4))
    spread = quantiles(rows, LEVELS, axis=1).std(axis=1)
    assert claimed.mean(axis=1) / spread == pytest.approx([1.05] * 3, abs=0.15)
    theirs = [
        [float(array_stats.mcse(one, method="quantile", prob=p)) for one in many] for p in LEVELS
    ]
    assert claimed.mean(axis=1) == pytest.approx(np.mean(theirs, axis=1), rel=0.12)
    np.testing.assert_allclose(
        mean_errors(rows[:5], Chains(4)),
        [float(array_stats.mcse(one, method="mean")) for one in many[:5]],
        rtol=1e-3,
    )


@pytest.mark.parametrize("dependence", [Copies(), Copies(np.arange(1000)), Chains(4)])
def test_what_has_no_error(dependence):
    x = np.random.default_rng(1).normal(size=1000)
    nothing, known = np.where(x > 1, np.nan, x), np.where(x > 2.5, np.inf, x)
    endless = np.where(x > 1, np.inf, x)
    rows = np.stack([nothing, known, endless, np.full(1000, 3.0)])
    found = quantile_errors(rows, LEVELS, dependence)
    assert np.isnan(found[:, 0]).all()
    assert np.isfinite(found[:, 1]).all()
    assert np.isfinite(found[:2, 2]).all()
    assert np.isnan(found[2, 2])
    assert (found[:, 3] == 0).all()
    means = mean_errors(rows, dependence)
    assert np.isnan(means[:3]).all()
    assert means[3] == 0


def test_one_draw_does_not_know_its_error():
    found = quantile_errors(np.ones((1, 50)), LEVELS, Copies(np.zeros(50, dtype=int)))
    assert np.isnan(found).all()
