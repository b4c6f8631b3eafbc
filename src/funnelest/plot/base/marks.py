"""Colours, and how a number, its interval or a bar is drawn: on an axis and in the legend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BAND",
    "BLUE",
    "ESTIMATE",
    "GREY",
    "IMPUTED",
    "INK",
    "LIGHT",
    "ORANGE",
    "RED",
    "RULE",
    "Mark",
    "Style",
]

# Shapes and light against dark carry the meaning; the hues only help (Okabe & Ito's blue and a
# darkened vermilion, told apart by colour-blind readers).
BLUE, ORANGE, INK, GREY, BAND = "#0072b2", "#b34700", "#111111", "#6b6b6b", "#f0f0f0"
LIGHT, RED, RULE = "#9ecae1", "#c00000", "#e4e4e4"


@dataclass(frozen=True)
class Style:
    """How one kind of thing is drawn.

    Parameters
    ----------
    colour : str
        Of the line, or of the edge of the bar.
    marker : str or int, default ""
        Shape of the point; empty for none.
    size : float, default 4.5
        Of the point, in points.
    ink, fill : str, default ""
        Edge and face of the point, where they are not the colour.
    line : float, default 0
        Width of the line of the interval, in points; 0 for none.
    dashes : object, default "-"
        Of that line.
    bar : float, default 0
        Height in inches of a bar that stands for the interval; 0 for none.
    face, hatch : str
        Of the bar: a hatch means imputed, or assumed.
    alpha : float, default 1
        How much of the line covers what lies below.
    tall : bool, default False
        Whether the point is a stroke as high as its row.
    """

    colour: str = BLUE
    marker: str | int = ""
    size: float = 4.5
    ink: str = ""
    fill: str = ""
    line: float = 0.0
    dashes: Any = "-"
    bar: float = 0.0
    face: str = "white"
    hatch: str = ""
    alpha: float = 1.0
    tall: bool = False

    def _point(self, scale: float, most: float = math.inf) -> dict[str, Any]:
        edge = self.ink or self.colour
        thick = 2.0 if self.marker == "|" and self.bar else 1.6 if self.marker == "|" else 1.1
        return {
            "marker": self.marker or None,
            "markersize": min(self.size, most) * scale,
            "markeredgecolor": edge,
            "markerfacecolor": self.fill or edge,
            "markeredgewidth": thick * scale,
        }

    def handles(self, scale: float = 1.0) -> Any:
        """Return what stands for it in the legend."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        plain: Any = "none" if not self.line else self.dashes
        point = Line2D([], [], color=self.colour, linestyle=plain, linewidth=self.line * scale,
                       alpha=self.alpha if self.alpha < 1 else None,
                       **self._point(scale, 7.0))  # fmt: skip
        if not self.bar:
            return point
        patch = Patch(facecolor=self.face, edgecolor=self.colour, hatch=self.hatch or None,
                      linewidth=0.9 * scale)  # fmt: skip
        return (patch, point) if self.marker else patch


ESTIMATE = Style(marker="|", size=13, ink=INK, bar=0.13, face=LIGHT)
IMPUTED = Style(marker="|", size=11, ink=INK, bar=0.10, hatch="/////")


@dataclass(frozen=True)
class Mark:
    """A number on an axis, with or without an interval.

    Parameters
    ----------
    style : Style
        How it is drawn.
    at : float, default NaN
        Where the point is; NaN for none.
    low, high : float, default NaN
        Ends of the interval or the bar; what lies beyond the axis gets an arrow at its edge.
    panel : int, default 0
        On which of several axes.
    loose : bool, default False
        Whether its lower end may lie beyond the axis: it does not set the scale.
    text : str, default ""
        What stands in the bar, where there is room.
    """

    style: Style
    at: float = math.nan
    low: float = math.nan
    high: float = math.nan
    panel: int = 0
    loose: bool = False
    text: str = ""

    def values(self) -> list[float]:
        """Return the numbers that the axis has to hold."""
        given = (self.at, self.high) if self.loose else (self.at, self.low, self.high)
        return [value for value in given if math.isfinite(value)]

    def draw(self, ax: Axes, y: float, height: float, scale: float) -> None:
        """Draw it at a height of the panel, in a row of a height."""
        from matplotlib.patches import Rectangle

        style = self.style
        least, most = sorted(ax.get_xlim())
        low, high = min(max(self.low, least), most), min(max(self.high, least), most)
        if not math.isnan(self.low):
            if style.bar:
                ax.add_patch(
                    Rectangle((low, y - style.bar / 2), high - low, style.bar, zorder=3,
                              facecolor=style.face, edgecolor=style.colour,
                              hatch=style.hatch or None, linewidth=0.9 * scale)
                )  # fmt: skip
                if self.text and high - low > 0.045 * (most - least):
                    self._inside(ax, (low + high) / 2, y, scale)
            elif style.line:
                ax.plot([low, high], [y, y], color=style.colour, linewidth=style.line * scale,
                        linestyle=style.dashes, alpha=style.alpha, solid_capstyle="butt",
                        zorder=3)  # fmt: skip
            # 8 and 9 are arrow heads whose base stands on the edge.
            for beyond, edge, head in ((self.low < least, least, 8), (self.high > most, most, 9)):
                if beyond:
                    ax.plot([edge], [y], marker=head, color=style.colour, markersize=4.5 * scale,
                            linestyle="none", zorder=6, clip_on=False)  # fmt: skip
        if math.isnan(self.at):
            return
        if style.tall:
            ax.plot([self.at] * 2, [y - height / 2, y + height / 2], color=style.colour,
                    linewidth=1.4 * scale, solid_capstyle="butt", zorder=2)  # fmt: skip
        elif style.marker:
            ax.plot([min(max(self.at, least), most)], [y], linestyle="none", zorder=5,
                    clip_on=False, **style._point(scale))  # fmt: skip

    def _inside(self, ax: Axes, x: float, y: float, scale: float) -> None:
        """Write what stands in the bar; on a hatch it gets a white ground."""
        from matplotlib.colors import to_rgb

        style = self.style
        dark = not style.hatch and sum(to_rgb(style.face)) < 1.7
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.6} if style.hatch else None
        ax.text(x, y, self.text, ha="center", va="center", fontsize=6.5 * scale, zorder=4,
                color="white" if dark else INK, bbox=ground)  # fmt: skip
