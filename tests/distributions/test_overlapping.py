"""Lists that share people, of which the totals are known."""

from __future__ import annotations

from fractions import Fraction
from math import exp, factorial

import numpy as np
import pytest
from scipy import special, stats

from funnelest.distributions import Overlapping

#: Two overlapping registers, only the totals known; exact sums and the normal approximation, each
#: computed apart from this package and printed to four digits: hence the tolerance of 5e-5.
#: Only in the first, only in the second, in both; totals; exact; normal.
COMPUTED = [
    (760, 710, 200, (960, 910), -8.6548, -8.6546),
    (760, 710, 200, (1000, 870), -10.8331, -10.8331),
    (8, 6, 3, (12, 9), -4.1930, -4.1378),
]


def two(one, other, both):
    means = np.array([[one + both], [other + both]], dtype=float)
    return Overlapping(means, {(0, 1): np.array([float(both)])})


@pytest.mark.parametrize(("one", "other", "both", "totals", "exact", "normal"), COMPUTED)
def test_computed_answers(one, other, both, totals, exact, normal):
    law = two(one, other, both)
    assert law.logp(totals)[0] == pytest.approx(exact, abs=5e-5)
    assert law.normal_logp(totals)[0] == pytest.approx(normal, abs=5e-5)


def test_two_lists_by_fractions():
    total = sum(
        Fraction(3) ** b * Fraction(8) ** (12 - b) * Fraction(6) ** (9 - b)
        / (factorial(b) * factorial(12 - b) * factorial(9 - b))
        for b in range(10)
    )  # fmt: skip
    found = two(8, 6, 3).logp([12, 9])[0]
    assert found == pytest.approx(np.log(float(total)) + np.log(exp(-17)), rel=1e-13)


def term_by_term(means, both, x, y):
    b = np.arange(min(x, y) + 1)[:, None]
    own = np.maximum(means - both, 0.0)
    logs = stats.poisson.logpmf(b, both) + stats.poisson.logpmf(x - b, own[0])
    return special.logsumexp(logs + stats.poisson.logpmf(y - b, own[1]), axis=0)


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (3, 0), (12, 9), (960, 910), (300, 2500), (19_000, 21_000)]
)
def test_two_lists_term_by_term(x, y):
    rng = np.random.default_rng(1)
    means = rng.uniform(0.5, 1.5, (2, 60)) * max(x, y, 1)
    both = rng.uniform(0, 1, 60) * means.min(axis=0)
    both[:3] = 0.0, 1e-9, means[:, 2].min()
    found = Overlapping(means, {(0, 1): both}).logp([x, y])
    expected = term_by_term(means, both, x, y)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.arange(95, 105), np.arange(90, 95)),
        (np.arange(0, 5), np.array([3, 4, 9])),
        (np.array([7]), np.arange(4, 8)),
        (np.array([10, 11, 15, 16]), np.array([10])),
    ],
)
def test_rounded_totals_of_two_lists(first, second):
    rng = np.random.default_rng(3)
    means = rng.uniform(0.5, 1.5, (2, 30)) * max(first.mean(), 3)
    means[:, 0] = 1e-3
    means[:, 1] = 1e4
    law = Overlapping(means, {(0, 1): rng.uniform(0, 1, 30) * means.min(axis=0)})
    pairs = [law.logp([x, y]) for x in first for y in second]
    expected = special.logsumexp(pairs, axis=0)
    np.testing.assert_allclose(law.total_of_two(first, second), expected, rtol=1e-10)


def test_overlaps_that_are_larger_than_a_list_are_impossible():
    law = Overlapping(np.array([[5.0, 5.0], [5.0, 5.0]]), {(0, 1): np.array([6.0, 3.0])})
    for found in (law.logp([3, 4]), law.normal_logp([3, 4]), law.total_of_two([3, 4], [4])):
        assert found[0] == -np.inf
        assert np.isfinite(found[1])


def test_more_lists_by_the_normal_distribution():
    rng = np.random.default_rng(6)
    means = rng.uniform(50, 100, (3, 5))
    overlaps = {(0, 1): rng.uniform(0, 20, 5), (2, 1): rng.uniform(0, 20, 5)}
    found = Overlapping(means, overlaps, spread=[2.0, 0.0, 8.0]).logp([60, 70, 80])
    for draw in range(5):
        covariance = np.diag(means[:, draw] + [2.0, 0.0, 8.0])
        covariance[0, 1] = covariance[1, 0] = overlaps[0, 1][draw]
        covariance[1, 2] = covariance[2, 1] = overlaps[2, 1][draw]
        expected = stats.multivariate_normal.logpdf([60, 70, 80], means[:, draw], covariance)
        assert found[draw] == pytest.approx(expected, rel=1e-12)


def test_samples_have_the_moments():
    means = np.repeat([[30.0], [50.0], [80.0]], 40_000, axis=1)
    law = Overlapping(means, {(0, 1): np.full(40_000, 12.0), (1, 2): np.full(40_000, 30.0)})
    draws = law.sample(np.random.default_rng(8))
    expected = [[30.0, 12.0, 0.0], [12.0, 50.0, 30.0], [0.0, 30.0, 80.0]]
    np.testing.assert_allclose(np.cov(draws), expected, atol=1.5)
    mean, sd = law.moments()
    np.testing.assert_allclose(draws.mean(axis=1), mean[:, 0], rtol=0.01)
    np.testing.assert_allclose(draws.std(axis=1), sd[:, 0], rtol=0.02)
    assert len(law.locations([30, 50, 80], 0.0)) == 3
