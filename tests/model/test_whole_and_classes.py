"""A source beside the classes of its own people is asked about, whatever kind it is."""

from __future__ import annotations

import warnings

import pytest

import funnelest as fe

PEOPLE = fe.Population(
    {"sex": ["m", "f"], "region": ["N", "S"]}, [[300_000, 200_000], [300_000, 200_000]],
    regions="region",
)  # fmt: skip
MEN, WOMEN = {"sex": "m"}, {"sex": "f"}


def asked(*evidence: fe.Evidence) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fe.Model(
            fe.Route("a", "b"), PEOPLE, fe.Rate(fe.LogUniform(1e-6, 0.5)),
            {("a", "b"): fe.Share(fe.Beta(1, 1))}, evidence=evidence,
        )  # fmt: skip
    return [str(one.message) for one in caught]


def coverage() -> list[fe.Defect]:
    return [fe.Coverage(fe.Beta(8, 2))]


def register(name, count, where, defects=(), **more):
    return fe.Register(name, step="b", count=count, where=where, defects=defects, **more)


def survey(name, yes, n, where):
    return fe.Survey(name, step="a", yes=yes, n=n, where=where)


def cohort(name, yes, n, where):
    return fe.Cohort(name, of="a", step="b", yes=yes, n=n, where=where)


def rounded(value):
    return fe.Rounded(value, to=10)


#: A whole and its classes, and what is said of them.
TWICE = {
    "surveys": ([survey("w", 100, 1000, {}), survey("m", 60, 600, MEN),
                 survey("f", 40, 400, WOMEN)], "together of as many people"),
    "cohorts": ([cohort("w", 100, 1000, {}), cohort("m", 60, 600, MEN),
                 cohort("f", 40, 400, WOMEN)], "together of as many people"),
    "printed shares": (
        [fe.Survey(name, step="a", share=fe.Rounded(share, to=0.01), n=n, where=where)
         for name, share, n, where in (("w", 0.1, 1000, {}), ("m", 0.11, 600, MEN),
                                       ("f", 0.09, 400, WOMEN))], "together of as many people"),
    "in one region": (
        [survey("w", 100, 1000, {"region": "N"}), survey("m", 60, 600, {"region": "N", **MEN}),
         survey("f", 40, 400, {"region": "N", **WOMEN})], "together of as many people"),
    "rounded and complete": (
        [register("w", rounded(510), {}), register("m", rounded(240), MEN),
         register("f", rounded(260), WOMEN)], "they are the same people"),
    "incomplete": (
        [register("w", 500, {}, coverage()), register("m", 240, MEN, coverage()),
         register("f", 260, WOMEN, coverage())], "add up to what Register 'w' says"),
    "one table": (
        [register("w", 500, {}, coverage()),
         register("c", {"m": 240, "f": 260}, {}, coverage(), by="sex")],
        "adds up to what Register 'w' says"),
    "totals": (
        [fe.Total(name, step="b", estimate=number, interval=interval, where=where)
         for name, number, interval, where in (("w", 500, (400, 620), {}),
                                               ("m", 240, (180, 320), MEN),
                                               ("f", 260, (190, 330), WOMEN))],
        "add up to what Total 'w' says"),
}  # fmt: skip
#: Sources that are no more alike than others are, or count once.
FINE = {
    "of more people": [survey("w", 100, 1000, {}), survey("m", 60, 600, MEN),
                       survey("f", 40, 500, WOMEN)],
    "other answers": [survey("w", 100, 1000, {}), survey("m", 60, 600, MEN),
                      survey("f", 60, 400, WOMEN)],
    "other cells": [survey("w", 100, 1000, {}), survey("m", 60, 600, MEN),
                    survey("f", 40, 400, {"region": "N", **WOMEN})],
    "exact counts, taken together": [register("w", 500, {}), register("m", 240, MEN),
                                     register("f", 260, WOMEN)],
    "another number": [register("w", 520, {}, coverage()), register("m", 240, MEN, coverage()),
                       register("f", 260, WOMEN, coverage())],
    "few, that add up by chance": [register("w", 5, {}, coverage()),
                                   register("m", 3, MEN, coverage()),
                                   register("f", 2, WOMEN, coverage())],
    "rounded, that add up by chance": [
        register("w", rounded(510), {}, coverage()), register("m", rounded(240), MEN, coverage()),
        register("f", rounded(260), WOMEN, coverage()),
    ],
    "the classes alone": [survey("m", 60, 600, MEN), survey("f", 40, 400, WOMEN)],
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_it_is_asked(name):
    """A survey of 1,000 beside the same by sex was one of 2,000, without a word."""
    evidence, words = TWICE[name]
    for order in (evidence, evidence[::-1]):
        (said,) = [one for one in asked(*order) if "Leave out the whole" in one
                   or "leave out the whole" in one]  # fmt: skip
        assert words in said


@pytest.mark.parametrize("name", FINE)
def test_it_is_not_asked(name):
    assert not [one for one in asked(*FINE[name]) if "out the whole" in one]


def test_classes_of_a_whole_of_many_sources():
    """Found by an index where there are many."""
    levels = [f"p{i}" for i in range(60)]
    people = fe.Population({"place": levels}, [10_000] * 60, regions="place")
    parts = [fe.Survey(one, step="a", yes=i, n=100 + i, where={"place": one})
             for i, one in enumerate(levels)]  # fmt: skip
    yes, n = sum(range(60)), sum(range(100, 160))
    whole = fe.Survey("all", step="a", yes=yes, n=n)
    with pytest.warns(fe.FunnelestWarning, match="together of as many people as Survey 'all'"):
        fe.Model(fe.Route("a"), people, fe.Rate(fe.Beta(1, 9)), evidence=[*parts, whole])
