"""How many of a year's victims are victims for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from funnelest.assumptions.base import Assumption
from funnelest.assumptions.imputation import spread
from funnelest.axes import Axis, show_level
from funnelest.fields import AGES, Allowed, answers, problems_of
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, as_prior, within
from funnelest.rates import PerLevel, Share

__all__ = ["FirstTime"]

_NAME = "first time"


def _gaps(axis: Axis) -> list[str]:
    """Return the ages between the first and the last that no level has."""
    return [
        show_level((int(one[1]) + 1, two[0] - 1))
        for one, two in pairwise(sorted(axis.spans))
        if two[0] > one[1] + 1
    ]


@dataclass(frozen=True, kw_only=True)
class FirstTime(Assumption):
    r"""The share of a year's victims to whom it happens for the first time.

    It joins three quantities that must not be mixed: how many are victims in one year, how many
    become victims for the first time, and how many ever were before an age. A model with a
    `Hazard`, or with surveys of first events, needs it.

    Parameters
    ----------
    share : Share, Prior or float
        The share. As a `Share` it may vary over axes by terms. It is about one over the mean
        number of years in which a victim is one.
    statement : str
        What is assumed of repeated victims and of how long it lasts, and why. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.

    Notes
    -----
    With :math:`r_a` the yearly rate at age a and :math:`\phi_a` this share, first events per
    person are :math:`f_a = \phi_a r_a`, the share with a first event before age A is
    :math:`E(A) = \sum_{a<A} f_a`, and the hazard :math:`h_a = f_a / (1 - E(a))`, so that
    :math:`E(A) = 1 - \prod_{a<A} (1 - h_a)`. All ages are of one year (a synthetic cohort): what
    changed over the years is left to `EarlierRate`. If the rate is constant over years and each
    victim is one in d calendar years on average, :math:`\phi = 1 / d` (prevalence is incidence
    times duration; Freeman and Hutchison, American Journal of Epidemiology 1980;112:707).
    """

    share: Share | Prior | float | None = None
    statement: str = ""
    source: str = ""
    axis: str | None = None

    allowed: ClassVar[Allowed] = {
        "statement": answers("what is assumed of repeated victims, and why?"),
        "axis": AGES,
    }

    def _varying(self) -> Share:
        return self.share if isinstance(self.share, Share) else Share(as_prior(self.share))

    def problems(self, population: Population) -> list[str]:
        found = problems_of(self, population=population)
        if self.share is None:
            found.append("field 'share' needs a Share, a prior or a number.")
        else:
            found += [f"field 'share': {text}" for text in self._varying().problems(population)]
            levels = self._varying()._priors("", population).values()
            if any(isinstance(prior, Fixed) and prior.value == 0 for prior in levels):
                found.append("field 'share' must be above 0.")
        if population.age_problems(self.axis):  # was said
            return [f"FirstTime: {text}" for text in found]
        axis = population.age_axis(self.axis)
        if min(axis.spans)[0] != 0:
            found.append(
                f"axis {axis.name!r} must begin at age 0: first events before an age add up from "
                "birth."
            )
        elif _gaps(axis):
            found.append(
                f"axis {axis.name!r} must have every age once it has begun: it misses "
                f"{', '.join(_gaps(axis))}."
            )
        return [f"FirstTime: {text}" for text in found]

    def parameters(self, population: Population) -> dict[str, Prior]:
        return self._varying().parameters(_NAME, population)

    def first_share(self, values: Mapping[str, Any], population: Population) -> Any:
        return self._varying().evaluate(values, _NAME, population)

    def axes(self, population: Population) -> set[str]:
        """Return the axes over which yearly rates vary that are made of one hazard."""
        return {population.age_axis(self.axis).name} | self._varying().axes()

    def words(self, language: str) -> dict[str, str]:
        base = self._varying().base
        if isinstance(base, PerLevel):
            shown = {
                level: spread(within(as_prior(prior), 0.0, 1.0), language)
                for level, prior in base.priors.items()
            }
            text = ", ".join(
                f"{one} ({base.axis} {show_level(level)})" for level, one in shown.items()
            )
        else:
            text = spread(within(base, 0.0, 1.0), language)
        return {"share": text}
