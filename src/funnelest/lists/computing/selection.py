"""Choosing a log-linear model of complete overlap tables, for many tables at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from funnelest.lists.computing.fits import deviance
from funnelest.lists.terms import design, independent, pairs

__all__ = [
    "Chosen",
    "ExtendedFits",
    "best_by_bic",
    "fit_extended",
    "hierarchical",
    "number_of_models",
    "shortlisted",
    "stepwise",
]

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]
type Term = tuple[int, ...]
type Terms = tuple[Term, ...]

#: Newton steps at most. Where an estimate exists it takes about six; where none does, the mean of
#: some cell falls by a factor of e with every step, for ever.
_STEPS = 25
#: A fit has settled when no logarithm of a mean moves by more than this.
_CLOSE = 1e-7
#: Longest step of a logarithm of a mean.
_LONGEST = 4.0
#: Numbers in the stack of information matrices that is made at once.
_AT_ONCE = 4_000_000
#: Hierarchical models of so many lists with a term for each and interactions up to so many
#: (https://oeis.org/A006126, less the one with the interaction of all lists; Silverman, Chan and
#: Vincent, Statistics and Computing 2024;34:44, for six lists).
_MODELS = {(3, 2): 8, (4, 3): 113, (5, 4): 6893, (6, 3): 3_702_013, (6, 5): 7_785_061}


@dataclass(frozen=True)
class ExtendedFits:
    """Extended maximum-likelihood fits, one per table.

    Parameters
    ----------
    coefficients : ndarray
        Shape ``(tables, terms)``; 0 for a term that is not in the model or is minus infinity.
    means : ndarray
        Expected counts, shape ``(tables, cells)``; 0 in cells of an empty overlap of the model.
    exists : ndarray of bool
        Shape ``(tables,)``: whether there is one finite estimate of all other terms.
    """

    coefficients: Floats
    means: Floats
    exists: Flags

    @property
    def hidden(self) -> Floats:
        """Expected number on no list, shape ``(tables,)``; infinite without an estimate."""
        return np.where(self.exists, np.exp(np.minimum(self.coefficients[:, 0], 500.0)), np.inf)


@dataclass(frozen=True)
class Chosen:
    """The model that was chosen for each table, with what it says.

    Parameters
    ----------
    terms : tuple
        The terms that the columns of `active` are about.
    active : ndarray of bool
        Shape ``(tables, terms)``: the terms of the chosen model.
    hidden : ndarray
        Expected number on no list, shape ``(tables,)``; infinite where no finite one exists.
    means : ndarray
        Expected counts, shape ``(tables, cells)``.
    variance : ndarray
        Of the logarithm of `hidden` given the model, shape ``(tables,)``.
    exists : ndarray of bool
        Shape ``(tables,)``: False where not even independent lists have an estimate, so that
        `hidden` is 0 (a list holds everybody) or infinite (no list overlaps with another).
    """

    terms: Terms
    active: Flags
    hidden: Floats
    means: Floats
    variance: Floats
    exists: Flags

    def model(self, table: int) -> Terms:
        """Return the terms of the model that was chosen for a table."""
        return tuple(t for t, on in zip(self.terms, self.active[table], strict=True) if on)


# ------------------------------------------------------------------------------ enumerating


def hierarchical(lists: int, order: int) -> Iterator[Terms]:
    """Yield every hierarchical model with a term for each list and interactions up to `order`."""

    def grown(size: int, last: Terms, all_: Terms) -> Iterator[Terms]:
        inside = set(last)
        possible = [
            term
            for term in combinations(range(lists), size)
            if all(face in inside for face in combinations(term, size - 1))
        ]
        if size > order or not possible:
            yield all_
            return
        for count in range(len(possible) + 1):
            for more in combinations(possible, count):
                yield from grown(size + 1, more, all_ + more)

    yield from grown(2, independent(lists), independent(lists))


def number_of_models(lists: int, order: int, most: int) -> int:
    """Return how many models `hierarchical` yields; ``most + 1`` where it is more than `most`.

    The exact number is returned beyond `most` too where it is known.
    """
    if (lists, order) in _MODELS:
        return _MODELS[lists, order]
    with_pairs = int(2 ** (lists * (lists - 1) // 2))
    if order == 2:
        return with_pairs
    if order > 2 and with_pairs > most:
        return most + 1
    return sum(1 for _ in islice(hierarchical(lists, order), most + 1))


# ------------------------------------------------------------------------------ fitting


def fit_extended(
    X: Floats, counts: Floats, active: Flags, start: Floats | None = None
) -> ExtendedFits:
    """Fit a model of its own to each table, with empty overlaps at minus infinity.

    A term of the model with nobody in all of its lists has the coefficient minus infinity: the
    patterns with all of these lists are expected to have nobody, and are left out together with
    the term (Chan, Silverman and Vincent, JASA 2021;116:1297).

    `X` is the design of the patterns on some list, ``(cells, terms)``, the constant first; `counts`
    ``(tables, cells)``; `active`, which terms are in the model, and `start`, coefficients to start
    at, ``(tables, terms)``. An estimate does not exist where the remaining terms are not identified
    (rank), or where Newton's method does not settle. The latter is a sharp divide: the terms being
    0 or 1 and the counts whole, in every direction in which the estimate could run off there is at
    least about one expected person if it exists, and fewer than ``exp(-20)`` after the steps made
    here if it does not.
    """
    per_table = X.shape[1] ** 2 + 8 * X.shape[0]
    size = max(1, _AT_ONCE // per_table)
    parts = [
        _fit(
            X,
            counts[i : i + size],
            active[i : i + size],
            None if start is None else start[i : i + size],
        )
        for i in range(0, len(counts), size)
    ]
    return ExtendedFits(*(np.concatenate(one) for one in zip(*parts, strict=True)))


def _fit(
    X: Floats, counts: Floats, active: Flags, start: Floats | None
) -> tuple[Floats, Floats, Flags]:
    inside, keep = _finite_terms(X, counts, active)
    b = np.zeros(active.shape)
    exists = np.zeros(len(counts), dtype=bool)
    rows = np.flatnonzero(_identified(X, inside, keep))
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    if start is None:
        weight = (counts[rows] + 0.5) * keep[rows]
        right = (weight * np.log(counts[rows] + 0.5)) @ X
        b[rows] = _solved(weight, right, inside[rows], products)
    else:
        b[rows] = np.where(inside[rows], start[rows], 0.0)
    eta = b[rows] @ X.T
    found = _log_likelihood(eta, counts[rows], keep[rows])
    for _ in range(_STEPS):
        if not len(rows):
            break
        means = np.exp(np.minimum(eta, 500.0)) * keep[rows]
        step = _solved(means, (counts[rows] - means) @ X, inside[rows], products)
        move = (step @ X.T) * keep[rows]
        longest = np.abs(move).max(axis=1)
        short = np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300))
        for _ in range(20):  # until no fit is worse than before
            tried = eta + short[:, None] * move
            new = _log_likelihood(tried, counts[rows], keep[rows])
            worse = ~(new >= found - 1e-9 * (1.0 + np.abs(found)))
            if not worse.any():
                break
            short[worse] /= 2
        b[rows] += short[:, None] * step
        settled = longest < _CLOSE
        exists[rows[settled]] = True
        rows, eta, found = rows[~settled], tried[~settled], new[~settled]
    means = np.exp(np.clip(b @ X.T, -500.0, 500.0)) * keep
    return b, means, exists


def _finite_terms(X: Floats, counts: Floats, active: Flags) -> tuple[Flags, Flags]:
    """Return the terms that are not minus infinity, and the cells that these are about."""
    empty = active & (counts @ X == 0)
    keep = (empty.astype(float) @ X.T) == 0
    return active & ~empty, keep


def _identified(X: Floats, inside: Flags, keep: Flags) -> Flags:
    """Return whether the terms can be told apart in the cells that are left."""
    both = np.packbits(np.concatenate([inside, keep], axis=1), axis=1)
    _, first, which = np.unique(both, axis=0, return_index=True, return_inverse=True)
    left = X * keep[first][:, :, None] * inside[first][:, None, :]
    ranks = np.linalg.matrix_rank(np.einsum("tcp,tcq->tpq", left, left), tol=1e-7, hermitian=True)
    return np.asarray((ranks == inside[first].sum(axis=1))[which.ravel()])


def _solved(weight: Floats, right: Floats, inside: Flags, products: Floats) -> Floats:
    """Solve ``X' weight X b = right`` for the terms inside; the others are 0."""
    count = inside.shape[1]
    A = (weight @ products).reshape(-1, count, count)
    A *= inside[:, :, None] & inside[:, None, :]
    diagonal = np.arange(count)
    # Outside terms get a row of their own; 1e-14 keeps what runs off from being singular.
    A[:, diagonal, diagonal] = A[:, diagonal, diagonal] * (1 + 1e-14) + ~inside
    return np.asarray(np.linalg.solve(A, (right * inside)[..., None])[..., 0])


