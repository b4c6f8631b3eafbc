"""Counts that are made up given others of the same people, which are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.distributions import Poisson, SharedCounts
from funnelest.likelihood.tied import divided
from funnelest.model.parts import Parts
from funnelest.model.ties import Rows, Ties
from funnelest.observations.observation import Seen
from funnelest.quantities.quantities import Quantities

__all__ = ["counts_given"]

type Floats = NDArray[np.float64]

#: Rounds in which counts that depend on each other in a circle are drawn again.
_ROUNDS = 30
#: How far from what is expected a count may be, in standard deviations and by itself.
_FAR, _MORE = 12.0, 40.0


@dataclass(eq=False)
class _Block:
    """Counts of one source that are in the same sums, and what their sum may be."""

    name: str
    rows: Rows
    mean: float
    counts: Any
    logs: Floats
    planned: bool
    value: int | None = None
    links: list[_Link] = field(default_factory=list)

    @property
    def known(self) -> bool:
        """Whether its sum can only be one number."""
        return len(self.counts) == 1


@dataclass(eq=False)
class _Link:
    """Two sums that are taken together."""

    law: SharedCounts
    sides: tuple[list[_Block], list[_Block]]

    def others(self, block: _Block) -> list[_Block]:
        """Return all other blocks of both sums."""
        return [one for side in self.sides for one in side if one is not block]

    def log_ratios(self, block: _Block) -> Any:
        """Return how much likelier what a block may be is by the other sum."""
        sums: list[Any] = [
            sum(block.counts if one is block else one.value for one in side) for side in self.sides
        ]
        return self.law.log_ratios(*sums)


def counts_given(
    model: Parts,
    ties: Ties,
    q: Quantities,
    seen: Mapping[str, Sequence[Seen]],
    planned: Collection[str],
    rng: np.random.Generator,
) -> dict[str, list[int]]:
    r"""Return made-up counts of planned sources that are taken together with others, by name.

    Parameters
    ----------
    model : Parts
        The model with the planned sources.
    ties : Ties
        Which of its sources may hold the same people.
    q : Quantities
        What it says of its route, for one draw.
    seen : mapping of str to sequence of Seen
        What all sources have observed that count people.
    planned : collection of str
        The names of those whose counts are to be made up.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Notes
    -----
    Of all counts the law is that of the likelihood, :math:`\prod_i P(x_i) \prod_{ij} P(x_i, x_j) /
    (P(x_i) P(x_j))`. Each sum is drawn from all that it may be, given those that it is taken
    together with. In a tree that is exact from a known count outwards; where several known ones
    lie around several that are made up, these are drawn again 30 times (Gibbs). A known count that
    was rounded is drawn too, from those that print so.
    """
    chosen = [
        (tie, parts)
        for tie, parts in ties.among([name for name in seen if model.powers.get(name, 1.0)])
    ]
    sums: dict[str, list[Rows]] = {}
    for tie, parts in chosen:
        for name, side in ((tie.first, 0), (tie.second, 1)):
            sums.setdefault(name, []).extend(part.rows[side] for part in parts)
    blocks = {
        name: [_block(name, rows, seen[name][0], name in planned) for rows in _atoms(some)]
        for name, some in sums.items()
    }
    for tie, parts in chosen:
        shared = tie.shared(model.evidence, q)
        for part in parts:
            one, other = (
                [block for block in blocks[name] if set(block.rows) <= set(rows)]
                for name, rows in zip((tie.first, tie.second), part.rows, strict=True)
            )
            link = _Link(tie.law(part, seen, shared), (one, other))
            for block in (*one, *other):
                block.links.append(link)
    every = [block for some in blocks.values() for block in some]
    for block in every:
        if block.known:
            block.value = int(block.counts[0])
        elif block.planned:
            _widen(block)
    for cluster in _clusters(every):
        if any(block.planned for block in cluster):
            _drawn(cluster, rng)
    return {name: _made(seen[name][0], blocks[name], q, rng) for name in blocks if name in planned}


def _atoms(sums: Iterable[Rows]) -> list[Rows]:
    """Return the largest sets of counts of which no sum has some and not others."""
    whose: dict[int, list[int]] = {}
    for k, rows in enumerate(sums):
        for i in rows:
            whose.setdefault(i, []).append(k)
    found: dict[tuple[int, ...], list[int]] = {}
    for i in sorted(whose):
        found.setdefault(tuple(whose[i]), []).append(i)
    return [tuple(rows) for rows in found.values()]


def _block(name: str, rows: Rows, seen: Seen, planned: bool) -> _Block:
    law, counts = seen.law(rows), seen.sums(rows)
    if not isinstance(law, Poisson) or counts is None:
        raise TypeError("only Poisson counts have a joint distribution here")
    mean = float(np.ravel(law.mean)[0])
    # What a planned one may be is found when it is known what is around it.
    logs = np.zeros(2) if planned else np.asarray(seen.log_sums(rows), dtype=np.float64)[:, 0]
    return _Block(name, rows, mean, np.arange(2) if planned else counts, logs, planned)


def _widen(block: _Block) -> None:
    """Let a planned sum be all that it may well be, beside known ones."""
    means = [block.mean]
    for link in block.links:
        mine = int(block in link.sides[1])
        theirs = link.sides[1 - mine]
        if all(one.known for one in theirs):
            own, other = ((link.law.first, link.law.second)[i] for i in (mine, 1 - mine))
            seen = sum(float(one.counts[0]) for one in theirs)
            expected = own + link.law.both / other * (seen - other)
            means.append(float(np.ravel(expected)[0]))
    away = [_FAR * np.sqrt(max(one, 0.0)) + _MORE for one in means]
    low = max(int(min(m - d for m, d in zip(means, away, strict=True))), 0)
    high = int(max(m + d for m, d in zip(means, away, strict=True)))
    block.counts = np.arange(low, high + 1)
    block.logs = np.asarray(Poisson(block.mean).logp(block.counts))


def _clusters(blocks: Sequence[_Block]) -> list[list[_Block]]:
    """Return the blocks that are not known and depend on each other, given those that are."""
    left = [block for block in blocks if not block.known]
    found = []
    while left:
        cluster = [left[0]]
        for block in cluster:
            cluster += [one for one in _near(block, known=False) if one not in cluster]
        left = [block for block in left if block not in cluster]
        found.append(cluster)
    return found


def _drawn(cluster: list[_Block], rng: np.random.Generator) -> None:
    """Draw the sums of blocks that depend on each other, from one that is told of outwards."""
    told = [block for block in cluster if not block.planned or _near(block, known=True)]
    start = told[:1] or cluster[:1]
    for block in start:
        start += [one for one in _near(block, known=False) if one not in start]
    for block in start:
        _draw(block, rng)
    pairs = all(len(side) == 1 for b in cluster for link in b.links for side in link.sides)
    if len(cluster) > 1 and (len(told) > 1 or not pairs):
        for _ in range(_ROUNDS):
            for block in start:
                _draw(block, rng)


def _near(block: _Block, *, known: bool) -> list[_Block]:
    """Return the blocks that are in a link with one, those that are known or the others."""
    near = dict.fromkeys(one for link in block.links for one in link.others(block))
    return [one for one in near if one.known == known]


def _draw(block: _Block, rng: np.random.Generator) -> None:
    """Draw the sum of a block, given those that it is taken together with and that are there."""
    logs = block.logs
    for link in block.links:
        if all(one.value is not None for one in link.others(block)):
            logs = logs + link.log_ratios(block)
    top = logs.max()
    weights = np.exp(logs - top) if np.isfinite(top) else np.exp(block.logs - block.logs.max())
    block.value = int(rng.choice(block.counts, p=weights / weights.sum()))


def _made(seen: Seen, blocks: Sequence[_Block], q: Quantities, rng: np.random.Generator) -> Any:
    """Return the counts of a source, those in no block made up by themselves."""
    counts = np.array(seen.anew(q.draws, rng), dtype=np.int64)[:, :1]
    for block in blocks:
        laws = [seen.law((i,)) for i in block.rows]
        means = [one.moments()[0] for one in laws if one is not None]
        counts[list(block.rows)] = divided(np.array([block.value]), means, rng)
    return counts[:, 0].tolist()
