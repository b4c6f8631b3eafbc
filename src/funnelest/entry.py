"""The doors of the package: what a user calls computes as the package means it to.

NumPy's reaction to a division by zero or an underflow is a setting of the process. Who sets it to
"raise" means their own arithmetic, and would get errors from inside ours, where an underflow is a
probability of zero. So each function and class that a user calls is an entry: the first one called
sets NumPy's own defaults, for all that is called from there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property, wraps
from types import FunctionType
from typing import Any, cast

import numpy as np

__all__ = ["entries", "entry", "is_entry"]

#: NumPy's defaults. What the package means to be infinite or not a number it says where it is.
_STATE: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_INSIDE = ContextVar("inside", default=False)
#: Members with these names are called by a user as those without an underscore are.
_CALLED = ("__init__", "__post_init__", "__eq__", "__repr__", "__str__", "_repr_html_")


def entry[F: Callable[..., Any]](function: F) -> F:
    """Return a function that computes in the state of the package, whatever the user's is."""

    @wraps(function)
    def inside(*given: Any, **named: Any) -> Any:
        if _INSIDE.get():  # what was meant there holds here too
            return function(*given, **named)
        token = _INSIDE.set(True)
        try:
            # Where nobody is to hear of it (inside of ours, in a process of its own) it stays so.
            now: Any = np.geterr()
            heard = {kind: how for kind, how in _STATE.items() if now[kind] != "ignore"}
            with np.errstate(**heard):
                return function(*given, **named)
        finally:
            _INSIDE.reset(token)

    inside.__entry__ = True  # type: ignore[attr-defined]
    return cast(F, inside)


def entries[C: type](kind: C) -> C:
    """Make an entry of each member that a user calls of a class: of its own, not of its bases."""
    for name, member in list(vars(kind).items()):
        if name.startswith("_") and name not in _CALLED:
            continue
        if isinstance(member, FunctionType):
            setattr(kind, name, entry(member))
        elif isinstance(member, classmethod | staticmethod):
            setattr(kind, name, type(member)(entry(member.__func__)))
        elif isinstance(member, property) and member.fget is not None:
            setattr(kind, name, property(entry(member.fget), doc=member.__doc__))
        elif isinstance(member, cached_property):
            member.func = entry(member.func)
    return kind


def is_entry(function: object) -> bool:
    """Return whether a function, or the one behind a method, is an entry."""
    return getattr(function, "__entry__", False) is True
