"""What is observed: a printed figure, and the distribution that it is thought to come from.

An evidence kind says what it expects; this turns it into a log-likelihood (on arrays or on
symbols), a simulated figure, a mean and a standard deviation. So likelihood and simulation
cannot drift apart, and a new evidence kind writes neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest.distributions import Distribution, Location, Slope
from funnelest.figures import Figure
from funnelest.figures.base import Counts, Floats, known

__all__ = [
    "Estimate", "Observation", "Part", "Seen", "dense", "is_one_count", "listed", "silent",
]  # fmt: skip

type Value = Any
#: What it is of, the figure, of which numbers it is (the sum), and its place among them, if any.
type Part = tuple[str, Figure, tuple[int, ...], int | None]


@dataclass(frozen=True)
class Estimate(Figure):
    """An observed value that is no count, or that is not even a number: then `text` shows it."""

    value: float
    unit: float = 1.0
    text: str = ""
    whole: ClassVar[bool] = False

    @property
    def middle(self) -> float:
        return self.value

    def describe(self) -> str:
        return self.text or f"{self.value:,.6g}"

    def as_drawn(self, divisor: int) -> float:
        return self.value / self.unit

    def anew(self, counts: Any, divisor: int, rng: np.random.Generator) -> Any:
        return counts * self.unit

    def tails(self, law: Any, divisor: int) -> tuple[Any, Any] | None:
        found: tuple[Any, Any] | None = law.tails(self.value / self.unit)
        return found


class Seen:
    """What a source gives of its numbers: one of them, or several that belong together.

    It must give `logp`, `simulate` and `moments`; the rest has an answer here.
    """

    def logp(self) -> Value:
        """Return the log-likelihood per draw."""
        raise TypeError(f"{type(self).__name__} does not say how likely its numbers are")

    def simulate(self, rng: np.random.Generator) -> Any:
        """Return made-up numbers of the same kind, from the first draw."""
        raise TypeError(f"{type(self).__name__} does not say how its numbers are made up")

    def of_counts(self, counts: Sequence[int], rng: np.random.Generator) -> Any:
        """Return numbers as `simulate` does, made of given counts."""
        raise TypeError(f"{type(self).__name__} does not say how its counts are printed")

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw, on the printed scale."""
        raise TypeError(f"{type(self).__name__} has no mean and standard deviation")

    def moments_of(self, rows: tuple[int, ...]) -> tuple[Any, Any]:
        """Return mean and standard deviation per draw of the sum of some of its numbers."""
        mean, sd = (np.atleast_2d(part)[list(rows)] for part in self.moments())
        return np.sum(mean, axis=0), np.sqrt(np.sum(sd**2, axis=0))

    def locations(self) -> list[Location | None]:
        """Return what the numbers locate; with None among them when one cannot say."""
        return [None]

    def slopes(self) -> list[Slope]:
        """Return the log-slopes of normal scores in `logp`, each with the number that it is of."""
        return []

    @property
    def divisor(self) -> int:
        """What its counts are divided by when they are printed."""
        return 1

    def parts(self, labels: Sequence[str]) -> list[Part]:
        """Return every figure in it; `labels` says what each of several counts is of."""
        return []

    @property
    def limited(self) -> bool:
        """Whether it is a limit from one side, and nothing else."""
        return False

    @property
    def any_shape(self) -> bool:
        """Whether its likelihood is the user's own, of which nobody says where it is high."""
        return False

    @property
    def expected(self) -> Any:
        """What its distribution is made from: arrays, or what holds them."""
        return self

    def law(self, rows: tuple[int, ...]) -> Distribution | None:
        """Return the distribution of one of its numbers, or of a sum; None without a name."""
        return None

    def law_given_others(self, rows: tuple[int, ...]) -> Distribution | None:
        """Return the distribution given its other numbers; None where these say no more."""
        return None

    def anew(self, draws: int, rng: np.random.Generator) -> Any:
        """Return a made-up value per number and draw, not printed; None where there is none."""
        return None

    def sums(self, rows: tuple[int, ...]) -> Counts | None:
        """Return what the sum of some of its counts may be, without gaps and in ascending order.

        None where these cannot be listed, or not without its other counts.
        """
        return None

    def log_sums(self, rows: tuple[int, ...]) -> Value:
        """Return the log-probability of each of the `sums`, and of what is printed of the counts.

        Shape ``(sums, draws)``.
        """
        raise TypeError(f"{type(self).__name__} does not say how likely the sums of its counts are")

    @property
    def bound(self) -> Sequence[tuple[int, ...]]:
        """Its counts that say something of each other, given what is expected, set by set."""
        return ()

    def all_known(self, rows: tuple[int, ...]) -> bool:
        """Return whether some of its counts are known, so that their sum says nothing new."""
        return False


