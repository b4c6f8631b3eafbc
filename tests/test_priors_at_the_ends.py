"""Priors on the unconstrained line, where the parameter rounds to an end of its support."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_ndtr, ndtr
from tests.examples import PRIORS
from tests.test_priors import Kumaraswamy

import funnelest as fe

CASES: dict[str, fe.Prior] = {
    **{name: prior for name, prior in PRIORS.items() if not isinstance(prior, fe.Fixed)},
    "Jeffreys": fe.Beta(0.5, 0.5),
    "at both ends": fe.Beta(0.05, 0.05),
    "at 1": fe.Beta(1.0, 0.05),
    "near 1": fe.Beta.from_interval(0.8, 0.999),
    "far from the ends": fe.Beta(1e4, 3e4),
    "at 0": fe.Gamma(0.01, 1.0),
    "large": fe.Gamma(1e5, 2.0),
    "tiny": fe.HalfNormal(1e-6),
    "cut beside a pole": fe.Truncated(fe.Beta(0.5, 0.5), low=0.2),
    "cut before a pole": fe.Truncated(fe.Beta(0.05, 0.05), high=0.5),
    "only an upper limit": fe.Truncated(fe.Normal(0.0, 1.0), high=-2.0),
    "an own family": Kumaraswamy(2.0, 5.0),
    "an own family with poles": Kumaraswamy(0.5, 0.5),
}


@pytest.fixture(params=CASES, ids=CASES)
def family(request: Any) -> fe.Prior:
    return CASES[request.param]


def density(prior: fe.Prior, z: Any) -> Any:
    with np.errstate(over="ignore"):  # of a normal far out no float holds the logarithm
        return prior.line_logpdf(np.asarray(z, dtype=np.float64))


def scored(prior: fe.Prior, score: Any) -> Any:
    with np.errstate(all="ignore"):
        return prior.line_of_score(np.asarray(score, dtype=np.float64))


def test_the_density_on_the_line_integrates_to_one(family: fe.Prior) -> None:
    # Between extreme scores, each piece with the density's own scale.
    z = np.interp(
        np.linspace(-8, 8, 400_001),
        np.linspace(-8, 8, 4001),
        scored(family, np.linspace(-8, 8, 4001)),
    )
    assert np.trapezoid(np.exp(density(family, z)), z) == pytest.approx(1.0, abs=1e-6)


def test_it_is_the_natural_one_and_the_slope_in_the_middle(family: fe.Prior) -> None:
    line, _, slope = family.line()
    z = scored(family, np.linspace(-2, 2, 41))
    z = z[np.abs(z) < 20]
    natural = family.logpdf(line(z)) + slope(z)
    np.testing.assert_allclose(density(family, z), natural, rtol=1e-7, atol=1e-7)


def test_it_is_a_number_far_out(family: fe.Prior) -> None:
    for z in (-700.0, -40.0, 40.0, 700.0):
        value = float(density(family, z))
        assert value < 1.0
        # Minus infinity only where the true number is below every float.
        assert np.isfinite(value) or z == 700.0


def test_a_score_is_where_its_probability_lies(family: fe.Prior) -> None:
    _, back, _ = family.line()
    scores = np.linspace(-8, 8, 321)
    z = scored(family, scores)
    assert np.all(np.diff(z) > 0)
    p = np.linspace(0.05, 0.95, 37)
    expected = np.sort(back(family.ppf(p)))
    there = np.abs(expected) < 20
    found = scored(family, stats.norm.ppf(p))
    np.testing.assert_allclose(found[there], expected[there], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        np.log(np.gradient(z, scores))[1:-1],
        (stats.norm.logpdf(scores) - density(family, z))[1:-1],
        atol=0.03,
    )


def test_scores_of_a_beta_are_those_of_its_mirror_image() -> None:
    scores = np.linspace(-8, 8, 161)
    for a, b in ((0.5, 0.5), (0.05, 1.0), (1.0, 30.0), (1e-3, 5.0), (1.0, 1e7)):
        here, there = scored(fe.Beta(a, b), scores), scored(fe.Beta(b, a), -scores)
        np.testing.assert_allclose(here, -there, rtol=1e-9, atol=1e-9)


def test_scores_with_a_closed_form() -> None:
    scores = np.array([-30.0, -8.0, -3.0, 0.0, 3.0, 8.0])
    # P(x < t) = t^a: what the library has, and beyond its smallest numbers.
    found = scored(fe.Beta(0.05, 1.0), scores)
    log_x = log_ndtr(scores) / 0.05
    np.testing.assert_allclose(found[:3], log_x[:3], rtol=1e-12)
    np.testing.assert_allclose(scored(fe.Beta(1.0, 0.05), -scores)[:3], -log_x[:3], rtol=1e-12)
    # P(x > t) = exp(-t): the upper tail of a gamma.
    np.testing.assert_allclose(
        scored(fe.Gamma(1.0, 1.0), scores[3:]), np.log(-log_ndtr(-scores[3:])), rtol=1e-12
    )
    np.testing.assert_allclose(
        scored(fe.Uniform(2.0, 5.0), scores), log_ndtr(scores) - log_ndtr(-scores), rtol=1e-12
    )
    # The library's own way for a family that says nothing of its ends, against the closed form.
    np.testing.assert_allclose(
        scored(Kumaraswamy(1.0, 0.5), scores[1:]), scored(fe.Beta(1.0, 0.5), scores[1:]),
        rtol=1e-3, atol=1e-3,
    )  # fmt: skip


def test_several_of_one_family_at_once() -> None:
    z = np.linspace(-60, 60, 7)
    for kind, rows in (
        (fe.Beta, [(0.5, 0.5), (20.0, 3.0)]), (fe.Gamma, [(0.01, 1.0), (3.0, 10.0)]),
        (fe.Uniform, [(0.1, 0.8), (-3.0, 7.0)]), (fe.LogUniform, [(0.1, 0.8), (1.0, 7.0)]),
        (fe.HalfNormal, [(0.1,), (3.0,)]), (fe.LogitNormal, [(0.0, 2.0), (1.0, 0.5)]),
        (Kumaraswamy, [(0.5, 0.5), (2.0, 5.0)]),
    ):  # fmt: skip
        each = [kind(*row) for row in rows]
        together = kind.stacked(each)
        points = np.array([z, z[::-1]])
        for name in ("line_logpdf", "line_of_score"):
            with np.errstate(all="ignore"):
                arguments = points / (10 if name == "line_of_score" else 1)
                alone = [getattr(one, name)(row) for one, row in zip(each, arguments, strict=True)]
                np.testing.assert_allclose(getattr(together, name)(arguments), alone, rtol=1e-8)


def test_the_probability_of_a_score_is_the_prior_probability() -> None:
    scores = np.linspace(-3, 3, 31)
    for prior in (fe.Beta(0.5, 0.5), fe.Gamma(3.0, 10.0), fe.HalfNormal(0.7)):
        x = prior.line()[0](prior.line_of_score(scores))
        np.testing.assert_allclose(prior.cdf(x), ndtr(scores), rtol=1e-9)
