"""What is simulated has the moments that are stated."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.distributions import (
    BetaBinomial,
    Binomial,
    LogisticNormalBinomial,
    NegativeBinomial,
    NormalOn,
    Poisson,
)


@pytest.mark.parametrize(
    "law",
    [
        Poisson(np.full(20_000, 12.0)), NegativeBinomial(np.full(20_000, 12.0), 0.4),
        Binomial(39, np.full(20_000, 0.3)), BetaBinomial(39, np.full(20_000, 0.3), 4.0),
        NormalOn(np.full(20_000, 12.0), 3.0),
        LogisticNormalBinomial(390, np.full(20_000, -1.0), 0.6),
    ],
    ids=lambda law: type(law).__name__,
)  # fmt: skip
def test_samples_have_the_moments(law):
    draws = law.sample(np.random.default_rng(3))
    mean, sd = (np.ravel(part)[0] for part in law.moments())
    assert abs(draws.mean() - mean) < 4 * sd / np.sqrt(20_000)
    assert draws.std() == pytest.approx(sd, rel=0.05)
