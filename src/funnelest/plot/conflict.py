"""Where each printed figure lies in what is expected of it from the other sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelest.entry import entry
from funnelest.plot.base import drawing
from funnelest.plot.base.tails import places
from funnelest.verdict import Compared, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["conflict"]

_KINDS = {"not compared": "gone", "in conflict": "bad", "stands apart": "apart"}


@entry
def conflict(conflict: Verdict, *, title: str = "", language: str = "en") -> Figure:
    """Draw where each printed figure lies in what is expected of it from the other sources.

    Parameters
    ----------
    conflict : Verdict
        What `funnelest.check.conflict` gave.
    title : str, default ""
        Title of the figure.
    language : {"en", "nl"}
        Language of the texts.

    Returns
    -------
    matplotlib.figure.Figure
        7.5 inches wide and as high as its lines need; of more than 60 figures the farthest out.

    Raises
    ------
    SpecError
        For arguments that cannot be meant.
    """
    with drawing("conflict", conflict, "conflict", language, title=title) as show:
        details = conflict.details
        verdicts = dict(zip(map(id, conflict.found), details["verdicts"], strict=True))

        def kind(one: Compared) -> str:
            if verdicts[id(one)] in _KINDS:
                return _KINDS[verdicts[id(one)]]
            return "prior" if one.against == "prior" else "limit" if one.limit else "fine"

        return places(
            conflict,
            kind,
            out=len(details["apart"]),
            of=sum(one.against == "other sources" for one in conflict.found),
            chance=details["expected_apart"],
            title=title,
            show=show,
        )
