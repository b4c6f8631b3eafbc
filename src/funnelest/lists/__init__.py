"""Linked registers: how many people are on none of the lists.

The overlap table, what can be said before anything is fitted, one estimator per method, and what
hangs on what. Usable without a route; `funnelest.Linked` takes the same table inside one.
"""

from funnelest.lists.checks.compare_methods import compare_methods, usual_methods
from funnelest.lists.checks.existence import existence
from funnelest.lists.checks.influence import influence
from funnelest.lists.checks.leaving_out import leaving_out
from funnelest.lists.checks.predictive import predictive
from funnelest.lists.checks.what_can_be_said import what_can_be_said
from funnelest.lists.estimate import Estimate, Part
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.estimators.chao import ChaoLowerBound
from funnelest.lists.estimators.decomposable import DecomposableAverage
from funnelest.lists.estimators.latent_classes import LatentClasses
from funnelest.lists.estimators.log_linear import LogLinear
from funnelest.lists.estimators.selected import BestByBIC, Stepwise
from funnelest.lists.estimators.shrinkage import Shrinkage
from funnelest.lists.estimators.two_lists import Chapman, LincolnPetersen
from funnelest.lists.linkage import Corrected, LinkageError
from funnelest.lists.number_priors import NegativeBinomialN, NumberPrior, OneOverN, UniformN
from funnelest.lists.table.table import OverlapTable

__all__ = [
    "BestByBIC",
    "ChaoLowerBound",
    "Chapman",
    "Corrected",
    "DecomposableAverage",
    "Estimate",
    "Estimator",
    "LatentClasses",
    "LincolnPetersen",
    "LinkageError",
    "LogLinear",
    "NegativeBinomialN",
    "NumberPrior",
    "OneOverN",
    "OverlapTable",
    "Part",
    "Shrinkage",
    "Stepwise",
    "UniformN",
    "compare_methods",
    "existence",
    "influence",
    "leaving_out",
    "predictive",
    "usual_methods",
    "what_can_be_said",
]
