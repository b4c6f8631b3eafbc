"""Slopes of everything that a model says, at points of its prior, per prior score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.arguments import per_draw
from funnelest.model.model import Model
from funnelest.priors import Prior
from funnelest.quantities.quantities import Quantities

__all__ = ["Figures", "Slopes"]

type Floats = NDArray[np.float64]

#: Prior probability between which points lie: at the ends of a flat prior everything is extreme.
_INSIDE = (0.1, 0.9)
#: Step in prior scores, and the weights of the differences: the error is of its fourth power.
_STEP = 1e-3
_PLACES, _WEIGHTS = (-2.0, -1.0, 1.0, 2.0), (1.0, -8.0, 8.0, -1.0)
#: Slopes below this part of a quantity are rounding.
_ROUNDING = 1e-9
#: Numbers in cells that are evaluated in one call.
_MOST = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the figures of all sources expect, and how it changes."""

    #: Change of the log (of a share: the log-odds) of each expected figure per prior score, of
    #: shape ``(points, figures, parameters)``.
    slopes: Floats
    #: One over the variance of the printed figure on that scale, ``(points, figures)``; NaN
    #: where it is not known.
    information: Floats
    #: The source of each figure.
    sources: tuple[str, ...]
    #: Sources of which some figure is only a limit, and of which nothing could be computed.
    limits: tuple[str, ...]
    silent: tuple[str, ...]


