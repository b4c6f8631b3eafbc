"""Every value between two limits equally likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import BetweenLimits, PyMC
from funnelest.priors.beta import Beta

__all__ = ["Uniform"]


@dataclass(frozen=True, repr=False)
class Uniform(BetweenLimits):
    """Every value between two limits equally likely.

    Parameters
    ----------
    low, high : float
        The limits, `low` below `high`.
    """

    low: float
    high: float
    pymc: ClassVar[PyMC] = ("Uniform", {"low": "lower", "high": "upper"})

    def logpdf(self, x: Any) -> Any:
        inside = (x >= self.low) & (x <= self.high)
        return np.where(inside, -np.log(self.high - self.low), -np.inf)

    def cdf(self, x: Any) -> Any:
        return np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        return self.low + (self.high - self.low) * np.asarray(p)

    def _own_problems(self) -> list[str]:
        if self.low < self.high:
            return []
        return [f"Uniform: low must be below high; given low={self.low}, high={self.high}."]

    def powered(self, power: float) -> Beta | None:
        """Return, for a share, the beta with both parameters equal to the power."""
        if (self.low, self.high) != (0, 1):
            return None
        return Beta(power, power, statement=self.statement, source=self.source)
