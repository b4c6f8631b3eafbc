"""Named axes: their levels, what they hold, and what a selection of them means."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from funnelest.fields import TEXT, is_whole, text_problems
from funnelest.numbers import plain_number

__all__ = [
    "Axis",
    "Level",
    "Role",
    "Where",
    "as_level",
    "frame_problems",
    "made_axes",
    "read_level",
    "read_levels",
    "show_level",
    "show_where",
]

#: One label of an axis: a number, an inclusive band of whole numbers, ``(65, None)`` where it has
#: no end, or a name.
type Level = int | str | tuple[int, int | None]
#: Which cells: axis name -> one level, an inclusive ``(low, high)``, or a list of levels.
type Where = Mapping[str, Any]
#: What the levels of an axis are.
type Role = Literal["ages", "years", "regions"]

_UNIT = (
    r"(?:[ -]*(?:years?[ -]?olds?|years? of age|years?|yrs?\.?|y/?o|y|jaar|jr\.?|jarigen?|"
    r"Jahren?|J\.|Jährigen?))?"
)
_N = rf"(\d+){_UNIT}"
_OF = r"(?:(?:ages?|aged|leeftijd|Alter|im Alter von)[ -]+)?"
_AGE = r"(?:[ -](?:age|ages|the age of|de|die|leeftijd|leeftijd van))?"
_DASH = (
    r"(?:[-\u2010-\u2014\u2212_]|\.\.|(?:\b|(?<=\d))"
    r"(?:through|thru|t/m|tot en met|bis einschließlich|bis)\b)"
)
type _Form = tuple[str, Callable[..., tuple[int, int | None]]]
#: How numbers and bands of them are printed, and what they mean; all of ages, the first of years.
#: "Up to 12", "12 to 18", "over 65" and ">65" are not read: whether the end is meant too differs
#: by who says it, and so the model asks.
_FORMS: tuple[_Form, ...] = (
    (rf"{_OF}(?:(?:van|von) +)?{_N} *{_DASH} *{_N}", lambda low, high: (low, high)),
    (r"Y(\d+)-(\d+)|\[ *(\d+) *[,;] *(\d+) *\]", lambda low, high: (low, high)),
    (rf"(?:Y(?=\d+$))?{_OF}(\d+){_UNIT}", lambda age: (age, age)),
    (
        rf"{_OF}(?:(?:van|von) +)?{_N} *"
        rf"(?:tot|bis unter|(?:to|up to|-|\u2013) *(?:under|below|unter|onder)) *{_N}|"
        r"\[ *(\d+) *[,;] *(\d+) *\)",
        lambda low, end: (low, end - 1),
    ),
    (r"\( *(\d+) *[,;] *(\d+) *\]", lambda below, high: (below + 1, high)),
    (
        rf"(?:{_OF}<|Y_LT|{_OF}(?:under|below|younger than|less than|onder|beneden|jonger dan|"
        rf"minder dan|tot|unter|bis unter|jünger als|juenger als|weniger als){_AGE}[ -]) *{_N}s?",
        lambda end: (0, end - 1),
    ),
    (
        rf"{_OF}(?:<=|\u2264|t/m|tot en met|up to and including|bis einschließlich|bis) *{_N}",
        lambda high: (0, high),
    ),
    (
        rf"{_OF}{_N} (?:(?:and|or|&) (?:under|younger|below)|(?:en|of) jonger|"
        r"(?:und|oder) (?:jünger|juenger))",
        lambda high: (0, high),
    ),
    (
        rf"{_OF}(?:>=|\u2265|Y_GE|vanaf|from|at least|ten minste|minstens|mindestens|ab){_AGE}"
        rf" *{_N}",
        lambda low: (low, None),
    ),
    (rf"{_OF}{_N} *[- ]?(?:\+|plus(?:sers?)?){_UNIT}", lambda low: (low, None)),
    (
        rf"{_OF}{_N} (?:(?:and|or|&) (?:over|older|more|above|up|upwards)|"
        r"(?:en|of) (?:ouder|meer|hoger)|(?:und|oder) (?:mehr|älter|aelter|darüber))",
        lambda low: (low, None),
    ),
)
#: Marks of a year that is not final, and a word before it.
_YEAR = re.compile(
    r"(?:(?:calendar |kalender)?(?:year|jaar|Jahr)\s+)?(.*?)"
    r"\s*(?:\*+|\((?:provisional|preliminary|voorlopig|vorläufig|p)\))?",
    re.IGNORECASE,
)
_READ = "such as 0-11, under 12, 65+, 65 and over, 12 tot 18 jaar, 65 jaar of ouder or Y15-24"
#: A text that may be a year, or an age or band of ages, though nobody knows how to read it.
_MIGHT = {
    "years": re.compile(r"\D*(?:1[89]|20|21)\d\d\D.*|\D*(?:1[89]|20|21)\d\d"),
    "ages": re.compile(r"(?:.*\D)?\d{1,3}(?:\D.*)?"),
}
#: Role -> the lowest and highest level that it can have without anyone saying so.
_WITHIN: Mapping[Role, tuple[int, int]] = {"ages": (0, 120), "years": (1900, 2100)}


def as_level(value: object) -> Level | None:
    """Return `value` as a level, or None when it cannot be one."""
    if isinstance(value, str):
        return value
    number = plain_number(value)
    if isinstance(number, int):
        return number
    if number is not None:
        return int(number) if number.is_integer() else None
    if isinstance(value, tuple | list) and len(value) == 2:
        low, high = as_level(value[0]), as_level(value[1])
        if isinstance(low, int) and (isinstance(high, int) or value[1] is None):
            return (low, high)  # type: ignore[return-value]
    return None


def read_level(text: str, role: Role | None = "ages") -> Level | None:
    """Return the number or band that a text is printed for, or None when it is a name."""
    if role == "years" and (found := _YEAR.fullmatch(text.strip())):
        text = found[1]
    for pattern, meant in _FORMS[:1] + _FORMS[2:3] if role == "years" else _FORMS:
        if found := re.fullmatch(pattern, text.strip(), re.IGNORECASE):
            # Of several ways to write one meaning, those of the one that was used.
            low, high = meant(*(int(one) for one in found.groups() if one is not None))
            return low if low == high else (low, high)
    return None


def read_levels(
    name: str, labels: Iterable[object], role: Role | None, declared: bool
) -> tuple[list[Level], list[str]]:
    """Return the levels that labels of an axis are, and what is wrong with them.

    Texts are read as numbers and bands where the axis is declared to hold ages or years, or
    where all of them can be and one at least is no mere string of digits, as a code may be.
    """
    levels: list[Level] = []
    problems = []
    for label in labels:
        level = as_level(label)
        if level is None:
            problems.append(
                f"axis {name!r}: {label!r} is not a level; allowed are whole numbers, "
                "inclusive bands (low, high), (low, None) and names."
            )
        else:
            levels.append(level)
    if role == "regions" or (declared and role is None):
        return levels, problems
    read = [read_level(one, role) if isinstance(one, str) else one for one in levels]
    if role is None and None in read:  # "2017*" and "year 2016" are years, and no ages
        years = [read_level(one, "years") if isinstance(one, str) else one for one in levels]
        read = years if all(map(_is_year, years)) else read
    names = [one for one, level in zip(levels, read, strict=True) if level is None]
    if role is not None:
        kinds = "numbers or bands as printed, " + _READ if role == "ages" else "numbers or bands"
        problems += [
            f"axis {name!r} is declared to hold {role}, but {one!r} is not read as one; {role} are "
            f"{kinds}."
            for one in names
        ]
    elif names or not any(
        isinstance(one, tuple) or (isinstance(one, str) and not one.isdigit()) for one in levels
    ):
        return levels, problems
    return [one for one in read if one is not None], problems


def _is_year(level: Level | None) -> bool:
    """Return whether this is a year, or a band of them, that nobody needs to say is one."""
    least, most = _WITHIN["years"]
    low, high = level if isinstance(level, tuple) else (level, level)
    return isinstance(low, int) and isinstance(high, int) and least <= low <= high <= most


def show_level(level: object) -> str:
    """Return a level as a reader writes it: ``12-16`` for the band (12, 16), ``65+``."""
    if isinstance(level, tuple) and len(level) == 2:
        if level[1] is None or level[1] == math.inf:
            return f"{level[0]}+"
        return f"{level[0]}-{level[1]}" if level[0] != level[1] else str(level[0])
    return str(level)


def show_where(where: Where) -> str:
    """Return a selection as text: ``age 12-16, year 2016``, or ``all``."""
    if not isinstance(where, Mapping):
        return repr(where)
    parts = []
    for axis, wanted in where.items():
        if isinstance(wanted, list | set | frozenset) or (
            isinstance(wanted, tuple) and not all(isinstance(w, int | None) for w in wanted)
        ):
            parts.append(f"{axis} {' or '.join(show_level(w) for w in wanted)}")
        else:
            parts.append(f"{axis} {show_level(wanted)}")
    return ", ".join(parts) or "all"


@dataclass(frozen=True, repr=False)
class Axis:
    """One named axis of a population and its levels.

    Parameters
    ----------
    name : str
        Name of the axis, such as ``"age"``; nothing is read from it.
    levels : sequence of int, str or (int, int)
        The labels in order. A pair of whole numbers is an inclusive band, ``(65, None)`` one
        without an end.
    role : {"ages", "years", "regions"}, optional
        What the levels are; None where they are something else, or it is not known.
    declared : bool, default False
        Whether somebody said so, rather than the levels.
    """

    name: str
    levels: tuple[Level, ...]
    role: Role | None = None
    declared: bool = False

    @property
    def numeric(self) -> bool:
        """Whether every level is a whole number or a band of them."""
        return not any(isinstance(level, str) for level in self.levels)

    @property
    def open(self) -> Level | None:
        """The band without an end, if there is one."""
        return next((v for v in self.levels if isinstance(v, tuple) and v[1] is None), None)

    def bounds(self, index: int) -> tuple[int, float]:
        """Return the inclusive bounds of a numeric level; infinity where it has no end."""
        level = self.levels[index]
        if isinstance(level, str):
            raise TypeError(f"level {level!r} of axis {self.name!r} is not a number")
        low, high = level if isinstance(level, tuple) else (level, level)
        return low, math.inf if high is None else high

    @property
    def spans(self) -> list[tuple[int, float]]:
        """The inclusive bounds of every level of a numeric axis."""
        return [self.bounds(i) for i in range(len(self.levels))]

    def could_hold(self, role: Role) -> bool:
        """Return whether the levels are such as ages (or years) are, whatever the name."""
        if not self.levels or not self.numeric:
            return False
        least, most = _WITHIN[role]
        return all(
            least <= low <= most and (high <= most or (high == math.inf and role == "ages"))
            for low, high in self.spans
        )

    def might_hold(self, role: Role) -> bool:
        """Return whether the levels may be ages (or years), without being so beyond doubt.

        Years that are texts, or of other centuries; ages of which one is not read, or beyond 120.
        """
        if not self.levels or self.could_hold(role):
            return bool(self.levels)
        if self.numeric:
            lows = [low for low, _ in self.spans]
            if role == "years":
                return all(1000 <= low < 3000 for low in lows)
            return all(-1 <= low <= 130 for low in lows)
        texts = [one for one in self.levels if isinstance(one, str)]
        if role == "years":
            return all(map(_MIGHT["years"].fullmatch, texts))
        return not self.might_hold("years") and any(map(_MIGHT["ages"].fullmatch, texts))

    def read(self, wanted: object) -> object:
        """Return one wanted level, what is printed for a number or a band read as such."""
        if isinstance(wanted, str) and self.numeric:
            level = read_level(wanted, self.role)
            return wanted if level is None else level
        level = as_level(wanted)
        return wanted if level is None else level

    def select(self, wanted: object) -> tuple[list[int], list[str]]:
        """Return the indices that `wanted` selects, and the problems with it.

        Parameters
        ----------
        wanted : object
            One level; ``(low, high)``, both included, on a numeric axis, also as it is printed
            (``"0-11"``, ``"65+"``); or a list (a set, a tuple of names) of levels.

        Returns
        -------
        indices : list of int
            Positions in `levels`, ascending.
        problems : list of str
            What cannot be selected, and why; empty when all is well.
        """
        several = isinstance(wanted, tuple) and (
            not self.numeric or any(isinstance(one, str) for one in wanted)
        )
        if several or isinstance(wanted, list | set | frozenset):
            assert isinstance(wanted, list | set | frozenset | tuple)
            found: set[int] = set()
            problems: list[str] = []
            for one in wanted:
                indices, trouble = self.select(one)
                found.update(indices)
                problems += trouble
            if not wanted:
                problems.append(f"the selection on axis {self.name!r} is empty.")
            return sorted(found), problems
        level = as_level(self.read(wanted))
        if level is None:
            return [], [f"{wanted!r} is not a level of an axis; {self._choice()}."]
        if not self.numeric or isinstance(level, str):
            if level in self.levels:
                return [self.levels.index(level)], []
            return [], [f"{show_level(level)!r} is not a level; {self._choice()}."]
        low, end = level if isinstance(level, tuple) else (level, level)
        high = math.inf if end is None else end
        if low > high:
            return [], [f"{low}-{high} on axis {self.name!r} runs backwards; give (low, high)."]
        inside, cut = [], []
        for i, (a, b) in enumerate(self.spans):
            if low <= a and b <= high:
                inside.append(i)
            elif a <= high and low <= b:
                cut.append(show_level(self.levels[i]))
        if cut:
            return inside, [
                f"{show_level(level)} on axis {self.name!r} cuts the "
                f"{'bands' if len(cut) > 1 else 'band'} {' and '.join(cut)}; "
                f"{self._choice()}. Split the band in the population, or select whole bands."
            ]
        ends = [low - 1, *(b for span in sorted(self.bounds(i) for i in inside) for b in span)]
        # One begins where the one before it ended, and the last ends where the selection does.
        joined = all(b == a + 1 for a, b in zip(ends[::2], ends[1::2], strict=False))
        if not joined or ends[-1] != high:
            return inside, [
                f"{show_level(level)} on axis {self.name!r} is not covered by the population; "
                f"{self._choice()}."
            ]
        return inside, []

    def __repr__(self) -> str:
        held = f" ({self.role})" if self.role is not None else ""
        return f"{self.name}{held}: {self._show()}"

    def _show(self) -> str:
        if len(self.levels) <= 8:
            return ", ".join(map(show_level, self.levels))
        ends = [", ".join(map(show_level, some)) for some in (self.levels[:3], self.levels[-2:])]
        return ", ..., ".join(ends)

    def _choice(self) -> str:
        return f"axis {self.name!r} has {self._show()}"

    def problems(self) -> list[str]:
        """Return what is wrong with this axis, one sentence each."""
        found = TEXT.said("the name of an axis", self.name)
        for level in self.levels:
            found += text_problems(f"axis {self.name!r}: a level", level)
        if not self.levels:
            found.append(f"axis {self.name!r} has no levels.")
        for level in self.levels:
            if isinstance(level, tuple) and level[1] is not None and level[0] > level[1]:
                found.append(f"axis {self.name!r}: the band {show_level(level)} runs backwards.")
        if len(set(self.levels)) < len(self.levels):
            found.append(f"axis {self.name!r} names a level twice.")
        kinds = {isinstance(level, str) for level in self.levels}
        if len(kinds) > 1:
            found.append(
                f"axis {self.name!r} mixes names and numbers ({self._show()}); use one of them."
            )
        elif self.numeric and not found:
            found += [
                f"axis {self.name!r}: the bands {show_level(one)} and {show_level(two)} overlap."
                for one, two in pairwise(sorted(self.spans))
                if two[0] <= one[1]
            ]
            if self.role == "years" and self.open is not None:
                found.append(f"axis {self.name!r}: {show_level(self.open)} is no band of years.")
            if self.role == "ages" and self.declared and not self.could_hold("ages"):
                found.append(
                    f"axis {self.name!r} is declared to hold ages, which lie within 0 and 120; it "
                    f"has {self._show()}."
                )
        return found


def frame_problems(frame: Any, count: object, declared: Mapping[str, Any]) -> list[str]:
    """Return why a table and what is `declared` of its columns give no population."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        return [f"the table must be a pandas.DataFrame; given {frame!r}."]
    columns = list(frame.columns)
    found = [
        f"{keyword} must name columns; given {name!r}."
        for keyword, given in declared.items()
        for name in (given if isinstance(given, list | tuple) else [given])
        if not (isinstance(name, str) or (name is None and keyword != "no_role"))
    ]
    odd = [one for one in columns if not (isinstance(one, str) or is_whole(one))]
    found += [f"a column must have a name; given {one!r}." for one in odd]
    if odd:
        return found
    names = [str(one) for one in columns]
    if not isinstance(count, str) or count not in columns:
        found.append(f"the table has no column {count!r}; it has {', '.join(names)}.")
    return found + [
        f"the table has {names.count(one)} columns {one!r}."
        for one in dict.fromkeys(names)
        if names.count(one) > 1
    ]


