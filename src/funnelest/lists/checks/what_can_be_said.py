"""What can be said of an overlap table before any model is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from funnelest.errors import raise_if_any
from funnelest.lists.table.problems import shown
from funnelest.lists.table.table import OverlapTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Overlaps", "what_can_be_said"]

#: More empty pairs of lists than this are told in one sentence.
_MOST = 6


@dataclass(frozen=True)
class Pair:
    """Two lists in one stratum: people on each, on both, and on both as far as can be known."""

    lists: tuple[str, str]
    people: tuple[int, int]
    both: int
    #: Both or not known, where one of them was not linked.
    at_most: int


@dataclass(frozen=True)
class Overlaps:
    """What the overlaps of a table allow to be said at all.

    Parameters
    ----------
    sentences : tuple of str
        What can be said and what cannot, most important first.
    empty : tuple of (str, str)
        Pairs of lists with nobody in common, in any stratum.
    alone : tuple of str
        Lists that have nobody in common with any other.
    groups : tuple of tuple of str
        Lists that hang together by overlaps; one group when all do.
    pairs : mapping of str to tuple of Pair
        Stratum -> its pairs of lists.
    """

    sentences: tuple[str, ...]
    empty: tuple[tuple[str, str], ...]
    alone: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    pairs: Mapping[str, tuple[Pair, ...]] = field(repr=False)

    @property
    def text(self) -> str:
        """All sentences."""
        return " ".join(self.sentences)

    @property
    def table(self) -> pd.DataFrame:
        """One row per stratum and pair of lists: people on each and on both, and shares."""
        import pandas as pd

        rows = [
            {
                **({"stratum": stratum} if len(self.pairs) > 1 else {}),
                "list": one.lists[0],
                "other": one.lists[1],
                "people": one.people[0],
                "people_other": one.people[1],
                "both": one.both,
                "not_known": one.at_most - one.both,
                "share_of_list": one.both / one.people[0] if one.people[0] else np.nan,
                "share_of_other": one.both / one.people[1] if one.people[1] else np.nan,
            }
            for stratum, pairs in self.pairs.items()
            for one in pairs
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return f"<Overlaps: {self.text}>"


def what_can_be_said(table: OverlapTable) -> Overlaps:
    """Return what the overlaps allow to be said, before any model is fitted.

    Parameters
    ----------
    table : OverlapTable
        The table.

    Returns
    -------
    Overlaps
        Empty overlaps, lists that overlap with none, fewer than three lists, lists without people
        in a stratum, lists that also hold others, lists that were not linked: in sentences.

    Raises
    ------
    SpecError
        When it is no overlap table.

    See Also
    --------
    existence : Whether a given model has a maximum-likelihood estimate.
    """
    if not isinstance(table, OverlapTable):
        given = f"an OverlapTable is needed; given {shown(table)}."
        raise_if_any([given], "what can be said")
    pairs = {stratum: _pairs(table, stratum) for stratum in table.strata}
    linked = {one.lists for found in pairs.values() for one in found if one.at_most}
    every = tuple(combinations(table.lists, 2))
    empty = tuple(pair for pair in every if pair not in linked)
    groups = _groups(table.lists, linked)
    alone = tuple(group[0] for group in groups if len(group) == 1)
    said: list[str] = []
    if len(table.lists) == 2:
        said += _of_two(table, empty)
    else:
        count = len(table.lists)
        said.append(
            f"With {count} lists, dependences among up to {count - 1} of them can be fitted; that "
            f"all {count} together do not depend on each other beyond those is assumed, and "
            "cannot be tested."
        )
        said += _of_groups(table, groups, alone)
        said += _of_empty(table, [pair for pair in empty if not set(pair) & set(alone)])
    said += _contained(table, pairs)
    said += _limits(table)
    for stratum in table.strata if table.stratified else ():
        said += _of_stratum(table, stratum, pairs[stratum])
    return Overlaps(tuple(said), empty, alone, groups, pairs)


def _of_empty(table: OverlapTable, empty: Sequence[tuple[str, str]]) -> list[str]:
    """Return what empty pairs of lists mean: a sentence each, or one when they are many."""
    then = (
        "takes that as impossible (extended estimate), one in which they do not rests the more on "
        "the other overlaps."
    )
    if len(empty) <= _MOST:
        return [
            f"Nobody is on both {a} ({table.size(a):,} people) and {b} ({table.size(b):,}): a "
            f"model in which they depend on each other {then}"
            for a, b in empty
        ]
    named = "; ".join(f"{a} and {b}" for a, b in empty[:_MOST])
    return [
        f"{len(empty)} pairs of lists have nobody in common ({named}; and {len(empty) - _MOST} "
        f"more, see `empty`): a model in which two of these depend on each other {then}"
    ]


def _pairs(table: OverlapTable, stratum: str) -> tuple[Pair, ...]:
    cells = table.cells(stratum)
    letters = np.array([list(one) for one in cells.patterns])
    counts = cells.counts.astype(int)
    sure, maybe = letters == "1", letters != "0"
    covering = [i for i, name in enumerate(table.lists) if table.covers(name, stratum)]
    return tuple(
        Pair(
            (table.lists[i], table.lists[j]),
            (int(counts[sure[:, i]].sum()), int(counts[sure[:, j]].sum())),
            int(counts[sure[:, i] & sure[:, j]].sum()),
            int(counts[maybe[:, i] & maybe[:, j]].sum()),
        )
        for i, j in combinations(covering, 2)
    )


def _groups(lists: Sequence[str], linked: set[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return the lists that hang together by overlaps."""
    found: list[set[str]] = [{name} for name in lists]
    for a, b in linked:
        one = next(group for group in found if a in group)
        other = next(group for group in found if b in group)
        if one is not other:
            one |= other
            found.remove(other)
    order = {name: i for i, name in enumerate(lists)}
    ordered = [tuple(sorted(group, key=lambda name: order[name])) for group in found]
    return tuple(sorted(ordered, key=lambda group: order[group[0]]))


