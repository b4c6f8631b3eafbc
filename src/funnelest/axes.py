"""Named axes: their levels, and what a selection of them means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["Axis", "Level", "Where", "show_level", "show_where"]

#: One label of an axis: a number, an inclusive band of whole numbers, or a name.
type Level = int | str | tuple[int, int]
#: Which cells: axis name -> one level, an inclusive ``(low, high)``, or a list of levels.
type Where = Mapping[str, Any]


def as_level(value: object) -> Level | None:
    """Return `value` as a level, or None when it cannot be one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return int(value)
    if isinstance(value, tuple | list) and len(value) == 2:
        low, high = (as_level(part) for part in value)
        if isinstance(low, int) and isinstance(high, int):
            return (low, high)
    return None


def show_level(level: object) -> str:
    """Return a level as a reader writes it: ``12-16`` for the band (12, 16)."""
    if isinstance(level, tuple) and len(level) == 2:
        return f"{level[0]}-{level[1]}" if level[0] != level[1] else str(level[0])
    return str(level)


def show_where(where: Where) -> str:
    """Return a selection as text: ``age 12-16, year 2016``, or ``all``."""
    if not isinstance(where, Mapping):
        return repr(where)
    parts = []
    for axis, wanted in where.items():
        if isinstance(wanted, list | set | frozenset) or (
            isinstance(wanted, tuple) and not all(isinstance(w, int) for w in wanted)
        ):
            parts.append(f"{axis} {' or '.join(show_level(w) for w in wanted)}")
        else:
            parts.append(f"{axis} {show_level(wanted)}")
    return ", ".join(parts) or "all"


@dataclass(frozen=True)
class Axis:
    """One named axis of a population and its levels.

    Parameters
    ----------
    name : str
        Name of the axis, such as ``"age"``.
    levels : sequence of int, str or (int, int)
        The labels in order. A pair of whole numbers is an inclusive band.
    """

    name: str
    levels: tuple[Level, ...]

    @property
    def numeric(self) -> bool:
        """Whether every level is a whole number or a band of them."""
        return not any(isinstance(level, str) for level in self.levels)

    def bounds(self, index: int) -> tuple[int, int]:
        """Return the inclusive bounds of a numeric level."""
        level = self.levels[index]
        if isinstance(level, str):
            raise TypeError(f"level {level!r} of axis {self.name!r} is not a number")
        return level if isinstance(level, tuple) else (level, level)

    def select(self, wanted: object) -> tuple[list[int], list[str]]:
        """Return the indices that `wanted` selects, and the problems with it.

        Parameters
        ----------
        wanted : object
            One level; ``(low, high)``, both included, on a numeric axis; or a list (a set, a
            tuple of names) of levels.

        Returns
        -------
        indices : list of int
            Positions in `levels`, ascending.
        problems : list of str
            What cannot be selected, and why; empty when all is well.
        """
        if isinstance(wanted, list | set | frozenset) or (
            isinstance(wanted, tuple) and not self.numeric
        ):
            found: set[int] = set()
            problems: list[str] = []
            for one in wanted:
                indices, trouble = self.select(one)
                found.update(indices)
                problems += trouble
            if not wanted:
                problems.append(f"the selection on axis {self.name!r} is empty.")
            return sorted(found), problems
        level = as_level(wanted)
        choice = f"axis {self.name!r} has {self._show()}"
        if level is None:
            return [], [f"{wanted!r} is not a level of an axis; {choice}."]
        if not self.numeric or isinstance(level, str):
            if level in self.levels:
                return [self.levels.index(level)], []
            return [], [f"{show_level(level)!r} is not a level; {choice}."]
        low, high = level if isinstance(level, tuple) else (level, level)
        if low > high:
            return [], [f"{low}-{high} on axis {self.name!r} runs backwards; give (low, high)."]
        inside, cut, covered = [], [], 0
        for i in range(len(self.levels)):
            a, b = self.bounds(i)
            if low <= a and b <= high:
                inside.append(i)
                covered += b - a + 1
            elif a <= high and low <= b:
                cut.append(show_level(self.levels[i]))
        if cut:
            return inside, [
                f"{show_level(level)} on axis {self.name!r} cuts the "
                f"{'bands' if len(cut) > 1 else 'band'} {' and '.join(cut)}; "
                f"{choice}. Split the band in the population, or select whole bands."
            ]
        if covered < high - low + 1:
            return inside, [
                f"{show_level(level)} on axis {self.name!r} is not covered by the population; "
                f"{choice}."
            ]
        return inside, []

    def _show(self) -> str:
        shown = [show_level(level) for level in self.levels]
        if len(shown) > 8:
            shown = [*shown[:3], "...", *shown[-2:]]
        return ", ".join(shown)

    def problems(self) -> list[str]:
        """Return what is wrong with this axis, one sentence each."""
        found = []
        if not self.levels:
            found.append(f"axis {self.name!r} has no levels.")
        for level in self.levels:
            if isinstance(level, tuple) and level[0] > level[1]:
                found.append(f"axis {self.name!r}: the band {show_level(level)} runs backwards.")
        if len(set(self.levels)) < len(self.levels):
            found.append(f"axis {self.name!r} names a level twice.")
        kinds = {isinstance(level, str) for level in self.levels}
        if len(kinds) > 1:
            found.append(
                f"axis {self.name!r} mixes names and numbers ({self._show()}); use one of them."
            )
        elif self.numeric and not found:
            spans = sorted(self.bounds(i) for i in range(len(self.levels)))
            found += [
                f"axis {self.name!r}: the bands {show_level(one)} and {show_level(two)} overlap."
                for one, two in pairwise(spans)
                if two[0] <= one[1]
            ]
        return found


def make_axes(axes: Mapping[str, Iterable[object]]) -> tuple[list[Axis], list[str]]:
    if not isinstance(axes, Mapping):
        return [], [f"axes must be a mapping from name to levels; given {axes!r}."]
    made, problems = [], []
    for name, labels in axes.items():
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            problems.append(f"axis {name!r} needs a list of levels; given {labels!r}.")
            continue
        levels: list[Level] = []
        for label in labels:
            level = as_level(label)
            if level is None:
                problems.append(
                    f"axis {name!r}: {label!r} is not a level; allowed are whole numbers, "
                    "inclusive bands (low, high) and names."
                )
            else:
                levels.append(level)
        axis = Axis(str(name), tuple(levels))
        problems += axis.problems()
        made.append(axis)
    return made, problems
