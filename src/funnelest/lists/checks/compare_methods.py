"""Several methods on one overlap table, side by side, and how far they disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from funnelest.errors import raise_if_any
from funnelest.lists.checks.predictive import predictive
from funnelest.lists.estimate import Estimate
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.estimators.chao import ChaoLowerBound
from funnelest.lists.estimators.decomposable import DecomposableAverage
from funnelest.lists.estimators.latent_classes import LatentClasses
from funnelest.lists.estimators.log_linear import LogLinear
from funnelest.lists.estimators.selected import BestByBIC, Stepwise
from funnelest.lists.estimators.shrinkage import Shrinkage
from funnelest.lists.estimators.two_lists import Chapman, LincolnPetersen
from funnelest.lists.table.table import OverlapTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Methods", "compare_methods", "usual_methods"]

#: Methods whose totals are further apart than this are said to disagree.
FACTOR = 1.25


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Methods:
    """What several methods say of one overlap table, as `compare_methods` makes it.

    Parameters
    ----------
    table_of : OverlapTable
        The table.
    estimates : sequence of Estimate
        What each method says, withheld numbers included.
    refused : mapping of str to str
        Method -> why it does not go with this table.
    factor : float
        Methods whose totals are further apart than this are said to disagree.
    """

    table_of: OverlapTable
    estimates: Sequence[Estimate] = field(repr=False)
    refused: Mapping[str, str] = field(default_factory=dict)
    factor: float = FACTOR

    @property
    def shown(self) -> list[Estimate]:
        """The estimates that are neither withheld nor mere lower bounds."""
        return [one for one in self.estimates if np.isfinite(one.total) and not one.lower_bound]

    @property
    def ratio(self) -> float:
        """The largest total over the smallest; NaN with fewer than two."""
        totals = [one.total for one in self.shown]
        return max(totals) / min(totals) if len(totals) > 1 else np.nan

    @property
    def apart(self) -> tuple[Estimate, Estimate] | None:
        """Two estimates whose intervals have nothing in common, if there are: low and high."""
        held = [one for one in self.shown if one.interval is not None]
        if len(held) < 2:
            return None
        low = min(held, key=lambda one: one.interval[1])  # type: ignore[index]
        high = max(held, key=lambda one: one.interval[0])  # type: ignore[index]
        return (low, high) if low.interval[1] < high.interval[0] else None  # type: ignore[index]

    @property
    def endless(self) -> list[str]:
        """Methods whose interval has no upper end."""
        return [one.method for one in self.shown if one.interval and np.isinf(one.interval[1])]

    @property
    def disagree(self) -> bool:
        """Whether totals are further apart than the factor, or two intervals exclude each other."""
        return bool(self.ratio > self.factor) or self.apart is not None

    @property
    def passed(self) -> bool:
        """Whether two methods or more gave a number, agree, and have an upper limit."""
        return len(self.shown) > 1 and not self.disagree and not self.endless

    @cached_property
    def reproduced(self) -> Mapping[str, bool]:
        """Method -> whether it reproduces the overlaps that were seen, of those that say.

        By `predictive`: no overlap, and not the table as a whole, is off at the 5% level.
        """
        return {
            one.method: predictive(one).passed
            for one in self.estimates
            if one.predicted and np.isfinite(one.total)
        }

    @property
    def table(self) -> pd.DataFrame:
        """One row per method (and stratum): known, hidden and total, intervals, what is assumed.

        `reproduces` says whether the overlaps that were seen are likely under the method (None
        where it expects none). Methods that do not go with the table have a row with the reason,
        and no numbers.
        """
        import pandas as pd

        made = [
            one.table.assign(reproduces=self.reproduced.get(one.method), assumes=one.assumes)
            for one in self.estimates
        ]
        made += [
            pd.DataFrame([{"method": name, "known": self.table_of.known, "withheld": why}])
            for name, why in self.refused.items()
        ]
        return pd.concat(made, ignore_index=True)

    @property
    def headline(self) -> str:
        """Whether the methods agree, in a sentence: what has to be read first."""
        shown = self.shown
        if not shown:
            return "No method gives a number that can be shown."
        if len(shown) == 1:
            return (
                f"Only one method gives a number ({shown[0].method}): there is nothing to compare "
                "it with."
            )
        least, most = (f(shown, key=lambda one: one.total) for f in (min, max))
        ends = f"{self._end(least)} to {self._end(most)}"
        reach = f" No upper end: {'; '.join(self.endless)}." if self.endless else ""
        if self.ratio > self.factor:
            return (
                f"The methods disagree by a factor of {self.ratio:.1f}: totals from {ends}. No "
                f"single interval covers what is not known.{reach}"
            )
        # Rounded up: no two numbers that differ agree within a factor of 1.00.
        within = f"within a factor of {max(np.ceil(100 * self.ratio) / 100, 1.01):.2f}"
        if self.apart is not None:
            low, high = self.apart
            return (
                f"The methods disagree: the intervals of {low.method} and {high.method} exclude "
                f"each other, though totals are {within}, from {ends}.{reach}"
            )
        return (
            f"The methods agree {within}: totals from {ends}. That is no proof: none of them can "
            f"be tested on those who are on no list.{reach}"
        )

    def _end(self, one: Estimate) -> str:
        unlike = (
            "" if self.reproduced.get(one.method, True) else ", which does not fit the overlaps"
        )
        return f"{one.total:,.0f} ({one.method}{unlike})"

    @property
    def text(self) -> str:
        """What the methods say, the disagreement first."""
        said = [self.headline, f"{self.table_of.known:,} people are on at least one list."]
        bounds = [one for one in self.estimates if one.lower_bound and np.isfinite(one.total)]
        for bound in bounds:
            said.append(f"At least about {bound.total:,.0f} in all ({bound.method}).")
            least = bound.interval[0] if bound.interval else bound.total
            below = [one.method for one in self.shown if one.interval and one.interval[1] < least]
            if below:
                said.append(
                    "Below that bound with all of its interval, so that not both of what they "
                    f"assume can be true: {'; '.join(below)}."
                )
        unlike = [name for name, good in self.reproduced.items() if not good]
        if unlike:
            said.append(
                "Not likely to give the overlaps that were seen, so that its interval is not to be "
                f"trusted: {'; '.join(unlike)}."
            )
        for one in self.estimates:
            if one.withheld:
                said.append(f"{one.method} is withheld: {one.withheld}")
        said += [f"{name} is left out: {why}" for name, why in self.refused.items()]
        return " ".join(said)

    def __repr__(self) -> str:
        lines = [self.headline]
        width = max((len(one.method) for one in self.estimates), default=0)
        for one in self.estimates:
            if not np.isfinite(one.total):
                lines.append(f"  {one.method:<{width}}  withheld: {one.withheld}")
                continue
            found = one.interval
            limits = "no interval" if found is None else f"{found[0]:,.0f} to {found[1]:,.0f}"
            more = " (lower bound)" if one.lower_bound else ""
            lines.append(
                f"  {one.method:<{width}}  total {one.total:>10,.0f}{more}  {limits}"
                + (f" ({one.interval_name})" if found is not None else "")
            )
        return "\n".join(lines)


def compare_methods(
    table: OverlapTable,
    methods: Sequence[Estimator] | None = None,
    *,
    factor: float = FACTOR,
    seed: int = 1,
) -> Methods:
    """Estimate the number on no list by several methods.

    Parameters
    ----------
    table : OverlapTable
        The table.
    methods : sequence of Estimator, optional
        The methods; `usual_methods` when left out. Of those, the ones that do not go with this
        table are left out, and the reason is kept.
    factor : float, default 1.25
        Methods whose totals are further apart than this are said to disagree.
    seed : int, default 1
        Seed of methods that draw.

    Returns
    -------
    Methods
        Their estimates; its `text` says first whether they agree.

    Raises
    ------
    SpecError
        With every problem: a method that was asked for and does not go with the table among
        them.
    """
    problems = []
    if not isinstance(table, OverlapTable):
        problems.append(f"an OverlapTable is needed; given {table!r}.")
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not factor > 1:
        problems.append(f"the factor must be above 1; given {factor!r}.")
    chosen = usual_methods(table) if methods is None and not problems else methods
    if not isinstance(chosen, Sequence) or not all(isinstance(x, Estimator) for x in chosen):
        if methods is not None:
            problems.append(f"methods must be a list of estimators; given {methods!r}.")
        chosen = []
    elif not chosen:
        problems.append("no method was given.")
    raise_if_any(problems, "comparing methods")
    problems += [
        f"two methods are alike: {one.name}." for i, one in enumerate(chosen) if one in chosen[:i]
    ]
    refused: dict[str, str] = {}
    going = []
    for one in chosen:
        trouble = one.problems(table)
        if not trouble:
            going.append(one)
        elif methods is None:
            refused[one.name] = " ".join(trouble)
        problems += [f"{one.name}: {text}" for text in trouble if methods is not None]
    raise_if_any(problems, "comparing methods")
    estimates = _told_apart(going, [one.estimate(table, seed=seed) for one in going])
    return Methods(table_of=table, estimates=estimates, refused=refused, factor=float(factor))


def _told_apart(methods: Sequence[Estimator], estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return the estimates with names that differ: settings are added where they are alike."""
    names = [one.method for one in estimates]
    made = []
    for i, (method, one) in enumerate(zip(methods, estimates, strict=True)):
        if names.count(one.method) > 1:
            said = [
                f"{f.name}={getattr(method, f.name)!r}"
                for f in fields(method)
                if getattr(method, f.name) != f.default
            ]
            label = f"{one.method} ({', '.join(said) or 'as a rule'})"
            one = replace(one, method=label if label not in names[:i] else f"{label} {i + 1}")
        made.append(one)
    return made


def usual_methods(table: OverlapTable) -> list[Estimator]:
    """Return the methods that are compared unless others are given.

    Parameters
    ----------
    table : OverlapTable
        The table, whose number of lists decides.

    Returns
    -------
    list of Estimator
        For two lists those that assume independence; for more, independence, a selected model,
        shrunken interactions, an average over graphs, latent classes and a lower bound.
    """
    if not isinstance(table, OverlapTable):
        raise_if_any([f"an OverlapTable is needed; given {table!r}."], "the usual methods")
    if len(table.lists) == 2:
        return [LincolnPetersen(), Chapman()]
    return [
        LogLinear(),
        BestByBIC() if len(table.lists) < 5 else Stepwise(),
        Shrinkage(),
        DecomposableAverage(),
        LatentClasses(),
        ChaoLowerBound(),
    ]
