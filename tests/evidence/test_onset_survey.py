"""Surveys of first events: closed forms, exact posteriors, and what is refused."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe

ROUTE = fe.Route("a", "b", definition="severe")
PEOPLE = fe.Population(
    {"age": [0, 1, 2, 3, 4, 5], "sex": ["m", "f"]}, [[100, 300]] * 5 + [[200, 400]]
)
BANDS = fe.Population({"age": [(0, 3), (4, 5)]}, [400, 300])
#: A source that sees all ages and says nothing of them.
ANY = fe.OnsetSurvey(name="any", before=6, yes=fe.AtMost(1), n=1)
FIRST = fe.FirstTime(share=1.0, statement="once each")


def model_of(*evidence, hazard=0.1, people=PEOPLE, share=1.0, route=ROUTE):
    rate = fe.Rate(hazard) if people is BANDS else fe.Hazard(hazard)
    first = fe.FirstTime(share=share, statement="once each")
    if people in (PEOPLE, BANDS):
        evidence = (*evidence, ANY)
    return fe.Model(route, people, rate, {("a", "b"): fe.Share(0.5)}, evidence, [first])


def seen(survey, **parts):
    model = model_of(survey, **parts)
    middle = {name: np.array([float(p.ppf(0.5))]) for name, p in model.free.items()}
    (one,) = model.evidence[0].observations(fe.Quantities(model, middle))
    return one


def refusals(survey, **parts):
    with pytest.raises(fe.SpecError) as caught:
        model_of(survey, **parts)
    return caught.value.problems


def before(age, h=0.1):
    """Return the share with a first event before an age, at a constant hazard."""
    return 1 - (1 - h) ** age


# ------------------------------------------------------------------------- one age


@pytest.mark.parametrize("age", [1, 3, 6])
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_a_constant_hazard(age, share):
    """Whatever the share of first-time victims: a hazard is of first events already."""
    one = seen(fe.OnsetSurvey(name="s", before=age, yes=7, n=40), share=share)
    assert one.logp() == pytest.approx(stats.binom(40, before(age)).logpmf(7))


def test_a_yearly_rate_has_its_share_of_first_events():
    survey = fe.OnsetSurvey(name="s", before=6, yes=7, n=40)
    one = seen(survey, hazard=0.1, people=BANDS, share=0.4)
    assert one.logp() == pytest.approx(stats.binom(40, 6 * 0.1 * 0.4).logpmf(7))


def test_only_the_people_who_were_asked():
    rate = fe.PerLevel("sex", {"m": 0.1, "f": 0.2})
    survey = fe.OnsetSurvey(name="s", before=4, yes=7, n=40, where={"sex": "f"})
    assert seen(survey, hazard=rate).distribution.p == pytest.approx(before(4, 0.2))
    everyone = fe.OnsetSurvey(name="s", before=4, yes=7, n=40)
    first = [(0.1 * 0.9**a + 3 * 0.2 * 0.8**a) / 4 for a in range(4)]
    assert seen(everyone, hazard=rate).distribution.p == pytest.approx(sum(first))


def test_more_first_events_than_people_are_all_of_them():
    one = seen(fe.OnsetSurvey(name="s", before=6, yes=7, n=40), hazard=0.9, people=BANDS)
    assert one.distribution.p == pytest.approx(1.0)
    assert np.isfinite(one.logp()).all()


def test_the_other_ways_to_give_a_share():
    p = before(4)
    deff = seen(fe.OnsetSurvey(name="s", before=4, yes=7, n=40, deff=2.0))
    size = (40 - 2) / (2 - 1)
    assert deff.logp() == pytest.approx(stats.betabinom(40, p * size, (1 - p) * size).logpmf(7))
    count = seen(fe.OnsetSurvey(name="s", before=4, share=0.3, n=40, deff=2.0))
    assert count.logp() == pytest.approx(stats.binom(20, p).logpmf(6))
    normal = seen(fe.OnsetSurvey(name="s", before=4, share=0.3, se=0.02))
    law = stats.norm(special.logit(p), 0.02 / 0.21)
    assert normal.logp() == pytest.approx(law.logpdf(special.logit(0.3)))
    clusters = fe.Clustered(clusters=4, icc=0.1)
    same = seen(fe.OnsetSurvey(name="s", before=4, yes=7, n=40, defects=[clusters]))
    assert same.moments()[1] == pytest.approx(np.sqrt(1.9 * 40 * p * (1 - p)))


def test_a_rounded_share_is_all_counts_that_print_as_it():
    one = seen(fe.OnsetSurvey(name="s", before=4, share=fe.Rounded(0.35, to=0.01), n=17_000))
    counts = np.arange(round(0.345 * 17_000), round(0.355 * 17_000))
    assert one.logp() == pytest.approx(
        special.logsumexp(stats.binom(17_000, before(4)).logpmf(counts))
    )
    half = seen(fe.OnsetSurvey(name="s", before=4, share=fe.Rounded(0.35, to=0.01), n=1700, deff=2))
    counts = [k for k in range(1701) if 0.345 <= k / 1700 < 0.355]
    size = (1700 - 2) / (2 - 1)
    law = stats.betabinom(1700, before(4) * size, (1 - before(4)) * size)
    assert half.logp() == pytest.approx(special.logsumexp(law.logpmf(counts)))


def test_a_rounded_share_is_much_less_sure():
    """A percentage point wide, where the error of a sample of 17,000 is a third of one."""
    data = {"name": "s", "before": 4, "n": 17_000}
    rounded = fe.OnsetSurvey(**data, share=fe.Rounded(0.35, to=0.01))
    h = 1 - (1 - np.array([0.3460, 0.3535])) ** (1 / 4)
    away = [seen(rounded, hazard=float(x)).logp() for x in h]
    assert np.ptp(away) < 1
    exact = fe.OnsetSurvey(**data, yes=5950)
    assert np.all(np.array([seen(exact, hazard=float(x)).logp() for x in h]) < np.max(away) - 3)


def size(result):
    measures = result.gate.measures
    return min(measures.get("ESS", np.inf), 4000)


def fit(*evidence, **parts):
    model = model_of(*evidence, **parts)
    result = fe.fit(model, engine="importance", draws=4000, seed=2, progress=False)
    assert result.gate.passed, result.gate.text
    return result


def test_before_the_first_birthday_it_is_conjugate(agrees):
    result = fit(fe.OnsetSurvey(name="s", before=1, yes=7, n=40), hazard=fe.Beta(2, 8))
    agrees(result.draws["hazard of a"], stats.beta(9, 41).cdf, size(result))


def test_the_posterior_of_nested_and_rounded_figures(agrees):
    result = fit(
        fe.OnsetSurvey(name="s", before=4, share=fe.Rounded(0.3, to=0.1), n=200),
        fe.OnsetSurvey(name="t", onset={(0, 1): 9, (2, 5): 15}, unknown=5, n=60),
        hazard=fe.Beta(2, 8),
    )
    x = (np.arange(4000) + 0.5) / 4000
    weight = stats.beta(2, 8).logpdf(x)
    weight += np.log(sum(stats.binom(200, before(4, x)).pmf(k) for k in range(50, 70)) + 1e-300)
    weight += stats.binom(60, before(6, x)).logpmf(29)
    weight += stats.binom(24, before(2, x) / before(6, x)).logpmf(9)
    weight = np.exp(weight - weight.max())
    total = np.cumsum(weight) - weight / 2
    agrees(
        result.draws["hazard of a"],
        lambda value: np.interp(value, x, total / weight.sum()),
        size(result),
    )


# ------------------------------------------------------------------- several ages


def test_nested_shares_have_the_covariance_of_one_sample():
    shares = {4: 0.35, 2: 0.2, 6: 0.45}
    printed = {age: fe.Rounded(share, to=0.01) for age, share in shares.items()}
    survey = fe.OnsetSurvey(name="s", before=printed, n=300, deff=1.5)
    one = seen(survey)
    p = np.array([0.2, 0.35, 0.45])
    covariance = np.array([[p[min(i, j)] * (1 - p[max(i, j)]) for j in range(3)] for i in range(3)])
    covariance = covariance / 200 + np.eye(3) * 0.01**2 / 12
    slope = np.diag(1 / (p * (1 - p)))
    law = stats.multivariate_normal(
        special.logit([before(2), before(4), before(6)]), slope @ covariance @ slope
    )
    assert one.logp() == pytest.approx(law.logpdf(special.logit(p)))
    same = seen(fe.OnsetSurvey(name="s", before=shares, covariance=covariance.tolist()))
    assert same.logp() == pytest.approx(one.logp())


def test_the_covariance_is_that_of_counts_of_the_same_people():
    rng = np.random.default_rng(1)
    increments = rng.multinomial(500, [0.2, 0.15, 0.65], size=20_000)[:, :2]
    found = np.cov(np.cumsum(increments, axis=1).T / 500)
    p = np.array([0.2, 0.35])
    slope = np.diag(1 / (p * (1 - p)))
    one = seen(fe.OnsetSurvey(name="s", before={2: 0.2, 4: 0.35}, n=500))
    np.testing.assert_allclose(slope @ found @ slope, one.distribution.covariance, rtol=0.04)


def test_equal_shares_need_to_be_rounded_ones():
    equal = {"name": "s", "before": {2: 0.2, 4: 0.2}, "n": 300}
    (text,) = refusals(fe.OnsetSurvey(**equal))
    assert "before 2 and 4 are both 0.2" in text
    assert "2: Rounded(0.2, to=...)" in text
    rounded = {age: fe.Rounded(0.2, to=0.01) for age in (2, 4)}
    assert np.isfinite(seen(fe.OnsetSurvey(**equal | {"before": rounded})).logp())


def test_made_up_nested_shares_keep_their_uncertainty():
    survey = fe.OnsetSurvey(name="s", before={4: 0.35, 2: 0.3}, n=300)
    again = survey.with_data([np.array([0.4, 0.38])], PEOPLE)  # normal errors may disagree so
    assert again.before == {4: 0.4, 2: 0.38}
    assert list(again.before) == [4, 2]
    np.testing.assert_allclose(
        seen(again).distribution.covariance, seen(survey).distribution.covariance
    )


# -------------------------------------------------------- ages at the first event


def test_ages_at_the_first_event_are_multinomial():
    ages = {(2, 3): 6, (0, 1): 9, (4, 5): 4}
    one = seen(fe.OnsetSurvey(name="s", onset=ages, n=50))
    p = np.diff([0, before(2), before(4), before(6)])
    law = stats.multinomial(50, [*p, 1 - p.sum()])
    assert one.logp() == pytest.approx(float(law.logpmf([9, 6, 4, 31])))


def test_with_unknown_ages_it_is_binomial_and_multinomial_given_those_known():
    survey = fe.OnsetSurvey(name="s", onset={(0, 1): 9, (2, 3): 6, (4, 5): 4}, unknown=8, n=50)

    def away(h):
        p = np.diff([0, before(2, h), before(4, h), before(6, h)])
        by_hand = stats.binom(50, before(6, h)).logpmf(27)
        by_hand += stats.multinomial(19, p / p.sum()).logpmf([9, 6, 4])
        return float(seen(survey, hazard=h).logp()[0]) - by_hand

    # A constant: how many ages are known says nothing of the hazard.
    assert away(0.1) == pytest.approx(stats.binom(27, 19 / 27).logpmf(19))
    assert away(0.03) == pytest.approx(away(0.1))
    ledger = {entry.about: entry for entry in model_of(survey).ledger()}
    assert ledger["unknown ages[s]"].kind == "default"
    assert "at the same ages as the others" in ledger["unknown ages[s]"].value


def test_what_changes_the_share_changes_the_intervals():
    error = fe.TestError(sensitivity=0.8, specificity=0.95)
    one = seen(fe.OnsetSurvey(name="s", onset={(0, 1): 9, (2, 5): 6}, n=50, defects=[error]))
    said = [0.8 * before(age) + 0.05 * (1 - before(age)) for age in (2, 6)]
    assert np.ravel(one.distribution.p) == pytest.approx([said[0], said[1] - said[0]])


# --------------------------------------------------- defects, in one order of their own


def test_the_defects_from_what_happened_to_what_is_said():
    defects = [
        fe.TestError(sensitivity=0.9, specificity=0.98),
        fe.Recall(share=0.8, per_year=0.01, statement="s"),
        fe.Bridge("wide", fe.Fixed(1.2, statement="s"), definition="any"),
        fe.OutsideFrame(share=0.1, ratio=2.0, statement="s"),
        fe.Telescoping(prior=0.5, statement="s"),
        fe.EarlierRate(prior=1.5, statement="s"),
    ]
    parts = {"name": "s", "yes": 7, "n": 40, "definition": "any", "respondents": (20, 40)}
    age = 1 - 0.9**3 * (1 - 0.5 * 0.1)  # of the fourth year only half
    p = 1 - (1 - age) ** 1.5
    p = p / (0.9 + 0.1 * 2) * 1.2 * 0.8 * np.exp(-0.01 * (30 - 4))
    p = 0.9 * p + 0.02 * (1 - p)
    for order in (defects, defects[::-1]):
        survey = fe.OnsetSurvey(before=4, **parts, defects=order)
        assert seen(survey).distribution.p == pytest.approx(p)
    assert survey.describe() == (
        "remembered as later, at the rates of earlier years, of those inside the frame, "
        "times wide, reported, fewer as years go by, sensitivity and specificity of the question"
    )


# ------------------------------------------------------------ simulated is likely

SMALL = {
    "yes": fe.OnsetSurvey(name="s", before=4, yes=3, n=9),
    "rounded": fe.OnsetSurvey(name="s", before=4, share=fe.Rounded(0.3, to=0.1), n=23),
    "rounded deff": fe.OnsetSurvey(
        name="s", before=4, share=fe.Rounded(0.3, to=0.1), n=23, deff=1.7
    ),
    "rounded to thirds": fe.OnsetSurvey(name="s", before=4, share=fe.Rounded(0.0, to=0.25), n=17),
    "ages": fe.OnsetSurvey(name="s", onset={(0, 1): 2, (2, 5): 3}, n=7),
}


@pytest.mark.parametrize("name", SMALL)
def test_all_data_have_their_probability(name):
    survey = SMALL[name]
    one = seen(survey)
    if survey.onset is not None:
        data = [[list(x)] for x in product(range(8), repeat=2) if sum(x) <= 7]
    else:
        rng = np.random.default_rng(1)
        trials = int(one.distribution.n)
        shown = [one.figure.printed(k, one.divisor, rng) for k in range(trials + 1)]
        data = [[figure] for figure in dict.fromkeys(shown)]
    made = [survey.with_data(figures, PEOPLE) for figures in data]
    p = {repr(new): float(np.exp(seen(new).logp()[0])) for new in made}
    assert sum(p.values()) == pytest.approx(1.0)
    drawn = Counter(repr(fe.simulate(model_of(survey), seed=i).evidence[0]) for i in range(400))
    assert set(drawn) <= set(p)
    for new, probability in p.items():
        sd = np.sqrt(400 * probability * (1 - probability))
        assert abs(drawn[new] - 400 * probability) < 5 * sd + 1


def test_made_up_ages_with_unknown_ones():
    survey = fe.OnsetSurvey(name="s", onset={(2, 5): 20, (0, 1): 10}, unknown=15, n=200)
    made = [fe.simulate(model_of(survey), seed=i).evidence[0] for i in range(300)]
    known = np.array([[one.onset[0, 1], one.onset[2, 5], one.unknown] for one in made])
    p = np.array([before(2), before(6) - before(2)])
    expected = 200 * np.array([*(p * 2 / 3), before(6) / 3])
    assert np.all(np.abs(known.mean(axis=0) - expected) < 5 * np.sqrt(expected / 300))
    assert all(list(one.onset) == [(2, 5), (0, 1)] for one in made)
    assert all(one.problems(ROUTE, PEOPLE) == [] for one in made)


# ------------------------------------------------------------------------ refusals

AGE = {"name": "s", "before": 4}
YES = {**AGE, "yes": 7, "n": 40}
AGES = {"name": "s", "n": 300}
ONSET = {"name": "s", "n": 50}


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        ({"name": "s"}, ["'before'", "'onset'"]),
        ({**YES, "onset": {(0, 5): 3}}, ["'before'", "'onset'"]),
        ({**YES, "before": 0}, ["'before'", "above 0", "given 0"]),
        ({**YES, "before": 2.5}, ["'before'", "whole number", "2.5"]),
        ({**YES, "before": "four"}, ["'before'", "'four'"]),
        ({**AGE, "yes": 50, "n": 40}, ["'yes'", "(50)", "n=40"]),
        ({**AGE, "share": 0.2}, ["'n'", "'se'", "'interval'", "not evidence"]),
        ({**AGE, "share": 1.2, "n": 40}, ["'share'", "between 0 and 1", "1.2"]),
        ({**YES, "unknown": 3}, ["'unknown' does not go with one age"]),
        ({**YES, "covariance": [[1.0]]}, ["'covariance' does not go with one age"]),
        ({**AGE, "share": fe.Rounded(0.2, to=0), "n": 40}, ["'share'", "above 0", "to=0"]),
        ({**AGE, "share": fe.Rounded(0.2, to="1%"), "n": 40}, ["'share'", "'1%'"]),
        ({**AGE, "share": fe.Rounded(1.2, to=0.1), "n": 40}, ["'share'", "0 and 1", "1.2"]),
        (
            {**AGE, "share": fe.Rounded(0.213, to=0.01), "n": 4000},
            ["'share'", "0.213 is not a multiple of 0.01"],
        ),
        (
            {**AGE, "share": fe.Rounded(0.21, to=0.01), "n": 10},
            ["'share' of 10 people", "no number of them prints as 0.21"],
        ),
        (
            {**AGE, "share": fe.AtMost(0.2), "se": 0.01},
            ["'share'", "AtMost", "does not say between which numbers", "Rounded"],
        ),
        ({**AGES, "before": {4: 0.2}}, ["'before'", "at least two", "'share'"]),
        ({**AGES, "before": {}}, ["'before'", "at least two"]),
        (
            {**AGES, "before": {2: 0.3, 4: 0.2}},
            ["ever-before-age figures that fall with age", "0.3 before 2 and 0.2 before 4"],
        ),
        ({**AGES, "before": {2: 0.0, 4: 0.2}}, ["before age 2", "strictly between", "given 0.0"]),
        ({**AGES, "before": {2: 0.1, 4: 1}}, ["before age 4", "strictly between", "given 1"]),
        ({**AGES, "before": {2: 0.1, -4: 0.2}}, ["'before'", "given -4"]),
        ({"name": "s", "before": {2: 0.1, 4: 0.2}}, ["'n'", "given None"]),
        ({**AGES, "before": {2: 0.1, 4: 0.2}, "deff": 0.5}, ["'deff'", "at least 1", "0.5"]),
        ({**AGES, "before": {2: 0.1, 4: 0.2}, "share": 0.2}, ["'share' does not go with several"]),
        ({**AGES, "before": {2: fe.Rounded(0.1, to=0.3), 4: 0.2}}, ["'before[2]'", "multiple"]),
        ({**AGES, "before": {2: fe.AtLeast(0.1), 4: 0.2}}, ["'before[2]'", "AtLeast"]),
        ({**AGES, "before": {2: 0.1, 4: fe.Rounded(1, to=1)}}, ["'before[4]'", "strictly between"]),
        (
            {"name": "s", "before": {2: 0.1, 4: 0.2}, "covariance": [[1e-4]]},
            ["'covariance'", "2 x 2", "(1, 1)"],
        ),
        (
            {"name": "s", "before": {2: 0.1, 4: 0.2}, "covariance": [[1e-4, 1e-3], [1e-3, 1e-4]]},
            ["'covariance'", "positive definite"],
        ),
        (
            {"name": "s", "before": {2: 0.1, 4: 0.2}, "covariance": [[1e-4, 0], [1e-5, 1e-4]]},
            ["'covariance'", "symmetric"],
        ),
        (
            {"name": "s", "before": {2: 0.1, 4: 0.2}, "covariance": "small"},
            ["'covariance' must hold numbers"],
        ),
        ({**ONSET, "onset": [(0, 5)]}, ["'onset'", "mapping", "[(0, 5)]"]),
        ({**ONSET, "onset": {}}, ["'onset' names no ages"]),
        ({**ONSET, "onset": {(0, 1): 3, 2: 4}}, ["'onset'", "(low, high)", "given 2"]),
        ({**ONSET, "onset": {(3, 1): 3}}, ["'onset'", "not above high", "(3, 1)"]),
        ({**ONSET, "onset": {(0, 1): 3, (2, 5): -4}}, ["the number at 2-5", "given -4"]),
        ({**ONSET, "onset": {(0, 1): 3, (4, 5): 4}}, ["the ages 2-3 are in no interval"]),
        ({**ONSET, "onset": {(1, 5): 4}}, ["the ages 0 are in no interval"]),
        ({**ONSET, "onset": {(0, 3): 3, (2, 5): 4}}, ["the ages 2-3 are in two intervals"]),
        ({**ONSET, "onset": {(0, 5): 40}, "unknown": 11}, ["add up to 51", "n=50"]),
        ({**ONSET, "onset": {(0, 5): 4}, "unknown": -1}, ["'unknown'", "given -1"]),
        ({**ONSET, "onset": {(0, 5): 0}, "unknown": 9}, ["nobody whose age is known", "'before'"]),
        ({"name": "s", "onset": {(0, 5): 4}}, ["'n'", "given None"]),
        ({**ONSET, "onset": {(0, 5): 4}, "deff": 2.0}, ["'deff' does not go with field 'onset'"]),
        (
            {**ONSET, "onset": {(0, 5): 4}, "defects": [fe.Clustered(clusters=5, icc=0.1)]},
            ["Clustered needs a sample given as 'yes' of 'n'"],
        ),
        ({**YES, "where": {"age": 3}}, ["'where' selects on axis 'age'", "'before'"]),
        ({**YES, "before": 9}, ["'before'", "before age 9", "ends at 5; at most 6"]),
        ({**ONSET, "onset": {(0, 6): 4}}, ["'onset'", "before age 7", "at most 6"]),
        ({**YES, "axis": "sex"}, ["'axis'", "there is no axis 'sex' of ages"]),
        ({**YES, "axis": "agee"}, ["'agee'", "age, sex"]),
        ({**YES, "respondents": (30, 20)}, ["'respondents'", "low not above high", "(30, 20)"]),
        ({**YES, "respondents": 30}, ["'respondents'", "(low, high)", "30"]),
        ({**YES, "respondents": (3, 20)}, ["'respondents'", "people of 3", "before age 4"]),
        (
            {**YES, "defects": [fe.Recall(share=0.8, per_year=0.1, statement="s")]},
            ["Recall", "'per_year'", "'respondents'"],
        ),
        ({**YES, "defects": [fe.Coverage(0.5)]}, ["OnsetSurvey cannot carry Coverage"]),
        ({**YES, "definition": "any"}, ["'definition'", "'any'", "'severe'", "Bridge"]),
    ],
)
def test_what_is_refused(survey, said):
    (text,) = refusals(fe.OnsetSurvey(**survey))
    assert text.startswith("OnsetSurvey 's': ")
    for part in said:
        assert part in text


def test_bands_are_not_cut_unless_ages_move():
    survey = fe.OnsetSurvey(name="s", before=5, yes=7, n=40)
    (text,) = refusals(survey, people=BANDS)
    assert "age 5 cuts the band 4-5 of axis 'age'; give 4 or 6" in text
    later = fe.Telescoping(prior=0.5, statement="s")
    moved = fe.OnsetSurvey(name="s", before=5, yes=7, n=40, defects=[later])
    assert seen(moved, people=BANDS).distribution.p == pytest.approx(4.5 * 0.1)


def test_ages_without_people_or_not_in_the_population():
    empty = fe.Population(
        {"age": [0, 1, 2, 3], "sex": ["m", "f"]}, [[9, 9], [9, 0], [9, 9], [9, 0]]
    )
    survey = fe.OnsetSurvey(name="s", before=3, yes=7, n=40, where={"sex": "f"})
    (text,) = refusals(survey, people=empty)
    assert "nobody in the population is of age 1, 3 (in field 'where')" in text
    gap = fe.Population({"age": [(0, 1), (4, 5)]}, [9, 9])
    model = {"route": ROUTE, "population": gap, "occurrence": fe.Rate(0.1), "assumptions": [FIRST]}
    with pytest.raises(fe.SpecError, match="the population has no age 2, 3"):
        fe.Model(**model, evidence=[fe.OnsetSurvey(name="s", before=6, yes=7, n=40)])
    cells = {
        **model,
        "population": fe.Population.cells({"age": [0, 1]}),
        "occurrence": fe.Number(9),
    }
    with pytest.raises(fe.SpecError, match="no head count"):
        fe.Model(**cells, evidence=[fe.OnsetSurvey(name="s", before=2, yes=7, n=40)])


def test_it_needs_first_events_and_the_same_axis():
    survey = fe.OnsetSurvey(name="s", before=4, yes=7, n=40)
    with pytest.raises(fe.SpecError, match=r"OnsetSurvey 's': .* FirstTime\(share"):
        fe.Model(ROUTE, PEOPLE, fe.Rate(0.1), evidence=[survey])
    axes = {"age": [0, 1, 2, 3], "years": [0, 1, 2, 3]}
    years = fe.Population(axes, np.full((4, 4), 9).tolist(), ages="age", no_role="years")
    first = fe.FirstTime(share=1.0, statement="s", axis="years")
    model = fe.Model(ROUTE, years, fe.Rate(0.1), evidence=[survey], assumptions=[first])
    with pytest.raises(fe.SpecError, match="'axis' is 'age', and FirstTime has another"):
        model.evidence[0].observations(fe.Quantities(model, {}))


def test_all_problems_at_once():
    survey = fe.OnsetSurvey(
        name="s", onset={(0, 1): 3, (3, 8): -1}, n=0, unknown=-2, yes=3, where={"age": 2},
        respondents=(2, 1), defects=[fe.Recall(share=1.5)],
    )  # fmt: skip
    text = "\n".join(refusals(survey))
    for part in (
        "'yes' does not go with field 'onset'", "'n' must be", "'unknown' must be", "given -1",
        "ages 2 are in no interval", "'where' selects", "before age 9", "'respondents'",
        "Recall: field 'statement' is needed", "'share' must be above 0 and at most 1",
    ):  # fmt: skip
        assert part in text, part


# ----------------------------------------------------------------- what it says it sees


def test_which_ages_it_sees():
    """As a mask over cells: below the age, of those in `where`, and first events only."""
    one = fe.OnsetSurvey(name="s", before=4, yes=7, n=40)
    below = np.arange(6) < 4
    assert (one.first_events_of(PEOPLE) == below[:, None]).all()
    assert one.first_events_of(PEOPLE).shape == (6, 2)
    girls = fe.OnsetSurvey(name="s", before=4, yes=7, n=40, where={"sex": "f"})
    assert (girls.first_events_of(PEOPLE) == np.outer(below, [False, True])).all()
    assert one.asks_about(ROUTE, PEOPLE) == []
    assert one.first_events_of(BANDS).tolist() == [True, False]
    nested = fe.OnsetSurvey(name="s", before={2: 0.1, 5: 0.2}, n=40)
    assert nested.first_events_of(PEOPLE).sum() == 5 * 2
    for axis in ("agee", "sex"):
        elsewhere = fe.OnsetSurvey(name="s", before=4, yes=7, n=40, axis=axis)
        assert not elsewhere.first_events_of(PEOPLE).any()
    ages = fe.OnsetSurvey(name="s", onset={(2, 4): 3, (0, 1): 4}, n=40, respondents=(20, 31))
    assert ages.ages() == (2, 5)
    assert ages.first_events_of(BANDS).tolist() == [True, True]
    assert ages.years_since() == pytest.approx([23.5, 20.5])


def test_rounded_shares_before_several_ages_stand_in_the_figures_as_printed():
    shares = {3: fe.Rounded(0.27, to=0.01), 6: 0.413}
    one = seen(fe.OnsetSurvey(name="s", before=shares, n=17_000))
    assert [figure.describe() for _, figure, _, _ in one.parts([])] == [
        "0.27 rounded to 0.01", "0.413",
    ]  # fmt: skip


def test_a_plain_share_before_an_age_is_asked_about_in_words_that_a_mapping_can_follow():
    survey = fe.OnsetSurvey(name="s", before={3: 0.27, 6: fe.Rounded(0.41, to=0.01)}, n=17_000)
    said = r"such as 3: fe\.Rounded\(0\.27, to=0\.01\).*write fe\.Exact\(0\.27\)"
    with pytest.warns(fe.FunnelestWarning, match=said):
        seen(survey)
