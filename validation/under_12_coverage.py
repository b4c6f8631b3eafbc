"""How often does the interval of the children whom nobody asked hold the truth?

Each scenario is an assumption about ages 0-11, and a truth: as assumed, wrong by a stated amount,
or of another kind. Data are made up from the truth many times, and the assumption is fitted to
them. Counted is how often the 95% interval of the yearly number of victims aged 0-11 holds the
true number, and how far off its median is. The page `docs/under_12_coverage.md` says what came out.

Run it with ``python validation/under_12_coverage.py --out validation/under_12_coverage.csv``.
"""

from __future__ import annotations

import argparse
import math
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

import funnelest as fe
from funnelest.assumptions.bounds import Held
from funnelest.assumptions.imputation import Imputation

# ---------------------------------------------------------------- the population and its sources

YOUNG, OLD = (0, 11), (12, 17)
PEOPLE = fe.Population({"age": list(range(18))}, [180_000.0] * 18)
ROUTE = fe.Route("happened", "told", "reported", skips=[("happened", "reported")], unit="children")
OCCURRENCE = fe.Rate(fe.LogNormal.from_interval(0.008, 0.05))
TRANSITIONS = {
    ("happened", "told"): fe.Share(fe.Beta(4, 3)),
    ("happened", "reported"): fe.Share(fe.Beta(2, 38)),
    ("told", "reported"): fe.Share(fe.Beta(2, 18)),
}
#: Tight, and far enough below 1 for a detection ratio to go up as well as down.
COVERAGE = fe.Coverage(fe.Beta.from_interval(0.45, 0.55))
TOGETHER, APART = "ages together", "ages apart"


def model(assumption: Imputation, register: str) -> fe.Model:
    """Return the model under an assumption, with figures that are to be replaced.

    Parameters
    ----------
    assumption : Imputation
        What is assumed of ages 0-11.
    register : {"ages together", "ages apart"}
        Whether the register prints one count, or one of ages 0-11 and one of 12-17.

    Returns
    -------
    Model
        Its survey and its cohort are of ages 12-17.
    """
    apart = register == APART
    return fe.Model(
        ROUTE,
        PEOPLE,
        OCCURRENCE,
        TRANSITIONS,
        [
            fe.Survey(name="survey", step="happened", yes=38, n=1900, where={"age": OLD}),
            fe.Cohort(name="told", of="happened", step="told", yes=28, n=40, where={"age": OLD}),
            fe.Register(
                name="register",
                step="reported",
                by="age" if apart else (),
                count={YOUNG: 1000, OLD: 1000} if apart else 2000,
                defects=[COVERAGE],
            ),
        ],
        assumptions=[assumption],
    )


# ---------------------------------------------------------------- the assumptions

AGES = {"ages": YOUNG, "like": OLD, "statement": "an assumption of the coverage study"}
TIGHT, WIDE = "tight", "wide"
#: All say about the same: the rate at 0-11 is a bit under half of that at 12-17. The standard
#: deviation of its logarithm is about 0.4 in the tight ones, and about 0.8 in the wide ones. The
#: walk of `Extrapolate` is nine years long, from the middle of 12-17 to that of 0-11.
ASSUMED = {
    (name, width): one
    for width, shift, discount, factor, trend, detection in (
        (TIGHT, 0.4, 0.34, (1.04, 1.17), (0.095, 0.036), 0.4),
        (WIDE, 0.8, 0.77, (1.07, 1.35), (0.102, 0.085), 0.8),
    )
    for name, one in {
        "Shift": fe.Shift(**AGES, prior=fe.Normal(-0.75, shift)),
        "Proportional": fe.Proportional(
            **AGES,
            pattern={YOUNG: 0.0045, OLD: 0.0095},
            uncertainty=0.15,
            discount=fe.LogNormal(0.0, discount),
        ),
        "Extrapolate": fe.Extrapolate(**AGES, factor=fe.Uniform(*factor), trend=fe.Normal(*trend)),
        "DetectionRatio": fe.DetectionRatio(
            **AGES,
            registers=["register"],
            prior=fe.LogNormal(math.log(0.6), detection),
            relative=fe.LogNormal(math.log(0.47), 1.2),
        ),
    }.items()
}
#: What of an assumption is wrong, where it is wrong by some of its prior standard deviations.
KEY = {
    "Shift": "shift",
    "Proportional": "discount",
    "Extrapolate": "trend per year",
    "DetectionRatio": "detection ratio",
}
BOUNDS = fe.Bounds(ages=YOUNG, lower=0.002, upper=0.03, statement="limits of the coverage study")

# ---------------------------------------------------------------- truths of another kind

