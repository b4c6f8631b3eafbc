"""Antibodies in Santa Clara County, April 2020: a rare thing and a test that errs, pooled studies.

50 of 3,330 people tested positive (Bendavid et al., two versions of the preprint). A. Gelman,
"Simple Bayesian analysis inference of coronavirus infection rate from the Stanford study in Santa
Clara county", 1 May 2020, takes the studies of the test as one, with flat priors; so does section
2 of Gelman and Carpenter, J R Stat Soc C 2020;69:1269. Mark: data read there, answers second-hand.
`test_misclassified_prevalence.py` has the studies apart.

Tolerance: none was given. The printed numbers are of a run of 4,000 draws (Stan's default), and are
held to two of its Monte Carlo errors; the fit of 8,000 to about three of its own, against `exact`,
which uses nothing of the package: sums over the quantiles of beta distributions. The ends of a
shortest interval are known much less precisely than its length, so the length is held too.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import beta

import funnelest as fe

POSITIVE, TESTED = 50, 3330
#: Right results of people known to be negative, and to be positive; of how many.
STUDIES = {"11 April": ((399, 401), (103, 122)), "30 April": ((3308, 3324), (130, 157))}
#: "shortest" is the kind "highest-density".
PUBLISHED = {
    "11 April": {
        "median": 0.0107, "low": 0.0014, "high": 0.0189, "shortest low": 0.0009,
        "shortest high": 0.0184, "shortest length": 0.0175,
    },
    "30 April": {"shortest low": 0.0066, "shortest high": 0.0184, "shortest length": 0.0118},
}  # fmt: skip
#: One Monte Carlo error of 4,000 draws, of samples from the exact distribution.
ERRORS = {
    "median": 0.0001, "low": 0.00012, "high": 0.00015, "shortest low": 0.0003,
    "shortest high": 0.0003, "shortest length": 0.00016,
}  # fmt: skip
WANTED = [
    pytest.param(version, name, value, id=f"{version}, {name}")
    for version, numbers in PUBLISHED.items()
    for name, value in numbers.items()
]


def model(version: str) -> fe.Model:
    negatives, positives = STUDIES[version]
    return fe.Model(
        fe.Route("infected", "ill"), fe.Population({"county": ["Santa Clara"]}, [1_900_000]),
        fe.Rate(fe.Uniform(0, 1)), {("infected", "ill"): fe.Share(0.5)},
        [
            fe.Survey(
                name="county", step="infected", yes=POSITIVE, n=TESTED,
                defects=[fe.TestError(sensitivity=fe.Uniform(0, 1), specificity=fe.Uniform(0, 1))],
            ),
            fe.Validation(
                name="negatives", of="county", what="specificity", yes=negatives[0], n=negatives[1]
            ),
            fe.Validation(
                name="positives", of="county", what="sensitivity", yes=positives[0], n=positives[1]
            ),
        ],
    )  # fmt: skip


@cache
def exact(version: str) -> dict[str, float]:
    """Return the same by sums: over prevalences, and equally likely specificities and so on."""
    prevalence = (np.arange(2000) + 0.5) / 2000 * 0.06
    middles = [(np.arange(size) + 0.5) / size for size in (200, 20)]
    specificity, sensitivity = (
        beta.ppf(p, 1 + yes, 1 + n - yes)
        for p, (yes, n) in zip(middles, STUDIES[version], strict=True)
    )
    weight = np.zeros(len(prevalence))
    for one in sensitivity:
        positive = np.outer(prevalence, one) + np.outer(1 - prevalence, 1 - specificity)
        log = POSITIVE * np.log(positive) + (TESTED - POSITIVE) * np.log1p(-positive)
        weight += np.exp(log + 260).sum(axis=1)
    below = (np.cumsum(weight) - weight / 2) / weight.sum()
    low, median, high, end = np.interp([0.025, 0.5, 0.975, 0.95], below, prevalence)
    starts = np.interp(np.linspace(0, 0.05, 1001), below, prevalence, left=0)
    ends = np.interp(np.linspace(0.95, 1, 1001), below, prevalence)
    at = np.argmin(ends - starts)
    return {
        "median": median, "low": low, "high": high, "from 0": end,
        "shortest low": starts[at], "shortest high": ends[at],
        "shortest length": ends[at] - starts[at],
    }  # fmt: skip


@cache
def fitted(version: str) -> dict[str, float]:
    result = fe.fit(model(version), engine="importance", draws=8000, seed=4, progress=False)
    assert result.gate.passed, result.gate.text
    found = {}
    for kind, name in (("equal-tailed", ""), ("highest-density", "shortest ")):
        row = result.parameters(kind=kind).set_index("parameter").loc["rate of infected"]
        found |= {f"{name}low": row["low"], f"{name}high": row["high"], "median": row["median"]}
    return found | {"shortest length": found["shortest high"] - found["shortest low"]}


@pytest.mark.parametrize(("version", "name", "published"), WANTED)
def test_the_published_numbers(version, name, published):
    assert exact(version)[name] == pytest.approx(published, abs=2 * ERRORS[name])


@pytest.mark.parametrize("version", STUDIES)
@pytest.mark.parametrize("name", ERRORS)
def test_the_exact_numbers(version, name):
    """Two errors of 4,000 draws are nearly three of 8,000."""
    assert fitted(version)[name] == pytest.approx(exact(version)[name], abs=2 * ERRORS[name])


def test_the_interval_from_0():
    """In the paper (0, 1.8%): it puts a draw at 0 before it looks for the shortest interval."""
    assert exact("11 April")["from 0"] == pytest.approx(0.018, abs=0.0005)
