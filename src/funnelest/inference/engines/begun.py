"""What a proposal begins from: the modes, those of one ridge together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.informed import informed
from funnelest.inference.engines.modes import Mode, shares_of
from funnelest.inference.engines.proposal import Component, Proposal, Spread, stiff
from funnelest.inference.engines.target import Target

__all__ = ["begun"]

type Floats = NDArray[np.float64]

#: A mode is on the ridge of another where it stands within so many of its widths, where along the
#: ridge, in so many steps, the density falls by no more than this below the lower of both, and
#: where the ridge does not turn away: then its sheet grows wider, by this in logarithm at most.
_BESIDE, _STEPS, _VALLEY, _TURNED = 4.0, 8, 0.5, 0.5


def begun(target: Target, modes: list[Mode], limit: float, rng: np.random.Generator) -> Proposal:
    """Return a proposal with a component for each ridge that the modes stand on.

    Directions in which figures know `limit` times as much as the prior are held.

    Climbs follow figures as if each were normal around what it locates, so that some end on a slope
    of the density and not on a top. Such ends are on the ridge of a higher one, without a valley in
    between: a component each would cost a climb of every draw, and say nothing more. They widen the
    component of that.
    """
    left, components, masses = list(modes), [], []
    while left:
        first, *left = left
        _, point, curvature = first
        component = Component.at(point, curvature, stiff(target, curvature, limit))
        on = [_on_ridge(target, component, other) for _, other, _ in left]
        mine = [first, *(mode for mode, yes in zip(left, on, strict=True) if yes)]
        left = [mode for mode, yes in zip(left, on, strict=True) if not yes]
        if len(mine) > 1:
            component = _widened(component, mine)
        components.append(informed(target, component, curvature, rng))
        masses.append(first)
    return Proposal(tuple(components), shares_of(masses))


def _on_ridge(target: Target, component: Component, point: Floats) -> bool:
    """Return whether a point is on the ridge of a component, with no valley before it."""
    part = np.linspace(0, 1, _STEPS + 1)
    free = np.outer(component.free.T @ component.mode, 1 - part)
    free += np.outer(component.free.T @ point, part)
    tight = np.zeros((len(component.start), len(part)))
    points, at = component.put(target, free, tight, point[:, None])
    beside = np.abs(at.tight[:, -1]).max(initial=0.0) > _BESIDE
    if beside or at.log_det[0] - at.log_det.min() > _TURNED:
        return False
    along = target.log_density(points[:, :-1]) - at.log_det[:-1]
    return bool(along.min() > min(along[0], along[-1]) - _VALLEY)


def _widened(component: Component, modes: list[Mode]) -> Component:
    """Return the component with the free part that all modes have together, by their mass."""
    free = np.array([component.free.T @ point for _, point, _ in modes]).T
    shares, loose = shares_of(modes), component.loose
    centre = free @ shares
    away = free - centre[:, None]
    covariance = loose.factor @ loose.factor.T + (away * shares) @ away.T
    return replace(component, loose=Spread(centre, np.linalg.cholesky(covariance), loose.freedom))
