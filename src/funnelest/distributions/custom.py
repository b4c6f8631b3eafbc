"""A distribution that the user writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest.distributions.base import Value

__all__ = ["Custom"]


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
