"""A number as it was printed: exact, rounded, or only known to lie in an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Between", "Exact", "Figure", "Rounded"]

type Rule = Literal["half up", "half even", "floor"]
_RULES = ("half up", "half even", "floor")
#: More hidden integers than this are refused: such a figure is an estimate, not a count.
_LIMIT = 20_000
#: No count of people is larger, and larger ones are not whole to the last digit.
_LARGEST = 1e15


@runtime_checkable
class Figure(Protocol):
    """What a printed count must be able to do; a user's own class may do it too."""

    def problems(self) -> list[str]:
        """Return what is wrong with the figure, one sentence each."""

    def candidates(self, divisor: int = 1) -> NDArray[np.int64]:
        """Return every count that prints as this figure after division by `divisor`."""

    def printed(self, count: int, divisor: int = 1) -> Figure:
        """Return how `count`, divided by `divisor`, would have been printed by the same rule."""

    @property
    def middle(self) -> float:
        """The number to draw or to compare with, on the printed scale."""

    def describe(self) -> str:
        """Return the figure as text."""


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool)
        # Not through float: a huge whole number would overflow.
        and bool(abs(value) <= _LARGEST)  # type: ignore[operator]
    )


def _too_wide(shown: str, count: float) -> str:
    return (
        f"{shown} may stand for {count:,.0f} different counts, more than {_LIMIT:,}: "
        "give it as an estimate with a standard error or an interval."
    )


@dataclass(frozen=True)
class Exact:
    """A count printed as it is.

    Parameters
    ----------
    value : float
        The count, or a mean over years that gives a whole number when multiplied by them. A
        whole number printed as a mean over several years was rounded to 1: see `Rounded`.
    """

    value: float

    def problems(self) -> list[str]:
        """Return what is wrong with the figure, one sentence each."""
        if not _is_number(self.value) or self.value < 0:
            return [f"a count must be a number of at least 0; given {self.value!r}."]
        return []

    def candidates(self, divisor: int = 1) -> NDArray[np.int64]:
        """Return the one count that prints as this figure (none when it is not whole)."""
        total = self.value * divisor
        whole = round(total)
        return np.array(
            [whole] if abs(total - whole) < 1e-9 * max(1, whole) else [], dtype=np.int64
        )

    def printed(self, count: int, divisor: int = 1) -> Exact:
        """Return `count` as it would have been printed."""
        return Exact(count / divisor if divisor > 1 else count)

    @property
    def middle(self) -> float:
        """The count itself."""
        return float(self.value)

    def describe(self) -> str:
        """Return the figure as text."""
        return f"{self.value:,.10g}"


@dataclass(frozen=True)
class Rounded:
    """A count rounded to a multiple of a base.

    The likelihood is the sum of the probabilities of all counts that print as the figure.

    Parameters
    ----------
    value : float
        The printed number, a multiple of `to`.
    to : float
        The base, such as 10, 50 or 100.
    rule : {"half up", "half even", "floor"}, default "half up"
        What happens to a count halfway between two multiples; "floor" always rounds down.
    """

    value: float
    to: float
    rule: Rule = "half up"

    def problems(self) -> list[str]:
        """Return what is wrong with the figure, one sentence each."""
        found = []
        if not _is_number(self.value) or self.value < 0:
            found.append(f"a rounded count must be a number of at least 0; given {self.value!r}.")
        if not _is_number(self.to) or self.to <= 0:
            found.append(f"the base of a rounded count must be above 0; given to={self.to!r}.")
        elif self.to > _LIMIT and not found:
            found.append(_too_wide(self.describe(), float(self.to)))
        if self.rule not in _RULES:
            allowed = ", ".join(repr(rule) for rule in _RULES)
            found.append(f"the rounding rule must be one of {allowed}; given {self.rule!r}.")
        if not found and self._multiple().denominator != 1:
            found.append(
                f"{self.value:g} is not a multiple of {self.to:g}: no count rounded to "
                f"{self.to:g} prints as {self.value:g}."
            )
        return found

    def _multiple(self) -> Fraction:
        # Through text, so that 0.15 in steps of 0.01 is exactly 15 steps.
        return Fraction(str(self.value)) / Fraction(str(self.to))

    def candidates(self, divisor: int = 1) -> NDArray[np.int64]:
        """Return every count that prints as this figure after division by `divisor`."""
        value, base = Fraction(str(self.value)), Fraction(str(self.to))
        half = base / 2
        low, high = (value, value + base) if self.rule == "floor" else (value - half, value + half)
        even = self._multiple() % 2 == 0
        low_in = self.rule != "half even" or even
        high_in = self.rule == "half even" and even
        first, last = low * divisor, high * divisor
        start = math.ceil(first) if low_in or first.denominator != 1 else int(first) + 1
        stop = math.floor(last) if high_in or last.denominator != 1 else int(last) - 1
        return np.arange(max(start, 0), stop + 1, dtype=np.int64)

    def printed(self, count: int, divisor: int = 1) -> Rounded:
        """Return `count`, divided by `divisor`, rounded by the same rule."""
        base = Fraction(str(self.to))
        steps = Fraction(count, divisor) / base
        whole = math.floor(steps)
        rest = steps - whole
        up = rest > Fraction(1, 2) or (
            rest == Fraction(1, 2) and (self.rule == "half up" or whole % 2 == 1)
        )
        value = (whole + int(up and self.rule != "floor")) * base
        return Rounded(int(value) if value.denominator == 1 else float(value), self.to, self.rule)

    @property
    def middle(self) -> float:
        """The middle of the interval of counts that print as this figure."""
        return float(self.value) + (float(self.to) / 2 if self.rule == "floor" else 0.0)

    def describe(self) -> str:
        """Return the figure as text."""
        rule = "" if self.rule == "half up" else f" ({self.rule})"
        return f"{self.value:,.10g} rounded to {self.to:g}{rule}"


