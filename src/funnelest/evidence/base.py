"""What every kind of evidence must be able to do, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, Self

from funnelest.axes import Where
from funnelest.observation import Observation
from funnelest.population import Population
from funnelest.priors import Fixed, Prior, Shared, as_prior
from funnelest.quantities import Quantities
from funnelest.route import Route, show_edge

__all__ = ["Bridge", "Evidence"]

#: Fields of a source that are parameters, so that no bridge may have their names.
_TAKEN = ("coverage", "ppv", "false_positives", "overdispersion")


@dataclass(frozen=True)
class Bridge:
    """A factor between what a source counts and what the route means.

    Reports and not children, all suspicions and not severe acts, a stock and not a yearly flow:
    the source counts `prior` times as many as the route.

    Parameters
    ----------
    name : str
        What the factor is, such as ``"reports per child"``.
    prior : Prior or float
        Of the factor, which is positive. Its `statement` says why.
    """

    name: str
    prior: Prior | float


@dataclass(frozen=True, repr=False)
class Evidence:
    """Base of the evidence kinds: what all of them carry.

    A user's own kind inherits from this and gives `observations` (what is expected, and the
    distribution around it) and `with_data`; nothing is registered.

    Parameters
    ----------
    name : str
        Name of the source, unique in the model.
    where : mapping, optional
        Which cells the source sees: axis -> level, inclusive ``(low, high)`` or list of levels.
        Axes left out are taken whole.
    source : str, default ""
        Citation.
    statement : str, default ""
        What was assumed in reading the source this way.
    """

    name: str
    _: KW_ONLY
    where: Where = field(default_factory=dict)
    source: str = ""
    statement: str = ""

    def problems(self, route: Route, population: Population) -> list[str]:
        """Return what is wrong with the evidence, one sentence each."""
        found = [] if isinstance(self.name, str) and self.name else ["it needs a name."]
        if not isinstance(self.where, Mapping):
            return [*found, f"field 'where' must be a mapping; given {self.where!r}."]
        return found + population.problems_in(self.where)

    def parameters(self) -> dict[str, Prior]:
        """Return the priors that the evidence brings with it, by parameter name."""
        return {}

    def defaults(self) -> dict[str, str]:
        """Return what is assumed because nothing was said: quantity -> sentence."""
        return {}

    def observations(self, q: Quantities) -> Sequence[Observation]:
        """Return the printed numbers and what the route expects of them."""
        raise TypeError(f"{type(self).__name__} does not define observations(q)")

    def with_data(self, figures: Sequence[Any], population: Population) -> Self:
        """Return the same source with other numbers, in the order of `observations`."""
        raise TypeError(f"{type(self).__name__} does not define with_data(figures, population)")

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        """Return a step and limits for how many people reached it, if the source gives any.

        Per person of the population it sees. Used to notice, before fitting, figures that the
        route makes impossible.
        """
        return None

    def __repr__(self) -> str:
        shown = [
            f"{f.name}={getattr(self, f.name)!r}"
            for f in fields(self)
            if getattr(self, f.name) not in (None, "", (), {})
            and getattr(self, f.name) != f.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def step_problems(route: Route, step: object, fieldname: str = "step") -> list[str]:
    """Return why `step` is not a step of the route, one sentence each."""
    if step in route.steps:
        return []
    return [
        f"field {fieldname!r} names the unknown step {step!r}; "
        f"the steps are: {', '.join(route.steps)}."
    ]


def place_problems(route: Route, place: object, fieldname: str = "step") -> list[str]:
    """Return why `place` is neither a step nor a transition of the route."""
    if isinstance(place, str) or place is None:
        return step_problems(route, place, fieldname)
    if isinstance(place, tuple | list) and len(place) == 2:
        unknown = [text for one in place for text in step_problems(route, one, fieldname)]
        if unknown or tuple(place) in route.edges:
            return unknown
        shown = ", ".join(show_edge(edge) for edge in route.edges)
        return [
            f"field {fieldname!r} names the transition {show_edge(place)}, which the route does "
            f"not have; its transitions are: {shown}."
        ]
    return [f"field {fieldname!r} must be a step or a pair of steps; given {place!r}."]


def expected_number(
    q: Quantities, place: str | tuple[str, str], where: Where, per: str | None
) -> Any:
    """Return the expected number at a step, or making a transition."""
    if isinstance(place, str):
        return q.number(place, where, per=per)
    return q.flow(place[0], place[1], where, per=per)


def per_problems(population: Population, per: object) -> list[str]:
    """Return why `per` is not an axis over which a mean can be taken."""
    if per is None or (isinstance(per, str) and population.axis(per) is not None):
        return []
    known = ", ".join(axis.name for axis in population.axes) or "none"
    return [f"field 'per' names axis {per!r}; the population's axes are: {known}."]


def bridge_problems(bridges: Sequence[Bridge]) -> list[str]:
    """Return what is wrong with bridges, one sentence each."""
    if not isinstance(bridges, list | tuple) or not all(isinstance(b, Bridge) for b in bridges):
        return [f"field 'bridges' must be a list of Bridge objects; given {bridges!r}."]
    found = []
    names = [str(bridge.name) for bridge in bridges]
    found += [f"two bridges are named {name!r}." for name in set(names) if names.count(name) > 1]
    for bridge in bridges:
        if not isinstance(bridge.name, str) or not bridge.name:
            found.append(f"a bridge needs a name; given {bridge.name!r}.")
        if bridge.name in _TAKEN:
            found.append(f"a bridge cannot be named {bridge.name!r}: that is a field's name.")
        known = as_prior(bridge.prior)
        if isinstance(known, Fixed) and known.value <= 0:
            found.append(f"bridge {bridge.name!r} must be above 0; given {known.value:g}.")
        if not known.statement and not isinstance(known, Shared) and not known.problems():
            found.append(
                f"bridge {bridge.name!r} needs a statement in its prior (a known factor is "
                "Fixed(..., statement=...)): why does the source count so many times as many as "
                "the route?"
            )
    return found
