"""The route as boxes and arrows at the left of its rows; arrows pass over skipped steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from funnelest.plot.base.frame import EDGE
from funnelest.plot.base.marks import GREY, INK
from funnelest.plot.base.rows import Drawn, Place
from funnelest.plot.base.sheet import Sheet

if TYPE_CHECKING:
    from funnelest.route import Edge, Route

__all__ = ["INDENT", "Graph"]

type Point = tuple[float, float]

_LANE, _BEND = 0.11, 0.06
#: From the text of a step to that of what stands below it, in inches.
INDENT = 0.13


class Graph:
    """Where the arrows of a route run.

    Parameters
    ----------
    route : Route
        Steps and transitions.

    Attributes
    ----------
    room : float
        Inches that it needs at the left of the names.
    """

    def __init__(self, route: Route) -> None:
        self.route = route
        self.lanes = _lanes(route)
        lanes = max(self.lanes.values(), default=-1) + 1
        self.room = _LANE * lanes + 0.2
        self._box = EDGE + self.room - 0.1
        self._spine = self._box + 0.12

    def draw(
        self, drawn: Drawn, steps: Mapping[str, Place], transitions: Mapping[Edge, Place]
    ) -> None:
        """Draw boxes round the steps, and the arrows between the rows."""
        from matplotlib.patches import FancyBboxPatch

        sheet = drawn.sheet
        for place in steps.values():
            sheet.add(
                FancyBboxPatch(
                    (self._box + 0.03, place.top + 0.03),
                    drawn.names[1] - self._box + 0.02,
                    place.height - 0.06,
                    boxstyle="round,pad=0.03,rounding_size=0.06",
                    facecolor="white",
                    edgecolor=INK,
                    linewidth=0.9 * sheet.scale,
                    zorder=3,
                )
            )
        for step in self.route.steps:
            out = [(step, successor) for successor in self.route.successors(step)]
            if not out:
                continue
            direct = [edge for edge in out if edge not in self.lanes]
            end = (
                steps[direct[0][1]].top if direct else max(transitions[edge].middle for edge in out)
            )
            top = steps[step].top + steps[step].height
            sheet.line([self._spine] * 2, [top, end - (0.06 if direct else 0.0)], color=GREY)
            if direct:
                _arrow_head(sheet, (self._spine, end), (0.0, 1.0))
        # Inner lanes first: a line that crosses one gets a white edge there, as a bridge.
        for target in sorted({edge[1] for edge in self.lanes}, key=self._lane_of):
            x = self._box - 0.1 - _LANE * self._lane_of(target)
            ys = [transitions[edge].middle for edge in self.lanes if edge[1] == target]
            into = steps[target].middle
            bends = [_bent((self._spine, y), (x, y), (x, y + _BEND)) for y in ys]
            bends.append(_bent((x, into - _BEND), (x, into), (self._box - 0.04, into)))
            for bend in bends:
                sheet.line(*bend, color="white", linewidth=3.5)
                sheet.line(*bend, color=GREY)
            sheet.line([x, x], [min(ys) + _BEND, into - _BEND], color=GREY)
            _arrow_head(sheet, (self._box, into), (1.0, 0.0))

    def _lane_of(self, target: str) -> int:
        return next(lane for edge, lane in self.lanes.items() if edge[1] == target)


def _lanes(route: Route) -> dict[Edge, int]:
    """Return the lane of every skip. Skips to one step share it: they arrive as one arrow."""
    at = {step: i for i, step in enumerate(route.steps)}
    found: dict[Edge, int] = {}
    spans: list[tuple[int, int, int]] = []
    for target in route.steps:
        skips = [edge for edge in route.edges if edge[1] == target and route.is_skip(edge)]
        if skips:
            first, last = min(at[a] for a, _ in skips), at[target]
            lane = 1 + max((n for a, b, n in spans if a < last and b > first), default=-1)
            spans.append((first, last, lane))
            found.update(dict.fromkeys(skips, lane))
    return found


def _bent(start: Point, corner: Point, end: Point) -> tuple[list[float], list[float]]:
    """Return a line from `start` by a rounded `corner` to `end`, as x and y."""
    near = []
    for x, y in (start, end):
        length = max(abs(x - corner[0]), abs(y - corner[1]))  # the sides are level or upright
        part = min(_BEND / length, 1.0) if length else 0.0
        near.append((corner[0] + part * (x - corner[0]), corner[1] + part * (y - corner[1])))
    rounded = [
        tuple((1 - t) ** 2 * a + 2 * t * (1 - t) * c + t**2 * b
              for a, c, b in zip(near[0], corner, near[1], strict=True))
        for t in (i / 6 for i in range(7))
    ]  # fmt: skip
    xs, ys = zip(start, *rounded, end, strict=True)
    return list(xs), list(ys)


def _arrow_head(sheet: Sheet, tip: Point, way: Point) -> None:
    """Draw an arrow head that ends at `tip` and points the way it is told."""
    from matplotlib.patches import Polygon

    (x, y), (dx, dy) = tip, way
    back = (x - 0.085 * dx, y - 0.085 * dy)
    corners = [
        tip,
        (back[0] - 0.035 * dy, back[1] + 0.035 * dx),
        (back[0] + 0.035 * dy, back[1] - 0.035 * dx),
    ]
    sheet.add(Polygon(corners, facecolor=GREY, edgecolor="none", zorder=5))
