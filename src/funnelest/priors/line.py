"""Maps between a parameter and the unconstrained line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Bijection", "bijection", "log_quantile", "reach", "softplus"]

#: A parameter keeps at least five digits of its distance to an end that is this many times nearer,
#: in logarithms, than the end is far from 0; and floats end at this logarithm.
_DIGITS, _FLOATS = 25.0, 700.0

#: Smaller quantiles, in logarithms, are not taken from the library, which soon gives 0.
_TINY = -600.0

#: To the parameter, back to the line, and the log of the slope.
type Bijection = tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]


def bijection(support: tuple[Any, Any]) -> Bijection:
    """Return the map from the line to a support, its inverse, and the log of its slope.

    The same maps as PyMC's default transforms, so that densities on the line can be compared.
    """
    from scipy.special import expit, logit

    low, high = support
    if np.all(np.isinf(low)) and np.all(np.isinf(high)):
        return (lambda z: z, lambda x: x, np.zeros_like)
    if np.all(np.isinf(high)):
        return (lambda z: low + np.exp(z), lambda x: np.log(x - low), lambda z: z)
    if np.all(np.isinf(low)):
        return (lambda z: high - np.exp(z), lambda x: np.log(high - x), lambda z: z)
    return (
        lambda z: low + (high - low) * expit(z),
        lambda x: logit((x - low) / (high - low)),
        # log(high - low) + log p + log(1 - p), with p = expit(z)
        lambda z: np.log(high - low) - softplus(z) - softplus(-z),
    )


def softplus(z: Any) -> Any:
    """Return ``log(1 + exp(z))``: minus the log of the share whose log-odds are ``-z``."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def reach(support: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return between which points of the line a parameter keeps its digits.

    Beyond them it rounds to an end of its support, or soon will.
    """
    low, high = support
    with np.errstate(all="ignore"):
        if np.all(np.isinf(low)) and np.all(np.isinf(high)):
            return low, high
        if np.all(np.isinf(low)) or np.all(np.isinf(high)):
            end = high if np.all(np.isinf(low)) else low
            return np.maximum(np.log(np.abs(end)) - _DIGITS, -_FLOATS), _FLOATS
        width = high - low
        first = np.log(np.abs(low) / width) - _DIGITS
        # The share of the width rounds to 1 before the parameter rounds to an end near 0.
        last = _DIGITS - np.maximum(np.log(np.abs(high) / width), 0.0)
        return np.maximum(first, -_FLOATS), last


def log_quantile(score: Any, below: Any, above: Any, far: Any) -> Any:
    """Return the log of a quantile at a normal `score`.

    Of the quantile as it is found from the probability `below` and from that `above` it, each in
    its own half; and of `far`, the log of the first term of its series, where it is tiny.
    """
    found = np.log(np.where(score < 0, below, above))
    return np.where(found > _TINY, found, np.minimum(far, _TINY))
