"""A model at some points: which cells its figures are of, and what they ask of each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.evidence.base import Evidence
from funnelest.priors import Fixed, Prior, Shared
from funnelest.quantities.quantities import Quantities

if TYPE_CHECKING:
    from funnelest.model.parts import Parts

__all__ = ["Figures", "Looking", "draws_of", "points_of", "root_of"]

#: Between which prior probabilities parameters lie.
_LOW, _HIGH = 0.2, 0.8


class Figures(NamedTuple):
    """What a source gives of its numbers, and of which cells each of its figures is."""

    source: Evidence
    seen: list[Any]
    wheres: list[Where]
    #: Parameters that its functions ask for by their names.
    asked: frozenset[str]


class Looking(Quantities):
    """Quantities that keep the selections of cells over which they were asked to sum."""

    def __init__(self, model: Any, values: Mapping[str, Any]) -> None:
        super().__init__(model, values)
        self._looked: list[Where] = []
        self._kept: dict[Any, list[Where]] = {}
        self._asked: set[str] = set()
        self._figures: dict[int, Figures] = {}

    def figures(self, source: Evidence) -> Figures:
        """Return the figures of a source, made once; none where it cannot be evaluated."""
        if id(source) not in self._figures:
            self._asked = set()
            seen: list[Any] = []
            wheres: list[Where] = []
            checks = None
            try:
                with np.errstate(all="ignore"):
                    seen, looked = self.looked(lambda q: list(source.observations(q)))
            except Exception:  # whatever a user's function may do: it then tells nothing
                pass
            else:
                wheres, checks = list(source.figure_cells(self.cells, looked)), source.checking()
            made = Figures(source, seen, wheres, frozenset(self._asked))
            if not wheres and checks:  # such as a sensitivity: of no cells by itself
                made = made._replace(wheres=self.figures(self.source(checks[0])).wheres)
            self._figures[id(source)] = made
        return self._figures[id(source)]

    def looked(self, function: Callable[[Quantities], Any]) -> tuple[Any, list[Where]]:
        """Return what a function of these gives, and over which cells it summed, each once."""
        self._looked = []
        found = function(self)
        return found, list({repr(one): one for one in self._looked}.values())

    def parameter(self, name: str) -> Any:
        """Return as `Quantities`; that it was asked for is known afterwards."""
        found = super().parameter(name)
        self._asked.add(name)
        return found

    def remember(self, key: Any, made: Callable[[], Any]) -> Any:
        """Return as `Quantities`; what is not computed again was summed over the same cells."""
        before, self._looked = self._looked, []
        found = super().remember(key, made)
        self._looked = before + self._kept.setdefault(key, self._looked)
        return found

    def _weighted(self, value: Any, what: Any, wheres: Sequence[Where], weight: Any) -> Any:
        self._looked += wheres
        return super()._weighted(value, what, wheres, weight)


def root_of(model: Parts, name: str) -> str:
    """Return the parameter that a parameter shares, or itself; also of what is no parameter."""
    while isinstance(prior := model.priors.get(name), Shared):
        name = prior.name
    return name


def points_of(prior: Prior, rng: np.random.Generator, quantiles: int) -> NDArray[np.float64]:
    """Return values of a parameter: some quantiles of its prior, and an ordinary number.

    Two parameters may have the same quantiles when these round: those of `Gamma(0.001, 1)` are 0,
    and log-odds of 50 and of 60 are a share of 1. In the last place they then still differ.
    """
    p = rng.uniform(_LOW, _HIGH, quantiles + 1)
    with np.errstate(all="ignore"):
        found = np.asarray(prior.ppf(p), dtype=np.float64)
    low, high = prior.support
    if np.isfinite(low) and np.isfinite(high):
        found[-1] = low + (high - low) * p[-1]
    elif np.isfinite(low):
        found[-1] = low + max(1.0, abs(low)) * p[-1]
    elif np.isfinite(high):
        found[-1] = high - max(1.0, abs(high)) * p[-1]
    else:
        found[-1] = p[-1] - 0.5
    return found


def draws_of(model: Parts) -> dict[str, Any]:
    """Return two draws of every parameter by name; no two parameters are equal in both.

    Also of those that are known numbers: whether two parts of a model are one is not asked of their
    values. A shared parameter is the one that it shares.
    """
    rng = np.random.default_rng(0)
    found = {}
    for name, prior in model.priors.items():
        if isinstance(prior, Fixed):
            found[name] = rng.uniform(_LOW, _HIGH, 2)
        elif not isinstance(prior, Shared):
            found[name] = points_of(prior, rng, 1)
    return found
