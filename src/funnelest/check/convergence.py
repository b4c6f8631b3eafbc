"""Whether the engine converged, and how precisely the draws know each quantity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import main_quantities, per_draw, quantity_problems
from funnelest.errors import raise_if_any
from funnelest.quantities.quantities import Quantities
from funnelest.results.result import Result
from funnelest.sampling.gate import LIMITS, Gate

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Convergence", "convergence"]

type Floats = NDArray[np.float64]

_SUBJECT = "the check of convergence"
#: Ends of the interval whose Monte Carlo errors are given.
_LOW, _HIGH = 0.025, 0.975
#: A Monte Carlo error of a limit is coarse when it is more than this part of the interval's width.
_COARSE = 0.05


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Convergence:
    """The verdict of the convergence gate, measure by measure.

    Parameters
    ----------
    gate : Gate
        The verdict.
    draws : mapping of str to ndarray
        Quantity -> its draws, shape ``(draws,)``.
    effective : float
        Effective number of independent draws that the engine claims, at most their number.
    draws_made : int
        Number of draws of the result.
    """

    gate: Gate
    draws: Mapping[str, Floats] = field(repr=False)
    effective: float
    draws_made: int

    @property
    def passed(self) -> bool:
        """Whether every threshold was met."""
        return self.gate.passed

    @property
    def headline(self) -> str:
        """The verdict in a sentence."""
        if self.passed:
            return f"The engine ({self.gate.engine}) converged: every threshold is met."
        return (
            f"The engine ({self.gate.engine}) may not have converged: "
            f"{'; '.join(self.gate.failures)}."
        )

    @property
    def mark(self) -> str:
        """What tables and figures carry; empty when it passed."""
        return "" if self.passed else "CONVERGENCE GATE FAILED"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per measure: its `value`, what it `must_be`, the `limit`, and whether it passed.

        `passed` is missing for what is only told, such as the number of evaluations.
        """
        import pandas as pd

        rows = []
        for name, value in self.gate.measures.items():
            must, limit = LIMITS.get(name, ("", np.nan))
            met = {"below": value < limit, "above": value > limit, "at most": value <= limit}
            rows.append(
                {
                    "measure": name,
                    "value": float(value),
                    "must_be": must,
                    "limit": limit,
                    "passed": met.get(must),
                    "mark": self.mark,
                }
            )
        made = pd.DataFrame(rows)
        return made.assign(passed=pd.array([row["passed"] for row in rows], dtype="boolean"))

    @cached_property
    def precision(self) -> pd.DataFrame:
        """One row per quantity: how precisely the draws know its interval.

        `median`, `low` and `high` of the 95% equal-tailed `interval`, each with its Monte Carlo
        standard error (`..._mc_error`), and `coarse`: the largest of the errors of the limits
        over the width. The error of a quantile p is ``sqrt(p (1 - p) / n) / f``, with n the
        effective number of draws and f the density there (by differences of quantiles).
        """
        import pandas as pd

        rows = []
        for name, draws in self.draws.items():
            row: dict[str, Any] = {"quantity": name}
            for label, p in (("median", 0.5), ("low", _LOW), ("high", _HIGH)):
                row[label] = float(np.quantile(draws, p))
                row[f"{label}_mc_error"] = _quantile_error(draws, p, self.effective)
            width = row["high"] - row["low"]
            worst = max(row["low_mc_error"], row["high_mc_error"])
            rows.append(
                {
                    **row,
                    "interval": "95% equal-tailed",
                    "coarse": worst / width if width > 0 else 0.0,
                    "mark": self.mark,
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def text(self) -> str:
        """What was found, in plain sentences."""
        said = [self.headline]
        if not self.passed:
            said.append(
                "The draws may not be draws from the posterior: no interval should be read. Fit "
                "again with more draws or the other engine."
            )
        said.append(
            f"{self.draws_made:,} draws, worth {self.effective:,.0f} independent ones at the least."
        )
        coarse = self.precision[self.precision["coarse"] > _COARSE]["quantity"].tolist()
        if coarse:
            said.append(
                f"The limits of {', '.join(coarse)} are known to no more than a twentieth of their "
                "interval: take more draws before you print more than two digits."
            )
        said.append(
            "The gate sees what the engine met: a part of the posterior that it never came to "
            "leaves no trace. Another seed, or the other engine, is the test of that."
        )
        return " ".join(said)

    def __repr__(self) -> str:
        shown = self.table.drop(columns="mark")
        return f"{self.text}\n{shown.to_string(index=False, na_rep='')}"


def convergence(
    result: Result,
    *,
    quantities: Mapping[str, Callable[[Quantities], Any]] | None = None,
) -> Convergence:
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
    Convergence
        Its verdict is that of ``result.gate``.

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
    """
    raise_if_any(
        ([] if isinstance(result, Result) else [f"result must be a Result; given {result!r}."])
        + quantity_problems(quantities),
        _SUBJECT,
    )
    open_ = result.despite_failed_gate()
    wanted = main_quantities(result.model) if quantities is None else quantities
    made = next((np.size(one) for one in result.draws.values()), 0)
    tail = result.gate.measures.get("tail ESS", np.inf)
    return Convergence(
        gate=result.gate,
        draws={
            name: np.asarray(open_.sample_of(per_draw(_SUBJECT, f"quantity {name!r}", function)))
            for name, function in wanted.items()
        },
        effective=float(min(result.effective_draws, tail)) if made else 0.0,
        draws_made=int(made),
    )


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
