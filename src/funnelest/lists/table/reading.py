"""Overlap tables from frames: one row per combination of lists, per person, or per record."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import raise_if_any
from funnelest.fields import is_number, is_whole, plain
from funnelest.lists.table.problems import list_problems, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_histories", "read_records"]

type Texts = NDArray[np.object_]
type Marks = NDArray[np.bool_]
type Counts = dict[str, Any]

#: So many strata of so many persons, and half as many strata as persons or more: the column
#: names persons. Fewer (6 persons in 3 regions) may be an honest small table.
_STRATA, _PERSONS = 4, 5
_LETTERS = {"0", "1", "?"}


def read_histories(
    frame: pd.DataFrame, lists: Sequence[str], count: str, strata: str | Sequence[str], upper: Any
) -> Counts:
    """Return the counts of a frame with one row per combination of lists, by stratum if any."""
    groups = _as_columns(strata)
    found = list_problems(lists, upper) + _frame_problems(
        frame, [("lists", lists), ("count", [count]), ("strata", groups)]
    )
    if _usable(frame):
        letters = _patterns(frame, lists, found)
        stratum = _strata(frame, groups, found)
        nobody = np.array([set(one) == {"0"} for one in letters], dtype=bool)
        numbers = _numbers(frame, count, nobody, found)
    raise_if_any(found, "the histories")
    keys = list(zip(stratum, letters, strict=True))
    twice = [key for key in dict.fromkeys(keys) if keys.count(key) > 1]
    raise_if_any(
        [
            f"{keys.count((group, one))} rows have the pattern {one!r}"
            + (f" in stratum {shown(group)}" if groups else "")
            + ": a combination of lists has one row. Add them up, or name the columns that tell "
            "them apart as strata."
            for group, one in twice
        ],
        "the histories",
    )
    made: dict[str, dict[str, Any]] = {}
    for (group, pattern), number in zip(keys, numbers, strict=True):
        made.setdefault(group, {})[pattern] = number
    return made if groups else made[""]


def read_records(
    frame: pd.DataFrame,
    lists: Sequence[str] | None,
    person: str | None,
    register: str | None,
    strata: str | Sequence[str],
    upper: Any,
) -> tuple[Sequence[str], Counts]:
    """Return lists and counts of a frame with one row per person, or per record of a person.

    Of a long frame, `lists` are the values of the column `register`. Problems say how many have
    them, and never who.
    """
    groups = _as_columns(strata)
    if register is None:
        names, letters, stratum = _wide(frame, lists, person, groups, upper)
    else:
        names, letters, stratum = _long(frame, lists, person, register, groups, upper)
    kept = Counter(zip(stratum, letters, strict=True))
    made: dict[str, dict[str, int]] = {}
    for group, pattern in sorted(kept, key=lambda key: (_natural(key[0]), key[1])):
        made.setdefault(group, {})[pattern] = kept[group, pattern]
    return names, made if groups else made[""]


def _natural(text: str) -> list[int | str]:
    """Return what sorts 5-9 before 10-14."""
    return [int(one) if i % 2 else one for i, one in enumerate(re.split("([0-9]+)", text))]


def _wide(
    frame: pd.DataFrame,
    lists: Sequence[str] | None,
    person: str | None,
    groups: Sequence[str],
    upper: Any,
) -> tuple[Sequence[str], Texts, Texts]:
    persons = [] if person is None else [person]
    names = [] if lists is None else lists
    found = list_problems(names, upper)
    if lists is None:
        found = [
            "give 'lists', the columns of the lists (one row per person), or 'person' and "
            "'list', the columns of a frame with one row per record."
        ]
    found += _frame_problems(frame, [("lists", names), ("person", persons), ("strata", groups)])
    if _usable(frame):
        letters = _patterns(frame, names, found)
        stratum = _strata(frame, groups, found)
        for column in _present(frame, persons):
            _twice(_persons(frame, column, found), found)
        all_there = isinstance(names, Sequence) and 0 < len(_present(frame, names)) == len(names)
        nobody = int(np.sum(letters == "0" * len(names))) if all_there else 0
        if nobody:
            found.append(
                f"{_number(nobody, 'person is', 'persons are')} on no list (0 in every column): "
                "how many there are of these is what is asked. People who are known from "
                "elsewhere form a list of their own: add a column for it."
            )
        found += _too_fine(stratum, len(frame))
    raise_if_any(found, "the records")
    return names, letters, stratum


def _twice(persons: NDArray[np.intp], found: list[str]) -> None:
    twice = int(np.sum(np.bincount(persons[persons >= 0]) > 1))
    if twice:
        found.append(
            f"{_number(twice, 'person has', 'persons have')} several rows: a wide frame has one "
            "row per person. For one row per record give 'person' and 'list'."
        )


def _long(
    frame: pd.DataFrame,
    lists: Sequence[str] | None,
    person: str | None,
    register: str,
    groups: Sequence[str],
    upper: Any,
) -> tuple[Sequence[str], Texts, Texts]:
    import pandas as pd

    found = [] if lists is None else list_problems(lists, upper)
    if person is None:
        found.append(
            "a frame with one row per record needs 'person', the column that says whose it is."
        )
    persons = [] if person is None else [person]
    found += _frame_problems(frame, [("person", persons), ("list", [register]), ("strata", groups)])
    if not _usable(frame):
        raise_if_any(found, "the records")
    stratum = _strata(frame, groups, found)
    codes = np.full(len(frame), -1)
    for column in _present(frame, persons):
        codes = _persons(frame, column, found)
    for column in _present(frame, [register]):
        on, unnamed = _texts(frame[column])
        found += _missing_problems(unnamed, "'list'", column)
        names = sorted(set(on[~unnamed]), key=_natural) if lists is None else lists
        if lists is None:
            found += list_problems(names, upper)
        known = set(_strings(names))
        strange = ~unnamed & np.array([one not in known for one in on], dtype=bool)
        if strange.any():
            kinds = _number(len(set(on[strange])), "name that is", "names that are")
            found.append(
                f"column {column!r} has {kinds} not in 'lists', in {_rows(strange)}; the lists "
                f"are: {', '.join(_strings(names))}."
            )
    number = int(codes.max()) + 1
    numbered, _ = pd.factorize(stratum)
    first = np.full(number + 1, len(frame) - 1)  # of each person, and of those without a name
    np.minimum.at(first, codes, np.arange(len(frame)))
    moved = len(set(codes[(numbered != numbered[first[codes]]) & (codes >= 0)]))
    if moved:
        found.append(
            f"{_number(moved, 'person is', 'persons are')} in several strata: strata have no "
            "people in common. Give every record of a person the same stratum."
        )
    stratum = stratum[first[:number]]
    raise_if_any([*found, *_too_fine(stratum, number)], "the records")
    place = {name: i for i, name in enumerate(names)}
    marked = np.zeros((number, len(names)), dtype=bool)
    marked[codes, [place[one] for one in on]] = True
    letters = _joined(list(np.where(marked.T, "1", "0").astype(object)), "")
    return names, letters, stratum


# ------------------------------------------------------------------- columns


def _as_columns(strata: str | Sequence[str]) -> Sequence[str]:
    return [strata] if isinstance(strata, str) else strata


def _frame_problems(frame: Any, wanted: Sequence[tuple[str, Any]]) -> list[str]:
    """Return which columns are not there, twice there or used twice."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        return [f"a pandas DataFrame is needed; given a {type(frame).__name__}."]
    found = []
    have = list(frame.columns)
    used: list[object] = []
    for role, columns in wanted:
        if isinstance(columns, str) or not isinstance(columns, Sequence):
            if role != "lists":  # of which list_problems tells
                found.append(f"'{role}' must name columns; given {shown(columns)}.")
            continue
        for column in columns:
            times = sum(_same(column, one) for one in have)
            if times != 1:
                state = "is not a column" if not times else f"is the name of {times} columns"
                found.append(
                    f"'{role}': {shown(column)} {state} of the frame, whose columns are: "
                    f"{', '.join(map(str, have))}."
                )
            if any(_same(column, one) for one in used):
                found.append(f"column {shown(column)} is named twice, a second time in '{role}'.")
            used.append(column)
    if not len(frame):
        found.append("the frame has no rows.")
    return found