def dense(figure: Figure, divisor: int) -> tuple[Counts, Floats]:
    """Return all counts between the limits of a figure, and the log-weight of each."""
    counts, weights = known(figure, divisor)
    between = np.arange(counts[0], counts[-1] + 1)
    log_weights = np.full(len(between), -np.inf)
    log_weights[counts - counts[0]] = 0.0 if weights is None else weights
    return between, log_weights


def is_one_count(figure: Any, divisor: int) -> bool:
    """Return whether only one count prints as a figure."""
    return listed(figure) and len(known(figure, divisor)[0]) == 1


def listed(figure: Any) -> bool:
    """Return whether the counts that print as a figure can be listed."""
    return isinstance(figure, Figure) and figure.whole and figure.bounded


def silent(seen: Seen, size: int) -> frozenset[int]:
    """Return which of its `size` numbers were printed so that nothing is said: at least 0."""
    telling: set[int] = set()
    nothing: set[int] = set()
    for _, figure, rows, _ in seen.parts([""] * size):
        law = seen.law(rows)
        silent = law is not None and figure.says_nothing(law, seen.divisor)
        (nothing if silent else telling).update(rows)
    return frozenset(nothing - telling)


@dataclass(frozen=True)
class Observation(Seen):
    """One printed number (or vector of numbers) and its distribution.

    Parameters
    ----------
    distribution : Distribution
        With what the source expects, per draw.
    figure : Figure or object
        A figure, or for distributions that are not of counts the observed value itself.
    divisor : int, default 1
        The figure is the count divided by this: the number of years of a yearly mean.
    unit : float, default 1.0
        Printed scale of one unit of the distribution: a share is a count times ``1 / n``. The
        observed value itself is on the scale of the distribution.
    texts : tuple of str, default ()
        How each of several observed numbers was printed, where the numbers do not say it.
    """

    distribution: Distribution
    figure: Any
    divisor: int = 1
    unit: float = 1.0
    texts: tuple[str, ...] = ()

    def logp(self) -> Value:
        if not isinstance(self.figure, Figure):
            return self.distribution.logp(self.figure)
        return self.figure.logp(self.distribution, self.divisor)

    def locations(self) -> list[Location | None]:
        place: tuple[Any, float] | None = (self.figure, 0.0)
        if isinstance(self.figure, Figure):
            place = self.figure.location(self.divisor)
        found = None if place is None else self.distribution.locations(*place)
        return [None] if found is None else list(found)

    def slopes(self) -> list[Slope]:
        if not isinstance(self.figure, Figure):
            return self.distribution.slopes(self.figure)
        return list(self.figure.slopes(self.distribution))

    def simulate(self, rng: np.random.Generator) -> Any:
        value = self.distribution.sample(rng)
        if not self.distribution.of_numbers:
            return value
        value = np.asarray(value)[..., 0]
        if isinstance(self.figure, Figure):
            return self.of_counts([value], rng)
        return value * self.unit if value.ndim else float(value) * self.unit

    def of_counts(self, counts: Sequence[Any], rng: np.random.Generator) -> Figure:
        (value,) = counts
        count = int(value) if self.figure.whole else float(value)
        printed: Figure = self.figure.printed(count, self.divisor, rng)
        return printed

    def moments(self) -> tuple[Any, Any]:
        mean, sd = self.distribution.moments()
        return mean * self.unit / self.divisor, sd * self.unit / self.divisor

    def parts(self, labels: Sequence[str]) -> list[Part]:
        if isinstance(self.figure, Figure):
            return [("", self.figure, (0,), 0)]
        if not isinstance(self.figure, int | float | list | tuple | np.ndarray | np.number):
            return [("", Estimate(np.nan, text=str(self.figure)), (0,), 0)]  # the user's own data
        values = np.atleast_1d(self.figure)
        texts = self.texts or ("",) * len(values)
        return [
            ("", Estimate(float(value) * self.unit, self.unit, text), (i,), 0)
            for i, (value, text) in enumerate(zip(values, texts, strict=True))
        ]

    def sums(self, rows: tuple[int, ...]) -> Counts | None:
        return dense(self.figure, self.divisor)[0] if listed(self.figure) else None

    def log_sums(self, rows: tuple[int, ...]) -> Value:
        counts, weights = dense(self.figure, self.divisor)
        return self.distribution.logp(counts[:, None]) + weights[:, None]

    def all_known(self, rows: tuple[int, ...]) -> bool:
        return is_one_count(self.figure, self.divisor)

    @property
    def limited(self) -> bool:
        return isinstance(self.figure, Figure) and not self.figure.bounded

    @property
    def any_shape(self) -> bool:
        return not isinstance(self.figure, Figure) and None in self.locations()

    @property
    def expected(self) -> Distribution:
        return self.distribution

    def law(self, rows: tuple[int, ...]) -> Distribution | None:
        (i,) = rows
        return self.distribution.marginal(i)

    def anew(self, draws: int, rng: np.random.Generator) -> Any:
        return self.distribution.anew(self.figure, draws, rng)
