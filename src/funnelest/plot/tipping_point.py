"""Where a conclusion turns: its probability over the values of what is held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.entry import entry
from funnelest.plot.base import Language, Style, drawing, framed, round_ticks, text_width, wide
from funnelest.plot.base.frame import Key
from funnelest.plot.base.marks import BLUE, GREY, INK, LIGHT, ORANGE, RED
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["tipping_point"]

_SHADE = "#dcdcdc"
_STYLES = {
    "curve": Style(BLUE, "o", 4, line=1.8),
    "wanted": Style(INK, line=1.0, dashes=(0, (4, 2))),
    "turn": Style(ORANGE, line=1.4),
    "jump": Style(ORANGE, bar=0.1, hatch="////"),
    "prior": Style(_SHADE, bar=0.1, face=_SHADE),
    "line": Style(ORANGE, line=2.0),
    "points": Style(INK, "o", 2.5),
    "failed": Style(RED, "x", 5),
}


@entry
def tipping_point(verdict: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw the probability of a conclusion over the values that were held.

    Of one parameter a curve with its Monte Carlo error, the stated probability, the turning
    points and the prior that was set aside. Of two a filled contour, with a line at the stated
    probability. Axes are logarithmic where all values are positive and span more than a factor 5;
    between the values that were held, the logit of the probability is linear in the parameter
    itself all the same, as for the turning points.

    Parameters
    ----------
    verdict : Verdict
        What `funnelest.check.tipping_point` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its texts need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("verdict", verdict, "tipping_point", language, title=title) as show:
        made = _Drawing(verdict, title, show)
        return made.curve() if len(made.over) == 1 else made.map()


class _Drawing:
    """What both kinds of figure have in common."""

    def __init__(self, verdict: Verdict, title: str, language: Language) -> None:
        about = verdict.details
        self.turns, self.language = verdict.found, language
        self.over, self.priors, self.draws = (about[n] for n in ("over", "priors", "draws"))
        self.probability, self.mc_error = about["probability"], about["mc_error"]
        self.wanted = about["conclusion"].probability
        self.failed = np.isnan(self.probability)
        marks = {language.say(mark).split(":")[0] for mark in about["marks"].flat if mark}
        statement = about["conclusion"].statement
        self.head = [
            ("title", title),
            ("mark", "; ".join(sorted(marks))),
            ("subtitle", self.say("conclusion", statement=statement)),
        ]
        self.note = self.say("note", names=list(self.over))

    def say(self, key: str, **values: Any) -> str:
        """Return a text of this figure."""
        return self.language(f"plot.tipping_point.{key}", **values)

    def percent(self, share: float) -> str:
        """Return a share in percent, as given."""
        return self.language.figure(round(100 * share, 6))

    @staticmethod
    def _fine(grid: tuple[float, ...]) -> Any:
        """Return a grid with values between those that were held."""
        steps = np.linspace(0, 1, 25)[:-1]
        parts = [a + steps * (b - a) for a, b in pairwise(grid)]
        return np.append(np.concatenate(parts), grid[-1])

    def _smooth(self, fine: Any, x: Any, p: Any) -> Any:
        """Return probabilities on a finer grid, between as the turning points are found."""
        edge = 0.5 / self.draws
        inside = np.clip(p, edge, 1 - edge)
        made = 1 / (1 + np.exp(-np.interp(fine, x, np.log(inside) - np.log1p(-inside))))
        at = np.searchsorted(fine, x)
        made[at] = p  # also where it is 0 or 1
        return made

    def _keys(self, names: Sequence[str]) -> list[Key]:
        """Return the legend."""
        texts: dict[str, Any] = {"p": self.percent(self.wanted)}
        return [
            (_STYLES[n], self.say(n, **({"p": "95"} if n == "prior" else texts)))
            for n in [*names, *(["failed"] if self.failed.any() else [])]
        ]

    def _axis(self, axis: Any, name: str, values: tuple[float, ...]) -> None:
        """Set scale, ticks and label of the axis of a parameter."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

        x = axis.axis_name == "x"
        if wide(values):
            (axis.axes.set_xscale if x else axis.axes.set_yscale)("log")
            axis.set_major_locator(FixedLocator(round_ticks(values[0], values[-1])))
        else:
            span = 1e-9 * (values[-1] - values[0])
            marks = MaxNLocator(7).tick_values(values[0], values[-1])
            inside = [v for v in marks if values[0] - span <= v <= values[-1] + span]
            axis.set_major_locator(FixedLocator(inside))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda v, _: self.language.figure(round(v, 9))))
        axis.set_label_text(self.say("held", name=name), fontsize=8, color=INK, parse_math=False)

    # ------------------------------------------------------------ one parameter

    def curve(self) -> Figure:
        """Return the figure of one parameter."""
        ((name, grid),) = self.over.items()
        kinds = {turn.kind == "at" for turn in self.turns}
        keys = self._keys(["curve", "wanted", *(["turn"] if True in kinds else []),
                           *(["jump"] if False in kinds else []), "prior"])  # fmt: skip
        labels = self._labels(grid)
        rows = max((row for _, _, row in labels), default=-1) + 1
        figure, ax = framed(
            self.head, keys, self.note, above=0.15 * rows + 0.05 * bool(rows), left=_LEFT,
            right=_RIGHT, width=_WIDTH,
        )  # fmt: skip
        self._axis(ax.xaxis, name, grid)
        ax.set_xlim(*self._limits(grid))
        ax.set_ylim(-0.03, 1.03)
        self._probabilities(ax)
        ax.axvspan(*self.priors[name].interval(0.95), color=_SHADE, linewidth=0, zorder=0)
        ax.axhline(self.wanted, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2)
        x, p = np.array(grid), self.probability
        fine = self._fine(grid)
        low, middle, high = (
            np.clip(self._smooth(fine, x, p + sign * 2 * self.mc_error), 0, 1)
            for sign in (-1, 0, 1)
        )
        for turn in self.turns:
            if turn.kind == "jump":  # nothing is known of what lies between
                middle[(fine > turn.between[0]) & (fine < turn.between[1])] = np.nan
        drawn = ~np.isnan(middle)
        ax.fill_between(fine, low, high, where=drawn, color=LIGHT, linewidth=0, zorder=2.5)
        ax.plot(fine, middle, color=BLUE, linewidth=1.8, zorder=4, clip_on=False)
        ax.plot(x, p, "o", color=BLUE, markersize=4, zorder=4, clip_on=False)
        for turn in self.turns:
            if turn.kind != "at":
                ax.axvspan(*turn.between, facecolor="none", edgecolor=ORANGE, hatch="////",
                           linewidth=0.8, zorder=1)  # fmt: skip
            else:
                ax.axvline(turn.value, color=ORANGE, linewidth=1.4, zorder=3)
        for value, text, row in labels:
            ax.annotate(text, (value, 1.0), (0, 3 + 10.8 * row), xycoords=("data", "axes fraction"),
                        textcoords="offset points", ha="center", va="bottom", fontsize=7.5,
                        color=ORANGE, fontweight="bold")  # fmt: skip
        gaps = x[self.failed]
        ax.plot(gaps, np.zeros(len(gaps)), "x", color=RED, markersize=5, zorder=5, clip_on=False)
        return figure

    def _limits(self, grid: tuple[float, ...]) -> tuple[float, float]:
        """Return limits with a little room, so that the curve does not touch the side."""
        if wide(grid):
            room = (grid[-1] / grid[0]) ** 0.02
            return grid[0] / room, grid[-1] * room
        room = 0.02 * (grid[-1] - grid[0])
        return grid[0] - room, grid[-1] + room

    def _labels(self, grid: tuple[float, ...]) -> list[tuple[float, str, int]]:
        """Return place, text and row of the labels of the turning points, none over another."""
        low, high = self._limits(grid)
        log = wide(grid)
        room = _WIDTH - _LEFT - _RIGHT

        def inches(value: float) -> float:
            part = (math.log(value / low) / math.log(high / low)) if log else (
                (value - low) / (high - low)
            )  # fmt: skip
            return room * part

        ends: list[float] = []
        made = []
        for turn in self.turns:
            a, b = turn.between
            text = self.language.short(turn.value, turn.error)
            value = turn.value
            if turn.kind != "at":
                text = self.say(
                    "between",
                    a=self.language.figure(float(f"{a:.3g}")),
                    b=self.language.figure(float(f"{b:.3g}")),
                )
                value = math.sqrt(a * b) if log else (a + b) / 2
            half = text_width(text, 7.5, bold=True) / 2 + 0.05
            row = next((i for i, end in enumerate(ends) if end <= inches(value) - half), len(ends))
            ends[row : row + 1] = [inches(value) + half]
            made.append((value, text, row))
        return made

    def _probabilities(self, ax: Axes) -> None:
        from matplotlib.ticker import FuncFormatter

        ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f}%"))
        ax.set_ylabel(self.say("y"), fontsize=8, color=INK)

    # ----------------------------------------------------------- two parameters

    def map(self) -> Figure:
        """Return the figure of two parameters."""
        from matplotlib.ticker import FuncFormatter

        (first, across), (second, up) = self.over.items()
        holds = self.probability >= self.wanted
        line = bool(holds.any() and not holds[~self.failed].all())
        keys = self._keys([*(["line"] if line else []), "points"])
        figure, ax = framed(
            self.head, keys, self.note, left=_LEFT + 0.15, right=1.0, width=_WIDTH, high=3.4
        )
        x, y = self._fine(across), self._fine(up)
        rows = np.array([self._smooth(y, up, row) for row in self.probability])
        p = np.ma.masked_invalid([self._smooth(x, across, column) for column in rows.T])
        self._axis(ax.xaxis, first, across)
        self._axis(ax.yaxis, second, up)
        filled = ax.contourf(x, y, p, levels=np.linspace(0, 1, 11), cmap="Blues", zorder=1)
        if line:
            drawn = ax.contour(
                x, y, p, levels=[self.wanted], colors=[ORANGE], linewidths=2.0, zorder=3
            )
            for label in ax.clabel(
                drawn, fmt=lambda _: f"{self.percent(self.wanted)}%", fontsize=7.5, inline=False
            ):
                label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})
                label.set_rotation(0)
        places = np.array([(a, b) for a in across for b in up])
        gone = self.failed.reshape(-1)
        ax.plot(*places[~gone].T, "o", color=INK, markersize=2.5, zorder=4, clip_on=False)
        ax.plot(*places[gone].T, "x", color=RED, markersize=5, zorder=4, clip_on=False)
        box = ax.get_position()
        bar = figure.colorbar(
            filled, cax=figure.add_axes((box.x1 + 0.02, box.y0, 0.022, box.height))
        )
        bar.set_ticks([0, 0.25, 0.5, 0.75, 1])
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f}%"))
        bar.ax.tick_params(labelsize=7, length=2.5)
        bar.set_label(self.say("y"), fontsize=8, color=INK)
        bar.outline.set_edgecolor(GREY)
        return figure


#: Inches: width of the figure, and room for the labels at its sides.
_WIDTH, _LEFT, _RIGHT = 7.0, 0.75, 0.25
