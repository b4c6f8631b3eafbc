"""Several methods side by side, and what is said first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import funnelest as fe
from funnelest import lists
from funnelest.lists import Estimate, Estimator, OverlapTable, Part
from funnelest.verdict import Verdict

TABLE = OverlapTable(
    ["a", "b", "c"], {"100": 60, "010": 49, "110": 4, "001": 247, "101": 112, "011": 142, "111": 12}
)


@dataclass(frozen=True, kw_only=True)
class Says(Estimator):
    """A method that says a number."""

    hidden: float = 100.0
    label: str = "says"
    half: float | None = None
    bound: bool = False

    @property
    def name(self) -> str:
        return self.label

    def _limits(self) -> tuple[float, float]:
        half = self.hidden if self.half is None else self.half
        return max(0.0, self.hidden - half), self.hidden + half

    def _estimate(self, table: OverlapTable, seed: int) -> Estimate:
        lost = bool(np.isnan(self.hidden))
        return Estimate(
            method=self.label,
            table_of=table,
            overall=Part(table.known, self.hidden, None if lost else self._limits()),
            statistic="guess",
            kind="" if lost else "made up",
            assumes="nothing.",
            lower_bound=self.bound,
            withheld="it could not be said." if lost else "",
        )


def compare(*methods: Estimator, **more: float) -> Verdict:
    return lists.compare_methods(TABLE, methods, **more)


def test_the_disagreement_is_the_first_sentence() -> None:
    found = compare(Says(hidden=374, label="low"), Says(hidden=1374, label="high"))
    assert found.details["ratio"] == pytest.approx(2.0)
    assert found.details["disagree"]
    assert not found.passed
    first = "The methods disagree by a factor of 2.0: totals from 1,000 (low) to 2,000 (high)."
    assert found.text.startswith(first)
    assert repr(found).startswith(first)


def test_the_factor_is_stated_by_the_user() -> None:
    two = Says(hidden=374, label="low"), Says(hidden=1374, label="high")
    found = compare(*two, factor=2.5)
    assert found.passed
    assert found.text.startswith("The methods agree within a factor of 2.00")
    assert "no proof" in found.text


def test_bounds_and_withheld_numbers_are_no_part_of_the_ratio() -> None:
    found = compare(
        Says(hidden=374, label="one"),
        Says(hidden=np.nan, label="gone"),
        Says(hidden=9_000, label="bound", bound=True),
    )
    assert [one.method for one in found.details["shown"]] == ["one"]
    assert np.isnan(found.details["ratio"])
    assert not found.passed
    assert found.text.startswith("Only one method gives a number (one)")
    assert "gone is withheld: it could not be said." in found.text
    assert "At least about 9,626 in all (bound)." in found.text
    assert "Below that bound" not in found.text  # its interval reaches to 626


def test_a_method_is_below_a_bound_only_with_all_of_its_interval() -> None:
    bound = Says(hidden=900, label="bound", bound=True, half=50)
    assert "Below that bound" in compare(Says(hidden=300, half=100), bound).text
    assert "Below that bound" not in compare(Says(hidden=300, half=600), bound).text


def test_intervals_that_exclude_each_other_disagree_whatever_the_totals() -> None:
    found = compare(Says(hidden=100, half=10, label="low"), Says(hidden=150, half=10, label="high"))
    assert found.details["ratio"] < found.details["factor"]
    assert found.details["disagree"]
    assert not found.passed
    assert found.text.startswith("The methods disagree: the intervals of low and high exclude")


def test_an_interval_without_an_end_is_said_first() -> None:
    found = compare(Says(label="one"), Says(hidden=101, half=np.inf, label="two"))
    assert not found.details["disagree"]
    assert not found.passed
    assert "No upper end: two." in found.headline
    assert "within a factor of 1.01" in found.headline


def test_one_method_with_two_settings_is_told_apart() -> None:
    found = compare(Says(), Says(hidden=120))
    assert [one.method for one in found.found] == ["says (as a rule)", "says (hidden=120)"]


def test_no_number_at_all() -> None:
    assert compare(Says(hidden=np.nan)).text.startswith("No method gives a number")


def test_the_table_keeps_known_and_hidden_apart_and_says_what_is_assumed() -> None:
    table = compare(Says(label="x"), Says(hidden=np.nan, label="y")).table
    assert list(table["method"]) == ["x", "y"]
    assert list(table["known"]) == [626, 626]
    assert table["total"].iloc[0] == 726
    assert np.isnan(table["total"].iloc[1])
    assert set(table["assumes"]) == {"nothing."}
    assert list(table["interval"]) == ["95% made up", "none"]


def test_methods_that_do_not_go_with_the_table_say_why() -> None:
    strata = OverlapTable(["a", "b", "c"], {"x": {"110": 4, "001": 3}, "y": {"111": 5}})
    with pytest.raises(fe.SpecError, match="without strata"):
        lists.compare_methods(strata, [lists.ChaoLowerBound()])
    usual = {type(one).__name__ for one in lists.usual_methods(TABLE)}
    assert {"LogLinear", "BestByBIC", "Shrinkage", "DecomposableAverage"} < usual
    two = OverlapTable(["a", "b"], {"10": 400, "01": 200, "11": 600})
    found = lists.compare_methods(two)
    assert [one.method for one in found.found][-1].startswith("Chapman")
    assert found.details["ratio"] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"table": {"10": 3}}, "an OverlapTable is needed"),
        ({"methods": []}, "no method was given"),
        ({"methods": ["chapman"]}, "must be a list of estimators"),
        ({"methods": [Says(), Says()]}, "two methods are alike: says"),
        ({"methods": [lists.Chapman()]}, "Chapman"),
        ({"factor": 1}, "the factor must be above 1"),
        ({"factor": None}, "the factor must be above 1"),
        ({"seed": -1}, "seed must be a whole number"),
    ],
)
def test_says_what_is_wrong(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(fe.SpecError, match=said):
        lists.compare_methods(**{"table": TABLE, "methods": [Says()], **arguments})
