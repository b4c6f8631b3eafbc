"""Derivatives of NumPy arithmetic: values that write down how they were made.

A `Traced` value stands for an array. NumPy hands it every operation (its protocols
``__array_ufunc__`` and ``__array_function__``), which is done on the array and written on a tape.
Read backwards the tape gives the gradient of one number per draw (`gradient_of`), read forwards the
change of any number along a direction (`changes_along`). Draws do not mix, so that one pass serves
all of them. What has no rule here raises; no derivative is ever left out in silence.

A tape may also be written to be done again at other points (`funnelest.tape.program`). What is
computed without derivatives then stays on it, as `Held` values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from funnelest.tape import arrays as plain
from funnelest.tape.slopes import Rule, Rules, is_flat, slopes_of
from funnelest.tape.tape import Index, Link, Step, Tape

__all__ = [
    "Held",
    "Traced",
    "changes_along",
    "convolved",
    "declared",
    "gradient_of",
    "has_slopes",
    "held",
    "matmul",
    "traced",
    "valued",
]

type Floats = NDArray[np.float64]


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
        if is_flat(function) or not any(map(has_slopes, values)):
            return _plain(function, *values)
        if function is np.matmul:
            return matmul(*values)
        return elementwise(function, *values)

    def __array_function__(self, function: Any, _: Any, values: Any, options: Any) -> Any:
        if function in _FLAT or (function in _PLAIN and not any(map(has_slopes, _given(values)))):
            return _plain(function, *values, **options)
        if function not in _FUNCTIONS:
            raise TypeError(f"numpy.{function.__name__} has no derivative: use funnelest.math.")
        return _FUNCTIONS[function](*values, **options)

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(one, Traced) for one in parts):
            raise TypeError("which places are taken must not depend on a traced value.")
        take = operator.itemgetter(index)
        if not has_slopes(self):
            return _plain(take, self)
        listed = [one for one in parts if isinstance(one, list | np.ndarray)]
        repeats = any(plain.twice(one) for one in listed)

        def push(changes: Any, *_: Any) -> Any:
            if len(listed) > 1:  # then it may matter which axis they begin at
                return np.array([change[index] for change in changes])
            return changes[(slice(None), *parts)]

        return _linear(self, take, Index(index, repeats), push)

    def reshape(self, *shape: Any) -> Any:
        """Return the value with axes of other lengths."""
        shape = shape[0] if len(shape) == 1 else shape
        return self.__array_function__(np.reshape, (), (self, shape), {})

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """Return the sum over axes."""
        return self.__array_function__(np.sum, (), (self, axis), {"keepdims": keepdims})


class Held(Traced):
    """A traced value without derivatives, on a tape that can be done again."""

    __slots__ = ()

    def __bool__(self) -> bool:
        found = bool(self.value)
        self.tape.ways.append((self.at, found))
        return found

    def any(self, axis: Any = None) -> Any:
        """Return whether any entry holds."""
        return _plain(np.any, self, axis=axis)

    def all(self, axis: Any = None) -> Any:
        """Return whether all entries hold."""
        return _plain(np.all, self, axis=axis)

    def max(self, axis: Any = None) -> Any:
        """Return the largest entry."""
        return _plain(np.max, self, axis=axis)

    def min(self, axis: Any = None) -> Any:
        """Return the smallest entry."""
        return _plain(np.min, self, axis=axis)


def traced(value: Any, tape: Tape | None = None) -> Traced:
    """Return a traced value that is made from no other: a start, on a new tape if none is given."""
    tape = Tape() if tape is None else tape
    step = Step(None, (), (), np.asarray(value, dtype=np.float64), ())
    return Traced(step.result, tape, tape.write(step))


def gradient_of(result: Any, start: Traced) -> Floats:
    """Return the slopes of the sum of `result` in every entry of `start`; see `Tape.pull`."""
    return start.tape.pull(result.at, start.at) if has_slopes(result) else np.zeros(start.shape)


def changes_along(start: Traced, directions: Floats) -> Callable[[Any], Floats]:
    """Return a function that gives the changes of a value along `directions` of `start`.

    Directions stand on a first axis, as the changes do.
    """
    changes = start.tape.push(start.at, directions)

    def along(value: Any) -> Floats:
        known = has_slopes(value) and value.at < len(changes)
        found = changes[value.at] if known else None
        return np.zeros((len(directions), *np.shape(value))) if found is None else found

    return along


def _written(tape: Tape, step: Step) -> Traced:
    """Write down an operation on a tape, and return its result."""
    kind = Traced if step.links else Held
    return kind(step.result, tape, tape.write(step))


def valued(value: Any) -> Any:
    """Return the array behind a value."""
    return value.value if isinstance(value, Traced) else value


def held(value: Any) -> Any:
    """Return a value without its derivatives."""
    if not isinstance(value, Traced):
        return value
    return Held(value.value, value.tape, value.at) if value.tape.again else value.value


def has_slopes(value: Any) -> bool:
    """Return whether a value has derivatives."""
    return type(value) is Traced


def _given(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a function is given, where the first may be a list."""
    return (*values[0], *values[1:]) if isinstance(values[0], list | tuple) else values


