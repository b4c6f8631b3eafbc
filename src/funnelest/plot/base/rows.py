"""The one layout of rows: names at the left, a drawing on common axes, texts beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.frame import EDGE, Frame, Key, spaced_ticks, wide
from funnelest.plot.base.marks import GREY, INK, RED, RULE, Mark, Style
from funnelest.plot.base.sheet import Sheet, text_width, wrap
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Axis", "Block", "Column", "Drawn", "Place", "Row", "rows"]

_SIZE, _SMALL = 7.5, 7.0  # points
_GAP = 0.2  # inches between panels


@dataclass(frozen=True)
class Row:
    """One line.

    Parameters
    ----------
    name : str
        At the left, wrapped.
    marks : sequence of Mark, default ()
        What is drawn on the axes.
    texts : sequence of str, default ()
        One per column, wrapped.
    under : str, default ""
        Second line below the name, small and grey.
    size, bold, colour
        Of its letters.
    least : float, default 0.2
        Height of a row of one line, in inches.
    above, below, indent : float, default 0
        Room above and below the row and at the left of the name, in inches.
    band : str, default ""
        Colour behind the row.
    wrong : bool, default False
        Whether its texts are bold and red.
    across : bool, default False
        Whether the name begins at the edge and goes on over the axis, as a heading.
    """

    name: str
    marks: Sequence[Mark] = ()
    texts: Sequence[str] = ()
    under: str = ""
    size: float = _SIZE
    bold: bool = False
    colour: str = INK
    least: float = 0.2
    above: float = 0.0
    below: float = 0.0
    indent: float = 0.0
    band: str = ""
    wrong: bool = False
    across: bool = False


@dataclass(frozen=True)
class Column:
    """Texts beside the axes.

    Parameters
    ----------
    heading : str, default ""
        What they are.
    before : bool, default False
        Whether they stand between the names and the axes, and not at the right.
    right : bool, default False
        Whether they end, and do not begin, below each other.
    most : float, default 2.1
        Where texts are wrapped, in inches.
    """

    heading: str = ""
    before: bool = False
    right: bool = False
    most: float = 2.1


@dataclass(frozen=True)
class Axis:
    """A common axis of rows.

    Parameters
    ----------
    label, title : str, default ""
        Below and above it.
    scale : {"auto", "linear", "log", "symlog"}, default "auto"
        Left out, logarithmic where the numbers are above 0 and far apart, with 0 on it otherwise.
        A logarithmic axis says so in its label.
    limits : (float, float), optional
        Ends; left out, they hold what is drawn.
    ticks : sequence of float, optional
        Left out, round numbers.
    write : callable, optional
        A number -> its label; left out, as in the language.
    lines : sequence of (float, Style), default ()
        Upright lines, which the axis holds.
    bands : sequence of (float, float, str), default ()
        Shades: from, to and colour.
    sides : (str, str), optional
        What it means to lie at the left, and at the right.
    grid : bool, default False
        Whether ticks go up through the rows.
    """

    label: str = ""
    title: str = ""
    scale: str = "auto"
    limits: tuple[float, float] | None = None
    ticks: Sequence[float] | None = None
    write: Callable[[float], str] | None = None
    lines: Sequence[tuple[float, Style]] = ()
    bands: Sequence[tuple[float, float, str]] = ()
    sides: tuple[str, str] | None = None
    grid: bool = False


@dataclass(frozen=True)
class Block:
    """Rows with one axis, or several beside each other.

    Parameters
    ----------
    rows : sequence of Row
        From top to bottom.
    axes : sequence of Axis
        From left to right.
    columns : sequence of Column, default ()
        The texts of the rows.
    ruled : {"", "between", "through"}, default ""
        Where rows have thin lines.
    """

    rows: Sequence[Row]
    axes: Sequence[Axis] = (Axis(),)
    columns: Sequence[Column] = ()
    ruled: str = ""


@dataclass
class Place:
    """Where a row stands, in inches from the top of the sheet."""

    row: Row
    lines: list[str]
    under: list[str]
    texts: list[list[str]]
    top: float = 0.0
    height: float = 0.0

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.top + self.height / 2


@dataclass
class Drawn:
    """What was drawn, for a figure that adds to it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    sheet : Sheet
        The paper.
    places : list of Place
        Every row of every block.
    panels : list of Axes
        Every panel of every block, whose y axis is in inches of the sheet.
    top : float
        Where the room above the rows begins, in inches from the top.
    names : (float, float)
        Where the column of names begins and ends, in inches from the left.
    """

    figure: Figure
    sheet: Sheet
    places: list[Place] = field(default_factory=list)
    panels: list[Axes] = field(default_factory=list)
    names: tuple[float, float] = (0.0, 0.0)
    top: float = 0.0


def rows(
    blocks: Sequence[Block] | Block,
    *,
    head: Sequence[tuple[str, str]],
    show: Language,
    keys: Sequence[Key] = (),
    note: str = "",
    width: float = 7.5,
    most: float = 2.3,
    room: float = 0.0,
    above: float = 0.0,
    flush: bool = False,
    ax: Axes | None = None,
    watermark: str = "",
) -> Drawn:
    """Draw rows below each other.

    Parameters
    ----------
    blocks : Block or sequence of Block
        What is drawn, from top to bottom.
    head, keys, note, width, ax, watermark
        As in `Frame`.
    show : Language
        How numbers are written.
    most : float
        Where names are wrapped, in inches.
    room : float, default 0
        Room at the left of the names, in inches, for a drawing of the figure's own.
    above : float, default 0
        The same above the rows.
    flush : bool, default False
        Whether names begin below each other; else they end at the axis.

    Returns
    -------
    Drawn
        No two texts of which meet, whatever their length and number.
    """
    made = [
        _Laid(one, width, most, room, flush, show)
        for one in ([blocks] if isinstance(blocks, Block) else blocks)
    ]
    # Names of all blocks end at one line, and so do the axes that have texts beside them.
    begin = max((one.begin for one in made), default=0.0)
    end = min((one.end for one in made if one.block.columns), default=0.0)
    frame = Frame(head, keys, note, width=width, high=above + sum(one.high for one in made), ax=ax,
                  watermark=watermark)  # fmt: skip
    drawn = Drawn(frame.figure, frame.sheet, names=(EDGE + room, begin), top=frame.top)
    top = frame.top + above
    for one in made:
        one.begin, one.end = begin, end if one.block.columns else one.end
        one.draw(drawn, top)
        top += one.high
    return drawn


class _Laid:
    """A block with every text wrapped and every row in its place."""

    def __init__(
        self, block: Block, width: float, most: float, room: float, flush: bool, show: Language
    ) -> None:
        self.block, self.width, self.flush, self.show = block, width, flush, show
        texts = [
            [
                wrap(text, _SIZE if column.before else _SMALL, column.most, bold=False)
                if text else [] for text, column in zip(row.texts, block.columns, strict=False)
            ] for row in block.rows
        ]  # fmt: skip
        self.columns = [self._wide(i, texts) for i in range(len(block.columns))]
        before = sum(w + 0.08 for w, c in self._pairs() if c.before)
        after = sum(w + 0.12 for w, c in self._pairs() if not c.before)
        # The axis keeps two inches; names that need more are wrapped.
        self.names = max(0.9, min(most, width - 2 * EDGE - room - before - after - 2.1))
        setting = [
            row for row, parts in zip(block.rows, texts, strict=True)
            if not row.across and (not before or row.bold
            or any(part for part, c in zip(parts, block.columns, strict=False) if c.before))
        ]  # fmt: skip
        needs = [
            row.indent + text_width(line, row.size, bold=row.bold)
            for row in setting
            for line in wrap(row.name, row.size, self.names - row.indent, bold=row.bold)
        ] + [text_width(line, row.size - 1) for row in setting
             for line in wrap(row.under, row.size - 1, self.names)]  # fmt: skip
        self.names = min(max([1.0 if before else 0.4, *needs]), self.names)
        self.places = []
        top = 0.0
        for row, parts in zip(block.rows, texts, strict=True):
            texted = any(p for p, c in zip(parts, block.columns, strict=False) if c.before)
            # Beside nothing a name may go on as far as the axis; a heading stays in its column.
            space = self.names - row.indent + (0.0 if texted or row.bold else before + 0.08)
            if row.across:
                space = width - 2 * EDGE - room
            place = Place(
                row,
                wrap(row.name, row.size, space, bold=row.bold) if row.name else [],
                wrap(row.under, row.size - 1, space) if row.under else [],
                parts,
            )
            count = max(len(place.lines) + len(place.under), *map(len, parts), 1)
            place.height = row.least + (count - 1) * 1.25 * row.size / 72
            place.top = top + row.above
            top = place.top + place.height + row.below
            self.places.append(place)
        self.tall = top
        self.begin = EDGE + room + self.names
        self.end = width - EDGE - (after or 0.12)  # room for half of the last number
        self.before = before
        titles = [wrap(axis.title, _SIZE, self._panel_width(i)) if axis.title else []
                  for i, axis in enumerate(block.axes)]  # fmt: skip
        headings = [wrap(c.heading, _SMALL, max(c.most, w)) if c.heading else []
                    for w, c in self._pairs()]  # fmt: skip
        self.titles, self.headings = titles, headings
        sides = any(axis.sides for axis in block.axes)
        lines = max([len(one) for one in (*titles, *headings)] + [1 if sides else 0])
        self.above = 0.13 * lines + (0.08 if lines else 0.0)
        most = width - 2 * EDGE if len(block.axes) == 1 else self._panel_width(0)
        self.labels = [wrap(self._label(i), 8, most) if self._label(i) else []
                       for i in range(len(block.axes))]  # fmt: skip
        self.below = 0.33 + 0.15 * max(map(len, self.labels), default=0)
        self.high = self.above + self.tall + self.below

    def _pairs(self) -> list[tuple[float, Column]]:
        return list(zip(self.columns, self.block.columns, strict=True))

    def _wide(self, i: int, texts: list[list[list[str]]]) -> float:
        """Return the width of a column."""
        column = self.block.columns[i]
        size = _SIZE if column.before else _SMALL
        found = [
            text_width(line, size, bold=row.bold or row.wrong)
            for row, parts in zip(self.block.rows, texts, strict=True)
            for line in (parts[i] if i < len(parts) else [])
        ]
        heading = text_width(column.heading, _SMALL)
        return max([*found, min(heading, column.most)], default=0.0)

    def _panel_width(self, i: int) -> float:
        count = len(self.block.axes)
        gap = 0.12 if not self.before else 0.15
        begin = self.begin + self.before + gap
        return (self.end - begin - _GAP * (count - 1)) / count

    def _limits(self, i: int) -> tuple[str, float, float]:
        """Return scale and ends of an axis."""
        axis = self.block.axes[i]
        marks = [mark for row in self.block.rows for mark in row.marks if mark.panel == i]
        values = [value for mark in marks for value in mark.values()] or [0.0, 1.0]
        values += [at for at, _ in axis.lines]
        above = [value for value in values if value > 0]
        scale = axis.scale
        if scale == "auto":
            scale = "log" if len(above) == len(values) and wide(values) else "linear"
        if axis.limits is not None:
            return scale, *axis.limits
        if scale == "log":
            low, high = min(above or [1.0]), max(above or [1.0])
            room = max((high / low) ** 0.04, 1.15)
            return scale, low / room, high * room
        low, high = min([0.0, *values]), max([0.0, *values])
        if scale == "symlog":
            return scale, low, 1.5 * max(high, 1.0)
        room = 0.06 * (high - low or 1.0)
        return scale, low - (room if low < 0 else 0.0), high + room

    def _label(self, i: int) -> str:
        label = self.block.axes[i].label
        logs = label and self._limits(i)[0] == "log"
        return f"{label}, {self.show.word('logarithmic scale')}" if logs else label

    # ---------------------------------------------------------------- drawing

    def draw(self, drawn: Drawn, top: float) -> None:
        """Draw the block from a height of the sheet on."""
        sheet = drawn.sheet
        base = top + self.above
        for place in self.places:
            place.top += base
            self._texts(sheet, place, drawn.names[0])
        self._heads(sheet, base)
        width = self._panel_width(0)
        first = self.end - width * len(self.block.axes) - _GAP * (len(self.block.axes) - 1)
        for i in range(len(self.block.axes)):
            left = first + i * (width + _GAP)
            panel = sheet.panel(left, base, width, self.tall)
            panel.set_ylim(base + self.tall, base)
            self._axis(sheet, panel, i, width)
            for place in self.places:
                for mark in place.row.marks:
                    if mark.panel == i:
                        mark.draw(panel, place.middle, place.height, sheet.scale)
            for j, line in enumerate(self.titles[i]):
                up = 0.07 + 0.13 * (len(self.titles[i]) - 1 - j)
                sheet.text(left, base - up, line, _SIZE)
            for text, x, way in zip(self.block.axes[i].sides or (), (left, left + width),
                                    ("left", "right"), strict=False):  # fmt: skip
                sheet.text(x, base - 0.08, text, _SMALL, color=GREY, ha=way)
            middle = min(max(left + width / 2, EDGE + 0.5 * self._widest(i)),
                         self.width - EDGE - 0.5 * self._widest(i))  # fmt: skip
            for j, line in enumerate(self.labels[i]):
                sheet.text(middle, base + self.tall + 0.3 + 0.14 * j, line, 8, ha="center")
            drawn.panels.append(panel)
        drawn.places += self.places

    def _widest(self, i: int) -> float:
        return max((text_width(line, 8) for line in self.labels[i]), default=0.0)

    def _heads(self, sheet: Sheet, base: float) -> None:
        """Write what the columns are."""
        for (x, way), lines in zip(self._at(), self.headings, strict=True):
            for j, line in enumerate(lines):
                up = 0.08 + 0.13 * (len(lines) - 1 - j)
                sheet.text(x, base - up, line, _SMALL, color=GREY, ha=way)

    def _at(self) -> list[tuple[float, str]]:
        """Return where each column stands, and at which end its texts are below each other."""
        x, y, found = self.begin, self.end, []
        for width, column in self._pairs():
            if column.before:
                x += width + 0.08
                found.append((x, "right"))
            else:
                y += width + 0.12
                found.append((y, "right") if column.right else (y - width, "left"))
        return found

    def _texts(self, sheet: Sheet, place: Place, start: float) -> None:
        from matplotlib.patches import Rectangle

        row = place.row
        if row.band:
            sheet.add(Rectangle((start, place.top), self.width - EDGE - start, place.height,
                                facecolor=row.band, edgecolor="none", zorder=-1))  # fmt: skip
        weight = "bold" if row.bold else "normal"
        left = self.flush or row.across
        x, way = (start + row.indent, "left") if left else (self.begin, "right")
        style: dict[str, Any] = {"ha": way, "color": row.colour, "fontweight": weight, "zorder": 4}
        step = 1.25 * row.size / 72
        up = len(place.under) * step / 2
        sheet.texts(x, place.middle - up, place.lines, row.size, **style)
        down = len(place.lines) * step / 2
        grey = {**style, "color": GREY, "fontweight": "normal"}
        sheet.texts(x, place.middle + down, place.under, row.size - 1, **grey)
        for (at, side), lines, column in zip(
            self._at(), place.texts, self.block.columns, strict=False
        ):
            size = _SIZE if column.before else _SMALL
            heavy = row.wrong or (row.bold and not column.before)
            sheet.texts(at, place.middle, lines, size, ha=side,
                        color=RED if row.wrong else row.colour,
                        fontweight="bold" if heavy else "normal")  # fmt: skip

    def _axis(self, sheet: Sheet, panel: Axes, i: int, width: float) -> None:
        """Give a panel its scale, its ticks and what stands behind the rows."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

        axis, show = self.block.axes[i], self.show
        scale, low, high = self._limits(i)
        write = axis.write or (
            show.tick if scale == "log" else lambda v: show.figure(float(f"{v:.9g}"))
        )
        if scale == "symlog":
            panel.set_xscale("symlog", linthresh=1.0, linscale=0.4)
        else:
            panel.set_xscale(scale)
        panel.set_xlim(low, high)
        if axis.ticks is not None:
            panel.xaxis.set_major_locator(FixedLocator(list(axis.ticks)))
        elif scale == "log":
            ticks = spaced_ticks(low, high, lambda v: text_width(write(v), _SMALL), width)
            panel.xaxis.set_major_locator(FixedLocator(ticks))
        elif scale == "linear":
            found = MaxNLocator(6 if width > 2 else 4).tick_values(low, high)
            # Beside another panel no number goes on beyond the end.
            room = width if i < len(self.block.axes) - 1 else math.inf
            ticks = [
                v
                for v in found
                if low <= v <= high
                and width * (v - low) / (high - low) + text_width(write(v), _SMALL) / 2 <= room
            ]
            panel.xaxis.set_major_locator(FixedLocator(ticks))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_major_formatter(FuncFormatter(lambda v, _: write(v)))
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
        if axis.grid:
            panel.grid(visible=True, axis="x", color="#d5d5d5", linewidth=0.5 * sheet.scale)
            panel.set_axisbelow(True)
        for a, b, colour in axis.bands:
            panel.axvspan(a, b, color=colour, linewidth=0, zorder=0)
        for x, style in axis.lines:
            panel.axvline(x, color=style.colour, linewidth=style.line * sheet.scale,
                          linestyle=style.dashes, zorder=1)  # fmt: skip
        through = self.block.ruled == "through"
        for place in self.places[0 if through else 1 :] if self.block.ruled else []:
            y = place.middle if through else place.top
            panel.axhline(y, color=RULE, linewidth=0.6 * sheet.scale, zorder=0.5)
