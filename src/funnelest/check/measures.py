"""Numbers that several checks compare draws by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.refitting import Reweighted
from funnelest.likelihood.components import weighted_quantiles
from funnelest.sampling.gate import ESS

__all__ = ["apart", "holm", "on_scale", "quantiles", "scale_of", "steady"]

type Floats = NDArray[np.float64]


def scale_of(*samples: Floats) -> str:
    """Return the scale on which draws are symmetric: of a "share", a "number", or "plain".

    A share lies between 0 and 1 in every draw, a number above 0.
    """
    low, high = (f([f(one) for one in samples]) for f in (np.min, np.max))
    if low > 0:
        return "share" if high < 1 else "number"
    return "plain"


def on_scale(draws: Floats, scale: str) -> Floats:
    """Return draws on a symmetric scale: log-odds of a "share", as they are where "plain", else
    logarithms."""
    with np.errstate(all="ignore"):
        if scale == "share":
            return np.asarray(np.log(draws) - np.log1p(-draws))
        return draws if scale == "plain" else np.asarray(np.log(draws))


def quantiles(draws: Floats, levels: Sequence[float], weights: Floats | None = None) -> Floats:
    """Return quantiles of draws, which weigh the same where no weights are given."""
    if weights is None:
        return np.asarray(np.quantile(draws, levels))
    return np.asarray(weighted_quantiles(draws, weights, levels))


def apart(posterior: Floats, prior: Floats, scale: str) -> tuple[float, float]:
    """Return how far the posterior contracted and moved from the prior, on a symmetric scale.

    One minus the ratio of the variances, and the difference of the means over the standard
    deviation of the prior.
    """
    after, before = (
        made[np.isfinite(made)] for made in (on_scale(posterior, scale), on_scale(prior, scale))
    )
    if not len(after) or not len(before) or not before.std() > 0:
        return np.nan, np.nan
    contraction = 1 - after.var() / before.var()
    return float(contraction), float((after.mean() - before.mean()) / before.std())


def steady(weights: Reweighted) -> bool:
    """Return whether weighted draws are good enough for the limits of an interval.

    k-hat below 0.7, and 400 effective draws, as the convergence gate asks of a fit.
    """
    return weights.reliable and weights.effective >= ESS


def holm(p: Sequence[float] | Floats) -> Floats:
    """Return p-values corrected for their number (Holm, Scand J Stat 1979;6:65); NaN stays."""
    given = np.asarray(p, dtype=np.float64)
    corrected = np.full(len(given), np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    factors = len(order) - np.arange(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(factors * given[order]), 1.0)
    return corrected
