"""A proposal that follows the ridges of a posterior, with an exact density.

A tight figure (950, rounded to 50) holds one combination of many loosely known parameters: the
posterior is a thin curved sheet, which no multivariate t fits. Split the scores orthogonally in
the few *held* directions, in which the figures know far more than the priors, and the *free*
rest. Draw the free part from a multivariate t. Given it, climb to the conditional mode along the
held directions, and draw around that with the curvature found there:

    q(free, held) = p(free) x t(L' (held - g)) det L,   g and L functions of the free part only,

where p is a multivariate t and, for a part, a t as wide as the prior of the free part. That part
goes all along the ridge, as far as the prior reaches: a long thin tail that the first does not
reach is found, and has its weight, where draws from the whole prior would never hit it.

This is a density whatever g and L are: a climb that stops early or finds another branch costs
efficiency, not correctness. Nothing has to be inverted and no branch can be missed, because
the density of any point follows from its own free part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import gammaln

from funnelest.inference.engines.ridge import settle
from funnelest.inference.engines.target import Target
from funnelest.sampling.weights import effective_size

__all__ = ["Component", "Proposal", "Spread"]

type Floats = NDArray[np.float64]

#: Share of the draws that come from the prior: it bounds the weights where nothing else does.
_PRIOR_SHARE = 0.05
#: Share of a component's draws whose free part comes from the prior: they go all along the ridge.
_ALONG = 0.1
_FREEDOMS = (5.0, 10.0, 20.0, 60.0)
#: Scale of the fitted covariances: too narrow costs more than too wide.
_WIDE = 1.3
_CLIMB = 2


@dataclass(frozen=True)
class Spread:
    """A multivariate t distribution; `factor` is the lower Cholesky factor of its scale matrix."""

    centre: Floats
    factor: Floats
    freedom: float

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws, shape ``(k, size)``."""
        normal = rng.standard_normal((len(self.centre), size))
        stretch = np.sqrt(self.freedom / rng.chisquare(self.freedom, size))
        return self.centre[:, None] + (self.factor @ normal) * stretch

    def logpdf(self, x: Floats) -> Floats:
        """Return the log-density, one per draw."""
        k, df = len(self.centre), self.freedom
        if not k:
            return np.zeros(x.shape[1])
        white = solve_triangular(self.factor, x - self.centre[:, None], lower=True)
        constant = gammaln((df + k) / 2) - gammaln(df / 2) - k / 2 * np.log(df * np.pi)
        constant -= np.log(np.diag(self.factor)).sum()
        return np.asarray(constant - (df + k) / 2 * np.log1p((white**2).sum(axis=0) / df))

    def fitted(self, x: Floats, weights: Floats) -> Spread:
        """Return the distribution with the moments of weighted points.

        The freedom is the one under which they are likeliest. Few effective points are mixed
        with the covariance as it was.
        """
        k = len(self.centre)
        if not k:
            return self
        centre = _dot(x, weights)
        away = x - centre[:, None]
        covariance = _dot_square(away, weights)
        before = self.factor @ self.factor.T * self.freedom / (self.freedom - 2)
        doubt = k / (k + effective_size(weights))
        covariance = (1 - doubt) * covariance + doubt * before + 1e-12 * np.eye(k)
        best, height = self, -np.inf
        for freedom in _FREEDOMS:
            factor = np.linalg.cholesky(_WIDE * (freedom - 2) / freedom * covariance)
            one = Spread(centre, factor, freedom)
            reached = float(weights @ one.logpdf(x))
            if reached > height:
                best, height = one, reached
        return best


def _dot(x: Floats, weights: Floats) -> Floats:
    return np.asarray((x * weights).sum(axis=1))


def _dot_square(x: Floats, weights: Floats) -> Floats:
    return np.asarray((x * weights) @ x.T)


