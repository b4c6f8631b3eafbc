r"""Sums over all possible numbers of hidden people, of which there may be very many.

A posterior of the number hidden is never much narrower than what is left open when all
probabilities are known: a negative binomial number, of variance ``h (h + n) / n`` for h hidden
and n known people. In the coordinate t with ``h = n sinh(t / (2 sqrt n))**2`` that is a variance of
about one everywhere. So the first 500 numbers are summed one by one and the rest is integrated over
t, 8 points (Gauss-Legendre) to every 4 units, up to 10**12 times the number known: to 1e-6 of the
whole, or 2e-5 where an upper limit cuts through the middle of the density.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

__all__ = ["HiddenNumbers", "gammaln", "hidden_numbers", "log_rising"]

type Floats = NDArray[np.float64]

#: What the slope of the density at the end of the whole numbers adds to the integral from there
#: on, over the last three of them (Euler-Maclaurin, slope / 24).
_EDGE = np.array([1.0, -3.0, 2.0]) / 24.0
#: So many numbers are summed one by one; where the density falls by less than ``_DEPTH`` below
#: its greatest, the rest is integrated.
_WHOLE, _DEPTH, _FAR = 500, 40.0, 1e12
_WIDTH, _ORDER = 4.0, 8
_NODES, _NODE_WEIGHTS = legendre.leggauss(_ORDER)
#: A quantile is found to this many halvings of its panel.
_HALVINGS = 32
#: From this argument on Stirling's series is exact to 1e-13.
_LARGE = 100.0


def gammaln(x: float | Floats) -> Floats:
    """Return the logarithm of the gamma function of a few numbers above 0.

    That of the standard library: to import SciPy takes longer than all that is done here.
    """
    return np.asarray(np.frompyfunc(lgamma, 1, 1)(x), dtype=float)


def log_rising(x: Floats, a: float | Floats) -> Floats:
    """Return ``gammaln(x + a) - gammaln(x + 1)``, exact to the last digits for large `x` too.

    `x` has shape ``(points,)``; `a` is above 0, a number or one per row, ``(rows, 1)``.
    """
    small = x < _LARGE
    found = np.empty(np.broadcast_shapes(x.shape, np.shape(a)))
    if small.any():
        found[..., small] = gammaln(x[small] + a) - gammaln(x[small] + 1.0)
    # Stirling's series of both, their large terms taken off against each other by hand.
    y, d = x[~small] + 1.0, a - 1.0
    shift = (y + d - 0.5) * np.log1p(d / y) + _stirling(y + d)
    found[..., ~small] = d * (np.log(y) - 1.0) + shift - _stirling(y)
    return found


def _stirling(z: Floats) -> Floats:
    inverse = 1.0 / z
    return np.asarray(inverse * (1.0 / 12.0 - inverse * inverse / 360.0))


@dataclass(frozen=True)
class HiddenNumbers:
    """The numbers at which a density is known, and how they add up.

    Parameters
    ----------
    known : int
        People on at least one list.
    points : ndarray
        Numbers of hidden people, ascending, shape ``(points,)``: whole ones first, then those
        of the panels.
    weights : ndarray
        Shape ``(points,)``: the sum over all numbers is that of ``weights * density``.
    whole : int
        How many of the points are summed one by one.
    panels : ndarray
        Both ends of the panels in the coordinate t, shape ``(panels, 2)``.
    last : float
        The greatest number.
    """

    known: int
    points: Floats
    weights: Floats
    whole: int
    panels: Floats
    last: float

    def quantiles(self, mass: Floats, levels: Floats) -> Floats:
        """Return the least numbers that are exceeded with at most ``1 - level``.

        `mass` is the probability of each point, ``weights * density``; levels are below its sum.
        """
        inside = mass[self.whole :].reshape(-1, _ORDER)
        blocks = np.concatenate([mass[: self.whole], inside.sum(axis=1)])
        upto = np.concatenate([[0.0], np.cumsum(blocks)])
        block = np.clip(np.searchsorted(upto, levels) - 1, 0, len(blocks) - 1)
        found = self.points[np.minimum(block, len(self.points) - 1)].copy()
        rest = block >= self.whole
        if rest.any():
            which = block[rest] - self.whole
            found[rest] = self._within(inside, which, levels[rest] - upto[block[rest]])
        return found

    def _within(self, inside: Floats, panel: NDArray[np.int64], wanted: Floats) -> Floats:
        """Return where in its panel the integral from the left end reaches what is wanted."""
        basis = legendre.legvander(_NODES, _ORDER - 1) * (np.arange(_ORDER) + 0.5)
        series = legendre.legint(basis.T @ inside.T, lbnd=-1, axis=0)[:, panel]
        low, high = -np.ones(len(panel)), np.ones(len(panel))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2.0
            below = legendre.legval(middle, series, tensor=False) < wanted
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        start, end = self.panels[panel].T
        at = _number(start + (end - start) * (low + 1.0) / 2.0, self.known)
        return np.ceil(at - 0.5)


def _number(t: Floats, known: int) -> Floats:
    return np.asarray(known * np.sinh(t / (2.0 * np.sqrt(known))) ** 2)


def _coordinate(hidden: Floats, known: int) -> Floats:
    return np.asarray(2.0 * np.sqrt(known) * np.arcsinh(np.sqrt(hidden / known)))


def _slope(hidden: Floats, known: int) -> Floats:
    """Return how many numbers a unit of t is."""
    return np.asarray(np.sqrt(hidden * (hidden + known) / known))


def hidden_numbers(
    known: int, lower: int, upper: int | None, log_density: Callable[[Floats], Floats]
) -> HiddenNumbers:
    """Return the numbers of hidden people that matter, from the least to the greatest possible.

    Without `upper` that is ``1e12 * known``. `log_density` gives logarithms of one or more
    densities at some numbers, shape ``(densities, points)``: a panel is left out where all are
    negligible.
    """
    last = _FAR * known if upper is None else float(upper)
    whole = np.arange(lower, min(lower + _WHOLE, last + 1.0), dtype=float)
    if last < lower + _WHOLE:
        return HiddenNumbers(known, whole, np.ones(len(whole)), len(whole), np.empty((0, 2)), last)
    start, end = _coordinate(np.array([lower + _WHOLE - 0.5, last + 0.5]), known)
    edges = np.linspace(start, end, int(np.ceil((end - start) / _WIDTH)) + 1)
    numbers = _number(edges, known)
    seen = np.concatenate(
        [log_density(one).max(axis=0) for one in np.array_split(numbers, 1 + len(numbers) // 4096)]
    ) + np.log(_slope(numbers, known))
    top = max(float(seen.max()), float(log_density(whole[:: max(1, len(whole) // 200)]).max()))
    kept = np.maximum(seen[:-1], seen[1:]) > top - _DEPTH
    panels = np.stack([edges[:-1], edges[1:]], axis=1)[kept]
    single = np.ones(len(whole))
    single[-len(_EDGE) :] += _EDGE
    half = (panels[:, 1] - panels[:, 0])[:, None] / 2.0
    inside = _number(panels.mean(axis=1)[:, None] + half * _NODES, known)
    weights = half * _NODE_WEIGHTS * _slope(inside, known)
    return HiddenNumbers(
        known,
        np.concatenate([whole, inside.ravel()]),
        np.concatenate([single, weights.ravel()]),
        len(whole),
        panels,
        last,
    )
