"""Of which cells sources see a rate or a transition, and where a number is carried over."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.errors import SpecError
from funnelest.model.looking import Looking, points_of, root_of
from funnelest.model.unasked import imputed_cells
from funnelest.observations.observation import silent
from funnelest.priors import Fixed
from funnelest.route import Edge, show_edge

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["CARRIED", "PARTLY", "Sight"]

type Mask = NDArray[np.bool_]
type Names = frozenset[str]

#: What the basis of a number says of cells that no source sees for what it rests on.
CARRIED, PARTLY = "carried over", "partly carried over"
#: Points of the prior at which every part is made smaller, and by which factor.
_POINTS, _FACTOR = 3, 0.7
#: A change below this part of a number is rounding: sums over cells depend on how they are split.
_ROUNDING = 1e-8


@dataclass(frozen=True)
class _Figure:
    """A figure: the parts that it depends on, what its source lends it, and its cells."""

    parts: Names
    lent: Names
    cells: Any

    @property
    def size(self) -> int:
        return math.prod(one.size for one in self.cells)


class Sight:
    r"""Which cells of each part of a model (its rate, each transition) some figure is of.

    A figure depends on parts: those that change what is expected of it when they are smaller in all
    cells. It sees a part in its cells where it depends on no other, or on others only that figures
    see in all of these cells (or, of the rate, that an assumption sets there), by themselves or as
    a whole: the number at an earlier step, of which a figure of these cells is. A figure of cells
    of which only some are seen otherwise says nothing of the rest by themselves, as in
    `asked_cells`.
    A part that no figure sees so, in any cell, is seen together with others: in the cells of the
    figures that depend on it and on fewest others. One that depends on all that another does and
    on more (the number at a later step) is needed for the rest: it does not see the part too.

    What a source lends its figures (a coverage, a sensitivity, an overlap: what sets the level of
    its defects, and what it brings itself) is known by its prior, and then is in nobody's way. But
    where other figures tell it (an audit; a register in cells of which a survey tells the rate), it
    is lent from their cells: a figure of other cells sees its parts with what is carried over
    there, and by itself sees none. Several that no figure tells apart are lent together.

    A number over some cells rests on parts as well. Where a figure that lies within these cells
    depends on the same parts it sees the number itself. In its other cells each of its parts has to
    be seen: where one is not, that part comes from cells where it is seen, because nothing lets it
    differ. The number is then carried over: wholly where such a part is seen in none of its cells.
    What an assumption imputes is no matter of this.

    Parameters
    ----------
    model : Parts
        The model.
    """

    def __init__(self, model: Parts) -> None:
        self._model, self._population = model, model.population
        self._people: Mask = model.population.counts > 0
        self.parts = _parameters(model)
        self._rate = model.occurrence_name
        self._imputed = imputed_cells(model)
        names, q = list(self.parts), self._q
        #: Step, or transition as the share of its first step -> the parts that it depends on.
        self.places: dict[Any, Names] = {}
        with np.errstate(all="ignore"):
            for place in (*model.route.steps, *model.route.edges):
                self.places[place] = _at(q, place, names)
        found: dict[tuple[Names, str], _Figure] = {}
        for one in model.evidence:
            if not model.powers.get(one.name, 1.0):
                continue
            figures, every = q.figures(one), [*names, *q.lent]
            rows = [row for each in figures.seen for row in _depends_of(each, every, q.draws)]
            for on, where in _paired(rows, figures.wheres):
                if on:
                    cells = np.ix_(*model.population.select(where))
                    parts = frozenset(on & self.parts.keys())
                    found[on, repr(where)] = _Figure(parts, on - parts, cells)
        self._figures = _elsewhere(sorted(found.values(), key=lambda one: one.size))

    @cached_property
    def _q(self) -> _Scaled:
        return _Scaled(self._model, list(self.parts))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_q"}

    def looks_at(self, quantity: Callable[[Any], Any]) -> tuple[Names, Sequence[Where]]:
        """Return the parts on which a `quantity` depends, and over which cells it sums.

        Of several selections, as in a ratio of two years, a part that is smaller in all of them
        may change nothing. It is then made smaller in one of them at a time.
        """
        names = list(self.parts)
        try:
            with np.errstate(all="ignore"):
                value, wheres = self._q.looked(quantity)
                found = _union(_depends(value, names, self._q.draws))
                for where in wheres if len(wheres) > 1 else ():
                    if found >= self.seen.keys():
                        break
                    q = _Scaled(self._model, names, where)
                    found |= _union(_depends(quantity(q), names, q.draws))
                return found, wheres
        except Exception:  # whatever a user's function may do: nothing is known of it
            return frozenset(), ()

    @cached_property
    def _isolated(self) -> Mapping[str, Mask]:
        """Each part, and what sources lend -> the cells in which figures tell it by itself."""
        lent = frozenset[str]().union(*(one.lent for one in self._figures))
        alone: dict[str, Mask] = {
            name: np.zeros(self._population.shape, dtype=bool) for name in (*self.parts, *lent)
        }
        self._spread(alone, lambda one, left: len(left) == 1 or left <= one.lent)
        # What no figure tells is known by its prior alone, in every cell alike.
        for name in lent:
            if not alone[name].any():
                alone[name][:] = True
        self._spread(alone, lambda one, left: len(left) == 1 and left <= one.parts)
        return alone

    def _spread(
        self, alone: dict[str, Mask], tells: Callable[[_Figure, frozenset[str]], bool]
    ) -> None:
        """Add to where each is told `alone` what follows from it, until nothing does."""
        changed = True
        while changed:
            changed = False
            wholes = self._wholes(alone)
            for one in self._figures:
                there = self._people[one.cells]
                whole = _union(
                    [parts for parts, mask in wholes.items()
                     if parts < one.parts and (mask[one.cells] | ~there).all()]
                )  # fmt: skip
                left = frozenset(
                    name
                    for name in (one.parts - whole) | one.lent
                    if not (self._known(name, alone, one.cells) | ~there).all()
                )
                if not left or not tells(one, left):
                    continue
                if left <= self.parts.keys() and any(
                    (alone[name][one.cells] & there).any() for name in left
                ):
                    continue
                for name in left:
                    alone[name][one.cells] = True
                changed = True

    def _wholes(self, alone: Mapping[str, Mask]) -> Mapping[Names, Mask]:
        """Return what figures are of as a whole, and the cells of those to which nothing is lent.

        That is, but what is told `alone` in their own cells.
        """
        found: dict[Names, Mask] = {}
        for one in self._figures:
            mask = found.setdefault(one.parts, np.zeros(self._population.shape, dtype=bool))
            if all(alone[name][one.cells].all() for name in one.lent):
                mask[one.cells] = True
        return found

    @cached_property
    def seen(self) -> Mapping[str, Mask]:
        """Part -> the cells in which it is seen; without those parts that no figure sees at all."""
        found = {}
        for name in self.parts:
            mask = self._isolated[name].copy()
            figures = [one for one in self._figures if name in one.parts]
            if not mask.any():
                every = {one.parts for one in figures}
                fewest = {one for one in every if not any(other < one for other in every)}
                for one in figures:
                    if one.parts in fewest:
                        mask[one.cells] |= self._own(one)
            if mask.any() or figures:
                found[name] = mask
        return found

    def _own(self, figure: _Figure) -> Mask:
        """Return in which cells of a figure nothing is lent to it from other cells."""
        mask: Mask = np.ones_like(self._people[figure.cells])
        for name in figure.lent:
            mask &= self._isolated[name][figure.cells]
        return mask

    def _known(self, name: str, alone: Mapping[str, Mask], cells: Any) -> Mask:
        known: Mask = alone[name][cells]
        return known | self._imputed[cells] if name == self._rate else known

    def basis(self, parts: Names, wheres: Sequence[Where]) -> str:
        """Return "carried over", "partly carried over" or nothing of a number over some cells.

        Parameters
        ----------
        parts : frozenset of str
            The parts that it depends on.
        wheres : sequence of mapping
            The selections that its cells are in.

        Returns
        -------
        str
            Empty where every part is seen, or none by any source.
        """
        inside: Mask = np.zeros(self._population.shape, dtype=bool)
        for where in wheres:
            inside[np.ix_(*self._population.select(where))] = True
        inside &= self._people
        rest = inside.copy()
        for one in self._figures:
            if one.parts == parts and (inside[one.cells] | ~self._people[one.cells]).all():
                rest[one.cells] &= ~self._own(one)
        words = set()
        for name in parts & self.seen.keys():
            mine = inside & ~self._imputed if name == self._rate else inside
            out = rest & mine & ~self.seen[name]
            if out.any():
                words.add(CARRIED if (out == mine).all() else PARTLY)
        return CARRIED if CARRIED in words else PARTLY if words else ""


def _at(q: Looking, place: Any, names: Sequence[str]) -> Names:
    """Return the parts on which the number at a step, or the share of a transition, depends."""
    try:
        value = q.in_cells(place) if isinstance(place, str) else q._probability(place)
    except SpecError:  # between limits there is no rate; no figure is evaluated either
        return frozenset(names)
    return _union(_depends(value, names, q.draws))


def _union(rows: Sequence[Names]) -> Names:
    empty: Names = frozenset()
    return empty.union(*rows)


def _parameters(model: Parts) -> dict[str, Names]:
    """Return the rate and the transitions -> their unknown parameters; without known ones."""
    found = {}
    for varying, name in model.varying():
        roots = set()
        for own in varying.parameters(name, model.population):
            root = root_of(model, own)
            if not isinstance(model.priors[root], Fixed):
                roots.add(root)
        if roots:
            found[name] = frozenset(roots)
    return found


def _lent(model: Parts, parts: Mapping[str, Names]) -> list[str]:
    """Return the unknown parameters that sources lend their figures, and nothing else has."""
    population = model.population
    found = [*model.parameters]  # an own function may ask for them by name
    for one in model.sources():
        found += one.lent(population)
        found += [name for own in one.defects for name in own.set_by(one.name, population)]
    of_others = _union([*parts.values()])
    for assumption in model.assumptions:
        of_others |= {root_of(model, name) for name in assumption.parameters(population)}
    roots = dict.fromkeys(root_of(model, name) for name in found)
    return [name for name in roots if name in model.free and name not in of_others]


def _elsewhere(figures: Sequence[_Figure]) -> list[_Figure]:
    """Return the figures without what is lent to figures of the same cells only."""
    cells: dict[str, set[tuple[bytes, ...]]] = {}
    for one in figures:
        for name in one.lent:
            cells.setdefault(name, set()).add(tuple(i.tobytes() for i in one.cells))
    several = {name for name, some in cells.items() if len(some) > 1}
    return [replace(one, lent=one.lent & several) for one in figures]


class _Scaled(Looking):
    """Quantities at some points of the prior, and with each part alone made smaller there.

    By one factor in all cells, or in all of a selection: of a share that is pooled over cells the
    weights then stay. Of what sources lend, which comes after the parts, another value.
    """

    def __init__(self, model: Parts, parts: Sequence[str], where: Where | None = None) -> None:
        self.lent = _lent(model, _parameters(model)) if where is None else []
        rng, size = np.random.default_rng(0), len(parts) + len(self.lent) + 1
        values = {}
        for name, prior in model.free.items():
            values[name] = np.repeat(points_of(prior, rng, _POINTS - 1), size)
        for i, name in enumerate(self.lent, len(parts) + 1):
            values[name].reshape(_POINTS, size)[:, i] = points_of(
                model.free[name], rng, _POINTS - 1
            )
        super().__init__(model, values)
        made: Any = np.ones((1,) * len(model.population.axes))
        if where is not None:
            made = np.zeros(model.population.shape)
            made[np.ix_(*model.population.select(where))] = 1.0
        self._of = {
            name: 1.0 - (1.0 - _FACTOR) * made[..., None] * np.tile(np.arange(size) == i, _POINTS)
            for i, name in enumerate(parts, 1)
        }

    def _entry(self) -> Any:
        if "scaled" not in self._cache:
            factor = self._of.get(self._model.occurrence_name, 1.0)
            self._cache["scaled"] = super()._entry() * factor
            if "first" in self._cache:
                self._cache["first"] = self._cache["first"] * factor
        return self._cache["scaled"]

    def _share(self, edge: Edge) -> Any:
        return super()._share(edge) * self._of.get(show_edge(edge), 1.0)


def _depends(value: Any, names: Sequence[str], draws: int) -> list[Names]:
    """Return of every row of a value, whose last axis are the draws, the parts that move it.

    By name, in the order of the draws; those after the last name are not looked at.
    """
    value = np.asarray(value, dtype=np.float64)
    if not names or not value.ndim or value.shape[-1] != draws:
        return [frozenset()]
    value = value.reshape(-1, _POINTS, draws // _POINTS)
    base, other = value[..., :1], value[..., 1 : len(names) + 1]
    small = np.abs(other - base) <= _ROUNDING * (np.abs(base) + np.finfo(float).tiny)
    moved = (~small & (np.isfinite(base) | np.isfinite(other))).any(axis=1)
    return [frozenset(n for n, m in zip(names, row, strict=True) if m) for row in moved.tolist()]


def _depends_of(seen: Any, names: Sequence[str], draws: int) -> list[Names]:
    """Return the parts that each number of a source depends on, by what is expected of it."""
    with np.errstate(all="ignore"):
        for what in (lambda: seen.moments()[0], seen.logp):
            try:
                found = _depends(what(), names, draws)
                nothing = silent(seen, len(found))
            except Exception:  # a kind of the user's own may have no mean, or no likelihood here
                continue
            if _union(found):
                return [frozenset() if i in nothing else row for i, row in enumerate(found)]
    return [frozenset()]


def _paired(rows: Sequence[Names], wheres: Sequence[Where]) -> list[tuple[Names, Where]]:
    """Return the parts and the cells of each figure."""
    if len(rows) == len(wheres):
        return list(zip(rows, wheres, strict=True))
    if len(wheres) == 1:
        return [(row, wheres[0]) for row in dict.fromkeys(rows)]
    every = _union(rows)
    return [(every, where) for where in wheres]
