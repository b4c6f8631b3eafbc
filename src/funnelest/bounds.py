"""Bounds without a distribution: what the figures alone allow.

No prior, no likelihood and no interval with a probability. A bound is the lowest and the highest
value that agrees with what was observed, and says what it assumes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from funnelest.errors import FitError, raise_if_any
from funnelest.fields import SHARE, number
from funnelest.figures import Figure, as_figure, figure_problems

__all__ = [
    "Limits",
    "contaminated",
    "corrupted",
    "distinct",
    "missing",
    "overlap_problems",
]

#: The linear programmes have 2^K - 1 unknowns; those of twelve lists take about half a second.
_MOST_LISTS = 12
#: What the solver may be off by, in people; it keeps each number that is known within 1e-7.
_SLACK = 1e-4

_COUNT = number(least=0)

type _Span = tuple[float, float]
type Pair = tuple[str, str]


@dataclass(frozen=True)
class Limits:
    """The lowest and the highest value that agree with what was observed.

    Parameters
    ----------
    low, high : float
        The bounds, both included. `high` is infinite where nothing limits it.
    statement : str
        What is assumed, in one sentence.
    """

    low: float
    high: float
    statement: str


# ---------------------------------------------------------------- a share


def missing(*, yes: float, answered: float, n: float) -> Limits:
    r"""Return bounds of a share of `n` people, of whom only some were seen.

    Parameters
    ----------
    yes : float
        How many of those seen have the property.
    answered : float
        How many were seen.
    n : float
        How many people there are, seen or not.

    Returns
    -------
    Limits
        Of the share of all `n`. They are as wide as the share that was not seen.

    Notes
    -----
    Either nobody or everybody who was not seen has the property:

    .. math:: \frac{yes}{n} \le p \le \frac{yes + n - answered}{n}

    These are the limits of what was observed; chance in drawing the `n` comes on top.

    References
    ----------
    Manski CF. Anatomy of the selection problem. Journal of Human Resources 1989;24:343.
    """
    numbers = {"yes": yes, "answered": answered, "n": n}
    found = [text for name, value in numbers.items() for text in _COUNT.said(name, value)]
    if not found:
        if n == 0:
            found.append("n must be above 0: nobody has no share.")
        if yes > answered:
            found.append(f"yes must not be above answered; given {yes!r} of {answered!r}.")
        if answered > n:
            found.append(f"answered must not be above n; given {answered!r} of {n!r}.")
    raise_if_any(found, "the bounds")
    return Limits(
        float(yes / n),
        float((yes + n - answered) / n),
        f"Nothing is assumed about the {_shown(n - answered)} of {_shown(n)} who were not seen.",
    )


def corrupted(share: float, *, wrong: float) -> Limits:
    r"""Return bounds of a share when some records may be wrong in any way.

    Parameters
    ----------
    share : float
        The share among the records, 0-1.
    wrong : float
        The largest share of the records that may be wrong, 0-1.

    Returns
    -------
    Limits
        Of the share that right records would show.

    Notes
    -----
    With the share :math:`p` among the records and at most :math:`w` of them wrong, all of which
    may be wrong in the same direction:

    .. math:: \max(0, p - w) \le p^* \le \min(1, p + w)

    References
    ----------
    Horowitz JL, Manski CF. Identification and robustness with contaminated and corrupted data.
    Econometrica 1995;63:281.
    """
    raise_if_any(_share_problems(share=share, wrong=wrong), "the bounds")
    return Limits(
        max(0.0, float(share - wrong)),
        min(1.0, float(share + wrong)),
        f"At most {_shown(100 * wrong)}% of the records are wrong, in any way.",
    )


def contaminated(share: float, *, wrong: float) -> Limits:
    r"""Return bounds of a share when records of others may be mixed in at random.

    Parameters
    ----------
    share : float
        The share among the records, 0-1.
    wrong : float
        The largest share of the records that may be of others, 0-1.

    Returns
    -------
    Limits
        Of the share among the records that are not of others.

    Notes
    -----
    Which records are of others does not depend on what the people meant are like. This
    assumption makes the bounds narrower than those of `corrupted`. With the share :math:`p` among
    the records and at most :math:`w` of them of others, who all have the property or all lack it:

    .. math:: \max\left(0, \frac{p - w}{1 - w}\right) \le p^* \le
        \min\left(1, \frac{p}{1 - w}\right)

    References
    ----------
    Horowitz JL, Manski CF. Identification and robustness with contaminated and corrupted data.
    Econometrica 1995;63:281.
    """
    raise_if_any(_share_problems(share=share, wrong=wrong), "the bounds")
    # At wrong=1 no record need be of the people meant: nothing is known.
    right = 1.0 - float(wrong)
    return Limits(
        max(0.0, float(share - wrong) / right) if right > 0 else 0.0,
        min(1.0, float(share) / right) if right > 0 else 1.0,
        f"At most {_shown(100 * wrong)}% of the records are of others, mixed in at random.",
    )


# ---------------------------------------------------------------- people on several lists


def distinct(
    totals: Mapping[str, float | Figure],
    *,
    overlaps: Mapping[Pair, float | Figure] | None = None,
    pool: float | None = None,
) -> Limits:
    r"""Return bounds of the number of distinct people on several lists.

    Parameters
    ----------
    totals : mapping of str to int or figure
        The number of people on each list, by its name. Of a rounded number or an interval, the
        low end makes the lower bound and the high end the upper.
    overlaps : mapping of (str, str) to int or figure, optional
        The number of people who are on both lists of a pair, for the pairs where it is known.
    pool : float, optional
        How many people there are who can be on a list at all.

    Returns
    -------
    Limits
        Of the number of people who are on at least one list.

    Notes
    -----
    From totals :math:`n_k` alone:

    .. math:: \max_k n_k \le distinct \le \min\left(\sum_k n_k, pool\right)

    Totals say nothing more: that lists are independent would be an assumption. With overlaps, the
    bounds are the smallest and the largest sum of the joint table, :math:`2^K - 1` numbers of at
    least zero, that has these totals and overlaps: two linear programmes. Fractions of people are
    cut off after that. At most 12 lists then.

    References
    ----------
    Hailperin T. Best possible inequalities for the probability of a logical function of events.
    American Mathematical Monthly 1965;72:343.
    """
    raise_if_any(overlap_problems(totals, overlaps, pool), "the bounds")
    statement = "Nobody is on a list twice, and nothing is assumed about who is on several lists"
    if overlaps:
        statement += " beyond the overlaps given"
    if pool is not None:
        statement += f"; only the {_shown(pool)} people of the pool can be on a list"
    of, both = _limits(totals), _limits(overlaps or {})
    low, high = _from_totals(of, pool)
    if both:
        found = _from_overlaps(of, both, pool)
        assert found is not None  # overlap_problems() looked
        low, high = found
    return Limits(float(low), float(high), f"{statement}.")


def overlap_problems(
    totals: Mapping[str, float | Figure],
    overlaps: Mapping[Pair, float | Figure] | None = None,
    pool: float | None = None,
) -> list[str]:
    """Return why no people can be on lists with these totals and overlaps.

    Parameters
    ----------
    totals : mapping of str to int or figure
        The number of people on each list, by its name.
    overlaps : mapping of (str, str) to int or figure, optional
        The number of people who are on both lists of a pair.
    pool : float, optional
        How many people there are who can be on a list at all.

    Returns
    -------
    list of str
        One sentence for each problem; empty when there is a joint table. Where only several
        lists together contradict each other, the sentence names some of which none can be left
        out.
    """
    found = _total_problems(totals)
    found += _pair_problems(totals, overlaps) if isinstance(totals, Mapping) else []
    found += _COUNT.or_none.said("pool", pool)
    if found:
        return found
    of, both = _limits(totals), _limits(overlaps or {})
    if pool is not None:
        largest = max(of, key=lambda name: of[name][0])
        if pool < of[largest][0]:
            found.append(
                f"the pool of {_shown(pool)} is smaller than list {largest!r}, "
                f"which has at least {_shown(of[largest][0])}."
            )
    for pair, (low, _) in both.items():
        smaller = min(pair, key=lambda name: of[name][1])
        if low > of[smaller][1]:
            found.append(
                f"overlap of {_named(pair)}: at least {_shown(low)} on both, but at most "
                f"{_shown(of[smaller][1])} on {smaller!r}."
            )
    if found or not both or _from_overlaps(of, both, pool):
        return found
    return [_contradiction(of, both, pool)]


def _contradiction(of: Mapping[str, _Span], both: Mapping[Pair, _Span], pool: float | None) -> str:
    """Return the sentence about lists that together have no joint table."""
    # What is left after every list that can go has gone: none of these can be left out.
    kept = dict(of)
    for name in of:
        fewer = {other: limits for other, limits in kept.items() if other != name}
        if len(fewer) > 1 and _from_overlaps(fewer, both, pool) is None:
            kept = fewer
    text = f"no joint table can satisfy these overlaps: those of {_named(kept)}"
    if pool is not None and _from_overlaps(kept, both, None):
        return f"{text} leave more people than the pool of {_shown(pool)}."
    return f"{text} do not go together with the totals."


def _from_totals(of: Mapping[str, _Span], pool: float | None) -> _Span:
    """Return the least and the largest number of people on lists with these totals."""
    highest = sum(high for _, high in of.values())
    return max(low for low, _ in of.values()), highest if pool is None else min(highest, pool)


def _from_overlaps(
    of: Mapping[str, _Span], both: Mapping[Pair, _Span], pool: float | None
) -> _Span | None:
    """Return the least and the largest number of people; None when no table is possible.

    Overlaps with a list that is not in `of` do not count.
    """
    from scipy.optimize import linprog

    # One column per set of lists that somebody can be on, one row per number that is known.
    patterns = np.array(list(product((0.0, 1.0), repeat=len(of)))[1:])
    column = dict(zip(of, patterns.T, strict=True))
    rows = [(column[name], limits) for name, limits in of.items()]
    rows += [
        (column[a] * column[b], limits) for (a, b), limits in both.items() if {a, b} <= of.keys()
    ]
    if pool is not None:
        rows.append((np.ones(len(patterns)), (0, pool)))
    exact = [(row, low) for row, (low, high) in rows if low == high]
    above = [(-row, -low) for row, (low, high) in rows if low != high and low > 0]
    below = [(row, high) for row, (low, high) in rows if low != high and math.isfinite(high)]

    def extreme(sign: int) -> float | None:
        matrices: dict[str, Any] = {}
        for end, chosen in (("eq", exact), ("ub", above + below)):
            if chosen:
                matrices[f"A_{end}"] = np.array([row for row, _ in chosen])
                matrices[f"b_{end}"] = np.array([limit for _, limit in chosen])
        solved = linprog(np.full(len(patterns), float(sign)), **matrices, method="highs")
        if solved.status == 2:
            return None
        if solved.status != 0:
            raise FitError(f"the bounds were not found; the solver says: {solved.message}")
        return float(abs(solved.fun))

    low = extreme(1)
    if low is None:
        return None
    # People who are on one list without an upper limit, and on no other, break no rule.
    unlimited = pool is None and any(math.isinf(high) for _, high in of.values())
    high = math.inf if unlimited else extreme(-1)
    if high is None:
        return None
    low = math.ceil(low - _SLACK)
    high = high if math.isinf(high) else math.floor(high + _SLACK)
    return (low, high) if low <= high else None


# ---------------------------------------------------------------- checks of what was given


def _total_problems(totals: Any) -> list[str]:
    if not isinstance(totals, Mapping) or not totals:
        return [f"totals must give the number on at least one list, by name; given {totals!r}."]
    found = []
    for name, value in totals.items():
        if not isinstance(name, str) or not name:
            found.append(f"the name of a list must be text; given {name!r}.")
        found += [f"list {name!r}: {text}" for text in figure_problems(value)]
    return found


def _pair_problems(totals: Mapping[str, Any], overlaps: Any) -> list[str]:
    if overlaps is None:
        return []
    if not isinstance(overlaps, Mapping):
        return [f"overlaps must give the number on both lists, by pair; given {overlaps!r}."]
    found = []
    if overlaps and len(totals) > _MOST_LISTS:
        found.append(
            f"overlaps can be used with at most {_MOST_LISTS} lists; given {len(totals)}: merge "
            "lists, or leave out the overlaps."
        )
    for pair, value in overlaps.items():
        if not (isinstance(pair, tuple) and len(pair) == 2):
            found.append(f"an overlap must be of a pair (list, list); given {pair!r}.")
            continue
        name = f"overlap of {_named(pair)}"
        found += [
            f"{name}: no list is called {part!r}; the lists are {_named(totals)}."
            for part in dict.fromkeys(pair)
            if part not in totals
        ]
        if pair[0] == pair[1]:
            found.append(f"{name}: a pair must be of two different lists.")
        found += [f"{name}: {text}" for text in figure_problems(value)]
    found += [
        f"overlap of {_named(pair)} is given twice, also as {other!r}: give it once."
        for pair, other in combinations(overlaps, 2)
        if isinstance(pair, tuple) and len(pair) == 2 and pair[::-1] == other
    ]
    return found


def _share_problems(**shares: Any) -> list[str]:
    return [text for name, value in shares.items() for text in SHARE.said(name, value)]


def _limits[Key](figures: Mapping[Key, float | Figure]) -> dict[Key, _Span]:
    """Return the lowest and the highest count that each printed number stands for."""
    return {key: as_figure(value).limits(1) for key, value in figures.items()}


def _named(names: Iterable[object]) -> str:
    """Return names as text: 'a', 'b' and 'c'."""
    *first, last = map(repr, names)
    return f"{', '.join(first)} and {last}" if first else last


def _shown(value: float) -> str:
    return f"{value:,.10g}"
