"""
Sexual violence against children, the Netherlands 2017-2018
===========================================================

The national rapporteur prints the route of victims as happened 20,800, told 14,850, reported
950, investigated 300, helped 100. The figures do not fit together: the first two come from a
survey of ages 12-16 in 2016, the others from unreliable registers of ages 0-17 in 2017-2018,
nobody asked children under 12, and steps can be skipped. This script reconciles them, with the
uncertainty that they really have, and says what was assumed.

It writes a figure, tables and a page to ``out/``. All checks are made first, which takes most of
the time.
"""

import json
from pathlib import Path

import pandas as pd

import funnelest as fe

OUT = Path("out")
SHEET = "Slachtoffermonitor seksueel geweld tegen kinderen 2017-2018, fact sheet"

# %%
# The published figures, each with what it counts and how it was read.
published = fe.load_figures()
value = published["value"]
used = [
    "happened_boys",
    "happened_girls",
    "told_all",
    "reported_total",
    "investigated",
    "helped_after_investigation",
    "helped_any",
]
shown = ["register", "value", "unit", "year_from", "year_to", "age_from", "age_to", "read"]
print(published.loc[used, shown].fillna("").to_string())

# %%
# The population. Statistics Netherlands prints ages 0-17 by year; the ages within were derived
# from five-year bands of 2018, and do not add up: they leave 137,000 for age 17, a third less
# than a fifth of ages 12-16. Here age 17 is a fifth of ages 12-16 and ages 0-11 are the rest,
# 3% below the derived number. That gap becomes an uncertainty below. The split by sex at 12-16
# (513,000 boys, 489,000 girls) is used at every age.
ages, years = [(0, 11), (12, 16), 17], [2016, 2017, 2018]
boys, girls = 513_000, 489_000
teens = value["population_12_16"]
total_2018 = value["population_0_17_2018"]
by_age = [total_2018 - teens - teens / 5, teens, teens / 5]
gap = value["population_0_11"] / by_age[0] - 1

children = fe.Population.from_frame(
    pd.DataFrame(
        [
            {
                "age": age,
                "sex": sex,
                "year": year,
                "count": number
                * part
                / (boys + girls)
                * value[f"population_0_17_{year}"]
                / total_2018,
            }
            for age, number in zip(ages, by_age, strict=True)
            for sex, part in (("male", boys), ("female", girls))
            for year in years
        ]
    )
)

# %%
# The route, with the steps that can be skipped: a teacher reports a child who told nobody, a
# child finds help without any report, Veilig Thuis arranges help without an investigation.
#
# Some of these transitions are rare. Their priors are stated on a logarithmic scale: beside small
# registers a Beta(1, k) counts as one more victim less for every report, and so pulled the
# survey's own answer down by 6% and the number imputed under 12 by 29%. Nobody asked children
# under 12 whether they tell or are reported as often as others: they may differ.
route = fe.Route(
    "happened",
    "told",
    "reported",
    "investigated",
    "helped",
    skips=[
        ("happened", "reported"),
        ("happened", "helped"),
        ("told", "helped"),
        ("reported", "helped"),
    ],
    unit="children",
    definition="severe hands-on violence",
)


def by_age(what: str) -> fe.Levels:
    """Return a difference from ages 12-16: odds within a factor of 4 either way."""
    prior = fe.Normal(0.0, 0.7, statement=f"nobody asked whether {what} as often at other ages")
    return fe.Levels("age", prior, reference=(12, 16))


transitions = {
    ("happened", "told"): fe.Share(
        fe.Beta(1, 1, statement="no opinion: the survey asked it"), by_age("children tell")
    ),
    ("happened", "reported"): fe.Share(
        fe.LogNormal.from_interval(
            0.0005, 0.05, statement="of those who told nobody, few are reported by others"
        ),
        by_age("children who told nobody are reported"),
    ),
    ("happened", "helped"): fe.Share(
        fe.LogNormal.from_interval(
            0.002, 0.3, statement="of those neither told nor reported, few are helped"
        )
    ),
    ("told", "reported"): fe.Share(
        fe.LogNormal.from_interval(
            0.002, 0.2, statement="most tell another child, which rarely leads to a report"
        ),
        by_age("children who told are reported"),
    ),
    ("told", "helped"): fe.Share(
        fe.LogNormal.from_interval(
            0.01, 0.5, statement="of those who told and were not reported, some find help"
        )
    ),
    ("reported", "investigated"): fe.Share(fe.Beta(1, 1, statement="no opinion")),
    ("reported", "helped"): fe.Share(fe.Beta(1, 1, statement="no opinion")),
    ("investigated", "helped"): fe.Share(fe.Beta(1, 1, statement="no opinion")),
}

