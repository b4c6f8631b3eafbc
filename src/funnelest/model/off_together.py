"""Registers that look like the classes of one source, and yet are off by factors of their own."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from funnelest.defects.overdispersion import Overdispersion
from funnelest.evidence.base import Evidence, NumberEvidence
from funnelest.priors import Fixed, Shared

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["off_together"]


def off_together(model: Parts) -> list[str]:
    """Return which registers of one step and period share a coefficient and no factor.

    Where nobody said what is off together, and they are of other cells of the same years, as the
    classes of one source are.
    """
    groups: dict[Hashable, list[Evidence]] = {}
    for one in model.evidence:
        if isinstance(one, NumberEvidence):
            for defect in one.defects:
                if isinstance(defect, Overdispersion) and defect.by is None:
                    value = _value(model, one, defect)
                    if value is not None:
                        groups.setdefault((repr(one.step), value), []).append(one)
    found = []
    for (_, value), some in ((key, some) for key, some in groups.items() if len(some) > 1):  # type: ignore[misc]
        cells = [model.population.union(one.counted_in()) for one in some]
        beside = [
            i
            for i in range(len(some))
            if any(_beside(model, cells[i], cells[j]) for j in range(len(some)) if j != i)
        ]
        if beside:
            *first, last = (f"{type(some[i]).__name__} {some[i].name!r}" for i in beside)
            found.append(
                f"{', '.join(first)} and {last} are of other people of one step and period and "
                f"have one coefficient of variation ({value}), but each is off by a factor of its "
                "own, and these cancel out. If they are the classes of one source, give them as "
                "one Register with by=..., whose counts are off together; if not, say by=() in "
                "the Overdispersion of each."
            )
    return found


def _value(model: Parts, one: Evidence, defect: Overdispersion) -> str | None:
    """Return what makes the coefficient that of another source too; None where nothing does."""
    (prior,) = defect.parameters(one.name, model.population).values()
    if isinstance(prior, Shared):
        return repr(prior.name)
    return f"{prior.value:g}" if isinstance(prior, Fixed) else None


def _beside(model: Parts, one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two sources have no cell in common, and a year where there are years."""
    if (one & other).any():
        return False
    years = model.population.years
    if years is None:
        return True
    at = model.population.position(years.name)
    rest = tuple(i for i in range(one.ndim) if i != at)
    return bool((one.any(axis=rest) & other.any(axis=rest)).any())
