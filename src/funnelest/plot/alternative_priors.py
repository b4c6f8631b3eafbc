"""What quantities are under other priors: a forest with the model's own first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.plot.base import Language, drawing, round_ticks
from funnelest.plot.base.lines import Named, rows_panel
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["alternative_priors"]

_RED = "#c00000"


def alternative_priors(
    alternative_priors: Verdict, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw every quantity as it is and under each alternative, over its median as it is.

    The axis is logarithmic; where a quantity is not above 0, it is in widths of the interval.

    Parameters
    ----------
    alternative_priors : Verdict
        What `funnelest.check.alternative_priors` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its rows need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("alternative_priors", alternative_priors, "alternative_priors", language) as show:
        return _drawn(alternative_priors, title, show)


def _drawn(found: Verdict, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    details, changed = found.details, set(map(id, found.details["changed"]))
    interval = show.interval(details["probability"])

    def word(key: str, **values: Any) -> str:
        return show.say(say(f"plot.alternative_priors.{key}", **values))

    rows: list[Named] = []
    lines: list[tuple[tuple[float, float, float], str] | None] = []
    base = {one.quantity: one.before for one in found.found}
    lows = [low for one in found.found for low in (one.before[1], one.after[1])]
    positive = not any(low <= 0 for low in lows)
    for quantity, before in base.items():
        rows += [
            Named(show.say(quantity), bold=True),
            Named(word("as_it_is"), show.numbers(*before)),
        ]
        lines += [None, (_on_axis(before, before, positive), "base")]
        for one in found.found:
            if one.quantity == quantity:
                known = not math.isnan(one.after[0])
                beside = show.numbers(*one.after) if known else word("failed")
                rows.append(Named(one.under, beside))
                kind = "failed" if not known else "changed" if id(one) in changed else "same"
                lines.append((_on_axis(one.after, before, positive), kind))
    colours = {"base": INK, "same": BLUE, "changed": ORANGE}
    shapes = {"base": "o", "same": "s", "changed": "D"}
    kinds = [kind for kind in ("base", "same", "changed") if any(x and x[1] == kind for x in lines)]
    keys: list[Any] = [
        Line2D([], [], color=colours[kind], marker=shapes[kind], markersize=4.5, linewidth=1.6,
               markerfacecolor="white" if kind == "same" else colours[kind],
               label=word(kind, interval=interval))
        for kind in kinds
    ]  # fmt: skip
    if any(x and x[1] == "failed" for x in lines):
        keys.append(Line2D([], [], color=_RED, marker="x", linestyle="none", label=word("failed")))
    head = [("title", title), ("mark", found.in_language(show.code).marks)]
    allowed = {"moved": details["moved"], "widened": details["widened"]}
    figure, ax, middles = rows_panel(
        rows, head=head, keys=keys, right=1.75, least=0.19,
        note=word("note", **allowed),
        axis=word("axis" if positive else "plain"),
        heading=word("heading", interval=interval),
    )  # fmt: skip
    at = 1.0 if positive else 0.0
    reach = [x for line in lines if line and line[1] != "failed" for x in line[0]]
    low, high = min(reach), max(reach)
    if positive:
        ax.set_xscale("log")
        ax.set_xlim(low / 1.15, high * 1.15)
        ticks = round_ticks(low / 1.15, high * 1.15, most=7)
        ax.xaxis.set_major_locator(FixedLocator(ticks))
        ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 9))))
    ax.axvline(at, color=GREY, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
    for line, y in zip(lines, middles, strict=True):
        if line is None:
            continue
        (median, a, b), kind = line
        if kind == "failed":
            ax.plot([at], [y], marker="x", color=_RED, markersize=5, linestyle="none", zorder=4)
            continue
        ax.plot([a, b], [y, y], color=colours[kind], linewidth=1.6, zorder=2)
        ax.plot([median], [y], marker=shapes[kind], color=colours[kind], markersize=4.5, zorder=3,
                markerfacecolor="white" if kind == "same" else colours[kind])  # fmt: skip
    return figure


def _on_axis(
    values: tuple[float, float, float], base: tuple[float, float, float], positive: bool
) -> tuple[float, float, float]:
    """Return a median and its limits over the median as it is, or in widths from it."""
    middle, low, high = base
    if positive:
        a, b, c = (value / middle for value in values)
    else:
        width = (high - low) or 1.0
        a, b, c = ((value - middle) / width for value in values)
    return a, b, c
