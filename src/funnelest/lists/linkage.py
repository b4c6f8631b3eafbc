"""Linkage that is not perfect: links that were missed, and links that are false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.entry import entries
from funnelest.errors import raise_if_any
from funnelest.fields import TEXT, plain_fields, seed_problems
from funnelest.lists.table.problems import joined
from funnelest.lists.table.table import OverlapTable, table_needed
from funnelest.priors import Prior, Shared, as_prior, prior_problems, within
from funnelest.sampling.weights import equal_tailed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Corrected", "LinkageError", "linkage_problems", "observed"]

type Floats = NDArray[np.float64]

#: Lists at most: the matrices have a row and a column per pattern.
_MOST = 7
_DRAWS = 2000


@dataclass(frozen=True, kw_only=True)
class LinkageError:
    r"""Rates at which the lists were linked wrongly, as a linkage study states them.

    Parameters
    ----------
    missed : Prior or float, default 0
        Of two records of one person on two lists, the probability that they were not linked
        (one minus the recall, or sensitivity, of the linkage).
    false : Prior or float, default 0
        Of two records on two lists that were linked, the probability that they are of two
        persons (one minus the precision of the linkage).
    statement : str, default ""
        What the rates rest on.

    Notes
    -----
    A record of a person on several lists is illegible with probability :math:`d = 1 -
    \sqrt{1-m}`, independently, and then linked with none: so a pair of records misses its link
    with probability m, `missed`. The records that are left are linked with each other. Of the
    pairs of lists i and j that were linked, :math:`T_{ij}` rightly, :math:`T_{ij} f/(1-f)` are
    false: they join a record on i alone with one on j alone. False links of three records are left
    out, of the order of f squared. So what is observed is linear in the true table. For two
    lists it is that of Ding and Fienberg, Survey Methodology 1994;20:149, with false links.
    """

    missed: Prior | float = 0.0
    false: Prior | float = 0.0
    statement: str = ""

    def __post_init__(self) -> None:
        plain_fields(self)

    def problems(self) -> list[str]:
        """Return what is wrong with the rates, one sentence each."""
        found = []
        for name in ("missed", "false"):
            value = getattr(self, name)
            found += prior_problems(name, value, 0.0, 1.0)
            prior = as_prior(value)
            if found or isinstance(prior, Shared):
                continue
            if float(prior.ppf(0.999)) > 0.9:
                found.append(
                    f"field {name!r}: {prior.describe()} allows rates above 0.9, of which no "
                    "overlap would be left to correct."
                )
        return found + TEXT.problems("statement", self.statement)

    def own_problems(self) -> list[str]:
        """Return what is wrong with the rates where no model gives them their priors."""
        return self.problems() or [
            f"field {name!r} is a parameter of a model: give its prior here."
            for name, prior in self.rates().items()
            if isinstance(prior, Shared)
        ]

    def list_problems(self, lists: Sequence[str]) -> list[str]:
        """Return why the lists cannot be corrected."""
        if len(lists) <= _MOST:
            return []
        return [
            f"linkage error takes at most {_MOST} lists; given {len(lists)}. Join lists that are "
            "alike."
        ]

    def rates(self) -> dict[str, Prior]:
        """Return the prior of each rate, between 0 and 1."""
        return {
            name: within(as_prior(getattr(self, name)), 0.0, 1.0) for name in ("missed", "false")
        }

    def matrix(self, lists: int, missed: float, false: float) -> Floats:
        """Return the expected observed patterns per person of each true pattern.

        Parameters
        ----------
        lists : int
            Number of lists.
        missed, false : float
            The rates.

        Returns
        -------
        ndarray
            Shape ``(2**lists, 2**lists)``, rows observed and columns true.
        """
        one = np.eye(2**lists)
        return np.asarray(observed(one, np.array([missed]), np.array([false]), lists))

    def corrected(self, table: OverlapTable, *, seed: int = 1) -> Corrected:
        """Correct the overlaps of a table, with the uncertainty of rates and of counts.

        Parameters
        ----------
        table : OverlapTable
            A complete table without strata.
        seed : int, default 1
            Seed of the draws.

        Returns
        -------
        Corrected
            The corrected number of every pattern, with its interval.

        Raises
        ------
        SpecError
            With every problem of the rates or the table.
        """
        problems = self.own_problems() + table_needed(table)
        if isinstance(table, OverlapTable):
            problems += self.list_problems(table.lists) + linkage_problems(table)
        raise_if_any([*problems, *seed_problems(seed)], "correcting the overlaps")
        rng = np.random.default_rng(seed)
        lists = len(table.lists)
        rates = {name: prior.sample(rng, _DRAWS) for name, prior in self.rates().items()}
        counts = table.cells().counts
        # What may have been expected where so many were counted, by the gamma distribution.
        means = rng.gamma(counts[:, None] + 0.5, size=(len(counts), _DRAWS))
        solved = np.empty_like(means)
        for i in range(_DRAWS):
            whole = self.matrix(lists, rates["missed"][i], rates["false"][i])
            solved[:, i] = np.linalg.solve(whole[1:, 1:], means[:, i])
        return Corrected(table, self, solved)


@entries
@dataclass(frozen=True, eq=False)
class Corrected:
    """Overlaps corrected for linkage error.

    Parameters
    ----------
    table_of : OverlapTable
        The table as linked.
    linkage : LinkageError
        The rates.
    draws : ndarray
        Corrected number of every pattern but the empty one, shape ``(2**lists - 1, draws)``. One
        below zero contradicts the rates.
    """

    table_of: OverlapTable
    linkage: LinkageError
    draws: Floats = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """One row per pattern: people as linked, corrected median and 95% interval."""
        import pandas as pd

        low, median, high = equal_tailed(self.draws, 0.95, axis=1)
        cells = self.table_of.cells()
        return pd.DataFrame(
            {
                "pattern": cells.patterns,
                "on": [self.table_of.in_words(one) for one in cells.patterns],
                "linked": cells.counts.astype(int),
                "corrected": median,
                "low": low,
                "high": high,
                "interval": "95% equal-tailed, stated linkage rates and chance",
                "below_zero": (self.draws < 0).mean(axis=1),
                "basis": "corrected with stated rates",
            }
        )

    @property
    def text(self) -> str:
        """What the correction does, in sentences."""
        low, median, high = equal_tailed(self.draws.sum(axis=0), 0.95)
        known = self.table_of.known
        said = [
            f"As linked, {known:,} people are on at least one list; corrected with the stated "
            f"rates about {median:,.0f} (95% equal-tailed interval {low:,.0f} to {high:,.0f})."
        ]
        rows = self.table
        often = rows[rows["below_zero"] > 0.5]
        if len(often):
            said.append(
                "The rates and the table contradict each other: corrected numbers are below zero "
                f"for {'; '.join(often['on'])}. Fewer links are false, or fewer missed, than "
                "stated."
            )
        return " ".join(said)

    def __repr__(self) -> str:
        return f"<Corrected: {self.text}>"


def linkage_problems(table: OverlapTable) -> list[str]:
    """Return why the links of a table cannot be corrected, one sentence each."""
    if table.stratified:
        return ["it takes a table without strata: give table.stratum(name) or table.pooled()."]
    found = []
    if table.upper:
        verb, them = ("also hold", "them") if len(table.upper) > 1 else ("also holds", "it")
        without = "".join(f".without({one!r})" for one in table.upper)
        found.append(
            f"{joined(table.upper)} {verb} people outside the target, whose links cannot be told "
            f"from those of the others: leave {them} out, table{without}."
        )
    open_ = [
        name
        for i, name in enumerate(table.lists)
        if any(pattern[i] == "?" for pattern in table.counts)
    ]
    if open_:
        found.append(
            f"{joined(open_)} {'were' if len(open_) > 1 else 'was'} not linked with the other "
            "lists (?), and the rates are those of lists that were: give a table of lists that "
            "were all linked with each other."
        )
    return found


def observed(means: Any, missed: Any, false: Any, lists: int) -> Any:
    """Return the expected number of people as linked, of every pattern: ``(2**lists, draws)``.

    Expected numbers of every true pattern (`means`) have that shape too, the rates of a
    `LinkageError` ``(draws,)``; arrays or symbols.
    """
    kept = fm.sqrt(1.0 - missed)
    lost = 1.0 - kept
    total: Any = 0.0
    for (whole, gone), matrix in _splits(lists).items():
        total = total + kept**whole * lost**gone * fm.matmul(matrix, means)
    return total + false / (1.0 - false) * fm.matmul(_joins(lists), total)


@cache
def _splits(lists: int) -> dict[tuple[int, int], Floats]:
    """Return what becomes of each true pattern, by powers of (record legible, not legible).

    Legible records of one person, if two or more, are one observed person; every other record is
    an observed person of its own.
    """
    size = 2**lists
    found: dict[tuple[int, int], Floats] = {}

    def add(powers: tuple[int, int], seen: int, true: int) -> None:
        found.setdefault(powers, np.zeros((size, size)))[seen, true] += 1.0

    for true in range(1, size):
        on = [1 << i for i in range(lists) if true >> i & 1]
        if len(on) == 1:
            add((0, 0), true, true)
            continue
        for legible in _subsets(true):
            whole = legible.bit_count()
            powers = (whole, len(on) - whole)
            if whole >= 2:
                add(powers, legible, true)
            for record in on:
                if whole < 2 or not legible & record:
                    add(powers, record, true)
    return found


def _subsets(code: int) -> list[int]:
    """Return every subset of the lists in a pattern, as numbers in binary."""
    found, one = [0], code
    while one:
        found.append(one)
        one = (one - 1) & code
    return found


@cache
def _joins(lists: int) -> Floats:
    """Return what one false link per right one adds to and takes from the observed patterns."""
    size = 2**lists
    made = np.zeros((size, size))
    for i in range(lists):
        for j in range(i):
            pair = (1 << i) | (1 << j)
            for seen in range(size):
                if seen & pair == pair:
                    made[pair, seen] += 1.0
                    made[1 << i, seen] -= 1.0
                    made[1 << j, seen] -= 1.0
    return made
