"""Sentences, numbers and words as the readers of a language write them."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Protocol

import numpy as np

from funnelest.axes import Axis, Where, show_level, show_where
from funnelest.words.digits import ANY, certain, passes, to_error

__all__ = [
    "LANGUAGES",
    "Language",
    "Named",
    "Sentence",
    "catalogue",
    "from_json",
    "language_problems",
    "named",
    "say",
    "spoken",
    "to_json",
]

_DASH = "\u2013"
_UNKNOWN = (None, None, None)
#: Where the catalogues are: every `<code>.toml` in here is a language, and nothing else makes one.
FOLDER: Any = files("funnelest.words")


def languages() -> tuple[str, ...]:
    """Return the codes of the languages there are."""
    return tuple(sorted(f.name[:-5] for f in FOLDER.iterdir() if f.name.endswith(".toml")))


LANGUAGES = languages()


@dataclass(frozen=True)
class Sentence:
    """A sentence of the catalogue, not yet written in a language.

    Parameters
    ----------
    key : str
        Where it stands in the catalogue, such as ``"conflict.headline"``.
    values : mapping of str to object
        What stands in its braces: numbers, texts, lists of them, or sentences.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


def say(key: str, **values: Any) -> Sentence:
    """Return a sentence of the catalogue with what stands in its braces."""
    return Sentence(key, values)


class Named(str):
    """A name that the library gave: English as a text, and said in the language of the reader.

    Its `sentence` is one of the catalogue, or gives the text when called with a language.
    """

    sentence: Sentence | Callable[[str], str]


def named(key: str, **values: Any) -> Named:
    """Return a name of the catalogue, which is its English text wherever a text is wanted."""
    made = Named(Language("en").say(say(key, **values)))
    made.sentence = say(key, **values)
    return made


def spoken(text: str, how: Callable[[str], str]) -> Named:
    """Return a text that says itself in every language, without the full stop of a sentence."""
    made = Named(text)
    made.sentence = how
    return made


def to_json(said: Any) -> Any:
    """Return a sentence, or what stands in its braces, as JSON can hold it."""
    if isinstance(said, Named):
        if not isinstance(said.sentence, Sentence):
            return str(said)
        return {**to_json(said.sentence), "named": True}
    if isinstance(said, Sentence):
        return {"key": said.key, "values": {k: to_json(v) for k, v in said.values.items()}}
    if isinstance(said, list | tuple):
        return [to_json(one) for one in said]
    return said.item() if isinstance(said, np.generic) else said


def from_json(read: Any) -> Any:
    """Return what `to_json` wrote."""
    if isinstance(read, dict):
        values = {k: from_json(v) for k, v in read["values"].items()}
        return (named if read.get("named") else say)(read["key"], **values)
    return [from_json(one) for one in read] if isinstance(read, list) else read


