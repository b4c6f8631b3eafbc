"""Programs of one function, each for the ways that it takes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from funnelest.tape.program import Fork, Program

__all__ = ["Kept", "Ways"]

#: The most programs for points of one number.
_MOST = 16
#: So often more than twice as it was of use it is looked for a program in vain.
_VAIN = 16


class Kept:
    """A program, and how often it was used."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.used = 0


class Ways:
    """The programs of a function for points of one number, as a tree.

    Programs are the same up to the fork at which they part. So points are followed from the start,
    each fork saying how to go on, until they come to a program, or to a way that none takes.
    """

    def __init__(self) -> None:
        self._forks: dict[tuple[bool, ...], Fork] = {}
        #: By all of their ways; those used last stand last.
        self._kept: dict[tuple[bool, ...], Kept] = {}
        self._found = self._vain = 0

    def __len__(self) -> int:
        return len(self._kept)

    def follow(self, z: NDArray[Any]) -> tuple[tuple[bool, ...], Kept | None, list[Any]]:
        """Return which ways points take, as far as known, and the program that takes them.

        With the values that were made on the way, from which it goes on.
        """
        ways: tuple[bool, ...] = ()
        v: list[Any] = [z]
        while (fork := self._forks.get(ways)) is not None:
            ways = (*ways, fork.taken(v))
        kept = self._kept.pop(ways, None)
        if kept is None:
            self._vain += 1
        else:
            self._kept[ways] = kept
            self._found += 1
        return ways, kept, v

    def add(self, program: Program) -> None:
        """Keep a program, if need be in place of the one that was not used for longest."""
        self._kept[program.ways] = Kept(program)
        if len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]
        self._forks = {
            one.program.ways[:i]: fork
            for one in self._kept.values()
            for i, fork in enumerate(one.program.forks)
        }

    @property
    def idle(self) -> bool:
        """Whether programs are mostly looked for in vain."""
        return self._vain > _VAIN + 2 * self._found
