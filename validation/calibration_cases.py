"""Small models that hold, together, every kind of the library: what `calibration.py` calibrates.

Each case is a model of its own, small enough to be fitted in a tenth of a second, with priors that
are not too wide: data are made up from all of them.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import funnelest as fe
from funnelest.lists import LinkageError, OverlapTable
from funnelest.model.as_json import kinds

# ---------------------------------------------------------------- a route and its people

ROUTE = fe.Route(
    "happened", "told", "helped",
    skips=[("happened", "helped")], unit="children", definition="severe",
)  # fmt: skip
PEOPLE = fe.Population({"sex": ["male", "female"]}, [40_000, 38_000])
YEARS = fe.Population({"year": [2017, 2018]}, [40_000, 38_000])
CELLS = fe.Population.cells({"sex": ["male", "female"]})
#: Ages of which some are asked about first events, and some are not asked at all.
CHILDREN = fe.Population(
    {"age": [(0, 3), (4, 7), (8, 11), (12, 13), (14, 16)], "sex": ["male", "female"]},
    [[36_000, 34_000]] * 3 + [[18_000, 17_000], [27_000, 26_000]],
)
#: Of equal width, as the second order of a random walk needs.
FOURS = fe.Population({"age": [(0, 3), (4, 7), (8, 11), (12, 15)]}, [70_000] * 4)
#: As a hazard needs.
SINGLE = fe.Population({"age": list(range(17))}, [17_000] * 17)
BOYS = {"sex": "male"}
TEENS = {"age": (12, 16)}
BY_SEX = fe.Levels("sex", fe.Normal(0, 0.5))
RATE = fe.Rate(fe.Beta(8, 400), BY_SEX)
SHARES: Mapping[Any, fe.Share] = {
    ("happened", "told"): fe.Share(fe.Beta(6, 10)),
    ("happened", "helped"): fe.Share(fe.Beta(2, 18)),
    ("told", "helped"): fe.Share(fe.Beta(5, 15)),
}
LAST = "number at helped"
YOUNG = "number at happened, aged 0-11"
MAIN_EXAMPLE = Path(__file__).parent.parent / "examples" / "fact_sheet_2017_2018.py"


@dataclass(frozen=True, kw_only=True)
class ModelCase:
    """A model whose posterior is to be right, and the quantity whose coverage is shown."""

    name: str
    group: str
    model: fe.Model
    shown: str = LAST
    quantities: Mapping[str, Callable[[Any], Any]] | None = None

    @property
    def holds(self) -> tuple[str, ...]:
        """Names of the kinds of the library that the model is made of, but for priors."""
        return tuple(kind for kind in KIND_NAMES if kind in kinds_in(self.model) - PRIORS)


KINDS = tuple(kinds().values())
KIND_NAMES = tuple(kind.__name__ for kind in KINDS)
PRIORS = {kind.__name__ for kind in KINDS if kind.__module__.startswith("funnelest.priors")}

#: Kinds that a calibration can say nothing about, and why.
WITHOUT = {
    "Fixed": "a number that is known has no distribution",
    "Bounds": "limits have no distribution in between (see the coverage of the age assumptions)",
    "Held": "an end of Bounds: a number that is known",
    "Constant": "it says what the model holds already, and changes no number",
}


def kinds_in(value: Any) -> set[str]:
    """Return the names of all kinds of the library that a model, or a part of it, is made of."""
    found: set[str] = set()
    seen: set[int] = set()

    def look(one: Any) -> None:
        if isinstance(one, str | bytes | int | float | np.ndarray) or id(one) in seen:
            return
        seen.add(id(one))
        if isinstance(one, KINDS):
            found.add(type(one).__name__)
        if isinstance(one, Mapping):
            parts: Sequence[Any] = [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            parts = list(one)
        elif isinstance(one, (*KINDS, fe.Model)):
            parts = list(vars(one).values())
        else:
            return
        for part in parts:
            look(part)

    look(value)
    return found


# ---------------------------------------------------------------- own evidence


def logistic(data: Any, expected: Any) -> Any:
    """Return the log-density of a logistic distribution with scale 0.15."""
    away = (data - expected) / 0.15
    return -away - 2 * fe.math.log1p(fe.math.exp(-away)) - np.log(0.15)


def told_of_boys(q: Any) -> Any:
    """Return the share of boys who tell."""
    return q.transition("happened", "told", BOYS)


def helped(q: Any) -> Any:
    """Return the number helped."""
    return q.number("helped")


def log_helped(q: Any) -> Any:
    """Return the logarithm of the number helped."""
    return fe.math.log(q.number("helped"))


def share_helped(q: Any) -> Any:
    """Return the share of all people who are helped."""
    return q.share("helped")


def draw_logistic(expected: Any, rng: np.random.Generator) -> float:
    """Return a made-up number of the same distribution."""
    return float(rng.logistic(float(expected), 0.15))


# ---------------------------------------------------------------- evidence, defects and figures

TOLD = {"step": "told", "of": "happened"}
ASKED = {"step": "happened", "n": 1500}
#: Told, where few of them are recorded: small counts that are withheld.
FEW = {"step": "told", "by": "sex"}
RARELY = fe.Coverage(0.006)


def _register(count: Any, *defects: Any, **fields: Any) -> fe.Register:
    return fe.Register(
        **{"name": "r", "step": "told", "count": count, "defects": defects, **fields}
    )


def _figure(*figures: Any) -> list[Any]:
    """Return a register of the helped per figure, and a survey that keeps the rest in place."""
    asked = fe.Survey(name="s", **ASKED, share=0.0205)
    return [
        asked,
        *(_register(one, step="helped", name=f"r{i}") for i, one in enumerate(figures, 1)),
    ]


AGAIN = fe.RepeatVictims(share=fe.Beta(4, 4), statement="half are victims every year")
BRIDGED = fe.Bridge("stock", fe.LogNormal(0.2, 0.3, statement="a stock"))
EVIDENCE: dict[str, dict[str, list[Any]]] = {
    "evidence": {
        "survey: a count": [fe.Survey(name="s", **TOLD, yes=20, n=60)],
        "survey: design effect": [fe.Survey(name="s", **TOLD, yes=20, n=60, deff=2.0)],
        "survey: share": [fe.Survey(name="s", **ASKED, share=0.0205, deff=1.5)],
        "survey: standard error": [fe.Survey(name="s", **TOLD, share=0.3, se=0.05)],
        "survey: interval": [
            fe.Survey(name="s", step="happened", share=0.02, interval=(0.01, 0.04)),
            fe.Survey(name="t", **TOLD, interval=(0.2, 0.5), probability=0.9),
        ],
        "survey: skewed interval and whole per cents": [
            fe.Survey(name="s", step="happened", share=0.02, interval=(0.005, 0.028)),
            fe.Survey(name="t", **TOLD, share=fe.Rounded(0.3, to=0.01), n=400, deff=1.5),
        ],
        "survey: printed total": [
            fe.Survey(name="s", step="happened", total=1600, n=1500, where=BOYS),
            fe.Survey(name="t", step="told", total=600, interval=(400, 900)),
        ],
        "survey: rounded and withheld counts": [
            fe.Survey(name="s", **TOLD, yes=fe.Rounded(20, to=5), n=60),
            fe.Survey(name="t", step="happened", yes=fe.Withheld(), n=200, where=BOYS),
        ],
        "shares of one survey: correlation": [
            fe.JointSurvey(
                name="j", se=[0.005, 0.06], correlation=0.5,
                asked=[
                    fe.Asked(step="happened", share=0.02),
                    fe.Asked(**TOLD, share=0.4),
                ],
            )
        ],
        "joint survey: intervals": [
            fe.JointSurvey(
                name="j", correlation=0.5, probability=0.9,
                asked=[
                    fe.Asked(step="happened", share=0.02, interval=(0.008, 0.03)),
                    fe.Asked(**TOLD, share=0.4, interval=(0.3, 0.45)),
                ],
            )
        ],
        "shares of one survey: covariance": [
            fe.JointSurvey(
                name="j", covariance=[[2.5e-3, 5e-4], [5e-4, 4e-3]],
                asked=[
                    fe.Asked(**TOLD, share=0.4, where=BOYS),
                    fe.Asked(**TOLD, share=0.3, where={"sex": "female"}),
                ],
            )
        ],
        "shares of one survey: test error": [
            fe.JointSurvey(
                name="j", se=[0.005, 0.004], correlation=[[1.0, 0.3], [0.3, 1.0]],
                asked=[
                    fe.Asked(step="happened", share=0.02, where=BOYS),
                    fe.Asked(step="told", share=0.01, where=BOYS),
                ],
                defects=[fe.TestError(sensitivity=fe.Beta(8, 2), specificity=fe.Beta(300, 3))],
            )
        ],
        "survey: five years": [
            fe.Survey(name="s", step="happened", yes=80, n=1500, recall=(5, "years"),
                      defects=[AGAIN]),
            fe.Survey(name="t", step="told", yes=20, n=1500, where=BOYS),
        ],
        "shares of one survey: two periods": [
            fe.JointSurvey(
                name="j", se=[0.005, 0.008], correlation=0.4, defects=[AGAIN],
                asked=[
                    fe.Asked(step="happened", share=0.02),
                    fe.Asked(step="happened", share=0.06, recall=(30, "months")),
                ],
            )
        ],
        "cascade: some still open": [
            fe.Cascade(name="c", counts={"happened": 70, "told": 25, "helped": 9}, of_those=True,
                       open={"told": 12}, known_sooner=fe.LogNormal(0.5, 0.3))
        ],
        "cascade: printed, of clusters": [
            fe.Cascade(
                name="c", of_those=True, defects=[fe.Clustered(clusters=8, icc=fe.Beta(3, 30))],
                counts={
                    "happened": fe.Between(60, 79), "told": fe.Rounded(25, to=5),
                    "helped": fe.Withheld(),
                },
            )
        ],
        "cascade: shares, and a design effect": [
            fe.Cascade(
                name="c", of_those=True, deff=2.0, counts={"happened": 200},
                shares={"told": fe.Rounded(0.4, to=0.01), "helped": fe.Rounded(0.1, to=0.01)},
            )
        ],
        "cohort: where they went": [
            fe.Cohort(name="c", of="happened", went={"told": 20, "helped": 5}, n=70)
        ],
        "cohort: a count and a share": [
            fe.Cohort(name="c", of="told", step="helped", yes=10, n=40, deff=1.5),
            fe.Cohort(name="d", of="told", step="helped", share=0.25, interval=(0.15, 0.4)),
        ],
        "cohort: standard error and test error": [
            fe.Cohort(name="c", of="told", step="helped", share=0.3, se=0.05,
                      defects=[fe.TestError(sensitivity=fe.Beta(8, 2), specificity=0.95)]),
            fe.Cohort(name="d", of="happened", step="told", interval=(0.2, 0.5), probability=0.9),
        ],
        "register": [_register(300)],
        "register: people who went on": [
            _register(fe.Rounded(100, to=10), step=("told", "helped"))
        ],
        "total: interval": [
            fe.Total(name="t", step="helped", estimate=300, interval=(200, 450), defects=[BRIDGED])
        ],
        "total: skewed interval": [
            fe.Total(name="t", step="helped", estimate=300, interval=(60, 400)),
            fe.Total(name="r", step="told", estimate=fe.Rounded(500, to=100), se=100),
        ],
        "total: standard error": [
            fe.Total(name="t", step="helped", estimate=300, se=40,
                     defects=[fe.Coverage(fe.Beta(12, 4))])
        ],
        "survey and total: a mean over years": [
            fe.Survey(name="s", step="happened", total=800, n=1500, per="year"),
            fe.Total(name="t", step="helped", interval=(100, 230), probability=0.9, per="year"),
        ],
        "study of coverage": [
            _register(500, fe.Coverage(fe.Beta(3, 2))),
            fe.Validation(name="v", of="r", what="coverage", yes=30, n=40),
        ],
        "studies of coverage: shares": [
            _register(500, fe.Coverage(fe.Beta(3, 2))),
            fe.Validation(name="v", of="r", what="coverage", share=0.75, n=40, deff=1.5),
            fe.Validation(name="w", of="r", what="coverage", share=0.75, se=0.08),
            fe.Validation(
                name="x", of="r", what="coverage", share=0.75, interval=(0.5, 0.85),
                probability=0.9,
            ),
        ],
        "study of coverage, of boys": [
            _register(
                {"male": 250, "female": 250},
                fe.Coverage(fe.Beta(3, 2), fe.Levels("sex", fe.Normal(0, 0.7))), by="sex",
            ),
            fe.Validation(name="v", of="r", what="coverage", yes=30, n=40, where=BOYS),
        ],
        "study of PPV, some unconfirmed": [
            _register(500, fe.PPV(fe.Beta(6, 2))),
            fe.Validation(
                name="v", of="r", what="ppv", yes=60, n=100, unconfirmed=20,
                confirmable=fe.Beta(8, 3), refutable=fe.Beta(4, 3),
            ),
        ],
        "studies of a test": [
            fe.Survey(
                name="s", step="happened", yes=60, n=2000,
                defects=[fe.TestError(sensitivity=fe.Beta(4, 2), specificity=fe.Beta(60, 1))],
            ),
            fe.Validation(
                name="v", of="s", what="specificity", yes=[98, 197], n=[100, 200],
                between=fe.HalfNormal(0.5),
            ),
            fe.Validation(name="w", of="s", what="sensitivity", yes=30, n=40),
        ],
        "own: binomial and Poisson": [
            fe.OwnBinomial(name="b", quantity=told_of_boys, yes=28, n=90),
            fe.OwnPoisson(name="p", quantity=helped, count=fe.Rounded(250, to=10)),
        ],
        "own: binomial with test error": [
            fe.OwnBinomial(
                name="b", quantity=told_of_boys, yes=fe.Rounded(30, to=5), n=90,
                defects=[fe.TestError(sensitivity=fe.Beta(16, 4), specificity=fe.Beta(96, 4))],
            )
        ],
        "own: normal": [
            fe.OwnNormal(name="o", quantity=share_helped, estimate=0.01, se=0.3, scale="log")
        ],
        "own: interval": [
            fe.OwnNormal(
                name="o", quantity=share_helped, estimate=0.01, interval=(0.004, 0.015),
                probability=0.9, scale="log",
            )
        ],
        "own: custom": [
            fe.OwnCustom(
                name="o", quantity=log_helped, data=5.5, log_likelihood=logistic,
                simulate=draw_logistic,
            )
        ],
        "unlinked registers: overlap": [
            fe.Unlinked(
                name="u", overlap=fe.Beta(2, 2, statement="a guess"),
                registers=[
                    fe.Register(name="a", step="told", count=300),
                    fe.Register(name="b", step="told", count=fe.Rounded(200, to=10)),
                    fe.Register(name="c", step="told", where=BOYS, count=100),
                ],
            ),
            fe.Survey(name="s", **ASKED, share=0.0205),
        ],
        "unlinked registers: people on two": [
            fe.Unlinked(
                name="u", overlaps={("a", "b"): fe.Gamma(8, 0.1)}, together=fe.Beta(8, 2),
                registers=[
                    fe.Register(name="a", step="told", count=300),
                    fe.Register(name="b", step="told", count=fe.Rounded(400, to=10)),
                ],
            )
        ],
        "linked registers": [
            fe.Linked(
                name="l", step="told", effects=fe.Normal(-1.5, 1), interactions=fe.HalfNormal(0.5),
                table=OverlapTable(
                    ["a", "b", "c"],
                    {"100": 70, "010": 50, "001": 30, "110": 9, "101": 6, "011": 4, "111": 2},
                ),
            )
        ],
        "linked registers: by sex, wrongly linked": [
            fe.Linked(
                name="l", step="told", strata="sex", order=1, effects=fe.Normal(-1.5, 1),
                linkage=LinkageError(missed=fe.Beta(4, 36)),
                table=OverlapTable(
                    ["a", "b"],
                    {
                        "male": {"10": 60, "01": 40, "11": 12},
                        "female": {"10": 70, "01": 50, "11": 9},
                    },
                ),
            )
        ],
        "linked registers: by sex, effects that vary, false links": [
            fe.Linked(
                name="l", step="told", strata="sex", order=1, effects=fe.Normal(-1.5, 1),
                varying=fe.HalfNormal(0.4),
                linkage=LinkageError(missed=0.1, false=fe.Beta(2, 98)),
                table=OverlapTable(
                    ["a", "b"],
                    {
                        "male": {"10": 60, "01": 40, "11": 12},
                        "female": {"10": 70, "01": 50, "11": 9},
                    },
                ),
            )
        ],
        "three sources together": [
            fe.Survey(name="s", **ASKED, share=0.0205, where=BOYS),
            _register(fe.Rounded(300, to=50), fe.Coverage(fe.Beta(12, 4)), step="helped"),
            fe.Cohort(name="c", of="told", step="helped", yes=10, n=40),
        ],
    },
    "figure": {
        "exact, rounded by three rules": _figure(
            fe.Exact(300), fe.Rounded(300, to=50), fe.Rounded(320, to=20, rule="half even"),
            fe.Rounded(300, to=30, rule="floor"),
        ),
        "rounded": _figure(fe.Rounded(300, to=100)),
        "randomly rounded": _figure(fe.RandomlyRounded(300, to=50)),
        "rounded to an unknown base": _figure(
            fe.RoundedToUnknown(300, (1, 10, 100)),
            fe.RoundedToUnknown(330, (1, 30), (1, 3), "floor"),
        ),
        "two official values, a mixture": _figure(
            fe.Disagreeing((fe.Rounded(300, to=50), 320), use="mixture", weights=(2, 1)),
        ),
        "two official values that are close": _figure(
            fe.Disagreeing((fe.Rounded(300, to=50), 320), use="mixture", apart=0.05),
        ),
        "two official values, one used": _figure(
            fe.Disagreeing((fe.Rounded(320, to=20), fe.Rounded(300, to=100)), use=1)
        ),
        "between": _figure(fe.Between(300, 349)),
        "limits": [
            _register(fe.AtLeast(500)),
            fe.Register(name="t", step="helped", count=fe.AtMost(400)),
        ],
        "withheld with a total": [
            _register({"male": fe.Withheld(), "female": fe.Withheld()}, RARELY, **FEW,
                      total=fe.Rounded(5, to=5)),
        ],
        "withheld or rounded": [
            _register({"male": fe.Withheld(1, 3), "female": fe.Withheld(1, 3, value=10, to=5)},
                      RARELY, **FEW),
        ],
    },
    "defect": {
        "clusters": [
            fe.Survey(
                name="s", **TOLD, yes=20, n=60,
                defects=[fe.Clustered(clusters=6, icc=fe.Beta(2, 10))],
            )
        ],
        "test error": [
            fe.Survey(
                name="s", step="happened", yes=60, n=2000,
                defects=[fe.TestError(sensitivity=fe.Beta(8, 2), specificity=fe.Beta(300, 3))],
            )
        ],
        "outside the frame": [
            fe.Survey(
                name="s", **ASKED, share=0.0205,
                defects=[
                    fe.OutsideFrame(
                        share=fe.Beta(4, 36), ratio=fe.LogNormal(0.7, 0.3), statement="institutions"
                    )
                ],
            )
        ],
        "coverage and PPV": [_register(500, fe.Coverage(fe.Beta(12, 4)), fe.PPV(fe.Beta(16, 4)))],
        "coverage that changes": [
            _register(
                {2017: 400, 2018: fe.Rounded(500, to=10)},
                fe.Coverage(fe.Beta(6, 4), fe.ChangePoint("year", 2018)), by="year",
            )
        ],
        "incomplete last year": [
            _register(
                {2017: 400, 2018: 300}, by="year", defects=[
                    fe.Completeness(fe.PerLevel("year", {2017: 1.0, 2018: fe.Beta(8, 3)}))
                ],
            )
        ],
        "false records": [
            _register(600, fe.FalsePositives(fe.Gamma(4, 0.04))),
            fe.Validation(name="v", of="r", what="ppv", yes=80, n=100),
        ],
        "false records, per year": [
            _register({2017: 400, 2018: 300}, fe.FalsePositives(fe.Gamma(4, 0.04), per="year"),
                      by="year"),
        ],
        "overdispersion": [
            _register(500, fe.Overdispersion(fe.Gamma(8, 40)), where=BOYS)
        ],
        "overdispersion that classes share": [
            _register({"male": 260, "female": fe.Rounded(240, to=10)},
                      fe.Overdispersion(fe.Gamma(8, 40)), by="sex")
        ],
        "overdispersion of each class": [
            _register({"male": 260, "female": fe.Rounded(240, to=10)},
                      fe.Overdispersion(fe.Gamma(8, 40), by="every figure"), by="sex")
        ],
        "sex not recorded": [
            _register(
                {"male": 250, "female": fe.Rounded(250, to=10), "unknown": 60},
                fe.Unrecorded(fe.Beta(4, 16), fe.Levels("sex", fe.Normal(0, 0.5)), axis="sex"),
                by="sex",
            )
        ],
        "bridges": [
            _register(
                300,
                fe.Bridge("children per case", fe.LogNormal(0.6, 0.2, statement="622 in 345"),
                          inverse=True, unit="cases"),
                fe.Bridge("wider", fe.LogNormal(0.2, 0.2, statement="a guess"), definition="any"),
                unit="cases", definition="any",
            )
        ],
    },
}  # fmt: skip

# ---------------------------------------------------------------- terms, rates and priors

FIRST = fe.FirstTime(share=fe.Beta(8, 6), statement="about half")
PUPILS = fe.Survey(name="s", step="happened", yes=20, n=1500, where=TEENS)
TOLD_BY_AGE = fe.Survey(name="t", **TOLD, yes=30, n=90, where=TEENS)
NOBODY = {"ages": (0, 11), "like": (12, 16), "statement": "nobody asked"}
ONSET = fe.OnsetSurvey(name="o", before={8: 0.0205, 12: 0.0495, 17: 0.1005}, n=2000)


def _of_age(
    occurrence: Any,
    evidence: Sequence[Any],
    assumptions: Sequence[Any],
    transitions: Mapping[Any, Any] = SHARES,
    people: fe.Population = CHILDREN,
) -> fe.Model:
    return fe.Model(ROUTE, people, occurrence, dict(transitions), evidence, assumptions)


def _told_by(*terms: Any, base: Any = None) -> dict[Any, fe.Share]:
    return {**SHARES, ("happened", "told"): fe.Share(base or fe.Beta(6, 10), *terms)}


AGED: dict[str, dict[str, fe.Model]] = {
    "term": {
        "random walk": _of_age(
            fe.Rate(fe.Beta(8, 400), fe.RandomWalk("age", fe.HalfNormal(0.2))),
            [PUPILS, ONSET], [FIRST],
        ),
        "random walk, of a share": _of_age(
            RATE, [PUPILS, ONSET, TOLD_BY_AGE], [FIRST],
            _told_by(fe.RandomWalk("age", 0.3, trend=fe.Normal(0, 0.1), reference=(14, 16))),
        ),
        "random walk, second order": _of_age(
            fe.Rate(
                fe.Beta(8, 400),
                fe.RandomWalk("age", fe.HalfNormal(0.05), order=2, trend=fe.Normal(0, 0.05)),
            ),
            [
                fe.Survey(name="s", step="happened", yes=20, n=1500, where={"age": (12, 15)}),
                fe.OnsetSurvey(name="o", onset={(0, 7): 9, (8, 15): 40}, unknown=7, n=2000),
            ],
            [FIRST], people=FOURS,
        ),
        "spline": _of_age(
            fe.Rate(fe.Beta(8, 400), fe.Spline("age", fe.HalfNormal(0.1), reference=(14, 16))),
            [PUPILS, ONSET], [FIRST],
        ),
        "spline, second order": _of_age(
            fe.Rate(
                fe.Beta(8, 400),
                fe.Spline("age", 0.1, order=2, trend=fe.Normal(0, 0.05), spacing=5.0),
            ),
            [PUPILS, ONSET], [FIRST],
        ),
        "levels of age": _of_age(
            RATE, [PUPILS, ONSET, TOLD_BY_AGE], [FIRST],
            _told_by(fe.Levels("age", fe.Normal(0, 0.4), reference=(14, 16))),
        ),
        "change points": _of_age(
            fe.Rate(fe.Beta(8, 400), fe.ChangePoint("age", [8, 12], fe.Normal(0, 0.5))),
            [PUPILS, ONSET], [FIRST],
        ),
        "a prior per level": _of_age(
            fe.Rate(
                fe.PerLevel("age", {(0, 7): fe.Beta(2, 400), (8, 11): fe.Beta(4, 400),
                                    (12, 16): fe.Beta(8, 400)})
            ),
            [PUPILS, ONSET, TOLD_BY_AGE], [FIRST],
            _told_by(base=fe.PerLevel("sex", {"male": fe.Beta(4, 10), "female": fe.Beta(8, 8)})),
        ),
    },
    "under-12 assumption": {
        "proportional": _of_age(
            RATE, [PUPILS],
            [
                fe.Proportional(
                    **NOBODY, pattern={(0, 7): 0.3, (8, 11): 0.6, (12, 16): 1.0}, uncertainty=0.3,
                    discount=fe.LogNormal(0, 0.3),
                )
            ],
        ),
        "proportional, odds": _of_age(
            RATE, [PUPILS],
            [
                fe.Proportional(
                    **NOBODY, pattern={(0, 11): 0.004, (12, 16): 0.02}, scale="odds",
                    uncertainty=fe.HalfNormal(0.2), discount=fe.LogNormal(0, 0.2),
                )
            ],
        ),
        "extrapolate": _of_age(
            RATE, [PUPILS],
            [fe.Extrapolate(**NOBODY, factor=fe.Uniform(1.02, 1.2), trend=fe.Normal(0.05, 0.05))],
        ),
        "extrapolate by a spline": _of_age(
            fe.Rate(fe.Beta(8, 400), fe.Spline("age", fe.HalfNormal(0.1), reference=(14, 16))),
            [PUPILS],
            [
                fe.Extrapolate(
                    **NOBODY, factor=fe.Uniform(1.02, 1.2), order=2, trend=fe.Normal(0, 0.1),
                    knots=4,
                )
            ],
        ),
        "shift": _of_age(RATE, [PUPILS], [fe.Shift(**NOBODY, prior=fe.Normal(-0.7, 0.5))]),
        "detection ratio": _of_age(
            RATE,
            [
                PUPILS,
                _register({(0, 11): 200, (12, 16): 150}, fe.Coverage(fe.Beta(12, 6)),
                          step="helped", by="age"),
            ],
            [
                fe.DetectionRatio(
                    **NOBODY, registers=["r"], prior=fe.LogNormal(-0.5, 0.4),
                    relative=fe.LogNormal(-0.5, 0.7),
                )
            ],
        ),
        "first events: hazard, recall, telescoping": _of_age(
            fe.Hazard(fe.Beta(8, 800)),
            [
                PUPILS,
                fe.OnsetSurvey(
                    name="o", before=17, share=fe.Rounded(0.1, to=0.01), n=4000,
                    respondents=(18, 40),
                    defects=[
                        fe.Recall(
                            share=fe.Beta(12, 4), per_year=fe.HalfNormal(0.01),
                            statement="a part is forgotten",
                        ),
                        fe.Telescoping(prior=fe.Normal(0.5, 0.5), statement="said to be later"),
                        fe.EarlierRate(prior=fe.LogNormal(0, 0.2), statement="another time"),
                    ],
                ),
            ],
            [FIRST], people=SINGLE,
        ),
        "first events: ages and their spread": _of_age(
            RATE,
            [
                PUPILS,
                fe.OnsetSurvey(name="o", before=12, yes=60, n=1000),
                fe.OnsetAge(
                    name="m", before=17, n=80, mean=9.0, sd=3.5, use_sd=True, deff=1.5,
                    completed_years=False,
                ),
                fe.OnsetAge(
                    name="n", before=17, n=60, mean=fe.Rounded(9.5, to=0.5), se=0.5, where=BOYS,
                    defects=[
                        fe.Telescoping(prior=fe.Gamma(4, 4), statement="a year on average")
                    ],
                ),
            ],
            [FIRST],
        ),
        "first events: other forms": _of_age(
            RATE,
            [
                PUPILS,
                fe.OnsetSurvey(name="o", before=17, interval=(0.08, 0.14), probability=0.9),
                fe.OnsetSurvey(name="p", before=12, share=0.05, se=0.01, where=BOYS),
                fe.OnsetSurvey(
                    name="q", before={8: 0.03, 12: 0.06},
                    covariance=[[3e-5, 2e-5], [2e-5, 5e-5]],
                ),
                fe.OnsetSurvey(name="v", before=17, yes=fe.Rounded(90, to=10), n=900, deff=2.0),
            ],
            [FIRST],
        ),
        "first events: mean age": _of_age(
            fe.Hazard(fe.Beta(8, 800), fe.ChangePoint("age", 12, fe.Normal(0.5, 0.5))),
            [
                PUPILS,
                fe.OnsetSurvey(name="o", before=12, yes=60, n=1000),
                fe.OnsetAge(name="m", before=17, n=80, mean=9.0, sd=3.5),
            ],
            [FIRST], people=SINGLE,
        ),
        "population error": _of_age(
            RATE, [PUPILS, _register(600, fe.Coverage(fe.Beta(12, 6)), step="helped")],
            [
                fe.Shift(**NOBODY, prior=fe.Normal(-0.7, 0.5)),
                fe.PopulationError(
                    prior=fe.LogNormal(0, 0.2), where={"age": (0, 11)},
                    statement="not all are registered",
                ),
            ],
        ),
    },
}  # fmt: skip

#: Kinds of rates and priors: a number in place of a rate, and priors that no other case has.
OTHERS: dict[str, fe.Model] = {
    "a number in place of a rate": fe.Model(
        ROUTE, CELLS, fe.Number(fe.LogUniform(500, 3000), BY_SEX), dict(SHARES),
        [_register(300, step="helped"), fe.Survey(name="s", **TOLD, yes=20, n=60)],
    ),
    "every prior": fe.Model(
        ROUTE, PEOPLE,
        fe.Rate(
            fe.LogitNormal(-4, 0.4),
            fe.Levels("sex", fe.Truncated(fe.Normal(0, 0.7), low=-1.0, high=0.8)),
        ),
        {
            **SHARES,
            ("happened", "told"): fe.Share(fe.Uniform(0.2, 0.6)),
            ("told", "helped"): fe.Share(fe.Shared("same")),
        },
        [
            _register(
                300, fe.Coverage(fe.Shared("same")), fe.Overdispersion(fe.HalfNormal(0.2)),
            ),
            fe.Survey(name="s", **TOLD, yes=20, n=60, where=BOYS),
        ],
        parameters={"same": fe.Beta(6, 10)},
    ),
}  # fmt: skip


def _young(q: Any) -> Any:
    return q.number("happened", {"age": (0, 11)})


def _young_per_year(q: Any) -> Any:
    return q.number("happened", {"age": (0, 11)}, per="year")


def main_example() -> fe.Model:
    """Return the model of the first example: the cells of the script that stand before the fit."""
    cells = MAIN_EXAMPLE.read_text(encoding="utf-8").split("\n# Fit.")[0]
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(cells, MAIN_EXAMPLE.name, "exec"), names)
    model = names["model"]
    assert isinstance(model, fe.Model)
    return model


def model_cases() -> list[ModelCase]:
    """Return all models that are calibrated."""
    found = []
    for group, sources in EVIDENCE.items():
        for name, evidence in sources.items():
            by_year = any(
                "year" in (getattr(one, field, None) or ())
                for one in evidence
                for field in ("by", "per")
            )
            with warnings.catch_warnings():
                # Each figure stands in a register of its own, as if of other people.
                warnings.filterwarnings("ignore", ".*(each hold everybody|the same numbers)")
                model = fe.Model(
                    ROUTE,
                    YEARS if by_year else PEOPLE,
                    fe.Rate(fe.Beta(8, 400)) if by_year else RATE,
                    dict(SHARES),
                    evidence,
                )
            found.append(ModelCase(name=name, group=group, model=model))
    for group, models in AGED.items():
        found += [
            ModelCase(name=name, group=group, model=one, shown=YOUNG, quantities={YOUNG: _young})
            for name, one in models.items()
        ]
    found += [ModelCase(name=n, group="rate or prior", model=one) for n, one in OTHERS.items()]
    example = ModelCase(
        name="the main example", group="whole model", model=main_example(),
        shown=YOUNG, quantities={YOUNG: _young_per_year},
    )  # fmt: skip
    return [*found, example]
