"""Arithmetic that works on NumPy arrays and on PyTensor symbols alike.

What a source expects is written once, with these functions and the ordinary operators. The
engines evaluate it on arrays, `to_pymc` on symbols. The last axis of every
array is the draw axis (length 1 for symbols), so that one number per draw, shape ``(draws,)``,
broadcasts against cells, shape ``(ages, sexes, ..., draws)``. A third meaning is derivatives:
traced values (`funnelest.tape.traced`) are arrays to NumPy, so whatever works on arrays by
operators and these functions has its gradient without a further line.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from funnelest.tape.arrays import expit as plain_expit
from funnelest.tape.arrays import running
from funnelest.tape.rules import convolved
from funnelest.tape.rules import matmul as traced_matmul
from funnelest.tape.traced import Traced, elementwise, held

__all__ = [
    "betainc",
    "concatenate",
    "constant",
    "convolve",
    "cumsum",
    "exp",
    "expit",
    "expm1",
    "floor",
    "gammainc",
    "gammaincc",
    "gammaln",
    "log",
    "log1p",
    "log_ndtr",
    "logit",
    "logsumexp",
    "matmul",
    "maximum",
    "minimum",
    "sqrt",
    "stack",
    "sum",
    "where",
]

#: A NumPy array, a traced one, a PyTensor symbol or a plain number.
type Value = Any

#: Sparse weights of fewer entries become dense for symbols: Numba takes 4 s longer to compile a
#: sparse product, and a dense one of this size takes 10 us.
_DENSE = 100_000


def _library(*values: Value) -> Any:
    """Return `pytensor.tensor` when any value is a symbol, else NumPy, also for traced arrays."""
    # A symbol can only exist once PyTensor was imported: looking it up in `sys.modules` keeps
    # PyTensor out of every process that does not use it.
    basic = sys.modules.get("pytensor.tensor")
    if basic is not None:
        symbol = sys.modules["pytensor.graph.basic"].Variable
        if any(isinstance(value, symbol) for value in values):
            return basic
    return np


def is_symbol(*values: Value) -> bool:
    """Return whether any of the `values` is a PyTensor symbol."""
    return _library(*values) is not np


def is_array(*values: Value) -> bool:
    """Return whether all of the `values` are plain numbers and arrays, without derivatives."""
    return not is_symbol(*values) and not any(isinstance(value, Traced) for value in values)


def constant(x: Value) -> Value:
    """Return `x`, an array or a traced one, without its derivatives."""
    return held(x)


def shape_of(x: Value) -> tuple[int | None, ...]:
    """Return the lengths of the axes of `x`; None where a symbol does not know one."""
    return tuple(x.shape if isinstance(x, np.ndarray | Traced) else x.type.shape)


def exp(x: Value) -> Value:
    """Return e to the power `x`."""
    return _library(x).exp(x)


def log(x: Value) -> Value:
    """Return the natural logarithm of `x`."""
    return _library(x).log(x)


def log1p(x: Value) -> Value:
    """Return ``log(1 + x)``, precise for small `x`."""
    return _library(x).log1p(x)


def expm1(x: Value) -> Value:
    """Return ``exp(x) - 1``, precise for small `x`."""
    return _library(x).expm1(x)


def floor(x: Value) -> Value:
    """Return the largest whole number of at most `x`; it has no slope."""
    return _library(x).floor(x)


def sqrt(x: Value) -> Value:
    """Return the square root of `x`."""
    return _library(x).sqrt(x)


def logit(p: Value) -> Value:
    """Return the log-odds ``log(p / (1 - p))``."""
    return log(p) - log1p(-p)


def expit(x: Value) -> Value:
    """Return the share with log-odds `x`, ``1 / (1 + exp(-x))``."""
    library = _library(x)
    if library is not np:
        return library.sigmoid(x)
    return elementwise(plain_expit, x) if isinstance(x, Traced) else plain_expit(x)


def gammaln(x: Value) -> Value:
    """Return the logarithm of the gamma function of `x`."""
    return _special(x).gammaln(x)


def gammainc(k: Any, x: Value) -> Value:
    """Return the regularised lower incomplete gamma function of `x`; `k` is data."""
    return _special(x).gammainc(k, x)


def gammaincc(k: Any, x: Value) -> Value:
    """Return the regularised upper incomplete gamma function of `x`; `k` is data."""
    return _special(x).gammaincc(k, x)


def betainc(a: Any, b: Any, x: Value) -> Value:
    """Return the regularised incomplete beta function of `x`; `a` and `b` are data."""
    return _special(x).betainc(a, b, x)


def log_ndtr(x: Value) -> Value:
    """Return the logarithm of the standard normal distribution function at `x`."""
    library = _library(x)
    if library is np:
        from scipy.special import log_ndtr as numpy_log_ndtr

        return numpy_log_ndtr(x)
    # Each branch finite, with a finite slope, where the other one is taken.
    low, high = library.minimum(x, -1.0), library.maximum(x, -1.0)
    far = library.log(0.5 * library.erfcx(-low / math.sqrt(2.0))) - 0.5 * low * low
    return library.where(x < -1.0, far, library.log1p(-0.5 * library.erfc(high / math.sqrt(2.0))))


def _special(x: Value) -> Any:
    library = _library(x)
    if library is not np:
        return library
    import scipy.special

    return scipy.special


def where(condition: Value, yes: Value, no: Value) -> Value:
    """Return `yes` where `condition` holds, else `no`, element by element."""
    library = _library(condition, yes, no)
    return library.where(condition, yes, no)


def minimum(x: Value, y: Value) -> Value:
    """Return the smaller of `x` and `y`, element by element."""
    return _library(x, y).minimum(x, y)


def maximum(x: Value, y: Value) -> Value:
    """Return the larger of `x` and `y`, element by element."""
    return _library(x, y).maximum(x, y)


def matmul(weights: Any, x: Value) -> Value:
    """Return the matrix product of known `weights`, ``(m, n)``, with `x`, ``(n, draws)``.

    The weights may be a sparse array of SciPy.
    """
    if isinstance(x, Traced):  # by name, since the weights may be a sparse matrix of SciPy
        return traced_matmul(weights, x)
    library = _library(x)
    if library is np:
        return weights @ x
    if isinstance(weights, np.ndarray):
        return library.dot(weights, x)
    if math.prod(weights.shape) < _DENSE:
        return library.dot(weights.toarray(), x)
    from pytensor import sparse
    from scipy.sparse import csr_matrix  # PyTensor knows no csr_array

    return sparse.structured_dot(sparse.as_sparse_variable(csr_matrix(weights)), x)


def convolve(one: Value, other: Value) -> Value:
    """Return the distribution of a sum of two counts, with `one` and the `other` distribution.

    Each has shape ``(counts, draws)``, and is an array or a traced one.
    """
    return convolved(one, other)


def stack(values: Sequence[Value], axis: int = 0) -> Value:
    """Join equally shaped `values` along a new `axis`."""
    return _library(*values).stack(list(values), axis=axis)


def concatenate(values: Sequence[Value], axis: int = 0) -> Value:
    """Join `values` along an `axis` that they have."""
    return _library(*values).concatenate(list(values), axis=axis)


def sum(x: Value, axis: int | tuple[int, ...] | None = None) -> Value:
    """Return the sum of `x` over `axis`."""
    return _library(x).sum(x, axis=axis)


def cumsum(x: Value, axis: int) -> Value:
    """Return the running sums of `x` along one `axis`."""
    return running(x, axis) if isinstance(x, np.ndarray) else _library(x).cumsum(x, axis=axis)


def logsumexp(x: Value, axis: int = 0) -> Value:
    """Return ``log(sum(exp(x)))`` over one `axis`, without overflow."""
    library = _library(x)
    if library is not np:
        return library.logsumexp(x, axis=axis)
    # SciPy's version copies several times; this runs in the inner loop of every rounded figure.
    top = np.max(constant(x), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.log(np.sum(np.exp(x - top), axis=axis))
    return total + np.squeeze(top, axis=axis)
