"""What every estimator refuses in the same words, and how every estimate is shown."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest import lists
from funnelest.errors import SpecError
from funnelest.fields import SEED
from funnelest.lists import Estimate, OverlapTable, Part

ESTIMATORS = [
    lists.BestByBIC, lists.ChaoLowerBound, lists.Chapman, lists.DecomposableAverage,
    lists.LatentClasses, lists.LincolnPetersen, lists.LogLinear, lists.Shrinkage, lists.Stepwise,
]  # fmt: skip
TWO = OverlapTable(["a", "b"], {"10": 5, "01": 4, "11": 3})
THREE = OverlapTable(["a", "b", "c"], {"100": 5, "010": 4, "001": 3, "110": 2, "011": 2})


def made(table, hidden, interval, **more):
    more = {"kind": "profile likelihood", **more}
    return Estimate(
        method="made up", table_of=table, overall=Part(table.known, hidden, interval),
        statistic="maximum likelihood", assumes="nothing.", **more,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_made_up_tables_with_nobody_are_refused_as_real_ones_are(kind):
    method = kind()
    table = TWO if method.most == 2 else THREE
    ending = "0" * (len(table.lists) - 2)
    for counts in ({f"11{ending}": 0}, {f"10{ending}": 3}):
        with pytest.raises(SpecError) as real:
            OverlapTable(table.lists, counts)
        with pytest.raises(SpecError) as found:
            method.estimate(table.with_counts(counts))
        assert set(real.value.problems) <= set(found.value.problems)
        assert any("nobody" in one for one in real.value.problems)


def declared(kind):
    """Return the constraints of the fields of a method and of its bases."""
    found = {}
    for base in reversed(kind.__mro__):
        found |= vars(base).get("allowed", {})
    return found


FIELDS = [(kind, name) for kind in ESTIMATORS for name in declared(kind)]


@pytest.mark.parametrize(
    ("kind", "name"), FIELDS, ids=lambda one: one if isinstance(one, str) else one.__name__
)
def test_no_field_takes_what_it_must_not_hold(kind, name):
    table = TWO if kind.most == 2 else THREE
    constraint = declared(kind)[name]
    assert constraint.bad
    for bad in constraint.bad:
        assert any(f"field {name!r}" in one for one in kind(**{name: bad}).problems(table)), bad
    for good in constraint.good:
        said = [one for one in kind(**{name: good}).problems(table) if constraint.must in one]
        assert said == []


@pytest.mark.parametrize("seed", SEED.good)
def test_a_seed_is_what_it_is_everywhere(seed):
    method = lists.DecomposableAverage()
    assert np.array_equal(
        method.estimate(THREE, seed=seed).draws, method.estimate(THREE, seed=int(seed)).draws
    )


@pytest.mark.parametrize("seed", SEED.bad)
def test_what_is_no_seed_is_none_here(seed):
    with pytest.raises(SpecError, match="seed must be a whole number"):
        lists.Chapman().estimate(TWO, seed=seed)
    with pytest.raises(SpecError, match="seed must be a whole number"):
        lists.LinkageError().corrected(TWO, seed=seed)
    with pytest.raises(SpecError, match="seed must be a whole number"):
        lists.predictive(lists.Chapman().estimate(TWO), seed=seed)


def test_what_is_withheld_stands_on_rows_without_a_number():
    counts = {"10": 5, "01": 4, "11": 3}
    table = OverlapTable(["a", "b"], {"x": counts, "y": counts, "z": counts})
    strata = {
        "x": Part(12, 7.0, (2.0, 20.0)),
        "y": Part(12, np.nan, None, "nobody is on both."),
        "z": Part(12, np.nan, None),
    }
    rows = made(
        table, np.nan, None, strata=strata, kind="total of strata", withheld="y is empty.",
        kind_in_strata="profile likelihood",
    ).table  # fmt: skip
    assert rows["withheld"].to_list() == ["", "nobody is on both.", "y is empty.", "y is empty."]
    assert rows["interval"].to_list() == ["95% profile likelihood", "none", "none", "none"]


def test_the_name_of_an_interval_that_is_not_there():
    assert made(TWO, 7.0, (2.0, 20.0)).interval_name == "95% profile likelihood"
    found = made(TWO, np.nan, None, withheld="no.")
    assert found.interval_name == "none"
    assert found.table["interval"].to_list() == ["none"]
    assert found.table["withheld"].to_list() == ["no."]
    # A number without limits: why there are none is said.
    assert made(TWO, 7.0, None, withheld="no limit.").table["withheld"].to_list() == ["no limit."]
