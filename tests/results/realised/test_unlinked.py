"""People on registers that are not linked: against closed forms, enumeration and rejection."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.results.realised.numbers import Realised

DRAWS = 4_000
SEXES = fe.Population({"sex": ["boy", "girl"]}, [1_000, 1_000])


def register(name, count, *defects, step="a", **fields):
    return fe.Register(name=name, step=step, count=count, defects=list(defects), **fields)


def realised(registers, *others, rate=0.08, draws=DRAWS, values=None, seed=1, **how):
    """Return the people of a model whose parameters are known, but for those given."""
    if "overlap" in how:
        how["overlap"] = fe.Fixed(how["overlap"], statement="a guess")
    both = fe.Unlinked(name="u", registers=registers, **how)
    one = fe.Model(fe.Route("a", "b"), SEXES, fe.Rate(rate), {("a", "b"): fe.Share(0.5)},
                   evidence=[both, *others])  # fmt: skip
    drawn = {name: np.full(draws, float(prior.ppf(0.5))) for name, prior in one.free.items()}
    return Realised(one, drawn | (values or {}), seed)


def people(made, where=None, step="a"):
    return made.numbers([SEXES.mask(where)])[0][step]


def near(found, p, values):
    """Check the mean and the spread of draws against a distribution, and its limits."""
    mean = p @ values
    sd = np.sqrt(p @ (values - mean) ** 2)
    assert found.mean() == pytest.approx(mean, abs=4.5 * sd / np.sqrt(len(found)) + 1e-9)
    assert found.std() == pytest.approx(sd, rel=0.08, abs=1e-9)
    some = values[p > 1e-12]
    assert found.min() >= some.min()
    assert found.max() <= some.max()


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_of_the_smaller_ones_the_weight_lies_within_the_largest(weight) -> None:
    """Distinct people are the sum less a binomial number of what is beyond the largest."""
    made = realised(
        [register("p", 100), register("q", 40), register("r", 20)], overlap=weight,
        values={"entries of p[u]": np.full(DRAWS, 0.6), "entries of q[u]": np.full(DRAWS, 0.6)},
    )  # fmt: skip
    within = np.arange(61)
    near(people(made), stats.binom.pmf(within, 60, weight), 160 - within)
    assert made.refused is None
    assert made.notes() == ()


def test_those_in_none_of_them_come_on_top() -> None:
    made = realised(
        [register("p", 100), register("q", 40)], overlap=1.0, together=0.8,
        values={"entries of p[u]": np.full(DRAWS, 0.7)},
    )  # fmt: skip
    more = np.arange(200)
    near(people(made), stats.poisson.pmf(more, 160 * 0.2), 100 + more)


def test_boys_and_girls_are_certain() -> None:
    """As lower limits they were 164 to 208."""
    made = realised(
        [register("of boys", 100, where={"sex": "boy"}),
         register("of girls", 60, where={"sex": "girl"})], overlap=0.5,
    )  # fmt: skip
    assert set(people(made).tolist()) == {160}
    assert set(people(made, {"sex": "girl"}).tolist()) == {60}


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_never_fewer_than_the_larger_one_counted(weight) -> None:
    """Whichever of the two is expected to be the larger."""
    share = np.random.default_rng(3).beta(101, 103, DRAWS)
    made = realised(
        [register("p", 100), register("q", 102)], overlap=weight,
        values={"entries of p[u]": share},
    )  # fmt: skip
    found = people(made)
    assert found.min() >= 102
    assert found.max() <= 202
    assert found.mean() == pytest.approx(202 - 100 * weight, abs=1.5)


def test_over_all_counts_they_are_the_people_of_the_route() -> None:
    """The law given the counts belongs to the likelihood: mixed over its counts it is Poisson."""
    rng = np.random.default_rng(8)
    found = []
    for seed in range(300):
        # 90 people with 90 / (1 - 0.5 * 0.4) entries, 60% of them in p.
        p, q = rng.poisson(90 / 0.8 * np.array([0.6, 0.4]))
        made = realised(
            [register("p", int(p)), register("q", int(q))], overlap=0.5, rate=0.045,
            values={"entries of p[u]": np.full(4, 0.6)}, draws=4, seed=seed,
        )  # fmt: skip
        found.append(people(made)[:1])
    drawn = np.concatenate(found)
    assert drawn.mean() == pytest.approx(90, abs=4.5 * np.sqrt(90 / 300))
    assert drawn.var() == pytest.approx(90, rel=4.5 * np.sqrt(2 / 300))


def test_known_overlaps_by_the_sum_over_the_people_on_both() -> None:
    made = realised(
        [register("p", 40), register("q", 25)], overlaps={("p", "q"): 12.0}, rate=0.025,
        values={"entries of p[u]": np.full(DRAWS, 0.6)},
    )  # fmt: skip
    both = np.arange(26)
    alone = (50 + 12) * np.array([0.6, 0.4]) - 12
    p = stats.poisson.pmf(both, 12) * stats.poisson.pmf(40 - both, alone[0])
    p *= stats.poisson.pmf(25 - both, alone[1])
    near(people(made), p / p.sum(), 65 - both)


def test_beside_another_register_by_rejection() -> None:
    """A smaller register of boys only, false records, and a register at the next step."""
    share = 0.6
    made = realised(
        [register("all", 9), register("of boys", fe.Between(4, 6), fe.PPV(0.8),
                                      where={"sex": "boy"})],
        register("next", 3, fe.Coverage(0.5), step="b"),
        overlap=0.4, rate=0.006, values={"entries of all[u]": np.full(DRAWS, share)},
    )  # fmt: skip
    # Per cell: in "all", in "of boys" alone, and on both; girls are in "all".
    entries = 6 / (1 - 0.4 * 0.4)
    first = np.array([entries * 0.6, entries * 0.4 * 0.6, 6.0])
    rng, kept = np.random.default_rng(9), []
    for _ in range(40):
        size = 50_000
        own, again = rng.poisson(first, (size, 3)), rng.poisson(entries * 0.4 * 0.4, size)
        on = rng.binomial(own, 0.5)
        seen = rng.binomial(on, 0.5)
        false = rng.poisson(entries * 0.4 / 0.8 * 0.2, size)
        records = own[:, 1] + again + false
        right = (own[:, 0] + own[:, 2] == 9) & (records >= 4) & (records <= 6)
        right &= (seen.sum(axis=1) == 3) & (own[:, 0] + own[:, 1] + false >= 4)
        kept.append(np.stack([own[:, 0] + own[:, 1], own[:, 2], on.sum(axis=1)])[:, right])
    boys, girls, on = np.concatenate(kept, axis=1)
    assert len(boys) > 2_000
    found = people(made, {"sex": "boy"}), people(made, {"sex": "girl"}), people(made, step="b")
    for drawn, truth in zip(found, (boys, girls, on), strict=True):
        apart = np.sqrt(truth.var() * (1 / len(truth) + 2 / len(drawn)))
        assert drawn.mean() == pytest.approx(truth.mean(), abs=4.5 * apart)
        assert drawn.std() == pytest.approx(truth.std(), rel=0.1)
