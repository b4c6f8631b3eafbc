"""A term with its own value for every level of an axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest import math as fm
from funnelest.axes import Level, show_level
from funnelest.fields import AXIS, Allowed, instance, problems_of
from funnelest.population import Population
from funnelest.priors import Normal, Prior
from funnelest.terms.base import Term, on_axis, reference_problems

__all__ = ["Levels"]


@dataclass(frozen=True)
class Levels(Term):
    r"""One deviation per level of an axis, independent of each other.

    Parameters
    ----------
    axis : str
        Name of the axis, such as ``"sex"``.
    prior : Prior, default Normal(0, 1)
        Of each deviation from the reference level: a difference of log-odds for `Rate` and
        `Share`, of logarithms for `Number`.
    reference : level, optional
        The level whose deviation is zero; the first level when left out. The prior of the rate
        or the share itself is that of this level.

    Notes
    -----
    :math:`g(r_l) = g(r_{ref}) + \delta_l`, with :math:`g` the logit or the logarithm, as
    treatment contrasts in a generalised linear model.
    """

    axis: str
    prior: Prior | None = None
    reference: Level | None = None

    allowed: ClassVar[Allowed] = {"axis": AXIS, "prior": instance(Prior, "a prior").or_none}

    def _reference(self, population: Population) -> Level:
        found = population.axis(self.axis)
        assert found is not None
        given = found.levels[0] if self.reference is None else found.read(self.reference)
        return given  # type: ignore[return-value]  # a level: see `problems`

    def problems(self, population: Population) -> list[str]:
        found = problems_of(self, population=population)
        found += reference_problems(self.reference, self.axis, population)
        return [f"Levels: {text}" for text in found]

    def parameters(self, name: str, population: Population) -> dict[str, Prior]:
        axis = population.axis(self.axis)
        assert axis is not None
        prior = Normal(0.0, 1.0) if self.prior is None else self.prior
        reference = self._reference(population)
        return {self._label(name, level): prior for level in axis.levels if level != reference}

    def _label(self, name: str, level: Level) -> str:
        return f"{name}[{self.axis}={show_level(level)}]"

    def deviation(self, values: Mapping[str, Any], name: str, population: Population) -> Any:
        axis = population.axis(self.axis)
        assert axis is not None
        reference = self._reference(population)
        column = [
            np.zeros(1) if level == reference else values[self._label(name, level)]
            for level in axis.levels
        ]
        known = [value for value in column if fm.is_symbol(value)]
        if known:  # symbols do not stack with arrays of another kind unless broadcast first
            column = [
                value + known[0] * 0.0 if isinstance(value, np.ndarray) else value
                for value in column
            ]
        return on_axis(column, self.axis, population)

    def by_default(self) -> bool:
        return self.prior is None
