"""Every way of printing in a model: simulated, written and read back."""

from __future__ import annotations

import json

import numpy as np
import pytest

import funnelest as fe

FIGURES = [
    fe.Exact(48), fe.Rounded(50, to=10), fe.Between(45, 54), fe.RandomlyRounded(50),
    fe.RoundedToUnknown(50), fe.RoundedToUnknown(50, (1, 10), (2.0, 1.0), "floor"),
    fe.Withheld(), fe.Withheld(value=50, to=10), fe.AtMost(50), fe.AtLeast(45),
    fe.Disagreeing((50, fe.Rounded(60, to=10)), use=1),
    fe.Disagreeing((50, fe.Rounded(60, to=10)), use="mixture", weights=(1, 2)),
]  # fmt: skip


def arrived(q):
    return q.number("b")


FUNCTIONS = {f"{arrived.__module__}:{arrived.__qualname__}": arrived}


def model_of(figure):
    return fe.Model(
        fe.Route("a", "b"),
        fe.Population.cells(),
        fe.Number(fe.LogNormal.from_interval(50, 200)),
        transitions={("a", "b"): fe.Share(0.5)},
        evidence=[fe.OwnPoisson(name="own", quantity=arrived, count=figure)],
    )


@pytest.mark.parametrize("figure", FIGURES, ids=lambda one: one.describe())
def test_a_model_is_simulated_written_and_read_back(figure):
    model = model_of(figure)
    made = [fe.simulate(model, seed=seed) for seed in range(5)]
    for one in (model, *made):
        again = fe.Model.from_dict(json.loads(json.dumps(one.to_dict())), functions=FUNCTIONS)
        assert again == one
        assert again.evidence[0].count == one.evidence[0].count
    kinds = {type(one.evidence[0].count) for one in made}
    assert kinds <= ({fe.AtMost, fe.AtLeast} if not figure.bounded else {type(figure)})


@pytest.mark.parametrize("figure", FIGURES, ids=lambda one: one.describe())
def test_a_fit_has_the_posterior_of_the_sum(figure):
    """One unknown number: the posterior mean by summing on a fine grid."""
    model = model_of(figure)
    found = fe.fit(model, engine="importance", draws=4000, seed=1, progress=False)
    (name,) = model.free
    prior = model.free[name]
    grid = np.linspace(5.0, 600.0, 4000)
    law = fe.distributions.Poisson(grid / 2)
    with np.errstate(all="ignore"):
        log_density = prior.logpdf(grid) + figure.logp(law)
    weight = np.exp(log_density - log_density.max())
    mean = np.average(grid, weights=weight)
    sd = np.sqrt(np.average((grid - mean) ** 2, weights=weight))
    drawn = np.asarray(found.draws[name])
    assert abs(drawn.mean() - mean) < 4.5 * sd / np.sqrt(400)
    assert drawn.std() == pytest.approx(sd, rel=0.15)
