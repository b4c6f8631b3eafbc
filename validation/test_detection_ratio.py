"""Ages that nobody asked about, of which a register holds records: a gamma posterior.

Mark: closed forms, and one sum over a grid, from SciPy. Densities are held to 1e-10, the draws to
four Monte Carlo errors.

With a known rate r at the observed ages, a known coverage, a known detection ratio rho and a
Gamma(a, b) prior on the rate ratio k, a Poisson count y of the unobserved ages gives
k | y ~ Gamma(a + y, b + P r s rho coverage), s being the share that reaches the step.

With a prior on rho as well, the count knows the product rho k alone. Log-normal priors that give
the product the same prior then give it the same posterior, and each factor moves by its share of
the prior's variance: E(log k | y) = m + v / (v + w) (E(log rho k | y) - m - n).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods

PEOPLE, RATE, SHARE, COVERAGE, RHO = 1_200_000, 0.01, 0.5, 0.1, 0.4
A, B, COUNT = 2.0, 3.0, 310
#: Expected records per unit of the rate ratio and the detection ratio.
UNIT = PEOPLE * RATE * SHARE * COVERAGE
K, DETECTED = "rate ratio[age 0-11 against 12-16]", "detection ratio[age 0-11 against 12-16]"


def model(prior, relative) -> fe.Model:
    ratio = fe.DetectionRatio(
        ages=(0, 11), like=(12, 16), registers=["register"], prior=prior, relative=relative,
        statement="small children are seen by fewer",
    )  # fmt: skip
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [PEOPLE, 90_000])
    register = fe.Register(
        "register", step="told", count=COUNT, where={"age": (0, 11)},
        defects=[fe.Coverage(COVERAGE)],
    )  # fmt: skip
    return fe.Model(
        fe.Route("happened", "told"), people, fe.Rate(RATE),
        {("happened", "told"): fe.Share(SHARE)}, [register], [ratio],
    )  # fmt: skip


GAMMA = stats.gamma(A + COUNT, scale=1 / (B + UNIT * RHO))


def test_the_density():
    k = np.linspace(0.5, 2.5, 201)
    found = log_likelihoods(model(RHO, fe.Gamma(A, B)), {K: k})["register"]
    found = found + stats.gamma.logpdf(k, A, scale=1 / B)
    away = found - GAMMA.logpdf(k)
    assert np.ptp(away) < 1e-10


def quantiles(drawn, expected, ess=4000):
    levels = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    below = [(np.ravel(drawn) < q).mean() for q in expected(levels)]
    np.testing.assert_array_less(abs(below - levels), 4 * np.sqrt(levels * (1 - levels) / ess))


def test_the_posterior():
    result = fe.fit(
        model(RHO, fe.Gamma(A, B)), engine="importance", draws=8000, seed=3, progress=False
    )
    assert result.gate.passed, result.gate.text
    quantiles(result.draws[K], GAMMA.ppf)
    number = result.sample_of(lambda q: q.number("happened", {"age": (0, 11)}))
    quantiles(number, lambda levels: PEOPLE * RATE * GAMMA.ppf(levels))


#: Mean and variance of log k and of log rho, that add up to the same.
SPLITS = {
    "half": ((-0.2, 0.5), (-0.4, 0.5)),
    "rate unknown": ((-0.2, 0.9), (-0.4, 0.1)),
    "detection unknown": ((0.3, 0.1), (-0.9, 0.9)),
}
GRID = np.linspace(-4, 3, 20_001)


def product():
    """Return the posterior weights of log(rho k) on the grid."""
    logs = stats.norm.logpdf(GRID, -0.6, 1.0) + stats.poisson.logpmf(COUNT, UNIT * np.exp(GRID))
    weight = np.exp(logs - logs.max())
    return weight / weight.sum()


@cache
def logarithms(name):
    """Return the draws of log k and log rho."""
    (m, v), (n, w) = SPLITS[name]
    made = model(fe.LogNormal(n, np.sqrt(w)), fe.LogNormal(m, np.sqrt(v)))
    result = fe.fit(made, engine="importance", draws=8000, seed=6, progress=False)
    assert result.gate.passed, result.gate.text
    return np.log(np.ravel(result.draws[K])), np.log(np.ravel(result.draws[DETECTED]))


@pytest.mark.parametrize("name", SPLITS)
def test_only_the_product_is_known(name):
    (m, v), (n, w) = SPLITS[name]
    assert (m + n, v + w) == pytest.approx((-0.6, 1.0))
    k, rho = logarithms(name)
    # A coverage of 1 is a limit of rho, that the draws which matter stay below.
    assert (np.exp(rho) * COVERAGE < 1).mean() > 0.999
    weight = product()
    mean = (weight * GRID).sum()
    sd = np.sqrt((weight * (GRID - mean) ** 2).sum())
    assert np.mean(k + rho) == pytest.approx(mean, abs=4 * sd / np.sqrt(4000))
    assert np.std(k + rho) == pytest.approx(sd, rel=0.08)
    for drawn, middle, variance in ((k, m, v), (rho, n, w)):
        expected = middle + variance * (mean + 0.6)
        spread = np.sqrt(v * w + variance**2 * sd**2)
        assert drawn.mean() == pytest.approx(expected, abs=4 * spread / np.sqrt(4000))
        assert drawn.std() == pytest.approx(spread, rel=0.08)


def test_each_alone_moves_with_the_prior():
    """By half, for one and the same count, where the product stays within Monte Carlo error."""
    (k, rho), (other_k, other_rho) = logarithms("rate unknown"), logarithms("detection unknown")
    assert other_k.mean() - k.mean() > 0.4
    assert rho.mean() - other_rho.mean() > 0.4
    sd = np.std(k + rho)
    apart = 4 * sd * np.sqrt(2 / 4000)
    assert np.mean(k + rho) == pytest.approx(np.mean(other_k + other_rho), abs=apart)
