"""Log-linear models of overlap tables fitted by maximum likelihood, many at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PoissonFit", "deviance", "fit_poisson"]

type Floats = NDArray[np.float64]

#: Newton steps at most; from the logarithm of the counts it takes about five.
_STEPS = 100
_CLOSE = 1e-10
#: Coefficients of terms that run off to minus infinity are stopped here.
_FAR = 30.0


@dataclass(frozen=True)
class PoissonFit:
    """Maximum-likelihood fits, one per table.

    Parameters
    ----------
    coefficients : ndarray
        Shape ``(tables, terms)``, the constant first.
    means : ndarray
        Expected counts, shape ``(tables, cells)``.
    deviance : ndarray
        Shape ``(tables,)``.
    converged : ndarray of bool
        Shape ``(tables,)``: False where the steps did not settle.
    """

    coefficients: Floats
    means: Floats
    deviance: Floats
    converged: NDArray[np.bool_]

    def covariance(self, X: Floats, sums: Floats | None = None) -> Floats:
        """Return the covariance of the coefficients, shape ``(tables, terms, terms)``."""
        return np.linalg.pinv(_information(_slopes(self.coefficients, X, sums), self.means))


def deviance(counts: Floats, means: Floats) -> Floats:
    """Return the Poisson deviance, over the last axis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(counts > 0, counts * np.log(counts / means), 0.0)
    return 2.0 * np.sum(logs - (counts - means), axis=-1)


def fit_poisson(X: Floats, counts: Floats, sums: Floats | None = None) -> PoissonFit:
    """Fit ``counts ~ Poisson(sums exp(X b))`` by Fisher scoring.

    `X` has shape ``(patterns, terms)`` and full column rank, `counts` (need not be whole)
    ``(tables, cells)``; `sums` says which patterns make up each cell, ``(cells, patterns)``; left
    out, cells are patterns. Steps are halved where the deviance would grow. A count of several
    patterns is a composite link: Thompson and Baker, Applied Statistics 1981;30:125.
    """
    counts = np.atleast_2d(np.asarray(counts, dtype=float))
    if sums is not None and np.all(sums.sum(axis=1) == 1) and np.all(sums.max(axis=1) == 1):
        # Every cell is one pattern: its row, in place of products with a matrix of zeros.
        X, sums = X[sums.argmax(axis=1)], None
    b = _start(X, counts, sums)
    means = _means(b, X, sums)
    found = deviance(counts, means)
    settled = np.zeros(len(counts), dtype=bool)
    for _ in range(_STEPS):
        open_ = np.flatnonzero(~settled)
        if not len(open_):
            break
        slopes = _slopes(b[open_], X, sums)
        rest = (counts[open_] - means[open_]) / means[open_]
        score = np.einsum("tcp,tc->tp", slopes, rest)
        information = _information(slopes, means[open_])
        information += (
            1e-12 * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(X.shape[1])
        )
        step = np.linalg.solve(information, score[..., None])[..., 0]
        step *= np.minimum(1.0, 5.0 / np.maximum(np.abs(step).max(axis=1), 1e-300))[:, None]
        scale = np.ones(len(open_))
        for _ in range(30):
            tried = np.clip(b[open_] + scale[:, None] * step, -_FAR, _FAR)
            new_means = _means(tried, X, sums)
            new = deviance(counts[open_], new_means)
            worse = ~(new <= found[open_] + 1e-9 * (1 + np.abs(found[open_])))
            if not worse.any():
                break
            scale[worse] /= 2
        moved = np.abs(found[open_] - new) < _CLOSE * (1 + np.abs(new))
        moved &= np.abs(scale[:, None] * step).max(axis=1) < 1e-5
        b[open_], means[open_], found[open_] = tried, new_means, new
        settled[open_[moved]] = True
    return PoissonFit(b, means, found, settled)


def _start(X: Floats, counts: Floats, sums: Floats | None) -> Floats:
    """Return coefficients near the counts: least squares on logarithms, weighted by the counts."""
    if sums is None:
        level = np.log(counts + 0.5)
        rows = X
    else:
        size = sums.sum(axis=1)
        level = np.log((counts + 0.5) / size)
        rows = (sums / size[:, None]) @ X
    weight = counts + 0.5
    A = np.einsum("cp,tc,cq->tpq", rows, weight, rows)
    A += 1e-9 * np.trace(A, axis1=1, axis2=2)[:, None, None] * np.eye(X.shape[1])
    found = np.linalg.solve(A, np.einsum("cp,tc->tp", rows, weight * level)[..., None])[..., 0]
    return np.clip(found, -_FAR, _FAR)


def _means(b: Floats, X: Floats, sums: Floats | None) -> Floats:
    each: Floats = np.exp(np.clip(b @ X.T, -700.0, 700.0))
    return np.asarray(np.maximum(each if sums is None else each @ sums.T, 1e-300))


def _slopes(b: Floats, X: Floats, sums: Floats | None) -> Floats:
    """Return the slope of each mean in each coefficient, ``(tables, cells, terms)``."""
    each = np.exp(np.clip(b @ X.T, -700.0, 700.0))
    inner: Floats = each[:, :, None] * X
    return inner if sums is None else np.matmul(sums, inner)


def _information(slopes: Floats, means: Floats) -> Floats:
    return np.asarray(np.einsum("tcp,tcq->tpq", slopes / means[:, :, None], slopes, optimize=True))
