"""What every prior can do, and how one is found from an interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self, TypeGuard

import numpy as np
from numpy.typing import NDArray

from funnelest.entry import entries
from funnelest.errors import SpecError
from funnelest.fields import is_number, plain, plain_fields, problems_of
from funnelest.priors.line import Bijection, bijection, reach, softplus

__all__ = ["BetweenLimits", "FromInterval", "NormalOnLine", "Prior"]

#: Two parameters, or None where none will do.
type Pair = tuple[float, float] | None
#: PyMC's name of a family, and our name of each parameter -> PyMC's.
type PyMC = tuple[str, Mapping[str, str]]
type Floats = NDArray[np.float64]

REAL = (-math.inf, math.inf)
POSITIVE = (0.0, math.inf)
UNIT = (0.0, 1.0)
#: Beyond this score a probability is so near 1 that what is left above it has lost its digits.
_SCORE = 6.0
#: How far inside the last digits the straight line begins on which a density goes on.
_RUN = 8.0
#: Newton's steps from there to a score beyond, and over what distance a slope is taken.
_STEPS, _NEAR = 8, 0.01


def _rise(end: Any, before: Any) -> Any:
    """Return how fast a log-density rises to its last digits; one that is infinite stays so."""
    with np.errstate(invalid="ignore"):
        rise = (end - before) / _RUN
    return np.where(np.isfinite(rise), rise, 0.0)


def special() -> Any:
    """Return `scipy.special`, which is loaded when it is first needed."""
    import scipy.special

    return scipy.special


def is_real(value: object) -> TypeGuard[float]:
    """Return whether a value is a number, which need not be finite."""
    # One that is finite, or a float: a whole number beyond every float is none.
    return is_number(value) or isinstance(value, float | np.floating)


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is believed of one number before the figures are seen.

    A family of your own inherits this. It is a frozen dataclass whose fields are its parameters,
    and has `support`, `logpdf`, `cdf` and `ppf`, written so that parameters may be columns of
    numbers. With `pymc` it goes through `to_pymc` too, and with `powered` it can count for more or
    less. What fits use is `line_logpdf` and `line_of_score`, which follow from these and lose a few
    digits at the ends; write them too where you know them better.

    Parameters
    ----------
    statement : str, default ""
        Why this is believed, in a sentence for the ledger of assumptions.
    source : str, default ""
        Citation of what it rests on.
    trouble : str, default ""
        Why `from_interval` found no distribution; filled in by the library, and reported when
        the prior becomes part of a model.
    """

    statement: str = ""
    source: str = ""
    #: What the constructor from an interval could not do, in a sentence.
    trouble: str = field(default="", repr=False)
    #: Parameters that must be above 0.
    positive: ClassVar[tuple[str, ...]] = ()
    #: What PyMC calls the family and its parameters; see `to_pymc` where that is not all.
    pymc: ClassVar[PyMC | None] = None
    #: Whether several priors of the family can be evaluated at once (`stacked`).
    together: ClassVar[bool] = True
    #: Whether `Truncated` can hold it.
    truncatable: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        entries(cls)

    @property
    def on_its_line(self) -> bool:
        """Whether it says what is likely by orders of magnitude, and not by equal steps."""
        return False

    def __post_init__(self) -> None:
        plain_fields(self)

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Return the names of the fields that are the distribution's parameters."""
        return tuple(one.name for one in fields(cls) if one.repr and not one.kw_only)

    @property
    def support(self) -> tuple[float, float]:
        """Lowest and highest possible value."""
        raise TypeError(f"{type(self).__name__} has no support of its own")

    def logpdf(self, x: Any) -> Any:
        """Return the log-density at `x` (NumPy arrays)."""
        raise TypeError(f"{type(self).__name__} has no density")

    def cdf(self, x: Any) -> Any:
        """Return the probability of at most `x`."""
        raise TypeError(f"{type(self).__name__} has no distribution function")

    def ppf(self, p: Any) -> Any:
        """Return the quantile at probability `p`."""
        raise TypeError(f"{type(self).__name__} has no quantiles")

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` independent draws."""
        return np.asarray(self.ppf(rng.random(size)), dtype=np.float64)

    def inside(self, x: Any) -> Any:
        """Return draws, those that have rounded to an end of the support moved just inside.

        At the end itself a density, or a logarithm of it, may be infinite.
        """
        low, high = self.support
        up, down = np.nextafter(low, high), np.nextafter(high, low)
        return np.where(x == low, up, np.where(x == high, down, x))

    @property
    def flat(self) -> bool:
        """Whether it says nothing but where the parameter lies, as far as anyone stated."""
        return False

    @property
    def straight(self) -> tuple[float, float] | None:
        """Shift and scale of a standard normal number on the line; None where it has no such."""
        return None

    def line(self) -> Bijection:
        """Return the map from the unconstrained line, its inverse, and the log of its slope."""
        return bijection(self.support)

    def line_logpdf(self, z: Any) -> Any:
        """Return the log-density of the line's points `z`, far out too.

        Written by itself and not from `logpdf` where that is infinite at an end, or where the
        parameter rounds to one: a share does from 37 on. Here it goes on from the last digits as a
        straight line, which is how a power of the distance to an end looks on the line.
        """
        line, _, slope = self.line()

        def density(at: Any) -> Any:
            return self.logpdf(line(at)) + slope(at)

        low, high = reach(self.support)
        inside = np.clip(z, low, high)
        value = density(inside)
        if np.all(np.isinf(low)) and np.all(np.isinf(high)):
            return value
        # What it is at both ends does not depend on the points: no draw costs more for being there.
        one = np.zeros((1,) * np.ndim(z))
        low_rise, high_rise = (
            _rise(density(one + end), density(one + end - side * _RUN))
            for end, side in ((low, -1), (high, 1))
        )
        return value + np.where(z < low, low_rise, high_rise) * np.abs(z - inside)

    def line_of_score(self, score: Any) -> Any:
        """Return the point on the line below which lies the probability of a normal `score`.

        Precise at both ends, where the parameter or its probability rounds. Here it goes on from
        the last digits until the probability beyond, as density over slope, has fallen as far as
        it should: exact for a power of the distance to an end, near it for other tails.
        """
        line, back, _ = self.line()
        ndtr, log_ndtr = special().ndtr, special().log_ndtr
        low, high = self.support
        # Only the line of a number with nothing but an upper limit runs the other way.
        way = -1.0 if np.all(np.isinf(low)) and np.all(np.isfinite(high)) else 1.0
        first, last = (way * special().ndtri(self.cdf(line(one))) for one in reach((low, high)))
        inside = np.clip(score, np.fmax(first, -_SCORE), np.fmin(last, _SCORE))
        z = back(self.ppf(ndtr(way * inside)))
        if np.all(score == inside):
            return z
        side = np.where(score < inside, -1.0, 1.0)
        fall = log_ndtr(-side * inside) - log_ndtr(-side * score)

        def beyond(at: Any) -> tuple[Any, Any]:
            slope = (self.line_logpdf(at - _NEAR) - self.line_logpdf(at + _NEAR)) / (2 * _NEAR)
            return self.line_logpdf(at) - np.log(side * slope), side * slope

        start, moved = beyond(z)[0], z
        for _ in range(_STEPS):  # Newton's method
            log_beyond, slope = beyond(moved)
            moved = moved + side * (log_beyond - start + fall) / slope
        return np.where(score == inside, z, moved)

    def own_scale(self) -> Bijection:
        """Return the map from the scale on which the prior is raised to a power; see `powered`."""
        return self.line()

    def powered(self, power: float) -> Prior | None:
        """Return the prior whose density, on its own scale, is that of this one to a power.

        None where there is none.
        """
        return None

    def narrowed(self, low: float, high: float) -> Prior:
        """Return the prior restricted to an interval."""
        from funnelest.priors.truncated import Truncated

        return Truncated(self, low=low, high=high, statement=self.statement, source=self.source)

    @classmethod
    def stacked(cls, priors: Sequence[Prior]) -> Prior:
        """Return one prior whose parameters are columns, a row per prior of the family."""
        columns: dict[str, Any] = {
            name: np.array([[float(getattr(one, name))] for one in priors])
            for name in cls.parameters()
        }
        return replace(priors[0], **columns)

    @classmethod
    def in_pymc(cls, priors: Sequence[Prior]) -> tuple[str, dict[str, Any]]:
        """Return PyMC's name of the family, and its arguments with an entry per prior."""
        if cls.pymc is None:
            raise SpecError(
                [
                    f"{cls.__name__}, the family of a prior, has no name in PyMC: give the class "
                    "an attribute 'pymc', or use engine='importance'."
                ]
            )
        family, names = cls.pymc
        return family, {
            theirs: np.array([float(getattr(one, ours)) for one in priors])
            for ours, theirs in names.items()
        }

    @classmethod
    def to_pymc(cls, name: str, priors: Sequence[Prior], dims: str) -> Any:
        """Return several priors of the family as one vector variable of the open PyMC model."""
        import pymc as pm

        family, arguments = cls.in_pymc(priors)
        return getattr(pm, family)(name, **arguments, dims=dims)

    def from_pymc(self, value: Any) -> Any:
        """Return the parameter, given its entry of the PyMC variable."""
        return value

    def problems(self) -> list[str]:
        """Return what is wrong with this prior, one sentence each."""
        found = [f"{type(self).__name__}: {text}" for text in problems_of(self)]
        if found:
            return found
        if self.trouble:
            return [self.trouble]
        for name in self.parameters():
            value = getattr(self, name)
            if not is_real(value):
                found.append(f"{type(self).__name__}: {name} must be a number; given {value!r}.")
            elif not math.isfinite(value):
                found.append(f"{type(self).__name__}: {name} must be finite; given {value}.")
        return found or self._own_problems()

    def _own_problems(self) -> list[str]:
        return [
            f"{type(self).__name__}: {name} must be above 0; given {getattr(self, name)}."
            for name in self.positive
            if not getattr(self, name) > 0
        ]

    def interval(self, probability: float = 0.95) -> tuple[float, float]:
        """Return the equal-tailed interval with this probability."""
        tail = (1 - probability) / 2
        return float(self.ppf(tail)), float(self.ppf(1 - tail))

    def __repr__(self) -> str:
        parts = [f"{name}={getattr(self, name)!r}" for name in self.parameters()]
        said = {name: repr(getattr(self, name)) for name in ("statement", "source")}
        parts += [f"{name}={text}" for name, text in said.items() if text not in ("''", "None")]
        return f"{type(self).__name__}({', '.join(parts)})"

    def describe(self) -> str:
        """Return the distribution as text, such as ``Beta(16, 4)``."""
        shown = ", ".join(f"{getattr(self, name):.4g}" for name in self.parameters())
        return f"{type(self).__name__}({shown})"


class FromInterval(Prior):
    """A family of which one member has a given interval."""

    #: Lowest and highest possible value of every member.
    _range: ClassVar[tuple[float, float]]

    @property
    def support(self) -> tuple[float, float]:
        return self._range

    @classmethod
    def _with_interval(cls, low: float, high: float, probability: float) -> Pair:
        """Return the parameters that give the interval, or None when there are none."""
        raise TypeError(f"{cls.__name__} does not say how to find them")

    @classmethod
    def from_interval(
        cls,
        low: float,
        high: float,
        *,
        probability: float = 0.95,
        statement: str = "",
        source: str = "",
    ) -> Self:
        """Return the member of the family whose equal-tailed interval is given.

        Parameters
        ----------
        low, high : float
            Limits of the interval.
        probability : float, default 0.95
            Probability between the limits; as much is left below as above them.
        statement : str, default ""
            Why this is believed.
        source : str, default ""
            Citation.

        Returns
        -------
        Prior
            With parameters that give the interval. An impossible interval is kept, and reported
            with all other problems when the prior becomes part of a model.
        """
        low, high, probability = plain((low, high, probability))
        trouble = _interval_trouble(cls.__name__, low, high, probability, cls._range)
        found = None if trouble else cls._with_interval(low, high, probability)
        if found is None and not trouble:
            trouble = (
                f"{cls.__name__}.from_interval: no member of the family has the {probability:.0%} "
                f"interval {low}-{high}."
            )
        first, second = (math.nan, math.nan) if found is None else found
        arguments: dict[str, Any] = dict(zip(cls.parameters(), (first, second), strict=True))
        return cls(**arguments, statement=statement, source=source, trouble=trouble)


class NormalOnLine(FromInterval):
    """A number that is normal on the unconstrained line; mean and standard deviation come first."""

    @property
    def straight(self) -> tuple[Any, Any]:
        mean, sd = (getattr(self, name) for name in self.parameters())
        return mean, sd

    @classmethod
    def _with_interval(cls, low: float, high: float, probability: float) -> Pair:
        a, b = (float(bijection(cls._range)[1](limit)) for limit in (low, high))
        return (a + b) / 2, (b - a) / 2 / normal_quantile(probability)

    def _score(self, x: Any) -> tuple[Any, Any]:
        """Return the place on the line, and how many standard deviations from the mean it is."""
        mean, sd = self.straight
        with np.errstate(divide="ignore"):
            at = self.line()[1](x)
        return at, (at - mean) / sd

    def logpdf(self, x: Any) -> Any:
        at, z = self._score(x)
        constant = np.log(self.straight[1]) + 0.5 * math.log(2 * math.pi)
        return -0.5 * z * z - constant - self.line()[2](at)

    def line_logpdf(self, z: Any) -> Any:
        mean, sd = self.straight
        score = (z - mean) / sd
        return -0.5 * score * score - np.log(sd) - 0.5 * math.log(2 * math.pi)

    def line_of_score(self, score: Any) -> Any:
        mean, sd = self.straight
        return mean + sd * score

    def cdf(self, x: Any) -> Any:
        return special().ndtr(self._score(x)[1])

    def ppf(self, p: Any) -> Any:
        mean, sd = self.straight
        return self.line()[0](mean + sd * special().ndtri(p))

    def powered(self, power: float) -> Self:
        """Return the member whose variance on the line is over the power."""
        _, name = self.parameters()
        changed: dict[str, Any] = {name: getattr(self, name) / math.sqrt(power)}
        return replace(self, **changed)


class BetweenLimits(Prior):
    """A family whose parameters are its limits, and that says nothing but these.

    On the scale on which it is even, its line is that of a share: there it is logistic.
    """

    low: Any
    high: Any

    @property
    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    @property
    def flat(self) -> bool:
        return True

    def line_logpdf(self, z: Any) -> Any:
        return -softplus(z) - softplus(-z) + 0.0 * self.low  # a row for each of several limits

    def line_of_score(self, score: Any) -> Any:
        log_ndtr = special().log_ndtr
        return log_ndtr(score) - log_ndtr(-score) + 0.0 * self.low

    def narrowed(self, low: float, high: float) -> Self:
        limits: dict[str, Any] = {"low": max(self.low, low), "high": min(self.high, high)}
        return replace(self, **limits)


def _interval_trouble(
    family: str, low: float, high: float, probability: float, support: tuple[float, float]
) -> str:
    """Return in a sentence why an interval is impossible, or an empty string."""
    given = f"given low={low!r}, high={high!r}, probability={probability!r}"
    for value in (low, high, probability):
        if not is_real(value):
            return f"{family}.from_interval needs numbers; {given}."
    if not 0 < probability < 1:
        return f"{family}.from_interval: probability must lie between 0 and 1; {given}."
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return f"{family}.from_interval: low must be below high and both finite; {given}."
    if not (support[0] < low and high < support[1]):
        return (
            f"{family}.from_interval: the interval must lie strictly between {support[0]:g} and "
            f"{support[1]:g}; {given}."
        )
    return ""


def normal_quantile(probability: float) -> float:
    """Return z such that the central interval of a standard normal has this probability."""
    return float(special().ndtri((1 + probability) / 2))


def solve(
    low: float,
    high: float,
    probability: float,
    guess: Callable[[float, float], Any],
    below: Callable[[Any, Any, Any], Any],
) -> Pair:
    """Return two positive parameters that give an interval its probability, or None.

    ``guess(mean, sd)`` is where the search begins, ``below(one, other, x)`` the probability below.
    """
    from scipy.optimize import root

    logit, limits = special().logit, np.array([low, high])
    tail = (1 - probability) / 2
    wanted = logit(np.array([tail, 1 - tail]))
    start = guess(limits.mean(), (high - low) / 2 / normal_quantile(probability))

    def miss(logs: Any) -> Any:
        one, other = np.exp(np.clip(logs, -30, 30))
        got = below(one, other, limits)
        return logit(np.clip(got, 1e-300, 1 - 1e-16)) - wanted

    found = root(miss, np.log(start), method="hybr", options={"xtol": 1e-12})
    if not np.abs(miss(found.x)).max() < 1e-6:
        return None
    one, other = np.exp(found.x)
    return float(one), float(other)
