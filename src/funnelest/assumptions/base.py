"""Assumptions that no figure supports, and the ledger of everything that was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where, show_where
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within

__all__ = ["Assumption", "Entry", "PopulationError", "Unchanged"]


@runtime_checkable
class Assumption(Protocol):
    """An assumption about the population or the rate; needs no registration."""

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong with it for this `population`, one sentence each."""

    def parameters(self, population: Population) -> dict[str, Prior]:
        """Return the priors that it brings with it in this `population`, by parameter name."""

    def imputed(self, population: Population) -> NDArray[np.bool_]:
        """Return which cells of the `population` it sets the rate of, as an array of its shape."""

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        """Return the `rate` in cells under the assumption.

        Parameters
        ----------
        rate : array
            The rate without the assumption, one axis per axis of the population and then the
            draws; of length 1 on an axis over which it does not vary.
        values : mapping of str to array
            Parameter name -> value per draw; holds at least those of `parameters`.
        population : Population
            The population.

        Returns
        -------
        array
            The rate, in the same layout.
        """

    def apply_to_population(
        self, factor: Any, values: Mapping[str, Any], population: Population
    ) -> Any:
        """Return the `factor` on the head count in cells under the assumption.

        Parameters
        ----------
        factor : array
            The factor without the assumption, in the layout of `apply_to_rate`; ones at first.
        values : mapping of str to array
            Parameter name -> value per draw.
        population : Population
            The population.

        Returns
        -------
        array
            The factor, in the same layout.
        """

    def describe(self) -> str:
        """Return what is assumed, in a sentence."""


class Unchanged:
    """Base of the assumptions: rates and people stay as they are, but for what a kind overrides."""

    def imputed(self, population: Population) -> NDArray[np.bool_]:
        """Return no cells of the `population`: the rates are left as they are."""
        return np.zeros(population.shape, dtype=bool)

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        """Return the `rate` as it was, whatever the `values` in the `population`."""
        return rate

    def apply_to_population(
        self, factor: Any, values: Mapping[str, Any], population: Population
    ) -> Any:
        """Return the `factor` as it was, whatever the `values` in the `population`."""
        return factor


@dataclass(frozen=True)
class Entry:
    """One line of the ledger of assumptions.

    Parameters
    ----------
    about : str
        The parameter or quantity.
    kind : str
        "prior", "fixed", "assumption", "source" or "default".
    value : str
        The distribution or the sentence.
    statement, source : str
        Why, and by whom.
    stated : bool
        Whether the user said so; False for a default.
    """

    about: str
    kind: str
    value: str
    statement: str
    source: str
    stated: bool


@dataclass(frozen=True, kw_only=True)
class PopulationError(Unchanged):
    r"""The head count of some cells is off by an unknown factor.

    Parameters
    ----------
    prior : Prior
        Of the factor (true over given number of people), such as a log-normal around 1.
    where : mapping, optional
        The cells that share the factor; all when left out.
    statement : str
        Why the count is uncertain.
    source : str, default ""
        Citation.

    Notes
    -----
    :math:`P_c = f\, \hat P_c` for the cells, with one factor f.
    """

    prior: Prior
    where: Where = field(default_factory=dict)
    statement: str = ""
    source: str = ""

    @property
    def _name(self) -> str:
        return f"population factor[{show_where(self.where)}]"

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong with the assumption, one sentence each."""
        found = population.problems_in(self.where) + as_prior(self.prior).problems()
        if not self.statement:
            found.append("a PopulationError needs a statement: why is the count uncertain?")
        return [f"{self._name}: {text}" for text in found]

    def parameters(self, population: Population) -> dict[str, Prior]:
        """Return the prior of the factor, whatever the `population`."""
        return {self._name: within(as_prior(self.prior), 0.0, np.inf)}

    def apply_to_population(
        self, factor: Any, values: Mapping[str, Any], population: Population
    ) -> Any:
        """Return the factor, multiplied in the chosen cells."""
        inside = np.ones((1,) * len(population.axes), dtype=bool)
        for i, chosen in enumerate(population.select(self.where)):
            if len(chosen) < population.shape[i]:
                mask = np.isin(np.arange(population.shape[i]), chosen)
                inside = inside & mask.reshape([-1 if j == i else 1 for j in range(inside.ndim)])
        weight = inside[..., None].astype(np.float64)
        return factor * (1.0 + weight * (values[self._name] - 1.0))

    def describe(self) -> str:
        """Return what is assumed, in a sentence."""
        return f"the population of {show_where(self.where)} is off by one unknown factor"

    def sentence(self, language: str = "en") -> str:
        """Return what is assumed, in plain language.

        Parameters
        ----------
        language : {"en", "nl"}
            Language of the sentence.

        Returns
        -------
        str
            The sentence.
        """
        if language == "nl":
            return (
                f"Het getelde aantal mensen ({show_where(self.where)}) wijkt met \u00e9\u00e9n "
                "onbekende factor af van het werkelijke."
            )
        return f"The population of {show_where(self.where)} is off by one unknown factor."
