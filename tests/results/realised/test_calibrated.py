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
        _check_even(own, step)


def _check_even(ranks, what):
    off = np.abs(np.array(ranks) - 0.5)
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3, what
    for level in (0.5, 0.8, 0.95):
        inside = int(np.sum(off < level / 2))
        assert stats.binomtest(inside, len(ranks), level).pvalue > 1e-3, (what, level)


@pytest.mark.slow
def test_intervals_hold_the_true_numbers_of_registers_that_are_not_linked() -> None:
    """Each person is new in one register; the other records are of people known by then."""
    ranks = []
    for seed in range(SIZE):
        rng = np.random.default_rng([5, seed])
        people, weight, together = 200 * np.exp(rng.normal(0, 0.6)), rng.beta(2, 3), rng.beta(8, 2)
        share = rng.uniform()
        shares = np.array([share, 1 - share])
        means = people * together * shares / (1 - weight * shares.min())
        new = np.where(shares == shares.max(), 1.0, 1.0 - weight)
        first, again = rng.poisson(means * new), rng.poisson(means * (1 - new))
        true = int(first.sum()) + rng.poisson(people * (1 - together))
        both = fe.Unlinked(
            "u",
            registers=[
                fe.Register(name=name, step="a", count=int(count))
                for name, count in zip("pq", first + again, strict=True)
            ],
            overlap=fe.Beta(2, 3, statement="a guess"), together=fe.Beta(8, 2),
        )  # fmt: skip
        asked = fe.Survey("s", step="a", yes=int(rng.binomial(500, people / 10_000)), n=500)
        model = fe.Model(fe.Route("a"), fe.Population({"who": ["x", "y"]}, [5_000, 5_000]),
                         fe.Rate(fe.LogNormal(np.log(0.02), 0.6)),
                         evidence=[both, asked])  # fmt: skip
        (found,) = fe.fit(model, seed=seed, draws=500)._observed.numbers([model.population.mask()])
        assert found["a"].min() >= (first + again).max()
        ranks.append(_rank(found["a"], true, rng))
    _check_even(ranks, "a")
