"""Adaptive importance sampling, for models of some dozens of parameters.

The density is evaluated with NumPy for thousands of points at once: nothing is compiled, and
PyMC is not imported.

1. Scores: coordinates in which every prior is standard normal (`target`).
2. Modes: Gauss-Newton climbs from many draws of the prior at once; distinct modes are kept
   (`modes`).
3. Proposal: around each mode a density that follows the ridges of tight figures, and a part
   from the prior, which bounds the weights where nothing else has mass (`proposal`). Where the
   modes do not show enough it is fitted to points that move along the ridges (`moves`), with
   other numbers of held directions tried where it does not serve.
4. Adaptation: means and covariances follow the weighted draws, until that gains no more.
5. Fresh draws from the final proposal, Pareto-smoothed weights and the gate; resampled draws
   are returned. The weights are exact: what was adapted decides how many draws are worth one,
   never where the posterior is.
6. Some of them are moved along the ridges: where their tails change by it, or where they come upon
   places that the proposal hardly reaches, it is fitted to them and all is drawn again (`judge`).

Of few unknowns with a likelihood of the user's own there may be no ridge to follow. Then 4
is left out: draws slide along lines into what is narrow (`slices`), and the proposal gets parts
where they went that it does not cover, until it covers all (`covering`).

Few draws are made the short way first, under the same gate: from what the modes and the informed
directions show (`informed`), a sample is gone on with as soon as that costs little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.inference.engines.informed import informed
from funnelest.inference.engines.judge import move, moved_for
from funnelest.inference.engines.modes import (
    Mode,
    find_modes,
    nearest_mode,
    unbounded,
)
from funnelest.inference.engines.moves import Walkers, walked
from funnelest.inference.engines.overlooked import overlooked
from funnelest.inference.engines.proposal import Component, Draws, Judged, Proposal
from funnelest.inference.engines.slices import SLID, slides
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density
from funnelest.sampling.gate import ARRIVED, ESS, K_HAT, Gate, importance_gate
from funnelest.sampling.parallel import one_thread
from funnelest.sampling.pareto import smoothed
from funnelest.sampling.weights import effective_size, importance_size, tail_size

__all__ = ["Proposal", "Weighted", "sample"]

type Floats = NDArray[np.float64]
type Progress = Callable[[float, str], None]

#: Directions are held in which figures know this many times as much as the prior: the first that
#: serves, or the best.
_HELD = (3.0, 30.0, 300.0, np.inf)
#: Points that are moved along the ridges, of all modes together; and how often, where the first
#: time does not serve, but is not this far from it.
_WALKERS, _WALKS, _HOPELESS = 400, 2, 0.01
_ROUNDS = 4
#: Effective draws per dimension that a covariance is fitted to, and most draws for that, as a
#: multiple of the first batch.
_FITTED, _MORE = 25, 5
#: A proposal that is less efficient than this is no start for a fit to other data, and makes it
#: worth while to try holding other directions.
_WORTH = 0.1
#: Where the modes alone make a proposal this efficient, nothing has to move.
_PLAIN = 0.05
#: Effective draws aimed at, at least: with fewer the thinnest tail seldom has as many as the gate
#: asks for.
_LEAST = 1500
#: How often modes are looked for that the proposal does not cover.
_OVERLOOKED = 3
#: How many proposals are tried of which each has parts where draws of the last slid to; and how
#: efficient one is taken to be of which nothing is known yet.
_COVERED, _HOPED = 7, 0.3
#: Most draws, for each effective one that is aimed at first.
_MOST = 25
#: Fewer draws than this are first made the short way. There directions are held in which figures
#: know this many times as much as the prior; a sample that lacks nothing but draws is gone on with,
#: if the gate asks for no more than so many in all, in each next round; and how many times as many
#: as it takes are made, and at least.
_SHORT, _SHORT_HELD = 2000, 4.0
_PATIENCE = (5000, 8000, 11000, 14000, 20000, 25000, 25000)
_SURER, _AT_LEAST = 1.15, 500
#: A proposal is judged before the sample where that takes so many times as many evaluations.
_AFFORDED = 4
#: How often a sample that is not good enough is drawn again.
_AGAIN = 3


@dataclass(frozen=True)
class Weighted:
    """What importance sampling gives.

    Draws on the unconstrained line, shape ``(parameters, draws)``; whether they can be trusted;
    the proposal to start from when the same model is fitted to other data; which weighted draw
    each came from, shape ``(draws,)`` (None: each from its own); and whether there are places that
    were missed, or nearly so, to which the proposal has been fitted.
    """

    draws: Floats
    gate: Gate
    proposal: Proposal
    origins: NDArray[np.intp] | None = None
    missed: bool = False


def sample(
    density: Density,
    *,
    draws: int,
    rng: np.random.Generator,
    start: Proposal | None = None,
    same: bool = False,
    progress: Progress = lambda done, text: None,
) -> Weighted:
    """Return draws of the posterior; as many effective ones are aimed at.

    With the proposal of an earlier fit of the same model to other data as `start`, no modes are
    searched. Of the `same` data, what that fit drew from and judged is drawn from again. `progress`
    is told the share done and what is being done. A `FitError` when no draw from the prior has a
    finite density.
    """
    with one_thread():
        target = Target(density)
        if same and start is not None and start.judged is not None:
            progress(0.7, "sampling")
            further = _further(target, start, draws, rng)
            if further.gate.passed:
                return further
        return _sample(target, draws, rng, start, progress)


def _sample(
    target: Target,
    draws: int,
    rng: np.random.Generator,
    start: Proposal | None,
    progress: Progress,
) -> Weighted:
    model = target.density.model
    if not target.size or not any(model.power_of(one.name) for one in model.evidence):
        # The posterior is the prior: its draws are exact and independent.
        u = rng.standard_normal((target.size, draws))
        none = Proposal((), np.zeros(0), 1.0)
        return Weighted(
            target.line(u), importance_gate(-np.inf, float(draws), float(draws), draws), none
        )
    proposal = Proposal((), np.zeros(0))
    if start is not None and start.components and not slides(target):
        progress(0.1, "moving the proposal to the new data")
        target.condense(_centres(start))
        proposal = _moved(target, start, rng)
        done = _final(target, proposal, draws, rng)
        if _good(done, draws) or (draws < _SHORT and done.gate.passed):
            return done
        proposal = done.proposal
    if proposal.efficiency < _WORTH:
        progress(0.02, "finding the mode")
        modes = find_modes(target, rng)
        target.condense(np.array([point for _, point, _ in modes]).T)
        if draws < _SHORT and target.density.all_located():
            progress(0.1, "sampling")
            short = _short(target, modes, draws, rng)
            if short is not None:
                return short
        progress(0.2, "following the ridges")
        proposal = _explored(target, modes, rng)
        if not target.density.all_located():
            proposal = _with_overlooked(target, modes, proposal, rng)
    if slides(target):
        progress(0.4, "covering what draws slide to")
        return _covered(target, proposal, draws, rng)
    progress(0.4, "adapting the proposal")
    proposal = _adapted(target, proposal, rng, draws)
    progress(0.7, "sampling")
    done = _final(target, proposal, draws, rng)
    aim = draws
    for _ in range(_AGAIN):
        if _good(done, draws) or done.proposal.efficiency < 0.002:
            break
        progress(0.85, "sampling again")
        if done.missed:
            proposal = done.proposal
        else:  # tails take more draws than means do: adapt again, and draw more
            aim *= 2
            proposal = _adapted(target, done.proposal, rng, aim)
        again = _final(target, proposal, draws, rng, aim)
        done = max(done, again, key=_worth)
        if done.gate.passed and not done.missed:
            break
    return done


def _further(target: Target, start: Proposal, draws: int, rng: np.random.Generator) -> Weighted:
    """Return more draws of a posterior, from the proposal that it was judged with.

    What that misses is known, so that nothing has to be moved again: the judge's measures stand.
    """
    assert start.judged is not None
    target.condense(_centres(start))
    proposal = start.judged.proposal.prepared(target, rng)
    size = _size(target, proposal.efficiency, draws, draws)
    drawn, log_weights = weigh(target, proposal, rng, size)
    weights, gate = judged(target, drawn, log_weights)
    origins = resample(weights, draws, rng)
    gate = gate.with_measures(start.judged.measures)
    return Weighted(target.line(drawn.u[:, origins]), gate, start, origins)


def _centres(proposal: Proposal) -> Floats:
    return np.array([one.mode for one in proposal.components]).T


def _moved(target: Target, start: Proposal, rng: np.random.Generator) -> Proposal:
    """Return the proposal of an earlier fit with each centre moved as its mode moves."""
    components = tuple(one.moved(nearest_mode(target, one.mode)) for one in start.components)
    return replace(start, components=components).prepared(target, rng)


def _explored(target: Target, modes: list[Mode], rng: np.random.Generator) -> Proposal:
    """Return a proposal fitted to points that moved along the ridges from the modes.

    Weights of draws from what the modes show rest on a few draws, and what is fitted to them is a
    matter of luck; where points move to is not (layered adaptive importance sampling; Martino,
    Elvira, Luengo and Corander, Statistics and Computing 2017;27:599).
    """
    best = Proposal((), np.zeros(0), -1.0)
    tried = set()
    for limit in _HELD:
        proposal = Proposal.of_modes(target, modes, limit)
        held = tuple(len(one.start) for one in proposal.components)
        if held in tried:
            continue
        tried.add(held)
        proposal = proposal.prepared(target, rng)
        drawn, log_weights = weigh(target, proposal, rng, _batch(target))
        if _ess(log_weights) > _PLAIN * len(log_weights):
            # The modes show enough: plain adaptation goes on from here.
            return refitted(target, proposal, drawn, log_weights)
        n = max(_WALKERS // len(modes), 8 * target.size, 100)
        walks: list[tuple[Component, Walkers | None]]
        walks = [(one, None) for one in proposal.components]
        for _ in range(_WALKS):
            walks = [
                walked(target, one, n, rng, walkers, foreseeing=True) for one, walkers in walks
            ]
            proposal = replace(proposal, components=tuple(one for one, _ in walks))
            _, log_weights = weigh(target, proposal, rng, _batch(target))
            proposal = replace(proposal, efficiency=_ess(log_weights) / len(log_weights))
            if proposal.efficiency > best.efficiency:
                best = proposal
            if best.efficiency > _PLAIN:
                return best
            if proposal.efficiency < _HOPELESS:
                break
    return best


def _with_overlooked(
    target: Target, modes: list[Mode], proposal: Proposal, rng: np.random.Generator
) -> Proposal:
    """Return the proposal, explored again from the modes that it does not cover as well."""
    for _ in range(_OVERLOOKED):
        drawn, log_weights = weigh(target, proposal.prepared(target, rng), rng, _batch(target))
        more = overlooked(target, drawn.u, log_weights, rng)
        if not more:
            break
        modes = [*modes, *more]
        proposal = _explored(target, modes, rng)
    return proposal


def _short(
    target: Target, modes: list[Mode], draws: int, rng: np.random.Generator
) -> Weighted | None:
    """Return a few draws of a proposal fitted to draws of what the modes show, if that serves.

    Few draws do not pay for a proposal that makes many of them cheap. Each batch shows how many
    draws the gate would take: while that are too many, the proposal is fitted to them, and else
    they are made beside those that are there. The gate is the same. The first batch is of what the
    modes show alone, which cannot be judged by itself: it is never the last.
    """
    proposal = informed(target, Proposal.of_modes(target, modes, _SHORT_HELD), modes, rng)
    try:
        drawn, log_weights = weigh(target, proposal, rng, _batch(target))
        proposal = refitted(target, proposal, drawn, log_weights, rng)
        for patience in _PATIENCE:
            drawn, log_weights = weigh(target, proposal, rng, _batch(target))
            while True:
                weights, gate = judged(target, drawn, log_weights)
                size = len(log_weights)
                wanted = _SURER * _lacks(gate, draws) * size
                if wanted <= _SURER * size or wanted > patience:
                    break
                further, more = weigh(target, proposal, rng, max(int(wanted) - size, _AT_LEAST))
                drawn = drawn.joined(further)
                log_weights = np.concatenate([log_weights, more])
            if gate.passed:
                origins = resample(weights, draws, rng)
                seen = move(target, proposal, drawn, log_weights, origins, rng)
                gate = gate.with_measures(seen.measures)
                if gate.passed:
                    made = refitted(target, proposal, drawn, log_weights)
                    return Weighted(target.line(drawn.u[:, origins]), gate, made, origins)
                proposal = seen.fitted(proposal)
            else:
                proposal = refitted(target, proposal, drawn, log_weights, rng)
    except FitError:
        pass
    return None


def _adapted(target: Target, proposal: Proposal, rng: np.random.Generator, draws: int) -> Proposal:
    """Return the proposal after adaptation, with the efficiency that was measured last.

    Where so many `draws` take far more evaluations than to judge them, it is judged here already:
    what it misses is then known before they are made.
    """
    least = _batch(target)
    seen: tuple[Draws, Floats] | None = None
    best = replace(proposal, efficiency=-1.0)
    for _ in range(_ROUNDS):
        # Enough effective draws to fit covariances to, as far as that is affordable.
        wanted = _FITTED * target.size / max(best.efficiency, 1e-3)
        batch = int(np.clip(wanted, least, _MORE * least)) if best.efficiency > 0 else least
        drawn, log_weights = weigh(target, proposal, rng, batch)
        efficiency = _ess(log_weights) / batch
        gain = efficiency / best.efficiency if best.efficiency > 0 else np.inf
        if efficiency > best.efficiency:
            best, seen = replace(proposal, efficiency=efficiency), (drawn, log_weights)
        if best.efficiency > 0.5 or (best.efficiency > 0.15 and gain < 1.2):
            break
        weights = _tempered(log_weights, 10 * target.size)
        proposal = proposal.fitted(drawn, weights, target, rng)
    if seen is None:
        return best
    # One fit more, to the most that is known, costs nothing, and gains what a round does.
    made = replace(refitted(target, best, *seen, rng), efficiency=best.efficiency)
    if draws / best.efficiency < _AFFORDED * moved_for(target):
        return made
    chosen = resample(smoothed(seen[1])[0], draws, rng)
    basis = made if len(made.components) == len(best.components) else best
    with_arm = move(target, best, *seen, chosen, rng).with_arm(basis)
    return made if with_arm is None else with_arm


def _covered(target: Target, proposal: Proposal, draws: int, rng: np.random.Generator) -> Weighted:
    """Return draws of a proposal that gets parts where draws slide to that it does not cover."""
    for _ in range(_COVERED):
        done = _final(target, replace(proposal, efficiency=_HOPED), draws, rng)
        if not done.missed:
            break
        proposal = done.proposal
    return done


def _final(
    target: Target,
    proposal: Proposal,
    draws: int,
    rng: np.random.Generator,
    aim: int | None = None,
) -> Weighted:
    """Return weighted fresh draws, resampled, and the verdict on them."""
    aim = draws if aim is None else aim
    size = _size(target, proposal.efficiency, draws, aim)
    drawn, log_weights = weigh(target, proposal, rng, size)
    weights, gate = judged(target, drawn, log_weights)
    origins = resample(weights, draws, rng)
    made = refitted(target, proposal, drawn, log_weights)
    missed = False
    sliding = slides(target)
    if (gate.passed or sliding) and proposal.components:
        # What slides is not limited to what was asked for: a judge of few draws sees little.
        chosen = resample(weights, SLID, rng) if sliding else origins
        seen = move(target, proposal, drawn, log_weights, chosen, rng)
        gate = gate.with_measures(seen.measures)
        few = draws < _SHORT and gate.passed and not sliding
        better = None if few else seen.better(proposal, gate.passed, rng)
        missed = better is not None
        found = {**seen.measures, **seen.power}
        gate = gate.with_measures(seen.power)
        made = made if better is None else replace(better, efficiency=made.efficiency)
        if gate.passed and (sliding or not missed):
            again = replace(proposal, efficiency=made.efficiency, judged=None)
            made = replace(made, judged=Judged(again, found))
    return Weighted(target.line(drawn.u[:, origins]), gate, made, origins, missed)


def _size(target: Target, efficiency: float, draws: int, aim: int) -> int:
    """Return how many weighted draws serve where so many effective ones are aimed at."""
    aim = max(aim, _LEAST)
    size = int(np.clip(1.1 * aim / max(efficiency, 1e-9), aim, _MOST * max(draws, _LEAST)))
    return max(size, _batch(target))


def refitted(
    target: Target,
    proposal: Proposal,
    drawn: Draws,
    log_weights: Floats,
    rng: np.random.Generator | None = None,
) -> Proposal:
    """Return the proposal fitted to draws from it, with the efficiency that they had.

    With `rng` it foresees derivatives as they are at some of them.
    """
    weights = _tempered(log_weights, 10 * target.size)
    return replace(
        proposal.fitted(drawn, weights, None if rng is None else target, rng),
        efficiency=_ess(log_weights) / len(log_weights),
    )


def judged(target: Target, drawn: Draws, log_weights: Floats) -> tuple[Floats, Gate]:
    """Return smoothed weights, and the verdict on them."""
    weights, k_hat = smoothed(log_weights)
    effective = importance_size(log_weights, weights)
    gate = importance_gate(k_hat, effective, tail_size(drawn.u, weights), target.evaluations)
    return weights, gate.with_measures({ARRIVED: float(weights @ drawn.arrived)})


def _lacks(gate: Gate, draws: int) -> float:
    """Return how many times as many draws are wanted, if nothing but these is lacking.

    For the gate, and to be worth half as many as were asked for.
    """
    said = gate.measures
    if not (said["k-hat"] < K_HAT and said["tail ESS"] > 0):
        return np.inf
    return max(ESS / min(said["ESS"], said["tail ESS"]), draws / 2 / said["ESS"])


def _good(done: Weighted, draws: int) -> bool:
    measures, passed = done.gate.measures, done.gate.passed and not done.missed
    return passed and measures["k-hat"] < 0.5 and measures["ESS"] > 0.5 * draws


def _worth(done: Weighted) -> tuple[bool, bool, float]:
    return done.gate.passed, not done.missed, done.gate.measures["tail ESS"]


def _batch(target: Target) -> int:
    return max(1000, 60 * target.size)


def weigh(
    target: Target, proposal: Proposal, rng: np.random.Generator, size: int
) -> tuple[Draws, Floats]:
    drawn = proposal.draw(target, rng, size)
    log_weights = target.log_density(drawn.u) - drawn.log_q
    if not np.isfinite(log_weights.max()):
        if log_weights.max() == np.inf:
            raise unbounded(target, drawn.u[:, log_weights == np.inf])
        raise FitError(
            f"none of {size:,} points that importance sampling drew has a finite density above 0. "
            "That does not show that these figures cannot be"
        )
    return drawn, log_weights


def _tempered(log_weights: Floats, wanted: float) -> Floats:
    """Return normalised weights, flattened until some of them count.

    So a few heavy draws do not collapse the proposal onto themselves.
    """
    wanted = min(wanted, len(log_weights) / 4)
    power = 1.0
    while power > 0.05 and _ess(power * log_weights) < wanted:
        power *= 0.8
    weights = np.exp(power * (log_weights - log_weights.max()))
    return np.asarray(weights / weights.sum())


def resample(weights: Floats, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return systematically resampled positions, in random order."""
    points = (rng.random() + np.arange(size)) / size
    chosen = np.searchsorted(np.cumsum(weights), points).clip(0, len(weights) - 1)
    return rng.permutation(chosen)


def _ess(log_weights: Floats) -> float:
    return effective_size(np.exp(log_weights - log_weights.max()))
