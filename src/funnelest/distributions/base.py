"""What every distribution offers, and arithmetic that several of them need."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from funnelest import math as fm

__all__ = [
    "Distribution",
    "Location",
    "Value",
    "constant_gammaln",
    "logit_location",
    "xlog1py",
    "xlogy",
]

type Value = Any
#: A number that the data locate: its value per draw, what the data say it is, and how much they
#: know of it (one over the variance). As good as a proposal needs, and as `check.identification`
#: does: no estimate rests on it.
type Location = tuple[Any, Any, Any]


class Distribution(Protocol):
    """How observed numbers scatter around what is expected.

    What is expected has shape ``(draws,)``, or ``(figures, draws)`` for several figures at once;
    symbols have length 1 in place of the draws. Further methods are optional:

    - ``locations(x, spread)`` returns a list of `Location`, with `spread` the variance of the
      rounding of `x`: the importance engine follows these.
    - ``total(counts, log_weights)`` returns the log of the weighted sum of the probabilities of
      consecutive counts, faster than term by term, or None for symbols. ``steps()`` is what it
      needs: ``(r, top, step)``, where the probability of `x` over that of ``x - 1`` is
      ``r (top + step (x - 1)) / x``.
    - ``log_cdf(k)`` and ``log_sf(k)`` return the log-probability of at most, and of at least, `k`.
    """

    def logp(self, x: Any) -> Value:
        """Return the log-probability of `x`, whose last axis broadcasts against the draws."""

    def sample(self, rng: np.random.Generator) -> Any:
        """Return one observed value per draw, made with `rng`."""

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw, on the printed scale."""


def xlogy(x: Any, y: Value) -> Value:
    """Return ``x log y``, and 0 where the data `x` are 0 whatever `y` is."""
    # The data are arrays, never symbols: which terms vanish is known when this is written down.
    x = np.asarray(x, dtype=np.float64)
    if not x.any():
        return y * 0.0
    return x * fm.log(fm.where(x > 0, y, 1.0) if (x == 0).any() else y)


def xlog1py(x: Any, y: Value) -> Value:
    """Return ``x log(1 + y)``, and 0 where the data `x` are 0."""
    x = np.asarray(x, dtype=np.float64)
    if not x.any():
        return y * 0.0
    return x * fm.log1p(fm.where(x > 0, y, 0.0) if (x == 0).any() else y)


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
