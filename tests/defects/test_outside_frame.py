"""A part of the population that a survey does not reach, by hand."""

from __future__ import annotations

import pytest

import funnelest as fe


def test_a_mixture_of_those_inside_and_outside(measured):
    """Of 1000 people 50 are outside and have three times the rate: 100 cases in all."""
    inside = 100 / (950 + 3 * 50)
    assert 950 * inside + 50 * 3 * inside == pytest.approx(100)
    outside = fe.OutsideFrame(share=0.05, ratio=3.0, statement="institutions")
    assert measured(outside) == pytest.approx(inside)
    alike = fe.OutsideFrame(share=0.05, ratio=1.0, statement="alike")
    assert measured(alike) == pytest.approx(0.1)
    nobody = fe.OutsideFrame(share=0.0, ratio=3.0, statement="nobody")
    assert measured(nobody) == pytest.approx(0.1)


def test_unknown_numbers(measured, model_of):
    outside = fe.OutsideFrame(
        share=fe.Beta(5, 95), ratio=fe.LogNormal(1, 0.3), statement="institutions", source="p. 3"
    )
    values = {"share outside[s]": 0.2, "ratio outside[s]": 0.5}
    assert measured(outside, values=values) == pytest.approx(0.1 / 0.9)
    model = model_of(fe.Survey(name="s", step="b", yes=3, n=40, defects=[outside]))
    assert list(model.free) == ["share outside[s]", "ratio outside[s]"]
    entry = next(one for one in model.ledger() if one.about == "outside the frame[s]")
    assert (entry.kind, entry.statement, entry.source) == ("assumption", "institutions", "p. 3")
