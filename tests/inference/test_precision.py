"""A fit goes on until its limits are precise, and a result goes on from where it stopped."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.inference import fitting
from funnelest.inference.engines import importance
from funnelest.results.intervals import ERRORS
from funnelest.sampling import gate
from funnelest.sampling.gate import (
    COARSE,
    MC_ERROR,
    SHIFT,
    chains_gate,
    importance_gate,
    joined_gate,
)

ONE = fe.Population.cells()


@pytest.fixture(scope="module")
def model():
    return fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.Gamma(4, 0.1)), {("a", "b"): fe.Share(fe.Beta(2, 3))},
        [fe.Cohort(name="c", of="a", step="b", yes=7, n=20)],
    )  # fmt: skip


def fit(model, **more):
    return fe.fit(model, **{"seed": 6, "progress": False, **more})


def size(result):
    return next(iter(result.draws.values())).size


def test_it_goes_on_until_the_limits_are_precise(model):
    first, result = fit(model, draws=4000), fit(model, precision=0.01)
    assert size(first) == 4000
    assert size(result) > 4000
    assert first.monte_carlo_error > 0.01 >= result.monte_carlo_error
    assert result.gate.measures[MC_ERROR] == result.monte_carlo_error
    assert result.notes == ()
    # What was there stays there.
    for name, draws in first.draws.items():
        np.testing.assert_array_equal(result.draws[name][:, :1000], draws)
    again = fit(model, precision=0.01)
    np.testing.assert_array_equal(again.draws["a -> b"], result.draws["a -> b"])


def test_few_draws_are_made_more_where_they_leave_the_gate_closed(monkeypatch):
    """With a gate that opens at two fifths of the usual error."""
    limit = 0.4 * COARSE
    monkeypatch.setattr(fitting, "COARSE", limit)
    monkeypatch.setitem(gate.LIMITS, gate.MC_ERROR, ("at most", limit))
    people = fe.Population({"sex": ["male", "female"]}, [600, 400])
    loose = fe.Model(
        fe.Route("a", "b", "c", "d", skips=[("b", "d")]), people, fe.Rate(fe.Beta(2, 8)),
        {("b", "c"): fe.Share(fe.Beta(2, 2), fe.Levels("sex", fe.Normal(0, 1)))},
        [fe.Survey("s", step="a", yes=30, n=100), fe.Register("r", step="d", count=20),
         fe.Survey("t", step="b", of="a", yes=8, n=20)],
    )  # fmt: skip
    made = [fit(loose, draws=400, seed=seed) for seed in range(5)]
    assert all(one.gate.passed and one.monte_carlo_error <= limit for one in made)
    assert min(map(size, made)) > 400


def test_it_stops_somewhere_and_says_so(model, monkeypatch):
    monkeypatch.setattr(fitting, "_FURTHER", 1.5)
    monkeypatch.setattr(fitting, "_PRECISION", 0.001)
    result = fit(model, precision=0.001)
    assert size(result) == 6000
    assert result.gate.passed
    assert "aimed at" in result.notes[0]


def test_the_error_is_what_another_seed_would_change(model, agrees):
    """Of posterior Beta(9, 16): the errors in the table, against the spread over seeds."""
    found = [fit(model, draws=800, seed=seed).transitions().iloc[0] for seed in range(60)]
    for column, error in zip(["mean", "median", "low", "high"], ERRORS, strict=True):
        spread = np.std([row[column] for row in found])
        assert 0.7 < np.mean([row[error] for row in found]) / spread < 1.5
    high = stats.beta(9, 16).ppf(0.975)
    off = [(row["high"] - high) / row["high_mc_error"] for row in found]
    assert np.max(np.abs(off)) < 4.5


def test_more_goes_on(model, agrees):
    first = fit(model, draws=2000)
    more = first.more(1000)
    assert {one.shape for one in more.draws.values()} == {(4, 750)}
    assert more.origins.shape == (4, 750)
    new, old = more.origins[:, 500:], more.origins[:, :500]
    np.testing.assert_array_equal(old, first.origins)
    assert not set(new.ravel()) & set(old.ravel())
    for name, draws in first.draws.items():
        np.testing.assert_array_equal(more.draws[name][:, :500], draws)
        assert not np.isin(more.draws[name][:, 500:], draws).any()
        np.testing.assert_array_equal(first.more(1000).draws[name], more.draws[name])
    agrees(more.draws["a -> b"], stats.beta(9, 16).cdf, more.effective_draws)
    # And again: other draws than before.
    last = more.more(1000)
    assert not np.isin(last.draws["a -> b"][:, 750:], more.draws["a -> b"]).any()
    assert last.monte_carlo_error < first.monte_carlo_error
    assert last.gate.measures["evaluations"] > more.gate.measures["evaluations"]
    assert last.gate.measures["ESS"] > more.gate.measures["ESS"] > first.gate.measures["ESS"]
    assert size(pickle.loads(pickle.dumps(first)).more(400)) == 2400


def test_more_draws_come_from_the_proposal_that_was_judged(model, monkeypatch):
    result = fit(model, draws=4000)
    monkeypatch.setattr(importance, "move", None)  # judging again would call it
    more = result.more(4000)
    assert size(more) == 8000
    assert more.gate.passed
    assert more.gate.measures[SHIFT] == result.gate.measures[SHIFT]
    assert more.gate.measures["ESS"] > 1.5 * result.gate.measures["ESS"]


@pytest.mark.parametrize("engine", ["importance", "hmc"])
def test_a_result_from_a_file_goes_on(engine, model, tmp_path, agrees):
    first = fit(model, engine=engine, draws=1000)
    fe.save(first, tmp_path / "a.nc")
    read = fe.load(tmp_path / "a.nc")
    more = read.more(3000)
    assert size(more) >= 4000
    assert more.gate.passed, more.gate.text
    old = first.draws["a -> b"]
    np.testing.assert_array_equal(more.draws["a -> b"][:, : old.shape[1]], old)
    assert not np.isin(more.draws["a -> b"][:, old.shape[1] :], old).any()
    agrees(more.draws["a -> b"], stats.beta(9, 16).cdf, more.effective_draws)
    np.testing.assert_array_equal(read.more(3000).draws["a -> b"], more.draws["a -> b"])
    assert size(more.more(400)) > size(more)


def test_nothing_to_go_on_from(model):
    result = fit(model, draws=400)
    with pytest.raises(fe.FitError, match=r"neither by fit nor by load.*funnelest.fit\("):
        replace(result, further=None).more(100)
    with pytest.raises(fe.SpecError, match="draws must be a whole number"):
        result.more(0)


def test_what_checks_said_is_said_again(model):
    marked = replace(fit(model, draws=400), marks=("OLD",))
    assert marked.more(400).marks == ()


def test_an_interrupt_loses_nothing(model, monkeypatch):
    made = fitting._importance

    def interrupted(*given):
        if given[4] is not None:  # it goes on from what is there
            raise KeyboardInterrupt
        return made(*given)

    monkeypatch.setattr(fitting, "_importance", interrupted)
    result = fit(model, precision=0.005)
    assert size(result) == 4000
    assert result.gate.passed
    assert "interrupted" in result.notes[0]
    with pytest.raises(KeyboardInterrupt):
        fit(model, start=result)
    monkeypatch.undo()
    assert size(result.more(400)) == 4400


def test_joined_gates():
    one, two = importance_gate(0.3, 1000, 500, 9), importance_gate(0.6, 3000, 500, 20)
    found = joined_gate([one, two], [1000, 3000], None)
    assert found.passed
    assert found.measures["k-hat"] == 0.6
    assert found.measures["evaluations"] == 29
    assert found.measures["ESS"] == pytest.approx(4000)
    assert found.measures["tail ESS"] == pytest.approx(800)
    assert not joined_gate([one, importance_gate(0.8, 3000, 500, 20)], [1, 1], None).passed
    good = chains_gate(1.0, 900, 800, 0, 0.9)
    bad = chains_gate(1.0, 900, 800, 2, 0.5)
    draws = np.random.default_rng(1).normal(size=(2, 4, 500))
    found = joined_gate([good, bad], [1000, 1000], draws)
    assert found.measures["divergences"] == 2
    assert found.measures["E-BFMI"] == 0.5
    assert len(found.failures) == 1


def test_a_coarse_limit_closes_the_gate():
    gate = importance_gate(0.3, 1000, 500, 9)
    assert gate.with_measures({MC_ERROR: 0.1}).passed
    shut = gate.with_measures({MC_ERROR: 0.2})
    assert shut.failures == (
        "the largest Monte Carlo error is 20% of the width of an interval, it must be at most 10%",
    )
    assert shut.with_measures({MC_ERROR: 0.05}).passed
    assert (
        len(
            importance_gate(0.9, 1000, 500, 9)
            .with_measures({MC_ERROR: 0.2})
            .with_measures({MC_ERROR: 0.3})
            .failures
        )
        == 2
    )


def test_what_has_no_limits_does_not_count(model):
    draws = {name: one.copy() for name, one in fit(model, draws=400).draws.items()}
    draws["a -> b"][:, ::5] = np.nan
    result = replace(fit(model, draws=400), draws=draws)
    assert 0 < result.monte_carlo_error < 0.1
    assert replace(result, draws={}).monte_carlo_error == 0.0


def test_chains_go_on(model):
    first = fit(model, engine="hmc", draws=1000)
    more = first.more(400)
    assert {one.shape for one in more.draws.values()} == {(16, 150)}
    assert more.origins is None
    assert more.monte_carlo_error < first.monte_carlo_error
    assert more.engine == "hmc"