def _of_two(table: OverlapTable, empty: tuple[tuple[str, str], ...]) -> list[str]:
    a, b = table.lists
    said = [
        "There are two lists: that they are independent has to be assumed and cannot be tested "
        "(Chapman). Where people on one are more likely to be on the other, the number is too "
        "small; where less likely, too large."
    ]
    if empty:
        said.append(
            f"Nobody is on both {a} and {b}: if they are independent, the number on neither has no "
            "upper limit; nothing more can be said."
        )
    return said


def _of_groups(
    table: OverlapTable, groups: tuple[tuple[str, ...], ...], alone: tuple[str, ...]
) -> list[str]:
    said = [
        f"{name} ({table.size(name):,} people) overlaps with no other list: if it is independent "
        "of them, the number on none has no upper limit; if it is not, it adds its people and says "
        "nothing of those on none."
        for name in alone
    ]
    several = [group for group in groups if len(group) > 1]
    if len(several) > 1:
        shown = "; ".join(" and ".join(group) for group in several)
        said.append(
            f"The lists fall into groups without anyone in common ({shown}): as if each were of a "
            "population of its own. Between the groups nothing can be said but that they exclude "
            "each other, or that the number has no upper limit."
        )
    if not several:
        said.append("No two lists have anyone in common: nothing can be said of those on none.")
    return said


def _contained(table: OverlapTable, pairs: Mapping[str, tuple[Pair, ...]]) -> list[str]:
    said = []
    for a, b in combinations(table.lists, 2):
        both = sum(one.both for found in pairs.values() for one in found if one.lists == (a, b))
        for inner, outer in ((a, b), (b, a)):
            if both and both == table.size(inner):
                said.append(
                    f"Everybody on {inner} ({both:,}) is on {outer}: as if one were made from the "
                    "other, or referred to it. Taken as independent, they say that hardly anyone "
                    f"is missing from {outer}."
                )
                break
    return said


def _limits(table: OverlapTable) -> list[str]:
    said = []
    limits: dict[str, int] = {}
    unlinked: dict[str, int] = {}
    for stratum in table.strata:
        cells = table.cells(stratum)
        for one, n, limit in zip(cells.patterns, cells.counts, cells.limits, strict=True):
            if limit and n:
                name = table.in_words(one)
                limits[name] = limits.get(name, 0) + int(n)
            for name, letter in zip(table.lists, one, strict=True):
                if letter == "?" and n and table.covers(name, stratum):
                    unlinked[name] = unlinked.get(name, 0) + int(n)
    said += [
        f"The {n:,} people on {name} are an upper limit, since others are among them: they are "
        "not counted as known."
        for name, n in limits.items()
    ]
    said += [
        f"Of {n:,} people it is not known whether they are on {name}, which was not linked there."
        for name, n in unlinked.items()
    ]
    return said


def _of_stratum(table: OverlapTable, stratum: str, pairs: tuple[Pair, ...]) -> list[str]:
    covering = [name for name in table.lists if table.covers(name, stratum)]
    people = {name: n for one in pairs for name, n in zip(one.lists, one.people, strict=True)}
    said = [
        f"Stratum {stratum!r}: nobody is on {name}; there the list says nothing, or does not cover "
        "these people (not_covering)."
        for name in covering
        if people.get(name) == 0
    ]
    informative = [name for name in covering if people.get(name)]
    if len(informative) < 3 <= len(table.lists):
        said.append(
            f"Stratum {stratum!r}: {len(informative)} lists have people: "
            + (
                "their independence has to be assumed and cannot be tested there."
                if len(informative) == 2
                else "nothing can be said of those on none there."
            )
        )
    if not any(one.at_most for one in pairs):
        said.append(
            f"Stratum {stratum!r}: no two lists have anyone in common: its number on none has no "
            "upper limit if lists are independent."
        )
    return said
