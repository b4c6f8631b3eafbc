"""The slope of every function of single numbers, in each of its arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from funnelest.tape.arrays import expit

__all__ = ["Rule", "Rules", "is_flat", "slopes_of"]

#: The slope in one argument times `g`: ``rule(g, result, *arguments)``, on arrays.
type Rule = Callable[..., Any]
#: One for each argument; None where no derivative is known.
type Rules = tuple[Rule | None, ...]


def slopes_of(function: Any) -> Rules | None:
    """Return the slopes of a function of NumPy or of `scipy.special`; None when not known."""
    found = _OF_NUMPY.get(function)
    return _of_scipy().get(function) if found is None else found


def is_flat(function: Any) -> bool:
    """Return whether small changes change nothing: the results are then plain arrays."""
    return function in _FLAT


#: Functions that do not change with small changes: their results are plain arrays.
_FLAT = {
    np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal,
    np.isfinite, np.isinf, np.isnan, np.sign, np.floor, np.ceil, np.rint,
}  # fmt: skip


_OF_NUMPY: dict[Any, Rules] = {
    np.add: (lambda g, *_: g, lambda g, *_: g),
    np.subtract: (lambda g, *_: g, lambda g, *_: -g),
    np.multiply: (lambda g, r, x, y: g * y, lambda g, r, x, y: g * x),
    np.true_divide: (lambda g, r, x, y: g / y, lambda g, r, x, y: g * (-r / y)),
    np.power: (
        lambda g, r, x, y: g * (y * np.power(x, y - 1.0)),
        lambda g, r, x, y: g * (r * np.log(x)),
    ),
    np.maximum: (lambda g, r, x, y: g * (x >= y), lambda g, r, x, y: g * (x < y)),
    np.minimum: (lambda g, r, x, y: g * (x <= y), lambda g, r, x, y: g * (x > y)),
    np.logaddexp: (
        lambda g, r, x, y: g * np.exp(x - r),
        lambda g, r, x, y: g * np.exp(y - r),
    ),
    np.positive: (lambda g, *_: g,),
    np.negative: (lambda g, *_: -g,),
    np.absolute: (lambda g, r, x: g * np.sign(x),),
    np.square: (lambda g, r, x: g * (2.0 * x),),
    np.reciprocal: (lambda g, r, x: g * (-r * r),),
    np.sqrt: (lambda g, r, x: g * (0.5 / r),),
    np.exp: (lambda g, r, x: g * r,),
    np.expm1: (lambda g, r, x: g * (r + 1.0),),
    np.log: (lambda g, r, x: g / x,),
    np.log1p: (lambda g, r, x: g / (1.0 + x),),
    np.sin: (lambda g, r, x: g * np.cos(x),),
    np.cos: (lambda g, r, x: g * -np.sin(x),),
    np.tanh: (lambda g, r, x: g * (1.0 - r * r),),
    expit: (lambda g, r, x: g * (r * (1.0 - r)),),
    np.arctan: (lambda g, r, x: g / (1.0 + x * x),),
}


@cache
def _of_scipy() -> dict[Any, Rules]:
    import scipy.special as sp

    def beta(g: Any, a: Any, b: Any, x: Any) -> Any:
        return g * np.exp(sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - sp.betaln(a, b))

    def gamma(g: Any, a: Any, x: Any) -> Any:
        return g * np.exp(sp.xlogy(a - 1, x) - x - sp.gammaln(a))

    return {
        sp.expit: (lambda g, r, x: g * (r * (1.0 - r)),),
        sp.logit: (lambda g, r, x: g / (x * (1.0 - x)),),
        sp.gammaln: (lambda g, r, x: g * sp.psi(x),),
        sp.gammainc: (None, lambda g, r, a, x: gamma(g, a, x)),
        sp.gammaincc: (None, lambda g, r, a, x: -gamma(g, a, x)),
        sp.betainc: (None, None, lambda g, r, a, b, x: beta(g, a, b, x)),
        sp.betaincc: (None, None, lambda g, r, a, b, x: -beta(g, a, b, x)),
        sp.xlogy: (lambda g, r, x, y: g * np.log(y), lambda g, r, x, y: g * x / y),
        sp.xlog1py: (lambda g, r, x, y: g * np.log1p(y), lambda g, r, x, y: g * x / (1.0 + y)),
        sp.ndtr: (lambda g, r, x: g * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi),),
        sp.log_ndtr: (lambda g, r, x: g * np.exp(-0.5 * x * x - r) / np.sqrt(2 * np.pi),),
    }
