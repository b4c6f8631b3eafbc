"""The route: every step and transition with its interval, beside what is printed of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.evidence.on_route import OnRoute
from funnelest.fields import MAPPING, TEXT, instance
from funnelest.plot.base import (
    Axis,
    Block,
    Column,
    Language,
    Mark,
    Row,
    Style,
    language_problems,
    rows,
)
from funnelest.plot.base.graph import INDENT, Graph
from funnelest.plot.base.marks import BAND, ESTIMATE, GREY, IMPUTED, INK, ORANGE
from funnelest.results.intervals import ends_of, errors_of, interval_problems
from funnelest.results.result import RESULT, Result
from funnelest.results.tables import selection_problems, unit_for
from funnelest.route import Edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from funnelest.axes import Where

__all__ = ["route"]

type Place = str | Edge

_STYLES = {
    "step": ESTIMATE,
    "imputed": IMPUTED,
    "transition": Style(GREY, "o", 3.5, line=1.2),
    "recorded": Style(INK, "s"),
    "published": Style(ORANGE, "D", fill="white", line=1.2),
}


@dataclass(frozen=True)
class _Printed:
    """What is printed of a step or transition: a number of people, or a share of a step."""

    label: str
    number: str = ""
    share: str = ""
    values: tuple[float, float, float] = (math.nan, math.nan, math.nan)


@entry
def route(
    result: Result,
    *,
    where: Where | None = None,
    per: str | None = "auto",
    published: Mapping[Place, Any] | None = None,
    recorded: Mapping[Place, Any] | None = None,
    probability: float = 0.95,
    title: str | None = None,
    ax: Axes | None = None,
    language: str = "en",
) -> Figure:
    """Draw the route: steps and transitions with intervals, beside what is printed of them.

    One line per step, its transitions below it, on one logarithmic axis. Arrows at the left pass
    over the steps that are skipped. What is recorded or published of a step stands under its
    estimate; the part that no source sees is hatched and labelled "imputed". The note names the
    sources that have no place on it.

    Parameters
    ----------
    result : Result
        The fit.
    where : mapping, optional
        Which cells: axis -> level, inclusive ``(low, high)`` or list. All when left out.
    per : str, optional
        Axis over which the mean is taken. "auto": that of the years, where there is one. None
        gives the sum.
    published : mapping, optional
        Step (or transition) -> the printed number, or ``(number, what it is)``, or a list of
        them: ``{"happened": (20_800, "12-16 only, 2016")}``. Left out: what the sources of the
        model say of people at a step or transition, as each kind of evidence tells it
        (`Evidence.shown_on_route`), with the cells it covers where they differ from those drawn.
        ``{}``: none.
    recorded : mapping, optional
        The same for what registers hold.
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
    raise_if_any(RESULT.said("result", result), "the figure")
    problems = language_problems(language) + interval_problems(probability)
    problems += TEXT.or_none.said("title", title)
    if ax is not None:
        from matplotlib.axes import Axes

        problems += instance(Axes, "matplotlib Axes").said("ax", ax)
    problems += selection_problems(result.model.population, where, per)
    for name, given in (("published", published), ("recorded", recorded)):
        problems += _problems(name, given, result)
    raise_if_any(problems, "the figure")
    import matplotlib as mpl

    per = result.model.population.mean_over(per)
    show = Language(language)
    found = _Sources(result, where, per, show)
    printed = {
        kind: found.printed[kind]
        if given is None
        else {
            place: [_Printed(label, show.figure(v), values=(v, v, v)) for v, label in _several(one)]
            for place, one in given.items()
        }
        for kind, given in (("recorded", recorded), ("published", published))
    }
    made = _Lines(result, where, per, probability, show, printed)
    lines = made.lines()
    said = [show("plot.route.carried")] if made.carried else []
    heading = show("plot.route.share") if any(any(row.texts[:1]) for *_, row in lines) else ""
    named = {"interval": show.interval(probability), "p": f"{100 * probability:g}"}
    unit = unit_for(result.model, where, per, show)
    of = "axis_share" if result.model.of_shares_only else "axis"
    axis = show(f"plot.route.{of}", unit=unit)
    number, told = result._number("auto")
    said += [show.say(one) for one in told]
    subtitle = show(f"numbers.head_{number}", unit=unit) + (
        f"; {show.where(where, result.model.population)}" if where else ""
    )
    mark = show.say(result.said_mark)
    imputed = result.model.imputed_part(where) == "imputed"
    kinds = {
        "imputed" if imputed and kind == "step" else kind: any(m.low < m.high for m in row.marks)
        for kind, _, row in lines
        if row.marks
    }
    graph = Graph(result.model.route)
    with mpl.rc_context({"text.usetex": False, "hatch.linewidth": 0.7, "path.sketch": None}):
        drawn = rows(
            Block(
                [row for _, _, row in lines],
                [Axis(axis, scale="log", grid=True)],
                [
                    Column(heading, before=True, right=True),
                    Column(show("plot.route.number", **named), right=True),
                ],
            ),
            head=[("title", title or ""), ("mark", mark), ("subtitle", subtitle)],
            keys=[
                (style if kinds[kind] else replace(style, line=0.0),
                 show(f"plot.route.key_{kind}", **named))
                for kind, style in _STYLES.items() if kind in kinds
            ],
            note=" ".join([
                *made.says_share(**named), show(f"numbers.{number}"), *said, *found.notes
            ]),
            show=show, width=7.0, most=9.0, room=graph.room, flush=True, ax=ax,
            watermark=mark.split(":")[0].split(";")[0],
        )  # fmt: skip
        places = list(zip(lines, drawn.places, strict=True))
        graph.draw(
            drawn,
            {step: place for (kind, step, _), place in places if kind == "step"},  # type: ignore[misc]
            {edge: place for (kind, edge, _), place in places if kind == "transition"},  # type: ignore[misc]
        )
    return drawn.figure