def _log_likelihood(eta: Floats, counts: Floats, keep: Flags) -> Floats:
    return np.asarray(np.sum(counts * eta - np.exp(np.minimum(eta, 500.0)) * keep, axis=1))


def _variance(X: Floats, counts: Floats, active: Flags, means: Floats) -> Floats:
    """Return the variance of the logarithm of the number on no list."""
    inside, _ = _finite_terms(X, counts, active)
    first = np.zeros(active.shape)
    first[:, 0] = 1.0
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)
    return _solved(means, first, inside, products)[:, 0]


def _without_overlap(counts: Floats, X: Floats, lists: int) -> Floats:
    """Return the number hidden where independent lists have no estimate: infinite or 0.

    Only the sizes of the lists count. Nobody on two: infinite; everybody on one of them: 0.
    """
    overlaps = (counts @ X[:, 1 : lists + 1]).sum(axis=1) > counts.sum(axis=1)
    return np.where(overlaps, 0.0, np.inf)


# ------------------------------------------------------------------------------ choosing


def _setting(models: list[Terms], lists: int) -> tuple[Terms, Floats, Flags]:
    """Return the terms of any of the models, their design, and who has which."""
    order = max(len(term) for model in models for term in model)
    terms = pairs(lists, order)
    sets = [set(model) for model in models]
    active = np.array([[True, *(term in one for term in terms)] for one in sets])
    return terms, design(terms, lists)[1:], active


