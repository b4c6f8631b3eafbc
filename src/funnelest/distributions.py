"""How observed numbers scatter around what is expected: likelihood, simulation and moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.counting import log_total, poisson_total

__all__ = [
    "BetaBinomial",
    "Binomial",
    "Custom",
    "Distribution",
    "Multinomial",
    "NegativeBinomial",
    "NormalOn",
    "Poisson",
]

type Value = Any
type Floats = NDArray[np.float64]
#: A number that the data locate: its value per draw, what the data say it is, and how much they
#: know of it (one over the variance). Only as good as a proposal needs: no result rests on it.
type Location = tuple[Any, Any, Any]


class Distribution(Protocol):
    """How observed numbers scatter around what is expected.

    Two further methods are optional. ``locations(x, spread)`` returns a list of `Location`, with
    `spread` the variance of the rounding of `x`: the importance engine follows these.
    ``total(counts)`` returns the log-probability of consecutive counts, faster than their sum,
    or None for symbols; ``ratio(x)`` is what it needs, the probability of `x` over that of
    ``x - 1``.
    """

    def logp(self, x: Any) -> Value:
        """Return the log-probability of `x`, whose last axis broadcasts against the draws."""

    def sample(self, rng: np.random.Generator) -> Any:
        """Return one observed value per draw, made with `rng`."""

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw, on the printed scale."""


def _xlogy(x: Any, y: Value) -> Value:
    """Return ``x log y``, and 0 where the data `x` are 0 whatever `y` is."""
    # The data are arrays, never symbols: which terms vanish is known when this is written down.
    x = np.asarray(x, dtype=np.float64)
    if not x.any():
        return y * 0.0
    return x * fm.log(fm.where(x > 0, y, 1.0) if (x == 0).any() else y)


def _xlog1py(x: Any, y: Value) -> Value:
    """Return ``x log(1 + y)``, and 0 where the data `x` are 0."""
    x = np.asarray(x, dtype=np.float64)
    if not x.any():
        return y * 0.0
    return x * fm.log1p(fm.where(x > 0, y, 0.0) if (x == 0).any() else y)


def _logit_location(p: Value, n: float, x: float, deff: float, spread: float) -> list[Location]:
    """Return where `x` of `n` locate the log-odds of `p`."""
    x = min(x, n)
    share = (x + 0.5) / (n + 1)
    variance = n * share * (1 - share)
    information = variance**2 / (deff * variance + spread)
    return [(fm.log(p) - fm.log1p(-p), math.log(share / (1 - share)), information)]


def _constant_gammaln(x: Any) -> Any:
    from scipy.special import gammaln

    return gammaln(np.asarray(x, dtype=np.float64))


@dataclass(frozen=True)
class Poisson:
    """A count with this mean.

    Parameters
    ----------
    mean : value
        Expected count per draw.
    """

    mean: Value

    def logp(self, x: Any) -> Value:
        return _xlogy(x, self.mean) - self.mean - _constant_gammaln(np.asarray(x) + 1)

    def total(self, counts: Any) -> Value:
        return poisson_total(self, counts)

    def ratio(self, x: int) -> Value:
        return self.mean * (1.0 / x)

    def locations(self, x: float, spread: float) -> list[Location]:
        x = x + 0.5
        return [(fm.log(self.mean), math.log(x), x**2 / (x + spread))]

    def sample(self, rng: np.random.Generator) -> Any:
        return rng.poisson(self.mean)

    def moments(self) -> tuple[Any, Any]:
        return self.mean, np.sqrt(self.mean)


