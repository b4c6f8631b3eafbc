"""Whether the engine converged, and how precisely the draws know each quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import Quantity, main_quantities, per_draw, problems_of
from funnelest.errors import raise_if_any
from funnelest.results.result import Result
from funnelest.sampling.gate import LIMITS
from funnelest.sampling.weights import interval_name
from funnelest.verdict import Verdict
from funnelest.words import say

__all__ = ["convergence"]

type Floats = NDArray[np.float64]

_SUBJECT = "the check of convergence"
#: The quantiles whose Monte Carlo errors are given.
_LEVELS = {"median": 0.5, "low": 0.025, "high": 0.975}
#: A Monte Carlo error of a limit is coarse when it is more than this part of the interval's width.
_COARSE = 0.05


def convergence(result: Result, *, quantities: Mapping[str, Quantity] | None = None) -> Verdict:
    """Return whether the engine converged, and how precisely the draws know each quantity.

    Parameters
    ----------
    result : Result
        A fit; one behind a closed gate too.
    quantities : mapping of str to callable, optional
        Name -> ``quantity(q)`` with `q` a `Quantities`. Left out: the number at every step, and
        every transition.

    Returns
    -------
    Verdict
        That of ``result.gate``. Its `table` has one row per measure: the `value`, what it
        `must_be`, the `limit`, and whether it `passed` (missing for what is only told, such as the
        number of evaluations). ``tables["precision"]`` has one row per quantity: `median`, `low`
        and `high` of its 95% equal-tailed `interval`, each with its Monte Carlo standard error
        (`..._mc_error`), and `coarse`, the larger of those of the limits over the width. `details`
        holds the `gate`, the number of `draws`, and the `effective` number of independent ones
        that the engine claims, at most their number.

    Raises
    ------
    SpecError
        With every problem of the arguments.

    Notes
    -----
    Thresholds: R-hat below 1.01 and at least 400 effective draws, in bulk and tails (Vehtari et
    al., Bayesian Analysis 2021;16:667), no divergence, E-BFMI above 0.3 (Betancourt,
    arXiv:1604.00695); of importance sampling Pareto k-hat below 0.7 (Vehtari et al., JMLR
    2024;25(72)) and 400 effective draws, in the thinnest tail too.

    The Monte Carlo error of a quantile p is ``sqrt(p (1 - p) / n) / f``, with n the effective
    number of draws and f the density there, by differences of quantiles.
    """
    raise_if_any(problems_of(result=result, quantities=quantities), _SUBJECT)
    gate, open_ = result.gate, result.despite_failed_gate()
    draws = next((np.size(one) for one in result.draws.values()), 0)
    effective = min(result.effective_draws, gate.measures.get("tail ESS", np.inf)) if draws else 0.0
    measures = [_measure(name, float(value)) for name, value in gate.measures.items()]
    precision = [
        _precision(name, open_.sample_of(per_draw(_SUBJECT, f"quantity {name!r}", function)),
                   effective)
        for name, function in (quantities or main_quantities(result.model)).items()
    ]  # fmt: skip
    coarse = [row["quantity"] for row in precision if row["coarse"] > _COARSE]
    said = [say("convergence.passed", engine=gate.engine)]
    if not gate.passed:
        said = [
            say("convergence.failed", engine=gate.engine, failures=gate.failures),
            say("convergence.unread"),
        ]
    said.append(say("convergence.worth", draws=draws, effective=effective))
    if coarse:
        said.append(say("convergence.coarse", names=coarse))
    return Verdict(
        check="convergence",
        passed=gate.passed,
        said=[*said, say("convergence.limit")],
        marked="" if gate.passed else say("convergence.mark"),
        rows={"measures": measures, "precision": precision},
        details={"gate": gate, "draws": int(draws), "effective": float(effective)},
    )


def _measure(name: str, value: float) -> dict[str, Any]:
    must, limit = LIMITS.get(name, ("", np.nan))
    met = {"below": value < limit, "above": value > limit, "at most": value <= limit}.get(must)
    return {"measure": name, "value": value, "must_be": must, "limit": limit, "passed": met}


def _precision(name: str, draws: Floats, effective: float) -> dict[str, Any]:
    row: dict[str, Any] = {"quantity": name}
    for label, p in _LEVELS.items():
        row[label] = float(np.quantile(draws, p))
        row[f"{label}_mc_error"] = _quantile_error(draws, p, effective)
    width = row["high"] - row["low"]
    worst = max(row["low_mc_error"], row["high_mc_error"])
    row |= {"interval": interval_name(0.95), "coarse": worst / width if width > 0 else 0.0}
    return row


def _quantile_error(draws: Floats, p: float, effective: float) -> float:
    """Return the Monte Carlo standard error of a quantile.

    The quantiles one standard error of p away on both sides span two of the error sought: that
    is the density by differences, without a bandwidth to choose.
    """
    if effective < 2:
        return np.nan
    step = np.sqrt(p * (1 - p) / effective)
    low, high = np.quantile(draws, np.clip([p - step, p + step], 0.0, 1.0))
    return float((high - low) / 2)
