"""What is read first of a result, and how precisely its draws know that."""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import distributions
from funnelest.axes import Where
from funnelest.model.model import Model
from funnelest.quantities.quantities import Quantities
from funnelest.route import show_edge
from funnelest.sampling.errors import Dependence, quantile_errors
from funnelest.sampling.weights import equal_tailed, levels_of
from funnelest.words import named

__all__ = ["Quantity", "main_quantities", "on_scale", "scale_of", "share_of_width"]

type Floats = NDArray[np.float64]
type Quantity = Callable[[Quantities], Any]


def main_quantities(model: Model, where: Where | None = None) -> dict[str, Quantity]:
    """Return what is looked at by default: the number at every step, and every transition.

    Of some cells, or of all. Numbers are a mean over years where the population has that axis, and
    the cells are not of one year.
    """
    per = model.population.mean_over("auto")
    per = None if per in (where or {}) else per
    found: dict[str, Quantity] = {}
    for step in model.route.steps:
        found[named("word.number_at", step=step)] = methodcaller("number", step, where, per=per)
    for edge in model.route.edges:
        found[show_edge(edge)] = methodcaller("transition", *edge, where)
    return found


def scale_of(*samples: Floats) -> str:
    """Return the scale on which draws are symmetric: "logit", "log" or "identity".

    That of shares, which lie between 0 and 1 in every draw; of numbers, above 0; or of others.
    """
    low, high = (f([f(one) for one in samples if len(one)]) for f in (np.min, np.max))
    if low > 0:
        return "logit" if high < 1 else "log"
    return "identity"


def on_scale(scale: str, draws: Floats) -> Floats:
    """Return draws on a scale, without a warning where they are at its ends."""
    with np.errstate(all="ignore"):
        return np.asarray(distributions.on_scale(scale, draws))


def share_of_width(draws: Floats, probability: float, dependence: Dependence) -> float:
    """Return the largest Monte Carlo error of median and limits, over the interval's width.

    Both on the quantity's own scale or that of its log (of shares: log-odds), where it is less.
    Medians and limits are the same numbers on any scale, so that an aim for their error should not
    hang on the one they are printed on: the upper limit of a log-normal number lies far out on
    its own scale, and is as well known as the lower. Zero for what does not vary, not a number
    where a limit is none or infinite.
    """
    found = []
    for scale in {"identity", scale_of(draws)}:
        row = on_scale(scale, draws)
        low, _, high = equal_tailed(row, probability)
        if high == low:
            return 0.0
        if np.isfinite(high - low):
            errors = quantile_errors(row[None], levels_of(probability), dependence)
            found.append(float(errors.max() / (high - low)))
    return min(found, default=np.nan)
