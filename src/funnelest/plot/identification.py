"""What the figures can tell, before a fit: of every quantity and parameter, against its prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING

from funnelest.check.identification.directions import Standing
from funnelest.entry import entry
from funnelest.plot.base import Axis, Block, Column, Language, Mark, Row, Style, drawing, rows
from funnelest.plot.base.marks import BLUE, LIGHT, ORANGE
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["identification"]

#: Parameters that are drawn, and further figures that are named.
_MOST, _BEST = 40, 3
_STYLES = {
    "taken": Style(BLUE, bar=0.11, face=BLUE),
    "more": Style(BLUE, bar=0.11, face=LIGHT),
    "kept": Style(ORANGE, bar=0.11, hatch="/////"),
}


@entry
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
    with drawing("identification", identification, "identification", language, title=title) as show:
        return _drawn(identification.in_language(language), title, show)


def _drawn(verdict: Verdict, title: str, show: Language) -> Figure:
    found, every = verdict.details, len(verdict.found)
    failed = sum(one.decided_by_priors for one in verdict.found)
    order = sorted(found["parameters"], key=lambda one: -1.0 if isnan(one.kept) else -one.kept)
    drawn = {one.name: one for one in order[:_MOST]}
    head = [
        ("title", title),
        ("mark", verdict.mark),
        ("subtitle", show(f"plot.identification.{'decided' if failed else 'passed'}",
                          k=failed, n=every)),
        ("subtitle", show("plot.identification.rank", figures=found["figures"], rank=found["rank"],
                          n=len(order))),
        *(("subtitle", show("plot.identification.next", name=one.name, names=one.frees))
          for one in found["best"][:_BEST]),
    ]  # fmt: skip
    note = show("plot.identification.note", points=len(found["ranks"]))
    if len(order) > _MOST:
        note += " " + show("plot.identification.left_out", n=len(order) - _MOST)
    if found["imprecise"]:
        note += " " + show("plot.identification.imprecise", names=found["imprecise"])
    axis = Axis(show("plot.identification.x"), limits=(0, 1), ticks=[0, 0.25, 0.5, 0.75, 1],
                write=lambda v: f"{100 * v:.0f}%")  # fmt: skip
    return rows(
        Block(_rows(verdict, drawn, show), [axis], [Column(most=1.25)]),
        head=head,
        keys=[(style, show(f"plot.identification.{name}")) for name, style in _STYLES.items()],
        note=note,
        show=show,
        width=7.0,
        most=2.7,
    ).figure


def _rows(verdict: Verdict, drawn: Mapping[str, Standing], show: Language) -> list[Row]:
    """Return the quantities, and the parameters by the sets in which they are confounded."""
    groups: list[tuple[str, Sequence[Standing]]] = [
        (show("plot.identification.quantities"), verdict.found)
    ]
    rest = dict(drawn)
    for i, one in enumerate(verdict.details["confounded"], 1):
        seen = len(one.members) - one.directions
        heading = show("plot.identification.set", i=i, seen=seen, all=len(one.members))
        groups.append((heading, [rest.pop(name) for name in one.members if name in rest]))
    for heading, identified in (("alone", False), ("known", True)):
        inside = [one for one in rest.values() if bool(one.identified) is identified]
        groups.append((show(f"plot.identification.{heading}"), inside))
    made: list[Row] = []
    for heading, members in groups:
        if not members:
            continue
        made.append(Row(heading, bold=True, across=True, above=0.14 if made else 0.0))
        for one in members:
            wrong = one.decided_by_priors and one in verdict.found
            said = show(f"plot.identification.verdict.{one.verdict}")
            made.append(Row(show.say(one.name), _bar(one), [said], least=0.18, wrong=wrong))
    return made


def _bar(one: Standing) -> list[Mark]:
    if isnan(one.taken):  # fixed, or nothing could be computed
        return []
    kept = min(one.kept, 1 - one.taken)
    ends = (0.0, one.taken, 1 - kept, 1.0)
    return [
        Mark(style, low=low, high=high)
        for style, (low, high) in zip(_STYLES.values(), pairwise(ends), strict=True)
        if high - low > 0.002
    ]
