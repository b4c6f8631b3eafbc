"""What a proposal begins from: directions that figures inform, and modes of one ridge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.inference.engines.begun import begun
from funnelest.inference.engines.informed import Informed
from funnelest.inference.engines.modes import Mode, find_modes
from funnelest.inference.engines.proposal import Spread
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density

ROUTE = fe.Route("happened", "told")
PEOPLE = fe.Population({"sex": ["male", "female"]}, [500, 500])
SHARES = {("happened", "told"): fe.Share(0.5)}


def target_of(parameters: dict[str, Any], evidence: list[Any]) -> Target:
    model = fe.Model(ROUTE, PEOPLE, fe.Rate(0.01), SHARES, evidence, parameters=parameters)
    return Target(Density(model))


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
    rng = np.random.default_rng(3)
    (component,) = begun(target, find_modes(target, rng), 1e9, rng).components
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
    rng = np.random.default_rng(4)
    (component,) = begun(target, find_modes(target, rng), 30.0, rng).components
    assert not isinstance(component.loose, Informed)


def modes_at(target: Target, *points: Any) -> list[Mode]:
    """Return modes as a search gives them, wherever these points are, the highest first."""
    found = []
    for point in np.asarray(points, dtype=np.float64):
        value, _, information = target.located(point[:, None])  # type: ignore[misc]
        slopes = target.located_slopes(point[:, None], np.eye(target.size), value)[:, 0]
        curvature = np.eye(target.size) + slopes.T @ (information * slopes)
        found.append((float(target.log_density(point[:, None])[0]), point, curvature))
    return sorted(found, key=lambda mode: -mode[0])


def product_of(**more: Any) -> Target:
    """Return two normal parameters whose sum is known to a hundredth."""
    return target_of(
        {"a": fe.Normal(0, 1), "b": fe.Normal(0, 1)},
        [
            fe.OwnNormal(
                "own", quantity=more.get("of", lambda q: q.parameter("a") + q.parameter("b")),
                estimate=more.get("estimate", 0.0), se=0.01,
            )
        ],
    )  # fmt: skip


def test_ends_of_climbs_on_one_ridge_are_one_component() -> None:
    apart = fe.OwnNormal(
        "apart", quantity=lambda q: q.parameter("a") - q.parameter("b"), estimate=0.0, se=1.0
    )
    target = target_of(
        {"a": fe.Normal(0, 1), "b": fe.Normal(0, 1)},
        [*product_of().density.model.evidence, apart],
    )
    modes = modes_at(target, [0.0, 0.0], [1.2, -1.2], [-0.9, 0.9])
    alone, joined = (
        begun(target, some, 30.0, np.random.default_rng(5)) for some in (modes[:1], modes)
    )
    assert len(joined.components) == len(alone.components) == 1
    assert float(alone.components[0].loose.factor[0, 0]) == pytest.approx(1 / np.sqrt(3), rel=1e-3)
    # As wide as its own width and how far all of them are apart, by their mass.
    assert float(joined.components[0].loose.factor[0, 0]) > 1.2 / np.sqrt(3)


@pytest.mark.parametrize("how", ["beside the ridge", "beyond a valley", "round a turn"])
def test_modes_that_stand_apart_keep_their_components(how: str) -> None:
    rng = np.random.default_rng(6)
    if how == "beside the ridge":
        target = product_of(of=lambda q: (q.parameter("a") + q.parameter("b")) ** 2, estimate=1.0)
        modes = modes_at(target, [0.5, 0.5], [-0.5, -0.5])
    elif how == "round a turn":
        target = product_of(of=lambda q: q.parameter("a") ** 2 + q.parameter("b") ** 2, estimate=2)
        modes = modes_at(target, [1.0, 1.0], [np.sqrt(2) * np.sin(2.2), np.sqrt(2) * np.cos(2.2)])
    else:  # the sum is known, and what is left is near 2 or -2
        both = product_of().density.model.evidence
        bent = fe.OwnNormal(
            "bent", quantity=lambda q: (q.parameter("a") - q.parameter("b")) ** 2,
            estimate=4.0, se=1.0,
        )  # fmt: skip
        target = target_of({"a": fe.Normal(0, 1), "b": fe.Normal(0, 1)}, [*both, bent])
        modes = modes_at(target, [1.0, -1.0], [-1.0, 1.0])
    limit = 30.0 if how != "beyond a valley" else 300.0
    assert len(begun(target, modes, limit, rng).components) == 2
