"""Sources that look like the same people, entered as if they were others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import combinations, pairwise
from math import isclose, pi, prod, sqrt
from typing import Any

import numpy as np

from funnelest.axes import Where
from funnelest.defects.base import carried
from funnelest.evidence.base import Evidence, NumberEvidence
from funnelest.evidence.on_route import OnRoute
from funnelest.model.impossible import too_many
from funnelest.model.off_together import off_together
from funnelest.model.parts import Parts
from funnelest.model.whole_and_classes import whole_and_classes
from funnelest.population import Population

__all__ = ["same_people"]

#: A source, its size, and where its numbers stand on the route.
type _Shown = tuple[Evidence, int | None, list[OnRoute]]

#: From so many complete counts along the route on they are asked about, where they are not taken
#: together (`model.ties`). Two, of a step and of the next, are what most models have, and taking
#: them as independent makes their ratio less sure.
_COUNTS = 3
#: Counts that two registers of other people would share by chance more often are not asked about.
_BY_CHANCE = 0.05
#: Fields in which a source that is entered twice may differ.
_MAY_DIFFER = {"name", "where", "source", "statement", "defects"}


@dataclass(frozen=True)
class _Group:
    """A source, and of how many people in which step it gives shares."""

    source: Evidence
    n: int
    of: str
    places: tuple[Any, ...]
    numbers: tuple[float, ...]
    wheres: tuple[Where, ...]

    def repeats(self, other: _Group) -> bool:
        """Return whether these are the same numbers of the same places."""
        alike = (self.of, self.places, len(self.numbers)) == (
            other.of, other.places, len(other.numbers),
        )  # fmt: skip
        return alike and all(map(isclose, self.numbers, other.numbers))


def same_people(model: Parts) -> list[str]:
    """Return which sources look like one group of people, one sentence each."""
    # Not the members of a source: which of the people each has is what such a source is about.
    shown = [(one, *_shown(model, one)) for one in model.evidence]
    return [
        *_entered_twice(model, shown),
        *_of_one_size(model, shown),
        *_complete(model, shown),
        *whole_and_classes(model),
        *too_many(model),
        *off_together(model),
    ]


def _shown(model: Parts, one: Evidence) -> tuple[int | None, list[OnRoute]]:
    """Return the size of a source, and where its numbers stand on the route."""
    try:
        n = one.people_asked()
        # A table of thousands of counts takes long to place, and is none of these.
        if n is None and len(one.figure_classes()) != 1:
            return None, []
        return n, list(one.shown_on_route(model.route, model.population))
    except Exception:  # of a user's own kind: the figure of the route will say it better
        return None, []


def _groups(shown: Sequence[_Shown]) -> dict[int, list[_Group]]:
    """Return the sources that give shares of people, by how many these are."""
    found: dict[int, list[_Group]] = {}
    for one, n, places in shown:
        if n is not None and places:
            made = _Group(
                one,
                n,
                places[0].of,
                tuple(place.place for place in places),
                tuple(place.number for place in places),
                tuple(place.where for place in places),
            )
            found.setdefault(n, []).append(made)
    return found


# ------------------------------------------------------------------ the same numbers


def _entered_twice(model: Parts, shown: Sequence[_Shown]) -> list[str]:
    """Return which sources give the same numbers of the same people, and so count twice."""
    alike = [
        {one.source.name for one in several}
        for some in _groups(shown).values()
        for several in _joined(some, lambda a, b: a.repeats(b) and bool(_meeting(model, [a, b])))
    ]
    kinds: dict[type, list[Evidence]] = {}
    for one in model.evidence:
        kinds.setdefault(type(one), []).append(one)
    for some in kinds.values():
        told = [one for one in some if len(some) > 1 and not _by_chance(one, model.population)]
        for group in _joined(told, lambda a, b: _equal(a, b, model.population)):
            names = {one.name for one in group}
            if not any(names <= other for other in alike):
                alike.append(names)
    return [
        f"{_names(one for one in model.evidence if one.name in names)} give the same numbers of "
        "the same people. If they are one source, it now counts "
        f"{'twice' if len(names) == 2 else f'{len(names)} times'}: leave the others out."
        for names in alike
    ]


def _joined(some: Sequence[Any], alike: Callable[[Any, Any], bool]) -> Iterator[list[Any]]:
    """Yield groups of more than one, each of which is like the first of its group."""
    groups: list[list[Any]] = []
    for one in some:
        home = next((group for group in groups if alike(group[0], one)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    yield from (group for group in groups if len(group) > 1)


def _equal(one: Evidence, other: Evidence, population: Population) -> bool:
    """Return whether two sources of a kind hold the same numbers, of the same cells."""
    names = [field.name for field in fields(one) if field.name not in _MAY_DIFFER]
    try:
        same = all(bool(getattr(one, name) == getattr(other, name)) for name in names)
        return same and np.array_equal(population.mask(one.where), population.mask(other.where))
    except Exception:  # fields of a user's own kind, or arrays: they are not asked about
        return False


def _by_chance(one: Evidence, population: Population) -> bool:
    """Return whether registers of other people may well have the same counts.

    Two Poisson numbers with mean m are equal with a probability of about 1/(2 sqrt(pi m)), and
    print the same as many times as often as counts print so.
    """
    printed = one.printed(population)
    if printed is None:
        return False
    chances = []
    for figure in printed.figures:
        low, high = figure.limits(printed.divisor)
        chances.append(min(1.0, (high - low + 1) / (2 * sqrt(pi * max(figure.middle, 1e-9)))))
    return prod(chances) > _BY_CHANCE


# ------------------------------------------------------------------ of one size


def _of_one_size(model: Parts, shown: Sequence[_Shown]) -> list[str]:
    """Return which shares of different steps are of as many people."""
    found = []
    for n, some in _groups(shown).items():
        alike = _alike(model, some)
        if not alike:
            continue
        names = _names(one.source for one in alike)
        steps = list(dict.fromkeys(one.of for one in alike))
        if steps == [""]:
            found.append(
                f"{names} are each of {n:,} people asked. If these are the same people, they now "
                "count as others: give their answers in one JointSurvey; and of people who were "
                "followed from a step on, the number at each step in one Cascade."
            )
        else:
            where = _and(f"in {of!r}" if of else "of the population" for of in steps)
            found.append(
                f"{names} are each of {n:,} people {where}. If these are the same people, they "
                "now count as others: give them once, as a Cascade with the number at each step."
            )
    return found


def _alike(model: Parts, some: Sequence[_Group]) -> list[_Group]:
    """Return the sources that share cells with one of other steps of the same people."""
    if len({(one.of, one.places) for one in some}) < 2:
        return []
    there = {
        i
        for pair in _meeting(model, some)
        if _of_other_steps(model, *(some[i] for i in pair))
        for i in pair
    }
    return [one for i, one in enumerate(some) if i in there]


def _meeting(model: Parts, some: Sequence[_Group]) -> set[tuple[int, int]]:
    """Return the pairs of sources that share cells."""
    owners = [i for i, one in enumerate(some) for _ in one.wheres]
    pairs = model.population.sharing([where for one in some for where in one.wheres])
    return {(owners[i], owners[j]) for i, j in pairs if owners[i] != owners[j]}


def _of_other_steps(model: Parts, one: _Group, other: _Group) -> bool:
    """Return whether two sources may have followed one group to other steps."""
    if one.of == other.of:
        return one.places != other.places
    leads = model.route.leads
    return not (one.of and other.of) or leads(one.of, other.of) or leads(other.of, one.of)


# ------------------------------------------------------------------ complete counts


def _complete(model: Parts, shown: Sequence[_Shown]) -> list[str]:
    """Return which complete counts must be of the same people: at a step, or along the route."""
    at_step: dict[Hashable, list[Evidence]] = {}
    for one in model.evidence:
        classes, printed = one.figure_classes(), one.printed(model.population)
        limited = printed is not None and all(figure.bounded for figure in printed.figures)
        if limited and _holds_everybody(one) and isinstance(one, NumberEvidence):
            cells = model.population.union([where for _, where, _ in classes])
            at_step.setdefault((repr(one.step), cells.tobytes()), []).append(one)
    found = [
        f"{_names(some)} each hold everybody at one step, in the same cells: they are the same "
        "people, and now count as numbers of others. Keep one of them; or say with Coverage or PPV "
        "which of them are not complete or hold others."
        for some in at_step.values()
        if len(some) > 1
        and not any(
            _equal(a, b, model.population) and not _by_chance(a, model.population)
            for a, b in combinations(some, 2)  # was said
        )
    ]
    counts: dict[Hashable, list[tuple[Evidence, str, float]]] = {}
    for one, _, places in shown:
        if len(places) != 1 or not _holds_everybody(one):
            continue
        (place,) = places
        figure = place.figure
        if not place.recorded or figure is None or not figure.bounded:
            continue
        if isinstance(place.place, str):
            seen = model.population.mask(place.where).tobytes()
            counts.setdefault(seen, []).append((one, place.place, place.number))
    for row in counts.values():
        row.sort(key=lambda one: model.route.steps.index(one[1]))
        nested = all(
            a != b and m >= n and model.route.leads(a, b) and model.route.always_passes(a, b)
            for (_, a, m), (_, b, n) in pairwise(row)
        )
        if len(row) < _COUNTS or not nested or _together(model, [one.name for one, _, _ in row]):
            continue
        steps = ", ".join(repr(step) for _, step, _ in row)
        found.append(
            f"{_names(one for one, _, _ in row)} hold everybody at {steps}, and nobody reaches a "
            "later one without the earlier: they are the same people, and now count as numbers of "
            "others. Keep the first, and give the number at each step in a Cascade with "
            "among=True; or say with Coverage which of them are not complete."
        )
    return found


def _together(model: Parts, names: Sequence[str]) -> bool:
    """Return whether each source is taken together with the one before it."""
    ties = {(tie.first, tie.second): tie for tie in model.ties.pairs}
    return all(pair in ties and not ties[pair].why for pair in pairwise(names))


def _holds_everybody(one: Evidence) -> bool:
    if isinstance(one, NumberEvidence):
        return one.factor() == (1.0, 1.0)
    return not carried(one.defects, "on_records")


def _names(some: Any) -> str:
    return _and(f"{type(one).__name__} {one.name!r}" for one in some)


def _and(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else str(last)
