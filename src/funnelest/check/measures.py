"""Numbers that several checks compare draws by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.refitting import Reweighted
from funnelest.results.precision import apart, on_scale, scale_of
from funnelest.sampling.errors import sized_errors
from funnelest.sampling.gate import ESS
from funnelest.sampling.weights import equal_tailed, levels_of
from funnelest.verdict import Three

__all__ = [
    "NOTHING",
    "apart",
    "holm",
    "limits",
    "on_scale",
    "scale_of",
    "steady",
    "three",
]

type Floats = NDArray[np.float64]
NOTHING = Three((np.nan, np.nan, np.nan))


def three(
    draws: Floats, probability: float, effective: float, weights: Floats | None = None
) -> Three:
    """Return the median and the limits of the equal-tailed interval; NaN without draws.

    The draws are worth `effective` independent ones.
    """
    if not len(draws):
        return NOTHING
    low, median, high = equal_tailed(draws, probability, weights).tolist()
    errors = sized_errors(draws, levels_of(probability), effective, weights).tolist()
    return Three((median, low, high), (errors[1], errors[0], errors[2]))


def limits(three: Three, prefix: str = "") -> dict[str, float]:
    """Return the columns of a median and its interval, and of their Monte Carlo errors.

    With something before their names. Without the errors a table would be printed to the last
    person, whatever the draws tell.
    """
    names = [f"{prefix}{one}" for one in ("median", "low", "high")]
    beside = [f"{name}_mc_error" for name in names]
    return dict(zip((*names, *beside), (*three, *three.errors), strict=True))


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
