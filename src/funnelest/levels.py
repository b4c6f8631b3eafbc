"""Levels of an axis: how numbers, bands and years are printed, and how two names are one."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from funnelest.numbers import plain_number

__all__ = [
    "MIGHT",
    "NUMBERED",
    "WITHIN",
    "Level",
    "Role",
    "alike_problems",
    "as_level",
    "begins",
    "named_for",
    "of_ages",
    "plainly",
    "read_level",
    "read_levels",
    "show_level",
]

#: One label of an axis: a number, an inclusive band of whole numbers, ``(65, None)`` where it has
#: no end, or a name.
type Level = int | str | tuple[int, int | None]
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
MIGHT = {
    "years": re.compile(r"\D*(?:1[89]|20|21)\d\d\D.*|\D*(?:1[89]|20|21)\d\d"),
    "ages": re.compile(r"(?:.*\D)?\d{1,3}(?:\D.*)?"),
}
#: A text that numbers something: a period, or else a place or a class, which only its user knows.
NUMBERED = re.compile(r"\d")
#: Role -> the lowest and highest level that it can have without anyone saying so.
WITHIN: Mapping[Role, tuple[int, int]] = {"ages": (0, 120), "years": (1900, 2100)}
#: Role -> names of axes that say it, in English, Dutch and German (accents left out). Years in
#: which somebody was born say something else, and so do weeks, months and waves.
_NAMES = {
    "ages": re.compile(
        r"(?:age|leeftijds?|alters?)"
        r"(?:[ _-]?(?:groups?|bands?|class(?:es)?|groep(?:en)?|klassen?|gruppen?|years?|jaren?|"
        r"jahren?|in (?:years|jaren|jahren)|\((?:in )?(?:years?|yrs?|jaren?|jahren?)\)))?"
        r"|ages|leeftijden"
    ),
    "years": re.compile(
        r"(?:(?:calendar|report(?:ing)?|registration|survey|fiscal|kalender|verslag|registratie|"
        r"meet|peil|bericht|berichts|erhebungs)[ _-]?)?(?:years?|yrs?|jaar|jaren|jaartal|jahre?)"
        r"|periods?|period(?:e|es|en)"
    ),
}

#: Names in which ages are meant, in more words, or short, or in French or Spanish.
_AGED = re.compile(
    r"(?:.*[^a-z])?(?:ages?|aged|leeftijds?|leeftijden|alters?|lebensalter|edad(?:es)?)"
    r"(?:(?:gr|cat|kat|kl|band|class)\w*)?(?:[^a-z].*)?"
)


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
    least, most = WITHIN["years"]
    low, high = level if isinstance(level, tuple) else (level, level)
    return isinstance(low, int) and isinstance(high, int) and least <= low <= high <= most


def plainly(name: str) -> str:
    """Return a name without what no reader sees: capitals, spaces around, how accents are coded.

    Nor marks that take no room, such as where a word may be broken.
    """
    seen = (letter for letter in name if unicodedata.category(letter) != "Cf")
    return " ".join(unicodedata.normalize("NFC", "".join(seen)).split()).casefold()


def named_for(name: object, role: Role) -> bool:
    """Return whether the name of an axis says that it holds ages, or years."""
    if role not in _NAMES or not isinstance(name, str):
        return False
    return _NAMES[role].fullmatch(_bare(name)) is not None


def of_ages(name: object) -> bool:
    """Return whether the name of an axis has to do with ages, so that they are asked about."""
    return isinstance(name, str) and _AGED.fullmatch(_bare(name)) is not None


def _bare(name: str) -> str:
    """Return a name in small letters, without accents."""
    parts = unicodedata.normalize("NFKD", plainly(name))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def show_level(level: object) -> str:
    """Return a level as a reader writes it: ``12-16`` for the band (12, 16), ``65+``."""
    if isinstance(level, tuple) and len(level) == 2:
        if level[1] is None or level[1] == math.inf:
            return f"{level[0]}+"
        return f"{level[0]}-{level[1]}" if level[0] != level[1] else str(level[0])
    return str(level)


def begins(band: tuple[int, int | None]) -> bool:
    """Return whether a band is how a year is printed that ends in the next, 2019-20."""
    return _is_year(band[0]) and band[1] == (band[0] + 1) % 100


def alike_problems(what: str, names: Iterable[object]) -> list[str]:
    """Return which names differ in what no reader sees only: they are two by mistake.

    `what` has these names, as in ``axis 'sex' has levels``.
    """
    found: dict[str, list[str]] = {}
    for name in names:
        if isinstance(name, str):
            found.setdefault(plainly(name), []).append(name)
    return [
        f"{what} that differ in spaces, capitals or how letters are coded only: "
        f"{', '.join(map(ascii if _same_print(some) else repr, some))}. Give them one name."
        for some in found.values()
        if len(some) > 1
    ]


def _same_print(names: Iterable[str]) -> bool:
    """Return whether names cannot be told apart when they are printed."""
    return len({unicodedata.normalize("NFC", name) for name in names}) == 1
