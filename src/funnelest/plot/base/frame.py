"""The frame of every figure: title above, legend and notes below, none of which meet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.marks import GREY, INK, RED, Style
from funnelest.plot.base.sheet import Sheet, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EDGE", "Frame", "Key", "framed", "round_ticks", "spaced_ticks", "wide"]

#: What stands for a thing in the legend, and what it is.
type Key = tuple[Any, str]

#: Inches from the edges of the figure to its texts.
EDGE = 0.12
_KEY = 0.165
_STYLES = {"title": (10.5, True, INK), "mark": (9.5, True, RED), "subtitle": (8.0, False, INK)}


class Frame:
    """A sheet with its texts in place, and room for what is drawn.

    Parameters
    ----------
    head : sequence of (str, str)
        Kind ("title", "mark" or "subtitle") and text of what stands above; empty ones are left
        out, long ones wrapped.
    keys : sequence of (Style, str)
        The legend: what stands for a thing, a `Style` or artists, and what it is; in as many
        columns as fit.
    note : str
        What stands below, wrapped.
    width, high : float
        Width of the sheet and height of what is drawn, in inches.
    ax : matplotlib.axes.Axes, optional
        Where to draw; left out, a new pyplot figure, as high as the texts need.
    watermark : str, default ""
        What is written across what is drawn.

    Attributes
    ----------
    sheet : Sheet
        The sheet.
    top : float
        Where what is drawn begins, in inches from the top.
    figure : matplotlib.figure.Figure
        The figure.
    """

    def __init__(
        self,
        head: Sequence[tuple[str, str]],
        keys: Sequence[Key],
        note: str,
        *,
        width: float,
        high: float,
        ax: Axes | None = None,
        watermark: str = "",
    ) -> None:
        from matplotlib import pyplot as plt

        room = width - 2 * EDGE
        lines, top = [], 0.06
        for kind, text in head:
            size, bold, colour = _STYLES[kind]
            for line in wrap(text, size, room, bold=bold) if text else []:
                top += 0.19 if bold else 0.16
                lines.append((top, line, size, bold, colour))
        self.top = top + 0.12
        legend = self.top + high
        columns = _columns([label for _, label in keys], room)
        notes = wrap(note, 6.5, room)
        start = legend + _KEY * math.ceil(len(keys) / columns) + 0.16
        height = start + 0.13 * len(notes)
        host: Any = ax
        if ax is None:
            host = plt.figure(figsize=(width, height), facecolor="white")
        self.figure: Figure = host.get_figure(root=True)
        self.sheet = sheet = Sheet(host, width, height)
        for y, line, size, bold, colour in lines:
            weight = "bold" if bold else "normal"
            sheet.text(EDGE, y, line, size, va="baseline", color=colour, fontweight=weight)
        for i, line in enumerate(notes):
            sheet.text(EDGE, start + 0.13 * i, line, 6.5, color=GREY)
        if keys:
            self._legend(keys, columns, legend)
        if watermark:
            size = min(26.0, 26.0 * 0.8 * room / text_width(watermark, 26, bold=True))
            sheet.text(width / 2, self.top + high / 2, watermark, size, ha="center", rotation=20,
                       color=RED, alpha=0.22, fontweight="bold", zorder=9)  # fmt: skip

    def _legend(self, keys: Sequence[Key], columns: int, top: float) -> None:
        sheet = self.sheet
        box = sheet.host.legend(
            handles=[one.handles() if isinstance(one, Style) else one for one, _ in keys],
            labels=[label for _, label in keys],
            loc="upper left",
            bbox_to_anchor=(EDGE / sheet.width, 1 - top / sheet.height),
            ncols=columns,
            fontsize=7 * sheet.scale,
            frameon=False,
            borderaxespad=0,
            borderpad=0,
            labelspacing=_KEY * 72 / 7 - 1.0,
            handlelength=2.2,
            columnspacing=1.5,
        )
        for text in box.get_texts():  # dollar signs in a user's names are no formulas
            text.set_parse_math(False)


def _columns(labels: Sequence[str], room: float) -> int:
    """Return how many columns of a legend fit beside each other."""
    widths = [0.3 + text_width(label, 7) for label in labels]
    for columns in (3, 2):
        size = max(1, math.ceil(len(widths) / columns))
        parts = [widths[i : i + size] for i in range(0, len(widths), size)]
        if len(parts) == columns and sum(map(max, parts)) + 0.15 * (columns - 1) <= room:
            return columns
    return 1


def framed(
    head: Sequence[tuple[str, str]],
    keys: Sequence[Key],
    note: str,
    *,
    above: float = 0.0,
    below: float = 0.5,
    left: float = 0.75,
    right: float = 0.2,
    width: float = 7.0,
    high: float = 2.9,
    watermark: str = "",
) -> tuple[Figure, Axes]:
    """Return a figure with one panel in it, and the panel.

    Parameters
    ----------
    head, keys, note, width, watermark
        As in `Frame`.
    above, below, left, right : float
        Room around the panel in inches, for its own labels.
    high : float
        Height of the panel in inches.
    """
    frame = Frame(
        head, keys, note, width=width, high=above + high + below, watermark=watermark
    )  # fmt: skip
    panel = frame.sheet.panel(left, frame.top + above, width - left - right, high)
    panel.patch.set_alpha(1)
    return frame.figure, panel


def wide(values: Sequence[float]) -> bool:
    """Return whether an axis with these values should be logarithmic."""
    return min(values) > 0 and max(values) / min(values) > 5


def round_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers on a logarithmic axis, no more than there is room for."""
    return spaced_ticks(low, high, lambda _: 0.0, math.inf, most)


def spaced_ticks(low: float, high: float, width: Any, room: float, most: int = 9) -> list[float]:
    """Return round numbers on a logarithmic axis whose labels keep apart.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    width : callable
        Width of the label of a number, in inches.
    room : float
        Length of the axis, in inches.
    most : int, default 9
        No more than these.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    choices = [
        [factor * 10.0**power for power in powers for factor in factors]
        for factors in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 5), (1, 3), (1,))
    ]
    choices += [[10.0**p for p in powers if p % n == 0] for n in (2, 3, 4, 6)]
    inside: list[float] = []
    for choice in choices:  # from dense to sparse
        inside = [v for v in choice if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        gaps = [
            room * math.log10(b / a) / math.log10(high / low) - (width(a) + width(b)) / 2
            for a, b in pairwise(inside)
        ]
        if len(inside) <= most and all(gap > 0.1 for gap in gaps):
            break
    return inside
