"""Constraints of the fields that a user fills in, each with its sentence."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["is_number", "pair_problems"]


def is_number(value: object) -> bool:
    """Return whether `value` is a finite number (a truth value is not)."""
    return (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool | np.bool_)
        and math.isfinite(float(value))
    )


def pair_problems(interval: object) -> list[str]:
    """Return why `interval` is not a pair of numbers."""
    if (
        isinstance(interval, tuple | list)
        and len(interval) == 2
        and all(is_number(limit) for limit in interval)
    ):
        return []
    return [f"field 'interval' must be a pair (low, high) of numbers; given {interval!r}."]
