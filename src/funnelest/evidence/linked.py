"""Registers on one step that were linked: how many people are on which of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.axes import Where, show_level
from funnelest.distributions import Poisson
from funnelest.evidence.base import Evidence, FigureClass
from funnelest.evidence.counted import Counted, Line
from funnelest.evidence.on_route import OnRoute
from funnelest.fields import STEP, Allowed, axis_problems, instance, is_whole, wrong_fields
from funnelest.figures import AtMost, Exact, Figure
from funnelest.lists.checks.existence import silence
from funnelest.lists.linkage import LinkageError, observed
from funnelest.lists.table.table import OverlapTable
from funnelest.lists.terms import design, pairs
from funnelest.observations.table import Printed, Table
from funnelest.population import Population
from funnelest.priors import HalfNormal, Normal, Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route
from funnelest.words import named, say

__all__ = ["Linked"]

_UNIT = Normal(0.0, 1.0)
_EFFECTS, _INTERACTIONS, _VARYING = Normal(-2.0, 5.0), HalfNormal(1.0), HalfNormal(0.5)


@dataclass(frozen=True, kw_only=True, repr=False)
class Linked(Evidence):
    r"""An overlap table: people at one step, on several registers that were linked.

    Everybody at the step may be on every list (but see `OverlapTable.not_covering`); how many are
    on none follows from how the lists overlap, together with everything else that the model knows
    of the step.

    It takes `name`, `where`, `source` and `statement` as well, as every `Evidence`; it has no
    defects: who is missing from a list is what the table tells.

    Parameters
    ----------
    step : str
        The step that the lists record.
    table : OverlapTable
        People by combination of lists, by stratum where there are any.
    strata : str or mapping of str to mapping, optional
        Where the people of each stratum are: the axis of which the strata are levels, or stratum
        -> its cells. Needed for a table with strata.
    order : int, optional
        Lists in the largest interaction: 1 for lists that do not depend on each other. Left out,
        3, or 2 for three lists, or 1 for two.
    effects : Prior, default Normal(-2, 5)
        Of each list, the log of the people on it alone over those on none.
    interactions : Prior, default HalfNormal(1)
        Standard deviation of the interactions around 0: of those of two lists, and, each with a
        value of its own, of three and more.
    varying : Prior, default HalfNormal(0.5)
        Standard deviation of the effect of a list between strata, around its mean.
    linkage : LinkageError, optional
        Rates of missed and false links. Left out: the links are right.

    Notes
    -----
    With n expected people at the step (of a stratum), of the patterns h that can occur there

    .. math:: n_h \sim \mathrm{Poisson}(n\, \pi_h), \quad
        \log \pi_h = \mathrm{const} + \sum_j h_j (b_j + s z_j) + t_2 \sum_{j<k} h_j h_k u_{jk}
            + t_3 \sum_{j<k<l} h_j h_k h_l u_{jkl}

    with list effects b (`effects`), s `varying`, t `interactions`, and z and u standard normal.
    The interactions are the same in all strata, and all lists together do not interact: the
    assumption on which the number on no list rests. A count of several patterns has the sum of
    their means; people on lists that also hold others are at most the count. Fienberg, Biometrika
    1972;59:591.
    """

    step: str
    table: OverlapTable
    strata: str | Mapping[str, Where] | None = None
    order: int | None = None
    effects: Prior | float = _EFFECTS
    interactions: Prior | float = _INTERACTIONS
    varying: Prior | float = _VARYING
    linkage: LinkageError | None = None

    allowed: ClassVar[Allowed] = {
        "step": STEP,
        "table": instance(OverlapTable, "an OverlapTable"),
        "effects": prior_of(),
        "interactions": prior_of(0.0),
        "varying": prior_of(0.0),
        "linkage": instance(LinkageError, "a LinkageError").or_none,
    }

    # ------------------------------------------------------------- parameters

    def _label(self, what: str) -> str:
        return f"{what}[{self.name}]"

    def _effect(self, name: str, stratum: str | None = None) -> str:
        return self._label(f"effect of {name}" + (f" in {stratum}" if stratum else ""))

    def _joint(self, term: tuple[int, ...]) -> str:
        return self._label(f"interaction of {' and '.join(self.table.lists[i] for i in term)}")

    def _spread(self, size: int) -> str:
        return self._label(f"spread of interactions of {size}")

    def _terms(self) -> list[tuple[int, ...]]:
        """Return the interactions of the model."""
        return [t for t in pairs(len(self.table.lists), self.largest) if len(t) > 1]

    @property
    def largest(self) -> int:
        """How many lists the largest interaction is of."""
        return min(3, len(self.table.lists) - 1) if self.order is None else int(self.order)

    def parameters(self, population: Population) -> dict[str, Prior]:
        table = self.table
        found = {self._effect(name): as_prior(self.effects) for name in table.lists}
        if table.stratified:
            found[self._label("spread of effects")] = within(as_prior(self.varying), 0.0, np.inf)
            for stratum in table.strata:
                for name in table.lists:
                    if table.covers(name, stratum):
                        found[self._effect(name, stratum)] = _UNIT
        for term in self._terms():
            found[self._spread(len(term))] = within(as_prior(self.interactions), 0.0, np.inf)
        found.update({self._joint(term): _UNIT for term in self._terms()})
        if self.linkage is not None:
            rates = self.linkage.rates().items()
            found.update({self._label(f"{name} links"): prior for name, prior in rates})
        return found

    def alike(self, population: Population) -> Sequence[str]:
        return [self._label("interactions")] if self.table.stratified and self._terms() else []

    def lent(self, population: Population) -> Sequence[str]:
        return ()  # a table tells its own number

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> Sequence[Where]:
        return list(self.wheres(population).values())

    def defaults(self) -> dict[str, str]:
        table, count = self.table, len(self.table.lists)
        found: dict[str, str] = {
            self._label("on no list"): named(
                "default.interaction", largest=self.largest, count=count
            )
        }
        unit = named("default.spread")
        if self.effects == _EFFECTS:
            text = named("default.effects")
            found |= {self._effect(name): text for name in table.lists}
        if table.stratified:
            if self.varying == _VARYING:
                found[self._label("spread of effects")] = named("default.varying")
            found |= {
                self._effect(name, stratum): unit
                for stratum in table.strata
                for name in table.lists
                if table.covers(name, stratum)
            }
        if self._terms():
            if self.interactions == _INTERACTIONS:
                text = named("default.dependent")
                found |= {self._spread(len(term)): text for term in self._terms()}
            found |= {self._joint(term): unit for term in self._terms()}
            if table.stratified:
                found[self._label("interactions")] = named("default.strata")
        if self.linkage is None:
            found[self._label("linkage")] = named("default.linkage")
        return found

    # --------------------------------------------------------------- problems

    def wheres(self, population: Population) -> dict[str, Where]:
        """Return stratum -> its cells."""
        if not self.table.stratified:
            return {self.table.strata[0]: self.where}
        if isinstance(self.strata, str):
            axis = population.axis(self.strata)
            assert axis is not None
            levels = {show_level(level): level for level in axis.levels}
            return {
                one: {**self.where, axis.name: levels[show_level(axis.read(one))]}
                for one in self.table.strata
            }
        assert self.strata is not None
        return {one: {**self.where, **self.strata[one]} for one in self.table.strata}

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if "table" in wrong:
            return found
        most = len(self.table.lists) - 1
        if self.order is not None and not (is_whole(self.order, 1) and self.order <= most):
            found.append(
                f"field 'order' must be a whole number from 1 to {most}, one less than the lists: "
                f"of all {most + 1} together the overlaps say nothing; given {self.order!r}."
            )
        if self.linkage is not None and "linkage" not in wrong:
            found += [f"field 'linkage': {text}" for text in self.linkage.problems()]
            found += self.linkage.list_problems(self.table.lists)
        if not found and not self.table.may_be_empty:  # which made-up tables may
            why = silence(self.table)
            found += [f"field 'table': {why} Give each list as a Register, or Unlinked."] * bool(
                why
            )
        return found or self._strata_problems(population)

    def _strata_problems(self, population: Population) -> list[str]:
        table = self.table
        if not table.stratified:
            if self.strata is None:
                return []
            return ["field 'strata' is given, but the table has none."]
        if isinstance(self.strata, str):
            axis = population.axis(self.strata)
            if axis is None:
                return axis_problems("strata", self.strata, population)
            levels = [show_level(level) for level in axis.levels]
            return [
                f"field 'strata': {one!r} is not a level of axis {axis.name!r}; its levels are: "
                f"{', '.join(levels)}."
                for one in table.strata
                if show_level(axis.read(one)) not in levels
            ] or self._overlap_problems(population)
        if not isinstance(self.strata, Mapping):
            return [
                "field 'strata' must say where the people of each stratum are: an axis, or stratum "
                f"-> its cells; given {self.strata!r}."
            ]
        found = [
            f"field 'strata' says not where the people of stratum {one!r} are."
            for one in table.strata
            if one not in self.strata
        ]
        for name, where in self.strata.items():
            if name not in table.strata:
                found.append(
                    f"field 'strata' names {name!r}; the strata of the table are: "
                    f"{', '.join(table.strata)}."
                )
            elif not isinstance(where, Mapping):
                found.append(f"field 'strata', {name!r} must be a mapping; given {where!r}.")
            else:
                found += [f"field 'strata', {name!r}: {t}" for t in population.problems_in(where)]
        return found or self._overlap_problems(population)

    def _overlap_problems(self, population: Population) -> list[str]:
        given = self.strata
        own = {given} if isinstance(given, str) else {a for w in (given or {}).values() for a in w}
        found = [
            f"fields 'where' and 'strata' both name axis {axis!r}: say it in one of them."
            for axis in sorted(own & set(self.where))
        ]
        wheres = self.wheres(population)
        found += [
            f"stratum {one!r}: {text}"
            for one, where in wheres.items()
            for text in population.problems_in(where)
        ]
        if found:
            return found
        names = list(wheres)
        return [
            f"field 'strata': {names[i]!r} and {names[j]!r} are of the same cells; nobody is in "
            "two strata."
            for i, j in population.sharing(list(wheres.values()))
        ]

    def asks_about(self, route: Route, population: Population) -> Sequence[NDArray[np.bool_]]:
        if self.step != route.steps[0]:
            return []
        return population.masks(list(self.wheres(population).values()))

    def implied_number(self, population: Population) -> tuple[str, tuple[float, float]] | None:
        if self.table.stratified or self.linkage is not None:
            return None
        known = self.table.known
        people = population.total(self.where)
        return self.step, (max(0.0, known - 5 * np.sqrt(known + 1)) / people, np.inf)

    # ----------------------------------------------------------- expectation

    def _shares(self, q: Quantities) -> Mapping[str, Any]:
        """Return stratum -> the share of the people with each pattern, ``(patterns, draws)``."""
        return q.remember(  # type: ignore[no-any-return]
            ("patterns", self.name),
            lambda: {one: self._share(q, one) for one in self.table.strata},
        )

    def _share(self, q: Quantities, stratum: str) -> Any:
        table = self.table
        lists = len(table.lists)
        possible = table.cells(stratum).possible
        on: list[tuple[int, ...]] = []
        effects = []
        for i, name in enumerate(table.lists):
            if not table.covers(name, stratum):
                continue
            effect = q.parameter(self._effect(name))
            if table.stratified:
                spread = q.parameter(self._label("spread of effects"))
                effect = effect + spread * q.parameter(self._effect(name, stratum))
            on.append((i,))
            effects.append(effect)
        for term in self._terms():
            if all(table.covers(table.lists[i], stratum) for i in term):
                on.append(term)
                scale = q.parameter(self._spread(len(term)))
                effects.append(scale * q.parameter(self._joint(term)))
        # Patterns that cannot occur have no people: rows of zeros.
        X, back = q.fixed(
            ("design", self.name, stratum),
            lambda: (design(on, lists)[possible][:, 1:], np.eye(2**lists)[:, possible]),
        )
        none = 0.0 * sum(effects[1:], effects[0])  # of one shape, also where some are known
        logs = fm.matmul(X, fm.stack([effect + none for effect in effects]))
        return fm.matmul(back, fm.exp(logs - fm.logsumexp(logs, axis=0)))

    def _people(self, q: Quantities) -> Mapping[str, Any]:
        """Return stratum -> the expected people at the step."""
        wheres = self.wheres(q.cells)
        people = q.in_cells(self.step)
        return {one: q.pool(people, where) for one, where in wheres.items()}

    def _means(self, q: Quantities) -> Any:
        """Return the expected count of every cell, shape ``(cells, draws)``."""
        shares, people = self._shares(q), self._people(q)
        made = []
        for stratum in self.table.strata:
            means = people[stratum] * shares[stratum]
            if self.linkage is not None:
                missed, false = (
                    q.parameter(self._label(f"{name} links")) for name in self.linkage.rates()
                )
                # Where the rates leave nobody, the count has no chance, as it should.
                means = fm.maximum(observed(means, missed, false, len(self.table.lists)), 1e-12)
            made.append(fm.matmul(self.table.cells(stratum).sums, means))
        return fm.concatenate(made, axis=0)

    def observations(self, q: Quantities) -> Sequence[Table]:
        """Return the counts of all patterns, and what the route expects of them."""
        printed = q.fixed(("printed", self.name), self._printed)
        return [Table(Poisson(self._means(q)), printed)]

    def _printed(self) -> Printed:
        figures: list[Figure] = []
        for stratum in self.table.strata:
            cells = self.table.cells(stratum)
            figures += [
                AtMost(int(n)) if limit else Exact(int(n))
                for n, limit in zip(cells.counts, cells.limits, strict=True)
            ]
        return Printed(tuple(figures))

    def figure_classes(self) -> Sequence[FigureClass]:
        found: list[FigureClass] = []
        for stratum in self.table.strata:
            for pattern in self.table.cells(stratum).patterns:
                of = {"on": self.table.in_words(pattern)}
                labels = {"stratum": stratum, **of} if self.table.stratified else of
                found.append((labels, self.where, ()))
        return found

    def with_data(self, figures: Sequence[Any], population: Population) -> Linked:
        """Return the same lists with other counts.

        A limit that made-up people pass becomes their number.
        """
        counts = iter(figures[0][0])
        made = {
            stratum: {
                pattern: int(next(counts).value) for pattern in self.table.cells(stratum).patterns
            }
            for stratum in self.table.strata
        }
        table = self.table.with_counts(made if self.table.stratified else made[next(iter(made))])
        return replace(self, table=table)

    # ------------------------------------------------------------- quantities

    def known(self, q: Quantities, stratum: str | None = None) -> Any:
        """Return the expected number of people on a list of the target, shape ``(draws,)``."""
        return sum(self.parts(q, one)[0] for one in self._chosen(stratum))

    def hidden(self, q: Quantities, stratum: str | None = None) -> Any:
        """Return the expected number of people on none of the lists, shape ``(draws,)``."""
        return self.total(q, stratum) - self.known(q, stratum)

    def total(self, q: Quantities, stratum: str | None = None) -> Any:
        """Return the expected number of people at the step, shape ``(draws,)``."""
        people = self._people(q)
        return sum(people[one] for one in self._chosen(stratum))

    def _chosen(self, stratum: str | None) -> tuple[str, ...]:
        return self.table.strata if stratum is None else (stratum,)

    def parts(self, q: Quantities, stratum: str) -> tuple[Any, Any, Any]:
        """Return the expected people who are counted, on no list, and in each limit."""
        cells = self.table.cells(stratum)
        means = self._shares(q)[stratum] * self._people(q)[stratum]
        seen = (cells.sums[~cells.limits].sum(axis=0) > 0).astype(float)
        limited = cells.sums[cells.limits]
        nowhere = (1.0 - seen) * (limited.sum(axis=0) == 0)
        return (
            fm.matmul(seen[None, :], means)[0],
            fm.matmul(nowhere[None, :], means)[0],
            fm.matmul(limited, means),
        )

    def counted_people(self, q: Quantities) -> Sequence[Counted]:
        """Return who is on a list; nothing where links are wrong: then nobody is sure to be one."""
        if self.linkage is not None:
            return ()
        shares, lines = self._shares(q), list[Line]()
        cells_apart = (*(None for _ in q.cells.axes), slice(None))
        for stratum, where in self.wheres(q.cells).items():
            cells = self.table.cells(stratum)
            seen = (cells.sums[~cells.limits].sum(axis=0) > 0).astype(float)
            known = Exact(self.table.known_in(stratum))
            share = fm.matmul(seen[None, :], shares[stratum])[0]
            people = self._people(q)[stratum] * share
            lines.append(Line(where, share[cells_apart], known, true=people))
            for row, most in zip(cells.sums[cells.limits], cells.counts[cells.limits], strict=True):
                share = fm.matmul(row[None, :] * (1.0 - seen), shares[stratum])[0]
                lines.append(Line(where, share[cells_apart], AtMost(int(most)), true=0.0))
        return [Counted(self.name, self.step, lines)]

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return how many people are on a list."""
        upper = self.table.upper
        wheres = self.wheres(population).values()
        return [
            OnRoute(
                place=self.step,
                number=float(self.table.known),
                where=self.where,
                cells=population.union(wheres),
                recorded=True,
                label=say("plot.route.on_a_list_not_only", lists=tuple(upper))
                if upper
                else say("plot.route.on_a_list"),
            )
        ]
