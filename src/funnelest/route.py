"""The route: steps, the transitions between them, and who can get where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from funnelest.entry import entries
from funnelest.errors import raise_if_any
from funnelest.fields import NAME, TEXT, key_problems, plain

__all__ = ["Route"]

type Edge = tuple[str, str]


def show_edge(edge: Sequence[str]) -> str:
    """Return a transition as text, ``told -> reported``."""
    return " -> ".join(edge)


@entries
@dataclass(frozen=True, init=False)
class Route:
    """Steps that people pass, and the transitions by which they pass them.

    A route is a directed acyclic graph that everybody enters at the first step. From each
    step a person goes to one of its successors, or stops there.

    Parameters
    ----------
    *steps : str
        Names of the steps, in an order in which every transition goes forward. One step is enough
        for a prevalence alone.
    skips : sequence of (str, str), default ()
        Transitions beside those from each step to the one after it.
    edges : sequence of (str, str), optional
        All transitions, for a route that is not a chain with skips. Not together with `skips`.
    unit : str, default ""
        What the numbers of the route count, in the plural, such as ``"children"``; tables, figures
        and pages say so. Left out: they say "people".
    definition : str, default ""
        By which definition, such as ``"severe hands-on violence"``. A source that states another
        unit or definition needs a `Bridge`.

    Attributes
    ----------
    steps : tuple of str
        The steps in order.
    edges : tuple of (str, str)
        The transitions, ordered by their first and then by their second step.

    Raises
    ------
    SpecError
        With every problem: an unknown step, a step named twice, a cycle, a step that cannot be
        reached from the first.

    Examples
    --------
    >>> import funnelest as fe
    >>> route = fe.Route("happened", "told", "reported", skips=[("happened", "reported")])
    >>> route.successors("happened")
    ('told', 'reported')
    """

    steps: tuple[str, ...]
    edges: tuple[Edge, ...]
    unit: str
    definition: str

    def __init__(
        self,
        *steps: str,
        skips: Iterable[Sequence[str]] = (),
        edges: Iterable[Sequence[str]] | None = None,
        unit: str = "",
        definition: str = "",
    ) -> None:
        problems = TEXT.problems("unit", unit) + TEXT.problems("definition", definition)
        names = [step for step in steps if isinstance(step, str) and step]
        problems += [text for step in steps for text in NAME.said("a step", step)]
        if not steps:
            problems.append("a route needs at least one step; given none.")
        problems += [
            f"step {step!r} is named twice."
            for step in dict.fromkeys(names)
            if names.count(step) > 1
        ]
        read = []
        for what, given in (("skips", skips), ("edges", () if edges is None else edges)):
            single = isinstance(given, str | Mapping) or (
                isinstance(given, np.ndarray) and given.ndim == 0
            )
            if single or not isinstance(given, Iterable):
                problems.append(f"{what} must be a list of pairs of steps; given {given!r}.")
                given = ()
            read.append([_pair(edge) for edge in given])
        skips = read[0]
        if edges is not None and skips:
            problems.append("give edges or skips, not both: edges lists every transition.")
        chain = list(pairwise(names))
        wanted = [*chain, *skips] if edges is None else read[1]
        good = _checked_edges(wanted, names, problems)
        if not problems:
            for step in names[1:]:
                if not _leads(good, names[0], step):
                    problems.append(
                        f"step {step!r} cannot be reached from the first step {names[0]!r}; "
                        "add a transition to it."
                    )
        raise_if_any(problems, "the route")
        good.sort(key=lambda edge: (names.index(edge[0]), names.index(edge[1])))
        object.__setattr__(self, "steps", tuple(names))
        object.__setattr__(self, "edges", tuple(good))
        object.__setattr__(self, "unit", unit)
        object.__setattr__(self, "definition", definition)

    @property
    def counted(self) -> str:
        """What the numbers count: the `unit`, or "people"."""
        return self.unit or "people"

    def successors(self, step: str) -> tuple[str, ...]:
        """Return the steps that directly follow `step`, in step order."""
        return tuple(b for a, b in self.edges if a == step)

    def leads(self, first: str, last: str) -> bool:
        """Return whether some path runs from `first` to `last`."""
        return _leads(self.edges, first, last)

    def always_passes(self, middle: str, last: str, first: str | None = None) -> bool:
        """Return whether every path from `first`, by default the first step, passes `middle`.

        On its way to `last`.
        """
        first = self.steps[0] if first is None else first
        if middle in (last, first):
            return True
        without = [edge for edge in self.edges if middle not in edge]
        return not _leads(without, first, last)

    def is_skip(self, edge: Edge) -> bool:
        """Return whether a transition jumps over a step of the listed order."""
        return self.steps.index(edge[1]) - self.steps.index(edge[0]) > 1

    def to_dict(self) -> dict[str, Any]:
        """Return the route as plain JSON types."""
        return {
            "steps": list(self.steps),
            "edges": [list(edge) for edge in self.edges],
            "unit": self.unit,
            "definition": self.definition,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Route:
        """Rebuild a route from `to_dict`."""
        found = key_problems("the route", data, ("steps", "edges", "unit", "definition"))
        if not found and not isinstance(data["steps"], list):
            found = [f"steps must be a list; given {data['steps']!r}."]
        raise_if_any(found, "the route")
        return cls(
            *data["steps"],
            edges=data["edges"],
            unit=data["unit"],
            definition=data["definition"],
        )

    def __repr__(self) -> str:
        chain = list(pairwise(self.steps))
        if all(edge in self.edges for edge in chain):
            skips = [show_edge(edge) for edge in self.edges if edge not in chain]
            extra = f"; skips {', '.join(skips)}" if skips else ""
            return f"Route({show_edge(self.steps)}{extra})"
        return f"Route({', '.join(show_edge(edge) for edge in self.edges)})"


def _pair(edge: Any) -> Any:
    """Return a transition as a tuple of Python's own texts, a row of an array too."""
    made = plain(edge.tolist() if isinstance(edge, np.ndarray) else edge)
    return tuple(made) if isinstance(made, list) else made


