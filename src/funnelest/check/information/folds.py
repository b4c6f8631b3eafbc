"""Draws in folds: what is left out together, so that repeated draws do not know of each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelest.inference.preposterior import repeated
from funnelest.results.result import Result

__all__ = ["FOLDS", "Folds"]

type Floats = NDArray[np.float64]

#: A standard error from so many has a standard error of its own of a sixth.
FOLDS = 20


class Folds:
    """The draws of a result in folds that are as good as independent.

    Parameters
    ----------
    result : Result
        Draws of Markov chains are cut into stretches; those of importance sampling are dealt at
        random, repetitions of a draw into one fold.
    rng : numpy.random.Generator
        For the dealing.
    """

    def __init__(self, result: Result, rng: np.random.Generator) -> None:
        #: The same number for draws that are equal in every parameter.
        self.same = repeated(result.flat)
        size = len(self.same)
        if result.gate.engine == "importance":
            dealt = rng.permutation(int(self.same.max()) + 1)
            self.of = dealt[self.same] % FOLDS
        else:
            self.of = np.arange(size) * FOLDS // size
        self._members = [np.flatnonzero(self.of == k) for k in range(FOLDS)]

    def sums(self, values: Floats) -> Floats:
        """Return the sums of values over each fold, shape ``(FOLDS,)``."""
        return np.bincount(self.of, weights=values, minlength=FOLDS)

    def error(self, influence: Floats) -> float:
        """Return the standard error of a mean, from what each fold adds to it."""
        added = self.sums(influence - influence.mean()) / len(influence)
        return float(np.sqrt(FOLDS / (FOLDS - 1) * np.sum(added**2)))

    def predicted(self, columns: Floats, sample: Floats) -> tuple[Floats, Floats]:
        """Return of each draw what a regression without its fold expects, and the mean without it.

        Parameters
        ----------
        columns : ndarray
            Shape ``(draws, columns)``, one of them the constant.
        sample : ndarray
            Shape ``(draws,)``.
        """
        centre = sample.mean()
        centred = sample - centre
        scale = np.sqrt(np.mean(columns**2, axis=0))
        scaled = columns / np.where(scale > 0, scale, 1.0)
        squares = np.array([scaled[rows].T @ scaled[rows] for rows in self._members])
        products = np.array([scaled[rows].T @ centred[rows] for rows in self._members])
        whole, right = squares.sum(axis=0), products.sum(axis=0)
        # As good as nothing, so that a column with no draws outside a fold gets no weight.
        steady = 1e-9 * len(sample) * np.eye(len(whole))
        fitted, means = np.empty(len(sample)), np.empty(len(sample))
        total = centred.sum()
        for rows, square, product in zip(self._members, squares, products, strict=True):
            slopes = np.linalg.solve(whole - square + steady, right - product)
            fitted[rows] = scaled[rows] @ slopes
            means[rows] = (total - centred[rows].sum()) / (len(sample) - len(rows))
        return fitted + centre, means + centre
