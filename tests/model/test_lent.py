"""What a source lends its figures, and where a number rests on it from other cells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import funnelest as fe

ROUTE = fe.Route("happened", "told")
YEARS = (2018, 2022)
EST, ALL, PART = "estimated", "carried over", "partly carried over"
RATE = fe.Rate(fe.Beta(1, 30), fe.Levels("year", fe.Normal(0, 1)))


def model_of(*evidence: Any, people: Any = None, rate: Any = RATE, **given: Any) -> fe.Model:
    people = people or fe.Population({"year": list(YEARS)}, [100_000, 100_000])
    told = {("happened", "told"): fe.Share(0.5)}
    return fe.Model(ROUTE, people, rate, told, evidence, **given)


def survey(year: int = 2018, *defects: fe.Defect, **where: Any) -> fe.Survey:
    return fe.Survey(name=f"pupils {year}", step="happened", yes=30, n=1000,
                     where={"year": year, **where}, defects=defects)  # fmt: skip


def register(*defects: fe.Defect, counts: Any = (1000, 1670), **given: Any) -> fe.Register:
    if not given:
        given = {"by": "year", "count": dict(zip(YEARS, counts, strict=True))}
    return fe.Register(name="police", step="happened", defects=defects, **given)


def audit(what: str = "coverage", of: str = "police", **where: Any) -> fe.Validation:
    return fe.Validation(name=f"audit of {what}", of=of, what=what, yes=80, n=100, where=where)


def bases(model: fe.Model) -> list[str]:
    return [model.basis({"year": year}) for year in YEARS]


COVER, PPV = fe.Coverage(fe.Beta(2, 2)), fe.PPV(fe.Beta(8, 2))


@pytest.mark.parametrize(
    "evidence",
    [
        [survey()],
        [audit(year=2018)],
        [survey(), audit(year=2018)],
    ],
    ids=["survey", "audit", "both"],
)  # fmt: skip
def test_a_coverage_that_another_year_tells(evidence: Any) -> None:
    model = model_of(*evidence, register(COVER))
    assert bases(model) == [EST, ALL]
    assert model.basis() == PART


def test_the_answer_moves_with_the_other_year_where_it_says_so() -> None:
    """Ten times as many victims in the survey of 2018: does the number of 2022 follow?"""
    more = replace(survey(), yes=300)

    def ratio(*defects: fe.Defect) -> float:
        found = [
            fe.fit(model_of(one, register(*defects)), seed=1, draws=1000, progress=False)
            .steps({"year": 2022})["median"].iloc[0]
            for one in (survey(), more)
        ]  # fmt: skip
        return float(found[1] / found[0])

    own = fe.Coverage(fe.PerLevel("year", {year: fe.Beta(20, 20) for year in YEARS}))
    assert bases(model_of(survey(), register(COVER))) == [EST, ALL]
    assert ratio(COVER) > 3
    assert bases(model_of(survey(), register(own))) == [EST, EST]
    assert 0.9 < ratio(own) < 1.1


def test_a_ratio_of_two_years() -> None:
    rise = {
        "rise": lambda q: (
            q.number("happened", {"year": 2022}) / q.number("happened", {"year": 2018})
        )
    }  # fmt: skip

    def basis(*evidence: Any) -> str:
        result = fe.fit(model_of(*evidence), seed=1, draws=1000, progress=False)
        return str(result.quantities(rise)["basis"].iloc[0])

    assert basis(survey(), register(COVER)) == "derived, partly carried over"
    assert basis(survey(), survey(2022)) == "derived"


def test_known_by_its_prior_alone_it_is_in_nobodys_way() -> None:
    assert bases(model_of(register(COVER))) == [EST, EST]
    assert bases(model_of(register(COVER, PPV))) == [EST, EST]
    # A register of one year, whose coverage no other figure is of.
    late = register(COVER, count=1670, where={"year": 2022})
    assert bases(model_of(survey(), late)) == [EST, EST]


def test_an_audit_of_every_year_lends_nothing() -> None:
    assert bases(model_of(audit(), register(COVER))) == [EST, EST]
    assert bases(model_of(survey(), audit(), register(COVER))) == [EST, EST]
    assert bases(model_of(survey(), survey(2022), register(COVER))) == [EST, EST]
    own = fe.OwnBinomial(
        name="own", yes=80, n=100, quantity=lambda q: q.parameter("coverage[police]")
    )
    assert bases(model_of(own, register(COVER))) == [EST, EST]


def test_what_no_figure_tells_apart_is_lent_together() -> None:
    """A survey of 2018 tells coverage over predictive value, of which 2022 is made too."""
    assert bases(model_of(survey(), register(COVER, PPV))) == [EST, ALL]
    false = fe.FalsePositives(fe.LogNormal(3, 1), per="year")
    assert bases(model_of(survey(), register(COVER, false))) == [EST, ALL]
    # An audit of the one; the other is known by its prior.
    assert bases(model_of(audit(year=2018), register(COVER, PPV))) == [EST, ALL]


def test_one_that_differs_by_a_term_is_lent_and_one_of_its_own_is_not() -> None:
    levels = fe.Coverage(fe.Beta(2, 2), fe.Levels("year", fe.Normal(0, 0.3)))
    assert bases(model_of(survey(), register(levels))) == [EST, ALL]
    own = fe.Coverage(fe.PerLevel("year", {year: fe.Beta(2, 2) for year in YEARS}))
    assert bases(model_of(survey(), register(own))) == [EST, EST]
    assert bases(model_of(survey(), register(fe.Coverage(0.8)))) == [EST, EST]


def test_registers_that_share_it() -> None:
    two = [
        fe.Register(name=f"r{year}", step="happened", count=900, where={"year": year},
                    defects=[fe.Coverage(fe.Shared("cover"))])
        for year in YEARS
    ]  # fmt: skip
    given = {"parameters": {"cover": fe.Beta(2, 2)}}
    assert bases(model_of(survey(), *two, **given)) == [EST, ALL]
    assert bases(model_of(*two, **given)) == [EST, EST]
    own = [
        fe.OwnPoisson(
            name=f"own {year}", count=900,
            quantity=lambda q, y=year: q.number("happened", {"year": y}) * q.parameter("cover"),
        )
        for year in YEARS
    ]  # fmt: skip
    assert bases(model_of(survey(), *own, **given)) == [EST, ALL]


def test_a_sensitivity_that_two_surveys_share() -> None:
    error = fe.TestError(sensitivity=fe.Shared("says so"))
    two = [survey(year, error) for year in YEARS]
    given = {"parameters": {"says so": fe.Beta(20, 5)}}
    assert bases(model_of(*two, **given)) == [EST, EST]
    studied = audit("sensitivity", of="pupils 2018")
    assert bases(model_of(*two, studied, **given)) == [EST, ALL]


def test_an_overlap_of_registers_that_are_not_linked() -> None:
    counts = {"by": "year", "count": dict(zip(YEARS, (300, 400), strict=True))}
    two = [fe.Register(name=name, step="happened", **counts) for name in "ab"]
    both = fe.Unlinked(name="u", registers=two, overlap=fe.Beta(2, 2, statement="they share some"))
    assert bases(model_of(both)) == [EST, EST]
    assert bases(model_of(survey(), both)) == [EST, ALL]


def test_some_cells_of_a_figure() -> None:
    """An audit in one of two regions, of a register that counts both together."""
    people = fe.Population({"place": ["A", "B"]}, [1e5, 1e5], regions="place")
    rate = fe.Rate(fe.Beta(1, 30))
    one = register(COVER, count=900, where={})
    model = model_of(one, audit(place="A"), people=people, rate=rate)
    assert model.basis() == PART
    assert [model.basis({"place": place}) for place in "AB"] == [EST, ALL]
    assert model_of(one, people=people, rate=rate).basis() == EST


def test_ages_of_a_register_that_a_survey_tells_one_of() -> None:
    people = fe.Population({"age": [(12, 14), (15, 17)], "year": [2018]}, np.full((2, 1), 1e5))
    rate = fe.Rate(fe.Beta(1, 30), fe.Levels("age"))
    one = fe.Register(name="police", step="happened", defects=[COVER], by="age",
                      count={(12, 14): 300, (15, 17): 500})  # fmt: skip
    asked = [survey(age=(12, 14)), replace(survey(age=(15, 17)), name="older")]
    model = model_of(asked[0], one, people=people, rate=rate,
                     assumptions=[])  # fmt: skip
    assert [model.basis({"age": age}) for age in ((12, 14), (15, 17))] == [EST, ALL]
    both = model_of(*asked, one, people=people, rate=rate)
    assert [both.basis({"age": age}) for age in ((12, 14), (15, 17))] == [EST, EST]


@pytest.mark.filterwarnings("ignore:.*give the same numbers of the same people")
@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_sources_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = fe.Population({"year": [2018, 2019, 2020, 2022]}, [1e5] * 4)
    years = [2018, 2019, 2020, 2022]
    evidence: list[Any] = [
        fe.Register(name=f"r{i}", step=["happened", "told"][i % 2], by="year",
                    where={"year": chosen}, count=dict.fromkeys(chosen, 700),
                    defects=[[COVER, PPV][rng.integers(2)], fe.Overdispersion(0.1)])
        for i in range(3)
        for chosen in [sorted(rng.choice(years, 3, replace=False).tolist())]
    ]  # fmt: skip
    evidence += [survey(int(rng.choice(years))), register(COVER, count=5, where={"year": 2020})]
    found = set()
    for _ in range(4):
        model = model_of(*(evidence[i] for i in rng.permutation(len(evidence))), people=people)
        found.add(tuple(model.basis({"year": year}) for year in years))
    assert len(found) == 1
    assert EST in found.pop()
