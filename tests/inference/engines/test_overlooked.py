"""Modes that are near each other, of a source that says only how likely it is."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe

AT = np.arange(-3, 4)


def spikes(width: float) -> fe.Model:
    """Return a model of seven spikes of one height, at whole numbers of both x and y."""

    def log_likelihood(data: float, both: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        x, y = both
        found = -np.inf
        for k in AT:
            found = np.logaddexp(found, -0.5 * ((x - k) / data) ** 2)
        return found - 0.5 * ((y - x) / 0.02) ** 2

    return fe.Model(
        fe.Route("a"),
        fe.Population.cells(),
        fe.Number(100),
        evidence=[
            fe.OwnCustom("own", quantity=lambda q: (q.parameter("x"), q.parameter("y")), data=width,
                         log_likelihood=log_likelihood)
        ],
        parameters={"x": fe.Normal(0.0, 2.0), "y": fe.Normal(0.0, 2.0)},
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("draws", [1000, 4000])
def test_no_spike_is_lost(seed: int, draws: int) -> None:
    """Each has the prior's share: draws in it are off by less than six standard errors."""
    result = fe.fit(spikes(0.005), engine="importance", seed=seed, draws=draws, progress=False)
    x = result.flat["x"]
    share = np.array([np.mean(np.abs(x - k) < 0.5) for k in AT])
    exact = np.exp(-(AT**2) / 4.0) / np.exp(-(AT**2) / 4.0).sum()
    error = np.sqrt(exact * (1 - exact) / result.gate.measures["ESS"])
    assert (np.abs(share - exact) < 6 * error + 0.002).all()
