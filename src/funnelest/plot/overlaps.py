"""The overlaps that were seen beside those that a method expects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelest.entry import entry
from funnelest.plot.base import Axis, Block, Language, Mark, Row, Style, drawing, rows
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["overlaps"]

_MOST = 40
_STYLES = {
    "expected": Style(BLUE, "|", 7, line=3.2, alpha=0.45),
    "seen": Style(INK, "o", 4.2),
    "not": Style(ORANGE, "D", 4.2),
    "limit": Style(GREY, "<"),
}


@entry
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
    with drawing("checked", checked, "predictive", language, title=title) as show:
        return _drawn(checked, title, show)


def _drawn(checked: Verdict, title: str, show: Language) -> Figure:
    table = checked.in_language(show.code).table
    if "limit" not in table:
        table = table.assign(limit=False)
    # What is not reproduced first, then by size: those are what one looks for.
    table = table.sort_values(["reproduced", "people"], ascending=[True, False], kind="stable")
    fewer = max(0, len(table) - max(_MOST, int((~table["reproduced"]).sum())))
    made = []
    for row in table.head(len(table) - fewer).to_dict("records"):
        found = _STYLES["seen" if row["reproduced"] else "not"]
        if row["limit"]:
            found = Style(found.colour, "<", 4.2)
        marks = [Mark(_STYLES["expected"], row["expected"], row["low"], row["high"]),
                 Mark(found, row["people"])]  # fmt: skip
        name = f"{row['stratum']}: {row['overlap']}" if "stratum" in row else row["overlap"]
        made.append(Row(name, marks, size=7))
    drawn = {"not": not table["reproduced"].all(), "limit": bool(table["limit"].any())}
    keys = [(style, show(f"plot.overlaps.{kind}")) for kind, style in _STYLES.items()
            if drawn.get(kind, True)]  # fmt: skip
    note = show("plot.overlaps.note", method=checked.details["estimate"].method)
    if fewer:
        note += " " + show("plot.overlaps.left", n=fewer)
    block = Block(made, [Axis(show("plot.overlaps.axis"), scale="symlog")])
    return rows(block, head=[("title", title)], keys=keys, note=note, show=show, most=2.6).figure
