"""Routes: steps, transitions, and what is refused."""

from __future__ import annotations

import pytest

import funnelest as fe


def test_a_chain_with_skips():
    route = fe.Route("a", "b", "c", skips=[("a", "c")])
    assert route.edges == (("a", "b"), ("a", "c"), ("b", "c"))
    assert route.successors("a") == ("b", "c")
    assert route.successors("c") == ()
    assert route.is_skip(("a", "c"))
    assert not route.is_skip(("a", "b"))
    assert route.always_passes("a", "c")
    assert not route.always_passes("b", "c")
    assert fe.Route.from_dict(route.to_dict()) == route


def test_edges_give_a_branching_route():
    route = fe.Route("a", "b", "c", "d", edges=[("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")])
    assert not route.leads("b", "c")
    assert not route.always_passes("b", "d")
    assert fe.Route.from_dict(route.to_dict()) == route


@pytest.mark.parametrize(
    ("steps", "more", "words"),
    [
        ((), {}, "at least one step"),
        (("a", "b", "a"), {}, "'a' is named twice"),
        (("a", 3), {}, "given 3"),
        (("a", "b"), {"skips": [("a", "x")]}, "unknown step 'x'; the steps are: a, b"),
        (("a", "b", "c"), {"skips": [("c", "a")]}, "lies on a cycle"),
        (("a", "b", "c"), {"skips": [("b", "b")]}, "lies on a cycle"),
        (("a", "b", "c"), {"skips": [("a", "b")]}, "given twice"),
        (("a", "b", "c"), {"skips": ["ac"]}, "a transition is a pair of steps; given 'ac'"),
        (("a", "b", "c"), {"skips": [("a", "b", "c")]}, "a pair of steps"),
        (("a", "b", "c"), {"edges": [("a", "b")]}, "'c' cannot be reached"),
        (("a", "b", "c"), {"edges": [("a", "c"), ("c", "b")]}, "runs backwards"),
        (("a", "b", "c"), {"edges": [("a", "b")], "skips": [("a", "c")]}, "not both"),
    ],
)
def test_a_wrong_route_is_refused(steps, more, words):
    with pytest.raises(fe.SpecError) as caught:
        fe.Route(*steps, **more)
    assert words in str(caught.value)


def test_all_problems_of_a_route_come_together():
    with pytest.raises(fe.SpecError) as caught:
        fe.Route("a", "b", "c", skips=[("a", "x"), ("c", "a"), "bc"])
    text = str(caught.value)
    assert all(words in text for words in ("'x'", "cycle", "'bc'"))
    assert len(caught.value.problems) >= 3
