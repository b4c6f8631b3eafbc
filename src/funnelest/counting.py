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
#: From counts of this size on, distribution functions are trusted near the mean only.
_LARGE = 200_000


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

    For many counts by the distribution function, for draws where its difference keeps 12 digits.
    """
    mean = distribution.mean
    if not isinstance(mean, np.ndarray) or len(counts) < _MANY:
        return log_total(distribution, counts)
    from scipy.special import gammainc, gammaincc

    first, last = int(counts[0]), int(counts[-1])
    # From the tail that holds less: there a difference keeps its digits.
    above = mean < first
    more = np.where(above, gammainc(max(first, 1.0), mean), gammaincc(last + 1.0, mean))
    less = np.where(
        above, gammainc(last + 1.0, mean), gammaincc(float(first), mean) if first else 0
    )
    if not first:
        more = np.where(above, 1.0, more)
    with np.errstate(all="ignore"):
        total = np.asarray(more - less)
        # SciPy's incomplete gamma function loses digits far from a large mean.
        enough = 1e-3 * more if last < _LARGE else 1e-3
        rest = ~((total > enough) & (total > 1e-290))
        value = np.log(np.where(rest, 1.0, total))
    # Either so far out that only the counts nearest to the mean count, or so narrow a range that
    # these are all of them.
    near = 50 + (2 if last < _LARGE else 12) * int(np.sqrt(last))
    for chosen, part in ((rest & above, counts[:near]), (rest & ~above, counts[-near:])):
        if chosen.any():
            value[chosen] = log_total(_part(distribution, chosen), part)
    return value


def _part(distribution: Any, chosen: NDArray[np.bool_]) -> Any:
    """Return the distribution for the chosen draws."""
    changed = {}
    for field in fields(distribution):
        value = getattr(distribution, field.name)
        if isinstance(value, np.ndarray) and value.shape[-1:] == chosen.shape:
            changed[field.name] = value[chosen]
    return replace(distribution, **changed)
