r"""Moves as the judge of a weighted sample: are there places that its proposal misses?

A sample cannot tell of what it did not reach. Draws of the posterior that are moved, by moves that
leave the posterior as it is, stay draws of the posterior: what they then say is compared.

- As many draws come into each tail as go out of it, of every score, and further out too. With the
  net number c that did so among the copies of each weighted draw, :math:`\sum c / \sqrt{\sum c^2}`
  is the shift in standard errors.
- Where the proposal is thin the weights are heavy, and moved draws go where the posterior is and
  not where the proposal is: the weights *there* have a tail of their own. Of weights w with tail
  index 1/k under the proposal, the index under the posterior is 1/k - 1; so the shape k' that is
  found where the draws ended gives :math:`k = k' / (1 + k')`, to be compared with k-hat.
- How many end where the proposal hardly reaches is how much of the posterior rests on a few heavy
  draws, whether the sample happened to have these or not.

Where a likelihood is the user's own and may have any shape, draws are moved along lines too
(`slices`): these moves take the scale of each place, and enter what no step of one size enters.
They show nothing where they hardly move, which is seen by how many leave a tail, and said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from funnelest.inference.engines.covering import covering
from funnelest.inference.engines.moves import Walkers
from funnelest.inference.engines.proposal import Draws, Held, Proposal
from funnelest.inference.engines.slices import SLID, slid, slides
from funnelest.inference.engines.target import Target
from funnelest.sampling.gate import LEFT, MOVED, SHIFT, THIN
from funnelest.sampling.pareto import smoothed
from funnelest.sampling.weights import quantiles

__all__ = ["Moved", "move", "moved_for"]

type Floats = NDArray[np.float64]

#: How many draws are moved, and how often: of few unknowns, where that costs little, the second.
_POINTS, _MOVES, _FEW = 2000, (3, 12), 8
#: So many moves in all, of fewer draws: what these could show is coarse anyway, and a move of many
#: costs hardly more than one of few.
_COARSE = 1000
#: A place is hardly reached where a draw weighs so many times what draws of the posterior weigh in
#: the mean. Where this part of the moved draws, beyond what is usual, end in such places (of few
#: unknowns, the second), a component is fitted to those above the second number; it has this share.
_HEAVY, _HEAVIER, _ARM, _ARM_SHARE = 8.0, 2.0, (0.005, 0.0015), 0.15
#: The logarithm of how many times as much is told apart: beyond it a number would not hold it.
_HEAVIEST = 300.0
#: After slices parts are added where more than this part ends in such places, of any unknowns.
_SLID_THIN = 0.003
#: Fewer points than this in a tail do not tell how many leave it.
_TELLS = 20
#: The tails: those of the 95% interval, and further out.
_BELOW, _ABOVE = (0.005, 0.025), (0.975, 0.995)


@dataclass(frozen=True)
class Moved:
    """What moved draws show.

    Where they ended, ``(parameters, draws)``; the largest shift of a tail, in standard errors;
    the k-hat of the weights where the draws ended; what each weighs there, of what a draw of the
    posterior weighs in the mean; which part of them is to be expected where that is much; of which
    component each is; where those of each stand on its ridge; and, where they slid, which part of
    those in a tail left it, of the tail that fewest left.
    """

    u: Floats
    shift: float
    k_hat: float
    weighs: Floats
    expected: float
    of: NDArray[np.intp]
    stand: tuple[Held, ...]
    left: float | None = None

    @property
    def thin(self) -> float:
        """Which part ended where the proposal is thin, beyond what uneven weights explain."""
        return max(0.0, float(np.mean(self.weighs > _HEAVY)) - self._usual)

    @property
    def _usual(self) -> float:
        # Of few unknowns, where a further sample costs little, none are taken to be usual.
        return _by_size((self.expected, 0.0), len(self.u))

    @property
    def measures(self) -> dict[str, float]:
        """What the gate looks at; of slices, that see it surely, what the proposal misses too."""
        found = {SHIFT: self.shift, MOVED: self.k_hat}
        return found if self.left is None else {**found, THIN: self.thin}

    @property
    def power(self) -> dict[str, float]:
        """What the gate asks of the judge itself: draws that hardly slide show nothing."""
        return {} if self.left is None else {LEFT: self.left}

    def better(self, proposal: Proposal, passed: bool, rng: np.random.Generator) -> Proposal | None:
        """Return the proposal with what it misses, None where that is nothing.

        `passed` is whether the sample passes the gate.
        """
        if self.left is not None:
            missed = not passed or self.thin > _SLID_THIN
            return covering(proposal, self.u, self.weighs, rng) if missed else None
        return self.with_arm(proposal) if passed else self.fitted(proposal)

    def fitted(self, proposal: Proposal) -> Proposal:
        """Return the proposal fitted to where the draws ended."""
        components = []
        for one, at in zip(proposal.components, self.stand, strict=True):
            n = at.free.shape[1]
            components.append(one.fitted(at, np.full(n, 1 / n)) if n else one)
        return Proposal(tuple(components), proposal.shares, proposal.efficiency)

    def with_arm(self, proposal: Proposal) -> Proposal | None:
        """Return the proposal with a component more for places that it hardly reaches.

        None where there are hardly any. One t distribution of the free part gives too little to an
        arm of the posterior, or to the neck of a funnel: a few draws there carry a limit.
        """
        if np.mean(self.weighs > _HEAVY) < self._usual + _by_size(_ARM, len(self.u)):
            return None
        heavy = self.weighs > _HEAVIER
        parent = int(np.bincount(self.of[heavy]).argmax())
        mine = np.flatnonzero(heavy[self.of == parent])
        arm = proposal.components[parent].fitted(
            self.stand[parent].take(mine), np.full(len(mine), 1 / len(mine))
        )
        shares = (1 - _ARM_SHARE) * proposal.shares / proposal.shares.sum()
        return Proposal(
            (*proposal.components, arm), np.append(shares, _ARM_SHARE), proposal.efficiency
        )


def move(
    target: Target,
    proposal: Proposal,
    drawn: Draws,
    log_weights: Floats,
    chosen: NDArray[np.intp],
    rng: np.random.Generator,
) -> Moved:
    """Return what some of the resampled draws show when they are moved.

    `chosen` are the resampled positions among the weighted draws of the proposal, in random order.
    Each draw moves along the ridge of one component, whichever: of each the posterior stays the
    same.
    """
    many = len(chosen) >= _POINTS
    chosen = chosen[: SLID if slides(target) else _POINTS if many else _COARSE]
    moves = _by_size(_MOVES, target.size) if many else -(-_COARSE // len(chosen))
    weights = np.exp(log_weights - log_weights.max())
    weights /= weights.sum()
    of = rng.choice(len(proposal.components), len(chosen), p=proposal.shares)
    limits = _limits(drawn.u, weights)
    before = _outside(drawn.u[:, chosen], limits)
    after, own = np.empty_like(drawn.u[:, chosen]), []
    value = target.log_density(drawn.u[:, chosen])
    heights = np.empty(len(chosen))
    for i, component in enumerate(proposal.components):
        mine = np.flatnonzero(of == i)
        walkers = Walkers(drawn.u[:, chosen[mine]], value[mine], drawn.stand[i].take(chosen[mine]))
        for _ in range(moves if len(mine) else 0):
            walkers = walkers.moved(target, component, rng)
        after[:, mine], heights[mine] = walkers.u, walkers.value
        own.append(walkers.at)
    left = None
    if slides(target):
        begun = after
        after, heights = slid(target, after, heights, rng)
        left = _left(_outside(begun, limits), _outside(after, limits))
        own = [one.stand(target, after[:, of == i]) for i, one in enumerate(proposal.components)]
    net = _outside(after, limits) - before
    # Copies of one weighted draw started together: they count as one.
    order = np.argsort(chosen, kind="stable")
    first = np.unique(chosen[order], return_index=True)[1]
    by_origin = np.add.reduceat(net[..., order], first, axis=2)
    spread = np.sqrt(np.maximum((by_origin**2).sum(axis=2), 1.0))
    shift = float(np.abs(by_origin.sum(axis=2) / spread).max())
    there = heights - proposal.logpdf(target, after, of, own)
    shape = smoothed(there)[1]
    k_hat = shape / (1 + shape) if 0 < shape < np.inf else min(shape, 1.0)
    usual = np.log((weights**2).sum()) + np.logaddexp.reduce(log_weights)
    expected = _heavy_of(1 / (len(weights) * (weights**2).sum()))
    # Where the proposal gives next to nothing a weight is past all numbers.
    weighs = np.exp(np.minimum(there - usual, _HEAVIEST))
    return Moved(after, shift, k_hat, weighs, expected, of, tuple(own), left)


def _left(before: Floats, after: Floats) -> float:
    """Return which part of the points in a printed tail left it, of the tail that fewest left.

    Of the scores, and of tails with enough points to tell.
    """
    printed = slice(len(_BELOW) - 1, len(_BELOW) + 1)
    there = before[:, printed].sum(axis=2)
    stayed = (before * after)[:, printed].sum(axis=2)
    return float(np.min(1 - stayed / np.maximum(there, 1), where=there >= _TELLS, initial=1.0))


def _heavy_of(efficiency: float) -> float:
    """Return which part of the posterior weighs much, if logs of weights are about normal.

    As they are of many unknowns: each adds a little to how uneven the weights are, and nothing is
    missed. Their variance follows from the efficiency, and under the posterior their mean is
    larger by as much.
    """
    variance = max(-math.log(efficiency), 1e-12)
    return float(ndtr(-(math.log(_HEAVY) + variance / 2) / math.sqrt(variance)))


def moved_for(target: Target) -> int:
    """Return how many times the density is evaluated to judge a sample."""
    return _POINTS * _by_size(_MOVES, target.size)


def _by_size[Number: (int, float)](pair: tuple[Number, Number], unknowns: int) -> Number:
    """Return what holds of many unknowns, or, the second, of few."""
    return pair[unknowns <= _FEW]


def _limits(u: Floats, weights: Floats) -> Floats:
    """Return where the tails of each score begin, shape ``(scores, tails)``."""
    return np.array([quantiles(row, [*_BELOW, *_ABOVE], weights) for row in u])


def _outside(u: Floats, limits: Floats) -> Floats:
    """Return in which tails each point is, shape ``(scores, tails, points)``."""
    low, high = np.split(limits[:, :, None], [len(_BELOW)], axis=1)
    points = u[:, None, :]
    return np.concatenate([points < low, points > high], axis=1).astype(np.float64)
