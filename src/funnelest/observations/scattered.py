"""Several printed figures of one source whose expected counts are off together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions import Distribution, Location, NegativeBinomial, Poisson
from funnelest.distributions.base import constant_gammaln, xlogy
from funnelest.distributions.hidden_counts import filled
from funnelest.distributions.quadrature import gamma_average
from funnelest.distributions.shared_ranges import NEVER
from funnelest.observations.adding import joined_arrays, joined_in_logs
from funnelest.observations.table import (
    Printed,
    Table,
    _Row,
    log_tied,
)

__all__ = ["PrintedInSets", "Scattered", "crossing"]

#: Draws times figures at a time, in an integral.
_NUMBERS = 4096
#: About what an integral over a factor takes, in evaluations of the figures of its set.
_NODES = 100

type Value = Any
#: Rows of one set, each with what it may be: alone, or tied by a total with the log-weights of
#: their sum.
type _Tie = tuple[list[_Row], Any]


@dataclass(frozen=True)
class _Hidden:
    """The counts of one set that are not known, where they are two or more."""

    of: int
    alone: tuple[_Row, ...]
    ties: tuple[_Tie, ...] = ()

    @cached_property
    def rows(self) -> list[_Row]:
        return [*self.alone, *(one for some, _ in self.ties for one in some)]

    @cached_property
    def at(self) -> list[int]:
        return [i for i, _, _ in self.rows]

    @cached_property
    def short(self) -> bool:
        """Whether adding up takes less than an integral, in which there are no sums over a set."""
        lengths = [len(counts) for _, counts, _ in self.rows]
        tied = [_work(len(counts) for _, counts, _ in rows) for rows, _ in self.ties]
        return _work(lengths) < _NODES * (sum(lengths) + sum(tied))


@dataclass(frozen=True)
class PrintedInSets(Printed):
    """Counts in sets, of which each is off by a factor of its own.

    Every count is in one set, and a total is of counts of one set or of whole sets.
    """

    sets: tuple[tuple[int, ...], ...] = ()

    @cached_property
    def whose(self) -> Any:
        """The set of each count."""
        whose = np.empty(len(self.figures), dtype=int)
        for t, some in enumerate(self.sets):
            whose[list(some)] = t
        return whose

    def adding(self, at: Sequence[int]) -> Any:
        """Return the matrix that adds up the counts at some places by set, ``(sets, counts)``."""
        from scipy.sparse import csr_array

        at = list(at)
        places = (self.whose[at], at)
        return csr_array((np.ones(len(at)), places), shape=(len(self.sets), len(self.figures)))

    @cached_property
    def known(self) -> tuple[Any, Any, float]:
        """The matrix that adds up known counts by set, their sums, and the constant of these."""
        rows, counts = self.exact
        at = np.arange(len(self.figures))[rows]
        adding = self.adding(at)
        sums = (adding[:, at] @ counts)[:, None]
        constant = constant_gammaln(sums + 1).sum() - constant_gammaln(counts + 1).sum()
        return adding, sums, float(constant)

    @cached_property
    def hidden(self) -> tuple[list[_Row], list[_Hidden], list[tuple[list[_Hidden], Any]]]:
        """The counts that are not known.

        Those that are the only one in their set, the others by set, and those of several sets that
        a total ties together.
        """
        alone: dict[int, list[_Row]] = {}
        within: dict[int, list[_Tie]] = {}
        across = []
        for one in self.rows:
            alone.setdefault(self.whose[one[0]], []).append(one)
        for rows, wanted in self.groups:
            by_set: dict[int, list[_Row]] = {}
            for one in rows:
                by_set.setdefault(self.whose[one[0]], []).append(one)
            if len(by_set) == 1:
                within.setdefault(next(iter(by_set)), []).append((rows, wanted))
            else:
                some = [_Hidden(t, tuple(own)) for t, own in by_set.items()]
                across.append((some, wanted))
        single = [own[0] for t, own in alone.items() if len(own) == 1 and t not in within]
        several = [
            _Hidden(t, tuple(alone.get(t, ())), tuple(within.get(t, ())))
            for t in {**alone, **within}
            if len(alone.get(t, ())) > 1 or t in within
        ]
        return single, several, across


@dataclass(frozen=True)
class Scattered(Table):
    r"""Printed counts of one source, those of a set off by one gamma factor with mean 1.

    Notes
    -----
    ``x_c ~ Poisson(mu_c g)`` for the counts of a set, with `g` integrated out. Known counts are
    negative multinomial: with X their sum and M that of their means

    .. math:: \mathrm{NegBin}(X;\, M, \omega)\; \mathrm{Multinomial}(x;\, X, \mu / M),

    after which g is a gamma variable of shape :math:`a + X` and rate :math:`a + M`, with
    :math:`a = 1/\omega^2`. The probability of counts that are not known depends on g through their
    sum alone: that of each sum is what it is without scatter, times the negative binomial over the
    Poisson probability of the sum. Exact sums, where these are not too long; else, and for limits,
    the integral over g (`gamma_average`), in which every figure is Poisson.
    """

    distribution: NegativeBinomial
    printed: PrintedInSets

    # -------------------------------------------------------------- likelihood

    def logp(self) -> Value:
        printed, law = self.printed, self.distribution
        at, counts = printed.exact
        adding, sums, constant = printed.known
        total: Value = printed.constant + constant
        mean = fm.matmul(adding, law.mean)
        if len(counts):
            # The sum of each set, and how it is divided over the counts.
            total = total + fm.sum(replace(law, mean=mean).logp(sums), axis=0)
            total = total + fm.sum(xlogy(counts[:, None], law.mean[at]), axis=0)
            total = total - fm.sum(xlogy(sums, mean), axis=0)
        single, several, across = printed.hidden
        if not (single or several or across):
            return total
        # What the known counts say of the factor of each set: again a gamma variable.
        square = law.cv * law.cv
        factor = (1.0 + sums * square) / (1.0 + mean * square)
        cv = law.cv / fm.sqrt(1.0 + sums * square)
        given = NegativeBinomial(law.mean * factor[printed.whose], cv)
        for one in single:
            i = one[0]
            own = NegativeBinomial(given.mean[i], cv[printed.whose[i]])
            total = total + printed.log_total(own, one)
        for some in several:
            if some.short and all(printed.figures[i].bounded for i in some.at):
                total = total + _added(given, [some], None)
            else:
                total = total + self._integrated(given, some)
        for parts, wanted in across:
            total = total + _added(given, parts, wanted)
        return total

    def _integrated(self, given: NegativeBinomial, some: _Hidden) -> Value:
        """Return the log-probability of the hidden counts of a set, by an integral over its factor.

        As `_added`, for sums that are too long and for limits, which have no end.
        """
        limits = np.array([self.printed.figures[i].limits(self.divisor) for i in some.at])
        least, most = limits.sum(axis=0)
        place = {i: k for k, i in enumerate(some.at)}
        mean = given.mean[some.at]
        cv = given.cv[some.of] + 0.0 * mean[0]
        mean = mean + 0.0 * cv

        # The likeliest factor lies between those of the smallest and the largest counts; counts
        # without end are, above their lower limit, at most as many as are expected.
        def low(cv: Value, mean: Value) -> Value:
            square = cv * cv
            return fm.log((1.0 + square * least) / (1.0 + square * fm.sum(mean, axis=0)))

        def high(cv: Value, mean: Value) -> Value:
            square = cv * cv
            if np.isfinite(most):
                return fm.log((1.0 + square * most) / (1.0 + square * fm.sum(mean, axis=0)))
            return fm.log1p(square * np.where(np.isfinite(limits[:, 1]), *limits.T[::-1]).sum())

        def log_f(u: Value, mean: Value) -> Value:
            nodes = (mean[:, None, :] * fm.exp(u)).reshape((len(place), -1))
            total: Value = 0.0
            for one in some.alone:
                total = total + self.printed.log_total(Poisson(nodes[place[one[0]]]), one)
            for rows, wanted in some.ties:
                total = total + log_tied(lambda i: Poisson(nodes[place[i]]), rows, wanted)
            draws = 1 if fm.is_symbol(mean) else mean.shape[1]
            return total.reshape((-1, draws))

        if not fm.is_array(cv, mean):
            return gamma_average(log_f, cv, low, high, mean)
        # So many draws at a time that all nodes stay in the cache of the processor.
        size = max(64, _NUMBERS // len(place))
        blocks = [slice(i, i + size) for i in range(0, mean.shape[1], size)]
        return np.concatenate(
            [gamma_average(log_f, cv[one], low, high, mean[:, one]) for one in blocks]
        )

    # ------------------------------------------------------------ what follows

    def locations(self) -> list[Location | None]:
        printed = self.printed
        at, middles, variances = printed.places
        found: list[Location | None] = []
        if at:
            x = middles + 0.5
            own = self.distribution.mean[at]
            adding = printed.adding(at)
            there = adding.sum(axis=1) > 0
            sums, spread = (adding[there][:, at] @ one for one in (x, variances))
            whole = fm.matmul(adding[there], self.distribution.mean)
            square = self.distribution.cv * self.distribution.cv
            found.append((fm.log(whole), np.log(sums), 1 / (1 / sums + square + spread / sums**2)))
            # How the sum of a set is divided: as without scatter.
            of = np.cumsum(there)[printed.whose[at]] - 1
            together = np.flatnonzero(np.bincount(of)[of] > 1)
            if len(together):
                k, whose = together.tolist(), of[together].tolist()
                value = fm.log(own[k]) - fm.log(whole[whose])
                known = x[k] ** 2 / (x[k] + variances[k])
                found.append((value, np.log(x[k] / sums[whose]), known))
        if len(at) < len(printed.figures):
            found.append(None)
        return found

    def sampled(self, rng: np.random.Generator) -> Any:
        law = self.distribution
        shape = (len(self.printed.sets), np.broadcast(law.mean, law.cv).shape[-1])
        factor = replace(law, mean=np.ones(shape)).rates(rng)
        return Poisson(law.mean * factor[self.printed.whose]).sample(rng)

    def sums(self, rows: tuple[int, ...]) -> None:
        # Those of one set depend on each other by their factor.
        return None

    def law(self, rows: tuple[int, ...]) -> Distribution | None:
        if len(set(self.printed.whose[list(rows)])) > 1:
            return None
        return replace(self.distribution, mean=self.distribution.mean[list(rows)].sum(axis=0))

    def law_given_others(self, rows: tuple[int, ...]) -> Distribution | None:
        if len(rows) > 1:  # a total, of which the others are parts
            return None
        (i,) = rows
        t, law = self.printed.whose[i], self.distribution
        counts, means, of_sets = self._told
        seen, expected = (
            one[t] - each[i] for one, each in zip(of_sets, (counts, means), strict=True)
        )
        square = law.cv * law.cv
        factor = (1.0 + seen * square) / (1.0 + expected * square)
        return NegativeBinomial(law.mean[i] * factor, law.cv / np.sqrt(1.0 + seen * square))

    @cached_property
    def _told(self) -> tuple[Any, Any, tuple[Any, Any]]:
        """Return what each count tells of its factor, and all of each set.

        Each as a count that was made, and its mean: one with other errors than chance is as good as
        a smaller one.
        """
        at, x, v = self.printed.places
        share = np.where(x > 0, x / np.where(x + v > 0, x + v, 1.0), v == 0)
        counts = np.zeros((len(self.printed.figures), 1))
        counts[at] = x * share
        means = np.zeros((len(counts), self.distribution.mean.shape[-1]))
        means[at] = self.distribution.mean[at] * share
        adding = self.printed.adding(at)
        return counts, means, (adding @ counts, adding @ means)

    def moments_of(self, rows: tuple[int, ...]) -> tuple[Any, Any]:
        adding = self.printed.adding(rows)
        whole = adding @ self.distribution.mean
        variance = whole + (self.distribution.cv * whole) ** 2
        return whole.sum(axis=0) / self.divisor, np.sqrt(variance.sum(axis=0)) / self.divisor


def crossing(margins: Iterable[tuple[int, ...]], sets: Sequence[tuple[int, ...]]) -> bool:
    """Return whether a total is of a part of one set and of other sets too."""
    return any(
        len(touched) > 1 and any(set(one) - set(rows) for one in touched)
        for rows in margins
        for touched in [[one for one in sets if set(one) & set(rows)]]
    )


def _work(lengths: Iterable[int]) -> int:
    """Return how many multiplications per draw the sums of counts take, by their lengths."""
    work, whole = 0, 1
    for length in lengths:
        work += whole * length
        whole += length - 1
    return work


def _added(given: NegativeBinomial, parts: Sequence[_Hidden], wanted: Any) -> Value:
    """Return the log-probability of hidden counts, by sums over the sum of each set.

    `given` has the law of every count given the known ones of its set; `wanted` are log-weights of
    the sum over all sets, None where there is no such total.
    """
    at = [i for some in parts for i in some.at]
    means = given.mean[at]
    cvs = fm.stack([given.cv[some.of] + 0.0 * means[0] for some in parts])
    means = means + 0.0 * cvs[0]
    if fm.is_symbol(means, cvs):
        return _added_by(joined_in_logs, means, cvs, parts, wanted)
    with np.errstate(all="ignore"):
        value = _added_by(joined_arrays, means, cvs, parts, wanted)
        poor = ~(fm.constant(value) > -np.inf)
        if poor.any():
            few = _added_by(joined_in_logs, means[:, poor], cvs[:, poor], parts, wanted)
            value = filled(value, poor, few)
    return value


def _added_by(join: Any, means: Value, cvs: Value, parts: Sequence[_Hidden], wanted: Any) -> Value:
    """Return what `_added` does, where `join` gives the distribution of a sum of counts."""
    sums, lengths = [], []
    place = 0
    for k, some in enumerate(parts):
        rows = [means[place + j] for j in range(len(some.at))]
        place += len(some.at)
        whole = rows[0]
        for one in rows[1:]:
            whole = whole + one
        start = sum(int(counts[0]) for _, counts, _ in some.rows)
        length = sum(len(counts) for _, counts, _ in some.rows) - len(some.rows) + 1
        # Any factor will do, since it is taken out again: the likeliest one, for the digits.
        near = fm.constant(cvs[k]) ** 2
        tilt = (1.0 + near * (start + (length - 1) / 2)) / (1.0 + near * fm.constant(whole))
        sums.append(_joined(join, some, rows, tilt) + _lifted(whole, cvs[k], tilt, start, length))
        lengths.append(length)
    logs = sums[0] if len(sums) == 1 else join(sums, lengths)
    if wanted is not None:
        logs = logs + np.maximum(wanted, NEVER)[:, None]
    return fm.logsumexp(logs, axis=0)


def _lifted(mean: Value, cv: Value, tilt: Value, start: int, length: int) -> Value:
    """Return the logs of the negative binomial over the Poisson probability of consecutive counts.

    The latter of a `mean` times `tilt`; shape ``(length, draws)``. From one count to the next the
    ratio rises by ``(1 + cv^2 k) / (1 + cv^2 mean) / tilt``.
    """
    first = NegativeBinomial(mean, cv).logp(start) - Poisson(mean * tilt).logp(start)
    square = cv * cv
    more = np.arange(length, dtype=np.float64)[:, None]
    each = fm.log1p(square * (start + more))
    fall = fm.log1p(square * mean) + fm.log(tilt)
    return first + fm.cumsum(each, axis=0) - each - more * fall


def _joined(join: Any, some: _Hidden, means: Sequence[Value], tilt: Value) -> Value:
    """Return the log-probability of every sum of the counts of a set, at a factor `tilt`."""

    def each(one: _Row, mean: Value) -> Value:
        return Poisson(mean * tilt).logp(one[1][:, None]) + np.maximum(one[2], NEVER)[:, None]

    parts, lengths = [], []
    left = list(zip(some.rows, means, strict=True))
    for one, mean in left[: len(some.alone)]:
        parts.append(each(one, mean))
        lengths.append(len(one[1]))
    left = left[len(some.alone) :]
    for rows, wanted in some.ties:
        own, left = left[: len(rows)], left[len(rows) :]
        logs = [each(one, mean) for one, mean in own]
        tied = join(logs, [len(one[1]) for one, _ in own])
        parts.append(tied + np.maximum(wanted, NEVER)[:, None])
        lengths.append(len(wanted))
    return parts[0] if len(parts) == 1 else join(parts, lengths)
