"""Effective draws a second of the processor of the HIV synthesis, beside JAGS.

Run by itself it prints a table; `run.py` takes `rows()` into its own. The model is that of
`validation/prenatal_hiv.py`, and for JAGS `hiv.jags`. Both sides run in fresh processes, in turn,
on one core; what is loaded before (R with rjags, funnelest) is in neither time.

Effective draws are counted by one rule: the smallest over the nine unknowns of the bulk effective
size and that of the two printed limits, 2.5% and 97.5%. Of JAGS's chains and ours they are ArviZ's,
with R-hat below 1.01. Of importance sampling they are those of the weights, for the mean and for
the limits, and of the draws that were resampled, of which no one counts twice.

The set-up of JAGS is compiling, 1,000 steps of adaptation and 1,000 of burn-in; ours is a fit,
and the draws without it are those of `Result.more`.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from table import status

HERE = Path(__file__).resolve().parent
UNKNOWNS = "abcdefghw"
#: Draws of each of JAGS's four chains.
JAGS = 40_000
#: What is timed of ours: an engine, how many draws it is asked for (None: as `fit` does when
#: nothing is said), and how that is called.
SIDES = (
    ("importance", None, "first answer"),
    ("importance", 40_000, "40,000 draws"),
    ("hmc", 16_000, "16,000 draws of chains"),
)
#: How often each side runs.
TURNS = 3

type Row = tuple[str, float, float, str]


def synthesis() -> Any:
    """Return the module of the model."""
    sys.path.insert(0, str(HERE.parent))
    from validation import prenatal_hiv

    return prenatal_hiv


def effective(draws: Any) -> float:
    """Return the effective number of draws of chains, shape ``(unknowns, chains, draws)``."""
    from arviz_stats.base import array_stats

    from funnelest.sampling.weights import PRINTED, levels_of

    axes = {"chain_axis": 1, "draw_axis": 2}
    mixed = float(array_stats.rhat(draws, **axes).max())
    if not mixed < 1.01:
        raise SystemExit(f"the chains have not converged: R-hat {mixed:.3f}")
    bulk = array_stats.ess(draws, **axes, method="bulk")
    tail = array_stats.ess(draws, **axes, method="tail", prob=levels_of(PRINTED)[::2])
    return float(min(bulk.min(), tail.min()))


def effective_of(result: Any) -> float:
    """Return the effective number of draws of a result, by the rule of this file."""
    import numpy as np

    from funnelest.sampling.weights import effective_size

    if not result.gate.passed:
        raise SystemExit(result.gate.text)
    if result.engine == "hmc":
        return effective(np.stack(list(result.draws.values())))
    repeated = np.unique(result.origins, return_counts=True)[1]
    measures = result.gate.measures
    return min(measures["ESS"], measures["tail ESS"], effective_size(repeated.astype(float)))


def timed(engine: str, draws: int | None, seed: int) -> dict[str, Any]:
    """Fit in this process, and go on with as many draws where their number is given."""
    import numpy as np

    import funnelest as fe

    made = synthesis()
    model = made.model()
    begun = time.process_time()
    result = fe.fit(model, engine=engine, draws=draws, seed=seed, progress=False)
    found = {"setting up": time.process_time() - begun, "first": effective_of(result)}
    if draws:
        begun = time.process_time()
        result = result.more(draws)
        found["going on"] = time.process_time() - begun
    table = np.stack([result.sample_of(one).ravel() for one in made.quantities().values()])
    return {
        **found,
        "all": effective_of(result),
        "means": table.mean(axis=1).tolist(),
        "sds": table.std(axis=1).tolist(),
    }


def ours(engine: str, draws: int | None, seed: int) -> dict[str, Any]:
    """Time an engine in a fresh process."""
    done = subprocess.run(
        [sys.executable, str(HERE / "hiv.py"), engine, str(draws or 0), str(seed)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit(f"the HIV synthesis failed by {engine}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def missing() -> str:
    """Return why JAGS is left out; empty when it is there."""
    if shutil.which("Rscript") is None:
        return "R is not installed (Debian: r-base-core)"
    probe = ["Rscript", "-e", "suppressMessages(library(rjags))"]
    if subprocess.run(probe, capture_output=True).returncode:
        return "R has no package rjags that finds JAGS (Debian: jags, r-cran-rjags)"
    return ""


def jags(folder: Path, seed: int) -> dict[str, Any]:
    """Time JAGS in a fresh process."""
    import numpy as np

    data, file = folder / "figures.R", folder / "draws"
    figures = synthesis().model().evidence
    lines = [
        f"{name} <- c({', '.join(str(getattr(one, field)) for one in figures)})"
        for name, field in (("y", "yes"), ("n", "n"))
    ]
    data.write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = [HERE / "hiv.R", HERE / "hiv.jags", data, JAGS, file, seed]
    done = subprocess.run(
        ["Rscript", *map(str, given)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit("JAGS failed")
    ready, sampling = map(float, done.stdout.split()[-2:])
    draws = np.fromfile(file).reshape(4, len(UNKNOWNS), JAGS).swapaxes(0, 1)
    return {
        "setting up": ready,
        "going on": sampling,
        "all": effective(draws),
        "means": draws.mean(axis=(1, 2)).tolist(),
        "sds": draws.std(axis=(1, 2)).tolist(),
    }


def apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return how many Monte Carlo errors two answers are apart, of the unknown that is worst."""
    share = 1 / one["all"] + 1 / other["all"]
    pairs = zip(one["means"], other["means"], one["sds"], strict=True)
    return max(abs(a - b) / (sd * share**0.5) for a, b, sd in pairs)


