"""What tests share: a small route and population, and a good example of every form of each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import betabinom, binom

import funnelest as fe
from funnelest.assumptions.bounds import Held
from funnelest.observations.nested import Nested
from funnelest.observations.table import row

STEPS = ("happened", "told", "reported", "investigated", "helped")
ROUTE = fe.Route(
    *STEPS,
    skips=[("happened", "reported"), ("told", "helped")],
    unit="children",
    definition="severe violence",
)
POPULATION = fe.Population(
    {"age": [(0, 11), (12, 16), 17], "sex": ["male", "female"], "year": [2017, 2018]},
    [
        [[60_000, 61_000], [58_000, 57_000]],
        [[30_000, 29_000], [28_000, 27_500]],
        [[6_000, 6_100], [5_900, 5_800]],
    ],
)
CELLS = fe.Population.cells({axis.name: axis.levels for axis in POPULATION.axes})
SEEN = {"age": (12, 16), "year": 2017}
YEARS = {"age": (12, 16), "year": (2017, 2018)}


# ------------------------------------------- your own evidence: functions with a name


def told_share(q: Any) -> Any:
    return q.transition("happened", "told", SEEN)


def helped_number(q: Any) -> Any:
    return q.number("helped", SEEN)


def helped_share(q: Any) -> Any:
    return q.share("helped", SEEN, of="happened")


def laplace(data: Any, expected: Any) -> Any:
    """Return the log-density of a Laplace distribution with scale 20."""
    away = data["value"] - expected
    return -fe.math.maximum(away, -away) / 20.0 - np.log(40.0)


def draw_laplace(expected: Any, rng: np.random.Generator) -> dict[str, float]:
    return {"value": float(rng.laplace(float(expected), 20.0))}


FUNCTIONS = {
    f"{f.__module__}:{f.__qualname__}": f
    for f in (told_share, helped_number, helped_share, laplace, draw_laplace)
}


# -------------------------------------------------------------------------- examples


def _surveys() -> list[Any]:
    share = {"step": "told", "of": "happened", "where": SEEN}
    asked = {"step": "happened", "where": SEEN}
    outside = fe.OutsideFrame(
        share=fe.Beta(3, 97), ratio=fe.LogNormal(0.7, 0.3), statement="children in institutions"
    )
    severe = fe.Bridge(
        "any violence per severe", fe.LogNormal(0.3, 0.1, statement="a wider question"),
        definition="any violence",
    )  # fmt: skip
    both = fe.TestError(sensitivity=fe.Beta(16, 4), specificity=fe.Beta(960, 6))
    again = fe.RepeatVictims(share=fe.Beta(4, 4), statement="half are victims all the time")
    return [
        fe.Survey(name="survey yes", **share, yes=28, n=390),
        fe.Survey(name="survey rounded yes", **share, yes=fe.Rounded(30, to=10), n=390),
        fe.Survey(name="survey withheld yes", **asked, yes=fe.Withheld(), n=290),
        fe.Survey(name="survey yes deff", **share, yes=28, n=390, deff=1.8),
        fe.Survey(name="survey share n", **share, share=0.31, n=390),
        fe.Survey(name="survey share deff", **share, share=0.31, n=390, deff=1.5),
        fe.Survey(name="survey share se", **share, share=0.31, se=0.02),
        fe.Survey(name="survey interval", **share, interval=(0.25, 0.36), probability=0.9),
        fe.Survey(name="survey share interval", **share, share=0.3, interval=(0.25, 0.36)),
        fe.Survey(name="survey total n", step="happened", total=640, n=1900, deff=1.5, where=SEEN),
        fe.Survey(
            name="survey skewed", step="told", of="happened", share=0.3, interval=(0.1, 0.42),
        ),
        fe.Survey(
            name="survey whole", **share, share=fe.Rounded(0.3, to=0.01),
            interval=(fe.Rounded(0.28, to=0.01), 0.37),
        ),
        fe.Survey(name="survey rounded", **share, share=fe.Rounded(0.31, to=0.01), n=790),
        fe.Survey(
            name="survey rounded deff", **share, share=fe.Rounded(0.31, to=0.01), n=790, deff=1.5
        ),
        # Of so many people that the counts that print alike are one range.
        fe.Survey(
            name="survey rounded many", **share, share=fe.Rounded(0.31, to=0.00001),
            n=3_000_000_000, among=False,
        ),
        fe.Survey(
            name="survey rounded many deff", **share, share=fe.Rounded(0.31, to=0.0001),
            n=3_000_000_000, deff=100.0, among=False,
        ),
        fe.Survey(name="survey rounded se", **share, share=fe.Rounded(0.3, to=0.05), se=0.02),
        fe.Survey(name="survey share at most", **share, share=fe.AtMost(0.3), n=390),
        fe.Survey(
            name="survey total rounded", step="happened", total=fe.Rounded(640, to=20), n=50_000,
            where=SEEN,
        ),
        fe.Survey(name="survey total se", step="happened", total=640, se=60, where=SEEN),
        fe.Survey(
            name="survey total interval", step="happened", total=640, interval=(540, 780),
            where=YEARS, per="year",
        ),
        fe.Survey(name="survey error", **asked, yes=60, n=2900, defects=[both]),
        fe.Survey(
            name="survey sensitivity", **share, share=0.25, se=0.02,
            defects=[fe.TestError(sensitivity=0.8)],
        ),
        fe.Survey(
            name="survey specificity", **asked, total=1400, interval=(1000, 1900),
            defects=[fe.TestError(specificity=fe.Beta(990, 4))],
        ),
        fe.Survey(name="survey outside", **asked, share=0.02, se=0.002, defects=[outside]),
        fe.Survey(
            name="survey clustered", **share, yes=100, n=390,
            defects=[fe.Clustered(clusters=22, icc=fe.Beta(3, 60))],
        ),
        fe.Survey(
            name="survey definition", **asked, share=0.0305, n=1900, deff=1.3,
            definition="any violence", defects=[severe],
        ),
        fe.Survey(
            name="survey all defects", **asked, yes=60, n=2900, definition="any violence",
            defects=[severe, both, outside, fe.Clustered(clusters=40, icc=0.02)],
        ),
        fe.Survey(name="survey of a year", **asked, yes=60, n=2900, recall=(12, "months")),
        fe.Survey(
            name="survey of five years", **asked, yes=160, n=2900, recall=(5, "years"),
            defects=[again, both],
        ),
        fe.Survey(
            name="survey of a season", step="told", share=0.003, se=0.0005, recall=[3, "months"],
            defects=[fe.RepeatVictims(share=0.3, statement="a guess")],
        ),
        fe.JointSurvey(
            name="joint periods",
            asked=[
                fe.Asked(step="happened", share=0.02, where=SEEN, recall=(1, "year")),
                fe.Asked(step="happened", share=0.06, where=SEEN, recall=(5, "years")),
            ],
            se=[0.003, 0.005], correlation=0.4, defects=[again],
        ),
        fe.JointSurvey(
            name="joint covariance", source="made up",
            asked=[
                fe.Asked(step="happened", share=0.02, where=SEEN),
                fe.Asked(step="told", of="happened", share=0.3),
            ],
            covariance=[[4e-6, 1e-5], [1e-5, 9e-4]],
        ),
        fe.JointSurvey(
            name="joint correlation",
            asked=(
                fe.Asked(step="told", of="happened", share=0.3, where={"sex": "male"}),
                fe.Asked(step="told", of="happened", share=0.28, where={"sex": "female"}),
                fe.Asked(step="happened", share=0.02),
            ),
            se=[0.03, 0.025, 0.002], correlation=0.3,
        ),
        fe.JointSurvey(
            name="joint intervals",
            asked=[
                fe.Asked(step="happened", share=0.02, interval=(0.012, 0.025), where=SEEN),
                fe.Asked(step="told", of="happened", interval=(0.24, 0.37)),
            ],
            correlation=0.3, probability=0.9,
        ),
        fe.JointSurvey(
            name="joint rounded",
            asked=[
                fe.Asked(step="happened", share=fe.Rounded(0.02, to=0.001), where=SEEN),
                fe.Asked(step="told", of="happened", share=fe.Rounded(0.3, to=0.01)),
            ],
            se=[0.002, 0.03], correlation=0.2,
        ),
        fe.JointSurvey(
            name="joint matrix",
            asked=[
                fe.Asked(step="happened", share=0.02, where={"age": (12, 17)}),
                fe.Asked(step="told", share=0.006, where={"age": (12, 17)}),
            ],
            se=(0.002, 0.0007), correlation=[[1.0, 0.4], [0.4, 1.0]], defects=[both, outside],
        ),
        fe.Cohort(name="cohort yes", of="reported", step="helped", yes=30, n=150, where=SEEN),
        fe.Cohort(name="cohort deff", of="reported", step="helped", yes=30, n=150, deff=2.0),
        fe.Cohort(
            name="cohort nearly all", of="told", step="helped", share=0.25, interval=(0.0, 0.41)
        ),
        fe.Cohort(name="cohort share", of="told", step="helped", share=0.25, interval=(0.2, 0.31)),
        fe.Cohort(name="cohort went", of="told", went={"reported": 22, "helped": 15}, n=100),
        fe.Cohort(name="cohort all went", of="told", went={"reported": 85, "helped": 15}, n=100),
        fe.Cohort(
            name="cohort clustered", of="reported", step="helped", yes=30, n=150,
            defects=[fe.Clustered(clusters=15, icc=0.05)],
        ),
        fe.Cohort(
            name="cohort defects", of="reported", step="helped", share=0.3, n=150,
            definition="any violence", defects=[severe, both],
        ),
    ]  # fmt: skip


def _cascades() -> list[Any]:
    """Return one group followed over several steps."""
    known = {"happened": 384, "told": 115, "reported": 34, "investigated": 13}
    short = {"reported": 150, "investigated": 60, "helped": 31}
    withheld = {
        "told": fe.Between(20, 29), "reported": fe.Withheld(low=0, high=9),
        "helped": fe.Withheld(),
    }  # fmt: skip
    return [
        fe.Cascade(name="cascade", counts=known, of_those=True, where=SEEN),
        fe.Cascade(name="cascade deff", counts=short, deff=2.5),
        fe.Cascade(
            name="cascade clustered", counts=short,
            defects=[fe.Clustered(clusters=15, icc=fe.Beta(3, 60))],
        ),
        fe.Cascade(
            name="cascade printed", of_those=True,
            counts={
                "happened": fe.Rounded(380, to=10), "told": fe.Rounded(115, to=5),
                "reported": fe.RandomlyRounded(35), "helped": fe.Rounded(10, to=5),
            },
        ),
        fe.Cascade(
            name="cascade withheld", counts=withheld, of_those=True, deff=1.4, source="made up"
        ),
        fe.Cascade(
            name="cascade shares", counts={"reported": 950},
            shares={"investigated": fe.Rounded(0.4, to=0.01), "helped": fe.Rounded(0.2, to=0.01)},
        ),
        fe.Cascade(
            name="cascade open", counts=short, open={"helped": 9},
            known_sooner=fe.LogNormal(0.5, 0.3),
        ),
        fe.Cascade(
            name="cascade open by default", counts={**short, "helped": fe.Rounded(30, to=5)},
            open={"investigated": 20, "helped": 9}, where=SEEN,
        ),
    ]  # fmt: skip


def _figures() -> list[Any]:
    """Return every way of printing on a register, and on a mean over years."""
    ways = {
        "50": fe.Rounded(250, to=50),
        "even": fe.Rounded(320, to=20, rule="half even"),
        "floor": fe.Rounded(320, to=20, rule="floor"),
        "between": fe.Between(300, 319),
        "random": fe.RandomlyRounded(320),
        "random 50": fe.RandomlyRounded(300, to=50),
        "unknown base": fe.RoundedToUnknown(320),
        "unknown of two": fe.RoundedToUnknown(330, (1, 30), (1, 3), "floor"),
        "at most": fe.AtMost(330),
        "at least": fe.AtLeast(320),
        "one of two": fe.Disagreeing((fe.Rounded(300, to=50), fe.Rounded(320, to=10)), use=1),
        "random of two": fe.Disagreeing([310, fe.RandomlyRounded(320)], use=1),
        "mixture": fe.Disagreeing((300, fe.Rounded(330, to=10)), use="mixture", apart=0.1),
        "weighted mixture": fe.Disagreeing(
            (fe.Rounded(300, to=50), fe.RandomlyRounded(330), 328), use="mixture",
            weights=(1, 2, 1), apart=0.05,
        ),
    }  # fmt: skip
    hidden = {
        "withheld": fe.Withheld(),
        "not withheld": fe.Withheld(value=7),
        "withheld rounded": fe.Withheld(1, 3, value=10, to=5),
    }
    made = []
    for name, figure in ways.items():
        one = {"step": "reported", "count": figure}
        made.append(fe.Register(name=f"register {name}", **one, where=SEEN))
        made.append(fe.Register(name=f"register mean {name}", **one, where=YEARS, per="year"))
    for name, figure in hidden.items():
        one = {"step": "helped", "count": figure, "defects": [fe.Coverage(fe.Beta(8, 32))]}
        few = {"age": 17, "year": 2017}
        made.append(fe.Register(name=f"register {name}", **one, where=few))
        made.append(fe.Register(name=f"register mean {name}", **one, where={"age": 17}, per="year"))
    return made


def _registers() -> list[Any]:
    """Return every defect on a register with one count."""
    half_year = {"step": "reported", "where": YEARS, "per": "year"}
    one = {"step": "reported", "where": SEEN}
    all_years = {"step": "reported", "where": YEARS}
    twice = fe.Bridge("reports per child", fe.LogNormal(0.2, 0.15, statement="counted twice"))
    cases = fe.Bridge(
        "children per investigation", fe.LogNormal(0.6, 0.1, statement="622 in 345"),
        inverse=True, unit="investigations",
    )  # fmt: skip
    return [
        fe.Register(name="register", step="reported", count=240, where=SEEN),
        fe.Register(name="register all", step="helped", count=1200),
        fe.Register(name="register mean", **half_year, count=240),
        fe.Register(name="register half", **half_year, count=240.5),
        fe.Register(
            name="register doubted", **one, count=240,
            defects=[fe.PPV(fe.Beta(16, 4)), fe.Coverage(fe.Beta(18, 6))],
        ),
        fe.Register(
            name="register coverage change", **all_years, count=480,
            defects=[fe.Coverage(fe.Beta(18, 6), fe.ChangePoint("year", 2018, fe.Normal(0, 0.5)))],
        ),
        fe.Register(
            name="register coverage terms", step="told", count=1500,
            defects=[
                fe.Coverage(
                    fe.Beta(18, 6), fe.Levels("sex"), fe.ChangePoint("age", [12, 17])
                ),
            ],
        ),
        fe.Register(
            name="register coverage per level", step="told", count=1500,
            defects=[
                fe.Coverage(
                    fe.PerLevel("age", {(0, 11): fe.Beta(6, 6), (12, 16): 0.8, 17: fe.Beta(9, 3)})
                )
            ],
        ),
        fe.Register(
            name="register incomplete", **one, count=280, defects=[fe.Completeness(fe.Beta(45, 5))]
        ),
        fe.Register(
            name="register incomplete year", **all_years, count=480,
            defects=[
                fe.Coverage(0.9),
                fe.Completeness(fe.PerLevel("year", {2017: 1.0, 2018: fe.Beta(45, 5)})),
            ],
        ),
        fe.Register(
            name="register incomplete levels", **all_years, count=480,
            defects=[
                fe.Completeness(fe.Beta(40, 10), fe.Levels("sex"), fe.ChangePoint("year", 2018))
            ],
        ),
        fe.Register(
            name="register ppv levels", **all_years, count=790,
            defects=[
                fe.PPV(fe.Beta(16, 4), fe.Levels("sex", fe.Normal(0, 0.5)),
                       fe.ChangePoint("year", 2018))
            ],
        ),
        fe.Register(
            name="register ppv per level", **one, count=400,
            defects=[fe.PPV(fe.PerLevel("sex", {"male": fe.Beta(16, 4), "female": 0.7}))],
        ),
        fe.Register(
            name="register false", **half_year, count=240,
            defects=[fe.Coverage(fe.Shared("cover")), fe.FalsePositives(fe.Gamma(9, 0.3))],
        ),
        fe.Register(
            name="register false once", **all_years, count=650,
            defects=[fe.FalsePositives(fe.Gamma(9, 0.3))],
        ),
        fe.Register(
            name="register false per year", **all_years, count=700,
            defects=[fe.FalsePositives(fe.Gamma(9, 0.3), per="year")],
        ),
        fe.Register(
            name="register false per level", **all_years, count=700,
            defects=[
                fe.FalsePositives(
                    fe.PerLevel("sex", {"male": fe.Gamma(9, 0.3), "female": 12}),
                    fe.Levels("year", fe.Normal(0, 0.2)),
                )
            ],
        ),
        fe.Register(
            name="register false change", **half_year, count=330,
            defects=[fe.FalsePositives(fe.Gamma(9, 0.3), fe.ChangePoint("year", 2018))],
        ),
        fe.Register(
            name="register spread", **one, count=240,
            defects=[fe.Overdispersion(fe.HalfNormal(0.2))],
        ),
        fe.Register(
            name="register default spread", **one, count=fe.Rounded(240, to=20),
            defects=[fe.Overdispersion()],
        ),
        fe.Register(
            name="register known spread", **half_year, count=fe.RandomlyRounded(240),
            defects=[fe.Overdispersion(0.15)],
        ),
        fe.Register(
            name="register spread limit", **one, count=fe.AtLeast(310),
            defects=[fe.Overdispersion(fe.Gamma(8, 80))],
        ),
        fe.Register(
            name="register bridge", **one, count=300,
            defects=[twice, fe.Bridge("fixed", fe.Fixed(1.1, statement="counted"))],
        ),
        fe.Register(
            name="register unit", **one, count=180, unit="investigations", defects=[cases],
        ),
        fe.Register(
            name="register definition", **one, count=400, definition="any violence",
            defects=[
                fe.Bridge(
                    "any per severe", fe.Shared("wider"), definition="any violence"
                )
            ],
        ),
        fe.Register(
            name="register ppv of a definition", **one, count=500, definition="any violence",
            defects=[fe.PPV(fe.Beta(16, 4), fe.Levels("sex"), definition="any violence")],
        ),
        fe.Register(
            name="register flow", step=("told", "helped"), count=fe.Rounded(60, to=10), where=SEEN,
            defects=[fe.Coverage(0.9)],
        ),
        fe.Register(
            name="register all defects", **half_year, count=fe.Rounded(150, to=10),
            unit="investigations",
            defects=(
                fe.Overdispersion(), fe.FalsePositives(fe.Gamma(9, 0.9)), cases, twice,
                fe.Completeness(0.95), fe.Coverage(fe.Beta(18, 6), fe.Levels("sex")),
            ),
        ),
        fe.Total(
            name="total interval", step="helped", estimate=130, interval=(100, 170), where=SEEN
        ),
        fe.Total(
            name="total skewed", step="helped", estimate=130, interval=(40, 180), where=SEEN
        ),
        fe.Total(
            name="total rounded", step="helped", estimate=fe.Rounded(130, to=10), se=10,
            where=SEEN
        ),
        fe.Total(name="total se", step="helped", estimate=130, se=15, where=YEARS, per="year"),
        fe.Total(
            name="total bridge", step=("reported", "investigated"), interval=(80, 160), where=SEEN,
            defects=[fe.Bridge("stock", fe.LogNormal(0.1, 0.2, statement="a stock, not a flow"))],
        ),
        fe.Total(
            name="total doubted", step="helped", estimate=130, se=15, where=YEARS, per="year",
            defects=[
                fe.Coverage(fe.Beta(18, 6), fe.Levels("sex")), fe.PPV(0.8),
                fe.Completeness(fe.PerLevel("year", {2017: 1.0, 2018: fe.Beta(45, 5)})),
            ],
        ),
        fe.Total(
            name="total false", step="helped", estimate=260, interval=(200, 340), where=YEARS,
            unit="investigations",
            defects=[fe.FalsePositives(fe.Gamma(9, 0.3), per="year"), cases],
        ),
    ]  # fmt: skip


def _tables() -> list[Any]:
    """Return registers of several counts."""
    one = {"step": "reported", "where": SEEN, "by": "sex"}
    years = {"step": "reported", "where": {"age": (12, 16)}, "by": "year"}
    few = {
        "step": "helped", "by": "sex", "where": {"age": 17, "year": 2017},
        "defects": [fe.Coverage(fe.Beta(12, 28))],
    }  # fmt: skip
    four = {**few, "by": ("sex", "year"), "where": {"age": 17}}
    half = fe.Beta(4, 16)
    sexes = {"male": 160, "female": 155}
    unknown = {"male": 130, "female": 125, "unknown": 60}
    return [
        fe.Register(name="table", **one, count=sexes),
        fe.Register(
            name="table coverage levels", **one, count=sexes,
            defects=[fe.Coverage(fe.Beta(18, 6), fe.Levels("sex", fe.Normal(0, 0.5)))],
        ),
        fe.Register(
            name="table change", **years, count={2017: 240, 2018: 270},
            defects=[fe.Coverage(fe.Beta(18, 6), fe.ChangePoint("year", 2018))],
        ),
        fe.Register(
            name="table completeness", **years, count={2017: 320, 2018: 280},
            defects=[fe.Completeness(fe.PerLevel("year", {2017: 1.0, 2018: fe.Beta(45, 5)}))],
        ),
        fe.Register(
            name="table ppv", **one, count=sexes,
            defects=[fe.PPV(fe.Beta(16, 4), fe.Levels("sex", fe.Normal(0, 0.5)))],
        ),
        fe.Register(
            name="table false per year", **years, count={2017: 350, 2018: 345},
            defects=[fe.FalsePositives(fe.Gamma(9, 0.3), per="year")],
        ),
        fe.Register(
            name="table false per level", **years, count={2017: 350, 2018: fe.Rounded(340, to=10)},
            defects=[fe.FalsePositives(fe.PerLevel("year", {2017: fe.Gamma(9, 0.3), 2018: 20.0}))],
        ),
        fe.Register(
            name="table false levels", **one, count=sexes,
            defects=[fe.FalsePositives(fe.Gamma(9, 0.3), fe.Levels("sex", fe.Normal(0, 0.3)))],
        ),
        fe.Register(
            name="table unknown", **one, count=unknown,
            defects=[fe.Unrecorded(half, axis="sex")],
        ),
        fe.Register(
            name="table unknown levels", **one, count={"male": 130, "female": 125, "blank": 60},
            defects=[
                fe.Unrecorded(half, fe.Levels("sex", fe.Normal(0, 0.3)), axis="sex", name="blank"),
            ],
        ),
        fe.Register(
            name="table unknown per level", **one, count=unknown,
            defects=[
                fe.Unrecorded(fe.PerLevel("sex", {"male": half, "female": 0.2}), axis="sex"),
            ],
        ),
        fe.Register(
            name="table unknown false", **one, count=unknown,
            defects=[
                fe.Unrecorded(half, fe.Levels("sex", fe.Normal(0, 0.3)), axis="sex"),
                fe.FalsePositives(fe.PerLevel("sex", {"male": fe.Gamma(9, 0.3), "female": 12})),
                fe.Coverage(fe.Beta(18, 6), fe.Levels("sex", fe.Normal(0, 0.5))),
            ],
        ),
        fe.Register(
            name="table unknown twice", step="reported", where={"year": 2017}, by=("sex", "age"),
            count={
                ("male", (0, 16)): 350, ("male", 17): 25, ("male", "none"): 40,
                ("female", (0, 16)): 330, ("female", 17): 24, ("female", "none"): 40,
                ("unknown", (0, 16)): 90, ("unknown", 17): 6, ("unknown", "none"): 10,
            },
            defects=[
                fe.Unrecorded(half, axis="sex"),
                fe.Unrecorded(fe.Beta(4, 30), fe.Levels("age"), axis="age", name="none"),
            ],
        ),
        fe.Register(
            name="table ages", step="reported", where={"year": 2017}, by="age",
            count={(0, 16): 950, 17: 66},
        ),
        fe.Register(
            name="table age unknown", step="reported", where={"year": 2017}, by="age",
            count={(0, 11): 500, (12, 17): fe.Rounded(300, to=50), "unknown": fe.Between(150, 179)},
            defects=[fe.Unrecorded(fe.Beta(3, 17), axis="age")],
        ),
        fe.Register(
            name="table part", step="reported", by=["sex", "year"], where={"age": (12, 16)},
            count={("male", (2017, 2018)): 330, ("female", 2018): 155},
        ),
        fe.Register(
            name="table spread", **one, count=sexes, defects=[fe.Overdispersion()],
        ),
        fe.Register(
            name="table spread apart", **one, count=sexes,
            defects=[fe.Overdispersion(fe.Gamma(8, 80), by="every figure")],
        ),
        fe.Register(
            name="table spread, long sums", **{**one, "where": {}},
            count={"male": fe.Rounded(2000, to=500), "female": fe.Rounded(1500, to=500)},
            defects=[fe.Overdispersion(fe.Gamma(8, 80), by=())],
        ),
        fe.Register(
            name="table spread by year", step="reported", by=["sex", "year"],
            count={
                ("male", 2017): 330, ("female", 2017): fe.Rounded(150, to=10),
                ("male", 2018): fe.Rounded(300, to=10), ("female", 2018): fe.Rounded(160, to=10),
            },
            defects=[fe.Overdispersion(by="year")],
        ),
        fe.Register(name="table total", **one, count=sexes, total=315),
        fe.Register(
            name="table pinned", **few, count={"male": fe.Withheld(), "female": 6}, total=10
        ),
        fe.Register(
            name="table withheld", **few, total=fe.Rounded(5, to=5),
            count={"male": fe.Withheld(), "female": fe.Withheld(value=5)},
        ),
        fe.Register(
            name="table rounded", **one, total=fe.Rounded(320, to=10),
            count={"male": fe.Rounded(160, to=10), "female": fe.Rounded(150, to=10)},
        ),
        fe.Register(
            name="table random", **one, total=fe.RandomlyRounded(315),
            count={"male": fe.RandomlyRounded(160), "female": fe.RandomlyRounded(150)},
        ),
        fe.Register(
            name="table limit of total", **few, total=fe.AtMost(8),
            count={"male": fe.Withheld(), "female": fe.Withheld()},
        ),
        fe.Register(
            name="table totals", **four, total={"male": 9, "female": fe.Rounded(10, to=5)},
            count={
                ("male", 2017): fe.Withheld(), ("male", 2018): 6,
                ("female", 2017): fe.Withheld(value=7), ("female", 2018): fe.Withheld(),
            },
        ),
        fe.Register(
            name="table one total", **four, total={"male": 7},
            count={
                ("male", 2017): fe.Withheld(), ("male", 2018): fe.Withheld(),
                ("female", 2017): 4, ("female", 2018): fe.Withheld(),
            },
        ),
        fe.Register(
            name="table total spread", **{**few, "defects": [
                fe.Coverage(fe.Beta(12, 28)), fe.Overdispersion(fe.Gamma(8, 40)),
            ]},
            count={"male": fe.Withheld(), "female": fe.Withheld()}, total=fe.RoundedToUnknown(8),
        ),
        fe.Register(
            name="table total unknown", **{**few, "defects": [
                fe.Coverage(fe.Beta(12, 28)), fe.Unrecorded(half, axis="sex"),
            ]},
            count={"male": fe.Withheld(), "female": fe.Withheld(), "unknown": 2}, total=8,
        ),
        fe.Register(
            name="table mean", step="reported", where=YEARS, by="sex", per="year",
            count={"male": 160, "female": fe.Rounded(150, to=10)}, total=fe.Rounded(310, to=10),
        ),
        fe.Register(
            name="table mean withheld", step="helped", where={"age": 17}, by="sex", per="year",
            count={"male": fe.Withheld(), "female": fe.Withheld(value=6)}, total=9.5,
            defects=[fe.Coverage(fe.Beta(12, 28))],
        ),
        fe.Register(
            name="table of all kinds", step="reported", where={"age": (12, 16)},
            by=("sex", "year"),
            count={
                ("male", 2017): fe.AtMost(170), ("male", 2018): fe.RoundedToUnknown(160),
                ("female", 2017): fe.Disagreeing((150, 155), use="mixture", apart=0.1),
                ("female", 2018): fe.Disagreeing((150, fe.Rounded(160, to=10)), use=1),
            },
        ),
    ]  # fmt: skip


def _unlinked() -> list[Any]:
    """Return several registers on one step."""
    one = {"step": "reported", "where": SEEN}
    few = fe.Beta(2, 3, statement="some children are in two")
    return [
        fe.Unlinked(
            name="unlinked", overlap=few,
            registers=[
                fe.Register(name="police", **one, count=150),
                fe.Register(name="doctors", **one, count=fe.Rounded(100, to=10)),
                fe.Register(name="schools", **one, count=120),
            ],
        ),
        fe.Unlinked(
            name="unlinked ages", overlap=fe.Fixed(0.3, statement="a guess"),
            together=fe.Beta(8, 2),
            registers=(
                fe.Register(
                    name="young", step="reported", count=500,
                    where={"age": (0, 11), "year": 2017},
                ),
                fe.Register(
                    name="all ages", step="reported", count=fe.RandomlyRounded(400),
                    where={"year": 2017}, defects=[fe.PPV(fe.Beta(16, 4))],
                ),
            ),
        ),
        fe.Unlinked(
            name="unlinked tables", overlap=few,
            registers=[
                fe.Register(
                    name="hotline", **one, by="sex", count={"male": 60, "female": 50, "?": 30},
                    defects=[fe.Unrecorded(fe.Beta(4, 16), axis="sex", name="?")],
                ),
                fe.Register(
                    name="court", step="reported", where=YEARS, per="year",
                    count=fe.AtMost(200), defects=[fe.Overdispersion(fe.Gamma(8, 80))],
                ),
            ],
        ),
        fe.Unlinked(
            name="two lists", overlaps={("first", "second"): fe.Gamma(30, 1)},
            registers=[
                fe.Register(name="first", **one, count=200),
                fe.Register(name="second", **one, count=150),
            ],
        ),
        fe.Unlinked(
            name="two printed lists", together=fe.Beta(20, 2),
            overlaps={("third", "fourth"): fe.Gamma(30, 1)},
            registers=[
                fe.Register(
                    name="third", step="reported", where=YEARS, per="year",
                    count=fe.Rounded(200, to=10),
                    defects=[fe.FalsePositives(fe.Gamma(9, 0.9))],
                ),
                fe.Register(
                    name="fourth", step="reported", where=YEARS, per="year",
                    count=fe.RandomlyRounded(150),
                    defects=[
                        fe.Bridge("reports", fe.LogNormal(0.2, 0.1, statement="counted twice"))
                    ],
                ),
            ],
        ),
        fe.Unlinked(
            name="three lists",
            overlaps={
                ("fifth", "sixth"): fe.Gamma(30, 1), ("sixth", "seventh"): 0,
                ("seventh", "fifth"): fe.Uniform(5, 25),
            },
            registers=[
                fe.Register(name="fifth", **one, count=130),
                fe.Register(name="sixth", **one, count=fe.Rounded(150, to=10)),
                fe.Register(name="seventh", **one, count=120),
            ],
        ),
    ]  # fmt: skip


def _linked() -> list[Any]:
    one = {"step": "reported", "where": SEEN}
    three = {"100": 90, "010": 70, "001": 40, "110": 22, "101": 14, "011": 12, "111": 6}
    names = ["police", "hospital", "shelter"]
    two = {"10": 120, "01": 80, "11": 30}
    by_sex = {"male": three, "female": {**three, "100": 60, "111": 2}}
    return [
        fe.Linked(name="linked", **one, table=fe.lists.OverlapTable(names, three)),
        fe.Linked(
            name="linked two", **one, order=1, effects=fe.Normal(-1, 1),
            table=fe.lists.OverlapTable(names[:2], two),
        ),
        fe.Linked(
            name="linked strata", **one, strata="sex",
            table=fe.lists.OverlapTable(
                names, {**by_sex, "male": {"100": 50, "010": 40, "110": 9}},
                not_covering={"shelter": ["male"]},
            ),
        ),
        fe.Linked(
            name="linked cells", step="reported", varying=0.3, interactions=fe.Gamma(4, 8),
            strata={"boys": {"sex": "male", "age": (12, 17)}, "girls": {"sex": "female"}},
            table=fe.lists.OverlapTable(
                names, {"boys": {"1?0": 60, "010": 40, "??1": 47}, "girls": {**three, "001": 94}},
                upper=["shelter"],
            ),
        ),
        fe.Linked(
            name="linked wrongly", **one, table=fe.lists.OverlapTable(names, three),
            linkage=fe.lists.LinkageError(
                missed=fe.Beta(10, 90), false=fe.Beta(2, 98), statement="a clerical review"
            ),
        ),
    ]  # fmt: skip


def _studies() -> list[Any]:
    """Return studies of other sources, which `_build` adds."""
    doubted = {"of": "register doubted"}
    ppv = {**doubted, "what": "ppv"}
    return [
        fe.Validation(name="audit", **doubted, what="coverage", yes=38, n=50),
        fe.Validation(name="audit deff", **doubted, what="coverage", yes=38, n=50, deff=2.0),
        fe.Validation(
            name="audit share", **doubted, what="coverage", share=fe.Rounded(0.76, to=0.01), n=500
        ),
        fe.Validation(
            name="audit interval", **doubted, what="coverage", share=0.76, interval=(0.6, 0.85)
        ),
        fe.Validation(
            name="audit of girls", of="table coverage levels", what="coverage", yes=38, n=50,
            where={"sex": "female"},
        ),
        fe.Validation(
            name="audits", of="register coverage change", what="coverage", yes=(38, 20),
            n=(50, 30), where={"year": 2018}, between=fe.HalfNormal(0.5),
        ),
        fe.Validation(
            name="audit of completeness", of="register incomplete year", what="coverage",
            yes=40, n=45,
        ),
        fe.Validation(name="audit of a list", of="police", what="coverage", yes=20, n=50),
        fe.Validation(name="sample", **ppv, yes=41, n=50),
        fe.Validation(name="samples", **ppv, yes=[41, 30, 33], n=[50, 40, 40]),
        fe.Validation(
            name="hierarchical samples", **ppv, yes=[41, 30, 33], n=[50, 40, 40],
            between=fe.HalfNormal(0.5),
        ),
        fe.Validation(
            name="sample of false", of="table false per year", what="ppv", yes=46, n=50,
            where={"year": 2018},
        ),
        fe.Validation(name="three ways", **ppv, yes=33, n=50, unconfirmed=12),
        fe.Validation(
            name="three known ways", **ppv, yes=33, n=50, unconfirmed=12,
            confirmable=fe.Beta(16, 4), refutable=0.7,
        ),
        fe.Validation(
            name="sensitivity", of="survey error", what="sensitivity", yes=157, n=200
        ),
        fe.Validation(
            name="specificities", of="survey error", what="specificity",
            yes=[368, 30, 70, 1102], n=[371, 30, 70, 1102], between=0.3,
        ),
        fe.Validation(
            name="specificity", of="own error", what="specificity", yes=[368], n=[371],
        ),
    ]  # fmt: skip


def _own() -> list[Any]:
    return [
        fe.OwnBinomial(name="own binomial", quantity=told_share, yes=28, n=90),
        fe.OwnBinomial(
            name="own error", quantity=told_share, yes=fe.Rounded(30, to=5), n=90,
            defects=[
                fe.TestError(sensitivity=fe.Beta(16, 4), specificity=fe.Beta(96, 4)),
                fe.OutsideFrame(share=0.02, ratio=2.0, statement="institutions"),
                fe.Bridge("worse", fe.LogNormal(0.1, 0.1, statement="a wider question")),
            ],
        ),
        fe.OwnPoisson(name="own poisson", quantity=helped_number, count=fe.Rounded(130, to=10)),
        fe.OwnNormal(name="own normal", quantity=helped_number, estimate=130.0, se=12.0),
        fe.OwnNormal(
            name="own interval", quantity=helped_number, estimate=130.0, interval=(90.0, 160.0)
        ),
        fe.OwnNormal(name="own log", quantity=helped_number, estimate=130.0, se=0.1, scale="log"),
        fe.OwnNormal(name="own logit", quantity=helped_share, estimate=0.2, se=0.1, scale="logit"),
        fe.OwnCustom(
            name="own custom", quantity=helped_number, data={"value": 120.0},
            log_likelihood=laplace, simulate=draw_laplace,
        ),
    ]  # fmt: skip


def _onset() -> list[Any]:
    """Return surveys of first events, before an age, several ages, or by age at the first."""
    girls = {"sex": "female", "year": 2017}
    told = fe.Recall(
        share=fe.Beta(12, 6), per_year=fe.HalfNormal(0.01), statement="much is forgotten"
    )
    always = fe.Recall(share=0.7, statement="a third is forgotten", source="none")
    then = fe.EarlierRate(prior=fe.LogNormal(0.1, 0.2), statement="more was tolerated")
    later = fe.Telescoping(prior=fe.Gamma(4, 4), statement="a year on average")
    severe = fe.Bridge(
        "any violence per severe", fe.LogNormal(0.3, 0.1, statement="a wider question"),
        definition="any violence",
    )  # fmt: skip
    both = fe.TestError(sensitivity=fe.Beta(16, 4), specificity=fe.Beta(960, 6))
    outside = fe.OutsideFrame(
        share=fe.Beta(3, 97), ratio=fe.LogNormal(0.7, 0.3), statement="children in institutions"
    )
    by_age = {(0, 11): 160, (12, 16): 60, (17, 17): 12}
    return [
        fe.OnsetSurvey(name="onset yes", before=17, yes=190, n=900, where=girls),
        fe.OnsetSurvey(name="onset yes deff", before=18, yes=fe.Rounded(190, to=10), n=900, deff=2),
        fe.OnsetSurvey(name="onset rounded", before=18, share=fe.Rounded(0.2, to=0.01), n=1700),
        fe.OnsetSurvey(
            name="onset rounded deff", before=17, share=fe.Rounded(0.2, to=0.01), n=1700, deff=1.7
        ),
        fe.OnsetSurvey(name="onset share", before=18, share=0.2035, n=1700),
        fe.OnsetSurvey(name="onset interval", before=17, interval=(0.18, 0.24), where=girls),
        fe.OnsetSurvey(
            name="onset clustered", before=18, yes=190, n=900,
            defects=[fe.Clustered(clusters=40, icc=fe.Beta(3, 60))],
        ),
        fe.OnsetSurvey(
            name="onset all defects", before=17, share=0.2, se=0.02, definition="any violence",
            respondents=(18, 74), defects=[both, severe, told, later, then, outside],
        ),
        fe.OnsetSurvey(name="onset nested", before={12: 0.1506, 17: 0.2012, 18: 0.2218}, n=1700),
        fe.OnsetSurvey(
            name="onset nested rounded", n=1700, deff=1.5,
            before={17: fe.Rounded(0.2, to=0.01), 12: fe.Rounded(0.15, to=0.01)},
            respondents=[18, 30], defects=[told],
        ),
        fe.OnsetSurvey(
            name="onset nested covariance", before={12: 0.15, 17: 0.2},
            covariance=[[1.3e-4, 9e-5], [9e-5, 1.7e-4]], defects=[later],
        ),
        fe.OnsetSurvey(name="onset ages", onset=by_age, n=1100, where=girls),
        fe.OnsetSurvey(
            name="onset ages unknown", onset={(12, 16): 60, (0, 11): 160}, unknown=55, n=1100,
            defects=[always, then],
        ),
        fe.OnsetSurvey(
            name="onset ages defects", onset=by_age, n=1100, respondents=(18, 24),
            definition="any violence", defects=[then, later, told, severe, both],
        ),
        fe.OnsetAge(name="onset age", before=18, n=120, mean=fe.Rounded(8.4, to=0.1), sd=4.1),
        fe.OnsetAge(
            name="onset age spread", before=17, n=120, mean=8.4, sd=4.1, use_sd=True, deff=1.5,
            completed_years=False, where=girls,
        ),
        fe.OnsetAge(name="onset age later", before=17, n=120, mean=9.4, se=0.4, defects=[later]),
    ]  # fmt: skip


#: A good example of every form of every kind of evidence, by group.
GROUPS: dict[str, list[Any]] = {
    "shares": [*_surveys(), *_own()],
    "registers": _registers(),
    "figures": _figures(),
    "tables": _tables(),
    "lists": _unlinked(),
    "linked": _linked(),
    "studies": [*_studies(), *_cascades()],
    "onset": _onset(),
}
SOURCES = {one.name: one for group in GROUPS.values() for one in group}
#: Kind of evidence -> its forms.
FORMS = {
    kind: [one for one in SOURCES.values() if type(one) is kind]
    for kind in dict.fromkeys(map(type, SOURCES.values()))
}


def companions(evidence: Sequence[Any], assumptions: Any = ()) -> list[Any]:
    """Return the examples that these sources check or assumptions name, and that are not given."""
    found: dict[str, Any] = {}
    given = {str(getattr(one, "name", "")) for one in evidence}
    for one in assumptions if isinstance(assumptions, list | tuple) else ():
        named = getattr(one, "registers", None)
        if isinstance(one, fe.DetectionRatio) and isinstance(named, list | tuple):
            found |= {
                name: SOURCES[name] for name in SOURCES if name in named and name not in given
            }
    for one in evidence:
        if not isinstance(one, fe.Validation):
            continue
        for other in SOURCES.values():
            names = {other.name, *(member.name for member in other.members())}
            if isinstance(one.of, str) and one.of in names and not names & given:
                found[other.name] = other
    return list(found.values())


PARAMETERS = {"cover": fe.Beta(19, 3), "wider": fe.LogNormal(0.2, 0.1)}
PRIORS: dict[str, Any] = {
    "beta": fe.Beta(2.5, 4.0),
    "fixed": fe.Fixed(0.3),
    "gamma": fe.Gamma(3.0, 10.0),
    "half-normal": fe.HalfNormal(0.7),
    "log-normal": fe.LogNormal(-1.0, 0.5),
    "log-uniform": fe.LogUniform(0.01, 0.9),
    "logit-normal": fe.LogitNormal(-1.0, 0.8),
    "normal": fe.Normal(0.4, 0.6),
    "truncated normal": fe.Truncated(fe.Normal(0.4, 0.6), low=0.0, high=1.0),
    "truncated above": fe.Truncated(fe.Gamma(3.0, 10.0), low=0.1),
    "truncated below": fe.Truncated(fe.Normal(0.4, 0.6), high=1.0),
    "uniform": fe.Uniform(0.1, 0.8),
}
VARYING: dict[str, Any] = {
    "rate": fe.Rate(fe.Beta(20, 980)),
    "rate fixed": fe.Rate(0.02),
    "rate levels": fe.Rate(fe.Beta(20, 980), fe.Levels("sex")),
    "rate reference": fe.Rate(
        fe.Beta(20, 980), fe.Levels("age", fe.Normal(0, 0.5), reference=(12, 16)), fe.Levels("sex")
    ),
    "rate per level": fe.Rate(
        fe.PerLevel("age", {(0, 16): fe.Beta(20, 980), 17: 0.03}), fe.Levels("sex")
    ),
    "rate change": fe.Rate(fe.Beta(20, 980), fe.ChangePoint("year", 2018)),
    "rate walk": fe.Rate(fe.Beta(20, 980), fe.RandomWalk("age", fe.HalfNormal(0.2))),
    "rate walk trend": fe.Rate(
        fe.PerLevel("sex", {"male": fe.Beta(20, 980), "female": 0.03}),
        fe.RandomWalk("age", 0.15, trend=fe.Normal(0, 0.1), reference=17),
        fe.RandomWalk("year", fe.HalfNormal(0.2), reference=2018),
    ),
    "rate spline": fe.Rate(
        fe.Beta(20, 980), fe.Spline("age", fe.HalfNormal(0.2), spacing=5.5), fe.Levels("sex")
    ),
    "rate spline trend": fe.Rate(
        fe.Beta(20, 980),
        fe.Spline("age", 0.1, order=2, trend=fe.Normal(0, 0.1), reference=(0, 11), spacing=4),
    ),
    "rate changes": fe.Rate(
        fe.Beta(20, 980), fe.ChangePoint("age", (12, 17), fe.Normal(0, 0.5)), fe.Levels("sex")
    ),
    "number": fe.Number(fe.LogUniform(100, 1000), fe.Levels("sex")),
    "number walk": fe.Number(
        fe.LogUniform(100, 1000), fe.RandomWalk("age", fe.HalfNormal(0.2), trend=0.05)
    ),
    "number change": fe.Number(fe.LogUniform(100, 1000), fe.ChangePoint("year", [2018])),
    "number per level": fe.Number(
        fe.PerLevel("sex", {"male": fe.Gamma(9, 0.01), "female": fe.LogNormal(6, 0.5)})
    ),
}
YOUNG: dict[str, Any] = {"ages": (0, 11), "like": (12, 16), "statement": "a guess"}
ASSUMPTIONS: dict[str, Any] = {
    "shift": fe.Shift(
        ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="a guess", source="none"
    ),
    "shift fixed": fe.Shift(ages=(17, 17), like=(12, 16), prior=0.1, statement="a guess"),
    "proportional": fe.Proportional(
        **YOUNG, pattern={(0, 11): 0.004, (12, 16): 0.02}, uncertainty=fe.HalfNormal(0.2),
        discount=fe.LogNormal(0, 0.2),
    ),
    "proportional known": fe.Proportional(
        ages=(0, 11), like=(12, 17), pattern={(0, 11): 4, (12, 16): 20, 17: 18}, uncertainty=0,
        discount=1, statement="as elsewhere",
    ),
    "proportional odds": fe.Proportional(
        ages=(0, 11), like=(12, 17), pattern={(0, 11): 0.004, (12, 16): 0.02, 17: 0.018},
        uncertainty=0.2, discount=fe.LogNormal(0, 0.2), scale="odds", statement="as elsewhere",
    ),
    "proportional odds apart": fe.Proportional(
        **YOUNG, pattern={(0, 11): 0.004, (12, 16): 0.02}, uncertainty=fe.HalfNormal(0.2),
        discount=fe.LogNormal(0, 0.2), scale="odds",
    ),
    "extrapolate": fe.Extrapolate(**YOUNG, factor=fe.LogNormal(0.15, 0.05)),
    "extrapolate trend": fe.Extrapolate(
        **YOUNG, factor=1.15, order=2, trend=fe.Normal(-0.05, 0.05)
    ),
    "extrapolate spline": fe.Extrapolate(
        **YOUNG, factor=fe.LogNormal(0.15, 0.05), knots=4, trend=0.01
    ),
    "extrapolate spline trend": fe.Extrapolate(**YOUNG, factor=1.15, knots=3, order=2, trend=0.02),
    "detection ratio": fe.DetectionRatio(
        **YOUNG, registers=["register all", "table ages"], prior=fe.LogNormal(-0.5, 0.3),
        relative=fe.LogNormal(-0.5, 1.0),
    ),
    "detection ratio known": fe.DetectionRatio(
        **YOUNG, registers=("register all defects", "register coverage terms"), prior=0.6,
        relative=fe.Gamma(2.0, 4.0),
    ),
    "bounds": fe.Bounds(ages=(0, 11), lower=0.001, upper=0.1, statement="what is possible"),
    "bounds numbers": fe.Bounds(
        ages=(0, 11), lower=40, upper=90_000, numbers=True, statement="what is possible"
    ),
    "held": Held(ages=(0, 11), rate=0.004, statement="what is possible"),
    "first time": fe.FirstTime(share=fe.Beta(8, 4), statement="most are victims for a year"),
    "first time levels": fe.FirstTime(
        share=fe.Share(fe.PerLevel("sex", {"male": 0.7, "female": fe.Beta(8, 4)}),
                       fe.RandomWalk("age", 0.1)),
        statement="most are victims for a year", source="none",
    ),
    "population error": fe.PopulationError(
        prior=fe.LogNormal(0, 0.03), where={"age": (0, 11)}, statement="not all are registered"
    ),
    "population error everywhere": fe.PopulationError(
        prior=fe.LogNormal(0, 0.03), statement="not all are registered"
    ),
}  # fmt: skip
#: Examples that ask some ages how many enter the route, so that a model must say of the others.
ASKING = {
    one.name
    for one in SOURCES.values()
    if any(not mask.any(axis=(1, 2)).all() for mask in one.asks_about(ROUTE, POPULATION))
}


def build(*evidence: Any, **parts: Any) -> fe.Model:
    """Return a model on the shared route; any part of it may be given by name."""
    given: dict[str, Any] = {
        "route": ROUTE,
        "population": POPULATION,
        "occurrence": fe.Rate(fe.Beta(20, 980)),
        "transitions": {
            ("happened", "told"): fe.Share(fe.Beta(30, 70)),
            ("told", "reported"): fe.Share(fe.Beta(25, 75)),
            ("happened", "reported"): fe.Share(fe.Beta(30, 70)),
            ("reported", "investigated"): fe.Share(fe.Beta(40, 60)),
            ("investigated", "helped"): fe.Share(fe.Beta(30, 30)),
            ("told", "helped"): fe.Share(fe.Beta(20, 80)),
        },
        "evidence": (*evidence, *companions(evidence, parts.get("assumptions", ()))),
        "parameters": PARAMETERS,
    }
    asking = {str(getattr(one, "name", "")) for one in given["evidence"]} & ASKING
    if asking and not isinstance(parts.get("occurrence"), fe.Number):
        given["assumptions"] = [ASSUMPTIONS["shift"], ASSUMPTIONS["shift fixed"]]
    if any(getattr(one, "needs_first_events", False) for one in evidence):
        given["assumptions"] = [ASSUMPTIONS["first time"], ASSUMPTIONS["shift fixed"]]
    if isinstance(parts.get("occurrence"), fe.Number):  # needs no head count, and refuses one
        given["population"] = CELLS
    return fe.Model(**{**given, **parts})


#: Which assumption of the youngest stands in the model of a group.
YOUNG_OF = {
    "shares": "proportional",
    "registers": "detection ratio known",
    "figures": "extrapolate",
    "tables": "extrapolate spline",
    "lists": "shift",
    "linked": "shift",
    "studies": "proportional odds apart",
    "onset": "first time levels",
}


class Reached:
    """One of the counts of a cascade given the first alone; the draws are all alike."""

    def __init__(self, nested: Nested, i: int) -> None:
        self.nested, self.i = nested, i
        self.n = int(nested.printed.first[0][-1])

    def sample(self, rng: np.random.Generator) -> Any:
        shape = np.broadcast(self.nested.shares[0], self.nested.inverse).shape
        return self.nested.sampled(rng, shape[-1])[0][self.i + 1]

    def moments(self) -> Any:
        return tuple(part[self.i] * self.nested.divisor for part in self.nested.moments())

    def logp(self, x: Any) -> Any:
        """Return the log-probabilities from those of how many of each number go on."""
        counts, weights = self.nested.printed.first
        size = int(counts[-1]) + 1
        chances = np.zeros(size)
        chances[counts] = np.exp(weights)
        inverse = np.ravel(self.nested.inverse)[0]
        for p, still in zip(
            self.nested.shares[: self.i + 1], self.nested.printed.shares_open, strict=False
        ):
            new = np.zeros(size)
            for n in np.flatnonzero(chances > 1e-12):
                k = np.arange(n + 1)
                for o, chance in enumerate(binom.pmf(k, n, still)):
                    if chance < 1e-12:
                        continue
                    m, share = n - o, np.ravel(p)[0]
                    law = binom(m, share)
                    if inverse > 0 and m:
                        law = betabinom(m, share / inverse, (1 - share) / inverse)
                    new[: m + 1] += chances[n] * chance * law.pmf(np.arange(m + 1))
            chances = new
        with np.errstate(divide="ignore"):
            return np.log(chances[np.asarray(x, dtype=int)])


def counts_of(observation: Any) -> tuple[list[tuple[Any, Any, int]], list[tuple[Any, Any]]]:
    """Return distribution, figure and divisor of each count, and rows and figure of each total."""
    if isinstance(observation, Nested):  # each count, whatever the others are
        figures = observation.printed.figures[1:]
        return [
            (Reached(observation, i), figure, observation.divisor)
            for i, figure in enumerate(figures)
        ], []
    if hasattr(observation, "printed"):  # a table
        printed, laws = observation.printed, observation.distribution
        counts = [
            (row(laws, i), figure, printed.divisor) for i, figure in enumerate(printed.figures)
        ]
        return counts, [(one.rows, one.figure) for one in printed.margins]
    if hasattr(observation, "figures"):  # lists that overlap
        return [(one.distribution, one.figure, one.divisor) for one in observation.rows()], []
    return [(observation.distribution, observation.figure, observation.divisor)], []


# ------------------------------------------------------------------ the same in PyMC


def pymc_point(model: Any, density: Any, z: Any) -> dict[str, Any]:
    """Return a point on the line as PyMC's vector variables."""
    rows = {name: i for i, name in enumerate(density.names)}
    point = {}
    for variable in model.free_RVs:
        members = model.coords[f"{variable.name}_parameter"]
        point[model.rvs_to_values[variable].name] = np.array([z[rows[name]] for name in members])
    return point


def pymc_gradient(model: fe.Model) -> Any:
    """Return PyMC's gradient of the log-density, compiled as a function of a density and a point.

    In the order of the parameters of the density.
    """
    import pytensor

    mode = pytensor.compile.mode.get_mode("FAST_COMPILE").excluding("fusion")
    with pytensor.config.change_flags(mode=mode, cxx=""):
        made = fe.to_pymc(model)
        compiled = made.compile_fn(made.dlogp(), inputs=made.value_vars, mode=mode)
    names = [name for one in made.free_RVs for name in made.coords[f"{one.name}_parameter"]]

    def gradient(density: Any, z: Any) -> Any:
        found = dict(zip(names, compiled(pymc_point(made, density, z)), strict=True))
        return np.array([found[name] for name in density.names])

    return gradient
