"""A short importance sample: for many fits of one model, each to other data.

As `importance`, with less of it: fewer starts, no trial of how many directions are held, small
batches, and no search for places that the proposal misses. The weights are exact all the same.
Where they are not good enough there is no short way, and the fit is made at full length.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.inference.engines.importance import (
    Weighted,
    judged,
    refitted,
    resample,
    shares_of,
    weigh,
)
from funnelest.inference.engines.modes import find_modes
from funnelest.inference.engines.proposal import Component, Proposal, stiff
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density
from funnelest.sampling.gate import ESS, K_HAT
from funnelest.sampling.parallel import one_thread

__all__ = ["brief"]

type Floats = NDArray[np.float64]

_STARTS, _CLIMB = 6, 7
#: Held are directions in which figures know this many times as much as the prior.
_HELD = 30.0
#: Draws of one adaptation per parameter, and at least; adaptations at most, and the efficiency
#: at which they end.
_BATCH, _LEAST, _ROUNDS, _ENOUGH = 30, 400, 4, 0.15
#: Samples drawn at most, each from a better proposal, and draws of one at most, for each draw
#: that is asked for.
_SAMPLES, _MOST = 3, 15
#: Effective draws aimed at, for each that is asked for, and how much more in every next sample.
_AIM, _FURTHER = 1.5, 1.5
#: Effective draws in the thinnest tail, at least. Half of what the gate asks of a fit that is read
#: by itself: the tails of many fits are looked at together here.
_TAIL = 200.0


def brief(density: Density, *, draws: int, rng: np.random.Generator) -> Weighted | None:
    """Return draws from the posterior as `importance.sample` does.

    None when the short way is not good enough: take the long one. Draws come with a k-hat below 0.7
    and more than 400 effective draws, of which 200 in every tail; the gate of what is returned asks
    400 there, and may be closed for that alone.
    """
    with one_thread():
        target = Target(density)
        model = density.model
        informed = any(model.power_of(one.name) for one in model.evidence)
        if not target.size or not informed or not density.all_located():
            return None
        try:
            return _brief(target, draws, rng)
        except (FitError, np.linalg.LinAlgError):
            return None


def _brief(target: Target, draws: int, rng: np.random.Generator) -> Weighted | None:
    modes = find_modes(target, rng, starts=_STARTS, steps=_CLIMB)
    proposal = Proposal(
        tuple(
            Component.at(point, matrix, stiff(target, matrix, _HELD)) for _, point, matrix in modes
        ),
        shares_of(modes),
    )
    batch = max(_LEAST, _BATCH * target.size)
    for _ in range(_ROUNDS):
        drawn, log_weights = weigh(target, proposal, rng, batch)
        proposal = refitted(target, proposal, drawn, log_weights)
        if proposal.efficiency > _ENOUGH:
            break
    aim = _AIM
    for _ in range(_SAMPLES):
        size = int(np.clip(aim * draws / proposal.efficiency, 2 * draws, _MOST * draws))
        drawn, log_weights = weigh(target, proposal, rng, size)
        proposal = refitted(target, proposal, drawn, log_weights)
        weights, gate = judged(target, drawn, log_weights)
        said = gate.measures
        if said["k-hat"] < K_HAT and said["ESS"] >= ESS and said["tail ESS"] > _TAIL:
            origins = resample(weights, draws, rng)
            return Weighted(target.line(drawn.u[:, origins]), gate, proposal, origins)
        aim *= _FURTHER
    return None
