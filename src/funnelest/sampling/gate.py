"""The convergence gate: no interval is shown past a fit that may not have converged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = [
    "LIMITS",
    "Gate",
    "hmc_gate",
    "importance_gate",
    "nuts_gate",
]

#: Thresholds: Vehtari et al., Bayesian Analysis 2021;16:667 (R-hat, ESS); Vehtari et al.,
#: JMLR 2024;25(72) (Pareto k-hat); Betancourt, arXiv:1604.00695 (E-BFMI).
R_HAT, ESS, K_HAT, BFMI = 1.01, 400.0, 0.7, 0.3
#: What each measure has to be; those that are not here are only told.
LIMITS = {
    "R-hat": ("below", R_HAT),
    "bulk ESS": ("above", ESS),
    "tail ESS": ("above", ESS),
    "ESS": ("above", ESS),
    "k-hat": ("below", K_HAT),
    "E-BFMI": ("above", BFMI),
    "divergences": ("at most", 0.0),
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
        A sentence for each threshold that was not met.
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
    failures = []
    if not k_hat < K_HAT:
        failures.append(f"Pareto k-hat is {k_hat:.2f}, it must be below {K_HAT}")
    if not ess > ESS:
        failures.append(f"the effective sample size is {ess:.0f}, it must be above {ESS:.0f}")
    if not tail > ESS:
        failures.append(
            f"the smallest effective sample size of a tail is {tail:.0f}, it must be above "
            f"{ESS:.0f}"
        )
    measures = {"k-hat": k_hat, "ESS": ess, "tail ESS": tail, "evaluations": float(evaluations)}
    return Gate("importance", measures, tuple(failures))


def nuts_gate(
    r_hat: float, ess_bulk: float, ess_tail: float, divergences: int, bfmi: float
) -> Gate:
    """Return the verdict on Markov chains of the No-U-Turn sampler."""
    return _chains_gate("nuts", "transitions", r_hat, ess_bulk, ess_tail, divergences, bfmi)


def hmc_gate(r_hat: float, ess_bulk: float, ess_tail: float, divergences: int, bfmi: float) -> Gate:
    """Return the verdict on Markov chains of set path lengths: the thresholds are NUTS's.

    Of divergences only those in fine steps count (`lists.computing.hmc.gate_of` says why).
    """
    moves = "trajectories in fine steps"
    return _chains_gate("hmc", moves, r_hat, ess_bulk, ess_tail, divergences, bfmi)


def _chains_gate(
    engine: str,
    moves: str,
    r_hat: float,
    ess_bulk: float,
    ess_tail: float,
    divergences: int,
    bfmi: float,
) -> Gate:
    failures = []
    if not r_hat < R_HAT:
        failures.append(f"the largest R-hat is {r_hat:.4f}, it must be below {R_HAT}")
    for name, value in (("bulk", ess_bulk), ("tail", ess_tail)):
        if not value > ESS:
            failures.append(
                f"the smallest {name} effective sample size is {value:.0f}, it must be above "
                f"{ESS:.0f}"
            )
    if divergences:
        failures.append(f"{divergences} {moves} diverged, none may")
    if not bfmi > BFMI:
        failures.append(f"the smallest E-BFMI is {bfmi:.2f}, it must be above {BFMI}")
    measures = {
        "R-hat": r_hat,
        "bulk ESS": ess_bulk,
        "tail ESS": ess_tail,
        "divergences": float(divergences),
        "E-BFMI": bfmi,
    }
    return Gate(engine, measures, tuple(failures))
