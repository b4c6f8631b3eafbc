"""A gamma distribution of a positive number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import POSITIVE, Floats, FromInterval, Pair, PyMC, solve, special
from funnelest.priors.line import log_quantile

__all__ = ["Gamma"]


@dataclass(frozen=True, repr=False)
class Gamma(FromInterval):
    """Gamma distribution of a positive number.

    Parameters
    ----------
    shape, rate : float
        Shape and rate above 0; the mean is ``shape / rate``.
    """

    shape: float
    rate: float
    _range: ClassVar[tuple[float, float]] = POSITIVE
    positive: ClassVar[tuple[str, ...]] = ("shape", "rate")
    pymc: ClassVar[PyMC] = ("Gamma", {"shape": "alpha", "rate": "beta"})

    @classmethod
    def _with_interval(cls, low: float, high: float, probability: float) -> Pair:
        def guess(mean: float, spread: float) -> Pair:
            shape = max((mean / spread) ** 2, 0.2)
            return shape, shape / mean

        return solve(low, high, probability, guess, lambda a, b, x: special().gammainc(a, b * x))

    def logpdf(self, x: Any) -> Any:
        constant = self.shape * np.log(self.rate) - special().gammaln(self.shape)
        return constant + (self.shape - 1) * np.log(x) - self.rate * x

    def line_logpdf(self, z: Any) -> Any:
        at = z + np.log(self.rate)
        return self.shape * at - np.exp(at) - special().gammaln(self.shape)

    def line_of_score(self, score: Any) -> Any:
        a, name = self.shape, special()
        below = name.gammaincinv(a, name.ndtr(score))
        above = name.gammainccinv(a, name.ndtr(-score))
        # Far below, of the first term of the series: DLMF 8.7.1.
        far = (name.log_ndtr(score) + name.gammaln(a + 1)) / a
        return log_quantile(score, below, above, far) - np.log(self.rate)

    def cdf(self, x: Any) -> Any:
        return special().gammainc(self.shape, self.rate * np.asarray(x))

    def ppf(self, p: Any) -> Any:
        return special().gammaincinv(self.shape, p) / self.rate

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.gamma(self.shape, 1 / self.rate, size)

    def powered(self, power: float) -> Gamma:
        """Return the gamma with both parameters times the power: as many observations more."""
        return replace(self, shape=power * self.shape, rate=power * self.rate)
