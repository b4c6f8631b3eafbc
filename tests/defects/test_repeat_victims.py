"""Surveys of another period than a year: the people of the period from those of one year."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe
from funnelest.quantities.quantities import Quantities

RATES = {"young": 0.1, "old": 0.4}
PEOPLE = fe.Population({"who": list(RATES)}, [30_000, 10_000])


def model(*evidence, rates=RATES):
    return fe.Model(
        fe.Route("happened", "told"),
        PEOPLE,
        fe.Rate(fe.PerLevel("who", rates)),
        {("happened", "told"): fe.Share(0.5)},
        evidence,
    )


def survey(recall, share=None, **changed):
    defects = [] if share is None else [fe.RepeatVictims(share=share, statement="a guess")]
    given = {"name": "asked", "step": "happened", "yes": 400, "n": 1000, "defects": defects}
    return fe.Survey(**{**given, "recall": recall, **changed})


def expected(one, **parts):
    (seen,) = one.observations(Quantities(model(one, **parts), {}))
    return float(seen.distribution.p[0])


def test_without_repeats_it_is_chance_year_by_year():
    """In each cell by itself, and not by the rate of all."""
    wanted = 0.75 * (1 - 0.9**5) + 0.25 * (1 - 0.6**5)
    assert expected(survey((5, "years"), 0.0)) == pytest.approx(wanted, rel=1e-12)
    assert wanted < 1 - (1 - 0.175) ** 5


def test_with_the_same_people_it_is_the_share_of_a_year():
    assert expected(survey((5, "years"), 1.0)) == pytest.approx(0.175, rel=1e-12)
    assert expected(survey((3, "months"), 1.0)) == pytest.approx(0.175, rel=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 1.0])
@pytest.mark.parametrize("years", [2, 5])
def test_in_between_it_is_the_union_over_the_years(share, years):
    """Counted person by person: some are victims in every year, the others by chance."""
    rate, size = 0.3, 400_000
    rng = np.random.default_rng(7)
    always = rng.random(size) < share * rate
    others = (rate - share * rate) / (1 - share * rate)
    victims = always | (rng.random((years, size)) < others)
    assert victims.mean() == pytest.approx(rate, abs=3e-3)
    stays = (victims.all(axis=0) & always).sum() / victims[0].sum()
    assert stays == pytest.approx(share, abs=5e-3)
    found = expected(survey((years, "years"), share), rates={"young": rate, "old": rate})
    assert found == pytest.approx(victims.any(axis=0).mean(), abs=3e-3)


@pytest.mark.parametrize("recall", [None, (1, "year"), (12, "months")])
def test_a_year_is_a_year(recall):
    assert expected(survey(recall)) == pytest.approx(0.175, rel=1e-12)


def test_periods_follow_on_each_other():
    """Of those who are no victims all the time, two halves make a year."""
    half = expected(survey((6, "months"), 0.0), rates={"young": 0.2, "old": 0.2})
    assert 1 - (1 - half) ** 2 == pytest.approx(0.2, rel=1e-12)


def test_a_later_step_has_the_same_conversion():
    wanted = 0.75 * (1 - 0.95**3) + 0.25 * (1 - 0.8**3)
    found = expected(survey((3, "years"), 0.0, step="told"))
    assert found == pytest.approx(wanted, rel=1e-12)


def test_everybody_is_a_victim_once():
    rates = {"young": 1.0, "old": 1e-300}
    for share in (0.0, 0.5, 1.0):
        found = expected(survey((5, "years"), share), rates=rates)
        assert found == pytest.approx(0.75, rel=1e-9)


def test_a_question_of_five_years_gives_the_rate_of_one():
    """1 - .98^5 of the people in five years, without repeats, is 2% in a year."""
    people = fe.Population({"sex": ["f", "m"]}, [1e6, 1e6])
    yes = round(200_000 * (1 - 0.98**5))
    one = survey((5, "years"), 0.0, yes=yes, n=200_000)
    made = fe.Model(
        fe.Route("happened", "told"), people, fe.Rate(fe.Beta(1, 1)),
        {("happened", "told"): fe.Share(0.5)}, [one],
    )  # fmt: skip
    rates = fe.fit(made, draws=2_000, seed=1, progress=False).parameters()
    row = rates[rates["parameter"] == "rate of happened"].iloc[0]
    assert row["median"] == pytest.approx(0.02, rel=0.01)
    assert row["high"] < 0.021


def test_one_question_of_two_periods_tells_who_repeats():
    """2% in the past year and 6% in the past five: a third or more are the same people."""
    asked = [
        fe.Asked(step="happened", share=fe.Exact(0.02), recall=(12, "months")),
        fe.Asked(step="happened", share=fe.Exact(0.06), recall=(5, "years")),
    ]
    again = fe.RepeatVictims(share=fe.Beta(1, 1), statement="anything")
    one = fe.JointSurvey(
        name="asked", asked=asked, se=[0.0002, 0.0005], correlation=0.4, defects=[again]
    )
    people = fe.Population({"sex": ["f", "m"]}, [10_000, 10_000])
    made = fe.Model(
        fe.Route("happened", "told"), people, fe.Rate(fe.Beta(1, 1)),
        {("happened", "told"): fe.Share(0.5)}, [one],
    )  # fmt: skip
    rows = fe.fit(made, draws=2_000, seed=1, progress=False).parameters().set_index("parameter")
    share = rows.loc["victims every year[asked]", "median"]
    u = (1 - share) * 0.02 / (1 - share * 0.02)
    assert share * 0.02 + (1 - share * 0.02) * (1 - (1 - u) ** 5) == pytest.approx(0.06, rel=0.01)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (survey((5, "years")), r"field 'recall' is \(5, 'years'\).*RepeatVictims\(share="),
        (survey((6, "months")), r"RepeatVictims\(share="),
        (survey("ever"), r"OnsetSurvey\(before=\.\.\.\).*FirstTime"),
        (survey("ever", 0.5), r"OnsetSurvey\(before=\.\.\.\).*FirstTime"),
        (survey("five years"), "field 'recall' must be 'ever', or a number"),
        (survey((5, "weeks")), "field 'recall' must be 'ever', or a number"),
        (survey(None, 0.5), "converts another period than one year"),
        (survey((12, "months"), 0.5), "converts another period than one year"),
        (survey((1, "year"), step="told", of="happened"), "'recall' is of a share of the whole"),
        (survey((5, "years"), 1.5), "field 'share'"),
        (
            survey((5, "years"), defects=[fe.RepeatVictims(share=0.5)]),
            "RepeatVictims: field 'statement' is needed",
        ),
        (
            fe.JointSurvey(
                name="joint", se=[0.01, 0.01], correlation=0.1,
                asked=[
                    fe.Asked(step="happened", share=0.1),
                    fe.Asked(step="told", share=0.1, recall=(5, "years")),
                ],
            ),
            r"field 'asked', share 2: field 'recall' is \(5, 'years'\)",
        ),
        (
            fe.Cohort(
                name="c", of="happened", step="told", yes=3, n=9,
                defects=[fe.RepeatVictims(share=0.5, statement="a guess")],
            ),
            "a Cohort cannot carry RepeatVictims",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(one, said):
    with pytest.raises(fe.SpecError, match=said):
        model(one)


def test_the_ledger_says_the_period():
    def about(one):
        (entry,) = [line for line in model(one).ledger() if line.about == "period[asked]"]
        return entry.stated, str(entry.value)

    assert about(survey(None)) == (
        False, "the question is taken to be about one year, as the model's rate is",
    )  # fmt: skip
    assert about(survey((12, "months"))) == (True, "the question was about one year")
    stated, text = about(survey((30, "months"), 0.5))
    assert stated
    assert "about 2.5 years; the rate is taken to be the same in all of them" in text
    told = survey(None, step="told", of="happened")
    assert not [line for line in model(told).ledger() if line.about == "period[asked]"]


class Fifth(fe.Defect):
    """A user's own conversion: in any period five times as many."""

    label = "fifth"

    def on_period(self, rate, years, q, source):
        return rate * years


