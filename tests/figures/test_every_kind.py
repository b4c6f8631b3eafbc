"""What holds for every way of printing: probabilities, simulation, candidates."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

import funnelest as fe
from funnelest.distributions import Distribution, Poisson
from funnelest.figures import as_figure, figure_problems, show_figure

TOP = 60
RULES = ("half up", "half even", "floor")


@dataclass(frozen=True)
class ByScipy(Distribution):
    """A Poisson count without the shortcuts of the package."""

    mean: Any

    def logp(self, x):
        return stats.poisson.logpmf(x, self.mean)


@dataclass(frozen=True)
class WithTotal(ByScipy):
    """The same, which adds up by itself."""

    def total(self, counts, log_weights):
        terms = self.logp(counts[:, None])
        return special.logsumexp(terms if log_weights is None else terms + log_weights[:, None], 0)


def multiples(figure, *bases):
    """Return the figure with every value that one of the bases divides."""
    values = sorted({k * base for base in bases for k in range(math.ceil(3 * TOP / base))})
    return [replace(figure, value=value) for value in values]


#: Every figure that a count may print as under one rule, up to a large count.
WAYS = {
    "exact": multiples(fe.Exact(0), 1),
    **{f"rounded {rule}": multiples(fe.Rounded(0, 7, rule), 7) for rule in RULES},
    "rounded to 1": multiples(fe.Rounded(0, 1), 1),
    "between": [*(fe.Between(low, low + 2) for low in range(2, 3 * TOP, 3)), fe.Between(0, 1)],
    "random": multiples(fe.RandomlyRounded(0), 5),
    "random to 3": multiples(fe.RandomlyRounded(0, 3), 3),
    "unknown": multiples(fe.RoundedToUnknown(0), 1, 5, 10, 50, 100),
    **{
        f"unknown {rule}": multiples(fe.RoundedToUnknown(0, (2, 5, 10), (3, 2, 1), rule), 2, 5, 10)
        for rule in RULES
    },
    "withheld": [fe.Withheld(), *multiples(fe.Withheld(), 1)],
    "withheld rounded": [fe.Withheld(2, 7, to=10), *multiples(fe.Withheld(2, 7, to=10), 10)],
    "withheld 1 to 4": [fe.Withheld(1), *multiples(fe.Withheld(1, to=5), 5)],
    "at most": [fe.AtMost(12), fe.AtLeast(13)],
    "at least": [fe.AtMost(6), fe.AtLeast(7)],
    "disagreeing": [
        fe.Disagreeing((40, one), use=1) for one in multiples(fe.RandomlyRounded(0), 5)
    ],
}
WAYS["withheld 1 to 4"][0] = fe.Withheld(1, to=5)
#: A mean over two years has no exact printing, and its limits may lie on a half.
HALVES = {
    "exact": [fe.Exact(k / 2 if k % 2 else k // 2) for k in range(4 * TOP)],
    "at most": [fe.AtMost(12), fe.AtLeast(12.5)],
    "at least": [fe.AtMost(6.5), fe.AtLeast(7)],
}
BOUNDS = (fe.AtMost, fe.AtLeast)


def ways(name, divisor):
    return HALVES.get(name, WAYS[name]) if divisor == 2 else WAYS[name]


def chance(figure, count, divisor):
    """Return the probability that a count prints as the figure, from the definitions."""
    x = Fraction(count, divisor)
    match figure:
        case fe.Exact():
            return float(x == Fraction(figure.value))
        case fe.Rounded():
            value, base = Fraction(figure.value), Fraction(figure.to)
            low, high = (
                (value, value + base)
                if figure.rule == "floor"
                else (value - base / 2, value + base / 2)
            )
            if figure.rule == "half even":
                even = (value / base) % 2 == 0
                return float(low <= x <= high if even else low < x < high)
            return float(low <= x < high)
        case fe.Between():
            return float(figure.low <= math.floor(x) <= figure.high)
        case fe.RandomlyRounded():
            return max(0.0, float(1 - abs(x - figure.value) / figure.to))
        case fe.RoundedToUnknown():
            weights = figure.weights or (1,) * len(figure.bases)
            parts = zip(figure.bases, weights, strict=True)
            return sum(
                w * chance(fe.Rounded(figure.value, base, figure.rule), count, divisor)
                for base, w in parts if figure.value % base == 0
            ) / sum(weights)  # fmt: skip
        case fe.Withheld():
            hidden = figure.low <= math.floor(x) <= figure.high
            if figure.value is None or hidden:
                return float(hidden and figure.value is None)
            return chance(fe.Rounded(figure.value, figure.to), count, divisor)
        case fe.AtMost():
            return float(x <= Fraction(figure.value))
        case fe.AtLeast():
            return float(x >= Fraction(figure.value))
        case fe.Disagreeing():
            return chance(as_figure(figure.figures[figure.use], divisor), count, divisor)


def weights(figure, divisor, size):
    """Return the package's probability that each of the counts prints as the figure."""
    found = np.zeros(size)
    if isinstance(figure, BOUNDS):
        low, high = figure.limits(divisor)
        found[int(low) : int(min(high, size - 1)) + 1] = 1.0
        return found
    counts, logs = figure.candidates(divisor), figure.log_weights(divisor)
    inside = counts < size
    found[counts[inside]] = 1.0 if logs is None else np.exp(logs[inside])
    return found


