"""Which cells are asked about, and of which ages nobody says anything."""

from __future__ import annotations

import json

import numpy as np
import pytest

import funnelest as fe
from funnelest.model.unasked import asked_cells, first_event_cells, shared_over

BANDS = [(0, 5), (6, 11), (12, 16)]
YEARS = [2016, 2017]
ROUTE = fe.Route("a", "b", "c")


def population(age="age", counts=None, bands=BANDS):
    shape = (2, len(bands), 2)
    counts = np.full(shape, 1000.0) if counts is None else counts
    return fe.Population({"year": YEARS, age: bands, "sex": ["m", "f"]}, counts)


PEOPLE = population()
CONSTANT = fe.Rate(fe.Beta(1, 30))
BY_SEX = fe.Rate(fe.Beta(1, 30), fe.Levels("sex"))
BY_YEAR = fe.Rate(fe.Beta(1, 30), fe.Levels("year"))
FIRST = fe.FirstTime(share=0.5, statement="two years on average")


def model_of(*evidence, occurrence=CONSTANT, people=PEOPLE, assumptions=()):
    return fe.Model(ROUTE, people, occurrence, evidence=evidence, assumptions=assumptions)


def missing(*evidence, **parts):
    """Return the ages that are said to be asked by nobody; none when the model is accepted."""
    try:
        model_of(*evidence, **parts)
    except fe.SpecError as error:
        (text,) = error.problems
    else:
        return None
    ages, _, rest = text.partition(": no source asks about 'a' at these ages")
    assert rest, text
    return ages


def survey(name="pupils", step="a", **where):
    # Of as many at another step it is asked whether they are the same people.
    return fe.Survey(name, step=step, share=0.02, n=900 + (step != "a"), where=where, among=False)


def register(name="register", step="a", **fields):
    return fe.Register(name, **{"step": step, "count": 90, **fields})


def total(**where):
    return fe.Total("total", step="a", estimate=900, se=90, where=where)


def onset(before=12, **where):
    return fe.OnsetSurvey(name="onset", before=before, yes=7, n=400, where=where)


def number(q):
    return q.number("a", {"age": (0, 11)})


def own(**fields):
    return fe.OwnPoisson("own", quantity=number, count=30, **fields)


def joint(*asked):
    return fe.JointSurvey("joint", asked=asked, se=[0.002] * len(asked), correlation=0.3)


PUPILS = survey(age=(12, 16))

# ------------------------------------------------------------------- what a source sees

SEES = {
    "survey": (survey(age=(12, 16), sex="f"), [{"age": (12, 16), "sex": "f"}]),
    "survey of a later step": (survey(step="b", year=2016), [{"year": 2016}]),
    "survey of those in a step": (
        fe.Survey("s", step="b", of="a", yes=3, n=30, where={"age": (12, 16)}), [],
    ),
    "joint survey": (
        joint(
            fe.Asked(step="a", share=0.02, where={"age": (6, 11)}),
            fe.Asked(step="c", share=0.01, where={"sex": "f"}),
            fe.Asked(step="b", of="a", share=0.3, where={"age": (0, 5)}),
        ),
        [{"age": (6, 11)}, {"sex": "f"}],
    ),
    "cohort": (fe.Cohort("c", of="a", step="b", yes=3, n=30), []),
    "register": (register(where={"age": (0, 5)}), [{"age": (0, 5)}]),
    "register of a later step": (register(step="b"), []),
    "register of a transition": (register(step=("a", "b")), []),
    "register by age": (
        register(by="age", count={(0, 11): 40, (12, 16): 90}, where={"year": 2016}),
        [{"year": 2016, "age": (0, 11)}, {"year": 2016, "age": (12, 16)}],
    ),
    "register by age and sex": (
        register(by=("age", "sex"), count={((0, 16), "m"): 40, ((0, 5), "f"): 9,
                                           ((6, 16), "f"): 9}),
        [{"sex": "m"}, {"age": (0, 5), "sex": "f"}, {"age": (6, 16), "sex": "f"}],
    ),
    "register with unknown ages": (
        register(by="age", count={(0, 11): 40, (12, 16): 90, "unknown": 9},
                 defects=[fe.Unrecorded(fe.Beta(1, 9), axis="age")]),
        [{"age": (0, 11)}, {"age": (12, 16)}],
    ),
    "total": (total(sex="m"), [{"sex": "m"}]),
    "unlinked registers": (
        fe.Unlinked("u", registers=[register("r"), register("s")],
                    overlap=fe.Beta(1, 1, statement="unknown")), [],
    ),
    "validation": (fe.Validation("v", of="r", what="coverage", yes=3, n=4), []),
    "own": (own(), []),
    "own that says it": (own(asks={"age": (0, 11)}), [{"age": (0, 11)}]),
    "own about everybody": (own(asks={}), [{}]),
    "own share": (
        fe.OwnBinomial("own", quantity=number, yes=3, n=30, asks={"sex": "f"}), [{"sex": "f"}],
    ),
    "onset": (onset(), []),
    "onset age": (fe.OnsetAge(name="o", before=12, n=40, mean=6.0, sd=3.0), []),
}  # fmt: skip


