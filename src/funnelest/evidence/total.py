"""A number at a step that somebody else estimated, with its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from funnelest.evidence.base import (
    Bridge,
    Evidence,
    bridge_problems,
    expected_number,
    per_problems,
    place_problems,
)
from funnelest.observation import Observation
from funnelest.population import Population
from funnelest.priors import Prior, Shared, as_prior, within
from funnelest.quantities import Quantities
from funnelest.route import Route
from funnelest.sampling import NumberEstimate

__all__ = ["Total"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Total(Evidence):
    r"""An estimated number of people at a step (or making a transition), known with error.

    It takes `name`, `where`, `source` and `statement` as well, as every `Evidence`.

    Parameters
    ----------
    step : str or (str, str)
        The step, or the transition.
    estimate : float, optional
        The number. Left out, the middle of the interval on the log scale.
    se : float, optional
        Its standard error.
    interval : (float, float), optional
        Its interval, with the `probability` of that.
    probability : float, default 0.95
        Probability of the interval.
    per : str, optional
        The number is a mean over this axis, such as ``"year"``.
    bridges : sequence of Bridge, default ()
        Factors between what was estimated and what the route means.

    Notes
    -----
    ``log(estimate) ~ Normal(log(n f), s)`` with n the expected number, f the product of the
    bridges, and s ``se / estimate`` or the width of the interval of the logarithm over twice
    its normal quantile.
    """

    step: str | tuple[str, str]
    estimate: float | None = None
    se: float | None = None
    interval: tuple[float, float] | None = None
    probability: float = 0.95
    per: str | None = None
    bridges: Sequence[Bridge] = ()

    def _number(self) -> NumberEstimate:
        return NumberEstimate(self.estimate, self.se, self.interval, self.probability)

    def _label(self, what: str) -> str:
        return f"{what}[{self.name}]"

    def parameters(self) -> dict[str, Prior]:
        """Return the priors of the bridges."""
        return {
            self._label(bridge.name): within(as_prior(bridge.prior), 0.0, np.inf)
            for bridge in self.bridges
        }

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the number, one sentence each."""
        found = super().problems(route, population)
        found += place_problems(route, self.step) + per_problems(population, self.per)
        return found + self._number().problems() + bridge_problems(self.bridges)

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the number, and what the route expects of it."""
        mean = expected_number(q, self.step, self.where, self.per)
        for bridge in self.bridges:
            mean = mean * q.parameter(self._label(bridge.name))
        return [self._number().observation(mean)]

    def with_data(self, figures: Sequence[Any], population: Population) -> Total:
        """Return the same source with another number."""
        new = self._number().redrawn(float(figures[0]))
        return replace(self, estimate=new.estimate, se=new.se, interval=new.interval)

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        """Return limits for the people at the step, per person of the population."""
        if not isinstance(self.step, str):
            return None
        low, high = self._number().range()
        for bridge in self.bridges:
            prior = as_prior(bridge.prior)
            if isinstance(prior, Shared):
                return None
            a, b = prior.interval(0.99999)
            low, high = low / b, high / a
        people = population.total(self.where)
        if self.per is not None:
            people /= len(population.select(self.where)[population.position(self.per)])
        return self.step, (low / people, high / people)
