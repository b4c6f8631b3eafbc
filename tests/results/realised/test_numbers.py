"""People of the observed period: no fewer than were counted, and as many as there were."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.lists import OverlapTable
from funnelest.results.realised.numbers import Realised

CHAIN = fe.Route("a", "b")
SKIP = fe.Route("a", "b", "c", skips=[("a", "c")])
WHOLE = np.ones((), dtype=bool)


def coverage(share):
    return [fe.Coverage(share)]


def model(*evidence, route=CHAIN, number=None, **shares):
    """Return a model of one cell; what is not given is unknown."""
    return fe.Model(
        route,
        fe.Population.cells({}),
        fe.Number(fe.LogUniform(10, 10_000) if number is None else number),
        {edge: fe.Share(shares.get("".join(edge), fe.Beta(1, 1))) for edge in route.edges},
        evidence=list(evidence),
    )


def people(one, draws=4_000, seed=1, where=WHOLE):
    """Return the people at each place, where the prior is all that is known of the parameters."""
    rng = np.random.default_rng(seed)
    values = {name: prior.sample(rng, draws) for name, prior in one.free.items()}
    (found,) = Realised(one, values, seed).numbers([where])
    return found


def register(step="a", count=40, defects=(), name=None, **fields):
    return fe.Register(name=name or f"of {step}", step=step, count=count, defects=defects, **fields)


# ------------------------------------------------------------------ closed forms


def test_complete_registers_are_the_numbers() -> None:
    found = people(model(register("a", 300), register("b", 100)))
    assert {(n.min(), n.max()) for n in (found["a"],)} == {(300, 300)}
    assert (found["b"] == 100).all()
    assert (found["a", "b"] == 100).all()


def test_of_one_register_the_rest_is_poisson() -> None:
    found = people(model(register("a", 5, coverage(0.8)), number=10.0, ab=0.5))
    rest = found["a"] - 5
    assert rest.min() == 0  # never below what was counted
    seen = np.bincount(rest.astype(int), minlength=9)[:7]
    expected = 4_000 * stats.poisson.pmf(np.arange(7), 10 * 0.2)
    assert (
        stats.chisquare([*seen, 4_000 - seen.sum()], [*expected, 4_000 - expected.sum()]).pvalue
        > 0.001
    )
    # Of those counted at a, half go on, whatever their number.
    assert found["b"].mean() == pytest.approx(0.5 * (5 + 2), abs=0.1)


def test_records_of_nobody_are_left_out() -> None:
    one = model(register("a", 50, [fe.Coverage(0.8), fe.PPV(0.9)]), number=60.0, ab=0.5)
    found = people(one)["a"]
    # True records are binomial, the people without one Poisson.
    assert found.mean() == pytest.approx(50 * 0.9 + 60 * 0.2, abs=0.25)
    assert found.var() == pytest.approx(50 * 0.9 * 0.1 + 60 * 0.2, rel=0.1)
    added = model(register("a", 50, [fe.FalsePositives(10.0)]), number=40.0, ab=0.5)
    assert people(added)["a"].mean() == pytest.approx(50 * 0.8, abs=0.2)


def test_people_in_two_registers_are_counted_once() -> None:
    """By the sum over how many were counted at both steps."""
    one = model(register("a", 30, coverage(0.6)), register("b", 12, coverage(0.5)),
                number=50.0, ab=0.4)  # fmt: skip
    both = np.arange(13)
    at_b, at_a = 50 * 0.4, 50 * 0.6
    logs = stats.poisson.logpmf(both, at_b * 0.3) + stats.poisson.logpmf(12 - both, at_b * 0.2)
    # Counted at a alone: those who stop there, and those who go on and are missed at b.
    logs += stats.poisson.logpmf(30 - both, at_a * 0.6 + at_b * 0.3)
    p = np.exp(logs - logs.max())
    p /= p.sum()
    inside = at_b * 0.3 / (at_a * 0.6 + at_b * 0.3)
    mean = p @ (12 + (30 - both) * inside) + at_b * 0.2
    found = people(one)
    assert found["b"].mean() == pytest.approx(mean, abs=4 * found["b"].std() / np.sqrt(4_000))
    assert found["a"].min() >= 30
    assert (found["a"] >= found["b"]).all()


def test_scatter_of_records_does_not_change_who_was_counted() -> None:
    defects = [fe.Coverage(0.8), fe.Overdispersion(0.5)]
    found = people(model(register("a", 50, defects), number=20.0, ab=0.5))["a"]
    assert found.mean() == pytest.approx(50 + 20 * 0.2, abs=0.15)


def test_parts_add_up_and_hold_their_own_counts() -> None:
    population = fe.Population({"sex": ["boy", "girl"]}, [1_000, 1_000])
    source = fe.Register(
        name="r", step="a", by="sex", count={"boy": 3, "girl": 8}, defects=coverage(0.5)
    )
    one = fe.Model(CHAIN, population, fe.Rate(0.01), {("a", "b"): fe.Share(0.5)}, evidence=[source])
    made = Realised(one, {}, 1)
    boys, girls = made.numbers([population.mask({"sex": s}) for s in ("boy", "girl")])
    (every,) = made.numbers([population.mask()])
    assert boys["a"].min() == 3
    assert girls["a"].min() == 8
    assert every["a"].mean() == pytest.approx(11 + 10, abs=0.3)
    assert (boys["a"] + girls["a"]).mean() == pytest.approx(11 + 10, abs=0.3)


def test_the_same_seed_gives_the_same_people() -> None:
    one = model(register("a", 30, coverage(0.6)))
    first, again, other = (people(one, seed=seed)["b"] for seed in (1, 1, 2))
    assert (first == again).all()
    assert not (first == other).all()


def test_blocks_of_draws_change_nothing_of_what_is_certain(monkeypatch) -> None:
    monkeypatch.setattr("funnelest.results.realised.numbers._AT_ONCE", 700)
    found = people(model(register("a", 30, coverage(0.6)), register("b", 12)))
    assert (found["b"] == 12).all()
    assert found["a"].min() >= 30


def test_no_more_people_than_there_are() -> None:
    one = fe.Model(CHAIN, fe.Population({"sex": ["girl"]}, [100]), fe.Rate(0.95),
                   {("a", "b"): fe.Share(0.9)}, evidence=[])  # fmt: skip
    (found,) = Realised(one, {}, 1).numbers([np.ones(1, dtype=bool)])
    assert found["a"].max() == 100
    assert (found["b"] <= found["a"]).all()


# --------------------------------------------------------- what cannot be so, or is not known


def test_counts_that_cannot_be_of_the_same_people() -> None:
    one = model(register("a", 100), register("b", 120))
    made = Realised(
        one, {name: np.full(500, 0.5 if "->" in name else 110.0) for name in one.free}, 1
    )
    (found,) = made.numbers([WHOLE])
    assert found["b"].min() >= 120
    assert (found["a"] >= found["b"]).all()
    assert [note.key for note in made.notes()] == ["realised.apart"]


def test_two_registers_of_one_step_are_never_independent() -> None:
    two = [register("a", n, coverage(0.5), name=name) for name, n in (("x", 60), ("y", 55))]
    one = model(*two, number=100.0, ab=0.5)
    made = Realised(one, {}, 1)
    (found,) = made.numbers([WHOLE])
    assert found["a"].mean() == pytest.approx(60 + 50, abs=0.5)  # the larger one, and who it missed
    (note,) = made.notes()
    assert note.key == "realised.least"
    assert note.values["names"] == ("y",)


def test_a_count_of_records_is_no_count_of_people() -> None:
    bridge = fe.Bridge("reports per child", fe.Fixed(2.0, statement="two each"))
    one = model(register("a", 400, [bridge]), number=100.0, ab=0.5)
    made = Realised(one, {}, 1)
    assert not made.counts_people
    (found,) = made.numbers([WHOLE])
    assert found["a"].var() == pytest.approx(100, rel=0.1)


# ------------------------------------------------------------------ limits, kind by kind

TABLE = OverlapTable(["p", "q"], {"10": 40, "01": 30, "11": 27})
UPPER = OverlapTable(
    ["p", "q", "r"],
    {"100": 40, "010": 30, "110": 27, "001": 9, "101": 2, "011": 2},
    upper=["r"],
)
#: Evidence, and how many there certainly were at each step.
KINDS = {
    "count": ([register("b", 30, coverage(0.7))], {"a": 30, "b": 30}),
    "rounded": ([register("b", fe.Rounded(30, to=10), coverage(0.7))], {"a": 25, "b": 25}),
    "withheld": ([register("b", fe.Withheld(2, 4), coverage(0.7))], {"a": 2, "b": 2}),
    "at least": ([register("b", fe.AtLeast(30), coverage(0.7))], {"a": 30, "b": 30}),
    "two steps": ([register("a", 50, coverage(0.9)), register("b", 40, coverage(0.8))],
                  {"a": 50, "b": 40}),
    "two of one step": ([register("a", 50, coverage(0.9), name="x"),
                         register("a", 70, coverage(0.9), name="y")], {"a": 70, "b": 0}),
    "of a transition": ([register(("a", "b"), 40, coverage(0.8))], {"a": 40, "b": 40}),
    "too many later": ([register("a", 40), register("b", 60, coverage(0.9))], {"a": 60, "b": 60}),
    "over-dispersed": ([register("a", 50, [fe.Overdispersion(0.3)])], {"a": 50, "b": 0}),
    "linked": ([fe.Linked(name="l", step="b", table=TABLE, order=1)], {"a": 97, "b": 97}),
    "linked, others on a list": ([fe.Linked(name="l", step="a", table=UPPER, order=1)],
                                 {"a": 101, "b": 0}),
    "linked and a register": ([fe.Linked(name="l", step="a", table=TABLE, order=1),
                               register("a", 120, coverage(0.5))], {"a": 120, "b": 0}),
}  # fmt: skip


@pytest.mark.parametrize(("evidence", "certain"), KINDS.values(), ids=KINDS)
def test_no_fewer_than_were_counted(evidence, certain) -> None:
    one = model(*evidence)
    made = Realised(
        one, {n: p.sample(np.random.default_rng(4), 600) for n, p in one.free.items()}, 2
    )
    assert made.counts_people
    (found,) = made.numbers([WHOLE])
    for step, least in certain.items():
        assert found[step].min() >= least, step
    assert (found["a"] >= found["b"]).all()


# --------------------------------------------------------------------- calibrated


def _world(rng, number, shares, coverages):
    """Return the people at each step, and those counted, of one made-up period."""
    n = rng.poisson(number)
    b = rng.random(n) < shares["ab"]
    c = np.where(b, rng.random(n) < shares["bc"], rng.random(n) < shares["ac"])
    at = {"a": np.ones(n, dtype=bool), "b": b, "c": c}
    counted = {s: int((who & (rng.random(n) < coverages[s])).sum()) for s, who in at.items()}
    return {s: int(who.sum()) for s, who in at.items()}, counted


def _rank(draws, true, rng):
    below, same = np.sum(draws < true), np.sum(draws == true)
    return (below + rng.random() * (same + 1)) / (len(draws) + 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("coverages", "ppv", "to"),
    [
        ({"a": 0.8, "b": 0.6, "c": 0.7}, 1.0, 1),
        ({"a": 1.0, "b": 0.6, "c": 1.0}, 1.0, 1),
        ({"a": 0.9, "b": 0.8, "c": 0.7}, 0.8, 10),
    ],
    ids=["three registers", "two of them complete", "false records, rounded"],
)
def test_true_numbers_rank_evenly_given_the_parameters(coverages, ppv, to) -> None:
    """Numbers of made-up people against draws given what was counted of them."""
    shares = {"ab": 0.5, "ac": 0.3, "bc": 0.4}
    ranks = {"a": [], "b": [], "c": []}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        true, counted = _world(rng, 60.0, shares, coverages)
        counted["a"] += rng.poisson(60 * coverages["a"] * (1 / ppv - 1))
        sources = [
            register(s, fe.Rounded(int(np.floor(z / to + 0.5)) * to, to=to),
                     [fe.Coverage(coverages[s]), *([fe.PPV(ppv)] if s == "a" and ppv < 1 else [])])
            for s, z in counted.items()
        ]  # fmt: skip
        one = model(*sources, route=SKIP, **{k: fe.Fixed(v) for k, v in shares.items()})
        (found,) = Realised(one, {"number at a": np.full(299, 60.0)}, seed).numbers([WHOLE])
        for s, made in ranks.items():
            made.append(_rank(found[s], true[s], rng))
    for made in ranks.values():
        assert stats.kstest(made, "uniform").pvalue > 1e-3
        for level in (0.5, 0.8, 0.95):
            inside = int(np.sum(np.abs(np.array(made) - 0.5) < level / 2))
            assert stats.binomtest(inside, 300, level).pvalue > 1e-3
