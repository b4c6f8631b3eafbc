"""Whether a method reproduces the overlaps that it was given: posterior predictive check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import raise_if_any
from funnelest.lists.estimate import Estimate
from funnelest.lists.table.cells import Cells
from funnelest.lists.table.problems import seed_problems, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Predictive", "predictive"]

type Floats = NDArray[np.float64]

#: Probability of the predictive intervals; what is less likely than the rest is named.
_PROBABILITY = 0.95
#: Replicates at least; expected counts below the floor are as good as impossible.
_REPLICATES, _FLOOR = 10_000, 1e-9


@dataclass(frozen=True)
class _Cell:
    """A count and what the method expects of it."""

    stratum: str
    pattern: str
    people: int
    limit: bool
    expected: float
    low: float
    high: float
    mid_p: float
    p: float
    residual: float


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Predictive:
    """What a method expects on each overlap beside what was found, as `predictive` makes it.

    Parameters
    ----------
    estimate : Estimate
        The estimate.
    cells : sequence
        What `table` shows.
    discrepancy : float
        Probability of a table that is at least as far from what is expected as this one; NaN
        where the table as a whole cannot be tested.
    chi_square : float, optional
        Pearson's chi-square of a fit; NaN for methods with draws.
    df : int, optional
        Its degrees of freedom; None for methods with draws, and where the method does not say.
    """

    estimate: Estimate
    cells: Sequence[_Cell] = field(repr=False)
    discrepancy: float
    chi_square: float = np.nan
    df: int | None = None

    @property
    def adjusted(self) -> Floats:
        """Two-sided p of each overlap, corrected for their number (Holm), in the table's order."""
        return _holm(np.array([one.p for one in self.cells]))

    @property
    def passed(self) -> bool:
        """Whether no overlap and not the whole table is further off than chance explains.

        The corrected p of every overlap, and that of the discrepancy, are at least 0.05; of the
        overlaps only, where the table as a whole cannot be tested.
        """
        return not self.discrepancy < 1 - _PROBABILITY and not self._off

    @property
    def _off(self) -> list[int]:
        """Places of the overlaps that are not reproduced, the worst first."""
        adjusted = self.adjusted
        return [int(i) for i in np.argsort(adjusted, kind="stable") if adjusted[i] < 0.05]

    @property
    def table(self) -> pd.DataFrame:
        """One row per overlap, in the order of the overlap table.

        `people` found and `expected`; the 95% predictive interval; `mid_p`, the chance of fewer
        people and half that of as many; `p`, two-sided, and `adjusted` for the number of
        overlaps (Holm); `residual`, the difference over the predictive standard deviation (none
        of a limit); `limit`, whether the number found is only an upper limit (only expecting more
        is then amiss); `reproduced`, whether the adjusted p is at least 0.05.
        """
        import pandas as pd

        table = self.estimate.table_of
        rows = [
            {
                **({"stratum": one.stratum} if table.stratified else {}),
                "overlap": table.in_words(one.pattern),
                "pattern": one.pattern,
                "people": one.people,
                "expected": one.expected,
                "low": one.low,
                "high": one.high,
                "interval": "95% predictive",
                "mid_p": one.mid_p,
                "p": one.p,
                "adjusted": adjusted,
                "residual": one.residual,
                "limit": one.limit,
                "reproduced": bool(adjusted >= 1 - _PROBABILITY),
            }
            for one, adjusted in zip(self.cells, self.adjusted, strict=True)
        ]
        made = pd.DataFrame(rows)
        return made if table.upper else made.drop(columns="limit")

    @property
    def text(self) -> str:
        """Which overlaps the method does not reproduce, in plain sentences."""
        off = self._off
        said = []
        count = len(self.cells)
        if off:
            verb = "is" if len(off) == 1 else "are"
            said.append(
                f"{self.estimate.method}: {len(off)} of {count} overlaps {verb} not reproduced "
                "(5% level, corrected for their number)."
            )
            said += [self._sentence(i) for i in off[:5]]
            if len(off) > 5:
                more = len(off) - 5
                said.append(f"{more} more {'is' if more == 1 else 'are'} marked in the table.")
        else:
            said.append(f"{self.estimate.method}: all {count} overlaps are reproduced.")
        said.append(self._whole())
        said.append(
            "A method that reproduces the overlaps may still be wrong on those who are on none."
        )
        absent = [one for one in self.estimate.table_of.strata if not self._has(one)]
        if absent:
            said.append(f"It says nothing of what it expects in: {', '.join(absent)}.")
        if self.estimate.withheld:
            said.append(f"Its number is withheld: {self.estimate.withheld}")
        return " ".join(said)

    def _whole(self) -> str:
        """Return whether the table as a whole is reproduced, in a sentence."""
        if np.isnan(self.discrepancy):
            why = (
                "it does not say how many degrees of freedom are left"
                if self.df is None
                else "it has as many terms as there are counts"
            )
            return f"The table as a whole cannot be tested for this method: {why}."
        said = (
            f"The table as a whole is {'' if self.discrepancy >= 1 - _PROBABILITY else 'not '}"
            "reproduced: "
        )
        if self.df is not None:
            noun = "degree" if self.df == 1 else "degrees"
            small = sum(one.expected < 5 for one in self.cells if not one.limit)
            rough = f"; roughly, since {small} of the counts are expected below 5" if small else ""
            return (
                f"{said}chi-square {self.chi_square:.1f} on {self.df} {noun} of freedom, "
                f"p = {self.discrepancy:.2g}{rough}."
            )
        share = 100 * self.discrepancy
        as_far = f"{share:.2g}%" if share < 10 else f"{share:.0f}%"
        as_far = as_far if share else f"less than {100 / _REPLICATES:g}%"
        return (
            f"{said}{as_far} of tables made by the method are as far from what it expects "
            "(chi-square)."
        )

    def _has(self, stratum: str) -> bool:
        return any(one.stratum == stratum for one in self.cells)

    def _sentence(self, i: int) -> str:
        one = self.cells[i]
        table = self.estimate.table_of
        place = f" in {one.stratum}" if table.stratified else ""
        verb = "was" if one.people == 1 else "were"
        found = f"{'at most ' if one.limit else ''}{one.people:,} {verb} found"
        return (
            f"On {table.in_words(one.pattern)}{place} it expects {_number(one.expected)} "
            f"(95% predictive interval {one.low:,.0f} to {one.high:,.0f}); {found} "
            f"(adjusted p {self.adjusted[i]:.2g})."
        )

    def __repr__(self) -> str:
        return f"<Predictive: {self.text}>"


