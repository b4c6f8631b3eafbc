"""Whether the other sources go against a figure, or only a prior does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.leaving_out import LeftOut
from funnelest.likelihood.once import observed, together
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result

__all__ = ["others_allow"]

type Floats = NDArray[np.float64]

#: Monte Carlo errors by which the others must be better off with the source than without it.
_ERRORS = 3.0


def others_allow(result: Result, gone: LeftOut, figures: int) -> bool:
    r"""Return whether the other sources fit no worse beside a source than they do without it.

    Parameters
    ----------
    result : Result
        A fit of all sources.
    gone : LeftOut
        The posterior without the source.
    figures : int
        How many figures the source has.

    Returns
    -------
    bool
        Whether the mean log-likelihood of all others is higher in the posterior of all sources, by
        more than its Monte Carlo error and half a unit for each further figure of the source.

    Notes
    -----
    Where a figure with error a and the others with error b are z of their joint errors apart, and
    the prior says nothing, the mean log-likelihood of the others falls by
    :math:`\tfrac12 (z^2 - 1) b^2 / (a^2 + b^2)` when the figure is added: it rises only where
    :math:`|z| < 1`, so no conflict of two sources can be taken for one with the prior. A source of
    m figures narrows up to m directions, which may raise it by half a unit each.
    """
    model = result.model
    with_it = _others(model, result.flat, gone.source)
    without = _others(model, gone.draws, gone.source)
    if not (np.isfinite(with_it).all() and np.isfinite(without[gone.weights > 0]).all()):
        return False
    without = np.where(gone.weights > 0, without, 0.0)
    mean = float(np.sum(gone.weights * without))
    spread = float(np.sum(gone.weights * (without - mean) ** 2)) / gone.effective
    spread += float(np.var(with_it)) / result.effective_draws
    gain = float(np.mean(with_it)) - mean
    return bool(gain > 0.5 * (figures - 1) + _ERRORS * np.sqrt(spread))


def _others(model: Model, draws: Mapping[str, Floats], source: str) -> Floats:
    """Return the log-likelihood of all sources but one, of each draw."""
    with np.errstate(all="ignore"):
        q = Quantities(model, draws)
        found = together(model, q, observed(model, q), {**model.powers, source: 0.0})
    return np.asarray(found + np.zeros(len(next(iter(draws.values())))), dtype=np.float64)
