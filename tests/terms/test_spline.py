"""Penalised splines over a numeric axis, against a basis that is built here."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.interpolate import BSpline

import funnelest as fe
from funnelest.terms.smooth import spline_basis, walk

AGES = fe.Population({"age": list(range(18))}, [1000.0] * 18)
PLACES = np.arange(18.0)
BANDS = fe.Population(
    {"sex": ["male", "female"], "age": [(0, 3), (4, 5), (6, 11), (12, 16), 17]},
    np.full((2, 5), 100.0),
)


def model_of(term, population=AGES, **parts):
    return fe.Model(fe.Route("a", "b"), population, fe.Rate(fe.Beta(1, 9), term), **parts)


def deviation(term, population, steps, sd=1.0, trend=None):
    values = {f"x[step {i + 1} over age]": np.array([step]) for i, step in enumerate(steps)}
    values |= {"x[sd over age]": np.array([sd]), "x[trend over age]": np.array([trend or 0.0])}
    assert set(term.parameters("x", population)) <= set(values)
    return np.ravel(term.deviation(values, "x", population))


def below(places, reference, spacing):
    """Return how many knots lie below the reference, which is one itself."""
    return int(np.ceil((reference - places.min()) / spacing))


def by_hand(places, reference, spacing, coefficients):
    """Return a cubic spline on equal knots, one SciPy basis function at a time."""
    low = reference - spacing * below(places, reference, spacing)
    total = np.zeros(len(places))
    for k, coefficient in enumerate(coefficients):
        knots = low + spacing * (k + np.arange(-3.0, 2.0))
        one = BSpline.basis_element(knots, extrapolate=False)
        total += coefficient * (np.nan_to_num(one(places)) - np.nan_to_num(one(reference)))
    return total


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("spacing", "reference"), [(4.0, None), (3.0, 12), (17.0, 17), (5.5, 0)])
def test_it_is_a_spline_whose_coefficients_walk(order, spacing, reference):
    term = fe.Spline("age", 0.4, order, trend=0.0, reference=reference, spacing=spacing)
    at = 8 if reference is None else reference
    start = below(PLACES, at, spacing) + 1
    count = start + int(np.ceil((17 - at) / spacing)) + 2
    coefficient_walk = walk(spacing * np.arange(count), start, order)
    steps = np.random.default_rng(4).standard_normal(coefficient_walk.shape[1])
    found = deviation(term, AGES, steps, sd=0.4)
    expected = 0.4 * by_hand(PLACES, float(at), spacing, coefficient_walk @ steps)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found[at] == pytest.approx(0.0, abs=1e-12)
    assert np.ptp(found) > 0.05


def test_a_straight_line_is_the_trend_alone():
    term = fe.Spline("age", fe.HalfNormal(1), 2, trend=fe.Normal(0, 1), reference=12)
    steps = np.zeros(len(term.parameters("x", AGES)) - 2)
    found = deviation(term, AGES, steps, trend=-0.3)
    np.testing.assert_allclose(found, -0.3 * (PLACES - 12), atol=1e-12)


def test_coefficients_on_a_line_make_a_line():
    """A cubic B-spline reproduces straight lines; so the walk of order 2 adds none."""
    basis = spline_basis(PLACES, 8.0, 4.0, 1)
    # Steps of one standard deviation, away from the reference: a line.
    slope = np.repeat([-1.0, 1.0], [3, basis.shape[1] - 3])
    per_knot = np.sqrt(4.0)
    np.testing.assert_allclose(basis @ slope, per_knot * (PLACES - 8.0) / 4.0, atol=1e-12)


def test_far_from_the_reference_it_spreads_like_a_walk():
    """Variance of 1 per year between ages that are several knots apart."""
    basis = spline_basis(np.arange(61.0), 30.0, 2.0, 1)
    apart = basis[54] - basis[6]
    assert apart @ apart == pytest.approx(48.0, rel=0.03)


def test_bands_stand_at_their_middles_whatever_the_order_of_the_axes():
    term = fe.Spline("age", 0.2, 2, trend=0.1, reference=(6, 11), spacing=3)
    places = np.array([1.5, 4.5, 8.5, 14.0, 17.0])
    start = below(places, 8.5, 3.0) + 1
    made = walk(3.0 * np.arange(9), start, 2)
    steps = np.random.default_rng(5).standard_normal(made.shape[1])
    found = deviation(term, BANDS, steps, sd=0.2, trend=0.1)
    expected = 0.2 * by_hand(places, 8.5, 3.0, made @ steps) + 0.1 * (places - 8.5)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    values = {f"x[step {i + 1} over age]": np.zeros(4) for i in range(len(steps))}
    values |= {"x[sd over age]": np.ones(1), "x[trend over age]": np.ones(4)}
    assert term.deviation(values, "x", BANDS).shape == (1, 5, 4)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("spacing", [2.0, 4.0, 5.5, 17.0])
@pytest.mark.parametrize("reference", [3.0, 8.0, 8.5, 15.0])
def test_it_spreads_as_far_up_as_down(order, spacing, reference):
    """Wherever the reference stands between the ends: it is a knot."""
    basis = spline_basis(PLACES, reference, spacing, order)
    spread = dict(zip(PLACES - reference, np.linalg.norm(basis, axis=1), strict=True))
    both = [apart for apart in spread if apart > 0 and -apart in spread]
    assert both
    for apart in both:
        assert spread[apart] == pytest.approx(spread[-apart])


@pytest.mark.parametrize("reference", [0.0, 8.5, 17.0])
def test_of_order_two_its_slope_at_the_reference_is_the_trend(reference):
    near = reference + np.array([-1e-4, 1e-4])
    basis = spline_basis(np.concatenate([near, PLACES]), reference, 4.0, 2)
    np.testing.assert_allclose((basis[1] - basis[0]) / 2e-4, 0.0, atol=1e-6)


def test_fewer_unknowns_than_a_walk():
    walked = model_of(fe.RandomWalk("age", 0.1))
    smooth = model_of(fe.Spline("age", 0.1))
    assert len(walked.free) == 2 + 17
    assert len(smooth.free) == 2 + 7


def test_symbols_give_what_arrays_give():
    import pytensor

    term = fe.Spline("age", fe.HalfNormal(0.5), 2, fe.Normal(0, 0.2), reference=17, spacing=5)
    model = model_of(term, BANDS)
    rng = np.random.default_rng(2)
    numbers = {name: rng.uniform(0.1, 0.9, 1) for name in model.free}
    symbols = {name: pytensor.tensor.tensor(shape=(1,), dtype="float64") for name in numbers}
    where = {"age": (0, 5), "sex": "male"}
    made = fe.Quantities(model, symbols).number("b", where)
    found = made.eval(
        {symbols[name]: value for name, value in numbers.items()}, mode="FAST_COMPILE"
    )
    np.testing.assert_allclose(found, fe.Quantities(model, numbers).number("b", where), rtol=1e-12)


def test_it_comes_back_from_json():
    model = model_of(fe.Spline("age", fe.HalfNormal(0.2), 2, 0.1, reference=12, spacing=5.5))
    again = fe.Model.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again == model
    assert again.occurrence.terms == model.occurrence.terms


@pytest.mark.parametrize("spacing", [0, -1, 18, "4", True, float("nan"), None])
def test_knots_that_are_none(spacing):
    found = fe.Spline("age", 0.1, spacing=spacing).problems(AGES)
    assert found == [
        "Spline: field 'spacing' must be above 0 and at most the 17 years between the first and "
        f"the last level; given {spacing!r}."
    ]


@pytest.mark.parametrize(
    ("term", "sentence"),
    [
        (fe.Spline("agee", 0.1), "Spline: field 'axis' names axis 'agee'"),
        (fe.Spline("age"), "Spline: field 'sd' needs a prior"),
        (fe.Spline("age", 0.1, 2), "Spline: order 2 needs field 'trend'"),
        (fe.Spline("age", 0.1, 0), "Spline: field 'order' must be 1 or 2; given 0."),
        (fe.Spline("age", 0.1, reference="x"), "Spline: field 'reference', 'x', is not a level"),
    ],
)
def test_what_cannot_be_a_spline(term, sentence):
    with pytest.raises(fe.SpecError) as caught:
        model_of(term)
    assert sentence in str(caught.value)
