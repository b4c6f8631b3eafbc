"""Fixtures, and the examples as arguments.

A test that names the argument `source`, `prior`, `varying` or `assumption` runs once for every
example of that kind (`pytest_generate_tests` below); they stand in `examples.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from tests import examples
from tests.examples import ASSUMPTIONS, GROUPS, PARAMETERS, PRIORS, SOURCES, VARYING, YOUNG_OF

import funnelest as fe
from funnelest.likelihood.density import Density

# The same examples every time, and no clock in a test.
settings.register_profile("funnelest", deadline=None, derandomize=True, max_examples=80)
settings.load_profile("funnelest")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    tables = {"source": SOURCES, "prior": PRIORS, "varying": VARYING, "assumption": ASSUMPTIONS}
    for argument, table in tables.items():
        if argument in metafunc.fixturenames:
            ids = [name.replace(" ", "-") for name in table]
            metafunc.parametrize(argument, list(table.values()), ids=ids)


@pytest.fixture
def build() -> Callable[..., fe.Model]:
    return examples.build


@pytest.fixture(scope="session")
def sources() -> list[Any]:
    return list(SOURCES.values())


@pytest.fixture(scope="session")
def route() -> fe.Route:
    return examples.ROUTE


@pytest.fixture(scope="session")
def population() -> fe.Population:
    return examples.POPULATION


@pytest.fixture(scope="session")
def functions() -> dict[str, Any]:
    return examples.FUNCTIONS


@pytest.fixture(scope="session", params=GROUPS)
def everything(request: pytest.FixtureRequest) -> fe.Model:
    """Models that hold every example of evidence, each with all terms, assumptions and priors."""
    with warnings.catch_warnings():
        # Examples of a kind have the numbers of others, and stand at the steps of others.
        warnings.filterwarnings("ignore", ".*(the same numbers|each hold everybody)")
        return examples.build(
            *GROUPS[request.param],
            occurrence=fe.Rate(fe.LogNormal.from_interval(0.01, 0.04), fe.Levels("sex")),
            transitions={
                ("happened", "told"): fe.Share(
                    fe.Beta(30, 70), fe.Levels("age", fe.Normal(0, 0.3))
                ),
                ("told", "reported"): fe.Share(
                    fe.PerLevel("year", {2017: fe.Beta(25, 75), 2018: 0.26})
                ),
                ("told", "helped"): fe.Share(0.2),
                ("reported", "investigated"): fe.Share(
                    fe.Beta(40, 60),
                    fe.RandomWalk("age", fe.HalfNormal(0.3), trend=fe.Normal(0, 0.1)),
                ),
                ("happened", "reported"): fe.Share(
                    fe.Beta(30, 70), fe.Spline("age", 0.1, order=2, trend=fe.Normal(0, 0.1))
                ),
                ("investigated", "helped"): fe.Share(fe.Beta(30, 30), fe.ChangePoint("year", 2018)),
            },
            assumptions=[
                ASSUMPTIONS[YOUNG_OF[request.param]],
                ASSUMPTIONS["shift fixed"],
                ASSUMPTIONS["population error"],
            ],
            parameters={**PARAMETERS, **PRIORS},
        )


@pytest.fixture
def centre() -> Callable[[fe.Model], dict[str, float]]:
    """Return the prior median of every unknown parameter of a model."""

    def medians(model: fe.Model) -> dict[str, float]:
        return {name: float(prior.ppf(0.5)) for name, prior in model.free.items()}

    return medians


@pytest.fixture
def counts_of() -> Callable[..., Any]:
    return examples.counts_of


@pytest.fixture
def points() -> Callable[..., tuple[Density, np.ndarray[Any, Any]]]:
    """Return a model's density, and random points on the line around its prior medians."""

    def at(model: fe.Model, size: int, spread: float = 0.3) -> Any:
        density = Density(model)
        middle = density.line(
            {name: np.array([float(prior.ppf(0.5))]) for name, prior in model.free.items()}
        )
        return density, middle + spread * np.random.default_rng(5).standard_normal(
            (len(density.names), size)
        )

    return at


@pytest.fixture(scope="session")
def fitted() -> fe.Result:
    """A small model with an imputed age, fitted by importance sampling."""
    model = examples.build(
        fe.Survey(name="pupils", step="happened", yes=80, n=4000, where={"age": (12, 17)}),
        SOURCES["survey yes"],
        SOURCES["register 50"],
        SOURCES["cohort went"],
        occurrence=fe.Rate(fe.Beta(20, 980), fe.Levels("sex")),
        assumptions=[ASSUMPTIONS["shift"]],
        parameters={},
    )
    return fe.fit(model, engine="importance", draws=2000, seed=3, progress=False)


@pytest.fixture
def agrees() -> Callable[..., None]:
    """Assert that draws come from the distribution with this distribution function."""

    def check(draws: Any, cdf: Callable[[Any], Any], ess: float) -> None:
        u = np.asarray(cdf(np.sort(np.ravel(draws))))
        limits = np.array([0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975])
        found = np.array([(u <= p).mean() for p in limits])
        allowed = 4.5 * np.sqrt(limits * (1 - limits) / ess) + 0.003
        assert np.all(np.abs(found - limits) < allowed), dict(zip(limits, found, strict=True))

    return check
