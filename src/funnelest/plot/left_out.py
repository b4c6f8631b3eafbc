"""The estimate without each of the lists, on one sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelest.plot.base import drawing
from funnelest.plot.base.forest import Line, forest
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["left_out"]

_WORDS = {
    "en": {
        "all": "all lists", "without": "without {name}",
        "known": "people on at least one of the lists that are left",
        "total": "known and hidden people together: estimate and {interval} interval",
        "bound": "lower bound, and its interval", "endless": "the interval has no upper end",
        "axis": "People, known and hidden together", "none": "withheld",
        "alone": "known and hidden people together: estimate",
        "note": "{method}. People who are only on the list that is left out are hidden then; the "
                "total is meant to be the same. Estimates differ by chance, and where what the "
                "method assumes does not hold for the lists that are left: leaving out a list "
                "that two others depend on makes these two dependent.",
    },
    "nl": {
        "all": "alle lijsten", "without": "zonder {name}",
        "known": "personen op minstens een van de overige lijsten",
        "total": "bekende en verborgen personen samen: schatting en interval ({interval})",
        "bound": "ondergrens, met interval", "endless": "het interval heeft geen bovengrens",
        "axis": "Personen, bekend en verborgen samen", "none": "niet getoond",
        "alone": "bekende en verborgen personen samen: schatting",
        "note": "{method}. Wie alleen op de weggelaten lijst staat is dan verborgen; het totaal "
                "dat bedoeld is blijft gelijk. Schattingen verschillen door toeval, en waar de "
                "aanname van de methode niet geldt voor de overige lijsten: wie een lijst weglaat "
                "waarvan twee andere afhangen, maakt die twee van elkaar afhankelijk.",
    },
}  # fmt: skip


def left_out(leaving: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw the estimate from all lists, and without each of them.

    Parameters
    ----------
    leaving : Verdict
        What `funnelest.lists.leaving_out` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts; the method and its interval are in English.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("leaving", leaving, "leaving_out", language) as show:
        words, all_ = _WORDS[language], leaving.details["everything"]
        lines = []
        for row in leaving.table.to_dict("records"):
            left = row["left_out"]
            name = words["without"].format(name=left) if left else words["all"]
            limits = (row["total_low"], row["total_high"])
            shown = None if math.isnan(limits[0]) or math.isnan(limits[1]) else limits
            lines.append(Line(name, row["known"], row["total"], shown, said=words["none"],
                              bound=all_.lower_bound))  # fmt: skip
        given = [all_, *leaving.details["estimates"].values()]
        kinds = dict.fromkeys(one.interval_name for one in given if one.interval is not None)
        labels = (
            words["known"],
            words["total"].format(interval="; ".join(kinds)) if kinds else words["alone"],
            words["bound"],
            words["endless"],
        )
        return forest(
            lines,
            head=[("title", title)],
            labels=labels,
            axis=words["axis"],
            note=words["note"].format(method=all_.method),
            show=show,
        )
