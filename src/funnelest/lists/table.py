"""The overlap table: how many people are on which combination of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import raise_if_any
from funnelest.lists.table_problems import ALL, is_stratified, patterns, represented, table_problems

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALL", "Cells", "OverlapTable", "patterns"]


@dataclass(frozen=True)
class Cells:
    """The counts of one stratum as arrays.

    Parameters
    ----------
    patterns : tuple of str
        What is counted: one pattern per count.
    counts : ndarray of float
        Number of people, shape ``(cells,)``.
    sums : ndarray of float
        Shape ``(cells, 2**lists)``: 1 where a complete pattern is part of the count. Complete
        patterns are in binary order, the empty one first; one that cannot occur is in none.
    limits : ndarray of bool
        Shape ``(cells,)``: True for a count that is only an upper limit.
    possible : ndarray of bool
        Shape ``(2**lists,)``: False for a pattern with a list that does not cover the stratum.
    """

    patterns: tuple[str, ...]
    counts: NDArray[np.float64]
    sums: NDArray[np.float64]
    limits: NDArray[np.bool_]
    possible: NDArray[np.bool_]

    @property
    def unobserved(self) -> NDArray[np.bool_]:
        """Complete patterns of which no number is known: the empty one, and mere limits."""
        seen = self.sums[~self.limits].sum(axis=0) > 0
        return self.possible & ~seen


@dataclass(frozen=True, repr=False, eq=False)
class OverlapTable:
    """How many people are on which combination of lists, by stratum where there are any.

    A pattern has one letter per list, in the order of `lists`: ``"1"`` on it, ``"0"`` not on it,
    ``"?"`` not known, since that list was not linked with the others there. A pattern that is
    left out has nobody. Only counts are kept, no persons.

    Parameters
    ----------
    lists : sequence of str
        Names of the lists, 2 to 10.
    counts : mapping of str to int, or of str to such a mapping
        Pattern -> number of people; or stratum -> pattern -> number. Strata have no people in
        common. A count with ``"?"`` is the sum over both: its patterns have no count of their
        own.
    not_covering : mapping of str to sequence of str, optional
        List -> the strata whose people cannot be on it (a structural zero).
    upper : sequence of str, optional
        Lists that also hold people outside the target: those who are on no other list are an
        upper limit only.
    source : str, default ""
        Where the table is published.

    Raises
    ------
    SpecError
        With every problem: a count that is negative or not whole, a pattern of the wrong length
        or given twice, a number for the empty pattern, a list with nobody, nobody at all.

    See Also
    --------
    OverlapTable.from_histories : From a frame with one row per combination of lists.
    OverlapTable.from_records : From a frame of persons, which is not kept.

    Examples
    --------
    >>> from funnelest import lists
    >>> table = lists.OverlapTable(["police", "hospital"], {"10": 400, "01": 200, "11": 600})
    >>> table.known
    1200
    """

    lists: Sequence[str]
    counts: Mapping[str, Any]
    not_covering: Mapping[str, Sequence[str]] = field(default_factory=dict)
    upper: Sequence[str] = ()
    source: str = ""

    def __post_init__(self) -> None:
        raise_if_any(table_problems(self), "the overlap table")
        object.__setattr__(self, "lists", tuple(self.lists))
        object.__setattr__(self, "upper", tuple(self.upper))
        object.__setattr__(
            self, "not_covering", {name: tuple(x) for name, x in self.not_covering.items()}
        )
        stratified = is_stratified(self.counts)
        counts = {
            stratum: {pattern: int(n) for pattern, n in found.items() if set(pattern) != {"0"}}
            for stratum, found in (self.counts if stratified else {ALL: self.counts}).items()
        }
        object.__setattr__(self, "counts", counts if stratified else counts[ALL])

    # --------------------------------------------------------------- reading

    @property
    def strata(self) -> tuple[str, ...]:
        """Names of the strata; ``("all",)`` when there are none."""
        return tuple(self._by_stratum)

    @property
    def stratified(self) -> bool:
        """Whether there are strata."""
        return is_stratified(self.counts)

    @property
    def _by_stratum(self) -> Mapping[str, Mapping[str, int]]:
        return self.counts if self.stratified else {ALL: self.counts}

    @property
    def complete(self) -> bool:
        """Whether every count is of one pattern, that may occur, and is no mere limit."""
        unknown = any("?" in one for found in self._by_stratum.values() for one in found)
        return not (unknown or self.upper or self.not_covering)

    def cells(self, stratum: str = ALL) -> Cells:
        """Return the counts of a stratum as arrays."""
        return self._cells[stratum]

    @cached_property
    def _cells(self) -> dict[str, Cells]:
        return {stratum: self._made(stratum) for stratum in self.strata}

    def _made(self, stratum: str) -> Cells:
        count = len(self.lists)
        absent = [i for i, name in enumerate(self.lists) if self.covers(name, stratum) is False]
        names = patterns(count)
        possible = np.array([all(one[i] == "0" for i in absent) for one in names])
        given = self._by_stratum[stratum]
        rows = {pattern: [c for c in represented(pattern) if possible[c]] for pattern in given}
        taken = {code for codes in rows.values() for code in codes}
        for code in range(1, 2**count):  # nobody was found there
            if possible[code] and code not in taken:
                rows[names[code]] = [code]
        shown = sorted((p for p in rows if rows[p]), key=lambda p: rows[p][0])
        sums = np.zeros((len(shown), 2**count))
        for i, pattern in enumerate(shown):
            sums[i, rows[pattern]] = 1.0
        return Cells(
            tuple(shown),
            np.array([float(given.get(one, 0)) for one in shown]),
            sums,
            np.array([self._only_upper(one) for one in shown], dtype=bool),
            possible,
        )

    def covers(self, name: str, stratum: str) -> bool:
        """Return whether people of the stratum can be on the list."""
        return stratum not in self.not_covering.get(name, ())

    def _only_upper(self, pattern: str) -> bool:
        on = [name for name, letter in zip(self.lists, pattern, strict=True) if letter != "0"]
        return bool(self.upper) and all(name in self.upper for name in on)

    @property
    def known(self) -> int:
        """Number of people who are on a list of the target population."""
        return sum(self.known_in(stratum) for stratum in self.strata)

    def known_in(self, stratum: str) -> int:
        """Return the number of people of a stratum who are on a list of the target population."""
        cells = self.cells(stratum)
        return int(cells.counts[~cells.limits].sum())

    def size(self, name: str) -> int:
        """Return the number of people known to be on a list."""
        return self.overlap(name)

    def overlap(self, *names: str) -> int:
        """Return the number of people known to be on all of some lists."""
        places = [self.lists.index(name) for name in names]
        return sum(
            n
            for found in self._by_stratum.values()
            for pattern, n in found.items()
            if all(pattern[i] == "1" for i in places)
        )

    def in_words(self, pattern: str) -> str:
        """Return the lists that a pattern names, such as ``"police and hospital only"``."""
        on = [name for name, letter in zip(self.lists, pattern, strict=True) if letter == "1"]
        open_ = [name for name, letter in zip(self.lists, pattern, strict=True) if letter == "?"]
        text = f"{' and '.join(on)} only" if on else "none of the lists"
        return f"{text} (not linked with {' and '.join(open_)})" if open_ else text

    # -------------------------------------------------------------- changing

    def stratum(self, name: str) -> OverlapTable:
        """Return the table of one stratum, without the lists that do not cover it."""
        absent = [one for one in self.lists if not self.covers(one, name)]
        keep = [i for i, one in enumerate(self.lists) if one not in absent]
        counts: dict[str, int] = {}
        for pattern, n in self._by_stratum[name].items():
            short = "".join(pattern[i] for i in keep)
            counts[short] = counts.get(short, 0) + n
        return OverlapTable(
            [self.lists[i] for i in keep],
            counts,
            upper=[one for one in self.upper if one not in absent],
            source=self.source,
        )

    def pooled(self) -> OverlapTable:
        """Return the table of all strata together."""
        problems = [
            f"list {name!r} does not cover {', '.join(strata)}: strata that other lists cover "
            "cannot be added up."
            for name, strata in self.not_covering.items()
            if strata
        ]
        raise_if_any(problems, "adding up the strata")
        counts: dict[str, int] = {}
        for found in self._by_stratum.values():
            for pattern, n in found.items():
                counts[pattern] = counts.get(pattern, 0) + n
        return replace(self, counts=counts, not_covering={})

    def without(self, name: str) -> OverlapTable:
        """Return the table without a list; people on that list alone are then on none."""
        raise_if_any(self._list_problems(name), "leaving out a list")
        place = self.lists.index(name)

        def fewer(found: Mapping[str, int]) -> dict[str, int]:
            made: dict[str, int] = {}
            for pattern, n in found.items():
                short = pattern[:place] + pattern[place + 1 :]
                if set(short) != {"0"}:
                    made[short] = made.get(short, 0) + n
            return made

        counts = {stratum: fewer(found) for stratum, found in self._by_stratum.items()}
        return replace(
            self,
            lists=[one for one in self.lists if one != name],
            counts=counts if self.stratified else counts[ALL],
            upper=[one for one in self.upper if one != name],
            not_covering={k: v for k, v in self.not_covering.items() if k != name},
        )

    def _list_problems(self, name: str) -> list[str]:
        if name in self.lists:
            return []
        return [f"there is no list {name!r}; the lists are: {', '.join(self.lists)}."]

    def with_counts(self, counts: Mapping[str, Any]) -> OverlapTable:
        """Return the same lists with other counts."""
        return replace(self, counts=counts)

    # --------------------------------------------------------------- showing

    @property
    def table(self) -> pd.DataFrame:
        """One row per stratum and pattern: a column of 0 and 1 (or ?) per list, and `people`."""
        import pandas as pd

        rows = []
        for stratum in self.strata:
            cells = self.cells(stratum)
            for pattern, n, limit in zip(cells.patterns, cells.counts, cells.limits, strict=True):
                first = {"stratum": stratum} if self.stratified else {}
                on = dict(zip(self.lists, pattern, strict=True))
                rows.append({**first, **on, "people": int(n), "upper_limit": bool(limit)})
        frame = pd.DataFrame(rows)
        return frame if self.upper else frame.drop(columns="upper_limit")

    def __repr__(self) -> str:
        strata = f", {len(self.strata)} strata" if self.stratified else ""
        return f"<OverlapTable: {len(self.lists)} lists{strata}, {self.known:,} people>"
