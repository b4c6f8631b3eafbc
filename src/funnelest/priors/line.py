"""Maps between a parameter and the unconstrained line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Bijection", "bijection"]

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
        lambda z: np.log(high - low) - np.abs(z) - 2 * np.log1p(np.exp(-np.abs(z))),
    )
