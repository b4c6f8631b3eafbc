"""A part of the population that a survey does not reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest.defects.base import Defect
from funnelest.fields import Allowed, answers
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["OutsideFrame"]


@dataclass(frozen=True, kw_only=True)
class OutsideFrame(Defect):
    r"""A part of the population, such as institutions, that a survey does not reach.

    Parameters
    ----------
    share : Prior or float
        Share of the people who are outside the survey's frame, 0-1.
    ratio : Prior or float
        Their rate over that of the people inside, above 0: 1 makes them alike. No survey tells
        it, so it is an assumption.
    statement : str
        What is assumed of the people outside, and why.
    source : str, default ""
        Citation.

    Notes
    -----
    With u the share and f the ratio, the survey measures
    :math:`p \leftarrow p / (1 - u + u f)` where p is the share of the whole population.
    """

    share: Prior | float
    ratio: Prior | float
    statement: str = ""
    source: str = ""
    stage: ClassVar[int] = 10
    label: ClassVar[str] = "outside the frame"
    allowed: ClassVar[Allowed] = {
        "statement": answers("who is outside, and how many?"),
        "share": prior_of(0.0, 1.0, below=True),
        "ratio": prior_of(0.0, above=True),
    }

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {
            f"share outside[{source}]": within(as_prior(self.share), 0.0, 1.0),
            f"ratio outside[{source}]": within(as_prior(self.ratio), 0.0, np.inf),
        }

    def on_share(self, share: Any, q: Quantities, source: str) -> Any:
        outside = q.parameters[f"share outside[{source}]"]
        ratio = q.parameters[f"ratio outside[{source}]"]
        return share / (1.0 - outside + outside * ratio)

    def describe(self) -> str:
        return named("defect.inside")
