"""A count that is at most, or at least, a number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.distributions import Distribution
from funnelest.figures import figure_problems
from funnelest.figures.base import log1mexp

RNG = np.random.default_rng(1)
MEAN = np.array([3.0, 11.0, 40.0])


@dataclass(frozen=True)
class Plain(Distribution):
    mean: Any

    def logp(self, x):
        return stats.poisson.logpmf(x, self.mean)


@dataclass(frozen=True)
class WithTails(Plain):
    def log_cdf(self, k):
        return stats.poisson.logcdf(k, self.mean)

    def log_sf(self, k):
        return stats.poisson.logsf(k - 1, self.mean)


@pytest.mark.parametrize("law", [Plain, WithTails])
@pytest.mark.parametrize("divisor", [1, 3])
@pytest.mark.parametrize("limit", [0, 1, 12])
def test_a_limit_is_a_tail(law, divisor, limit):
    found = fe.AtMost(limit).logp(law(MEAN), divisor)
    np.testing.assert_allclose(found, stats.poisson.logcdf(limit * divisor, MEAN), atol=1e-12)
    found = fe.AtLeast(limit).logp(law(MEAN), divisor)
    expected = stats.poisson.logsf(limit * divisor - 1, MEAN)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-12)


def test_a_limit_far_above_and_far_below_the_mean_by_the_plain_sum():
    law = Plain(np.array([1e-3, 1e4]))
    assert np.all(np.isfinite(fe.AtMost(5).logp(law)))
    found = fe.AtLeast(50).logp(law)
    assert found[0] == pytest.approx(stats.poisson.logsf(49, 1e-3), rel=1e-12)
    assert found[1] == 0.0


def test_too_many_counts_to_add_up():
    with pytest.raises(fe.SpecError, match="at most 35,790 needs the probability of 35,791 counts"):
        fe.AtMost(35_790).logp(Plain(MEAN))
    with pytest.raises(fe.SpecError, match="Plain has no method 'log_cdf'"):
        fe.AtLeast(35_790).logp(Plain(MEAN))
    assert np.all(np.isfinite(fe.AtMost(35_790).logp(WithTails(MEAN))))


def test_the_two_sides_of_a_limit():
    assert fe.AtMost(12).printed(12, 1, RNG) == fe.AtMost(12)
    assert fe.AtMost(12).printed(13, 1, RNG) == fe.AtLeast(13)
    assert fe.AtLeast(13).printed(12, 1, RNG) == fe.AtMost(12)
    # A sum over two years of 25 is more than 12 a year, and less than 13.
    assert fe.AtMost(12).printed(25, 2, RNG) == fe.AtLeast(12.5)
    assert fe.AtLeast(12.5).printed(24, 2, RNG) == fe.AtMost(12)


@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 12])
def test_the_two_sides_leave_nothing_out(divisor):
    for count in range(200):
        below = fe.AtLeast(20).printed(count, divisor, RNG)
        above = fe.AtMost(5).printed(count, divisor, RNG)
        if count < 20 * divisor:
            assert below.limits(divisor) == (0, 20 * divisor - 1)
        if count > 5 * divisor:
            assert above.limits(divisor) == (5 * divisor + 1, math.inf)
        assert above.printed(0, divisor, RNG).limits(divisor) == (0, 5 * divisor)


def test_what_a_limit_says():
    assert list(fe.AtMost(3).candidates()) == [0, 1, 2, 3]
    assert fe.AtMost(3).limits(2) == (0, 6)
    assert fe.AtLeast(3).limits(2) == (6, math.inf)
    assert fe.AtLeast(3).middle == 3
    with pytest.raises(TypeError, match="no end to the counts that are at least 3"):
        fe.AtLeast(3).candidates()
    for figure in (fe.AtMost(1e12), fe.AtLeast(1e12)):
        assert figure_problems(figure) == []
        assert figure.location() is None


def test_one_minus_a_probability_keeps_its_digits():
    x = np.array([-1e-18, -1e-5, -0.5, -math.log(2), -3.0, -800.0])
    expected = [math.log(1e-18), math.log(-math.expm1(-1e-5))]
    expected += [math.log(-math.expm1(-0.5)), -math.log(2), math.log1p(-math.exp(-3)), 0.0]
    np.testing.assert_allclose(log1mexp(x), expected, rtol=1e-14)
