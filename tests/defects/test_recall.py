"""First events that are not reported any more."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe

PEOPLE = fe.Population({"age": [0, 1, 2, 3]}, [100] * 4)
FIRST = fe.FirstTime(share=1.0, statement="s")
ROUTE = fe.Route("a", "b")
ASKED = {"before": 4, "yes": 7, "n": 40}
EVER = 1 - 0.9**4


def model_of(*defects, **asked):
    survey = fe.OnsetSurvey(name="s", **(asked or ASKED), defects=list(defects))
    return fe.Model(ROUTE, PEOPLE, fe.Hazard(0.1), evidence=[survey], assumptions=[FIRST])


def told(*defects, values=None, **asked):
    model = model_of(*defects, **asked)
    given = {name: np.array([value]) for name, value in (values or {}).items()}
    (one,) = model.evidence[0].observations(fe.Quantities(model, given))
    return np.ravel(one.moments()[0]) / (
        one.distribution.n if hasattr(one.distribution, "n") else 1
    )


def test_a_share_reports_it():
    assert told(fe.Recall(share=0.7, statement="s")) == pytest.approx(0.7 * EVER)
    unknown = fe.Recall(share=fe.Beta(7, 3), statement="s")
    assert told(unknown, values={"share reporting[s]": 0.6}) == pytest.approx(0.6 * EVER)


def test_fewer_as_years_go_by():
    recall = fe.Recall(share=0.7, per_year=fe.HalfNormal(0.1), statement="s")
    found = told(recall, values={"reports lost per year[s]": 0.02}, **ASKED, respondents=(20, 40))
    assert found == pytest.approx(0.7 * EVER * np.exp(-0.02 * (30 - 4)))
    nested = {"before": {2: 0.1, 4: 0.2}, "n": 100, "respondents": (20, 40)}
    ever = np.array([1 - 0.9**2, EVER])
    years = np.array([28, 26])
    found = told(recall, values={"reports lost per year[s]": 0.02}, **nested)
    assert found == pytest.approx(0.7 * ever * np.exp(-0.02 * years))
    ages = {"onset": {(0, 1): 5, (2, 3): 3}, "n": 100, "respondents": (20, 40)}
    found = told(recall, values={"reports lost per year[s]": 0.02}, **ages)
    assert found == pytest.approx(np.diff([0, *(0.7 * ever * np.exp(-0.02 * years))]))


def test_what_was_assumed_is_in_the_ledger():
    recall = fe.Recall(share=fe.Beta(7, 3), per_year=0.01, statement="much is", source="H&R")
    model = model_of(recall, **ASKED, respondents=(20, 40))
    assert list(model.free) == ["a -> b", "share reporting[s]"]
    ledger = {entry.about: entry for entry in model.ledger()}
    assert ledger["reports lost per year[s]"].kind == "fixed"
    assert (ledger["share reporting[s]"].kind, ledger["share reporting[s]"].stated) == (
        "prior",
        True,
    )
    entry = ledger["recall[s]"]
    assert (entry.statement, entry.source) == ("much is", "H&R")
    assert recall.describe() == "reported, fewer as years go by"
    assert fe.Recall(share=0.5, statement="s").describe() == "reported"


@pytest.mark.parametrize(
    ("recall", "said"),
    [
        (fe.Recall(share=0.7), ["'statement' is needed", "report it?"]),
        (fe.Recall(share=0.0, statement="s"), ["'share'", "above 0 and at most 1; given 0"]),
        (fe.Recall(share=1.2, statement="s"), ["'share'", "above 0 and at most 1; given 1.2"]),
        (fe.Recall(share=fe.Uniform(2, 3), statement="s"), ["'share'", "at most 1", "2"]),
        (fe.Recall(share=fe.Beta(-1, 3), statement="s"), ["'share'", "-1"]),
        (fe.Recall(share=0.5, per_year=-0.1, statement="s"), ["'per_year'", "at least 0", "-0.1"]),
    ],
)
def test_what_is_refused(recall, said):
    with pytest.raises(fe.SpecError) as caught:
        model_of(recall, **ASKED, respondents=(20, 40))
    (text,) = caught.value.problems
    for part in ("OnsetSurvey 's'", "Recall", *said):
        assert part in text


def test_other_surveys_cannot_carry_it():
    survey = fe.Survey(name="s", step="a", yes=3, n=40, defects=[fe.Recall(share=0.7)])
    with pytest.raises(fe.SpecError) as caught:
        fe.Model(ROUTE, PEOPLE, fe.Rate(0.1), evidence=[survey])
    assert (
        "a Survey cannot carry Recall: it suits surveys of first events before an age."
        in str(caught.value)
    )  # fmt: skip
    assert "'statement' is needed" in str(caught.value)
