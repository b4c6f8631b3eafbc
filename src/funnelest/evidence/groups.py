"""People, or records, whom a source looked at one by one: how many certainly are where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from funnelest.axes import Where
from funnelest.fields import TRUTH
from funnelest.figures import as_figure, figure_problems

__all__ = ["AMONG", "Group", "fewest"]

#: Whether a group is of the people of the model; None where nobody said.
AMONG = TRUTH.or_none


@dataclass(frozen=True, kw_only=True)
class Group:
    """At least so many people of whom it is known where they were, or records that were checked.

    Parameters
    ----------
    size : int
        The fewest that there are.
    said : str
        What the source did, with ``{}`` for their number: "followed {} people from 'told'".
    among : bool, optional
        Whether they are people whom the model counts, of its population and period. None: nobody
        said, and they may be others.
    place : str or (str, str), default ""
        The step where they are, or the transition that they made; "" for people of the population,
        whatever happened to them, or for records.
    where : mapping, optional
        The cells that they are of.
    never : str, default ""
        A later step that they did not come to.
    inside, outside : str, default ""
        The source that holds all of them, or none.
    nobody : bool, default False
        Records that are of nobody at the place.
    """

    size: int
    said: str
    among: bool | None
    place: str | tuple[str, str] = ""
    where: Where = field(default_factory=dict)
    never: str = ""
    inside: str = ""
    outside: str = ""
    nobody: bool = False


def fewest(value: Any) -> int:
    """Return the least number that a figure may stand for; 0 of what is none."""
    if value is None or figure_problems(value):
        return 0
    return int(as_figure(value).limits()[0])
