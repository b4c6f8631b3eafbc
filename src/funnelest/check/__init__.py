"""Checks, one per file: what a model or a result rests on, and what it would take to change it."""

from funnelest.check.alternative_priors import alternative_priors
from funnelest.check.calibrate import calibrate
from funnelest.check.compare import compare, pool
from funnelest.check.conflict import conflict
from funnelest.check.contributions import contributions
from funnelest.check.convergence import convergence
from funnelest.check.identification import identification
from funnelest.check.node_split import node_split
from funnelest.check.posterior_predictive import posterior_predictive
from funnelest.check.prior_sensitivity import prior_sensitivity
from funnelest.check.tipping_point import Conclusion, tipping_point
from funnelest.check.value_of_information import Plan, value_of_information

__all__ = [
    "Conclusion",
    "Plan",
    "alternative_priors",
    "calibrate",
    "compare",
    "conflict",
    "contributions",
    "convergence",
    "identification",
    "node_split",
    "pool",
    "posterior_predictive",
    "prior_sensitivity",
    "tipping_point",
    "value_of_information",
]
