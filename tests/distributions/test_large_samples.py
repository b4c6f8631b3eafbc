"""Ranges of shares of large samples, against sums of binomial and beta-binomial probabilities."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.distributions import BetaBinomial, Binomial, ShareOfMany
from funnelest.evidence.published import ShareEstimate


@pytest.mark.parametrize("middle", [0.005, 0.05, 0.5, 0.995])
def test_the_probability_of_at_most_a_share_is_the_binomial_one(middle):
    n = 2_000_000
    last = int(n * middle)
    p = middle + np.sqrt(middle * (1 - middle) / n) * np.linspace(-5, 5, 41)
    found = special.ndtr(ShareOfMany(n, p).at_most((last + 0.5) / n))
    np.testing.assert_allclose(found, stats.binom.cdf(last, n, p), rtol=2e-6, atol=2e-8)


@pytest.mark.parametrize(
    ("deff", "atol"), [(1.5, 1e-6), (5.0, 1e-6), (50.0, 1e-6), (2e3, 5e-5), (2e4, 1.5e-3)]
)
@pytest.mark.parametrize("middle", [0.05, 0.5, 0.95])
def test_of_a_cluster_sample_it_is_the_beta_binomial_one(deff, atol, middle):
    """By Gauss and Legendre's rule over the beta, of which SciPy knows the binomial tails."""
    n = 2_000_000
    size, last = (n - deff) / (deff - 1), int(n * middle)
    p = middle + np.sqrt(deff * middle * (1 - middle) / n) * np.linspace(-4, 4, 17)
    p = p[(p > 0) & (p < 1)]
    nodes, weights = np.polynomial.legendre.leggauss(400)
    exact = []
    for one in p:
        law = stats.beta(one * size, (1 - one) * size)
        # Apart where the binomial tail goes from 1 to 0.
        steep = middle + 8 * np.sqrt(middle * (1 - middle) / n) * np.array([-1, 1])
        points = np.unique(np.clip([law.ppf(1e-14), *steep, law.isf(1e-14)], 0, 1))
        total = 0.0
        for low, high in pairwise(points):
            t = (low + high) / 2 + (high - low) / 2 * nodes
            tails = law.pdf(t) * stats.binom.cdf(last, n, t)
            total += (high - low) / 2 * weights @ tails
        exact.append(total)
    found = special.ndtr(ShareOfMany(n, p, deff).at_most((last + 0.5) / n))
    np.testing.assert_allclose(found, exact, atol=atol)


def test_a_design_effect_of_almost_1_is_none():
    p = np.array([0.049, 0.05, 0.051])
    plain = ShareOfMany(10**7, p).at_most(0.05)
    np.testing.assert_allclose(ShareOfMany(10**7, p, 1 + 1e-12).at_most(0.05), plain, rtol=1e-9)
    each = ShareOfMany(10**7, p, np.array([1.0, 2.0, 3.0])).at_most(0.05)
    assert each[0] == pytest.approx(plain[0])


@pytest.mark.parametrize("deff", [1.0, 3.0])
@pytest.mark.parametrize("share", [0.05, 0.0, 1.0])
def test_it_goes_over_smoothly_from_sums_over_counts(deff, share):
    """Just below and just above the size from which counts are one range."""
    figure = fe.Rounded(share, to=0.01)
    n = 1_999_000 if share == 0.05 else 3_990_000
    edges = np.clip([share - 0.005, share + 0.005], 0.0, 1.0)
    p = np.concatenate([edge + np.linspace(-4, 4, 9) / 5000 for edge in edges])
    p = p[(p > 0) & (p < 1)]
    few = ShareEstimate(share=figure, n=n, deff=deff).observation(p)
    many = ShareEstimate(share=figure, n=n + 30_000, deff=deff).observation(p)
    assert not isinstance(few.distribution, ShareOfMany)
    assert isinstance(many.distribution, ShareOfMany)
    # The exact sum of the larger sample.
    counts = np.arange(*(many.figure.counts.ends + np.array([0, 1])))[:, None]
    law = BetaBinomial(n + 30_000, p, deff) if deff > 1 else Binomial(n + 30_000, p)
    exact = np.exp(special.logsumexp(law.logp(counts), axis=0))
    np.testing.assert_allclose(np.exp(many.logp()), exact, atol=1e-6)


@pytest.mark.parametrize("n", [3 * 10**8, 10**12, 10**15])
def test_a_share_of_a_whole_country_takes_no_room(n):
    p = np.linspace(0.04, 0.06, 2001)
    one = ShareEstimate(share=fe.Rounded(0.05, to=0.01), n=n).observation(p)
    inside = (p > 0.0452) & (p < 0.0548)
    assert np.all(np.abs(one.logp()[inside]) < 1e-6)
    assert np.all(one.logp()[(p < 0.0448) | (p > 0.0552)] < -100)
    made = one.simulate(np.random.default_rng(1))
    assert made == pytest.approx(0.04, abs=1e-4)


@pytest.mark.parametrize(
    "figure", [fe.RandomlyRounded(0.05, to=0.01), fe.RoundedToUnknown(0.05, bases=(0.01, 0.05))]
)
def test_what_is_printed_by_chance_is_refused_of_so_many(figure):
    (text,) = ShareEstimate(share=figure, n=10**15).problems()
    assert "more than 20,000: give it as an estimate" in text
