"""How a part changes over one axis is the same along another, where nothing lets it differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.model.constancy import constancies
from funnelest.words import Language

ROUTE = fe.Route("happened", "told")
YEARS = (2018, 2020, 2022)


def people(**axes: Any) -> fe.Population:
    axes = axes or {"sex": ["boys", "girls"], "year": list(YEARS)}
    return fe.Population(axes, np.full([len(one) for one in axes.values()], 1e5))


def model_of(
    *terms: fe.Term, base: Any = None, population: Any = None, sources: Any = (), **given: Any
) -> fe.Model:
    return fe.Model(
        ROUTE, population or people(), fe.Rate(base or fe.Beta(1, 30), *terms),
        {("happened", "told"): fe.Share(0.5)},
        [fe.Survey(name="s", step="happened", yes=30, n=1000, where=given.pop("where", {})),
         *sources], **given,
    )  # fmt: skip


def said(model: fe.Model, stated: bool = False) -> dict[str, str]:
    return {
        one.about: one.value
        for one in model.ledger()
        if one.kind == "constant"
        and one.stated == stated
        and one.about.startswith(("change", "difference"))
    }


ABOUT = "change over year of rate of happened over sex"


def test_in_words() -> None:
    """Nobody saw boys in 2022: their number rests on the girls' change."""
    girls = fe.Survey(
        name="g", step="happened", yes=20, n=900, where={"sex": "girls", "year": 2022}
    )
    model = model_of(fe.Levels("sex"), fe.Levels("year"), sources=[girls], where={"year": 2018})
    text = (
        "the change over year of rate of happened, in log-odds, is taken to be the same for boys "
        "as for girls (sex)"
    )
    assert said(model) == {ABOUT: text}
    assert model.basis({"sex": "boys", "year": 2022}) == "carried over"
    (entry,) = [one for one in model.ledger() if one.about == ABOUT]
    dutch = Language("nl").say(entry.value)
    assert dutch.startswith("de verandering over jaar van ")
    assert dutch.endswith(", in log-odds, is even groot genomen voor boys als voor girls (sex)")


def test_only_where_it_varies_over_both() -> None:
    assert said(model_of(fe.Levels("sex"))) == {}
    assert said(model_of(fe.Levels("year"))) == {}
    assert said(model_of()) == {}
    assert set(said(model_of(fe.Levels("year"), base=fe.PerLevel("sex", {
        "boys": fe.Beta(1, 30), "girls": fe.Beta(1, 30)})))) == {ABOUT}  # fmt: skip


@dataclass(frozen=True)
class OfItsOwn(fe.Term):
    """A term of a user: each level of two axes has its own deviation, from some level on."""

    axis: str
    other: str
    first: int = 0

    def parameters(self, name: str, population: fe.Population) -> Any:
        size = population.shape
        return {
            f"{name}[{i},{j}]": fe.Normal(0, 1)
            for i in range(self.first, size[0])
            for j in range(size[1])
        }

    def deviation(self, values: Any, name: str, population: fe.Population) -> Any:
        one = next(iter(values[key] for key in self.parameters(name, population)))
        rows = [
            np.stack([values.get(f"{name}[{i},{j}]", 0 * one) + 0 * one
                      for j in range(population.shape[1])])
            for i in range(population.shape[0])
        ]  # fmt: skip
        return np.stack(rows)


def test_an_interaction_of_a_user_leaves_none() -> None:
    terms = fe.Levels("sex"), fe.Levels("year")
    assert said(model_of(*terms, OfItsOwn("both", "year"))) == {}


def test_an_interaction_of_one_level_leaves_the_others() -> None:
    """Of three places the last has changes of its own: the other two have one."""
    population = people(place=["A", "B", "C"], year=list(YEARS))
    terms = fe.Levels("place"), fe.Levels("year")
    model = model_of(*terms, OfItsOwn("both", "year", first=2), population=population)
    assert said(model) == {
        "change over year of rate of happened over place": "the change over year of rate of "
        "happened, in log-odds, is taken to be the same for A as for B (place)"
    }


def test_axes_without_a_meaning_have_a_difference() -> None:
    population = people(sex=["m", "f"], kind=["A", "B", "C"])
    found = said(model_of(fe.Levels("sex"), fe.Levels("kind"), population=population))
    assert found == {
        "difference over sex of rate of happened over kind": "the difference over sex of rate of "
        "happened, in log-odds, is taken to be the same for A as for B and C (kind)"
    }