def _several(given: Any) -> list[tuple[float, str]]:
    """Return a number, a (number, label) or a list of them as a list of pairs."""
    if isinstance(given, list):
        return [pair for one in given for pair in _several(one)]
    if isinstance(given, tuple):
        return [(float(given[0]), str(given[1]))]
    return [(float(given), "")]


def _problems(name: str, given: Mapping[Place, Any] | None, result: Result) -> list[str]:
    """Return what is wrong with the printed numbers that were given, one sentence each."""
    found = MAPPING.or_none.said(name, given)
    if found or given is None:
        return found
    places = {*result.model.route.steps, *result.model.route.edges}
    for place, numbers in given.items():
        if place not in places:
            found.append(
                f"{name} names {place!r}, which is no step or transition of the route; the steps "
                f"are: {', '.join(result.model.route.steps)}."
            )
        try:
            fine = all(math.isfinite(v) and v >= 0 for v, _ in _several(numbers))
        except (TypeError, ValueError, IndexError, OverflowError):
            fine = False
        if not fine:
            found.append(
                f"{name}[{place!r}] must be a number of at least 0, (number, text) or a list of "
                f"them; given {numbers!r}."
            )
    return found


class _Lines:
    """What the figure says, line by line, before anything is drawn."""

    def __init__(
        self,
        result: Result,
        where: Where | None,
        per: str | None,
        probability: float,
        show: Language,
        printed: Mapping[str, Mapping[Place, Sequence[_Printed]]],
    ) -> None:
        self.result, self.where, self.per = result, where, per
        self.probability, self.show, self.printed = probability, show, printed
        self.imputed = result.model.imputed_part(where) == "imputed"
        self.carried = False

    def lines(self) -> list[tuple[str, Place, Row]]:
        """Return kind, step or transition, and row of every line, from top to bottom."""
        result, show = self.result, self.show
        chosen: dict[str, Any] = {"where": self.where, "probability": self.probability}
        shares, flows = (
            {(row["from"], row["to"]): row for row in table.to_dict("records")}
            for table in (result.transitions(**chosen), result.flows(**chosen, per=self.per))
        )
        style = _STYLES["step"]
        self.parts = result._imputed_steps(self.where, self.per, self.probability)
        if self.imputed:
            style = replace(style, face="white", hatch=IMPUTED.hatch)
        made: list[tuple[str, Place, Row]] = []
        only = result.model.of_shares_only
        for row in result.steps(**chosen, per=self.per).to_dict("records"):
            step, values, errors = row["step"], _three(row), errors_of(row)
            shown = (
                show.shares(*values, errors)
                if only
                else show.numbers(*values, errors, ends_of(row))
            )
            if only and step == result.model.route.steps[0]:  # all are shares of these
                row, shown = {**row, "basis": ""}, "100%"
            made.append(
                ("step", step, Row(step, [Mark(style, *values)], ("", shown),
                                   size=8.5, bold=True, least=0.29, above=0.08, below=0.03,
                                   band=BAND))
            )  # fmt: skip
            made += self._imputed(step)
            if said := self._unseen(row["basis"]):
                made.append(("label", step, _line(said)))
            made += self._given(step)
            # The farthest first: then no two arrows out of a step cross.
            for successor in reversed(result.model.route.successors(step)):
                edge = (step, successor)
                said = self._unseen(shares[edge]["basis"])
                name = f"\u2192 {successor}" + (f" ({said})" if said else "")
                mark = Mark(_STYLES["transition"], *_three(flows[edge]), loose=True)
                share = show.shares(*_three(shares[edge]), errors_of(shares[edge]))
                made.append(("transition", edge, _line(name, [mark], share)))
                made += self._given(edge)
        return made

    def says_share(self, **named: str) -> list[str]:
        """Return what the column of shares holds; nothing where it is empty."""
        if self.result.model.route.edges:
            return [self.show("plot.route.note", **named)]
        return [self.show("plot.route.note_imputed", **named)] if self.parts else []

    def _imputed(self, step: str) -> list[tuple[str, Place, Row]]:
        if self.imputed:
            return [("label", step, _line(self.show("plot.route.imputed")))]
        if step not in self.parts:
            return []
        of = self.result.quantities(
            {"share": self.parts[step]["share"]}, basis="imputed", probability=self.probability
        )
        number, share = self.parts[step], of.to_dict("records")[0]
        row = _line(
            self.show("plot.route.of_which"),
            [Mark(IMPUTED, *_three(number))],
            self.show.shares(*_three(share), errors_of(share)),
            self.show.numbers(*_three(number), errors_of(number), ends_of(number)),
        )
        return [("imputed", step, row)]

    def _unseen(self, basis: str) -> str:
        """Return the words for what no source sees here; none where some source sees all of it."""
        self.carried = self.carried or "carried over" in basis
        known = {one: f"plot.route.{one.replace(' ', '_')}" for one in _UNSEEN}
        return ", ".join(self.show(known[one]) for one in basis.split(", ") if one in known)

    def _given(self, place: Place) -> list[tuple[str, Place, Row]]:
        made = []
        for kind, places in self.printed.items():
            for one in places.get(place, []):
                name = self.show(f"plot.route.{kind}") + (f", {one.label}" if one.label else "")
                marks = [Mark(_STYLES[kind], *one.values)] if one.number else []
                row = _line(name, marks, one.share, one.number)
                made.append((kind, place, replace(row, colour=_COLOURS[kind])))
        return made