@dataclass(frozen=True)
class NegativeBinomial:
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

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64)
        square = self.cv * self.cv
        # Size above 100: the gamma functions by Stirling's series, for their difference cancels
        # in floating point; the limit is the Poisson distribution.
        rise, odds = fm.log1p(x * square), self.mean * square
        inverse = square / (1.0 + x * square)
        series = (rise - fm.log1p(odds)) / square + (x - 0.5) * rise - x * fm.log1p(odds) - x
        series = series + (inverse - square) / 12.0 - (inverse**3 - square**3) / 360.0
        series = series + _xlogy(x, self.mean)
        size = 1.0 / fm.maximum(square, 1e-3)
        odds = self.mean / size
        exact = fm.gammaln(x + size) - fm.gammaln(size)
        exact = exact - (size + x) * fm.log1p(odds) + _xlogy(x, odds)
        return fm.where(square < 0.01, series, exact) - _constant_gammaln(x + 1)

    def total(self, counts: Any) -> Value:
        return log_total(self, counts)

    def ratio(self, x: int) -> Value:
        square = self.cv * self.cv
        return self.mean * ((1.0 + (x - 1) * square) / x) / (1.0 + self.mean * square)

    def locations(self, x: float, spread: float) -> list[Location]:
        x = x + 0.5
        return [(fm.log(self.mean), math.log(x), 1 / (1 / x + self.cv**2 + spread / x**2))]

    def sample(self, rng: np.random.Generator) -> Any:
        size = 1.0 / (np.asarray(self.cv) ** 2)
        return rng.poisson(rng.gamma(size, self.mean / size))

    def moments(self) -> tuple[Any, Any]:
        return self.mean, np.sqrt(self.mean + (self.cv * self.mean) ** 2)


@dataclass(frozen=True)
class Binomial:
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

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64)
        rest = np.maximum(self.n - x, 0.0)
        choose = _constant_gammaln(self.n + 1) - _constant_gammaln(x + 1)
        choose = choose - _constant_gammaln(rest + 1)
        value = choose + _xlogy(x, self.p) + _xlog1py(rest, -self.p)
        return fm.where(x <= self.n, value, -np.inf) if (x > self.n).any() else value

    def total(self, counts: Any) -> Value:
        return log_total(self, counts)

    def ratio(self, x: int) -> Value:
        return self.p / (1.0 - self.p) * ((self.n - x + 1) / x)

    def locations(self, x: float, spread: float) -> list[Location]:
        return _logit_location(self.p, self.n, x, 1.0, spread)

    def sample(self, rng: np.random.Generator) -> Any:
        return rng.binomial(round(self.n), self.p)

    def moments(self) -> tuple[Any, Any]:
        return self.n * self.p, np.sqrt(self.n * self.p * (1 - self.p))


@dataclass(frozen=True)
class BetaBinomial:
    """A number of `n`, clustered: the variance is `deff` times that of a binomial.

    The intra-cluster correlation is ``(deff - 1) / (n - 1)``, so `deff` lies between 1 and `n`.

    Parameters
    ----------
    n : int
        Number of trials.
    p : value
        Probability per draw.
    deff : float
        Design effect.
    """

    n: int
    p: Value
    deff: float

    def _shapes(self) -> tuple[Value, Value]:
        size = (self.n - self.deff) / (self.deff - 1.0)
        return self.p * size, (1.0 - self.p) * size

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64)
        a, b = self._shapes()
        total = (self.n - self.deff) / (self.deff - 1.0)
        choose = _constant_gammaln(self.n + 1) - _constant_gammaln(x + 1)
        choose = choose - _constant_gammaln(self.n - x + 1)
        choose = choose + _constant_gammaln(total) - _constant_gammaln(total + self.n)
        yes = fm.gammaln(x + a) - fm.gammaln(a)
        return choose + yes + fm.gammaln(self.n - x + b) - fm.gammaln(b)

    def locations(self, x: float, spread: float) -> list[Location]:
        return _logit_location(self.p, self.n, x, self.deff, spread)

    def sample(self, rng: np.random.Generator) -> Any:
        return rng.binomial(self.n, rng.beta(*self._shapes()))

    def moments(self) -> tuple[Any, Any]:
        return self.n * self.p, np.sqrt(self.deff * self.n * self.p * (1 - self.p))


