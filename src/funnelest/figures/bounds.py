"""A count that is at most, or at least, a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from funnelest import math as fm
from funnelest.errors import SpecError
from funnelest.figures.base import _LIMIT, Counts, Figure, Floats, is_number, log1mexp
from funnelest.words import named

__all__ = ["AtLeast", "AtMost"]

#: A tail of less than this is added up by itself, this many counts far.
_ENOUGH, _TAIL = 1e-8, 2_000


@dataclass(frozen=True)
class _Bound(Figure):
    """Base of the limits from one side.

    Parameters
    ----------
    value : float
        The limit, itself included.
    """

    value: float
    bounded: ClassVar[bool] = False

    def problems(self) -> list[str]:
        if not is_number(self.value) or self.value < 0:
            return [f"the limit of a count must be a number of at least 0; given {self.value!r}."]
        return []

    def _near(self, divisor: int) -> int | None:
        """Return the limit as a count, when it is whole up to floating point."""
        total = self.value * divisor
        whole = round(total)
        return whole if abs(total - whole) < 1e-9 * max(1, whole) else None

    def location(self, divisor: int = 1) -> None:
        """Return None: a limit locates nothing."""
        return None

    @property
    def middle(self) -> float:
        return float(self.value)

    def anew(self, counts: Floats, divisor: int, rng: np.random.Generator) -> Floats:
        """Return the counts themselves: whether they keep to the limit is what matters."""
        return np.asarray(np.round(counts) / divisor)

    def tails(self, law: Any, divisor: int) -> tuple[Floats, Floats] | None:
        """Return the probabilities that a count is past the limit upwards, and keeps to it."""
        holds = np.exp(self.logp(law, divisor))
        return (1.0 - holds if self.side == "at most" else 0.0 * holds), holds

    def beside(self, numbers: Floats, divisor: int) -> tuple[float, Floats, Floats]:
        """Return the limit, and which counts are past it upwards, and which keep to it."""
        low, high = self.limits(divisor)
        counts = np.round(numbers * divisor)
        holds = (counts >= low) & (counts <= high)
        return self.middle, (counts > high).astype(np.float64), holds.astype(np.float64)

    def _below(self, distribution: Any, last: int) -> Any:
        """Return the log-probability of a count of 0 to `last`, term by term."""
        if last + 1 > _LIMIT:
            raise SpecError(
                [
                    f"{self.describe()} needs the probability of {last + 1:,} counts, more than "
                    f"{_LIMIT:,}, and {type(distribution).__name__} has no method 'log_cdf' that "
                    "gives it."
                ],
                "the figure",
            )
        # The sum may pass 1 by a rounding error.
        return fm.minimum(_sum(distribution, 0, last), 0.0)


@dataclass(frozen=True)
class AtMost(_Bound):
    """A count that is not above a number.

    Such as the length of a list that holds these people and others as well.

    Parameters
    ----------
    value : float
        The limit, itself included. As a mean over D years it says that the sum over these years
        is at most D times the limit.

    Notes
    -----
    The likelihood is the distribution function at the limit. In simulated data a count is printed
    as one of two things: at most the limit, or at least the number after it.
    """

    side: ClassVar[Literal["at most"]] = "at most"

    def _last(self, divisor: int) -> int:
        near = self._near(divisor)
        return math.floor(self.value * divisor) if near is None else near

    def candidates(self, divisor: int = 1) -> Counts:
        """Return every count from 0 to the limit times `divisor`."""
        return np.arange(self._last(divisor) + 1, dtype=np.int64)

    def limits(self, divisor: int = 1) -> tuple[float, float]:
        """Return 0 and the limit times `divisor`."""
        return 0.0, float(self._last(divisor))

    def logp(self, distribution: Any, divisor: int = 1) -> Any:
        """Return the log-probability of a count of at most the limit, per draw."""
        last = self._last(divisor)
        value = distribution.log_cdf(last)
        return self._below(distribution, last) if value is None else value

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Figure:
        """Return whether `count` over `divisor` is at most this, or at least the next number."""
        last = self._last(divisor)
        return self if count <= last else AtLeast(_quotient(last + 1, divisor))

    def in_short(self, number: Callable[[float], str]) -> str:
        return f"\u2264 {number(self.value)}"

    def describe(self) -> str:
        return named("figure.at_most", value=self.value)


@dataclass(frozen=True)
class AtLeast(_Bound):
    """A count that is not below a number.

    Such as the length of a list from which people are missing.

    Parameters
    ----------
    value : float
        The limit, itself included. As a mean over D years it says that the sum over these years
        is at least D times the limit.

    Notes
    -----
    The likelihood is the probability of the limit and all that is above it. In simulated data a
    count is printed as one of two things: at least the limit, or at most the number before it.
    """

    side: ClassVar[Literal["at least"]] = "at least"

    def _first(self, divisor: int) -> int:
        near = self._near(divisor)
        return math.ceil(self.value * divisor) if near is None else near

    def candidates(self, divisor: int = 1) -> Counts:
        """Refuse: there is no end to the counts from the limit on."""
        raise TypeError(f"there is no end to the counts that are {self.describe()}; see 'limits'.")

    def limits(self, divisor: int = 1) -> tuple[float, float]:
        """Return the limit times `divisor`, and infinity."""
        return float(self._first(divisor)), math.inf

    def logp(self, distribution: Any, divisor: int = 1) -> Any:
        """Return the log-probability of a count of at least the limit, per draw."""
        first = self._first(divisor)
        value = distribution.log_sf(first)
        if value is not None:
            return value
        if first == 0:  # every count is
            return distribution.logp(0) * 0.0
        below = self._below(distribution, first - 1)
        # Where the rest is nearly 1, one minus it has lost its digits: there the counts from the
        # limit on are added up, as far as they matter.
        above = _sum(distribution, first, first + _TAIL)
        return fm.where(below > -_ENOUGH, above, log1mexp(fm.minimum(below, -_ENOUGH)))

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Figure:
        """Return whether `count` over `divisor` is at least this, or at most the number before."""
        first = self._first(divisor)
        return self if count >= first else AtMost(_quotient(first - 1, divisor))

    def in_short(self, number: Callable[[float], str]) -> str:
        return f"\u2265 {number(self.value)}"

    def describe(self) -> str:
        return named("figure.at_least", value=self.value)


def _sum(distribution: Any, first: int, last: int) -> Any:
    counts = np.arange(first, last + 1, dtype=np.int64)
    return fm.logsumexp(distribution.logp(counts[:, None]), axis=0)


def _quotient(count: int, divisor: int) -> int | float:
    return count // divisor if count % divisor == 0 else count / divisor
