"""The joint distribution of two counts that have people in common."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from tests.slopes import check_differences

from funnelest.distributions import SharedCounts

LARGE = [(0, 0), (0, 5), (5, 0), (3, 4), (30, 10), (119, 200), (121, 200), (1000, 150)]


def law(a, b, s, within=(False, False)):
    return SharedCounts(*(np.atleast_1d(np.asarray(v, dtype=float)) for v in (a, b, s)), within)


def by_sum(x, y, a, b, s):
    """The definition, term by term."""
    k = np.arange(min(x, y) + 1)
    each = stats.poisson.logpmf(k, s)
    each = each + stats.poisson.logpmf(x - k, a - s) + stats.poisson.logpmf(y - k, b - s)
    return special.logsumexp(each) - stats.poisson.logpmf(x, a) - stats.poisson.logpmf(y, b)


@pytest.mark.parametrize(("x", "y"), LARGE)
@pytest.mark.parametrize("share", [1e-9, 1e-3, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9])
@pytest.mark.parametrize("off", [0.5, 0.9, 1.0, 1.1, 2.0])
def test_it_is_the_sum_over_the_people_in_both(x, y, share, off) -> None:
    a, b = off * max(x, 1), off * max(y, 1)
    s = share * min(a, b)
    found = law(a, b, s).log_ratio(x, y)[0]
    assert found == pytest.approx(by_sum(x, y, a, b, s), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("share", [1e-3, 0.3, 0.99])
def test_a_million_people(share) -> None:
    """Against the sum over every number of people in both."""
    x, y, a, b = 1_000_000, 900_000, 1_000_500.0, 899_000.0
    found = law(a, b, share * b).log_ratio(x, y)[0]
    assert found == pytest.approx(by_sum(x, y, a, b, share * b), abs=2e-6)


@pytest.mark.parametrize("shape", [(6.0, 4.0, 2.5), (6.0, 4.0, 0.0), (3.0, 9.0, 2.99)])
def test_margins_are_poisson(shape) -> None:
    a, b, s = shape
    counts = np.arange(60)
    one, other = stats.poisson.pmf(counts, a), stats.poisson.pmf(counts, b)
    joint = np.array(
        [[np.exp(law(a, b, s).log_ratio(x, y)[0]) for y in counts] for x in counts]
    ) * np.outer(one, other)
    np.testing.assert_allclose(joint.sum(axis=1), one, atol=1e-12)
    np.testing.assert_allclose(joint.sum(axis=0), other, atol=1e-12)
    covariance = (counts[:, None] - a) * (counts[None] - b) * joint
    assert covariance.sum() == pytest.approx(s, abs=1e-9)


@pytest.mark.parametrize(("x", "y"), [(30, 10), (30, 0), (30, 30), (0, 0), (200_000, 150_000)])
@pytest.mark.parametrize("share", [1e-6, 0.3, 1.0])
def test_all_of_the_second_in_the_first_is_binomial(x, y, share) -> None:
    a = 1.1 * x + 1.0
    b = share * a
    with np.errstate(divide="ignore"):
        expected = stats.binom.logpmf(y, x, share) - stats.poisson.logpmf(y, b)
    found = law(a, b, b, (False, True)).log_ratio(x, y)[0]
    if np.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)
        other = law(b, a, b, (True, False)).log_ratio(y, x)[0]
        assert other == pytest.approx(found, rel=1e-12)
    else:
        assert found < -30


def test_what_is_possible() -> None:
    assert law(3, 2, 2, (False, True)).possible([5], [5])
    assert not law(3, 2, 2, (False, True)).possible([5], [6])
    assert law(3, 2, 2, (False, True)).possible([5, 6], [6, 7])
    assert not law(2, 3, 2, (True, False)).possible([6], [5])
    assert not law(2, 3, 2, (True, False)).possible([6, 7], [4, 5])
    assert law(2, 3, 1).possible([6], [5])


@pytest.mark.parametrize(("x", "y"), [(3, 4), (100, 150), (500, 400), (50_000, 40_000)])
@pytest.mark.parametrize("within", [False, True])
def test_slopes_are_those_of_differences(x, y, within) -> None:
    x, y = max(x, y), min(x, y)
    at = np.array([[1.05 * x], [0.9 * y], [0.9 * y if within else 0.6 * y]])

    def value(z):
        if within:
            z = [z[0], z[1], z[1]]
        return SharedCounts(z[0], z[1], z[2], (False, within)).log_ratio(x, y)

    check_differences(value, at, atol=1e-8)


@pytest.mark.parametrize("shape", [(6.0, 4.0, 2.5, False), (6.0, 4.0, 4.0, True)])
def test_what_is_made_up_is_as_likely(shape) -> None:
    a, b, s, inside = shape
    one = law(a, b, s, (False, inside))
    rng = np.random.default_rng(1)
    size = 200_000
    many = SharedCounts(*(np.full(size, v) for v in (a, b, s)), (False, inside))
    x = rng.poisson(a, size)
    y = many.second_given(x, rng)
    seen, p = [], []
    for i in range(12):
        for j in range(12):
            likely = one.possible([i], [j]) and np.exp(
                one.log_ratio(i, j)[0] + stats.poisson.logpmf(i, a) + stats.poisson.logpmf(j, b)
            )
            seen.append(np.sum((x == i) & (y == j)))
            p.append(float(likely))
            if not likely:
                assert not seen[-1]
    seen, p = np.array(seen), np.array(p)
    large = p * size > 20
    rest = size - seen[large].sum(), 1 - p[large].sum()
    found = stats.chisquare([*seen[large], rest[0]], np.array([*p[large], rest[1]]) * size)
    assert found.pvalue > 1e-6
