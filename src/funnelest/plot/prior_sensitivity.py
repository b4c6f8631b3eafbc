"""How far each quantity moves when a prior counts for more or less."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.check.prior_scaling import PriorSensitivity
from funnelest.check.prior_scaling.found import ALL_PRIORS, ALL_SOURCES
from funnelest.plot.base import Language, drawing
from funnelest.plot.base.lines import Named, rows_panel
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["prior_sensitivity"]

_WORDS = {
    "en": {
        "axis": "Sensitivity (cumulative Jensen-Shannon distance per doubling)",
        "one": "the prior that moves it most (filled: it decides)",
        "all": "all priors together",
        "sources": "all sources together",
        "threshold": "from here a quantity is said to move: {value}",
        "heading": "the prior that moves it most",
        "own": "its own", "decides": "DECIDES: {name}", "unknown": "not known",
        "note": "Each prior to the powers 0.99 and 1.01. It decides when the {interval} is more "
                "than 1.2 times as wide or narrow, or leaves out the median that was, when the "
                "prior counts half or twice.",
    },
    "nl": {
        "axis": "Gevoeligheid (cumulatieve Jensen-Shannon-afstand per verdubbeling)",
        "one": "de prior die haar het meest verschuift (gevuld: die beslist)",
        "all": "alle priors samen",
        "sources": "alle bronnen samen",
        "threshold": "vanaf hier heet een grootheid te verschuiven: {value}",
        "heading": "de prior die haar het meest verschuift",
        "own": "haar eigen", "decides": "BESLIST: {name}", "unknown": "niet bekend",
        "note": "Elke prior tot de macht 0,99 en 1,01. Hij beslist als het {interval} meer dan 1,2 "
                "keer zo breed of smal is, of de oude mediaan uitsluit, wanneer de prior half of "
                "dubbel telt.",
    },
}  # fmt: skip


def prior_sensitivity(
    prior_sensitivity: PriorSensitivity, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw how far each quantity moves with its strongest prior, all priors, and all sources.

    Parameters
    ----------
    prior_sensitivity : PriorSensitivity
        What `funnelest.check.prior_sensitivity` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its rows need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("prior_sensitivity", prior_sensitivity, PriorSensitivity, language) as show:
        return _drawn(prior_sensitivity, title, show)


def _drawn(found: PriorSensitivity, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    words = _WORDS[show.code]
    rows, drawn = [], []
    for quantity in found.base:
        mine = [row for row in found.rows if row.quantity == quantity]
        single = [
            row
            for row in mine
            if row.component not in (ALL_PRIORS, ALL_SOURCES) and not math.isnan(row.psens)
        ]
        most = max(single, key=lambda r: (found.decides(r), r.psens), default=None)
        said, decides = words["unknown"], False
        if most is not None:
            decides = found.decides(most)
            said = words["own"] if most.component == quantity else most.component
            if decides:
                said = words["decides"].format(name=said)
            elif most.psens < found.threshold:
                said = ""
        rows.append(Named(quantity, said))
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
        Line2D([], [], label=words["one"], **plain, **styles["one"]),
        Line2D([], [], label=words["all"], **plain, **styles[ALL_PRIORS]),
        Line2D([], [], label=words["sources"], **plain, **styles[ALL_SOURCES]),
        Line2D([], [], label=words["threshold"].format(value=show.figure(found.threshold)), **line),
    ]
    head = [("title", title), ("mark", "; ".join(filter(None, (found.result_mark, found.mark))))]
    figure, ax, middles = rows_panel(
        rows, head=head, keys=keys, axis=words["axis"], heading=words["heading"], right=1.9,
        note=words["note"].format(interval=show.interval(found.probability)),
    )  # fmt: skip
    values = [found.threshold]
    for (most, decides, wholes), y in zip(drawn, middles, strict=True):
        for name, value in wholes.items():
            ax.plot([value], [y], **plain, **styles[name], zorder=3, clip_on=False)
            values.append(value)
        if most is not None:
            style = {**styles["one"], **({"markerfacecolor": ORANGE} if decides else {})}
            ax.plot([most.psens], [y], **plain, **style, zorder=4, clip_on=False)
            values.append(most.psens)
    ax.axvline(found.threshold, **line, zorder=2)
    ax.set_xlim(0, 1.06 * max(v for v in values if math.isfinite(v)))
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 9))))
    return figure
