"""The convergence gate: no interval is shown past a fit that may not have converged."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from funnelest.words import Named, named

__all__ = ["LIMITS", "SIDES", "Gate", "chains_gate", "importance_gate", "measured"]

#: Thresholds: Vehtari et al., Bayesian Analysis 2021;16:667 (R-hat, ESS); Vehtari et al.,
#: JMLR 2024;25(72) (Pareto k-hat); Betancourt, arXiv:1604.00695 (E-BFMI).
R_HAT, ESS, K_HAT, BFMI = 1.01, 400.0, 0.7, 0.3
#: What each measure has to be; those that are not here are only told.
LIMITS = {
    "k-hat": ("below", K_HAT),
    "R-hat": ("below", R_HAT),
    "ESS": ("at least", ESS),
    "bulk ESS": ("at least", ESS),
    "tail ESS": ("at least", ESS),
    "E-BFMI": ("above", BFMI),
    "divergences": ("at most", 0.0),
}
#: How a measure is compared with its limit.
SIDES = {
    "below": operator.lt,
    "above": operator.gt,
    "at least": operator.ge,
    "at most": operator.le,
}


@dataclass(frozen=True)
class Gate:
    """Whether the draws of a fit can be trusted to be draws from the posterior.

    Parameters
    ----------
    engine : str
        "importance", "nuts" or "hmc".
    measures : mapping of str to float
        What was measured.
    failures : tuple of str
        A sentence for each threshold that was not met; those of the library know their Dutch.
    """

    engine: str
    measures: Mapping[str, float]
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every threshold was met."""
        return not self.failures

    @property
    def text(self) -> str:
        """The verdict in a sentence."""
        shown = ", ".join(f"{name} {_shown(value)}" for name, value in self.measures.items())
        if self.passed:
            return f"convergence gate passed ({self.engine}: {shown})"
        return f"convergence gate FAILED ({self.engine}: {'; '.join(self.failures)})"


def _shown(value: float) -> str:
    if value == -np.inf:
        return "none (even weights)"
    if not np.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.4g}"


def importance_gate(k_hat: float, ess: float, tail: float, evaluations: int) -> Gate:
    """Return the verdict on weighted draws."""
    measures = {"k-hat": k_hat, "ESS": ess, "tail ESS": tail, "evaluations": float(evaluations)}
    return _judged("importance", measures)


def measured(draws: Any, energies: Any, divergences: int) -> dict[str, Any]:
    """Return what Markov chains are judged by, as arguments of `chains_gate`.

    Of `draws`, what has to have converged, shape ``(quantities, chains, draws)``, the worst counts;
    energies have the shape ``(chains, draws)``.
    """
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 1, "draw_axis": 2}
    bfmi = np.mean(np.diff(energies, axis=1) ** 2, axis=1) / np.var(energies, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):  # draws that are all the same
        r_hat = array_stats.rhat(draws, **axes)
        bulk = array_stats.ess(draws, **axes, method="bulk")
        tail = array_stats.ess(draws, **axes, method="tail", prob=(0.05, 0.95))
    return {
        "r_hat": float(np.max(r_hat)),
        "ess_bulk": float(np.min(bulk)),
        "ess_tail": float(np.min(tail)),
        "divergences": divergences,
        "bfmi": float(bfmi.min()),
    }


def chains_gate(
    r_hat: float,
    ess_bulk: float,
    ess_tail: float,
    divergences: int,
    bfmi: float,
    *,
    engine: str = "nuts",
    moves: Literal["transitions", "trajectories"] = "transitions",
) -> Gate:
    """Return the verdict on Markov chains; `moves` are those of which none may diverge."""
    measures = {
        "R-hat": r_hat,
        "bulk ESS": ess_bulk,
        "tail ESS": ess_tail,
        "divergences": float(divergences),
        "E-BFMI": bfmi,
    }
    return _judged(engine, measures, moves)


def _judged(engine: str, measures: dict[str, float], moves: str = "") -> Gate:
    failures: list[Named] = []
    for name, (side, limit) in LIMITS.items():
        value = measures.get(name)
        # A measure that is not a number is on no side.
        met = SIDES[side]
        if value is None or met(value, limit):
            continue
        key = moves if name == "divergences" else name
        failures.append(named(f"gate.{key}", value=value, limit=limit))
    return Gate(engine, measures, tuple(failures))
