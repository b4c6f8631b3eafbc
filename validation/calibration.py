"""Does everything in the library get back what made-up data were made from?

Each case of `calibration_cases.py` is a small model: data are made up from its prior over and
over, and fitted. Each case of `calibration_lists.py` is a method for linked lists: Bayesian ones
likewise, others by how often their 95% interval holds the number that tables were made from. The
page `docs/calibration.md` shows what came out; its table is written by this script.

Run it with ``python validation/calibration.py --out validation/calibration.csv``.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from calibration_cases import ModelCase, model_cases
from calibration_lists import CoverageCase, RankCase, list_cases

from funnelest.check import calibrate
from funnelest.check.calibration.judging import ALLOWED
from funnelest.check.calibration.kept import Kept
from funnelest.check.calibration.uniform import clopper_pearson
from funnelest.sampling import parallel
from funnelest.verdict import Verdict

type Case = ModelCase | RankCase | CoverageCase

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "calibration.md"
#: Replicates per case, at least; draws per fit; the seed of the table; and the level of the test,
#: over all cases together.
REPLICATES, DRAWS, SEED, LEVEL = 300, 1000, 20261124, 0.01
BEGIN, END = "<!-- begin of the table -->", "<!-- end of the table -->"
LEVELS = (50, 80, 95)
_CHUNK = 5


def cases() -> list[Case]:
    """Return every case of the study, in the order of the table."""
    return [*model_cases(), *list_cases()]


def limit(number: int) -> float:
    """Return the p-value, corrected for the quantities of a case, below which a case fails."""
    return LEVEL / number


# ---------------------------------------------------------------- one case


def run(
    case: Case,
    replicates: int = REPLICATES,
    seed: int = SEED,
    *,
    cores: int | None = 1,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Return the row of the table for one case.

    Parameters
    ----------
    case : Case
        What is calibrated.
    replicates : int
        Made-up sets of data, at least: a case may want more.
    seed : int
        From which all randomness follows.
    cores : int, optional
        Processes; with 1 everything runs in this one.
    folder : Path, optional
        Where results are kept as they come, so that a killed run goes on.

    Returns
    -------
    dict
        By column. `p` is the smallest p-value of uniform ranks, corrected for the `quantities` of
        the case (Holm), and of an interval the exact binomial p-value of its coverage.
    """
    path = (
        None if folder is None else folder / f"{re.sub('[^a-z0-9]+', '_', case.name.lower())}.jsonl"
    )
    if isinstance(case, CoverageCase):
        return _row_of_coverage(case, _kept(case, case.many(replicates), seed, cores, path))
    if isinstance(case, RankCase):
        records = _kept(case, case.many(replicates), seed, cores, path)
        found = case.calibration(records)
    else:
        found = calibrate(
            case.model,
            replicates=replicates,
            quantities=case.quantities,
            draws=DRAWS,
            seed=seed,
            cores=cores,
            path=path,
            progress=False,
        )
    return _row_of_ranks(case, found)


def _kept(
    case: RankCase | CoverageCase, replicates: int, seed: int, cores: int | None, path: Path | None
) -> list[dict[str, Any]]:
    """Return what replicates of a method for lists gave, and make those that are not there yet."""
    kept = Kept(path, {"case": case.name, "seed": seed})
    missing = [i for i in range(replicates) if i not in kept.records]
    chunks = [(seed, missing[i : i + _CHUNK]) for i in range(0, len(missing), _CHUNK)]
    for _, records in parallel.each(case, chunks, cores=cores):
        kept.add(records)
    return [kept.records[i] for i in range(replicates)]


def _row_of_ranks(case: ModelCase | RankCase, found: Verdict) -> dict[str, Any]:
    table = found.table.set_index("quantity")
    worst = table["p_corrected"].astype(float).idxmin()
    row = _base(case) | {
        "test": "ranks",
        "engine": found.details["engine"],
        "replicates": found.details["replicates"],
        "quantities": len(table),
        "least": worst,
        "p": float(f"{table.loc[worst, 'p_corrected']:.3g}"),
        "failed": found.details["failed"],
        "shown": case.shown,
    }
    one = table.loc[case.shown if case.shown in table.index else f"{case.shown} (all)"]
    for level in LEVELS:
        row |= _shares(
            level, *(float(one[f"coverage_{level}{end}"]) for end in ("", "_low", "_high"))
        )
    return row


