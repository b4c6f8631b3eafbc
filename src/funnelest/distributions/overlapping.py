"""Counts of lists that share people, when only the totals are known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.distributions.base import Distribution, Location, Value
from funnelest.distributions.counts import Poisson
from funnelest.distributions.hidden_counts import PowerSum, filled
from funnelest.errors import SpecError

__all__ = ["Overlapping"]

type Floats = NDArray[np.float64]
#: Counts in ascending order, and the logarithms of their weights (None: all 1).
type Counts = tuple[NDArray[np.int64], Floats | None]

#: Most terms of a sum on symbols, and numbers at a time of one on arrays, for the cache.
_MOST, _NUMBERS = 2_000_000, 100_000


@dataclass(frozen=True)
class Overlapping(Distribution):
    """Counts of several lists, some people being on two of them and nobody on three.

    Parameters
    ----------
    means : value
        Expected counts, one row per list.
    overlaps : mapping
        ``{(i, j): expected number on both}``, per draw; pairs left out share nobody.
    spread : float or sequence of float, default 0.0
        Variance of the rounding of the counts, for the normal approximation.

    Notes
    -----
    The numbers on one list only, and on both of a pair, are independent Poisson counts, so the
    counts are multivariate Poisson (Johnson, Kotz and Balakrishnan, Discrete Multivariate
    Distributions, 1997, chapter 37): ``Cov(x_i, x_j)`` is the expected overlap. Two lists are
    summed over the number on both; more are approximated by a normal distribution, which is good
    from expected counts of about 20. Overlaps that add up to more than a list are impossible.
    """

    means: Value
    overlaps: Mapping[tuple[int, int], Value]
    spread: Any = 0.0

    def _lists(self) -> list[Value]:
        lists = 1 + max(max(pair) for pair in self.overlaps) if self.overlaps else 0
        if not fm.is_symbol(self.means):
            lists = len(self.means)
        elif self.means.type.shape[0] is not None:
            lists = int(self.means.type.shape[0])
        return [self.means[i] for i in range(lists)]

    def _own(self) -> list[Value]:
        """Return the expected numbers that are on one list only."""
        own = self._lists()
        for (i, j), both in self.overlaps.items():
            own[i], own[j] = own[i] - both, own[j] - both
        return own

    def _possible(self, value: Value) -> Value:
        """Return `value`, and ``-inf`` where an expected number is negative."""
        lowest = 0.0
        for part in (*self._own(), *self.overlaps.values()):
            lowest = fm.minimum(part, lowest)
        return fm.where(lowest < 0, -np.inf, value)

    def _parts(self) -> tuple[Value, Value, Value]:
        """Return what two lists expect on both, on the first only and on the second only."""
        both: Value = 0.0
        for part in self.overlaps.values():
            both = both + part
        parts = (both, *self._own())
        if not fm.is_array(*parts):  # the logarithm of what is impossible has no gradient
            parts = tuple(fm.where(part > 0, part, 1e-300) for part in parts)
        if fm.is_symbol(*parts):
            return parts
        shape = np.shape(parts[1])
        one, two, three = (fm.maximum(np.broadcast_to(part, shape), 0.0) for part in parts)
        return one, two, three

    def logp(self, x: Any) -> Value:
        x = np.asarray(x, dtype=np.float64).ravel()
        if len(self._lists()) != 2:
            return self.normal_logp(x)
        return self.total_of_two([int(x[0])], [int(x[1])])

    def total_of_two(self, first: Any, second: Any, log_weights: Any = (None, None)) -> Value:
        """Return the log-probability that the counts of two lists are among these.

        All pairs of the `first` and the `second`, ascending, are meant, with the logarithms of
        their weights (None: all 1). Per draw the log of ``sum_b p(b) A_1(b) A_2(b)``: `b` are on
        both lists, and ``A(b)`` is the (weighted) probability that the others make one of the
        counts of a list.
        """
        sets = [
            (np.asarray(counts, dtype=np.int64), None if logs is None else np.asarray(logs))
            for counts, logs in zip((first, second), log_weights, strict=True)
        ]
        highest = int(min(counts[-1] for counts, _ in sets))
        parts = self._parts()
        if fm.is_symbol(*parts):
            length = (highest + 1) * max(len(counts) for counts, _ in sets)
            if length > _MOST:
                problem = (
                    f"these counts need a sum over {length} terms; at most {_MOST} are summed."
                )
                raise SpecError([problem], subject="counts of two lists")
            return self._possible(_plain(parts, sets, 0, highest))
        shape = np.shape(parts[1])
        flat = [np.reshape(part, -1) for part in parts]
        with np.errstate(all="ignore"):
            plain = [fm.constant(part) for part in flat]
            low, high = _window(plain, [s[0] for s, _ in sets], [s[-1] for s, _ in sets])
            high = min(high, highest)
            if all(len(counts) == 1 and logs is None for counts, logs in sets):
                law = _one
            else:
                law = _many if fm.is_array(*flat) else _plain
            value = law(flat, sets, min(low, high), high)
            rest = ~np.isfinite(value)
            if rest.any():
                few = _in_blocks([part[rest] for part in flat], sets, highest)
                value = filled(value, rest, few)
            return self._possible(value.reshape(shape))

    def normal_logp(self, x: Any) -> Value:
        """Return the log-density of counts `x` under a normal distribution with equal moments."""
        means = self._lists()
        spread = np.broadcast_to(np.asarray(self.spread, dtype=np.float64), (len(means),))
        seen = np.asarray(x, dtype=np.float64).ravel()
        covariance: dict[tuple[int, int], Value] = {
            (i, i): mean + float(spread[i]) for i, mean in enumerate(means)
        }
        for (i, j), both in self.overlaps.items():
            covariance[max(i, j), min(i, j)] = covariance.get((max(i, j), min(i, j)), 0.0) + both
        # Cholesky's factors row by row: the lists are few and the draws many.
        lower: dict[tuple[int, int], Value] = {}
        white: list[Value] = []
        value: Value = -0.5 * len(means) * math.log(2 * math.pi)
        for i, mean in enumerate(means):
            for j in range(i):
                entry = covariance.get((i, j), 0.0)
                for k in range(j):
                    entry = entry - lower[i, k] * lower[j, k]
                lower[i, j] = entry / lower[j, j]
            pivot, z = covariance[i, i], seen[i] - mean
            for j in range(i):
                pivot, z = pivot - lower[i, j] * lower[i, j], z - lower[i, j] * white[j]
            # Impossible overlaps are taken out at the end; until then a number is needed.
            lower[i, i] = fm.sqrt(fm.maximum(pivot, 1e-12))
            white.append(z / lower[i, i])
            value = value - 0.5 * white[i] * white[i] - fm.log(lower[i, i])
        return self._possible(value)

    def locations(self, x: Any, spread: Any) -> list[Location]:
        seen = np.asarray(x, dtype=np.float64).ravel() + 0.5
        extra = np.broadcast_to(np.asarray(spread, dtype=np.float64), seen.shape)
        return [
            (fm.log(mean), math.log(count), float(count**2 / (count + more)))
            for mean, count, more in zip(self._lists(), seen, extra, strict=True)
        ]

    def sample(self, rng: np.random.Generator) -> Any:
        counts = [rng.poisson(np.maximum(own, 0.0)) for own in self._own()]
        for (i, j), both in self.overlaps.items():
            shared = rng.poisson(np.broadcast_to(both, np.shape(counts[i])))
            counts[i], counts[j] = counts[i] + shared, counts[j] + shared
        return np.stack(counts)

    def moments(self) -> tuple[Any, Any]:
        return self.means, np.sqrt(self.means)


def _log_poisson(x: Any, mean: Value) -> Value:
    """Return the log-probability of `x`, which may be negative: then it is impossible."""
    value = Poisson(mean).logp(np.maximum(x, 0.0))
    return fm.where(x >= 0, value, -np.inf) if (x < 0).any() else value


def _plain(parts: Any, sets: list[Counts], low: int, high: int) -> Value:
    """Return the log of the sum over all numbers on both lists, in logarithms."""
    both, *own = parts
    b = np.arange(low, high + 1, dtype=np.float64)[:, None]
    value = _log_poisson(b, both)
    for (counts, log_weights), mean in zip(sets, own, strict=True):
        logs = _log_poisson(counts[:, None, None] - b, mean)
        if log_weights is not None:
            logs = logs + log_weights[:, None, None]
        value = value + fm.logsumexp(logs, axis=0)
    return fm.logsumexp(value, axis=0)


def _in_blocks(parts: list[Value], sets: list[Counts], highest: int) -> Value:
    size = max(1, _NUMBERS // ((highest + 1) * max(len(counts) for counts, _ in sets)))
    found = [
        _plain([part[i : i + size] for part in parts], sets, 0, highest)
        for i in range(0, len(parts[0]), size)
    ]
    return fm.concatenate(found)


def _window(parts: list[Floats], low: list[Any], high: list[Any]) -> tuple[int, int]:
    """Return between which numbers on both lists the terms of all draws have their mass.

    The terms rise and fall once; far more than ten standard deviations are taken on either side.
    """
    both, one, two = parts
    ends = []
    for (x, y), sign in ((low, -1), (high, 1)):
        # Where a term equals the one before: ``b one two = both (x - b) (y - b)``.
        linear = both * (x + y) + one * two
        mode = 2 * both * x * y / (linear + np.sqrt(linear**2 - 4 * both**2 * x * y))
        mode = np.where(np.isfinite(mode), mode, 0.0 if sign < 0 else min(x, y))
        sd = 1 / np.sqrt(1 / (mode + 1) + 1 / (x - mode + 1) + 1 / (y - mode + 1))
        ends.append(mode + sign * (12 * sd + 30))
    # In steps of 64, so that coefficients are found again.
    return max(int(ends[0].min() // 64) * 64, 0), int(ends[1].max() // 64 + 1) * 64


@lru_cache(maxsize=256)
def _remembered(x: int, y: int, low: int, high: int) -> PowerSum:
    b = np.arange(low + 1, high + 1, dtype=np.float64)
    ratios = np.log(x - b + 1) + np.log(y - b + 1) - np.log(b)
    return PowerSum(np.concatenate([[0.0], np.cumsum(ratios)]))


def _one(parts: list[Value], sets: list[Counts], low: int, high: int) -> Value:
    """Return the log-probability of one pair of counts.

    The terms are powers of ``both / (one two)``, but for constants.
    """
    both, one, two = parts
    x, y = (int(counts[0]) for counts, _ in sets)
    value = _remembered(x, y, low, high)(both / (one * two))
    logs = _log_poisson(np.float64(low), both) + _log_poisson(np.float64(x - low), one)
    return value + logs + _log_poisson(np.float64(y - low), two)


def _many(parts: list[Floats], sets: list[Counts], low: int, high: int) -> Floats:
    """Return the log-probability of all pairs of counts, by sums over moving windows."""
    rows = high - low + 1 + max(int(s[-1] - s[0]) for s, _ in sets)
    size = max(1, _NUMBERS // rows)
    value = np.empty(len(parts[0]))
    for i in range(0, len(value), size):
        both, *own = (part[i : i + size] for part in parts)
        terms, total = _scaled(_log_poisson(np.arange(low, high + 1.0)[:, None], both))
        for (counts, log_weights), mean in zip(sets, own, strict=True):
            first, last = int(counts[0]), int(counts[-1])
            y = np.arange(first - high, last - low + 1.0)[:, None]
            p, top = _scaled(_log_poisson(y, mean))
            total = total + top
            sums: Any = 0.0
            if log_weights is None:
                for run in np.split(counts, np.flatnonzero(np.diff(counts) > 1) + 1):
                    start = int(run[0]) - first
                    sums = sums + _windows(p[start : start + high - low + len(run)], len(run))
            else:
                for start, weight in zip(counts - first, np.exp(log_weights), strict=True):
                    sums = sums + weight * p[start : start + high - low + 1]
            terms *= sums[::-1]
        found = terms.sum(axis=0)
        value[i : i + size] = np.where(found > 1e-280, np.log(found) + total, np.nan)
    return value


def _scaled(logs: Floats) -> tuple[Floats, Floats]:
    """Return the exponentials, the largest in each column being 1, and what was taken out."""
    top = logs.max(axis=0)
    return np.exp(logs - top), top


def _windows(p: Floats, length: int) -> Floats:
    """Return the sums of all `length` consecutive rows.

    From the partial sums within blocks of that length, forwards and backwards (van Herk, Pattern
    Recognition Letters 13, 1992): every number is added, none is taken away, so nothing cancels.
    """
    if length == 1:
        return p
    rows, draws = p.shape
    blocks = -(-rows // length)
    padded = np.zeros((blocks * length, draws))
    padded[:rows] = p
    block = padded.reshape(blocks, length, draws)
    forwards, backwards = block.copy(), block
    for i in range(1, length):
        forwards[:, i] += forwards[:, i - 1]
        backwards[:, -1 - i] += backwards[:, -i]
    forwards[:, -1] = 0.0  # a window that is a block is in the backward sum already
    starts = rows - length + 1
    found = forwards.reshape(-1, draws)[length - 1 : length - 1 + starts]
    found += backwards.reshape(-1, draws)[:starts]
    return found
