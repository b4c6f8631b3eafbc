"""A distribution that the user writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest.distributions.base import Distribution, Value

__all__ = ["Custom"]

#: Most draws for which a user's own data are made up, one call each.
_CALLS = 1000


@dataclass(frozen=True)
class Custom(Distribution):
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
    of_numbers: ClassVar[bool] = False

    def logp(self, x: Any) -> Value:
        return self.log_likelihood(x, self.expected)

    def sample(self, rng: np.random.Generator) -> Any:
        if self.simulate is None:
            raise TypeError("this likelihood has no simulate function")
        return self.simulate(np.asarray(self.expected)[..., 0], rng)

    def moments(self) -> tuple[Any, Any]:
        return self.expected, np.full(np.shape(self.expected), np.nan)

    def marginal(self, i: int) -> None:
        return None

    def anew(self, data: Any, draws: int, rng: np.random.Generator) -> Any:
        """Return made-up data, where they are numbers like the data."""
        if self.simulate is None or not _numeric(data):
            return None
        expected = np.asarray(self.expected, dtype=np.float64)
        expected = np.broadcast_to(expected, (*expected.shape[:-1], draws))
        calls = min(draws, _CALLS)
        values = []
        for i in range(calls):
            one = self.simulate(expected[..., i], rng)
            if not _numeric(one) or np.shape(one) != np.shape(data):
                return None
            values.append(np.atleast_1d(np.asarray(one, dtype=np.float64)))
        # The same made-up data stand for several draws where calls would take too long.
        return np.array(values).T[:, np.arange(draws) % calls]


def _numeric(data: Any) -> bool:
    try:
        return np.asarray(data, dtype=np.float64).ndim < 2
    except (TypeError, ValueError):
        return False