def shortlisted(counts: Floats, models: list[Terms], lists: int, most: int) -> list[Terms]:
    """Return the models of smallest BIC for one table, best first, with independent lists."""
    _, X, active = _setting(models, lists)
    tables = np.broadcast_to(counts, (len(models), len(counts)))
    bic = _bic(fit_extended(X, tables, active), tables, active)
    best = [models[i] for i in np.argsort(bic, kind="stable")[:most] if np.isfinite(bic[i])]
    plain = independent(lists)
    return best if plain in best else [*best[: most - 1], plain]


def _bic(fits: ExtendedFits, counts: Floats, active: Flags) -> Floats:
    """Return deviance + terms * log(people known); infinite where there is no estimate.

    Terms at minus infinity count as terms.
    """
    size = active.sum(axis=1) * np.log(counts.sum(axis=1))
    return np.where(fits.exists, deviance(counts, np.maximum(fits.means, 1e-300)) + size, np.inf)


def best_by_bic(counts: Floats, models: list[Terms], lists: int) -> Chosen:
    """Choose the model of smallest BIC for each table, ``deviance + terms * log(people)``.

    `counts` has shape ``(tables, cells)``, patterns in binary order without the empty one.
    Independent lists are among the models; of equal ones the first is chosen, and none without a
    finite and unique estimate.
    """
    terms, X, active = _setting(models, lists)
    tables = len(counts)
    plain = models.index(independent(lists))
    best = np.full(tables, np.inf)
    which = np.full(tables, plain)
    hidden = _without_overlap(counts, X, lists)
    means = np.zeros(counts.shape)
    for i, one in enumerate(active):
        columns = np.flatnonzero(one)
        on = np.ones((tables, len(columns)), dtype=bool)
        fits = fit_extended(X[:, columns], counts, on)
        bic = _bic(fits, counts, on)
        better = bic < best
        best[better], which[better] = bic[better], i
        hidden[better], means[better] = fits.hidden[better], fits.means[better]
    return _chosen(terms, X, counts, active[which], hidden, means, np.isfinite(best))


