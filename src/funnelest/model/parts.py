"""The parts of a model, not checked, and what follows from them: names, priors, sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

from funnelest.assumptions.base import Assumption
from funnelest.entry import entries
from funnelest.evidence.base import Evidence
from funnelest.model.one_number import Alike, Place, alike, one_number
from funnelest.model.ties import Ties
from funnelest.population import Population
from funnelest.priors import Beta, Fixed, Prior, Shared
from funnelest.rates import Hazard, Number, Rate, Share
from funnelest.route import Edge, Route, show_edge
from funnelest.words import named

__all__ = ["Parts"]

_DEFAULT_SHARE = Share(Beta(1.0, 1.0))


@entries
@dataclass(frozen=True, eq=False, repr=False)
class Parts:
    """What a `Model` holds, as its docstring says, before it is checked."""

    route: Route
    population: Population
    occurrence: Rate | Number
    transitions: Mapping[Edge, Share]
    evidence: tuple[Evidence, ...]
    assumptions: tuple[Assumption, ...]
    parameters: Mapping[str, Prior]
    instead: Mapping[str, Prior | float]
    powers: Mapping[str, float]

    def but(self, **parts: Any) -> Self:
        """Return the same with some `parts` in the place of others; nothing is checked."""
        made = object.__new__(type(self))
        for one in fields(Parts):
            object.__setattr__(made, one.name, parts.get(one.name, getattr(self, one.name)))
        return made

    @property
    def occurrence_name(self) -> str:
        """Name of the parameter of the first step."""
        key = {Number: "number_at", Hazard: "hazard_of"}.get(type(self.occurrence), "rate_of")
        return named(f"word.{key}", step=self.route.steps[0])

    @property
    def of_shares_only(self) -> bool:
        """Whether nothing tells how many people enter the route: all numbers are shares of these.

        One stands for them, in one cell without a head count, and no source counts anybody.
        """
        return (
            not (self.population.axes or self.population.counted)
            and self.occurrence == Number(Fixed(1.0))
            and self.occurrence_name not in self.instead
            and not any(one.counts_anybody for one in self.evidence)
        )

    @property
    def hazard(self) -> bool:
        """Whether the occurrence is the hazard of a first event, and not a yearly rate."""
        return isinstance(self.occurrence, Hazard)

    @cached_property
    def conversion(self) -> Any:
        """The assumption that joins yearly rates and first events (`FirstTime`), or None."""
        return next(iter(self.conversions), None)

    @property
    def conversions(self) -> list[Any]:
        """Every such assumption; a model may have one."""
        known = [one for one in self.assumptions if isinstance(one, Assumption)]
        return [one for one in known if one.gives("first_share")]

    def transition(self, first: str, last: str) -> Share:
        """Return the share of a transition, the default when none was given."""
        return self.transitions.get((first, last), _DEFAULT_SHARE)

    def varying(self) -> Iterable[tuple[Rate | Number | Share, str]]:
        """Yield the occurrence and the share of every transition, each with its name."""
        yield self.occurrence, self.occurrence_name
        for edge in self.route.edges:
            yield self.transition(*edge), show_edge(edge)

    def sources(self) -> list[Evidence]:
        """Return every source, also those that are part of another."""
        return [one for top in self.evidence for one in (top, *top.members())]

    @cached_property
    def priors(self) -> dict[str, Prior]:
        """Every prior, fixed number and shared parameter, by parameter name."""
        found: dict[str, Prior] = {}
        for varying, name in self.varying():
            found.update(varying.parameters(name, self.population))
        for assumption in self.assumptions:
            found.update(assumption.parameters(self.population))
        for one in self.evidence:
            found.update(one.parameters(self.population))
        found.update(self.parameters)
        for name, value in self.instead.items():
            before = found[name].describe()
            found[name] = (
                value
                if isinstance(value, Prior)
                else Fixed(float(value), statement=named("default.held", prior=before))
            )
        return found

    @cached_property
    def free(self) -> dict[str, Prior]:
        """The unknown parameters and their priors, in the order of the engines."""
        return {
            name: prior
            for name, prior in self.priors.items()
            if not isinstance(prior, Fixed | Shared)
        }

    @cached_property
    def places(self) -> dict[str, Any]:
        """Parameter name -> itself, the name of the parameter it shares, or its fixed value."""
        return {
            name: prior.name
            if isinstance(prior, Shared)
            else (prior.value if isinstance(prior, Fixed) else name)
            for name, prior in self.priors.items()
        }

    @cached_property
    def alike(self) -> tuple[Alike, ...]:
        """Groups of estimates that share their slopes, being of one number or nearly."""
        return alike(self)

    @property
    def of_one_number(self) -> tuple[tuple[Place, ...], ...]:
        """Groups of estimates of one number, of whose slopes one counts."""
        return one_number(self.alike)

    @cached_property
    def ties(self) -> Ties:
        """Which of its sources may hold the same people, and which of these count together."""
        return Ties(self)

    def varies_over(self) -> set[str]:
        """Return the names of the axes over which any rate or transition varies."""
        found: set[str] = set()
        for varying, _ in self.varying():
            found |= varying.axes()
        if self.hazard and self.conversion is not None:  # fewer are left at risk at every age
            found |= self.conversion.axes(self.population)
        for assumption in self.assumptions:
            mask = assumption.imputed(self.population)
            for i, axis in enumerate(self.population.axes):
                if (mask != mask.take([0], axis=i)).any():
                    found.add(axis.name)
        return found
