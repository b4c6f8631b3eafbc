"""Changes of counts that leave what is known of their sums as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Move", "TooLarge", "changes", "in_turn"]

type Floats = NDArray[np.float64]
#: Groups with one person more, and groups with one less.
type Move = tuple[tuple[int, ...], tuple[int, ...]]

#: Of many ways to swap, so many are kept of those that leave the same sums.
_MOST = 24


class TooLarge(Exception):
    """There are too many groups for their counts to be drawn."""


def changes(inside: NDArray[np.bool_], fixed: Sequence[bool]) -> list[Move]:
    """Return changes that leave the fixed sums as they are: groups with one more, and one less.

    One person may come, go or be in another group, and two may be in other groups, where that
    changes only sums that are not fixed.
    """
    size = inside.shape[1]
    none = size  # stands for nobody
    columns = [inside[:, i] for i in range(size)] + [np.zeros(len(inside), dtype=bool)]
    tight = np.asarray(fixed, dtype=bool)
    found: dict[Move, None] = {}

    def add(more: Sequence[int], less: Sequence[int]) -> None:
        up, down = (
            sorted(i for i in (Counter(some) - Counter(others)).elements() if i != none)
            for some, others in ((more, less), (less, more))
        )
        first, second = (tuple(up), tuple(down)) if up else (tuple(down), ())
        # One group twice: two changes of one person, which are there already.
        once = len({*first}) == len(first) and len({*second}) == len(second)
        if once and (first or second) and (second, first) not in found:
            found[first, second] = None

    singles: dict[bytes, list[int]] = {}
    for i in range(size + 1):
        singles.setdefault(columns[i][tight].tobytes(), []).append(i)
    for alike in singles.values():
        for a, b in _pairs(alike):
            add([a], [b])
    doubles: dict[bytes, list[tuple[int, int]]] = {}
    for a, b in combinations_with_replacement(range(size + 1), 2):
        key = columns[a][tight].astype(np.int8) + columns[b][tight].astype(np.int8)
        doubles.setdefault(key.tobytes(), []).append((a, b))
    for same in doubles.values():
        for two, others in _pairs(same):
            add(list(two), list(others))
    for up, down in _further(found, inside[tight]):
        add(up, down)
    return sorted(found, key=lambda move: len(move[0]) + len(move[1]))


def _further(moves: Collection[Move], fixed: NDArray[np.bool_]) -> Iterator[Move]:
    """Yield changes of more people, where those of one or two do not reach all there is.

    Without them counts that can differ would be drawn as if they could not.
    """
    size = fixed.shape[1]
    vectors = [_vector(move, size) for move in moves]
    free = size - (np.linalg.matrix_rank(fixed.astype(float)) if len(fixed) else 0)
    reached = np.linalg.matrix_rank(np.array(vectors)) if vectors else 0
    if reached == free:
        return
    for vector in _kernel(fixed.astype(float)):
        if np.abs(vector).max() > 1:
            continue
        more = np.linalg.matrix_rank(np.array([*vectors, vector]))
        if more > reached:
            reached, vectors = more, [*vectors, vector]
            yield tuple(np.flatnonzero(vector > 0)), tuple(np.flatnonzero(vector < 0))
    if reached < free:
        raise TooLarge


def _vector(move: Move, size: int) -> Floats:
    made = np.zeros(size)
    made[list(move[0])] += 1.0
    made[list(move[1])] -= 1.0
    return made


def _kernel(matrix: Floats) -> Iterator[Floats]:
    """Yield vectors whose multiples make up all that a matrix of zeros and ones takes to 0."""
    rows, size = matrix.copy(), matrix.shape[1]
    pivots: list[int] = []
    for column in range(size):
        at = len(pivots)
        if at == len(rows) or np.abs(rows[at:, column]).max() < 1e-9:
            continue
        best = at + int(np.abs(rows[at:, column]).argmax())
        rows[[at, best]] = rows[[best, at]]
        rows[at] /= rows[at, column]
        others = np.arange(len(rows)) != at
        rows[others] -= np.outer(rows[others, column], rows[at])
        pivots.append(column)
    for column in set(range(size)) - set(pivots):
        vector = np.zeros(size)
        vector[column] = 1.0
        vector[pivots] = -rows[: len(pivots), column]
        if np.abs(vector - np.rint(vector)).max() < 1e-6:
            yield np.rint(vector)


def _pairs(alike: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield all pairs; of many, those with the first two and the next."""
    if len(alike) <= _MOST:
        yield from combinations(alike, 2)
        return
    for i, one in enumerate(alike):
        for other in (*alike[:2], *alike[i + 1 : i + 2]):
            if other != one:
                yield other, one


def in_turn(moves: Sequence[Move], inside: NDArray[np.bool_]) -> tuple[list[Move], list[Move]]:
    """Return one change for every group that is in several sums or may grow alone, and the rest.

    The first one in which the group is the one that is in most sums: these are the changes that
    most of the others are made up of.
    """
    size = inside.sum(axis=0)
    first: dict[int, Move] = {}
    rest = []
    for move in moves:
        groups = [i for part in move for i in part]
        largest = max(groups, key=lambda i: (size[i], i not in first))
        if largest in first:
            rest.append(move)
        else:
            first[largest] = move
    return list(first.values()), rest
