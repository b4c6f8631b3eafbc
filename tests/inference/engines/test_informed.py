"""What a proposal begins from: directions that figures inform, and a component for each mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
import funnelest.math as fm
from funnelest.inference.engines.informed import Informed, informed
from funnelest.inference.engines.modes import find_modes
from funnelest.inference.engines.proposal import Component, Proposal
from funnelest.inference.engines.spread import Spread
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density

ROUTE = fe.Route("happened", "told")
PEOPLE = fe.Population({"sex": ["male", "female"]}, [500, 500])
SHARES = {("happened", "told"): fe.Share(0.5)}


def target_of(parameters: dict[str, Any], evidence: list[Any]) -> Target:
    model = fe.Model(ROUTE, PEOPLE, fe.Rate(0.01), SHARES, evidence, parameters=parameters)
    return Target(Density(model))


def begun(target: Target, limit: float, seed: int) -> Component:
    """Return the only component of what the short way begins from."""
    rng = np.random.default_rng(seed)
    modes = find_modes(target, rng)
    (one,) = informed(target, Proposal.of_modes(target, modes, limit), modes, rng).components
    return one


def spread(basis: Any) -> Informed:
    factor = np.array([[0.3, 0.0], [0.2, 0.1]])
    return Informed.of(basis, Spread(np.array([1.0, -0.5]), factor, 7.0))


def directions(free: int, seed: int = 0) -> Any:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((free, 2)))[0]


def test_informed_is_the_density_of_a_t_beside_the_prior() -> None:
    basis = directions(5)
    one = spread(basis)
    x = np.random.default_rng(1).standard_normal((5, 40))
    rest = np.linalg.svd(basis, full_matrices=True)[0][:, 2:]
    inner = stats.multivariate_t(
        one.inner.centre, one.inner.factor @ one.inner.factor.T, df=one.freedom
    )
    exact = inner.logpdf((basis.T @ x).T) + stats.norm.logpdf(rest.T @ x).sum(axis=0)
    np.testing.assert_allclose(one.logpdf(x), exact, rtol=1e-10)
    whole = stats.multivariate_normal(one.centre, one.factor @ one.factor.T).logpdf(x.T)
    normal = one.normal(x)
    np.testing.assert_allclose(normal - normal[0], whole - whole[0], atol=1e-9)


def test_draws_of_informed_have_its_moments() -> None:
    one = spread(directions(4))
    n = 200_000
    x = one.draw(np.random.default_rng(2), n)
    inner = one.basis.T @ x
    np.testing.assert_allclose(inner.mean(axis=1), one.inner.centre, atol=0.01)
    covariance = one.inner.factor @ one.inner.factor.T * 7 / 5
    np.testing.assert_allclose(np.cov(inner), covariance, rtol=0.05, atol=0.002)
    beside = x - one.basis @ inner
    np.testing.assert_allclose(np.cov(beside), np.eye(4) - one.basis @ one.basis.T, atol=0.02)
    weights = np.full(n, 1 / n)
    again = one.fitted(x, weights, 1.3)
    np.testing.assert_array_equal(again.basis, one.basis)
    np.testing.assert_allclose(again.inner.centre, inner.mean(axis=1))


@pytest.mark.parametrize("says", ["nothing", "one sum"])
def test_only_directions_that_figures_inform_differ_from_the_prior(says: str) -> None:
    """Of a sum of three of eight normal parameters one direction is informed: their sum."""
    names = [f"p{i}" for i in range(8)]

    def summed(q: Any) -> Any:
        return q.parameter("p0") + q.parameter("p1") + q.parameter("p2")

    se = 0.5 if says == "one sum" else 50.0  # held by nothing, informed or not
    target = target_of(
        {name: fe.Normal(0, 1) for name in names},
        [fe.OwnNormal("own", quantity=summed, estimate=1.0, se=se)],
    )
    component = begun(target, 1e9, 3)
    loose = component.loose
    assert isinstance(loose, Informed)
    assert loose.basis.shape[1] == (says == "one sum")
    if says == "one sum":
        along = component.free @ loose.basis[:, 0]
        expected = np.array([1, 1, 1, 0, 0, 0, 0, 0]) / np.sqrt(3)
        order = [target.density.names.index(name) for name in names]
        np.testing.assert_allclose(np.abs(along[order]), expected, atol=1e-6)


def test_a_source_that_locates_nothing_may_inform_every_direction() -> None:
    def lower(data: Any, expected: Any) -> Any:
        return -((data - expected) ** 2)

    target = target_of(
        {"a": fe.Normal(0, 1), "b": fe.Normal(0, 1)},
        [
            fe.OwnCustom(
                "own", quantity=lambda q: q.parameter("a"), data=0.3, log_likelihood=lower,
                simulate=lambda expected, rng: float(expected),
            )
        ],
    )  # fmt: skip
    assert not isinstance(begun(target, 30.0, 4).loose, Informed)


def shares_of(model: fe.Model, draws: int, seed: int, inside: Any) -> float:
    result = fe.fit(model, draws=draws, seed=seed, engine="importance", progress=False)
    assert result.gate.passed
    return float(np.mean(inside({name: result.draws[name].ravel() for name in "xy"})))


@pytest.mark.parametrize("seed", [4, 6, 7])
@pytest.mark.parametrize("draws", [400, 1000])
def test_a_spike_on_a_broad_shoulder_is_not_lost(draws: int, seed: int) -> None:
    """Whose mass is .40 by quadrature; no valley lies between it and the top of the shoulder."""

    def log_likelihood(height: float, xy: Any) -> Any:
        x, y = xy
        spike = np.log(height) - 200 * ((x - 1) ** 2 + (y - 1) ** 2)
        return fm.logsumexp(fm.stack([spike, -(((x + y) / 6) ** 2) / 2]), axis=0)

    own = fe.OwnCustom(
        "own", quantity=lambda q: (q.parameter("x"), q.parameter("y")), data=1000.0,
        log_likelihood=log_likelihood,
    )  # fmt: skip
    grid = np.linspace(-10, 10, 2001)
    x, y = np.meshgrid(grid, grid)
    mass = np.exp(log_likelihood(1000.0, (x, y)) - (x**2 + y**2) / 8)
    near = np.abs(x - 1) < 0.2
    exact = mass[near].sum() / mass.sum()
    model = fe.Model(
        ROUTE, PEOPLE, fe.Rate(0.01), SHARES, [own],
        parameters={"x": fe.Normal(0, 2), "y": fe.Normal(0, 2)},
    )  # fmt: skip
    found = shares_of(model, draws, seed, lambda at: np.abs(at["x"] - 1) < 0.2)
    assert abs(found - exact) < 5 * np.sqrt(exact * (1 - exact) / 400)


@pytest.mark.parametrize("seed", [17, 104])
def test_no_part_of_a_ridge_with_four_arms_is_lost(seed: int) -> None:
    own = fe.OwnNormal(
        "own", quantity=lambda q: abs(q.parameter("x")) - abs(q.parameter("y")),
        estimate=1.0, se=0.05,
    )  # fmt: skip
    model = fe.Model(
        ROUTE, PEOPLE, fe.Rate(0.01), SHARES, [own],
        parameters={"x": fe.Normal(0, 2), "y": fe.Normal(0, 2)},
    )  # fmt: skip
    for right in (False, True):
        for up in (False, True):
            found = shares_of(
                model,
                400,
                seed,
                lambda at, r=right, u=up: ((at["x"] > 0) == r) & ((at["y"] > 0) == u),
            )
            assert abs(found - 0.25) < 0.12


@pytest.mark.parametrize("draws", [400, 1000])
def test_few_draws_where_everything_is_held(draws: int) -> None:
    """One share seen by one survey: no direction is left in which figures could say more."""
    survey = fe.Survey("s", step="happened", yes=300, n=1000)
    model = fe.Model(ROUTE, PEOPLE, fe.Rate(fe.Beta(1, 1)), SHARES, [survey])
    result = fe.fit(model, draws=draws, seed=1, engine="importance", progress=False)
    (rate,) = result.draws.values()
    limits = stats.beta(301, 701).ppf([0.025, 0.5, 0.975])
    np.testing.assert_allclose(np.quantile(rate, [0.025, 0.5, 0.975]), limits, atol=0.006)
