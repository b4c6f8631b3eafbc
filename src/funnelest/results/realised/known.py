"""What the sources of a model counted of the people of its route, and what that makes known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.evidence.counted import Counted, Line
from funnelest.figures import Figure
from funnelest.figures.base import known as counts_of
from funnelest.model.model import Model
from funnelest.population import Population
from funnelest.quantities.quantities import Quantities
from funnelest.results.realised.fibres import Sum
from funnelest.results.realised.least import Fewest, fewest_in_cells, in_box

__all__ = ["Full", "Known", "Least", "Place", "Slot", "counted_by", "known_of", "sums_of"]

type Place = str | tuple[str, str]
#: Which sources are used in full: those that count everybody, and of the others one of those that
#: may hold the same people; those that count everybody; or none.
type Full = Literal["one of each", "complete", "none"]
type Cells = NDArray[np.bool_]

#: What an assumption gives that makes the head count uncertain.
_FACTOR = "apply_to_population"
#: A chance to be counted that is less than this away from 1 is 1.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Slot:
    """Sources that count people at one place, each in other cells.

    Parameters
    ----------
    place : str or (str, str)
        The step, or the transition.
    lines : tuple of ndarray of int
        Which line, or pair of lines, counts the people of each cell, -1 for none, shape
        ``(cells,)``; a further one where several have the same cells, such as those of unknown sex.
    """

    place: Place
    lines: tuple[NDArray[np.intp], ...]


@dataclass(frozen=True)
class Least:
    """At least so many people at a place and in some cells; a line of everybody there.

    Parameters
    ----------
    source : int
        Its place among the sources.
    rows : tuple of int
        Those of its lines that lie within the cells.
    low : int
        The fewest records that these have.
    place : str or (str, str)
        The step, or the transition.
    cells : ndarray of bool
        Which cells, shape ``(cells,)``.
    line : int
        Its number among the sums of people.
    beside : tuple of int
        The numbers of `rows` that are used in full: their records of nobody count here as well.
    others : tuple of (int, int)
        The other ones of `rows`, and the fewest records of each, of which some are of nobody.
    more : int
        How many records there are more, by a total, nobody knows in which of `rows`.
    high : float, default inf
        The most people that there can be in these cells.
    never : str, default ""
        A step that these people do not come to.
    inside, outside : frozenset of int, default empty
        Numbers of lines, one of which counts each of these people; and lines that count none.
    nobody : bool, default False
        Whether it is of records of nobody, in lines of `beside`.
    """

    source: int
    rows: tuple[int, ...]
    low: int
    place: Place
    cells: Cells
    line: int
    beside: tuple[int, ...]
    others: tuple[tuple[int, int], ...]
    more: int
    high: float = np.inf
    never: str = ""
    inside: frozenset[int] = frozenset()
    outside: frozenset[int] = frozenset()
    nobody: bool = False

    def has(self, lines: Collection[int]) -> bool:
        """Return whether people who are counted in these lines may be among those of the limit."""
        return not self.outside.intersection(lines) and (
            not self.inside or bool(self.inside.intersection(lines))
        )


@dataclass(frozen=True)
class Known:
    """Which lines the people at each place are counted in; nothing in it depends on draws.

    Parameters
    ----------
    slots : tuple of Slot
        Where people are counted, each with a chance; those of one place may count the same ones.
    least : tuple of Least
        Lines of which no more is used than that there are at least so many people.
    used : tuple of (int, int)
        Of each line that is counted in a slot, its source and its place there.
    totals : tuple of (tuple of int, int, int)
        Lines that a printed total is of, its source and its place there.
    shares : dict
        Slot and place among its `lines` -> sources, one of their lines (or two) and the cells in
        which the chance to be counted is that of this line.
    pairs : tuple of (int, int)
        Lines that count the same people; they have the numbers from `size` on.
    """

    slots: tuple[Slot, ...]
    least: tuple[Least, ...]
    used: tuple[tuple[int, int], ...]
    totals: tuple[tuple[tuple[int, ...], int, int], ...]
    shares: dict[tuple[int, int], list[tuple[int, int | tuple[int, int], Cells]]]
    pairs: tuple[tuple[int, int], ...] = ()

    def group(self, counted: Sequence[int]) -> tuple[int, ...]:
        """Return lines, or pairs of them, as lines with the totals that they are a part of."""
        pairs = [self.pairs[at - self.size] for at in counted if at >= self.size]
        lines = {at for at in counted if at < self.size}.union(*pairs)
        lines -= {one.line for one in self.least if one.line in lines and not one.has(lines)}
        first = len(self.used) + len(self.least)
        totals = [first + t for t, (rows, _, _) in enumerate(self.totals) if lines & {*rows}]
        return (*sorted(lines), *totals)

    def without(self, group: Sequence[int], other: Known) -> tuple[int, ...]:
        """Return a group as one of another that has the same lines and totals, but fewer limits."""
        lines = {(one.source, one.rows): one.line for one in other.least}
        new = {one.line: lines.get((one.source, one.rows)) for one in self.least}
        new |= {at: at for at in range(len(self.used))}
        new |= {self.size - 1 - t: other.size - 1 - t for t in range(len(self.totals))}
        return tuple(sorted(at for at in map(new.__getitem__, group) if at is not None))

    @property
    def size(self) -> int:
        """How many sums of people are known."""
        return len(self.used) + len(self.least) + len(self.totals)

    @property
    def limited(self) -> list[tuple[int, int]]:
        """Source and place there of the lines of which only that they are the least is used."""
        return sorted({(one.source, j) for one in self.least for j, _ in one.others})

    def told(self, counted: Sequence[Counted]) -> list[Counted]:
        """Return what was counted, where these lines alone say how many people there are."""
        return [one.using({j for i, j in self.used if i == at}) for at, one in enumerate(counted)]


def counted_by(model: Model, q: Quantities) -> list[Counted]:
    """Return what each source that is used counted of the people of the route."""
    return [
        one
        for source in model.evidence
        if model.power_of(source.name)
        for one in source.counted_people(q)
    ]


def known_of(
    model: Model,
    counted: Sequence[Counted],
    *,
    full: Full = "one of each",
    coarse: bool = False,
    without: Collection[tuple[int, tuple[int, ...]]] = (),
) -> Known:
    """Return what is known of the people who were counted.

    A source that counts everybody in its cells is used in full, but for "none". Of the others that
    may hold the same people of one step, nobody knows how many, one is used in full, that which is
    expected to hold most; with "complete" none is. Of all the rest it is used that there are at
    least as many people in the cells of their lines and totals; if `coarse`, only in those of a
    source and of each level of an axis. Of a source's lines in `without` not even that is.
    """
    masks = [_masks(one, model.population) for one in counted]
    used = [[full != "none" and one.group is None] * len(one.lines) for one in counted]
    if full != "none":
        taken: dict[str, list[tuple[int, Cells]]] = {}
        for i in sorted(range(len(counted)), key=lambda i: -_people(counted[i])):
            if counted[i].group is not None or is_complete(counted[i], model.population):
                continue
            if full == "complete":
                used[i] = [False] * len(used[i])
                continue
            others = taken.setdefault(_reached(counted[i]), [])
            for j, mask in enumerate(masks[i]):
                used[i][j] = not any((mask & other).any() for k, other in others if k != i)
            others += [(i, mask) for j, mask in enumerate(masks[i]) if used[i][j]]
    known = _placed(counted, model.population, masks, used, coarse, without)
    if not model.population.counted or any(one.gives(_FACTOR) for one in model.assumptions):
        return known
    people = np.ravel(model.population.counts)
    least = [
        replace(one, high=max(float(one.low), np.floor(people[one.cells].sum())))
        if counted[one.source].group is not None and not one.nobody  # else records count too
        else one
        for one in known.least
    ]
    return replace(known, least=tuple(least))


def _reached(one: Counted) -> str:
    return one.place if isinstance(one.place, str) else one.place[1]


def _masks(one: Counted, population: Population) -> list[Cells]:
    return [population.mask(line.where).ravel() for line in one.lines]


def is_complete(one: Counted, population: Population) -> bool:
    """Return whether everybody at the place and in its cells is counted in one of the lines."""
    masks, people = _masks(one, population), population.counts
    if not masks:
        return False
    chance: Any = np.zeros(masks[0].size)
    for of in (*range(len(masks)), *one.both):
        share = one.share(of)
        share = np.broadcast_to(share, (*people.shape, np.shape(share)[-1]))
        mask = masks[of if isinstance(of, int) else of[0]]
        chance = chance + mask * share.reshape((mask.size, -1)).min(axis=1)
    somebody = np.any(masks, axis=0) & (people.ravel() > 0)
    return bool((chance[somebody] >= 1.0 - _ROUNDING).all())


def _placed(
    counted: Sequence[Counted],
    population: Population,
    masks: Sequence[Sequence[Cells]],
    full: Sequence[Sequence[bool]],
    coarse: bool,
    without: Collection[tuple[int, tuple[int, ...]]],
) -> Known:
    used: list[tuple[int, int]] = []
    number: dict[tuple[int, int], int] = {}
    for i, one in enumerate(counted):
        for j in range(len(one.lines)):
            if full[i][j]:
                number[i, j] = len(used)
                used.append((i, j))
    totals = [
        (tuple(number[i, j] for j in total.rows), i, t)
        for i, one in enumerate(counted)
        for t, total in enumerate(one.totals)
        if all(full[i][j] for j in total.rows)
        # Beside counts that are all known it says nothing.
        and not all(_fixed(one.lines[j]) for j in total.rows)
    ]
    least: list[Least] = []
    for i, one in enumerate(counted):
        if one.group is not None:
            if (i, (0,)) not in without:
                at = len(used) + len(least)
                least += _of_group(one, i, at, masks, number, counted)
            continue
        fewest = Fewest(one)
        for rows, cells, low in _limits(one, population, masks[i], full[i], fewest, coarse):
            if (i, rows) not in without:
                beside = tuple(number[i, j] for j in rows if full[i][j])
                others = tuple((j, int(fewest.low[j])) for j in rows if not full[i][j])
                at, more = len(used) + len(least), low - fewest.alone(rows)
                least.append(Least(i, rows, low, one.place, cells, at, beside, others, more))
    pairs = {
        (number[i, j], number[i, k]): (i, (j, k))
        for i, one in enumerate(counted)
        for j, k in one.both
        if full[i][j] and full[i][k]
    }
    lines: list[tuple[int, int | tuple[int, int]]] = [*used]
    size = len(used) + len(least) + len(totals)
    numbers = [*range(len(used)), *range(size, size + len(pairs))]
    slot_of, places = _slots(counted, masks, full)
    layers: list[list[NDArray[np.intp]]] = [[] for _ in places]
    shares: dict[tuple[int, int], list[tuple[int, int | tuple[int, int], Cells]]] = {}
    for at, (i, of) in zip(numbers, [*lines, *pairs.values()], strict=True):
        slot, mask = slot_of[i], masks[i][of if isinstance(of, int) else of[0]]
        # Lines of other cells share a layer; those of the same ones (of unknown sex) do not.
        free = [k for k, layer in enumerate(layers[slot]) if (layer[mask] < 0).all()]
        if not free:
            layers[slot].append(np.full(mask.size, -1, dtype=np.intp))
        k = free[0] if free else len(layers[slot]) - 1
        layers[slot][k][mask] = at
        made = shares.setdefault((slot, k), [])
        share = counted[i].share(of)
        alike = [n for n, (a, b, _) in enumerate(made) if counted[a].share(b) is share]
        if alike:
            first, key, cells = made[alike[0]]
            made[alike[0]] = (first, key, cells | mask)
        else:
            made.append((i, of, mask))
    return Known(
        tuple(Slot(place, tuple(own)) for place, own in zip(places, layers, strict=True)),
        tuple(least),
        tuple(used),
        tuple(totals),
        shares,
        tuple(pairs),
    )


def _limits(
    one: Counted,
    population: Population,
    masks: Sequence[Cells],
    full: Sequence[bool],
    fewest: Fewest,
    coarse: bool,
) -> Iterator[tuple[tuple[int, ...], Cells, int]]:
    """Yield lines of a source, cells, and the fewest records there, if these are not used in full.

    Of lines that are used in full too, where these hold people who are counted in another one, or
    where a total says more of them that is not used.
    """
    again = any(np.any(np.asarray(line.again) > 0) for line in one.lines)
    if all(full) and not again:
        return
    for rows, box in fewest_in_cells(one, population, fewest, coarse=coarse):
        low, used = fewest.of(rows), all(full[j] for j in rows)
        if low > 0 and (again or not used or low > fewest.alone(rows)):
            # One line has the cells of its own, which are there already.
            yield rows, masks[rows[0]] if len(rows) == 1 else in_box(population, box), low


def _of_group(
    one: Counted,
    i: int,
    at: int,
    masks: Sequence[Sequence[Cells]],
    number: Mapping[tuple[int, int], int],
    counted: Sequence[Counted],
) -> Iterator[Least]:
    """Yield the limit that a group sets, in the source that it is in or not in.

    Where that source is not used in full nobody knows who is in it: then people are somewhere at
    the place, and nothing is known of those who are in none, or of records of nobody.
    """
    group, cells = one.group, masks[i][0]
    assert group is not None
    limit = Least(
        i, (0,), group.size, one.place, cells, at, (), (), 0, never=group.never, nobody=group.nobody
    )
    name = group.inside or group.outside
    every = [
        (k, j)
        for k, other in enumerate(counted)
        if name and other.source == name and other.group is None
        for j in range(len(other.lines))
    ]
    lines = frozenset(number[key] for key in every if key in number)
    if not every or len(lines) < len(every):
        if not (group.nobody or group.outside):
            yield limit
        return
    if not group.nobody:
        yield replace(limit, **{"outside" if group.outside else "inside": lines})
        return
    within = [key for key in every if (cells | ~masks[key[0]][key[1]]).all()]
    apart = [key for key in every if not (cells & masks[key[0]][key[1]]).any()]
    if len(within) + len(apart) == len(every):  # else these may be in the other part of a line
        yield replace(limit, beside=tuple(sorted(number[key] for key in within)))


def _slots(
    counted: Sequence[Counted], masks: Sequence[Sequence[Cells]], full: Sequence[Sequence[bool]]
) -> tuple[dict[int, int], list[Place]]:
    """Return the slot of each source that is used, and the place of each slot.

    Sources that may count the same person stand in slots of their own.
    """
    slot_of: dict[int, int] = {}
    places: list[Place] = []
    held: list[Cells] = []
    for i, one in enumerate(counted):
        own = [mask for mask, used in zip(masks[i], full[i], strict=True) if used]
        if not own:
            continue
        cells = np.any(own, axis=0)
        free = [s for s, at in enumerate(places) if at == one.place and not (held[s] & cells).any()]
        if free:
            held[free[0]] = held[free[0]] | cells
        else:
            places.append(one.place)
            held.append(cells)
        slot_of[i] = free[0] if free else len(places) - 1
    return slot_of, places


def _fixed(line: Line) -> bool:
    low, high = line.figure.limits(line.divisor)
    return low == high


def _people(one: Counted) -> float:
    """Return how many people a source is expected to hold; the larger count may be so by chance."""
    return sum(float(np.mean(line.true)) for line in one.lines)


def sums_of(
    known: Known,
    counted: Sequence[Counted],
    factor: Mapping[tuple[int, int], Any],
) -> list[Sum]:
    """Return what is known of every line, limit and total.

    By source and line, `factor` is how far the count is off for another reason than chance.
    """
    found = []
    for i, j in known.used:
        line = counted[i].lines[j]
        found.append(_sum(line.figure, line.divisor, np.log(factor[i, j])))
    found += [Sum(float(one.low), one.high) for one in known.least]
    for rows, i, t in known.totals:
        own = [counted[i].lines[known.used[row][1]] for row in rows]
        found.append(_sum(counted[i].totals[t].figure, own[0].divisor, 0.0))
    return found


def _sum(figure: Figure, divisor: int, tilt: Any) -> Sum:
    low, high = figure.limits(divisor)
    if low == high or not figure.bounded:
        return Sum(low, high, tilt=tilt if low < high else 0.0)
    counts, weights = counts_of(figure, divisor)
    if weights is None and len(counts) == high - low + 1:
        return Sum(low, high, tilt=tilt)
    logs = np.full(int(high - low) + 1, -np.inf)
    logs[(counts - counts[0]).astype(int)] = 0.0 if weights is None else weights
    return Sum(low, high, logs, tilt)
