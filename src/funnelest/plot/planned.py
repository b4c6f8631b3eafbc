"""What a planned source would add: the expected width of an interval over its size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelest.check.planning import Planned
from funnelest.plot.base import Language, drawing, framed, text_width, wide
from funnelest.plot.base.marks import BLUE, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["planned"]

_RED = "#c00000"
_WIDTH, _LEFT, _RIGHT = 7.0, 1.0, 0.25  # inches
_WORDS = {
    "en": {
        "x": "Size of the planned source",
        "y": "Width",
        "expected": "expected width of the {interval}, and two Monte Carlo standard errors",
        "now": "width now: {width}",
        "failed": "every refit failed: no width",
        "note": "Expected over {replicates} sets of data per size, made up from the posterior: a "
                "real one may narrow the interval more, or less.",
        "lost": "Refits that failed their convergence gate are in no mean: {lost}.",
        "of": "{failed} of {all} at {n}",
        "partly imputed": "partly imputed", "imputed": "imputed",
        "rests": "The quantity is {basis}: it rests on an assumption about people whom no source "
                 "sees.",
    },
    "nl": {
        "x": "Omvang van de geplande bron",
        "y": "Breedte",
        "expected": "verwachte breedte van het {interval}, met twee Monte Carlo-standaardfouten",
        "now": "breedte nu: {width}",
        "failed": "elke herschatting mislukt: geen breedte",
        "note": "Verwacht over {replicates} gegevenssets per omvang, verzonnen uit de posterior: "
                "een echte kan het interval meer of minder versmallen.",
        "lost": "Herschattingen die de convergentietoets niet haalden tellen niet mee: {lost}.",
        "of": "{failed} van {all} bij {n}",
        "partly imputed": "deels imputed (bijgeschat)", "imputed": "imputed (bijgeschat)",
        "rests": "De grootheid is {basis}: zij berust op een aanname over mensen die geen "
                 "bron ziet.",
    },
}  # fmt: skip


def planned(planned: Planned, *, title: str = "", language: str = "en") -> Figure:
    """Draw the expected width of an interval over the size of a planned source.

    Where the quantity is partly or wholly imputed, the axis of the widths and the note say so.

    Parameters
    ----------
    planned : Planned
        What `funnelest.check.planned` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7 inches wide and as high as its texts need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("planned", planned, Planned, language) as show:
        return _drawn(planned, title, show)


def _drawn(planned: Planned, title: str, show: Language) -> Figure:
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    words, table = _WORDS[show.code], planned.table
    interval = show.interval(planned.probability)
    known = table[table["expected_width"].notna()]
    gone = table[table["expected_width"].isna()]
    sample = Line2D([], [], color=BLUE, marker="o", markersize=4.5, linewidth=1.4)
    keys: list[Any] = [
        sample,
        Line2D([], [], color=ORANGE, linewidth=1.4, linestyle=(0, (4, 2)),
               label=words["now"].format(width=show.number(planned.width_now))),
    ]  # fmt: skip
    sample.set_label(words["expected"].format(interval=interval))
    if len(gone):
        cross: dict[str, Any] = {"marker": "x", "color": _RED, "linestyle": "none"}
        keys.append(Line2D([], [], markersize=5, label=words["failed"], **cross))
    note = words["note"].format(replicates=show.figure(planned.widths.shape[1]))
    lost = [
        words["of"].format(failed=row.failed, all=row.replicates, n=show.figure(row.n))
        for row in table.itertuples()
        if row.failed
    ]
    basis = words.get(planned.basis, "")  # none of what is estimated
    if basis:
        note += " " + words["rests"].format(basis=basis)
    if lost:
        note += " " + words["lost"].format(lost=", ".join(lost))
    head = [("title", title), ("mark", planned.mark), ("subtitle", "")]
    figure, ax = framed(head, keys, note, left=_LEFT, right=_RIGHT, width=_WIDTH)
    drawn = ax.errorbar(known["n"], known["expected_width"], yerr=2 * known["mc_error"],
                        color=BLUE, marker="o", markersize=4.5, linewidth=1.4, capsize=3,
                        zorder=3)  # fmt: skip
    assert isinstance(drawn, ErrorbarContainer)
    ax.plot(gone["n"], [0.0] * len(gone), "x", color=_RED, markersize=5, zorder=4, clip_on=False)
    ax.axhline(planned.width_now, color=ORANGE, linewidth=1.4, linestyle=(0, (4, 2)), zorder=2)
    tops = [planned.width_now, *(known["expected_width"] + 2 * known["mc_error"].fillna(0.0))]
    ax.set_ylim(0, 1.08 * max(tops))
    ax.set_xscale("log")
    low, high = min(planned.n), max(planned.n)
    room = max((high / low) ** 0.04, 1.1)
    ax.set_xlim(low / room, high * room)
    ax.xaxis.set_major_locator(FixedLocator(_apart(planned.n, low / room, high * room, show)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v))))
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: show.figure(round(v, 9))))
    scale = {"en": "logarithmic scale", "nl": "logaritmische schaal"}[show.code]
    ax.set_xlabel(f"{words['x']}, {scale}" if wide([low, high]) else words["x"], fontsize=8,
                  color=INK)  # fmt: skip
    measure = f"{words['y']}, {interval}"
    ax.set_ylabel(f"{measure}\n{basis}" if basis else measure, fontsize=8, color=INK)
    if planned.mark:
        ax.text(0.5, 0.5, planned.mark, transform=ax.transAxes, ha="center", va="center",
                fontsize=22, rotation=20, color=_RED, alpha=0.22, fontweight="bold")  # fmt: skip
    return figure


def _apart(sizes: tuple[int, ...], low: float, high: float, show: Language) -> list[float]:
    """Return the sizes whose labels do not meet, from the largest down."""
    room = _WIDTH - _LEFT - _RIGHT
    kept: list[float] = []
    edge = math.inf
    for size in reversed(sizes):
        place = room * math.log(size / low) / math.log(high / low)
        half = text_width(show.figure(size), 7) / 2 + 0.05
        if place + half <= edge:
            kept.append(float(size))
            edge = place - half
    return kept
