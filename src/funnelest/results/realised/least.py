"""The fewest people whom a source can have counted in some cells, given all that it printed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from math import prod

import numpy as np
from numpy.typing import NDArray

from funnelest.evidence.counted import Counted
from funnelest.population import Population

__all__ = ["Fewest", "fewest_in_cells", "in_box"]

#: Levels of an axis of which every set is looked at: 62 of six.
_FEW = 6

#: The levels of each axis.
type Box = tuple[frozenset[int], ...]


class Fewest:
    r"""The fewest records that lines of a source have together.

    Parameters
    ----------
    one : Counted
        What the source counted.

    Notes
    -----
    With counts :math:`l_j \le n_j \le u_j` and a total of the lines T of at least t the lines R
    have :math:`\max(\sum_{R \cap T} l_j,\ t - \sum_{T \setminus R} u_j)` at least where they lie in
    T; totals have no line in common.
    """

    def __init__(self, one: Counted) -> None:
        ends = [line.figure.limits(line.divisor) for line in one.lines]
        self.low, self.high = ([end[side] for end in ends] for side in (0, 1))
        self.totals = [
            (frozenset(total.rows), total.figure.limits(one.lines[total.rows[0]].divisor)[0])
            for total in one.totals
        ]

    def of(self, rows: Collection[int]) -> int:
        """Return the fewest records in some lines, nobody in two of which is counted."""
        left, found = {*rows}, 0.0
        for lines, first in self.totals:
            inside = left & lines
            if inside:
                rest = first - sum(self.high[j] for j in lines - inside)
                found += max(rest, self.alone(inside))
                left -= inside
        return int(found + self.alone(left))

    def alone(self, rows: Collection[int]) -> int:
        """Return the same as if no total were printed."""
        return int(sum(self.low[j] for j in rows))


def fewest_in_cells(
    one: Counted, population: Population, fewest: Fewest, *, coarse: bool = False
) -> Iterator[tuple[tuple[int, ...], Box]]:
    """Yield lines, and the cells that they lie in, of which no more is known by parts of these.

    Those of every line; those of totals, and of sets of levels of their axes, where these say more
    than the lines. Lines that lie within others, such as those of known sex within that of unknown
    sex, are in the same cells. If `coarse`, those of all lines, and of each level of an axis.
    """
    boxes = [tuple(frozenset(part.tolist()) for part in population.select(line.where))
             for line in one.lines]  # fmt: skip
    for own in one.registers:
        if coarse:
            sets = [own, *_of_levels(boxes, own, single=True)]
        else:
            # A total says nothing of lines whose counts are known: it is the others' together.
            groups = [sorted(rows) for rows, _ in fewest.totals if rows & {*own}]
            open_ = [[j for j in rows if fewest.low[j] < fewest.high[j]] for rows in groups]
            sets = [*groups, *open_, *(one for rows in groups for one in _of_levels(boxes, rows))]
        wider = [_around([boxes[j] for j in rows]) for rows in sets if rows]
        apart = _apart([boxes[j] for j in own], population)
        parts = {} if coarse else {boxes[j]: (j,) for j in own}
        for box in dict.fromkeys((*parts, *wider)):
            rows = parts[box] if apart and box in parts else _within(boxes, own, box)
            each = sum(fewest.of([j]) for j in rows)
            if coarse or box in parts or not apart or fewest.of(rows) > each:
                yield rows, box


def _within(boxes: Sequence[Box], rows: Sequence[int], box: Box) -> tuple[int, ...]:
    """Return the lines that lie within some cells."""
    return tuple(j for j in rows if all(a <= b for a, b in zip(boxes[j], box, strict=True)))


def _of_levels(
    boxes: Sequence[Box], rows: Sequence[int], *, single: bool = False
) -> Iterator[Sequence[int]]:
    """Yield the lines of sets of levels of an axis: of each level if `single`, else of all sets.

    Of more than a few levels these would be too many: of each, and of all others.
    """
    for axis in range(len(boxes[0])):
        levels = list(dict.fromkeys(boxes[j][axis] for j in rows))
        most = len(levels)
        sizes = {1} if single else {*range(1, most)} if most <= _FEW else {1, most - 1}
        for size in sorted(sizes):
            for some in combinations(levels, size):
                yield [j for j in rows if boxes[j][axis] in some]


def _around(boxes: Sequence[Box]) -> Box:
    return tuple(frozenset[int]().union(*levels) for levels in zip(*boxes, strict=True))


def _apart(boxes: Sequence[Box], population: Population) -> bool:
    """Return whether no two of some lines have a cell in common."""
    together = np.zeros(population.counts.size, dtype=bool)
    for box in boxes:
        together |= in_box(population, box)
    return int(together.sum()) == sum(prod(map(len, box)) for box in boxes)


def in_box(population: Population, box: Box) -> NDArray[np.bool_]:
    """Return which cells a box has, shape ``(cells,)``."""
    inside = np.zeros(population.shape, dtype=bool)
    inside[np.ix_(*(sorted(levels) for levels in box))] = True
    return inside.ravel()
