"""A walk from the observed ages, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline
from scipy.special import expit, logit

import funnelest as fe
from funnelest.terms.smooth import steps_away

GOOD = {"ages": (0, 7), "like": (8, 16), "factor": 1.15, "statement": "it goes on smoothly"}


def make(place, **fields):
    return fe.Extrapolate(**{**GOOD, "axis": place.axis, **fields})


def label(place, what):
    return f"{what}[{place.axis} 0-7 against 8-16]"


def away(place):
    """Return how far each of the ages lies below the nearest observed level, both in the middle.

    That is age 8, or 9.5 in the band 8-11: rates differ over all levels here.
    """
    return (9.5 if place.axis == "leeftijd" else 8.0) - place.middles((0, 7))


def nearest(place, before, wanted=(8, 16), at=0):
    """Return the rate of the first (or last) observed level."""
    return before[place.levels(wanted)[at]]


def steps(place, values, count):
    return np.array([values[label(place, f"step {i + 1} of the walk")] for i in range(count)])


def shaped(place, column):
    """Return a column per age and draw, with room for the other axes."""
    return column.reshape([len(column)] + [1] * (len(place.population.axes) - 1) + [-1])


def test_order_one(place):
    one = make(place, factor=fe.LogNormal(0.3, 0.1), trend=fe.Normal(-0.05, 0.05))

    def by_hand(values, before, mean):
        distance = away(place)  # the oldest is the nearest, and the last
        made = steps(place, values, len(distance))
        walk = np.zeros_like(made)
        total, last = np.zeros(made.shape[1]), 0.0
        for i in range(len(distance)):
            at = len(distance) - 1 - i
            total = total + np.sqrt(distance[at] - last) * made[i]
            walk[at], last = total, distance[at]
        deviation = np.log(values[label(place, "factor per year")]) * walk
        deviation = deviation - distance[:, None] * values[label(place, "trend per year")]
        return expit(logit(nearest(place, before)) + shaped(place, deviation))

    place.check(one, by_hand)


def test_order_two(place):
    one = make(place, order=2, trend=0.1, factor=fe.LogNormal(0.3, 0.1))

    def by_hand(values, before, mean):
        size = len(away(place))
        made = steps(place, values, size)
        # The running sum of the running sum of yearly steps, straight within a year.
        years = np.arange(1, 15)
        sums = np.cumsum(np.cumsum(np.eye(14), axis=0), axis=0)
        run = [[np.interp(t, [0, *years], [0, *one]) for one in sums.T] for t in away(place)]
        run = np.array(run)[::-1]
        walk = (np.linalg.cholesky(run @ run.T) @ made)[::-1]
        factor = values[label(place, "factor per year")]
        deviation = np.log(factor) * walk - 0.1 * away(place)[:, None]
        return expit(logit(nearest(place, before)) + shaped(place, deviation))

    place.check(one, by_hand)


@pytest.mark.parametrize(("order", "knots"), [(1, 2), (2, 3)])
def test_a_spline(place, order, knots):
    one = make(place, factor=fe.LogNormal(0.3, 0.1), trend=0.1, order=order, knots=knots)

    def by_hand(values, before, mean):
        distance = away(place)
        pieces = int(np.ceil(distance.max() / knots))
        count = pieces + 3
        made = steps(place, values, count - order)
        # Coefficients walk both ways from the one at the observed age: one lies behind it.
        if order == 1:
            ahead = np.cumsum(np.sqrt(knots) * made[1:], axis=0)
            walk = np.vstack([np.sqrt(knots) * made[:1], 0 * made[:1], ahead])
        else:
            slopes = np.cumsum(knots**1.5 * np.vstack([made[:1] / 2, made[1:]]), axis=0)
            ahead = np.cumsum(slopes, axis=0)
            walk = np.vstack([knots**1.5 * made[:1] / 2, 0 * made[:1], ahead])
        assert len(walk) == count
        deviation = np.zeros((len(distance), made.shape[1]))
        for k in range(count):
            basis = BSpline.basis_element(knots * (k + np.arange(-3.0, 2.0)), extrapolate=False)
            own = np.nan_to_num(basis(distance)) - np.nan_to_num(basis(0.0))
            deviation = deviation + own[:, None] * walk[k]
        deviation = np.log(values[label(place, "factor per year")]) * deviation
        return expit(
            logit(nearest(place, before)) + shaped(place, deviation - 0.1 * distance[:, None])
        )

    place.check(one, by_hand)


def test_upwards(place):
    """The ages may lie above those that were observed."""
    one = make(place, ages=(8, 16), like=(0, 7), factor=1.0, trend=0.2)
    model = place.model(one)
    values = place.draws(model)
    start = nearest(place, place.plain(values), (0, 7), at=-1)
    distance = place.middles((8, 16)) - (5.5 if place.axis == "leeftijd" else 7.0)
    expected = expit(logit(start) + shaped(place, 0.2 * distance[:, None]))
    after = place.rates(model, values)[place.levels((8, 16))]
    np.testing.assert_allclose(after, expected, rtol=1e-10)


#: ages, like -> how far they lie from the middle of the nearest level of `like`.
DISTANCES = [
    ("age last", (0, 11), (12, 16), [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3]),
    ("bands first", (8, 11), (12, 16), [4.5]),
    ("bands first", (0, 11), (12, 16), [12.5, 8.5, 4.5]),
    ("bands first", (8, 16), (4, 7), [-4.0, -8.5]),
    ("age last", (12, 16), (8, 11), [-3.0]),
    ("age between", (0, 2), (3, 3), [3, 2, 1]),
]


@pytest.mark.parametrize(("name", "ages", "like", "distances"), DISTANCES)
def test_the_mean_of_a_band_belongs_to_its_middle(name, ages, like, distances, places):
    """And not to its nearest age: to 14 in the band 12-16, and not to 12."""
    place = places[name]
    one = make(place, ages=ages, like=like, factor=1.0, trend=0.2)
    model = place.model(one)
    values = place.draws(model)
    at = 0 if ages[0] < like[0] else -1
    start = nearest(place, place.plain(values), like, at)
    expected = logit(start) - 0.2 * shaped(place, np.array(distances)[:, None])
    after = logit(place.rates(model, values)[place.levels(ages)])
    np.testing.assert_allclose(after, np.broadcast_to(expected, after.shape), rtol=1e-10)


PEOPLE = [10.0, 20.0, 30.0, 90.0, 60.0]


def curve(levels, rate, **fields):
    """Return the log-odds at each level of an age axis."""
    people = fe.Population({"age": levels}, PEOPLE[: len(levels)])
    one = fe.Extrapolate(
        **{"ages": (10, 11), "like": (12, 13), "factor": 1.0, "trend": 0.2, "statement": "s"}
        | fields
    )
    model = fe.Model(fe.Route("a", "b"), people, rate, assumptions=[one])
    values = {name: prior.sample(np.random.default_rng(2), 1) for name, prior in model.free.items()}
    q = fe.Quantities(model, values)
    return [float(logit(q.share("a", {"age": level})[0])) for level in levels]


def test_rates_of_one_trend_lie_on_one_curve():
    """Where the observed rates have that trend too, it goes on without a jump."""
    found = curve([10, 11, 12, 13], fe.Rate(0.05, fe.RandomWalk("age", 1e-12, trend=0.2)))
    np.testing.assert_allclose(np.diff(found), 0.2, rtol=1e-9)


@pytest.mark.parametrize("knots", [None, 1, 3])
@pytest.mark.parametrize("order", [1, 2])
def test_it_goes_on_from_the_nearest_year_where_rates_vary(order, knots):
    """Whatever the rate is at 13."""
    found = curve([10, 11, 12, 13], fe.Rate(0.05, fe.Levels("age")), order=order, knots=knots)
    np.testing.assert_allclose(np.diff(found)[:2], 0.2, rtol=1e-9)
    assert found[3] - found[2] != pytest.approx(0.2, rel=1e-3)


@pytest.mark.parametrize(
    "rate",
    [
        fe.Rate(0.05),
        fe.Rate(fe.PerLevel("age", {(10, 11): 0.5, (12, 13): 0.05})),
        fe.Rate(0.05, fe.ChangePoint("age", 12, fe.Normal(0.3, 0.1))),
    ],
)
def test_one_rate_for_several_years_belongs_to_the_mean_age_of_their_people(rate):
    """(30 x 12 + 90 x 13) / 120 is 12.75, from which 11 is 1.75 away."""
    found = curve([10, 11, 12, 13], rate)
    np.testing.assert_allclose(
        np.array(found) - found[3], [-0.2 * 2.75, -0.2 * 1.75, 0, 0], atol=1e-9
    )


def test_only_years_with_the_rate_of_the_nearest_count():
    rate = fe.Rate(fe.PerLevel("age", {(10, 11): 0.5, (12, 13): 0.05, 14: 0.3}))
    found = curve([10, 11, 12, 13, 14], rate, like=(12, 14))
    assert found[3] - found[1] == pytest.approx(0.2 * 1.75)


@pytest.mark.parametrize("first", [True, False])
def test_it_is_the_same_whatever_other_ages_are_filled_in_before(first):
    other = fe.Shift(ages=(14, 14), like=(12, 13), prior=0.5, statement="s")
    people = fe.Population({"age": [10, 11, 12, 13, 14]}, PEOPLE)
    one = fe.Extrapolate(ages=(10, 11), like=(12, 13), factor=1.0, trend=0.2, statement="s")
    both = [other, one] if first else [one, other]
    model = fe.Model(fe.Route("a", "b"), people, fe.Rate(0.05), assumptions=both)
    values = {name: prior.sample(np.random.default_rng(2), 1) for name, prior in model.free.items()}
    q = fe.Quantities(model, values)
    eleven, twelve, last = (logit(q.share("a", {"age": age})[0]) for age in (11, 12, 14))
    assert twelve - eleven == pytest.approx(0.2 * 1.75)
    assert last - twelve == pytest.approx(0.5)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("knots", [None, 2])
def test_it_says_the_same_upwards_and_downwards(order, knots):
    """Of ages 3 years below what was observed, and 3 above."""
    people = fe.Population({"age": list(range(10, 17))}, [1.0] * 7)
    spreads = []
    for ages, farthest in (((10, 12), 10), ((14, 16), 16)):
        one = fe.Extrapolate(
            ages=ages, like=(13, 13), factor=1.2, trend=0.0, order=order, knots=knots, statement="s"
        )
        model = fe.Model(fe.Route("a", "b"), people, fe.Rate(0.05), assumptions=[one])
        rng = np.random.default_rng(3)
        values = {name: prior.sample(rng, 4_000) for name, prior in model.free.items()}
        rates = fe.Quantities(model, values).share("a", {"age": farthest})
        spreads.append(logit(rates).std() / np.log(1.2))
    assert spreads[0] == pytest.approx(spreads[1], rel=0.05)


def test_it_widens_with_the_distance(place):
    """Standard deviation of the log-odds: log of the factor, times the root of the years."""
    model = place.model(make(place), occurrence=fe.Rate(0.01))
    rng = np.random.default_rng(1)
    values = {name: prior.sample(rng, 20_000) for name, prior in model.free.items()}
    young = logit(place.rates(model, values)[place.levels((0, 7))])
    young = young.reshape(len(young), -1, 20_000)[:, 0]
    # All of 8-16 have one rate, which is that of the mean age of their people.
    people = place.counts[place.levels((8, 16))].reshape(len(place.levels((8, 16))), -1).sum(axis=1)
    start = np.average(place.middles((8, 16)), weights=people)
    expected = np.log(1.15) * np.sqrt(start - place.middles((0, 7)))
    np.testing.assert_allclose(young.std(axis=1), expected, rtol=0.03)


def test_steps_may_be_held(place):
    model = place.model(make(place))
    held = model.holding({label(place, "step 1 of the walk"): 0.3})
    values = place.draws(held)
    whole = {**values, label(place, "step 1 of the walk"): np.full(4, 0.3)}
    np.testing.assert_allclose(place.rates(held, values), place.rates(model, whole), rtol=1e-12)


def test_what_it_says():
    one = fe.Extrapolate(**{**GOOD, "factor": fe.LogNormal(0.0, 0.1)})
    above = fe.Truncated(fe.LogNormal(0.0, 0.1), low=1.0)
    low, high = above.interval(0.95)
    assert low >= 1
    assert one.sentence() == (
        "From age 8-16 to 0-7 the odds go on smoothly; from one year of age to the next they "
        f"typically change by a factor of {above.ppf(0.5):.3g} (assumed beforehand, 95% interval "
        f"{low:.3g} to {high:.3g})."
    )
    assert fe.Extrapolate(**GOOD).sentence("nl") == (
        "Van leeftijd 8-16 naar 0-7 lopen de odds (kans op wel gedeeld door kans op niet) "
        "geleidelijk door; van jaar tot jaar veranderen ze doorgaans met een factor 1,15."
    )


def test_it_says_its_trend():
    """As a factor on the odds per year older: exp(-0.1) is 0.905."""
    known = fe.Extrapolate(**GOOD, trend=-0.1)
    assert known.sentence() == (
        "From age 8-16 to 0-7 the odds go on smoothly; from one year of age to the next they "
        "typically change by a factor of 1.15, around a trend of a factor of 0.905 per year older."
    )
    assert known.sentence("nl").endswith(
        "met een factor 1,15, rond een trend van een factor 0,905 per jaar ouder."
    )
    unknown = fe.Extrapolate(**GOOD, trend=fe.Normal(0.0, 0.1))
    assert unknown.sentence().endswith(
        "a trend of a factor of 1 (assumed beforehand, 95% interval 0.822 to 1.22) per year older."
    )  # exp(-0.196) and exp(0.196)


START = "Extrapolate of ages 0-7: field "


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": ""}, "Extrapolate of ages 0-7: field 'statement' is needed: what is assumed "
         "of these ages, and why?"),
        ({"factor": None}, START + "'factor' needs a prior, or a number that is taken as known."),
        ({"factor": 0.9}, START + "'factor' must be at least 1; given 0.9."),
        ({"factor": fe.Uniform(0.1, 1)}, START + "'factor' must be at least 1, where "
         "Uniform(0.1, 1) has no probability: what is left of it would hardly be what was "
         "stated."),
        ({"order": 3}, START + "'order' must be 1 or 2; given 3."),
        ({"order": True}, START + "'order' must be 1 or 2; given True."),
        ({"order": 1.0}, START + "'order' must be 1 or 2; given 1.0."),
        ({"order": 2}, START + "'trend' needs a prior, or a number that is taken as known."),
        ({"trend": "down"}, START + "'trend': a prior or a number is needed; given 'down'."),
        ({"knots": 0}, START + "'knots' must be a whole number of at least 1; given 0."),
        ({"knots": 2.5}, START + "'knots' must be a whole number of at least 1; given 2.5."),
        ({"like": (7, 16)}, "Extrapolate of ages 0-7: fields 'ages' (0-7) and 'like' (7-16) "
         "overlap: what is filled in cannot rest on itself."),
        ({"ages": (0, 16), "like": (3, 5)}, "Extrapolate of ages 0-16: fields 'ages' (0-16) and "
         "'like' (3-5) overlap: what is filled in cannot rest on itself."),
        ({"ages": [0, 7]}, "Extrapolate: field 'ages' must be a pair of ages (lowest, highest), "
         "both included; given [0, 7]."),
        ({"like": "f"}, "Extrapolate: field 'like' must be a pair of ages (lowest, highest), both "
         "included; given 'f'."),
    ],
)  # fmt: skip
def test_what_is_refused(fields, sentence, refused):
    assert refused(fe.Extrapolate(**{**GOOD, **fields})) == [sentence]


def test_an_axis_of_names_has_no_ages(refused):
    found = refused(fe.Extrapolate(**GOOD, axis="sex"))
    assert found == [
        "Extrapolate of ages 0-7: field 'axis': there is no axis 'sex' of "
        "ages; the population's axes are: year, age, sex."
    ]


def test_order_two_takes_bands_of_any_width(places):
    """Its steps are of single years, also from 14, the middle of 12-16, to 11 in the first."""
    far = {"factor": 1.1, "order": 2, "trend": 0.0, "statement": "s", "axis": "leeftijd"}
    one = fe.Extrapolate(ages=(0, 7), like=(8, 16), **far)
    assert one.problems(places["bands first"].population) == []
    matrix = steps_away(np.array([3.0, 4.0]), 2)
    # Sums of squares and products of 3, 2, 1 and 4, 3, 2, 1.
    np.testing.assert_allclose(matrix @ matrix.T, [[14, 20], [20, 30]])
    half = steps_away(np.array([2.5]), 2)
    assert half[0, 0] ** 2 == pytest.approx(2.5**2 + 1.5**2 + 0.5**2)


def test_an_observed_band_without_an_end_has_no_middle():
    people = fe.Population({"age": [(50, 64), (65, None)]}, [1.0, 1.0])
    one = fe.Extrapolate(ages=(50, 64), like=(65, None), factor=1.1, statement="s")
    assert one.problems(people) == [
        "Extrapolate of ages 50-64: field 'like': 65+ has no end, and so no middle from which to "
        "go on; give it one in the population, such as (65, 99)."
    ]


def test_all_of_it_at_once(refused):
    found = refused(fe.Extrapolate(ages=(0, 8), like=(8, 16), order=2, knots=-1))
    assert len(found) == 5
    for words in ("'statement' is", "'factor' needs", "'trend' needs", "'knots' must", "overlap"):
        assert any(words in text for text in found)
