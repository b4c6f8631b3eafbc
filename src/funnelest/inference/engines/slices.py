"""Moves that take the scale of each place: slices along lines, which leave the posterior as it is.

A step of one size does not enter the neck of a funnel, nor leave it. A slice does: a level is
drawn below the density at a point, and on a line through it a place above that level, from an
interval that shrinks until one is found (Neal, Annals of Statistics 2003;31:705). Nothing has to be
tuned, and no gradient is taken. Lines go along one unknown, or as two other draws lie from each
other, by which they follow long thin parts (Karamanis and Beutler, Statistics and Computing
2021;31:61).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.target import Target

__all__ = ["SLID", "slid", "slides"]

type Floats = NDArray[np.float64]

#: How many points slide, and of how many unknowns at most, of likelihoods of the user's own; how
#: many moves all make together about, and how often each along every line, at least and at most.
SLID, _FEW = 4000, 12
_MOVES, _ROUNDS = 200_000, (4, 12)
#: Longest and shortest interval that a place is looked for in, in scores: the first is that of one
#: in three moves, and goes from one mode to another; others are drawn evenly in logarithm.
_LONGEST, _SHORTEST, _LONG = 8.0, 0.05, 1 / 3
#: Of an interval that has shrunk so often nothing is left, to the last digit.
_SHRINKS = 100


def slides(target: Target) -> bool:
    """Return whether draws of this posterior are to be moved so.

    Where every source says where its figure puts the parameters, climbs find what is narrow. Of a
    likelihood of one's own, which may have any shape, nothing else does.
    """
    return 0 < target.size <= _FEW and target.density.any_shape()


def slid(
    target: Target, u: Floats, value: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return where points have slid to, and their log-densities.

    In each round each point moves along each unknown, and as often along the difference of two of
    the points that were given.
    """
    d, n = u.shape
    given = u
    rounds = int(np.clip(_MOVES // (2 * d * n), *_ROUNDS))
    for _ in range(rounds):
        for axis in rng.permutation(2 * d):
            if axis < d:
                line = np.repeat(np.eye(d)[:, axis, None], n, axis=1)
            else:
                line = given[:, rng.integers(n, size=n)] - given[:, rng.integers(n, size=n)]
                length = np.sqrt((line**2).sum(axis=0))
                line = np.where(length > 0, line / np.where(length > 0, length, 1.0), 0.0)
            u, value = _along(target, u, value, line, rng)
    return u, value


def _along(
    target: Target, u: Floats, value: Floats, line: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    n = u.shape[1]
    level = value - rng.standard_exponential(n)
    length = np.exp(rng.uniform(np.log(_SHORTEST), np.log(_LONGEST), n))
    length = np.where(rng.random(n) < _LONG, _LONGEST, length)
    low = -length * rng.random(n)
    high = low + length
    u, value, open_ = u.copy(), value.copy(), np.arange(n)
    for _ in range(_SHRINKS):
        at = low[open_] + (high[open_] - low[open_]) * rng.random(len(open_))
        to = u[:, open_] + at * line[:, open_]
        there = target.log_density(to)
        yes = there >= level[open_]
        u[:, open_[yes]], value[open_[yes]] = to[:, yes], there[yes]
        low[open_] = np.where(at < 0, at, low[open_])
        high[open_] = np.where(at < 0, high[open_], at)
        open_ = open_[~yes]
        if not len(open_):
            break
    return u, value
