"""The order of defects, and what a defect does when it says nothing."""

from __future__ import annotations

from itertools import permutations

import pytest

import funnelest as fe
from funnelest.defects.base import carried, in_order

WHY = fe.Fixed(1.5, statement="reports per child")
ALL = [
    fe.Coverage(0.8), fe.Completeness(0.9), fe.Bridge("reports", WHY), fe.PPV(0.75),
    fe.Overdispersion(0.2),
]  # fmt: skip


@pytest.mark.parametrize("defects", [*permutations(ALL)][::17])
def test_the_order_in_which_they_are_listed_does_not_matter(defects, expected):
    assert expected(*defects) == pytest.approx(850 * 0.8 * 0.9 * 1.5 / 0.75)
    assert in_order(defects) == ALL


def test_false_records_are_added_last(expected):
    """Of 850 people 680 are in, on 612 records in time and 918 reports; with 10 false ones."""
    defects = [fe.FalsePositives(10), *ALL[:3]]
    assert expected(*defects) == pytest.approx(850 * 0.8 * 0.9 * 1.5 + 10)
    described = fe.Register(name="r", step="b", count=3, defects=defects).describe()
    assert described == "times coverage, times completeness, times reports, plus false positives"


def test_a_defect_that_says_nothing():
    class Nothing(fe.Defect):
        label = "nothing"

    one = Nothing()
    assert one.problems(fe.Population.cells()) == []
    assert one.parameters("r", fe.Population.cells()) == one.defaults("r") == {}
    assert one.factor() == (0.0, float("inf"))
    assert one.describe() == "nothing"
    assert carried([one], "on_records") == []
    with pytest.raises(fe.SpecError, match="a Register cannot carry Nothing"):
        fe.Model(
            fe.Route("a", "b"), fe.Population.cells(), fe.Number(100.0), {},
            [fe.Register(name="r", step="b", count=3, defects=[one])],
        )  # fmt: skip


def test_limits_of_records_per_person():
    assert fe.Coverage(0.8).factor() == pytest.approx((0.8, 0.8))
    assert fe.PPV(0.8).factor() == pytest.approx((1.25, 1.25))
    assert fe.Coverage(fe.Beta(8, 2), fe.Levels("sex")).factor() == (0.0, 1.0)
    assert fe.Coverage(fe.Shared("x")).factor() == (0.0, 1.0)
    assert fe.FalsePositives(3).factor() == (1.0, float("inf"))
    assert fe.Unrecorded(0.1, axis="sex").factor() == (1.0, 1.0)
    prior = fe.LogNormal(0.4, 0.1, statement="s")
    low, high = prior.interval(0.99999)
    assert fe.Bridge("x", prior).factor() == pytest.approx((low, high))
    assert fe.Bridge("x", prior, inverse=True).factor() == pytest.approx((1 / high, 1 / low))
    both = fe.Register(name="r", step="b", count=3, defects=[fe.Coverage(0.8), fe.PPV(0.5)])
    assert both.factor() == pytest.approx((1.6, 1.6))