def _chosen(
    terms: Terms,
    X: Floats,
    counts: Floats,
    active: Flags,
    hidden: Floats,
    means: Floats,
    exists: Flags,
) -> Chosen:
    variance = np.full(len(counts), np.nan)
    variance[exists] = _variance(X, counts[exists], active[exists], means[exists])
    return Chosen(terms, active[:, 1:], hidden, means, variance, exists)


def stepwise(counts: Floats, lists: int, p: float) -> Chosen:
    """Add pairs of lists to independent lists, the most significant first, for each table.

    `counts` as in `best_by_bic`; a pair is added while its p-value is smaller than `p`, and passed
    over where the model with it has no finite and unique estimate. The p-value of a pair is that of
    the number of people on both lists (whichever others they are on), Poisson with the mean that
    the model without the pair expects, in the tail in which it lies: ``min(P(X <= n), P(X >= n))``
    (Chan, Silverman and Vincent, JASA 2021;116:1297).
    """
    terms = pairs(lists, 2)
    X = design(terms, lists)[1:]
    tables, first = len(counts), 1 + lists
    active = np.zeros((tables, X.shape[1]), dtype=bool)
    active[:, :first] = True
    fits = fit_extended(X, counts, active)
    b, means = fits.coefficients, fits.means
    observed = counts @ X[:, first:]
    open_ = np.flatnonzero(fits.exists)
    refused = np.zeros(observed.shape, dtype=bool)  # in this step
    while len(open_):
        expected = means[open_] @ X[:, first:]
        log_p = _log_p(observed[open_], expected)
        log_p[active[open_, first:] | refused[open_]] = 0.0
        pair = log_p.argmin(axis=1)
        row = np.arange(len(open_))
        go = log_p[row, pair] < (np.log(p) if p > 0 else -np.inf)
        open_, pair, expected = open_[go], pair[go], expected[go]
        if not len(open_):
            break
        row = np.arange(len(open_))
        tried = active[open_]
        tried[row, first + pair] = True
        start = b[open_]
        ratio = (observed[open_, pair] + 1e-3) / (expected[row, pair] + 1e-3)
        start[row, first + pair] = np.clip(np.log(ratio), -_LONGEST, _LONGEST)
        fits = fit_extended(X, counts[open_], tried, start)
        good, bad = fits.exists, ~fits.exists
        active[open_[good]], b[open_[good]] = tried[good], fits.coefficients[good]
        means[open_[good]] = fits.means[good]
        refused[open_[good]] = False
        refused[open_[bad], pair[bad]] = True
    plain = fit_extended(X, counts, active, b)
    hidden = np.where(plain.exists, plain.hidden, _without_overlap(counts, X, lists))
    return _chosen(terms, X, counts, active, hidden, means, plain.exists)


def _log_p(observed: Floats, expected: Floats) -> Floats:
    """Return the logarithm of the smaller of the two tails of a Poisson distribution."""
    from scipy import special

    above = np.where(observed > 0, special.gammainc(np.maximum(observed, 1.0), expected), 1.0)
    tail = np.minimum(special.gammaincc(observed + 1.0, expected), above)
    # Beyond the smallest number there is: Chernoff's bound, so that the order of the lists does
    # not decide between pairs that are all overwhelming.
    bound = expected - observed + special.xlogy(observed, observed / np.maximum(expected, 1e-300))
    far = -np.maximum(bound, 660.0)
    return np.asarray(np.where(tail > 1e-290, np.log(np.maximum(tail, 1e-300)), far))
