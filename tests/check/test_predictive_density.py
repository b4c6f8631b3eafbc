"""The predictive density of a number near which no draw lies, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check.predictive_density import integrated_density

PEOPLE = fe.Population({"sex": ["f"]}, [3e6])
COVERAGE = fe.Beta(8, 2)


def model_of(source: Any, rate: Any) -> fe.Model:
    return fe.Model(fe.Route("a", "b"), PEOPLE, fe.Rate(rate), {}, [source])


def found(source: Any, printed: float, rate: Any, size: int = 400) -> float:
    model = model_of(source, rate)
    rng = np.random.default_rng(1)
    drawn = {key: prior.sample(rng, size) for key, prior in model.free.items()}
    weights = np.full(size, 1 / size)
    return integrated_density(source, model, drawn, weights, "rate of a", 0, printed)


@pytest.mark.parametrize(
    ("yes", "n"),
    [(1, 1000), (1, 100_000), (50, 10**6), (10**6 - 50, 10**6), (0, 10**9), (10**5, 10**9)],
)
def test_a_flat_prior_makes_every_count_as_likely(yes, n):
    survey = fe.Survey("s", step="a", yes=yes, n=n, among=False)
    assert found(survey, yes, fe.Beta(1, 1)) == pytest.approx(1 / (n + 1), rel=1e-6)


def test_a_beta_makes_it_beta_binomial():
    survey = fe.Survey("s", step="a", yes=3, n=10_000)
    exact = stats.betabinom(10_000, 20, 980).pmf(3)
    assert found(survey, 3, fe.Beta(20, 980)) == pytest.approx(exact, rel=1e-6)


def test_other_parameters_are_drawn():
    """Of a flat rate the density of a small count is one over coverage and people."""
    register = fe.Register("s", step="a", count=10, defects=[fe.Coverage(COVERAGE)])
    mean = 9 / 7  # of one over a Beta(8, 2)
    value = found(register, 10, fe.Beta(1, 1), size=24)
    drawn = model_of(register, fe.Beta(1, 1)).free
    rng = np.random.default_rng(1)
    cover = {key: prior.sample(rng, 24) for key, prior in drawn.items()}["coverage[s]"]
    assert value == pytest.approx(np.mean(1 / (3e6 * cover)), rel=1e-6)
    assert value == pytest.approx(mean / 3e6, rel=0.2)


def test_an_impossible_number_has_none():
    survey = fe.Survey("s", step="a", yes=3, n=10)
    assert found(survey, 11, fe.Beta(1, 1)) == 0
