"""A survey of another period than one year: how many are the same people from year to year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.defects.base import Defect
from funnelest.fields import Allowed, answers
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["RepeatVictims"]

#: A yearly probability that is not quite 1, so that its logarithm is finite.
_MOST = np.float64(1.0 - 1e-15)


@dataclass(frozen=True, kw_only=True)
class RepeatVictims(Defect):
    r"""Of a year's victims, the share who are victims in every year.

    It joins the people of one year, whom the model counts, to those of the period that a `Survey`
    asked about (its field `recall`). The surveys that ask about both, the past year and the past
    five, are where the share comes from.

    Parameters
    ----------
    share : Prior or float
        The share, 0-1. 0: whether somebody is a victim in a year does not depend on the other
        years, so that five years have nearly five times as many; 1: the same people are victims
        every year, so that they have no more.
    statement : str
        What is assumed of repeated victims, and why. Obligatory.
    source : str, default ""
        Citation.

    Notes
    -----
    With r the yearly share of the people in a cell, :math:`\rho` this share and T the period in
    years, :math:`\rho r` are victims all the time, and the others with probability
    :math:`u = (1 - \rho) r / (1 - \rho r)` in each year, whatever happened in the others:

    .. math:: r_T = \rho r + (1 - \rho r) \left(1 - (1 - u)^T\right).

    A mover-stayer model (Goodman, Journal of the American Statistical Association 1961;56:841):
    :math:`1 - (1 - r)^T` without stayers, r with nothing else, and r where T is 1. Parts of a year
    have the same formula. The rate is taken to be the same in all years of the period, and at
    the ages that the people then had; a rate that varies over years is refused. So is a
    share that leaves no room for what `FirstTime` says: victims of every year are victims for the
    first time at the youngest ages only.
    """

    share: Prior | float
    statement: str = ""
    source: str = ""
    #: First: the others are wrong with what was asked, and that is the period.
    stage: ClassVar[int] = 3
    label: ClassVar[str] = "repeat victims"
    allowed: ClassVar[Allowed] = {
        "statement": answers("how many are victims year after year, and why?"),
        "share": prior_of(0.0, 1.0),
    }

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {f"victims every year[{source}]": within(as_prior(self.share), 0.0, 1.0)}

    def every_year(self, q: Quantities, source: str) -> Any:
        return q.parameters[f"victims every year[{source}]"]

    def on_period(self, rate: Any, years: float, q: Quantities, source: str) -> Any:
        always = rate * self.every_year(q, source)
        others = fm.minimum((rate - always) / fm.maximum(1.0 - always, 1e-300), _MOST)
        return always - (1.0 - always) * fm.expm1(years * fm.log1p(-others))

    def describe(self) -> str:
        return named("defect.period")
