"""Limits and ticks of a logarithmic axis of people."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

__all__ = ["limits", "ticks"]

type Values = tuple[float, float, float]


def limits(values: Sequence[Values], steps: Sequence[Values]) -> tuple[float, float]:
    """Return limits that hold every median and every interval of a step.

    The interval of a rare transition may reach down to almost nobody; it does not set the
    scale, but is cut at the edge.
    """
    inside = [v for row in steps for v in row] + [row[0] for row in values]
    positive = [v for v in inside if math.isfinite(v) and v > 0] or [1.0]
    tops = [row[2] for row in values if math.isfinite(row[2]) and row[2] > 0] or positive
    low, high = min(positive), max(*tops, *positive)
    room = max((high / low) ** 0.04, 1.15)
    return low / room, high * room


def ticks(low: float, high: float, width: Callable[[float], float], room: float) -> list[float]:
    """Return round numbers between the limits, as many as have room for their labels."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    span = math.log10(high / low)
    # From dense to sparse; the first choice whose labels keep apart is taken.
    choices: list[list[float]] = [
        [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        for factors in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 5), (1, 3), (1,))
    ]
    choices += [[10.0**p for p in range(first, last + 1) if p % n == 0] for n in (2, 3, 4, 6)]
    for choice in choices:
        inside = [v for v in choice if low <= v <= high]
        gaps = [
            room * math.log10(b / a) / span - (width(a) + width(b)) / 2 for a, b in pairwise(inside)
        ]
        if len(inside) <= 9 and all(gap > 0.1 for gap in gaps):
            return inside
    return [v for v in choices[-1] if low <= v <= high]
