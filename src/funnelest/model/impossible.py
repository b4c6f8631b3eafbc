"""Groups of people, or of records, that are larger than what they are taken from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from funnelest.assumptions.population_error import PopulationError
from funnelest.axes import Where, show_where
from funnelest.evidence.base import Evidence, NumberEvidence
from funnelest.evidence.groups import Group
from funnelest.model.parts import Parts
from funnelest.rates import Rate

__all__ = ["impossible_problems", "too_many"]


@dataclass(frozen=True)
class _Most:
    """The most that there can be, and what says so."""

    number: float
    said: str


def impossible_problems(model: Parts) -> list[str]:
    """Return which groups of the model's own people are larger than what they are taken from."""
    return [
        f"{text}. They cannot all be of these: one of the two numbers is another one than was "
        f"printed, or they are others, of another place or period{way}."
        for one, group, text in _larger(model)
        if group.among
        for way in ["" if isinstance(one, NumberEvidence) else ", which among=False says"]
    ]


def too_many(model: Parts) -> list[str]:
    """Return the same of groups of which nobody said whose people they are, as questions.

    Of those that are just as large too, which may be all of these people or records.
    """
    larger = {
        one.name: f"{text}. They cannot all be of these: if they are others, of another place or "
        "period, say among=False; else one of the two numbers is another one than was printed."
        for one, group, text in _larger(model)
        if group.among is None
    }
    equal = {
        one.name: f"{text}. If they are the same, say among=True, so that numbers of this period "
        "use it; if they are others, of another place or period, say among=False."
        for one, group, text in _larger(model, equal=True)
        if group.among is None
    }
    return list((equal | larger).values())


def _larger(model: Parts, *, equal: bool = False) -> Iterator[tuple[Evidence, Group, str]]:
    """Yield the sources with a group that is larger than what it is of, and a sentence.

    With `equal` those that are just as large; of each source one.
    """
    sources = {one.name: one for one in model.sources()}
    for one in model.evidence:
        for group in [*_counted(model, one), *one.groups(sources)]:
            if group.among is False or not group.size or group.outside or group.nobody:
                continue
            most = _most(model, one, group)
            if most is None or (group.size != most.number if equal else group.size <= most.number):
                continue
            does = group.said.format(f"{group.size:,}")
            yield one, group, f"{type(one).__name__} {one.name!r} {does}, {most.said}"
            break


def _counted(model: Parts, one: Evidence) -> Iterator[Group]:
    """Yield those whom a register has counted, each once, as people of the population."""
    if not isinstance(one, NumberEvidence) or one.factor()[1] > 1.0:
        return
    printed = one.printed(model.population)
    if printed is not None and isinstance(model.occurrence, Rate):
        low = sum(figure.limits(printed.divisor)[0] for figure in printed.figures)
        yield Group(size=int(low), said="counted {} people", among=True, where=one.where)


def _most(model: Parts, one: Evidence, group: Group) -> _Most | None:
    """Return the most people or records that a group can be of; None where nothing is known."""
    found = list(_most_of(model, one, group))
    return min(found, key=lambda most: most.number) if found else None


def _most_of(model: Parts, one: Evidence, group: Group) -> Iterator[_Most]:
    uncertain = any(isinstance(other, PopulationError) for other in model.assumptions)
    if group.inside:
        for other in model.sources():
            if other.name == group.inside:
                most = _records(model, other, group.where)
                yield _Most(most, f"and that has {_shown(most)}")
    elif model.population.counted and not uncertain:
        people = float(np.ceil(model.population.total(group.where)))  # of a mean, such as 99.7
        yield _Most(people, f"of a population of {people:,.0f} ({show_where(group.where)})")
    if not group.place or group.nobody:
        return
    changed = {name for other in model.assumptions for name in other.register_names()}
    for other in model.evidence:
        if other is one or not isinstance(other, NumberEvidence) or other.name in changed:
            continue
        if other.factor() == (1.0, 1.0) and _passes(model, other.step, group.place):
            most = _records(model, other, group.where)
            kind = type(other).__name__
            yield _Most(most, f"and {kind} {other.name!r} has everybody there: {_shown(most)}")


def _shown(most: float) -> str:
    return f"{most:,.0f}" if np.isfinite(most) else "any number"


def _passes(model: Parts, step: str | tuple[str, str], place: str | tuple[str, str]) -> bool:
    """Return whether everybody at a place has been at a step."""
    if not isinstance(step, str):
        return step == place
    leads, always = model.route.leads, model.route.always_passes
    steps = [place] if isinstance(place, str) else place
    return any(step == one or (leads(step, one) and always(step, one)) for one in steps)


def _records(model: Parts, one: Evidence, where: Where) -> float:
    """Return the most records that a source can have of the people of some cells."""
    population, printed = model.population, one.printed(model.population)
    if printed is None:
        return np.inf
    asked = population.mask(where) & (population.counts > 0)
    classes = one.figure_classes()
    ends = [figure.limits(printed.divisor)[1] for figure in printed.figures]
    known = [cells for _, cells, unknown in classes if not any(unknown)]
    if (asked & ~population.union(known)).any():
        return np.inf
    meeting = [
        any(unknown) or (population.mask(cells) & asked).any() for _, cells, unknown in classes
    ]
    found = sum(most for most, inside in zip(ends, meeting, strict=True) if inside)
    every = [row for one in printed.margins for row in one.rows]
    if len(every) == len(classes):
        found = min(found, sum(one.figure.limits(printed.divisor)[1] for one in printed.margins))
    return float(found)