def mask(where):
    """Return the cells by hand, axis by axis."""
    year, age, sex = np.ones(2, bool), np.ones(3, bool), np.ones(2, bool)
    if "year" in where:
        year = np.array(YEARS) == where["year"]
    if "age" in where:
        age = np.array([where["age"][0] <= a and b <= where["age"][1] for a, b in BANDS])
    if "sex" in where:
        sex = np.array(["m", "f"]) == where["sex"]
    return year[:, None, None] & age[None, :, None] & sex[None, None, :]


@pytest.mark.parametrize(("one", "wheres"), SEES.values(), ids=SEES)
def test_what_a_source_asks_about(one, wheres):
    found = one.asks_about(ROUTE, PEOPLE)
    assert len(found) == len(wheres)
    for group, where in zip(found, wheres, strict=True):
        assert group.dtype == bool
        np.testing.assert_array_equal(group, mask(where))


@pytest.mark.parametrize("one", [one for one, _ in SEES.values()], ids=SEES)
def test_which_first_events_a_source_sees(one):
    found = one.first_events_of(PEOPLE)
    assert found.shape == PEOPLE.shape
    expected = mask({"age": (0, 11)}) if isinstance(one, fe.OnsetSurvey) else mask({}) & False
    np.testing.assert_array_equal(found, expected)


def test_cells_of_a_model_are_those_of_all_its_sources():
    sources = [PUPILS, survey("girls", age=(0, 5), sex="f"), onset(6, sex="m")]
    shift = fe.Shift(ages=(6, 11), like=(12, 16), prior=0.0, statement="s")
    model = model_of(*sources, assumptions=[shift, FIRST])
    expected = mask({"age": (12, 16)}) | mask({"age": (0, 5), "sex": "f"})
    np.testing.assert_array_equal(asked_cells(model), expected)
    np.testing.assert_array_equal(first_event_cells(model), mask({"age": (0, 5), "sex": "m"}))
    nothing = model_of()
    assert not asked_cells(nothing).any()
    assert not first_event_cells(nothing).any()
    assert asked_cells(nothing).shape == first_event_cells(nothing).shape == PEOPLE.shape


def test_members_of_a_source_ask_too():
    both = fe.Unlinked(
        "u", overlap=fe.Beta(1, 1, statement="unknown"),
        registers=[register("r", where={"age": (0, 5)}), register("s", where={"age": (6, 16)})],
    )  # fmt: skip
    assert asked_cells(model_of(both)).all()


def test_what_holds_for_the_levels_over_which_nothing_varies():
    one = mask({"year": 2016, "age": (0, 5), "sex": "f"})
    for axes, where in (
        ({"year", "age", "sex"}, {"year": 2016, "age": (0, 5), "sex": "f"}),
        ({"age", "sex"}, {"age": (0, 5), "sex": "f"}),
        ({"age"}, {"age": (0, 5)}),
        ({"year"}, {"year": 2016}),
        (set(), {}),
    ):
        np.testing.assert_array_equal(shared_over(one, PEOPLE, axes), mask(where))
    assert one.sum() == 1  # it was not changed
    assert not shared_over(mask({}) & False, PEOPLE, set()).any()


