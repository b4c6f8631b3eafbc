"""Three quantiles joined: against normal distributions, quadrature, and themselves."""

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


def test_beyond_a_limit_it_is_no_surer_than_the_half_width_of_that_side(triplet):
    """No limit lends its tail to the other side: a short side is as sure as if it stood alone."""
    low, middle, high = ends(triplet)
    for side, half, power in zip(
        (-1.0, 1.0), (middle - low, high - middle), triplet.powers, strict=True
    ):
        slopes = []
        for far in (1.0, 1.5, 4.0, 40.0):
            z, log_slope = triplet.score(np.array([side * far * half]))
            slopes.append(np.exp(log_slope[0]) * half / triplet.z)
            assert z[0] == pytest.approx(side * triplet.z * (1 + (far - 1) * slopes[0]), rel=1e-12)
        np.testing.assert_allclose(slopes, slopes[0], rtol=1e-12)
        assert slopes[0] < 1 if power else slopes[0] == pytest.approx(1, rel=1e-12)
    assert min(triplet.powers) == 0  # the nearer limit


NATURAL = {"log": np.exp, "logit": lambda t: np.exp(t), "upper": lambda t: -np.exp(-t)}


@pytest.mark.parametrize("kind", NATURAL)
@pytest.mark.parametrize("power", [0.0, 1e-3, 1 / 3, 0.8, 1.0])
def test_limits_as_far_on_a_power_of_the_number_have_that_power(kind, power):
    """By the definition of the scale, and of the score on it, to what joins the sides."""
    scale = "log" if kind == "log" else "logit"
    w = np.array([-0.3, 0.3])
    line = np.log1p(power * w) / power if power else w
    line = -line[::-1] if kind == "upper" else line
    low, high = BACK[scale](TO[scale](0.4) + line)
    one = Triplet(float(low), 0.4, float(high), Z, scale)
    at = one.powers[int(kind == "upper")]
    assert at == pytest.approx(power, abs=1e-9)
    assert one.powers[int(kind != "upper")] == pytest.approx(0, abs=1e-9)
    # Where the sides are as far the score would be straight: here it is so to a few per cent.
    far = 0.5 * (line[0] if kind != "upper" else line[1])
    straight = Z * (NATURAL[kind](power * far) - NATURAL[kind](0)) / (0.3 * max(power, 1e-12))
    if power:
        assert one.score(np.array([far]))[0][0] == pytest.approx(straight, rel=0.12)


@pytest.mark.parametrize("scale", ["log", "logit"])
@pytest.mark.parametrize("z", [0.126, 1.2816, Z, 2.576])
def test_bent_towards_an_end_it_has_one_hump_and_no_kink_at_the_median(scale, z):
    for below in (0.05, 0.4, 1.5, 4.0, 12.0, np.inf):
        for above in (0.05, 0.4, 1.5, 4.0) + ((12.0, np.inf) if scale == "logit" else ()):
            middle = 0.3
            t = TO[scale](middle) + np.array([-below, above])
            one = Triplet(float(BACK[scale](t[0])), middle, float(BACK[scale](t[1])), z, scale)
            near = -np.linspace(1.5 * min(below, 20.0), 0, 3001)[:-1]
            e = np.concatenate([near, np.linspace(0, 1.5 * min(above, 20.0), 3001)])
            score, log_slope = one.score(e)
            value = log_slope - 0.5 * score**2
            top = np.argmax(value)
            for part in (value[top:], value[top::-1]):
                assert np.max(part - np.minimum.accumulate(part)) < 1e-3
            step = 1e-7 * min(below, above, 1.0)
            slopes = [one.score(np.array([v]))[1][0] for v in (-step, 0.0, step)]
            up, down = np.diff(slopes)[::-1] / step
            assert up == pytest.approx(down, rel=1e-3, abs=1e-2 / min(below, above, 20.0))


