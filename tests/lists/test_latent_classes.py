"""Latent classes: by brute force, by simulation, and what is said where chains do not agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from funnelest.errors import SpecError
from funnelest.lists.computing.mixture import Mixture
from funnelest.lists.estimators import latent_classes
from funnelest.lists.estimators.latent_classes import LatentClasses
from funnelest.lists.table.table import OverlapTable, patterns
from funnelest.sampling.gate import Gate
from funnelest.sampling.trajectories import Chains, gate_of
from funnelest.words import Language

in_english = Language("en").say

THREE = {"100": 5, "010": 3, "001": 2, "110": 4, "011": 1, "111": 2}
TABLE = OverlapTable(["police", "hospital", "shelter"], THREE)


def rows(names):
    return np.array([[float(letter) for letter in one] for one in names])


def mixture(classes=3, counts=THREE, **more):
    settings = {"concentration": 1.0, "spread": 0.25, **more}
    on = rows(counts)
    return Mixture(on, np.array(list(counts.values()), dtype=float), classes, **settings)


def unknowns(weights, p, alpha=1.0):
    """Return the point of these weights, shape (classes,), and p, (classes, lists)."""
    left = 1 - np.concatenate([[0.0], np.cumsum(weights)[:-2]])
    e = -alpha * np.log1p(-weights[:-1] / left)
    x = [[np.log(alpha) / 0.25], np.log(e), special.logit(p).T.ravel()]
    return np.concatenate(x)[None]


WEIGHTS = np.array([0.5, 0.3, 0.2])
P = np.array([[0.1, 0.2, 0.3], [0.6, 0.5, 0.7], [0.05, 0.8, 0.4]])


def pattern_probabilities(weights=WEIGHTS, p=P):
    on = rows(patterns(p.shape[1]))
    return np.array([np.sum(weights * np.prod(np.where(x, p, 1 - p), axis=1)) for x in on])


# ---------------------------------------------------------------- the posterior


def test_the_number_of_people_is_summed_out():
    """Against the sum over all numbers of people of 1/N times the multinomial probability."""
    model, x = mixture(), unknowns(WEIGHTS, P)
    pi = dict(zip(patterns(3), pattern_probabilities(), strict=True))
    n = sum(THREE.values())
    N = np.arange(n, 3000)
    listed = sum(c * np.log(pi[one]) - special.gammaln(c + 1) for one, c in THREE.items())
    each = special.gammaln(N + 1) - special.gammaln(N - n + 1) + (N - n) * np.log(pi["000"])
    brute = special.logsumexp(each + listed - np.log(N))
    prior = stats.norm.logpdf(x[0, 0]) + stats.logistic.logpdf(x[0, 3:]).sum()
    prior += (stats.expon.logpdf(np.exp(x[0, 1:3])) + x[0, 1:3]).sum()
    constant = special.gammaln(n) - sum(special.gammaln(c + 1) for c in THREE.values())
    constant += stats.norm.logpdf(0)  # the density leaves it out
    assert model(x)[0][0] + constant == pytest.approx(brute + prior, abs=1e-9)


def test_the_posterior_of_the_number_is_negative_binomial():
    model = mixture()
    odds = 1.7
    drawn = model.hidden(np.full(200_000, np.log(odds)), np.random.default_rng(2))
    n = sum(THREE.values())
    law = stats.nbinom(n, 1 / (1 + odds))
    assert drawn.mean() == pytest.approx(law.mean(), rel=0.01)
    assert drawn.var() == pytest.approx(law.var(), rel=0.02)
    N = np.arange(n, 4000)  # by Bayes' rule from the prior 1/N
    logs = special.gammaln(N + 1) - special.gammaln(N - n + 1) - np.log(N)
    logs += (N - n) * np.log(odds / (1 + odds))
    np.testing.assert_allclose(np.exp(logs - special.logsumexp(logs)), law.pmf(N - n), atol=1e-12)


def test_a_number_past_counting_is_no_error():
    drawn = mixture().hidden(np.full(3, 60.0), np.random.default_rng(2))
    assert np.all((drawn > 1e15) & np.isfinite(drawn))


def test_slopes_are_those_of_the_density():
    model = mixture(4, spread=0.6, concentration=2.0)
    x = model.start(6, np.random.default_rng(3))
    value, slopes = model(x)
    assert np.isfinite(value).all()
    for i in range(model.size):
        up, down = x.copy(), x.copy()
        up[:, i] += 1e-5
        down[:, i] -= 1e-5
        np.testing.assert_allclose(
            (model(up)[0] - model(down)[0]) / 2e-5, slopes[:, i], rtol=1e-5, atol=1e-6
        )
    np.testing.assert_array_equal(model(x, slopes_only=True)[1], slopes)


@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0), (0, 2, 1)])
def test_numbering_the_classes_otherwise_changes_nothing(order):
    model, on = mixture(), rows(patterns(3)[1:])
    one, other = unknowns(WEIGHTS, P), unknowns(WEIGHTS[list(order)], P[list(order)])
    np.testing.assert_allclose(model.log_odds(one), model.log_odds(other), rtol=1e-12)
    np.testing.assert_allclose(model.expected(one, on), model.expected(other, on), rtol=1e-12)
    np.testing.assert_allclose(
        np.sort(model.seen_shares(one), axis=0), np.sort(model.seen_shares(other), axis=0)
    )


def test_what_follows_from_the_unknowns():
    model, x = mixture(), unknowns(WEIGHTS, P)
    pi = pattern_probabilities()
    assert model.log_odds(x)[0] == pytest.approx(np.log(pi[0] / (1 - pi[0])))
    expected = model.expected(x, rows(patterns(3)[1:]))[:, 0]
    np.testing.assert_allclose(expected, 17 * pi[1:] / (1 - pi[0]))


def test_sticks_are_beta():
    model = mixture(concentration=2.0)
    x = model.start(20_000, np.random.default_rng(4))
    x[:, 0] = 0.0
    share = np.exp(model._sticks(x.T)[1][0])
    assert stats.kstest(share, stats.beta(1, 2).cdf).pvalue > 0.01


# ---------------------------------------------------------------- the estimate


def gate(draws, divergences=0):
    """Return the verdict on chains of one number, shape (chains, draws)."""
    energies = np.random.default_rng(1).normal(size=draws.shape)
    return gate_of(Chains(draws[..., None], energies, divergences, 0.8, 1), draws[None])


@pytest.fixture
def short(monkeypatch):
    """Runs too short to pass the gate."""
    for name, value in (("_CHAINS", 6), ("_WARM_UP", (4, 8)), ("_BLOCKS", (12,))):
        monkeypatch.setattr(latent_classes, name, value)


@pytest.fixture
def passing(short, monkeypatch):
    """The same, let through."""
    monkeypatch.setattr(latent_classes, "gate_of", lambda *_: Gate("hmc", {"R-hat": 1.0}, ()))


def test_a_gate_that_fails_withholds(short):
    found = LatentClasses().estimate(TABLE)
    assert (found.passed, found.gate.passed) == (False, False)
    assert np.isnan(found.hidden)
    assert (found.interval, found.draws) == (None, None)
    assert not found.predicted
    assert "effective sample size is" in found.withheld
    assert "17 people are on at least one list" in found.text


def test_the_estimate(passing):
    found = LatentClasses(classes=4).estimate(TABLE)
    assert (found.passed, found.method) == (True, "latent classes (up to 4)")
    low, high = found.overall.interval
    assert low <= found.hidden <= high
    np.testing.assert_allclose([low, high], np.quantile(found.draws, [0.025, 0.975]))
    assert found.draws.shape == (72,)
    np.testing.assert_array_equal(found.draws, np.round(found.draws))
    assert found.predicted["all"].shape == (7, 72)
    np.testing.assert_allclose(found.predicted["all"].sum(axis=0), 17)
    assert 1 <= found.measures["classes in use"] <= 4
    assert 0 < found.measures["share known"] < 1
    assert "one class apart" in found.assumes


def test_the_same_seed_gives_the_same_numbers(passing):
    one, two, three = (LatentClasses().estimate(TABLE, seed=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(one.draws, two.draws)
    assert not np.array_equal(one.draws, three.draws)


def test_a_stratum_by_itself(passing):
    table = OverlapTable(TABLE.lists, {"girls": THREE, "boys": {**THREE, "111": 9}})
    assert LatentClasses().estimate(table.stratum("boys")).known == 24
    with pytest.raises(SpecError, match="without strata"):
        LatentClasses().estimate(table)


def test_ten_lists(passing):
    rng = np.random.default_rng(6)
    drawn = rng.random((60, 10)) < 0.3
    drawn[0] = True
    counts = {}
    for row in drawn[drawn.any(axis=1)]:
        one = "".join("01"[int(x)] for x in row)
        counts[one] = counts.get(one, 0) + 1
    found = LatentClasses(classes=3).estimate(OverlapTable([*"abcdefghij"], counts))
    assert found.predicted["all"].shape == (1023, 72)


def test_what_is_said_of_two_regions():
    rng = np.random.default_rng(1)
    logs = np.log(np.repeat([31_000, 60_000], [5, 1]))[:, None] + 0.02 * rng.normal(size=(6, 100))
    hidden = np.exp(logs)
    said = in_english(latent_classes._why(gate(logs), hidden, 8234))
    assert "6 chains found 2 regions, about 31,000 (5 chains) and about 60,000 (1 chain)" in said


def test_what_is_said_where_chains_wander():
    logs = np.log(np.linspace(1000, 1100, 6))[:, None]
    logs = logs + 0.02 * np.random.default_rng(1).normal(size=(6, 100))
    said = in_english(latent_classes._why(gate(logs), np.exp(logs), 900))
    assert said.endswith("their medians go from 1,000 to 1,100.")


def test_a_few_more_or_less_are_no_other_region():
    hidden = np.repeat([0.0, 1.0], 3)[:, None] + np.zeros((6, 100))
    assert len(latent_classes._regions(hidden, 500)) == 1


def test_divergences_alone_are_said():
    draws = np.random.default_rng(1).normal(size=(6, 500))
    said = in_english(latent_classes._why(gate(draws, divergences=2), np.exp(draws), 10))
    assert (
        said == "the draws cannot be relied on (2 trajectories in fine steps diverged, none may)."
    )


def test_it_stops_with_some_room_in_r_hat_or_where_more_is_of_no_use():
    for r_hat, failures, stops in (
        (1.005, (), True),
        (1.009, (), False),
        (1.005, ("too few effective draws",), False),
        (1.03, ("R-hat",), False),
        (1.06, ("R-hat",), True),
        (float("nan"), ("R-hat",), True),
    ):
        assert latent_classes._settled(Gate("hmc", {"R-hat": r_hat}, failures)) is stops


def test_nobody_on_two_lists_is_withheld():
    found = LatentClasses().estimate(OverlapTable(TABLE.lists, {"100": 5, "010": 4, "001": 6}))
    assert found.withheld.startswith("the overlaps do not tell")
    assert np.isnan(found.hidden)


def test_a_long_tail_is_named():
    assert latent_classes._warnings(100.0, 150.0) == ()
    assert "3.0 times the median" in latent_classes._warnings(100.0, 300.0)[0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"classes": 1}, "'classes' must be a whole number from 2 to 50; given 1."),
        ({"classes": 2.5}, "given 2.5."),
        ({"classes": True}, "given True."),
        ({"concentration": 0}, "'concentration' must lie between 0.01 and 100; given 0."),
        ({"concentration": "1"}, "given '1'."),
        ({"concentration_spread": float("nan")}, "given nan."),
        ({"probability": 1}, "'probability' must lie strictly between 0 and 1"),
    ],
)
def test_bad_settings(settings, said):
    with pytest.raises(SpecError, match="latent classes") as error:
        LatentClasses(**settings).estimate(TABLE)
    assert said in str(error.value)


def test_two_lists_are_refused():
    table = OverlapTable(["a", "b"], {"10": 5, "01": 4, "11": 3})
    with pytest.raises(SpecError, match="at least 3 lists"):
        LatentClasses().estimate(table)


def test_partly_linked_is_refused():
    table = OverlapTable(["a", "b", "c"], {"10?": 5, "010": 4, "001": 2, "110": 3, "011": 1})
    with pytest.raises(SpecError, match="no counts of several patterns"):
        LatentClasses().estimate(table)