# ------------------------------------------------------------------- who is refused


def test_ages_of_which_no_source_says_anything():
    with pytest.raises(fe.SpecError) as caught:
        model_of(PUPILS, survey("younger", age=(6, 11)), register(step="b"))
    (text,) = caught.value.problems
    assert text.startswith("age 0-5: no source asks about 'a' at these ages apart (")
    assert "are: 'pupils', 'younger'), yet these people are in the population" in text
    assert "field 'asks'" in text
    assert "'register'" not in text
    assert missing(PUPILS) == "age 0-11"
    assert missing(survey(age=(6, 11))) == "age 0-5, 12-16"


#: Sources -> the ages of which nobody says anything.
BESIDE = {
    "nothing": ([], None),
    "a register alone": ([register()], None),
    "a register of some ages alone": ([register(where={"age": (12, 16)})], "age 0-11"),
    "a register by age alone": (
        [register(by="age", count={(0, 11): 40, (12, 16): 90})], None,
    ),
    "a total alone": ([total()], None),
    "a register of a later step": ([register(step="b", where={"age": (12, 16)})], None),
    "a survey of all": ([survey()], None),
    "a survey of all, of a later step": ([PUPILS, survey("s", step="c")], None),
    "a survey of some, of a later step": ([survey(step="c", age=(12, 16))], "age 0-11"),
    "a share of those in a step": (
        [fe.Survey("s", step="b", of="a", yes=3, n=30, where={"age": (12, 16)})], None,
    ),
    "a survey beside it": ([PUPILS, survey("s", age=(0, 11))], None),
    "a total that pools": ([PUPILS, total()], "age 0-11"),
    "a register that pools": ([PUPILS, register()], "age 0-11"),
    "a total of the others": ([PUPILS, total(age=(0, 11))], None),
    "a register of the others": ([PUPILS, register(where={"age": (0, 11)})], None),
    "a register of some of the others": (
        [PUPILS, register(where={"age": (0, 5)}), total()], "age 6-11",
    ),
    "a register by age": (
        [PUPILS, register(by="age", count={(0, 5): 9, (6, 11): 9, (12, 16): 9})], None,
    ),
    "a register by two ages": (
        [PUPILS, register(by="age", count={(0, 11): 9, (12, 16): 9})], None,
    ),
    "a register by age that pools": (
        [PUPILS, register(by="age", count={(0, 5): 9, (6, 16): 9})], "age 6-11",
    ),
    "a register by sex": ([PUPILS, register(by="sex", count={"m": 9, "f": 9})], "age 0-11"),
    "a register by age of a later step": (
        [PUPILS, register(step="b", by="age", count={(0, 11): 9, (12, 16): 9})], "age 0-11",
    ),
    "a joint survey": (
        [joint(fe.Asked(step="a", share=0.02, where={"age": (12, 16)}),
               fe.Asked(step="b", share=0.02, where={"age": (0, 5)}))], "age 6-11",
    ),
    "members": (
        [PUPILS, fe.Unlinked("u", overlap=fe.Beta(1, 1, statement="unknown"),
                             registers=[register("r", where={"age": (0, 5)}),
                                        register("s", where={"age": (6, 11)})])], None,
    ),
    "members that pool": (
        [PUPILS, fe.Unlinked("u", overlap=fe.Beta(1, 1, statement="unknown"),
                             registers=[register("r"), register("s")])], "age 0-11",
    ),
    "own evidence": ([PUPILS, own()], "age 0-11"),
    "own evidence alone": ([own()], None),
    "own evidence that says whom it asks": ([PUPILS, own(asks={"age": (0, 11)})], None),
    "own evidence that says some": ([PUPILS, own(asks={"age": (0, 5)})], "age 6-11"),
    "own evidence of everybody": ([PUPILS, own(asks={})], None),
    "own evidence of some alone": ([own(asks={"age": (12, 16)})], "age 0-11"),
}  # fmt: skip