def _taken(values: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[int, ...], Tape | None]:
    """Return the arrays behind values, their places on the tape, and the tape."""
    arrays, sources, tape = [], [], None
    for value in values:
        if isinstance(value, Traced):
            tape = value.tape
            arrays.append(value.value)
            sources.append(value.at)
        else:
            arrays.append(value)
            sources.append(-1)
    return tuple(arrays), tuple(sources), tape


def _plain(function: Any, *values: Any, **options: Any) -> Any:
    """Return what a function gives without derivatives, on the tape if it is done again."""
    arrays, sources, tape = _taken(_given(values))
    listed = isinstance(values[0], list | tuple)
    first = len(values[0]) if listed else 0

    def called(*given: Any) -> Any:
        given = (given[:first], *given[first:]) if listed else given
        return function(*given, **options)

    result = called(*arrays)
    if tape is None or not tape.again:
        return result
    made = called if listed or options else function
    return _written(tape, Step(made, sources, arrays, np.asarray(result), ()))


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
    arrays, sources, tape = _taken(values)
    result = np.asarray(function(*arrays))
    if tape is None:
        return result
    links = []
    for value, rule in zip(values, rules, strict=True):
        if has_slopes(value):
            if rule is None:
                name = getattr(function, "__name__", "a function")
                raise TypeError(f"{name} has no derivative in one of its arguments.")
            links.append(_own(value, rule, result.shape))
    return _written(tape, Step(function, sources, arrays, result, tuple(links)))


def _own(value: Traced, rule: Rule, whole: tuple[int, ...]) -> Link:
    """Return the link of a function each entry of which depends on one of `value`."""
    shape = value.value.shape
    # Each entry has a slope of its own: forwards and backwards that is the same product.
    if shape == whole:
        return Link(value.at, rule, rule)
    axes = plain.repeated(shape, whole)
    return Link(
        value.at,
        lambda g, *given: plain.fitted(rule(g, *given), axes, shape),
        lambda changes, *given: plain.spread(
            rule(plain.lifted(changes, len(whole)), *given), whole
        ),
    )


def _linear(x: Traced, function: Any, pull: Any, push: Any) -> Traced:
    """Return ``function(x)`` of a linear function, with its transpose and itself along axes."""
    step = Step(function, (x.at,), (x.value,), function(x.value), (Link(x.at, pull, push),))
    return _written(x.tape, step)


def matmul(weights: Any, x: Any) -> Any:
    """Return the product of a known matrix, which may be a sparse one of SciPy, with `x`."""
    if isinstance(weights, Traced) or not isinstance(x, Traced):
        raise TypeError("a matrix product has a derivative only where the first factor is known.")

    def times(v: Any) -> Any:
        return weights @ v

    def push(changes: Any, *_: Any) -> Any:
        if isinstance(weights, np.ndarray):
            return weights @ changes
        return np.array([weights @ change for change in changes])

    if not has_slopes(x):
        return _plain(times, x)
    return _linear(x, times, plain.turned(weights), push)


