"""How many digits of a number are printed: none that another seed would change."""

from __future__ import annotations

import math

__all__ = ["certain", "to_error", "unit_of"]

#: An error up to so many units of the last digit is no reason to leave that digit out.
_UNITS = 1.5


def certain(value: float, error: float | None) -> bool:
    """Return whether a number is a count that has no error."""
    return error == 0 and abs(value - round(value)) < 1e-9


def unit_of(error: float | None) -> float:
    """Return the power of ten to which a number with a Monte Carlo error is rounded.

    The smallest one that is two thirds of the error at least: 1,000 for an error of 970, 10 for 6.
    0 where there is no error, or none is known.
    """
    if error is None or not math.isfinite(error) or error <= 0:
        return 0.0
    return float(10.0 ** math.ceil(math.log10(error / _UNITS)))


def to_error(value: float, error: float | None, digits: int = 3) -> tuple[float, int]:
    """Return a number as far as it is known, and how many significant digits that are.

    With a known Monte Carlo error no digit is finer than `unit_of` it, and at least one is left;
    numbers of a thousand and more have no decimals, smaller ones at most `digits` digits. Without
    one, `digits` of them.
    """
    if value == 0 or not math.isfinite(value):
        return value, digits
    size = math.floor(math.log10(abs(value)))
    if error is None or not math.isfinite(error):
        return value, digits
    finest = 0 if size >= digits else size - digits + 1
    unit = unit_of(error)
    place = max(finest, round(math.log10(unit))) if unit else finest
    kept = max(1, size - min(place, size) + 1)
    return float(f"{value:.{kept}g}"), kept