#: In the middle of each year of age, over the rate at 12-17. Half of it on average.
LINEAR = {**{age: (age + 0.5) / 12 for age in range(12)}, OLD: 1.0}
HALF, THREE = 0.5, 3.0
AS_ASSUMED = "as assumed"
FALLS = "falls linearly to 0 at age 0"
THRICE = "3 times the rate at 12-17"
UNSEEN = "half the rate, registered half as often"


def of_pattern(pattern: Mapping[object, float]) -> Imputation:
    """Return the truth that rates follow a pattern exactly; every age is registered alike."""
    return fe.Proportional(**AGES, pattern=pattern, uncertainty=0.0, discount=1.0)


def of_ratios(rate: float, detection: fe.Prior | float) -> Imputation:
    """Return the truth with this ratio of rates, and of the coverage in the register.

    The sources see ages 0-11 as one group, so how the rate runs within them makes no difference.
    """
    return fe.DetectionRatio(**AGES, registers=["register"], prior=detection, relative=rate)


# ---------------------------------------------------------------- scenarios


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An assumption, and a truth.

    Parameters
    ----------
    assumption : str
        What the assumption is called.
    prior : str
        Whether its prior is tight or wide; empty for bounds.
    register : str
        How the register prints ages.
    truth : str
        The truth, in words.
    fitted : Imputation
        What is fitted.
    true : Imputation
        What the data are made from.
    held : mapping of str to float
        True values that are not drawn from a prior.
    where : (int, int)
        The ages of the number that is looked at.
    """

    assumption: str
    prior: str
    register: str
    truth: str
    fitted: Imputation = field(repr=False)
    true: Imputation = field(repr=False)
    held: Mapping[str, float] = field(default_factory=dict, repr=False)
    where: tuple[int, int] = YOUNG

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others, and stands in the first columns of the table."""
        ages = f"{self.where[0]}-{self.where[1]}"
        return (self.assumption, self.prior, self.register, ages, self.truth)


#: The first columns of the table.
NAMED = ("assumption", "prior", "register", "ages", "truth")


def wrong(name: str, deviations: float, width: str = TIGHT, register: str = TOGETHER) -> Scenario:
    """Return the scenario in which an assumption's key parameter is off.

    Parameters
    ----------
    name : str
        The assumption.
    deviations : float
        True value of the parameter, in standard deviations of its prior from its median (of its
        logarithm, where it is a factor).
    width : {"tight", "wide"}
        Its prior.
    register : str
        How the register prints ages.

    Returns
    -------
    Scenario
        All other parameters are drawn from their priors.
    """
    one = ASSUMED[name, width]
    label = one.label(KEY[name])
    value = model(one, register).free[label].ppf(stats.norm.cdf(deviations))
    return Scenario(
        assumption=name, prior=width, register=register, truth=f"{deviations:+g} sd",
        fitted=one, true=one, held={label: float(value)},
    )  # fmt: skip


def scenarios() -> list[Scenario]:
    """Return all scenarios, in the order of the table."""
    found = []
    for (name, width), one in ASSUMED.items():
        detecting = name == "DetectionRatio"
        register = APART if detecting else TOGETHER
        about = {"assumption": name, "prior": width, "register": register, "fitted": one}
        found.append(Scenario(**about, truth=AS_ASSUMED, true=one))
        if width == TIGHT:
            found += [wrong(name, k, register=register) for k in (-2, -1, 1, 2)]
        # Truths of another kind are about rates: what is assumed of the register holds.
        kinds = {
            FALLS: of_ratios(HALF, one.prior) if detecting else of_pattern(LINEAR),
            THRICE: of_ratios(THREE, one.prior) if detecting else of_pattern({YOUNG: 3, OLD: 1}),
        }
        found += [Scenario(**about, truth=truth, true=true) for truth, true in kinds.items()]
    # The same, where the register prints ages apart and every assumption can learn from it.
    for name in KEY:
        one = ASSUMED[name, TIGHT]
        about = {"assumption": name, "prior": TIGHT, "register": APART, "fitted": one}
        truths = {
            AS_ASSUMED: one,
            FALLS: of_pattern(LINEAR),
            THRICE: of_pattern({YOUNG: 3, OLD: 1}),
            UNSEEN: of_ratios(HALF, HALF),
        }
        if name == "DetectionRatio":  # was done, but for what the register does
            truths = {UNSEEN: truths[UNSEEN]}
        found += [Scenario(**about, truth=truth, true=true) for truth, true in truths.items()]
    return found + _of_bounds()


