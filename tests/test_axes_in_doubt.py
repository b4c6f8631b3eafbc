"""Axes of which nobody said what they hold: periods are asked about, names stand in the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelest as fe
from funnelest.roles import could_hold
from funnelest.words import Language, named


def model_with(people: fe.Population, *evidence: fe.Evidence) -> fe.Model:
    return fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)), evidence=evidence)


def total_of(model: fe.Model) -> float:
    """Return the number at the last step at one point, as tables give it."""
    q = fe.Quantities(model, {"rate of a": np.array([1e-4]), "a -> b": np.array([0.5])})
    return float(q.number("b", per="auto")[0])


def read_as(model: fe.Model) -> list[Any]:
    """Return the lines of the ledger that say how axes were read."""
    return [one for one in model.ledger() if one.about.startswith("axis ")]


def model_of(levels: Sequence[object], **roles: str) -> fe.Model:
    people = fe.Population({"x": levels}, [100.0] * len(levels), **roles)  # type: ignore[arg-type]
    return fe.Model(
        fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)),
        evidence=[fe.Register("r", step="b", count=5)],
    )  # fmt: skip


@pytest.mark.parametrize(
    "levels",
    [
        ["'19", "'20"],
        ["19", "20"],
        ["T0", "T1"],
        ["wave 1", "wave 2", "wave 3"],
        ["2019-H1", "2019-H2"],
        ["1e halfjaar 2019", "2e halfjaar 2019"],
        ["Q4 2019", "Q1 2020"],
    ],
)
def test_what_may_be_periods_is_not_summed_unasked(levels: list[str]) -> None:
    with pytest.raises(fe.SpecError) as caught:
        model_of(levels)
    (said,) = caught.value.problems
    assert "years='x'" in said
    assert "no_role='x'" in said
    assert model_of(levels, no_role="x").population.years is None
    assert model_of(levels, regions="x").population.years is None


def test_one_period_and_an_axis_beside_the_years_are_not_asked_about() -> None:
    assert model_of(["T0"]).population.years is None
    people = fe.Population({"x": ["T0", "T1"], "year": [2019, 2020]}, [[5, 5], [5, 5]])
    assert fe.Model(fe.Route("a"), people, fe.Rate(fe.Beta(1, 9))).population.years is not None


def test_names_alone_are_in_the_ledger_and_what_is_declared_is_not() -> None:
    (row,) = read_as(model_of(["kids", "teens"]))
    assert not row.stated
    assert row.value.startswith("it is taken to hold neither ages nor years")
    for declared in ({"no_role": "x"}, {"regions": "x"}):
        (row,) = read_as(model_of(["A", "B"], **declared))
        assert row.stated
        assert row.value.startswith("declared to hold")


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize(
    ("name", "levels"),
    [("year", [2019, 2020]), ("jaar", [2019]), ("age", [3, 4]), ("sex", ["m", "f"]), ("g", ["x"])],
)
def test_the_ledger_says_of_every_axis_how_it_was_read(
    name: str, levels: list[object], language: str
) -> None:
    people = fe.Population({name: levels}, [100.0] * len(levels))
    model = fe.Model(fe.Route("a"), people, fe.Rate(fe.Beta(1, 9)))
    for made in (model, fe.Model.from_dict(model.to_dict())):
        (row,) = read_as(made)
        assert (row.kind, row.stated) == ("default", False)
        show = Language(language)
        assert show.say(row.value) != ""
        role = made.population.axes[0].role
        assert str(row.value) == str(named(f"default.read.{role or 'other'}"))


def test_of_every_kind_of_code_the_levels_change_no_number() -> None:
    """Registers of 100 and 120 records are 220, whatever the two levels are called."""
    axes: list[tuple[str, list[object]]] = [
        (name, levels)
        for name in ("code", "postcode", "born", "birth cohort", "district", "week")
        for levels in ([2001, 2002], [1911, 1921], [201, 202], [1, 2], ["2001", "2002"], ["p", "q"])
    ]
    for name, levels in axes:
        people = fe.Population({name: levels}, [1e6, 2e6], no_role=name)
        counts = dict(zip(levels, (100, 120), strict=True))
        register = fe.Register("r", step="b", by=name, count=counts)
        assert total_of(model_with(people, register)) == pytest.approx(150)
        undeclared = fe.Population({name: levels}, [1e6, 2e6])
        if could_hold(undeclared.axes, "years") or could_hold(undeclared.axes, "ages"):
            with pytest.raises(fe.SpecError, match=f"no_role='{name}'"):
                model_with(undeclared, register)
        else:
            (row,) = read_as(again := model_with(undeclared, register))
            assert str(row.value) == str(named("default.read.other"))
            assert total_of(again) == pytest.approx(150)


@pytest.mark.parametrize("name", ["year", "jaar", "Perioden"])
@pytest.mark.parametrize(
    "levels", [[(2015, 2016), (2017, 2018)], ["2015-2016", "2017-2018"], [2015, (2016, 2018)]]
)
def test_bands_of_years_are_refused_with_what_to_write(name: str, levels: list[object]) -> None:
    for declared in ({}, {"years": name}):
        with pytest.raises(fe.SpecError) as caught:
            fe.Population({name: levels}, [1e6, 1e6], **declared)  # type: ignore[arg-type]
        (said,) = caught.value.problems
        assert f"where={{{name!r}: (201" in said
        assert f"no_role={name!r}" in said
    with pytest.raises(fe.SpecError, match="years='x'"):
        model_of(levels)
    people = fe.Population({name: levels}, [1e6, 1e6], no_role=name)
    model = fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)))
    assert model.population.mean_over("auto") is None


def test_what_is_counted_in_several_years_is_of_a_selection() -> None:
    """Two figures of two years each, 2,000 and 2,000, are 1,000 a year."""
    people = fe.Population({"year": [2015, 2016, 2017, 2018]}, [1e6] * 4)
    registers = [
        fe.Register(f"r{year}", step="b", count=2000, where={"year": (year, year + 1)})
        for year in (2015, 2017)
    ]
    model = fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)), evidence=registers)
    table = fe.fit(model, draws=400, seed=1).steps()
    row = table.set_index("step").loc["b"]
    assert (row["median"], row["low"], row["high"]) == (1000, 1000, 1000)
    assert "mean over 2015-2018" in row["unit"]


@pytest.mark.parametrize("name", ["age", "period"])
def test_no_mean_is_taken_over_bands(name: str) -> None:
    bands = {"age": [(0, 11), (12, 16)], "period": [(2015, 2016), (2017, 2018)]}[name]
    roles = {"ages": name} if name == "age" else {"no_role": name}
    people = fe.Population({name: bands}, [1e6, 1e6], **roles)  # type: ignore[arg-type]
    model = fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)))
    q = fe.Quantities(model, {"rate of a": np.array([1e-4]), "a -> b": np.array([0.5])})
    with pytest.raises(fe.SpecError, match="a mean over bands is none per"):
        q.number("b", per=name)
    for source in (
        fe.Register("r", step="b", count=10, per=name),
        fe.Register("r", step="b", count=10, defects=[fe.FalsePositives(5.0, per=name)]),
        fe.Survey("r", step="a", total=10, se=2, per=name),
    ):
        with pytest.raises(fe.SpecError, match="a mean over bands is none per"):
            model.with_evidence([source])


@pytest.mark.parametrize(
    "names", [("g", "g "), ("sex", "Sex"), ("e\u0301", "\u00e9"), ("a b", "a  b")]
)
def test_axes_and_levels_that_look_alike_are_one_by_mistake(names: tuple[str, str]) -> None:
    first, second = names
    with pytest.raises(fe.SpecError, match="Give them one name"):
        fe.Population({first: ["p", "q"], second: ["r"]}, [[1], [1]])
    with pytest.raises(fe.SpecError, match="Give them one name"):
        fe.Population({"g": [first, second]}, [1, 1])


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        (["2019-20", "2020-21"], "A year that ends in the next is given as 2019, where it begins"),
        ([(1999, 0)], "is given as 1999"),
        (["m", "m "], "that differ in spaces, capitals or how letters are coded only: 'm', 'm '"),
        (["North  East", "north east", "west"], "differ in spaces, capitals or how"),
    ],
)
def test_levels_that_cannot_be_meant(levels: list[object], said: str) -> None:
    with pytest.raises(fe.SpecError, match=said):
        model_of(levels)


def test_a_band_that_runs_backwards_is_no_season() -> None:
    with pytest.raises(fe.SpecError, match="runs backwards") as caught:
        model_of([(16, 12)])
    assert "ends in the next" not in str(caught.value)


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        (["2016-01", "2016-02"], "If 2016-1 is a month: rates are those of a year."),
        (["2016-2017", "2017-2018"], "A year that ends in the next is given as 2016, where it"),
        (["m", "m\u200b"], "Give them one name."),
        (["m", "m\u00ad"], "Give them one name."),
        ([1, "1"], r"mixes names and numbers (1, '1')"),
    ],
)
def test_a_refusal_says_what_to_write(levels, said):
    """Bands that overlap, or run backwards, is true of months and school years, and no help."""
    with pytest.raises(fe.SpecError, match=re.escape(said)):
        fe.Population({"when": levels}, [1, 2])
    if said.startswith("If"):
        assert fe.Population({"when": levels}, [1, 2], no_role="when").counts.sum() == 3


def test_levels_in_the_names_of_rows_are_no_column():
    table = pd.DataFrame({"count": [1, 2]}, index=pd.Index(["x", "y"], name="place"))
    with pytest.raises(fe.SpecError, match=r"names of their own \('place'\).*reset_index"):
        fe.Population.from_frame(table)
    assert fe.Population.from_frame(table.reset_index()).counts.tolist() == [1, 2]


@pytest.mark.parametrize(
    "name",
    ["age_cat", "agegrp", "AgeCategory", "age at interview", "groupe d'\u00e2ge", "leeftijdscat",
     "Leeftijd (klassen)", "Alterskategorie", "Lebensalter", "grupo de edad"],
)  # fmt: skip
def test_names_of_ages_are_asked_about_whatever_the_axis_is_called(name):
    """Of children beside teens, of whom alone a survey asked, nothing was said on "age_cat"."""
    survey = fe.Survey(name="s", step="a", yes=40, n=1000, where={name: "teens"})
    people = fe.Population({name: ["children", "teens"]}, [2_000_000, 1_000_000])
    with pytest.raises(fe.SpecError, match=re.escape(f"ages={name!r}")):
        model_with(people, survey)
    none = fe.Population({name: ["children", "teens"]}, [2_000_000, 1_000_000], no_role=name)
    assert model_with(none, survey).basis({name: "children"}) == "carried over"


@pytest.mark.parametrize("name", ["stage", "village", "wage", "agency", "page", "walter"])
def test_names_with_those_letters_are_of_no_ages(name):
    survey = fe.Survey(name="s", step="a", yes=40, n=1000, where={name: "second"})
    model_with(fe.Population({name: ["first", "second"]}, [2_000_000, 1_000_000]), survey)
