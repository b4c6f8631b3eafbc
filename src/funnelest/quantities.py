"""The quantities of a route, for given values of the parameters.

Written once for NumPy arrays (the importance engine, results, simulation) and PyTensor symbols
(the NUTS engine). The last axis of every value is the draw axis; cells come before it, and an
axis over which a value does not vary has length 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest import math as fm
from funnelest.axes import Where
from funnelest.errors import SpecError
from funnelest.population import Population
from funnelest.route import Edge, show_edge

if TYPE_CHECKING:
    from funnelest.model import Model

__all__ = ["Quantities"]


class Quantities:
    """What a model says of every step and transition, draw by draw.

    Handed to the functions of your own evidence and of derived quantities. Every method
    returns one value per draw, as a NumPy array or as a symbol; combine them with the ordinary
    operators and with `funnelest.math`.

    Parameters
    ----------
    model : Model
        The model.
    values : mapping of str to array
        Parameter name -> its values, of shape ``(draws,)``.
    memory : dict, optional
        Kept between calls for one model: which cells a `where` selects, found once.
    """

    def __init__(
        self, model: Model, values: Mapping[str, Any], memory: dict[Any, Any] | None = None
    ) -> None:
        self._memory = {} if memory is None else memory
        self._model = model
        self._values = _Resolved(model, values)
        first = next(iter(values.values()), np.zeros(1))
        #: Number of draws (1 for symbols).
        self.draws: int = len(first) if isinstance(first, np.ndarray) else 1
        self._cache: dict[Any, Any] = {}

    # ------------------------------------------------------------------ cells

    def _entry(self) -> Any:
        """Return entries per person (or per cell, with `Number`), in cells."""
        if "entry" not in self._cache:
            model = self._model
            rate = model.occurrence.evaluate(self._values, model.occurrence_name, model.population)
            for assumption in model.assumptions:
                rate = assumption.apply_to_rate(rate, self._values, model.population)
            self._cache["entry"] = rate
        return self._cache["entry"]

    def _exposure(self) -> Any:
        """Return the factor on the population, in cells."""
        if "exposure" not in self._cache:
            model = self._model
            factor: Any = np.ones((1,) * (len(model.population.axes) + 1))
            for assumption in model.assumptions:
                factor = assumption.apply_to_population(factor, self._values, model.population)
            self._cache["exposure"] = factor
        return self._cache["exposure"]

    def _probability(self, edge: Edge) -> Any:
        """Return the probability of a transition given its first step, in cells."""
        key = ("probability", edge)
        if key not in self._cache:
            left: Any = 1.0
            for successor in self._model.route.successors(edge[0]):
                share = self._model.transition(edge[0], successor).evaluate(
                    self._values, show_edge((edge[0], successor)), self._model.population
                )
                self._cache["probability", (edge[0], successor)] = left * share
                left = left * (1.0 - share)
        return self._cache[key]

    def _passing(self, first: str, last: str) -> Any:
        """Return the probability of ever reaching `last` from `first`, in cells.

        F = (I - Q)^-1, as the finite sum over paths.
        """
        key = ("passing", first, last)
        if key not in self._cache:
            route = self._model.route
            if first == last:
                value: Any = np.ones((1,) * (len(self._model.population.axes) + 1))
            else:
                value = None
                for successor in route.successors(first):
                    if not route.leads(successor, last):
                        continue
                    part = self._probability((first, successor))
                    if successor != last:
                        part = part * self._passing(successor, last)
                    value = part if value is None else value + part
                if value is None:
                    value = np.zeros((1,) * (len(self._model.population.axes) + 1))
            self._cache[key] = value
        return self._cache[key]

    def _pool(self, per_person: Any, where: Where | None) -> Any:
        """Return the sum over the selected cells of population times `per_person`."""
        population = self._model.population
        axes = len(population.axes)
        value = per_person * self._exposure()
        if not axes:
            return population.counts * value
        shape = value.type.shape[:axes] if hasattr(value, "type") else value.shape[:axes]
        people, index = self._selected(where, tuple(shape))
        for i, one in enumerate(index):
            if not isinstance(one, slice) and len(one) < population.shape[i]:
                value = value[(slice(None),) * i + (one,)]
        return fm.sum(people[..., None] * value, axis=tuple(range(axes)))

    def _selected(self, where: Where | None, shape: tuple[int | None, ...]) -> Any:
        """Return the selected people, and the index of the cells of a value of this shape."""
        key: Any = None
        if where is None or all(isinstance(v, int | str | tuple) for v in where.values()):
            key = (shape, None if where is None else tuple(where.items()))
            if key in self._memory:
                return self._memory[key]
        population = self._model.population
        chosen = population.select(where)
        people = population.counts[np.ix_(*chosen)]
        # Axes over which the value does not vary are summed in the population, once.
        flat = tuple(i for i, length in enumerate(shape) if length == 1)
        people = people.sum(axis=flat, keepdims=True)
        index = tuple(slice(None) if length == 1 else chosen[i] for i, length in enumerate(shape))
        if key is not None:
            self._memory[key] = (people, index)
        return people, index

    def _levels(self, per: str | None, where: Where | None) -> int:
        """Return how many levels of the axis `per` are selected."""
        if per is None:
            return 1
        population = self._model.population
        return len(population.select(where)[population.position(per)])

    # ------------------------------------------------------------- quantities

    @property
    def cells(self) -> Population:
        """The population: its axes and head counts."""
        return self._model.population

    def parameter(self, name: str) -> Any:
        """Return the parameter `name`, as the ledger and `Model.priors` name it."""
        if name not in self._model.places:
            known = ", ".join(self._model.places)
            raise SpecError(
                [f"there is no parameter {name!r}; the model has: {known}."], "a quantity"
            )
        return self._values[name]

    def population(self, where: Where | None = None, *, per: str | None = None) -> Any:
        """Return the number of people in the cells `where` (a mean over `per`, if given)."""
        ones = np.ones((1,) * (len(self._model.population.axes) + 1))
        return self._pool(ones, where) / self._levels(per, where)

    def number(self, step: str, where: Where | None = None, *, per: str | None = None) -> Any:
        """Return the expected number of people who reach a step.

        Parameters
        ----------
        step : str
            Name of the step.
        where : mapping, optional
            Which cells: axis -> level, inclusive ``(low, high)`` or list. All when left out.
        per : str, optional
            Name of an axis, such as ``"year"``, over whose selected levels the mean is taken.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        self._known(step)
        first = self._model.route.steps[0]
        value = self._entry() * self._passing(first, step)
        return self._pool(value, where) / self._levels(per, where)

    def flow(
        self, first: str, last: str, where: Where | None = None, *, per: str | None = None
    ) -> Any:
        """Return the expected number of people who go directly from one step to the next.

        Parameters
        ----------
        first, last : str
            The two steps of the transition.
        where : mapping, optional
            Which cells; all when left out.
        per : str, optional
            Name of an axis over whose selected levels the mean is taken.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        self._known(first, last)
        if (first, last) not in self._model.route.edges:
            known = ", ".join(show_edge(edge) for edge in self._model.route.edges)
            raise SpecError(
                [f"there is no transition {first} -> {last}; the transitions are: {known}."],
                "a quantity",
            )
        start = self._model.route.steps[0]
        value = self._entry() * self._passing(start, first) * self._probability((first, last))
        return self._pool(value, where) / self._levels(per, where)

    def share(self, step: str, where: Where | None = None, *, of: str | None = None) -> Any:
        """Return the share of the people in `of` who ever reach `step`, by any path.

        Over several cells, the share of the pooled people.

        Parameters
        ----------
        step : str
            The step that they reach.
        where : mapping, optional
            Which cells; all when left out.
        of : str, optional
            The step that they are in. Without it, the share of the population.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        self._known(step, *([of] if of else []))
        if of is None:
            return self.number(step, where) / self.population(where)
        if of != step and not self._model.route.leads(of, step):
            raise SpecError([f"no path leads from {of!r} to {step!r}."], "a quantity")
        start = self._model.route.steps[0]
        there = self._entry() * self._passing(start, of) * self._passing(of, step)
        return self._pool(there, where) / self.number(of, where)

    def transition(self, first: str, last: str, where: Where | None = None) -> Any:
        """Return the share of the people in `first` who go directly to `last`.

        Parameters
        ----------
        first, last : str
            The two steps of the transition.
        where : mapping, optional
            Which cells; all when left out.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        return self.flow(first, last, where) / self.number(first, where)

    def _known(self, *steps: str) -> None:
        unknown = [step for step in steps if step not in self._model.route.steps]
        if unknown:
            known = ", ".join(self._model.route.steps)
            raise SpecError(
                [f"there is no step {step!r}; the steps are: {known}." for step in unknown],
                "a quantity",
            )


class _Resolved(Mapping[str, Any]):
    """Parameter values by name, with fixed numbers and shared parameters filled in."""

    def __init__(self, model: Model, values: Mapping[str, Any]) -> None:
        self._model = model
        self._values = values

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        place = self._model.places[name]
        if isinstance(place, str):
            return self[place]
        return np.full(1, float(place)) if math.isfinite(place) else np.full(1, np.nan)

    def __iter__(self) -> Any:
        return iter(self._model.places)

    def __len__(self) -> int:
        return len(self._model.places)
