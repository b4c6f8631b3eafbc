"""What can be said of an overlap table before any model is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.lists.table.table import OverlapTable, table_needed
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["what_can_be_said"]

#: More empty pairs of lists than this are told in one sentence.
_MOST = 6

type Names = tuple[str, ...]


@dataclass(frozen=True)
class _Pair:
    """Two lists in one stratum: people on each, on both, and on both as far as can be known."""

    stratum: str
    lists: tuple[str, str]
    people: tuple[int, int]
    both: int
    #: Both or not known, where one of them was not linked.
    at_most: int


@entry
def what_can_be_said(table: OverlapTable) -> Verdict:
    """Return what the overlaps allow to be said, before any model is fitted.

    Parameters
    ----------
    table : OverlapTable
        The table.

    Returns
    -------
    Verdict
        Empty overlaps, lists that overlap with none, fewer than three lists, lists without people
        in a stratum, lists inside another: it passed where there are none of these. Lists that
        also hold others, and lists that were not linked, are told too. `found` has the pairs of
        lists in each stratum. `details` has the pairs with nobody in common in any stratum
        (`empty`), the lists that have nobody in common with any other (`alone`), and the `groups`
        of lists that hang together by overlaps; one group when all do.

        The table has one row per stratum and pair of lists: people on each and on both, and shares.

    Raises
    ------
    SpecError
        When it is no overlap table.

    See Also
    --------
    existence : Whether a given model has a maximum-likelihood estimate.
    """
    raise_if_any(table_needed(table), "what can be said")
    pairs = [one for stratum in table.strata for one in _pairs(table, stratum)]
    linked = {one.lists for one in pairs if one.at_most}
    empty = tuple(pair for pair in combinations(table.lists, 2) if pair not in linked)
    groups = _groups(table.lists, linked)
    alone = tuple(group[0] for group in groups if len(group) == 1)
    if len(table.lists) == 2:
        first, *wrong = _of_two(table, empty)
    else:
        count = len(table.lists)
        first = say("lists.said.several", count=count, fewer=count - 1)
        wrong = _of_groups(table, groups, alone)
        wrong += _of_empty(table, [pair for pair in empty if not set(pair) & set(alone)])
    inside = _contained(table, pairs)
    strata = [
        one
        for stratum in (table.strata if table.stratified else ())
        for one in _of_stratum(table, stratum, [one for one in pairs if one.stratum == stratum])
    ]
    passed = len(table.lists) > 2 and not (wrong or inside or strata)
    return Verdict(
        check="what_can_be_said",
        passed=passed,
        said=[first, *wrong, *inside, *_limits(table), *strata],
        marked="" if passed else say("lists.said.mark"),
        rows={
            "pairs": [
                {
                    **({"stratum": one.stratum} if len(table.strata) > 1 else {}),
                    "list": one.lists[0],
                    "other": one.lists[1],
                    "people": one.people[0],
                    "people_other": one.people[1],
                    "both": one.both,
                    "not_known": one.at_most - one.both,
                    "share_of_list": one.both / one.people[0] if one.people[0] else np.nan,
                    "share_of_other": one.both / one.people[1] if one.people[1] else np.nan,
                }
                for one in pairs
            ]
        },
        found=tuple(pairs),
        details={"empty": empty, "alone": alone, "groups": groups},
        printed=(),
    )


def _of_empty(table: OverlapTable, empty: Sequence[tuple[str, str]]) -> list[Sentence]:
    """Return what empty pairs of lists mean: a sentence each, or one when they are many."""
    if len(empty) <= _MOST:
        return [
            say("lists.said.empty", a=a, b=b, on_a=table.size(a), on_b=table.size(b))
            for a, b in empty
        ]
    named = [say("lists.said.pair", names=pair) for pair in empty[:_MOST]]
    return [say("lists.said.many_empty", count=len(empty), names=named, more=len(empty) - _MOST)]


def _pairs(table: OverlapTable, stratum: str) -> list[_Pair]:
    cells = table.cells(stratum)
    letters = np.array([list(one) for one in cells.patterns])
    counts = cells.counts.astype(int)
    sure, maybe = letters == "1", letters != "0"
    covering = [i for i, name in enumerate(table.lists) if table.covers(name, stratum)]
    return [
        _Pair(
            stratum,
            (table.lists[i], table.lists[j]),
            (int(counts[sure[:, i]].sum()), int(counts[sure[:, j]].sum())),
            int(counts[sure[:, i] & sure[:, j]].sum()),
            int(counts[maybe[:, i] & maybe[:, j]].sum()),
        )
        for i, j in combinations(covering, 2)
    ]


def _groups(lists: Sequence[str], linked: set[tuple[str, str]]) -> tuple[Names, ...]:
    """Return the lists that hang together by overlaps."""
    found: list[set[str]] = [{name} for name in lists]
    for a, b in linked:
        one = next(group for group in found if a in group)
        other = next(group for group in found if b in group)
        if one is not other:
            one |= other
            found.remove(other)
    order = {name: i for i, name in enumerate(lists)}
    ordered = [tuple(sorted(group, key=order.__getitem__)) for group in found]
    return tuple(sorted(ordered, key=lambda group: order[group[0]]))


def _of_two(table: OverlapTable, empty: Sequence[tuple[str, str]]) -> list[Sentence]:
    a, b = table.lists
    said = [say("lists.said.two")]
    return [*said, say("lists.said.two_empty", a=a, b=b)] if empty else said


def _of_groups(table: OverlapTable, groups: Sequence[Names], alone: Names) -> list[Sentence]:
    said = [say("lists.said.alone", name=name, n=table.size(name)) for name in alone]
    several = [say("lists.said.pair", names=group) for group in groups if len(group) > 1]
    if len(several) > 1:
        said.append(say("lists.said.groups", names=several))
    return said if several else [*said, say("lists.said.none")]


def _contained(table: OverlapTable, pairs: Sequence[_Pair]) -> list[Sentence]:
    said = []
    for a, b in combinations(table.lists, 2):
        both = sum(one.both for one in pairs if one.lists == (a, b))
        for inner, outer in ((a, b), (b, a)):
            if both and both == table.size(inner):
                said.append(say("lists.said.contained", inner=inner, outer=outer, both=both))
                break
    return said


def _limits(table: OverlapTable) -> list[Sentence]:
    limits: dict[str, int] = {}
    unlinked: dict[str, int] = {}
    for stratum in table.strata:
        cells = table.cells(stratum)
        for one, n, limit in zip(cells.patterns, cells.counts, cells.limits, strict=True):
            if limit and n:
                limits[one] = limits.get(one, 0) + int(n)
            for name, letter in zip(table.lists, one, strict=True):
                if letter == "?" and n and table.covers(name, stratum):
                    unlinked[name] = unlinked.get(name, 0) + int(n)
    return [
        *(say("lists.said.limit", people=n, on=table.named(one)) for one, n in limits.items()),
        *(say("lists.said.unlinked", people=n, name=name) for name, n in unlinked.items()),
    ]


def _of_stratum(table: OverlapTable, stratum: str, pairs: Sequence[_Pair]) -> list[Sentence]:
    covering = [name for name in table.lists if table.covers(name, stratum)]
    people: Mapping[str, int] = {
        name: n for one in pairs for name, n in zip(one.lists, one.people, strict=True)
    }
    said = [
        say("lists.said.nobody", stratum=stratum, name=name)
        for name in covering
        if people.get(name) == 0
    ]
    count = sum(bool(people.get(name)) for name in covering)
    if count < 3 <= len(table.lists):
        key = "two_in" if count == 2 else "too_few_in"
        said.append(say(f"lists.said.{key}", stratum=stratum, count=count))
    if not any(one.at_most for one in pairs):
        said.append(say("lists.said.none_in", stratum=stratum))
    return said
