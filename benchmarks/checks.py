"""Time of all checks of the main example, as `trust` makes them.

Run by itself, with the path of the main example's model, it prints a table; `run.py` takes `rows()`
into its own. The checks are timed in a fresh process, with the start of its workers; the fit that
they are of is not.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from table import status

HERE = Path(__file__).resolve().parent
LIMIT = 60.0


def timed(path: str) -> dict[str, float]:
    """Time every check in this process."""
    import funnelest as fe

    model = fe.Model.from_dict(json.loads(Path(path).read_text()))
    result = fe.fit(model, seed=1, progress=False)
    begun = time.perf_counter()
    found = fe.trust(result, seed=1, cores=2, progress=False)
    return {"all": time.perf_counter() - begun, **found.seconds}


def rows(path: str) -> list[tuple[str, float, float, str]]:
    """Measure; return what, measured, at most, and unit, as `run.py` reports them."""
    done = subprocess.run(
        [sys.executable, str(HERE / "checks.py"), "timed", path], capture_output=True, text=True
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit("the checks of the main example failed")
    seconds = json.loads(done.stdout.splitlines()[-1])
    print("  " + ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()))
    return [
        ("identification of the main example", seconds["identification"], 1.0, "s"),
        ("all checks of the main example", seconds["all"], LIMIT, "s"),
    ]


if __name__ == "__main__":
    if sys.argv[1] == "timed":
        print(json.dumps(timed(sys.argv[2])))
    else:
        sys.exit(status(rows(sys.argv[1])))
