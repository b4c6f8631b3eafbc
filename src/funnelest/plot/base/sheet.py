"""A figure or an Axes as a sheet of paper, and how much room a text takes."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.marks import GREY, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Sheet", "text_width", "wrap"]


#: Letters of a word of which all are drawn; of longer ones so many at its beginning and its end.
#: Every letter is a shape, and nobody reads a page of them.
_WORD, _HEAD, _TAIL = 80, 50, 20


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in inches, in the font of the current style."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return 1.06 * float(width) / 72  # on a screen, hinted letters take a little more


def wrap(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """Return text broken into lines no wider than `room` inches; a long word is cut.

    Of one that is far too long to be read the middle is left out: "\u2026".
    """

    def fits(line: str) -> bool:
        # From the beginning on, so that what is far too long is never measured whole.
        lengths = itertools.takewhile(lambda n: n < len(line), (2**i for i in range(5, 60)))
        return all(text_width(line[:n], size, bold=bold) <= room for n in (*lengths, len(line)))

    lines: list[str] = []
    line = ""
    words = deque(map(_readable, text.split()))
    while words:
        word = words.popleft()
        longer = f"{line} {word}" if line else word
        if fits(longer):
            line = longer
        elif line:
            lines.append(line)
            line = ""
            words.appendleft(word)
        else:
            # The first number of letters that does not fit, by halving: a measure takes longer
            # than all the rest. One letter stays, however little room there is: too wide rather
            # than without end.
            letters = range(1, len(word))
            cut = max(1, bisect_left(letters, True, key=lambda n: not fits(word[:n] + "-")))
            if cut == len(word):
                line = word
            else:
                lines.append(word[:cut] + "-")
                words.appendleft(word[cut:])
    return [*lines, line] if line or not lines else lines


def _readable(word: str) -> str:
    return word if len(word) <= _WORD else f"{word[:_HEAD]}\u2026{word[-_TAIL:]}"


class Sheet:
    """A sheet of paper: inches from the top left, text sizes that fit its size.

    Parameters
    ----------
    host : matplotlib Figure or Axes
        Where to draw.
    width, height : float
        Size of the drawing in inches; on an Axes of another size it is scaled.
    """

    def __init__(self, host: Figure | Axes, width: float, height: float) -> None:
        from matplotlib.axes import Axes
        from matplotlib.transforms import Affine2D

        self.host, self.width, self.height, self.scale = host, width, height, 1.0
        self._inside = isinstance(host, Axes)
        base: Any
        if isinstance(host, Axes):
            host.set_box_aspect(height / width)  # inches stay inches in both directions
            box = host.get_window_extent()
            dpi = host.get_figure(root=True).dpi  # type: ignore[union-attr]
            self.scale = float(min(box.width / dpi / width, box.height / dpi / height))
            host.set_axis_off()
            base = host.transAxes
        else:
            base = host.transFigure
        self.inches = Affine2D().scale(1 / width, -1 / height).translate(0, 1) + base

    def text(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write a text; dollar signs in a user's names are no formulas."""
        style = {"va": "center", "ha": "left", "color": INK, **style}
        self.host.text(x, y, text, fontsize=size * self.scale, parse_math=False,
                       transform=self.inches, **style)  # fmt: skip

    def texts(self, x: float, y: float, lines: list[str], size: float, **style: Any) -> None:
        """Write lines whose middle is at `y`."""
        for i, line in enumerate(lines):
            down = (i - (len(lines) - 1) / 2) * 1.25 * size / 72
            self.text(x, y + down, line, size, **style)

    def add(self, artist: Any) -> None:
        """Add an artist whose coordinates are inches of the sheet."""
        artist.set_transform(self.inches)
        self.host.add_artist(artist)

    def line(self, x: Any, y: Any, **style: Any) -> None:
        """Draw a line through points."""
        from matplotlib.lines import Line2D

        width = style.pop("linewidth", 1.0) * self.scale
        self.add(Line2D(x, y, linewidth=width, solid_capstyle="butt", solid_joinstyle="round",
                        **style))  # fmt: skip

    def panel(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return an Axes inside, without a frame but for the axes at the left and below."""
        box = (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
        host: Any = self.host
        inside: Axes = host.inset_axes(box) if self._inside else host.add_axes(box)
        inside.patch.set_alpha(0)
        for side, spine in inside.spines.items():
            spine.set_visible(side in ("bottom", "left"))
            spine.set_color(GREY)
            spine.set_linewidth(0.8 * self.scale)
        inside.tick_params(labelsize=7 * self.scale, length=2.5 * self.scale, which="major")
        inside.tick_params(length=0, which="minor")
        return inside
