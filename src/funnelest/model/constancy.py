"""What a model takes to be the same over an axis, whether anybody said so or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Axis, Where, show_level
from funnelest.defects.base import Defect, Records
from funnelest.model.looking import Looking, draws_of, figure_cells
from funnelest.words import Named, Sentence, named, say

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["Constancy", "constancies", "constant_problems"]

#: A change below this part of a value is rounding.
_ROUNDING = 1e-9
#: For each level of an axis which levels have its value, by a number; -1 where it has none.
type Keys = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Constancy:
    """A part of a model that is the same at several levels of an axis.

    Parameters
    ----------
    name : str
        The rate, the transition, the defect or the factor of an assumption, as the ledger names it.
    part : str
        The same, in words.
    axis : Axis
        The axis.
    groups : sequence of sequences of sequences of int
        Each of the sets of levels at which it is the same, as groups of levels (by their numbers)
        that some source, term or assumption tells apart.
    """

    name: str
    part: str
    axis: Axis
    groups: Sequence[Sequence[Sequence[int]]]

    @property
    def about(self) -> Named:
        """What the ledger calls it."""
        return named("constancy.about", part=self.name, axis=self.axis.name)

    @property
    def value(self) -> Named:
        """What is taken to be the same, in a sentence without its full stop."""
        parts = [self._alike(block) for block in self.groups]
        return named("constancy.same", part=self.part, where=parts)

    def _alike(self, groups: Sequence[Sequence[int]]) -> Sentence:
        role = self.axis.role or "other"
        shown = [_shown(self.axis, group) for group in groups]
        name = self.axis.name
        if len(shown) == 1:
            return say(f"constancy.within.{role}", axis=name, levels=shown[0])
        return say(f"constancy.{role}", axis=name, first=shown[0], rest=shown[1:], all=shown)


def _shown(axis: Axis, group: Sequence[int]) -> Any:
    """Return a group of levels as a reader writes it: a run of numbers as one band."""
    levels = [axis.levels[i] for i in group]
    if axis.numeric and len(group) > 1 and list(group) == list(range(group[0], group[-1] + 1)):
        last = axis.bounds(group[-1])[1]
        return show_level((axis.bounds(group[0])[0], None if np.isinf(last) else int(last)))
    if len(levels) == 1:
        return show_level(levels[0])
    return say("constancy.levels", names=[show_level(one) for one in levels])


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Something of a model with a value in cells, and how it goes along each axis."""

    name: str
    keys: Mapping[str, Keys]
    #: In words, where that is not its name.
    said: str = ""
    #: Only where the figures of a source differ: axis -> number of the group of each level.
    figures: Mapping[str, Keys] | None = None


def constancies(model: Parts) -> list[Constancy]:
    """Return everything that is the same at several levels of an axis.

    The rate and every transition over every axis; what a source's defects do to its numbers, and
    what else it brings, over those axes over which its figures differ; what an assumption about
    the rate or the people carries, within the cells that it is about. Measured, by evaluating each
    at values that differ wherever two parameters do: a term, a defect or an assumption of the
    user's own needs to declare nothing.
    """
    q = Looking(model, draws_of(model))
    cells = {one.name: figure_cells(one, q)[1] for one in model.evidence}
    parts = _parts(model, q, cells)
    found = []
    for axis in model.population.axes:
        if len(axis.levels) < 2:
            continue
        told = _told_apart(model, axis, [w for some in cells.values() for w in some], parts)
        for part in parts:
            groups = _groups(part, axis.name, told)
            if groups:
                said = part.said or part.name
                found.append(Constancy(name=part.name, part=said, axis=axis, groups=groups))
    order = {part.name: i for i, part in enumerate(parts)}
    return sorted(found, key=lambda one: order[one.name])


def constant_problems(model: Parts) -> list[str]:
    """Return which of the constancies that assumptions state are none, one sentence each."""
    stating = [one for one in model.assumptions if one.constant()]
    if not stating:
        return []
    q = Looking(model, draws_of(model))
    cells = {one.name: figure_cells(one, q)[1] for one in model.evidence}
    parts = _parts(model, q, cells)
    keys = {part.name: part.keys for part in parts}
    known = keys | {part.said: part.keys for part in parts if part.said}
    said = {str(part.said): part.name for part in parts if part.said}
    axes = {axis.name for axis in model.population.axes}
    pairs = [(str(said.get(n, n)), axis) for one in stating for n, axis in set(one.constant())]
    found = [
        f"{name!r} is stated to be the same over {axis!r} by {n} assumptions: state it once."
        for (name, axis), n in Counter(pairs).items()
        if n > 1
    ]
    for one in stating:
        kind = type(one).__name__
        names, over = (list(dict.fromkeys(some)) for some in zip(*one.constant(), strict=True))
        found += [
            f"{kind}: there is no part {name!r} of the model; its parts are: {', '.join(keys)}."
            for name in names
            if name not in known
        ]
        found += [
            f"{kind}: there is no axis {name!r}; the population's axes are: "
            f"{', '.join(sorted(axes)) or 'none'}."
            for name in over
            if name not in axes
        ]
        found += [
            f"{kind}: {name!r} is not the same over {axis!r}, as the model has it: leave out the "
            "term by which it varies, or this statement."
            for name, axis in one.constant()
            if name in known and axis in axes and not _anywhere(known[name].get(axis))
        ]
    return found


