"""Slopes by the chain rule: from a result backwards, and from a start along directions.

Both go over steps that are numbered in the order of what is made from what, and know of each of
them only on which others it depends, and with which numbers that was done. So a tape, which is read
once, and a program, which is done again, are read by the same rules, to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Index", "Link", "Links", "Return", "backwards", "pulled", "pushed"]

type Floats = NDArray[np.float64]


class Index(NamedTuple):
    """Which part of an array a result was made from, and whether it may hold a place twice."""

    index: Any
    repeats: bool
    #: From the slopes of a number in the result to those in that part; None: they are the same.
    pull: Callable[[Any], Any] | None = None

    def add(self, total: Floats, g: Any) -> None:
        """Add slopes to those in the whole array."""
        g = g if self.pull is None else self.pull(g)
        if self.repeats:
            np.add.at(total, self.index, g)
        else:
            total[self.index] += g


class Link(NamedTuple):
    """How a value depends on one that it was made from."""

    parent: int
    #: ``pull(g, result, *arguments)``: from the slopes `g` of a number in the result to those in
    #: the parent; an index is added in place.
    pull: Callable[..., Any] | Index
    #: ``push(changes, result, *arguments)``: from changes of the parent, along directions on a
    #: first axis, to those of the result.
    push: Callable[..., Any]


#: On what each step depends, by its number.
type Links = Sequence[Sequence[Link]]

#: How slopes come to a parent: as its first, onto an own sum, as a new sum; and for an index into
#: zeros, into a copy, into an own sum.
_FIRST, _INTO, _SUM, _EMPTY, _COPY, _THERE = range(6)


class Return(NamedTuple):
    """How the slopes in what one step is made from follow from those in its result."""

    at: int
    additions: list[tuple[int, int, Any]]


def backwards(links: Links, order: Iterable[int], result: int) -> list[Return]:
    """Return how slopes are added up, from a `result` to what it is made from.

    Parameters
    ----------
    links : sequence of sequence of Link
        On what each step depends.
    order : iterable of int
        The steps, the last one first.
    result : int
        The step where it begins.
    """
    known, own = {result}, set()  # own: sums that are made here, which may be added to in place
    found = []
    for at in order:
        if at not in known or not links[at]:
            continue
        additions = []
        for parent, pull, _ in links[at]:
            if isinstance(pull, Index):
                how = _THERE if parent in own else _COPY if parent in known else _EMPTY
                own.add(parent)
            elif parent not in known:
                how = _FIRST
            else:
                how = _INTO if parent in own else _SUM
                own.add(parent)
            known.add(parent)
            additions.append((how, parent, pull))
        found.append(Return(at, additions))
    return found


def pulled(
    returns: list[Return],
    given: Iterable[Sequence[Any]],
    shapes: Sequence[tuple[int, ...]],
    result: int,
    start: int,
) -> Floats:
    """Return the slopes of the sum of a result in every entry of the start.

    Parameters
    ----------
    returns : list of Return
        As `backwards` gives it.
    given : iterable of sequence
        The result and the arguments of each of these steps.
    shapes : sequence of tuple
        The shape of the result of every step.
    result, start : int
        Where it begins, and what the slopes are in.
    """
    slopes: dict[int, Any] = {result: np.ones(shapes[result])}
    for (at, additions), values in zip(returns, given, strict=True):
        g = slopes.pop(at)
        for how, parent, pull in additions:
            if how == _FIRST:
                slopes[parent] = pull(g, *values)
            elif how == _INTO:
                slopes[parent] += pull(g, *values)
            elif how == _SUM:
                slopes[parent] = slopes[parent] + pull(g, *values)
            else:
                if how == _EMPTY:
                    slopes[parent] = np.zeros(shapes[parent])
                elif how == _COPY:
                    slopes[parent] = np.array(slopes[parent])
                pull.add(slopes[parent], g)
    return np.array(slopes[start]) if start in slopes else np.zeros(shapes[start])


def pushed(
    links: Links,
    order: Iterable[int],
    given: Iterable[Sequence[Any]],
    start: int,
    directions: Floats,
) -> dict[int, Any]:
    """Return the changes of every step's result along `directions` of the start, where it has any.

    Directions stand on a first axis, as the changes do. `order` has the steps, the first one first,
    and `given` the result and the arguments of each.
    """
    changes: dict[int, Any] = {start: directions}
    for at, values in zip(order, given, strict=True):
        total: Any = None
        for parent, _, push in links[at]:
            if parent in changes:
                more = push(changes[parent], *values)
                total = more if total is None else total + more
        if total is not None:
            changes[at] = total
    return changes
