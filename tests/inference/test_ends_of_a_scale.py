"""Fits whose posterior has much probability where a parameter rounds to an end of its support."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe

AB = fe.Route("a", "b")
PEOPLE = fe.Population({"sex": ["all"]}, [100_000])
#: Points on the line, for posteriors by quadrature.
LINE = np.linspace(-4000.0, 1500.0, 550_001)


def share(prior: fe.Prior, yes: int) -> fe.Model:
    """Return a model of a share, of which `yes` of 50 are known."""
    survey = fe.Survey(name="s", step="b", of="a", yes=yes, n=50)
    return fe.Model(AB, PEOPLE, fe.Rate(0.01), {("a", "b"): fe.Share(prior)}, evidence=[survey])


def register(prior: fe.Prior) -> fe.Model:
    """Return a model of a register of 900 with this coverage, of a number that is about 1,000."""
    one = fe.Register(name="r", step="a", count=900, defects=[fe.Coverage(prior)])
    rate = fe.Rate(fe.LogNormal(np.log(0.01), 0.5))
    return fe.Model(AB, PEOPLE, rate, {("a", "b"): fe.Share(0.5)}, evidence=[one])


def count(prior: fe.Prior, printed: Any) -> fe.Model:
    """Return a model of a mean of which one printed count is known."""
    one = fe.OwnPoisson(name="o", quantity=lambda q: q.parameter("x"), count=printed)
    return fe.Model(
        AB, PEOPLE, fe.Rate(0.01), {("a", "b"): fe.Share(0.5)}, evidence=[one],
        parameters={"x": prior},
    )  # fmt: skip


def binomial(yes: int) -> Callable[[Any], Any]:
    return lambda z: yes * special.log_expit(z) + (50 - yes) * special.log_expit(-z)


@lru_cache
def _covered() -> Any:
    scores, fine = np.linspace(-8.0, 8.0, 2001), np.linspace(-10.0, 50.0, 1201)
    mean = special.expit(fine)[:, None] * 1000 * np.exp(0.5 * scores)
    logs = special.logsumexp(stats.poisson.logpmf(900, mean) + stats.norm.logpdf(scores), axis=1)
    return fine, logs


def covered(z: Any) -> Any:
    """Return the log-likelihood of the coverage of `register`, the rate integrated out."""
    return np.interp(z, *_covered())


#: The model, its unknown that is asked about, and the log-likelihood of that on the line.
CASES: dict[str, tuple[fe.Model, str, Callable[[Any], Any]]] = {
    "Jeffreys, all": (share(fe.Beta(0.5, 0.5), 50), "a -> b", binomial(50)),
    "Jeffreys, none": (share(fe.Beta(0.5, 0.5), 0), "a -> b", binomial(0)),
    "none of 50": (share(fe.Beta(0.05, 1.0), 0), "a -> b", binomial(0)),
    "all of 50": (share(fe.Beta(1.0, 0.05), 50), "a -> b", binomial(50)),
    "coverage, Jeffreys": (register(fe.Beta(0.5, 0.5)), "coverage[r]", covered),
    "coverage, high": (register(fe.Beta.from_interval(0.8, 0.999)), "coverage[r]", covered),
    "coverage, unknown": (register(fe.Beta.from_interval(0.02, 0.98)), "coverage[r]", covered),
    "withheld": (
        count(fe.Gamma(0.01, 1.0), fe.Withheld()), "x",
        lambda z: stats.poisson.logcdf(4, np.exp(np.minimum(z, 10.0))),
    ),
    "nothing counted": (
        count(fe.Gamma(0.01, 1.0), 0), "x", lambda z: -np.exp(np.minimum(z, 10.0))
    ),
}  # fmt: skip


def ranks(case: str, seed: int) -> Any:
    """Return the exact probability below each limit and the median that a fit found."""
    model, name, log_likelihood = CASES[case]
    found = fe.fit(model, engine="importance", seed=seed, progress=False)
    assert found.gate.passed, (case, seed)
    prior = model.free[name]
    with np.errstate(over="ignore"):
        mass = np.exp(prior.line_logpdf(LINE) + log_likelihood(LINE))
    below = np.cumsum(mass)
    with np.errstate(divide="ignore"):
        limits = prior.line()[1](np.quantile(found.draws[name], [0.025, 0.5, 0.975]))
    # Of a draw that rounded to an end nothing more is known.
    assert below[-1] > 0
    return np.interp(np.clip(limits, LINE[0], LINE[-1]), LINE, below / below[-1]), limits


def assert_exact(case: str, seeds: range) -> None:
    got, limits = zip(*(ranks(case, seed) for seed in seeds), strict=True)
    inside = np.isfinite(limits)
    aim = np.broadcast_to([0.025, 0.5, 0.975], inside.shape)
    error = np.sqrt(aim * (1 - aim) / 1000)
    away = np.where(inside, np.array(got) - aim, 0.0)
    assert np.all(np.abs(away) < 5 * error), away
    assert np.all(np.abs(away.mean(axis=0)) < 5 * error[0] / np.sqrt(len(away))), away


@pytest.mark.parametrize("case", CASES)
def test_no_fit_is_refused_and_limits_are_exact(case: str) -> None:
    assert_exact(case, range(3))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_so_it_is_on_every_seed(case: str) -> None:
    assert_exact(case, range(20))


@pytest.mark.parametrize("starts", [True, False])
def test_where_a_search_finds_nothing_chains_are_tried(
    starts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funnelest.inference import fitting

    made = fe.fit(CASES["none of 50"][0], engine="importance", draws=400, seed=1, progress=False)

    def lost(*_: Any) -> Any:
        raise fe.FitError("none of 9 points")

    def chains(*_: Any) -> Any:
        if starts:
            return made
        raise fe.FitError("no chain could start: nothing there")

    monkeypatch.setattr(fitting, "_importance", lost)
    monkeypatch.setattr(fitting, "_hmc", chains)
    with pytest.raises(fe.FitError, match="none of 9 points"):
        fe.fit(made.model, engine="importance", seed=1, progress=False)
    if starts:
        found = fe.fit(made.model, draws=400, seed=1, progress=False)
        assert found.notes == ("importance sampling was given up: none of 9 points",)
    else:
        with pytest.raises(fe.FitError, match="given up: none of 9 points; no chain could start"):
            fe.fit(made.model, seed=1, progress=False)
