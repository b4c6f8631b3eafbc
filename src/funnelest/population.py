"""The population: people counted on named axes, and the selection of cells by `where`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelest.errors import SpecError, raise_if_any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Axis", "Population", "Where"]

#: One label of an axis: a number, an inclusive band of whole numbers, or a name.
type Level = int | str | tuple[int, int]
#: Which cells: axis name -> one level, an inclusive ``(low, high)``, or a list of levels.
type Where = Mapping[str, Any]

_BAND = re.compile(r"^\s*(\d+)\s*(?:-|\u2013)\s*(\d+)\s*$")


def _as_level(value: object) -> Level | None:
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
        low, high = (_as_level(part) for part in value)
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
        level = _as_level(wanted)
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


def _make_axes(axes: Mapping[str, Iterable[object]]) -> tuple[list[Axis], list[str]]:
    if not isinstance(axes, Mapping):
        return [], [f"axes must be a mapping from name to levels; given {axes!r}."]
    made, problems = [], []
    for name, labels in axes.items():
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            problems.append(f"axis {name!r} needs a list of levels; given {labels!r}.")
            continue
        levels: list[Level] = []
        for label in labels:
            level = _as_level(label)
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


@dataclass(frozen=True, init=False, eq=False)
class Population:
    """People counted in cells: every combination of the levels of named axes.

    Parameters
    ----------
    axes : mapping of str to sequence
        Axis name -> its levels, in order. A level is a whole number (an age, a year), an
        inclusive band ``(12, 16)``, or a name. No axes: one cell.
    counts : array-like of float
        Number of people in each cell, one dimension per axis, in the order of `axes`.
    counted : bool, default True
        Whether `counts` are people; False for what `cells` makes.

    Raises
    ------
    SpecError
        With every problem: an axis without levels, overlapping bands, a shape that does not
        fit the axes, counts that are missing, negative or not finite, or all zero.

    See Also
    --------
    Population.from_frame : From a table with one row per cell.
    Population.cells : Axes only, when the first step is given as a number of people.

    Examples
    --------
    >>> import funnelest as fe
    >>> people = fe.Population({"age": [(0, 11), (12, 16)], "year": [2016, 2017]},
    ...                        [[2_150_000, 2_140_000], [985_000, 983_000]])
    >>> people.total({"age": (12, 16)})
    1968000.0
    """

    axes: tuple[Axis, ...]
    counts: NDArray[np.float64]
    counted: bool
    _found: dict[str, tuple[NDArray[np.intp], ...]] = field(repr=False)

    def __init__(
        self, axes: Mapping[str, Sequence[Any]], counts: ArrayLike, *, counted: bool = True
    ) -> None:
        made, problems = _make_axes(axes)
        shape = tuple(len(axis.levels) for axis in made)
        try:
            array = np.array(counts, dtype=np.float64)
        except (TypeError, ValueError):
            raise SpecError(
                [*problems, f"population counts must be numbers; given {counts!r}."],
                "the population",
            ) from None
        if array.shape != shape:
            names = " x ".join(f"{len(a.levels)} levels of {a.name!r}" for a in made) or "one cell"
            problems.append(
                f"population counts have shape {array.shape}, but the axes need {shape} ({names})."
            )
        else:
            problems += _count_problems(made, array)
        raise_if_any(problems, "the population")
        array.flags.writeable = False
        object.__setattr__(self, "axes", tuple(made))
        object.__setattr__(self, "counts", array)
        object.__setattr__(self, "counted", counted)
        object.__setattr__(self, "_found", {})

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, count: str = "count") -> Population:
        """Build a population from a table with one row per cell.

        Parameters
        ----------
        frame : pandas.DataFrame
            One column per axis, and one with the number of people. In a column named ``age``
            the text ``"12-16"`` is read as the inclusive band (12, 16).
        count : str, default "count"
            The column with the number of people.

        Returns
        -------
        Population
            Numeric axes are sorted; names keep the order of their first row.

        Raises
        ------
        SpecError
            With every problem: no such column, a cell missing or given twice, a bad count.
        """
        if count not in frame.columns:
            raise SpecError(
                [f"the table has no column {count!r}; it has {', '.join(map(str, frame))}."],
                "the population",
            )
        names = [str(column) for column in frame.columns if column != count]
        columns = {name: [_read_label(name, value) for value in frame[name]] for name in names}
        levels: dict[str, list[Any]] = {}
        for name, values in columns.items():
            unique = list(dict.fromkeys(values))
            if all(isinstance(v, int | tuple) for v in unique):
                unique.sort(key=lambda v: v if isinstance(v, tuple) else (v, v))
            levels[name] = unique
        made, problems = _make_axes(levels)
        raise_if_any(problems, "the population")
        counts = np.full([len(values) for values in levels.values()], np.nan)
        seen: dict[tuple[int, ...], int] = {}
        for row, number in enumerate(frame[count]):
            cell = tuple(levels[name].index(columns[name][row]) for name in names)
            label = _show_cell(made, cell)
            if cell in seen:
                problems.append(f"the population has two rows for {label}.")
            seen[cell] = row
            try:
                counts[cell] = float(number)
            except (TypeError, ValueError):
                problems.append(f"the population of {label} must be a number; given {number!r}.")
        absent = [c for c in np.ndindex(*counts.shape) if c not in seen]
        problems += [f"the population has no row for {_show_cell(made, c)}." for c in absent[:5]]
        if len(absent) > 5:
            problems.append(f"{len(absent) - 5} more cells of the population have no row.")
        if not absent:
            problems += _count_problems(made, counts)
        raise_if_any(problems, "the population")
        return cls(levels, counts)

    @classmethod
    def cells(cls, axes: Mapping[str, Sequence[Any]] | None = None) -> Population:
        """Build cells without a head count, for routes whose entry is given as a number.

        Parameters
        ----------
        axes : mapping of str to sequence, optional
            Axis name -> its levels; without it, one cell.

        Returns
        -------
        Population
            One unit in each cell; use it with `Number` for the occurrence.
        """
        made, problems = _make_axes({} if axes is None else axes)
        raise_if_any(problems, "the population")
        ones = np.ones([len(axis.levels) for axis in made])
        return cls({axis.name: axis.levels for axis in made}, ones, counted=False)

    def axis(self, name: str) -> Axis | None:
        """Return the axis with this name, or None."""
        return next((axis for axis in self.axes if axis.name == name), None)

    def position(self, name: str) -> int:
        """Return the position of the axis with this name."""
        return [axis.name for axis in self.axes].index(name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each axis."""
        return self.counts.shape

    def problems_in(self, where: Where) -> list[str]:
        """Return what is wrong with a selection, one sentence each."""
        return self._select(where)[1]

    def select(self, where: Where | None = None) -> tuple[NDArray[np.intp], ...]:
        """Return the selected level indices of each axis.

        Parameters
        ----------
        where : mapping, optional
            Axis name -> one level, an inclusive ``(low, high)`` or a list of levels. Axes left
            out are taken whole.

        Returns
        -------
        tuple of ndarray of int
            One array of indices per axis.

        Raises
        ------
        SpecError
            With every problem of the selection.
        """
        # Asked for at every evaluation of a density: found once.
        key = repr(where)
        if key not in self._found:
            indices, problems = self._select(where or {})
            raise_if_any(problems, f"the selection {show_where(where or {})}")
            for one in indices:
                one.flags.writeable = False
            self._found[key] = indices
        return self._found[key]

    def _select(self, where: Where) -> tuple[tuple[NDArray[np.intp], ...], list[str]]:
        if not isinstance(where, Mapping):
            return (), [f"where must be a mapping from axis to levels; given {where!r}."]
        problems = []
        known = ", ".join(axis.name for axis in self.axes) or "none"
        for name in where:
            if self.axis(name) is None:
                problems.append(
                    f"where names axis {name!r}, which the population does not have; "
                    f"its axes are: {known}."
                )
        chosen = []
        for axis in self.axes:
            indices = list(range(len(axis.levels)))
            if axis.name in where:
                indices, trouble = axis.select(where[axis.name])
                problems += [f"where: {text}" for text in trouble]
            chosen.append(np.array(indices, dtype=np.intp))
        if not problems and self.counts[np.ix_(*chosen)].sum() <= 0:
            problems.append(f"where {show_where(where)} selects nobody: its population is zero.")
        return tuple(chosen), problems

    def total(self, where: Where | None = None) -> float:
        """Return the number of people in the selected cells."""
        return float(self.counts[np.ix_(*self.select(where))].sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the population as plain JSON types."""
        return {
            "axes": {
                axis.name: [list(v) if isinstance(v, tuple) else v for v in axis.levels]
                for axis in self.axes
            },
            "counts": self.counts.tolist(),
            "counted": self.counted,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Population:
        """Rebuild a population from `to_dict`."""
        axes = {
            name: [tuple(v) if isinstance(v, list) else v for v in levels]
            for name, levels in data["axes"].items()
        }
        return cls(axes, data["counts"], counted=data["counted"])

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Population)
            and self.axes == other.axes
            and self.counted == other.counted
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]  # counts are an array

    def __repr__(self) -> str:
        axes = ", ".join(f"{axis.name}: {axis._show()}" for axis in self.axes) or "one cell"
        if not self.counted:
            return f"Population.cells({axes})"
        return f"Population({axes}; {self.counts.sum():,.0f} people-cells)"


def _read_label(name: str, value: object) -> object:
    if name == "age" and isinstance(value, str):
        band = _BAND.match(value)
        if band:
            low, high = int(band[1]), int(band[2])
            return low if low == high else (low, high)
        if value.strip().isdigit():
            return int(value)
    level = _as_level(value)
    return value if level is None else level


def _show_cell(axes: Sequence[Axis], cell: Sequence[int]) -> str:
    shown = (f"{a.name} {show_level(a.levels[i])}" for a, i in zip(axes, cell, strict=True))
    return ", ".join(shown) or "the one cell"


def _count_problems(axes: Sequence[Axis], counts: NDArray[np.float64]) -> list[str]:
    bad = np.argwhere(~np.isfinite(counts) | (counts < 0))
    problems = [
        f"the population of {_show_cell(axes, cell)} must be a number of at least 0; "
        f"given {counts[tuple(cell)]}."
        for cell in bad[:5]
    ]
    if len(bad) > 5:
        problems.append(f"{len(bad) - 5} more cells of the population have a bad count.")
    if not len(bad) and counts.sum() <= 0:
        problems.append("the population is zero in every cell.")
    return problems
