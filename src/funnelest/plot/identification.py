"""What the figures can tell, before a fit: of every quantity and parameter, against its prior."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from funnelest.check.identification.directions import Standing
from funnelest.plot.base import Language, drawing, framed, text_width, wrap
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["identification"]

_RED, _LIGHT = "#c00000", "#9ecae1"
#: Inches: width of the figure and of a line, room for labels at most, and for verdicts.
_WIDTH, _LINE, _LEFT, _RIGHT = 7.0, 0.15, 2.9, 1.25
#: Parameters that are drawn, and further figures that are named.
_MOST, _BEST = 40, 3


def identification(identification: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw how much the figures can tell of every quantity and parameter, against its prior.

    One bar each, in three parts that make the prior variance: what the figures as they are take
    away, what larger sources of the same kind could, and what stays however large they are. The
    parameters stand by the sets in which they are confounded. Which further figure would free
    what is said above.

    Parameters
    ----------
    identification : Verdict
        What `funnelest.check.identification` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its rows need. Of more than 40 parameters those of which most
        stays are drawn.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("identification", identification, "identification", language) as show:
        return _Drawing(identification.in_language(language), show).drawn(title)


class _Drawing:
    """The rows of the figure, and how they are drawn.

    Parameters
    ----------
    verdict : Verdict
        What is drawn.
    show : Language
        How numbers and names are written.
    """

    def __init__(self, verdict: Verdict, show: Language) -> None:
        self.verdict, self.show, found = verdict, show, verdict.details
        #: Headings, and the rows under each.
        self.groups: list[tuple[str, Sequence[Standing]]] = [
            (self._word("quantities"), verdict.found)
        ]
        drawn = sorted(found["parameters"], key=lambda one: -1.0 if isnan(one.kept) else -one.kept)
        names = {one.name for one in drawn[:_MOST]}
        self.left_out = len(found["parameters"]) - len(names)
        by_name = {one.name: one for one in found["parameters"] if one.name in names}
        in_sets = {name for one in found["confounded"] for name in one.members}
        for i, one in enumerate(found["confounded"], 1):
            seen = len(one.members) - one.directions
            heading = self._word("set", i=i, seen=seen, all=len(one.members))
            self._add(heading, [by_name[n] for n in one.members if n in by_name])
        rest = [one for name, one in by_name.items() if name not in in_sets]
        self._add(self._word("alone"), [one for one in rest if not one.identified])
        self._add(self._word("known"), [one for one in rest if one.identified])

    def _add(self, heading: str, rows: Sequence[Standing]) -> None:
        if rows:
            self.groups.append((heading, rows))

    def _word(self, key: str, **values: Any) -> str:
        return self.show.say(say(f"plot.identification.{key}", **values))

    def drawn(self, title: str) -> Figure:
        """Return the figure."""
        from matplotlib.patches import Patch

        labels = [self.show.say(one.name) for _, rows in self.groups for one in rows]
        widest = max((text_width(text, 7.5) for text in labels), default=0.5)
        left = min(max(widest + 0.3, 1.0), _LEFT)
        placed, high = self._placed(left)
        keys = [
            Patch(facecolor=BLUE, edgecolor=BLUE, label=self._word("taken")),
            Patch(facecolor=_LIGHT, edgecolor=BLUE, linewidth=0.6, label=self._word("more")),
            Patch(facecolor="white", edgecolor=ORANGE, hatch="/////", linewidth=0.6,
                  label=self._word("kept")),
        ]  # fmt: skip
        figure, ax = framed(
            self._head(title), keys, self._note(), left=left, right=_RIGHT, width=_WIDTH, high=high
        )
        self._axes(ax, high)
        room = _WIDTH - left - _RIGHT
        for y, heading, lines, one in placed:
            if one is None:
                ax.text(0.12 - left, y, heading, transform=self._inches(ax, room), fontsize=7.5,
                        fontweight="bold", color=INK, va="center", parse_math=False)  # fmt: skip
                continue
            ax.text(-0.06, y, "\n".join(lines), transform=self._inches(ax, room), fontsize=7.5,
                    color=INK, ha="right", va="center", linespacing=1.1,
                    parse_math=False)  # fmt: skip
            self._bar(ax, y, one)
            wrong = one.decided_by_priors and one in self.verdict.found
            ax.text(room + 0.06, y, self._word(f"verdict.{one.verdict}"),
                    transform=self._inches(ax, room), fontsize=7, va="center",
                    color=_RED if wrong else GREY,
                    fontweight="bold" if wrong else "normal")  # fmt: skip
        return figure

    def _placed(self, left: float) -> tuple[list[tuple[float, str, list[str], Any]], float]:
        """Return place, heading, label lines and thing of each row, and the height of them all."""
        made: list[tuple[float, str, list[str], Any]] = []
        y = 0.0
        for heading, rows in self.groups:
            y += 0.1 if not made else 0.2
            for line in wrap(heading, 7.5, _WIDTH - 0.3, bold=True):
                made.append((y, line, [], None))
                y += _LINE
            y += 0.04
            for one in rows:
                lines = wrap(self.show.say(one.name), 7.5, left - 0.2)
                extra = 0.12 * (len(lines) - 1)
                made.append((y + extra / 2, "", lines, one))
                y += _LINE + 0.03 + extra
        return made, y

    @staticmethod
    def _inches(ax: Axes, room: float) -> Any:
        """Return the transform of inches from the left of the panel, and rows."""
        from matplotlib.transforms import Affine2D, blended_transform_factory

        return blended_transform_factory(
            Affine2D().scale(1 / room, 1.0) + ax.transAxes, ax.transData
        )

    def _axes(self, ax: Axes, high: float) -> None:
        from matplotlib.ticker import FuncFormatter

        ax.set_ylim(high, 0)
        ax.set_xlim(0, 1)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.0f}%"))
        ax.set_xlabel(self._word("x"), fontsize=8, color=INK)

    def _bar(self, ax: Axes, y: float, one: Standing) -> None:
        from matplotlib.patches import Rectangle

        if isnan(one.taken):  # fixed, or nothing could be computed
            return
        kept = min(one.kept, 1 - one.taken)
        parts: list[tuple[float, float, dict[str, Any]]] = [
            (0.0, one.taken, {"facecolor": BLUE, "edgecolor": BLUE}),
            (one.taken, 1 - one.taken - kept, {"facecolor": _LIGHT, "edgecolor": BLUE}),
            (1 - kept, kept, {"facecolor": "white", "edgecolor": ORANGE, "hatch": "/////"}),
        ]
        for start, length, style in parts:
            if length > 0.002:
                ax.add_patch(
                    Rectangle((start, y - 0.055), length, 0.11, linewidth=0.6, zorder=3, **style)
                )

    def _head(self, title: str) -> list[tuple[str, str]]:
        found, every = self.verdict.details, len(self.verdict.found)
        failed = sum(one.decided_by_priors for one in self.verdict.found)
        return [
            ("title", title),
            ("mark", self.verdict.mark),
            ("subtitle", self._word("decided" if failed else "passed", k=failed, n=every)),
            ("subtitle", self._word("rank", figures=found["figures"], rank=found["rank"],
                                    n=len(found["parameters"]))),
            *(("subtitle", self._word("next", name=one.name, names=one.frees))
              for one in found["best"][:_BEST]),
        ]  # fmt: skip

    def _note(self) -> str:
        found = self.verdict.details
        said = [self._word("note", points=len(found["ranks"]))]
        if self.left_out:
            said.append(self._word("left_out", n=self.left_out))
        if found["imprecise"]:
            said.append(self._word("imprecise", names=found["imprecise"]))
        return " ".join(said)
