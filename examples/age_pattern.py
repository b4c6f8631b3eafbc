"""
An age pattern from first events
================================

Adults who are asked when it first happened do tell something of the ages under 12 that nobody
asks. But what they tell is another quantity: *ever before an age*, of *first* events, years ago,
as far as they remember and say so. This script joins that to the yearly rate of 12-16, with each
step between the two as an assumption that has a prior, over single years of age.

It writes figures and a table to ``out/``.
"""

import math
from pathlib import Path

import pandas as pd

import funnelest as fe

OUT = Path("out")
value = fe.load_figures()["value"]
onset = fe.load_onset()
print(onset[["respondents", "n", "sex", "before_age", "percent", "definition", "read"]].to_string())

# %%
# Single years of age, 0-16: Statistics Netherlands gives bands, within which they are taken as
# equally large. Age 17 is left out, since no source is about it.
boys, girls = 513_000, 489_000
by_age = [value["population_0_11"] / 12] * 12 + [value["population_12_16"] / 5] * 5
children = fe.Population(
    {"age": list(range(17)), "sex": ["male", "female"]},
    [[people * part / (boys + girls) for part in (boys, girls)] for people in by_age],
)
route = fe.Route("happened", "told", definition="severe hands-on violence")

# %%
# What pupils of 12-16 say of one year.
pupils = [
    fe.Survey(
        name=f"pupils, {sex}",
        step="happened",
        total=value[f"happened_{plural}"],
        n=int(value["survey_size"]) // 2,
        deff=1.5,
        where={"age": (12, 16), "sex": sex},
        source="vzinfo.nl",
        statement="that the survey of about 1,900 pupils is behind this figure is an inference",
    )
    for sex, plural in (("male", "boys"), ("female", "girls"))
]

# %%
# What adults say of the time before 12 and before 16 (De Graaf & Wijsen 2017, second-hand). The
# percentages are whole: of some 8,500 women "5%" is anything between 383 and 467, a wider range
# than chance. What is between their answer and the route is in the list of defects.
DE_GRAAF = "De Graaf & Wijsen 2017, read second-hand (sozio.nl)"
share = onset["percent"] / 100
adults = [
    fe.OnsetSurvey(
        name=f"adults, {sex}",
        before={age: fe.Rounded(share[f"degraaf_{plural}_{age}"], to=0.01) for age in (12, 16)},
        n=17_000 // 2,
        where={"sex": sex},
        respondents=(18, 80),
        source=DE_GRAAF,
        statement="half of the 17,000 respondents are taken to be women",
        definition="sexual abuse",
        defects=[
            fe.Bridge(
                "abuse of any kind per severe hands-on",
                fe.Shared("abuse of any kind per severe hands-on"),
                definition="sexual abuse",
            ),
            fe.Recall(
                share=fe.Shared("recall"),
                statement="a part of the events of childhood is not reported decades later",
            ),
            fe.EarlierRate(
                prior=fe.Shared("earlier hazard over that of now"),
                statement="the respondents were young between the 1940s and the 2010s",
            ),
        ],
    )
    for sex, plural in (("male", "men"), ("female", "women"))
]
parameters = {
    "abuse of any kind per severe hands-on": fe.LogNormal.from_interval(
        0.7, 2.5, statement="the wording differs: from narrower to more than twice as wide"
    ),
    "recall": fe.Beta.from_interval(
        0.5, 0.95, statement="up to half of the events are not reported"
    ),
    "earlier hazard over that of now": fe.LogNormal.from_interval(
        0.6, 1.8, statement="no register or survey tells how it was then"
    ),
}

# %%
# How yearly victims and first events are joined: an assumption with a prior.
first_time = fe.FirstTime(
    share=fe.Beta.from_interval(
        0.2, 0.8, statement="it lasts from one to some five calendar years per victim"
    ),
    statement="of the victims of a year, between a fifth and four fifths were never one before",
)
print(first_time.sentence("en"))
print(first_time.sentence("nl"))

# %%
# Three smooth curves over age. A step of log(1.25) is 25% up or down from one year to the next.
step = fe.HalfNormal(math.log(1.25), statement="from one year of age to the next up to some 50%")
bend = fe.HalfNormal(math.log(1.1), statement="the slope itself changes slowly")
slope = fe.Normal(0.0, 0.2, statement="up to 50% a year at age 8, in either direction")
curves = {
    "random walk, order 1": fe.RandomWalk("age", step),
    "random walk, order 2": fe.RandomWalk("age", bend, order=2, trend=slope),
    "P-spline, knots 4 years apart": fe.Spline("age", step, spacing=4),
}


def model(curve, evidence):
    """Return the model with this curve over age and this evidence."""
    return fe.Model(
        route,
        children,
        occurrence=fe.Rate(
            fe.LogNormal.from_interval(0.001, 0.06, statement="some per mille to 6%"),
            fe.Levels("sex", fe.Normal(0.0, 1.0, statement="girls differ from boys")),
            curve,
        ),
        transitions={("happened", "told"): fe.Share(fe.Beta(1, 1, statement="not looked at"))},
        evidence=evidence,
        assumptions=[first_time],
        parameters=parameters,
    )


# %%
# The same figures under the three curves. Everything under 12 is imputed: of these ages only
# first events are known, and the rest is conversion.
UNDER = {"age": (0, 11)}
rows, fits = [], {}
for name, curve in curves.items():
    fits[name] = fe.fit(model(curve, [*pupils, *adults]), seed=12, progress=False)
    print(name, "-", fits[name].gate.text)
    found = fits[name].first_events(UNDER, before=[12])
    rows.append(found.assign(curve=name))
table = pd.concat(rows)
shown = ["curve", "quantity", "unit", "median", "low", "high", "interval", "basis"]
print(fe.as_text(table, shown))

# %%
# What was told and what was assumed: the factors between first events and yearly rates keep
# nearly the priors that they had, so the number under 12 is as wide as they are.
main = fits["random walk, order 1"]
names = ["first time", *parameters]
known = main.parameters().set_index("parameter").loc[names]
print(fe.as_text(known, ["prior", "median", "low", "high", "prior_low", "prior_high"]))
print(fe.as_text(main.figures(), ["source", "of", "figure", "expected", "residual"]))

# %%
# A Swedish survey gives the mean age at the first event (Edgardh & Ormstad 2000: 9.0 years among
# girls, SD 3.9, without abuse by peers). It says how first events are spread over ages, and
# nothing of how many there are. Another country and a narrower definition: it is tried beside the
# Dutch shares here, and not used above. The residuals say whether they go together.
asked, percent = onset.loc["edgardh_f", ["n", "percent"]]
swedish = fe.OnsetAge(
    name="Edgardh, girls",
    before=17,
    n=round(asked / 2 * percent / 100),
    mean=9.0,
    sd=3.9,
    where={"sex": "female"},
    source=onset.loc["edgardh_f", "source"],
    statement="half of the respondents are taken to be girls",
)
together = fe.fit(
    model(curves["random walk, order 1"], [*pupils, *adults, swedish]), seed=12, progress=False
)
print(fe.as_text(together.figures(), ["source", "of", "figure", "expected", "residual"]))

# %%
# The curve: yearly rate, and ever before each age.
figure = fe.plot.ages(
    main, where={"sex": "female"}, title="Girls: what first events and a survey of 12-16 imply"
)
OUT.mkdir(exist_ok=True)
figure.savefig(OUT / "age_pattern.png", dpi=200)
table.to_csv(OUT / "age_pattern.csv", index=False)
print(f"Figure: {OUT / 'age_pattern.png'}; table: {OUT / 'age_pattern.csv'}")
