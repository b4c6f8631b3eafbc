"""Numbers and a few words as the readers of a language write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from funnelest.axes import Where, show_level, show_where

if TYPE_CHECKING:
    from funnelest.model.model import Model

__all__ = ["LANGUAGES", "Language", "language_problems"]

_DASH = "\u2013"
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "people": "people", "per": "per", "mean over": "mean over", "million": "million",
        "billion": "billion", "interval": "{p}% equal-tailed interval", "and": "and",
        "year": "year", "age": "age", "sex": "sex", "region": "region", "or": "or", "all": "all",
    },
    "nl": {
        "people": "personen", "per": "per", "mean over": "gemiddelde over",
        "million": "miljoen", "billion": "miljard", "and": "en",
        "interval": "{p}%-interval met gelijke staarten",
        "year": "jaar", "age": "leeftijd", "sex": "geslacht", "region": "regio", "or": "of",
        "all": "alle",
    },
}  # fmt: skip
LANGUAGES = tuple(_WORDS)


def language_problems(code: object) -> list[str]:
    """Return why this is no language of the texts, one sentence each."""
    if code in LANGUAGES:
        return []
    return [f"language must be one of {', '.join(LANGUAGES)}; given {code!r}."]


class Language:
    """Numbers and a few words as the readers of a language write them.

    Parameters
    ----------
    code : {"en", "nl"}
        The language.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self._words = _WORDS[code]

    def word(self, name: str) -> str:
        """Return a word, or the name itself when it is the user's own."""
        return self._words.get(name, name)

    def _local(self, text: str) -> str:
        return text if self.code == "en" else text.translate(str.maketrans(",.", ".,"))

    def number(self, value: float, digits: int = 3) -> str:
        """Return a number with `digits` significant digits."""
        if not math.isfinite(value):
            return _DASH
        if value == 0 or abs(value) < 1e-3:
            return "0" if value <= 0 else self._local("<0.001")
        for limit, name in ((1e9, "billion"), (1e7, "million")):
            if abs(value) >= limit:
                scale = 1e9 if name == "billion" else 1e6
                return f"{self.number(value / scale, digits)} {self.word(name)}"
        rounded = float(f"{value:.{digits}g}")
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
        text = f"{rounded:,.{decimals}f}"
        return self._local(text.rstrip("0").rstrip(".") if decimals else text)

    def figure(self, value: float) -> str:
        """Return a given number as it was given: not rounded to significant digits."""
        return self._local(f"{value:,.10g}")

    def given(self, text: str) -> str:
        """Return a text with its numbers written as in the language: ``12,500 rounded to 50``."""
        return re.sub(r"\d[\d.,]*", lambda found: self._local(found[0]), text)

    def tick(self, value: float) -> str:
        """Return a round number on an axis."""
        return self.number(value) if value >= 1e-3 else self.figure(value)

    def numbers(self, middle: float, low: float, high: float) -> str:
        """Return a number and its interval, ``851 (518-1,370)``; large ones in millions."""
        scale, unit = 1.0, ""
        for limit, one, name in ((1e9, 1e9, "billion"), (1e7, 1e6, "million")):
            if abs(high) >= limit:
                scale, unit = one, f" {self.word(name)}"
                break
        shown = [self.number(value / scale) for value in (middle, low, high)]
        return f"{shown[0]} ({shown[1]}{_DASH}{shown[2]}){unit}"

    def percent(self, share: float) -> str:
        """Return a share in percent, without the sign, with what a reader can use."""
        value = 100 * share
        if not math.isfinite(value):
            return _DASH
        if value <= 0:
            return "0"
        if value < 0.001:
            return self._local("<0.001")
        if 99.5 < value < 100:  # else it would read as everybody
            return self._local(f"{value:.2f}" if value < 99.99 else ">99.99")
        decimals = max(0, 1 - math.floor(math.log10(value)))
        text = f"{value:.{decimals}f}"
        return self._local(text.rstrip("0").rstrip(".") if decimals else text)

    def shares(self, middle: float, low: float, high: float) -> str:
        """Return a share and its interval, ``71% (51-85%)``."""
        return f"{self.percent(middle)}% ({self.percent(low)}{_DASH}{self.percent(high)}%)"

    def interval(self, probability: float) -> str:
        """Return the name of the interval, with its probability and kind."""
        return self._words["interval"].format(p=self._local(f"{100 * probability:g}"))

    def unit(self, model: Model, where: Where | None, per: str | None) -> str:
        """Return what is counted: ``people per year, mean over 2016-2018``."""
        people, population = self.word("people"), model.population
        if per is None or population.axis(per) is None:
            return people
        at = population.position(per)
        levels = [show_level(population.axes[at].levels[i]) for i in population.select(where)[at]]
        if len(levels) == 1:
            return f"{people}, {self.word(per)} {levels[0]}"
        span = f"{levels[0]}{_DASH}{levels[-1]}"
        return f"{people} {self.word('per')} {self.word(per)}, {self.word('mean over')} {span}"

    def where(self, where: Where) -> str:
        """Return a selection as text, its commonest axes in the language."""
        return ", ".join(
            show_where({self.word(axis): wanted}).replace(" or ", f" {self.word('or')} ")
            for axis, wanted in where.items()
        )