@pytest.mark.parametrize(("sources", "ages"), BESIDE.values(), ids=BESIDE)
def test_which_ages_nobody_asks(sources, ages):
    assert missing(*sources) == ages


def test_an_assumption_speaks_for_the_others():
    shift = fe.Shift(ages=(0, 5), like=(12, 16), prior=0.0, statement="s")
    assert missing(PUPILS, assumptions=[shift]) == "age 6-11"
    assert missing(PUPILS, survey("s", age=(6, 11)), assumptions=[shift]) is None


@pytest.mark.parametrize(
    ("before", "ages"), [(6, "age 6-11"), (12, None), (17, None)], ids=["6", "12", "17"]
)
def test_first_events_are_seen_too(before, ages):
    assert missing(PUPILS, onset(before), assumptions=[FIRST]) == ages


def test_first_events_alone():
    assert missing(onset(12), assumptions=[FIRST]) == "age 12-16"
    assert missing(onset(17), assumptions=[FIRST]) is None
    mean = fe.OnsetAge(name="o", before=12, n=40, mean=6.0, sd=3.0)  # says nothing of how many
    assert missing(PUPILS, mean, assumptions=[FIRST]) == "age 0-11"


# ------------------------------------------------------------------- over other axes


def test_one_rate_for_both_sexes_is_asked_of_either():
    assert missing(PUPILS, survey("boys", age=(0, 11), sex="m")) is None
    assert missing(survey(age=(12, 16), sex="f"), survey("boys", age=(0, 11), sex="m")) is None


@pytest.mark.parametrize(
    "rate",
    [BY_SEX, fe.Rate(fe.PerLevel("sex", {"m": fe.Beta(1, 30), "f": fe.Beta(1, 30)}))],
    ids=["term", "level"],
)
def test_where_the_rate_differs_by_sex_ages_are_asked_of_each(rate):
    told = {"occurrence": rate}
    assert missing(PUPILS, survey("boys", age=(0, 11), sex="m"), **told) == "age 0-11, sex f"
    assert missing(PUPILS, survey("boys", age=(0, 5), sex="m"), **told) == "age 0-11"
    assert missing(PUPILS, survey("children", age=(0, 11)), **told) is None
    assert missing(PUPILS, survey("girls", sex="f"), **told) == "age 0-11, sex m"
    # Of boys nobody asks at any age: no ages of theirs are left out beside others.
    assert missing(survey(age=(12, 16), sex="f"), **told) == "age 0-11, sex f"
    assert missing(survey(sex="f"), **told) is None
    register_of_boys = register(where={"age": (0, 11), "sex": "m"})
    assert missing(survey(sex="f"), register_of_boys, **told) == "age 12-16, sex m"


def test_an_assumption_speaks_for_each_of_them():
    shift = fe.Shift(ages=(0, 11), like=(12, 16), prior=0.0, statement="s")
    boys = survey("boys", age=(0, 11), sex="m")
    assert missing(PUPILS, boys, occurrence=BY_SEX, assumptions=[shift]) is None


@pytest.mark.parametrize(
    "rate",
    [BY_YEAR, fe.Rate(fe.Beta(1, 30), fe.RandomWalk("year", 0.1)),
     fe.Rate(fe.PerLevel("year", {2016: fe.Beta(1, 30), 2017: fe.Beta(1, 30)}))],
    ids=["levels", "walk", "per level"],
)  # fmt: skip
def test_a_survey_in_one_year_leaves_no_ages_out_of_another(rate):
    assert missing(survey(year=2016), occurrence=rate) is None
    shift = fe.Shift(ages=(0, 11), like=(12, 16), prior=0.0, statement="s")
    pupils = survey(age=(12, 16), year=2016)
    assert missing(pupils, occurrence=rate, assumptions=[shift]) is None
    assert missing(pupils, occurrence=rate) == "age 0-11, year 2016"
    assert missing(pupils, occurrence=CONSTANT) == "age 0-11"


