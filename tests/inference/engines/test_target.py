"""The map from scores to the line."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from funnelest.inference.engines.target import _rising


@pytest.mark.parametrize("points", [2, 3, 4, 321])
@pytest.mark.parametrize("seed", range(5))
def test_the_pieces_are_those_of_scipy(points, seed):
    y = np.cumsum(np.exp(3 * np.random.default_rng(seed).standard_normal(points)))
    expected = PchipInterpolator(0.05 * np.arange(points), y).c.T
    np.testing.assert_allclose(_rising(y, 0.05), expected, rtol=1e-9, atol=1e-9 * y[-1])
