"""A normal distribution folded at zero."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import POSITIVE, REAL, Prior, PyMC, special
from funnelest.priors.line import Bijection, bijection

__all__ = ["HalfNormal"]


@dataclass(frozen=True, repr=False)
class HalfNormal(Prior):
    """Normal distribution with mean zero, folded at zero.

    Parameters
    ----------
    sd : float
        Standard deviation of the normal before folding, above 0.
    """

    sd: float
    positive: ClassVar[tuple[str, ...]] = ("sd",)
    pymc: ClassVar[PyMC] = ("HalfNormal", {"sd": "sigma"})

    @property
    def support(self) -> tuple[float, float]:
        return POSITIVE

    def logpdf(self, x: Any) -> Any:
        z = x / self.sd
        return -0.5 * z * z - np.log(self.sd) + 0.5 * math.log(2 / math.pi)

    def line_logpdf(self, z: Any) -> Any:
        at = z - np.log(self.sd)
        return at - 0.5 * np.exp(2 * at) + 0.5 * math.log(2 / math.pi)

    def line_of_score(self, score: Any) -> Any:
        name = special()
        low, high = name.erfinv(name.ndtr(score)), name.erfcinv(name.ndtr(-score))
        return np.log(self.sd * math.sqrt(2) * np.where(score < 0, low, high))

    def cdf(self, x: Any) -> Any:
        return special().erf(x / (self.sd * math.sqrt(2)))

    def ppf(self, p: Any) -> Any:
        return self.sd * math.sqrt(2) * special().erfinv(p)

    def own_scale(self) -> Bijection:
        """Return the natural scale: it is a normal, of which one half is left out."""
        return bijection(REAL)

    def powered(self, power: float) -> HalfNormal:
        """Return the half-normal whose variance is over the power."""
        return replace(self, sd=self.sd / math.sqrt(power))
