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
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from funnelest.tape import arrays as plain
from funnelest.tape.slopes import Rule, Rules, is_flat, slopes_of
from funnelest.tape.sweeps import Index, Link
from funnelest.tape.tape import Step, Tape

__all__ = [
    "Held",
    "Traced",
    "changes_along",
    "declared",
    "elementwise",
    "gradient_of",
    "has_slopes",
    "held",
    "linear",
    "refuse",
    "taken",
    "traced",
    "unsloped",
    "valued",
    "written",
]

type Floats = NDArray[np.float64]


class Traced(NDArrayOperatorsMixin):
    """An array whose derivatives are wanted; see the module."""

    __slots__ = ("at", "numbers", "tape")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, numbers: Floats, tape: Tape, at: int) -> None:
        self.numbers = numbers
        self.tape = tape
        self.at = at

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.numbers.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.numbers.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.numbers.size

    @property
    def dtype(self) -> Any:
        """The type of the entries."""
        return self.numbers.dtype

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self.numbers)))

    def __repr__(self) -> str:
        return f"Traced({self.numbers!r})"

    def __getattr__(self, name: str) -> NoReturn:
        if not name.startswith("__"):  # NumPy asks for some of these by itself
            self.tape.refused = True
        raise AttributeError(f"a value whose derivatives are wanted has no {name!r}.")

    def __bool__(self) -> bool:
        refuse(self.tape, "a value per draw is neither true nor false; use funnelest.math.where.")

    def __array__(self, *_: Any, **__: Any) -> Any:
        refuse(
            self.tape,
            "a derivative is wanted, but something makes plain numbers of this value: write it "
            "with the ordinary operators and the functions of funnelest.math.",
        )

    def __float__(self) -> float:
        return float(self.__array__())

    def __array_ufunc__(self, function: Any, method: str, *values: Any, **options: Any) -> Any:
        out = options.pop("out", None)  # ``x += y`` is ``x = x + y``
        again = out is None or (out[0] is values[0] and isinstance(out[0], Traced))
        if method != "__call__" or options or not again:
            refuse(self.tape, f"{function.__name__} has no derivative when it is called like this.")
        if is_flat(function) or not any(map(has_slopes, values)):
            return unsloped(function, *values)
        if function in _rules():
            return _rules()[function](*values)
        return elementwise(function, *values)

    def __array_function__(self, function: Any, _: Any, values: Any, options: Any) -> Any:
        if function in _FLAT or (function in _PLAIN and not any(map(has_slopes, every(values)))):
            return unsloped(function, *values, **options)
        rule = _rules().get(function)
        if rule is None:
            refuse(self.tape, f"numpy.{function.__name__} has no derivative: use funnelest.math.")
        return rule(*values, **options)

    def __getitem__(self, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        if any(isinstance(one, Traced) for one in parts):
            refuse(self.tape, "which places are taken must not depend on a traced value.")
        take = operator.itemgetter(index)
        if not has_slopes(self):
            return unsloped(take, self)
        listed = [one for one in parts if isinstance(one, list | np.ndarray)]
        repeats = any(plain.twice(one) for one in listed)

        def push(changes: Any, *_: Any) -> Any:
            if len(listed) > 1:  # then it may matter which axis they begin at
                return np.array([change[index] for change in changes])
            return changes[(slice(None), *parts)]

        return linear(self, take, Index(index, repeats), push)

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
        found = bool(self.numbers)
        self.tape.ways.append((self.at, found))
        return found

    def any(self, axis: Any = None) -> Any:
        """Return whether any entry holds."""
        return unsloped(np.any, self, axis=axis)

    def all(self, axis: Any = None) -> Any:
        """Return whether all entries hold."""
        return unsloped(np.all, self, axis=axis)

    def max(self, axis: Any = None) -> Any:
        """Return the largest entry."""
        return unsloped(np.max, self, axis=axis)

    def min(self, axis: Any = None) -> Any:
        """Return the smallest entry."""
        return unsloped(np.min, self, axis=axis)


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
        found = changes.get(value.at) if has_slopes(value) else None
        return np.zeros((len(directions), *np.shape(value))) if found is None else found

    return along


def refuse(tape: Tape | None, why: str) -> NoReturn:
    """Say why there is no answer; the tape keeps that there was none, whoever catches this."""
    if tape is not None:
        tape.refused = True
    raise TypeError(why)


def written(tape: Tape, step: Step) -> Traced:
    """Write down an operation on a tape, and return its result."""
    kind = Traced if step.links else Held
    return kind(step.result, tape, tape.write(step))


def valued(value: Any) -> Any:
    """Return the array behind a value."""
    return value.numbers if isinstance(value, Traced) else value


def held(value: Any) -> Any:
    """Return a value without its derivatives."""
    if not isinstance(value, Traced):
        return value
    return Held(value.numbers, value.tape, value.at) if value.tape.again else value.numbers


def has_slopes(value: Any) -> bool:
    """Return whether a value has derivatives."""
    return type(value) is Traced


def every(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a function is given, where the first may be a list."""
    return (*values[0], *values[1:]) if isinstance(values[0], list | tuple) else values


def taken(values: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[int, ...], Tape | None]:
    """Return the arrays behind values, their places on the tape, and the tape."""
    arrays, sources, tape = [], [], None
    for value in values:
        if isinstance(value, Traced):
            tape = value.tape
            arrays.append(value.numbers)
            sources.append(value.at)
        else:
            arrays.append(value)
            sources.append(-1)
    return tuple(arrays), tuple(sources), tape


def unsloped(function: Any, *values: Any, **options: Any) -> Any:
    """Return what a function gives without derivatives, on the tape if it is done again."""
    arrays, sources, tape = taken(every(values))
    listed = isinstance(values[0], list | tuple)
    first = len(values[0]) if listed else 0

    def called(*given: Any) -> Any:
        given = (given[:first], *given[first:]) if listed else given
        return function(*given, **options)

    result = called(*arrays)
    if tape is None or not tape.again:
        return result
    made = called if listed or options else function
    return written(tape, Step(made, sources, arrays, np.asarray(result), ()))


def elementwise(function: Any, *values: Any) -> Any:
    """Return a function of single numbers whose rule is known."""
    rules = slopes_of(function)
    if rules is None:
        why = f"{function.__name__} has no known derivative: use funnelest.math."
        refuse(taken(values)[2], why)
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
    arrays, sources, tape = taken(values)
    result = np.asarray(function(*arrays))
    if tape is None:
        return result
    links = []
    for value, rule in zip(values, rules, strict=True):
        if has_slopes(value):
            if rule is None:
                name = getattr(function, "__name__", "a function")
                refuse(tape, f"{name} has no derivative in one of its arguments.")
            links.append(_own(value, rule, result.shape))
    return written(tape, Step(function, sources, arrays, result, tuple(links)))


def _own(value: Traced, rule: Rule, whole: tuple[int, ...]) -> Link:
    """Return the link of a function each entry of which depends on one of `value`."""
    shape = value.numbers.shape
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


def linear(x: Traced, function: Any, pull: Any, push: Any) -> Traced:
    """Return ``function(x)`` of a linear function, with its transpose and itself along axes."""
    step = Step(function, (x.at,), (x.numbers,), function(x.numbers), (Link(x.at, pull, push),))
    return written(x.tape, step)


@cache
def _rules() -> Mapping[Any, Callable[..., Any]]:
    """Return the rules of NumPy's functions of arrays, which are written with these values."""
    from funnelest.tape.rules import RULES

    return RULES


#: Functions of arrays that do not change with small changes.
_FLAT = {np.isneginf, np.any, np.all}
#: Functions of arrays whose results have a shape that follows from the shapes of these.
_PLAIN = {
    np.sum, np.max, np.min, np.cumsum, np.where, np.stack, np.concatenate, np.reshape,
    np.broadcast_to, np.expand_dims, np.squeeze, np.clip,
}  # fmt: skip
