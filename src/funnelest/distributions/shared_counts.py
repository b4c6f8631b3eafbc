"""Two counts some of whose records are of the same people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.distributions.base import Value, constant_gammaln, xlog1py, xlogy
from funnelest.tape.traced import declared

__all__ = ["SharedCounts"]

type Floats = NDArray[np.float64]

#: Up to so many people who may be in both, every number of them is a term of the sum.
_ALL = 120
#: Beyond that, terms on either side of the largest one.
_NODES = 40
#: Coefficients of a sum are remembered up to this length.
_TABLE = 2_000_000
#: A share this close to 1, or to 0, differs from it by rounding only.
_LEAST = 1e-15
#: The mean of nobody, and the log of what is impossible: finite, so that slopes are.
_NOBODY, _NEVER = 1e-290, -1e30


@dataclass(frozen=True)
class SharedCounts:
    r"""Two Poisson counts with people in common: a bivariate Poisson distribution.

    Parameters
    ----------
    first, second : value
        Expected records in each, shape ``(draws,)``.
    both : value
        Expected people who are in both, shape ``(draws,)``.
    within : (bool, bool), default (False, False)
        Whether all records of the first are of people in the second, whatever the parameters are;
        and all of the second of people in the first.

    Notes
    -----
    With means a and b, and s of them in common,

    .. math:: P(x, y) = \sum_k \mathrm{Po}(k; s)\, \mathrm{Po}(x - k; a - s)\, \mathrm{Po}(y - k;
        b - s)

    (Holgate, Biometrika 1964;51:241). But for what does not depend on k the terms are
    :math:`r^k / (k!\,(x-k)!\,(y-k)!)`, with :math:`r = s / ((a-s)(b-s))`: a polynomial with real
    roots, so that k is a sum of independent yes-or-no numbers (Pitman, J Comb Theory A
    1997;77:279). For many k every h-th term, times h, is therefore the sum up to a share
    :math:`e^{-\sigma^2 (1 - \cos(2 \pi / h))}`: below :math:`10^{-13}` for h of at most half
    their standard deviation.
    """

    first: Value
    second: Value
    both: Value
    within: tuple[bool, bool] = (False, False)

    def possible(self, x: int, y: int) -> bool:
        """Return whether counts `x` and `y` can be, whatever the parameters are."""
        return not (self.within[0] and x > y) and not (self.within[1] and y > x)

    def log_ratio(self, x: int, y: int) -> Value:
        """Return the log of ``P(x, y) / (P(x) P(y))`` for counts that are possible, per draw."""
        if self.within[1]:
            return _log_ratio_within(self.first, self.second, x, y)
        if self.within[0]:
            return _log_ratio_within(self.second, self.first, y, x)
        s = fm.maximum(self.both, _NOBODY)
        one = fm.minimum(s / self.first, 1.0 - _LEAST)
        other = fm.minimum(s / self.second, 1.0 - _LEAST)
        rest = fm.log1p(-one), fm.log1p(-other)
        # log r; s over both means first, since their product overflows.
        log_r = fm.log(one) - fm.log(self.second) - rest[0] - rest[1]
        value = s + x * rest[0] + y * rest[1] + _sum_of(int(x), int(y))(log_r)
        return value + float(constant_gammaln(x + 1.0) + constant_gammaln(y + 1.0))

    def second_given(self, x: Any, rng: np.random.Generator) -> Any:
        """Return second counts made up with `rng`, given first ones `x`, shape ``(draws,)``."""
        share = np.clip(self.both / self.first, 0.0, 1.0)
        rest = 0.0 if self.within[1] else np.maximum(self.second - self.both, 0.0)
        shared = rng.binomial(np.asarray(x, dtype=np.int64), np.where(self.both > 0, share, 0.0))
        return shared + rng.poisson(rest * np.ones(np.shape(shared)))


def _log_ratio_within(whole: Value, part: Value, n: int, y: int) -> Value:
    """Return what `log_ratio` does where all `y` are some of the `n`: binomial over Poisson."""
    share = fm.minimum(part / whole, 1.0 - _LEAST)
    known = float(constant_gammaln(n + 1.0) - constant_gammaln(n - y + 1.0))
    return xlog1py(n - y, -share) - xlogy(y, whole) + part + known


class _Sum:
    """The log of ``sum_k r^k / (k! (x-k)! (y-k)!)`` as a function of the log of r."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y, self.most = x, y, min(x, y)
        self._table = None if self.most >= _TABLE else self._logs(np.arange(self.most + 1.0))

    def __call__(self, log_r: Value) -> Value:
        if fm.is_symbol(log_r):
            return self._value(log_r)
        return declared(self._value, (self._slope,), log_r)

    def _logs(self, k: Any) -> Any:
        total: Any = 0.0
        for one in (k, self.x - k, self.y - k):
            total = total - fm.gammaln(one + 1.0)
        return total

    def _terms(self, log_r: Any) -> tuple[Any, Any, Any]:
        """Return numbers of people in both, the logs of their terms, and how far they are apart."""
        k: Any = np.arange(self.most + 1.0).reshape((-1,) + (1,) * log_r.ndim)
        step: Any = 1.0
        if self.most <= _ALL:
            logs = self._logs(k)
        else:
            step, centre = self._centre(log_r)
            k = centre + step * np.arange(-_NODES, _NODES + 1.0).reshape((-1,) + (1,) * log_r.ndim)
            inside = (k >= 0) & (k <= self.most)
            k = fm.where(inside, k, 0.0)
            if fm.is_symbol(k) or self._table is None:
                logs = self._logs(k)
            else:
                logs = self._table[k.astype(np.int64)]
            logs = fm.where(inside, logs, _NEVER)
        return k, logs + k * log_r, step

    def _centre(self, log_r: Any) -> tuple[Any, Any]:
        """Return how far terms may be apart, and the place of the largest."""
        inverse = fm.exp(-fm.maximum(log_r, -300.0))
        x, y = float(self.x), float(self.y)
        root = fm.sqrt((x - y) ** 2 + 2.0 * (x + y) * inverse + inverse * inverse)
        mode = fm.minimum(2.0 * x * y / (x + y + inverse + root), float(self.most))
        k = fm.minimum(fm.maximum(mode, 0.5), self.most - 0.5)
        sd = fm.sqrt(1.0 / (1.0 / k + 1.0 / (x - k) + 1.0 / (y - k)))
        return fm.maximum(fm.floor(sd / 2.0), 1.0), fm.floor(mode + 0.5)

    def _value(self, log_r: Any) -> Any:
        _, logs, step = self._terms(log_r)
        return fm.logsumexp(logs, axis=0) + fm.log(step + 0.0 * log_r)

    def _slope(self, g: Any, value: Any, log_r: Any) -> Any:
        """Return `g` times the mean number of people in both."""
        k, logs, step = self._terms(log_r)
        with np.errstate(all="ignore"):
            mean = np.sum(k * np.exp(logs - (value - np.log(step))), axis=0)
        return g * np.where(np.isfinite(mean), mean, 0.0)


@lru_cache(maxsize=256)
def _sum_of(x: int, y: int) -> _Sum:
    return _Sum(x, y)
