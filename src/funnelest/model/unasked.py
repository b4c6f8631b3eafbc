"""Which cells are asked about: of which some source sees how many enter the route."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Axis, show_level
from funnelest.evidence.base import NumberEvidence
from funnelest.model.parts import Parts
from funnelest.population import Population
from funnelest.rates import Number

__all__ = ["asked_cells", "first_event_cells", "imputed_cells", "shared_over", "unasked_problems"]

type Mask = NDArray[np.bool_]


def asked_cells(model: Parts, along: Axis | None = None) -> Mask:
    """Return of which cells some source sees how many are victims in a year.

    A number that pools ages which are seen apart with others that are not says nothing of the
    others by themselves: it does not count for them. Ages are those `along` an axis, or of the axis
    that is known to hold them.
    """
    axis = along or model.population.ages
    at = None if axis is None else model.population.position(axis.name)

    def ages(mask: Mask) -> Mask:
        if at is None:
            return mask
        return np.asarray(mask.any(axis=tuple(i for i in range(mask.ndim) if i != at)))

    found = np.zeros(model.population.shape, dtype=bool)
    numbers: list[Sequence[Mask]] = []
    for one in model.sources():
        groups = one.asks_about(model.route, model.population)
        if isinstance(one, NumberEvidence):
            numbers.append(groups)
        else:
            found = np.logical_or.reduce([found, *groups])
    # One mask at a time: those of a country's figures together take gigabytes.
    each = [(groups, i) for groups in numbers for i in range(len(groups))]
    known = ages(found)
    for groups, i in sorted(each, key=lambda one: int(ages(one[0][one[1]]).sum())):
        group = groups[i]
        these = ages(group)
        if not (these & known).any() or not (these & ~known).any():
            found |= group
            known = known | these
    return found


def first_event_cells(model: Parts) -> Mask:
    """Return of which cells some source sees first events."""
    none = np.zeros(model.population.shape, dtype=bool)
    seen = [one.first_events_of(model.population) for one in model.sources()]
    return np.asarray(np.logical_or.reduce([none, *seen]))


def shared_over(mask: Mask, population: Population, axes: set[str]) -> Mask:
    """Return a mask that holds for every level of the axes which are not among `axes`."""
    for i, axis in enumerate(population.axes):
        if axis.name not in axes:
            mask = np.broadcast_to(mask.any(axis=i, keepdims=True), mask.shape)
    return mask


def imputed_cells(model: Parts) -> Mask:
    """Return of which cells no source sees the rate, but an assumption sets it.

    Also those of which only first events are known, so that the yearly rate rests on the
    conversion by `FirstTime`.
    """
    mask: Mask = np.zeros(model.population.shape, dtype=bool)
    if model.conversion is not None:
        over = {model.population.age_axis(model.conversion.axis).name} | model.occurrence.axes()
        first, asked = (
            shared_over(cells, model.population, over)
            for cells in (first_event_cells(model), asked_cells(model))
        )
        mask = first & ~asked
    filled = [one.imputed(model.population) for one in model.assumptions]
    return np.asarray(np.logical_or.reduce([mask, *filled]))


def unasked_problems(model: Parts) -> list[str]:
    """Find ages whose yearly rate no source sees and no assumption fills in.

    Only where some source does ask people, at some ages: then a rate that is the same at every age,
    or a prior for each, would speak for the others without anyone saying so. Where the rate varies
    over other axes, within each of their levels of which some ages are asked.
    """
    population = model.population
    if isinstance(model.occurrence, Number):
        return []
    if population.ages is not None:
        return _silent(model, population.ages)
    # Asked only where the answer matters.
    matters = any(_silent(model, axis) for axis in population.could_hold("ages"))
    return [population.question("ages")] if matters else []


def _silent(model: Parts, axis: Axis) -> list[str]:
    """Find ages along an axis of which nobody says anything."""
    population = model.population
    over = {axis.name} | model.occurrence.axes()
    known = shared_over(asked_cells(model, axis) | first_event_cells(model), population, over)
    at = population.position(axis.name)
    some = known.any(axis=at, keepdims=True)
    missing = some & ~known & ~imputed_cells(model) & (population.counts > 0)
    if not missing.any():
        return []
    others = tuple(i for i in range(missing.ndim) if i != at)
    levels = np.flatnonzero(missing.any(axis=others))
    if axis.numeric and list(levels) == list(range(levels[0], levels[-1] + 1)):
        shown = show_level((axis.bounds(levels[0])[0], axis.bounds(levels[-1])[1]))
    else:
        shown = ", ".join(show_level(axis.levels[i]) for i in levels)
    for i in others:
        along = np.flatnonzero(missing.any(axis=tuple(j for j in range(missing.ndim) if j != i)))
        one = population.axes[i]
        if one.name in over and len(along) < len(one.levels):
            shown += f", {one.name} {', '.join(show_level(one.levels[k]) for k in along)}"
    names = [
        one.name
        for one in model.sources()
        if one.asks_about(model.route, population) or one.first_events_of(population).any()
    ]
    return [
        f"{axis.name} {shown}: no source asks about {model.route.steps[0]!r} at these ages apart "
        f"(those that do, at other ages or all together, are: {', '.join(map(repr, names))}), yet "
        "these people are in the population, and so in every number and denominator. State what is "
        "assumed of them: Proportional (to a pattern), Extrapolate, Shift, DetectionRatio or "
        "Bounds; or leave these ages out of the population. Evidence of your own says which "
        "people it asks in its field 'asks'."
        + (
            ""
            if axis.declared
            else " That these are ages was read from the name of the axis and its levels; if they "
            f"are not, say so in the population: no_role={axis.name!r}."
        )
    ]
