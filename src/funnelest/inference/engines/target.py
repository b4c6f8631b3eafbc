"""The posterior in coordinates in which every prior is standard normal."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import FitError
from funnelest.likelihood.density import Density
from funnelest.likelihood.gradient import Gradient
from funnelest.priors import Prior

__all__ = ["Target"]

type Floats = NDArray[np.float64]

#: Of the differences by which derivatives are taken.
_STEP = 1e-4
_LOW, _HIGH, _NODES = -8.0, 8.0, 321


class Target:
    """The density of a model, as functions of prior scores, points ``(parameters, draws)``.

    A score is the standard normal value with the prior probability of the parameter's point on the
    line: ``prior.line_of_score(u)``, up to an interpolation. The density includes the slope of the
    interpolated map itself, so it is exact; only the prior's shape in scores is approximate.
    """

    def __init__(self, density: Density) -> None:
        self.density = density
        self._gradient = Gradient(density)
        self.size = len(density.names)
        self.evaluations = 0
        free = list(density.model.free.values())
        straight = [prior.straight for prior in free]
        self._shift = np.array([[one[0] if one else 0.0] for one in straight])
        self._scale = np.array([[one[1] if one else 1.0] for one in straight])
        self._curved = np.array([i for i, one in enumerate(straight) if one is None], dtype=int)
        tables = [_table(free[i], density.names[i]) for i in self._curved]
        self._low = np.array([[one[0]] for one in tables])
        self._high = np.array([[one[1]] for one in tables])
        step = (_HIGH - _LOW) / (_NODES - 1)
        #: The last piece of each table: its right end belongs to it.
        self._last = np.round((self._high - _LOW) / step).astype(np.intp) - 1
        #: One flat array per power: looking numbers up in them is what this costs.
        self._pieces = [
            np.array([one[2][:, power] for one in tables]).reshape(-1) for power in range(4)
        ]
        self._condensed: tuple[Floats, Floats] | None = None
        shown = self.located(np.zeros((self.size, 1))) if self.size else None
        #: How many numbers the figures locate.
        self.figures = 0 if shown is None else len(shown[0])

    def line(self, u: Floats) -> Floats:
        """Return the points on the unconstrained line."""
        return self._mapped(u)[0]

    def _mapped(self, u: Floats) -> tuple[Floats, Floats]:
        """Return the points on the line, and the log of the slope of the map."""
        if not self.size:
            return u, np.zeros(u.shape[1])
        z = self._shift + self._scale * u
        log_slope = np.full(u.shape[1], float(np.log(self._scale).sum()))
        if len(self._curved):
            score = u[self._curved]
            rest, (a, b, c, d), beyond = self._pieces_at(score)
            slope = (3 * a * rest + 2 * b) * rest + c
            value = ((a * rest + b) * rest + c) * rest + d
            z[self._curved] = value + slope * beyond
            log_slope += np.log(slope).sum(axis=0)
        return z, log_slope

    def _pieces_at(self, score: Floats) -> tuple[Floats, list[Floats], Floats]:
        """Return where scores are in the pieces of the tables, these, and how far outside all."""
        inside = np.clip(score, self._low, self._high)
        step = (_HIGH - _LOW) / (_NODES - 1)
        at = np.minimum(((inside - _LOW) / step).astype(np.intp), self._last)
        rest = inside - (_LOW + step * at)
        at += np.arange(len(self._curved))[:, None] * (_NODES - 1)
        return rest, [np.take(one, at) for one in self._pieces], score - inside

    def _slopes(self, u: Floats) -> tuple[Floats, Floats]:
        """Return the slope of the map in each score, and that of its log."""
        slopes, bends = np.repeat(self._scale, u.shape[1], axis=1), np.zeros(u.shape)
        if len(self._curved):
            rest, (a, b, c, _), beyond = self._pieces_at(u[self._curved])
            slopes[self._curved] = (3 * a * rest + 2 * b) * rest + c
            bends[self._curved] = (6 * a * rest + 2 * b) / slopes[self._curved] * (beyond == 0)
        return slopes, bends

    def log_density(self, u: Floats) -> Floats:
        """Return the log of prior times likelihood, one per draw."""
        self.evaluations += u.shape[1]
        with np.errstate(all="ignore"):
            z, log_slope = self._mapped(u)
            value = self.density(z) + log_slope
        return np.where(np.isnan(value), -np.inf, value)

    def gradient(self, u: Floats) -> tuple[Floats, Floats]:
        """Return the log-density, and its slopes in the scores, of the shape of `u`.

        By differences where some source is written with functions that have no known slopes.
        """
        if self._gradient.trouble:
            return self._differences(u)
        self.evaluations += u.shape[1]
        with np.errstate(all="ignore"):
            z, log_slope = self._mapped(u)
            slopes, bends = self._slopes(u)
            value, found = self._gradient(z)
            value, found = value + log_slope, found * slopes + bends
        return np.where(np.isnan(value), -np.inf, value), np.nan_to_num(found)

    def _differences(self, u: Floats) -> tuple[Floats, Floats]:
        d, n = u.shape
        moves = _STEP * np.concatenate([np.zeros((d, 1)), np.eye(d), -np.eye(d)], axis=1)
        values = self.log_density((u[:, None, :] + moves[:, :, None]).reshape(d, -1))
        values = values.reshape(-1, n)
        with np.errstate(invalid="ignore"):
            found = (values[1 : d + 1] - values[d + 1 :]) / (2 * _STEP)
        return values[0], np.where(np.isfinite(found), found, 0.0)

    def located(self, u: Floats) -> tuple[Floats, Floats, Floats] | None:
        """Return what the figures locate: values, what the data say, and their information.

        Each of shape ``(figures, draws)``. None when no figure can say.
        """
        if self._condensed is not None:
            rows, aims = self._condensed
            shape = len(rows), u.shape[1]
            return self.located_values(u), np.broadcast_to(aims, shape), np.ones(shape)
        with np.errstate(all="ignore"):
            found = self.density.located(self._mapped(u)[0])
        if found is None:
            return None
        value, aim, information = found
        value = _finite(value)
        return value, aim, np.nan_to_num(information, nan=0.0, posinf=0.0)

    def located_values(self, u: Floats) -> Floats:
        """Return only the values of `located`, where some figure locates something."""
        with np.errstate(all="ignore"):
            value = _finite(self.density.located_values(self._mapped(u)[0]))
        return value if self._condensed is None else self._condensed[0] @ value

    def located_slopes(self, u: Floats, directions: Floats, value: Floats) -> Floats:
        """Return the derivatives of `value`, what is located at points `u`, along directions.

        Directions are columns, ``(parameters, k)``; the shape is ``(figures, draws, k)``.
        """
        moved = (u[:, :, None] + _STEP * directions[:, None, :]).reshape(len(u), -1)
        there = self.located_values(moved).reshape(*value.shape, -1)
        return np.clip((there - value[:, :, None]) / _STEP, -1e6, 1e6)

    def condense(self, points: Floats) -> None:
        """Let far more figures than parameters locate a few combinations of themselves.

        Of two hundred figures that fifteen parameters give, the combinations along which they can
        move, each in units of what the data know of it, locate as much. They are those of the
        derivatives at `points`, shape ``(parameters, n)``. It changes where proposals lie and what
        they cost, never the density.
        """
        d, n = points.shape
        if self._condensed is not None or self.figures <= 3 * d:
            return
        found = self.located(points)
        if found is None:
            return
        value, aim, information = found
        root = np.sqrt(information.mean(axis=1, keepdims=True))
        slopes = self.located_slopes(points, np.eye(d), value)
        basis, size, _ = np.linalg.svd((root[:, :, None] * slopes).reshape(len(value), -1), False)
        rows = basis[:, : min(2 * d, int((size > 0.1 * np.sqrt(n)).sum()))].T * root[:, 0]
        self._condensed = rows, rows @ aim.mean(axis=1, keepdims=True)
        self.figures = len(rows)


def _finite(value: Floats) -> Floats:
    """Return the values as numbers: a mean of zero has a logarithm of minus infinity.

    Those that are numbers stay apart, since what is flat leads nowhere: a narrow estimate is
    thousands of its errors off.
    """
    np.nan_to_num(value, copy=False, nan=-700.0, posinf=700.0, neginf=-700.0)
    return np.clip(value, -1e9, 1e9, out=value)


@lru_cache(maxsize=256)  # models are fitted again and again, with other data and the same priors
def _table(prior: Prior, name: str) -> tuple[float, float, Floats]:
    """Return limits, and cubic pieces on the grid of scores, of the map to the line."""
    scores = np.linspace(_LOW, _HIGH, _NODES)
    with np.errstate(all="ignore"):
        line = np.asarray(prior.line_of_score(scores), dtype=np.float64)
        rises = np.isfinite(line[:-1]) & np.isfinite(line[1:]) & (np.diff(line) > 1e-9)
    # The run of rising pieces around the median; beyond it the map goes on in a straight line.
    centre = int(np.argmin(np.where(rises, np.abs(scores[:-1]), np.inf)))
    if not rises[centre]:
        raise FitError(f"the prior of {name!r} has no usable quantiles: {prior.describe()}")
    first = last = centre
    while first > 0 and rises[first - 1]:
        first -= 1
    while last + 1 < len(rises) and rises[last + 1]:
        last += 1
    pieces = np.full((_NODES - 1, 4), np.nan)  # a point outside would be noticed
    pieces[first : last + 1] = _rising(line[first : last + 2], (_HIGH - _LOW) / (_NODES - 1))
    return float(scores[first]), float(scores[last + 1]), pieces


def _rising(y: Floats, step: float) -> Floats:
    """Return the cubic pieces through values that rise, ``(pieces, 4)``, that rise throughout.

    The highest power first. As SciPy's `PchipInterpolator` makes them, whose import takes a tenth
    of a first answer: slopes are harmonic means of those of the two pieces (Fritsch and Butland,
    SIAM J Sci Stat Comput 1984;5:300), at the ends those of a parabola, within limits.
    """
    rise = np.diff(y) / step
    if len(rise) == 1:
        slope = np.repeat(rise, 2)
    else:
        inner = 2 / (1 / rise[:-1] + 1 / rise[1:])
        ends = np.array([1.5 * rise[0] - 0.5 * rise[1], 1.5 * rise[-1] - 0.5 * rise[-2]])
        ends = np.where(ends > 0, ends, 0.0)
        slope = np.concatenate([ends[:1], inner, ends[1:]])
    bend = (slope[:-1] + slope[1:] - 2 * rise) / step
    return np.stack([bend / step, (rise - slope[:-1]) / step - bend, slope[:-1], y[:-1]], axis=1)
