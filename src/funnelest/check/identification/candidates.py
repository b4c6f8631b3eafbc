"""Which further figures could be had: totals, flows, shares, levels, and a parameter itself."""

from __future__ import annotations

from collections.abc import Sequence

from funnelest.axes import Where, show_level
from funnelest.check.arguments import Quantity
from funnelest.model.model import Model
from funnelest.words import named

__all__ = ["candidates", "transition"]

#: Levels of an axis up to which each is a candidate of its own.
_LEVELS = 24


def candidates(model: Model, unknown: Sequence[str]) -> dict[str, tuple[str, Quantity]]:
    """Return the figures that are tried by default, by name.

    Each with its kind: "total", "flow", "share", "level", or "parameter" for each of the `unknown`,
    which may be studied by themselves.
    """
    route = model.route
    per = "year" if model.population.axis("year") is not None else None
    start = route.steps[0]
    longer = [
        (a, b)
        for a in route.steps
        for b in route.steps
        if a != b and any(middle != b and route.leads(middle, b) for middle in route.successors(a))
    ]

    def at(step: str) -> str:
        return named("word.number_at", step=step)

    found: dict[str, tuple[str, Quantity]] = {
        named("word.number_at", step=step): ("total", _number(step, None, per))
        for step in route.steps
    }
    for a, b in route.edges:
        found[named("identification.directly_after", a=a, b=b)] = ("flow", _flow(a, b, per))
    for a, b in longer:
        if a != start:  # all who are there have been at the start
            found[named("identification.after", a=a, b=b)] = ("flow", _after(a, b, per))
    for a, b in route.edges:
        found[named("identification.share_directly", a=a, b=b)] = ("share", transition(a, b))
    for a, b in longer:
        found[named("identification.share", a=a, b=b)] = ("share", _share(a, b))
    varying = model.varies_over()
    for axis in model.population.axes:
        if axis.name in varying and 1 < len(axis.levels) <= _LEVELS:
            for level in axis.levels:
                made = _number(start, {axis.name: level}, None)
                at_level = {"axis": axis.name, "level": show_level(level)}
                found[named("word.with_level", thing=at(start), **at_level)] = ("level", made)
    for name in unknown:
        found[named("identification.study", name=name)] = ("parameter", _parameter(name))
    return found


def transition(first: str, last: str) -> Quantity:
    """Return the function that gives the share of a transition."""
    return lambda q: q.transition(first, last)


def _number(step: str, where: Where | None, per: str | None) -> Quantity:
    return lambda q: q.number(step, where, per=per)


def _flow(first: str, last: str, per: str | None) -> Quantity:
    return lambda q: q.flow(first, last, per=per)


def _after(first: str, last: str, per: str | None) -> Quantity:
    """Return the function that gives how many of those who were at one step reach another."""
    return lambda q: q.number(first, per=per) * q.share(last, of=first)


def _share(first: str, last: str) -> Quantity:
    return lambda q: q.share(last, of=first)


def _parameter(name: str) -> Quantity:
    return lambda q: q.parameter(name)
