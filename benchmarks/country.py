"""A country: 342 regions, 18 ages, 2 sexes and 8 years, 10,944 figures of one register.

How long its model takes to build, its density and its gradient to evaluate, and how much memory
that needs. Data are made up from the model itself. Run by itself, it prints a table; `run.py` takes
`rows()` into its own. Times are of the processor, of a fresh process.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from table import status

HERE = Path(__file__).resolve().parent
PROVINCES = 12
BANDS = ((0, 14), (15, 29), (30, 59), (60, 94))
#: Ages of which a survey asked people.
ASKED = ((0, 14), (15, 59), (60, 94))
#: How often the density and its gradient are timed.
TURNS = 20


def model(
    regions: int = 342,
    years: int = 8,
    data: bool = True,
    *,
    provinces: int = PROVINCES,
    spacing: float = 20.0,
) -> Any:
    """Return the model of a country, with made-up data where `data` is wanted.

    Regions of one of so many provinces share a rate; `spacing` is the number of years between the
    knots of the curve over ages.
    """
    import numpy as np

    import funnelest as fe

    names = [f"region {i + 1}" for i in range(regions)]
    shared = [tuple(names[i::provinces]) for i in range(min(provinces, regions))]
    ages = [(low, low + 4) for low in range(0, 85, 5)] + [(85, 94)]
    times = list(range(2018, 2018 + years))
    shape = (regions, len(ages), 2, years)
    people = np.random.default_rng(8).integers(200, 3_000, shape)
    population = fe.Population(
        {"region": names, "age": ages, "sex": ["female", "male"], "year": times},
        people,
        ages="age",
        years="year",
        regions="region",
    )
    route = fe.Route("happened", "told", "reported", "helped", skips=[("happened", "reported")])
    spread = fe.HalfNormal(0.1)
    rate = fe.Rate(
        fe.PerLevel("region", dict.fromkeys(shared, fe.LogNormal.from_interval(0.005, 0.05))),
        fe.Spline("age", sd=fe.HalfNormal(0.05), spacing=spacing),
        fe.Levels("sex", fe.Normal(0, 0.5)),
        fe.RandomWalk("year", sd=spread),
    )
    transitions = {
        ("happened", "told"): fe.Share(fe.Beta(4, 4), fe.Levels("sex", fe.Normal(0, 0.5))),
        ("happened", "reported"): fe.Share(fe.Beta(2, 18)),
        ("told", "reported"): fe.Share(fe.Beta(4, 8), fe.RandomWalk("year", sd=spread)),
        ("reported", "helped"): fe.Share(fe.Beta(4, 4)),
    }
    surveys = [
        fe.Survey(
            f"survey of {low}-{high} in {year}",
            step="happened", where={"age": (low, high), "year": year}, yes=20, n=4_000,
        )
        for (low, high), year in product(ASKED, times[::3])
    ]  # fmt: skip
    evidence = [
        *surveys,
        fe.Survey("told anyone", step="told", of="happened", yes=66, n=120),
        fe.Register(
            "reports", step="reported", by=("region", "age", "year"),
            count=dict.fromkeys(product(names, BANDS, times), 0),
            defects=[fe.Coverage(fe.Beta(16, 6)),
                     fe.Overdispersion(fe.LogNormal.from_interval(0.02, 0.2))],
        ),
        fe.Register(
            "care", step="helped", by=("sex", "year"),
            count=dict.fromkeys(product(["female", "male"], times), 0),
            defects=[fe.Coverage(fe.Beta(6, 6)), fe.PPV(fe.Beta(16, 4))],
        ),
        fe.Validation("audit", of="reports", what="coverage", yes=61, n=80),
    ]  # fmt: skip
    made = fe.Model(route, population, rate, transitions, evidence)
    if not data:
        return made
    truth = {name: float(prior.ppf(0.5)) for name, prior in made.free.items()}
    return fe.simulate(made, seed=1, parameters=truth)


def timed(made: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """Return the seconds of the processor that something takes, and what it gives."""
    begun = time.process_time()
    for _ in range(times):
        found = made()
    return (time.process_time() - begun) / times, found


def measured(regions: int = 342, years: int = 8) -> dict[str, float]:
    """Measure in this process."""
    import numpy as np

    import funnelest as fe
    from funnelest.likelihood.density import Density
    from funnelest.likelihood.gradient import Gradient

    build, bare = timed(lambda: model(regions, years, data=False))
    truth = {name: float(prior.ppf(0.5)) for name, prior in bare.free.items()}
    simulating, made = timed(lambda: fe.simulate(bare, seed=1, parameters=truth))
    density = Density(made)
    point = density.line({name: [prior.ppf(0.5)] for name, prior in made.free.items()})
    first, value = timed(lambda: density(point))
    assert np.isfinite(value).all()
    gradient = Gradient(density)
    assert np.isfinite(gradient(point)[1]).all()
    # In turn, so that both have the same load beside them.
    pairs = [
        (timed(lambda: density(point))[0], timed(lambda: gradient(point))[0]) for _ in range(TURNS)
    ]
    forward, both = (statistics.median(times) for times in zip(*pairs, strict=True))
    found = {
        "cells": float(made.population.counts.size),
        "figures": float(sum(len(one.count) for one in made.evidence if "count" in vars(one))),
        "unknowns": float(len(made.free)),
        "build": build,
        "first": first,
        "forward": forward,
        "gradient": both,
        "ledger": timed(made.ledger)[0],
        "simulate": simulating,
        "to_dict": timed(made.to_dict)[0],
    }
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return found


def rows() -> list[tuple[str, float, float, str]]:
    """Measure; return what, measured, at most, and unit, as `run.py` reports them."""
    done = subprocess.run(
        [sys.executable, str(HERE / "country.py"), "measured"],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        raise SystemExit("the country failed")
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"  {found['cells']:,.0f} cells, {found['figures']:,.0f} figures, "
        f"{found['unknowns']:.0f} unknown; "
        + ", ".join(f"{name} {found[name]:.3f} s" for name in
                    ("build", "first", "forward", "gradient", "ledger", "simulate", "to_dict"))
    )  # fmt: skip
    return [
        ("a country: to build the model", found["build"], 10.0, "s"),
        ("a country: gradient / density alone", found["gradient"] / found["forward"], 3.0, ""),
        ("a country: peak memory", found["peak"], 1.0, "GB"),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["measured"]:
        print(json.dumps(measured(*map(int, sys.argv[2:]))))
    else:
        sys.exit(status(rows()))
