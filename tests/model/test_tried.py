"""What the user's own code gives is tried once, where a model is made, and named in a sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest import math as fm
from funnelest.assumptions.base import Assumption
from funnelest.defects.base import Defect
from funnelest.distributions import Distribution, Poisson
from funnelest.evidence.base import Evidence
from funnelest.observations.observation import Observation
from funnelest.priors import Prior
from funnelest.terms.base import Term, on_axis

PEOPLE = fe.Population({"year": [2016, 2017]}, [900.0, 1_000.0])
COUNT = fe.Register("r", step="b", count=30)


def model(*evidence, share=None, **more):
    shares = {("a", "b"): fe.Share(fe.Beta(2, 3)) if share is None else share}
    more = {"parameters": {"x": fe.Normal(0, 1)}, **more}
    return fe.Model(fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(1, 9)), shares, evidence, **more)


def said(build):
    with pytest.raises(fe.SpecError) as caught:
        build()
    assert len(caught.value.problems) == 1, caught.value.problems
    return caught.value.problems[0]


def likelihood(function, quantity=lambda q: q.parameter("x")):
    return fe.OwnCustom("own", quantity=quantity, data=1.0, log_likelihood=function)


# ------------------------------------------------------------------- numbers per draw


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda d, e: np.array([0.0, 1.0]), "for 16 draws it is an array of shape (2,)"),
        (lambda d, e: np.zeros(16), "for 1 draws it is an array of shape (16,)"),
        (lambda d, e: np.stack([-e, -e]), "it is an array of shape (2, 16)"),
        (lambda d, e: None, "it is None"),
        (lambda d, e: "much", "it is 'much'"),
        (lambda d, e: [1.0], "it is a list"),
        (lambda d, e: 1j * e, "of type complex128"),
        (lambda d, e: np.sum(-(e**2)), "another number for the same draw when other draws stand"),
        (lambda d, e: -((e - e.mean()) ** 2), "another number for the same draw"),
        (lambda d, e: np.random.default_rng().normal(size=len(e)), "without chance"),
        (lambda d, e: np.where(e > 0, np.inf, 0.0), "is infinite at "),
        (lambda d, e: e * np.nan, "is not a number at any of 16 draws"),
        (lambda d, e: d["value"] - e, "fails on draws from the priors (TypeError"),
        (lambda d, e: e[:, None] @ e, "fails on draws from the priors (ValueError"),
        (lambda d, e: 3 * e**2, "rises without end, and faster than the prior falls, the higher x"),
        (lambda d, e: np.where(e < 0, e**2, -e), "the lower x is: there is no posterior"),
        (lambda d, e: np.where(e > 3.5, np.inf, -1.0), "rises without end"),
        (lambda d, e: fm.exp(e * e), "rises without end"),
        (lambda d, e: -np.log(np.abs(e)), "is infinite at the medians of the priors"),
    ],
)  # fmt: skip
def test_what_is_no_log_likelihood_is_refused_by_name(function, words):
    text = said(lambda: model(likelihood(function)))
    assert text.startswith("OwnCustom 'own': the log-likelihood by log_likelihood(data, expected)")
    assert words in text


@pytest.mark.parametrize(
    "function",
    [
        lambda d, e: -1.0,
        lambda d, e: -((d - e) ** 2),
        lambda d, e: np.where(e > 0, -e, -np.inf),
        lambda d, e: -50 * np.log1p(e**2),
        lambda d, e: 0.4 * e**2,  # the prior falls faster
        lambda d, e: np.log(e),  # not a number below 0: impossible there
        lambda d, e: -(((d - e) / 1e-3) ** 2),
        lambda d, e: -(((900 - e) / 1e-2) ** 2),  # far from the prior
    ],
)
def test_what_is_one_is_taken(function):
    assert model(likelihood(function)).evidence


def test_one_that_is_unbounded_where_a_parameter_rounds_is_left_to_the_fit():
    """As a spread goes to 0 the density of a figure that is met rises, and the prior falls more."""
    own = likelihood(lambda d, e: -fm.log(e) - 0.5 * (0.0 / e) ** 2, lambda q: q.parameter("sd"))
    assert model(own, parameters={"sd": fe.LogNormal(0, 1)}).evidence


@pytest.mark.parametrize("kind", ["normal", "poisson", "binomial"])
def test_a_quantity_of_the_wrong_length(kind):
    quantity = {"quantity": lambda q: np.array([0.2, 0.3])}
    own = {
        "normal": lambda: fe.OwnNormal("own", **quantity, estimate=0.2, se=0.1),
        "poisson": lambda: fe.OwnPoisson("own", **quantity, count=3),
        "binomial": lambda: fe.OwnBinomial("own", **quantity, yes=3, n=9),
    }[kind]()
    text = said(lambda: model(own))
    assert text.startswith(f"{type(own).__name__} 'own': the log-likelihood by quantity(q) must be")


def test_it_is_said_of_copies_whose_figures_are_others():
    own = likelihood(lambda d, e: np.zeros(3))
    assert "shape (3,)" in said(lambda: model(COUNT).with_evidence([own]))


def test_nothing_is_tried_while_a_model_is_fitted():
    calls = []

    def function(d, e):
        calls.append(np.shape(e))
        return -((d - e) ** 2)

    made = model(likelihood(function))
    tried = len(calls)
    data = made.but()  # as made-up data are put into a model
    assert len(calls) == tried
    assert set(calls[:3]) == {(16,), (1,), (3,)}
    fe.fit(data, seed=1, draws=400, progress=False)
    assert (16,) not in calls[tried:]


def test_an_infinite_density_that_only_the_fit_meets():
    def function(d, e):
        return np.where((e > 2.99) & (e < 3.4), np.inf, -0.5 * (e - 3) ** 2)

    made = model(likelihood(function))
    with pytest.raises(fe.FitError, match="log-likelihood of 'own' is infinite at some param"):
        fe.fit(made, seed=1, progress=False)


# ------------------------------------------------------------------- own sources


@dataclass(frozen=True, kw_only=True, repr=False)
class Mine(Evidence):
    """Evidence whose observations are what a test hands in."""

    gives: Any

    def observations(self, q):
        return self.gives(q)


@dataclass(frozen=True)
class Scattered(Distribution):
    """A distribution that says no more than it is told."""

    value: Any
    places: Any = None

    def logp(self, x):
        return self.value

    def locations(self, x, spread):
        return self.places


@pytest.mark.parametrize(
    ("gives", "words"),
    [
        (lambda q: [3], "a list of Observation is wanted; in it is 3"),
        (lambda q: None, "fails on draws from the priors (TypeError"),
        (lambda q: [Observation(Poisson(q.number("b")), np.array([1, 2, 3]))], "fails on draws"),
        (lambda q: [Observation(Scattered(np.zeros(5)), 3)], "it is an array of shape (5,)"),
        (
            lambda q: [Observation(Scattered(-q.number("b"), [(np.zeros(7), 0.0, 1.0)]), 3)],
            "what locations() of observations(q) gives must be one number per draw",
        ),
    ],
)
def test_sources_of_the_user(gives, words):
    text = said(lambda: model(Mine(name="own", gives=gives)))
    assert text.startswith("Mine 'own': ")
    assert words in text


def test_a_good_source_of_the_user():
    def gives(q):
        mean = q.number("b")
        return [Observation(Scattered(-0.1 * mean, [(fm.log(mean), 1.0, 1.0)]), 3)]

    assert model(Mine(name="own", gives=gives)).evidence


class Halved(Defect):
    """A defect whose result is what a test says."""

    def on_records(self, records, q, source):
        return replace(records, all=records.all[..., :2])


def test_a_defect_of_the_user_in_a_source_of_the_library():
    text = said(lambda: model(replace(COUNT, defects=[Halved()])))
    assert text.startswith("Register 'r': the log-likelihood by Halved")


# ------------------------------------------------------------------- terms, assumptions


@dataclass(frozen=True)
class Bent(Term):
    """A term of the user's."""

    axis: str = "year"
    wrong: bool = False

    def parameters(self, name, population):
        return {f"bend of {name}": fe.Normal(0, 1)}

    def deviation(self, values, name, population):
        bend = values[f"bend of {name}"]
        return np.ones((3, 1)) if self.wrong else on_axis([0.0 * bend, bend], "year", population)


