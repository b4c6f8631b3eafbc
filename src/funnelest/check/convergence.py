"""Whether the engine converged, and how precisely the draws know each quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import Quantity, looked_at, per_draw, problems_of
from funnelest.check.wording import lists
from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.results.intervals import summary_errors
from funnelest.results.precision import shares_of_width
from funnelest.results.result import Result
from funnelest.sampling.errors import Dependence
from funnelest.sampling.gate import LIMITS, SIDES
from funnelest.sampling.weights import PRINTED, equal_tailed, interval_name
from funnelest.verdict import Verdict
from funnelest.words import say

__all__ = ["convergence"]

type Floats = NDArray[np.float64]

_SUBJECT = "the check of convergence"
#: A Monte Carlo error of a limit is coarse when it is more than this part of the interval's width.
_COARSE = 0.05


@entry
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
        (`..._mc_error`), and `coarse`, the largest of the three over the width, on its own scale
        or that of its log (of shares log-odds), where it is less. `details`
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
    2024;25(72)) and 400 effective draws, in the thinnest tail too. There some draws are moved
    along the ridges as well, which leaves a sample of the posterior one: of no tail may the share
    change by more than 4 standard errors, and the weights where they end have a k-hat below 0.7.

    Monte Carlo errors are those of the tables of a result. That of a quantile is the standard error
    of the share of draws below it over the density there, which allows for draws of importance
    sampling that were taken more than once, and for chains that remember.
    """
    raise_if_any(problems_of(result=result, quantities=quantities), _SUBJECT)
    gate, open_ = result.gate, result.despite_failed_gate()
    draws = next((np.size(one) for one in result.draws.values()), 0)
    effective = min(result.effective_draws, gate.measures.get("tail ESS", np.inf)) if draws else 0.0
    measures = [_measure(name, float(value)) for name, value in gate.measures.items()]
    precision = [
        _precision(name, open_.sample_of(per_draw(_SUBJECT, name, function)), result.dependence)
        for name, function in looked_at(result.model, quantities).items()
    ]
    coarse = [row["quantity"] for row in precision if row["coarse"] > _COARSE]
    if gate.known:
        return Verdict(
            check="convergence", passed=True, said=[say("gate.known")],
            rows={"measures": [], "precision": precision},
            details={"gate": gate, "draws": 0, "effective": 0.0},
        )  # fmt: skip
    said = [say("convergence.passed", engine=gate.engine)]
    if not gate.passed:
        said = [
            say("convergence.failed", engine=gate.engine, failures=gate.failures),
            say("convergence.unread"),
        ]
    said.append(say("convergence.worth", draws=draws, effective=effective))
    said += lists("convergence", {"coarse": coarse})
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
    met = SIDES[must](value, limit) if must else None
    return {"measure": name, "value": value, "must_be": must, "limit": limit, "passed": met}


def _precision(name: str, draws: Floats, dependence: Dependence) -> dict[str, Any]:
    row: dict[str, Any] = {"quantity": name}
    errors = summary_errors(draws, PRINTED, dependence)
    for label, value in zip(("low", "median", "high"), equal_tailed(draws, PRINTED), strict=True):
        row |= {label: float(value), f"{label}_mc_error": errors[f"{label}_mc_error"]}
    share = float(shares_of_width(draws[None], PRINTED, dependence)[0])
    return {**row, "interval": interval_name(PRINTED), "coarse": share}