def _usable(frame: Any) -> bool:
    """Return whether there is something to look at in the columns."""
    import pandas as pd

    return isinstance(frame, pd.DataFrame) and len(frame) > 0


def _present(frame: pd.DataFrame, columns: Any) -> list[str]:
    """Return those of the columns that are there, once."""
    if isinstance(columns, str) or not isinstance(columns, Sequence):
        return []
    have = list(frame.columns)
    return [name for name in columns if sum(_same(name, one) for one in have) == 1]


def _strings(names: Any) -> list[str]:
    given = names if isinstance(names, Sequence) else ()
    return [name for name in given if isinstance(name, str)]


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and bool(one == other)


def _patterns(frame: pd.DataFrame, lists: Sequence[str], found: list[str]) -> Texts:
    """Return the pattern of every row; note what is wrong with the columns of the lists."""
    columns = []
    for name in _present(frame, lists):
        letters, bad = _letters(frame[name])
        columns.append(letters)
        if bad.any():
            found.append(
                f"column {name!r} must have 1 (on the list), 0 (not on it), '?' or nothing (not "
                f"known); {_rows(bad)} have something else."
            )
    return _joined(columns, "") if columns else np.full(len(frame), "", dtype=object)


def _joined(columns: Sequence[Texts], between: str) -> Texts:
    """Return the texts of every row in one, made once for rows that are alike."""
    import pandas as pd

    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        each, values = pd.factorize(column)
        codes, _ = pd.factorize(codes * len(values) + each)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    made = [between.join(column[i] for column in columns) for i in first]
    return np.asarray(np.array(made, dtype=object)[inverse])