def _anywhere(keys: Keys | None) -> bool:
    """Return whether two levels of an axis have one value."""
    if keys is None:
        return False
    known = keys[keys >= 0]
    return len(set(known.tolist())) < len(known)


def _parts(model: Parts, q: Looking, cells: Mapping[str, Sequence[Where]]) -> list[_Part]:
    """Return everything of a model that has a value in cells."""
    return [*_varying(model, q), *_assumed(model, q), *_of_sources(model, q, cells)]


def _groups(part: _Part, axis: str, told: Keys) -> list[list[list[int]]]:
    """Return the sets of levels at which a part is the same, as groups that are told apart."""
    keys = part.keys.get(axis)
    if keys is None:
        return []
    apart = told
    if part.figures is not None:
        apart = part.figures[axis]
        keys = np.where(apart < 0, -1, keys)
    found = []
    for key in dict.fromkeys(keys[keys >= 0].tolist()):
        levels = np.flatnonzero(keys == key)
        groups = [
            [int(i) for i in levels if apart[i] == group]
            for group in dict.fromkeys(apart[levels].tolist())
        ]
        if len(groups) > 1 or (part.figures is None and len(levels) > 1):
            found.append(groups)
    return found


def _told_apart(model: Parts, axis: Axis, wheres: Sequence[Where], parts: Sequence[_Part]) -> Keys:
    """Return for each level of an axis the number of its group: levels that nothing tells apart."""
    size = len(axis.levels)
    columns: list[NDArray[Any]] = [part.keys[axis.name] for part in parts if axis.name in part.keys]
    for wanted in {repr(w[axis.name]): w[axis.name] for w in wheres if axis.name in w}.values():
        inside = np.zeros(size, dtype=np.intp)
        inside[model.population.select_on(axis, wanted)[0]] = 1
        columns.append(inside)
    at = model.population.position(axis.name)
    for one in model.assumptions:
        mask = np.moveaxis(one.imputed(model.population), at, 0).reshape(size, -1)
        columns.append(_keys(mask.astype(np.float64)))
    if not columns:
        return np.zeros(size, dtype=np.intp)
    return _keys(np.stack(columns, axis=1).astype(np.float64))


def _keys(rows: NDArray[np.float64]) -> Keys:
    """Return a number for each row; equal ones, but for rounding, have the same."""
    found = np.full(len(rows), -1, dtype=np.intp)
    number = 0
    for i in range(len(rows)):
        if found[i] < 0:
            scale = _ROUNDING * np.maximum(np.abs(rows[i]), np.finfo(float).tiny)
            with np.errstate(invalid="ignore"):
                same = ((np.abs(rows - rows[i]) <= scale) | (rows == rows[i])).all(axis=1)
            found[same & (found < 0)] = number
            found[i] = number
            number += 1
    return found


def _along(model: Parts, value: Any, inside: NDArray[np.bool_] | None = None) -> dict[str, Keys]:
    """Return how a value in cells goes along each axis, within some of the cells."""
    population = model.population
    value = np.asarray(value, dtype=np.float64)
    value = value.reshape((1,) * (len(population.axes) + 1 - value.ndim) + value.shape)
    found = {}
    for i, axis in enumerate(population.axes):
        size = len(axis.levels)
        if value.shape[i] == 1:
            keys = np.zeros(size, dtype=np.intp)
        else:
            keys = _keys(np.moveaxis(value, i, 0).reshape(size, -1))
        if inside is not None:
            rows = np.moveaxis(np.broadcast_to(inside, population.shape), i, 0).reshape(size, -1)
            # Levels of which other cells are inside are not alike: there is nothing to compare.
            keys = _keys(np.stack([keys, _keys(rows.astype(float))], axis=1).astype(float))
            keys[~rows.any(axis=1)] = -1
        found[axis.name] = keys
    return found


