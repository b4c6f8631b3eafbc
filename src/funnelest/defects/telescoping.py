"""Events that are remembered as later than they were."""

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

__all__ = ["Telescoping"]


@dataclass(frozen=True, kw_only=True)
class Telescoping(Defect):
    r"""First events are remembered as later than they were, by some years.

    Parameters
    ----------
    prior : Prior or float
        Of the years by which an event is remembered too late, at least 0. Ages that are asked
        about may then lie within a band of the population's ages.
    statement : str
        Why so many years. Obligatory.
    source : str, default ""
        Citation.

    Notes
    -----
    With t the years, what is reported as before age A happened before A - t:
    :math:`E(A) \leftarrow E(A - t)`, and nothing before birth. Forward telescoping: Neter and
    Waksberg, Journal of the American Statistical Association 1964;59:18. The same t holds for
    everybody and at every age.
    """

    prior: Prior | float
    statement: str = ""
    source: str = ""
    stage: ClassVar[int] = 1
    label: ClassVar[str] = "telescoping"
    allowed: ClassVar[Allowed] = {
        "statement": answers("why remembered so much later?"),
        "prior": prior_of(0.0),
    }

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {f"years telescoped[{source}]": within(as_prior(self.prior), 0.0, np.inf)}

    def on_onset_age(self, age: Any, q: Quantities, source: str) -> Any:
        return fm.maximum(age - q.parameters[f"years telescoped[{source}]"], 0.0)

    def describe(self) -> str:
        return named("defect.later")
