"""Estimates that are known by three quantiles: the lower limit, the median and the upper limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions.base import Distribution, Location, Value
from funnelest.distributions.normal import SCALES, cholesky

__all__ = ["JointQuantilesOn", "QuantilesOn", "Triplet"]


@dataclass(frozen=True)
class Triplet:
    r"""Three quantiles of a true value: two limits and the median, on the natural scale.

    Parameters
    ----------
    low, middle, high : float
        The quantiles, in ascending order; low and high with as much beyond them.
    z : float
        The standard normal quantile of the upper limit, such as 1.96 for 95%.
    scale : {"identity", "log", "logit"}
        The line on which they are joined.

    Notes
    -----
    With l, b and h the three on the line, m the smaller of ``b - l`` and ``h - b``,
    ``R = (h - l) / (2 m)``, n the sign of ``l + h - 2 b`` and c `z`, the true value has the
    quantile function

    .. math:: T(z) = b + \frac{m}{c}\Big(R z + n \big(\sqrt{c^2 + (R^2 - 1) z^2} - c\big)\Big)

    for a standard normal z. That is the J-QPD-S of Hadlock and Bickel (Decision Analysis
    2017;14:35), :math:`\xi + \lambda \sinh(\sinh^{-1}(\delta z) + \sinh^{-1}(n c \delta))`, written
    out: a branch of a hyperbola, with an inverse and a slope in closed form, straight when the
    limits are as far from the median. There (and only there) it is the normal distribution.
    """

    low: float
    middle: float
    high: float
    z: float
    scale: str

    def _form(self) -> tuple[float, float, float, float]:
        """Return the median on the line, ``m / c``, R and n."""
        to = SCALES[self.scale][0]
        low, middle, high = (float(to(np.float64(v))) for v in (self.low, self.middle, self.high))
        least = min(middle - low, high - middle)
        skew = low + high - 2 * middle
        # The tenth of a last digit is no skewness.
        side = 0.0 if abs(skew) <= 1e-13 * (high - low) else math.copysign(1.0, skew)
        ratio = (high - low) / (2 * least) if side else 1.0
        return middle, (high - low) / (2 * ratio) / self.z, ratio, side

    @property
    def median(self) -> float:
        """The median on the line."""
        return self._form()[0]

    def error(self, z: Any) -> Any:
        """Return how far the true value lies above the median on the line, for normal `z`."""
        _, step, ratio, side = self._form()
        bend = np.sqrt(self.z**2 + (ratio**2 - 1) * np.square(z)) - self.z
        return step * (ratio * z + side * bend)

    def score(self, error: Value) -> tuple[Value, Value]:
        """Return the normal score of a distance above the median, and the log of its slope."""
        _, step, ratio, side = self._form()
        w = error / step + side * self.z
        root = fm.sqrt((ratio**2 - 1) * w * w + self.z**2)
        slope = ratio - side * (ratio**2 - 1) * (w / root)
        return ratio * w - side * root, fm.log(slope) - math.log(step)


def _median_and_sd(triplet: Triplet, expected: Any) -> tuple[Any, Any]:
    """Return the median of an estimate given the true value, and half its middle 68%."""
    to, back, _ = SCALES[triplet.scale]
    low, high = (back(to(expected) - error) for error in triplet.error(np.array([1.0, -1.0])))
    return expected, (high - low) / 2


@dataclass(frozen=True)
class QuantilesOn(Distribution):
    r"""A published estimate whose limits and median are quantiles of the true value.

    Under a prior that is flat on the scale, the posterior has these very quantiles.

    Parameters
    ----------
    expected : value
        True value, on its own (not the transformed) scale.
    triplet : Triplet
        The limits and the estimate.

    Notes
    -----
    With e the distance of the true value above the median on the line and z(e) its normal score
    (see `Triplet`), the density is :math:`\phi(z(e))\, z'(e)`: of the true value given the
    estimate and, as it depends on their distance only, of the estimate given the true value. It is
    that of the transformed estimate, without a Jacobian, as in `NormalOn`.
    """

    expected: Value
    triplet: Triplet

    def _error(self, x: Any) -> Value:
        to = SCALES[self.triplet.scale][0]
        return to(self.expected) - to(np.asarray(x, dtype=np.float64))

    def scored(self, x: Any) -> tuple[Value, Value]:
        """Return the normal score of the true value given the estimate, and its log-slope."""
        return self.triplet.score(self._error(x))

    def logp(self, x: Any) -> Value:
        z, slope = self.scored(x)
        return slope - 0.5 * z * z - 0.5 * math.log(2 * math.pi)

    def log_density(self, x: Any) -> Value:
        slope = SCALES[self.triplet.scale][2](np.asarray(x, dtype=np.float64))
        return self.logp(x) + fm.log(slope)

    def locations(self, x: Any, spread: float) -> list[Location]:
        return [(self.scored(x)[0], 0.0, 1.0)]

    def tails(self, x: float) -> tuple[Any, Any]:
        from scipy.special import ndtr

        z, _ = self.scored(x)
        return ndtr(z), 0.0 * z

    def sample(self, rng: np.random.Generator) -> Any:
        to, back, _ = SCALES[self.triplet.scale]
        error = self.triplet.error(rng.standard_normal(np.shape(self.expected)))
        return back(to(self.expected) - error)

    def moments(self) -> tuple[Any, Any]:
        return _median_and_sd(self.triplet, self.expected)


@dataclass(frozen=True)
class JointQuantilesOn(Distribution):
    """Several published estimates by their quantiles, whose normal scores are correlated.

    Parameters
    ----------
    expected : value
        True values on their own scale, one row per estimate.
    triplets : tuple of Triplet
        Limits and estimate of each, on one scale.
    correlation : array_like
        Correlation matrix of the normal scores (a Gaussian copula).
    """

    expected: Value
    triplets: tuple[Triplet, ...]
    correlation: Any

    def _scores(self, x: Any) -> tuple[Value, Value]:
        """Return the normal scores, one row per estimate, and the logs of their slopes."""
        seen = np.asarray(x, dtype=np.float64).reshape(len(self.triplets), -1)
        found = [self.marginal(i).scored(seen[i]) for i in range(len(self.triplets))]
        z, slopes = zip(*found, strict=True)
        return fm.stack(list(z)), fm.stack(list(slopes))

    def logp(self, x: Any) -> Value:
        lower, inverse = cholesky(self.correlation)
        z, slopes = self._scores(x)
        white = fm.matmul(inverse, z)
        constant = np.log(np.diag(lower)).sum() + 0.5 * len(lower) * math.log(2 * math.pi)
        return fm.sum(slopes - 0.5 * white * white, axis=0) - constant

    def locations(self, x: Any, spread: Any) -> list[Location]:
        white = fm.matmul(cholesky(self.correlation)[1], self._scores(x)[0])
        return [(white[i], 0.0, 1.0) for i in range(len(self.triplets))]

    def marginal(self, i: int) -> QuantilesOn:
        return QuantilesOn(self.expected[i], self.triplets[i])

    def sample(self, rng: np.random.Generator) -> Any:
        lower, _ = cholesky(self.correlation)
        z = lower @ rng.standard_normal(np.shape(self.expected))
        rows = []
        for expected, triplet, one in zip(self.expected, self.triplets, z, strict=True):
            to, back, _ = SCALES[triplet.scale]
            rows.append(back(to(expected) - triplet.error(one)))
        return np.stack(rows)

    def moments(self) -> tuple[Any, Any]:
        pairs = [
            _median_and_sd(triplet, expected)
            for expected, triplet in zip(self.expected, self.triplets, strict=True)
        ]
        mean, sd = zip(*pairs, strict=True)
        return np.stack(mean), np.stack(sd)
