"""What every distribution offers, and arithmetic that several of them need."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from funnelest import math as fm

__all__ = [
    "Distribution",
    "Location",
    "Slope",
    "Value",
    "constant_gammaln",
    "log_choose",
    "log_rising",
    "logit_location",
    "xlog1py",
    "xlogy",
]

type Value = Any
#: A number that the data locate: its value per draw, what the data say it is, and how much they
#: know of it (one over the variance). As good as a proposal needs, and as `check.identification`
#: does: no estimate rests on it.
type Location = tuple[Any, Any, Any]
#: The number that an estimate is of, on its line, and the log of the slope of its normal score.
type Slope = tuple[Any, Any]


class Distribution:
    """How observed numbers scatter around what is expected. Your own inherits this.

    It must give `logp`, `sample` and `moments`; what the others return here says that it does not
    have them. What is expected has shape ``(draws,)``, or ``(figures, draws)`` for several figures
    at once; symbols have length 1 in place of the draws.
    """

    #: Whether it is of numbers, made for every draw; else of data of any kind, made for the first.
    of_numbers: ClassVar[bool] = True

    @property
    def largest(self) -> float:
        """The largest possible number."""
        return math.inf

    def logp(self, x: Any) -> Value:
        """Return the log-probability of `x`, whose last axis broadcasts against the draws."""
        raise TypeError(f"{type(self).__name__} does not say how likely data are")

    def log_density(self, x: Any) -> Value:
        """Return as `logp`, with what depends on the scale of `x` and not on what is expected."""
        return self.logp(x)

    def sample(self, rng: np.random.Generator) -> Any:
        """Return one observed value per draw, made with `rng`."""
        raise TypeError(f"{type(self).__name__} does not say how data are made up")

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw, on the printed scale.

        Of an estimate the value it is of, and the standard deviation to first order.
        """
        raise TypeError(f"{type(self).__name__} has no mean and standard deviation")

    def locations(self, x: Any, spread: Any) -> list[Location] | None:
        """Return what `x` locates, with `spread` the variance of its rounding, or None.

        The importance engine follows these.
        """
        return None

    def slopes(self, x: Any) -> list[Slope]:
        """Return the log-slopes that `logp` of `x` has in it, each with the number that it is of.

        Of estimates whose scores are normal in the true value: so one of them alone has the
        printed quantiles. Of several of one number they are counted once (`likelihood.once`).
        """
        return []

    def total(self, counts: Any, log_weights: Any = None) -> Value:
        """Return the log of the sum of the probabilities of consecutive `counts`.

        With the weights in `log_weights`, and faster than term by term; None for symbols, and
        where there is no faster way.
        """
        return None

    def steps(self) -> tuple[Value, Value, Value]:
        """Return ``(r, top, step)``, from which `hidden_counts.log_total` makes a `total`.

        The probability of `x` over that of ``x - 1`` is ``r (top + step (x - 1)) / x``.
        """
        raise TypeError(f"{type(self).__name__} does not say how its probabilities go on")

    def log_cdf(self, k: Any) -> Value:
        """Return the log-probability of at most `k`, or None."""
        return None

    def log_sf(self, k: Any) -> Value:
        """Return the log-probability of at least `k`, or None."""
        return None

    def log_between(self, low: float, high: float) -> Value:
        """Return the log-probability of numbers, whole or not, between `low` and `high`."""
        raise TypeError(
            f"{type(self).__name__} is of counts, or does not say how likely a range is"
        )

    def marginal(self, i: int) -> Distribution | None:
        """Return the distribution of number `i` by itself; None when it has no name."""
        return self

    def summed(self, rows: list[int]) -> Distribution | None:
        """Return the distribution of the sum of the counts in `rows`; None without a name."""
        return None

    def tails(self, x: float) -> tuple[Any, Any] | None:
        """Return the probabilities of more than, and of exactly, `x`; None when not known."""
        # A number of an effective sample need not be whole: between the two that are next to it.
        low = float(np.floor(x + 1e-9))
        part = max(x - low, 0.0) if x - low > 1e-9 else 0.0
        above = self.log_sf(low + 1)
        if above is None:
            return None
        above, same = np.exp(above), np.exp(self.logp(low))
        if part:
            more, equal = np.exp(self.log_sf(low + 2)), np.exp(self.logp(low + 1))
            above, same = (1 - part) * above + part * more, (1 - part) * same + part * equal
        return above, same

    def score(self, x: Any) -> Value:
        """Return the normal score of `x` per draw, of what is normal on some scale; else None."""
        return None

    def anew(self, data: Any, draws: int, rng: np.random.Generator) -> Any:
        """Return values made up with `rng` for all numbers in `data` and all `draws`, or None."""
        values = np.atleast_2d(np.asarray(self.sample(rng), dtype=np.float64))
        return np.broadcast_to(values, (len(values), draws))


def xlogy(x: Any, y: Value) -> Value:
    """Return ``x log y``, and 0 where the data `x` are 0 whatever `y` is."""
    return _times_log(fm.log, x, y, 1.0)


def xlog1py(x: Any, y: Value) -> Value:
    """Return ``x log(1 + y)``, and 0 where the data `x` are 0."""
    return _times_log(fm.log1p, x, y, 0.0)


def _times_log(log: Any, x: Any, y: Value, safe: float) -> Value:
    # The data are arrays, never symbols: which terms vanish is known when this is written down.
    x = np.asarray(x, dtype=np.float64)
    if not x.any():
        return y * 0.0
    return x * log(fm.where(x > 0, y, safe) if (x == 0).any() else y)


def log_rising(a: Value, x: Any) -> Value:
    """Return the log of ``a (a + 1) ... (a + x - 1)``, and 0 where the data `x` are 0.

    Also where `a` is 0 then: a share of 0 or 1 makes a beta's parameter 0.
    """
    x = np.asarray(x, dtype=np.float64)
    if not x.any():
        return a * 0.0
    if (x == 0).any():
        a = fm.where(x > 0, a, 1.0)
    return fm.gammaln(a + x) - fm.gammaln(a)


def log_choose(n: Any, x: Any) -> Any:
    """Return the log of the number of ways to choose `x` of `n`, both data."""
    found = constant_gammaln(n + 1) - constant_gammaln(x + 1)
    return found - constant_gammaln(n - x + 1)


def logit_location(p: Value, n: float, x: float, deff: float, spread: float) -> list[Location]:
    """Return where `x` of `n` locate the log-odds of `p`."""
    x = min(x, n)
    share = (x + 0.5) / (n + 1)
    variance = n * share * (1 - share)
    information = variance**2 / (deff * variance + spread)
    return [(fm.log(p) - fm.log1p(-p), math.log(share / (1 - share)), information)]


def constant_gammaln(x: Any) -> Any:
    """Return the logarithm of the gamma function of numbers `x` that are data."""
    from scipy.special import gammaln

    return gammaln(np.asarray(x, dtype=np.float64))
