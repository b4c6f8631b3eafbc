"""Printed numbers that are no counts: shares of a sample, and estimates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from funnelest.figures.base import _LIMIT, Counts, Figure, Floats, exact, larger_and_same

__all__ = ["InLargeSample", "InSample", "Measured", "shown", "shown_inside", "span"]


def span(figure: Figure) -> tuple[Fraction, Fraction]:
    """Return between which numbers lie those that print as a `figure` that says it."""
    found = figure.reals()
    assert found is not None
    return found


@dataclass(frozen=True)
class InSample(Figure):
    """A share of a sample, or the total that it was blown up to, as it was printed.

    Parameters
    ----------
    figure : Figure
        What was printed; it must say which numbers print as it.
    size : int
        Number of people in the sample.
    people : float, default 1.0
        What the share was multiplied by.
    """

    figure: Figure
    size: int
    people: float = 1.0
    in_order: ClassVar[bool] = True

    def _printed(self, count: int) -> Figure:
        share = Fraction(int(count), int(self.size)) * exact(self.people)
        return self.figure.printed(share, 1, None)  # type: ignore[arg-type]

    @cached_property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest count that print as it; where there is none, in no order."""
        low, high = (end * int(self.size) / exact(self.people) for end in span(self.figure))
        first, last = max(math.ceil(low), 0), min(math.floor(high), int(self.size))
        # At the very ends the rule decides.
        middle = float(self.figure.middle)
        if first <= last and float(self._printed(first).middle) != middle:
            first += 1
        if first <= last and float(self._printed(last).middle) != middle:
            last -= 1
        return first, last

    @property
    def many(self) -> bool:
        """Whether so many counts print as it that they are not told apart."""
        return self.ends[1] - self.ends[0] >= _LIMIT

    def candidates(self, divisor: int = 1) -> Counts:
        first, last = self.ends
        return np.arange(first, last + 1, dtype=np.int64)

    def limits(self, divisor: int = 1) -> tuple[float, float]:
        return float(self.ends[0]), float(self.ends[1])

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Figure:
        return self._printed(count)

    @property
    def middle(self) -> float:
        return self.figure.middle

    def in_short(self, number: Callable[[float], str]) -> str:
        return self.figure.in_short(number)

    def describe(self) -> str:
        return self.figure.describe()


@dataclass(frozen=True)
class Measured(Figure):
    """A printed estimate, which need not be whole.

    Parameters
    ----------
    value : float
        The estimate as it is read, on the scale of its distribution.
    figure : Figure, optional
        What was printed, where all numbers that print as it are meant.
    unit : float, default 1.0
        What the distribution's numbers are multiplied by when they are printed.
    text : str, default ""
        What was printed and how it is read, where the number alone does not say it.
    """

    value: float
    figure: Figure | None = None
    unit: float = 1.0
    text: str = ""
    whole: ClassVar[bool] = False

    @property
    def middle(self) -> float:
        return self.value * self.unit

    def describe(self) -> str:
        return self.text or (
            f"{self.middle:,.6g}" if self.figure is None else self.figure.describe()
        )

    def in_short(self, number: Callable[[float], str]) -> str:
        return number(self.middle if self.figure is None else self.figure.middle)

    def _ends(self) -> tuple[float, float]:
        assert self.figure is not None
        low, high = span(self.figure)
        return float(low) / self.unit, float(high) / self.unit

    def logp(self, distribution: Any, divisor: int = 1) -> Any:
        if self.figure is None:
            return distribution.logp(self.value)
        return distribution.log_between(*self._ends())

    def slopes(self, law: Any) -> list[Any]:
        return list(law.slopes(self.value)) if self.figure is None else []

    def location(self, divisor: int = 1) -> tuple[float, float]:
        if self.figure is None:
            return self.value, 0.0
        low, high = self._ends()
        return self.value, (high - low) ** 2 / 12

    def printed(self, count: Any, divisor: int, rng: np.random.Generator) -> Any:
        """Return the estimate itself: its limits are printed with it."""
        return float(count) * self.unit

    def as_drawn(self, divisor: int) -> float:
        return float(self.value)

    def anew(self, counts: Floats, divisor: int, rng: np.random.Generator) -> Floats:
        made = np.asarray(counts, dtype=np.float64) * self.unit
        if self.figure is None:
            return made
        return np.array([shown(self.figure, float(one)).middle for one in made])

    def tails(self, law: Any, divisor: int) -> tuple[Any, Any] | None:
        if self.figure is None:
            found: tuple[Any, Any] | None = law.tails(self.value)
            return found
        low, high = self._ends()
        same = np.exp(law.log_between(low, high))
        return np.exp(law.log_between(high, np.inf)), same

    def score(self, law: Any, divisor: int) -> Any:
        if self.figure is None or law.score(self.value) is None:
            return law.score(self.value)
        # That of the nearest number that prints so: inside, it is no distance away.
        low, high = (law.score(end) for end in self._ends())
        return np.where(low > 0, low, np.where(high < 0, high, 0.0))

    def beside(self, numbers: Floats, divisor: int) -> tuple[float, Floats, Floats]:
        value = self.middle if self.figure is None else self.figure.middle
        return value, *larger_and_same(numbers, value)


@dataclass(frozen=True)
class InLargeSample(Measured):
    """A share of a sample, as it was printed, with the counts that print so as one range.

    Parameters
    ----------
    counts : InSample, optional
        The share with its sample.
    """

    counts: InSample | None = None

    def _ends(self) -> tuple[float, float]:
        assert self.counts is not None
        (first, last), size = self.counts.ends, int(self.counts.size)
        return (
            float(Fraction(2 * first - 1, 2 * size)) if first > 0 else 0.0,
            float(Fraction(2 * last + 1, 2 * size)) if last < size else 1.0,
        )


def shown(figure: Figure, value: float) -> Figure:
    """Return how a number that need not be whole is printed by the rule of a `figure`."""
    return figure.printed(Fraction(value), 1, None)  # type: ignore[arg-type]


def shown_inside(figure: Figure, value: float, ends: tuple[float, float]) -> Figure:
    """Return how a number is printed, with more digits where it would print as an end of its scale.

    So a number that made-up data gave is printed as one that a source may have. Which numbers print
    alike stays a partition: where one would print as an end, those that do are told apart.
    """
    made = shown(figure, value)
    while not (ends[0] < span(made)[0] and span(made)[1] < ends[1]):
        finer = figure.finer()
        if finer is None:
            break
        figure, made = finer, shown(finer, value)
    return made
