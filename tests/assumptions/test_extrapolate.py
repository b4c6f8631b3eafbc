"""A walk from the observed ages, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline
from scipy.special import expit, logit

import funnelest as fe

GOOD = {"ages": (0, 7), "like": (8, 16), "factor": 1.15, "statement": "it goes on smoothly"}


def make(place, **fields):
    return fe.Extrapolate(**{**GOOD, "axis": place.axis, **fields})


def label(place, what):
    return f"{what}[{place.axis} 0-7 against 8-16]"


def away(place):
    """Return how far each of the ages lies below the nearest observed one, which is 8.

    Of a band that is filled in, its middle does; of a band that was observed, its nearest age.
    """
    return 8.0 - place.middles((0, 7))


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
        return expit(logit(mean) + shaped(place, deviation))

    place.check(one, by_hand)


def test_order_two(place):
    if place.axis == "leeftijd":
        pytest.skip("bands of unequal distance: refused, below")
    one = make(place, order=2, trend=0.1, factor=fe.LogNormal(0.3, 0.1))

    def by_hand(values, before, mean):
        walk = np.cumsum(np.cumsum(steps(place, values, 8), axis=0), axis=0)[::-1]
        factor = values[label(place, "factor per year")]
        deviation = np.log(factor) * walk - 0.1 * away(place)[:, None]
        return expit(logit(mean) + shaped(place, deviation))

    place.check(one, by_hand)


@pytest.mark.parametrize(("order", "knots"), [(1, 2), (2, 3)])
def test_a_spline(place, order, knots):
    one = make(place, factor=fe.LogNormal(0.3, 0.1), trend=0.1, order=order, knots=knots)

    def by_hand(values, before, mean):
        distance = away(place)
        pieces = int(np.ceil(distance.max() / knots))
        count = pieces + 3
        made = steps(place, values, count - order)
        # Coefficients walk from the one that lies nearest to the observed ages.
        if order == 1:
            walk = np.cumsum(np.vstack([0 * made[:1], np.sqrt(knots) * made]), axis=0)
        else:
            slopes = np.cumsum(np.vstack([0 * made[:1], knots**1.5 * made]), axis=0)
            walk = np.cumsum(np.vstack([0 * made[:1], slopes]), axis=0)
        assert len(walk) == count
        deviation = np.zeros((len(distance), made.shape[1]))
        for k in range(count):
            basis = BSpline.basis_element(knots * (k + np.arange(-3.0, 2.0)), extrapolate=False)
            own = np.nan_to_num(basis(distance)) - np.nan_to_num(basis(0.0))
            deviation = deviation + own[:, None] * walk[k]
        deviation = np.log(values[label(place, "factor per year")]) * deviation
        return expit(logit(mean) + shaped(place, deviation - 0.1 * distance[:, None]))

    place.check(one, by_hand)


def test_upwards(place):
    """The ages may lie above those that were observed."""
    one = make(place, ages=(8, 16), like=(0, 7), factor=1.0, trend=0.2)
    model = place.model(one)
    values = place.draws(model)
    mean = place.mean(place.plain(values), (0, 7))
    distance = place.middles((8, 16)) - 7.0  # also where the nearest observed band is 4-7
    expected = expit(logit(mean) + shaped(place, 0.2 * distance[:, None]))
    after = place.rates(model, values)[place.levels((8, 16))]
    np.testing.assert_allclose(after, expected, rtol=1e-10)


#: ages, like -> how far they lie from the nearest age of `like`.
DISTANCES = [
    ("age last", (0, 11), (12, 16), [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ("bands first", (8, 11), (12, 16), [2.5]),
    ("bands first", (0, 11), (12, 16), [10.5, 6.5, 2.5]),
    ("bands first", (8, 16), (4, 7), [-2.5, -7.0]),
    ("age last", (12, 16), (8, 11), [-3.0]),
    ("age between", (0, 2), (3, 3), [3, 2, 1]),
]


@pytest.mark.parametrize(("name", "ages", "like", "distances"), DISTANCES)
def test_distance_counts_from_the_nearest_age_itself(name, ages, like, distances, places):
    """And not from the middle of its band: from 12 in the band 12-16, and not from 14."""
    place = places[name]
    one = make(place, ages=ages, like=like, factor=1.0, trend=0.2)
    model = place.model(one)
    values = place.draws(model)
    mean = place.mean(place.plain(values), like)
    expected = logit(mean) - 0.2 * shaped(place, np.array(distances)[:, None])
    after = logit(place.rates(model, values)[place.levels(ages)])
    np.testing.assert_allclose(after, np.broadcast_to(expected, after.shape), rtol=1e-10)


def test_it_widens_with_the_distance(place):
    """Standard deviation of the log-odds: log of the factor, times the root of the years."""
    model = place.model(make(place), occurrence=fe.Rate(0.01))
    rng = np.random.default_rng(1)
    values = {name: prior.sample(rng, 20_000) for name, prior in model.free.items()}
    young = logit(place.rates(model, values)[place.levels((0, 7))])
    young = young.reshape(len(young), -1, 20_000)[:, 0]
    expected = np.log(1.15) * np.sqrt(away(place))
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


def test_order_two_needs_equal_steps_from_the_observed_ages_on(refused, places):
    """From age 8 to the middle of 4-7 is 2.5 years, and from there to that of 0-3 is 4."""
    far = {"factor": 1.1, "order": 2, "trend": 0.0, "statement": "s", "axis": "leeftijd"}
    sentence = "order 2 needs levels of equal width, such as single years of age; take order 1, or"
    assert refused(fe.Extrapolate(ages=(0, 7), like=(8, 16), **far), "bands first") == [
        f"Extrapolate of ages 0-7: {sentence} a spline."
    ]
    near = fe.Extrapolate(ages=(4, 7), like=(8, 16), **far)
    assert near.problems(places["bands first"].population) == []


def test_order_two_may_begin_at_the_edge_of_a_band(places):
    """The first step, from age 12 in the band 12-16 to age 11, is one year, as the others."""
    one = fe.Extrapolate(ages=(0, 11), like=(12, 16), factor=1.1, order=2, trend=0.0, statement="s")
    place = places["age last"]
    assert one.problems(place.population) == []
    assert place.model(one).assumptions == (one,)


def test_all_of_it_at_once(refused):
    found = refused(fe.Extrapolate(ages=(0, 8), like=(8, 16), order=2, knots=-1))
    assert len(found) == 5
    for words in ("'statement' is", "'factor' needs", "'trend' needs", "'knots' must", "overlap"):
        assert any(words in text for text in found)
