"""A normal distribution of a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from funnelest.priors.base import REAL, Floats, NormalOnLine, PyMC

__all__ = ["Normal"]


@dataclass(frozen=True, repr=False)
class Normal(NormalOnLine):
    """Normal distribution.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation (`sd` above 0).
    """

    mean: float
    sd: float
    _range: ClassVar[tuple[float, float]] = REAL
    positive: ClassVar[tuple[str, ...]] = ("sd",)
    pymc: ClassVar[PyMC] = ("Normal", {"mean": "mu", "sd": "sigma"})

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.normal(self.mean, self.sd, size)
