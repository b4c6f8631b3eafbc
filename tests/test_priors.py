"""Prior distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

import funnelest as fe
from funnelest.likelihood.components import log_prior_density
from funnelest.likelihood.density import Density
from funnelest.priors import as_prior, within

SCIPY = [
    (fe.Normal(0.4, 0.6), stats.norm(0.4, 0.6)),
    (fe.HalfNormal(0.7), stats.halfnorm(scale=0.7)),
    (fe.LogNormal(-1, 0.5), stats.lognorm(0.5, scale=np.exp(-1))),
    (fe.Beta(2.5, 4), stats.beta(2.5, 4)),
    (fe.Gamma(3, 10), stats.gamma(3, scale=0.1)),
    (fe.Uniform(0.1, 0.8), stats.uniform(0.1, 0.7)),
    (fe.LogUniform(0.01, 0.9), stats.loguniform(0.01, 0.9)),
    (fe.Truncated(fe.Normal(0.4, 0.6), low=0, high=1), stats.truncnorm(-2 / 3, 1, 0.4, 0.6)),
]


@pytest.mark.parametrize(("ours", "theirs"), SCIPY, ids=lambda d: type(d).__name__)
def test_densities_and_quantiles_are_scipys(ours, theirs):
    p = np.linspace(0.01, 0.99, 23)
    x = theirs.ppf(p)
    np.testing.assert_allclose(ours.ppf(p), x, rtol=1e-9)
    np.testing.assert_allclose(ours.cdf(x), p, rtol=1e-9)
    np.testing.assert_allclose(ours.logpdf(x), theirs.logpdf(x), rtol=1e-9, atol=1e-12)


def test_logit_normal_is_a_normal_of_the_log_odds():
    prior, x = fe.LogitNormal(-1, 0.8), np.array([0.05, 0.3, 0.9])
    odds = np.log(x / (1 - x))
    np.testing.assert_allclose(
        prior.logpdf(x), stats.norm(-1, 0.8).logpdf(odds) - np.log(x * (1 - x)), rtol=1e-12
    )


def continuous(prior):
    if isinstance(prior, fe.Fixed):
        pytest.skip("a known number has no density")


def test_density_integrates_to_one_and_quantiles_invert(prior):
    continuous(prior)
    low, high = prior.ppf(0.0), prior.ppf(1.0)
    middle = float(prior.ppf(0.5))
    total = sum(
        quad(lambda x: float(np.exp(prior.logpdf(x))), a, b, limit=200)[0]
        for a, b in ((low, middle), (middle, high))
    )
    assert total == pytest.approx(1.0, abs=1e-6)
    p = np.linspace(0.001, 0.999, 41)
    np.testing.assert_allclose(prior.cdf(prior.ppf(p)), p, atol=1e-9)
    a, b = prior.interval(0.9)
    assert prior.cdf(b) - prior.cdf(a) == pytest.approx(0.9)
    support = prior.support
    assert support[0] <= low <= high <= support[1]


def test_draws_come_from_the_distribution(prior):
    continuous(prior)
    draws = prior.sample(np.random.default_rng(8), 4000)
    assert draws.shape == (4000,)
    assert stats.kstest(draws, prior.cdf).pvalue > 1e-3


def test_the_map_to_the_line_has_the_stated_slope(prior):
    continuous(prior)
    line, back, slope = prior.line()
    z = np.linspace(-4, 4, 33)
    np.testing.assert_allclose(back(line(z)), z, atol=1e-8)
    numeric = (line(z + 1e-6) - line(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope(z), np.log(np.abs(numeric)), atol=1e-6)


unit = st.floats(1e-4, 1 - 1e-4)


@given(st.sampled_from([fe.Beta, fe.LogitNormal]), unit, unit, st.sampled_from([0.5, 0.8, 0.95]))
def test_a_share_from_an_interval_has_that_interval(family, a, b, probability):
    low, high = sorted((a, b))
    if high - low < 1e-3:
        return
    prior = family.from_interval(low, high, probability=probability)
    if prior.problems():  # then it must be refused, and never silently be another one
        assert family is fe.Beta
        assert "no beta distribution" in prior.problems()[0]
        return
    tail = (1 - probability) / 2
    np.testing.assert_allclose(prior.cdf(np.array([low, high])), [tail, 1 - tail], atol=1e-5)


@given(
    st.sampled_from([fe.LogNormal, fe.Gamma]),
    st.floats(1e-3, 1e4), st.floats(1.05, 100), st.sampled_from([0.5, 0.8, 0.95]),
)  # fmt: skip
def test_a_number_from_an_interval_has_that_interval(family, low, factor, probability):
    prior = family.from_interval(low, low * factor, probability=probability)
    assert prior.problems() == []
    tail = (1 - probability) / 2
    limits = np.array([low, low * factor])
    np.testing.assert_allclose(prior.cdf(limits), [tail, 1 - tail], atol=1e-5)


def test_plausible_beta_intervals_are_all_found():
    for low in (0.001, 0.01, 0.1, 0.3, 0.5, 0.8):
        for high in (low + 0.005, low + 0.05, low + 0.15, (1 + low) / 2, 0.99):
            if low < high < 1:
                assert fe.Beta.from_interval(low, high).problems() == [], (low, high)


@pytest.mark.parametrize(
    ("family", "low", "high", "probability"),
    [
        (fe.Beta, 0.9, 0.5, 0.95), (fe.Beta, 0.5, 1.2, 0.95), (fe.Beta, 0.0, 0.5, 0.95),
        (fe.LogitNormal, -0.1, 0.5, 0.95), (fe.LogNormal, 0, 3, 0.95), (fe.LogNormal, -1, 3, 0.95),
        (fe.Gamma, 2, 2, 0.95), (fe.Normal, 0, float("inf"), 0.95), (fe.Normal, 0, 1, 95),
        (fe.Normal, 0, 1, 0), (fe.Normal, "0", 1, 0.95), (fe.Normal, float("nan"), 1, 0.95),
    ],
)  # fmt: skip
def test_an_impossible_interval_is_reported_by_the_model(family, low, high, probability, build):
    prior = family.from_interval(low, high, probability=probability)
    with pytest.raises(fe.SpecError, match=r"from_interval") as caught:
        build(parameters={"x": prior})
    assert "'x'" in str(caught.value)
    assert repr(low) in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        fe.Normal(0, 0), fe.Normal(float("nan"), 1), fe.LogNormal(0, -1), fe.Beta(0, 1),
        fe.Beta("1", 1), fe.Gamma(1, 0), fe.HalfNormal(-1), fe.Uniform(1, 1), fe.LogUniform(0, 1),
        fe.Fixed(float("inf")), fe.Shared(""), fe.Shared(["c"]), fe.LogitNormal(0, 0),
        fe.Truncated(fe.Normal(0, 1), low=2, high=1), fe.Truncated(fe.Normal(0, 1), low=60),
        fe.Truncated(fe.Normal(0, -1), low=0), fe.Truncated(fe.Fixed(1)), fe.Truncated(3),
        fe.Truncated(fe.LogUniform(1, 2), high=1.5), fe.Truncated(fe.Normal(0, 1), low="a"),
        fe.Truncated(fe.Truncated(fe.Normal(0, 1), low=0), high=1),
    ],
    ids=repr,
)  # fmt: skip
def test_a_prior_that_cannot_be_meant_is_reported_by_the_model(wrong, build):
    with pytest.raises(fe.SpecError, match="parameter 'x'"):
        build(parameters={"x": wrong})


def test_a_prior_is_cut_to_where_its_parameter_may_lie():
    assert within(fe.Beta(1, 2), 0, 1) == fe.Beta(1, 2)
    assert within(fe.Normal(0, 1), 0, 1) == fe.Truncated(fe.Normal(0, 1), low=0, high=1)
    # Kinds with limits of their own get narrower ones: PyMC has no truncated log-uniform.
    assert within(fe.LogUniform(0.1, 5), 0, 1) == fe.LogUniform(0.1, 1)
    assert within(fe.Uniform(-1, 5), 0, 1) == fe.Uniform(0, 1)
    cut = within(fe.Truncated(fe.Normal(0, 1), low=0.5), 0, 1)
    assert cut == fe.Truncated(fe.Normal(0, 1), low=0.5, high=1)
    stated = within(fe.LogNormal(0, 1, statement="why", source="who"), 0, 1)
    assert (stated.statement, stated.source) == ("why", "who")


def test_a_number_is_a_known_value():
    assert as_prior(0.3) == fe.Fixed(0.3)
    assert as_prior(np.float64(0.3)) == fe.Fixed(0.3)
    assert as_prior(True).problems()


@dataclass(frozen=True)
class Kumaraswamy(fe.Prior):
    """A family of a user's own script, which the library has never heard of."""

    a: float
    b: float
    pymc = ("Kumaraswamy", {"a": "a", "b": "b"})

    @property
    def support(self):
        return 0.0, 1.0

    def logpdf(self, x):
        a, b = self.a, self.b
        return np.log(a * b) + (a - 1) * np.log(x) + (b - 1) * np.log1p(-(x**a))

    def cdf(self, x):
        return 1 - (1 - x**self.a) ** self.b

    def ppf(self, p):
        return (1 - (1 - np.asarray(p)) ** (1 / self.b)) ** (1 / self.a)


