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

#: Of several parts without a cell in common, the people at each step and transition, per draw.
type People = Callable[[Sequence[Any]], Sequence[Mapping[Any, Any]]]

#: Larger numbers of a prior cannot be drawn.
_MOST = 1e15


def known_and_hidden(
    source: Linked,
    basis: Callable[[Where], str],
    model: Parts,
    seed: int,
    people: People | None = None,
) -> list[tuple[dict[str, str], Callable[[Quantities], Any], str, Any]]:
    """Return labels, quantity, basis and draws of known and hidden people, by stratum and in all.

    ``basis(where)`` says whether the people of some cells are estimated or imputed.
    ``people(cells)`` gives how many there really are at each step, in several parts; without it,
    and where links are wrong, the draws are None, and the quantity draws them: the same ones for
    the same seed.
    """
    wheres = source.wheres(model.population)
    names = source.table.strata
    strata = [*names, None] if source.table.stratified else [None]
    why = "all lists together do not interact"
    if source.largest == 1:
        why = "the lists are independent"
    drawn = None
    if people is not None and source.linkage is None:
        made = people([model.population.mask(wheres[one]) for one in names])
        known = {one: float(source.table.known_in(one)) for one in names}
        drawn = {
            one: (known[one], np.maximum(at[source.step] - known[one], 0.0))
            for one, at in zip(names, made, strict=True)
        }
    found: list[tuple[dict[str, str], Callable[[Quantities], Any], str, Any]] = []
    for stratum in strata:
        chosen = names if stratum is None else (stratum,)
        rest = {basis(wheres[one]) for one in chosen}
        own = rest.pop() if len(rest) == 1 else "partly imputed"
        for name, parts in (("known", (0,)), ("hidden", (1,)), ("total", (0, 1))):
            labels = {"stratum": stratum or "all", "quantity": name, "unit": model.route.counted}
            quantity = partial(_summed, source=source, chosen=chosen, parts=parts, seed=seed)
            estimated = 1 in parts or source.linkage is not None
            rests = f"{own}, {why}" if estimated else "counted"
            found.append((labels, quantity, rests, drawn and _of(drawn, chosen, parts)))
    return found


def _of(drawn: Mapping[str, tuple[Any, Any]], chosen: Sequence[str], parts: Sequence[int]) -> Any:
    return sum(drawn[stratum][part] for stratum in chosen for part in parts) + 0.0 * sum(
        drawn[stratum][1] for stratum in chosen
    )


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
