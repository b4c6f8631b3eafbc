"""Counts made up given known ones, against people who are followed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.followed import MOST, ON, ROUTE, by_people, model_of, register

import funnelest as fe
from funnelest.distributions import SharedCounts
from funnelest.likelihood.given import counts_given
from funnelest.likelihood.once import observed
from funnelest.model.ties import Ties
from funnelest.quantities.quantities import Quantities

NUMBER = 3.0
CHAIN = fe.Route("a", "b", "c", "d"), {("a", "b"): 0.7, ("b", "c"): 0.7, ("c", "d"): 0.7}
#: Step -> the share counted, and what is known: a number, ends, or nothing where it is planned.
CASES = {
    "after a complete count": ((ROUTE, ON), {"a": (1.0, 5), "b": (1.0, None)}),
    "before a complete count": ((ROUTE, ON), {"a": (1.0, None), "b": (1.0, 2)}),
    "of some, after a count of some": ((ROUTE, ON), {"a": (0.7, 4), "c": (0.6, None)}),
    "of some, before a count of some": ((ROUTE, ON), {"a": (0.7, None), "c": (0.6, 2)}),
    "after a rounded count": ((ROUTE, ON), {"a": (1.0, (3, 5)), "b": (0.8, None)}),
    "between two": (CHAIN, {"a": (1.0, 6), "b": (1.0, None), "c": (1.0, 2)}),
    "two after one": (CHAIN, {"a": (1.0, 6), "b": (1.0, None), "c": (0.8, None)}),
    "two between two": (
        CHAIN, {"a": (1.0, 6), "b": (1.0, None), "c": (1.0, None), "d": (1.0, 2)},
    ),
    "two by themselves": ((ROUTE, ON), {"a": (0.9, None), "b": (0.8, None)}),
}  # fmt: skip


def printed(known):
    if known is None:
        return 7  # stands in for what is to come, and may contradict what is known
    return fe.Between(*known) if isinstance(known, tuple) else known


@pytest.mark.parametrize("case", CASES)
def test_planned_counts_are_as_often_as_they_are_likely(case) -> None:
    (route, on), steps = CASES[case]
    law = by_people([(step, share, 0) for step, (share, _) in steps.items()], NUMBER, route, on)
    for axis, (_, known) in enumerate(steps.values()):
        if known is not None:
            low, high = known if isinstance(known, tuple) else (known, known)
            law = law.take(range(low, high + 1), axis=axis)
    hidden = tuple(axis for axis, (_, known) in enumerate(steps.values()) if known is not None)
    law = law.sum(axis=hidden)
    one = model_of(
        *(register(step, printed(known), share) for step, (share, known) in steps.items()),
        route=route, on=on,
    )  # fmt: skip
    planned = [step for step, (_, known) in steps.items() if known is None]
    ties = Ties(one, planned=planned)
    q = Quantities(one, {"number at a": np.array([NUMBER])})
    seen, rng = observed(one, q), np.random.default_rng(4)
    made, size = np.zeros_like(law), 1500
    for _ in range(size):
        found = counts_given(one, ties, q, seen, planned, rng)
        counts = tuple(found[step][0] for step in planned)
        if max(counts) <= MOST:
            made[counts] += 1
    assert not made[law < 1e-300].any()
    law = law / law.sum() * made.sum()
    large = law > 5
    rest = made[~large].sum(), law[~large].sum()
    pairs = [(made[large], law[large])] + ([([rest[0]], [rest[1]])] if rest[1] > 1 else [])
    seen_all, likely = (np.concatenate(some) for some in zip(*pairs, strict=True))
    likely = likely * seen_all.sum() / likely.sum()
    assert stats.chisquare(seen_all, likely).pvalue > 1e-4


def test_classes_are_made_up_class_by_class_and_sums_divided() -> None:
    """Of the second table no class has more than were counted, of the third not all together."""
    population = fe.Population({"sex": ["boy", "girl"], "age": [1, 2]}, [[100, 200], [150, 150]])
    tables = [("a", "sex", {"boy": 9, "girl": 2}), ("b", "sex", {"boy": 0, "girl": 50}),
              ("c", "age", {1: 90, 2: 0})]  # fmt: skip
    one = fe.Model(
        fe.Route("a", "b", "c"), population, fe.Rate(0.05),
        {("a", "b"): fe.Share(0.8), ("b", "c"): fe.Share(0.8)},
        [fe.Register(name=step, step=step, by=by, count=count) for step, by, count in tables],
        parameters={"x": fe.Normal(0, 1)},
    )  # fmt: skip
    q = Quantities(one, {"x": np.zeros(1)})
    ties, rng = Ties(one, planned=["b", "c"]), np.random.default_rng(1)
    made = [counts_given(one, ties, q, observed(one, q), ["b", "c"], rng) for _ in range(100)]
    boys, girls = np.array([some["b"] for some in made]).T
    assert (boys <= 9).all()
    assert (girls <= 2).all()
    assert all(sum(some["c"]) <= sum(some["b"]) for some in made)
    assert abs(boys.mean() - 9 * 0.8) < 4 * np.sqrt(9 * 0.8 * 0.2 / 100)


@pytest.mark.parametrize("within", [(False, False), (False, True), (True, False)])
def test_many_ratios_at_once_are_those_one_by_one(within) -> None:
    a, b = (300.0, 180.0) if within[1] else (180.0, 300.0)
    law = SharedCounts(*(np.array([v]) for v in (a, b, min(a, b) * (1.0 if any(within) else 0.8))),
                       within)  # fmt: skip
    counts = np.arange(140, 330, 10)
    for x in (150, 290):
        found = law.log_ratios(x, counts)
        for y, value in zip(counts, found, strict=True):
            if law.possible([x], [y]):
                assert value == pytest.approx(law.log_ratio(x, int(y))[0], abs=1e-8)
            else:
                assert value == -np.inf
