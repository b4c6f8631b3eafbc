"""The mean age at the first event: against sums over ages and simulated people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe

ROUTE = fe.Route("a", "b")
PEOPLE = fe.Population({"age": list(range(8)), "sex": ["m", "f"]}, [[100, 300]] * 8)
BANDS = fe.Population({"age": [(0, 4), (5, 6), 7]}, [500, 200, 100])
BY_SEX = fe.PerLevel("sex", {"m": 0.1, "f": 0.3})
FIRST = fe.FirstTime(share=0.8, statement="s")
#: A source that sees all ages and says nothing of them.
ANY = fe.OnsetSurvey(name="any", before=8, yes=fe.AtMost(1), n=1)
AGE = {"name": "s", "before": 8, "n": 50, "mean": 3.1, "sd": 2.0}


def model_of(source, rate, people=PEOPLE):
    return fe.Model(ROUTE, people, rate, evidence=[source, ANY], assumptions=[FIRST])


def seen(source, rate=None, people=PEOPLE):
    model = model_of(source, rate or fe.Hazard(0.1), people)
    middle = {name: np.array([float(p.ppf(0.5))]) for name, p in model.free.items()}
    return model.evidence[0].observations(fe.Quantities(model, middle))


def of_years(before, h=0.1):
    """Return completed years and their probabilities, at a constant hazard."""
    years = np.arange(before)
    weight = h * (1 - h) ** years
    return years, weight / weight.sum()


@pytest.mark.parametrize("before", [2, 5, 8])
def test_a_constant_hazard(before):
    years, weight = of_years(before)
    mean = np.sum(weight * years)
    sd = np.sqrt(np.sum(weight * years**2) - mean**2)
    data = {**AGE, "before": before, "mean": 1.2, "deff": 1.5, "use_sd": True}
    one, two = seen(fe.OnsetAge(**data))
    error = np.sqrt(4.0 * 1.5 / 50)
    assert one.logp() == pytest.approx(stats.norm(mean, error).logpdf(1.2))
    law = stats.norm(np.log(sd), np.sqrt(1.5 / 98))
    assert two.logp() == pytest.approx(law.logpdf(np.log(2.0)))
    exact, spread = seen(fe.OnsetAge(**data, completed_years=False))
    assert exact.distribution.expected == pytest.approx(mean + 0.5)
    assert spread.distribution.expected == pytest.approx(np.sqrt(sd**2 + 1 / 12))


def test_the_standard_error_and_the_rounding():
    (plain,) = seen(fe.OnsetAge(**AGE))
    assert plain.distribution.sd == pytest.approx(2 / np.sqrt(50))
    printed = fe.Rounded(AGE["mean"], to=0.1)
    (rounded,) = seen(fe.OnsetAge(**AGE | {"mean": printed}))
    law = stats.norm(plain.distribution.expected, 2 / np.sqrt(50))
    ends = law.cdf(AGE["mean"] + np.array([-0.05, 0.05]))
    assert rounded.logp() == pytest.approx(np.log(np.diff(ends, axis=-1)[0]))
    (given,) = seen(fe.OnsetAge(**{**AGE, "sd": None}, se=0.3))
    assert given.distribution.sd == pytest.approx(0.3)


def test_how_many_there_are_does_not_matter_but_who_they_are_does():
    (low,) = seen(fe.OnsetAge(**AGE), fe.Rate(0.01))
    (high,) = seen(fe.OnsetAge(**AGE), fe.Rate(0.1))
    assert low.logp() == pytest.approx(high.logp())
    assert low.distribution.expected == pytest.approx(3.5)
    (girls,) = seen(fe.OnsetAge(**AGE, where={"sex": "f"}), fe.Hazard(BY_SEX))
    years, weight = of_years(8, 0.3)
    assert girls.distribution.expected == pytest.approx(np.sum(years * weight))


def test_bands_are_spread_evenly():
    rate = fe.Rate(fe.PerLevel("age", {(0, 4): 0.01, (5, 6): 0.04, 7: 0.02}))
    mean, sd = (one.distribution.expected for one in
                seen(fe.OnsetAge(**AGE, use_sd=True), rate, BANDS))  # fmt: skip
    weight = np.array([1.0] * 5 + [4.0] * 2 + [2.0])
    weight /= weight.sum()
    expected = np.sum(weight * np.arange(8))
    assert mean == pytest.approx(expected)
    assert sd == pytest.approx(np.sqrt(np.sum(weight * np.arange(8) ** 2) - expected**2))


@pytest.mark.parametrize("years", [0.4, 1.0, 2.7])
def test_telescoping_moves_the_mean_and_leaves_the_latest_out(years):
    """Against made-up people: what they report, of those who report it as before 6."""
    rng = np.random.default_rng(3)
    ages, weight = of_years(8)
    true = rng.choice(ages, size=400_000, p=weight) + rng.random(400_000)
    told = (true + years)[true + years < 6]
    later = fe.Telescoping(prior=years, statement="s")
    data = {**AGE, "before": 6, "use_sd": True, "completed_years": False, "defects": [later]}
    mean, sd = (float(one.distribution.expected[0]) for one in seen(fe.OnsetAge(**data)))
    assert mean == pytest.approx(told.mean(), abs=0.02)
    assert sd == pytest.approx(told.std(), abs=0.02)


def test_telescoping_past_all_ages_is_finite():
    later = fe.Telescoping(prior=9.0, statement="s")
    for one in seen(fe.OnsetAge(**AGE, use_sd=True, defects=[later])):
        assert np.isfinite(one.logp()).all()


def test_the_posterior_of_a_hazard(agrees):
    source = fe.OnsetAge(**AGE, use_sd=True)
    model = model_of(source, fe.Hazard(fe.Beta(2, 6)))
    result = fe.fit(model, engine="importance", draws=4000, seed=2, progress=False)
    assert result.gate.passed, result.gate.text
    x = (np.arange(2000) + 0.5) / 2000
    weights = np.array([of_years(8, h)[1] for h in x])
    mean = weights @ np.arange(8)
    sd = np.sqrt(weights @ np.arange(8) ** 2 - mean**2)
    weight = stats.beta(2, 6).logpdf(x) + stats.norm(mean, 2 / np.sqrt(50)).logpdf(3.1)
    weight += stats.norm(np.log(sd), 1 / np.sqrt(98)).logpdf(np.log(2.0))
    weight = np.exp(weight - weight.max())
    total = np.cumsum(weight) - weight / 2
    agrees(
        result.draws["hazard of a"],
        lambda value: np.interp(value, x, total / weight.sum()),
        min(result.gate.measures.get("ESS", np.inf), 4000),
    )


def test_simulated_ones_have_the_moments():
    source = fe.OnsetAge(**AGE, use_sd=True)
    one, two = seen(source)
    made = [fe.simulate(model_of(source, fe.Hazard(0.1)), seed=i).evidence[0] for i in range(300)]
    means, logs = np.array([m.mean for m in made]), np.log([m.sd for m in made])
    assert means.mean() == pytest.approx(one.distribution.expected[0], abs=0.08)
    assert means.std() == pytest.approx(2 / np.sqrt(50), rel=0.15)
    assert logs.mean() == pytest.approx(np.log(two.distribution.expected[0]), abs=0.03)
    assert logs.std() == pytest.approx(1 / np.sqrt(98), rel=0.15)
    alone = fe.OnsetAge(**AGE).with_data([2.5], PEOPLE)
    assert (alone.mean, alone.sd) == (2.5, 2.0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"before": 1}, ["'before'", "at least 2", "given 1"]),
        ({"before": 7.5}, ["'before'", "whole number", "7.5"]),
        ({"n": 1}, ["'n'", "at least 2", "given 1"]),
        ({"mean": 8.0}, ["'mean'", "below 8", "given 8.0"]),
        ({"mean": -0.1}, ["'mean'", "at least 0", "given -0.1"]),
        ({"mean": "3"}, ["'mean'", "'3'"]),
        ({"sd": None}, ["'sd'", "'se'", "not evidence"]),
        ({"se": 0.2}, ["'sd'", "'se'"]),
        ({"sd": 0.0}, ["'sd'", "above 0", "given 0.0"]),
        ({"mean": fe.Rounded(3, to=-1)}, ["'mean'", "above 0", "to=-1"]),
        ({"mean": fe.AtMost(3)}, ["'mean'", "AtMost", "Rounded"]),
        ({"use_sd": 1}, ["'use_sd'", "True or False", "given 1"]),
        ({"sd": None, "se": 0.2, "use_sd": True}, ["'use_sd' needs field 'sd'"]),
        ({"deff": 0.9}, ["'deff'", "at least 1", "0.9"]),
        ({"sd": None, "se": 0.2, "deff": 2.0}, ["'deff'", "beside field 'sd'"]),
        ({"where": {"age": (0, 3)}}, ["'where' selects on axis 'age'", "'before'"]),
        ({"before": 9}, ["'before'", "before age 9", "at most 8"]),
        ({"axis": "sex"}, ["there is no axis 'sex' of ages"]),
        ({"defects": [fe.Recall(share=0.5, statement="s")]}, ["OnsetAge cannot carry Recall"]),
    ],
)
def test_what_is_refused(changed, said):
    with pytest.raises(fe.SpecError) as caught:
        model_of(fe.OnsetAge(**{**AGE, **changed}), fe.Hazard(0.1))
    (text,) = caught.value.problems
    assert text.startswith("OnsetAge 's': ")
    for part in said:
        assert part in text


def test_all_problems_at_once():
    source = fe.OnsetAge(name="s", before=8, n=0, mean=12, deff=0, where={"age": 3})
    with pytest.raises(fe.SpecError) as caught:
        model_of(source, fe.Hazard(0.1))
    assert len(caught.value.problems) == 5
    for part in ("'n'", "'mean'", "'deff'", "'where'", "'sd'"):
        assert part in str(caught.value)


def test_it_needs_first_events_and_whole_bands():
    with pytest.raises(fe.SpecError, match=r"OnsetAge 's': .* FirstTime\(share"):
        fe.Model(ROUTE, PEOPLE, fe.Rate(0.1), evidence=[fe.OnsetAge(**AGE)])
    with pytest.raises(fe.SpecError, match="age 6 cuts the band 5-6 of axis 'age'; give 5 or 7"):
        model_of(fe.OnsetAge(**{**AGE, "before": 6}), fe.Rate(0.1), BANDS)


def test_it_does_not_say_how_many_there_are_at_an_age():
    source = fe.OnsetAge(**AGE)
    assert source.asks_about(ROUTE, PEOPLE) == []
    assert not source.first_events_of(PEOPLE).any()
