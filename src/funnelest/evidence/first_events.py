"""What evidence about first events has in common: a history of ages that must be there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from funnelest.axes import Where, show_level
from funnelest.defects.base import carried
from funnelest.errors import SpecError
from funnelest.evidence.base import AskedEvidence
from funnelest.fields import AGES, Allowed
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities

__all__ = ["FirstEventEvidence"]


@dataclass(frozen=True, kw_only=True, repr=False)
class FirstEventEvidence(AskedEvidence):
    """Base of evidence about first events before an age.

    Parameters
    ----------
    axis : str, optional
        Name of the axis of ages, as in `FirstTime`.
    """

    axis: str | None = None

    allowed: ClassVar[Allowed] = {"axis": AGES}
    needs_first_events: ClassVar[bool] = True

    def ages(self) -> tuple[int, ...]:
        """Return the ages before which first events are counted, in order."""
        raise TypeError(f"{type(self).__name__} does not define ages()")

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> Sequence[Where]:
        return [self.where]

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
            moved = one.on_onset_age(moved, q, self.name)
        return moved

    def _age_problems(self, population: Population, what: str) -> list[str]:
        """Return why the population has no history of the ages in field `what`."""
        if population.age_problems(self.axis):
            return []  # was said
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
