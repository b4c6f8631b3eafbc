"""What can be wrong with an overlap table, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from funnelest.fields import TEXT, TRUTH, is_number, is_whole, text_problems
from funnelest.lists.table.cells import ALL, is_stratified, represented

__all__ = ["empty_problems", "joined", "list_problems", "shown", "table_problems"]

#: Columns of `OverlapTable.table` beside those of the lists.
COLUMNS = ("stratum", "people", "upper_limit")
_FEWEST, _MOST = 2, 10
#: Larger counts are mistakes: there are not so many people.
_LARGEST = 10**11


def joined(names: Sequence[str]) -> str:
    """Return names as they are listed in a sentence: ``"a, b and c"``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def shown(value: object) -> str:
    """Return what was given, cut short where it is long."""
    try:
        text = repr(value)
    except Exception:  # a number of ten thousand digits, or an object that cannot be shown
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def table_problems(
    lists: Sequence[str],
    counts: Mapping[str, Any],
    not_covering: Mapping[str, Sequence[str]],
    upper: Sequence[str],
    source: str,
    may_be_empty: bool,
) -> list[str]:
    """Return everything that is wrong with the fields of a table, one sentence each."""
    found = list_problems(lists, upper) + TEXT.problems("source", source)
    if not isinstance(counts, Mapping) or not counts:
        given = f"given {shown(counts)}"
        return [*found, f"field 'counts' must map patterns of lists to numbers; {given}."]
    if not _are_names(lists) or not _FEWEST <= len(lists) <= _MOST:
        return found  # nothing can be said of patterns
    stratified = is_stratified(counts)
    by_stratum = counts if stratified else {ALL: counts}
    for stratum, each in by_stratum.items():
        where = f"stratum {shown(stratum)}: " if stratified else ""
        if stratified:
            found += _stratum_problems(stratum)
        if not isinstance(each, Mapping):
            found.append(f"{where}either every stratum has a table or none; given {shown(each)}.")
            continue
        found += _count_problems(len(lists), each, where)
    found += _coverage_problems(list(lists), not_covering, by_stratum, stratified)
    found += TRUTH.problems("may_be_empty", may_be_empty)
    return found if found or may_be_empty else empty_problems(lists, by_stratum)


