"""What a reader should know of a log-linear model that was fitted: its fit, and empty overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.existence import Reduced
from funnelest.lists.table import OverlapTable

__all__ = ["empty_warnings", "misfit", "p_value"]

type Floats = NDArray[np.float64]

#: Below this p-value a model is said not to fit.
_MISFIT = 0.05


def p_value(deviance: float, df: int) -> float:
    """Return the p-value of a deviance; NaN without degrees of freedom."""
    from scipy.stats import chi2

    return float(chi2.sf(deviance, df)) if df > 0 else np.nan


def empty_warnings(table: OverlapTable, left: Reduced) -> list[str]:
    """Return that the estimate is an extended one, and on account of which overlaps."""
    if not left.empty:
        return []
    shown = ", ".join(" and ".join(table.lists[i] for i in t) for t in left.empty)
    return [
        f"Extended estimate: nobody is on {shown}, which the model then takes as impossible; the "
        "number rests on the other combinations."
    ]


def misfit(deviance: float, df: int, means: Floats) -> list[str]:
    """Return that the model does not fit, or cannot be tested."""
    p = p_value(deviance, df)
    if df == 0:
        return ["The model has as many terms as there are counts: the fit cannot be tested."]
    if not p < _MISFIT:
        return []
    rough = int(np.sum(means < 5))
    more = f"; roughly, since {rough} of {len(means)} counts are expected below 5" if rough else ""
    return [
        f"The model does not fit: deviance {deviance:.1f} on {df} degrees of freedom, "
        f"p = {p:.2g}{more}."
    ]
