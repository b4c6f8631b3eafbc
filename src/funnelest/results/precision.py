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
from funnelest.route import Edge, Route, show_edge
from funnelest.sampling.errors import Dependence, quantile_errors
from funnelest.sampling.weights import equal_tailed, levels_of
from funnelest.words import named

__all__ = [
    "CONTRACTION",
    "Quantity",
    "apart",
    "as_its_prior",
    "main_quantities",
    "on_scale",
    "own_share",
    "scale_of",
    "shares_of_width",
]

#: Contraction below which, and distance in prior standard deviations up to which, a posterior is
#: taken for its prior.
CONTRACTION, _NEAR = 0.1, 0.25

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


def own_share(q: Quantities, route: Route, edge: Edge, where: Where | None) -> Any:
    """Return the share of those who took no earlier way from the step, who take this one."""
    steps, (first, last) = route.steps, edge
    before = [
        one for one in route.edges if one[0] == first and steps.index(one[1]) < steps.index(last)
    ]
    left = q.number(first, where) - sum(q.flow(*one, where) for one in before)
    with np.errstate(all="ignore"):  # nobody may be left
        return q.flow(first, last, where) / left


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


def apart(posterior: Floats, prior: Floats, scale: str) -> tuple[float, float]:
    """Return how far the posterior contracted and moved from the prior, on a symmetric scale.

    One minus the ratio of the variances, and the difference of the means over the standard
    deviation of the prior.
    """
    after, before = (
        made[np.isfinite(made)] for made in (on_scale(scale, posterior), on_scale(scale, prior))
    )
    if not len(after) or not len(before) or not before.std() > 0:
        return np.nan, np.nan
    contraction = 1 - after.var() / before.var()
    return float(contraction), float((after.mean() - before.mean()) / before.std())


def as_its_prior(posterior: Floats, prior: Floats) -> bool:
    """Return whether draws of a quantity are spread as they were before the figures, and there."""
    contraction, moved = apart(posterior, prior, scale_of(posterior, prior))
    return abs(contraction) < CONTRACTION and abs(moved) < _NEAR


def shares_of_width(rows: Floats, probability: float, dependence: Dependence) -> Floats:
    """Return the largest Monte Carlo error of median and limits, over the interval's width.

    Of each row ``(rows, draws)``, on the quantity's own scale or that of its log (of shares:
    log-odds), where it is less. Medians and limits are the same numbers on any scale, so that an
    aim for their error should not hang on the one they are printed on: the upper limit of a
    log-normal number lies far out on its own scale, and is as well known as the lower. Zero for
    what does not vary, not a number where a limit is none or infinite.
    """
    other = np.stack([on_scale(scale_of(row), row) for row in rows])
    return np.fmin(*(_shares(one, probability, dependence) for one in (rows, other)))


def _shares(rows: Floats, probability: float, dependence: Dependence) -> Floats:
    low, _, high = equal_tailed(rows, probability, axis=1)
    worst = quantile_errors(rows, levels_of(probability), dependence).max(axis=0)
    with np.errstate(all="ignore"):
        shares = np.where(high == low, 0.0, worst / (high - low))
        return np.where(np.isfinite(high - low), shares, np.nan)
