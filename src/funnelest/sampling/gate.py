"""The convergence gate: no interval is shown past a fit that may not have converged."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest.sampling.weights import PRINTED, levels_of
from funnelest.words import Language, Named, named

__all__ = [
    "ARRIVED",
    "COARSE",
    "LEFT",
    "LIMITS",
    "MC_ERROR",
    "MOVED",
    "SHIFT",
    "SIDES",
    "THIN",
    "Gate",
    "chains_gate",
    "importance_gate",
    "joined_gate",
    "known_gate",
    "least_mixed",
    "measured",
]

#: Thresholds: Vehtari et al., Bayesian Analysis 2021;16:667 (R-hat, ESS); Vehtari et al.,
#: JMLR 2024;25(72) (Pareto k-hat); Betancourt, arXiv:1604.00695 (E-BFMI).
R_HAT, ESS, K_HAT, BFMI = 1.01, 400.0, 0.7, 0.3
#: The largest Monte Carlo standard error of a printed number, as a share of its interval's width:
#: the measure, and what is no limit to be printed any more.
MC_ERROR, COARSE = "Monte Carlo error", 0.1
#: How much the tails of a sample change when its draws are moved, in standard errors of that, of
#: all tails the most; and the shape of the weights where the draws end.
SHIFT, MOVED = "tail shift", "k-hat after moves"
_SHIFTED = 4.0
#: Share of the posterior that lies where the proposal is thin, as draws that were moved show it;
#: and how much that may be: a fifth of a tail beyond a printed limit.
THIN, _THIN = "in thin places", 0.005
#: Which part of the draws in a tail left it when they were moved, of the tail that fewest left;
#: where hardly any do, as on a long thin parabola, the moves show nothing of what lies beyond. Of
#: parabolas with right limits 15 to 27% do, of such with wrong ones 0 to 8%.
LEFT, _LEFT = "tails left", 0.1
#: Share of the draws of which the climb to the ridge ended on it; the others only cost efficiency.
ARRIVED = "climbs arrived"
#: What each measure has to be; those that are not here are only told.
LIMITS = {
    "k-hat": ("below", K_HAT),
    "R-hat": ("below", R_HAT),
    "ESS": ("at least", ESS),
    "bulk ESS": ("at least", ESS),
    "tail ESS": ("at least", ESS),
    "E-BFMI": ("above", BFMI),
    "divergences": ("at most", 0.0),
    SHIFT: ("at most", _SHIFTED),
    MOVED: ("below", K_HAT),
    THIN: ("at most", _THIN),
    LEFT: ("at least", _LEFT),
    MC_ERROR: ("at most", COARSE),
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
        "importance" or "hmc"; "none" where nothing is unknown, so that there are no draws.
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
    def known(self) -> bool:
        """Whether nothing was unknown: there are no draws to be judged."""
        return self.engine == "none"

    @property
    def coarse(self) -> bool:
        """Whether nothing failed but the Monte Carlo error: more draws are all it needs."""
        others = tuple(name for name in LIMITS if name != MC_ERROR)
        return not self.passed and not _failures(self.measures, others)

    @property
    def text(self) -> str:
        """The verdict in a sentence."""
        if self.known:
            return Language("en")("gate.known")
        shown = ", ".join(f"{name} {_shown(value)}" for name, value in self.measures.items())
        if self.passed:
            return f"convergence gate passed ({self.engine}: {shown})"
        return f"convergence gate FAILED ({self.engine}: {'; '.join(self.failures)})"

    def with_measures(self, more: Mapping[str, float]) -> Gate:
        """Return the verdict with more measures, in place of earlier ones of these names."""
        others = [one for one in self.failures if one not in _failures(self.measures, tuple(more))]
        measures = {**self.measures, **more}
        return Gate(self.engine, measures, (*others, *_failures(measures, tuple(more))))


def _shown(value: float) -> str:
    if value == -np.inf:
        return "none (even weights)"
    if not np.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.4g}"


def known_gate() -> Gate:
    """Return the verdict on a model in which nothing is unknown."""
    return Gate("none", {}, ())


def importance_gate(k_hat: float, ess: float, tail: float, evaluations: int) -> Gate:
    """Return the verdict on weighted draws."""
    measures = {"k-hat": k_hat, "ESS": ess, "tail ESS": tail, "evaluations": float(evaluations)}
    return _judged("importance", measures)


def measured(draws: Any, energies: Any, divergences: int) -> dict[str, Any]:
    """Return what Markov chains are judged by, as arguments of `chains_gate`.

    Of `draws`, what has to have converged, shape ``(quantities, chains, draws)``, the worst counts;
    energies have the shape ``(chains, draws)``.
    """
    bfmi = np.mean(np.diff(energies, axis=1) ** 2, axis=1) / np.var(energies, axis=1)
    mixing = dict(zip(("r_hat", "ess_bulk", "ess_tail"), _mixing(draws), strict=True))
    return {**mixing, "divergences": divergences, "bfmi": float(bfmi.min())}


def _mixing(draws: Any) -> tuple[float, float, float]:
    """Return the worst R-hat, bulk and tail effective sizes."""
    from arviz_stats.base import array_stats

    axes = {"chain_axis": 1, "draw_axis": 2}
    with np.errstate(divide="ignore", invalid="ignore"):  # draws that are all the same
        r_hat = array_stats.rhat(draws, **axes)
        bulk = array_stats.ess(draws, **axes, method="bulk")
        tail = array_stats.ess(draws, **axes, method="tail", prob=levels_of(PRINTED)[::2])
    return float(np.max(r_hat)), float(np.min(bulk)), float(np.min(tail))


def least_mixed(draws: Mapping[str, Any]) -> str:
    """Return the name of the draws, ``(chains, draws)``, of which R-hat is largest."""
    from arviz_stats.base import array_stats

    r_hat = array_stats.rhat(np.stack(list(draws.values())), chain_axis=1, draw_axis=2)
    return list(draws)[int(np.argmax(r_hat))]


def joined_gate(gates: Sequence[Gate], sizes: Sequence[int], draws: Any) -> Gate:
    """Return the verdict on several samples of one posterior, made by the same engine.

    Of `sizes` draws each, and all together `draws` of shape ``(quantities, chains, draws)``. Chains
    are judged anew; of weighted draws the worst k-hat counts, and an effective size is that of the
    mean of all draws: each sample's variance counts by the square of its part.
    """
    if gates[0].engine != "importance":
        divergences, bfmi = (
            [one.measures[name] for one in gates] for name in ("divergences", "E-BFMI")
        )
        return chains_gate(*_mixing(draws), int(sum(divergences)), min(bfmi))
    parts = np.asarray(sizes) / np.sum(sizes)
    k_hat, evaluations, *effective = (
        np.array([one.measures[name] for one in gates])
        for name in ("k-hat", "evaluations", "ESS", "tail ESS")
    )
    ess, tail = (float(1 / np.sum(parts**2 / one)) for one in effective)
    made = importance_gate(float(np.max(k_hat)), ess, tail, int(evaluations.sum()))
    worst = {
        name: choose(found)
        for name, choose in ((SHIFT, max), (MOVED, max), (THIN, max), (LEFT, min), (ARRIVED, min))
        if (found := [one.measures[name] for one in gates if name in one.measures])
    }
    return made.with_measures(worst)


def chains_gate(
    r_hat: float,
    ess_bulk: float,
    ess_tail: float,
    divergences: int,
    bfmi: float,
) -> Gate:
    """Return the verdict on Markov chains."""
    measures = {
        "R-hat": r_hat,
        "bulk ESS": ess_bulk,
        "tail ESS": ess_tail,
        "divergences": float(divergences),
        "E-BFMI": bfmi,
    }
    return _judged("hmc", measures)


def _judged(engine: str, measures: dict[str, float]) -> Gate:
    return Gate(engine, measures, _failures(measures, tuple(LIMITS)))


def _failures(measures: Mapping[str, float], names: tuple[str, ...]) -> tuple[Named, ...]:
    """Return a sentence for each of these measures that does not meet its limit."""
    found: list[Named] = []
    for name in names:
        value = measures.get(name)
        if value is None or name not in LIMITS:
            continue
        side, limit = LIMITS[name]
        if SIDES[side](value, limit):  # one that is not a number is on no side
            continue
        found.append(named(f"gate.{name}", value=value, limit=limit))
    return tuple(found)