def test_a_rate_by_age_needs_each_age_all_the_same():
    """A prior for each age is no source."""
    rate = fe.Rate(fe.Beta(1, 30), fe.RandomWalk("age", 0.3))
    assert missing(PUPILS, occurrence=rate) == "age 0-11"
    assert missing(register(), occurrence=rate) is None


# ------------------------------------------------------------------- who is exempt


def test_a_number_of_people_has_no_denominator():
    cells = fe.Population.cells({"age": BANDS})
    people = {"occurrence": fe.Number(300.0), "people": cells}
    assert missing(register(where={"age": (12, 16)}), **people) is None


def test_cells_without_people_need_nobody():
    counts = PEOPLE.counts.copy()
    counts[:, :1] = 0
    assert missing(PUPILS, people=population(counts=counts)) == "age 6-11"
    counts[:, :2] = 0
    assert missing(PUPILS, people=population(counts=counts)) is None


def test_cells_without_people_of_one_sex_only():
    counts = PEOPLE.counts.copy()
    counts[:, :2, 1] = 0  # no girls below 12
    people = population(counts=counts)
    assert missing(PUPILS, people=people) == "age 0-11"  # the boys are there
    boys = survey("boys", age=(0, 11), sex="m")
    assert missing(PUPILS, boys, people=people, occurrence=BY_SEX) is None
    assert missing(PUPILS, boys, occurrence=BY_SEX) == "age 0-11, sex f"


# ------------------------------------------------------------------- what the axis is called


@pytest.mark.parametrize("name", ["age", "Leeftijdsklasse", "\u00e2ge", "Altersgruppe", "age band"])
@pytest.mark.parametrize(
    "bands",
    [
        BANDS,
        ["0-5", "6\u201311", "12 - 16"],
        ["under 6", "6-11 years", "12-16 years"],
        ["tot 6 jaar", "6 tot 12 jaar", "12 tot 17 jaar"],
        ["Y_LT6", "Y6-11", "Y12-16"],
    ],
)
def test_ages_are_known_by_their_name_and_levels_in_any_spelling(name, bands):
    people = population(name, bands=bands)
    assert people.ages is people.axis(name)
    pupils = survey(**{name: (12, 16)})
    assert missing(pupils, people=people) == f"{name} 0-11"
    assert missing(pupils, survey("s", **{name: "under 12"}), people=people) is None


def test_ages_of_one_band_axis_alone():
    people = fe.Population({"Leeftijdsklasse": ["0-17", "18-64", "65+"]}, [9.0, 9.0, 9.0])
    adults = survey(**{"Leeftijdsklasse": "18-64"})
    assert missing(adults, people=people) == "Leeftijdsklasse 0-17, 65+"
    young = fe.Shift(ages="0-17", like="18-64", prior=0.0, statement="s")
    assert missing(adults, people=people, assumptions=[young]) == "Leeftijdsklasse 65+"
    old = fe.Shift(ages="65+", like="18-64", prior=0.0, statement="s")
    assert missing(adults, people=people, assumptions=[young, old]) is None


def refusal(*evidence, **parts):
    with pytest.raises(fe.SpecError) as caught:
        model_of(*evidence, **parts)
    (text,) = caught.value.problems
    return text


def test_a_refusal_says_that_the_ages_were_read_and_how_to_deny_it():
    pupils = survey(alter=(12, 16))
    text = refusal(pupils, people=population("alter"))
    assert "read from the name of the axis and its levels" in text
    assert "no_role='alter'" in text
    axes = {"year": YEARS, "alter": BANDS, "sex": ["m", "f"]}
    declared = fe.Population(axes, PEOPLE.counts, ages="alter")
    assert "no_role" not in refusal(pupils, people=declared)
    denied = fe.Population(axes, PEOPLE.counts, no_role="alter")
    assert missing(pupils, people=denied) is None


