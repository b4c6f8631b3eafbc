"""Checks, one per file: what a model or a result rests on, and what it would take to change it."""

from funnelest.check.calibrate import calibrate
from funnelest.check.compare import compare, pool
from funnelest.check.conflicting import Compared, Conflict, NodeSplit, Side, conflict, node_split
from funnelest.check.contributing import Contributions, Known, Without, contributions
from funnelest.check.convergence import Convergence, convergence
from funnelest.check.identifying import (
    Confounded,
    Further,
    Identification,
    Standing,
    identification,
)
from funnelest.check.predicting import Fitted, PosteriorPredictive, SourceFit, posterior_predictive
from funnelest.check.prior_scaling import (
    AlternativePriors,
    Other,
    PriorSensitivity,
    Scaled,
    alternative_priors,
    prior_sensitivity,
)
from funnelest.check.tipping_point import Conclusion, tipping_point
from funnelest.check.value_of_information import Plan, value_of_information
from funnelest.verdict import Verdict as Check

__all__ = [
    "AlternativePriors",
    "Check",
    "Compared",
    "Conclusion",
    "Conflict",
    "Confounded",
    "Contributions",
    "Convergence",
    "Fitted",
    "Further",
    "Identification",
    "Known",
    "NodeSplit",
    "Other",
    "Plan",
    "PosteriorPredictive",
    "PriorSensitivity",
    "Scaled",
    "Side",
    "SourceFit",
    "Standing",
    "Without",
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
