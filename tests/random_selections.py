"""Populations and selections of them at random, for tests that hold for any."""

from __future__ import annotations

from typing import Any

import numpy as np

import funnelest as fe


def random_people(rng: np.random.Generator, *, axes: int = 3, most: int = 4) -> fe.Population:
    """Return a population on up to so many axes of at most so many levels, with empty cells."""
    lengths = rng.integers(1, most + 1, rng.integers(0, axes + 1))
    counts = rng.integers(1, 100, lengths) * (rng.random(lengths) < 0.8)
    counts = np.where(counts.sum() > 0, counts, 7)
    levels = {f"axis {i}": [f"level {k}" for k in range(n)] for i, n in enumerate(lengths)}
    return fe.Population(levels, counts, no_role=list(levels))


def random_where(rng: np.random.Generator, population: fe.Population) -> dict[str, Any]:
    """Return a selection that some people are in."""
    while True:
        where = {}
        for axis in population.axes:
            size = rng.integers(0, len(axis.levels) + 1)
            if size:
                chosen = rng.choice(len(axis.levels), size, replace=False)
                where[axis.name] = [axis.levels[i] for i in chosen]
        if not population.problems_in(where):
            return where
