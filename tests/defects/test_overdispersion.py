"""More scatter than chance: the negative binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe


def test_the_variance(model_of, quantities):
    """Each count has a gamma variable of its own."""
    register = fe.Register(
        name="r", step="b", by="sex", count={"m": 140, "f": fe.Rounded(700, to=100)},
        defects=[fe.Overdispersion(fe.Gamma(2, 10))],
    )  # fmt: skip
    model = model_of(register)
    (seen,) = register.observations(quantities(model, **{"overdispersion[r]": 0.2}))
    mean, sd = (np.ravel(part) for part in seen.moments())
    assert mean == pytest.approx([150, 700])
    assert sd**2 == pytest.approx([150 + 30**2, 700 + 140**2])
    size = 1 / 0.2**2
    boys = stats.nbinom.logpmf(140, size, size / (size + 150))
    girls = np.log(stats.nbinom.pmf(np.arange(650, 750), size, size / (size + 700)).sum())
    assert seen.logp() == pytest.approx(boys + girls)
    made = np.array([[p.middle for p in seen.simulate(np.random.default_rng(s))[0]]
                     for s in range(4000)])  # fmt: skip
    assert made.std(axis=0) == pytest.approx(
        np.sqrt([sd[0] ** 2, sd[1] ** 2 + 100**2 / 12]), rel=0.06
    )
    assert np.corrcoef(made.T)[0, 1] == pytest.approx(0.0, abs=0.06)


def test_the_default_is_away_from_zero_and_said(model_of):
    model = model_of(fe.Register(name="r", step="b", count=3, defects=[fe.Overdispersion()]))
    prior = model.free["overdispersion[r]"]
    assert prior.interval(0.95) == pytest.approx((0.02, 0.3))
    entry = next(one for one in model.ledger() if one.about == "overdispersion[r]")
    assert (entry.kind, entry.stated) == ("default", False)
    assert entry.statement == "95% between 0.02 and 0.3, log-normal"
    bare = model_of(fe.Register(name="r", step="b", count=3))
    entry = next(one for one in bare.ledger() if one.about == "overdispersion[r]")
    assert entry.value == "no variation beyond Poisson"


def test_a_prior_that_reaches_below_zero_is_cut(model_of):
    spread = [fe.Overdispersion(fe.Normal(0.1, 0.1))]
    model = model_of(fe.Register(name="r", step="b", count=3, defects=spread))
    assert model.free["overdispersion[r]"].support == (0.0, np.inf)
