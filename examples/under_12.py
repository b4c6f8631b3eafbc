"""
The children whom nobody asked: under 12, the Netherlands
=========================================================

"There is no view of victimisation of children under twelve" is the third recommendation of the
fact sheet. The survey behind it asked ages 12-16; the registers count ages 0-17 and print no ages
apart. No figure tells how many victims are under 12. This script shows what five assumptions
imply, what can be said without one, where a conclusion turns, and which survey would settle it.

Every number of children under 12 below is imputed. It writes figures, tables and a page to
``out/``.
"""

from pathlib import Path

import funnelest as fe

OUT = Path("out")
SHEET = "Slachtoffermonitor seksueel geweld tegen kinderen 2017-2018, fact sheet"
value = fe.load_figures()["value"]

# %%
# Single years of age. Statistics Netherlands gives bands (2018); within a band the years of age
# are taken as equally large, and the split by sex at 12-16 as that of every age. What is left of
# ages 0-17 for age 17 alone does not add up, so age 17 is a fifth of 12-16.
boys, girls = 513_000, 489_000
under, teens = value["population_0_11"], value["population_12_16"]
by_age = [under / 12] * 12 + [teens / 5] * 6
children = fe.Population(
    {"age": list(range(18)), "sex": ["male", "female"]},
    [[people * part / (boys + girls) for part in (boys, girls)] for people in by_age],
)

# %%
# The route and its figures, as in the first example but for one average year: see there for
# what each figure is and how it was read.
SUSPICION = "any suspicion"
route = fe.Route(
    "happened",
    "told",
    "reported",
    "investigated",
    "helped",
    skips=[("happened", "reported"), ("told", "helped"), ("reported", "helped")],
    unit="children",
    definition="severe hands-on violence",
)
transitions = {
    ("happened", "told"): fe.Share(fe.Beta(1, 1, statement="no opinion: the survey asked it")),
    ("happened", "reported"): fe.Share(
        fe.Beta(1, 19, statement="of those who told nobody, few are reported by others")
    ),
    ("told", "reported"): fe.Share(
        fe.Beta(1, 9, statement="most tell another child, which rarely leads to a report")
    ),
    ("told", "helped"): fe.Share(
        fe.Beta(1, 4, statement="of those who told and were not reported, some find help")
    ),
    ("reported", "investigated"): fe.Share(fe.Beta(1, 1, statement="no opinion")),
    ("reported", "helped"): fe.Share(fe.Beta(1, 1, statement="no opinion")),
    ("investigated", "helped"): fe.Share(fe.Beta(1, 1, statement="no opinion")),
}
asked, design = int(value["survey_size"]), 1.5
victims = round(asked * value["happened_all"] / teens)
told = round(victims * value["told_all"] / value["happened_all"])
pupils = {"age": (12, 16)}
INFERRED = (
    "that the survey of about 1,900 pupils in 22 schools is behind this figure is an inference; "
    "half of them boys, and a design effect of 1.5, are assumed"
)
evidence = [
    *(
        fe.Survey(
            name=f"pupils, {sex}",
            step="happened",
            total=value[f"happened_{plural}"],
            n=asked // 2,
            deff=design,
            where={**pupils, "sex": sex},
            source="vzinfo.nl; " + SHEET,
            statement=INFERRED,
        )
        for sex, plural in (("male", "boys"), ("female", "girls"))
    ),
    fe.Survey(
        name="told anyone",
        step="told",
        of="happened",
        yes=told,
        n=victims,
        deff=design,
        where=pupils,
        source=SHEET,
        statement=f"{victims} victims among the pupils is derived from the printed totals",
    ),
    fe.Register(
        name="Veilig Thuis",
        step="reported",
        source=SHEET,
        unit="reports",
        definition=SUSPICION,
        count=fe.Rounded(value["reported_vt"], to=10),
        defects=[
            fe.Coverage(
                fe.Beta.from_interval(
                    0.5, 0.95, statement="the registration is 'not reliable'; up to half may miss"
                )
            ),
            fe.PPV(
                fe.Beta.from_interval(
                    0.3, 0.8, statement="any suspicion is recorded; a part is severe and hands-on"
                ),
                definition=SUSPICION,
            ),
            fe.Bridge(
                "reports per child",
                fe.LogNormal.from_interval(
                    1.0, 1.6, statement="some children are reported more than once in a year"
                ),
                unit="reports",
            ),
        ],
        statement="a yearly mean of 2017-2018, read as that of one average year",
    ),
    *(
        fe.Register(
            name=name,
            step=step,
            source=SHEET,
            definition=SUSPICION,
            count=fe.Rounded(value[figure], to=100),
            defects=[
                fe.Coverage(fe.Shared("coverage of the Council")),
                fe.PPV(fe.Shared("ppv of the Council"), definition=SUSPICION),
            ],
        )
        for name, step, figure in (
            ("Council (RvdK)", "investigated", "investigated"),
            (
                "Council linked to youth care",
                ("investigated", "helped"),
                "helped_after_investigation",
            ),
        )
    ),
]
parameters = {
    "coverage of the Council": fe.Beta.from_interval(
        0.8, 0.99, statement="the Council registers nearly all its own investigations"
    ),
    "ppv of the Council": fe.Beta.from_interval(
        0.5, 0.95, statement="suspicions that the Council investigates are mostly severe"
    ),
}
occurrence = fe.Rate(
    fe.LogNormal.from_interval(
        0.003,
        0.06,
        statement="yearly rates in youth surveys of severe sexual violence range from some per "
        "mille to 6%",
    ),
    fe.Levels("sex", fe.Normal(0.0, 1.0, statement="girls differ from boys by some factor")),
)


