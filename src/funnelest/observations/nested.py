"""Printed counts of one group of people at several steps, each of those at the step before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions import BetaBinomial, Binomial, Distribution, Location
from funnelest.distributions.base import constant_gammaln, logit_location, xlogy
from funnelest.distributions.hidden_counts import filled
from funnelest.distributions.limits import log_rising_over
from funnelest.distributions.shared_ranges import NEVER
from funnelest.figures import Figure
from funnelest.figures.base import known
from funnelest.observations.adding import joined_in_logs
from funnelest.observations.observation import Part, Seen

__all__ = ["Nested", "PrintedNested"]

type Value = Any
#: What a count may be, in ascending order and without gaps, and the log-weight of each.
type _Row = tuple[Any, Any]

#: Multiplications per draw that the sums over counts next to each other may take.
_WORK = 400_000
#: Counts from this size on have too few digits to be summed over where two are hidden in a row.
_LARGE = 1e9
#: Numbers below this, the largest being 1, may have lost terms in linear arithmetic.
_TINY = 1e-280
#: Numbers at a time in sums of logarithms.
_NUMBERS = 2_000_000
#: A share that nobody has, where it is divided by.
_LEAST = np.float64(1e-200)


@dataclass(frozen=True)
class PrintedNested:
    """Counts of one group as they were printed, and what follows from these alone.

    Parameters
    ----------
    steps : tuple of str
        What each of the counts after the first is of.
    figures : tuple of Figure
        The counts, the first one included.
    open : tuple of int
        At each transition, of how many nobody knows yet whether they make it.
    divisor : int, default 1
        All but the first are printed as shares of this number.
    """

    steps: tuple[str, ...]
    figures: tuple[Figure, ...]
    open: tuple[int, ...]
    divisor: int = 1

    @cached_property
    def first(self) -> _Row:
        """What the first count may be; every count that prints as it is as likely beforehand."""
        counts, weights = _dense(self.figures[0], 1, np.inf)
        chances = np.exp(weights)
        with np.errstate(divide="ignore"):
            return counts, np.log(chances / chances.sum())

    @cached_property
    def rows(self) -> list[_Row]:
        """What each count may be beside the others; a row is empty where none is possible."""
        rows = [self.first]
        for figure, still in zip(self.figures[1:], self.open, strict=True):
            before = rows[-1][0]
            most = before[-1] - still if len(before) else -1
            rows.append(_dense(figure, self.divisor, most))
        for i in range(len(rows) - 2, -1, -1):
            after = rows[i + 1][0]
            least = after[0] + self.open[i] if len(after) else np.inf
            rows[i] = _within(rows[i], least)
        return rows

    def gap(self) -> int | None:
        """Return the first transition that no counts which print so allow."""
        rows: list[_Row] = [self.first]
        for i, (figure, still) in enumerate(zip(self.figures[1:], self.open, strict=True)):
            rows.append(_dense(figure, self.divisor, rows[-1][0][-1] - still))
            if not len(rows[-1][0]):
                return i
        return None

    def too_long(self) -> bool:
        """Return whether sums over counts that are hidden next to each other take too long."""
        work, large = 0.0, False
        for (a, _), (b, _) in zip(self.rows[:-1], self.rows[1:], strict=True):
            if len(a) > 1 and len(b) > 1:
                work += len(a) * (len(a) + len(b))
            if len(a) > 1:
                large = large or a[-1] > _LARGE
        return large or work > _WORK

    @cached_property
    def middles(self) -> list[float]:
        """The middle of each count, as a number of people."""
        first, *others = (one.middle for one in self.figures)
        return [first, *(one * self.divisor for one in others)]

    @cached_property
    def shares_open(self) -> list[float]:
        """Of those at each step the share of whom nobody knows yet whether they go on."""
        found = zip(self.open, self.middles[:-1], strict=True)
        return [still / max(people, still, 1.0) for still, people in found]


@dataclass(frozen=True)
class Nested(Seen):
    r"""Counts of one group at several steps: of those at each, some come to the next.

    Parameters
    ----------
    shares : value
        The share that makes each transition, shape ``(transitions, draws)``.
    inverse : value
        One over the size of the beta distribution by which the share of the whole group varies;
        the number 0 where it does not.
    printed : PrintedNested
        The counts.

    Notes
    -----
    A Markov chain: with :math:`o_i` still open,

    .. math:: n_i \mid n_{i-1} \sim \mathrm{BetaBinomial}(n_{i-1} - o_i,\ p_i s,\ (1 - p_i) s),

    with :math:`1/s` the `inverse`, and binomial where that is 0. Counts that are not known are
    summed over step by step. With :math:`d = n_{i-1} - o_i - n_i` the probability is one number per
    count at either step, times one per difference d, so that each sum is a convolution.
    """

    shares: Value
    inverse: Value
    printed: PrintedNested

    @property
    def _binomial(self) -> bool:
        return isinstance(self.inverse, float) and self.inverse == 0.0

    def _law(self, i: int, people: int) -> Binomial | BetaBinomial:
        """Return the law of how many of some people make a transition."""
        if self._binomial:
            return Binomial(people, self.shares[i])
        # The correlation of two people, and so the size of the beta, is the same for fewer.
        deff = (1.0 + self.inverse * people) / (1.0 + self.inverse)
        return BetaBinomial(people, self.shares[i], deff)

    # -------------------------------------------------------------- likelihood

    def logp(self) -> Value:
        if not all(len(counts) for counts, _ in self.printed.rows):
            return 0.0 * (self.shares[0] + self.inverse) - np.inf
        total = self._along()
        return fm.where(total < 0.1 * NEVER, -np.inf, total)

    def _along(self) -> Value:
        """Return the log-probability, step by step, and a huge number below 0 for impossible."""
        rows = self.printed.rows
        total: Value = 0.0 * (self.shares[0] + self.inverse)
        counts, weights = rows[0]
        logs: Value = np.maximum(weights, NEVER)[:, None]
        for i, (new, weights) in enumerate(rows[1:]):
            if i == len(rows) - 2 and (value := self._last(i, counts, new, weights)) is not None:
                return total + logs[0] + value
            logs = self._onward(i, counts, logs, new) + np.maximum(weights, NEVER)[:, None]
            if len(new) == 1:
                total, logs = total + logs[0], np.zeros((1, 1))
            counts = new
        return total + fm.logsumexp(logs, axis=0)

    def _last(self, i: int, counts: Any, new: Any, weights: Any) -> Value | None:
        """Return the log-probability of a last count that is hidden, where there is a short way."""
        people = int(counts[0]) - self.printed.open[i]
        if len(counts) > 1 or len(new) == 1 or people == 0:
            return None
        return self._law(i, people).total(new, weights if weights.any() else None)

    def _onward(self, i: int, counts: Any, logs: Value, new: Any) -> Value:
        """Return the log-probabilities of the `new` counts, from those of the counts before."""
        people = counts - self.printed.open[i]
        if len(counts) == 1:
            if people[0] == 0:
                return 0.0 * self.shares[i] + logs
            return self._law(i, int(people[0])).logp(new[:, None].astype(np.float64)) + logs
        m, b = people[:, None].astype(np.float64), new[:, None].astype(np.float64)
        logs = fm.maximum(logs, NEVER)  # what is impossible, finite as there
        here = logs + constant_gammaln(m + 1.0) - self._rising(m, 1.0)
        there = self._rising(b, self.shares[i]) - constant_gammaln(b + 1.0)
        if len(new) == 1:
            away = self._stopped(i, m - b)
            return fm.logsumexp(here + away, axis=0)[None] + there
        return self._joined(i, m, here, b) + there

    def _rising(self, x: Any, share: Value) -> Value:
        """Return the log of ``share (share + 1/s) ... (share + (x - 1)/s)``, for data `x`.

        Of a share of 0 what is impossible is finite, so that it can be tilted and has slopes.
        """
        if isinstance(share, float):  # all of them
            return 0.0 * x if self._binomial else log_rising_over(x, share, self.inverse)
        there = fm.maximum(share, _LEAST)
        value = xlogy(x, there)
        if not self._binomial:
            value = value + log_rising_over(x, there, self.inverse)
        return fm.where((share <= 0.0) & (x > 0), NEVER, value)

    def _stopped(self, i: int, d: Any) -> Value:
        """Return the part of the log-probability that depends on how many did not go on."""
        return self._rising(d, 1.0 - self.shares[i]) - constant_gammaln(d + 1.0)

    def _joined(self, i: int, m: Any, here: Value, b: Any) -> Value:
        """Return the log of the sum over `m` people, for each of `b` who go on."""
        first, last = max(0.0, m[0, 0] - b[-1, 0]), m[-1, 0] - b[0, 0]
        d = np.arange(first, last + 1.0)[:, None]
        # Tilted, which is taken out again, so that neither factor is steep.
        middle = max(float(m.mean() - b.mean()), 0.5)
        stop = fm.maximum(fm.constant(1.0 - self.shares[i] + self.inverse * middle), _LEAST)
        tilt = np.log(middle) - fm.log(stop)
        parts = [(here - m * tilt)[::-1], self._stopped(i, d) + d * tilt]
        at = (m[-1, 0] - first - b[:, 0]).astype(int)
        if fm.is_symbol(*parts):
            return joined_in_logs(parts, [len(m), len(d)])[at] + b * tilt
        return _summed(parts, at) + b * tilt

    # ------------------------------------------------------------ what follows

    def locations(self) -> list[Location | None]:
        found: list[Location | None] = []
        spreads = []
        for figure, (counts, weights) in zip(self.printed.figures, self.printed.rows, strict=True):
            share = np.exp(weights - weights.max())
            mean = float(np.average(counts, weights=share))
            spreads.append((mean, float(np.average((counts - mean) ** 2, weights=share)), figure))
        for i in range(len(spreads) - 1):
            (n, vague, before), (x, variance, figure) = spreads[i], spreads[i + 1]
            people = n - self.printed.open[i]
            if not (before.bounded and figure.bounded):
                found.append(None)
            elif people > 0:
                deff = (
                    1.0 if self._binomial else (1.0 + self.inverse * people) / (1.0 + self.inverse)
                )
                spread = variance + vague * min(x / people, 1.0) ** 2
                found += logit_location(self.shares[i], people, x, deff, spread)
        return found

    def sampled(self, rng: np.random.Generator, draws: int) -> tuple[Any, Any]:
        """Return made-up counts, shape ``(counts, draws)``, and how many are still open at each."""
        counts, weights = self.printed.first
        made = [rng.choice(counts, size=draws, p=np.exp(weights))]
        still = []
        for i, open_ in enumerate(self.printed.shares_open):
            p = np.clip(np.broadcast_to(self.shares[i], (draws,)), 0.0, 1.0)
            if not self._binomial:
                size = 1.0 / np.maximum(self.inverse, 1e-200)
                p = rng.beta(np.maximum(p * size, 1e-200), np.maximum((1.0 - p) * size, 1e-200))
            still.append(rng.binomial(made[-1], open_) if open_ else np.zeros(draws, dtype=int))
            made.append(rng.binomial(made[-1] - still[-1], p))
        return np.stack(made), np.stack(still)

    def simulate(self, rng: np.random.Generator) -> tuple[list[Figure], list[int]]:
        """Return printed counts, without the first, and how many are still open at each."""
        made, still = self.sampled(rng, np.broadcast(self.shares[0], self.inverse).shape[-1])
        figures = [
            figure.printed(int(count), self.divisor, rng)
            for figure, count in zip(self.printed.figures[1:], made[1:, 0], strict=True)
        ]
        return figures, [int(one) for one in still[:, 0]]

    def _whole(self) -> tuple[list[Any], list[Any]]:
        """Return mean and mean square of the share of the first that comes to each step."""
        correlation = self.inverse / (1.0 + self.inverse)
        means, squares = [1.0], [1.0]
        for p, still in zip(self.shares, self.printed.shares_open, strict=True):
            means.append(means[-1] * p * (1.0 - still))
            squares.append(squares[-1] * (p * p + p * (1.0 - p) * correlation) * (1.0 - still) ** 2)
        return means[1:], squares[1:]

    def moments(self) -> tuple[Any, Any]:
        """Return mean and standard deviation of each count, given the first alone."""
        counts, weights = self.printed.first
        n, square = (float(np.average(one, weights=np.exp(weights))) for one in (counts, counts**2))
        means, sds = [], []
        for p, both in zip(*self._whole(), strict=True):
            variance = n * (p - both) + square * both - (n * p) ** 2
            means.append(n * p / self.divisor)
            sds.append(np.sqrt(np.maximum(variance, 0.0)) / self.divisor)
        shape = np.broadcast_shapes(*(np.shape(one) for one in (*means, *sds)))
        mean, sd = ([np.broadcast_to(one, shape) for one in some] for some in (means, sds))
        return np.stack(mean), np.stack(sd)

    @property
    def divisor(self) -> int:
        return self.printed.divisor

    def parts(self, labels: Sequence[str]) -> list[Part]:
        named = zip(self.printed.steps, self.printed.figures[1:], strict=True)
        return [(step, figure, (i,), i) for i, (step, figure) in enumerate(named)]

    def law(self, rows: tuple[int, ...]) -> Distribution | None:
        counts, _ = self.printed.first
        if not self._binomial or len(counts) > 1:
            return None
        return Binomial(int(counts[0]), self._whole()[0][rows[0]])

    def law_given_others(self, rows: tuple[int, ...]) -> Distribution | None:
        counts, _ = self.printed.rows[rows[0]]
        people = int(counts[0]) - self.printed.open[rows[0]]
        return self._law(rows[0], people) if len(counts) == 1 and people > 0 else None

    def anew(self, draws: int, rng: np.random.Generator) -> Any:
        return self.sampled(rng, draws)[0][1:].astype(np.float64)


def _dense(figure: Figure, divisor: int, most: float) -> _Row:
    """Return all counts up to `most` that may print as a figure, and their log-weights."""
    if figure.bounded:
        counts, weights = known(figure, divisor)
    else:
        low, high = figure.limits(divisor)
        counts, weights = np.arange(low, min(high, most) + 1.0).astype(np.int64), None
    some = counts <= most
    if not some.any():
        return counts[:0], np.zeros(0)
    weights = np.zeros(len(counts)) if weights is None else weights
    counts, weights = counts[some], weights[some]
    dense = np.arange(counts[0], counts[-1] + 1)
    log_weights = np.full(len(dense), -np.inf)
    log_weights[counts - counts[0]] = weights
    return dense, log_weights


def _within(row: _Row, least: float) -> _Row:
    """Return the counts of a row from `least` on, beginning with one that is possible."""
    counts, weights = row
    some = np.flatnonzero((counts >= least) & (weights > -np.inf))
    return (counts[some[0] :], weights[some[0] :]) if len(some) else (counts[:0], weights[:0])


def _summed(parts: Sequence[Value], at: Any) -> Value:
    """Return the log-probabilities of sums `at` some places, from those of two counts.

    In linear arithmetic, and in logarithms for the draws in which that is too small.
    """
    scale: Any = 0.0
    each = []
    with np.errstate(all="ignore"):
        for logs in parts:
            top = fm.constant(logs).max(axis=0)
            top = np.where(np.isfinite(top), top, 0.0)
            each.append(fm.exp(logs - top))
            scale = scale + top
        sums = fm.convolve(*each)[at]
        poor = ~(fm.constant(sums) > _TINY).all(axis=0)
        value = fm.log(fm.where(poor, 1.0, sums)) + scale
        if not poor.any():
            return value
        size = max(1, _NUMBERS // (len(parts[1]) * (len(parts[0]) + len(parts[1]))))
        places = np.flatnonzero(poor)
        few = []
        for k in range(0, len(places), size):
            some = [logs[:, places[k : k + size]] for logs in parts]
            few.append(joined_in_logs(some, [len(logs) for logs in parts])[at])
        found = fm.concatenate(few, axis=1)
        rows = [filled(value[j], poor, found[j]) for j in range(len(at))]
        return fm.stack(rows)
