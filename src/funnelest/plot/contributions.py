"""Who says what: the share of each quantity that is owed to each source and each prior."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.check.contributions.shares import Known
from funnelest.plot.base import Language, drawing
from funnelest.plot.base.lines import Named, rows_panel
from funnelest.verdict import Verdict
from funnelest.words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["contributions"]

#: Components with a segment of their own; the others of a kind are one segment.
_MOST = 10
#: Face, text on it and hatch by kind: sources are filled, priors and assumptions hatched.
_FACES = {
    "source": (["#08519c", "#4292c6", "#9ecae1"], ""),
    "prior": (["#ffffff", "#f4d8c4", "#e3a67f"], "////"),
    "assumption": (["#ffffff", "#e8e8e8", "#cfcfcf"], "...."),
}
_DARK = {"#08519c", "#4292c6"}


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
    with drawing("contributions", contributions, "contributions", language) as show:
        return _drawn(contributions.in_language(language), title, show)


def _drawn(verdict: Verdict, title: str, show: Language) -> Figure:
    from matplotlib.patches import Patch, Rectangle

    def word(key: str, **values: Any) -> str:
        return show.say(say(f"plot.contributions.{key}", **values))

    found = verdict.found
    kinds: dict[str, str] = {one.name: one.kind for one in verdict.details["components"]}
    weight = {
        name: max((abs(row.shares.get(name, 0.0)) for row in found), default=0.0) for name in kinds
    }
    single = sorted(kinds, key=lambda name: -weight[name])[:_MOST]
    order = [name for name in kinds if name in single]  # in the order of the model
    order += [
        kind for kind in _FACES if any(k == kind for n, k in kinds.items() if n not in single)
    ]
    styles, tags = {}, {}
    counts = dict.fromkeys(_FACES, 0)
    # Sources first, then priors, then assumptions, in the bars and in the legend.
    order.sort(key=lambda name: list(_FACES).index(kinds.get(name) or name))
    for i, name in enumerate(order):
        kind = kinds.get(name, name)
        faces, hatch = _FACES[kind]
        styles[name] = (faces[counts[kind] % len(faces)], hatch)
        counts[kind] += 1
        tags[name] = str(i + 1)
    edge: dict[str, Any] = {"linewidth": 0.6, "edgecolor": "#333333"}
    keys = [
        Patch(facecolor=styles[name][0], hatch=styles[name][1], **edge, label=(
            f"{tags[name]}  " + (word(kinds[name], name=name) if name in kinds
                                 else word(f"others_{name}"))))
        for name in order
    ]  # fmt: skip

    def said(row: Known) -> str:
        rests = word(f"rests.{row.rests_on}") if row.rests_on else ""
        shrunk = (
            "" if math.isnan(row.contraction) else f"{show.figure(round(100 * row.contraction))}%"
        )
        return "; ".join(filter(None, (shrunk, rests)))

    rows = [Named(show.say(row.name), said(row)) for row in found]
    head = [("title", title), ("mark", verdict.marks)]
    figure, ax, middles = rows_panel(
        rows, head=head, keys=keys, note=word("note"), axis=word("axis"),
        heading=word("heading"), right=1.45, least=0.25,
    )  # fmt: skip
    ends = [0.0, 100.0]
    drawn = []
    for row, y in zip(found, middles, strict=True):
        left = right = 0.0
        for name in order:
            members = [name] if name in kinds else [
                n for n, kind in kinds.items() if kind == name and n not in single
            ]  # fmt: skip
            size = 100 * sum(row.shares.get(n, 0.0) for n in members)
            error = 100 * math.hypot(*(row.errors.get(n, 0.0) for n in members))
            if abs(size) <= 2 * error:  # it may as well be none
                continue
            start = right if size >= 0 else left + size
            if size >= 0:
                right += size
            else:
                left += size
            drawn.append((name, start, abs(size), y))
        ends += [left, right]
        if not row.shares:
            ax.annotate(word("none"), (2, y), va="center", fontsize=7, color="#6b6b6b")
    low, high = min(ends), max(ends)
    ax.set_xlim(low - 0.01 * (high - low), high + 0.01 * (high - low))
    for name, start, size, y in drawn:
        face, hatch = styles[name]
        ax.add_patch(Rectangle((start, y - 0.075), size, 0.15, facecolor=face, hatch=hatch,
                               **edge, zorder=2))  # fmt: skip
        if size > 0.045 * (high - low):
            ax.text(start + size / 2, y, tags[name], ha="center", va="center", fontsize=6.5,
                    color="white" if face in _DARK else "#111111", zorder=3,
                    bbox=None if not hatch else
                    {"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
    ax.axvline(0, color="#111111", linewidth=0.9, zorder=4)
    ax.axvline(100, color="#6b6b6b", linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
    return figure
