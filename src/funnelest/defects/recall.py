"""People to whom it happened, and who do not say so any more."""

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

__all__ = ["Recall"]


@dataclass(frozen=True, kw_only=True)
class Recall(Defect):
    r"""Of those with a first event, only a share says so when asked years later.

    Recall, a rate that was another when the respondents were young (`EarlierRate`) and late
    recognition cannot be told apart from surveys of first events alone: their priors decide.

    Parameters
    ----------
    share : Prior or float
        Share of those with a first event who report it, above 0 and at most 1.
    per_year : Prior or float, optional
        Yearly rate at which reports are lost, at least 0, in the years from the age asked about
        to the age of the respondents. The survey then needs its field `respondents`.
    statement : str
        Why so many report it. Obligatory.
    source : str, default ""
        Citation.

    Notes
    -----
    :math:`E(A) \leftarrow E(A)\, \rho\, e^{-\lambda y}` with :math:`\rho` the share,
    :math:`\lambda` the rate of loss and :math:`y` the middle of the respondents' ages less A: an
    event long before A is taken to be lost no more often than one at A. Reports of adults miss
    many events, and wrong ones are probably rare (Hardt and Rutter, Journal of Child Psychology
    and Psychiatry 2004;45:260).
    """

    share: Prior | float
    per_year: Prior | float | None = None
    statement: str = ""
    source: str = ""
    #: After the definition (20): forgotten is what would count; before false answers (30).
    stage: ClassVar[int] = 25
    label: ClassVar[str] = "recall"

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong, one sentence each."""
        found = [] if self.statement else ["it needs a statement: why do so many report it?"]
        found += prior_problems("share", self.share, 0.0, 1.0, above=True)
        if self.per_year is not None:
            found += prior_problems("per_year", self.per_year, 0.0)
        return found

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        """Return the priors of the share and of the yearly loss."""
        found = {f"share reporting[{source}]": within(as_prior(self.share), 0.0, 1.0)}
        if self.per_year is not None:
            found[f"reports lost per year[{source}]"] = within(as_prior(self.per_year), 0.0, np.inf)
        return found

    def on_ever(self, share: Any, q: Quantities, source: str) -> Any:
        """Return the shares who report a first event before each age asked, one row per age.

        Parameters
        ----------
        share : array
            Shares with a first event, of shape ``(ages, draws)``.
        q : Quantities
            The quantities of the model.
        source : str
            Name of the source, an `OnsetSurvey`.

        Returns
        -------
        array
            In the same layout.
        """
        told = share * q.parameters[f"share reporting[{source}]"]
        if self.per_year is None:
            return told
        asked: Any = q.source(source)
        return told * fm.exp(
            -asked.years_since()[:, None] * q.parameters[f"reports lost per year[{source}]"]
        )

    def describe(self) -> str:
        """Return what it does to a number, in a few words."""
        return "reported" if self.per_year is None else "reported, fewer as years go by"
