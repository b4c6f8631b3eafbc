"""A posterior under a changed model, by weights or by fitting again; tasks side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.errors import FitError
from funnelest.inference.refitting import refits, reweighted
from funnelest.sampling.parallel import each

PEOPLE = fe.Population({"sex": ["male", "female"]}, [600, 400])
MODEL = fe.Model(
    fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(2, 8)), {("a", "b"): fe.Share(fe.Beta(3, 3))},
    [fe.Survey("s", step="a", yes=30, n=100), fe.Survey("t", step="b", of="a", yes=8, n=20)],
)  # fmt: skip


def test_tasks_come_back_with_their_places():
    base = 3
    assert dict(each(lambda x: x * base, [1, 2, 3], cores=1)) == {0: 3, 1: 6, 2: 9}
    assert dict(each(lambda x: x * base, [1, 2, 3], cores=2)) == {0: 3, 1: 6, 2: 9}
    with ThreadPoolExecutor(2) as pool:
        assert dict(each(lambda x: x * base, [1, 2], executor=pool)) == {0: 3, 1: 6}
    assert dict(each(lambda x: x, [])) == {}


def test_an_error_in_a_task_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(each(lambda x: 1 / x, [1, 0, 2], cores=2))


def test_refits_are_the_same_on_one_core_and_on_two():
    start = fe.fit(MODEL, seed=1, progress=False)
    models = {"without s": MODEL.with_powers({"s": 0}), "other prior": MODEL.with_priors(
        {"rate of a": fe.Beta(20, 20)})}  # fmt: skip
    one = refits(models, start=start, draws=1000, seed=4, cores=1)
    two = refits(models, start=start, draws=1000, seed=4, cores=2)
    assert list(one) == list(two) == list(models)
    for name in models:
        assert two[name].model is models[name]
        for parameter in MODEL.free:
            np.testing.assert_array_equal(one[name].draws[parameter], two[name].draws[parameter])
    # Without the survey it is the prior again: four standard errors of 500 effective draws.
    levels = np.array([0.025, 0.5, 0.975])
    ranks = stats.beta(2, 8).cdf(np.quantile(one["without s"].draws["rate of a"], levels))
    assert np.all(np.abs(ranks - levels) < 4 * np.sqrt(levels * (1 - levels) / 500))


def test_a_fit_that_cannot_be_made_is_given_as_its_error(monkeypatch):
    def fails(*args, **options):
        raise FitError("no point")

    monkeypatch.setattr("funnelest.inference.refitting.fit_within", fails)
    found = refits({"m": MODEL, "n": MODEL}, seed=1, cores=1)
    assert all(isinstance(one, FitError) for one in found.values())


def test_weights_are_those_of_the_ratio():
    rng = np.random.default_rng(1)
    x = rng.normal(size=8000)
    found = reweighted(0.3 * x)  # a normal density tilted: its mean moves to 0.3
    assert found.reliable
    assert np.sum(found.weights * x) == pytest.approx(0.3, abs=0.03)
    even = reweighted(np.zeros(100))
    np.testing.assert_allclose(even.weights, 0.01)
    assert even.effective == pytest.approx(100)


def test_weights_that_a_few_draws_carry_are_not_reliable():
    rng = np.random.default_rng(2)
    assert not reweighted(5 * np.abs(rng.standard_cauchy(4000))).reliable
    assert not reweighted(np.full(100, -np.inf)).reliable
    assert not reweighted(np.where(np.arange(4000) < 50, 0.0, -np.inf)).reliable
