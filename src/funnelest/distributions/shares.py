"""Numbers out of a known total."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions import limits
from funnelest.distributions.base import (
    Distribution,
    Location,
    Value,
    constant_gammaln,
    log_choose,
    log_rising,
    logit_location,
    xlog1py,
    xlogy,
)
from funnelest.distributions.hidden_counts import log_total
from funnelest.distributions.tails import Tailed, log_sum

__all__ = ["BetaBinomial", "Binomial", "Multinomial"]

#: Size of a beta that gives shares of 0 and 1 only.
_ALIKE = np.float64(1e-200)


@dataclass(frozen=True)
class Binomial(Tailed):
    """A number of `n` with probability `p` each; `n` may be an effective sample.

    Parameters
    ----------
    n : float
        Number of trials. A count need not be whole when it is an effective one.
    p : value
        Probability per draw.
    """

    n: float
    p: Value

    @property
    def largest(self) -> float:
        return self.n

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64)
        rest = np.maximum(self.n - x, 0.0)
        value = limits.binomial(x, self.n, self.p)
        if (rest == 0).any():  # else the logarithm of a negative number says so
            value = fm.where(self.p <= 1.0, value, -np.inf)
        return fm.where(x <= self.n, value, -np.inf) if (x > self.n).any() else value

    def steps(self) -> tuple[Value, Value, Value]:
        with np.errstate(divide="ignore"):
            return self.p / (1.0 - self.p), self.n, -1.0

    def total(self, counts: Any, log_weights: Any = None) -> Value:
        if counts[-1] > self.n:  # these are impossible
            some = np.asarray(counts) <= self.n
            if not some.any():
                return None if fm.is_symbol(self.p) else np.full(np.shape(self.p), -np.inf)
            counts = counts[some]
            log_weights = None if log_weights is None else np.asarray(log_weights)[some]
        return log_total(self, counts, log_weights)

    def _share(self, k: Any, up: bool) -> Value:
        """Return the regularised incomplete beta function (DLMF 8.17.5)."""
        if up:
            return fm.betainc(k, self.n - k + 1.0, self.p)
        return fm.betainc(self.n - k, k + 1.0, 1.0 - self.p)

    def locations(self, x: float, spread: float) -> list[Location]:
        return logit_location(self.p, self.n, x, 1.0, spread)

    def sample(self, rng: np.random.Generator) -> Any:
        return rng.binomial(round(self.n), self.p)

    def moments(self) -> tuple[Any, Any]:
        return self.n * self.p, np.sqrt(self.n * self.p * (1 - self.p))


@dataclass(frozen=True)
class BetaBinomial(Tailed):
    """A number of `n`, clustered: the variance is `deff` times that of a binomial.

    The intra-cluster correlation is ``(deff - 1) / (n - 1)``, so `deff` lies between 1 and `n`.

    Parameters
    ----------
    n : int
        Number of trials.
    p : value
        Probability per draw.
    deff : float or value
        Design effect: a known number, or one per draw.
    """

    n: int
    p: Value
    deff: Value

    @property
    def largest(self) -> float:
        return self.n

    def _inverse(self) -> Value:
        """Return one over the size of the beta: 0 when it is binomial."""
        return fm.maximum(self.deff - 1.0, 0.0) / fm.maximum(self.n - self.deff, _ALIKE)

    def _shapes(self) -> tuple[Value, Value]:
        size = 1.0 / np.maximum(self._inverse(), _ALIKE)
        return self.p * size, (1.0 - self.p) * size

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64)
        there = np.minimum(x, self.n)
        value = self._plain(there) if self._far() else self._near(there)
        value = fm.where(x <= self.n, value, -np.inf) if (x > self.n).any() else value
        # The gamma function of a negative number is one as well, and may be huge.
        return fm.where((self.p >= 0.0) & (self.p <= 1.0), value, -np.inf)

    def _far(self) -> bool:
        """Return whether it is so far from a binomial that gamma functions keep their digits.

        Known only where it is one number: what a draw gives does not depend on the other draws.
        """
        inverse = self._inverse()
        if fm.is_symbol(inverse):
            return True
        return self.n < limits.LARGE and np.ndim(inverse) == 0 and inverse > 1.0 / limits.LARGE

    def _near(self, x: Any) -> Value:
        """Return the log-probability as that of a binomial and what makes the difference."""
        p, inverse = fm.minimum(fm.maximum(self.p, 0.0), 1.0), self._inverse()
        value = limits.binomial(x, self.n, p)
        value = value + limits.log_rising_over(x, p, inverse)
        value = value + limits.log_rising_over(self.n - x, 1.0 - p, inverse)
        return value - limits.log_rising_over(np.float64(self.n), 1.0, inverse)

    def _plain(self, x: Any) -> Value:
        """Return the log-probability by gamma functions; for symbols ten times sooner compiled."""
        size = 1.0 / fm.maximum(self._inverse(), 1e-9)  # above, they have no digits left
        value = log_choose(self.n, x) - log_rising(size, self.n)
        value = value + log_rising(self.p * size, x)
        return value + log_rising((1.0 - self.p) * size, self.n - x)

    def _log_share(self, k: Any, up: bool) -> Value:
        return log_sum(self, k if up else 0.0 * k, 0.0 * k + self.n if up else k)

    def locations(self, x: float, spread: float) -> list[Location]:
        return logit_location(self.p, self.n, x, self.deff, spread)

    def sample(self, rng: np.random.Generator) -> Any:
        a, b = (np.maximum(one, _ALIKE) for one in self._shapes())
        return rng.binomial(self.n, rng.beta(a, b))

    def moments(self) -> tuple[Any, Any]:
        return self.n * self.p, np.sqrt(self.deff * self.n * self.p * (1 - self.p))


@dataclass(frozen=True)
class Multinomial(Distribution):
    """Numbers of `n` over several outcomes; the rest went to none of them.

    `p` has one row per outcome; the shares of the rest are ``1 - sum(p)``.

    Parameters
    ----------
    n : int
        Number of trials.
    p : value
        Probabilities, one row per outcome.
    """

    n: int
    p: Value

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64).reshape(-1, 1)
        rest = self.n - x.sum()
        constant = constant_gammaln(self.n + 1) - constant_gammaln(rest + 1)
        constant = constant - constant_gammaln(x + 1).sum()
        value = fm.sum(xlogy(x, self.p), axis=0) + constant
        return value + xlog1py(rest, -fm.sum(self.p, axis=0)) if rest > 0 else value

    def locations(self, x: Any, spread: float) -> list[Location]:
        # Fisher information of a multinomial: the sum of n p (d log p)^2, the rest included.
        counts = [*x, max(self.n - float(np.sum(x)), 0.0)]
        shares = [*self.p, 1.0 - fm.sum(self.p, axis=0)]
        total = self.n + 0.5 * len(counts)
        return [
            (fm.log(p), math.log((count + 0.5) / total), count + 0.5)
            for p, count in zip(shares, counts, strict=True)
        ]

    def marginal(self, i: int) -> Binomial:
        return Binomial(self.n, self.p[i])

    def sample(self, rng: np.random.Generator) -> Any:
        p = np.concatenate([self.p, np.clip(1 - self.p.sum(axis=0), 0, None)[None]], axis=0).T
        return rng.multinomial(self.n, p / p.sum(axis=1, keepdims=True)).T[:-1]

    def moments(self) -> tuple[Any, Any]:
        return self.n * self.p, np.sqrt(self.n * self.p * (1 - self.p))
