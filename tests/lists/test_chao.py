"""Chao's lower bound: closed forms, that it is a bound, coverage."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.lists import OverlapTable
from funnelest.lists.estimators.chao import ChaoLowerBound
from funnelest.lists.estimators.two_lists import Chapman


def table_of(seen):
    counts: dict[str, int] = {}
    for row in seen:
        pattern = "".join("1" if one else "0" for one in row)
        counts[pattern] = counts.get(pattern, 0) + 1
    return OverlapTable([f"list {i}" for i in range(seen.shape[1])], counts)


def test_lists_of_equal_size_give_the_formula_of_chao():
    counts = {"100": 20, "010": 20, "001": 20, "110": 5, "101": 3, "011": 1, "111": 2}
    found = ChaoLowerBound().estimate(OverlapTable(list("ABC"), counts))
    assert found.hidden == pytest.approx((1 - 1 / 3) * 60**2 / 2 / (9 + 1))
    assert found.lower_bound
    assert "at least" in found.text
    assert "bound" in found.interval_name


def test_two_lists_are_chapman():
    table = OverlapTable(["a", "b"], {"10": 400, "01": 200, "11": 600})
    assert ChaoLowerBound().estimate(table).hidden == pytest.approx(
        Chapman().estimate(table).hidden
    )


def test_no_bound_without_people_on_two():
    found = ChaoLowerBound().estimate(OverlapTable(list("ABC"), {"100": 2, "010": 3, "001": 3}))
    assert "exactly two" in found.withheld
    assert np.isnan(found.hidden)
    assert found.interval is None


def test_a_bound_of_zero_has_no_interval():
    found = ChaoLowerBound().estimate(OverlapTable(list("ABC"), {"110": 2, "011": 3, "100": 4}))
    assert (found.hidden, found.interval) == (0.0, None)
    assert found.kind == ""


def simulated(heterogeneity, runs, seed=1):
    rng = np.random.default_rng(seed)
    N, odds = 800, np.array([0.15, 0.25, 0.1, 0.2])
    for _ in range(runs):
        a = rng.choice([1 / heterogeneity, heterogeneity], N)[:, None] * odds
        seen = rng.random((N, 4)) < a / (1 + a)
        yield ChaoLowerBound().estimate(table_of(seen[seen.any(axis=1)])), N - seen.any(1).sum()


@pytest.mark.slow
def test_it_stays_below_where_they_are_not():
    ratio = [one.hidden / n for one, n in simulated(3.0, 200)]
    assert np.mean(ratio) < 0.9
    assert np.mean(ratio) > 0.3
