"""Prior distributions, from parameters or from an interval.

Every prior may carry a `statement` (why it is believed) and a `source`; the ledger of
assumptions prints them. A prior that cannot be meant is kept, and reported with all other
problems when it becomes part of a model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Beta",
    "Fixed",
    "Gamma",
    "HalfNormal",
    "LogNormal",
    "LogUniform",
    "LogitNormal",
    "Normal",
    "Prior",
    "Shared",
    "Truncated",
    "Uniform",
]

type Floats = NDArray[np.float64]
#: The bijections between a parameter and the unconstrained line.
type Bijection = tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]

_REAL = (-math.inf, math.inf)
_POSITIVE = (0.0, math.inf)
_UNIT = (0.0, 1.0)


def _special() -> Any:
    import scipy.special

    return scipy.special


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is believed of one number before the figures are seen.

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
    #: Names of the fields that are the distribution's parameters.
    _parameters: ClassVar[tuple[str, ...]] = ()

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

    def stacked(self, others: list[Any]) -> Self:
        """Return one prior whose parameters are columns, a row per prior in `others`."""
        columns: dict[str, Any] = {
            name: np.array([[float(getattr(one, name))] for one in others])
            for name in self._parameters
        }
        return replace(self, **columns)

    def problems(self) -> list[str]:
        """Return what is wrong with this prior, one sentence each."""
        if self.trouble:
            return [self.trouble]
        found = []
        for name in self._parameters:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.number):
                found.append(f"{type(self).__name__}: {name} must be a number; given {value!r}.")
            elif not math.isfinite(value):
                found.append(f"{type(self).__name__}: {name} must be finite; given {value}.")
        return found or self._own_problems()

    def _own_problems(self) -> list[str]:
        return []

    def _must_be_positive(self, *names: str) -> list[str]:
        return [
            f"{type(self).__name__}: {name} must be above 0; given {getattr(self, name)}."
            for name in names
            if not getattr(self, name) > 0
        ]

    def interval(self, probability: float = 0.95) -> tuple[float, float]:
        """Return the equal-tailed interval with this probability."""
        tail = (1 - probability) / 2
        return float(self.ppf(tail)), float(self.ppf(1 - tail))

    def __repr__(self) -> str:
        parts = [f"{name}={getattr(self, name)!r}" for name in self._parameters]
        parts += [f"{n}={getattr(self, n)!r}" for n in ("statement", "source") if getattr(self, n)]
        return f"{type(self).__name__}({', '.join(parts)})"

    def describe(self) -> str:
        """Return the distribution as text, such as ``Beta(16, 4)``."""
        shown = ", ".join(f"{getattr(self, name):.4g}" for name in self._parameters)
        return f"{type(self).__name__}({shown})"


def _interval_trouble(
    family: str, low: float, high: float, probability: float, support: tuple[float, float]
) -> str:
    """Return in a sentence why an interval is impossible, or an empty string."""
    given = f"given low={low!r}, high={high!r}, probability={probability!r}"
    for value in (low, high, probability):
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
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


def _normal_quantile(probability: float) -> float:
    """Return z such that the central interval of a standard normal has this probability."""
    return float(_special().ndtri((1 + probability) / 2))


def _solve(start: list[float], tails: Callable[[Any], Any], wanted: tuple[float, float]) -> Any:
    """Return positive parameters whose distribution function at the limits is `wanted`."""
    from scipy.optimize import root

    logit = _special().logit

    def miss(logs: Any) -> Any:
        got = np.clip(tails(np.exp(np.clip(logs, -30, 30))), 1e-300, 1 - 1e-16)
        return logit(got) - logit(np.array(wanted))

    found = root(miss, np.log(start), method="hybr", options={"xtol": 1e-12})
    return np.exp(found.x) if np.abs(miss(found.x)).max() < 1e-6 else None


@dataclass(frozen=True, repr=False)
class Normal(Prior):
    """Normal distribution.

    Parameters
    ----------
    mean, sd : float
        Mean and standard deviation (`sd` above 0).
    """

    mean: float
    sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("mean", "sd")

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
        """Return the normal whose equal-tailed interval is (`low`, `high`)."""
        trouble = _interval_trouble("Normal", low, high, probability, _REAL)
        mean = sd = math.nan
        if not trouble:
            mean, sd = (low + high) / 2, (high - low) / 2 / _normal_quantile(probability)
        return cls(mean, sd, statement=statement, source=source, trouble=trouble)

    @property
    def support(self) -> tuple[float, float]:
        return _REAL

    def logpdf(self, x: Any) -> Any:
        z = (x - self.mean) / self.sd
        return -0.5 * z * z - np.log(self.sd) - 0.5 * math.log(2 * math.pi)

    def cdf(self, x: Any) -> Any:
        return _special().ndtr((x - self.mean) / self.sd)

    def ppf(self, p: Any) -> Any:
        return self.mean + self.sd * _special().ndtri(p)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.normal(self.mean, self.sd, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("sd")


@dataclass(frozen=True, repr=False)
class HalfNormal(Prior):
    """Normal distribution with mean zero, folded at zero.

    Parameters
    ----------
    sd : float
        Standard deviation of the normal before folding, above 0.
    """

    sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("sd",)

    @property
    def support(self) -> tuple[float, float]:
        return _POSITIVE

    def logpdf(self, x: Any) -> Any:
        z = x / self.sd
        return -0.5 * z * z - np.log(self.sd) + 0.5 * math.log(2 / math.pi)

    def cdf(self, x: Any) -> Any:
        return 2 * _special().ndtr(x / self.sd) - 1

    def ppf(self, p: Any) -> Any:
        return self.sd * _special().ndtri((1 + np.asarray(p)) / 2)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("sd")


@dataclass(frozen=True, repr=False)
class LogNormal(Prior):
    """Distribution of a positive number whose logarithm is normal.

    Parameters
    ----------
    log_mean, log_sd : float
        Mean and standard deviation of the natural logarithm (`log_sd` above 0). The median is
        ``exp(log_mean)``.
    """

    log_mean: float
    log_sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("log_mean", "log_sd")

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
        """Return the log-normal whose equal-tailed interval is (`low`, `high`)."""
        trouble = _interval_trouble("LogNormal", low, high, probability, _POSITIVE)
        mean = sd = math.nan
        if not trouble:
            mean = (math.log(low) + math.log(high)) / 2
            sd = (math.log(high) - math.log(low)) / 2 / _normal_quantile(probability)
        return cls(mean, sd, statement=statement, source=source, trouble=trouble)

    @property
    def support(self) -> tuple[float, float]:
        return _POSITIVE

    def logpdf(self, x: Any) -> Any:
        log_x = np.log(x)
        z = (log_x - self.log_mean) / self.log_sd
        return -0.5 * z * z - np.log(self.log_sd) - 0.5 * math.log(2 * math.pi) - log_x

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return _special().ndtr((np.log(x) - self.log_mean) / self.log_sd)

    def ppf(self, p: Any) -> Any:
        return np.exp(self.log_mean + self.log_sd * _special().ndtri(p))

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.lognormal(self.log_mean, self.log_sd, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("log_sd")


@dataclass(frozen=True, repr=False)
class LogitNormal(Prior):
    """Distribution of a share whose log-odds are normal.

    Parameters
    ----------
    logit_mean, logit_sd : float
        Mean and standard deviation of the log-odds (`logit_sd` above 0).
    """

    logit_mean: float
    logit_sd: float
    _parameters: ClassVar[tuple[str, ...]] = ("logit_mean", "logit_sd")

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
        """Return the logit-normal whose equal-tailed interval is (`low`, `high`)."""
        trouble = _interval_trouble("LogitNormal", low, high, probability, _UNIT)
        mean = sd = math.nan
        if not trouble:
            a, b = (math.log(p / (1 - p)) for p in (low, high))
            mean, sd = (a + b) / 2, (b - a) / 2 / _normal_quantile(probability)
        return cls(mean, sd, statement=statement, source=source, trouble=trouble)

    @property
    def support(self) -> tuple[float, float]:
        return _UNIT

    def logpdf(self, x: Any) -> Any:
        log_x, log_rest = np.log(x), np.log1p(-x)
        z = (log_x - log_rest - self.logit_mean) / self.logit_sd
        constant = np.log(self.logit_sd) + 0.5 * math.log(2 * math.pi)
        return -0.5 * z * z - constant - log_x - log_rest

    def cdf(self, x: Any) -> Any:
        return _special().ndtr((_special().logit(x) - self.logit_mean) / self.logit_sd)

    def ppf(self, p: Any) -> Any:
        return _special().expit(self.logit_mean + self.logit_sd * _special().ndtri(p))

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("logit_sd")


@dataclass(frozen=True, repr=False)
class Beta(Prior):
    """Beta distribution of a share.

    Parameters
    ----------
    alpha, beta : float
        Shape parameters above 0; like having seen `alpha` successes and `beta` failures.
    """

    alpha: float
    beta: float
    _parameters: ClassVar[tuple[str, ...]] = ("alpha", "beta")

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
        """Return the beta whose equal-tailed interval is (`low`, `high`)."""
        trouble = _interval_trouble("Beta", low, high, probability, _UNIT)
        shapes = None
        if not trouble:
            tail = (1 - probability) / 2
            limits = np.array([low, high])
            mean, spread = limits.mean(), (high - low) / 2 / _normal_quantile(probability)
            size = max(mean * (1 - mean) / spread**2 - 1, 0.5)
            shapes = _solve(
                [mean * size, (1 - mean) * size],
                lambda ab: _special().betainc(ab[0], ab[1], limits),
                (tail, 1 - tail),
            )
            if shapes is None:
                trouble = f"Beta.from_interval: no beta distribution has the interval {low}-{high}."
        alpha, beta = (math.nan, math.nan) if shapes is None else map(float, shapes)
        return cls(alpha, beta, statement=statement, source=source, trouble=trouble)

    @property
    def support(self) -> tuple[float, float]:
        return _UNIT

    def logpdf(self, x: Any) -> Any:
        betaln = _special().betaln(self.alpha, self.beta)
        xlogy, xlog1py = _special().xlogy, _special().xlog1py
        return xlogy(self.alpha - 1, x) + xlog1py(self.beta - 1, -x) - betaln

    def cdf(self, x: Any) -> Any:
        return _special().betainc(self.alpha, self.beta, x)

    def ppf(self, p: Any) -> Any:
        return _special().betaincinv(self.alpha, self.beta, p)

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.beta(self.alpha, self.beta, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("alpha", "beta")


@dataclass(frozen=True, repr=False)
class Gamma(Prior):
    """Gamma distribution of a positive number.

    Parameters
    ----------
    shape, rate : float
        Shape and rate above 0; the mean is ``shape / rate``.
    """

    shape: float
    rate: float
    _parameters: ClassVar[tuple[str, ...]] = ("shape", "rate")

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
        """Return the gamma whose equal-tailed interval is (`low`, `high`)."""
        trouble = _interval_trouble("Gamma", low, high, probability, _POSITIVE)
        found = None
        if not trouble:
            tail = (1 - probability) / 2
            limits = np.array([low, high])
            spread = (high - low) / 2 / _normal_quantile(probability)
            shape = max((limits.mean() / spread) ** 2, 0.2)
            found = _solve(
                [shape, shape / limits.mean()],
                lambda ab: _special().gammainc(ab[0], ab[1] * limits),
                (tail, 1 - tail),
            )
            if found is None:
                trouble = f"Gamma.from_interval: no gamma distribution has {low}-{high}."
        shape, rate = (math.nan, math.nan) if found is None else map(float, found)
        return cls(shape, rate, statement=statement, source=source, trouble=trouble)

    @property
    def support(self) -> tuple[float, float]:
        return _POSITIVE

    def logpdf(self, x: Any) -> Any:
        constant = self.shape * np.log(self.rate) - _special().gammaln(self.shape)
        return constant + (self.shape - 1) * np.log(x) - self.rate * x

    def cdf(self, x: Any) -> Any:
        return _special().gammainc(self.shape, self.rate * np.asarray(x))

    def ppf(self, p: Any) -> Any:
        return _special().gammaincinv(self.shape, p) / self.rate

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.gamma(self.shape, 1 / self.rate, size)

    def _own_problems(self) -> list[str]:
        return self._must_be_positive("shape", "rate")


@dataclass(frozen=True, repr=False)
class Uniform(Prior):
    """Every value between two limits equally likely.

    Parameters
    ----------
    low, high : float
        The limits, `low` below `high`.
    """

    low: float
    high: float
    _parameters: ClassVar[tuple[str, ...]] = ("low", "high")

    @property
    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def logpdf(self, x: Any) -> Any:
        inside = (x >= self.low) & (x <= self.high)
        return np.where(inside, -np.log(self.high - self.low), -np.inf)

    def cdf(self, x: Any) -> Any:
        return np.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        return self.low + (self.high - self.low) * np.asarray(p)

    def _own_problems(self) -> list[str]:
        if self.low < self.high:
            return []
        return [f"Uniform: low must be below high; given low={self.low}, high={self.high}."]


@dataclass(frozen=True, repr=False)
class LogUniform(Prior):
    """Every order of magnitude between two positive limits equally likely.

    Parameters
    ----------
    low, high : float
        The limits, ``0 < low < high``.
    """

    low: float
    high: float
    _parameters: ClassVar[tuple[str, ...]] = ("low", "high")

    @property
    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def logpdf(self, x: Any) -> Any:
        inside = (x >= self.low) & (x <= self.high)
        density = -np.log(x) - np.log(np.log(self.high / self.low))
        return np.where(inside, density, -np.inf)

    def cdf(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            share = np.log(np.asarray(x) / self.low) / np.log(self.high / self.low)
        return np.clip(share, 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        return self.low * np.exp(np.asarray(p) * np.log(self.high / self.low))

    def _own_problems(self) -> list[str]:
        if 0 < self.low < self.high:
            return []
        return [f"LogUniform needs 0 < low < high; given low={self.low}, high={self.high}."]


@dataclass(frozen=True)
class Truncated(Prior):
    """Another prior, restricted to an interval.

    Parameters
    ----------
    prior : Prior
        The distribution to restrict.
    low, high : float
        The limits. The density inside is divided by the probability of the interval.
    """

    prior: Prior
    low: float = -math.inf
    high: float = math.inf

    @property
    def support(self) -> tuple[float, float]:
        low, high = self.prior.support
        return (max(low, self.low), min(high, self.high))

    def _tails(self) -> tuple[float, float]:
        low, high = self.support
        return float(self.prior.cdf(low)), float(self.prior.cdf(high))

    def logpdf(self, x: Any) -> Any:
        low, high = self.support
        below, above = self._tails()
        inside = (x >= low) & (x <= high)
        return np.where(inside, self.prior.logpdf(x) - math.log(above - below), -np.inf)

    def cdf(self, x: Any) -> Any:
        below, above = self._tails()
        return np.clip((self.prior.cdf(x) - below) / (above - below), 0.0, 1.0)

    def ppf(self, p: Any) -> Any:
        below, above = self._tails()
        # Clipped: the quantile of a limit's own probability may fall a rounding error outside.
        return np.clip(self.prior.ppf(below + (above - below) * np.asarray(p)), *self.support)

    def problems(self) -> list[str]:
        """Return what is wrong with this prior, one sentence each."""
        if not isinstance(self.prior, Prior) or isinstance(self.prior, Fixed | Shared):
            return [f"Truncated needs a prior to truncate; given {self.prior!r}."]
        if isinstance(self.prior, Truncated | LogUniform):
            return [f"Truncated: {type(self.prior).__name__} has limits of its own; narrow those."]
        found = self.prior.problems()
        found += [
            f"Truncated: {name} must be a number; given {limit!r}."
            for name, limit in (("low", self.low), ("high", self.high))
            if isinstance(limit, bool) or not isinstance(limit, int | float | np.number)
        ]
        if not found:
            low, high = self.support
            below, above = self._tails() if low < high else (0.0, 0.0)
            if not above - below > 1e-12:
                found.append(
                    f"Truncated: {self.prior.describe()} has no probability between "
                    f"{self.low:g} and {self.high:g}."
                )
        return found

    def describe(self) -> str:
        """Return the distribution as text."""
        return f"{self.prior.describe()} between {self.low:g} and {self.high:g}"


@dataclass(frozen=True, repr=False)
class Fixed(Prior):
    """A number that is taken as known.

    Parameters
    ----------
    value : float
        The number.
    """

    value: float
    _parameters: ClassVar[tuple[str, ...]] = ("value",)

    @property
    def support(self) -> tuple[float, float]:
        return (self.value, self.value)

    def ppf(self, p: Any) -> Any:
        return np.full_like(np.asarray(p, dtype=np.float64), self.value)

    def describe(self) -> str:
        """Return the number as text."""
        return f"fixed at {self.value:g}"


@dataclass(frozen=True, repr=False)
class Shared(Prior):
    """A parameter of the model that several parts use, by its name.

    Parameters
    ----------
    name : str
        A key of the model's `parameters`, whose prior is given there.
    limits : (float, float)
        Filled in by the library: the limits that the place of use sets.
    """

    name: str
    _parameters: ClassVar[tuple[str, ...]] = ("name",)
    #: Limits that the place of use sets; the model checks them against the prior.
    limits: tuple[float, float] = field(default=_REAL, repr=False)

    def problems(self) -> list[str]:
        """Return what is wrong with this reference, one sentence each."""
        if isinstance(self.name, str) and self.name:
            return []
        return [f"Shared needs the name of one of the model's parameters; given {self.name!r}."]

    def describe(self) -> str:
        """Return the reference as text."""
        return f"the parameter {self.name!r}"


def as_prior(value: object) -> Prior:
    """Return `value` as a prior: a plain number becomes `Fixed`."""
    if isinstance(value, Prior):
        return value
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return Fixed(float(value))
    return Fixed(math.nan, trouble=f"a prior or a number is needed; given {value!r}.")


def within(prior: Prior, low: float, high: float) -> Prior:
    """Return `prior`, truncated to (`low`, `high`) when its support reaches beyond."""
    if isinstance(prior, Shared):
        return replace(prior, limits=(low, high))
    if isinstance(prior, Fixed) or prior.problems():
        return prior
    a, b = prior.support
    if a >= low and b <= high:
        return prior
    if isinstance(prior, Truncated | Uniform | LogUniform):
        return replace(prior, low=max(prior.low, low), high=min(prior.high, high))
    return Truncated(prior, low=low, high=high, statement=prior.statement, source=prior.source)


def bijection(support: tuple[Any, Any], *, log_scale: bool = False) -> Bijection:
    """Return the map from the line to a support, its inverse, and the log of its slope.

    The same maps as PyMC's default transforms, so that densities on the line can be compared.
    With `log_scale` the interval is mapped on the scale of the logarithm.
    """
    low, high = support
    special = _special()
    if log_scale:
        line, back, slope = bijection((np.log(low), np.log(high)))
        return (
            lambda z: np.exp(line(z)),
            lambda x: back(np.log(x)),
            lambda z: slope(z) + line(z),
        )
    if np.all(np.isinf(low)) and np.all(np.isinf(high)):
        return (lambda z: z, lambda x: x, np.zeros_like)
    if np.all(np.isinf(high)):
        return (lambda z: low + np.exp(z), lambda x: np.log(x - low), lambda z: z)
    if np.all(np.isinf(low)):
        return (lambda z: high - np.exp(z), lambda x: np.log(high - x), lambda z: z)
    return (
        lambda z: low + (high - low) * special.expit(z),
        lambda x: special.logit((x - low) / (high - low)),
        # log(high - low) + log p + log(1 - p), with p = expit(z)
        lambda z: np.log(high - low) - np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z))),
    )
