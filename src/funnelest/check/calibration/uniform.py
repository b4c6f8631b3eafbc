"""Whether ranks are uniform: simultaneous bands and exact p-values of their distribution."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import (
    bdtr,
    bdtrc,
    betainccinv,
    betaincinv,
    chdtrc,
    gammaln,
    xlog1py,
    xlogy,
)

__all__ = ["bands", "below", "bins", "chi_squared", "clopper_pearson", "uniformity"]

type Floats = NDArray[np.float64]
type Counts = NDArray[np.intp]

#: Bins of the rank histogram, at most, and ranks expected in each of them, at least.
_BINS, _EACH = 20, 5


def below(ranks: Counts, most: int) -> Counts:
    """Return how many ranks lie below 1, 2, ..., `most`: the distribution at ``k / (most + 1)``."""
    return np.searchsorted(np.sort(ranks), np.arange(1, most + 1), side="left")


def uniformity(ranks: Counts, most: int) -> float:
    r"""Return the p-value of ranks ``0, ..., most`` being uniform, by their distribution.

    Parameters
    ----------
    ranks : ndarray of int
        One per replicate.
    most : int
        The largest rank that there can be.

    Returns
    -------
    float
        Exact for independent ranks.

    Notes
    -----
    The simultaneous test of Säilynoja, Bürkner and Vehtari, Stat Comput 2022;32:32. Of n ranks
    the number below k is binomial with :math:`z_k = k / (L + 1)`; the statistic is the smallest
    two-sided probability :math:`2 \min\{P(X \le x_k), P(X \ge x_k)\}` over k. Its distribution
    follows from a recursion over k, since counts at ever larger k are a Markov chain.
    """
    size = len(ranks)
    smallest = float(_two_sided(size, most)[np.arange(most), below(ranks, most)].min())
    return 1.0 if smallest >= 1 else _outside(size, most, smallest * (1 + 1e-9))


def bands(size: int, most: int, probability: float) -> tuple[Counts, Counts]:
    """Return the counts between which the whole distribution of uniform ranks lies.

    Parameters
    ----------
    size : int
        Number of ranks.
    most : int
        The largest rank that there can be.
    probability : float
        With which all counts of `below` lie on or between the two at once, at least.

    Returns
    -------
    tuple of ndarray
        Lowest and highest count below 1, 2, ..., `most`.
    """
    return _bands(size, most, round(probability, 12))


@lru_cache(maxsize=64)
def _bands(size: int, most: int, probability: float) -> tuple[Counts, Counts]:
    low, high = np.log(1e-12), 0.0  # of the two-sided probability that is the limit
    for _ in range(24):
        middle = (low + high) / 2
        if _outside(size, most, float(np.exp(middle))) <= 1 - probability:
            low = middle
        else:
            high = middle
    inside = _two_sided(size, most) > np.exp(low)
    return inside.argmax(axis=1), size - inside[:, ::-1].argmax(axis=1)


@lru_cache(maxsize=8)
def _two_sided(size: int, most: int) -> Floats:
    """Return the two-sided probability of every count, shape ``(most, size + 1)``."""
    at = np.arange(1, most + 1)[:, None] / (most + 1)
    counts = np.arange(size + 1)[None, :]
    tails = np.minimum(bdtr(counts, size, at), np.where(counts, bdtrc(counts - 1, size, at), 1.0))
    return np.asarray(np.minimum(2 * tails, 1.0))


def _outside(size: int, most: int, limit: float) -> float:
    """Return the probability that some count has a two-sided probability of `limit` or less."""
    inside = _two_sided(size, most) > limit
    log = gammaln(np.arange(size + 2) + 1.0)  # of factorials
    reached, chance, leaving = np.zeros(1, dtype=np.intp), np.ones(1), 0.0
    for k in range(most):
        new = np.flatnonzero(inside[k])
        if not len(new):
            return 1.0
        # Of the ranks that are not below k yet, each is k with this probability.
        p = 1 / (most + 1 - k)
        step = new[:, None] - reached[None, :]
        left = size - reached[None, :]
        possible = (step >= 0) & (step <= left)
        step = np.where(possible, step, 0)
        logs = log[left] - log[step] - log[left - step] + xlogy(step, p) + xlog1py(left - step, -p)
        moved = np.where(possible, np.exp(logs), 0.0)
        # What leaves is added up, so that small probabilities keep their digits.
        leaving += float(chance @ np.clip(1 - moved.sum(axis=0), 0.0, 1.0))
        reached, chance = new, moved @ chance
    return min(leaving, 1.0)


def bins(size: int, most: int) -> int:
    """Return into how many equal bins the ranks of so many replicates go."""
    wanted = min(_BINS, size // _EACH)
    return max((n for n in range(1, wanted + 1) if (most + 1) % n == 0), default=1)


def chi_squared(ranks: Counts, most: int) -> float:
    """Return the p-value of even bins of ranks; NaN where there are too few for two bins."""
    number = bins(len(ranks), most)
    if number < 2:
        return float("nan")
    counts = np.bincount(ranks * number // (most + 1), minlength=number)
    even = len(ranks) / number
    return float(chdtrc(number - 1, np.sum((counts - even) ** 2) / even))


def clopper_pearson(hits: int, size: int, probability: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a binomial share (Clopper and Pearson, 1934)."""
    if not size:
        return float("nan"), float("nan")
    tail = (1 - probability) / 2
    low = float(betaincinv(hits, size - hits + 1, tail)) if hits else 0.0
    high = float(betainccinv(hits + 1, size - hits, tail)) if hits < size else 1.0
    return low, high
