"""More scatter of a count than chance gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest.defects.base import Defect
from funnelest.fields import Allowed
from funnelest.population import Population
from funnelest.priors import LogNormal, Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["Overdispersion"]


@dataclass(frozen=True)
class Overdispersion(Defect):
    r"""Variation of a count beyond Poisson, as a coefficient of variation.

    Parameters
    ----------
    prior : Prior or float, optional
        Coefficient of variation of the expected count, above 0: 0.1 says that it is off by some
        10% from figure to figure. Left out: log-normal with 95% between 0.02 and 0.3, a default
        that the ledger shows. One figure says next to nothing about it, so the prior should not
        pile up at zero.

    Notes
    -----
    Negative binomial with variance :math:`\mu + (\omega \mu)^2`: each expected count is
    multiplied by a gamma variable of its own, with mean 1 and standard deviation
    :math:`\omega`.
    """

    prior: Prior | float | None = None
    stage: ClassVar[int] = 60
    label: ClassVar[str] = "overdispersion"
    allowed: ClassVar[Allowed] = {"prior": prior_of(0.0, above=True).or_none}

    def _prior(self) -> Prior:
        if self.prior is None:
            return LogNormal.from_interval(0.02, 0.3)
        return within(as_prior(self.prior), 0.0, np.inf)

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {f"{self.label}[{source}]": self._prior()}

    def defaults(self, source: str) -> dict[str, str]:
        if self.prior is not None:
            return {}
        return {f"{self.label}[{source}]": named("default.scatter", low=0.02, high=0.3)}

    def spread(self, q: Quantities, source: str) -> Any:
        return q.parameters[f"{self.label}[{source}]"]

    def describe(self) -> str:
        return named("defect.scatter")
