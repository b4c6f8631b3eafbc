"""Known numbers, shared parameters, truncated priors, and what fits where."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from funnelest.priors.base import REAL, Prior
from funnelest.priors.families import LogUniform, Uniform

__all__ = ["Fixed", "Shared", "Truncated", "as_prior", "prior_problems", "within"]


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
    limits: tuple[float, float] = field(default=REAL, repr=False)

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


def prior_problems(
    fieldname: str,
    value: object,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: bool = False,
) -> list[str]:
    """Return why a field is neither a prior nor a number between the limits, one sentence each.

    With `above` the lower limit itself is not allowed. A prior of which less than half lies between
    the limits was meant for something else: it would be cut to what nobody stated.
    """
    if value is None:
        return [f"field {fieldname!r} needs a prior, or a number that is taken as known."]
    prior = as_prior(value)
    found = [f"field {fieldname!r}: {text}" for text in prior.problems()]
    if found or isinstance(prior, Shared):
        return found
    limits = f"above {low:g}" if above else f"at least {low:g}"
    if math.isfinite(high):
        limits = f"{limits} and at most {high:g}" if above else f"between {low:g} and {high:g}"
    a, b = prior.support
    if isinstance(prior, Fixed):
        inside = low < prior.value <= high if above else low <= prior.value <= high
        return [] if inside else [f"field {fieldname!r} must be {limits}; given {prior.value:g}."]
    if a >= low and b <= high:
        return []
    share = 0.0
    if b > low and a < high:
        share = float(prior.cdf(min(b, high))) - float(prior.cdf(max(a, low)))
    if share >= 0.5:
        return []
    return [
        f"field {fieldname!r} must be {limits}, where {prior.describe()} has "
        f"{'no' if share < 1e-12 else f'only {share:.1%}'} probability: what is left of it would "
        "hardly be what was stated."
    ]
