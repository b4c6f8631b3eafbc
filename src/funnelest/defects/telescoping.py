"""Events that are remembered as later than they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.defects.base import Defect
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, prior_problems, within

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

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong, one sentence each."""
        found = [] if self.statement else ["it needs a statement: why remembered so much later?"]
        return found + prior_problems("prior", self.prior, 0.0)

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        """Return the prior of the years."""
        return {f"years telescoped[{source}]": within(as_prior(self.prior), 0.0, np.inf)}

    def on_onset_age(self, age: Any, q: Quantities, source: str) -> Any:
        """Return the age before which events happened that are reported as before `age`.

        Parameters
        ----------
        age : float or array
            The age that was asked about.
        q : Quantities
            The quantities of the model.
        source : str
            Name of the source.

        Returns
        -------
        array
            One age per draw, at least 0.
        """
        return fm.maximum(age - q.parameters[f"years telescoped[{source}]"], 0.0)

    def describe(self) -> str:
        """Return what it does to a number, in a few words."""
        return "remembered as later"
