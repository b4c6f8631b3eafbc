"""What draws say: quantiles, intervals and effective sizes, of equal or unequal weights.

The only place where the library says what a quantile of draws is. With equal weights it is
NumPy's: the draws in order stand at even steps from probability 0 (the smallest) to 1 (the
largest), with straight lines between them (type 7 of Hyndman and Fan, American Statistician
1996;50:361). With weights each draw stands in the middle of its own weight, and these places are
stretched so that again the smallest stands at 0 and the largest at 1; a draw without weight is no
draw. Equal weights give the same number, to the last digit, as none.

Counts that are drawn anew have a rule of their own, `discrete_quantiles`: between two figures that
may be printed there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.words import named

__all__ = [
    "PRINTED",
    "discrete_quantiles",
    "effective_size",
    "equal_tailed",
    "importance_size",
    "interval_name",
    "levels_of",
    "quantiles",
    "tail_size",
]

type Floats = NDArray[np.float64]
type Levels = float | Sequence[float] | Floats

#: Probability of the intervals that are printed unless another is asked for; its limits are what a
#: sample is judged by.
PRINTED = 0.95


def quantiles(
    draws: Any, levels: Levels, weights: Floats | None = None, *, axis: int | None = None
) -> Floats:
    """Return quantiles of draws at levels, by the rule of this module.

    Infinite draws count as the largest or smallest that there are. With weights, of at least 0 and
    any sum, the draws have one axis; without, `axis` is that of the draws, all together when left
    out. As `numpy.quantile` returns it: the axis of the levels first, then the other axes.
    """
    values = np.asarray(draws, dtype=np.float64)
    if weights is None or np.ptp(weights) == 0:
        return _even(values, levels, axis)
    values, weights = _in_order(values, weights)
    places = np.cumsum(weights) - weights / 2
    places -= places[0]
    return np.asarray(np.interp(levels, places / (places[-1] or 1.0), values))


def discrete_quantiles(
    draws: Any, levels: Levels, weights: Floats | None = None, *, axis: int | None = None
) -> Floats:
    """Return the smallest draw with at least so much probability up to and including it.

    For what can be printed only as certain numbers, such as a count drawn anew: the quantile is
    one of the draws (the inverse of their distribution function). Arguments and return value as
    in `quantiles`.
    """
    values = np.asarray(draws)
    if weights is None or np.ptp(weights) == 0:
        return np.asarray(np.quantile(values, levels, axis=axis, method="inverted_cdf"))
    values, weights = _in_order(values, weights)
    heights = np.cumsum(weights)
    at = np.searchsorted(heights, np.asarray(levels) * heights[-1], side="left")
    return np.asarray(values[np.minimum(at, len(values) - 1)])


def levels_of(probability: float) -> tuple[float, float, float]:
    """Return the levels of the lower limit, the median and the upper limit, with equal tails."""
    tail = (1 - probability) / 2
    return tail, 0.5, 1 - tail


def equal_tailed(
    draws: Any, probability: float, weights: Floats | None = None, *, axis: int | None = None
) -> Floats:
    """Return lower limit, median and upper limit of the interval with equal tails."""
    return quantiles(draws, levels_of(probability), weights, axis=axis)


def interval_name(probability: float, kind: str = "equal-tailed") -> str:
    """Return the name of an interval, ``95% equal-tailed``."""
    return named("word.interval_of", p=100 * probability, kind=kind)


def effective_size(weights: Floats) -> float:
    """Return how many draws of equal weight are worth as much: ``sum(w)**2 / sum(w**2)``."""
    return float(np.sum(weights) ** 2 / np.sum(weights**2))


def importance_size(log_weights: Floats, smoothed: Floats) -> float:
    """Return the effective size of weights that `pareto_smooth` made of these logarithms.

    Smoothing cuts a few huge weights down: these few count as what they were.
    """
    raw = np.exp(log_weights - log_weights.max())
    return min(effective_size(smoothed), effective_size(raw))


def _even(values: Floats, levels: Levels, axis: int | None) -> Floats:
    with np.errstate(invalid="ignore"):
        found = np.asarray(np.quantile(values, levels, axis=axis))
        if np.isfinite(found).all() or np.isnan(values).any():
            return found
        # A line from a number to infinity is infinite past that number; NumPy makes no number of
        # it where both ends are infinite, or where it stops at the first.
        low, high = (
            np.quantile(values, levels, axis=axis, method=side) for side in ("lower", "higher")
        )
    limit = np.where((low == high) | (low < 0), low, high)
    return np.where(np.isnan(found), limit, found)


def _in_order(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the draws that have a weight, in ascending order, and their weights."""
    order = _order(values)
    order = order[weights[order] > 0]
    return values[order], weights[order]


def _order(values: Floats) -> NDArray[np.intp]:
    """Return the positions of values in ascending order, of equal ones in the order given.

    Sorting without regard to the latter takes a fifth of the time; where none are equal it is all.
    """
    order = np.argsort(values)
    ordered = values[order]
    if np.any(ordered[1:] == ordered[:-1]):
        return np.argsort(values, kind="stable")
    return order


def tail_size(points: Floats, weights: Floats) -> float:
    """Return the smallest effective number of draws for a printed limit of any parameter.

    These are the 2.5% and 97.5% quantiles of a 95% interval. Of points ``(parameters, draws)`` with
    normalised weights. Where the weights are larger in the tails, fewer draws carry a tail than
    carry the mean. For the event A below a quantile with probability p,
    ``p (1 - p) / sum(w**2 (1_A - p)**2)``: the number of independent draws that would know p as
    well.
    """
    smallest = np.inf
    for row in points:
        ordered = weights[_order(row)]
        below = np.cumsum(ordered)
        for wanted in levels_of(PRINTED)[::2]:
            last = min(int(np.searchsorted(below, wanted)), len(below) - 2)
            p = min(below[last], 1.0)  # sums may be a digit off
            spread = (1 - p) ** 2 * np.sum(ordered[: last + 1] ** 2)
            spread += p**2 * np.sum(ordered[last + 1 :] ** 2)
            # No spread: all of the weight is that of one draw.
            smallest = min(smallest, p * (1 - p) / spread if spread > 0 else 1.0)
    return float(smallest)