# %%
# The survey. The sheet prints totals; that they come from the class-room survey of about 1,900
# pupils is an inference. It makes 7,800 boys and 13,000 girls some 14 and 25 pupils, of whom 28 had
# told. The pupils are of 22 schools, and how alike pupils of one school are is not known: it has a
# prior, by which 950 pupils are worth some 300 to 880.
asked = int(value["survey_size"])
per_sex = asked // 2
found = {
    "male": round(per_sex * value["happened_boys"] / boys),
    "female": round(per_sex * value["happened_girls"] / girls),
}
victims = sum(found.values())
told = round(victims * value["told_all"] / value["happened_all"])
schools = fe.Clustered(clusters=22, icc=fe.Shared("likeness within a school"))
behind = (
    "that the survey of about 1,900 pupils in 22 schools is behind this figure is an inference; "
    "that half of them are boys is assumed"
)
survey = [
    fe.Survey(
        name=f"pupils, {sex}",
        step="happened",
        yes=found[sex],
        n=per_sex,
        where={"age": (12, 16), "year": 2016, "sex": sex},
        source="vzinfo.nl; " + SHEET,
        statement=f"{total:,.0f} as printed is {found[sex]} of {per_sex}: " + behind,
        defects=[schools],
    )
    for sex, total in (("male", value["happened_boys"]), ("female", value["happened_girls"]))
]
survey.append(
    fe.Survey(
        name="told anyone",
        step="told",
        of="happened",
        yes=told,
        n=victims,
        where={"age": (12, 16), "year": 2016},
        source=SHEET,
        statement=f"{victims} victims among the pupils is derived from the printed totals",
        defects=[schools],
    )
)

# %%
# The registers count suspicions of any kind of sexual violence, at all ages, and the sheet
# calls them unreliable. Each defect is a part with a prior of its own; where a register counts
# something else than the route, a factor that bridges the two is obligatory. The sheet prints
# 950 and 960 for one register: both are kept, and the finer one is used (960 rounds to 950 in
# steps of 50). The Council's coverage and predictive value also hold for the children whose
# youth care was linked to its records: help that follows. Who was in care already before the
# investigation is not told apart by the sheet.
recent = {"year": (2017, 2018)}
SUSPICION = "any suspicion"
registers = [
    fe.Register(
        name="Veilig Thuis",
        step="reported",
        per="year",
        where=recent,
        source=SHEET,
        unit="reports",
        definition=SUSPICION,
        count=fe.Disagreeing(
            (fe.Rounded(value["reported_total"], to=50), fe.Rounded(value["reported_vt"], to=10)),
            use=1,
        ),
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
            fe.Overdispersion(
                fe.LogNormal.from_interval(
                    0.02, 0.2, statement="registration differs from year to year by some per cent"
                )
            ),
        ],
        statement="'reported' means reported to Veilig Thuis; the five other bodies are left out "
        "because nobody knows how far they see the same children",
    ),
    *(
        fe.Register(
            name=name,
            step=step,
            per="year",
            where=recent,
            source=SHEET,
            unit="children",
            definition=SUSPICION,
            count=fe.Rounded(value[figure], to=100),
            defects=[
                fe.Coverage(fe.Shared("coverage of the Council")),
                fe.PPV(fe.Shared("ppv of the Council"), definition=SUSPICION),
            ],
            statement=statement,
        )
        for name, step, figure, statement in (
            ("Council (RvdK)", "investigated", "investigated", "suspicions of any kind"),
            (
                "Council linked to youth care",
                ("investigated", "helped"),
                "helped_after_investigation",
                "help after the investigation: children who were in care already before it are "
                "taken not to be among these, which the sheet does not say",
            ),
        )
    ),
    fe.Total(
        name="youth care 2016",
        step="helped",
        estimate=value["helped_any"],
        interval=(9_500, 15_500),
        where={"year": 2016},
        source=SHEET,
        unit="youths in care",
        definition="any sexual violence",
        defects=[
            fe.Bridge(
                "stock of any kind per yearly severe case",
                fe.LogNormal.from_interval(
                    1.5,
                    15.0,
                    statement="youths in care in 2016 for sexual violence of any kind and "
                    "any year, where the route means help that year after a severe act that year",
                ),
                unit="youths in care",
                definition="any sexual violence",
            )
        ],
        statement="2.5-4.1% of youths in youth care, read as a 95% interval",
    ),
]
parameters = {
    "likeness within a school": fe.Beta.from_interval(
        0.002, 0.05, statement="correlations of 0.01 to 0.05 are usual for pupils within schools"
    ),
    "coverage of the Council": fe.Beta.from_interval(
        0.8, 0.99, statement="the Council registers nearly all its own investigations"
    ),
    "ppv of the Council": fe.Beta.from_interval(
        0.5, 0.95, statement="suspicions that the Council investigates are mostly severe"
    ),
}

