"""Exact and rounded numbers, and intervals: the rules at their edges, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnelest as fe
from funnelest.figures import as_figure, figure_problems

RNG = np.random.default_rng(1)
RULES = ("half up", "half even", "floor")
BASES = st.sampled_from([1, 2, 3, 5, 7, 10, 25, 50, 100, 0.5, 0.1])
DIVISORS = st.integers(1, 6)
figures = st.one_of(
    st.builds(fe.Rounded, st.just(0), BASES, st.sampled_from(RULES)),
    st.just(fe.Exact(0)),
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda t: fe.Between(t[0], sum(t))),
    st.builds(
        lambda low, more, to: fe.Withheld(low, low + more, to=to),
        st.integers(0, 12), st.integers(0, 12), BASES,
    ),
)  # fmt: skip


@given(figures, st.integers(0, 5000), DIVISORS)
def test_a_printed_number_covers_the_exact_one(figure, count, divisor):
    shown = figure.printed(count, divisor, RNG)
    assert shown.problems() == []
    assert count in shown.candidates(divisor)


@given(figures, DIVISORS)
def test_printed_numbers_divide_the_whole_numbers_among_them(figure, divisor):
    """Every count prints as one figure, and that figure's candidates print as it."""
    counts = np.arange(700)
    shown = [figure.printed(int(k), divisor, RNG) for k in counts]
    seen = np.zeros(len(counts), dtype=int)
    for one in dict.fromkeys(shown):
        candidates = one.candidates(divisor)
        assert len(np.unique(candidates)) == len(candidates)
        assert all(figure.printed(int(k), divisor, RNG) == one for k in candidates)
        inside = candidates[candidates < len(counts)]
        seen[inside] += 1
    assert np.all(seen == 1)


@given(st.sampled_from(RULES), BASES, DIVISORS, st.integers(0, 120))
def test_candidates_are_those_that_print_as_the_figure(rule, base, divisor, steps):
    figure = fe.Rounded(
        steps * base if isinstance(base, int) else round(steps * base, 1), base, rule
    )
    counts = range(int((steps + 2) * base * divisor) + 2)
    expected = [k for k in counts if figure.printed(k, divisor, RNG) == figure]
    assert list(figure.candidates(divisor)) == expected


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ("half up", range(945, 955)),
        ("half even", range(946, 955)),  # 945 goes to 940 and 955 to 960
        ("floor", range(950, 960)),
    ],
)
def test_the_rules_differ_at_their_edges(rule, counts):
    assert list(fe.Rounded(950, to=10, rule=rule).candidates()) == list(counts)
    assert fe.Rounded(950, to=10, rule=rule).limits() == (counts[0], counts[-1])


def test_half_even_takes_both_edges_of_an_even_multiple():
    assert list(fe.Rounded(940, to=10, rule="half even").candidates()) == list(range(935, 946))


def test_zero_has_no_negative_counts():
    assert list(fe.Rounded(0, to=10).candidates()) == [0, 1, 2, 3, 4]
    assert list(fe.RandomlyRounded(0).candidates()) == [0, 1, 2, 3, 4]


def test_a_mean_over_years_is_rounded_after_division():
    # 1899 / 2 = 949.5 prints as 950; 1901 / 2 = 950.5 as 951.
    assert list(fe.Rounded(950, to=1).candidates(2)) == [1899, 1900]
    assert as_figure(950, 2) == fe.Rounded(950, to=1)
    assert as_figure(950) == fe.Exact(950)
    assert list(as_figure(950.5, 2).candidates(2)) == [1901]


def test_random_rounding_is_that_of_statistics_netherlands():
    """A published 25 stands for 21 to 29, the nearer the likelier.

    Exact arithmetic of the stated rule: a count goes to either of its two multiples of 5 with a
    probability in inverse proportion to its distance.
    """
    figure = fe.RandomlyRounded(25)
    assert list(figure.candidates()) == list(range(21, 30))
    expected = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 5
    np.testing.assert_allclose(np.exp(figure.log_weights()), expected, rtol=1e-14)
    assert figure.log_weights()[4] == 0.0  # 25 itself is always printed so


