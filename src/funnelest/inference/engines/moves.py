"""Moves along a ridge that leave the posterior as it is.

A move takes the free part of a point part of the way to a fresh draw of a normal distribution
(preconditioned Crank-Nicolson; Cotter, Roberts, Stuart and White, Statistical Science 2013;28:424),
draws the held part anew around its conditional mode, and is accepted by the rule of Metropolis and
Hastings. Points that are spread as the posterior stay so, and others become so: such moves find
what a proposal should be fitted to, where weights would rest on a few draws, and they show where a
sample has missed something.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.foreseen import taught_by
from funnelest.inference.engines.proposal import Component, Held
from funnelest.inference.engines.spread import Spread
from funnelest.inference.engines.target import Target

__all__ = ["Walkers", "walked"]

type Floats = NDArray[np.float64]

#: Shortest step, as a share of a fresh draw: of each move it is drawn anew, evenly in logarithm.
_SHORTEST = 0.05
#: Moves between two fits of a component to the points, and fits.
_MOVES, _FITS = 3, 3


@dataclass(frozen=True)
class Walkers:
    """Points, their log-densities, and where they stand on the ridge of a component."""

    u: Floats
    value: Floats
    at: Held

    def moved(self, target: Target, component: Component, rng: np.random.Generator) -> Walkers:
        """Return the walkers after a move of each."""
        n = len(self.value)
        free, loose = self.at.free, component.loose
        # Half of them towards the prior, that reaches far, and half towards what was learned.
        near = rng.random(n) < 0.5
        part = np.exp(rng.uniform(np.log(_SHORTEST), 0.0, n))
        fresh = rng.standard_normal(free.shape)
        centre = np.where(near, loose.centre[:, None], 0.0)
        fresh = np.where(near, loose.factor @ fresh, fresh)
        to = centre + np.sqrt(1 - part**2) * (free - centre) + part * fresh
        u, at = component.put(target, to, component.tight.draw(rng, n))
        value = target.log_density(u)
        with np.errstate(invalid="ignore"):
            ratio = value - self.value
            ratio += _normal(loose, near, free) - _normal(loose, near, to)
            ratio += component.log_tight(self.at) - component.log_tight(at)
        yes = np.log(rng.random(n)) < np.where(np.isnan(ratio), -np.inf, ratio)
        return Walkers(
            np.where(yes, u, self.u), np.where(yes, value, self.value), at.where(yes, self.at)
        )


def walked(
    target: Target,
    component: Component,
    n: int,
    rng: np.random.Generator,
    walkers: Walkers | None = None,
    *,
    foreseeing: bool = False,
) -> tuple[Component, Walkers]:
    """Return the component fitted to n points that moved from where it put them, and the points.

    With `walkers` these go on. With `foreseeing` it foresees derivatives as they are at some of the
    points.
    """
    if walkers is None:
        u, _ = component.put(target, component.loose.draw(rng, n), component.tight.draw(rng, n))
        walkers = Walkers(u, target.log_density(u), component.stand(target, u))
    else:
        walkers = replace(walkers, at=component.stand(target, walkers.u))
    even = np.full(n, 1 / n)
    for fit in range(_FITS):
        if fit:
            walkers = replace(walkers, at=component.stand(target, walkers.u))
        for _ in range(_MOVES):
            walkers = walkers.moved(target, component, rng)
        component = component.fitted(walkers.at, even)
        if foreseeing:
            taught = rng.choice(n, min(n, taught_by(len(walkers.at.free))), replace=False)
            component = component.learned(target, walkers.at, taught)
    return component, walkers


def _normal(loose: Spread, near: NDArray[np.bool_], free: Floats) -> Floats:
    """Return the log-density, up to a constant, of what the free parts move towards."""
    return np.where(near, loose.normal(free), -0.5 * (free**2).sum(axis=0))
