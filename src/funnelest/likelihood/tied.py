"""What the counts of the same people say together, beyond what each says by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from funnelest.distributions import Range
from funnelest.model.parts import Parts
from funnelest.model.ties import Tie, Tied
from funnelest.observations.observation import Seen
from funnelest.quantities.quantities import Quantities

__all__ = ["divided", "log_ratios", "tied_counts"]

type Value = Any


def log_ratios(
    model: Parts, q: Quantities, seen: Mapping[str, Sequence[Seen]], names: Sequence[str]
) -> Iterator[tuple[str, str, Value]]:
    r"""Yield what counts of two sources say together beside what each says, and the sources.

    Parameters
    ----------
    model : Parts
        The model.
    q : Quantities
        What it says of its route.
    seen : mapping of str to sequence of Seen
        What its sources have observed.
    names : sequence of str
        The sources that count.

    Notes
    -----
    Each is the log of :math:`P(x, y) / (P(x) P(y))`, of the sum x of counts of the one and y of
    the other, which are bivariate Poisson (`SharedCounts`). Given its sum, how the records of a
    source are divided among its counts is taken not to depend on the other source. Of counts that
    are not known it is the log of the mean of that ratio, over what they may be given what each
    source by itself has printed: P(X, Y) / (P(X) P(Y)) for what was printed.
    """
    for tie, parts in model.ties.among(names):
        shared = tie.shared(model.evidence, q)
        total: Value = 0.0
        for part in parts:
            law = tie.law(part, seen, shared)
            key = ("tied", tie.first, tie.second, part.number)
            x, y = q.fixed(key, partial(_sums, tie, part, seen))
            # Counts that are made up by themselves may contradict each other.
            if not law.possible(x, y):
                continue
            if len(x) == len(y) == 1:
                total = total + law.log_ratio(int(x[0]), int(y[0]))
            else:
                one, other = (
                    Range(counts, seen[name][0].log_sums(rows))
                    for name, rows, counts in zip(
                        (tie.first, tie.second), part.rows, (x, y), strict=True
                    )
                )
                total = total + law.log_ratio_of(one, other)
        yield tie.first, tie.second, total


def _sums(tie: Tie, part: Tied, seen: Mapping[str, Sequence[Seen]]) -> list[Any]:
    """Return what the sums of counts that are taken together may be."""
    names = zip((tie.first, tie.second), part.rows, strict=True)
    return [seen[name][0].sums(rows) for name, rows in names]


def tied_counts(
    model: Parts,
    q: Quantities,
    seen: Mapping[str, Sequence[Seen]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Return made-up counts of the sources of which some are of the same people as others'.

    By the name of the source, shape ``(counts, draws)``: as `log_ratios` has it, source by source
    along the route.
    """
    chosen = model.ties.among([name for name in seen if model.powers.get(name, 1.0)])
    found: dict[str, Any] = {}

    def made(name: str) -> Any:
        if name not in found:
            (one,) = seen[name]
            found[name] = np.array(one.anew(q.draws, rng), dtype=np.int64)
        return found[name]

    for tie, parts in sorted(chosen, key=lambda one: model.ties.order.index(one[0].second)):
        shared = tie.shared(model.evidence, q)
        for part in parts:
            (mine, theirs), law = map(list, part.rows), tie.law(part, seen, shared)
            before, after = made(tie.first), made(tie.second)
            number = law.second_given(before[mine].sum(axis=0), rng)
            laws = [seen[tie.second][0].law((i,)) for i in theirs]
            means = [one.moments()[0] for one in laws if one is not None]
            after[theirs] = divided(number, means, rng)
    return found


def divided(number: Any, means: Sequence[Any], rng: np.random.Generator) -> Any:
    """Return a number of records divided at random over counts with these means."""
    found, left = [], np.asarray(number)
    for i, mean in enumerate(means):
        rest = sum(means[i:])
        share = np.where(rest > 0, mean / np.where(rest > 0, rest, 1.0), 0.0)
        last = i == len(means) - 1
        found.append(left if last else rng.binomial(left, np.clip(share, 0.0, 1.0)))
        left = left - found[-1]
    return np.stack(found)
