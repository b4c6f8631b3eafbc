"""Nested counts of one group against sums over every chain of counts, one by one."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

import funnelest as fe
from funnelest.figures import as_figure
from funnelest.observations.nested import Nested, PrintedNested
from funnelest.tape.traced import gradient_of, traced

#: Of three transitions, for four draws: one of them impossible but for a hair.
SHARES = np.array([[0.5, 0.9, 0.2, 1e-6], [0.4, 0.1, 0.9, 0.5], [0.3, 0.7, 0.99, 0.5]])
CHAINS = {
    "known": ((40, 21, 10, 3), (0, 0, 0)),
    "known and open": ((40, 21, 10, 3), (6, 3, 7)),
    "first hidden": ((fe.Rounded(40, to=10), 21, 10, 3), (2, 0, 0)),
    "last hidden": ((40, 21, 10, fe.Withheld()), (0, 0, 0)),
    "one hidden": ((40, fe.Rounded(20, to=10), 12, fe.Rounded(5, to=5)), (0, 0, 1)),
    "all rounded": ((fe.Rounded(40, to=10), fe.Rounded(20, to=5), fe.Withheld(), 1), (0, 0, 0)),
    "two withheld": (
        (fe.Rounded(40, to=10), fe.Rounded(20, to=5), fe.Withheld(), fe.Withheld()), (3, 2, 0),
    ),
    "all withheld": ((fe.Withheld(),) * 4, (0, 0, 0)),
    "at random": (
        (fe.RandomlyRounded(40), fe.RandomlyRounded(20), fe.RoundedToUnknown(10), fe.AtLeast(2)),
        (3, 0, 1),
    ),
    "limits": ((40, fe.AtMost(20), fe.Between(2, 9), fe.AtMost(4)), (0, 0, 1)),
    "nobody left": ((12, 4, fe.Withheld(), 0), (0, 4, 0)),
}  # fmt: skip


def nested(figures, still, shares, inverse=0.0, divisor=1):
    steps = tuple(f"step {i}" for i in range(1, len(figures)))
    printed = PrintedNested(steps, tuple(map(as_figure, figures)), tuple(still), divisor)
    return Nested(np.asarray(shares, dtype=float), inverse, printed)


def _may_be(figure, divisor):
    """Return every count that may print as a figure, and with which probability."""
    low, high = figure.limits(divisor)
    if not figure.bounded:
        return [(k, 1.0) for k in range(int(low), int(min(high, 40)) + 1)]
    weights = figure.log_weights(divisor)
    counts = figure.candidates(divisor)
    chances = np.ones(len(counts)) if weights is None else np.exp(weights)
    return list(zip(counts.tolist(), chances.tolist(), strict=True))


def one_by_one(figures, still, shares, inverse=0.0, divisor=1):
    """Return the log-probability of one draw, by a loop over all chains of counts."""
    printed = [as_figure(one) for one in figures]
    sets = [_may_be(one, divisor if i else 1) for i, one in enumerate(printed)]
    total = 0.0
    for chain in product(*sets):
        p = chain[0][1] / sum(weight for _, weight in sets[0])
        for i, share in enumerate(shares):
            people, new = chain[i][0] - still[i], chain[i + 1][0]
            if not 0 <= new <= people:
                p = 0.0
                break
            p *= chain[i + 1][1] * _chances(people, share, inverse)[new]
        total += p
    return np.log(total)


@cache
def _chances(people, share, inverse):
    if not people:
        return np.ones(1)
    if inverse:
        law = stats.betabinom(people, share / inverse, (1 - share) / inverse)
    else:
        law = stats.binom(people, share)
    return law.pmf(np.arange(people + 1))


@pytest.mark.parametrize("inverse", [0.0, 0.05, np.array([0.3, 0.01, 2.0, 0.1])], ids=str)
@pytest.mark.parametrize("name", CHAINS)
def test_it_is_the_sum_over_all_chains(name, inverse):
    figures, still = CHAINS[name]
    found = nested(figures, still, SHARES, inverse).logp()
    each = np.broadcast_to(inverse, (4,))
    wanted = [one_by_one(figures, still, SHARES[:, j], each[j]) for j in range(4)]
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("inverse", [0.0, 0.1])
@pytest.mark.parametrize("name", CHAINS)
def test_shares_of_none_and_of_all(name, inverse):
    """Impossible chains have no probability, and no draw is not a number."""
    figures, still = CHAINS[name]
    shares = np.array([[1.0, 0.0, 1.0, 0.5], [1.0, 0.5, 0.0, 1.0], [0.5, 1.0, 0.3, 0.0]])
    with np.errstate(divide="ignore", invalid="ignore"):
        found = nested(figures, still, shares, inverse).logp()
        # Without over-dispersion: shares of 0 and 1 have none.
        wanted = [one_by_one(figures, still, shares[:, j]) for j in range(4)]
    impossible = np.isneginf(wanted)
    assert np.isneginf(found[impossible]).all()
    assert np.isfinite(found[~impossible]).all()
    if not inverse:
        np.testing.assert_allclose(found[~impossible], np.array(wanted)[~impossible], atol=1e-11)


def test_shares_of_the_first_count_are_sums_too():
    figures = (50, fe.Rounded(0.5, to=0.1), fe.Rounded(0.2, to=0.1))
    found = nested(figures, (0, 0), SHARES[:2], 0.0, 50).logp()
    wanted = [one_by_one(figures, (0, 0), SHARES[:2, j], 0.0, 50) for j in range(4)]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("inverse", [0.0, 0.2])
def test_all_that_may_be_printed_adds_up_to_one(inverse):
    """With a first count that is hidden, and some still open."""
    first = fe.Between(9, 11)
    made = [fe.Rounded(5 * k, to=5) for k in range(4)]
    small = [fe.Withheld(1, 3), *(fe.Withheld(1, 3, value=k) for k in (0, *range(4, 12)))]
    chains = [
        nested((first, a, b), (2, 0), SHARES[:2], inverse).logp() for a in made for b in small
    ]
    np.testing.assert_allclose(logsumexp(chains, axis=0), 0.0, atol=1e-12)


def test_it_is_made_up_as_often_as_it_is_likely():
    one = nested((8, fe.Rounded(5, to=5), 1), (3, 0), np.full((2, 1), 0.4), 0.3)
    rng = np.random.default_rng(4)
    size = 6_000
    seen = {}
    for _ in range(size):
        (a, b), still = one.simulate(rng)
        key = (a.value, b.value, *still)
        seen[key] = seen.get(key, 0) + 1
    # How many are open is binomial with the share that was printed, and the rest given that.
    for (a, b, still, none), times in seen.items():
        new = nested((8, fe.Rounded(a, to=5), b), (still, none), np.full((2, 1), 0.4), 0.3)
        chance = float(np.exp(new.logp()[0]) * stats.binom.pmf(still, 8, 3 / 8))
        assert none == 0
        assert abs(times - size * chance) < 5 * np.sqrt(size * chance) + 1
    assert sum(seen.values()) == size


def test_moments_are_those_of_what_is_made_up():
    figures = (fe.Between(30, 50), 21, fe.Rounded(10, to=5))
    one = nested(figures, (6, 0), np.full((2, 400_000), 0.6), 0.1)
    made = one.sampled(np.random.default_rng(2), 400_000)[0][1:]
    mean, sd = one.moments()
    np.testing.assert_allclose(made.mean(axis=1), mean[:, 0], rtol=4e-3)
    np.testing.assert_allclose(made.std(axis=1), sd[:, 0], rtol=8e-3)


def test_the_law_of_a_count_is_that_of_the_group():
    """Given the first alone; beside the others, given the one before."""
    one = nested((40, 21, 10, fe.Withheld()), (0, 0, 2), SHARES)
    assert one.law((1,)).n == 40
    np.testing.assert_allclose(one.law((1,)).p, SHARES[0] * SHARES[1])
    given = one.law_given_others((2,))
    assert given.n == 8
    np.testing.assert_allclose(given.p, SHARES[2])
    assert nested((40, fe.Withheld(), 2), (0, 0), SHARES[:2]).law_given_others((1,)) is None
    assert nested((40, 21, 10), (0, 0), SHARES[:2], 0.1).law((1,)) is None


def test_coarse_figures_far_from_what_is_expected():
    """Where linear arithmetic underflows, for some draws and not for others."""
    figures = (2000, fe.Rounded(1000, to=400), fe.Rounded(500, to=200), fe.Rounded(200, to=100))
    shares = np.array([[0.5, 0.999, 1e-3, 0.5], [0.5, 1e-4, 0.999, 0.5], [0.4, 0.2, 0.4, 0.999]])
    found = nested(figures, (0, 0, 0), shares).logp()
    k = [np.arange(int(one.limits()[0]), int(one.limits()[1]) + 1) for one in figures[1:]]
    for j in range(4):
        logs = stats.binom.logpmf(k[0], 2000, shares[0, j])
        for i in (1, 2):
            onward = stats.binom.logpmf(k[i][:, None], k[i - 1], shares[i, j])
            logs = logsumexp(logs + onward, axis=1)
        assert found[j] == pytest.approx(logsumexp(logs), rel=1e-9)


def test_slopes_go_through_the_sums():
    figures = (400, fe.Rounded(200, to=50), fe.Rounded(100, to=20), fe.Rounded(30, to=10))

    printed = nested(figures, (5, 0, 0), SHARES).printed

    def value(shares, inverse):
        return Nested(shares, inverse, printed).logp()

    shares = np.array([[0.5, 0.1], [0.45, 0.9], [0.3, 0.01]])
    inverse = np.array([0.02, 0.3])
    start = traced(np.vstack([shares, inverse]))
    slopes = gradient_of(value(start[:3], start[3]), start)
    step = 1e-6
    for i in range(4):
        up, down = np.vstack([shares, inverse]), np.vstack([shares, inverse])
        up[i] *= 1 + step
        down[i] *= 1 - step
        change = value(up[:3], up[3]) - value(down[:3], down[3])
        np.testing.assert_allclose(slopes[i], change / (up[i] - down[i]), rtol=2e-6)


@pytest.mark.parametrize("n", [50, 4_000, 3_000_000])
def test_a_design_effect_goes_over_into_none(n):
    figures = (n, int(0.4 * n), fe.Rounded(round(0.02 * n, -1), to=10))
    plain = nested(figures, (0, 0), SHARES[:2, :1]).logp()
    for excess in (1e-15, 1e-12, 1e-9):
        near = nested(figures, (0, 0), SHARES[:2, :1], excess / (n - 1)).logp()
        np.testing.assert_allclose(near, plain, rtol=1e-6)


def test_what_cannot_be_nested_is_known():
    def printed(*figures, still=None):
        return nested(figures, still or (0,) * (len(figures) - 1), [[0.5]] * (len(figures) - 1))

    assert printed(40, 21, 22).printed.gap() == 1
    assert printed(40, fe.Rounded(20, to=10), 24).printed.gap() is None
    assert printed(40, fe.Rounded(20, to=10), 25).printed.gap() == 1
    assert printed(40, 21, still=(20,)).printed.gap() == 0
    assert printed(40, 21, 22).logp() == -np.inf
    assert not printed(40, 21, 12).printed.too_long()
    assert printed(9_000, fe.Rounded(4_000, to=2_000), fe.AtMost(4_000)).printed.too_long()
