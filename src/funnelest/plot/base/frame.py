"""One panel with its title above, and its legend and notes below, none of which meet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.marks import GREY, INK
from funnelest.plot.base.sheet import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["framed", "round_ticks", "wide"]

_EDGE, _RED = 0.12, "#c00000"


def framed(
    head: Sequence[tuple[str, str]],
    keys: Sequence[Any],
    note: str,
    *,
    above: float = 0.0,
    below: float = 0.5,
    left: float = 0.75,
    right: float = 0.2,
    width: float = 7.0,
    high: float = 2.9,
) -> tuple[Figure, Axes]:
    """Return a figure with one panel in it, and the panel.

    Parameters
    ----------
    head : sequence of (str, str)
        Kind ("title", "mark" or "subtitle") and text of what stands above; empty ones are left
        out, long ones wrapped.
    keys : sequence of artists
        The legend, one entry a line.
    note : str
        What stands below, wrapped.
    above, below, left, right : float
        Room around the panel in inches, for its own labels.
    width, high : float
        Width of the figure and height of the panel in inches.

    Returns
    -------
    (matplotlib.figure.Figure, matplotlib.axes.Axes)
        The figure is as high as the texts need.
    """
    from matplotlib import pyplot as plt

    styles = {"title": (10.5, True, INK), "mark": (9.5, True, _RED), "subtitle": (8.0, False, INK)}
    lines, top = [], 0.06
    for kind, text in head:
        size, bold, colour = styles[kind]
        for line in wrap(text, size, width - 2 * _EDGE, bold=bold) if text else []:
            top += 0.19 if bold else 0.16
            lines.append((top, line, size, bold, colour))
    top += 0.12 + above
    notes = wrap(note, 6.5, width - 2 * _EDGE)
    legend = top + high + below
    start = legend + 0.165 * len(keys) + 0.16
    height = start + 0.13 * len(notes)
    made = plt.figure(figsize=(width, height), facecolor="white")
    for y, line, size, bold, colour in lines:
        made.text(_EDGE / width, 1 - y / height, line, fontsize=size, color=colour, va="baseline",
                  fontweight="bold" if bold else "normal", parse_math=False)  # fmt: skip
    for i, line in enumerate(notes):
        made.text(_EDGE / width, 1 - (start + 0.13 * i) / height, line, fontsize=6.5, color=GREY,
                  va="center", parse_math=False)  # fmt: skip
    panel = made.add_axes(
        (left / width, 1 - (top + high) / height, 1 - (left + right) / width, high / height)
    )
    legend_box = made.legend(
        handles=list(keys),
        loc="upper left",
        bbox_to_anchor=(_EDGE / width, 1 - legend / height),
        fontsize=7,
        frameon=False,
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.165 * 72 / 7 - 1.0,
        handlelength=2.2,
    )
    for text_of in legend_box.get_texts():  # dollar signs in a user's names are no formulas
        text_of.set_parse_math(False)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        panel.spines[side].set_color(GREY)
    panel.tick_params(labelsize=7, length=2.5, which="major")
    panel.tick_params(length=0, which="minor")
    return made, panel


def wide(values: Sequence[float]) -> bool:
    """Return whether an axis with these values should be logarithmic."""
    return min(values) > 0 and max(values) / min(values) > 5


def round_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers on a logarithmic axis, no more than there is room for."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        found = [f * 10.0**p for p in powers for f in factors]
        inside = [v for v in found if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        if len(inside) <= most:
            return inside
    return inside[:: math.ceil(len(inside) / most)]
