"""Two counts that have people in common, of which only ranges are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from tests.slopes import check_differences

from funnelest.distributions import Range, SharedCounts
from funnelest.distributions.shared_ranges import effort

#: First and last of each count: all people in both are terms, some of them, and none apart.
RANGES = [
    (0, 4, 0, 0),
    (0, 0, 0, 9),
    (3, 9, 5, 5),
    (10, 19, 0, 4),
    (95, 104, 15, 24),
    (85, 135, 110, 160),
    (250, 349, 150, 159),
    (2950, 3049, 1000, 1000),
    (9995, 10004, 7995, 8004),
]


def column(value):
    return np.atleast_1d(np.asarray(value, dtype=float))


def law(a, b, s, within=(False, False)):
    return SharedCounts(column(a), column(b), column(s), within)


def within_range(first, last, mean, weights=None):
    counts = np.arange(first, last + 1)
    logs = stats.poisson.logpmf(counts[:, None], column(mean))
    return Range(counts, logs if weights is None else logs + weights[:, None])


def by_sum(x, y, a, b, s, weights=(None, None)):
    """The definition: every count of either, and every number of people in both."""
    x, y = np.arange(x[0], x[1] + 1), np.arange(y[0], y[1] + 1)
    w, v = (np.zeros(len(c)) if o is None else o for c, o in zip((x, y), weights, strict=True))
    k = np.arange(min(x[-1], y[-1]) + 1)
    one = special.logsumexp(stats.poisson.logpmf(x[:, None] - k, a - s) + w[:, None], axis=0)
    other = special.logsumexp(stats.poisson.logpmf(y[:, None] - k, b - s) + v[:, None], axis=0)
    both = special.logsumexp(stats.poisson.logpmf(k, s) + one + other)
    both -= special.logsumexp(stats.poisson.logpmf(x, a) + w)
    return both - special.logsumexp(stats.poisson.logpmf(y, b) + v)


@pytest.mark.parametrize("ends", RANGES)
@pytest.mark.parametrize("share", [1e-6, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("off", [0.7, 1.0, 1.2])
def test_it_is_the_sum_over_all_that_may_be(ends, share, off) -> None:
    x, y = ends[:2], ends[2:]
    a, b = off * max(sum(x) / 2, 1), off * max(sum(y) / 2, 1)
    s = share * min(a, b)
    found = law(a, b, s).log_ratio_of(within_range(*x, a), within_range(*y, b))[0]
    assert found == pytest.approx(by_sum(x, y, a, b, s), rel=1e-8, abs=1e-8)


def test_a_single_count_of_either_is_the_sum_over_people_in_both() -> None:
    for x, y in [(0, 0), (5, 3), (300, 200), (5000, 4800)]:
        one = law(1.1 * x + 1, 0.9 * y + 1, 0.8 * y + 0.5)
        ranges = within_range(x, x, one.first), within_range(y, y, one.second)
        assert one.log_ratio_of(*ranges)[0] == pytest.approx(one.log_ratio(x, y)[0], abs=1e-9)


def test_some_counts_are_likelier_to_print_so_and_some_impossible() -> None:
    """As a random rounding has it, and a cell that was withheld between others."""
    w = np.log([0.2, 0.6, 1.0, 0.6, 0.2])
    v = np.array([0.0, 0.0, -np.inf, -np.inf, 0.0])
    a, b, s = 20.0, 8.0, 6.0
    ranges = within_range(18, 22, a, w), within_range(5, 9, b, v)
    found = law(a, b, s).log_ratio_of(*ranges)[0]
    assert found == pytest.approx(by_sum((18, 22), (5, 9), a, b, s, (w, v)), abs=1e-10)


@pytest.mark.parametrize("ends", [(30, 30, 5, 14), (25, 34, 10, 10), (25, 34, 5, 30), (0, 4, 0, 9),
                                  (950, 1049, 550, 649)])  # fmt: skip
@pytest.mark.parametrize("share", [1e-3, 0.4, 0.95])
def test_all_of_the_second_in_the_first_is_binomial(ends, share) -> None:
    x, y = np.arange(ends[0], ends[1] + 1), np.arange(ends[2], ends[3] + 1)
    a = 1.05 * ends[1] + 1
    b = share * a
    joint = stats.poisson.logpmf(x[:, None], a) + stats.binom.logpmf(y[None], x[:, None], share)
    expected = special.logsumexp(joint)
    expected -= special.logsumexp(stats.poisson.logpmf(x, a))
    expected -= special.logsumexp(stats.poisson.logpmf(y, b))
    one, other = within_range(*ends[:2], a), within_range(*ends[2:], b)
    found = law(a, b, b, (False, True)).log_ratio_of(one, other)[0]
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-8)
    turned = law(b, a, b, (True, False)).log_ratio_of(other, one)[0]
    assert turned == pytest.approx(found, abs=1e-10)


def test_far_from_what_is_expected_nothing_overflows() -> None:
    """Where multiplying is too much for a number, it is done in logarithms."""
    x, y = (0, 240), (0, 240)
    for a, b, s in [(1e-3, 5.0, 9e-4), (1e6, 2e6, 9e5), (3000.0, 2.0, 1.999)]:
        found = law(a, b, s).log_ratio_of(within_range(*x, a), within_range(*y, b))[0]
        assert found == pytest.approx(by_sum(x, y, a, b, s), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("ends", [(3, 9, 2, 5), (95, 104, 15, 24), (250, 349, 150, 159)])
@pytest.mark.parametrize("within", [False, True])
def test_slopes_are_those_of_differences(ends, within) -> None:
    x, y = np.arange(ends[0], ends[1] + 1), np.arange(ends[2], ends[3] + 1)
    at = np.array([[1.05 * x[-1]], [0.9 * y[-1]], [0.9 * y[-1] if within else 0.6 * y[-1]]])

    def value(z):
        a, b, s = z[0], z[1], z[1] if within else z[2]
        # What is not known of either is as likely as its own mean makes it.
        ranges = [Range(n, n[:, None] * np.log(m) - m - special.gammaln(n + 1.0)[:, None])
                  for n, m in ((x, a), (y, b))]  # fmt: skip
        return SharedCounts(a, b, s, (False, within)).log_ratio_of(*ranges)

    check_differences(value, at, atol=1e-7)


def test_what_it_takes_grows_with_what_may_be() -> None:
    ten, hundred = np.arange(1000, 1010), np.arange(1000, 1100)
    assert effort(ten, ten, inside=True) == 100
    assert effort(ten, ten, inside=False) < 2_000 < effort(hundred, hundred, inside=False)


@pytest.mark.parametrize("within", [(False, False), (False, True), (True, False)])
@pytest.mark.parametrize("never", [[0], [-1], [0, -1], [3]])
def test_counts_that_a_total_rules_out_at_an_end_leave_the_others(within, never) -> None:
    """They have a finite log, so that slopes are: from it to the others is no growth of terms."""
    x, y = ((609, 629), (590, 600)) if within != (True, False) else ((590, 600), (609, 629))
    a, b = (556.0, 526.0) if within != (True, False) else (526.0, 556.0)
    weights = np.zeros(x[1] - x[0] + 1)
    weights[never] = -1e30
    s = min(a, b) if any(within) else 0.9 * min(a, b)
    found = law(a, b, s, within).log_ratio_of(within_range(*x, a, weights), within_range(*y, b))[0]
    at_most = s if not any(within) else s * (1 - 1e-13)
    expected = by_sum(x, y, a, b, at_most, (weights, None))
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-7)
