"""A figure rests on the cells that it is of, also where its source chooses none in `where`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funnelest as fe

OLD, YOUNG = {"age": (12, 16)}, {"age": (0, 11)}
PEOPLE = fe.Population({"age": [(0, 11), (12, 16)]}, [500_000, 500_000])


def number_of_old(q: Any) -> Any:
    return q.number("b", OLD)


def model() -> fe.Model:
    return fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(fe.LogNormal(-3, 0.1)), {("a", "b"): fe.Share(0.5)},
        [
            fe.Survey("asked", step="a", yes=50, n=1000, where=OLD),
            fe.JointSurvey(
                "together", se=[0.004, 0.05, 0.05], correlation=0.1,
                asked=[
                    fe.Asked(step="a", share=0.05, where=OLD),
                    fe.Asked(step="b", of="a", share=0.5, where=YOUNG),
                    fe.Asked(step="b", of="a", share=0.5),
                ],
            ),
            fe.Register(
                "classes", step="b", by="age", total=fe.Rounded(25_000, to=1000),
                count={(0, 11): fe.Rounded(12_000, to=1000), (12, 16): 12_500},
            ),
            fe.OwnPoisson("own", quantity=number_of_old, count=12_500),
            fe.Register("all", step="b", count=25_000),
        ],
        [fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(0, 0.1), statement="alike")],
    )  # fmt: skip


EXPECTED = {
    "asked": ["estimated"],
    "together": ["estimated", "imputed", "partly imputed"],
    "classes": ["imputed", "estimated", "partly imputed"],
    "own": ["estimated"],
    "all": ["partly imputed"],
}


@pytest.fixture(scope="module")
def result() -> fe.Result:
    made = fe.fit(model(), seed=1, progress=False)
    return made if made.gate.passed else made.despite_failed_gate()


@pytest.mark.filterwarnings("ignore:.*each hold everybody at one step")
@pytest.mark.parametrize("name", EXPECTED)
def test_the_basis_of_each_figure(result, name):
    table = result.figures()
    assert list(table[table["source"] == name]["basis"]) == EXPECTED[name]


@pytest.mark.filterwarnings("ignore:.*each hold everybody at one step")
def test_checks_of_figures_say_the_same(result):
    said = [basis for one in EXPECTED.values() for basis in one]
    checks = [
        fe.check.posterior_predictive(result, seed=1, loo=False),
        fe.check.conflict(result, seed=1, draws=400, progress=False, cores=1),
    ]
    for check in checks:
        assert list(check.table["basis"]) == said
    assert np.isfinite(checks[0].table["residual"]).all()
