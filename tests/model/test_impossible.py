"""Groups that are larger than what they are taken from: refused, or asked about."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

import funnelest as fe

ROUTE = fe.Route("a", "b", "c", skips=[("a", "c")])
CELLS = fe.Population.cells({"sex": ["f", "m"], "year": [2001, 2002]})
NUMBER = fe.Number(fe.LogUniform(1, 1e4))
PEOPLE = fe.Population({"sex": ["f", "m"]}, [40, 60])
PPV, COVERAGE = fe.PPV(fe.Beta(1, 1)), fe.Coverage(fe.Beta(1, 1))
EVERYBODY = fe.Register(name="r", step="a", count=30)


def model(*evidence, people=False, assumptions=()):
    rate = fe.Rate(fe.Beta(1, 1)) if people else NUMBER
    return fe.Model(ROUTE, PEOPLE if people else CELLS, rate, {}, evidence, assumptions)


def silent(*evidence, **given):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return model(*evidence, **given)


def audit(what, yes, n, **given):
    return fe.Validation(name="v", of="r", what=what, yes=yes, n=n, **given)


#: Of each a group that fits, one that is as large, one that is too large; and what it is beside.
FOLLOWED = {
    "cohort": (
        lambda n: fe.Cohort(name="x", of="a", step="b", yes=9, n=n), (29, 30, 31), [EVERYBODY],
    ),
    "of all whom a step has": (
        lambda n: fe.Cohort(name="x", of="b", step="c", yes=9, n=n), (29, 30, 31), [EVERYBODY],
    ),
    "that came": (
        lambda n: fe.Cohort(name="x", of="a", step="b", yes=n, n=99), (29, 30, 31),
        [fe.Register(name="r", step="b", count=30)],
    ),
    "went": (
        lambda n: fe.Cohort(name="x", of="a", went={"b": n}, n=99), (29, 30, 31),
        [fe.Register(name="r", step="b", count=30)],
    ),
    "survey": (
        lambda n: fe.Survey(name="x", of="a", step="b", yes=9, n=n), (29, 30, 31), [EVERYBODY],
    ),
    "cascade": (
        lambda n: fe.Cascade(name="x", counts={"a": n, "b": 9}), (29, 30, 31), [EVERYBODY],
    ),
    "shares": (
        lambda n: fe.Cascade(name="x", counts={"a": n}, shares={"b": fe.Rounded(0.3, to=0.1)}),
        (29, 30, 31), [EVERYBODY],
    ),
    "printed": (
        lambda n: fe.Cohort(name="x", of="a", step="b", yes=9, n=n), (34, 35, 36),
        [fe.Register(name="r", step="a", count=fe.Between(20, 35), defects=[fe.Coverage(1.0)])],
    ),
    "cells": (
        lambda n: fe.Cohort(name="x", of="a", step="b", yes=9, n=n, where={"sex": "f"}),
        (19, 20, 21),
        [fe.Register(name="r", step="a", by="sex", count={"f": 20, "m": 70})],
    ),
    "total": (
        lambda n: fe.Cohort(name="x", of="a", step="b", yes=9, n=n), (29, 30, 31),
        [fe.Register(name="r", step="a", by="sex", total=30,
                     count={"f": fe.Between(0, 20), "m": fe.Between(0, 20)})],
    ),
    "mean": (
        lambda n: fe.Cohort(name="x", of="a", step="b", yes=9, n=n), (59, 60, 61),
        [fe.Register(name="r", step="a", count=30, per="year")],
    ),
    "records": (lambda n: audit("ppv", 9, n), (29, 30, 31), [replace(EVERYBODY, defects=[PPV])]),
    "studies": (
        lambda n: audit("ppv", [9, 9], [12, n]), (29, 30, 31), [replace(EVERYBODY, defects=[PPV])],
    ),
    "three outcomes": (
        lambda n: audit("ppv", 9, n, unconfirmed=2), (29, 30, 31),
        [replace(EVERYBODY, defects=[PPV])],
    ),
    "people in a register": (
        lambda n: audit("coverage", n, 60), (29, 30, 31), [replace(EVERYBODY, defects=[COVERAGE])],
    ),
    "known people": (
        lambda n: audit("coverage", 3, n), (39, 40, 41),
        [replace(EVERYBODY, defects=[COVERAGE]), fe.Register(name="all", step="a", count=40)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOLLOWED)
def test_what_is_followed_or_checked_is_asked_about(name):
    """They may be others, unless somebody said that they are not."""
    made, (fits, equal, more), beside = FOLLOWED[name]
    for among in (None, True, False):
        silent(replace(made(fits), among=among), *beside)
    with pytest.warns(fe.FunnelestWarning, match="among=True.*among=False") as caught:
        model(made(equal), *beside)
    assert len(caught) == 1
    silent(replace(made(equal), among=True), *beside)
    with pytest.warns(fe.FunnelestWarning, match=f"{more} .*cannot all be.*among=False") as caught:
        model(made(more), *beside)
    assert len(caught) == 1
    with pytest.raises(fe.SpecError, match=f"{more} .*cannot all be") as refused:
        model(replace(made(more), among=True), *beside)
    assert len(refused.value.problems) == 1
    silent(replace(made(more), among=False), *beside)


@pytest.mark.parametrize(
    "beside",
    [
        replace(EVERYBODY, defects=[COVERAGE]),
        replace(EVERYBODY, defects=[fe.FalsePositives(2.0)]),
        replace(EVERYBODY, defects=[PPV]),
        replace(EVERYBODY, count=fe.AtLeast(30)),
        replace(EVERYBODY, where={"sex": "f"}),
        replace(EVERYBODY, step="b"),
    ],
    ids=["part", "others in it", "ppv", "no limit", "others", "a way round"],
)
def test_what_leaves_room_is_not_asked_about(beside):
    silent(fe.Cohort(name="x", of="a", step="c", yes=40, n=60), beside)


ASKED = {
    "survey": lambda n: fe.Survey(name="x", step="a", yes=9, n=n),
    "share": lambda n: fe.Survey(name="x", step="a", share=fe.Rounded(0.3, to=0.1), n=n),
    "deff": lambda n: fe.Survey(name="x", step="a", yes=9, n=n, deff=2.0),
    "test": lambda n: fe.Survey(
        name="x", step="a", yes=9, n=n, defects=[fe.TestError(sensitivity=fe.Beta(9, 1))]
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_more_people_asked_than_there_are(name):
    made = ASKED[name]
    silent(made(100), people=True)
    with pytest.raises(
        fe.SpecError, match=r"asked 101 people, of a population of 100.*among=False"
    ):
        model(made(101), people=True)
    with pytest.raises(fe.SpecError, match=r"of a population of 40 .*sex"):
        model(replace(made(41), where={"sex": "f"}), people=True)
    silent(replace(made(101), among=False), people=True)
    uncertain = fe.PopulationError(prior=fe.LogNormal(0.0, 0.2), statement="an old census")
    silent(made(101), people=True, assumptions=[uncertain])


def test_more_people_counted_than_there_are():
    counted = fe.Register(name="r", step="b", count=101)
    with pytest.raises(fe.SpecError, match="counted 101 people, of a population of 100"):
        model(counted, people=True)
    silent(replace(counted, count=100), people=True)
    silent(replace(counted, defects=[fe.FalsePositives(5.0)]), people=True)
    with pytest.warns(fe.FunnelestWarning, match="followed 101 people from 'b', of a population"):
        model(fe.Cohort(name="x", of="b", step="c", yes=9, n=101), people=True)


def test_every_problem_is_in_one_error():
    with pytest.raises(fe.SpecError) as refused:
        model(ASKED["survey"](400), fe.Register(name="r", step="a", count=150), people=True)
    assert len(refused.value.problems) == 2


def test_the_ledger_says_that_they_may_be_others():
    one = fe.Cohort(name="x", of="a", step="b", yes=9, n=20)
    said = [e for e in model(one).ledger() if "may be of another place" in e.value]
    assert [e.about for e in said] == ["followed or checked in x"]
    assert not said[0].stated
    for among in (True, False):
        rows = model(replace(one, among=among)).ledger()
        assert not [e for e in rows if "may be of another place" in e.value]
    shares = fe.Model(ROUTE, evidence=[one])
    assert not [e for e in shares.ledger() if "may be of another place" in e.value]


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"between": fe.HalfNormal(0.5)}, "between"), ({"what": "specificity"}, "ppv")],
)
def test_what_among_does_not_go_with(fields, said):
    one = replace(audit("ppv", 9, 20, among=True), **fields)
    with pytest.raises(fe.SpecError, match=f"field 'among' .*{said}"):
        model(one, replace(EVERYBODY, defects=[PPV]))