def test_random_rounding_of_a_mean_and_of_large_numbers():
    figure = fe.RandomlyRounded(12.5, to=2.5)
    assert list(figure.candidates(2)) == list(range(21, 30))
    np.testing.assert_allclose(np.exp(figure.log_weights(2))[:5], np.arange(1, 6) / 5)
    figure = fe.RandomlyRounded(900_000_000_000_005)
    np.testing.assert_allclose(np.exp(figure.log_weights())[:5], np.arange(1, 6) / 5)


def test_random_rounding_is_right_on_average():
    rng = np.random.default_rng(2)
    shown = [fe.RandomlyRounded(0).printed(23, 1, rng).value for _ in range(4000)]
    assert set(shown) == {20, 25}
    assert abs(np.mean(shown) - 23) < 4.5 * np.std(shown) / np.sqrt(4000)


def test_a_base_that_is_not_known():
    figure = fe.RoundedToUnknown(950)
    # 100 does not divide it and takes its fifth of the prior with it.
    assert list(figure.candidates()) == list(range(925, 975))
    found = dict(zip(figure.candidates(), np.exp(figure.log_weights()), strict=True))
    assert found[950] == pytest.approx(4 / 5)
    assert found[948] == pytest.approx(3 / 5)
    assert found[945] == pytest.approx(2 / 5)
    assert found[930] == pytest.approx(1 / 5)
    assert figure.middle == 950
    assert fe.RoundedToUnknown(950, [1, 50], [3, 1]).weights == (3, 1)
    assert hash(fe.RoundedToUnknown(950, [1, 50], [3, 1]))
    figure = fe.RoundedToUnknown(50, [10, 50], rule="floor")
    assert figure.middle == pytest.approx((55 + 75) / 2)
    found = np.exp(figure.log_weights())
    np.testing.assert_allclose(found, [1.0] * 10 + [0.5] * 40)


