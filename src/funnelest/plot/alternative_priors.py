"""What quantities are under other priors: a forest with the model's own first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelest.entry import entry
from funnelest.plot.base import Axis, Block, Column, Language, Mark, Row, Style, drawing, rows
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE, RED
from funnelest.verdict import Three, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["alternative_priors"]


@entry
def alternative_priors(
    alternative_priors: Verdict, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw every quantity as it is and under each alternative, over its median as it is.

    The axis is logarithmic; where a quantity is not above 0, it is in widths of the interval.

    Parameters
    ----------
    alternative_priors : Verdict
        What `funnelest.check.alternative_priors` gave.
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
        "alternative_priors", alternative_priors, "alternative_priors", language, title=title
    ) as show:
        return _drawn(alternative_priors, title, show)


_STYLES = {
    "base": Style(INK, "o", line=1.6),
    "same": Style(BLUE, "s", fill="white", line=1.6),
    "changed": Style(ORANGE, "D", line=1.6),
    "failed": Style(RED, "x", 5),
}


def _drawn(found: Verdict, title: str, show: Language) -> Figure:
    details, changed = found.details, set(map(id, found.details["changed"]))
    interval = show.interval(details["probability"])
    # No logarithm of what is not above 0.
    positive = all(low > 0 for one in found.found for low in (one.before[1], one.after[1])
                   if not math.isnan(low))  # fmt: skip
    lines, drawn = [], {"base"}

    def line(name: str, kind: str, values: Three, base: Three) -> Row:
        drawn.add(kind)
        known = kind != "failed"
        places = _on_axis(values, base, positive) if known else (1.0 if positive else 0.0,)
        beside = (
            show.numbers(*values, values.errors)
            if known
            else show("plot.alternative_priors.failed")
        )
        return Row(name, [Mark(_STYLES[kind], *places)], [beside], least=0.19)

    for quantity in dict.fromkeys(one.quantity for one in found.found):
        mine = [one for one in found.found if one.quantity == quantity]
        base = mine[0].before
        lines.append(Row(show.say(quantity), bold=True, least=0.19))
        lines.append(line(show("plot.alternative_priors.as_it_is"), "base", base, base))
        for one in mine:
            kind = "changed" if id(one) in changed else "same"
            kind = "failed" if math.isnan(one.after[0]) else kind
            lines.append(line(one.under, kind, one.after, base))
    middle = (1.0 if positive else 0.0, Style(GREY, line=0.8, dashes=(0, (3, 2))))
    axis = Axis(show(f"plot.alternative_priors.{'axis' if positive else 'plain'}"),
                scale="log" if positive else "linear", lines=[middle])  # fmt: skip
    column = Column(show("plot.alternative_priors.heading", interval=interval), most=1.6)
    return rows(
        Block(lines, [axis], [column], ruled="between"),
        head=[("title", title), ("mark", found.in_language(show.code).marks)],
        keys=[(style, show(f"plot.alternative_priors.{kind}", interval=interval))
              for kind, style in _STYLES.items() if kind in drawn],
        note=show(
            "plot.alternative_priors.note", moved=details["moved"], widened=details["widened"]
        ),
        show=show,
    ).figure  # fmt: skip


def _on_axis(values: Three, base: Three, positive: bool) -> tuple[float, float, float]:
    """Return a median and its limits over the median as it is, or in widths from it."""
    middle, low, high = base
    start, unit = (0.0, middle) if positive else (middle, (high - low) or 1.0)
    a, b, c = ((value - start) / unit for value in values)
    return a, b, c
