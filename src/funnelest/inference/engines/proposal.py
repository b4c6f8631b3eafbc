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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.foreseen import Foreseen, taught_by
from funnelest.inference.engines.modes import Mode, shares_of
from funnelest.inference.engines.ridge import settle
from funnelest.inference.engines.sharp import sharp_among, sharpened
from funnelest.inference.engines.spread import Spread, dot, dot_square
from funnelest.inference.engines.target import Target

__all__ = ["Component", "Judged", "Proposal", "stiff"]

type Floats = NDArray[np.float64]

#: Share of the draws that come from the prior: it bounds the weights where nothing else does.
_PRIOR_SHARE = 0.05
#: Share of a component's draws whose free part comes from the prior: they go all along the ridge.
_ALONG = 0.1
#: Fitted covariances are made wider, as too narrow costs more than too wide: so much at most, and
#: of many unknowns as much as costs this part of the efficiency.
_WIDE, _PAID = 1.3, 0.15
#: Steps of a climb on the same derivatives, and how often they are taken anew.
_STEPS, _RENEWALS = 3, 3


def _width(unknowns: int) -> float:
    r"""Return how many times the variance of the posterior a proposal of so many unknowns has.

    Of a normal posterior in d unknowns one s times as wide keeps
    :math:`(\sqrt{2s - 1} / s)^d` of the efficiency: 1.3 times costs 13% of 5 unknowns, and 54% of
    28. With :math:`1 - r` what it may cost in each, s solves :math:`(1 - r)^2 s^2 = 2s - 1`.
    """
    kept = (1 - _PAID) ** (2 / max(unknowns, 1))
    return float(min(_WIDE, (1 + math.sqrt(1 - kept)) / kept))


def _units(factor: Floats, tight: Floats) -> Floats:
    """Return how far held parts in their own units are from the mode, of these factors."""
    return np.asarray(np.linalg.solve(np.swapaxes(factor, 1, 2), tight.T[:, :, None])[:, :, 0].T)


@dataclass(frozen=True)
class Held:
    """Where points stand on the ridge of a component, draw by draw.

    The free part ``(f, draws)``; the held part in its own units, from the conditional mode
    ``(k, draws)``; the mode itself; the lower factor of the curvature there, ``(draws, k, k)``; and
    whether the climb to it arrived.
    """

    free: Floats
    tight: Floats
    mode: Floats
    factor: Floats
    arrived: NDArray[np.bool_]

    @property
    def log_det(self) -> Floats:
        """Log of the determinant of the factors."""
        return np.asarray(np.log(np.einsum("nkk->nk", self.factor)).sum(axis=1))

    def _each(self, made: Callable[..., Any], *others: Held) -> Held:
        """Return what is made of each field of these and of others, and of its axis of draws."""
        return Held(
            *(made(axis, *(getattr(one, name) for one in (self, *others))) for name, axis in _DRAWS)
        )

    def take(self, index: NDArray[np.intp]) -> Held:
        """Return the chosen draws."""
        return self._each(lambda axis, a: np.take(a, index, axis=axis))

    def joined(self, other: Held) -> Held:
        """Return these and then the others."""
        return self._each(lambda axis, a, b: np.concatenate([a, b], axis=axis), other)

    def where(self, yes: NDArray[np.bool_], other: Held) -> Held:
        """Return these where `yes`, and the others elsewhere."""

        def chosen(axis: int, a: Any, b: Any) -> Any:
            shape = [1] * a.ndim
            shape[axis] = len(yes)
            return np.where(yes.reshape(shape), a, b)

        return self._each(chosen, other)

    def among(self, first: NDArray[np.bool_], other: Held) -> Held:
        """Return these at the places of `first`, and the others at the rest, each in order."""
        order = np.argsort(np.concatenate([np.flatnonzero(first), np.flatnonzero(~first)]))
        return self.joined(other).take(order)


#: The fields of `Held`, in their order, with the axis of the draws.
_DRAWS = (("free", 1), ("tight", 1), ("mode", 1), ("factor", 0), ("arrived", 0))


def stiff(target: Target, curvature: Floats, limit: float) -> int:
    """Return in how many directions figures know more than `limit` times as much as the prior.

    None where no figure says what it locates, so that there is nothing to climb to.
    """
    if not target.figures:
        return 0
    return int((np.linalg.eigvalsh(curvature) - 1 > limit).sum())


