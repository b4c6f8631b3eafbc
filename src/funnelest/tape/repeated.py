"""A function of points that is written down as a program once it is asked for again and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.tape.program import Elsewhere, Program
from funnelest.tape.tape import Tape
from funnelest.tape.traced import changes_along, gradient_of, traced, valued

__all__ = ["ROOM", "Repeated"]

type Floats = NDArray[np.float64]

#: The most bytes that the values on a tape may have.
ROOM = 2.0**26
#: So many times points of one number are done as they come: writing a program costs as much.
_FEW = 8
#: Numbers of points to which fewer are filled up, so that one program serves many.
_WIDTHS = (1, 8, 64)
#: The most programs that are kept, and numbers of points that are counted.
_PROGRAMS, _COUNTED = 12, 1000


class Repeated:
    """A function of points, with its slopes.

    What it gives depends on the points alone, to the last digit, and not on whether they were done
    by a program: that takes the same steps. Before a program is trusted, what it gives was
    compared once with what the function gives at points other than those that it was written at.

    Parameters
    ----------
    function : callable
        Takes points, shape ``(parameters, draws)``, and returns values whose last axis is that of
        the draws, or has length 1.
    small : bool, default True
        Whether the function takes so little for each draw that some more cost nothing.
    """

    def __init__(self, function: Callable[[Any], Sequence[Any]], small: bool = True) -> None:
        self._function = function
        self._small = small
        self._programs: dict[int, _Kept] = {}
        self._calls: dict[int, int] = {}
        self._never = False

    def values(self, z: Floats) -> list[Any]:
        """Return the values at points `z`."""
        wide, cut = self._widened(z)
        found: Sequence[Any] | None = self._done(wide, lambda program: program.values(wide))
        if found is None:
            with np.errstate(all="ignore"):
                found = self._function(wide)
        return [cut(one) for one in found]

    def slopes(self, z: Floats) -> tuple[Any, Floats]:
        """Return the first value at points `z`, and its slopes, of the shape of `z`."""
        wide, cut = self._widened(z)
        found = self._done(wide, lambda program: program.slopes(wide))
        if found is None:
            start = traced(wide, Tape())
            with np.errstate(all="ignore"):
                made = self._function(start)[0]
                found = valued(made), gradient_of(made, start)
        value, slopes = found
        return cut(value), cut(slopes)

    def along(self, z: Floats, directions: Floats) -> tuple[list[Any], list[Any]]:
        """Return the values at points `z`, and their changes along directions, on a first axis."""
        wide, cut = self._widened(z)
        directions, _ = self._widened(directions)
        found = self._done(wide, lambda program: program.along(wide, directions))
        if found is None:
            start = traced(wide, Tape())
            with np.errstate(all="ignore"):
                made = self._function(start)
                along = changes_along(start, directions)
                found = [valued(one) for one in made], [along(one) for one in made]
        values, changes = found
        return [cut(one) for one in values], [cut(one) for one in changes]

    def room(self, parameters: int) -> float:
        """Return the bytes that the values of one draw take."""
        tape = Tape()
        with np.errstate(all="ignore"):
            self._function(traced(np.zeros((parameters, 1)), tape))
        return tape.size

    def _widened(self, z: Floats) -> tuple[Floats, Callable[[Any], Any]]:
        """Return the points, with the last one repeated up to a width, and what cuts results."""
        draws = z.shape[-1]
        width = next((w for w in _WIDTHS if w >= draws), draws) if self._small else draws
        if width == draws or not draws:  # of no points there is none to repeat
            return z, lambda value: value
        more = np.broadcast_to(z[..., -1:], (*z.shape[:-1], width - draws))
        wide = np.concatenate([z, more], axis=-1)

        def cut(value: Any) -> Any:
            return value[..., :draws] if np.ndim(value) and value.shape[-1] == width else value

        return wide, cut

    def _done[Found](self, z: Floats, ask: Callable[[Program], Found]) -> Found | None:
        """Return what the program for so many points gives; None where there is none."""
        kept = self._kept(z)
        if kept is None:
            return None
        try:
            with np.errstate(all="ignore"):
                if not kept.trusted:
                    kept.trusted = self._right(kept.program, z)
                    if not kept.trusted:
                        self._never = True
                        self._programs.clear()
                        return None
                found = ask(kept.program)
        except Elsewhere:
            kept.vain += 1
            if kept.vain > 2 + kept.used // 4:
                del self._programs[z.shape[1]]
            return None
        kept.used += 1
        return found

    def _right(self, program: Program, z: Floats) -> bool:
        pairs = zip(program.values(z), self._function(z), strict=True)
        return all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)

    def _kept(self, z: Floats) -> _Kept | None:
        draws = z.shape[1]
        if draws in self._programs:
            return self._programs[draws]
        if len(self._calls) > _COUNTED:
            self._calls.clear()
        calls = self._calls[draws] = self._calls.get(draws, 0) + 1
        # Where it did not go well, after twice as many.
        if self._never or calls < _FEW or calls & (calls - 1):
            return None
        tape = Tape(again=True, room=ROOM)
        try:
            start = traced(z, tape)
            with np.errstate(all="ignore"):
                program = Program(tape, start, self._function(start))
        except Exception:  # a function, also a user's, may ask anything of an array
            return None
        if len(self._programs) >= _PROGRAMS:
            del self._programs[next(iter(self._programs))]
        self._programs[draws] = _Kept(program)
        return None


class _Kept:
    """A program, whether it was compared, and how often it was of use and in vain."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.trusted = False
        self.used = self.vain = 0