def _row_of_coverage(case: CoverageCase, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    given = [record["held"] for record in records if record["held"] is not None]
    hits, size = int(sum(given)), len(given)
    row = _base(case) | {
        "test": f"coverage {case.against}",
        "engine": "of the method",
        "replicates": len(records),
        "quantities": 1,
        "least": case.shown,
        "p": float(f"{case.p(hits, size):.3g}"),
        "failed": len(records) - size,
        "shown": case.shown,
    }
    for level in LEVELS[:-1]:
        row |= _shares(level, None, None, None)
    return row | _shares(95, hits / size, *clopper_pearson(hits, size))


def _base(case: Case) -> dict[str, Any]:
    return {"group": case.group, "case": case.name, "holds": ", ".join(case.holds)}


def _shares(level: int, share: Any, low: Any, high: Any) -> dict[str, Any]:
    names = (f"coverage_{level}", f"coverage_{level}_low", f"coverage_{level}_high")
    return {
        name: None if value is None else round(value, 4)
        for name, value in zip(names, (share, low, high), strict=True)
    }


def passed(row: Any, number: int) -> bool:
    """Return whether a row of the table passes, where the study has so many cases."""
    few = row["test"] != "ranks" or row["failed"] <= ALLOWED * row["replicates"]
    return bool(row["p"] >= limit(number) and few)


# ---------------------------------------------------------------- the table and the page


def read(path: Path) -> pd.DataFrame:
    """Return a table that was written."""
    return pd.read_csv(
        path,
        keep_default_na=False,
        na_values={f"coverage_{n}{e}": [""] for n in LEVELS for e in ("", "_low", "_high")},
    )


def overview(table: pd.DataFrame) -> str:
    """Return the table as Markdown, a part per group.

    Parameters
    ----------
    table : DataFrame
        The table of the study.

    Returns
    -------
    str
        Markdown, with a sentence on seed, version and verdict before it.
    """
    number = len(table)
    verdicts = [passed(row, number) for _, row in table.iterrows()]
    seeds, versions = (", ".join(map(str, dict.fromkeys(table[c]))) for c in ("seed", "version"))
    lines = [
        f"{sum(verdicts)} of {number} cases pass, with seed {seeds}, by version {versions}. A case "
        f"fails below p = {limit(number):.2g}. The lowest of all is {table['p'].min():.2g}; of "
        f"{number} cases that are all right, the lowest is below {_median_of_lowest(number):.2g} "
        "half of the time or less often.",
    ]
    for group, rows in table.groupby("group", sort=False):
        lines += [
            "",
            f"### {group[:1].upper()}{group[1:]}",
            "",
            "| case | holds | data sets | p (quantities) | 50% | 80% | 95% | failed | verdict |",
            "|---|---|---:|---:|---:|---:|---:|---:|---|",
        ]
        for _, row in rows.iterrows():
            verdict = "passes" if passed(row, number) else "**fails**"
            cells = [
                row["case"],
                row["holds"],
                f"{row['replicates']:,}",
                f"{row['p']:.2g} ({row['quantities']})",
                *(_cell(row, level) for level in LEVELS),
                str(row["failed"]),
                verdict if row["test"] == "ranks" else f"{verdict} ({row['test'][9:]})",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _median_of_lowest(number: int) -> float:
    return float(1 - 0.5 ** (1 / number))


def _cell(row: pd.Series, level: int) -> str:
    share, low, high = (row[f"coverage_{level}{end}"] for end in ("", "_low", "_high"))
    return "" if pd.isna(share) else f"{100 * share:.0f} ({100 * low:.0f}-{100 * high:.0f})"


def with_table(page: str, table: pd.DataFrame) -> str:
    """Return the text of the page with this table between its markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{overview(table)}\n\n{END}{after}"


def study(
    chosen: Iterable[Case], report: Callable[[dict[str, Any], float], None], **how: Any
) -> list[dict[str, Any]]:
    """Run cases one after the other, and report each with the seconds that it took."""
    rows = []
    for case in chosen:
        start = time.perf_counter()
        rows.append(run(case, **how))
        report(rows[-1], time.perf_counter() - start)
    return rows


def _say(row: dict[str, Any], seconds: float) -> None:
    what = [row[name] for name in ("case", "replicates", "p", "least", "coverage_95", "failed")]
    print(*what, f"{seconds:.0f} s", sep=", ", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study, and write its table and that of the page."""
    import funnelest as fe

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the table, a CSV file")
    parser.add_argument("--replicates", type=int, default=REPLICATES, help="data sets per case")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--cores", type=int, default=None, help="processes; all cores when left out"
    )
    parser.add_argument("--only", default="", help="only cases with this in their name; no page")
    parser.add_argument("--work", type=Path, help="folder in which a killed run finds its results")
    parser.add_argument("--show", action="store_true", help="only write the page from the table")
    given = parser.parse_args(arguments)
    if not given.show:
        rows = study(
            [one for one in cases() if given.only in one.name],
            _say,
            replicates=given.replicates,
            seed=given.seed,
            cores=given.cores,
            folder=given.work,
        )
        table = pd.DataFrame(rows).assign(seed=given.seed, version=fe.__version__)
        table.to_csv(given.out, index=False, lineterminator="\n")
    if not given.only:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(with_table(page, read(given.out)), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
