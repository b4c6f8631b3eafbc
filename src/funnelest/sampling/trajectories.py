"""Hamiltonian trajectories of many chains at once, as NumPy arrays; and a sampler made of them.

All chains move together: each leapfrog step is a few array operations for all of them, and what
they learn of the posterior's shape in warm-up is pooled. Nothing is compiled: the first draw is
there in milliseconds. The parts (`Sampler`, `Metric`, `StepSize`) serve the engine of whole models,
`inference/engines/hmc.py`; `sample`, with its own warm-up, serves the small ones of linked lists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from funnelest.sampling.gate import Gate, chains_gate, measured

__all__ = ["Chains", "Density", "Elsewhere", "Paths", "climb", "gate_of", "sample"]

type Floats = NDArray[np.float64]

#: The first trajectories are short: they only have to get to where the density is.
_FIRST_STEPS = 20


@dataclass(frozen=True)
class Paths:
    """How long trajectories are, and how the steps of chains differ.

    Path lengths are spread evenly between two limits, in units in which the posterior is about
    standard normal. A quarter turn (pi / 2) forgets where it began, so they lie evenly around that:
    then none can be in step with any direction. A step is `usual` times the one that was learned,
    evenly between two limits; that of a share `odd` of the chains is shorter, down to nothing.
    """

    shortest: float = 0.0
    longest: float = np.pi
    usual: tuple[float, float] = (0.7, 1.0)
    odd: float = 0.0

    def steps(self, size: float, most: int, rng: np.random.Generator) -> int:
        """Return of how many steps the next trajectory is."""
        path = self.shortest + (self.longest - self.shortest) * rng.uniform()
        return int(np.clip(np.ceil(path / size), 1, most))

    def sizes(self, chains: int, rng: np.random.Generator) -> Floats:
        """Return how many times the learned step the chains take, shape ``(chains, 1)``."""
        sizes = rng.uniform(*self.usual, (chains, 1))
        if self.odd:
            short = rng.uniform(size=(chains, 1)) < self.odd
            sizes = np.where(short, rng.uniform(0.0, self.usual[0], (chains, 1)), sizes)
        return sizes


class Elsewhere(Protocol):
    """A distribution that resembles the one that is drawn from; points ``(parameters, n)``."""

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Return draws."""

    def logpdf(self, x: Floats) -> Floats:
        """Return log-densities."""


#: One trajectory in so many takes so much finer steps; why is said in `gate_of`.
_FINE_EVERY, _FINE = 8, 0.2
#: A trajectory whose energy is off by so much has left the posterior (as in Stan).
_DIVERGED = 1000.0
#: Trajectories of the last window of warm-up, in which only the step size is learned.
_LAST_WINDOW = 50


class Density(Protocol):
    """What is drawn from."""

    def __call__(self, points: Floats, slopes_only: bool = False) -> tuple[Floats, Floats]:
        """Return log-densities, shape ``(chains,)``, and gradients, the shape of the points.

        Points have the shape ``(chains, parameters)``. With `slopes_only`, as within a trajectory,
        the log-densities are of no meaning.
        """


@dataclass(frozen=True)
class Chains:
    """Draws of several chains, shape ``(chains, draws, parameters)``, and their energies.

    Divergences are trajectories in fine steps that left the posterior, after warm-up (see
    `gate_of`); `accepted` is the mean probability of acceptance, and `gradients` were evaluated in
    each chain, warm-up included.
    """

    points: Floats
    energies: Floats
    divergences: int
    accepted: float
    gradients: int

    @property
    def every(self) -> Floats:
        """The draws of all chains, shape ``(chains * draws, parameters)``."""
        return self.points.reshape(-1, self.points.shape[2])

    def some(self, most: int) -> Floats:
        """Return at most so many draws, evenly spread over the chains."""
        places = np.linspace(0, len(self.every) - 1, min(most, len(self.every)))
        return np.asarray(self.every[places.astype(int)])


class StepSize:
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


