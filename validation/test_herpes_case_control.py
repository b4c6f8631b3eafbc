"""Carroll, Gail and Lubin, J Am Stat Assoc 1993;88:185: a case-control study with a poor test.

Were women with cervical cancer infected with herpes simplex more often? Infection was measured by
a western blot, which errs, and by a refined method in 115 of the 2,044 women. The test errs
differently in cases and in controls. Mark: data and answers as published with the example "Cervix"
of OpenBUGS (read in a copy of its manual); the paper itself was not read. The manual prints d=1
also for the incomplete data of the controls; its text and two other copies of the data say d=0.

Tolerance: three Monte Carlo errors of the published run. It prints that of the mean, and the
effective number of draws, from which those of the other numbers follow.

The prior is theirs: uniform on the share infected, flat on the two coefficients of the logistic
regression of disease on infection. Here the shares infected among cases and controls are the
parameters, and a source of evidence with the Jacobian between the two says the same. It needs
nothing that is not public.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import funnelest as fe
from funnelest import math as fm

#: Of the complete data the number with (infected, blot positive): (0, 0), (0, 1), (1, 0), (1, 1);
#: of the incomplete data those with a negative and with a positive blot.
DATA = {
    "controls": ((33, 11, 16, 16), (701, 535)),
    "cases": ((13, 3, 5, 18), (318, 375)),
}
#: Mean, median, standard deviation, Monte Carlo error of the mean, 2.5%, 97.5%, effective draws.
PUBLISHED = {
    "log odds ratio": (0.6156, 0.6096, 0.3406, 0.01362, -0.04223, 1.292, 625),
    "infected controls": (0.4376, 0.4381, 0.05305, 0.002121, 0.3352, 0.5416, 625),
    "infected cases": (0.588, 0.5886, 0.06298, 0.002326, 0.4601, 0.7108, 732),
    "false positive controls": (0.3159, 0.3163, 0.05324, 0.00204, 0.2102, 0.4172, 681),
    "false positive cases": (0.2167, 0.2106, 0.08086, 0.002928, 0.07517, 0.3904, 762),
    "sensitivity controls": (0.5716, 0.5721, 0.06357, 0.002301, 0.4476, 0.6958, 762),
    "sensitivity cases": (0.7688, 0.7697, 0.0639, 0.002301, 0.6417, 0.8897, 771),
    "infected": (0.4915, 0.4913, 0.04115, 0.001537, 0.4111, 0.5706, 716),
}
STATISTICS = ("mean", "median", "sd", "2.5%", "97.5%")


def size(group: str) -> int:
    complete, incomplete = DATA[group]
    return sum(complete) + sum(incomplete)


def log_jacobian(controls, cases, share):
    """Return the log of the density of (infected controls and cases, share of cases).

    Under a uniform share infected and a flat intercept and slope of the log-odds of disease.
    """
    u, v = 1 / (controls * (1 - controls)), 1 / (cases * (1 - cases))
    first = ((1 - share) * v + share * u) / (share * (1 - share))
    return fm.log(first + (cases - controls) ** 2 * u * v)


def shares(q: fe.Quantities):
    infected = [q.share("infected", {"group": group}) for group in DATA]
    return (*infected, q.parameter("share of cases"))


def model() -> fe.Model:
    evidence: list[fe.Evidence] = [
        fe.OwnCustom(
            name="flat on the coefficients", quantity=shares, data="prior",
            log_likelihood=lambda data, expected: log_jacobian(*expected),
        ),
        fe.OwnBinomial(
            name="cases", quantity=lambda q: q.parameter("share of cases"),
            yes=size("cases"), n=size("cases") + size("controls"),
        ),
    ]  # fmt: skip
    for group, ((none, false, missed, both), (negative, positive)) in DATA.items():
        blot, where = f"blot of {group}", {"group": group}
        evidence += [
            fe.Survey(
                name=blot, step="infected", where=where, yes=positive, n=negative + positive,
                defects=[
                    fe.TestError(sensitivity=fe.Uniform(0, 1), specificity=fe.Uniform(0, 1))
                ],
            ),
            fe.Survey(
                name=f"refined method, {group}", step="infected", where=where,
                yes=missed + both, n=sum(DATA[group][0]),
            ),
            fe.Validation(
                name=f"infected, {group}", of=blot, what="sensitivity", yes=both, n=missed + both
            ),
            fe.Validation(
                name=f"not infected, {group}", of=blot, what="specificity",
                yes=none, n=none + false,
            ),
        ]  # fmt: skip
    return fe.Model(
        fe.Route("infected", "ill"),
        fe.Population({"group": list(DATA)}, [size(group) for group in DATA]),
        fe.Rate(fe.PerLevel("group", {group: fe.Uniform(0, 1) for group in DATA})),
        {("infected", "ill"): fe.Share(0.5)}, evidence,
        parameters={"share of cases": fe.Uniform(0, 1)},
    )  # fmt: skip


def quantities(result: fe.Result) -> dict:
    controls, cases, share = (result.sample_of(lambda q, i=i: shares(q)[i]) for i in range(3))
    found = {
        "log odds ratio": np.log(cases / (1 - cases)) - np.log(controls / (1 - controls)),
        "infected controls": controls,
        "infected cases": cases,
        "infected": (1 - share) * controls + share * cases,
    }
    for group in DATA:
        found[f"false positive {group}"] = 1 - result.draws[f"specificity[blot of {group}]"].ravel()
        found[f"sensitivity {group}"] = result.draws[f"sensitivity[blot of {group}]"].ravel()
    return found


def summary(values, weights=None) -> dict:
    values = np.ravel(values)
    weights = np.full(values.size, 1 / values.size) if weights is None else np.ravel(weights)
    order = np.argsort(values)
    below = np.cumsum(weights[order]) - weights[order] / 2
    low, median, high = np.interp([0.025, 0.5, 0.975], below / weights.sum(), values[order])
    mean = np.average(values, weights=weights)
    sd = np.sqrt(np.average((values - mean) ** 2, weights=weights))
    return {"mean": mean, "median": median, "sd": sd, "2.5%": low, "97.5%": high}


@cache
def exact() -> dict:
    """Return the same by sums over grids, without the package."""
    points = (np.arange(160) + 0.5) / 160
    x, false, right = np.meshgrid(points, points, points, indexing="ij", sparse=True)
    joint = {}
    for group, ((none, wrong, missed, both), (negative, positive)) in DATA.items():
        share = x * right + (1 - x) * false
        logs = (none + wrong) * np.log1p(-x) + (missed + both) * np.log(x)
        logs = logs + none * np.log1p(-false) + wrong * np.log(false)
        logs = logs + missed * np.log1p(-right) + both * np.log(right)
        logs = logs + negative * np.log1p(-share) + positive * np.log(share)
        joint[group] = np.exp(logs - logs.max())
    margin = {group: p.sum(axis=(1, 2)) for group, p in joint.items()}
    pi = np.linspace(0.30, 0.42, 61)
    log_pi = size("cases") * np.log(pi) + size("controls") * np.log1p(-pi)
    controls, cases, pi = np.meshgrid(points, points, pi, indexing="ij", sparse=True)
    weight = np.exp(log_jacobian(controls, cases, pi) + log_pi - log_pi.max())
    weight = weight * margin["controls"][:, None, None] * margin["cases"][None, :, None]
    found = {
        "log odds ratio": summary(
            np.log(points / (1 - points))[None, :] - np.log(points / (1 - points))[:, None],
            weight.sum(axis=2),
        ),
        "infected": summary((1 - pi) * controls + pi * cases + 0 * weight, weight),
    }
    for axis, group in enumerate(DATA):
        own = weight.sum(axis=tuple({0, 1, 2} - {axis}))
        found[f"infected {group}"] = summary(points, own)
        p = joint[group] * (own / margin[group])[:, None, None]
        found[f"false positive {group}"] = summary(points, p.sum(axis=(0, 2)))
        found[f"sensitivity {group}"] = summary(points, p.sum(axis=(0, 1)))
    return found


def errors(sd: float, draws: float) -> dict:
    """Return the Monte Carlo error of each statistic of a nearly normal distribution."""
    error = sd / np.sqrt(draws)
    # sqrt(p (1 - p)) over the normal density at the quantile.
    return {
        "mean": error, "median": 1.25 * error, "sd": error / np.sqrt(2),
        "2.5%": 2.67 * error, "97.5%": 2.67 * error,
    }  # fmt: skip


@cache
def fitted(engine: str) -> dict:
    result = fe.fit(model(), engine=engine, draws=8000, seed=12, progress=False)
    assert result.gate.passed, result.gate.text
    return {name: summary(values) for name, values in quantities(result).items()}


ENGINES = pytest.mark.parametrize(
    "engine", ["importance", pytest.param("hmc", marks=pytest.mark.slow)]
)
QUANTITIES = pytest.mark.parametrize("quantity", PUBLISHED)


@ENGINES
@QUANTITIES
def test_the_published_answer(engine, quantity):
    mean, median, sd, error, low, high, draws = PUBLISHED[quantity]
    published = dict(zip(STATISTICS, (mean, median, sd, low, high), strict=True))
    for name, tolerance in {**errors(sd, draws), "mean": error}.items():
        found = fitted(engine)[quantity][name]
        assert found == pytest.approx(published[name], abs=3 * tolerance), name


@ENGINES
@QUANTITIES
def test_the_exact_answer(engine, quantity):
    expected = exact()[quantity]
    for name, error in errors(expected["sd"], 4000).items():
        found = fitted(engine)[quantity][name]
        assert found == pytest.approx(expected[name], abs=4 * error), name
