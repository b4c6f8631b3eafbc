"""Derivatives of the arithmetic: those of differences, and of PyTensor."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from tests import examples
from tests.slopes import central

import funnelest as fe
from funnelest.distributions import Distribution
from funnelest.likelihood import gradient
from funnelest.likelihood.density import Density
from funnelest.likelihood.gradient import Gradient
from funnelest.priors import Prior


@pytest.mark.parametrize("spread", [0.1, 0.7])
def test_slopes_are_those_of_the_density(everything, points, spread):
    density, z = points(everything, 3, spread)
    z = z[:, np.isfinite(density(z))]
    value, slopes = Gradient(density)(z)
    np.testing.assert_allclose(value, density(z), rtol=1e-10, atol=1e-9)
    atol = 2e-4 * (1 + np.abs(value).max() / 1e3)
    np.testing.assert_allclose(slopes, central(density, z), rtol=2e-4, atol=atol)


@pytest.fixture
def small(build):
    """Sums over hidden counts, a limit, overdispersion, a quadrature, and every family of prior."""
    spread = [fe.Overdispersion(fe.HalfNormal(0.2)), fe.Coverage(fe.Beta(18, 6))]
    where = {"where": examples.SEEN}
    return build(
        fe.Register(name="a", step="reported", count=fe.Rounded(250, to=50), **where),
        fe.Register(
            name="b", step="reported", count=fe.Rounded(240, to=20), defects=spread, **where
        ),
        fe.Register(name="c", step="reported", count=fe.AtMost(330), **where),
        fe.Survey(name="d", step="told", of="happened", yes=fe.Rounded(30, to=10), n=390, **where),
        fe.Total(name="e", step="helped", estimate=130, se=15, **where),
        parameters=examples.PRIORS,
    )


def test_slopes_are_those_of_pymc(small, points):
    density, z = points(small, 2, 0.5)
    theirs = examples.pymc_gradient(small)
    _, slopes = Gradient(density)(z)
    for column in range(z.shape[1]):
        found = theirs(density, z[:, column])
        scale = 1e-8 * np.abs(found).max()
        np.testing.assert_allclose(slopes[:, column], found, rtol=1e-8, atol=scale)


def test_blocks_of_draws_give_the_same(small, points, monkeypatch):
    density, z = points(small, 30)
    whole = Gradient(density)(z)
    monkeypatch.setattr(gradient, "_ROOM", 1.0)
    for one, other in zip(whole, Gradient(density)(z), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_same_digits_at_every_call(everything, points):
    """Those that are done by a program, and before there is one."""
    density, z = points(everything, 3)
    made = Gradient(density)
    for turn in range(12):
        at = z + 0.02 * turn
        fresh = Density(everything)
        np.testing.assert_array_equal(density(at), fresh(at))
        for one, other in zip(made(at), Gradient(fresh)(at), strict=True):
            np.testing.assert_array_equal(one, other)


def test_likelihood_and_prior_add_up(small, points):
    density, z = points(small, 4)
    made = Gradient(density)
    value, slopes = made(z)
    likelihood, its_slopes = made.log_likelihood(z)
    np.testing.assert_allclose(likelihood, density.log_likelihood(z), rtol=1e-12)
    prior = central(density.log_prior, z)
    np.testing.assert_allclose(slopes - its_slopes, prior, rtol=1e-5, atol=1e-5)
    assert value.shape == (4,)


def test_what_figures_locate_along_directions(everything, points):
    density, z = points(everything, 3)
    if not density.all_located():
        pytest.skip("some figure locates nothing")
    directions = np.random.default_rng(2).standard_normal((4, *z.shape))
    value, slopes = Gradient(density).located(z, directions)
    np.testing.assert_allclose(value, density.located_values(z), rtol=1e-12)
    for direction, slope in zip(directions, slopes, strict=True):
        sides = [density.located_values(z + step * direction) for step in (1e-6, -1e-6)]
        np.testing.assert_allclose(slope, (sides[0] - sides[1]) / 2e-6, rtol=1e-4, atol=1e-6)


def test_impossible_points_have_no_slope(build):
    survey = fe.Register(name="r", step="told", count=3, defects=[fe.PPV(fe.Uniform(0.5, 1))])
    limit = fe.OwnCustom(
        name="o", data={}, quantity=lambda q: q.number("told"),
        log_likelihood=lambda data, x: fe.math.where(x > 1.0, -np.inf, fe.math.log(x)),
    )  # fmt: skip
    density = Density(build(survey, limit))
    value, slopes = Gradient(density)(np.zeros((len(density.names), 2)))
    assert (value == -np.inf).all()
    assert (slopes == 0).all()


# ------------------------------------------------------------------ kinds of a user's


@dataclasses.dataclass(frozen=True, repr=False)
class Logistic(Prior):
    """A user's family, written with NumPy."""

    middle: float

    @property
    def support(self):
        return (-np.inf, np.inf)

    def logpdf(self, x):
        away = x - self.middle
        return -away - 2 * np.log1p(np.exp(-away))

    def cdf(self, x):
        return 1 / (1 + np.exp(self.middle - x))

    def ppf(self, p):
        return self.middle + np.log(p / (1 - p))


@dataclasses.dataclass(frozen=True)
class Scattered(Distribution):
    """A user's distribution: a Student t with three degrees of freedom."""

    middle: object

    def logp(self, x):
        away = (x - self.middle) / 20.0
        return -2.0 * fe.math.log1p(away * away / 3.0)


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Seen(fe.Evidence):
    """A user's kind of evidence."""

    value: float

    def observations(self, q):
        told = q.number("told", self.where) * q.parameter("factor")
        return [fe.Observation(Scattered(fe.math.maximum(told, 1.0)), self.value)]


def test_own_kinds_have_slopes_too(build, points):
    own = fe.OwnPoisson(
        name="own", count=30,
        quantity=lambda q: fe.math.exp(q.parameter("factor")) * q.share("told") ** 2 * 300,
    )  # fmt: skip
    model = build(Seen(name="seen", value=700.0), own, parameters={"factor": Logistic(0.5)})
    density, z = points(model, 5, 0.5)
    made = Gradient(density)
    assert made.trouble == ""
    np.testing.assert_allclose(made(z)[1], central(density, z), rtol=1e-5, atol=1e-5)


def test_what_has_no_derivative_says_so(build, points):
    def through_scipy(data, x):
        from scipy.stats import norm

        return norm.logpdf(x, 700, 50)

    own = fe.OwnCustom(
        name="own", data={}, quantity=lambda q: q.number("told"), log_likelihood=through_scipy
    )
    density, z = points(build(own), 2)
    assert "funnelest.math" in Gradient(density).trouble
    with pytest.raises(TypeError, match=r"functions of funnelest\.math"):
        Gradient(density)(z)


def test_a_density_and_its_gradient_can_be_pickled(small):
    density = Density(small)
    gradient = Gradient(density)
    z = np.zeros((len(density.names), 3))
    for _ in range(12):  # with programs
        value, slopes = gradient(z)
    again = pickle.loads(pickle.dumps(gradient))
    np.testing.assert_array_equal(again(z)[0], value)
    np.testing.assert_array_equal(again(z)[1], slopes)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(density))(z), density(z))
