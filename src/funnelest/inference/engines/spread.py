"""A multivariate t distribution, and how it is fitted to weighted points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import gammaln

from funnelest.sampling.weights import effective_size

__all__ = ["Spread", "dot", "dot_square"]

type Floats = NDArray[np.float64]

#: Degrees of freedom that are tried.
_FREEDOMS = (5.0, 10.0, 20.0, 60.0)


@dataclass(frozen=True)
class Spread:
    """A multivariate t distribution; `factor` is the lower Cholesky factor of its scale matrix."""

    centre: Floats
    factor: Floats
    freedom: float

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws, shape ``(k, size)``."""
        normal = rng.standard_normal((len(self.centre), size))
        stretch = np.sqrt(self.freedom / rng.chisquare(self.freedom, size))
        return self.centre[:, None] + (self.factor @ normal) * stretch

    def logpdf(self, x: Floats) -> Floats:
        """Return the log-density, one per draw."""
        k, df = len(self.centre), self.freedom
        if not k:
            return np.zeros(x.shape[1])
        white = solve_triangular(self.factor, x - self.centre[:, None], lower=True)
        constant = gammaln((df + k) / 2) - gammaln(df / 2) - k / 2 * np.log(df * np.pi)
        constant -= np.log(np.diag(self.factor)).sum()
        return np.asarray(constant - (df + k) / 2 * np.log1p((white**2).sum(axis=0) / df))

    def normal(self, x: Floats) -> Floats:
        """Return the log-density of the normal with this centre and scale, up to a constant."""
        if not len(self.centre):
            return np.zeros(x.shape[1])
        white = solve_triangular(self.factor, x - self.centre[:, None], lower=True)
        return np.asarray(-0.5 * (white**2).sum(axis=0))

    def fitted(self, x: Floats, weights: Floats, wide: float) -> Spread:
        """Return the distribution with the moments of weighted points, and `wide` as much variance.

        The freedom is the one under which they are likeliest. Few effective points are mixed
        with the covariance as it was.
        """
        k = len(self.centre)
        if not k:
            return self
        centre = dot(x, weights)
        away = x - centre[:, None]
        covariance = dot_square(away, weights)
        before = self.factor @ self.factor.T * self.freedom / (self.freedom - 2)
        doubt = k / (k + effective_size(weights))
        covariance = (1 - doubt) * covariance + doubt * before + 1e-12 * np.eye(k)
        best, height = self, -np.inf
        for freedom in _FREEDOMS:
            factor = np.linalg.cholesky(wide * (freedom - 2) / freedom * covariance)
            one = Spread(centre, factor, freedom)
            reached = float(weights @ one.logpdf(x))
            if reached > height:
                best, height = one, reached
        return best


def dot(x: Floats, weights: Floats) -> Floats:
    """Return the weighted sum of points, shape ``(k, n)``, over these."""
    return np.asarray((x * weights).sum(axis=1))


def dot_square(x: Floats, weights: Floats) -> Floats:
    """Return the weighted sum of the products of points with themselves."""
    return np.asarray((x * weights) @ x.T)