#: An exact interval of a count and of a share of few, as posteriors that are known in closed form.
EXACT = {
    "1 counted": (stats.gamma(1.5), "log"),
    "3 counted": (stats.gamma(3.5), "log"),
    "10 counted": (stats.gamma(10.5), "log"),
    "3 of 100": (stats.beta(3.5, 97.5), "logit"),
    "3 of 10": (stats.beta(3.5, 7.5), "logit"),
    "98 of 100": (stats.beta(98.5, 2.5), "logit"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_it_is_near_the_posterior_that_printed_the_three(name):
    """On the further side and within: of few the log alone gave .84 to 1.3 times that."""
    law, scale = EXACT[name]
    low, middle, high = law.ppf([0.025, 0.5, 0.975])
    one = Triplet(float(low), float(middle), float(high), Z, scale)
    levels = np.array([0.01, 0.05, 0.1, 0.25])
    side = -1.0 if one.distances[0] > one.distances[1] else 1.0
    found = BACK[scale](one.median + one.error(-side * stats.norm.ppf(levels)))
    tails = law.cdf(found) if side < 0 else law.sf(found)
    np.testing.assert_allclose(tails / levels, 1.0, atol=0.1)


@pytest.mark.parametrize("scale", ["log", "logit"])
@pytest.mark.parametrize("high", [0.05, 0.08, 0.3])
@pytest.mark.parametrize("upper", [False, True])
def test_a_limit_that_comes_to_an_end_comes_to_what_a_limit_there_says(scale, high, upper):
    """Walked towards: the likelihood of every value is that of the limit at the end."""
    if upper and scale == "log":
        return
    middle, values = 0.04, np.array([1e-4, 0.005, 0.02, 0.04, 0.06, 0.2])

    def likelihood(low):
        three = (low, middle, high)
        three = tuple(1 - v for v in three[::-1]) if upper else three
        one = Triplet(*three, Z, scale)
        z, slope = QuantilesOn(1 - values if upper else values, one).scored(three[1])
        return slope - 0.5 * z**2

    end = likelihood(0.0)
    away = [np.max(np.abs(likelihood(10.0**-k) - end)) for k in (4, 5, 6, 8, 10)]
    assert np.all(np.diff(away) < 0)
    assert away[-1] < 1e-3


@pytest.mark.parametrize("z", [0.00126, 0.126, 0.674, 1.2816, 1.645, Z, 2.576, 4.9])
@pytest.mark.parametrize("ratio", [1.0001, 1.5, 3.0, 3.001, 7.2, 30.0, 1e3])
@pytest.mark.parametrize("side", [-1, 1])
def test_the_density_has_one_hump_and_no_kink_at_the_median(z, ratio, side):
    one = Triplet(*sorted((-1.0 * side, 0.0, ratio * side)), z, "identity")
    near, far = np.linspace(1.5, 0, 6001)[:-1], np.linspace(0, ratio * 1.5, 6001)
    e = side * np.concatenate([-near, far])
    score, log_slope = one.score(e)
    value = log_slope - 0.5 * score**2
    top = np.argmax(value)
    for part in (value[top:], value[top::-1]):  # no dip of more than a thousandth
        assert np.max(part - np.minimum.accumulate(part)) < 1e-3
    step = 1e-8
    below, at, above = (one.score(np.array([v]))[1][0] for v in (-step, 0.0, step))
    assert (above - at) / step == pytest.approx((at - below) / step, rel=1e-3, abs=1e-3)


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

    there = triplet.error(np.array([-7.0, -3.0, -triplet.z, 0.0, triplet.z, 3.0, 7.0]))
    if triplet.scale == "logit":  # further out a share has no digits left
        there = np.clip(there, -30 - triplet.median, 30 - triplet.median)
    points = triplet.median + there
    parts = [integrate.quad(density, a, b)[0] for a, b in pairwise(points)]
    np.testing.assert_allclose(parts, np.diff(special.ndtr(triplet.score(there)[0])), atol=1e-7)
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


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.15), (0.3, 1.0), (0.15, 0.3), (0.0, 1.0)])
def test_a_range_of_estimates_has_the_probability_of_its_scores(low, high):
    triplet = CASES["to the right"]
    expected = np.array([0.05, 0.2, 0.4])
    law = QuantilesOn(expected, triplet)
    line = special.logit(expected)

    def density(t, i):
        return float(np.exp(QuantilesOn(expected[i : i + 1], triplet).logp(special.expit(t))[0]))

    a, b = (float(np.clip(special.logit(v), -30, 30)) for v in (low, high))
    for i in range(3):
        points = sorted({a, b, *(float(line[i] - triplet.error(z)) for z in (-5, -Z, 0, Z, 5))})
        points = [p for p in points if a <= p <= b]
        mass = sum(integrate.quad(density, x, y, args=(i,))[0] for x, y in pairwise(points))
        assert np.exp(law.log_between(low, high)[i]) == pytest.approx(mass, abs=2e-8)


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
