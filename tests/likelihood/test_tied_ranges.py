"""Rounded, withheld and other ranges of counts of the same people."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats
from tests.followed import ONE, ROUTE, by_people, model_of, probability, register
from tests.slopes import check_density, check_pymc

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods
from funnelest.likelihood.simulating import simulate

PLACES = {
    "complete": [("a", 1.0), ("b", 1.0)],
    "partial": [("a", 0.7), ("b", 0.4)],
    "a way round": [("b", 0.7), ("c", 0.6)],
    "everybody and some at one step": [("a", 1.0), ("a", 0.5)],
}
#: Figures, and the probability that every count from 0 to `MOST` prints so.
FIGURES = {
    "rounded": (fe.Rounded(3, to=3), [0, 0, 1, 1, 1, 0, 0, 0]),
    "between": (fe.Between(1, 6), [0, 1, 1, 1, 1, 1, 1, 0]),
    "withheld": (fe.Withheld(0, 2), [1, 1, 1, 0, 0, 0, 0, 0]),
    "not withheld": (fe.Withheld(2, 3, value=4, to=4), [0, 0, 0, 0, 1, 1, 0, 0]),
    "random": (fe.RandomlyRounded(3, to=3), [0, 1 / 3, 2 / 3, 1, 2 / 3, 1 / 3, 0, 0]),
    "exact": (2, [0, 0, 1, 0, 0, 0, 0, 0]),
}


@pytest.mark.parametrize("case", PLACES)
@pytest.mark.parametrize("first", FIGURES)
@pytest.mark.parametrize("second", FIGURES)
def test_printed_pairs_have_the_law_of_people_who_are_followed(case, first, second) -> None:
    """The sum over all counts that print so, of people who go and are counted group by group."""
    places = PLACES[case]
    law = by_people([(place, share, 0) for place, share in places])
    expected = np.einsum("ij,i,j", law, FIGURES[first][1], FIGURES[second][1])
    one = model_of(
        *(
            register(place, FIGURES[name][0], share, name=f"r{i}")
            for i, ((place, share), name) in enumerate(zip(places, (first, second), strict=True))
        )
    )
    if not expected:
        assert [tie.why for tie in one.ties.pairs] == ["impossible"]
        return
    assert [(tie.why, len(tie.parts)) for tie in one.ties.pairs] == [("", 1)]
    assert probability(one) == pytest.approx(expected, rel=1e-9)


def test_three_printed_sources_have_a_proper_law() -> None:
    """It adds up to 1 over all that may be printed, with the true law of the pairs tied."""
    shares = (0.9, 0.7, 0.8)
    law = by_people([(step, share, 0) for step, share in zip("abc", shares, strict=True)], 0.5)
    figures = [fe.Between(0, 1), fe.Between(2, 3), fe.Between(4, 5), fe.Between(6, 7)]
    found = np.zeros((4, 4, 4))
    for at in np.ndindex(*found.shape):
        evidence = [register(s, figures[i], k) for s, i, k in zip("abc", at, shares, strict=True)]
        found[at] = probability(model_of(*evidence), 0.5)
    assert found.sum() == pytest.approx(1, abs=1e-6)
    printed = law.reshape(4, 2, 4, 2, 4, 2).sum(axis=(1, 3, 5))
    tied = [(tie.first, tie.second) for tie, _ in model_of(*evidence).ties.among("abc")]
    assert len(tied) == 2
    for pair in tied:
        other = tuple("abc".index(s) for s in "abc" if s not in pair)
        np.testing.assert_allclose(found.sum(axis=other), printed.sum(axis=other), atol=1e-6)


# --------------------------------------------------------------------------------- tables

SEXES = fe.Population({"sex": ["boy", "girl"], "age": [1, 2]}, [[10, 20], [15, 15]])


def table(step, count, *defects, by="sex", **fields):
    return fe.Register(name=step, step=step, by=by, count=count, defects=list(defects), **fields)


def people_model(*evidence):
    rate = fe.Rate(fe.LogNormal(-1.5, 0.3), fe.Levels("sex", fe.Normal(0, 0.5)))
    shares = {("a", "b"): fe.Share(fe.Beta(6, 4), fe.Levels("age", fe.Normal(0, 1)))}
    return fe.Model(fe.Route("a", "b"), SEXES, rate, shares, evidence)


def chance(*evidence):
    """Return how likely figures are at three points; 0 where more come than can."""
    one = people_model(*evidence)
    if any(tie.why == "impossible" for tie in one.ties.pairs):
        return np.zeros(3)
    rng = np.random.default_rng(3)
    values = {name: prior.ppf(rng.uniform(0.2, 0.8, 3)) for name, prior in one.free.items()}
    return np.exp(sum(log_likelihoods(one, values).values()))


#: A table, and the counts that print as it does.
TABLES = {
    "class by class": (
        [{"boy": fe.Rounded(6, to=2), "girl": 3}, {"boy": fe.Rounded(2, to=2), "girl": 2}],
        [[(5, 3), (6, 3)], [(1, 2), (2, 2)]],
        {}, "sex", 2,
    ),
    "a total says which": (
        [{"boy": fe.Withheld(0, 4), "girl": fe.Withheld(0, 4)}, {"boy": 1, "girl": 0}],
        [[(i, 5 - i) for i in range(1, 5)], [(1, 0)]],
        {"total": 5}, "sex", 1,
    ),
    "a rounded total": (
        [{"boy": fe.Withheld(0, 2), "girl": fe.Withheld(0, 2)},
         {"boy": 1, "girl": fe.Between(0, 1)}],
        [[(1, 2), (2, 1), (2, 2)], [(1, 0), (1, 1)]],
        {"total": fe.Rounded(4, to=2)}, "sex", 1,
    ),
    "other classes": (
        [{"boy": fe.Rounded(6, to=2), "girl": 3}, {1: fe.Between(0, 1), 2: fe.Rounded(2, to=2)}],
        [[(5, 3), (6, 3)], [(0, 1), (0, 2), (1, 1), (1, 2)]],
        {}, "age", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
@pytest.mark.parametrize("share", [1.0, 0.7])
def test_a_printed_table_is_the_sum_of_all_that_print_so(case, share) -> None:
    """Of exact counts, whose law is that of people who are followed (`test_tied`)."""
    (first, second), counts, total, by, tied = TABLES[case]
    defects = [fe.Coverage(share)] if share < 1 else []
    made = table("a", first, *defects, **total), table("b", second, *defects, by=by)
    ((tie, parts),) = people_model(*made).ties.among("ab")
    assert (len(parts), tie.why) == (tied, "")
    expected = 0.0
    for a, b in product(*counts):
        one = table("a", dict(zip(first, a, strict=True)), *defects)
        other = table("b", dict(zip(second, b, strict=True)), *defects, by=by)
        expected = expected + _together(one, other, tied)
    np.testing.assert_allclose(chance(*made), expected, rtol=1e-9)


def _together(one, other, tied):
    """Return how likely exact tables are when they are tied as printed ones are."""
    if tied == 2 or other.by == "age":
        return chance(one, other)
    # A total ties the classes, so that their sums are tied: as those of people without class.
    whole = [
        fe.Register(name=r.name, step=r.step, count=sum(r.count.values()), defects=r.defects)
        for r in (one, other)
    ]
    parts = [chance(r) / chance(w) for r, w in zip((one, other), whole, strict=True)]
    return chance(*whole) * parts[0] * parts[1]


# ------------------------------------------------------------------ arrays, slopes and symbols


def large():
    population = fe.Population({"sex": ["boy", "girl"]}, [90_000, 80_000])
    return fe.Model(
        ROUTE, population, fe.Rate(fe.LogNormal(-5, 0.5)),
        dict.fromkeys(ROUTE.edges, fe.Share(fe.Beta(4, 4), fe.Levels("sex", fe.Normal(0, 0.3)))),
        [
            table("a", {"boy": fe.Rounded(700, to=10), "girl": 500}, fe.Coverage(fe.Beta(8, 2))),
            table("b", {"boy": fe.Rounded(300, to=20), "girl": fe.Withheld()},
                  fe.Coverage(fe.Beta(6, 2)), fe.PPV(fe.Beta(9, 1)), total=fe.Rounded(300, to=10)),
            register("c", fe.RandomlyRounded(260, to=5), name="c"),
        ],
    )  # fmt: skip


def test_slopes_are_those_of_the_density() -> None:
    check_density(large())


@pytest.mark.slow
def test_pymc_has_the_same_density_and_slopes() -> None:
    check_pymc(large())


# -------------------------------------------------------------------------------- intervals


def test_thirty_and_ten_to_the_nearest_ten() -> None:
    """The share of complete counts of 25-34 and 5-14: by adding up binomial posteriors."""
    one = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.LogUniform(1e-3, 1e6)),
        {("a", "b"): fe.Share(fe.Beta(1, 1))},
        [register("a", fe.Rounded(30, to=10)), register("b", fe.Rounded(10, to=10))],
    )  # fmt: skip
    share = (np.arange(300) + 0.5) / 300
    number = np.exp(np.linspace(np.log(3), np.log(150), 300))
    grid = {"number at a": np.repeat(number, 300), "a -> b": np.tile(share, 300)}
    logs = sum(log_likelihoods(one, grid).values()).reshape(300, 300)
    posterior = np.exp(logs - logs.max()).sum(axis=0)
    exact = np.zeros(300)
    for x, y in product(range(25, 35), range(5, 15)):
        # Of a flat log of the number x counted has weight 1/x; y of x a binomial one.
        exact += stats.binom.pmf(y, x, share) / x
    np.testing.assert_allclose(posterior / posterior.sum(), exact / exact.sum(), atol=1e-7)


def test_made_up_figures_do_not_contradict_each_other() -> None:
    one = model_of(register("a", fe.Rounded(10, to=5)), register("b", fe.Rounded(5, to=5)))
    for seed in range(20):
        made = simulate(one, seed=seed, parameters={"number at a": 20.0})
        assert [tie.why for tie in made.ties.pairs] == [""]
