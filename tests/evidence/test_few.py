"""Intervals that are normal approximations of few are asked about, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.evidence.published import ShareEstimate

Z = stats.norm.ppf(0.975)


def wald(yes, n):
    half = Z * np.sqrt(yes * (n - yes) / n**3)
    return max(yes / n - half, 0.0), min(yes / n + half, 1.0)


def clopper_pearson(yes, n):
    return stats.beta.ppf([0.025, 0.975], [yes, yes + 1], [n - yes + 1, n - yes])


def wilson(yes, n):
    middle, half = yes + Z**2 / 2, Z * np.sqrt(yes * (n - yes) / n + Z**2 / 4)
    return (middle - half) / (n + Z**2), (middle + half) / (n + Z**2)


def log_odds(yes, n):
    reach = Z * np.sqrt(n / (yes * (n - yes)))
    return special.expit(special.logit(yes / n) + np.array([-reach, reach]))


def few(rule, yes, n, digits):
    """Return of how many the interval seems to be, and of how many the mirrored one."""
    low, high = rule(yes, n)
    three = [round(float(v), digits) for v in (low, yes / n, high)]
    if not 0 < three[1] < 1 or three[1] in (three[0], three[2]):
        return None
    mirrored = [round(1 - v, digits) for v in three[::-1]]
    return tuple(
        ShareEstimate(share=b, interval=(a, c))._approximated() for a, b, c in (three, mirrored)
    )


COUNTS = [(yes, n) for n in (30, 50, 100, 200, 400, 1000, 5000) for yes in range(1, 10)]


@pytest.mark.parametrize("digits", [2, 3, 4])
@pytest.mark.parametrize("rule", [clopper_pearson, wilson, log_odds])
def test_intervals_for_few_are_not_taken_for_approximations(rule, digits):
    found = [few(rule, yes, n, digits) for yes, n in COUNTS]
    assert all(one in (None, (0.0, 0.0)) for one in found)


def test_approximations_are_found_with_how_many_they_are_of():
    for yes, n in COUNTS:
        found = few(wald, yes, n, 6)
        np.testing.assert_allclose(found, yes, rtol=0.02)
    assert few(wald, 30, 200, 6) == (0.0, 0.0)  # enough of them


@pytest.mark.parametrize("people", [1, 1_000_000])
def test_the_user_is_asked_for_the_counts(people):
    low, high = (round(float(v) * people, 4) for v in wald(5, 100))
    what = {"share": 0.05} if people == 1 else {"total": 0.05 * people}
    source = fe.Survey("s", step="a", **what, interval=(low, high))
    share = {("a", "b"): fe.Share(fe.Beta(1, 1))}
    population = fe.Population({"sex": ["f", "m"]}, [500_000, 500_000])
    with pytest.warns(
        fe.FunnelestWarning, match="approximation of about 5 people is, who said yes"
    ):
        fe.Model(fe.Route("a", "b"), population, fe.Rate(fe.Beta(1, 1)), share, [source])
