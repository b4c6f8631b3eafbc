"""Shared pieces: one small route and population, and a good example of everything.

A test that names the argument `source`, `prior`, `varying` or `assumption` runs once for every
example of that kind (`pytest_generate_tests` below).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import funnelest as fe
from funnelest.density import Density

# The same examples every time, and no clock in a test.
settings.register_profile("funnelest", deadline=None, derandomize=True, max_examples=80)
settings.load_profile("funnelest")

STEPS = ("happened", "told", "reported", "investigated", "helped")
ROUTE = fe.Route(*STEPS, skips=[("happened", "reported"), ("told", "helped")])
POPULATION = fe.Population(
    {"age": [(0, 11), (12, 16), 17], "sex": ["male", "female"], "year": [2017, 2018]},
    [
        [[60_000, 61_000], [58_000, 57_000]],
        [[30_000, 29_000], [28_000, 27_500]],
        [[6_000, 6_100], [5_900, 5_800]],
    ],
)
CELLS = fe.Population.cells({axis.name: axis.levels for axis in POPULATION.axes})
SEEN = {"age": (12, 16), "year": 2017}
YEARS = {"age": (12, 16), "year": (2017, 2018)}


# ------------------------------------------- your own evidence: functions with a name


def told_share(q: Any) -> Any:
    return q.transition("happened", "told", SEEN)


def helped_number(q: Any) -> Any:
    return q.number("helped", SEEN)


def helped_share(q: Any) -> Any:
    return q.share("helped", SEEN, of="happened")


def laplace(data: Any, expected: Any) -> Any:
    """Return the log-density of a Laplace distribution with scale 20."""
    away = data["value"] - expected
    return -fe.math.maximum(away, -away) / 20.0 - np.log(40.0)


def draw_laplace(expected: Any, rng: np.random.Generator) -> dict[str, float]:
    return {"value": float(rng.laplace(float(expected), 20.0))}


FUNCTIONS = {
    f"{f.__module__}:{f.__qualname__}": f
    for f in (told_share, helped_number, helped_share, laplace, draw_laplace)
}


# -------------------------------------------------------------------------- examples


def _sources() -> dict[str, Any]:
    """Return a good example of every form of every kind of evidence."""
    half_year = {"step": "reported", "where": YEARS, "per": "year"}
    share = {"step": "told", "of": "happened", "where": SEEN}
    made = [
        fe.Survey(name="survey yes", **share, yes=28, n=390),
        fe.Survey(name="survey rounded yes", **share, yes=fe.Rounded(30, to=10), n=390),
        fe.Survey(name="survey yes deff", **share, yes=28, n=390, deff=1.8),
        fe.Survey(name="survey share n", **share, share=0.31, n=390),
        fe.Survey(name="survey share deff", **share, share=0.31, n=390, deff=1.5),
        fe.Survey(name="survey share se", **share, share=0.31, se=0.02),
        fe.Survey(name="survey interval", **share, interval=(0.25, 0.36), probability=0.9),
        fe.Survey(name="survey share interval", **share, share=0.3, interval=(0.25, 0.36)),
        fe.Survey(name="survey total n", step="happened", total=640, n=1900, deff=1.5, where=SEEN),
        fe.Survey(name="survey total se", step="happened", total=640, se=60, where=SEEN),
        fe.Survey(
            name="survey total interval", step="happened", total=640, interval=(540, 780),
            where=YEARS, per="year",
        ),
        fe.Register(name="register", step="reported", count=240, where=SEEN),
        fe.Register(name="register all", step="helped", count=1200),
        fe.Register(name="register 50", step="reported", count=fe.Rounded(250, to=50), where=SEEN),
        fe.Register(
            name="register even", step="reported", where=SEEN,
            count=fe.Rounded(240, to=20, rule="half even"),
        ),
        fe.Register(
            name="register floor", step="reported", where=SEEN,
            count=fe.Rounded(240, to=20, rule="floor"),
        ),
        fe.Register(name="register between", step="helped", count=fe.Between(100, 149), where=SEEN),
        fe.Register(name="register mean", **half_year, count=240),
        fe.Register(name="register half", **half_year, count=240.5),
        fe.Register(name="register mean 50", **half_year, count=fe.Rounded(250, to=50)),
        fe.Register(name="register mean between", **half_year, count=fe.Between(200, 219)),
        fe.Register(
            name="register doubted", step="reported", count=240, where=SEEN,
            coverage=fe.Beta(18, 6), ppv=fe.Beta(16, 4),
        ),
        fe.Register(
            name="register false", **half_year, count=240, coverage=fe.Shared("cover"),
            false_positives=fe.Gamma(9, 0.3),
        ),
        fe.Register(
            name="register spread", step="reported", count=240, where=SEEN,
            overdispersion=fe.HalfNormal(0.2),
        ),
        fe.Register(
            name="register bridge", step="reported", count=300, where=SEEN,
            bridges=[
                fe.Bridge("reports per child", fe.LogNormal(0.2, 0.15, statement="counted twice")),
                fe.Bridge("fixed", fe.Fixed(1.1, statement="counted")),
            ],
        ),
        fe.Register(
            name="register flow", step=("told", "helped"), count=fe.Rounded(60, to=10), where=SEEN,
            coverage=0.9,
        ),
        fe.Cohort(name="cohort yes", of="reported", step="helped", yes=30, n=150, where=SEEN),
        fe.Cohort(name="cohort deff", of="reported", step="helped", yes=30, n=150, deff=2.0),
        fe.Cohort(name="cohort share", of="told", step="helped", share=0.25, interval=(0.2, 0.31)),
        fe.Cohort(name="cohort went", of="told", went={"reported": 22, "helped": 15}, n=100),
        fe.Cohort(name="cohort all went", of="told", went={"reported": 85, "helped": 15}, n=100),
        fe.Total(
            name="total interval", step="helped", estimate=130, interval=(100, 170), where=SEEN
        ),
        fe.Total(name="total se", step="helped", estimate=130, se=15, where=YEARS, per="year"),
        fe.Total(
            name="total bridge", step=("reported", "investigated"), interval=(80, 160), where=SEEN,
            bridges=[fe.Bridge("stock", fe.LogNormal(0.1, 0.2, statement="a stock, not a flow"))],
        ),
        fe.OwnBinomial(name="own binomial", quantity=told_share, yes=28, n=90),
        fe.OwnPoisson(name="own poisson", quantity=helped_number, count=fe.Rounded(130, to=10)),
        fe.OwnNormal(name="own normal", quantity=helped_number, estimate=130.0, se=12.0),
        fe.OwnNormal(name="own log", quantity=helped_number, estimate=130.0, se=0.1, scale="log"),
        fe.OwnNormal(name="own logit", quantity=helped_share, estimate=0.2, se=0.1, scale="logit"),
        fe.OwnCustom(
            name="own custom", quantity=helped_number, data={"value": 120.0},
            log_likelihood=laplace, simulate=draw_laplace,
        ),
    ]  # fmt: skip
    return {one.name: one for one in made}


SOURCES = _sources()
PRIORS: dict[str, Any] = {
    "beta": fe.Beta(2.5, 4.0),
    "fixed": fe.Fixed(0.3),
    "gamma": fe.Gamma(3.0, 10.0),
    "half-normal": fe.HalfNormal(0.7),
    "log-normal": fe.LogNormal(-1.0, 0.5),
    "log-uniform": fe.LogUniform(0.01, 0.9),
    "logit-normal": fe.LogitNormal(-1.0, 0.8),
    "normal": fe.Normal(0.4, 0.6),
    "truncated normal": fe.Truncated(fe.Normal(0.4, 0.6), low=0.0, high=1.0),
    "truncated above": fe.Truncated(fe.Gamma(3.0, 10.0), low=0.1),
    "truncated below": fe.Truncated(fe.Normal(0.4, 0.6), high=1.0),
    "uniform": fe.Uniform(0.1, 0.8),
}
VARYING: dict[str, Any] = {
    "rate": fe.Rate(fe.Beta(20, 980)),
    "rate fixed": fe.Rate(0.02),
    "rate levels": fe.Rate(fe.Beta(20, 980), fe.Levels("sex")),
    "rate reference": fe.Rate(
        fe.Beta(20, 980), fe.Levels("age", fe.Normal(0, 0.5), reference=(12, 16)), fe.Levels("sex")
    ),
    "rate per level": fe.Rate(
        fe.PerLevel("age", {(0, 16): fe.Beta(20, 980), 17: 0.03}), fe.Levels("sex")
    ),
    "number": fe.Number(fe.LogUniform(100, 1000), fe.Levels("sex")),
    "number per level": fe.Number(
        fe.PerLevel("sex", {"male": fe.Gamma(9, 0.01), "female": fe.LogNormal(6, 0.5)})
    ),
}
ASSUMPTIONS: dict[str, Any] = {
    "shift": fe.Shift(
        ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="a guess", source="none"
    ),
    "shift fixed": fe.Shift(ages=(17, 17), like=(12, 16), prior=0.1, statement="a guess"),
    "population error": fe.PopulationError(
        prior=fe.LogNormal(0, 0.03), where={"age": (0, 11)}, statement="not all are registered"
    ),
    "population error everywhere": fe.PopulationError(
        prior=fe.LogNormal(0, 0.03), statement="not all are registered"
    ),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    tables = {"source": SOURCES, "prior": PRIORS, "varying": VARYING, "assumption": ASSUMPTIONS}
    for argument, examples in tables.items():
        if argument in metafunc.fixturenames:
            ids = [name.replace(" ", "-") for name in examples]
            metafunc.parametrize(argument, list(examples.values()), ids=ids)


def _build(*evidence: Any, **parts: Any) -> fe.Model:
    """Return a model on the shared route; any part of it may be given by name."""
    given: dict[str, Any] = {
        "route": ROUTE,
        "population": POPULATION,
        "occurrence": fe.Rate(fe.Beta(20, 980)),
        "transitions": {
            ("happened", "told"): fe.Share(fe.Beta(30, 70)),
            ("told", "reported"): fe.Share(fe.Beta(25, 75)),
            ("happened", "reported"): fe.Share(fe.Beta(30, 70)),
            ("reported", "investigated"): fe.Share(fe.Beta(40, 60)),
            ("investigated", "helped"): fe.Share(fe.Beta(30, 30)),
            ("told", "helped"): fe.Share(fe.Beta(20, 80)),
        },
        "evidence": evidence,
        "parameters": {"cover": fe.Beta(19, 3)},
    }
    if isinstance(parts.get("occurrence"), fe.Number):  # needs no head count, and refuses one
        given["population"] = CELLS
    return fe.Model(**{**given, **parts})


@pytest.fixture
def build() -> Callable[..., fe.Model]:
    return _build


@pytest.fixture(scope="session")
def route() -> fe.Route:
    return ROUTE


@pytest.fixture(scope="session")
def population() -> fe.Population:
    return POPULATION


@pytest.fixture(scope="session")
def functions() -> dict[str, Any]:
    return FUNCTIONS


@pytest.fixture(scope="session")
def everything() -> fe.Model:
    """A model that holds every example of evidence, terms, assumptions and priors."""
    return _build(
        *SOURCES.values(),
        occurrence=fe.Rate(fe.LogNormal.from_interval(0.01, 0.04), fe.Levels("sex")),
        transitions={
            ("happened", "told"): fe.Share(fe.Beta(30, 70), fe.Levels("age", fe.Normal(0, 0.3))),
            ("told", "reported"): fe.Share(
                fe.PerLevel("year", {2017: fe.Beta(25, 75), 2018: 0.26})
            ),
            ("told", "helped"): fe.Share(0.2),
        },
        assumptions=[
            ASSUMPTIONS["shift"],
            ASSUMPTIONS["shift fixed"],
            ASSUMPTIONS["population error"],
        ],
        parameters={"cover": fe.Beta(19, 3), **PRIORS},
    )


@pytest.fixture
def centre() -> Callable[[fe.Model], dict[str, float]]:
    """Return the prior median of every unknown parameter of a model."""

    def medians(model: fe.Model) -> dict[str, float]:
        return {name: float(prior.ppf(0.5)) for name, prior in model.free.items()}

    return medians


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
    model = _build(
        fe.Survey(name="pupils", step="happened", share=0.02, n=4000, where={"age": (12, 17)}),
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
