"""Random walks over a numeric axis: their covariance in closed form."""

from __future__ import annotations

import json

import numpy as np
import pytest

import funnelest as fe
from funnelest.terms.smooth import steps_away, walk

AGES = fe.Population({"age": list(range(6))}, [1000.0] * 6)
BANDS = fe.Population({"age": [(0, 11), (12, 16), 17, (18, 25)]}, [1000.0] * 4)
STRATA = fe.Population(
    {"year": [2016, 2017], "age": list(range(6)), "sex": ["male", "female"]},
    np.full((2, 6, 2), 100.0),
)


def model_of(term, population=AGES, **parts):
    return fe.Model(fe.Route("a", "b"), population, fe.Rate(fe.Beta(1, 9), term), **parts)


def logits(model, values, axis="age"):
    q = fe.Quantities(model, {name: np.array([value]) for name, value in values.items()})
    rates = [q.share("a", {axis: level})[0] for level in model.population.axis(axis).levels]
    return np.log(rates) - np.log1p(-np.array(rates))


def test_order_one_has_the_covariance_of_brownian_motion():
    """Cov(w_s, w_t) = min(s, t) on either side of the reference, and 0 across it."""
    places = np.array([0.0, 1.0, 2.0, 4.0, 7.0, 7.5])
    matrix = walk(places, 2, 1)
    away = places - places[2]
    s, t = np.meshgrid(away, away)
    expected = np.where(s * t > 0, np.minimum(abs(s), abs(t)), 0.0)
    np.testing.assert_allclose(matrix @ matrix.T, expected, atol=1e-12)
    assert matrix.shape == (6, 5)


@pytest.mark.parametrize("start", range(6))
@pytest.mark.parametrize("gap", [1.0, 2.5])
def test_order_two_has_independent_second_differences(start, gap):
    """With variance gap ** 3: that of a slope whose changes have variance 1 per unit."""
    places = 3.0 + gap * np.arange(6)
    matrix = walk(places, start, 2)
    assert matrix.shape == (6, 4)
    np.testing.assert_array_equal(matrix[start], 0.0)
    second = np.diff(matrix, 2, axis=0)
    np.testing.assert_allclose(second @ second.T, gap**3 * np.eye(4), atol=1e-9)
    # The slope at the start is the trend's: that to both sides in the mean, or to its only side.
    beside = [matrix[i] for i in (start - 1, start + 1) if 0 <= i < 6]
    np.testing.assert_array_equal(beside[0], beside[-1])
    if len(beside) == 1:
        np.testing.assert_array_equal(beside[0], 0.0)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("start", range(7))
def test_it_spreads_as_far_up_as_down(order, start):
    spread = np.linalg.norm(walk(2.0 * np.arange(7), start, order), axis=1)
    for apart in range(1, min(start, 6 - start) + 1):
        assert spread[start - apart] == pytest.approx(spread[start + apart])


def test_order_two_is_the_running_sum_of_its_slope():
    matrix = steps_away(np.arange(1.0, 5.0), 2)
    np.testing.assert_allclose(matrix, np.cumsum(np.cumsum(np.eye(4), axis=0), axis=0))


@pytest.mark.parametrize(("order", "reference"), [(1, None), (1, 5), (2, None), (2, 0), (2, 5)])
def test_it_is_zero_at_the_reference(order, reference):
    trend = fe.Normal(0, 1)
    model = model_of(fe.RandomWalk("age", 0.3, order, trend, reference))
    rng = np.random.default_rng(3)
    values = {name: float(rng.normal()) for name in model.free} | {"rate of a": 0.1}
    found = logits(model, values)
    at = 2 if reference is None else reference
    assert found[at] == pytest.approx(np.log(0.1 / 0.9))
    assert np.ptp(np.delete(found, at)) > 0.1


def test_by_hand():
    """Steps of 1, 2, ... standard deviations away from age 2, and half a log-odds per year."""
    model = model_of(fe.RandomWalk("age", fe.HalfNormal(1), trend=fe.Normal(0, 1)))
    names = [f"rate of a[step {i} over age]" for i in range(1, 6)]
    own = ["rate of a", "rate of a[sd over age]", "rate of a[trend over age]", *names]
    assert list(model.free) == [*own, "a -> b"]
    steps = dict(zip(names, (1.0, 2.0, 3.0, 4.0, 5.0), strict=True))
    values = {"rate of a": 0.5, "rate of a[sd over age]": 0.1, "rate of a[trend over age]": 0.5}
    found = logits(model, values | steps)
    down = [1.0, 1.0 + 2.0]
    up = [3.0, 3.0 + 4.0, 3.0 + 4.0 + 5.0]
    expected = 0.1 * np.array([*down[::-1], 0.0, *up]) + 0.5 * (np.arange(6) - 2)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_bands_stand_at_their_middles():
    model = model_of(fe.RandomWalk("age", 0.2, trend=0.1, reference=17), BANDS)
    term = model.occurrence.terms[0]
    priors = term.parameters("x", BANDS)
    zero = {name: np.zeros(1) for name in priors} | {"x[trend over age]": np.array([0.1])}
    found = np.ravel(term.deviation(zero | {"x[sd over age]": np.ones(1)}, "x", BANDS))
    np.testing.assert_allclose(found, [-1.15, -0.3, 0.0, 0.45])
    matrix = walk(np.array([5.5, 14.0, 17.0, 21.5]), 2, 1)
    np.testing.assert_allclose(np.diag(matrix @ matrix.T), [11.5, 3.0, 0.0, 4.5])


