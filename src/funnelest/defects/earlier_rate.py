"""Respondents who were young when the rate was another."""

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

__all__ = ["EarlierRate"]


@dataclass(frozen=True, kw_only=True)
class EarlierRate(Defect):
    r"""When the respondents were young, first events were so many times as frequent.

    A survey of adults tells of their own childhood, and the population of the model is of other
    years. What changed in between is no matter of the survey, so it is an assumption. It cannot
    be told apart from `Recall` by surveys of first events alone: the priors decide.

    Parameters
    ----------
    prior : Prior or float
        Of the hazard then over the hazard in the population modelled, above 0.
    statement : str
        Why it was so many times as high. Obligatory.
    source : str, default ""
        Citation.

    Notes
    -----
    With c the ratio of the cumulative hazards, the same at all ages:
    :math:`E(A) \leftarrow 1 - (1 - E(A))^c` (proportional hazards; Cox, Journal of the Royal
    Statistical Society B 1972;34:187). Rates do change: forms of child maltreatment in the United
    States fell by as much as 40 to 70% from 1993 to 2004 (Finkelhor and Jones, Journal of Social
    Issues 2006;62:685).
    """

    prior: Prior | float
    statement: str = ""
    source: str = ""
    stage: ClassVar[int] = 5
    label: ClassVar[str] = "earlier rate"
    allowed: ClassVar[Allowed] = {
        "statement": answers("why was it another rate then?"),
        "prior": prior_of(0.0, above=True),
    }

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {f"earlier rate ratio[{source}]": within(as_prior(self.prior), 0.0, np.inf)}

    def on_ever(self, share: Any, q: Quantities, source: str) -> Any:
        return -fm.expm1(q.parameters[f"earlier rate ratio[{source}]"] * fm.log1p(-share))

    def describe(self) -> str:
        return named("defect.earlier")
