"""A beta distribution of a share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import UNIT, Floats, FromInterval, Pair, PyMC, solve, special
from funnelest.priors.line import log_quantile, softplus

__all__ = ["Beta"]


@dataclass(frozen=True, repr=False)
class Beta(FromInterval):
    """Beta distribution of a share.

    Parameters
    ----------
    alpha, beta : float
        Shape parameters above 0; like having seen `alpha` successes and `beta` failures.
    """

    alpha: float
    beta: float
    _range: ClassVar[tuple[float, float]] = UNIT
    positive: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    pymc: ClassVar[PyMC] = ("Beta", {"alpha": "alpha", "beta": "beta"})

    @classmethod
    def _with_interval(cls, low: float, high: float, probability: float) -> Pair:
        def guess(mean: float, spread: float) -> Pair:
            size = max(mean * (1 - mean) / spread**2 - 1, 0.5)
            return mean * size, (1 - mean) * size

        return solve(low, high, probability, guess, lambda a, b, x: special().betainc(a, b, x))

    def logpdf(self, x: Any) -> Any:
        betaln = special().betaln(self.alpha, self.beta)
        xlogy, xlog1py = special().xlogy, special().xlog1py
        return xlogy(self.alpha - 1, x) + xlog1py(self.beta - 1, -x) - betaln

    def line_logpdf(self, z: Any) -> Any:
        betaln = special().betaln(self.alpha, self.beta)
        return -self.alpha * softplus(-z) - self.beta * softplus(z) - betaln

    def line_of_score(self, score: Any) -> Any:
        a, b = self.alpha, self.beta
        # Of one minus a share with these parameters the distribution is that with them exchanged.
        return _log_quantile(a, b, score) - _log_quantile(b, a, -score)

    def cdf(self, x: Any) -> Any:
        return special().betainc(self.alpha, self.beta, x)

    def ppf(self, p: Any) -> Any:
        return special().betaincinv(self.alpha, self.beta, p)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.beta(self.alpha, self.beta, size)

    @property
    def flat(self) -> bool:
        return self.alpha == self.beta == 1

    def powered(self, power: float) -> Beta:
        """Return the beta with both parameters times the power: as many observations more."""
        return replace(self, alpha=power * self.alpha, beta=power * self.beta)


def _log_quantile(a: Any, b: Any, score: Any) -> Any:
    """Return the log of the share below which lies the probability of a normal `score`."""
    name = special()
    below = name.betaincinv(a, b, name.ndtr(score))
    above = name.betainccinv(a, b, name.ndtr(-score))
    # Far below, of the first term of the series: DLMF 8.17.7.
    far = (name.log_ndtr(score) + np.log(a) + name.betaln(a, b)) / a
    return log_quantile(score, below, above, far)