@cache
def catalogue(code: str) -> Mapping[str, Any]:
    """Return every sentence of a language by its key, ``"section.name"``."""
    text = FOLDER.joinpath(f"{code}.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = {}

    def walk(prefix: str, part: Mapping[str, Any]) -> None:
        for name, value in part.items():
            if isinstance(value, Mapping) and set(value) != {"one", "other"}:
                walk(f"{prefix}{name}.", value)
            else:
                found[prefix + name] = value

    walk("", tomllib.loads(text))
    return found


class _Cells(Protocol):
    """What is asked of a population: it stands above the words, which tells nobody of it."""

    @property
    def axes(self) -> Sequence[Axis]: ...
    def position(self, name: str) -> int: ...
    def select(self, where: Where | None) -> Sequence[Any]: ...


class _Filled(Formatter):
    """Fills the braces of a sentence: ``{share:percent}``, ``{names:and}``, ``{n:,d}``."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def format_field(self, value: Any, spec: str) -> str:
        language = self.language
        if isinstance(value, Sentence | Named):
            return language.say(value)
        if isinstance(value, list | tuple):
            return language.listed(value, spec or "and")
        if spec in ("number", "short", "figure", "given", "percent", "word"):
            return str(getattr(language, spec)(value))
        shown = format(value, spec)
        return language.local(shown) if isinstance(value, float | int | np.number) else shown


def language_problems(code: object) -> list[str]:
    """Return why this is no language of the texts, one sentence each."""
    known = languages()
    fine = isinstance(code, str) and code in known
    return [] if fine else [f"language must be one of {', '.join(known)}; given {code!r}."]


class Language:
    """Numbers and a few words as the readers of a language write them.

    Parameters
    ----------
    code : {"en", "nl"}
        The language.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self._filled = _Filled(self)

    def __call__(self, key: str, **values: Any) -> str:
        """Return the sentence of a key of the catalogue, with what stands in its braces."""
        return self.say(Sentence(key, values))

    def say(self, sentence: Sentence | str) -> str:
        """Return a sentence in the language; a text that is not of the catalogue as it is."""
        if isinstance(sentence, Named):
            known = sentence.sentence
            if not isinstance(known, Sentence):
                return known(self.code).rstrip(".")
            sentence = known
        if isinstance(sentence, str):
            return sentence
        template = catalogue(self.code)[sentence.key]
        if isinstance(template, Mapping):
            template = template["one" if sentence.values["n"] == 1 else "other"]
        return self._filled.vformat(template, (), sentence.values)

    def text(self, sentences: Iterable[Sentence | str]) -> str:
        """Return sentences one after the other."""
        return " ".join(self.say(one) for one in sentences)

    def word(self, name: str) -> str:
        """Return a word, or the name itself when it is the user's own."""
        return str(catalogue(self.code).get(f"word.{name}", name))

    def heading(self, column: str) -> str:
        """Return the heading of a column of a table."""
        known, name = catalogue(self.code), column.replace("_", " ")
        found = str(known.get(f"heading.{name}", self.word(name)))
        # What has something to fill in is no heading, though a column may bear its name.
        return name if "{" in found else found

    def cell(self, column: str, value: Any) -> Any:
        """Return what stands in a column of a table, codes of the library said in the language."""
        if isinstance(value, Sentence | Named):
            return self.say(value)
        if isinstance(value, bool | np.bool_):
            return self.word("yes" if value else "no")
        if isinstance(value, str):
            if column == "basis":
                return ", ".join(map(self.word, value.split(", ")))
            return catalogue(self.code).get(f"code.{column}.{value}", value)
        return value

    def listed(self, names: Sequence[Any], how: str = "and") -> str:
        """Return ``a, b and c``; ``or`` in its place.

        With ``few`` three and how many more, with ``some`` eight. With ``,`` or ``;`` only that
        stands between them; with ``sentence`` they make a whole one.
        """
        shown = [self.say(one) if isinstance(one, Sentence | str) else str(one) for one in names]
        if how in (",", ";"):
            return f"{how} ".join(shown)
        if how == "sentence":
            joined = "; ".join(shown)
            return f"{joined[:1].upper()}{joined[1:]}."
        if how == "some":
            how = "and"
            if len(shown) > 9:
                shown = [*shown[:8], self.say(say("word.more", n=len(shown) - 8))]
        if how == "few":
            if len(shown) <= 4:
                return ", ".join(shown)
            return self.say(say("word.and_more", names=", ".join(shown[:3]), n=len(shown) - 3))
        if len(shown) < 2:
            return "".join(shown)
        return f"{', '.join(shown[:-1])} {self.word(how)} {shown[-1]}"

    def local(self, text: str) -> str:
        """Return a number that was written with points and commas as in English."""
        return text.translate({44: self.word("thousands"), 46: self.word("decimal")})

    def number(
        self,
        value: float,
        digits: int = 3,
        error: float | None = None,
        within: tuple[float, float] = ANY,
    ) -> str:
        """Return a number with `digits` significant digits, or as its Monte Carlo `error` allows.

        A count without error is printed whole. No number that is printed passes the smallest and
        the largest one that it can be, which it lies `within`.
        """
        if not math.isfinite(value):
            return _DASH
        if certain(value, error):
            return self.figure(value)
        value, digits = to_error(value, error, digits, within)
        if value == 0 or abs(value) < 1e-3:
            return "0" if value <= 0 else self.local("<0.001")
        for limit, name in ((1e9, "billion"), (1e7, "million")):
            if abs(value) >= limit:
                scale = 1e9 if name == "billion" else 1e6
                return f"{self.number(value / scale, digits)} {self.word(name)}"
        rounded = float(f"{value:.{digits}g}")
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
        text = f"{rounded:,.{decimals}f}"
        return self.local(text.rstrip("0").rstrip(".") if decimals else text)

    def short(
        self, value: float, error: float | None = None, within: tuple[float, float] = ANY
    ) -> str:
        """Return a number with three significant digits, or whole when it is large.

        No digit is finer than its Monte Carlo `error`, of one that is not known three are left;
        `within` as in `number`.
        """
        if not math.isfinite(value):
            return _DASH
        if error is not None and not certain(value, error):
            value, kept = to_error(value, error, within=within)
            value = float(f"{value:.{kept}g}")
        return self.local(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}")

    def figure(self, value: float) -> str:
        """Return a given number as it was given: not rounded to significant digits."""
        return self.local(f"{value:,.10g}")

    def given(self, text: str) -> str:
        """Return a text with its numbers written as in the language: ``12,500 rounded to 50``."""
        if isinstance(text, Named):
            return self.say(text)
        return re.sub(r"\d[\d.,]*", lambda found: self.local(found[0]), text)

    def tick(self, value: float) -> str:
        """Return a round number on an axis."""
        return self.number(value) if value >= 1e-3 else self.figure(value)

    def numbers(
        self,
        middle: float,
        low: float,
        high: float,
        errors: Sequence[float | None] = _UNKNOWN,
        within: tuple[float, float] = ANY,
    ) -> str:
        """Return a number and its interval, ``851 (518-1,370)``; large ones in millions.

        `errors` are the Monte Carlo errors of the three; `within` as in `number`.
        """
        if all(map(certain, (middle, low, high), errors)):
            shown = [self.figure(value) for value in (middle, low, high)]
            return f"{shown[0]} ({shown[1]}{_DASH}{shown[2]})"
        three = list(zip((middle, low, high), errors, strict=True))
        scale, unit = 1.0, ""
        for limit, one, name in ((1e9, 1e9, "billion"), (1e7, 1e6, "million")):
            whole = any(certain(*each) or passes(*each, one, within) for each in three)
            if abs(high) >= limit and not whole:
                scale, unit = one, f" {self.word(name)}"
                break
        ends = (within[0] / scale, within[1] / scale)
        shown = [
            self.number(value / scale, 3, error if error is None else error / scale, ends)
            for value, error in three
        ]
        return f"{shown[0]} ({shown[1]}{_DASH}{shown[2]}){unit}"

    def percent(self, share: float, error: float | None = None) -> str:
        """Return a share in percent, without the sign, with what a reader can use.

        No digit is finer than its Monte Carlo `error`.
        """
        value = 100 * share
        if error:
            value = to_error(value, 100 * error)[0]
        if not math.isfinite(value):
            return _DASH
        if value <= 0:
            return "0"
        if value < 0.001:
            return self.local("<0.001")
        if 99.5 < value < 100:  # else it would read as everybody
            return self.local(f"{value:.2f}" if value < 99.99 else ">99.99")
        decimals = max(0, 1 - math.floor(math.log10(value)))
        text = f"{value:.{decimals}f}"
        return self.local(text.rstrip("0").rstrip(".") if decimals else text)

    def shares(
        self, middle: float, low: float, high: float, errors: Sequence[float | None] = _UNKNOWN
    ) -> str:
        """Return a share and its interval, ``71% (51-85%)``; `errors` as in `numbers`."""
        shown = list(map(self.percent, (middle, low, high), errors))
        return f"{shown[0]}% ({shown[1]}{_DASH}{shown[2]}%)"

    def interval(self, probability: float) -> str:
        """Return the name of the interval, with its probability and kind."""
        return self.word("interval").format(p=self.local(f"{100 * probability:g}"))

    def unit(
        self, population: _Cells, where: Where | None, per: str | None, counted: str = "people"
    ) -> str:
        """Return what is `counted`: ``children per year, mean over 2016-2018``."""
        people = self.word(counted)
        if per is None:
            return people
        at = population.position(per)
        name = self.word("year") if population.axes[at].role == "years" else per
        levels = [show_level(population.axes[at].levels[i]) for i in population.select(where)[at]]
        if len(levels) == 1:
            return f"{people}, {name} {levels[0]}"
        span = f"{levels[0]}{_DASH}{levels[-1]}"
        return f"{people} {self.word('per')} {name}, {self.word('mean over')} {span}"

    def axis(self, axis: Axis) -> str:
        """Return the name of an axis, in the language where it is the English word for its role."""
        plain = axis.role is not None and axis.name == axis.role.removesuffix("s")
        return self.word(axis.name) if plain else axis.name

    def where(self, where: Where, population: _Cells) -> str:
        """Return a selection as text, with the names of axes as in `axis`."""
        return ", ".join(
            show_where({self.axis(axis): wanted}).replace(" or ", f" {self.word('or')} ")
            for axis, wanted in ((population.axes[population.position(k)], where[k]) for k in where)
        )
