"""Figures that are far sharper than others: a sheet that bends is followed by both."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from validation.exact_posteriors import LEVELS

import funnelest as fe
from funnelest.inference.engines import importance
from funnelest.inference.engines.modes import find_modes
from funnelest.inference.engines.proposal import Component, Proposal, stiff
from funnelest.inference.engines.sharp import sharp_among
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density

PEOPLE, NUMBER, YES, ASKED = 100_000, 50.0, 30, 60
RATE = fe.LogNormal.from_interval(1e-5, 0.5)


def model(se):
    """Return a total beside a survey of the share that leads to it."""
    return fe.Model(
        fe.Route("a", "b"), fe.Population({"sex": ["any"]}, [PEOPLE]), fe.Rate(RATE),
        {("a", "b"): fe.Share(fe.Beta(1, 1))},
        [
            fe.Survey("survey", step="b", of="a", yes=YES, n=ASKED),
            fe.Total("total", step="b", estimate=NUMBER, se=se),
        ],
    )  # fmt: skip


def component(target):
    """Return what the mode shows, with all held that figures know of."""
    _, point, matrix = find_modes(target, np.random.default_rng(0))[0]
    return Component.at(point, matrix, stiff(target, matrix, 3.0))


@pytest.mark.parametrize(
    ("curvatures", "sharp"),
    [([], 0), ([1e8], 0), ([2e3, 30.0], 0), ([1e10, 40.0], 1), ([1e12, 1e10, 300.0, 200.0], 2)],
)
def test_sharp_is_what_bends_by_many_of_its_widths(curvatures, sharp):
    assert sharp_among(np.array(curvatures)) == sharp


@pytest.mark.parametrize("se", [0.001, 0.01, 0.1])
def test_the_bent_sheet_of_a_sharp_figure_is_followed(se):
    target = Target(Density(model(se)))
    one = component(target)
    assert (one.held.shape, one.sharp) == ((2, 2), 1)
    proposal = Proposal((one,), np.ones(1))
    _, log_weights = importance.weigh(target, proposal, np.random.default_rng(1), 2000)
    weights = np.exp(log_weights - log_weights.max())
    # From one flat sheet it was below .01 with .01 and less.
    assert weights.sum() ** 2 / (weights**2).sum() > 0.7 * len(weights)


def test_the_density_is_that_of_the_draws():
    """Drawn points stand where they were drawn, and their density integrates to 1."""
    target = Target(Density(model(0.05)))
    one = component(target)
    assert one.sharp == 1
    rng = np.random.default_rng(2)
    u, own = one.put(target, one.draw_free(rng, 500), one.tight.draw(rng, 500))
    again = one.stand(target, u)
    np.testing.assert_allclose(again.tight, own.tight, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(one.log_tight(again), one.log_tight(own), rtol=1e-6, atol=1e-6)
    # The soft direction is the second; the sharp one lies around its mode given that.
    centre = (one.held.T @ one.mode)[:, None]
    soft, sharp = np.linspace(-1.5, 1.5, 201), np.linspace(-12, 12, 161)
    along = centre + np.array([np.zeros(201), soft])
    at = one.stand(target, one.held @ along)
    middle = along[0] - at.tight[0] / at.factor[:, 0, 0]
    width = 1 / at.factor[:, 0, 0].max()
    grid = np.array([middle[:, None] + width * sharp, np.tile(along[1][:, None], 161)])
    density = np.exp(one.log_tight(one.stand(target, one.held @ grid.reshape(2, -1))))
    mass = density.sum() * (soft[1] - soft[0]) * (sharp[1] - sharp[0]) * width
    assert mass == pytest.approx(1, abs=1e-3)


def test_points_that_climb_with_others_stand_where_they_do_alone():
    target = Target(Density(model(0.01)))
    one = component(target)
    rng = np.random.default_rng(3)
    parts = one.draw_free(rng, 200), one.tight.draw(rng, 200)
    others = rng.standard_normal((target.size, 100))
    u, at = one.put(target, *parts, others)
    alone, own = one.put(target, *parts)
    np.testing.assert_allclose(u, np.concatenate([alone, others], axis=1), atol=1e-12)
    logs = np.concatenate([one.log_tight(own), one.log_tight(one.stand(target, others))])
    np.testing.assert_allclose(one.log_tight(at), logs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("se", [0.001, 0.01, 0.1, 1.0])
def test_limits_beside_a_sharp_figure_are_exact(se):
    """With the total as good as known the rate is what it leaves for a share: one integral."""
    result = fe.fit(model(se), engine="importance", seed=3, progress=False)
    assert result.gate.passed, result.gate.text
    share = np.linspace(0.1, 0.9, 8001)
    spread = se / NUMBER
    shift = np.linspace(-4, 4, 81)[:, None] * spread  # of the log of the total
    rate = NUMBER * np.exp(shift) / (PEOPLE * share)
    mass = stats.beta(YES + 1, ASKED - YES + 1).pdf(share) * rate * np.exp(RATE.logpdf(rate))
    mass = (mass * np.exp(-0.5 * (shift / spread) ** 2)).sum(axis=0)
    exact = np.cumsum(mass) / mass.sum()
    limits = np.quantile(result.draws["a -> b"], LEVELS)
    apart = np.interp(limits, share, exact) - LEVELS
    assert np.all(np.abs(apart) < 4 * np.sqrt(LEVELS * (1 - LEVELS) / 3000) + 0.001)