def predictive(estimate: Estimate, seed: int = 1) -> Predictive:
    r"""Compare every overlap with what the method expects of it.

    Parameters
    ----------
    estimate : Estimate
        An estimate with `predicted`.
    seed : int, default 1
        Seed of the replicated tables.

    Returns
    -------
    Predictive
        With `table`, `text` and `passed`.

    Raises
    ------
    SpecError
        When the estimate has no expected counts, or the seed is none.

    Notes
    -----
    A replicated count is Poisson around the expected one; where the method has draws of it,
    around each of them. The mid-p of a count is exact given the expected counts,
    :math:`P(Y < n) + P(Y = n) / 2` averaged over the draws. The discrepancy of the whole table
    is :math:`\sum (n - \mu)^2 / \mu`. Of a fit it is Pearson's, with the chi-square distribution
    of its degrees of freedom (`Estimate.measures`, "df"): the terms that were fitted are
    allowed for. With draws, it is compared with that of replicated counts around the same
    :math:`\mu` (Gelman, Meng and Stern, Statistica Sinica 1996;6:733). The method has seen the
    counts, so that the check of single overlaps, and with draws that of the table, is mild: it
    fails less often than in 5% of tables when the method is right, and a method with as many
    terms as there are overlaps reproduces everything.
    """
    from scipy.stats import chi2

    raise_if_any(_problems(estimate, seed), "the predictive check")
    rng = np.random.default_rng(seed)
    found: list[_Cell] = []
    # Discrepancies of counts and of replicates add up over strata, replicate by replicate.
    strata = [one for one in estimate.table_of.strata if one in estimate.predicted]
    size = max(np.atleast_2d(np.asarray(estimate.predicted[one]).T).shape[0] for one in strata)
    repeats = -(-_REPLICATES // size)
    seen = np.zeros(size * repeats)
    made = np.zeros(size * repeats)
    for stratum in strata:
        cells = estimate.table_of.cells(stratum)
        means = _means(estimate, stratum)
        many = np.tile(np.broadcast_to(means, (len(means), size)), repeats)
        counts = rng.poisson(many).astype(float)
        exact = ~cells.limits
        seen += _distance(cells.counts[exact, None], many[exact])
        made += _distance(counts[exact], many[exact])
        found += _compared(stratum, cells, means, counts)
    # Sums in another order are not larger.
    share = float(np.mean(made >= seen * (1 - 1e-12)))
    if any(np.ndim(estimate.predicted[one]) == 2 for one in strata):
        return Predictive(estimate=estimate, cells=tuple(found), discrepancy=share)
    given = estimate.measures.get("df", np.nan)
    df = int(given) if np.isfinite(given) and given >= 0 else None
    distance = float(seen[0])
    p = float(chi2.sf(distance, df)) if df else np.nan
    return Predictive(
        estimate=estimate, cells=tuple(found), discrepancy=p, chi_square=distance, df=df
    )


def _problems(estimate: Any, seed: Any) -> list[str]:
    found = seed_problems(seed)
    if not isinstance(estimate, Estimate):
        return [*found, f"an Estimate is needed; given {shown(estimate)}."]
    strata = [one for one in estimate.table_of.strata if one in estimate.predicted]
    if not strata:
        why = f" (withheld: {estimate.withheld})" if estimate.withheld else ""
        return [
            *found,
            f"{estimate.method} does not say how many people it expects on each overlap{why}, so "
            "that nothing can be compared with what was found.",
        ]
    draws = set()
    for stratum in strata:
        means = np.asarray(estimate.predicted[stratum], dtype=float)
        rows = len(estimate.table_of.cells(stratum).patterns)
        if means.ndim not in (1, 2) or means.shape[0] != rows or means.size == 0:
            found.append(
                f"stratum {stratum!r}: the expected counts must have the shape ({rows},) or "
                f"({rows}, draws); given {means.shape}."
            )
        elif not np.all(np.isfinite(means) & (means >= 0)):
            found.append(f"stratum {stratum!r}: the method has no finite expected counts.")
        if means.ndim == 2:
            draws.add(means.shape[1])
    if len(draws) > 1:
        found.append("strata must have equally many draws of the expected counts.")
    return found


def _means(estimate: Estimate, stratum: str) -> Floats:
    """Return expected counts, shape (cells, draws) or (cells, 1)."""
    means = np.asarray(estimate.predicted[stratum], dtype=float)
    return np.asarray(np.maximum(means if means.ndim == 2 else means[:, None], _FLOOR))


def _distance(counts: Floats, means: Floats) -> Floats:
    return np.asarray(np.sum((counts - means) ** 2 / means, axis=0))


def _compared(stratum: str, cells: Cells, means: Floats, replicates: Floats) -> list[_Cell]:
    from scipy.stats import poisson

    tail = (1 - _PROBABILITY) / 2
    if means.shape[1] == 1:
        low, high = poisson.ppf([[tail], [1 - tail]], means[:, 0])
    else:
        low, high = np.quantile(replicates, [tail, 1 - tail], axis=1, method="inverted_cdf")
    counts = cells.counts[:, None]
    below = poisson.cdf(counts - 1, means) + poisson.pmf(counts, means) / 2
    # The upper tail by itself: one minus the lower one has no small numbers.
    above = poisson.sf(counts, means) + poisson.pmf(counts, means) / 2
    mid_p, upper = below.mean(axis=1), above.mean(axis=1)
    p = np.where(cells.limits, mid_p, np.minimum(1.0, 2 * np.minimum(mid_p, upper)))
    expected = means.mean(axis=1)
    # Of a limit the difference says nothing.
    counted = np.where(cells.limits, np.nan, cells.counts)
    residual = (counted - expected) / np.sqrt(expected + means.var(axis=1))
    return [
        _Cell(
            stratum,
            pattern,
            int(cells.counts[i]),
            bool(cells.limits[i]),
            float(expected[i]),
            float(low[i]),
            float(high[i]),
            float(mid_p[i]),
            float(p[i]),
            float(residual[i]),
        )
        for i, pattern in enumerate(cells.patterns)
    ]


def _holm(p: Floats) -> Floats:
    """Return p-values corrected for their number: Holm, Scand J Statist 1979;6:65."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    made = np.empty(len(p))
    made[order] = np.minimum(stepped, 1.0)
    return np.asarray(made)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
