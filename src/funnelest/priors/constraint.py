"""What a field may hold that takes a prior, or a number that is taken as known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funnelest.fields import Constraint, explained
from funnelest.priors.beta import Beta
from funnelest.priors.fixed import Fixed
from funnelest.priors.normal import Normal
from funnelest.priors.uses import as_prior, prior_problems

__all__ = ["prior_of"]


def prior_of(
    low: float = -math.inf, high: float = math.inf, *, above: bool = False, below: bool = False
) -> Constraint:
    """Return the constraint of a prior or number between limits; `above`, `below`: not at them.

    A prior of which less than half lies between them is refused, as `prior_problems` says.
    """

    def why(name: str, value: Any, *_: Any) -> list[str]:
        found = prior_problems(name, value, low, high, above=above)
        known = as_prior(value)
        if not found and below and isinstance(known, Fixed) and known.value >= high:
            found = [f"field {name!r} must be below {high:g}; given {known.value:g}."]
        return found

    bad: list[object] = [
        None,
        True,
        "much",
        np.timedelta64(1, "D"),
        np.ma.masked,
        math.nan,
        Beta(1.0, -1.0),
        Normal(0.0, -1.0),
    ]
    bad += [low - 1.0, Normal(low - 9.0, 1.0)] * math.isfinite(low)
    bad += [high + 1.0, Normal(high + 9.0, 1.0)] * math.isfinite(high)
    bad += [low] * above + [high] * below
    return explained(why, *bad)
