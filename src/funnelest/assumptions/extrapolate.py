"""The rate of unobserved ages goes on smoothly from that of observed ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

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
from funnelest.terms.smooth import spacing_problems, spline_basis, steps_away
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
        The observed ages from whose mean the walk starts, at their nearest age.
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
    With :math:`t_i` the distance of the i-th age from the nearest observed one:
    :math:`\mathrm{logit}\, r_i = \mathrm{logit}\, \bar r_{like} + \beta t_i + \sigma w_i`,
    :math:`\sigma = \log f`, and w a standard random walk: :math:`w_i - w_{i-1} \sim
    N(0, t_i - t_{i-1})`, or for order 2 its running sum over single years. P-spline as in Lang and
    Brezger, Journal of Computational and Graphical Statistics 2004;13:183. The further from the
    observed ages, the wider.
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
        if not found and self.order == 2 and self.knots is None:
            away = self._away(population)
            # The step from the observed ages is one of the walk.
            found += spacing_problems(np.concatenate([[0.0], np.abs(away)]))
        return found

    def _away(self, population: Population) -> NDArray[np.float64]:
        """Return how many years each of the ages lies from the nearest observed one."""
        axis = population.age_axis(self.axis)
        bounds = np.array(axis.spans, dtype=np.float64)
        ages = bounds[axis.select(self.ages)[0]].mean(axis=1)
        like = bounds[axis.select(self.like)[0]]
        # The nearest age itself, also where it is the edge of a band.
        edge = like.min() if ages.mean() < like.mean() else like.max()
        return np.asarray(ages - edge)

    def _matrix(self, population: Population) -> NDArray[np.float64]:
        """Return the walk at each of the ages, for each standard normal step."""
        away = np.abs(self._away(population))
        if self.knots is not None:
            return spline_basis(away, 0.0, self.knots, self.order, start=0)
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
        observed = pooled(rate, population, self.axis, self.like)
        new = fm.expit(fm.logit(observed) + on_axis(column, axis.name, population))
        return filled(rate, new, population, self.axis, self.ages)
