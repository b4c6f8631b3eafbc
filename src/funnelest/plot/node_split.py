"""A quantity as each of two groups of sources gives it, over a common axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.check.node_split import OTHERS
from funnelest.entry import entry
from funnelest.plot.base import Language, Style, drawing, framed, round_ticks
from funnelest.plot.base.marks import BLUE, GREY, INK, ORANGE
from funnelest.sampling.weights import equal_tailed, quantiles
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["node_split"]


@entry
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
    with drawing("node_split", node_split, "node_split", language, title=title) as show:
        return _drawn(node_split, title, show)


#: Of the two sides, of all sources together, and of the prior.
_SIDES = (Style(BLUE, line=1.8), Style(ORANGE, line=1.8, dashes=(0, (5, 2))))
_TOGETHER, _PRIOR = Style(INK, line=1.6, dashes=(0, (1, 1.2))), Style(GREY, line=0.7)


def _drawn(found: Verdict, title: str, show: Language) -> Figure:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    details = found.details

    def called(name: str) -> str:
        return show("node_split.others") if name == OTHERS else name

    drawn: list[tuple[Style, Any, str]] = []
    for one, style in zip(found.found, _SIDES, strict=True):
        few, more = ", ".join(one.sources[:4]), len(one.sources) - 4
        listed = show("word.and_more", names=few, n=more) if more > 0 else few
        name = show("plot.node_split.side", name=called(one.name), sources=listed)
        drawn.append((style, one.sample, name))
    if details["together"] is not None:
        drawn.append((_TOGETHER, details["together"].sample, show("plot.node_split.all")))
    drawn.append((_PRIOR, details["prior"], show("plot.node_split.prior")))
    known = bool(len(details["difference"]))
    p = show.number(details["p"], 2)
    said = show("plot.node_split.p", p=p) if known else show("plot.node_split.failed")
    once, interval = details["once"], show.interval(details["probability"])
    prior = show("plot.node_split.once", side=called(once)) if once \
        else show("plot.node_split.twice")  # fmt: skip
    marks = found.in_language(show.code).marks
    figure, ax = framed(
        [("title", title), ("mark", marks), ("subtitle", said)],
        [(style, name) for style, _, name in drawn],
        show("plot.node_split.note", interval=interval, prior=prior),
        left=0.25, right=0.25, high=2.8,
    )  # fmt: skip
    fitted = [(style, sample) for style, sample, _ in drawn[:-1] if len(sample)]
    ends = [quantiles(sample, [0.001, 0.999])
            for _, sample in fitted or [(_PRIOR, details["prior"])]]  # fmt: skip
    low, high = min(float(e[0]) for e in ends), max(float(e[1]) for e in ends)
    log = details["scale"] != "identity" and low > 0 and high / low > 3
    turned = np.log if log else (lambda value: np.asarray(value, dtype=np.float64))
    grid = np.linspace(turned(low), turned(high), 300)
    x = np.exp(grid) if log else grid
    curves = [_density(turned(sample), grid) if len(sample) else None for _, sample, _ in drawn]
    heights = [float(curve.max()) for curve in curves[:-1] if curve is not None]
    top = max(heights) if fitted else 1.0
    for curve, (style, _, _) in zip(curves, drawn, strict=True):
        if curve is not None:
            ax.plot(x, np.minimum(curve, 1.04 * top), color=style.colour, linestyle=style.dashes,
                    linewidth=style.line, zorder=3)  # fmt: skip
    for i, (style, sample) in enumerate(fitted):
        y = -top * (0.09 + 0.09 * i)
        a, middle, b = equal_tailed(sample, details["probability"])
        ax.plot([a, b], [y, y], color=style.colour, linewidth=style.line + 0.4,
                linestyle=style.dashes, zorder=3)  # fmt: skip
        ax.plot([middle], [y], "o", color=style.colour, markersize=4.5, zorder=4)
    ax.axhline(0, color=GREY, linewidth=0.6, zorder=1)
    ax.set_xscale("log" if log else "linear")
    ax.xaxis.set_major_locator(FixedLocator(round_ticks(low, high)) if log else MaxNLocator(7))
    ax.xaxis.set_minor_locator(NullLocator())

    def write(value: float, _: object) -> str:
        if details["scale"] == "logit":
            return f"{show.figure(float(f'{100 * value:.6g}'))}%"
        return show.tick(value) if value > 0 else show.figure(float(f"{value:.6g}"))

    ax.xaxis.set_major_formatter(FuncFormatter(write))
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(-top * (0.1 + 0.09 * len(fitted)), 1.1 * top)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    scale = f", {show.word('logarithmic scale')}" if log else ""
    ax.set_xlabel(f"{show.say(details['quantity'])}{scale}", fontsize=8, color=INK,
                  parse_math=False)  # fmt: skip
    return figure


def _density(sample: Any, grid: Any) -> Any:
    """Return a smoothed density of draws, by a normal kernel; None when all are the same."""
    from scipy.stats import gaussian_kde

    if np.ptp(sample) == 0:
        return None
    return gaussian_kde(sample[:4000])(grid)
