"""The population: people counted on named axes, and the selection of cells by `where`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelest.axes import Axis, Where, as_level, make_axes, show_level, show_where
from funnelest.errors import SpecError, raise_if_any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Population"]

_BAND = re.compile(r"^\s*(\d+)\s*(?:-|\u2013)\s*(\d+)\s*$")


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
        made, problems = make_axes(axes)
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
        made, problems = make_axes(levels)
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
        made, problems = make_axes({} if axes is None else axes)
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

    def mask(self, where: Where | None = None) -> NDArray[np.bool_]:
        """Return which cells a selection takes, as an array of `shape`."""
        inside = np.zeros(self.shape, dtype=bool)
        inside[np.ix_(*self.select(where))] = True
        return inside

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
    level = as_level(value)
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
