"""What a proposal begins from: a component for each mode, wide where figures inform it."""

from __future__ import annotations

import numpy as np

from funnelest.inference.engines.informed import informed
from funnelest.inference.engines.modes import Mode, shares_of
from funnelest.inference.engines.proposal import Component, Proposal, stiff
from funnelest.inference.engines.target import Target

__all__ = ["begun"]


def begun(target: Target, modes: list[Mode], limit: float, rng: np.random.Generator) -> Proposal:
    """Return a proposal with a component for each mode.

    Directions in which figures know `limit` times as much as the prior are held. None is joined
    with another, though some are ends of climbs on one slope: by no valley between them a spike on
    a broad shoulder would be, and is lost.
    """
    components = tuple(
        informed(target, Component.at(point, matrix, stiff(target, matrix, limit)), matrix, rng)
        for _, point, matrix in modes
    )
    return Proposal(components, shares_of(modes))
