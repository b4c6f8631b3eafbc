"""A panel of rows: a name at the left, a drawing on a common axis, a text at the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.rows import Axis, Block, Column, Row
from funnelest.plot.base.rows import rows as draw
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Named", "rows_panel"]


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
    made = [Row(row.name, texts=[row.said], bold=row.bold, least=least) for row in rows]
    block = Block(made, [Axis(axis, scale="linear")], [Column(heading, most=right - 0.15)],
                  ruled="between")  # fmt: skip
    drawn = draw(block, head=head, keys=keys, note=note, show=Language("en"), width=width)
    (ax,) = drawn.panels
    return drawn.figure, ax, [place.middle for place in drawn.places]
