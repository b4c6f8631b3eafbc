"""Surveys printed with a limit at 0, or just above it: what several of them cover, by simulation.

The answers are counts of a known share, printed by other rules than the package reads by: Wald
intervals cut at 0 (to tenths of a per cent), the same with the limit kept a thousandth off 0, and
Clopper-Pearson intervals in whole per cents and in hundredths of one.
Beside them stands what the printed numbers can give at best: the mean of the estimates, weighed by
the printed standard errors. Of Wald intervals that covers too little, since a smaller estimate has
the smaller error.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.likelihood.density import Density

# What is studied here is what the package warns of.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*as a normal approximation:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*give the same numbers of the same people"),
]

Z = stats.norm.ppf(0.975)
N, SHARE, SETS = 100, 0.03, 150
LINE = np.linspace(special.logit(1e-6), special.logit(0.3), 4001)


def wald(yes):
    p = yes / N
    half = Z * np.sqrt(p * (1 - p) / N)
    return tuple(round(v, 3) for v in (p, max(p - half, 0.0), p + half))


def clopper_pearson(yes):
    low, high = stats.beta.ppf(0.025, yes, N - yes + 1), stats.beta.ppf(0.975, yes + 1, N - yes)
    return tuple(round(v, 2) for v in (yes / N, low, high))


def answers(count, seed):
    """Return sets of answers in which somebody says yes: else there is no such interval."""
    rng = np.random.default_rng(seed)
    found = rng.binomial(N, SHARE, (SETS, count))
    while (found == 0).any():
        found = np.where(found == 0, rng.binomial(N, SHARE, found.shape), found)
    return found


def limits(printed):
    """Return the 95% limits of the package, with a prior that is flat on the log-odds."""
    sources = [
        fe.Cohort(name=f"c{i}", of="a", step="b", share=fe.Rounded(p, to=to),
                  interval=(fe.Rounded(low, to=to), fe.Rounded(high, to=to)))
        for i, (p, low, high, to) in enumerate(printed)
    ]  # fmt: skip
    share = fe.Share(fe.LogitNormal(0, 3))
    density = Density(fe.Model(fe.Route("a", "b"), None, None, {("a", "b"): share}, sources))
    logs = density.log_likelihood(density.line({"a -> b": special.expit(LINE)}))
    weight = np.exp(logs - logs.max())
    return special.expit(np.interp([0.025, 0.975], np.cumsum(weight) / weight.sum(), LINE))


def covered(rule, to, count):
    """Return how many of the sets cover the share: of the package, and of the weighed mean."""
    mine = other = 0
    for yes in answers(count, seed=count):
        printed = [(*rule(int(one)), to) for one in yes]
        low, high = limits(printed)
        mine += low <= SHARE <= high
        p = yes / N
        weights = N / (p * (1 - p))
        other += abs((weights * p).sum() / weights.sum() - SHARE) <= Z / np.sqrt(weights.sum())
    return mine / SETS, other / SETS


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_wald_intervals_cut_at_0_cover_as_much_as_their_errors_allow(count):
    mine, other = covered(wald, 0.001, count)
    error = np.sqrt(other * (1 - other) / SETS)
    assert mine >= other - 3 * error
    if count == 1:
        assert mine >= 0.95


def test_a_limit_that_just_misses_0_covers_what_one_of_0_does():
    """Read on the logarithm its side was open towards 0, and several covered otherwise."""

    def off_0(yes):
        p, low, high = wald(yes)
        return p, max(low, 0.001), high

    at_0, near_0 = (covered(rule, 0.0001, 4)[0] for rule in (wald, off_0))
    assert near_0 == pytest.approx(at_0, abs=0.02)


@pytest.mark.parametrize("count", [1, 8])
def test_exact_intervals_cover_what_they_say(count):
    """Their lower limits are .03% of 1% and .2% of 2%: far nearer to 0 than to the estimate."""

    def finely(yes):
        low, high = stats.beta.ppf(0.025, yes, N - yes + 1), stats.beta.ppf(0.975, yes + 1, N - yes)
        return tuple(round(v, 4) for v in (yes / N, low, high))

    mine, _ = covered(finely, 0.0001, count)
    assert mine >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / SETS)


@pytest.mark.parametrize("count", [1, 8])
def test_exact_intervals_in_whole_per_cents_cover_what_they_say(count):
    mine, _ = covered(clopper_pearson, 0.01, count)
    assert mine >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / SETS)
