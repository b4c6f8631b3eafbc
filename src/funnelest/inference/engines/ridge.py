"""Where, along some directions, the figures hold a point: a mode and its curvature, per draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.target import Target

__all__ = ["settle"]

type Floats = NDArray[np.float64]

_STEP = 1e-4
#: Numbers in one array of derivatives.
_LARGE = 1_000_000


def settle(
    target: Target,
    base: Floats,
    directions: Floats,
    start: Floats,
    *,
    steps: int,
    renew: bool = False,
) -> tuple[Floats, Floats, Floats]:
    """Climb, per draw, to the most probable point that `directions` lead to.

    Each of the target's figures is followed as if normal around what it locates, in so many
    Gauss-Newton `steps`; one that does not climb is taken back and damped.

    Parameters
    ----------
    base : ndarray
        Points, shape ``(parameters, draws)``.
    directions : ndarray
        Orthonormal columns, shape ``(parameters, k)``, orthogonal to `base`.
    start : ndarray
        Distances along the directions to start from, shape ``(k, draws)``.
    renew : bool, default False
        Whether derivatives are computed anew in every step, or corrected from what the step
        itself has shown (Broyden, Math. Comp. 1965;19:577).

    Returns
    -------
    ndarray, ndarray, ndarray
        Distances ``(k, draws)``, half the squared misfit at them, and the matrix of second
        derivatives of that, ``(draws, k, k)``. A function of `base` and `start` draw by draw:
        whether it is the best point is a matter of efficiency only, never of correctness.
    """
    draws = start.shape[1]
    block = max(64, _LARGE // max(1, target.figures * len(start)))
    parts = [
        _settle(target, base[:, i : i + block], directions, start[:, i : i + block], steps, renew)
        for i in range(0, draws, block)
    ]
    if len(parts) == 1:
        return parts[0]
    return (
        np.concatenate([one[0] for one in parts], axis=1),
        np.concatenate([one[1] for one in parts]),
        np.concatenate([one[2] for one in parts]),
    )


def _settle(
    target: Target, base: Floats, directions: Floats, at: Floats, steps: int, renew: bool
) -> tuple[Floats, Floats, Floats]:
    k, draws = at.shape
    found = target.located(base + directions @ at)
    if found is None:
        return np.zeros_like(at), np.zeros(draws), np.broadcast_to(np.eye(k), (draws, k, k))
    value, aim, weight = found
    root = np.sqrt(weight)
    slopes = _slopes(target, base, directions, at, value)
    misfit = _misfit(value, aim, weight, at)
    damping = np.zeros(draws)
    for step in range(steps):
        if renew and step:
            slopes = _slopes(target, base, directions, at, value)
        scaled = slopes * root[:, :, None]
        curvature = _squares(scaled) + (1.0 + damping)[:, None, None] * np.eye(k)
        uphill = np.einsum("mnk,mn->nk", scaled, root * (value - aim)) + at.T
        move = -np.linalg.solve(curvature, uphill[:, :, None])[:, :, 0].T
        # No further than two prior standard deviations at once.
        move = move * np.minimum(1.0, 2.0 / np.maximum(np.sqrt((move**2).sum(axis=0)), 1e-12))
        there = target.located_values(base + directions @ (at + move))
        new = _misfit(there, aim, weight, at + move)
        if not renew:
            gap = there - value - np.einsum("mnk,kn->mn", slopes, move)
            length = np.maximum((move**2).sum(axis=0), 1e-8)
            slopes = slopes + gap[:, :, None] * (move / length).T[None]
        better = new <= misfit
        at = np.where(better, at + move, at)
        value = np.where(better, there, value)
        misfit = np.where(better, new, misfit)
        damping = np.where(better, damping * 0.1, np.maximum(damping * 10.0, 1.0))
    if renew:
        slopes = _slopes(target, base, directions, at, value)
    return at, misfit / 2, _squares(slopes * root[:, :, None]) + np.eye(k)


def _slopes(target: Target, base: Floats, directions: Floats, at: Floats, value: Floats) -> Floats:
    """Return the derivatives of what is located, shape ``(figures, draws, k)``."""
    k, draws = at.shape
    points = base + directions @ at
    moved = (points[:, :, None] + _STEP * directions[:, None, :]).reshape(len(points), -1)
    there = target.located_values(moved).reshape(-1, draws, k)
    return np.clip((there - value[:, :, None]) / _STEP, -1e6, 1e6)


def _misfit(value: Floats, aim: Floats, weight: Floats, at: Floats) -> Floats:
    return np.asarray((weight * (value - aim) ** 2).sum(axis=0) + (at**2).sum(axis=0))


def _squares(scaled: Floats) -> Floats:
    by_draw = np.ascontiguousarray(np.moveaxis(scaled, 0, 2))  # draws, k, figures
    return np.asarray(by_draw @ np.swapaxes(by_draw, 1, 2))
