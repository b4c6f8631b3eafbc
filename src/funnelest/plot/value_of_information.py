"""Which figure to buy next: the share of a variance that is expected to go, and widths by size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelest.check.information.ranking import Gain
from funnelest.plot.base import Language, drawing, framed, text_width, wide, wrap
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["value_of_information"]

_RED, _LIGHT = "#c00000", "#9ecae1"
#: Inches: width of the figure, room beside the panel, and heights of rows.
_WIDTH, _LEFT, _LINE, _GAP, _HEAD = 7.0, 2.25, 0.15, 0.12, 0.24
#: Inches: height of the panel of sizes, and room beside and below it.
_HIGH, _SIDE, _RIGHT, _BELOW = 2.9, 1.0, 0.25, 0.65
#: Parameters that are drawn.
_MOST = 10
#: Light against dark and hatches tell them apart in print without colour.
_BARS: dict[str, dict[str, Any]] = {
    "planned": {"facecolor": BLUE, "edgecolor": BLUE},
    "estimated": {"facecolor": _LIGHT, "edgecolor": BLUE},
    "partly assumed": {"facecolor": _LIGHT, "edgecolor": BLUE, "hatch": "////"},
    "assumed": {"facecolor": "white", "edgecolor": BLUE, "hatch": "////"},
}
#: Of one plan of several sizes after the other.
_LINES: tuple[tuple[str, str], ...] = ((BLUE, "o"), (INK, "s"), (GREY, "^"))


def value_of_information(verdict: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw the share of the variance that every planned figure, and every parameter, takes away.

    Planned figures above, in the order in which to buy them, with what they cost; below, what
    would go if parameters were known exactly, at most the ten that tell most. A plan of several
    sizes is a line of its own, of the expected width of the interval by size.

    Parameters
    ----------
    verdict : Verdict
        What `funnelest.check.value_of_information` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its rows need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("verdict", verdict, "value_of_information", language) as show:
        return _Drawing(verdict.in_language(language), title, show).figure()


class _Drawing:
    """What is drawn: rows of bars, a panel of sizes, or both."""

    def __init__(self, verdict: Verdict, title: str, show: Language) -> None:
        self.verdict, self.about, self.show = verdict, verdict.details, show
        self.head = [("title", title), ("mark", verdict.mark), ("subtitle", "")]
        alone = [one for one in verdict.found if not one.series]
        self.parameters = [one for one in alone if one.kind == "parameter"]
        kinds = {
            "figure": [one for one in alone if one.kind == "figure"],
            "parameter": self.parameters[:_MOST],
        }
        self.kinds = [(kind, found) for kind, found in kinds.items() if found]
        basis = self.about["basis"]
        self.basis = "" if basis == "estimated" else self.say(basis.replace(" ", "_"))

    def say(self, key: str, **values: Any) -> str:
        """Return a text of this figure."""
        return self.show.say(say(f"plot.value_of_information.{key}", **values))

    def figure(self) -> Figure:
        """Return the figure."""
        if not self.kinds:
            keys = self._size_keys()
            figure, ax = framed(
                self.head, keys, self._note(), left=_SIDE, right=_RIGHT, width=_WIDTH, high=_HIGH
            )
            self._sizes(ax)
        else:
            figure, ax = self._bars()
            if self.about["series"]:
                box, (wide_, high) = ax.get_position(), figure.get_size_inches()
                place = (_SIDE / wide_, box.y1 + _BELOW / high,
                         1 - (_SIDE + _RIGHT) / wide_, _HIGH / high)  # fmt: skip
                above = figure.add_axes(place)
                for side in ("top", "right"):
                    above.spines[side].set_visible(False)
                above.tick_params(labelsize=7, length=2.5)
                self._sizes(above)
        if self.verdict.mark:
            ax.text(0.5, 0.5, self.verdict.mark, transform=ax.transAxes, ha="center", va="center",
                    fontsize=18, rotation=20, color=_RED, alpha=0.22, fontweight="bold",
                    zorder=6)  # fmt: skip
        return figure

    # ---------------------------------------------------------------- bars

    def _bars(self) -> tuple[Figure, Axes]:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        show = self.show
        places, heads, high = _placed(self.kinds)
        rows = [one for one, _, _ in places]
        statuses = [status for status in _BARS if any(one.status == status for one in rows)]
        keys: list[Any] = self._size_keys() if self.about["series"] else []
        keys += [Patch(label=self.say(s.replace(" ", "_")), **_BARS[s]) for s in statuses]
        keys.append(Line2D([], [], color=INK, linewidth=1.0, label=self.say("error")))
        sides = [self._beside(one) for one in rows]
        label = wrap(self.say("x", quantity=self.about["quantity"]), 8, _WIDTH - _LEFT - 1.0)
        label += [self.basis] if self.basis else []
        right = max([text_width(side, 7) for side in sides] + [0.0]) + 0.25
        figure, ax = framed(
            self.head,
            keys,
            self._note(),
            above=_HIGH + _BELOW if self.about["series"] else 0.0,
            left=_LEFT,
            right=min(right, 2.2),
            width=_WIDTH,
            high=high,
            below=0.36 + 0.14 * len(label),
        )
        known = [one for one in rows if not math.isnan(one.reduction)]
        low = min([one.reduction - 2 * one.mc_error for one in known] + [0.0])
        top = max([max(one.reduction, 0.0) + 2 * one.mc_error for one in known] + [0.01])
        ax.set_xlim(low - 0.005 * top, 1.02 * top)
        ax.set_ylim(high, 0)
        for (one, y, lines), side in zip(places, sides, strict=True):
            ax.annotate("\n".join(lines), (0, y), (-6, 0), xycoords=("axes fraction", "data"),
                        textcoords="offset points", ha="right", va="center", fontsize=7.5,
                        color=INK, linespacing=1.1, parse_math=False)  # fmt: skip
            ax.annotate(side, (1, y), (6, 0), xycoords=("axes fraction", "data"), fontsize=7,
                        textcoords="offset points", va="center", parse_math=False,
                        color=_RED if math.isnan(one.reduction) else INK)  # fmt: skip
            if math.isnan(one.reduction):
                ax.plot([0], [y], "x", color=_RED, markersize=5, zorder=5, clip_on=False)
                continue
            ax.barh(y, max(one.reduction, 0.0), height=0.13, linewidth=0.8, zorder=3,
                    **_BARS[one.status])  # fmt: skip
            reach = (one.reduction - 2 * one.mc_error, one.reduction + 2 * one.mc_error)
            ax.plot(reach, [y, y], color="white", linewidth=2.6, zorder=4, solid_capstyle="butt")
            ax.plot(reach, [y, y], color=INK, linewidth=1.0, zorder=5, solid_capstyle="butt")
        for kind, y in heads:
            ax.annotate(self.say(kind), (0, y), (-6, 0), xycoords=("axes fraction", "data"),
                        ha="right", textcoords="offset points", va="center", fontsize=8,
                        fontweight="bold", color=INK)  # fmt: skip
        ax.axvline(0, color=GREY, linewidth=0.8, zorder=2)
        ax.spines["left"].set_visible(False)
        ax.set_yticks([])
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.xaxis.set_major_formatter(
            FuncFormatter(lambda v, _: f"{show.figure(round(100 * v, 6))}%")
        )
        ax.set_xlabel("\n".join(label), fontsize=8, color=INK, parse_math=False)
        return figure, ax

    def _beside(self, one: Gain) -> str:
        """Return the share of a row, and what it costs."""
        if not one.found:
            return self.say("none")
        # What it takes away at most, where that is not told from nothing.
        most = one.reduction if one.told else max(one.reduction, 0.0) + 2 * one.mc_error
        share = f"{'' if one.told else '<'}{self.show.percent(most)}%"
        if one.cost is None:
            return share
        unit = f" {self.about['currency']}" if self.about["currency"] else ""
        how = "cost" if math.isnan(one.cost_per_percent) else "price"
        return self.say(how, share=share, cost=one.cost, unit=unit, each=one.cost_per_percent)

    def _note(self) -> str:
        about = self.about
        interval = self.show.interval(about["probability"])
        said = [self.say("width", interval=interval, width=about["width_now"])]
        if any(one.kind == "figure" for one in self.verdict.found):
            said.append(self.say("note", n=about["replicates"]))
        if self.kinds:
            said.append(self.say("apart"))
        if len(self.parameters) > _MOST:
            said.append(self.say("more", n=len(self.parameters) - _MOST))
        if self.basis:
            said.append(self.say("rests", basis=self.basis))
        lost = [
            self.say("lost_at", failed=one.failed, refitted=one.refitted, size=one.size)
            for _, sizes in about["series"]
            for one in sizes
            if one.failed
        ]
        if lost:
            said.append(self.say("lost", lost=", ".join(lost)))
        return " ".join(said)

    # ---------------------------------------------------------------- sizes

    def _size_keys(self) -> list[Any]:
        """Return the legend of the panel of sizes."""
        from matplotlib.lines import Line2D

        dashed: dict[str, Any] = {"color": ORANGE, "linewidth": 1.4, "linestyle": (0, (4, 2))}
        keys = []
        for (name, _), (colour, marker) in zip(self.about["series"], self._styles(), strict=True):
            keys.append(Line2D([], [], color=colour, marker=marker, markersize=4.5, linewidth=1.4,
                               label=self.say("expected", name=name)))  # fmt: skip
        keys.append(Line2D([], [], label=self.say("now", width=self.about["width_now"]), **dashed))
        if any(not one.found for _, sizes in self.about["series"] for one in sizes):
            cross: dict[str, Any] = {"marker": "x", "color": _RED, "linestyle": "none"}
            keys.append(Line2D([], [], markersize=5, label=self.say("no_width"), **cross))
        return keys

    def _styles(self) -> list[tuple[str, str]]:
        count = len(self.about["series"])
        return [_LINES[i % len(_LINES)] for i in range(count)]

    def _sizes(self, ax: Axes) -> None:
        """Draw the expected width of the interval by size."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

        show, now = self.show, self.about["width_now"]
        tops, sizes = [now], sorted({one.size for _, each in self.about["series"] for one in each})
        for (_, each), (colour, marker) in zip(self.about["series"], self._styles(), strict=True):
            known = [one for one in each if one.found]
            ax.errorbar(
                [one.size for one in known], [one.width for one in known],
                yerr=[2 * one.width_error for one in known], color=colour, marker=marker,
                markersize=4.5, linewidth=1.4, capsize=3, zorder=3,
            )  # fmt: skip
            gone = [one.size for one in each if not one.found]
            ax.plot(gone, [0.0] * len(gone), "x", color=_RED, markersize=5, zorder=4, clip_on=False)
            tops += [one.width + 2 * one.width_error for one in known]
        ax.axhline(now, color=ORANGE, linewidth=1.4, linestyle=(0, (4, 2)), zorder=2)
        ax.set_ylim(0, 1.08 * max(tops))
        ax.set_xscale("log")
        low, high = sizes[0], sizes[-1]
        room = max((high / low) ** 0.04, 1.1)
        ax.set_xlim(low / room, high * room)
        ax.xaxis.set_major_locator(FixedLocator(_apart(sizes, low / room, high * room, show)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v))))
        ax.yaxis.set_major_locator(MaxNLocator(6))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 9))))
        scale = "logarithmic" if wide([low, high]) else "size"
        ax.set_xlabel(self.say(scale), fontsize=8, color=INK)
        measure = self.say("axis", interval=show.interval(self.about["probability"]))
        ax.set_ylabel("\n".join([measure, *([self.basis] if self.basis else [])]), fontsize=8,
                      color=INK)  # fmt: skip


def _placed(
    kinds: list[tuple[str, list[Gain]]],
) -> tuple[list[tuple[Gain, float, list[str]]], list[tuple[str, float]], float]:
    """Return height and lines of every row, the height of every heading, and of all together."""
    places: list[tuple[Gain, float, list[str]]] = []
    heads: list[tuple[str, float]] = []
    y = 0.0
    for kind, found in kinds:
        heads.append((kind, y + _HEAD / 2))
        y += _HEAD
        for one in found:
            lines = wrap(one.name, 7.5, _LEFT - 0.25)
            room = max(_LINE * len(lines), 0.13) + _GAP / 2
            places.append((one, y + room / 2, lines))
            y += room
        y += _GAP
    return places, heads, y


def _apart(sizes: Sequence[int], low: float, high: float, show: Language) -> list[float]:
    """Return the sizes whose labels do not meet, from the largest down."""
    room = _WIDTH - _SIDE - _RIGHT
    kept: list[float] = []
    edge = math.inf
    for size in reversed(sizes):
        place = room * math.log(size / low) / math.log(high / low)
        half = text_width(show.figure(size), 7) / 2 + 0.05
        if place + half <= edge:
            kept.append(float(size))
            edge = place - half
    return kept
