"""First events that are remembered as later than they were."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe

PEOPLE = fe.Population({"age": [0, 1, 2, 3]}, [100] * 4)
ROUTE = fe.Route("a", "b")
FIRST = fe.FirstTime(share=1.0, statement="s")


def model_of(*defects, **asked):
    asked = asked or {"before": 4, "yes": 7, "n": 40}
    survey = fe.OnsetSurvey(name="s", **asked, defects=list(defects))
    return fe.Model(ROUTE, PEOPLE, fe.Hazard(0.1), evidence=[survey], assumptions=[FIRST])


def told(*defects, values=None, **asked):
    model = model_of(*defects, **asked)
    given = {name: np.array(value) for name, value in (values or {}).items()}
    (one,) = model.evidence[0].observations(fe.Quantities(model, given))
    return one.distribution.p


@pytest.mark.parametrize(
    ("years", "ever"),
    [(0.0, 1 - 0.9**4), (1.0, 1 - 0.9**3), (1.5, 1 - 0.9**2 * (1 - 0.05)), (3.5, 0.05)],
)
def test_before_a_younger_age(years, ever):
    """Within a year first events are spread evenly."""
    assert told(fe.Telescoping(prior=years, statement="s")) == pytest.approx(ever)


def test_nothing_before_birth():
    later = fe.Telescoping(prior=fe.Gamma(2, 2), statement="s")
    found = told(later, values={"years telescoped[s]": [1.0, 4.0, 7.0]})
    assert found[0] == pytest.approx(1 - 0.9**3)
    assert np.all((found[1:] > 0) & (found[1:] < 1e-9))


def test_ages_at_the_first_event_all_move():
    ages = {"onset": {(0, 1): 5, (2, 3): 3}, "n": 100}
    found = told(fe.Telescoping(prior=1.0, statement="s"), **ages)
    assert np.ravel(found) == pytest.approx([0.1, 1 - 0.9**3 - 0.1])


def test_what_was_assumed_is_in_the_ledger():
    later = fe.Telescoping(prior=fe.Gamma(2, 2), statement="a year", source="N&W")
    model = model_of(later)
    assert list(model.free) == ["a -> b", "years telescoped[s]"]
    entry = next(e for e in model.ledger() if e.kind == "assumption" and e.about.endswith("[s]"))
    assert (entry.about, entry.statement, entry.source) == ("telescoping[s]", "a year", "N&W")
    assert later.describe() == "remembered as later"


@pytest.mark.parametrize(
    ("later", "said"),
    [
        (fe.Telescoping(prior=1.0), ["'statement' is needed"]),
        (fe.Telescoping(prior=-1.0, statement="s"), ["'prior'", "at least 0;", "-1"]),
        (fe.Telescoping(prior=fe.Uniform(-3, -1), statement="s"), ["at least 0,", "-3"]),
        (fe.Telescoping(prior=fe.Normal(-1, 1), statement="s"), ["only 15.9% probability"]),
        (fe.Telescoping(prior=fe.Gamma(0, 1), statement="s"), ["'prior'", "shape"]),
    ],
)
def test_what_is_refused(later, said):
    with pytest.raises(fe.SpecError) as caught:
        model_of(later)
    (text,) = caught.value.problems
    for part in ("OnsetSurvey 's'", "Telescoping", *said):
        assert part in text


def test_other_surveys_cannot_carry_it():
    later = fe.Telescoping(prior=1.0, statement="s")
    survey = fe.Survey(name="s", step="a", yes=3, n=40, defects=[later])
    with pytest.raises(fe.SpecError, match="a Survey cannot carry Telescoping: it suits ages at"):
        fe.Model(ROUTE, PEOPLE, fe.Rate(0.1), evidence=[survey])