@dataclass(frozen=True)
class Component:
    """The proposal around one mode, in scores.

    Directions are orthonormal columns. Climbs along the held ones start at the distances `start`.
    `loose` is of the free part; `tight` of the held part, from the conditional mode and in its own
    units. Where draws were missing, and not at a mode, it was `added`.
    """

    held: Floats
    free: Floats
    mode: Floats
    start: Floats
    loose: Spread
    tight: Spread
    added: bool = False

    @classmethod
    def at(cls, mode: Floats, curvature: Floats, held: int, *, added: bool = False) -> Self:
        """Return the component at a point; the stiffest `held` directions are held."""
        size, vectors = np.linalg.eigh(curvature)
        directions = vectors[:, ::-1]
        one, other = directions[:, :held], directions[:, held:]
        # In scores no direction is wider than the prior, hardly.
        width = 1 / np.sqrt(np.maximum(size[::-1][held:], 0.25))
        return cls(
            one,
            other,
            mode,
            one.T @ mode,
            Spread(other.T @ mode, np.diag(width), 10.0),
            Spread(np.zeros(held), np.eye(held), 10.0),
            added,
        )

    def moved(self, mode: Floats) -> Component:
        """Return the component moved as its mode has."""
        by = mode - self.mode
        loose = replace(self.loose, centre=self.loose.centre + self.free.T @ by)
        return replace(self, mode=mode, start=self.start + self.held.T @ by, loose=loose)

    @property
    def _along(self) -> Spread:
        """The prior of the free part, with wide tails: the figures may lie beyond the prior."""
        k = len(self.loose.centre)
        return Spread(np.zeros(k), np.eye(k), 4.0)

    def _climbed(self, target: Target, free: Floats) -> tuple[Floats, Floats]:
        """Return the conditional modes and the factors of the curvature there."""
        k, draws = len(self.start), free.shape[1]
        if not k:
            return np.zeros((0, draws)), np.zeros((draws, 0, 0))
        start = np.repeat(self.start[:, None], draws, axis=1)
        mode, _, curvature = settle(target, self.free @ free, self.held, start, steps=_CLIMB)
        return mode, np.linalg.cholesky(curvature)

    def draw(
        self, target: Target, rng: np.random.Generator, size: int
    ) -> tuple[Floats, Floats, Floats]:
        """Return draws, the held parts in their own units, and the log-densities."""
        free = self.loose.draw(rng, size)
        along = rng.random(size) < _ALONG
        free[:, along] = self._along.draw(rng, int(along.sum()))
        mode, factor = self._climbed(target, free)
        tight = self.tight.draw(rng, size)
        held = mode
        if len(mode):
            back = np.linalg.solve(np.swapaxes(factor, 1, 2), tight.T[:, :, None])
            held = mode + back[:, :, 0].T
        u = self.free @ free + self.held @ held
        return u, tight, self._logpdf(free, tight, factor)

    def evaluate(self, target: Target, u: Floats) -> tuple[Floats, Floats]:
        """Return the held parts of points in their own units, and the log-densities."""
        free = self.free.T @ u
        mode, factor = self._climbed(target, free)
        away = self.held.T @ u - mode
        tight = np.einsum("nkl,kn->ln", factor, away)
        return tight, self._logpdf(free, tight, factor)

    def _logpdf(self, free: Floats, tight: Floats, factor: Floats) -> Floats:
        log_det = np.log(np.einsum("nkk->nk", factor)).sum(axis=1)
        loose = np.logaddexp(
            math.log(1 - _ALONG) + self.loose.logpdf(free),
            math.log(_ALONG) + self._along.logpdf(free),
        )
        return np.asarray(loose + self.tight.logpdf(tight) + log_det)

    def fitted(self, u: Floats, tight: Floats, weights: Floats) -> Component:
        """Return the component with the moments of weighted draws."""
        return replace(
            self,
            start=_dot(self.held.T @ u, weights),
            loose=self.loose.fitted(self.free.T @ u, weights),
            tight=self.tight.fitted(tight, weights),
        )


@dataclass(frozen=True)
class Draws:
    """Draws from a proposal, with what is needed to weigh them and to adapt."""

    u: Floats
    log_q: Floats
    tight: list[Floats]
    log_parts: Floats


@dataclass(frozen=True)
class Proposal:
    """A mixture of components, with their shares, and of the prior.

    Its efficiency is the number of effective draws per draw, as measured last.
    """

    components: tuple[Component, ...]
    shares: Floats
    efficiency: float = 0.0

    def draw(self, target: Target, rng: np.random.Generator, size: int) -> Draws:
        """Return `size` draws and their densities under the whole mixture."""
        wanted = np.concatenate([(1 - _PRIOR_SHARE) * self.shares, [_PRIOR_SHARE]]) * size
        # Counts in proportion, not by chance: the mixture with these very weights.
        counts = np.diff(np.concatenate([[0], np.round(np.cumsum(wanted)).astype(int)]))
        own = [
            one.draw(target, rng, int(count))
            for one, count in zip(self.components, counts, strict=False)
        ]
        prior = rng.standard_normal((target.size, int(counts[-1])))
        u = np.concatenate([*(part[0] for part in own), prior], axis=1)
        ends = np.cumsum(counts)
        logs, tights = [], []
        for i, one in enumerate(self.components):
            mine = slice(ends[i] - counts[i], ends[i])
            others = np.ones(u.shape[1], dtype=bool)
            others[mine] = False
            tight = np.empty((len(one.start), u.shape[1]))
            log = np.empty(u.shape[1])
            tight[:, mine], log[mine] = own[i][1], own[i][2]
            tight[:, others], log[others] = one.evaluate(target, u[:, others])
            tights.append(tight)
            logs.append(log)
        logs.append(-0.5 * (u**2).sum(axis=0) - 0.5 * len(u) * np.log(2 * np.pi))
        with np.errstate(divide="ignore"):
            parts = np.array(logs) + np.log(counts / u.shape[1])[:, None]
        return Draws(u, np.logaddexp.reduce(parts, axis=0), tights, parts)

    def fitted(self, draws: Draws, weights: Floats) -> Proposal:
        """Return the proposal with the moments of weighted draws.

        Each draw counts for a component in proportion to that component's density there.
        """
        logs = draws.log_parts[:-1]
        belongs = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
        components, shares = [], []
        for one, tight, member in zip(self.components, draws.tight, belongs, strict=True):
            own = weights * member
            total = float(own.sum())
            if total < 0.005:
                continue
            components.append(one.fitted(draws.u, tight, own / total))
            shares.append(total)
        return Proposal(tuple(components), np.array(shares) / np.sum(shares))