def test_numbers_change_by_a_factor() -> None:
    cells = fe.Population.cells({"sex": ["m", "f"], "year": list(YEARS)})
    walk = fe.RandomWalk("year", sd=fe.HalfNormal(1))
    model = fe.Model(
        ROUTE, cells, fe.Number(fe.LogNormal(4, 1), fe.Levels("sex"), fe.Levels("year")),
        {("happened", "told"): fe.Share(fe.Beta(2, 2), walk, fe.Levels("sex"))},
        [fe.Register(name="r", step="told", count=40)],
    )  # fmt: skip
    found = said(model)
    assert ", as a factor, is taken" in found["change over year of number at happened over sex"]
    assert ", in log-odds, is taken" in found["change over year of happened -> told over sex"]


def register(by: Any, *defects: fe.Defect) -> fe.Register:
    counts: dict[Any, int] = {}
    for i, sex in enumerate(("boys", "girls")):
        for year in YEARS:
            counts[sex, year] = 50 + i + year % 100
    if by == "year":
        counts = {year: 100 + year % 100 for year in YEARS}
    return fe.Register(name="r", step="told", by=by, count=counts, defects=defects)


@pytest.mark.parametrize(
    ("defect", "label", "scale"),
    [
        (fe.Coverage(fe.Beta(4, 2), fe.Levels("sex"), fe.Levels("year")), "coverage", "log-odds"),
        (fe.PPV(fe.Beta(4, 2), fe.Levels("sex"), fe.Levels("year")), "ppv", "log-odds"),
        (fe.FalsePositives(fe.LogNormal(1, 1), fe.Levels("sex"), fe.Levels("year")),
         "false positives", "a factor"),
    ],
)  # fmt: skip
def test_defects_where_figures_tell_both_axes(defect: Any, label: str, scale: str) -> None:
    about = f"change over year of {label}[r] over sex"
    both = said(model_of(sources=[register(("sex", "year"), defect)]))
    assert set(both) == {about}
    assert f"{label} of 'r', " in both[about]
    assert f"{scale}, is taken to be the same for boys as for girls" in both[about]
    assert said(model_of(sources=[register("year", defect)])) == {}


def test_ages_that_an_assumption_fills_in_have_no_change_of_their_own() -> None:
    population = people(age=[(0, 11), (12, 14), (15, 17)], year=list(YEARS))
    shift = fe.Shift(ages=(0, 11), like=(12, 14), prior=fe.Normal(0, 1), statement="alike")
    model = model_of(fe.Levels("age"), fe.Levels("year"), population=population,
                     where={"age": (12, 17)}, assumptions=[shift])  # fmt: skip
    assert said(model) == {
        "change over year of rate of happened over age": "the change over year of rate of "
        "happened, in log-odds, is taken to be the same at age 12-14 as at 15-17"
    }


def test_a_user_can_state_it() -> None:
    holds = fe.Constant(of=ABOUT.removesuffix(" over sex"), over="sex", statement="one law for all")
    model = model_of(fe.Levels("sex"), fe.Levels("year"), assumptions=[holds])
    assert said(model) == {}
    assert set(said(model, stated=True)) == {ABOUT}
    with pytest.raises(fe.SpecError, match="there is no part"):
        model_of(fe.Levels("sex"), assumptions=[holds])


@pytest.mark.parametrize("seed", range(10))
def test_what_is_said_is_so(seed: int) -> None:
    """Of random terms, by the odds ratios of cells themselves; and nothing of other pairs."""
    rng = np.random.default_rng(seed)
    axes = {"sex": ["m", "f"], "kind": ["A", "B", "C"], "year": list(YEARS)}
    population = people(**axes)
    chosen = [axis for axis in axes if rng.random() < 0.7]
    model = model_of(*(fe.Levels(axis) for axis in chosen), population=population)
    from funnelest.quantities.quantities import Quantities

    draws = {name: rng.normal(size=4) for name in model.free}
    draws["rate of happened"] = rng.uniform(0.1, 0.4, 4)
    rate = np.broadcast_to(Quantities(model, draws).in_cells("happened"), (*population.shape, 4))
    odds = np.log(rate / (1 - rate))
    found = {(one.name, one.axis.name) for one in constancies(model)}
    for i, one in enumerate(axes):
        for j, two in enumerate(axes):
            if i >= j:
                continue
            steps = np.diff(np.diff(odds, axis=i), axis=j)
            vary = all(np.abs(np.diff(odds, axis=k)).max() > 0.01 for k in (i, j))
            over, along = (two, one) if two == "year" else (one, two)
            word = "change" if over == "year" else "difference"
            name = f"{word} over {over} of rate of happened"
            assert ((name, along) in found) == (vary and np.abs(steps).max() < 1e-9)
