"""A register: counts of records, incomplete and unreliable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.axes import Where, show_level
from funnelest.defects.base import Records, carried
from funnelest.defects.false_records import FalsePositives
from funnelest.defects.unknown import Unrecorded
from funnelest.distributions import NegativeBinomial, Poisson
from funnelest.evidence.base import FigureClass, NumberEvidence
from funnelest.evidence.counted import Counted, Line
from funnelest.evidence.on_route import OnRoute
from funnelest.figures import as_figure, as_given, figure_problems
from funnelest.observations.observation import Observation, Seen
from funnelest.observations.scattered import PrintedInSets, Scattered, crossing
from funnelest.observations.table import Margin, Printed, Table, margin_problems
from funnelest.population import Population
from funnelest.priors import Shared
from funnelest.quantities.cells import Selections
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route
from funnelest.selections import joined
from funnelest.words import named

__all__ = ["Register"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Register(NumberEvidence):
    r"""Counts of records of people at a step, or making a transition.

    One count, or one for each class of some axes. What is wrong with the register is in its
    `defects`: `Coverage`, `Completeness`, `PPV` or `FalsePositives`, `Bridge`, `Unrecorded`,
    `Overdispersion`. How a number was printed is in the figure itself: `Rounded`, `Withheld`,
    `AtMost` and others.

    It takes `name`, `where`, `source`, `statement`, `defects`, `unit` and `definition` as well,
    as every `Evidence`.

    Parameters
    ----------
    step : str or (str, str)
        The step whose people it records; or a transition, such as
        ``("investigated", "helped")``, when it records only those who made it.
    count : int, figure or mapping
        The printed number; with `by`, class -> number. A class is a level of the axis, an
        inclusive band ``(0, 5)`` of numbers, or the name of the unknowns (see `Unrecorded`); with
        several axes, a tuple of these in the order of `by`.
    by : str or sequence of str, default ()
        The axes over which the counts are split.
    total : int, figure or mapping, optional
        The printed total of all counts, which need not be their printed sum; or, for several
        axes, level of the first -> its total. It pins what is withheld.
    per : str, optional
        The numbers are means over this axis, such as ``"year"``. The sum over its selected
        levels is the count; it was rounded after division.

    Notes
    -----
    Each count is ``Poisson(mu)``, independent given the rates; or with `Overdispersion` negative
    binomial with variance ``mu + (cv mu)**2``, those of one year negative multinomial, with

    .. math:: \mu_f = \sum_{c \in f} P_c r_c v_{step,c}\, \kappa_c \prod_b f_b / \mathrm{ppv}_c

    over the cells c of the figure f, and what each defect does to it (see there). A rounded
    figure is the sum of the probabilities of all counts that print as it.
    """

    count: Any
    by: str | Sequence[str] = ()
    total: Any = None
    carries: ClassVar[tuple[str, ...]] = ("on_records", "spread")

    # ---------------------------------------------------------------- classes

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes over which the counts are split."""
        return (self.by,) if isinstance(self.by, str) else tuple(self.by)

    def _unrecorded(self) -> dict[str, Unrecorded]:
        return {one.axis: one for one in self.defects if isinstance(one, Unrecorded)}

    def _parts(self, key: Any) -> dict[str, Any]:
        """Return axis -> what a key of `count` says of it."""
        if len(self.axes) == 1:
            return {self.axes[0]: key}
        if isinstance(key, tuple | list) and len(key) == len(self.axes):
            return dict(zip(self.axes, key, strict=True))
        return {}

    def figure_classes(self) -> Sequence[FigureClass]:
        if not self.axes:
            return [({}, self.where, ())]
        names = {axis: one.name for axis, one in self._unrecorded().items()}
        found: list[FigureClass] = []
        for key in self.count:
            parts = self._parts(key)
            unknown = tuple(parts[axis] == names.get(axis, object()) for axis in self.axes)
            known = {
                axis: value
                for (axis, value), hidden in zip(parts.items(), unknown, strict=True)
                if not hidden
            }
            found.append((parts, {**self.where, **known}, unknown))
        return found

    def counted_in(self) -> list[Where]:
        return [where for _, where, unknown in self.figure_classes() if not any(unknown)]

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> list[Where]:
        return [where for _, where, _ in self.figure_classes()]

    def _figures(self, population: Population) -> list[Any]:
        divisor = self.divisor(population)
        values = self.count.values() if self.axes else [self.count]
        return [as_figure(value, divisor) for value in values]

    def _margins(self, population: Population) -> list[Margin]:
        if self.total is None or not self.axes:
            return []
        divisor = self.divisor(population)
        keys = [parts for parts, _, _ in self.figure_classes()]
        if not isinstance(self.total, Mapping):
            return [Margin(tuple(range(len(keys))), as_figure(self.total, divisor))]
        rows: dict[Any, list[int]] = {}
        for i, parts in enumerate(keys):
            rows.setdefault(parts[self.axes[0]], []).append(i)
        return [
            Margin(tuple(rows.get(level, ())), as_figure(figure, divisor))
            for level, figure in self.total.items()
        ]

    # --------------------------------------------------------------- problems

    def defaults(self) -> dict[str, str]:
        found = super().defaults()
        labels = {one.label for one in self.defects}
        texts = {
            "coverage": named("default.coverage"),
            "ppv": named("default.ppv"),
            "overdispersion": named("default.overdispersion"),
        }
        if "false positives" in labels:
            del texts["ppv"]
        for label, text in texts.items():
            if label not in labels:
                found[f"{label}[{self.name}]"] = text
        return found

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        by = [self.by] if isinstance(self.by, str) else self.by
        if not (isinstance(by, list | tuple) and all(isinstance(axis, str) for axis in by)):
            return [*found, f"field 'by' must name axes; given {self.by!r}."]
        if not isinstance(self.per, str | None):
            return found
        placed = not found
        found += self._axis_problems(population)
        divisor = self.divisor(population) if placed else 1
        if not self.axes:
            if isinstance(self.count, Mapping):
                return [*found, "field 'count' is a mapping: say in field 'by' over which axis."]
            if self.total is not None:
                found.append("field 'total' is of several counts; give them with field 'by'.")
            return found + [f"field 'count': {t}" for t in figure_problems(self.count, divisor)]
        if not isinstance(self.count, Mapping) or not self.count:
            return [
                *found,
                f"field 'count' must map each class of {' and '.join(self.axes)} to a number; "
                f"given {self.count!r}.",
            ]
        for key, value in self.count.items():
            found += [
                f"field 'count', {_show(key)}: {text}" for text in figure_problems(value, divisor)
            ]
        if found:
            return found
        found += self._class_problems(population)
        if self.total is not None and not found:
            found += self._total_problems(population)
        return found

    def _axis_problems(self, population: Population) -> list[str]:
        known = ", ".join(axis.name for axis in population.axes) or "none"
        found = [
            f"field 'by' names axis {axis!r}; the population's axes are: {known}."
            for axis in self.axes
            if population.axis(axis) is None
        ]
        found += [
            f"fields 'by' and 'per' both name {axis!r}: counts are split over an axis, or a mean "
            "over it."
            for axis in self.axes
            if axis == self.per
        ]
        found += [
            f"Unrecorded is of axis {axis!r}, over which the counts are not split; say so in field "
            "'by'."
            for axis in self._unrecorded()
            if axis not in self.axes
        ]
        found += [
            f"{type(one).__name__}(by=...) names axis {axis!r}, over which the counts are not "
            "split; say so in field 'by' of the register, or leave it out there."
            for one in carried(self.defects, "spread")
            if not one.problems(population)
            for axis in one.scattered_by(self.axes, population) or ()
            if axis not in self.axes
        ]
        years = None if population.years is None else population.years.name
        for one in self.defects:
            if not isinstance(one, FalsePositives):
                continue
            apart = one.counted_by() | ({self.per} if self.per is not None else set())
            found += [
                f"FalsePositives must say how many there are in each class of {axis!r}: give "
                f"PerLevel({axis!r}, ...)" + (f" or per={axis!r}." if axis == years else ".")
                for axis in self.axes
                if axis not in apart
            ]
            found += [
                "Unrecorded beside FalsePositives may vary over the axes of the false positives "
                "only."
                for other in self._unrecorded().values()
                if not other.axes() <= apart
            ]
        return found

    def _class_problems(self, population: Population) -> list[str]:
        found = []
        for key in self.count:
            if not self._parts(key):
                found.append(
                    f"field 'count': {key!r} must be a tuple of one class of each of "
                    f"{', '.join(self.axes)}."
                )
        if found:
            return found
        allowed = [set(chosen.tolist()) for chosen in population.select(self.where)]
        seen: list[tuple[Any, Where, tuple[bool, ...]]] = []
        for key, (_, where, unknown) in zip(self.count, self.figure_classes(), strict=True):
            trouble = population.problems_in(where)
            found += [f"field 'count', {_show(key)}: {text}{self._hint(text)}" for text in trouble]
            if trouble:
                continue
            chosen = population.select(where)
            for axis in self.axes:
                at = population.position(axis)
                if not allowed[at].issuperset(chosen[at].tolist()):
                    found.append(
                        f"field 'count': {_show(key)} lies outside field 'where' on axis {axis!r}."
                    )
            seen.append((key, where, unknown))
        for i, j in population.sharing([where for _, where, _ in seen]):
            (one, _, hidden), (two, _, also) = seen[i], seen[j]
            if hidden == also:
                found.append(f"field 'count': {_show(one)} and {_show(two)} overlap.")
        return found

    def _hint(self, text: str) -> str:
        if "is not a level" not in text:
            return ""
        return " A class of unknowns needs the defect Unrecorded, with its name."

    def _total_problems(self, population: Population) -> list[str]:
        divisor = self.divisor(population)
        found = []
        totals = self.total if isinstance(self.total, Mapping) else {None: self.total}
        if isinstance(self.total, Mapping):
            keys = {parts[self.axes[0]] for parts, _, _ in self.figure_classes()}
            found += [
                f"field 'total' names {_show(level)}, of which there are no counts: give levels of "
                f"{self.axes[0]!r}, the first axis of field 'by'."
                for level in totals
                if level not in keys
            ]
        for level, value in totals.items():
            what = "field 'total'" + ("" if level is None else f", {_show(level)}")
            found += [f"{what}: {text}" for text in figure_problems(value, divisor)]
        if found:
            return found
        margins = self._margins(population)
        if crossing([margin.rows for margin in margins], self._sets(population)):
            found.append(
                "field 'total' is of some of the counts that are off by one factor "
                "(Overdispersion), and of counts with another: give the totals of the classes that "
                "share a factor (name their axis first in field 'by'), or leave the total out."
            )
        figures = self._figures(population)
        for margin in margins:
            parts = [figures[i] for i in margin.rows]
            if any(not one.bounded for one in parts):
                found.append(
                    "field 'total' does not go with counts of which only a limit is known."
                )
            else:
                found += margin_problems("field 'total'", parts, margin.figure, divisor)
        return found

    # ----------------------------------------------------------- expectation

    def observations(self, q: Quantities) -> Sequence[Seen]:
        return self.counted(q, self.records(q))

    def counted(self, q: Quantities, records: Records) -> Sequence[Seen]:
        """Return the counts, and what is expected of them when the register holds `records`."""
        printed = q.fixed(("printed", self.name), lambda: self.printed(q.cells))
        mean = self._means(q, records)
        spreads = carried(self.defects, "spread")
        if not self.axes:
            mean = mean[0]
        law: Poisson | NegativeBinomial = Poisson(mean)
        if spreads:
            law = NegativeBinomial(mean, spreads[0].spread(q, self.name))
        if not self.axes:
            return [Observation(law, printed.figures[0], printed.divisor)]
        if isinstance(printed, PrintedInSets) and isinstance(law, NegativeBinomial):
            return [Scattered(law, printed)]
        return [Table(law, printed)]

    def printed(self, population: Population) -> Printed:
        figures, divisor = tuple(self._figures(population)), self.divisor(population)
        margins, sets = tuple(self._margins(population)), self._sets(population)
        if len(sets) < len(figures):
            return PrintedInSets(figures, divisor, margins, sets)
        return Printed(figures, divisor, margins)

    def _sets(self, population: Population) -> tuple[tuple[int, ...], ...]:
        """Return the counts that scatter by one factor, set by set."""
        classes = self.figure_classes()
        each = range(len(classes))
        spreads = carried(self.defects, "spread")
        by = spreads[0].scattered_by(self.axes, population) if spreads else None
        if by is None:
            return tuple((i,) for i in each)
        keys: list[tuple[int, ...]] = [() for _ in each]
        for axis in by:
            unknown, at = self.axes.index(axis), population.position(axis)
            levels = [
                {-1} if hidden[unknown] else set(population.select(where)[at].tolist())
                for _, where, hidden in classes
            ]
            bands = joined(levels)
            keys = [
                (*key, next(k for k, band in enumerate(bands) if some <= band))
                for key, some in zip(keys, levels, strict=True)
            ]
        return tuple(tuple(i for i in each if keys[i] == key) for key in dict.fromkeys(keys))

    def _means(self, q: Quantities, records: Records) -> Any:
        """Return the expected count of every figure, shape ``(figures, draws)``."""
        made, order = [], []
        for unknown, rows, wheres in q.fixed(("classes", self.name), self._groups):
            weight = records.of_class(self.axes, unknown)
            made.append(self.expected(q, records, wheres, weight))
            order += rows
        if len(made) == 1:
            return made[0]
        return fm.concatenate(made, axis=0)[np.argsort(order)]

    def _groups(self) -> list[tuple[tuple[bool, ...], list[int], Selections]]:
        """Return the counts by the axes on which they are of unknowns."""
        classes = self.figure_classes()
        found = []
        for unknown in dict.fromkeys(hidden for _, _, hidden in classes):
            rows = [i for i, one in enumerate(classes) if one[2] == unknown]
            found.append((unknown, rows, Selections(classes[i][1] for i in rows)))
        return found

    def record_shares(self, q: Quantities) -> tuple[Any, Any]:
        # People of unknown class are in no count of a known one: their share is not a number.
        records = self.records(q)
        true, seen, order = [], [], []
        for unknown, rows, wheres in self._groups():
            weight = records.of_class(self.axes, unknown)
            people = q.pools(records.times(weight, "registered").registered, wheres)
            true.append(people / self.expected(q, records, wheres, weight))
            inside = people / q.pools(records.people, wheres)
            seen.append(inside * np.nan if any(unknown) else inside)
            order += rows
        back = np.argsort(order)
        return np.concatenate(true)[back], np.concatenate(seen)[back]

    def counted_people(self, q: Quantities, first: Any = 1.0) -> Sequence[Counted]:
        """Return as `Evidence`; the share `first` of its people, in cells, is counted here only."""
        records = self.records(q)
        if not records.one_by_one:
            return ()
        share = records.share * np.ones((1,) * (len(q.cells.axes) + 1))
        printed, lines = self.printed(q.cells), dict[int, Line]()
        factors = self._factors(q, printed)
        for unknown, rows, wheres in self._groups():
            weight = records.of_class(self.axes, unknown)
            true = q.pools(records.times(weight, "true").true, wheres)
            every = self.expected(q, records, wheres, weight)
            false = np.where(every > true * (1 + 1e-12), every - true, 0.0)
            inside, new = share * weight * first, true
            if np.ndim(first):
                new = q.pools(records.times(weight * first, "true").true, wheres)
            told = zip(new, false, true - new, factors[rows], strict=True)
            for i, where, own in zip(rows, wheres, told, strict=True):
                lines[i] = Line(where, inside, printed.figures[i], printed.divisor, *own)
        place = self.step if isinstance(self.step, str) else (self.step[0], self.step[1])
        return [Counted(self.name, place, [lines[i] for i in sorted(lines)], printed.margins)]

    def counted_shares(self, q: Quantities) -> Sequence[tuple[Sequence[int], Any]]:
        share = self.records(q).share
        return [
            (rows, share * self.records(q).of_class(self.axes, unknown))
            for unknown, rows, _ in q.fixed(("classes", self.name), self._groups)
        ]

    def _factors(self, q: Quantities, printed: Printed) -> Any:
        """Return how far each count is off by its `Overdispersion`, as expected given the print."""
        spreads = carried(self.defects, "spread")
        if not spreads:
            return np.ones(len(printed.figures))
        square = spreads[0].spread(q, self.name) ** 2
        means = np.atleast_2d(self._means(q, self.records(q)))
        at, counts, _ = printed.places
        told = np.zeros((2, *means.shape))
        told[0, at], told[1, at] = counts, means[at]
        for rows in map(list, self._sets(q.cells)):
            told[:, rows] = told[:, rows].sum(axis=1, keepdims=True)
        return (1.0 + square * told[0]) / (1.0 + square * told[1])

    # ------------------------------------------------------------- other data

    def with_data(self, figures: Sequence[Any], population: Population) -> Register:
        (found,) = figures
        divisor = self.divisor(population)
        if not self.axes:
            return replace(self, count=as_given(self.count, found, divisor))
        counts, totals = found
        made = {
            key: as_given(old, new, divisor)
            for (key, old), new in zip(self.count.items(), counts, strict=True)
        }
        total = self.total
        if isinstance(total, Mapping):
            total = {
                level: as_given(old, new, divisor)
                for (level, old), new in zip(total.items(), totals, strict=True)
            }
        elif total is not None:
            total = as_given(total, totals[0], divisor)
        return replace(self, count=made, total=total)

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        if not isinstance(self.step, str) or self.axes:
            return None
        divisor = self.divisor(population)
        low, high = as_figure(self.count, divisor).limits(divisor)
        spread = 0.0
        for one in carried(self.defects, "spread"):
            (prior,) = one.parameters(self.name, population).values()
            spread = np.inf if isinstance(prior, Shared) else prior.interval(0.99999)[1]
        if spread == np.inf or high == np.inf:
            low, high = (low if spread < np.inf else 0.0), np.inf
        low = max(0.0, low - 5 * np.sqrt(low + (min(spread, 1e6) * low) ** 2 + 1))
        high = high + 5 * np.sqrt(high + (spread * high) ** 2 + 1) if high < np.inf else np.inf
        return self.step, self.per_person(low, high, population.total(self.where))

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return the printed total, or the sum of the counts."""
        divisor, printed = self.divisor(population), self._figures(population)
        if self.total is not None:
            totals = self.total.values() if isinstance(self.total, Mapping) else [self.total]
            printed = [as_figure(value, divisor) for value in totals]
        wheres = [where for _, where, _ in self.figure_classes()]
        return [
            OnRoute(
                place=self.step if isinstance(self.step, str) else (self.step[0], self.step[1]),
                number=sum(one.middle for one in printed) * divisor,
                where=self.where,
                cells=population.union(wheres),
                figure=printed[0] if len(printed) == 1 else None,
                means=divisor,
                recorded=True,
            )
        ]


def _show(key: Any) -> str:
    """Return a class as text."""
    if isinstance(key, tuple) and not all(isinstance(part, int) for part in key):
        return " x ".join(show_level(part) for part in key)
    return show_level(key)
