"""Shares that vary from study to study, against adaptive quadrature."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, special

from funnelest.distributions import LogisticNormalBinomial

MEANS = np.array([-8.0, -2.0, 0.5, 8.0])
SDS = np.array([1e-3, 0.1, 1.0, 5.0])


def by_quadrature(x, n, mean, sd):
    """Return the log-probability by SciPy's quadrature, cut at the mode."""

    def log(t):
        z = (t - mean) / sd
        return x * t - n * np.logaddexp(0.0, t) - 0.5 * z * z

    low, high = mean - 60 * sd - 60, mean + 60 * sd + 60
    for _ in range(200):
        middle = 0.5 * (low + high)
        up = x - n * special.expit(middle) > (middle - mean) / sd**2
        low, high = (middle, high) if up else (low, middle)
    mode = low
    width = 1 / np.sqrt(n * special.expit(mode) * special.expit(-mode) + sd**-2)
    total = 0.0
    for side in (-1, 1):
        edges = [mode + side * width * far for far in (0, 1, 2, 4, 8, 16, 32, 64)]
        for a, b in pairwise(edges):
            part = integrate.quad(
                lambda t: np.exp(log(t) - log(mode)), a, b, epsabs=0, epsrel=1e-11
            )
            total += side * part[0]
            if log(b) - log(mode) < -40:
                break
    choose = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return choose + log(mode) + np.log(total / sd) - 0.5 * np.log(2 * np.pi)


@pytest.mark.parametrize("n", [5, 390, 20_000])
@pytest.mark.parametrize("part", ["none", "one", "middle", "all but one", "all"])
def test_the_marginal_probability(n, part):
    x = {"none": 0, "one": 1, "middle": n // 2, "all but one": n - 1, "all": n}[part]
    mean, sd = (grid.ravel() for grid in np.meshgrid(MEANS, SDS))
    found = LogisticNormalBinomial(n, mean, sd).logp(x)
    expected = [by_quadrature(x, n, *pair) for pair in zip(mean, sd, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


def test_many_draws_are_taken_in_blocks():
    rng = np.random.default_rng(2)
    law = LogisticNormalBinomial(390, rng.normal(-1, 1, 1500), rng.uniform(0.1, 1, 1500))
    np.testing.assert_allclose(law.logp(120), law.logp([[120.0]])[0], rtol=1e-13)


def test_probabilities_add_up_and_have_the_moments():
    law = LogisticNormalBinomial(30, np.array([-1.0, 2.0]), np.array([0.7, 3.0]))
    x = np.arange(31.0)[:, None]
    p = np.exp(law.logp(x))
    np.testing.assert_allclose(p.sum(axis=0), 1.0, rtol=1e-10)
    mean, sd = law.moments()
    np.testing.assert_allclose(mean, (p * x).sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(sd, np.sqrt((p * (x - mean) ** 2).sum(axis=0)), rtol=1e-4)
    assert np.all(law.logp(31) == -np.inf)


def test_what_a_study_locates():
    law = LogisticNormalBinomial(390, np.array([-1.0]), np.array([0.5]))
    [(where, seen, known)] = law.locations(100.0, 0.0)
    assert where[0] == -1.0
    assert seen == pytest.approx(special.logit(100 / 390), abs=0.01)
    assert 1 / known[0] == pytest.approx(0.25 + 1 / (390 * 0.257 * 0.743), rel=0.01)
