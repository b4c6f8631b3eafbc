"""Axes of which nobody said what they hold: periods are asked about, names stand in the ledger."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import funnelest as fe


def model_of(levels: Sequence[object], **roles: str) -> fe.Model:
    people = fe.Population({"x": levels}, [100.0] * len(levels), **roles)  # type: ignore[arg-type]
    return fe.Model(
        fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)),
        evidence=[fe.Register("r", step="b", count=5)],
    )  # fmt: skip


@pytest.mark.parametrize(
    "levels",
    [
        ["'19", "'20"],
        ["19", "20"],
        ["T0", "T1"],
        ["wave 1", "wave 2", "wave 3"],
        ["2019-H1", "2019-H2"],
        ["1e halfjaar 2019", "2e halfjaar 2019"],
        ["Q4 2019", "Q1 2020"],
    ],
)
def test_what_may_be_periods_is_not_summed_unasked(levels: list[str]) -> None:
    with pytest.raises(fe.SpecError) as caught:
        model_of(levels)
    (said,) = caught.value.problems
    assert "years='x'" in said
    assert "no_role='x'" in said
    assert model_of(levels, no_role="x").population.years is None
    assert model_of(levels, regions="x").population.years is None


def test_one_period_and_an_axis_beside_the_years_are_not_asked_about() -> None:
    assert model_of(["T0"]).population.years is None
    people = fe.Population({"x": ["T0", "T1"], "year": [2019, 2020]}, [[5, 5], [5, 5]])
    assert fe.Model(fe.Route("a"), people, fe.Rate(fe.Beta(1, 9))).population.years is not None


def test_names_alone_are_in_the_ledger_and_what_is_declared_is_not() -> None:
    rows = {one.about: one for one in model_of(["kids", "teens"]).ledger()}
    assert not rows["axis x"].stated
    assert rows["axis x"].value.startswith("it is taken to hold neither ages nor years")
    for declared in ({"no_role": "x"}, {"regions": "x"}):
        assert "axis x" not in {one.about for one in model_of(["A", "B"], **declared).ledger()}
    assert "axis x" not in {one.about for one in model_of([2019, 2020]).ledger()}


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        (["2019-20", "2020-21"], "A year that ends in the next is given as 2019, where it begins"),
        ([(1999, 0)], "is given as 1999"),
        (["m", "m "], "differ in spaces or capitals only: 'm', 'm '. Give them one name"),
        (["North  East", "north east", "west"], "differ in spaces or capitals only"),
    ],
)
def test_levels_that_cannot_be_meant(levels: list[object], said: str) -> None:
    with pytest.raises(fe.SpecError, match=said):
        model_of(levels)


def test_a_band_that_runs_backwards_is_no_season() -> None:
    with pytest.raises(fe.SpecError, match="runs backwards") as caught:
        model_of([(16, 12)])
    assert "ends in the next" not in str(caught.value)
