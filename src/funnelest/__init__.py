"""funnelest: how many people go through this, and where do we lose them?

A route of steps, estimated as a Bayesian attrition chain from registrations and surveys that
are incomplete, unreliable and do not fit together. Names are loaded when they are first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = "0.1.0.dev0"
