"""Speed of the estimators for linked registers, side by side with R where it is installed.

Run by itself it prints a table; `run.py` takes `rows()` into its own. Every estimator is timed in
fresh processes, from after `import funnelest.lists` to its answer: what it loads is in its time.
Of ours, the median of three runs counts; conting, which takes minutes, runs once.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from table import status

HERE = Path(__file__).resolve().parent

#: Potential victims of modern slavery, United Kingdom 2013, five lists (Home Office 2014).
UK = (
    ["LA", "NG", "PFNCA", "GO", "GP"],
    {
        "10000": 54, "01000": 463, "00100": 995, "00010": 695, "00001": 316, "11000": 15,
        "10100": 19, "10010": 3, "01100": 62, "01010": 19, "01001": 1, "00110": 76, "00101": 11,
        "00011": 8, "11100": 1, "11010": 1, "01110": 4, "11110": 1,
    },
)  # fmt: skip
#: Killings in Kosovo 1999, four lists (Ball et al. 2002).
KOSOVO = (
    ["EXH", "ABA", "OSCE", "HRW"],
    {
        "1000": 1131, "0100": 845, "0010": 936, "0001": 306, "1100": 177, "1010": 228,
        "1001": 106, "0110": 217, "0101": 31, "0011": 123, "1110": 181, "1101": 18, "1011": 42,
        "0111": 32, "1111": 27,
    },
)  # fmt: skip
#: conting's draws that are timed; its time is proportional to them. All of the stated 20,000.
DRAWS = 20_000

#: What is timed -> estimator, table.
TIMED = {
    "shrinkage": ("Shrinkage", UK),
    "decomposable, 4 lists": ("DecomposableAverage", KOSOVO),
    "decomposable, 5 lists": ("DecomposableAverage", UK),
    "latent classes": ("LatentClasses", KOSOVO),
    "stepwise": ("Stepwise", UK),
}


def timed(what: str) -> dict[str, float | str]:
    """Time one estimator in this process."""
    from funnelest import lists

    estimator, (names, counts) = TIMED[what]
    table = lists.OverlapTable(names, counts)
    begun = time.perf_counter()
    # Looking the name up may load what it needs.
    found = getattr(lists, estimator)().estimate(table)
    seconds = time.perf_counter() - begun
    return {
        "seconds": seconds,
        "total": found.total,
        "r_hat": found.gate.measures.get("R-hat", float("nan")) if found.gate else float("nan"),
        "withheld": found.withheld,
    }


def fresh(what: str, runs: int = 1) -> dict[str, float | str]:
    """Time one estimator in an odd number of new processes; return the run of median time."""
    found = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, str(HERE / "lists.py"), what], capture_output=True, text=True
        )
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
            raise SystemExit(f"{what} failed")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    middle = statistics.median(one["seconds"] for one in found)
    return next(one for one in found if one["seconds"] == middle)


def conting() -> tuple[float, str] | str:
    """Return the seconds of conting's draws and its total, or why they are left out."""
    if shutil.which("Rscript") is None:
        return "R is not installed"
    probe = ["Rscript", "-e", "suppressMessages(library(conting))"]
    if subprocess.run(probe, capture_output=True).returncode:
        return "R has no package conting (Debian: r-cran-conting)"
    done = subprocess.run(
        ["Rscript", str(HERE / "conting.R"), str(DRAWS)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        return f"conting failed: {done.stderr.strip().splitlines()[-1:]}"
    seconds, total = done.stdout.split()[-2:]
    return float(seconds), total


def rows() -> list[tuple[str, float, float, str]]:
    """Measure everything; return what, measured, at most, and unit, as `run.py` reports them."""
    found: list[tuple[str, float, float, str]] = []
    ours = {what: fresh(what, 1 if what == "latent classes" else 3) for what in TIMED}
    for what, one in ours.items():
        said = f"withheld: {one['withheld']}" if one["withheld"] else f"total {one['total']:,.0f}"
        print(f"  {what}: {one['seconds']:.3f} s, {said}")
    theirs = conting()
    if isinstance(theirs, str):
        print(f"  conting is left out: {theirs}")
    else:
        seconds, total = theirs
        print(f"  conting, {DRAWS:,} draws: {seconds:.1f} s, posterior mean of the total {total}")
        ratio = float(ours["shrinkage"]["seconds"]) / seconds
        found.append((f"shrinkage, UK / {DRAWS:,} draws of conting", ratio, 1 / 20, ""))
    for what, limit in (
        ("decomposable, 4 lists", 0.05),
        ("decomposable, 5 lists", 1.0),
        ("latent classes", 10.0),
        ("stepwise", 5.0),
    ):
        shown = f"{what}, 1,000 replicates" if what == "stepwise" else what
        found.append((shown, float(ours[what]["seconds"]), limit, "s"))
    found.append(("latent classes: R-hat", float(ours["latent classes"]["r_hat"]), 1.01, ""))
    return found


def main() -> int:
    """Measure, print a table, and return the exit status: 3 when a stated limit was missed."""
    return status(rows())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(timed(sys.argv[1])))
    else:
        sys.exit(main())
