"""Moved draws tell of what a sample did not reach, and say nothing of one that is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from validation.exact_posteriors import CASES

import funnelest as fe
from funnelest.inference.engines import importance, judge
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density
from funnelest.sampling.gate import ARRIVED, LIMITS, MOVED, SHIFT, importance_gate, joined_gate
from funnelest.sampling.weights import levels_of


@pytest.fixture(params=["register_on_a_ridge", "hyperbola", "two_modes"])
def fitted(request):
    """A target, a proposal that fits it, and a generator."""
    target = Target(Density(CASES[request.param](50).model))
    rng = np.random.default_rng(5)
    done = importance._sample(target, 2000, rng, None, lambda share, text: None)
    return target, done.proposal, rng


def seen(target, proposal, rng, weigh=lambda drawn, logs: logs):
    """Return what moves show of a sample, of which the weights may be other than they are."""
    drawn, logs = importance.weigh(target, proposal, rng, 5000)
    logs = weigh(drawn, logs)
    weights = np.exp(logs - logs.max())
    chosen = importance.resample(weights / weights.sum(), 2000, rng)
    return judge.move(target, proposal, drawn, logs, chosen, rng)


def test_nothing_is_said_of_a_sample_of_the_posterior(fitted):
    target, proposal, rng = fitted
    found = seen(target, proposal, rng)
    assert found.shift < LIMITS[SHIFT][1]
    assert found.k_hat < LIMITS[MOVED][1]


def test_tails_that_a_sample_lacks_are_seen(fitted):
    """As if no draw had come further out than four of five do."""
    target, proposal, rng = fitted

    def without_tails(drawn, logs):
        low, _, high = np.quantile(drawn.u, levels_of(0.8), axis=1)[:, :, None]
        return np.where(((drawn.u > low) & (drawn.u < high)).all(axis=0), logs, -np.inf)

    assert seen(target, proposal, rng, without_tails).shift > LIMITS[SHIFT][1]


def test_places_that_a_proposal_misses_are_come_upon(fitted, monkeypatch):
    """A proposal a third as wide, without its parts from the prior: its sample shows no tail."""
    from funnelest.inference.engines import proposal as parts

    target, proposal, rng = fitted
    monkeypatch.setattr(parts, "_PRIOR_SHARE", 1e-12)
    monkeypatch.setattr(parts, "_ALONG", 1e-12)
    narrow = replace(
        proposal,
        components=tuple(
            replace(one, loose=replace(one.loose, factor=one.loose.factor / 3, freedom=1e3))
            for one in proposal.components
        ),
    )
    found = seen(target, narrow, rng, lambda drawn, logs: np.zeros_like(logs))
    assert found.shift > LIMITS[SHIFT][1]
    assert found.k_hat > LIMITS[MOVED][1]
    wider = found.fitted(narrow)
    for one, other in zip(narrow.components, wider.components, strict=True):
        assert np.linalg.det(other.loose.factor) > np.linalg.det(one.loose.factor)


@pytest.mark.parametrize("times", [1, 99])
def test_a_sample_that_lacks_something_is_drawn_again_or_refused(times, monkeypatch):
    moves, made = [], judge.move

    def move(*arguments):
        found = made(*arguments)
        moves.append(found)
        return replace(found, shift=7.0) if len(moves) <= times else found

    monkeypatch.setattr(importance, "move", move)
    result = fe.fit(
        CASES["register_on_a_ridge"](10).model, engine="importance", seed=1, progress=False
    )
    assert len(moves) > 1
    if times == 1:
        assert result.gate.passed
        assert result.gate.measures[SHIFT] < 4
        assert result.gate.measures[ARRIVED] > 0.99
        return
    with pytest.raises(fe.FitError, match=r"by 7\.0 standard errors, it must be at most 4"):
        result.steps()


def test_of_several_samples_the_worst_counts():
    one, other = (
        importance_gate(0.2, 900, 900, 9).with_measures({SHIFT: z, MOVED: k, ARRIVED: part})
        for z, k, part in ((1.0, 0.4, 0.9), (3.0, -np.inf, 1.0))
    )
    measures = joined_gate([one, other], [4000, 4000], None).measures
    assert (measures[SHIFT], measures[MOVED], measures[ARRIVED]) == (3.0, 0.4, 0.9)
    # A part that was refused before moves is refused still, and what it lacks is not made up.
    assert SHIFT not in joined_gate([importance_gate(0.2, 900, 900, 9)], [1], None).measures
