"""Counts without an upper limit, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from funnelest.distributions import NegativeBinomial, Poisson

MEANS = np.array([0.01, 0.7, 12.0, 950.0, 40_000.0])


@pytest.mark.parametrize("x", [0, 1, 7, 950])
def test_poisson(x):
    np.testing.assert_allclose(Poisson(MEANS).logp(x), stats.poisson.logpmf(x, MEANS), rtol=1e-9)


@pytest.mark.parametrize("cv", [0.05, 0.4, 3.0])
@pytest.mark.parametrize("x", [0, 1, 7, 950])
def test_negative_binomial(x, cv):
    size = 1 / cv**2
    expected = stats.nbinom.logpmf(x, size, size / (size + MEANS))
    np.testing.assert_allclose(NegativeBinomial(MEANS, cv).logp(x), expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("cv", [1e-3, 1e-5, 1e-7, 1e-9])
def test_negative_binomial_becomes_poisson(cv):
    found = NegativeBinomial(np.array([100.0]), np.array([cv])).logp(90)
    np.testing.assert_allclose(found, stats.poisson.logpmf(90, 100.0), atol=1e-3)


def test_means_of_several_figures_at_once():
    means = np.array([[3.0, 12.0, 950.0], [0.7, 80.0, 1200.0]])
    x = np.array([[2.0], [900.0]])
    for law, one in [
        (Poisson(means), lambda i: Poisson(means[i])),
        (NegativeBinomial(means, 0.3), lambda i: NegativeBinomial(means[i], 0.3)),
    ]:
        for i in range(2):
            np.testing.assert_allclose(law.logp(x)[i], one(i).logp(x[i, 0]))
            np.testing.assert_allclose(law.log_cdf(x)[i], one(i).log_cdf(x[i, 0]))
            np.testing.assert_allclose(law.log_sf(x)[i], one(i).log_sf(x[i, 0]))
            counts = np.arange(5, 90)
            np.testing.assert_allclose(law.total(counts)[i], one(i).total(counts))
