"""The overlap table: what it holds, how it changes, and what it refuses."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from funnelest.errors import SpecError
from funnelest.lists import OverlapTable
from funnelest.lists.table.problems import represented
from funnelest.lists.table.table import patterns

LISTS = ["a", "b", "c"]
COUNTS = {"100": 5, "010": 3, "001": 4, "110": 2, "011": 1}
STRATA = {"x": COUNTS, "y": {"100": 1, "010": 2, "001": 3, "111": 4}}


def problems(*arguments, **more):
    with pytest.raises(SpecError) as caught:
        OverlapTable(*arguments, **more)
    return caught.value.problems


def sentence(*arguments, **more):
    found = problems(*arguments, **more)
    assert len(found) == 1, found
    return found[0]


def refused(call, *arguments):
    with pytest.raises(SpecError) as caught:
        call(*arguments)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@st.composite
def tables(draw, strata=True, most=5):
    """Complete tables in which every list has somebody."""
    size = draw(st.integers(2, most))
    names = [f"L{i}" for i in range(size)]
    count = st.integers(0, 30)

    def one():
        return {p: draw(count) for p in patterns(size)[1:] if draw(st.booleans())}

    found = {name: one() for name in "xyz"} if strata and draw(st.booleans()) else {"all": one()}
    for i in range(size):
        found_in = next(iter(found.values()))
        pattern = "".join("1" if i == j else "0" for j in range(size))
        found_in[pattern] = 1 + found_in.get(pattern, 0)
    return OverlapTable(names, found if len(found) > 1 else found["all"])


# -------------------------------------------------------------------- reading


def test_the_numbers_of_a_table():
    table = OverlapTable(LISTS, {**COUNTS, "000": 0, "101": np.int64(0), "110": 2.0})
    assert table.known == 15
    assert table.size("a") == 7
    assert table.overlap("b", "c") == 1
    assert table.overlap() == 15
    assert table.strata == ("all",)
    assert table.complete
    assert not table.stratified
    assert "000" not in table.counts
    assert repr(table) == "<OverlapTable: 3 lists, 15 people>"
    assert list(table.table.columns) == ["a", "b", "c", "people"]
    assert table.table["people"].sum() == 15
    assert len(table.table) == 7


def test_the_numbers_of_strata():
    table = OverlapTable(LISTS, STRATA)
    assert (table.known, table.known_in("x"), table.known_in("y")) == (25, 15, 10)
    assert repr(table) == "<OverlapTable: 3 lists, 2 strata, 25 people>"
    assert list(table.table.columns) == ["stratum", "a", "b", "c", "people"]
    assert table.stratum("y").counts == STRATA["y"]


def test_patterns_in_words():
    table = OverlapTable(LISTS, COUNTS)
    assert table.in_words("100") == "a only"
    assert table.in_words("101") == "a and c only"
    assert table.in_words("111") == "a, b and c"
    assert table.in_words("000") == "none of the lists"
    assert table.in_words("1?0") == "a only (not linked with b)"
    for junk in ("10", "1000", "1x0", 100, None, ["1", "0", "0"]):
        assert "there is no pattern" in refused(table.in_words, junk)


def test_names_that_are_not_there():
    table = OverlapTable(LISTS, STRATA)
    for call in (table.size, table.overlap, table.without):
        assert "no list 'd'; the lists are: a, b, c" in refused(call, "d")
    for call in (table.stratum, table.cells, table.known_in):
        assert "no stratum 'z'; the strata are: x, y" in refused(call, "z")
    assert "no list" in refused(table.covers, "d", "x")
    assert "no stratum" in refused(table.covers, "a", "z")
    assert "it has none" in refused(OverlapTable(LISTS, COUNTS).stratum, "z")


@given(tables())
def test_every_pattern_is_in_one_cell(table):
    for stratum in table.strata:
        cells = table.cells(stratum)
        sums = cells.sums.sum(axis=0)
        assert np.array_equal(sums, np.r_[0.0, np.ones(len(sums) - 1)])
        assert np.array_equal(cells.unobserved, np.arange(len(sums)) == 0)
        assert cells.counts.sum() == table.known_in(stratum)
        assert list(cells.patterns) == patterns(len(table.lists))[1:]


@given(st.text("01?", min_size=1, max_size=8))
def test_what_a_pattern_stands_for(pattern):
    wanted = {
        int("".join(letters), 2)
        for letters in product(*("01" if one == "?" else one for one in pattern))
    }
    found = represented(pattern)
    assert len(found) == len(set(found)) == 2 ** pattern.count("?")
    assert set(found) == wanted
    assert found == sorted(found)


def test_counts_of_several_patterns():
    counts = {"1?0": 5, "0?1": 4, "1?1": 2}
    table = OverlapTable(LISTS, {"x": counts, "y": STRATA["y"]})
    cells = table.cells("x")
    assert not table.complete
    assert cells.patterns == ("0?1", "1?0", "1?1")
    assert np.array_equal(cells.sums[1], np.isin(np.arange(8), [0b100, 0b110]))
    # Those on b alone could not be told from others: their number is not 0, it is not known.
    assert np.array_equal(np.flatnonzero(cells.unobserved), [0, 0b010])
    told = table.with_counts({"x": {**counts, "010": 0}, "y": STRATA["y"]})
    assert np.array_equal(np.flatnonzero(told.cells("x").unobserved), [0])
    assert told != table


def test_lists_that_do_not_cover():
    counts = {"x": COUNTS, "y": {"100": 3, "010": 2, "110": 1, "001": 0}}
    table = OverlapTable(LISTS, counts, not_covering={"c": ["y"], "a": ()})
    cells = table.cells("y")
    assert cells.patterns == ("010", "100", "110")
    assert np.array_equal(np.flatnonzero(cells.possible), [0, 2, 4, 6])
    assert np.array_equal(np.flatnonzero(cells.unobserved), [0])
    assert table.stratum("y") == OverlapTable(["a", "b"], {"10": 3, "01": 2, "11": 1})
    assert table.not_covering == {"c": ("y",)}
    assert not table.complete
    assert "cannot be added up" in refused(table.pooled)
    vague = OverlapTable(LISTS, {**counts, "y": {"10?": 3, "01?": 2, "11?": 1}},
                         not_covering={"c": frozenset({"y"})})  # fmt: skip
    assert vague == table


def test_lists_that_also_hold_others():
    table = OverlapTable(LISTS, COUNTS, upper=["c"])
    cells = table.cells()
    assert [p for p, mark in zip(cells.patterns, cells.limits, strict=True) if mark] == ["001"]
    assert table.known == 11
    assert table.size("c") == 5
    assert np.array_equal(np.flatnonzero(cells.unobserved), [0, 1])
    assert list(table.table["upper_limit"]) == [True] + [False] * 6
    two = OverlapTable(LISTS, COUNTS, upper=["c", "b"])
    assert two.upper == ("b", "c")
    assert two.known == 7


def test_others_may_be_among_those_not_linked():
    """On c, and not known whether on a: some may be on c alone, and then outside the target."""
    table = OverlapTable(LISTS, {"?01": 9, "1?0": 4, "?11": 3}, upper=["c"])
    cells = table.cells()
    assert dict(zip(cells.patterns, cells.limits, strict=True)) == {
        "?01": True, "?11": False, "1?0": False,
    }  # fmt: skip
    assert table.known == 7


def test_ten_lists():
    names = [f"list {i}" for i in range(10)]
    counts = {pattern: i % 5 for i, pattern in enumerate(patterns(10)) if i}
    table = OverlapTable(names, counts)
    assert table.cells().sums.shape == (1023, 1024)
    assert table.known == sum(counts.values())
    assert table.without("list 3").known == table.known - counts["0001000000"]


# ------------------------------------------------------------------- changing


@given(tables())
def test_pooled_is_the_sum_of_the_strata(table):
    pooled = table.pooled()
    assert not pooled.stratified
    assert pooled.known == table.known
    counts = sum(table.cells(stratum).counts for stratum in table.strata)
    assert np.array_equal(pooled.cells().counts, counts)
    assert pooled.pooled() == pooled


@given(tables(), st.integers(0, 4))
def test_without_a_list_only_those_on_it_alone_are_gone(table, place):
    assume(len(table.lists) > 2)
    name = table.lists[place % len(table.lists)]
    fewer = table.without(name)
    alone = "".join("1" if one == name else "0" for one in table.lists)
    for stratum in table.strata:
        counts = table.counts[stratum] if table.stratified else table.counts
        assert fewer.known_in(stratum) == table.known_in(stratum) - counts.get(alone, 0)
    assert name not in fewer.lists
    for one in fewer.lists:
        assert fewer.size(one) == table.size(one)
    assert fewer.pooled() == table.pooled().without(name)


def test_without_a_list_counts_stay_apart_or_are_added():
    table = OverlapTable(["a", "b", "c", "d"], {"110?": 2, "1010": 4, "0100": 3, "0010": 1,
                                               "1011": 6, "0101": 2, "0001": 1})  # fmt: skip
    # Without b the 2 people on "110?" are on a, and perhaps on d: as those on "100".
    fewer = table.without("b")
    assert fewer.counts == {"10?": 2, "110": 4, "010": 1, "111": 6, "001": 3}
    table = OverlapTable(["a", "b", "c"], {"10?": 5, "110": 4, "111": 3, "010": 1, "011": 2,
                                          "001": 0})  # fmt: skip
    assert table.without("b").counts == {"1?": 12, "01": 2}
    said = refused(OverlapTable(LISTS, {"1?0": 5, "0?1": 4, "1?1": 2, "010": 3}).without, "a")
    assert said.startswith("some of the people on a only (not linked with b) may be on 'a' alone")


def test_what_cannot_be_left_out():
    two = OverlapTable(["a", "b"], {"10": 4, "01": 3, "11": 2})
    assert "one list alone says nothing" in refused(two.without, "a")
    upper = OverlapTable(["a", "b", "c"], COUNTS, upper=["b", "c"])
    assert "'upper' names every list" in refused(upper.without, "a")
    absent = OverlapTable(LISTS, {"x": COUNTS, "y": {"100": 3, "110": 2}},
                          not_covering={"c": ["y"]})  # fmt: skip
    assert "covered by 1 of the lists" in refused(absent.without, "b")
    assert absent.without("c").not_covering == {}


def test_a_stratum_in_which_a_list_has_nobody():
    table = OverlapTable(LISTS, {"x": COUNTS, "y": {"100": 2, "110": 1, "010": 0}, "z": {}})
    said = refused(table.stratum, "y")
    assert "'c' has nobody in stratum 'y'" in said
    assert "table.without('c').stratum('y')" in said
    assert table.without("c").stratum("y").counts == {"10": 2, "11": 1, "01": 0}
    assert refused(table.stratum, "z") == "nobody of stratum 'z' is on any list."


def test_pooling_what_was_linked_here_and_not_there():
    counts = {"x": {"1?0": 5, "0?1": 4, "1?1": 2}, "y": STRATA["y"]}
    assert "linked in some strata only" in refused(OverlapTable(LISTS, counts).pooled)
    counts["y"] = {"1?0": 1, "0?1": 4, "010": 2}
    counts["x"]["010"] = 1
    assert OverlapTable(LISTS, counts).pooled().counts == {"1?0": 6, "0?1": 8, "1?1": 2, "010": 3}


def test_equal_tables():
    table = OverlapTable(LISTS, COUNTS)
    same = OverlapTable(tuple(LISTS), dict(reversed({**COUNTS, "111": 0}.items())))
    assert table == same
    assert hash(table) == hash(same)
    assert pickle.loads(pickle.dumps(table)) == table
    for other in [
        OverlapTable(["a", "c", "b"], COUNTS),
        OverlapTable(LISTS, {**COUNTS, "111": 1}),
        OverlapTable(LISTS, COUNTS, upper=["a"]),
        OverlapTable(LISTS, COUNTS, source="there"),
        OverlapTable(LISTS, {"x": COUNTS}),
        COUNTS,
    ]:
        assert table != other


def test_the_counts_are_copies():
    counts = {"x": dict(COUNTS)}
    names = list(LISTS)
    table = OverlapTable(names, counts)
    counts["x"]["100"] = 99
    names.append("d")
    assert table.counts["x"]["100"] == 5
    assert table.lists == ("a", "b", "c")
    with pytest.raises(AttributeError):
        table.source = "changed"


# -------------------------------------------------------------------- refused

TWO = ["a", "b"]

SENTENCES = {
    "negative": ((TWO, {"10": -1, "01": 2}), ["pattern '10'", "at least 0", "given -1"]),
    "fraction": ((TWO, {"10": 1.5, "01": 2}), ["pattern '10'", "whole number", "given 1.5"]),
    "missing": ((TWO, {"10": math.nan, "01": 2}), ["whole number", "given nan"]),
    "infinite": ((TWO, {"10": math.inf, "01": 2}), ["whole number", "given inf"]),
    "truth": ((TWO, {"10": True, "01": 2}), ["whole number", "given True"]),
    "too many": ((TWO, {"10": 10**5000, "01": 2}), ["at most 100,000,000,000", "given a int"]),
    "text": ((TWO, {"10": "7", "01": 2}), ["whole number", "given '7'"]),
    "exact fraction": ((TWO, {"10": Fraction(5, 2), "01": 2}), ["whole number"]),
    "array": ((TWO, {"10": np.array([1, 2]), "01": 2}), ["whole number", "array([1, 2])"]),
    "length": ((TWO, {"100": 4, "01": 1, "11": 2}), ["'100' has 3 letters, there are 2 lists"]),
    "letters": ((TWO, {"1x": 4, "01": 1, "11": 2}), ["? not known", "given '1x'"]),
    "number": ((TWO, {10: 4, "01": 1, "11": 2}), ["one letter per list", "given 10"]),
    "twice": (
        (TWO, {"1?": 4, "01": 1, "11": 2}),
        ["'1?' and '11' both count people on '11'", "strata of their own"],
    ),
    "all zero": ((TWO, {"10": 0, "01": 0}), ["nobody is on any list"]),
    "nothing but the empty": ((TWO, {"00": 0}), ["nobody is on any list"]),
    "list with nobody": ((LISTS, {"100": 4, "010": 1}), ["list 'c' has nobody: leave it out"]),
    "known unlisted": (
        (TWO, {"00": 7, "10": 4, "01": 1}),
        ["'00' is that of people on no list, whose number is what is asked; given 7",
         "form a list of their own: add it, with their overlap"],
    ),
    "open and empty": ((TWO, {"?0": 7, "10": 0, "01": 1}), ["'?0' also stands for people on no"]),
    "one list": ((["a"], {"1": 4}), ["2 to 10 lists; given 1", "one list alone says nothing"]),
    "no list": (([], {"": 4}), ["2 to 10 lists; given 0"]),
    "eleven lists": (([*"abcdefghijk"], {"1" * 11: 4}), ["2 to 10 lists; given 11. Join lists"]),
    "forty lists": (([f"L{i}" for i in range(40)], {"?" * 39 + "1": 4}), ["given 40"]),
    "same name": ((["a", "a"], {"10": 4, "01": 1}), ["two lists are named 'a'"]),
    "blank name": ((["a", " "], {"10": 4, "01": 1}), ["text that is not empty; given ' '"]),
    "column name": ((["a", "people"], {"10": 4, "01": 1}), ["no list can be named 'people'"]),
    "number as name": ((["a", 3], {"10": 4, "01": 1}), ["text that is not empty; given 3"]),
    "list as name": ((["a", ["b"]], {"10": 4, "01": 1}), ["not empty; given ['b']"]),
    "text for lists": (("ab", {"10": 4, "01": 1}), ["'lists' must be a list of names; given 'ab'"]),
    "mixed": ((TWO, {"x": {"10": 1, "01": 1}, "11": 3}), ["either every stratum has a table or"]),
    "deep": ((TWO, {"x": {"10": {"11": 3}, "01": 1}}), ["whole number", "given {'11': 3}"]),
    "year": ((TWO, {2017: {"10": 1, "01": 1}}), ["named by text", "such as '2017'; given 2017"]),
    "numpy year": ((TWO, {np.int64(2017): {"10": 1, "01": 1}}), ["named by text"]),
    "all": ((TWO, {"all": {"10": 1, "01": 1}}), ["no stratum can be named 'all'"]),
    "no counts": ((TWO, {}), ["'counts' must map patterns of lists to numbers; given {}"]),
    "list of counts": ((TWO, [4, 3]), ["'counts' must map", "given [4, 3]"]),
}  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES)
def test_what_cannot_be_meant_is_said_in_one_sentence(case):
    arguments, words = SENTENCES[case]
    found = problems(*arguments)
    said = [one for one in found if all(word in one for word in words)]
    assert len(said) == 1, found
    assert len(found) == 1, found


MORE = {
    "source": ({"source": 5}, "'source' must be text; given 5"),
    "upper": ({"upper": "a"}, "'upper' must be a list of names of lists; given 'a'"),
    "unknown upper": ({"upper": ["d"]}, "'upper' names 'd'; the lists are: a, b, c"),
    "odd upper": ({"upper": [["a"]]}, "'upper' names ['a']"),
    "all upper": ({"upper": LISTS}, "'upper' names every list"),
    "coverage": ({"not_covering": ["a"]}, "'not_covering' must map lists to strata"),
    "unknown": ({"not_covering": {"d": ["x"]}}, "'not_covering' names list 'd'; the lists are"),
    "one stratum": ({"not_covering": {"a": "x"}}, "list 'a': give a list of strata; given 'x'"),
    "none": ({"not_covering": {"a": None}}, "give a list of strata; given None"),
    "used up": ({"not_covering": {"a": iter(["x"])}}, "give a list of strata"),
    "no stratum": ({"not_covering": {"a": ["z"]}}, "names stratum 'z'; the strata are: x, y"),
    "odd stratum": ({"not_covering": {"a": [["x"]]}}, "names stratum ['x']"),
    "people": ({"not_covering": {"c": ["x"]}}, "4 people are on '001', yet list 'c' does not"),
}  # fmt: skip


@pytest.mark.parametrize("case", MORE)
def test_what_cannot_be_meant_of_coverage_and_limits(case):
    more, words = MORE[case]
    found = problems(LISTS, STRATA, **more)
    assert any(words in one for one in found), found
    assert len(found) == (2 if case == "people" else 1), found


def test_a_stratum_that_one_list_covers():
    counts = {"x": COUNTS, "y": {"100": 3}}
    said = sentence(LISTS, counts, not_covering={"c": ["y"], "b": ["y"]})
    assert "stratum 'y' is covered by 1 of the lists" in said


def test_a_list_that_covers_nothing():
    counts = {"100": 5, "010": 3, "110": 2}
    said = sentence(LISTS, counts, not_covering={"c": ["all"]})
    assert "this table has no strata: give counts by stratum, or leave the list out" in said


def test_every_problem_at_once():
    counts = {"10": -1, "01": 0.5, "1": 3, "00": 4, "xx": 1}
    found = problems(["a", "b"], counts, {"c": ["x"]}, ["d"], 3)
    assert len(found) == 8


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("01?ab", max_size=4)
    | st.binary(max_size=3) | st.just(object()) | st.just(np.array([1, 0])),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner)
    | st.dictionaries(st.text("01?ab", max_size=3) | st.integers(0, 3) | st.none(), inner,
                      max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(
    st.just(LISTS) | JUNK,
    st.just(COUNTS) | st.just(STRATA) | JUNK,
    st.just({}) | st.just({"a": ["x"]}) | JUNK,
    st.just(()) | JUNK,
    st.just("") | JUNK,
)
def test_junk_never_ends_in_another_error(names, counts, absent, upper, source):
    try:
        table = OverlapTable(names, counts, absent, upper, source)
    except SpecError:
        return
    assert table.known >= 0
    assert len(table.table) > 0


def test_those_who_could_not_be_told_from_others_cannot_be_left_out():
    # c was not linked with all, so that it is not known how many are on c alone.
    table = OverlapTable(LISTS, {"10?": 3, "010": 2, "011": 4})
    said = refused(table.without, "b")
    assert "people on b and c only could not be told from those on c only" in said


def test_a_copy_with_another_number_is_the_table_that_it_would_be() -> None:
    plain = OverlapTable(["a", "b"], {"10": 5, "01": 4, "11": 3}, source="s")
    assert plain.with_people("11", 0) == plain.with_counts({"10": 5, "01": 4})
    assert plain.with_people("11", 0).known == 9
    counts = {"x": {"10": 5, "01": 4, "11": 3}, "y": {"10": 2}}
    strata = OverlapTable(["a", "b"], counts)
    changed = {**counts, "y": {"10": 2, "11": 7}}
    assert strata.with_people("11", 7, "y") == strata.with_counts(changed)
    assert strata.with_people("11", 7, "y").may_be_empty
