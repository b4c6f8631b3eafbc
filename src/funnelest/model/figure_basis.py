"""What the figures of a source rest on: the cells that each of them is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from funnelest.evidence.base import Evidence
from funnelest.model.looking import Looking, draws_of, figure_cells

if TYPE_CHECKING:
    from funnelest.model.model import Model

__all__ = ["figure_basis"]


def figure_basis(model: Model, source: Evidence) -> Callable[[Sequence[int]], str]:
    """Return what gives the basis of some of the numbers of a `source`, by their places.

    That of the cells that these numbers are of; of all of its cells where it does not say which
    number is of which. The function returns "estimated", "partly imputed" or "imputed".
    """
    seen, wheres = figure_cells(source, Looking(model, draws_of(model)))
    parts = [model.imputed_part(where) for where in wheres or [source.where]]
    try:
        with np.errstate(all="ignore"):
            size = sum(len(np.atleast_2d(one.moments()[0])) for one in seen)
    except Exception:  # a kind of the user's own may have no mean
        size = 0

    def basis(rows: Sequence[int]) -> str:
        found = {parts[i] for i in rows} if size == len(parts) else set(parts)
        if len(found) == 1:
            return found.pop() or "estimated"
        return "partly imputed"

    return basis
