"""Logarithms that stay exact where a family goes over into another, and for huge counts.

Log-probabilities of large counts are small differences of huge numbers. Written by how far a count
is from its mean, as here, nothing cancels (Loader, Fast and accurate computation of binomial
probabilities, 2000), and what is divided by 0 at a limit does not occur.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.distributions.base import Value, constant_gammaln, log_choose, xlog1py, xlogy
from funnelest.tape.traced import declared

__all__ = ["LARGE", "binomial", "log_rising_over", "negative_binomial", "poisson"]

type Floats = NDArray[np.float64]

#: From counts of this size on the plain formulas lose digits that matter.
LARGE = 100_000
#: Below this the series of `bowed` is used. Few terms: symbols are compiled term by term.
_SMALL, _TERMS = 2e-3, 5
#: From here on the first two terms of Stirling's series have all digits.
ENOUGH = 100.0
#: A smaller number of pseudo-observations is taken for this.
_LEAST = 1e-300
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def bowed(y: Value, whole: Value) -> Value:
    """Return ``(log(1 + y) - y) / y**2``, which is -1/2 at 0; `whole` is ``1 + y``.

    Of arrays one step with a slope in `y`, so that what it takes is paid once.
    """
    if fm.is_symbol(y, whole):
        small = _is_small(y)
        return fm.where(small, _near_bow(y, small), _far_bow(y, whole, small))
    return declared(_bow, (_bow_slope, None), y, fm.constant(whole))


def _is_small(y: Value) -> Value:
    return (y < _SMALL) & (y > -_SMALL)


def _near_bow(y: Value, small: Value) -> Value:
    inside = fm.where(small, y, 0.0)
    series: Value = 0.0
    for k in range(_TERMS - 1, -1, -1):
        series = series * -inside - 1.0 / (k + 2)
    return series


def _far_bow(y: Value, whole: Value, small: Value) -> Value:
    outside = fm.where(small, 1.0, y)
    return (fm.log(fm.where(small, 2.0, whole)) - outside) / outside / outside


def _bow(y: Any, whole: Any) -> Any:
    small = _is_small(y)
    far = _far_bow(y, whole, small)
    return np.where(small, _near_bow(y, small), far) if np.any(small) else far


def _bow_slope(g: Any, bow: Any, y: Any, whole: Any) -> Any:
    """Return `g` times the slope, ``-(1 / (1 + y) + 2 bow) / y``, near 0 that of the series."""
    small = _is_small(y)
    far = -(1.0 / np.where(small, 1.0, whole) + 2.0 * bow) / np.where(small, 1.0, y)
    if not np.any(small):
        return g * far
    inside = np.where(small, y, 0.0)
    series: Any = 0.0
    for k in range(_TERMS, 0, -1):
        series = series * -inside + k / (k + 2)
    return g * np.where(small, series, far)


def stirling(inverse: Value) -> Value:
    """Return the rest of Stirling's formula for the log of the gamma function of ``1 / inverse``.

    From `ENOUGH` on: DLMF 5.11.1.
    """
    return inverse * (1.0 / 12.0 - inverse * inverse / 360.0)


def remainder(x: Any) -> Floats:
    """Return the rest of Stirling's formula at numbers `x` above 0 that are data."""
    x = np.asarray(x, dtype=np.float64)
    few = np.minimum(x, ENOUGH)
    direct = constant_gammaln(few) - (few - 0.5) * np.log(few) + few - _HALF_LOG_2PI
    return np.asarray(np.where(x < ENOUGH, direct, stirling(1.0 / np.maximum(x, ENOUGH))))


def poisson(x: Any, mean: Value) -> Value:
    """Return the log-probability of counts `x`, data, under a Poisson distribution."""
    x = np.asarray(x, dtype=np.float64)
    if not x.size or x.max() < LARGE:
        return xlogy(x, mean) - mean - constant_gammaln(x + 1)
    seen = np.maximum(x, 1e-300)
    away = (mean - x) / seen
    value = seen * (away * away * bowed(away, mean / seen)) - remainder(seen) - 0.5 * np.log(seen)
    value = value - _HALF_LOG_2PI
    return fm.where(x > 0, value, -mean) if (x == 0).any() else value


def binomial(x: Any, n: float, p: Value) -> Value:
    """Return the log-probability of counts `x` of `n`, data, under a binomial distribution."""
    x = np.asarray(x, dtype=np.float64)
    rest = np.maximum(n - x, 0.0)
    ends = (x == 0) | (rest == 0)
    if n < LARGE or ends.all():
        return log_choose(n, np.minimum(x, n)) + xlogy(x, p) + xlog1py(rest, -p)
    yes, no = np.where(ends, n / 2, x), np.where(ends, n / 2, rest)
    more = n * p - yes
    one, other = more / yes, -more / no
    value = yes * (one * one * bowed(one, n * p / yes))
    value = value + no * (other * other * bowed(other, n * (1.0 - p) / no))
    value = value + remainder(n) - remainder(yes) - remainder(no)
    value = value - 0.5 * np.log(yes * (no / n)) - _HALF_LOG_2PI
    if not ends.any():
        return value
    return fm.where(ends, xlogy(x, p) + xlog1py(rest, -p), value)


