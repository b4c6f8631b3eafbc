"""A count that is at most, or at least, a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from funnelest import math as fm
from funnelest.errors import SpecError
from funnelest.figures.base import (
    _LIMIT,
    Counts,
    Figure,
    Floats,
    OneNumber,
    log1mexp,
    whole_count,
)
from funnelest.words import named

__all__ = ["AtLeast", "AtMost"]

#: A tail of less than this is added up by itself, this many counts far.
_ENOUGH, _TAIL = 1e-8, 2_000


@dataclass(frozen=True)
class _Bound(OneNumber):
    """Base of the limits from one side.

    Parameters
    ----------
    value : float
        The limit, itself included.
    """

    value: float
    bounded: ClassVar[bool] = False
    what: ClassVar[str] = "the limit of a count"

    def _end(self, divisor: int) -> int:
        """Return the last count within the limit."""
        whole = whole_count(self.value, divisor)
        if whole is not None:
            return whole
        total = self.value * divisor
        return math.floor(total) if self.side == "at most" else math.ceil(total)

    def in_short(self, number: Callable[[float], str]) -> str:
        return f"{'\u2264' if self.side == 'at most' else '\u2265'} {number(self.value)}"

    def location(self, divisor: int = 1) -> None:
        return None

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

    def candidates(self, divisor: int = 1) -> Counts:
        return np.arange(self._end(divisor) + 1, dtype=np.int64)

    def limits(self, divisor: int = 1) -> tuple[float, float]:
        return 0.0, float(self._end(divisor))

    def logp(self, distribution: Any, divisor: int = 1) -> Any:
        last = self._end(divisor)
        value = distribution.log_cdf(last)
        return self._below(distribution, last) if value is None else value

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Figure:
        """Return whether `count` over `divisor` is at most this, or at least the next number."""
        last = self._end(divisor)
        return self if count <= last else AtLeast(_quotient(last + 1, divisor))

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

    def candidates(self, divisor: int = 1) -> Counts:
        """Refuse: there is no end to the counts from the limit on."""
        raise TypeError(f"there is no end to the counts that are {self.describe()}; see 'limits'.")

    def limits(self, divisor: int = 1) -> tuple[float, float]:
        return float(self._end(divisor)), math.inf

    def logp(self, distribution: Any, divisor: int = 1) -> Any:
        first = self._end(divisor)
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
        first = self._end(divisor)
        return self if count >= first else AtMost(_quotient(first - 1, divisor))

    def describe(self) -> str:
        return named("figure.at_least", value=self.value)


def _sum(distribution: Any, first: int, last: int) -> Any:
    counts = np.arange(first, last + 1, dtype=np.int64)
    return fm.logsumexp(distribution.logp(counts[:, None]), axis=0)


def _quotient(count: int, divisor: int) -> int | float:
    return count // divisor if count % divisor == 0 else count / divisor
