"""The overlaps that were seen beside those that a method expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelest.plot.base import Language, drawing, framed, text_width, wrap
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["overlaps"]

_MOST, _WIDTH, _ROW, _LINE = 40, 7.5, 0.2, 0.115
_WORDS = {
    "en": {
        "expected": "expected by the method: mean and 95% predictive interval",
        "seen": "people found", "not": "people found, not reproduced (adjusted p below 0.05)",
        "limit": "people found, an upper limit only",
        "axis": "People (linear up to 1, then logarithmic)",
        "note": "{method}. Intervals hold for each overlap by itself; p is adjusted for their "
                "number (Holm). That a method reproduces what was seen says nothing of those on "
                "none of the lists.",
        "left": "The {n} overlaps with the fewest people, all reproduced, are not drawn.",
    },
    "nl": {
        "expected": "verwacht volgens de methode: gemiddelde en 95%-voorspellingsinterval",
        "seen": "gevonden personen",
        "not": "gevonden personen, niet gereproduceerd (gecorrigeerde p onder 0,05)",
        "limit": "gevonden personen, slechts een bovengrens",
        "axis": "Personen (lineair tot 1, dan logaritmisch)",
        "note": "{method}. Intervallen gelden per overlap; p is gecorrigeerd voor hun aantal "
                "(Holm). Dat een methode reproduceert wat gezien is, zegt niets over wie op geen "
                "van de lijsten staat.",
        "left": "De {n} overlappen met de minste personen, alle gereproduceerd, staan er niet bij.",
    },
}  # fmt: skip


def overlaps(checked: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw every overlap: the number found, and what the method expects.

    Parameters
    ----------
    checked : Verdict
        What `funnelest.lists.predictive` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide; at most 40 overlaps, those that are not reproduced always.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("checked", checked, "predictive", language) as show:
        return _drawn(checked, title, show)


def _drawn(checked: Verdict, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter

    words, table = _WORDS[show.code], checked.in_language(show.code).table
    if "limit" not in table:
        table = table.assign(limit=False)
    # What is not reproduced first, then by size: those are what one looks for.
    table = table.sort_values(["reproduced", "people"], ascending=[True, False], kind="stable")
    fewer = max(0, len(table) - max(_MOST, int((~table["reproduced"]).sum())))
    rows = table.head(len(table) - fewer).to_dict("records")
    names = [
        f"{row['stratum']}: {row['overlap']}" if "stratum" in row else row["overlap"]
        for row in rows
    ]
    texts = [wrap(name, 7, 2.6) for name in names]
    left = max(text_width(line, 7) for lines in texts for line in lines) + 0.25
    high = [_ROW + _LINE * (len(lines) - 1) for lines in texts]
    key: dict[str, Any] = {"linestyle": "none", "markersize": 5}
    keys = [
        Line2D([], [], color=BLUE, linewidth=3.2, alpha=0.45, marker="|", markersize=7,
               label=words["expected"]),
        Line2D([], [], color=INK, marker="o", label=words["seen"], **key),
    ]  # fmt: skip
    if not table["reproduced"].all():
        keys.append(Line2D([], [], color=ORANGE, marker="D", label=words["not"], **key))
    if table["limit"].any():
        keys.append(Line2D([], [], color=GREY, marker="<", label=words["limit"], **key))
    note = words["note"].format(method=checked.details["estimate"].method)
    if fewer:
        note += " " + words["left"].format(n=fewer)
    figure, ax = framed([("title", title)], keys, note, left=left, right=0.25, width=_WIDTH,
                        high=sum(high) + 0.1, below=0.55)  # fmt: skip
    down = 0.05
    for row, lines, height in zip(rows, texts, high, strict=True):
        y = down + height / 2
        down += height
        ax.plot([row["low"], row["high"]], [y, y], color=BLUE, linewidth=3.2, alpha=0.45,
                solid_capstyle="butt", zorder=2)  # fmt: skip
        ax.plot([row["expected"]], [y], "|", color=BLUE, markersize=7, zorder=3)
        shape, colour = ("o", INK) if row["reproduced"] else ("D", ORANGE)
        if row["limit"]:
            shape = "<"
        ax.plot([row["people"]], [y], shape, color=colour, markersize=4.2, zorder=4,
                clip_on=False)  # fmt: skip
        for i, line in enumerate(lines):
            up = 72 * _LINE * ((len(lines) - 1) / 2 - i)
            ax.annotate(line, (0.0, y), (-6, up), xycoords=("axes fraction", "data"),
                        textcoords="offset points", ha="right", va="center", fontsize=7, color=INK,
                        annotation_clip=False, parse_math=False)  # fmt: skip
    ax.set_xscale("symlog", linthresh=1.0, linscale=0.4)
    top = max(max(row["high"], row["people"]) for row in rows)
    ax.set_xlim(0, 1.5 * max(top, 1.0))
    ax.set_ylim(down + 0.05, 0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v))))
    ax.set_xlabel(words["axis"], fontsize=8, color=INK)
    return figure