@dataclass(frozen=True)
class Multinomial:
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
        constant = _constant_gammaln(self.n + 1) - _constant_gammaln(rest + 1)
        constant = constant - _constant_gammaln(x + 1).sum()
        value = fm.sum(_xlogy(x, self.p), axis=0) + constant
        return value + _xlog1py(rest, -fm.sum(self.p, axis=0)) if rest > 0 else value

    def locations(self, x: Any, spread: float) -> list[Location]:
        # Fisher information of a multinomial: the sum of n p (d log p)^2, the rest included.
        counts = [*x, max(self.n - float(np.sum(x)), 0.0)]
        shares = [*self.p, 1.0 - fm.sum(self.p, axis=0)]
        total = self.n + 0.5 * len(counts)
        return [
            (fm.log(p), math.log((count + 0.5) / total), count + 0.5)
            for p, count in zip(shares, counts, strict=True)
        ]

    def sample(self, rng: np.random.Generator) -> Any:
        p = np.concatenate([self.p, np.clip(1 - self.p.sum(axis=0), 0, None)[None]], axis=0).T
        return rng.multinomial(self.n, p / p.sum(axis=1, keepdims=True)).T[:-1]

    def moments(self) -> tuple[Any, Any]:
        return self.n * self.p, np.sqrt(self.n * self.p * (1 - self.p))


#: Scale -> (to the scale, back from it, slope of the map at the value).
_SCALES: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "identity": (lambda v: v, lambda t: t, lambda v: 1.0),
    "log": (fm.log, fm.exp, lambda v: 1.0 / v),
    "logit": (fm.logit, fm.expit, lambda v: 1.0 / (v * (1.0 - v))),
}


def scale_problems(scale: str, value: float) -> list[str]:
    """Return why `value` cannot be observed on `scale`, one sentence each."""
    if scale not in _SCALES:
        return [f"the scale must be one of {', '.join(map(repr, _SCALES))}; given {scale!r}."]
    if scale == "log" and not value > 0:
        return [f"an estimate on the log scale must be above 0; given {value!r}."]
    if scale == "logit" and not 0 < value < 1:
        return [f"an estimate on the logit scale must lie between 0 and 1; given {value!r}."]
    return []


def off_scale(scale: str, value: Value) -> Value:
    """Return a value on the named scale as one on its natural scale."""
    return _SCALES[scale][1](value)


def on_scale(scale: str, value: Value) -> Value:
    """Return `value` on the named scale."""
    return _SCALES[scale][0](value)


@dataclass(frozen=True)
class NormalOn:
    """An estimate that is normal on a scale, around the true value on that scale.

    Parameters
    ----------
    expected : value
        True value, on its own (not the transformed) scale.
    sd : float
        Standard error on the named scale.
    scale : {"identity", "log", "logit"}
        The scale. The density is that of the transformed estimate: it does not depend on a
        parameter through the Jacobian, so none is added.
    """

    expected: Value
    sd: float
    scale: str = "identity"

    def logp(self, x: Any) -> Value:
        forward = _SCALES[self.scale][0]
        z = (forward(np.asarray(x, dtype=np.float64)) - forward(self.expected)) / self.sd
        return -0.5 * z * z - math.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def locations(self, x: Any, spread: float) -> list[Location]:
        forward = _SCALES[self.scale][0]
        return [(forward(self.expected), forward(np.asarray(x, float)), 1 / self.sd**2)]

    def sample(self, rng: np.random.Generator) -> Any:
        forward, back, _ = _SCALES[self.scale]
        return back(forward(self.expected) + self.sd * rng.standard_normal(np.shape(self.expected)))

    def moments(self) -> tuple[Any, Any]:
        return self.expected, self.sd / _SCALES[self.scale][2](self.expected)


@dataclass(frozen=True)
class Custom:
    """A distribution written by the user.

    Parameters
    ----------
    expected : value
        What the source expects, per draw.
    log_likelihood : callable
        ``log_likelihood(data, expected)``, one number per draw, written with `funnelest.math`.
    simulate : callable, optional
        ``simulate(expected, rng)``, made-up data; `expected` is that of the first draw.
    """

    expected: Value
    log_likelihood: Callable[[Any, Any], Any]
    simulate: Callable[[Any, np.random.Generator], Any] | None = None

    def logp(self, x: Any) -> Value:
        return self.log_likelihood(x, self.expected)

    def sample(self, rng: np.random.Generator) -> Any:
        if self.simulate is None:
            raise TypeError("this likelihood has no simulate function")
        return self.simulate(np.asarray(self.expected)[..., 0], rng)

    def moments(self) -> tuple[Any, Any]:
        return self.expected, np.full(np.shape(self.expected), np.nan)
