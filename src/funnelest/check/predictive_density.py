"""How likely a printed number is in what is expected of it, also where no draw lies near it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from funnelest.evidence.base import Evidence
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.printed_anew import figures_of

__all__ = ["integrated_density"]

type Floats = NDArray[np.float64]

#: Draws of all other parameters, nodes over the one that is integrated, and how often the nodes are
#: put anew where the integrand is.
_OTHERS, _NODES, _ROUNDS = 24, 161, 6
#: Normal scores of a prior between which it is integrated, and how far the log-integrand falls.
_FAR, _FALL = 12.0, 30.0


def integrated_density(
    source: Evidence,
    model: Model,
    drawn: Mapping[str, Floats],
    weights: Floats,
    name: str,
    place: int,
    printed: float,
) -> float:
    """Return the predictive density of a number, with one parameter integrated and not drawn.

    Parameters
    ----------
    source : Evidence
        The source of the number.
    model : Model
        Its model.
    drawn : mapping of str to ndarray
        Draws of all parameters, without the source.
    weights : ndarray
        Their weights.
    name : str
        A parameter that keeps its prior without the source.
    place : int
        Which of the source's figures it is, in the order of `figures_of`.
    printed : float
        The number, as its distribution has it.

    Returns
    -------
    float
        NaN where it has none. Mean over the other parameters of the integral over the prior's
        normal scores, by the trapezoidal rule between nodes that close in on the peak.
    """
    prior = model.priors[name]
    to_value = prior.line()[0]
    ends = np.cumsum(weights) / np.sum(weights)
    at = np.searchsorted(ends, (np.arange(_OTHERS) + 0.5) / _OTHERS).clip(0, len(ends) - 1)
    low, high = np.full(_OTHERS, -_FAR), np.full(_OTHERS, _FAR)
    found = np.full(_OTHERS, np.nan)
    for _ in range(_ROUNDS):
        scores = np.linspace(low, high, _NODES)
        with np.errstate(all="ignore"):
            values = to_value(prior.line_of_score(scores.ravel()))
            others = {key: np.tile(np.asarray(one)[at], _NODES) for key, one in drawn.items()}
            q = Quantities(model, {**others, name: np.asarray(values, dtype=np.float64)})
            shown = figures_of(source, q)[place][1]
            law = shown.seen.law(shown.rows)
            if law is None:
                return float("nan")
            logs = np.broadcast_to(law.log_density(printed), scores.size).reshape(scores.shape)
        logs = np.where(np.isnan(logs), -np.inf, logs) - 0.5 * scores**2
        top = logs.max(axis=0)
        if not np.isfinite(top).any():
            return 0.0
        height = np.exp(logs - np.where(np.isfinite(top), top, 0.0))
        steps = (high - low) / (_NODES - 1)
        sums = (height.sum(axis=0) - 0.5 * (height[0] + height[-1])) * steps
        found = np.where(np.isfinite(top), sums * np.exp(top) / np.sqrt(2 * np.pi), 0.0)
        # Where the integrand is, and a node more on either side.
        there = logs > top - _FALL
        first, last = there.argmax(axis=0), _NODES - 1 - there[::-1].argmax(axis=0)
        if np.all(last - first > 0.6 * _NODES):
            break
        low, high = (
            low + steps * np.maximum(first - 1, 0),
            low + steps * np.minimum(last + 1, _NODES - 1),
        )
    return float(found.mean())
