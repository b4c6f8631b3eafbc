"""The derivatives of NumPy's functions of arrays: of what is summed, joined, shaped, multiplied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.tape import arrays as plain
from funnelest.tape.slopes import Rules
from funnelest.tape.sweeps import Link
from funnelest.tape.tape import Step
from funnelest.tape.traced import (
    Traced,
    declared,
    has_slopes,
    held,
    linear,
    refuse,
    taken,
    unsloped,
    written,
)

__all__ = ["RULES", "convolved", "matmul", "reduced"]

type Floats = NDArray[np.float64]


def matmul(weights: Any, x: Any) -> Any:
    """Return the product of a known matrix, which may be a sparse one of SciPy, with `x`."""
    if isinstance(weights, Traced) or not isinstance(x, Traced):
        why = "a matrix product has a derivative only where the first factor is known."
        refuse(taken((weights, x))[2], why)

    def times(v: Any) -> Any:
        return weights @ v

    def push(changes: Any, *_: Any) -> Any:
        if isinstance(weights, np.ndarray):
            return weights @ changes
        return np.array([weights @ change for change in changes])

    if not has_slopes(x):
        return unsloped(times, x)
    return linear(x, times, plain.turned(weights), push)


def convolved(one: Any, other: Any) -> Any:
    """Return the distribution of a sum of two counts, ``(counts, draws)``, from those of each."""
    arrays, sources, tape = taken((one, other))
    found = plain.convolve(*arrays)
    if tape is None:
        return found
    links = []
    for i, value in enumerate((one, other)):
        if has_slopes(value):
            other = 1 - i  # of the arguments, after the slopes and the result
            pull, push = plain.correlating(other, len(value)), plain.convolving(other)
            links.append(Link(value.at, pull, push))
    return written(tape, Step(plain.convolve, sources, arrays, found, tuple(links)))


def reduced(function: Any, slopes: Any, *values: Any) -> Any:
    """Return ``function(*values)``, one number per draw, of values with a row per number.

    Parameters
    ----------
    function : callable
        Takes arrays of shape ``(draws,)`` or ``(rows, draws)``, and returns ``(draws,)``.
    slopes : callable
        ``slopes(result, *arrays)``: the slopes of the result in every value, each in its shape.
    *values : value
        Arrays, or traced ones, each with all draws.
    """
    arrays, sources, tape = taken(values)
    found = function(*arrays)
    if tape is None:
        return found
    last: list[tuple[Any, Any]] = []

    def slope(i: int, result: Any, *given: Any) -> Any:
        # Asked for each value in turn, and made together.
        if not last or last[-1][0] is not result:
            last[:] = [(result, slopes(result, *given))]
        at, made = last[-1]
        return made[i] if at is result else slopes(result, *given)[i]

    links = [_reducing(value, i, slope) for i, value in enumerate(values) if has_slopes(value)]
    return written(tape, Step(function, sources, arrays, found, tuple(links)))


def _reducing(value: Traced, i: int, slope: Any) -> Link:
    def pull(g: Any, *given: Any) -> Any:
        return g * slope(i, *given)

    def push(changes: Any, *given: Any) -> Any:
        found = changes * slope(i, *given)
        return found.sum(axis=1) if found.ndim > 2 else found

    return Link(value.at, pull, push)


def _sum(x: Traced, axis: Any = None, *, keepdims: bool = False) -> Traced:
    shape = x.shape
    given = range(x.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = tuple(one if one < 0 else one - x.ndim for one in given)

    def forwards(v: Any, *_: Any) -> Any:
        return v.sum(axis=axes, keepdims=keepdims)

    def back(g: Any, *_: Any) -> Any:
        return np.broadcast_to(g if keepdims else np.expand_dims(g, axes), shape)

    return linear(x, forwards, back, forwards)


def _cumsum(x: Traced, axis: int) -> Traced:
    axis = axis if axis < 0 else axis - x.ndim

    def forwards(v: Any, *_: Any) -> Any:
        return plain.running(v, axis)

    return linear(x, forwards, lambda g, *_: np.flip(forwards(np.flip(g, axis)), axis), forwards)


def _reshape(x: Traced, shape: Any) -> Traced:
    old, new, tape = x.shape, x.numbers.reshape(shape).shape, x.tape
    if (x.at, new) not in tape.shaped:
        made = linear(
            x,
            lambda v: v.reshape(new),
            lambda g, *_: g.reshape(old),
            lambda changes, *_: changes.reshape(len(changes), *new),
        )
        tape.shaped[x.at, new] = made.at
    at = tape.shaped[x.at, new]
    return Traced(tape.steps[at].result, tape, at)


def _broadcast_to(x: Traced, shape: Any) -> Traced:
    old, new = x.shape, tuple(shape)
    if old == new:
        return x
    axes = plain.repeated(old, new)
    return linear(
        x,
        lambda v: np.broadcast_to(v, new),
        lambda g, *_: plain.fitted(g, axes, old),
        lambda changes, *_: plain.spread(plain.lifted(changes, len(new)), new),
    )


def _broadcast_arrays(*values: Any) -> list[Any]:
    shape = np.broadcast_shapes(*(np.shape(value) for value in values))
    return [np.broadcast_to(value, shape) for value in values]


def _expand_dims(x: Traced, axis: Any) -> Traced:
    return _reshape(x, np.expand_dims(x.numbers, axis).shape)


def _squeeze(x: Traced, axis: Any = None) -> Traced:
    return _reshape(x, np.squeeze(x.numbers, axis).shape)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    return declared(np.where, _WHERE, held(condition), yes, no)


_WHERE: Rules = (
    None,
    lambda g, _, condition, *__: np.where(condition, g, 0.0),
    lambda g, _, condition, *__: np.where(condition, 0.0, g),
)


def _stack(values: Sequence[Any], axis: int = 0) -> Traced:
    def joined(*arrays: Any) -> Any:
        return np.stack(arrays, axis)

    before = (slice(None),) * (axis % (np.ndim(values[0]) + 1))
    # One value often stands at many places, as a rate that regions share.
    places: dict[int, list[int]] = {}
    for i, value in enumerate(values):
        if has_slopes(value):
            places.setdefault(value.at, []).append(i)
    parts = [
        (at, (*before, some if len(some) > 1 else some[0]), len(some) > 1)
        for at, some in places.items()
    ]
    return _joined(joined, values, lambda _: parts, len(before))


def _concatenate(values: Sequence[Any], axis: int = 0) -> Traced:
    def joined(*arrays: Any) -> Any:
        return np.concatenate(arrays, axis)

    def parts(whole: Floats) -> list[Any]:
        before = (slice(None),) * (axis % whole.ndim)
        ends = pairwise(np.cumsum([0, *(value.shape[axis] for value in values)]).tolist())
        return [
            (value.at, (*before, slice(a, b)), False)
            for value, (a, b) in zip(values, ends, strict=True)
            if has_slopes(value)
        ]

    return _joined(joined, values, parts)


def _joined(
    joined: Any, values: Sequence[Any], parts: Callable[[Floats], list[Any]], axis: int = 0
) -> Traced:
    arrays, sources, tape = taken(values)
    whole = joined(*arrays)
    assert tape is not None  # else NumPy would not have asked
    links = [_part(whole.shape, axis, *part) for part in parts(whole)]
    return written(tape, Step(joined, sources, arrays, whole, tuple(links)))


def _part(shape: tuple[int, ...], axis: int, at: int, place: Any, many: bool) -> Link:
    """Return the link to a value that stands at a place, or at `many` along an axis."""

    def push(changes: Any, *_: Any) -> Any:
        found = np.zeros((len(changes), *shape))
        found[(slice(None), *place)] = np.expand_dims(changes, axis + 1) if many else changes
        return found

    if many:
        return Link(at, lambda g, *_: np.add.reduce(g[place], axis), push)
    return Link(at, lambda g, *_: g[place], push)


#: By the function.
RULES: dict[Any, Callable[..., Any]] = {
    np.matmul: matmul,
    np.sum: _sum,
    np.cumsum: _cumsum,
    np.where: _where,
    np.stack: _stack,
    np.concatenate: _concatenate,
    np.reshape: _reshape,
    np.broadcast_to: _broadcast_to,
    np.broadcast_arrays: _broadcast_arrays,
    np.expand_dims: _expand_dims,
    np.squeeze: _squeeze,
    np.shape: lambda x: x.shape,
    np.ndim: lambda x: x.ndim,
    np.size: lambda x: x.size,
    np.zeros_like: lambda x: np.zeros(x.shape),
    np.ones_like: lambda x: np.ones(x.shape),
    np.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
}
