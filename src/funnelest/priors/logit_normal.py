"""A distribution of a share whose log-odds are normal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import UNIT, FromInterval, Prior, PyMC, special
from funnelest.priors.normal import Normal

__all__ = ["LogitNormal"]


@dataclass(frozen=True, repr=False)
class LogitNormal(FromInterval):
    """Distribution of a share whose log-odds are normal.

    Parameters
    ----------
    logit_mean, logit_sd : float
        Mean and standard deviation of the log-odds (`logit_sd` above 0).
    """

    logit_mean: float
    logit_sd: float
    _range: ClassVar[tuple[float, float]] = UNIT
    pymc: ClassVar[PyMC] = ("LogitNormal", {"logit_mean": "mu", "logit_sd": "sigma"})

    @classmethod
    def _with_interval(
        cls, low: float, high: float, probability: float
    ) -> tuple[float, float] | None:
        a, b = (math.log(p / (1 - p)) for p in (low, high))
        return Normal._with_interval(a, b, probability)

    def logpdf(self, x: Any) -> Any:
        log_x, log_rest = np.log(x), np.log1p(-x)
        z = (log_x - log_rest - self.logit_mean) / self.logit_sd
        constant = np.log(self.logit_sd) + 0.5 * math.log(2 * math.pi)
        return -0.5 * z * z - constant - log_x - log_rest

    def cdf(self, x: Any) -> Any:
        return special().ndtr((special().logit(x) - self.logit_mean) / self.logit_sd)

    def ppf(self, p: Any) -> Any:
        return special().expit(self.logit_mean + self.logit_sd * special().ndtri(p))

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("logit_sd")

    @property
    def straight(self) -> tuple[float, float]:
        return self.logit_mean, self.logit_sd

    def powered(self, power: float) -> LogitNormal:
        """Return the logit-normal whose variance of the log-odds is over the power."""
        return replace(self, logit_sd=self.logit_sd / math.sqrt(power))

    @classmethod
    def to_pymc(cls, name: str, priors: Sequence[Prior], dims: str) -> Any:
        import pymc as pm

        # The one family for which PyMC has no map from the line.
        logodds = pm.distributions.transforms.logodds
        family, arguments = cls.in_pymc(priors)
        return getattr(pm, family)(name, **arguments, default_transform=logodds, dims=dims)
