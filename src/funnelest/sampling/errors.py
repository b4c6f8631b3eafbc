"""The Monte Carlo error of means and quantiles, whatever the engine that made the draws.

One rule for both engines. How far a mean of draws is off, as a standard error, depends on how the
draws hang together: those of importance sampling are drawn again from weighted ones, so that some
are the same draw (`Copies`); those of Markov chains follow each other (`Chains`). The error of a
quantile is that of the share of draws below it, which is a mean, over the density there. The
density is the share between two quantiles around it over their distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from funnelest.sampling.weights import effective_size, quantiles

__all__ = ["Chains", "Copies", "Dependence", "mean_errors", "quantile_errors", "sized_errors"]

type Floats = NDArray[np.float64]

#: The density at a quantile is taken between levels so far below and above, at most; in a tail
#: from half its probability to one and a half times that.
_AROUND = 0.1


class Dependence(Protocol):
    """How draws hang together."""

    def variance(self, values: Floats) -> Floats:
        """Return the variance of the mean of each row of values ``(rows, draws)``."""


@dataclass(frozen=True, eq=False)
class Copies:
    """Draws of which some are the same draw, taken more than once.

    Parameters
    ----------
    origins : ndarray of int or None
        The same number for draws of one origin, shape ``(draws,)``; None where all are independent.

    Notes
    -----
    The variance of a mean is that of independent clusters, ``sum over origins of (sum of its
    draws - their number times the mean)**2 / n**2``. A draw that weighs much is taken often and so
    counts often: that holds the error of the weights as well as that of drawing by them.
    """

    origins: NDArray[np.integer[Any]] | None = None

    @cached_property
    def _clusters(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the draws in order of their origin, and where each origin begins."""
        assert self.origins is not None
        origins = self.origins
        order = np.argsort(origins, kind="stable")
        return order, np.flatnonzero(np.diff(origins[order], prepend=origins[order[0]] - 1))

    def variance(self, values: Floats) -> Floats:
        """Return the variance of the mean of each row."""
        size = values.shape[1]
        off = values - values.mean(axis=1, keepdims=True)
        if self.origins is not None:
            order, begins = self._clusters
            off = np.add.reduceat(off[:, order], begins, axis=1)
        groups = off.shape[1]
        if groups < 2:
            return np.full(len(values), np.nan)  # one draw knows nothing of its own error
        return np.asarray(groups / (groups - 1) * np.sum(off**2, axis=1) / size**2)


@dataclass(frozen=True)
class Chains:
    """Draws of Markov chains, that stand after each other.

    Parameters
    ----------
    chains : int
        Their number, of equal lengths.

    Notes
    -----
    The effective number of draws behind a mean is ArviZ's (Vehtari et al., Bayesian Analysis
    2021;16:667).
    """

    chains: int

    def variance(self, values: Floats) -> Floats:
        """Return the variance of the mean of each row."""
        from arviz_stats.base import array_stats

        shaped = values.reshape(len(values), self.chains, -1)
        effective = array_stats.ess(shaped, chain_axis=1, draw_axis=2, method="mean")
        return np.asarray(np.var(values, axis=1) / effective)


def mean_errors(rows: Floats, dependence: Dependence) -> Floats:
    """Return the Monte Carlo standard error of the mean of each row ``(rows, draws)``."""
    with np.errstate(all="ignore"):  # of infinite draws there is none: not a number
        return np.asarray(np.sqrt(dependence.variance(np.asarray(rows, dtype=np.float64))))


def quantile_errors(rows: Floats, levels: Sequence[float], dependence: Dependence) -> Floats:
    """Return the Monte Carlo standard errors of quantiles.

    Of rows ``(rows, draws)``, shape ``(levels, rows)``. Not a number where a draw is none, or where
    the quantile itself is infinite.
    """
    rows, places = np.asarray(rows, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    limits = quantiles(rows, places, axis=1)
    steps = np.sqrt([dependence.variance((rows <= at[:, None]).astype(float)) for at in limits])
    around = np.minimum(np.minimum(places, 1 - places) / 2, _AROUND)
    # One standard error up and down would see the error itself. There are a dozen draws between
    # the two in a tail of 4,000, too few when the worst of many errors is sought. But in a gap
    # between two clumps of draws what lies further off tells nothing: the larger of both.
    wide = _errors(rows, places, steps, np.fmax(around[:, None], steps))
    return np.fmax(wide, _errors(rows, places, steps, np.fmax(2 * steps, 1e-12)))


def sized_errors(
    draws: Floats, levels: Sequence[float], effective: float, weights: Floats | None = None
) -> Floats:
    """Return these errors for one row of draws that are worth `effective` independent ones.

    With `weights` that is their number as weighted: the error of the share of draws below is then
    the root of ``sum w**2 (below - share)**2`` over ``sum w``, as if they were independent.
    """
    places = np.asarray(levels, dtype=np.float64)
    heavy = np.ones(len(draws)) if weights is None else weights
    below = np.asarray(draws)[:, None] <= quantiles(draws, places, weights)
    share = heavy @ below / heavy.sum()
    steps = np.sqrt(heavy**2 @ (below - share) ** 2) / heavy.sum()
    steps = steps * np.sqrt(effective_size(heavy) / effective)
    around = np.minimum(np.minimum(places, 1 - places) / 2, _AROUND)
    ends = np.clip([places - np.fmax(around, steps), places + np.fmax(around, steps)], 0.0, 1.0)
    low, high = (quantiles(draws, end, weights) for end in ends)
    with np.errstate(invalid="ignore"):
        return np.asarray(steps * (high - low) / (ends[1] - ends[0]))


def _errors(rows: Floats, places: Floats, steps: Floats, reach: Floats) -> Floats:
    """Return errors of quantiles by what lies so far on both sides of each, in probability."""
    ends = np.clip([places[:, None] - reach, places[:, None] + reach], 0.0, 1.0)
    found = np.empty(steps.shape)
    kinds, kind = np.unique(ends, axis=2, return_inverse=True)  # many rows reach as far
    for i in range(kinds.shape[2]):
        rest = kind == i
        low, high = quantiles(rows[rest], kinds[..., i], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):  # from infinite to infinite
            found[:, rest] = steps[:, rest] * (high - low) / np.ptp(kinds[..., i], axis=0)[:, None]
    return found
