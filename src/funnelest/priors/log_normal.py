"""A distribution whose logarithm is normal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import POSITIVE, Floats, FromInterval, PyMC, special
from funnelest.priors.normal import Normal

__all__ = ["LogNormal"]


@dataclass(frozen=True, repr=False)
class LogNormal(FromInterval):
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
    pymc: ClassVar[PyMC] = ("LogNormal", {"log_mean": "mu", "log_sd": "sigma"})

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        return Normal._with_interval(math.log(low), math.log(high), probability)

    def logpdf(self, x: Any) -> Any:
        log_x = np.log(x)
        z = (log_x - self.log_mean) / self.log_sd
        return -0.5 * z * z - np.log(self.log_sd) - 0.5 * math.log(2 * math.pi) - log_x

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return special().ndtr((np.log(x) - self.log_mean) / self.log_sd)

    def ppf(self, p: Any) -> Any:
        return np.exp(self.log_mean + self.log_sd * special().ndtri(p))

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.lognormal(self.log_mean, self.log_sd, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("log_sd")

    @property
    def straight(self) -> tuple[float, float]:
        return self.log_mean, self.log_sd

    def powered(self, power: float) -> LogNormal:
        """Return the log-normal whose variance of the logarithm is over the power."""
        return replace(self, log_sd=self.log_sd / math.sqrt(power))
