"""What a model takes to be the same over an axis, whether anybody said so or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Axis, Where, show_level
from funnelest.defects.base import Defect, Records
from funnelest.model.along import Keys, Part, along, figure_groups, in_cells, keys_of
from funnelest.model.changes import changes
from funnelest.model.looking import Looking, draws_of
from funnelest.model.sharing import Use, shared
from funnelest.words import Named, Sentence, named, say

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["Constancy", "constancies", "constant_problems"]


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


def constancies(model: Parts) -> list[Constancy]:
    """Return everything that is the same at several levels of an axis.

    The rate and every transition over every axis; what a source's defects do to its numbers, and
    what else it brings, over those axes over which its figures differ, or those of sources that
    check it or share it; what an assumption about the rate or the people carries, within the cells
    that it is about. Where a part varies over two axes, how it changes over one of them.
    Measured, by evaluating each at values that differ wherever two parameters do: a term, a defect
    or an assumption of the user's own needs to declare nothing.
    """
    parts, told_by = _parts(model)
    every = [*parts, *changes(model, parts)]
    found = []
    for axis in model.population.axes:
        if len(axis.levels) < 2:
            continue
        told = _told_apart(model, axis, told_by, parts)
        for part in every:
            groups = _groups(part, axis.name, told)
            if groups:
                said = part.said or part.name
                found.append(Constancy(name=part.name, part=said, axis=axis, groups=groups))
    order = {part.name: i for i, part in enumerate(every)}
    return sorted(found, key=lambda one: order[one.name])


def constant_problems(model: Parts) -> list[str]:
    """Return which of the constancies that assumptions state are none, one sentence each."""
    stating = [one for one in model.assumptions if one.constant()]
    if not stating:
        return []
    parts, _ = _parts(model)
    keys = {part.name: part.keys for part in parts}
    every = [*parts, *changes(model, parts)]
    known = {name: part.keys for part in every for name in (part.name, part.said) if name}
    said = {str(part.said): part.name for part in every if part.said}
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


def _parts(model: Parts) -> tuple[list[Part], list[Where]]:
    """Return everything of a model that has a value in cells, and the cells of every figure."""
    q = Looking(model, draws_of(model))
    of_sources, uses = _of_sources(model, q)
    parts = [*_varying(model, q), *_assumed(model, q), *of_sources]
    parts += shared(model, uses, [q.figures(one) for one in model.evidence])
    return parts, [where for one in model.evidence for where in q.figures(one).wheres]


def _groups(part: Part, axis: str, told: Keys) -> list[list[list[int]]]:
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


def _told_apart(model: Parts, axis: Axis, wheres: Sequence[Where], parts: Sequence[Part]) -> Keys:
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
        columns.append(keys_of(mask.astype(np.float64)))
    if not columns:
        return np.zeros(size, dtype=np.intp)
    return keys_of(np.stack(columns, axis=1).astype(np.float64))


def _varying(model: Parts, q: Looking) -> Iterator[Part]:
    """Yield the rate, where no assumption sets it, and every transition."""
    filled = [one.imputed(model.population) for one in model.assumptions]
    free = ~np.logical_or.reduce([np.zeros(model.population.shape, dtype=bool), *filled])
    for varying, name in model.varying():
        rate = varying is model.occurrence
        value = varying.evaluate(q.parameters, name, model.population)
        inside = free if rate else None
        keys = along(model, value, inside)
        yield Part(name=name, keys=keys, values=[in_cells(model.population, value)], inside=inside)


def _assumed(model: Parts, q: Looking) -> Iterator[Part]:
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
            keys = along(model, found, inside)
            if mask.any():
                # Along the ages that it fills in it is what the assumption itself says.
                for i, axis in enumerate(population.axes):
                    if (mask != mask.take([0], axis=i)).any():
                        keys.pop(axis.name)
            name = one.called(population)
            yield Part(name=name, keys=keys, values=[in_cells(population, found)], inside=inside)


def _of_sources(model: Parts, q: Looking) -> tuple[list[Part], list[Use]]:
    """Return the defects of each source and what it brings itself, over what its figures tell.

    The figures of a study that checks a defect tell of it too. Also of which parameters each is.
    """
    population = model.population
    found, uses = [], []
    for one in model.sources():
        own = q.figures(one).wheres
        for defect in one.defects:
            wheres = [*own, *_checks(model, one.name, defect, q)]
            said = named("constancy.of_source", what=defect.label, source=one.name)
            values = _acts(defect, q, one.name)
            found.append(
                Part(
                    name=f"{defect.label}[{one.name}]",
                    said=said,
                    keys=_defect(model, values),
                    figures=_over(model, wheres),
                    values=[value for value, _ in values or []],
                )
            )
            names = list(defect.parameters(one.name, population))
            uses.append(Use(names, said, one.name, wheres, found[-1].values))
        same = {axis.name: np.zeros(len(axis.levels), dtype=np.intp) for axis in population.axes}
        for name in one.alike(population):
            found.append(Part(name=name, keys=same, figures=_over(model, own)))
        said = named("constancy.own_source", source=one.name)
        uses.append(Use(list(one.alike(population)), said, one.name, own))
    return found, uses


def _over(model: Parts, wheres: Sequence[Where]) -> dict[str, Keys]:
    return {axis.name: figure_groups(model, axis, wheres) for axis in model.population.axes}


def _checks(model: Parts, source: str, defect: Defect, q: Looking) -> list[Where]:
    """Return the cells of the figures of studies that check a defect of a source."""
    found: list[Where] = []
    for one in model.evidence:
        of, what = one.checking() or ("", "")
        if of == source and what in defect.checked():
            found += q.figures(one).wheres
    return found


#: What a defect does, in cells, and the axes that it is counted for, where it is.
type Acts = list[tuple[NDArray[np.float64], tuple[str, ...] | None]]


def _acts(defect: Defect, q: Looking, source: str) -> Acts | None:
    """Return what a defect does to records in cells, each with the axes that it is counted for.

    Without axes what is no number of records by itself; None for a defect that tells nothing.
    """
    if not defect.gives("on_records"):
        return []
    ones = np.ones((1,) * (len(q.cells.axes) + 1))
    try:
        with np.errstate(all="ignore"):
            made = defect.on_records(Records(ones, ones, ones, ones), q, source)
    except Exception:  # an own one that cannot be evaluated tells nothing
        return None
    values = [made.registered, made.true, made.all, *(share for _, share in made.unknown.values())]
    return [
        *((in_cells(q.cells, value), None) for value in values),
        *((in_cells(q.cells, one.number), tuple(one.axes)) for one in made.added),
    ]


def _defect(model: Parts, values: Acts | None) -> dict[str, Keys]:
    """Return how what a defect does to a source goes along each axis."""
    if values is None:
        return {}
    columns = [along(model, value) for value, _ in values]
    added = [axes for _, axes in values if axes is not None]
    found = {}
    for axis in model.population.axes:
        keys = [np.zeros(len(axis.levels)), *(one[axis.name].astype(float) for one in columns)]
        # Records of nobody, counted for a whole axis, are not the same at each of its levels.
        if all(axis.name in one for one in added):
            found[axis.name] = keys_of(np.stack(keys, axis=1))
    return found
