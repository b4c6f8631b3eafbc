"""Totals with their intervals, one line each, over a common axis: a forest of estimates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.frame import framed, round_ticks, wide
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.plot.base.sheet import text_width, wrap
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Line", "forest"]

_WIDTH, _SIZE = 7.5, 7.5


@dataclass(frozen=True)
class Line:
    """One estimate.

    Parameters
    ----------
    name : str
        What it is, at the left.
    known : float
        Number of people known.
    total : float
        Known and hidden people together; NaN where there is no number.
    interval : (float, float), optional
        Interval of the total.
    under : str, default ""
        Second line below the name, such as the kind of the interval.
    bound : bool, default False
        Whether the total is a lower bound.
    said : str, default ""
        What stands in place of a number that is not shown.
    """

    name: str
    known: float
    total: float
    interval: tuple[float, float] | None
    under: str = ""
    bound: bool = False
    said: str = ""


def forest(
    lines: Sequence[Line],
    *,
    head: Sequence[tuple[str, str]],
    labels: tuple[str, str, str, str],
    axis: str,
    note: str,
    show: Language,
) -> Figure:
    """Draw estimates below each other.

    Parameters
    ----------
    lines : sequence of Line
        The estimates, the first one on top.
    head : sequence of (str, str)
        Kind and text of what stands above, as in `framed`.
    labels : (str, str, str, str)
        Texts of the legend: known people, estimate with interval, lower bound, interval without
        an upper end.
    axis : str
        Title of the axis.
    note : str
        What stands below.
    show : Language
        How numbers are written.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need.
    """
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    names = [
        [*wrap(one.name, _SIZE, 2.1), *(wrap(one.under, 6.5, 2.1) if one.under else [])]
        for one in lines
    ]
    left = max(text_width(text, _SIZE) for texts in names for text in texts) + 0.25
    high = [max(0.3, 0.13 * len(texts) + 0.12) for texts in names]
    values = [one.known for one in lines if math.isfinite(one.known)]
    values += [one.total for one in lines if math.isfinite(one.total)]
    values += [x for one in lines if one.interval for x in one.interval if math.isfinite(x)]
    values = [max(value, 1.0) for value in values]
    logs = wide(values)
    low, most = min(values), max(values)
    reach = (low / 1.25, most * 1.3) if logs else (0.0, 1.12 * most)
    endless = any(one.interval and math.isinf(one.interval[1]) for one in lines)
    key: dict[str, Any] = {"linestyle": "none", "markersize": 5}
    keys: list[Any] = [
        Line2D([], [], color=GREY, marker="|", markeredgewidth=1.6, label=labels[0], **key),
        Line2D([], [], color=BLUE, linewidth=2.4, marker="o", markersize=4.5,
               markeredgecolor="white", label=labels[1]),
    ]  # fmt: skip
    if any(one.bound for one in lines):
        keys.append(Line2D([], [], color=ORANGE, marker=">", label=labels[2], **key))
    if endless:
        keys.append(Line2D([], [], color=BLUE, marker=9, label=labels[3], **key))
    figure, ax = framed(
        head, keys, note, left=left, right=1.6, width=_WIDTH, high=sum(high), below=0.55
    )
    if logs:
        ax.set_xscale("log")
    ax.set_xlim(*reach)
    ax.set_ylim(sum(high), 0)
    ticks = round_ticks(*reach, most=6) if logs else None
    if ticks is not None:
        ax.xaxis.set_major_locator(FixedLocator(ticks))
        ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.tick(v) if v else "0"))
    middles = []
    for one, texts, height, top in zip(lines, names, high, _tops(high), strict=True):
        y = top + height / 2
        middles.append(y)
        ax.plot([one.known] * 2, [top, top + height], color=GREY, linewidth=1.4, zorder=2)
        for i, text in enumerate(texts):
            plain = i >= len(wrap(one.name, _SIZE, 2.1))
            up = (len(texts) - 1) / 2 - i
            ax.annotate(text, (0.0, y), (-6, 9.4 * up), xycoords=("axes fraction", "data"),
                        textcoords="offset points", ha="right", va="center",
                        fontsize=6.5 if plain else _SIZE, color=GREY if plain else INK,
                        annotation_clip=False, parse_math=False)  # fmt: skip
        _mark(ax, one, y, reach)
        ax.annotate(_shown(one, show), (1.0, y), (6, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="left", va="center", fontsize=7, color=INK,
                    annotation_clip=False, parse_math=False)  # fmt: skip
    for top in _tops(high)[1:]:
        ax.axhline(top, color="#e4e4e4", linewidth=0.6, zorder=1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    scale = {"en": "logarithmic scale", "nl": "logaritmische schaal"}[show.code]
    ax.set_xlabel(f"{axis}, {scale}" if logs else axis, fontsize=8, color=INK)
    return figure


def _tops(high: Sequence[float]) -> list[float]:
    """Return where each line begins."""
    return [sum(high[:i]) for i in range(len(high))]


def _mark(ax: Any, one: Line, y: float, reach: tuple[float, float]) -> None:
    colour = ORANGE if one.bound else BLUE
    if one.interval is not None:
        low, high = (min(max(x, reach[0]), reach[1]) for x in one.interval)
        ax.plot([low, high], [y, y], color=colour, linewidth=2.4, solid_capstyle="butt", zorder=3)
        if math.isinf(one.interval[1]):
            ax.plot([reach[1]], [y], marker=9, color=colour, markersize=6, zorder=4, clip_on=False)
    if math.isfinite(one.total):
        shape = ">" if one.bound else "o"
        ax.plot([one.total], [y], marker=shape, color=colour, markersize=5, zorder=5,
                markeredgecolor="white", markeredgewidth=0.7, linestyle="none")  # fmt: skip


def _shown(one: Line, show: Language) -> str:
    if not math.isfinite(one.total):
        return one.said
    if one.interval is None:
        return show.number(one.total)
    low, high = one.interval
    if math.isinf(high):
        return f"{show.number(one.total)} ({show.number(low)}\u2013\u221e)"
    return show.numbers(one.total, low, high)
