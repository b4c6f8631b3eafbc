"""A part of the population that a survey does not reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest.defects.base import Defect
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared, as_prior, within

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
    statement: str
    source: str = ""
    stage: ClassVar[int] = 10
    label: ClassVar[str] = "outside the frame"

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong, one sentence each."""
        found = [] if self.statement else ["it needs a statement: who is outside, and how many?"]
        for name, value, high in (("share", self.share, 1.0), ("ratio", self.ratio, np.inf)):
            prior = as_prior(value)
            trouble = prior.problems()
            found += [f"{name}: {text}" for text in trouble]
            if trouble or isinstance(prior, Shared):
                continue
            top = "1" if high == 1.0 else "infinity"
            if isinstance(prior, Fixed):
                inside = 0 <= prior.value < high and (name == "share" or prior.value > 0)
            else:
                inside = prior.support[1] > 0 and prior.support[0] < high
            if not inside:
                found.append(f"{name} must lie between 0 and {top}; given {prior.describe()}.")
        return found

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        """Return the priors of the share outside and of the ratio."""
        return {
            f"share outside[{source}]": within(as_prior(self.share), 0.0, 1.0),
            f"ratio outside[{source}]": within(as_prior(self.ratio), 0.0, np.inf),
        }

    def on_share(self, share: Any, q: Quantities, source: str) -> Any:
        """Return the share among the people inside the frame."""
        outside = q.parameters[f"share outside[{source}]"]
        ratio = q.parameters[f"ratio outside[{source}]"]
        return share / (1.0 - outside + outside * ratio)

    def describe(self) -> str:
        """Return what it does to a number, in a few words."""
        return "of the people inside the frame"
