"""Hamiltonian Monte Carlo with many chains at a time, for densities of a few dozen unknowns.

PyMC with nutpie needs 15 to 35 s in a fresh process for a latent-class model, nearly all of it
to compile. Here a density of all chains is one call of NumPy, so nothing is compiled, and the
chains tune each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chains", "sample"]

type Floats = NDArray[np.float64]

#: Mean probability of acceptance that the step is tuned to, and length of a path: how many
#: standard deviations it goes on average, were all unknowns independent and normal.
_ACCEPT, _LENGTH = 0.8, 1.5
_STEPS = 200
#: The first paths are short: they only have to get to where the density is.
_FIRST_STEPS = 20
#: Each path's step is shortened by a random share, so that no path is periodic, and so that a
#: chain in a narrow place gets out of it.
_SHORTER = 0.4
#: When the scales are found anew, as a share of the warm-up.
_RENEWED = (0.125, 0.25, 0.5, 0.75)
#: A path along which the energy rises by more than this has diverged.
_DIVERGED = 1000.0


class Density(Protocol):
    """What is drawn from."""

    def __call__(self, x: Floats, slopes_only: bool = False) -> tuple[Floats, Floats]:
        """Return log-densities, shape ``(chains,)``, and slopes, for unknowns of all chains.

        Parameters
        ----------
        x : ndarray
            Shape ``(parameters, chains)``.
        slopes_only : bool, default False
            Whether the log-densities are not needed.
        """


@dataclass(frozen=True)
class Chains:
    """Draws of many chains.

    Parameters
    ----------
    draws : ndarray
        Shape ``(draws, parameters, chains)``, in the order drawn.
    diverged : float
        Share of the paths on which the steps were far too long.
    accepted : float
        Mean probability of acceptance.
    """

    draws: Floats
    diverged: float
    accepted: float


class _Sampler:
    """Chains in motion: where they are, and how far they step."""

    def __init__(self, density: Density, start: Floats, rng: np.random.Generator) -> None:
        self.density, self.rng, self.x = density, rng, start
        self.value, self.slope = density(start)
        self.scale = np.full((len(start), 1), 0.3)
        self.step = 0.1

    def move(self, most: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Go one path with every chain; return probabilities of acceptance, and who diverged."""
        rng, count = self.rng, self.x.shape[1]
        step = self.scale * self.step * np.exp(-_SHORTER * rng.random(count))
        steps = int(np.clip(np.ceil(2 * _LENGTH * rng.random() / self.step), 1, most))
        speed = rng.standard_normal(self.x.shape)
        before = self.value - 0.5 * np.sum(speed**2, axis=0)
        x, value, slope = self.x, self.value, self.slope
        # A path that runs off overflows on its way, and is then rejected.
        with np.errstate(all="ignore"):
            speed = speed + 0.5 * step * slope
            for i in range(steps):
                x = x + step * speed
                value, slope = self.density(x, i < steps - 1)
                speed += (step if i < steps - 1 else 0.5 * step) * slope
            gain = value - 0.5 * np.sum(speed**2, axis=0) - before
        gain = np.where(np.isfinite(gain), gain, -np.inf)
        probability = np.exp(np.minimum(gain, 0.0))
        taken = rng.random(count) < probability
        self.x = np.where(taken, x, self.x)
        self.value = np.where(taken, value, self.value)
        self.slope = np.where(taken, slope, self.slope)
        return probability, gain < -_DIVERGED

    def warm_up(self, paths: int) -> None:
        """Find the scale of every unknown, over all chains, and the step.

        The scales are those of all chains together: chains that have the same thing under
        another label then know the scale of either. Dual averaging of the step: Hoffman and
        Gelman, JMLR 2014;15:1593, section 3.2, with their constants.
        """
        renewed = [int(share * paths) for share in _RENEWED]
        centre, off, mean, count = np.log(0.3), 0.0, 0.0, 0
        seen: list[Floats] = []
        for i in range(1, paths + 1):
            probability, _ = self.move(_STEPS if i > renewed[1] else _FIRST_STEPS)
            count += 1
            off += (_ACCEPT - float(probability.mean()) - off) / (count + 10)
            log_step = min(centre - np.sqrt(count) / 0.05 * off, 0.0)
            mean += count**-0.75 * (log_step - mean)
            self.step = float(np.exp(log_step))
            seen.append(self.x)
            if i in renewed:
                last = np.array(seen[len(seen) // 2 :])
                self.scale = np.maximum(last.std(axis=(0, 2)), 1e-3)[:, None]
                centre, off, mean, count = np.log(0.1), 0.0, 0.0, 0
                self.step = 0.05
        self.step = float(np.exp(mean))


def sample(
    density: Density,
    start: Floats,
    rng: np.random.Generator,
    *,
    warm_up: int,
    draws: int,
    blocks: int,
    enough: Callable[[Chains], bool],
) -> Chains:
    """Draw from a density with many chains, that move at the same time.

    Parameters
    ----------
    density : Density
        Log-densities and slopes of all chains.
    start : ndarray
        Where the chains start, shape ``(parameters, chains)``; far from each other.
    rng : numpy.random.Generator
        Where the randomness is from.
    warm_up, draws : int
        Paths before the draws, and draws of each chain.
    blocks : int
        How many times as many draws are made at most.
    enough : callable
        ``enough(chains)``: whether to stop. It is asked after every `draws` draws.

    Returns
    -------
    Chains
        All the draws after the warm-up.

    Notes
    -----
    The paths are of random length (Neal, Handbook of MCMC 2011, chapter 5), the same for all
    chains, with a unit metric in coordinates that have unit scale over all chains.
    """
    from threadpoolctl import threadpool_limits

    # One thread: the products are small, and the same on every machine with these libraries.
    with threadpool_limits(limits=1):
        moving = _Sampler(density, start, rng)
        moving.warm_up(warm_up)
        kept, diverged, accepted = [], [], []
        for _ in range(blocks):
            for _ in range(draws):
                probability, off = moving.move(_STEPS)
                kept.append(moving.x)
                diverged.append(off.mean())
                accepted.append(probability.mean())
            found = Chains(np.array(kept), float(np.mean(diverged)), float(np.mean(accepted)))
            if enough(found):
                break
    return found