def test_terms_of_the_user():
    assert model(COUNT, share=fe.Share(fe.Beta(1, 1), Bent())).evidence
    text = said(lambda: model(COUNT, share=fe.Share(fe.Beta(1, 1), Bent(wrong=True))))
    assert text.startswith("Bent of a -> b: deviation must be one number per draw in each of the")
    assert "cells (2,)" in text


@dataclass(frozen=True)
class Moved(Assumption):
    """An assumption of the user's."""

    method: str
    value: Any
    statement: str = "a test"

    def apply_to_rate(self, rate, values, population):
        return self.value(rate) if self.method == "apply_to_rate" else rate

    def apply_to_population(self, factor, values, population):
        return self.value(factor) if self.method == "apply_to_population" else factor

    def imputed(self, population):
        return (
            self.value(np.zeros(population.shape))
            if self.method == "imputed"
            else super().imputed(population)
        )


@pytest.mark.parametrize("method", ["apply_to_rate", "apply_to_population"])
def test_assumptions_of_the_user(method):
    assert model(COUNT, assumptions=[Moved(method, lambda x: 0.9 * x)]).evidence
    for value in (lambda x: np.ones(7), lambda x: None, lambda x: x.nothing):
        text = said(lambda value=value: model(COUNT, assumptions=[Moved(method, value)]))
        assert text.startswith(f"Moved: {method} ")