class Slopes:
    """A model at points of its prior and at small steps from them along every parameter.

    Steps are along prior scores, the standard normal values with the prior probability of a
    parameter, so that all priors are alike: ``dx/du = phi(u) / p(x)``.
    """

    def __init__(self, model: Model, points: int, seed: int) -> None:
        self.model, self.points = model, points
        self.names = tuple(model.free)
        rng = np.random.default_rng(seed)
        low, high = _INSIDE
        size = len(self.names)
        # A Latin hypercube: each parameter visits every part of its prior.
        cell = np.array([rng.permutation(points) for _ in range(size)])
        p = low + (high - low) * (cell + rng.random((size, points))) / points
        made = [_placed(prior, p[i]) for i, prior in enumerate(model.free.values())]
        #: Values and their change per score, each of shape ``(parameters, points)``.
        self.values = np.array([one[0] for one in made])
        self.scale = np.array([one[1] for one in made])
        per_point = (1 + 4 * size) * max(int(np.prod(model.population.shape)), 1)
        together = max(1, _MOST // per_point)
        memory: dict[Any, Any] = {}
        self._calls = [
            self._stencil(range(first, min(first + together, points)), memory)
            for first in range(0, points, together)
        ]

    def _stencil(self, points: range, memory: dict[Any, Any]) -> tuple[int, Quantities]:
        size = len(self.names)
        at = slice(points.start, points.stop)
        x = np.repeat(self.values[:, at, None], 1 + 4 * size, axis=2)
        for i in range(size):
            for j, place in enumerate(_PLACES):
                x[i, :, 1 + 4 * i + j] += place * _STEP * self.scale[i, at]
        values = {name: x[i].ravel() for i, name in enumerate(self.names)}
        return len(points), Quantities(self.model, values, memory)

    def _split(self, value: Any, points: int) -> tuple[Floats, Floats]:
        """Return values ``(points, rows)`` and slopes ``(points, rows, parameters)``."""
        size = len(self.names)
        width = points * (1 + 4 * size)
        value = np.asarray(value, dtype=np.float64)
        if value.ndim == 0 or value.shape[-1] != width:
            value = value[..., None] if value.ndim == 0 else value
            value = np.broadcast_to(value, (*value.shape[:-1], width))
        value = value.reshape(-1, points, 1 + 4 * size)
        steps = value[..., 1:].reshape(*value.shape[:2], size, 4)
        with np.errstate(all="ignore"):
            # Less the value itself: what does not change is exactly zero.
            slopes = (steps - value[..., :1, None]) @ np.array(_WEIGHTS) / (12 * _STEP)
        return np.moveaxis(value[..., 0], 0, 1), np.moveaxis(slopes, 0, 1)

    def quantities(
        self, subject: str, functions: Mapping[str, Callable[[Quantities], Any]]
    ) -> tuple[Floats, Floats]:
        """Return quantities ``(points, quantities)``, and their slopes."""
        found = []
        for points, q in self._calls:
            parts = []
            for name, function in functions.items():
                value = per_draw(subject, name, function)(q)
                parts.append(self._split(value, points))
            found.append(parts)
        if not functions:
            return (
                np.zeros((self.points, 0)),
                np.zeros((self.points, 0, len(self.names))),
            )
        values, slopes = (
            np.concatenate([np.concatenate([p[i] for p in parts], axis=1) for parts in found])
            for i in (0, 1)
        )
        with np.errstate(all="ignore"):
            length = np.sqrt((slopes**2).sum(axis=2))
            # What does not change but for rounding must not look like a direction.
            slopes[length <= _ROUNDING * np.abs(values)] = 0.0
        return values, slopes

    def figures(self) -> Figures:
        """Return what all figures expect."""
        slopes, information = [], []
        sources: tuple[str, ...] = ()
        limits: dict[str, None] = {}
        silent: dict[str, None] = {}
        for points, q in self._calls:
            rows: list[tuple[Floats, Floats]] = []
            owners: list[str] = []
            for one in self.model.evidence:
                power = self.model.power_of(one.name)
                if not power:
                    continue
                with np.errstate(all="ignore"):
                    expected, limited, failed = _expected(one, q)
                limits |= dict.fromkeys([one.name] if limited else [])
                silent |= dict.fromkeys([one.name] if failed else [])
                for value, known in expected:
                    _, slope = self._split(value, points)
                    shape = (slope.shape[1], q.draws)
                    info = np.broadcast_to(power * np.asarray(known, dtype=np.float64), shape)
                    info = info.reshape(shape[0], points, -1)[..., 0].T
                    rows.append((slope, info))
                    owners += [one.name] * shape[0]
            size = len(self.names)
            slopes.append(np.concatenate([np.zeros((points, 0, size)), *(r[0] for r in rows)], 1))
            information.append(np.concatenate([np.zeros((points, 0)), *(r[1] for r in rows)], 1))
            sources = tuple(owners)
        return Figures(
            slopes=np.concatenate(slopes),
            information=np.concatenate(information),
            sources=sources,
            limits=tuple(limits),
            silent=tuple(silent),
        )


def _placed(prior: Prior, p: Floats) -> tuple[Floats, Floats]:
    """Return the quantiles of a prior, and their change per prior score."""
    from scipy.special import ndtr, ndtri

    with np.errstate(all="ignore"):
        x = np.asarray(prior.ppf(p), dtype=np.float64)
        u = ndtri(p)
        normal = np.exp(-0.5 * u * u) / np.sqrt(2 * np.pi)
        scale = normal / np.exp(np.asarray(prior.logpdf(x), dtype=np.float64))
        # A density that is infinite, or none that can be had: from the quantiles themselves.
        near = [np.asarray(prior.ppf(ndtr(u + d)), dtype=np.float64) for d in (-1e-4, 1e-4)]
    bad = ~(np.isfinite(scale) & (scale > 0))
    return x, np.where(bad, (near[1] - near[0]) / 2e-4, scale)


def _expected(one: Any, q: Quantities) -> tuple[list[tuple[Any, Any]], bool, bool]:
    """Return value and information of each figure of a source, on a scale without limits.

    And whether some figure is a limit only, and whether something could not be computed.
    """
    found: list[tuple[Any, Any]] = []
    limited = failed = False
    try:
        observations: Sequence[Any] = list(one.observations(q))
    except Exception:  # whatever a user's function may do; `fit` will say it better
        return [], False, True
    for observation in observations:
        try:
            places = observation.locations()
            known = [place for place in places if place is not None]
            found += [(place[0], place[2]) for place in known]
            if len(known) == len(places):
                continue
            # What the rest locates nobody can say: of a limit that is so.
            if known or observation.limited:
                limited = True
                continue
            found += _moments(observation, q.draws)
        except Exception:
            failed = True
    return found, limited, failed


def _moments(observation: Any, draws: int) -> list[tuple[Any, Any]]:
    """Return the mean, on the log scale where it is positive, and the information in it."""
    mean, sd = (np.asarray(one, dtype=np.float64) for one in observation.moments())
    if not mean.ndim or mean.shape[-1] not in (1, draws):
        raise ValueError("not one value per draw")
    mean = np.broadcast_to(mean, (*mean.shape[:-1], draws)).reshape(-1, draws)
    sd = np.broadcast_to(sd, (*sd.shape[:-1], draws) if sd.ndim else (draws,)).reshape(-1, draws)
    sd = np.broadcast_to(sd, mean.shape)
    made = []
    for m, s in zip(mean, sd, strict=True):
        if (m > 0).all():
            m, s = np.log(m), s / m
        made.append((m, 1 / s**2))
    return made
