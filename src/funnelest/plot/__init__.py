"""Figures, one per file: functions of a result or a check that return a matplotlib Figure."""

from funnelest.plot.ages import ages
from funnelest.plot.alternative_priors import alternative_priors
from funnelest.plot.calibration import calibration
from funnelest.plot.comparison import comparison
from funnelest.plot.conflict import conflict
from funnelest.plot.contributions import contributions
from funnelest.plot.convergence import convergence
from funnelest.plot.identification import identification
from funnelest.plot.left_out import left_out
from funnelest.plot.methods import methods
from funnelest.plot.node_split import node_split
from funnelest.plot.overlaps import overlaps
from funnelest.plot.planned import planned
from funnelest.plot.posterior_predictive import posterior_predictive
from funnelest.plot.prior_sensitivity import prior_sensitivity
from funnelest.plot.route import route
from funnelest.plot.tipping import tipping
from funnelest.plot.value_of_information import value_of_information

__all__ = [
    "ages",
    "alternative_priors",
    "calibration",
    "comparison",
    "conflict",
    "contributions",
    "convergence",
    "identification",
    "left_out",
    "methods",
    "node_split",
    "overlaps",
    "planned",
    "posterior_predictive",
    "prior_sensitivity",
    "route",
    "tipping",
    "value_of_information",
]
