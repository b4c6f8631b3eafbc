"""Sources that look like the same people, entered as if they were others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from funnelest.axes import Where
from funnelest.defects.base import carried
from funnelest.evidence.base import Evidence
from funnelest.evidence.on_route import OnRoute
from funnelest.model.parts import Parts

__all__ = ["same_people"]

#: A source, its size, and where its numbers stand on the route.
type _Shown = tuple[Evidence, int | None, list[OnRoute]]

#: From so many complete counts along the route on they are asked about, where they are not exact:
#: exact ones are taken together (`model.ties`). Two, of a step and of the next, are what most
#: models have, and taking them as independent makes their ratio less sure.
_COUNTS = 3


@dataclass(frozen=True)
class _Group:
    """A source, and of how many people in which step it gives shares."""

    source: Evidence
    n: int
    of: str
    places: tuple[Any, ...]
    wheres: tuple[Where, ...]

    @property
    def name(self) -> str:
        return f"{type(self.source).__name__} {self.source.name!r}"


def same_people(model: Parts) -> list[str]:
    """Return which sources look like one group of people, one sentence each."""
    # Not the members of a source: which of the people each has is what such a source is about.
    shown = [(one, *_shown(model, one)) for one in model.evidence]
    return _of_one_size(model, shown) + _complete(model, shown)


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


def _of_one_size(model: Parts, shown: Sequence[_Shown]) -> list[str]:
    """Return which shares of different steps are of as many people in the same step."""
    groups: dict[tuple[int, str], list[_Group]] = {}
    for one, n, places in shown:
        if n is None or not places:
            continue
        wheres = tuple(place.where for place in places)
        group = _Group(one, n, places[0].of, tuple(place.place for place in places), wheres)
        groups.setdefault((n, group.of), []).append(group)
    found = []
    for (n, of), some in groups.items():
        alike = _alike(model, some)
        if not alike:
            continue
        names = _and(one.name for one in alike)
        if of:
            found.append(
                f"{names} are each of {n:,} people in {of!r}. If these are the same people, they "
                "now count as others: give them once, as a Cascade with the number at each step."
            )
        else:
            found.append(
                f"{names} are each of {n:,} people asked. If these are the same people, they now "
                "count as others: give their answers in one JointSurvey; and of people who were "
                "followed from a step on, the number at each step in one Cascade."
            )
    return found


def _alike(model: Parts, some: Sequence[_Group]) -> list[_Group]:
    """Return the sources that share cells with one of another step."""
    if len({one.places for one in some}) < 2:
        return []
    owners = [i for i, one in enumerate(some) for _ in one.wheres]
    pairs = model.population.sharing([where for one in some for where in one.wheres])
    met = [(owners[i], owners[j]) for i, j in pairs]
    there = {i for pair in met for i in pair if some[pair[0]].places != some[pair[1]].places}
    return [one for i, one in enumerate(some) if i in there]


def _complete(model: Parts, shown: Sequence[_Shown]) -> list[str]:
    """Return which complete counts along the route must be of the same people."""
    counts: dict[str, list[tuple[Evidence, str, float]]] = {}
    exact: set[str] = set()
    for one, _, places in shown:
        if len(places) != 1 or carried(one.defects, "on_records"):
            continue
        (place,) = places
        figure = place.figure
        if not place.recorded or figure is None or not figure.bounded:
            continue
        low, high = figure.limits(place.means)
        if low == high and not carried(one.defects, "spread"):
            exact.add(one.name)
        if isinstance(place.place, str):
            counts.setdefault(repr(place.where), []).append((one, place.place, place.number))
    found = []
    for some in counts.values():
        some.sort(key=lambda one: model.route.steps.index(one[1]))
        nested = all(
            a != b and m >= n and model.route.leads(a, b) and model.route.always_passes(a, b)
            for (_, a, m), (_, b, n) in pairwise(some)
        )
        together = all(one.name in exact for one, _, _ in some)
        if len(some) < _COUNTS or not nested or together:
            continue
        names = _and(f"{type(one).__name__} {one.name!r}" for one, _, _ in some)
        steps = ", ".join(repr(step) for _, step, _ in some)
        found.append(
            f"{names} hold everybody at {steps}, and nobody reaches a later one without the "
            "earlier: they are the same people, and now count as numbers of others. Keep the "
            "first, and give the number at each step in a Cascade; or say with Coverage which of "
            "them are not complete."
        )
    return found


def _and(names: Any) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else str(last)
