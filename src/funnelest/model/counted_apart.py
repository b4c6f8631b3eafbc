"""Sources that may count the same people at several steps, without one telling of the other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.evidence.counted import Counted
    from funnelest.model.parts import Parts

__all__ = ["counted_apart"]


def counted_apart(model: Parts) -> tuple[str, ...]:
    """Return the sources that count a part of the same people at other steps than another does.

    Given where people went, being counted in one of these is taken not to depend on being counted
    in another. Of one that counts everybody nothing is taken to be so.
    """
    values = {name: np.atleast_1d(prior.ppf(0.5)) for name, prior in model.free.items()}
    q = Quantities(model, values)
    with np.errstate(all="ignore"):
        found = [
            one
            for source in model.evidence
            if model.powers.get(source.name, 1.0)
            for one in source.counted_people(q)
            if one.group is None and any(np.min(line.share) < 1 for line in one.lines)
        ]
    cells = [model.population.union([line.where for line in one.lines]) for one in found]
    names: dict[str, None] = {}
    for (one, first), (other, second) in combinations(zip(found, cells, strict=True), 2):
        if _on_one_path(model, one, other) and (first & second).any():
            names |= {one.source: None, other.source: None}
    return tuple(one.source for one in found if one.source in names)


def _on_one_path(model: Parts, one: Counted, other: Counted) -> bool:
    """Return whether somebody may be at both places, and these are not of one step."""
    ends = [(c.place, c.place) if isinstance(c.place, str) else c.place for c in (one, other)]
    (start, end), (begin, last) = ends
    if end == last:
        return False  # the one is used in full, or they have no cell in common
    leads = model.route.leads
    return leads(end, begin) or leads(last, start) or end == begin or last == start
