"""The one rule of what a quantile of draws is, and what weighted draws are worth."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.sampling import weights as w
from funnelest.sampling.pareto import pareto_smooth

LEVELS = [0.0, 0.025, 0.5, 0.6, 0.975, 1.0]


@pytest.fixture
def draws():
    return np.random.default_rng(1).normal(size=(3, 501))


@pytest.mark.parametrize(
    ("rule", "method"), [(w.quantiles, "linear"), (w.discrete_quantiles, "inverted_cdf")]
)
@pytest.mark.parametrize("even", [None, np.ones(501), np.full(501, 1 / 501)])
def test_of_equal_weights_they_are_those_of_numpy(draws, rule, method, even):
    expected = np.quantile(draws, LEVELS, axis=1, method=method)
    np.testing.assert_array_equal(rule(draws, LEVELS, even, axis=1), expected)
    every = np.quantile(draws, LEVELS, method=method)
    np.testing.assert_array_equal(rule(draws, LEVELS), every)
    np.testing.assert_array_equal(rule(draws.T, LEVELS, even, axis=0), expected)
    assert rule(draws[0], 0.3, even) == np.quantile(draws[0], 0.3, method=method)


def test_nearly_equal_weights_are_no_jump(draws):
    nearly = 1 + 1e-9 * np.arange(501)
    np.testing.assert_allclose(
        w.quantiles(draws[0], LEVELS, nearly), w.quantiles(draws[0], LEVELS), rtol=1e-6
    )


@pytest.mark.parametrize("rule", [w.quantiles, w.discrete_quantiles])
def test_weighted_draws_of_one_distribution_have_the_quantiles_of_another(rule):
    rng = np.random.default_rng(2)
    x = rng.normal(0, 1.5, 400_000)
    heavy = np.exp(-0.5 * x**2 + 0.5 * (x / 1.5) ** 2)
    found = rule(x, [0.025, 0.5, 0.975], heavy)
    np.testing.assert_allclose(found, [-1.96, 0, 1.96], atol=0.02)
    # Whatever the weights add up to, whatever the order.
    np.testing.assert_allclose(rule(x, [0.025, 0.5, 0.975], 1e-9 * heavy), found, rtol=1e-9)
    turned = rule(-x[::-1], [0.025, 0.5, 0.975], heavy[::-1])
    np.testing.assert_allclose(turned[::-1], -found, atol=1e-4)


def test_a_draw_without_weight_is_no_draw():
    some = np.array([0.2, 0.0, 0.5, 0.3])
    x = np.array([3.0, 99.0, 1.0, 2.0])
    assert list(w.quantiles(x, [0, 1], some)) == [1, 3]
    assert list(w.discrete_quantiles(x, [0.1, 0.6, 0.9, 1], some)) == [1, 2, 3, 3]
    one = np.array([0.0, 0.0, 1.0, 0.0])
    assert list(w.quantiles(x, LEVELS, one)) == [1.0] * len(LEVELS)


def test_places_by_hand():
    """Middles of weights 1, 2, 1 at 0.5, 2 and 3.5: stretched to 0, 1/2 and 1."""
    x, some = np.array([0.0, 10.0, 40.0]), np.array([1.0, 2.0, 1.0])
    np.testing.assert_allclose(w.quantiles(x, [0.25, 0.5, 0.75], some), [5, 10, 25])


def test_equal_draws_count_in_the_order_given():
    rng = np.random.default_rng(4)
    draws, weights = rng.integers(0, 1500, 3000).astype(float), rng.exponential(size=3000) ** 3
    order = np.argsort(draws, kind="stable")
    levels = np.linspace(0.001, 0.999, 999)
    wanted = w.quantiles(draws[order] + np.arange(3000) * 1e-12, levels, weights[order])
    assert np.abs(w.quantiles(draws, levels, weights) - wanted).max() < 1e-6


def test_infinite_draws_count_as_the_largest():
    x = np.array([np.inf, 2.0, 1.0, np.inf, 3.0])
    assert list(w.quantiles(x, [0.0, 0.25, 0.5, 0.6, 0.75, 0.9, 1.0])) == [
        1, 2, 3, np.inf, np.inf, np.inf, np.inf,
    ]  # fmt: skip
    assert w.quantiles([-np.inf, -np.inf, 1.0, 2.0], 0.5) == -np.inf
    assert np.isnan(w.quantiles([np.nan, np.inf], 0.5))


def test_intervals_and_their_name(draws):
    assert w.levels_of(0.9) == pytest.approx((0.05, 0.5, 0.95))
    np.testing.assert_array_equal(
        w.equal_tailed(draws[0], 0.9), np.quantile(draws[0], w.levels_of(0.9))
    )
    assert w.interval_name(0.95) == "95% equal-tailed"
    assert w.interval_name(0.925, "highest-density") == "92.5% highest-density"


def test_effective_sizes():
    assert w.effective_size(np.ones(50)) == 50
    assert w.effective_size(np.array([3.0, 1.0, 0.0])) == pytest.approx(1.6)
    # What smoothing cuts down counts as what it was.
    logs = np.random.default_rng(1).standard_t(2, 2000)
    smoothed, _ = pareto_smooth(logs)
    raw = np.exp(logs)
    assert w.effective_size(smoothed) > w.effective_size(raw)
    assert w.importance_size(logs, smoothed) == pytest.approx(w.effective_size(raw))
    assert w.importance_size(logs, np.eye(2000)[0]) == 1
