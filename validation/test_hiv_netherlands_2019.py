"""Stichting HIV Monitoring 2020: people living with HIV, the Netherlands, end of 2019.

Mark: published. A hidden first step and a counted later one, the structure of the route: the
published total and the published undiagnosed must fit one chain. No tolerance is given; the
answer here is exact: the published estimates are log-normal figures on both sides of one
unknown number, so their weighted mean on the log scale is known to a Monte Carlo error.
"""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe

LIVING = (23_560, (23_370, 23_820))
UNDIAGNOSED = (1_770, (1_570, 2_030))


@pytest.fixture(scope="module")
def result() -> fe.Result:
    def undiagnosed(q: fe.Quantities):
        return q.number("living with HIV") - q.number("diagnosed")

    estimate, (low, high) = UNDIAGNOSED
    model = fe.Model(
        fe.Route("living with HIV", "diagnosed"),
        fe.Population.cells(),
        fe.Number(fe.LogUniform(15_000, 40_000)),
        {("living with HIV", "diagnosed"): fe.Share(fe.Beta(1, 1))},
        [
            fe.Total(
                name="living", step="living with HIV", estimate=LIVING[0], interval=LIVING[1]
            ),
            fe.OwnNormal(
                name="undiagnosed", quantity=undiagnosed, estimate=estimate, scale="log",
                se=np.log(high / low) / 2 / 1.959964,
            ),
        ],
    )  # fmt: skip
    return fe.fit(model, engine="importance", draws=8000, seed=1, progress=False)


def test_the_published_numbers_come_back(result):
    table = result.quantities(
        {
            "living": lambda q: q.number("living with HIV"),
            "undiagnosed": lambda q: q.number("living with HIV") - q.number("diagnosed"),
        }
    ).set_index("quantity")
    for name, (estimate, (low, high)) in (("living", LIVING), ("undiagnosed", UNDIAGNOSED)):
        row = table.loc[name]
        width = high - low
        # The published intervals lean a little; a symmetric log interval misses by that much.
        assert abs(row["median"] - estimate) < 0.05 * width
        assert abs(row["low"] - low) < 0.12 * width
        assert abs(row["high"] - high) < 0.12 * width


def test_the_share_diagnosed(result):
    row = result.shares().iloc[0]
    assert row["median"] == pytest.approx(1 - UNDIAGNOSED[0] / LIVING[0], abs=0.001)
    assert row["low"] < row["median"] < row["high"]
