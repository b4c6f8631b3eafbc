"""Printed counts of registers that share people: one joint observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest.distributions import Location, Overlapping, Poisson
from funnelest.figures import Figure
from funnelest.figures.base import known
from funnelest.observations.observation import Observation, Seen

__all__ = ["Overlap"]


@dataclass(frozen=True)
class Overlap(Seen):
    """Counts of registers with known overlaps, each as printed after division by the divisor.

    There is an expected count per register, and an expected number on both for every pair.
    """

    means: Any
    doubles: Mapping[tuple[int, int], Any]
    figures: tuple[Figure, ...]
    divisor: int = 1

    def logp(self) -> Any:
        """Return the log-likelihood per draw.

        For two registers the sum over all counts that print as the figures; for more the normal
        density at the middle of each, with the variance of the rounding added.
        """
        if len(self.figures) > 2:
            places = [one.location(self.divisor) or (np.nan, np.nan) for one in self.figures]
            law = Overlapping(self.means, self.doubles, [spread for _, spread in places])
            return law.normal_logp([mean for mean, _ in places])
        law = Overlapping(self.means, self.doubles)
        counts, weights = zip(*(known(one, self.divisor) for one in self.figures), strict=True)
        return law.total_of_two(counts[0], counts[1], weights)

    def locations(self) -> list[Location | None]:
        return [place for one in self.rows() for place in one.locations()]

    def simulate(self, rng: np.random.Generator) -> list[Figure]:
        counts = np.asarray(Overlapping(self.means, self.doubles).sample(rng))[..., 0]
        return [
            figure.printed(int(count), self.divisor, rng)
            for figure, count in zip(self.figures, counts, strict=True)
        ]

    def moments(self) -> tuple[Any, Any]:
        return self.means / self.divisor, np.sqrt(self.means) / self.divisor

    @property
    def expected(self) -> tuple[Any, Any]:
        return self.means, self.doubles

    def rows(self) -> list[Observation]:
        """Return every count as an observation of its own."""
        return [
            Observation(Poisson(self.means[i]), figure, self.divisor)
            for i, figure in enumerate(self.figures)
        ]
