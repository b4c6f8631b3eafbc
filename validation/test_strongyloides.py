"""Joseph, Gyorkos and Coupal, Am J Epidemiol 1995;141:263: two tests and no gold standard.

Of 162 Cambodian refugees in Canada 40 had Strongyloides by stool examination and 125 by serology,
38 by both. Mark: data, priors and the answers for the stool examination alone second-hand (read
in a tutorial that replicates the paper, ndhendrix/jags_tutorial_joseph; another public copy of the
table swaps 38 and 35, against the marginal totals that both print). Tolerance: half of the last
digit printed, 0.005.

Both tests together are a source of the user's own: the package has no kind of evidence for it.
Its published answers were not found in a readable source; it is held against exact sums over
grids, which share no code with the package, and so is the stool examination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.special import roots_jacobi
from scipy.stats import beta

import funnelest as fe
from funnelest import math as fm
from funnelest.distributions import Multinomial

TOLERANCE = 0.005
LEVELS = (0.5, 0.025, 0.975)
BOTH, STOOL_ONLY, SEROLOGY_ONLY, NEITHER = 38, 2, 87, 35
TESTED = BOTH + STOOL_ONLY + SEROLOGY_ONLY + NEITHER
#: Of what experts said: parameters of beta distributions.
PRIORS = {
    "sensitivity[stool]": (4.44, 13.31),
    "specificity[stool]": (71.25, 3.75),
    "sensitivity[serology]": (21.96, 5.49),
    "specificity[serology]": (4.1, 1.76),
}
#: From the stool examination alone: median and 95% interval.
PUBLISHED = {
    "rate of infected": (0.74, 0.41, 0.98),
    "sensitivity[stool]": (0.30, 0.21, 0.47),
    "specificity[stool]": (0.95, 0.88, 0.99),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class TwoTests(fe.Evidence):
    """A sample on which two tests were done, independent of each other given infection."""

    step: str
    tests: tuple[str, str]
    counts: Sequence[int]  # positive on both, on the first only, on the second only
    n: int

    def parameters(self, population: fe.Population) -> dict[str, fe.Prior]:
        return {
            name: fe.Beta(*PRIORS[name])
            for test in self.tests
            for name in (f"sensitivity[{test}]", f"specificity[{test}]")
        }

    def observations(self, q: fe.Quantities) -> list[fe.Observation]:
        infected = q.share(self.step)
        hit = [q.parameter(f"sensitivity[{test}]") for test in self.tests]
        false = [1.0 - q.parameter(f"specificity[{test}]") for test in self.tests]

        def share(first: bool, second: bool) -> Any:
            total: Any = 0.0
            for weight, right in ((infected, hit), (1.0 - infected, false)):
                a = right[0] if first else 1.0 - right[0]
                b = right[1] if second else 1.0 - right[1]
                total = total + weight * a * b
            return total

        p = fm.stack([share(True, True), share(True, False), share(False, True)])
        return [fe.Observation(Multinomial(self.n, p), list(self.counts))]

    def with_data(self, figures: Sequence[Any], population: fe.Population) -> TwoTests:
        return replace(self, counts=[int(one) for one in figures[0]])


def model(source: fe.Evidence) -> fe.Model:
    return fe.Model(
        fe.Route("infected", "ill"), fe.Population({"group": ["refugees"]}, [TESTED]),
        fe.Rate(fe.Uniform(0, 1)), {("infected", "ill"): fe.Share(0.5)}, [source],
    )  # fmt: skip


SOURCES = {
    "stool": fe.Survey(
        name="stool", step="infected", yes=BOTH + STOOL_ONLY, n=TESTED,
        defects=[
            fe.TestError(
                sensitivity=fe.Beta(*PRIORS["sensitivity[stool]"]),
                specificity=fe.Beta(*PRIORS["specificity[stool]"]),
            )
        ],
    ),
    "both": TwoTests(
        name="both", step="infected", tests=("stool", "serology"),
        counts=(BOTH, STOOL_ONLY, SEROLOGY_ONLY), n=TESTED,
    ),
}  # fmt: skip


# ---------------------------------------------------------------- exact


def likelihood(source: str, infected, s1, c1, s2, c2):
    """Return the probability of the counts, but for a constant."""
    if source == "stool":
        share = infected * s1 + (1 - infected) * (1 - c1)
        yes = BOTH + STOOL_ONLY
        logs = yes * np.log(share) + (TESTED - yes) * np.log1p(-share)
        return np.exp(logs - logs.max())
    logs = 0.0
    for count, of_infected, of_others in (
        (BOTH, s1 * s2, (1 - c1) * (1 - c2)),
        (STOOL_ONLY, s1 * (1 - s2), (1 - c1) * c2),
        (SEROLOGY_ONLY, (1 - s1) * s2, c1 * (1 - c2)),
        (NEITHER, (1 - s1) * (1 - s2), c1 * c2),
    ):
        logs = logs + count * np.log(infected * of_infected + (1 - infected) * of_others)
    return np.exp(logs - logs.max())


@cache
def exact_quantiles() -> dict:
    """Return those of the stool examination alone, by sums over grids."""
    points = {
        "rate of infected": (np.arange(200) + 0.5) / 200,
        "sensitivity[stool]": (np.arange(200) + 0.5) / 200,
        "specificity[stool]": 0.75 + (np.arange(200) + 0.5) / 800,
    }
    p, s1, c1 = np.meshgrid(*points.values(), indexing="ij", sparse=True)
    weight = likelihood("stool", p, s1, c1, None, None)
    weight = weight * beta.pdf(s1, *PRIORS["sensitivity[stool]"])
    weight = weight * beta.pdf(c1, *PRIORS["specificity[stool]"])
    found = {}
    for i, (name, x) in enumerate(points.items()):
        own = weight.sum(axis=tuple({0, 1, 2} - {i}))
        found[name] = np.interp(LEVELS, (np.cumsum(own) - own / 2) / own.sum(), x)
    return found


#: Nodes on each axis: more where the prior is wide for what the tests say.
SIZES = {
    "stool": {"sensitivity[stool]": 60, "specificity[stool]": 60},
    "both": dict(zip(PRIORS, (28, 12, 14, 16), strict=True)),
}


@cache
def exact_moments(source: str, fewer: int = 0) -> dict:
    """Return mean and standard deviation by Gauss and Jacobi's rule, exact for the priors."""
    x, w = np.polynomial.legendre.leggauss(60)
    nodes, weights = {"rate of infected": (x + 1) / 2}, [w]
    for name, (a, b) in PRIORS.items():
        size = SIZES[source].get(name, 3)
        x, w = roots_jacobi(size - fewer, b - 1, a - 1)
        nodes[name] = (x + 1) / 2
        weights.append(w)
    weight = likelihood(source, *np.meshgrid(*nodes.values(), indexing="ij", sparse=True))
    for one in np.meshgrid(*weights, indexing="ij", sparse=True):
        weight = weight * one
    found = {}
    for i, (name, x) in enumerate(nodes.items()):
        if source == "both" or "serology" not in name:
            own = weight.sum(axis=tuple(set(range(5)) - {i}))
            mean = np.average(x, weights=own)
            found[name] = mean, np.sqrt(np.average((x - mean) ** 2, weights=own))
    return found


