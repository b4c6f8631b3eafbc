"""How many digits of a number are printed: none that another seed would change."""

from __future__ import annotations

import math

__all__ = ["ANY", "certain", "passes", "to_error", "unit_of"]

#: An error up to so many units of the last digit is no reason to leave that digit out.
_UNITS = 1.5
#: What a number may be of which nothing is known.
ANY = (-math.inf, math.inf)


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


def passes(value: float, error: float | None, scale: float, within: tuple[float, float]) -> bool:
    """Return whether a number that is printed over a scale would pass what it lies `within`."""
    if not math.isfinite(value):
        return False
    shown, digits = to_error(value / scale, None if error is None else error / scale)
    shown = float(f"{shown:.{digits}g}") * scale
    off = 1e-9 * abs(shown)
    return shown + off < within[0] or shown - off > within[1]


def to_error(
    value: float,
    error: float | None,
    digits: int = 3,
    within: tuple[float, float] = ANY,
) -> tuple[float, int]:
    """Return a number as far as it is known, and how many significant digits that are.

    With a known Monte Carlo error no digit is finer than `unit_of` it, and at least one is left;
    numbers of a thousand and more have no decimals, smaller ones at most `digits` digits. Without
    one, `digits` of them. Where that number passes one of the ends that the value lies `within`, it
    is this end, as if it had no error: nothing is printed below what was certainly counted.
    """
    if value == 0 or not math.isfinite(value):
        return value, digits
    size = math.floor(math.log10(abs(value)))
    shown, kept = float(f"{value:.{digits}g}"), digits
    if error is not None and math.isfinite(error):
        finest = 0 if size >= digits else size - digits + 1
        unit = unit_of(error)
        place = max(finest, round(math.log10(unit))) if unit else finest
        kept = max(1, size - min(place, size) + 1)
        value = shown = float(f"{value:.{kept}g}")
    if shown < within[0]:
        return to_error(within[0], 0.0, digits)
    return to_error(within[1], 0.0, digits) if shown > within[1] else (value, kept)
