"""Which further figures could be had: totals, flows, shares, levels, and a parameter itself."""

from __future__ import annotations

from collections.abc import Sequence
from operator import methodcaller

from funnelest.axes import show_level
from funnelest.check.arguments import Quantity
from funnelest.model.model import Model
from funnelest.words import named

__all__ = ["candidates"]

#: Levels of an axis up to which each is a candidate of its own.
_LEVELS = 24


def candidates(model: Model, unknown: Sequence[str]) -> dict[str, tuple[str, Quantity]]:
    """Return the figures that are tried by default, by name.

    Each with its kind: "total", "flow", "share", "level", or "parameter" for each of the `unknown`,
    which may be studied by themselves.
    """
    route = model.route
    per = model.population.mean_over("auto")
    start = route.steps[0]
    longer = [
        (a, b)
        for a in route.steps
        for b in route.steps
        if a != b and any(middle != b and route.leads(middle, b) for middle in route.successors(a))
    ]
    found: dict[str, tuple[str, Quantity]] = {}

    def add(kind: str, name: str, quantity: Quantity) -> None:
        found[name] = (kind, quantity)

    def at(step: str) -> str:
        return named("word.number_at", step=step)

    for a in route.steps:
        add("total", at(a), methodcaller("number", a, per=per))
    for a, b in route.edges:
        name = named("identification.directly_after", a=a, b=b)
        add("flow", name, methodcaller("flow", a, b, per=per))
    for a, b in longer:
        if a != start:  # all who are there have been at the start
            add("flow", named("identification.after", a=a, b=b), _after(a, b, per))
    for a, b in route.edges:
        name = named("identification.share_directly", a=a, b=b)
        add("share", name, methodcaller("transition", a, b))
    for a, b in longer:
        add("share", named("identification.share", a=a, b=b), methodcaller("share", b, of=a))
    varying = model.varies_over()
    for axis in model.population.axes:
        if axis.name in varying and 1 < len(axis.levels) <= _LEVELS:
            for level in axis.levels:
                at_level = {"axis": axis.name, "level": show_level(level)}
                name = named("word.with_level", thing=at(start), **at_level)
                add("level", name, methodcaller("number", start, {axis.name: level}))
    for parameter in unknown:
        name = named("identification.study", name=parameter)
        add("parameter", name, methodcaller("parameter", parameter))
    return found


def _after(first: str, last: str, per: str | None) -> Quantity:
    """Return the function that gives how many of those who were at one step reach another."""
    return lambda q: q.number(first, per=per) * q.share(last, of=first)
