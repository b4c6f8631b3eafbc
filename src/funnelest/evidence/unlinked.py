"""Several registers on one step of which only the totals are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from funnelest import bounds
from funnelest import math as fm
from funnelest.axes import Where
from funnelest.defects.base import carried
from funnelest.evidence.base import Evidence
from funnelest.evidence.counted import Counted
from funnelest.evidence.distinct import by_overlaps, by_weight
from funnelest.evidence.register import Register
from funnelest.fields import MAPPING, Allowed, instances, wrong_fields
from funnelest.figures import Between, Figure, as_figure
from funnelest.observations.observation import Seen
from funnelest.observations.overlap import Overlap
from funnelest.population import Population
from funnelest.priors import Beta, Fixed, Prior, Shared, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.quantities.asked import AskedModel
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route
from funnelest.words import named

__all__ = ["Unlinked"]

type Pair = tuple[str, str]

#: From this count on the normal approximation of several overlapping counts is good.
_FEW = 20


@dataclass(frozen=True, kw_only=True, repr=False)
class Unlinked(Evidence):
    r"""Registers that record overlapping groups of the people at one step, not linked.

    Totals alone say nothing about how many distinct people there are beyond the bounds: at least
    the largest register, at most the sum. What decides within them is given by the user: an
    `overlap` weight, or the known number of people on each pair of registers. Independence is
    never assumed.

    It takes `name`, `source` and `statement` as well, as every `Evidence`; `where` is refused,
    since each register has its own cells.

    Parameters
    ----------
    registers : sequence of Register
        At least two, of the same step, each with its own cells and defects. None has a
        `Coverage`: which share of the people comes to which register is estimated here. A
        register that does not cover an age or a region has none of its people.
    overlap : Prior or float, optional
        Weight w, 0-1: at 0 nobody is on two registers, at 1 the smaller ones lie within the
        largest. Its `statement` says why.
    overlaps : mapping of (str, str) to Prior or float, optional
        For *every* pair of registers the number of people on both, on the scale of the printed
        numbers. Nobody is taken to be on three: see the Notes. In place of `overlap`.
    together : Prior or float, optional
        Share of the people at the step who are in at least one register. Left out: everyone is,
        since that is what the step means (a default that the ledger shows).

    Notes
    -----
    With n the expected people at the step, u `together`, and :math:`\pi_k` the shares of
    the K registers in all entries (uniform over the simplex before the figures), register k holds
    in cell c

    .. math:: t_{kc} = n_c\, u\, \pi_k / \Big(\sum_{j} \pi_j - w\, (\textstyle\sum_j \pi_j -
        \max_j \pi_j)\Big)

    people, over the registers j that cover the cell: so that the distinct people are
    :math:`\sum_k t_k - w (\sum_k t_k - \max_k t_k) = n u`. Given these the counts are
    independent, each with its own defects; that the chance variation of people on several
    registers is shared is left out.

    With `overlaps` :math:`o_{jk}`: :math:`\sum_k t_k = n u + \sum_{j<k} o_{jk}`, and the counts are
    multivariate Poisson with the overlaps as covariances: exactly for two registers, by the
    normal approximation for more (good above about 20). Karlis, J Appl Stat 2003;30:63.
    """

    registers: Sequence[Register]
    overlap: Prior | float | None = None
    overlaps: Mapping[Pair, Prior | float] | None = None
    together: Prior | float | None = None

    allowed: ClassVar[Allowed] = {
        "registers": instances(Register, "Register"),
        "overlap": prior_of(0.0, 1.0).or_none,
        "overlaps": MAPPING.or_none,
        "together": prior_of(0.0, 1.0).or_none,
    }

    def members(self) -> Sequence[Evidence]:
        return tuple(self.registers) if isinstance(self.registers, list | tuple) else ()

    def counted_people(self, q: Quantities) -> Sequence[Counted]:
        """Return the distinct people of all registers.

        By a weight the largest register of a cell counts all of its people, each other one those
        who are in none before it; its other records are of people who are counted already. By
        overlaps some people are counted in two registers. Registers whose records are not people,
        one by one, count nobody, and so do those of whose counts no more is used than that there
        are at least as many: then the largest of the others is the one that counts all.
        """
        if self.overlaps is not None:
            return by_overlaps(q, self.name, self.registers, self._doubles(q))
        weight = q.parameter(self._label("overlap"))
        return by_weight(q, self.name, self.registers, self._listed(q)[0], weight)

    def figure_cells(self, population: Population, looked: Sequence[Where]) -> list[Where]:
        return [w for one in self.registers for w in one.figure_cells(population, looked)]

    def _label(self, what: str) -> str:
        return f"{what}[{self.name}]"

    def _both(self, pair: tuple[int, int]) -> str:
        one, two = (self.registers[i].name for i in pair)
        return self._label(f"on {one} and {two}")

    def _names(self) -> list[str]:
        return [one.name for one in self.registers]

    def _pairs(self) -> dict[tuple[int, int], Prior]:
        """Return the positions of each pair -> its overlap."""
        names = self._names()
        found = {}
        for (one, two), value in (self.overlaps or {}).items():
            i, j = sorted((names.index(one), names.index(two)))
            found[i, j] = as_prior(value)
        return found

    # --------------------------------------------------------------- problems

    def parameters(self, population: Population) -> dict[str, Prior]:
        found: dict[str, Prior] = {}
        if self.overlap is not None:
            found[self._label("overlap")] = within(as_prior(self.overlap), 0.0, 1.0)
        for pair, prior in self._pairs().items():
            found[self._both(pair)] = within(prior, 0.0, np.inf)
        if self.together is not None:
            found[self._label("together")] = within(as_prior(self.together), 0.0, 1.0)
        count = len(self.registers)
        for i, one in enumerate(self.registers[:-1]):
            # Sticks of a uniform distribution over the simplex.
            found[self._label(f"entries of {one.name}")] = Beta(1.0, float(count - 1 - i))
        for one in self.registers:
            found.update(one.parameters(population))
        return found

    def defaults(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if self.together is None:
            found[self._label("together")] = named("default.together")
        if self.overlaps is not None and len(self.registers) > 2:
            found[self._label("overlaps")] = named("default.overlaps")
        for one in self.registers[:-1]:
            text = named("default.entries")
            found[self._label(f"entries of {one.name}")] = text
        for one in self.registers:
            found.update({k: v for k, v in one.defaults().items() if not k.startswith("coverage[")})
        return found

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        if self.where:
            found.append("field 'where' is not used here: each register has its own.")
        wrong = wrong_fields(self, route, population)
        if "registers" in wrong:
            return found
        if len(self.registers) < 2:
            found.append(f"it needs at least two registers; given {len(self.registers)}.")
        names = self._names()
        found += [
            f"two registers are named {name!r}."
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        for one in self.registers:
            start = f"Register {one.name!r}"
            found += [f"{start}: {text}" for text in one.problems(route, population)]
            found += [
                f"{start}: Coverage does not go with Unlinked, which estimates which share of the "
                "people comes to it; give 'together' for those who come to none."
                for defect in one.defects
                if defect.label == "coverage"
            ]
        steps = {repr(one.step) for one in self.registers}
        if len(steps) > 1:
            found.append(f"the registers must be of one step; given {', '.join(sorted(steps))}.")
        if (self.overlap is None) == (self.overlaps is None):
            found.append(
                "give field 'overlap' (a prior for the weight: 0 when nobody is on two registers, "
                "1 when the smaller ones lie within the largest) or field 'overlaps' (the number "
                "on each pair): totals alone do not say how many distinct people there are."
            )
        known = as_prior(self.overlap)
        stated = known.statement or isinstance(known, Shared)
        if self.overlap is not None and "overlap" not in wrong and not stated:
            found.append(
                "field 'overlap' needs a statement in its prior (a known weight is Fixed(..., "
                "statement=...)): no figure says how far the registers overlap."
            )
        if self.overlaps is not None and not found:
            found += self._overlap_problems(population)
        return found

    def _overlap_problems(self, population: Population) -> list[str]:
        assert self.overlaps is not None
        names = self._names()
        found = []
        keys = []
        for pair in self.overlaps:
            if not (isinstance(pair, tuple) and len(pair) == 2):
                found.append(f"field 'overlaps': {pair!r} is not a pair of registers.")
                continue
            found += [
                f"field 'overlaps' names {one!r}; the registers are: {', '.join(names)}."
                for one in pair
                if one not in names
            ]
            keys.append(frozenset(pair))
        for one, two in combinations(names, 2):
            times = keys.count(frozenset((one, two)))
            if times != 1 and not found:
                found.append(
                    f"field 'overlaps' must give the number on {one!r} and {two!r} once; given "
                    f"{times or 'no'} times. Give 0 where nobody can be on both."
                )
        if any(one.axes for one in self.registers):
            found.append("field 'overlaps' needs one count per register, not one per class.")
        cells = {repr([list(c) for c in population.select(one.where)]) for one in self.registers}
        divisors = {one.divisor(population) for one in self.registers}
        if len(cells) > 1 or len(divisors) > 1:
            found.append(
                "field 'overlaps' needs registers of the same cells, and means over as many."
            )
        found += [
            f"field 'overlaps': Register {one.name!r} has more scatter than Poisson, for which "
            "there is no joint distribution; leave Overdispersion out."
            for one in self.registers
            if carried(one.defects, "spread")
        ]
        if not found:
            found += self._count_problems(population)
        for pair, value in self.overlaps.items():
            found += prior_of(0.0).problems(f"overlaps[{pair!r}]", value)
        return found or self._table_problems(population)

    def _count_problems(self, population: Population) -> list[str]:
        found = []
        for one in self.registers:
            figure = as_figure(one.count, one.divisor(population))
            if not figure.bounded:
                found.append(
                    f"Register {one.name!r} has only a limit ({figure.describe()}), for which "
                    "there is no joint distribution; give 'overlap' in place of 'overlaps'."
                )
            elif len(self.registers) > 2 and figure.limits()[0] < _FEW:
                found.append(
                    f"Register {one.name!r} has a count of {figure.describe()}: with more than two "
                    f"registers the normal approximation is not good below {_FEW}; leave it out, "
                    "or give 'overlap' in place of 'overlaps'."
                )
        return found

    def _table_problems(self, population: Population) -> list[str]:
        """Return why no table of people on lists has these totals and overlaps."""
        if any(one.defects for one in self.registers):
            return []  # records are then not people
        assert self.overlaps is not None
        divisor = self.registers[0].divisor(population)
        known = {pair: as_prior(value) for pair, value in self.overlaps.items()}
        if not all(isinstance(prior, Fixed) for prior in known.values()):
            return []
        # In people, over all levels of a mean; an expected overlap need not be whole.
        totals = {
            one.name: Between(*map(int, as_figure(one.count, divisor).limits(divisor)))
            for one in self.registers
        }
        numbers = {pair: divisor * prior.value for pair, prior in known.items()}  # type: ignore[attr-defined]
        both = {pair: Between(math.floor(x), math.ceil(x)) for pair, x in numbers.items()}
        return bounds.overlap_problems(totals, both)

    # ----------------------------------------------------------- expectation

    def _entries(self, q: Quantities) -> list[Any]:
        """Return the shares of the registers in all entries, which add up to 1."""
        left: Any = np.ones(1)
        found = []
        for one in self.registers[:-1]:
            stick = q.parameter(self._label(f"entries of {one.name}"))
            found.append(left * stick)
            left = left * (1.0 - stick)
        return [*found, left]

    def _covers(self, population: Population) -> list[Any]:
        """Return which cells each register covers, of length 1 on axes that it takes whole."""
        found = []
        for one in self.registers:
            inside: Any = np.ones((1,) * (len(population.axes) + 1))
            for i, chosen in enumerate(population.select(one.where)):
                if len(chosen) < population.shape[i]:
                    mask = np.isin(np.arange(population.shape[i]), chosen).astype(float)
                    shape = [-1 if j == i else 1 for j in range(inside.ndim)]
                    inside = inside * mask.reshape(shape)
            found.append(inside)
        return found

    def _in_any(self, q: Quantities) -> Any:
        return 1.0 if self.together is None else q.parameter(self._label("together"))

    def listing(self, q: Quantities) -> Mapping[str, Any]:
        """Return name of a register -> the share of the people of the step on it, in cells."""
        if self.overlaps is not None:
            people = q.pool(q.in_cells(self.registers[0].step), self.registers[0].where)
            twice = sum(self._doubles(q).values())
            factor = self._in_any(q) + twice / people
            axes = (None,) * len(q.cells.axes)
            return {
                one.name: (share * factor)[(*axes, slice(None))]
                for one, share in zip(self.registers, self._entries(q), strict=True)
            }
        parts, covers = self._listed(q)
        total, largest = parts[0], parts[0]
        for part in parts[1:]:
            total, largest = total + part, fm.maximum(largest, part)
        weight = q.parameter(self._label("overlap"))
        distinct = total - weight * (total - largest)
        # Where no register covers a cell nobody comes to any: not nothing divided by nothing.
        nowhere = np.prod([1.0 - inside for inside in np.broadcast_arrays(*covers)], axis=0)
        return {
            one.name: self._in_any(q) * part / (distinct + nowhere)
            for one, part in zip(self.registers, parts, strict=True)
        }

    def _listed(self, q: Quantities) -> tuple[list[Any], list[Any]]:
        """Return the share of each register in all entries, in the cells it covers, and these."""
        covers, axes = self._covers(q.cells), (None,) * len(q.cells.axes)
        parts = [
            inside * share[(*axes, slice(None))]
            for inside, share in zip(covers, self._entries(q), strict=True)
        ]
        return parts, covers

    def _doubles(self, q: Quantities) -> dict[tuple[int, int], Any]:
        """Return the expected number on each pair of registers, over all levels of a mean."""
        divisor = self.registers[0].divisor(q.cells)
        return {pair: divisor * q.parameter(self._both(pair)) for pair in self._pairs()}

    def observations(self, q: Quantities) -> Sequence[Seen]:
        if self.overlaps is None:
            return [seen for one in self.registers for seen in one.observations(q)]
        means, factors, figures = [], [], []
        divisor = self.registers[0].divisor(q.cells)
        for one in self.registers:
            records = one.records(q)
            means.append(one.expected(q, records, [one.where])[0])
            # Records per person: a person on two lists has so many on each.
            factors.append(q.pool(records.true, one.where) / q.pool(records.registered, one.where))
            figures.append(as_figure(one.count, divisor))
        none = 0.0 * sum(means[1:], means[0])
        doubles = {
            (i, j): number * factors[i] * factors[j] + none
            for (i, j), number in self._doubles(q).items()
        }
        return [
            Overlap(fm.stack([mean + none for mean in means]), doubles, tuple(figures), divisor)
        ]

    def with_data(self, figures: Sequence[Any], population: Population) -> Unlinked:
        given: Sequence[Figure] = figures[0] if self.overlaps is not None else figures
        made = [
            one.with_data([figure], population)
            for one, figure in zip(self.registers, given, strict=True)
        ]
        return replace(self, registers=type(self.registers)(made))  # type: ignore[call-arg]

    # ------------------------------------------------------------- quantities

    def _selections(self, population: Population, where: Where | None) -> Iterator[Where]:
        """Yield for each register what it sees of the selected cells; nothing when it sees none."""
        chosen = population.select(where)
        for one in self.registers:
            seen = population.select(one.where)
            both = [np.intersect1d(a, b) for a, b in zip(chosen, seen, strict=True)]
            yield {
                axis.name: [axis.levels[i] for i in part]
                for axis, part in zip(population.axes, both, strict=True)
            }

    def entries(self, q: Quantities, where: Where | None = None) -> list[Any]:
        """Return the expected number of people in each register, per draw."""
        found = []
        for one, selection in zip(self.registers, self._selections(q.cells, where), strict=True):
            if any(not levels for levels in selection.values()):
                found.append(np.zeros(1))
            else:
                found.append(q.pool(one.records(q).registered, selection))
        return found

    def distinct_people(self, q: Quantities, where: Where | None = None) -> Any:
        people = q.in_cells(self.registers[0].step) * self._in_any(q)
        if self.overlaps is not None:
            return q.pool(people, {**self.registers[0].where, **(where or {})})
        covers = np.broadcast_arrays(*self._covers(q.cells))
        covered = 1.0 - np.prod([1.0 - inside for inside in covers], axis=0)
        return q.pool(people * covered, where)

    def registers_per_person(self, q: Quantities, where: Where | None = None) -> Any:
        entries = self.entries(q, where)
        return sum(entries[1:], entries[0]) / self.distinct_people(q, where)

    def quantities(
        self, model: AskedModel, where: Where | None, per: str | None
    ) -> list[tuple[str, str, Callable[[Quantities], Any], str]]:
        """Return what a table shows: name, unit, quantity of the route, and what it rests on."""
        levels, population, unit = 1, model.population, model.route.counted
        if per is not None:
            at = population.position(per)
            chosen = [population.select(one.where)[at] for one in self.registers]
            seen = np.unique(np.concatenate(chosen))
            levels = max(1, np.intersect1d(seen, population.select(where)[at]).size)
        if per is not None:
            unit += " per year" if population.axes[at].role == "years" else f" per {per}"
        basis = "assumed overlap" if self.overlaps is None else "known overlaps"

        def most(q: Quantities) -> Any:
            entries = self.entries(q, where)
            return sum(entries[1:], entries[0]) / levels

        def least(q: Quantities) -> Any:
            return np.maximum.reduce(np.broadcast_arrays(*self.entries(q, where))) / levels

        return [
            ("entries (upper bound)", unit, most, "bound"),
            ("largest register (lower bound)", unit, least, "bound"),
            ("distinct people", unit, lambda q: self.distinct_people(q, where) / levels, basis),
            ("registers per person", "", lambda q: self.registers_per_person(q, where), basis),
        ]
