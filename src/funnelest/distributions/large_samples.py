"""Shares in samples so large that their counts need not be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions.base import Distribution, Location, Value, logit_location
from funnelest.distributions.limits import bowed
from funnelest.distributions.normal import between_scores

__all__ = ["ShareOfMany"]

#: Shares are kept off 0 and 1 by this much, where logarithms are infinite.
_LEAST = np.float64(1e-300)
_MOST = np.float64(1.0 - 1e-16)


@dataclass(frozen=True)
class ShareOfMany(Distribution):
    r"""The share of `n` people with a property, of whom a range of counts is seen and not one.

    Parameters
    ----------
    n : float
        Number of people.
    p : value
        Probability per draw.
    deff : float or value, default 1.0
        Design effect: a known number, or one per draw.

    Notes
    -----
    The probability of at most a share x is that of a standard normal number of at most
    :math:`z = (m (x - p) + (1 - 2p) / 6) \sqrt{F / m}` with m the people and
    :math:`F = 2\,\mathrm{KL}(x, p) / (x - p)^2`, the signed root of the deviance with the shift of
    Peizer and Pratt (JASA 1968;63:1416). From a sample of 2,000,000 on it is that of the binomial
    to 2e-8. A beta that is worth as many people has that with x and p exchanged; of a cluster
    sample the two scores are weighed as the two parts of its variance: to 1e-6 from 40,000
    effective people on, to 5e-5 from 1,000 on and to 1.5e-3 from 100 on.
    """

    n: float
    p: Value
    deff: Value = 1.0

    @property
    def _effective(self) -> Value:
        return self.n / self.deff

    def at_most(self, x: float) -> Value:
        """Return the normal score of the probability of at most a share."""
        p = fm.minimum(fm.maximum(self.p, _LEAST), _MOST)
        m = self._effective
        score = _score(m, np.float64(x), p)
        inverse = fm.maximum(self.deff - 1.0, 0.0) / (self.n - self.deff)
        clusters = self.n * inverse / (1.0 + self.n * inverse)
        edge = (p * (m - 1.0) - 0.5) / (m - 2.0)
        edge = fm.minimum(fm.maximum(edge, _LEAST), _MOST)
        return (1.0 - clusters) * score - clusters * _score(m - 2.0, edge, np.float64(x))

    def log_between(self, low: float, high: float) -> Value:
        a = None if low <= 0.0 else self.at_most(low)
        b = None if high >= 1.0 else self.at_most(high)
        return between_scores(a, b, 0.0 * self.p)

    def logp(self, x: Any) -> Value:
        x = np.clip(np.asarray(x, dtype=np.float64), 0.5 / self.n, 1.0 - 0.5 / self.n)
        p = fm.minimum(fm.maximum(self.p, _LEAST), _MOST)
        m, away = self._effective, x - p
        fall = 0.5 * m * away * away * _curve(x, p)
        return 0.5 * fm.log(m / (2 * np.pi * x * (1.0 - x))) - fall

    def locations(self, x: float, spread: float) -> list[Location]:
        size = float(np.mean(fm.constant(self._effective)))
        return logit_location(self.p, size, x * size, 1.0, spread * size**2)

    def sample(self, rng: np.random.Generator) -> Any:
        size = np.round(self._effective).astype(np.int64)
        return rng.binomial(size, np.clip(self.p, 0.0, 1.0)) / size

    def moments(self) -> tuple[Any, Any]:
        return self.p, np.sqrt(self.p * (1.0 - self.p) / self._effective)


def _curve(x: Any, p: Any) -> Value:
    """Return twice the divergence of x from p, over the square of their distance; never small."""
    one, other = (p - x) / x, (x - p) / (1.0 - x)
    return -2.0 * (bowed(one, p / x) / x + bowed(other, (1.0 - p) / (1.0 - x)) / (1.0 - x))


def _score(m: Any, x: Any, p: Any) -> Value:
    return (m * (x - p) + (1.0 - 2.0 * p) / 6.0) * fm.sqrt(_curve(x, p) / m)
