"""Assumptions about people that are not about their rate."""

from __future__ import annotations

import funnelest as fe


def test_a_doubted_head_count_is_said_in_both_languages():
    doubt = fe.PopulationError(
        prior=fe.LogNormal(0, 0.1), where={"age": (0, 11)}, statement="derived from bands"
    )
    assert doubt.sentence() == "The population of age 0-11 is off by one unknown factor."
    assert doubt.sentence("nl").startswith("Het getelde aantal mensen (age 0-11) wijkt")
    assert doubt.describe() == "the population of age 0-11 is off by one unknown factor"


def test_a_head_count_cannot_be_doubted_without_saying_why():
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [1000, 500])
    doubt = fe.PopulationError(prior=fe.LogNormal(0, 0.1), where={"age": (0, 11)})
    assert doubt.problems(people) == [
        "population factor[age 0-11]: field 'statement' is needed: why is the count uncertain?"
    ]
