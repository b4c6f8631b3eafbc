"""Derivatives of NumPy arithmetic: values that write down how they were made.

A `Traced` value stands for an array. NumPy hands it every operation (its protocols
``__array_ufunc__`` and ``__array_function__``), which is done on the array and written on a tape.
Read backwards the tape gives the gradient of one number per draw (`Tape.pull`), read forwards the
change of any number along a direction (`Tape.push`). Draws do not mix, so that one pass serves all
of them. What has no rule here raises; no derivative is ever left out in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from funnelest.slopes import Rule, Rules, is_flat, slopes_of

__all__ = ["Tape", "Traced", "convolved", "declared", "matmul", "valued"]

type Floats = NDArray[np.float64]


class _Index(NamedTuple):
    """Which part of an array was taken, and whether it may hold a place twice."""

    index: Any
    repeats: bool


class _Link(NamedTuple):
    """How a value depends on one that it was made from."""

    parent: int
    #: From the slopes of a number in the value to those in the parent; an index is added in place.
    pull: Callable[[Any], Any] | _Index
    #: From changes of the parent, along directions on a first axis, to those of the value.
    push: Callable[[Any], Any]


class Tape:
    """What was done with some values, in the order in which it was done."""

    def __init__(self) -> None:
        self._links: list[tuple[_Link, ...]] = []
        self._shapes: list[tuple[int, ...]] = []
        #: Size of all values on the tape, in bytes.
        self.size = 0

    def value(self, value: Any, *links: _Link) -> Traced:
        """Return a traced value, made from others or by itself."""
        value = np.asarray(value, dtype=np.float64)
        self._links.append(links)
        self._shapes.append(value.shape)
        self.size += value.nbytes
        return Traced(value, self, len(self._links) - 1)

    def pull(self, result: Any, start: Traced) -> Floats:
        """Return the slopes of the sum of `result` in every entry of `start`.

        Where each entry of `result` is of one draw, these are the gradients of all draws.
        """
        if not isinstance(result, Traced):
            return np.zeros(start.shape)
        slopes: list[Any] = [None] * len(self._links)
        own = set()  # sums that were made here, which may be added to in place
        slopes[result.at] = np.ones(result.shape)
        for at in range(result.at, start.at, -1):
            g, slopes[at] = slopes[at], None
            if g is None:
                continue
            for parent, pull, _ in self._links[at]:
                total = slopes[parent]
                if isinstance(pull, _Index):
                    if parent not in own:
                        shape = self._shapes[parent]
                        total = np.zeros(shape) if total is None else np.array(total)
                        slopes[parent] = total
                        own.add(parent)
                    if pull.repeats:
                        np.add.at(total, pull.index, g)
                    else:
                        total[pull.index] += g
                elif total is None:
                    slopes[parent] = pull(g)
                elif parent in own:
                    total += pull(g)
                else:
                    slopes[parent] = total + pull(g)
                    own.add(parent)
        found = slopes[start.at]
        return np.zeros(start.shape) if found is None else np.array(found)

    def push(self, start: Traced, directions: Floats) -> Callable[[Any], Floats]:
        """Return a function that gives the changes of a value along `directions` of `start`.

        Directions stand on a first axis, as the changes do.
        """
        changes: list[Any] = [None] * len(self._links)
        changes[start.at] = directions
        for at in range(start.at + 1, len(self._links)):
            total: Any = None
            for parent, _, push in self._links[at]:
                if changes[parent] is not None:
                    more = push(changes[parent])
                    total = more if total is None else total + more
            changes[at] = total

        def along(value: Any) -> Floats:
            known = isinstance(value, Traced) and value.at < len(changes)
            found = changes[value.at] if known else None
            return np.zeros((len(directions), *np.shape(value))) if found is None else found

        return along


class Traced(NDArrayOperatorsMixin):
    """An array whose derivatives are wanted; see the module."""

    __slots__ = ("at", "tape", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Floats, tape: Tape, at: int) -> None:
        self.value = value
        self.tape = tape
        self.at = at

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.value.size

    @property
    def dtype(self) -> Any:
        """The type of the entries."""
        return self.value.dtype

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self.value)))

    def __repr__(self) -> str:
        return f"Traced({self.value!r})"

    def __bool__(self) -> bool:
        raise TypeError("a value per draw is neither true nor false; use funnelest.math.where.")

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            "a derivative is wanted, but something makes plain numbers of this value: write it "
            "with the ordinary operators and the functions of funnelest.math."
        )

    def __float__(self) -> float:
        return float(self.__array__())

    def __array_ufunc__(self, function: Any, method: str, *values: Any, **options: Any) -> Any:
        out = options.pop("out", None)  # ``x += y`` is ``x = x + y``
        again = out is None or (out[0] is values[0] and isinstance(out[0], Traced))
        if method != "__call__" or options or not again:
            raise TypeError(f"{function.__name__} has no derivative when it is called like this.")
        if function is np.matmul:
            return matmul(*values)
        if is_flat(function):
            return function(*(valued(value) for value in values))
        return elementwise(function, *values)

    def __array_function__(self, function: Any, _: Any, values: Any, options: Any) -> Any:
        if function not in _FUNCTIONS:
            raise TypeError(f"numpy.{function.__name__} has no derivative: use funnelest.math.")
        return _FUNCTIONS[function](*values, **options)

    def __getitem__(self, index: Any) -> Traced:
        parts = index if isinstance(index, tuple) else (index,)
        listed = [one for one in parts if isinstance(one, list | np.ndarray)]
        repeats = any(_twice(one) for one in listed)

        def push(changes: Any) -> Any:
            if len(listed) > 1:  # then it may matter which axis they begin at
                return np.array([change[index] for change in changes])
            return changes[(slice(None), *parts)]

        return self.tape.value(self.value[index], _Link(self.at, _Index(index, repeats), push))

    def reshape(self, *shape: Any) -> Traced:
        """Return the value with axes of other lengths."""
        return _reshape(self, shape[0] if len(shape) == 1 else shape)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Traced:
        """Return the sum over axes."""
        return _sum(self, axis, keepdims=keepdims)


def valued(value: Any) -> Any:
    """Return a value without its derivatives."""
    return value.value if isinstance(value, Traced) else value


def elementwise(function: Any, *values: Any) -> Any:
    """Return a function of single numbers whose rule is known."""
    rules = slopes_of(function)
    if rules is None:
        raise TypeError(f"{function.__name__} has no known derivative: use funnelest.math.")
    return declared(function, rules, *values)


def declared(function: Callable[..., Any], rules: Rules, *values: Any) -> Any:
    """Return ``function(*values)``, of single numbers, with its slopes in each of the values.

    Parameters
    ----------
    function : callable
        Takes arrays.
    rules : tuple of callable
        For each argument ``rule(g, result, *arguments)``, `g` times the slope in it; None where
        there is no derivative.
    *values : value
        What it is applied to.
    """
    arrays = [value.value if isinstance(value, Traced) else value for value in values]
    result = np.asarray(function(*arrays))
    links, tape = [], None
    for i, value in enumerate(values):
        if isinstance(value, Traced):
            rule = rules[i]
            if rule is None:
                name = getattr(function, "__name__", "a function")
                raise TypeError(f"{name} has no derivative in one of its arguments.")
            tape = value.tape
            links.append(_own(value, rule, result, arrays))
    return result if tape is None else tape.value(result, *links)


def _own(value: Traced, rule: Rule, result: Any, arrays: list[Any]) -> _Link:
    """Return the link of a function each entry of which depends on one of `value`."""
    shape = value.value.shape

    def same(g: Any) -> Any:
        return rule(g, result, *arrays)

    # Each entry has a slope of its own: forwards and backwards that is the same product.
    if shape == result.shape:
        return _Link(value.at, same, same)
    return _Link(
        value.at,
        lambda g: _fitted(same(g), shape),
        lambda changes: _spread(same(_lifted(changes, result.ndim)), result.shape),
    )


def _lifted(changes: Any, dimensions: int) -> Any:
    """Return changes of a value as those of one with more axes."""
    more = dimensions + 1 - changes.ndim
    return changes.reshape(len(changes), *(1,) * more, *changes.shape[1:]) if more else changes


def _spread(changes: Any, shape: tuple[int, ...]) -> Any:
    return np.broadcast_to(changes, (len(changes), *shape))


def _fitted(g: Any, shape: tuple[int, ...]) -> Any:
    """Return slopes summed over the axes along which a value of this `shape` was repeated."""
    extra = g.ndim - len(shape)
    if extra:
        g = g.sum(axis=tuple(range(extra)))
    axes = tuple(i for i, size in enumerate(shape) if size == 1 and g.shape[i] != 1)
    return g.sum(axis=axes, keepdims=True) if axes else g


def _twice(index: Any) -> bool:
    """Return whether some place is in an index more than once."""
    index = np.asarray(index)
    return bool(index.dtype != bool and len(np.unique(index)) < index.size)


def _linear(
    x: Traced, value: Any, pull: Callable[[Any], Any], push: Callable[[Any], Any]
) -> Traced:
    return x.tape.value(value, _Link(x.at, pull, push))


def matmul(weights: Any, x: Any) -> Any:
    """Return the product of a known matrix, which may be a sparse one of SciPy, with `x`."""
    if isinstance(weights, Traced) or not isinstance(x, Traced):
        raise TypeError("a matrix product has a derivative only where the first factor is known.")

    def push(changes: Any) -> Any:
        if isinstance(weights, np.ndarray):
            return weights @ changes
        return np.array([weights @ change for change in changes])

    return _linear(x, weights @ x.value, lambda g: weights.T @ g, push)


def convolved(one: Any, other: Any) -> Any:
    """Return the distribution of a sum of two counts, ``(counts, draws)``, from those of each."""
    if len(one) < len(other):
        one, other = other, one
    a, b = valued(one), valued(other)
    links, tape = [], None
    for value, partner in ((one, b), (other, a)):
        if isinstance(value, Traced):
            tape = value.tape
            pull, push = partial(_correlate, partner, len(value)), partial(_each, partner)
            links.append(_Link(value.at, pull, push))
    found = _convolve(a, b)
    return found if tape is None else tape.value(found, *links)


def _convolve(one: Floats, other: Floats) -> Floats:
    if len(one) < len(other):
        one, other = other, one
    found = np.zeros((len(one) + len(other) - 1, one.shape[1]))
    for i, p in enumerate(other):
        found[i : i + len(one)] += one * p
    return found


def _each(partner: Floats, changes: Floats) -> Floats:
    return np.array([_convolve(partner, change) for change in changes])


def _correlate(partner: Floats, size: int, g: Floats) -> Floats:
    """Return the transpose of convolution with a `partner`, as a loop over the shorter one."""
    length = len(partner)
    if length <= size:
        return np.sum([p * g[i : i + size] for i, p in enumerate(partner)], axis=0)
    return np.array([np.sum(partner * g[i : i + length], axis=0) for i in range(size)])


def _sum(x: Traced, axis: Any = None, *, keepdims: bool = False) -> Traced:
    shape = x.shape
    given = range(x.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = tuple(one if one < 0 else one - x.ndim for one in given)

    def forwards(v: Any) -> Any:
        return v.sum(axis=axes, keepdims=keepdims)

    def back(g: Any) -> Any:
        return np.broadcast_to(g if keepdims else np.expand_dims(g, axes), shape)

    return _linear(x, forwards(x.value), back, forwards)


def _cumsum(x: Traced, axis: int) -> Traced:
    axis = axis if axis < 0 else axis - x.ndim

    def forwards(v: Any) -> Any:
        return np.cumsum(v, axis=axis)

    return _linear(
        x, forwards(x.value), lambda g: np.flip(forwards(np.flip(g, axis)), axis), forwards
    )


def _reshape(x: Traced, shape: Any) -> Traced:
    old, value = x.shape, x.value.reshape(shape)
    return _linear(
        x,
        value,
        lambda g: g.reshape(old),
        lambda changes: changes.reshape(len(changes), *value.shape),
    )


def _broadcast_to(x: Traced, shape: Any) -> Traced:
    old, value = x.shape, np.broadcast_to(x.value, shape)
    if old == value.shape:
        return x
    return _linear(
        x,
        value,
        lambda g: _fitted(g, old),
        lambda changes: _spread(_lifted(changes, value.ndim), value.shape),
    )


def _broadcast_arrays(*values: Any) -> list[Any]:
    shape = np.broadcast_shapes(*(np.shape(value) for value in values))
    return [np.broadcast_to(value, shape) for value in values]


def _expand_dims(x: Traced, axis: Any) -> Traced:
    return _reshape(x, np.expand_dims(x.value, axis).shape)


def _squeeze(x: Traced, axis: Any = None) -> Traced:
    return _reshape(x, np.squeeze(x.value, axis).shape)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    condition = valued(condition)
    return declared(
        lambda a, b: np.where(condition, a, b),
        (
            lambda g, *_: np.where(condition, g, 0.0),
            lambda g, *_: np.where(condition, 0.0, g),
        ),
        yes,
        no,
    )


def _stack(values: Sequence[Any], axis: int = 0) -> Traced:
    whole = np.stack([valued(value) for value in values], axis)
    before = (slice(None),) * (axis % whole.ndim)
    return _joined(values, whole, [(*before, i) for i in range(len(values))])


def _concatenate(values: Sequence[Any], axis: int = 0) -> Traced:
    whole = np.concatenate([valued(value) for value in values], axis)
    before = (slice(None),) * (axis % whole.ndim)
    ends = np.cumsum([0, *(value.shape[axis] for value in values)]).tolist()
    return _joined(values, whole, [(*before, slice(a, b)) for a, b in pairwise(ends)])


def _joined(values: Sequence[Any], whole: Floats, places: list[Any]) -> Traced:
    links, tape = [], None
    for value, place in zip(values, places, strict=True):
        if isinstance(value, Traced):
            tape = value.tape
            links.append(_part(value, whole.shape, place))
    assert tape is not None  # else NumPy would not have asked
    return tape.value(whole, *links)


def _part(value: Traced, shape: tuple[int, ...], place: Any) -> _Link:
    def push(changes: Any) -> Any:
        found = np.zeros((len(changes), *shape))
        found[(slice(None), *place)] = changes
        return found

    return _Link(value.at, lambda g: g[place], push)


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
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
    np.isneginf: lambda x: np.isneginf(x.value),
    np.any: lambda x: np.any(x.value),
    np.all: lambda x: np.all(x.value),
    np.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
}
