"""What quantities ask of a model, so that they need to know neither it nor its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from funnelest.population import Population
from funnelest.route import Route

__all__ = ["AskedModel"]


class AskedModel(Protocol):
    """The members of `Model` that are asked for, also of one that is not checked yet."""

    @property
    def route(self) -> Route: ...
    @property
    def population(self) -> Population: ...
    @property
    def occurrence(self) -> Any: ...
    @property
    def occurrence_name(self) -> str: ...
    @property
    def hazard(self) -> bool: ...
    @property
    def conversion(self) -> Any: ...
    @property
    def assumptions(self) -> Sequence[Any]: ...
    @property
    def evidence(self) -> Sequence[Any]: ...
    @property
    def places(self) -> Mapping[str, Any]: ...

    def transition(self, first: str, last: str) -> Any: ...
    def sources(self) -> Sequence[Any]: ...
