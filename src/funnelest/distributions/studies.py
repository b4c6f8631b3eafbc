"""A number of yes in a study that is one of many."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions.base import Distribution, Location, Value, log_choose
from funnelest.distributions.quadrature import stretched, without_slopes

__all__ = ["LogisticNormalBinomial"]

#: The fall of the log-integrand at which the quadrature stops on either side.
_FALL = 26.0
#: Log-odds of a share that rounds to 0 or 1 are taken to be these, with either sign, and a spread
#: that rounds to 0 this.
_ENDS, _ALIKE = np.float64(700.0), np.float64(1e-5)
#: Draws at a time, so that all nodes stay in the cache of the processor.
_DRAWS = 1024


def _softplus(t: Value) -> Value:
    """Return ``log(1 + exp(t))``, to 16 digits after the point."""
    # Not by log1p, which takes three times as long and has digits that are not needed.
    return fm.maximum(t, 0.0) + fm.log(1.0 + fm.exp(-fm.maximum(t, -t)))


def _narrowed(low: Value, high: Value, below: Any, dimensions: int) -> tuple[Value, Value]:
    """Return the eighth part of an interval up to which, and not after, ``below(t)`` holds."""
    points = np.arange(1.0, 8.0).reshape(-1, *(1,) * dimensions)
    step = (high - low) / 8.0
    low = low + step * fm.sum(fm.where(below(low + step * points), 1.0, 0.0), axis=0)
    return low, low + step


@dataclass(frozen=True)
class LogisticNormalBinomial(Distribution):
    """A number of `n` whose log-odds vary from study to study.

    ``y ~ Binomial(n, p)`` with ``logit p ~ Normal(mean, sd)``; `p` is integrated out.

    Parameters
    ----------
    n : float or ndarray
        Number of trials; a column, shape ``(studies, 1)``, for several studies at once.
    mean, sd : value
        Mean and standard deviation of the log-odds over the studies, per draw.

    Notes
    -----
    The integral over the log-odds is a trapezoidal sum, which converges exponentially for smooth
    integrands that vanish at both ends (Trefethen and Weideman, The exponentially convergent
    trapezoidal rule, SIAM Review 56, 2014), in a variable that stretches each side of the mode by
    its own width: with 44 nodes eight digits. Gauss and Hermite's rule at the mode (Naylor and
    Smith, Applied Statistics 31, 1982) has three digits with 20 nodes when nobody or everybody
    said yes and `sd` is large, for the two sides of the integrand then differ by a factor of 7.
    """

    n: Any
    mean: Value
    sd: Value

    def _log_integrand(self, x: Any, t: Value) -> Value:
        z = (t - self.mean) / self.sd
        return x * t - self.n * _softplus(t) - 0.5 * z * z

    def _mode(self, x: Any) -> Value:
        """Return the mode of the integrand: a search, then Newton's steps."""
        variance = self.sd * self.sd

        def pull(t: Value) -> Value:  # a falling function that meets t at the mode
            return self.mean + variance * (x - self.n * fm.expit(t))

        # Newton's method alone leaps away from the flat ends of the logistic function.
        seen = np.log((x + 0.5) / (self.n - x + 0.5))
        low, high = fm.minimum(self.mean, seen), fm.maximum(self.mean, seen)
        low, high = fm.minimum(low, pull(low)), fm.maximum(high, pull(high))
        low = fm.maximum(low, self.mean + variance * (x - self.n))
        high = fm.minimum(high, self.mean + variance * x)
        dimensions = max(low.ndim, np.ndim(x))
        for _ in range(3):
            low, high = _narrowed(low, high, lambda t: pull(t) > t, dimensions)
        t = 0.5 * (low + high)
        for _ in range(2):
            p = fm.expit(t)
            t = t + (pull(t) - t) / (1.0 + variance * self.n * p * (1.0 - p))
        return t

    def _widths(self, x: Any, mode: Value, dimensions: int) -> Value:
        """Return how far the integrand reaches to the left and to the right of its mode."""
        side = np.array([-1.0, 1.0]).reshape(2, *(1,) * dimensions)
        level = self._log_integrand(x, mode) - _FALL

        def excess(width: Value) -> Value:
            return self._log_integrand(x, mode + side * width) - level

        # The normal factor alone falls that far within this distance.
        low, high = 0.0 * side, math.sqrt(2 * _FALL) * self.sd + 0.0 * (mode + side)
        for _ in range(2):
            low, high = _narrowed(low, high, lambda width: excess(width) > 0, dimensions + 1)
        for _ in range(2):  # from outside, where a concave function is never overshot
            t = mode + side * high
            slope = side * (x - self.n * fm.expit(t) - (t - self.mean) / (self.sd * self.sd))
            high = high - excess(high) / slope
        return high

    def _nodes(self, x: Any) -> tuple[Value, Value]:
        """Return the nodes of the quadrature on a first axis, and the logs of their weights."""
        # The sum does not depend on where its nodes are: no gradient through the search.
        return without_slopes(
            lambda mean, sd: replace(self, mean=mean, sd=sd)._found(x), self.mean, self.sd
        )

    def _found(self, x: Any) -> tuple[Value, Value]:
        """Return what `_nodes` does, with a gradient that nobody needs."""
        mode = self._mode(x)
        dimensions = max(mode.ndim, np.ndim(x))
        widths = self._widths(x, mode, dimensions)
        return stretched(mode, widths[0], widths[1], dimensions)

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64)
        mean = fm.minimum(fm.maximum(self.mean, -_ENDS), _ENDS)
        law = replace(self, mean=mean, sd=fm.maximum(self.sd, _ALIKE))
        if fm.is_array(law.mean, law.sd):
            mean, sd = np.broadcast_arrays(law.mean, law.sd)
            size = max(64, _DRAWS // max(x.size, 1))
            if x.shape in ((), (x.size, 1)) and mean.ndim == 1 and mean.size > size:
                blocks = [slice(i, i + size) for i in range(0, mean.size, size)]
                parts = [replace(self, mean=mean[some], sd=sd[some]) for some in blocks]
                return np.concatenate([part._logp(x) for part in parts], axis=-1)
        return law._logp(x)

    def _logp(self, x: Any) -> Value:
        there = np.minimum(x, self.n)
        choose = log_choose(self.n, there) - 0.5 * math.log(2 * math.pi)
        t, weight = self._nodes(there)
        value = fm.logsumexp(self._log_integrand(there, t) + weight, axis=0)
        value = value + choose - fm.log(self.sd)
        return fm.where(x <= self.n, value, -np.inf) if (x > self.n).any() else value

    def locations(self, x: Any, spread: Any) -> list[Location]:
        share = (np.minimum(x, self.n) + 0.5) / (self.n + 1)
        known = self.n * share * (1 - share)
        variance = 1 / known + spread / known**2 + self.sd**2
        value = self.mean + 0.0 * np.asarray(share)  # a row for every study
        return [(value, np.log(share / (1 - share)), 1 / variance)]

    def sample(self, rng: np.random.Generator) -> Any:
        t = self.mean + self.sd * rng.standard_normal(np.shape(self.mean + self.sd + 0.0 * self.n))
        return rng.binomial(np.round(self.n).astype(int), fm.expit(t))

    def moments(self) -> tuple[Any, Any]:
        nodes, weights = np.polynomial.hermite_e.hermegauss(64)
        t = np.asarray(self.mean + nodes.reshape(-1, *(1,) * np.ndim(self.mean)) * self.sd)
        share = np.tensordot(weights / weights.sum(), fm.expit(t), axes=1)
        square = np.tensordot(weights / weights.sum(), fm.expit(t) ** 2, axes=1)
        variance = self.n * (share - square) + self.n**2 * (square - share**2)
        return self.n * share, np.sqrt(variance)
