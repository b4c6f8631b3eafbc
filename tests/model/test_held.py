"""Parameters that are held at a number."""

from __future__ import annotations

import json

import numpy as np
import pytest

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods

PEOPLE = fe.Population({"age": [(0, 11), (12, 16)]}, [1000, 500])
SURVEY = fe.Survey("s", step="a", yes=30, n=400, where={"age": (12, 16)})
DELTA = "shift[age 0-11 against 12-16]"


def model_of(prior, **parts):
    shift = fe.Shift(ages=(0, 11), like=(12, 16), prior=prior, statement="unknown")
    given = {"evidence": [SURVEY, fe.Register("r", step="b", count=20)], **parts}
    return fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(1, 9)),
        {("a", "b"): fe.Share(fe.Beta(2, 2))}, assumptions=[shift], **given,
    )  # fmt: skip


FREE = model_of(fe.Normal(-0.7, 0.5, statement="half", source="me"))


def test_the_ledger_says_fixed_and_which_prior_it_had():
    held = FREE.holding({DELTA: 0.25})
    assert DELTA not in held.free
    assert list(held.free) == [name for name in FREE.free if name != DELTA]
    (entry,) = [one for one in held.ledger() if one.about == DELTA]
    assert entry.kind == "fixed"
    assert "0.25" in entry.value
    assert entry.statement == "held; its prior is Normal(-0.7, 0.5)"
    (before,) = [one for one in FREE.ledger() if one.about == DELTA]
    assert before.kind == "prior"
    assert not FREE.instead


def test_a_default_that_is_held_is_fixed_too():
    model = fe.Model(fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(1, 9)))
    (before,) = [one for one in model.ledger() if one.about == "a -> b"]
    (after,) = [one for one in model.holding({"a -> b": 0.3}).ledger() if one.about == "a -> b"]
    assert (before.kind, after.kind) == ("default", "fixed")
    assert after.stated


@pytest.mark.parametrize("engine", ["importance"])
def test_a_fit_is_that_of_a_known_number(engine):
    held = FREE.holding({DELTA: 0.25})
    known = model_of(0.25)
    assert list(held.free) == list(known.free)
    options = {"engine": engine, "draws": 1000, "seed": 2, "progress": False}
    one, other = fe.fit(held, **options), fe.fit(known, **options)
    for name in known.free:
        np.testing.assert_allclose(one.draws[name], other.draws[name], rtol=1e-9)
    values = {name: prior.sample(np.random.default_rng(1), 5) for name, prior in known.free.items()}
    for source, found in log_likelihoods(held, values).items():
        np.testing.assert_array_equal(found, log_likelihoods(known, values)[source])


def test_a_shared_parameter_is_held_for_all_who_share_it():
    model = model_of(fe.Shared("d"), parameters={"d": fe.Normal(0, 1)}).holding({"d": 0.5})
    q = fe.Quantities(model, {"rate of a": np.array([0.1]), "a -> b": np.array([0.5])})
    odds = 0.1 / 0.9 * np.exp(0.5)
    assert q.share("a", {"age": (0, 11)})[0] == pytest.approx(odds / (1 + odds))


def test_held_numbers_add_up():
    one = FREE.holding({DELTA: 0.25})
    both = one.holding({"a -> b": 0.3})
    assert dict(both.instead) == {DELTA: 0.25, "a -> b": 0.3}
    assert list(both.free) == ["rate of a"]
    assert dict(both.without("r").instead) == dict(both.instead)
    assert dict(both.with_evidence([SURVEY]).instead) == dict(both.instead)


def test_it_comes_back_from_json_and_makes_another_model():
    held = FREE.holding({DELTA: np.float64(0.25)})
    again = fe.Model.from_dict(json.loads(json.dumps(held.to_dict())))
    assert again == held
    assert dict(again.instead) == {DELTA: 0.25}
    assert held != FREE
    assert len({FREE.hash(), held.hash(), FREE.holding({DELTA: 0.5}).hash()}) == 3
    assert FREE.holding({}) == FREE


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"nobody": 1.0}, "instead: there is no unknown parameter 'nobody'; the unknown ones are: "
         "'rate of a', 'a -> b', 'shift[age 0-11 against 12-16]'."),
        ({"a -> b": 1.5}, "instead: 'a -> b' must lie between 0 and 1; given 1.5."),
        ({"a -> b": -0.1}, "instead: 'a -> b' must lie between 0 and 1; given -0.1."),
        ({"a -> b": "much"}, "instead: 'a -> b' must be a number or a Prior; given 'much'."),
        ({"a -> b": True}, "instead: 'a -> b' must be a number or a Prior; given True."),
        ({"a -> b": None}, "instead: 'a -> b' must be a number or a Prior; given None."),
        ({DELTA: float("nan")}, f"instead: {DELTA!r} must be a number or a Prior; given nan."),
        ({DELTA: float("inf")}, f"instead: {DELTA!r} must be a number or a Prior; given inf."),
    ],
)  # fmt: skip
def test_what_cannot_be_held(values, sentence):
    with pytest.raises(fe.SpecError) as caught:
        FREE.holding(values)
    assert caught.value.problems == (sentence,)


def test_what_is_fixed_or_shared_already_cannot_be_held():
    known = model_of(0.25)
    with pytest.raises(fe.SpecError, match="no unknown parameter 'shift"):
        known.holding({DELTA: 0.5})
    shared = model_of(fe.Shared("d"), parameters={"d": fe.Normal(0, 1)})
    with pytest.raises(fe.SpecError, match="no unknown parameter 'shift"):
        shared.holding({DELTA: 0.5})


def test_all_of_it_at_once():
    with pytest.raises(fe.SpecError) as caught:
        FREE.holding({"nobody": 1.0, "a -> b": 2.0, DELTA: "x"})
    assert len(caught.value.problems) == 3
    with pytest.raises(fe.SpecError, match="instead must be a mapping; given 3"):
        model_of(0.25, instead=3)
