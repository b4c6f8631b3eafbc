"""Of which cells sources see a rate or a transition, and where a number is carried over."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.errors import SpecError
from funnelest.model.looking import Looking, figure_cells
from funnelest.model.unasked import imputed_cells
from funnelest.observations.observation import silent
from funnelest.priors import Fixed, Shared
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


class Sight:
    r"""Which cells of each part of a model (its rate, each transition) some figure is of.

    A figure depends on parts: those that change what is expected of it when they are smaller in all
    cells. It sees a part in its cells where it depends on no other, or on others only that figures
    see in all of these cells (or, of the rate, that an assumption sets there). A figure of cells of
    which only some are seen otherwise says nothing of the rest by themselves, as in `asked_cells`.
    A part that no figure sees so, in any cell, is seen together with others: in the cells of all
    figures that depend on it.

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
        #: Each figure: the parts that it depends on, and its cells.
        self._figures: dict[tuple[Names, str], tuple[Any, ...]] = {}
        for one in model.evidence:
            if not model.powers.get(one.name, 1.0):
                continue
            seen, wheres = figure_cells(one, q)
            rows = [row for each in seen for row in _depends_of(each, names)]
            for parts, where in _paired(rows, wheres):
                if parts:
                    self._figures[parts, repr(where)] = model.population.select(where)

    @cached_property
    def _q(self) -> _Scaled:
        return _Scaled(self._model, list(self.parts))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_q"}

    def looks_at(self, quantity: Callable[[Any], Any]) -> tuple[Names, Sequence[Where]]:
        """Return the parts on which a `quantity` depends, and over which cells it sums."""
        try:
            with np.errstate(all="ignore"):
                value, wheres = self._q.looked(quantity)
                return _union(_depends(value, list(self.parts))), wheres
        except Exception:  # whatever a user's function may do: nothing is known of it
            return frozenset(), ()

    @cached_property
    def seen(self) -> Mapping[str, Mask]:
        """Part -> the cells in which it is seen; without those parts that no figure sees at all."""
        shape = self._population.shape
        alone: dict[str, Mask] = {name: np.zeros(shape, dtype=bool) for name in self.parts}
        figures = sorted(
            ((parts, np.ix_(*chosen)) for (parts, _), chosen in self._figures.items()),
            key=lambda one: math.prod(a.size for a in one[1]),
        )
        changed = True
        while changed:
            changed = False
            for parts, cells in figures:
                there = self._people[cells]
                left = [
                    name for name in parts if not (self._known(name, alone, cells) | ~there).all()
                ]
                if len(left) != 1 or (alone[left[0]][cells] & there).any():
                    continue
                alone[left[0]][cells] = True
                changed = True
        found = {}
        for name, mask in alone.items():
            if not mask.any():
                for parts, cells in figures:
                    if name in parts:
                        mask[cells] = True
            if mask.any():
                found[name] = mask
        return found

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
        for (same, _), chosen in self._figures.items():
            if same == parts:
                cells = np.ix_(*chosen)
                if (inside[cells] | ~self._people[cells]).all():
                    rest[cells] = False
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
    return _union(_depends(value, names))


def _union(rows: Sequence[Names]) -> Names:
    empty: Names = frozenset()
    return empty.union(*rows)


def _parameters(model: Parts) -> dict[str, Names]:
    """Return the rate and the transitions -> their unknown parameters; without known ones."""
    found = {}
    for varying, name in model.varying():
        roots = set()
        for own in varying.parameters(name, model.population):
            prior = model.priors[own]
            while isinstance(prior, Shared):
                own, prior = prior.name, model.priors[prior.name]
            if not isinstance(prior, Fixed):
                roots.add(own)
        if roots:
            found[name] = frozenset(roots)
    return found


class _Scaled(Looking):
    """Quantities at some points of the prior, and with each part alone made smaller there.

    By one factor in all cells: of a share that is pooled over cells the weights then stay.
    """

    def __init__(self, model: Parts, parts: Sequence[str]) -> None:
        rng = np.random.default_rng(0)
        values = {}
        for name, prior in model.free.items():
            p = np.repeat(rng.uniform(0.1, 0.9, _POINTS), len(parts) + 1)
            with np.errstate(all="ignore"):
                values[name] = np.asarray(prior.ppf(p), dtype=np.float64)
        super().__init__(model, values)
        self._of = {
            name: np.tile(np.where(np.arange(len(parts) + 1) == i, _FACTOR, 1.0), _POINTS)
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


def _depends(value: Any, names: Sequence[str]) -> list[Names]:
    """Return of every row of a value, whose last axis are the draws, the parts that move it."""
    value = np.asarray(value, dtype=np.float64)
    size = _POINTS * (len(names) + 1)
    if not names or not value.ndim or value.shape[-1] != size:
        return [frozenset()]
    value = value.reshape(-1, _POINTS, len(names) + 1)
    base, other = value[..., :1], value[..., 1:]
    small = np.abs(other - base) <= _ROUNDING * (np.abs(base) + np.finfo(float).tiny)
    moved = (~small & (np.isfinite(base) | np.isfinite(other))).any(axis=1)
    return [frozenset(n for n, m in zip(names, row, strict=True) if m) for row in moved.tolist()]


def _depends_of(seen: Any, names: Sequence[str]) -> list[Names]:
    """Return the parts that each number of a source depends on, by what is expected of it."""
    with np.errstate(all="ignore"):
        for what in (lambda: seen.moments()[0], seen.logp):
            try:
                found = _depends(what(), names)
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
