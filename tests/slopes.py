"""Slopes of likelihoods against differences, and against those of PyMC."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests import examples

import funnelest as fe
from funnelest.likelihood.density import Density
from funnelest.likelihood.gradient import Gradient
from funnelest.tape.tape import Tape
from funnelest.tape.traced import traced


def check_differences(value: Any, at: Any, atol: float) -> None:
    """Check the slopes of a function of numbers in rows, of one draw, against its differences."""
    tape = Tape()
    start = traced(at, tape)
    result = value(start)
    for i, slope in enumerate(tape.pull(result.at, start.at)):
        step = np.zeros_like(at)
        step[i] = 1e-4 * at[i]
        numeric = (value(at + step) - value(at - step)) / (2 * step[i])
        np.testing.assert_allclose(slope, numeric, rtol=2e-5, atol=atol)


def central(function: Any, z: Any, step: float = 1e-5) -> Any:
    """Return the slopes of a function of points by differences."""
    moves = step * np.eye(len(z))[:, :, None]
    return np.array([(function(z + one) - function(z - one)) / (2 * step) for one in moves])


def check_density(model: fe.Model) -> None:
    """Check the gradient of a model's density at some points against its differences."""
    density = Density(model)
    z = np.random.default_rng(5).normal(0, 0.3, (len(density.names), 4)) + density.line(
        {name: np.full(4, prior.ppf(0.5)) for name, prior in model.free.items()}
    )
    value, slopes = Gradient(density)(z)
    np.testing.assert_allclose(value, density(z), rtol=1e-12)
    np.testing.assert_allclose(slopes, central(density, z), rtol=1e-5, atol=1e-4)


def check_pymc(model: fe.Model) -> None:
    """Check a model's density and the length of its gradient at a point against PyMC's."""
    import pytensor

    density = Density(model)
    with pytensor.config.change_flags(mode="FAST_COMPILE", cxx=""):
        made = fe.to_pymc(model)
        value = made.compile_fn(made.logp(), inputs=made.value_vars, mode="FAST_COMPILE")
        slope = made.compile_dlogp(mode="FAST_COMPILE")
    z = density.line({name: np.full(1, prior.ppf(0.45)) for name, prior in model.free.items()})
    point = examples.pymc_point(made, density, z[:, 0])
    assert float(value(point)) == pytest.approx(density(z)[0], rel=1e-10)
    assert np.isfinite(slope(point)).all()
    _, own = Gradient(density)(z)
    assert np.linalg.norm(slope(point)) == pytest.approx(np.linalg.norm(own), rel=1e-7)
