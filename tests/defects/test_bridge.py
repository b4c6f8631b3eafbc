"""Bridges: named factors between units and definitions."""

from __future__ import annotations

import dataclasses

import pytest

import funnelest as fe

WHY = fe.LogNormal(0.4, 0.2, statement="reports per child, by the inspectorate", source="p. 3")


def test_times_and_divided_by(expected):
    values = {"reports[r]": 1.6}
    assert expected(fe.Bridge("reports", WHY), values=values) == pytest.approx(850 * 1.6)
    inverse = fe.Bridge("reports", WHY, inverse=True)
    assert expected(inverse, values=values) == pytest.approx(850 / 1.6)
    both = [fe.Bridge("reports", WHY), fe.Bridge("known", fe.Fixed(1.25, statement="s"), True)]
    assert expected(*both, values=values) == pytest.approx(850 * 1.6 / 1.25)


def test_of_a_share_it_stops_below_one(measured):
    """A share of 0.1, counted by a definition that is so many times as wide."""
    assert measured(fe.Bridge("wide", WHY), values={"wide[s]": 3.0}) == pytest.approx(0.3)
    assert measured(fe.Bridge("wide", WHY), values={"wide[s]": 30.0}) == pytest.approx(1.0)
    assert measured(fe.Bridge("wide", WHY), values={"wide[s]": 30.0}) < 1
    narrow = fe.Bridge("wide", WHY, inverse=True)
    assert measured(narrow, values={"wide[s]": 4.0}) == pytest.approx(0.025)


def test_what_is_true_and_what_is_registered(checked):
    """Reports per child make more records, of the same children."""
    double = fe.Bridge("reports", fe.Fixed(2.0, statement="s"))
    assert checked("ppv", double, fe.PPV(0.8)) == pytest.approx(0.8)
    assert checked("coverage", double, fe.Coverage(0.5)) == pytest.approx(0.5)


def test_a_unit_and_a_definition(model_of):
    """A source of another unit is refused, until a bridge from that unit is given."""
    route = fe.Route("a", "b", "c", unit="children", definition="severe violence")
    model = model_of()
    register = fe.Register(name="r", step="b", count=3, unit="reports", definition="violence")

    def made(*defects):
        return fe.Model(
            route, model.population, model.occurrence, model.transitions,
            [dataclasses.replace(register, defects=defects)],
        )  # fmt: skip

    with pytest.raises(fe.SpecError) as caught:
        made()
    assert len(caught.value.problems) == 2
    unit = fe.Bridge("reports per child", WHY, unit="reports")
    with pytest.raises(fe.SpecError, match="'definition' is 'violence'") as caught:
        made(unit)
    assert len(caught.value.problems) == 1
    made(unit, fe.Bridge("all violence", WHY, definition="violence"))
    made(unit, fe.PPV(0.4, definition="violence"))
    one = fe.Bridge("severe children per report", WHY, unit="reports", definition="violence")
    found = made(one)
    same = dataclasses.replace(register, unit="children", definition="severe violence")
    assert fe.Model(route, model.population, model.occurrence, model.transitions, [same])
    ledger = {entry.about: entry for entry in found.ledger()}
    entry = ledger["severe children per report[r]"]
    assert (entry.statement, entry.source) == (WHY.statement, "p. 3")
    bare = fe.Register(name="r", step="b", count=3)
    ledger = {
        entry.about: entry
        for entry in fe.Model(route, model.population, model.occurrence, {}, [bare]).ledger()
    }
    assert ledger["unit[r]"].value == "children, as the route"
    assert ledger["definition[r]"].kind == "default"
