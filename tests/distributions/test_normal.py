"""Estimates that are normal on a scale, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from funnelest.distributions import MultivariateNormalOn, NormalOn

SHARES = np.array([1e-5, 0.02, 0.31, 0.5, 0.97])
SCALES = [("identity", lambda v: v), ("log", np.log), ("logit", lambda v: np.log(v / (1 - v)))]
COVARIANCE = np.array([[0.04, 0.012, 0.0], [0.012, 0.09, -0.01], [0.0, -0.01, 0.01]])


@pytest.mark.parametrize(("scale", "to"), SCALES)
def test_normal_on_a_scale(scale, to):
    found = NormalOn(SHARES, 0.4, scale).logp(0.2)
    np.testing.assert_allclose(found, stats.norm.logpdf(to(0.2), to(SHARES), 0.4), rtol=1e-10)


@pytest.mark.parametrize(("scale", "to"), SCALES)
def test_several_estimates_with_a_covariance(scale, to):
    expected = np.array([[0.2, 0.3], [0.5, 0.4], [0.85, 0.9]])
    x = np.array([0.25, 0.4, 0.8])
    law = MultivariateNormalOn(expected, COVARIANCE, scale)
    found = law.logp(x)
    assert found.shape == (2,)
    for draw in range(2):
        full = stats.multivariate_normal.logpdf(to(x), to(expected[:, draw]), COVARIANCE)
        assert found[draw] == pytest.approx(full, rel=1e-12)
    # What is located, seen as independent normals, gives the same density but for a constant.
    square = sum((here - there) ** 2 * known for here, there, known in law.locations(x, 0.0))
    np.testing.assert_allclose(np.diff(found), -0.5 * np.diff(square), rtol=1e-10)


def test_samples_have_the_covariance():
    law = MultivariateNormalOn(np.repeat([[30.0], [50.0], [8.0]], 40_000, axis=1), COVARIANCE)
    draws = law.sample(np.random.default_rng(4))
    np.testing.assert_allclose(np.cov(draws), COVARIANCE, atol=2e-3)
    np.testing.assert_allclose(draws.mean(axis=1), [30.0, 50.0, 8.0], atol=0.01)
    mean, sd = law.moments()
    assert mean.shape == sd.shape == (3, 40_000) or sd.shape == (3, 1)
    np.testing.assert_allclose(sd[:, 0], np.sqrt(np.diag(COVARIANCE)))


def test_moments_on_a_scale_are_those_of_the_estimates():
    law = MultivariateNormalOn(np.array([[0.2], [0.5], [0.9]]), COVARIANCE * 1e-2, "logit")
    mean, sd = law.moments()
    many = MultivariateNormalOn(np.repeat(mean, 40_000, axis=1), COVARIANCE * 1e-2, "logit")
    np.testing.assert_allclose(
        many.sample(np.random.default_rng(5)).std(axis=1), sd[:, 0], rtol=0.02
    )
