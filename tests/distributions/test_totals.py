"""Sums over many counts at once, against exact fractions and sums of logarithms."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import special

from funnelest.distributions import Binomial, NegativeBinomial, Poisson
from funnelest.distributions.hidden_counts import PowerSum

MEANS = np.geomspace(1e-3, 1e6, 91)
LAWS = {
    "Poisson": Poisson(MEANS),
    "Binomial": Binomial(3000, MEANS / (800 + MEANS)),
    "NegativeBinomial": NegativeBinomial(MEANS, np.geomspace(1e-3, 1.0, 91)),
    "NegativeBinomial one cv": NegativeBinomial(MEANS, 0.3),
}
BASES = [2, 5, 10, 50, 100, 500, 1000]


def triangle(n):
    return np.log(np.minimum(np.arange(1.0, n + 1), np.arange(n, 0.0, -1)) / n)


def holes(n):
    return np.where(np.arange(n) % 3 == 1, -np.inf, np.sin(np.arange(n)) * 20)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("weights", [None, triangle, holes])
def test_a_total_is_the_weighted_sum_of_its_counts(law, base, weights):
    for first in (0, 1, 950 - base // 2, 1600):
        counts = np.arange(max(first, 0), max(first, 0) + base)
        w = None if weights is None else weights(base)
        logs = law.logp(counts[:, None]) + (0.0 if w is None else w[:, None])
        expected = special.logsumexp(logs, axis=0)
        # The logarithms themselves are sums of numbers of about 1e4, to 16 digits.
        np.testing.assert_allclose(law.total(counts, w), expected, rtol=2e-12, atol=2e-11)


@pytest.mark.parametrize(("mean", "first", "last"), [(7, 0, 30), (900, 925, 974), (40, 25, 124)])
def test_poisson_total_to_twelve_digits(mean, first, last):
    exact = sum(Fraction(mean) ** k / math.factorial(k) for k in range(first, last + 1))
    found = Poisson(np.array([float(mean)])).total(np.arange(first, last + 1))
    log = math.log(exact.numerator) - math.log(exact.denominator) - mean
    assert found[0] == pytest.approx(log, rel=1e-12, abs=1e-12)


def test_very_many_counts():
    means = np.array([1.0, 2e4, 49_000.0, 5e4, 5.1e4, 2e5])
    for counts in (np.arange(45_000, 55_000), np.arange(0, 6000)):
        logs = Poisson(means).logp(counts[:, None])
        expected = special.logsumexp(logs, axis=0)
        np.testing.assert_allclose(Poisson(means).total(counts), expected, rtol=1e-10, atol=1e-9)
        w = np.linspace(-3, 0, len(counts))
        expected = special.logsumexp(logs + w[:, None], axis=0)
        np.testing.assert_allclose(Poisson(means).total(counts, w), expected, rtol=1e-10, atol=1e-9)


def test_counts_that_are_impossible():
    counts = np.arange(35, 45)
    law = Binomial(38.4, np.array([0.2, 0.9]))
    expected = special.logsumexp(law.logp(np.arange(35, 39)[:, None]), axis=0)
    np.testing.assert_allclose(law.total(counts), expected, rtol=1e-12)
    np.testing.assert_array_equal(law.total(np.arange(39, 45)), -np.inf)
    nothing = np.full(10, -np.inf)
    for one in (law, Poisson(np.ones(2)), NegativeBinomial(np.ones(2), np.ones(2))):
        np.testing.assert_array_equal(one.total(counts, nothing), -np.inf)


def test_means_of_zero_and_shares_of_zero_and_one():
    counts = np.arange(0, 10)
    assert Poisson(np.zeros(1)).total(counts)[0] == 0.0
    with np.errstate(divide="ignore"):
        assert Poisson(np.zeros(1)).total(counts + 1)[0] == -np.inf
        np.testing.assert_allclose(Binomial(9, np.array([0.0, 1.0])).total(counts), 0.0, atol=1e-12)


@pytest.mark.parametrize("steep", [0.0, 3.0, -800.0, 900.0])
def test_powers_with_any_coefficients(steep):
    a = np.cos(np.arange(700.0)) * 200 + steep * np.arange(700.0) / 7
    a[[0, 5, 699]] = -np.inf
    r = np.geomspace(1e-8, 1e8, 33)
    expected = special.logsumexp(a[:, None] + np.arange(700)[:, None] * np.log(r), axis=0)
    np.testing.assert_allclose(PowerSum(a)(r), expected, rtol=1e-11)
    assert PowerSum(a[1:])(np.zeros(1)).tolist() == [a[1]]
    assert PowerSum(np.full(3, -np.inf))(np.ones(2)).tolist() == [-np.inf, -np.inf]
