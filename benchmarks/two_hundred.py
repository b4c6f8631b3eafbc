"""Two hundred figures, taken at face value and with all defects mixed: models that are timed.

Run by itself it times what exact rounding costs, and prints JSON; `run.py` puts it in its table.
"""

import json
import statistics
import sys
import time

import numpy as np

import funnelest as fe

REGIONS = ("north", "east", "south", "west", "middle")
YEARS = tuple(range(2009, 2019))
SEXES = ("male", "female")


def route_and_people() -> tuple[fe.Route, fe.Population]:
    """Return the route and a population of 5 regions, 10 years and 2 sexes."""
    route = fe.Route(
        "happened", "told", "reported", "helped", skips=[("happened", "reported")], unit="children"
    )
    rng = np.random.default_rng(5)
    people = rng.integers(80_000, 300_000, (5, 1, 2)) * np.ones((1, 10, 1))
    return route, fe.Population({"region": REGIONS, "year": YEARS, "sex": SEXES}, people)


def common() -> dict:
    """Return the rates that both models share."""
    return {
        "occurrence": fe.Rate(
            fe.LogNormal.from_interval(0.002, 0.06), fe.Levels("region", fe.Normal(0, 0.5))
        ),
        "transitions": {
            ("happened", "told"): fe.Share(fe.Beta(2, 2)),
            ("happened", "reported"): fe.Share(fe.Beta(1, 19)),
            ("told", "reported"): fe.Share(fe.Beta(2, 6)),
            ("reported", "helped"): fe.Share(fe.Beta(2, 2)),
        },
    }


def survey() -> list[fe.Evidence]:
    """Return what both models know of the first two steps."""
    return [
        fe.Survey("pupils", step="happened", yes=96, n=4_800, deff=1.5),
        fe.Survey("told anyone", step="told", of="happened", yes=66, n=96),
    ]


def keys(*axes: tuple) -> list:
    """Return every combination of the levels of some axes."""
    found = [()]
    for levels in axes:
        found = [(*one, level) for one in found for level in levels]
    return found


def defective(counts: dict | None = None) -> fe.Model:
    """Return the model in which every figure has defects: 200 counts in four registers."""
    route, people = route_and_people()
    place = keys(REGIONS, YEARS)

    def printed(name: str, cell: tuple, figure) -> fe.Figure:
        return figure(counts[name][cell] if counts else 0)

    registers = [
        fe.Register(
            "protection", step="reported", by=("region", "year"), unit="reports",
            count={c: printed("protection", c, lambda n: fe.RandomlyRounded(5 * round(n / 5)))
                   for c in place},
            defects=[
                fe.Coverage(fe.Beta(16, 6), fe.ChangePoint("year", 2015, fe.Normal(0, 0.5))),
                fe.Bridge("reports per child",
                          fe.LogNormal.from_interval(1.0, 1.5, statement="made up"),
                          unit="reports"),
                fe.Completeness(fe.PerLevel("year", {(2009, 2017): 1.0, 2018: fe.Beta(45, 5)})),
            ],
        ),
        fe.Register(
            "police", step="reported", by=("region", "year"),
            count={c: printed("police", c, lambda n: fe.Rounded(10 * round(n / 10), to=10))
                   for c in place},
            defects=[fe.Coverage(fe.Beta(6, 6)), fe.PPV(fe.Beta(16, 4)),
                     fe.Overdispersion(fe.LogNormal.from_interval(0.02, 0.2))],
        ),
        fe.Register(
            "hospitals", step="helped", by=("year", "sex"),
            count={c: printed("hospitals", c, lambda n: fe.RoundedToUnknown(10 * round(n / 10)))
                   for c in keys(YEARS, (*SEXES, "unknown"))},
            defects=[fe.Coverage(fe.Beta(4, 12)),
                     fe.Unrecorded(fe.Beta(2, 30), fe.Levels("sex", fe.Normal(0, 0.3)),
                                   axis="sex")],
        ),
        fe.Register(
            "inspection", step="helped", by=("year", "region"),
            count={c: printed("inspection", c,
                              lambda n: fe.Withheld(0, 4, None if n < 5 else n))
                   for c in keys(YEARS, REGIONS)},
            total={y: printed("inspection", y, fe.Exact) for y in YEARS},
            defects=[fe.Coverage(fe.Beta(2, 200)),
                     fe.FalsePositives(fe.PerLevel("region", dict.fromkeys(
                         REGIONS, fe.Gamma(2, 1))), per="year")],
        ),
        fe.Register(
            "schools", step="reported", by="year",
            count={y: printed("schools", y, lambda n: fe.Rounded(100 * round(n / 100), to=100))
                   for y in YEARS},
            defects=[fe.Coverage(fe.Beta(10, 10)), fe.PPV(fe.Beta(9, 6))],
        ),
        fe.Register(
            "hotline", step="told", by="year",
            count={y: printed("hotline", y, lambda n: fe.Disagreeing(
                (n, fe.Rounded(50 * round(n / 50), to=50)))) for y in YEARS},
            defects=[fe.Coverage(fe.Beta(3, 30))],
        ),
    ]  # fmt: skip
    audit = fe.Validation("audit", of="protection", what="coverage", yes=61, n=80)
    return fe.Model(route, people, evidence=[*survey(), *registers, audit], **common())


