"""Constraints of fields: what they take, what they refuse, and the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import funnelest as fe
from funnelest import fields

ROUTE = fe.Route("first", "second")
PEOPLE = fe.Population({"age": [(0, 11), (12, 17)], "sex": ["m", "f"]}, [[3, 4], [5, 6]])

CONSTRAINTS = {
    "number": fields.number(),
    "positive": fields.POSITIVE,
    "at least": fields.number(least=1),
    "share": fields.SHARE,
    "open share": fields.number(above=0, below=1),
    "half open": fields.number(above=0, most=0.5),
    "most": fields.number(most=3),
    "whole": fields.whole(2),
    "left out": fields.whole(1).or_none,
    "pair": fields.PAIR,
    "seed": fields.SEED,
    "text": fields.TEXT,
    "truth": fields.TRUTH,
    "mapping": fields.MAPPING,
    "function": fields.FUNCTION,
    "one of": fields.one_of("rate", "odds"),
    "one of two orders": fields.one_of(1, 2),
    "list": fields.instances(fe.Asked, "Asked", some=True),
    "axis": fields.AXIS,
    "step": fields.STEP,
}


def problems(constraint, value):
    return constraint.problems("held", value, ROUTE, PEOPLE)


@pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_a_constraint_takes_its_good_examples_and_refuses_its_bad_ones(constraint):
    assert constraint.bad
    for value in constraint.good:
        assert problems(constraint, value) == []
    for value in constraint.bad:
        (text,) = problems(constraint, value)
        assert text.startswith("field 'held' ")
        assert repr(value) in text
        assert text.endswith(".")


@pytest.mark.parametrize(
    ("constraint", "value", "sentence"),
    [
        (fields.number(least=1), 0.5, "field 'held' must be at least 1; given 0.5."),
        (fields.SHARE, 1.2, "field 'held' must lie between 0 and 1; given 1.2."),
        (fields.whole(2), 1, "field 'held' must be a whole number of at least 2; given 1."),
        (
            fields.number(above=0, most=0.5),
            0,
            "field 'held' must be above 0 and at most 0.5; given 0.",
        ),
        (
            fields.AXIS,
            "agee",
            "field 'held' names axis 'agee'; the population's axes are: age, sex.",
        ),
        (
            fields.STEP,
            "frst",
            "field 'held' names the unknown step 'frst'; the steps are: first, second.",
        ),
    ],
)
def test_a_sentence_says_what_is_allowed_and_what_was_given(constraint, value, sentence):
    assert problems(constraint, value) == [sentence]


def test_a_field_that_may_be_left_out():
    assert problems(fields.whole(1).or_none, None) == []
    assert problems(fields.whole(1).or_none, 0)
    assert problems(fields.AXIS.or_none, None) == problems(fields.STEP.or_none, None) == []


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3), np.uint8(3), 10**15])
def test_a_number_is_a_number(value):
    assert fields.is_number(value)
    assert fields.is_whole(value, 3)


def test_no_count_is_larger_than_what_floating_point_holds_whole():
    assert fields.is_number(10**300)
    assert not fields.is_whole(10**300)
    expected = ["field 'held' must be at most 1e+15; given 1e+30."]
    assert problems(fields.whole(1), 1e30) == expected


@pytest.mark.parametrize(
    "value", [True, np.bool_(1), "3", 3j, np.complex128(3), np.nan, np.inf, 10**400, [3], None]
)
def test_what_is_no_number(value):
    assert not fields.is_number(value)
    assert not fields.is_whole(value)


@dataclass(frozen=True)
class Base:
    yes: object = 1
    allowed: ClassVar[fields.Allowed] = {"yes": fields.whole(0)}


@dataclass(frozen=True)
class Kind(Base):
    deff: object = 1.0
    allowed: ClassVar[fields.Allowed] = {"deff": fields.number(least=1)}


@dataclass(frozen=True)
class Own(Base):
    """A kind of a user, who calls a field `allowed`."""

    allowed: object = "anything"  # type: ignore[assignment, misc]


def test_fields_of_a_class_and_its_bases_are_checked_at_once():
    assert list(fields.wrong_fields(Kind(-1, 0.5))) == ["yes", "deff"]
    assert len(fields.problems_of(Kind(-1, 0.5))) == 2
    assert fields.problems_of(Kind(np.int64(3), np.float64(1.5))) == []


def test_a_field_of_a_user_that_is_called_allowed():
    assert list(fields.wrong_fields(Own(-1, allowed=3))) == ["yes"]


def test_one_rule_for_a_seed():
    for seed in (0, np.int64(1), np.uint32(5), 2**32 - 1):
        assert fields.seed_problems(seed) == []
    for seed in (True, 1.0, -1, 2**32, None, [1]):
        assert fields.seed_problems(seed)
    rng = np.random.default_rng(1)
    assert fields.seed_problems(rng)
    assert fields.seed_problems(rng, generator=True) == []
    assert fields.seed_problems(np.int64(1), generator=True) == []
    assert "or a numpy.random.Generator" in fields.seed_problems(None, generator=True)[0]
