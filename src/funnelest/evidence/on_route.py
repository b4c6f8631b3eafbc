"""Where a figure of a source stands in the figure of the route."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.figures import Figure
from funnelest.route import Route
from funnelest.words import Sentence

__all__ = ["OnRoute", "followed"]


@dataclass(frozen=True, kw_only=True)
class OnRoute:
    """A number of people that a source gives, for the figure of the route.

    Parameters
    ----------
    place : str or (str, str)
        The step or transition that it is of.
    number : float
        Of all its cells together; with `of`, the share of the people in that step.
    interval : (float, float), optional
        Its interval, where one is printed.
    of : str, default ""
        The step of whose people it is a share.
    where : mapping, optional
        Its cells.
    cells : ndarray of bool, optional
        The same as a mask over the population, where no selection says it.
    figure : Figure, optional
        What was printed, where the number is that of one figure.
    means : int, default 1
        Over how many levels that figure is a mean.
    recorded : bool, default False
        Whether people were counted; else the number was estimated and published.
    label : Sentence or str, default ""
        What else there is to say of it, beside the name of the source.
    """

    place: str | tuple[str, str]
    number: float
    interval: tuple[float, float] | None = None
    of: str = ""
    where: Where = field(default_factory=dict)
    cells: NDArray[np.bool_] | None = None
    figure: Figure | None = None
    means: int = 1
    recorded: bool = False
    label: Sentence | str = ""


def followed(route: Route, of: str, step: str) -> str | tuple[str, str]:
    """Return where a share of `of` that reaches `step` stands: at the transition or the step."""
    others = [one for one in route.successors(of) if one != step and route.leads(one, step)]
    return (of, step) if (of, step) in route.edges and not others else step
