"""Printed figures beside what is expected of them: what conflict and posterior_predictive share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import result_problems
from funnelest.results.printed_anew import Replicated
from funnelest.results.result import Result
from funnelest.sampling.errors import sized_errors
from funnelest.sampling.weights import discrete_quantiles, interval_name, levels_of
from funnelest.verdict import Compared
from funnelest.words import Sentence, named, say

__all__ = [
    "UNLIKELY", "asked_problems", "at_least", "columns", "compared", "known", "lie", "sources_of",
    "told",
]  # fmt: skip

type Floats = NDArray[Any]

#: Columns of the Monte Carlo errors of what is predicted.
_ERRORS = ("predicted_mc_error", "low_mc_error", "high_mc_error")
#: So improbable must it be, by chance alone, that so many figures are far out.
UNLIKELY = 0.01


def asked_problems(*, draws: Any, **given: Any) -> list[str]:
    """Return what is wrong with arguments of both checks, one sentence each."""
    found = result_problems(draws=400 if draws is None else draws, **given)
    result = given["result"]
    bare = isinstance(result, Result) and not result.model.evidence
    return [*found, "the model has no sources."] if bare else found


def compared(
    source: str,
    part: Replicated,
    basis: str,
    probability: float,
    *,
    effective: float,
    weights: Floats | None = None,
) -> Compared:
    """Return a figure beside what was made up in its place; NaN where a draw has no mid-p.

    `effective` is the number of independent draws, 0 where there are none to compare with.
    """
    low = median = high = mid_p = error = np.nan
    errors = np.full(3, np.nan)
    if effective and np.isfinite(part.mid).all():
        # The limits of the interval are figures that may be printed, not numbers between them.
        low, median, high = discrete_quantiles(part.numbers, levels_of(probability), weights)
        mean = np.average(part.mid, weights=weights)
        mid_p = np.clip(mean, 0, 1)
        error = np.sqrt(np.average((part.mid - mean) ** 2, weights=weights) / effective)
        errors = sized_errors(part.numbers, levels_of(probability), effective, weights)
    return Compared(
        source=source, of=part.of, figure=part.figure, limit=part.limit, value=part.value,
        median=float(median), low=float(low), high=float(high), mid_p=float(mid_p),
        mc_error=float(error), basis=basis, errors=tuple(errors[[1, 0, 2]].tolist()),
    )  # fmt: skip


def known(figures: Sequence[Compared]) -> list[Compared]:
    """Return the figures of which a mid-p is known."""
    return [one for one in figures if not np.isnan(one.mid_p)]


def at_least(count: int, of: int, probability: float) -> float:
    """Return the binomial probability of at least `count`."""
    from scipy.stats import binom

    return float(binom.sf(count - 1, of, probability)) if of else 1.0


def sources_of(some: Sequence[Compared], among: Sequence[Compared]) -> tuple[str, ...]:
    """Return the names of the sources of some figures, in the order of all."""
    names = {one.source for one in some}
    return tuple(dict.fromkeys(one.source for one in among if one.source in names))


def columns(one: Compared, probability: float) -> dict[str, Any]:
    """Return the columns that tables of figures begin with."""
    return {
        "source": one.source,
        "of": one.of,
        "figure": one.figure,
        "predicted": one.median,
        "low": one.low,
        "high": one.high,
        "interval": named("word.predictive", interval=interval_name(probability)),
        "mid_p": one.mid_p,
        "mid_p_mc_error": one.mc_error,
        **dict(zip(_ERRORS, one.errors, strict=True)),
    }


def told(check: str, one: Compared) -> Sentence:
    """Return where a figure that is far out lies, in the words of a check."""
    side = "holds" if one.limit else "is_high" if one.mid_p < 0.5 else "is_low"
    median, low, high = one.three.told
    return say(f"{check}.{side}", name=one.name, figure=one.figure, median=median, low=low,
               high=high, mid_p=one.mid_p, p=one.p)  # fmt: skip


def lie(check: str, count: int, of: int, level: float) -> Sentence:
    """Return how many figures are far out, of how many, in the words of a check."""
    lie = "lie" if count else "lies_none"
    key = f"{check}.{lie}_single" if of == 1 else f"{check}.{lie}"
    where = say(f"{check}.where", level=100 * level, chance=level * of)
    return say(key, n=count, of=of, where=where)
