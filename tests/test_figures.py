"""Printed numbers: what they stand for, and how a count is printed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnelest as fe
from funnelest.figures import as_figure, figure_problems

RULES = ("half up", "half even", "floor")
BASES = st.sampled_from([1, 2, 3, 5, 7, 10, 25, 50, 100, 0.5, 0.1])
DIVISORS = st.integers(1, 6)
figures = st.one_of(
    st.builds(fe.Rounded, st.just(0), BASES, st.sampled_from(RULES)),
    st.just(fe.Exact(0)),
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda t: fe.Between(t[0], sum(t))),
)


@given(figures, st.integers(0, 5000), DIVISORS)
def test_a_printed_number_covers_the_exact_one(figure, count, divisor):
    shown = figure.printed(count, divisor)
    assert shown.problems() == []
    assert count in shown.candidates(divisor)


@given(figures, DIVISORS)
def test_printed_numbers_divide_the_whole_numbers_among_them(figure, divisor):
    """Every count prints as one figure, and that figure's candidates print as it."""
    counts = np.arange(700)
    shown = [figure.printed(int(k), divisor) for k in counts]
    seen = np.zeros(len(counts), dtype=int)
    for one in dict.fromkeys(shown):
        candidates = one.candidates(divisor)
        assert len(np.unique(candidates)) == len(candidates)
        assert all(figure.printed(int(k), divisor) == one for k in candidates)
        inside = candidates[candidates < len(counts)]
        seen[inside] += 1
    assert np.all(seen == 1)


@given(st.sampled_from(RULES), BASES, DIVISORS, st.integers(0, 400))
def test_candidates_are_those_that_print_as_the_figure(rule, base, divisor, steps):
    figure = fe.Rounded(
        steps * base if isinstance(base, int) else round(steps * base, 1), base, rule
    )
    counts = range(int((steps + 2) * base * divisor) + 2)
    expected = [k for k in counts if figure.printed(k, divisor) == figure]
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


def test_half_even_takes_both_edges_of_an_even_multiple():
    assert list(fe.Rounded(940, to=10, rule="half even").candidates()) == list(range(935, 946))


def test_zero_has_no_negative_counts():
    assert list(fe.Rounded(0, to=10).candidates()) == [0, 1, 2, 3, 4]


def test_a_mean_over_years_is_rounded_after_division():
    # 1899 / 2 = 949.5 prints as 950; 1901 / 2 = 950.5 as 951.
    assert list(fe.Rounded(950, to=1).candidates(2)) == [1899, 1900]
    assert as_figure(950, 2) == fe.Rounded(950, to=1)
    assert as_figure(950) == fe.Exact(950)
    assert list(as_figure(950.5, 2).candidates(2)) == [1901]


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
    ],
)
def test_an_impossible_figure_is_refused(figure, words):
    (sentence,) = figure_problems(figure)
    assert words in sentence


def test_a_mean_that_no_count_gives_is_refused():
    assert "as a mean over 2" in figure_problems(12.3, 2)[0]
    assert figure_problems(12.5, 2) == []


def test_a_figure_reads_as_it_was_printed():
    assert fe.Rounded(1950, to=50, rule="floor").describe() == "1,950 rounded to 50 (floor)"
    assert fe.Exact(1950).describe() == "1,950"
    assert fe.Between(0, 4).describe() == "between 0 and 4"
    assert fe.Rounded(950, to=50, rule="floor").middle == 975