def made_axes(
    axes: Mapping[str, Iterable[object]],
    ages: str | None,
    years: str | None,
    regions: str | None,
    no_role: str | Sequence[str],
) -> tuple[list[Axis], list[str]]:
    """Return the axes with what they hold, as declared or as their levels say; and problems."""
    if not isinstance(axes, Mapping):
        return [], [f"axes must be a mapping from name to levels; given {axes!r}."]
    others = [no_role] if isinstance(no_role, str) else no_role
    if not isinstance(others, Sequence):
        return [], [f"no_role must name axes; given {no_role!r}."]
    said: list[tuple[str, Role | None, Any]] = [
        ("ages", "ages", ages), ("years", "years", years), ("regions", "regions", regions),
    ]  # fmt: skip
    said = [one for one in said if one[2] is not None] + [("no_role", None, x) for x in others]
    known = ", ".join(map(str, axes)) or "none"
    problems = [
        f"{keyword} names axis {name!r}; the axes are: {known}."
        for keyword, _, name in said
        if not isinstance(name, str) or name not in axes
    ]
    roles: dict[str, Role | None] = {}
    for keyword, role, name in said:
        if isinstance(name, str) and name in roles:
            problems.append(
                f"axis {name!r} is declared twice, as {roles[name] or 'no_role'} and {keyword}."
            )
        elif isinstance(name, str):
            roles[name] = role
    problems += [
        f"the name of an axis must be text; given {name!r}. Give it as {str(name)!r}."
        for name in axes
        if not isinstance(name, str)
    ]
    made = []
    for name, labels in axes.items():
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            problems.append(f"axis {name!r} needs a list of levels; given {labels!r}.")
            continue
        labels = list(labels)
        levels, trouble = read_levels(name, labels, roles.get(name), name in roles)
        axis = Axis(name, tuple(levels), roles.get(name), name in roles)
        problems += trouble or axis.problems()
        made.append(axis)
    # Read from the levels only where one axis alone can be meant, and no other may be.
    for role in _WITHIN:
        fit = [i for i, one in enumerate(made) if not one.declared and one.might_hold(role)]
        if len(fit) == 1 and role not in roles.values() and made[fit[0]].could_hold(role):
            made[fit[0]] = replace(made[fit[0]], role=role)
    return made, problems
