"""What a fit costs, over every seed from 0: median, least and most, and how many were refused.

Run by itself, ``engines.py --seeds 20``, it prints a table; `run.py` takes `rows()` into its own,
with fewer seeds. Each fit is of a fresh process, and its seconds are those of the processor, from
the model to the result: what it loads is in its time. The cases take turns, seed by seed, so that
they are compared under the same load. No seed is chosen or left out: one that is refused, or that
is ended after `PATIENCE`, counts as one that never ends. `auto` hands over to chains where
importance sampling fails; how often is told.

``engines.py one CASE SEED`` makes one fit in its own process and prints it as JSON;
``engines.py profile CASE SEED`` says where the time of one goes.
"""

import argparse
import json
import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from table import status

HERE = Path(__file__).resolve().parent
#: Seconds of the processor after which a fit is ended.
PATIENCE = 150

type Row = tuple[str, float, float, str]


def plain() -> Any:
    """Return 200 figures at face value."""
    import two_hundred

    return two_hundred.plain(two_hundred.made_counts(two_hundred.defective()))


def defective() -> Any:
    """Return 200 figures with all defects mixed."""
    import two_hundred

    return two_hundred.defective(two_hundred.made_counts(two_hundred.defective()))


def regions() -> Any:
    """Return a country of 15 regions and two years: 34 unknowns on 1,080 cells."""
    import country

    return country.model(15, 2)


def more_regions() -> Any:
    """Return the same with a rate for each region, and a finer curve: 45 unknowns."""
    import country

    return country.model(15, 2, provinces=15, spacing=7.0)


def ages() -> Any:
    """Return first events of four groups and a curve over single years of age: 24 unknowns.

    The model of `examples/age_pattern.py` with its random walk, and what adults say rounded to a
    per cent.
    """
    import funnelest as fe

    value, share = fe.load_figures()["value"], fe.load_onset()["percent"] / 100
    by_age = [value["population_0_11"] / 12] * 12 + [value["population_12_16"] / 5] * 5
    sexes = {"male": ("boys", "men", 513_000), "female": ("girls", "women", 489_000)}
    everybody = sum(people for *_, people in sexes.values())
    children = fe.Population(
        {"age": list(range(17)), "sex": list(sexes)},
        [[n * people / everybody for *_, people in sexes.values()] for n in by_age],
    )
    factors = {
        "abuse of any kind": fe.LogNormal.from_interval(0.7, 2.5),
        "recall": fe.Beta.from_interval(0.5, 0.95),
        "earlier hazard": fe.LogNormal.from_interval(0.6, 1.8),
    }
    same = "as in the example"
    evidence: list[fe.Evidence] = []
    for sex, (young, adult, _) in sexes.items():
        evidence += [
            fe.Survey(f"pupils, {sex}", step="happened", total=value[f"happened_{young}"],
                      n=int(value["survey_size"]) // 2, deff=1.5,
                      where={"age": (12, 16), "sex": sex}),
            fe.OnsetSurvey(f"adults, {sex}", n=8_500, where={"sex": sex},
                           before={age: fe.Rounded(share[f"degraaf_{adult}_{age}"], to=0.01)
                                   for age in (12, 16)},
                           respondents=(18, 80), definition="sexual abuse",
                           defects=[fe.Bridge("abuse of any kind", fe.Shared("abuse of any kind"),
                                              definition="sexual abuse"),
                                    fe.Recall(share=fe.Shared("recall"), statement=same),
                                    fe.EarlierRate(prior=fe.Shared("earlier hazard"),
                                                   statement=same)]),
        ]  # fmt: skip
    return fe.Model(
        fe.Route("happened", "told", definition="severe hands-on violence"),
        children,
        fe.Rate(
            fe.LogNormal.from_interval(0.001, 0.06),
            fe.Levels("sex", fe.Normal(0, 1)),
            fe.RandomWalk("age", fe.HalfNormal(math.log(1.25))),
        ),
        {("happened", "told"): fe.Share(fe.Beta(1, 1))},
        evidence,
        assumptions=[fe.FirstTime(share=fe.Beta.from_interval(0.2, 0.8), statement=same)],
        parameters=factors,
    )


def linked() -> Any:
    """Return five linked lists as the evidence on a step, with all that `Linked` takes: 29."""
    import lists

    import funnelest as fe
    from funnelest.lists import OverlapTable

    table = OverlapTable(*lists.UK)
    return fe.Model(
        fe.Route("happened", "reported"),
        fe.Population({"sex": ["any"]}, [1_000_000]),
        fe.Rate(fe.LogNormal.from_interval(0.001, 0.1)),
        {("happened", "reported"): fe.Share(fe.Beta(2, 2))},
        [fe.Linked("lists", step="reported", table=table)],
    )


def first_example() -> Any:
    """Return the model of the main example."""
    sys.path.insert(0, str(HERE.parent))
    from validation.calibration_cases import main_example

    return main_example()


@dataclass(frozen=True)
class Case:
    """A fit that is timed: its model, its engine, its limit, and of how many seeds in `run.py`.

    Of none where it takes minutes.
    """

    model: Callable[[], Any]
    limit: float
    few: int
    engine: str = "auto"


