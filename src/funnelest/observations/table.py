"""Several printed figures of one source: independent counts, some with a printed total."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from funnelest import math as fm
from funnelest.distributions import Distribution, Location
from funnelest.distributions.hidden_counts import filled
from funnelest.distributions.shared_ranges import NEVER
from funnelest.figures import Figure
from funnelest.figures.base import Counts, known
from funnelest.observations.adding import joined, joined_in_logs
from funnelest.observations.observation import Part, Seen, dense, is_one_count, listed
from funnelest.words import named

__all__ = ["Margin", "Printed", "Table", "margin_problems", "row"]

type Value = Any
#: Position of a count, what it may be, and the log-weight of each.
type _Row = tuple[int, Any, Any]

#: Multiplications per draw that the sums of a margin may take.
_WORK = 400_000
#: A probability this much below the largest one is not told from zero in linear arithmetic.
_TINY = 1e-250


@dataclass(frozen=True)
class Margin:
    """A printed total of some of the counts; it need not be the sum of the printed parts."""

    rows: tuple[int, ...]
    figure: Figure


def row(distribution: Distribution, i: Any) -> Any:
    """Return the distribution of one of the counts (of several, when `i` is a list)."""
    changed = {name: value[i] for name, value in vars(distribution).items() if np.ndim(value) >= 2}
    return replace(distribution, **changed)  # type: ignore[type-var]


def _positions(rows: list[int]) -> Any:
    """Return positions as an index: a slice, which takes nothing, where they follow each other."""
    first = rows[0] if rows else 0
    whole = slice(first, first + len(rows))
    return whole if rows == list(range(whole.start, whole.stop)) else np.array(rows)


def margin_problems(what: str, parts: Sequence[Figure], total: Figure, divisor: int) -> list[str]:
    """Return why printed `parts` and their printed `total` cannot both be right."""
    low = sum(one.limits(divisor)[0] for one in parts)
    high = sum(one.limits(divisor)[1] for one in parts)
    first, last = total.limits(divisor)
    found = [
        f"{what}: the counts add up to at {side} {end / divisor:,.10g}, {wrong} than the total "
        f"({total.describe()})."
        for side, end, wrong, so in (
            ("least", low, "more", low > last),
            ("most", high, "less", high < first),
        )
        if so
    ]
    sizes = [np.diff(one.limits(divisor))[0] + 1 for one in parts]
    work, length = 0.0, 1.0
    for size in sizes:
        work += min(length, size) * max(length, size)
        length += size - 1
    if not found and not work < _WORK:
        found.append(
            f"{what}: a total beside counts that are printed so coarsely says next to nothing, and "
            "takes too long to sum: leave it out."
        )
    return found


@dataclass(frozen=True)
class Printed:
    """Counts and totals of groups of them that do not overlap, as they were printed.

    What follows from these alone is found once.
    """

    figures: tuple[Figure, ...]
    divisor: int = 1
    margins: tuple[Margin, ...] = ()

    @cached_property
    def _sorted(self) -> tuple[list[_Row], list[_Row], list[tuple[list[_Row], Any]], float]:
        """Return rows known exactly, rows with several counts, and rows tied by a total.

        And the log-probability that the totals of known counts print as they do.
        """
        rows = [_dense(i, figure, self.divisor) for i, figure in enumerate(self.figures)]
        tied = {i for margin in self.margins for i in margin.rows}
        alone = [one for one in rows if one[0] not in tied]
        groups = []
        constant = 0.0
        for margin in self.margins:
            inside = [rows[i] for i in margin.rows]
            # Exact counts only move the total; without others it says nothing new.
            known_sum = sum(int(counts[0]) for _, counts, _ in inside if len(counts) == 1)
            alone += [one for one in inside if len(one[1]) == 1]
            several = [one for one in inside if len(one[1]) > 1]
            if not several:
                constant += float(_printing(margin.figure, np.array([known_sum]), self.divisor)[0])
                continue
            first = known_sum + sum(int(counts[0]) for _, counts, _ in several)
            length = sum(len(counts) for _, counts, _ in several) - len(several) + 1
            sums = np.arange(first, first + length)
            wanted = _printing(margin.figure, sums, self.divisor)
            if len(several) > 1:
                groups.append((several, wanted))
                continue
            # One count that is not known: the total leaves of it what it leaves.
            ((i, counts, weights),) = several
            alone.append(_trimmed(i, counts, weights + wanted))
        exact = [one for one in alone if len(one[1]) == 1]
        return exact, [one for one in alone if len(one[1]) > 1], groups, constant

    @property
    def rows(self) -> list[_Row]:
        """The counts that stand alone and may be several."""
        return self._sorted[1]

    @property
    def groups(self) -> list[tuple[list[_Row], Any]]:
        """Counts that a total ties together, and the log-weights of their sum."""
        return self._sorted[2]

    @cached_property
    def exact(self) -> tuple[Any, Any]:
        """Positions and values of the counts that are known."""
        rows = self._sorted[0]
        counts = np.array([int(counts[0]) for _, counts, _ in rows])
        return _positions([i for i, _, _ in rows]), counts

    def of(
        self, rows: tuple[int, ...]
    ) -> tuple[list[Any], list[_Row], list[tuple[list[_Row], Any]]] | None:
        """Return what some of the counts may be, those that stand alone, and those that are tied.

        The first has the counts of each that stands alone, and the sums of each tied set. None
        where a total ties one of them to a count that is none of them.
        """
        inside = set(rows)
        alone = [one for some in self._sorted[:2] for one in some if one[0] in inside]
        groups = []
        for group, wanted in self.groups:
            own = {i for i, _, _ in group}
            if own <= inside:
                groups.append((group, wanted))
            elif own & inside:
                return None
        whole = [counts for _, counts, _ in alone]
        for group, wanted in groups:
            first = sum(int(counts[0]) for _, counts, _ in group)
            whole.append(np.arange(first, first + len(wanted)))
        return whole, alone, groups

    def log_total(self, law: Any, one: _Row) -> Value:
        """Return the log-probability under `law` of one count that may be several, by its row."""
        i, counts, weights = one
        if not self.figures[i].bounded:
            return self.figures[i].logp(law, self.divisor)
        value = law.total(counts, weights if weights.any() else None)
        if value is None:
            finite = np.maximum(weights, NEVER)[:, None]
            value = fm.logsumexp(law.logp(counts[:, None]) + finite, axis=0)
        return value

    @cached_property
    def constant(self) -> float:
        """The log-probability that the known counts and totals print as they do."""
        return float(sum(weights[0] for _, _, weights in self._sorted[0])) + self._sorted[3]

    @cached_property
    def places(self) -> tuple[list[int], Any, Any]:
        """Positions of the counts that can be located, their means and variances."""
        known_rows = [*self._sorted[0], *self._sorted[1]]
        known_rows += [one for group, _ in self.groups for one in group]
        found = []
        for i, counts, weights in sorted(known_rows, key=lambda one: one[0]):
            if not self.figures[i].bounded:
                continue
            share = np.exp(weights - weights.max())
            mean = float(np.average(counts, weights=share))
            found.append((i, mean, float(np.average((counts - mean) ** 2, weights=share))))
        at, means, variances = zip(*found, strict=True) if found else ((), (), ())
        return list(at), np.array(means)[:, None], np.array(variances)[:, None]


@dataclass(frozen=True)
class Table(Seen):
    """Printed counts of one source, each with its expected value.

    A margin is no further evidence beside exact counts. Beside rounded or withheld ones the
    probability is that of all of them together: the sum over every set of counts that prints as
    the parts and adds up to one that prints as the total (a convolution).
    """

    distribution: Distribution
    printed: Printed

    def logp(self) -> Value:
        total: Value = self.printed.constant
        at, counts = self.printed.exact
        if len(counts):
            total = total + fm.sum(row(self.distribution, at).logp(counts[:, None]), axis=0)
        for one in self.printed.rows:
            total = total + self.printed.log_total(row(self.distribution, one[0]), one)
        for group, wanted in self.printed.groups:
            total = total + log_tied(lambda i: row(self.distribution, i), group, wanted)
        return total

    def locations(self) -> list[Location | None]:
        at, means, variances = self.printed.places
        found: list[Location | None] = []
        if at:
            found += row(self.distribution, at).locations(means, variances) or [None]
        if len(at) < len(self.printed.figures):
            found.append(None)
        return found

    def simulate(self, rng: np.random.Generator) -> tuple[list[Figure], list[Figure]]:
        """Return made-up counts and totals, printed as the real ones, from the first draw."""
        return self.of_counts([int(v) for v in np.asarray(self.sampled(rng))[..., 0]], rng)

    def of_counts(
        self, counts: Sequence[int], rng: np.random.Generator
    ) -> tuple[list[Figure], list[Figure]]:
        divisor = self.divisor
        parts = [
            figure.printed(count, divisor, rng)
            for figure, count in zip(self.printed.figures, counts, strict=True)
        ]
        totals = [
            margin.figure.printed(sum(counts[i] for i in margin.rows), divisor, rng)
            for margin in self.printed.margins
        ]
        return parts, totals

    def sampled(self, rng: np.random.Generator) -> Any:
        """Return counts made up with `rng`, shape ``(counts, draws)``."""
        return self.distribution.sample(rng)

    def moments(self) -> tuple[Any, Any]:
        mean, sd = self.distribution.moments()
        return mean / self.divisor, sd / self.divisor

    @property
    def divisor(self) -> int:
        return self.printed.divisor

    def parts(self, labels: Sequence[str]) -> list[Part]:
        found: list[Part] = [
            (labels[i] if labels else named("figure.study", i=i + 1), figure, (i,), i)
            for i, figure in enumerate(self.printed.figures)
        ]
        for margin in self.printed.margins:
            rows = margin.rows
            whole = len(rows) == len(labels)
            of = named("figure.total") if whole else named("figure.total_of", label=labels[rows[0]])
            found.append((of, margin.figure, rows, None))
        return found

    @property
    def expected(self) -> Distribution:
        return self.distribution

    def law(self, rows: tuple[int, ...]) -> Distribution | None:
        one = len(rows) == 1
        return row(self.distribution, rows[0]) if one else self.distribution.summed(list(rows))

    def anew(self, draws: int, rng: np.random.Generator) -> Any:
        values = np.atleast_2d(np.asarray(self.sampled(rng), dtype=np.float64))
        return np.broadcast_to(values, (len(values), draws))

    def sums(self, rows: tuple[int, ...]) -> Counts | None:
        if not all(listed(self.printed.figures[i]) for i in rows):
            return None
        parts = self.printed.of(rows)
        if parts is None:
            return None
        first = sum(int(counts[0]) for counts in parts[0])
        return np.arange(first, first + sum(len(counts) - 1 for counts in parts[0]) + 1)

    def log_sums(self, rows: tuple[int, ...]) -> Value:
        parts = self.printed.of(rows)
        if parts is None:
            raise ValueError(f"a total ties some of the counts {rows} to others")
        whole, alone, groups = parts
        logs = [
            row(self.distribution, i).logp(counts[:, None]) + _finite(weights)
            for i, counts, weights in alone
        ]
        for group, wanted in groups:
            own = [
                row(self.distribution, i).logp(counts[:, None]) + _finite(weights)
                for i, counts, weights in group
            ]
            logs.append(joined(own, [len(counts) for _, counts, _ in group]) + _finite(wanted))
        return joined(logs, [len(counts) for counts in whole])

    @property
    def bound(self) -> Sequence[tuple[int, ...]]:
        return [tuple(i for i, _, _ in group) for group, _ in self.printed.groups]

    def all_known(self, rows: tuple[int, ...]) -> bool:
        return all(is_one_count(self.printed.figures[i], self.divisor) for i in rows)


def _dense(i: int, figure: Figure, divisor: int) -> _Row:
    """Return the position of a figure, all counts between its limits, and their log-weights."""
    if not figure.bounded:  # summed by the figure itself
        return i, np.arange(2), np.zeros(2)
    return i, *dense(figure, divisor)


def _finite(weights: Any) -> Any:
    """Return log-weights of which none is infinite, so that slopes of symbols are finite too."""
    return np.maximum(weights, NEVER)[:, None]


def _trimmed(i: int, counts: Any, weights: Any) -> _Row:
    """Return a row without the impossible counts at its ends."""
    possible = np.flatnonzero(weights > -np.inf)
    if not len(possible):  # no count at all: kept, with a likelihood of zero
        return i, counts, weights
    ends = slice(possible[0], possible[-1] + 1)
    return i, counts[ends], weights[ends]


def _printing(figure: Figure, counts: Any, divisor: int) -> Any:
    """Return the log-probability that each count prints as `figure`."""
    low, high = figure.limits(divisor)
    if not figure.bounded:  # an upper or a lower limit
        return np.where((counts >= low) & (counts <= high), 0.0, -np.inf)
    listed, weights = known(figure, divisor)
    found = np.full(len(counts), -np.inf)
    at = np.searchsorted(listed, counts).clip(0, len(listed) - 1)
    inside = listed[at] == counts
    found[inside] = 0.0 if weights is None else weights[at[inside]]
    return found


def log_tied(law: Callable[[int], Distribution], rows: Sequence[_Row], wanted: Any) -> Value:
    """Return the log-probability of counts that a total ties together, by the `law` of each.

    `wanted` are the log-weights of their sum.
    """
    parts = [(law(i).logp(counts[:, None]), weights) for i, counts, weights in rows]
    symbols = fm.is_symbol(*(logs for logs, _ in parts))
    return (_sum_in_logs if symbols else _sum_of_arrays)(parts, wanted)


def _sum_of_arrays(parts: Sequence[tuple[Any, Any]], wanted: Any) -> Any:
    """Return the log of the summed probabilities, in linear arithmetic where that is exact."""
    scale: Any = 0.0
    sums: Any = None
    with np.errstate(all="ignore"):
        for logs, weights in parts:
            weighted = logs + weights[:, None]
            top = fm.constant(weighted).max(axis=0)
            top = np.where(np.isfinite(top), top, 0.0)
            each, scale = fm.exp(weighted - top), scale + top
            sums = each if sums is None else fm.convolve(sums, each)
        total = fm.matmul(np.exp(wanted)[None], sums)[0]
        poor = ~(total > _TINY)
        value = fm.log(fm.where(poor, 1.0, total)) + scale
        if poor.any():
            few = [(logs[:, poor], weights) for logs, weights in parts]
            value = filled(value, poor, _sum_in_logs(few, wanted))
    return value


def _sum_in_logs(parts: Sequence[tuple[Any, Any]], wanted: Any) -> Any:
    """Return the log of the summed probabilities, for arrays and symbols."""
    each = [logs + np.maximum(weights, NEVER)[:, None] for logs, weights in parts]
    sums = joined_in_logs(each, [len(weights) for _, weights in parts])
    return fm.logsumexp(sums + np.maximum(wanted, NEVER)[:, None], axis=0)
