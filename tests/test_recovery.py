"""Simulation-based calibration: the true value's rank among the draws is uniform.

Talts et al., arXiv:1804.06788: draw from the prior, simulate, fit, count the draws below the
truth. Importance draws are independent, so no thinning is needed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe

ROUTE = fe.Route("happened", "told", "helped", skips=[("happened", "helped")])
PEOPLE = fe.Population({"sex": ["male", "female"]}, [40_000, 38_000])
BOYS = {"sex": "male"}
KINDS = {
    "survey yes": [fe.Survey(name="s", step="told", of="happened", yes=20, n=60)],
    "survey clustered": [fe.Survey(name="s", step="told", of="happened", yes=20, n=60, deff=2.0)],
    "survey share": [fe.Survey(name="s", step="happened", share=0.02, n=1500, deff=1.5)],
    "survey interval": [fe.Survey(name="s", step="happened", share=0.02, interval=(0.01, 0.04))],
    "register rounded": [fe.Register(name="r", step="helped", count=fe.Rounded(300, to=50))],
    "register doubted": [
        fe.Register(name="r", step="told", count=500, coverage=fe.Beta(12, 4), ppv=fe.Beta(16, 4))
    ],
    "register spread": [
        fe.Register(name="r", step="told", count=500, where=BOYS, overdispersion=fe.Gamma(8, 40))
    ],
    "register flow": [fe.Register(name="r", step=("told", "helped"), count=fe.Rounded(100, to=10))],
    "cohort": [fe.Cohort(name="c", of="happened", went={"told": 20, "helped": 5}, n=70)],
    "total": [
        fe.Total(
            name="t", step="helped", estimate=300, interval=(200, 450),
            bridges=[fe.Bridge("stock", fe.LogNormal(0.2, 0.3, statement="a stock"))],
        )
    ],
    "own": [
        fe.OwnNormal(
            name="o", quantity=lambda q: q.share("helped"), estimate=0.01, se=0.3, scale="log"
        )
    ],
    "together": [
        fe.Survey(name="s", step="happened", share=0.02, n=1500, where=BOYS),
        fe.Register(name="r", step="helped", count=fe.Rounded(300, to=50), coverage=fe.Beta(12, 4)),
        fe.Cohort(name="c", of="told", step="helped", yes=10, n=40),
    ],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ranks_are_uniform(kind):
    model = fe.Model(
        ROUTE, PEOPLE, fe.Rate(fe.Beta(8, 400), fe.Levels("sex", fe.Normal(0, 0.5))),
        {
            ("happened", "told"): fe.Share(fe.Beta(6, 10)),
            ("happened", "helped"): fe.Share(fe.Beta(2, 18)),
            ("told", "helped"): fe.Share(fe.Beta(5, 15)),
        },
        KINDS[kind],
    )  # fmt: skip
    rng = np.random.default_rng(2024)
    ranks: dict[str, list[float]] = {name: [] for name in [*model.free, "helped"]}
    fits = 100
    for _ in range(fits):
        truth = fe.draw_parameters(model, seed=rng)
        made = fe.simulate(model, seed=rng, parameters=truth)
        result = fe.fit(
            made, engine="importance", draws=400, seed=int(rng.integers(2**31)), progress=False
        ).despite_failed_gate()
        q = fe.Quantities(model, {name: np.array([value]) for name, value in truth.items()})
        true = {**truth, "helped": float(q.number("helped")[0])}
        draws = {**result.draws, "helped": result.sample_of(lambda q: q.number("helped"))}
        for name, value in true.items():
            ranks[name].append(float(np.mean(np.asarray(draws[name]) < value)))
    for name, found in ranks.items():
        bins = np.histogram(found, bins=10, range=(0, 1))[0]
        # 1 % over all quantities of this model together
        assert stats.chisquare(bins).pvalue > 0.01 / len(ranks), (name, bins)
