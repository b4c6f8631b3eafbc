"""Terms of log-linear models: how they are written, read and made into a design matrix."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelest.lists import terms

LISTS = ["a", "b", "c", "d"]
TEN = [f"L{i}" for i in range(10)]


@st.composite
def models(draw):
    """Number of lists, and generators that name each of them."""
    size = draw(st.integers(2, 10))
    places = st.integers(0, size - 1)
    groups = draw(st.lists(st.sets(places, min_size=1, max_size=4), max_size=5))
    return size, [*map(tuple, groups), *((i,) for i in range(size))]


@given(models())
def test_a_model_that_is_written_is_read_back(model):
    size, groups = model
    wanted = terms.closed(groups)
    names = TEN[:size]
    assert terms.read_model(terms.brackets(wanted, size), names) == wanted
    assert terms.read_model([[names[i] for i in group] for group in groups], names) == wanted
    assert terms.closed(terms.generators(wanted)) == wanted


@given(models())
def test_a_model_has_every_part_of_its_terms(model):
    _, groups = model
    found = set(terms.closed(groups))
    for term in found:
        assert all(part in found for n in range(1, len(term)) for part in combinations(term, n))
        assert any(set(term) <= set(group) for group in groups)
    largest = terms.generators(found)
    assert not any(set(a) < set(b) for a in largest for b in largest)


@given(models())
def test_the_design_says_who_is_on_all_lists_of_a_term(model):
    size, groups = model
    wanted = terms.closed(groups)
    X = terms.design(wanted, size)
    assert X.shape == (2**size, 1 + len(wanted))
    for code in np.random.default_rng(1).integers(0, 2**size, 20):
        pattern = format(code, f"0{size}b")
        row = [all(pattern[i] == "1" for i in term) for term in wanted]
        assert np.array_equal(X[code], [1, *row])
    assert np.array_equal(X[0], np.eye(1 + len(wanted))[0])


def test_the_design_has_full_rank():
    for size in range(2, 6):
        X = terms.design(terms.pairs(size, size - 1), size)
        assert X.shape[1] == 2**size - 1
        assert np.linalg.matrix_rank(X[1:]) == 2**size - 1


def test_common_models():
    assert terms.independent(3) == ((0,), (1,), (2,))
    assert terms.pairs(3) == ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
    assert terms.pairs(3, 1) == terms.independent(3)
    assert terms.brackets(terms.pairs(3), 3) == "[12,13,23]"
    assert terms.brackets(terms.independent(4), 4) == "[1,2,3,4]"
    assert terms.brackets([(0, 9), (0,), (9,)], 10) == "[1.10]"


@pytest.mark.parametrize(
    "model",
    ["[123,14,34]", "123,14,34", " [ 123, 1 4, 43] ", "[1.2.3,1.4,3.4]",
     [["a", "b", "c"], ("d", "a"), {"c", "d"}], (["a", "b", "c"], "a", ["a", "d"], ["d", "c"])],
)  # fmt: skip
def test_ways_of_writing_a_model(model):
    assert terms.model_problems(model, LISTS) == []
    assert terms.brackets(terms.read_model(model, LISTS), 4) == "[123,14,34]"


WRONG = {
    "words": ("a*b", "a model is written by the numbers of its lists"),
    "empty": ("", "a model is written by the numbers"),
    "no list": ("[12,35]", "names list 5; there are 4"),
    "list 0": ("[12,0]", "names list 0; there are 4"),
    "unknown": ([["a", "b"], ["c", "e"]], "names list 'e'; the lists are: a, b, c, d"),
    "left out": ("[12,3]", "has no term for list 'd'"),
    "nothing": ([], "has no term for list 'a'"),
    "twice": ("[112,3,4]", "names a list twice in one term"),
    "saturated": ("[1234]", "the interaction of all lists"),
    "number": (12, "a model is text such as '[12,3]' or groups of names; given 12"),
    "None": (None, "a model is text"),
    "numbers": ([1, 2, 3, 4], "a group of the model holds names of lists; given 1"),
    "empty groups": ([None], "a group of the model holds names"),
    "nested": ([[["a"], "b"], "c", "d"], "names list ['a']"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_model_is_said(case):
    model, words = WRONG[case]
    found = terms.model_problems(model, LISTS)
    assert any(words in one for one in found), found


def test_ten_lists_are_told_apart_by_points():
    assert terms.model_problems("[1.2,3,4,5,6,7,8,9,10]", TEN) == []
    assert terms.read_model("[1.10,2,3,4,5,6,7,8,9]", TEN)[-1] == (0, 9)
    assert any("names list 12" in one for one in terms.model_problems("[12]", TEN))


def test_a_model_without_a_list():
    assert terms.model_without("[123,14,34]", "b", LISTS) == (("a", "c"), ("a", "d"), ("c", "d"))
    assert terms.model_without([["a", "b"], "c", "d"], "c", LISTS) == (("a", "b"), ("d",))
    assert terms.model_without("[12,3,4]", "a", LISTS) == (("b",), ("c",), ("d",))
    for name in LISTS:
        rest = [one for one in LISTS if one != name]
        for model in ("[1,2,3,4]", "[12,34]", "[123,4]", "[12,13,14]"):
            fewer = terms.model_without(model, name, LISTS)
            place = LISTS.index(name)
            wanted = [t for t in terms.read_model(model, LISTS) if place not in t]
            moved = tuple(tuple(i - (i > place) for i in t) for t in wanted)
            assert terms.read_model(fewer, rest) == moved