def convolved(one: Any, other: Any) -> Any:
    """Return the distribution of a sum of two counts, ``(counts, draws)``, from those of each."""
    arrays, sources, tape = _taken((one, other))
    found = plain.convolve(*arrays)
    if tape is None:
        return found
    links = []
    for i, value in enumerate((one, other)):
        if has_slopes(value):
            other = 1 - i  # of the arguments, after the slopes and the result
            pull, push = plain.correlating(other, len(value)), plain.convolving(other)
            links.append(Link(value.at, pull, push))
    return _written(tape, Step(plain.convolve, sources, arrays, found, tuple(links)))


def _sum(x: Traced, axis: Any = None, *, keepdims: bool = False) -> Traced:
    shape = x.shape
    given = range(x.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = tuple(one if one < 0 else one - x.ndim for one in given)

    def forwards(v: Any, *_: Any) -> Any:
        return v.sum(axis=axes, keepdims=keepdims)

    def back(g: Any, *_: Any) -> Any:
        return np.broadcast_to(g if keepdims else np.expand_dims(g, axes), shape)

    return _linear(x, forwards, back, forwards)


def _cumsum(x: Traced, axis: int) -> Traced:
    axis = axis if axis < 0 else axis - x.ndim

    def forwards(v: Any, *_: Any) -> Any:
        return plain.running(v, axis)

    return _linear(x, forwards, lambda g, *_: np.flip(forwards(np.flip(g, axis)), axis), forwards)


def _reshape(x: Traced, shape: Any) -> Traced:
    old, new, tape = x.shape, x.value.reshape(shape).shape, x.tape
    if (x.at, new) not in tape.shaped:
        made = _linear(
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
    return _linear(
        x,
        lambda v: np.broadcast_to(v, new),
        lambda g, *_: plain.fitted(g, axes, old),
        lambda changes, *_: plain.spread(plain.lifted(changes, len(new)), new),
    )


def _broadcast_arrays(*values: Any) -> list[Any]:
    shape = np.broadcast_shapes(*(np.shape(value) for value in values))
    return [np.broadcast_to(value, shape) for value in values]


def _expand_dims(x: Traced, axis: Any) -> Traced:
    return _reshape(x, np.expand_dims(x.value, axis).shape)


def _squeeze(x: Traced, axis: Any = None) -> Traced:
    return _reshape(x, np.squeeze(x.value, axis).shape)


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
    arrays, sources, tape = _taken(values)
    whole = joined(*arrays)
    assert tape is not None  # else NumPy would not have asked
    links = [_part(whole.shape, axis, *part) for part in parts(whole)]
    return _written(tape, Step(joined, sources, arrays, whole, tuple(links)))


def _part(shape: tuple[int, ...], axis: int, at: int, place: Any, many: bool) -> Link:
    """Return the link to a value that stands at a place, or at `many` along an axis."""

    def push(changes: Any, *_: Any) -> Any:
        found = np.zeros((len(changes), *shape))
        found[(slice(None), *place)] = np.expand_dims(changes, axis + 1) if many else changes
        return found

    if many:
        return Link(at, lambda g, *_: np.add.reduce(g[place], axis), push)
    return Link(at, lambda g, *_: g[place], push)


#: Functions of arrays that do not change with small changes.
_FLAT = {np.isneginf, np.any, np.all}
#: Functions of arrays whose results have a shape that follows from the shapes of these.
_PLAIN = {
    np.sum, np.max, np.min, np.cumsum, np.where, np.stack, np.concatenate, np.reshape,
    np.broadcast_to, np.expand_dims, np.squeeze, np.clip,
}  # fmt: skip
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
    np.clip: lambda x, low, high: np.minimum(np.maximum(x, low), high),
}
