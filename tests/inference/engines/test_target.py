"""The map from scores to the line."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

import funnelest as fe
from funnelest.inference.engines.target import _rising


@pytest.mark.parametrize("points", [2, 3, 4, 321])
@pytest.mark.parametrize("seed", range(5))
def test_the_pieces_are_those_of_scipy(points, seed):
    y = np.cumsum(np.exp(3 * np.random.default_rng(seed).standard_normal(points)))
    expected = PchipInterpolator(0.05 * np.arange(points), y).c.T
    np.testing.assert_allclose(_rising(y, 0.05), expected, rtol=1e-9, atol=1e-9 * y[-1])


@pytest.mark.parametrize("seed", range(4))
def test_an_estimate_thousands_of_its_errors_away_is_reached(seed: int) -> None:
    """What it locates was flat beyond 700 errors, and three seeds of four were refused."""
    model = fe.Model(
        fe.Route("a", "b"),
        fe.Population({"sex": ["f"]}, [1_000_000]),
        fe.Rate(fe.LogUniform(1e-5, 0.5)),
        evidence=[fe.Total(name="t", step="a", estimate=5000, interval=(4999, 5001))],
    )
    result = fe.fit(model, engine="importance", draws=2000, seed=seed, progress=False)
    limits = np.quantile(result.draws["rate of a"], [0.025, 0.5, 0.975])
    np.testing.assert_allclose(limits, [0.004999, 0.005, 0.005001], atol=1e-7)
