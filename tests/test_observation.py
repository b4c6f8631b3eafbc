"""Printed figures and the distributions they come from, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.distributions import Poisson


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
