"""What is taken to be the same over an axis stands in the ledger, whoever did not say so."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.model.constancy import constancies
from funnelest.words import Language

ROUTE = fe.Route("happened", "told", "reported")


def model_of(*evidence: Any, rate: Any = None, told: Any = None, **given: Any) -> fe.Model:
    people = given.pop("people", None) or population()
    return fe.Model(
        ROUTE,
        people,
        rate or fe.Rate(fe.Beta(2, 98)),
        {("happened", "told"): told or fe.Share(fe.Beta(2, 2))},
        evidence,
        **given,
    )


def population(ages: Any = ((0, 11), (12, 16), 17), years: Any = (2016, 2017, 2018)) -> Any:
    return fe.Population(
        {"age": list(ages), "year": list(years)}, np.full((len(ages), len(years)), 1e4)
    )


def survey(**given: Any) -> fe.Survey:
    return fe.Survey(name="pupils", step="happened", yes=20, n=1000, **given)


def said(model: fe.Model, stated: bool = False) -> dict[str, str]:
    return {
        one.about: one.value
        for one in model.ledger()
        if one.kind == "constant" and one.stated == stated
    }


SHIFT = fe.Shift(ages=(0, 11), like=(12, 17), prior=fe.Normal(0, 1), statement="as others")


def test_in_words() -> None:
    model = model_of(
        survey(where={"age": (12, 16)}),
        survey_of_17(),
        fe.Register(
            name="police", step="reported", by="year", count={2016: 5, 2017: 6, 2018: 7},
            defects=[fe.Coverage(fe.Beta(8, 2))],
        ),
        rate=fe.Rate(fe.Beta(2, 98), fe.Levels("year")),
        assumptions=[SHIFT],
    )  # fmt: skip
    found = said(model)
    assert found["happened -> told over age"] == (
        "happened -> told is taken to be the same at age 0-11 as at 12-16 and 17"
    )
    assert found["coverage[police] over year"] == (
        "coverage of 'police' is taken to be the same in 2016, 2017 and 2018"
    )
    # The register has no figure of ages apart, and the rate has a term for the years.
    assert "coverage[police] over age" not in found
    assert "rate of happened over year" not in found
    # Under 12 it is what the assumption says; among the others nothing lets it differ.
    assert found["rate of happened over age"] == (
        "rate of happened is taken to be the same at age 12-16 as at 17"
    )
    shift = "shift[age 0-11 against 12-17]"
    assert found[f"{shift} over year"] == f"{shift} is taken to be the same in 2016, 2017 and 2018"
    assert f"{shift} over age" not in found


def survey_of_17() -> fe.Survey:
    return fe.Survey(name="at 17", step="happened", yes=3, n=90, where={"age": 17})


def test_one_term_on_the_rate_takes_nothing_from_the_others() -> None:
    rate = fe.Rate(fe.Beta(2, 98), fe.Levels("year"))
    before, after = said(model_of(survey())), said(model_of(survey(), rate=rate))
    assert set(before) - set(after) == {"rate of happened over year"}


def test_levels_that_nobody_tells_apart_are_one_group() -> None:
    people = population(ages=range(8, 18))
    model = model_of(survey(where={"age": (12, 16)}), people=people, assumptions=[
        fe.Shift(ages=(8, 11), like=(12, 16), prior=0.0, statement="as others"),
        fe.Shift(ages=(17, 17), like=(12, 16), prior=0.0, statement="as others"),
    ])  # fmt: skip
    found = said(model)
    assert found["happened -> told over age"].endswith("at age 8-11 as at 12-16 and 17")
    assert found["rate of happened over age"].endswith("the same at every age of 12-16")


def test_a_change_point_leaves_two_periods() -> None:
    told = fe.Share(fe.Beta(2, 2), fe.ChangePoint("year", 2018))
    found = said(model_of(survey(where={"year": 2016}), told=told))
    assert found["happened -> told over year"].endswith("the same in 2016 and 2017")
    several = population(years=(2015, 2016, 2017, 2018))
    told = fe.Share(fe.Beta(2, 2), fe.ChangePoint("year", 2017))
    model = model_of(survey(where={"year": (2016, 2017)}), told=told, people=several)
    assert said(model)["happened -> told over year"].endswith(
        "the same in 2015 and 2016; in 2017 and 2018"
    )


def test_other_axes_and_dutch() -> None:
    people = fe.Population(
        {"sex": ["m", "f"], "place": ["A", "B", "C"]}, np.full((2, 3), 1e4), regions="place"
    )
    model = model_of(survey(where={"sex": "m", "place": "A"}), survey_b(), people=people)
    found = said(model)
    assert found["rate of happened over sex"].endswith("the same for m as for f (sex)")
    assert found["rate of happened over place"].endswith("the same in A as in B and C")
    dutch = Language("nl")
    told = {one.about: dutch.say(one.value) for one in model.ledger()}
    assert told["rate of happened over place"].endswith("is even groot genomen in A als in B en C")


def survey_b() -> fe.Survey:
    return fe.Survey(name="B", step="happened", yes=3, n=90, where={"place": "B"})


def test_what_a_source_brings_itself() -> None:
    """Also registers that are not linked, in the years that their figures are of."""
    count = {2016: 5, 2017: 6, 2018: 7}
    one, two = (fe.Register(name=n, step="reported", by="year", count=count) for n in "ab")
    both = fe.Unlinked(
        name="u", registers=[one, two], overlap=fe.Beta(2, 2, statement="they share some")
    )
    found = said(model_of(both))
    assert (
        found["overlap[u] over year"] == "overlap[u] is taken to be the same in 2016, 2017 and 2018"
    )
    assert "entries of a[u] over year" in found
    assert "overlap[u] over age" not in found


@dataclass(frozen=True)
class Odd(fe.Term):
    """A term of a user: odd years differ from even ones."""

    axis: str

    def parameters(self, name: str, population: fe.Population) -> Any:
        return {f"{name}[odd]": fe.Normal(0, 1)}

    def deviation(self, values: Any, name: str, population: fe.Population) -> Any:
        from funnelest.terms.base import on_axis

        axis = population.axis(self.axis)
        odd = values[f"{name}[odd]"]
        return on_axis(
            [odd * (axis.bounds(i)[0] % 2) for i in range(len(axis.levels))], self.axis, population
        )


class Later(fe.Defect):
    """A defect of a user, of the years from 2017 on."""

    label = "later"

    def parameters(self, source: str, population: fe.Population) -> Any:
        return {f"later[{source}]": fe.Beta(2, 2)}

    def on_records(self, records: Any, q: Any, source: str) -> Any:
        from funnelest.terms.base import on_axis

        one = q.parameters[f"later[{source}]"]
        return records.times(on_axis([1.0 + 0.0 * one, one, one], "year", q.cells), "all")


def test_kinds_of_a_user_are_measured() -> None:
    register = fe.Register(
        name="r", step="reported", by="year", count={2016: 5, 2017: 6, 2018: 7}, defects=[Later()]
    )
    found = said(model_of(register, told=fe.Share(fe.Beta(2, 2), Odd("year"))))
    assert found["happened -> told over year"].endswith("the same in 2016 and 2018")
    assert found["later[r] over year"].endswith("the same in 2017 and 2018")


# ------------------------------------------------------------------------ stated


def test_a_user_can_state_it() -> None:
    holds = fe.Constant(
        of=["happened -> told", "coverage[police]"],
        over="year",
        statement="one protocol",
        source="me",
    )
    register = fe.Register(
        name="police", step="reported", by="year", count={2016: 5, 2017: 6, 2018: 7},
        defects=[fe.Coverage(fe.Beta(8, 2))],
    )  # fmt: skip
    bare, model = model_of(register), model_of(register, assumptions=[holds])
    spoken = fe.Constant(of="coverage of 'police'", over="year", statement="one protocol")
    assert set(said(model_of(register, assumptions=[spoken]), stated=True)) == {
        "coverage[police] over year"
    }
    assert set(said(model, stated=True)) == {
        "happened -> told over year",
        "coverage[police] over year",
    }
    assert said(model) | said(model, stated=True) == said(bare)
    (entry,) = [one for one in model.ledger() if one.about == "coverage[police] over year"]
    assert (entry.kind, entry.statement, entry.source) == ("constant", "one protocol", "me")
    assert fe.Model.from_dict(model.to_dict()) == model
    assert model.free == bare.free
    assert holds.sentence("nl") == "Gelijk genomen over jaar: happened -> told en coverage[police]."


def test_what_cannot_be_stated() -> None:
    parts = ["happened -> told", "happend -> told"]
    wrong = fe.Constant(of=parts, over=["year", "yaer"], statement="s")
    told = fe.Share(fe.Beta(2, 2), fe.Levels("year"))
    with pytest.raises(fe.SpecError) as error:
        model_of(survey(), told=told, assumptions=[wrong])
    (unknown, axis, varies) = list(error.value.problems)
    assert "no part 'happend -> told'" in unknown
    assert "happened -> told" in unknown
    assert "no axis 'yaer'" in axis
    assert "'happened -> told' is not the same over 'year'" in varies
    with pytest.raises(fe.SpecError) as error:
        model_of(survey(), assumptions=[fe.Constant(of=3, over=[], statement="")])  # type: ignore[arg-type]
    assert len(error.value.problems) == 3


# ---------------------------------------------------------------------- property


def random_model(
    seed: int, names: dict[str, str], labels: Any = str, split: bool = False
) -> tuple[fe.Model, dict[str, Any]]:
    """Return a model whose parts vary over some axes, and over which each does not.

    With `split` every class of its register is a register, of one coverage that they share.
    """
    rng = np.random.default_rng(seed)
    axes = {"age": [(8, 11), (12, 14), (15, 17)], "sex": ["m", "f"], "place": ["A", "B", "C"]}
    over: dict[str, Any] = {}

    def varying(part: str, make: Any) -> Any:
        chosen = [axis for axis in axes if rng.random() < 0.4]
        over[part] = set(chosen)
        return make(fe.Beta(2, 8), *(fe.Levels(names[axis]) for axis in chosen))

    levels = {
        names[axis]: [labels(one) if isinstance(one, str) else one for one in some]
        for axis, some in axes.items()
    }
    people = fe.Population(levels, np.full((3, 2, 3), 1e4), regions=names["place"])
    rate = varying("rate of happened", fe.Rate)
    told = varying("happened -> told", fe.Share)
    last = varying("told -> reported", fe.Share)
    by = ["age", "sex", "place"][rng.integers(3)]
    counts = {level: int(rng.integers(5, 50)) for level in levels[names[by]]}
    register = fe.Register(
        name="r", step="reported", by=names[by], count=counts,
        defects=[varying("coverage[r]", fe.Coverage)],
    )  # fmt: skip
    over["coverage[r]"] |= set(axes) - {by}
    registers, parameters = [register], {}
    if split:
        (cover,) = register.defects
        shared = type(cover)(fe.Shared("coverage[r]"), *cover.terms)
        registers = [
            fe.Register(
                name=f"r{i}", step="reported", count=n, where={names[by]: k}, defects=[shared]
            )
            for i, (k, n) in enumerate(counts.items())
        ]
        parameters = {"coverage[r]": fe.Beta(2, 8)}
    model = fe.Model(
        ROUTE, people, rate, {("happened", "told"): told, ("told", "reported"): last},
        [fe.Survey(name="s", step="happened", yes=9, n=99), *registers], parameters=parameters,
    )  # fmt: skip
    return model, {part: set(axes) - some for part, some in over.items()}


def expected(constant: dict[str, Any]) -> set[str]:
    """Return the rows that there must be, and no others: of levels, and of what adds up.

    One change for every two axes over which a part varies. The register tells one axis, and so no
    change of its coverage.
    """
    found = {f"{part} over {axis}" for part, axes in constant.items() for axis in axes}
    for part, axes in constant.items():
        varies = [axis for axis in ("age", "sex", "place") if axis not in axes]
        if part != "coverage[r]":
            for over, along in combinations(varies, 2):
                word = "change" if over == "age" else "difference"
                found.add(f"{word} over {over} of {part} over {along}")
    return found


@pytest.mark.parametrize("seed", range(12))
def test_every_constancy_is_in_the_ledger(seed: int) -> None:
    """Of random models, and under other names of axes and levels nothing but these changes."""
    same = {name: name for name in ("age", "sex", "place")}
    model, constant = random_model(seed, same)
    assert set(said(model)) == expected(constant)
    other = {"age": "leeftijd", "sex": "geslacht", "place": "gemeente"}
    renamed, _ = random_model(seed, other, labels=lambda one: f"x{one}")
    for one, two in zip(constancies(model), constancies(renamed), strict=True):
        assert (other[one.axis.name], one.groups) == (two.axis.name, two.groups)
        if "over" not in one.name:
            assert one.name == two.name


@pytest.mark.parametrize("seed", range(12))
def test_a_register_by_class_and_registers_that_share_say_the_same(seed: int) -> None:
    same = {name: name for name in ("age", "sex", "place")}
    one, constant = random_model(seed, same)
    two, _ = random_model(seed, same, split=True)
    assert set(said(two)) == set(said(one)) == expected(constant)
    assert {c.about: c.groups for c in constancies(one)} == {
        c.about: c.groups for c in constancies(two)
    }
