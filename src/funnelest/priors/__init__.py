"""Prior distributions, from parameters or from an interval.

Every prior may carry a `statement` (why it is believed) and a `source`; the ledger of
assumptions prints them. A prior that cannot be meant is kept, and reported with all other
problems when it becomes part of a model.
"""

from funnelest.priors.base import Prior
from funnelest.priors.families import (
    Beta,
    Gamma,
    HalfNormal,
    LogitNormal,
    LogNormal,
    LogUniform,
    Normal,
    Uniform,
)
from funnelest.priors.line import bijection
from funnelest.priors.uses import Fixed, Shared, Truncated, as_prior, prior_problems, within

__all__ = [
    "Beta",
    "Fixed",
    "Gamma",
    "HalfNormal",
    "LogNormal",
    "LogUniform",
    "LogitNormal",
    "Normal",
    "Prior",
    "Shared",
    "Truncated",
    "Uniform",
    "as_prior",
    "bijection",
    "prior_problems",
    "within",
]
