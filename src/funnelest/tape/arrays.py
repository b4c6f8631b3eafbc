"""What the rules of derivatives do with plain arrays: repeat, sum up, convolve."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.tape.sweeps import Index

__all__ = [
    "convolve",
    "convolving",
    "correlating",
    "expit",
    "fitted",
    "lifted",
    "repeated",
    "running",
    "spread",
    "turned",
    "twice",
]

type Floats = NDArray[np.float64]

#: From so many numbers on sums are products with ones, and a matrix may see few of its columns.
_MANY = 4096
#: Rows of so many numbers are added up one after the other.
_LONG = 16


def lifted(changes: Any, dimensions: int) -> Any:
    """Return changes of a value as those of one with more axes."""
    more = dimensions + 1 - changes.ndim
    return changes.reshape(len(changes), *(1,) * more, *changes.shape[1:]) if more else changes


def spread(changes: Any, shape: tuple[int, ...]) -> Any:
    """Return changes along directions, repeated to those of a value of this `shape`."""
    return np.broadcast_to(changes, (len(changes), *shape))


def repeated(shape: tuple[int, ...], whole: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes along which a value is repeated."""
    extra = len(whole) - len(shape)
    more = (extra + i for i, size in enumerate(shape) if size == 1 and whole[extra + i] != 1)
    return (*range(extra), *more)


def fitted(g: Any, axes: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Return slopes summed over the axes along which a value of this `shape` was repeated."""
    return summed(g, axes).reshape(shape) if axes else g


def summed(g: Any, axes: tuple[int, ...]) -> Any:
    """Return the sum over some axes, ascending, which are left out.

    NumPy adds up what lies together row by row. Of many short rows, as of cells, a product with
    ones takes a fifth of the time.
    """
    if g.size < _MANY or not g.flags.c_contiguous:
        return np.add.reduce(g, axes)
    first = 0
    while first < len(axes) and axes[first] == first:
        first += 1
    if 0 < first < g.ndim:
        kept = g.shape[first:]
        rows = math.prod(g.shape[:first])
        whole = (np.ones(rows) @ g.reshape(rows, -1)).reshape(kept)
        return np.add.reduce(whole, tuple(axis - first for axis in axes[first:]))
    return np.add.reduce(g, axes)


def running(v: Any, axis: int) -> Any:
    """Return the running sums along an axis: one row after the other, where rows are long."""
    if v.ndim < 2 or v.shape[axis] * _LONG > v.size or not v.size:
        return np.cumsum(v, axis=axis)
    found = np.empty(v.shape)
    rows, sums = np.moveaxis(v, axis, 0), np.moveaxis(found, axis, 0)
    sums[0] = rows[0]
    for i in range(1, len(rows)):
        np.add(sums[i - 1], rows[i], out=sums[i])
    return found


def expit(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))``.

    In a third of the time of SciPy's, whose exponential takes one number at a time.
    """
    with np.errstate(over="ignore"):
        return np.reciprocal(1.0 + np.exp(-x))


def twice(index: Any) -> bool:
    """Return whether some place is in an index more than once."""
    index = np.asarray(index)
    return bool(index.dtype != bool and len(np.unique(index)) < index.size)


def convolve(one: Floats, other: Floats) -> Floats:
    """Return the distribution of a sum of two counts from those of each, ``(counts, draws)``."""
    if len(one) < len(other):
        one, other = other, one
    found = np.zeros((len(one) + len(other) - 1, one.shape[1]))
    room = np.empty(one.shape)
    for i, p in enumerate(other):
        np.multiply(one, p, out=room)
        found[i : i + len(one)] += room
    return found


def correlate(partner: Any, size: int, g: Any) -> Any:
    """Return the transpose of convolution with a `partner`, as a loop over the shorter one."""
    length = len(partner)
    if length <= size:
        found = partner[0] * g[:size]
        room = np.empty(found.shape)
        for i in range(1, length):
            np.multiply(partner[i], g[i : i + size], out=room)
            found += room
        return found
    found, room = np.empty((size, g.shape[1])), np.empty(partner.shape)
    for i in range(size):
        np.multiply(partner, g[i : i + length], out=room)
        np.add.reduce(room, 0, out=found[i])
    return found


def correlating(partner: int, size: int) -> Callable[..., Floats]:
    """Return how slopes go back to one of two counts, by where the other is."""
    return lambda g, _, *given: correlate(given[partner], size, g)


def convolving(partner: int) -> Callable[..., Floats]:
    """Return how changes of one of two counts go on, by where the other is."""
    return lambda changes, _, *given: np.array(
        [convolve(given[partner], change) for change in changes]
    )


def turned(weights: Any) -> Callable[..., Any] | Index:
    """Return the transpose of a matrix product; of a few columns of many, of these alone."""
    if weights.shape[1] > _MANY and 4 * getattr(weights, "nnz", np.inf) < weights.shape[1]:
        columns = np.unique(weights.indices)
        part = weights[:, columns].T
        return Index(columns, False, lambda g: part @ g)
    whole = weights.T
    return lambda g, *_: whole @ g
