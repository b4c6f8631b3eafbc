"""Which of its numbers are counts of people of the route, one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from funnelest.axes import Where
from funnelest.evidence.groups import Group
from funnelest.figures import Exact, Figure
from funnelest.observations.table import Margin

__all__ = ["Counted", "Line"]

_NOBODY = 1e-300


@dataclass(frozen=True)
class Line:
    """A printed number of people who were each counted once, and of records of nobody.

    Parameters
    ----------
    where : mapping
        The cells whose people it counts.
    share : array
        The chance that somebody at the place is counted in it, in the layout of
        `Quantities.in_cells`. Lines of one class, such as those of unknown sex, share one array.
    figure : Figure
        The number as printed.
    divisor : int, default 1
        What the count was divided by.
    true, false : array, default 1.0 and 0.0
        Expected records in it of people at the place, and of others, per draw.
    again : array, default 0.0
        Expected records in it of people at the place who are counted in another line of the source:
        `share` and `true` are without them.
    factor : array, default 1.0
        How far the count is off for another reason than chance, per draw (`Overdispersion`). It
        matters only where the figure leaves several counts.
    """

    where: Where
    share: Any
    figure: Figure
    divisor: int = 1
    true: Any = 1.0
    false: Any = 0.0
    again: Any = 0.0
    factor: Any = 1.0

    @property
    def true_share(self) -> Any:
        """The share of its records that are of people at the place, per draw."""
        people = self.true + self.again
        share = people / np.maximum(people + self.false, _NOBODY)
        return np.where(np.asarray(self.false) > 0.0, share, 1.0)


@dataclass(frozen=True)
class Counted:
    """People of the route whom a source counted, for `Result.steps`.

    Parameters
    ----------
    source : str
        Its name.
    place : str or (str, str)
        The step where they are, or the transition that they make.
    lines : sequence of Line
        Nobody is counted in two of them, but for those in `both`.
    totals : sequence of Margin, default ()
        Printed totals of some of the lines, over the same divisor.
    both : mapping, default {}
        Two lines, of the same cells, by their places -> the chance that somebody is counted in
        either; the `share` of each line is without it.
    parts : sequence of sequence of int, default ()
        The lines of each of several registers, of which one may hold people of another. None:
        all are of one.
    used : function, optional
        Some of the lines -> the same source where these alone say how many people there are, and
        each other one no more than that there are at least as many. Left out where the one does not
        depend on the other.
    group : Group, optional
        Whom a source followed, asked or checked: what its one line says is no more than that there
        are at least as many, where the group says that they are.
    """

    source: str
    place: str | tuple[str, str]
    lines: Sequence[Line]
    totals: Sequence[Margin] = ()
    both: Mapping[tuple[int, int], Any] = field(default_factory=dict)
    parts: Sequence[Sequence[int]] = ()
    used: Callable[[Collection[int]], Counted] | None = None
    group: Group | None = None

    @classmethod
    def of_group(cls, source: str, group: Group) -> Counted:
        """Return what is known of a group of people: no share of those at the place."""
        line = Line(group.where, 0.0, Exact(group.size))
        return cls(source, group.place, [line], group=group)  # type: ignore[arg-type]

    @property
    def registers(self) -> Sequence[Sequence[int]]:
        """The lines of each register: nobody is counted in two of one."""
        return self.parts or [range(len(self.lines))]

    def using(self, lines: Collection[int]) -> Counted:
        """Return the source of which some lines alone say how many people there are."""
        known = self.used is None or len(lines) in (0, len(self.lines))
        return self if known or self.used is None else self.used(lines)

    def share(self, of: int | tuple[int, int]) -> Any:
        """Return the chance to be counted in one line alone, or in two."""
        return self.lines[of].share if isinstance(of, int) else self.both[of]
