"""Directions that figures hold far more sharply than the other held ones, drawn last.

Around a conditional mode held directions are drawn together, from one matrix of curvature: as if
the sheet that the figures hold were flat as far as they go. One figure may hold its direction to a
hundred-thousandth and another to a sixth of the prior: a sheet that bends by a few per cent of the
prior over a sixth of it lies, at that distance, a thousand widths beside the flat one. So the
sharp directions have a climb of their own, from where the others were drawn:

    q(held) = t(L'_soft (soft - g_soft)) det L_soft x t(L'_sharp (sharp - g(soft))) det L_sharp,

with g and L functions of what was drawn before; L_soft is the lower right block of the factor of
the curvature, as the sharp directions come first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.ridge import settle
from funnelest.inference.engines.target import Target

__all__ = ["sharp_among", "sharpened"]

type Floats = NDArray[np.float64]

#: A direction of curvature c beside others of at least b is sharp where sqrt(c) / b, how many of
#: its widths a sheet bends that bends as much as the priors do, is more than this.
_BENDS = 2.0


def sharp_among(curvatures: Floats) -> int:
    """Return how many of the held directions are sharp: the first, of `curvatures` that fall."""
    if not len(curvatures):
        return 0
    return int((np.sqrt(curvatures) > _BENDS * curvatures[-1]).sum())


def sharpened(
    target: Target,
    base: Floats,
    directions: Floats,
    sharp: int,
    held: Floats,
    flat: tuple[Floats, Floats],
    foreseen: Callable[[slice], Floats] | None,
    *,
    steps: int,
    renewals: int,
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the conditional mode of the sharp directions, the factors there, and who arrived.

    Parameters
    ----------
    base : ndarray
        The free parts as points, shape ``(parameters, draws)``.
    directions : ndarray
        The held directions, as columns, the `sharp` ones first.
    held : ndarray
        The held parts, shape ``(k, draws)``; of them only those that are not sharp count.
    flat : (ndarray, ndarray)
        The conditional mode of all, and the factor of the curvature there: what the flat sheet
        says, from which the climbs start.
    foreseen : callable, optional
        Derivatives along all held directions, of some of the draws; see `settle`.
    """
    mode, factor = flat
    away = held[sharp:] - mode[sharp:]
    leaning = np.einsum("nks,kn->ns", factor[:, sharp:, :sharp], away)
    square = np.swapaxes(factor[:, :sharp, :sharp], 1, 2)
    start = mode[:sharp] - np.linalg.solve(square, leaning[:, :, None])[:, :, 0].T
    found = settle(
        target,
        base + directions[:, sharp:] @ held[sharp:],
        directions[:, :sharp],
        start,
        steps=steps,
        renewals=renewals,
        foreseen=None if foreseen is None else lambda which: foreseen(which)[:, :, :sharp],
    )
    return found.at, np.linalg.cholesky(found.curvature), found.arrived
