"""Stichting HIV Monitoring 2020: people living with HIV, the Netherlands, end of 2019.

Mark: published. A hidden number and how many of it are not diagnosed: the structure of a route,
with estimates in place of counts. No tolerance is given; the answer is known, since under priors
that are flat on the log scale an estimate with its interval gives its three numbers back. They are
held to four Monte Carlo errors.
"""

from __future__ import annotations

import pytest

import funnelest as fe

PUBLISHED = {
    "living with HIV": (23_560, (23_370, 23_820)),
    "undiagnosed": (1_770, (1_570, 2_030)),
}


@pytest.fixture(scope="module")
def result() -> fe.Result:
    model = fe.Model(
        fe.Route(*PUBLISHED),
        fe.Population.cells(),
        fe.Number(fe.LogUniform(15_000, 40_000)),
        {tuple(PUBLISHED): fe.Share(fe.LogUniform(0.01, 0.5))},
        [
            fe.Total(name=step, step=step, estimate=estimate, interval=interval)
            for step, (estimate, interval) in PUBLISHED.items()
        ],
    )
    return fe.fit(model, engine="importance", draws=8000, seed=1, progress=False)


@pytest.mark.parametrize("step", PUBLISHED)
def test_the_published_numbers_come_back(step, result):
    row = result.quantities({step: lambda q: q.number(step)}).iloc[0]
    estimate, (low, high) = PUBLISHED[step]
    for column, printed in (("median", estimate), ("low", low), ("high", high)):
        error = row[f"{column}_mc_error"]
        assert error < 0.02 * (high - low)
        assert row[column] == pytest.approx(printed, abs=4 * error), column


def test_the_share_diagnosed(result):
    """Of two estimates that know nothing of each other: 1 - 1,770 / 23,560."""
    share = result.quantities({"diagnosed": lambda q: 1 - q.transition(*PUBLISHED)}).iloc[0]
    error = share["median_mc_error"]
    assert share["median"] == pytest.approx(1 - 1_770 / 23_560, abs=4 * error)
    assert error < 0.0003
