"""A parameter that sources share is the same over the axes over which their figures differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import funnelest as fe
from funnelest.words import Language

ROUTE = fe.Route("happened", "told")
YEARS = (2018, 2020, 2022)


def model_of(*evidence: Any, people: Any = None, **parameters: Any) -> fe.Model:
    return fe.Model(
        ROUTE, people or fe.Population({"year": list(YEARS)}, [100_000] * 3),
        fe.Rate(fe.Beta(1, 30), fe.Levels("year")), {("happened", "told"): fe.Share(0.5)},
        evidence, parameters=parameters,
    )  # fmt: skip


def said(model: fe.Model) -> dict[str, str]:
    return {
        one.about: one.value
        for one in model.ledger()
        if one.kind == "constant" and not one.about.startswith("happened")
    }


def counted(year: int, *defects: fe.Defect, **given: Any) -> fe.Register:
    given.setdefault("where", {"year": year})
    return fe.Register(
        name=f"police {year}", step="told", count=year - 1900, defects=defects, **given
    )


def asked(year: int, *defects: fe.Defect) -> fe.Survey:
    return fe.Survey(
        name=f"pupils {year}", step="happened", yes=30, n=900, where={"year": year}, defects=defects
    )


PRIOR = fe.Beta(8, 2)


def test_two_registers_say_what_one_by_year_says() -> None:
    shared = fe.Coverage(fe.Shared("cover"))
    two = said(model_of(*(counted(year, shared) for year in (2018, 2022)), cover=PRIOR))
    assert two == {
        "cover over year": "'cover' (coverage of 'police 2018' and coverage of 'police 2022') is "
        "taken to be the same in 2018 and 2022"
    }
    one = fe.Register(name="police", step="told", by="year", count={2018: 118, 2022: 122},
                      where={"year": [2018, 2022]}, defects=[fe.Coverage(PRIOR)])  # fmt: skip
    (row,) = said(model_of(one)).values()
    assert row.split(" is taken ")[1] == two["cover over year"].split(" is taken ")[1]


def test_in_dutch() -> None:
    shared = fe.Coverage(fe.Shared("cover"))
    model = model_of(*(counted(year, shared) for year in (2018, 2022)), cover=PRIOR)
    (entry,) = [one for one in model.ledger() if one.about == "cover over year"]
    assert "is even groot genomen in 2018 en 2022" in Language("nl").say(entry.value)


def test_a_sensitivity_of_two_surveys() -> None:
    error = fe.TestError(sensitivity=fe.Shared("says so"), specificity=fe.Beta(90, 1))
    found = said(model_of(asked(2018, error), asked(2020, error), **{"says so": fe.Beta(20, 2)}))
    assert set(found) == {"says so over year"}
    assert found["says so over year"].endswith("is taken to be the same in 2018 and 2020")


def test_a_register_and_a_survey_of_other_kinds_of_defects() -> None:
    """One parameter, as a coverage here and a sensitivity there."""
    error = fe.TestError(sensitivity=fe.Shared("willing"))
    model = model_of(counted(2018, fe.Coverage(fe.Shared("willing"))), asked(2020, error),
                     willing=PRIOR)  # fmt: skip
    # Of values in cells and of a number nothing says that they are one: that they share it does.
    assert set(said(model)) == {"willing over year"}


def test_an_own_function_that_asks_for_it() -> None:
    def own(year: int) -> fe.OwnPoisson:
        return fe.OwnPoisson(
            name=f"own {year}", count=900,
            quantity=lambda q: q.number("told", {"year": year}) * q.parameter("cover"),
        )  # fmt: skip

    found = said(model_of(own(2018), own(2022), cover=PRIOR))
    assert found == {
        "cover over year": "'cover' ('own 2018' and 'own 2022') is taken to be the same in 2018 "
        "and 2022"
    }
    mixed = said(model_of(own(2018), counted(2022, fe.Coverage(fe.Shared("cover"))), cover=PRIOR))
    assert set(mixed) == {"cover over year"}


@pytest.mark.filterwarnings("ignore:.*give the same numbers of the same people")
def test_no_row_where_nothing_differs() -> None:
    """Figures of the same cells; one source alone; a row that a source has of its own."""
    cover = fe.Coverage(fe.Shared("cover"))
    steps = [counted(2018, cover), replace(counted(2018, cover), name="again")]
    assert said(model_of(*steps, cover=PRIOR)) == {}
    assert said(model_of(counted(2018, cover), cover=PRIOR)) == {}
    by_year = fe.Register(name="all", step="told", by="year", defects=[cover],
                          count=dict.fromkeys(YEARS, 90))  # fmt: skip
    found = said(model_of(by_year, counted(2018, cover), cover=PRIOR))
    assert set(found) == {"coverage[all] over year"}


def test_what_terms_let_differ_is_not_said() -> None:
    """Of the years before its change a register has the shared value, after it another."""
    change = fe.Coverage(fe.Shared("cover"), fe.ChangePoint("year", 2020))
    late = fe.Register(name="long", step="told", by="year", defects=[change],
                       count={2018: 90, 2020: 90}, where={"year": [2018, 2020]})  # fmt: skip
    other = counted(2022, fe.Coverage(fe.Shared("cover")))
    found = said(model_of(late, other, cover=PRIOR))
    assert found["cover over year"].endswith("is taken to be the same in 2018 and 2022")


def test_a_study_of_other_years_tells_of_a_defect() -> None:
    register = counted(2022, fe.Coverage(PRIOR), fe.PPV(PRIOR), where={"year": [2020, 2022]})
    study = fe.Validation(name="audit", of="police 2022", what="coverage", yes=80, n=100,
                          where={"year": 2020})  # fmt: skip
    assert said(model_of(register)) == {}
    assert said(model_of(register, study)) == {
        "coverage[police 2022] over year": "coverage of 'police 2022' is taken to be the same in "
        "2020 and 2022"
    }


def test_a_user_can_state_it() -> None:
    cover = fe.Coverage(fe.Shared("cover"))
    model = model_of(counted(2018, cover), counted(2022, cover), cover=PRIOR)
    holds = fe.Constant(of="cover", over="year", statement="one protocol")
    stated = fe.Model(model.route, model.population, model.occurrence, model.transitions,
                      model.evidence, [holds], {"cover": PRIOR})  # fmt: skip
    (entry,) = [one for one in stated.ledger() if one.about == "cover over year"]
    assert (entry.stated, entry.statement) == (True, "one protocol")


@pytest.mark.parametrize("name", ["cover", "dekking 2", "c[x]"])
def test_names_change_nothing(name: str) -> None:
    cover = fe.Coverage(fe.Shared(name))
    model = model_of(counted(2018, cover), counted(2022, cover), **{name: PRIOR})
    assert set(said(model)) == {f"{name} over year"}
