"""A normal distribution: of a number, or of what it is on another scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from funnelest.priors.base import REAL, Floats, FromInterval, Pair, PyMC, normal_quantile, special
from funnelest.priors.line import bijection

__all__ = ["Normal", "NormalOnLine"]


class NormalOnLine(FromInterval):
    """A number that is normal on the unconstrained line; mean and standard deviation come first."""

    @property
    def straight(self) -> tuple[Any, Any]:
        mean, sd = (getattr(self, name) for name in self.parameters())
        return mean, sd

    @classmethod
    def _with_interval(cls, low: float, high: float, probability: float) -> Pair:
        a, b = (float(bijection(cls._range)[1](limit)) for limit in (low, high))
        return (a + b) / 2, (b - a) / 2 / normal_quantile(probability)

    def _score(self, x: Any) -> tuple[Any, Any]:
        """Return the place on the line, and how many standard deviations from the mean it is."""
        mean, sd = self.straight
        with np.errstate(divide="ignore"):
            at = self.line()[1](x)
        return at, (at - mean) / sd

    def logpdf(self, x: Any) -> Any:
        at, z = self._score(x)
        constant = np.log(self.straight[1]) + 0.5 * math.log(2 * math.pi)
        return -0.5 * z * z - constant - self.line()[2](at)

    def cdf(self, x: Any) -> Any:
        return special().ndtr(self._score(x)[1])

    def ppf(self, p: Any) -> Any:
        mean, sd = self.straight
        return self.line()[0](mean + sd * special().ndtri(p))

    def powered(self, power: float) -> Self:
        """Return the member whose variance on the line is over the power."""
        _, name = self.parameters()
        changed: dict[str, Any] = {name: getattr(self, name) / math.sqrt(power)}
        return replace(self, **changed)


@dataclass(frozen=True, repr=False)
class Normal(NormalOnLine):
    """Normal distribution.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation (`sd` above 0).
    """

    mean: float
    sd: float
    _range: ClassVar[tuple[float, float]] = REAL
    positive: ClassVar[tuple[str, ...]] = ("sd",)
    pymc: ClassVar[PyMC] = ("Normal", {"mean": "mu", "sd": "sigma"})

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.normal(self.mean, self.sd, size)
