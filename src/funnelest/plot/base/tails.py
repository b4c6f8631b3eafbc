"""Printed figures in what is foretold of them, one line each, on an axis of normal scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelest.plot.base.marks import BAND, BLUE, GREY, INK, ORANGE, RED, Mark, Style
from funnelest.plot.base.rows import Axis, Block, Column, Row, rows
from funnelest.words import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MOST", "Place", "places"]

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


@dataclass(frozen=True)
class Place:
    """Where one figure lies.

    Parameters
    ----------
    name : str
        What it is, at the left.
    mid_p : float
        Probability of a larger one; NaN where it is not known.
    kind : {"bad", "apart", "fine", "prior", "limit", "gone"}
        How it is drawn.
    beside : str
        What stands at the right: the figure, and what is foretold.
    """

    name: str
    mid_p: float
    kind: str
    beside: str


def places(
    found: Sequence[Place],
    *,
    head: Sequence[tuple[str, str]],
    kinds: dict[str, str],
    tail: float,
    label: str,
    sides: tuple[str, str],
    note: str,
    band: str,
    column: str,
    show: Language,
) -> Figure:
    """Return a figure with a line per printed figure.

    Parameters
    ----------
    found : sequence of Place
        The figures, from the top down.
    head : sequence of (str, str)
        As in `framed`.
    kinds : dict of str to str
        Kind -> its words in the legend; only kinds that are drawn are explained.
    tail : float
        Probability beyond each of the two lines.
    label : str
        Label of the axis.
    sides : (str, str)
        What it means to lie at the left, and at the right.
    note, band : str
        What stands below, and the words of the grey band.
    column : str
        What stands at the right of the lines.
    show : Language
        How numbers are written.
    """
    from matplotlib.patches import Patch
    from scipy.special import ndtr, ndtri

    made = []
    for one in found:
        mark = Mark(_STYLES["gone"], 0.0)  # where no place is known
        if one.mid_p == one.mid_p:
            x = float(-ndtri(min(max(one.mid_p, 1e-12), 1 - 1e-12)))
            kept = min(max(x, -_REACH + 0.15), _REACH - 0.15)
            # Beyond the axis: at its end, with an arrow.
            mark = Mark(_STYLES[one.kind], kept, *((x, x) if x != kept else ()))
        made.append(Row(one.name, [mark], [one.beside], least=0.24))
    edge = float(ndtri(1 - tail))
    dotted = {"linewidth": 0.6, "linestyle": (0, (1, 2))}
    shares = sorted([0.001, tail, 0.16, 0.5, 0.84, 1 - tail, 0.999])
    axis = Axis(
        label,
        limits=(-_REACH, _REACH),
        ticks=[float(v) for v in ndtri(shares)],
        write=lambda v: f"{show.figure(round(100 * float(ndtr(v)), 2))}%",
        lines=[(-edge, {}), (edge, {}), (0.0, dotted)],
        bands=[(-edge, edge, BAND)],
        sides=(f"\u2190 {sides[0]}", f"{sides[1]} \u2192"),
    )
    keys = [(_STYLES[kind], kinds[kind]) for kind in kinds if any(x.kind == kind for x in found)]
    shade = Patch(facecolor=BAND, edgecolor=GREY, linewidth=0.8, label=band)
    block = Block(made, [axis], [Column(column)], ruled="through")
    return rows(block, head=head, keys=[*keys, shade], note=note, show=show).figure
