"""What is observed: a printed figure, and the distribution that it is thought to come from.

An evidence kind says what it expects; this turns it into a log-likelihood (on arrays or on
symbols), a simulated figure, a mean and a standard deviation. So likelihood and simulation
cannot drift apart, and a new evidence kind writes neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions import Custom, Distribution, Location
from funnelest.figures import Figure

__all__ = ["Observation"]

type Value = Any


@lru_cache(maxsize=1024)
def _remembered(figure: Any, divisor: int) -> Any:
    counts = figure.candidates(divisor)
    counts.flags.writeable = False
    return counts


def _candidates(figure: Figure, divisor: int) -> Any:
    """Return the counts that print as `figure`: asked for at every evaluation of a density."""
    try:
        return _remembered(figure, divisor)  # type: ignore[arg-type]
    except TypeError:  # a user's own figure that cannot be hashed
        return figure.candidates(divisor)


@dataclass(frozen=True)
class Observation:
    """One printed number (or vector of numbers) and its distribution.

    Parameters
    ----------
    distribution : Distribution
        With what the source expects, per draw.
    figure : Figure or object
        A figure, or for distributions that are not of counts the observed value itself.
    divisor : int, default 1
        The figure is the count divided by this: the number of years of a yearly mean.
    unit : float, default 1.0
        Printed scale of one unit of the distribution: a share is a count times ``1 / n``. The
        observed value itself is on the scale of the distribution.
    """

    distribution: Distribution
    figure: Any
    divisor: int = 1
    unit: float = 1.0

    def logp(self) -> Value:
        """Return the log-likelihood per draw.

        For a figure that stands for several counts, the log of the sum of their probabilities
        (log-sum-exp: a difference of distribution functions underflows in the tails).
        """
        if not hasattr(self.figure, "candidates"):
            return self.distribution.logp(self.figure)
        counts = _candidates(self.figure, self.divisor)
        if len(counts) == 1:
            return self.distribution.logp(counts[0])
        total = getattr(self.distribution, "total", None)
        if total is not None and counts[-1] - counts[0] == len(counts) - 1:
            value = total(counts)
            if value is not None:  # None: symbols
                return value
        return fm.logsumexp(self.distribution.logp(counts[:, None]), axis=0)

    def locations(self) -> list[Location] | None:
        """Return what the figure locates; None when the distribution cannot say."""
        found = getattr(self.distribution, "locations", None)
        if found is None:
            return None
        if not hasattr(self.figure, "candidates"):
            return list(found(self.figure, 0.0))
        counts = _candidates(self.figure, self.divisor)
        return list(found(float(counts.mean()), (len(counts) ** 2 - 1) / 12))

    def simulate(self, rng: np.random.Generator) -> Any:
        """Return a made-up figure of the same kind, from the first draw."""
        if isinstance(self.distribution, Custom):  # data of any kind, made for one draw
            return self.distribution.sample(rng)
        value = np.asarray(self.distribution.sample(rng))[..., 0]
        if hasattr(self.figure, "candidates"):
            return self.figure.printed(int(value), self.divisor)
        return value * self.unit if value.ndim else float(value) * self.unit

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw, on the printed scale."""
        mean, sd = self.distribution.moments()
        return mean * self.unit / self.divisor, sd * self.unit / self.divisor
