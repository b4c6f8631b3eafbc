"""Which further figures could be had: totals, flows, shares, levels, and a parameter itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from funnelest.axes import Where, show_level
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities

__all__ = ["candidates", "transition"]

type Quantity = Callable[[Quantities], Any]

#: Levels of an axis up to which each is a candidate of its own.
_LEVELS = 24


def candidates(model: Model, unknown: Sequence[str]) -> dict[str, tuple[str, Quantity]]:
    """Return the figures that are tried by default, by name, with their kind.

    Parameters
    ----------
    model : Model
        The model.
    unknown : sequence of str
        Parameters that may be studied by themselves.

    Returns
    -------
    dict of str to (str, callable)
        Name -> kind ("total", "flow", "share", "level" or "parameter") and function of q.
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
    found: dict[str, tuple[str, Quantity]] = {
        f"number at {step}": ("total", _number(step, None, per)) for step in route.steps
    }
    for a, b in route.edges:
        found[f"{b} directly after {a}"] = ("flow", _flow(a, b, per))
    for a, b in longer:
        if a != start:  # all who are there have been at the start
            found[f"{b} after {a}, by any path"] = ("flow", _after(a, b, per))
    for a, b in route.edges:
        found[f"share of {a} who go directly to {b}"] = ("share", transition(a, b))
    for a, b in longer:
        found[f"share of {a} who reach {b}, by any path"] = ("share", _share(a, b))
    varying = model.varies_over()
    for axis in model.population.axes:
        if axis.name in varying and 1 < len(axis.levels) <= _LEVELS:
            for level in axis.levels:
                made = _number(start, {axis.name: level}, None)
                found[f"number at {start}, {axis.name} {show_level(level)}"] = ("level", made)
    for name in unknown:
        found[f"a study of {name}"] = ("parameter", _parameter(name))
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
