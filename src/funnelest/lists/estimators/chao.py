"""A lower bound from the people on one list and on two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.computing.profile import log_normal
from funnelest.lists.estimate import Estimate, because
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.table.table import OverlapTable
from funnelest.words import named, say

__all__ = ["ChaoLowerBound"]

_ASSUMES = (
    "people who are more likely to be on one list are, over all pairs of lists, not less likely "
    "to be on another (some people are easier to find than others), and being on one list does "
    "not keep a person off another; nobody enters or leaves the population, and all links are "
    "right and complete. Then at least so many are on none."
)


@dataclass(frozen=True, kw_only=True)
class ChaoLowerBound(Estimator):
    r"""At least how many are on no list, from those on exactly one and exactly two.

    Lists may differ in size, and people in how easily they are found. With two lists it is
    `Chapman`, read as a lower bound.

    Notes
    -----
    With :math:`f_i` the people on list i only and :math:`f_{ij}` those on i and j only,

    .. math:: \hat n_0 = \frac{\sum_{i<j} f_i f_j}{\sum_{i<j} f_{ij} + 1} .

    Given a person, let the lists be independent, :math:`w` the probability to be on none and
    :math:`a_i` the odds to be on list i. Then :math:`E f_i = N E(w a_i)` and :math:`E f_{ij} =
    N E(w a_i a_j)`, so that :math:`E f_i E f_j \le E n_0 E f_{ij}` where the odds do not vary in
    opposite directions; equality holds where people are alike. Lists of equal size give
    :math:`(1 - 1/t) f_1^2 / 2 f_2` of t lists: Chao, Biometrics 1987;43:783 and 1989;45:427; for
    lists that differ, and as the moment estimator of a log-linear model: Rivest and Baillargeon,
    Biometrics 2007;63:999. Adding 1 below takes away the bias: for Poisson counts the expected
    value is the bound times :math:`1 - \exp(-E f_2)`, never above it.

    The interval is that of the *bound*: log-normal (Chao 1987, equation 12), with the variance of
    Poisson counts by the delta method. Its lower limit is one for the number of people too, its
    upper limit is not.
    """

    @property
    def name(self) -> str:
        return named("lists.method.chao")

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        cells = table.cells(table.strata[0])
        on = np.array([[letter == "1" for letter in one] for one in cells.patterns])
        single = np.array(
            [cells.counts[(on.sum(axis=1) == 1) & on[:, i]].sum() for i in range(on.shape[1])]
        )
        two = float(cells.counts[on.sum(axis=1) == 2].sum())
        measures = {"on exactly one list": float(single.sum()), "on exactly two lists": two}
        withheld = two == 0
        hidden, variance = _bound(single, two)
        warnings = [
            "The interval is that of the bound: the number of people may be any larger.",
        ]
        if hidden == 0 and not withheld:
            several = "nobody is" if not single.any() else "no two lists have people"
            warnings = [f"{several} on one list alone: the bound is 0 and has no interval."]
        interval = None
        if hidden > 0 and not withheld:
            interval = log_normal(hidden, np.log1p(variance / hidden**2), self.probability)
            measures["standard error"] = float(np.sqrt(variance))
        return self._made(
            table,
            np.nan if withheld else hidden,
            interval,
            statistic="" if withheld else "bias-corrected moment estimate",
            kind=named("lists.kind.bound") if interval else "",
            assumes=_ASSUMES,
            lower_bound=True,
            **(because(say("lists.why.no_two")) if withheld else {}),
            warnings=() if withheld else tuple(warnings),
            measures=measures,
        )


def _bound(single: NDArray[np.float64], two: float) -> tuple[float, float]:
    """Return the bound, and its variance with that of the number of hidden people."""
    total = single.sum()
    hidden = float((total**2 - np.sum(single**2)) / 2 / (two + 1))
    slopes = (total - single) / (two + 1)
    variance = np.sum(slopes**2 * single) + (hidden / (two + 1)) ** 2 * two
    return hidden, float(hidden + variance)
