"""Who says what: the share of each quantity that is owed to each source and each prior."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelest.check.contributions.shares import Known
from funnelest.entry import entry
from funnelest.plot.base import Axis, Block, Column, Language, Mark, Row, Style, drawing, rows
from funnelest.plot.base.marks import GREY, INK
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["contributions"]

#: Components with a segment of their own; the others of a kind are one segment.
_MOST = 10
#: Faces and hatch by kind: sources are filled, priors and assumptions hatched.
_FACES = {
    "source": (["#08519c", "#4292c6", "#9ecae1"], ""),
    "prior": (["#ffffff", "#f4d8c4", "#e3a67f"], "////"),
    "assumption": (["#ffffff", "#e8e8e8", "#cfcfcf"], "...."),
}


@entry
def contributions(contributions: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw, for each quantity, the share that is owed to each source, prior and assumption.

    Segments are numbered as in the legend, and told apart by fill and hatch, so that the figure
    reads without colours. The ten components to which most is owed have a segment of their own,
    the others one per kind.

    Parameters
    ----------
    contributions : Verdict
        What `funnelest.check.contributions` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its rows need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("contributions", contributions, "contributions", language, title=title) as show:
        return _drawn(contributions.in_language(language), title, show)


def _drawn(verdict: Verdict, title: str, show: Language) -> Figure:
    found = verdict.found
    kinds: dict[str, str] = {one.name: one.kind for one in verdict.details["components"]}
    weight = {
        name: max((abs(row.shares.get(name, 0.0)) for row in found), default=0.0) for name in kinds
    }
    single = sorted(kinds, key=lambda name: -weight[name])[:_MOST]
    # Sources first, then priors, then assumptions, in the bars and in the legend.
    members: dict[str, list[str]] = {}
    keys: list[tuple[Style, str]] = []
    styles: dict[str, tuple[Style, str]] = {}
    for kind, (faces, hatch) in _FACES.items():
        named = {name: [name] for name in kinds if kinds[name] == kind and name in single}
        others = [name for name in kinds if kinds[name] == kind and name not in single]
        for i, (name, inside) in enumerate({**named, **({kind: others} if others else {})}.items()):
            style = Style("#333333", bar=0.15, face=faces[i % 3], hatch=hatch)
            tag = str(len(keys) + 1)
            said = kind if name in named else f"others_{kind}"
            keys.append((style, f"{tag}  {show(f'plot.contributions.{said}', name=name)}"))
            styles[name], members[name] = (style, tag), inside
    made = []
    for row in found:
        ends, marks = [0.0, 0.0], []  # so far, to the left and to the right of 0
        for name, (style, tag) in styles.items():
            size = 100 * sum(row.shares.get(one, 0.0) for one in members[name])
            error = 100 * math.hypot(*(row.errors.get(one, 0.0) for one in members[name]))
            if abs(size) <= 2 * error:  # it may as well be none
                continue
            side = int(size >= 0)
            start, ends[side] = ends[side], ends[side] + size
            low, high = sorted((start, ends[side]))
            marks.append(Mark(style, low=low, high=high, text=tag))
        made.append(Row(show.say(row.name), marks, [_said(row, show)], least=0.25))
    axis = Axis(
        show("plot.contributions.axis"), scale="linear",
        lines=[(0.0, Style(INK, line=0.9)), (100.0, Style(GREY, line=0.7, dashes=(0, (3, 2))))],
    )  # fmt: skip
    column = Column(show("plot.contributions.heading"), most=1.3)
    return rows(
        Block(made, [axis], [column], ruled="between"),
        head=[("title", title), ("mark", verdict.marks)],
        keys=keys,
        note=show("plot.contributions.note"),
        show=show,
    ).figure


def _said(row: Known, show: Language) -> str:
    shrunk = "" if math.isnan(row.contraction) else f"{show.figure(round(100 * row.contraction))}%"
    rests = show(f"plot.contributions.rests.{row.rests_on}") if row.rests_on else ""
    none = "" if row.shares else show("plot.contributions.none")
    return "; ".join(filter(None, (shrunk, rests, none)))