class Metric:
    """Kinetic energy of a covariance of the parameters (dense), or of variances (diagonal)."""

    def __init__(self, covariance: Floats) -> None:
        self.covariance, self._dense = covariance, covariance.ndim == 2
        self._inverse_root = (
            np.linalg.inv(np.linalg.cholesky(covariance))
            if self._dense
            else 1.0 / np.sqrt(covariance)
        )

    def momenta(self, chains: int, rng: np.random.Generator) -> Floats:
        drawn = rng.standard_normal((chains, len(self.covariance)))
        return np.asarray(drawn @ self._inverse_root if self._dense else drawn * self._inverse_root)

    def velocity(self, momenta: Floats) -> Floats:
        return np.asarray(momenta @ self.covariance if self._dense else momenta * self.covariance)

    def learned(self, points: Floats) -> Metric:
        """Return that of some draws, a dense one drawn a little towards no correlation."""
        if not self._dense:
            return Metric(points.var(axis=0) + 1e-12)
        found = np.atleast_2d(np.cov(points, rowvar=False))
        spread = np.diag(np.diag(found) + 1e-12)
        share = min(1.0, 5.0 * len(found) / (len(points) + 5.0 * len(found))) * 0.1
        return Metric(np.asarray((1 - share) * found + share * spread))


class Sampler:
    """The state of all chains, and one trajectory of them."""

    def __init__(
        self,
        density: Density,
        start: Floats,
        rng: np.random.Generator,
        paths: Paths | None = None,
    ) -> None:
        self._density, self._rng, self._paths = density, rng, paths or Paths()
        self.points = start
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.value, self._slope = density(start)
        self.gradients = 1

    def move(self, metric: Metric, size: float, most: int) -> tuple[Floats, Floats, int]:
        """Move every chain; return the probabilities of acceptance, energies and divergences."""
        rng, chains = self._rng, len(self.points)
        # As many steps for all chains, so that they stay together as arrays.
        steps = self._paths.steps(size, most, rng)
        sizes = size * self._paths.sizes(chains, rng)
        momenta = metric.momenta(chains, rng)
        energy = -self.value + 0.5 * np.sum(momenta * metric.velocity(momenta), axis=1)
        at, slope = self.points, self._slope
        # A trajectory that runs off overflows on its way, and is then refused.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            momenta = momenta + 0.5 * sizes * slope
            for left in range(steps - 1, -1, -1):
                at = at + sizes * metric.velocity(momenta)
                value, slope = self._density(at, left > 0)
                momenta += (sizes if left else 0.5 * sizes) * slope
            ended = -value + 0.5 * np.sum(momenta * metric.velocity(momenta), axis=1)
            off = np.nan_to_num(ended - energy, nan=np.inf)
            chance = np.exp(np.minimum(-off, 0.0))
        self.gradients += steps
        take = rng.uniform(size=chains) < chance
        self.points = np.where(take[:, None], at, self.points)
        self.value = np.where(take, value, self.value)
        self._slope = np.where(take[:, None], slope, self._slope)
        return chance, energy, int(np.sum(off > _DIVERGED))

    def jump(
        self, places: Elsewhere, height: Callable[[Floats], Floats], tries: int, rounds: int
    ) -> float:
        """Let each chain choose, in rounds, between where it is and some draws of `places`.

        The choice is by the weights, the density over that of `places`, which leaves the posterior
        as it is (iterated sampling importance resampling; Andrieu, Lee and Vihola, Bernoulli
        2018;24:842). In turn with trajectories: Samsonov et al., NeurIPS 2022;35:5178. It takes
        log-densities only: `height` gives them. Returned is how many went, in the mean of a round.
        """
        rng, (chains, d) = self._rng, self.points.shape
        at = np.arange(chains)
        away = self.value - places.logpdf(self.points.T)
        gone = np.zeros(chains)
        for _ in range(rounds):
            tried = places.draw(rng, chains * tries).T
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                found = height(tried) - places.logpdf(tried.T)
            found = np.where(np.isnan(found), -np.inf, found).reshape(tries, chains)
            weights = np.concatenate([away[None], found])
            # The largest of the log weights plus Gumbel variables is each with its probability.
            chosen = np.argmax(weights + rng.gumbel(size=weights.shape), axis=0)
            points = np.concatenate([self.points[None], tried.reshape(tries, chains, d)])
            self.points, away = points[chosen, at], weights[chosen, at]
            gone += chosen > 0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.value, self._slope = self._density(self.points)
        self.gradients += 1
        return float(gone.mean() / rounds)

    def put(self, chains: NDArray[np.intp], others: NDArray[np.intp]) -> None:
        """Put chains where others are; in warm-up only, since then they are no longer apart."""
        for one in (self.points, self.value, self._slope):
            one[chains] = one[others]


