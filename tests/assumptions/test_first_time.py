"""First events: hazards, yearly rates and shares ever before an age, by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.special import expit

import funnelest as fe

AGES = fe.Population({"age": list(range(12))}, [1000.0 + 10 * age for age in range(12)])
STRATA = fe.Population(
    {"year": [2016, 2017], "age": list(range(6)), "sex": ["m", "f"]},
    np.random.default_rng(3).integers(500, 5_000, (2, 6, 2)),
)
BANDS = fe.Population(
    {"sex": ["m", "f"], "age": [(0, 3), (4, 11), (12, 16)]},
    np.random.default_rng(4).integers(500, 5_000, (2, 3)),
)
GOOD = {"share": 0.5, "statement": "two years on average"}


def model_of(occurrence, population, *assumptions, share=0.5, **parts):
    first = fe.FirstTime(share=share, statement="two years on average", source="nobody")
    return fe.Model(
        fe.Route("a", "b"), population, occurrence, assumptions=[first, *assumptions], **parts
    )


def at(model, size=3, seed=1):
    rng = np.random.default_rng(seed)
    values = {name: prior.sample(rng, size) for name, prior in model.free.items()}
    return values, fe.Quantities(model, values)


def test_a_constant_hazard():
    """E(A) = 1 - (1 - h)^A; the rate is (1 - h)^a h / share."""
    h, share = 0.01, 0.4
    model = model_of(fe.Hazard(h), AGES, share=share)
    q = fe.Quantities(model, {"a -> b": np.array([0.5])})
    for age in range(13):
        assert q.ever_before(age)[0] == pytest.approx(1 - (1 - h) ** age, rel=1e-12, abs=1e-15)
        if age < 12:
            rate = (1 - h) ** age * h
            assert q.share("a", {"age": age})[0] == pytest.approx(rate / share, rel=1e-12)
            assert q.first_rates()[age, 0] == pytest.approx(rate, rel=1e-12)
    people = AGES.counts
    assert model.varies_over() == {"age"}
    total = (people * (1 - h) ** np.arange(12) * h).sum()
    assert q.first_events()[0] == pytest.approx(total, rel=1e-12)
    assert q.number("a")[0] == pytest.approx(total / share, rel=1e-12)
    assert q.first_events({"age": (3, 4)})[0] == pytest.approx(
        sum(people[a] * (1 - h) ** a * h for a in (3, 4)), rel=1e-12
    )


def test_hazards_that_vary_over_everything():
    """E(A) = 1 - prod(1 - h_a) within a stratum, and r = S h / share."""
    occurrence = fe.Hazard(
        fe.PerLevel("sex", {"m": fe.Beta(2, 40), "f": fe.Beta(3, 40)}),
        fe.RandomWalk("age", fe.HalfNormal(0.5)), fe.Levels("year"),
    )  # fmt: skip
    share = fe.Share(fe.PerLevel("age", {(0, 2): fe.Beta(8, 2), (3, 5): 0.5}), fe.Levels("sex"))
    model = model_of(occurrence, STRATA, share=share)
    assert list(model.free)[:3] == [
        "hazard of a[sex=m]", "hazard of a[sex=f]", "hazard of a[sd over age]"
    ]  # fmt: skip
    values, q = at(model)
    logit = np.array([np.log(p) - np.log1p(-p) for p in (
        values["hazard of a[sex=m]"], values["hazard of a[sex=f]"]
    )])  # fmt: skip
    walk = np.ravel(fe.RandomWalk("age", 1.0).deviation(
        {f"x[step {i} over age]": np.zeros(1) for i in range(1, 6)}
        | {"x[sd over age]": np.ones(1)}, "x", STRATA,
    ))  # fmt: skip
    assert (walk == 0).all()
    steps = np.array([values[f"hazard of a[step {i} over age]"] for i in range(1, 6)])
    sd = values["hazard of a[sd over age]"]
    down = np.cumsum(steps[:2], axis=0)[::-1]
    up = np.cumsum(steps[2:], axis=0)
    age = sd * np.vstack([down, 0 * sd, up])
    year = np.array([0 * sd, values["hazard of a[year=2017]"]])
    hazard = expit(
        year[:, None, None, :] + age[None, :, None, :] + logit[None, None, :, :]
    )  # (year, age, sex, draws)
    survived = np.cumprod(1 - hazard, axis=1) / (1 - hazard)
    first = survived * hazard
    odd = [np.log(p / (1 - p)) for p in (values["first time[age=0-2]"], np.full(3, 0.5))]
    girls = values["first time[sex=f]"]
    phi = expit(np.array([
        [odd[i >= 3] , odd[i >= 3] + girls] for i in range(6)
    ]))[None]  # fmt: skip
    found = np.broadcast_to(q.in_cells("a"), first.shape)
    np.testing.assert_allclose(found, first / phi, rtol=1e-10)
    for sex in range(2):
        for before in range(7):
            where = {"year": 2017, "sex": "mf"[sex]}
            expected = 1 - np.prod(1 - hazard[1, :before, sex], axis=0)
            np.testing.assert_allclose(
                q.ever_before(before, where), expected, rtol=1e-9, atol=1e-14
            )
    # Over strata, first events per person of an age are pooled by people.
    people = STRATA.counts[..., None]
    pooled = (people * first).sum(axis=(0, 2)) / people.sum(axis=(0, 2))
    np.testing.assert_allclose(q.first_rates(), pooled, rtol=1e-10)
    np.testing.assert_allclose(q.ever_before(4), pooled[:4].sum(axis=0), rtol=1e-10)
    np.testing.assert_allclose(q.ever_before(4, {"age": 2}), q.ever_before(4), rtol=1e-12)
    np.testing.assert_allclose(
        q.first_events(per="year"), (people * first).sum(axis=(0, 1, 2)) / 2, rtol=1e-10
    )


def test_first_events_add_up_to_ever_before():
    """In a population of one size at every age: a cohort that goes through it."""
    people = fe.Population({"age": list(range(8))}, [2000.0] * 8)
    model = model_of(fe.Hazard(fe.Beta(2, 20), fe.RandomWalk("age", 0.5)), people)
    _, q = at(model)
    np.testing.assert_allclose(q.first_events() / 2000, q.ever_before(8), rtol=1e-12)
    np.testing.assert_allclose(q.first_events({"age": (0, 4)}) / 2000, q.ever_before(5), rtol=1e-12)
    assert (np.diff([q.ever_before(age) for age in range(9)], axis=0) > 0).all()


def test_from_a_yearly_rate():
    """First events are the share of the rate, and a band lasts as long as it has years."""
    rate = fe.Rate(fe.PerLevel("age", {(0, 3): 0.01, (4, 11): fe.Beta(2, 90), (12, 16): 0.03}))
    model = model_of(rate, BANDS, share=fe.Beta(6, 3))
    values, q = at(model)
    phi, middle = values["first time"], values["rate of a[age=4-11]"]
    np.testing.assert_allclose(q.ever_before(4), 4 * 0.01 * phi, rtol=1e-12)
    np.testing.assert_allclose(q.ever_before(12), phi * (0.04 + 8 * middle), rtol=1e-12)
    np.testing.assert_allclose(q.ever_before(6.5), phi * (0.04 + 2.5 * middle), rtol=1e-12)
    np.testing.assert_allclose(q.ever_before(17), phi * (0.04 + 8 * middle + 5 * 0.03), rtol=1e-12)
    with pytest.raises(fe.SpecError, match="must lie between 0 and 17"):
        q.ever_before(99)
    assert (q.ever_before(0) == 0).all()
    np.testing.assert_allclose(q.first_events(), phi * q.number("a"), rtol=1e-12)
    ages = np.array([4.0, 12.0, 6.5])  # one per draw
    each = [q.ever_before(age)[i] for i, age in enumerate(ages)]
    np.testing.assert_allclose(q.ever_before(ages), each, rtol=1e-12)


def test_more_first_events_than_people_are_shown():
    """A rate of a fifth at every age, all for the first time, is 2.4 events per person."""
    q = fe.Quantities(model_of(fe.Rate(0.2), AGES, share=1.0), {"a -> b": np.array([0.5])})
    for age in (3, 5, 7.5, 12):
        assert q.ever_before(age)[0] == pytest.approx(0.2 * age, rel=1e-12)
    ages = np.array([4.0, 12.0])
    np.testing.assert_allclose(q.ever_before(ages), [0.8, 2.4], rtol=1e-12)


def test_a_hazard_of_one_leaves_nobody():
    model = model_of(fe.Hazard(fe.PerLevel("age", {(0, 3): 0.1, 4: 1.0, (5, 11): 0.2})), AGES)
    q = fe.Quantities(model, {"a -> b": np.array([0.5])})
    assert q.ever_before(4)[0] == pytest.approx(1 - 0.9**4)
    assert q.ever_before(5)[0] == pytest.approx(1.0)
    assert q.ever_before(12)[0] == pytest.approx(1.0)
    assert q.share("a", {"age": (5, 11)})[0] == pytest.approx(0.0, abs=1e-12)


def test_symbols_give_what_arrays_give():
    import pytensor

    share = fe.Share(fe.Beta(6, 3), fe.Levels("sex"))
    model = model_of(
        fe.Hazard(fe.Beta(2, 40)), STRATA, fe.Shift(
            ages=(0, 1), like=(2, 5), prior=fe.Normal(0, 1), statement="s"
        ), share=share,
    )  # fmt: skip
    numbers, q = at(model, size=1)
    symbols = {name: pytensor.tensor.tensor(shape=(1,), dtype="float64") for name in numbers}
    theirs = fe.Quantities(model, symbols)
    quantities = [
        lambda q: q.ever_before(3, {"sex": "f"}), lambda q: q.ever_before(3.5),
        lambda q: q.first_events({"age": (2, 4)}, per="year"), lambda q: q.number("b", {"age": 5}),
    ]  # fmt: skip
    made = [one(theirs) for one in quantities]
    slopes = pytensor.grad(sum(one.sum() for one in made), list(symbols.values()))
    function = pytensor.function(list(symbols.values()), [*made, *slopes], mode="FAST_COMPILE")
    found = function(*numbers.values())
    for one, value in zip(quantities, found, strict=False):
        np.testing.assert_allclose(value, one(q), rtol=1e-10)
    assert np.isfinite(np.concatenate(found)).all()


def test_the_hazard_of_some_ages_may_be_imputed():
    """What is filled in is the hazard; the rates of all later ages follow from it."""
    shift = fe.Shift(ages=(0, 5), like=(6, 11), prior=np.log(2), statement="s")
    model = model_of(fe.Hazard(0.01), AGES, shift)
    q = fe.Quantities(model, {"a -> b": np.array([0.5])})
    young = 2 * 0.01 / 0.99 / (1 + 2 * 0.01 / 0.99)
    assert q.ever_before(6)[0] == pytest.approx(1 - (1 - young) ** 6)
    assert q.ever_before(12)[0] == pytest.approx(1 - (1 - young) ** 6 * 0.99**6)
    assert model.basis({"age": (0, 5)}) == "imputed"
    assert not model.imputed_part({"age": (6, 11)})


def test_it_comes_back_and_stands_in_the_ledger():
    for share in (0.5, fe.Beta(6, 3), fe.Shared("phi"), fe.Share(fe.Beta(6, 3), fe.Levels("sex"))):
        model = model_of(
            fe.Hazard(fe.Beta(1, 99)), STRATA, share=share, parameters={"phi": fe.Beta(2, 2)}
        )
        again = fe.Model.from_dict(json.loads(json.dumps(model.to_dict())))
        assert again == model
        assert again.hazard
        assert again.assumptions == model.assumptions
        (entry,) = [one for one in model.ledger() if one.source == "nobody"]
        assert (entry.kind, entry.statement) == ("assumption", "two years on average")
        assert isinstance(model.conversion, fe.FirstTime)
        assert not model.imputed().any()
    assert list(model.free)[:3] == ["hazard of a", "a -> b", "first time"]


def test_what_it_says():
    one = fe.FirstTime(**GOOD)
    assert one.sentence() == (
        "Of the victims of one year, a share of 0.5 is a victim for the first time."
    )
    assert one.sentence("nl") == (
        "Van de slachtoffers in een jaar is een aandeel van 0,5 voor het eerst slachtoffer."
    )
    assert one.describe() == one.sentence().rstrip(".")
    # What lies above 1 is cut off, here as in the model.
    half = fe.FirstTime(share=fe.Uniform(0, 2), statement="s").sentence("nl")
    assert "0,5 (vooraf aangenomen, 95%-interval 0,025 tot 0,975)" in half
    by_age = fe.Share(fe.PerLevel("age", {(0, 5): 0.9, (6, 11): fe.Uniform(0, 2)}))
    text = fe.FirstTime(share=by_age, statement="s").sentence()
    half = "0.5 (assumed beforehand, 95% interval 0.025 to 0.975)"
    assert f"a share of 0.9 (age 0-5), {half} (age 6-11) is" in text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": ""}, "field 'statement' is needed: what is assumed of repeated "
         "victims, and why?"),
        ({"share": None}, "field 'share' needs a Share, a prior or a number."),
        ({"share": 0}, "field 'share' must be above 0."),
        ({"share": fe.Fixed(0.0)}, "field 'share' must be above 0."),
        ({"share": fe.Share(0.0)}, "field 'share' must be above 0."),
        ({"share": 1.2}, "field 'share': must lie between 0 and 1; fixed at 1.2."),
        ({"share": fe.Share(0.5, fe.Levels("sexx"))}, "field 'share': Levels: field 'axis' "
         "names axis 'sexx'; the population's axes are: year, age, sex."),
        ({"axis": "agee"}, "field 'axis': there is no axis 'agee' of ages; the population's "
         "axes are: year, age, sex."),
        ({"axis": "sex"}, "field 'axis': there is no axis 'sex' of ages; the population's "
         "axes are: year, age, sex."),
        ({"axis": "year"}, "axis 'year' must begin at age 0: first events before an age add up "
         "from birth."),
    ],
)  # fmt: skip
def test_what_is_refused(fields, sentence):
    one = fe.FirstTime(**{**GOOD, **fields})
    assert one.problems(STRATA) == [f"FirstTime: {sentence}"]
    with pytest.raises(fe.SpecError) as caught:
        fe.Model(fe.Route("a", "b"), STRATA, fe.Rate(0.1), assumptions=[one])
    assert f"FirstTime: {sentence}" in caught.value.problems


def test_ages_that_nobody_has_are_missed():
    people = fe.Population({"age": [(0, 3), (5, 9), 12]}, [10.0] * 3)
    assert fe.FirstTime(**GOOD).problems(people) == [
        "FirstTime: axis 'age' must have every age once it has begun: it misses 4, 10-11."
    ]


def test_all_of_it_at_once():
    found = fe.FirstTime(axis="sex").problems(STRATA)
    assert len(found) == 3


def test_people_who_were_not_counted_have_no_first_events():
    cells = fe.Population.cells({"age": [0, 1, 2]})
    given = {"route": fe.Route("a", "b"), "population": cells, "occurrence": fe.Number(9.0)}
    with pytest.raises(fe.SpecError) as caught:
        fe.Model(**given, assumptions=[fe.FirstTime(**GOOD)])
    assert caught.value.problems == (
        "FirstTime: first events per person need a population with a head count.",
    )
    assert fe.Model(**given).assumptions == ()


def test_a_hazard_needs_it():
    with pytest.raises(fe.SpecError, match="hazard of a: it is about first events"):
        fe.Model(fe.Route("a", "b"), AGES, fe.Hazard(0.1))
    with pytest.raises(fe.SpecError, match="two assumptions FirstTime: give one"):
        model_of(fe.Hazard(0.1), AGES, fe.FirstTime(share=0.4, statement="again"))


@pytest.mark.parametrize("levels", [[(0, 3), (4, 7)], [1, 0, 2]])
def test_a_hazard_needs_single_years_in_order(levels):
    people = fe.Population({"age": levels}, [10.0] * len(levels))
    with pytest.raises(fe.SpecError, match="hazard of a: a Hazard needs single years of age from"):
        model_of(fe.Hazard(0.1), people)


def test_first_events_without_it_are_refused():
    model = fe.Model(fe.Route("a", "b"), AGES, fe.Rate(0.1))
    q = fe.Quantities(model, {"a -> b": np.array([0.5])})
    for ask in (q.first_events, q.first_rates, lambda: q.ever_before(3)):
        with pytest.raises(fe.SpecError, match="the model has no FirstTime assumption"):
            ask()


# --------------------------------------------------------------- in a table


@pytest.fixture(scope="module")
def result():
    """Return a fit with a constant rate r, all first events, and one survey of all ages."""
    survey = fe.Survey("s", step="a", yes=16, n=200)
    model = model_of(fe.Rate(fe.Beta(2, 23)), AGES, share=1.0, evidence=[survey])
    made = fe.fit(model, engine="importance", draws=4000, seed=2, progress=False)
    assert made.gate.passed, made.gate.text
    return made


def test_more_first_events_than_people_are_refused_in_a_table(result):
    """Where more than one draw in a thousand has them: of 4000, four may, and eight may not."""
    rates = np.sort(result.sample_of(lambda q: q.share("a")))
    assert len(rates) == 4000

    def age(draws):
        """Return an age before which first events exceed all people in this many draws."""
        return 2.0 / (rates[-draws - 1] + rates[-draws])

    ages = [age(draws) for draws in (2, 4, 8)]
    assert all(0 < one < 12 for one in ages)
    over = [(result.sample_of(lambda q, a=a: q.ever_before(a)) > 1).sum() for a in ages]
    assert over == [2, 4, 8]
    assert len(result.first_events(before=ages[:2])) == 4
    for before in (ages[2:], [1, ages[2], 2.5], (ages[2],)):
        with pytest.raises(fe.SpecError) as caught:
            result.first_events(before=before)
        (text,) = caught.value.problems
        assert text.startswith(
            f"in 0.2% of the draws more people have a first event before age {ages[2]:g} than "
            "there are: the share of first-time victims cannot be as high at every age."
        )


@pytest.mark.parametrize(
    "before",
    [[0], [-1], [3, 0.0], ["3"], [True], [None], [math.nan], [math.inf], 3, "3", {3: 1}, None],
    ids=repr,
)
def test_an_age_in_a_table_is_above_zero(result, before):
    with pytest.raises(fe.SpecError) as caught:
        result.first_events(before=before)
    assert caught.value.problems == (f"before must be a list of ages; given {before!r}.",)


def test_a_table_says_what_it_rests_on(result):
    """The survey asks who is a victim in a year, so first events rest on the conversion alone."""
    rows = result.first_events(before=[0.5, 2, 4]).set_index("quantity")["basis"]
    assert dict(rows) == {
        "victims in one year": "estimated",
        "for the first time": "imputed",
        "ever before age 0.5": "imputed",
        "ever before age 2": "imputed",
        "ever before age 4": "imputed",
    }
    assert len(result.first_events()) == 2


# --------------------------------------------------------------- what first events rest on

YEARLY = fe.Survey("yearly", step="a", share=0.02, n=900, where={"age": (4, 5)})
SHIFTED = fe.Shift(ages=(0, 1), like=(4, 5), prior=0.0, statement="s")


def onset(before=4, **where):
    return fe.OnsetSurvey(name="onset", before=before, yes=7, n=400, where=where)


def test_the_basis_of_first_events():
    """Imputed where no source sees first events; the yearly rate where only those are seen."""
    model = model_of(fe.Rate(fe.Beta(1, 30)), STRATA, evidence=[YEARLY, onset()])
    young, old = {"age": (0, 3)}, {"age": (4, 5)}
    assert [model.basis(w) for w in (young, old, {})] == ["imputed", "estimated", "partly imputed"]
    found = [model.basis(w, first_events=True) for w in (young, old, {})]
    assert found == ["estimated", "imputed", "partly imputed"]
    assert model.basis({"age": (3, 4)}, first_events=True) == "partly imputed"


def test_what_an_assumption_fills_in_is_imputed_of_first_events_too():
    rate = fe.Rate(fe.Beta(1, 30))
    model = model_of(rate, STRATA, SHIFTED, evidence=[YEARLY, onset()])
    assert model.basis({"age": (0, 1)}, first_events=True) == "imputed"
    assert model.basis({"age": (2, 3)}, first_events=True) == "estimated"


def test_first_events_of_some_speak_for_others_at_the_same_rate():
    """Of girls: for boys too, unless the rate differs between them."""
    boys, girls = ({"age": (0, 3), "sex": sex} for sex in "mf")
    alike = model_of(fe.Rate(fe.Beta(1, 30)), STRATA, evidence=[YEARLY, onset(sex="f")])
    assert alike.basis(boys, first_events=True) == "estimated"
    apart = fe.Rate(fe.Beta(1, 30), fe.Levels("sex"))
    shift = fe.Shift(ages=(0, 3), like=(4, 5), prior=0.0, statement="s")
    model = model_of(apart, STRATA, shift, evidence=[YEARLY])
    assert model.basis(girls, first_events=True) == "imputed"
    everywhere = fe.Survey("all", step="a", share=0.02, n=900)
    model = model_of(apart, STRATA, evidence=[everywhere, onset(sex="f")])
    assert model.basis(girls, first_events=True) == "estimated"
    assert model.basis(boys, first_events=True) == "imputed"


def test_no_source_of_first_events_and_no_conversion():
    people = fe.Survey("all", step="a", share=0.02, n=900)
    with_it = model_of(fe.Rate(fe.Beta(1, 30)), STRATA, evidence=[people])
    without = fe.Model(fe.Route("a", "b"), STRATA, fe.Rate(fe.Beta(1, 30)), evidence=[people])
    for model in (with_it, without):
        assert model.basis() == "estimated"
        assert model.basis(first_events=True) == "imputed"


def test_a_hazard_is_of_first_events():
    """What only first events are known of: the hazard is estimated, the yearly rate converted."""
    model = model_of(fe.Hazard(fe.Beta(1, 30)), STRATA, evidence=[onset(before=6)])
    assert model.basis(first_events=True) == "estimated"
    assert model.basis() == "imputed"
