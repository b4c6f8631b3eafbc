"""Speed of simulation-based calibration of the main model, beside refits by hand.

Run by itself, with the path of the main example's model, it prints a table; `run.py` takes
`rows()` into its own. simuk cannot take this model: it wants observed variables that it can
replace, and the sources are potentials. A refit of the same model written by hand, compiled
before, is what each of its replicates would take at the least.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from table import status

HERE = Path(__file__).resolve().parent
REPLICATES, CORES = 200, 2


def ours(path: str) -> dict[str, float | str]:
    """Calibrate the model in this process and its workers."""
    import funnelest as fe

    model = fe.Model.from_dict(json.loads(Path(path).read_text()))
    begun = time.perf_counter()
    found = fe.check.calibrate(model, replicates=REPLICATES, seed=2026, cores=CORES)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "failed": found.details["failed"], "text": found.headline}


def _fresh(what: str, path: str) -> dict[str, float | str] | str:
    done = subprocess.run(
        [sys.executable, str(HERE / "calibration.py"), what, path],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no message"])[-1]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def rows(path: str, by_hand: float | None = None) -> list[tuple[str, float, float, str]]:
    """Measure; return what, measured, at most, and unit, as `run.py` reports them.

    `by_hand` is the time of one refit of the model written by hand in PyMC, compiled before.
    """
    mine = _fresh("ours", path)
    if isinstance(mine, str):
        raise SystemExit(f"calibration failed: {mine}")
    seconds = float(mine["seconds"])
    print(f"  {REPLICATES:,} replicates: {seconds:.0f} s, {mine['failed']} failed; {mine['text']}")
    found = [("a calibration replicate", seconds / REPLICATES, 0.12, "s")]
    if by_hand is not None:
        ratio = seconds / REPLICATES / by_hand
        found.append(("a calibration replicate / a refit by hand", ratio, 1 / 20, ""))
    return found


def main(path: str) -> int:
    """Measure, print a table, and return the exit status: 3 when a stated limit was missed."""
    return status(rows(path))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(ours(sys.argv[2])))
    else:
        sys.exit(main(sys.argv[1]))
