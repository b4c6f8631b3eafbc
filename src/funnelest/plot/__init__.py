"""Figures, one per file: functions of a result or a check that return a matplotlib Figure."""

from funnelest.plot.ages import ages
from funnelest.plot.alternative_priors import alternative_priors
from funnelest.plot.calibrate import calibrate
from funnelest.plot.compare import compare
from funnelest.plot.conflict import conflict
from funnelest.plot.contributions import contributions
from funnelest.plot.convergence import convergence
from funnelest.plot.identification import identification
from funnelest.plot.left_out import left_out
from funnelest.plot.methods import methods
from funnelest.plot.node_split import node_split
from funnelest.plot.overlaps import overlaps
from funnelest.plot.posterior_predictive import posterior_predictive
from funnelest.plot.prior_sensitivity import prior_sensitivity
from funnelest.plot.route import route
from funnelest.plot.tipping_point import tipping_point
from funnelest.plot.value_of_information import value_of_information

__all__ = [
    "ages",
    "alternative_priors",
    "calibrate",
    "compare",
    "conflict",
    "contributions",
    "convergence",
    "identification",
    "left_out",
    "methods",
    "node_split",
    "overlaps",
    "posterior_predictive",
    "prior_sensitivity",
    "route",
    "tipping_point",
    "value_of_information",
]
