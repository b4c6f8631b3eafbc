"""How far each measure of convergence is from its limit, and how precise each interval is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelest.entry import entry
from funnelest.plot.base import Axis, Block, Language, Mark, Row, Style, drawing, rows
from funnelest.plot.base.marks import BLUE, INK, ORANGE
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["convergence"]


@entry
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
    with drawing("check", check, "convergence", language, title=title) as show:
        return _drawn(check.in_language(language), title, show)


_STYLES = {
    "limits": Style(BLUE, "o", 5),
    "median": Style(ORANGE, "s", 5, fill="white"),
    "coarse": Style(INK, line=1.0, dashes=(0, (4, 2))),
}


def _drawn(verdict: Verdict, title: str, show: Language) -> Figure:
    made = []
    for row in verdict.rows["precision"]:
        width = row["high"] - row["low"]
        middle = 100 * row["median_mc_error"] / width if width > 0 else math.nan
        marks = [Mark(_STYLES["limits"], 100 * row["coarse"]), Mark(_STYLES["median"], middle)]
        made.append(Row(show.say(row["quantity"]), marks))
    measures = ", ".join(
        f"{show.word(name)} {show.number(value) if math.isfinite(value) else value}"
        for name, value in verdict.details["gate"].measures.items()
    )
    outcome = show(f"plot.convergence.{'passed' if verdict.passed else 'failed'}",
                   measures=measures)  # fmt: skip
    axis = Axis(show("plot.convergence.axis"), scale="linear", lines=[(5.0, _STYLES["coarse"])])
    return rows(
        Block(made, [axis], ruled="through"),
        head=[("title", title), ("mark", verdict.mark)],
        keys=[(style, show(f"plot.convergence.{name}", interval=show.interval(0.95)))
              for name, style in _STYLES.items()],
        note=show("plot.convergence.note", verdict=outcome),
        width=7.0,
        show=show,
    ).figure  # fmt: skip
