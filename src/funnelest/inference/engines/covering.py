"""A proposal of many parts, fitted to where draws of the posterior moved.

A funnel, a star or a thin parabola is not one ridge with one spread: no component around a mode
follows it. Draws that slices have moved are where the posterior is, and many small parts cover
them. What the proposal gives too little counts for more in the next fit: a draw of weight w counts
w times, which is to make the weights even and not only the density alike (in place of Kullback's
divergence the chi-squared one; Cappé, Douc, Guillin, Marin and Robert, Statistics and Computing
2008;18:447). Earlier parts stay, with half of all: a part of the posterior that is covered once
stays covered.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from funnelest.inference.engines.proposal import Component, Proposal
from funnelest.inference.engines.spread import Spread, dot, dot_square

__all__ = ["covering"]

type Floats = NDArray[np.float64]

#: Most parts, points for each unknown that a part is fitted to, and its degrees of freedom.
_PARTS, _EACH, _FREEDOM = 16, 40, 5.0
#: Steps of the fit; a part with fewer points than this for each unknown is left out.
_STEPS, _LEAST = 20, 3
#: How many times the variance of the points parts have, and which part of theirs is added, so that
#: one that is flat stays a density.
_WIDE, _ROUND = 1.1, 1e-4
#: A draw counts at least and at most so many times.
_COUNTS = (0.5, 30.0)
#: Which part of all the earlier parts keep.
_KEPT = 0.5


def covering(proposal: Proposal, u: Floats, weighs: Floats, rng: np.random.Generator) -> Proposal:
    """Return the proposal with parts where points ``(parameters, n)`` of the posterior are.

    `weighs` is what each weighs under the proposal, of what one does in the mean.
    """
    parts, shares = _fitted(u, np.clip(weighs, *_COUNTS), rng)
    components = (*proposal.components, *(_component(one) for one in parts))
    kept = _KEPT * proposal.shares / proposal.shares.sum()
    return Proposal(components, np.concatenate([kept, (1 - _KEPT) * shares]), proposal.efficiency)


def _component(part: Spread) -> Component:
    """Return a component that holds no direction, with this spread."""
    d = len(part.centre)
    one = Component.at(part.centre, np.eye(d), 0)
    turned = one.free.T @ part.factor
    factor = np.linalg.cholesky(_WIDE * turned @ turned.T)
    return replace(one, loose=Spread(one.free.T @ part.centre, factor, part.freedom))


def _fitted(u: Floats, counts: Floats, rng: np.random.Generator) -> tuple[list[Spread], Floats]:
    """Return a mixture of t distributions fitted to points that count, and the shares of its parts.

    By expectation and maximisation, from points that are spread over all (k-means++).
    """
    d, n = u.shape
    counts = counts * n / counts.sum()
    number = int(np.clip(n // (_EACH * d), 1, _PARTS))
    scale = u.std(axis=1, keepdims=True)
    away = np.full(n, np.inf)
    parts, shares = [], np.full(number, 1 / number)
    near = np.atleast_2d(np.cov(u)) / number ** (2 / d) + 1e-12 * np.eye(d)
    first = np.linalg.cholesky(near)
    for i in range(number):
        chance = counts * (away if i else 1.0)
        centre = u[:, rng.choice(n, p=chance / chance.sum())]
        parts.append(Spread(centre, first, _FREEDOM))
        away = np.minimum(away, (((u - centre[:, None]) / scale) ** 2).sum(axis=0))
    for _ in range(_STEPS):
        logs = np.array([one.logpdf(u) for one in parts]) + np.log(shares)[:, None]
        of = np.exp(logs - np.logaddexp.reduce(logs, axis=0)) * counts
        kept = of.sum(axis=1) > _LEAST * d
        parts = [
            _moved(one, u, mine) for one, mine, yes in zip(parts, of, kept, strict=True) if yes
        ]
        shares = of[kept].sum(axis=1) / of[kept].sum()
    return parts, shares


def _moved(part: Spread, u: Floats, mine: Floats) -> Spread:
    """Return the t distribution that is likeliest where points are its own by so much."""
    d = len(u)
    white = solve_triangular(part.factor, u - part.centre[:, None], lower=True)
    far = mine * (part.freedom + d) / (part.freedom + (white**2).sum(axis=0))
    centre = dot(u, far / far.sum())
    matrix = dot_square(u - centre[:, None], far / mine.sum())
    matrix += _ROUND * np.diag(np.diag(matrix)) + 1e-12 * np.eye(d)
    return Spread(centre, np.linalg.cholesky(matrix), part.freedom)