def own_family(first, second):
    """Return a model with priors of a family of one's own, and one of the library's name."""
    ab = fe.Route("a", "b")
    people = fe.Population({"sex": ["all"]}, [100_000])
    return fe.Model(
        ab, people, fe.Rate(first), {("a", "b"): fe.Share(second)},
        evidence=[fe.Survey(name="s", step="b", of="a", yes=30, n=100)],
        parameters={"x": fe.Beta(2, 2)},
    )  # fmt: skip


def test_an_own_family_works_without_registration():
    model = own_family(Kumaraswamy(2.0, 5.0), Kumaraswamy(3.0, 3.0))
    assert model.free["a -> b"].describe() == "Kumaraswamy(3, 3)"
    assert fe.Model.from_dict(model.to_dict(), kinds=[Kumaraswamy]) == model
    made = fe.simulate(model, seed=1, parameters={"rate of a": 0.3, "a -> b": 0.5, "x": 0.5})
    found = fe.fit(made, seed=2, draws=1000, engine="importance").draws
    assert stats.kstest(np.ravel(found["rate of a"]), model.free["rate of a"].cdf).pvalue > 1e-3
    grid = (np.arange(2000) + 0.5) / 2000
    yes = made.evidence[0].yes
    density = stats.binom(100, grid).pmf(yes) * np.exp(model.free["a -> b"].logpdf(grid))
    mean = grid @ density / density.sum()
    assert np.mean(found["a -> b"]) == pytest.approx(mean, abs=0.01)
    # The symbols have the same density, and each draw comes back under its own name.
    other, z = fe.to_pymc(model), np.random.default_rng(3).normal(size=(3, 4))
    density = Density(model)
    rows = {name: i for i, name in enumerate(density.names)}
    logp = other.compile_logp(sum=True)
    for point, value in zip(z.T, density(z), strict=True):
        at = {
            other.rvs_to_values[one].name: np.array(
                [point[rows[name]] for name in other.coords[f"{one.name}_parameter"]]
            )
            for one in other.free_RVs
        }
        assert float(logp(at)) == pytest.approx(value, rel=1e-10)


def test_an_own_family_that_cannot_do_all_says_so():
    class Beta(Kumaraswamy):
        """Not the library's, for all its name."""

    unnamed = type("Unnamed", (Kumaraswamy,), {"pymc": None})
    assert Beta(1.0, 2.0).powered(0.5) is None
    made = fe.to_pymc(own_family(Beta(1.0, 2.0), Beta(3.0, 2.0)))
    assert {one.name for one in made.free_RVs} == {"beta", "beta_"}
    with pytest.raises(fe.SpecError, match="Unnamed, the family of a prior, has no name in PyMC"):
        fe.to_pymc(own_family(unnamed(1.0, 2.0), unnamed(2.0, 2.0)))


def test_a_power_is_that_of_the_density_on_the_own_scale(prior):
    continuous(prior)
    other = prior.powered(0.5)
    if other is None:
        assert isinstance(prior, fe.Uniform | fe.LogUniform)
        return
    x = prior.ppf(np.linspace(0.05, 0.95, 19))
    difference = log_prior_density(other, x) - 0.5 * log_prior_density(prior, x)
    np.testing.assert_allclose(difference, difference[0], atol=1e-9)