@dataclass(frozen=True)
class Between:
    """A count of which only an interval is known, such as a withheld cell.

    Parameters
    ----------
    low, high : int
        Lowest and highest possible count, both included.
    """

    low: int
    high: int

    def problems(self) -> list[str]:
        """Return what is wrong with the figure, one sentence each."""
        for value in (self.low, self.high):
            if not _is_number(value) or value < 0 or float(value) != int(value):
                return [
                    "the limits of a count must be whole numbers of at least 0; "
                    f"given low={self.low!r}, high={self.high!r}."
                ]
        if self.low > self.high:
            return [f"low must not be above high; given low={self.low}, high={self.high}."]
        if self.high - self.low > _LIMIT:
            return [_too_wide(self.describe(), self.high - self.low)]
        return []

    def candidates(self, divisor: int = 1) -> NDArray[np.int64]:
        """Return every count whose quotient, rounded down, lies in the interval."""
        return np.arange(int(self.low) * divisor, (int(self.high) + 1) * divisor, dtype=np.int64)

    def printed(self, count: int, divisor: int = 1) -> Between:
        """Return the interval of the same width that `count` falls in.

        Counts are cut into intervals as wide as this one, of which this is one: then what is
        simulated and what is summed in the likelihood are the same.
        """
        width = int(self.high) - int(self.low) + 1
        at = math.floor(Fraction(count, divisor))
        low = int(self.low) + width * ((at - int(self.low)) // width)
        return Between(max(low, 0), low + width - 1)

    @property
    def middle(self) -> float:
        """The middle of the interval."""
        return (self.low + self.high) / 2

    def describe(self) -> str:
        """Return the figure as text."""
        return f"between {self.low:,} and {self.high:,}"


def as_figure(value: Any, divisor: int = 1) -> Figure:
    """Return a printed number as a figure.

    A plain whole number is exact; as a mean over several years it was rounded to 1.
    """
    if isinstance(value, Figure):
        return value
    if divisor > 1 and _is_number(value) and float(value) == int(value):
        return Rounded(int(value), to=1)
    return Exact(value)


def figure_problems(value: object, divisor: int = 1) -> list[str]:
    """Return what is wrong with a printed number, one sentence each."""
    figure = as_figure(value, divisor)
    found = figure.problems()
    if found:
        return found
    count = len(figure.candidates(divisor))
    if not count:
        years = f" as a mean over {divisor}" if divisor > 1 else ""
        found.append(f"no whole number prints as {figure.describe()}{years}.")
    elif count > _LIMIT:
        found.append(_too_wide(figure.describe(), count))
    return found


def show_figure(value: Any) -> str:
    """Return a printed number as text."""
    return as_figure(value).describe()
