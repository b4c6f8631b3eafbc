"""How observed numbers scatter around what is expected: likelihood, simulation and moments."""

from funnelest.distributions.base import Distribution, Location, Slope, Value
from funnelest.distributions.counts import NegativeBinomial, Poisson
from funnelest.distributions.custom import Custom
from funnelest.distributions.large_samples import ShareOfMany
from funnelest.distributions.normal import (
    SUPPORTS,
    MultivariateNormalOn,
    NormalOn,
    off_scale,
    on_scale,
    scale_problems,
    slope_on,
)
from funnelest.distributions.overlapping import Overlapping
from funnelest.distributions.quantiles import JointQuantilesOn, QuantilesOn, Triplet
from funnelest.distributions.shared_counts import SharedCounts
from funnelest.distributions.shared_ranges import Range
from funnelest.distributions.shares import BetaBinomial, Binomial, Multinomial
from funnelest.distributions.studies import LogisticNormalBinomial

__all__ = [
    "SUPPORTS",
    "BetaBinomial",
    "Binomial",
    "Custom",
    "Distribution",
    "JointQuantilesOn",
    "Location",
    "LogisticNormalBinomial",
    "Multinomial",
    "MultivariateNormalOn",
    "NegativeBinomial",
    "NormalOn",
    "Overlapping",
    "Poisson",
    "QuantilesOn",
    "Range",
    "ShareOfMany",
    "SharedCounts",
    "Slope",
    "Triplet",
    "Value",
    "off_scale",
    "on_scale",
    "scale_problems",
    "slope_on",
]
