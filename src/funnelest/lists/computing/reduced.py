"""What is left of a log-linear model where overlaps are empty, and where its estimate runs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.computing.fits import fit_poisson
from funnelest.lists.table.cells import Cells
from funnelest.lists.terms import Term, design

__all__ = ["Reduced", "Where", "falling", "offending", "reduced", "smallest", "unidentified"]

type Floats = NDArray[np.float64]
#: Where the number on none runs to: nowhere that is known, or there.
type Where = Literal["", "infinite", "zero", "either"]

#: Logarithms this far apart are those of a coefficient that runs to infinity.
_APART = 20.0


@dataclass(frozen=True)
class Reduced:
    """What is left of a model where overlaps are empty.

    Parameters
    ----------
    X : ndarray
        Design matrix of what is left, shape ``(patterns, terms)``, the constant first.
    sums : ndarray
        Which patterns make up each cell that is left, shape ``(cells, patterns)``.
    cells : ndarray of bool
        Which cells of the table are left; mere upper limits are not.
    patterns : ndarray of int
        The patterns that are left, as numbers in binary, the empty one first.
    terms : tuple of tuple of int
        The terms that are left.
    empty : tuple of tuple of int
        The terms of which the overlap is empty: their coefficient is minus infinity.
    """

    X: Floats
    sums: Floats
    cells: NDArray[np.bool_]
    patterns: NDArray[np.int64]
    terms: tuple[Term, ...]
    empty: tuple[Term, ...]

    @property
    def unobserved(self) -> NDArray[np.bool_]:
        """Which of the patterns are in no cell that is left: the people on them are hidden."""
        return ~(self.sums > 0).any(axis=0)


def reduced(cells: Cells, terms: Iterable[Term], lists: int) -> Reduced:
    """Take out the terms whose overlap is empty, and the patterns that they make impossible.

    Terms of lists that do not cover the stratum go without a trace: nobody can be on those.
    """
    on = _on(lists)
    possible = cells.possible.copy()
    free = ~cells.limits
    counted = cells.sums[free] > 0
    people = cells.counts[free] > 0
    kept, empty = [], []
    for term in sorted(terms, key=lambda t: (len(t), t)):
        inside = cells.possible & on[:, list(term)].all(axis=1)
        if not inside.any():
            continue
        touched = counted[:, inside].any(axis=1)
        if touched.any() and not people[touched].any():
            empty.append(term)
            possible &= ~inside
        else:
            kept.append(term)
    kept = [t for t in kept if (possible & on[:, list(t)].all(axis=1)).any()]
    patterns = np.flatnonzero(possible)
    sums = cells.sums[:, patterns]
    left = free & sums.any(axis=1)
    return Reduced(
        design(kept, lists)[patterns], sums[left], left, patterns, tuple(kept), tuple(empty)
    )


def _on(lists: int) -> NDArray[np.bool_]:
    codes = np.arange(2**lists)
    return np.asarray((codes[:, None] >> np.arange(lists - 1, -1, -1)) & 1, dtype=bool)


# ------------------------------------------------------------- directions to infinity


def falling(left: Reduced, counts: Floats, identified: bool) -> tuple[NDArray[np.bool_], Where]:
    """Return the patterns that the likelihood sends to zero, and where the number on none goes."""
    if (left.sums.sum(axis=1) > 1).any():
        return _tried(left, counts) if identified else (np.zeros(len(left.patterns), bool), "")
    stay = left.sums[counts > 0].any(axis=0)
    open_ = ~left.unobserved & ~stay
    width, count = int(open_.sum()), left.X.shape[1]
    gone = np.zeros(len(left.patterns), dtype=bool)
    if not width:
        return gone, ""
    # A direction of the coefficients, along which no pattern with people falls and none rises.
    # How far each other pattern falls, up to 1, is a further unknown.
    found = _directed(
        np.concatenate([np.zeros(count), -np.ones(width)]),
        np.hstack([left.X[open_], np.eye(width)]),
        np.hstack([left.X[stay], np.zeros((int(stay.sum()), width))]),
        [(None, None)] * count + [(0.0, 1.0)] * width,
    )
    gone[open_] = found[count:] > 0.5
    if not gone.any():
        return gone, ""
    # Does the constant, the logarithm of the number on none, grow or fall along one of them?
    grows, falls = (
        bool(abs(_directed(goal, left.X[open_], left.X[stay], [(-1.0, 1.0)] * count)[0]) > 1e-6)
        for goal in (-np.eye(count)[0], np.eye(count)[0])
    )
    if grows:
        return gone, "either" if falls else "infinite"
    return gone, "zero" if falls else ""


def _directed(
    goal: Floats, at_most: Floats, equal: Floats, bounds: list[tuple[float | None, float | None]]
) -> Floats:
    from scipy.optimize import linprog

    found = linprog(
        goal,
        A_ub=at_most,
        b_ub=np.zeros(len(at_most)),
        A_eq=equal if len(equal) else None,
        b_eq=np.zeros(len(equal)) if len(equal) else None,
        bounds=bounds,
        method="highs",
    )
    return np.asarray(found.x)  # there is always one: no direction at all, 0


def _tried(left: Reduced, counts: Floats) -> tuple[NDArray[np.bool_], Where]:
    """Find it by a fit, for counts of several patterns: no rule is known for those."""
    fit = fit_poisson(left.X, counts, left.sums)
    heights = left.X @ fit.coefficients[0]
    low = np.log(max(counts.sum(), 1.0)) - _APART
    gone = ~left.unobserved & (heights < low)
    runs = bool(np.abs(fit.coefficients[0]).max() > _APART)
    if not gone.any() and fit.converged[0] and not runs:
        return gone, ""
    if not gone.any():  # not settled: the least of what was seen is named
        seen = np.where(left.unobserved, np.inf, heights)
        gone = seen == seen.min()
    constant = heights[0]
    return gone, "infinite" if constant > _APART else "zero" if constant < low else ""


def unidentified(left: Reduced) -> list[Term | None]:
    """Return the terms, None for the constant, that the expected counts do not tell apart."""
    # The slopes have their largest rank almost everywhere, so at coefficients of no meaning too.
    b = np.random.default_rng(0).normal(0.0, 0.3, left.X.shape[1])
    slopes = left.sums @ (np.exp(left.X @ b)[:, None] * left.X)
    _, size, right = np.linalg.svd(slopes, full_matrices=True)
    rank = int(np.sum(size > 1e-9 * size.max())) if len(size) else 0
    loose = np.abs(right[rank:]).max(axis=0, initial=0.0) > 1e-8
    named: list[Term | None] = [None, *left.terms]
    return [term for term, one in zip(named, loose, strict=True) if one]


# ------------------------------------------------------------- what is to blame


def smallest(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms that have no other of them inside."""
    sets = [frozenset(t) for t in terms]
    return tuple(sorted(tuple(sorted(s)) for s in sets if not any(o < s for o in sets)))


def offending(
    cells: Cells, patterns: NDArray[np.int64], own: Sequence[Term], lists: int
) -> tuple[list[Term], list[Term]]:
    """Return what is empty of patterns that go to zero: overlaps, else the lists by themselves."""
    on = _on(lists)
    free = cells.sums[~cells.limits] > 0
    people = cells.counts[~cells.limits] > 0
    overlaps: set[Term] = set()
    alone: list[Term] = []
    for code in patterns:
        places = tuple(int(i) for i in np.flatnonzero(on[code]))
        empty = [
            t
            for size in range(2, len(places) + 1)
            for t in combinations(places, size)
            if not people[free[:, on[:, list(t)].all(axis=1)].any(axis=1)].any()
        ]
        overlaps.update(empty)
        if not empty:
            alone.append(places)
    return [t for t in smallest(overlaps) if t not in own], alone