# %%
# What no figure supports: the ages that nobody asked.
assumptions = [
    fe.Shift(
        ages=(0, 11),
        like=(12, 16),
        prior=fe.Normal.from_interval(-3.0, 0.0),
        statement="the yearly rate under 12 lies between a twentieth of that at 12-16 and the "
        "same, as retrospective surveys of first events suggest",
        source="De Graaf & Wijsen 2017, read second-hand: 5% of women and 2% of men before 12",
    ),
    fe.Shift(
        ages=(17, 17),
        like=(12, 16),
        prior=fe.Normal(0.0, 0.3),
        statement="age 17 is much like 12-16",
    ),
    fe.PopulationError(
        prior=fe.LogNormal(0.0, float(gap)),
        where={"age": (0, 11)},
        statement="the number of children under 12 is derived from sources that differ by 3%",
    ),
]
model = fe.Model(
    route,
    children,
    occurrence=fe.Rate(
        fe.LogNormal.from_interval(
            0.003,
            0.06,
            statement="yearly rates in youth surveys of "
            "severe sexual violence range from some per mille to 6%",
        ),
        fe.Levels("sex", fe.Normal(0.0, 1.0, statement="girls differ from boys by some factor")),
    ),
    transitions=transitions,
    evidence=[*survey, *registers],
    assumptions=assumptions,
    parameters=parameters,
)
print(model)

# %%
# Fit, and make all checks, once: what fails is a mark on every table, figure and page that is made
# of the checked result. Every interval names its probability and kind; what was imputed, carried
# over or assumed is labelled.
checks = fe.trust(fe.fit(model, seed=2018))
result = checks.result
print(checks)
print(result)
columns = ["median", "low", "high", "interval", "prior_median", "basis"]
steps = result.steps()
print(fe.as_text(steps, ["step", *columns]))
print(fe.as_text(result.steps({"age": (0, 11)}), ["step", *columns]))
table = result.transitions()
print(fe.as_text(table, ["from", "to", *columns]))

# %%
# The ledger of figures: how each was read, what is expected of it, what share of the records is
# estimated to be true cases, and what share of the true cases to be registered.
given = result.figures()
shown = ["source", "figure", "used", "expected", "residual", "cases_per_record", "registered_share"]
print(fe.as_text(given, shown))

# %%
# The naive ratios of the printed numbers, beside the share of people that they are taken for.
printed = {
    "happened": value["happened_all"],
    "told": value["told_all"],
    "reported": value["reported_total"],
    "investigated": value["investigated"],
    "helped": value["helped_after_investigation"],
}
why = {
    ("happened", "told"): "the same survey and ages: only the sample is small (39 victims)",
    ("told", "reported"): "told is of ages 12-16, reported of 0-17; suspicions are not cases, "
    "records are missing, and some are reported who told nobody",
    ("reported", "investigated"): "both rounded; both hold suspicions, in different shares",
    ("investigated", "helped"): "both rounded to 100: 100 of 300 is anything from 50 of 349 to "
    "149 of 250",
}
naive = table.set_index(["from", "to"]).loc[list(why)].reset_index()
errors = ["median_mc_error", "low_mc_error", "high_mc_error"]
naive = pd.DataFrame(
    {
        "transition": [f"{a} -> {b}" for a, b in why],
        "naive ratio": [printed[b] / printed[a] for a, b in why],
        "reconciled": naive["median"],
        "reconciled_mc_error": naive["median_mc_error"],
        **naive[["low", "low_mc_error", "high", "high_mc_error", "interval", "basis", "mark"]],
        "why they differ": why.values(),
    }
)
shown = [name for name in naive if name not in {"why they differ", "mark"}]
print(fe.as_text(naive, [name for name in shown if not name.endswith("_mc_error")]))
for transition, reason in zip(naive["transition"], why.values(), strict=True):
    print(f"  {transition}: {reason}")

