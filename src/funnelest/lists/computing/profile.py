"""Limits of the number of hidden people: by profile likelihood, log-normal, of a sum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.computing.fits import fit_poisson

__all__ = ["log_normal", "profile_limits", "sum_limits"]

type Floats = NDArray[np.float64]

_POINTS = 9
_ROUNDS = 6
#: Below and above these the number is taken as none and as without limit.
_TINY, _HUGE = 1e-4, 1e13


def profile_limits(
    X: Floats,
    sums: Floats,
    counts: Floats,
    hidden: float,
    spread: float,
    probability: float,
) -> tuple[float, float]:
    r"""Return profile-likelihood limits of the number of hidden people.

    `X` and `sums` are those of `fit_poisson`, `counts` of one table; patterns in no cell are
    hidden. `spread` is about the standard error of the logarithm of the number: where to look
    first. A limit is 0 or infinity where the likelihood does not fall enough.

    For a total :math:`N = n + n_0` the counts are multinomial; their likelihood is maximised
    over the model for each :math:`n_0`, which is a fit with :math:`n_0` as one more count:
    :math:`-D(n_0)/2 + s(N) - s(n_0)` with D the Poisson deviance of that fit and :math:`s(x) =
    \log x! - x \log x + x`. Cormack, Biometrics 1992;48:567, as in Rcapture's `closedpCI.t`.
    """
    from scipy.stats import chi2

    all_sums = np.vstack([sums, ~(sums > 0).any(axis=0)])
    known = counts.sum()

    def level(logs: Floats) -> Floats:
        numbers = np.exp(logs)
        tables = np.column_stack([np.tile(counts, (len(numbers), 1)), numbers])
        found = fit_poisson(X, tables, all_sums).deviance
        return np.asarray(-found / 2 + _stirling(numbers + known) - _stirling(numbers))

    spread = float(np.clip(np.hypot(spread, 1 / np.sqrt(max(hidden, 1.0))), 0.02, 1.5))
    start = np.log(max(hidden, _TINY))
    best, top = _top(level, start, spread)
    target = top - chi2.ppf(probability, 1) / 2
    low = _limit(level, target, best, -2 * spread, np.log(_TINY))
    high = _limit(level, target, best, 2 * spread, np.log(_HUGE))
    return (0.0 if low is None else float(np.exp(low))), (
        np.inf if high is None else float(np.exp(high))
    )


def _stirling(x: Floats) -> Floats:
    """Return ``log x! - x log x + x``, by its series where the terms would cancel."""
    from scipy.special import gammaln, xlogy

    small = np.minimum(x, 1e3)
    direct = gammaln(small + 1) - xlogy(small, small) + small
    large = np.maximum(x, 1e3)
    series = 0.5 * np.log(2 * np.pi * large) + 1 / (12 * large)
    return np.asarray(np.where(x < 1e3, direct, series))


def _top(level: Callable[[Floats], Floats], start: float, spread: float) -> tuple[float, float]:
    width, best, top = 2 * spread, start, -np.inf
    for _ in range(4):
        points = best + width * np.linspace(-1, 1, _POINTS)
        found = level(np.asarray(points, dtype=float))
        best, top = float(points[found.argmax()]), max(top, float(found.max()))
        if 0 < found.argmax() < _POINTS - 1:
            width /= 4
    return best, top


def _limit(
    level: Callable[[Floats], Floats], target: float, best: float, step: float, end: float
) -> float | None:
    """Return where the likelihood falls to the target, going from its top by growing steps."""
    inside, outside = best, None
    while outside is None:
        points = inside + step * np.arange(1, _POINTS)
        points = points[points < end] if step > 0 else points[points > end]
        if not len(points):
            return None
        below = np.flatnonzero(level(np.asarray(points, dtype=float)) < target)
        if len(below):
            outside = float(points[below[0]])
            inside = outside - step
        else:
            inside, step = float(points[-1]), 2 * step
    for _ in range(_ROUNDS):
        points = np.linspace(inside, outside, _POINTS)
        below = np.flatnonzero(level(np.asarray(points[1:-1], dtype=float)) < target) + 1
        last = int(below[0]) if len(below) else _POINTS - 1
        inside, outside = float(points[last - 1]), float(points[last])
    return (inside + outside) / 2


def log_normal(hidden: float, variance: float, probability: float) -> tuple[float, float]:
    """Return limits of a number whose logarithm is normal with some variance."""
    from scipy.stats import norm

    far = norm.ppf((1 + probability) / 2) * np.sqrt(variance)
    return float(hidden * np.exp(-far)), float(hidden * np.exp(far))


def sum_limits(estimates: Floats, limits: list[tuple[float, float]]) -> tuple[float, float]:
    """Return limits of a sum of independent numbers from the limits of each.

    Method of variance estimates recovery: Zou and Donner, Statistics in Medicine 2008;27:1693.
    """
    low, high = np.array(limits).T
    total = estimates.sum()
    below = float(total - np.sqrt(np.sum((estimates - low) ** 2)))
    return max(0.0, below), float(total + np.sqrt(np.sum((high - estimates) ** 2)))
