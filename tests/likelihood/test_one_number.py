"""Several lopsided estimates of one number: each likelihood counts, and one slope."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.likelihood.density import Density, log_added, log_likelihoods
from funnelest.likelihood.gradient import Gradient
from funnelest.model.one_number import _as_one

ROUTE = fe.Route("a", "b")
PEOPLE = fe.Population({"sex": ["f", "m"]}, [500_000, 500_000])
WHY = "two reports of each"
RATE = fe.Rate(fe.LogNormal(np.log(0.005), 8.0))


def total(name, estimate=5000, interval=(1000, 9000), **fields):
    return fe.Total(name=name, step="a", estimate=estimate, interval=interval, **fields)


def cohort(name, share=0.968, interval=(0.939, 1.0)):
    return fe.Cohort(name=name, of="a", step="b", share=share, interval=interval)


def twice(prior):
    return fe.Bridge("reports", prior)


def model_of(*evidence, **fields):
    return fe.Model(
        ROUTE, PEOPLE, fields.pop("rate", RATE), {("a", "b"): fe.Share(fe.LogitNormal(0, 3))},
        evidence, **fields,
    )  # fmt: skip


def along(model, name, values):
    """Return the log-likelihood as one parameter runs over values, the others at a half."""
    density = Density(model)
    free = {other: np.full(len(values), prior.ppf(0.5)) for other, prior in model.free.items()}
    return density.log_likelihood(density.line({**free, name: values}))


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_equal_estimates_have_their_estimate_and_the_score_of_a_mean(count):
    """Of k with one triplet the normal score has variance 1/k, under a flat prior on the log."""
    model = model_of(*(total(f"t{i}") for i in range(count)))
    line = np.linspace(np.log(5), np.log(900_000), 200_001)
    logs = along(model, "rate of a", np.exp(line) / 1e6)
    weight = np.exp(logs - logs.max())
    reach = total("t")._number.triplet.error(
        stats.norm.ppf([0.025, 0.25, 0.5, 0.75, 0.975]) / np.sqrt(count)
    )
    below = (np.cumsum(weight) - weight / 2) / weight.sum()
    found = np.interp(np.log(5000) + reach, line, below)
    np.testing.assert_allclose(found, [0.025, 0.25, 0.5, 0.75, 0.975], atol=1e-4)


def test_surveys_up_to_100_percent_stay_at_their_estimate_as_their_counts_do():
    model = model_of(*(cohort(f"c{i}") for i in range(4)))
    p = np.linspace(0.85, 1 - 1e-6, 200_001)
    logs = along(model, "a -> b", p) - np.log(p) - np.log1p(-p)
    weight = np.exp(logs - logs.max())
    low, middle, high = np.interp([0.025, 0.5, 0.975], np.cumsum(weight) / weight.sum(), p)
    assert middle == pytest.approx(0.968, abs=0.002)
    counts = stats.beta(4 * 136, 4 * 4.5).ppf([0.025, 0.975])
    np.testing.assert_allclose([low, high], counts, atol=0.008)


SAME = {
    "proportional": (total("one"), total("two", 2500, (500, 4500), where={"sex": "f"})),
    "on another scale": (
        total("one"), fe.Survey(name="two", step="a", share=0.005, interval=(0.001, 0.009))
    ),
    "through a fixed bridge": (
        total("one"),
        total("two", 10_000, (2000, 18_000), defects=[twice(fe.Fixed(2.0, statement=WHY))]),
    ),
    "through a bridge that is known well": (
        total("one"), total("two", defects=[twice(fe.LogNormal(0.0, 0.1, statement=WHY))])
    ),
    "with a standard error": (
        total("one"), fe.Total(name="two", step="a", estimate=5000, se=2000)
    ),
    "one of a joint survey": (
        cohort("one", 0.5, (0.2, 0.55)),
        fe.JointSurvey(
            name="two", correlation=0.0,
            asked=[
                fe.Asked(step="b", of="a", share=0.5, interval=(0.2, 0.55)),
                fe.Asked(step="a", share=0.005, interval=(0.001, 0.009)),
            ],
        ),
    ),
}  # fmt: skip
OTHER = {
    "another step": (total("one"), cohort("two")),
    "through an unknown bridge": (
        total("one"), total("two", defects=[twice(fe.LogNormal(0.0, 0.7, statement=WHY))])
    ),
    "two standard errors": (
        fe.Total(name="one", step="a", estimate=5000, se=2000),
        fe.Total(name="two", step="a", estimate=5000, se=2000),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_follows_from_each_other_is_one_number(name):
    model = model_of(*SAME[name])
    (group,) = model.of_one_number
    assert {source for source, _ in group} == {"one", "two"}
    (entry,) = [e for e in model.ledger() if "one number" in e.value]
    assert entry.about == "number in one and two"


@pytest.mark.parametrize("others", [0, 1, 3])
@pytest.mark.parametrize("apart", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("spread", [1.0, 8.0])
def test_four_alike_are_all_of_one_number_whatever_else_is_in_the_model(others, apart, spread):
    known = fe.LogNormal(0.0, apart, statement=WHY)
    alike = [total(f"t{i}", defects=[twice(known)]) for i in range(4)]
    more = [
        fe.Register(f"r{i}", step="b", count=100, defects=[fe.Coverage(fe.Beta(4, 2))])
        for i in range(others)
    ]
    rate = fe.Rate(fe.LogNormal(np.log(0.005), spread))
    (group,) = model_of(*alike, *more, rate=rate).of_one_number
    assert len(group) == 4


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_the_unit_of_an_estimate_changes_nothing(unit):
    """Two of one number on the natural scale, one of them counted in another unit."""

    def own(name, unit, *numbers):
        return fe.OwnNormal(
            name, quantity=lambda q: q.number("a") / unit, estimate=numbers[1] / unit,
            interval=(numbers[0] / unit, numbers[2] / unit),
        )  # fmt: skip

    values = np.linspace(0.002, 0.009, 50)
    logs = [
        along(
            model_of(own("one", 1.0, 1000, 5000, 7000), own("two", u, 3000, 4000, 9000)),
            "rate of a", values,
        )
        for u in (1.0, unit)
    ]  # fmt: skip
    np.testing.assert_allclose(np.diff(logs[1]), np.diff(logs[0]), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", OTHER)
def test_other_numbers_are_not(name):
    model = model_of(*OTHER[name])
    assert model.of_one_number == ()
    assert not [e for e in model.ledger() if "one number" in e.value]


def test_numbers_that_may_differ_are_not_one():
    """Two sexes with rates of their own; with one rate for both they are."""
    apart = fe.Rate(fe.LogNormal(np.log(0.005), 1.0), fe.Levels("sex"))
    sexes = [total("one", where={"sex": "f"}), total("two", where={"sex": "m"})]
    assert model_of(*sexes, rate=apart).of_one_number == ()
    assert len(model_of(*sexes).of_one_number) == 1


def beside(spread):
    """Return a model of two estimates with a factor between them, and how alike they are."""
    known = fe.LogNormal(0.0, spread, statement=WHY)
    model = model_of(total("one"), total("two", defects=[twice(known)]))
    return model, (model.alike[0].shares[0][1] if model.alike else 0.0)


def test_numbers_are_ever_less_alike_as_they_may_differ_by_more():
    """No threshold: from one number to two in steps as small as those of what is between them."""
    spreads = np.geomspace(1e-3, 30, 60)
    shares = np.array([beside(float(spread))[1] for spread in spreads])
    assert shares[0] == pytest.approx(1, abs=1e-4)
    assert shares[-1] == 0
    assert np.all(np.diff(shares) <= 0)
    assert np.max(-np.diff(shares)) < 0.1


@pytest.mark.parametrize("apart", [0.1, 0.5, 1.0, 2.0])
def test_as_alike_as_the_jeffreys_density_of_two_that_differ_has_it(apart):
    """The power of one slope in sqrt(det(I)), with the distance d of them as an unknown N(0, d)."""
    wide = 1e3

    def log_root(slopes):
        rows = np.diag(slopes) @ np.array([[wide, 0.0], [wide, apart]])
        return 0.5 * np.linalg.slogdet(np.eye(2) + rows @ rows.T)[1]

    step = 1e-3
    power = (log_root([np.exp(step), 1.0]) - log_root([np.exp(-step), 1.0])) / (2 * step)
    gradients = np.array([[wide, 0.0]]), np.array([[wide, apart]])
    assert 1 / (1 + _as_one(*gradients)) == pytest.approx(power, rel=1e-3)
    assert _as_one(np.array([[apart, 0.0]]), np.array([[0.0, apart]])) == 0


@pytest.mark.parametrize("powers", [{}, {"one": 0.0}, {"one": 0.5, "two": 2.0}])
@pytest.mark.parametrize("spread", [0.2, 0.5, 1.0])
def test_parts_of_numbers_that_are_partly_one_are_slopes_to_their_powers(powers, spread):
    model, share = beside(spread)
    assert 0.05 < share < 0.95
    model = model.with_powers(powers) if powers else model
    values = points(model)
    density = Density(model)
    z = density.line(values)
    parts = log_likelihoods(model, values)
    whole = sum(model.power_of(name) * part for name, part in parts.items())
    np.testing.assert_allclose(whole, density.log_likelihood(z), rtol=1e-12)
    step = 1e-5
    for name, part in parts.items():
        if power := model.power_of(name):
            more, less = (
                Density(model.with_powers({name: power + h})).log_likelihood(z)
                for h in (step, -step)
            )
            np.testing.assert_allclose((more - less) / (2 * step), part, rtol=1e-6, atol=1e-6)


POWERS = [{}, {"t0": 0.0}, {"t0": 0.5, "t1": 2.0}, {"t0": 0.3, "t1": 0.3, "t2": 0.3}]
THREE = [total("t0"), total("t1", 4000, (3500, 9000)), total("t2", 6000, (0, 9500))]


def points(model, size=7):
    return {name: prior.ppf(np.linspace(0.35, 0.65, size)) for name, prior in model.free.items()}


@pytest.mark.parametrize("powers", POWERS)
def test_parts_of_the_sources_add_up_and_are_slopes_to_their_powers(powers):
    model = model_of(*THREE, powers=powers)
    values = points(model)
    density = Density(model)
    z = density.line(values)
    parts = log_likelihoods(model, values)
    together = sum(model.power_of(name) * part for name, part in parts.items())
    np.testing.assert_allclose(together, density.log_likelihood(z), rtol=1e-12)
    step = 1e-5
    for name, part in parts.items():
        if power := model.power_of(name):
            more, less = (
                Density(model.with_powers({name: power + h})).log_likelihood(z)
                for h in (step, -step)
            )
            np.testing.assert_allclose((more - less) / (2 * step), part, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("powers", POWERS)
def test_what_a_source_adds_is_what_is_missing_without_it(powers):
    model = model_of(*THREE, powers=powers)
    values = points(model)
    z = Density(model).line(values)
    whole = Density(model).log_likelihood(z)
    for name, added in log_added(model, values).items():
        without = Density(model.with_powers({name: 0.0})).log_likelihood(z)
        np.testing.assert_allclose(whole - without, added, rtol=1e-10, atol=1e-10)


def test_powers_that_are_all_as_large_are_a_power_of_the_whole():
    model = model_of(*THREE)
    density = Density(model)
    z = density.line(points(model))
    half = Density(model.with_powers({one.name: 0.4 for one in THREE}))
    np.testing.assert_allclose(half.log_likelihood(z), 0.4 * density.log_likelihood(z), rtol=1e-12)
    nearly = Density(model.with_powers({"t0": 1e-9}))
    left_out = Density(model.with_powers({"t0": 0.0}))
    np.testing.assert_allclose(nearly.log_likelihood(z), left_out.log_likelihood(z), atol=1e-7)


def test_the_tape_and_symbols_carry_it():
    import pytensor

    model = model_of(*THREE, powers={"t1": 0.5})
    density = Density(model)
    z = density.line(points(model))
    value, gradient = Gradient(density)(z)
    np.testing.assert_allclose(value, density(z), rtol=1e-12)
    for i in range(len(z)):
        step = 1e-5 * np.eye(len(z))[:, [i]]
        slope = (density(z + step) - density(z - step)) / 2e-5
        np.testing.assert_allclose(gradient[i], slope, rtol=1e-5, atol=1e-6)
    made = fe.to_pymc(model)
    logp = pytensor.function(made.value_vars, made.logp(), mode="FAST_COMPILE")
    start = made.initial_point()
    names = [one.name for one in made.value_vars]
    found = []
    for shift in (0.1, -0.2, 0.3):
        at = {name: np.asarray(start[name]) + shift for name in names}
        found.append(float(logp(*at.values())))
    line = np.stack([
        [np.ravel(start[name] + shift)[0] for shift in (0.1, -0.2, 0.3)] for name in names
    ])  # fmt: skip
    assert len(line) == len(density.names)
    np.testing.assert_allclose(np.diff(found), np.diff(density(line)), rtol=1e-6)


def test_the_fit_of_four_alike_is_at_their_estimate(agrees):
    model = model_of(*(total(f"t{i}") for i in range(4)))
    result = fe.fit(model, seed=2, engine="importance", progress=False)
    assert result.gate.passed
    triplet = total("t")._number.triplet
    agrees(
        1e6 * result.draws["rate of a"],
        lambda v: special.ndtr(2 * triplet.score(np.log(v / 5000))[0]),
        min(result.gate.measures["ESS"], 4000),
    )
