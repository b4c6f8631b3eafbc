"""Modes of a posterior, from many starts at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError, NothingFoundError, UnboundedError
from funnelest.inference.engines.parts import parts_of, spread_out
from funnelest.inference.engines.ridge import settle
from funnelest.inference.engines.target import Target
from funnelest.inference.engines.uphill import led_uphill
from funnelest.likelihood.density import log_likelihoods

__all__ = ["Mode", "find_modes", "near_modes", "nearest_mode", "shares_of", "unbounded"]

type Floats = NDArray[np.float64]
#: Log-density, point and curvature.
type Mode = tuple[float, Floats, Floats]

_STARTS, _CLIMB = 32, 25
#: With more modes than this part of the starts some may not have been found: so many times as many
#: climbs are made, and with more separate modes than this part of those the fit is refused.
_CROWDED, _FURTHER = 1 / 6, 16
#: Draws of the prior of which the likeliest are started from, where climbs alone cannot tell.
_TRIED, _CLIMBS = 20_000, 6
#: So many are started from when they may be near each other; and how far apart they are at least,
#: as the square of the distance per unknown.
_CLOSER, _FAR, _NEAR = 32, 0.5, 0.05
#: Modes this much lower than the highest, in log-mass, are left out.
_LOWER = 12.0


def find_modes(target: Target, rng: np.random.Generator) -> list[Mode]:
    """Return the distinct modes that climbs from draws of the prior reach, highest first.

    A `NothingFoundError` when no draw of the prior and no climb gives the figures a positive
    probability: none was found, which proves nothing. A `FitError` when there are so many separate
    modes that others must have been missed. Of as many that are connected some are returned.
    """
    found = _searched(target, rng, _STARTS)
    if len(found) > max(_CLIMBS, _CROWDED * _STARTS):
        found = _searched(target, rng, _FURTHER * _STARTS)
        most = _CROWDED * _FURTHER * _STARTS
        if len(found) > most:
            found = _told_apart(target, found, most)
    return found


def _told_apart(target: Target, found: list[Mode], most: float) -> list[Mode]:
    """Return modes that stand for all of many, if so many are not all separate."""
    points = np.array([point for _, point, _ in found]).T
    part = parts_of(target, points)
    number = int(part.max()) + 1
    if number > most:
        raise FitError(
            f"the posterior has {number} or more separate modes, with a valley on each path that "
            "was tried from one to the next, and some may not have been found: say more of the "
            "parameters, so that fewer fit the figures as well"
        )
    if not target.density.all_located():
        return found  # there are no ridges to follow: each is needed
    width = np.array([np.linalg.slogdet(matrix)[1] / 2 for _, _, matrix in found])
    mass = np.array([height for height, _, _ in found]) - width
    return [found[i] for i in spread_out(part, points, mass, width)]


def _searched(target: Target, rng: np.random.Generator, starts: int) -> list[Mode]:
    """Return the distinct modes of so many climbs, highest first."""
    d = target.size
    begins = rng.standard_normal((d, starts))
    begins[:, 0] = 0.0
    exact = target.density.all_located()
    points, curvatures = _climbed(target, begins, _CLIMB)
    if not exact:
        # Some source says only how likely it is: go on from where the others lead, and from
        # the likeliest draws, on the density itself.
        points, curvatures = _polished(target, np.concatenate([points, begins], axis=1), rng)
    heights = target.log_density(points)
    if not np.isfinite(heights).any():
        pool = rng.standard_normal((d, _TRIED))
        values = target.log_density(pool)
        if not np.isfinite(values).any():
            raise _found_nothing(target, np.concatenate([points, pool], axis=1))
        points, curvatures = _polished(target, pool[:, np.argsort(-values)[:starts]], rng)
        heights = target.log_density(points)
    if np.any(heights == np.inf):
        raise unbounded(target, points[:, heights == np.inf])
    found: list[Mode] = [
        (float(heights[i]), points[:, i], curvatures[i])
        for i in np.argsort(-heights, kind="stable")
        if np.isfinite(heights[i])
    ]
    return _distinct(found)


def _found_nothing(target: Target, points: Floats) -> NothingFoundError:
    """Return what is known when none of the points tried gives the figures a probability.

    That a search found nothing does not show that there is nothing.
    """
    model = target.density.model
    never = [
        repr(name)
        for name, value in log_likelihoods(
            model, target.density.values(target.line(points))
        ).items()
        if model.power_of(name) and not np.any(value > -np.inf)
    ]
    by = f"by itself {' and '.join(never)} has" if len(never) == 1 else ""
    by = by or (f"each of {', '.join(never)} by itself has" if never else "")
    return NothingFoundError(
        f"none of the {points.shape[1]:,} points of the parameters that were tried gives these "
        "figures a positive probability. "
        + (
            f"At every one of them {by} none. "
            if by
            else "Every source by itself has one at some. "
        )
        + "The figures may contradict the model, its priors or each other"
    )


def unbounded(target: Target, points: Floats) -> UnboundedError:
    """Return what is known where the density has grown beyond all numbers."""
    model = target.density.model
    values = log_likelihoods(model, target.density.values(target.line(points)))
    which = [repr(n) for n, one in values.items() if model.power_of(n) and np.any(one == np.inf)]
    return UnboundedError(
        f"the log-likelihood of {' and '.join(which) or 'a source'} is infinite at some "
        "parameters, where the density of data has to be finite"
    )


def shares_of(modes: list[Mode]) -> Floats:
    """Return the part of each mode by its mass, none far smaller than the others."""
    mass = np.array([height - 0.5 * np.linalg.slogdet(matrix)[1] for height, _, matrix in modes])
    shares = np.exp(mass - mass.max())
    shares = np.maximum(shares / shares.sum(), 0.1 / len(modes))
    return np.asarray(shares / shares.sum())


def nearest_mode(target: Target, point: Floats) -> Floats:
    """Return the mode that a short climb from `point` reaches."""
    return _climbed(target, point[:, None], 4)[0][:, 0]


def _climbed(target: Target, starts: Floats, steps: int) -> tuple[Floats, Floats]:
    d = len(starts)
    found = settle(target, np.zeros_like(starts), np.eye(d), starts, steps=1, renewals=steps)
    return found.at, found.curvature


def _polished(target: Target, starts: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return modes of the density itself, from the highest of many points, well apart."""
    drawn = rng.standard_normal((len(starts), _TRIED))
    led = led_uphill(target, rng) if target.density.any_shape() else starts[:, :0]
    pool = np.concatenate([starts, drawn, led], axis=1)
    chosen = _likeliest(target, pool, max(_CLIMBS, starts.shape[1] // 10), _FAR)
    if not chosen:
        return starts, np.repeat(np.eye(len(starts))[None], starts.shape[1], axis=0)
    points = np.array([_highest(target, point) for point in chosen]).T
    return points, np.array([_curvature(target, point) for point in points.T])


def near_modes(target: Target, rng: np.random.Generator) -> list[Mode]:
    """Return the distinct modes that climbs from likely draws near each other reach."""
    chosen = _likeliest(target, rng.standard_normal((target.size, _TRIED)), _CLOSER, _NEAR)
    if not chosen:
        return []
    points = np.array([_highest(target, point) for point in chosen]).T
    heights = target.log_density(points)
    order = np.argsort(-heights, kind="stable")
    return _distinct([(float(heights[i]), points[:, i], _curvature(target, points[:, i]))
                      for i in order if np.isfinite(heights[i])])  # fmt: skip


def _likeliest(target: Target, pool: Floats, most: int, apart: float) -> list[Floats]:
    """Return the points of the highest density of which none is near another."""
    values = target.log_density(pool)
    chosen: list[Floats] = []
    for i in np.argsort(-values, kind="stable"):
        if not np.isfinite(values[i]) or len(chosen) == most:
            break
        off = np.array(chosen).reshape(-1, len(pool)) - pool[:, i]
        if (np.sum(off**2, axis=1) > apart * len(pool)).all():
            chosen.append(pool[:, i])
    return chosen


def _highest(target: Target, start: Floats) -> Floats:
    from scipy.optimize import minimize  # few models need it, and it takes long to load

    d, step = len(start), 1e-4
    moves = step * np.concatenate([np.eye(d), -np.eye(d), np.zeros((d, 1))], axis=1)

    def negative(u: Floats) -> tuple[float, Floats]:
        values = target.log_density(u[:, None] + moves)
        if not np.all(np.isfinite(values)):
            return 1e10, np.zeros(d)
        return -float(values[-1]), -(values[:d] - values[d : 2 * d]) / (2 * step)

    found = minimize(
        negative,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-9, 9)] * d,
        options={"maxiter": 100, "ftol": 1e-8, "gtol": 1e-3},
    )
    return np.asarray(found.x)


