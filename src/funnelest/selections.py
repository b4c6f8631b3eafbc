"""Many selections of cells: their places, which of them meet, and the mask of each when asked for.

A selection is a product: the positions of the chosen levels on each axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Index", "Masks", "joined", "places"]

#: The positions of the chosen levels, one array per axis.
type Chosen = Sequence[NDArray[np.intp]]
type Mask = NDArray[np.bool_]


def places(chosen: Chosen, lengths: Sequence[int]) -> NDArray[np.intp]:
    """Return the places of the chosen cells in an array of these `lengths`, flattened."""
    found = np.zeros(1, dtype=np.intp)
    for one, length in zip(chosen, lengths, strict=True):
        found = (found[:, None] * length + one).ravel()
    return found


class Index:
    """Which of some selections have each level of each axis, to find those that share a cell.

    Sets of selections are whole numbers, one bit for each: no pair is ever compared.
    """

    def __init__(self, selections: Sequence[Chosen]) -> None:
        axes = len(selections[0]) if selections else 0
        self._all = (1 << len(selections)) - 1
        self._having: list[dict[int, int]] = [{} for _ in range(axes)]
        for i, chosen in enumerate(selections):
            for having, levels in zip(self._having, chosen, strict=True):
                for level in levels.tolist():
                    having[level] = having.get(level, 0) | 1 << i

    def meeting(self, chosen: Chosen, among: int = -1) -> Iterator[int]:
        """Yield the numbers of the selections that share a cell with the chosen ones, ascending.

        Only those `among` a set of them.
        """
        found = self._all & among
        for having, levels in zip(self._having, chosen, strict=True):
            some = 0
            for level in levels.tolist():
                some |= having.get(level, 0)
            found &= some
        while found:
            lowest = found & -found
            yield lowest.bit_length() - 1
            found ^= lowest


class Masks(Sequence[Mask]):
    """Masks over the cells, each made when it is asked for: all of them may be too large."""

    def __init__(self, wheres: Sequence[Any], mask: Callable[[Any], Mask]) -> None:
        self._wheres = wheres
        self._mask = mask

    def __len__(self) -> int:
        return len(self._wheres)

    @overload
    def __getitem__(self, i: int) -> Mask: ...
    @overload
    def __getitem__(self, i: slice) -> Masks: ...
    def __getitem__(self, i: int | slice) -> Mask | Masks:
        found = self._wheres[i]
        return Masks(found, self._mask) if isinstance(i, slice) else self._mask(found)


def joined(bands: Sequence[set[int]]) -> list[set[int]]:
    """Return the bands of an axis, those that overlap as one."""
    found: list[set[int]] = []
    for band in bands:
        apart = [one for one in found if not one & band]
        found = [*apart, band.union(*(one for one in found if one & band))]
    return found
