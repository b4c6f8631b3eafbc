"""The part of a number that is of people whom no source sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.axes import Where
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.model.model import Model
    from funnelest.quantities.quantities import Quantities

__all__ = ["imputed_number", "imputed_parts"]


def _imputed_selections(model: Model, where: Where | None) -> Iterator[Where]:
    """Yield selections that together are the imputed cells within `where`, each cell once."""
    population = model.population
    chosen = population.select(where)
    cells = np.ix_(*chosen)
    mask = model.imputed()[cells] & (population.counts[cells] > 0)
    # Only axes along which the mask varies have to be walked; mostly that is age alone.
    varying = [i for i in range(mask.ndim) if (mask != mask.take([0], axis=i)).any()]
    small = mask[tuple(slice(None) if i in varying else slice(0, 1) for i in range(mask.ndim))]
    *walked, last = varying or [0]
    for combination in product(*(range(mask.shape[i]) for i in walked)):
        index: list[Any] = [0] * mask.ndim
        selection = dict(where or {})
        for i, position in zip(walked, combination, strict=True):
            index[i] = position
            selection[population.axes[i].name] = population.axes[i].levels[chosen[i][position]]
        index[last] = slice(None)
        found = np.flatnonzero(small[tuple(index)])
        if not len(found):
            continue
        if last in varying:
            axis = population.axes[last]
            selection[axis.name] = [axis.levels[chosen[last][i]] for i in found]
        yield selection


def imputed_number(
    model: Model, step: str, where: Where | None = None, per: str | None = None
) -> Callable[[Quantities], Any] | None:
    """Return the part of the number at a step that is of imputed cells.

    Parameters
    ----------
    model : Model
        The model.
    step : str
        The step.
    where : mapping, optional
        Which cells; all when left out.
    per : str, optional
        Axis over which the mean is taken.

    Returns
    -------
    callable or None
        A quantity, for `Result.sample_of` and `Result.quantities`; None when no selected cell
        is imputed.
    """
    population = model.population
    if not model.imputed_part(where):
        return None
    axis = population.mean_over(per)
    levels = 1 if axis is None else len(population.select(where)[population.position(axis)])
    # No axes: one cell, and it is imputed.
    parts = list(_imputed_selections(model, where)) if population.axes else [{}]
    return lambda q: sum(q.number(step, part) for part in parts) / levels


def imputed_parts(model: Model) -> dict[str, Callable[[Quantities], Any]]:
    """Return the imputed part of the number at every step; none where all of it is, or nothing."""
    if model.imputed_part() != "partly imputed":
        return {}
    found = {
        named("word.imputed_at", step=step): imputed_number(
            model, step, per=model.population.mean_over("auto")
        )
        for step in model.route.steps
    }
    return {name: part for name, part in found.items() if part is not None}
