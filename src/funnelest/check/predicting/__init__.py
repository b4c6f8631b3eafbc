"""Whether the fitted model could have printed the figures that it was fitted to."""

from funnelest.check.predicting.drawn_anew import posterior_predictive
from funnelest.check.predicting.found import Fitted, PosteriorPredictive, SourceFit

__all__ = ["Fitted", "PosteriorPredictive", "SourceFit", "posterior_predictive"]
