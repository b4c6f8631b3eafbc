"""A count printed as it is, or as an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from funnelest.figures.base import (
    _LIMIT,
    Counts,
    Figure,
    Floats,
    OneNumber,
    exact,
    printable,
    too_wide,
    whole_count,
    within,
)
from funnelest.words import named

__all__ = ["Between", "Exact"]


@dataclass(frozen=True)
class Exact(OneNumber):
    """A count printed as it is.

    Parameters
    ----------
    value : float
        The count, or a mean over years that gives a whole number when multiplied by them. A
        whole number printed as a mean over several years was rounded to 1: see `Rounded`.
    """

    value: float
    in_order: ClassVar[bool] = True
    what: ClassVar[str] = "a count"

    def reals(self) -> tuple[Fraction, Fraction]:
        return exact(self.value), exact(self.value)

    def candidates(self, divisor: int = 1) -> Counts:
        """Return the one count that prints as this figure (none when it is not whole)."""
        whole = whole_count(self.value, divisor)
        return np.array([] if whole is None else [whole], dtype=np.int64)

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Exact:
        value = Fraction(count, divisor)
        return Exact(int(value) if value.denominator == 1 else float(value))

    def anew(self, counts: Floats, divisor: int, rng: np.random.Generator) -> Floats:
        return np.asarray(np.round(counts) / divisor)


@dataclass(frozen=True)
class Between(Figure):
    """A count of which only an interval is known, such as a cell that a margin pins down.

    Of a table in which every count below 5 is withheld and the others are printed, `Withheld`
    says more: it simulates the printed counts as well.

    Parameters
    ----------
    low, high : int
        Lowest and highest possible count, both included.
    """

    low: int
    high: int
    in_order: ClassVar[bool] = True

    def problems(self) -> list[str]:
        for value in (self.low, self.high):
            if not printable(value) or value < 0 or float(value) != int(value):
                must = within("of at least 0", self.low, self.high)
                return [
                    f"the limits of a count must be whole numbers {must}; "
                    f"given low={self.low!r}, high={self.high!r}."
                ]
        if self.low > self.high:
            return [f"low must not be above high; given low={self.low}, high={self.high}."]
        if self.high - self.low > _LIMIT:
            return [too_wide(self.describe(), self.high - self.low)]
        return []

    def candidates(self, divisor: int = 1) -> Counts:
        """Return every count whose quotient, rounded down, lies in the interval."""
        return np.arange(int(self.low) * divisor, (int(self.high) + 1) * divisor, dtype=np.int64)

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Between:
        """Return the interval of the same width that `count` falls in.

        Counts are cut into intervals as wide as this one, of which this is one: then what is
        simulated and what is summed in the likelihood are the same.
        """
        width = int(self.high) - int(self.low) + 1
        at = math.floor(Fraction(count, divisor))
        low = int(self.low) + width * ((at - int(self.low)) // width)
        return Between(max(low, 0), low + width - 1)

    def in_short(self, number: Callable[[float], str]) -> str:
        return f"{number(self.low)}\u2013{number(self.high)}"

    def describe(self) -> str:
        return named("figure.between", low=self.low, high=self.high)
