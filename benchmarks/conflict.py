"""Speed of the check of sources against each other: twelve refits of the prenatal HIV model.

Run by itself it prints a table; `run.py` takes `rows()` into its own. The check is timed in fresh
processes on two cores, with the start of its workers; the fit that it begins from is not. The model
is that of `validation/prenatal_hiv.py`.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from table import status

HERE = Path(__file__).resolve().parent
LIMIT = 30.0


def timed() -> dict[str, float]:
    """Time the check in this process."""
    import cloudpickle

    import funnelest as fe

    sys.path.insert(0, str(HERE.parent))
    from validation import prenatal_hiv

    cloudpickle.register_pickle_by_value(prenatal_hiv)  # workers cannot import it by name
    result = fe.fit(prenatal_hiv.model(), engine="importance", seed=1, progress=False)
    begun = time.perf_counter()
    found = fe.check.conflict(result, seed=1, refit=True, cores=2, progress=False)
    seconds = time.perf_counter() - begun
    refits = sum(one.how == "refit" for one in found.details["left_out"].values())
    return {"seconds": seconds, "refits": float(refits)}


def rows(runs: int = 1) -> list[tuple[str, float, float, str]]:
    """Measure everything; return what, measured, at most, and unit, as `run.py` reports them."""
    found = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, str(HERE / "conflict.py"), "timed"], capture_output=True, text=True
        )
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
            raise SystemExit("the check of conflict failed")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    middle = statistics.median(one["seconds"] for one in found)
    one = next(one for one in found if one["seconds"] == middle)
    print(f"  conflict: {one['refits']:.0f} refits in {middle:.1f} s")
    return [
        (f"prenatal HIV, {one['refits']:.0f} leave-one-out refits", middle, LIMIT, "s"),
    ]


def main() -> int:
    """Measure, print a table, and return the exit status: 3 when a stated limit was missed."""
    return status(rows(3))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(timed()))
    else:
        sys.exit(main())
