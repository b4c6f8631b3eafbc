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
    """Return how far each of the ages lies below the nearest observed one."""
    return place.middles((8, 16)).min() - place.middles((0, 7))


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
    gone = place.like if place.population.shape[place.at] == 17 else (8, 11)
    one = make(place, like=gone, order=2, trend=0.1, factor=fe.LogNormal(0.3, 0.1))

    def by_hand(values, before, mean):
        tail = f"[{place.axis} 0-7 against {gone[0]}-{gone[1]}]"
        made = np.array([values[f"step {i} of the walk{tail}"] for i in range(1, 9)])
        walk = np.cumsum(np.cumsum(made, axis=0), axis=0)[::-1]
        deviation = np.log(values[f"factor per year{tail}"]) * walk - 0.1 * away(place)[:, None]
        return expit(logit(place.mean(before, gone)) + shaped(place, deviation))

    model = place.model(one)
    values = place.draws(model)
    expected = by_hand(values, place.plain(values), None)
    found = place.rates(model, values)[place.levels((0, 7))]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    place.check_symbols(model, {name: value[:1] for name, value in values.items()})


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
    distance = place.middles((8, 16)) - place.middles((0, 7)).max()
    expected = expit(logit(mean) + shaped(place, 0.2 * distance[:, None]))
    after = place.rates(model, values)[place.levels((8, 16))]
    np.testing.assert_allclose(after, expected, rtol=1e-10)


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
        f"typically change by a factor of {above.ppf(0.5):.3g} (prior 95% interval {low:.3g} to "
        f"{high:.3g})."
    )
    assert fe.Extrapolate(**GOOD).sentence("nl") == (
        "Van leeftijd 8-16 naar 0-7 loopt de kansverhouding geleidelijk door; van jaar tot jaar "
        "verandert ze doorgaans met een factor 1,15."
    )


START = "Extrapolate of ages 0-7: field "


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": ""}, "Extrapolate of ages 0-7: it needs a statement: what is assumed of "
         "these ages, and why?"),
        ({"factor": None}, START + "'factor' needs a prior, or a number that is taken as known."),
        ({"factor": 0.9}, START + "'factor' must be at least 1; given 0.9."),
        ({"factor": fe.Uniform(0.1, 1)}, START + "'factor' must be at least 1, where "
         "Uniform(0.1, 1) has no probability."),
        ({"order": 3}, START + "'order' must be 1 or 2; given 3."),
        ({"order": 2}, START + "'trend' needs a prior, or a number that is taken as known."),
        ({"trend": "down"}, START + "'trend': a prior or a number is needed; given 'down'."),
        ({"knots": 0}, START + "'knots' must be a whole number of years above 0; given 0."),
        ({"knots": 2.5}, START + "'knots' must be a whole number of years above 0; given 2.5."),
        ({"like": (7, 16)}, "Extrapolate of ages 0-7: fields 'ages' (0-7) and 'like' (7-16) "
         "overlap: what is filled in cannot rest on itself."),
        ({"ages": [0, 16], "like": (3, 5)}, "Extrapolate of ages [0, 16]: field 'ages' ([0, 16]) "
         "must lie wholly below or wholly above field 'like' (3-5)."),
        ({"axis": "sex", "ages": "m", "like": "f"}, "Extrapolate of ages m: axis 'sex' must have "
         "ages; it has names."),
    ],
)  # fmt: skip
def test_what_is_refused(fields, sentence, refused):
    assert refused(fe.Extrapolate(**{**GOOD, **fields})) == [sentence]


def test_order_two_needs_equal_steps_from_the_observed_ages_on(refused):
    """The first step, from ages 12-16 at 14 to age 11, is one of three years."""
    far = fe.Extrapolate(ages=(0, 11), like=(12, 16), factor=1.1, order=2, trend=0.0, statement="s")
    assert refused(far, "age last") == [
        "Extrapolate of ages 0-11: order 2 needs levels of equal width, such as single years of "
        "age; take order 1, or a spline."
    ]


def test_all_of_it_at_once(refused):
    found = refused(fe.Extrapolate(ages=(0, 8), like=(8, 16), order=2, knots=-1))
    assert len(found) == 5
    for words in ("a statement", "'factor' needs", "'trend' needs", "'knots' must", "overlap"):
        assert any(words in text for text in found)
