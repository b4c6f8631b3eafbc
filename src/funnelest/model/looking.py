"""A model at some points of its prior: which cells its figures are of, and what changes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.axes import Where
from funnelest.evidence.base import Evidence
from funnelest.priors import Fixed, Shared
from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["Looking", "draws_of", "figure_cells"]

#: Between which prior probabilities parameters lie.
_LOW, _HIGH = 0.2, 0.8


class Looking(Quantities):
    """Quantities that keep the selections of cells over which they were asked to sum."""

    def __init__(self, model: Any, values: Mapping[str, Any]) -> None:
        super().__init__(model, values)
        self._looked: list[Where] = []
        self._kept: dict[Any, list[Where]] = {}

    def looked(self, function: Callable[[Quantities], Any]) -> tuple[Any, list[Where]]:
        """Return what a function of these gives, and over which cells it summed, each once."""
        self._looked = []
        found = function(self)
        return found, list({repr(one): one for one in self._looked}.values())

    def remember(self, key: Any, made: Callable[[], Any]) -> Any:
        """Return as `Quantities`; what is not computed again was summed over the same cells."""
        before, self._looked = self._looked, []
        found = super().remember(key, made)
        self._looked = before + self._kept.setdefault(key, self._looked)
        return found

    def _weighted(self, value: Any, what: Any, wheres: Sequence[Where], weight: Any) -> Any:
        self._looked += wheres
        return super()._weighted(value, what, wheres, weight)


def draws_of(model: Parts) -> dict[str, Any]:
    """Return one draw of every parameter by name; no two are equal by themselves.

    Also of those that are known numbers: whether two parts of a model are one is not asked of their
    values. A shared parameter is the one that it shares.
    """
    rng = np.random.default_rng(0)
    found = {}
    for name, prior in model.priors.items():
        p = rng.uniform(_LOW, _HIGH, 1)
        if isinstance(prior, Fixed):
            found[name] = p
        elif not isinstance(prior, Shared):
            with np.errstate(all="ignore"):
                found[name] = np.asarray(prior.ppf(p), dtype=np.float64)
    return found


def figure_cells(source: Evidence, q: Looking) -> tuple[list[Any], list[Where]]:
    """Return what a source gives of its numbers, and the cells of each of its figures.

    Both empty where it cannot be evaluated.
    """
    try:
        with np.errstate(all="ignore"):
            seen, looked = q.looked(lambda q: list(source.observations(q)))
    except Exception:  # whatever a user's function may do: it then tells nothing
        return [], []
    return seen, list(source.figure_cells(q.cells, looked))
