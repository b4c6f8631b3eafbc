"""What the figures can tell apart, before anything is fitted."""

from funnelest.check.identification.finding import identification

__all__ = ["identification"]
