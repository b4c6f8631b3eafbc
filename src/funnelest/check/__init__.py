"""Checks, one per file: what a model or a result rests on, and what it would take to change it."""

from funnelest.check.calibrating import Calibration, calibrate
from funnelest.check.comparing import Comparison, Looked, compare
from funnelest.check.conflicting import Compared, Conflict, NodeSplit, Side, conflict, node_split
from funnelest.check.contributions import contributions
from funnelest.check.convergence import convergence
from funnelest.check.identification import identification
from funnelest.check.informing import Part, Plan, ValueOfInformation, value_of_information
from funnelest.check.planning import Planned, planned
from funnelest.check.predicting import Fitted, PosteriorPredictive, SourceFit, posterior_predictive
from funnelest.check.prior_scaling import (
    AlternativePriors,
    Other,
    PriorSensitivity,
    Scaled,
    alternative_priors,
    prior_sensitivity,
)
from funnelest.check.tipping import Conclusion, Tipping, Turn, tipping_point
from funnelest.verdict import Verdict as Check

__all__ = [
    "AlternativePriors",
    "Calibration",
    "Check",
    "Compared",
    "Comparison",
    "Conclusion",
    "Conflict",
    "Fitted",
    "Looked",
    "NodeSplit",
    "Other",
    "Part",
    "Plan",
    "Planned",
    "PosteriorPredictive",
    "PriorSensitivity",
    "Scaled",
    "Side",
    "SourceFit",
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
