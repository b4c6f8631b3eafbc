"""Coordinates in which a posterior along a curved ridge is about standard normal.

Figures hold a few combinations of many loosely known parameters: in prior scores the posterior is
a thin curved sheet, along which no trajectory of fixed steps gets far. As in `proposal` the scores
are split in *held* directions and the *free* rest, and what holds the former is a function of the
latter. Here it is a smooth one, polynomials fitted to where climbs ended:

    free = centre + factor v,    held = g(v) + D(v) U(v) w,

with D diagonal and above 0 and U of ones on its diagonal, zeros below. Whatever the polynomials
are, every pair (v, w) is one point and every point one pair, and the volume changes by
``det(factor) prod D(v)``. So a polynomial that is off costs steps, never correctness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from funnelest.inference.engines.spread import Spread

__all__ = ["Ridge", "Straight"]

type Floats = NDArray[np.float64]

#: Most terms of the polynomials, and their highest degree.
_TERMS, _DEGREE = 250, 20
#: The variables of the polynomials go no further than this: beyond the points that they were
#: fitted to they level out, where they would soon be of any size.
_FAR = 7.0
#: Prior size of a term in the fit, as a share of the number of points: it only keeps terms down
#: that the points do not tell apart.
_RIDGE = 1e-8
#: Polynomials are as good as the best that miss by so many times as much, and so much more.
_AS_GOOD = 1.2, 0.003
#: What is held out to choose the degree: every so manieth point.
_OUT = 5


@dataclass(frozen=True)
class Ridge:
    """Points that show where a ridge is: what is fitted to.

    The free part ``(f, points)``; the held part that is most probable there ``(k, points)``; the
    lower factor of its curvature, ``(points, k, k)``; and how much each counts, at most 1.
    """

    free: Floats
    mode: Floats
    factor: Floats
    weights: Floats


@dataclass(frozen=True)
class _Terms:
    """Polynomials of some directions: products of Hermite polynomials, and all linear terms.

    ``factors[i]`` holds, per term, the place of its i-th factor among the Hermite polynomials of
    all directions, of degrees 0 to `degree` each; the one of degree 0 is 1.
    """

    directions: Floats
    degree: int
    factors: NDArray[np.intp]

    @classmethod
    def complete(cls, directions: Floats, degree: int) -> _Terms:
        """Return all products of total degree 2 to `degree`."""
        r = directions.shape[1]
        found = []
        for total in range(2, degree + 1):
            for chosen in combinations_with_replacement(range(r), total):
                own = sorted(set(chosen))
                places = [j * (degree + 1) + chosen.count(j) for j in own]
                found.append(places)
        width = max((len(one) for one in found), default=1)
        padded = [one + [0] * (width - len(one)) for one in found]
        return cls(directions, degree, np.array(padded, dtype=np.intp).reshape(-1, width).T)

    @cached_property
    def _spreads(self) -> list[Floats]:
        """Ones where a term has a Hermite polynomial as its i-th factor: a product adds fastest."""
        places = np.arange(self.directions.shape[1] * (self.degree + 1))
        return [(places[:, None] == one).astype(np.float64) for one in self.factors]

    def of(self, v: Floats) -> tuple[Floats, Callable[[Floats], Floats]]:
        """Return the terms, ``(terms, points)``, and what takes slopes in them to slopes in `v`."""
        n = v.shape[1]
        bounded = _FAR * np.tanh(v / _FAR)
        x = self.directions.T @ bounded
        hermite = np.empty((len(x), self.degree + 1, n))
        hermite[:, 0] = 1.0
        if self.degree:
            hermite[:, 1] = x
        for i in range(1, self.degree):
            hermite[:, i + 1] = (x * hermite[:, i] - np.sqrt(i) * hermite[:, i - 1]) / np.sqrt(
                i + 1
            )
        flat = hermite.reshape(-1, n)
        parts = [flat[one] for one in self.factors]
        product = parts[0]
        for part in parts[1:]:
            product = product * part
        terms = np.concatenate([np.ones((1, n)), bounded, product])

        def back(slopes: Floats) -> Floats:
            inner = slopes[len(v) + 1 :]
            total = np.zeros_like(flat)
            for i, spread in enumerate(self._spreads):
                others = inner
                for j, part in enumerate(parts):
                    if j != i:
                        others = others * part
                total += spread @ others
            in_hermite = total.reshape(hermite.shape)
            degrees = np.sqrt(np.arange(1, self.degree + 1))[None, :, None]
            in_x = (in_hermite[:, 1:] * degrees * hermite[:, :-1]).sum(axis=1)
            in_bounded = slopes[1 : len(v) + 1] + self.directions @ in_x
            return np.asarray(in_bounded * (1 - (bounded / _FAR) ** 2))

        return terms, back


@dataclass(frozen=True)
class Straight:
    """The map from straightened coordinates, ``(parameters, points)``, to scores.

    The free coordinates come first. Coefficients, ``(functions, terms)``, are of the held part,
    the logs of the diagonal D, and the entries of U above its diagonal, row by row.
    """

    held: Floats
    free: Floats
    centre: Floats
    factor: Floats
    terms: _Terms
    coefficients: Floats
    #: Mean square by which held points were missed that had no part in the fit, in their own units.
    missed: float = 0.0

    @classmethod
    def plain(cls, size: int) -> Straight:
        """Return the map that leaves scores as they are."""
        none = _Terms.complete(np.zeros((size, 0)), 0)
        return cls(
            np.zeros((size, 0)), np.eye(size), np.zeros(size), np.eye(size), none,
            np.zeros((0, size + 1)),
        )  # fmt: skip

    @classmethod
    def fitted(cls, held: Floats, free: Floats, loose: Spread, ridge: Ridge) -> Straight:
        """Return the map that follows a ridge; the degree is that which misses it least."""
        factor = np.linalg.cholesky(
            loose.factor @ loose.factor.T * loose.freedom / (loose.freedom - 2)
        )
        v = solve_triangular(factor, ridge.free - loose.centre[:, None], lower=True)
        aims, unit = _aims(ridge)
        out = (np.arange(v.shape[1]) % _OUT == 0) & (ridge.weights == 1)
        weights = ridge.weights[~out]
        tried = []
        directions = _bending(v[:, ~out], aims[:, ~out] / unit, weights)
        for terms in _choices(directions):
            found = _regressed(terms.of(v[:, ~out])[0], aims[:, ~out], weights)
            off = found @ terms.of(v[:, out])[0] - aims[:, out]
            # But for a few, which may be of climbs that went elsewhere.
            squares = np.sort(((off / unit) ** 2).sum(axis=0))
            tried.append((float(squares[: 19 * len(squares) // 20].mean()), terms))
        # The fewest terms of those that are as good: they go on best where no points are.
        enough = _AS_GOOD[0] * min(missed for missed, _ in tried) + _AS_GOOD[1]
        missed, chosen = min(
            (one for one in tried if one[0] <= enough), key=lambda one: one[1].factors.shape[1]
        )
        coefficients = _regressed(chosen.of(v)[0], aims, ridge.weights)
        return cls(held, free, loose.centre, factor, chosen, coefficients, missed)

    def __call__(self, x: Floats) -> tuple[Floats, Floats, Callable[[Floats], Floats]]:
        """Return scores, the log of the change of volume, and what takes slopes back.

        That turns slopes in the scores, of the log-density of these, into slopes of the
        log-density in the straightened coordinates.
        """
        f, k = len(self.centre), self.held.shape[1]
        v, w = x[:f], x[f:]
        u = self.free @ (self.centre[:, None] + self.factor @ v)
        constant = float(np.log(np.diag(self.factor)).sum())
        if not k:

            def plain(slopes: Floats) -> Floats:
                return np.asarray(self.factor.T @ (self.free.T @ slopes))

            return u, np.full(x.shape[1], constant), plain
        terms, back = self.terms.of(v)
        found = self.coefficients @ terms
        scale = np.exp(found[k : 2 * k])
        rows, columns = np.triu_indices(k, 1)
        leaning = w.copy()
        np.add.at(leaning, rows, found[2 * k :] * w[columns])
        away = scale * leaning
        u = u + self.held @ (found[:k] + away)

        def pull(slopes: Floats) -> Floats:
            in_held = self.held.T @ slopes
            in_leaning = in_held * scale
            in_found = np.concatenate(
                [in_held, in_held * away + 1.0, in_leaning[rows] * w[columns]]
            )
            in_w = in_leaning.copy()
            np.add.at(in_w, columns, in_leaning[rows] * found[2 * k :])
            in_v = self.factor.T @ (self.free.T @ slopes) + back(self.coefficients.T @ in_found)
            return np.concatenate([in_v, in_w])

        return u, constant + found[k : 2 * k].sum(axis=0), pull

    def back(self, u: Floats) -> Floats:
        """Return the straightened coordinates of scores."""
        k = self.held.shape[1]
        v = solve_triangular(self.factor, self.free.T @ u - self.centre[:, None], lower=True)
        if not k:
            return np.asarray(v)
        found = self.coefficients @ self.terms.of(v)[0]
        leaning = (self.held.T @ u - found[:k]) * np.exp(-found[k : 2 * k])
        rows, columns = np.triu_indices(k, 1)
        w = leaning.copy()
        for at in range(len(rows) - 1, -1, -1):
            w[rows[at]] -= found[2 * k + at] * w[columns[at]]
        return np.concatenate([v, w])


def _choices(directions: Floats) -> Iterator[_Terms]:
    """Yield polynomials of few terms and of many, of few directions and of many."""
    seen = set()
    for degree in range(2, _DEGREE + 1):
        most = max(r for r in range(len(directions) + 1) if comb(r + degree, degree) <= _TERMS)
        for r in {1, 2, 3, most} if degree < 5 else {1, most}:
            if 0 < r <= most and (r, degree) not in seen:
                seen.add((r, degree))
                yield _Terms.complete(directions[:, :r], degree)


def _aims(ridge: Ridge) -> tuple[Floats, Floats]:
    """Return what the polynomials should give at each point, and the unit of each of them."""
    k = len(ridge.mode)
    spread = np.linalg.inv(np.swapaxes(ridge.factor, 1, 2)).transpose(1, 2, 0)
    scale = spread[np.arange(k), np.arange(k)]
    rows, columns = np.triu_indices(k, 1)
    logs = np.log(scale)
    aims = np.concatenate([ridge.mode, logs, spread[rows, columns] / scale[rows]])
    unit = np.ones((len(aims), 1))
    unit[:k] = np.exp(np.median(logs, axis=1))[:, None]
    return aims, unit


def _regressed(terms: Floats, aims: Floats, weights: Floats) -> Floats:
    weighted = terms * weights
    square = weighted @ terms.T
    square[np.diag_indices_from(square)] += _RIDGE * weights.sum()
    return np.asarray(np.linalg.solve(square, weighted @ aims.T).T)


def _bending(v: Floats, aims: Floats, weights: Floats) -> Floats:
    """Return directions of the free part, those first along which the ridge bends most.

    By the second derivatives of quadratic polynomials.
    """
    f = len(v)
    terms = _Terms.complete(np.eye(f), 2)
    found = _regressed(terms.of(v)[0], aims, weights)[:, f + 1 :]
    total = np.zeros((f, f))
    pairs = list(combinations_with_replacement(range(f), 2))
    for row in found:
        bend = np.zeros((f, f))
        for value, (i, j) in zip(row, pairs, strict=True):
            bend[i, j] = bend[j, i] = value if i != j else np.sqrt(2.0) * value
        total += bend @ bend
    return np.asarray(np.linalg.eigh(total)[1][:, ::-1])
