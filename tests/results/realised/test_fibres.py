"""Counts of groups given sums of them, against sums over all that they can be."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from funnelest.results.realised.fibres import Sum, counts_given

DRAWS = 8_000
SOME = np.array([0.0, -np.inf, -1.0])


def exactly(z):
    return Sum(z, z)


CASES = {
    "two registers": ([[1, 0, 1], [0, 1, 1]], [5, 2, 3], [exactly(7), exactly(4)]),
    "a group in no register": (
        [[1, 0, 1, 0], [0, 1, 1, 0]], [5, 2, 3, 0.7], [exactly(5), exactly(4)],
    ),
    "one complete register, two beside it": (
        [[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1]], [3, 2, 2, 1.5],
        [exactly(8), exactly(4), exactly(3)],
    ),
    "three registers": (
        [[1, 0, 0, 1, 1, 0, 1], [0, 1, 0, 1, 0, 1, 1], [0, 0, 1, 0, 1, 1, 1]],
        [2, 2, 1, 1, 0.5, 0.7, 0.6], [exactly(4), exactly(4), exactly(3)],
    ),
    "one is rounded": ([[1, 0, 1], [0, 1, 1]], [5, 2, 3], [Sum(5, 8), exactly(4)]),
    "a number between is impossible": (
        [[1, 0, 1], [0, 1, 1]], [5, 2, 3], [Sum(5, 7, SOME), exactly(4)],
    ),
    "at least so many": ([[1, 0], [1, 1]], [5, 2.0], [exactly(5), Sum(9, np.inf)]),
    "a total of what is withheld": (
        [[1, 0, 0], [0, 1, 0], [1, 1, 1]], [2, 3, 5.0], [Sum(0, 4), Sum(0, 4), exactly(9)],
    ),
    "rounded, and all of one within the other": (
        [[1, 1], [0, 1]], [5, 6.0], [Sum(8, 12), Sum(6, 9)],
    ),
    "two complete registers, and at least so many by way of both": (
        [[1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 0]], [2, 1.5, 2, 2.5],
        [exactly(6), exactly(5), Sum(2, np.inf)],
    ),
    "only changes of three people leave the sums": (
        [[0, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1]], [1.0, 1.5, 0.7, 1.2], [exactly(3)] * 3,
    ),
}  # fmt: skip


def every(inside, means, sums):
    """Return the probability of all counts that have the sums, up to 16 in a group."""
    found = {}
    most = []
    for g in range(len(means)):
        ends = [float(one.high) for one, row in zip(sums, inside, strict=True) if row[g]]
        most.append(int(min([16, *ends])))
    for n in itertools.product(*(range(top + 1) for top in most)):
        at = inside @ np.array(n)
        if all(one.low <= v <= one.high for one, v in zip(sums, at, strict=True)):
            logs = sum(one.logs(np.array([float(v)]))[0] for one, v in zip(sums, at, strict=True))
            found[n] = np.exp(logs) * np.prod(stats.poisson.pmf(n, means))
    whole = sum(found.values())
    return {n: p / whole for n, p in found.items() if p > 0}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_counts_are_drawn_with_their_probabilities(case) -> None:
    inside, means, sums = np.array(case[0], dtype=bool), np.array(case[1], dtype=float), case[2]
    exact = every(inside.astype(int), means, sums)
    repeated = np.repeat(means[:, None], DRAWS, axis=1)
    drawn = counts_given(inside, repeated, sums, np.random.default_rng(5))
    seen = Counter(map(tuple, drawn.T.astype(int)))
    assert all(n in exact for n in seen if max(n) <= 16)
    often = {n: p * DRAWS for n, p in exact.items() if p * DRAWS > 8}
    rest = DRAWS - sum(often.values())
    expected = [*often.values(), rest]
    observed = [*(seen[n] for n in often), DRAWS - sum(seen[n] for n in often)]
    if rest < 8:
        expected[-2:] = [sum(expected[-2:])]
        observed[-2:] = [sum(observed[-2:])]
    if len(expected) > 1:
        assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_large_counts_have_their_mean_and_their_spread() -> None:
    """People in both of two registers, by the sum over all numbers that they can be."""
    means = np.array([300.0, 150.0, 200.0])
    z = 520, 360
    both = np.arange(z[1] + 1)
    logs = stats.poisson.logpmf(z[0] - both, means[0]) + stats.poisson.logpmf(both, means[2])
    logs += stats.poisson.logpmf(z[1] - both, means[1])
    p = np.exp(logs - logs.max())
    p /= p.sum()
    mean = p @ both
    sd = np.sqrt(p @ (both - mean) ** 2)
    found = counts_given(
        np.array([[1, 0, 1], [0, 1, 1]], dtype=bool),
        np.repeat(means[:, None], DRAWS, axis=1),
        [exactly(z[0]), exactly(z[1])],
        np.random.default_rng(1),
    )[2]
    assert abs(found.mean() - mean) < 4 * sd / np.sqrt(DRAWS)
    assert abs(found.std() / sd - 1) < 4 / np.sqrt(2 * DRAWS)


def test_sums_that_no_counts_have() -> None:
    inside = np.array([[1, 1], [0, 1]], dtype=bool)
    rng = np.random.default_rng(0)
    assert counts_given(inside, np.ones((2, 5)), [exactly(5), exactly(7)], rng) is None


def test_limits_that_differ_from_draw_to_draw_are_kept() -> None:
    low = np.arange(20, 60).astype(float)
    inside = np.array([[1, 1]], dtype=bool)
    means = np.repeat([[5.0], [3.0]], 40, axis=1)
    found = counts_given(inside, means, [Sum(low, np.inf)], np.random.default_rng(3))
    assert (found.sum(axis=0) >= low).all()
    assert (found.sum(axis=0) <= low + 15).all()  # it falls by more than half at every step
