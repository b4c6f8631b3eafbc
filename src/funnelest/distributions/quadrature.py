"""Integrals over one hidden number per draw, by a trapezoidal rule stretched around the mode."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funnelest import math as fm

__all__ = ["gamma_average", "stretched", "without_slopes"]

type Value = Any

#: Nodes: where both sides fall off as a normal density, and where one may be an exponential one.
_NODES, _MORE = 44, 80
#: How soon the nodes change from one spacing to the other around the mode.
_BEND = 0.25
#: Of the search for where an integrand is: fall at which it ends, points at a time, and rounds.
_FALL, _POINTS, _ROUNDS = 24.0, 9, 5
#: A smaller coefficient of variation is one of this, which no count tells from 0.
_LEAST = np.float64(1e-5)


def stretched(
    mode: Value, left: Value, right: Value, dimensions: int, nodes: int = _NODES
) -> tuple[Value, Value]:
    """Return nodes from `left` below to `right` above a mode, and the logs of their weights.

    The nodes are on a new first axis of so many `dimensions` and one; each side has a spacing of
    its own.
    """
    left, right = fm.maximum(left, right / 8), fm.maximum(right, left / 8)
    u = np.linspace(-1.0, 1.0, nodes).reshape(-1, *(1,) * dimensions)
    root = np.sqrt(u * u + _BEND**2)
    even = 0.5 * (left + right)
    bend = 0.5 * (right - left) / (math.sqrt(1 + _BEND**2) - _BEND)
    t = mode + even * u + bend * (root - _BEND)
    weight = fm.log(even + bend * (u / root)) + math.log(2 / (nodes - 1))
    return t, weight


def without_slopes(
    search: Callable[..., tuple[Value, Value]], *given: Value
) -> tuple[Value, Value]:
    """Return ``search(*given)``, two values on which what is computed does not depend.

    So that no gradient goes through the search.
    """
    if not fm.is_symbol(*given):
        return search(*(fm.constant(value) for value in given))
    # PyMC takes PyTensor's `disconnected_grad` out before it differentiates.
    import pytensor.tensor as pt
    from pytensor.compile.builders import OpFromGraph

    symbols = [pt.as_tensor(value) for value in given]
    inner = [value.type() for value in symbols]
    found = OpFromGraph(
        inner,
        list(search(*inner)),
        pullback=lambda inputs, *_: [pt.zeros_like(one) for one in inputs],
    )
    one, other = found(*symbols)
    return one, other


def gamma_average(
    log_f: Callable[..., Value], cv: Value, low: Any, high: Any, *given: Value
) -> Value:
    """Return the log of the mean of a function of a gamma variable, per draw.

    Parameters
    ----------
    log_f : callable
        ``log_f(u, *given)``: the logarithm of the function where the logarithm of the variable is
        `u`, both of shape ``(nodes, draws)``.
    cv : value
        Coefficient of variation of the variable, whose mean is 1; shape ``(draws,)``.
    low, high : callable
        ``low(cv, *given)`` and `high`: numbers between which, with 0, the product of the function
        and the density of the variable on the logarithmic scale has its mode.
    *given : value
        What the function depends on, arrays with the draws on the last axis.

    Notes
    -----
    The rule of `LogisticNormalBinomial`. Where the integrand is, is found from its values alone:
    nine points between the ends, then again between the neighbours of those within 24 of the
    highest, five times. A function without a second peak is not missed. The logarithm is less than
    1e-7 off where the coefficient of variation is below 2.
    """

    def integrand(u: Value, cv: Value, *given: Value) -> Value:
        cv = fm.maximum(cv, _LEAST)
        shape = 1.0 / (cv * cv)
        # ``a log a - a - log gamma(a)``, whose terms cancel where `a` is large.
        large = fm.maximum(shape, 100.0)
        series = 0.5 * fm.log(large / (2 * math.pi)) - 1 / (12 * large) + 1 / (360 * large**3)
        small = fm.minimum(shape, 100.0)
        exact = small * fm.log(small) - small - fm.gammaln(small)
        height = fm.where(shape > 100.0, series, exact)
        return height + shape * (u - fm.expm1(u)) + log_f(u, *given)

    def search(cv: Value, *given: Value) -> tuple[Value, Value]:
        # The gamma variable alone has fallen so far at these ends (Bernstein's inequality).
        ratio = _FALL * fm.maximum(cv, _LEAST) ** 2
        first = fm.minimum(low(cv, *given), 0.0) - ratio / 3 - fm.sqrt((ratio / 3) ** 2 + 2 * ratio)
        last = fm.maximum(high(cv, *given), 0.0) + fm.sqrt(2 * ratio)
        at = np.linspace(0.0, 1.0, _POINTS)[:, None]
        mode = first
        for _ in range(_ROUNDS):
            step = (last - first) / (_POINTS - 1)
            u = first + (last - first) * at
            h = integrand(u, cv, *given)
            top = h.max(axis=0)
            mode = fm.where(h >= top, u, first).max(axis=0)
            near = h > top - _FALL
            start, end = first, last
            first = fm.maximum(fm.where(near, u, mode).min(axis=0) - step, start)
            last = fm.minimum(fm.where(near, u, mode).max(axis=0) + step, end)
        return stretched(mode, mode - first, last - mode, 1, _MORE)

    u, weight = without_slopes(search, cv, *given)
    return fm.logsumexp(integrand(u, cv, *given) + weight, axis=0)