# %%
# The figure: the estimated route beside the printed one.
figure = fe.plot.route(
    result,
    published={
        "happened": (printed["happened"], "ages 12-16, 2016"),
        "told": (printed["told"], "ages 12-16, 2016"),
        "reported": (printed["reported"], "ages 0-17"),
        "investigated": (printed["investigated"], "ages 0-17"),
        "helped": [
            (printed["helped"], "after investigation"),
            (value["helped_any"], "youth care 2016, any kind"),
        ],
    },
    title="Child victims of severe sexual violence, the Netherlands",
)

# %%
# What the registers change. The survey alone, with the same priors and assumptions, beside all
# figures together: at the ages that were asked the answer should be that of the survey. Both are
# expected numbers: a survey counts no people, and those of one period would differ by chance too.
alone = fe.fit(model.without(*(one.name for one in registers)), seed=2018)
ages = {"12-16, 2016": {"age": (12, 16), "year": 2016}, "0-11, yearly mean": {"age": (0, 11)}}
beside = pd.DataFrame(
    {
        "happened at": where,
        "from": of,
        **one.steps(ages[where], number="expected")
        .set_index("step")
        .loc["happened", ["number", *columns, *errors, "prior_median_mc_error", "mark"]]
        .to_dict(),
    }
    for where in ages
    for of, one in (("survey alone", alone), ("all figures", result))
)
print(fe.as_text(beside))

# %%
# A figure that clashes: of children under a supervision order 15% had no help within half a year.
# So 85% had, where 100 of 300 investigated is a third. Both can be true only where few of those
# investigated came under an order, or where help that had begun before the investigation is not in
# the 100. It is shown, and not used.
without_help = value["no_help_in_half_year"]
clash = result.quantities(
    {
        "share of those investigated who are helped": lambda q: q.transition(
            "investigated", "helped"
        ),
        "largest share of them that can be under an order": lambda q: (
            q.transition("investigated", "helped") / (1 - without_help)
        ),
    },
    basis=model.basis(of=("investigated", "helped")),
)
print(fe.as_text(clash, ["quantity", "median", "low", "high", "interval", "basis"]))

# %%
# The figures that were not used, and why; then the files.
unused = {
    "happened_all": "the sum of boys and girls",
    "reported_total": "the same register as the 960, printed as 950 one page before",
    "reported_csg": "overlap with Veilig Thuis unknown",
    "reported_helpwanted": "online violence; overlap unknown",
    "reported_comensha": "sexual exploitation; overlap unknown",
    "reported_education": "overlap unknown",
    "reported_health": "overlap unknown",
    "vt_investigations_2016": "investigations and not children, by another body; second-hand",
    "vt_investigations_before": "another period and another body",
    "no_help_in_half_year": "of children under a supervision order, a part of those investigated; "
    "see the clash above",
}
left_out = published.loc[list(unused), ["register", "value", "unit", "read"]].assign(
    reason=unused.values()
)
OUT.mkdir(exist_ok=True)
figure.savefig(OUT / "route.png", dpi=200)
figure.savefig(OUT / "route.svg")
for name, one in (
    ("steps", steps),
    ("transitions", table),
    ("naive", naive),
    ("survey_alone", beside),
    ("clash", clash),
    ("under_12", result.steps({"age": (0, 11)})),
    ("given", given),
    ("assumed", model.ledger_table()),
):
    one.to_csv(OUT / f"{name}.csv", index=False)
(OUT / "model.json").write_text(json.dumps(model.to_dict(), indent=1))
fe.report.page(
    result,
    OUT / "index.html",
    checks=checks,
    title="The route of child victims, the Netherlands 2017-2018",
    sections=[
        ("Printed ratios and reconciled shares", naive),
        ("The survey alone, and all figures together", beside),
        (
            "Under 12: imputed, nobody asked them",
            result.steps({"age": (0, 11)})[
                ["step", "number", *columns, *errors, "prior_median_mc_error"]
            ],
        ),
        (
            "A figure that clashes",
            [
                "Of children under a supervision order 15% had no help within half a year: 85% "
                "had. Of all who were investigated the printed figures make it a third. Both can "
                "be true only where few of them came under an order, or where help that had begun "
                "before the investigation is not counted.",
                clash[["quantity", "median", "low", "high", "interval", "basis", *errors]],
            ],
        ),
        ("Figures that were not used", left_out),
    ],
    figure=figure,
)
print(
    f"Figure: {OUT / 'route.png'}; page: {OUT / 'index.html'}; tables: {OUT}/*.csv; "
    f"the whole analysis as data: {OUT / 'model.json'}"
)
