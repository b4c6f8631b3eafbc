"""Exact slopes of the log-density of a model, and of what its figures locate, without compiling."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.likelihood.density import Density, column
from funnelest.tape.repeated import ROOM as _ROOM
from funnelest.tape.repeated import Repeated

__all__ = ["Gradient"]

type Floats = NDArray[np.float64]


class Gradient:
    """The slopes of a `Density`, by derivatives of the arithmetic that it is written in.

    Parameters
    ----------
    density : Density
        The log-density of a model on the unconstrained line.

    Raises
    ------
    TypeError
        By every method, when a part of the model, such as a likelihood of a user's, is written
        with functions that have no known derivative (another error where it asks for what only an
        array has): see `trouble`.
    """

    def __init__(self, density: Density) -> None:
        self.density = density
        self._per_draw: dict[Repeated, float] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Gradient, (self.density,)

    def __call__(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the log of prior times likelihood, and its gradient.

        Parameters
        ----------
        z : ndarray
            Points on the unconstrained line, shape ``(parameters, draws)``.

        Returns
        -------
        value : ndarray
            Shape ``(draws,)``: as `Density` gives it.
        gradient : ndarray
            Shape ``(parameters, draws)``; zero where the density is.
        """
        return self._of(self.density.whole, z)

    @cached_property
    def trouble(self) -> str:
        """Why there is no gradient, in a sentence; empty when there is one."""
        try:
            self(np.zeros((len(self.density.names), 1)))
        except Exception as error:  # a user's function takes arrays, and may ask anything of one
            return str(error)
        return ""

    def log_likelihood(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the log-likelihood alone, and its gradient; see `__call__`."""
        return self._of(self.density.likelihood, z)

    def located(self, z: Floats, directions: Floats) -> tuple[Floats, Floats]:
        """Return what the figures locate, and how it changes along directions.

        Parameters
        ----------
        z : ndarray
            Points on the unconstrained line, shape ``(parameters, draws)``.
        directions : ndarray
            Shape ``(k, parameters, draws)``, or ``(k, parameters, 1)`` for the same at all points.

        Returns
        -------
        values : ndarray
            Shape ``(figures, draws)``: as `Density.located_values` gives it.
        slopes : ndarray
            Shape ``(k, figures, draws)``: the derivatives of `values`.
        """
        directions = np.broadcast_to(directions, (len(directions), *z.shape))
        blocks = []
        for some in self._blocks(self.density.middles, z, 1 + len(directions)):
            part, along = z[:, some], directions[:, :, some]
            values, changes = self.density.middles.along(part, along)
            sides = [values, *([one[k] for one in changes] for k in range(len(along)))]
            blocks.append([column(side, part.shape[1]) for side in sides])
        joined = np.concatenate(blocks, axis=-1)
        return joined[0], joined[1:]

    def _of(self, function: Repeated, z: Floats) -> tuple[Floats, Floats]:
        value, gradient = np.empty(z.shape[1:]), np.empty(z.shape)
        for some in self._blocks(function, z):
            value[some], slopes = function.slopes(z[:, some])
            gradient[:, some] = np.where(value[some] > -np.inf, slopes, 0.0)
        return value, gradient

    def _blocks(self, function: Repeated, z: Floats, times: int = 2) -> list[slice]:
        """Return the draws for whose tape, so many times, there is room, block by block."""
        draws = z.shape[1]
        if function not in self._per_draw:
            self._per_draw[function] = function.room(len(z))
        size = max(1, int(_ROOM // (times * self._per_draw[function])))
        return [slice(i, min(i + size, draws)) for i in range(0, draws, size)]
