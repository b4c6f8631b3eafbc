"""Decomposable graphs: their number, and that they are what they are said to be."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from funnelest.lists.computing.graphs import GRAPHS, decomposable_graphs


def edges_of(graphs, graph):
    """Return the pairs of lists that are joined."""
    families = [
        graphs.members(int(code) | graphs.bit(i)) for i, code in enumerate(graphs.parents[graph])
    ]
    return {pair for family in families for pair in combinations(sorted(family), 2)}


def has_open_cycle(edges, lists):
    """Return whether four or more lists are a cycle with no edge across."""
    for size in range(4, lists + 1):
        for some in combinations(range(lists), size):
            inside = [e for e in edges if set(e) <= set(some)]
            degree = {i: sum(i in e for e in inside) for i in some}
            # Connected and of degree two is one cycle; two triangles need six lists.
            if all(d == 2 for d in degree.values()):
                return True
    return False


@pytest.mark.parametrize("lists", [1, 2, 3, 4, 5])
def test_there_are_as_many_as_there_should_be(lists):
    assert len(decomposable_graphs(lists)) == GRAPHS[lists]


@pytest.mark.parametrize("lists", [3, 4, 5])
def test_they_are_those_without_an_open_cycle(lists):
    graphs = decomposable_graphs(lists)
    found = {frozenset(edges_of(graphs, g)) for g in range(len(graphs))}
    pairs = list(combinations(range(lists), 2))
    every = [
        frozenset(e for k, e in enumerate(pairs) if code >> k & 1)
        for code in range(2 ** len(pairs))
    ]
    assert found == {edges for edges in every if not has_open_cycle(edges, lists)}


@pytest.mark.parametrize("lists", [3, 4, 5])
def test_first_has_no_edge_and_last_has_all(lists):
    graphs = decomposable_graphs(lists)
    assert not graphs.parents[0].any()
    assert len(edges_of(graphs, len(graphs) - 1)) == lists * (lists - 1) // 2


@pytest.mark.parametrize("lists", [3, 4, 5])
def test_parents_are_joined_to_each_other(lists):
    graphs = decomposable_graphs(lists)
    for g in range(len(graphs)):
        edges = edges_of(graphs, g)
        for code in graphs.parents[g]:
            assert set(combinations(graphs.members(int(code)), 2)) <= edges


def test_signs_of_a_chain():
    graphs = decomposable_graphs(3)
    names = [graphs.name(g) for g in range(8)]
    chain = graphs.signs[names.index("[12,23]")]
    expected = np.zeros(8)
    expected[[0b110, 0b011]], expected[[0b010, 0]] = 1.0, -1.0
    np.testing.assert_array_equal(chain, expected)


@pytest.mark.parametrize("lists", [3, 4, 5])
def test_signs_add_up_to_zero_and_count_each_list_once(lists):
    signs = decomposable_graphs(lists).signs
    sizes = np.array([code.bit_count() for code in range(2**lists)])
    np.testing.assert_array_equal(signs.sum(axis=1), 0.0)
    np.testing.assert_array_equal(signs @ sizes, float(lists))


def test_names_differ():
    for lists in (3, 4, 5):
        graphs = decomposable_graphs(lists)
        assert len({graphs.name(g) for g in range(len(graphs))}) == len(graphs)
    assert decomposable_graphs(3).name(0) == "[1,2,3]"
    assert decomposable_graphs(5).name(821) == "[12345]"
