"""What was done with some values, in the order in which it was done, read backwards or forwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Index", "Link", "Step", "Tape"]

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


class Step(NamedTuple):
    """An operation: ``result = function(*arguments)``."""

    function: Callable[..., Any] | None
    #: Where on the tape the arguments are; -1 for what is not on it.
    sources: tuple[int, ...]
    arguments: tuple[Any, ...]
    result: Any
    links: tuple[Link, ...]


class Tape:
    """What was done with some values, in the order in which it was done.

    Parameters
    ----------
    again : bool, default False
        Whether what is computed without derivatives is written down too.
    room : float, optional
        The most bytes that its values may have; any number when left out.
    """

    def __init__(self, again: bool = False, room: float = np.inf) -> None:
        self.again = again
        self.room = room
        self.steps: list[Step] = []
        #: Conditions on which a way was chosen: where on the tape, and whether it held.
        self.ways: list[tuple[int, bool]] = []
        #: The same numbers with other axes: where they are, by where they came from and shape.
        self.shaped: dict[tuple[int, tuple[int, ...]], int] = {}
        #: Size of all values on the tape, in bytes.
        self.size = 0

    def write(self, step: Step) -> int:
        """Write down an operation, and return where its result is on the tape."""
        self.size += step.result.nbytes
        if self.size > self.room:
            raise TypeError("the values take more room than there is.")
        self.steps.append(step)
        return len(self.steps) - 1

    def pull(self, result: int, start: int) -> Floats:
        """Return the slopes of the sum of a result in every entry of the start.

        Where each entry of the result is of one draw, these are the gradients of all draws.
        """
        slopes: list[Any] = [None] * len(self.steps)
        own = set()  # sums that were made here, which may be added to in place
        slopes[result] = np.ones(self.steps[result].result.shape)
        for at in range(result, start, -1):
            g, slopes[at] = slopes[at], None
            if g is None:
                continue
            _, _, arguments, value, links = self.steps[at]
            for parent, pull, _ in links:
                total = slopes[parent]
                if isinstance(pull, Index):
                    if parent not in own:
                        shape = self.steps[parent].result.shape
                        total = np.zeros(shape) if total is None else np.array(total)
                        slopes[parent] = total
                        own.add(parent)
                    pull.add(total, g)
                elif total is None:
                    slopes[parent] = pull(g, value, *arguments)
                elif parent in own:
                    total += pull(g, value, *arguments)
                else:
                    slopes[parent] = total + pull(g, value, *arguments)
                    own.add(parent)
        found = slopes[start]
        shape = self.steps[start].result.shape
        return np.zeros(shape) if found is None else np.array(found)

    def push(self, start: int, directions: Floats) -> list[Any]:
        """Return the changes of every value along `directions` of the start; None: it has none.

        Directions stand on a first axis, as the changes do.
        """
        changes: list[Any] = [None] * len(self.steps)
        changes[start] = directions
        for at in range(start + 1, len(self.steps)):
            total: Any = None
            _, _, arguments, value, links = self.steps[at]
            for parent, _, push in links:
                if changes[parent] is not None:
                    more = push(changes[parent], value, *arguments)
                    total = more if total is None else total + more
            changes[at] = total
        return changes
