"""The overlap table: how many people are on which combination of lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.entry import entries
from funnelest.errors import raise_if_any
from funnelest.fields import plain_fields
from funnelest.lists.table.cells import (
    ALL,
    Cells,
    is_stratified,
    made_cells,
    merged,
    patterns,
    possible_counts,
    represented,
)
from funnelest.lists.table.problems import shown, table_problems
from funnelest.lists.table.reading import read_histories, read_records
from funnelest.words import Language, Sentence, say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALL", "Cells", "OverlapTable", "patterns", "table_needed"]


@entries
@dataclass(frozen=True, repr=False, eq=False)
class OverlapTable:
    """How many people are on which combination of lists, by stratum where there are any.

    A pattern has one letter per list, in the order of `lists`: ``"1"`` on it, ``"0"`` not on it,
    ``"?"`` not known, since that list was not linked with the others there. A pattern that is
    left out has nobody; unless it is of people who are only on lists that some pattern of the
    stratum has a ``"?"`` for: their number is not known. Only counts are kept, no persons. Two
    tables are equal when they hold the same counts, names and source.

    Parameters
    ----------
    lists : sequence of str
        Names of the lists, 2 to 10.
    counts : mapping of str to int, or of str to such a mapping
        Pattern -> number of people; or stratum -> pattern -> number. Strata are named by text,
        and have no people in common. A count with ``"?"`` is the sum over both: its patterns
        have no count of their own.
    not_covering : mapping of str to sequence of str, optional
        List -> the strata whose people cannot be on it (a structural zero).
    upper : sequence of str, optional
        Lists that also hold people outside the target: those who are on no other list are an
        upper limit only.
    source : str, default ""
        Where the table is published.
    may_be_empty : bool, default False
        Whether a list may have nobody, as in tables that are made up.

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
    may_be_empty: bool = False

    def __post_init__(self) -> None:
        plain_fields(self)
        given = (self.lists, self.counts, self.not_covering, self.upper, self.source)
        raise_if_any(table_problems(*given, self.may_be_empty), "the overlap table")
        object.__setattr__(self, "lists", tuple(self.lists))
        object.__setattr__(self, "upper", tuple(n for n in self.lists if n in self.upper))
        stratified, by_stratum = self.stratified, self._by_stratum
        absent = {
            name: tuple(one for one in by_stratum if one in self.not_covering.get(name, ()))
            for name in self.lists
        }
        object.__setattr__(self, "not_covering", {k: v for k, v in absent.items() if v})
        counts = {
            stratum: possible_counts(found, [stratum in absent[name] for name in self.lists])
            for stratum, found in by_stratum.items()
        }
        object.__setattr__(self, "counts", counts if stratified else counts[ALL])

    # --------------------------------------------------------- from a frame

    @classmethod
    def from_histories(
        cls,
        frame: pd.DataFrame,
        lists: Sequence[str],
        count: str,
        *,
        strata: str | Sequence[str] = (),
        not_covering: Mapping[str, Sequence[str]] | None = None,
        upper: Sequence[str] = (),
        source: str = "",
    ) -> OverlapTable:
        """Read a table with one row per combination of lists, and a column of counts.

        Parameters
        ----------
        frame : DataFrame
            One row per combination of lists (and stratum); it is not changed and not kept.
        lists : sequence of str
            The columns of the lists: 1 or True on it, 0 or False not on it, ``"?"`` or missing
            when it was not linked with the others.
        count : str
            The column of the number of people. It may be missing for those on no list.
        strata : str or sequence of str, optional
            Columns of strata; a stratum is named by their values, several joined by ``" / "``.
        not_covering, upper, source : optional
            As in `OverlapTable`.

        Returns
        -------
        OverlapTable
            The table; combinations that have no row have nobody.

        Raises
        ------
        SpecError
            With every problem: columns that are not there, values that are none of 0 and 1,
            counts that are missing, negative or not whole, combinations with two rows.

        Examples
        --------
        >>> import pandas as pd
        >>> from funnelest import lists
        >>> frame = pd.DataFrame(
        ...     {"police": [1, 0, 1], "hospital": [0, 1, 1], "people": [400, 200, 600]}
        ... )
        >>> lists.OverlapTable.from_histories(frame, ["police", "hospital"], "people").known
        1200
        """
        counts = read_histories(frame, lists, count, strata, upper)
        return cls(lists, counts, not_covering or {}, upper, source)

    @classmethod
    def from_records(
        cls,
        frame: pd.DataFrame,
        lists: Sequence[str] | None = None,
        *,
        person: str | None = None,
        list: str | None = None,
        strata: str | Sequence[str] = (),
        not_covering: Mapping[str, Sequence[str]] | None = None,
        upper: Sequence[str] = (),
        source: str = "",
    ) -> OverlapTable:
        """Count the persons of a frame at once; nothing else of them is kept.

        Parameters
        ----------
        frame : DataFrame
            Wide, one row per person with a column per list; or long, one row per record. It is
            not changed and not kept.
        lists : sequence of str, optional
            Wide: the columns of the lists, marked as in `from_histories`. Long: the lists in the
            order of the table; left out, those of the records in order of their names.
        person : str, optional
            Long: the column that says whose record it is; a person may be twice on a list.
            Wide: a column that must not name anybody twice.
        list : str, optional
            Long: the column that says on which list the record is. Left out, the frame is wide.
        strata, not_covering, upper, source : optional
            As in `from_histories`.

        Returns
        -------
        OverlapTable
            The table.

        Raises
        ------
        SpecError
            With every problem, and how many rows or persons have it, never who: columns that
            are not there, values that are missing or none of 0 and 1, persons on no list, in
            two strata, or in two rows of a wide frame.

        Examples
        --------
        >>> import pandas as pd
        >>> from funnelest import lists
        >>> records = pd.DataFrame({"id": [1, 1, 2, 3], "list": ["a", "b", "a", "b"]})
        >>> lists.OverlapTable.from_records(records, person="id", list="list").counts
        {'01': 1, '10': 1, '11': 1}
        """
        names, counts = read_records(frame, lists, person, list, strata, upper)
        return cls(names, counts, not_covering or {}, upper, source)

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
        self._check_stratum(stratum)
        return self._cells[stratum]

    @cached_property
    def _cells(self) -> dict[str, Cells]:
        return {stratum: self._made(stratum) for stratum in self.strata}

    def _made(self, stratum: str) -> Cells:
        absent = [i for i, name in enumerate(self.lists) if not self.covers(name, stratum)]
        upper = [i for i, name in enumerate(self.lists) if name in self.upper]
        return made_cells(self._by_stratum[stratum], len(self.lists), absent, upper)

    def covers(self, name: str, stratum: str) -> bool:
        """Return whether people of the stratum can be on the list."""
        self._check_lists(name)
        self._check_stratum(stratum)
        return stratum not in self.not_covering.get(name, ())

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
        self._check_lists(*names)
        places = [self.lists.index(name) for name in names]
        return sum(
            n
            for found in self._by_stratum.values()
            for pattern, n in found.items()
            if all(pattern[i] == "1" for i in places)
        )

    def in_words(self, pattern: str) -> str:
        """Return the lists that a pattern names, such as ``"police and hospital only"``."""
        return Language("en").say(self.named(pattern))

    def named(self, pattern: str) -> Sentence:
        """Return the lists that a pattern names, to be said in the language of the reader."""
        letters = pattern if isinstance(pattern, str) and not set(pattern) - set("01?") else ""
        if len(letters) != len(self.lists):
            text = f"there is no pattern {shown(pattern)} of {len(self.lists)} lists."
            raise_if_any([text], "the overlap table")
        on = [name for name, letter in zip(self.lists, letters, strict=True) if letter == "1"]
        open_ = [name for name, letter in zip(self.lists, letters, strict=True) if letter == "?"]
        how = "on_none" if not on else "on_only" if "0" in letters else "on"
        found = say(f"lists.{how}", names=on)
        return say("lists.not_linked", on=found, names=open_) if open_ else found

    def _check_lists(self, *names: str) -> None:
        raise_if_any(
            [
                f"there is no list {shown(one)}; the lists are: {', '.join(self.lists)}."
                for one in names
                if one not in self.lists
            ],
            "the overlap table",
        )

    def _check_stratum(self, name: str) -> None:
        if name not in self.strata:
            have = f"the strata are: {', '.join(self.strata)}" if self.stratified else "it has none"
            text = f"there is no stratum {shown(name)}; {have}."
            raise_if_any([text], "the overlap table")

    # -------------------------------------------------------------- changing

    def stratum(self, name: str) -> OverlapTable:
        """Return the table of one stratum, without the lists that do not cover it.

        A list that covers the stratum and has nobody there is refused, as in any table: leave
        it out first, ``table.without(list).stratum(name)``.
        """
        self._check_stratum(name)
        keep = [i for i, one in enumerate(self.lists) if self.covers(one, name)]
        counts = {
            "".join(pattern[i] for i in keep): n for pattern, n in self._by_stratum[name].items()
        }
        problems = [
            f"list {self.lists[i]!r} has nobody in stratum {name!r}, though it covers it: leave "
            f"the list out, table.without({self.lists[i]!r}).stratum({name!r})."
            for at, i in enumerate(keep)
            if not any(n and pattern[at] == "1" for pattern, n in counts.items())
        ]
        if not any(counts.values()):
            problems = [f"nobody of stratum {name!r} is on any list."]
        raise_if_any(problems, f"stratum {name!r}")
        return OverlapTable(
            [self.lists[i] for i in keep],
            counts,
            upper=[one for one in self.upper if self.covers(one, name)],
            source=self.source,
        )

    def pooled(self) -> OverlapTable:
        """Return the table of all strata together."""
        problems = [
            f"list {name!r} does not cover {', '.join(strata)}: strata that other lists cover "
            "cannot be added up."
            for name, strata in self.not_covering.items()
        ]
        unlinked = {
            tuple(
                name
                for i, name in enumerate(self.lists)
                if any(pattern[i] == "?" for pattern in found)
            )
            for found in self._by_stratum.values()
        }
        if len(unlinked) > 1:
            problems.append("lists that were linked in some strata only cannot be added up.")
        raise_if_any(problems, "adding up the strata")
        counts: dict[str, int] = {}
        for found in self._by_stratum.values():
            for pattern, n in found.items():
                counts[pattern] = counts.get(pattern, 0) + n
        return replace(self, counts=merged(counts), not_covering={})

    def without(self, name: str) -> OverlapTable:
        """Return the table without a list; people on that list alone are then on none."""
        self._check_lists(name)
        place = self.lists.index(name)
        raise_if_any(self._vague_without(place), f"leaving out list {name!r}")

        def fewer(found: Mapping[str, int]) -> dict[str, int]:
            made: dict[str, int] = {}
            for pattern, n in found.items():
                short = pattern[:place] + pattern[place + 1 :]
                if set(short) != {"0"}:
                    made[short] = made.get(short, 0) + n
            return merged(made)

        counts = {stratum: fewer(found) for stratum, found in self._by_stratum.items()}
        return replace(
            self,
            lists=[one for one in self.lists if one != name],
            counts=counts if self.stratified else counts[ALL],
            upper=[one for one in self.upper if one != name],
            not_covering={k: v for k, v in self.not_covering.items() if k != name},
        )

    def _vague_without(self, place: int) -> list[str]:
        """Return which counts are of people of whom, without a list, some are not counted."""
        found = []
        names = patterns(len(self.lists))
        for stratum, counts in self._by_stratum.items():
            cells = self.cells(stratum)
            unknown = {names[i] for i in np.flatnonzero(cells.possible & ~cells.sums.any(axis=0))}
            for pattern in counts:
                if set(pattern[:place] + pattern[place + 1 :]) == {"0"}:
                    continue  # they are on no list then
                either = f"{pattern[:place]}?{pattern[place + 1 :]}"
                among = unknown.intersection(names[i] for i in represented(either))
                for one in sorted(among):
                    on = f"people on {self.in_words(pattern)}"
                    found.append(
                        f"the {on} could not be told from those on {self.in_words(one)}, whose "
                        "number is not known."
                        if "1" in one
                        else f"some of the {on} may be on {self.lists[place]!r} alone, and it is "
                        "not known how many."
                    )
        return found

    def with_counts(self, counts: Mapping[str, Any]) -> OverlapTable:
        """Return the same lists with other, made-up counts, of which a list may have nobody."""
        return replace(self, counts=counts, may_be_empty=True)

    def with_people(self, pattern: str, people: int, stratum: str = ALL) -> OverlapTable:
        """Return the table with another number on one overlap that it has: not checked again."""
        changed = {**self._by_stratum[stratum], pattern: people}
        counts = {**self.counts, stratum: changed} if self.stratified else changed
        made = object.__new__(OverlapTable)
        names = ("lists", "not_covering", "upper", "source")
        vars(made).update({name: vars(self)[name] for name in names})
        vars(made).update(counts=counts, may_be_empty=True)
        return made

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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OverlapTable):
            return NotImplemented
        return self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @cached_property
    def _content(self) -> tuple[object, ...]:
        """Everything that it says; a pattern that is left out is one with nobody."""
        cells = tuple(
            (stratum, one.patterns, one.counts.tobytes(), one.possible.tobytes())
            for stratum, one in sorted(self._cells.items(), key=lambda item: item[0])
        )
        return tuple(self.lists), tuple(self.upper), cells, self.stratified, self.source

    def __repr__(self) -> str:
        strata = f", {len(self.strata)} strata" if self.stratified else ""
        return f"<OverlapTable: {len(self.lists)} lists{strata}, {self.known:,} people>"


def table_needed(given: object) -> list[str]:
    """Return that this is no overlap table, if it is none."""
    if isinstance(given, OverlapTable):
        return []
    return [f"an OverlapTable is needed; given {shown(given)}."]
