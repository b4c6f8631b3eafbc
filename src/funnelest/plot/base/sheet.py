"""An Axes as a sheet of paper, and how much room a text takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Sheet", "text_width", "wrap"]


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in inches, in the font of the current style."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return 1.06 * float(width) / 72  # on a screen, hinted letters take a little more


def wrap(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """Return text broken into lines no wider than `room` inches; a long word is cut."""
    lines: list[str] = []
    line = ""
    words = text.split()
    while words:
        word = words.pop(0)
        longer = f"{line} {word}".strip()
        if text_width(longer, size, bold=bold) <= room:
            line = longer
        elif line:
            lines.append(line)
            line, words = "", [word, *words]
        else:
            cut = len(word) - 1
            while cut > 1 and text_width(word[:cut] + "-", size, bold=bold) > room:
                cut -= 1
            if cut < 1:  # not even two letters fit: better too wide than endless
                line = word
            else:
                lines.append(word[:cut] + "-")
                words.insert(0, word[cut:])
    return [*lines, line] if line or not lines else lines


class Sheet:
    """An Axes as a sheet of paper: inches from the top left, text sizes that fit its size.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    width, height : float
        Size of the drawing in inches; it is scaled when the Axes has another size.
    """

    def __init__(self, ax: Axes, width: float, height: float) -> None:
        self.ax, self.width, self.height = ax, width, height
        ax.set_box_aspect(height / width)  # inches stay inches in both directions
        box = ax.get_window_extent()
        dpi = ax.get_figure(root=True).dpi  # type: ignore[union-attr]
        self.scale = float(min(box.width / dpi / width, box.height / dpi / height))
        ax.set_axis_off()
        ax.set_xlim(0, width)
        ax.set_ylim(height, 0)

    def text(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write a text; dollar signs in a user's names are no formulas."""
        style = {"va": "center", "ha": "left", "color": "#111111", **style}
        self.ax.text(x, y, text, fontsize=size * self.scale, parse_math=False, **style)

    def line(self, x: Any, y: Any, **style: Any) -> None:
        """Draw a line through points."""
        style["linewidth"] = style.get("linewidth", 1.0) * self.scale
        self.ax.plot(x, y, solid_capstyle="butt", solid_joinstyle="round", **style)

    def panel(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return an Axes inside, with the same inches from the top as its y axis."""
        inside = self.ax.inset_axes(
            (
                left / self.width,
                1 - (top + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )
        inside.set_ylim(top + height, top)
        inside.patch.set_alpha(0)
        return inside
