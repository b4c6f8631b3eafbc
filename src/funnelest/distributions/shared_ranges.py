r"""Sums over two counts that have people in common, of which each is known to lie in a range.

With u and v one logarithm per count and draw,

.. math:: \log \sum_k \frac{r^k}{k!} \sum_x \frac{e^{u_x}}{(x - k)!}
    \sum_y \frac{e^{v_y}}{(y - k)!}.

All terms are positive. The sums over x and y are made for all k at once, upwards in x, where a
number is added and all that is there multiplied by ``x - k``: no exponential per term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.distributions.base import Value
from funnelest.tape.rules import reduced

__all__ = [
    "ALL", "NEVER", "NODES", "Range", "apart", "effort", "log_sum_inside", "log_sum_of",
    "log_sums_each", "mode",
]  # fmt: skip

type Floats = NDArray[np.float64]

#: Up to so many people who may be in both, every number of them is a term of the sum.
ALL = 120
#: Beyond that, terms on either side of the largest one.
NODES = 40
#: The log of what is impossible: finite, so that slopes are.
NEVER = -1e30
#: Numbers at a time in sums of logarithms.
_NUMBERS = 2_000_000


@dataclass(frozen=True)
class Range:
    """What a count may be, and how likely each is.

    Parameters
    ----------
    counts : ndarray
        In ascending order, without gaps.
    logs : value
        The log-probability of each, and of what was printed of it, shape ``(counts, draws)``.
    """

    counts: Any
    logs: Value

    @property
    def log_total(self) -> Value:
        """The log-probability of what was printed."""
        return fm.logsumexp(self.logs, axis=0)


def effort(x: Any, y: Any, *, inside: bool) -> int:
    """Return how many multiplications per draw a sum takes, by what the counts may be.

    All of the people of one count are some of the other's where they are `inside`.
    """
    if inside:
        return len(x) * len(y)
    return _nodes(x, y) * (len(x) + len(y))


def mode(x: Any, y: Any, log_r: Any) -> tuple[Any, Any]:
    """Return where terms in k are largest for counts x and y, and about their standard deviation.

    Not for counts of 0.
    """
    inverse = fm.exp(-fm.maximum(log_r, -300.0))
    root = fm.sqrt((x - y) ** 2 + 2.0 * (x + y) * inverse + inverse * inverse)
    least = min(x, y)
    at = fm.minimum(2.0 * x * y / (x + y + inverse + root), least)
    k = fm.minimum(fm.maximum(at, 0.5), least - 0.5)
    return at, fm.sqrt(1.0 / (1.0 / k + 1.0 / (x - k) + 1.0 / (y - k)))


def apart(sd: Any) -> Any:
    """Return how far terms with this standard deviation may be apart; see `SharedCounts`."""
    return fm.maximum(fm.floor(sd / 2.0), 1.0)


def log_sum_of(x: Any, y: Any, u: Value, v: Value, log_r: Value) -> Value:
    """Return the log of the sum for counts `x` and `y`, shape ``(draws,)``."""
    made = _Both(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    if fm.is_symbol(u, v, log_r):
        return made.symbols(u, v, log_r)
    return reduced(made.value, made.slopes, u, v, log_r)


def log_sum_inside(x: Any, y: Any, u: Value, v: Value) -> Value:
    """Return the log of ``sum_{x, y} exp(u_x + v_y) / (x - y)!``, shape ``(draws,)``.

    All of the people of `y` are some of those of `x`.
    """
    made = _Inside(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    if fm.is_symbol(u, v):
        return fm.logsumexp(fm.logsumexp(_each(made.x, u, made.y[:, None]), axis=0) + v, axis=0)
    return reduced(made.value, made.slopes, u, v)


def log_sums_each(x: Any, y: Any, log_r: Any) -> Any:
    """Return the log of ``sum_k r^k / (k! (x - k)! (y - k)!)`` for every x and y, of one draw."""
    ends = (np.array([float(one.min()), float(one.max())]) for one in (x, y))
    k, step = _Both(*ends).nodes(log_r)
    rest = k, x - k, y - k
    logs = k * log_r - sum(fm.gammaln(np.maximum(one, 0.0) + 1.0) for one in rest)
    inside = (k >= 0) & (rest[1] >= 0) & (rest[2] >= 0)
    return fm.logsumexp(np.where(inside, logs, -np.inf), axis=0) + np.log(step)


@dataclass(frozen=True)
class _Inside:
    """A sum in which k is y."""

    x: Floats
    y: Floats

    def _terms(self, u: Any, v: Any) -> Any:
        return _falling(self.x, u, self.y[:, None]) + v

    def value(self, u: Any, v: Any) -> Any:
        with np.errstate(all="ignore"):
            return fm.logsumexp(self._terms(u, v), axis=0)

    def slopes(self, value: Any, u: Any, v: Any) -> Any:
        with np.errstate(all="ignore"):
            share = _sound(np.exp(self._terms(u, v) - value))
            return _backwards(self.x, u, self.y[:, None], share), share


@dataclass(frozen=True)
class _Both:
    """A sum over all numbers of people in both, or as many of them as are enough."""

    x: Floats
    y: Floats

    def nodes(self, log_r: Any) -> tuple[Any, Any]:
        """Return numbers of people in both, and how far they are apart."""
        (least, most), (low, high) = self.x[[0, -1]], self.y[[0, -1]]
        if min(most, high) <= ALL:
            return np.arange(min(most, high) + 1.0)[:, None], 1.0 + 0.0 * log_r
        # The largest terms lie between those of the smallest counts and of the largest ones.
        least, low = max(least, 1.0), max(low, 1.0)
        corners = [(least, low), (most, high), (least, high), (most, low)]
        (first, sd), (last, _), *_ = places = [mode(a, b, log_r) for a, b in corners]
        for _, one in places[1:]:
            sd = fm.minimum(sd, one)
        step = apart(sd)
        first = fm.floor(first + 0.5) - NODES * step
        count = _nodes(self.x, self.y)
        if not fm.is_symbol(log_r):
            count = int(np.max(np.ceil((last - first) / step))) + NODES + 1
        return first + step * np.arange(float(count))[:, None], step

    def _terms(self, u: Any, v: Any, log_r: Any) -> tuple[Any, ...]:
        k, step = self.nodes(log_r)
        inside = (k >= 0) & (k <= min(self.x[-1], self.y[-1]))
        k = np.where(inside, k, 0.0)
        one, other = _falling(self.x, u, k), _falling(self.y, v, k)
        logs = one + other + k * log_r - fm.gammaln(k + 1.0)
        return k, np.where(inside, logs, -np.inf), step

    def value(self, u: Any, v: Any, log_r: Any) -> Any:
        with np.errstate(all="ignore"):
            _, logs, step = self._terms(u, v, log_r)
            return fm.logsumexp(logs, axis=0) + np.log(step)

    def slopes(self, value: Any, u: Any, v: Any, log_r: Any) -> Any:
        with np.errstate(all="ignore"):
            k, logs, step = self._terms(u, v, log_r)
            share = _sound(np.exp(logs - (value - np.log(step))))
            one, other = _backwards(self.x, u, k, share), _backwards(self.y, v, k, share)
            return one, other, np.sum(k * share, axis=0)

    def symbols(self, u: Any, v: Any, log_r: Any) -> Any:
        """Return the value for symbols."""
        k, step = self.nodes(log_r)
        inside = (k >= 0) & (k <= min(self.x[-1], self.y[-1]))
        k = fm.where(inside, k, 0.0)
        logs = k * log_r - fm.gammaln(k + 1.0)
        for counts, some in ((self.x, u), (self.y, v)):
            logs = logs + fm.logsumexp(_each(counts, some, k), axis=0)
        return fm.logsumexp(fm.where(inside, logs, NEVER), axis=0) + fm.log(step)


def _nodes(x: Any, y: Any) -> int:
    """Return how many terms are enough: those are the most where they may not be apart."""
    every = int(min(x[-1], y[-1]))
    return every + 1 if every <= ALL else 2 * NODES + 1 + max(len(x), len(y))


def _each(x: Any, u: Any, k: Any) -> Any:
    """Return the logs of ``exp(u_x) / (x - k)!``, shape ``(x, k, draws)``."""
    rest = x[:, None, None] - k[None]
    logs = u[:, None] - fm.gammaln(fm.maximum(rest, 0.0) + 1.0)
    return fm.where(rest >= 0, logs, NEVER)


def _sound(share: Any) -> Any:
    return np.where(np.isfinite(share), share, 0.0)


def _scaled(x: Floats, u: Floats) -> tuple[Floats, Floats, Floats]:
    """Return numbers ``exp(u_x) c^(X - x)``, the largest of them 1, its log, and c.

    With X the largest count, and c such that the first and the last are equal: what is added up
    then stays near 1.
    """
    rise = np.zeros(u.shape[1]) if len(x) < 2 else (u[-1] - u[0]) / (len(x) - 1)
    # Where an end is impossible, the factor by which terms grow beside a large x.
    rise = np.where(np.abs(rise) < -1e-6 * NEVER, rise, np.log(max(x[-1], 1.0)))  # nan is neither
    rise = np.clip(rise, -700.0, 700.0)
    logs = u + (x[-1] - x)[:, None] * rise
    top = logs.max(axis=0)
    top = np.where(np.isfinite(top), top, 0.0)
    return np.exp(logs - top), top, np.exp(rise)


def _added(x: Floats, e: Floats, c: Floats, k: Any) -> Any:
    """Return ``sum_x e_x (X - k)! / (x - k)! / c^(X - x)`` for every k of at most X."""
    found = e[0] + np.zeros(np.broadcast_shapes(np.shape(k), e[0].shape))
    for i in range(1, len(x)):
        found *= np.maximum(x[i] - k, 0.0)
        found *= 1.0 / c
        found += e[i]
    return found


def _falling(x: Floats, u: Floats, k: Any) -> Any:
    """Return the logs of ``sum_x exp(u_x) / (x - k)!``, shape ``(k, draws)``."""
    e, top, c = _scaled(x, u)
    there = x[-1] >= k
    k = np.where(there, k, 0.0)
    added = _added(x, e, c, k)
    logs = np.log(added) + top - fm.gammaln(x[-1] - k + 1.0)
    far = np.flatnonzero(~np.isfinite(added).all(axis=0))
    for i in _blocks(far, len(x) * len(k)):
        logs[:, i] = fm.logsumexp(_each(x, u[:, i], _of(k, i)), axis=0)
    return np.where(there, logs, -np.inf)


def _backwards(x: Floats, u: Floats, k: Any, share: Floats) -> Floats:
    """Return the probability of every x, from those of every k, ``(k, draws)``."""
    e, _, c = _scaled(x, u)
    there = x[-1] >= k
    k = np.where(there, k, 0.0)
    added = _added(x, e, c, k)
    left = np.where(there & (share > 0), share / added, 0.0)
    found = np.empty(u.shape)
    for i in range(len(x) - 1, -1, -1):
        found[i] = e[i] * left.sum(axis=0)
        if i:
            left *= np.maximum(x[i] - k, 0.0)
            left *= 1.0 / c
    far = ~(np.isfinite(added).all(axis=0) & np.isfinite(found).all(axis=0))
    for i in _blocks(np.flatnonzero(far), len(x) * len(k)):
        logs = _each(x, u[:, i], _of(k, i))
        parts = np.exp(logs - fm.logsumexp(logs, axis=0))
        found[:, i] = np.sum(parts * share[:, i], axis=1)
    return found


def _of(k: Any, draws: Any) -> Any:
    return k[:, draws] if k.shape[1] > 1 else k


def _blocks(draws: Any, numbers: int) -> list[Any]:
    size = max(1, _NUMBERS // numbers)
    return [draws[i : i + size] for i in range(0, len(draws), size)]
