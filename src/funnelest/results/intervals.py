"""Intervals of draws, that name their probability and kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.fields import is_number, one_of
from funnelest.sampling.errors import Copies, Dependence, mean_errors, quantile_errors
from funnelest.sampling.weights import equal_tailed, levels_of
from funnelest.words.digits import ANY

__all__ = [
    "COLUMNS",
    "ENDS",
    "ERRORS",
    "beside_others",
    "beside_prior",
    "ends_of",
    "errors_left_out",
    "errors_of",
    "interval_problems",
    "known_of",
    "summary",
    "summary_errors",
]

type Floats = NDArray[np.float64]

#: Columns of the Monte Carlo errors of a summary.
ERRORS = ("mean_mc_error", "median_mc_error", "low_mc_error", "high_mc_error")
#: Columns of the smallest and the largest of the draws.
ENDS = ("least", "most")
#: Columns of a table of results behind the labels of its rows.
COLUMNS = ("mean", "median", "sd", "low", "high", "interval", *ERRORS, *ENDS,
           *(f"prior_{of}{end}" for end in ("", "_mc_error") for of in ("median", "low", "high")),
           "basis", "mark")  # fmt: skip
KIND = one_of("equal-tailed", "highest-density")


def errors_of(row: Mapping[str, Any], of: str = "") -> tuple[float, float, float]:
    """Return the Monte Carlo errors of median and limits of a row, or of its ``prior_`` ones."""
    middle, low, high = (row[f"{of}{one}_mc_error"] for one in ("median", "low", "high"))
    return middle, low, high


def ends_of(row: Mapping[str, Any]) -> tuple[float, float]:
    """Return the smallest and the largest draw of a row of a table, between which it is printed.

    Those of a table that does not have them are not known.
    """
    least, most = (row.get(name) for name in ENDS)
    if least is None or most is None:  # tables of checks name other things by one of the two
        return ANY
    return least, most


def known_of(row: Mapping[str, Any], name: str) -> tuple[float | None, tuple[float, float]]:
    """Return the error of a number of a row, None where it has none, and the ends it lies within.

    The ends are those of the draws of the posterior: of the numbers that summarise these.
    """
    error = f"{name}_mc_error"
    return row.get(error), ends_of(row) if error in ERRORS else ANY


def beside_others(names: Sequence[str]) -> set[str]:
    """Return which columns say how well others are known: errors of columns, ends of the draws."""
    errors = {f"{name}_mc_error" for name in names} & set(names)
    # Both of them: tables of checks name other things by one of the two.
    return errors | (set(ENDS) if errors and set(ENDS) <= set(names) else set())


def errors_left_out(names: Sequence[str]) -> list[str]:
    """Return why a table of results with these columns cannot be printed as far as it is known.

    It is one of results where it has errors of some of its numbers, or a median and its basis:
    tables of methods without draws have a basis too.
    """
    numbers = [name for name in COLUMNS if f"{name}_mc_error" in COLUMNS]
    drawn = {"median", "basis"} <= set(names)
    if not drawn and not {f"{name}_mc_error" for name in numbers} & set(names):
        return []
    bare = [name for name in numbers if name in names and f"{name}_mc_error" not in names]
    if not bare:
        return []
    beside = ", ".join(f"{name}_mc_error" for name in bare)
    return [
        f"the table has {', '.join(bare)} without how well draws tell it: keep {beside} beside it, "
        "which is not printed, or leave the number out."
    ]


def interval_problems(probability: object, kind: object = "equal-tailed") -> list[str]:
    """Return why there is no such interval, one sentence each."""
    found = []
    if not (is_number(probability) and 0 < probability < 1):  # type: ignore[operator]
        found.append(f"probability must lie between 0 and 1; given {probability!r}.")
    return found + KIND.said("kind", kind)


def summary(draws: Floats, probability: float, kind: str = "equal-tailed") -> dict[str, float]:
    """Return mean, median, standard deviation and interval of draws."""
    low, median, high = equal_tailed(draws, probability)
    if kind == "highest-density":
        from arviz_stats.base import array_stats

        low, high = array_stats.hdi(np.asarray(draws), prob=probability)
    return {
        "mean": float(np.mean(draws)),
        "median": float(median),
        "sd": float(np.std(draws)),
        "low": float(low),
        "high": float(high),
    }


def beside_prior(draws: Floats, probability: float, kind: str) -> dict[str, float]:
    """Return the columns of the prior: median, limits, and their Monte Carlo errors."""
    found = summary(draws, probability, kind)
    found |= summary_errors(draws, probability, Copies(), kind)
    return {name: found[name.removeprefix("prior_")] for name in COLUMNS if "prior_" in name}


def summary_errors(
    draws: Floats, probability: float, dependence: Dependence, kind: str = "equal-tailed"
) -> dict[str, float]:
    """Return the Monte Carlo standard errors of mean, median and both limits of draws.

    Limits of highest density are no quantiles at a given level: theirs is not known.
    """
    row = np.asarray(draws)[None]
    low, median, high = quantile_errors(row, levels_of(probability), dependence)[:, 0]
    if kind == "highest-density":
        low = high = np.nan
    found = (mean_errors(row, dependence)[0], median, low, high)
    return dict(zip(ERRORS, map(float, found), strict=True))
