"""A normal distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import REAL, Floats, FromInterval, PyMC, normal_quantile, special

__all__ = ["Normal"]


@dataclass(frozen=True, repr=False)
class Normal(FromInterval):
    """Normal distribution.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation (`sd` above 0).
    """

    mean: float
    sd: float
    _range: ClassVar[tuple[float, float]] = REAL
    pymc: ClassVar[PyMC] = ("Normal", {"mean": "mu", "sd": "sigma"})

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        return (low + high) / 2, (high - low) / 2 / normal_quantile(probability)

    def logpdf(self, x: Any) -> Any:
        z = (x - self.mean) / self.sd
        return -0.5 * z * z - np.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def cdf(self, x: Any) -> Any:
        return special().ndtr((x - self.mean) / self.sd)

    def ppf(self, p: Any) -> Any:
        return self.mean + self.sd * special().ndtri(p)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.normal(self.mean, self.sd, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("sd")

    @property
    def straight(self) -> tuple[float, float]:
        return self.mean, self.sd

    def powered(self, power: float) -> Normal:
        """Return the normal whose variance is over the power."""
        return replace(self, sd=self.sd / math.sqrt(power))
