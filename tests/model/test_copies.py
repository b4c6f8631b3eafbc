"""A copy of a model is refused for what its other parts break, and is not checked for the rest."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

import funnelest as fe
from funnelest.model.parts import Parts

PEOPLE = fe.Population({"age": [(0, 11), (12, 16)]}, [1000, 500])
SURVEY = fe.Survey("s", step="a", yes=30, n=400, where={"age": (12, 16)})
REGISTER = fe.Register("r", step="b", count=20)
AUDIT = fe.Validation("v", of="r", what="ppv", yes=8, n=10)
SHIFT = fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(0, 1), statement="unknown")


def broken(q):
    raise ZeroDivisionError("of mine")


def needs_a_high_rate(q):
    if (q.parameter("rate of a") < 0.5).any():
        raise ValueError("too low")
    return q.number("b")


MODEL = fe.Model(
    fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(1, 9)), {("a", "b"): fe.Share(fe.Beta(2, 2))},
    [SURVEY, replace(REGISTER, defects=[fe.PPV(fe.Beta(8, 2, statement="some are false"))]), AUDIT],
    [SHIFT],
)  # fmt: skip
HIGH = fe.Model(
    fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(90, 10)),
    evidence=[fe.OwnPoisson(name="o", count=9, quantity=needs_a_high_rate)],
)  # fmt: skip

#: The model, its copy, and the parts of that copy which are other.
CHANGES = {
    "no evidence": (MODEL, lambda m: m.with_evidence(["s"]), {"evidence": ["s"]}),
    "two of one name": (
        MODEL, lambda m: m.with_evidence([SURVEY, SURVEY]), {"evidence": [SURVEY, SURVEY]},
    ),
    "an unknown step": (
        MODEL, lambda m: m.with_evidence([replace(SURVEY, step="c")]),
        {"evidence": [replace(SURVEY, step="c")]},
    ),
    "more than there are": (
        MODEL, lambda m: m.with_evidence([SURVEY, replace(REGISTER, count=9000)]),
        {"evidence": [SURVEY, replace(REGISTER, count=9000)]},
    ),
    "a function that fails": (
        MODEL, lambda m: m.with_evidence([SURVEY, fe.OwnPoisson("o", count=1, quantity=broken)]),
        {"evidence": [SURVEY, fe.OwnPoisson("o", count=1, quantity=broken)]},
    ),
    "what a validation is of": (
        MODEL, lambda m: m.without("r"), {"evidence": [SURVEY, AUDIT]},
    ),
    "an age that nobody asks": (
        MODEL, lambda m: m.with_assumptions([]), {"assumptions": []},
    ),
    "the same cells twice": (
        MODEL, lambda m: m.with_assumptions([SHIFT, SHIFT]), {"assumptions": [SHIFT, SHIFT]},
    ),
    "an unknown parameter": (
        MODEL, lambda m: m.holding({"rate of b": 0.1}), {"instead": {"rate of b": 0.1}},
    ),
    "a prior that a function cannot have": (
        HIGH, lambda m: m.with_priors({"rate of a": fe.Uniform(0, 0.2)}),
        {"instead": {"rate of a": fe.Uniform(0, 0.2)}},
    ),
    "the power of nobody": (MODEL, lambda m: m.with_powers({"x": 1}), {"powers": {"x": 1}}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_copy_is_refused_with_the_words_of_a_new_model(name):
    model, change, parts = CHANGES[name]
    with pytest.raises(fe.SpecError) as fresh:
        fe.Model(**{one.name: getattr(model, one.name) for one in fields(Parts)} | parts)
    with pytest.raises(fe.SpecError) as copied:
        change(model)
    assert copied.value.problems == fresh.value.problems


class Watched(fe.Survey):
    """Counts how often it is asked what is wrong with it, or turns into something else."""

    asked = 0
    turns_into = None

    def problems(self, route, population):
        Watched.asked += 1
        return super().problems(route, population)

    def with_data(self, figures, population):
        return Watched.turns_into or super().with_data(figures, population)


@pytest.fixture
def watched(monkeypatch):
    model = MODEL.with_evidence([Watched("w", step="a", yes=30, n=400, where={"age": (12, 16)})])
    monkeypatch.setattr(Watched, "asked", 0)
    return model


@pytest.mark.parametrize(
    "change",
    [
        lambda model: fe.simulate(model, seed=1),
        lambda model: model.with_powers({"w": 0.5}),
        lambda model: model.holding({"rate of a": 0.1}),
        lambda model: model.with_priors({"rate of a": fe.Beta(2, 9)}),
    ],
)
def test_what_cannot_have_broken_is_not_checked_again(watched, change):
    change(watched)
    assert Watched.asked == 0
    watched.with_evidence(watched.evidence)
    assert Watched.asked == 1


@pytest.mark.parametrize("other", ["nothing of the kind", replace(SURVEY, step="c", name="w")])
def test_made_up_data_of_another_kind_are_checked(watched, monkeypatch, other):
    monkeypatch.setattr(Watched, "turns_into", other)
    with pytest.raises(fe.SpecError):
        fe.simulate(watched, seed=1)
