"""Counts of groups of people, given printed sums of them.

Groups are independent Poisson numbers; what is printed fixes sums of them, or says between which
limits these lie. Exact for one sum alone; else Gibbs sampling along changes that leave every fixed
sum as it is, all draws at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.results.realised.changes import Move, TooLarge, changes, in_turn

__all__ = ["Sum", "TooLarge", "counts_given"]

type Floats = NDArray[np.float64]

#: Rounds through all changes, where there is more than one; the draws start near their means.
_ROUNDS = 14
#: Fewer where there are more changes than this in all: those of many groups are nearly independent.
_CHANGES = 600
#: A change is drawn from all its values so many standard deviations around the likeliest one.
_REACH = 6.5
#: Up to so many values: where it is the only change, and where it is one of several. Beyond, one
#: is proposed from a normal distribution, and accepted or not.
_VALUES, _VALUES_OF_SEVERAL = 60, 14
#: Counts of a figure that may stand for this many are all tried.
_LONGEST = 20_000
_TINY = 1e-300
#: Changes times draws beyond which people are not drawn: some 10 s.
_WORK = 25_000_000


@dataclass(frozen=True)
class Sum:
    """What is known of the sum of some groups.

    Parameters
    ----------
    low, high : array
        Its limits, one number or one per draw; `high` may be infinite.
    log_weights : ndarray of float, optional
        The log-weight of every whole number from `low` to `high`, which are then single numbers.
    tilt : array, default 0.0
        What is added to the log-weight per unit of the sum, per draw.
    """

    low: Any
    high: Any
    log_weights: Floats | None = None
    tilt: Any = 0.0

    @property
    def fixed(self) -> bool:
        """Whether it is one number."""
        return bool(np.all(np.asarray(self.low) == np.asarray(self.high)))

    def logs(self, value: Floats) -> Any:
        """Return the log-weight of values within the limits, one or more rows of draws."""
        found = self.tilt * value
        if self.log_weights is not None:
            at = (value - self.low).astype(np.intp).clip(0, len(self.log_weights) - 1)
            found = found + self.log_weights[at]
        return found


def counts_given(
    inside: NDArray[np.bool_], means: Floats, sums: Sequence[Sum], rng: np.random.Generator
) -> Floats | None:
    r"""Draw the counts of all groups, given what is known of sums of them.

    Parameters
    ----------
    inside : ndarray of bool
        Which groups each sum is of, shape ``(sums, groups)``.
    means : ndarray of float
        Expected count of each group, shape ``(groups, draws)``.
    sums : sequence of Sum
        What is known.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    ndarray or None
        Whole numbers, shape ``(groups, draws)``; None where no counts have these sums.

    Raises
    ------
    TooLarge
        When there are too many groups.

    Notes
    -----
    Up to a constant the counts :math:`n_g` have the probability
    :math:`\prod_g \lambda_g^{n_g} / n_g!\ \prod_s w_s(\sum_{g \in s} n_g)`. Of two registers of
    which z and z' people are known, B of them in both, that is
    :math:`a^{z-B}/(z-B)!\; b^B/B!\; c^{z'-B}/(z'-B)!`, drawn exactly. For more, changes that leave
    the fixed sums as they are (two people in other groups with the same registers, one person more
    where a sum has room) are drawn one after the other, each from its distribution given the rest
    (Diaconis and Sturmfels, Annals of Statistics 1998;26:363). Groups that no sum is of are
    Poisson.
    """
    drawn = np.zeros(means.shape)
    free = ~inside.any(axis=0)
    if free.any():
        drawn[free] = rng.poisson(means[free])
    parts = list(_parts(inside))
    sizes = [len(columns) - len(rows) for rows, columns in parts]
    if sum(4 / 3 * n * _rounds(n) for n in sizes if n > 1) * means.shape[1] > _WORK:
        raise TooLarge
    for rows, columns in parts:
        own = _part(inside[np.ix_(rows, columns)], means[columns], [sums[i] for i in rows], rng)
        if own is None:
            return None
        drawn[columns] = own
    return drawn


def _parts(inside: NDArray[np.bool_]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the sums and the groups that hang together."""
    left = list(range(len(inside)))
    while left:
        rows, columns = [left.pop(0)], inside[0] & False
        columns = columns | inside[rows[0]]
        grown = True
        while grown:
            near = [i for i in left if (inside[i] & columns).any()]
            grown = bool(near)
            for i in near:
                left.remove(i)
                rows.append(i)
                columns = columns | inside[i]
        yield sorted(rows), np.flatnonzero(columns).tolist()


