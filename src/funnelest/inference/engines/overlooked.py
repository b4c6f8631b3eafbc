"""Modes that a proposal does not cover, of sources that say only how likely they are.

Where no source shows where its figure puts the parameters, modes are searched for from the
likeliest draws of the prior, a few of them far apart. Two that are near each other may then be
taken for one. Whether one was overlooked is seen by its mass: the normal distribution with its
height and curvature is a known part of all, and draws of the proposal, as they weigh, have that
part there or they do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.modes import Mode, near_modes
from funnelest.inference.engines.target import Target

__all__ = ["overlooked"]

type Floats = NDArray[np.float64]

#: A mode with less than this part of all is of no account, and one that has less than this part of
#: what it should have was overlooked. On a curved ridge draws are fewer near one of its points than
#: the curvature there says, but not so few.
_COUNTS, _THERE = 0.002, 0.05


def overlooked(
    target: Target, u: Floats, log_weights: Floats, rng: np.random.Generator
) -> list[Mode]:
    """Return modes where weighted draws ``(parameters, draws)`` are not, though they should be."""
    top = log_weights.max()
    weights = np.exp(log_weights - top)
    log_total = top + np.log(weights.mean())
    weights /= weights.sum()
    d = len(u)
    found = []
    for height, point, curvature in near_modes(target, rng):
        log_mass = height + 0.5 * d * np.log(2 * np.pi) - 0.5 * np.linalg.slogdet(curvature)[1]
        share = np.exp(min(log_mass - log_total, 0.0))
        off = u - point[:, None]
        # Within twice the mean square distance, where most of a normal distribution is.
        near = np.einsum("in,ij,jn->n", off, curvature, off) < 2 * d
        if share > _COUNTS and weights[near].sum() < _THERE * share:
            found.append((height, point, curvature))
    return found
