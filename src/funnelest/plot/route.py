"""The route: every step and transition with its interval, beside what is printed of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.errors import raise_if_any
from funnelest.evidence.linked import Linked
from funnelest.evidence.register import Register
from funnelest.figures import as_figure
from funnelest.plot.base import Ladder, Language, Row, imputed_number, language_problems
from funnelest.route import Edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from funnelest.axes import Where
    from funnelest.population import Population
    from funnelest.results.result import Result

__all__ = ["route"]

type Place = str | Edge
#: A printed number, what it is, and the number as text.
type _Printed = tuple[float, str, str]

_WORDS = {
    "en": {
        "expected": "Expected number of {unit}",
        "share": "Share of step",
        "number": "Median ({p}% interval)",
        "axis": "{unit}, logarithmic scale",
        "of which": "of which imputed",
        "imputed": "imputed",
        "assumed": "assumed, no source",
        "partly assumed": "partly assumed, no source",
        "recorded": "recorded",
        "published": "published",
        "every": "every {axis}",
        "on a list": "on a list",
        "not only": "not counting those only on",
        "other cells": "of other cells than drawn",
        "key step": "estimate: median and {interval}",
        "key transition": "of which: go directly to the next step named",
        "key imputed": "imputed ({p}% interval): no source sees them, their rate is assumed",
        "key recorded": "recorded in a register, as given",
        "key published": "published",
        "note": "Share of step: of those who reach a step, the share who go directly to the step "
                "after the arrow (of its number, for the imputed part), with the {interval}. "
                "Numbers are expected ones: chance variation of the counts is not in the "
                "intervals.",
        "failed": "",
    },
    "nl": {
        "expected": "Verwacht aantal {unit}",
        "share": "Deel van stap",
        "number": "Mediaan ({p}%-interval)",
        "axis": "{unit}, logaritmische schaal",
        "of which": "waarvan imputed",
        "imputed": "imputed (bijgeschat)",
        "assumed": "aangenomen, geen bron",
        "partly assumed": "deels aangenomen, geen bron",
        "recorded": "geregistreerd",
        "published": "gepubliceerd",
        "every": "{axis}: alle",
        "on a list": "op een lijst",
        "not only": "zonder wie alleen staat op",
        "other cells": "van andere cellen dan getekend",
        "key step": "schatting: mediaan en {interval}",
        "key transition": "waarvan: direct naar de genoemde volgende stap",
        "key imputed": "imputed (bijgeschat, {p}%-interval): geen bron ziet hen, wel een aanname",
        "key recorded": "geregistreerd, zoals opgegeven",
        "key published": "gepubliceerd",
        "note": "Deel van stap: van wie een stap bereikt, het deel dat direct naar de stap achter "
                "de pijl gaat (van het aantal, bij het bijgeschatte deel), met het {interval}. "
                "Aantallen zijn verwachte aantallen: toeval in de tellingen zit niet in de "
                "intervallen.",
        "failed": "convergentietoets niet gehaald",
    },
}  # fmt: skip


def route(
    result: Result,
    *,
    where: Where | None = None,
    per: str | None = "year",
    published: Mapping[Place, Any] | None = None,
    recorded: Mapping[Place, Any] | None = None,
    probability: float = 0.95,
    title: str | None = None,
    ax: Axes | None = None,
    language: str = "en",
) -> Figure:
    """Draw the route: steps and transitions with intervals, beside what is printed of them.

    One line per step, its transitions below it, on one logarithmic axis of people. Arrows at
    the left pass over the steps that are skipped. What is recorded or published of a step stands
    under its estimate; the part that no source sees is hatched and labelled "imputed".

    Parameters
    ----------
    result : Result
        The fit.
    where : mapping, optional
        Which cells: axis -> level, inclusive ``(low, high)`` or list. All when left out.
    per : str, optional
        Axis over which the mean is taken, when the population has it. None gives the sum.
    published : mapping, optional
        Step (or transition) -> the printed number, or ``(number, what it is)``, or a list of
        them: ``{"happened": (20_800, "12-16 only, 2016")}``.
    recorded : mapping, optional
        The same for what registers hold. Left out: the registers of the model, each with the
        cells it covers where they differ from those drawn. ``{}``: none.
    probability : float, default 0.95
        Probability of the equal-tailed intervals.
    title : str, optional
        Title of the figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw; its text shrinks or grows with its size. Left out: a new pyplot figure,
        7 inches wide and as high as the route needs.
    language : {"en", "nl"}
        Language of the texts.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, also when `ax` was given.

    Raises
    ------
    SpecError
        With every problem of the arguments.
    FitError
        When the convergence gate failed and the result was not opened all the same. A result
        that was opened carries its mark in red over the figure.
    """
    problems = language_problems(language)
    problems += result.model.population.problems_in(where or {})
    for name, given in (("published", published), ("recorded", recorded)):
        problems += _problems(name, given, result)
    raise_if_any(problems, "the figure")
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    if per is not None and result.model.population.axis(per) is None:
        per = None
    show = Language(language)
    words = {
        **_WORDS[language],
        "mark": "",
        "watermark": result.mark.split(":")[0],
        "title": title or "",
    }
    made = _Contents(result, where, per, published, recorded, probability, words, show)
    unit = show.unit(result.model, where, per)
    named = {"interval": show.interval(probability), "p": f"{100 * probability:g}", "unit": unit}
    words = {
        name: text.format(**named) if name in _WORDS[language] and name != "every" else text
        for name, text in words.items()
    }
    words["subtitle"] = words["expected"] + (f"; {show.where(where)}" if where else "")
    if result.mark:
        failed = "" if result.gate.passed else words["failed"]
        words["mark"] = ": ".join(text for text in (result.mark, failed) if text)
    with mpl.rc_context({"text.usetex": False, "hatch.linewidth": 0.7, "path.sketch": None}):
        ladder = Ladder(made.rows(), result.model.route, words, show)
        if ax is None:
            drawn = plt.figure(figsize=(ladder.width, ladder.height), facecolor="white")
            ax = drawn.add_axes((0, 0, 1, 1))
        ladder.draw(ax)
    whole = ax.get_figure(root=True)
    assert whole is not None
    return whole


def _several(given: Any) -> list[tuple[float, str]]:
    """Return a number, a (number, label) or a list of them as a list of pairs."""
    if isinstance(given, list):
        return [pair for one in given for pair in _several(one)]
    if isinstance(given, tuple):
        return [(float(given[0]), str(given[1]))]
    return [(float(given), "")]


def _problems(name: str, given: Mapping[Place, Any] | None, result: Result) -> list[str]:
    """Return what is wrong with the printed numbers that were given, one sentence each."""
    found = []
    places = [*result.model.route.steps, *result.model.route.edges]
    for place, numbers in (given or {}).items():
        if place not in places:
            found.append(
                f"{name} names {place!r}, which is no step or transition of the route; the steps "
                f"are: {', '.join(result.model.route.steps)}."
            )
        try:
            fine = all(math.isfinite(v) and v >= 0 for v, _ in _several(numbers))
        except (TypeError, ValueError, IndexError):
            fine = False
        if not fine:
            found.append(
                f"{name}[{place!r}] must be a number of at least 0, (number, text) or a list of "
                f"them; given {numbers!r}."
            )
    return found


class _Contents:
    """What the figure says, line by line, before anything is drawn."""

    def __init__(
        self,
        result: Result,
        where: Where | None,
        per: str | None,
        published: Mapping[Place, Any] | None,
        recorded: Mapping[Place, Any] | None,
        probability: float,
        words: Mapping[str, str],
        language: Language,
    ) -> None:
        self.result, self.where, self.per = result, where, per
        self.probability, self.words = probability, words
        self.language = language
        self.route = result.model.route
        self.basis = result.model.basis(where)
        self.printed = {
            "recorded": self._registers() if recorded is None else self._shown(recorded),
            "published": self._shown(published or {}),
        }

    def rows(self) -> list[Row]:
        """Return every line of the figure, from top to bottom."""
        result, show = self.result, self.language
        steps = result.steps(self.where, per=self.per, probability=self.probability)
        pairs = zip(
            result.transitions(self.where, probability=self.probability).to_dict("records"),
            result.flows(self.where, per=self.per, probability=self.probability).to_dict("records"),
            strict=True,
        )
        edges = {(share["from"], share["to"]): (share, flow) for share, flow in pairs}
        made: list[Row] = []
        for step in steps.itertuples():
            values = (step.median, step.low, step.high)
            made.append(
                Row(
                    "step",
                    step.step,
                    step.step,
                    number=show.numbers(*values),
                    values=values,
                    hatched=self.basis == "imputed",
                )
            )
            made += self._imputed(step.step)
            if said := self._assumed(step.basis):
                made.append(Row("label", step.step, said))
            made += self._given(step.step)
            # The farthest first: then no two arrows out of a step cross.
            for successor in reversed(self.route.successors(step.step)):
                share, flow = edges[step.step, successor]
                said = self._assumed(share["basis"])
                made.append(
                    Row(
                        "transition",
                        (step.step, successor),
                        f"\u2192 {successor}" + (f" ({said})" if said else ""),
                        share=show.shares(share["median"], share["low"], share["high"]),
                        values=(flow["median"], flow["low"], flow["high"]),
                    )
                )
                made += self._given((step.step, successor))
        return made

    def _imputed(self, step: str) -> list[Row]:
        if self.basis == "imputed":
            return [Row("label", step, self.words["imputed"])]
        part = imputed_number(self.result.model, step, self.where, self.per)
        if part is None:
            return []
        made = self.result.quantities(
            {"number": part, "share": lambda q: part(q) / q.number(step, self.where, per=self.per)},
            basis="imputed",
            probability=self.probability,
        )
        number, share = (
            (row["median"], row["low"], row["high"]) for row in made.to_dict("records")
        )
        return [
            Row(
                "imputed",
                step,
                self.words["of which"],
                share=self.language.shares(*share),
                number=self.language.numbers(*number),
                values=number,
                hatched=True,
            )
        ]

    def _assumed(self, basis: str) -> str:
        """Return the words for what no source sees; none where some source sees all of it."""
        for part in ("partly assumed", "assumed"):
            if part in basis:
                return self.words[part]
        return ""

    def _given(self, place: Place) -> list[Row]:
        return [
            Row(
                kind,
                place,
                f"{self.words[kind]}{', ' if label else ''}{label}",
                number=shown,
                values=(value, value, value),
            )
            for kind, places in self.printed.items()
            for value, label, shown in places.get(place, [])
        ]

    def _shown(self, given: Mapping[Place, Any]) -> dict[Place, list[_Printed]]:
        return {
            place: [(value, label, self.language.figure(value)) for value, label in _several(some)]
            for place, some in given.items()
        }

    def _registers(self) -> dict[Place, list[_Printed]]:
        """Return what the registers of the model hold, on the scale of the figure."""
        found: dict[Place, list[_Printed]] = {}
        population = self.result.model.population
        drawn = population.select(self.where)
        for one in self.result.model.sources():
            if isinstance(one, Linked):
                self._linked(one, found)
            if not isinstance(one, Register):
                continue
            cells = _cells(one, population)
            if not all(np.intersect1d(a, b).size for a, b in zip(cells, drawn, strict=True)):
                continue  # it holds nobody of those drawn
            years = {
                axis: len(cells[population.position(axis)]) if axis is not None else 1
                for axis in (one.per, self.per)
            }
            factor = years[one.per] / years[self.per]
            printed = _whole(one)
            figures = [as_figure(value, years[one.per]) for value in printed]
            value = sum(figure.middle for figure in figures) * factor
            shown = self.language.number(value)
            if factor == 1 and len(figures) == 1:  # else another number than the one printed
                shown = figures[0].in_short(self.language.figure)
            other = []
            for axis, a, b in zip(population.axes, cells, drawn, strict=True):
                if not np.array_equal(a, b):
                    name = self.language.word(axis.name)
                    if axis.name in one.where:
                        other.append(self.language.where({axis.name: one.where[axis.name]}))
                    elif len(a) < len(axis.levels):
                        levels = [axis.levels[i] for i in a]
                        other.append(self.language.where({axis.name: levels}))
                    else:
                        other.append(self.words["every"].format(axis=name))
            label = f"{one.name} ({', '.join(other)})" if other else one.name
            place = one.step if isinstance(one.step, str) else (one.step[0], one.step[1])
            found.setdefault(place, []).append((value, label, shown))
        return found

    def _linked(self, one: Linked, found: dict[Place, list[_Printed]]) -> None:
        """Add how many people are on linked lists, where it is known of the cells drawn."""
        population = self.result.model.population
        inside = np.logical_or.reduce([population.mask(x) for x in one.wheres(population).values()])
        drawn = population.mask(self.where)
        if not (inside & drawn).any():
            return
        levels = 1
        if self.per is not None:
            at = population.position(self.per)
            others = tuple(i for i in range(inside.ndim) if i != at)
            levels = int(inside.any(axis=others).sum())
        label = f"{one.name}, {self.words['on a list']}"
        if one.table.upper:
            label += f" ({self.words['not only']} {', '.join(one.table.upper)})"
        if not np.array_equal(inside, drawn):
            label += f" ({self.words['other cells']})"
        value = one.table.known / levels
        found.setdefault(one.step, []).append((value, label, self.language.number(value)))


def _whole(register: Register) -> list[Any]:
    """Return the printed total of a register, or the counts that it is the sum of."""
    if not register.axes:
        return [register.count]
    if isinstance(register.total, Mapping):
        return list(register.total.values())
    return list(register.count.values()) if register.total is None else [register.total]


def _cells(register: Register, population: Population) -> list[Any]:
    """Return the level indices of each axis that the counts of a register are of."""
    chosen = [population.select(where) for _, where, _ in register.classes()]
    return [np.unique(np.concatenate(parts)) for parts in zip(*chosen, strict=True)]
