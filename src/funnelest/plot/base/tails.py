"""Printed figures in what is expected of them, one line each, on an axis of normal scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.frame import framed
from funnelest.plot.base.marks import BAND, BLUE, GREY, INK, ORANGE
from funnelest.plot.base.sheet import text_width, wrap
from funnelest.verdict import Compared, Verdict
from funnelest.words import Language, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST", "places"]

#: More lines than this are not drawn: the ones that lie in the middle are left out.
MOST = 60
_WIDTH, _SIZE, _LINE, _REACH = 7.5, 7.5, 0.14, 4.0
_RED = "#c00000"
#: Kind -> marker, colour, fill, size.
_STYLES: dict[str, tuple[str, str, str, float]] = {
    "bad": ("D", _RED, _RED, 6.0),
    "apart": ("s", ORANGE, "white", 5.5),
    "fine": ("o", BLUE, BLUE, 5.0),
    "limit": ("^", BLUE, "white", 5.5),
    "prior": ("o", GREY, "white", 5.0),
    "gone": ("x", INK, INK, 5.0),
}


def places(
    found: Verdict,
    kind: Callable[[Compared], str],
    *,
    out: int,
    of: int,
    chance: float,
    title: str,
    show: Language,
) -> Figure:
    """Return a figure with a line per printed figure, in the words of a check.

    Parameters
    ----------
    found : Verdict
        The check; its `found` are the figures.
    kind : callable
        Figure -> how it is drawn: "bad", "apart", "fine", "prior", "limit" or "gone".
    out, of, chance
        How many are far out, of how many, and how many chance alone puts there.
    title : str
        Title of the figure.
    show : Language
        How sentences and numbers are written.
    """

    def word(key: str, **values: Any) -> str:
        return show.say(say(f"plot.{found.check}.{key}", **values))

    def beside(one: Compared) -> str:
        figure = show.given(one.figure)
        if one.mid_p != one.mid_p:
            return f"{figure}; {word('gone')}"
        return f"{figure}; {show.numbers(one.median, one.low, one.high)}"

    probability = found.details["probability"]
    tail, interval = (1 - probability) / 2, show.interval(probability)
    rows: list[Compared] = list(found.found)
    notes = [word("note", interval=interval, out=out, of=of, chance=show.number(chance, 2))]
    if len(rows) > MOST:  # those without a place among the farthest
        far = sorted(rows, key=lambda one: one.p if one.p == one.p else 0.0)[:MOST]
        notes.append(word("few", most=MOST, all=len(rows)))
        kept = set(map(id, far))
        rows = [one for one in rows if id(one) in kept]
    drawn = [kind(one) for one in rows]
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
    from scipy.special import ndtr, ndtri

    names = [wrap(one.name, _SIZE, 2.3) for one in rows]
    left = 0.3 + max((text_width(line, _SIZE) for name in names for line in name), default=0.5)
    texts = [wrap(beside(one), _SIZE, 2.1) for one in rows]
    right = 0.3 + max((text_width(line, _SIZE) for text in texts for line in text), default=0.5)
    right = max(right, 0.3 + text_width(word("column"), 7))
    lines = [max(len(a), len(b), 1) for a, b in zip(names, texts, strict=True)]
    heights = [_LINE * count + 0.1 for count in lines]
    tall = sum(heights) + 0.1
    keys: list[Any] = []
    for style, (marker, colour, fill, size) in _STYLES.items():
        if style in drawn:
            label = word(style, p=100 * probability)
            keys.append(Line2D([], [], marker=marker, color=colour, markerfacecolor=fill,
                               markersize=size, linestyle="none", label=label))  # fmt: skip
    band = word("band", interval=interval)
    keys.append(Patch(facecolor=BAND, edgecolor=GREY, linewidth=0.8, label=band))
    head = [("title", title), ("mark", found.in_language(show.code).marks)]
    figure, ax = framed(head, keys, " ".join(notes), above=0.16, below=0.56, left=left, right=right,
                        width=_WIDTH, high=tall)  # fmt: skip
    ax.set_xlim(-_REACH, _REACH)
    ax.set_ylim(tall, 0)
    edge = float(ndtri(1 - tail))
    ax.axvspan(-edge, edge, color=BAND, linewidth=0, zorder=0)
    for x in (-edge, edge):
        ax.axvline(x, color=GREY, linewidth=0.8, zorder=1)
    ax.axvline(0, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
    top = 0.05
    for one, how, name, text, height in zip(rows, drawn, names, texts, heights, strict=True):
        y = top + height / 2
        top += height
        for part, x, align in ((name, -0.1, "right"), (text, 0.1, "left")):
            for i, line in enumerate(part):
                ax.annotate(
                    line, (0.0 if align == "right" else 1.0, y),
                    (72 * x, -10.0 * (i - (len(part) - 1) / 2)),
                    xycoords=("axes fraction", "data"), textcoords="offset points", ha=align,
                    va="center", fontsize=_SIZE, color=INK, annotation_clip=False,
                    parse_math=False,
                )  # fmt: skip
        ax.axhline(y, color="#e4e4e4", linewidth=0.6, zorder=0.5)
        marker, colour, fill, size = _STYLES[how]
        if one.mid_p != one.mid_p:  # no place is known
            ax.plot([0], [y], marker="x", color=INK, markersize=5, zorder=4)
            continue
        x = float(-ndtri(min(max(one.mid_p, 1e-12), 1 - 1e-12)))
        out = abs(x) > _REACH - 0.15
        if out:  # beyond the axis: at its end, with an arrow
            x = (_REACH - 0.15) * (1 if x > 0 else -1)
            ax.plot([x + (0.28 if x > 0 else -0.28)], [y], marker=">" if x > 0 else "<",
                    color=colour, markersize=4, zorder=4, clip_on=False)  # fmt: skip
        ax.plot([x], [y], marker=marker, color=colour, markerfacecolor=fill, markersize=size,
                markeredgewidth=1.2, zorder=5, clip_on=False)  # fmt: skip
    shares = [0.001, tail, 0.5, 1 - tail, 0.999]
    if _WIDTH - left - right > 2.6:
        shares = [0.001, tail, 0.16, 0.5, 0.84, 1 - tail, 0.999]
    ax.xaxis.set_major_locator(FixedLocator([float(v) for v in ndtri(sorted(shares))]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda v, _: f"{show.figure(round(100 * float(ndtr(v)), 2))}%")
    )
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(word("label"), fontsize=8, color=INK)
    for at, said, align in (
        (0.0, f"\u2190 {word('low')}", "left"),
        (1.0, f"{word('high')} \u2192", "right"),
    ):
        ax.annotate(said, (at, 1.0), (0, 4), xycoords="axes fraction", textcoords="offset points",
                    ha=align, va="bottom", fontsize=7, color=GREY)  # fmt: skip
    ax.annotate(word("column"), (1.0, 1.0), (7.2, 4), xycoords="axes fraction",
                textcoords="offset points", ha="left", va="bottom", fontsize=7,
                color=GREY)  # fmt: skip
    return figure
