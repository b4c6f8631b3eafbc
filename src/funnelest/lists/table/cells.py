"""The counts of an overlap table as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ALL",
    "Cells",
    "is_stratified",
    "made_cells",
    "merged",
    "patterns",
    "possible_counts",
    "represented",
]

#: The name of the only stratum of a table that has none.
ALL = "all"


def patterns(lists: int) -> list[str]:
    """Return every pattern of so many lists, the empty one first, in binary order."""
    return [format(code, f"0{lists}b") for code in range(2**lists)]


def represented(pattern: str) -> list[int]:
    """Return the complete patterns that a pattern stands for, as numbers in binary."""
    found = [0]
    for letter in pattern:
        ends = (0, 1) if letter == "?" else (int(letter),)
        found = [2 * code + end for code in found for end in ends]
    return found


def is_stratified(counts: Mapping[str, Any]) -> bool:
    """Return whether the counts are those of strata."""
    return any(isinstance(one, Mapping) for one in counts.values())


@dataclass(frozen=True)
class Cells:
    """The counts of one stratum as arrays.

    Parameters
    ----------
    patterns : tuple of str
        What is counted: one pattern per count.
    counts : ndarray of float
        Number of people, shape ``(cells,)``.
    sums : ndarray of float
        Shape ``(cells, 2**lists)``: 1 where a complete pattern is part of the count. Complete
        patterns are in binary order, the empty one first; one that cannot occur is in none.
    limits : ndarray of bool
        Shape ``(cells,)``: True for a count that is only an upper limit.
    possible : ndarray of bool
        Shape ``(2**lists,)``: False for a pattern with a list that does not cover the stratum.
    """

    patterns: tuple[str, ...]
    counts: NDArray[np.float64]
    sums: NDArray[np.float64]
    limits: NDArray[np.bool_]
    possible: NDArray[np.bool_]

    @property
    def unobserved(self) -> NDArray[np.bool_]:
        """Complete patterns of which no number is known: the empty one, and mere limits.

        Those too of people on no other list than some that were not linked there.
        """
        seen = self.sums[~self.limits].sum(axis=0) > 0
        return self.possible & ~seen


def made_cells(
    given: Mapping[str, int], lists: int, absent: Sequence[int], upper: Sequence[int]
) -> Cells:
    """Return the counts of a stratum as arrays.

    `absent` and `upper` are positions of the lists that do not cover the stratum, and of those that
    also hold others.
    """
    names = patterns(lists)
    possible = np.array([all(one[i] == "0" for i in absent) for one in names])
    rows = {pattern: [c for c in represented(pattern) if possible[c]] for pattern in given}
    taken = {code for codes in rows.values() for code in codes}
    open_ = {i for pattern in given for i, letter in enumerate(pattern) if letter == "?"}
    for code in range(1, 2**lists):  # nobody was found there, where they could be found
        linked = any(names[code][i] == "1" for i in range(lists) if i not in open_)
        if possible[code] and code not in taken and linked:
            rows[names[code]] = [code]
    shown = sorted(rows, key=lambda pattern: rows[pattern][0])
    sums = np.zeros((len(shown), 2**lists))
    for i, pattern in enumerate(shown):
        sums[i, rows[pattern]] = 1.0
    return Cells(
        tuple(shown),
        np.array([float(given.get(one, 0)) for one in shown]),
        sums,
        # Of those who may be on others (?), some may be on lists that hold others alone.
        np.array([bool(upper) and _on(one) <= set(upper) for one in shown], dtype=bool),
        possible,
    )


def _on(pattern: str) -> set[int]:
    return {i for i, letter in enumerate(pattern) if letter == "1"}


def possible_counts(counts: Mapping[str, float], absent: Sequence[bool]) -> dict[str, int]:
    """Return counts of the patterns that can be seen: nobody is on a list that is absent."""
    made = {
        "".join("0" if gone else letter for letter, gone in zip(one, absent, strict=True)): int(n)
        for one, n in counts.items()
        if not any(letter == "1" for letter, gone in zip(one, absent, strict=True) if gone)
    }
    return {pattern: n for pattern, n in made.items() if set(pattern) != {"0"}}


def merged(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts in which those of a pattern that is part of another are added to it."""
    made = dict(counts)
    if not any("?" in pattern for pattern in made):
        return made
    for pattern in sorted(made, key=lambda one: one.count("?")):
        inside = set(represented(pattern))
        for other in made:
            if other != pattern and inside <= set(represented(other)):
                made[other] += made.pop(pattern)
                break
    return made
