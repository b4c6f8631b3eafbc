"""Several methods on one overlap table, side by side, and how far they disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from funnelest.entry import entry
from funnelest.errors import raise_if_any
from funnelest.fields import is_number
from funnelest.lists.checks.predictive import predictive
from funnelest.lists.estimate import Estimate
from funnelest.lists.estimators.base import Estimator
from funnelest.lists.estimators.chao import ChaoLowerBound
from funnelest.lists.estimators.decomposable import DecomposableAverage
from funnelest.lists.estimators.latent_classes import LatentClasses
from funnelest.lists.estimators.log_linear import LogLinear
from funnelest.lists.estimators.selected import BestByBIC, Stepwise
from funnelest.lists.estimators.shrinkage import Shrinkage
from funnelest.lists.estimators.two_lists import Chapman, LincolnPetersen
from funnelest.lists.table.problems import shown
from funnelest.lists.table.table import OverlapTable, table_needed
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["compare_methods", "usual_methods"]

#: Methods whose totals are further apart than this are said to disagree.
FACTOR = 1.25


@entry
def compare_methods(
    table: OverlapTable,
    methods: Sequence[Estimator] | None = None,
    *,
    factor: float = FACTOR,
    seed: int = 1,
) -> Verdict:
    """Estimate the number on no list by several methods.

    Parameters
    ----------
    table : OverlapTable
        The table.
    methods : sequence of Estimator, optional
        The methods; `usual_methods` when left out. Of those, the ones that do not go with this
        table are left out, and the reason is kept.
    factor : float, default 1.25
        Methods whose totals are further apart than this are said to disagree.
    seed : int, default 1
        Seed of methods that draw.

    Returns
    -------
    Verdict
        It passed where two methods or more gave a number, agree, and have an upper limit; the
        headline says whether they agree. `found` has every `Estimate`, withheld numbers included.
        `details` has those that are `shown` (neither withheld nor mere lower bounds); the `ratio`
        of the largest total to the smallest (NaN with fewer than two) and the `factor`; the two
        whose intervals have nothing in common, low and high, that are furthest `apart` (None where
        there are none); whether they `disagree` by either; the methods whose interval is
        `endless`; which have `reproduced` the overlaps, of those that expect any (`predictive`);
        the methods that were `refused`, with the reason; and the `known` people.

        The table has one row per method (and stratum): known, hidden and total, intervals, whether
        the method `reproduces` the overlaps, and what it `assumes`. Methods that do not go with
        the table have a row with the reason, and no numbers.

    Raises
    ------
    SpecError
        With every problem: a method that was asked for and does not go with the table among
        them.
    """
    problems = table_needed(table)
    if not (is_number(factor) and factor > 1):
        problems.append(f"the factor must be above 1; given {shown(factor)}.")
    chosen = usual_methods(table) if methods is None and not problems else methods
    if not isinstance(chosen, Sequence) or not all(isinstance(x, Estimator) for x in chosen):
        if methods is not None:
            problems.append(f"methods must be a list of estimators; given {shown(methods)}.")
        chosen = []
    elif not chosen:
        problems.append("no method was given.")
    raise_if_any(problems, "comparing methods")
    problems += [
        f"two methods are alike: {one.name}." for i, one in enumerate(chosen) if one in chosen[:i]
    ]
    refused: dict[str, str] = {}
    going = []
    for one in chosen:
        trouble = one.problems(table)
        if not trouble:
            going.append(one)
        elif methods is None:
            refused[one.name] = " ".join(trouble)
        problems += [f"{one.name}: {text}" for text in trouble if methods is not None]
    raise_if_any(problems, "comparing methods")
    found = _told_apart(going, [one.estimate(table, seed=seed) for one in going])
    return judged(found, refused, table.known, float(factor))


def judged(
    estimates: Sequence[Estimate],
    refused: Mapping[str, str],
    known: int,
    factor: float = FACTOR,
) -> Verdict:
    """Return whether estimates of one table agree."""
    there = [one for one in estimates if np.isfinite(one.total) and not one.lower_bound]
    totals = [one.total for one in there]
    ratio = max(totals) / min(totals) if len(totals) > 1 else np.nan
    apart = _apart(there)
    endless = [one.method for one in there if one.interval and np.isinf(one.interval[1])]
    reproduced = {
        one.method: predictive(one).passed
        for one in estimates
        if one.predicted and np.isfinite(one.total)
    }
    disagree = bool(ratio > factor) or apart is not None
    details = {
        "shown": there,
        "ratio": ratio,
        "factor": factor,
        "apart": apart,
        "disagree": disagree,
        "endless": endless,
        "reproduced": reproduced,
        "refused": refused,
        "known": known,
    }
    passed = len(there) > 1 and not disagree and not endless
    marks = "disagree" if disagree else "endless" if endless else "few"
    rows = [
        {**row, "reproduces": reproduced.get(one.method), "assumes": one.assumes}
        for one in estimates
        for row in one.rows
    ]
    gone = [
        {"method": name, "known": known, "withheld": why, "reproduces": None}
        for name, why in refused.items()
    ]
    return Verdict(
        check="compare_methods",
        passed=passed,
        said=[_headline(details), *_said(estimates, details)],
        marked="" if passed else say(f"lists.compare_methods.mark_{marks}"),
        rows={"methods": rows + gone},
        found=tuple(estimates),
        details=details,
        printed=[_printed(one) for one in estimates],
    )


def _apart(there: Sequence[Estimate]) -> tuple[Estimate, Estimate] | None:
    """Return two estimates whose intervals have nothing in common, if there are: low and high."""
    held = [(one, one.interval) for one in there if one.interval is not None]
    if len(held) < 2:
        return None
    low, high = min(held, key=lambda one: one[1][1]), max(held, key=lambda one: one[1][0])
    return (low[0], high[0]) if low[1][1] < high[1][0] else None


def _printed(one: Estimate) -> dict[str, Any]:
    """Return a short row, with whole numbers."""
    low, high = one.interval or (np.nan, np.nan)
    numbers = {"total": one.total, "low": low, "high": high}
    whole = {name: f"{n:,.0f}" if not np.isnan(n) else "" for name, n in numbers.items()}
    bound = say("lists.compare_methods.lower_bound") if one.lower_bound else one.interval_name
    return {"method": one.method, **whole, "interval": bound}


def _headline(details: Mapping[str, Any]) -> Sentence:
    """Return whether the methods agree: what has to be read first."""
    there, ratio = details["shown"], details["ratio"]
    if len(there) < 2:
        key = "lists.compare_methods." + ("one" if there else "none")
        return say(key, of=[one.method for one in there])
    least, most = (f(there, key=lambda one: one.total) for f in (min, max))
    ends: dict[str, Any] = {"least": _end(least, details), "most": _end(most, details)}
    endless = details["endless"]
    ends["reach"] = say("lists.compare_methods.endless", names=endless) if endless else ""
    if ratio > details["factor"]:
        return say("lists.compare_methods.disagree", ratio=ratio, **ends)
    # Rounded up: no two numbers that differ agree within a factor of 1.00.
    within = max(np.ceil(100 * ratio) / 100, 1.01)
    if details["apart"] is None:
        return say("lists.compare_methods.agree", within=within, **ends)
    low, high = (one.method for one in details["apart"])
    return say("lists.compare_methods.exclude", within=within, low=low, high=high, **ends)


def _end(one: Estimate, details: Mapping[str, Any]) -> Sentence:
    key = "end" if details["reproduced"].get(one.method, True) else "unlike_end"
    return say(f"lists.compare_methods.{key}", total=one.total, of=one.method)


def _said(estimates: Sequence[Estimate], details: Mapping[str, Any]) -> list[Sentence]:
    """Return what else there is to say of the methods."""
    said = [say("lists.known", n=details["known"])]
    for bound in (one for one in estimates if one.lower_bound and np.isfinite(one.total)):
        said.append(say("lists.compare_methods.bound", total=bound.total, of=bound.method))
        least = bound.interval[0] if bound.interval else bound.total
        under = [x.method for x in details["shown"] if x.interval and x.interval[1] < least]
        said += [say("lists.compare_methods.below", names=under)] if under else []
    unlike = [name for name, good in details["reproduced"].items() if not good]
    said += [say("lists.compare_methods.unlike", names=unlike)] if unlike else []
    gone = [(one.method, one.reason) for one in estimates if one.withheld]
    said += [say("lists.compare_methods.withheld", of=of, why=why) for of, why in gone]
    refused = details["refused"].items()
    return said + [say("lists.compare_methods.refused", of=of, why=why) for of, why in refused]


def _told_apart(methods: Sequence[Estimator], estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return the estimates with names that differ: settings are added where they are alike."""
    names = [one.method for one in estimates]
    made = []
    for i, (method, one) in enumerate(zip(methods, estimates, strict=True)):
        if names.count(one.method) > 1:
            said = [
                f"{f.name}={getattr(method, f.name)!r}"
                for f in fields(method)
                if getattr(method, f.name) != f.default
            ]
            label = f"{one.method} ({', '.join(said) or 'as a rule'})"
            one = replace(one, method=label if label not in names[:i] else f"{label} {i + 1}")
        made.append(one)
    return made


@entry
def usual_methods(table: OverlapTable) -> list[Estimator]:
    """Return the methods that are compared unless others are given.

    Parameters
    ----------
    table : OverlapTable
        The table, whose number of lists decides.

    Returns
    -------
    list of Estimator
        For two lists those that assume independence; for more, independence, a selected model,
        shrunken interactions, an average over graphs, latent classes and a lower bound.
    """
    raise_if_any(table_needed(table), "the usual methods")
    if len(table.lists) == 2:
        return [LincolnPetersen(), Chapman()]
    return [
        LogLinear(),
        BestByBIC() if len(table.lists) < 5 else Stepwise(),
        Shrinkage(),
        DecomposableAverage(),
        LatentClasses(),
        ChaoLowerBound(),
    ]
