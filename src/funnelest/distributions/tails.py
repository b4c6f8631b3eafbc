"""The log-probability of at most, or at least, a count."""

from __future__ import annotations

from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions.base import Distribution, Value
from funnelest.distributions.hidden_counts import filled, part_of
from funnelest.errors import SpecError

__all__ = ["Tailed", "log_sum"]

#: Below this the functions of the libraries are not trusted: they give 0 soon.
_TINY = 1e-280
#: Ratios of two probabilities lie between this and one over it; beyond, one of them is impossible.
_RATIO = np.float64(1e-300)
#: Terms of a far tail that are summed; the others as a geometric series.
_TERMS = 24
#: Most terms of a sum of logarithms.
_MOST = 20_000


class Tailed(Distribution):
    """A distribution of counts from 0 on whose tails are known, with ``steps()``."""

    def _share(self, k: Any, up: bool) -> Value:
        """Return the probability of at least `k` when `up`, else of at most `k`; all possible."""
        raise NotImplementedError

    def _log_share(self, k: Any, up: bool) -> Value:
        """Return the logarithm of that, finite where it is tiny."""
        share = self._share(k, up)
        enough = share > _TINY
        if fm.is_symbol(share):
            # The two branches of `where` must both have a finite gradient.
            return fm.where(enough, fm.log(fm.where(enough, share, 1.0)), _far(self, k, up))
        with np.errstate(all="ignore"):
            rest = ~enough & ~np.isnan(share)
            if not rest.any():
                return fm.log(share)
            few = _far(part_of(self, rest), np.broadcast_to(k, rest.shape)[rest], up)
            return filled(fm.log(fm.where(rest, 1.0, share)), rest, few)

    def log_cdf(self, k: Any) -> Value:
        k = np.floor(np.asarray(k, dtype=np.float64))
        return self._log_tail(k, (k >= 0) & (k < self.largest), k >= self.largest, up=False)

    def log_sf(self, k: Any) -> Value:
        k = np.ceil(np.asarray(k, dtype=np.float64))
        return self._log_tail(k, (k > 0) & (k <= self.largest), k <= 0, up=True)

    def _log_tail(self, k: Any, some: Any, sure: Any, up: bool) -> Value:
        value = self._log_share(np.where(some, k, 1.0 if up else 0.0), up)
        return value if some.all() else fm.where(some, value, np.where(sure, 0.0, -np.inf))


def _far(distribution: Any, k: Any, up: bool) -> Value:
    """Return the log-probability of a far tail from the ratios of its first terms.

    From its largest term, that of `k`: ``p(k) (1 + q_1 + q_1 q_2 + ...)``; the ratios `q` after
    those that are multiplied are taken to be equal, a factor ``1 / (1 - q)`` on the last term.
    """
    r, top, step = distribution.steps()
    j = np.arange(_TERMS + 1.0).reshape(-1, *(1,) * max(np.ndim(k), r.ndim, np.ndim(step)))
    x = k + j if up else np.maximum(k - j + 1.0, 0.0)
    sign = 1.0 if up else -1.0
    with np.errstate(divide="ignore"):
        factors = np.log(np.maximum(top + step * (x - 1.0), 0.0 if up else 1e-300)) - np.log(x)
    factors[0] = 0.0
    log_r = fm.log(fm.minimum(fm.maximum(r, _RATIO), 1 / _RATIO))
    terms = np.cumsum(sign * factors, axis=0) + sign * j * log_r
    # Not a far tail, and not used, where a ratio is not below 1.
    last = fm.minimum(sign * (factors[-1] + log_r), -1e-9)
    terms = terms - (j == _TERMS) * fm.log(-fm.expm1(last))
    return distribution.logp(k) + fm.logsumexp(terms, axis=0)


def log_sum(distribution: Any, first: Any, last: Any) -> Value:
    """Return the log of the summed probabilities of the counts from `first` to `last`.

    `distribution` has any ``logp``; `first` and `last` are numbers or columns of them.
    """
    first, last = np.asarray(first, dtype=np.float64), np.asarray(last, dtype=np.float64)
    length = int((last - first).max()) + 1
    symbols = fm.is_symbol(*vars(distribution).values())
    if symbols and length > _MOST:
        raise SpecError(
            [f"this limit needs a sum over {length} counts; at most {_MOST} are summed."],
            subject="a limit on a count",
        )
    size = length if symbols else 256
    value: Any = None
    for start in range(0, length, size):
        steps = np.arange(start, min(start + size, length), dtype=np.float64)
        x = first + steps.reshape(-1, *(1,) * max(first.ndim, 1))
        inside = x <= last
        logs = distribution.logp(np.where(inside, x, last))
        part = fm.logsumexp(logs if inside.all() else fm.where(inside, logs, -np.inf), axis=0)
        value = part if value is None else np.logaddexp(value, part)
    return value
