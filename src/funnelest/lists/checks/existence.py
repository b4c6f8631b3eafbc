"""Whether a log-linear model of an overlap table has a maximum-likelihood estimate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelest.errors import raise_if_any
from funnelest.lists.computing.fits import fit_poisson
from funnelest.lists.table.cells import Cells
from funnelest.lists.table.problems import shown
from funnelest.lists.table.table import OverlapTable
from funnelest.lists.terms import Model, Term, brackets, design, model_problems, read_model

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Existence", "Reduced", "existence", "reduced", "silence"]

type Floats = NDArray[np.float64]
type Where = Literal["", "infinite", "zero", "either"]

_VERDICTS = {
    0: "exists",
    1: "no maximum-likelihood estimate",
    2: "not identifiable",
    3: "no maximum-likelihood estimate, and not identifiable",
}
#: Logarithms this far apart are those of a coefficient that runs to infinity.
_APART = 20.0


@dataclass(frozen=True)
class Reduced:
    """What is left of a model where overlaps are empty.

    Parameters
    ----------
    X : ndarray
        Design matrix of what is left, shape ``(patterns, terms)``, the constant first.
    sums : ndarray
        Which patterns make up each cell that is left, shape ``(cells, patterns)``.
    cells : ndarray of bool
        Which cells of the table are left; mere upper limits are not.
    patterns : ndarray of int
        The patterns that are left, as numbers in binary, the empty one first.
    terms : tuple of tuple of int
        The terms that are left.
    empty : tuple of tuple of int
        The terms of which the overlap is empty: their coefficient is minus infinity.
    """

    X: Floats
    sums: Floats
    cells: NDArray[np.bool_]
    patterns: NDArray[np.int64]
    terms: tuple[Term, ...]
    empty: tuple[Term, ...]

    @property
    def unobserved(self) -> NDArray[np.bool_]:
        """Which of the patterns are in no cell that is left: the people on them are hidden."""
        return ~(self.sums > 0).any(axis=0)


def reduced(cells: Cells, terms: Iterable[Term], lists: int) -> Reduced:
    """Take out the terms whose overlap is empty, and the patterns that they make impossible.

    Terms of lists that do not cover the stratum go without a trace: nobody can be on those.
    """
    on = _on(lists)
    possible = cells.possible.copy()
    free = ~cells.limits
    counted = cells.sums[free] > 0
    people = cells.counts[free] > 0
    kept, empty = [], []
    for term in sorted(terms, key=lambda t: (len(t), t)):
        inside = cells.possible & on[:, list(term)].all(axis=1)
        if not inside.any():
            continue
        touched = counted[:, inside].any(axis=1)
        if touched.any() and not people[touched].any():
            empty.append(term)
            possible &= ~inside
        else:
            kept.append(term)
    kept = [t for t in kept if (possible & on[:, list(t)].all(axis=1)).any()]
    patterns = np.flatnonzero(possible)
    sums = cells.sums[:, patterns]
    left = free & sums.any(axis=1)
    return Reduced(
        design(kept, lists)[patterns], sums[left], left, patterns, tuple(kept), tuple(empty)
    )


def _on(lists: int) -> NDArray[np.bool_]:
    codes = np.arange(2**lists)
    return np.asarray((codes[:, None] >> np.arange(lists - 1, -1, -1)) & 1, dtype=bool)


# ------------------------------------------------------------------ the answer


@dataclass(frozen=True)
class Existence:
    """Whether the maximum-likelihood estimate of a model exists and is the only one.

    Parameters
    ----------
    model : str
        The model in brackets, such as ``"[12,3]"``.
    code : {0, 1, 2, 3}
        0: it exists and is unique. 1: there is none, not even an extended one. 2: the model is
        not identifiable. 3: both.
    empty : tuple of tuple of str
        Groups of lists that have nobody in common, as far as they matter to the model: the term
        of the group is minus infinity, or the model expects people there (code 1).
    unidentified : tuple of str
        Terms that cannot be told apart (code 2): a list, lists joined by "and", or "people on
        none of the lists".
    hidden : {"", "infinite", "zero", "either"}
        Where the number on none runs to, with code 1; empty when that is not known.
    text : str
        All of it in sentences.
    strata : mapping of str to Existence, optional
        The same of each stratum, of a table that has any; the code is then that of all.

    Notes
    -----
    The codes are those of Chan, Silverman and Vincent, Journal of the American Statistical
    Association 2021;116:1297 (R package SparseMSE and its successor MultipleSystemsEstimation).
    """

    model: str
    code: int
    empty: tuple[tuple[str, ...], ...]
    unidentified: tuple[str, ...]
    hidden: Where
    text: str
    strata: Mapping[str, Existence] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the estimate exists and is unique (code 0)."""
        return self.code == 0

    @property
    def table(self) -> pd.DataFrame:
        """One row, or one per stratum: model, code, verdict, and what is behind it."""
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for name, one in (self.strata or {"": self}).items():
            rows.append(
                {
                    **({"stratum": name} if self.strata else {}),
                    "model": one.model,
                    "code": one.code,
                    "verdict": _VERDICTS[one.code],
                    "empty_overlaps": "; ".join(" and ".join(group) for group in one.empty),
                    "unidentified": "; ".join(one.unidentified),
                    "text": one.text,
                }
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return f"<Existence: code {self.code}. {self.text}>"


def existence(table: OverlapTable, model: Model) -> Existence:
    r"""Return whether a log-linear model has a maximum-likelihood estimate for a table.

    Parameters
    ----------
    table : OverlapTable
        The table; with strata, the model is checked in each.
    model : str or sequence of (str or sequence of str)
        The model, such as ``"[12,3]"`` or ``[["police", "hospital"], "church"]``.

    Returns
    -------
    Existence
        The code of the literature, and what it comes from, by the names of the lists.

    Raises
    ------
    SpecError
        When the model is not one of these lists, or there is no overlap table.

    Notes
    -----
    A term whose lists have nobody in common gets the coefficient minus infinity, and the
    combinations with all of them are taken out (Chan, Silverman and Vincent 2021). For what is
    left, with design matrix :math:`A` and counts :math:`n`, the estimate exists if and only if
    there is an :math:`x > 0` with :math:`A'x = A'n`, and is unique if :math:`A` has full column
    rank (Fienberg and Rinaldo, Annals of Statistics 2012;40:996). The linear programme is solved
    in its dual form: there is no direction :math:`d` with :math:`(Ad)_i = 0` where
    :math:`n_i > 0` and :math:`(Ad)_i \le 0` elsewhere, once below. It does not depend on how
    large the counts are. For counts of several patterns no such rule is known: the model is then
    fitted, and code 1 says that a coefficient runs to infinity. The rank is that of the slopes
    of the expected counts.
    """
    if not isinstance(table, OverlapTable):
        raise_if_any([f"an OverlapTable is needed; given {shown(table)}."], "the model")
    raise_if_any(model_problems(model, table.lists), "the model")
    terms = read_model(model, table.lists)
    found = {name: _checked(table, name, terms) for name in table.strata}
    if not table.stratified:
        return next(iter(found.values()))
    code = int(np.bitwise_or.reduce([one.code for one in found.values()]))
    said = [f"Stratum {name!r}: {one.text}" for name, one in found.items()]
    if all(one.code == 0 and not one.empty for one in found.values()):
        model_text = next(iter(found.values())).model
        said = [f"Model {model_text}: the estimate exists in each of the {len(found)} strata."]
    return Existence(
        brackets(terms, len(table.lists)),
        code,
        tuple(dict.fromkeys(group for one in found.values() for group in one.empty)),
        tuple(dict.fromkeys(name for one in found.values() for name in one.unidentified)),
        next((one.hidden for one in found.values() if one.hidden), ""),
        " ".join(said),
        found,
    )


def silence(table: OverlapTable) -> str:
    """Return why the overlaps do not tell the number on none, whatever is assumed of the lists.

    Even if the lists were independent of each other, the least that can be assumed, there would be
    no single estimate, in no stratum: a posterior is then what its prior was. Empty where there is
    one.

    Parameters
    ----------
    table : OverlapTable
        The table.

    Returns
    -------
    str
        A sentence without its first capital and with its full stop, or nothing.
    """
    found = existence(table, [[name] for name in table.lists])
    parts = list(found.strata.values()) or [found]
    if any(one.code == 0 for one in parts):
        return ""
    return (
        "the overlaps do not tell the number on none, even if the lists were independent; only "
        f"the prior would. {parts[0].text}"
    )


def _checked(table: OverlapTable, stratum: str, terms: tuple[Term, ...]) -> Existence:
    lists = table.lists
    cells = table.cells(stratum)
    left = reduced(cells, terms, len(lists))
    counts = cells.counts[left.cells]
    unidentified = _unidentified(left)
    gone, hidden = _falling(left, counts, not unidentified)
    code = int(gone.any()) + 2 * bool(unidentified)
    model = brackets(terms, len(lists))
    own = _smallest(left.empty)
    overlaps, alone = _offending(cells, left.patterns[gone], own, len(lists))
    names = tuple(_name(t, lists) for t in unidentified)
    said = []
    if own:
        said.append(
            f"Nobody is on {_listed([_name(t, lists) for t in own])}: the term of the model is "
            "minus infinity there, and the combinations with it are taken as impossible."
        )
    if gone.any():
        where = {
            "infinite": "the number on none would be infinite",
            "zero": "the number on none would be zero",
            "either": "the number on none could be anything",
            "": "some coefficients would be infinite",
        }[hidden]
        nobody = [*(_name(t, lists) for t in overlaps), *(f"{_name(t, lists)} only" for t in alone)]
        said.append(
            f"Model {model}: there is no maximum-likelihood "
            f"estimate, not even an extended one (code {code}): nobody is on "
            f"{_listed(nobody)}, where the model expects people, so that {where}."
        )
    if unidentified:
        said.append(
            f"Model {model} is not identifiable (code {code}): the overlaps do not tell apart "
            f"{_listed(names)}."
        )
    if code == 0:
        kind = "extended maximum-likelihood" if own else "maximum-likelihood"
        said.append(f"Model {model}: the {kind} estimate exists and is the only one (code 0).")
    groups = tuple(tuple(lists[i] for i in t) for t in (*own, *overlaps))
    return Existence(model, code, groups, names, hidden, " ".join(said))


# ------------------------------------------------------------- directions to infinity


def _falling(left: Reduced, counts: Floats, identified: bool) -> tuple[NDArray[np.bool_], Where]:
    """Return the patterns that the likelihood sends to zero, and where the number on none goes."""
    if (left.sums.sum(axis=1) > 1).any():
        return _tried(left, counts) if identified else (np.zeros(len(left.patterns), bool), "")
    stay = left.sums[counts > 0].any(axis=0)
    open_ = ~left.unobserved & ~stay
    width, count = int(open_.sum()), left.X.shape[1]
    gone = np.zeros(len(left.patterns), dtype=bool)
    if not width:
        return gone, ""
    # A direction of the coefficients, along which no pattern with people falls and none rises.
    # How far each other pattern falls, up to 1, is a further unknown.
    found = _directed(
        np.concatenate([np.zeros(count), -np.ones(width)]),
        np.hstack([left.X[open_], np.eye(width)]),
        np.hstack([left.X[stay], np.zeros((int(stay.sum()), width))]),
        [(None, None)] * count + [(0.0, 1.0)] * width,
    )
    gone[open_] = found[count:] > 0.5
    if not gone.any():
        return gone, ""
    # Does the constant, the logarithm of the number on none, grow or fall along one of them?
    grows, falls = (
        bool(abs(_directed(goal, left.X[open_], left.X[stay], [(-1.0, 1.0)] * count)[0]) > 1e-6)
        for goal in (-np.eye(count)[0], np.eye(count)[0])
    )
    if grows:
        return gone, "either" if falls else "infinite"
    return gone, "zero" if falls else ""


def _directed(
    goal: Floats, at_most: Floats, equal: Floats, bounds: list[tuple[float | None, float | None]]
) -> Floats:
    from scipy.optimize import linprog

    found = linprog(
        goal,
        A_ub=at_most,
        b_ub=np.zeros(len(at_most)),
        A_eq=equal if len(equal) else None,
        b_eq=np.zeros(len(equal)) if len(equal) else None,
        bounds=bounds,
        method="highs",
    )
    return np.asarray(found.x)  # there is always one: no direction at all, 0


def _tried(left: Reduced, counts: Floats) -> tuple[NDArray[np.bool_], Where]:
    """Find it by a fit, for counts of several patterns: no rule is known for those."""
    fit = fit_poisson(left.X, counts, left.sums)
    heights = left.X @ fit.coefficients[0]
    low = np.log(max(counts.sum(), 1.0)) - _APART
    gone = ~left.unobserved & (heights < low)
    runs = bool(np.abs(fit.coefficients[0]).max() > _APART)
    if not gone.any() and fit.converged[0] and not runs:
        return gone, ""
    if not gone.any():  # not settled: the least of what was seen is named
        seen = np.where(left.unobserved, np.inf, heights)
        gone = seen == seen.min()
    constant = heights[0]
    return gone, "infinite" if constant > _APART else "zero" if constant < low else ""


def _unidentified(left: Reduced) -> list[Term | None]:
    """Return the terms, None for the constant, that the expected counts do not tell apart."""
    # The slopes have their largest rank almost everywhere, so at coefficients of no meaning too.
    b = np.random.default_rng(0).normal(0.0, 0.3, left.X.shape[1])
    slopes = left.sums @ (np.exp(left.X @ b)[:, None] * left.X)
    _, size, right = np.linalg.svd(slopes, full_matrices=True)
    rank = int(np.sum(size > 1e-9 * size.max())) if len(size) else 0
    loose = np.abs(right[rank:]).max(axis=0, initial=0.0) > 1e-8
    named: list[Term | None] = [None, *left.terms]
    return [term for term, one in zip(named, loose, strict=True) if one]


# -------------------------------------------------------------------- in words


def _smallest(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return the terms that have no other of them inside."""
    sets = [frozenset(t) for t in terms]
    return tuple(sorted(tuple(sorted(s)) for s in sets if not any(o < s for o in sets)))


def _offending(
    cells: Cells, patterns: NDArray[np.int64], own: Sequence[Term], lists: int
) -> tuple[list[Term], list[Term]]:
    """Return what is empty of patterns that go to zero: overlaps, else the lists by themselves."""
    on = _on(lists)
    free = cells.sums[~cells.limits] > 0
    people = cells.counts[~cells.limits] > 0
    overlaps: set[Term] = set()
    alone: list[Term] = []
    for code in patterns:
        places = tuple(int(i) for i in np.flatnonzero(on[code]))
        empty = [
            t
            for size in range(2, len(places) + 1)
            for t in combinations(places, size)
            if not people[free[:, on[:, list(t)].all(axis=1)].any(axis=1)].any()
        ]
        overlaps.update(empty)
        if not empty:
            alone.append(places)
    return [t for t in _smallest(overlaps) if t not in own], alone


def _name(term: Term | None, lists: Sequence[str]) -> str:
    if term is None:
        return "people on none of the lists"
    return " and ".join(lists[i] for i in term)


def _listed(names: Sequence[str], most: int = 6) -> str:
    shown = [repr(one) for one in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
