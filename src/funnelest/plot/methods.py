"""What several methods say of one overlap table, on one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelest.entry import entry
from funnelest.lists.estimate import Estimate
from funnelest.plot.base import Language, drawing
from funnelest.plot.base.totals import Line, totals
from funnelest.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["methods"]


@entry
def methods(compared: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw the totals of several methods, and first how far they disagree.

    Parameters
    ----------
    compared : Verdict
        What `funnelest.lists.compare_methods` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the fixed texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("compared", compared, "compare_methods", language, title=title) as show:
        details = compared.details
        withheld, refused = show("plot.methods.withheld"), show("plot.methods.refused")
        lines = [
            Line(show.say(one.method), one.known, one.total, one.interval,
                 _under(one, compared, show), one.lower_bound, withheld)
            for one in compared.found
        ]  # fmt: skip
        lines += [
            Line(show.say(name), details["known"], float("nan"), None, said=refused)
            for name in details["refused"]
        ]
        said = ("mark" if details["disagree"] else "subtitle", _verdict(compared, show))
        return totals(
            lines,
            head=[("title", title), said],
            known=show("plot.methods.known"),
            total=show("plot.methods.total"),
            note=show("plot.methods.note"),
            show=show,
        )


def _under(one: Estimate, compared: Verdict, show: Language) -> str:
    """Return what stands below the name: the kind of the interval, and a failed check."""
    said = [show.say(one.interval_name)] if one.interval is not None else []
    if not compared.details["reproduced"].get(one.method, True):
        said.append(show("plot.methods.unlike"))
    return "; ".join(said)


def _verdict(compared: Verdict, show: Language) -> str:
    details = compared.details
    count = len(details["shown"])
    if count < 2:
        return show("plot.methods.one") if count else show("plot.methods.none")
    if details["disagree"]:
        return show("plot.methods.disagree", ratio=show.given(f"{details['ratio']:.1f}"))
    return show("plot.methods.agree", ratio=show.given(f"{details['ratio']:.2f}"))