def _of_bounds() -> list[Scenario]:
    """Return the scenarios of bounds: of the ages that are bounded, and of all ages."""
    middle = (BOUNDS.lower + BOUNDS.upper) / 2

    def held(rate: float) -> Imputation:
        return Held(ages=YOUNG, rate=rate, statement="a truth of the coverage study")

    truths = {
        "in the middle of the limits": held(middle),
        "10% below the upper limit": held(0.9 * BOUNDS.upper),
        "10% above the upper limit": held(1.1 * BOUNDS.upper),
        "10% below the lower limit": held(0.9 * BOUNDS.lower),
        FALLS: of_pattern(LINEAR),
        THRICE: of_pattern({YOUNG: 3, OLD: 1}),
    }
    return [
        Scenario(
            assumption="Bounds", prior="", register=TOGETHER, truth=truth,
            fitted=BOUNDS, true=true, where=where,
        )
        for where in (YOUNG, (0, 17))
        for truth, true in truths.items()
    ]  # fmt: skip


# ---------------------------------------------------------------- one data set, and many

ENTROPY, DRAWS, PROBABILITY = 20181231, 1000, 0.95


def generator(scenario: Scenario, replicate: int, entropy: int) -> np.random.Generator:
    """Return the randomness of a replicate, whatever else is run."""
    name = zlib.crc32("|".join(scenario.key).encode())
    return np.random.default_rng(np.random.SeedSequence([entropy, name, replicate]))


def fit(made: fe.Model, rng: np.random.Generator, start: fe.Result) -> fe.Result:
    """Return the fit of a `made` model that starts from another fit; its gate may have failed."""
    return fe.fit(
        made,
        engine="importance",
        draws=DRAWS,
        seed=int(rng.integers(2**31)),
        start=start,
        progress=False,
    )


def reference(fitted: fe.Model) -> fe.Result:
    """Return a fit to data made at the prior medians, from which all others start.

    One for all replicates, so that none depends on another.
    """
    middle = {name: float(prior.ppf(0.5)) for name, prior in fitted.free.items()}
    made = fe.simulate(fitted, seed=1, parameters=middle)
    return fe.fit(made, engine="importance", draws=DRAWS, seed=1, progress=False)


def _exact(scenario: Scenario) -> bool:
    """Return whether the number is itself what is bounded: then no figure moves the limits."""
    return isinstance(scenario.fitted, fe.Bounds) and scenario.where == scenario.fitted.ages


def _fitted_to(scenario: Scenario) -> list[fe.Model]:
    """Return the models that are fitted: with the assumption, or with both limits of bounds."""
    one = scenario.fitted
    if _exact(scenario):
        return []
    every = one.ends(PEOPLE).values() if isinstance(one, fe.Bounds) else [one]
    return [model(each, scenario.register) for each in every]


def replicates(scenario: Scenario, numbers: Iterable[int], entropy: int = ENTROPY) -> pd.DataFrame:
    """Make data from the truth of a scenario, and fit its assumption to them.

    Parameters
    ----------
    scenario : Scenario
        What is true and what is assumed.
    numbers : iterable of int
        Numbers of the replicates; each gives the same data whatever the others are.
    entropy : int
        From which all seeds follow.

    Returns
    -------
    DataFrame
        A row per replicate: whether the gate `passed`, the `truth` and its `ratio` of rates, `low`,
        `median` and `high`, and the `rank` of the truth: the share of draws below it.
    """
    true = model(scenario.true, scenario.register)
    fitted = _fitted_to(scenario)
    starts = [reference(one) for one in fitted]
    where = {"age": scenario.where}
    tail = (1 - PROBABILITY) / 2
    rows = []
    for number in numbers:
        rng = generator(scenario, number, entropy)
        truth = {**fe.draw_parameters(true, seed=rng), **scenario.held}
        made = fe.simulate(true, seed=rng, parameters=truth)
        q = fe.Quantities(true, {name: np.array([value]) for name, value in truth.items()})
        results = [
            fit(one.with_evidence(made.evidence), rng, start)
            for one, start in zip(fitted, starts, strict=True)
        ]
        draws = [
            np.asarray(one.despite_failed_gate().sample_of(lambda q: q.number("happened", where)))
            for one in results
        ]
        if _exact(scenario):
            people = PEOPLE.total(where)
            draws = [np.array([rate * people]) for rate in (BOUNDS.lower, BOUNDS.upper)]
        row = {
            "replicate": number,
            "passed": all(one.gate.passed for one in results),
            "truth": float(q.number("happened", where)[0]),
            "ratio": float(
                (q.share("happened", {"age": YOUNG}) / q.share("happened", {"age": OLD}))[0]
            ),
            "low": min(float(np.quantile(one, tail)) for one in draws),
            "high": max(float(np.quantile(one, 1 - tail)) for one in draws),
        }
        if len(draws) == 1:  # bounds have no median, and no probability
            row["median"] = float(np.median(draws[0]))
            row["rank"] = float(np.mean(draws[0] < row["truth"]))
        rows.append(row)
    return pd.DataFrame(rows)


