"""What was done with some values, in the order in which it was done, read backwards or forwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelest.tape.sweeps import Link, backwards, pulled, pushed

__all__ = ["Step", "Tape"]

type Floats = NDArray[np.float64]


class Step(NamedTuple):
    """An operation: ``result = function(*arguments)``."""

    function: Callable[..., Any] | None
    #: Where on the tape the arguments are; -1 for what is not on it.
    sources: tuple[int, ...]
    arguments: tuple[Any, ...]
    result: Any
    links: tuple[Link, ...]

    @property
    def given(self) -> tuple[Any, ...]:
        """The result and the arguments, which slopes are made from."""
        return (self.result, *self.arguments)


class Tape:
    """What was done with some values, in the order in which it was done.

    Parameters
    ----------
    again : bool, default False
        Whether what is computed without derivatives is written down too.
    room : float, optional
        The most bytes that its values may have; any number when left out.
    """

    def __init__(self, again: bool = False, room: float = np.inf) -> None:
        self.again = again
        self.room = room
        self.steps: list[Step] = []
        #: Conditions on which a way was chosen: where on the tape, and whether it held.
        self.ways: list[tuple[int, bool]] = []
        #: Whether something was asked of a value that only plain numbers can answer.
        self.refused = False
        #: The same numbers with other axes: where they are, by where they came from and shape.
        self.shaped: dict[tuple[int, tuple[int, ...]], int] = {}
        #: Size of all values on the tape, in bytes.
        self.size = 0

    def write(self, step: Step) -> int:
        """Write down an operation, and return where its result is on the tape."""
        self.size += step.result.nbytes
        if self.size > self.room:
            raise TypeError("the values take more room than there is.")
        self.steps.append(step)
        return len(self.steps) - 1

    def pull(self, result: int, start: int) -> Floats:
        """Return the slopes of the sum of a result in every entry of the start.

        Where each entry of the result is of one draw, these are the gradients of all draws.
        """
        links = [step.links for step in self.steps]
        returns = backwards(links, range(result, start, -1), result)
        given = (self.steps[one.at].given for one in returns)
        shapes = [step.result.shape for step in self.steps]
        return pulled(returns, given, shapes, result, start)

    def push(self, start: int, directions: Floats) -> dict[int, Any]:
        """Return the changes of every value along `directions` of the start, where it has any.

        Directions stand on a first axis, as the changes do.
        """
        links = [step.links for step in self.steps]
        order = range(start + 1, len(self.steps))
        given = (self.steps[at].given for at in order)
        return pushed(links, order, given, start, directions)