def model(*assumptions):
    """Return the model under these assumptions about age."""
    seventeen = fe.Shift(
        ages=(17, 17),
        like=(12, 16),
        prior=fe.Normal(0.0, 0.3),
        statement="age 17 is much like 12-16",
    )
    return fe.Model(
        route,
        children,
        occurrence=occurrence,
        transitions=transitions,
        evidence=evidence,
        assumptions=[*assumptions, seventeen],
        parameters=parameters,
    )


# %%
# Without an assumption the model is refused: ages 0-11 would silently get the rate of 12-16.
try:
    model()
except fe.SpecError as error:
    print(error)

# %%
# The pattern for the first assumption comes from retrospective surveys: first events per year of
# age, before 12 and from 12 to 15, men and women alike. By a wider definition the shares before 12
# are two to three times as large in the same table: hence the wide discount.
onset = fe.load_onset()
shown = ["survey", "respondents", "sex", "before_age", "percent", "definition", "read"]
print(onset[shown].to_string())
share = onset["percent"] / 100
before = {
    age: float(share[f"degraaf_women_{age}"] + share[f"degraaf_men_{age}"]) / 2 for age in (12, 16)
}
pattern = {(0, 11): before[12] / 12, (12, 17): (before[16] - before[12]) / 4}
print({age: round(rate, 5) for age, rate in pattern.items()})

# %%
# Five assumptions about the same children, each with its prior, its reason and its source.
DE_GRAAF = "De Graaf & Wijsen 2017, read second-hand (sozio.nl)"
ages = {"ages": (0, 11), "like": (12, 16)}
shift = fe.Shift(
    **ages,
    prior=fe.Normal.from_interval(-3.0, 0.0),
    statement="the yearly rate under 12 lies between a twentieth of that at 12-16 and the same",
    source=DE_GRAAF,
)
five = {
    "proportional": fe.Proportional(
        **ages,
        pattern=pattern,
        uncertainty=0.25,
        discount=fe.LogNormal.from_interval(0.33, 3.0),
        statement="first events per year of age before 12 and from 12 to 15, as adults recall "
        "them; printed in whole percents; the discount is for recall, definition, and victims of "
        "more than one year",
        source=DE_GRAAF,
    ),
    "extrapolate": fe.Extrapolate(
        **ages,
        factor=fe.Uniform(1.03, 1.25),
        trend=fe.Normal(0.1, 0.1),
        statement="the odds change by 3 to 25% from one year of age to the next, and rather fall "
        "towards younger ages, since older children report more",
    ),
    "shift": shift,
    "detection ratio": fe.DetectionRatio(
        **ages,
        registers=[one.name for one in evidence if isinstance(one, fe.Register)],
        prior=fe.LogNormal.from_interval(0.3, 1.2),
        relative=fe.LogNormal.from_interval(0.05, 3.0),
        statement="what is reported of young children is rather less often registered as sexual "
        "violence; no register prints their number apart, so the rate is hardly informed",
    ),
    "bounds": fe.Bounds(
        ages=(0, 11),
        lower=0.0,
        upper=0.06,
        statement="no register prints an age, so none must be under 12; no youth survey finds a "
        "yearly rate above 6%",
    ),
}
for one in five.values():
    print(one.sentence("en"))
    print(one.sentence("nl"))

# %%
# All five on one model. Nobody asked these children: what differs between the rows is what was
# assumed. The rate over that of others shows it best: where its `contraction` is near 0, its
# posterior is its prior. What the figures do tell comes through the registers: few reports, and
# what was assumed of how many tell and are reported.
compared = fe.check.compare(model(shift), five, seed=2018)
print(compared.text)
columns = ["assumption", "quantity", "median", "low", "high", "interval", "contraction", "basis"]
print(fe.as_text(compared.table, columns))
figure = fe.plot.compare(compared, title="Child victims under 12, the Netherlands: imputed")

