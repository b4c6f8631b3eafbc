"""Bias-corrected and accelerated bootstrap intervals of the number on no list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelest.words import Sentence, say

__all__ = ["BootstrapInterval", "bca_interval", "leave_one_out", "quantile", "resampled"]

type Floats = NDArray[np.float64]

#: An estimate with fewer than this share of its replicates on one side is not typical of them.
_SIDE = 0.2
#: A limit that rests on fewer replicates than this is marked.
FEWEST_BEYOND = 2.0


@dataclass(frozen=True)
class BootstrapInterval:
    """A bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    limits : (float, float), optional
        The interval; None where the correction is not possible.
    below : float
        Share of the replicates that lie below the estimate (ties by half).
    bias : float
        Normal quantile of this share.
    acceleration : float
        From leaving out one person at a time; NaN where one of these has no finite estimate.
    levels : (float, float)
        The levels of the replicates that were taken as limits.
    problem : Sentence, optional
        Why there is no interval; None where there is one.
    widened : bool, default False
        Whether the interval holds the percentile interval too, since fewer than a fifth of the
        replicates lie on one side of the estimate.
    """

    limits: tuple[float, float] | None
    below: float
    bias: float
    acceleration: float
    levels: tuple[float, float]
    problem: Sentence | None
    widened: bool = False


def resampled(counts: Floats, replicates: int, rng: np.random.Generator) -> Floats:
    """Return tables of as many people drawn from those known: ``(replicates, cells)``."""
    people = int(counts.sum())
    return rng.multinomial(people, counts / counts.sum(), size=replicates).astype(float)


def leave_one_out(counts: Floats) -> tuple[Floats, Floats]:
    """Return the tables without one person, and how many persons leave each of them behind.

    Shapes ``(cells with people, cells)`` and ``(cells with people,)``.
    """
    cells = np.flatnonzero(counts > 0)
    tables = np.repeat(counts[None], len(cells), axis=0)
    tables[np.arange(len(cells)), cells] -= 1
    return tables, counts[cells]


def quantile(ordered: Floats, level: float) -> float:
    """Return a quantile of sorted numbers, some of which may be infinite.

    Median-unbiased (type 8 of Hyndman and Fan, American Statistician 1996;50:361), as in
    SparseMSE. Between a finite number and an infinite one it is infinite.
    """
    count = len(ordered)
    place = level * (count + 1 / 3) + 1 / 3 - 1
    below = int(np.clip(np.floor(place), 0, count - 1))
    above = min(below + 1, count - 1)
    part = float(np.clip(place - below, 0.0, 1.0))
    low, high = float(ordered[below]), float(ordered[above])
    if part == 0 or low == high:
        return low
    return low + part * (high - low)


def bca_interval(
    estimate: float, replicates: Floats, jackknife: Floats, weights: Floats, probability: float
) -> BootstrapInterval:
    r"""Return the bias-corrected and accelerated interval.

    Of a finite estimate from the data, estimates from resampled tables (`replicates`), and those
    from the tables without one person (`jackknife`), which so many persons leave (`weights`).
    Infinite replicates count as infinite, they are not left out: if they are more than may lie
    beyond the upper limit, it is infinite. The acceleration is taken as 0 where a table without one
    person has no finite estimate.

    With :math:`z_0` the normal quantile of the share of replicates below the estimate, and
    :math:`a = \sum w d^3 / 6 (\sum w d^2)^{3/2}`, :math:`d` being the mean of the jackknife
    estimates less each of them, the limit for normal quantile :math:`z` is the replicates'
    quantile at :math:`\Phi(z_0 + (z_0 + z) / (1 - a (z_0 + z)))` (Efron, JASA 1987;82:171;
    DiCiccio and Efron, Statistical Science 1996;11:189). Where the choice of a model makes the
    replicates so unlike the estimate that fewer than a fifth of them lie on one side of it, the
    correction may leave most of them beyond a limit: the interval is then widened to hold the
    percentile interval as well.
    """
    from scipy import special

    ties = np.isclose(replicates, estimate, rtol=1e-9, atol=0.0)
    below = float(np.mean((replicates < estimate) & ~ties) + 0.5 * np.mean(ties))
    bias = float(special.ndtri(below))
    acceleration = float("nan")
    if np.isfinite(jackknife).all():
        from_mean = np.average(jackknife, weights=weights) - jackknife
        square = float(np.sum(weights * from_mean**2))
        cube = float(np.sum(weights * from_mean**3))
        acceleration = cube / (6 * square**1.5) if square > 0 else 0.0
    nan = (np.nan, np.nan)
    if not np.isfinite(bias):
        return BootstrapInterval(
            None,
            below,
            bias,
            acceleration,
            nan,
            say(f"lists.why.all_{'below' if below == 1 else 'above'}"),
        )
    a = acceleration if np.isfinite(acceleration) else 0.0
    tails = (1 - probability) / 2, (1 + probability) / 2
    z = special.ndtri(np.array(tails))
    shrunk = 1 - a * (bias + z)
    if (shrunk <= 0).any():
        return BootstrapInterval(
            None,
            below,
            bias,
            acceleration,
            nan,
            say("lists.why.uneven"),
        )
    low, high = map(float, special.ndtr(bias + (bias + z) / shrunk))
    levels = low, high
    ordered = np.sort(replicates)
    limits = quantile(ordered, low), quantile(ordered, high)
    if np.mean(np.isinf(replicates)) > tails[0]:
        # No correction for bias brings back an upper limit that the replicates do not have.
        limits = limits[0], np.inf
    if not limits[0] <= estimate <= limits[1]:
        return BootstrapInterval(
            None,
            below,
            bias,
            acceleration,
            levels,
            say("lists.why.edge", below=100 * below),
        )
    widened = min(below, 1 - below) < _SIDE
    if widened:
        own = quantile(ordered, tails[0]), quantile(ordered, 1 - tails[0])
        limits = min(limits[0], own[0]), max(limits[1], own[1])
    return BootstrapInterval(limits, below, bias, acceleration, levels, None, widened)
