"""Which lists depend on each other in a log-linear model: terms, brackets, design matrix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "brackets",
    "design",
    "independent",
    "model_problems",
    "model_without",
    "pairs",
    "read_model",
]

#: The lists that a term is about, as positions; of a hierarchical model every subset is in too.
type Term = tuple[int, ...]
type Model = str | Sequence[Sequence[str] | str]


def independent(lists: int) -> tuple[Term, ...]:
    """Return the terms of lists that do not depend on each other."""
    return tuple((i,) for i in range(lists))


def pairs(lists: int, order: int = 2) -> tuple[Term, ...]:
    """Return the terms of all interactions of up to `order` lists."""
    return tuple(t for size in range(1, order + 1) for t in combinations(range(lists), size))


def closed(generators: Iterable[Iterable[int]]) -> tuple[Term, ...]:
    """Return the generators and all their subsets, small ones first."""
    found: set[Term] = set()
    for one in generators:
        places = tuple(sorted(one))
        found.update(t for size in range(1, len(places) + 1) for t in combinations(places, size))
    return tuple(sorted(found, key=lambda t: (len(t), t)))


def generators(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms that are part of no other."""
    sets = [frozenset(t) for t in terms]
    largest = [s for s in sets if not any(s < other for other in sets)]
    return tuple(sorted((tuple(sorted(s)) for s in largest), key=lambda t: (-len(t), t)))


def brackets(terms: Iterable[Term], lists: int) -> str:
    """Return a model in the notation of the field, such as ``"[12,3]"``."""
    between = "" if lists < 10 else "."
    shown = (between.join(str(i + 1) for i in t) for t in generators(terms))
    return f"[{','.join(shown)}]"


def _positions(model: Model, lists: Sequence[str]) -> tuple[list[list[int]], list[str]]:
    """Return the generators of a model as positions, and what is wrong with it."""
    found: list[list[int]] = []
    problems: list[str] = []
    if isinstance(model, str):
        inside = re.fullmatch(r"\s*\[?([\d\s.,]+)\]?\s*", model)
        if inside is None:
            return [], [
                "a model is written by the numbers of its lists, such as '[12,3]' (list 3 "
                "independent of the pair 1 and 2), or as groups of names; "
                f"given {model!r}."
            ]
        for part in inside[1].split(","):
            digits = (
                part.strip().split(".") if "." in part or len(lists) > 9 else list(part.strip())
            )
            places = [int(d) - 1 for d in digits if d.strip()]
            problems += [
                f"model {model!r} names list {i + 1}; there are {len(lists)}."
                for i in places
                if not 0 <= i < len(lists)
            ]
            found.append(places)
        return found, problems
    if not isinstance(model, Sequence):
        return [], [f"a model is text such as '[12,3]' or groups of names; given {model!r}."]
    for group in model:
        if not isinstance(group, str | Sequence | Set):
            problems.append(f"a group of the model holds names of lists; given {group!r}.")
            continue
        names = [group] if isinstance(group, str) else list(group)
        unknown = [name for name in names if name not in lists]
        problems += [
            f"the model names list {name!r}; the lists are: {', '.join(lists)}." for name in unknown
        ]
        found.append([lists.index(name) for name in names if name in lists])
    return found, problems


def model_problems(model: Model, lists: Sequence[str]) -> list[str]:
    """Return what is wrong with a model of these lists, one sentence each."""
    groups, found = _positions(model, lists)
    if found:
        return found
    named = {i for group in groups for i in group}
    found += [
        f"the model has no term for list {name!r}: every list has one, if only by itself."
        for i, name in enumerate(lists)
        if i not in named
    ]
    found += [
        f"the model names a list twice in one term: {model!r}."
        for group in groups
        if len(set(group)) < len(group)
    ]
    if any(len(set(group)) == len(lists) for group in groups):
        found.append(
            "the model has the interaction of all lists, of which the overlaps say nothing: the "
            "number on none of them is then free. Take it out of the model."
        )
    return found


def read_model(model: Model, lists: Sequence[str]) -> tuple[Term, ...]:
    """Return the terms of a model: its generators and their subsets."""
    return closed(_positions(model, lists)[0])


def model_without(model: Model, name: str, lists: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return a model of the other lists, as groups of names: its terms without a list."""
    groups = ([lists[i] for i in t] for t in generators(read_model(model, lists)))
    kept = (tuple(one for one in group if one != name) for group in groups)
    return tuple(dict.fromkeys(group for group in kept if group))


def design(terms: Iterable[Term], lists: int) -> NDArray[np.float64]:
    """Return the design matrix, shape ``(2**lists, 1 + terms)``.

    The first column is 1, so that its coefficient is the logarithm of the expected number on no
    list; a term's column is 1 where a pattern has all of its lists. Patterns are in binary
    order, the first list foremost.
    """
    codes = np.arange(2**lists)
    on = (codes[:, None] >> np.arange(lists - 1, -1, -1)) & 1
    columns = [np.ones(2**lists)]
    columns += [on[:, list(t)].all(axis=1).astype(float) for t in terms]
    return np.stack(columns, axis=1)
