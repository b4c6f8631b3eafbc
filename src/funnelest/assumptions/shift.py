"""The rate of unobserved ages is that of observed ones, shifted by an unknown amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from funnelest import math as fm
from funnelest.assumptions.imputation import LikeOthers, filled, odds_factor, pooled, spread
from funnelest.fields import Allowed
from funnelest.population import Population
from funnelest.priors import Prior, as_prior
from funnelest.priors.constraint import prior_of

__all__ = ["Shift"]


@dataclass(frozen=True, kw_only=True)
class Shift(LikeOthers):
    r"""The log-odds of the rate of some ages equal those of other ages plus a shift.

    Nobody asked the first ages: what the model says of them is imputed, and labelled so.

    Parameters
    ----------
    ages : (int, int)
        The unobserved ages, both included.
    like : (int, int)
        The observed ages that they are compared with, both included.
    prior : Prior or float
        Of the shift, a difference of log-odds: -0.7 halves the odds, 0 makes the ages alike.
        A plain number is a fixed shift.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.

    Notes
    -----
    :math:`\mathrm{logit}\, r_{ages} = \mathrm{logit}\, \bar r_{like} + \delta`, with
    :math:`\bar r_{like}` the mean over the observed ages, weighted by their people, within
    every combination of the other axes. Pattern-mixture model with a shift (delta adjustment),
    as in Little, JASA 1993;88:125.
    """

    prior: Prior | float | None = None

    allowed: ClassVar[Allowed] = {"prior": prior_of()}

    def words(self, language: str) -> dict[str, str]:
        return {**super().words(language), "factor": spread(self.prior, language, odds_factor)}

    def parameters(self, population: Population) -> dict[str, Prior]:
        return {self.label("shift"): as_prior(self.prior)}

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        observed = pooled(rate, population, self.axis, self.like)
        shifted = fm.expit(fm.logit(observed) + values[self.label("shift")])
        return filled(rate, shifted, population, self.axis, self.ages)
