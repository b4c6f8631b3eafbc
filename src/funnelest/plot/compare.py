"""What each assumption about the ages that nobody asked implies, on one sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.check.compare import NO_PROBABILITY
from funnelest.plot.base import Language, drawing, text_width, wrap
from funnelest.plot.base.marks import BLUE, GREY, INK
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["compare"]

_BAND = "#dcdcdc"
_WIDTH, _LINE = 7.5, 0.24  # inches


def compare(
    verdict: Verdict,
    *,
    title: str | None = None,
    transitions: bool = True,
    language: str = "en",
) -> Figure:
    """Draw what each assumption implies, with the worst-case bounds behind it.

    One panel per quantity and one line per assumption: posterior and prior interval. The panels
    of numbers and of the ratio of rates stand below each other, those of the transitions side by
    side.

    Parameters
    ----------
    verdict : Verdict
        What `funnelest.check.compare` or `funnelest.check.pool` gave.
    title : str, optional
        Title of the figure.
    transitions : bool, default True
        Whether to draw the transitions.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as the panels need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("verdict", verdict, "compare", language) as show:
        return _Drawing(verdict.in_language(language), title, transitions, show).figure()


class _Drawing:
    def __init__(
        self, verdict: Verdict, title: str | None, transitions: bool, language: Language
    ) -> None:
        self.about, self.language = verdict.details, language
        self.title = title or self.say("title", imputed=self.about["imputed"])
        self.table = verdict.table
        self.names = list(dict.fromkeys(self.table["assumption"]))
        looked = list(verdict.found)
        # The yearly rate is the number over the people: one of the two is enough to look at.
        rate = next((one for one in looked if one.unit == "share"), None)
        self.wide = [one for one in looked if one.unit != "share"]
        self.small = [one for one in looked if one.unit == "share" and one is not rate]
        if not transitions:
            self.small = []

    def say(self, key: str, **values: Any) -> str:
        """Return a text of this figure."""
        return self.language.say(say(f"plot.compare.{key}", **values))

    def figure(self) -> Figure:
        """Return the figure."""
        from matplotlib import pyplot as plt

        lines = {name: wrap(name, 7.5, 1.75) for name in self.names}
        room = max(text_width(line, 7.5) for texts in lines.values() for line in texts) + 0.2
        row = max(_LINE, 0.13 * max(len(texts) for texts in lines.values()) + 0.08)
        high = row * len(self.names)
        columns = 4
        ranks = math.ceil(len(self.small) / columns)
        head = 0.22 * len(wrap(self.title, 10, _WIDTH - 0.2, bold=True)) + 0.12
        notes = self._notes()
        foot = 0.13 * len(notes) + 0.78
        one, tiny = high + 0.58, high + 0.72
        height = head + one * len(self.wide) + tiny * ranks + foot
        made = plt.figure(figsize=(_WIDTH, height))

        def place(left: float, top: float, width: float) -> Axes:
            return made.add_axes(
                (left / _WIDTH, 1 - (top + high) / height, width / _WIDTH, high / height)
            )

        for i, line in enumerate(wrap(self.title, 10, _WIDTH - 0.2, bold=True)):
            made.text(0.1 / _WIDTH, 1 - (0.18 + 0.22 * i) / height, line, fontsize=10,
                      fontweight="bold", color=INK, parse_math=False)  # fmt: skip
        right = 1.75
        for i, quantity in enumerate(self.wide):
            ax = place(room, head + one * i + 0.25, _WIDTH - room - right)
            self._panel(ax, quantity, lines, numbers=True)
        width = (_WIDTH - room - 0.15 - 0.14 * (columns - 1)) / columns
        start = head + one * len(self.wide)
        for i, quantity in enumerate(self.small):
            rank, column = divmod(i, columns)
            ax = place(room + column * (width + 0.14), start + tiny * rank + 0.38, width)
            self._panel(ax, quantity, lines if column == 0 else None, numbers=False, room=width)
        self._legend(made, foot, height, notes)
        return made

    def _notes(self) -> list[str]:
        text = self.say("note")
        if self.about["weights"]:
            text += " " + self.say("pooled")
        return wrap(text, 6.5, _WIDTH - 0.2)

    def _rows(self, quantity: Any) -> dict[str, Any]:
        chosen = self.table[self.table["quantity"] == self.language.say(quantity.name)]
        return {row.assumption: row for row in chosen.itertuples()}

    def _panel(
        self, ax: Axes, quantity: Any, lines: Any, *, numbers: bool, room: float = 9.0
    ) -> None:
        rows = self._rows(quantity)
        share = quantity.unit == "share"
        scale = 100.0 if share else 1.0
        name = self.language.say(quantity.name)
        head = f"{name}: {self.say(quantity.basis.replace(' ', '_'))}" if numbers else name
        ax.set_title("\n".join(wrap(head, 7.5, room)), fontsize=7.5, loc="left", pad=4,
                     parse_math=False)  # fmt: skip
        low, high = self._limits(rows, share)
        if not share:
            ax.set_xscale("log")
        ax.set_xlim(low, high)
        ax.set_ylim(len(self.names) - 0.5, -0.5)
        for place, name in enumerate(self.names):
            row = rows[name]
            bounded = math.isnan(row.median) and math.isfinite(row.low)
            if bounded:  # behind everything
                ax.axvspan(max(row.low * scale, low), row.high * scale, color=_BAND, zorder=0)
            else:
                ax.plot([max(row.prior_low * scale, low), row.prior_high * scale], [place] * 2,
                        color=GREY, linewidth=0.8, zorder=2)  # fmt: skip
                ax.plot([max(row.low * scale, low), row.high * scale], [place] * 2,
                        color=BLUE, linewidth=2.6, solid_capstyle="butt", zorder=3)  # fmt: skip
                ax.plot([row.median * scale], [place], "o", color=BLUE, markersize=4.5,
                        markeredgecolor="white", markeredgewidth=0.7, zorder=4)  # fmt: skip
            if numbers:
                ax.annotate(self._shown(row, bounded), (1.0, place), (5, 0),
                            xycoords=("axes fraction", "data"), textcoords="offset points",
                            fontsize=7, va="center", color=INK, annotation_clip=False)  # fmt: skip
        self._axes(ax, lines, share)

    def _limits(self, rows: dict[str, Any], share: bool) -> tuple[float, float]:
        """Return the limits of the axis: all posteriors, and as much of the rest as fits."""
        fitted = [row for row in rows.values() if math.isfinite(row.median)] or list(rows.values())
        tops = [row.high for row in fitted if math.isfinite(row.high)] or [1.0]
        if share:
            return 0.0, min(100.0, 115.0 * max(tops))
        bottoms = [row.low for row in fitted if math.isfinite(row.low) and row.low > 0]
        low, high = min(bottoms or [max(tops) / 100]), max(tops)
        reach = max((high / low) ** 0.25, 1.3)
        return low / reach, high * reach

    def _shown(self, row: Any, bounded: bool) -> str:
        show = self.language
        if row.mark and math.isnan(row.low):
            return self.say("failed")
        if bounded:
            text = f"{show.number(row.low)}\u2013{show.number(row.high)}"
            return f"{text}, {self.say('bounds')}" if row.interval == NO_PROBABILITY else text
        return show.numbers(row.median, row.low, row.high)

    def _axes(self, ax: Axes, lines: Any, share: bool) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

        ax.set_yticks(range(len(self.names)))
        if lines is None:
            ax.set_yticklabels([])
        else:
            ax.set_yticklabels(["\n".join(lines[name]) for name in self.names], fontsize=7.5,
                               parse_math=False)  # fmt: skip
        ax.tick_params(axis="y", length=0)
        ax.tick_params(axis="x", labelsize=6.5, length=2.5)
        if share:
            ax.xaxis.set_major_locator(MaxNLocator(4, prune="upper"))
            ax.xaxis.set_major_formatter(
                FuncFormatter(lambda v, _: f"{self.language.figure(round(v, 6))}%")
            )
        else:
            low, high = ax.get_xlim()
            wide = math.log10(high / low) > 2
            ax.xaxis.set_major_locator(LogLocator(10, subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: self.language.tick(v)))
            ax.xaxis.set_minor_formatter(NullFormatter())
        for side in ("top", "right", "left"):
            ax.spines[side].set_visible(False)
        ax.spines["bottom"].set_color(GREY)

    def _legend(self, made: Figure, foot: float, height: float, notes: list[str]) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        interval = self.language.interval(self.about["probability"])
        posterior = self.say("posterior", interval=interval)
        keys: list[Any] = [
            Line2D([], [], color=BLUE, linewidth=2.6, marker="o", markersize=4.5,
                   markeredgecolor="white", label=posterior),
            Line2D([], [], color=GREY, linewidth=0.8, label=self.say("prior")),
        ]  # fmt: skip
        if any(len(fits) > 1 for fits in self.about["results"].values()):
            keys.append(Patch(color=_BAND, label=self.say("band")))
        made.legend(
            handles=keys,
            loc="lower left",
            bbox_to_anchor=(0.02 / _WIDTH, (0.13 * len(notes) + 0.1) / height),
            ncols=1,
            fontsize=7,
            frameon=False,
            borderaxespad=0.2,
            handlelength=2.0,
            columnspacing=1.5,
        )
        for i, line in enumerate(notes):
            made.text(0.1 / _WIDTH, (0.13 * (len(notes) - i - 1) + 0.08) / height, line,
                      fontsize=6.5, color=GREY, parse_math=False)  # fmt: skip
