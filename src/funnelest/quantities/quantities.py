"""The quantities of a route, for given values of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.axes import Axis, Where, show_level
from funnelest.entry import entries
from funnelest.errors import SpecError
from funnelest.population import Population
from funnelest.quantities.cells import Cells, Selections

__all__ = ["Quantities"]

#: A number of people per person that makes no difference beside any other.
_NOBODY = np.float64(1e-200)


@entries
class Quantities(Cells):
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

    @property
    def cells(self) -> Population:
        """The population: its axes and head counts."""
        return self._model.population

    def parameter(self, name: str) -> Any:
        """Return the parameter `name`, as the ledger and `Model.priors` name it."""
        if not isinstance(name, str) or name not in self._model.places:
            known = ", ".join(self._model.places)
            raise SpecError(
                [f"there is no parameter {name!r}; the model has: {known}."], "a quantity"
            )
        return self._values[name]

    @property
    def sources(self) -> dict[str, Any]:
        """Every piece of evidence by its name, also those that are part of another."""
        return {one.name: one for one in self._model.sources()}

    def source(self, name: str) -> Any:
        """Return the piece of evidence with this `name`, also one that is part of another."""
        known = self.sources
        if not isinstance(name, str) or name not in known:
            shown = ", ".join(map(repr, known)) or "none"
            raise SpecError(
                [f"there is no source {name!r}; the sources are: {shown}."], "a quantity"
            )
        return known[name]

    def assumed(self, method: str) -> list[Any]:
        """Return the assumptions that give a `method`, such as ``on_records``."""
        return [one for one in self._model.assumptions if one.gives(method)]

    def listed(self, name: str) -> Any:
        """Return the share of people that comes to the member `name` of several, in cells."""
        for one in self._model.evidence:
            if any(member.name == name for member in one.members()):
                made = self.remember(("listing", one.name), partial(one.listing, self))
                return made[name]
        return 1.0

    def distinct(self, source: str, where: Where | None = None) -> Any:
        """Return the expected number of distinct people in the registers of an `Unlinked` source.

        Parameters
        ----------
        source : str
            Name of the source.
        where : mapping, optional
            Which cells; all that the registers see when left out.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        return self.source(source).distinct_people(self, where)

    def multiplicity(self, source: str, where: Where | None = None) -> Any:
        """Return in how many registers of an `Unlinked` source a person in them is, on average.

        `source` and `where` as in `distinct`.
        """
        return self.source(source).registers_per_person(self, where)

    def population(self, where: Where | None = None, *, per: str | None = None) -> Any:
        """Return the number of people in the cells `where` (a mean over `per`, if given)."""
        self._counted("nobody knows how many people there are")
        return self.pool(self._ones, where) / self._levels(per, where)

    def number(self, step: str, where: Where | None = None, *, per: str | None = None) -> Any:
        """Return the expected number of people who reach a step.

        Parameters
        ----------
        step : str
            Name of the step.
        where : mapping, optional
            Which cells: axis -> level, inclusive ``(low, high)`` or list. All when left out.
        per : str, optional
            Name of an axis over whose selected levels the mean is taken; "auto": that of years.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        return self.pool(self.in_cells(step), where) / self._levels(per, where)

    def first_events(self, where: Where | None = None, *, per: str | None = None) -> Any:
        """Return the expected number of people to whom it happens for the first time.

        Parameters
        ----------
        where : mapping, optional
            Which cells; all when left out.
        per : str, optional
            Name of an axis over whose selected levels the mean is taken; "auto": that of years.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        return self.pool(self._first(), where) / self._levels(per, where)

    def first_rates(self, where: Where | None = None) -> Any:
        """Return first events per person and year of age, at each level of the axis of ages.

        Parameters
        ----------
        where : mapping, optional
            Which levels of the other axes; all when left out. Ages in it are not used.

        Returns
        -------
        array
            Shape ``(levels, draws)``.
        """
        first = self._first()  # also checks that first events can be spoken of
        axis = self._ages()
        others = {k: v for k, v in (where or {}).items() if k != axis.name}

        def made() -> Any:
            wheres = Selections({**others, axis.name: level} for level in axis.levels)
            return self.pools(first, wheres) / self.pools(self._ones, wheres)

        return self.remember(("first rates", repr(others)), made)

    def _ages(self) -> Axis:
        """Return the axis of ages along which first events add up."""
        return self._model.population.age_axis(self._model.conversion.axis)

    def ever_before(self, age: Any, where: Where | None = None) -> Any:
        """Return the share of people with a first event before an age.

        Of a synthetic cohort, that goes through the ages as they are in the model.

        Parameters
        ----------
        age : float or array
            The age in years, or one per draw; within a year, and within a band of ages, first
            events are spread evenly. A number beyond the last age is refused; of an array, what
            is beyond it counts as the last age.
        where : mapping, optional
            Which levels of the other axes; all when left out. Ages in it are not used.

        Returns
        -------
        array
            Shape ``(draws,)``. Above 1 where yearly rate and share of first-time victims cannot
            both be so at every age; `Result.first_events` then refuses.
        """
        rates = self.first_rates(where)
        axis = self._ages()
        ended = [(i, low, high) for i, (low, high) in enumerate(axis.spans) if high < np.inf]
        last = max((high for _, _, high in ended), default=-1.0) + 1
        if isinstance(age, int | float) and not 0 <= age <= last:
            ends = "the model ends" if axis.open is None else f"{show_level(axis.open)} begins"
            raise SpecError(
                [f"the {axis.name} must lie between 0 and {last:g}, where {ends}; given {age}."],
                "a quantity",
            )
        total: Any = 0.0 * rates[0]
        for i, low, high in ended:
            if isinstance(age, int | float) and age <= low:
                continue
            years = fm.minimum(fm.maximum(age - low, 0.0), float(high + 1 - low))
            total = total + rates[i] * years
        return total

    def flow(
        self, first: str, last: str, where: Where | None = None, *, per: str | None = None
    ) -> Any:
        """Return the expected number of people who go directly from step `first` to step `last`.

        `where` and `per` as in `number`.
        """
        return self.pool(self.in_cells((first, last)), where) / self._levels(per, where)

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
            The step that they are in. Without it, the share of the population, which must then
            have a head count.

        Returns
        -------
        array
            Shape ``(draws,)``.
        """
        self._known(step, *([] if of is None else [of]))
        if of is None:
            self._counted("no share of it can be computed; give 'of'")
            return self.number(step, where) / self.population(where)
        if of != step and not self._model.route.leads(of, step):
            raise SpecError([f"no path leads from {of!r} to {step!r}."], "a quantity")
        return self._of_those(of, self._passing(of, step), where)

    def onward(self, steps: Sequence[str], where: Where | None = None) -> Any:
        """Return the shares who come from each of several steps to the next of them, by any path.

        Of people who were at all of the steps before: over several cells, each share is that of
        those of the people in the first step who have come so far.

        Parameters
        ----------
        steps : sequence of str
            The steps, in the order of the route.
        where : mapping, optional
            Which cells; all when left out.

        Returns
        -------
        array
            Shape ``(transitions, draws)``.
        """
        self._known(*steps)
        people = self.in_cells(steps[0])
        found = []
        for first, last in pairwise(steps):
            if not self._model.route.leads(first, last):
                raise SpecError([f"no path leads from {first!r} to {last!r}."], "a quantity")
            share = self._passing(first, last)
            there = fm.maximum(people, _NOBODY)
            people = there * share
            found.append(self.pool(people, where) / self.pool(there, where))
        none = 0.0 * sum(found[1:], found[0])
        return fm.stack([one + none for one in found])

    def transition(self, first: str, last: str, where: Where | None = None) -> Any:
        """Return the share of the people in step `first` who go directly to step `last`.

        `where` as in `number`.
        """
        self.in_cells((first, last))  # refuses what is no transition
        return self._of_those(first, self._probability((first, last)), where)

    def _counted(self, so: str) -> None:
        """Refuse what is made of head counts where there are none."""
        if not self.cells.counted:
            raise SpecError([f"the population has no head count, so {so}."], "a quantity")

    def _of_those(self, step: str, share: Any, where: Where | None) -> Any:
        """Return a `share` in cells, as one of all people of a step.

        Where a rate has rounded to 0 nobody is there, in any cell: all cells then weigh alike.
        """
        people = fm.maximum(self.in_cells(step), _NOBODY)
        return self.pool(people * share, where) / self.pool(people, where)
