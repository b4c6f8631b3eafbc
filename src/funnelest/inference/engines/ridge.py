"""Where, along some directions, the figures hold a point: a mode and its curvature, per draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.target import Target

__all__ = ["Settled", "settle"]

type Floats = NDArray[np.float64]

#: Numbers in one array of derivatives.
_LARGE = 1_000_000
#: A draw has arrived when its next step is this short, and its derivatives are those of where it
#: is when it went no further since they were taken; in conditional standard deviations.
_ARRIVED, _NEAR = 0.05, 1.0


@dataclass(frozen=True)
class Settled:
    """Where climbs ended.

    Distances along the directions, shape ``(k, draws)``; the matrix of second derivatives of half
    the squared misfit there, ``(draws, k, k)``; and which draws arrived, so that a further step
    would not have moved them.
    """

    at: Floats
    curvature: Floats
    arrived: NDArray[np.bool_]


def settle(
    target: Target,
    base: Floats,
    directions: Floats,
    start: Floats,
    *,
    steps: int,
    renewals: int = 1,
    centre: Floats | None = None,
    foreseen: Callable[[slice], Floats] | None = None,
) -> Settled:
    """Climb, per draw, to the most probable point that `directions` lead to.

    Each of the target's figures is followed as if normal around what it locates, in Gauss-Newton
    steps; one that does not climb is taken back and damped. Each draw goes on until it has
    arrived, most after two steps.

    Parameters
    ----------
    base : ndarray
        Points, shape ``(parameters, draws)``.
    directions : ndarray
        Orthonormal columns, shape ``(parameters, k)``, orthogonal to `base`.
    start : ndarray
        Distances along the directions to start from, shape ``(k, draws)``.
    steps : int
        Steps at most on the same derivatives, which are corrected from what each step has shown
        (Broyden, Math. Comp. 1965;19:577).
    renewals : int, default 1
        How often at most the derivatives of a draw are computed: at the start, and after it went
        far from where they were taken.
    centre : ndarray, optional
        A point, shape ``(parameters,)``. Its derivatives, which cost nothing, lead all draws near
        to where they are going, before any has derivatives of its own.

    Returns
    -------
    Settled
        A function of `base` and `start` draw by draw: whether it is the best point is a matter
        of efficiency only, never of correctness.
    """
    draws = start.shape[1]
    block = max(64, _LARGE // max(1, target.figures * len(start)))
    first = None
    if foreseen is None and centre is not None and draws and target.figures:
        point = centre[:, None]
        first = target.located_slopes(point, directions, target.located_values(point))[:, 0]
    parts = [
        _Climb(target, base[:, i : i + block], directions, start[:, i : i + block]).run(
            steps,
            renewals,
            first if foreseen is None else foreseen(slice(i, i + block)),
            foreseen is not None,
        )
        for i in range(0, draws, block)
    ]
    if len(parts) == 1:
        return parts[0]
    return Settled(
        np.concatenate([one.at for one in parts], axis=1),
        np.concatenate([one.curvature for one in parts]),
        np.concatenate([one.arrived for one in parts]),
    )


class _Climb:
    """The climbs of some draws: where they are, and what is known there."""

    def __init__(self, target: Target, base: Floats, directions: Floats, at: Floats) -> None:
        self.target, self.base, self.directions = target, base, directions
        self.at = at.copy()  # it is climbed in place
        self.k, self.draws = at.shape

    def run(self, steps: int, renewals: int, first: Floats | None, sure: bool) -> Settled:
        """Return where the climbs end; of `sure` first derivatives those that arrive are done."""
        found = self.target.located(self.base + self.directions @ self.at)
        if found is None:
            one = np.broadcast_to(np.eye(self.k), (self.draws, self.k, self.k))
            arrived = np.ones(self.draws, dtype=bool)
            return Settled(np.zeros_like(self.at), one, arrived)
        self.value, self.aim, weight = found
        self.root = np.sqrt(weight)
        self.misfit = self._misfit(self.value, self.at, slice(None))
        self.damping = np.zeros(self.draws)
        #: Scaled by the root of the information, draw by draw: ``(draws, figures, k)``.
        self.slopes = np.empty((self.draws, len(self.value), self.k))
        self.curvature = np.empty((self.draws, self.k, self.k))
        arrived = np.zeros(self.draws, dtype=bool)
        near = np.zeros(self.draws, dtype=bool)
        if first is not None:
            self.slopes[:] = first * self.root.T[:, :, None]
            self.curvature[:] = self._squares(self.slopes)
            # A further correction costs one evaluation, where new derivatives cost k.
            self._climb(np.arange(self.draws), arrived, steps + (self.k // 2 if sure else 0))
            near = arrived & sure
        for _ in range(renewals):
            active = np.flatnonzero(~(arrived & near))
            if not len(active):
                break
            self._renew(active)
            before = self.at[:, active]
            self._climb(active, arrived, steps)
            gone = self.at[:, active] - before
            far = np.einsum("kn,nkl,ln->n", gone, self.curvature[active], gone)
            near[active] = far < _NEAR**2
        return Settled(self.at, self.curvature, arrived)

    def _climb(self, active: NDArray[np.intp], arrived: NDArray[np.bool_], steps: int) -> None:
        arrived[active] = False
        for _ in range(steps):
            slopes, curvature = self.slopes[active], self.curvature[active]
            gap = (self.root[:, active] * (self.value[:, active] - self.aim[:, active])).T
            uphill = np.einsum("nmk,nm->nk", slopes, gap) + self.at[:, active].T
            damped = curvature + self.damping[active, None, None] * np.eye(self.k)
            move = -np.linalg.solve(damped, uphill[:, :, None])[:, :, 0]
            # No further than two prior standard deviations at once.
            length = np.sqrt((move**2).sum(axis=1))
            move *= np.minimum(1.0, 2.0 / np.maximum(length, 1e-12))[:, None]
            short = np.einsum("nk,nkl,nl->n", move, curvature, move) < _ARRIVED**2
            short &= self.damping[active] < 0.1  # and not for being damped
            # So short a step is not taken: to see where it leads would cost an evaluation.
            arrived[active] = short
            on = ~short
            active, slopes, move = active[on], slopes[on], move[on]
            if not len(active):
                return
            to = self.at[:, active] + move.T
            there = self._values(active, to)
            new = self._misfit(there, to, active)
            better = new <= self.misfit[active]
            # What the derivatives did not foresee is put down to the direction of the step.
            missed = (self.root[:, active] * (there - self.value[:, active])).T
            missed -= np.einsum("nmk,nk->nm", slopes, move)
            along = move / np.maximum((move**2).sum(axis=1), 1e-8)[:, None]
            go = active[better]
            self.at[:, go] = to[:, better]
            self.value[:, go] = there[:, better]
            self.misfit[go] = new[better]
            self.damping[active] = np.where(
                better, self.damping[active] * 0.1, np.maximum(self.damping[active] * 10.0, 1.0)
            )
            self.slopes[active] = slopes + missed[:, :, None] * along[:, None, :]
            self.curvature[active] = self._squares(self.slopes[active])

    def _renew(self, active: NDArray[np.intp]) -> None:
        """Take the derivatives of some draws where they are."""
        points = self.base[:, active] + self.directions @ self.at[:, active]
        slopes = self.target.located_slopes(points, self.directions, self.value[:, active])
        slopes *= self.root[:, active, None]
        self.slopes[active] = np.swapaxes(slopes, 0, 1)
        self.curvature[active] = self._squares(self.slopes[active])

    def _values(self, active: NDArray[np.intp], at: Floats) -> Floats:
        return self.target.located_values(self.base[:, active] + self.directions @ at)

    def _misfit(self, value: Floats, at: Floats, which: NDArray[np.intp] | slice) -> Floats:
        gap = self.root[:, which] * (value - self.aim[:, which])
        return np.asarray((gap**2).sum(axis=0) + (at**2).sum(axis=0))

    def _squares(self, slopes: Floats) -> Floats:
        return np.asarray(np.swapaxes(slopes, 1, 2) @ slopes + np.eye(self.k))