def rows(turns: int = TURNS) -> list[Row]:
    """Measure everything; return what, measured, at most, and unit, as `run.py` reports them.

    Ratios are of the time that an effective draw takes, ours over JAGS's, of the same turn. With
    the set-up, JAGS is given the time of its own set-up and of as many effective draws.
    """
    reason = missing()
    if reason:
        print(f"  the HIV synthesis beside JAGS is left out: {reason}")
        return []
    ratios: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        for seed in range(turns):
            theirs = jags(Path(name), seed)
            rate = theirs["all"] / theirs["going on"]
            print(
                f"  JAGS: {theirs['all']:,.0f} effective draws in {theirs['setting up']:.2f} + "
                f"{theirs['going on']:.2f} s, {rate:,.0f} a second without the set-up"
            )
            for engine, draws, label in SIDES:
                if engine == "hmc" and seed:
                    continue  # a second opinion, and slow: told once
                mine = ours(engine, draws, seed)
                print(f"  {label}: {mine['first']:,.0f} effective draws in "
                      f"{mine['setting up']:.2f} s", end="")  # fmt: skip
                same = theirs["setting up"] + mine["first"] / rate
                found = {label: mine["setting up"] / same}
                if draws:
                    further = mine["all"] - mine["first"]
                    print(f", {further:,.0f} more in {mine['going on']:.2f} s", end="")
                    found[f"{label}, without set-up"] = rate * mine["going on"] / further
                errors = apart(mine, theirs)
                print(f"; {errors:.1f} Monte Carlo errors from JAGS")
                if errors > 5:
                    raise SystemExit("the two answers to the HIV synthesis disagree")
                for what, ratio in found.items():
                    ratios.setdefault(what, []).append(ratio)
    return [
        (f"HIV: {label}, time of an effective draw / JAGS", statistics.median(found), 1.0, "")
        for label, found in ratios.items()
    ]


def main() -> int:
    """Measure, print a table, and return the exit status: 3 when a stated limit was missed."""
    return status(rows())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(timed(sys.argv[1], int(sys.argv[2]) or None, int(sys.argv[3]))))
    else:
        sys.exit(main())
