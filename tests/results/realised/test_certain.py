"""No draw lies below what was certainly counted, whatever sources come together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.results.realised.certain import PLACES, World

import funnelest as fe
from funnelest.results.realised.numbers import Realised

DRAWS = 200
WHERES = [
    {},
    {"sex": ["boy"]},
    {"kind": ["y"]},
    {"kind": ["x", "y"]},
    {"sex": ["girl"], "kind": ["x", "y"]},
]
SEXES = fe.Population({"sex": ["boy", "girl"]}, [1_000, 1_000])


def world(seed, same):
    """Return some sources: anywhere, or several at one step; every third time unlinked ones too."""
    made = World(seed)
    for i in range(3 if same else int(made.rng.integers(1, 4))):
        place = made.choose("c", "b", ("b", "c")) if same else None
        made.add_register(f"r{i}", made.choose(1.0, 0.6, 0.6), place=place, **made.kinds())
    if seed % 3 == 0:
        step, number = made.choose("a", "b", "c"), int(made.rng.integers(2, 4))
        made.add_unlinked("u", step, number, whole=bool(made.rng.random() < 0.5))
    return made


def check(made, asked):
    """Compare draws with the fewest and the most people that there can have been."""
    model = made.model()
    values = {name: np.full(DRAWS, float(prior.ppf(0.5))) for name, prior in model.free.items()}
    ends = {(i, place): made.ends(place, WHERES[i]) for i, place in asked}
    for full in ("one of each", "complete", "none"):
        drawn = Realised(model, values, 1, full=full)
        assert not drawn.too_large
        said = {note.key for note in drawn.notes()}
        # They were counted of the same people.
        assert not said & {"realised.apart", "realised.impossible"}
        for (i, place), (least, most) in ends.items():
            (found,) = drawn.numbers([model.population.mask(WHERES[i])])
            what = full, WHERES[i], place
            if full != "none":  # what follows from several sources together is not kept there
                assert found[place].min() >= least, what
                assert found[place].max() <= most, what
    for source in made.sources:  # what each one says alone is kept always
        for i, where in enumerate(WHERES):
            if (i, source.place) in ends:
                totals = [t for t in made.totals if t[0][0][0] == source.name]
                least = made.alone(source, totals, source.place, where)
                (found,) = drawn.numbers([model.population.mask(where)])
                assert found[source.place].min() >= least, (source.name, where)


def asked(seed, size):
    """Return some selections and places, of all that there are."""
    every = [(i, place) for i in range(len(WHERES)) for place in PLACES]
    some = np.random.default_rng(seed).choice(len(every), size, replace=False)
    return [every[at] for at in some]


@pytest.mark.parametrize(("seed", "same"), [(0, False), (1, False), (2, True), (3, False)])
def test_no_draw_is_below_what_was_counted(seed, same) -> None:
    check(world(seed, same), asked(seed, 4))


@pytest.mark.slow
@pytest.mark.parametrize("same", [False, True], ids=["anywhere", "at one step"])
@pytest.mark.parametrize("seed", range(4, 16))
def test_no_draw_is_below_what_was_counted_of_more_worlds(seed, same) -> None:
    check(world(seed, same), asked(seed, 8))


# ------------------------------------------------------------------ found one by one


def register(name, count, *defects, step="a", **fields):
    return fe.Register(name=name, step=step, count=count, defects=list(defects), **fields)


def people(*evidence, rate=0.02, where=None, values=None, **how):
    """Return the people at the first step, of known parameters, and the keys of what is said."""
    one = fe.Model(fe.Route("a", "b"), SEXES, fe.Rate(rate), {("a", "b"): fe.Share(0.5)},
                   evidence=list(evidence))  # fmt: skip
    known = {name: np.full(4_000, float(prior.ppf(0.5))) for name, prior in one.free.items()}
    made = Realised(one, known | (values or {}), 1, **how)
    (found,) = made.numbers([SEXES.mask(where)])
    return found["a"], [note.key for note in made.notes()]


def truncated(mean, least):
    """Return the mean and the variance of a Poisson number that is not below a number."""
    n = np.arange(least, least + 400)
    p = stats.poisson.pmf(n, mean)
    p /= p.sum()
    return p @ n, p @ n**2 - (p @ n) ** 2


def close(found, mean, variance):
    """Check the mean of draws, but for one time in a million."""
    assert found.mean() == pytest.approx(mean, abs=4.9 * np.sqrt(variance / len(found)))


def by_sex(boys, girls, *defects, name="by sex", **fields):
    return register(name, {"boy": boys, "girl": girls}, *defects, by="sex", **fields)


def test_a_total_of_withheld_classes_is_a_lower_limit() -> None:
    """It gave 38 (32 to 48), where 40 were printed."""
    some = fe.Between(0, 30)
    more = by_sex(some, some, fe.Coverage(0.66), total=40)
    found, said = people(register("of all", 30, fe.Coverage(0.83)), more)
    assert found.min() >= 40
    assert said == ["realised.least"]
    # The thirty of the other one, and a Poisson number of at least ten.
    mean, variance = truncated(40 * 0.17, 10)
    close(found, 30 + mean, variance)


def test_a_total_says_how_many_there_are_of_each_class() -> None:
    some = fe.Between(0, 30)
    sources = (
        register("of all", 30, fe.Coverage(0.83)),
        by_sex(some, some, fe.Coverage(0.66), total=50),
    )
    for sex in ("boy", "girl"):
        found, _ = people(*sources, where={"sex": sex})
        assert found.min() >= 20


def test_a_total_says_how_many_there_are_of_two_classes_together() -> None:
    """Of 26, 17 are z, and x and y at most 15 each: a draw of x and y together had six."""
    kinds = fe.Population({"kind": ["x", "y", "z"]}, [100, 100, 3_000])
    some = {"x": fe.Between(0, 15), "y": fe.Between(0, 15), "z": 17}
    own = register("by kind", some, fe.Coverage(0.66), by="kind", total=26)
    other = register("of all", 30, fe.Coverage(0.83))
    model = fe.Model(fe.Route("a", "b"), kinds, fe.Rate(0.02), {("a", "b"): fe.Share(0.5)},
                     evidence=[other, own])  # fmt: skip
    values = {name: np.full(2_000, float(prior.ppf(0.5))) for name, prior in model.free.items()}
    made = Realised(model, values, 1)
    for levels, least in [(["x", "y"], 9), (["x", "z"], 17), (["z"], 17), (["x", "y", "z"], 30)]:
        (found,) = made.numbers([kinds.mask({"kind": levels})])
        assert found["a"].min() >= least


def test_people_of_unknown_sex_come_on_top_of_the_others() -> None:
    """Of sixty records at least 35 people were drawn: those of each class apart."""
    known = {"boy": 20, "girl": 15, "?": 25}
    one = register(
        "by sex", known, fe.Unrecorded(0.4, axis="sex", name="?"), fe.Coverage(0.66), by="sex"
    )
    found, _ = people(register("of all", 30, fe.Coverage(0.83)), one)
    assert found.min() >= 60


def test_a_total_of_registers_that_are_not_linked() -> None:
    some = fe.Between(0, 9)
    both = [by_sex(some, some, total=15), register("q", 16)]
    overlap = fe.Fixed(1.0, statement="a guess")
    for together in (None, 0.9):
        apart = fe.Unlinked(name="u", registers=both, overlap=overlap, together=together)
        found, _ = people(apart, rate=0.008, values={"entries of by sex[u]": np.full(4_000, 0.3)})
        assert found.min() >= 16
        found, _ = people(apart, rate=0.008, values={"entries of by sex[u]": np.full(4_000, 0.3)},
                          where={"sex": "boy"})  # fmt: skip
        assert found.min() >= 6


@pytest.mark.parametrize("coarse", [False, True])
def test_of_a_model_that_is_too_large_the_incomplete_counts_are_lower_limits(coarse) -> None:
    """It gave 46 (27 to 78), where 40 were counted."""
    sources = register("whole", 5, step="b"), register("part", 40, fe.Coverage(0.8))
    found, said = people(*sources, full="complete", coarse=coarse)
    assert said == ["realised.coarse" if coarse else "realised.complete"]
    # Five who went on, and a Poisson number of others, 35 at least.
    mean, variance = truncated(40 * 0.5, 35)
    close(found, 5 + mean, variance)
    parts = by_sex(25, 15, fe.Coverage(0.8))
    for sex, least in (("boy", 25), ("girl", 15)):
        found, _ = people(sources[0], parts, full="complete", coarse=coarse, where={"sex": sex})
        assert found.min() >= least


def test_a_limit_that_is_far_below_what_is_expected_is_no_limit_of_what_is_drawn() -> None:
    """Half of the people are expected to be girls, and nearly all were counted as boys.

    Of the 10,000 people 9,600 were counted as boys, and 380 as girls; one in five of the other
    twenty is expected to be a boy. A second register of girls was left out, as they were expected
    to be far more: some draws had 389 girls, where it had 395.
    """
    many = fe.Population({"sex": ["boy", "girl"]}, [100_000, 100_000])
    boy, girl = ({"sex": sex} for sex in ("boy", "girl"))
    sources = [
        register("all", 10_000),
        register("boys", 9_600, fe.Coverage(0.95), where=boy),
        register("girls", 380, fe.Coverage(0.8), where=girl),
        register("more girls", 395, fe.Coverage(0.6), where=girl),
    ]
    one = fe.Model(fe.Route("a", "b"), many, fe.Rate(0.05), {("a", "b"): fe.Share(0.5)},
                   evidence=sources)  # fmt: skip
    found = Realised(one, {}, 1).numbers([many.mask(girl)])[0]["a"]
    girls = np.arange(395, 401)
    p = stats.binom.pmf(girls - 380, 20, 1000 / 1250)
    p /= p.sum()
    mean = p @ girls
    assert found.min() >= 395
    close(found, mean, p @ girls**2 - mean**2)


def test_a_limit_that_is_far_below_what_is_drawn_is_left_out() -> None:
    """It would only take time."""
    sources = register("of all", 900, fe.Coverage(0.9)), by_sex(100, 120, fe.Coverage(0.2))
    one = fe.Model(fe.Route("a", "b"), SEXES, fe.Rate(0.5), {("a", "b"): fe.Share(0.5)},
                   evidence=list(sources))  # fmt: skip
    made = Realised(one, {}, 1)
    assert made.numbers([SEXES.mask({"sex": "boy"})])[0]["a"].min() >= 100
    assert made._drawn[0].least == ()


FALSE = [fe.Coverage(0.9), fe.PPV(0.8)]


def test_of_a_lower_limit_some_records_are_of_nobody() -> None:
    """By the sum over how many more people there are."""
    sources = register("of all", 58, fe.Coverage(0.95)), register("false", 60, *FALSE)
    found, said = people(*sources, rate=0.025)
    assert said == ["realised.least"]
    more = np.arange(60)
    p = stats.poisson.pmf(more, 2.5) * stats.poisson.sf(60 - 58 - more - 1, 60 * 0.2)
    p /= p.sum()
    mean = p @ more
    close(found, 58 + mean, p @ more**2 - mean**2)


@pytest.mark.parametrize("full", ["one of each", "complete"])
def test_records_of_nobody_do_not_contradict_a_complete_count(full) -> None:
    """Of sixty records 48 people were drawn, in some draws more than the fifty that there are."""
    sources = [register("whole", 50), register("false", 60, *FALSE), register("x", 61, *FALSE)]
    found, said = people(*sources, rate=0.025, full=full)
    assert set(found.tolist()) == {50}
    assert "realised.apart" not in said


# ------------------------------------ registers that are not linked, of which one is not used


def unlinked(*registers, weight=0.5, **fields):
    overlap = fe.Fixed(weight, statement="a guess")
    return fe.Unlinked(name="u", registers=registers, overlap=overlap, **fields)


def test_the_largest_of_those_that_count_people_counts_all_of_its_own() -> None:
    """The other one counted half of its people, and 107 were expected in none: 126 for 93."""
    bridge = fe.Bridge("reports per child", fe.Fixed(2.0, statement="two each"))
    found, said = people(unlinked(register("p", 200, bridge), register("q", 40)), rate=0.08)
    # Entries are half and half, and a quarter of them are of people counted twice.
    rest = 160 * (1 - 0.5 / 0.75)
    assert found.min() >= 40
    close(found, 40 + rest, rest)
    assert said == []


def test_the_largest_of_those_that_are_used_counts_all_of_its_own() -> None:
    """One register of all meets another one, of boys; one of girls does not."""
    values = {"entries of p[u]": np.full(4_000, 0.7)}
    apart = unlinked(
        register("p", 20), register("q", 10, where={"sex": "girl"}), weight=0.5, together=0.3
    )
    found, said = people(
        apart, register("of boys", 60, fe.Coverage(0.9), where={"sex": "boy"}),
        rate=0.08, values=values,
    )  # fmt: skip
    assert said == ["realised.least"]
    # Of the girls the register has 0.3 / (1 - 0.5 * 0.3) of those in any.
    rest = 80 * 0.1 + 80 * (1 - 0.3 * 0.3 / 0.85)
    close(found, 60 + 10 + rest, rest)


def test_the_largest_of_three_is_not_used() -> None:
    bridge = fe.Bridge("reports per child", fe.Fixed(2.0, statement="two each"))
    values = {"entries of p[u]": np.full(4_000, 0.5), "entries of q[u]": np.full(4_000, 0.6)}
    found, _ = people(
        unlinked(register("p", 200, bridge), register("q", 40), register("r", 25), weight=0.4),
        rate=0.08, values=values,
    )  # fmt: skip
    # Entries of 0.5, 0.3 and 0.2; each person is in 1 / (1 - 0.4 * 0.5) of them.
    rest = 160 * (1 - (0.3 + 0.6 * 0.2) / 0.8)
    close(found, 40 + 0.6 * 25 + rest, rest + 25 * 0.24)
    assert found.min() >= 40
