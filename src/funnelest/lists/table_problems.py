"""What can be wrong with an overlap table, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from funnelest.lists.table import OverlapTable

__all__ = ["ALL", "is_stratified", "patterns", "represented", "table_problems"]

#: The name of the only stratum of a table that has none.
ALL = "all"
_FEWEST, _MOST = 2, 10


def patterns(lists: int) -> list[str]:
    """Return every pattern of so many lists, the empty one first, in binary order."""
    return [format(code, f"0{lists}b") for code in range(2**lists)]


def represented(pattern: str) -> list[int]:
    """Return the complete patterns that a pattern stands for, as numbers in binary."""
    found = [0]
    for letter in pattern:
        ends = (0, 1) if letter == "?" else (int(letter),)
        found = [2 * code + end for code in found for end in ends]
    return found


def is_stratified(counts: Mapping[str, Any]) -> bool:
    """Return whether the counts are those of strata."""
    return any(isinstance(one, Mapping) for one in counts.values())


def table_problems(table: OverlapTable) -> list[str]:
    """Return everything that is wrong with a table, one sentence each."""
    found = _name_problems(table)
    if not isinstance(table.counts, Mapping) or not table.counts:
        given = f"given {table.counts!r}"
        return [*found, f"field 'counts' must map patterns of lists to numbers; {given}."]
    stratified = is_stratified(table.counts)
    by_stratum = table.counts if stratified else {ALL: table.counts}
    for stratum, counts in by_stratum.items():
        where = f"stratum {stratum!r}: " if stratified else ""
        if not isinstance(counts, Mapping):
            found.append(f"{where}either every stratum has a table or none; given {counts!r}.")
            continue
        found += _count_problems(table, counts, where)
    found += _coverage_problems(table, by_stratum)
    if found:
        return found
    total = sum(n for counts in by_stratum.values() for n in counts.values())
    if total == 0:
        return ["nobody is on any list: all counts are 0."]
    for i, name in enumerate(table.lists):
        if not any(
            n and pattern[i] == "1"
            for counts in by_stratum.values()
            for pattern, n in counts.items()
        ):
            found.append(
                f"list {name!r} has nobody: leave it out, or mark where it does not cover people."
            )
    return found


def _name_problems(table: OverlapTable) -> list[str]:
    if isinstance(table.lists, str) or not isinstance(table.lists, Sequence):
        return [f"field 'lists' must be a list of names; given {table.lists!r}."]
    found = []
    if not _FEWEST <= len(table.lists) <= _MOST:
        found.append(
            f"there must be {_FEWEST} to {_MOST} lists; given {len(table.lists)}. Join lists that "
            "are alike into one."
            if len(table.lists) > _MOST
            else f"there must be {_FEWEST} to {_MOST} lists; given {len(table.lists)}: one list "
            "alone says nothing about those who are not on it."
        )
    names = list(table.lists)
    found += [
        f"field 'lists': a name must be text that is not empty; given {name!r}."
        for name in names
        if not (isinstance(name, str) and name.strip())
    ]
    found += [f"two lists are named {n!r}." for n in dict.fromkeys(names) if names.count(n) > 1]
    if isinstance(table.upper, str) or not isinstance(table.upper, Sequence):
        found.append(f"field 'upper' must be a list of names of lists; given {table.upper!r}.")
    else:
        known = ", ".join(map(str, names))
        found += [
            f"field 'upper' names {name!r}; the lists are: {known}."
            for name in table.upper
            if name not in names
        ]
        if names and set(names) <= set(table.upper):
            found.append(
                "field 'upper' names every list: then nobody is known to be in the target."
            )
    return found


def _count_problems(table: OverlapTable, counts: Mapping[Any, Any], where: str) -> list[str]:
    found = []
    length = len(table.lists)
    taken: dict[int, str] = {}
    for pattern, n in counts.items():
        if not isinstance(pattern, str) or not pattern or set(pattern) - set("01?"):
            found.append(
                f"{where}a pattern has one letter per list: 1 on it, 0 not on it, ? not known; "
                f"given {pattern!r}."
            )
            continue
        if len(pattern) != length:
            found.append(
                f"{where}pattern {pattern!r} has {len(pattern)} letters, there are {length} lists."
            )
            continue
        whole = isinstance(n, int | np.integer) and not isinstance(n, bool)
        if not whole and isinstance(n, float | np.floating):
            whole = bool(np.isfinite(n) and n == int(n))
        if not whole or n < 0:
            found.append(
                f"{where}the number for pattern {pattern!r} must be a whole number of at least 0; "
                f"given {n!r}."
            )
            continue
        found += _overlapping(table, pattern, int(n), taken, where)
    return found


def _overlapping(
    table: OverlapTable, pattern: str, n: int, taken: dict[int, str], where: str
) -> list[str]:
    """Return why a pattern cannot stand beside the others, and note what it takes."""
    if "1" not in pattern:
        if "?" in pattern:
            return [
                f"{where}pattern {pattern!r} also stands for people on no list, who are never "
                "seen: a list that was linked with none of the others is no list of this table "
                "(it may be an Unlinked register of a route)."
            ]
        if n:
            return [
                f"{where}pattern {pattern!r} is that of people on no list, whose number is what "
                f"is asked; given {n}. People who are known from elsewhere form a list of "
                "their own: add it, with their overlap with the others."
            ]
        return []
    found = []
    for code in represented(pattern):
        if code in taken:
            found.append(
                f"{where}patterns {taken[code]!r} and {pattern!r} both count people on "
                f"{format(code, f'0{len(table.lists)}b')!r}: no two counts may have a pattern in "
                "common. People who were linked and those who were not are strata of their own."
            )
            break
        taken[code] = pattern
    return found


def _coverage_problems(table: OverlapTable, by_stratum: Mapping[str, Any]) -> list[str]:
    if not isinstance(table.not_covering, Mapping):
        return [f"field 'not_covering' must map lists to strata; given {table.not_covering!r}."]
    found = []
    names = list(table.lists)
    strata = list(by_stratum)
    for name, absent in table.not_covering.items():
        if name not in names:
            found.append(
                f"field 'not_covering' names list {name!r}; the lists are: {', '.join(names)}."
            )
            continue
        if isinstance(absent, str) or not isinstance(absent, Iterable):
            found.append(
                f"field 'not_covering', list {name!r}: give a list of strata; given {absent!r}."
            )
            continue
        place = names.index(name)
        for stratum in absent:
            if stratum not in strata:
                found.append(
                    f"field 'not_covering', list {name!r} names stratum {stratum!r}; the strata "
                    f"are: {', '.join(map(str, strata))}."
                )
                continue
            counts = by_stratum[stratum]
            if not isinstance(counts, Mapping):
                continue
            found += [
                f"stratum {stratum!r}: {n} people are on {pattern!r}, yet list {name!r} does not "
                "cover this stratum."
                for pattern, n in counts.items()
                if isinstance(pattern, str) and pattern[place : place + 1] == "1" and n
            ]
    for stratum in strata:
        covering = [
            name for name in names if stratum not in _as_tuple(table.not_covering.get(name, ()))
        ]
        if len(covering) < 2 and names:
            found.append(
                f"stratum {stratum!r} is covered by {len(covering)} of the lists: without two, "
                "nothing is known of those on none. Leave it out."
            )
    return found


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) else ()
