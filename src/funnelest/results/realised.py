"""How many people of linked registers are known, and how many are on none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from funnelest.axes import Where
from funnelest.evidence.linked import Linked
from funnelest.lists.computing.hierarchy import truncated_poisson
from funnelest.model.parts import Parts
from funnelest.quantities.quantities import Quantities

__all__ = ["known_and_hidden"]

#: Larger numbers of a prior cannot be drawn.
_MOST = 1e15


def known_and_hidden(
    source: Linked, basis: Callable[[Where], str], model: Parts, seed: int
) -> list[tuple[dict[str, str], Callable[[Quantities], Any], str]]:
    """Return labels, quantity and basis of known and hidden people, by stratum and in all.

    ``basis(where)`` says whether the people of some cells are estimated or imputed. The same seed
    draws the same hidden people.
    """
    wheres = source.wheres(model.population)
    names = source.table.strata
    strata = [*names, None] if source.table.stratified else [None]
    why = "all lists together do not interact"
    if source.largest == 1:
        why = "the lists are independent"
    found: list[tuple[dict[str, str], Callable[[Quantities], Any], str]] = []
    for stratum in strata:
        chosen = names if stratum is None else (stratum,)
        rest = {basis(wheres[one]) for one in chosen}
        own = rest.pop() if len(rest) == 1 else "partly imputed"
        for name, parts in (("known", (0,)), ("hidden", (1,)), ("total", (0, 1))):
            labels = {"stratum": stratum or "all", "quantity": name, "unit": model.route.counted}
            quantity = partial(_summed, source=source, chosen=chosen, parts=parts, seed=seed)
            estimated = 1 in parts or source.linkage is not None
            found.append((labels, quantity, f"{own}, {why}" if estimated else "counted"))
    return found


def _summed(
    q: Quantities, *, source: Linked, chosen: Sequence[str], parts: Sequence[int], seed: int
) -> Any:
    drawn = q.remember(("hidden", source.name, seed), partial(_drawn, q, source, seed))
    return sum(drawn[stratum][part] for stratum in chosen for part in parts)


def _drawn(q: Quantities, source: Linked, seed: int) -> Mapping[str, tuple[Any, Any]]:
    """Return stratum -> the number known, and draws of the number hidden.

    The number known is that of the table where the links are right; else it is drawn too.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for stratum in source.table.strata:
        known, nowhere, limited = source.parts(q, stratum)
        cells = source.table.cells(stratum)
        hidden = rng.poisson(np.minimum(nowhere, _MOST)).astype(float)
        for means, most in zip(limited, cells.counts[cells.limits], strict=True):
            hidden = hidden + truncated_poisson(means, most, rng)
        counted = source.table.known_in(stratum) + 0.0 * hidden
        if source.linkage is not None:
            counted = rng.poisson(np.minimum(known, _MOST)).astype(float)
        found[stratum] = (counted, hidden)
    return found
