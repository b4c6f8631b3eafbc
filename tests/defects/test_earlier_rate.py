"""Respondents who were young when the rate was another."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe

PEOPLE = fe.Population({"age": [0, 1, 2, 3]}, [100] * 4)
ROUTE = fe.Route("a", "b")
FIRST = fe.FirstTime(share=1.0, statement="s")


def model_of(*defects, hazard=0.1, **asked):
    asked = asked or {"before": 4, "yes": 7, "n": 40}
    survey = fe.OnsetSurvey(name="s", **asked, defects=list(defects))
    return fe.Model(ROUTE, PEOPLE, fe.Hazard(hazard), evidence=[survey], assumptions=[FIRST])


def then(*defects, values=None, **parts):
    model = model_of(*defects, **parts)
    given = {name: np.array(value) for name, value in (values or {}).items()}
    (one,) = model.evidence[0].observations(fe.Quantities(model, given))
    return one.distribution


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_the_hazard_was_so_many_times_as_high(ratio):
    """As of a model whose own hazard is the other one: 1 - h to the power of the ratio."""
    found = then(fe.EarlierRate(prior=ratio, statement="s")).p
    assert found == pytest.approx(1 - 0.9 ** (4 * ratio))
    assert found == pytest.approx(then(hazard=1 - 0.9**ratio).p)


def test_it_is_the_same_at_all_ages():
    nested = {"before": {2: 0.1, 4: 0.2}, "n": 100}
    ratio = fe.EarlierRate(prior=fe.LogNormal(0, 0.3), statement="s")
    found = then(ratio, values={"earlier rate ratio[s]": [1.5, 0.5]}, **nested).expected
    assert found == pytest.approx(1 - 0.9 ** np.outer([2, 4], [1.5, 0.5]))


def test_never_more_than_everybody():
    assert 0 < then(fe.EarlierRate(prior=1e6, statement="s")).p < 1


def test_what_was_assumed_is_in_the_ledger():
    ratio = fe.EarlierRate(prior=fe.LogNormal(0, 0.3), statement="less was", source="F&J")
    model = model_of(ratio)
    assert list(model.free) == ["a -> b", "earlier rate ratio[s]"]
    entry = next(e for e in model.ledger() if e.kind == "assumption" and e.about.endswith("[s]"))
    assert (entry.about, entry.statement, entry.source) == ("earlier rate[s]", "less was", "F&J")
    assert ratio.describe() == "at the rates of earlier years"


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (fe.EarlierRate(prior=1.2), ["'statement' is needed"]),
        (fe.EarlierRate(prior=0.0, statement="s"), ["'prior'", "above 0; given 0"]),
        (fe.EarlierRate(prior=fe.Uniform(-3, -1), statement="s"), ["above 0", "-3"]),
        (fe.EarlierRate(prior=fe.LogNormal(0, -1), statement="s"), ["'prior'", "-1"]),
    ],
)
def test_what_is_refused(ratio, said):
    with pytest.raises(fe.SpecError) as caught:
        model_of(ratio)
    (text,) = caught.value.problems
    for part in ("OnsetSurvey 's'", "EarlierRate", *said):
        assert part in text


def test_other_surveys_cannot_carry_it():
    ratio = fe.EarlierRate(prior=1.0, statement="s")
    cohort = fe.Cohort(name="s", of="a", step="b", yes=3, n=40, defects=[ratio])
    with pytest.raises(fe.SpecError, match="a Cohort cannot carry EarlierRate: it suits surveys"):
        fe.Model(ROUTE, PEOPLE, fe.Rate(0.1), evidence=[cohort])
