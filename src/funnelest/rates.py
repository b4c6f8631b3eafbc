"""How many enter the route, and which share passes a transition: a level, and terms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.axes import show_level
from funnelest.fields import axis_problems, plain_fields, problems_of
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared, as_prior, within
from funnelest.terms.base import Term, on_axis

__all__ = ["Hazard", "Number", "PerLevel", "Rate", "Share"]


@dataclass(frozen=True)
class PerLevel:
    """A prior for each level of an axis, in place of one for all.

    Parameters
    ----------
    axis : str
        Name of the axis.
    priors : mapping
        Level, or tuple of levels that share one unknown value -> prior or fixed number. On a
        numeric axis a pair ``(low, high)`` is the inclusive range. Every level exactly once.
    """

    axis: str
    priors: Mapping[Any, Prior | float]

    def __post_init__(self) -> None:
        plain_fields(self)

    def groups(
        self, population: Population
    ) -> tuple[dict[str, tuple[list[int], Prior]], list[str]]:
        """Return label -> (level indices, prior), and the problems."""
        if not isinstance(self.priors, Mapping):
            return {}, [f"PerLevel needs a mapping from level to prior; given {self.priors!r}."]
        trouble = axis_problems("axis", self.axis, population)
        if trouble:
            return {}, [f"PerLevel: {text}" for text in trouble]
        axis = population.axis(self.axis)
        assert axis is not None
        found: dict[str, tuple[list[int], Prior]] = {}
        problems: list[str] = []
        taken: dict[int, str] = {}
        for wanted, prior in self.priors.items():
            chosen, trouble = population.select_on(axis, wanted)
            indices = chosen.tolist()
            problems += [f"PerLevel: {text}" for text in trouble]
            names = wanted if isinstance(wanted, tuple) and not axis.numeric else (wanted,)
            label = " or ".join(show_level(axis.read(level)) for level in names)
            for i in indices:
                if i in taken:
                    problems.append(
                        f"PerLevel: {show_level(axis.levels[i])!r} on axis {self.axis!r} has two "
                        f"priors, under {taken[i]!r} and {label!r}."
                    )
                taken[i] = label
            found[label] = (indices, as_prior(prior))
        missing = [show_level(v) for i, v in enumerate(axis.levels) if i not in taken]
        if missing:
            problems.append(f"PerLevel: no prior for {', '.join(missing)} on axis {self.axis!r}.")
        return found, problems


@dataclass(frozen=True, init=False)
class _Varying:
    """A level on its natural scale, and deviations from it on a link scale."""

    base: Prior | PerLevel
    terms: tuple[Term, ...]
    support: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __init__(self, base: Prior | PerLevel | float, *terms: Term) -> None:
        object.__setattr__(self, "base", base if isinstance(base, PerLevel) else as_prior(base))
        object.__setattr__(self, "terms", terms)

    @staticmethod
    def _moved(level: Any, by: Iterable[Any]) -> Any:
        """Return a level moved by deviations on the link scale.

        The exponential of a sum over axes is a product: one of each level, and not of each cell.
        """
        with np.errstate(divide="ignore", over="ignore"):  # a share may round to 0
            against = (1.0 - level) / level
            for deviation in by:
                against = against * fm.exp(-deviation)
            return 1.0 / (1.0 + against)

    def _priors(self, name: str, population: Population) -> dict[str, Prior]:
        if isinstance(self.base, PerLevel):
            groups, _ = self.base.groups(population)
            return {f"{name}[{self.base.axis}={key}]": prior for key, (_, prior) in groups.items()}
        return {name: self.base}

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong, one sentence each."""
        found = problems_of(self, population=population)
        if isinstance(self.base, PerLevel):
            found += self.base.groups(population)[1]
        low, high = self.support
        for label, prior in self._priors("", population).items():
            trouble = prior.problems()
            found += [f"{label} {text}".strip() for text in trouble]
            if trouble or isinstance(prior, Shared):
                continue
            a, b = prior.support
            if isinstance(prior, Fixed) and not low <= prior.value <= high:
                found.append(
                    f"{label} must lie between {low:g} and {high:g}; {prior.describe()}.".strip()
                )
            elif not isinstance(prior, Fixed) and (b <= low or a >= high):
                found.append(
                    f"{label} must lie between {low:g} and {high:g}, where "
                    f"{prior.describe()} has no probability.".strip()
                )
            elif self.terms and isinstance(prior, Fixed) and prior.value in (low, high):
                found.append(
                    f"{label} is {prior.describe()}, which terms cannot vary; give a prior.".strip()
                )
        axes = []
        for term in self.terms:
            if not isinstance(term, Term):
                found.append(f"{term!r} is not a term such as Levels, nor an own kind of Term.")
                continue
            own = term.problems(population)
            found += own
            if not own:
                for prior in term.parameters("", population).values():
                    found += prior.problems()
                axes.append(term.axis)
        if isinstance(self.base, PerLevel) and not self.base.groups(population)[1]:
            axes.append(self.base.axis)
        found += [
            f"axis {axis!r} has more than one term."
            for axis in dict.fromkeys(axes)
            if axes.count(axis) > 1
        ]
        return found

    def parameters(self, name: str, population: Population) -> dict[str, Prior]:
        """Return the priors, by parameter name."""
        low, high = self.support
        found = {
            key: within(prior, low, high) for key, prior in self._priors(name, population).items()
        }
        for term in self.terms:
            found.update(term.parameters(name, population))
        return found

    def set_by(self, name: str, population: Population) -> list[str]:
        """Return the parameters that set its level; those of terms are deviations from it."""
        return list(self._priors(name, population))

    def by_default(self, name: str, population: Population) -> set[str]:
        """Return the parameters whose priors were left to a default."""
        terms = [term for term in self.terms if term.by_default()]
        return {key for term in terms for key in term.parameters(name, population)}

    def axes(self) -> set[str]:
        """Return the axes over which the value varies."""
        found = {term.axis for term in self.terms}
        return found | ({self.base.axis} if isinstance(self.base, PerLevel) else set())

    def evaluate(self, values: Mapping[str, Any], name: str, population: Population) -> Any:
        """Return the value in cells, of length 1 on the axes over which it does not vary."""
        if isinstance(self.base, PerLevel):
            groups, _ = self.base.groups(population)
            axis = population.axis(self.base.axis)
            assert axis is not None
            column: list[Any] = [None] * len(axis.levels)
            for key, (indices, _) in groups.items():
                for i in indices:
                    column[i] = values[f"{name}[{self.base.axis}={key}]"]
            level = on_axis(column, self.base.axis, population)
        else:
            level = values[name][(None,) * len(population.axes) + (slice(None),)]
        if not self.terms:
            return level
        return self._moved(level, (term.deviation(values, name, population) for term in self.terms))


