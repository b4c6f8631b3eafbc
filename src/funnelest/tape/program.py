"""Arithmetic that was written down once and is done again at other points.

What a model expects is written in many small steps, and for some hundred draws the steps of NumPy
take less time than to find out, each time anew, which they are. A tape (`funnelest.tape`) knows
them: with the same number of draws they are done again as they stand, on the same shapes, with
everything prepared that does not depend on the points. Where a model looked at its own numbers to
choose a way, such as one formula where all counts are large, a program has a fork: all that the
choice depends on comes first, so that nothing is done in vain, and programs of one function, which
are the same up to where they part, go on from there (`funnelest.tape.ways`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.tape.sweeps import Link, Return, backwards, pulled, pushed
from funnelest.tape.tape import Tape
from funnelest.tape.traced import Traced

__all__ = ["Elsewhere", "Fork", "Program"]

type Floats = NDArray[np.float64]


class Elsewhere(Exception):
    """At these points the arithmetic takes another way."""


class _Part:
    """Steps that are done one after the other, with the constants that they need.

    Values are a list, to which the constants and then the result of each step are added: so each
    has its place.
    """

    def __init__(self, constants: list[Any]) -> None:
        self.constants = constants
        self.steps: list[tuple[Callable[..., Any], tuple[int, ...]]] = []

    def do(self, v: list[Any]) -> None:
        """Add what this part makes to the values."""
        v += self.constants
        for function, sources in self.steps:
            v.append(function(*[v[i] for i in sources]))


class Fork:
    """A part at whose end a way is chosen."""

    def __init__(self, part: _Part, place: int) -> None:
        self._part = part
        self._place = place

    def taken(self, v: list[Any]) -> bool:
        """Add what this part makes to the values, and return which way they go on."""
        self._part.do(v)
        return bool(v[self._place])


class Program:
    """What a tape holds, for points of the shape of its start.

    Parameters
    ----------
    tape : Tape
        One that is written to be done again.
    start : Traced
        The points that it begins with.
    results : sequence
        What is wanted; values that depend on no point may be among them.
    """

    def __init__(self, tape: Tape, start: Traced, results: Sequence[Any]) -> None:
        #: Where the values of steps are, by where they stand on the tape.
        self._places = {start.at: 0}
        self._count = 1
        self._arguments: dict[int, tuple[int, ...]] = {}
        ways: dict[int, bool] = dict(tape.ways)
        self.forks: list[Fork] = []
        for at in ways:
            part = self._part(tape, {at})
            self.forks.append(Fork(part, self._places[at]))
        #: Which way is taken at each fork.
        self.ways = tuple(ways.values())
        self._rest = self._part(tape, {one.at for one in results if isinstance(one, Traced)})
        places = self._places
        #: Results: where they are, or -1 and the result.
        self._results = [
            (places[one.at], None) if isinstance(one, Traced) else (-1, one) for one in results
        ]
        self._shapes: list[tuple[int, ...]] = [()] * self._count
        self._links: list[list[Link]] = [[] for _ in range(self._count)]
        self._given: list[tuple[int, ...]] = [()] * self._count
        #: The places of what has slopes, in the order of the tape, so that sums are the same.
        self._order: list[int] = []
        for at in sorted(places):
            place, step = places[at], tape.steps[at]
            self._shapes[place] = step.result.shape
            if step.links:
                self._order.append(place)
                self._given[place] = (place, *self._arguments[at])
                self._links[place] = [one._replace(parent=places[one.parent]) for one in step.links]
        del self._places, self._arguments
        self._returns: dict[int, list[Return]] = {}
        self._spent = self._last_uses()

    def _part(self, tape: Tape, wanted: set[int]) -> _Part:
        """Return the steps that make what is wanted from what is there already."""
        places, new = self._places, set()
        open_ = list(wanted - places.keys())
        while open_:
            at = open_.pop()
            if at not in new:
                new.add(at)
                sources = tape.steps[at].sources
                open_ += [one for one in sources if one >= 0 and one not in places]
        part = _Part([])
        order = sorted(new)
        done = []
        for at in order:
            step = tape.steps[at]
            if step.function is None:  # another start
                places[at] = self._count + len(part.constants)
                part.constants.append(step.result)
                continue
            first = self._count + len(part.constants)
            part.constants += [
                x for source, x in zip(step.sources, step.arguments, strict=True) if source < 0
            ]
            done.append((at, step.function, first))
        self._count += len(part.constants)
        for at, function, first in done:
            own = iter(range(first, self._count))
            sources = tuple(
                places[source] if source >= 0 else next(own) for source in tape.steps[at].sources
            )
            part.steps.append((function, sources))
            places[at], self._arguments[at] = self._count, sources
            self._count += 1
        return part

    def _last_uses(self) -> list[tuple[int, ...]]:
        """Return the places that are not used after a step of the last part, step by step."""
        first = self._count - len(self._rest.steps)
        constants = range(first - len(self._rest.constants), first)
        seen = {*constants, *(at for at, _ in self._results)}
        found: list[tuple[int, ...]] = []
        for i in range(len(self._rest.steps) - 1, -1, -1):
            last = tuple({*self._rest.steps[i][1], first + i} - seen)
            seen.update(last)
            found.append(last)
        return found[::-1]

    def begun(self, z: Floats) -> list[Any]:
        """Return what is done at points `z` up to the last fork."""
        v: list[Any] = [z]
        for fork, way in zip(self.forks, self.ways, strict=True):
            if fork.taken(v) != way:
                raise Elsewhere
        return v

    def values(self, v: list[Any]) -> list[Any]:
        """Return the results at points for which it has `begun`."""
        v += self._rest.constants
        for (function, sources), spent in zip(self._rest.steps, self._spent, strict=True):
            v.append(function(*[v[i] for i in sources]))
            for i in spent:
                v[i] = None
        return self._found(v)

    def slopes(self, v: list[Any]) -> tuple[Any, Floats]:
        """Return the first result, and the slopes of its sum in the points."""
        self._rest.do(v)
        at, plain = self._results[0]
        if at < 0:
            return plain, np.zeros(self._shapes[0])
        if at not in self._returns:
            self._returns[at] = backwards(self._links, reversed(self._order), at)
        returns = self._returns[at]
        given = self._numbers(v, (one.at for one in returns))
        return v[at], pulled(returns, given, self._shapes, at, 0)

    def along(self, v: list[Any], directions: Floats) -> tuple[list[Any], list[Any]]:
        """Return the results, and their changes along directions, on a first axis."""
        self._rest.do(v)
        given = self._numbers(v, self._order)
        changes = pushed(self._links, self._order, given, 0, directions)
        results = self._found(v)
        none = len(directions)
        found = [
            changes[at] if at in changes else np.zeros((none, *np.shape(result)))
            for (at, _), result in zip(self._results, results, strict=True)
        ]
        return results, found

    def _numbers(self, v: list[Any], places: Any) -> Iterator[list[Any]]:
        return ([v[i] for i in self._given[place]] for place in places)

    def _found(self, v: list[Any]) -> list[Any]:
        return [plain if at < 0 else v[at] for at, plain in self._results]
