"""The log-probability of a range of counts, for many draws at once (NumPy).

The probabilities of consecutive counts are, but for constants, powers of one number per draw:
a Poisson probability is ``mean^k / k!`` times what does not depend on `k`. So their weighted sum
is a polynomial, whose coefficients depend on the printed figure only and are remembered.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest import math as fm
from funnelest.tape.seldom import replaced
from funnelest.tape.traced import declared

__all__ = ["PowerSum", "filled", "log_total", "part_of", "poisson_total", "sum_of_logs"]

type Floats = NDArray[np.float64]

#: From this many counts on, a difference of distribution functions is faster than their sum.
_MANY = 3000
#: From counts of this size on, distribution functions are trusted near the mean only.
_LARGE = 200_000
#: Most terms, and largest log-coefficient, of a polynomial that is evaluated as one.
_TERMS, _HIGHEST = 512, 300.0
#: Draws at a time, so that the powers stay in the cache of the processor.
_DRAWS = 4096
#: Numbers at a time in sums of logarithms.
_NUMBERS = 2_000_000


@dataclass(frozen=True)
class _Piece:
    """A polynomial whose first and last coefficients are 1.

    Its terms are ``exp(head + slope j) r^(start + j)`` times the coefficients.
    """

    start: int
    length: int
    head: float
    tail: float
    scale: float
    up: Floats
    down: Floats


class _Room(threading.local):
    """Memory that is used again: a fresh page costs more than the numbers that it takes."""

    def __init__(self) -> None:
        self.numbers: Floats = np.empty(0)

    def rows(self, count: int, length: int) -> Floats:
        """Return an array of `count` rows of this `length`, with anything in it."""
        if len(self.numbers) < count * length:
            self.numbers = np.empty(count * length)
        return self.numbers[: count * length].reshape(count, length)


_ROOM = _Room()


class PowerSum:
    """The logarithm of ``sum_j exp(a_j) r^j``, for fixed `a` (``-inf``: absent) and many `r`.

    All terms are positive, so nothing cancels. The coefficients are scaled so that the first and
    the last are 1: upwards from the first power nothing underflows, and where it overflows the
    sum is taken downwards from the last power. Evaluated by blocks (Paterson and Stockmeyer, On
    the number of nonscalar multiplications necessary to evaluate polynomials, SIAM Journal on
    Computing 2, 1973): one small matrix product with the first powers of `r`, then Horner's rule
    in the next power.
    """

    def __init__(self, logs: Floats) -> None:
        self.logs = np.asarray(logs, dtype=np.float64)
        self.pieces = tuple(_pieces(self.logs, 0))

    def __call__(self, r: Any) -> Any:
        """Return the logarithm of the sum for every element of `r`, not negative."""
        return declared(self._values, (self._slope,), r)

    @cached_property
    def _derivative(self) -> PowerSum:
        """The derivative of the sum, which is such a sum too."""
        return PowerSum(self.logs[1:] + np.log(np.arange(1.0, len(self.logs))))

    def _slope(self, g: Any, value: Any, r: Any) -> Any:
        # Not where the sum has overflowed: it is then taken otherwise.
        slope = np.exp(self._derivative(r) - value)
        return g * np.where(np.isfinite(value), slope, 0.0)

    def _values(self, r: Any) -> Floats:
        flat = np.ravel(np.asarray(r, dtype=np.float64))
        with np.errstate(all="ignore"):
            blocks = [self._block(flat[i : i + _DRAWS]) for i in range(0, len(flat), _DRAWS)]
        value = blocks[0] if len(blocks) == 1 else np.concatenate(blocks or [flat])
        return value.reshape(np.shape(r))

    def _block(self, r: Floats) -> Floats:
        value = np.full(r.shape, -np.inf)
        for piece in self.pieces:
            found = _log_piece(piece, r)
            value = found if len(self.pieces) == 1 else np.logaddexp(value, found)
        return value


def _pieces(logs: Floats, start: int) -> list[_Piece]:
    """Cut a polynomial where its coefficients would overflow."""
    there = np.flatnonzero(logs > -np.inf)
    if not len(there):
        return []
    logs, start = logs[there[0] : there[-1] + 1], start + int(there[0])
    length = len(logs)
    slope = float(np.clip((logs[-1] - logs[0]) / max(length - 1, 1), -700.0, 700.0))
    above = logs - logs[0] - slope * np.arange(length)
    if length > 2 and (length > _TERMS or above.max() > _HIGHEST):
        half = length // 2
        return _pieces(logs[:half], start) + _pieces(logs[half:], start + half)
    size = max(1, round(float(np.sqrt(1.2 * length))))
    blocks = -(-length // size)
    terms = np.zeros((2, blocks * size))
    terms[0, :length], terms[1, :length] = np.exp(above), np.exp(above[::-1])
    up, down = terms.reshape(2, blocks, size)
    return [_Piece(start, length, float(logs[0]), float(logs[-1]), float(np.exp(slope)), up, down)]


def _log_piece(piece: _Piece, r: Floats) -> Floats:
    value = np.log(_polynomial(piece.up, r * piece.scale)) + piece.head
    if piece.start:
        value += piece.start * np.log(r)
    high = ~np.isfinite(value)
    if high.any():  # from the last power downwards
        few = r[high]
        last = piece.start + piece.length - 1
        below = np.log(_polynomial(piece.down, 1.0 / (few * piece.scale)))
        value[high] = np.where(few > 0, below + piece.tail + last * np.log(few), value[high])
    return value


def _polynomial(coefficients: Floats, r: Floats) -> Floats:
    """Return the polynomial with these `coefficients`, one row per block, at `r`."""
    blocks, size = coefficients.shape
    work = _ROOM.rows(size + blocks, len(r))
    powers, parts = work[:size], work[size:]
    powers[0] = 1.0
    for i in range(1, size):
        np.multiply(powers[i - 1], r, out=powers[i])
    step = powers[-1] * r
    np.matmul(coefficients, powers, out=parts)
    value: Floats = parts[-1].copy()
    for block in range(blocks - 2, -1, -1):
        value *= step
        value += parts[block]
    return value


@lru_cache(maxsize=1024)
def _remembered(first: int, last: int, top: float, step: float, weights: bytes | None) -> PowerSum:
    """Return the sum over counts, but for the probability of the first one.

    The probability of `x` over that of ``x - 1`` is ``r (top + step (x - 1)) / x``.
    """
    x = np.arange(first + 1, last + 1, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.concatenate([[0.0], np.cumsum(np.log(top + step * (x - 1)) - np.log(x))])
    logs[np.isnan(logs)] = -np.inf  # counts that are impossible
    return PowerSum(logs if weights is None else logs + np.frombuffer(weights))


def log_total(distribution: Any, counts: Any, log_weights: Any = None) -> Any:
    """Return the log of the weighted sum of the probabilities of `counts`, None for symbols.

    The counts are consecutive; the weights are given as logarithms, ``-inf`` for counts that do not
    count, and are all 1 when left out. By ``steps()`` of the distribution, ``(r, top, step)``, the
    probability of `x` over that of ``x - 1`` is ``r (top + step (x - 1)) / x``, as in the class of
    Panjer (Recursive evaluation of a family of compound distributions, ASTIN Bulletin 12, 1981).

    A polynomial in `r` when `top` and `step` are numbers; else from the middle outwards,
    ``p(m) (1 + q(m+1) (1 + q(m+2) (...)))``, with `q` the ratios. Only positive terms, so nothing
    cancels, and no exponential per term. Where this overflows the terms are summed in logarithms.
    """
    r, top, step = distribution.steps()
    if fm.is_symbol(r, top, step):
        return None
    weights = None if log_weights is None else np.asarray(log_weights, dtype=np.float64)
    first, last = int(counts[0]), int(counts[-1])
    with np.errstate(all="ignore"):
        if np.ndim(top) or np.ndim(step):
            total = _outwards(distribution, first, last, weights)
        else:
            key = None if weights is None else weights.tobytes()
            total = _remembered(first, last, float(top), float(step), key)(r)
            total = total + distribution.logp(first)
        if weights is not None and not (weights > -np.inf).any():
            return total
        varied = [name for name, value in vars(distribution).items() if np.ndim(value)]

        def in_logs(rest: NDArray[np.bool_], *given: Any) -> Any:
            whole = replace(distribution, **dict(zip(varied, given, strict=True)))
            mean = fm.constant(whole.moments()[0])
            # Most are of trajectories that ran off: with a mean of 0 there is no count but 0.
            none = np.equal(mean, 0.0) if first else np.False_
            value = np.where(none, -np.inf, np.nan)
            rest = rest & ~(none | np.isnan(mean))
            if not rest.any():
                return value
            return filled(value, rest, sum_of_logs(part_of(whole, rest), counts, weights))

        return replaced(
            total,
            lambda value, *_: ~np.isfinite(value),
            in_logs,
            *(getattr(distribution, name) for name in varied),
        )


def _outwards(distribution: Any, first: int, last: int, weights: Any) -> Any:
    r, top, step = distribution.steps()
    highest = 0.0 if weights is None else float(weights.max())
    if highest == -np.inf:
        return np.full(np.broadcast_shapes(*map(np.shape, (r, top, step))), -np.inf)
    w = np.ones(last - first + 1) if weights is None else np.exp(weights - highest)
    middle = (first + last) // 2

    def value(flat: Any, slope: Any) -> Floats:
        return _both_sides(flat, slope, first, middle, last, w)[0]

    def change(g: Any, _: Any, flat: Any, slope: Any, which: int) -> Any:
        return g * _both_sides(flat, slope, first, middle, last, w, which)[1]

    rules = (partial(change, which=0), partial(change, which=1))
    total = declared(value, rules, r * (top - step), r * step)
    return total + distribution.logp(middle) + highest


def _both_sides(
    flat: Any, slope: Any, first: int, middle: int, last: int, w: Floats, which: int | None = None
) -> tuple[Floats, Floats]:
    """Return the log of the sum over the probability in the middle; not where it is impossible.

    And its derivative, in `flat` when `which` is 0 and in `slope` when it is 1. The ratio of the
    probability of `x` to that of ``x - 1`` is ``flat / x + slope``.
    """
    shape = np.broadcast_shapes(np.shape(flat), np.shape(slope))
    up, down, ratio = np.zeros(shape), np.zeros(shape), np.empty(shape)
    more, less = np.zeros(shape), np.zeros(shape)  # their derivatives

    for x in range(last, middle, -1):
        np.multiply(flat, 1.0 / x, out=ratio)
        ratio += slope
        up += w[x - first]
        if which is not None:
            more *= ratio
            more += up if which else up / x
        up *= ratio
    for x in range(first, middle):
        np.multiply(flat, 1.0 / (x + 1), out=ratio)
        ratio += slope
        down += w[x - first]
        down /= ratio
        if which is not None:
            less -= down if which else down / (x + 1)
            less /= ratio
    # A negative ratio belongs to counts that are impossible: left to the plain sum.
    sound = (up >= 0) & (down >= 0)
    total = np.where(sound, up + down + w[middle - first], np.nan)
    value, change = np.log(total), np.where(sound, (more + less) / total, 0.0)
    over = sound & ~(np.isfinite(value) & np.isfinite(change)) & (total > 0)
    if over.any():  # seldom, and of few draws
        far = np.broadcast_to(flat, shape)[over], np.broadcast_to(slope, shape)[over]
        value[over], change[over] = _in_logs(far, (first, middle, last), w, which)
    return value, change


def _in_logs(
    far: tuple[Floats, Floats], counts: tuple[int, int, int], w: Floats, which: int | None
) -> tuple[Floats, Floats]:
    """Return what `_both_sides` does, by logarithms, which do not overflow."""
    (flat, slope), (first, middle, last) = far, counts
    value, change = np.empty(flat.shape), np.zeros(flat.shape)
    x = np.arange(first + 1.0, last + 1.0)[:, None]
    for i in range(0, len(flat), size := max(1, _NUMBERS // len(w))):
        some = slice(i, i + size)
        ratio = flat[some] / x + slope[some]
        steps = np.zeros((len(w), ratio.shape[1]))
        np.cumsum(np.log(ratio), axis=0, out=steps[1:])
        logs = steps - steps[middle - first] + np.log(w)[:, None]
        value[some] = fm.logsumexp(logs, axis=0)
        if which is not None:
            np.cumsum(1.0 / ratio if which else 1.0 / (x * ratio), axis=0, out=steps[1:])
            rise = steps - steps[middle - first]
            change[some] = (np.exp(logs - value[some]) * rise).sum(axis=0)
    return value, change


def sum_of_logs(distribution: Any, counts: Any, log_weights: Any = None) -> Any:
    """Return what `log_total` does for one-dimensional draws, summed in logarithms.

    `distribution` has any ``logp``, `counts` are integers in any order and `log_weights` their
    weights, or None.
    """
    x = np.asarray(counts, dtype=np.float64)[:, None]
    w = None if log_weights is None else np.asarray(log_weights)[:, None]
    value: Any = None
    size = max(1, _NUMBERS // max(1, np.size(distribution.moments()[0])))
    for i in range(0, len(x), size):
        logs = distribution.logp(x[i : i + size])
        logs = logs if w is None else logs + w[i : i + size]
        part = fm.logsumexp(logs, axis=0)
        value = part if value is None else np.logaddexp(value, part)
    return value


def poisson_total(distribution: Any, counts: Any, log_weights: Any = None) -> Any:
    """Return the log-probability that a Poisson count is one of `counts`, None for symbols.

    As `log_total` with the same `distribution` and `log_weights`. For very many counts by the
    distribution function, for draws where its difference keeps 12 digits.
    """
    mean = distribution.mean
    if not isinstance(mean, np.ndarray) or len(counts) < _MANY or log_weights is not None:
        return log_total(distribution, counts, log_weights)
    from scipy.special import gammainc, gammaincc

    first, last = int(counts[0]), int(counts[-1])
    # From the tail that holds less: there a difference keeps its digits.
    above = mean < first
    more = np.where(above, gammainc(max(first, 1.0), mean), gammaincc(last + 1.0, mean))
    less = np.where(
        above, gammainc(last + 1.0, mean), gammaincc(float(first), mean) if first else 0
    )
    if not first:
        more = np.where(above, 1.0, more)
    with np.errstate(all="ignore"):
        total = np.asarray(more - less)
        # SciPy's incomplete gamma function loses digits far from a large mean.
        enough = 1e-3 * more if last < _LARGE else 1e-3
        rest = ~((total > enough) & (total > 1e-290))
        value = np.log(np.where(rest, 1.0, total))
    # Either so far out that only the counts nearest to the mean count, or so narrow a range that
    # these are all of them.
    near = 50 + (2 if last < _LARGE else 12) * int(np.sqrt(last))
    for chosen, part in ((rest & above, counts[:near]), (rest & ~above, counts[-near:])):
        if chosen.any():
            value[chosen] = log_total(part_of(distribution, chosen), part)
    return value


def filled(value: Any, rest: NDArray[np.bool_], few: Any) -> Any:
    """Return `value` with the numbers `few`, one-dimensional, where `rest` holds."""
    at = np.maximum(np.cumsum(rest) - 1, 0).reshape(rest.shape)
    return fm.where(rest, few[at], value)


def part_of(distribution: Any, chosen: NDArray[np.bool_]) -> Any:
    """Return the `distribution` for the `chosen` draws, which then have one dimension."""
    changed = {
        name: np.broadcast_to(value, chosen.shape)[chosen]
        for name, value in vars(distribution).items()
        if np.ndim(value)
    }
    return replace(distribution, **changed)
