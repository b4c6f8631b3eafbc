"""Two lists that are independent: Lincoln-Petersen and Chapman."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from funnelest.lists.estimate import Estimate, because
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.table.table import OverlapTable
from funnelest.words import named, say

__all__ = ["Chapman", "LincolnPetersen"]

_ASSUMES = (
    "the two lists are independent, on at least one of them every person is equally likely, "
    "nobody enters or leaves the population, and all links are right and complete (with two "
    "lists none of this can be tested)."
)
_KIND = named("lists.kind.hypergeometric")


@dataclass(frozen=True, kw_only=True)
class _TwoLists(Estimator):
    """Base of both: exact limits, and what is expected."""

    most: ClassVar[int] = 2
    for_more: ClassVar[str] = "Use LogLinear, or leave lists out with table.without(name)."
    statistic: ClassVar[str] = ""

    @abstractmethod
    def _hidden(self, only_1: int, only_2: int, both: int) -> tuple[float, float]:
        """Return the number hidden and its variance."""

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        first, second = table.lists
        both = table.overlap(first, second)
        n1, n2 = table.size(first), table.size(second)
        limits = hypergeometric_limits(n1 - both, n2 - both, both, self.probability)
        measures = {"lower limit of hidden": limits[0]}
        if both == 0:  # there is no upper limit: only that there are at least so many
            level, least = 100 * (1 + self.probability) / 2, table.known + limits[0]
            why = say("lists.why.no_both", a=first, b=second, least=least, level=level, kind=_KIND)
            return self._made(table, assumes=_ASSUMES, measures=measures, **because(why))
        hidden, variance = self._hidden(n1 - both, n2 - both, both)
        two = n1 * n2 / (table.known + hidden)
        expected = {"11": two, "10": n1 - two, "01": n2 - two}
        patterns = table.cells().patterns
        return self._made(
            table,
            hidden,
            limits,
            statistic=self.statistic,
            kind=_KIND,
            assumes=_ASSUMES,
            measures={"standard error": float(np.sqrt(variance)), **measures},
            predicted={table.strata[0]: np.array([expected[one] for one in patterns])},
        )


@dataclass(frozen=True, kw_only=True)
class LincolnPetersen(_TwoLists):
    r"""The product of the sizes of two lists over the number on both.

    Notes
    -----
    With :math:`n_1` and :math:`n_2` people on the lists and :math:`m` on both,
    :math:`\hat N = n_1 n_2 / m`: infinite, and withheld, when nobody is on both. It is too large
    on average when :math:`m` is small; `Chapman` is not. The interval is that of `Chapman`.

    Seber, The Estimation of Animal Abundance, 2nd ed. 1982, section 3.1.
    """

    statistic: ClassVar[str] = "maximum likelihood"

    @property
    def name(self) -> str:
        return "Lincoln-Petersen"

    def _hidden(self, only_1: int, only_2: int, both: int) -> tuple[float, float]:
        variance = (only_1 + both) * (only_2 + both) * only_1 * only_2 / both**3
        return only_1 * only_2 / both, variance


@dataclass(frozen=True, kw_only=True)
class Chapman(_TwoLists):
    r"""The Lincoln-Petersen estimate without its bias.

    Notes
    -----
    :math:`\hat N = (n_1 + 1)(n_2 + 1) / (m + 1) - 1`, which is unbiased when
    :math:`n_1 + n_2 \ge N`, and else too small by the factor :math:`1 - e^{-E(m)}` or so. When
    nobody is on both lists the number has no upper limit: it is withheld, and the lower limit said.

    The interval holds every :math:`N` at which a hypergeometric overlap as small, or as large, as
    the one seen has at least half of the probability outside: its coverage is never less than
    stated, given the sizes of the lists (Chapman, University of California Publications in
    Statistics 1951;1:131). The variance in `measures` is that of Seber, Biometrics 1970;26:13.
    """

    statistic: ClassVar[str] = "bias-corrected estimate"

    @property
    def name(self) -> str:
        return "Chapman"

    def _hidden(self, only_1: int, only_2: int, both: int) -> tuple[float, float]:
        variance = float((only_1 + both + 1) * (only_2 + both + 1) * only_1 * only_2)
        # (n1 + 1)(n2 + 1)/(m + 1) - 1, less the known.
        return only_1 * only_2 / (both + 1), variance / ((both + 1) ** 2 * (both + 2))


def hypergeometric_limits(
    only_1: int, only_2: int, both: int, probability: float
) -> tuple[float, float]:
    """Return exact limits of the number on neither of two independent lists.

    Whole numbers, of the people on the first list only, on the second only, and on both; the upper
    limit is infinite when nobody is on both.
    """
    from scipy.stats import hypergeom

    known, n1, n2 = only_1 + only_2 + both, only_1 + both, only_2 + both
    tail = (1 - probability) / 2

    def fewer(hidden: int) -> bool:  # an overlap as large as this is still likely enough
        return bool(hypergeom.sf(both - 1, known + hidden, n1, n2) > tail)

    def more(hidden: int) -> bool:  # an overlap as small as this is likely enough
        return bool(hypergeom.cdf(both, known + hidden, n1, n2) > tail)

    low = _first(more)
    if both == 0:
        return float(low), np.inf
    # The overlap has to be at least as large: true up to the limit.
    return float(low), float(max(low, _first(lambda hidden: not fewer(hidden)) - 1))


def _first(reached: Callable[[int], bool]) -> int:
    """Return the first whole number where something is true that then stays true."""
    if reached(0):
        return 0
    high = 1
    while not reached(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
