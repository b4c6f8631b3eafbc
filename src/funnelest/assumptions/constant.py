"""Somebody holds that a part of the model is the same over an axis, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from funnelest.assumptions.base import Assumption, spoken
from funnelest.fields import Allowed, answers
from funnelest.population import Population

__all__ = ["Constant"]


@dataclass(frozen=True, kw_only=True)
class Constant(Assumption):
    """A rate, a transition, a defect or another part of the model is the same over an axis.

    What has no term for an axis is the same over it, and the ledger says so of each as a default
    that nobody stated. This states it: the model stays as it is, and the entry is an assumption,
    with its sentence and its source.

    Parameters
    ----------
    of : str or sequence of str
        The parts, by their names in the ledger: ``"rate of happened"``, ``"told -> reported"``,
        ``"coverage[police]"``; also as its sentences call them, ``"coverage of 'police'"``.
    over : str or sequence of str
        The axes.
    statement : str
        Why it may be taken so. Obligatory.
    source : str, default ""
        Citation.

    Examples
    --------
    >>> import funnelest as fe
    >>> fe.Constant(
    ...     of="coverage[police]",
    ...     over="year",
    ...     statement="the police registered by one protocol in all of these years",
    ... ).of
    'coverage[police]'
    """

    of: str | Sequence[str]
    over: str | Sequence[str]
    statement: str = ""
    source: str = ""

    allowed: ClassVar[Allowed] = {"statement": answers("why may it be taken to be the same?")}

    def _named(self) -> tuple[list[str], list[str]]:
        parts, axes = ([one] if isinstance(one, str) else list(one) for one in (self.of, self.over))
        return parts, axes

    def problems(self, population: Population) -> list[str]:
        found = super().problems(population)
        for name, value in (("of", self.of), ("over", self.over)):
            several = [value] if isinstance(value, str) else value
            fine = isinstance(several, list | tuple) and several
            if not fine or not all(isinstance(one, str) and one for one in several):
                what = "parts of the model" if name == "of" else "axes"
                found.append(f"Constant: field {name!r} must name {what}; given {value!r}.")
        return found

    def constant(self) -> Sequence[tuple[str, str]]:
        parts, axes = self._named()
        return [(part, axis) for part in parts for axis in axes]

    def words(self, language: str) -> dict[str, str]:
        show, (parts, axes) = spoken(language), self._named()
        return {
            "parts": show.listed(parts),
            "axes": show.listed([show.word(axis) for axis in axes]),
        }
