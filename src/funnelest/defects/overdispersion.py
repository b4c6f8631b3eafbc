"""More scatter of a count than chance gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest.defects.base import Defect
from funnelest.population import Population
from funnelest.priors import Fixed, LogNormal, Prior, as_prior, within

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

    def _prior(self) -> Prior:
        if self.prior is None:
            return LogNormal.from_interval(0.02, 0.3)
        return within(as_prior(self.prior), 0.0, np.inf)

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong, one sentence each."""
        prior = self._prior()
        found = prior.problems()
        if not found and isinstance(prior, Fixed) and not prior.value > 0:
            found.append(f"it must be above 0 (leave it out for none); given {prior.value:g}.")
        return found

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        """Return the prior of the coefficient of variation."""
        return {f"{self.label}[{source}]": self._prior()}

    def defaults(self, source: str) -> dict[str, str]:
        """Return what is assumed because nothing was said."""
        if self.prior is not None:
            return {}
        return {f"{self.label}[{source}]": "95% between 0.02 and 0.3, log-normal"}

    def spread(self, q: Quantities, source: str) -> Any:
        """Return the coefficient of variation, per draw."""
        return q.parameters[f"{self.label}[{source}]"]

    def describe(self) -> str:
        """Return what it does to a number, in a few words."""
        return "more scatter than Poisson"
