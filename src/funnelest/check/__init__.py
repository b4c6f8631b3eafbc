"""Checks, one per file: what a model or a result rests on, and what it would take to change it."""

from funnelest.check.comparing import Comparison, Looked, compare
from funnelest.check.planning import Planned, planned
from funnelest.check.tipping import Conclusion, Tipping, Turn, tipping_point

__all__ = [
    "Comparison",
    "Conclusion",
    "Looked",
    "Planned",
    "Tipping",
    "Turn",
    "compare",
    "planned",
    "tipping_point",
]
