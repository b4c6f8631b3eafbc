"""Counts without an upper limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions import limits
from funnelest.distributions.base import Location, Value, constant_gammaln, xlogy
from funnelest.distributions.hidden_counts import log_total, poisson_total
from funnelest.distributions.tails import Tailed, log_sum

__all__ = ["NegativeBinomial", "Poisson"]

#: The square of a coefficient of variation that has rounded to 0: Poisson to every digit.
_LEAST = np.float64(1e-200)
#: Means from which counts are made up, where a share that is divided by is next to 0.
_MOST = 1e18


@dataclass(frozen=True)
class Poisson(Tailed):
    """A count with this mean.

    Parameters
    ----------
    mean : value
        Expected count per draw.
    """

    mean: Value

    def logp(self, x: Any) -> Value:
        return limits.poisson(x, self.mean)

    def steps(self) -> tuple[Value, Value, Value]:
        return self.mean, 1.0, 0.0

    def total(self, counts: Any, log_weights: Any = None) -> Value:
        return poisson_total(self, counts, log_weights)

    def _share(self, k: Any, up: bool) -> Value:
        """Return the regularised incomplete gamma function (DLMF 8.2.4)."""
        return fm.gammainc(k, self.mean) if up else fm.gammaincc(k + 1, self.mean)

    def locations(self, x: float, spread: float) -> list[Location]:
        x = x + 0.5
        return [(fm.log(self.mean), np.log(x), x**2 / (x + spread))]

    def summed(self, rows: list[int]) -> Poisson:
        return Poisson(self.mean[rows].sum(axis=0))

    def sample(self, rng: np.random.Generator) -> Any:
        return rng.poisson(np.minimum(self.mean, _MOST))

    def moments(self) -> tuple[Any, Any]:
        return self.mean, np.sqrt(self.mean)


@dataclass(frozen=True)
class NegativeBinomial(Tailed):
    """A count with this mean and extra variation.

    The variance is ``mean + (cv * mean)**2``: `cv` is the coefficient of variation of the
    Poisson mean itself, a gamma variable.

    Parameters
    ----------
    mean, cv : value
        Expected count, and coefficient of variation, per draw.
    """

    mean: Value
    cv: Value

    @property
    def _square(self) -> Value:
        return fm.maximum(self.cv * self.cv, _LEAST)

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64)
        if x.size and x.max() >= limits.LARGE:
            return limits.negative_binomial(x, self.mean, self.cv * self.cv)
        square = self._square
        # Size above 100: the gamma functions by Stirling's series, for their difference cancels
        # in floating point; the limit is the Poisson distribution.
        rise, odds = fm.log1p(x * square), self.mean * square
        inverse = square / (1.0 + x * square)
        series = (rise - fm.log1p(odds)) / square + (x - 0.5) * rise - x * fm.log1p(odds) - x
        series = series + (inverse - square) / 12.0 - (inverse**3 - square**3) / 360.0
        series = series + xlogy(x, self.mean)
        size = 1.0 / fm.maximum(square, 1e-3)
        odds = self.mean / size
        exact = fm.gammaln(x + size) - fm.gammaln(size)
        exact = exact - (size + x) * fm.log1p(odds) + xlogy(x, odds)
        return fm.where(square < 0.01, series, exact) - constant_gammaln(x + 1)

    def steps(self) -> tuple[Value, Value, Value]:
        square = self._square
        return self.mean / (1.0 + self.mean * square), 1.0, square

    def total(self, counts: Any, log_weights: Any = None) -> Value:
        return log_total(self, counts, log_weights)

    def _log_share(self, k: Any, up: bool) -> Value:
        """Return the log of an incomplete beta function (DLMF 8.17) on plain arrays.

        Else, as no slope in its parameters is known, of a sum; of at least `k` one minus the sum
        below `k`, and far out the integral over the tail.
        """
        if fm.is_array(self.mean, self.cv):
            return super()._log_share(k, up)
        return self._upper(k) if up else log_sum(self, np.zeros_like(k), k)

    def _share(self, k: Any, up: bool) -> Any:
        from scipy.special import betainc, betaincc, gammainc, gammaincc

        square = np.asarray(self._square, dtype=np.float64)
        k, mean, square = np.broadcast_arrays(k if up else k + 1.0, self.mean, square)
        value = np.empty(mean.shape)
        poisson = square < 1e-13  # their difference is then below the precision of either
        if poisson.any():
            value[poisson] = (gammainc if up else gammaincc)(k[poisson], mean[poisson])
        # From the smaller of the two shares: the other one, a difference from 1, has lost digits.
        few = ~poisson & (mean * square < 1.0)
        odds = mean[few] * square[few]
        value[few] = (betainc if up else betaincc)(k[few], 1 / square[few], odds / (1 + odds))
        rest = ~poisson & ~few
        odds = mean[rest] * square[rest]
        value[rest] = (betaincc if up else betainc)(1 / square[rest], k[rest], 1 / (1 + odds))
        return value

    def _upper(self, k: Any) -> Value:
        """Return the log-probability of at least `k` for symbols.

        With ``t = u exp(-s)`` in ``I_u(k, size)`` (DLMF 8.17.1) it is ``p(k) k (1 + odds)`` times
        the integral over ``s > 0`` of ``exp(-k s) (1 + odds (1 - exp(-s)))^(size - 1)``. In the
        tail this is close to an exponential function: Gauss and Laguerre's rule.
        """
        square = self._square
        below = log_sum(self, np.zeros_like(k), k - 1.0)
        near = below < math.log1p(-1e-5)
        # Where it is not used, anything that gives no infinite gradient.
        mean = fm.where(near, 0.1 * k / (1.0 + k * square), self.mean)
        odds = mean * square
        nodes, weights = np.polynomial.laguerre.laggauss(48)
        shape = (-1, *(1,) * max(np.ndim(k), mean.ndim))
        v, w = nodes.reshape(shape), weights.reshape(shape)
        # Size minus 1, times odds: ``mean (1 - square)``.
        rate = k - mean * (1.0 - square)
        s = v / rate
        share = odds * -fm.expm1(-s)
        power = (1.0 / square - 1.0) * fm.log1p(share)
        inner = fm.logsumexp(np.log(w) + v - k * s + power, axis=0) - fm.log(rate)
        far = replace(self, mean=mean).logp(k) + np.log(k) + fm.log1p(odds) + inner
        return fm.where(near, fm.log(-fm.expm1(fm.where(near, below, -1.0))), far)

    def locations(self, x: float, spread: float) -> list[Location]:
        x = x + 0.5
        return [(fm.log(self.mean), np.log(x), 1 / (1 / x + self.cv**2 + spread / x**2))]

    def rates(self, rng: np.random.Generator) -> Any:
        """Return Poisson means made up with `rng`: the expected counts, each times its factor."""
        size = 1.0 / self._square
        return rng.gamma(size, self.mean / size)

    def sample(self, rng: np.random.Generator) -> Any:
        return rng.poisson(np.minimum(self.rates(rng), _MOST))

    def moments(self) -> tuple[Any, Any]:
        return self.mean, np.sqrt(self.mean + (self.cv * self.mean) ** 2)
