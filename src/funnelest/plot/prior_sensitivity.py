"""How far each quantity moves when a prior counts for more or less."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from funnelest.check.power_scaling import ALL_PRIORS, ALL_SOURCES
from funnelest.entry import entry
from funnelest.plot.base import Axis, Block, Column, Language, Mark, Row, Style, drawing, rows
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["prior_sensitivity"]


@entry
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
    with drawing(
        "prior_sensitivity", prior_sensitivity, "prior_sensitivity", language, title=title
    ) as show:
        return _drawn(prior_sensitivity, title, show)


_STYLES = {
    "one": Style(ORANGE, "o", 5.5, fill="white"),
    "all": Style(GREY, "D", 5.5, fill="white"),
    "sources": Style(BLUE, "x", 5.5),
    "threshold": Style(INK, line=1.0, dashes=(0, (4, 2))),
}


def _drawn(found: Verdict, title: str, show: Language) -> Figure:
    threshold, interval = found.details["threshold"], show.interval(found.details["probability"])
    lines = []
    for quantity in dict.fromkeys(row.quantity for row in found.found):
        moved = {row.component: row for row in found.found if row.quantity == quantity}
        marks = [
            Mark(_STYLES[name], moved[component].psens)
            for name, component in (("all", ALL_PRIORS), ("sources", ALL_SOURCES))
            if component in moved
        ]
        single = [
            row
            for name, row in moved.items()
            if name not in (ALL_PRIORS, ALL_SOURCES) and not math.isnan(row.psens)
        ]
        most = max(single, key=lambda r: (r.decides, r.psens), default=None)
        said = show("plot.prior_sensitivity.unknown")
        if most is not None:
            fill = ORANGE if most.decides else "white"
            marks.append(Mark(replace(_STYLES["one"], fill=fill), most.psens))
            said = most.component
            if said == quantity:
                said = show("plot.prior_sensitivity.own")
            if most.decides:
                said = show("plot.prior_sensitivity.decides", name=said)
            elif most.psens < threshold:
                said = ""
        lines.append(Row(show.say(quantity), marks, [said], least=0.22))
    axis = Axis(
        show("plot.prior_sensitivity.axis"), scale="linear",
        lines=[(threshold, _STYLES["threshold"])],
    )  # fmt: skip
    column = Column(show("plot.prior_sensitivity.heading"), most=1.75)
    return rows(
        Block(lines, [axis], [column], ruled="between"),
        head=[("title", title), ("mark", found.in_language(show.code).marks)],
        keys=[(style, show(f"plot.prior_sensitivity.{name}", value=threshold))
              for name, style in _STYLES.items()],
        note=show("plot.prior_sensitivity.note", interval=interval),
        show=show,
    ).figure  # fmt: skip