@pytest.mark.parametrize("divisor", [1, 2])
@pytest.mark.parametrize("name", WAYS)
def test_the_chances_of_all_that_a_count_may_print_as_add_up_to_one(name, divisor):
    # A number that no count prints as has no candidates, and is never printed.
    total = sum(weights(one, divisor, TOP) for one in ways(name, divisor))
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)


@pytest.mark.parametrize("divisor", [1, 2])
@pytest.mark.parametrize("name", WAYS)
def test_the_weights_are_those_of_the_definition(name, divisor):
    for one in ways(name, divisor)[:30]:
        expected = [chance(one, k, divisor) for k in range(TOP)]
        np.testing.assert_allclose(weights(one, divisor, TOP), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("law", [ByScipy, WithTotal, Poisson])
@pytest.mark.parametrize("divisor", [1, 2])
@pytest.mark.parametrize("name", WAYS)
def test_the_log_probability_is_the_sum_over_all_counts(name, divisor, law):
    mean = np.array([0.3, 9.0, 31.0, 70.0])
    counts = np.arange(400)
    for one in ways(name, divisor)[:20]:
        terms = [chance(one, int(k), divisor) for k in counts]
        if not any(terms):
            continue
        with np.errstate(divide="ignore"):
            logs = np.log(terms)[:, None]
        expected = special.logsumexp(stats.poisson.logpmf(counts[:, None], mean) + logs, axis=0)
        found = one.logp(law(mean), divisor)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("divisor", [1, 2])
@pytest.mark.parametrize("name", WAYS)
def test_printing_is_as_often_as_its_probability(name, divisor):
    rng = np.random.default_rng(5)
    size, mean = 4000, 11.0 * divisor
    start = ways(name, divisor)[0]
    seen = Counter(start.printed(int(k), divisor, rng) for k in rng.poisson(mean, size))
    all_of_them = [one for one in ways(name, divisor) if one in seen or isinstance(one, BOUNDS)]
    assert set(seen) == {one for one in all_of_them if one in seen}, "something else was printed"
    p = np.exp([one.logp(ByScipy(np.array([mean])), divisor)[0] for one in all_of_them])
    often = np.array([seen[one] for one in all_of_them])
    spread = np.sqrt(size * p * (1 - p)) + 1e-9
    assert np.all(np.abs(often - size * p) < 4.5 * spread + 3)
    assert p.sum() > 0.999


@given(
    st.sampled_from([one for name in WAYS for one in WAYS[name][:3]]),
    st.integers(0, 3000),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
def test_a_count_is_among_those_that_print_as_what_it_prints_as(figure, count, divisor, seed):
    shown = figure.printed(count, divisor, np.random.default_rng(seed))
    assert shown.problems() == []
    low, high = shown.limits(divisor)
    assert low <= count <= high
    if shown.bounded:
        counts, logs = shown.candidates(divisor), shown.log_weights(divisor)
        assert figure_problems(shown, divisor) == []
        assert np.all(np.diff(counts) > 0)
        (at,) = np.flatnonzero(counts == count)
        weight = 1.0 if logs is None else math.exp(logs[at])
        assert weight == pytest.approx(chance_of(shown, count, divisor), rel=1e-9)


def chance_of(figure, count, divisor):
    # A mean over three years is not exact in floating point.
    return 1.0 if isinstance(figure, fe.Exact) else chance(figure, count, divisor)


@pytest.mark.parametrize(
    "figure",
    [
        fe.Rounded(950, to=50), fe.RandomlyRounded(950), fe.RoundedToUnknown(950),
        fe.Withheld(), fe.Withheld(value=950, to=10), fe.AtMost(950), fe.AtLeast(950),
        fe.Disagreeing((fe.Rounded(950, to=50), fe.Rounded(960, to=10)), use="mixture"),
        fe.Disagreeing((2, fe.Rounded(96_000, to=10)), use="mixture", apart=0.01),
    ],
    ids=lambda one: one.describe(),
)  # fmt: skip
@pytest.mark.parametrize("divisor", [1, 2])
@pytest.mark.parametrize("law", [ByScipy, Poisson])
def test_far_tails_stay_finite(figure, divisor, law):
    found = figure.logp(law(np.array([1e-3, 1e3, 1e6])), divisor)
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize(
    "figure", [one for name in WAYS for one in (WAYS[name][0], WAYS[name][-1])], ids=repr
)
def test_mean_and_variance_of_the_count_given_the_figure(figure):
    found = figure.location(2)
    if isinstance(figure, BOUNDS):
        assert found is None
        return
    counts = np.arange(400)
    weight = np.array([chance(figure, int(k), 2) for k in counts])
    mean = np.average(counts, weights=weight)
    assert found == pytest.approx((mean, np.average((counts - mean) ** 2, weights=weight)))


def test_the_same_arithmetic_holds_on_symbols():
    import pytensor
    import pytensor.tensor as pt

    mean = pt.vector("mean")
    figures = [
        fe.Exact(7), fe.Rounded(10, to=10), fe.RandomlyRounded(10), fe.RoundedToUnknown(10),
        fe.Withheld(), fe.Withheld(2, 7, value=10, to=10), fe.AtMost(7), fe.AtLeast(8),
        fe.Disagreeing((12, fe.Rounded(10, to=5)), use="mixture"),
    ]  # fmt: skip
    made = pt.stack([one.logp(Poisson(mean), 1) for one in figures])
    value = np.array([0.5, 8.0, 20.0])
    found = pytensor.function([mean], made, mode="FAST_COMPILE")(value)
    expected = [one.logp(ByScipy(value), 1) for one in figures]
    np.testing.assert_allclose(found, expected, rtol=1e-7)


@dataclass(frozen=True)
class Tens(fe.Figure):
    """A user's own kind: only the tens are printed."""

    tens: int

    def candidates(self, divisor=1):
        return np.arange(10 * self.tens * divisor, 10 * (self.tens + 1) * divisor)

    def printed(self, count, divisor, rng):
        return Tens(count // (10 * divisor))


class Ordered(Tens):
    """One that says that it keeps the order of the counts."""

    in_order = True


class Listed(Tens):
    """One that cannot be hashed."""

    __hash__ = None


@pytest.mark.parametrize("kind", [Tens, Listed])
def test_a_figure_of_your_own_needs_two_methods(kind):
    figure = kind(3)
    assert figure_problems(figure) == []
    assert as_figure(figure, 2) is figure
    assert figure.limits(2) == (60, 79)
    assert figure.middle == 34.5
    assert show_figure(figure) == "34.5"
    assert figure.location() == pytest.approx((34.5, 99 / 12))
    found = fe.Observation(WithTotal(np.array([33.0])), figure).logp()
    expected = special.logsumexp(stats.poisson.logpmf(np.arange(30, 40), 33.0))
    assert found == pytest.approx(expected)
    assert fe.Observation(Poisson(np.array([33.0])), figure).simulate(np.random.default_rng(1)) in [
        Tens(k) for k in range(8)
    ]


def test_a_figure_of_your_own_beside_what_might_have_been_printed():
    """Exact where it says that it keeps the order of the counts, else by counts made up."""
    rng, law = np.random.default_rng(1), Poisson(np.array([33.0, 20.0]))
    assert Tens(3).tails(law, 1) is None
    above, same = Ordered(3).tails(law, 1)
    np.testing.assert_allclose(above, stats.poisson.sf(39, law.mean))
    np.testing.assert_allclose(
        same, stats.poisson.cdf(39, law.mean) - stats.poisson.cdf(29, law.mean)
    )
    for kind in (Tens, Ordered):
        numbers = kind(3).anew(np.array([33.0, 41.0, 41.0, 7.0]), 1, rng)
        np.testing.assert_allclose(numbers, [34.5, 44.5, 44.5, 4.5])
        value, larger, equal = kind(3).beside(numbers, 1)
        assert (value, list(larger), list(equal)) == (34.5, [0, 1, 1, 0], [1, 0, 0, 0])
    # A distribution without tails has none to offer.
    assert Ordered(3).tails(ByScipy(law.mean), 1) is None


@pytest.mark.parametrize(
    ("figure", "divisor"),
    [
        (fe.Exact(12), 1), (fe.Between(10, 14), 1), (fe.Rounded(10, to=5), 2),
        (fe.Rounded(10, to=5, rule="floor"), 1), (fe.Withheld(0, 4), 1),
        (fe.Withheld(0, 4, value=10, to=5), 1), (fe.RandomlyRounded(15), 1),
        (fe.AtMost(13), 1), (fe.AtLeast(7), 2), (fe.Disagreeing((fe.Exact(9), 12)).used(), 1),
    ],
    ids=repr,
)  # fmt: skip
def test_tails_are_how_often_counts_print_so(figure, divisor):
    rng, law = np.random.default_rng(3), Poisson(np.array([13.0 * divisor]))
    above, same = (float(part[0]) for part in figure.tails(law, divisor))
    counts = rng.poisson(law.mean[0], 40_000).astype(float)
    value, larger, equal = figure.beside(figure.anew(counts, divisor, rng), divisor)
    assert value == figure.middle
    assert larger.mean() == pytest.approx(above, abs=0.01)
    assert equal.mean() == pytest.approx(same, abs=0.01)


@pytest.mark.parametrize(
    ("figure", "short"),
    [
        (fe.Exact(1200), "1 200"), (fe.Between(3, 7), "3\u20137"), (fe.Rounded(950, to=50), "950"),
        (fe.RandomlyRounded(15), "15"), (fe.RoundedToUnknown(100), "100"),
        (fe.Withheld(), "0\u20134"),
        (fe.Withheld(value=12), "12"), (fe.AtMost(40), "\u2264 40"), (fe.AtLeast(40), "\u2265 40"),
        (fe.Disagreeing((fe.Rounded(950, to=50), 960), use=1), "960"),
        (fe.Disagreeing((fe.AtMost(950), 960), use="mixture"), "\u2264 950 / 960"),
        (Tens(3), "34.5"),
    ],
    ids=repr,
)  # fmt: skip
def test_a_figure_in_short_is_what_was_printed(figure, short):
    assert figure.in_short(lambda value: f"{value:,.0f}".replace(",", " ")) == short
    assert any(used for _, used in figure.official())


def test_a_figure_without_them_says_so():
    with pytest.raises(TypeError, match="does not say which counts"):
        fe.Figure().candidates()
    with pytest.raises(TypeError, match="does not say how a count is printed"):
        fe.Figure().printed(3, 1, np.random.default_rng(1))
    assert fe.Figure().problems() == []


def test_an_observation_that_a_limit_locates_nothing_of():
    law = Poisson(np.array([33.0]))
    assert fe.Observation(law, fe.AtMost(30)).locations() == [None]
    assert len(fe.Observation(law, fe.Withheld()).locations()) == 1
