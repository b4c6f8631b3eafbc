"""What every printed number can do: which counts it stands for, and how a count is printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.fields import LARGEST, is_number, plain_fields
from funnelest.words import named

__all__ = ["Figure"]

type Counts = NDArray[np.int64]
type Floats = NDArray[np.float64]
#: More hidden integers than this are refused: such a figure is an estimate, not a count.
_LIMIT = 20_000


class Figure:
    r"""A number as it was printed. Your own class inherits this, and is best a frozen dataclass.

    It must give `candidates` and `printed`, and `log_weights` where printing is random. The rest
    follows from these.

    Notes
    -----
    With :math:`k` a count, :math:`v` the figure and :math:`D` the divisor, the likelihood is
    :math:`P(v) = \sum_k P(k) P(v \mid k)`. The counts with :math:`P(v \mid k) > 0` are the
    candidates, and :math:`\log P(v \mid k)` are their log-weights. Over all figures that may be
    printed :math:`P(v \mid k)` adds up to 1, and `printed` draws from it: so what is simulated
    and what is summed are the same.
    """

    #: Whether `candidates` lists the counts. A limit from one side has no use for such a list.
    bounded: ClassVar[bool] = True
    #: Whether the rule of printing never turns the order of two counts around.
    in_order: ClassVar[bool] = False
    #: "at least" or "at most", of a limit from one side.
    side: ClassVar[Literal["", "at least", "at most"]] = ""

    def __post_init__(self) -> None:
        plain_fields(self)

    #: Whether it is of counts; else of numbers that need not be whole.
    whole: ClassVar[bool] = True

    def problems(self) -> list[str]:
        """Return what is wrong with the figure, one sentence each."""
        return []

    def reals(self) -> tuple[Fraction, Fraction] | None:
        """Return between which numbers lie all that print as it, whole or not.

        None where that is not an interval, or not known: then it cannot stand for an estimate.
        """
        return None

    def candidates(self, divisor: int = 1) -> Counts:
        """Return every count that may print as this figure after division by `divisor`.

        In ascending order.
        """
        raise TypeError(f"{type(self).__name__} does not say which counts print as it")

    def how_many(self, divisor: int = 1) -> float:
        """Return about how many counts over `divisor` may print as it; too many are not listed."""
        return float(len(self.candidates(divisor)))

    def log_weights(self, divisor: int = 1) -> Floats | None:
        """Return the log-probability that each candidate, over `divisor`, prints as this figure.

        None when all of them are certain to.
        """
        return None

    def printed(self, count: int, divisor: int, rng: np.random.Generator) -> Figure:
        """Return how `count` over `divisor` would have been printed by the same rule.

        `rng` is used where printing is random.
        """
        raise TypeError(f"{type(self).__name__} does not say how a count is printed")

    def finer(self) -> Figure | None:
        """Return a figure of the same rule with a digit more; None where there is none."""
        return None

    def limits(self, divisor: int = 1) -> tuple[float, float]:
        """Return the smallest and largest count that may print as it, given the `divisor`."""
        counts, _ = known(self, divisor)
        return float(counts[0]), float(counts[-1])

    @property
    def middle(self) -> float:
        """The number to draw or to compare with, on the printed scale."""
        low, high = self.limits()
        return (low + high) / 2

    def describe(self) -> str:
        """Return the figure as text."""
        return named("figure.number", value=self.middle)

    def in_short(self, number: Callable[[float], str]) -> str:
        """Return what was printed, and not how, as short as a figure has room for.

        `number` writes a number as its language does.
        """
        return self.describe()

    def official(self) -> list[tuple[Figure, bool]]:
        """Return every official value that is kept, and whether it is used."""
        return [(self, True)]

    def says_nothing(self, law: Any, divisor: int = 1) -> bool:
        """Return whether every count that `law` has, over `divisor`, prints as it."""
        if not self.whole:
            return False
        if not self.bounded:
            low, high = self.limits(divisor)
            return bool(low <= 0 and high >= law.largest)
        if not law.largest < math.inf:
            return False
        counts, log_weights = known(self, divisor)
        inside = counts[(counts >= 0) & (counts <= law.largest)]
        return log_weights is None and len(inside) > law.largest

    def logp(self, distribution: Any, divisor: int = 1) -> Any:
        """Return the log-probability of the figure, under a `distribution` of counts, per draw.

        The count is printed after division by `divisor`. For a figure that stands for several
        counts it is the log of the sum of their probabilities (log-sum-exp: a difference of
        distribution functions underflows in the tails).
        """
        counts, log_weights = known(self, divisor)
        if len(counts) == 1:
            value = distribution.logp(counts[0])
            return value if log_weights is None else value + log_weights[0]
        if counts[-1] - counts[0] == len(counts) - 1:
            value = distribution.total(counts, log_weights)
            if value is not None:
                return value
        terms = distribution.logp(counts[:, None])
        if log_weights is not None:
            terms = terms + log_weights[:, None]
        return fm.logsumexp(terms, axis=0)

    def slopes(self, law: Any) -> list[Any]:
        """Return the log-slopes in `logp` of a `law`; see `Distribution.slopes`."""
        return []

    def location(self, divisor: int = 1) -> tuple[float, float] | None:
        """Return mean and variance of the count given only the figure and the `divisor`.

        For the proposal of the importance engine; no result rests on it. None when the figure
        says too little.
        """
        counts, log_weights = known(self, divisor)
        weights = None if log_weights is None else np.exp(log_weights - log_weights.max())
        mean = float(np.average(counts, weights=weights))
        return mean, float(np.average((counts - mean) ** 2, weights=weights))

    # ----------------------------------------------- beside what might have been printed instead

    def used(self, divisor: int = 1) -> Figure:
        """Return the figure that is used, given the `divisor`; another one of several values."""
        return self

    def as_drawn(self, divisor: int) -> float:
        """Return the number in it as its distribution has it: before it is divided by `divisor`."""
        return float(np.rint(self.middle * divisor))

    def anew(self, counts: Floats, divisor: int, rng: np.random.Generator) -> Floats:
        """Return the number in what each of the `counts` over `divisor` is printed as by `rng`."""
        whole = np.round(counts).astype(np.int64)
        # In order no chance comes in: each count is printed once.
        shown, at = np.unique(whole, return_inverse=True) if self.in_order else (whole, slice(None))
        return np.array([self.printed(int(one), divisor, rng).middle for one in shown])[at]

    def tails(self, law: Any, divisor: int) -> tuple[Floats, Floats] | None:
        """Return the probabilities that a count prints as a larger number, and as this one.

        The count is from the distribution `law` and divided by `divisor`. None where only counts
        made up from it can say.
        """
        above = law.log_sf(known(self, divisor)[0][-1] + 1.0) if self.in_order else None
        return None if above is None else (np.exp(above), np.exp(self.logp(law, divisor)))

    def score(self, law: Any, divisor: int) -> Any:
        """Return its normal score per draw under `law`, given the `divisor`, or None."""
        return law.score(self.as_drawn(divisor))

    def beside(self, numbers: Floats, divisor: int) -> tuple[float, Floats, Floats]:
        """Return the number in it, and for others whether they are larger, and the same.

        The `numbers` are those that `anew` gives with the `divisor`; the answers are 0 or 1.
        """
        return self.middle, *larger_and_same(numbers, self.middle)


class OneNumber(Figure):
    """A figure that is one number."""

    value: Any
    #: What is said to be wrong when it cannot be one.
    what: ClassVar[str] = "a rounded count"

    def problems(self) -> list[str]:
        if not printable(self.value) or self.value < 0:
            must = within("a number of at least 0", self.value)
            return [f"{self.what} must be {must}; given {self.value!r}."]
        return []

    @property
    def middle(self) -> float:
        return float(self.value)

    def in_short(self, number: Callable[[float], str]) -> str:
        return number(float(self.value))

    def describe(self) -> str:
        return named("figure.number", value=self.value)


def larger_and_same(numbers: Floats, value: float) -> tuple[Floats, Floats]:
    """Return 1 for numbers above a value, and 1 for those that are it, up to rounding."""
    close = np.isclose(numbers, value, rtol=1e-9, atol=0.0)
    return ((numbers > value) & ~close).astype(np.float64), close.astype(np.float64)


@lru_cache(maxsize=1024)
def _remembered(figure: Any, divisor: int) -> tuple[Counts, Floats | None]:
    counts = np.asarray(figure.candidates(divisor), dtype=np.int64)
    log_weights = figure.log_weights(divisor)
    for part in (counts, log_weights):
        if part is not None:
            part.flags.writeable = False
    return counts, log_weights


def known(figure: Figure, divisor: int) -> tuple[Counts, Floats | None]:
    """Return candidates and log-weights: asked for at every evaluation of a density."""
    try:
        hash(figure)
    except TypeError:  # a user's own figure that cannot be hashed
        return np.asarray(figure.candidates(divisor), dtype=np.int64), figure.log_weights(divisor)
    return _remembered(figure, divisor)


def whole_count(value: float, divisor: int) -> int | None:
    """Return a number times the divisor as a count, when it is whole up to floating point."""
    total = value * divisor
    whole = round(total)
    return whole if abs(total - whole) < 1e-9 * max(1, whole) else None


def exact(value: Any) -> Fraction:
    """Return a number as the fraction that it is in print."""
    # Through text, so that 0.15 in steps of 0.01 is exactly 15 steps.
    return Fraction(str(value))


def printable(value: Any) -> bool:
    """Return whether `value` is a number that a count may have."""
    return is_number(value) and bool(abs(value) <= LARGEST)


def within(limits: str, *values: Any) -> str:
    """Return the `limits` of a number of a figure, or the one above when that is passed."""
    above = any(is_number(one) and one > LARGEST for one in values)
    return f"at most {LARGEST:g}" if above else limits


def too_wide(shown: str, count: float) -> str:
    """Return the sentence that refuses a figure with this many candidates."""
    return (
        f"{shown} may stand for {count:,.0f} different counts, more than {_LIMIT:,}: "
        "give it as an estimate with a standard error or an interval."
    )


def plain_weights(weights: Sequence[float] | None, size: int) -> Floats:
    """Return weights that add up to 1; equal ones when none are given."""
    given = np.ones(size) if weights is None else np.asarray(weights, dtype=np.float64)
    return np.asarray(given / given.sum())


def weight_problems(weights: Any, size: int, what: str) -> list[str]:
    """Return why these are no prior probabilities of `size` things, one sentence each."""
    if weights is None:
        return []
    if not isinstance(weights, tuple) or len(weights) != size:
        return [f"field 'weights' must have one number per {what}, {size}; given {weights!r}."]
    if not all(printable(one) and one > 0 for one in weights):
        must = within("above 0", *weights)
        return [f"field 'weights' must hold numbers {must}; given {weights!r}."]
    return []


def as_tuple(value: Any) -> Any:
    """Return a list or an array as a tuple, which can be hashed; anything else as it is."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(value) if isinstance(value, list) else value


def listed(words: Sequence[str], last: str) -> str:
    """Return words as text, ``a, b or c`` when `last` is ``or``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def log1mexp(x: Any) -> Any:
    """Return ``log(1 - exp(x))`` for `x` of at most 0, without loss of digits at either end."""
    half = -math.log(2.0)
    near = fm.log(-fm.expm1(fm.maximum(x, half)))
    return fm.where(x > half, near, fm.log1p(-fm.exp(fm.minimum(x, half))))
