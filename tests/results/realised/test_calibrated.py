"""True numbers of made-up people rank evenly among those of a fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe

ROUTE = fe.Route("a", "b", "c", skips=[("a", "c")])
COVERAGES = {"a": 0.8, "b": 0.6, "c": 0.7}
SIZE = 200


def _rank(draws, true, rng):
    """Return the share of draws below the true number; of equal ones a part by chance."""
    below, same = np.sum(draws < true), np.sum(draws == true)
    return (below + rng.random() * (same + 1)) / (len(draws) + 1)


def _period(rng, about):
    """Return the people at each step of a period, from the prior, and the model of their counts."""
    number = np.exp(rng.uniform(np.log(about / 3), np.log(about * 3)))
    on = {edge: rng.beta(2, 2) for edge in ROUTE.edges}
    n = rng.poisson(number)
    b = rng.random(n) < on["a", "b"]
    c = rng.random(n) < np.where(b, on["b", "c"], on["a", "c"])
    at = {"a": np.ones(n, dtype=bool), "b": b, "c": c}
    model = fe.Model(
        ROUTE,
        fe.Population.cells({}),
        fe.Number(fe.LogUniform(about / 3, about * 3)),
        {edge: fe.Share(fe.Beta(2, 2)) for edge in ROUTE.edges},
        evidence=[
            fe.Register(
                name=step,
                step=step,
                count=int((who & (rng.random(n) < COVERAGES[step])).sum()),
                defects=[fe.Coverage(COVERAGES[step])],
            )
            for step, who in at.items()
        ],
    )
    return {step: int(who.sum()) for step, who in at.items()}, model


@pytest.mark.slow
@pytest.mark.parametrize("about", [30, 300])
def test_intervals_hold_the_true_numbers(about) -> None:
    """With 50, 80 and 95%, of people who were counted in part at three steps."""
    ranks = {step: [] for step in ROUTE.steps}
    whole = np.ones((), dtype=bool)
    for seed in range(SIZE):
        rng = np.random.default_rng([about, seed])
        true, model = _period(rng, about)
        (found,) = fe.fit(model, seed=seed, draws=500)._observed.numbers([whole])
        for step, own in ranks.items():
            own.append(_rank(found[step], true[step], rng))
    for step, own in ranks.items():
        off = np.abs(np.array(own) - 0.5)
        held = {level: int(np.sum(off < level / 2)) for level in (0.5, 0.8, 0.95)}
        assert stats.kstest(own, "uniform").pvalue > 1e-3, step
        for level, inside in held.items():
            assert stats.binomtest(inside, SIZE, level).pvalue > 1e-3, (step, level)
