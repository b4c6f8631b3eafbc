"""A quantity as each of two groups of sources gives it, over a common axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.check.node_split import OTHERS
from funnelest.plot.base import Language, drawing, framed, round_ticks
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["node_split"]

_WIDTH, _LEFT, _RIGHT = 7.0, 0.25, 0.25


def node_split(node_split: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw a quantity as each of two groups of sources gives it.

    Parameters
    ----------
    node_split : Verdict
        What `funnelest.check.node_split` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its texts need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("node_split", node_split, "node_split", language) as show:
        return _drawn(node_split, title, show)


def _drawn(found: Verdict, title: str, show: Language) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    details = found.details

    def word(key: str, **values: Any) -> str:
        return show.say(say(f"plot.node_split.{key}", **values))

    def called(name: str) -> str:
        return show.say(say("node_split.others")) if name == OTHERS else name

    def listed(sources: tuple[str, ...]) -> str:
        few = ", ".join(sources[:4])
        more = len(sources) - 4
        return show.say(say("word.and_more", names=few, n=more)) if more > 0 else few

    drawn: list[tuple[Any, str, str, Any, float]] = []
    for one, colour, dashes in zip(found.found, (BLUE, ORANGE), ("-", (0, (5, 2))), strict=True):
        words_of = word("side", name=called(one.name), sources=listed(one.sources))
        drawn.append((one.sample, words_of, colour, dashes, 1.8))
    if details["together"] is not None:
        drawn.append((details["together"].sample, word("all"), INK, (0, (1, 1.2)), 1.6))
    drawn.append((details["prior"], word("prior"), GREY, "-", 0.7))
    keys = [
        Line2D([], [], color=colour, linestyle=dashes, linewidth=width, label=label)
        for _, label, colour, dashes, width in drawn
    ]
    known = bool(len(details["difference"]))
    said = word("p", p=show.number(details["p"], 2)) if known else word("failed")
    once, probability = details["once"], details["probability"]
    prior = word("once", side=called(once)) if once else word("twice")
    note = word("note", interval=show.interval(probability), prior=prior)
    marks = found.in_language(show.code).marks
    figure, ax = framed(
        [("title", title), ("mark", marks), ("subtitle", said)], keys, note, left=_LEFT,
        right=_RIGHT, width=_WIDTH, high=2.8,
    )  # fmt: skip
    tail = (1 - probability) / 2
    fitted = [row for row in drawn[:-1] if len(row[0])]
    samples = [row[0] for row in fitted] or [details["prior"]]
    ends = [np.quantile(sample, [0.001, 0.999]) for sample in samples]
    low, high = min(float(e[0]) for e in ends), max(float(e[1]) for e in ends)
    log = details["scale"] != "identity" and low > 0 and high / low > 3
    turned = np.log if log else (lambda value: np.asarray(value, dtype=np.float64))
    grid = np.linspace(turned(low), turned(high), 300)
    curves = [_density(turned(row[0]), grid) if len(row[0]) else None for row in drawn]
    top = max(float(curve.max()) for curve in curves[: len(drawn) - 1] if curve is not None) \
        if fitted else 1.0  # fmt: skip
    x = np.exp(grid) if log else grid
    for curve, (_, _, colour, dashes, width) in zip(curves, drawn, strict=True):
        if curve is not None:
            ax.plot(x, np.minimum(curve, 1.04 * top), color=colour, linestyle=dashes,
                    linewidth=width, zorder=3)  # fmt: skip
    for i, (sample, _, colour, dashes, width) in enumerate(fitted):
        y = -top * (0.09 + 0.09 * i)
        a, middle, b = np.quantile(sample, [tail, 0.5, 1 - tail])
        ax.plot([a, b], [y, y], color=colour, linewidth=width + 0.4, linestyle=dashes, zorder=3)
        ax.plot([middle], [y], "o", color=colour, markersize=4.5, zorder=4)
    ax.axhline(0, color=GREY, linewidth=0.6, zorder=1)
    if log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(round_ticks(low, high)))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(7))
    ax.xaxis.set_minor_locator(NullLocator())
    share = details["scale"] == "logit"
    ax.xaxis.set_major_formatter(
        FuncFormatter(
            lambda v, _: f"{show.figure(float(f'{100 * v:.6g}'))}%" if share else show.tick(v)
            if v > 0 else show.figure(float(f"{v:.6g}"))
        )
    )  # fmt: skip
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(-top * (0.1 + 0.09 * len(fitted)), 1.1 * top)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    scale = f", {word('log')}" if log else ""
    ax.set_xlabel(
        f"{show.say(details['quantity'])}{scale}", fontsize=8, color=INK, parse_math=False
    )
    return figure


def _density(sample: Any, grid: Any) -> Any:
    """Return a smoothed density of draws, by a normal kernel; None when all are the same."""
    from scipy.stats import gaussian_kde

    if np.ptp(sample) == 0:
        return None
    return gaussian_kde(sample[:4000])(grid)
