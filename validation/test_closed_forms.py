"""Small registers, each with one defect, whose posterior is known exactly.

Mark: closed forms, and sums of probabilities written out here from SciPy; nothing of the package
is used for them. Likelihoods are held to 1e-9; the engines to four Monte Carlo errors.

One unknown number of people with a log-uniform prior. Under it the expected count of a register
is Gamma(count, 1) after a count, and does not depend on the share registered: so an audit gives
that share its beta posterior, and the number of people is their ratio.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods

TOLERANCE = 1e-9
LOW, HIGH = 1.0, 1e5
ENGINES = pytest.mark.parametrize(
    "engine", ["importance", pytest.param("hmc", marks=pytest.mark.slow)]
)


def poisson(counts, mean):
    """Return the log-probability that a Poisson count is one of `counts`, per mean."""
    return logsumexp(stats.poisson.logpmf(np.asarray(counts)[:, None], mean), axis=0)


def triangular(figure: int, base: int, mean):
    """Return the log-probability of a number rounded at random to one of its two multiples."""
    counts = np.arange(max(figure - base + 1, 0), figure + base)[:, None]
    weights = 1 - np.abs(counts - figure) / base
    return logsumexp(stats.poisson.logpmf(counts, mean) + np.log(weights), axis=0)


def overdispersed(count: int, cv: float, mean):
    size = 1 / cv**2
    return stats.nbinom.logpmf(count, size, size / (size + mean))


def of_two(pairs, mean):
    """Return the log-probability of pairs of counts, half of the expected number each."""
    each = mean / 2
    logs = [stats.poisson.logpmf(a, each) + stats.poisson.logpmf(b, each) for a, b in pairs]
    return logsumexp(np.array(logs), axis=0)


def shared(pairs, cv: float, mean):
    """Return the same of counts that are off by one gamma factor, by the trapezoidal rule."""
    logs, step = np.linspace(-4.0, 4.0, 600, retstep=True)
    weights = stats.gamma.logpdf(np.exp(logs), cv**-2, scale=cv**2) + logs + np.log(step)
    each = [of_two(pairs, np.exp(u) * mean) + w for u, w in zip(logs, weights, strict=True)]
    return logsumexp(each, axis=0)


def pairs(first, second, total):
    return [(a, b) for a in first for b in second if a + b in total]


@dataclass(frozen=True)
class Case:
    """A register, and the log-likelihood of the number of people."""

    register: dict[str, Any]
    log_likelihood: Callable[[Any], Any]
    chains: bool = False


def known(value: float) -> fe.Fixed:
    return fe.Fixed(value, statement="known")


CASES = {
    "coverage": Case(
        {"count": 120, "defects": [fe.Coverage(0.8)]}, lambda n: poisson([120], 0.8 * n)
    ),
    "predictive value": Case(
        {"count": 120, "defects": [fe.PPV(0.7)]}, lambda n: poisson([120], n / 0.7)
    ),
    "all factors": Case(
        {
            "count": 120,
            "defects": [
                fe.PPV(0.7), fe.Bridge("reports per child", known(1.2)), fe.Coverage(0.8),
                fe.Bridge("children per case", known(1.5), inverse=True), fe.Completeness(0.9),
            ],
        },
        lambda n: poisson([120], n * 0.8 * 0.9 * 1.2 / 1.5 / 0.7),
    ),
    "false positives": Case(
        {"count": 120, "defects": [fe.FalsePositives(30.0)]}, lambda n: poisson([120], n + 30)
    ),
    "overdispersion": Case(
        {"count": 120, "defects": [fe.Overdispersion(0.2)]},
        lambda n: overdispersed(120, 0.2, n), chains=True,
    ),
    "overdispersion that classes share": Case(
        {"count": {"male": 66, "female": 54}, "by": "sex", "defects": [fe.Overdispersion(0.2)]},
        lambda n: overdispersed(120, 0.2, n) + stats.binom.logpmf(66, 120, 0.5), chains=True,
    ),
    "overdispersion that rounded classes share": Case(
        {"count": {"male": fe.Rounded(60, to=10), "female": fe.Rounded(40, to=10)}, "by": "sex",
         "defects": [fe.Overdispersion(0.3)]},
        lambda n: shared(pairs(range(55, 65), range(35, 45), range(200)), 0.3, n),
    ),
    "rounded to 50": Case(
        {"count": fe.Rounded(100, to=50)}, lambda n: poisson(np.arange(75, 125), n)
    ),
    "randomly rounded": Case(
        {"count": fe.RandomlyRounded(25)}, lambda n: triangular(25, 5, n), chains=True
    ),
    "randomly rounded to 0": Case(
        {"count": fe.RandomlyRounded(10, to=10)}, lambda n: triangular(10, 10, n)
    ),
    "base unknown": Case(
        {"count": fe.RoundedToUnknown(50)},
        # 50 is a multiple of 1, 5, 10 and 50, each of which it was rounded to with probability 1/5.
        lambda n: logsumexp(
            [
                poisson(np.arange(50 - base // 2, 50 + (base + 1) // 2), n)
                for base in (1, 5, 10, 50)
            ],
            axis=0,
        )
        - np.log(5),
    ),
    "withheld": Case({"count": fe.Withheld(1, 7)}, lambda n: poisson(np.arange(1, 8), n)),
    "at least": Case(
        {"count": fe.AtLeast(40), "at most": 100}, lambda n: stats.poisson.logsf(39, n)
    ),
    "at most": Case(
        {"count": fe.AtMost(60), "at least": 20},
        lambda n: stats.poisson.logcdf(60, n), chains=True,
    ),
    "withheld, pinned by an exact total": Case(
        {"count": {"male": 9, "female": fe.Withheld()}, "by": "sex", "total": 12},
        lambda n: of_two([(9, 3)], n), chains=True,
    ),
    "withheld, pinned by a rounded total": Case(
        {"count": {"male": fe.Withheld(), "female": fe.Withheld()}, "by": "sex",
         "total": fe.Rounded(5, to=5)},
        lambda n: of_two(pairs(range(5), range(5), range(3, 8)), n),
    ),
    "rounded parts that do not add up to the total": Case(
        {"count": {"male": fe.Rounded(30, to=10), "female": fe.Rounded(20, to=10)}, "by": "sex",
         "total": fe.Rounded(60, to=10)},
        lambda n: of_two(pairs(range(25, 35), range(15, 25), range(55, 65)), n),
    ),
    "sex unknown": Case(
        {"count": {"male": 30, "female": 20, "unknown": 6}, "by": "sex",
         "defects": [fe.Unrecorded(fe.PerLevel("sex", {"male": 0.1, "female": 0.2}), axis="sex")]},
        lambda n: poisson([30], 0.45 * n) + poisson([20], 0.4 * n) + poisson([6], 0.15 * n),
    ),
}  # fmt: skip


def model(name: str) -> fe.Model:
    """Return the register beside plain limits, without which a bound leaves no posterior."""
    given = dict(CASES[name].register)
    limits = {
        "at most": lambda n: fe.AtMost(n), "at least": lambda n: fe.AtLeast(n),
    }  # fmt: skip
    others = [
        fe.Register(name=key, step="cases", count=limits[key](given.pop(key)))
        for key in limits
        if key in given
    ]
    return fe.Model(
        fe.Route("cases", "helped"), fe.Population.cells({"sex": ["male", "female"]}),
        fe.Number(fe.LogUniform(LOW / 2, HIGH / 2)), {("cases", "helped"): fe.Share(0.5)},
        [fe.Register(name="register", step="cases", **given), *others],
    )  # fmt: skip


def log_likelihood(name: str, people):
    """Return that of the register, and of the limits beside it."""
    register = CASES[name].register
    value = CASES[name].log_likelihood(people)
    if "at most" in register:
        value = value + stats.poisson.logcdf(register["at most"], people)
    if "at least" in register:
        value = value + stats.poisson.logsf(register["at least"] - 1, people)
    return value


@pytest.mark.parametrize("name", CASES)
def test_the_likelihood_on_arrays(name):
    people = np.geomspace(5, 400, 40)
    one = model(name)
    (parameter,) = one.free  # the number in each of two cells
    found = log_likelihoods(one, {parameter: people / 2})
    np.testing.assert_allclose(
        sum(found.values()), log_likelihood(name, people), atol=TOLERANCE, rtol=TOLERANCE
    )


@pytest.mark.parametrize("name", CASES)
def test_the_likelihood_on_symbols(name):
    import pytensor

    people = np.array([11.0, 60.0, 180.0])
    with pytensor.config.change_flags(mode="FAST_COMPILE", floatX="float64"):
        made = fe.to_pymc(model(name))
        likelihood = made.compile_logp(vars=made.potentials)
        # The line of a log-uniform number: the log-odds of where its logarithm lies.
        share = (np.log(people / 2) - np.log(LOW / 2)) / np.log(HIGH / LOW)
        (variable,) = made.value_vars
        found = [likelihood({variable.name: np.log(one / (1 - one))[None]}) for one in share]
    np.testing.assert_allclose(found, log_likelihood(name, people), atol=TOLERANCE, rtol=TOLERANCE)


# ---------------------------------------------------------------- posterior


@cache
def exact(name: str) -> tuple[Any, float, float]:
    """Return the 5%, 50% and 95% quantile, the mean and the standard deviation of the people."""
    t = np.linspace(np.log(LOW), np.log(HIGH), 20_001)
    logs = log_likelihood(name, np.exp(t))
    weight = np.exp(logs - logs.max())
    below = (np.cumsum(weight) - weight / 2) / weight.sum()
    mean = np.average(np.exp(t), weights=weight)
    sd = np.sqrt(np.average((np.exp(t) - mean) ** 2, weights=weight))
    return np.exp(np.interp([0.05, 0.5, 0.95], below, t)), float(mean), float(sd)


def check(drawn, quantiles, mean: float, sd: float, size: int = 4000) -> None:
    for level, value in zip((0.05, 0.5, 0.95), quantiles, strict=True):
        error = np.sqrt(level * (1 - level) / size)
        assert np.mean(drawn < value) == pytest.approx(level, abs=4 * error)
    assert np.mean(drawn) == pytest.approx(mean, abs=4 * sd / np.sqrt(size))


@pytest.mark.parametrize(
    ("name", "engine"),
    [(name, "importance") for name in CASES]
    + [
        pytest.param(name, "hmc", marks=pytest.mark.slow)
        for name, case in CASES.items()
        if case.chains
    ],
)
def test_the_posterior(name, engine):
    result = fe.fit(model(name), engine=engine, draws=8000, seed=5, progress=False)
    assert result.gate.passed, result.gate.text
    check(result.sample_of(lambda q: q.number("cases")), *exact(name))


# ---------------------------------------------------------------- an audited register

RECORDS, CHECKED, FOUND = 150, 40, 28
EXAMINED, TRUE = 60, 51


def audited(*more: fe.Evidence, **given: Any) -> fe.Model:
    return fe.Model(
        fe.Route("cases", "helped"), fe.Population.cells(), fe.Number(fe.LogUniform(1, 1e6)),
        {("cases", "helped"): fe.Share(0.5)},
        [fe.Register(name="register", step="cases", count=RECORDS, **given), *more],
    )  # fmt: skip


COVERAGE = fe.Validation(
    name="audit", of="register", what="coverage", yes=FOUND, n=CHECKED,
    statement="of 40 cases that were looked up 28 were in the register",
)  # fmt: skip
PREDICTIVE = fe.Validation(
    name="files", of="register", what="ppv", yes=TRUE, n=EXAMINED,
    statement="of 60 files that were read 51 were cases",
)  # fmt: skip


@ENGINES
def test_an_audit_gives_the_coverage_its_beta_posterior(engine):
    model = audited(COVERAGE, defects=[fe.Coverage(fe.Beta(2, 2))])
    result = fe.fit(model, engine=engine, draws=8000, seed=1, progress=False)
    assert result.gate.passed, result.gate.text
    a, b = 2 + FOUND, 2 + CHECKED - FOUND
    levels = (0.05, 0.5, 0.95)
    coverage = stats.beta(a, b)
    check(result.draws["coverage[register]"], coverage.ppf(levels), coverage.mean(), coverage.std())
    # People: a gamma variable over an independent beta variable.
    mean = RECORDS * (a + b - 1) / (a - 1)
    square = RECORDS * (RECORDS + 1) * (a + b - 1) * (a + b - 2) / ((a - 1) * (a - 2))
    people = result.sample_of(lambda q: q.number("cases"))
    x = np.geomspace(RECORDS, 20 * RECORDS, 801)
    share = coverage.ppf((np.arange(500) + 0.5) / 500)
    below = np.array([stats.gamma.cdf(n * share, RECORDS).mean() for n in x])
    check(people, np.interp(levels, below, x), mean, np.sqrt(square - mean**2))


@ENGINES
def test_two_audits_give_coverage_and_predictive_value(engine):
    model = audited(
        COVERAGE, PREDICTIVE,
        defects=[fe.Coverage(fe.Uniform(0, 1)), fe.PPV(fe.Uniform(0, 1))],
    )  # fmt: skip
    result = fe.fit(model, engine=engine, draws=8000, seed=2, progress=False)
    assert result.gate.passed, result.gate.text
    coverage = stats.beta(1 + FOUND, 1 + CHECKED - FOUND)
    predictive = stats.beta(1 + TRUE, 1 + EXAMINED - TRUE)
    levels = (0.05, 0.5, 0.95)
    for name, law in (("coverage", coverage), ("ppv", predictive)):
        check(result.draws[f"{name}[register]"], law.ppf(levels), law.mean(), law.std())
    a, b = coverage.args
    inverse = (a + b - 1) / (a - 1), (a + b - 1) * (a + b - 2) / ((a - 1) * (a - 2))
    mean = RECORDS * predictive.mean() * inverse[0]
    square = RECORDS * (RECORDS + 1) * (predictive.var() + predictive.mean() ** 2) * inverse[1]
    people = result.sample_of(lambda q: q.number("cases"))
    sd = np.sqrt(square - mean**2)
    assert np.mean(people) == pytest.approx(mean, abs=4 * sd / np.sqrt(4000))
    assert np.std(people) == pytest.approx(sd, rel=0.08)
    # The ledger says the same of the register as its audits.
    row = result.figures().set_index("source").loc["register"]
    assert row["cases_per_record"] == pytest.approx(predictive.median(), abs=0.01)
    assert row["registered_share"] == pytest.approx(coverage.median(), abs=0.01)


@ENGINES
def test_unconfirmed_records_are_not_taken_as_false(engine):
    """Three outcomes: confirmed, unconfirmed and false, against a sum over a grid."""
    confirmed, unconfirmed, false = 30, 18, 12
    study = fe.Validation(
        name="files", of="register", what="ppv", yes=confirmed, unconfirmed=unconfirmed,
        n=confirmed + unconfirmed + false, confirmable=fe.Beta(8, 2), refutable=fe.Beta(4, 4),
    )  # fmt: skip
    model = audited(study, defects=[fe.PPV(fe.Uniform(0, 1))])
    result = fe.fit(model, engine=engine, draws=8000, seed=3, progress=False)
    assert result.gate.passed, result.gate.text
    points = (np.arange(200) + 0.5) / 200
    p, s, f = np.meshgrid(points, points, points, indexing="ij", sparse=True)
    logs = confirmed * np.log(p * s) + false * np.log((1 - p) * f)
    logs = logs + unconfirmed * np.log(p * (1 - s) + (1 - p) * (1 - f))
    logs = logs + stats.beta.logpdf(s, 8, 2) + stats.beta.logpdf(f, 4, 4)
    weight = np.exp(logs - logs.max()).sum(axis=(1, 2))
    below = (np.cumsum(weight) - weight / 2) / weight.sum()
    mean = np.average(points, weights=weight)
    sd = np.sqrt(np.average((points - mean) ** 2, weights=weight))
    drawn = result.draws["ppv[register]"]
    check(drawn, np.interp((0.05, 0.5, 0.95), below, points), mean, sd)
    assert mean > confirmed / (confirmed + unconfirmed + false) + 0.05