def negative_binomial(x: Any, mean: Value, square: Value) -> Value:
    """Return the log-probability of counts `x`, data and some huge, by the squared `cv`."""
    odds = mean * square
    none = -mean * (1.0 + odds * bowed(odds, 1.0 + odds))
    seen = np.where(x > 0, x, 1.0)
    further = (seen - mean) / (1.0 + odds)
    share, away = further * square, -further / seen
    ratio = (1.0 + seen * square) / (1.0 + odds)
    value = share * further * bowed(share, ratio)
    value = value + seen * away * away * bowed(away, mean / seen * ratio)
    value = value - 0.5 * fm.log1p(seen * square) - 0.5 * np.log(2 * math.pi * seen)
    few = square > 1.0 / ENOUGH
    inverse = fm.where(few, 0.0, square)
    series = stirling(inverse / (1.0 + seen * inverse)) - stirling(inverse)
    size = 1.0 / fm.where(few, square, 1.0)
    exact = stirling(1.0 / (seen + size)) - fm.gammaln(size)
    exact = exact + (size - 0.5) * fm.log(size) - size + _HALF_LOG_2PI
    value = value + fm.where(few & (seen >= ENOUGH), exact, series) - remainder(seen)
    return fm.where(x > 0, value, none) if (x == 0).any() else value


def log_rising_over(x: Any, share: Value, inverse: Value) -> Value:
    """Return the log of ``a (a + 1) ... (a + x - 1) / (size a)**x``, for data `x`.

    With ``size = 1 / inverse`` and ``a = share size``, the power in terms of the share:
    ``x log(a)`` is left out, and what is left is 0 where `inverse` is: the sum of
    ``log(1 + j / a)`` over `j` below `x`. Of arrays one step with a slope in ``1 / a``.
    """
    x = np.asarray(x, dtype=np.float64)
    if not x.any():
        return 0.0 * (share + inverse)
    if fm.is_symbol(share, inverse):
        i = inverse / fm.maximum(share, _LEAST)
        few = i > 1.0 / ENOUGH
        # Each branch where it is not used at numbers that have finite slopes.
        many = _rising_by_series(x, fm.where(few, 0.0, i))
        value = fm.where(few, _rising_by_gammas(x, fm.where(few, i, 1.0)), many)
        return fm.where(x > 0, value, 0.0) if (x == 0).any() else value
    i = declared(_ratio, (_ratio_in_share, _ratio_in_inverse), share, inverse)
    return declared(partial(_rising, x), (partial(_rising_slope, x),), i)


def _ratio(share: Any, inverse: Any) -> Any:
    """Return `inverse` by `share`, infinite where the share is 0."""
    with np.errstate(all="ignore"):
        return np.where(np.equal(inverse, 0.0), 0.0, inverse / share)


def _ratio_in_share(g: Any, ratio: Any, share: Any, _: Any) -> Any:
    # So small a share is taken for `_LEAST` below, which has no slope.
    return g * -np.where(share > _LEAST, ratio, 0.0) / np.maximum(share, _LEAST)


def _ratio_in_inverse(g: Any, _: Any, share: Any, inverse: Any) -> Any:
    return g * (np.greater(share, _LEAST) / np.maximum(share, _LEAST))


def _rising_by_series(x: Any, i: Value) -> Value:
    y = x * i
    rest = stirling(i / (1.0 + y)) - stirling(i)
    return x * y * bowed(y, 1.0 + y) + (x - 0.5) * fm.log1p(y) + rest


def _rising_by_gammas(x: Any, i: Value) -> Value:
    a = fm.maximum(1.0 / i, _LEAST)
    return fm.gammaln(a + x) - fm.gammaln(a) - x * fm.log(a)


def _rising(x: Floats, i: Any) -> Any:
    few = np.greater(i, 1.0 / ENOUGH)
    if not few.any():
        return _rising_by_series(x, i)
    value = _rising_by_gammas(x, np.where(few, i, 1.0))
    if not few.all():
        value = np.where(few, value, _rising_by_series(x, np.where(few, 0.0, i)))
    return np.where(x > 0, value, 0.0) if (x == 0).any() else value


def _rising_slope(x: Floats, g: Any, _: Any, i: Any) -> Any:
    """Return `g` times the slope in ``i = 1 / a``, the sum of ``j / (1 + j i)``.

    That is ``a (x - a (psi(a + x) - psi(a)))``, which cancels where `a` is large; there by the
    asymptotic series of psi, DLMF 5.11.2.
    """
    from scipy.special import psi

    few = np.greater(i, 1.0 / ENOUGH)
    near = np.where(few, 0.0, i)
    y = x * near
    whole = 1.0 + y
    slope = -x * x * _bow(y, whole) - 0.5 * x / whole - y * (2.0 + y) / (12.0 * whole * whole)
    slope = slope + near * near * (1.0 - whole**-4.0) / 120.0
    if few.any():
        a = np.maximum(1.0 / np.where(few, i, 1.0), _LEAST)
        rise = a * (x - a * (psi(a + x) - psi(a)))
        slope = np.where(few, np.where(a > _LEAST, rise, 0.0), slope)
    return g * slope
