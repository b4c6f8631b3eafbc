"""Parameters that several sources share: over which axes their figures then rest on one value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.model.along import Keys, Part, figure_groups
from funnelest.model.looking import Figures, root_of
from funnelest.words import named

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["Use", "shared"]

#: To how many parts of the largest power of two below it a value is compared.
_PARTS = 1e9


@dataclass(frozen=True)
class Use:
    """Something of a source that is made of parameters, and the cells of the figures it is in."""

    parameters: Sequence[str]
    said: str
    source: str
    wheres: Sequence[Where]
    #: Its values in cells; none of what is a number for the source.
    values: Sequence[NDArray[np.float64]] = ()


def shared(model: Parts, uses: Sequence[Use], figures: Sequence[Figures]) -> Iterator[Part]:
    """Yield the parameters of the model that figures of several sources rest on.

    Parameters
    ----------
    model : Parts
        The model.
    uses : sequence of Use
        What is made of parameters.
    figures : sequence of Figures
        Of every source.
    """
    varying = _of_rates(model)
    for root in model.parameters:
        mine = [one for one in uses if root in {root_of(model, n) for n in one.parameters}]
        own = {one.source for one in mine}
        if root not in varying:
            mine += [
                Use([root], named("constancy.own_source", source=name), name, one.wheres)
                for one in figures
                if (name := one.source.name) not in own
                and root in {root_of(model, asked) for asked in one.asked}
            ]
        if len({one.source for one in mine}) < 2:
            continue
        keys, told_apart = {}, {}
        for axis in model.population.axes:
            at = model.population.position(axis.name)
            each = [figure_groups(model, axis, one.wheres) for one in mine]
            every = figure_groups(model, axis, [w for one in mine for w in one.wheres])
            told = any(np.array_equal(one, every) for one in each)
            told_apart[axis.name] = np.full_like(every, -1) if told else every
            rows = [_rows(one.values, at, len(axis.levels)) for one in mine]
            keys[axis.name] = _joined(
                [
                    set().union(*(row[i] for row, on in zip(rows, each, strict=True) if on[i] >= 0))
                    for i in range(len(axis.levels))
                ]
            )
        of = list(dict.fromkeys(one.said for one in mine))
        said = named("constancy.shared", name=root, of=of)
        yield Part(name=root, said=said, keys=keys, figures=told_apart)


def _of_rates(model: Parts) -> set[str]:
    """Return the parameters of the rate, the transitions and the assumptions."""
    population = model.population
    found = {key for one, name in model.varying() for key in one.parameters(name, population)}
    for one in model.assumptions:
        found |= one.parameters(population).keys()
    return {root_of(model, name) for name in found}


def _rows(values: Sequence[NDArray[np.float64]], at: int, size: int) -> list[set[Any]]:
    """Return what stands for the values at each level of an axis: equal but for rounding.

    Where none varies over it the parameter itself does, also beside values of another kind.
    """
    found = []
    same = all(value.shape[at] == 1 for value in values)
    for i in range(size):
        row = []
        for value in values:
            level = value.take([i if value.shape[at] > 1 else 0], axis=at)
            parts, power = np.frexp(level)
            row.append((level.shape, np.round(parts * _PARTS).tobytes(), power.tobytes()))
        found.append(({tuple(row)} if row else set()) | ({"itself"} if same else set()))
    return found


def _joined(levels: Sequence[set[Any]]) -> Keys:
    """Return for each level the number of those that have a value in common; -1 of no figure."""
    found = np.full(len(levels), -1, dtype=np.intp)
    groups: list[set[Any]] = []
    for i, own in enumerate(levels):
        if not own:
            continue
        there = [k for k, group in enumerate(groups) if group & own]
        first = there[0] if there else len(groups)
        if not there:
            groups.append(set())
        groups[first] |= own
        for k in there[1:]:
            groups[first] |= groups[k]
            groups[k] = set()
            found[found == k] = first
        found[i] = first
    return found