def test_of_a_number_it_is_a_factor():
    cells = fe.Population.cells({"year": [2016, 2017, 2018]})
    number = fe.Number(100.0, fe.RandomWalk("year", 1.0, 2, trend=np.log(1.5), reference=2016))
    model = fe.Model(fe.Route("a", "b"), cells, number)
    assert list(model.free) == ["number at a[step 1 over year]", "a -> b"]
    q = fe.Quantities(
        model, {"number at a[step 1 over year]": np.array([np.log(2)]), "a -> b": np.array([0.5])}
    )
    found = [float(q.number("a", {"year": year})[0]) for year in (2016, 2017, 2018)]
    assert found == pytest.approx([100, 150, 2 * 225])


def test_many_draws_and_numbers_that_are_held_are_each_of_them():
    """Also when some steps are one number and others are many draws."""
    term = fe.RandomWalk("age", 0.3, trend=0.2)
    model = model_of(term, STRATA).holding({"rate of a[step 1 over age]": 0.7})
    rng = np.random.default_rng(1)
    values = {name: rng.uniform(0.1, 0.9, 5) for name in model.free}
    q = fe.Quantities(model, values)
    many = np.array([q.share("a", {"age": age}) for age in range(6)])
    for i in range(5):
        one = fe.Quantities(model, {name: value[[i]] for name, value in values.items()})
        alone = np.array([one.share("a", {"age": age})[0] for age in range(6)])
        np.testing.assert_allclose(many[:, i], alone, rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_symbols_give_what_arrays_give(order):
    import pytensor

    term = fe.RandomWalk("age", fe.HalfNormal(0.5), order, fe.Normal(0, 0.2), reference=5)
    model = model_of(term, STRATA)
    rng = np.random.default_rng(2)
    numbers = {name: rng.uniform(0.1, 0.9, 1) for name in model.free}
    symbols = {name: pytensor.tensor.tensor(shape=(1,), dtype="float64") for name in numbers}
    where = {"age": (1, 4), "sex": "male"}
    made = fe.Quantities(model, symbols).number("b", where)
    found = made.eval(
        {symbols[name]: value for name, value in numbers.items()}, mode="FAST_COMPILE"
    )
    np.testing.assert_allclose(found, fe.Quantities(model, numbers).number("b", where), rtol=1e-12)


def test_it_comes_back_from_json_and_its_standard_deviation_may_be_shared():
    people = fe.Population({"age": [(0, 4), (5, 9), (10, 14)]}, [10.0] * 3)
    term = fe.RandomWalk("age", fe.Shared("s"), 2, fe.Normal(0, 0.1), reference=(5, 9))
    model = model_of(term, people, parameters={"s": fe.HalfNormal(0.2)})
    again = fe.Model.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    assert again.occurrence.terms == (term,)
    assert "s" in model.free
    assert "rate of a[sd over age]" not in model.free
    assert model.varies_over() == {"age"}


REFUSED = [
    (fe.RandomWalk("agee", 0.1), "RandomWalk: field 'axis' names axis 'agee'; the population's "
     "axes are: age."),
    (fe.RandomWalk("age"), "RandomWalk: field 'sd' needs a prior, or a number that is taken as "
     "known."),
    (fe.RandomWalk("age", -1), "RandomWalk: field 'sd' must be above 0; given -1."),
    (fe.RandomWalk("age", 0.0), "RandomWalk: field 'sd' must be above 0; given 0."),
    (fe.RandomWalk("age", fe.Uniform(-2, -1)), "has no probability"),
    (fe.RandomWalk("age", fe.Normal(-1, 1)), "has only 15.9% probability"),
    (fe.RandomWalk("age", fe.Normal(0, -1)), "field 'sd': Normal: sd must be above 0; given -1"),
    (fe.RandomWalk("age", 0.1, 3), "RandomWalk: field 'order' must be 1 or 2; given 3."),
    (fe.RandomWalk("age", 0.1, 2), "RandomWalk: order 2 needs field 'trend', the slope at the "
     "reference: a prior or a number."),
    (fe.RandomWalk("age", 0.1, trend="up"), "field 'trend': a prior or a number is needed; given "
     "'up'."),
    (fe.RandomWalk("age", 0.1, reference=9), "RandomWalk: field 'reference', '9', is not a level "
     "of 'age' (0, 1, 2, 3, 4, 5)."),
]  # fmt: skip


@pytest.mark.parametrize(("term", "sentence"), REFUSED)
def test_what_cannot_be_a_walk(term, sentence):
    found = term.problems(AGES)
    assert any(sentence in text for text in found), found
    with pytest.raises(fe.SpecError) as caught:
        model_of(term)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("levels", "order", "sentence"),
    [
        (["a", "b"], 1, "RandomWalk: it needs an axis of numbers; 'age' has names."),
        ([4], 1, "RandomWalk: the levels of 'age' must be at least two, and ascend."),
        ([4, 2, 3], 1, "RandomWalk: the levels of 'age' must be at least two, and ascend."),
        ([4, 5], 2, "RandomWalk: order 2 needs at least three levels: two have one slope, the "
         "trend."),
        ([(0, 11), (12, 16), 17], 2, "RandomWalk: order 2 needs levels of equal width, such as "
         "single years of age; take order 1, or a spline."),
    ],
)  # fmt: skip
def test_levels_on_which_it_cannot_walk(levels, order, sentence):
    people = fe.Population({"age": levels}, [10.0] * len(levels))
    assert fe.RandomWalk("age", 0.1, order, trend=0.0).problems(people) == [sentence]


def test_all_that_is_wrong_comes_at_once():
    with pytest.raises(fe.SpecError) as caught:
        model_of(fe.RandomWalk("age", None, 2, reference=9))
    text = str(caught.value)
    assert "field 'sd' needs a prior" in text
    assert "needs field 'trend'" in text
    assert "field 'reference', '9'" in text
