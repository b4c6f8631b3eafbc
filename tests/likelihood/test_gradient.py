"""Derivatives of the arithmetic: those of PyTensor, and of differences."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.likelihood.gradient import Gradient


def _central(function, z, step=1e-5):
    """Return the slopes of a function of points by differences."""
    moves = step * np.eye(len(z))[:, :, None]
    return np.array([(function(z + one) - function(z - one)) / (2 * step) for one in moves])


def _agree(density, z):
    value, slopes = Gradient(density)(z)
    np.testing.assert_allclose(value, density(z), rtol=1e-10, atol=1e-9)
    assert np.isfinite(slopes).all()
    np.testing.assert_allclose(slopes, _central(density, z), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("spread", [0.1, 0.7])
def test_slopes_are_those_of_the_density(everything, points, spread):
    density, z = points(everything, 3, spread)
    z = z[:, np.isfinite(density(z))]
    value, slopes = Gradient(density)(z)
    np.testing.assert_allclose(value, density(z), rtol=1e-10, atol=1e-9)
    assert np.isfinite(slopes).all()
    numeric = _central(density, z)
    np.testing.assert_allclose(
        slopes, numeric, rtol=2e-4, atol=2e-4 * (1 + np.abs(value).max() / 1e3)
    )
