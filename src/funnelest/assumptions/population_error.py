"""The head count of some cells is off by an unknown factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from funnelest.assumptions.base import Assumption
from funnelest.axes import Where, show_where
from funnelest.fields import MAPPING, Allowed, answers, wrong_fields
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within
from funnelest.priors.constraint import prior_of

__all__ = ["PopulationError"]


@dataclass(frozen=True, kw_only=True)
class PopulationError(Assumption):
    r"""The head count of some cells is off by an unknown factor.

    Parameters
    ----------
    prior : Prior
        Of the factor (true over given number of people), such as a log-normal around 1.
    where : mapping, optional
        The cells that share the factor; all when left out.
    statement : str
        Why the count is uncertain.
    source : str, default ""
        Citation.

    Notes
    -----
    :math:`P_c = f\, \hat P_c` for the cells, with one factor f.
    """

    prior: Prior
    where: Where = field(default_factory=dict)
    statement: str = ""
    source: str = ""

    allowed: ClassVar[Allowed] = {
        "statement": answers("why is the count uncertain?"),
        "prior": prior_of(0.0, above=True),
        "where": MAPPING,
    }

    @property
    def _name(self) -> str:
        return f"population factor[{show_where(self.where)}]"

    def problems(self, population: Population) -> list[str]:
        wrong = wrong_fields(self)
        found = [text for texts in wrong.values() for text in texts]
        if "where" in wrong:
            return [f"PopulationError: {text}" for text in found]
        found += population.problems_in(self.where)
        return [f"{self._name}: {text}" for text in found]

    def parameters(self, population: Population) -> dict[str, Prior]:
        return {self._name: within(as_prior(self.prior), 0.0, np.inf)}

    def apply_to_population(
        self, factor: Any, values: Mapping[str, Any], population: Population
    ) -> Any:
        inside = np.ones((1,) * len(population.axes), dtype=bool)
        for i, chosen in enumerate(population.select(self.where)):
            if len(chosen) < population.shape[i]:
                mask = np.isin(np.arange(population.shape[i]), chosen)
                inside = inside & mask.reshape([-1 if j == i else 1 for j in range(inside.ndim)])
        weight = inside[..., None].astype(np.float64)
        return factor * (1.0 + weight * (values[self._name] - 1.0))

    def describe(self) -> str:
        said = super().describe()
        return said[:1].lower() + said[1:]

    def words(self, language: str) -> dict[str, str]:
        return {"where": show_where(self.where)}
