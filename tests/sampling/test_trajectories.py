"""The sampler of many chains, its warm-up, and the measures of its convergence."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.sampling import trajectories
from funnelest.sampling.gate import measured


def normal(covariance):
    """Return the log-density of a normal distribution around 1, 2, 3, ..."""
    precision = np.linalg.inv(covariance)
    middle = np.arange(1.0, len(covariance) + 1)

    def density(points, slopes_only=False):
        off = points - middle
        pulled = off @ precision
        return -0.5 * np.sum(off * pulled, axis=1), -pulled

    return density


COVARIANCE = np.array([[4.0, 1.9, 0.0], [1.9, 1.0, 0.1], [0.0, 0.1, 0.2]])


@pytest.fixture(scope="module")
def chains():
    rng = np.random.default_rng(1)
    start = 5.0 * rng.standard_normal((16, 3))
    return trajectories.sample(normal(COVARIANCE), start, np.eye(3), draws=1000, rng=rng)


def test_a_normal_distribution_is_recovered(chains):
    points = chains.points.reshape(-1, 3)
    error = np.sqrt(np.diag(COVARIANCE) / 4000)
    assert np.all(np.abs(points.mean(axis=0) - [1, 2, 3]) < 4 * error)
    np.testing.assert_allclose(np.cov(points.T), COVARIANCE, atol=0.25)
    np.testing.assert_allclose(np.std(points, axis=0), np.sqrt(np.diag(COVARIANCE)), rtol=0.05)


def test_and_passes_the_gate(chains):
    gate = trajectories.gate_of(chains, np.moveaxis(chains.points, 2, 0))
    assert gate.passed, gate.text
    assert gate.engine == "hmc"
    assert chains.divergences == 0
    assert 0.8 < chains.accepted < 0.97


def test_the_same_seed_gives_the_same_draws():
    made = [
        trajectories.sample(
            normal(COVARIANCE), np.zeros((4, 3)), np.eye(3), draws=20,
            rng=np.random.default_rng(seed), warmup=(10,),
        ).points
        for seed in (3, 3, 4)
    ]  # fmt: skip
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_a_diagonal_metric_draws_from_the_same_density():
    rng = np.random.default_rng(5)
    start = 5.0 * rng.standard_normal((16, 3))
    found = trajectories.sample(
        normal(COVARIANCE), start, np.full(3, 0.3), draws=1000, rng=rng, wanted=0.8
    )
    gate = trajectories.gate_of(found, np.moveaxis(found.points, 2, 0))
    assert gate.passed, gate.text
    error = np.sqrt(np.diag(COVARIANCE) / gate.measures["bulk ESS"])
    assert np.all(np.abs(found.every.mean(axis=0) - [1, 2, 3]) < 4 * error)
    np.testing.assert_allclose(np.cov(found.every.T), COVARIANCE, atol=0.3)


def drawn(draws, **more):
    return trajectories.sample(
        normal(COVARIANCE), np.zeros((4, 3)), np.eye(3), draws=draws,
        rng=np.random.default_rng(3), warmup=(10,), **more,
    )  # fmt: skip


def test_blocks_are_drawn_until_it_is_enough():
    looks = []

    def enough(found):
        looks.append(found.points.shape[1])
        return len(looks) == 2

    found = drawn((10, 5, 5), enough=enough)
    assert looks == [10, 15]
    np.testing.assert_array_equal(found.points, drawn(15).points)
    assert drawn((10, 5, 5)).points.shape == (4, 20, 3)


def test_no_trajectory_has_more_steps_than_the_most():
    # Warm-up has 10 trajectories, and 50 of which only the step size is learned.
    assert drawn(40, most=3).gradients <= 1 + 100 * 3
    assert drawn(40).gradients > 1 + 100 * 3


def test_some_draws_are_of_every_chain(chains):
    some = chains.some(100)
    assert some.shape == (100, 3)
    np.testing.assert_array_equal(some[[0, -1]], [chains.points[0, 0], chains.points[-1, -1]])
    assert len(drawn(5).some(100)) == 20


def walled(points, slopes_only=False):
    """Return a normal log-density with a wall ahead of 1.5: a thousand times as steep there."""
    beyond = np.maximum(points - 1.5, 0.0)
    return -0.5 * np.sum(points**2 + 1e6 * beyond**2, axis=1), -points - 1e6 * beyond


def test_of_divergences_only_those_in_fine_steps_count():
    # Tuned steps that hit the wall are refused, which is no divergence; and with steps that stay
    # too coarse though five times finer, there are some, and the gate says so.
    start = np.random.default_rng(1).normal(size=(16, 2)) - 1.0
    found = trajectories.sample(
        walled, start, np.eye(2), draws=200, rng=np.random.default_rng(1), wanted=0.2
    )
    assert found.divergences > 0
    gate = trajectories.gate_of(found, np.moveaxis(found.points, 2, 0))
    assert f"{found.divergences} trajectories in fine steps diverged, none may" in gate.failures


def test_draws_that_are_all_the_same_fail_the_gate(chains):
    assert not trajectories.gate_of(chains, np.zeros((1, *chains.energies.shape))).passed


def test_chains_in_two_places_fail_the_gate():
    def two_peaks(points, slopes_only=False):
        x = points[:, 0]
        logs = np.stack([-0.5 * (x - 40) ** 2, -0.5 * (x + 40) ** 2])
        top = logs.max(axis=0)
        weights = np.exp(logs - top)
        slope = (-(x - 40) * weights[0] - (x + 40) * weights[1]) / weights.sum(axis=0)
        y = points[:, 1]
        value = top + np.log(weights.sum(axis=0)) - 0.5 * y**2
        return value, np.stack([slope, -y], axis=1)

    rng = np.random.default_rng(1)
    start = np.stack([np.linspace(-40, 40, 16), np.zeros(16)], axis=1)
    chains = trajectories.sample(two_peaks, start, np.eye(2), draws=200, rng=rng)
    gate = trajectories.gate_of(chains, np.moveaxis(chains.points, 2, 0))
    assert not gate.passed
    assert "R-hat" in gate.text


def test_the_mode_and_the_curvature_of_a_normal_distribution():
    free = np.array([True, False, True])
    point, covariance = trajectories.climb(normal(COVARIANCE), np.array([9.0, 2.0, -9.0]), free)
    np.testing.assert_allclose(point, [1, 2, 3], atol=1e-6)
    precision = np.linalg.inv(COVARIANCE)[np.ix_(free, free)]
    np.testing.assert_allclose(covariance, np.linalg.inv(precision), rtol=1e-6)


def correlated(kept, shape, rng):
    """Return autoregressive chains, in each of which a draw keeps so much of the one before."""
    x = rng.normal(size=shape)
    for t in range(1, shape[-1]):
        x[..., t] = kept * x[..., t - 1] + np.sqrt(1 - kept**2) * x[..., t]
    return x


@pytest.mark.parametrize("kept", [-0.4, 0.0, 0.6, 0.9])
def test_effective_sizes_are_those_of_autoregressive_chains(kept):
    rng = np.random.default_rng(1)
    draws = correlated(kept, (1, 8, 4000), rng)
    found = measured(draws, rng.normal(size=(8, 4000)), 3)
    assert found["ess_bulk"] == pytest.approx(32_000 * (1 - kept) / (1 + kept), rel=0.15)
    assert found["r_hat"] == pytest.approx(1.0, abs=0.005)
    assert found["divergences"] == 3
    assert found["bfmi"] == pytest.approx(2.0, abs=0.15)  # of energies that are independent


def test_the_worst_quantity_counts():
    rng = np.random.default_rng(2)
    good, energies = rng.normal(size=(1, 4, 500)), rng.normal(size=(4, 500))
    apart, slow, wild = good.copy(), correlated(0.9, good.shape, rng), good.copy()
    apart[0, 0] += 1.0
    # Chains that agree in the middle and not in how far they reach.
    wild[0, 0] *= 4.0
    fine = measured(good, energies, 0)
    for one, name in ((apart, "r_hat"), (wild, "r_hat")):
        assert measured(np.concatenate([good, one]), energies, 0)[name] > 1.05 > fine[name]
    for name in ("ess_bulk", "ess_tail"):
        assert measured(np.concatenate([slow, good]), energies, 0)[name] < 0.5 * fine[name]


class Wide:
    """A normal distribution that resembles that of `COVARIANCE` only roughly."""

    def draw(self, rng, size):
        return 2.0 + 2.0 * rng.standard_normal((3, size))

    def logpdf(self, x):
        return -0.5 * (((x - 2.0) / 2.0) ** 2).sum(axis=0)


def test_jumps_leave_the_distribution_as_it_is():
    """Chains that began as draws of it are draws of it after many jumps and no trajectory."""
    rng, density = np.random.default_rng(2), normal(COVARIANCE)
    start = [1, 2, 3] + rng.standard_normal((4000, 3)) @ np.linalg.cholesky(COVARIANCE).T
    sampler = trajectories.Sampler(density, start, rng)
    gone = sampler.jump(Wide(), lambda points: density(points)[0], 4, 40)
    assert gone > 0.05
    assert np.mean(np.all(sampler.points == start, axis=1)) < 0.2
    error = np.sqrt(np.diag(COVARIANCE) / 4000)
    assert np.all(np.abs(sampler.points.mean(axis=0) - [1, 2, 3]) < 4 * error)
    np.testing.assert_allclose(np.cov(sampler.points.T), COVARIANCE, atol=0.25)
    value, slope = density(sampler.points)
    np.testing.assert_allclose(sampler.value, value)
    np.testing.assert_allclose(sampler._slope, slope)


def test_steps_and_paths_are_within_their_limits():
    paths = trajectories.Paths(1.0, 2.0, usual=(0.8, 1.1), odd=0.25)
    rng = np.random.default_rng(3)
    steps = [paths.steps(0.1, 150, rng) for _ in range(500)]
    assert (min(steps), max(steps)) == (11, 20)
    sizes = paths.sizes(4000, rng)
    assert sizes.max() <= 1.1
    assert abs(np.mean(sizes < 0.8) - 0.25) < 0.03