#: What is timed. Limits are seconds of the processor, of the median seed.
CASES = {
    "200 plain figures": Case(plain, 4.0, 1),
    "200 defective figures": Case(defective, 10.0, 1),
    "24 unknowns (ages)": Case(ages, 1.5, 2),
    "Linked of five lists": Case(linked, 8.0, 1),
    "34 unknowns, 1,080 cells": Case(regions, 4.0, 1),
    "45 unknowns, 1,080 cells, by importance": Case(more_regions, 15.0, 0, "importance"),
    "45 unknowns, 1,080 cells, by chains": Case(more_regions, 15.0, 0, "hmc"),
    "main example, by chains": Case(first_example, 15.0, 1, "hmc"),
}


def one(name: str, seed: int) -> dict[str, Any]:
    """Fit a case in this process."""
    import funnelest as fe

    case = CASES[name]
    made = case.model()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    patience = PATIENCE if most == resource.RLIM_INFINITY else min(PATIENCE, most)
    resource.setrlimit(resource.RLIMIT_CPU, (patience, most))
    begun = time.process_time()
    try:
        result = fe.fit(made, engine=case.engine, seed=seed, progress=False)
        gate = result.gate
        found: dict[str, Any] = {
            "passed": gate.passed,
            "engine": result.engine,
            "gate": gate.text,
        }
    except fe.FitError as error:
        found = {"passed": False, "engine": "", "gate": str(error)}
    return {**found, "seconds": time.process_time() - begun, "unknowns": len(made.free)}


def fresh(name: str, seed: int) -> dict[str, Any]:
    """Fit a case in a new process; one that does not end is refused, after all that it took."""
    done = subprocess.run(
        [sys.executable, str(HERE / "engines.py"), "one", name, str(seed)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode == -signal.SIGXCPU:
        ended = f"ended after {PATIENCE} s of the processor"
        return {"passed": False, "engine": "", "gate": ended, "seconds": float(PATIENCE)}
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit(f"{name} failed with seed {seed}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def summary(
    what: str, seconds: Sequence[float], passed: Sequence[bool], limit: float, chains: int = 0
) -> Row:
    """Return the row of a case: its median, with the least and the most of its seeds.

    A fit that was refused gave no answer, in whatever time: in the median it is the longest.
    """
    answers = [one if good else math.inf for one, good in zip(seconds, passed, strict=True)]
    others = f", {chains} by chains" if chains else ""
    shown = f"{what}, median of {len(seconds)} ({min(seconds):.3g} to {max(seconds):.3g} s{others}"
    refused = len(passed) - sum(passed)
    return f"{shown}, {refused} refused)", statistics.median(answers), limit, "s"


def rows(seeds: int | None = None, only: str = "") -> list[Row]:
    """Measure; return what, measured, at most, and unit, as `run.py` reports them.

    Parameters
    ----------
    seeds : int, optional
        Every seed from 0 below this; left out, each case has its own number.
    only : str, default ""
        What the names of the cases that are measured have in them.
    """
    cases = {n: case for n, case in CASES.items() if only in n and (seeds or case.few)}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in cases}
    for seed in range(seeds or max((case.few for case in cases.values()), default=0)):
        for name, case in cases.items():
            if seed >= (seeds or case.few):
                continue
            made = fresh(name, seed)
            found[name].append(made)
            print(f"  {name}, seed {seed}: {made['seconds']:.2f} s; {made['gate']}", flush=True)
    table: list[Row] = []
    for name, fits in found.items():
        chains = sum(made["engine"] == "hmc" for made in fits) * (cases[name].engine == "auto")
        passed = [made["passed"] for made in fits]
        table.append(
            summary(name, [made["seconds"] for made in fits], passed, cases[name].limit, chains)
        )
    every = [made for fits in found.values() for made in fits]
    refused = sum(not made["passed"] for made in every)
    table.append((f"fits that were refused, of {len(every)}", float(refused), 0.0, ""))
    middle = {name: statistics.median(one["seconds"] for one in fits)
              for name, fits in found.items()}  # fmt: skip
    if {"200 defective figures", "200 plain figures"} <= set(middle):
        ratio = middle["200 defective figures"] / middle["200 plain figures"]
        table.append(("200 figures: all defects / none", ratio, 3.0, ""))
    return table


def refits(main: dict[str, Any]) -> list[Row]:
    """Return the rows of the refits that `main_example.py` made."""
    passed = [effective > 0 for effective in main["effective"]]
    refused = len(passed) - sum(passed)
    shown = summary("main example, refit", main["refits"], passed, 0.05)
    return [shown, (f"refits refused, of {len(main['refits'])}", float(refused), 0.0, "")]


def profile(name: str, seed: int) -> None:
    """Print where the time of a fit goes."""
    import cProfile
    import pstats

    import funnelest as fe

    case = CASES[name]
    made = case.model()
    with cProfile.Profile(time.process_time) as found:
        result = fe.fit(made, engine=case.engine, seed=seed, progress=False)
    print(result.gate.text)
    pstats.Stats(found).sort_stats("cumulative").print_stats(45)
    pstats.Stats(found).sort_stats("tottime").print_stats(20)


def main() -> int:
    """Measure, print a table, and return the exit status: 3 when a limit was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, help="every seed below this")
    parser.add_argument("--only", default="", help="part of the names of the cases")
    given = parser.parse_args()
    measured = rows(given.seeds, given.only)
    if given.only in "main example, refit":
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "model.json"
            path.write_text(json.dumps(first_example().to_dict()), encoding="utf-8")
            command = [sys.executable, str(HERE / "main_example.py"), str(path)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        measured += refits(json.loads(done.stdout.splitlines()[-1]))
    return status(measured)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["one", name, seed]:
            print(json.dumps(one(name, int(seed))))
        case ["profile", name, seed]:
            profile(name, int(seed))
        case _:
            sys.exit(main())
