"""A vague prior beside a rare event is no conflict of sources, and real conflicts are found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe
from funnelest.check.conflict import conflict
from funnelest.check.others_allow import others_allow
from funnelest.inference.leaving_out import left_out

PEOPLE = fe.Population({"sex": ["f", "m"]}, [1_500_000, 1_500_000])
VAGUE = {
    "Beta(1, 1)": fe.Beta(1, 1),
    "Beta(.5, .5)": fe.Beta(0.5, 0.5),
    "Uniform": fe.Uniform(0, 1),
    "HalfNormal": fe.HalfNormal(0.5),
    "LogNormal": fe.LogNormal(np.log(1e-3), 4.0),
}


def register(count, name="register"):
    return fe.Register(name=name, step="a", count=count)


def survey(yes, n, name="survey"):
    return fe.Survey(name=name, step="a", yes=yes, n=n)


def fitted(prior, *sources):
    share = {("a", "b"): fe.Share(fe.Beta(1, 1))}
    model = fe.Model(fe.Route("a", "b"), PEOPLE, fe.Rate(prior), share, sources)
    return fe.fit(model, engine="importance", seed=1, progress=False)


@pytest.mark.parametrize("name", VAGUE)
@pytest.mark.parametrize("third", [(), (survey(0, 2000, "second"),)])
def test_a_vague_prior_is_not_in_conflict_with_a_rare_event(name, third):
    result = fitted(VAGUE[name], register(10), survey(0, 1000), *third)
    found = conflict(result, seed=2, cores=1, progress=False)
    assert found.passed, found.text
    assert not found.untested


def test_the_figure_is_then_compared_with_the_prior_and_that_is_said():
    found = conflict(
        fitted(fe.Beta(1, 1), register(10), survey(0, 1000)), seed=2, cores=1, progress=False
    )
    first = found.found[0]
    assert first.against == "prior, as the others allow both"
    assert first.mid_p > 0.99
    assert "vague beside them" in found.text
    assert "daarbij vaag is" in found.in_language("nl").text


def test_a_prior_that_is_not_vague_is_in_conflict():
    result = fitted(fe.LogNormal(np.log(1e-3), 0.5), register(10), survey(0, 1000))
    found = conflict(result, seed=2, cores=1, progress=False)
    assert found.details["against_prior"] == ("register",)
    assert found.details["conflicting"] == ()


@pytest.mark.filterwarnings("ignore:.*each hold everybody at one step")
@pytest.mark.parametrize("name", ["Beta(1, 1)", "HalfNormal", "LogNormal"])
@pytest.mark.parametrize(
    "sources",
    [
        (register(10), survey(3, 1000)),
        (register(10), register(40, "other")),
        (register(10), register(12, "second"), register(60, "third")),
    ],
    ids=["survey", "register", "three"],
)
def test_a_real_conflict_is_found_under_a_vague_prior(name, sources):
    found = conflict(fitted(VAGUE[name], *sources), seed=2, cores=1, progress=False)
    assert {sources[0].name, sources[-1].name} <= set(found.details["conflicting"])


def gain(y, n, others, of):
    """Return by how much the others' mean log-likelihood rises with y of n, under Beta(1, 1)."""

    def mean(a, b):
        return others * (special.digamma(a) - special.digamma(a + b)) + (of - others) * (
            special.digamma(b) - special.digamma(a + b)
        )

    return mean(1 + y + others, 1 + n - y + of - others) - mean(1 + others, 1 + of - others)


@pytest.mark.parametrize(("n", "of"), [(50, 50), (400, 150), (150, 400), (30, 3000), (3000, 30)])
def test_of_two_surveys_no_conflict_is_lost(n, of):
    """By enumeration: in closed form the gain is below 0 wherever a figure stands apart.

    But for others of whom nobody, or hardly anybody, said yes: their likelihood is flat there, and
    the prior decides.
    """
    for others in range(5, of - 4, max(1, of // 50)):
        law = stats.betabinom(n, 1 + others, 1 + of - others)
        y = np.arange(n + 1)
        p = law.sf(y) + 0.5 * law.pmf(y)
        apart = 2 * np.minimum(p, 1 - p) < 0.05
        assert np.all(gain(y, n, others, of)[apart] < 0)


def test_the_gain_is_that_of_the_closed_form():
    def answer(q):
        return q.parameter("share")

    for y, n, others, of in ((0, 4000, 0, 300), (2, 400, 1, 150), (40, 400, 14, 150)):
        model = fe.Model(
            fe.Route("a", "b"), fe.Population.cells(), fe.Number(1000),
            {("a", "b"): fe.Share(0.5)},
            [fe.OwnBinomial("one", quantity=answer, yes=y, n=n),
             fe.OwnBinomial("other", quantity=answer, yes=others, n=of)],
            parameters={"share": fe.Beta(1, 1)},
        )  # fmt: skip
        result = fe.fit(model, engine="importance", seed=1, progress=False)
        gone = left_out(result, ["one"], seed=3, cores=1)["one"]
        exact = gain(y, n, others, of)
        assert abs(exact) > 0.1  # far beyond the error of some thousands of draws
        assert others_allow(result, gone, 1) == (exact > 0)
        assert not others_allow(result, gone, 5)
