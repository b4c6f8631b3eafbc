"""Pareto-smoothed importance weights, and the shape of their tail: k-hat.

ArviZ has the same, to the last digits, and is what this is tested against: its import takes as
long as a fit (0.6 s for 0.6 s of the main example), and every fit needs these numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["pareto_smooth", "smoothed", "tail_shape"]

type Floats = NDArray[np.float64]

#: Fewer points in a tail than this say nothing of its shape.
_FEWEST = 5
#: Weights are even when the largest is at most this many times the mean.
_EVEN = 4.0


def smoothed(log_weights: Floats) -> tuple[Floats, float]:
    """Return smoothed, normalised weights and k-hat of weights that may be even.

    Of n weights with k-hat 0.7 the largest is some ``n**0.7`` times the mean. Where it is but a
    few times the mean there is no tail, and the shape fitted to one (two bundles of almost equal
    weights, say) means nothing.
    """
    weights = np.exp(log_weights - log_weights.max())
    if weights.mean() > 1 / _EVEN:
        return weights / weights.sum(), -np.inf
    return pareto_smooth(log_weights)


def pareto_smooth(log_weights: Floats) -> tuple[Floats, float]:
    """Return smoothed, normalised weights and the Pareto k-hat of their tail.

    Pareto-smoothed importance sampling, Vehtari et al., JMLR 2024;25(72): the largest
    ``3 sqrt(n)`` weights, or a fifth of a few, become the quantiles of the generalised Pareto
    distribution fitted to them, none above what was the largest. Weights whose largest are all
    alike have no tail: k-hat is -inf. It is inf where nothing fits.
    """
    # Below this a weight is zero to every digit.
    ratios = np.maximum(log_weights - log_weights.max(), -700.0)
    raw = np.exp(ratios)
    n = len(ratios)
    last = np.partition(ratios, -20)[-20:] if n > 20 else ratios
    if np.ptp(last) == 0:
        return raw / raw.sum(), -np.inf
    k_hat, place, quantiles = np.inf, np.arange(0), np.zeros(0)
    size = _tail(n)
    if size >= _FEWEST:
        order = np.argsort(ratios)
        place, cutoff = order[n - size :], raw[order[n - size - 1]]
        k_hat, scale = tail_shape(raw[place] - cutoff)
        with np.errstate(over="ignore", invalid="ignore"):
            below = -np.log1p(-(np.arange(size) + 0.5) / size)
            stretch = np.expm1(k_hat * below) / k_hat if k_hat else below
            quantiles = np.minimum(cutoff + scale * stretch, 1.0)
    if not (np.isfinite(k_hat) and np.isfinite(quantiles).all()):
        return raw / raw.sum(), np.inf
    weights = raw.copy()
    weights[place] = quantiles
    return weights / weights.sum(), float(k_hat)


def tail_shape(excess: Floats) -> tuple[float, float]:
    """Return shape and scale of the generalised Pareto distribution of excesses, in order.

    The nearly Bayesian fit of Zhang and Stephens, Technometrics 2009;51:316, with the shape drawn
    towards 1/2 as if by ten more points (Vehtari et al.). Of excesses of which a quarter are all
    the smallest, or that are not in order, there is none: ``(inf, nan)``.
    """
    n = len(excess)
    quartile = excess[int(n / 4 - 0.5)]
    if not quartile > excess[0]:
        return np.inf, np.nan
    tried = 30 + int(np.sqrt(n))
    slopes = 1 - np.sqrt(tried / (np.arange(tried) + 0.5))
    slopes = slopes / (3 * quartile) + 1 / excess[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        shapes = np.log1p(-slopes[:, None] * excess).mean(axis=1)
        heights = n * (np.log(-slopes / shapes) - shapes - 1)
        weights = np.exp(heights - heights.max())
        slope = float(slopes @ weights / weights.sum())
        shape = float(np.log1p(-slope * excess).mean())
    if np.isnan(shape):
        return np.inf, np.nan
    return (n * shape + 5) / (n + 10), -shape / slope


def _tail(n: int) -> int:
    """Return how many of n weights are the tail."""
    return int(3 * np.sqrt(n)) if n > 225 else n // 5
