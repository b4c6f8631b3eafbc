"""A vague prior is in no conflict with a rare event, and defaults are named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.check import conflict, node_split, prior_sensitivity
from funnelest.distributions import Binomial, NormalOn
from funnelest.results.printed_anew import replicated

ROUTE = fe.Route("happened", "told", "reported")
PEOPLE = fe.Population({"sex": ["m", "f"]}, [100_000, 100_000])
FLAT, NARROW = fe.Rate(fe.Beta(1, 1)), fe.Rate(fe.Beta(20, 980))


def fitted(*evidence: Any, rate: Any = FLAT, **transitions: Any) -> fe.Result:
    made = {tuple(name.split("_")): share for name, share in transitions.items()}
    return fe.fit(fe.Model(ROUTE, PEOPLE, rate, made, evidence), seed=1, progress=False)


def looked(result: fe.Result) -> Any:
    return conflict(result, seed=1, cores=1, progress=False)


TOLD = fe.Survey(name="told", step="told", of="happened", yes=30, n=60)


@pytest.mark.parametrize(
    "given",
    [
        {"yes": 5, "n": 1000}, {"yes": 995, "n": 1000}, {"share": 0.005, "se": 0.002},
        {"share": 0.01, "n": 900}, {"total": 1000, "interval": (400, 2000)},
        {"yes": fe.Rounded(10, to=10), "n": 2000},
        # No draw of the prior lies near these.
        {"yes": 1, "n": 20_000}, {"yes": 1, "n": 100_000}, {"yes": 50, "n": 10**6},
        {"yes": 10**6 - 50, "n": 10**6}, {"yes": 10**5, "n": 10**9},
        {"total": 2, "interval": (1, 5)},
    ],
    ids=str,
)  # fmt: skip
def test_a_flat_prior_on_a_rare_event(given: Any) -> None:
    """Each lies in a tail of what a flat prior predicts, where all is about as likely."""
    verdict = looked(fitted(fe.Survey(name="s", step="happened", **given, among=False), TOLD))
    (one,) = [one for one in verdict.found if one.source == "s"]
    assert 2 * min(one.mid_p, 1 - one.mid_p) < 0.05
    assert one.p > 0.3
    assert verdict.passed
    assert verdict.mark == ""


@pytest.mark.filterwarnings("ignore:.*They cannot all be of these")
@pytest.mark.parametrize("coverage", [1.0, fe.Beta(8, 2), fe.Beta(1, 1)], ids=str)
def test_a_small_register_behind_a_flat_prior(coverage: Any) -> None:
    """10 people of 200,000, and a coverage that is known, or hardly so, or not at all."""
    register = fe.Register(
        name="s",
        step="happened",
        count=10,
        defects=[fe.Coverage(coverage)] if coverage != 1 else [],
    )
    verdict = looked(fitted(register, TOLD))
    assert verdict.passed


@pytest.mark.parametrize("n", [1000, 100_000, 10**7])
def test_a_prior_that_says_something_is_far_from_it_however_few_draws_lie_near(n: int) -> None:
    survey = fe.Survey(name="s", step="happened", yes=n // 1000, n=n, among=False)
    verdict = looked(fitted(survey, TOLD, rate=NARROW))
    assert verdict.details["against_prior"] == ("s",)


@pytest.mark.parametrize("yes", [1, 60, 100])
def test_a_prior_that_says_something_is(yes: int) -> None:
    survey = fe.Survey(name="s", step="happened", yes=yes, n=1000)
    verdict = looked(fitted(survey, TOLD, rate=NARROW))
    assert verdict.details["against_prior"] == ("s",)
    (one,) = [one for one in verdict.found if one.source == "s"]
    assert one.p < 0.01


@pytest.mark.parametrize("count", [1, 100_000])
def test_orders_of_magnitude_are_a_scale(count: int) -> None:
    """Of a log-normal 10 to 10,000 a count of 1 is far out, however dense small numbers lie."""
    number = fe.Number(fe.LogNormal.from_interval(10, 10_000))
    model = fe.Model(ROUTE, fe.Population.cells(), number, {}, [
        fe.Register(name="r", step="happened", count=count,
                    defects=[fe.Coverage(fe.Beta(80, 20))]), TOLD,
    ])  # fmt: skip
    verdict = looked(fe.fit(model, seed=1, progress=False))
    assert verdict.details["against_prior"] == ("r",)


def test_a_transition_left_out_makes_no_conflict_of_sources() -> None:
    """A register of 1% of the victims, behind a transition that nobody gave a prior."""
    survey = fe.Survey(name="s", step="happened", yes=30, n=1000)
    register = fe.Register(name="police", step="reported", count=30)
    verdict = looked(fitted(survey, TOLD, register))
    assert verdict.details["conflicting"] == ()
    assert "told -> reported, Beta(1, 1)" in verdict.text
    assert "a prior that nobody stated" not in looked(
        fitted(survey, TOLD, register, happened_told=fe.Share(fe.Beta(1, 1)),
               told_reported=fe.Share(fe.Beta(1, 30)))
    ).text  # fmt: skip
    # Of one that says that most are reported the register and the survey cannot both be true.
    sure = {"happened_told": fe.Share(fe.Beta(2, 2)), "told_reported": fe.Share(fe.Beta(80, 20))}
    found = looked(fitted(survey, TOLD, register, rate=NARROW, **sure))
    assert "police" in found.details["conflicting"]


def test_as_likely_is_that_of_a_normal_in_closed_form() -> None:
    """Of one symmetric hump it is the two-sided p-value."""
    result = fitted(fe.Survey(name="s", step="happened", share=0.02, se=0.004), TOLD, rate=NARROW)
    q = result._posterior
    own = fe.OwnNormal(
        name="own", quantity=lambda q: 0.0 * q.number("told") + 5.0, estimate=7.2, se=1.0
    )
    (part,) = replicated(own, q, np.random.default_rng(0))
    two_sided = 2 * min(part.mid.mean(), 1 - part.mid.mean())
    assert part.as_likely() == pytest.approx(two_sided, abs=0.012)
    weights = np.random.default_rng(1).dirichlet(np.ones(q.draws))
    assert part.as_likely(weights) == pytest.approx(two_sided, abs=0.03)


def test_densities_are_on_the_printed_scale() -> None:
    x = np.linspace(0.001, 0.999, 4001)
    law = NormalOn(np.array([0.3]), 0.5, "logit")
    density = np.exp([law.log_density(one)[0] for one in x])
    assert np.trapezoid(density, x) == pytest.approx(1, abs=1e-4)
    assert Binomial(9, np.array([0.3])).log_density(3.0) == Binomial(9, np.array([0.3])).logp(3.0)


def test_defaults_are_named_where_they_decide() -> None:
    result = fitted(fe.Survey(name="s", step="happened", yes=30, n=1000), TOLD,
                    happened_told=fe.Share(fe.Beta(1, 1, statement="no opinion")))  # fmt: skip
    named = "told -> reported, Beta(1, 1)"
    shown = repr(result.model)
    assert "by default: told -> reported: Beta(1, 1)" in shown
    assert "happened -> told: Beta" not in shown
    assert "the same over an axis" in shown
    reported = {"reported": lambda q: q.number("reported")}
    assert named in prior_sensitivity(result, quantities=reported, seed=1, cores=1).text
    told = {"told": lambda q: q.number("told")}
    assert named not in prior_sensitivity(result, quantities=told, seed=1, cores=1).text
    asked = node_split(result, reported["reported"], {"s": ["s"]}, seed=1, cores=1, progress=False)
    assert named in asked.text
    assert "standaardkeuze" in asked.in_language("nl").text


def test_trust_names_them_on_its_one_screen() -> None:
    result = fitted(fe.Survey(name="s", step="happened", yes=30, n=1000), TOLD)
    both = "defaults: happened -> told, Beta(1, 1); told -> reported, Beta(1, 1)."
    found = fe.trust(result, cores=1, progress=False)
    assert both in " ".join(repr(found).split())
    assert "standaardkeuzen: happened" in " ".join(repr(found.in_language("nl")).split())