def _rounded(value: float, digits: int) -> float:
    return round(float(value), digits)


def row_of(scenario: Scenario, found: pd.DataFrame) -> dict[str, object]:
    """Return the row of the table for one scenario.

    Parameters
    ----------
    scenario : Scenario
        What is true and what is assumed.
    found : DataFrame
        Its `replicates`.

    Returns
    -------
    dict
        By column. Shares are of the replicates whose gate passed. `coverage` is for bounds the
        share in which the limits hold the truth. Its Monte Carlo standard error `se` is that of the
        Jeffreys posterior, which is not zero where all replicates agree.
    """
    good = found[found["passed"]]
    # A bound that equals the truth but for rounding holds it.
    slack = 1e-9 * good["truth"]
    below = good["truth"] < good["low"] - slack
    above = good["truth"] > good["high"] + slack
    n = len(good)
    held = n - int(below.sum()) - int(above.sum())
    width = (good["high"] / good["low"]).median()
    bias = 100 * (good["median"] / good["truth"] - 1).median() if "median" in good else math.nan
    return {
        **dict(zip(NAMED, scenario.key, strict=True)),
        "true ratio": _rounded(good["ratio"].median(), 2),
        "replicates": len(found),
        "failed": len(found) - n,
        "coverage": _rounded(held / n, 3),
        "se": _rounded(stats.beta(held + 0.5, n - held + 0.5).std(), 3),
        "truth below": _rounded(below.mean(), 3),
        "truth above": _rounded(above.mean(), 3),
        "bias %": _rounded(bias, 1),
        "high/low": _rounded(width, 2),
    }


# ---------------------------------------------------------------- the table


def read(path: Path) -> pd.DataFrame:
    """Return a table that was written."""
    return pd.read_csv(path, keep_default_na=False, na_values={"bias %": [""]})


def overview(table: pd.DataFrame, register: str | None = None) -> str:
    """Return coverage and bias as a Markdown table: a row per assumption, a column per truth.

    Parameters
    ----------
    table : DataFrame
        The table of the study.
    register : str, optional
        Only the rows with this register; left out, the register that belongs to the assumption:
        ages apart for the detection ratio, and together for others.

    Returns
    -------
    str
        Markdown.
    """
    fitted = table[table["assumption"] != "Bounds"]
    if register is None:
        own = np.where(fitted["assumption"] == "DetectionRatio", APART, TOGETHER)
        fitted = fitted[(fitted["register"] == own) & (fitted["truth"] != UNSEEN)]
        truths = [AS_ASSUMED, "-2 sd", "-1 sd", "+1 sd", "+2 sd", FALLS, THRICE]
    else:
        fitted = fitted[(fitted["register"] == register) & (fitted["prior"] == TIGHT)]
        truths = [AS_ASSUMED, FALLS, THRICE, UNSEEN]
    lines = ["| assumption | " + " | ".join(truths) + " |", "|---|" + "---:|" * len(truths)]
    for name, prior in ASSUMED:
        rows = fitted[(fitted["assumption"] == name) & (fitted["prior"] == prior)]
        if not len(rows):
            continue
        cells = []
        for truth in truths:
            one = rows[rows["truth"] == truth]
            cells.append(_cell(one.iloc[0]) if len(one) else "")
        lines.append(f"| {name}, {prior} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(row: pd.Series) -> str:
    bias = round(row["bias %"])
    return f"{100 * row['coverage']:.1f}% ({'+' * (bias > 0)}{bias})".replace("-", "\N{MINUS SIGN}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study, print its rows as they come, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=200, help="data sets per scenario")
    parser.add_argument("--out", type=Path, required=True, help="the table, a CSV file")
    parser.add_argument(
        "--show", action="store_true", help="only print the overviews of the table that is there"
    )
    given = parser.parse_args(arguments)
    if not given.show:
        rows = []
        for scenario in scenarios():
            rows.append(row_of(scenario, replicates(scenario, range(given.replicates))))
            print(*rows[-1].values(), sep=", ", file=sys.stderr, flush=True)
        pd.DataFrame(rows).to_csv(given.out, index=False, lineterminator="\n")
    table = read(given.out)
    print(overview(table), overview(table, APART), sep="\n\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
