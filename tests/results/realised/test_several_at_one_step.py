"""Several sources of the people of one step: complete ones are all used in full."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.lists import OverlapTable
from funnelest.results.realised.numbers import Realised

SEXES = fe.Population({"sex": ["boy", "girl"]}, [1_000, 1_000])
BOYS, GIRLS = (SEXES.mask({"sex": sex}) for sex in ("boy", "girl"))
TABLE = OverlapTable(["p", "q"], {"10": 40, "01": 30, "11": 27})


def register(name, count, share=1.0, step="a", **fields):
    defects = [fe.Coverage(share)] if share < 1 else []
    return fe.Register(name=name, step=step, count=count, defects=defects, **fields)


def boys(count, share=1.0, **fields):
    return register("of boys", count, share, where={"sex": "boy"}, **fields)


def people(*evidence, rate=0.05, route=("a", "b")):
    """Return the boys and girls at each place, and the keys of what there is to say."""
    way = fe.Route(*route)
    shares = {edge: fe.Share(0.5) for edge in way.edges}
    made = Realised(fe.Model(way, SEXES, fe.Rate(rate), shares, evidence=list(evidence)), {}, 1)
    both = made.numbers([BOYS, GIRLS])
    return *both, [note.key for note in made.notes()]


def only(numbers):
    """Return the one number in all draws."""
    (found,) = set(numbers.tolist())
    return found


@pytest.mark.parametrize("first", [True, False])
def test_two_complete_sources_leave_no_doubt(first) -> None:
    sources = [register("of all", 100), boys(40)]
    at_boys, at_girls, said = people(*sources[:: 1 if first else -1])
    assert (only(at_boys["a"]), only(at_girls["a"])) == (40, 60)
    assert said == []


def test_a_complete_source_beside_one_that_misses_people() -> None:
    """By the sum over how many boys are in both."""
    at_boys, at_girls, said = people(register("of all", 80, 0.5), boys(60))
    assert only(at_boys["a"]) == 60
    assert said == []
    both = np.arange(61)
    p = stats.binom.pmf(both, 60, 0.5) * stats.poisson.pmf(80 - both, 50 * 0.5)
    p /= p.sum()
    mean = 80 - p @ both + 50 * 0.5
    variance = p @ both**2 - (p @ both) ** 2 + 50 * 0.5
    girls = at_girls["a"]
    assert girls.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / len(girls)))
    assert girls.var() == pytest.approx(variance, rel=0.1)


def test_complete_with_a_class_of_unknown_sex() -> None:
    known = {"boy": 30, "girl": 45, "?": 25}
    hidden = fe.Unrecorded(0.25, axis="sex", name="?")
    whole = fe.Register(name="of all", step="a", by="sex", count=known, defects=[hidden])
    at_boys, at_girls, said = people(whole, boys(42))
    assert (only(at_boys["a"]), only(at_girls["a"])) == (42, 58)
    assert said == []


def test_complete_of_a_transition_and_of_its_step() -> None:
    at_boys, at_girls, said = people(register("of all", 50, step="b"), boys(20, step=("a", "b")))
    assert (only(at_boys["b"]), only(at_girls["b"])) == (20, 30)
    assert said == []


def test_a_complete_source_beside_lists() -> None:
    lists = fe.Linked(name="lists", step="a", table=TABLE, order=1)
    one = fe.Model(fe.Route("a", "b"), SEXES, fe.Rate(0.05), {("a", "b"): fe.Share(0.5)},
                   evidence=[lists, register("of all", 120)])  # fmt: skip
    values = {name: prior.sample(np.random.default_rng(2), 300) for name, prior in one.free.items()}
    made = Realised(one, values, 1)
    assert only(made.numbers([SEXES.mask()])[0]["a"]) == 120
    assert made.notes() == ()


def test_of_the_incomplete_ones_one_is_used_in_full() -> None:
    sources = [register("x", 60, 0.6), boys(35, 0.5), register("whole", 100)]
    at_boys, at_girls, said = people(*sources)
    assert set((at_boys["a"] + at_girls["a"]).tolist()) == {100}
    assert at_boys["a"].min() >= 35
    assert said == ["realised.least"]


def test_complete_ones_that_contradict_each_other() -> None:
    with pytest.warns(fe.FunnelestWarning, match="each hold everybody at one step"):
        at_boys, at_girls, said = people(register("x", 100), register("y", 110))
    every = at_boys["a"] + at_girls["a"]
    assert every.min() >= 110
    assert np.ptp(every) > 0
    assert said == ["realised.apart"]


def test_nobody_is_missed_where_nobody_lives() -> None:
    """A cell without people does not make a source incomplete."""
    population = fe.Population({"sex": ["boy", "girl", "other"]}, [1_000, 1_000, 0])
    sources = [register("of all", 100), boys(40)]
    one = fe.Model(fe.Route("a", "b"), population, fe.Rate(0.05), {("a", "b"): fe.Share(0.5)},
                   evidence=sources)  # fmt: skip
    found = Realised(one, {}, 1).numbers([population.mask({"sex": "girl"})])
    assert only(found[0]["a"]) == 60


def test_registers_by_age_and_year_and_a_complete_total_are_not_too_large(monkeypatch) -> None:
    """Expected numbers said 373 to 425 a year, where 400 was certain."""
    monkeypatch.setattr(
        "funnelest.results.realised.fibres._part", lambda inside, means, *_: np.zeros(means.shape)
    )
    axes = {"age": list(range(18)), "year": [2019, 2020]}
    population = fe.Population(axes, np.full((18, 2), 10_000))
    by_cell = {(age, year): 40 for age in axes["age"] for year in axes["year"]}
    early = [
        fe.Register(name=f"of {s}", step=s, by=("age", "year"), count=by_cell,
                    defects=[fe.Coverage(0.9)])
        for s in "ab"
    ]  # fmt: skip
    one = fe.Model(fe.Route("a", "b", "c"), population, fe.Rate(fe.Beta(5, 995)),
                   {edge: fe.Share(0.5) for edge in (("a", "b"), ("b", "c"))},
                   evidence=[*early, register("total", 800, step="c")])  # fmt: skip
    assert not Realised(one, {"rate of a": np.full(8_000, 0.005)}, 1).too_large
