"""Counts of the same people at several steps: which of them the likelihood takes together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.distributions import Poisson, SharedCounts
from funnelest.evidence.counted import Counted
from funnelest.observations.observation import Seen
from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.model.parts import Parts

__all__ = ["Tie", "Tied", "Ties"]

type Place = str | tuple[str, str]
type Rows = tuple[int, ...]
type Indices = NDArray[np.intp]
type _Pair = tuple[str, str]
type _Why = Literal["", "step", "law", "coarse", "impossible"]

#: Quantiles of every prior at which models are looked at: a bridge is not 1 at all of them.
_LEVELS = (0.3, 0.5, 0.7)
#: A chance, or a share of a count, that is less than this away from 1 is 1.
_ROUNDING = 1e-12
#: Most sums of counts that are taken together with others.
_MOST = 500
#: Most multiplications per draw that the sum over two counts that are not known may take, which is
#: some 5 ms of 256 draws: some 50 of either that may be, or 100 where all of one are of the other.
_WORK = 10_000


@dataclass(frozen=True)
class Tied:
    """Counts of two sources whose sums have people in common, and none with the others of the two.

    Parameters
    ----------
    rows : (tuple of int, tuple of int)
        The counts of the first source, and of the second, by their places.
    within : (bool, bool)
        Whether all records of the first are of people in the second, and the other way round.
    weight : float
        The square of the correlation of both sums at the middle of the priors.
    number : int
        Its place among those of the two sources.
    """

    rows: tuple[Rows, Rows]
    within: tuple[bool, bool]
    weight: float
    number: int


@dataclass(frozen=True, eq=False)
class Tie:
    """Two sources that may hold the same people, the first not after the second on the route.

    Parameters
    ----------
    first, second : str
        Their names.
    places : (place, place)
        The steps or transitions whose people they count.
    parts : tuple of Tied
        Which of their counts can be taken together exactly.
    why : str
        Why not all counts that have people in common can be: "step" (of people of one step nobody
        knows how many are in both), "law" (of a count only a limit is known, or it scatters more
        than Poisson), "coarse" (too many counts print as they do), or "impossible" (they cannot
        both be right). Empty when they can.
    cells : mapping
        A group of lines of each -> for all sums, the cells where people may be in both.
    """

    first: str
    second: str
    places: tuple[Place, Place]
    parts: tuple[Tied, ...] = ()
    why: _Why = ""
    cells: Mapping[tuple[int, int], Sequence[Indices]] | None = None

    def shared(self, evidence: Sequence[Evidence], q: Quantities) -> Any:
        """Return the expected people who are in both, of every sum, shape ``(sums, draws)``.

        Of those at the first place and counted there who come to the second and are counted there:
        given where somebody went, the one is taken not to depend on the other.
        """

        def made() -> Any:
            one, other = (
                next(source.counted_shares(q) for source in evidence if source.name == name)
                for name in (self.first, self.second)
            )
            people = q.in_cells(self.places[0]) * q.going_on(*self.places)
            total: Any = 0.0
            for (i, j), cells in (self.cells or {}).items():
                share = people * one[i][1] * other[j][1]
                total = total + q.sums(share, cells, ("tied", self.first, self.second, i, j))
            return total

        return q.remember(("shared", self.first, self.second), made)

    def law(self, part: Tied, seen: Mapping[str, Sequence[Seen]], shared: Any) -> SharedCounts:
        """Return the distribution of two sums, of which `shared` is what `shared` gives."""
        (one,), (other,) = seen[self.first], seen[self.second]
        first, second = one.law(part.rows[0]), other.law(part.rows[1])
        if not isinstance(first, Poisson) or not isinstance(second, Poisson):
            raise TypeError("only Poisson counts have a joint distribution here")
        return SharedCounts(first.mean, second.mean, shared[part.number], part.within)


class Ties:
    """All pairs of sources of a model that may hold the same people.

    Parameters
    ----------
    model : Parts
        The model.
    planned : collection of str, default ()
        Sources whose counts are not there yet: they contradict no others.
    """

    def __init__(self, model: Parts, planned: Collection[str] = ()) -> None:
        self.model = model
        levels = np.array(_LEVELS)
        values = {
            name: np.broadcast_to(np.asarray(prior.ppf(levels), dtype=np.float64), levels.shape)
            for name, prior in model.free.items()
        }
        q = Quantities(model, values)
        with np.errstate(all="ignore"):
            sources = [_Source.of(one, q) for one in model.evidence]
            known = sorted((one for one in sources if one), key=lambda one: one.order)
            #: Names of the sources that count people, in the order of the route.
            self.order: tuple[str, ...] = tuple(one.name for one in known)
            pairs = (
                _tie(model, q, one, other, sure=not {one.name, other.name} & set(planned))
                for one, other in combinations(known, 2)
            )
            self.pairs: tuple[Tie, ...] = tuple(one for one in pairs if one is not None)
        self._chosen: dict[frozenset[str], list[tuple[Tie, list[Tied]]]] = {}

    def among(self, names: Collection[str]) -> list[tuple[Tie, list[Tied]]]:
        """Return which counts of sources with these `names` are taken together.

        Each sum with one at most that stands before it, the one with which it is correlated most:
        then the joint distribution is that of a tree. That of the largest correlations is the
        nearest to the true one among all trees (Chow and Liu, IEEE Trans Inf Theory 1968;14:462),
        but here a count has no two before it, which may have nobody in common.
        """
        key = frozenset(names)
        if key not in self._chosen:
            self._chosen[key] = self._choose(key)
        return self._chosen[key]

    def _choose(self, names: frozenset[str]) -> list[tuple[Tie, list[Tied]]]:
        every = [
            (part.weight, at, part)
            for at, tie in enumerate(self.pairs)
            if tie.first in names and tie.second in names
            for part in tie.parts
        ]
        every.sort(key=lambda one: (-one[0], one[1], one[2].number))
        taken: set[tuple[str, int]] = set()
        found: dict[int, list[Tied]] = {}
        count = 0
        for _, at, part in every:
            mine = {(self.pairs[at].second, row) for row in part.rows[1]}
            if count < _MOST and not mine & taken:
                taken |= mine
                found.setdefault(at, []).append(part)
                count += 1
        return [(self.pairs[at], found[at]) for at in sorted(found)]

    def said(self, names: Collection[str]) -> Iterator[tuple[str, tuple[str, ...], list[_Pair]]]:
        """Yield how counts of sources with these `names` are taken, and which sources' it is.

        "together" of two, or "partly"; else why not, as `Tie` has it, or "tree" where each is taken
        together with another one, and of which pairs that is.
        """
        chosen = {id(tie): len(parts) for tie, parts in self.among(names)}
        apart: dict[str, list[_Pair]] = {}
        for tie in self.pairs:
            if tie.first not in names or tie.second not in names:
                continue
            count, pair = chosen.get(id(tie), 0), (tie.first, tie.second)
            if count:
                whole = not tie.why and count == len(tie.parts)
                yield "together" if whole else "partly", pair, [pair]
            else:
                apart.setdefault(tie.why or "tree", []).append(pair)
        for why, pairs in apart.items():
            some = {name for pair in pairs for name in pair}
            yield why, tuple(name for name in self.order if name in some), pairs


@dataclass(frozen=True, eq=False)
class _Source:
    """A source that counts people of the route, as it is at some points of the priors."""

    name: str
    place: Place
    order: tuple[int, int, int]
    cells: NDArray[np.bool_]
    #: Of each group of lines, which one counts the people of a cell, -1 for none.
    groups: tuple[Indices, ...]
    complete: bool
    evidence: Evidence
    seen: Seen | None

    @classmethod
    def of(cls, one: Evidence, q: Quantities) -> _Source | None:
        counted = list(one.counted_people(q))
        if not counted or not counted[0].lines:
            return None
        made = counted[0]
        population, route = q.cells, q._model.route
        shares = one.counted_shares(q) if len(counted) == 1 else ()
        groups = []
        for rows, _ in shares:
            label = np.full(population.counts.size, -1, dtype=np.intp)
            for row in rows:
                label[population.mask(made.lines[row].where).ravel()] = row
            groups.append(label)
        seen = list(one.observations(q)) if groups else []
        step = made.place if isinstance(made.place, str) else made.place[1]
        complete = _complete(made)
        order = (route.steps.index(step), int(isinstance(made.place, str)), int(not complete))
        cells = population.union([line.where for line in made.lines]).ravel()
        return cls(
            one.name, made.place, order, cells, tuple(groups), complete, one,
            seen[0] if len(seen) == 1 else None,
        )  # fmt: skip

    @property
    def step(self) -> str:
        """The step that its people have reached."""
        return self.place if isinstance(self.place, str) else self.place[1]

    @property
    def bound(self) -> Sequence[Rows]:
        """Its counts that say something of each other, set by set."""
        return self.seen.bound if self.seen is not None else ()

    def sums(self, rows: Rows) -> Indices | None:
        """Return what the sum of some of its counts may be, where that is a Poisson number."""
        if self.seen is None or not isinstance(self.seen.law(rows), Poisson):
            return None
        return self.seen.sums(rows)


def _complete(counted: Counted) -> bool:
    """Return whether everybody at its place and in its cells is in one of the counts."""
    return len({id(line.share) for line in counted.lines}) == 1 and bool(
        np.min(counted.lines[0].share) >= 1.0 - _ROUNDING
    )


def _tie(model: Parts, q: Quantities, one: _Source, other: _Source, sure: bool) -> Tie | None:
    """Return what two sources have in common, None when it is nobody.

    Their counts may contradict each other where it is `sure` what these are.
    """
    start, end = one.place, other.place
    begin = end if isinstance(end, str) else end[0]
    met = one.step == begin or model.route.leads(one.step, begin) or start == end
    common = one.cells & other.cells & (model.population.counts.ravel() > 0)
    if not met or not common.any():
        return None
    # At one step nobody knows how many are in both, but where one of them has everybody.
    if one.step == other.step and not (one.complete or other.complete):
        return Tie(one.name, other.name, (start, end), why="step")
    if not one.groups or not other.groups:
        return Tie(one.name, other.name, (start, end), why="law")
    rows, cells = _components((one.groups, other.groups), (one.bound, other.bound))
    whole = Tie(one.name, other.name, (start, end), cells=cells)
    shared = np.broadcast_to(whole.shared(model.evidence, q), (len(rows), q.draws))
    if not (shared > 0).any():
        return None
    seen = {a.name: [a.seen] for a in (one, other) if a.seen is not None}
    parts: list[Tied] = []
    why: _Why = ""
    for number, (mine, theirs) in enumerate(rows):
        x, y = one.sums(mine), other.sums(theirs)
        if x is None or y is None:
            why = why or "law"
            continue
        law = whole.law(Tied((mine, theirs), (False, False), 0.0, number), seen, shared)
        within = tuple(
            bool(np.all(mean - law.both <= _ROUNDING * mean)) for mean in (law.first, law.second)
        )
        whose = SharedCounts(law.first, law.second, law.both, (within[0], within[1]))
        if sure and not whose.possible(x, y):
            why = "impossible"
            continue
        if whose.effort(x, y) > _WORK:
            why = why or "coarse"
            continue
        weight = float(np.nan_to_num(np.median(law.both**2 / (law.first * law.second))))
        parts.append(Tied((mine, theirs), (within[0], within[1]), weight, number))
    return Tie(one.name, other.name, (start, end), tuple(parts), why, cells)


def _components(
    groups: tuple[Sequence[Indices], Sequence[Indices]],
    bound: tuple[Sequence[Rows], Sequence[Rows]],
) -> tuple[list[tuple[Rows, Rows]], dict[tuple[int, int], list[Indices]]]:
    """Return the counts of two sources that are connected by cells, and the cells of each.

    Counts of one source that are `bound` to each other are connected too.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = groups
    size = [
        max([int(label.max()) for label in side] + [row for rows in some for row in rows]) + 1
        for side, some in zip(groups, bound, strict=True)
    ]
    pairs = {}
    for (i, mine), (j, theirs) in product(enumerate(one), enumerate(other)):
        at = np.flatnonzero((mine >= 0) & (theirs >= 0))
        if len(at):
            pairs[i, j] = (at, mine[at], theirs[at] + size[0])
    chains = [
        np.array(rows) + first
        for some, first in zip(bound, (0, size[0]), strict=True)
        for rows in some
    ]
    left = np.concatenate([pair[1] for pair in pairs.values()])
    right = np.concatenate([pair[2] for pair in pairs.values()])
    links = (
        np.concatenate([left, *(rows[:-1] for rows in chains)]),
        np.concatenate([right, *(rows[1:] for rows in chains)]),
    )
    graph = coo_array((np.ones(len(links[0])), links), shape=(sum(size), sum(size)))
    _, label = connected_components(graph, directed=False)
    there = np.unique(label[left])
    rows: list[tuple[Rows, Rows]] = []
    for k in there:
        inside = np.flatnonzero(label == k)
        mine, theirs = inside[inside < size[0]], inside[inside >= size[0]] - size[0]
        rows.append((tuple(map(int, mine)), tuple(map(int, theirs))))
    number = np.searchsorted(there, label)
    cells = {
        key: [at[number[first] == k] for k in range(len(rows))]
        for key, (at, first, _) in pairs.items()
    }
    return rows, cells
