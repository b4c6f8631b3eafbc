"""Own kinds of which a field has the name of a member of its base, and so hides it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any

from funnelest.assumptions.base import Assumption
from funnelest.defects.base import Defect
from funnelest.evidence.base import Evidence
from funnelest.figures import Figure
from funnelest.model.parts import Parts
from funnelest.priors import Prior
from funnelest.rates import _Varying
from funnelest.terms.base import Term

__all__ = ["hidden_problems", "is_own", "parts_within"]

_KINDS = (Evidence, Defect, Assumption, Term, Figure, Prior, _Varying)
_MEMBERS = (property, cached_property, classmethod, staticmethod)


def is_own(kind: type) -> bool:
    """Return whether a class is the user's, and not one of the package."""
    return kind.__module__.split(".")[0] != __name__.split(".")[0]


def hidden_problems(model: Parts) -> list[str]:
    """Return which fields of own kinds hide a member of their base, one sentence each.

    The kind is found by its class alone: nothing of it is called.
    """
    parts = [
        getattr(model, one.name) for one in fields(Parts) if one.name not in ("route", "population")
    ]
    kinds = dict.fromkeys(type(one) for one in parts_within(parts))
    return [text for kind in kinds if is_own(kind) for text in _hidden(kind)]


def _hidden(kind: type) -> Iterator[str]:
    bases = [base for base in kind.__mro__ if base is not object and not is_own(base)]
    for field in fields(kind) if is_dataclass(kind) else ():
        for base in bases:
            if field.name in getattr(base, "__dataclass_fields__", {}):
                break  # its own field
            member = vars(base).get(field.name)
            if callable(member) or isinstance(member, _MEMBERS):
                yield (
                    f"{kind.__name__}: its field {field.name!r} hides {base.__name__}."
                    f"{field.name}, which the library asks of every kind of {base.__name__}; "
                    "give the field another name."
                )
                break


def parts_within(value: Any) -> Iterator[Any]:
    """Yield every evidence, defect, figure, prior and other part that a value holds."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from parts_within(one)
    elif not isinstance(value, type):
        if isinstance(value, _KINDS):
            yield value
        if is_dataclass(value):
            yield from parts_within([getattr(value, one.name, None) for one in fields(value)])