def test_a_withheld_cell():
    assert list(fe.Withheld().candidates()) == [0, 1, 2, 3, 4]
    assert list(fe.Withheld().candidates(2)) == list(range(10))
    assert list(fe.Withheld(value=5).candidates()) == [5]
    assert list(fe.Withheld(value=5).candidates(2)) == [10]  # 9 / 2 is withheld
    assert list(fe.Withheld(7, 8, value=10, to=10).candidates()) == [5, 6, *range(9, 15)]
    assert list(fe.Withheld(1, 4, value=0, to=10).candidates()) == [0]
    assert fe.Withheld(value=5).printed(3, 1, RNG) == fe.Withheld()
    assert fe.Withheld().printed(12, 1, RNG) == fe.Withheld(value=12)
    assert fe.Withheld(to=5).printed(12, 1, RNG) == fe.Withheld(value=10, to=5)
    assert fe.Withheld(0, 7).middle == 3.5
    assert fe.Withheld(value=12).middle == 12


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (fe.Rounded(955, to=10), "955 is not a multiple of 10"),
        (fe.Rounded(950, to=0), "above 0"),
        (fe.Rounded(950, to=-5), "above 0"),
        (fe.Rounded(-50, to=50), "at least 0"),
        (fe.Rounded(950, to=10, rule="up"), "'half up', 'half even', 'floor'"),
        (fe.Rounded("950", to=10), "given '950'"),
        (fe.Rounded("950", to=50_000), "given '950'"),
        (fe.Rounded(0, to=50_000), "more than 20,000"),
        (fe.Exact(-1), "at least 0"),
        (fe.Exact(float("nan")), "given nan"),
        (fe.Exact(True), "given True"),
        (fe.Exact(1e30), "1e+30"),
        (fe.Rounded(1e30, to=10), "1e+30"),
        (fe.Between(10**30, 10**30), "1000000"),
        (fe.Between(5, 4), "low=5, high=4"),
        (fe.Between(0.5, 4), "low=0.5"),
        (fe.Between(0, 1_000_000), "more than 20,000"),
        (12.5, "no whole number prints as 12.5"),
        ("many", "given 'many'"),
        (None, "given None"),
        (fe.RandomlyRounded(23), "23 is not a multiple of 5: no count rounded to 5 prints as 23."),
        (fe.RandomlyRounded(-5), "at least 0; given -5."),
        (fe.RandomlyRounded(25, to=0), "the base of a rounded count must be above 0; given to=0."),
        (fe.RandomlyRounded(0, to=15_000), "30,000 different counts"),
        (fe.RoundedToUnknown(952, (5, 10)), "952 is not a multiple of 5 or 10"),
        (fe.RoundedToUnknown(952, ()), "field 'bases' must be a list of numbers; given ()."),
        (fe.RoundedToUnknown(952, 5), "field 'bases' must be a list of numbers; given 5."),
        (fe.RoundedToUnknown(952, (1, 0)), "field 'bases' must hold numbers above 0; given (1, 0)"),
        (fe.RoundedToUnknown(952, (1, 1)), "must not hold a base twice; given (1, 1)."),
        (fe.RoundedToUnknown(952, (1, 50_000)), "more than 20,000"),
        (fe.RoundedToUnknown(952, (1, 5), (1,)), "one number per base, 2; given (1,)."),
        (fe.RoundedToUnknown(952, (1, 5), (1, 0)), "field 'weights' must hold numbers above 0"),
        (fe.RoundedToUnknown(952, rule="up"), "the rounding rule must be one of"),
        (fe.RoundedToUnknown(None), "given None"),
        (fe.Withheld(5, 4), "low must not be above high; given low=5, high=4."),
        (fe.Withheld(0, 30_000), "more than 20,000"),
        (fe.Withheld(value=-5), "at least 0; given -5."),
        (fe.Withheld(to=0), "given to=0"),
        (fe.Withheld(value=12, to=5), "12 is not a multiple of 5"),
        (fe.Withheld(value=3), "field 'value' cannot be 3: counts that print as it lie from 0 to"),
        (fe.Withheld(value=0, to=10), "from 0 to 4, and these are withheld."),
        (fe.Withheld(1, value=1), "no whole number prints as 1 (1 to 4 withheld)."),
        (fe.AtMost(-1), "the limit of a count must be a number of at least 0; given -1."),
        (fe.AtLeast("many"), "given 'many'"),
    ],
)  # fmt: skip
def test_an_impossible_figure_is_refused(figure, words):
    (sentence,) = figure_problems(figure)
    assert words in sentence


def test_several_problems_are_all_named():
    found = fe.RoundedToUnknown(-1, (0,), (1, 2), rule="up").problems()
    assert len(found) == 4


def test_a_mean_that_no_count_gives_is_refused():
    assert "as a mean over 2" in figure_problems(12.3, 2)[0]
    assert figure_problems(12.5, 2) == []


def test_a_figure_reads_as_it_was_printed():
    assert fe.Rounded(1950, to=50, rule="floor").describe() == "1,950 rounded to 50 (floor)"
    assert fe.Exact(1950).describe() == "1,950"
    assert fe.Between(0, 4).describe() == "between 0 and 4"
    assert fe.Rounded(950, to=50, rule="floor").middle == 975
    assert fe.RandomlyRounded(1950).describe() == "1,950 randomly rounded to 5"
    assert (
        fe.RoundedToUnknown(1950).describe() == "1,950 rounded to 1, 5, 10 or 50, not known which"
    )
    assert fe.Withheld().describe() == "withheld (0 to 4)"
    assert fe.Withheld(value=1950).describe() == "1,950 (0 to 4 withheld)"
    assert fe.Withheld(value=1950, to=10).describe() == "1,950 rounded to 10 (0 to 4 withheld)"
    assert fe.AtMost(35_790).describe() == "at most 35,790"
    assert fe.AtLeast(35_790).describe() == "at least 35,790"
