"""Distributions of what is observed, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.distributions import (
    BetaBinomial,
    Binomial,
    Multinomial,
    NegativeBinomial,
    NormalOn,
    Poisson,
)

MEANS = np.array([0.01, 0.7, 12.0, 950.0, 40_000.0])
SHARES = np.array([1e-5, 0.02, 0.31, 0.5, 0.97])


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


@pytest.mark.parametrize(("x", "n"), [(0, 39), (28, 39), (39, 39), (19.76, 950.0)])
def test_binomial(x, n):
    expected = (
        special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
        + special.xlogy(x, SHARES) + special.xlog1py(n - x, -SHARES)
    )  # fmt: skip
    np.testing.assert_allclose(Binomial(n, SHARES).logp(x), expected, rtol=1e-10)
    if float(x).is_integer():
        np.testing.assert_allclose(expected, stats.binom.logpmf(x, n, SHARES), rtol=1e-8)


def test_binomial_gives_more_than_all_no_probability():
    found = Binomial(39, SHARES).logp(np.array([[38], [40]]))
    assert np.all(np.isfinite(found[0]))
    assert np.all(found[1] == -np.inf)


@pytest.mark.parametrize("deff", [1.01, 1.5, 8.0])
@pytest.mark.parametrize("x", [0, 28, 39])
def test_beta_binomial(x, deff):
    size = (39 - deff) / (deff - 1)
    law = stats.betabinom(39, SHARES * size, (1 - SHARES) * size)
    found = BetaBinomial(39, SHARES, deff)
    np.testing.assert_allclose(found.logp(x), law.logpmf(x), rtol=1e-7, atol=1e-7)
    mean, sd = found.moments()
    np.testing.assert_allclose(mean, law.mean())
    np.testing.assert_allclose(sd, law.std())
    np.testing.assert_allclose(sd**2, deff * 39 * SHARES * (1 - SHARES))


@pytest.mark.parametrize("x", [[0, 0], [22, 15], [85, 15], [0, 100]])
def test_multinomial(x):
    p = np.array([[0.2, 0.5], [0.3, 0.1]])
    found = Multinomial(100, p).logp(x)
    for draw in range(2):
        full = [*p[:, draw], 1 - p[:, draw].sum()]
        expected = stats.multinomial.logpmf([*x, 100 - sum(x)], 100, full)
        assert found[draw] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("scale", "to"),
    [("identity", lambda v: v), ("log", np.log), ("logit", lambda v: np.log(v / (1 - v)))],
)
def test_normal_on_a_scale(scale, to):
    found = NormalOn(SHARES, 0.4, scale).logp(0.2)
    np.testing.assert_allclose(found, stats.norm.logpdf(to(0.2), to(SHARES), 0.4), rtol=1e-10)


@pytest.mark.parametrize(
    "law",
    [
        Poisson(np.full(20_000, 12.0)), NegativeBinomial(np.full(20_000, 12.0), 0.4),
        Binomial(39, np.full(20_000, 0.3)), BetaBinomial(39, np.full(20_000, 0.3), 4.0),
        NormalOn(np.full(20_000, 12.0), 3.0),
    ],
    ids=lambda law: type(law).__name__,
)  # fmt: skip
def test_samples_have_the_moments(law):
    draws = law.sample(np.random.default_rng(3))
    mean, sd = (np.ravel(part)[0] for part in law.moments())
    assert abs(draws.mean() - mean) < 4 * sd / np.sqrt(20_000)
    assert draws.std() == pytest.approx(sd, rel=0.05)


@pytest.mark.parametrize("rule", ["half up", "half even", "floor"])
@pytest.mark.parametrize("divisor", [1, 2])
def test_a_rounded_figure_is_the_sum_over_its_counts(rule, divisor):
    figure = fe.Rounded(50, to=10, rule=rule)
    mean = np.array([3.0, 97.0, 110.0, 5000.0])
    found = fe.Observation(Poisson(mean), figure, divisor).logp()
    counts = figure.candidates(divisor)[:, None]
    expected = special.logsumexp(stats.poisson.logpmf(counts, mean), axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_rounded_figure_far_in_the_tail_stays_finite():
    found = fe.Observation(Poisson(np.array([1e-3, 1e6])), fe.Rounded(950, to=50)).logp()
    assert np.all(np.isfinite(found))
