"""Whether a method reproduces the overlaps that it was given: posterior predictive check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.fields import seed_problems
from funnelest.lists.estimate import Estimate
from funnelest.lists.table.cells import Cells
from funnelest.lists.table.problems import shown
from funnelest.sampling.weights import discrete_quantiles, levels_of
from funnelest.verdict import Compared, Verdict
from funnelest.words import Sentence, say

__all__ = ["predictive"]

type Floats = NDArray[np.float64]

#: Levels of the predictive intervals; what is less likely is named, so many.
_LEVELS, _LEAST, _NAMED = levels_of(0.95), 0.05, 5
#: Replicates at least; expected counts below the floor are as good as impossible.
_REPLICATES, _FLOOR = 10_000, 1e-9


@entry
def predictive(estimate: Estimate, seed: int = 1) -> Verdict:
    r"""Compare every overlap with what the method expects of it.

    Parameters
    ----------
    estimate : Estimate
        An estimate with `predicted`.
    seed : int, default 1
        Seed of the replicated tables.

    Returns
    -------
    Verdict
        It passed where no overlap and not the whole table is further off than chance explains:
        the corrected p of every overlap, and that of the table, are at least 0.05. `found` has
        every overlap (`Compared`). `details` has the `estimate`; the `discrepancy`, the
        probability of a table that is at least as far from what is expected as this one, NaN where
        the table as a whole cannot be tested; and of a fit Pearson's `chi_square` with its degrees
        of freedom `df` (None with draws, and where the method does not say).

        The table has one row per overlap, in the order of the overlap table: `people` found and
        `expected`; the 95% predictive interval; `mid_p`, the chance of fewer people and half that
        of as many; `p`, two-sided, and `adjusted` for the number of overlaps (Holm); `residual`,
        the difference over the predictive standard deviation (none of a limit); `limit`, whether
        the number found is only an upper limit (only expecting more is then amiss); `reproduced`,
        whether the adjusted p is at least 0.05.

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
    raise_if_any(_problems(estimate, seed), "the predictive check")
    rng = np.random.default_rng(seed)
    table = estimate.table_of
    rows: list[dict[str, Any]] = []
    # Discrepancies of counts and of replicates add up over strata, replicate by replicate.
    strata = [one for one in table.strata if one in estimate.predicted]
    means = {one: _means(estimate.predicted[one]) for one in strata}
    size = max(one.shape[1] for one in means.values())
    repeats = -(-_REPLICATES // size)
    seen, made = np.zeros((2, size * repeats))
    for stratum in strata:
        cells = table.cells(stratum)
        many = np.tile(np.broadcast_to(means[stratum], (len(means[stratum]), size)), repeats)
        counts = rng.poisson(many).astype(float)
        exact = ~cells.limits
        seen += _distance(cells.counts[exact, None], many[exact])
        made += _distance(counts[exact], many[exact])
        rows += _rows(stratum, cells, means[stratum], counts)
    for row, adjusted in zip(rows, _holm(np.array([row["p"] for row in rows])), strict=True):
        row |= {"adjusted": adjusted, "reproduced": bool(adjusted >= _LEAST)}
    # Sums in another order are not larger.
    share = float(np.mean(made >= seen * (1 - 1e-12)))
    distance, df = np.nan, None
    if not any(np.ndim(estimate.predicted[one]) == 2 for one in strata):
        given = estimate.measures.get("df", np.nan)
        df = int(given) if np.isfinite(given) and given >= 0 else None
        distance, share = float(seen[0]), _of_fit(float(seen[0]), df)
    off = sorted((one for one in rows if not one["reproduced"]), key=lambda one: one["adjusted"])
    whole = _whole(rows, share, distance, df)
    left = ["mid_p", "p", "adjusted", "residual", *(["limit"] if table.upper else []), "reproduced"]
    columns = [*(["stratum"] if table.stratified else []), "overlap", "pattern", "people",
               "expected", "low", "high", "interval", *left]  # fmt: skip
    for row in rows:
        row["overlap"] = table.named(row["pattern"])
    failed = bool(off) or share < _LEAST
    return Verdict(
        check="predictive",
        passed=not failed,
        said=_said(estimate, rows, off, whole),
        marked=say("lists.predictive.mark", of=estimate.method) if failed else "",
        rows={"overlaps": [{name: row[name] for name in columns} for row in rows]},
        found=tuple(_compared(estimate, row) for row in rows),
        details={"estimate": estimate, "discrepancy": share, "chi_square": distance, "df": df},
        printed=(),
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


def _means(predicted: Any) -> Floats:
    """Return expected counts, shape (cells, draws) or (cells, 1)."""
    means = np.asarray(predicted, dtype=float)
    return np.asarray(np.maximum(means if means.ndim == 2 else means[:, None], _FLOOR))


def _distance(counts: Floats, means: Floats) -> Floats:
    return np.asarray(np.sum((counts - means) ** 2 / means, axis=0))


def _of_fit(distance: float, df: int | None) -> float:
    from scipy.stats import chi2

    return float(chi2.sf(distance, df)) if df else np.nan


def _rows(stratum: str, cells: Cells, means: Floats, replicates: Floats) -> list[dict[str, Any]]:
    from scipy.stats import poisson

    if means.shape[1] == 1:
        low, median, high = poisson.ppf(np.array(_LEVELS)[:, None], means[:, 0])
    else:
        low, median, high = discrete_quantiles(replicates, _LEVELS, axis=1)
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
    numbers = {"expected": expected, "low": low, "median": median, "high": high, "mid_p": mid_p,
               "upper": upper, "p": p, "residual": residual}  # fmt: skip
    return [
        {
            "stratum": stratum,
            "pattern": pattern,
            "people": int(cells.counts[i]),
            "limit": bool(cells.limits[i]),
            "interval": "95% predictive",
            **{name: float(one[i]) for name, one in numbers.items()},
        }
        for i, pattern in enumerate(cells.patterns)
    ]


def _compared(estimate: Estimate, row: dict[str, Any]) -> Compared:
    words = estimate.table_of.in_words(row["pattern"])
    return Compared(
        source=estimate.method,
        of=f"{words}, {row['stratum']}" if estimate.table_of.stratified else words,
        figure=f"{row['people']:,}",
        limit="at most" if row["limit"] else "",
        value=float(row["people"]),
        # Of a limit twice this is the probability that it holds.
        mid_p=row["p"] / 2 if row["limit"] else row["upper"],
        mc_error=0.0,
        **{name: row[name] for name in ("median", "low", "high", "residual")},
    )


def _holm(p: Floats) -> Floats:
    """Return p-values corrected for their number: Holm, Scand J Statist 1979;6:65."""
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    made = np.empty(len(p))
    made[order] = np.minimum(stepped, 1.0)
    return np.asarray(made)


# ------------------------------------------------------------------- in words


def _said(
    estimate: Estimate,
    rows: Sequence[dict[str, Any]],
    off: Sequence[dict[str, Any]],
    whole: Sentence,
) -> list[Sentence]:
    """Return which overlaps the method does not reproduce, the worst first."""
    table, more = estimate.table_of, len(off) - _NAMED
    key = f"lists.predictive.{'off' if off else 'all'}"
    said = [say(key, of=estimate.method, n=len(off), count=len(rows))]
    for row in off[:_NAMED]:
        where = say(f"lists.predictive.{'in' if table.stratified else 'on'}", **row)
        size = "about" if row["expected"] >= 10 else "few"
        most = say("lists.predictive.at_most") if row["limit"] else ""
        told = {"expected": say(f"lists.{size}", n=row["expected"]), "most": most, "where": where}
        said.append(say("lists.predictive.one", n=row["people"], **{**row, **told}))
    said += [say("lists.predictive.more", n=more)] if more > 0 else []
    said += [whole, say("lists.predictive.hidden")]
    absent = [one for one in table.strata if one not in {row["stratum"] for row in rows}]
    said += [say("lists.predictive.absent", names=absent)] if absent else []
    said += [say("lists.predictive.withheld", why=estimate.reason)] if estimate.withheld else []
    return said


def _whole(rows: Sequence[dict[str, Any]], p: float, distance: float, df: int | None) -> Sentence:
    """Return whether the table as a whole is reproduced."""
    is_fit = np.isfinite(distance)
    if np.isnan(p):
        return say(f"lists.predictive.untested_{'df' if df is None else 'full'}")
    key = f"lists.predictive.{'whole' if p >= _LEAST else 'not_whole'}"
    if is_fit:
        small = sum(row["expected"] < 5 for row in rows if not row["limit"])
        rough = say("lists.predictive.rough", count=small) if small else ""
        how = say("lists.predictive.fit", chi_square=distance, n=df, p=p, rough=rough)
    else:
        size = "draws" if 100 * p >= 10 else "few_draws" if p else "no_draws"
        how = say(f"lists.predictive.{size}", share=100 * p, least=100 / _REPLICATES)
    return say(key, how=how)