def _curvature(target: Target, mode: Floats, step: float = 1e-3) -> Floats:
    """Return minus the second derivatives of the log-density, made positive definite."""
    d = len(mode)
    rows, columns = np.triu_indices(d)
    at = np.arange(len(rows))
    points = np.repeat(mode[:, None], 4 * len(rows), axis=1)
    for block, (one, two) in enumerate(((1, 1), (1, -1), (-1, 1), (-1, -1))):
        points[rows, block * len(rows) + at] += one * step
        points[columns, block * len(rows) + at] += two * step
    values = target.log_density(points).reshape(4, -1)
    curvature = np.zeros((d, d))
    with np.errstate(invalid="ignore"):
        second = (values[0] - values[1] - values[2] + values[3]) / (4 * step**2)
    curvature[rows, columns] = curvature[columns, rows] = -second
    if not np.all(np.isfinite(curvature)):
        return np.eye(d)
    size, vectors = np.linalg.eigh(curvature)
    return np.asarray((vectors * np.maximum(size, 0.25)) @ vectors.T)


def _distinct(found: list[Mode]) -> list[Mode]:
    """Return the modes that are not the same as a higher one, nor negligible beside it."""
    kept: list[Mode] = []
    for height, point, curvature in found:
        if any(
            (point - other) @ (curvature + metric) @ (point - other) / 2 < 0.5 * len(point) + 1
            for _, other, metric in kept
        ):
            continue
        kept.append((height, point, curvature))
    mass = [height - 0.5 * np.linalg.slogdet(curvature)[1] for height, _, curvature in kept]
    return [one for one, m in zip(kept, mass, strict=True) if m >= max(mass) - _LOWER]
