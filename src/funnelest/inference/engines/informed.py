r"""A spread that differs from the prior only in the directions that figures inform.

A few figures inform a few directions of many parameters: in the others the posterior is the prior,
or nearly so. With :math:`H = E[J' I J]`, of J the derivatives of what the figures locate in scores
and I the information, what they say along a direction v is :math:`v' H v` in units of the prior
(likelihood-informed subspace; Cui, Martin, Marzouk, Solonen and Spantini, Inverse Problems
2014;30:114015). Along eigenvectors V of H with large eigenvalues the free part is

    V'x ~ multivariate t,    (1 - VV')x ~ standard normal, independently.

Of some 22 free directions of the main example 11 to 16 are informed. Moments of these are known
from fewer draws than those of all, and no width is added where none is needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.engines.modes import Mode
from funnelest.inference.engines.proposal import Component, Proposal
from funnelest.inference.engines.spread import Spread
from funnelest.inference.engines.target import Target

__all__ = ["Informed", "informed"]

type Floats = NDArray[np.float64]

#: Draws over which what figures say is averaged, and how much of what the prior knows they have to
#: say of a direction.
_SEEN, _SAYS = 60, 0.15


@dataclass(frozen=True)
class Informed(Spread):
    """A spread of the coordinates along `basis`, orthonormal columns, and the prior beside it.

    `centre` and `factor` are those of all coordinates together.
    """

    basis: Floats
    inner: Spread

    @classmethod
    def of(cls, basis: Floats, inner: Spread) -> Informed:
        """Return the spread with these coordinates spread as `inner`."""
        more = inner.factor @ inner.factor.T - np.eye(basis.shape[1])
        whole = np.eye(len(basis)) + basis @ more @ basis.T
        return cls(basis @ inner.centre, np.linalg.cholesky(whole), inner.freedom, basis, inner)

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Return `size` draws, shape ``(k, size)``."""
        x = rng.standard_normal((len(self.centre), size))
        return np.asarray(x + self.basis @ (self.inner.draw(rng, size) - self.basis.T @ x))

    def logpdf(self, x: Floats) -> Floats:
        """Return the log-density, one per draw."""
        inside = self.basis.T @ x
        constant = 0.5 * (len(x) - len(inside)) * math.log(2 * math.pi)
        return np.asarray(self.inner.logpdf(inside) - self._beside(x, inside) - constant)

    def normal(self, x: Floats) -> Floats:
        """Return the log-density of the normal with this centre and scale, up to a constant."""
        inside = self.basis.T @ x
        return np.asarray(self.inner.normal(inside) - self._beside(x, inside))

    def fitted(self, x: Floats, weights: Floats, wide: float) -> Informed:
        """Return the distribution with the moments of weighted points, where they are informed."""
        return Informed.of(self.basis, self.inner.fitted(self.basis.T @ x, weights, wide))

    @staticmethod
    def _beside(x: Floats, inside: Floats) -> Floats:
        return np.asarray(0.5 * ((x**2).sum(axis=0) - (inside**2).sum(axis=0)))


def informed(
    target: Target, proposal: Proposal, modes: list[Mode], rng: np.random.Generator
) -> Proposal:
    """Return a proposal of these modes whose free parts differ from the prior where informed."""
    components = tuple(
        _informed(target, one, matrix, rng)
        for one, (_, _, matrix) in zip(proposal.components, modes, strict=True)
    )
    return replace(proposal, components=components)


def _informed(
    target: Target, component: Component, curvature: Floats, rng: np.random.Generator
) -> Component:
    """Return the component whose free part differs from the prior where figures inform it.

    As it is where some figure does not say what it locates. What figures say is that at draws of
    the normal approximation with this `curvature` around the mode.
    """
    if not component.free.size or not target.density.all_located():
        return component
    away = np.linalg.solve(
        np.linalg.cholesky(curvature).T, rng.standard_normal((target.size, _SEEN))
    )
    points = component.mode[:, None] + away
    found = target.located(points)
    if found is None or not found[0].size:
        return component
    value, _, information = found
    slopes = target.located_slopes(points, component.free, value)
    slopes *= np.sqrt(information)[:, :, None]
    says, vectors = np.linalg.eigh(np.einsum("fnk,fnl->kl", slopes, slopes) / _SEEN)
    basis = vectors[:, says > _SAYS]
    loose = component.loose
    covariance = basis.T @ loose.factor @ loose.factor.T @ basis
    inner = Spread(basis.T @ loose.centre, np.linalg.cholesky(covariance), loose.freedom)
    return replace(component, loose=Informed.of(basis, inner))
