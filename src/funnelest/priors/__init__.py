"""Prior distributions, from parameters or from an interval.

Every prior may carry a `statement` (why it is believed) and a `source`; the ledger of
assumptions prints them. A prior that cannot be meant is kept, and reported with all other
problems when it becomes part of a model.
"""

from funnelest.priors.base import Prior
from funnelest.priors.beta import Beta
from funnelest.priors.fixed import Fixed
from funnelest.priors.gamma import Gamma
from funnelest.priors.half_normal import HalfNormal
from funnelest.priors.line import bijection
from funnelest.priors.log_normal import LogNormal
from funnelest.priors.log_uniform import LogUniform
from funnelest.priors.logit_normal import LogitNormal
from funnelest.priors.normal import Normal
from funnelest.priors.shared import Shared
from funnelest.priors.truncated import Truncated
from funnelest.priors.uniform import Uniform
from funnelest.priors.uses import as_prior, prior_problems, within

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
