"""Where each printed figure lies in what the fitted model prints anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelest.entry import entry
from funnelest.plot.base import drawing
from funnelest.plot.base.tails import places
from funnelest.verdict import Compared, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["posterior_predictive"]


@entry
def posterior_predictive(
    posterior_predictive: Verdict, *, title: str = "", language: str = "en"
) -> Figure:
    """Draw where each printed figure lies in what the fitted model prints anew.

    Parameters
    ----------
    posterior_predictive : Verdict
        What `funnelest.check.posterior_predictive` gave.
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
    with drawing(
        "posterior_predictive", posterior_predictive, "posterior_predictive", language, title=title
    ) as show:
        details = posterior_predictive.details
        level = 1 - details["probability"]
        known = sum(one.mid_p == one.mid_p for one in posterior_predictive.found)

        def kind(one: Compared) -> str:
            if one.mid_p != one.mid_p:
                return "gone"
            if one.p < level:
                return "bad" if one.p * known < level else "apart"
            return "limit" if one.limit else "fine"

        return places(
            posterior_predictive,
            kind,
            out=len(details["outside"]),
            of=known,
            chance=details["expected_outside"],
            title=title,
            show=show,
        )
