"""The convergence gate: no interval is shown past a fit that may not have converged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LIMITS",
    "Gate",
    "hmc_gate",
    "importance_gate",
    "nuts_gate",
    "pareto_smooth",
    "tail_size",
]

type Floats = NDArray[np.float64]

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


def pareto_smooth(log_weights: Floats) -> tuple[Floats, float]:
    """Return smoothed, normalised weights and the Pareto k-hat of their tail.

    Pareto-smoothed importance sampling, Vehtari et al., JMLR 2024;25(72), by ArviZ.
    """
    from arviz_stats.base import array_stats

    # Below this a weight is zero to every digit; ArviZ wants finite logarithms.
    ratios = np.maximum(log_weights - log_weights.max(), -700.0)
    tail = np.partition(ratios, -20)[-20:] if len(ratios) > 20 else ratios
    if np.ptp(tail) == 0:  # the largest weights are all alike: there is no tail to smooth
        weights, k_hat = np.exp(ratios), -np.inf
    else:
        # ArviZ takes log-likelihoods, whose negatives are the log-weights of leave-one-out.
        with np.errstate(over="ignore"):  # of a shape beyond all use
            smoothed, k_hat = array_stats.psislw(-ratios)
        if not np.isfinite(smoothed).all():
            smoothed, k_hat = ratios, np.inf
        weights = np.exp(smoothed - np.max(smoothed))
    return weights / weights.sum(), float(k_hat)


def tail_size(points: Floats, weights: Floats) -> float:
    """Return the smallest effective number of draws for a 5% or 95% quantile of any parameter.

    Where the weights are larger in the tails, fewer draws carry a tail than carry the mean. For
    the event A below a quantile with probability p, ``p (1 - p) / sum(w**2 (1_A - p)**2)``: the
    number of independent draws that would know p as well.

    Parameters
    ----------
    points : ndarray
        Shape ``(parameters, draws)``.
    weights : ndarray
        Normalised, shape ``(draws,)``.
    """
    smallest = np.inf
    for row in points:
        ordered = weights[np.argsort(row, kind="stable")]
        below = np.cumsum(ordered)
        for wanted in (0.05, 0.95):
            last = min(int(np.searchsorted(below, wanted)), len(below) - 2)
            p = below[last]
            spread = (1 - p) ** 2 * np.sum(ordered[: last + 1] ** 2)
            spread += p**2 * np.sum(ordered[last + 1 :] ** 2)
            # No spread: all of the weight is that of one draw.
            smallest = min(smallest, p * (1 - p) / spread if spread > 0 else 1.0)
    return float(smallest)


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
