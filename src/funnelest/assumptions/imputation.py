"""What the assumptions about ages that nobody asked have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.assumptions.base import Assumption, spoken, told
from funnelest.axes import read_level, show_level
from funnelest.fields import AGES, Allowed, Constraint, answers, is_integer, wrong_fields
from funnelest.population import Population
from funnelest.priors import Fixed, Shared, as_prior
from funnelest.words import Named, named

__all__ = [
    "Imputation",
    "LikeOthers",
    "filled",
    "marked",
    "mask_of",
    "pooled",
    "spread",
]


def _is_band(value: object) -> bool:
    """Return whether these are the lowest and the highest age; the latter may be open."""
    if not (isinstance(value, tuple) and len(value) == 2):
        return False
    low, high = value
    whole = all(is_integer(one) for one in (low, high or 0))
    return whole and (high is None or bool(low <= high))


BAND = Constraint(
    "must be a pair of ages (lowest, highest), both included",
    _is_band,
    (),
    (None, 3, "0-11", (11, 0), (0, 11.5), (1, 2, 3), [0, 11], (True, 3)),
)


@dataclass(frozen=True, kw_only=True)
class Imputation(Assumption):
    """Base of the assumptions that fill in the rate of ages that nobody asked.

    What the model says of these ages is imputed, and labelled so. A user's own assumption
    inherits from this and gives `parameters`, `apply_to_rate` and `sentences`; nothing is
    registered.

    Parameters
    ----------
    ages : (int, int) or str
        The ages that are filled in, both included; ``(65, None)`` has no end. Also as printed:
        ``"under 12"``.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.
    """

    ages: tuple[int, int | None] | str
    statement: str = ""
    source: str = ""
    axis: str | None = None

    #: The fields that are bands of ages.
    bands: ClassVar[tuple[str, ...]] = ("ages",)
    allowed: ClassVar[Allowed] = {
        "statement": answers("what is assumed of these ages, and why?"),
        "ages": BAND,
        "axis": AGES,
    }

    def __post_init__(self) -> None:
        """Read bands that are given as they are printed."""
        super().__post_init__()
        for name in self.bands:
            value = getattr(self, name)
            read = read_level(value) if isinstance(value, str) else None
            if read is not None:
                object.__setattr__(self, name, (read, read) if isinstance(read, int) else read)

    def problems(self, population: Population) -> list[str]:
        wrong = wrong_fields(self, population=population)
        found = [text for texts in wrong.values() for text in texts] + self.field_problems()
        bands = not {*self.bands} & wrong.keys()
        if bands and "axis" not in wrong:
            axis = population.age_axis(self.axis)
            trouble = [f"field 'ages': {text}" for text in axis.select(self.ages)[1]]
            found += trouble or self.own_problems(population)
        of = f" of ages {show_level(self.ages)}" if bands else ""
        return [f"{type(self).__name__}{of}: {text}" for text in found]

    def field_problems(self) -> list[str]:
        """Return what a kind finds wrong with fields that do not depend on the population."""
        return []

    def own_problems(self, population: Population) -> list[str]:
        """Return what a kind finds wrong with its own fields; the ages are in the `population`."""
        return []

    def imputed(self, population: Population) -> NDArray[np.bool_]:
        return np.broadcast_to(mask_of(population, self.axis, self.ages), population.shape)

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: Population) -> Any:
        raise TypeError(f"{type(self).__name__} does not define apply_to_rate")

    def describe(self) -> str:
        if self._template("en") is None:
            return f"{type(self).__name__} of ages {show_level(self.ages)}"
        return super().describe()

    def words(self, language: str) -> dict[str, str]:
        return {"ages": show_level(self.ages)}


@dataclass(frozen=True, kw_only=True)
class LikeOthers(Imputation):
    """Base of the assumptions that compare the ages with observed ones.

    Parameters
    ----------
    ages : (int, int) or str
        The ages that are filled in, both included; ``(65, None)`` has no end. Also as printed:
        ``"under 12"``.
    like : (int, int) or str
        The observed ages that they are compared with, both included.
    statement : str
        What is assumed and why, in a sentence that reports print. Obligatory.
    source : str, default ""
        Citation.
    axis : str, optional
        Name of the axis of ages; the one that the population is known to have when left out.
    """

    like: tuple[int, int | None] | str

    bands: ClassVar[tuple[str, ...]] = ("ages", "like")

    allowed: ClassVar[Allowed] = {"like": BAND}

    def own_problems(self, population: Population) -> list[str]:
        axis = population.age_axis(self.axis)
        indices, trouble = axis.select(self.like)
        if trouble:
            return [f"field 'like': {text}" for text in trouble]
        if set(indices) & set(axis.select(self.ages)[0]):
            return [
                f"fields 'ages' ({show_level(self.ages)}) and 'like' ({show_level(self.like)}) "
                "overlap: what is filled in cannot rest on itself."
            ]
        return []

    def rests_on(self, population: Population) -> NDArray[np.bool_]:
        return np.broadcast_to(mask_of(population, self.axis, self.like), population.shape)

    def label(self, what: str) -> str:
        """Return the name of a parameter of this assumption: `what`, and the ages."""
        return _against(what, self.axis or "age", show_level(self.ages), show_level(self.like))

    def words(self, language: str) -> dict[str, str]:
        return {"ages": show_level(self.ages), "like": show_level(self.like)}


@lru_cache(maxsize=256)  # it is looked up at every evaluation of a density
def _against(what: str, axis: str, ages: str, like: str) -> Named:
    return named("word.against", what=what, axis=axis, ages=ages, like=like)


def spread(value: object, language: str, shown: Callable[[float], float] | None = None) -> str:
    """Return a prior as its median and 95% interval, each passed through `shown`."""
    prior = as_prior(value)
    if isinstance(prior, Shared):
        return spoken(language).say(prior.describe())
    to = shown or (lambda number: number)
    if isinstance(prior, Fixed):
        return marked(f"{to(prior.value):.3g}", language)
    low, high = sorted(to(limit) for limit in prior.interval(0.95))
    middle = to(float(prior.ppf(0.5)))
    shown_as = (marked(f"{number:.3g}", language) for number in (middle, low, high))
    return told("prior", language, **dict(zip(("middle", "low", "high"), shown_as, strict=True)))


def odds_factor(logarithm: float) -> float:
    """Return the factor on the odds of a difference in log-odds, however large."""
    return math.exp(logarithm) if logarithm < 700 else math.inf


def marked(text: str, language: str) -> str:
    """Return numbers, as Python writes them, with the marks of a `language`."""
    return spoken(language).local(text)


def mask_of(population: Population, axis: str | None, wanted: Any) -> NDArray[np.bool_]:
    """Return the selected levels of the axis of ages, of length 1 on every other axis."""
    ages = population.age_axis(axis)
    at = population.axes.index(ages)
    inside = np.zeros(population.shape[at], dtype=bool)
    inside[population.select({ages.name: wanted})[at]] = True
    return inside.reshape([-1 if i == at else 1 for i in range(len(population.axes))])


def pooled(rate: Any, population: Population, axis: str | None, ages: Any) -> Any:
    """Return the mean of a rate over some ages, within every combination of the other axes.

    Weighted by the people of these ages.

    Parameters
    ----------
    rate : array
        A rate in cells, of length 1 on the axes over which it does not vary.
    population : Population
        The population.
    axis : str, optional
        Name of the axis of ages; None for the one that is known.
    ages : (int, int)
        The ages, both included.

    Returns
    -------
    array
        In the same layout, of length 1 on the axis of ages.
    """
    at = population.axes.index(population.age_axis(axis))
    axes = len(population.axes)
    shape = fm.shape_of(rate)[:axes]
    if shape[at] == 1:
        return rate
    alike = mask_of(population, axis, ages)
    flat = tuple(i for i in range(axes) if shape[i] == 1)
    people = (population.counts * alike).sum(axis=flat, keepdims=True)
    total = people.sum(axis=at, keepdims=True)
    # A cell without people of the observed ages has no rate to weight; any will do.
    weight = np.where(total > 0, people / np.where(total > 0, total, 1.0), alike / alike.sum())
    index = (slice(None),) * at + (None,)
    return fm.sum(weight[..., None] * rate, axis=at)[index]


def filled(rate: Any, new: Any, population: Population, axis: str | None, ages: Any) -> Any:
    """Return a rate in cells with `new` at some ages."""
    return fm.where(mask_of(population, axis, ages)[..., None], new, rate)
