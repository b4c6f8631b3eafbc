"""What a model says of cells, for given values of the parameters, and sums over them.

Written once for NumPy arrays (the engines, results, simulation) and PyTensor symbols
(`to_pymc`). The last axis of every value is the draw axis; cells come before it, and an
axis over which a value does not vary has length 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.axes import Where
from funnelest.errors import SpecError
from funnelest.quantities.asked import AskedModel
from funnelest.route import Edge, show_edge
from funnelest.selections import places

__all__ = ["Cells", "Selections"]


class Selections(tuple[Where, ...]):
    """Several selections of cells, known by a key that is made once."""

    @cached_property
    def key(self) -> str:
        """What the selections are, as text."""
        return repr(tuple(self))


class Cells:
    """Numbers per person in cells, and their sums; its arguments are those of `Quantities`."""

    def __init__(
        self, model: AskedModel, values: Mapping[str, Any], memory: dict[Any, Any] | None = None
    ) -> None:
        self._memory = {} if memory is None else memory
        self._model = model
        self._values = _Resolved(model, values)
        first = next(iter(values.values()), np.zeros(1))
        #: Number of draws (1 for symbols).
        self.draws: int = 1 if fm.is_symbol(first) or not np.ndim(first) else len(first)
        self._cache: dict[Any, Any] = {}

    # ----------------------------------------------------------------- memory

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Every parameter by name: fixed numbers and shared parameters filled in."""
        return self._values

    def remember(self, key: Any, made: Callable[[], Any]) -> Any:
        """Return what `made` returns, computed once for these values and this `key`."""
        if key not in self._cache:
            self._cache[key] = made()
        return self._cache[key]

    def fixed(self, key: Any, made: Callable[[], Any]) -> Any:
        """Return what `made` returns, computed once for the model under this `key`."""
        if key not in self._memory:
            self._memory[key] = made()
        return self._memory[key]

    # ------------------------------------------------------------------ cells

    @cached_property
    def _ones(self) -> Any:
        """One, in the layout of what does not vary over any axis."""
        return np.ones((1,) * (len(self._model.population.axes) + 1))

    def _entry(self) -> Any:
        """Return entries per person (or per cell, with `Number`), in cells."""
        if "entry" not in self._cache:
            model = self._model
            rate = model.occurrence.evaluate(self._values, model.occurrence_name, model.population)
            for assumption in self.fixed("assumed of the rate", self._assumed_of_rate):
                rate = assumption.apply_to_rate(rate, self._values, model.population)
            if model.hazard:
                first = self._first_of(rate)
                self._cache["first"] = first
                # Few first-time victims cannot mean more victims than there are people.
                rate = fm.minimum(first / self._first_share(), 1.0)
            self._cache["entry"] = rate
        return self._cache["entry"]

    def _assumed_of_rate(self) -> Sequence[Any]:
        """Return the assumptions, each as it is beside the rate under those before it."""
        model = self._model
        if not any(one.gives("beside") for one in model.assumptions):
            return model.assumptions
        rng = np.random.default_rng(1)
        values = _Resolved(model, {name: one.sample(rng, 3) for name, one in model.free.items()})
        rate = model.occurrence.evaluate(values, model.occurrence_name, model.population)
        found = []
        for assumption in model.assumptions:
            found.append(assumption.beside(rate, model.population))
            rate = found[-1].apply_to_rate(rate, values, model.population)
        return found

    def _first_share(self) -> Any:
        """Return the share of a year's victims who are victims for the first time, in cells."""
        made = self._model.conversion
        if made is None:
            raise SpecError(
                ["first events are asked for, but the model has no FirstTime assumption."],
                "a quantity",
            )
        return made.first_share(self._values, self._model.population)

    def _first_of(self, hazard: Any) -> Any:
        """Return first events per person in cells, from the hazard of those without one."""
        population = self._model.population
        at = population.axes.index(population.age_axis(self._model.conversion.axis))
        ones = [1] * (len(population.axes) + 1)
        ones[at] = population.shape[at]
        hazard = hazard * np.ones(ones)  # also where it is the same at every age
        # Not quite 1, of which nobody would be left, and infinity minus infinity.
        free = fm.log1p(-fm.minimum(hazard, 1.0 - np.finfo(float).eps))
        return hazard * fm.exp(fm.cumsum(free, at) - free)

    def _first(self) -> Any:
        """Return first events per person of the population in a year, in cells."""
        entry = self._entry()
        if "first" not in self._cache:
            self._cache["first"] = entry * self._first_share()
        return self._cache["first"]

    def _exposure(self) -> Any:
        """Return the factor on the population, in cells."""
        if "exposure" not in self._cache:
            model = self._model
            factor: Any = self._ones
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
                share = self._share((edge[0], successor))
                self._cache["probability", (edge[0], successor)] = left * share
                left = left * (1.0 - share)
        return self._cache[key]

    def _share(self, edge: Edge) -> Any:
        """Return the share of a transition of those who made no earlier one, in cells."""
        share = self._model.transition(*edge)
        return share.evaluate(self._values, show_edge(edge), self._model.population)

    def _passing(self, first: str, last: str) -> Any:
        """Return the probability of ever reaching `last` from `first`, in cells.

        F = (I - Q)^-1, as the finite sum over paths.
        """
        if first == last:
            return self._ones
        key, route = ("passing", first, last), self._model.route
        if key not in self._cache:
            parts = []
            for successor in route.successors(first):
                if route.leads(successor, last):
                    part = self._probability((first, successor))
                    parts.append(
                        part if successor == last else part * self._passing(successor, last)
                    )
            self._cache[key] = sum(parts[1:], parts[0]) if parts else 0.0 * self._ones
        return self._cache[key]

    def in_cells(self, place: str | Sequence[str]) -> Any:
        """Return the expected number at a step, or making a transition, per person in cells.

        Parameters
        ----------
        place : str or (str, str)
            The step, or the transition.

        Returns
        -------
        array
            One axis per axis of the population and then the draws; of length 1 on an axis over
            which it does not vary. `pool` sums it over cells.
        """
        start = self._model.route.steps[0]
        if isinstance(place, str):
            self._known(place)
            if place == start:
                return self._entry()
            return self.remember(
                ("in cells", place), lambda: self._entry() * self._passing(start, place)
            )
        if not isinstance(place, tuple) or len(place) != 2:
            self._known(place)
        first, last = place
        self._known(first, last)
        if (first, last) not in self._model.route.edges:
            known = ", ".join(show_edge(edge) for edge in self._model.route.edges)
            raise SpecError(
                [f"there is no transition {first} -> {last}; the transitions are: {known}."],
                "a quantity",
            )
        return self._entry() * self._passing(start, first) * self._probability((first, last))

    def going_on(self, first: str | Edge, last: str | Edge) -> Any:
        """Return the share of those at one place who are at another one as well, in cells.

        Parameters
        ----------
        first, last : str or (str, str)
            Two steps or transitions, the first not after the last on the route.

        Returns
        -------
        array
            In the layout of `in_cells`; zero where no path has both.
        """
        if first == last:
            return self._ones
        start = first if isinstance(first, str) else first[1]
        if isinstance(last, str):
            return self._passing(start, last)
        return self._passing(start, last[0]) * self._probability(last)

    def pools(self, per_person: Any, wheres: Sequence[Where]) -> Any:
        """Return the sums over several selections of population times `per_person`.

        Parameters
        ----------
        per_person : array
            A number per person in cells, as `in_cells` gives it.
        wheres : sequence of mapping
            The selections.

        Returns
        -------
        array
            Shape ``(selections, draws)``.
        """
        return self._weighted(self._exposed(per_person), "people", wheres, self._people_in)

    def sums(self, per_person: Any, cells: Sequence[Any], key: Any) -> Any:
        """Return the sums over several sets of cells of population times `per_person`.

        Parameters
        ----------
        per_person : array
            A number per person in cells, as `in_cells` gives it.
        cells : sequence of ndarray of int
            The places of the cells of each set, in the flat order of the population.
        key : hashable
            What the sets are known by in this model.

        Returns
        -------
        array
            Shape ``(sets, draws)``.
        """
        return self._product(self._exposed(per_person), ("cells", key), cells, self._people_of)

    def _exposed(self, per_person: Any) -> Any:
        exposure = self._exposure()
        return per_person if exposure is self._ones else per_person * exposure

    def levels(self, value: Any, axes: Sequence[str], wheres: Sequence[Where]) -> Any:
        """Return the sums of a number per level of `axes` over several selections.

        Parameters
        ----------
        value : array
            The number, in the layout of `in_cells`; it varies over none but these axes.
        axes : sequence of str
            Every selected level of these axes counts once.
        wheres : sequence of mapping
            The selections.

        Returns
        -------
        array
            Shape ``(selections, draws)``.
        """

        def counted(where: Where, lengths: tuple[int, ...]) -> tuple[Any, Any]:
            population = self._model.population
            kept, times = [], 1.0
            for axis, length, chosen in zip(
                population.axes, lengths, population.select(where), strict=True
            ):
                if axis.name not in axes:
                    kept.append(np.arange(length))
                elif length == 1:
                    kept.append(np.zeros(1, dtype=int))
                    times *= len(chosen)
                else:
                    kept.append(chosen)
            cells = places(kept, lengths)
            return cells, np.full(len(cells), times)

        return self._weighted(value, tuple(axes), wheres, counted)

    def _people_in(self, where: Where, lengths: tuple[int, ...]) -> tuple[Any, Any]:
        """Return the cells of a selection, of those over which a value varies, and their people."""
        population = self._model.population
        chosen = population.select(where)
        flat = tuple(i for i, length in enumerate(lengths) if length == 1)
        people = population.counts[np.ix_(*chosen)].sum(axis=flat)
        kept = [one[:1] * 0 if i in flat else one for i, one in enumerate(chosen)]
        return places(kept, lengths), np.ravel(people)

    def _people_of(self, cells: Any, lengths: tuple[int, ...]) -> tuple[Any, Any]:
        """Return as `_people_in`, for cells that are given by their places."""
        population = self._model.population
        at = np.zeros(len(cells), dtype=np.intp)
        if lengths:
            every = np.unravel_index(cells, population.shape)
            kept = [c * (size > 1) for c, size in zip(every, lengths, strict=True)]
            at = np.ravel_multi_index(kept, lengths)
        people = np.bincount(at, population.counts.ravel()[cells])
        there = np.flatnonzero(people)
        return there, people[there]

    def _weighted(
        self,
        value: Any,
        what: Any,
        wheres: Sequence[Where],
        weight: Callable[[Where, tuple[int, ...]], tuple[Any, Any]],
    ) -> Any:
        """Return sums over cells with the weights of each selection."""
        named = wheres.key if isinstance(wheres, Selections) else repr(wheres)
        return self._product(value, (what, named), wheres, weight)

    def _product(
        self,
        value: Any,
        key: Any,
        chosen: Sequence[Any],
        weight: Callable[[Any, tuple[int, ...]], tuple[Any, Any]],
    ) -> Any:
        """Return sums over what is chosen, which is known by a key: one matrix product.

        Sparse at every size: a figure sees few of the cells, and where it sees all of them it costs
        about as much as a dense product.
        """
        axes = len(self._model.population.axes)
        shape = fm.shape_of(value)[:axes]
        lengths = tuple(
            size if length is None else length
            for length, size in zip(shape, self._model.population.shape, strict=True)
        )
        weights = self.fixed(("weights", key, lengths), lambda: _rows(chosen, lengths, weight))
        return fm.matmul(weights, value.reshape((math.prod(lengths), -1)))

    def pool(self, per_person: Any, where: Where | None = None) -> Any:
        """Return the sum over the selected cells of population times `per_person`.

        Parameters
        ----------
        per_person : array
            A number per person in cells, as `in_cells` gives it.
        where : mapping, optional
            Which cells; all when left out.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        return self.pools(per_person, (where or {},))[0]

    def _levels(self, per: str | None, where: Where | None) -> int:
        """Return how many levels of the axis `per` are selected."""
        population = self._model.population
        axis = population.mean_over(per)
        return 1 if axis is None else len(population.select(where)[population.position(axis)])

    def _known(self, *steps: object) -> None:
        route = self._model.route
        unknown = [step for step in steps if not isinstance(step, str) or step not in route.steps]
        if unknown:
            known = ", ".join(route.steps)
            raise SpecError(
                [f"there is no step {step!r}; the steps are: {known}." for step in unknown],
                "a quantity",
            )


def _rows(
    wheres: Sequence[Any],
    lengths: tuple[int, ...],
    weight: Callable[[Any, tuple[int, ...]], tuple[Any, Any]],
) -> Any:
    """Return the weights of cells in selections, a sparse matrix ``(selections, cells)``."""
    from scipy.sparse import csr_array

    made = [weight(where, lengths) for where in wheres]
    ends = np.cumsum([0, *(len(cells) for cells, _ in made)])
    cells, weights = (np.concatenate(part) for part in zip(*made, strict=True))
    return csr_array((weights, cells, ends), shape=(len(wheres), math.prod(lengths)))


class _Resolved(Mapping[str, Any]):
    """Parameter values by name, with fixed numbers and shared parameters filled in."""

    def __init__(self, model: AskedModel, values: Mapping[str, Any]) -> None:
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
