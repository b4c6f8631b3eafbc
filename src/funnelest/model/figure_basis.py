"""What the figures of a source rest on: the cells that each of them is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from funnelest.evidence.base import Evidence
from funnelest.model.looking import Looking, draws_of

if TYPE_CHECKING:
    from funnelest.model.model import Model

__all__ = ["figure_basis"]


def figure_basis(model: Model) -> Callable[[Evidence, Sequence[int]], str]:
    """Return what gives the basis of some of the numbers of a source, by their places.

    That of the cells that these numbers are of; of all of its cells where it does not say which
    number is of which. The function returns "estimated", "partly imputed" or "imputed".
    """
    q = Looking(model, draws_of(model))
    known: dict[int, tuple[list[str], int]] = {}

    def look(source: Evidence) -> tuple[list[str], int]:
        figures = q.figures(source)
        parts = [model.imputed_part(where) for where in figures.wheres or [source.where]]
        try:
            with np.errstate(all="ignore"):
                return parts, sum(len(np.atleast_2d(one.moments()[0])) for one in figures.seen)
        except Exception:  # a kind of the user's own may have no mean
            return parts, 0

    def basis(source: Evidence, rows: Sequence[int]) -> str:
        if id(source) not in known:
            known[id(source)] = look(source)
        parts, size = known[id(source)]
        found = {parts[i] for i in rows} if size == len(parts) else set(parts)
        if len(found) == 1:
            return found.pop() or "estimated"
        return "partly imputed"

    return basis