class Rate(_Varying):
    r"""Share of the population that enters the route in one year.

    Parameters
    ----------
    base : Prior, PerLevel or float
        The rate: one prior, one per level of an axis, or a known number. Between 0 and 1; a
        prior that reaches beyond is truncated.
    *terms : Term
        How the rate varies over axes; deviations of the log-odds.

    Notes
    -----
    :math:`N_c \sim \mathrm{Poisson}(P_c r_c)` with
    :math:`\mathrm{logit}\, r_c = \mathrm{logit}\, r + \sum_t \delta_t(c)`.
    """


class Hazard(Rate):
    r"""Yearly probability of a first event, among those to whom it never happened before.

    In place of a `Rate`, where what is known is about first events. The number of people who
    enter the route in a year follows by the assumption `FirstTime`, which the model then needs.

    Parameters
    ----------
    base : Prior, PerLevel or float
        The hazard at one year of age: one prior, one per level of an axis, or a known number.
    *terms : Term
        How it varies over axes; deviations of the log-odds.

    Notes
    -----
    With :math:`h_a` the hazard at age a, :math:`S_a = \prod_{b<a} (1 - h_b)` the share without
    an event before it and :math:`\phi_a` the share of a year's victims to whom it happens for the
    first time, the rate of the first step is :math:`r_a = S_a h_a / \phi_a`. The ages before are
    taken from the same year and the same levels of the other axes (a synthetic cohort), so the
    population needs single years of age from 0. What is assumed of young ages changes, a little,
    how many are left at risk at later ones. Discrete-time hazards, as in Singer and Willett,
    Journal of Educational Statistics 1993;18:155.
    """


class Share(_Varying):
    r"""Probability of a transition, given that no earlier one of the same step was made.

    Parameters
    ----------
    base : Prior, PerLevel or float
        The share: one prior, one per level of an axis, or a known number.
    *terms : Term
        How the share varies over axes; deviations of the log-odds.

    Notes
    -----
    The transitions out of a step are disjoint. In step order, with shares
    :math:`s_1, s_2, \ldots`, the probabilities are :math:`q_1 = s_1`,
    :math:`q_2 = (1 - s_1) s_2`, and so on (stick-breaking): a prior on told -> helped reads
    "of those who told and were not reported, the share that is helped".
    """


class Number(_Varying):
    r"""Expected number of people who enter the route, per cell.

    For routes whose entry is not a rate of a counted population; the axes come from
    `Population.cells`.

    Parameters
    ----------
    base : Prior, PerLevel or float
        The number in each cell: one prior, one per level of an axis, or a known number.
    *terms : Term
        How the number varies over axes; deviations of the logarithm.

    Notes
    -----
    :math:`N_c \sim \mathrm{Poisson}(\mu_c)` with
    :math:`\log \mu_c = \log \mu + \sum_t \delta_t(c)`.
    """

    support: ClassVar[tuple[float, float]] = (0.0, math.inf)

    @staticmethod
    def _moved(level: Any, by: Iterable[Any]) -> Any:
        for deviation in by:
            level = level * fm.exp(deviation)
        return level
