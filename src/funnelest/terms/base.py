"""What every term must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.axes import as_level, show_level
from funnelest.fields import plain_fields
from funnelest.population import Population
from funnelest.priors import Prior

__all__ = ["Term", "on_axis", "reference_problems", "stacked"]


class Term:
    """Base of the deviations on the link scale; a user's own kind inherits from it."""

    #: Name of the axis over which the term varies.
    axis: str

    def __post_init__(self) -> None:
        plain_fields(self)

    def problems(self, population: Population) -> list[str]:
        """Return what is wrong with the term in this `population`, one sentence each."""
        return []

    def parameters(self, name: str, population: Population) -> dict[str, Prior]:
        """Return the priors that the term of the quantity `name` needs in this `population`."""
        return {}

    def deviation(self, values: Mapping[str, Any], name: str, population: Population) -> Any:
        """Return what to add to the quantity `name` on the link scale, shaped by `on_axis`.

        From the `values` of its parameters, for the cells of the `population`.
        """
        raise TypeError(f"{type(self).__name__} does not define deviation")

    def by_default(self) -> bool:
        """Return whether its priors were left to the default, which the ledger then says."""
        return False


def reference_problems(reference: object, axis: str, population: Population) -> list[str]:
    """Return why the `reference` is not a level of the axis; none for an unknown axis."""
    known = population.axis(axis) if isinstance(axis, str) else None
    if reference is None or known is None or as_level(known.read(reference)) in known.levels:
        return []
    shown = ", ".join(show_level(level) for level in known.levels)
    return [f"field 'reference', {show_level(reference)!r}, is not a level of {axis!r} ({shown})."]


def on_axis(values: Sequence[Any], axis: str, population: Population) -> Any:
    """Return one value per level of `axis`, of length 1 on every other axis.

    Parameters
    ----------
    values : sequence of array
        One per level, each of shape ``(draws,)`` or ``(1,)``.
    axis : str
        Name of the axis.
    population : Population
        The population that has the axis.

    Returns
    -------
    array
        Shape ``(1, ..., levels, ..., 1, draws)``.
    """
    column = stacked(values)
    at = population.position(axis)
    before, after = at, len(population.axes) - at - 1
    index = (None,) * before + (slice(None),) + (None,) * after + (slice(None),)
    return column[index]


def stacked(values: Sequence[Any]) -> Any:
    """Return `values` of shape ``(draws,)`` or ``(1,)`` as one, ``(values, draws)``."""
    if not fm.is_symbol(*values):
        values = np.broadcast_arrays(*values)
    return fm.stack(values)