# %%
# A pool only with weights that somebody states; here equal ones, for want of better.
pooled = fe.check.pool(
    compared,
    {"proportional": 0.25, "extrapolate": 0.25, "shift": 0.25, "detection ratio": 0.25},
    statement="equal weights, as an example of a panel that prefers none",
)
last = pooled.table[pooled.table["assumption"].str.startswith("pooled")]
print(fe.as_text(last.head(2), ["assumption", "quantity", "median", "low", "high", "basis"]))

# %%
# Where a conclusion turns. "Most victims aged 0-16 are under 12" turns at the shift at which
# twelve years of age outweigh five, hardly depending on any figure.
UNDER, TEENS = {"age": (0, 11)}, {"age": (12, 16)}
NAME = "[age 0-11 against 12-16]"
most = fe.check.Conclusion(
    statement="more victims under 12 than at 12-16",
    larger=lambda q: q.number("happened", UNDER),
    than=lambda q: q.number("happened", TEENS),
    probability=0.5,
)
turning = fe.check.tipping_point(
    model(shift), most, {f"shift{NAME}": [-1.25, -1.0, -0.75, -0.5]}, seed=2018, progress=False
)
print(turning.text)

# %%
# A conclusion that figures do inform: that fewer than one in fifty victims is reported, with a
# probability of 90%.
few = fe.check.Conclusion(
    statement="fewer than 2% of the victims aged 0-17 are reported",
    larger=lambda q: 1 - q.share("reported", of="happened"),
    than=0.98,
    probability=0.9,
)
grid = [-3.0, -2.5, -2.0, -1.5, -1.0, -0.75, -0.5, -0.25, 0.0, 0.5]
reported = fe.check.tipping_point(
    model(shift), few, {f"shift{NAME}": grid}, seed=2018, progress=False
)
print(reported.text)

# %%
# In two dimensions: how many there are under 12 relative to 12-16, and how well they are seen.
both = fe.check.tipping_point(
    model(five["detection ratio"]),
    few,
    {
        f"rate ratio{NAME}": [0.05, 0.1, 0.2, 0.4, 0.8, 1.6],
        f"detection ratio{NAME}": [0.25, 0.5, 1.0, 2.0],
    },
    seed=2018,
    progress=False,
)
print(both.text)

# %%
# What would settle it: asking children of 8-11, under the shift. The question is how many. Ages 0-7
# stay unasked: under this assumption they are like 8-11, which such a survey could not show.
now = compared.details["results"]["shift"][0]
asked_young = {
    n: fe.Survey("children 8-11", step="happened", yes=0, n=n, where={"age": (8, 11)})
    for n in (500, 1_000, 2_000, 4_000, 8_000)
}
plan = fe.check.value_of_information(
    now,
    {"victims under 12": lambda q: q.number("happened", UNDER)},
    plans={"ask children of 8-11": asked_young},
    parameters=[],
    replicates=100,
    basis="imputed",
    seed=2018,
    progress=False,
)
print(plan.text)
print(fe.as_text(plan.tables["sizes"]))

# %%
# The figures, the tables and a page.
OUT.mkdir(exist_ok=True)
pictures = {
    "under_12": figure,
    "under_12_turning": fe.plot.tipping_point(reported, title="Where the conclusion turns"),
    "under_12_contour": fe.plot.tipping_point(both, title="Where the conclusion turns"),
    "under_12_planned": fe.plot.value_of_information(
        plan, title="Victims under 12 (imputed): what asking children of 8-11 would tell"
    ),
}
for name, one in pictures.items():
    one.savefig(OUT / f"{name}.png", dpi=200)
compared.table.to_csv(OUT / "under_12.csv", index=False)
reported.table.to_csv(OUT / "under_12_turning.csv", index=False)
both.table.to_csv(OUT / "under_12_contour.csv", index=False)
plan.tables["sizes"].to_csv(OUT / "under_12_planned.csv", index=False)
page = fe.report.page(
    now,
    OUT / "under_12.html",
    title="Victims under 12: what each assumption implies",
    sections=[
        ("Five assumptions side by side", [compared.text, pictures["under_12"]]),
        ("Where a conclusion turns", [reported.text, pictures["under_12_turning"]]),
        ("In two dimensions", [both.text, pictures["under_12_contour"]]),
        ("What asking children of 8-11 would tell", [plan.text, pictures["under_12_planned"]]),
    ],
)
print(f"Figures: {', '.join(f'{OUT}/{name}.png' for name in pictures)}; page: {page}")