def made_counts(model: fe.Model) -> dict:
    """Return made-up counts of every register, before printing."""
    q = fe.Quantities(
        model, {name: np.array([float(p.ppf(0.5))]) for name, p in model.free.items()}
    )
    rng = np.random.default_rng(7)
    found = {}
    for one in model.evidence:
        if not isinstance(one, fe.Register):
            continue
        (seen,) = one.observations(q)
        counts = [int(v) for v in np.asarray(seen.sampled(rng))[:, 0]]
        found[one.name] = dict(zip(one.count, counts, strict=True))
        for margin in seen.printed.margins:
            level = list(one.count)[margin.rows[0]][0]
            found[one.name][level] = sum(counts[i] for i in margin.rows)
    return found


def plain(counts: dict) -> fe.Model:
    """Return the model in which the same counts are taken at face value, and fit together."""
    route, people = route_and_people()
    model = defective(counts)
    registers = []
    for one in model.evidence:
        if not isinstance(one, fe.Register):
            continue
        cells = {c: counts[one.name][c] for c in one.count
                 if "unknown" not in (c if isinstance(c, tuple) else (c,))}  # fmt: skip
        registers.append(fe.Register(one.name, step=one.step, by=one.by, count=cells,
                                     defects=[fe.Coverage(fe.Beta(1, 1))]))  # fmt: skip
    return fe.Model(route, people, evidence=[*survey(), *registers], **common())


def rounding(to: int | None) -> fe.Model:
    """Return a model of 40 counts of some 1,000, exact or rounded."""
    route, people = route_and_people()
    counts = {year: 900 + 37 * i for i, year in enumerate(YEARS)}
    registers = [
        fe.Register(
            f"{step} {i}", step=step, by="year",
            count={y: n if to is None else fe.Rounded(to * round(n / to), to=to)
                   for y, n in counts.items()},
            defects=[fe.Coverage(fe.Beta(1, 1))],
        )
        for i, step in enumerate(("told", "reported", "helped", "reported"))
    ]  # fmt: skip
    return fe.Model(route, people, evidence=[*survey(), *registers], **common())


def alternating(models: list[fe.Model], runs: int) -> list[float]:
    """Return the median time of the processor of a fit of each model, run in turn."""
    times: list[list[float]] = [[] for _ in models]
    for seed in range(runs):
        for i, model in enumerate(models):
            begun = time.process_time()
            fe.fit(model, engine="importance", seed=seed + 1, progress=False)
            times[i].append(time.process_time() - begun)
    return [statistics.median(t) for t in times]


def main() -> None:
    """Time what rounding costs, and print it as JSON."""
    fe.fit(rounding(None), engine="importance", draws=400, seed=1, progress=False)  # loads SciPy
    coarse, exact = alternating([rounding(100), rounding(None)], 5)
    print(json.dumps({"rounded": coarse, "exact": exact}))


if __name__ == "__main__":
    sys.exit(main())
