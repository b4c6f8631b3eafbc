"""A panel of rows: a name at the left, a drawing on a common axis, a text at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.frame import framed
from funnelest.plot.base.marks import GREY, INK
from funnelest.plot.base.sheet import text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Named", "rows_panel"]

_SIZE, _MOST_LEFT = 7.5, 2.3


@dataclass(frozen=True)
class Named:
    """One row.

    Parameters
    ----------
    name : str
        At the left, wrapped.
    said : str, default ""
        At the right, wrapped.
    bold : bool, default False
        Whether it is a heading.
    """

    name: str
    said: str = ""
    bold: bool = False


def rows_panel(
    rows: Sequence[Named],
    *,
    head: Sequence[tuple[str, str]],
    keys: Sequence[Any],
    note: str,
    axis: str,
    heading: str = "",
    right: float = 1.6,
    width: float = 7.5,
    least: float = 0.22,
) -> tuple[Figure, Axes, list[float]]:
    """Return a figure with a row per name, its panel, and the height of the middle of each row.

    Parameters
    ----------
    rows : sequence of Named
        From top to bottom.
    head, keys, note
        As in `framed`.
    axis : str
        Title of the axis.
    heading : str, default ""
        What the texts at the right are.
    right, width : float
        Room for the texts at the right, and width of the figure, in inches.
    least : float
        Height of a row of one line, in inches.
    """
    names = [wrap(row.name, _SIZE, _MOST_LEFT, bold=row.bold) for row in rows]
    texts = [wrap(row.said, 7, right - 0.15) if row.said else [] for row in rows]
    left = 0.3 + max(
        text_width(line, _SIZE, bold=row.bold)
        for row, lines in zip(rows, names, strict=True)
        for line in lines
    )
    high = [max(least, 0.12 * max(len(a), len(b)) + 0.1) for a, b in zip(names, texts, strict=True)]
    titles = wrap(heading, 7, right - 0.15) if heading else []
    figure, ax = framed(
        head, keys, note, left=left, right=right, width=width, high=sum(high), below=0.55,
        above=0.13 * len(titles),
    )  # fmt: skip
    ax.set_ylim(sum(high), 0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(axis, fontsize=8, color=INK)
    for i, line in enumerate(titles):
        ax.annotate(line, (1.0, 1.0), (6, 4 + 9 * (len(titles) - 1 - i)), xycoords="axes fraction",
                    textcoords="offset points", fontsize=7, color=GREY, annotation_clip=False,
                    parse_math=False)  # fmt: skip
    middles, top = [], 0.0
    for i, (row, height) in enumerate(zip(rows, high, strict=True)):
        middle = top + height / 2
        middles.append(middle)
        for lines, x, way, size in ((names[i], 0.0, -1, _SIZE), (texts[i], 1.0, 1, 7.0)):
            for j, line in enumerate(lines):
                up = (len(lines) - 1) / 2 - j
                ax.annotate(line, (x, middle), (6 * way, 8.8 * up),
                            xycoords=("axes fraction", "data"), textcoords="offset points",
                            ha="right" if way < 0 else "left", va="center", fontsize=size,
                            color=INK, fontweight="bold" if row.bold and way < 0 else "normal",
                            annotation_clip=False, parse_math=False)  # fmt: skip
        if top:
            ax.axhline(top, color="#e4e4e4", linewidth=0.6, zorder=0)
        top += height
    return figure, ax, middles
