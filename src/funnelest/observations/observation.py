"""What is observed: a printed figure, and the distribution that it is thought to come from.

An evidence kind says what it expects; this turns it into a log-likelihood (on arrays or on
symbols), a simulated figure, a mean and a standard deviation. So likelihood and simulation
cannot drift apart, and a new evidence kind writes neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from funnelest.distributions import Custom, Distribution, Location
from funnelest.figures import Figure

__all__ = ["Observation", "Seen"]

type Value = Any


class Seen(Protocol):
    """What a source gives of its numbers: one of them, or several that belong together."""

    def logp(self) -> Value:
        """Return the log-likelihood per draw."""

    def locations(self) -> list[Location | None]:
        """Return what the numbers locate; with None among them when one cannot say."""

    def simulate(self, rng: np.random.Generator) -> Any:
        """Return made-up numbers of the same kind, from the first draw."""

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw, on the printed scale."""


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
        """Return the log-likelihood per draw."""
        if not isinstance(self.figure, Figure):
            return self.distribution.logp(self.figure)
        return self.figure.logp(self.distribution, self.divisor)

    def locations(self) -> list[Location | None]:
        """Return what the figure locates; None for one of which it cannot be said."""
        found = getattr(self.distribution, "locations", None)
        if found is None:
            return [None]
        if not isinstance(self.figure, Figure):
            return list(found(self.figure, 0.0))
        place = self.figure.location(self.divisor)
        return [None] if place is None else list(found(*place))

    def simulate(self, rng: np.random.Generator) -> Any:
        """Return a made-up figure of the same kind, from the first draw."""
        if isinstance(self.distribution, Custom):  # data of any kind, made for one draw
            return self.distribution.sample(rng)
        value = np.asarray(self.distribution.sample(rng))[..., 0]
        if isinstance(self.figure, Figure):
            return self.figure.printed(int(value), self.divisor, rng)
        return value * self.unit if value.ndim else float(value) * self.unit

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw, on the printed scale."""
        mean, sd = self.distribution.moments()
        return mean * self.unit / self.divisor, sd * self.unit / self.divisor
