"""Checks, one per file: what a model or a result rests on, and what it would take to change it."""

from funnelest.check.alternative_priors import alternative_priors
from funnelest.check.calibrating import Calibration, calibrate
from funnelest.check.comparing import Comparison, Looked, compare
from funnelest.check.conflict import conflict
from funnelest.check.contributions import contributions
from funnelest.check.convergence import convergence
from funnelest.check.identification import identification
from funnelest.check.informing import Part, Plan, ValueOfInformation, value_of_information
from funnelest.check.node_split import node_split
from funnelest.check.planning import Planned, planned
from funnelest.check.posterior_predictive import posterior_predictive
from funnelest.check.prior_sensitivity import prior_sensitivity
from funnelest.check.tipping import Conclusion, Tipping, Turn, tipping_point
from funnelest.verdict import Verdict as Check

__all__ = [
    "Calibration",
    "Check",
    "Comparison",
    "Conclusion",
    "Looked",
    "Part",
    "Plan",
    "Planned",
    "Tipping",
    "Turn",
    "ValueOfInformation",
    "alternative_priors",
    "calibrate",
    "compare",
    "conflict",
    "contributions",
    "convergence",
    "identification",
    "node_split",
    "planned",
    "posterior_predictive",
    "prior_sensitivity",
    "tipping_point",
    "value_of_information",
]
