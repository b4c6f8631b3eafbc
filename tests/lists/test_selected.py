"""Estimators that choose their model: what they say, and how often they are right."""

from __future__ import annotations

import numpy as np
import pytest

from funnelest.errors import SpecError
from funnelest.lists.estimators.selected import BestByBIC, Stepwise
from funnelest.lists.table.table import OverlapTable, patterns

KOREA = OverlapTable(
    ["b", "c", "d"], {"001": 41, "010": 5, "100": 5, "110": 54, "101": 6, "111": 12}
)
BOTH = pytest.mark.parametrize("kind", [BestByBIC, Stepwise])


def few(kind, **more):
    return kind(**{"replicates": 200, **more})


@BOTH
def test_known_hidden_and_total(kind):
    found = few(kind).estimate(KOREA)
    assert found.known == 123
    assert found.total == found.known + found.hidden
    low, high = found.overall.interval
    assert 0 <= low < found.hidden < high
    assert found.interval == (low + 123, high + 123)
    assert found.interval_name == "95% bootstrap (BCa, selection repeated)"
    assert found.passed


@BOTH
def test_same_seed_same_numbers(kind):
    first, second = (few(kind).estimate(KOREA, seed=3) for _ in range(2))
    assert first.interval == second.interval
    np.testing.assert_array_equal(first.details["replicates"], second.details["replicates"])
    assert few(kind).estimate(KOREA, seed=4).interval != first.interval


@BOTH
def test_predicted_counts_belong_to_the_cells(kind):
    found = few(kind).estimate(KOREA)
    cells = KOREA.cells("all")
    assert found.predicted["all"].shape == cells.counts.shape
    # Sufficient statistics: everybody, and each list.
    assert found.predicted["all"].sum() == pytest.approx(123)
    for i, name in enumerate(KOREA.lists):
        on = [pattern[i] == "1" for pattern in cells.patterns]
        assert found.predicted["all"][on].sum() == pytest.approx(KOREA.size(name))


@BOTH
def test_chosen_models_add_up(kind):
    found = few(kind).estimate(KOREA)
    assert sum(found.details["chosen"].values()) == pytest.approx(1)
    model = found.details["model"]
    assert found.measures["share that chose the same model"] == found.details["chosen"][model]
    assert any(f"{model} was chosen in" in one for one in found.warnings)
    assert model in found.method


def test_assumptions_name_the_lists():
    assert "(b with c, c with d)" in few(BestByBIC).estimate(KOREA).assumes
    assert "(not at all)" in few(Stepwise, p=0).estimate(KOREA).assumes


@BOTH
def test_no_overlap_is_withheld(kind):
    table = OverlapTable(["a", "b", "c"], {"100": 40, "010": 30, "001": 20})
    found = few(kind).estimate(table)
    assert "no list has anybody in common" in found.withheld
    assert np.isnan(found.hidden)
    assert found.interval is None
    assert not found.passed


@BOTH
def test_a_list_of_everybody_is_withheld(kind):
    table = OverlapTable(["a", "b", "c"], {"100": 40, "110": 30, "101": 20, "111": 10})
    found = few(kind).estimate(table)
    assert "everybody known is on list 'a'" in found.withheld
    assert np.isnan(found.hidden)


@BOTH
def test_replicates_without_an_estimate_are_infinite_and_said(kind):
    # A single person on two lists: a third of the replicates lack that person.
    table = OverlapTable(["a", "b", "c"], {"100": 40, "010": 30, "001": 20, "110": 1})
    found = few(kind, replicates=400).estimate(table)
    share = found.measures["share without a finite estimate"]
    assert share == pytest.approx(np.exp(-1), abs=0.1)
    assert np.isinf(found.details["replicates"]).mean() == pytest.approx(share)
    assert found.interval[1] == np.inf
    assert "The upper limit is infinite. That is many" in found.text
    assert "corrected for bias only" in found.text


def test_a_withheld_interval_hides_the_number_too():
    table = OverlapTable(["a", "b", "c"], {"100": 2, "010": 1, "001": 1, "110": 1})
    for kind in (BestByBIC, Stepwise):
        found = few(kind).estimate(table)
        assert found.passed == (found.interval is not None) == bool(np.isfinite(found.hidden))


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (Stepwise(p=0.7), "field 'p' must be at least 0 and below 0.5; given 0.7."),
        (Stepwise(p="x"), "field 'p'"),
        (Stepwise(p=True), "field 'p'"),
        (Stepwise(p=float("nan")), "field 'p'"),
        (Stepwise(replicates=10), "field 'replicates' must be a whole number of at least 100"),
        (BestByBIC(replicates=1000.5), "field 'replicates'"),
        (BestByBIC(order=0), "field 'order' must be a whole number of at least 1; given 0."),
        (BestByBIC(order=3), "field 'order' must be less than the number of lists, 3"),
        (BestByBIC(shortlist=1), "field 'shortlist'"),
        (BestByBIC(probability=2), "field 'probability'"),
    ],
)
def test_bad_options_are_sentences(estimator, said):
    with pytest.raises(SpecError) as error:
        estimator.estimate(KOREA)
    assert said in str(error.value)


@BOTH
def test_what_it_does_not_take(kind):
    two = OverlapTable(["a", "b"], {"10": 4, "01": 5, "11": 6})
    assert any("at least 3 lists" in one for one in kind().problems(two))
    part = OverlapTable(["a", "b", "c"], {"10?": 4, "011": 5, "110": 6, "001": 2})
    assert any("several patterns" in one for one in kind().problems(part))
    assert any("OverlapTable is needed" in one for one in kind().problems(3))


def lists_of(count):
    return OverlapTable(
        [f"L{i}" for i in range(count)], {"1" * count: 5} | dict.fromkeys(patterns(count)[1:40], 3)
    )


def test_more_models_than_can_be_enumerated():
    (said,) = BestByBIC().problems(lists_of(6))
    assert said == (
        "more models than can be enumerated: all 7,785,061 of 6 lists; use order=2, Stepwise or "
        "Shrinkage, give a model (LogLinear), or join lists."
    )
    assert BestByBIC(order=2).problems(lists_of(6)) == []
    (said,) = BestByBIC(order=3).problems(lists_of(6))
    assert "3,702,013" in said
    (said,) = BestByBIC(order=3).problems(lists_of(7))
    assert "more than 40,000" in said
    (said,) = BestByBIC(order=2).problems(lists_of(8))
    assert "order=2" not in said


def test_stepwise_takes_many_lists():
    rng = np.random.default_rng(1)
    on = rng.random((1000, 6)) < 0.15
    names, counts = np.unique(on.astype(int), axis=0, return_counts=True)
    histories = {"".join(map(str, one)): int(n) for one, n in zip(names, counts, strict=True)}
    table = OverlapTable([f"L{i}" for i in range(6)], histories | {"0" * 6: 0})
    found = Stepwise(replicates=100).estimate(table)
    assert found.interval[0] < found.total < found.interval[1]
