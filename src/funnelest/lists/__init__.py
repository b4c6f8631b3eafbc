"""Linked registers: how many people are on none of the lists."""

from funnelest.lists.estimate import Estimate, Part
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.table import OverlapTable

__all__ = ["Estimate", "Estimator", "OverlapTable", "Part"]
