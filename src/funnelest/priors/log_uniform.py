"""Every order of magnitude between two limits equally likely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.priors.base import BetweenLimits, Prior
from funnelest.priors.line import Bijection, bijection

__all__ = ["LogUniform"]


@dataclass(frozen=True, repr=False)
class LogUniform(BetweenLimits):
    """Every order of magnitude between two positive limits equally likely.

    Parameters
    ----------
    low, high : float
        The limits, ``0 < low < high``.
    """

    low: float
    high: float
    truncatable: ClassVar[bool] = False

    @property
    def on_its_line(self) -> bool:
        return True

    def logpdf(self, x: Any) -> Any:
        inside = (x >= self.low) & (x <= self.high)
        density = -np.log(x) - np.log(np.log(self.high / self.low))
        return np.where(inside, density, -np.inf)

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            share = np.log(np.asarray(x) / self.low) / np.log(self.high / self.low)
        return np.clip(share, 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        return self.low * np.exp(np.asarray(p) * np.log(self.high / self.low))

    def _own_problems(self) -> list[str]:
        if 0 < self.low < self.high:
            return []
        return [f"LogUniform needs 0 < low < high; given low={self.low}, high={self.high}."]

    def line(self) -> Bijection:
        """Return the map from the line, by way of the logarithm."""
        line, back, slope = bijection((np.log(self.low), np.log(self.high)))
        return (lambda z: np.exp(line(z)), lambda x: back(np.log(x)), lambda z: slope(z) + line(z))

    @classmethod
    def to_pymc(cls, name: str, priors: Sequence[Prior], dims: str) -> Any:
        """Return the logarithms, a uniform variable; PyMC has no log-uniform."""
        import pymc as pm

        lower, upper = (np.log([getattr(one, f) for one in priors]) for f in ("low", "high"))
        return pm.Uniform(name, lower=lower, upper=upper, dims=dims)

    def from_pymc(self, value: Any) -> Any:
        return fm.exp(value)
