"""Named axes: their levels, what they hold, and what a selection of them means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from funnelest.fields import TEXT, is_whole, text_problems
from funnelest.levels import (
    MIGHT,
    NUMBERED,
    WITHIN,
    Level,
    Role,
    alike_problems,
    as_level,
    begins,
    named_for,
    of_ages,
    read_level,
    read_levels,
    show_level,
)

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

#: Which cells: axis name -> one level, an inclusive ``(low, high)``, or a list of levels.
type Where = Mapping[str, Any]


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


def _season(first: int) -> str:
    """Return how a year from one into the next is given, such as 2019-20; nothing of ages."""
    least, most = WITHIN["years"]
    dated = least <= first <= most
    return f" A year that ends in the next is given as {first}, where it begins." * dated


@dataclass(frozen=True, repr=False)
class Axis:
    """One named axis of a population and its levels.

    Parameters
    ----------
    name : str
        Name of the axis, such as ``"age"``. By itself it says nothing; see `made_axes`.
    levels : sequence of int, str or (int, int)
        The labels in order. A pair of whole numbers is an inclusive band, ``(65, None)`` one
        without an end.
    role : {"ages", "years", "regions"}, optional
        What the levels are; None where they are something else, or it is not known.
    declared : bool, default False
        Whether somebody said so, rather than the name and the levels together.
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
        least, most = WITHIN[role]
        return all(
            least <= low <= most and (high <= most or (high == math.inf and role == "ages"))
            for low, high in self.spans
        )

    def might_hold(self, role: Role) -> bool:
        """Return whether the levels may be ages (or years), without being so beyond doubt.

        Years that are texts, or of other centuries; ages of which one is not read, or beyond 120;
        and what the name says of several levels, whatever these are.
        """
        if not self.levels or self.could_hold(role):
            return bool(self.levels)
        if self.role is None and len(self.levels) > 1 and (
            named_for(self.name, role) or (role == "ages" and of_ages(self.name))
        ):  # fmt: skip
            return True
        if self.numeric:
            lows = [low for low, _ in self.spans]
            if role == "years":
                return all(1000 <= low < 3000 for low in lows)
            return all(-1 <= low <= 130 for low in lows)
        texts = [one for one in self.levels if isinstance(one, str)]
        dated = all(map(MIGHT["years"].fullmatch, texts))
        return dated if role == "years" else not dated and any(map(MIGHT["ages"].fullmatch, texts))

    @property
    def numbered(self) -> bool:
        """Whether every level is a text with a number in it, as periods are: "'19", "T0"."""
        texts = [one for one in self.levels if isinstance(one, str)]
        return 1 < len(texts) == len(self.levels) and all(map(NUMBERED.search, texts))

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

    def _wide_years(self) -> list[str]:
        """Return which levels are several years: people and numbers are counted in each year."""
        if self.open is not None:
            return [f"axis {self.name!r}: {show_level(self.open)} is no band of years."]
        wide = [one for one in self.levels if isinstance(one, tuple) and one[0] != one[1]]
        if not wide:
            return []
        return [
            f"axis {self.name!r} holds years, and {show_level(wide[0])} is a band of several: a "
            "rate is of one year, and whether the people of a band count once or in each of its "
            "years is not known. Give every year as a level, with its own people; a figure of "
            f"several years then says where={{{self.name!r}: {wide[0]!r}}}. If these are no years, "
            f"no_role={self.name!r}."
        ]

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
                start = f"axis {self.name!r}: the band {show_level(level)} runs backwards."
                found.append(start + (_season(level[0]) if begins(level) else ""))
                if level[1] <= 12 < WITHIN["years"][0] <= level[0]:
                    found[-1] += (
                        f" If {show_level(level)} is a month: rates are those of a year. Give "
                        f"years, or say that these are none, no_role={self.name!r}."
                    )
        if len(set(self.levels)) < len(self.levels):
            found.append(f"axis {self.name!r} names a level twice.")
        else:
            found += alike_problems(f"axis {self.name!r} has levels", self.levels)
        kinds = {isinstance(level, str) for level in self.levels}
        if len(kinds) > 1:
            found.append(
                f"axis {self.name!r} mixes names and numbers "
                f"({', '.join(map(repr, self.levels[:8]))}); use one of them."
            )
        elif self.numeric and not found:
            found += [
                f"axis {self.name!r}: the bands {show_level(one)} and {show_level(two)} overlap."
                + (_season(one[0]) if two[0] == one[1] == one[0] + 1 else "")
                for one, two in pairwise(sorted(self.spans))
                if two[0] <= one[1]
            ]
            if self.role == "years":
                found += self._wide_years()
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
    """Return the axes with what they hold, and problems.

    That is what is declared, or what the name of an axis and its levels both say: codes such as
    2001 and 2002 under another name are years only where somebody says so.
    """
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
    problems += alike_problems("the population has axes", axes)
    made = []
    for name, labels in axes.items():
        if isinstance(labels, str) or not isinstance(labels, Iterable):
            problems.append(f"axis {name!r} needs a list of levels; given {labels!r}.")
            continue
        labels = list(labels)
        levels, trouble = read_levels(name, labels, roles.get(name), name in roles)
        made.append(Axis(name, tuple(levels), roles.get(name), name in roles))
        problems += trouble
    # Only where one axis alone can be meant, and no other may be.
    for role in WITHIN:
        fit = [i for i, one in enumerate(made) if not one.declared and named_for(one.name, role)]
        if len(fit) == 1 and role not in roles.values() and made[fit[0]].could_hold(role):
            made[fit[0]] = replace(made[fit[0]], role=role)
    return made, problems or [text for one in made for text in one.problems()]
