"""How far each measure of convergence is from its limit, and how precise each interval is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.plot.base import Language, drawing, framed, text_width
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["convergence"]

_WIDTH, _LINE, _SIZE = 7.0, 0.2, 7.5


def convergence(check: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw how precisely the draws know the interval of each quantity.

    Parameters
    ----------
    check : Verdict
        What `funnelest.check.convergence` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its lines need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("check", check, "convergence", language) as show:
        return _drawn(check.in_language(language), title, show)


def _drawn(verdict: Verdict, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter

    def word(key: str, **values: Any) -> str:
        return show.say(say(f"plot.convergence.{key}", **values))

    table, gate = verdict.tables["precision"], verdict.details["gate"]
    width = (table["high"] - table["low"]).where(lambda v: v > 0)
    coarse = 100 * table["coarse"]
    middle = 100 * table["median_mc_error"] / width
    mark = {"linestyle": "none", "markersize": 5}
    keys = [
        Line2D([], [], marker="o", color=BLUE, **mark,  # type: ignore[arg-type]
               label=word("limits", interval=show.interval(0.95))),
        Line2D([], [], marker="s", color=ORANGE, markerfacecolor="white", **mark,  # type: ignore[arg-type]
               label=word("median")),
        Line2D([], [], color=INK, linestyle=(0, (4, 2)), linewidth=1, label=word("coarse")),
    ]  # fmt: skip
    measures = ", ".join(
        f"{name} {show.number(value) if math.isfinite(value) else value}"
        for name, value in gate.measures.items()
    )
    outcome = word("passed" if verdict.passed else "failed", measures=measures)
    names = [show.say(row["quantity"]) for row in verdict.rows["precision"]]
    room = max((text_width(name, _SIZE) for name in names), default=0.5) + 0.2
    figure, ax = framed(
        [("title", title), ("mark", verdict.mark)],
        keys,
        word("note", verdict=outcome),
        left=room,
        width=_WIDTH,
        high=_LINE * len(table) + 0.15,
    )
    rows = range(len(table))
    for row in rows:
        ax.axhline(row, color=GREY, linewidth=0.4, alpha=0.5, zorder=1)
    ax.plot(coarse, rows, "o", color=BLUE, markersize=5, zorder=3)
    ax.plot(middle, rows, "s", color=ORANGE, markerfacecolor="white", markersize=5, zorder=3)
    ax.axvline(5, color=INK, linestyle=(0, (4, 2)), linewidth=1, zorder=2)
    ax.set_yticks(list(rows), names, fontsize=_SIZE)
    ax.set_ylim(len(table) - 0.4, -0.6)
    highest = max([6.0, *coarse[coarse.notna()], *middle[middle.notna()]])
    ax.set_xlim(0, 1.05 * highest)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 6))))
    ax.set_xlabel(word("axis"), fontsize=8, color=INK)
    ax.tick_params(axis="y", length=0)
    return figure