def empty_problems(
    lists: Sequence[str], by_stratum: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """Return which lists have nobody."""
    if not any(n for counts in by_stratum.values() for n in counts.values()):
        return ["nobody is on any list: all counts are 0."]
    return [
        f"list {name!r} has nobody: leave it out, or mark where it does not cover people."
        for i, name in enumerate(lists)
        if not any(
            n and pattern[i] == "1"
            for counts in by_stratum.values()
            for pattern, n in counts.items()
        )
    ]


def _are_names(names: object) -> bool:
    given = isinstance(names, Sequence) and not isinstance(names, str)
    return given and all(isinstance(name, str) for name in names)  # type: ignore[attr-defined]


def list_problems(lists: object, upper: object = ()) -> list[str]:
    """Return what is wrong with the names of lists, and of those that are upper limits."""
    if isinstance(lists, str) or not isinstance(lists, Sequence):
        return [f"field 'lists' must be a list of names; given {shown(lists)}."]
    names = list(lists)
    found = []
    if not _FEWEST <= len(names) <= _MOST:
        found.append(
            f"there must be {_FEWEST} to {_MOST} lists; given {len(names)}. Join lists that "
            "are alike into one."
            if len(names) > _MOST
            else f"there must be {_FEWEST} to {_MOST} lists; given {len(names)}: one list "
            "alone says nothing about those who are not on it."
        )
    found += [
        f"field 'lists': a name must be text that is not empty; given {shown(name)}."
        for name in names
        if not (isinstance(name, str) and name.strip())
    ]
    texts = [name for name in names if isinstance(name, str)]
    found += [text for name in texts for text in text_problems("field 'lists': a name", name)]
    found += [f"two lists are named {n!r}." for n in dict.fromkeys(texts) if texts.count(n) > 1]
    found += [
        f"no list can be named {n!r}: the table has a column of that name." for n in COLUMNS
        if n in texts
    ]  # fmt: skip
    if isinstance(upper, str) or not isinstance(upper, Sequence):
        found.append(f"field 'upper' must be a list of names of lists; given {shown(upper)}.")
        return found
    found += [
        f"field 'upper' names {shown(name)}; the lists are: {', '.join(texts)}."
        for name in upper
        if not (isinstance(name, str) and name in texts)
    ]
    if names and set(texts) <= {name for name in upper if isinstance(name, str)}:
        found.append("field 'upper' names every list: then nobody is known to be in the target.")
    return found


def _stratum_problems(stratum: object) -> list[str]:
    if not (isinstance(stratum, str) and stratum.strip()):
        return [
            f"a stratum is named by text that is not empty, such as '2017'; given {shown(stratum)}."
        ]
    if stratum == ALL:
        return [f"no stratum can be named {ALL!r}: that is the row of all strata together."]
    return text_problems("the name of a stratum", stratum)


def _count_problems(length: int, counts: Mapping[Any, Any], where: str) -> list[str]:
    found = []
    taken: dict[int, str] = {}
    for pattern, n in counts.items():
        if not isinstance(pattern, str) or not pattern or set(pattern) - set("01?"):
            found.append(
                f"{where}a pattern has one letter per list: 1 on it, 0 not on it, ? not known; "
                f"given {shown(pattern)}."
            )
            continue
        if len(pattern) != length:
            found.append(
                f"{where}pattern {shown(pattern)} has {len(pattern)} letters, there are {length} "
                "lists."
            )
            continue
        if not (is_whole(n, 0) and n <= _LARGEST):
            found.append(
                f"{where}the number for pattern {pattern!r} must be a whole number of at least 0 "
                f"and at most {_LARGEST:,}; given {shown(n)}."
            )
            continue
        found += _overlapping(pattern, int(n), taken, where)
    return found


def _overlapping(pattern: str, n: int, taken: dict[int, str], where: str) -> list[str]:
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
                f"{format(code, f'0{len(pattern)}b')!r}: no two counts may have a pattern in "
                "common. People who were linked and those who were not are strata of their own."
            )
            break
        taken[code] = pattern
    return found


def _coverage_problems(
    names: Sequence[str], not_covering: Any, by_stratum: Mapping[str, Any], stratified: bool
) -> list[str]:
    if not isinstance(not_covering, Mapping):
        given = shown(not_covering)
        return [f"field 'not_covering' must map lists to strata; given {given}."]
    if not_covering and not stratified:
        return [
            "field 'not_covering' names strata of which people cannot be on a list, and this table "
            "has no strata: give counts by stratum, or leave the list out."
        ]
    found = []
    strata = list(by_stratum)
    absent: dict[str, list[object]] = {}
    for name, given in not_covering.items():
        if name not in names:
            found.append(
                f"field 'not_covering' names list {shown(name)}; the lists are: {', '.join(names)}."
            )
            continue
        if isinstance(given, str) or not isinstance(given, Sequence | Set):
            found.append(
                f"field 'not_covering', list {name!r}: give a list of strata; given {shown(given)}."
            )
            continue
        absent[name] = [one for one in given if isinstance(one, str)]
        place = names.index(name)
        for stratum in given:
            if not (isinstance(stratum, str) and stratum in by_stratum):
                found.append(
                    f"field 'not_covering', list {name!r} names stratum {shown(stratum)}; the "
                    f"strata are: {', '.join(map(str, strata))}."
                )
                continue
            counts = by_stratum[stratum]
            found += [
                f"stratum {stratum!r}: {shown(n)} people are on {shown(pattern)}, yet list "
                f"{name!r} does not cover this stratum."
                for pattern, n in (counts.items() if isinstance(counts, Mapping) else ())
                if isinstance(pattern, str) and pattern[place : place + 1] == "1"
                if is_number(n) and n
            ]
    for stratum in strata:
        covering = sum(stratum not in absent.get(name, ()) for name in names)
        if covering < 2:
            found.append(
                f"stratum {shown(stratum)} is covered by {covering} of the lists: without "
                "two, nothing is known of those on none. Leave it out."
            )
    return found
