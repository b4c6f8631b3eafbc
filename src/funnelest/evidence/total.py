"""A number that others estimated, with its standard error or interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from funnelest.evidence.base import NumberEvidence
from funnelest.evidence.estimated import Estimated
from funnelest.evidence.on_route import OnRoute
from funnelest.evidence.published import NUMBER_FIELDS
from funnelest.fields import Allowed, wrong_fields
from funnelest.observations.observation import Observation
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route

__all__ = ["Total"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Total(NumberEvidence):
    r"""An estimated number of people at a step (or making a transition), known with error.

    It takes `name`, `where`, `source`, `statement`, `defects`, `unit` and `definition` as well,
    as every `Evidence`. Its defects are those of a count: `Bridge`, `Coverage`, `Completeness`,
    `PPV`, `FalsePositives`. It is of the people of one year; a total that a survey was blown up to
    is ``Survey(total=...)``, which says the period that was asked about.

    Parameters
    ----------
    step : str or (str, str)
        The step, or the transition.
    estimate : float or figure, optional
        The number, or a printed figure such as ``Rounded(5000, to=1000)``. Left out, the middle of
        the interval on the log scale.
    se : float, optional
        Its standard error.
    interval : (float or figure, float or figure), optional
        Its interval, with the `probability` of that.
    probability : float, default 0.95
        Probability of the interval.
    per : str, optional
        The number is a mean over this axis, such as ``"year"``.

    Notes
    -----
    With mu the expected number after the defects: ``log(estimate) ~ Normal(log(mu), s)`` with s
    ``se / estimate``. With `interval` the estimate and its limits are three quantiles of mu: with
    a prior that is flat on the log scale, and no other figure, the posterior has them as its median
    and limits. On the side of the nearer limit it is normal on the log scale beyond it, with the
    half-width of that side; on the other side on a power of the number between the logarithm and
    the number itself, by how much further that limit is (see ``docs/model.md``). A limit of 0 is
    the last of a row of ever smaller ones, cut off at 0. Of several estimates of one number the
    slope of the score counts once; the ledger says so.
    """

    estimate: Any = None
    se: float | None = None
    interval: Any = None
    probability: float = 0.95

    allowed: ClassVar[Allowed] = NUMBER_FIELDS

    @cached_property  # it is asked at every evaluation of the density
    def _number(self) -> Estimated:
        return Estimated("log", self.estimate, self.se, self.interval, self.probability)

    def readings(self, population: Population) -> dict[str, str]:
        text = self._number.reading()
        return {} if text is None else {f"estimate[{self.name}]": text}

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        found += self._number.number_problems(wrong_fields(self, route, population))
        return found + [
            f"a Total cannot carry {type(one).__name__}: it suits counts that are split in classes."
            for one in self.defects
            if one.of_classes
        ]

    def observations(self, q: Quantities) -> Sequence[Observation]:
        mean = self.expected(q, self.records(q), [self.where])[0] / self.divisor(q.cells)
        return [self._number.observation(mean)]

    def with_data(self, figures: Sequence[Any], population: Population) -> Total:
        new = self._number.redrawn(float(figures[0]))
        return replace(self, estimate=new.estimate, se=new.se, interval=new.interval)

    def record_shares(self, q: Quantities) -> tuple[Any, Any]:
        records = self.records(q)
        people = q.pools(records.registered, [self.where])
        seen = people / q.pools(records.people, [self.where])
        return people / self.expected(q, records, [self.where]), seen

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        if not isinstance(self.step, str):
            return None
        low, high = self._number.range()
        people = population.total(self.where) / self.divisor(population)
        return self.step, self.per_person(low, high, people)

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return the number, and its interval where one was printed."""
        divisor = self.divisor(population)
        number, interval = self._number.as_printed()
        low, high = interval or (np.nan, np.nan)
        return [
            OnRoute(
                place=self.step if isinstance(self.step, str) else (self.step[0], self.step[1]),
                number=number * divisor,
                interval=(low * divisor, high * divisor) if interval else None,
                where=self.where,
            )
        ]
