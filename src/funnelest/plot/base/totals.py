"""Estimates of people on linked registers, one line each: those known, and all together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelest.plot.base.marks import BLUE, GREY, ORANGE, Mark, Style
from funnelest.plot.base.rows import Axis, Block, Column, Row, rows
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Line", "totals"]

_KNOWN = Style(GREY, "|", 7, tall=True)
_TOTAL = Style(BLUE, "o", 5, ink="white", fill=BLUE, line=2.4)
_BOUND = Style(ORANGE, ">", 6.5, ink="white", fill=ORANGE, line=2.4)


@dataclass(frozen=True)
class Line:
    """One estimate.

    Parameters
    ----------
    name : str
        What it is, at the left.
    known : float
        Number of people known.
    total : float
        Known and hidden people together; NaN where there is no number.
    interval : (float, float), optional
        Interval of the total.
    under : str, default ""
        Second line below the name, such as the kind of the interval.
    bound : bool, default False
        Whether the total is a lower bound.
    said : str, default ""
        What stands in place of a number that is not shown.
    """

    name: str
    known: float
    total: float
    interval: tuple[float, float] | None
    under: str = ""
    bound: bool = False
    said: str = ""


def totals(
    lines: Sequence[Line],
    *,
    head: Sequence[tuple[str, str]],
    known: str,
    total: str,
    note: str,
    show: Language,
) -> Figure:
    """Draw estimates below each other, the first one on top.

    Parameters
    ----------
    lines : sequence of Line
        The estimates.
    head, note : sequence of (str, str), str
        As in `rows`.
    known, total : str
        Texts of the legend, for the people known and for the estimates.
    show : Language
        How numbers are written.
    """
    keys = [(_KNOWN, known), (_TOTAL, total)]
    if any(one.bound for one in lines):
        keys.append((_BOUND, show("plot.methods.bound")))
    if any(one.interval and math.isinf(one.interval[1]) for one in lines):
        keys.append((Style(BLUE, 9), show("plot.methods.endless")))
    made = []
    for one in lines:
        limits = one.interval or (math.nan, math.nan)
        mark = Mark(_BOUND if one.bound else _TOTAL, one.total, *limits)
        marks = [Mark(_KNOWN, one.known), mark]
        made.append(Row(one.name, marks, [_said(one, show)], one.under, least=0.26))
    block = Block(made, [Axis(show("plot.methods.axis"))], [Column()], ruled="between")
    return rows(block, head=head, keys=keys, note=note, show=show).figure


def _said(one: Line, show: Language) -> str:
    if not math.isfinite(one.total):
        return one.said
    if one.interval is None:
        return show.number(one.total)
    low, high = one.interval
    if math.isinf(high):
        return f"{show.number(one.total)} ({show.number(low)}\u2013\u221e)"
    return show.numbers(one.total, low, high)
