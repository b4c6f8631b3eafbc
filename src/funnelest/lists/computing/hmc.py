"""Hamiltonian Monte Carlo of many chains at once, as NumPy arrays.

The chains of small hierarchical models move together: each leapfrog step is a few array
operations for all of them, and what they learn of the posterior's shape in warm-up is pooled. No
compilation: the first draw is there in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelest.gate import Gate, hmc_gate
from funnelest.lists.computing.convergence import ess_bulk, ess_tail, r_hat

__all__ = ["Chains", "climb", "gate_of", "sample"]

type Floats = NDArray[np.float64]
#: Points, shape ``(chains, parameters)`` -> log-density ``(chains,)`` and its gradient.
type Density = Callable[[Floats], tuple[Floats, Floats]]

#: In units in which the posterior is about standard normal, a quarter turn (pi / 2) forgets where
#: it began. Path lengths are spread evenly from 0 to twice that, so that none can be in step
#: with any direction.
_LONGEST = np.pi
_MOST_STEPS = 100
#: One trajectory in so many takes much finer steps. Where it is far steeper than usual (rarely
#: large scales) coarse trajectories are refused and chains would stick; these come and go there.
_FINE_EVERY, _FINE = 8, 0.2
#: A trajectory whose energy is off by so much has left the posterior (as in Stan).
_DIVERGED = 1000.0


@dataclass(frozen=True)
class Chains:
    """Draws of several chains.

    Parameters
    ----------
    points : ndarray
        Shape ``(chains, draws, parameters)``.
    energies : ndarray
        Shape ``(chains, draws)``.
    divergences : int
        Trajectories in fine steps that left the posterior, after warm-up: places that no step
        reaches. (One in coarse steps that does is a refused proposal.)
    accepted : float
        Mean probability of acceptance.
    gradients : int
        Gradients evaluated in each chain, warm-up included.
    """

    points: Floats
    energies: Floats
    divergences: int
    accepted: float
    gradients: int


class _StepSize:
    """Dual averaging of the step size: Hoffman and Gelman, JMLR 2014;15:1593, section 3.2."""

    def __init__(self, first: float, wanted: float) -> None:
        self.value, self._wanted = first, wanted
        self._centre, self._gap, self._count, self._average = np.log(10 * first), 0.0, 0, 0.0

    def learn(self, accepted: float) -> None:
        """Take in the share of proposals accepted with the present step size."""
        self._count += 1
        share = 1.0 / (self._count + 10)
        self._gap = (1 - share) * self._gap + share * (self._wanted - accepted)
        logged = self._centre - np.sqrt(self._count) / 0.05 * self._gap
        weight = self._count**-0.75
        self._average = weight * logged + (1 - weight) * self._average
        self.value = float(np.exp(logged))

    @property
    def settled(self) -> float:
        """The step size to stay with."""
        return float(np.exp(self._average)) if self._count else self.value


class _Metric:
    """Kinetic energy of a covariance of the parameters."""

    def __init__(self, covariance: Floats) -> None:
        self.covariance = covariance
        self._inverse_root = np.linalg.inv(np.linalg.cholesky(covariance))

    def momenta(self, chains: int, rng: np.random.Generator) -> Floats:
        return np.asarray(rng.standard_normal((chains, len(self.covariance))) @ self._inverse_root)

    def velocity(self, momenta: Floats) -> Floats:
        return np.asarray(momenta @ self.covariance)


class _Sampler:
    """The state of all chains, and one step of them."""

    def __init__(self, density: Density, start: Floats, rng: np.random.Generator) -> None:
        self._density, self._rng = density, rng
        self.points = start
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.value, self._slope = density(start)
        self.gradients = 1

    def step(
        self, metric: _Metric, size: float, searching: bool = False
    ) -> tuple[Floats, Floats, int]:
        """Move every chain; return the probabilities of acceptance, energies and divergences.

        While `searching`, some steps are small, so that a chain that started far out, where it is
        steep, comes in too.
        """
        rng, chains = self._rng, len(self.points)
        # The same length for all chains, so that they stay in step as arrays.
        length = _LONGEST * rng.uniform()
        size *= 10.0 ** rng.uniform(-1.5, 0.0) if searching else rng.uniform(0.8, 1.0)
        steps = int(np.clip(np.ceil(length / size), 1, 20 if searching else _MOST_STEPS))
        momenta = metric.momenta(chains, rng)
        velocity = metric.velocity(momenta)
        energy = -self.value + 0.5 * np.sum(momenta * velocity, axis=1)
        at, slope = self.points, self._slope
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            momenta = momenta + 0.5 * size * slope
            for i in range(steps):
                at = at + size * metric.velocity(momenta)
                value, slope = self._density(at)
                momenta = momenta + (size if i < steps - 1 else 0.5 * size) * slope
            ended = -value + 0.5 * np.sum(momenta * metric.velocity(momenta), axis=1)
            off = np.nan_to_num(ended - energy, nan=np.inf)
            chance = np.exp(np.minimum(-off, 0.0))
        self.gradients += steps
        take = rng.uniform(size=chains) < chance
        self.points = np.where(take[:, None], at, self.points)
        self.value = np.where(take, value, self.value)
        self._slope = np.where(take[:, None], slope, self._slope)
        return chance, energy, int(np.sum(off > _DIVERGED))


def sample(
    density: Density,
    start: Floats,
    covariance: Floats,
    *,
    draws: int,
    rng: np.random.Generator,
    warmup: Sequence[int] = (50, 100, 150),
    wanted: float = 0.9,
) -> Chains:
    """Draw from a density with Hamiltonian Monte Carlo.

    Parameters
    ----------
    density : callable
        Points, shape ``(chains, parameters)``, to log-densities, shape ``(chains,)``, and their
        gradients, shape ``(chains, parameters)``.
    start : ndarray
        Where the chains begin, shape ``(chains, parameters)``; wider than the posterior, so that
        chains which agree have forgotten it.
    covariance : ndarray
        First guess of the covariance, shape ``(parameters, parameters)``.
    draws : int
        Draws per chain after warm-up.
    rng : numpy.random.Generator
        Source of randomness.
    warmup : sequence of int, default (50, 100, 150)
        Lengths of the windows of warm-up. After each the covariance is that of the window's
        draws of all chains.
    wanted : float, default 0.9
        Share of proposals accepted that the step size aims at. The optimum for a smooth density is
        0.65 to 0.9 (Betancourt, Byrne and Girolami, arXiv:1411.6669); the smaller steps of a larger
        share are safer where it is steep.

    Returns
    -------
    Chains
        The draws.
    """
    sampler, metric = _Sampler(density, start, rng), _Metric(covariance)
    chains, count = start.shape
    size = 0.5
    for number, window in enumerate(warmup):
        tuner = _StepSize(size, wanted)
        seen = np.empty((window, chains, count))
        for i in range(window):
            chance, _, _ = sampler.step(metric, tuner.value, searching=number == 0 and i % 2 == 0)
            tuner.learn(float(chance.mean()))
            seen[i] = sampler.points
        # The first part of a window is still on its way.
        metric = _Metric(_covariance(seen[window // 3 :].reshape(-1, count)))
        size = tuner.settled
    tuner = _StepSize(size, wanted)
    for _ in range(50):
        chance, _, _ = sampler.step(metric, tuner.value)
        tuner.learn(float(chance.mean()))
    size = tuner.settled
    points, energies = np.empty((draws, chains, count)), np.empty((draws, chains))
    divergences, accepted = 0, 0.0
    for i in range(draws):
        fine = i % _FINE_EVERY == 0
        chance, energies[i], off = sampler.step(metric, size * (_FINE if fine else 1.0))
        points[i] = sampler.points
        divergences += off if fine else 0
        accepted += float(chance.mean())
    return Chains(
        np.swapaxes(points, 0, 1), energies.T, divergences, accepted / draws, sampler.gradients
    )


def _covariance(points: Floats) -> Floats:
    """Return the covariance of draws, drawn a little towards no correlation."""
    found = np.cov(points, rowvar=False)
    spread = np.diag(np.diag(found) + 1e-12)
    share = min(1.0, 5.0 * len(found) / (len(points) + 5.0 * len(found))) * 0.1
    return np.asarray((1 - share) * found + share * spread)


def climb(density: Density, start: Floats, free: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the mode in some parameters, and the covariance that the curvature there gives.

    Newton's method, the curvature by differences of gradients that are evaluated in one call.

    Parameters
    ----------
    density : callable
        As in `sample`.
    start : ndarray
        Where to begin, shape ``(parameters,)``.
    free : ndarray of bool
        Shape ``(parameters,)``: False for parameters that stay as they are.

    Returns
    -------
    point : ndarray
        Shape ``(parameters,)``.
    covariance : ndarray
        Of the free parameters, shape ``(free, free)``.
    """
    places = np.flatnonzero(free)
    width = 1e-4
    moves = np.zeros((len(places), len(start)))
    moves[np.arange(len(places)), places] = width
    point = start.copy()
    value = density(point[None])[0][0]
    for _ in range(60):
        slopes = density(np.concatenate([point + moves, point - moves, point[None]]))[1][:, places]
        up, down = np.split(slopes[:-1], 2)
        curvature = -(up - down) / (2 * width)
        curvature = 0.5 * (curvature + curvature.T)
        values, vectors = np.linalg.eigh(curvature)
        values = np.maximum(np.abs(values), 1e-6 * np.abs(values).max())
        step = np.zeros(len(start))
        step[places] = vectors @ ((vectors.T @ slopes[-1]) / values)
        gain = float(slopes[-1] @ step[places])
        scale = 1.0
        while scale > 1e-6:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                tried = density((point + scale * step)[None])[0][0]
            if tried >= value:
                point, value = point + scale * step, tried
                break
            scale /= 2
        if scale <= 1e-6 or gain < 1e-8:
            break
    return point, np.asarray((vectors / values) @ vectors.T)


def gate_of(chains: Chains, quantities: Floats) -> Gate:
    """Return the verdict of the convergence gate.

    Parameters
    ----------
    chains : Chains
        The draws.
    quantities : ndarray
        What has to have converged, shape ``(quantities, chains, draws)``.
    """
    energy = chains.energies
    bfmi = np.mean(np.diff(energy, axis=1) ** 2, axis=1) / np.var(energy, axis=1)
    return hmc_gate(
        r_hat=float(np.max(r_hat(quantities))),
        ess_bulk=float(np.min(ess_bulk(quantities))),
        ess_tail=float(np.min(ess_tail(quantities))),
        divergences=chains.divergences,
        bfmi=float(bfmi.min()),
    )
