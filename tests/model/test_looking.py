"""Values at which a model is looked at: two parameters are never taken for one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.model.looking import points_of

AGES = [(35, 44), (45, 54), (55, 64)]


def str_of(prior: Any) -> str:
    return f"{type(prior).__name__}{[getattr(prior, one) for one in prior.parameters()]}"


#: Priors of which many quantiles round to one number.
ROUND = [
    fe.Gamma(0.001, 1), fe.Gamma(0.005, 1), fe.Gamma(0.1, 1), fe.Beta(0.001, 0.001),
    fe.Beta(0.01, 50), fe.Beta(50, 0.001), fe.LogNormal(-900, 1), fe.LogNormal(0, 400),
]  # fmt: skip


@pytest.mark.parametrize("unknown", ROUND, ids=str_of)
def test_no_false_row(unknown: Any) -> None:
    people = fe.Population({"age": AGES}, [1e5] * 3)
    rate = fe.Rate(fe.PerLevel("age", dict.fromkeys(AGES, unknown)))
    asked = [
        fe.Survey(name=f"s{a}", step="happened", yes=30, n=1000, where={"age": a}) for a in AGES
    ]
    model = fe.Model(fe.Route("happened", "told"), people, rate, None, asked)
    said = {one.about for one in model.ledger() if one.kind == "constant"}
    assert said == {"happened -> told over age"}
    # What an age rests on is seen there: figures move however small the quantiles are.
    assert [model.basis({"age": age}) for age in AGES] == ["estimated"] * 3
    assert model.sight.parts.keys() == {"rate of happened", "happened -> told"}
    assert model.sight.looks_at(lambda q: q.number("happened"))[0] == {"rate of happened"}


@pytest.mark.parametrize("sd", [1.0, 100.0, 1e6])
def test_log_odds_that_round_to_a_share_of_one(sd: float) -> None:
    people = fe.Population({"place": ["A", "B", "C", "D"]}, [1e5] * 4)
    told = fe.Share(fe.Beta(2, 2), fe.Levels("place", fe.Normal(0, sd)))
    model = fe.Model(fe.Route("happened", "told"), people, fe.Rate(fe.Beta(1, 30)),
                     {("happened", "told"): told},
                     [fe.Survey(name="s", step="happened", yes=3, n=90)])  # fmt: skip
    said = {one.about for one in model.ledger() if one.kind == "constant"}
    assert said == {"rate of happened over place"}


@pytest.mark.parametrize(
    "unknown",
    [
        *ROUND, fe.Normal(1e12, 1), fe.Normal(0, 1e-9), fe.Uniform(3, 4), fe.HalfNormal(1e-300),
        fe.Truncated(fe.Normal(0, 1), low=1e6), fe.Truncated(fe.Normal(0, 1), high=-2),
    ],
    ids=str_of,
)  # fmt: skip
def test_points_differ_and_are_possible(unknown: Any) -> None:
    rng = np.random.default_rng(1)
    made = np.array([points_of(unknown, rng, 2) for _ in range(20)])
    low, high = unknown.support
    assert ((made >= low) & (made <= high)).all()
    last = np.sort(made[:, -1])
    assert (np.diff(last) > 1e-7 * np.abs(last[1:])).all()
