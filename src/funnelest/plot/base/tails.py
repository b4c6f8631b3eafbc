"""Printed figures in what is foretold of them, one line each, on an axis of normal scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.frame import framed
from funnelest.plot.base.marks import BAND, BLUE, GREY, INK, ORANGE
from funnelest.plot.base.sheet import text_width, wrap
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST", "Place", "places"]

#: More lines than this are not drawn: the ones that lie in the middle are left out.
MOST = 60
_WIDTH, _SIZE, _LINE, _REACH = 7.5, 7.5, 0.14, 4.0
_RED = "#c00000"
#: Kind -> marker, colour, fill, size.
_STYLES: dict[str, tuple[str, str, str, float]] = {
    "bad": ("D", _RED, _RED, 6.0),
    "apart": ("s", ORANGE, "white", 5.5),
    "fine": ("o", BLUE, BLUE, 5.0),
    "prior": ("o", GREY, "white", 5.0),
    "limit": ("^", BLUE, "white", 5.5),
    "gone": ("x", INK, INK, 5.0),
}


@dataclass(frozen=True)
class Place:
    """Where one figure lies.

    Parameters
    ----------
    name : str
        What it is, at the left.
    mid_p : float
        Probability of a larger one; NaN where it is not known.
    kind : {"bad", "apart", "fine", "prior", "limit", "gone"}
        How it is drawn.
    beside : str
        What stands at the right: the figure, and what is foretold.
    """

    name: str
    mid_p: float
    kind: str
    beside: str


def places(
    rows: Sequence[Place],
    *,
    head: Sequence[tuple[str, str]],
    kinds: dict[str, str],
    tail: float,
    label: str,
    sides: tuple[str, str],
    note: str,
    band: str,
    column: str,
    show: Language,
) -> Figure:
    """Return a figure with a line per printed figure.

    Parameters
    ----------
    rows : sequence of Place
        The figures, from the top down.
    head : sequence of (str, str)
        As in `framed`.
    kinds : dict of str to str
        Kind -> its words in the legend; only kinds that are drawn are explained.
    tail : float
        Probability beyond each of the two lines.
    label : str
        Label of the axis.
    sides : (str, str)
        What it means to lie at the left, and at the right.
    note, band : str
        What stands below, and the words of the grey band.
    column : str
        What stands at the right of the lines.
    show : Language
        How numbers are written.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
    from scipy.special import ndtr, ndtri

    names = [wrap(one.name, _SIZE, 2.3) for one in rows]
    left = 0.3 + max((text_width(line, _SIZE) for name in names for line in name), default=0.5)
    beside = [wrap(one.beside, _SIZE, 2.1) for one in rows]
    right = 0.3 + max((text_width(line, _SIZE) for text in beside for line in text), default=0.5)
    right = max(right, 0.3 + text_width(column, 7))
    lines = [max(len(a), len(b), 1) for a, b in zip(names, beside, strict=True)]
    heights = [_LINE * count + 0.1 for count in lines]
    tall = sum(heights) + 0.1
    drawn = [kind for kind in kinds if any(one.kind == kind for one in rows)]
    keys: list[Any] = []
    for kind in drawn:
        marker, colour, fill, size = _STYLES[kind]
        keys.append(Line2D([], [], marker=marker, color=colour, markerfacecolor=fill,
                           markersize=size, linestyle="none", label=kinds[kind]))  # fmt: skip
    keys.append(Patch(facecolor=BAND, edgecolor=GREY, linewidth=0.8, label=band))
    figure, ax = framed(head, keys, note, above=0.16, below=0.56, left=left, right=right,
                        width=_WIDTH, high=tall)  # fmt: skip
    ax.set_xlim(-_REACH, _REACH)
    ax.set_ylim(tall, 0)
    edge = float(ndtri(1 - tail))
    ax.axvspan(-edge, edge, color=BAND, linewidth=0, zorder=0)
    for x in (-edge, edge):
        ax.axvline(x, color=GREY, linewidth=0.8, zorder=1)
    ax.axvline(0, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
    top = 0.05
    for one, name, text, height in zip(rows, names, beside, heights, strict=True):
        y = top + height / 2
        top += height
        for part, x, align in ((name, -0.1, "right"), (text, 0.1, "left")):
            for i, line in enumerate(part):
                ax.annotate(
                    line, (0.0 if align == "right" else 1.0, y),
                    (72 * x, -10.0 * (i - (len(part) - 1) / 2)),
                    xycoords=("axes fraction", "data"), textcoords="offset points", ha=align,
                    va="center", fontsize=_SIZE, color=INK, annotation_clip=False,
                    parse_math=False,
                )  # fmt: skip
        ax.axhline(y, color="#e4e4e4", linewidth=0.6, zorder=0.5)
        marker, colour, fill, size = _STYLES[one.kind]
        if one.mid_p != one.mid_p:  # no place is known
            ax.plot([0], [y], marker="x", color=INK, markersize=5, zorder=4)
            continue
        x = float(-ndtri(min(max(one.mid_p, 1e-12), 1 - 1e-12)))
        out = abs(x) > _REACH - 0.15
        if out:  # beyond the axis: at its end, with an arrow
            x = (_REACH - 0.15) * (1 if x > 0 else -1)
            ax.plot([x + (0.28 if x > 0 else -0.28)], [y], marker=">" if x > 0 else "<",
                    color=colour, markersize=4, zorder=4, clip_on=False)  # fmt: skip
        ax.plot([x], [y], marker=marker, color=colour, markerfacecolor=fill, markersize=size,
                markeredgewidth=1.2, zorder=5, clip_on=False)  # fmt: skip
    shares = [0.001, tail, 0.5, 1 - tail, 0.999]
    if _WIDTH - left - right > 2.6:
        shares = [0.001, tail, 0.16, 0.5, 0.84, 1 - tail, 0.999]
    ax.xaxis.set_major_locator(FixedLocator([float(v) for v in ndtri(sorted(shares))]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _: f"{show.figure(round(100 * float(ndtr(v)), 2))}%")
    )
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(label, fontsize=8, color=INK)
    for at, said, align in (
        (0.0, f"\u2190 {sides[0]}", "left"),
        (1.0, f"{sides[1]} \u2192", "right"),
    ):
        ax.annotate(said, (at, 1.0), (0, 4), xycoords="axes fraction", textcoords="offset points",
                    ha=align, va="bottom", fontsize=7, color=GREY)  # fmt: skip
    ax.annotate(column, (1.0, 1.0), (7.2, 4), xycoords="axes fraction", textcoords="offset points",
                ha="left", va="bottom", fontsize=7, color=GREY)  # fmt: skip
    return figure
