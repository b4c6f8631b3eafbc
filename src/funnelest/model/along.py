"""How the values of a model's parts go along each axis: which levels have the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Axis, Where
from funnelest.population import Population

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["Keys", "Part", "along", "figure_groups", "in_cells", "keys_of"]

#: A change below this part of a value is rounding.
_ROUNDING = 1e-9
#: For each level of an axis which levels have its value, by a number; -1 where it has none.
type Keys = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Something of a model with a value in cells, and how it goes along each axis."""

    name: str
    keys: Mapping[str, Keys]
    #: In words, where that is not its name.
    said: str = ""
    #: Only where the figures of a source differ: axis -> number of the group of each level.
    figures: Mapping[str, Keys] | None = None
    #: Its values in cells, and in which cells these are its own; None: in all.
    values: Sequence[NDArray[np.float64]] = ()
    inside: NDArray[np.bool_] | None = None


def keys_of(rows: NDArray[np.float64]) -> Keys:
    """Return a number for each row; equal ones, but for rounding, have the same."""
    found = np.full(len(rows), -1, dtype=np.intp)
    # Equal rows have nearly equal sums: only those need to be compared.
    clean = np.nan_to_num(rows, nan=0.0, posinf=1.0, neginf=-1.0).reshape(len(rows), -1)
    sums, sizes = clean.sum(axis=1), np.abs(clean).sum(axis=1)
    number = 0
    for i in range(len(rows)):
        if found[i] < 0:
            near = (found < 0) & (np.abs(sums - sums[i]) <= 2 * _ROUNDING * sizes[i])
            these = np.flatnonzero(near)
            scale = _ROUNDING * np.maximum(np.abs(rows[i]), np.finfo(float).tiny)
            with np.errstate(invalid="ignore"):
                same = (np.abs(rows[these] - rows[i]) <= scale) | (rows[these] == rows[i])
            same |= np.isnan(rows[these]) & np.isnan(rows[i])
            found[these[same.all(axis=1)]] = number
            found[i] = number
            number += 1
    return found


def in_cells(population: Population, value: Any) -> NDArray[np.float64]:
    """Return a value with one axis per axis of the population, and that of the draws."""
    found: NDArray[np.float64] = np.asarray(value, dtype=np.float64)
    return found.reshape((1,) * (len(population.axes) + 1 - found.ndim) + found.shape)


def along(model: Parts, value: Any, inside: NDArray[np.bool_] | None = None) -> dict[str, Keys]:
    """Return how a value in cells goes along each axis, within some of the cells."""
    population = model.population
    value = in_cells(population, value)
    found = {}
    for i, axis in enumerate(population.axes):
        size = len(axis.levels)
        if value.shape[i] == 1:
            keys = np.zeros(size, dtype=np.intp)
        else:
            keys = keys_of(np.moveaxis(value, i, 0).reshape(size, -1))
        if inside is not None:
            rows = np.moveaxis(np.broadcast_to(inside, population.shape), i, 0).reshape(size, -1)
            # Levels of which other cells are inside are not alike: there is nothing to compare.
            keys = keys_of(np.stack([keys, keys_of(rows.astype(float))], axis=1).astype(float))
            keys[~rows.any(axis=1)] = -1
        found[axis.name] = keys
    return found


def figure_groups(model: Parts, axis: Axis, wheres: Sequence[Where]) -> Keys:
    """Return for each level the group of figures that it is in; -1 for levels of no figure."""
    wanted = {repr(w.get(axis.name)): w.get(axis.name) for w in wheres}
    inside = np.zeros((len(axis.levels), len(wanted)))
    for i, one in enumerate(wanted.values()):
        chosen = slice(None) if one is None else model.population.select_on(axis, one)[0]
        inside[chosen, i] = 1.0
    found = keys_of(inside)
    seen = inside.any(axis=1) if len(wanted) else np.zeros(len(inside), dtype=bool)
    # Numbered from 0 on among those that some figure is of.
    numbers = {key: i for i, key in enumerate(dict.fromkeys(found[seen].tolist()))}
    return np.array([numbers[k] if s else -1 for k, s in zip(found.tolist(), seen, strict=True)])
