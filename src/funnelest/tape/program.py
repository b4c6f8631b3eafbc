"""Arithmetic that was written down once and is done again at other points.

What a model expects is written in many small steps, and for some hundred draws the steps of NumPy
take less time than to find out, each time anew, which they are. A tape (`funnelest.tape`) knows
them: with the same number of draws they are done again as they stand, on the same shapes, with
everything prepared that does not depend on the points. Where a model looked at its own numbers to
choose a way, such as one formula where all counts are large, the program checks that the choice
would be the same, and otherwise gives none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.tape.tape import Index, Tape
from funnelest.tape.traced import Traced, has_slopes

__all__ = ["Elsewhere", "Program"]

type Floats = NDArray[np.float64]


class Elsewhere(Exception):
    """At these points the arithmetic takes another way."""


class _Way:
    """Refuses what chooses another way."""

    def __init__(self, held: bool) -> None:
        self.held = held

    def __call__(self, value: Any) -> None:
        if bool(value) != self.held:
            raise Elsewhere


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
        self.shape = start.shape
        wanted = [one.at for one in results if isinstance(one, Traced)]
        ways: dict[int, bool] = dict(tape.ways)
        live = _live(tape, {start.at, *wanted, *ways})
        slots = {at: i for i, at in enumerate(live)}
        self._start = slots[start.at]
        #: Results: where they are, or -1 and the result.
        self._results = [
            (slots[one.at], has_slopes(one), None) if isinstance(one, Traced) else (-1, False, one)
            for one in results
        ]
        base: list[Any] = [None] * len(live)
        self._plan: list[tuple[Callable[..., Any], int, tuple[int, ...]]] = []
        #: Of each slot its arguments, after its own result.
        self._given: list[tuple[int, ...]] = [()] * len(live)
        self._links: list[list[tuple[int, Any, Any]]] = [[] for _ in live]
        self._shapes = [tape.steps[at].result.shape for at in live]
        for at, slot in slots.items():
            step = tape.steps[at]
            if step.function is not None:
                sources = []
                for source, argument in zip(step.sources, step.arguments, strict=True):
                    if source < 0:
                        base.append(argument)
                    sources.append(slots[source] if source >= 0 else len(base) - 1)
                self._plan.append((step.function, slot, tuple(sources)))
                self._given[slot] = (slot, *sources)
                self._links[slot] = [(slots[p], pull, push) for p, pull, push in step.links]
            if at in ways:
                base.append(None)
                self._plan.append((_Way(ways[at]), len(base) - 1, (slot,)))
        self._base = base
        self._backwards: dict[int, Any] = {}
        #: Slots that are not used after a step, step by step.
        self._spent = self._last_uses({slots[at] for at in wanted})

    def _last_uses(self, kept: set[int]) -> list[tuple[int, ...]]:
        seen = {*kept, *range(len(self._shapes), len(self._base))}
        found: list[tuple[int, ...]] = []
        for _, slot, sources in reversed(self._plan):
            last = tuple({*sources, slot} - seen)
            seen.update(last)
            found.append(last)
        return found[::-1]

    def values(self, z: Floats) -> list[Any]:
        """Return the results at points `z`."""
        v = self._base.copy()
        v[self._start] = z
        for (function, slot, sources), spent in zip(self._plan, self._spent, strict=True):
            v[slot] = function(*[v[i] for i in sources])
            for i in spent:
                v[i] = None
        return self._found(v)

    def slopes(self, z: Floats) -> tuple[Any, Floats]:
        """Return the first result at points `z`, and the slopes of its sum in them."""
        v = self._all(z)
        at, sloping, plain = self._results[0]
        if not sloping:
            return (plain if at < 0 else v[at]), np.zeros(self.shape)
        if at not in self._backwards:
            self._backwards[at] = self._back_from(at)
        slopes: list[Any] = [None] * len(self._shapes)
        slopes[at] = np.ones(self._shapes[at])
        for slot, given, additions in self._backwards[at]:
            g = slopes[slot]
            slopes[slot] = None
            values = [v[i] for i in given]
            for how, parent, pull in additions:
                if how == _FIRST:
                    slopes[parent] = pull(g, *values)
                elif how == _INTO:
                    slopes[parent] += pull(g, *values)
                elif how == _SUM:
                    slopes[parent] = slopes[parent] + pull(g, *values)
                else:
                    if how == _EMPTY:
                        slopes[parent] = np.zeros(self._shapes[parent])
                    elif how == _COPY:
                        slopes[parent] = np.array(slopes[parent])
                    pull.add(slopes[parent], g)
        return v[at], np.array(slopes[self._start])

    def along(self, z: Floats, directions: Floats) -> tuple[list[Any], list[Any]]:
        """Return the results at points `z`, and their changes along directions, on a first axis."""
        v = self._all(z)
        changes: list[Any] = [None] * len(self._shapes)
        changes[self._start] = directions
        for slot, links in enumerate(self._links):
            total: Any = None
            if links:
                values = [v[i] for i in self._given[slot]]
                for parent, _, push in links:
                    more = push(changes[parent], *values)
                    total = more if total is None else total + more
                changes[slot] = total
        results = self._found(v)
        none = len(directions)
        found = [
            changes[at] if sloping else np.zeros((none, *np.shape(result)))
            for (at, sloping, _), result in zip(self._results, results, strict=True)
        ]
        return results, found

    def _all(self, z: Floats) -> list[Any]:
        v = self._base.copy()
        v[self._start] = z
        for function, slot, sources in self._plan:
            v[slot] = function(*[v[i] for i in sources])
        return v

    def _found(self, v: list[Any]) -> list[Any]:
        return [plain if at < 0 else v[at] for at, _, plain in self._results]

    def _back_from(self, result: int) -> list[Any]:
        """Return how slopes are added up, from the last step to the first: as `Tape.pull` does."""
        known, own = {result}, set()
        found = []
        for slot in range(result, -1, -1):
            if slot not in known or not self._links[slot]:
                continue
            additions = []
            for parent, pull, _ in self._links[slot]:
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
            found.append((slot, self._given[slot], additions))
        return found


#: How slopes come to a parent: as its first, onto an own sum, as a new sum; and for an index into
#: zeros, into a copy, into an own sum.
_FIRST, _INTO, _SUM, _EMPTY, _COPY, _THERE = range(6)


def _live(tape: Tape, wanted: set[int]) -> list[int]:
    """Return the steps that what is wanted is made from, in order."""
    live = set(wanted)
    for at in range(len(tape.steps) - 1, -1, -1):
        if at in live:
            live.update(source for source in tape.steps[at].sources if source >= 0)
    return sorted(live)
