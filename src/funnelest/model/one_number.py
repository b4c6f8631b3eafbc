"""Estimates of one number: what moves one of them moves the other, but for less than its error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.evidence.base import Evidence
    from funnelest.model.parts import Parts

__all__ = ["Place", "one_number"]

type Floats = NDArray[np.float64]
#: A source, and which of its estimates with a slope.
type Place = tuple[str, int]

#: Points of the prior, the same for every parameter, as normal scores; and a step from them.
_POINTS, _STEP = np.array([-0.7, 0.1, 0.8]), 1e-3
#: Numbers in one array in cells: more points are evaluated in blocks.
_ROOM = 2**19
#: Two numbers are one where, but for what moves both, a standard deviation of the prior moves
#: either of them by less than this part of its error.
_APART = 0.5


def one_number(model: Parts) -> tuple[tuple[Place, ...], ...]:
    """Return the estimates that are of one number, group by group; none that is alone.

    Those whose normal scores have a slope in the likelihood (`Distribution.slopes`), where that of
    one of a group varies. Two numbers are one where their gradients in the prior's normal scores,
    in units of their errors, have one direction: a share and the number of people that it is, two
    proportional numbers, a share and the rest. What else is in the model makes no difference.
    """
    here = np.zeros((len(model.free), 1))
    varies = {
        one.name: [np.ndim(slope) > 0 for _, slope in _slopes(model, one, here)]
        for one in model.evidence
    }
    if sum(map(len, varies.values())) < 2 or not any(map(any, varies.values())):
        return ()
    groups: list[list[tuple[Place, Floats]]] = []
    for one in model.evidence:
        for i, gradient in enumerate(_gradients(model, one) if varies[one.name] else ()):
            if not np.square(gradient).sum(axis=1).all():
                continue  # somewhere nothing moves it
            for group in groups:
                if all(_as_one(gradient, other) for _, other in group):
                    group.append(((one.name, i), gradient))
                    break
            else:
                groups.append([((one.name, i), gradient)])
    places = (tuple(place for place, _ in group) for group in groups)
    return tuple(
        some for some in places if len(some) > 1 and any(varies[name][i] for name, i in some)
    )


def _as_one(one: Floats, other: Floats) -> bool:
    """Return whether neither of two gradients, one row a point, goes far beside the other."""
    both = (one * other).sum(axis=1)
    for a, b in ((one, other), (other, one)):
        beside = a - (both / np.square(b).sum(axis=1))[:, None] * b
        if np.square(beside).sum(axis=1).mean() > _APART**2:
            return False
    return True


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
