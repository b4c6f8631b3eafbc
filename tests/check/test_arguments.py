"""What the arguments of checks may be: one table of rules, each with its sentence."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe
from funnelest.check.arguments import ALLOWED, problems_of
from funnelest.check.wording import lists, unknown


@pytest.mark.parametrize("name", [name for name, rule in ALLOWED.items() if rule.bad])
def test_a_bad_argument_is_named(name):
    for value in ALLOWED[name].bad:
        (said,) = problems_of(**{name: value})
        assert said.startswith(f"{name} must ")
        assert repr(value) in said


def test_good_arguments_are_taken():
    for name, rule in ALLOWED.items():
        for value in (*rule.good, *([None] if rule.optional else [])):
            assert problems_of(**{name: value}) == []


def test_a_whole_number_of_any_kind_is_one():
    model = fe.Model(
        fe.Route("a", "b"), fe.Population.cells(), fe.Number(100.0),
        {("a", "b"): fe.Share(fe.Beta(2, 3))}, [fe.Cohort(name="c", of="a", step="b", yes=7, n=20)],
    )  # fmt: skip
    one = fe.fit(model, draws=400, chains=2, seed=1, progress=False)
    two = fe.fit(model, draws=np.int64(400), chains=2.0, seed=np.int64(1),
                 progress=False)  # fmt: skip
    np.testing.assert_array_equal(one.draws["a -> b"], two.draws["a -> b"])


def test_only_lists_with_names_are_told():
    (said,) = lists("posterior_predictive", {"not_compared": ("one", "two"), "poor": ()})
    assert said.key == "posterior_predictive.not_compared"
    assert unknown("source", "c", ["a", "b"]) == "there is no source 'c'; these are: a, b."
    assert unknown("source", "c", []) == "there is no source 'c'; these are: none."
