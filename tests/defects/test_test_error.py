"""Sensitivity and specificity of a question, by hand."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe


@pytest.mark.parametrize(
    ("error", "values", "share"),
    [
        (fe.TestError(sensitivity=0.8, specificity=0.95), {}, 0.1 * 0.8 + 0.9 * 0.05),
        (fe.TestError(sensitivity=0.8), {}, 0.08),
        (fe.TestError(specificity=0.95), {}, 0.1 + 0.9 * 0.05),
        (fe.TestError(sensitivity=1, specificity=1), {}, 0.1),
        (
            fe.TestError(sensitivity=fe.Beta(8, 2), specificity=fe.Beta(98, 2)),
            {"sensitivity[s]": 0.7, "specificity[s]": 0.99}, 0.1 * 0.7 + 0.9 * 0.01,
        ),
    ],
)  # fmt: skip
def test_the_share_who_say_so(error, values, share, measured):
    assert measured(error, values=values) == pytest.approx(share)


def test_what_is_not_said_is_in_the_ledger(model_of):
    survey = fe.Survey(
        name="s", step="b", yes=3, n=40, defects=[fe.TestError(sensitivity=fe.Beta(8, 2))]
    )
    model = model_of(survey)
    assert list(model.free) == ["sensitivity[s]"]
    ledger = {entry.about: entry for entry in model.ledger()}
    assert ledger["specificity[s]"].kind == "default"
    assert ledger["specificity[s]"].value == "nobody else says so (specificity 1)"
    assert ledger["sensitivity[s]"].kind == "prior"
    assert survey.describe() == "sensitivity of the question"


def test_after_the_people_outside_and_the_definition(measured):
    """First who is asked and what is meant, then what they say."""
    defects = [
        fe.TestError(sensitivity=0.8, specificity=0.95),
        fe.Bridge("wide", fe.Fixed(2.0, statement="s")),
        fe.OutsideFrame(share=0.1, ratio=2.0, statement="s"),
    ]
    inside = 0.1 / (0.9 + 0.1 * 2.0) * 2.0
    assert measured(*defects) == pytest.approx(0.8 * inside + 0.05 * (1 - inside))
    assert measured(*reversed(defects)) == pytest.approx(measured(*defects))


# ------------------------------------------------ a test that tells nothing, or the opposite

TOO_LITTLE = "must add up to more than 1"
FIXED = [(0.3, 0.6), (0.4, 0.6), (0.7, 0.3), (0.0, None), (None, 0.0), (0.1, 0.9), (0.0, 0.0)]


def error_of(sensitivity, specificity):
    return fe.TestError(sensitivity=sensitivity, specificity=specificity)


def carriers(error):
    """Return a source of each kind that carries it."""
    common = {"defects": [error]}
    return {
        "survey": fe.Survey(name="s", step="a", yes=3, n=40, **common),
        "cohort": fe.Cohort(name="s", of="a", step="b", yes=3, n=40, **common),
        "onset": fe.OnsetSurvey(name="s", before=12, yes=3, n=40, **common),
        "joint": fe.JointSurvey(
            name="s",
            asked=[fe.Asked(step="a", share=0.1), fe.Asked(step="b", share=0.05)],
            se=[0.01, 0.01],
            correlation=0.3,
            **common,
        ),
        "own": fe.OwnBinomial(name="s", quantity=lambda q: q.share("a"), yes=3, n=40, **common),
    }


def model_with(*evidence, **parts):
    ages = fe.Population({"age": list(range(17))}, [100.0] * 17)
    first = fe.FirstTime(share=fe.Beta(8, 2), statement="s")
    given = {"occurrence": fe.Rate(fe.Beta(1, 9)), "assumptions": [first], **parts}
    return fe.Model(fe.Route("a", "b"), ages, evidence=list(evidence), **given)


@pytest.mark.parametrize("kind", ["survey", "cohort", "onset", "joint", "own"])
@pytest.mark.parametrize(("sensitivity", "specificity"), FIXED)
def test_numbers_that_turn_the_answers_round_are_refused_wherever(kind, sensitivity, specificity):
    with pytest.raises(fe.SpecError) as caught:
        model_with(carriers(error_of(sensitivity, specificity))[kind])
    (text,) = caught.value.problems
    assert TOO_LITTLE in text
    assert f"{(1 if specificity is None else specificity):g}" in text


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.41, 0.6), (1, 0.001), (0.001, None)])
def test_numbers_just_above_are_taken(sensitivity, specificity):
    assert model_with(carriers(error_of(sensitivity, specificity))["survey"])


def test_the_prior_of_one_is_cut_off_where_the_other_puts_it():
    model = model_with(carriers(error_of(fe.Beta(2, 2), 0.7))["survey"])
    assert model.free["sensitivity[s]"].support == (pytest.approx(0.3), 1.0)
    ledger = {entry.about: entry for entry in model.ledger()}
    assert ledger["test error[s]"].kind == "default"
    assert "add up to more than 1" in ledger["test error[s]"].value
    with pytest.raises(fe.SpecError, match=r"only .*% probability"):
        model_with(carriers(error_of(fe.Beta(2, 20), 0.7))["survey"])


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        (fe.Beta(2, 8), fe.Beta(4, 4), "9"),
        (fe.Uniform(0, 0.5), fe.Uniform(0, 1), "75.0%"),
        (fe.Uniform(0, 0.4), fe.Uniform(0, 0.4), "100.0%"),
    ],
)
def test_priors_that_mostly_say_so_are_refused(one, other, share):
    for pair in ((one, other), (other, one)):
        with pytest.raises(fe.SpecError) as caught:
            model_with(carriers(error_of(*pair))["survey"])
        (text,) = caught.value.problems
        assert share in text
        assert "Truncated(..., low=0.5)" in text


@pytest.mark.parametrize(
    "pair",
    [(fe.Uniform(0, 1), fe.Uniform(0, 1)), (fe.Beta(4.44, 13.31), fe.Beta(71.25, 3.75)),
     (fe.LogitNormal(0, 30), fe.LogitNormal(0, 30))],
)  # fmt: skip
def test_other_priors_are_kept_as_they_are(pair):
    model = model_with(carriers(error_of(*pair))["survey"])
    assert [model.free[f"{name}[s]"] for name in ("sensitivity", "specificity")] == list(pair)
    assert "test error[s]" in {entry.about for entry in model.ledger()}


def test_below_the_limit_a_yes_tells_nothing():
    """And never the opposite: more people of the step never mean fewer who say so."""
    model = model_with(carriers(error_of(fe.Beta(4, 2), fe.Beta(60, 1)))["survey"])
    said = []
    for rate in (0.1, 0.4, 0.9):
        values = {"rate of a": rate, "sensitivity[s]": 0.3, "specificity[s]": 0.2}
        values |= {name: 0.5 for name in model.free if name not in values}
        q = fe.Quantities(model, {name: np.array([value]) for name, value in values.items()})
        (seen,) = model.evidence[0].observations(q)
        said.append(float(np.ravel(seen.distribution.p)[0]))
    np.testing.assert_allclose(said, 0.3)


def test_shared_and_held_parameters_are_looked_at_too():
    shared = carriers(error_of(fe.Shared("se"), fe.Shared("sp")))["survey"]
    good = {"se": fe.Beta(8, 2), "sp": fe.Beta(98, 2)}
    model = model_with(shared, parameters=good)
    with pytest.raises(fe.SpecError, match=TOO_LITTLE):
        model_with(shared, parameters={**good, "se": fe.Beta(2, 300)})
    with pytest.raises(fe.SpecError, match=TOO_LITTLE):
        model.holding({"se": 0.01, "sp": 0.9})
    assert model.holding({"se": 0.5, "sp": 0.9})
    with pytest.raises(fe.SpecError, match=TOO_LITTLE):
        model.with_priors({"se": fe.Beta(2, 300)})


def test_studies_that_say_so_are_refused():
    question = carriers(error_of(fe.Uniform(0.5, 1), fe.Uniform(0.5, 1)))["survey"]

    def studies(yes, no):
        return [
            fe.Validation(name="cases", of="s", what="sensitivity", yes=yes, n=100),
            fe.Validation(name="others", of="s", what="specificity", yes=no, n=100),
        ]

    assert model_with(question, *studies(80, 90))
    assert model_with(question, *studies(45, 50))  # by chance
    with pytest.raises(fe.SpecError) as caught:
        model_with(question, *studies(80, 3))  # those who did say so, for those who did not
    (text,) = caught.value.problems
    assert "a sensitivity of 0.8 and a specificity of 0.03" in text
