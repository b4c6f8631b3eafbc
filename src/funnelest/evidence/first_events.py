"""What evidence about first events has in common: a history of ages that must be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from funnelest.axes import show_level
from funnelest.defects.base import carried
from funnelest.errors import SpecError
from funnelest.evidence.base import AskedEvidence
from funnelest.fields import AXIS, Allowed
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities

__all__ = ["FirstEventEvidence"]


@dataclass(frozen=True, kw_only=True, repr=False)
class FirstEventEvidence(AskedEvidence):
    """Base of evidence about first events before an age.

    Parameters
    ----------
    axis : str, default "age"
        Name of the axis of ages, as in `FirstTime`.
    """

    axis: str = "age"

    allowed: ClassVar[Allowed] = {"axis": AXIS}
    needs_first_events: ClassVar[bool] = True

    def ages(self) -> tuple[int, ...]:
        """Return the ages before which first events are counted, in order."""
        raise TypeError(f"{type(self).__name__} does not define ages()")

    def _moved(self, age: int, q: Quantities) -> Any:
        """Return before which age the events were that are reported as before `age`."""
        if any(one.axis != self.axis for one in q.assumed("first_share")):
            raise SpecError(
                [f"field 'axis' is {self.axis!r}, and FirstTime has another."],
                f"{type(self).__name__} {self.name!r}",
            )
        moved: Any = float(age)
        for one in carried(self.defects, "on_onset_age"):
            moved = one.on_onset_age(moved, q, self.name)
        return moved

    def _age_problems(self, population: Population, what: str) -> list[str]:
        """Return why the population has no history of the ages in field `what`."""
        axis = population.axis(self.axis) if isinstance(self.axis, str) else None
        if axis is None:
            return []  # was said
        if not axis.numeric:
            return [f"field 'axis' names axis {self.axis!r}, whose levels are no ages."]
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
        bounds = [axis.bounds(i) for i in range(len(axis.levels))]
        top = max(high for _, high in bounds)
        if highest > top + 1:
            found.append(
                f"field {what!r}: first events before age {highest} go beyond the population, "
                f"whose axis {axis.name!r} ends at {top}; at most {top + 1}."
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
