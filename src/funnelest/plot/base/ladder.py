"""A ladder of rows: a route with its skips at the left, intervals on one axis, and numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.marks import BAND, GREY, INK, ORANGE, arrow_head, bend, symbol
from funnelest.plot.base.sheet import Sheet, text_width, wrap
from funnelest.plot.base.ticks import limits, ticks
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelest.route import Route

__all__ = ["Ladder", "Row"]

_SIZE, _BOLD = 7.5, 8.5  # points
_STEP, _LINE, _GAP, _LANE, _EDGE = 0.29, 0.15, 0.08, 0.11, 0.10  # inches


@dataclass
class Row:
    """One line of a ladder.

    Parameters
    ----------
    kind : {"step", "label", "imputed", "recorded", "published", "transition"}
        What the line is.
    place : str or (str, str)
        The step or transition that it is about.
    label, share, number : str
        Its texts.
    values : tuple of float
        Median and limits; three times the number itself where there is no interval.
    hatched : bool
        Whether it is imputed.
    """

    kind: str
    place: str | tuple[str, str]
    label: str
    share: str = ""
    number: str = ""
    values: tuple[float, float, float] = (math.nan, math.nan, math.nan)
    hatched: bool = False
    lines: Sequence[str] = field(default=(), repr=False)
    top: float = 0.0
    height: float = 0.0

    @property
    def middle(self) -> float:
        """Height of the middle of the row, in inches from the top."""
        return self.top + self.height / 2


class Ladder:
    """Rows laid out so that no two texts meet, whatever their length and number.

    Parameters
    ----------
    rows : sequence of Row
        From top to bottom.
    route : Route
        Its transitions are drawn at the left.
    words : mapping of str to str
        The texts: headings, legend, note, mark.
    language : Language
        How numbers are written.
    width : float, default 7
        Width in inches.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        route: Route,
        words: Mapping[str, str],
        language: Language,
        width: float = 7.0,
    ) -> None:
        self.rows, self.route, self.words, self.language = rows, route, words, language
        self.width = width
        self.lanes = _lanes(route)
        self._columns()
        top = _EDGE
        self.head: list[tuple[float, str, float, bool, str]] = []
        for name, size, bold, colour in (
            ("title", 10.5, True, INK),
            ("mark", 9.5, True, "#c00000"),
            ("subtitle", 8.0, False, INK),
        ):
            for line in wrap(words[name], size, width - 2 * _EDGE, bold=bold):
                if line:
                    self.head.append((top + 0.09, line, size, bold, colour))
                    top += 0.19 if bold else 0.16
        self.heading = top + 0.13
        self.top = top = self.heading + 0.12
        for row in rows:
            top = self._place(row, top)
        self.bottom = top + 0.05
        self.legend = self._legend(self.bottom + 0.48)
        last = self.legend[-1][2] if self.legend else self.bottom + 0.4
        self.note = [
            (last + 0.22 + 0.13 * i, line)
            for i, line in enumerate(wrap(words["note"], 6.5, width - 2 * _EDGE))
        ]
        self.height = self.note[-1][0] + 0.14

    # ----------------------------------------------------------------- layout

    def _columns(self) -> None:
        """Find where the columns stand; the axis gets what the texts leave."""

        def widest(texts: Sequence[str], size: float, bold: bool = False) -> float:
            return max((text_width(text, size, bold=bold) for text in texts), default=0.0)

        rows, words = self.rows, self.words
        self.box = _EDGE + _LANE * (max(self.lanes.values(), default=-1) + 1) + 0.1
        self.spine = self.box + 0.12
        self.label = self.spine + 0.11
        share = max(widest([row.share for row in rows], _SIZE), widest([words["share"]], 7.0))
        number = max(
            widest([row.number for row in rows], _SIZE),
            widest([row.number for row in rows if row.kind == "step"], _SIZE, True),
            widest([words["number"]], 7.0),
        )
        self.right = self.width - _EDGE
        # Names may take what leaves the axis two inches, and are wrapped beyond that.
        room = self.right - number - 0.12 - 2.0 - share - 0.12 - self.label
        steps = widest([row.label for row in rows if row.kind == "step"], _BOLD, True) - 0.05
        others = widest([row.label for row in rows if row.share], _SIZE)
        self.names = min(max(steps, others, 0.8), max(room, 0.9))
        self.share = self.label + self.names + 0.08 + share
        self.left = self.share + 0.15
        self.end = self.right - number - 0.12

    def _place(self, row: Row, top: float) -> float:
        """Give a row its lines and its place, and return where the next one starts."""
        if row.kind == "step":
            room, size = self.names + 0.05, _BOLD
        else:
            room = self.names if row.share else self.left - 0.1 - self.label
            size = _SIZE
        row.lines = wrap(row.label, size, room, bold=row.kind == "step")
        extra = (len(row.lines) - 1) * (_LINE if row.kind == "step" else _LINE - 0.02)
        row.top = top + (_GAP if row.kind == "step" else 0.0)
        row.height = (_STEP if row.kind == "step" else _LINE + 0.02) + extra
        return row.top + row.height + (0.03 if row.kind == "step" else 0.0)

    def _legend(self, top: float) -> list[tuple[str, float, float, str]]:
        """Return kind, place and text of every entry, as many on a line as fit."""
        made: list[tuple[str, float, float, str]] = []
        x = _EDGE
        for kind in ("step", "imputed", "transition", "recorded", "published"):
            if not any(kind == ("imputed" if row.hatched else row.kind) for row in self.rows):
                continue
            text = self.words[f"key {kind}"]
            room = 0.3 + text_width(text, 7.0)
            if x > _EDGE and x + room > self.right:
                x, top = _EDGE, top + 0.2
            made.append((kind, x, top, text))
            x += room + 0.2
        return made

    # ---------------------------------------------------------------- drawing

    def draw(self, ax: Axes) -> None:
        """Draw the ladder on an Axes."""
        sheet = Sheet(ax, self.width, self.height)
        for y, text, size, bold, colour in self.head:
            sheet.text(_EDGE, y, text, size, color=colour, fontweight="bold" if bold else "normal")
        style: dict[str, Any] = {"color": GREY, "ha": "right"}
        sheet.text(self.share, self.heading, self.words["share"], 7.0, **style)
        sheet.text(self.right, self.heading, self.words["number"], 7.0, **style)
        for row in self.rows:
            self._texts(sheet, row)
        self._tracks(sheet)
        self._axis(sheet)
        for kind, x, y, text in self.legend:
            symbol(sheet.ax, sheet.scale, kind, (x + 0.12, x, x + 0.24), y, kind == "imputed")
            sheet.text(x + 0.3, y, text, 7.0)
        for y, text in self.note:
            sheet.text(_EDGE, y, text, 6.5, color=GREY)
        if self.words["mark"]:
            sheet.text(
                (self.box + self.right) / 2,
                (self.top + self.bottom) / 2,
                self.words["watermark"],
                26,
                color="#c00000",
                alpha=0.22,
                ha="center",
                rotation=25,
                fontweight="bold",
                zorder=9,
            )

    def _texts(self, sheet: Sheet, row: Row) -> None:
        from matplotlib.patches import FancyBboxPatch, Rectangle

        step, given = row.kind == "step", row.kind in ("recorded", "published")
        weight = "bold" if step else "normal"
        colour = ORANGE if row.kind == "published" else INK
        if step:
            sheet.ax.add_patch(
                Rectangle(
                    (self.box + 0.03, row.top),
                    self.right - self.box,
                    row.height,
                    facecolor=BAND,
                    edgecolor="none",
                    zorder=0,
                )
            )
            sheet.ax.add_patch(
                FancyBboxPatch(
                    (self.box + 0.03, row.top + 0.03),
                    self.label + self.names - self.box,
                    row.height - 0.06,
                    boxstyle="round,pad=0.03,rounding_size=0.06",
                    facecolor="white",
                    edgecolor=INK,
                    linewidth=0.9 * sheet.scale,
                    zorder=3,
                )
            )
        x = self.box + 0.1 if step else self.label
        between = _LINE if step else _LINE - 0.02
        for i, line in enumerate(row.lines):
            sheet.text(
                x,
                row.middle + (i - (len(row.lines) - 1) / 2) * between,
                line,
                _BOLD if step else _SIZE,
                fontweight=weight,
                color=colour,
                zorder=4,
            )
        sheet.text(self.share, row.middle, row.share, _SIZE, ha="right")
        sheet.text(
            self.right,
            row.middle,
            row.number,
            _SIZE,
            ha="right",
            fontweight=weight,
            color=colour if given else INK,
        )

    def _tracks(self, sheet: Sheet) -> None:
        """Draw the transitions: a spine to the next step, arrows round the skipped ones."""
        boxes = {row.place: row for row in self.rows if row.kind == "step"}
        starts = {row.place: row.middle for row in self.rows if row.kind == "transition"}
        for step in self.route.steps:
            out = [(step, successor) for successor in self.route.successors(step)]
            if not out:
                continue
            top = boxes[step].top + boxes[step].height
            direct = [edge for edge in out if edge not in self.lanes]
            end = boxes[direct[0][1]].top if direct else max(starts[edge] for edge in out)
            sheet.line([self.spine] * 2, [top, end - (0.06 if direct else 0.0)], color=GREY)
            if direct:
                arrow_head(sheet.ax, (self.spine, end), (0.0, 1.0))
        # Inner lanes first: a line that crosses one gets a white edge there, as a bridge.
        round_ = 0.06
        targets = sorted({edge[1] for edge in self.lanes}, key=self._lane_of)
        for target in targets:
            x = self.box - 0.1 - _LANE * self._lane_of(target)
            ys = [starts[edge] for edge in self.lanes if edge[1] == target]
            into = boxes[target].middle
            for y in ys:
                xs, curve = bend((self.spine, y), (x, y), (x, y + round_))
                sheet.line(xs, curve, color="white", linewidth=3.5)
                sheet.line(xs, curve, color=GREY)
            xs, curve = bend((x, into - round_), (x, into), (self.box - 0.04, into))
            sheet.line(xs, curve, color="white", linewidth=3.5)
            sheet.line(xs, curve, color=GREY)
            sheet.line([x, x], [min(ys) + round_, into - round_], color=GREY)
            arrow_head(sheet.ax, (self.box, into), (1.0, 0.0))

    def _lane_of(self, target: str) -> int:
        return next(lane for edge, lane in self.lanes.items() if edge[1] == target)

    def _axis(self, sheet: Sheet) -> None:
        """Draw the intervals, on one logarithmic axis."""
        panel = sheet.panel(self.left, self.top, self.end - self.left, self.bottom - self.top)
        low, high = limits(
            [row.values for row in self.rows],
            [row.values for row in self.rows if row.kind != "transition"],
        )
        panel.set_xscale("log")
        panel.set_xlim(low, high)
        show = self.language.tick
        marks = ticks(low, high, lambda v: text_width(show(v), 7.0), self.end - self.left)
        panel.set_xticks(marks, [show(v) for v in marks], fontsize=7.0 * sheet.scale, color=INK)
        panel.set_xticks([], minor=True)
        panel.set_yticks([])
        panel.set_axisbelow(True)
        panel.grid(visible=True, axis="x", color="#d5d5d5", linewidth=0.5 * sheet.scale)
        panel.tick_params(
            axis="x",
            length=2.5 * sheet.scale,
            width=0.7 * sheet.scale,
            color=INK,
            pad=2 * sheet.scale,
        )
        for side, spine in panel.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(INK)
            spine.set_linewidth(0.7 * sheet.scale)
        sheet.text(
            (self.left + self.end) / 2, self.bottom + 0.28, self.words["axis"], 7.0, ha="center"
        )
        for row in self.rows:
            if row.kind == "label" or not math.isfinite(row.values[0]):
                continue
            middle, start, stop = (min(max(value, low), high) for value in row.values)
            symbol(panel, sheet.scale, row.kind, (middle, start, stop), row.middle, row.hatched)
            if row.values[1] < low:  # the interval goes on beyond the axis
                panel.plot(
                    [low],
                    [row.middle],
                    marker="<",
                    color=GREY,
                    clip_on=False,
                    markersize=3.5 * sheet.scale,
                    zorder=6,
                )


def _lanes(route: Route) -> dict[tuple[str, str], int]:
    """Return the lane of every skip. Skips to one step share it: they arrive as one arrow."""
    at = {step: i for i, step in enumerate(route.steps)}
    found: dict[tuple[str, str], int] = {}
    spans: list[tuple[int, int, int]] = []
    for target in route.steps:
        skips = [edge for edge in route.edges if edge[1] == target and route.is_skip(edge)]
        if skips:
            first, last = min(at[a] for a, _ in skips), at[target]
            lane = 1 + max((n for a, b, n in spans if a < last and b > first), default=-1)
            spans.append((first, last, lane))
            found.update(dict.fromkeys(skips, lane))
    return found
