"""The rate of unobserved ages is that of observed ones, shifted by an unknown amount."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import show_level
from funnelest.population import Population
from funnelest.priors import Prior, as_prior

__all__ = ["Shift"]


@dataclass(frozen=True, kw_only=True)
class Shift:
    r"""The log-odds of the rate of some ages equal those of other ages plus a shift.

    Nobody asked the first ages: what the model says of them is imputed, and labelled so.

    Parameters
    ----------
    ages : (int, int)
        The unobserved ages, both included.
    like : (int, int)
        The observed ages that they are compared with, both included.
    prior : Prior or float
        Of the shift, a difference of log-odds: -0.7 halves the odds, 0 makes the ages alike.
        A plain number is a fixed shift.
    statement : str
        What is assumed and why, in a sentence that reports print.
    source : str, default ""
        Citation.
    axis : str, default "age"
        Name of the axis.

    Notes
    -----
    :math:`\mathrm{logit}\, r_{ages} = \mathrm{logit}\, \bar r_{like} + \delta`, with
    :math:`\bar r_{like}` the mean over the observed ages, weighted by their people, within
    every combination of the other axes. Pattern-mixture model with a shift (delta adjustment),
    as in Little, JASA 1993;88:125.
    """

    ages: tuple[int, int]
    like: tuple[int, int]
    prior: Prior | float
    statement: str
    source: str = ""
    axis: str = "age"

    @property
    def _name(self) -> str:
        return f"shift[{self.axis} {show_level(self.ages)} against {show_level(self.like)}]"

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong with the assumption, one sentence each."""
        found = as_prior(self.prior).problems()
        if not self.statement:
            found.append("it needs a statement: what is assumed of these ages, and why?")
        axis = population.axis(self.axis)
        if axis is None:
            known = ", ".join(one.name for one in population.axes) or "none"
            found.append(f"axis {self.axis!r} is unknown; the population's axes are: {known}.")
        else:
            chosen = []
            for fieldname, wanted in (("ages", self.ages), ("like", self.like)):
                indices, trouble = axis.select(wanted)
                found += [f"field {fieldname!r}: {text}" for text in trouble]
                chosen.append(set(indices))
            if chosen[0] & chosen[1]:
                found.append(
                    f"fields 'ages' ({show_level(self.ages)}) and 'like' ({show_level(self.like)}) "
                    "overlap: a rate cannot be shifted against itself."
                )
        return [f"Shift of ages {show_level(self.ages)}: {text}" for text in found]

    def parameters(self) -> dict[str, Prior]:
        """Return the prior of the shift."""
        return {self._name: as_prior(self.prior)}

    def _mask(self, population: Population, wanted: tuple[int, int]) -> NDArray[np.bool_]:
        at = population.position(self.axis)
        inside = np.isin(
            np.arange(population.shape[at]), population.select({self.axis: wanted})[at]
        )
        return inside.reshape([-1 if i == at else 1 for i in range(len(population.axes))])

    def imputed(self, population: Population) -> NDArray[np.bool_]:
        """Return the cells of the unobserved ages."""
        return np.broadcast_to(self._mask(population, self.ages), population.shape)

    def rests_on(self, population: Population) -> NDArray[np.bool_]:
        """Return the cells of the `population` with the observed ages."""
        return np.broadcast_to(self._mask(population, self.like), population.shape)

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        """Return the rate with the unobserved ages filled in."""
        at = population.position(self.axis)
        axes = len(population.axes)
        shape = (rate.type.shape if hasattr(rate, "type") else rate.shape)[:axes]
        observed = rate
        if shape[at] != 1:
            flat = tuple(i for i in range(axes) if shape[i] == 1)
            people = population.counts * self._mask(population, self.like)
            people = people.sum(axis=flat, keepdims=True)
            total = people.sum(axis=at, keepdims=True)
            # A cell without people of the observed ages has no rate to weight; any will do.
            weight = np.where(total > 0, people / np.where(total > 0, total, 1.0), 0.0)
            alike = self._mask(population, self.like)
            weight = np.where(total > 0, weight, alike / alike.sum())
            observed = fm.sum(weight[..., None] * rate, axis=at)
            index = (slice(None),) * at + (None,)
            observed = observed[index]
        shifted = fm.expit(fm.logit(observed) + values[self._name])
        return fm.where(self._mask(population, self.ages)[..., None], shifted, rate)

    def apply_to_population(
        self, factor: Any, values: Mapping[str, Any], population: Population
    ) -> Any:
        """Return the factor as it was."""
        return factor

    def describe(self) -> str:
        """Return what is assumed, in a sentence."""
        return (
            f"the log-odds at {self.axis} {show_level(self.ages)} are those at "
            f"{show_level(self.like)} plus a shift"
        )
