"""A distribution whose logarithm is normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from funnelest.priors.base import POSITIVE, Floats, NormalOnLine, PyMC

__all__ = ["LogNormal"]


@dataclass(frozen=True, repr=False)
class LogNormal(NormalOnLine):
    """Distribution of a positive number whose logarithm is normal.

    Parameters
    ----------
    log_mean, log_sd : float
        Mean and standard deviation of the natural logarithm (`log_sd` above 0). The median is
        ``exp(log_mean)``.
    """

    log_mean: float
    log_sd: float
    _range: ClassVar[tuple[float, float]] = POSITIVE
    positive: ClassVar[tuple[str, ...]] = ("log_sd",)
    pymc: ClassVar[PyMC] = ("LogNormal", {"log_mean": "mu", "log_sd": "sigma"})

    @property
    def on_its_line(self) -> bool:
        return True

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.lognormal(self.log_mean, self.log_sd, size)