def _part(
    inside: NDArray[np.bool_], means: Floats, sums: Sequence[Sum], rng: np.random.Generator
) -> Floats | None:
    if inside.shape == (1, 1) and sums[0].fixed:
        return np.broadcast_to(np.asarray(sums[0].low, dtype=float), means.shape).copy()
    start = _start(inside, means.mean(axis=1), sums)
    if start is None:
        return None
    counts = np.repeat(start[:, None], means.shape[1], axis=1)
    totals = inside.astype(float) @ counts
    if not all(np.isfinite(one.logs(at)).all() for one, at in zip(sums, totals, strict=True)):
        return None
    moves = changes(inside, [one.fixed for one in sums])
    if not moves:
        return counts
    logs = np.log(np.maximum(means, _TINY))
    values = _VALUES if len(moves) == 1 else _VALUES_OF_SEVERAL
    state = _State(inside, logs, sums, counts, totals, values)
    first, rest = in_turn(moves, inside)
    if len(moves) == 1:
        # One change, drawn from all its values, is exact at once.
        for again in range(_ROUNDS):
            if state.change(moves[0], rng, settled=again > 0):
                break
        return state.counts
    rounds = _rounds(len(first))
    for again in range(rounds):
        some = [rest[i] for i in rng.permutation(len(rest))[: len(first) // 3 + 1]]
        for move in [*first, *some]:
            state.change(move, rng, settled=again > rounds // 3)
    return state.counts


def _rounds(changes: int) -> int:
    return max(_ROUNDS // 2, min(_ROUNDS, _CHANGES // max(changes, 1)))


def _start(inside: NDArray[np.bool_], means: Floats, sums: Sequence[Sum]) -> Floats | None:
    """Return counts near their means that have the sums; None where there are none."""
    size = len(means)
    low = np.array([np.max(one.low) for one in sums], dtype=float)
    high = np.array([np.min(one.high) for one in sums], dtype=float)
    for s, known in enumerate(sums):
        if known.log_weights is not None:  # some between the limits may be impossible
            low[s] = high[s] = known.low + int(np.argmax(known.log_weights))
    if (low > high).any():
        return None
    nearest = np.rint(means)
    totals = inside.astype(float) @ nearest
    if ((low <= totals) & (totals <= high)).all():  # spares a first answer an import
        return np.asarray(nearest)
    from scipy.optimize import Bounds, LinearConstraint, milp

    # Counts, and how far each is off, in its standard deviations.
    weight = 1.0 / np.sqrt(means + 1.0)
    one = np.eye(size)
    found = milp(
        np.concatenate([np.zeros(size), weight]),
        integrality=np.concatenate([np.ones(size), np.zeros(size)]),
        bounds=Bounds(0.0, np.inf),
        constraints=[
            LinearConstraint(np.hstack([inside.astype(float), np.zeros(inside.shape)]), low, high),
            LinearConstraint(np.hstack([one, one]), nearest, np.inf),
            LinearConstraint(np.hstack([one, -one]), -np.inf, nearest),
        ],
        options={"mip_rel_gap": 0.2},
    )
    return None if found.x is None else np.asarray(np.rint(found.x[:size]))


class _State:
    """Counts of all draws, which are changed in place."""

    def __init__(
        self,
        inside: NDArray[np.bool_],
        logs: Floats,
        sums: Sequence[Sum],
        counts: Floats,
        totals: Floats,
        values: int,
    ) -> None:
        self.inside, self.logs, self.sums = inside, logs, sums
        self.counts, self.totals = counts, totals
        self.values = values

    def change(self, move: Move, rng: np.random.Generator, *, settled: bool) -> bool:
        """Draw how often a change is made, given all the rest; return whether exactly.

        Where it is proposed, and not `settled` yet, it is accepted whatever it is.
        """
        more, less = (list(part) for part in move)
        n, m = self.counts[more], self.counts[less]
        ratio = self.logs[more].sum(axis=0) - self.logs[less].sum(axis=0)
        steps = self.inside[:, more].sum(axis=1) - self.inside[:, less].sum(axis=1)
        touched = [(s, self.totals[s], int(steps[s])) for s in np.flatnonzero(steps).tolist()]
        low = -n.min(axis=0)
        high = m.min(axis=0) if less else np.full(self.counts.shape[1], np.inf)
        tilt = 0.0
        for s, at, step in touched:
            one = self.sums[s]
            ends = (one.low - at) / step, (one.high - at) / step
            low = np.maximum(low, np.minimum(*ends))
            high = np.minimum(high, np.maximum(*ends))
            tilt = tilt + one.tilt * step
        top, sd = _likeliest(ratio + tilt, n, m, np.ceil(low), np.floor(high))
        low, high = np.ceil(low), np.floor(high)
        # Of all values, or of those around the likeliest one that are not as good as impossible.
        reach = np.ceil(_REACH * sd) + 3
        first, last = np.maximum(low, top - reach), np.minimum(high, top + reach)
        weighted = any(self.sums[s].log_weights is not None for s, _, _ in touched)
        if weighted:  # the likeliest value may be another one
            first, last = low, np.minimum(high, low + _LONGEST)
        exact = weighted or bool((last - first).max() <= self.values)
        if exact:
            k = self._enumerated(ratio, n, m, touched, first, last, rng)
        else:
            k = self._proposed(ratio, n, m, touched, (low, high), (top, sd), settled, rng)
        self.counts[more] += k
        self.counts[less] -= k
        for s, _, step in touched:
            self.totals[s] += step * k
        return exact

    def _enumerated(
        self,
        ratio: Floats,
        n: Floats,
        m: Floats,
        touched: Sequence[tuple[int, Floats, int]],
        first: Floats,
        last: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Return a value drawn from all between the first and the last of each draw."""
        length = int((last - first).max()) + 1
        k = first + np.arange(length)[:, None]
        # From one value to the next the log-probability rises by this.
        rise = np.broadcast_to(ratio, k.shape).copy()
        for one in n:
            rise -= np.log(np.maximum(one + k, 1.0))
        for one in m:
            rise += np.log(np.maximum(one - k + 1.0, 0.5))
        rise[0] = 0.0
        logs = np.cumsum(rise, axis=0)
        for s, at, step in touched:
            logs = logs + self.sums[s].logs(at + step * k)
        logs[k > last] = -np.inf
        chance = np.exp(logs - logs.max(axis=0))
        chance = np.cumsum(chance, axis=0)
        u = rng.random(chance.shape[1]) * chance[-1]
        return np.asarray(first + np.minimum((chance <= u).sum(axis=0), last - first))

    def _proposed(
        self,
        ratio: Floats,
        n: Floats,
        m: Floats,
        touched: Sequence[tuple[int, Floats, int]],
        ends: tuple[Floats, Floats],
        near: tuple[Floats, Floats],
        settled: bool,
        rng: np.random.Generator,
    ) -> Floats:
        """Return a value proposed around the likeliest one, or no change."""
        from scipy.special import gammaln, ndtr

        top, sd = near[0], np.sqrt(1.4 * near[1] ** 2 + 1.0)
        k = np.rint(top + sd * rng.standard_normal(len(top)))
        within = (k >= ends[0]) & (k <= ends[1])
        k = np.clip(k, *ends)
        if not settled:
            return np.asarray(k)

        def log_ratio(k: Any) -> Any:
            """Return the log-probability of a value over that of its being proposed."""
            value = k * ratio - sum(gammaln(one + k + 1) for one in n)
            value = value - sum(gammaln(one - k + 1) for one in m)
            for s, at, step in touched:
                value = value + self.sums[s].logs(at + step * k)
            off = np.abs(k - top)
            chance = ndtr((0.5 - off) / sd) - ndtr((-0.5 - off) / sd)
            return value - np.log(np.maximum(chance, _TINY))

        here = np.zeros(len(top))
        kept = np.log(rng.random(len(top))) < log_ratio(k) - log_ratio(here)
        return np.where(within & kept, k, here)


def _likeliest(
    ratio: Any, n: Floats, m: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats]:
    """Return where the log-probability of a change is largest, and its standard deviation there.

    At an end from which it falls steeply, that is four times the width of the fall.
    """
    # Without an upper end: the likeliest Poisson number is below its mean, but for its limits.
    free = np.exp(np.minimum(ratio, 34.0)) + 1.0
    a, b = low, np.where(np.isfinite(high), high, np.maximum(free, low + 1.0))
    k = np.clip(0.0, a, b)
    for _ in range(64):
        slope, curve = ratio, 0.0
        for one in n:
            there = np.maximum(one + k, 0.0) + 0.5
            slope, curve = slope - np.log(there), curve + 1 / there
        for one in m:
            there = np.maximum(one - k, 0.0) + 0.5
            slope, curve = slope + np.log(there), curve + 1 / there
        up = slope > 0
        a, b = np.where(up, k, a), np.where(up, b, k)
        newton = k + slope / curve
        # Newton's step, where it lies between the ends; else halfway.
        nearer = np.where((newton > a) & (newton < b), newton, (a + b) / 2)
        if np.abs(nearer - k).max() <= 0.3:
            k = nearer
            break
        k = nearer
    top = np.clip(np.rint(k), low, high)
    return top, 1 / np.sqrt(curve + (slope / 4) ** 2)
