"""What evidence about first events has in common: a history of ages that must be there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from funnelest.axes import show_level
from funnelest.defects.base import carried
from funnelest.errors import SpecError
from funnelest.evidence.base import AskedEvidence
from funnelest.fields import is_number
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities

__all__ = [
    "FirstEventEvidence",
    "cover_problems",
    "size_problems",
    "whole",
]


def whole(value: Any) -> bool:
    """Return whether `value` is a whole number of at least 0."""
    return is_number(value) and bool(value >= 0) and value == int(value)


def size_problems(n: Any) -> list[str]:
    """Return why `n` is no number of people asked."""
    if whole(n) and n > 0:
        return []
    return [f"field 'n' must be a whole number of people above 0; given {n!r}."]


def cover_problems(intervals: Sequence[tuple[int, int]]) -> list[str]:
    """Return where sorted intervals of ages overlap, or leave a gap from 0 on."""
    found = []
    below = -1
    for low, high in intervals:
        if low <= below:
            shared = show_level((low, min(below, high)))
            found.append(f"field 'onset': the ages {shared} are in two intervals.")
        elif low > below + 1:
            found.append(
                f"field 'onset': the ages {show_level((below + 1, low - 1))} are in no interval; "
                "give them, with 0 if nobody's first event was then."
            )
        below = max(below, high)
    return found


@dataclass(frozen=True, kw_only=True, repr=False)
class FirstEventEvidence(AskedEvidence):
    """Base of evidence about first events before an age.

    Parameters
    ----------
    axis : str, optional
        Name of the axis of ages, as in `FirstTime`.
    """

    axis: str | None = None

    needs_first_events: ClassVar[bool] = True

    def ages(self) -> tuple[int, ...]:
        """Return the ages before which first events are counted, in order."""
        raise TypeError(f"{type(self).__name__} does not define ages()")

    def _moved(self, age: int, q: Quantities) -> Any:
        """Return before which age the events were that are reported as before `age`."""
        ages = q.cells.age_axis(self.axis)
        if any(q.cells.age_axis(one.axis) != ages for one in q.assumed("first_share")):
            raise SpecError(
                [f"field 'axis' is {ages.name!r}, and FirstTime has another."],
                f"{type(self).__name__} {self.name!r}",
            )
        moved: Any = float(age)
        for one in carried(self.defects, "on_onset_age"):
            moved = one.on_onset_age(moved, q, self.name)  # type: ignore[attr-defined]
        return moved

    def _age_problems(self, population: Population, what: str) -> list[str]:
        """Return why the population has no history of the ages in field `what`."""
        trouble = population.age_problems(self.axis)
        if trouble:
            return [f"field 'axis': {text}" for text in trouble]
        axis = population.age_axis(self.axis)
        if not isinstance(self.where, Mapping):
            return []  # was said
        found = []
        if axis.name in self.where:
            found.append(
                f"field 'where' selects on axis {axis.name!r}, but first events add up over all "
                f"ages below those in field {what!r}; how old the people were who were asked is "
                "another matter."
            )
        if not population.counted:
            return [*found, "the population has no head count, so no share of it can be measured."]
        highest = max(self.ages())
        # Of a band without an end it is not known when in it an event was.
        bounds = [(low, int(high)) for low, high in axis.spans if high < math.inf]
        top = max((high for _, high in bounds), default=-1)
        if highest > top + 1:
            ends = "" if axis.open is None else f", before {show_level(axis.open)}, without an end"
            found.append(
                f"field {what!r}: first events before age {highest} go beyond the population, "
                f"whose axis {axis.name!r} ends at {top}{ends}; at most {top + 1}."
            )
        covered = {age for low, high in bounds for age in range(low, high + 1)}
        absent = [str(age) for age in range(min(highest, top + 1)) if age not in covered]
        if absent:
            found.append(
                f"field {what!r}: the population has no age {', '.join(absent)}, and first events "
                f"before age {highest} add up over all ages."
            )
        if not carried(self.defects, "on_onset_age"):
            found += [
                f"field {what!r}: age {age} cuts the band {show_level((low, high))} of axis "
                f"{axis.name!r}; give {low} or {high + 1}, or split the band in the population."
                for age in self.ages()
                for low, high in bounds
                if low < age <= high
            ]
        others = {k: v for k, v in self.where.items() if k != axis.name}
        if population.problems_in(others):
            return found  # were said
        # Of all ages: `Quantities.first_rates` gives the rates of each.
        empty = [
            show_level(level)
            for level in axis.levels
            if population.problems_in({**others, axis.name: level})
        ]
        if empty:
            found.append(
                f"nobody in the population is of {axis.name} {', '.join(empty)} (in field "
                "'where'), so there is no rate at these ages."
            )
        return found
