"""Intervals of draws, that name their probability and kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import is_number
from funnelest.words import named

__all__ = ["equal_tailed", "interval_name", "interval_problems", "summary"]

type Floats = NDArray[np.float64]


def interval_problems(probability: object, kind: str = "equal-tailed") -> list[str]:
    """Return why there is no such interval, one sentence each."""
    found = []
    if not (is_number(probability) and 0 < probability < 1):  # type: ignore[operator]
        found.append(f"probability must lie between 0 and 1; given {probability!r}.")
    if kind not in ("equal-tailed", "highest-density"):
        found.append(f"kind must be 'equal-tailed' or 'highest-density'; given {kind!r}.")
    return found


def interval_name(probability: float, kind: str = "equal-tailed") -> str:
    """Return the name of an interval, ``95% equal-tailed``."""
    return named("word.interval_of", p=100 * probability, kind=kind)


def equal_tailed(draws: Floats, probability: float) -> Floats:
    """Return lower limit, median and upper limit of the interval with equal tails."""
    tail = (1 - probability) / 2
    return np.asarray(np.quantile(draws, [tail, 0.5, 1 - tail]))


def summary(draws: Floats, probability: float, kind: str = "equal-tailed") -> dict[str, float]:
    """Return mean, median, standard deviation and interval of draws."""
    low, median, high = equal_tailed(draws, probability)
    if kind == "highest-density":
        from arviz_stats.base import array_stats

        low, high = array_stats.hdi(np.asarray(draws), prob=probability)
    return {
        "mean": float(np.mean(draws)),
        "median": float(median),
        "sd": float(np.std(draws)),
        "low": float(low),
        "high": float(high),
    }
