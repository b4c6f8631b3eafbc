"""The estimate without each of the lists in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from funnelest.entry import entry
from funnelest.errors import FitError, SpecError, raise_if_any
from funnelest.lists.estimate import Estimate
from funnelest.lists.estimators.base import Estimator, asked_problems
from funnelest.lists.table.table import OverlapTable
from funnelest.verdict import Changed, Three, Verdict
from funnelest.words import Sentence, named, say

__all__ = ["leaving_out", "reason"]


@entry
def leaving_out(table: OverlapTable, estimator: Estimator, seed: int = 1) -> Verdict:
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
    Verdict
        It passed where there is a number without each of the lists, within the interval with all
        of them. `found` has the total with and without each list (`Changed`), `details` the
        `estimates` by the list that is left out, `everything`, with all lists, and why lists are
        `impossible` to leave out.

        The table has one row for all lists (`left_out` is empty), and one per list. `alone` is the
        number of people on the left-out list alone (or beside it only on lists that also hold
        others), who are not known without it; `total` has its interval; `ratio` is that of the
        total to the one with all lists.

    Raises
    ------
    SpecError
        With every reason why the method does not go with the table of all lists.
    """
    raise_if_any(asked_problems(table, estimator), "leaving out lists")
    all_ = estimator.estimate(table, seed=seed)
    estimates: dict[str, Estimate] = {}
    impossible: dict[str, str] = {}
    for name in table.lists:
        try:
            method = estimator.without(name, table.lists)
            estimates[name] = method.estimate(table.without(name), seed=seed)
        except (SpecError, FitError) as error:
            impossible[name] = reason(error)
    found = tuple(
        Changed(
            quantity="total",
            under=name,
            before=_three(all_),
            after=_three(estimates.get(name)),
            how="refit" if name in estimates else "failed",
        )
        for name in table.lists
    )
    low, high = all_.interval or (-np.inf, np.inf)
    moved = [one.under for one in found if not low <= one.after[0] <= high]
    mark = say("lists.leaving_out.mark", names=moved) if moved else ""
    if not np.isfinite(all_.total):
        mark = say("lists.withheld_mark")
    rows = [_row("", all_, all_, all_.withheld)]
    for name in table.lists:
        one = estimates.get(name)
        rows.append(_row(name, all_, one, one.withheld if one else impossible[name]))
    return Verdict(
        check="leaving_out",
        passed=not mark,
        said=_said(all_, estimates, impossible),
        marked=mark,
        rows={"lists": rows},
        found=found,
        details={"everything": all_, "estimates": estimates, "impossible": impossible},
        printed=(),
    )


def _three(one: Estimate | None) -> Three:
    if one is None:
        return Three((np.nan, np.nan, np.nan))
    return Three((one.total, *(one.interval or (np.nan, np.nan))))


def _row(name: str, all_: Estimate, found: Estimate | None, why: str) -> dict[str, Any]:
    total, low, high = _three(found)
    return {
        "left_out": name,
        "method": all_.method if found is None else found.method,
        "alone": np.nan if found is None else all_.known - found.known,
        "known": np.nan if found is None else found.known,
        "hidden": np.nan if found is None else found.hidden,
        "total": total,
        "total_low": low,
        "total_high": high,
        "interval": named("lists.kind.none") if found is None else found.interval_name,
        "ratio": total / all_.total,
        "withheld": why,
    }


def _said(
    all_: Estimate, estimates: Mapping[str, Estimate], impossible: Mapping[str, str]
) -> list[Sentence]:
    """Return what leaving out each list changes, the widest range first."""
    totals = {name: one.total for name, one in estimates.items() if np.isfinite(one.total)}
    what = say(f"lists.leaving_out.{'bound' if all_.lower_bound else 'total'}")
    said = []
    if len(totals) > 1:
        a, b = min(totals, key=totals.__getitem__), max(totals, key=totals.__getitem__)
        low, high = totals[a], totals[b]
        said.append(
            say("lists.leaving_out.range", what=what, low=low, a=a, high=high, b=b, of=all_.method)
        )
    if np.isfinite(all_.total):
        key = "all" if len(totals) > 1 else "all_only"
        said.append(say(f"lists.leaving_out.{key}", of=all_.method, total=all_.said))
    else:
        said.append(say("lists.withheld", why=all_.reason))
    said += [one for name in totals for one in _without(name, all_, estimates[name], what)]
    for name in all_.table_of.lists:
        if name in impossible:
            said.append(say("lists.leaving_out.impossible", name=name, why=impossible[name]))
        elif name not in totals:
            why = estimates[name].reason or say("lists.leaving_out.endless")
            said.append(say("lists.leaving_out.withheld", name=name, why=why))
    return said


def _without(name: str, all_: Estimate, found: Estimate, what: Sentence) -> list[Sentence]:
    alone = all_.known - found.known
    where = say(f"lists.leaving_out.{'target' if all_.table_of.upper else 'alone'}", name=name)
    kept = say("lists.leaving_out.kept", people=say("lists.person", n=alone), where=where)
    told = say("lists.leaving_out.before", total=all_.total) if np.isfinite(all_.total) else ""
    values = {"name": name, "kept": kept if alone else "", "what": what, "before": told}
    said = [say("lists.leaving_out.changes", total=found.said, **values)]
    if found.withheld:
        said.append(say("lists.leaving_out.no_interval", why=found.reason))
    if found.interval is not None and found.interval[1] < all_.known:
        said.append(say("lists.leaving_out.fewer", known=all_.known))
    return said


def reason(error: SpecError | FitError) -> str:
    """Return why there is no estimate."""
    return " ".join(error.problems) if isinstance(error, SpecError) else str(error)