def _letters(column: pd.Series) -> tuple[Texts, Marks]:
    """Return 0, 1 or ? for every row, and which rows have something else."""
    if column.dtype.kind in "biuf":
        values = column.to_numpy(dtype=float, na_value=np.nan)
        letters = np.where(values == 1, "1", np.where(values == 0, "0", "?")).astype(object)
        return letters, ~np.isnan(values) & (letters == "?")
    given = _each(column, _letter, "?")
    return given, given == ""


def _letter(value: object) -> str:
    """Return 0, 1 or ?, and nothing for what is none of them."""
    if isinstance(value, str):
        return value.strip() if value.strip() in _LETTERS else ""
    number = isinstance(value, bool | np.bool_) or is_number(value)
    return str(int(value)) if number and value in (0, 1) else ""


def _numbers(frame: pd.DataFrame, count: str, nobody: Marks, found: list[str]) -> list[int]:
    """Return the counts; that of people on no list may be missing, since it is asked."""
    if not _present(frame, [count]):
        return []
    column = frame[count]
    missing = column.isna().to_numpy(dtype=bool)
    given = [plain(one) for one in column.astype(object)]
    good = np.array([is_whole(one, 0) for one in given], dtype=bool)
    bad = ~good & ~missing
    numbers = [int(n) if fine else 0 for n, fine in zip(given, good, strict=True)]
    lost = missing & ~nobody
    if lost.any():
        found.append(
            f"column {count!r} has no number in {_rows(lost)}: a combination that nobody is "
            "on has the count 0; one that was withheld has no place in the table."
        )
    if bad.any():
        found.append(
            f"column {count!r} must have whole numbers of at least 0; {_rows(bad)} have "
            "something else."
        )
    return numbers


def _strata(frame: pd.DataFrame, groups: Sequence[str], found: list[str]) -> Texts:
    """Return the name of every row's stratum, "" without; note what is wrong with them."""
    columns = []
    for name in _present(frame, groups):
        texts, missing = _texts(frame[name])
        found += _missing_problems(missing, "'strata'", name)
        columns.append(texts)
    if not columns:
        return np.full(len(frame), "", dtype=object)
    made = _joined(columns, " / ")
    if len(set(made)) < len(set(zip(*columns, strict=True))):
        found.append(
            "strata with ' / ' in their names become the same when they are joined: rename them."
        )
    return made


def _texts(column: pd.Series) -> tuple[Texts, Marks]:
    """Return the values as text, and which are missing or empty."""
    texts = _each(column, lambda value: text if (text := _text(value)).strip() else "", "")
    return texts, texts == ""


def _each(column: pd.Series, function: Callable[[Any], str], missing: str) -> Texts:
    """Return a function of every value, found once for values that are alike."""
    import pandas as pd

    try:
        codes, values = pd.factorize(column)
        values = list(values)
    except TypeError:  # values such as lists have no hash
        codes = np.where(column.isna(), -1, np.arange(len(column)))
        values = column.tolist()
    made = np.array([*map(function, values), missing], dtype=object)
    return np.asarray(made[codes])


def _text(value: object) -> str:
    # 2017.0, where a missing value has made floats of years
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]


def _persons(frame: pd.DataFrame, column: str, found: list[str]) -> NDArray[np.intp]:
    """Return a number for every row's person, -1 for none; note what is wrong."""
    import pandas as pd

    try:
        codes, values = pd.factorize(frame[column])
    except TypeError:  # lists and the like
        found.append(f"'person': column {column!r} must have text or numbers.")
        return np.full(len(frame), -1)
    blank = [i for i, one in enumerate(values) if isinstance(one, str) and not one.strip()]
    codes = np.where(np.isin(codes, blank), -1, codes)
    found += _missing_problems(codes < 0, "'person'", column)
    return np.asarray(codes)


# ----------------------------------------------------------------- sentences


def _missing_problems(missing: Marks, role: str, column: str) -> list[str]:
    if not missing.any():
        return []
    return [f"{role}: column {column!r} has no value in {_rows(missing)}."]


def _too_fine(stratum: Texts, persons: int) -> list[str]:
    """Return whether the strata are persons, whose names must not get into a table."""
    strata = len(set(stratum))
    if persons < _PERSONS or strata < _STRATA or 2 * strata < persons:
        return []
    return [
        f"'strata' make {strata:,} strata of {persons:,} persons: does the column name persons? "
        "No person may be told from a table. Give columns of groups, such as sex, region or age "
        "group, or join strata so that each has more persons."
    ]


def _rows(marks: Marks) -> str:
    return _number(int(marks.sum()), "row", "rows")


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
