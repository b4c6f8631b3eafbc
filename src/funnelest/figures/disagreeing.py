"""Two or more official values of one quantity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from funnelest.fields import LARGEST, is_integer
from funnelest.figures.base import (
    Counts,
    Figure,
    Floats,
    as_tuple,
    known,
    larger_and_same,
    log1mexp,
    plain_weights,
    printable,
    weight_problems,
    within,
)
from funnelest.figures.given import as_figure
from funnelest.figures.plain import Exact
from funnelest.figures.rounded import Rounded
from funnelest.words import named

__all__ = ["Disagreeing"]


@dataclass(frozen=True)
class Disagreeing(Figure):
    r"""Two or more official values of one quantity, all of which are kept.

    Parameters
    ----------
    figures : sequence of int or figure
        The values, such as ``(Rounded(950, to=50), Rounded(960, to=10))``.
    use : int or "mixture", default 0
        Position of the one that is used, from 0; the others are shown, not used. Or
        ``"mixture"``: one of them is right, it is not known which.
    weights : sequence of float, optional
        For a mixture, the prior probability that each is the right one. They are divided by their
        sum; equal when left out.
    apart : float, default 0.2
        For a mixture, how far a wrong value lies from the truth: the standard deviation of the
        logarithm of what was printed over the true count. 0.2 is about 20 percent.

    Notes
    -----
    In a mixture one value is right and the others are log-normal around the true count :math:`k`,
    rounded to a whole count and printed by their own rules:

    .. math:: P(v_1, v_2, \ldots \mid k) = \sum_i w_i P_i(v_i \mid k) \prod_{j \ne i} H_j(v_j
        \mid k).

    :math:`P_i` is 1 or 0 for a figure that is not printed at random, and :math:`H_j` the
    log-normal mass of the numbers that print as :math:`v_j`, from half a count below the lowest
    to half a count above the highest. Without :math:`H` this would not be a probability of all
    values. Around a count of 0, 0.5 is taken.
    """

    figures: Sequence[Any]
    use: int | Literal["mixture"] = 0
    weights: Sequence[float] | None = None
    apart: float = 0.2

    def __post_init__(self) -> None:
        for name in ("figures", "weights"):
            object.__setattr__(self, name, as_tuple(getattr(self, name)))
        super().__post_init__()

    @property
    def _mixed(self) -> bool:
        return isinstance(self.use, str) and self.use == "mixture"

    def _parts(self, divisor: int = 1) -> list[Figure]:
        return [as_figure(one, divisor) for one in self.figures]

    def problems(self) -> list[str]:
        if not isinstance(self.figures, tuple) or len(self.figures) < 2:
            return [f"field 'figures' must hold two values or more; given {self.figures!r}."]
        found = []
        size = len(self.figures)
        for at, one in enumerate(self._parts()):
            if not one.bounded or isinstance(one, Disagreeing):
                found.append(
                    "field 'figures' must hold printed numbers, not limits or figures that "
                    f"disagree themselves; given {one.describe()!r} at position {at}."
                )
            else:
                found += [f"field 'figures', position {at}: {text}" for text in one.problems()]
        if self._mixed:
            found += weight_problems(self.weights, size, "figure")
        else:
            if not (is_integer(self.use) and 0 <= int(self.use) < size):
                found.append(
                    f"field 'use' must be a position from 0 to {size - 1} or 'mixture'; "
                    f"given {self.use!r}."
                )
            elif self.weights is not None:
                found.append("field 'weights' only means something with use='mixture'.")
        if not (printable(self.apart) and self.apart > 0):
            must = within("above 0", self.apart)
            found.append(f"field 'apart' must be a number {must}; given {self.apart!r}.")
        return found

    def candidates(self, divisor: int = 1) -> Counts:
        """Return every count that prints as the figure that is used, or as one of a mixture."""
        parts = self._parts(divisor)
        if not self._mixed:
            return known(parts[int(self.use)], divisor)[0]
        counts = [known(one, divisor)[0] for one in parts]
        if not all(len(one) for one in counts):  # nothing is ever printed so
            return np.array([], dtype=np.int64)
        return np.unique(np.concatenate(counts))

    def log_weights(self, divisor: int = 1) -> Floats | None:
        """Return the log-probability of all the values for each candidate."""
        parts = self._parts(divisor)
        if not self._mixed:
            return known(parts[int(self.use)], divisor)[1]
        counts = self.candidates(divisor)
        wrong = [_log_wrong(one, divisor, counts, float(self.apart)) for one in parts]
        total = np.full(len(counts), -np.inf)
        for i, weight in enumerate(plain_weights(self.weights, len(parts))):
            own, log_weights = known(parts[i], divisor)
            # Only counts that may print as this value: for the others it cannot be the right one.
            here = np.searchsorted(counts, own)
            value = np.full(len(own), math.log(weight))
            if log_weights is not None:
                value = value + log_weights
            for j, others in enumerate(wrong):
                if j != i:
                    value = value + others[here]
            total[here] = np.logaddexp(total[here], value)
        return total

    def logp(self, distribution: Any, divisor: int = 1) -> Any:
        """Return the log-probability of the value that is used, or of all in a mixture."""
        if self._mixed:
            return super().logp(distribution, divisor)
        return self._parts(divisor)[int(self.use)].logp(distribution, divisor)

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Disagreeing:
        """Return the values that `count` over `divisor` would have been printed as.

        The one that is used, or the right one of a mixture, is printed from the count. Values
        that are not used stay as they are; those that are wrong in a mixture are drawn by `rng`.
        """
        parts = self._parts(divisor)
        if self._mixed:
            right = int(rng.choice(len(parts), p=plain_weights(self.weights, len(parts))))
        else:
            right = int(self.use)
        shown = list(self.figures)
        for at, (old, one) in enumerate(zip(self.figures, parts, strict=True)):
            if at == right:
                shown[at] = _like(old, one.printed(count, divisor, rng), divisor)
            elif self._mixed:
                log_value = math.log(max(count, 0.5)) + self.apart * rng.standard_normal()
                value = math.floor(math.exp(min(log_value, math.log(LARGEST))) + 0.5)
                shown[at] = _like(old, one.printed(value, divisor, rng), divisor)
        return replace(self, figures=tuple(shown))

    def used(self, divisor: int = 1) -> Figure:
        """Return the value that is used; all of them in a mixture."""
        return self if self._mixed else self._parts(divisor)[int(self.use)].used(divisor)

    def beside(self, numbers: Floats, divisor: int) -> tuple[float, Floats, Floats]:
        """Return of the values of a mixture the one that the others fit best."""
        usual = np.nanmedian(numbers)
        value = min((one.middle for one in self._parts()), key=lambda one: abs(one - usual))
        return value, *larger_and_same(numbers, value)

    @property
    def middle(self) -> float:
        """The middle of the one that is used; of a mixture the mean."""
        middles = [one.middle for one in self._parts()]
        if not self._mixed:
            return middles[int(self.use)]
        return float(np.dot(plain_weights(self.weights, len(middles)), middles))

    @property
    def disagreement(self) -> float:
        """How far the values lie apart: the largest over the smallest, minus 1."""
        middles = [one.middle for one in self._parts()]
        low, high = min(middles), max(middles)
        if low == high:
            return 0.0
        return high / low - 1 if low > 0 else math.inf

    def official(self) -> list[tuple[Figure, bool]]:
        return [(one, self._mixed or at == self.use) for at, one in enumerate(self._parts())]

    def in_short(self, number: Callable[[float], str]) -> str:
        return " / ".join(one.in_short(number) for one, used in self.official() if used)

    def describe(self) -> str:
        if self._mixed:
            shown = [one.describe() for one in self._parts()]
            weights = plain_weights(self.weights, len(shown))
            chances = [named("figure.chance", weight=weight) for weight in weights]
            return named("figure.mixed", figures=shown, chances=chances)
        shown = [
            named(f"figure.{'used' if used else 'not_used'}", figure=one.describe())
            for one, used in self.official()
        ]
        return named("word.list", parts=shown)


def _like(old: Any, figure: Figure, divisor: int) -> Any:
    """Return a value in the form in which the old one was given, where that means the same."""
    if isinstance(old, Figure) or not isinstance(figure, Exact | Rounded):
        return figure
    return figure.value if as_figure(figure.value, divisor) == figure else figure


def _log_wrong(figure: Figure, divisor: int, counts: Counts, apart: float) -> Floats:
    """Return the log-probability that a wrong value around each count prints as `figure`."""
    shown, log_weights = known(figure, divisor)
    total = np.full(len(counts), -np.inf)
    if not len(shown):
        return total
    weights = np.zeros(len(shown)) if log_weights is None else log_weights
    # Consecutive counts with the same weight are one interval.
    new = np.flatnonzero((np.diff(shown) != 1) | (np.diff(weights) != 0))
    centre = np.log(np.maximum(counts, 0.5))
    for first, last in zip([0, *(new + 1)], [*new, len(shown) - 1], strict=True):
        mass = _log_mass(shown[first] - 0.5, shown[last] + 0.5, centre, apart)
        total = np.logaddexp(total, mass + weights[first])
    return total


def _log_mass(low: float, high: float, centre: Floats, sd: float) -> Floats:
    """Return the log of the mass from `low` to `high` of a log-normal around each centre."""
    from scipy.special import log_ndtr

    above = (math.log(high) - centre) / sd
    if low <= 0:
        return np.asarray(log_ndtr(above))
    width = math.log1p((high - low) / low) / sd
    below = above - width
    if width < 1e-6:  # a difference of two distribution functions would lose its digits
        at = (above + below) / 2
        return np.asarray(math.log(width) - 0.5 * at**2 - 0.5 * math.log(2 * math.pi))
    # In the lower tail, where distribution functions keep their digits.
    upper = above + below > 0
    top = log_ndtr(np.where(upper, -below, above))
    bottom = log_ndtr(np.where(upper, -above, below))
    return np.asarray(top + log1mexp(bottom - top))
