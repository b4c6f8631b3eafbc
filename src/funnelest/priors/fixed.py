"""A number that is taken as known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest.priors.base import Prior
from funnelest.words import named

__all__ = ["Fixed"]


@dataclass(frozen=True, repr=False)
class Fixed(Prior):
    """A number that is taken as known.

    Parameters
    ----------
    value : float
        The number.
    """

    value: float

    @property
    def support(self) -> tuple[float, float]:
        return (self.value, self.value)

    def ppf(self, p: Any) -> Any:
        return np.full_like(np.asarray(p, dtype=np.float64), self.value)

    def describe(self) -> str:
        return named("prior.fixed", value=self.value)
