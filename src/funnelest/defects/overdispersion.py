"""More scatter of a count than chance gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest.defects.base import Defect
from funnelest.fields import Allowed, axis_problems, explained
from funnelest.population import Population
from funnelest.priors import LogNormal, Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["Overdispersion"]


#: In place of axes: every figure has a factor of its own.
_EACH = "every figure"


def _by_problems(name: str, value: Any, _: Any, population: Population) -> list[str]:
    if isinstance(value, str) and value == _EACH:
        return []
    axes = [value] if isinstance(value, str) else value
    if not isinstance(axes, list | tuple):
        return [f"field {name!r} must name axes, or be {_EACH!r}; given {value!r}."]
    return [text for axis in axes for text in axis_problems(name, axis, population)]


@dataclass(frozen=True)
class Overdispersion(Defect):
    r"""Variation of a count beyond Poisson, as a coefficient of variation.

    Parameters
    ----------
    prior : Prior or float, optional
        Coefficient of variation of the expected count, above 0: 0.1 says that it is off by some
        10% from year to year. Left out: log-normal with 95% between 0.02 and 0.3, a default
        that the ledger shows. One year says next to nothing about it, so the prior should not
        pile up at zero.
    by : str or sequence of str, optional
        What is off together. The names of axes over which the counts are split: all counts of one
        level of each of them share one factor, and ``()`` says that all counts of the source do.
        Or ``"every figure"``: each count has a factor of its own. Left out, all counts of a year
        share one, or all of the source where they are not split over years; the ledger says so.

    Notes
    -----
    With :math:`\omega` the coefficient of variation, the counts of class c and period t are

    .. math:: x_{ct} \sim \mathrm{Poisson}(\mu_{ct}\, g_t), \qquad
        g_t \sim \mathrm{Gamma}(\omega^{-2}, \omega^{-2}),

    the factor with mean 1 and standard deviation :math:`\omega`. With the factor integrated out one
    count is negative binomial with variance :math:`\mu + (\omega \mu)^2`, and those of a period
    negative multinomial: the negative binomial of their sum, times the multinomial of how it is
    divided. So a count that is printed by class says of the number as much as its total does.
    Factors of their own (``"every figure"``) cancel out as classes multiply: 1,200 records with a
    coefficient of 0.2 known give 822 to 1,835 (95%) as one number, and 1,061 to 1,360 as twelve
    classes of 100.

    A number of several years, such as a mean, is off by the coefficient as a whole. Bands of an
    axis that overlap share a factor.
    """

    prior: Prior | float | None = None
    by: str | Sequence[str] | None = None
    stage: ClassVar[int] = 60
    label: ClassVar[str] = "overdispersion"
    allowed: ClassVar[Allowed] = {
        "prior": prior_of(0.0, above=True).or_none,
        "by": replace(explained(_by_problems, 3, "no axis", ["no axis"], 1.5), optional=True),
    }

    def _prior(self) -> Prior:
        if self.prior is None:
            return LogNormal.from_interval(0.02, 0.3)
        return within(as_prior(self.prior), 0.0, np.inf)

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {f"{self.label}[{source}]": self._prior()}

    def defaults(self, source: str) -> dict[str, str]:
        found: dict[str, str] = {}
        if self.prior is None:
            found[f"{self.label}[{source}]"] = named("default.scatter", low=0.02, high=0.3)
        if self.by is None:
            found[self._level(source)] = named("default.scatter_period")
        return found

    def stated(self, source: str) -> dict[str, str]:
        return {} if self.by is None else {self._level(source): self._said("default")}

    def _level(self, source: str) -> str:
        return f"level of {self.label}[{source}]"

    def _said(self, room: str) -> str:
        if self.by is None:
            return named(f"{room}.scatter_period")
        if self.by == _EACH:
            return named(f"{room}.scatter_each")
        axes = self._axes()
        return named(f"{room}.scatter_by", axes=axes) if axes else named(f"{room}.scatter_source")

    def _axes(self) -> tuple[str, ...]:
        return (self.by,) if isinstance(self.by, str) else tuple(self.by or ())

    def spread(self, q: Quantities, source: str) -> Any:
        return q.parameters[f"{self.label}[{source}]"]

    def scattered_by(self, axes: Sequence[str], population: Population) -> Sequence[str] | None:
        if self.by is None:
            return super().scattered_by(axes, population)
        return None if self.by == _EACH else self._axes()

    def describe(self) -> str:
        return self._said("defect")
