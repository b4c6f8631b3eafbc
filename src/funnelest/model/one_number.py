"""Estimates of one number: what moves one of them moves the other, but for less than its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.model.parts import Parts

__all__ = ["Alike", "Place", "alike", "one_number"]

type Floats = NDArray[np.float64]
#: A source, and which of its estimates with a slope.
type Place = tuple[str, int]

#: Points of the prior, the same for every parameter, as normal scores; and a step from them.
_POINTS, _STEP = np.array([-0.7, 0.1, 0.8]), 1e-3
#: Numbers in one array in cells: more points are evaluated in blocks.
_ROOM = 2**19
#: Two numbers that are less alike than this share nothing, and what is above it is spread anew.
_LEAST = 0.02
#: How alike two numbers are of which the ledger says that they are one.
_ONE = 0.5


@dataclass(frozen=True)
class Alike:
    """Estimates that share their slopes, and how alike the numbers are that they estimate.

    Parameters
    ----------
    places : tuple of (str, int)
        The estimates.
    shares : tuple of tuple of float
        For each two of them between 0 (other numbers) and 1 (one number); 1 with itself.
    """

    places: tuple[Place, ...]
    shares: tuple[tuple[float, ...], ...]


def alike(model: Parts) -> tuple[Alike, ...]:
    r"""Return the estimates that share their slopes, group by group; none that is alone.

    Those whose normal scores have a slope in the likelihood (`Distribution.slopes`), where that of
    one of a group varies. What else is in the model makes no difference.

    Notes
    -----
    Two numbers are as alike as

    .. math:: w = \frac{\cos^2 \varphi}{1 + d^2},

    with phi the angle between their gradients in the prior's normal scores, and d by how many of
    its errors either of them moves at most, but for what moves both, when the priors move by a
    standard deviation (means over points of the prior). The Jeffreys density of :math:`\theta` and
    :math:`\theta + \delta`, with :math:`\delta \sim N(0, d^2)` in units of their errors, is
    :math:`\sqrt{J_1 J_2 + (J_1 + J_2) / d^2}`: where the J are near 1 each has the power 1 / (1 +
    w) in it with this w.
    """
    here = np.zeros((len(model.free), 1))
    varies = {
        one.name: [np.ndim(slope) > 0 for _, slope in _slopes(model, one, here)]
        for one in model.evidence
    }
    if sum(map(len, varies.values())) < 2 or not any(map(any, varies.values())):
        return ()
    places: list[Place] = []
    found: list[Floats] = []
    for one in model.evidence:
        for i, gradient in enumerate(_gradients(model, one)):
            if np.square(gradient).sum(axis=1).all():  # everywhere something moves it
                places.append((one.name, i))
                found.append(gradient)
    shares = np.eye(len(places))
    for i, j in combinations(range(len(places)), 2):
        shares[i, j] = shares[j, i] = max(
            0.0, (_as_one(found[i], found[j]) - _LEAST) / (1 - _LEAST)
        )
    return tuple(
        Alike(
            tuple(places[i] for i in some), tuple(map(tuple, shares[np.ix_(some, some)].tolist()))
        )
        for some in _joined(shares > 0)
        if any(varies[places[i][0]][places[i][1]] for i in some)
    )


def one_number(groups: Sequence[Alike]) -> tuple[tuple[Place, ...], ...]:
    """Return the estimates that are of one number, more than not, group by group."""
    return tuple(
        tuple(group.places[i] for i in some)
        for group in groups
        for some in _joined(np.array(group.shares) >= _ONE)
    )


def _joined(linked: NDArray[np.bool_]) -> list[list[int]]:
    """Return which of several are linked, directly or through others; none that is alone."""
    left, found = set(range(len(linked))), []
    while left:
        some, new = set[int](), {min(left)}
        while new:
            some |= new
            new = {int(j) for i in new for j in np.flatnonzero(linked[i])} - some
        left -= some
        found.append(sorted(some))
    return [some for some in found if len(some) > 1]


def _as_one(one: Floats, other: Floats) -> float:
    """Return how alike two numbers are by their gradients, one row a point."""
    both = (one * other).sum(axis=1)
    sizes = [np.square(value).sum(axis=1) for value in (one, other)]
    cos2 = np.clip(both**2 / (sizes[0] * sizes[1]), 0.0, 1.0)
    apart = max(float(((1.0 - cos2) * size).mean()) for size in sizes)
    return float(cos2.mean()) / (1.0 + apart)


def _gradients(model: Parts, one: Evidence) -> list[Floats]:
    """Return gradients in units of the error, shape ``(points, parameters)``, of each estimate."""
    n = len(model.free)
    steps = np.concatenate([np.zeros((n, 1)), _STEP * np.eye(n)], axis=1)
    scores = np.repeat(_POINTS, n + 1) + np.tile(steps, len(_POINTS))
    size = max(1, _ROOM // max(1, model.population.counts.size))
    parts = [scores[:, i : i + size] for i in range(0, scores.shape[1], size)]
    blocks = [
        [
            [np.broadcast_to(np.ravel(value), part.shape[1:]) for value in slope]
            for slope in _slopes(model, one, part)
        ]
        for part in parts
    ]
    found = []
    for some in zip(*blocks, strict=True):
        line, log_slope = (np.concatenate(values) for values in zip(*some, strict=True))
        line = line.reshape(len(_POINTS), n + 1)
        with np.errstate(all="ignore"):
            gradient = (line[:, 1:] - line[:, :1]) / _STEP * np.exp(np.max(log_slope))
        found.append(np.where(np.isfinite(gradient), gradient, 0.0))
    return found


def _slopes(model: Parts, one: Evidence, scores: Floats) -> list[Any]:
    """Return the slopes of a source where the parameters have these normal scores of the prior."""
    from scipy.special import ndtr

    with np.errstate(all="ignore"):
        free = zip(model.free.items(), ndtr(scores), strict=True)
        values = {name: np.asarray(prior.ppf(p), dtype=np.float64) for (name, prior), p in free}
        try:
            q = Quantities(model, values)
            return [slope for seen in one.observations(q) for slope in seen.slopes()]
        except Exception:  # whatever a user's function may do: it then tells nothing
            return []
