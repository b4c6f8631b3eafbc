"""Estimates that are known by three quantiles: the lower limit, the median and the upper limit."""

from __future__ import annotations

import math
from collections.abc import Callable
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
#: How far on the line a value may be made up beyond a limit near an end: a billion times less.
_FURTHEST = math.log(1e9)
#: Limits that are as far but for the last digits of their logarithms.
_SAME = 1e-12
#: The exponential of more is no number.
_LONGEST = 700.0


@dataclass(frozen=True)
class Triplet:
    r"""Three quantiles of a true value: two limits and the median, on the natural scale.

    Parameters
    ----------
    low, middle, high : float
        The quantiles, in ascending order; low and high with as much beyond them. One may be an end
        of the scale.
    z : float
        The standard normal quantile of the upper limit, such as 1.96 for 95%.
    scale : {"identity", "log", "logit"}
        The line on which they are joined.

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
    side, as far out as one likes: the other side says nothing there. Between the limits the two are
    joined by polynomials. The slope at the median is :math:`s = r c / L`, with
    :math:`\rho = L / S` and

    .. math:: r = \min\Big(\frac{\rho^2 + 1}{\rho + 1},\; 1 + \min(0.75,\; c^2 / 2)\Big),
        \quad a = 3 - \frac{3 (r - 1)}{\rho (\rho - r)},

    so that the density has a continuous slope there, and one hump. With limits as far from the
    median it is the normal distribution.

    An error that reaches further towards an end of the scale is nearer to the natural scale than to
    the line, and the limits say how near. On the side of the further limit e is replaced by

    .. math:: w(e) = \frac{e^{b e} - 1}{b} \quad (e < 0), \qquad
        w(e) = \frac{1 - e^{-b e}}{b} \quad (e > 0),

    a power b of the number, or of the odds (for the upper end, of the odds against): the line at b
    = 0, and the natural scale, or that of the odds, at 1. It is the b on which the limits of the
    number itself are as far from the median, between these two,

    .. math:: \frac{1 - e^{-b L}}{b} = \frac{e^{b S} - 1}{b}:

    a Box-Cox scale that the three numbers choose (Box and Cox, J R Stat Soc B 1964;26:211; of odds
    Guerrero and Johnson, Biometrika 1982;69:309). Limits that are as far on the log have 0, those
    that are as far on the natural scale 1, and those of a count some 1/3 (Wilson and Hilferty, PNAS
    1931;17:684). The nearer side stays on the line: beyond its limit a power of the number would be
    surer than the half-width is. Beyond the further limit w goes on straight. So that w brings no
    kink to the median, :math:`\rho + 1` in r is :math:`\rho + 1 + b L / 6`, and a is
    :math:`3 - (6 (r - 1) + r b L) / (2 \rho (\rho - r))`, with L the reach by w.

    A limit at an end is the last of a row that comes ever nearer to it: the score at the end is -c
    or c, and what lies beyond is cut off. A limit of a share is no further by w than the log-odds
    of a normal distribution may be before the share has two humps, :math:`c \sqrt 2`.
    """

    low: float
    middle: float
    high: float
    z: float
    scale: str

    @cached_property
    def median(self) -> float:
        """The median on the line."""
        return float(SCALES[self.scale][0](np.float64(self.middle)))

    @cached_property
    def distances(self) -> tuple[float, float]:
        """How far the limits are from the median on the line; one at an end is infinitely far."""
        lowest, highest = SUPPORTS[self.scale]
        to = SCALES[self.scale][0]
        below = math.inf if self.low <= lowest else self.median - float(to(np.float64(self.low)))
        above = math.inf if self.high >= highest else float(to(np.float64(self.high))) - self.median
        return below, above

    @cached_property
    def powers(self) -> tuple[float, float]:
        """The power b of either side; 0 is the line."""
        below, above = self.distances
        if self.scale == "identity":
            return 0.0, 0.0
        if self.scale == "log":
            return _balance(below, above), 0.0
        most = self.z * math.sqrt(2.0)
        return (
            max(_balance(below, above), _within(below, most)),
            max(_balance(above, below), _within(above, most)),
        )

    @cached_property
    def reaches(self) -> tuple[float, float]:
        """How far the limits are from the median, on the line or on the power of it."""
        below, above = (
            one if not b else -math.expm1(-b * one) / b
            for one, b in zip(self.distances, self.powers, strict=True)
        )
        return below, above

    @cached_property
    def kept(self) -> tuple[float, float]:
        """Between which probabilities of the normal score lie those that are not cut off."""
        from scipy.special import ndtr

        tail = float(ndtr(-self.z))
        below, above = map(math.isinf, self.distances)
        return tail * below, 1.0 - tail * above

    @cached_property
    def _form(self) -> tuple[float, float, float, float, float]:
        """Which side the further limit is on, L, S, r and a."""
        below, above = self.reaches
        side = 1.0 if above >= below else -1.0
        far, near = (above, below)[:: int(side)]
        ratio, bent = far / near, far * sum(self.powers)
        smooth = (ratio**2 + 1.0) / (ratio + 1.0 + bent / 6.0)
        steep = min(smooth, 1.0 + min(_STEEPEST, 0.5 * self.z**2))
        bend = 0.0
        if steep < smooth:
            bend = 3.0 - (6.0 * (steep - 1.0) + bent * steep) / (2.0 * ratio * (ratio - steep))
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
        """Return an error as `error`, for standard normal `z` of which none is past an end.

        A limit near an end says of what is beyond it only how often that is; none is made up that
        is a billion times nearer than the median.
        """
        from scipy.special import ndtr, ndtri

        first, last = self.kept
        if (first, last) != (0.0, 1.0):
            z = ndtri(first + (last - first) * ndtr(z))
        error = self.error(z)
        for sign, one, b in zip((-1.0, 1.0), self.distances, self.powers, strict=True):
            if b:
                most = _FURTHEST if math.isinf(one) else max(_FURTHEST, 2.0 * one)
                error = sign * np.minimum(sign * error, most)
        return error

    def _unbent(self, w: Any) -> Any:
        """Return a distance on the line; one at an end is as far as any that is made up."""
        e = w
        for sign, one, reach, b in zip(
            (-1.0, 1.0), self.distances, self.reaches, self.powers, strict=True
        ):
            if b:
                far = np.maximum(sign * w, 0.0)
                # The end itself is infinitely far.
                most = -math.expm1(-b * (_FURTHEST if math.isinf(one) else one))
                inside = -np.log1p(-np.minimum(b * far, most)) / b
                beyond = 0.0 if math.isinf(one) else np.maximum(far - reach, 0.0) / (1.0 - most)
                e = np.where(far > 0.0, sign * (inside + beyond), e)
        return e

    def score(self, error: Value) -> tuple[Value, Value]:
        """Return the normal score of a distance above the median, and the log of its slope."""
        if not any(self.powers):
            return self._score(error)
        w, more = error, 0.0 * error
        for sign, one, b in zip((-1.0, 1.0), self.distances, self.powers, strict=True):
            if not b:
                continue
            far = fm.maximum(sign * error, 0.0)
            inside = far if math.isinf(one) else fm.minimum(far, one)
            lost = fm.expm1(-b * inside)
            w = w + sign * (-lost / b - far + (1.0 + lost) * (far - inside))
            more = more - b * inside
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


def _balance(far: float, near: float) -> float:
    """Return the power on which two limits are as far from the median, between 0 and 1."""
    if not far > near * (1.0 + _SAME) > 0:
        return 0.0
    return _solved(lambda b: -math.expm1(-b * far) > math.expm1(min(b * near, _LONGEST)))


def _within(far: float, most: float) -> float:
    """Return the least power, at most 1, on which a limit is no further than `most`."""
    if not far > most > 0:
        return 0.0
    return _solved(lambda b: -math.expm1(-b * far) > b * most)


def _solved(too_far: Callable[[float], bool]) -> float:
    """Return the power at which a limit is no longer too far, or 1."""
    first, last = 0.0, 1.0
    if too_far(last):
        return last
    for _ in range(_HALVINGS):
        b = 0.5 * (first + last)
        first, last = (b, last) if too_far(b) else (first, b)
    return last


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
