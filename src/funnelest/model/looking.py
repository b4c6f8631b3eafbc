"""A model at some points of its prior: which cells its figures are of, and what changes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.evidence.base import Evidence
from funnelest.priors import Fixed, Prior, Shared
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


def draws_of(model: Parts, probabilities: NDArray[np.float64] | None = None) -> dict[str, Any]:
    """Return values of every parameter by name, one per draw; no two are equal by themselves.

    Also of those that are known numbers: whether two parts of a model are one is not asked of their
    values. A shared parameter is the one that it shares.
    """
    rng = np.random.default_rng(0)
    names = [name for name, prior in model.priors.items() if not isinstance(prior, Shared)]
    if probabilities is None:
        probabilities = rng.uniform(_LOW, _HIGH, (len(names), 1))
    with np.errstate(all="ignore"):
        return {
            name: _value(model.priors[name], p)
            for name, p in zip(names, probabilities, strict=True)
        }


def _value(prior: Prior, p: NDArray[np.float64]) -> NDArray[np.float64]:
    return p.copy() if isinstance(prior, Fixed) else np.asarray(prior.ppf(p), dtype=np.float64)


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
