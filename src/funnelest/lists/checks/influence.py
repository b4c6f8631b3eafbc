"""How far the total follows the count of each single overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelest.entry import entry
from funnelest.errors import FitError, SpecError, raise_if_any
from funnelest.fields import TRUTH
from funnelest.lists.checks.leaving_out import reason
from funnelest.lists.estimate import Estimate, chained
from funnelest.lists.estimators.base import Estimator, asked_problems
from funnelest.lists.table.table import OverlapTable
from funnelest.sampling.weights import quantiles
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["influence"]


@dataclass(frozen=True)
class _Moved:
    """An overlap, and the totals with fewer and with more people on it."""

    stratum: str
    pattern: str
    people: int
    less: int
    more: int
    total_less: float
    total_more: float
    per_person: float
    withheld: Sentence | str

    @property
    def change(self) -> float:
        return self.per_person * float(np.sqrt(max(self.people, 1)))


@entry
def influence(
    table: OverlapTable, estimator: Estimator, seed: int = 1, *, empty: bool = False
) -> Verdict:
    r"""Find how far the total follows the count of each single overlap.

    Parameters
    ----------
    table : OverlapTable
        The table.
    estimator : Estimator
        The method: it is run twice for every overlap (by `Estimator.quick`).
    seed : int, default 1
        Seed of methods that draw.
    empty : bool, default False
        Whether overlaps with nobody are looked at too (with one person there).

    Returns
    -------
    Verdict
        It passed where there is a number with each of the counts that were tried. `details` has
        the `estimate` with the counts as they are, below which changes of the total may be
        `noise` of the draws, and the `standard_error`: the standard deviation of the total when
        counts vary by chance, the root of the sum of squared changes.

        The table has one row per overlap, those that matter most first. `less` and `more` are the
        counts tried, `total_less` and `total_more` the totals with them; `per_person` the change
        of the total per person more on that overlap, the person included; `change` the same for
        one Poisson standard deviation of the count; `share` the part of the sum of squared
        changes; `withheld` why there is no number.

    Raises
    ------
    SpecError
        With every reason why the method does not go with the table.

    Notes
    -----
    Every count :math:`n` is made smaller and larger by its Poisson standard deviation
    :math:`h = \max(1, \sqrt n)`, rounded, and the others are held. The influence per person is
    :math:`(\hat N(n + h) - \hat N(n - h)) / 2h`, and the change by chance is that times
    :math:`\sqrt n` (times 1 for an empty overlap). When the total is smooth in the counts, the
    squared changes add up to its variance by the delta method, with Poisson counts (Bishop,
    Fienberg and Holland, Discrete Multivariate Analysis, 1975, section 14.6): an overlap's share
    of it says how much of the uncertainty comes from it. A method that chooses a model jumps
    where another is chosen, and that is in it. Where the total is withheld on one side, the
    other one is compared with the total as it is.
    """
    problems = asked_problems(table, estimator) + TRUTH.problems("empty", empty)
    raise_if_any(problems, "the influence of overlaps")
    base = estimator.estimate(table, seed=seed)
    found = []
    method = estimator.quick()
    for stratum in table.strata if np.isfinite(base.total) else ():
        cells = table.cells(stratum)
        for pattern, count in zip(cells.patterns, cells.counts, strict=True):
            if count or empty:
                found.append(_moved(table, method, seed, base.total, stratum, pattern, int(count)))
    # NaN last; of those alike, the order of the table.
    found.sort(key=lambda one: -np.nan_to_num(abs(one.change), nan=-1.0))
    squares = np.array([one.change for one in found]) ** 2
    noise = _noise(base)
    passed = bool(np.isfinite(base.total)) and not any(one.withheld for one in found)
    return Verdict(
        check="influence",
        passed=passed,
        said=_said(base, found, noise),
        marked="" if passed else say("lists.withheld_mark"),
        rows={"overlaps": _rows(table, found, squares)},
        found=tuple(found),
        details={
            "estimate": base,
            "noise": noise,
            "standard_error": float(np.sqrt(squares.sum())),
        },
        printed=(),
    )


def _moved(
    table: OverlapTable,
    estimator: Estimator,
    seed: int,
    base: float,
    stratum: str,
    pattern: str,
    people: int,
) -> _Moved:
    step = max(1, round(np.sqrt(people)))
    less, more = max(people - step, 0), people + step

    def total(number: int) -> tuple[float, Sentence | str]:
        if number == people:
            return base, ""
        try:
            found = estimator.estimate(table.with_people(pattern, number, stratum), seed=seed)
        except (SpecError, FitError) as error:
            return np.nan, reason(error)
        return found.total, "" if np.isfinite(found.total) else found.reason

    ends = {number: total(number) for number in (less, more)}
    values = {number: value for number, (value, _) in ends.items() if np.isfinite(value)}
    per_person = np.nan
    if values and set(values) != {people}:
        values = values if len(values) > 1 else {**values, people: base}
        low, high = min(values), max(values)
        per_person = (values[high] - values[low]) / (high - low)
    said: list[Sentence | str] = []
    for _, one in ends.values():
        said += [one] if one and one not in said else []
    why = chained(said) if said else ""
    return _Moved(
        stratum, pattern, people, less, more, ends[less][0], ends[more][0], per_person, why
    )


def _rows(table: OverlapTable, found: Sequence[_Moved], squares: Any) -> list[dict[str, Any]]:
    sum_ = np.nansum(squares)
    return [
        {
            **({"stratum": one.stratum} if table.stratified else {}),
            "overlap": table.named(one.pattern),
            "pattern": one.pattern,
            "people": one.people,
            "less": one.less,
            "more": one.more,
            "total_less": one.total_less,
            "total_more": one.total_more,
            "per_person": one.per_person,
            "change": one.change,
            "share": square / sum_ if sum_ > 0 else np.nan,
            "withheld": one.withheld,
        }
        for one, square in zip(found, squares, strict=True)
    ]


def _noise(estimate: Estimate) -> float:
    """Return twice the Monte Carlo error of a change between two medians of draws."""
    draws = estimate.draws
    if draws is None or "posterior" not in estimate.statistic or len(draws) < 2:
        return 0.0
    measures = estimate.gate.measures if estimate.gate is not None else {}
    size = measures.get("bulk ESS", measures.get("ESS", float(len(draws))))
    low, high = quantiles(draws, [0.25, 0.75])
    spread = (high - low) / 1.349
    # The change is half of a difference; a median has the error of a mean times 1.25.
    return float(2 * 1.2533 * spread / np.sqrt(size) / np.sqrt(2))


# ------------------------------------------------------------------- in words


def _said(base: Estimate, found: Sequence[_Moved], noise: float) -> list[Sentence]:
    """Return which overlaps matter most."""
    if not np.isfinite(base.total):
        return [say("lists.influence.gone", of=base.method, why=base.reason)]
    told = [one for one in found if np.isfinite(one.change)]
    said = []
    if told and abs(told[0].change) > noise:
        first = told[0]
        chance = max(round(np.sqrt(first.people)), 1)
        values = {
            "of": base.method,
            "overlap": _named(base, first),
            "way": say(f"lists.influence.{'raises' if first.per_person > 0 else 'lowers'}"),
            "total": base.total,
            "by": _few(first.per_person),
            "few": say("lists.influence.few", n=chance),
            "change": _few(first.change),
            "percent": 100 * abs(first.change) / base.total,
        }
        said.append(say("lists.influence.most", **values))
        after = [
            say("lists.influence.by", overlap=_named(base, one), change=_few(one.change))
            for one in told[1:3]
            if abs(one.change) > noise
        ]
        said += [say("lists.influence.next", names=after)] if after else []
    elif told:
        said.append(say("lists.influence.steady", of=base.method))
    if noise > 0:
        said.append(say("lists.influence.noise", change=_few(noise)))
    return said + [
        say("lists.influence.withheld", overlap=_named(base, one), why=one.withheld)
        for one in found
        if one.withheld
    ]


def _named(base: Estimate, one: _Moved) -> Sentence:
    table = base.table_of
    key = f"lists.influence.people{'_in' if table.stratified else ''}"
    people = say("lists.person", n=one.people)
    return say(key, people=people, overlap=table.named(one.pattern), stratum=one.stratum)


def _few(number: float) -> Sentence:
    size = abs(number)
    return say(f"lists.{'about' if size >= 10 else 'few'}", n=size)
