"""What a reader should know of a fitted log-linear model: its fit, empty overlaps, limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.computing.reduced import Reduced
from funnelest.lists.estimate import chained
from funnelest.lists.table.table import OverlapTable
from funnelest.words import Sentence, say

__all__ = ["contradiction", "empty_warnings", "limit_warnings", "misfit", "p_value"]

type Floats = NDArray[np.float64]

#: Below this p-value a model is said not to fit.
_MISFIT = 0.05
#: A list of at most so many people contradicts the model where that is less likely than this.
_UNLIKELY = 0.025


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


def contradiction(table: OverlapTable, stratum: str, predicted: Floats) -> Sentence | str:
    """Return which lists, that hold others too, are too small for the model; else nothing."""
    cells = table.cells(stratum)
    said = [
        say(
            "lists.why.contradiction",
            on=table.named(cells.patterns[i]),
            put=predicted[i],
            held=cells.counts[i],
        )
        for i in np.flatnonzero(cells.limits)
        if _too_few(cells.counts[i], predicted[i])
    ]
    return chained(said) if said else ""


def _too_few(most: float, expected: float) -> bool:
    """Return whether a limit is so low that so few people are hardly likely."""
    from scipy.stats import poisson

    return bool(poisson.cdf(most, expected) < _UNLIKELY)


def limit_warnings(table: OverlapTable, stratum: str, predicted: Floats) -> list[str]:
    """Return how many of the people on lists that hold others too the model takes as hidden."""
    cells = table.cells(stratum)
    found = []
    for i in np.flatnonzero(cells.limits):
        name, most = table.in_words(cells.patterns[i]), cells.counts[i]
        if _too_few(most, predicted[i]):
            continue  # the number is withheld, and says why
        if predicted[i] > most:
            found.append(
                f"Of the people on {name} the model puts about {predicted[i]:,.0f} in the target, "
                f"the list holds {most:,.0f}: all of them, within chance."
            )
        elif predicted[i] > 0:
            found.append(
                f"About {predicted[i]:,.0f} of the hidden people are among the {most:,.0f} on "
                f"{name}, which holds others too."
            )
    return found
