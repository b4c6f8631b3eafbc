"""No digit finer than its Monte Carlo error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from funnelest.results.tables import show_number
from funnelest.words import Language
from funnelest.words.digits import to_limits, unit_of


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (27_117, 970, "27,000"),
        (27_117, 30, "27,100"),
        (27_117, 1, "27,117"),
        (27_117, 0, "27,117"),
        (12_345_678, 0, "12,345,678"),
        (12_345_678, 40_000, "12.3 million"),
        (580.4, 6, "580"),
        (584.4, 6, "580"),
        (584.4, 0.2, "584"),
        (3.14159, 0.2, "3"),
        (3.14159, 0.01, "3.14"),
        (0.0312, 0.09, "0.03"),  # one digit is left
        (5.0, 0, "5"),
        (27_117, np.nan, "27,100"),
        (27_117, None, "27,100"),
    ],
)
def test_numbers(value, error, shown) -> None:
    assert Language("en").number(value, error=error) == shown


@pytest.mark.parametrize("error", np.geomspace(1e-6, 1e9, 40))
def test_the_unit_is_about_the_error(error) -> None:
    unit = unit_of(error)
    assert error / 1.5 <= unit * (1 + 1e-12) < error / 0.15
    assert np.log10(unit) == pytest.approx(round(np.log10(unit)))


def test_intervals_and_shares() -> None:
    show = Language("en")
    assert show.numbers(21_030, 12_204, 38_906, (180, 95, 970)) == "21,000 (12,200\u201339,000)"
    assert show.numbers(100, 100, 100, (0, 0, 0)) == "100 (100\u2013100)"
    assert show.numbers(12_345, 12_345, 12_400, (0, 0, 3)) == "12,345 (12,345\u201312,400)"
    assert show.shares(0.7124, 0.5083, 0.853, (0.004, 0.03, 0.2)) == "71% (50\u201390%)"
    assert Language("nl").numbers(27_117, 0, 27_117, (970, 0, None)) == "27.000 (0\u201327.100)"


def test_tables_of_text() -> None:
    assert show_number(27_117.0, 970.0) == "27,000"
    assert show_number(12_345.0, 0.0) == "12,345"
    assert show_number(0.123456, 0.01) == "0.12"
    assert show_number(float("inf"), 0.0) == "inf"


def test_limits_of_an_interval_without_errors() -> None:
    assert to_limits(20_666, 63_313, 36_412) == (21_000, 63_000, 36_000)
    assert to_limits(0.41234, 0.58123) == (0.41, 0.58)
    assert to_limits(700, 700) == (700, 700)
    assert np.isnan(to_limits(np.nan, 5.0)[0])


def test_they_are_no_finer_than_400_draws_tell_them() -> None:
    """The error of a limit, over the width of the interval, by drawing 400 again and again."""
    drawn = stats.norm(50_000, 5_000).rvs((4_000, 400), random_state=1)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=1)
    unit = unit_of(np.std(low))
    assert unit == 1_000
    for one in to_limits(float(low.mean()), float(high.mean())):
        assert one % unit == 0
    assert to_limits(float(low.mean()), float(high.mean())) == (40_000, 60_000)
