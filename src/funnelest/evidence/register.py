"""A register: a count of records, incomplete and unreliable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from funnelest.distributions import NegativeBinomial, Poisson
from funnelest.evidence.base import (
    Bridge,
    Evidence,
    bridge_problems,
    expected_number,
    per_problems,
    place_problems,
)
from funnelest.figures import as_figure, figure_problems
from funnelest.observation import Observation
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared, as_prior, within
from funnelest.quantities import Quantities
from funnelest.route import Route

__all__ = ["Register"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Register(Evidence):
    r"""A count of records of people at a step, or making a transition.

    It takes `name`, `where`, `source` and `statement` as well, as every `Evidence`.

    Parameters
    ----------
    step : str or (str, str)
        The step whose people it records; or a transition, such as
        ``("investigated", "helped")``, when it records only those who made it.
    count : int, Rounded, Between or another figure
        The printed number.
    per : str, optional
        The number is a mean over this axis, such as ``"year"``. The sum over its selected
        levels is the count; it was rounded after division.
    coverage : Prior or float, optional
        Share of the people who are in the register, 0-1. Left out: everyone is (a default that
        the ledger shows).
    ppv : Prior or float, optional
        Positive predictive value, 0-1: share of the records that are people of this step. Left
        out: all are. Not together with `false_positives`.
    false_positives : Prior or float, optional
        Expected number of records that are nobody of this step, on the scale of the printed
        number (per year, for a yearly mean).
    overdispersion : Prior or float, optional
        Coefficient of variation of the expected count beyond Poisson; left out: Poisson.
    bridges : sequence of Bridge, default ()
        Factors between what is counted and what the route means.

    Notes
    -----
    ``count ~ Poisson(mu)`` or negative binomial with variance ``mu + (cv mu)**2``, with
    :math:`\mu = n_{step}\, c \prod_b f_b / \mathrm{ppv}` or
    :math:`\mu = n_{step}\, c \prod_b f_b + \text{false positives}`. From a total only the
    product of `coverage`, bridges and ``1 / ppv`` is identified: look at prior beside posterior.
    A rounded figure is the sum of the probabilities of all counts that print as it.
    """

    step: str | tuple[str, str]
    count: Any
    per: str | None = None
    coverage: Prior | float | None = None
    ppv: Prior | float | None = None
    false_positives: Prior | float | None = None
    overdispersion: Prior | float | None = None
    bridges: Sequence[Bridge] = ()

    def _label(self, what: str) -> str:
        return f"{what}[{self.name}]"

    def parameters(self) -> dict[str, Prior]:
        """Return the priors of coverage, predictive value, false records, spread, bridges."""
        limits = {"coverage": 1.0, "ppv": 1.0, "false_positives": np.inf, "overdispersion": np.inf}
        found = {
            self._label(what): within(as_prior(getattr(self, what)), 0.0, high)
            for what, high in limits.items()
            if getattr(self, what) is not None
        }
        for bridge in self.bridges:
            found[self._label(bridge.name)] = within(as_prior(bridge.prior), 0.0, np.inf)
        return found

    def defaults(self) -> dict[str, str]:
        """Return what is assumed because nothing was said."""
        found = {}
        if self.coverage is None:
            found[self._label("coverage")] = "every case is in the register (coverage 1)"
        if self.ppv is None and self.false_positives is None:
            found[self._label("ppv")] = "every record is a case (predictive value 1)"
        if self.overdispersion is None:
            found[self._label("overdispersion")] = "no variation beyond Poisson"
        return found

    def _divisor(self, population: Population) -> int:
        if self.per is None:
            return 1
        return len(population.select(self.where)[population.position(self.per)])

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the register, one sentence each."""
        found = super().problems(route, population)
        found += place_problems(route, self.step) + per_problems(population, self.per)
        divisor = 1 if found else self._divisor(population)
        found += [f"field 'count': {text}" for text in figure_problems(self.count, divisor)]
        if self.ppv is not None and self.false_positives is not None:
            found.append(
                "give field 'ppv' or field 'false_positives', not both: they say the same thing."
            )
        found += bridge_problems(self.bridges)
        for what, high in (("coverage", 1), ("ppv", 1), ("false_positives", np.inf)):
            prior = getattr(self, what)
            if isinstance(prior, int | float) and not 0 <= prior <= high:
                found.append(f"field {what!r} must lie between 0 and {high:g}; given {prior!r}.")
        for what in ("coverage", "ppv"):
            prior = as_prior(getattr(self, what)) if getattr(self, what) is not None else None
            if isinstance(prior, Fixed) and prior.value == 0:
                found.append(f"field {what!r} must be above 0; given 0.")
        spread = self.overdispersion
        if isinstance(spread, Fixed | int | float) and not as_prior(spread).support[0] > 0:
            found.append(
                f"field 'overdispersion' must be above 0 (leave it out for none); given {spread!r}."
            )
        return found

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the count, and what the route expects of it."""
        divisor = self._divisor(q.cells)
        mean = expected_number(q, self.step, self.where, None)
        if self.coverage is not None:
            mean = mean * q.parameter(self._label("coverage"))
        for bridge in self.bridges:
            mean = mean * q.parameter(self._label(bridge.name))
        if self.ppv is not None:
            mean = mean / q.parameter(self._label("ppv"))
        if self.false_positives is not None:
            mean = mean + divisor * q.parameter(self._label("false_positives"))
        figure = as_figure(self.count, divisor)
        if self.overdispersion is None:
            return [Observation(Poisson(mean), figure, divisor)]
        spread = q.parameter(self._label("overdispersion"))
        return [Observation(NegativeBinomial(mean, spread), figure, divisor)]

    def with_data(self, figures: Sequence[Any], population: Population) -> Register:
        """Return the same register with another count."""
        (figure,) = figures
        plain = isinstance(self.count, int | float | np.number)
        # A mean such as 240.5 may come out whole, which as a plain number would mean rounded.
        if plain and as_figure(figure.value, self._divisor(population)) == figure:
            figure = figure.value
        return replace(self, count=figure)

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        """Return limits for the people at the step, per person of the population."""
        if not isinstance(self.step, str):
            return None
        divisor = self._divisor(population)
        counts = as_figure(self.count, divisor).candidates(divisor)
        low, high = float(counts[0]), float(counts[-1])
        spread = self._limits(self.overdispersion, 0.0)[1]
        low = max(0.0, low - 5 * np.sqrt(low + (spread * low) ** 2 + 1))
        high = high + 5 * np.sqrt(high + (spread * high) ** 2 + 1)
        coverage, ppv = self._limits(self.coverage, 1.0), self._limits(self.ppv, 1.0)
        false = self._limits(self.false_positives, 0.0)
        low = max(0.0, low - divisor * false[1]) * ppv[0] / coverage[1]
        high = high * ppv[1] / coverage[0] if coverage[0] > 0 else np.inf
        for bridge in self.bridges:
            factor = self._limits(bridge.prior, 1.0)
            low, high = low / factor[1], high / factor[0] if factor[0] > 0 else np.inf
        people = population.total(self.where)
        return self.step, (low / people, high / people)

    @staticmethod
    def _limits(prior: Prior | float | None, default: float) -> tuple[float, float]:
        """Return values that a parameter hardly passes, from its prior."""
        if prior is None:
            return default, default
        known = as_prior(prior)
        if isinstance(known, Shared):
            return 0.0, np.inf
        return known.interval(0.99999)
