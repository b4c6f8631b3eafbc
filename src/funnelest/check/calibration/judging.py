"""What simulation-based calibration finds: tables, sentences and a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelest.check.calibration import uniform
from funnelest.check.calibration.replicate import LEVELS, RANKED
from funnelest.check.measures import holm
from funnelest.sampling.weights import interval_name
from funnelest.verdict import Verdict
from funnelest.words import Sentence, say

__all__ = ["ALLOWED", "LEVEL", "PROBABILITIES", "judged"]

type Floats = NDArray[np.float64]
type Rows = list[dict[str, Any]]

#: Ranks are not uniform when chance alone gives such ranks, of any quantity, less often.
LEVEL = 0.01
#: Share of the fits that may fail their convergence gate.
ALLOWED = 0.01
#: Probabilities of the equal-tailed intervals, and where their limits and the median are kept.
PROBABILITIES = (0.5, 0.8, 0.95)
_LIMITS = {0.5: (2, 4), 0.8: (1, 5), 0.95: (0, 6)}
_MEDIAN = LEVELS.index(0.5)
_PRINTED = (
    "quantity", "p", "p_corrected", "coverage_50", "coverage_95", "bias_in_sd", "contraction",
    "recovery",
)  # fmt: skip


def judged(
    records: Sequence[Mapping[str, Any]],
    *,
    names: Sequence[str],
    kinds: Sequence[str],
    prior_sd: Floats,
    basis: str,
    draws: int,
    engine: str,
    wrong: bool = False,
    ranked: int = RANKED,
) -> Verdict:
    """Return the verdict on what replicates gave; `calibrate` says what it holds.

    `kinds` are "parameter", "number or share", "own" or "log-likelihood"; `prior_sd` is NaN where
    there is none; `wrong` tells whether data were made up from another model than was fitted;
    ranks go from 0 to `ranked`.
    """
    failed = sum(bool(record["failure"]) for record in records)
    columns = [_column(records, i) for i in range(len(names))]
    p = np.array([_p(one["rank"], ranked) for one in columns])
    common = {"failed": failed, "basis": basis}
    rows = [
        {"quantity": names[i], "kind": kinds[i], **_row(one, p[i], fixed, prior_sd[i], ranked)}
        | common
        for i, (one, fixed) in enumerate(zip(columns, holm(p), strict=True))
    ]
    by_p = sorted(rows, key=lambda row: np.inf if np.isnan(row["p"]) else row["p"])
    details = {
        "replicates": len(records),
        "failed": failed,
        "lost": sum("rank" not in record for record in records),
        "redrawn": sum(record["redrawn"] for record in records),
        "off": tuple(row["quantity"] for row in by_p if not row["uniform"]),
        "names": tuple(names),
        "ranked": ranked,
        "draws": draws,
        "engine": engine,
        "wrong": wrong,
        "records": tuple(records),
    }
    many = failed > ALLOWED * len(records)
    marks = [say("calibrate.off", names=details["off"])] if details["off"] else []
    marks += [say("calibrate.failed_fits", failed=failed, all=len(records))] if many else []
    return Verdict(
        check="calibrate",
        passed=not marks,
        said=list(_said(rows, by_p[0], details, many)),
        marked=say("word.marks", parts=marks) if marks else "",
        rows={
            "quantities": rows,
            "ranks": _ranks(records, names),
            "recovered": _recovered(records, names),
        },
        details=details,
        printed=[{name: row[name] for name in _PRINTED} for row in rows],
    )


def _column(records: Sequence[Mapping[str, Any]], i: int) -> dict[str, Any]:
    """Return what is known of one quantity, over the replicates that have its rank."""
    good = [record for record in records if "rank" in record and record["rank"][i] is not None]
    numbers = {
        name: np.array([record[name][i] for record in good], dtype=np.float64)
        for name in ("truth", "mean", "sd", "quantiles")
    }
    numbers["quantiles"] = numbers["quantiles"].reshape(-1, len(LEVELS))
    return {"rank": np.array([record["rank"][i] for record in good], dtype=np.intp), **numbers}


def _p(ranks: NDArray[np.intp], ranked: int) -> float:
    return uniform.uniformity(ranks, ranked) if len(ranks) else np.nan


def _row(
    one: Mapping[str, Any], p: float, corrected: float, prior_sd: float, ranked: int
) -> dict[str, Any]:
    """Return the numbers of one quantity."""
    from scipy.stats import rankdata

    size, truth, levels = len(one["rank"]), one["truth"], one["quantiles"]
    row: dict[str, Any] = {
        "replicates": size,
        "p": p,
        "p_corrected": corrected,
        "uniform": bool(corrected >= LEVEL),
        "p_chi_squared": uniform.chi_squared(one["rank"], ranked),
    }
    for probability in PROBABILITIES:
        low, high = _LIMITS[probability]
        hits = int(((levels[:, low] <= truth) & (truth <= levels[:, high])).sum())
        key = f"coverage_{100 * probability:.0f}"
        row[key] = hits / size if size else np.nan
        row[f"{key}_low"], row[f"{key}_high"] = uniform.clopper_pearson(hits, size)
    with np.errstate(all="ignore"):
        z = (one["mean"] - truth) / one["sd"]
        z = z[np.isfinite(z)]
        shrunk = 1 - (one["sd"] / prior_sd) ** 2
        median = levels[:, _MEDIAN]
        known = len(z) > 1
        varies = size > 2 and np.ptp(truth) > 0 and np.ptp(median) > 0
        recovery = np.corrcoef(rankdata(truth), rankdata(median))[0, 1] if varies else np.nan
        return {
            **row,
            "coverage_interval": "95% Clopper-Pearson",
            "bias_in_sd": float(z.mean()) if known else np.nan,
            "bias_error": float(z.std(ddof=1) / np.sqrt(len(z))) if known else np.nan,
            "contraction": float(np.median(shrunk)) if size else np.nan,
            "recovery": float(recovery),
        }


def _ranks(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Rows:
    none = [None] * len(names)
    return [
        {
            "replicate": record["replicate"],
            **{
                n: np.nan if rank is None else rank
                for n, rank in zip(names, record.get("rank", none), strict=True)
            },
        }
        for record in records
    ]


def _recovered(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Rows:
    low, high = _LIMITS[0.95]
    none = [np.nan] * len(LEVELS)
    return [
        {
            "replicate": record["replicate"],
            "quantity": name,
            "truth": _number(record["truth"][i]),
            "median": _number(levels[_MEDIAN]),
            "low": _number(levels[low]),
            "high": _number(levels[high]),
            "interval": interval_name(0.95),
            "failed": bool(record["failure"]),
        }
        for record in records
        for i, name in enumerate(names)
        for levels in [record["quantiles"][i] if "quantiles" in record else none]
    ]


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


# ---------------------------------------------------------------- sentences


def _said(
    rows: Rows, worst: Mapping[str, Any], details: Mapping[str, Any], many: bool
) -> Iterator[Sentence]:
    failed, lost, size, off = (details[n] for n in ("failed", "lost", "replicates", "off"))
    number, ranked = len(rows), details["ranked"]
    failures = say("calibrate.failures", failed=failed, all=size)
    if off:
        how = "not_even_and_failed" if many else "not_even"
        yield say(f"calibrate.{how}", n=size, names=off, failures=failures)
    elif many:
        yield say("calibrate.cannot_tell", failures=failures, allowed=ALLOWED)
    else:
        yield say("calibrate.even", n=size, number=number)
    if details["wrong"]:
        yield say("calibrate.wrong")
    low, high = uniform.bands(size, ranked, 1 - LEVEL / number)
    seen = max(high[ranked // 2], size - low[ranked // 2])
    apart = seen / size - (ranked // 2 + 1) / (ranked + 1)
    yield say(
        "calibrate.lowest",
        p=_shown(worst["p"]),
        corrected=_shown(worst["p_corrected"]),
        quantity=worst["quantity"],
        number=number,
        level=LEVEL,
        apart=100 * apart,
    )
    yield _covered(rows)
    if failed and not many:
        yield say("calibrate.some_failed", failures=failures)
    if failed > lost:
        yield say("calibrate.kept")
    if lost:
        yield say("calibrate.lost", n=lost)
    if details["redrawn"]:
        yield say("calibrate.redrawn", n=details["redrawn"])
    yield say("calibrate.among", ranked=ranked, draws=details["draws"])
    if not (off or many or details["wrong"]):
        yield say("calibrate.shown")


def _covered(rows: Rows) -> Sentence:
    """Return how often intervals held the truth, over the quantities."""
    rows = [r for r in rows if r["kind"] != "log-likelihood" and not np.isnan(r["coverage_95"])]
    if not rows:
        return say("calibrate.no_interval")
    least = min(rows, key=lambda row: row["coverage_95"])
    found: dict[str, Any] = {"quantity": least["quantity"]}
    for level in (50, 80, 95):
        shares = [100 * row[f"coverage_{level}"] for row in rows]
        found |= {f"least_{level}": min(shares), f"most_{level}": max(shares)}
    low, high = (100 * least[f"coverage_95_{end}"] for end in ("low", "high"))
    return say("calibrate.covered", low=low, high=high, **found)


def _shown(p: float) -> Sentence:
    return say("calibrate.p_small") if p < 1e-4 else say("calibrate.p", p=p)
