"""Figures, one per file: functions of a `Result` that return a matplotlib Figure."""

from funnelest.plot.route import route

__all__ = ["route"]
