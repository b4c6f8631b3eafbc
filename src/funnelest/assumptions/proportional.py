"""The rate of unobserved ages follows an age pattern from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from funnelest import math as fm
from funnelest.assumptions.base import told
from funnelest.assumptions.imputation import LikeOthers, filled, pooled, spread
from funnelest.axes import show_level
from funnelest.fields import Allowed, Constraint, is_number, one_of
from funnelest.population import Population
from funnelest.priors import Fixed, Normal, Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.terms.base import on_axis
from funnelest.words import named

__all__ = ["Proportional"]

_PATTERN = Constraint(
    "must map ages to rates",
    lambda value: isinstance(value, Mapping) and bool(value),
    (),
    (None, 3, "a", {}, [0.1]),
)


@dataclass(frozen=True, kw_only=True)
class Proportional(LikeOthers):
    r"""The rate of some ages relates to that of others as in a pattern from elsewhere.

    The pattern comes from retrospective surveys or from another country, with its own
    uncertainty, and with a discount for what it does not share with the rate that is modelled.

    Parameters
    ----------
    ages : (int, int)
        The unobserved ages, both included.
    like : (int, int)
        The observed ages that anchor the pattern, both included.
    pattern : mapping of int or (int, int) to float
        Age, or inclusive band of ages -> rate, in any unit (`scale` "odds": a share). It covers
        `ages` and `like`, each age once.
    uncertainty : Prior or float
        Standard deviation of the logarithm of each value of the pattern, independent of each
        other: about its relative standard error. 0 takes the pattern as known.
    discount : Prior or float
        Factor on what the pattern implies for `ages`; 1 takes it as it is.
    scale : {"rate", "odds"}, default "rate"
        Whether rates or odds are proportional to the pattern.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.

    Notes
    -----
    With :math:`m_a` the pattern and :math:`\bar m`, :math:`\bar r` the means of pattern and rate
    over `like`, weighted by people: :math:`r_a = \bar r\, d\, m_a e^{u_a} / \bar m`, with d the
    discount and :math:`u_a \sim N(0, s^2)` an error per value of the pattern, those of `like`
    included; at most 1. On the odds scale
    :math:`\mathrm{logit}\, r_a = \mathrm{logit}\, \bar r + \log d + \mathrm{logit}\, m_a + u_a
    - \mathrm{logit}\, \bar m`, with :math:`\bar m` the mean of the pattern with its errors.
    Two of these assumptions that share
    the ages `like` have independent errors for them; give one with both `ages` where they should
    not. A total split by the pattern is the special case of pyDisagg.
    """

    pattern: Mapping[Any, float] = field(default_factory=dict)
    uncertainty: Prior | float | None = None
    discount: Prior | float | None = None
    scale: Literal["rate", "odds"] = "rate"

    allowed: ClassVar[Allowed] = {
        "pattern": _PATTERN,
        "uncertainty": prior_of(0.0),
        "discount": prior_of(0.0),
        "scale": one_of("rate", "odds"),
    }

    def words(self, language: str) -> dict[str, str]:
        error = spread(within(as_prior(self.uncertainty), 0.0, np.inf), language)
        return {
            **super().words(language),
            "what": told(f"{self.scale}s".replace("ss", "s"), language),
            "factor": spread(within(as_prior(self.discount), 0.0, np.inf), language),
            "error": "" if self._known() else told("pattern_error", language, error=error),
        }

    def _levels(self, population: Population) -> tuple[dict[int, Any], list[str]]:
        """Return index of a level -> key of the pattern, and the problems with the keys."""
        axis = population.age_axis(self.axis)
        found: dict[int, Any] = {}
        problems = []
        for key in self.pattern:
            indices, trouble = axis.select(key)
            problems += [f"field 'pattern': {text}" for text in trouble]
            problems += [
                f"field 'pattern' has two values for age {show_level(axis.levels[i])}."
                for i in indices
                if i in found
            ]
            found.update(dict.fromkeys(indices, key))
        return found, problems

    def field_problems(self) -> list[str]:
        if not _PATTERN.holds(self.pattern):
            return []  # was said
        found = [
            f"field 'pattern': the value at age {show_level(key)} must be a number of at least 0; "
            f"given {value!r}."
            for key, value in self.pattern.items()
            if not (is_number(value) and value >= 0)
        ]
        if found:
            return found
        if not any(self.pattern.values()):
            return ["field 'pattern' is zero at every age: it says nothing."]
        if self.scale != "odds":
            return []
        return [
            f"field 'pattern': on the odds scale the value at age {show_level(key)} must lie "
            f"strictly between 0 and 1; given {value!r}."
            for key, value in self.pattern.items()
            if not 0 < value < 1
        ]

    def own_problems(self, population: Population) -> list[str]:
        found = super().own_problems(population)
        if not _PATTERN.holds(self.pattern):
            return found  # was said
        levels, trouble = self._levels(population)
        found += trouble
        axis = population.age_axis(self.axis)
        like = axis.select(self.like)[0]
        wanted = {*axis.select(self.ages)[0], *like}
        missing = [show_level(axis.levels[i]) for i in sorted(wanted - set(levels))]
        if missing:
            found.append(f"field 'pattern' misses age {', '.join(missing)}.")
        elif any(self.pattern.values()) and not any(self.pattern[levels[i]] for i in like):
            found.append(
                f"field 'pattern' is zero at {show_level(self.like)} (field 'like'), so that "
                "nothing can be proportional to it."
            )
        return found

    def _known(self) -> bool:
        """Return whether the pattern has no error at all."""
        prior = as_prior(self.uncertainty)
        return isinstance(prior, Fixed) and prior.value == 0

    def _error(self, key: Any) -> str:
        return self.label(f"pattern error at {show_level(key)}")

    def _used(self, population: Population, levels: Mapping[int, Any]) -> list[Any]:
        """Return the keys of the pattern that matter, of those of the `levels`."""
        axis = population.age_axis(self.axis)
        wanted = [*axis.select(self.ages)[0], *axis.select(self.like)[0]]
        return list(dict.fromkeys(levels[i] for i in sorted(wanted)))

    def parameters(self, population: Population) -> dict[str, Prior]:
        found = {self.label("discount"): within(as_prior(self.discount), 0.0, np.inf)}
        if not self._known():
            found[self.label("pattern uncertainty")] = within(
                as_prior(self.uncertainty), 0.0, np.inf
            )
            standard = Normal(0.0, 1.0, statement=named("default.pattern"))
            used = self._used(population, self._levels(population)[0])
            found |= {self._error(key): standard for key in used}
        return found

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        discount = values[self.label("discount")]
        levels, _ = self._levels(population)
        axis = population.age_axis(self.axis)
        error: dict[Any, Any] = dict.fromkeys(self._used(population, levels), 0.0)
        if not self._known():
            sd = values[self.label("pattern uncertainty")]
            error = {key: sd * values[self._error(key)] for key in error}
        column = []
        for i in range(len(axis.levels)):
            key = levels.get(i)
            # Ages that are not compared get any value: it is not used.
            value = self.pattern[key] if key in error else 0.5
            column.append(self._perturbed(value, error.get(key, 0.0)) + 0.0 * discount)
        pattern = on_axis(column, axis.name, population)
        # Weighted in every stratum as the rate is, else a rate that follows the pattern would not.
        there = pooled(pattern + 0.0 * rate, population, self.axis, self.like)
        observed = pooled(rate, population, self.axis, self.like)
        many = (None,) * len(population.axes) + (slice(None),)
        if self.scale == "odds":
            apart = fm.logit(pattern) - fm.logit(there) + fm.log(discount)[many]
            new = fm.expit(fm.logit(observed) + apart)
        else:
            new = fm.minimum(observed * discount[many] * pattern / there, 1.0)
        return filled(rate, new, population, self.axis, self.ages)

    def _perturbed(self, value: float, error: Any) -> Any:
        """Return a value of the pattern with its error."""
        if self.scale == "odds":
            return fm.expit(fm.logit(np.float64(value)) + error)
        return value * fm.exp(error)
