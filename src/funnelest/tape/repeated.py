"""A function of points that is written down as a program once it is asked for again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.tape.program import Program
from funnelest.tape.tape import Tape
from funnelest.tape.traced import changes_along, gradient_of, traced, valued
from funnelest.tape.ways import Kept, Ways

__all__ = ["ROOM", "Repeated"]

type Floats = NDArray[np.float64]

#: The most bytes that the values on a tape may have.
ROOM = 2.0**26
#: So many times points of one number are done as they come: writing a program costs as much.
_FEW = 8
#: So many times ways that part from those of a program: such points are asked for often.
_PARTED = 2
#: Numbers of points to which fewer are filled up, so that one program serves many.
_WIDTHS = (1, 8, 64)
#: The most numbers of points for which programs are kept, and ways that are counted.
_PROGRAMS, _COUNTED = 12, 1000
#: Other steps may give other last digits; further apart, numbers were made in another way.
_APART = 1e-6


class Repeated:
    """A function of points, with its slopes.

    What it gives depends on the points alone, to the last digit, and not on whether they were done
    by a program: that takes the same steps. It is compared with what the function itself gives
    when it is used for the first time, and again after 1, 2, 4, 8, ... more times, for a function
    may choose its way by what a tape does not see, such as whether it was given an array.

    Parameters
    ----------
    function : callable
        Takes points, shape ``(parameters, draws)``, and returns values whose last axis is that of
        the draws, or has length 1.
    small : bool, default True
        Whether the function takes so little for each draw that some more cost nothing.

    Raises
    ------
    FitError
        By every method, when the function gives other numbers where its slopes are wanted, or
        where its steps are done again.
    """

    def __init__(self, function: Callable[[Any], Sequence[Any]], small: bool = True) -> None:
        self._function = function
        self._small = small
        self._programs: dict[int, Ways] = {}
        #: How often there was no program, by the number of points and the ways that were known.
        self._missed: Counter[tuple[int, tuple[bool, ...]]] = Counter()
        #: How often slopes were asked for without one.
        self._direct = 0
        self._never = False

    def values(self, z: Floats) -> list[Any]:
        """Return the values at points `z`."""
        wide, cut = self._widened(z)
        found: Sequence[Any] | None = self._done(wide, Program.values)
        if found is None:
            found = self._plain(wide)
        return [cut(one) for one in found]

    def slopes(self, z: Floats) -> tuple[Any, Floats]:
        """Return the first value at points `z`, and its slopes, of the shape of `z`."""
        wide, cut = self._widened(z)
        found = self._done(wide, Program.slopes)
        if found is None:
            start = traced(wide, Tape())
            with np.errstate(all="ignore"):
                made = self._function(start)[0]
                found = valued(made), gradient_of(made, start)
            self._compared(wide, found[:1])
        value, slopes = found
        return cut(value), cut(slopes)

    def along(self, z: Floats, directions: Floats) -> tuple[list[Any], list[Any]]:
        """Return the values at points `z`, and their changes along directions, on a first axis."""
        wide, cut = self._widened(z)
        directions, _ = self._widened(directions)
        found = self._done(wide, lambda program, v: program.along(v, directions))
        if found is None:
            start = traced(wide, Tape())
            with np.errstate(all="ignore"):
                made = self._function(start)
                along = changes_along(start, directions)
                found = [valued(one) for one in made], [along(one) for one in made]
            self._compared(wide, found[0])
        values, changes = found
        return [cut(one) for one in values], [cut(one) for one in changes]

    def room(self, parameters: int) -> float:
        """Return the bytes that the values of one draw take."""
        tape = Tape()
        with np.errstate(all="ignore"):
            self._function(traced(np.zeros((parameters, 1)), tape))
        return tape.size

    def _plain(self, z: Floats) -> Sequence[Any]:
        with np.errstate(all="ignore"):
            return self._function(z)

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

    def _done[Found](self, z: Floats, ask: Callable[[Program, list[Any]], Found]) -> Found | None:
        """Return what the program for such points gives; None where there is none."""
        if self._never:
            return None
        draws = z.shape[1]
        programs = self._programs.get(draws)
        way: tuple[bool, ...] = ()
        if programs is not None:
            with np.errstate(all="ignore"):
                way, kept, v = programs.follow(z)
                if kept is not None:
                    return ask(kept.program, v) if self._right(kept, z, [*v]) else None
            if programs.idle:
                del self._programs[draws]
                way = ()
        if len(self._missed) > _COUNTED:
            self._missed.clear()
        self._missed[draws, way] = missed = self._missed[draws, way] + 1
        # Where it did not go well, after twice as many.
        if missed >= (_PARTED if way else _FEW) and _is_power(missed):
            self._write(z)
        return None

    def _right(self, kept: Kept, z: Floats, v: list[Any]) -> bool:
        """Return whether a program gives what the function gives, where it is time to compare."""
        used = kept.used
        kept.used += 1
        if used and not _is_power(used):
            return True
        found, wanted = kept.program.values(v), self._plain(z)
        if all(np.array_equal(*pair, equal_nan=True) for pair in zip(found, wanted, strict=True)):
            return True
        self._never = True
        self._programs.clear()
        if used:  # what it gave before was taken for true
            _check(found, wanted)
        return False

    def _compared(self, z: Floats, found: Sequence[Any]) -> None:
        """Compare what is given with slopes with what is given without them, from time to time."""
        self._direct += 1
        if _is_power(self._direct):
            _check(found, self._plain(z)[: len(found)])

    def _write(self, z: Floats) -> None:
        """Write a program for such points, if the function can be written down."""
        tape = Tape(again=True, room=ROOM)
        try:
            start = traced(z, tape)
            with np.errstate(all="ignore"):
                program = Program(tape, start, self._function(start))
        except Exception:  # a function, also a user's, may ask anything of an array
            return
        if tape.refused:  # it asked in vain, and went on in another way than with an array
            self._never = True
            self._programs.clear()
            return
        draws = z.shape[1]
        if draws not in self._programs and len(self._programs) >= _PROGRAMS:
            del self._programs[next(iter(self._programs))]
        self._programs.setdefault(draws, Ways()).add(program)


def _is_power(count: int) -> bool:
    return not count & (count - 1)


def _check(found: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Refuse numbers that were made in another way than those that are wanted."""
    for one, other in zip(found, wanted, strict=True):
        there = np.isfinite(one) & np.isfinite(other)
        with np.errstate(invalid="ignore"):
            apart = abs(one - other) > _APART * np.maximum(1.0, abs(other))
        if (there & apart).any():
            raise FitError(
                "A function in this model, such as a likelihood of your own, gives other numbers "
                "when its slopes are wanted than for plain arrays: it chooses its way by what it "
                "is given. Choose with funnelest.math.where, and write the rest with the ordinary "
                "operators and the functions of funnelest.math."
            )
