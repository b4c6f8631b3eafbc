"""Hamiltonian Monte Carlo of many chains at once, for models that importance sampling cannot do.

Nothing is compiled: slopes are those of the arithmetic that the density is written in, for all
chains together.

1. Modes, and points that moved along the ridges from them, as in `importance`: chains start there.
2. A map to coordinates in which the posterior is about standard normal (`straight`). It is fitted
   to those points, and again in warm-up to where the chains are.
3. Warm-up: step size and covariance, of all chains together. A chain that is lost where there is
   hardly any probability goes on from where another is. That is done in warm-up only.
4. Draws, every so manieth of a chain kept, until the gate is passed or the limit is reached.

The map decides how many steps a draw takes, never where the posterior is: proposals are accepted by
the exact density. Chains start in every mode that was found. Where they do not pass from one to
another, R-hat says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.inference.engines.modes import Mode, find_modes, unbounded
from funnelest.inference.engines.moves import walked
from funnelest.inference.engines.proposal import Component, stiff
from funnelest.inference.engines.spread import Spread
from funnelest.inference.engines.straight import Ridge, Straight
from funnelest.inference.engines.target import Target
from funnelest.inference.interrupts import Interrupt
from funnelest.likelihood.density import Density
from funnelest.sampling.gate import BFMI, R_HAT, Gate, chains_gate, measured
from funnelest.sampling.parallel import one_thread
from funnelest.sampling.trajectories import Metric, Paths, Sampler, StepSize

__all__ = ["Chains", "Going", "chains_for", "draws_for", "sample"]

type Floats = NDArray[np.float64]
type Progress = Callable[[float, str], None]

#: Chains of warm-up, and of draws where nothing else is asked for: slopes for so many cost hardly
#: more than for few. Of few draws there are fewer chains, and so many at least.
_CHAINS, _FEWEST = 256, 16
#: R-hat of independent draws is a matter of luck: with m chains of n draws its standard error is
#: 1 / (n sqrt(m)), and the largest of dozens lies 2.3 of these above 1. With 256 chains of 16 that
#: was 1.009, so that the limit of 1.01 was met by luck however long the chains were. So many draws
#: for the root of the number of chains, and it is 1.005.
_TOLD = 500.0
#: Held are directions in which figures know so many times as much as the prior.
_HELD = 30.0
#: Points that move along the ridges, of all modes together.
_WALKERS = 400
#: Points that the map is fitted to, where climbs end.
_FITTED = 4000
#: Some lie so much wider than the posterior, and count so little: the map should be sound there,
#: and exact where the probability is.
_WIDE, _SLIGHT = 1.6, 0.01
#: Trajectories of the stages of warm-up; after each but the last the map is fitted anew.
_WARM = (15, 15, 15)
#: Share of proposals accepted that the step size aims at, and most steps of a trajectory.
_WANTED, _STEPS, _FIRST_STEPS = 0.85, 150, 20
#: Trajectories are about a quarter turn. Steps of all chains but some differ little: where all are
#: shortened at random, by half in the mean, trajectories end before they have forgotten anything.
_PATHS = Paths(0.25 * np.pi, 0.75 * np.pi, usual=(0.8, 1.1), odd=0.15)
#: A map is poor of which the step is less.
_POOR = 0.15
#: After a trajectory each chain may go to one of so many draws of a t distribution in straightened
#: coordinates, so many times. Their densities cost less than one gradient. Where the map is good
#: many go, and forget at once where they were; where fewer than this share did in warm-up none are
#: tried. The freedom of that t distribution.
_TRIES, _ROUNDS, _USEFUL, _FREEDOM = 4, 3, 0.1, 50.0
#: Before one trajectory in so many comes one that is no draw, in a few finer steps: a chain in a
#: steep place, which the usual steps do not leave, goes on. By turns they are so much finer. Of
#: those in the finest steps none may diverge, as `gate_of` of `sampling/trajectories.py` explains.
_FINE_EVERY, _FINE, _FINE_STEPS = 4, (0.3, 0.15, 0.05), 6
#: Where some do, all that was drawn is taken for warm-up, so often, and steps are so much finer.
_AGAIN, _FINER = 3, 0.3
#: A chain is lost whose log-density is below the median by so many times what is usual.
_LOST = 6.0
#: Trajectories of each chain: until the gate is passed.
_LENGTHS = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
#: More draws are not worth making where R-hat would not come so many times nearer to its limit.
_HOPE = 3.0
#: Chains that are interrupted make so many trajectories at least, all that go on so many, and those
#: whose energies are judged together have so many energies: to see how these vary.
_LEAST, _SEEN = 10, 60
#: Groups of chains whose energies are judged.
_ENERGIES = 16
#: No coordinate has a meaning beyond this.
_RUN_OFF = 1e4


@dataclass(frozen=True)
class Run:
    """What chains have made: points and energies after each trajectory, and divergences."""

    points: tuple[Floats, ...] = ()
    energies: tuple[Floats, ...] = ()
    diverged: int = 0


@dataclass(frozen=True)
class Going:
    """Where chains are, and how they move: what they go on from."""

    straight: Straight
    metric: Metric
    size: float
    points: Floats
    #: What chains may go to between trajectories; none where hardly any would.
    places: Spread | None = None
    #: Trajectories for one draw that is kept; 0 while chains have not shown how many they need.
    every: int = 0
    #: What is followed by the map, and how much finer than usual the fine steps are.
    component: Component | None = None
    finer: float = 1.0
    #: A run that was interrupted before it had shown that: it goes on as if it had not been, since
    #: draws so near to each other as a short run has them would be judged as such for ever.
    paused: Run | None = None


@dataclass(frozen=True)
class Chains:
    """Draws per parameter, shape ``(chains, draws)``, the gate, and what the chains go on from.

    After an interrupt there are fewer draws.
    """

    draws: dict[str, Floats]
    gate: Gate
    going: Going
    interrupted: bool = False


class _Straightened:
    """The log-density in straightened coordinates, points ``(chains, parameters)``."""

    def __init__(self, target: Target, straight: Straight) -> None:
        self._target, self._straight = target, straight

    def __call__(self, points: Floats, slopes_only: bool = False) -> tuple[Floats, Floats]:
        off, u, log_volume, back = self._scores(points)
        value, slopes = self._target.gradient(u)
        slopes = back(slopes)
        return np.where(off, -np.inf, value + log_volume), np.where(off, 0.0, slopes).T

    def height(self, points: Floats) -> Floats:
        """Return the log-densities alone, which cost far less."""
        off, u, log_volume, _ = self._scores(points)
        return np.where(off, -np.inf, self._target.log_density(u) + log_volume)

    def _scores(
        self, points: Floats
    ) -> tuple[NDArray[np.bool_], Floats, Floats, Callable[[Floats], Floats]]:
        """Return who has run off, and of the others scores, volume and what takes slopes back."""
        # A trajectory that runs off leaves all numbers: there is no density, and nothing to see.
        off = ~np.all(np.abs(points) < _RUN_OFF, axis=1)
        u, log_volume, back = self._straight(np.where(off, 0.0, points.T))
        off |= ~np.all(np.abs(u) < _RUN_OFF, axis=0)
        return off, np.where(off, 0.0, u), log_volume, back


def sample(
    density: Density,
    *,
    draws: int,
    chains: int,
    rng: np.random.Generator,
    start: Going | None = None,
    progress: Progress = lambda done, text: None,
    interrupt: Interrupt | None = None,
) -> Chains:
    """Sample the posterior with so many chains at once, and so many `draws` of each.

    With `start` the chains of an earlier call go on; where that was interrupted, `draws` are those
    of the whole run. The same generator gives the same draws.
    `progress` is told the share done and what is being done. An `interrupt` during warm-up raises;
    later it ends the chains as soon as they can be judged. A `FitError` when no point has a finite
    density.
    """
    interrupt = interrupt or Interrupt()
    with one_thread():
        with interrupt.at_once():
            target, first = Target(density), start is None
            if start is None:
                start = _warm(target, max(chains, _CHAINS), rng, progress)
                start = replace(start, points=start.points[:chains])
        made, run = _drawn(target, start, draws, rng, progress, interrupt)
        for _ in range(_AGAIN if first else 0):
            if not run.diverged or interrupt.came:
                break
            with interrupt.at_once():
                progress(0.3, "warming up again")
                start = _warm_again(target, start, run, rng)
            made, run = _drawn(target, start, draws, rng, progress, interrupt)
        return made


def chains_for(draws: int) -> int:
    """Return how many chains to draw with, where nothing is said."""
    return int(np.clip((draws / _TOLD) ** 2, _FEWEST, _CHAINS))


def draws_for(chains: int) -> int:
    """Return of how many draws, of so many chains together, R-hat says how the chains mix."""
    return math.ceil(_TOLD * math.sqrt(chains))


def _warm(target: Target, chains: int, rng: np.random.Generator, progress: Progress) -> Going:
    progress(0.02, "finding the mode")
    modes = find_modes(target, rng)
    target.condense(np.array([point for _, point, _ in modes]).T)
    progress(0.05, "following the ridges")
    component, walkers = _walked(target, modes, rng)
    first = walkers[:, rng.choice(walkers.shape[1], chains, replace=walkers.shape[1] < chains)]
    metric = Metric(np.eye(target.size))
    progress(0.1, "warming up")
    one = _stage(target, _followed(target, component, walkers, rng), metric, 0.3, first, 0, rng)
    if one.size < _POOR and component.held.shape[1]:
        # The posterior is no graph over its free part, as a ring is none.
        plain = Component.at(component.mode, np.eye(target.size), 0)
        other = _stage(target, _followed(target, plain, walkers, rng), metric, 0.1, first, 0, rng)
        if other.size > one.size:
            one, component = other, plain
    for stage in range(1, len(_WARM)):
        progress(0.1 + 0.1 * stage, "warming up")
        straight = _followed(target, component, one.seen, rng)
        metric, places = _learned(straight.back(one.seen))
        one = _stage(target, straight, metric, one.size, one.u, stage, rng, places)
    return Going(
        straight, metric, one.size, straight.back(one.u).T, component=component, places=one.places
    )


def _learned(points: Floats) -> tuple[Metric, Spread]:
    """Return the metric of straightened points, and the distribution that resembles them."""
    metric = Metric(np.eye(len(points))).learned(points.T)
    return metric, Spread(points.mean(axis=1), np.linalg.cholesky(metric.covariance), _FREEDOM)


def _warm_again(target: Target, going: Going, run: Run, rng: np.random.Generator) -> Going:
    """Return where chains are after a warm-up more, all of a `run` that diverged being part of it.

    They have come to a place that is too steep for the map and the finest steps: the map is fitted
    to where they were, and the steps are finer.
    """
    assert going.component is not None
    u = going.straight(np.concatenate(run.points[-_SEEN:]).T)[0]
    straight = _followed(target, going.component, u, rng)
    metric, places = _learned(straight.back(u))
    now = going.straight(run.points[-1].T)[0]
    one = _stage(target, straight, metric, going.size, now, len(_WARM) - 1, rng, places)
    return replace(
        going, straight=straight, metric=metric, size=one.size, points=straight.back(one.u).T,
        places=one.places, finer=going.finer * _FINER,
    )  # fmt: skip


@dataclass(frozen=True)
class _Stage:
    """Where a stage of warm-up ended, in scores, where chains were, and the step size.

    And what chains may go to, where that has been of use.
    """

    u: Floats
    seen: Floats
    size: float
    places: Spread | None


def _stage(
    target: Target,
    straight: Straight,
    metric: Metric,
    size: float,
    u: Floats,
    stage: int,
    rng: np.random.Generator,
    places: Spread | None = None,
) -> _Stage:
    density = _Straightened(target, straight)
    sampler = Sampler(density, straight.back(u).T, rng, _PATHS)
    tuner, seen, gone = StepSize(size, _WANTED), [], 0.0
    moves = _WARM[stage]
    for i in range(moves):
        if i % _FINE_EVERY == 0:
            _finely(sampler, metric, tuner.value, i // _FINE_EVERY)
        # Until a step size is learned trajectories are short.
        most = _STEPS if stage else _FIRST_STEPS
        chance, _, _ = sampler.move(metric, tuner.value, most)
        tuner.learn(float(chance.mean()))
        if places is not None:
            gone += sampler.jump(places, density.height, _TRIES, 1) / moves
        if i >= moves // 3:
            seen.append(sampler.points)
        if stage < len(_WARM) - 1:
            _returned(sampler, rng)
    _bounded(target, straight, sampler)
    return _Stage(
        straight(sampler.points.T)[0], straight(np.concatenate(seen).T)[0], tuner.settled,
        places if gone >= _USEFUL else None,
    )  # fmt: skip


def _walked(
    target: Target, modes: list[Mode], rng: np.random.Generator
) -> tuple[Component, Floats]:
    """Return the component of the highest mode, and points that moved from all of them.

    There is one map for all chains, so one split in held and free directions: that of the mode with
    most in it. Where another mode holds other directions the map serves worse there, which costs
    steps. Chains that do not pass between the two are refused whatever the map is.
    """
    parts, first = [], None
    for _, point, matrix in modes:
        held = stiff(target, matrix, _HELD)
        # Where all are held there is no ridge.
        component = Component.at(point, matrix, held if held < target.size else 0)
        component, walkers = walked(target, component, _WALKERS // len(modes), rng)
        parts.append(walkers.u[:, np.isfinite(walkers.value)])
        first = component if first is None else first
    assert first is not None
    u = np.concatenate(parts, axis=1)
    if not u.shape[1]:
        raise FitError("no chain has where to start: none of the points tried is possible")
    return first, u


def _followed(
    target: Target, component: Component, u: Floats, rng: np.random.Generator
) -> Straight:
    """Return the map that follows the ridge on which these points are."""
    free = component.free.T @ u
    f = len(free)
    centre = free.mean(axis=1)
    covariance = np.cov(free).reshape(f, f) + 1e-9 * np.eye(f)
    if u.shape[1] < 20 * f:
        share = f / (f + u.shape[1])
        covariance = (1 - share) * covariance + share * np.diag(np.diag(covariance))
    loose = Spread(centre, np.linalg.cholesky(covariance), 1e9)
    if not component.held.shape[1]:
        none = Straight.plain(f)
        return replace(none, free=component.free, centre=centre, factor=loose.factor)
    some = free[:, rng.permutation(free.shape[1])]
    # The outermost too: where the map is off by some widths, a chain that comes there stays.
    away = -loose.normal(some)
    far = np.argsort(-away)[: min(_FITTED // 8, free.shape[1] // 8)]
    some = np.concatenate([some[:, far], np.delete(some, far, axis=1)], axis=1)[:, : _FITTED // 2]
    more = _FITTED - some.shape[1]
    # Some between and around the points, so that the map is smooth there too.
    wide = np.where(np.arange(more) % 3 == 0, _WIDE, 1.1)
    around = centre[:, None] + wide * (loose.factor @ rng.standard_normal((f, more)))
    places = np.concatenate([some, around], axis=1)
    weights = np.concatenate([np.ones(some.shape[1]), np.where(wide == _WIDE, _SLIGHT, 1.0)])
    order = rng.permutation(len(weights))
    places, weights = places[:, order], weights[order]
    mode, factor, arrived = component.climbed(target, places)
    arrived |= not arrived.any()  # where none did, the map follows where they ended
    ridge = Ridge(places[:, arrived], mode[:, arrived], factor[arrived], weights[arrived])
    return Straight.fitted(component.held, component.free, loose, ridge)


def _returned(sampler: Sampler, rng: np.random.Generator) -> None:
    """Put chains that are lost where others are."""
    d = sampler.points.shape[1]
    middle = float(np.median(sampler.value))
    lost = ~(sampler.value > middle - _LOST * np.sqrt(d / 2) - 10)
    if lost.any() and not lost.all():
        sampler.put(np.flatnonzero(lost), rng.choice(np.flatnonzero(~lost), int(lost.sum())))


def _bounded(target: Target, straight: Straight, sampler: Sampler) -> None:
    """Raise where chains have come to an infinite density, which they never leave."""
    off = sampler.value == np.inf
    if off.any():
        raise unbounded(target, straight(sampler.points[off].T)[0])


def _drawn(
    target: Target,
    going: Going,
    draws: int,
    rng: np.random.Generator,
    progress: Progress,
    interrupt: Interrupt,
) -> tuple[Chains, Run]:
    """Return what chains give, and all that they made for it."""
    density = _Straightened(target, going.straight)
    sampler = Sampler(density, going.points, rng, _PATHS)
    before = going.paused or Run()
    points, energies, diverged = [*before.points], [*before.energies], before.diverged
    asked, enough = draws, False
    told = -(-draws_for(len(going.points)) // len(going.points))
    each = len(going.points) // _groups(len(going.points))
    least = max(_LEAST, -(-_SEEN // each))
    lengths = (max(going.every * draws, _SEEN),) if going.every else _LENGTHS
    for every in sorted({-(-length // draws) for length in lengths}):
        while len(points) < every * asked and not (interrupt.came and len(points) >= least):
            if len(points) % _FINE_EVERY == 0:
                turn = len(points) // _FINE_EVERY
                diverged += _finely(sampler, going.metric, going.finer * going.size, turn)
            _, energy, _ = sampler.move(going.metric, going.size, _STEPS)
            if going.places is not None:
                sampler.jump(going.places, density.height, _TRIES, _ROUNDS)
            points.append(sampler.points)
            energies.append(energy)
            progress(0.4 + 0.6 * len(points) / (every * asked), "sampling")
        _bounded(target, going.straight, sampler)
        draws = min(asked, len(points))
        kept = _values(target, going.straight, points, draws)
        # Fewer draws of each chain than it takes to judge: then more of its points are looked at.
        seen = kept if draws >= told else _values(target, going.straight, points, told)
        measures = measured(np.stack(list(seen.values())), _together(energies), diverged)
        gate = chains_gate(**measures)
        enough = gate.passed and draws == asked
        if enough or interrupt.came or not _hopeful(measures, max(lengths) / (every * asked)):
            break
    interrupted = interrupt.came and not enough
    pause = interrupted and not going.every
    run = Run(tuple(points), tuple(energies), diverged)
    going = replace(
        going,
        points=sampler.points,
        every=0 if pause else going.every or every,
        paused=run if pause else None,
    )
    return Chains(kept, gate, going, interrupted), run


def _values(
    target: Target, straight: Straight, points: list[Floats], draws: int
) -> dict[str, Floats]:
    """Return so many draws of each chain, evenly spaced, on the parameters' own scales."""
    every = max(1, len(points) // draws)  # where there are fewer points, all
    made = np.stack(points[every - 1 :: every][-draws:], axis=1)
    line = target.line(straight(made.reshape(-1, target.size).T)[0])
    return {name: one.reshape(made.shape[:2]) for name, one in target.density.values(line).items()}


def _together(energies: list[Floats]) -> Floats:
    """Return energies with some chains after each other, for E-BFMI.

    The smallest of hundreds of short chains would be a matter of luck.
    """
    rows = np.stack(energies, axis=1)
    groups = _groups(len(rows))
    return rows[: len(rows) // groups * groups].reshape(groups, -1)


def _groups(chains: int) -> int:
    """Return in how many groups the energies of so many chains are judged."""
    return min(_ENERGIES, chains)


def _hopeful(measures: Mapping[str, float], times: float) -> bool:
    """Return whether so many times as many trajectories may pass the gate."""
    if measures["divergences"] or measures["bfmi"] <= BFMI:
        return False
    return bool(measures["r_hat"] - 1 < _HOPE * times * (R_HAT - 1))


def _finely(sampler: Sampler, metric: Metric, size: float, turn: int) -> int:
    """Move all chains in fine steps, and return how many diverge in the finest."""
    finer = _FINE[turn % len(_FINE)]
    diverged = sampler.move(metric, size * finer, _FINE_STEPS)[2]
    return diverged if finer == min(_FINE) else 0
