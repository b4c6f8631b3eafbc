"""Figures, one per file: functions of a result or a check that return a matplotlib Figure."""

from funnelest.plot.ages import ages
from funnelest.plot.comparison import comparison
from funnelest.plot.left_out import left_out
from funnelest.plot.methods import methods
from funnelest.plot.overlaps import overlaps
from funnelest.plot.planned import planned
from funnelest.plot.route import route
from funnelest.plot.tipping import tipping

__all__ = [
    "ages",
    "comparison",
    "left_out",
    "methods",
    "overlaps",
    "planned",
    "route",
    "tipping",
]
