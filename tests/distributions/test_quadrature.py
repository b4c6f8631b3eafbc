"""Integrals over a hidden number, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from funnelest.distributions.quadrature import gamma_average, stretched
from funnelest.tape.traced import gradient_of, traced, valued

CVS = np.array([1e-9, 1e-6, 1e-3, 0.05, 0.1, 0.101, 0.3, 1.0, 1.9])


def none(cv, *given):
    return 0.0 * cv


@pytest.mark.parametrize("mean", [0.3, 20.0, 5000.0])
@pytest.mark.parametrize("count", [0, 3, 400])
def test_a_poisson_count_with_a_gamma_factor_is_negative_binomial(mean, count):
    """Also where the count says that the factor is far from 1."""
    shape = np.maximum(CVS, 1e-5) ** -2

    def log_f(u, m):
        return count * (u + np.log(m)) - m * np.exp(u) - special.gammaln(count + 1)

    def mode(cv, m):
        return np.log((1 + count * cv**2) / (1 + m * cv**2))

    found = gamma_average(log_f, CVS, mode, mode, np.full(len(CVS), mean))
    poisson = count * np.log(mean) - mean - special.gammaln(count + 1)
    odds = mean / shape
    exact = special.gammaln(shape + count) - special.gammaln(shape) - special.gammaln(count + 1)
    exact = exact - (shape + count) * np.log1p(odds) + special.xlogy(count, odds)
    np.testing.assert_allclose(found[4:], exact[4:], atol=1e-7)
    np.testing.assert_allclose(found[:2], poisson, atol=1e-7, rtol=2e-6)


def test_its_slopes():
    def value(z):
        return gamma_average(
            lambda u, m: -m * np.exp(u), np.exp(z[0]), lambda cv, m: -np.log1p(m * cv * cv),
            none, np.exp(z[1]),
        )  # fmt: skip

    start = traced(np.log([[0.01, 0.2, 1.5], [2.0, 50.0, 3.0]]))
    found = value(start)
    slopes = gradient_of(found, start)
    cv, mean = np.exp(start.numbers)
    odds = mean * cv**2  # the value is -log1p(odds) / cv^2
    np.testing.assert_allclose(valued(found), -np.log1p(odds) / cv**2, atol=1e-7)
    np.testing.assert_allclose(slopes[1], -mean / (1 + odds), rtol=1e-5)
    by_cv = 2 * np.log1p(odds) / cv**2 - 2 * mean / (1 + odds)
    np.testing.assert_allclose(slopes[0], by_cv, rtol=1e-4)


def test_nodes_of_two_sides():
    """The integral of two halves of normal densities of unequal width, ten deviations each."""
    left, right = np.array([10.0, 20.0]), np.array([10.0, 10.0])
    t, weight = stretched(np.array([3.0, -1.0]), left, right, 1, 80)
    assert t[0] == pytest.approx([-7.0, -21.0])
    assert t[-1] == pytest.approx([13.0, 9.0])
    density = np.exp(-0.5 * (t[:, 0] - 3.0) ** 2) / np.sqrt(2 * np.pi)
    assert (density * np.exp(weight[:, 0])).sum() == pytest.approx(1.0, abs=1e-12)
    assert np.exp(weight[:, 1]).sum() == pytest.approx(30.0, rel=0.03)
