"""Shares of defects that vary over axes by the same terms as rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelest.defects.base import Defect
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared
from funnelest.rates import PerLevel, Share

if TYPE_CHECKING:
    from funnelest.quantities.quantities import Quantities

__all__ = ["VaryingShare"]


class VaryingShare(Share, Defect):
    """A share above 0 that belongs to a source."""

    def problems(self, population: Population) -> list[str]:
        found = super().problems(population)
        for name, prior in self._priors("", population).items():
            if isinstance(prior, Fixed) and prior.value == 0:
                found.append(f"{name} must be above 0; given 0.".strip())
        return found

    def parameters(self, source: str, population: Population) -> dict[str, Prior]:
        return super().parameters(f"{self.label}[{source}]", population)

    def set_by(self, source: str, population: Population) -> list[str]:
        return super().set_by(f"{self.label}[{source}]", population)

    def by_default(self, source: str, population: Population) -> set[str]:
        return super().by_default(f"{self.label}[{source}]", population)

    def share(self, q: Quantities, source: str) -> Any:
        """Return the share in cells, of length 1 on the axes over which it does not vary."""
        return self.evaluate(q.parameters, f"{self.label}[{source}]", q.cells)

    def _limits(self) -> tuple[float, float]:
        """Return limits of the share, hardly ever passed."""
        if isinstance(self.base, PerLevel | Shared) or self.terms:
            return 0.0, 1.0
        return self.base.interval(0.99999)
