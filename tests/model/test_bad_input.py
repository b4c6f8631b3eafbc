"""What cannot be meant is refused, in sentences, all at once, and never with a traceback."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import FORMS

import funnelest as fe

SEEN = {"age": (12, 16), "year": 2017}


def refusal(build, *evidence, **parts):
    with pytest.raises(fe.SpecError) as caught:
        build(*evidence, **parts)
    return caught.value


def sentence(build, *evidence, **parts):
    problems = refusal(build, *evidence, **parts).problems
    assert len(problems) == 1, problems
    return problems[0]


# --------------------------------------------- one mistake: source, field, allowed, given

MISTAKES = {
    "share above 1": (
        fe.Survey(name="s", step="happened", share=1.2, n=100),
        ["Survey 's'", "'share'", "between 0 and 1", "1.2"],
    ),
    "share below 0": (
        fe.Cohort(name="c", of="told", step="helped", share=-0.1, n=100),
        ["Cohort 'c'", "'share'", "between 0 and 1", "-0.1"],
    ),
    "more yes than asked": (
        fe.Survey(name="s", step="happened", yes=40, n=39),
        ["Survey 's'", "'yes'", "(40)", "'n'", "n=39"],
    ),
    "more own yes than asked": (
        fe.OwnBinomial(name="o", quantity=lambda q: 0.5, yes=40, n=39),
        ["OwnBinomial 'o'", "'yes'", "'n'", "40 of 39"],
    ),
    "bare total": (
        fe.Survey(name="s", step="happened", total=20_800),
        ["Survey 's'", "'n'", "'deff'", "'se'", "'interval'", "total"],
    ),
    "bare share": (
        fe.Survey(name="s", step="happened", share=0.02),
        ["Survey 's'", "'n'", "'se'", "'interval'", "not evidence"],
    ),
    "bare number": (
        fe.Total(name="t", step="helped", estimate=12_500),
        ["Total 't'", "'se'", "'interval'", "not evidence"],
    ),
    "total above everybody": (
        fe.Survey(name="s", step="happened", total=9e9, n=100),
        ["Survey 's'", "'total'", "9,000,000,000"],
    ),
    "share that is not nested": (
        fe.Survey(name="s", step="reported", of="told", yes=3, n=39),
        ["Survey 's'", "'reported' can be reached without passing 'told'", "Cohort"],
    ),
    "backwards share": (
        fe.Survey(name="s", step="happened", of="told", yes=3, n=39),
        ["no path leads from 'told'", "'of'"],
    ),
    "not a multiple": (
        fe.Register(name="r", step="reported", count=fe.Rounded(955, to=50)),
        ["Register 'r'", "'count'", "955 is not a multiple of 50"],
    ),
    "no such transition": (
        fe.Register(name="r", step=("happened", "helped"), count=3),
        ["Register 'r'", "'step'", "happened -> helped", "told -> helped"],
    ),
    "empty where": (
        fe.Register(name="r", step="reported", count=3, where={"sex": []}),
        ["Register 'r'", "'sex'", "empty"],
    ),
    "coverage above 1": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Coverage(1.5)]),
        ["Register 'r'", "Coverage:", "between 0 and 1", "1.5"],
    ),
    "no coverage": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Coverage(0)]),
        ["Register 'r'", "Coverage:", "above 0"],
    ),
    "negative spread": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Overdispersion(-0.3)]),
        ["Register 'r'", "Overdispersion:", "above 0", "-0.3"],
    ),
    "no spread": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Overdispersion(0)]),
        ["Register 'r'", "Overdispersion:", "above 0"],
    ),
    "a factor per no axis": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Overdispersion(by="shoe")]),
        ["Register 'r'", "Overdispersion:", "field 'by' names axis 'shoe'", "sex"],
    ),
    "a factor per axis that is not split": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Overdispersion(by="sex")]),
        ["Register 'r'", "Overdispersion(by=...) names axis 'sex'", "not split"],
    ),
    "factors by number": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Overdispersion(by=3)]),
        ["Register 'r'", "Overdispersion:", "field 'by' must name axes, or be 'every figure'", "3"],
    ),
    "negative bridge": (
        fe.Register(
            name="r",
            step="reported",
            count=3,
            defects=[fe.Bridge("twice", fe.Fixed(-2, statement="no"))],
        ),
        ["Register 'r'", "Bridge: 'twice'", "above 0", "-2"],
    ),
    "bridge without a reason": (
        fe.Total(name="t", step="told", interval=(1, 2), defects=[fe.Bridge("x", fe.Beta(1, 1))]),
        ["Total 't'", "Bridge: 'x'", "statement"],
    ),
    "bridge named as another defect": (
        fe.Register(
            name="r",
            step="reported",
            count=3,
            defects=[fe.Bridge("coverage", fe.Fixed(0.5, statement="half"))],
        ),
        ["Register 'r'", "'coverage'", "name"],
    ),
    "impossible prior interval": (
        fe.Register(
            name="r",
            step="reported",
            count=3,
            defects=[fe.Coverage(fe.Beta.from_interval(0.9, 0.5))],
        ),
        ["Register 'r'", "Coverage:", "low=0.9", "high=0.5"],
    ),
    "unknown shared parameter": (
        fe.Register(name="r", step="reported", count=3, defects=[fe.Coverage(fe.Shared("kover"))]),
        ["coverage[r]", "'kover'", "'cover'"],
    ),
    "mean over an unknown axis": (
        fe.Register(name="r", step="reported", count=3, per="month"),
        ["Register 'r'", "'per'", "'month'", "age, sex, year"],
    ),
    "no destination": (
        fe.Cohort(name="c", of="told", yes=3, n=39),
        ["Cohort 'c'", "'step'", "'went'"],
    ),
    "no direct transition": (
        fe.Cohort(name="c", of="told", went={"investigated": 3}, n=39),
        ["Cohort 'c'", "'went'", "'investigated'", "reported, helped"],
    ),
    "more went than followed": (
        fe.Cohort(name="c", of="told", went={"reported": 30, "helped": 30}, n=39),
        ["Cohort 'c'", "'went'", "60", "n=39"],
    ),
    "estimate outside its interval": (
        fe.Total(name="t", step="helped", estimate=100, interval=(110, 120)),
        ["Total 't'", "'interval'", "100", "(110, 120)"],
    ),
    "design effect below 1": (
        fe.Survey(name="s", step="happened", yes=4, n=39, deff=0.5),
        ["Survey 's'", "'deff'", "at least 1", "0.5"],
    ),
    "unknown scale": (
        fe.OwnNormal(name="o", quantity=lambda q: 1.0, estimate=3, se=1, scale="sqrt"),
        ["OwnNormal 'o'", "'identity', 'log', 'logit'", "'sqrt'"],
    ),
    "no function": (
        fe.OwnPoisson(name="o", quantity="helped", count=3),
        ["OwnPoisson 'o'", "'quantity'", "'helped'"],
    ),
    "asks an unknown axis": (
        fe.OwnPoisson(name="o", quantity=lambda q: q.number("told"), count=3, asks={"agee": 3}),
        ["OwnPoisson 'o'", "field 'asks'", "'agee'", "age, sex, year"],
    ),
    "asks half a band": (
        fe.OwnNormal(
            name="o", quantity=lambda q: q.number("told"), estimate=3, se=1, asks={"age": (0, 5)}
        ),
        ["OwnNormal 'o'", "field 'asks'", "0-5 on axis 'age' cuts the band 0-11"],
    ),
    "asks what is no selection": (
        fe.OwnBinomial(name="o", quantity=lambda q: 0.5, yes=3, n=39, asks=(0, 11)),
        ["OwnBinomial 'o'", "field 'asks'", "must be a mapping", "(0, 11)"],
    ),
    "asks no level": (
        fe.OwnPoisson(name="o", quantity=lambda q: q.number("told"), count=3, asks={"sex": []}),
        ["OwnPoisson 'o'", "field 'asks'", "'sex'", "empty"],
    ),
}


@pytest.mark.parametrize(("wrong", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told(wrong, words, build):
    text = sentence(build, wrong)
    assert all(word in text for word in words), text


# ------------------------------------------------------------------- defects, one by one

ONE = {"name": "r", "step": "reported", "count": 3}
WHY = fe.LogNormal(0.0, 0.1, statement="why")
ASKED = {"name": "s", "step": "told", "of": "happened", "yes": 20, "n": 90}


def register(*defects, **more):
    return fe.Register(**{**ONE, **more}, defects=list(defects))


def survey(*defects, **more):
    return fe.Survey(**{**ASKED, **more}, defects=list(defects))


DEFECTS = {
    "both kinds of false records": (
        register(fe.PPV(0.8), fe.FalsePositives(3)),
        ["Register 'r'", "PPV or FalsePositives, not both"],
    ),
    "twice the same defect": (
        register(fe.Coverage(0.8), fe.Coverage(0.7)),
        ["Register 'r'", "two defects are named 'coverage'"],
    ),
    "two bridges of one name": (
        register(fe.Bridge("x", WHY), fe.Bridge("x", WHY)),
        ["two defects are named 'x'"],
    ),
    "a parameter that another defect has": (
        survey(fe.TestError(sensitivity=0.8), fe.Bridge("sensitivity", WHY)),
        ["Survey 's'", "'sensitivity'"],
    ),
    "not a list": (
        fe.Register(**ONE, defects=fe.Coverage(0.8)),
        ["Register 'r'", "'defects' must be a list", "Coverage"],
    ),
    "no defects": (
        fe.Register(**ONE, defects=["coverage"]),
        ["'defects' must be a list of defects such as Coverage", "'coverage'"],
    ),
    "a defect of a count on a survey": (
        survey(fe.Coverage(0.8)),
        ["a Survey cannot carry Coverage", "counts and estimated numbers of people"],
    ),
    "a defect of a survey on a count": (
        register(fe.TestError(sensitivity=0.8)),
        ["a Register cannot carry TestError", "shares of people who were asked or tested"],
    ),
    "spread of an estimate": (
        fe.Total(name="t", step="told", interval=(1, 2), defects=[fe.Overdispersion()]),
        ["a Total cannot carry Overdispersion", "counts of records"],
    ),
    "clusters of your own": (
        fe.OwnBinomial(
            name="o", quantity=lambda q: 0.5 + 0.0 * q.number("told"), yes=3, n=39,
            defects=[fe.Clustered(clusters=3, icc=0.1)],
        ),
        ["an OwnBinomial cannot carry Clustered", "samples given as 'yes' of 'n'"],
    ),
    "defects of several destinations": (
        fe.Cohort(
            name="c", of="told", went={"reported": 3}, n=39,
            defects=[fe.TestError(sensitivity=0.8)],
        ),
        ["Cohort 'c'", "'went' does not go with defects"],
    ),
    "unknown term": (
        register(fe.Coverage(fe.Beta(8, 2), fe.Levels("sexx"))),
        ["Coverage: Levels: field 'axis' names axis 'sexx'", "age, sex, year"],
    ),
    "ppv above 1": (register(fe.PPV(1.2)), ["PPV:", "between 0 and 1", "1.2"]),
    "no ppv": (register(fe.PPV(0.0)), ["PPV:", "above 0"]),
    "no ppv at a level": (
        register(fe.PPV(fe.PerLevel("sex", {"male": 0.0, "female": 0.5}))),
        ["PPV:", "[sex=male] must be above 0"],
    ),
    "a coverage that is never below 1": (
        register(fe.Coverage(fe.Uniform(2, 3))),
        ["Coverage:", "between 0 and 1", "Uniform"],
    ),
    "completeness above 1": (register(fe.Completeness(1.01)), ["Completeness:", "1.01"]),
    "a known coverage that varies": (
        register(fe.Coverage(1.0, fe.Levels("sex"))),
        ["Coverage:", "cannot vary"],
    ),
    "fewer than no false records": (
        register(fe.FalsePositives(-2)),
        ["FalsePositives:", "between 0 and inf", "-2"],
    ),
    "false records by an unknown axis": (
        register(fe.FalsePositives(2, per="month")),
        ["FalsePositives:", "'per' names axis 'month'", "age, sex, year"],
    ),
    "a bridge without a name": (
        register(fe.Bridge("", WHY)), ["Bridge:", "'name' must be a name", "''"],
    ),
    "a bridge that is never above 0": (
        register(fe.Bridge("x", fe.Uniform(-2, -1, statement="s"))),
        ["Bridge: 'x'", "above 0", "no probability"],
    ),
    "a bridge that is no prior": (
        register(fe.Bridge("x", "twice")),
        ["Bridge: 'x'", "a prior or a number is needed", "'twice'"],
    ),
    "a unit without a bridge": (
        register(unit="investigations"),
        ["'unit' is 'investigations'", "the route's is 'children'", "give a Bridge with unit"],
    ),
    "a unit that is no text": (register(unit=3), ["'unit' must be text", "given 3"]),
    "a definition without a bridge": (
        survey(definition="any violence"),
        ["Survey 's'", "'definition' is 'any violence'", "'severe violence'", "give a Bridge"],
    ),
    "a definition with a bridge of a unit": (
        register(fe.Bridge("x", WHY), definition="any violence"),
        ["'definition' is 'any violence'", "a prior and a statement"],
    ),
    "a bridge from another unit": (
        register(fe.Bridge("x", WHY, unit="reports")),
        ["a bridge is from the unit 'reports'", "field 'unit' is ''"],
    ),
    "a spread that is no prior": (
        register(fe.Overdispersion("much")),
        ["Overdispersion:", "a prior or a number is needed", "'much'"],
    ),
    "unknowns of an axis that is not split": (
        register(fe.Unrecorded(0.1, axis="sex")),
        ["Unrecorded is of axis 'sex'", "not split", "'by'"],
    ),
    "unknowns named as a level": (
        register(
            fe.Unrecorded(0.1, axis="sex", name="male"), by="sex", count={"female": 2, "male": 1}
        ),
        ["Unrecorded:", "'male' is a level of 'sex'"],
    ),
    "unknowns of more than all": (
        register(
            fe.Unrecorded(1.1, axis="sex"), by="sex", count={"female": 2, "unknown": 1}
        ),
        ["Unrecorded:", "between 0 and 1", "1.1"],
    ),
    "no test error": (survey(fe.TestError()), ["'sensitivity', 'specificity' or both"]),
    "sensitivity above 1": (
        survey(fe.TestError(sensitivity=1.2)),
        ["TestError: field 'sensitivity' must be between 0 and 1", "1.2"],
    ),
    "specificity below 0": (
        survey(fe.TestError(specificity=fe.Uniform(-2, -1))),
        ["TestError: field 'specificity'", "no probability"],
    ),
    "specificity that is no prior": (
        survey(fe.TestError(specificity="high")),
        ["TestError: field 'specificity': a prior or a number is needed", "'high'"],
    ),
    "everybody is outside": (
        survey(fe.OutsideFrame(share=1.0, ratio=2.0, statement="s")),
        ["OutsideFrame: field 'share' must be below 1", "given 1"],
    ),
    "no rate outside": (
        survey(fe.OutsideFrame(share=0.1, ratio=0.0, statement="s")),
        ["OutsideFrame: field 'ratio' must be above 0", "given 0"],
    ),
    "outside without a reason": (
        survey(fe.OutsideFrame(share=0.1, ratio=2.0, statement="")),
        ["OutsideFrame:", "statement"],
    ),
    "a wrong prior of the people outside": (
        survey(fe.OutsideFrame(share=fe.Beta(1, -1), ratio=2.0, statement="s")),
        ["OutsideFrame: field 'share'", "beta must be above 0"],
    ),
    "one cluster": (
        survey(fe.Clustered(clusters=1, icc=0.1)),
        ["Clustered: field 'clusters' must be a whole number of at least 2", "given 1"],
    ),
    "broken clusters": (
        survey(fe.Clustered(clusters=2.5, icc=0.1)),
        ["Clustered: field 'clusters' must be a whole number", "2.5"],
    ),
    "no correlation": (
        survey(fe.Clustered(clusters=5, icc=0.0)),
        ["Clustered: field 'icc' must be above 0 and at most 1", "given 0"],
    ),
    "a wrong prior of the correlation": (
        survey(fe.Clustered(clusters=5, icc=fe.Normal(0, -1))),
        ["Clustered: field 'icc'", "sd must be above 0"],
    ),
    "clusters and a design effect": (
        survey(fe.Clustered(clusters=5, icc=0.1), deff=2.0),
        ["give field 'deff' or Clustered, not both"],
    ),
    "clusters of a share": (
        survey(fe.Clustered(clusters=5, icc=0.1), yes=None, share=0.2),
        ["Clustered needs a sample given as 'yes' of 'n'"],
    ),
    "clusters of one": (
        survey(fe.Clustered(clusters=90, icc=0.1)),
        ["90 clusters of 90 people leave none with two"],
    ),
    "a change before the years": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("year", 2015))),
        ["ChangePoint: 2015 lies outside the levels of 'year'", "2018 to 2018"],
    ),
    "a change at the first year": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("year", 2017))),
        ["ChangePoint: 2017 lies outside"],
    ),
    "a change after the years": (
        register(fe.PPV(fe.Beta(8, 2), fe.ChangePoint("year", [2018, 2019]))),
        ["PPV: ChangePoint: 2019 lies outside"],
    ),
    "a change within a band": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("age", 14))),
        ["ChangePoint: 14 cuts the band 12-16"],
    ),
    "changes that run backwards": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("age", [17, 12]))),
        ["'at' must ascend", "[17, 12]"],
    ),
    "a change at no year": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("year", []))),
        ["'at' names no level"],
    ),
    "a change in half a year": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("year", 2017.5))),
        ["'at' must be whole numbers", "2017.5"],
    ),
    "a change on names": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("sex", 2018))),
        ["ChangePoint: it needs an axis of numbers", "'sex' has names"],
    ),
    "a change on an unknown axis": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("month", 3))),
        ["ChangePoint: field 'axis' names axis 'month'", "age, sex, year"],
    ),
    "a change that is no prior": (
        register(fe.Coverage(fe.Beta(8, 2), fe.ChangePoint("year", 2018, 0.5))),
        ["ChangePoint: field 'prior' must be a prior", "0.5"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "words"), DEFECTS.values(), ids=DEFECTS)
def test_a_mistake_in_a_defect_is_told(wrong, words, build):
    text = sentence(build, wrong)
    assert all(word in text for word in words), text


def test_unknowns_of_an_unknown_axis(build):
    problems = refusal(build, register(fe.Unrecorded(0.1, axis="region"))).problems
    assert problems == (
        "Register 'r': Unrecorded: field 'axis' names axis 'region'; the population's axes are: "
        "age, sex, year.",
        "Register 'r': Unrecorded is of axis 'region', over which the counts are not split; say so "
        "in field 'by'.",
    )


def test_a_unit_needs_one_of_the_route(build):
    text = sentence(build, register(unit="investigations"), route=fe.Route("happened", "reported"),
                    transitions={})  # fmt: skip
    assert "the route does not say its own" in text
    assert "Route(..., unit=...)" in text


# ---------------------------------------------------- tables, studies, surveys, several lists

SEXES = {"name": "r", "step": "reported", "by": "sex"}


def lists(*registers, **more):
    """Return several registers on one step; two of 30 when none is given."""
    made = registers or [fe.Register(name=n, step="told", count=30) for n in "ab"]
    given = {"overlap": fe.Beta(1, 1, statement="s")} if "overlaps" not in more else {}
    return fe.Unlinked(**{"name": "u", "registers": list(made), **given, **more})


def of(name, count, **more):
    return fe.Register(**{"name": name, "step": "told", "count": count, **more})


THREE = [of("a", 100), of("b", 100), of("c", 100)]
PAIRS = {("a", "b"): 0, ("b", "c"): 0, ("a", "c"): 0}
SHARES = [fe.Asked(step="told", share=0.01), fe.Asked(step="reported", share=0.02)]


def joint(*asked, **more):
    given = {"asked": list(asked or SHARES), "se": [0.001, 0.002], "correlation": 0.3}
    return fe.JointSurvey(**{"name": "j", **given, **more})


WITHIN = {
    # ------------------------------------------------------------------- tables
    "counts without an axis": (
        fe.Register(name="r", step="reported", count={"male": 3}),
        ["'count' is a mapping", "'by'"],
    ),
    "one count of an axis": (
        fe.Register(**SEXES, count=3),
        ["'count' must map each class of sex to a number", "given 3"],
    ),
    "no counts": (fe.Register(**SEXES, count={}), ["'count' must map each class of sex", "{}"]),
    "a total of one count": (
        fe.Register(name="r", step="reported", count=3, total=3),
        ["'total' is of several counts", "'by'"],
    ),
    "an unknown axis": (
        fe.Register(name="r", step="reported", by="region", count={"north": 3}),
        ["'by' names axis 'region'", "age, sex, year"],
    ),
    "an axis that is no name": (
        fe.Register(name="r", step="reported", by=3, count={2017: 3}),
        ["'by' must name axes", "given 3"],
    ),
    "a mean over what is split": (
        fe.Register(name="r", step="reported", by="year", per="year", count={2017: 3}),
        ["'by' and 'per' both name 'year'"],
    ),
    "an unknown class": (
        fe.Register(**SEXES, count={"male": 3, "unknown": 4}),
        ["'count', unknown", "not a level", "needs the defect Unrecorded"],
    ),
    "a class that is cut": (
        fe.Register(name="r", step="reported", by="age", count={(0, 5): 3}),
        ["'count', 0-5", "cuts the band 0-11"],
    ),
    "a class outside the selection": (
        fe.Register(name="r", step="reported", by="year", where={"year": 2017}, count={2018: 3}),
        ["'count': 2018 lies outside field 'where' on axis 'year'"],
    ),
    "classes that overlap": (
        fe.Register(name="r", step="reported", by="age", count={(0, 16): 3, (12, 16): 3}),
        ["'count': 0-16 and 12-16 overlap"],
    ),
    "a class of too few axes": (
        fe.Register(name="r", step="reported", by=("sex", "year"), count={"male": 3}),
        ["'male' must be a tuple of one class of each of sex, year"],
    ),
    "a wrong count of a class": (
        fe.Register(**SEXES, count={"male": -3, "female": 3}),
        ["'count', male", "at least 0", "-3"],
    ),
    "a base that cannot print the number": (
        fe.Register(**SEXES, count={"male": fe.RandomlyRounded(42), "female": 3}),
        ["'count', male", "42 is not a multiple of 5"],
    ),
    "no base that can print the number": (
        fe.Register(name="r", step="reported", count=fe.RoundedToUnknown(42, (5, 10))),
        ["'count'", "42 is not a multiple of 5 or 10"],
    ),
    "a number that is withheld": (
        fe.Register(name="r", step="reported", count=fe.Withheld(value=3)),
        ["'count'", "'value' cannot be 3", "withheld"],
    ),
    "a wrong total": (
        fe.Register(**SEXES, count={"male": 3, "female": 4}, total=-1),
        ["'total': ", "at least 0", "-1"],
    ),
    "a total of no counts": (
        fe.Register(**SEXES, count={"male": 3}, total={"female": 4}),
        ["'total' names female", "no counts"],
    ),
    "a withheld range above the margin": (
        fe.Register(**SEXES, count=dict.fromkeys(["male", "female"], fe.Withheld(5, 9)), total=8),
        ["'total'", "at least 10", "more than the total (8)"],
    ),
    "a withheld range below the margin": (
        fe.Register(**SEXES, count={"male": fe.Withheld(), "female": 3}, total=8),
        ["'total'", "at most 7", "less than the total (8)"],
    ),
    "a margin of a mean that does not fit": (
        fe.Register(
            **SEXES, per="year", count={"male": 10, "female": 10}, total=fe.Rounded(30, to=10)
        ),
        ["'total'", "at most 20", "less than the total (30 rounded to 10)"],
    ),
    "a margin of one level that does not fit": (
        fe.Register(
            name="r", step="reported", by=("sex", "year"), total={"male": 9},
            count={("male", 2017): 3, ("male", 2018): 5, ("female", 2017): 1},
        ),
        ["'total'", "at most 8", "less than the total (9)"],
    ),
    "a margin of a limit": (
        fe.Register(**SEXES, count={"male": fe.AtMost(5), "female": 3}, total=8),
        ["'total' does not go with counts of which only a limit is known"],
    ),
    "a margin that says nothing": (
        fe.Register(
            **SEXES, total=fe.Rounded(10_000, to=5000),
            count={"male": fe.Rounded(5000, to=5000), "female": fe.Rounded(5000, to=5000)},
        ),
        ["'total'", "says next to nothing", "leave it out"],
    ),
    "false records of a table": (
        fe.Register(
            name="r", step="reported", by="year", count={2017: 3, 2018: 4},
            defects=[fe.FalsePositives(3)],
        ),
        ["FalsePositives must say how many there are in each class of 'year'", "per='year'"],
    ),
    "unknowns beside false records": (
        fe.Register(
            name="r", step="reported", by="year", count={2017: 3, 2018: 4, "?": 3},
            defects=[
                fe.FalsePositives(3, per="year"),
                fe.Unrecorded(fe.Beta(1, 9), fe.Levels("sex"), axis="year", name="?"),
            ],
        ),
        ["Unrecorded beside FalsePositives may vary over the axes of the false positives only"],
    ),
    # ------------------------------------------------------------------ studies
    "a study of nobody": (
        fe.Validation(name="v", of="r", what="coverage", yes=3, n=4),
        ["Validation 'v'", "'of' names the unknown source 'r'", "none"],
    ),
    "more than were checked": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=[3, 5], n=[4, 4]),
        ["'yes' must not be above field 'n'", "5 of 4"],
    ),
    "a study of nothing": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=0, n=0),
        ["'n' must be a whole number of at least 1", "given 0"],
    ),
    "half a person": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=2.5, n=4),
        ["'yes' must be a whole number of at least 0", "2.5"],
    ),
    "other numbers of studies": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=[3, 5], n=[4, 9, 8]),
        ["'yes' and 'n' must be of as many studies", "2 and 3"],
    ),
    "no studies": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=[], n=[]),
        ["'yes' and 'n' must be of as many studies", "0 and 0"],
    ),
    "a study of something else": (
        fe.Validation(name="v", of=["register"], what="coverage", yes=3, n=4),
        ["'of' names the unknown source ['register']"],
    ),
    "an unknown check": (
        fe.Validation(name="v", of="register doubted", what="recall", yes=3, n=4),
        ["'what' must be 'coverage' or 'ppv' for the Register 'register doubted'", "'recall'"],
    ),
    "a check of a survey": (
        fe.Validation(name="v", of="survey error", what="coverage", yes=3, n=4),
        ["'what' must be 'sensitivity' or 'specificity' for the Survey", "'coverage'"],
    ),
    "a check of nothing": (
        fe.Validation(name="v", of="own normal", what="ppv", yes=3, n=4),
        ["the OwnNormal 'own normal' has no coverage", "leave the Validation out"],
    ),
    "a check of what is not unknown": (
        fe.Validation(name="v", of="register", what="coverage", yes=3, n=4),
        ["Register 'register' has no coverage that could be estimated", "Coverage with a prior"],
    ),
    "a check of a perfect test": (
        fe.Validation(name="v", of="survey sensitivity", what="specificity", yes=3, n=4),
        ["has no specificity that could be estimated", "TestError with a prior"],
    ),
    "studies that are alike": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=3, n=4, between=0),
        ["'between' must be above 0"],
    ),
    "studies without spread": (
        fe.Validation(
            name="v", of="register doubted", what="ppv", yes=3, n=4, between=fe.Fixed(-1)
        ),
        ["'between' must be above 0"],
    ),
    "a share of what is confirmed": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=3, n=4, confirmable=0.5),
        ["'confirmable' only means something beside 'unconfirmed'"],
    ),
    "three ways of coverage": (
        fe.Validation(
            name="v", of="register doubted", what="coverage", yes=3, n=9, unconfirmed=2
        ),
        ["'unconfirmed' is of one study of the 'ppv'"],
    ),
    "too many unconfirmed": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=3, n=9, unconfirmed=7),
        ["'yes' and 'unconfirmed' add up to 10", "n=9"],
    ),
    "fewer than no unconfirmed": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=3, n=9, unconfirmed=-1),
        ["'unconfirmed' must be a whole number of at least 0", "-1"],
    ),
    "half an unconfirmed": (
        fe.Validation(name="v", of="register doubted", what="ppv", yes=3, n=9, unconfirmed=1.5),
        ["'unconfirmed' must be a whole number of at least 0", "1.5"],
    ),
    "more than all can be confirmed": (
        fe.Validation(
            name="v", of="register doubted", what="ppv", yes=3, n=9, unconfirmed=1,
            confirmable=1.5,
        ),
        ["'confirmable' must be between 0 and 1", "1.5"],
    ),
    # ------------------------------------------------- several shares of one survey
    "one share": (joint(SHARES[0], se=[0.001]), ["'asked' needs at least two shares", "Survey"]),
    "no shares": (
        joint(asked=["told"]), ["JointSurvey 'j'", "'asked' must be a list of Asked", "'told'"],
    ),
    "cells of all shares": (
        joint(where={"year": 2017}), ["'where' is not used here", "each of the shares has its own"],
    ),
    "an unknown step of a share": (
        joint(SHARES[0], fe.Asked(step="toldd", share=0.02)),
        ["'asked', share 2", "'toldd'", "happened, told"],
    ),
    "a share of nobody": (
        joint(SHARES[0], fe.Asked(step="told", of="reported", share=0.02)),
        ["'asked', share 2", "no path leads from 'reported' (field 'of') to 'told'"],
    ),
    "a share of all": (
        joint(SHARES[0], fe.Asked(step="told", share=1.0)),
        ["'asked', share 2", "strictly between 0 and 1", "1.0"],
    ),
    "shares without errors": (
        joint(se=None, correlation=None), ["give field 'covariance', or fields 'se' and"],
    ),
    "errors without a correlation": (
        joint(correlation=None), ["'se' needs field 'correlation'"],
    ),
    "two correlations": (
        joint(se=None, covariance=np.eye(2)), ["'covariance' or field 'correlation', not both"],
    ),
    "errors of too many shares": (
        joint(se=[0.1, 0.1, 0.1]), ["must be a 2 x 2 matrix", "(3, 3)"],
    ),
    "errors that are no numbers": (
        joint(se=["small", "large"]),
        ["field 'se' must be numbers, of one share each; given 'small', a text"],
    ),
    "a covariance that is not symmetric": (
        joint(se=None, correlation=None, covariance=[[1e-6, 1e-7], [0, 1e-6]]),
        ["'covariance' must be finite and symmetric"],
    ),
    "a covariance that is singular": (
        joint(*SHARES, fe.Asked(step="happened", share=0.03), se=[0.001] * 3, correlation=-0.5),
        ["must be positive definite: no such errors exist"],
    ),
    "a covariance of no errors": (
        joint(correlation=1.2), ["must be positive definite: no such errors exist"],
    ),
    # ------------------------------------------------------------------ several lists
    "no registers": (lists(registers="a, b"), ["'registers' must be a list of Register", "'a, b'"]),
    "one register": (lists(of("a", 30)), ["at least two registers", "given 1"]),
    "cells of all registers": (
        lists(where={"year": 2017}), ["'where' is not used here", "each register has its own"],
    ),
    "registers of two steps": (
        lists(of("a", 30), of("b", 30, step="reported")),
        ["the registers must be of one step", "'reported', 'told'"],
    ),
    "a wrong register": (
        lists(of("a", -30), of("b", 30)), ["Unlinked 'u'", "Register 'a'", "'count'", "-30"],
    ),
    "the coverage of one of several": (
        lists(of("a", 30, defects=[fe.Coverage(0.5)]), of("b", 30)),
        ["Register 'a'", "Coverage does not go with Unlinked", "'together'"],
    ),
    "totals alone": (
        lists(overlap=None), ["'overlap'", "'overlaps'", "totals alone do not say"],
    ),
    "two kinds of overlap": (
        lists(overlap=fe.Beta(1, 1, statement="s"), overlaps={("a", "b"): 3}),
        ["'overlap'", "'overlaps'"],
    ),
    "an overlap without a reason": (
        lists(overlap=fe.Beta(1, 1)), ["'overlap' needs a statement", "no figure says"],
    ),
    "more than a whole overlap": (
        lists(overlap=fe.Fixed(1.5, statement="s")),
        ["'overlap' must be between 0 and 1", "1.5"],
    ),
    "a wrong prior of the overlap": (
        lists(overlap=fe.Beta(1, -1, statement="s")), ["'overlap'", "beta must be above 0"],
    ),
    "more than all together": (
        lists(together=1.5), ["'together' must be between 0 and 1", "1.5"],
    ),
    "overlaps that are no pairs": (
        lists(overlaps=3), ["'overlaps' must be a mapping", "3"],
    ),
    "an overlap of three": (
        lists(overlaps={("a", "b"): 3, ("a", "b", "b"): 3}),
        ["('a', 'b', 'b') is not a pair of registers"],
    ),
    "an overlap with an unknown register": (
        lists(overlaps={("a", "b"): 3, ("a", "d"): 3}),
        ["'overlaps' names 'd'", "a, b"],
    ),
    "an overlap that is not given": (
        lists(*THREE, overlaps={("a", "b"): 3, ("b", "c"): 3}),
        ["'overlaps' must give the number on 'a' and 'c' once", "given no times"],
    ),
    "an overlap given twice": (
        lists(overlaps={("a", "b"): 3, ("b", "a"): 4}),
        ["the number on 'a' and 'b' once", "given 2 times"],
    ),
    "overlaps of tables": (
        lists(
            of("a", {"male": 30}, by="sex"), of("b", 30), overlaps={("a", "b"): 3},
        ),
        ["'overlaps' needs one count per register, not one per class"],
    ),
    "overlaps of other cells": (
        lists(of("a", 30, where={"year": 2017}), of("b", 30), overlaps={("a", "b"): 3}),
        ["'overlaps' needs registers of the same cells"],
    ),
    "overlaps with spread": (
        lists(
            of("a", 30, defects=[fe.Overdispersion()]), of("b", 30), overlaps={("a", "b"): 3},
        ),
        ["Register 'a' has more scatter than Poisson", "leave Overdispersion out"],
    ),
    "overlaps of a limit": (
        lists(of("a", fe.AtMost(30)), of("b", 30), overlaps={("a", "b"): 3}),
        ["Register 'a' has only a limit (at most 30)", "'overlap' in place of 'overlaps'"],
    ),
    "overlaps of few": (
        lists(*THREE[:2], of("c", 3), overlaps=PAIRS),
        ["Register 'c' has a count of 3", "not good below 20"],
    ),
    "fewer than no overlap": (
        lists(overlaps={("a", "b"): -3}),
        ["must be at least 0", "-3"],
    ),
    "a wrong prior of an overlap": (
        lists(overlaps={("a", "b"): fe.Gamma(-1, 1)}),
        ["overlaps[('a', 'b')]", "shape must be above 0"],
    ),
    "an overlap larger than a list": (
        lists(of("a", 50), of("b", fe.Rounded(30, to=10)), overlaps={("a", "b"): 40}),
        ["overlap of 'a' and 'b'", "at least 40 on both", "at most 34 on 'b'"],
    ),
    "an overlap larger than a list of a mean": (
        lists(
            of("a", 50, per="year"), of("b", 30, per="year"), overlaps={("a", "b"): 40},
        ),
        ["overlap of 'a' and 'b'", "at least 80 on both", "at most 60 on 'b'"],
    ),
    "overlaps of which there is no joint table": (
        lists(*THREE, overlaps={("a", "b"): 90, ("b", "c"): 90, ("a", "c"): 0}),
        ["no joint table can satisfy these overlaps", "'a', 'b' and 'c'", "the totals"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "words"), WITHIN.values(), ids=WITHIN)
def test_a_mistake_in_a_part_is_told(wrong, words, build):
    text = sentence(build, wrong)
    assert all(word in text for word in words), text


def test_two_registers_of_one_name(build):
    problems = refusal(build, lists(of("a", 30), of("a", 40))).problems
    assert "Unlinked 'u': two registers are named 'a'." in problems


#: Found when all else is well.
LATE = ("unknown shared parameter",)


def test_all_mistakes_come_in_one_error(build):
    """All of the above in one model: every sentence is there, each about its own source."""
    mistakes = {**MISTAKES, **DEFECTS, **WITHIN}
    assert len(mistakes) == len(MISTAKES) + len(DEFECTS) + len(WITHIN) > 150
    wrong = [
        replace(source, name=f"source {at}") for at, (source, _) in enumerate(mistakes.values())
    ]
    found = refusal(build, *wrong).problems
    for at, (name, (source, words)) in enumerate(mistakes.items()):
        mine = [text for text in found if text.startswith(f"{type(source).__name__} 'source {at}'")]
        words = [word for word in words if repr(source.name) not in word and word != "none"]
        assert any(all(word in text for word in words) for text in mine) or name in LATE, name


# -------------------------------------------------- figures that cannot be true together


def chain(build, *evidence, skips=(), **parts):
    route = fe.Route("happened", "told", "reported", "investigated", "helped", skips=skips)
    people = fe.Population({"year": [2017, 2018]}, [3_300_000, 3_300_000])
    return build(
        *evidence, route=route, population=people, transitions={},
        occurrence=fe.Rate(fe.LogNormal.from_interval(0.005, 0.06)), **parts,
    )  # fmt: skip


FACT_SHEET = (
    fe.Register(name="VT", step="reported", count=fe.Rounded(950, to=50), per="year"),
    fe.Total(name="help", step="helped", estimate=12_500, interval=(9_500, 15_500), per="year"),
)


def test_the_fact_sheet_is_impossible_without_skips(build):
    text = sentence(lambda *e, **p: chain(build, *e, **p), *FACT_SHEET)
    for words in (
        "Total 'help'",
        "Register 'VT'",
        "hardly go together",
        "skip edge is needed",
        "skips=[('told', 'reported')]".replace("reported", "helped"),
        "Bridge",
        "coverage",
    ):
        assert words in text, text


@pytest.mark.parametrize("skip", [("happened", "helped"), ("told", "helped")])
def test_the_fact_sheet_is_possible_with_a_skip(skip, build):
    assert len(chain(build, *FACT_SHEET, skips=[skip]).evidence) == 2


def test_a_bridge_or_coverage_makes_it_possible_too(build):
    vt, total = FACT_SHEET
    part = replace(vt, defects=[fe.Coverage(fe.Beta(2, 20))])
    assert chain(build, part, total)
    bridge = fe.Bridge("stock", fe.LogNormal(2, 1, statement="a stock"))
    assert chain(build, vt, replace(total, defects=[bridge]))


def test_more_than_everybody_is_impossible(build):
    text = sentence(build, fe.Register(name="r", step="told", count=90_000, where=SEEN))
    assert "more than the population" in text


def test_other_proportions_of_the_cells_are_not_called_impossible(build):
    """The sources see the same levels, but in years whose make-up differs: both can be true."""
    people = fe.Population(
        {"age": [1, 2], "year": [2017, 2018]}, [[100_000, 1_000], [1_000, 100_000]]
    )
    sources = [
        fe.Register(name="later", step="told", count=3000, where={"year": 2017}),
        fe.Register(name="earlier", step="happened", count=600, where={"year": 2018}),
    ]
    model = build(
        *sources, population=people, route=fe.Route("happened", "told"), transitions={},
        occurrence=fe.Rate(fe.Beta(1, 30), fe.Levels("age", fe.Normal(0, 3))),
    )  # fmt: skip
    truth = {"rate of happened": 0.05, "rate of happened[age=2]": -4.0, "happened -> told": 0.6}
    from funnelest.likelihood.density import log_likelihoods

    found = log_likelihoods(model, {name: np.array([v]) for name, v in truth.items()})
    assert found["later"] > -30  # that is, possible indeed
    same = fe.Rate(fe.Beta(1, 30))  # with one rate for all, it is not
    assert "hardly go together" in str(
        refusal(
            build, *sources, population=people, route=fe.Route("happened", "told"),
            transitions={}, occurrence=same,
        )
    )  # fmt: skip


def test_a_doubted_head_count_is_not_called_impossible(build):
    people = fe.Population({"year": [2001, 2002]}, [1_000, 1_000])
    sources = [
        fe.Register(name="later", step="told", count=900, where={"year": 2001}),
        fe.Register(name="earlier", step="happened", count=300, where={"year": 2002}),
    ]
    more = fe.PopulationError(
        prior=fe.LogNormal(1.0, 1.0), where={"year": 2001}, statement="many are not registered"
    )
    parts = {"population": people, "route": fe.Route("happened", "told"), "transitions": {}}
    assert build(*sources, **parts, assumptions=[more])
    assert "hardly go together" in str(refusal(build, *sources, **parts))


def test_figures_that_exclude_each_other_give_a_fit_error(build):
    """Not found by the checks, but by the engine: still a sentence and no traceback of NumPy."""
    model = build(
        fe.OwnCustom(
            name="never", quantity=lambda q: q.number("told"), data=0,
            log_likelihood=lambda data, expected: expected * -np.inf,
        )
    )  # fmt: skip
    with pytest.raises(fe.FitError, match="probability"):
        fe.fit(model, engine="importance", seed=1, progress=False)


# ------------------------------------------------------------------ everything at once


def test_all_problems_come_in_one_error(build):
    wrong = [
        fe.Survey(name="s", step="hapened", share=1.2, n=100, where={"agee": 3}),
        fe.Register(
            name="r", step="reported", count=fe.Rounded(955, to=50), defects=[fe.Coverage(2.0)]
        ),
        fe.Register(name="r", step=("told", "told"), count=-3),
        fe.Cohort(name="c", of="told", step="helped", yes=40, n=39, deff=0.1),
        fe.Total(name="t", step="helped", estimate=12_500),
        fe.OwnPoisson(name="o", quantity=3, count=3),
    ]
    error = refusal(
        build, *wrong,
        occurrence=fe.Rate(fe.Beta(1, -1), fe.Levels("sexx")),
        transitions={("happened", "helped"): fe.Share(0.5), ("told", "reported"): fe.Share(1.5)},
        assumptions=[fe.Shift(ages=(0, 5), like=(12, 16), prior=fe.Normal(0, 0), statement="")],
        parameters={"x": fe.Normal.from_interval(3, 1)},
    )  # fmt: skip
    text = str(error)
    assert text.startswith(f"{len(error.problems)} problems in the model:")
    for words in (
        "'hapened'", "given 1.2", "'agee'", "955 is not a multiple", "fixed at 2",
        "told -> told", "given -3", "(40)", "given 0.1", "'se' (standard error)",
        "given 3", "beta must be above 0",
        "'sexx'", "no transition happened -> helped", "fixed at 1.5", "cuts the band 0-11",
        "sd must be above 0", "statement", "low=3, high=1", "two pieces of evidence are named 'r'",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"engine": "stan"}, "given 'stan'"), ({"draws": 10}, "at least 400"),
        ({"draws": 400.5}, "whole number"), ({"chains": 1}, "at least 2"),
        ({"seed": -1}, "given -1"), ({"seed": "one"}, "given 'one'"), ({"start": 3}, "start must"),
    ],
)  # fmt: skip
def test_fit_refuses_what_cannot_be_meant(arguments, words, build):
    with pytest.raises(fe.SpecError) as caught:
        fe.fit(build(), **arguments)
    assert words in str(caught.value)
    with pytest.raises(fe.SpecError, match="must be a Model"):
        fe.fit("model", **arguments)


def test_simulate_wants_every_parameter(build):
    with pytest.raises(fe.SpecError, match="rate of happened"):
        fe.simulate(build(), seed=1, parameters={"cover": 0.9})
    with pytest.raises(fe.SpecError, match="'covr'"):
        fe.simulate(build(), seed=1, parameters={"covr": 0.9})


def test_leaving_out_an_unknown_source(build):
    with pytest.raises(fe.SpecError, match="no source 'q'"):
        build(fe.Register(name="r", step="told", count=3)).without("q")


# ------------------------------------------------------------------------- garbage

GARBAGE = st.sampled_from(
    [
        None, True, "", "abc", "told", 0, -1, 3, 0.5, 1.0, 2.5, -0.5, math.nan, math.inf, -math.inf,
        1e30, 1e-9, 10**30, (), (1,), (0.2, 0.1), (0.1, 0.2), (1, 2, 3), ("a", "b"), (None, None),
        (math.nan, 1.0), [], [1], ["told"], {}, {"age": 3}, {"told": 1}, {1: "x"}, object(),
        np.float64(0.3),
        np.int64(4), np.array([1.0, 2.0]), ("told", "helped"), fe.Beta(1, 1), fe.Fixed(0.5),
        fe.Shared("cover"), fe.Shared("none"), fe.Normal(0, -1), fe.Rounded(10, to=10),
        fe.Between(1, 3),
        fe.Exact(3), fe.Bridge("b", 2), [fe.Bridge("b", 2)], fe.Beta, lambda q: 1.0,
        fe.Withheld(), fe.AtLeast(2), fe.RandomlyRounded(10), fe.RoundedToUnknown("x"),
        fe.Disagreeing((1, None)), fe.Disagreeing((3, 4), use="mixture"), fe.Coverage(0.5),
        [fe.Coverage(0.5)], [fe.PPV(fe.Beta(2, 2), "sex")], (fe.FalsePositives(-1),),
        [fe.Completeness(0.9), fe.Completeness(0.9)], [fe.Unrecorded(0.1, axis="sex")],
        [fe.Unrecorded(0.1, axis=3)], [fe.TestError(sensitivity=0.8)], [fe.Overdispersion()],
        [fe.Clustered(clusters=3, icc=2.0)], [fe.OutsideFrame(share=2, ratio=1, statement=1)],
        [fe.Bridge("b", fe.Fixed(2.0, statement="s"), unit="reports")], "sex", ["age", "sex"],
        [3], {"male": 3}, {"male": 3, "female": "x"}, {"male": None}, {("male", 17): 3},
        {("police", "doctors"): 3}, fe.Register(name="x", step="told", count=3),
        [fe.Register(name="x", step="told", count=3)], [fe.Asked(step="told", share=0.3)],
        [fe.Asked(step=3, share="x")], [[1.0, 0.0], [0.0, 1.0]], [["x"]], [[math.nan]],
        "register", "police", "coverage", "ppv", "sensitivity", "specificity",
    ]
)  # fmt: skip


def made(make):
    """Return the model; None when it was refused in sentences. Any other error passes through."""
    try:
        return make()
    except fe.SpecError as error:
        problems = error.problems
    assert problems
    assert all(isinstance(text, str) and text.endswith((".", "?")) for text in problems), problems
    return None


@pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.__name__)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_garbage_is_refused_or_used_as_given(kind, build, data):
    """A wrong field gives a SpecError; what is accepted gives no nonsense when evaluated."""
    try_garbage(data.draw(st.sampled_from(FORMS[kind]), label="form"), build, data)


@pytest.mark.slow
@settings(
    max_examples=60, derandomize=False, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_garbage_in_any_form_with_fresh_seeds(source, build, data):
    try_garbage(source, build, data)


def try_garbage(source, build, data):
    names = [field.name for field in fields(source) if field.name != "name"]
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    values = {name: data.draw(GARBAGE, label=name) for name in chosen}
    model = made(lambda: build(replace(source, **values)))
    if model is None or isinstance(source, fe.OwnCustom) or "quantity" in values:
        return  # refused; or the user's own functions, which do what they do
    from funnelest.likelihood.density import Density, prior_draws

    density = Density(model)
    found = density(density.line(prior_draws(model, np.random.default_rng(1), 50)))
    assert (found < np.inf).all()
    if not np.isfinite(found).any():  # as a share of exactly 0 of which some were seen
        with pytest.raises(fe.FitError, match="gives these figures a positive probability"):
            fe.fit(model, seed=1)


HUGE = (10**30, 1e30, 10**9, -(10**30), (10**9, 10**9))


@pytest.mark.filterwarnings("ignore:.*They cannot all be of these")
@pytest.mark.filterwarnings("ignore:.*is taken as exact:funnelest.FunnelestWarning")
def test_a_huge_number_in_a_field_of_a_source_is_not_counted_up_to(source, build):
    """A field that is wrong ends the questions about its source (a hang ends the whole run)."""
    for field in fields(source):
        for huge in HUGE:
            made(lambda field=field, huge=huge: build(replace(source, **{field.name: huge})))


def test_a_huge_number_in_a_field_of_an_assumption_is_not_counted_up_to(assumption, build):
    for field in fields(assumption):
        for huge in HUGE:
            changed = {field.name: huge}
            made(lambda changed=changed: build(assumptions=[replace(assumption, **changed)]))


PARTS = [
    "occurrence",
    "transitions",
    "evidence",
    "assumptions",
    "parameters",
    "instead",
    "powers",
    "route",
    "population",
]


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PARTS), GARBAGE)
def test_garbage_parts_are_refused(build, part, value):
    model = made(lambda: build(**{part: value}))
    assert model is None or isinstance(model, fe.Model)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_garbage_in_an_assumption_is_refused(assumption, build, data):
    names = [field.name for field in fields(assumption)]
    values = {data.draw(st.sampled_from(names)): data.draw(GARBAGE)}
    model = made(lambda: build(assumptions=[replace(assumption, **values)]))
    assert model is None or isinstance(model, fe.Model)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GARBAGE, GARBAGE)
def test_garbage_in_a_rate_is_refused(build, one, two):
    for rate in (
        lambda: fe.Rate(one),
        lambda: fe.Rate(fe.Beta(1, 30), one),
        lambda: fe.Rate(fe.Beta(1, 30), fe.Levels(one)),
        lambda: fe.Rate(fe.Beta(1, 30), fe.Levels("sex", one, two)),
        lambda: fe.Rate(fe.Beta(1, 30), fe.RandomWalk(one, two)),
        lambda: fe.Rate(fe.Beta(1, 30), fe.RandomWalk("age", one, two, trend=0.1)),
        lambda: fe.Rate(fe.Beta(1, 30), fe.RandomWalk("age", 0.1, trend=one, reference=two)),
        lambda: fe.Rate(fe.Beta(1, 30), fe.Spline("age", one, trend=0.1, spacing=two)),
        lambda: fe.Hazard(one),
        lambda: fe.Rate(fe.PerLevel(one, {"male": 0.1})),
        lambda: fe.Rate(fe.PerLevel("sex", one)),
        lambda: fe.Rate(fe.PerLevel("sex", {"male": one, "female": two})),
        lambda: fe.Number(one),
        lambda: fe.Rate(fe.Normal(one, two)),
        lambda: fe.Rate(fe.Truncated(one, low=two)),
        lambda: fe.Rate(fe.Truncated(fe.Beta(1, 1), low=one, high=two)),
        lambda: fe.Rate(fe.Beta.from_interval(one, two)),
    ):
        model = made(lambda rate=rate: build(occurrence=rate()))
        assert model is None or isinstance(model, fe.Model)


def test_a_number_refuses_a_head_count_that_would_multiply_it():
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [1000, 500])
    with pytest.raises(fe.SpecError, match=r"Population\.cells"):
        fe.Model(fe.Route("a", "b"), people, fe.Number(300.0), {})


def test_a_number_refuses_an_error_of_the_head_count():
    error = fe.PopulationError(prior=fe.LogNormal(0, 0.1), statement="it is off")
    with pytest.raises(fe.SpecError, match="the occurrence is a Number"):
        fe.Model(
            fe.Route("a", "b"), fe.Population.cells(), fe.Number(300.0), {}, assumptions=[error]
        )


def test_a_shift_does_not_rest_on_imputed_ages():
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [1000, 500])
    shifts = [
        fe.Shift(ages=a, like=b, prior=1.0, statement="s")
        for a, b in (((0, 11), (12, 16)), ((12, 16), (0, 11)))
    ]
    with pytest.raises(fe.SpecError, match="themselves imputed"):
        fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)), {}, assumptions=shifts)


def test_per_belongs_to_a_total():
    people = fe.Population({"year": [2016, 2017]}, [1000, 500])
    survey = fe.Survey("s", step="b", yes=3, n=30, per="year")
    with pytest.raises(fe.SpecError, match="'per' is of a mean total"):
        fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)), {}, [survey])
