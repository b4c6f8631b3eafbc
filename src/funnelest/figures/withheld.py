"""A cell of a table in which small counts are withheld."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import numpy as np

from funnelest.figures.base import Counts, Figure
from funnelest.figures.plain import Between
from funnelest.figures.rounded import Rounded
from funnelest.words import named

__all__ = ["Withheld"]


@dataclass(frozen=True)
class Withheld(Figure):
    """A cell that is withheld when the count is small, such as "fewer than 5".

    Parameters
    ----------
    low, high : int, default 0, 4
        Counts from `low` to `high`, both included, are withheld. Of a mean over years the
        quotient decides, rounded down.
    value : float, optional
        The printed number, when the cell was not withheld. Left out: it was.
    to : float, default 1
        A printed number is rounded, half up, to a multiple of this.
    """

    low: int = 0
    high: int = 4
    value: float | None = None
    to: float = 1
    in_order: ClassVar[bool] = True

    def problems(self) -> list[str]:
        found = Between(self.low, self.high).problems() + self._rounded().problems()
        if found or self.value is None:
            return found
        half, value = Fraction(str(self.to)) / 2, Fraction(str(self.value))
        # No count is below 0: that half of an interval around 0 is empty.
        low = max(value - half, Fraction(0))
        if low >= self.low and value + half <= self.high + 1:
            found.append(
                f"field 'value' cannot be {self.value:g}: counts that print as it lie from "
                f"{self.low:,} to {self.high:,}, and these are withheld."
            )
        return found

    def _rounded(self) -> Rounded:
        return Rounded(0 if self.value is None else self.value, self.to)

    def candidates(self, divisor: int = 1) -> Counts:
        """Return every count that is withheld, or that prints as the number and is not."""
        hidden = Between(self.low, self.high).candidates(divisor)
        if self.value is None:
            return hidden
        counts = self._rounded().candidates(divisor)
        return np.asarray(counts[(counts < hidden[0]) | (counts > hidden[-1])])

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Withheld:
        if self.low <= math.floor(Fraction(count, divisor)) <= self.high:
            return replace(self, value=None)
        return replace(self, value=self._rounded().printed(count, divisor, rng).value)

    @property
    def middle(self) -> float:
        """The printed number, or the middle of the counts that are withheld."""
        return (self.low + self.high) / 2 if self.value is None else float(self.value)

    def in_short(self, number: Callable[[float], str]) -> str:
        if self.value is None:
            return Between(self.low, self.high).in_short(number)
        return number(float(self.value))

    def describe(self) -> str:
        if self.value is None:
            return named("figure.withheld", low=self.low, high=self.high)
        kind = "number" if self.to == 1 else "rounded"
        figure = named(f"figure.{kind}", value=self.value, to=self.to)
        return named("figure.not_withheld", figure=figure, low=self.low, high=self.high)
