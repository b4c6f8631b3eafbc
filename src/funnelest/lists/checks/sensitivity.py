"""What an estimate rests on: leaving out each list, and the influence of single overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelest.errors import FitError, SpecError, raise_if_any
from funnelest.lists.estimate import Estimate
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.table.problems import joined, shown
from funnelest.lists.table.table import OverlapTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Influence", "LeavingOut", "influence", "leaving_out"]


# ---------------------------------------------------------- leaving out a list


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class LeavingOut:
    """The estimate with all lists, and without each of them, as `leaving_out` makes it.

    Parameters
    ----------
    everything : Estimate
        With all lists.
    estimates : mapping of str to Estimate
        List -> the estimate without it.
    impossible : mapping of str to str
        List -> why nothing can be estimated without it.
    """

    everything: Estimate
    estimates: Mapping[str, Estimate]
    impossible: Mapping[str, str]

    @property
    def table(self) -> pd.DataFrame:
        """One row for all lists (`left_out` is empty), and one per list that is left out.

        `alone` is the number of people on the left-out list alone (or beside it only on lists that
        also hold others), who are not known without it;
        `total` has its interval; `ratio` is that of the total to the one with all lists.
        """
        import pandas as pd

        rows = [self._row("", self.everything, self.everything.withheld)]
        for name in self.everything.table_of.lists:
            found = self.estimates.get(name)
            why = found.withheld if found is not None else self.impossible[name]
            rows.append(self._row(name, found, why))
        return pd.DataFrame(rows)

    def _row(self, name: str, found: Estimate | None, why: str) -> dict[str, Any]:
        all_known = self.everything.known
        low, high = (found.interval if found is not None else None) or (np.nan, np.nan)
        total = np.nan if found is None else found.total
        return {
            "left_out": name,
            "method": self.everything.method if found is None else found.method,
            "alone": np.nan if found is None else all_known - found.known,
            "known": np.nan if found is None else found.known,
            "hidden": np.nan if found is None else found.hidden,
            "total": total,
            "total_low": low,
            "total_high": high,
            "interval": "none" if found is None else found.interval_name,
            "ratio": total / self.everything.total,
            "withheld": why,
        }

    @property
    def text(self) -> str:
        """What leaving out each list changes, in plain sentences."""
        all_ = self.everything
        lists = all_.table_of.lists
        totals = {name: one.total for name, one in self.estimates.items() if np.isfinite(one.total)}
        said = []
        what = "lower bound of the total" if all_.lower_bound else "total"
        if totals:
            low, high = min(totals, key=totals.__getitem__), max(totals, key=totals.__getitem__)
            if len(totals) > 1:
                said.append(
                    f"Leaving out one list, the {what} is {_people(totals[low])} without {low} "
                    f"to {_people(totals[high])} without {high} ({all_.method})."
                )
        if np.isfinite(all_.total):
            shown_ = f"With all lists it is {_people(all_.total)}{_limits(all_)}."
            said.append(shown_ if len(totals) > 1 else f"{all_.method}: {shown_}")
        else:
            said.append(f"With all lists the number is withheld: {all_.withheld}")
        said += [self._sentence(name, what) for name in lists if name in totals]
        for name in lists:
            if name in self.impossible:
                said.append(f"{name} cannot be left out: {self.impossible[name]}")
            elif name not in totals:
                said.append(f"Without {name} the number is withheld: {self._why(name)}")
        return " ".join(said)

    def _why(self, name: str) -> str:
        return self.estimates[name].withheld or "the method gives no finite number."

    def _sentence(self, name: str, what: str) -> str:
        all_, found = self.everything, self.estimates[name]
        alone = all_.known - found.known
        only = "on no other list of the target" if all_.table_of.upper else f"on {name} alone"
        kept = f" ({_persons(alone)} {only} then not known)" if alone else ""
        before = f"from {_people(all_.total)} " if np.isfinite(all_.total) else ""
        text = f"Leaving out {name}{kept} changes the {what} {before}to {_people(found.total)}"
        text += f"{_limits(found)}."
        if found.withheld:
            text += f" Its interval is withheld: {found.withheld}"
        limits = found.interval
        if limits is not None and limits[1] < all_.known:
            text += f" That is fewer than the {all_.known:,} who are known with it."
        return text

    def __repr__(self) -> str:
        return f"<LeavingOut: {self.text}>"


def leaving_out(table: OverlapTable, estimator: Estimator, seed: int = 1) -> LeavingOut:
    """Estimate with all lists, and without each of them in turn.

    People on the left-out list alone are then on none of the others: they are hidden, and the
    total is still that of the same people, if what the method assumes is true.

    Parameters
    ----------
    table : OverlapTable
        The table.
    estimator : Estimator
        The method. Of a given model, what is said of the left-out list is left out too
        (`Estimator.without`).
    seed : int, default 1
        Seed of methods that draw.

    Returns
    -------
    LeavingOut
        With `table` and `text`; where a list cannot be left out, it says why.

    Raises
    ------
    SpecError
        With every reason why the method does not go with the table of all lists.
    """
    _check(table, estimator, "leaving out lists")
    everything = estimator.estimate(table, seed=seed)
    estimates: dict[str, Estimate] = {}
    impossible: dict[str, str] = {}
    for name in table.lists:
        try:
            method = estimator.without(name, table.lists)
            estimates[name] = method.estimate(table.without(name), seed=seed)
        except (SpecError, FitError) as error:
            impossible[name] = _reason(error)
    return LeavingOut(everything=everything, estimates=estimates, impossible=impossible)


# ------------------------------------------------------ influence of an overlap


@dataclass(frozen=True)
class _Changed:
    """An overlap, and the totals with fewer and with more people on it."""

    stratum: str
    pattern: str
    people: int
    less: int
    more: int
    total_less: float
    total_more: float
    per_person: float
    withheld: str

    @property
    def change(self) -> float:
        return self.per_person * float(np.sqrt(max(self.people, 1)))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Influence:
    """How far the total follows the count of each overlap, as `influence` makes it.

    Parameters
    ----------
    estimate : Estimate
        With the counts as they are.
    overlaps : sequence
        What `table` shows.
    noise : float, default 0
        Changes of the total below this may be noise of the draws.
    """

    estimate: Estimate
    overlaps: Sequence[_Changed] = field(repr=False)
    noise: float = 0.0

    @property
    def table(self) -> pd.DataFrame:
        """One row per overlap, those that matter most first.

        `less` and `more` are the counts tried, `total_less` and `total_more` the totals with
        them; `per_person` the change of the total per person more on that overlap, the person
        included; `change` the same for one Poisson standard deviation of the count; `share` the
        part of the sum of squared changes, which is the variance of the total when counts vary
        by chance; `withheld` why there is no number.
        """
        import pandas as pd

        table = self.estimate.table_of
        squares = np.array([one.change for one in self.overlaps]) ** 2
        sum_ = np.nansum(squares)
        rows = [
            {
                **({"stratum": one.stratum} if table.stratified else {}),
                "overlap": table.in_words(one.pattern),
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
            for one, square in zip(self.overlaps, squares, strict=True)
        ]
        return pd.DataFrame(rows)

    @property
    def standard_error(self) -> float:
        """Standard deviation of the total when counts vary by chance: root of the sum of squares.

        NaN when the influence of an overlap could not be found.
        """
        return float(np.sqrt(np.sum([one.change**2 for one in self.overlaps])))

    @property
    def text(self) -> str:
        """Which overlaps matter most, in plain sentences."""
        found = self.estimate
        if not np.isfinite(found.total):
            return f"{found.method}: the number is withheld: {found.withheld}"
        told = [one for one in self.overlaps if np.isfinite(one.change)]
        said = []
        if told and abs(told[0].change) > self.noise:
            first = told[0]
            ratio = abs(first.change) / found.total
            way = "raises" if first.per_person > 0 else "lowers"
            spread = max(np.sqrt(first.people), 1)
            few = "1 person" if spread < 1.5 else f"about {spread:,.0f} people"
            said.append(
                f"{found.method}: the overlap that matters most is {self._named(first)}. One "
                f"person more there {way} the total of {_people(found.total)} by about "
                f"{_few(first.per_person)}; chance alone ({few} more or fewer) changes it by about "
                f"{_few(first.change)} ({100 * ratio:.2g}%)."
            )
            after = [one for one in told[1:3] if abs(one.change) > self.noise]
            if after:
                next_ = joined(
                    [f"{self._named(one)} (by about {_few(one.change)})" for one in after]
                )
                said.append(f"Next in what chance changes: {next_}.")
        elif told:
            said.append(f"{found.method}: no overlap changes the total noticeably.")
        if self.noise > 0:
            said.append(f"Changes below about {_few(self.noise)} may be noise of the draws.")
        said += [
            f"With other numbers on {self._named(one)} the total is withheld: {one.withheld}"
            for one in self.overlaps
            if one.withheld
        ]
        return " ".join(said)

    def _named(self, one: _Changed) -> str:
        table = self.estimate.table_of
        place = f" in {one.stratum}" if table.stratified else ""
        words = table.in_words(one.pattern)
        return f"the {_persons(one.people)} on {words}{place}"

    def __repr__(self) -> str:
        return f"<Influence: {self.text}>"


def influence(
    table: OverlapTable, estimator: Estimator, seed: int = 1, *, empty: bool = False
) -> Influence:
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
    Influence
        With `table` and `text`.

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
    _check(table, estimator, "the influence of overlaps")
    if not isinstance(empty, bool):
        raise_if_any(
            [f"'empty' must be True or False; given {shown(empty)}."], "the influence of overlaps"
        )
    base = estimator.estimate(table, seed=seed)
    if not np.isfinite(base.total):
        return Influence(estimate=base, overlaps=())
    found = []
    method = estimator.quick()
    for stratum in table.strata:
        cells = table.cells(stratum)
        for pattern, count in zip(cells.patterns, cells.counts, strict=True):
            if count or empty:
                found.append(_changed(table, method, seed, base.total, stratum, pattern, count))
    # NaN last; of those alike, the order of the table.
    found.sort(key=lambda one: -np.nan_to_num(abs(one.change), nan=-1.0))
    return Influence(estimate=base, overlaps=tuple(found), noise=_noise(base))


def _changed(
    table: OverlapTable,
    estimator: Estimator,
    seed: int,
    base: float,
    stratum: str,
    pattern: str,
    count: float,
) -> _Changed:
    people = int(count)
    step = max(1, round(np.sqrt(people)))
    less, more = max(people - step, 0), people + step

    def total(number: int) -> tuple[float, str]:
        if number == people:
            return base, ""
        counts = table.counts[stratum] if table.stratified else table.counts
        changed = {**counts, pattern: number}
        try:
            made = table.with_counts(
                {**table.counts, stratum: changed} if table.stratified else changed
            )
            found = estimator.estimate(made, seed=seed)
        except (SpecError, FitError) as error:
            return np.nan, _reason(error)
        return found.total, "" if np.isfinite(found.total) else found.withheld

    ends = {number: total(number) for number in (less, more)}
    values = {number: value for number, (value, _) in ends.items() if np.isfinite(value)}
    per_person = np.nan
    if values and set(values) != {people}:
        values = values if len(values) > 1 else {**values, people: base}
        low, high = min(values), max(values)
        per_person = (values[high] - values[low]) / (high - low)
    why = " ".join(dict.fromkeys(reason for _, reason in ends.values() if reason))
    return _Changed(
        stratum, pattern, people, less, more, ends[less][0], ends[more][0], per_person, why
    )


def _noise(estimate: Estimate) -> float:
    """Return twice the Monte Carlo error of a change between two medians of draws."""
    draws = estimate.draws
    if draws is None or "posterior" not in estimate.statistic or len(draws) < 2:
        return 0.0
    measures = estimate.gate.measures if estimate.gate is not None else {}
    size = measures.get("bulk ESS", measures.get("ESS", float(len(draws))))
    low, high = np.quantile(draws, [0.25, 0.75])
    spread = (high - low) / 1.349
    # The change is half of a difference; a median has the error of a mean times 1.25.
    return float(2 * 1.2533 * spread / np.sqrt(size) / np.sqrt(2))


# ------------------------------------------------------------------- in words


def _check(table: object, estimator: object, subject: str) -> None:
    found = []
    if not isinstance(table, OverlapTable):
        found.append(f"an OverlapTable is needed; given {shown(table)}.")
    if not isinstance(estimator, Estimator):
        found.append(
            f"an estimator is needed, such as lists.LogLinear(); given {shown(estimator)}."
        )
    raise_if_any(found, subject)


def _reason(error: Exception) -> str:
    return " ".join(error.problems) if isinstance(error, SpecError) else str(error)


def _people(number: float) -> str:
    return f"{number:,.0f}"


def _persons(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"


def _few(number: float) -> str:
    size = abs(number)
    return f"{size:,.0f}" if size >= 10 else f"{size:.2g}"


def _limits(estimate: Estimate) -> str:
    limits = estimate.interval
    if limits is None:
        return ""
    return f" ({estimate.interval_name} interval {limits[0]:,.0f} to {limits[1]:,.0f})"
