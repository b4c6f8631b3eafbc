"""The rate of unobserved ages lies between two limits, and nothing else is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest.assumptions.base import told
from funnelest.assumptions.imputation import Imputation, filled, marked
from funnelest.errors import SpecError
from funnelest.fields import SHARE, TRUTH, Allowed, explained, number, wrong_fields
from funnelest.population import Population

__all__ = ["Bounds", "Held"]


@dataclass(frozen=True, kw_only=True)
class Held(Imputation):
    """The rate of some ages is a known number; the end of a `Bounds`.

    Parameters
    ----------
    ages : (int, int)
        The ages, both included.
    rate : float
        The yearly rate, between 0 and 1.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.
    """

    rate: float = 0.0

    allowed: ClassVar[Allowed] = {"rate": SHARE}

    def words(self, language: str) -> dict[str, str]:
        return {**super().words(language), "rate": marked(f"{self.rate:.4g}", language)}

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        return filled(rate, np.float64(self.rate), population, self.axis, self.ages)


def _per_problems(name: str, value: Any, _: Any, population: Population) -> list[str]:
    if value is None:
        return [f"field {name!r} must name an axis: the limits are yearly numbers."]
    return population.per_problems(value, f"field {name!r}")


@dataclass(frozen=True, kw_only=True)
class Bounds(Imputation):
    r"""The rate of some ages lies between two limits; no distribution is assumed within them.

    Without a distribution there is no posterior, so such a model is not fitted as it is:
    `funnelest.check.compare` fits it at both limits and shows what lies between.

    Parameters
    ----------
    ages : (int, int)
        The unobserved ages, both included.
    lower, upper : float
        Limits of the yearly rate (share of the people of these ages), or with `numbers` of the
        yearly number of people. The lower limit is what registers must contain, the upper one
        what the population allows (a rate of 1) or what can be stated.
    numbers : bool, default False
        Whether the limits are yearly numbers of people.
    per : str, default "auto"
        Axis over which the numbers are a mean: that of the years, where there is one.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.

    Notes
    -----
    Worst-case bounds of Manski, American Economic Review 1990;80:319: whatever the rate of the
    ages that nobody asked, the total lies between that of the observed ages plus the two limits.
    """

    lower: float | None = None
    upper: float | None = None
    numbers: bool = False
    per: str = "auto"

    allowed: ClassVar[Allowed] = {
        "numbers": TRUTH,
        "per": explained(_per_problems, None, "month", ["year"], "\ud800"),
        **dict.fromkeys(("lower", "upper"), number(least=0)),
    }

    def words(self, language: str) -> dict[str, str]:
        return {
            **super().words(language),
            "what": told("limited_number" if self.numbers else "limited_rate", language),
            "lower": marked(f"{self.lower:,.6g}", language) if self.lower is not None else "?",
            "upper": marked(f"{self.upper:,.6g}", language) if self.upper is not None else "?",
        }

    def own_problems(self, population: Population) -> list[str]:
        wrong = wrong_fields(self, population=population)
        if wrong.keys() & {"per", "numbers"}:
            return []
        most = self._people(population) if self.numbers else 1.0
        what = f"the {most:,.0f} people of these ages" if self.numbers else "1"
        limits = {"lower": self.lower, "upper": self.upper}
        found = [
            f"field {name!r} must lie between 0 and {what}; given {value!r}."
            for name, value in limits.items()
            if name not in wrong and value > most * (1 + 1e-9)  # type: ignore[operator]
        ]
        if not found and not limits.keys() & wrong.keys() and self.lower > self.upper:  # type: ignore[operator]
            found.append(
                f"field 'lower' must not be above field 'upper'; given {self.lower!r} and "
                f"{self.upper!r}."
            )
        return found

    def limits_numbers(self) -> bool:
        return self.numbers

    def _people(self, population: Population) -> float:
        """Return the people of these ages in one year."""
        where = {population.age_axis(self.axis).name: self.ages}
        people = population.total(where)
        per = population.mean_over(self.per)
        if per is None:
            return people
        return people / len(population.select(where)[population.position(per)])

    def ends(self, population: Population) -> dict[str, Held]:
        scale = 1 / self._people(population) if self.numbers else 1.0
        return {
            name: Held(
                ages=self.ages,
                rate=min(float(value) * scale, 1.0),
                statement=self.statement,
                source=self.source,
                axis=self.axis,
            )
            for name, value in (("lower", self.lower), ("upper", self.upper))
            if value is not None
        }

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        """Raise: between the limits nothing is said."""
        raise SpecError(
            [
                f"{self.describe()}. So there is no posterior: compare the two limits with "
                "funnelest.check.compare, or state a distribution."
            ],
            "the fit",
        )
