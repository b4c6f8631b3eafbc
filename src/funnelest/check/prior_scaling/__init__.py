"""How far a result rests on its priors: priors to a power, and other priors."""

from funnelest.check.prior_scaling.alternatives import alternative_priors
from funnelest.check.prior_scaling.found import PriorSensitivity, Scaled
from funnelest.check.prior_scaling.other import AlternativePriors, Other
from funnelest.check.prior_scaling.sensitivity import prior_sensitivity

__all__ = [
    "AlternativePriors",
    "Other",
    "PriorSensitivity",
    "Scaled",
    "alternative_priors",
    "prior_sensitivity",
]