# ---------------------------------------------------------------- tests


@cache
def fitted(source: str, engine: str) -> fe.Result:
    result = fe.fit(model(SOURCES[source]), engine=engine, draws=8000, seed=95, progress=False)
    assert result.gate.passed, result.gate.text
    return result


ENGINES = pytest.mark.parametrize(
    "engine", ["importance", pytest.param("hmc", marks=pytest.mark.slow)]
)
NOT_EXACT = pytest.mark.xfail(
    strict=True,
    reason="exact sums give 0.76, 0.40 and 0.99, and 0.48: the paper's numbers come from a Gibbs "
    "sampler, and the tutorial's own run does not meet its lower limit either",
)
WRONG = {("rate of infected", i) for i in range(3)} | {("sensitivity[stool]", 2)}
WANTED = [
    pytest.param(
        name, i, value, id=f"{name} {LEVELS[i]}", marks=[NOT_EXACT] if (name, i) in WRONG else []
    )
    for name, values in PUBLISHED.items()
    for i, value in enumerate(values)
]


@pytest.mark.parametrize(("name", "i", "published"), WANTED)
def test_the_published_answer(name, i, published):
    """Of the exact numbers, so that no chance is in what is said of the paper."""
    assert exact_quantiles()[name][i] == pytest.approx(published, abs=TOLERANCE)


def test_the_exact_answer_is_exact():
    for source in SOURCES:
        for name, moments in exact_moments(source).items():
            np.testing.assert_allclose(exact_moments(source, fewer=2)[name], moments, rtol=1e-3)


@ENGINES
@pytest.mark.parametrize("source", SOURCES)
def test_the_exact_answer(source, engine):
    """Within four Monte Carlo errors of 4,000 draws."""
    result = fitted(source, engine)
    for name, (mean, sd) in exact_moments(source).items():
        drawn = result.draws[name]
        assert np.mean(drawn) == pytest.approx(mean, abs=4 * sd / np.sqrt(4000)), name
        assert np.std(drawn) == pytest.approx(sd, rel=4 / np.sqrt(4000)), name


def test_two_tests_are_simulated_as_they_are_read():
    """The shares of many made-up samples are those that the likelihood expects."""
    truth = {"rate of infected": 0.7} | {
        name: float(beta.mean(*shape)) for name, shape in PRIORS.items()
    }
    start = model(SOURCES["both"])
    made = [
        fe.simulate(start, parameters=truth, seed=seed).evidence[0].counts for seed in range(400)
    ]
    q = fe.Quantities(start, {name: np.array([value]) for name, value in truth.items()})
    expected = SOURCES["both"].observations(q)[0].distribution.p[:, 0]
    error = np.sqrt(expected * (1 - expected) / (400 * TESTED))
    np.testing.assert_array_less(np.abs(np.mean(made, axis=0) / TESTED - expected), 4 * error)
