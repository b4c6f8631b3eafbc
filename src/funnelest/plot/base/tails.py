"""Printed figures in what is expected of them, one line each, on an axis of normal scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from funnelest.plot.base.marks import BAND, BLUE, GREY, INK, ORANGE, RED, Mark, Style
from funnelest.plot.base.rows import Axis, Block, Column, Row, rows
from funnelest.verdict import Compared, Verdict
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST", "places"]

#: More lines than this are not drawn: the ones that lie in the middle are left out.
MOST = 60
_REACH = 4.0
_STYLES = {
    "bad": Style(RED, "D", 6.0),
    "apart": Style(ORANGE, "s", 5.5, fill="white"),
    "fine": Style(BLUE, "o", 5.0),
    "prior": Style(GREY, "o", 5.0, fill="white"),
    "limit": Style(BLUE, "^", 5.5, fill="white"),
    "gone": Style(INK, "x", 5.0),
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
    from scipy.special import ndtr, ndtri

    def word(key: str, **values: Any) -> str:
        return show(f"plot.{found.check}.{key}", **values)

    probability = found.details["probability"]
    tail, interval = (1 - probability) / 2, show.interval(probability)
    figures: list[Compared] = list(found.found)
    notes = [word("note", interval=interval, out=out, of=of, chance=show.number(chance, 2))]
    if len(figures) > MOST:  # those without a place among the farthest
        far = sorted(figures, key=lambda one: one.p if one.p == one.p else 0.0)[:MOST]
        notes.append(word("few", most=MOST, all=len(figures)))
        kept = set(map(id, far))
        figures = [one for one in figures if id(one) in kept]
    made, drawn = [], {kind(one) for one in figures}
    for one in figures:
        mark, beside = Mark(_STYLES["gone"], 0.0), word("gone")  # where no place is known
        if one.mid_p == one.mid_p:
            x = float(-ndtri(min(max(one.mid_p, 1e-12), 1 - 1e-12)))
            inside = min(max(x, -_REACH + 0.15), _REACH - 0.15)
            # Beyond the axis: at its end, with an arrow.
            mark = Mark(_STYLES[kind(one)], inside, *((x, x) if x != inside else ()))
            beside = show.numbers(*one.three, one.errors)
        made.append(
            Row(show.say(one.name), [mark], [f"{show.given(one.figure)}; {beside}"], least=0.24)
        )
    edge = float(ndtri(1 - tail))
    line, dotted = Style(GREY, line=0.8), Style(GREY, line=0.6, dashes=(0, (1, 2)))
    shares = sorted([0.001, tail, 0.16, 0.5, 0.84, 1 - tail, 0.999])
    axis = Axis(
        word("label"),
        limits=(-_REACH, _REACH),
        ticks=[float(v) for v in ndtri(shares)],
        write=lambda v: f"{show.figure(round(100 * float(ndtr(v)), 2))}%",
        lines=[(-edge, line), (edge, line), (0.0, dotted)],
        bands=[(-edge, edge, BAND)],
        sides=(f"\u2190 {word('low')}", f"{word('high')} \u2192"),
    )
    keys = [
        (style, word(name, p=100 * probability)) for name, style in _STYLES.items() if name in drawn
    ]
    keys.append((Style(GREY, bar=0.1, face=BAND), word("band", interval=interval)))
    head = [("title", title), ("mark", found.in_language(show.code).marks)]
    block = Block(made, [axis], [Column(word("column"))], ruled="through")
    return rows(block, head=head, keys=keys, note=" ".join(notes), show=show).figure
