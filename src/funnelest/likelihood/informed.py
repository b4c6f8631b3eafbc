"""Which sources see which unknown parameter, and on which a quantity depends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.axes import Where
from funnelest.model.looking import Looking
from funnelest.model.model import Model
from funnelest.model.sight import CARRIED, PARTLY
from funnelest.observations.observation import silent
from funnelest.quantities.quantities import Quantities

__all__ = ["Probe", "informed"]

type Floats = NDArray[np.float64]
type Moved = NDArray[np.bool_]

#: Bases that do not say yet whether a source sees the quantity at all.
_OPEN = ("estimated", "partly imputed", "imputed", "derived", "model partly imputed")
#: Points of the prior at which every parameter is moved.
_POINTS = 5
#: How far, in prior probability, and between which probabilities the points lie.
_MOVE, _LOW, _HIGH = 0.35, 0.08, 0.92
#: A change below this part of a number is rounding: sums over cells depend on how they are split.
_ROUNDING = 1e-8


class Probe:
    """A model at some points of its prior, and with each parameter moved alone from there.

    All points are evaluated in one call: they are draws.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.names = tuple(model.free)
        size = len(self.names)
        p = np.random.default_rng(0).uniform(_LOW, _HIGH, (size, _POINTS))
        other = np.where(p < 0.5, p + _MOVE, p - _MOVE)
        moved = np.repeat(p[:, :, None], size + 1, axis=2)
        for i in range(size):
            moved[i, :, 1 + i] = other[i]
        self._draws = _POINTS * (size + 1)
        with np.errstate(all="ignore"):
            values = {
                name: np.asarray(prior.ppf(moved[i].ravel()), dtype=np.float64)
                for i, (name, prior) in enumerate(model.free.items())
            }
            self._q = Looking(model, values)

    def informed(self) -> dict[str, frozenset[str]]:
        """Return the names of the sources that see each unknown parameter.

        A source sees a parameter when its log-likelihood changes as the parameter moves alone, at
        any of the points. Where it says nothing (impossible at both points, or certain at both),
        what its distribution is made from must change. A parameter that no source sees keeps its
        prior, whatever the figures are; one that is seen may still be known only together with
        others, see `funnelest.check.identification`.
        """
        seen: dict[str, set[str]] = {name: set() for name in self.names}
        if not self.names:
            return {}
        for one in self.model.evidence:
            if not self.model.power_of(one.name):
                continue
            for i in np.flatnonzero(self._sees(one)):
                seen[self.names[i]].add(one.name)
        return {name: frozenset(sources) for name, sources in seen.items()}

    @cached_property
    def unseen(self) -> frozenset[str]:
        """Names of the unknown parameters that no source sees: they keep their priors."""
        return frozenset(name for name, sources in self.informed().items() if not sources)

    def rests_on(
        self, quantity: Callable[[Quantities], Any], basis: str = "", *, prior: bool = False
    ) -> str:
        """Return the basis of a quantity, as `Result.rests_on`; `basis` is that of its cells.

        Without one it is whether the rate is imputed in the cells over which the quantity sums.
        `prior` says that the figures were found to leave it as its prior has it.
        """
        on, wheres = self.looks_at(quantity)
        if not basis:
            filled = {self.model.imputed_part(where) for where in wheres} or {""}
            basis = filled.pop() if len(filled) == 1 else "partly imputed"
        basis = basis or "estimated"
        before = [word for word in basis.split(", ") if word not in (CARRIED, PARTLY)]
        if not all(word in _OPEN for word in before):
            return basis
        if prior or (on and on <= self.unseen):
            if before == ["imputed"]:
                return "imputed"
            return "partly imputed, assumed" if "partly imputed" in before else "assumed"
        population = self.model.population
        imputing = {name for one in self.model.assumptions for name in one.parameters(population)}
        known = [word for word in before if word != "estimated"]
        carried = self.model.sight.basis(*self.model.sight.looks_at(quantity))
        known += [carried] if carried else []
        known += ["partly assumed"] if (on & self.unseen) - imputing else []
        return ", ".join(known) or "estimated"

    def depends_on(self, quantity: Callable[[Quantities], Any]) -> frozenset[str]:
        """Return the unknown parameters that change a `quantity` when they move alone.

        All of them, when the function fails: it is then not known to be free of any.
        """
        return self.looks_at(quantity)[0]

    def looks_at(
        self, quantity: Callable[[Quantities], Any]
    ) -> tuple[frozenset[str], Sequence[Where]]:
        """Return what a `quantity` depends on, as `depends_on`, and over which cells it sums."""
        if not self.names:
            return frozenset(), ()
        try:
            with np.errstate(all="ignore"):
                value, wheres = self._q.looked(quantity)
                found = self._moved(value)[0]
        except Exception:  # whatever a user's function may do: it is not known to be free of any
            return frozenset(self.names), ()
        names = zip(self.names, found, strict=True)
        return frozenset(name for name, moved in names if moved), wheres

    def _sees(self, one: Any) -> Moved:
        """Return which parameters the likelihood of a source depends on."""
        found: Moved = np.zeros(len(self.names), dtype=bool)
        try:
            with np.errstate(all="ignore"):
                observations = list(one.observations(self._q))
        except Exception:  # a source that cannot be evaluated tells nothing
            return found
        for observation in observations:
            if _says_nothing(observation):
                continue
            try:
                with np.errstate(all="ignore"):
                    moved, unclear = self._moved(observation.logp())
            except Exception:
                moved, unclear = found, True
            found = found | moved
            if unclear and not found.all():
                # What its distribution is made from.
                for value in _arrays(observation.expected, self._draws):
                    found = found | self._moved(value)[0]
        return found

    def _moved(self, value: Any) -> tuple[Moved, bool]:
        """Return which parameters move a value, and whether it says nothing at some point.

        A log-likelihood of minus infinity says nothing, and one of exactly zero neither: that of
        a limit which is surely met.
        """
        value = np.asarray(value, dtype=np.float64)
        size = len(self.names)
        if not value.ndim or value.shape[-1] != self._draws:
            return np.zeros(size, dtype=bool), bool((~np.isfinite(value) | (value == 0)).any())
        value = value.reshape(-1, _POINTS, size + 1)
        base, other = value[..., :1], value[..., 1:]
        same = (base == other) | (np.isnan(base) & np.isnan(other))
        with np.errstate(all="ignore"):
            scale = 1.0 + np.minimum(np.abs(base), np.abs(other))
            small = np.abs(other - base) <= _ROUNDING * np.where(np.isfinite(scale), scale, 1.0)
        unclear = same & (~np.isfinite(base) | (base == 0))
        return (~same & ~small).any(axis=(0, 1)), bool(unclear.any())


def _says_nothing(seen: Any) -> bool:
    """Return whether all of its numbers were printed so that nothing is said."""
    try:
        with np.errstate(all="ignore"):
            size = len(np.atleast_2d(seen.moments()[0]))
            return len(silent(seen, size)) == size
    except Exception:  # a kind of the user's own may have no mean
        return False


def _arrays(value: Any, draws: int) -> Iterator[Floats]:
    """Yield the arrays inside a value that have one entry per draw."""
    if isinstance(value, np.ndarray):
        if value.ndim and value.shape[-1] == draws and value.dtype.kind in "fiub":
            yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _arrays(one, draws)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _arrays(one, draws)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _arrays(getattr(value, field.name), draws)


def informed(model: Model) -> Mapping[str, frozenset[str]]:
    """Return which sources see each unknown parameter; see `Probe.informed`."""
    return Probe(model).informed()