def sample(
    density: Density,
    start: Floats,
    covariance: Floats,
    *,
    draws: int | Sequence[int],
    rng: np.random.Generator,
    warmup: Sequence[int] = (50, 100, 150),
    wanted: float = 0.9,
    most: int = 100,
    enough: Callable[[Chains], bool] = lambda chains: False,
) -> Chains:
    """Draw from a density with Hamiltonian Monte Carlo.

    Trajectories are of random length (Neal, Handbook of MCMC 2011, chapter 5), the same for all
    chains.

    Parameters
    ----------
    start : ndarray
        Where the chains begin, shape ``(chains, parameters)``; wider than the posterior, so that
        chains which agree have forgotten it.
    covariance : ndarray
        First guess of the covariance, shape ``(parameters, parameters)``, for a dense metric; or of
        the variances, shape ``(parameters,)``, for a diagonal one.
    draws : int or sequence of int
        Draws per chain after warm-up; where several blocks, ``enough(chains)`` is asked after each.
    warmup : sequence of int, default (50, 100, 150)
        Lengths of the windows of warm-up. After each the covariance is that of the window's
        draws of all chains.
    wanted : float, default 0.9
        Share of proposals accepted that the step size aims at. The optimum for a smooth density is
        0.65 to 0.9 (Betancourt, Byrne and Girolami, arXiv:1411.6669); the smaller steps of a larger
        share are safer where it is steep.
    most : int, default 100
        Most steps of a trajectory.
    """
    sampler, metric = Sampler(density, start, rng), Metric(covariance)
    size = 0.5
    for number, window in enumerate(warmup):
        searching = number < len(warmup) // 2
        tuner, seen = StepSize(size, wanted), []
        for i in range(window):
            # Some steps are small at first, so that a chain that started far out, where it is
            # steep, comes in too.
            less = 10.0 ** rng.uniform(-1.5, 0.0) if number == 0 and i % 2 == 0 else 1.0
            chance, _, _ = sampler.move(
                metric, tuner.value * less, _FIRST_STEPS if searching else most
            )
            tuner.learn(float(chance.mean()))
            seen.append(sampler.points)
        # The first part of a window is still on its way.
        metric = metric.learned(np.concatenate(seen[window // 3 :]))
        size = tuner.settled
    tuner = StepSize(size, wanted)
    for _ in range(_LAST_WINDOW):
        chance, _, _ = sampler.move(metric, tuner.value, most)
        tuner.learn(float(chance.mean()))
    size = tuner.settled

    points: list[Floats] = []
    energies: list[Floats] = []
    divergences, accepted = 0, 0.0
    for block in [draws] if isinstance(draws, int) else draws:
        for _ in range(block):
            fine = len(points) % _FINE_EVERY == 0
            chance, energy, off = sampler.move(metric, size * (_FINE if fine else 1.0), most)
            points.append(sampler.points)
            energies.append(energy)
            divergences += off if fine else 0
            accepted += float(chance.mean())
        found = Chains(
            np.stack(points, axis=1),
            np.stack(energies, axis=1),
            divergences,
            accepted / len(points),
            sampler.gradients,
        )
        if enough(found):
            break
    return found


def climb(density: Density, start: Floats, free: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the mode in some parameters, and the covariance that the curvature there gives.

    Newton's method from `start`, the curvature by differences of gradients that are evaluated in
    one call. Parameters that are not `free` stay as they are; the covariance is of those that are.
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
    """Return the verdict of the convergence gate on quantities ``(quantities, chains, draws)``.

    Divergences: every 8th trajectory takes steps five times finer than the tuned ones, and of
    these none may diverge. A divergence says that the posterior is too steep for the steps. In the
    tuned steps it is a proposal refused, as any other is: the draws stay right, and only a place
    that is steep everywhere would never be entered or left. Trajectories in fine steps go there;
    were it too steep even for them, the draws might miss it. That places which only every 8th
    trajectory reaches are visited often enough is for R-hat and the effective sizes to say.
    """
    measures = measured(quantities, chains.energies, chains.divergences)
    return chains_gate(**measures)
