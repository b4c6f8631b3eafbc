"""Climbs of very many points together, for densities of which nobody says where they are high.

The likeliest of many draws of the prior are all near one mode where that is broad and another is
narrow. Where a dozen steps lead is known of all draws for the price of some likelihoods: a narrow
mode shows as soon as one draw is in what leads to it, however unlikely it is there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.target import Target

__all__ = ["led_uphill"]

type Floats = NDArray[np.float64]

#: Points that climb, of few unknowns; of more so many fewer, as each costs more. Half of them are
#: drawn so many times as wide as the prior: what figures favour is often out there.
_POINTS, _FEW, _WIDE = 20_000, 6, 1.5
_STEPS = 12
#: Of a step: its first length, and the longest; and how far out climbs go, in scores.
_FIRST, _LONGEST, _OUT = 0.1, 1.0, 9.0


def led_uphill(target: Target, rng: np.random.Generator) -> Floats:
    """Return where a dozen steps lead from draws of the prior and of one that is wider.

    Steps go along the slope, as long as the last two slopes say (Barzilai and Borwein, IMA J Numer
    Anal 1988;8:141); one that leads down is not taken, and the next is shorter.
    """
    d = target.size
    n = _POINTS * _FEW // max(d, _FEW)
    u = rng.standard_normal((d, n))
    u[:, n // 2 :] *= _WIDE
    value, slope = target.gradient(u)
    length = _FIRST / np.maximum(_size(slope), 1e-12)
    for _ in range(_STEPS):
        move = length * slope
        move *= np.minimum(1.0, _LONGEST / np.maximum(_size(move), 1e-12))
        to = np.clip(u + move, -_OUT, _OUT)
        there, there_slope = target.gradient(to)
        yes = there >= value
        bent = (move * (slope - there_slope)).sum(axis=0)
        guess = (move**2).sum(axis=0) / np.where(bent > 0, bent, 1.0)
        length = np.where(yes, np.where(bent > 0, guess, 2 * length), length / 4)
        u, value = np.where(yes, to, u), np.where(yes, there, value)
        slope = np.where(yes, there_slope, slope)
    return u[:, np.isfinite(value)]


def _size(vectors: Floats) -> Floats:
    return np.asarray(np.sqrt((vectors**2).sum(axis=0)))
