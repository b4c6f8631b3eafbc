"""Reports of a result: pages to print and to publish."""

from funnelest.report.page import page

__all__ = ["page"]
