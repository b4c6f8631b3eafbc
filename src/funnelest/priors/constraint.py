"""What a field may hold that takes a prior, or a number that is taken as known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelest.fields import Constraint
from funnelest.priors.families import Beta, Normal
from funnelest.priors.uses import Fixed, as_prior, prior_problems

if TYPE_CHECKING:
    from funnelest.population import Population
    from funnelest.route import Route

__all__ = ["prior_of"]


@dataclass(frozen=True)
class _PriorOf(Constraint):
    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    below: bool = False

    def problems(
        self,
        name: str,
        value: object,
        route: Route | None = None,
        population: Population | None = None,
    ) -> list[str]:
        if self.optional and value is None:
            return []
        found = prior_problems(name, value, self.low, self.high, above=self.above)
        known = as_prior(value)
        if not found and self.below and isinstance(known, Fixed) and known.value >= self.high:
            found = [f"field {name!r} must be below {self.high:g}; given {known.value:g}."]
        return found


def prior_of(
    low: float = -math.inf, high: float = math.inf, *, above: bool = False, below: bool = False
) -> Constraint:
    """Return the constraint of a prior or number between limits; `above`, `below`: not at them.

    A prior of which less than half lies between them is refused, as `prior_problems` says.
    """
    bad: list[object] = [None, True, "much", math.nan, Beta(1.0, -1.0), Normal(0.0, -1.0)]
    bad += [low - 1.0, Normal(low - 9.0, 1.0)] * math.isfinite(low)
    bad += [high + 1.0, Normal(high + 9.0, 1.0)] * math.isfinite(high)
    bad += [low] * above + [high] * below
    return _PriorOf(
        "takes a prior", bool, (), tuple(bad), low=low, high=high, above=above, below=below
    )
