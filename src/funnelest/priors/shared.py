"""A reference to a parameter of the model."""

from __future__ import annotations

from dataclasses import dataclass, field

from funnelest.fields import problems_of
from funnelest.priors.base import REAL, Prior
from funnelest.words import named

__all__ = ["Shared"]


@dataclass(frozen=True, repr=False)
class Shared(Prior):
    """A parameter of the model that several parts use, by its name.

    Parameters
    ----------
    name : str
        A key of the model's `parameters`, whose prior is given there.
    limits : (float, float)
        Filled in by the library: the limits that the place of use sets.
    """

    name: str
    #: Limits that the place of use sets; the model checks them against the prior.
    limits: tuple[float, float] = field(default=REAL, repr=False)

    def problems(self) -> list[str]:
        found = [f"Shared: {text}" for text in problems_of(self)]
        if found or self.name:
            return found
        return [f"Shared needs the name of one of the model's parameters; given {self.name!r}."]

    def describe(self) -> str:
        return named("prior.parameter", name=self.name)
