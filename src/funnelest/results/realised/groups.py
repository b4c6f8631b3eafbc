"""Expected people by the steps that they reach and the registers that they are counted in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.evidence.counted import Counted
from funnelest.quantities.quantities import Quantities
from funnelest.results.realised.known import Known, Slot
from funnelest.route import Edge

__all__ = ["Kind", "in_cells", "in_groups", "paths_of"]

type Floats = NDArray[np.float64]
#: The lines, limits and totals that somebody is counted in.
type Group = tuple[int, ...]

#: What is left of a person's chances is rounding below this.
_ROUNDING = 1e-14


@dataclass(frozen=True)
class Kind:
    """People of one kind: where they went, in which selection they are, what they are counted in.

    Parameters
    ----------
    path : tuple of str
        The steps that they reach, in order; empty for records of nobody.
    part : int
        Which of the selections they are in; -1 for none.
    group : tuple of int
        The lines, limits and totals that count them.
    """

    path: tuple[str, ...]
    part: int
    group: Group


def paths_of(route: Any) -> Iterator[tuple[str, ...]]:
    """Yield every way to go, as the steps that are reached."""

    def go(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for after in route.successors(path[-1]):
            yield from go((*path, after))

    return go((route.steps[0],))


def in_groups(
    q: Quantities,
    route: Any,
    known: Known,
    counted: Sequence[Counted],
    parts: NDArray[np.intp],
    memory: dict[Any, Any],
) -> dict[Kind, Floats]:
    """Return the expected people of every kind, per draw, and records of nobody.

    `parts` says of every cell in which selection it is, `memory` keeps what does not depend on the
    draws.

    Notes
    -----
    In cell c with L expected people the kind of path p that is counted in the lines R has
    :math:`L P_c(p) \\prod_{r \\in R} \\kappa_{rc} \\prod_{r \\notin R} (1 - \\kappa_{rc})` of
    them, over the registers at the steps of the path: given the path, being counted in one does
    not depend on being counted in another.
    """
    people = _people(q)
    chance = _chances(q, known, counted, people)
    share = {edge: in_cells(q._probability(edge), q) for edge in route.edges}
    found: dict[Kind, Floats] = {}

    def add(kind: Kind, number: Floats) -> None:
        found[kind] = found[kind] + number if kind in found else number

    def go(path: tuple[str, ...], on: Floats) -> None:
        after = route.successors(path[-1])
        stop = 1.0 - sum(share[path[-1], one] for one in after)
        stop = np.where(stop > _ROUNDING, stop, 0.0) if after else 1.0
        here = on * stop
        if here.any():
            for chosen, number in _by_register(path, here, known.slots, chance):
                for key, made in _by_cell(path, chosen, number, known, parts, memory):
                    add(key, made)
        for one in after:
            go((*path, one), on * share[path[-1], one])

    go((route.steps[0],), people)
    for line, (i, j) in enumerate(known.used):
        nobody, again = np.asarray(counted[i].lines[j].false), np.asarray(counted[i].lines[j].again)
        beside = {one.line for one in known.least if line in one.beside}
        for number, lines in ((nobody, {line, *beside}), (again, {line})):
            if (number > 0).any():
                kind = Kind((), -1, known.group(sorted(lines)))
                add(kind, np.atleast_1d(number))
    for limits, number in _nobody(known, counted):
        if (number > 0).any():
            add(Kind((), -1, known.group(limits)), np.atleast_1d(number))
    return found


def _nobody(known: Known, counted: Sequence[Counted]) -> Iterator[tuple[list[int], Floats]]:
    """Yield how many of the fewest records of a limit are of nobody, and the limits they are in."""
    false = {(i, j): 1.0 - np.asarray(counted[i].lines[j].true_share) for i, j in known.limited}
    records = {(one.source, j): low for one in known.least for j, low in one.others}
    for (i, j), share in false.items():
        yield (
            [one.line for one in known.least if i == one.source and j in one.rows],
            (records[i, j] * share),
        )
    for one in known.least:
        if one.more and one.others:
            most = np.maximum.reduce([false[one.source, j] for j, _ in one.others])
            yield [one.line], one.more * most


def _people(q: Quantities) -> Floats:
    """Return the expected people who enter, in cells, shape ``(cells, draws)``."""
    counts = q.cells.counts.ravel()[:, None]
    first = q._model.route.steps[0]
    return in_cells(q.in_cells(first), q) * in_cells(q._exposure(), q) * counts


def in_cells(value: Any, q: Quantities) -> Floats:
    """Return a value in cells for every cell, shape ``(cells, draws)``."""
    shape = (*q.cells.shape, np.shape(value)[-1])
    return np.broadcast_to(value, shape).reshape((-1, shape[-1]))


def _chances(
    q: Quantities, known: Known, counted: Sequence[Counted], people: Floats
) -> dict[tuple[int, int], Floats]:
    """Return slot and layer -> the chance to be counted there, ``(cells, draws)``."""
    found = {}
    for key, made in known.shares.items():
        shares = [in_cells(counted[i].share(of), q) for i, of, _ in made]
        value = np.zeros(np.broadcast_shapes(people.shape, *(one.shape for one in shares)))
        for (_, _, cells), share in zip(made, shares, strict=True):
            value[cells] = np.broadcast_to(share, value.shape)[cells]
        found[key] = np.clip(value, 0.0, 1.0)
    return found


def _on(path: tuple[str, ...], place: str | Edge) -> bool:
    return place in path if isinstance(place, str) else place in pairwise(path)


def _by_register(
    path: tuple[str, ...],
    here: Floats,
    slots: Sequence[Slot],
    chance: Mapping[tuple[int, int], Floats],
) -> Iterator[tuple[dict[int, int], Floats]]:
    """Yield slot -> the layer that people of a path are counted in, -1 for none, and how many."""
    passed = [s for s, slot in enumerate(slots) if _on(path, slot.place)]
    missed = {}
    for s in passed:
        left = 1.0 - sum(chance[s, k] for k in range(len(slots[s].lines)))
        missed[s] = np.where(left > _ROUNDING, left, 0.0)
    for choice in product(*(range(-1, len(slots[s].lines)) for s in passed)):
        number = here
        for s, k in zip(passed, choice, strict=True):
            number = number * (missed[s] if k < 0 else chance[s, k])
        if number.any():
            yield dict(zip(passed, choice, strict=True)), number


def _by_cell(
    path: tuple[str, ...],
    chosen: Mapping[int, int],
    number: Floats,
    known: Known,
    parts: NDArray[np.intp],
    memory: dict[Any, Any],
) -> Iterator[tuple[Kind, Floats]]:
    """Yield the kinds of people in cells, and how many there are over all cells of each."""
    on = [
        one
        for one in known.least
        if not one.nobody and _on(path, one.place) and one.never not in path
    ]
    counted = tuple((s, k) for s, k in chosen.items() if k >= 0)
    key = (counted, tuple(one.line for one in on))
    if key not in memory:
        columns = [parts, *(known.slots[s].lines[k] for s, k in counted)]
        columns += [np.where(one.cells, one.line, -1) for one in on]
        inside = np.ones(len(parts), dtype=bool)
        for column in columns[1 : 1 + len(counted)]:
            inside &= column >= 0
        cells = np.flatnonzero(inside)
        rows, back = np.unique(np.stack(columns)[:, cells], axis=1, return_inverse=True)
        order = np.argsort(np.ravel(back), kind="stable")
        begins = np.flatnonzero(np.diff(np.ravel(back)[order], prepend=-1))
        kinds = [(int(row[0]), known.group([int(i) for i in row[1:] if i >= 0])) for row in rows.T]
        memory[key] = cells[order], begins, kinds
    cells, begins, kinds = memory[key]
    if len(cells):
        sums = np.add.reduceat(number[cells], begins, axis=0)
        for (part, group), made in zip(kinds, sums, strict=True):
            # Where those went who are not asked about need not be told apart.
            yield Kind(path if part >= 0 else (), part, group), made
