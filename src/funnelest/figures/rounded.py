"""Counts rounded to a multiple of a base: by a rule, at random, or to a base nobody stated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar, Literal

import numpy as np

from funnelest.figures.base import (
    _LIMIT,
    Counts,
    Floats,
    OneNumber,
    as_tuple,
    exact,
    known,
    listed,
    plain_weights,
    printable,
    too_wide,
    weight_problems,
    within,
)
from funnelest.words import Named, named

__all__ = ["RandomlyRounded", "Rounded", "RoundedToUnknown"]

type Rule = Literal["half up", "half even", "floor"]
#: Most counts that are summed one by one for the tail of a figure that is printed at random.
_FEW = 400
_RULES = ("half up", "half even", "floor")


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def ruled(figure: Named, rule: Rule) -> Named:
    """Return a rounded figure as text, with its rule where that is not the usual one."""
    if rule == "half up":
        return figure
    return named("figure.ruled", figure=figure, rule=named(f"figure.rule.{rule}"))


def _rule_problems(rule: Any) -> list[str]:
    if not isinstance(rule, str) or rule not in _RULES:
        allowed = ", ".join(repr(one) for one in _RULES)
        return [f"the rounding rule must be one of {allowed}; given {rule!r}."]
    return []


class _ToBase(OneNumber):
    """A count rounded to a multiple of a base that is known."""

    to: Any
    #: How many bases wide the counts lie that print as it.
    bases_wide: ClassVar[int] = 1

    def problems(self) -> list[str]:
        found = super().problems()
        if not printable(self.to) or self.to <= 0:
            must = within("above 0", self.to)
            found.append(f"the base of a rounded count must be {must}; given to={self.to!r}.")
        if not found and self.bases_wide * self.to > _LIMIT:
            found.append(too_wide(self.describe(), self.bases_wide * float(self.to)))
        return found

    def how_many(self, divisor: int = 1) -> float:
        return self.bases_wide * float(self.to) * divisor

    def _multiple_problems(self) -> list[str]:
        if (exact(self.value) / exact(self.to)).denominator == 1:
            return []
        return [
            f"{self.value:g} is not a multiple of {self.to:g}: no count rounded to {self.to:g} "
            f"prints as {self.value:g}."
        ]


@dataclass(frozen=True)
class Rounded(_ToBase):
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
    in_order: ClassVar[bool] = True

    def problems(self) -> list[str]:
        found = super().problems() + _rule_problems(self.rule)
        return found or self._multiple_problems()

    def reals(self) -> tuple[Fraction, Fraction]:
        value, base = exact(self.value), exact(self.to)
        half = base / 2
        return (value, value + base) if self.rule == "floor" else (value - half, value + half)

    def candidates(self, divisor: int = 1) -> Counts:
        value, base = exact(self.value), exact(self.to)
        low, high = self.reals()
        even = (value / base) % 2 == 0
        low_in = self.rule != "half even" or even
        high_in = self.rule == "half even" and even
        first, last = low * divisor, high * divisor
        start = math.ceil(first) if low_in or first.denominator != 1 else int(first) + 1
        stop = math.floor(last) if high_in or last.denominator != 1 else int(last) - 1
        return np.arange(max(start, 0), stop + 1, dtype=np.int64)

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Rounded:
        base = exact(self.to)
        steps = Fraction(count, divisor) / base
        whole = math.floor(steps)
        rest = steps - whole
        up = rest > Fraction(1, 2) or (
            rest == Fraction(1, 2) and (self.rule == "half up" or whole % 2 == 1)
        )
        value = (whole + int(up and self.rule != "floor")) * base
        return replace(self, value=_number(value))

    def finer(self) -> Rounded:
        return replace(self, to=_number(exact(self.to) / 10))

    @property
    def middle(self) -> float:
        """The middle of the interval of counts that print as this figure."""
        return float(self.value) + (float(self.to) / 2 if self.rule == "floor" else 0.0)

    def describe(self) -> str:
        return ruled(named("figure.rounded", value=self.value, to=self.to), self.rule)


@dataclass(frozen=True)
class RandomlyRounded(_ToBase):
    r"""A count rounded up or down at random to a multiple of a base.

    A count between two multiples goes to the nearer one more often: of the counts that Statistics
    Netherlands rounds to multiples of 5, 23 becomes 25 with probability 3/5 and 20 with 2/5.

    Parameters
    ----------
    value : float
        The printed number, a multiple of `to`.
    to : float, default 5
        The base.

    Notes
    -----
    With :math:`x` the count over the divisor,
    :math:`P(v \mid x) = \max(0, 1 - |x - v| / \mathrm{to})`: the expectation of the printed
    number is :math:`x`.
    """

    value: float
    to: float = 5
    bases_wide: ClassVar[int] = 2

    def problems(self) -> list[str]:
        return super().problems() or self._multiple_problems()

    def candidates(self, divisor: int = 1) -> Counts:
        """Return every count that lies less than one base away after division by `divisor`."""
        value, base = exact(self.value), exact(self.to)
        start = math.floor((value - base) * divisor) + 1
        stop = math.ceil((value + base) * divisor)
        return np.arange(max(start, 0), stop, dtype=np.int64)

    def log_weights(self, divisor: int = 1) -> Floats:
        value, base = exact(self.value), exact(self.to)
        # In whole units of one over the denominators: nothing is lost by a large value.
        unit = math.lcm(value.denominator, base.denominator)
        away = np.abs(self.candidates(divisor) * unit - int(value * unit) * divisor)
        return np.asarray(np.log1p(-away / float(base * unit * divisor)))

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> RandomlyRounded:
        """Return `count`, divided by `divisor`, rounded to one of its two multiples by `rng`."""
        base = exact(self.to)
        steps = Fraction(count, divisor) / base
        whole = math.floor(steps)
        up = rng.random() < float(steps - whole)
        return replace(self, value=_number((whole + int(up)) * base))

    def tails(self, law: Any, divisor: int) -> tuple[Floats, Floats] | None:
        counts, log_weights = known(self, divisor)
        beyond = law.log_sf(counts[-1] + 1.0)
        if beyond is None or len(counts) > _FEW:
            return None
        assert log_weights is not None
        # A count above the multiple is rounded to it, or to the next one.
        up = counts > self.value * divisor + 1e-9
        probability = np.exp(law.logp(counts[up][:, None]))
        above = np.sum(probability * -np.expm1(log_weights[up])[:, None], axis=0)
        return np.exp(beyond) + above, np.exp(self.logp(law, divisor))

    def describe(self) -> str:
        return named("figure.randomly", value=self.value, to=self.to)


@dataclass(frozen=True)
class RoundedToUnknown(OneNumber):
    r"""A count that was perhaps rounded, nobody says to what.

    Parameters
    ----------
    value : float
        The printed number, a multiple of at least one base.
    bases : sequence of float, default (1, 5, 10, 50, 100)
        What it may have been rounded to; 1 is not rounded at all.
    weights : sequence of float, optional
        Prior probability of each base, from knowing how such sources print. They are divided by
        their sum; equal when left out.
    rule : {"half up", "half even", "floor"}, default "half up"
        What happens to a count halfway between two multiples; "floor" always rounds down.

    Notes
    -----
    :math:`P(v \mid x) = \sum_b w_b\, 1[x \text{ rounds to } v \text{ with base } b]`. A base that
    does not divide the number contributes nothing.
    """

    value: float
    bases: Sequence[float] = (1, 5, 10, 50, 100)
    weights: Sequence[float] | None = None
    rule: Rule = "half up"

    def __post_init__(self) -> None:
        for name in ("bases", "weights"):
            object.__setattr__(self, name, as_tuple(getattr(self, name)))
        super().__post_init__()

    def problems(self) -> list[str]:
        found = super().problems() + _rule_problems(self.rule)
        bases = self.bases
        if not isinstance(bases, tuple) or not bases:
            return [*found, f"field 'bases' must be a list of numbers; given {bases!r}."]
        if not all(printable(base) and base > 0 for base in bases):
            must = within("above 0", *bases)
            found.append(f"field 'bases' must hold numbers {must}; given {bases!r}.")
        elif len(set(bases)) < len(bases):
            found.append(f"field 'bases' must not hold a base twice; given {bases!r}.")
        elif max(bases) > _LIMIT:
            found.append(too_wide(f"a count rounded to {max(bases):g}", max(bases)))
        found += weight_problems(self.weights, len(bases), "base")
        if not found and not any(self._divides()):
            shown = listed([f"{base:g}" for base in bases], "or")
            found.append(
                f"{self.value:g} is not a multiple of {shown}: no count rounded to a base of "
                f"field 'bases' prints as {self.value:g}."
            )
        return found

    def how_many(self, divisor: int = 1) -> float:
        return float(max(self.bases)) * divisor

    def _divides(self) -> list[bool]:
        return [(exact(self.value) / exact(base)).denominator == 1 for base in self.bases]

    def _possible(self) -> list[tuple[Rounded, float]]:
        """Return the bases that divide the number, with their probabilities."""
        # Not divided by the sum over these: a count prints as this number only when its base is
        # one of them. Only so do the probabilities of all printable numbers add up to 1, and
        # only so does a number that few bases divide speak for those bases.
        weights = plain_weights(self.weights, len(self.bases))
        return [
            (Rounded(self.value, base, self.rule), float(weight))
            for base, weight, divides in zip(self.bases, weights, self._divides(), strict=True)
            if divides
        ]

    def candidates(self, divisor: int = 1) -> Counts:
        """Return every count that prints as this figure with one of the bases."""
        parts = [one.candidates(divisor) for one, _ in self._possible()]
        return np.unique(np.concatenate([*parts, np.array([], dtype=np.int64)]))

    def log_weights(self, divisor: int = 1) -> Floats:
        counts = self.candidates(divisor)
        total = np.zeros(len(counts))
        for one, weight in self._possible():
            total[np.isin(counts, one.candidates(divisor))] += weight
        return np.asarray(np.log(total))

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> RoundedToUnknown:
        """Return `count`, divided by `divisor`, rounded to a base that `rng` draws."""
        at = rng.choice(len(self.bases), p=plain_weights(self.weights, len(self.bases)))
        shown = Rounded(0, self.bases[at], self.rule).printed(count, divisor, rng)
        return replace(self, value=shown.value)

    @property
    def middle(self) -> float:
        """The middle of the interval of counts, averaged over the bases."""
        parts = self._possible()
        return sum(one.middle * w for one, w in parts) / sum(w for _, w in parts)

    def describe(self) -> str:
        bases = [f"{one.to:g}" for one, _ in self._possible()]
        return ruled(named("figure.unknown", value=self.value, bases=bases), self.rule)
