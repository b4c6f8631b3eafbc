"""Slices leave a posterior as it is, climbs of many find a narrow mode, and parts cover a neck."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
import funnelest.math as fm
from funnelest.inference.engines import importance
from funnelest.inference.engines.covering import covering
from funnelest.inference.engines.modes import find_modes
from funnelest.inference.engines.proposal import Proposal
from funnelest.inference.engines.slices import slid, slides
from funnelest.inference.engines.target import Target
from funnelest.inference.engines.uphill import led_uphill
from funnelest.likelihood.density import Density
from funnelest.sampling.gate import LEFT, LIMITS, THIN, Gate, importance_gate, joined_gate


def target_of(names: list[str], log_likelihood: Any) -> Target:
    own = fe.OwnCustom(
        "own",
        quantity=lambda q: tuple(q.parameter(name) for name in names),
        data=0.0,
        log_likelihood=log_likelihood,
    )
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"group": ["all"]}, [1000]),
        fe.Rate(0.01),
        {("a", "b"): fe.Share(0.5)},
        [own],
        [],
        dict.fromkeys(names, fe.Normal(0, 1)),
    )
    return Target(Density(model))


def correlated() -> Target:
    """Return two numbers with standard normal priors that are nearly the same: a normal ridge."""
    return target_of(["x", "y"], lambda data, xy: data - ((xy[0] - xy[1]) / 0.1) ** 2 / 2)


def draws(rng: np.random.Generator, n: int) -> Any:
    """Return draws of `correlated`, by its covariance."""
    precision = np.eye(2) + 100 * np.array([[1, -1], [-1, 1]])
    return np.linalg.cholesky(np.linalg.inv(precision)) @ rng.standard_normal((2, n))


def test_draws_of_a_posterior_that_slide_are_draws_of_it() -> None:
    target, rng = correlated(), np.random.default_rng(3)
    u = draws(rng, 4000)
    after, value = slid(target, u, target.log_density(u), rng)
    np.testing.assert_allclose(value, target.log_density(after))
    sd = np.sqrt(np.linalg.inv(np.eye(2) + 100 * np.array([[1, -1], [-1, 1]]))[0, 0])
    for row in after:
        assert stats.kstest(row, stats.norm(0, sd).cdf).pvalue > 1e-3
    assert stats.kstest(after[0] - after[1], stats.norm(0, np.sqrt(2 / 201)).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(after[0], u[0])[0, 1]) < 0.9


def test_points_that_are_no_draws_become_ones() -> None:
    """From one point all draws come; no step is too wide for the ridge."""
    target, rng = correlated(), np.random.default_rng(4)
    u = np.zeros((2, 4000))
    u[:, :40] = draws(rng, 40)  # from which lines are taken
    value = target.log_density(u)
    for _ in range(3):
        u, value = slid(target, u, value, rng)
    np.testing.assert_allclose(np.cov(u)[0, 0], 0.5, atol=0.05)


def test_only_what_no_source_locates_slides() -> None:
    assert slides(correlated())
    located = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"group": ["all"]}, [1000]),
        fe.Rate(fe.LogNormal.from_interval(0.001, 0.1)),
        {("a", "b"): fe.Share(0.5)},
        [fe.Register("r", step="a", count=30)],
    )
    assert not slides(Target(Density(located)))
    many = [f"x{i}" for i in range(13)]
    assert not slides(target_of(many, lambda data, x: data - sum(one**2 for one in x)))


@pytest.mark.parametrize("seed", range(5))
def test_a_narrow_mode_that_one_draw_in_thousands_leads_to_is_found(seed: int) -> None:
    """Of six numbers, beside a broad mode: the likeliest draws of the prior are all in that."""

    def log_likelihood(data: Any, numbers: Any) -> Any:
        near = sum(-(((x - 1.5) / 0.1) ** 2) / 2 - np.log(0.1) for x in numbers) + np.log(0.3)
        far = sum(-(((x + 1.5) / 0.5) ** 2) / 2 - np.log(0.5) for x in numbers) + np.log(0.7)
        return data + fm.logsumexp(fm.stack([near, far]))

    target = target_of([f"x{i}" for i in range(6)], log_likelihood)
    rng = np.random.default_rng(seed)
    led = led_uphill(target, rng)
    assert led.shape[1] > 19_000
    points = [point for _, point, _ in find_modes(target, rng)]
    assert any(np.all(point > 1) for point in points)
    assert any(np.all(point < -1) for point in points)


def test_parts_cover_what_a_proposal_misses_and_earlier_ones_stay() -> None:
    """A proposal of one end of a ring: its sample has the rest only in a few heavy draws."""
    target = target_of(
        ["x", "y"], lambda data, xy: data - ((xy[0] ** 2 + xy[1] ** 2 - 1) / 0.1) ** 2 / 2
    )
    rng = np.random.default_rng(6)
    angle = rng.uniform(0, 2 * np.pi, 4000)
    ring = rng.normal(1, 0.05, 4000) * np.array([np.cos(angle), np.sin(angle)])
    mode = (0.0, np.array([1.0, 0.0]), np.diag([400.0, 400.0]))
    before = Proposal.of_modes(target, [mode], 3.0)
    after = covering(before, ring, np.ones(4000), rng)
    assert after.components[0] is before.components[0]
    assert after.shares[0] == pytest.approx(0.5)
    assert after.shares.sum() == pytest.approx(1.0)
    _, one = importance.weigh(target, before, rng, 4000)
    _, more = importance.weigh(target, after, rng, 4000)
    assert importance._ess(more) > 3 * importance._ess(one)


def test_what_lies_where_a_proposal_is_thin_closes_the_gate() -> None:
    gate = importance_gate(0.2, 900, 900, 9)

    def with_these(thin: float, left: float) -> Gate:
        return gate.with_measures({THIN: thin, LEFT: left})

    assert with_these(0.001, 0.5).passed
    assert "2% of draws that were moved end where" in with_these(0.02, 0.5).text
    assert "3% left it, it must be at least 10%" in with_these(0.001, 0.03).text
    joined = joined_gate([with_these(0.001, 0.5), with_these(0.02, 0.03)], [4000, 4000], None)
    assert (joined.measures[THIN], joined.measures[LEFT]) == (0.02, 0.03)


def test_a_parabola_along_which_nothing_moves_is_refused() -> None:
    """Draws slide across it and hardly along it: nothing shows what lies beyond its ends."""
    target = target_of(["x", "y"], lambda data, xy: data - ((xy[1] - xy[0] ** 2) / 0.001) ** 2 / 2)
    done = importance._sample(target, 4000, np.random.default_rng(1), None, lambda *_: None)
    assert not done.gate.passed
    assert done.gate.measures[LEFT] < LIMITS[LEFT][1]
