"""Measure the stated ratios side by side, in one run on one machine.

Exit status 3 means that a stated ratio was missed; any other failure is a wrong answer.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import calibration
import checks
import conflict
import country
import engines
import gradients
import hiv
import lists
from table import status

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: How often the first answer is measured beside that of PyMC by hand.
PAIRS = 1


def fresh(arguments: list[str], caches: Path, folder: Path) -> str:
    """Run Python with these arguments, with empty caches of its own, and return what it prints."""
    environment = {
        **os.environ,
        "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "MPLBACKEND": "Agg",
    }
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=folder
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit(f"{arguments[-1]} failed")
    return done.stdout


def import_ratio(runs: int = 9) -> float:
    """Return the median time of `import funnelest` over that of `import numpy`, in turn."""
    code = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    times: dict[str, list[float]] = {"numpy": [], "funnelest": []}
    for _ in range(runs):
        for name, found in times.items():
            done = subprocess.run(
                [sys.executable, "-c", code.format(name)],
                capture_output=True,
                text=True,
                check=True,
            )
            found.append(float(done.stdout))
    return statistics.median(times["funnelest"]) / statistics.median(times["numpy"])


def main() -> int:
    """Measure everything, print a table, and return the exit status."""
    rows: list[tuple[str, float, float, str]] = []  # what, measured, at most, unit
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        rows.append(("import funnelest / import numpy", import_ratio(), 1.5, ""))

        fresh([str(ROOT / "examples" / "fact_sheet_2017_2018.py")], work / "example", work)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        rows.append(("memory of the main example", peak, 1.0, "GB"))
        model = str(work / "out" / "model.json")

        # In turn, each time with caches that nobody has used.
        ours, theirs = [], []
        for i in range(PAIRS):
            print(f"first answers, pair {i + 1} of {PAIRS} ...", flush=True)
            ours.append(
                json.loads(fresh([str(HERE / "main_example.py"), model], work / f"ours{i}", work))
            )
            theirs.append(
                json.loads(
                    fresh(
                        [str(HERE / "hand_written.py"), model, "2"], work / f"theirs{i}", work
                    ).splitlines()[-1]
                )
            )
        print(f"engine: {ours[0]['engine']}; {ours[0]['gate']}")
        for ours_one, theirs_one in zip(ours, theirs, strict=True):
            print(
                f"  first answer: funnelest {ours_one['cpu']:.1f} s of the processor, "
                f"{ours_one['seconds']:.1f} by the clock, by hand {theirs_one['cpu'][0]:.1f} and "
                f"{theirs_one['seconds'][0]:.1f}"
            )
        ratio = statistics.median(o["cpu"] / t["cpu"][0] for o, t in zip(ours, theirs, strict=True))
        rows.append(("first answer / PyMC by hand", ratio, 0.04, ""))

        again, by_hand = (statistics.median(t[of][1] for t in theirs) for of in ("seconds", "cpu"))
        worst = min(ours[0]["effective"])
        refit = statistics.median(ours[0]["refits"])
        print(
            f"  refit: funnelest {refit:.3f} s of the processor (at least {worst:.0f} effective "
            f"draws in 20 refits), by hand {by_hand:.1f} s"
        )
        rows += engines.refits(ours[0])
        rows.append(("refit / PyMC by hand, compiled before", refit / by_hand, 1 / 20, ""))

        print("checks ...", flush=True)
        rows += checks.rows(model)
        rows += conflict.rows()
        print("gradients ...", flush=True)
        rows += gradients.rows(model)
        print("calibration ...", flush=True)
        rows += calibration.rows(model, again)

        print("rounding ...", flush=True)
        many = json.loads(fresh([str(HERE / "two_hundred.py")], work / "many", work))
        print(f"  40 counts rounded to 100: {many['rounded']:.2f} s, exact: {many['exact']:.2f} s")
    rows.append(("40 counts: rounded to 100 / exact", many["rounded"] / many["exact"], 2.0, ""))
    print("both engines ...", flush=True)
    rows += engines.rows()
    print("a country ...", flush=True)
    rows += country.rows()
    print("beside JAGS ...", flush=True)
    rows += hiv.rows()
    print("linked registers ...", flush=True)
    rows += lists.rows()

    apart = 0.0
    for step, (mean, error) in ours[0]["log_means"].items():
        other, other_error = theirs[0]["log_means"][step]
        z = (mean - other) / (error**2 + other_error**2) ** 0.5
        apart = max(apart, abs(z))
        print(f"  {step}: log mean {mean:.4f} and {other:.4f}, {z:+.1f} Monte Carlo errors apart")

    found = status(rows)
    if apart > 5:
        print(f"the two fits disagree: {apart:.1f} Monte Carlo errors")
        return 1
    return found


if __name__ == "__main__":
    sys.exit(main())
