"""Which figure to buy next: the share of a variance that is expected to go, and widths by size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from funnelest.check.information.ranking import Gain
from funnelest.entry import entry
from funnelest.plot.base import (
    Axis,
    Block,
    Column,
    Language,
    Mark,
    Row,
    Style,
    drawing,
    rows,
    text_width,
)
from funnelest.plot.base.frame import Key, wide
from funnelest.plot.base.marks import BLUE, GREY, INK, LIGHT, ORANGE, RED
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["value_of_information"]

#: Inches: width of the figure, and of the panel of sizes its height and the room around it.
_WIDTH, _HIGH, _SIDE, _RIGHT, _BELOW = 7.0, 2.9, 1.0, 0.25, 0.65
#: Parameters that are drawn.
_MOST = 10
#: Light against dark and hatches tell them apart in print without colour.
_BARS = {
    "planned": Style(BLUE, bar=0.13, face=BLUE),
    "estimated": Style(BLUE, bar=0.13, face=LIGHT),
    "partly assumed": Style(BLUE, bar=0.13, face=LIGHT, hatch="////"),
    "assumed": Style(BLUE, bar=0.13, hatch="////"),
}
_ERROR, _LOST = Style(INK, line=1.0), Style(RED, "x", 5)
#: Of one plan of several sizes after the other, and of the width now.
_LINES = (Style(BLUE, "o", line=1.4), Style(INK, "s", line=1.4), Style(GREY, "^", line=1.4))
_NOW = Style(ORANGE, line=1.4, dashes=(0, (4, 2)))


@entry
def value_of_information(verdict: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw the share of the variance that every planned figure, and every parameter, takes away.

    Planned figures above, in the order in which to buy them, with what they cost; below, what
    would go if parameters were known exactly, at most the ten that tell most. A plan of several
    sizes is a line of its own, of the expected width of the interval by size.

    Parameters
    ----------
    verdict : Verdict
        What `funnelest.check.value_of_information` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its rows need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("verdict", verdict, "value_of_information", language, title=title) as show:
        return _drawn(verdict.in_language(language), title, show)


def _say(show: Language, key: str, **values: Any) -> str:
    return show(f"plot.value_of_information.{key.replace(' ', '_')}", **values)


def _drawn(verdict: Verdict, title: str, show: Language) -> Figure:
    about = verdict.details
    alone = [one for one in verdict.found if not one.series]
    parameters = [one for one in alone if one.kind == "parameter"]
    figures = [one for one in alone if one.kind == "figure"]
    basis = "" if about["basis"] == "estimated" else show.cell("basis", about["basis"])
    lines: list[Row] = []
    for kind, found in (("figure", figures), ("parameter", parameters[:_MOST])):
        if found:
            heading = _say(show, kind)
            lines.append(Row(heading, size=8, bold=True, least=0.24, above=0.12 if lines else 0.0))
            lines += [_row(one, about["currency"], show) for one in found]
    label = _say(show, "x", quantity=about["quantity"]) + (f" ({basis})" if basis else "")
    axis = Axis(label, scale="linear", lines=[(0.0, Style(GREY, line=0.8))],
                write=lambda v: f"{show.figure(round(100 * v, 6))}%")  # fmt: skip
    keys = _size_keys(about, show) if about["series"] else []
    if lines:
        seen = {one.status for one in [*figures, *parameters[:_MOST]]}
        keys += [(_BARS[status], _say(show, status)) for status in _BARS if status in seen]
        keys.append((_ERROR, _say(show, "error")))
    drawn = rows(
        [Block(lines, [axis], [Column(), Column()])] if lines else [],
        head=[("title", title), ("mark", verdict.mark)],
        keys=keys,
        note=_note(verdict, len(parameters) - _MOST, basis, show),
        show=show,
        width=_WIDTH,
        above=_HIGH + _BELOW if about["series"] else 0.0,
        watermark=verdict.mark,
    )
    if about["series"]:
        panel = drawn.sheet.panel(_SIDE, drawn.top, _WIDTH - _SIDE - _RIGHT, _HIGH)
        _sizes(panel, about, basis, show)
    return drawn.figure


def _row(one: Gain, currency: str, show: Language) -> Row:
    """Return the bar of a planned figure or a parameter, its share, and what it costs."""
    if math.isnan(one.reduction):
        return Row(one.name, [Mark(_LOST, 0.0)], ["", _say(show, "none")], wrong=True)
    # What it takes away at most, where that is not told from nothing.
    most = one.reduction if one.told else max(one.reduction, 0.0) + 2 * one.mc_error
    cost = ""
    if one.cost is not None:
        unit = f" {currency}" if currency else ""
        how = "cost" if math.isnan(one.cost_per_percent) else "price"
        cost = _say(show, how, cost=one.cost, unit=unit, each=one.cost_per_percent)
    ends = (one.reduction - 2 * one.mc_error, one.reduction + 2 * one.mc_error)
    marks = [
        Mark(_BARS[one.status], low=0.0, high=max(one.reduction, 0.0)),
        Mark(Style("white", line=2.6), math.nan, *ends),
        Mark(_ERROR, math.nan, *ends),
    ]
    share = f"{'' if one.told else '<'}{show.percent(most)}%"
    return Row(one.name, marks, [share, cost])


def _note(verdict: Verdict, more: int, basis: str, show: Language) -> str:
    about = verdict.details
    interval = show.interval(about["probability"])
    said = [_say(show, "width", interval=interval, width=about["width_now"])]
    if any(one.kind == "figure" for one in verdict.found):
        said.append(_say(show, "note", n=about["replicates"]))
    if any(not one.series for one in verdict.found):
        said.append(_say(show, "apart"))
    if more > 0:
        said.append(_say(show, "more", n=more))
    if "imputed" in about["basis"]:
        said.append(_say(show, "rests", basis=basis))
    lost = [
        _say(show, "lost_at", failed=one.failed, refitted=one.refitted, size=one.size)
        for _, sizes in about["series"]
        for one in sizes
        if one.failed
    ]
    if lost:
        said.append(_say(show, "lost", lost=", ".join(lost)))
    return " ".join(said)


# ------------------------------------------------------------------ sizes


def _size_keys(about: Mapping[str, Any], show: Language) -> list[Key]:
    """Return the legend of the panel of sizes."""
    keys = [
        (style, _say(show, "expected", name=name))
        for (name, _), style in zip(about["series"], cycle(_LINES))
    ]
    keys.append((_NOW, _say(show, "now", width=about["width_now"])))
    if any(not one.found for _, sizes in about["series"] for one in sizes):
        keys.append((_LOST, _say(show, "no_width")))
    return keys


def _sizes(ax: Axes, about: Mapping[str, Any], basis: str, show: Language) -> None:
    """Draw the expected width of the interval by size."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    now = about["width_now"]
    tops, sizes = [now], sorted({one.size for _, each in about["series"] for one in each})
    for (_, each), style in zip(about["series"], cycle(_LINES)):
        known = [one for one in each if one.found]
        ax.errorbar(
            [one.size for one in known], [one.width for one in known],
            yerr=[2 * one.width_error for one in known], color=style.colour, marker=style.marker,
            markersize=4.5, linewidth=1.4, capsize=3, zorder=3,
        )  # fmt: skip
        gone = [one.size for one in each if not one.found]
        ax.plot(gone, [0.0] * len(gone), "x", color=RED, markersize=5, zorder=4, clip_on=False)
        tops += [one.width + 2 * one.width_error for one in known]
    ax.axhline(now, color=_NOW.colour, linewidth=_NOW.line, linestyle=_NOW.dashes, zorder=2)
    ax.set_ylim(0, 1.08 * max(tops))
    ax.set_xscale("log")
    low, high = sizes[0], sizes[-1]
    room = max((high / low) ** 0.04, 1.1)
    ax.set_xlim(low / room, high * room)
    ax.xaxis.set_major_locator(FixedLocator(_apart(sizes, low / room, high * room, show)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v))))
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 9))))
    scale = "logarithmic" if wide([low, high]) else "size"
    ax.set_xlabel(_say(show, scale), fontsize=8, color=INK)
    measure = _say(show, "axis", interval=show.interval(about["probability"]))
    ax.set_ylabel("\n".join(filter(None, (measure, basis))), fontsize=8, color=INK)


def _apart(sizes: Sequence[int], low: float, high: float, show: Language) -> list[float]:
    """Return the sizes whose labels do not meet, from the largest down."""
    room = _WIDTH - _SIDE - _RIGHT
    kept: list[float] = []
    edge = math.inf
    for size in reversed(sizes):
        place = room * math.log(size / low) / math.log(high / low)
        half = text_width(show.figure(size), 7) / 2 + 0.05
        if place + half <= edge:
            kept.append(float(size))
            edge = place - half
    return kept
