"""Colours, symbols and arrows of the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BAND", "BLUE", "GREY", "INK", "ORANGE", "arrow_head", "bend", "symbol"]

type Point = tuple[float, float]

# Shapes and light against dark carry the meaning; the hues only help (Okabe & Ito's blue and a
# darkened vermilion, told apart by colour-blind readers).
BLUE, ORANGE, INK, GREY, BAND = "#0072b2", "#b34700", "#111111", "#6b6b6b", "#f0f0f0"


def bend(
    start: Point, corner: Point, end: Point, radius: float = 0.06
) -> tuple[list[float], list[float]]:
    """Return a line from `start` by a rounded `corner` to `end`, as x and y."""
    near = []
    for x, y in (start, end):
        length = max(abs(x - corner[0]), abs(y - corner[1]))  # the sides are level or upright
        part = min(radius / length, 1.0) if length else 0.0
        near.append((corner[0] + part * (x - corner[0]), corner[1] + part * (y - corner[1])))
    (ax, ay), (bx, by) = near
    steps = [i / 6 for i in range(7)]
    return (
        [
            start[0],
            *((1 - t) ** 2 * ax + 2 * t * (1 - t) * corner[0] + t**2 * bx for t in steps),
            end[0],
        ],
        [
            start[1],
            *((1 - t) ** 2 * ay + 2 * t * (1 - t) * corner[1] + t**2 * by for t in steps),
            end[1],
        ],
    )


def arrow_head(ax: Axes, tip: Point, way: Point) -> None:
    """Draw an arrow head that ends at `tip` and points the way it is told."""
    from matplotlib.patches import Polygon

    (x, y), (dx, dy) = tip, way
    back = (x - 0.085 * dx, y - 0.085 * dy)
    corners = [
        tip,
        (back[0] - 0.035 * dy, back[1] + 0.035 * dx),
        (back[0] + 0.035 * dy, back[1] - 0.035 * dx),
    ]
    ax.add_patch(Polygon(corners, facecolor=GREY, edgecolor="none", zorder=5))


def symbol(
    ax: Axes, scale: float, kind: str, values: tuple[float, float, float], y: float, hatched: bool
) -> None:
    """Draw an interval or a printed number, on the axis or in the legend.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    scale : float
        Size of the drawing, 1 being the size it was laid out for.
    kind : str
        Kind of the row.
    values : tuple of float
        Median and limits, in data coordinates.
    y : float
        Height.
    hatched : bool
        Whether it is imputed.
    """
    from matplotlib.patches import Rectangle

    middle, low, high = values
    if kind in ("step", "imputed"):
        half = 0.065 if kind == "step" else 0.05
        ax.add_patch(
            Rectangle(
                (low, y - half),
                high - low,
                2 * half,
                facecolor="white" if hatched else "#9ecae1",
                edgecolor=BLUE,
                hatch="/////" if hatched else None,
                linewidth=0.9 * scale,
                zorder=3,
            )
        )
        ax.plot(
            [middle, middle],
            [y - half - 0.025, y + half + 0.025],
            color=INK,
            linewidth=2.0 * scale,
            solid_capstyle="butt",
            zorder=5,
        )
    elif kind == "transition":
        ax.plot([low, high], [y, y], color=GREY, linewidth=1.2 * scale, zorder=3)
        ax.plot([middle], [y], marker="o", color=GREY, markersize=3.5 * scale, zorder=4)
    else:
        shape, colour, fill = ("s", INK, INK) if kind == "recorded" else ("D", ORANGE, "white")
        ax.plot(
            [middle],
            [y],
            marker=shape,
            color=colour,
            markerfacecolor=fill,
            markersize=4.5 * scale,
            markeredgewidth=1.1 * scale,
            linestyle="none",
            zorder=6,
            clip_on=False,
        )
