"""How far each quantity moves when a prior counts for more or less."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.check.power_scaling import ALL_PRIORS, ALL_SOURCES
from funnelest.plot.base import Language, drawing
from funnelest.plot.base.lines import Named, rows_panel
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["prior_sensitivity"]


def prior_sensitivity(
    prior_sensitivity: Verdict, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw how far each quantity moves with its strongest prior, all priors, and all sources.

    Parameters
    ----------
    prior_sensitivity : Verdict
        What `funnelest.check.prior_sensitivity` gave.
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
    with drawing("prior_sensitivity", prior_sensitivity, "prior_sensitivity", language) as show:
        return _drawn(prior_sensitivity, title, show)


def _drawn(found: Verdict, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    threshold, interval = found.details["threshold"], show.interval(found.details["probability"])

    def word(key: str, **values: Any) -> str:
        return show.say(say(f"plot.prior_sensitivity.{key}", **values))

    rows, drawn = [], []
    for quantity in dict.fromkeys(row.quantity for row in found.found):
        mine = [row for row in found.found if row.quantity == quantity]
        single = [
            row
            for row in mine
            if row.component not in (ALL_PRIORS, ALL_SOURCES) and not math.isnan(row.psens)
        ]
        most = max(single, key=lambda r: (r.decides, r.psens), default=None)
        said, decides = word("unknown"), False
        if most is not None:
            decides = most.decides
            said = word("own") if most.component == quantity else most.component
            if decides:
                said = word("decides", name=said)
            elif most.psens < threshold:
                said = ""
        rows.append(Named(show.say(quantity), said))
        wholes = {
            name: next((row.psens for row in mine if row.component == name), math.nan)
            for name in (ALL_PRIORS, ALL_SOURCES)
        }
        drawn.append((most, decides, wholes))
    plain: dict[str, Any] = {"linestyle": "none", "markersize": 5.5, "markeredgewidth": 1.2}
    styles: dict[str, dict[str, Any]] = {
        "one": {"marker": "o", "color": ORANGE, "markerfacecolor": "white"},
        ALL_PRIORS: {"marker": "D", "color": GREY, "markerfacecolor": "white"},
        ALL_SOURCES: {"marker": "x", "color": BLUE},
    }
    line: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": (0, (4, 2))}
    keys = [
        Line2D([], [], label=word("one"), **plain, **styles["one"]),
        Line2D([], [], label=word("all"), **plain, **styles[ALL_PRIORS]),
        Line2D([], [], label=word("sources"), **plain, **styles[ALL_SOURCES]),
        Line2D([], [], label=word("threshold", value=threshold), **line),
    ]
    head = [("title", title), ("mark", found.in_language(show.code).marks)]
    figure, ax, middles = rows_panel(
        rows, head=head, keys=keys, axis=word("axis"), heading=word("heading"), right=1.9,
        note=word("note", interval=interval),
    )  # fmt: skip
    values = [threshold]
    for (most, decides, wholes), y in zip(drawn, middles, strict=True):
        for name, value in wholes.items():
            ax.plot([value], [y], **plain, **styles[name], zorder=3, clip_on=False)
            values.append(value)
        if most is not None:
            style = {**styles["one"], **({"markerfacecolor": ORANGE} if decides else {})}
            ax.plot([most.psens], [y], **plain, **style, zorder=4, clip_on=False)
            values.append(most.psens)
    ax.axvline(threshold, **line, zorder=2)
    ax.set_xlim(0, 1.06 * max(v for v in values if math.isfinite(v)))
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 9))))
    return figure
