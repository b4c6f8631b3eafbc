"""Two official values of one quantity."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

import funnelest as fe
from funnelest.distributions import Distribution
from funnelest.figures import figure_problems

RNG = np.random.default_rng(1)
PAIR = (fe.Rounded(950, to=50), fe.Rounded(960, to=10))


@dataclass(frozen=True)
class Plain(Distribution):
    mean: Any

    def logp(self, x):
        return stats.poisson.logpmf(x, self.mean)


def chance(figure, count, divisor):
    """Return P(values | count) of a mixture of rounded values, from the definition."""
    total = 0.0
    weights = figure.weights or (1,) * len(figure.figures)
    wrong = stats.lognorm(figure.apart, scale=max(count, 0.5))
    for i, weight in enumerate(weights):
        value = weight / sum(weights)
        for j, one in enumerate(figure.figures):
            counts = one.candidates(divisor)
            if j == i:
                value *= count in counts
            else:
                value *= wrong.cdf(counts[-1] + 0.5) - wrong.cdf(max(counts[0] - 0.5, 0))
        total += value
    return total


def test_one_is_used_and_the_other_is_shown():
    figure = fe.Disagreeing(PAIR)
    assert list(figure.candidates()) == list(range(925, 975))
    assert figure.log_weights() is None
    law = Plain(np.array([900.0, 960.0]))
    np.testing.assert_array_equal(figure.logp(law), PAIR[0].logp(law))
    assert figure.describe() == "950 rounded to 50 (used), 960 rounded to 10 (not used)"
    assert figure.middle == 950
    assert figure.disagreement == pytest.approx(960 / 950 - 1)
    assert figure.limits() == (925, 974)
    shown = figure.printed(1234, 1, RNG)
    assert shown == fe.Disagreeing((fe.Rounded(1250, to=50), PAIR[1]))
    other = fe.Disagreeing(PAIR, use=1)
    assert list(other.candidates()) == list(range(955, 965))
    assert other.describe() == "950 rounded to 50 (not used), 960 rounded to 10 (used)"


def test_the_one_that_is_used_may_be_random():
    figure = fe.Disagreeing((30, fe.RandomlyRounded(25)), use=1)
    np.testing.assert_array_equal(figure.log_weights(), fe.RandomlyRounded(25).log_weights())
    assert figure.location() == fe.RandomlyRounded(25).location()


def test_plain_numbers_stay_plain():
    figure = fe.Disagreeing([950, 960])
    assert figure.describe() == "950 (used), 960 (not used)"
    assert figure.printed(12, 1, RNG).figures == (12, 960)
    assert figure.printed(25, 2, RNG).figures == (13, 960)
    assert list(figure.candidates(2)) == [1899, 1900]
    mean = fe.Disagreeing((12.5, 960)).printed(26, 2, RNG)
    assert mean.figures == (fe.Exact(13.0), 960)  # as a plain number, 13 would mean rounded
    assert 26 in mean.candidates(2)


@pytest.mark.parametrize("divisor", [1, 2])
def test_a_mixture_is_the_sum_over_its_definition(divisor):
    figure = fe.Disagreeing(PAIR, use="mixture", weights=(1, 3), apart=0.1)
    counts = figure.candidates(divisor)
    assert list(counts) == list(range(925 * divisor, 975 * divisor))
    expected = [chance(figure, int(k), divisor) for k in counts]
    np.testing.assert_allclose(np.exp(figure.log_weights(divisor)), expected, rtol=1e-8)
    mean = divisor * np.array([930.0, 1000.0])
    terms = stats.poisson.logpmf(counts[:, None], mean) + np.log(expected)[:, None]
    found = figure.logp(Plain(mean), divisor)
    np.testing.assert_allclose(found, special.logsumexp(terms, axis=0), rtol=1e-8)


@pytest.mark.parametrize("divisor", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 7, 33])
def test_the_chances_of_all_pairs_add_up_to_one(count, divisor):
    """Three values of which the wrong ones reach 40 times the true count and more."""
    values = [range(0, 4000, 100), range(0, 4000, 100)]
    total = 0.0
    for a, b in product(*values):
        figure = fe.Disagreeing(
            (fe.Rounded(a, to=100), fe.Rounded(b, to=100, rule="floor")), use="mixture",
            weights=(0.7, 0.3), apart=0.8,
        )  # fmt: skip
        (at,) = np.flatnonzero(figure.candidates(divisor) == count) if min(a, b) == 0 else ([],)
        if np.size(at):
            total += math.exp(figure.log_weights(divisor)[at])
    assert total == pytest.approx(1.0, abs=1e-5)


def test_a_mixture_is_printed_as_often_as_its_probability():
    rng = np.random.default_rng(7)
    figure = fe.Disagreeing(
        (fe.Rounded(0, to=20), fe.RandomlyRounded(0, to=30)), use="mixture", weights=(2, 1)
    )
    size, mean = 6000, 70.0
    seen = Counter(figure.printed(int(k), 1, rng) for k in rng.poisson(mean, size))
    p = np.exp([one.logp(Plain(np.array([mean])))[0] for one in seen])
    often = np.array(list(seen.values()))
    assert np.all(np.abs(often - size * p) < 4.5 * np.sqrt(size * p * (1 - p)) + 3)
    assert p.sum() == pytest.approx(1.0, abs=5e-3)  # what was not seen is rare


@given(st.integers(0, 4000), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_count_may_have_printed_as_what_it_printed_as(count, divisor, seed):
    figure = fe.Disagreeing((960, fe.Rounded(950, to=50)), use="mixture", apart=0.5)
    shown = figure.printed(count, divisor, np.random.default_rng(seed))
    assert figure_problems(shown, divisor) == []
    assert count in shown.candidates(divisor)
    assert np.all(np.isfinite(shown.log_weights(divisor)))


def test_a_mixture_reads_as_one():
    figure = fe.Disagreeing(PAIR, use="mixture")
    assert figure.describe() == ("950 rounded to 50 or 960 rounded to 10 (probability 0.5 and 0.5)")
    assert figure.middle == 955
    three = fe.Disagreeing((1, 2, 4), use="mixture", weights=(1, 1, 2))
    assert three.describe() == "1, 2 or 4 (probability 0.25, 0.25 and 0.5)"
    assert three.middle == pytest.approx(11 / 4)
    assert three.disagreement == 3
    assert fe.Disagreeing((0, 4)).disagreement == math.inf
    assert fe.Disagreeing((0, 0)).disagreement == 0


def test_exact_values_far_apart():
    """A narrow interval: the mass of one count under a wide log-normal."""
    figure = fe.Disagreeing((2_000_000, 3_000_000), use="mixture", apart=0.5)
    wrong = stats.lognorm(0.5, scale=[2e6, 3e6]).pdf([3e6, 2e6])
    np.testing.assert_allclose(np.exp(figure.log_weights()), 0.5 * wrong, rtol=1e-6)


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (fe.Disagreeing((950,)), "field 'figures' must hold two values or more; given (950,)."),
        (fe.Disagreeing(950), "must hold two values or more; given 950."),
        (fe.Disagreeing((950, -1)), "field 'figures', position 1: a count must be a number of at"),
        (fe.Disagreeing((950, fe.Rounded(955, to=10))), "position 1: 955 is not a multiple of 10"),
        (fe.Disagreeing((950, fe.AtMost(3))), "not limits or figures that disagree themselves"),
        (fe.Disagreeing((950, fe.AtLeast(3))), "given 'at least 3' at position 1."),
        (fe.Disagreeing((950, fe.Disagreeing((1, 2)))), "not limits or figures that disagree"),
        (fe.Disagreeing((950, 960), use=2), "from 0 to 1 or 'mixture'; given 2."),
        (fe.Disagreeing((950, 960), use=-1), "from 0 to 1 or 'mixture'; given -1."),
        (fe.Disagreeing((950, 960), use=True), "given True"),
        (fe.Disagreeing((950, 960), use="both"), "given 'both'"),
        (fe.Disagreeing((950, 960), weights=(1, 1)), "only means something with use='mixture'."),
        (fe.Disagreeing((950, 960), "mixture", (1,)), "one number per figure, 2; given (1,)."),
        (fe.Disagreeing((950, 960), "mixture", (1, 0)), "must hold numbers above 0; given (1, 0)."),
        (fe.Disagreeing((950, 960), apart=0), "field 'apart' must be a number above 0; given 0."),
        (fe.Disagreeing((950, 960), apart=float("nan")), "given nan"),
        (fe.Disagreeing((950, 12.5), "mixture"), "no whole number prints as 950 or 12.5"),
        (fe.Disagreeing((fe.Between(0, 15_000), fe.Between(20_000, 35_000)), "mixture"),
         "more than 20,000"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(figure, words):
    (sentence,) = figure_problems(figure)
    assert words in sentence
