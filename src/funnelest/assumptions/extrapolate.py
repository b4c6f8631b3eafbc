"""The rate of unobserved ages goes on smoothly from that of observed ones."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.assumptions.base import told
from funnelest.assumptions.imputation import LikeOthers, filled, odds_factor, pooled, spread
from funnelest.axes import show_level
from funnelest.fields import Allowed, one_of, whole
from funnelest.population import Population
from funnelest.priors import Normal, Prior, as_prior, prior_problems, within
from funnelest.priors.constraint import prior_of
from funnelest.terms.base import on_axis, stacked
from funnelest.terms.smooth import spline_basis, steps_away
from funnelest.words import named

__all__ = ["Extrapolate"]


@dataclass(frozen=True, kw_only=True)
class Extrapolate(LikeOthers):
    r"""The log-odds of some ages go on from those of others by a random walk.

    Parameters
    ----------
    ages : (int, int)
        The unobserved ages, both included, all below or all above `like`.
    like : (int, int)
        The observed ages from which the walk starts: from the nearest of them, or from all of
        those to which the model gives the same rate as to the nearest, at their mean age.
    factor : Prior or float
        Standard deviation of the walk, as the factor by which the odds typically change from
        one year of age to the next: 1.15 is 15% up or down, one standard deviation. Above 1.
    order : {1, 2}, default 1
        Order of the walk: 1 varies the level, 2 varies the slope and is smoother.
    trend : Prior or float, optional
        Change of the log-odds per year of age, along which the walk goes; obligatory for order
        2, none when left out for order 1.
    knots : int, optional
        The walk is of the coefficients of a cubic B-spline (a P-spline) whose knots are this
        many years apart, in place of the ages themselves.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.

    Notes
    -----
    With :math:`a_i` the middle of the i-th age, and :math:`\bar a` where the curve is known:
    :math:`\mathrm{logit}\, r_i = \mathrm{logit}\, r_{\bar a} + \beta (a_i - \bar a) + \sigma w_i`,
    :math:`\sigma = \log f`, and w a standard random walk outwards from :math:`\bar a`: with
    :math:`t_i = |a_i - \bar a|`, :math:`w_i - w_{i-1} \sim N(0, t_i - t_{i-1})`, or for order 2 its
    running sum over single years.

    The rate of a band, of which the model knows but the mean, is that of the band's middle: 14 for
    12-16. Where the rate varies over single years of `like`, the curve is known up to the nearest,
    and starts there. Where it does not, what is known is the mean again, at the mean age of the
    people of these ages. P-spline as in Lang and Brezger, Journal of Computational and Graphical
    Statistics 2004;13:183. The further from the observed ages, the wider.
    """

    factor: Prior | float | None = None
    order: int = 1
    trend: Prior | float | None = None
    knots: int | None = None

    allowed: ClassVar[Allowed] = {
        "factor": prior_of(1.0),
        "order": one_of(1, 2),
        "trend": prior_of().or_none,
        "knots": whole(1).or_none,
    }

    #: The levels of `like` with the rate of the nearest one, as `beside` finds them; all if None.
    _alike: ClassVar[list[int] | None] = None

    def words(self, language: str) -> dict[str, str]:
        factor = within(as_prior(self.factor), 1.0, np.inf)
        trend = ""
        if self.trend is not None:
            per_year = spread(self.trend, language, odds_factor)
            trend = told("around_trend", language, factor=per_year)
        return {**super().words(language), "factor": spread(factor, language), "trend": trend}

    def field_problems(self) -> list[str]:
        return prior_problems("trend", None) if self.trend is None and self.order == 2 else []

    def own_problems(self, population: Population) -> list[str]:
        found = super().own_problems(population)
        if not found and self.ages[1] is None:
            found.append(
                f"field 'ages': {show_level(self.ages)} has no end, and so no distance from "
                f"{show_level(self.like)}; give it one in the population, such as (65, 99)."
            )
        like = population.age_axis(self.axis).select(self.like)[0]
        if not found and any(population.age_axis(self.axis).bounds(i)[1] == np.inf for i in like):
            found.append(
                f"field 'like': {show_level(self.like)} has no end, and so no middle from which to "
                "go on; give it one in the population, such as (65, 99)."
            )
        return found

    def beside(self, rate: Any, population: Population) -> Self:
        axis = population.age_axis(self.axis)
        like = self._outwards(population)
        at = population.position(axis.name)
        # Of length 1 on an axis over which nothing varies.
        same = [like[0]]
        for i in like[1:]:
            one, other = (rate.take([j % rate.shape[at]], axis=at) for j in (like[0], i))
            if not np.allclose(one, other, rtol=1e-9, atol=0.0, equal_nan=True):
                break
            same.append(i)
        made = copy(self)
        object.__setattr__(made, "_alike", same)
        return made

    def _outwards(self, population: Population) -> list[int]:
        """Return the levels of `like`, the nearest to the ages first."""
        axis = population.age_axis(self.axis)
        first = axis.spans[axis.select(self.ages)[0][0]][0]
        like = sorted(axis.select(self.like)[0], key=lambda i: axis.spans[i])
        return like if first < axis.spans[like[0]][0] else like[::-1]

    def _known(self, population: Population) -> list[int]:
        """Return the levels whose mean rate is where the curve starts."""
        return self._outwards(population) if self._alike is None else self._alike

    def _start(self, population: Population) -> float:
        """Return the age at which the curve starts: the mean one of the people of these levels."""
        axis, known = population.age_axis(self.axis), self._known(population)
        others = tuple(i for i, one in enumerate(population.axes) if one is not axis)
        people = population.counts.sum(axis=others)[known]
        middles = np.array([sum(axis.spans[i]) / 2 for i in known])
        return float(np.average(middles, weights=people if people.sum() > 0 else None))

    def _away(self, population: Population) -> NDArray[np.float64]:
        """Return how many years the middle of each of the ages lies from where the curve starts."""
        axis = population.age_axis(self.axis)
        middles = [sum(axis.spans[i]) / 2 for i in axis.select(self.ages)[0]]
        return np.asarray(middles) - self._start(population)

    def _matrix(self, population: Population) -> NDArray[np.float64]:
        """Return the walk at each of the ages, for each standard normal step."""
        away = np.abs(self._away(population))
        if self.knots is not None:
            return spline_basis(away, 0.0, self.knots, self.order)
        order = np.argsort(away)
        found = np.empty((len(away), len(away)))
        found[order] = steps_away(away[order], self.order)
        return found

    def _step(self, i: int) -> str:
        return self.label(f"step {i + 1} of the walk")

    def parameters(self, population: Population) -> dict[str, Prior]:
        found = {self.label("factor per year"): within(as_prior(self.factor), 1.0, np.inf)}
        if self.trend is not None:
            found[self.label("trend per year")] = as_prior(self.trend)
        step = Normal(0.0, 1.0, statement=named("default.walk"))
        columns = self._matrix(population).shape[1]
        return found | {self._step(i): step for i in range(columns)}

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        sd = fm.log(values[self.label("factor per year")])
        matrix = self._matrix(population)
        steps = stacked([values[self._step(i)] for i in range(matrix.shape[1])])
        walk = fm.matmul(matrix, steps) * sd
        axis = population.age_axis(self.axis)
        chosen = axis.select(self.ages)[0]
        column = [0.0 * sd for _ in axis.levels]
        for row, (i, away) in enumerate(zip(chosen, self._away(population), strict=True)):
            column[i] = walk[row]
            if self.trend is not None:
                column[i] = column[i] + away * values[self.label("trend per year")]
        spans = [axis.spans[i] for i in self._known(population)]
        known = min(low for low, _ in spans), int(max(high for _, high in spans))
        observed = pooled(rate, population, self.axis, known)
        new = fm.expit(fm.logit(observed) + on_axis(column, axis.name, population))
        return filled(rate, new, population, self.axis, self.ages)