def test_names_may_be_ages_where_the_axis_is_called_so():
    """Where it matters: a rate of the old is not one of the young unsaid."""
    levels = ["young", "old", "oldest"]
    named = population(bands=levels)
    assert named.ages is None
    assert missing(survey(), people=named) is None
    assert "no_role='age'" in refusal(survey(age="old"), people=named)
    axes = {"year": YEARS, "age": levels, "sex": ["m", "f"]}
    denied = fe.Population(axes, PEOPLE.counts.repeat(3, axis=1)[:, :3], no_role="age")
    assert missing(survey(age="old"), people=denied) is None
    assert missing(survey(g="old"), people=population("g", bands=levels)) is None


def test_where_two_axes_could_hold_ages_the_model_asks():
    axes = {"leeftijd": [0, 1, 2], "age": [1, 2]}
    people = fe.Population(axes, np.full((3, 2), 900.0))
    assert people.ages is None
    some = survey(leeftijd=(1, 2))
    text = refusal(some, people=people)
    assert "the axes 'leeftijd' and 'age' could each hold ages" in text
    assert "ages='leeftijd'" in text
    assert "no_role='age'" in text
    assert text == refusal(survey(age=2), people=people) == refusal(survey(), people=people)
    for roles in ({"ages": "leeftijd"}, {"no_role": ["age"]}):
        told = fe.Population(axes, np.full((3, 2), 900.0), **roles)
        assert missing(some, people=told) == "leeftijd 0"
        assert missing(survey(age=2), people=told) is None
    neither = fe.Population(axes, np.full((3, 2), 900.0), no_role=["leeftijd", "age"])
    assert missing(some, people=neither) is None


# ------------------------------------------------------------------- evidence of your own


def test_whom_own_evidence_asks_comes_back():
    model = model_of(PUPILS, own(asks={"age": (0, 11)}))
    data = json.loads(json.dumps(model.to_dict()))
    name = f"{number.__module__}:{number.__qualname__}"
    again = fe.Model.from_dict(data, functions={name: number})
    assert again.evidence[1].asks == {"age": (0, 11)}
    assert again == model


@pytest.mark.parametrize("asks", [3, "age", [0, 11], {"agee": 3}, {"age": (0, 3)}, {"sex": []}])
def test_whom_own_evidence_cannot_ask(asks):
    with pytest.raises(fe.SpecError) as caught:
        model_of(PUPILS, own(asks=asks))
    assert all(
        text.startswith("OwnPoisson 'own': field 'asks': ") for text in caught.value.problems
    )


def test_a_count_by_age_over_more_years_than_were_asked_is_no_pool_of_ages():
    apart = register(by="age", count={(0, 11): 20, (12, 16): 30})
    asked = survey(age=(12, 16), year=2016)
    assert missing(asked, apart, occurrence=BY_YEAR) is None


def test_a_total_of_all_ages_beside_a_register_of_some_says_nothing_of_the_others():
    some = register(where={"age": (12, 16)})
    assert missing(some, total()) == "age 0-11"
    assert missing(total(), some) == "age 0-11"
    assert missing(total()) is None


def test_a_small_group_with_too_many_first_events_is_refused_by_itself():
    people = fe.Population({"age": list(range(12)), "sex": ["m", "f"]}, [[100_000.0, 100.0]] * 12)
    rate = fe.Rate(fe.PerLevel("sex", {"m": fe.Beta(10, 990), "f": fe.Beta(500, 500)}))
    model = fe.Model(
        ROUTE, people, rate, evidence=[survey()],
        assumptions=[fe.FirstTime(share=0.9, statement="hardly anyone twice")],
    )  # fmt: skip
    result = fe.fit(model, engine="importance", draws=400, seed=1, progress=False)
    assert len(result.first_events(before=[11])) == 3
    with pytest.raises(fe.SpecError, match="more people have a first event"):
        result.first_events({"sex": "f"}, before=[11])
    with pytest.raises(fe.SpecError, match="more people have a first event"):
        result.first_events(before=[11], by="sex")
