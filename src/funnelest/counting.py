"""The log-probability of a range of counts, for many draws at once (NumPy)."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm

__all__ = ["log_total", "poisson_total"]

#: From this many counts on, a difference of distribution functions is faster than their sum.
_MANY = 150


def log_total(distribution: Any, counts: NDArray[np.int64]) -> Any:
    """Return the log of the summed probabilities of `counts`, or None for symbols.

    Parameters
    ----------
    distribution : Distribution
        With ``ratio(x)``, the probability of `x` over that of ``x - 1``, per draw.
    counts : ndarray
        Consecutive integers, at least two.

    Notes
    -----
    From the middle outwards ``p(m) (1 + r(m+1) (1 + r(m+2) (...)))``: only positive terms, so
    nothing cancels, and no exponential per term. Where this overflows the terms are summed in
    logarithms.
    """
    first, last = int(counts[0]), int(counts[-1])
    if not isinstance(distribution.ratio(last), np.ndarray):
        return None
    middle = (first + last) // 2
    with np.errstate(all="ignore"):
        up: Any = 0.0
        for x in range(last, middle, -1):
            up = (up + 1.0) * distribution.ratio(x)
        down: Any = 0.0
        for x in range(first, middle):
            down = (down + 1.0) / distribution.ratio(x + 1)
        # A negative ratio belongs to counts that are impossible: left to the plain sum.
        sound = (up >= 0) & (down >= 0)
        total = np.asarray(distribution.logp(middle) + np.log1p(up + down))
        rest = ~(sound & np.isfinite(total))
        if rest.any():
            few = _part(distribution, rest)
            total[rest] = fm.logsumexp(few.logp(counts[:, None]), axis=0)
    return total


def poisson_total(distribution: Any, counts: NDArray[np.int64]) -> Any:
    """Return the log-probability that a Poisson count is one of `counts`, None for symbols.

    For many counts by the distribution function, for draws where its difference is large enough
    to keep 12 digits.
    """
    mean = distribution.mean
    if not isinstance(mean, np.ndarray) or len(counts) < _MANY:
        return log_total(distribution, counts)
    from scipy.special import gammaincc

    first, last = int(counts[0]), int(counts[-1])
    with np.errstate(all="ignore"):
        below = gammaincc(float(first), mean) if first else 0.0
        total = np.asarray(gammaincc(last + 1.0, mean) - below)
        rest = ~(total > 1e-3)
        value = np.log(np.where(rest, 1.0, total))
    if rest.any():
        value[rest] = log_total(_part(distribution, rest), counts)
    return value


def _part(distribution: Any, chosen: NDArray[np.bool_]) -> Any:
    """Return the distribution for the chosen draws."""
    changed = {}
    for field in fields(distribution):
        value = getattr(distribution, field.name)
        if isinstance(value, np.ndarray) and value.shape[-1:] == chosen.shape:
            changed[field.name] = value[chosen]
    return replace(distribution, **changed)
