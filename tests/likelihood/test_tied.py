"""Counts of the same people at several steps, against people who are followed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.followed import MOST, ONE, ROUTE, by_people, model_of, probability, register
from tests.slopes import check_density, check_pymc

import funnelest as fe
from funnelest.likelihood.density import Density, log_added, log_given, log_likelihoods
from funnelest.likelihood.once import observed
from funnelest.likelihood.simulating import simulate
from funnelest.likelihood.tied import tied_counts
from funnelest.quantities.quantities import Quantities


def all_counts(registers, made):
    """Return the probabilities of all counts by the library, for registers of `by_people`."""
    found = np.zeros((MOST + 1,) * len(registers))
    start = model_of(*(made(i, 0) for i in range(len(registers))))
    for counts in np.ndindex(*found.shape):
        evidence = [made(i, n) for i, n in enumerate(counts)]
        found[counts] = probability(start.with_evidence(evidence))
    return found


PAIRS = {
    "complete": [("a", 1.0, 0), ("b", 1.0, 0)],
    "partial": [("a", 0.7, 0), ("b", 0.4, 0)],
    "a way round": [("b", 0.7, 0), ("c", 0.6, 0)],
    "any way": [("a", 0.9, 0), ("c", 1.0, 0)],
    "a transition": [(("a", "b"), 0.8, 0), ("c", 0.5, 0)],
    "a transition and its step": [(("a", "c"), 1.0, 0), ("c", 0.5, 0)],
    "two transitions": [(("a", "b"), 0.8, 0), (("b", "c"), 0.5, 0)],
    "transitions that nobody makes both": [(("a", "b"), 0.8, 0), (("a", "c"), 0.5, 0)],
    "false records": [("a", 1.0, 0.7), ("b", 0.6, 0.5)],
    "everybody and some at one step": [("a", 1.0, 0), ("a", 0.5, 0)],
}


@pytest.mark.parametrize("case", PAIRS)
def test_two_sources_have_the_law_of_people_who_are_followed(case) -> None:
    """All counts of both, also those that cannot be: exactly."""
    registers = PAIRS[case]

    def made(i, count):
        place, share, false = registers[i]
        defects = [fe.FalsePositives(fe.Fixed(false))] if false else []
        return register(place, count, share, *defects, name=f"r{i}")

    expected = by_people(registers)
    found = np.zeros_like(expected)
    impossible = expected < 1e-300
    start = model_of(made(0, 0), made(1, 0))
    for counts in zip(*np.nonzero(~impossible), strict=True):
        one = start.with_evidence([made(i, int(n)) for i, n in enumerate(counts)])
        found[counts] = probability(one)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_complete_counts_along_a_route_have_the_law_of_people_who_are_followed() -> None:
    route, on = fe.Route("a", "b", "c"), {("a", "b"): 0.6, ("b", "c"): 0.5}
    expected = by_people([(s, 1.0, 0) for s in "abc"], route=route, on=on)
    for counts in [(0, 0, 0), (3, 2, 1), (3, 3, 3), (5, 2, 0), (7, 4, 4)]:
        one = model_of(*map(register, "abc", counts), route=route, on=on)
        assert probability(one) == pytest.approx(expected[counts], rel=1e-9)


def _kl(true, other):
    at = true > 0
    return float(np.sum(true[at] * np.log(true[at] / other[at])))


@pytest.mark.slow
@pytest.mark.parametrize("shares", [(0.8, 0.6, 0.7), (0.5, 0.9, 0.3), (0.9, 0.95, 0.9)])
def test_three_sources_have_a_proper_law_that_is_nearer(shares) -> None:
    """It adds up to 1, with the margins of each, and the pairs that are tied, of the true one."""
    registers = [(step, share, 0) for step, share in zip("abc", shares, strict=True)]
    true = by_people(registers, number=0.8)
    found = np.zeros_like(true)
    start = model_of(*(register(s, 0, k) for s, k, _ in registers))
    for counts in np.ndindex(*found.shape):
        evidence = [register(s, n, k) for (s, k, _), n in zip(registers, counts, strict=True)]
        found[counts] = probability(start.with_evidence(evidence), 0.8)
    assert found.sum() == pytest.approx(1, abs=1e-5)
    margins = [found.sum(axis=tuple({0, 1, 2} - {i})) for i in range(3)]
    for i, one in enumerate(margins):
        np.testing.assert_allclose(one, true.sum(axis=tuple({0, 1, 2} - {i})), atol=1e-5)
    tied = [(tie.first, tie.second) for tie, _ in start.ties.among("abc")]
    assert len(tied) == 2
    for pair in tied:
        other = tuple("abc".index(s) for s in "abc" if s not in pair)
        np.testing.assert_allclose(found.sum(axis=other), true.sum(axis=other), atol=1e-5)
    apart = np.einsum("i,j,k", *margins)
    assert _kl(true, found) < 0.35 * _kl(true, apart)


def test_ten_of_thirty_who_were_all_counted_are_a_binomial_number() -> None:
    """With a vague rate and a flat share the share has a beta posterior."""
    one = fe.Model(
        fe.Route("a", "b"), ONE, fe.Number(fe.LogUniform(1e-3, 1e6)),
        {("a", "b"): fe.Share(fe.Beta(1, 1))}, [register("a", 30), register("b", 10)],
    )  # fmt: skip
    share = (np.arange(400) + 0.5) / 400
    number = np.exp(np.linspace(np.log(5), np.log(120), 400))
    grid = {"number at a": np.repeat(number, 400), "a -> b": np.tile(share, 400)}
    logs = sum(log_likelihoods(one, grid).values()).reshape(400, 400)
    posterior = np.exp(logs - logs.max()).sum(axis=0)
    exact = stats.beta(11, 21).pdf(share)
    np.testing.assert_allclose(posterior / posterior.sum(), exact / exact.sum(), atol=1e-9)


# ------------------------------------------------------------------- tables, and other cells

SEXES = fe.Population({"sex": ["boy", "girl"], "age": [1, 2]}, [[100, 200], [150, 150]])
RATE = fe.Rate(fe.LogNormal(-4, 0.3), fe.Levels("sex", fe.Normal(0, 0.5)))
SHARES = {("a", "b"): fe.Share(fe.Beta(6, 4), fe.Levels("age", fe.Normal(0, 1)))}


def table(step, count, *defects, by="sex", **fields):
    return fe.Register(name=step, step=step, by=by, count=count, defects=list(defects), **fields)


def people_model(*evidence):
    return fe.Model(fe.Route("a", "b"), SEXES, RATE, SHARES, evidence)


def draws_of(model, size=5):
    rng = np.random.default_rng(3)
    return {name: prior.ppf(rng.uniform(0.2, 0.8, size)) for name, prior in model.free.items()}


def expected_in(model, values, step, **where):
    return Quantities(model, values).number(step, where)


def test_counts_of_the_same_classes_are_tied_class_by_class() -> None:
    both = {"boy": 5, "girl": 4}, {"boy": 3, "girl": 0}
    one = people_model(table("a", both[0], fe.Coverage(0.9)), table("b", both[1], fe.Coverage(0.7)))
    values = draws_of(one)
    found = sum(log_likelihoods(one, values).values())
    total = 0.0
    for sex in ("boy", "girl"):
        a, b = (expected_in(one, values, step, sex=sex) for step in "ab")
        s, a, b = 0.63 * b, 0.9 * a, 0.7 * b
        x, y = both[0][sex], both[1][sex]
        k = np.arange(min(x, y) + 1)[:, None]
        each = stats.poisson.pmf(k, s) * stats.poisson.pmf(x - k, a - s)
        total = total + np.log((each * stats.poisson.pmf(y - k, b - s)).sum(axis=0))
    np.testing.assert_allclose(found, total, rtol=1e-10)


@pytest.mark.parametrize("split", ["ab", "a", "b"])
def test_counts_of_other_classes_are_tied_by_their_sums(split) -> None:
    """Given its sum, the classes of one step are those of other people than of the other step."""
    whole = {"where": {"age": 2}}
    first = table("a", {"boy": 5, "girl": 4}) if "a" in split else register("a", 9)
    second = (
        table("b", {1: 2, 2: 1}, fe.Coverage(0.7), by="age")
        if "b" in split
        else register("b", 3, 0.7, **whole)
    )
    one = people_model(first, second)
    (((tie, parts)),) = one.ties.among("ab")
    assert len(parts) == 1
    assert not tie.why
    values = draws_of(one)
    a, b = expected_in(one, values, "a"), 0.7 * expected_in(one, values, "b")
    if "b" not in split:
        b = 0.7 * expected_in(one, values, "b", age=2)
    k = np.arange(4)[:, None]
    each = stats.poisson.pmf(k, b) * stats.poisson.pmf(9 - k, a - b) * (3 - k == 0)
    ratio = np.log(each.sum(axis=0)) - stats.poisson.logpmf(9, a) - stats.poisson.logpmf(3, b)
    found = log_likelihoods(one, values)
    alone = people_model(first), people_model(second)
    for name, own in zip("ab", alone, strict=True):
        np.testing.assert_allclose(
            found[name], log_likelihoods(own, values)[name] + ratio / 2, rtol=1e-9
        )


def test_records_of_unknown_class_are_people_too() -> None:
    unknown = fe.Unrecorded(0.2, axis="sex")
    one = people_model(
        table("a", {"boy": 5, "girl": 4, "unknown": 3}, unknown),
        table("b", {"boy": 2, "girl": 2, "unknown": 1}, unknown),
    )
    ((_, (part,)),) = one.ties.among("ab")
    assert part.rows == ((0, 1, 2), (0, 1, 2))
    assert part.within == (False, True)
    values = draws_of(one)
    a, b = (expected_in(one, values, step) for step in "ab")
    ratio = stats.binom.logpmf(5, 12, b / a) - stats.poisson.logpmf(5, b)
    alone = log_likelihoods(people_model(one.evidence[0]), values)["a"]
    np.testing.assert_allclose(log_likelihoods(one, values)["a"], alone + ratio / 2, rtol=1e-9)


# --------------------------------------------------------- what is not tied, and what is said


def said(model):
    return {
        str(entry.about): str(entry.value)
        for entry in model.ledger()
        if str(entry.about).startswith("the same people")
    }


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ([register("a", 5), register("b", 3)], "taken together"),
        ([register("a", fe.Rounded(10, to=10)), register("b", 3)], "taken together"),
        ([register("a", fe.AtLeast(10)), register("b", 3)], "only a limit is known"),
        ([register("a", 5, 1.0, fe.Overdispersion(0.1)), register("b", 3)], "more than Poisson"),
        ([register("a", fe.Rounded(5000, to=500)), register("b", fe.Rounded(3000, to=1000))],
         "too many counts print as these do"),
        ([register("a", 5, 0.5, name="x"), register("a", 4, 0.5, name="y")], "nobody knows"),
        ([register("a", 3), register("b", 5)], "cannot all be right"),
        ([register(("a", "b"), 3), register(("a", "c"), 5)], None),
        ([register("a", 3)], None),
    ],
)  # fmt: skip
def test_the_ledger_says_of_every_pair_how_it_is_taken(evidence, words) -> None:
    one = model_of(*evidence)
    found = said(one)
    assert len(found) == bool(words)
    for about, value in found.items():
        assert words in value
        assert all(source.name in about for source in evidence)
    if words != "taken together":
        assert not one.ties.among([source.name for source in evidence])
        apart = [model_of(source) for source in evidence]
        assert probability(one) == pytest.approx(np.prod([probability(m) for m in apart]))


def test_a_bridge_that_may_be_one_counts_no_people() -> None:
    """Also where it is 1 at the middle of its prior."""
    bridge = fe.Bridge("reports", fe.LogNormal(0.0, 0.2, statement="about one each"))
    one = model_of(register("a", 5, 1.0, bridge), register("b", 3))
    assert not one.ties.pairs


def test_each_count_is_tied_to_the_one_before_it_with_which_it_has_most_in_common() -> None:
    route, on = fe.Route("a", "b", "c"), {("a", "b"): 0.5, ("b", "c"): 0.5}
    one = model_of(*(register(s, n) for s, n in zip("abc", (9, 5, 2), strict=True)), route=route,
                   on=on)  # fmt: skip
    assert [(tie.first, tie.second) for tie, _ in one.ties.among("abc")] == [("a", "b"), ("b", "c")]
    assert [(tie.first, tie.second) for tie, _ in one.ties.among("ac")] == [("a", "c")]
    assert len(said(one)) == 3
    assert "taken as independent (a and c), which" in " ".join(said(one).values())
    without = one.with_powers({"b": 0.0})
    two = model_of(*(e for e in one.evidence if e.name != "b"), route=route, on=on)
    density = [Density(m).log_likelihood(np.array([[0.3, -0.2]])) for m in (without, two)]
    np.testing.assert_allclose(*density)


# ------------------------------------------------------------------------ powers, and leaving out


def three():
    return model_of(
        *(register(s, n, k) for s, n, k in zip("abc", (9, 5, 3), (0.9, 0.8, 0.7), strict=True))
    )


def test_what_a_source_adds_is_what_is_missing_without_it() -> None:
    one, values = three(), {"number at a": np.array([5.0, 9.0])}
    whole = sum(log_likelihoods(one, values).values())
    for name, added in log_added(one, values).items():
        others = [source for source in one.evidence if source.name != name]
        without = sum(log_likelihoods(one.with_evidence(others), values).values())
        np.testing.assert_allclose(added, whole - without, rtol=1e-10)
        np.testing.assert_allclose(log_given(one, values, name), added, rtol=1e-10)
        left = one.with_powers({name: 0.0})
        np.testing.assert_allclose(log_given(left, values, name), added, rtol=1e-10)


def test_powers_of_all_sources_are_that_of_the_likelihood() -> None:
    one = three()
    z = np.array([[0.3, -0.5]])
    plain = Density(one).log_likelihood(z)
    half = Density(one.with_powers(dict.fromkeys("abc", 0.5))).log_likelihood(z)
    np.testing.assert_allclose(half, plain / 2, rtol=1e-12)


def test_parts_of_sources_are_what_a_little_more_of_each_adds() -> None:
    one, values = three(), {"number at a": np.array([5.0])}
    z, step = Density(one).line(values), 1e-5
    parts = log_likelihoods(one, values)
    for name in "abc":
        up, down = (
            Density(one.with_powers({name: 1 + h})).log_likelihood(z) for h in (step, -step)
        )
        np.testing.assert_allclose((up - down) / (2 * step), parts[name], rtol=1e-6)


# ------------------------------------------------------------------ arrays, slopes and symbols


def large():
    """Small counts, and so many that not every number in both is a term; classes, false records."""
    population = fe.Population({"sex": ["boy", "girl"]}, [90_000, 80_000])
    return fe.Model(
        ROUTE, population, fe.Rate(fe.LogNormal(-5, 0.5)),
        dict.fromkeys(ROUTE.edges, fe.Share(fe.Beta(4, 4), fe.Levels("sex", fe.Normal(0, 0.3)))),
        [
            table("a", {"boy": 700, "girl": 500}, fe.Coverage(fe.Beta(8, 2))),
            table("b", {"boy": 300, "girl": 12}, fe.Coverage(fe.Beta(6, 2)), fe.PPV(fe.Beta(9, 1))),
            register("c", 260, name="c"),
        ],
    )  # fmt: skip


def test_slopes_are_those_of_the_density() -> None:
    check_density(large())


@pytest.mark.slow
def test_pymc_has_the_same_density_and_slopes() -> None:
    check_pymc(large())


# ------------------------------------------------------------------------------- made-up data


@pytest.mark.parametrize("case", ["complete", "partial", "false records"])
def test_made_up_counts_are_as_often_as_they_are_likely(case) -> None:
    registers = PAIRS[case]
    one = model_of(*(
        register(place, 3, share, *([fe.FalsePositives(fe.Fixed(false))] if false else []))
        for place, share, false in registers
    ))  # fmt: skip
    law = by_people(registers)
    rng, size = np.random.default_rng(2), 100_000
    q = Quantities(one, {"number at a": np.full(size, 3.0)})
    made = tied_counts(one, q, observed(one, q), rng)
    counts = np.array([made[source.name][0] for source in one.evidence])
    inside = (counts <= MOST).all(axis=0)
    seen = np.zeros_like(law)
    np.add.at(seen, tuple(counts[:, inside]), 1)
    assert not seen[law < 1e-300].any()
    large = law * size > 10
    pieces = [*seen[large], size - seen[large].sum()], [*law[large], 1 - law[large].sum()]
    assert stats.chisquare(pieces[0], np.array(pieces[1]) * size).pvalue > 1e-6


def test_made_up_classes_add_up_to_people_who_were_counted_before() -> None:
    one = people_model(table("a", {"boy": 5, "girl": 4}), table("b", {1: 2, 2: 1}, by="age"))
    for seed in range(30):
        a, b = simulate(one, seed=seed).evidence
        assert sum(b.count.values()) <= sum(a.count.values())