@pytest.mark.parametrize("value", [lambda x: x, lambda x: np.zeros(9, dtype=bool), lambda x: None])
def test_the_mask_of_an_assumption_of_the_user(value):
    text = said(lambda: model(COUNT, assumptions=[Moved("imputed", value)]))
    assert "imputed(population) must be an array of True and False in the cells (2,)" in text


# ------------------------------------------------------------------- priors


@dataclass(frozen=True)
class Logistic(Prior):
    """A logistic distribution, of which a test breaks one function."""

    middle: float = 0.0
    broken: str = ""

    @classmethod
    def parameters(cls):
        return ("middle",)

    @property
    def support(self):
        return (-np.inf, np.inf) if self.broken != "support" else (5.0, 4.0)

    def logpdf(self, x):
        if self.broken == "columns":
            return np.log(stats.logistic.pdf(x - float(np.ravel(self.middle)[0]))) + 1.0 * (
                np.ndim(self.middle) > 0
            )
        return stats.logistic.logpdf(x - self.middle) * (2 if self.broken == "logpdf" else 1)

    def cdf(self, x):
        return special.expit(x - self.middle) ** (2 if self.broken == "cdf" else 1)

    def ppf(self, p):
        found = special.logit(p) + self.middle
        return {"ppf": -found, "short": found[..., :1], "": found}.get(self.broken, found)


def test_a_prior_of_the_user():
    assert model(COUNT, parameters={"x": Logistic(1.0), "y": Logistic(2.0)}).free


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("support", "ppf(p) must rise with p, between the two numbers of its support"),
        ("ppf", "ppf(p) must rise with p"),
        ("short", "ppf(p) must be one finite number for each of 19 given; it is an array of sh"),
        ("cdf", "cdf(x) must be p again where x is ppf(p)"),
        ("logpdf", "logpdf(x) must be the logarithm of the slope of cdf(x)"),
        ("columns", "must also take columns of parameters"),
    ],
)
def test_a_prior_of_the_user_whose_functions_contradict_each_other(broken, words):
    text = said(lambda: model(COUNT, parameters={"x": Logistic(1.0, broken)}))
    assert text.startswith("Logistic: ")
    assert words in text
