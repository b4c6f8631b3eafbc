"""Three quantiles joined: against the published form of the J-QPD-S, and against itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, special, stats

from funnelest.distributions import JointQuantilesOn, QuantilesOn, Triplet

Z = float(stats.norm.ppf(0.975))
TO = {"identity": lambda v: v, "log": np.log, "logit": special.logit}
BACK = {"identity": lambda t: t, "log": np.exp, "logit": special.expit}
CASES = {
    "to the left": Triplet(1000.0, 5000.0, 9000.0, Z, "log"),
    "to the right": Triplet(0.1, 0.2, 0.6, Z, "logit"),
    "far to the right": Triplet(0.93, 0.97, 0.99975, Z, "logit"),
    "natural": Triplet(-3.0, 1.0, 2.0, 1.645, "identity"),
    "hardly skewed": Triplet(-1.0, 0.0, 1.0 + 1e-9, Z, "identity"),
    "not skewed": Triplet(-1.0, 0.0, 1.0, Z, "identity"),
}


@pytest.fixture(params=CASES)
def triplet(request):
    return CASES[request.param]


def ends(triplet):
    return TO[triplet.scale](np.array([triplet.low, triplet.middle, triplet.high]))


def test_it_is_the_j_qpd_s(triplet):
    """Hadlock and Bickel, Decision Analysis 2017;14:35, on the line of the scale."""
    low, middle, high = ends(triplet)
    least, side = min(middle - low, high - middle), np.sign(low + high - 2 * middle)
    if abs(low + high - 2 * middle) < 1e-6 * (high - low):
        pytest.skip("their delta is 0 there, and divides")
    c = triplet.z
    delta = np.sinh(np.arccosh((high - low) / (2 * least))) / c
    scale, start = least / (delta * c), low if side > 0 else high
    z = np.linspace(-4, 4, 33)
    theirs = start + scale * np.sinh(np.arcsinh(delta * z) + np.arcsinh(side * c * delta))
    np.testing.assert_allclose(middle + triplet.error(z), theirs, rtol=1e-10, atol=1e-10)


def test_it_passes_through_the_three(triplet):
    found = triplet.median + triplet.error(np.array([-triplet.z, 0.0, triplet.z]))
    np.testing.assert_allclose(found, ends(triplet), rtol=1e-12, atol=1e-12)


def test_score_and_error_undo_each_other(triplet):
    z = np.linspace(-6, 6, 49)
    found, log_slope = triplet.score(triplet.error(z))
    np.testing.assert_allclose(found, z, rtol=1e-9, atol=1e-9)
    step = 1e-5
    slope = (triplet.error(z + step) - triplet.error(z - step)) / (2 * step)
    np.testing.assert_allclose(np.exp(-log_slope), slope, rtol=1e-6)


def test_the_density_integrates_to_1_and_tails_are_its_integral(triplet):
    line = ends(triplet)

    def density(t):
        law = QuantilesOn(np.array([BACK[triplet.scale](t)]), triplet)
        return float(np.exp(law.logp(triplet.middle))[0])

    points = [triplet.median + float(triplet.error(z)) for z in (-7, -3, -1, 0, 1, 3, 7)]
    parts = [integrate.quad(density, a, b)[0] for a, b in pairwise(points)]
    np.testing.assert_allclose(parts, np.diff(special.ndtr([-7, -3, -1, 0, 1, 3, 7])), atol=1e-7)
    above, same = QuantilesOn(BACK[triplet.scale](line), triplet).tails(triplet.middle)
    tail = special.ndtr(-triplet.z)
    np.testing.assert_allclose(above, [tail, 0.5, 1 - tail], atol=1e-9)
    assert not np.any(same)


def test_made_up_estimates_hold_the_truth_as_often_as_their_limits_say(triplet):
    truth = BACK[triplet.scale](triplet.median + 0.4)
    made = QuantilesOn(np.full(40_000, truth), triplet).sample(np.random.default_rng(4))
    away = TO[triplet.scale](truth) - TO[triplet.scale](made)
    below, above = triplet.error(np.array([-triplet.z, triplet.z]))
    tail = special.ndtr(-triplet.z)
    assert np.mean(away < below) == pytest.approx(tail, abs=0.004)
    assert np.mean(away > above) == pytest.approx(tail, abs=0.004)


def test_several_without_correlation_are_each_by_itself():
    triplets = (CASES["to the right"], CASES["far to the right"])
    expected = np.array([[0.15, 0.3, 0.5], [0.95, 0.98, 0.999]])
    seen = [one.middle for one in triplets]
    together = JointQuantilesOn(expected, triplets, np.eye(2))
    alone = sum(together.marginal(i).logp(seen[i]) for i in range(2))
    np.testing.assert_allclose(together.logp(seen), alone, rtol=1e-12)


def test_several_have_the_correlation():
    triplets = (CASES["to the right"], CASES["far to the right"])
    correlation = np.array([[1.0, 0.6], [0.6, 1.0]])
    expected = np.repeat([[0.2], [0.97]], 30_000, axis=1)
    law = JointQuantilesOn(expected, triplets, correlation)
    made = law.sample(np.random.default_rng(5))
    scores = [law.marginal(i).scored(made[i])[0] for i in range(2)]
    np.testing.assert_allclose(np.cov(scores), correlation, atol=0.03)
    values = law.logp(made[:, :1] * 0 + [[0.22], [0.95]])
    z = [law.marginal(i).scored([0.22, 0.95][i]) for i in range(2)]
    joint = stats.multivariate_normal([0, 0], correlation).logpdf([z[0][0][0], z[1][0][0]])
    assert values[0] == pytest.approx(joint + z[0][1][0] + z[1][1][0])
