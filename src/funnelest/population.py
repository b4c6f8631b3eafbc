"""The population: people counted on named axes, and the selection of cells by `where`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelest.axes import Axis, Where, frame_problems, made_axes, show_where
from funnelest.entry import entries
from funnelest.errors import SpecError, raise_if_any
from funnelest.fields import TRUTH, key_problems
from funnelest.levels import Role, read_levels, show_level
from funnelest.numbers import array_of, in_cells
from funnelest.roles import could_hold, question
from funnelest.selections import Index, Masks

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Population"]


@entries
@dataclass(frozen=True, init=False, eq=False)
class Population:
    """People counted in cells: every combination of the levels of named axes.

    Parameters
    ----------
    axes : mapping of str to sequence
        Axis name -> its levels, in order. A level is a whole number (an age, a year), an
        inclusive band ``(12, 16)``, one without an end ``(65, None)``, or a name. Bands may be
        given as printed: ``"0-11"``, ``"under 12"``, ``"65+"``, ``"12 tot 18 jaar"``. No axes: one
        cell.
    counts : array-like of float
        Number of people in each cell, one dimension per axis, in the order of `axes`.
    ages, years, regions : str, optional
        Name of the axis that holds ages (years, regions).
    no_role : str or sequence of str, default ()
        Names of axes that hold none of these.
    counted : bool, default True
        Whether `counts` are people; False for what `cells` makes.

    Raises
    ------
    SpecError
        With every problem: an axis without levels, overlapping bands, a shape that does not
        fit the axes, counts that are missing, negative or not finite, or all zero, an axis that
        cannot hold what it is declared to.

    See Also
    --------
    Population.from_frame : From a table with one row per cell.
    Population.cells : Axes only, when the first step is given as a number of people.

    Notes
    -----
    An axis that is not declared holds years where its name says so ("year", "jaar", "Berichtsjahr")
    and its levels too (whole numbers within 1900 and 2100), and ages likewise ("age", "leeftijd",
    "Alter (Jahre)"; within 0 and 120), if it is the only such axis. Neither a name nor a number
    alone does: codes such as 2001 and 2002, or districts 1 and 2, are asked about by the model, and
    so are texts with a number in them ("'19", "T0"), which may be periods. Regions are declared, or
    not known. The ledger has a line for each axis that says how it was read.

    Years are single ones: a rate is of one year. Whoever is there in two years is counted in both,
    so that the sum over several is of person-years, and numbers over them are means per year.

    Examples
    --------
    >>> import funnelest as fe
    >>> people = fe.Population({"age": [(0, 11), (12, 16)], "year": [2016, 2017]},
    ...                        [[2_150_000, 2_140_000], [985_000, 983_000]])
    >>> people.total({"age": (12, 16)})
    1968000.0
    >>> fe.Population({"leeftijd": ["tot 12 jaar", "12 tot 18 jaar"]}, [21, 13], ages="leeftijd")
    Population(leeftijd: 0-11, 12-17; 34 people in 2 cells)
    """

    axes: tuple[Axis, ...]
    counts: NDArray[np.float64]
    counted: bool
    # Selections are asked for at every evaluation of a density: each is found once.
    _found: dict[str, tuple[tuple[NDArray[np.intp], ...], list[str]]] = field(repr=False)
    _chosen: dict[tuple[str, str], tuple[NDArray[np.intp], list[str]]] = field(repr=False)

    def __init__(
        self,
        axes: Mapping[str, Sequence[Any]],
        counts: ArrayLike,
        *,
        ages: str | None = None,
        years: str | None = None,
        regions: str | None = None,
        no_role: str | Sequence[str] = (),
        counted: bool = True,
    ) -> None:
        made, problems = made_axes(axes, ages, years, regions, no_role)
        shape = tuple(len(axis.levels) for axis in made)
        array, wrong = array_of(counts, list(axes.values()) if not problems else ())
        if array is None or (wrong and not array.shape):
            problems.append(
                f"population counts must be numbers, as many in every row; {in_cells(counts)}."
            )
            raise SpecError(problems, "the population")
        if array.shape != shape:
            names = " x ".join(f"{len(a.levels)} levels of {a.name!r}" for a in made) or "one cell"
            problems.append(
                f"population counts have shape {array.shape}, but the axes need {shape} ({names})."
            )
        elif not problems or wrong:
            problems += _count_problems(made, array, wrong)
        problems += TRUTH.said("counted", counted)
        raise_if_any(problems, "the population")
        array.flags.writeable = False
        object.__setattr__(self, "axes", tuple(made))
        object.__setattr__(self, "counts", array)
        object.__setattr__(self, "counted", counted)
        object.__setattr__(self, "_found", {})
        object.__setattr__(self, "_chosen", {})

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        count: str = "count",
        ages: str | None = None,
        years: str | None = None,
        regions: str | None = None,
        no_role: str | Sequence[str] = (),
    ) -> Population:
        """Build a population from a table with one row per cell.

        Parameters
        ----------
        frame : pandas.DataFrame
            One column per axis, and one with the number of people.
        count : str, default "count"
            The column with the number of people.
        ages, years, regions, no_role
            What the axes hold, as in `Population`.

        Returns
        -------
        Population
            Numeric axes are sorted; names keep the order of their first row.

        Raises
        ------
        SpecError
            With every problem: no such column, a cell missing or given twice, a bad count.
        """
        said = {"ages": ages, "years": years, "regions": regions, "no_role": no_role}
        raise_if_any(frame_problems(frame, count, said), "the population")
        raw = {str(column): list(frame[column]) for column in frame.columns if column != count}
        names = list(raw)
        declared = [ages, years, regions, *([no_role] if isinstance(no_role, str) else no_role)]
        columns, levels, problems = {}, {}, []
        for name in names:
            role: Role | None = "ages" if name == ages else "years" if name == years else None
            columns[name], trouble = read_levels(name, raw[name], role, name in declared)
            problems += list(dict.fromkeys(trouble))
            levels[name] = list(dict.fromkeys(columns[name]))
            if not any(isinstance(level, str) for level in levels[name]):
                levels[name].sort(key=lambda v: v[0] if isinstance(v, tuple) else v)
        raise_if_any(problems, "the population")
        made, problems = made_axes(levels, ages, years, regions, no_role)
        raise_if_any(problems, "the population")
        counts = np.full([len(values) for values in levels.values()], np.nan)
        seen: dict[tuple[int, ...], int] = {}
        wrong: list[tuple[tuple[int, ...], object]] = []
        for row, number in enumerate(frame[count]):
            cell = tuple(levels[name].index(columns[name][row]) for name in names)
            label = _show_cell(made, cell)
            if cell in seen:
                problems.append(f"the population has two rows for {label}.")
            seen[cell] = row
            read, no = array_of(number)
            if read is not None and read.shape == () and not no:
                counts[cell] = float(read)
            else:
                wrong.append((cell, number))
        named = [name for name in frame.index.names if name is not None and name not in frame]
        if problems and named:
            problems.append(
                f"the rows of the table have names of their own ({', '.join(map(repr, named))}): "
                "if these are levels, give table.reset_index(), so that they are a column."
            )
        absent = [c for c in np.ndindex(*counts.shape) if c not in seen]
        problems += [f"the population has no row for {_show_cell(made, c)}." for c in absent[:5]]
        if len(absent) > 5:
            problems.append(f"{len(absent) - 5} more cells of the population have no row.")
        if not absent:
            problems += _count_problems(made, counts, wrong)
        raise_if_any(problems, "the population")
        return cls(levels, counts, ages=ages, years=years, regions=regions, no_role=no_role)

    @classmethod
    def cells(
        cls,
        axes: Mapping[str, Sequence[Any]] | None = None,
        *,
        ages: str | None = None,
        years: str | None = None,
        regions: str | None = None,
        no_role: str | Sequence[str] = (),
    ) -> Population:
        """Build cells without a head count, for routes whose entry is given as a number.

        Parameters
        ----------
        axes : mapping of str to sequence, optional
            Axis name -> its levels; without it, one cell.
        ages, years, regions, no_role
            What the axes hold, as in `Population`.

        Returns
        -------
        Population
            One unit in each cell; use it with `Number` for the occurrence.
        """
        axes = {} if axes is None else axes
        made, problems = made_axes(axes, ages, years, regions, no_role)
        raise_if_any(problems, "the population")
        ones = np.ones([len(axis.levels) for axis in made])
        roles: Any = {"ages": ages, "years": years, "regions": regions, "no_role": no_role}
        return cls({axis.name: axis.levels for axis in made}, ones, counted=False, **roles)

    def axis(self, name: str) -> Axis | None:
        """Return the axis with this name, or None."""
        known = self.axes if isinstance(name, str) else ()
        return next((axis for axis in known if axis.name == name), None)

    def position(self, name: str) -> int:
        """Return the position of the axis with this name."""
        return [axis.name for axis in self.axes].index(name)

    @property
    def ages(self) -> Axis | None:
        """The axis of ages, if it is known."""
        return self._holding("ages")

    @property
    def years(self) -> Axis | None:
        """The axis of years, if it is known."""
        return self._holding("years")

    @property
    def regions(self) -> Axis | None:
        """The axis of regions, if it is declared."""
        return self._holding("regions")

    def _holding(self, role: Role) -> Axis | None:
        return next((axis for axis in self.axes if axis.role == role), None)

    def could_hold(self, role: Role) -> list[Axis]:
        """Return the axes of which one may hold a `role` that none is known to hold."""
        return could_hold(self.axes, role)

    def question(self, role: Role) -> str:
        """Return what to ask when it is not known which axis holds a `role`."""
        return question(self.axes, role)

    def age_problems(self, name: str | None) -> list[str]:
        """Return why no axis of ages has this name; without a name, why none is known."""
        if name is None:
            return [] if self.ages is not None else [self.question("ages")]
        axis = self.axis(name)
        if axis is not None and axis.numeric:
            return []
        known = ", ".join(one.name for one in self.axes) or "none"
        return [f"there is no axis {name!r} of ages; the population's axes are: {known}."]

    def age_axis(self, name: str | None = None) -> Axis:
        """Return the axis of ages: the one with this name, or the one that is known."""
        axis = self.ages if name is None else self.axis(name)
        if axis is None:
            raise SpecError(self.age_problems(name), "the axis of ages")
        return axis

    def per_problems(self, per: object, what: str = "per") -> list[str]:
        """Return why no mean can be taken over an axis, one sentence each."""
        if isinstance(per, str) and per == "auto":
            return [self.question("years")] if self.could_hold("years") else []
        if per is None:
            return []
        axis = self.axis(per) if isinstance(per, str) else None
        if axis is not None:
            wide = [v for v in axis.levels if isinstance(v, tuple) and v[0] != v[1]]
            return [
                f"{what} names axis {per!r}, of which {show_level(one)} is a band: a mean over "
                f"bands is none per {per}. Give a total, or a population of single levels."
                for one in wide[:1]
            ]
        known = ", ".join(axis.name for axis in self.axes) or "none"
        return [f"{what} names axis {per!r}; the population's axes are: {known}."]

    def mean_over(self, per: str | None) -> str | None:
        """Return the axis over which a mean is taken: the one of years, if any, for "auto"."""
        raise_if_any(self.per_problems(per), "a mean over an axis")
        if per == "auto":
            return None if self.years is None else self.years.name
        return per

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each axis."""
        return self.counts.shape

    def problems_in(self, where: Where) -> list[str]:
        """Return what is wrong with a selection, one sentence each."""
        return list(self._select(where)[1])

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
        where = {} if where is None else where
        indices, problems = self._select(where)
        if problems:
            raise_if_any(problems, f"the selection {show_where(where)}")
        return indices

    def _select(self, where: Where) -> tuple[tuple[NDArray[np.intp], ...], list[str]]:
        """Return the selected level indices of each axis, and what is wrong with the selection."""
        key = repr(where)
        if key not in self._found:
            self._found[key] = self._selected(where)
        return self._found[key]

    def _selected(self, where: Where) -> tuple[tuple[NDArray[np.intp], ...], list[str]]:
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
            indices, trouble = self._on(axis, [where[axis.name]] if axis.name in where else [])
            problems += [f"where: {text}" for text in trouble]
            chosen.append(indices)
        if not problems and self.counts[np.ix_(*chosen)].sum() <= 0:
            problems.append(f"where {show_where(where)} selects nobody: its population is zero.")
        return tuple(chosen), problems

    def select_on(self, axis: Axis, wanted: object) -> tuple[NDArray[np.intp], list[str]]:
        """Return the level indices that `wanted` selects on one axis, and the problems."""
        return self._on(axis, [wanted])

    def _on(self, axis: Axis, wanted: list[object]) -> tuple[NDArray[np.intp], list[str]]:
        """Return as `select_on`, of what is wanted, if anything; else all levels."""
        key = axis.name, repr(wanted)
        if key not in self._chosen:
            every = list(range(len(axis.levels)))
            found, problems = axis.select(*wanted) if wanted else (every, [])
            indices = np.array(found, dtype=np.intp)
            indices.flags.writeable = False
            self._chosen[key] = indices, problems
        return self._chosen[key]

    def mask(self, where: Where | None = None) -> NDArray[np.bool_]:
        """Return which cells a selection takes, as an array of `shape`."""
        inside = np.zeros(self.shape, dtype=bool)
        inside[np.ix_(*self.select(where))] = True
        return inside

    def masks(self, wheres: Sequence[Where]) -> Sequence[NDArray[np.bool_]]:
        """Return the mask of each of several selections, made when it is asked for."""
        return Masks(wheres, self.mask)

    def union(self, wheres: Iterable[Where]) -> NDArray[np.bool_]:
        """Return which cells any of several selections takes, as an array of `shape`."""
        inside = np.zeros(self.shape, dtype=bool)
        for where in wheres:
            inside[np.ix_(*self.select(where))] = True
        return inside

    def sharing(self, wheres: Sequence[Where]) -> list[tuple[int, int]]:
        """Return the pairs of selections with a cell in common, by their numbers, ascending."""
        chosen = [self.select(where) for where in wheres]
        index = Index(chosen)
        return [(i, j) for i, one in enumerate(chosen) for j in index.meeting(one) if i < j]

    def total(self, where: Where | None = None) -> float:
        """Return the number of people in the selected cells."""
        return float(self.counts[np.ix_(*self.select(where))].sum())

    def to_dict(self) -> dict[str, Any]:
        """Return the population as plain JSON types."""
        return {
            # Pairs, since other programs do not keep the order of a mapping.
            "axes": [
                [axis.name, [list(v) if isinstance(v, tuple) else v for v in axis.levels]]
                for axis in self.axes
            ],
            "counts": self.counts.tolist(),
            "counted": self.counted,
            "ages": self._declared("ages"),
            "years": self._declared("years"),
            "regions": self._declared("regions"),
            "no_role": [axis.name for axis in self.axes if axis.declared and axis.role is None],
        }

    def _declared(self, role: Role) -> str | None:
        axis = self._holding(role)
        return None if axis is None or not axis.declared else axis.name

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Population:
        """Rebuild a population from `to_dict`."""
        keys = ("axes", "counts", "counted", "ages", "years", "regions", "no_role")
        found = key_problems("the population", data, keys)
        pairs = [] if found else data["axes"]
        if not isinstance(pairs, list) or not all(
            isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) for one in pairs
        ):
            found.append(f"axes must be a list of names with their levels; given {pairs!r}.")
        raise_if_any(found, "the population")
        return cls(**{**data, "axes": dict(pairs)})

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Population)
            and self.axes == other.axes
            and self.counted == other.counted
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]  # counts are an array

    def __repr__(self) -> str:
        axes = "; ".join(map(repr, self.axes)) or "one cell"
        if not self.counted:
            return f"Population.cells({axes})"
        # Somebody who is there for two years is counted in both.
        several = self.years is not None and len(self.years.levels) > 1
        what = "person-years" if several else "people"
        cells = f" in {self.counts.size} cells" if self.counts.size > 1 else ""
        return f"Population({axes}; {self.counts.sum():,.0f} {what}{cells})"


def _show_cell(axes: Sequence[Axis], cell: Sequence[int]) -> str:
    shown = (f"{a.name} {show_level(a.levels[i])}" for a, i in zip(axes, cell, strict=True))
    return ", ".join(shown) or "the one cell"


def _count_problems(
    axes: Sequence[Axis],
    counts: NDArray[np.float64],
    wrong: Sequence[tuple[tuple[int, ...], object]],
) -> list[str]:
    values = dict(wrong)
    bad = np.argwhere(~np.isfinite(counts) | (counts < 0))
    problems = [
        f"the population of {_show_cell(axes, cell)} must be a number of at least 0; "
        + in_cells(values.get(tuple(map(int, cell)), float(counts[tuple(cell)])))
        + "."
        for cell in bad[:5]
    ]
    if len(bad) > 5:
        problems.append(f"{len(bad) - 5} more cells of the population have a bad count.")
    if not len(bad) and counts.sum() <= 0:
        problems.append("the population is zero in every cell.")
    return problems
