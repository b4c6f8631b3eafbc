"""What quantities are under other priors: a forest with the model's own first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.check.prior_scaling import AlternativePriors
from funnelest.plot.base import Language, drawing, round_ticks
from funnelest.plot.base.lines import Named, rows_panel
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["alternative_priors"]

_RED = "#c00000"
_WORDS = {
    "en": {
        "axis": "Over the median as it is",
        "plain": "In widths of the interval as it is, from its median",
        "base": "as it is: median and {interval}",
        "same": "under other priors",
        "changed": "under other priors, and changed",
        "failed": "the refit failed: no number",
        "as it is": "as it is",
        "heading": "median ({interval})",
        "note": "Changed: the interval leaves out the median as it is, the median moves by more "
                "than {moved} posterior standard deviations, or the interval is more than "
                "{widened} times as wide or narrow. Which prior is right no figure says.",
    },
    "nl": {
        "axis": "Gedeeld door de mediaan zoals het is",
        "plain": "In breedtes van het interval zoals het is, vanaf zijn mediaan",
        "base": "zoals het is: mediaan en {interval}",
        "same": "met andere priors",
        "changed": "met andere priors, en veranderd",
        "failed": "herschatting mislukt: geen getal",
        "as it is": "zoals het is",
        "heading": "mediaan ({interval})",
        "note": "Veranderd: het interval sluit de oude mediaan uit, de mediaan verschuift meer dan "
                "{moved} posterior-standaardafwijkingen, of het interval is meer dan {widened} "
                "keer zo breed of smal. Welke prior juist is zegt geen enkel cijfer.",
    },
}  # fmt: skip


def alternative_priors(
    alternative_priors: AlternativePriors, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw every quantity as it is and under each alternative, over its median as it is.

    The axis is logarithmic; where a quantity is not above 0, it is in widths of the interval.

    Parameters
    ----------
    alternative_priors : AlternativePriors
        What `funnelest.check.alternative_priors` gave.
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
    with drawing("alternative_priors", alternative_priors, AlternativePriors, language) as show:
        return _drawn(alternative_priors, title, show)


def _drawn(found: AlternativePriors, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    words = _WORDS[show.code]
    interval = show.interval(found.probability)
    rows: list[Named] = []
    lines: list[tuple[tuple[float, float, float], str] | None] = []
    positive = all(
        not low <= 0
        for low in [low for _, low, _ in found.base.values()] + [r.values[1] for r in found.rows]
    )
    for quantity, base in found.base.items():
        rows.append(Named(quantity, bold=True))
        lines.append(None)
        for row in (None, *(one for one in found.rows if one.quantity == quantity)):
            values = base if row is None else row.values
            name = words["as it is"] if row is None else row.alternative
            known = not math.isnan(values[0])
            rows.append(Named(name, show.numbers(*values) if known else words["failed"]))
            kind = "base" if row is None else "changed" if found.changed(row) else "same"
            lines.append((_on_axis(values, base, positive), kind if known else "failed"))
    colours = {"base": INK, "same": BLUE, "changed": ORANGE}
    shapes = {"base": "o", "same": "s", "changed": "D"}
    kinds = [kind for kind in ("base", "same", "changed") if any(x and x[1] == kind for x in lines)]
    keys: list[Any] = [
        Line2D([], [], color=colours[kind], marker=shapes[kind], markersize=4.5, linewidth=1.6,
               markerfacecolor="white" if kind == "same" else colours[kind],
               label=words[kind].format(interval=interval))
        for kind in kinds
    ]  # fmt: skip
    if any(x and x[1] == "failed" for x in lines):
        keys.append(Line2D([], [], color=_RED, marker="x", linestyle="none", label=words["failed"]))
    scale = {"en": "logarithmic scale", "nl": "logaritmische schaal"}[show.code]
    head = [("title", title), ("mark", "; ".join(filter(None, (found.result_mark, found.mark))))]
    allowed = {"moved": show.figure(found.moved), "widened": show.figure(found.widened)}
    figure, ax, middles = rows_panel(
        rows, head=head, keys=keys, right=1.75, least=0.19,
        note=words["note"].format(**allowed),
        axis=f"{words['axis']}, {scale}" if positive else words["plain"],
        heading=words["heading"].format(interval=interval),
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
