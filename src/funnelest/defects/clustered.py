"""A sample drawn in few clusters, whose members are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from funnelest.defects.base import Defect
from funnelest.fields import Allowed, is_whole, whole
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["Clustered"]


@dataclass(frozen=True, kw_only=True)
class Clustered(Defect):
    r"""A sample drawn in clusters, such as schools, with an unknown likeness within them.

    In place of a known design effect `deff`.

    Parameters
    ----------
    clusters : int
        Number of clusters, at least 2.
    icc : Prior or float
        Intra-cluster correlation, 0-1: 0.01 to 0.05 is usual for pupils within schools.

    Notes
    -----
    The number who say so is beta-binomial with design effect :math:`d = 1 + (m - 1)\rho`, where
    m is the mean cluster size and :math:`\rho` the correlation (Kish, Survey Sampling, 1965).
    """

    clusters: int
    icc: Prior | float
    stage: ClassVar[int] = 60
    label: ClassVar[str] = "clusters"
    allowed: ClassVar[Allowed] = {
        "clusters": whole(2),
        "icc": prior_of(0.0, 1.0, above=True, below=True),
    }

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return {f"icc[{source}]": within(as_prior(self.icc), 0.0, 1.0)}

    def design_effect(self, n: int, q: Quantities, source: str) -> Any:
        return 1.0 + (n / self.clusters - 1.0) * q.parameters[f"icc[{source}]"]

    def sample_problems(self, n: object) -> list[str]:
        if not (is_whole(n) and is_whole(self.clusters) and self.clusters >= n):  # type: ignore[operator]
            return []
        return [f"Clustered: {self.clusters} clusters of {n} people leave none with two."]

    def describe(self) -> str:
        return named("defect.clusters", clusters=self.clusters)
