"""A cascade: one group of people followed over several steps, counted at each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from funnelest.evidence.base import AskedEvidence, Evidence
from funnelest.evidence.groups import AMONG, Group
from funnelest.evidence.on_route import OnRoute, followed
from funnelest.fields import (
    MAPPING,
    TRUTH,
    Allowed,
    number,
    step_problems,
    whole,
    wrong_fields,
)
from funnelest.figures import Exact, Figure, as_figure, figure_problems
from funnelest.observations.nested import Nested, PrintedNested
from funnelest.population import Population
from funnelest.priors import Prior, as_prior, within
from funnelest.priors.constraint import prior_of
from funnelest.quantities.quantities import Quantities
from funnelest.route import Route
from funnelest.words import named

__all__ = ["Cascade"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Cascade(AskedEvidence):
    r"""One group of people who were followed over several steps, and counted at each.

    Such as 384 who were screened, of whom 165 were examined, of whom 84 began a treatment and 63
    completed it. Given as three `Cohort` "of 384" or as four `Register`, the same people count as
    others: what is known of the later steps then looks more certain than it is, or less.

    It takes `name`, `where`, `source`, `statement` and `defects` as well, as every `Evidence`; of
    the defects `Clustered`.

    Parameters
    ----------
    counts : mapping of str to int or figure
        Step -> the number of the group there, in the order of the route, from the step on at which
        the group was formed. Each is of those at the step before. Counts may be printed figures:
        rounded or withheld ones stand for all counts that print so and are nested.
    shares : mapping of str to figure, optional
        The later steps, where they are printed as shares of the first count; `counts` then has that
        one alone. How they were printed is part of it: ``Rounded(0.72, to=0.01)``.
    open : mapping of str to int, optional
        Step -> how many of those at the step before may still come to it, or are lost: nobody
        knows yet. They do not count at that transition.
    known_sooner : Prior or float, optional
        With `open`: the odds that the outcome of somebody who comes to the step is known already,
        over those of somebody who does not, above 0. Left out 1: those still open will come to the
        step as often as the others, a default that the ledger shows. Who does not come is often
        known last, and then it is above 1.
    of_those : bool, default False
        Say True where the route has a way round one of the steps and the source counts only people
        who were at the step before it. Else a cascade with such a way round is refused.
    deff : float, default 1
        Design effect of the whole group, at least 1, as in `Survey`: at each transition the group
        as a whole is off by one beta factor. Of the fewer who are left it is less, since it is
        the correlation of two people that stays the same.
    among : bool, optional
        Whether the group is of the population and period of the model: then at least as many people
        are at each step as it has there. False says that they are others. Left out: they may be
        others, and nothing is taken from how many they are; the ledger says so.

    Notes
    -----
    Given the first count, a chain: with :math:`n_i` at step i, :math:`o_i` still open, and
    :math:`p_i` the share of those at step i - 1 who ever reach step i by any path, pooled over the
    cells as the group is spread over them,

    .. math:: n_i \mid n_{i-1} \sim \mathrm{Binomial}(n_{i-1} - o_i,\ p_i).

    With `deff`, d, beta-binomial with the correlation :math:`(d - 1) / (n_0 - 1)` at each. With
    `known_sooner`, k, the odds of :math:`p_i` are k times as large where some are open. Counts that
    are not known are summed over: every chain of counts that prints so. A first count that is
    printed rounded is any of those that print so, with equal chances; it says nothing of how many
    people there are.

    Examples
    --------
    >>> import funnelest as fe
    >>> fe.Cascade("screened", counts={"screened": 384, "examined": 165, "treated": 84})
    Cascade(name='screened', counts={'screened': 384, 'examined': 165, 'treated': 84})
    """

    counts: Mapping[str, Any]
    shares: Mapping[str, Any] | None = None
    open: Mapping[str, int] | None = None
    known_sooner: Prior | float | None = None
    of_those: bool = False
    deff: float = 1.0
    among: bool | None = None

    allowed: ClassVar[Allowed] = {
        "counts": MAPPING,
        "shares": MAPPING.or_none,
        "open": MAPPING.or_none,
        "known_sooner": prior_of(0.0, above=True).or_none,
        "of_those": TRUTH,
        "deff": number(least=1),
        "among": AMONG,
    }
    carries: ClassVar[tuple[str, ...]] = ("design_effect",)
    checks: ClassVar[Mapping[str, str]] = {}

    # ------------------------------------------------------------------- the data

    def _steps(self) -> list[str]:
        return [*self.counts, *(self.shares or ())]

    def _printed(self) -> PrintedNested:
        later = self.counts if self.shares is None else self.shares
        first, *others = self._steps()
        return PrintedNested(
            tuple(others),
            (as_figure(self.counts[first]), *(as_figure(later[step]) for step in others)),
            tuple(int((self.open or {}).get(step, 0)) for step in others),
            1 if self.shares is None else int(self._first().middle),
        )

    def _first(self) -> Figure:
        return as_figure(next(iter(self.counts.values())))

    def _size(self) -> int:
        """Return the size of the group; of a first count that is not known, the middle."""
        return max(round(self._first().middle), 1)

    def _label(self) -> str:
        return f"known sooner[{self.name}]"

    # ------------------------------------------------------------------- problems

    def problems(self, route: Route, population: Population) -> list[str]:
        found = super().problems(route, population)
        wrong = wrong_fields(self, route, population)
        if not self.open and self.known_sooner is not None and "open" not in wrong:
            found.append("field 'known_sooner' only means something beside 'open'.")
        if {"counts", "shares", "open"} & wrong.keys():
            return found
        trouble = self._step_problems(route) + self._figure_problems() + self._open_problems()
        if trouble:
            return found + trouble
        if "of_those" not in wrong and not self.of_those:
            found += self._round_problems(route)
        n = self._size()
        found += self._sample_problems(True, n, self.deff)
        if "deff" not in wrong and self.deff > 1 and self.deff >= n:
            found.append(
                f"field 'deff' must be below the number followed, {n}; given {self.deff!r}."
            )
        return found + self._nesting_problems()

    def _step_problems(self, route: Route) -> list[str]:
        """Return why the steps are not some of the route, in its order."""
        found = [text for step in self.counts for text in step_problems("counts", step, route)]
        found += [
            text for step in self.shares or () for text in step_problems("shares", step, route)
        ]
        if self.shares is not None and len(self.counts) != 1:
            return [
                *found,
                "field 'shares' is of the first count: give that one alone in field 'counts'; "
                f"given {len(self.counts)} of them.",
            ]
        steps = self._steps()
        if len(steps) < 2:
            return [*found, "field 'counts' needs at least two steps; for one, use Register."]
        if found:
            return found
        return [
            f"field {'counts' if self.shares is None else 'shares'!r}: no path leads from "
            f"{first!r} to {last!r}; give the steps in the order of the route."
            for first, last in pairwise(steps)
            if first == last or not route.leads(first, last)
        ]

    def _figure_problems(self) -> list[str]:
        found = [
            f"field 'counts', {step!r}: {text}"
            for step, value in self.counts.items()
            for text in figure_problems(value)
        ]
        if not found and self.counts and not self._first().limits()[1] < np.inf:
            found.append("field 'counts': the first one needs an upper limit, such as Between.")
        elif not found and self.counts and self._first().limits()[1] < 1:
            found.append("field 'counts': nobody was followed; the first one must be above 0.")
        if found or self.shares is None:
            return found
        first = self._first()
        if first.limits()[0] != first.limits()[1]:
            return ["field 'shares' is of a first count that is known; give that exactly."]
        for step, value in self.shares.items():
            if isinstance(value, Figure):
                found += [
                    f"field 'shares', {step!r}: {text}"
                    for text in figure_problems(value, self._size())
                ]
            else:
                found.append(
                    f"field 'shares', {step!r}: say how it was printed, such as Rounded(0.72, "
                    f"to=0.01), or give the counts; given {value!r}."
                )
        return found

    def _open_problems(self) -> list[str]:
        later = self._steps()[1:]
        found = []
        for step, value in (self.open or {}).items():
            if step not in later:
                shown = ", ".join(map(str, later)) or "none"
                found.append(
                    f"field 'open' names {step!r}; it is of the steps after the first: {shown}."
                )
            found += whole(0).problems(f"open[{step!r}]", value)
        return found

    def _round_problems(self, route: Route) -> list[str]:
        """Return by which ways round people come to a step who were not at the one before."""
        steps = self._steps()
        return [
            f"people can come from {steps[0]!r} to {last!r} without passing {middle!r}, so the "
            f"counts need not be nested. Say of_those=True if only those are counted at {last!r} "
            f"who were at {middle!r}; else leave one of the two steps out, or give where they went "
            "directly, as Cohort(went=...)."
            for middle, last in pairwise(steps[1:])
            if not route.always_passes(middle, last, steps[0])
        ]

    def _nesting_problems(self) -> list[str]:
        printed, steps = self._printed(), self._steps()
        field = "counts" if self.shares is None else "shares"
        gap = printed.gap()
        if gap is not None:
            still = printed.open[gap]
            before, after = printed.figures[gap], printed.figures[gap + 1]
            less = f", of whom {still:,} still open" if still else ""
            return [
                f"field {field!r}: the number at {steps[gap + 1]!r} ({after.describe()}) is of "
                f"those at {steps[gap]!r} ({before.describe()}{less}), and must not be above it."
            ]
        if printed.too_long():
            return [
                f"field {field!r}: counts next to each other that are printed so coarsely take too "
                "long to sum; leave one of them out, or give its share as a Cohort with an "
                "interval."
            ]
        return []

    # ------------------------------------------------------------------ what is assumed

    @property
    def counts_anybody(self) -> bool:
        return False  # of how many people it has a part nobody knows

    def people_asked(self) -> int | None:
        low, high = self._first().limits()
        return int(low) if low == high else None

    def groups(self, sources: Mapping[str, Evidence]) -> Sequence[Group]:
        """Return those at each step, and those of each who did not come to the next."""
        printed, steps = self._printed(), self._steps()
        first, *others = printed.figures
        ends = [first.limits(), *(figure.limits(printed.divisor) for figure in others)]
        found = [
            Group(
                size=int(low),
                said=f"followed {{}} people at {step!r}",
                among=self.among,
                place=step,
                where=self.where,
            )
            for step, (low, _) in zip(steps, ends, strict=True)
        ]
        left = zip(found, pairwise(ends), steps[1:], printed.open, strict=False)
        return [
            *found,
            *(
                replace(one, size=max(int(here[0] - there[1]) - still, 0), never=step)
                for one, (here, there), step, still in left
            ),
        ]

    def parameters(self, population: Population) -> dict[str, Prior]:
        found = super().parameters(population)
        if self.known_sooner is not None:
            found[self._label()] = within(as_prior(self.known_sooner), 0.0, np.inf)
        return found

    def defaults(self) -> dict[str, str]:
        found = super().defaults()
        if self.open and any(self.open.values()) and self.known_sooner is None:
            found[self._label()] = named("default.still_open")
        low, high = self._first().limits()
        if low < high:
            found[f"first count[{self.name}]"] = named("default.first_count")
        return found

    def stated(self) -> dict[str, str]:
        found = super().stated()
        if self.of_those:
            found[f"counts[{self.name}]"] = named("default.of_those")
        return found

    # --------------------------------------------------------------- observations

    def observations(self, q: Quantities) -> Sequence[Nested]:
        printed = q.fixed(("printed", self.name), self._printed)
        shares = q.onward(self._steps(), self.where)
        if self.known_sooner is not None:
            some = np.array([[still > 0] for still in printed.open])
            odds = np.where(some, 1.0, 0.0) * (q.parameters[self._label()] - 1.0) + 1.0
            shares = shares * odds / (1.0 + shares * (odds - 1.0))
        n = self._size()
        deff = self._design(q, n)
        if deff is None:
            deff = float(self.deff)
        inverse = 0.0 if isinstance(deff, float) and deff == 1.0 else (deff - 1.0) / (n - deff)
        return [Nested(shares, inverse, printed)]

    def with_data(self, figures: Sequence[Any], population: Population) -> Cascade:
        ((made, still),) = figures
        steps = self._steps()[1:]
        old = self.counts if self.shares is None else self.shares
        new = {step: _like(old[step], one) for step, one in zip(steps, made, strict=True)}
        left = None
        if self.open is not None:
            there = dict(zip(steps, still, strict=True))
            left = {step: there[step] for step in self.open}
        if self.shares is not None:
            return replace(self, shares=new, open=left)
        first = self._steps()[0]
        return replace(self, counts={first: self.counts[first], **new}, open=left)

    def shown_on_route(self, route: Route, population: Population) -> Sequence[OnRoute]:
        """Return of the people at each step the share who came to the next."""
        middles = self._printed().middles
        return [
            OnRoute(
                place=followed(route, first, last),
                number=there / here,
                of=first,
                where=self.where,
            )
            for (first, last), (here, there) in zip(
                pairwise(self._steps()), pairwise(middles), strict=True
            )
            if here > 0
        ]


def _like(old: Any, new: Figure) -> Any:
    """Return a made-up count in the form in which the old one was given."""
    return new if isinstance(old, Figure) or not isinstance(new, Exact) else int(new.value)
