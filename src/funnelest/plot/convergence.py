"""How far each measure of convergence is from its limit, and how precise each interval is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelest.check.convergence import Convergence
from funnelest.plot.base import Language, drawing, framed, text_width
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["convergence"]

_WIDTH, _LINE, _SIZE = 7.0, 0.2, 7.5
_WORDS = {
    "en": {
        "axis": "Monte Carlo standard error over the width of the interval, percent",
        "limits": "limits of the {interval}, the coarser of the two",
        "median": "median",
        "coarse": "5%: two digits of a limit can just be told",
        "note": "{verdict} {measures}. A dot far to the left is a number that another seed would "
                "give again. The gate sees only what the engine met.",
        "passed": "Convergence gate passed:", "failed": "Convergence gate failed:",
    },
    "nl": {
        "axis": "Monte Carlo-standaardfout als deel van de breedte van het interval, procent",
        "limits": "grenzen van het {interval}, de grofste van beide",
        "median": "mediaan",
        "coarse": "5%: twee cijfers van een grens zijn nog net vast te stellen",
        "note": "{verdict} {measures}. Een stip ver naar links is een getal dat een ander "
                "startgetal weer zou geven. De toets ziet alleen waar de rekenmethode kwam.",
        "passed": "Convergentietoets gehaald:", "failed": "Convergentietoets niet gehaald:",
    },
}  # fmt: skip


def convergence(check: Convergence, *, title: str = "", language: str = "en") -> Figure:
    """Draw how precisely the draws know the interval of each quantity.

    Parameters
    ----------
    check : Convergence
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
    with drawing("check", check, Convergence, language) as show:
        return _drawn(check, title, show)


def _drawn(check: Convergence, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter

    words, table = _WORDS[show.code], check.precision
    width = (table["high"] - table["low"]).where(lambda v: v > 0)
    coarse = 100 * table["coarse"]
    middle = 100 * table["median_mc_error"] / width
    mark = {"linestyle": "none", "markersize": 5}
    keys = [
        Line2D([], [], marker="o", color=BLUE, **mark,  # type: ignore[arg-type]
               label=words["limits"].format(interval=show.interval(0.95))),
        Line2D([], [], marker="s", color=ORANGE, markerfacecolor="white", **mark,  # type: ignore[arg-type]
               label=words["median"]),
        Line2D([], [], color=INK, linestyle=(0, (4, 2)), linewidth=1, label=words["coarse"]),
    ]  # fmt: skip
    measures = ", ".join(
        f"{name} {show.number(value) if math.isfinite(value) else value}"
        for name, value in check.gate.measures.items()
    )
    verdict = words["passed" if check.passed else "failed"]
    room = max((text_width(str(name), _SIZE) for name in table["quantity"]), default=0.5) + 0.2
    figure, ax = framed(
        [("title", title), ("mark", check.mark)],
        keys,
        words["note"].format(verdict=verdict, measures=measures),
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
    ax.set_yticks(list(rows), [str(name) for name in table["quantity"]], fontsize=_SIZE)
    ax.set_ylim(len(table) - 0.4, -0.6)
    highest = max([6.0, *coarse[coarse.notna()], *middle[middle.notna()]])
    ax.set_xlim(0, 1.05 * highest)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 6))))
    ax.set_xlabel(words["axis"], fontsize=8, color=INK)
    ax.tick_params(axis="y", length=0)
    return figure
