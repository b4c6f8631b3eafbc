"""What every estimator of the number on no list has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from funnelest.entry import entries
from funnelest.errors import raise_if_any
from funnelest.fields import Allowed, number, plain_fields, seed_problems, wrong_fields
from funnelest.lists.estimate import Estimate, Part
from funnelest.lists.table.cells import ALL
from funnelest.lists.table.problems import empty_problems, shown
from funnelest.lists.table.table import OverlapTable, table_needed

__all__ = ["Estimator", "asked_problems"]


@dataclass(frozen=True, kw_only=True)
class Estimator(ABC):
    """Base of the estimators: a value that says how, with `estimate` for one table.

    Parameters
    ----------
    probability : float, default 0.95
        Probability of the interval, between 0 and 1.
    """

    probability: float = 0.95

    def __post_init__(self) -> None:
        plain_fields(self)

    #: What the fields may hold.
    allowed: ClassVar[Allowed] = {"probability": number(above=0, below=1)}
    #: Fewest lists that the method can do with, and the most it takes.
    fewest: ClassVar[int] = 2
    most: ClassVar[int] = 10
    #: Whether it takes counts of several patterns, structural zeros and upper limits.
    takes_incomplete: ClassVar[bool] = False
    #: Whether it takes strata (else: one at a time, or pooled).
    takes_strata: ClassVar[bool] = False
    #: What to do about more lists than it takes.
    for_more: ClassVar[str] = (
        "Leave lists out or join those that are alike, or use a method for more (Shrinkage, "
        "LatentClasses)."
    )

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        entries(cls)

    @property
    @abstractmethod
    def name(self) -> str:
        """What the method is called in tables and figures."""

    @abstractmethod
    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        """Return the estimate for a table without problems."""

    def estimate(self, table: OverlapTable, *, seed: int = 1) -> Estimate:
        """Estimate the number of people on none of the lists.

        Parameters
        ----------
        table : OverlapTable
            The table.
        seed : int, default 1
            Seed of methods that draw; the same seed gives the same numbers.

        Returns
        -------
        Estimate
            Known, hidden and total, with the interval; withheld, with the reason, where it
            cannot be given.

        Raises
        ------
        SpecError
            With every reason why the method does not go with the table.
        """
        raise_if_any([*self.problems(table), *seed_problems(seed)], self.name)
        return self._estimate(table, int(seed))

    def without(self, name: str, lists: Sequence[str]) -> Estimator:
        """Return the method for a table that a list was left out of; as a rule itself.

        Parameters
        ----------
        name : str
            The list that is left out.
        lists : sequence of str
            The lists of the table before that, in its order.

        Returns
        -------
        Estimator
            The method, without what is said of that list.

        Raises
        ------
        SpecError
            When nothing could be estimated by what is left of the method.
        """
        return self

    def quick(self) -> Estimator:
        """Return a method that gives the same number sooner, with another interval; or itself.

        Checks that estimate many tables, and look at the number only, use it.
        """
        return self

    def problems(self, table: OverlapTable) -> list[str]:
        """Return why the method does not go with the table, one sentence each."""
        wrong = wrong_fields(self)
        found = [one for texts in wrong.values() for one in texts] + table_needed(table)
        if not isinstance(table, OverlapTable):
            return found
        if table.may_be_empty:  # made-up counts, which were not looked at for this
            found += empty_problems(
                table.lists, table.counts if table.stratified else {ALL: table.counts}
            )
        count = len(table.lists)
        if count < self.fewest:
            found.append(
                f"it needs at least {self.fewest} lists; given {count}. With two lists only "
                "their independence can be assumed (Chapman), with one nothing can be said."
            )
        if count > self.most:
            found.append(f"it takes at most {self.most} lists; given {count}. {self.for_more}")
        if table.stratified and not self.takes_strata:
            found.append(
                "it takes a table without strata: give table.stratum(name) or table.pooled()."
            )
        elif not self.takes_incomplete:
            if table.upper:
                found.append(
                    f"it takes no list that also holds others ({', '.join(table.upper)}): use "
                    "LogLinear or Shrinkage, or leave the list out."
                )
            elif not table.complete:
                found.append(
                    "it takes no counts of several patterns and no lists that do not cover a "
                    "stratum: use LogLinear or Shrinkage."
                )
        return found + self._problems(table, wrong)

    def _problems(self, table: OverlapTable, wrong: Collection[str]) -> list[str]:
        """Return what else is amiss, given which fields hold what they may not."""
        return []

    def _made(
        self,
        table: OverlapTable,
        hidden: float = np.nan,
        interval: tuple[float, float] | None = None,
        *,
        assumes: str,
        method: str = "",
        statistic: str = "",
        kind: str = "",
        **more: Any,
    ) -> Estimate:
        """Return the estimate of a method without strata, with what is the same for all."""
        return Estimate(
            method=method or self.name,
            table_of=table,
            overall=Part(table.known, float(hidden), interval),
            statistic=statistic,
            kind=kind,
            assumes=assumes,
            probability=float(self.probability),
            **more,
        )


def asked_problems(table: object, estimator: object) -> list[str]:
    """Return why a check cannot be made with this table and this estimator."""
    found = table_needed(table)
    if not isinstance(estimator, Estimator):
        found.append(
            f"an estimator is needed, such as lists.LogLinear(); given {shown(estimator)}."
        )
    return found
