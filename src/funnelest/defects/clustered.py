"""A sample drawn in few clusters, whose members are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from funnelest.defects.base import Defect
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared, as_prior, within

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

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong, one sentence each."""
        found = []
        if not isinstance(self.clusters, int) or isinstance(self.clusters, bool):
            found.append(f"field 'clusters' must be a whole number; given {self.clusters!r}.")
        elif self.clusters < 2:
            found.append(f"field 'clusters' must be at least 2; given {self.clusters}.")
        prior = as_prior(self.icc)
        trouble = prior.problems()
        found += [f"field 'icc': {text}" for text in trouble]
        if not trouble and not isinstance(prior, Shared):
            low, high = prior.support
            known = isinstance(prior, Fixed)
            if (known and not 0 < low < 1) or (not known and (high <= 0 or low >= 1)):
                found.append(
                    f"field 'icc' must lie between 0 and 1, and not at them; given "
                    f"{prior.describe()}."
                )
        return found

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        """Return the prior of the correlation."""
        return {f"icc[{source}]": within(as_prior(self.icc), 0.0, 1.0)}

    def design_effect(self, n: int, q: Quantities, source: str) -> Any:
        """Return the design effect of a sample of `n`, per draw."""
        return 1.0 + (n / self.clusters - 1.0) * q.parameters[f"icc[{source}]"]

    def describe(self) -> str:
        """Return what it does to a number, in a few words."""
        return f"{self.clusters} clusters"
