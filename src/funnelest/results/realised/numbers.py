"""How many people really were at each step, draw by draw."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.evidence.counted import Counted
from funnelest.model.counted_apart import counted_apart
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.realised.fibres import TooLarge, counts_given
from funnelest.results.realised.groups import Kind, in_cells, in_groups, paths_of
from funnelest.results.realised.known import (
    Full,
    Known,
    Least,
    Place,
    counted_by,
    known_of,
    sums_of,
)
from funnelest.words import Sentence, say

__all__ = ["Numbers", "Realised"]

type Floats = NDArray[np.float64]
type Cells = NDArray[np.bool_]
#: By the lines that people are counted in; by source and line.
type Groups = dict[tuple[int, ...], Floats]
type Lines = dict[tuple[int, int], Floats]
#: Which number of people a table has: of the observed period, expected, or of the next one.
type Numbers = Literal["auto", "realised", "expected", "predicted"]

#: Where the counts contradict each other.
NONE: Full = "none"
#: Numbers held at once: cells times draws.
_AT_ONCE = 400_000
#: Products in all, and changes to draw, beyond which realised numbers are not made.
_WORK, _GROUPS = 3_000_000_000, 2_000
#: A limit so many standard deviations below what is expected is no limit.
_FAR = 6.0
#: Fewer expected people than this are none.
_NONE = 1e-300
#: Draws of a model in which nothing is unknown.
_DRAWS = 4_000
#: Larger numbers of a prior cannot be drawn.
_MOST = 1e15


class Realised:
    """People at every step and transition in the observed period, or in the next one.

    Parameters
    ----------
    model : Model
        The model.
    draws : mapping of str to ndarray
        Parameter name -> its draws, shape ``(draws,)``.
    seed : int
        The same seed gives the same people.
    observed : bool, default True
        Of the observed period: with the people who were counted. Else of another one like it.
    full : {"one of each", "complete", "none"}
        Which sources are used in full, as in `known_of`; of the others it is used that there are at
        least as many people as they counted.
    coarse : bool, default False
        Of these, use that only of all their cells and of each level of an axis.
    """

    def __init__(
        self,
        model: Model,
        draws: Mapping[str, Floats],
        seed: int,
        *,
        observed: bool = True,
        full: Full = "one of each",
        coarse: bool = False,
    ) -> None:
        self.model, self.seed, self.observed = model, seed, observed
        self.full, self.coarse = full, coarse
        self._values = draws
        self._size = len(next(iter(draws.values()))) if draws else _DRAWS
        self._memory: dict[Any, Any] = {}
        self._made: dict[Any, list[dict[Place, Floats]]] = {}

    # ------------------------------------------------------------------ blocks

    def _blocks(self) -> Iterator[tuple[slice, Quantities]]:
        """Yield some draws at a time, so that nothing has the size of cells times draws."""
        step = max(1, _AT_ONCE // self.model.population.counts.size)
        for first in range(0, self._size, step):
            some = slice(first, min(first + step, self._size))
            values = {name: draws[some] for name, draws in self._values.items()}
            yield some, Quantities(self.model, values, self._memory)

    @cached_property
    def _sources(self) -> list[Counted]:
        """What each source counted, for what does not depend on the draws."""
        if not self.observed:
            return []
        values = {name: np.mean(draws, keepdims=True) for name, draws in self._values.items()}
        with np.errstate(all="ignore"):
            return counted_by(self.model, Quantities(self.model, values, self._memory))

    @property
    def counts_people(self) -> bool:
        """Whether some source counts people of the route, or has a group of them that matters."""
        if all(one.group is not None for one in self._sources):
            return bool(self._sources) and not self.too_large and self._drawn[0].size > 0
        return True

    # ------------------------------------------------------------------- people

    @cached_property
    def refused(self) -> Sentence | None:
        """Why these people are not drawn, if so."""
        return say("realised.too_large") if self.too_large else None

    @cached_property
    def too_large(self) -> bool:
        """Whether the model has too many cells, ways to go or registers for people to be drawn."""
        known = self._known()
        places = [slot.place for slot in known.slots]
        ways = 0
        for path in paths_of(self.model.route):
            passed = [p for p in places if p in path or not isinstance(p, str)]
            ways += 2 ** len(passed)
            if ways * self.model.population.counts.size * self._size > _WORK:
                return True
        if known.size > _GROUPS:
            return True
        try:
            return not self._drawn
        except TooLarge:
            return True

    def _known(self, full: Full | None = None, without: Collection[Any] = ()) -> Known:
        return known_of(
            self.model, self._sources, full=full or self.full, coarse=self.coarse, without=without
        )

    def _kinds(
        self, known: Known, parts: NDArray[np.intp], memory: dict[Any, Any]
    ) -> Iterator[tuple[slice, dict[Kind, Floats], list[Counted]]]:
        for some, q in self._blocks():
            size = some.stop - some.start
            with np.errstate(all="ignore"):
                counted = known.told(counted_by(self.model, q)) if self.observed else []
                made = in_groups(q, self.model.route, known, counted, parts, memory)
                made = {
                    # Nobody where a rate is not a number, as of a prior without an end.
                    kind: np.broadcast_to(np.nan_to_num(np.minimum(number, _MOST)), (size,))
                    for kind, number in made.items()
                }
            yield some, made, counted

    @cached_property
    def _drawn(self) -> tuple[Known, Groups, tuple[Sentence, ...]]:
        """What is known, how many are in each group of registers, and what there is to say."""
        for full in dict.fromkeys((self.full, NONE)):
            known = self._known(full)
            said = self._said(known) if full == self.full else (say("realised.apart"),)
            found = self._given(full, known)
            if found is not None:
                return *found, said
        known = known_of(self.model, ())
        return known, {}, (say("realised.impossible"),)

    def _given(self, full: Full, every: Known) -> tuple[Known, Groups] | None:
        """Draw the groups without the limits that are far below whatever is drawn."""
        expected, factor = self._expected(every)
        far = _far(every, self._sources, expected)
        while far:
            known = self._known(full, far)
            means, own = self._expected(known)
            counts = self._groups(known, means, own)
            if counts is None:
                return None
            kept = _kept(every, expected, known, means, counts, far)
            if kept == far:
                return known, counts
            far = kept  # what was drawn is not what was expected
        counts = self._groups(every, expected, factor)
        return None if counts is None else (every, counts)

    def _said(self, known: Known) -> tuple[Sentence, ...]:
        """Return of which sources no more is used than that there are at least as many."""
        lines = known.limited
        key = "realised.least"
        if self.full == "complete":
            every = {
                (i, j)
                for i, one in enumerate(self._sources)
                if one.group is None
                for j in range(len(one.lines))
            }
            lines = sorted(every - {*known.used})
            key = "realised.coarse" if self.coarse else "realised.complete"
        names = tuple(dict.fromkeys(self._sources[i].source for i, _ in lines))
        return (say(key, names=names),) if names else ()

    def _expected(self, known: Known) -> tuple[Groups, Lines]:
        """Return the expected people of each group, and what else is asked of each line in use.

        That is how far it is off for another reason than chance.
        """
        nowhere = np.full(self.model.population.counts.size, -1, dtype=np.intp)
        means: Groups = {}
        factor = {key: np.ones(self._size) for key in known.used}
        for some, kinds, counted in self._kinds(known, nowhere, {}):
            for kind, number in kinds.items():
                means.setdefault(kind.group, np.zeros(self._size))[some] += number
            for i, j in known.used:
                factor[i, j][some] = counted[i].lines[j].factor
        means.pop((), None)
        return means, factor

    def _groups(self, known: Known, means: Groups, factor: Lines) -> Groups | None:
        """Draw how many people are in each group."""
        rng = np.random.default_rng([self.seed, 3, int(self.observed)])
        sums = sums_of(known, self._sources, factor)
        if not sums:
            return {}
        groups = list(means)
        inside = np.zeros((len(sums), len(groups)), dtype=bool)
        for at, group in enumerate(groups):
            inside[list(group), at] = True
        found = counts_given(inside, np.stack([means[one] for one in groups]), sums, rng)
        return None if found is None else dict(zip(groups, found, strict=True))

    def notes(self) -> tuple[Sentence, ...]:
        """Return what a reader has to know of these numbers."""
        return self._drawn[2]

    @property
    def contradicted(self) -> bool:
        """Whether they are drawn without the people who were counted."""
        return not self._drawn[1]

    def taken(self) -> tuple[Sentence, ...]:
        """Return what is taken to be so of people who may be in several sources."""
        if self.contradicted or self.full != "one of each":
            return ()
        known = self._drawn[0]
        counted = known.told(self._sources)
        several = {i for i, j in known.used if np.any(counted[i].lines[j].again > 0)}
        several |= {i for i, _ in known.used if counted[i].both}
        made = (
            ("realised.several", tuple(counted[i].source for i in sorted(several))),
            ("realised.independent", counted_apart(self.model)),
        )
        return tuple(say(key, names=names) for key, names in made if names)

    def numbers(self, parts: Sequence[Cells]) -> Sequence[Mapping[Place, Floats]]:
        """Return step or transition -> the people there, per draw, in parts that share no cell.

        Parameters
        ----------
        parts : sequence of ndarray of bool
            The cells of each part, in the shape of the population.

        Returns
        -------
        sequence of mapping of (str or pair of str) to ndarray of float
            For each part, the people at each step and transition.
        """
        key = tuple(np.packbits(one).tobytes() for one in parts)
        if key not in self._made:
            self._made[key] = self._split(parts)
        return self._made[key]

    def _split(self, parts: Sequence[Cells]) -> list[dict[Place, Floats]]:
        """Divide the people of every group over the ways that they may have gone."""
        route = self.model.route
        label = np.full(self.model.population.counts.size, -1, dtype=np.intp)
        for i, cells in enumerate(parts):
            label[cells.ravel()] = i
        known, counts, _ = self._drawn
        places: list[Place] = [*route.steps, *route.edges]
        found = [{place: np.zeros(self._size) for place in places} for _ in parts]
        rng = np.random.default_rng([self.seed, 4, int(self.observed)])
        for some, kinds, _ in self._kinds(known, label, {}):
            groups: dict[tuple[int, ...], list[Kind]] = {}
            for kind in kinds:
                groups.setdefault(kind.group, []).append(kind)
            sure = None
            for group, own in sorted(groups.items(), key=lambda one: not one[0]):
                if not group:  # the last one: of those before nobody is in doubt
                    sure = [{p: n[some].copy() for p, n in to.items()} for to in found]
                for kind, number in _divided(own, kinds, group, counts, some, rng):
                    if kind.part < 0:
                        continue
                    to = found[kind.part]
                    for step in kind.path:
                        to[step][some] += number
                    for edge in zip(kind.path, kind.path[1:], strict=False):
                        to[edge][some] += number
            if sure is not None and self.model.population.counted:
                self._at_most(parts, some, found, sure)
        return found

    def _at_most(
        self, parts: Sequence[Cells], some: slice, found: Sequence[Any], sure: Sequence[Any]
    ) -> None:
        """Let there be no more than all people, where a rate is high: Poisson numbers may be."""
        values = {name: draws[some] for name, draws in self._values.items()}
        q = Quantities(self.model, values, self._memory)
        people = self.model.population.counts
        for cells, to, own in zip(parts, found, sure, strict=True):
            most = np.floor(
                np.sum(people[cells][:, None] * in_cells(q._exposure(), q)[cells.ravel()], axis=0)
            )
            for place, number in to.items():
                number[some] = np.minimum(number[some], np.maximum(most, own[place]))


def _divided(
    own: Sequence[Kind],
    means: Mapping[Kind, Floats],
    group: tuple[int, ...],
    counts: Mapping[tuple[int, ...], Floats],
    some: slice,
    rng: np.random.Generator,
) -> Iterator[tuple[Kind, Floats]]:
    """Yield each kind of a group and how many there are: multinomial, given how many in all."""
    if not group:
        for kind in own:
            if kind.part >= 0:
                yield kind, rng.poisson(means[kind]).astype(float)
        return
    # What is asked for first: the others need not be told apart.
    asked = [kind for kind in own if kind.part >= 0]
    left = counts[group][some]
    rest = sum(means[kind] for kind in own)
    others = len(asked) < len(own)
    for at, kind in enumerate(asked):
        if at == len(asked) - 1 and not others:
            yield kind, left
            return
        with np.errstate(all="ignore"):
            share = np.nan_to_num(means[kind] / rest)
        number = rng.binomial(left.astype(np.int64), np.clip(share, 0.0, 1.0)).astype(float)
        left, rest = left - number, np.maximum(rest - means[kind], 0.0)
        yield kind, number


def _far(
    known: Known, counted: Sequence[Counted], means: Groups
) -> set[tuple[int, tuple[int, ...]]]:
    """Return the limits that are kept anyway: whatever the draw, many more people are expected.

    Of each group as many as there would be, if the counts that it is in were shared by what is
    expected; the least of these, where it is in several.
    """
    line: dict[int, Any] = dict.fromkeys(range(known.size), 0.0)
    for group, number in means.items():
        for at in group:
            line[at] = line[at] + number
    ratio = {
        at: counted[i].lines[j].figure.limits(counted[i].lines[j].divisor)[0]
        / np.maximum(line[at], 1e-9)
        for at, (i, j) in enumerate(known.used)
    }
    return {(one.source, one.rows) for one in known.least if _is_far(one, means, ratio)}


def _kept(
    every: Known, expected: Groups, known: Known, means: Groups, counts: Groups, far: set[Any]
) -> set[Any]:
    """Return those of the limits that were left out which what was drawn is far above all the same.

    `expected` are the people of groups that are told apart by these limits: parts of those drawn,
    in proportion to what is expected.
    """
    drawn: dict[tuple[int, ...], tuple[Any, Any]] = {}
    for group in expected:
        whole = every.without(group, known)
        # Those who are in no other sum are drawn as they are expected.
        drawn[group] = (counts[whole], means[whole]) if whole else (1.0, 1.0)
    found = set()
    for one in every.least:
        if (one.source, one.rows) in far:
            people: Any = 0.0
            for group, number in expected.items():
                if one.line in group:
                    count, mean = drawn[group]
                    people = people + count * number / np.maximum(mean, _NONE)
            if np.all(people - _FAR * np.sqrt(people + 1.0) > one.low):
                found.add((one.source, one.rows))
    return found


def _is_far(one: Least, means: Groups, ratio: Mapping[int, Any]) -> bool:
    people: Any = 0.0
    for group, number in means.items():
        if one.line in group:
            least = [ratio[at] for at in group if at in ratio]
            people = people + number * (np.minimum(np.min(least, axis=0), 1.0) if least else 1.0)
    return bool(np.all(people - _FAR * np.sqrt(people + 1.0) > one.low))
