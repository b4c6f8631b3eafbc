"""Measures of convergence of many chains, all quantities at once.

The same numbers as ArviZ's, which the tests compare; importing ArviZ and going through it one
quantity at a time would take longer than the draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ess_bulk", "ess_tail", "r_hat"]

type Floats = NDArray[np.float64]


def r_hat(draws: Floats) -> Floats:
    """Return the rank-normalised R-hat, the larger of that of the draws and of their distances.

    Parameters
    ----------
    draws : ndarray
        Shape ``(quantities, chains, draws)``.

    Returns
    -------
    ndarray
        Shape ``(quantities,)``. Vehtari et al., Bayesian Analysis 2021;16:667.
    """
    parts = _split(draws)
    folded = np.abs(parts - np.median(parts, axis=(1, 2), keepdims=True))
    return np.maximum(_r_hat(_normal_scores(parts)), _r_hat(_normal_scores(folded)))


def ess_bulk(draws: Floats) -> Floats:
    """Return the effective number of draws for the middle of the distribution; as in `r_hat`."""
    return _ess(_normal_scores(_split(draws)))


def ess_tail(draws: Floats) -> Floats:
    """Return the smaller effective number of draws for the 5% and 95% quantiles."""
    found = []
    for share in (0.05, 0.95):
        quantile = np.quantile(draws, share, axis=(1, 2), keepdims=True)
        found.append(_ess(_split((draws <= quantile).astype(float))))
    return np.minimum(*found)


def _split(draws: Floats) -> Floats:
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1)


def _normal_scores(draws: Floats) -> Floats:
    """Return normal quantiles of the ranks of each quantity, ties at their mean rank."""
    from scipy.special import ndtri

    flat = draws.reshape(len(draws), -1)
    count = flat.shape[1]
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    new = np.ones(flat.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(new.ravel()) - 1
    place = np.tile(np.arange(1.0, count + 1), len(flat))
    mean = (np.bincount(group, place) / np.bincount(group))[group].reshape(flat.shape)
    ranks = np.empty_like(flat)
    np.put_along_axis(ranks, order, mean, axis=1)
    return np.asarray(ndtri((ranks - 0.375) / (count + 0.25))).reshape(draws.shape)


def _r_hat(parts: Floats) -> Floats:
    length = parts.shape[2]
    within = parts.var(axis=2, ddof=1).mean(axis=1)
    between = length * parts.mean(axis=2).var(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((between / within + length - 1) / length))


def _ess(parts: Floats) -> Floats:
    """Return effective sizes by Geyer's initial monotone sequence."""
    _, chains, length = parts.shape
    centred = parts - parts.mean(axis=2, keepdims=True)
    spectrum = np.fft.rfft(centred, 2 * length, axis=2)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, axis=2)[:, :, :length].mean(axis=1) / length
    within = covariance[:, :1] * length / (length - 1)
    total = within * (length - 1) / length
    total = total + parts.mean(axis=2).var(axis=1, ddof=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1.0 - (within - covariance) / total
    rho[:, 0] = 1.0
    pairs = rho[:, : length - length % 2].reshape(len(rho), -1, 2).sum(axis=2)
    # Positive until the first that is not, and never more than the one before.
    on = np.logical_and.accumulate(pairs > 0, axis=1)
    kept = np.where(on, np.minimum.accumulate(np.where(on, pairs, np.inf), axis=1), 0.0)
    last = np.minimum(on.sum(axis=1), pairs.shape[1] - 1)
    after = np.maximum(rho[np.arange(len(rho)), 2 * last], 0.0)
    size = chains * length
    tau = np.maximum(2.0 * kept.sum(axis=1) - 1.0 + after, 1.0 / np.log10(size))
    flat = np.ptp(parts, axis=(1, 2)) < np.finfo(float).resolution  # nothing to be learned
    return np.where(flat, size, np.where(np.isfinite(tau), size / tau, np.nan))
