"""Estimates that are normal on a scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.distributions.base import Distribution, Location, Slope, Value
from funnelest.figures.base import log1mexp

__all__ = [
    "SCALES",
    "SUPPORTS",
    "MultivariateNormalOn",
    "NormalOn",
    "between_scores",
    "cholesky",
    "off_scale",
    "on_scale",
    "scale_problems",
    "slope_on",
]

type Floats = NDArray[np.float64]

#: A range this narrow, in standard errors, has the density of its middle.
_NARROW = 1e-3

#: Scale -> (to the scale, back from it, slope of the map at the value).
SCALES: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "identity": (lambda v: v, lambda t: t, lambda v: 1.0),
    "log": (fm.log, fm.exp, lambda v: 1.0 / v),
    "logit": (fm.logit, fm.expit, lambda v: 1.0 / (v * (1.0 - v))),
}

#: Scale -> between which values it goes.
SUPPORTS: Mapping[str, tuple[float, float]] = {
    "identity": (-math.inf, math.inf), "log": (0.0, math.inf), "logit": (0.0, 1.0),
}  # fmt: skip


def scale_problems(scale: str, value: float) -> list[str]:
    """Return why `value` cannot be observed on `scale`, one sentence each."""
    if scale not in SCALES:
        return [f"the scale must be one of {', '.join(map(repr, SCALES))}; given {scale!r}."]
    if scale == "log" and not value > 0:
        return [f"an estimate on the log scale must be above 0; given {value!r}."]
    if scale == "logit" and not 0 < value < 1:
        return [f"an estimate on the logit scale must lie between 0 and 1; given {value!r}."]
    return []


def off_scale(scale: str, value: Value) -> Value:
    """Return a `value` on the named `scale` as one on its natural scale."""
    return SCALES[scale][1](value)


def on_scale(scale: str, value: Value) -> Value:
    """Return `value` on the named `scale`."""
    return SCALES[scale][0](value)


def slope_on(scale: str, value: Any) -> Any:
    """Return the slope of the named `scale` at a `value` on its natural scale."""
    return SCALES[scale][2](value)


def between_scores(low: Value | None, high: Value | None, none: Value) -> Value:
    """Return the log-probability of normal scores between two, None being infinitely far.

    `none` is a 0 per draw.
    """
    if low is None or high is None:
        return none if low is high else fm.log_ndtr(high) if low is None else fm.log_ndtr(-low)
    # From the tail in which they lie: in the other one a difference loses its digits.
    up = low + high > 0
    below, above = fm.log_ndtr(fm.where(up, -high, low)), fm.log_ndtr(fm.where(up, -low, high))
    return above + log1mexp(below - above)


class _OnScale(Distribution):
    """What is normal on a scale: `expected` is on its own, not the transformed, scale."""

    expected: Any
    scale: str

    def _on(self, value: Any) -> Value:
        return SCALES[self.scale][0](value)

    def _around(self, error: Any) -> Any:
        """Return the expected value with an error on the scale, on its own scale."""
        return SCALES[self.scale][1](self._on(self.expected) + error)

    def _spread(self, sd: Any) -> tuple[Any, Any]:
        """Return mean and standard deviation, given the latter on the scale."""
        return self.expected, sd / SCALES[self.scale][2](self.expected)


@dataclass(frozen=True)
class NormalOn(_OnScale):
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

    def score(self, x: Any) -> Value:
        return (self._on(np.asarray(x, dtype=np.float64)) - self._on(self.expected)) / self.sd

    def logp(self, x: Any) -> Value:
        z = self.score(x)
        return -0.5 * z * z - math.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def slopes(self, x: Any) -> list[Slope]:
        return [(self._on(self.expected), -math.log(self.sd))]

    def log_between(self, low: float, high: float) -> Value:
        lowest, highest = SUPPORTS[self.scale]
        there = self._on(self.expected)
        # Limits at an end of the scale are infinite on it, and have no slope.
        a = None if low <= lowest else (float(self._on(np.float64(low))) - there) / self.sd
        b = None if high >= highest else (float(self._on(np.float64(high))) - there) / self.sd
        if a is None or b is None:
            return between_scores(a, b, 0.0 * there)
        width = float(self._on(np.float64(high)) - self._on(np.float64(low))) / self.sd
        if width < _NARROW:  # a difference would have no digits left
            z = 0.5 * (a + b)
            bend = fm.log1p((z * z - 1.0) * (width * width / 24.0))
            return bend - 0.5 * z * z + math.log(width) - 0.5 * math.log(2 * math.pi)
        return between_scores(a, b, 0.0 * there)

    def log_density(self, x: Any) -> Value:
        return self.logp(x) + fm.log(SCALES[self.scale][2](np.asarray(x, dtype=np.float64)))

    def locations(self, x: Any, spread: float) -> list[Location]:
        x = np.asarray(x, dtype=np.float64)
        variance = self.sd**2 + spread * SCALES[self.scale][2](x) ** 2
        return [(self._on(self.expected), self._on(x), 1 / variance)]

    def tails(self, x: float) -> tuple[Any, Any]:
        from scipy.special import ndtr

        z = (self._on(self.expected) - self._on(np.float64(x))) / self.sd
        return ndtr(z), 0.0 * z

    def sample(self, rng: np.random.Generator) -> Any:
        return self._around(self.sd * rng.standard_normal(np.shape(self.expected)))

    def moments(self) -> tuple[Any, Any]:
        return self._spread(self.sd)


def cholesky(covariance: Any) -> tuple[Floats, Floats]:
    """Return the Cholesky factor of a covariance matrix and the inverse of that factor."""
    matrix = np.ascontiguousarray(covariance, dtype=np.float64)
    return _factors(matrix.tobytes(), len(matrix))


@lru_cache(maxsize=256)
def _factors(covariance: bytes, size: int) -> tuple[Floats, Floats]:
    lower = np.linalg.cholesky(np.frombuffer(covariance).reshape(size, size))
    return lower, np.linalg.inv(lower)


@dataclass(frozen=True)
class MultivariateNormalOn(_OnScale):
    """Several estimates that are normal together on a scale, with a known covariance.

    Parameters
    ----------
    expected : value
        True values on their own (not the transformed) scale, one row per estimate.
    covariance : array_like
        Covariance matrix of the estimates on the named scale.
    scale : {"identity", "log", "logit"}
        The scale. As in `NormalOn`, the density is that of the transformed estimates.
    rounding : float or array_like, default 0.0
        Variance on the scale by which each is uncertain since it was rounded, in addition. What
        is sampled is not rounded yet.
    """

    expected: Value
    covariance: Any
    scale: str = "identity"
    rounding: Any = 0.0

    def _total(self) -> Floats:
        matrix = np.asarray(self.covariance, dtype=np.float64)
        return np.asarray(matrix + np.asarray(self.rounding) * np.eye(len(matrix)))

    def _parts(self) -> tuple[Floats, Floats]:
        return cholesky(self._total())

    def _whitened(self, y: Value) -> Value:
        """Return independent combinations, with variance 1, of rows `y` on the scale."""
        _, inverse = self._parts()
        return fm.matmul(inverse, y)

    def logp(self, x: Any) -> Value:
        lower, _ = self._parts()
        seen = self._on(np.asarray(x, dtype=np.float64).reshape(len(lower), -1))
        z = self._whitened(seen - self._on(self.expected))
        constant = np.log(np.diag(lower)).sum() + 0.5 * len(lower) * math.log(2 * math.pi)
        return -0.5 * fm.sum(z * z, axis=0) - constant

    def locations(self, x: Any, spread: float) -> list[Location]:
        seen = self._whitened(self._on(np.asarray(x, dtype=np.float64).reshape(-1, 1)))
        found = self._whitened(self._on(self.expected))
        return [(found[i], float(seen[i, 0]), 1.0) for i in range(len(seen))]

    def marginal(self, i: int) -> NormalOn:
        variance = self._total()[i, i]
        return NormalOn(self.expected[i], float(np.sqrt(variance)), self.scale)

    def sample(self, rng: np.random.Generator) -> Any:
        lower, _ = cholesky(self.covariance)
        return self._around(lower @ rng.standard_normal(np.shape(self.expected)))

    def moments(self) -> tuple[Any, Any]:
        return self._spread(np.sqrt(np.diag(self._total()))[:, None])
