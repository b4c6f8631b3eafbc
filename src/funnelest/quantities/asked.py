"""What quantities ask of a model and of its sources, so that they need to know neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from funnelest.axes import Where
from funnelest.population import Population
from funnelest.route import Route

__all__ = ["AskedModel", "AskedSource", "Assumed", "Varying"]


class Varying(Protocol):
    """A rate or share, that may vary over cells."""

    def evaluate(self, values: Mapping[str, Any], name: str, population: Population) -> Any:
        """Return it in cells, from the `values` of its parameters."""


class Assumed(Protocol):
    """An assumption about rates or people."""

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        """Return the `rate` in cells under the assumption."""

    def apply_to_population(
        self, factor: Any, values: Mapping[str, Any], population: Population
    ) -> Any:
        """Return the `factor` on the head count in cells under the assumption."""


class AskedSource(Protocol):
    """A piece of evidence."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def where(self) -> Where:
        """Which cells it sees."""

    def members(self) -> Sequence[AskedSource]:
        """Return the sources that it is made of."""

    def listing(self, q: Any) -> Mapping[str, Any]:
        """Return name of a member -> the share of people that comes to it, in cells."""

    def checked(self, what: str, q: Any, where: Where) -> Any:
        """Return the share that a validation of it checks, per draw."""


class AskedModel(Protocol):
    """A model, checked or not yet."""

    @property
    def route(self) -> Route:
        """The steps and transitions."""

    @property
    def population(self) -> Population:
        """The people, on named axes."""

    @property
    def occurrence(self) -> Varying:
        """Who enters the first step."""

    @property
    def occurrence_name(self) -> str:
        """Name of the parameter of the first step."""

    @property
    def hazard(self) -> bool:
        """Whether the occurrence is the hazard of a first event."""

    @property
    def conversion(self) -> Any:
        """The assumption that joins yearly rates and first events, or None."""

    @property
    def assumptions(self) -> Sequence[Assumed]:
        """What no source supports."""

    @property
    def evidence(self) -> Sequence[AskedSource]:
        """The sources."""

    @property
    def places(self) -> Mapping[str, Any]:
        """Parameter name -> itself, the parameter that it shares, or its fixed value."""

    def transition(self, first: str, last: str) -> Varying:
        """Return the share of a transition."""

    def sources(self) -> Sequence[AskedSource]:
        """Return every source, also those that are part of another."""
