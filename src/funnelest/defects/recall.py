"""People to whom it happened, and who do not say so any more."""

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
    allowed: ClassVar[Allowed] = {
        "statement": answers("why do so many report it?"),
        "share": prior_of(0.0, 1.0, above=True),
        "per_year": prior_of(0.0).or_none,
    }

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        found = {f"share reporting[{source}]": within(as_prior(self.share), 0.0, 1.0)}
        if self.per_year is not None:
            found[f"reports lost per year[{source}]"] = within(as_prior(self.per_year), 0.0, np.inf)
        return found

    def on_ever(self, share: Any, q: Quantities, source: str) -> Any:
        told = share * q.parameters[f"share reporting[{source}]"]
        if self.per_year is None:
            return told
        asked: Any = q.source(source)
        return told * fm.exp(
            -asked.years_since()[:, None] * q.parameters[f"reports lost per year[{source}]"]
        )

    def counts_years(self) -> bool:
        return self.per_year is not None

    def describe(self) -> str:
        return named(f"defect.reported{'' if self.per_year is None else '_fewer'}")
