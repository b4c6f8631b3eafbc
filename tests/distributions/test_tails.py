"""The log-probability of at most, and of at least, a count."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from funnelest.distributions import BetaBinomial, Binomial, NegativeBinomial, Poisson

MEANS = np.geomspace(1e-3, 1e6, 61)
SHARES = np.concatenate([np.geomspace(1e-6, 0.5, 20), 1 - np.geomspace(1e-6, 0.4, 20)])
ALL = [
    Poisson(MEANS),
    NegativeBinomial(MEANS, 0.3),
    NegativeBinomial(MEANS, np.full(61, 2.0)),
    Binomial(39, SHARES),
    BetaBinomial(39, SHARES, 3.0),
]


@pytest.mark.parametrize("k", [0, 1, 7, 950, 100_000])
def test_poisson(k):
    for found, expected in [
        (Poisson(MEANS).log_cdf(k), stats.poisson.logcdf(k, MEANS)),
        (Poisson(MEANS).log_sf(k), stats.poisson.logsf(k - 1, MEANS)),
    ]:
        assert np.isfinite(found).all()
        some = expected > -600
        np.testing.assert_allclose(found[some], expected[some], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cv", [0.05, 0.4, 2.0])
@pytest.mark.parametrize("k", [0, 1, 7, 950, 100_000])
def test_negative_binomial(k, cv):
    size = 1 / cv**2
    law = NegativeBinomial(MEANS, cv)
    other = stats.nbinom(size, size / (size + MEANS))
    for found, expected in [(law.log_cdf(k), other.logcdf(k)), (law.log_sf(k), other.logsf(k - 1))]:
        assert np.isfinite(found).all()
        some = expected > -600
        np.testing.assert_allclose(found[some], expected[some], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("cv", [1e-3, 1e-5, 1e-6, 2e-7, 1e-9])
def test_negative_binomial_that_is_nearly_poisson(cv):
    means = np.geomspace(200.0, 4000.0, 40)
    law = NegativeBinomial(means, np.full(40, cv))
    terms = law.logp(np.arange(0, 951)[:, None])
    expected = special.logsumexp(terms, axis=0)
    np.testing.assert_allclose(law.log_cdf(950), expected, rtol=1e-8, atol=1e-9)
    terms = law.logp(np.arange(950, 8000)[:, None])
    expected = special.logsumexp(terms, axis=0)
    np.testing.assert_allclose(law.log_sf(950), expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("k", [0, 1, 100, 1000, 1999, 2000])
def test_binomial_and_beta_binomial(k):
    law, other = Binomial(2000, SHARES), stats.binom(2000, SHARES)
    for found, expected in [(law.log_cdf(k), other.logcdf(k)), (law.log_sf(k), other.logsf(k - 1))]:
        assert np.isfinite(found).all()
        some = expected > -600
        np.testing.assert_allclose(found[some], expected[some], rtol=1e-10, atol=1e-12)
    law = BetaBinomial(2000, SHARES[10:30], 8.0)
    for found, counts in [(law.log_cdf(k), np.arange(k + 1)), (law.log_sf(k), np.arange(k, 2001))]:
        expected = special.logsumexp(law.logp(counts[:, None]), axis=0)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("law", ALL, ids=lambda law: type(law).__name__)
def test_limits_that_exclude_nothing_or_everything(law):
    assert np.all(law.log_cdf(-1) == -np.inf)
    assert np.all(law.log_sf(0) == 0.0)
    np.testing.assert_allclose(law.log_cdf(0), law.logp(0), rtol=1e-10, atol=1e-12)
    one = np.exp(law.log_cdf(5)) + np.exp(law.log_sf(6))
    np.testing.assert_allclose(one, 1.0, rtol=1e-10)


@pytest.mark.parametrize("law", ALL[3:], ids=lambda law: type(law).__name__)
def test_limits_at_the_total(law):
    assert np.all(law.log_cdf(39) == 0.0)
    assert np.all(law.log_cdf(50) == 0.0)
    assert np.all(law.log_sf(40) == -np.inf)
    np.testing.assert_allclose(law.log_sf(39), law.logp(39), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cv", [None, 0.02])
def test_far_tails_are_sums_too(cv):
    def law(means):
        return Poisson(means) if cv is None else NegativeBinomial(means, cv)

    for k in (0, 5, 950):
        means = np.linspace(2 * k + 600, 2 * k + 3000, 50)
        expected = special.logsumexp(law(means).logp(np.arange(k + 1)[:, None]), axis=0)
        np.testing.assert_allclose(law(means).log_cdf(k), expected, rtol=1e-10)
    for k in (400, 950, 5000):
        means = np.geomspace(1e-3, k / 2, 50)
        expected = special.logsumexp(law(means).logp(np.arange(k, k + 8000)[:, None]), axis=0)
        np.testing.assert_allclose(law(means).log_sf(k), expected, rtol=1e-10)
