"""Made-up tables with missed and false links, for a bootstrap."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["linked_at_random"]

type Floats = NDArray[np.float64]


def linked_at_random(
    people: NDArray[np.int64],
    missed: float,
    false: float,
    lists: int,
    rng: np.random.Generator,
) -> Floats:
    """Return the table as it is linked, of people whose lists are known, ``(2**lists,)``.

    The process of `LinkageError`: records are legible or not, those of one person that are
    legible are linked; then every pair of lists has a Poisson number of false links, which join
    people on one list alone. `people` has those of every pattern, in binary order; in what is
    returned the empty pattern has nobody.
    """
    legible = np.sqrt(1.0 - missed)
    seen = np.zeros(2**lists)
    for code in range(1, 2**lists):
        records = [1 << i for i in range(lists) if code >> i & 1]
        if len(records) == 1 or not people[code]:
            seen[code] += people[code]
            continue
        ways = [way for size in range(len(records) + 1) for way in combinations(records, size)]
        chances = [legible ** len(w) * (1 - legible) ** (len(records) - len(w)) for w in ways]
        for way, n in zip(ways, rng.multinomial(people[code], chances), strict=True):
            together = way if len(way) > 1 else ()
            if together:
                seen[sum(together)] += n
            for record in records:
                if record not in together:
                    seen[record] += n
    if false > 0:
        codes = np.arange(2**lists)
        for i, j in combinations(range(lists), 2):
            one, other = 1 << i, 1 << j
            right = seen[(codes & (one | other)) == (one | other)].sum()
            wrong = min(rng.poisson(right * false / (1 - false)), seen[one], seen[other])
            seen[one] -= wrong
            seen[other] -= wrong
            seen[one | other] += wrong
    seen[0] = 0.0
    return seen
