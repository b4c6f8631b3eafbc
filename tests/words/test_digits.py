"""No digit finer than its Monte Carlo error."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy import stats

from funnelest.results.printing import show_number
from funnelest.sampling.errors import sized_errors
from funnelest.sampling.weights import quantiles
from funnelest.verdict import Three
from funnelest.words import Language
from funnelest.words.digits import unit_of


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


def test_what_is_certain_is_not_abbreviated_to_less() -> None:
    shown = Language("en").numbers(13_912_345, 12_345_678, 15_123_456, (40_000, 0, 90_000))
    assert shown == "13.9 million (12,345,678\u201315.1 million)"


def test_an_interval_with_its_errors() -> None:
    one = Three((36_412, 20_666, 63_313), (300, 1_000, 2_000))
    assert one.told == (36_000, 21_000, 60_000)
    assert Three((700, 700, 700), (0, 0, 0)).told == (700, 700, 700)
    assert Three((36_412, 20_666, 63_313)).told == (36_412, 20_666, 63_313)
    assert pickle.loads(pickle.dumps(one)).errors == one.errors


def test_errors_are_those_of_drawing_again_and_again() -> None:
    levels = [0.025, 0.5, 0.975]
    drawn = stats.norm(50_000, 5_000).rvs((4_000, 400), random_state=1)
    exact = np.std(np.quantile(drawn, levels, axis=1), axis=1)
    found = np.mean([sized_errors(row, levels, 400) for row in drawn[:400]], axis=0)
    np.testing.assert_allclose(found, exact, rtol=0.12)


def test_errors_of_weighted_draws() -> None:
    """Draws of a wider distribution, by weights, against drawing these again and again."""
    levels = [0.025, 0.5, 0.975]
    drawn = stats.norm(0, 1.5).rvs((2_000, 600), random_state=2)
    weights = stats.norm.pdf(drawn) / stats.norm.pdf(drawn, scale=1.5)
    limits = [quantiles(x, levels, w) for x, w in zip(drawn, weights, strict=True)]
    sizes = weights.sum(axis=1) ** 2 / np.sum(weights**2, axis=1)
    found = [
        sized_errors(x, levels, n, w) for x, n, w in zip(drawn[:400], sizes, weights, strict=False)
    ]
    np.testing.assert_allclose(np.mean(found, axis=0), np.std(limits, axis=0), rtol=0.12)


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize(
    "certain", [7, 999, 1_001, 14_996, 200_041, 9_999_999, 12_345_678, 10**9 + 7]
)
@pytest.mark.parametrize("error", [None, np.nan, 0.0, 0.3, 1.9, 40.0, 5_000.0])
def test_no_number_is_printed_below_the_least_or_above_the_most(certain, error, language) -> None:
    """200,041 people were counted, and the lower limit was printed as 200,040."""

    def read(text):
        number, _, unit = text.replace(show.word("thousands"), "").partition(" ")
        scale = {"": 1, show.word("million"): 1e6, show.word("billion"): 1e9}[unit]
        return round(float(number.replace(show.word("decimal"), ".")) * scale, 3)

    show = Language(language)
    for off in (0, 0.4, 2, 30, 4_000):
        for value, within in (
            (certain + off, (certain, np.inf)),
            (certain - min(off, certain), (0, certain)),
        ):
            shown = read(show.number(value, error=error, within=within))
            assert within[0] <= shown <= within[1], (value, shown)
            shown = read(show.short(value, error, within))
            assert within[0] - 0.5 <= shown <= within[1] + 0.5, (value, shown)
            middle, _, ends = show.numbers(value, value, value, 3 * (error,), within).partition(
                " ("
            )
            low, _, high = ends.partition("\u2013")
            high, _, unit = high.partition(")")
            high = (
                high + unit
                if unit in (f" {show.word(one)}" for one in ("million", "billion"))
                else high
            )
            unit = f" {unit.strip()}" if unit else ""
            for one in (middle, low, high):
                one = one if " " in one or not unit else one + unit
                assert within[0] <= read(one) <= within[1], (value, one)


def test_a_number_that_need_not_be_whole_is_rounded_as_ever() -> None:
    show = Language("en")
    assert (
        show.numbers(40 / 3, 40 / 3, 44 / 3, (0, 0, 0.01), (40 / 3, 50)) == "13.3 (13.3\u201314.7)"
    )
    assert show.number(200_041 / 2, error=1.9, within=(200_041 / 2, 1e6)) == "100,020"
