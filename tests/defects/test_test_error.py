"""Sensitivity and specificity of a question, by hand."""

from __future__ import annotations

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
