"""The estimate without each of the lists, on one sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelest.entry import entry
from funnelest.plot.base import drawing
from funnelest.plot.base.totals import Line, totals
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["left_out"]


@entry
def left_out(leaving: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw the estimate from all lists, and without each of them.

    Parameters
    ----------
    leaving : Verdict
        What `funnelest.lists.leaving_out` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("leaving", leaving, "leaving_out", language, title=title) as show:
        all_ = leaving.details["everything"]
        lines = []
        for row in leaving.table.to_dict("records"):
            without = row["left_out"]
            limits = (row["total_low"], row["total_high"])
            lines.append(
                Line(
                    show("plot.left_out.without", name=without)
                    if without
                    else show("plot.left_out.all"),
                    row["known"],
                    row["total"],
                    None if any(map(math.isnan, limits)) else limits,
                    said=show("plot.methods.withheld"),
                    bound=all_.lower_bound,
                )
            )
        given = [all_, *leaving.details["estimates"].values()]
        kinds = dict.fromkeys(
            show.say(one.interval_name) for one in given if one.interval is not None
        )
        return totals(
            lines,
            head=[("title", title)],
            known=show("plot.left_out.known"),
            total=show("plot.left_out.total", interval="; ".join(kinds))
            if kinds
            else show("plot.left_out.alone"),
            note=show("plot.left_out.note", method=all_.method),
            show=show,
        )
