"""What the rules of derivatives do with plain arrays: repeat, sum up, convolve."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["convolve", "correlate", "fitted", "lifted", "repeated", "spread", "twice"]

type Floats = NDArray[np.float64]


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
    return np.add.reduce(g, axes).reshape(shape) if axes else g


def twice(index: Any) -> bool:
    """Return whether some place is in an index more than once."""
    index = np.asarray(index)
    return bool(index.dtype != bool and len(np.unique(index)) < index.size)


def convolve(one: Floats, other: Floats) -> Floats:
    """Return the distribution of a sum of two counts from those of each, ``(counts, draws)``."""
    if len(one) < len(other):
        one, other = other, one
    found = np.zeros((len(one) + len(other) - 1, one.shape[1]))
    for i, p in enumerate(other):
        found[i : i + len(one)] += one * p
    return found


def correlate(partner: Floats, size: int, g: Floats) -> Floats:
    """Return the transpose of convolution with a `partner`, as a loop over the shorter one."""
    length = len(partner)
    if length <= size:
        return np.sum([p * g[i : i + size] for i, p in enumerate(partner)], axis=0)
    return np.array([np.sum(partner * g[i : i + length], axis=0) for i in range(size)])