def test_a_conversion_of_your_own():
    one = survey((2, "years"), defects=[Fifth()])
    assert expected(one) == pytest.approx(0.35)


@pytest.mark.parametrize("joint", [False, True])
def test_a_period_over_which_the_rate_is_not_the_same_is_refused(joint):
    """Or one from before the people who were asked were born."""
    people = fe.Population({"age": [12, 13], "year": [2018, 2019]}, [[500, 500]] * 2)
    asked = {"where": {"age": (12, 13)}, "step": "happened", "recall": (20, "years"), "share": 0.2}
    repeated = [fe.RepeatVictims(share=0.2, statement="s")]
    if joint:
        shares = [fe.Asked(**{**asked, "recall": recall}) for recall in (asked["recall"], None)]
        one = fe.JointSurvey(
            name="j", asked=shares, se=[0.01, 0.01], correlation=0.0, defects=repeated
        )
    else:
        one = fe.Survey(name="j", n=500, defects=repeated, **asked)
    rate = fe.Rate(fe.Beta(1, 9), fe.Levels("year"))
    with pytest.raises(fe.SpecError) as wrong:
        fe.Model(fe.Route("happened"), people, rate, evidence=[one])
    assert "the model lets it differ over 'year'" in str(wrong.value)
    assert "nobody who was asked is older than 13" in str(wrong.value)


def _with_first_time(first, always, ages=(0, 1, 2, 3), step="happened", where=None):
    one = fe.Survey(
        "asked", step=step, yes=40, n=1000, recall=(2, "years"), where=where or {},
        defects=[fe.RepeatVictims(share=always, statement="a guess")],
    )  # fmt: skip
    return fe.Model(
        fe.Route("happened", "told"), fe.Population({"age": list(ages)}, [1_000] * len(ages)),
        fe.Rate(fe.Beta(2, 50), fe.Levels("age", fe.Normal(0, 1))),
        {("happened", "told"): fe.Share(0.5)}, [one],
        assumptions=[fe.FirstTime(share=first, statement="a guess")],
    )  # fmt: skip


@pytest.mark.parametrize("always", [0.9, fe.Beta(90, 10)])
def test_who_is_a_victim_every_year_is_none_for_the_first_time(always):
    said = r"Survey 'asked': RepeatVictims says that 90% .* FirstTime that up to 95%"
    with pytest.raises(fe.SpecError, match=said):
        _with_first_time(0.95, always)
    with pytest.raises(fe.SpecError, match=said):
        _with_first_time(0.95, always, where={"age": (1, 2)})


@pytest.mark.parametrize(
    ("first", "always", "more"),
    [
        (0.1, 0.9, {}),
        (0.4, fe.Beta(2, 2), {}),  # they may go together
        (fe.Share(fe.PerLevel("age", {0: 1.0, (1, 3): 0.1})), 0.9, {}),
        (0.95, 0.9, {"step": "told"}),  # first events are of the first step
    ],
)
def test_they_may_go_together(first, always, more):
    _with_first_time(first, always, **more)
