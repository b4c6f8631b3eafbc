"""A named factor between what a source counts and what the route means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.defects.base import Defect, Records
from funnelest.fields import NAME, TEXT, TRUTH, Allowed
from funnelest.population import Population
from funnelest.priors import Prior, Shared, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["Bridge"]

#: Names that other defects go by.
_TAKEN = ("coverage", "completeness", "ppv", "false positives", "overdispersion", "test error")


@dataclass(frozen=True)
class Bridge(Defect):
    r"""A factor between what a source counts and what the route means.

    Reports and not children, all suspicions and not severe acts, a stock and not a yearly flow:
    the source counts `prior` times as many as the route. A source may carry several.

    Parameters
    ----------
    name : str
        What the factor is, such as ``"reports per child"``.
    prior : Prior or float
        Of the factor, which is positive. Its `statement` says why.
    inverse : bool, default False
        The source counts so many times *fewer*: ``Bridge("children per investigation", ...,
        inverse=True)`` for a source that counts investigations.
    unit, definition : str
        The unit or the definition of the source that this factor accounts for. A source whose
        `unit` or `definition` is not the route's needs a bridge from it.

    Notes
    -----
    :math:`\mu \leftarrow f \mu`, or :math:`\mu / f` with `inverse`. For the share of a survey
    :math:`p \leftarrow \min(f p, 1)`. A stock is the yearly flow times the mean stay in years
    (Little, Operations Research 1961;9:383).
    """

    name: str
    prior: Prior | float
    inverse: bool = False
    unit: str = ""
    definition: str = ""
    stage: ClassVar[int] = 20
    allowed: ClassVar[Allowed] = {
        "name": NAME,
        "prior": prior_of(0.0, above=True),
        "inverse": TRUTH,
        "unit": TEXT,
        "definition": TEXT,
    }

    @property
    def label(self) -> str:  # type: ignore[override]
        """The name of the factor."""
        return str(self.name)

    def problems(self, population: Population) -> list[str]:
        found = super().problems(population)
        known = as_prior(self.prior)
        if self.name in _TAKEN:
            found.append(f"{self.name!r} is the name of another defect; give it one of its own.")
        if not known.statement and not isinstance(known, Shared) and not known.problems():
            found.append(
                "field 'prior' needs a statement (a known factor is Fixed(..., statement=...)): "
                "why does the source count so many times as many as the route?"
            )
        return [f"{self.name!r}: {text}" for text in found]

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {f"{self.name}[{source}]": within(as_prior(self.prior), 0.0, np.inf)}

    def _factor(self, q: Quantities, source: str) -> Any:
        value = q.parameters[f"{self.name}[{source}]"]
        return 1.0 / value if self.inverse else value

    def on_records(self, records: Records, q: Quantities, source: str) -> Records:
        return records.times(self._factor(q, source), "true", "all")

    def on_share(self, share: Any, q: Quantities, source: str) -> Any:
        # Just below 1: a share of 1 would make every "no" impossible, and its slope infinite.
        return fm.minimum(share * self._factor(q, source), 1.0 - 1e-12)

    def factor(self) -> tuple[float, float]:
        known = as_prior(self.prior)
        if isinstance(known, Shared):
            return 0.0, float("inf")
        low, high = known.interval(0.99999)
        low = max(low, 0.0)
        if not self.inverse:
            return low, high
        return 1 / high, 1 / low if low > 0 else float("inf")

    def describe(self) -> str:
        return named(f"defect.{'over' if self.inverse else 'by'}", name=self.name)
