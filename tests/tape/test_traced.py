"""Values that write down how they were made: every function, both ways, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import scipy.special as sp

import funnelest.math as fm
from funnelest.tape.seldom import replaced
from funnelest.tape.slopes import is_flat, slopes_of
from funnelest.tape.traced import Traced, changes_along, gradient_of, traced

X = np.random.default_rng(3).uniform(0.15, 0.85, (2, 3, 4))
WEIGHTS = np.random.default_rng(4).uniform(0, 1, (5, 6))
K = np.array([2.0, 3.0, 7.0, 1.0])

#: Every function of `funnelest.math`, and what NumPy does with a traced value.
CASES = {
    "add": lambda x: x + 1.0 + x[0] + K,
    "subtract": lambda x: 2.0 - x - x[1],
    "multiply": lambda x: K * x * x[:, :1],
    "divide": lambda x: 1.0 / x + x / K + x[0] / x,
    "power": lambda x: x**3 + 2.0**x + x ** x[0],
    "signs": lambda x: -x + (+x) + abs(x - 0.5),
    "square": lambda x: np.square(x) + np.reciprocal(x),
    "in place": lambda x: twice(x),
    "exp": lambda x: fm.exp(x) + fm.expm1(x),
    "log": lambda x: fm.log(x) + fm.log1p(x) + fm.sqrt(x),
    "logit": lambda x: fm.logit(x) + fm.expit(x) + sp.logit(x),
    "gammaln": lambda x: fm.gammaln(x + K),
    "gammainc": lambda x: fm.gammainc(K, x) - fm.gammaincc(K, 3 * x),
    "log_ndtr": lambda x: fm.log_ndtr(3 * x) - fm.log_ndtr(-x),
    "betainc": lambda x: fm.betainc(K, 2.0, x) + sp.betaincc(2.0, K, x),
    "xlogy": lambda x: sp.xlogy(x, x + 1) + sp.xlog1py(K, -x),
    "normal": lambda x: sp.ndtr(x) + sp.log_ndtr(-x),
    "waves": lambda x: np.sin(x) + np.cos(x) + np.tanh(x) + np.arctan(x),
    "extremes": lambda x: fm.maximum(x, 0.5) + fm.minimum(x[0], x[1]) + np.clip(x, 0.3, 0.6),
    "logaddexp": lambda x: np.logaddexp(x, 2 * x[0]),
    "where": lambda x: fm.where(x > 0.4, x * x, 3 * x[0]),
    "sum": lambda x: fm.sum(x, axis=1) + fm.sum(x, axis=(0, -2)) + x.sum(0, keepdims=True)[0, :2],
    "sum of all": lambda x: fm.sum(x * x) + x[0, 0],
    "cumsum": lambda x: fm.cumsum(x * x, 1),
    "logsumexp": lambda x: fm.logsumexp(5 * x, axis=1),
    "matmul": lambda x: fm.matmul(WEIGHTS, x.reshape(6, 4)),
    "sparse": lambda x: fm.matmul(scipy.sparse.csr_array(WEIGHTS), x.reshape((6, -1))),
    "convolve": lambda x: fm.convolve(x[0], np.concatenate([K[None]] * 5)) + 0 * K,
    "convolve both": lambda x: fm.convolve(x[0], x[1, :2]),
    "stack": lambda x: fm.stack([x[0, 0], K, x[1, 0]], axis=1),
    "stack last": lambda x: fm.stack([x[0], x[1] * x[0]], axis=-1),
    "concatenate": lambda x: fm.concatenate([x[0], K[None], x[1, 1:]], axis=0),
    "index": lambda x: x[0][[2, 0, 0]] + x[:, 1:2][0] + x[[1]][0, 0] + x[None, ..., :][0, 1],
    "two lists": lambda x: x[[0, 1, 1], :, :][:, [0, 2]] * x[0, [0, 1], None, :][:, 0],
    "mask": lambda x: x[:, np.array([True, False, True])],
    "shapes": lambda x: np.squeeze(np.expand_dims(x, 1), 1) * np.broadcast_to(x[0], (2, 3, 4)),
    "arrays": lambda x: np.broadcast_arrays(x[0, :1], x[1])[0] * K,
    "replaced": lambda x: replaced(x * x, chosen, lambda _, x, y: fm.exp(x) * y, x, x[0]),
    "constant": lambda x: x * fm.constant(x),
    "flat": lambda x: x * fm.floor(3 * x) + np.sign(x) * x,
}  # fmt: skip


def chosen(value, x, y):
    return (value > 0.25) & (y < 0.7)


def twice(x):
    y = x * 1.0
    y += x * x
    return y


@pytest.mark.parametrize("case", CASES)
def test_both_ways_are_the_slope(case):
    function = CASES[case]
    held = function(X) if case != "constant" else X * X
    start = traced(X)
    with np.errstate(all="ignore"):
        result = function(start)
    np.testing.assert_allclose(result.numbers, held, rtol=1e-14)
    directions = np.random.default_rng(5).standard_normal((3, *X.shape))
    if case == "constant":
        numeric = directions * X
    else:
        numeric = np.array(
            [(function(X + 1e-6 * d) - function(X - 1e-6 * d)) / 2e-6 for d in directions]
        )
    forwards = changes_along(start, directions)(result)
    np.testing.assert_allclose(
        np.broadcast_to(forwards, numeric.shape), numeric, rtol=1e-6, atol=1e-8
    )
    backwards = gradient_of(result, start)
    found = (backwards * directions).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(found, numeric.reshape(3, -1).sum(axis=1), rtol=1e-6, atol=1e-7)


def test_every_function_of_the_module_is_tried():
    import inspect

    source = inspect.getsource(inspect.getmodule(test_every_function_of_the_module_is_tried))
    assert [name for name in fm.__all__ if f"fm.{name}(" not in source] == []


def test_what_does_not_depend_on_the_start_has_no_slope():
    start = traced(X)
    other = traced(X[0], start.tape)
    for value in (np.ones(4), other * 2.0):
        assert not gradient_of(value, start).any()
        assert not changes_along(start, X[None])(value).any()


REFUSED = {
    "an array": np.asarray,
    "a number": float,
    "an unknown function": np.arccosh,
    "an unknown function of arrays": np.median,
    "a reduction": np.multiply.reduce,
    "into an array": lambda x: np.zeros(4).__iadd__(x),
    "a part of an array": lambda x: np.zeros((2, 4)).__setitem__(0, x),
    "another argument": lambda x: sp.gammainc(x, 2.0),
    "an unknown matrix": lambda x: np.matmul(x, np.ones((4, 2))),
    "a condition": bool,
    "a list": lambda x: np.array([x, x]),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_has_no_known_slope_is_refused(what):
    x = traced(X[0, 0])
    with pytest.raises(TypeError):
        REFUSED[what](x)


def test_comparisons_are_plain():
    x = traced(X)
    assert isinstance(x > 0.5, np.ndarray)
    assert not isinstance(np.isfinite(x), Traced)
    assert is_flat(np.floor)
    assert slopes_of(np.arccosh) is None
