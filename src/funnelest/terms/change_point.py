"""A term that changes at stated levels, such as the year of a new protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from funnelest.axes import show_level
from funnelest.fields import AXIS, Allowed, instance, is_integer, wrong_fields
from funnelest.population import Population
from funnelest.priors import Normal, Prior
from funnelest.terms.base import Term, on_axis

__all__ = ["ChangePoint"]


@dataclass(frozen=True)
class ChangePoint(Term):
    r"""A step at each of some stated levels of a numeric axis, lasting until the next.

    For a break in a series that everybody knows of: a new registration protocol, a publicity
    shock, a hotline opened to all ages. Put it on the coverage of the register, not on the rate
    of what happened.

    Parameters
    ----------
    axis : str
        Name of the axis, such as ``"year"``.
    at : int or sequence of int
        First level of each new period, ascending.
    prior : Prior, default Normal(0, 1)
        Of each change: a difference of log-odds for shares, of logarithms for `Number`.

    Notes
    -----
    :math:`g(r_t) = g(r_0) + \sum_{k:\, a_k \le t} \delta_k`, with :math:`a_k` the stated levels
    and :math:`r_0` the value before the first.
    """

    axis: str
    at: int | Sequence[int]
    prior: Prior | None = None

    allowed: ClassVar[Allowed] = {"axis": AXIS, "prior": instance(Prior, "a prior").or_none}

    def _at(self) -> tuple[Any, ...]:
        return tuple(self.at) if isinstance(self.at, list | tuple) else (self.at,)

    def problems(self, population: Population) -> list[str]:
        wrong = wrong_fields(self, population=population)
        found = [text for texts in wrong.values() for text in texts]
        if "axis" not in wrong:
            found += self._at_problems(population)
        return [f"ChangePoint: {text}" for text in found]

    def _at_problems(self, population: Population) -> list[str]:
        axis = population.axis(self.axis)
        assert axis is not None
        if not axis.numeric:
            return [f"it needs an axis of numbers; {self.axis!r} has names."]
        found = []
        starts = [axis.bounds(i)[0] for i in range(len(axis.levels))]
        first, last = min(starts), max(starts)
        for one in self._at():
            if not is_integer(one):
                found.append(f"field 'at' must be whole numbers; given {one!r}.")
            elif not first < one <= last:
                found.append(
                    f"{one} lies outside the levels of {self.axis!r} that can begin a "
                    f"new period, {min(s for s in starts if s > first) if last > first else first}"
                    f" to {last}."
                )
            elif one not in starts:
                cut = next(
                    level
                    for i, level in enumerate(axis.levels)
                    if axis.bounds(i)[0] < one <= axis.bounds(i)[1]
                )
                found.append(f"{one} cuts the band {show_level(cut)}.")
        if not found and list(self._at()) != sorted(set(self._at())):
            found.append(f"field 'at' must ascend; given {self.at!r}.")
        if not self._at():
            found.append("field 'at' names no level.")
        return found

    def _label(self, name: str, at: int) -> str:
        return f"{name}[from {self.axis} {at}]"

    def parameters(self, name: str, population: Population) -> dict[str, Prior]:
        prior = Normal(0.0, 1.0) if self.prior is None else self.prior
        return {self._label(name, one): prior for one in self._at()}

    def deviation(self, values: Mapping[str, Any], name: str, population: Population) -> Any:
        axis = population.axis(self.axis)
        assert axis is not None
        changes = {one: values[self._label(name, one)] for one in self._at()}
        none = 0.0 * sum(changes.values())
        column = [
            none + sum(change for at, change in changes.items() if at <= axis.bounds(i)[0])
            for i in range(len(axis.levels))
        ]
        return on_axis(column, self.axis, population)

    def by_default(self) -> bool:
        return self.prior is None
