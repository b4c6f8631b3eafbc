"""What axes hold: declared, or what their names and their levels both say."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import funnelest as fe
from funnelest.axes import Axis, read_level, show_level
from funnelest.words import Language

# ----------------------------------------------------------------- bands as printed

PRINTED = {
    (0, 11): ["0-11", "0\u201311", "0 - 11", "0\u201411 years", "under 12", "Under 12 years", "<12",
              "< 12", "tot 12", "onder 12", "tot 12 jaar", "jonger dan 12", "younger than 12",
              "below 12", "0 tot 12 jaar", "0 t/m 11 jaar", "t/m 11", "<=11", "\u226411", "Y_LT12",
              "Y0-11"],
    (12, 17): ["12-17", "12 tot 18", "12 tot 18 jaar", "12 jaar tot 18 jaar", "Y12-17",
               "12 t/m 17 jaar"],
    (65, None): ["65+", "65 +", "65+ jaar", "65 and over", "65 or older", "65 years or over",
                 "65 years and older", "65 jaar of ouder", "65 jaar en ouder", "65 of ouder",
                 "Y_GE65", ">=65", "\u226565"],
    12: ["12", " 12 ", "12 jaar", "12 years", "Y12", "12-12", "12 tot 13 jaar"],
    0: ["under 1", "0 tot 1 jaar", "Y_LT1", "0"],
    None: ["north", "", "total", "TOTAL", "Y", "Y_LT", ">65", "over 65", "12 to 18", "twaalf", "-5",
           "12.5", "1e3", "65++", "Totale bevolking van 12 jaar en ouder", "0-", "-11", "tot"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "level"), [(text, level) for level, texts in PRINTED.items() for text in texts]
)
def test_what_is_printed_is_read(text, level):
    assert read_level(text) == level
    if level is not None:
        assert read_level(show_level(level)) == level
        people = fe.Population(
            {"x": [(0, 11), 12, (13, 17), (18, 64), (65, None)]}, [1, 2, 4, 8, 16]
        )
        if level != 0:
            assert (
                people.total({"x": text}) == {(0, 11): 1, (12, 17): 6, (65, None): 16, 12: 2}[level]
            )


def test_an_open_band_has_a_top_that_is_kept():
    people = fe.Population({"x": ["0-64", "65 and over"]}, [5, 3], ages="x")
    assert people.axes[0].levels == ((0, 64), (65, None))
    assert people.axes[0].open == (65, None)
    assert "x (ages): 0-64, 65+;" in repr(people)
    for wanted in ("65+", (65, None), "65 jaar of ouder", ["65+"]):
        assert people.total({"x": wanted}) == 3
    assert people.total({"x": "0+"}) == people.total({"x": (0, None)}) == 8
    for wanted, words in {
        (65, 120): "65-120 on axis 'x' cuts the band 65+",
        (70, None): "70+ on axis 'x' cuts the band 65+",
        "under 70": "0-69 on axis 'x' cuts the band 65+",
        "60+": "60+ on axis 'x' cuts the band 0-64",
        (None, 64): "is not a level",
    }.items():
        (text,) = people.problems_in({"x": wanted})
        assert words in text
    young = fe.Population({"x": [0, 1, 2]}, [1, 1, 1])
    assert "is not covered" in young.problems_in({"x": "1+"})[0]
    gap = fe.Population({"x": [0, 2, (4, None)]}, [1, 1, 1])
    assert "is not covered" in gap.problems_in({"x": "2+"})[0]
    assert fe.Population.from_dict(json.loads(json.dumps(people.to_dict()))) == people


# ----------------------------------------------------------------- roles


def roles(axes, **declared):
    made = fe.Population.cells(axes, **declared)
    return tuple(None if one is None else one.name for one in (made.ages, made.years, made.regions))


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ({"age": ["a", "b"], "year": ["c"]}, (None, None, None)),
        ({"year": [0, 1], "age": [2016, 2017]}, (None, None, None)),
        ({"age": ["0-11", "12+"], "y": ["m", "f"]}, ("age", None, None)),
        ({"x": ["0-11", "12+"], "y": ["m", "f"]}, (None, None, None)),
        ({"year": [2016]}, (None, "year", None)),
        ({"x": [2016]}, (None, None, None)),
        ({"born": [2016, 2017], "jaar": [2016]}, (None, "jaar", None)),
        ({"jaar": [1899, 1900]}, (None, None, None)),
        ({"jaar": [2100, 2101]}, (None, None, None)),
        ({"age": [(0, 60), (61, 121)]}, (None, None, None)),
        ({"age": [(100, 120)]}, ("age", None, None)),
        ({"age": [-1, 0]}, (None, None, None)),
        ({"year": [(2000, None)]}, (None, None, None)),
        ({"age": [0, 1], "leeftijd": [3, 4]}, (None, None, None)),
        ({"year": [2000], "jaar": [2001], "age": [5]}, ("age", None, None)),
        ({"region": ["1", "2", "3"]}, (None, None, None)),
        ({"age": ["0", "1", "2"]}, (None, None, None)),
        ({"age": ["0", "1", "2+"]}, ("age", None, None)),
        ({"jaar": ["2021", "2022*"]}, (None, "jaar", None)),
        ({"jaar": ["2021", "2022"]}, (None, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_what_names_and_levels_say(axes, expected):
    assert roles(axes) == expected


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"ages": "age"}, ("age", None, None)),
        ({"ages": "alter", "regions": "age"}, ("alter", None, "age")),
        ({"no_role": "age"}, ("alter", None, None)),
        ({"no_role": ["age"]}, ("alter", None, None)),
        ({"no_role": ("age", "alter")}, (None, None, None)),
        ({"regions": "alter"}, ("age", None, "alter")),
        ({"years": "alter"}, ("age", "alter", None)),
    ],
)
def test_what_is_declared_goes_first(declared, expected):
    assert roles({"age": [0, 1], "alter": [3, 4]}, **declared) == expected
    made = fe.Population({"age": [0, 1], "alter": [3, 4]}, [[1, 1], [1, 1]], **declared)
    again = fe.Population.from_dict(json.loads(json.dumps(made.to_dict())))
    assert again == made
    assert again != fe.Population({"age": [0, 1], "alter": [3, 4]}, [[1, 1], [1, 1]])
    frame = pd.DataFrame({"age": [0, 0, 1, 1], "alter": [3, 4, 3, 4], "count": [1, 1, 1, 1]})
    assert fe.Population.from_frame(frame, **declared) == made


def test_texts_are_read_where_the_axis_is_declared():
    years = fe.Population({"Perioden": ["2021", "2022*"]}, [1, 2], years="Perioden")
    assert years.years.levels == (2021, 2022)
    assert fe.Population({"x": ["0", "1"]}, [1, 2], ages="x").ages.levels == (0, 1)
    assert fe.Population({"x": ["0-1", "2+"]}, [1, 2], no_role="x").axes[0].levels == ("0-1", "2+")
    assert fe.Population({"x": ["1-2", "3-4"]}, [1, 2], regions="x").axes[0].levels[0] == "1-2"
    frame = pd.DataFrame({"lft": ["12 - 16", "Y_LT12", "12-16", "under 12"], "sex": list("mmff"),
                          "count": [2, 1, 4, 3]})  # fmt: skip
    people = fe.Population.from_frame(frame, ages="lft")
    assert people.ages.levels == ((0, 11), (12, 16))
    assert people.counts.tolist() == [[1, 3], [2, 4]]
    codes = pd.DataFrame({"gemeente": ["0363", "0344"], "count": [2, 1]})
    assert fe.Population.from_frame(codes).axes[0].levels == ("0363", "0344")


@pytest.mark.parametrize(
    ("axes", "declared", "parts"),
    [
        ({"x": [1]}, {"ages": "leeftijd"}, ["ages names axis 'leeftijd'; the axes are: x."]),
        ({"x": [1]}, {"no_role": ["y", "x", "x"]},
         ["no_role names axis 'y'", "'x' is declared twice, as no_role and no_role"]),
        ({"x": [1]}, {"ages": "x", "years": "x"}, ["'x' is declared twice, as ages and years."]),
        ({"x": [1]}, {"ages": 3}, ["ages names axis 3"]),
        ({"x": [1]}, {"no_role": 3}, ["no_role must name axes; given 3"]),
        ({"x": ["young", "12+"]}, {"ages": "x"}, ["'young' is not read as one", "under 12, 65+"]),
        ({"x": ["12+", "2016"]}, {"years": "x"}, ["'12+' is not read as one", "hold years"]),
        ({"x": [2016]}, {"ages": "x"}, ["ages, which lie within 0 and 120; it has 2016"]),
        ({"x": [(2016, None)]}, {"years": "x"}, ["2016+ is no band of years"]),
        ({"x": [(1998, 2003), 2004]}, {"years": "x"}, ["1998-2003 is a band of several"]),
        ({"jaar": ["2014-2015", "2016-2017"]}, {}, ["2014-2015 is a band of several"]),
        ({"x": ["a"], "y": ["b"]}, {"ages": "x", "years": "y", "regions": "z"},
         ["'a' is not read", "'b' is not read", "regions names axis 'z'"]),
        ({"x": ["0-5", "under 6"]}, {}, ["names a level twice"]),
        ({"x": ["0-5", "5+"]}, {}, ["the bands 0-5 and 5+ overlap"]),
        ({"x": ["65+", "70+"]}, {}, ["the bands 65+ and 70+ overlap"]),
        ({"x": [(0, 5), "old"]}, {}, ["mixes names and numbers"]),
    ],
)  # fmt: skip
def test_what_cannot_be_declared(axes, declared, parts):
    shape = [len(levels) for levels in axes.values()]
    for made in (
        lambda: fe.Population(axes, np.ones(shape), **declared),
        lambda: fe.Population.cells(axes, **declared),
    ):
        with pytest.raises(fe.SpecError) as caught:
            made()
        for part in parts:
            assert part in str(caught.value)


def test_how_a_population_shows_itself():
    ages, years = {"leeftijd": [0, 1]}, {"jaar": [2016, 2017]}
    assert (
        repr(fe.Population(ages, [1, 2]))
        == "Population(leeftijd (ages): 0, 1; 3 people in 2 cells)"
    )
    two = fe.Population({**ages, **years}, [[1, 2], [3, 4]])
    both = "leeftijd (ages): 0, 1; jaar (years): 2016, 2017; 10 person-years in 4 cells"
    assert repr(two) == f"Population({both})"
    assert repr(fe.Population({"jaar": [2016]}, [7])) == "Population(jaar (years): 2016; 7 people)"
    assert repr(fe.Population({}, 1000)) == "Population(one cell; 1,000 people)"


# ----------------------------------------------------------------- the same model, other names

ENGLISH = {"age": "age", "year": "year", "sex": "sex"}
NAMES = {
    "Dutch": {"age": "leeftijd", "year": "jaar", "sex": "geslacht"},
    "German": {"age": "Altersgruppe", "year": "Jahr", "sex": "Geschlecht"},
    "swapped": {"age": "year", "year": "age", "sex": "region"},
    "code": {"age": "V1", "year": "V2", "sex": "V3"},
}
BANDS = {
    "pairs": [(0, 5), (6, 11), (12, 17), (18, None)],
    "dashes": ["0\u20135", "6 - 11", "12-17", "18+"],
    "words": ["under 6", "6-11 years", "12-17 years", "18 years and over"],
    "StatLine": ["tot 6 jaar", "6 tot 12 jaar", "12 tot 18 jaar", "18 jaar of ouder"],
    "Eurostat": ["Y_LT6", "Y6-11", "Y12-17", "Y_GE18"],
}


def made(names=ENGLISH, bands="pairs", where="pairs", **declared):
    """Return a model with every use of an age and a year, under other names and prints."""
    bands, chosen = BANDS[bands], BANDS[where]
    age, year, sex = (names[one] for one in ("age", "year", "sex"))
    counts = np.arange(1.0, 17.0).reshape(2, 4, 2) * 1000
    if names in (NAMES["swapped"], NAMES["code"]):
        declared = {"ages": age, "years": year, **declared}
    people = fe.Population({year: [2016, 2017], age: bands, sex: ["m", "f"]}, counts, **declared)
    statement = {"statement": "s"}
    return fe.Model(
        fe.Route("happened", "told"), people,
        fe.Rate(fe.Beta(2, 60), fe.Levels(sex), fe.ChangePoint(year, 2017)),
        {("happened", "told"): fe.Share(
            fe.PerLevel(age, dict(zip(chosen, [fe.Beta(2, 3), 0.4, 0.5, 0.6], strict=True))))},
        [
            fe.Survey("pupils", step="happened", yes=30, n=900, where={age: chosen[2]}),
            fe.Survey("adults", step="happened", yes=12, n=900, where={age: [chosen[3]]}),
            fe.Register("register", step="told", by=age, where={year: 2017},
                        count=dict(zip(chosen, [1, 2, 3, 4], strict=True))),
            fe.OnsetSurvey(name="onset", before=6, yes=9, n=500),
        ],
        [
            fe.Shift(ages=chosen[0], like=chosen[2], prior=fe.Normal(0, 1), **statement),
            fe.Bounds(ages=chosen[1], lower=9, upper=90, numbers=True, **statement).ends(people)[
                "upper"
            ],
            fe.FirstTime(share=0.5, **statement),
        ],
    )  # fmt: skip


def translated(text, names):
    """Return a text with what stands for each axis in place of its name, each but once."""
    meant = {own: f"<{one}>" for one, own in names.items()}
    return re.sub(r"\w+", lambda found: meant.get(found[0], found[0]), text)


def parameters(model, names):
    """Return the names of the parameters: an axis stands before = or after "from"."""
    found = [
        re.sub(r"\w+(?==)|(?<=\[from )\w+", lambda x: translated(x[0], names), one)
        for one in model.free
    ]
    return dict(zip(found, model.free, strict=True))


CASES = [
    *((names, "pairs", "pairs") for names in NAMES),
    *(("Dutch", bands, "pairs") for bands in BANDS),
    *(("German", "pairs", where) for where in BANDS),
    ("swapped", "StatLine", "Eurostat"),
]


@pytest.mark.parametrize(("names", "bands", "where"), CASES)
def test_the_same_model_under_other_names_gives_the_same(names, bands, where):
    plain, other = made(), made(NAMES[names], bands, where)
    own = NAMES[names]
    assert other.population.ages.name == own["age"]
    assert other.population.years.name == own["year"]
    names_of = parameters(other, own)
    assert list(names_of) == list(parameters(plain, ENGLISH))
    rng = np.random.default_rng(1)
    values = {name: prior.sample(rng, 5) for name, prior in plain.free.items()}
    renamed = dict(zip(names_of.values(), values.values(), strict=True))
    one, two = fe.Quantities(plain, values), fe.Quantities(other, renamed)
    for look in (
        lambda q, age, year: q.number("told", per="auto"),
        lambda q, age, year: q.number("happened", {age: "12+"}, per=year),
        lambda q, age, year: q.flow("happened", "told", {year: 2016}),
        lambda q, age, year: q.ever_before(15.5),
        lambda q, age, year: q.first_events({age: (0, 11)}),
    ):
        expected = look(one, "age", "year")
        np.testing.assert_array_equal(look(two, own["age"], own["year"]), expected)
    for asked, again in zip(plain.evidence, other.evidence, strict=True):
        for x, y in zip(asked.observations(one), again.observations(two), strict=True):
            np.testing.assert_array_equal(x.logp(), y.logp())
    assert fe.Model.from_dict(json.loads(json.dumps(other.to_dict()))) == other


@pytest.mark.parametrize("bands", BANDS)
@pytest.mark.parametrize("names", ["Dutch", "German"])
def test_the_ledger_of_the_same_model_says_the_same(names, bands):
    """Beside names that are no words of the sentences."""
    plain, other = (
        [{k: translated(str(v), NAMES[one]) for k, v in vars(line).items()} for line in lines]
        for one, lines in (
            ("code", made(NAMES["code"]).ledger()), (names, made(NAMES[names], bands).ledger())
        )
    )  # fmt: skip
    plain, other = (
        [line for line in lines if not line["about"].startswith("axis ")]
        for lines in (plain, other)
    )
    assert plain == other
    assert any("<age>" in line["about"] for line in plain)


def test_two_years_on_any_axis_are_a_mean_over_years():
    """9,791 a year, and not 19,582, whatever the axis is called."""

    def fitted(name):
        people = fe.Population({name: [2016, 2017]}, [120_000, 118_000])
        model = fe.Model(
            fe.Route("happened", "told"), people, fe.Rate(fe.Beta(9, 200)),
            {("happened", "told"): fe.Share(fe.Beta(4, 4))},
            [fe.Register("r", step="told", count=fe.Rounded(1_950, to=50), where={name: 2017}),
             fe.Unlinked("u", overlap=fe.Beta(1, 1, statement="unknown"),
                         registers=[fe.Register(x, step="told", count=900) for x in "ab"])],
        )  # fmt: skip
        return fe.fit(model, engine="importance", draws=400, seed=1, progress=False)

    plain, other = fitted("year"), fitted("jaar")
    assert "per year, mean over 2016-2017" in plain.steps()["unit"][0]
    for table in ("steps", "flows", "transitions", "shares", "parameters", "distinct", "figures"):
        pd.testing.assert_frame_equal(getattr(plain, table)(), getattr(other, table)())
    assert repr(replace(plain, seconds=0.0)) == repr(replace(other, seconds=0.0))
    summed = other.steps(per=None)
    np.testing.assert_allclose(summed["median"], 2 * other.steps()["median"])
    one = other.steps({"jaar": 2016})
    assert one["unit"][0] == "people, year 2016"
    pd.testing.assert_frame_equal(one, plain.steps({"year": 2016}))
    pd.testing.assert_frame_equal(other.steps(per="jaar"), other.steps())
    for table in (other.steps, other.flows, other.distinct):
        with pytest.raises(fe.SpecError, match="per names axis 'year'; the population's axes are"):
            table(per="year")
    english, dutch = fe.plot.route(plain), fe.plot.route(other)
    words = [[text.get_text() for text in figure.findobj(plt.Text)] for figure in (english, dutch)]
    assert [text.replace("jaar", "year") for text in words[1]] == words[0]
    plt.close("all")


def test_two_axes_of_years_are_asked_about():
    axes = {"calendar year": [1990, 1991], "jaar": [2016, 2017]}
    counts = [[900, 900], [900, 900]]
    with pytest.raises(fe.SpecError) as caught:
        fe.Model(fe.Route("a", "b"), fe.Population(axes, counts), fe.Rate(0.1))
    (text,) = caught.value.problems
    assert "the axes 'calendar year' and 'jaar' could each hold years" in text
    assert "years='calendar year'" in text
    assert "no_role='jaar'" in text
    for declared in ({"years": "jaar"}, {"no_role": "calendar year"}):
        people = fe.Population(axes, counts, **declared)
        model = fe.Model(fe.Route("a", "b"), people, fe.Rate(0.1))
        q = fe.Quantities(model, {"a -> b": np.full(2, 0.5)})
        np.testing.assert_allclose(q.number("a", per="auto"), 180)
    people = fe.Population(axes, counts, no_role=["calendar year", "jaar"])
    model = fe.Model(fe.Route("a", "b"), people, fe.Rate(0.1))
    q = fe.Quantities(model, {"a -> b": np.full(2, 0.5)})
    np.testing.assert_allclose(q.number("a", per="auto"), 360)
    with pytest.raises(fe.SpecError, match="per names axis 'year'"):
        q.number("a", per="year")


def test_an_assumption_asks_which_axis_holds_ages():
    shift = fe.Shift(ages=(0, 1), like=(2, 3), prior=0.0, statement="s")
    first = fe.FirstTime(share=0.5, statement="s")
    onset = fe.OnsetSurvey(name="o", before=2, yes=3, n=30)
    both = fe.Population({"a": [0, 1, 2, 3], "wave": [0, 1, 2, 3]}, np.ones((4, 4)))
    none = fe.Population({"sex": ["m", "f"]}, [9, 9])
    for people, times, part in (
        (both, 1, "the axes 'a' and 'wave' could each hold ages"),
        (none, 3, "no axis of the population is known to hold ages; its axes are: sex"),
    ):
        with pytest.raises(fe.SpecError) as caught:
            fe.Model(fe.Route("a", "b"), people, fe.Rate(0.1), {}, [onset], [shift, first])
        assert sum(part in text for text in caught.value.problems) == times


# ----------------------------------------------------------------- where an end matters


def refused(people, occurrence=None, evidence=(), assumptions=()):
    occurrence = fe.Rate(fe.Beta(1, 9)) if occurrence is None else occurrence
    with pytest.raises(fe.SpecError) as caught:
        fe.Model(fe.Route("a", "b"), people, occurrence, {}, evidence, assumptions)
    return "\n".join(caught.value.problems)


OPEN = fe.Population({"leeftijd": ["0-29", "30-64", "65+"]}, [30, 35, 20])
FIRST = fe.FirstTime(share=0.2, statement="s")


@pytest.mark.parametrize(
    "term",
    [fe.RandomWalk("leeftijd", 0.1), fe.Spline("leeftijd", 0.1, spacing=20)],
    ids=["walk", "spline"],
)
def test_a_smooth_term_needs_an_end(term):
    text = refused(OPEN, fe.Rate(fe.Beta(1, 9), term))
    assert "65+ on axis 'leeftijd' has no end, and so no distance" in text
    closed = fe.Population({"leeftijd": ["0-29", "30-64", "65-99"]}, [30, 35, 20])
    assert fe.Model(fe.Route("a", "b"), closed, fe.Rate(fe.Beta(1, 9), term))


def test_what_else_needs_an_end():
    walk = fe.Extrapolate(ages="65+", like=(30, 64), factor=1.1, statement="s")
    assert "field 'ages': 65+ has no end" in refused(OPEN, assumptions=[walk])
    both = fe.Extrapolate(ages=(30, None), like=(0, 29), factor=1.1, statement="s")
    assert "field 'ages': 30+ has no end" in refused(OPEN, assumptions=[both])
    down = fe.Extrapolate(ages=(0, 64), like="65+", factor=1.1, statement="s")
    assert "field 'like': 65+ has no end" in refused(OPEN, assumptions=[down])
    onset = fe.OnsetSurvey(name="o", before=80, yes=3, n=30)
    text = refused(OPEN, evidence=[onset], assumptions=[FIRST])
    assert "ends at 64, before 65+, without an end; at most 65" in text
    hazard = fe.Hazard(fe.Beta(1, 9))
    single = fe.Population({"x": [0, 1, 2, (3, None)]}, [9, 9, 9, 9], ages="x")
    assert "needs single years of x" in refused(single, hazard, assumptions=[FIRST])


def test_first_events_before_an_age_stop_where_the_open_band_begins():
    model = fe.Model(
        fe.Route("a", "b"), OPEN, fe.Rate(0.01), {("a", "b"): fe.Share(0.5)}, assumptions=[FIRST]
    )
    q = fe.Quantities(model, {})
    np.testing.assert_allclose(q.ever_before(65), 65 * 0.01 * 0.2)
    np.testing.assert_allclose(q.ever_before(np.array([200.0])), q.ever_before(65))
    with pytest.raises(fe.SpecError, match=r"between 0 and 65, where 65\+ begins; given 66"):
        q.ever_before(66)


def test_the_figure_of_ages_names_an_open_band():
    survey = fe.Survey("s", step="a", yes=30, n=900, among=False)
    model = fe.Model(fe.Route("a", "b"), OPEN, fe.Rate(fe.Beta(1, 9)), {}, [survey], [FIRST])
    result = fe.fit(model, engine="importance", draws=400, seed=1, progress=False)
    figure = fe.plot.ages(result)
    assert len(figure.axes) == 2
    for ax in figure.axes:
        assert "65+" in [text.get_text() for text in ax.texts]
        assert ax.get_xlim() == (0, 100)
    assert figure.axes[-1].get_xlabel() == "leeftijd"
    plt.close(figure)


# ----------------------------------------------------------------- words for readers


@pytest.mark.parametrize(
    ("name", "role", "dutch"),
    [("age", "ages", "leeftijd"), ("year", "years", "jaar"), ("region", "regions", "regio"),
     ("age", None, "age"), ("year", "ages", "year"), ("Alter", "ages", "Alter"),
     ("sex", None, "sex"), ("people", None, "people")],
)  # fmt: skip
def test_a_name_is_translated_by_what_the_axis_holds(name, role, dutch):
    axis = Axis(name, (1, 2), role)
    assert Language("nl").axis(axis) == dutch
    assert Language("en").axis(axis) == name


def test_a_unit_follows_the_role():
    people = fe.Population({"Jahr": [2016, 2017], "maand": ["jan", "feb"]}, np.ones((2, 2)))
    nl = Language("nl")
    assert nl.unit(people, None, "Jahr") == "personen per jaar, gemiddelde over 2016\u20132017"
    assert nl.unit(people, {"Jahr": 2016}, "Jahr") == "personen, jaar 2016"
    assert "per maand" in nl.unit(people, None, "maand")


#: Axes that may hold years or ages, but not beyond doubt; what is asked of them; who was asked.
DOUBTFUL = {
    "years as texts": ({"y": ["2017", "2018"]}, "years", {}),
    "school years": ({"y": ["2017/18", "2018/19"]}, "years", {}),
    "a provisional year": ({"y": ["2017", "2018p"]}, "years", {}),
    "years of another century": ({"y": [1850, 1851]}, "years", {}),
    "years beyond 2100": ({"y": [2017, 2101]}, "years", {}),
    "years beside codes": ({"y": ["2017", "2018"], "postcode": [2011, 2012]}, "years", {}),
    "a top code": ({"a": [(0, 11), (12, 999)]}, "ages", {"a": (0, 11)}),
    "ages beyond 120": ({"a": list(range(125))}, "ages", {"a": (0, 11)}),
    "an unborn age": ({"a": [(-1, 11), (12, 16)]}, "ages", {"a": (12, 16)}),
    "a band in words": ({"a": ["0 to 11", "12 to 16"]}, "ages", {"a": "12 to 16"}),
    "an age that is not known": ({"a": ["0-11", "12-16", "onbekend"]}, "ages", {"a": "12-16"}),
    "digits alone": ({"a": ["0", "12"]}, "ages", {"a": "12"}),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_in_doubt_is_asked(name):
    axes, role, where = DOUBTFUL[name]
    shape = [len(levels) for levels in axes.values()]
    survey = fe.Survey("s", step="a", yes=10, n=100, where=where)

    def made(**roles):
        people = fe.Population(axes, np.full(shape, 1000), **roles)
        return fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)), evidence=[survey])

    first = next(iter(axes))
    with pytest.raises(fe.SpecError, match=f"hold {role}: say in the population") as caught:
        made()
    assert f"{role}={first!r}" in str(caught.value)
    assert made(no_role=list(axes)).population.mean_over("auto") is None


@pytest.mark.parametrize("counts", [["1.000", "2.500"], [True, False], [None, 1], ["3", 4]])
def test_counts_are_numbers(counts):
    """A text is not read as one: 1.000 is a thousand to some."""
    with pytest.raises(fe.SpecError, match="must be a number"):
        fe.Population({"g": ["a", "b"]}, counts)
    import pandas as pd

    with pytest.raises(fe.SpecError, match="must be a number"):
        fe.Population.from_frame(pd.DataFrame({"g": ["a", "b"], "count": counts}))


@pytest.mark.parametrize("where", ["", 0.0, False, []])
def test_only_none_and_nothing_named_are_all(where):
    with pytest.raises(fe.SpecError, match="must be a mapping"):
        fe.Population({"g": ["a", "b"]}, [1, 2]).select(where)


@pytest.mark.parametrize("term", [fe.Levels, lambda axis, **k: fe.RandomWalk(axis, 0.1, **k)])
def test_a_reference_is_read_as_levels_are(term):
    people = fe.Population({"lft": ["0-11", "12-16"]}, [1, 1])

    def rate(reference):
        return fe.Rate(fe.Beta(1, 9), term("lft", reference=reference))

    printed, pair = rate("12-16"), rate((12, 16))
    assert printed.problems(people) == pair.problems(people) == []
    assert list(printed.parameters("r", people)) == list(pair.parameters("r", people))
    assert rate("12-17").problems(people)
    assert people.total({"lft": ("0-11", "12-16")}) == people.total({"lft": (0, 16)}) == 2
