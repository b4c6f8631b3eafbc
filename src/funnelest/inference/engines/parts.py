"""Which of many modes are separate parts of a posterior: those with a valley on every path tried.

Climbs that end all over a sphere or along a crest are no modes of their own. Whether two belong
together is seen on a path from one to the other that follows the ridge: of points evenly spaced on
the straight line between them, each climbs in the plane across that line (the string method, with
fixed planes; E, Ren and Vanden-Eijnden, Phys. Rev. B 2002;66:052301). A path without a valley shows
that they are one part. A valley shows that they are not one *on that path*.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.target import Target

__all__ = ["parts_of", "spread_out"]

type Floats = NDArray[np.float64]
type Indices = NDArray[np.intp]

#: Points of a path between its ends, and steps of their climbs.
_POINTS, _STEPS = 7, 10
#: A valley is lower than the lower end by so much, in log-density.
_VALLEY = 2.0
#: A search that brings fewer parts together than this share is not gone on with.
_GOES_ON = 0.2
#: Of a part so many modes are enough for each unknown, and so many more at most; of those left out
#: each is like one that stays in its mass and its width, by so much in logarithm.
_EACH, _MOST, _LIKE = 2, 60, 3.0
#: Of the differences by which second derivatives are taken.
_STEP = 1e-4


def parts_of(target: Target, points: Floats) -> Indices:
    """Return the part of each mode, from 0; the points have the shape ``(parameters, modes)``.

    In each round each part tries a path from its mode that is nearest to another part.
    """
    n = points.shape[1]
    part = np.arange(n)
    apart = np.sqrt(((points[:, :, None] - points[:, None, :]) ** 2).sum(axis=0))
    while True:
        number = len(np.unique(part))
        if number == 1:
            break
        distance = np.where(part[:, None] == part, np.inf, apart)
        pairs = set()
        for one in np.unique(part):
            mine = np.flatnonzero(part == one)
            i, j = np.unravel_index(np.argmin(distance[mine]), (len(mine), n))
            if np.isfinite(distance[mine[i], j]):
                pairs.add((min(mine[i], j), max(mine[i], j)))
        if not pairs:
            break
        first, second = np.array(sorted(pairs)).T
        apart[first, second] = apart[second, first] = np.inf  # not to be tried again
        for i, j in np.stack([first, second])[:, connected(target, points, first, second)].T:
            part[part == part[j]] = part[i]
        if number - len(np.unique(part)) < _GOES_ON * number:
            break
    return np.unique(part, return_inverse=True)[1]


def connected(target: Target, points: Floats, first: Indices, second: Indices) -> NDArray[np.bool_]:
    """Return of which pairs of modes a path from one to the other has no valley."""
    one, other = points[:, first], points[:, second]
    chord = other - one
    length = np.sqrt((chord**2).sum(axis=0))
    share = np.arange(1, _POINTS + 1) / (_POINTS + 1)
    inner = one[:, :, None] + chord[:, :, None] * share
    across = np.repeat(chord / length, _POINTS, axis=1)
    inner = _climbed(target, inner.reshape(len(points), -1), across).reshape(inner.shape)
    path = np.concatenate([one[:, :, None], inner, other[:, :, None]], axis=2)
    # Where a path jumps from one ridge to another, halfway lies the valley.
    halfway = (path[:, :, 1:] + path[:, :, :-1]) / 2
    every = np.concatenate([path, halfway], axis=2)
    heights = target.log_density(every.reshape(len(points), -1)).reshape(every.shape[1:])
    ends = np.minimum(heights[:, 0], heights[:, _POINTS + 1])
    return np.asarray(heights.min(axis=1) > ends - _VALLEY)


def _climbed(target: Target, u: Floats, normal: Floats) -> Floats:
    """Return where points come to that climb in planes, each with its unit normal."""
    d, n = u.shape
    normals = normal.T[:, :, None] * normal.T[:, None, :]
    planes = np.eye(d) - normals
    value, slope, curvature = _seen(target, u)
    damping = np.full(n, 1e-3)
    for _ in range(_STEPS):
        inside = planes @ curvature @ planes + normals + damping[:, None, None] * planes
        move = np.linalg.solve(inside, planes @ slope.T[:, :, None])[:, :, 0].T
        size = np.sqrt((move**2).sum(axis=0))
        move *= np.minimum(1.0, 1.0 / np.maximum(size, 1e-12))
        to, to_slope, to_curvature = _seen(target, u + move)
        better = to >= value
        u = np.where(better, u + move, u)
        value, slope = np.where(better, to, value), np.where(better, to_slope, slope)
        curvature = np.where(better[:, None, None], to_curvature, curvature)
        damping = np.where(better, damping * 0.1, np.maximum(damping, 0.1) * 10.0)
    return u


def _seen(target: Target, u: Floats) -> tuple[Floats, Floats, Floats]:
    """Return log-densities, slopes, and positive definite curvatures ``(points, d, d)``."""
    d, n = u.shape
    value, slope = target.gradient(u)
    found = target.located(u) if target.density.all_located() else None
    if found is not None:
        slopes = target.located_slopes(u, np.eye(d), found[0]) * np.sqrt(found[2])[:, :, None]
        return value, slope, np.einsum("fnk,fnl->nkl", slopes, slopes) + np.eye(d)
    moved = (u[:, :, None] + _STEP * np.eye(d)[:, None, :]).reshape(d, -1)
    there = target.gradient(moved)[1].reshape(d, n, d)
    second = np.nan_to_num(np.moveaxis(slope[:, :, None] - there, 1, 0) / _STEP)
    size, vectors = np.linalg.eigh((second + np.swapaxes(second, 1, 2)) / 2)
    size = np.maximum(np.abs(size), 0.25)
    return value, slope, (vectors * size[:, None, :]) @ np.swapaxes(vectors, 1, 2)


def spread_out(part: Indices, points: Floats, mass: Floats, width: Floats) -> Indices:
    """Return which modes, in their order, are spread over all parts; of each the highest is one.

    The one that is furthest from all that are chosen is the next. One that differs in its log-mass
    or its log-width from those near it is far from them: what is narrow on something broad stays.
    """
    chosen: list[int] = []
    for one in np.unique(part):
        mine = np.flatnonzero(part == one)
        kinds = np.stack([mass[mine], width[mine]]) / _LIKE
        looks = np.concatenate([points[:, mine], kinds])
        new, distance = 0, np.full(len(mine), np.inf)
        unlike = np.full(len(mine), np.inf)
        own: list[int] = []
        while len(own) < len(mine) and len(own) < _MOST:
            if len(own) >= _EACH * len(points) and not np.any(unlike > 1):
                break
            own.append(new)
            away = np.sqrt(((looks - looks[:, new, None]) ** 2).sum(axis=0))
            nearer = away < distance
            distance = np.where(nearer, away, distance)
            differs = np.abs(kinds - kinds[:, new, None]).max(axis=0)
            unlike = np.where(nearer, differs, unlike)
            new = int(np.argmax(distance))
        chosen += list(mine[own])
    return np.sort(np.array(chosen))