#: Words of a basis that stand beside a step or a transition; imputed parts are drawn.
_UNSEEN = ("carried over", "partly carried over", "assumed", "partly assumed")
_COLOURS = {"recorded": INK, "published": ORANGE}


def _line(name: str, marks: Sequence[Mark] = (), share: str = "", number: str = "") -> Row:
    return Row(name, marks, (share, number), least=0.17, indent=INDENT)


def _three(row: Mapping[str, Any]) -> tuple[float, float, float]:
    return row["median"], row["low"], row["high"]


class _Sources:
    """What the sources of the model say of the people who are drawn, on the scale of the figure.

    Attributes
    ----------
    printed : dict
        "recorded" or "published" -> step or transition -> what is printed of it.
    notes : list of str
        Which sources are not drawn.
    """

    def __init__(
        self, result: Result, where: Where | None, per: str | None, show: Language
    ) -> None:
        self.population, self.per, self.show = result.model.population, per, show
        self.drawn = self.population.mask(where)
        self.printed: dict[str, dict[Place, list[_Printed]]] = {"recorded": {}, "published": {}}
        nowhere, elsewhere = [], 0
        for source in result.model.sources():
            if source.members():
                continue  # each of them is a source of its own
            said = source.shown_on_route(result.model.route, self.population)
            cells = [self._cells(one) for one in said]
            here = [(one, mask) for one, mask in zip(said, cells, strict=True)
                    if (mask & self.drawn).any()]  # fmt: skip
            if not said:
                nowhere.append(source.name)
            elif not here:
                elsewhere += 1
            for one, mask in here:
                kind = self.printed["recorded" if one.recorded else "published"]
                kind.setdefault(one.place, []).append(self._one(source.name, one, mask))
        self.notes = [show("plot.route.no_place", names=nowhere)] if nowhere else []
        if elsewhere:
            self.notes.append(show("plot.route.elsewhere", n=elsewhere))

    def _cells(self, one: OnRoute) -> NDArray[np.bool_]:
        return self.population.mask(one.where) if one.cells is None else one.cells

    def _one(self, name: str, one: OnRoute, mask: NDArray[np.bool_]) -> _Printed:
        show = self.show
        said = [name, *([show("plot.route.of_step", step=one.of)] if one.of else []),
                *([show.say(one.label)] if one.label else [])]  # fmt: skip
        other = self._other(one, mask)
        label = ", ".join(said) + (f" ({other})" if other else "")
        limits = one.interval or (one.number, one.number)
        if one.of:
            share = show.shares(one.number, *limits)
            return _Printed(label, share=share if one.interval else f"{show.percent(one.number)}%")
        levels = 1
        if self.per is not None:
            levels = len(_levels(mask)[self.population.position(self.per)])
        values = (one.number / levels, limits[0] / levels, limits[1] / levels)
        shown = show.numbers(*values) if one.interval else show.number(values[0])
        if one.figure is not None and one.means == levels:  # else another than the one printed
            shown = one.figure.in_short(show.figure)
        return _Printed(label, shown, values=values)

    def _other(self, one: OnRoute, mask: NDArray[np.bool_]) -> str:
        """Return which cells it is of, where they are not those that are drawn."""
        if np.array_equal(mask, self.drawn):
            return ""
        own, drawn = _levels(mask), _levels(self.drawn)
        if mask.sum() < math.prod(map(len, own)):  # no selection of levels says it
            return self.show("plot.route.other_cells")
        other = []
        for axis, a, b in zip(self.population.axes, own, drawn, strict=True):
            if np.array_equal(a, b):
                continue
            if axis.name in one.where:
                other.append(self.show.where({axis.name: one.where[axis.name]}, self.population))
            elif len(a) < len(axis.levels):
                other.append(
                    self.show.where({axis.name: [axis.levels[i] for i in a]}, self.population)
                )
            else:
                other.append(self.show("plot.route.every", axis=self.show.axis(axis)))
        return ", ".join(other)


def _levels(mask: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Return which levels of each axis a mask has cells of."""
    axes = range(mask.ndim)
    return [np.flatnonzero(mask.any(axis=tuple(i for i in axes if i != at))) for at in axes]
