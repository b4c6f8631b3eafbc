"""Printed figures and the distributions they come from, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.distributions import BetaBinomial, Binomial, Poisson


@pytest.mark.parametrize("rule", ["half up", "half even", "floor"])
@pytest.mark.parametrize("divisor", [1, 2])
def test_a_rounded_figure_is_the_sum_over_its_counts(rule, divisor):
    figure = fe.Rounded(50, to=10, rule=rule)
    mean = np.array([3.0, 97.0, 110.0, 5000.0])
    found = fe.Observation(Poisson(mean), figure, divisor).logp()
    counts = figure.candidates(divisor)[:, None]
    expected = special.logsumexp(stats.poisson.logpmf(counts, mean), axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_rounded_figure_far_in_the_tail_stays_finite():
    found = fe.Observation(Poisson(np.array([1e-3, 1e6])), fe.Rounded(950, to=50)).logp()
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize("yes", [0, 38, 40])
def test_a_share_above_one_is_impossible(yes):
    """A factor of the user's own may take it there: gamma functions do not make it likely."""
    shares = np.array([0.2, 1.2, 3.0, 60.0])
    with np.errstate(all="ignore"):
        for law in (Binomial(40, shares), BetaBinomial(40, shares, 1.5)):
            found = law.logp(yes)
            assert np.isfinite(found[0])
            assert np.all(np.isnan(found[1:]) | (found[1:] == -np.inf))
