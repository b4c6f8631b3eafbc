"""Two counts some of whose records are of the same people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.distributions.base import Value, constant_gammaln, xlog1py, xlogy
from funnelest.distributions.shared_ranges import (
    ALL,
    NEVER,
    NODES,
    Range,
    apart,
    effort,
    log_sum_inside,
    log_sum_of,
    log_sums_each,
    mode,
)
from funnelest.tape.traced import declared

__all__ = ["SharedCounts"]

type Floats = NDArray[np.float64]

#: Coefficients of a sum are remembered up to this length.
_TABLE = 2_000_000
#: A share this close to 1, or to 0, differs from it by rounding only.
_LEAST = 1e-15
#: The mean of nobody.
_NOBODY = 1e-290


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

    def possible(self, x: Any, y: Any) -> bool:
        """Return whether counts, each one of some in ascending order, can be.

        Whatever the parameters are.
        """
        inside, around = self.within
        return not (inside and x[0] > y[-1]) and not (around and y[0] > x[-1])

    def log_ratio(self, x: int, y: int) -> Value:
        """Return the log of ``P(x, y) / (P(x) P(y))`` for counts that are possible, per draw."""
        if self.within[1]:
            return _log_ratio_within(self.first, self.second, x, y)
        if self.within[0]:
            return _log_ratio_within(self.second, self.first, y, x)
        s, rest, log_r = self._terms()
        value = s + x * rest[0] + y * rest[1] + _sum_of(int(x), int(y))(log_r)
        return value + float(constant_gammaln(x + 1.0) + constant_gammaln(y + 1.0))

    def log_ratio_of(self, x: Range, y: Range) -> Value:
        r"""Return the log of ``P(X, Y) / (P(X) P(Y))`` for counts within ranges, per draw.

        Parameters
        ----------
        x, y : Range
            What either may be, of which some is possible beside the other.

        Notes
        -----
        With :math:`w_x` the probability of x and of what was printed of it,

        .. math:: \frac{P(X, Y)}{P(X) P(Y)} = \frac{\sum_{x, y} w_x w_y
            P(x, y) / (P(x) P(y))}{\sum_x w_x \sum_y w_y},

        and the sum over x and y is, for each number k of people in both, a product of one over x
        and one over y.
        """
        if self.within[1]:
            return _log_ratio_inside(self.first, self.second, x, y)
        if self.within[0]:
            return _log_ratio_inside(self.second, self.first, y, x)
        s, rest, log_r = self._terms()
        same = 0.0 * log_r
        u, v = (
            one.logs + one.counts[:, None] * r + constant_gammaln(one.counts + 1.0)[:, None] + same
            for one, r in zip((x, y), rest, strict=True)
        )
        return s + log_sum_of(x.counts, y.counts, u, v, log_r) - x.log_total - y.log_total

    def _terms(self) -> tuple[Value, tuple[Value, Value], Value]:
        """Return the mean s, the logs of what is left of a share of 1 of either, and log r."""
        s = fm.maximum(self.both, _NOBODY)
        one = fm.minimum(s / self.first, 1.0 - _LEAST)
        other = fm.minimum(s / self.second, 1.0 - _LEAST)
        rest = fm.log1p(-one), fm.log1p(-other)
        # s over both means first, since their product overflows.
        log_r = fm.log(one) - fm.log(self.second) - rest[0] - rest[1]
        return s, rest, log_r

    def log_ratios(self, x: Any, y: Any) -> Any:
        """Return what `log_ratio` does for many counts `x` and `y`, of which one is a number.

        Of one draw, on arrays; minus infinity where they are not possible.
        """
        x, y = np.broadcast_arrays(np.asarray(x, dtype=np.float64), y)
        with np.errstate(all="ignore"):
            if any(self.within):
                whole, part = (
                    (self.first, self.second) if self.within[1] else (self.second, self.first)
                )
                n, k = (x, y) if self.within[1] else (y, x)
                share = np.minimum(part / whole, 1.0 - _LEAST)
                known = constant_gammaln(n + 1.0) - constant_gammaln(np.maximum(n - k, 0.0) + 1.0)
                found = xlog1py(n - k, -share) - xlogy(k, whole) + part + known
                return np.where(k <= n, found, -np.inf)
            s, rest, log_r = self._terms()
            sums = log_sums_each(x, y, log_r)
            return (
                s
                + x * rest[0]
                + y * rest[1]
                + sums
                + constant_gammaln(x + 1.0)
                + constant_gammaln(y + 1.0)
            )

    def effort(self, x: Any, y: Any) -> int:
        """Return how many multiplications per draw `log_ratio_of` takes for such counts."""
        return effort(x, y, inside=any(self.within))

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


def _log_ratio_inside(whole: Value, part: Value, n: Range, y: Range) -> Value:
    """Return what `log_ratio_of` does where all of `y` are some of `n`."""
    share = fm.minimum(part / whole, 1.0 - _LEAST)
    others = fm.log1p(-share)
    same = 0.0 * others
    u = n.logs + n.counts[:, None] * others + constant_gammaln(n.counts + 1.0)[:, None] + same
    v = y.logs - y.counts[:, None] * (fm.log(whole) + others) + same
    return part + log_sum_inside(n.counts, y.counts, u, v) - n.log_total - y.log_total


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
        if self.most <= ALL:
            logs = self._logs(k)
        else:
            centre, sd = mode(float(self.x), float(self.y), log_r)
            step, centre = apart(sd), fm.floor(centre + 0.5)
            k = centre + step * np.arange(-NODES, NODES + 1.0).reshape((-1,) + (1,) * log_r.ndim)
            inside = (k >= 0) & (k <= self.most)
            k = fm.where(inside, k, 0.0)
            if fm.is_symbol(k) or self._table is None:
                logs = self._logs(k)
            else:
                logs = self._table[k.astype(np.int64)]
            logs = fm.where(inside, logs, NEVER)
        return k, logs + k * log_r, step

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
