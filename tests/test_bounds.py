"""Bounds without a distribution: what is possible lies within them, and nothing else."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnelest as fe
from funnelest import bounds
from funnelest.figures import AtLeast

SHARES = st.floats(0, 1)
NAMES = ("a", "b", "c", "d", "e")
#: Nobody is that wrong: differences below it are rounding of floats.
TINY = 1e-12


def margins(table):
    """Return what a joint table, a number for each pattern, shows of itself."""
    lists = range(len(next(iter(table))))
    totals = {NAMES[k]: sum(n for on, n in table.items() if on[k]) for k in lists}
    overlaps = {
        (NAMES[j], NAMES[k]): sum(n for on, n in table.items() if on[j] and on[k])
        for j, k in itertools.combinations(lists, 2)
    }
    return totals, overlaps, sum(table.values())


def patterns(lists):
    """Return every set of lists that somebody can be on."""
    return [on for on in itertools.product((0, 1), repeat=lists) if any(on)]


@st.composite
def tables(draw, least=1):
    """Make a joint table of some lists."""
    lists = draw(st.integers(least, len(NAMES)))
    return {on: draw(st.integers(0, 300)) for on in patterns(lists)}


# ---------------------------------------------------------------- people on several lists


@given(tables(), st.data())
def test_the_people_of_a_joint_table_lie_within_its_bounds(table, data):
    totals, overlaps, people = margins(table)
    known = data.draw(st.sets(st.sampled_from(sorted(overlaps)))) if overlaps else set()
    pool = data.draw(st.none() | st.integers(people, people + 200))
    some = {pair: overlaps[pair] for pair in known}
    found = bounds.distinct(totals, overlaps=some, pool=pool)
    assert found.low <= people <= found.high
    # What is known can only narrow them.
    wider = bounds.distinct(totals)
    assert wider.low <= found.low
    assert found.high <= wider.high


def rounded(count, base):
    """Return a count as it is printed when it is rounded half up."""
    return fe.Rounded((2 * count + base) // (2 * base) * base, to=base)


@given(tables(), st.sampled_from([1, 5, 10, 50]), st.data())
def test_rounded_totals_and_overlaps_make_them_wider(table, base, data):
    totals, overlaps, people = margins(table)
    known = data.draw(st.sets(st.sampled_from(sorted(overlaps)))) if overlaps else set()
    some = {pair: overlaps[pair] for pair in known}
    exact = bounds.distinct(totals, overlaps=some)
    printed = bounds.distinct(
        {name: rounded(n, base) for name, n in totals.items()},
        overlaps={pair: rounded(n, base) for pair, n in some.items()},
    )
    assert printed.low <= exact.low <= people <= exact.high <= printed.high


@given(tables(least=2).filter(lambda table: len(next(iter(table))) == 2))
def test_two_lists_and_their_overlap_give_one_number(table):
    totals, overlaps, people = margins(table)
    found = bounds.distinct(totals, overlaps=overlaps)
    assert found.low == found.high == people == sum(totals.values()) - overlaps["a", "b"]


@pytest.mark.parametrize("known", [("ab",), ("ab", "ac"), ("ab", "ac", "bc")], ids=str)
def test_three_lists_against_every_table_there_is(known):
    """All tables of three lists with at most two people per pattern, counted one by one."""
    pairs = [tuple(pair) for pair in known]
    possible = defaultdict(set)
    for numbers in itertools.product(range(3), repeat=7):
        totals, overlaps, people = margins(dict(zip(patterns(3), numbers, strict=True)))
        possible[*totals.values(), *(overlaps[pair] for pair in pairs)].add(people)
    # With at most two in a total, no pattern has more than two people: the tables are all there.
    for (a, b, c, *both), people in possible.items():
        if max(a, b, c) <= 2:
            overlaps = dict(zip(pairs, both, strict=True))
            found = bounds.distinct({"a": a, "b": b, "c": c}, overlaps=overlaps)
            assert (found.low, found.high) == (min(people), max(people))


def test_three_lists_with_all_overlaps_leave_only_the_triple_open():
    totals, overlaps = {"a": 960, "b": 910, "c": 400}, {("a", "b"): 200, ("c", "a"): 90}
    found = bounds.distinct(totals, overlaps={**overlaps, ("b", "c"): 70})
    # 960 + 910 + 400 - 200 - 90 - 70, and on all three at least 0 and at most 70.
    assert (found.low, found.high) == (1910, 1980)


def test_large_lists_lose_nobody():
    million = 10**6
    found = bounds.distinct(
        {"a": 300 * million + 1, "b": 200 * million, "c": 100 * million},
        overlaps={("a", "b"): 100 * million + 7, ("b", "c"): 5, ("a", "c"): 11},
    )
    assert (found.low, found.high) == (500 * million - 22, 500 * million - 17)


def test_totals_alone_and_a_pool():
    totals = {"a": fe.Rounded(960, to=10), "b": fe.Between(900, 920), "c": 30}
    found = bounds.distinct(totals)
    assert (found.low, found.high) == (955, 964 + 920 + 30)
    assert bounds.distinct(totals, pool=1_000).high == 1_000
    assert "1,000 people of the pool" in bounds.distinct(totals, pool=1_000).statement
    # More than twelve lists are no trouble without overlaps.
    assert bounds.distinct({str(k): k for k in range(40)}).low == 39


def test_a_list_without_an_upper_end():
    totals = {"a": AtLeast(100), "b": 50}
    for overlaps in (None, {("a", "b"): 20}):
        found = bounds.distinct(totals, overlaps=overlaps)
        assert (found.low, found.high) == (130 if overlaps else 100, math.inf)
        assert bounds.distinct(totals, overlaps=overlaps, pool=500).high == 500


# ---------------------------------------------------------------- lists that contradict each other

TWO = {"a": 100, "b": 80}
THREE = {"a": 1000, "b": 1000, "c": 1000, "d": 50}
#: Totals, overlaps, pool -> sentences.
WRONG = {
    "no lists": ({}, None, None, ["totals must give the number on at least one list"]),
    "not by name": ([3], None, None, ["totals must give"]),
    "a name": ({1: 3}, None, None, ["name of a list must be text"]),
    "a total": ({"a": -3}, None, None, ["list 'a': a count must be"]),
    "not whole": ({"a": 3.5}, None, None, ["list 'a': no whole number prints as 3.5"]),
    "not by pair": (TWO, [3], None, ["overlaps must give"]),
    "no pair": (TWO, {"ab": 3}, None, ["an overlap must be of a pair"]),
    "unknown": (TWO, {("a", "x"): 3}, None, ["no list is called 'x'; the lists are 'a' and 'b'"]),
    "itself": (TWO, {("a", "a"): 3}, None, ["two different lists"]),
    "twice": (TWO, {("a", "b"): 3, ("b", "a"): 3}, None, ["given twice, also as ('b', 'a')"]),
    "negative": (TWO, {("a", "b"): -3}, None, ["overlap of 'a' and 'b': a count must be"]),
    "larger": (TWO, {("a", "b"): 81}, None, ["at least 81 on both, but at most 80 on 'b'"]),
    "pool": (TWO, None, -1, ["pool must be at least 0"]),
    "no pool": (TWO, None, math.nan, ["pool must be at least 0"]),
    "small pool": (TWO, None, 99, ["pool of 99 is smaller than list 'a', which has at least 100"]),
    "pair and pool": (TWO, {("a", "b"): 10}, 169, ["'a' and 'b' leave more people than the pool"]),
    "triple": (
        THREE,
        {("a", "b"): 900, ("b", "c"): 900, ("a", "c"): 799, ("a", "d"): 3},
        10_000,
        ["no joint table can satisfy these overlaps: those of 'a', 'b' and 'c' do not go together"],
    ),
    "many": (
        dict.fromkeys("abcdefghijklm", 9),
        {("a", "b"): 1},
        None,
        ["at most 12 lists; given 13"],
    ),
    "all at once": (
        {"a": 100, "b": -1},
        {("a", "x"): -1},
        -1,
        ["list 'b'", "no list is called 'x'", "a count must be", "pool must be"],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_refused(case):
    totals, overlaps, pool, sentences = WRONG[case]
    problems = bounds.overlap_problems(totals, overlaps, pool)
    assert len(problems) == len(sentences)
    for part, text in zip(sentences, problems, strict=True):
        assert part in text
    with pytest.raises(fe.SpecError, match="in the bounds") as caught:
        bounds.distinct(totals, overlaps=overlaps, pool=pool)
    assert list(caught.value.problems) == problems


def test_what_can_just_be_is_not_refused():
    overlaps = {("a", "b"): 900, ("b", "c"): 900, ("a", "c"): 800}
    assert bounds.overlap_problems(THREE, overlaps) == []
    assert bounds.overlap_problems(TWO, {("a", "b"): 10}, 170) == []


# ---------------------------------------------------------------- a share


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_those_not_seen_make_the_width(yes, no, unseen):
    n = yes + no + unseen
    if not n:
        with pytest.raises(fe.SpecError, match="n must be above 0"):
            bounds.missing(yes=yes, answered=yes + no, n=n)
        return
    found = bounds.missing(yes=yes, answered=yes + no, n=n)
    assert 0 <= found.low <= found.high <= 1
    assert found.high - found.low == pytest.approx(unseen / n, abs=TINY)
    # Whatever those not seen are like, the share of all lies within.
    for unknown in range(unseen + 1):
        assert found.low <= (yes + unknown) / n <= found.high


@given(SHARES, SHARES, SHARES)
def test_more_that_may_be_wrong_makes_wider_bounds(share, one, other):
    less, more = sorted((one, other))
    for kind in (bounds.corrupted, bounds.contaminated):
        narrow, wide = kind(share, wrong=less), kind(share, wrong=more)
        assert 0 <= wide.low <= narrow.low + TINY
        assert narrow.high - TINY <= wide.high <= 1
        assert kind(share, wrong=0).low == kind(share, wrong=0).high == share


@given(SHARES, SHARES)
def test_records_of_others_are_one_way_to_be_wrong(share, wrong):
    within, around = bounds.contaminated(share, wrong=wrong), bounds.corrupted(share, wrong=wrong)
    if wrong < 1:
        assert around.low <= within.low + TINY
        assert within.high <= around.high + TINY


@given(SHARES, SHARES, st.floats(0, 0.99))
def test_a_mixture_lies_within(true, of_others, wrong):
    share = min((1 - wrong) * true + wrong * of_others, 1.0)
    found = bounds.contaminated(share, wrong=wrong)
    assert found.low - 1e-9 <= true <= found.high + 1e-9


def test_when_every_record_may_be_wrong_nothing_is_known():
    for kind in (bounds.corrupted, bounds.contaminated):
        found = kind(0.3, wrong=1)
        assert (found.low, found.high) == (0, 1)


def test_bounds_say_what_they_assume():
    assert bounds.missing(yes=21, answered=64, n=106).statement == (
        "Nothing is assumed about the 42 of 106 who were not seen."
    )
    assert "7% of the records are wrong" in bounds.corrupted(0.3, wrong=0.07).statement
    assert "mixed in at random" in bounds.contaminated(0.3, wrong=0.07).statement
    assert "beyond the overlaps" in bounds.distinct(TWO, overlaps={("a", "b"): 3}).statement


@pytest.mark.parametrize(
    ("numbers", "sentences"),
    [
        ((-1, 3, 5), ["yes must be"]),
        ((4, 3, 5), ["yes must not be above answered"]),
        ((1, 6, 5), ["answered must not be above n"]),
        ((7, 6, 5), ["yes must not be above answered", "answered must not be above n"]),
        (("1", None, math.inf), ["yes must be", "answered must be", "n must be"]),
    ],
)
def test_numbers_that_cannot_be_are_refused(numbers, sentences):
    with pytest.raises(fe.SpecError, match="in the bounds") as caught:
        bounds.missing(**dict(zip(("yes", "answered", "n"), numbers, strict=True)))
    found = caught.value.problems
    assert len(found) == len(sentences)
    assert all(part in text for part, text in zip(sentences, found, strict=True))


@pytest.mark.parametrize("kind", [bounds.corrupted, bounds.contaminated])
def test_shares_that_cannot_be_are_refused(kind):
    with pytest.raises(fe.SpecError, match="in the bounds") as caught:
        kind(30, wrong=-0.1)
    assert len(caught.value.problems) == 2
    with pytest.raises(fe.SpecError):
        kind(True, wrong="0.1")


def test_they_are_plain_numbers():
    """Nothing of NumPy comes back, whatever goes in."""
    made = [
        bounds.missing(yes=np.int64(3), answered=np.int64(5), n=np.float64(9)),
        bounds.corrupted(np.float64(0.3), wrong=np.float64(0.1)),
        bounds.distinct({"a": np.int64(3), "b": 2}, overlaps={("a", "b"): np.int64(1)}),
    ]
    assert all(type(value) is float for each in made for value in (each.low, each.high))
