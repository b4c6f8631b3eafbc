"""What few draws need, in a step of its own that does nothing where none does.

An ``if`` on numbers is a fork of a program, and of some hundred draws one nearly always takes the
other way. Here there is one way: whether any entry needs more is found each time within the step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.tape.slopes import Rules
from funnelest.tape.tape import Tape
from funnelest.tape.traced import declared, gradient_of, traced

__all__ = ["replaced"]


def replaced(
    value: Any,
    where: Callable[..., NDArray[np.bool_]],
    other: Callable[..., Any],
    *arguments: Any,
) -> Any:
    """Return a value whose entries are made otherwise `where` they must be.

    Parameters
    ----------
    value : value
        What serves nearly always.
    where : callable
        ``where(value, *arguments)``, of plain arrays: which entries are made otherwise.
    other : callable
        ``other(chosen, *arguments)``: these entries, in a result of the shape of `value` or one
        that is repeated to it; the rest of it is not looked at. It is called only where there are
        any, and may choose its way by its numbers. Each entry depends on the same one of an
        argument.
    *arguments : value
        Arrays, or traced ones, that are no longer than `value` along any axis.
    """

    def whole(value: Any, *given: Any) -> Any:
        chosen = where(value, *given)
        return np.where(chosen, other(chosen, *given), value) if chosen.any() else value

    def common(g: Any, _: Any, value: Any, *given: Any) -> Any:
        chosen = where(value, *given)
        return np.where(chosen, 0.0, g) if chosen.any() else g

    def rare(i: int, g: Any, _: Any, value: Any, *given: Any) -> Any:
        chosen = where(value, *given)
        if not chosen.any():
            return np.zeros_like(g)
        start = traced(np.broadcast_to(given[i], np.shape(value)), Tape())
        made = other(chosen, *given[:i], start, *given[i + 1 :])
        # Draws do not mix; those that are not chosen may have no slope here.
        slope = gradient_of(np.where(chosen, made, 0.0), start)
        return g * np.where(chosen, slope, 0.0)

    rules: Rules = (common, *(partial(rare, i) for i in range(len(arguments))))
    return declared(whole, rules, value, *arguments)