@dataclass(frozen=True)
class Component:
    """The proposal around one mode, in scores.

    Directions are orthonormal columns. Climbs along the held ones start at the distances `start`,
    and by `lean` further for each unit of the free ones. `loose` is of the free part; `tight` of
    the held part, from the conditional mode and in its own units. Derivatives are `foreseen` once
    that has been learned.
    """

    held: Floats
    free: Floats
    mode: Floats
    start: Floats
    lean: Floats
    loose: Spread
    tight: Spread
    foreseen: Foreseen | None = None
    #: How many of the held directions, the first, are drawn last: see `sharp`.
    sharp: int = 0

    @classmethod
    def at(cls, mode: Floats, curvature: Floats, held: int) -> Self:
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
            np.zeros((held, len(mode) - held)),
            Spread(other.T @ mode, np.diag(width), 10.0),
            Spread(np.zeros(held), np.eye(held), 10.0),
            sharp=sharp_among(size[::-1][:held]),
        )

    def moved(self, mode: Floats) -> Component:
        """Return the component moved as its mode has."""
        by = mode - self.mode
        loose = replace(self.loose, centre=self.loose.centre + self.free.T @ by)
        # Other data may locate other things: what was foreseen of these is gone.
        start = self.start + self.held.T @ by
        return replace(self, mode=mode, start=start, loose=loose, foreseen=None)

    @property
    def _along(self) -> Spread:
        """The prior of the free part, with wide tails: the figures may lie beyond the prior."""
        k = len(self.loose.centre)
        return Spread(np.zeros(k), np.eye(k), 4.0)

    def climbed(self, target: Target, free: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Return the conditional modes, the factors of the curvature there, and who arrived."""
        k, draws = len(self.start), free.shape[1]
        if not (k and draws):
            return np.zeros((k, draws)), np.zeros((draws, k, k)), np.ones(draws, dtype=bool)
        # Further out than anything that the lean was found from, it leads nowhere.
        away = free - self.loose.centre[:, None]
        start = self.start[:, None] + np.clip(self.lean @ away, -6.0, 6.0)
        lines = self.foreseen
        found = settle(
            target,
            self.free @ free,
            self.held,
            start,
            steps=_STEPS,
            renewals=_RENEWALS,
            centre=self.free @ self.loose.centre + self.held @ self.start,
            foreseen=None if lines is None else lambda which: lines.at(free[:, which]),
        )
        return found.at, np.linalg.cholesky(found.curvature), found.arrived

    def learned(self, target: Target, at: Held, chosen: NDArray[np.intp]) -> Component:
        """Return the component that foresees derivatives as they are at chosen draws."""
        if not (len(self.start) and target.figures):
            return self
        free, loose = at.free[:, chosen], self.loose
        points = self.free @ free + self.held @ at.mode[:, chosen]
        foreseen = Foreseen.learned(
            target, points, self.held, free, centre=loose.centre, factor=loose.factor
        )
        return replace(self, foreseen=foreseen)

    def prepared(self, target: Target, rng: np.random.Generator) -> Component:
        """Return the component that foresees derivatives as they are at draws from itself."""
        n = taught_by(len(self.loose.centre))
        _, at = self.put(target, self.loose.draw(rng, n), self.tight.draw(rng, n))
        return self.learned(target, at, np.arange(n))

    def draw_free(self, rng: np.random.Generator, size: int) -> Floats:
        """Return draws of the free part."""
        free = self.loose.draw(rng, size)
        along = rng.random(size) < _ALONG
        free[:, along] = self._along.draw(rng, int(along.sum()))
        return free

    def put(
        self, target: Target, free: Floats, tight: Floats, others: Floats | None = None
    ) -> tuple[Floats, Held]:
        """Return the points with these free and held parts, then `others`, and where all stand.

        All climb together: a climb of a few draws takes as many evaluations as one of many.
        """
        if others is None:
            others = np.zeros((len(self.mode), 0))
        every = np.concatenate([free, self.free.T @ others], axis=1)
        mode, factor, arrived = self.climbed(target, every)
        n, s = free.shape[1], self.sharp
        held = np.concatenate([mode[:, :n], self.held.T @ others], axis=1)
        if len(mode):
            held[:, :n] += _units(factor[:n], tight)
        away = np.einsum("nkl,kn->ln", factor[n:], held[:, n:] - mode[:, n:])
        tight = np.concatenate([tight, away], axis=1)
        if s and every.shape[1]:
            lines, base = self.foreseen, self.free @ every
            ended, own, there = sharpened(
                target, base, self.held, s, held, (mode, factor),
                None if lines is None else lambda which: lines.at(every[:, which]),
                steps=_STEPS, renewals=_RENEWALS,
            )  # fmt: skip
            held[:s, :n] = ended[:, :n] + _units(own[:n], tight[:s, :n])
            tight[:s, n:] = np.einsum("nkl,kn->ln", own[n:], held[:s, n:] - ended[:, n:])
            factor[:, :s, :s] = own
            arrived = arrived & there
        held = held[:, :n]
        at = Held(every, tight, mode, factor, arrived)
        return np.concatenate([self.free @ free + self.held @ held, others], axis=1), at

    def stand(self, target: Target, u: Floats) -> Held:
        """Return where points stand."""
        none = np.zeros((len(self.free.T), 0)), np.zeros((len(self.start), 0))
        return self.put(target, *none, u)[1]

    def log_tight(self, at: Held) -> Floats:
        """Return the log-density of the held part given the free one."""
        return np.asarray(self.tight.logpdf(at.tight) + at.log_det)

    def log_parts(self, at: Held) -> tuple[Floats, Floats]:
        """Return the log-density around the mode, and all along the ridge, each with its share."""
        tight = self.log_tight(at)
        return (
            math.log(1 - _ALONG) + self.loose.logpdf(at.free) + tight,
            math.log(_ALONG) + self._along.logpdf(at.free) + tight,
        )

    def fitted(self, at: Held, weights: Floats) -> Component:
        """Return the component with the moments of weighted draws."""
        wide = _width(len(self.mode))
        loose = self.loose.fitted(at.free, weights, wide)
        one = replace(self, loose=loose, tight=self.tight.fitted(at.tight, weights, wide))
        k, f = len(self.start), len(at.free)
        if not k:
            return one
        # A line through the modes, by which the next climbs start near where they end.
        away, sure = at.free - loose.centre[:, None], weights * at.arrived
        start = dot(at.mode, sure / max(sure.sum(), 1e-12))
        square = dot_square(away, sure) + 1e-3 * np.eye(f)
        lean = ((at.mode - start[:, None]) * sure) @ away.T @ np.linalg.inv(square)
        return replace(one, start=start, lean=lean)


@dataclass(frozen=True)
class Draws:
    """Draws from a proposal, with what is needed to weigh them and to adapt.

    The log-densities of its parts, with their shares: of each component around its mode, of each
    all along its ridge, and of the prior.
    """

    u: Floats
    log_q: Floats
    stand: list[Held]
    log_parts: Floats

    def joined(self, other: Draws) -> Draws:
        """Return these draws and then others of the same proposal."""
        return Draws(
            np.concatenate([self.u, other.u], axis=1),
            np.concatenate([self.log_q, other.log_q]),
            [one.joined(two) for one, two in zip(self.stand, other.stand, strict=True)],
            np.concatenate([self.log_parts, other.log_parts], axis=1),
        )

    @property
    def belongs(self) -> Floats:
        """Of each draw, how much of it is of each component, in proportion to their densities.

        Around their modes: what goes along the ridges goes to all of them, and would make a narrow
        component that stands apart as wide as the others.
        """
        logs = self.log_parts[: len(self.stand)]
        return np.asarray(np.exp(logs - np.logaddexp.reduce(logs, axis=0)))

    @property
    def arrived(self) -> Floats:
        """Of each draw, the part of it whose climb to the ridge arrived."""
        arrived = np.array([at.arrived for at in self.stand])
        return np.asarray((self.belongs * arrived).sum(axis=0))


@dataclass(frozen=True)
class Judged:
    """A proposal that a sample was drawn from, and the judge's measures of that sample."""

    proposal: Proposal
    measures: Mapping[str, float]


@dataclass(frozen=True)
class Proposal:
    """A mixture of components, with their shares, and of the prior.

    Its efficiency is the number of effective draws per draw, as measured last. The one that a
    sample was drawn from and judged is kept in what was fitted to that sample.
    """

    components: tuple[Component, ...]
    shares: Floats
    efficiency: float = 0.0
    judged: Judged | None = None

    @classmethod
    def of_modes(cls, target: Target, modes: list[Mode], limit: float) -> Self:
        """Return the proposal with a component for each mode.

        Directions in which figures know `limit` times as much as the prior are held. None is joined
        with another, though some are ends of climbs on one slope: by no valley between them a spike
        on a broad shoulder would be, and is lost.
        """
        components = tuple(
            Component.at(point, matrix, stiff(target, matrix, limit)) for _, point, matrix in modes
        )
        return cls(components, shares_of(modes))

    def prepared(self, target: Target, rng: np.random.Generator) -> Proposal:
        """Return the proposal whose components foresee derivatives as at draws from themselves."""
        return replace(self, components=tuple(one.prepared(target, rng) for one in self.components))

    def draw(self, target: Target, rng: np.random.Generator, size: int) -> Draws:
        """Return `size` draws and their densities under the whole mixture."""
        wanted = np.concatenate([(1 - _PRIOR_SHARE) * self.shares, [_PRIOR_SHARE]]) * size
        # Counts in proportion, not by chance: the mixture with these very weights.
        counts = np.diff(np.concatenate([[0], np.round(np.cumsum(wanted)).astype(int)]))
        parts = [
            (one.draw_free(rng, int(count)), one.tight.draw(rng, int(count)))
            for one, count in zip(self.components, counts, strict=False)
        ]
        prior = rng.standard_normal((target.size, int(counts[-1])))
        own = [
            one.put(target, free, tight, prior)
            for one, (free, tight) in zip(self.components, parts, strict=True)
        ]
        u = np.concatenate(
            [*(points[:, : len(points.T) - len(prior.T)] for points, _ in own), prior], axis=1
        )
        of = np.repeat(np.arange(len(counts)), counts)
        known = of == len(self.components)
        stands = [
            self._standing(target, u, i, known | (of == i), at) for i, (_, at) in enumerate(own)
        ]
        logs = self._parts(u, stands, counts / u.shape[1])
        return Draws(u, np.logaddexp.reduce(logs, axis=0), stands, logs)

    def _standing(
        self, target: Target, u: Floats, i: int, mine: NDArray[np.bool_], own: Held
    ) -> Held:
        """Return where points stand on the ridge of component i, known of its own."""
        return own.among(mine, self.components[i].stand(target, u[:, ~mine]))

    def _parts(self, u: Floats, stands: list[Held], shares: Floats) -> Floats:
        """Return the log-density of each part at points, with its share; see `Draws`."""
        made = [one.log_parts(at) for one, at in zip(self.components, stands, strict=True)]
        prior = -0.5 * (u**2).sum(axis=0) - 0.5 * len(u) * np.log(2 * np.pi)
        logs = [*(near for near, _ in made), *(along for _, along in made), prior]
        each = np.concatenate([shares[:-1], shares])
        with np.errstate(divide="ignore"):
            return np.asarray(np.array(logs) + np.log(each)[:, None])

    def logpdf(self, target: Target, u: Floats, of: NDArray[np.intp], own: list[Held]) -> Floats:
        """Return the log-density at points, of which each component knows where its `own` stand."""
        stands = [self._standing(target, u, i, of == i, at) for i, at in enumerate(own)]
        shares = np.concatenate([(1 - _PRIOR_SHARE) * self.shares, [_PRIOR_SHARE]])
        return np.asarray(np.logaddexp.reduce(self._parts(u, stands, shares), axis=0))

    def fitted(
        self,
        draws: Draws,
        weights: Floats,
        target: Target | None = None,
        rng: np.random.Generator | None = None,
    ) -> Proposal:
        """Return the proposal with the moments of weighted draws.

        Each draw counts for a component in proportion to that component's density there. With
        `target` and `rng` derivatives are foreseen anew, as they are at some of the draws.
        """
        components, shares = [], []
        for one, at, member in zip(self.components, draws.stand, draws.belongs, strict=True):
            own = weights * member
            total = float(own.sum())
            if total < 0.005:
                continue
            made = one.fitted(at, own / total)
            if target is not None and rng is not None:
                size = min(taught_by(len(at.free)), len(own))
                made = made.learned(target, at, rng.choice(len(own), size, p=own / total))
            components.append(made)
            shares.append(total)
        return Proposal(tuple(components), np.array(shares) / np.sum(shares))
