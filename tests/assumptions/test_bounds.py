"""Limits without a distribution: the two ends, and nothing between."""

from __future__ import annotations

import json

import numpy as np
import pytest

import funnelest as fe

GOOD = {"ages": (0, 7), "lower": 0.001, "upper": 0.2, "statement": "what is possible"}


def make(place, **fields):
    return fe.Bounds(**{**GOOD, "axis": place.axis, **fields})


def test_the_ends_are_assumptions_that_hold_the_rate(place):
    model = place.model(make(place))
    ends = make(place).ends(place.population)
    assert list(ends) == ["lower", "upper"]
    for name, rate in (("lower", 0.001), ("upper", 0.2)):
        held = model.with_assumptions([ends[name]])
        values = place.draws(held)
        before, after = place.plain(values), place.rates(held, values)
        young, others = place.levels((0, 7)), place.levels((8, 16))
        np.testing.assert_array_equal(after[young], rate)
        np.testing.assert_allclose(after[others], before[others], rtol=1e-12)
        place.check_symbols(held, {key: value[:1] for key, value in values.items()})
        assert fe.Model.from_dict(json.loads(json.dumps(held.to_dict()))) == held
        assert held.basis({place.axis: (0, 7)}) == "imputed"
        assert any(entry.statement == "what is possible" for entry in held.ledger())
    assert fe.Model.from_dict(json.loads(json.dumps(model.to_dict()))) == model
    assert model.basis({place.axis: (0, 7)}) == "imputed"
    assert not model.imputed_part({place.axis: (8, 16)})


def test_limits_in_people_are_of_one_year(place):
    """And come out as that many people, a mean over the years where there are several."""
    one = make(place, lower=12, upper=3456, numbers=True)
    ends = one.ends(place.population)
    per = "year" if place.population.axis("year") else None
    for name, people in (("lower", 12), ("upper", 3456)):
        model = place.model(ends[name])
        values = place.draws(model)
        found = fe.Quantities(model, values).number("a", {place.axis: (0, 7)}, per=per)
        np.testing.assert_allclose(found, people, rtol=1e-12)


def test_everybody_at_most(place):
    one = make(place, lower=0, upper=1)
    assert [end.rate for end in one.ends(place.population).values()] == [0, 1]
    people = place.population.total({place.axis: (0, 7)})
    years = len(place.population.axis("year").levels) if place.population.axis("year") else 1
    most = make(place, lower=0, upper=people / years, numbers=True)
    assert most.problems(place.population) == []
    assert most.ends(place.population)["upper"].rate == 1
    assert make(place, upper=people / years + 1, numbers=True).problems(place.population)


def test_a_model_with_limits_has_no_posterior(place):
    model = place.model(make(place))
    sentence = "no probability is given to values between them. So there is no posterior"
    with pytest.raises(fe.SpecError, match=sentence):
        fe.fit(model, seed=1, progress=False)
    with pytest.raises(fe.SpecError, match=sentence):
        fe.Quantities(model, place.draws(model)).number("a")
    with pytest.raises(fe.SpecError, match=sentence):
        fe.simulate(place.model(make(place), evidence=[
            fe.Register(name="r", step="a", count=3)
        ]), seed=1)  # fmt: skip


def test_your_own_functions_are_tried_at_a_limit(place):
    """Else no model with limits could hold one."""
    good = fe.OwnPoisson(name="own", quantity=lambda q: q.number("a"), count=300)
    assert place.model(make(place), evidence=[good]).evidence == (good,)
    wrong = fe.OwnPoisson(name="own", quantity=lambda q: q.number("aa"), count=300)
    with pytest.raises(fe.SpecError, match="no step 'aa'"):
        place.model(make(place), evidence=[wrong])


def test_what_it_says(place):
    one = fe.Bounds(**GOOD)
    assert one.sentence() == (
        "The yearly rate in every group at age 0-7 lies between 0.001 and 0.2; no "
        "probability is given to values between them."
    )
    people = fe.Bounds(**{**GOOD, "lower": 12, "upper": 34_567, "numbers": True})
    assert people.sentence("nl").startswith("Het jaarlijkse aantal op leeftijd 0-7 ligt tussen ")
    assert people.sentence() == (
        "The yearly number at age 0-7 lies between 12 and 34,567; no probability is "
        "given to values between them."
    )
    held = make(place).ends(place.population)["upper"]
    assert held.sentence() == "The yearly rate at age 0-7 is 0.2."
    assert held.sentence("nl").startswith("Het jaarlijkse cijfer op leeftijd 0-7 is ")