def _leads(edges: Iterable[Edge], first: str, last: str) -> bool:
    return _reaches(tuple(edges), first, last)


@lru_cache(maxsize=4096)  # asked at every evaluation of a model
def _reaches(edges: tuple[Edge, ...], first: str, last: str) -> bool:
    reached, frontier = {first}, [first]
    while frontier:
        step = frontier.pop()
        for a, b in edges:
            if a == step and b not in reached:
                reached.add(b)
                frontier.append(b)
    return last in reached


def _checked_edges(wanted: list[Any], names: list[str], problems: list[str]) -> list[Edge]:
    """Return the well-formed transitions and add a sentence for every other one."""
    good: list[Edge] = []
    for edge in wanted:
        if isinstance(edge, str) or not isinstance(edge, Sequence) or len(edge) != 2:
            problems.append(f"a transition is a pair of steps; given {edge!r}.")
            continue
        a, b = edge
        unknown = [step for step in (a, b) if not isinstance(step, str) or step not in names]
        if unknown:
            problems += [
                f"the transition {a!r} -> {b!r} names the unknown step {step!r}; "
                f"the steps are: {', '.join(names)}."
                for step in unknown
            ]
        elif (a, b) in good:
            problems.append(f"the transition {a!r} -> {b!r} is given twice.")
        else:
            good.append((a, b))
    for a, b in good:
        if a == b or _leads(good, b, a):
            problems.append(
                f"the transition {a!r} -> {b!r} lies on a cycle; a route never returns to a step."
            )
        elif names.index(a) > names.index(b):
            problems.append(
                f"the transition {a!r} -> {b!r} runs backwards in the order of the steps; "
                "list the steps so that every transition goes forward."
            )
    return good
