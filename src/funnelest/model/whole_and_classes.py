"""Sources that look like the classes of another one, and then count its people twice."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelest.defects.base import carried
from funnelest.evidence.base import Evidence, NumberEvidence
from funnelest.evidence.on_route import OnRoute
from funnelest.figures.base import exact

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["whole_and_classes"]

#: Numbers of others would add up by chance no more often than this where it is asked.
_BY_CHANCE = 0.05
#: As a share of the whole: what shares that are printed in whole per cents may be off together.
_PRINTED = 0.0051
#: A table of more counts takes long to place, and its classes are its own.
_CLASSES = 100


@dataclass(frozen=True)
class _Part:
    """What a source says of all its cells together."""

    source: Evidence
    cells: NDArray[np.bool_]
    #: Which axes its selection names: classes of one table name the same.
    axes: frozenset[str]
    #: Of how many people it gives a share; None of a number.
    n: int | None
    number: float
    #: How far off what was printed may be; in which steps, and how far a number of others scatters.
    off: float
    step: float = 1.0
    scatter: float = 1.0
    #: Whether nobody is missing, and nobody else in it; and whether it is then exact.
    everybody: bool = False
    exactly: bool = False
    classes: int = 1


def whole_and_classes(model: Parts) -> list[str]:
    """Return which sources are of the classes of another one's people, one sentence each.

    Those of all its cells, each once, whose numbers add up to its own; or that must be of its
    people, since nobody is missing from any of them. Exact counts of that kind are taken together
    (`model.ties`), and count once.
    """
    groups: dict[Hashable, list[_Part]] = {}
    for one in model.evidence:
        for key, part in _parts(model, one):
            groups.setdefault(key, []).append(part)
    found = []
    for some in groups.values():
        for whole, classes in _wholes(model, some):
            said = _said(whole, classes)
            if said:
                found.append(said)
    return found


def _parts(model: Parts, one: Evidence) -> Iterator[tuple[Hashable, _Part]]:
    """Yield what a source says of its cells together, and with which others it compares."""
    try:
        n, classes = one.people_asked(), len(one.figure_classes())
        if n is None and classes > _CLASSES:
            return
        places: Sequence[OnRoute] = one.shown_on_route(model.route, model.population)
        if len(places) != 1:
            return
        (place,) = places
        cells = model.population.mask(place.where) if place.cells is None else place.cells
        yield (place.place, place.of, n is None, place.recorded), _part(model, one, place, cells, n)
    except Exception:  # of a user's own kind: the figure of the route will say it better
        return


def _part(
    model: Parts, one: Evidence, place: OnRoute, cells: NDArray[np.bool_], n: int | None
) -> _Part:
    axes, classes = frozenset(place.where), len(one.figure_classes())
    if n is not None:
        people = 1.0 if place.of else model.population.total(place.where)
        return _Part(one, cells, axes, n, place.number / people * n, _PRINTED * n)
    everybody = isinstance(one, NumberEvidence) and one.factor() == (1.0, 1.0)
    if place.interval is not None:  # an estimate in the digits in which it was printed
        sd = (place.interval[1] - place.interval[0]) / 4
        step = float(10 ** _zeros(place.number))
        return _Part(one, cells, axes, None, place.number, 1e-9 * place.number, step, max(sd, step))
    printed = one.printed(model.population)
    ends = [] if printed is None else [f.limits(printed.divisor) for f in printed.figures]
    off = sum(high - low for low, high in ends) / 2 if ends else np.inf
    return _Part(
        one, cells, axes, None, place.number, off, 1.0, sqrt(max(place.number, 1e-9)),
        everybody, everybody and off == 0 and not carried(one.defects, "spread"), classes,
    )  # fmt: skip


def _zeros(number: float) -> int:
    """Return in how many zeros a number ends."""
    zeros, value = 0, exact(number)
    while value and value % 10 ** (zeros + 1) == 0:
        zeros += 1
    return zeros


def _wholes(model: Parts, some: Sequence[_Part]) -> Iterator[tuple[_Part, list[_Part]]]:
    """Yield sources, and others that divide their cells among them."""
    if len(some) < 2:
        return
    meeting: dict[int, list[int]] = {}
    for i, j in combinations(range(len(some)), 2) if len(some) < 50 else _pairs(model, some):
        meeting.setdefault(i, []).append(j)
        meeting.setdefault(j, []).append(i)
    for i, others in meeting.items():
        whole = some[i]
        families: dict[Hashable, list[_Part]] = {}
        for j in others:
            inside = not (some[j].cells & ~whole.cells).any()
            smaller = some[j].cells.sum() < whole.cells.sum()
            # Of a table in one source the classes are its own.
            if inside and (smaller or some[j].classes > whole.classes == 1):
                key = (some[j].axes, smaller, type(some[j].source))
                families.setdefault(key, []).append(some[j])
        for family in families.values():
            if np.array_equal(np.sum([one.cells for one in family], axis=0), whole.cells):
                yield whole, family


def _pairs(model: Parts, some: Sequence[_Part]) -> list[tuple[int, int]]:
    """Return which of many sources share cells, found by an index."""
    wheres: list[Mapping[str, object]] = [one.source.where for one in some]
    return model.population.sharing(wheres)


def _said(whole: _Part, classes: Sequence[_Part]) -> str:
    names = [f"{type(one.source).__name__} {one.source.name!r}" for one in (*classes, whole)]
    *first, last, of = names
    parts, be = (f"{', '.join(first)} and {last}", "are") if first else (last, "is")
    each = (whole, *classes)
    total, off = sum(one.number for one in classes), sum(one.off for one in each)
    if whole.n is not None:
        asked = sum(one.n or 0 for one in classes)
        if asked != whole.n or abs(total - whole.number) > max(off, 0.5):
            return ""
        return (
            f"{parts} {be} together of as many people as {of}, {whole.n:,} of the same cells, and "
            "give the same share of them. If they are the classes of that one source, its people "
            "now count twice: leave out the whole, or the classes."
        )
    if all(one.everybody for one in each):
        # Of one table and a number of the same cells it is said already (`model.same_people`).
        if not first or all(one.exactly for one in each):
            return ""
        start = f"{parts} hold everybody at one step in their cells, as {of} does in all of these, "
        start += "so that they are the same people"
    else:
        step = min(one.step for one in each)
        if abs(total - whole.number) > off:
            return ""
        if (step + 2 * off) / (2 * sqrt(pi) * whole.scatter) > _BY_CHANCE:
            return ""
        start = f"{parts} {'add' if first else 'adds'} up to what {of} says of the same cells"
    return (
        f"{start}; they now count as numbers of others. Leave out the whole, or the classes; "
        "counts of classes and their total go into one Register, with by=... and total=...."
    )