def test_dutch_numbers_have_dutch_marks(place):
    """A comma before decimals and a dot between thousands."""
    one = fe.Bounds(**{**GOOD, "lower": 12, "upper": 34_567, "numbers": True})
    assert "tussen 12 en 34.567; aan waarden" in one.sentence("nl")
    assert fe.Bounds(**GOOD).sentence("nl") == (
        "Het jaarlijkse cijfer in elke groep op leeftijd 0-7 ligt tussen 0,001 en 0,2; aan "
        "waarden daartussen wordt geen kans toegekend."
    )
    held = make(place).ends(place.population)["upper"]
    assert held.sentence("nl") == "Het jaarlijkse cijfer op leeftijd 0-7 is 0,2."


START = "Bounds of ages 0-7: field "


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": ""}, "Bounds of ages 0-7: field 'statement' is needed: what is assumed "
         "of these ages, and why?"),
        ({"lower": None}, START + "'lower' must be at least 0; given None."),
        ({"upper": None}, START + "'upper' must be at least 0; given None."),
        ({"lower": 0.3}, START + "'lower' must not be above field 'upper'; given 0.3 and 0.2."),
        ({"lower": -0.1}, START + "'lower' must be at least 0; given -0.1."),
        ({"upper": 12}, START + "'upper' must lie between 0 and 1; given 12."),
        ({"upper": fe.Beta(1, 1)}, START + "'upper' must be at least 0; given "
         "Beta(alpha=1, beta=1)."),
        ({"numbers": 1}, START + "'numbers' must be True or False; given 1."),
        ({"numbers": "people"}, START + "'numbers' must be True or False; given 'people'."),
        ({"numbers": None}, START + "'numbers' must be True or False; given None."),
        ({"per": "month"}, START + "'per' names axis 'month'; the population's axes are: year, "
         "age, sex."),
        ({"per": None}, START + "'per' must name an axis: the limits are yearly numbers."),
        ({"per": ["year"]}, START + "'per' names axis ['year']; the population's axes are: year, "
         "age, sex."),
        ({"ages": [0, 7]}, "Bounds: field 'ages' must be a pair of ages (lowest, highest), both "
         "included; given [0, 7]."),
        ({"ages": (0, 99)}, "Bounds of ages 0-99: field 'ages': 0-99 on axis 'age' is not covered "
         "by the population; axis 'age' has 0, 1, 2, ..., 15, 16."),
    ],
)  # fmt: skip
def test_what_is_refused(fields, sentence, refused):
    assert refused(fe.Bounds(**{**GOOD, **fields})) == [sentence]


def test_numbers_may_be_a_mean_over_another_axis():
    """And over years where there are none, which is the default."""
    people = fe.Population({"age": [0, 1], "sex": ["m", "f"]}, [[300, 100], [50, 50]])
    given = {"ages": (0, 0), "lower": 10, "upper": 20, "numbers": True, "statement": "s"}
    per_sex = fe.Bounds(**given, per="sex")
    assert per_sex.problems(people) == []
    assert per_sex.ends(people)["upper"].rate == pytest.approx(20 / 200)
    assert fe.Bounds(**given).problems(people) == []
    assert fe.Bounds(**given).ends(people)["lower"].rate == pytest.approx(10 / 400)


@pytest.mark.parametrize("name", ["Bounds", "Held"])
def test_yearly_limits_say_nothing_of_a_hazard(name):
    people = fe.Population({"age": list(range(6))}, [100.0] * 6)
    limits = fe.Bounds(ages=(0, 2), lower=0.001, upper=0.2, statement="what is possible")
    one = limits if name == "Bounds" else limits.ends(people)["lower"]
    first = fe.FirstTime(share=0.5, statement="two years on average")

    def build(occurrence):
        return fe.Model(fe.Route("a", "b"), people, occurrence, assumptions=[first, one])

    with pytest.raises(fe.SpecError) as caught:
        build(fe.Hazard(fe.Beta(1, 9)))
    assert caught.value.problems == (
        f"{name}: its limits are yearly rates, and the occurrence is a hazard of first events. "
        "Give a Rate, or another assumption about the hazard.",
    )
    assert build(fe.Rate(fe.Beta(1, 9))).assumptions == (first, one)


def test_more_people_than_there_are(refused):
    found = refused(fe.Bounds(**{**GOOD, "upper": 1e9, "numbers": True}))
    assert len(found) == 1
    assert "must lie between 0 and the " in found[0]
    assert found[0].endswith("people of these ages; given 1000000000.0.")


def test_all_of_it_at_once(refused):
    found = refused(fe.Bounds(ages=(0, 7)))
    assert len(found) == 3
    for words in ("'statement' is needed", "'lower' must be", "'upper' must be"):
        assert any(words in text for text in found)
