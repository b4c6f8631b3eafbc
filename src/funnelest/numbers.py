"""What a user gives as a number, as one of Python's own; or why it is none."""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Collection, Mapping, Sequence, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "array_of",
    "floats",
    "given",
    "in_cells",
    "is_integer",
    "is_number",
    "no_number",
    "plain_number",
]

#: An index of an array, and what was given there that is no number.
type Wrong = tuple[tuple[int, ...], object]
#: A decimal beyond any float is not written out.
_DIGITS = 400


def is_number(value: object) -> bool:
    """Return whether `value` is a finite number of Python or NumPy (a truth value is not)."""
    if isinstance(value, int):  # a huge one would overflow as a float
        return not isinstance(value, bool) and abs(value) <= sys.float_info.max
    if isinstance(value, np.timedelta64):  # NumPy calls it an integer
        return False
    return isinstance(value, float | np.integer | np.floating) and math.isfinite(value)


def is_integer(value: object) -> bool:
    """Return whether `value` is a whole number that is written as one (2.0 and True are not)."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64)


def plain_number(value: object) -> int | float | None:
    """Return a number as Python's own, or None for what is none.

    NumPy's overflow at their own width. One of few digits is read as it is printed:
    ``np.float32(0.1)`` is 0.1. Whole decimals and fractions are whole numbers. Text, truth values,
    dates, lengths of time, complex numbers and what is masked or missing are no numbers; NaN and
    infinity are floats.
    """
    if is_integer(value):
        return int(value)  # type: ignore[call-overload, no-any-return]
    if type(value) is float:
        return value
    if isinstance(value, np.floating):
        return float(str(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > _DIGITS:
            return math.nan if value.is_nan() else float(value)
        return _of_fraction(Fraction(value))
    if isinstance(value, Fraction):
        return _of_fraction(value)
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.is_masked(value):
        return plain_number(value[()])
    return None


def _of_fraction(value: Fraction) -> int | float:
    try:
        return int(value) if value.denominator == 1 else float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def given(value: object) -> str:
    """Return what was given, and what to write where it looks like a number and is none."""
    hint = _hint(value)
    return f"given {value!r}" + (f", {hint}" if hint else "")


def no_number(wrong: Sequence[Wrong]) -> str:
    """Return the end of a sentence about numbers: the first that is none, as it was given."""
    return f"; {in_cells(wrong[0][1])}." if wrong else "."


def _hint(value: object) -> str:
    if any(labels != list(range(len(labels))) for labels in _labels(value)):
        return (
            "whose rows have names that are not those expected, in that order: numbers are read in "
            "the order in which they stand, so put them in order and give .to_numpy()"
        )
    if value is np.ma.masked or np.ma.is_masked(value):
        return "which is masked: give the number that belongs there"
    if isinstance(value, complex | np.complexfloating):
        return "a complex number: give its real part"
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return "a length of time: give the number itself, such as of years"
    if isinstance(value, datetime.date | np.datetime64):
        return "a date: give a number, such as the year"
    if isinstance(value, bytes):
        return "which are bytes: give the text, or the number, itself"
    return "which is missing: give the number" if type(value).__name__ == "NAType" else ""


def in_cells(value: object) -> str:
    """Return as `given`, where a text or a truth value may have been meant as a number."""
    if isinstance(value, str):
        return (
            f"given {value!r}, a text: give the number itself, without quotes and without a mark "
            "between thousands ('2.160' may be 2160 or 2.16)"
        )
    if isinstance(value, bool | np.bool_):
        return f"given {value!r}, a truth value: give 1 or 0 where that is meant"
    return given(value)


def array_of(
    values: Any, names: Sequence[Collection[object]] = ()
) -> tuple[NDArray[np.float64] | None, list[Wrong]]:
    """Return numbers in rows as an array of floats, and what in them is no number.

    They are read in the order in which they stand. A table of pandas whose rows or columns have
    names of their own says another order, perhaps: it is none of numbers in rows, unless these are
    the `names`.

    Parameters
    ----------
    values : array-like
        A number, or lists, arrays (masked ones too) or tables of them.
    names : sequence of collections
        What the rows stand for, and the columns, where that is known.

    Returns
    -------
    array : ndarray of float or None
        NaN where there is no number; None where rows are of unequal length.
    wrong : list of ((int, ...), object)
        The index and the value of each that is none.
    """
    if type(values) is np.ndarray and values.dtype.kind in "iuf" and values.ndim:
        if values.dtype == np.float64 or values.dtype.kind in "iu":
            return values.astype(np.float64), []
        values = values.astype(object)
    if _out_of_order(values, names):
        return None, [((), values)]
    found: list[float] = []
    wrong: list[Wrong] = []
    shape = _read(values, (), found, wrong)
    if shape is None:
        return None, wrong
    return np.array(found, dtype=np.float64).reshape(shape), wrong


def _labels(values: object) -> list[list[object]]:
    """Return the names of the rows, and of the columns, of a table of pandas."""
    pandas = sys.modules.get("pandas")  # who gives one has loaded it
    if pandas is None or not isinstance(values, pandas.Series | pandas.DataFrame):
        return []
    return [list(labels) for labels in values.axes]


def _out_of_order(values: object, names: Sequence[Collection[object]]) -> bool:
    """Return whether the names of a table say another order than that of its rows or columns.

    Whole numbers that are no names number the rows of some other table.
    """
    for i, labels in enumerate(_labels(values)):
        known = list(names[i]) if i < len(names) else []
        numbered = all(is_integer(label) and label not in known for label in labels)
        if labels != known and not numbered:
            return True
    return False


def floats(values: Any) -> NDArray[np.float64]:
    """Return the array of `array_of`, of what was checked before.

    Raises
    ------
    ValueError
        Where something is no number, or rows are of unequal length.
    """
    array, wrong = array_of(values)
    if array is None or wrong:
        raise ValueError(f"these are no numbers in rows{no_number(wrong)}")
    return array


def _read(
    value: Any, index: tuple[int, ...], found: list[float], wrong: list[Wrong]
) -> tuple[int, ...] | None:
    """Read a number, or rows of them one after the other, and return their shape."""
    if not _has_rows(value):
        number = plain_number(value)
        try:
            found.append(math.nan if number is None else float(number))
        except OverflowError:
            found.append(math.inf)
        if number is None:
            wrong.append((index, value))
        return ()
    known = isinstance(value, list | tuple | np.ndarray)
    rows = value if known else np.asarray(value, dtype=object)
    shapes = [_read(row, (*index, i), found, wrong) for i, row in enumerate(rows)]
    if not shapes:
        return tuple(np.shape(rows))
    if shapes[0] is None or any(shape != shapes[0] for shape in shapes):
        return None
    return (len(shapes), *shapes[0])


def _has_rows(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    single = isinstance(value, str | bytes | Mapping | Set | np.generic)
    return isinstance(value, Collection) and not single
