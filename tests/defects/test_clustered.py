"""Samples in clusters: the beta-binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe


def test_the_design_effect(model_of, quantities):
    """Of 440 pupils in 22 schools 20 are in each: 1 + 19 x 0.03."""
    survey = fe.Survey(
        name="s", step="c", of="b", yes=50, n=440,
        defects=[fe.Clustered(clusters=22, icc=fe.Beta(3, 97))],
    )  # fmt: skip
    model = model_of(survey)
    (seen,) = survey.observations(quantities(model, **{"icc[s]": 0.03}))
    mean, sd = (float(part[0]) for part in seen.moments())
    assert mean == pytest.approx(44)
    assert sd**2 == pytest.approx((1 + 19 * 0.03) * 440 * 0.1 * 0.9)
    size = (440 - 1.57) / 0.57
    law = stats.betabinom(440, 0.1 * size, 0.9 * size)
    assert law.std() == pytest.approx(sd)
    assert seen.logp() == pytest.approx(law.logpmf(50))
    made = [seen.simulate(np.random.default_rng(s)).middle for s in range(3000)]
    assert np.std(made) == pytest.approx(sd, rel=0.06)
    known = fe.Survey(name="s", step="c", of="b", yes=50, n=440, deff=1.57)
    (same,) = known.observations(quantities(model_of(known)))
    assert seen.logp() == pytest.approx(same.logp())


def test_alike_in_no_way_it_is_binomial(model_of, quantities):
    cohort = fe.Cohort(
        name="s", step="c", of="b", yes=50, n=440,
        defects=[fe.Clustered(clusters=22, icc=fe.Beta(3, 97))],
    )  # fmt: skip
    (seen,) = cohort.observations(quantities(model_of(cohort), **{"icc[s]": 1e-12}))
    assert seen.logp() == pytest.approx(stats.binom.logpmf(50, 440, 0.1), rel=1e-5)
