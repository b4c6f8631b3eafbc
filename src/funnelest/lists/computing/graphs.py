"""Decomposable graphs: which lists depend on each other, where the likelihood has a closed form.

A graph joins lists that depend on each other; it is decomposable (chordal) when its lists can be
removed one after the other, such that the neighbours a list still has are all joined to each
other. Read backwards that is an order of the lists in which each depends on its *parents* alone,
and parents are always joined: the probabilities are a product over lists of "this one given its
parents" (Lauritzen, Graphical Models, 1996, section 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.terms import brackets, closed

__all__ = ["GRAPHS", "Graphs", "decomposable_graphs"]

#: Number of decomposable graphs on so many lists (sequence A058862 of the OEIS).
GRAPHS = {1: 1, 2: 2, 3: 8, 4: 61, 5: 822, 6: 18_154, 7: 617_675, 8: 30_888_596}


@dataclass(frozen=True)
class Graphs:
    """All decomposable graphs on some lists.

    Sets of lists are whole numbers, one bit per list, the first list foremost: of three lists,
    ``0b110`` is the first two. That is also the code of the pattern of who is on just these.

    Parameters
    ----------
    lists : int
        Number of lists.
    parents : ndarray of int
        Shape ``(graphs, lists)``: the set on which each list depends.
    """

    lists: int
    parents: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.parents)

    def bit(self, place: int) -> int:
        """Return the set of one list."""
        return 1 << (self.lists - 1 - place)

    def members(self, code: int) -> tuple[int, ...]:
        """Return the places of the lists of a set."""
        return tuple(i for i in range(self.lists) if code & self.bit(i))

    @property
    def signs(self) -> NDArray[np.float64]:
        """How often each set of lists counts in a graph, shape ``(graphs, 2**lists)``.

        Plus one for a clique, minus one for each time that a set separates cliques, so that a
        logarithm of probability is ``signs`` times those of the sets. It is made of "list and
        parents" minus "parents", so that every row adds up to zero.
        """
        found = np.zeros((len(self), 2**self.lists))
        rows = np.arange(len(self))
        for place in range(self.lists):
            parents = self.parents[:, place]
            np.add.at(found, (rows, parents | self.bit(place)), 1.0)
            np.add.at(found, (rows, parents), -1.0)
        return found

    def name(self, graph: int) -> str:
        """Return the cliques of a graph, such as ``"[12,3]"``."""
        families = [
            self.members(int(code) | self.bit(i)) for i, code in enumerate(self.parents[graph])
        ]
        return brackets(closed(families), self.lists)


def _parents(edges: int, pairs: list[tuple[int, int]], lists: int) -> list[int] | None:
    """Return the parents of each list, or None when the graph is not decomposable."""
    bits = [1 << (lists - 1 - i) for i in range(lists)]
    joined = [0] * lists
    for k, (i, j) in enumerate(pairs):
        if edges >> k & 1:
            joined[i] |= bits[j]
            joined[j] |= bits[i]
    found = [0] * lists
    left = list(range(lists))
    remaining = sum(bits)
    while left:
        for i in left:
            near = joined[i] & remaining
            if all(not near & ~(joined[j] | bits[j]) for j in left if near & bits[j]):
                break
        else:
            return None
        found[i] = near
        left.remove(i)
        remaining &= ~bits[i]
    return found


@cache
def decomposable_graphs(lists: int) -> Graphs:
    """Return all decomposable graphs on some lists: without edges first, the complete one last.

    Every graph is tried, ``2**(lists * (lists - 1) / 2)``: at most 5 lists or so.
    """
    pairs = list(combinations(range(lists), 2))
    tried = (_parents(edges, pairs, lists) for edges in range(2 ** len(pairs)))
    return Graphs(lists, np.array([one for one in tried if one is not None], dtype=np.int64))
