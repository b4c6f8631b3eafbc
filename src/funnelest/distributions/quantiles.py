"""Estimates that are known by three quantiles: the lower limit, the median and the upper limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions.base import Distribution, Location, Slope, Value
from funnelest.distributions.normal import SCALES, SUPPORTS, between_scores, cholesky

__all__ = ["JointQuantilesOn", "QuantilesOn", "Triplet"]

#: By how many times that of the wider side the slope at the median may be more than it: with more
#: the density would have two humps.
_STEEPEST = 0.75
#: Halvings until nothing is left of an interval.
_HALVINGS = 60
#: How near an end of the scale a value is made up, as a part of the way from the median.
_NEAREST = 1e-9


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
    from_end, to_end : bool, default False
        Whether the lower and the upper limit are an end of the scale. Distances on that side are
        then those on the natural scale.

    Notes
    -----
    With e the distance of the true value above the median on the line, L and S how far the further
    and the nearer limit are from it, c `z` and e positive towards the further limit, the normal
    score of e is

    .. math::

        z(e) = \frac{c\,e}{L} + \Big(s - \frac cL\Big) L\, t (1 - t)^3
        \quad (e \ge 0,\; t = \min(e / L, 1)),

        z(e) = \frac{c\,e}{S} + \Big(\frac cS - s\Big) S\, t (1 - t)^3 (1 + a t)
        \quad (e < 0,\; t = \min(-e / S, 1)).

    So beyond a limit it is a normal distribution around the median with the half-width of that
    side, as far out as one likes: the other side, and a limit that is only known to have printed as
    an end of the scale, say nothing there. Between the limits the two are joined by polynomials.
    The slope at the median is :math:`s = r c / L`, with :math:`\rho = L / S` and

    .. math:: r = \min\Big(\frac{\rho^2 + 1}{\rho + 1},\; 1 + \min(0.75,\; c^2 / 2)\Big),
        \quad a = 3 - \frac{3 (r - 1)}{\rho (\rho - r)},

    so that the density has a continuous slope there, and one hump. With limits as far from the
    median it is the normal distribution.

    No error on a logarithm or log-odds has a limit at an end. On the side of such a limit e is
    replaced by :math:`w(e) = (x - m) / v`, with x the true value and m the median on the natural
    scale and v = dx/de at m, so that w and e have one slope there. At the end the score is then
    -c or c; what lies beyond it is cut off.
    """

    low: float
    middle: float
    high: float
    z: float
    scale: str
    from_end: bool = False
    to_end: bool = False

    @property
    def median(self) -> float:
        """The median on the line."""
        return self._line[0]

    @cached_property
    def _line(self) -> tuple[float, float]:
        """The median on the line, and the slope of the natural scale there."""
        to, _, slope = SCALES[self.scale]
        middle = np.float64(self.middle)
        return float(to(middle)), 1.0 / float(slope(middle))

    @cached_property
    def reaches(self) -> tuple[float, float]:
        """How far the limits are from the median, on the line or from an end."""
        to = SCALES[self.scale][0]
        median, unit = self._line
        ends = zip((self.low, self.high), (self.from_end, self.to_end), strict=True)
        low, high = (
            (one - self.middle) / unit if bent else float(to(np.float64(one))) - median
            for one, bent in ends
        )
        return -low, high

    @cached_property
    def kept(self) -> tuple[float, float]:
        """Between which probabilities of the normal score lie those that are not cut off."""
        from scipy.special import ndtr

        tail = float(ndtr(-self.z))
        return tail * self.from_end, 1.0 - tail * self.to_end

    @cached_property
    def _form(self) -> tuple[float, float, float, float, float]:
        """Which side the further limit is on, L, S, r and a."""
        below, above = self.reaches
        side = 1.0 if above >= below else -1.0
        far, near = (above, below)[:: int(side)]
        ratio = far / near
        smooth = (ratio**2 + 1.0) / (ratio + 1.0)
        steep = min(smooth, 1.0 + min(_STEEPEST, 0.5 * self.z**2))
        bend = 3.0 - 3.0 * (steep - 1.0) / (ratio * (ratio - steep)) if steep < smooth else 0.0
        return side, far, near, steep, bend

    def error(self, z: Any) -> Any:
        """Return how far the true value lies above the median on the line, for normal `z`."""
        z = np.asarray(z, dtype=np.float64)
        # Beyond a limit straight; between the limits the score has no inverse in closed form.
        below, above = self.reaches
        first = np.where(z < 0, -below, 0.0)
        last = np.where(z < 0, 0.0, above)
        for _ in range(_HALVINGS):
            half = 0.5 * (first + last)
            up = self._score(half)[0] < z
            first, last = np.where(up, half, first), np.where(up, last, half)
        inside = 0.5 * (first + last)
        straight = z * np.where(z < 0, below, above) / self.z
        return self._unbent(np.where((np.abs(z) >= self.z) | (z == 0), straight, inside))

    def made(self, z: Any) -> Any:
        """Return an error as `error`, for standard normal `z` of which none is past an end."""
        if not (self.from_end or self.to_end):
            return self.error(z)
        from scipy.special import ndtr, ndtri

        first, last = self.kept
        return self.error(ndtri(first + (last - first) * ndtr(z)))

    def _unbent(self, w: Any) -> Any:
        """Return a distance on the line; one at an end, which is infinite there, is the longest."""
        to = SCALES[self.scale][0]
        median, unit = self._line
        lowest, highest = SUPPORTS[self.scale]
        for bent, end, there, clip in (
            (self.from_end, lowest, w < 0, np.minimum),
            (self.to_end, highest, w > 0, np.maximum),
        ):
            if bent:
                x = self.middle + unit * clip(w, 0.0)
                past = (x <= lowest) | (x >= highest)
                x = np.where(past, end - (end - self.middle) * _NEAREST, x)
                w = np.where(there, to(x) - median, w)
        return w

    def score(self, error: Value) -> tuple[Value, Value]:
        """Return the normal score of a distance above the median, and the log of its slope."""
        if not (self.from_end or self.to_end):
            return self._score(error)
        median, unit = self._line
        w, more = error, 0.0 * error
        for bent, clip in ((self.from_end, fm.minimum), (self.to_end, fm.maximum)):
            if bent:  # the distance on this side, and 0 on the other
                e = clip(error, 0.0)
                if self.scale == "log":
                    w, more = w - e + fm.expm1(e), more + e
                else:
                    x, rest = fm.expit(median + e), fm.expit(-(median + e))
                    w = w - e + (x - self.middle) / unit
                    more = more + fm.log(x) + fm.log(rest) - math.log(unit)
        z, slope = self._score(w)
        return z, slope + more

    def _score(self, error: Value) -> tuple[Value, Value]:
        side, far, near, steep, bend = self._form
        e = side * error
        s, n = self.z / far, self.z / near
        at = steep * s
        up, down = fm.maximum(e, 0.0), fm.maximum(-e, 0.0)
        t, v = fm.minimum(up / far, 1.0), fm.minimum(down / near, 1.0)
        t1, v1 = 1.0 - t, 1.0 - v
        z = s * up - n * down + (at - s) * far * (t * t1 * t1 * t1)
        z = z + (n - at) * near * (v * v1 * v1 * v1 * (1.0 + bend * v))
        # Each is its side's own slope on the other side of the median.
        long = (at - s) * (t1 * t1 * (1.0 - 4.0 * t))
        short = (at - n) * (v1 * v1 * (1.0 + (2.0 * bend - 4.0) * v - 5.0 * bend * (v * v)))
        slope = fm.where(e > 0.0, s + long, n + short)
        return side * z, fm.log(slope)


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
        first, last = self.triplet.kept
        return slope - 0.5 * z * z - (0.5 * math.log(2 * math.pi) + math.log(last - first))

    def slopes(self, x: Any) -> list[Slope]:
        return [(SCALES[self.triplet.scale][0](self.expected), self.scored(x)[1])]

    def log_between(self, low: float, high: float) -> Value:
        lowest, highest = SUPPORTS[self.triplet.scale]
        # The score of the true value falls where that of the estimate rises.
        a = None if low <= lowest else -self.scored(low)[0]
        b = None if high >= highest else -self.scored(high)[0]
        return between_scores(a, b, 0.0 * self.scored(self.triplet.middle)[0])

    def log_density(self, x: Any) -> Value:
        slope = SCALES[self.triplet.scale][2](np.asarray(x, dtype=np.float64))
        return self.logp(x) + fm.log(slope)

    def locations(self, x: Any, spread: float) -> list[Location]:
        z = self.scored(x)[0]
        slope = SCALES[self.triplet.scale][2](np.asarray(x, dtype=np.float64))
        slope = slope * np.exp(self.triplet.score(np.zeros(1))[1][0])
        return [(z, 0.0, 1.0 / (1.0 + spread * slope**2))]

    def score(self, x: Any) -> Value:
        return -self.scored(x)[0]

    def tails(self, x: float) -> tuple[Any, Any]:
        from scipy.special import ndtr

        z, _ = self.scored(x)
        first, last = self.triplet.kept
        return (ndtr(z) - first) / (last - first), 0.0 * z

    def sample(self, rng: np.random.Generator) -> Any:
        to, back, _ = SCALES[self.triplet.scale]
        error = self.triplet.made(rng.standard_normal(np.shape(self.expected)))
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

    def slopes(self, x: Any) -> list[Slope]:
        seen = np.asarray(x, dtype=np.float64).reshape(len(self.triplets), -1)
        return [slope for i in range(len(seen)) for slope in self.marginal(i).slopes(seen[i])]

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
            rows.append(back(to(expected) - triplet.made(one)))
        return np.stack(rows)

    def moments(self) -> tuple[Any, Any]:
        pairs = [
            _median_and_sd(triplet, expected)
            for expected, triplet in zip(self.expected, self.triplets, strict=True)
        ]
        mean, sd = zip(*pairs, strict=True)
        return np.stack(mean), np.stack(sd)