def _varying(model: Parts, q: Looking) -> Iterator[_Part]:
    """Yield the rate, where no assumption sets it, and every transition."""
    filled = [one.imputed(model.population) for one in model.assumptions]
    free = ~np.logical_or.reduce([np.zeros(model.population.shape, dtype=bool), *filled])
    for varying, name in model.varying():
        rate = varying is model.occurrence
        value = varying.evaluate(q.parameters, name, model.population)
        yield _Part(name=name, keys=_along(model, value, free if rate else None))


def _assumed(model: Parts, q: Looking) -> Iterator[_Part]:
    """Yield what assumptions carry, within the cells that they are about."""
    population = model.population
    ones = np.ones((1,) * (len(population.axes) + 1))
    for one in model.assumptions:
        if not one.parameters(population):
            continue
        values = q.parameters
        made: dict[str, Callable[[], Any]] = {
            "apply_to_rate": partial(one.apply_to_rate, 0.05 * ones, values, population),
            "apply_to_population": partial(one.apply_to_population, ones, values, population),
            "first_share": partial(one.first_share, values, population),
        }
        for method, value in made.items():
            if not one.gives(method):
                continue
            try:
                with np.errstate(all="ignore"):
                    found = np.asarray(value(), dtype=np.float64)
            except Exception:  # an own one that cannot be evaluated tells nothing
                continue
            mask = one.imputed(population)
            inside = None
            if mask.any():
                inside = mask
            elif method == "apply_to_population":
                inside = np.broadcast_to((found != 1).any(axis=-1), population.shape)
            keys = _along(model, found, inside)
            if mask.any():
                # Along the ages that it fills in it is what the assumption itself says.
                for i, axis in enumerate(population.axes):
                    if (mask != mask.take([0], axis=i)).any():
                        keys.pop(axis.name)
            yield _Part(name=one.called(population), keys=keys)


def _of_sources(model: Parts, q: Looking, cells: Mapping[str, Sequence[Where]]) -> Iterator[_Part]:
    """Yield the defects of each source and what it brings itself, over what its figures tell."""
    population = model.population
    inside = {member.name for one in model.evidence for member in one.members()}
    for one in model.sources():
        wheres = cells[one.name] if one.name not in inside else figure_cells(one, q)[1]
        figures = {axis.name: _figures(model, axis, wheres) for axis in population.axes}
        for defect in one.defects:
            keys = _defect(model, defect, q, one.name)
            yield _Part(
                name=f"{defect.label}[{one.name}]",
                said=named("constancy.of_source", what=defect.label, source=one.name),
                keys=keys,
                figures=figures,
            )
        same = {axis.name: np.zeros(len(axis.levels), dtype=np.intp) for axis in population.axes}
        for name in one.alike(population):
            yield _Part(name=name, keys=same, figures=figures)


def _figures(model: Parts, axis: Axis, wheres: Sequence[Where]) -> Keys:
    """Return for each level the group of figures that it is in; -1 for levels of no figure."""
    wanted = {repr(w.get(axis.name)): w.get(axis.name) for w in wheres}
    inside = np.zeros((len(axis.levels), len(wanted)))
    for i, one in enumerate(wanted.values()):
        chosen = slice(None) if one is None else model.population.select_on(axis, one)[0]
        inside[chosen, i] = 1.0
    found = _keys(inside)
    seen = inside.any(axis=1) if len(wanted) else np.zeros(len(inside), dtype=bool)
    # Numbered from 0 on among those that some figure is of.
    numbers = {key: i for i, key in enumerate(dict.fromkeys(found[seen].tolist()))}
    return np.array([numbers[k] if s else -1 for k, s in zip(found.tolist(), seen, strict=True)])


def _defect(model: Parts, defect: Defect, q: Looking, source: str) -> dict[str, Keys]:
    """Return how what a defect does to a source goes along each axis."""
    axes = model.population.axes
    same = {axis.name: np.zeros(len(axis.levels), dtype=np.intp) for axis in axes}
    if not defect.gives("on_records"):
        return same
    ones = np.ones((1,) * (len(axes) + 1))
    try:
        with np.errstate(all="ignore"):
            made = defect.on_records(Records(ones, ones, ones, ones), q, source)
    except Exception:  # an own one that cannot be evaluated tells nothing
        return {}
    values = [made.registered, made.true, made.all, *(share for _, share in made.unknown.values())]
    columns = [_along(model, value) for value in [*values, *(one.number for one in made.added)]]
    found = {
        axis.name: _keys(np.stack([keys[axis.name] for keys in columns], axis=1).astype(float))
        for axis in axes
    }
    # Records of nobody that are counted for a whole axis are not the same at each of its levels.
    return {
        name: keys for name, keys in found.items() if all(name in one.axes for one in made.added)
    }
