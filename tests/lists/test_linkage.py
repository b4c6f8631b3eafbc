"""Links that were missed or are false."""

from __future__ import annotations

import numpy as np
import pytest

import funnelest as fe
from funnelest.lists import LinkageError, OverlapTable

TWO = OverlapTable(["a", "b"], {"10": 400, "01": 200, "11": 600})


def test_two_lists_by_hand() -> None:
    """Missed links split a person in two; false ones join two people (Ding and Fienberg 1994)."""
    found = LinkageError().matrix(2, 0.1, 0.05)
    linked = 0.9 * 1.0  # rightly linked pairs per true pair
    false = linked * 0.05 / 0.95
    assert found[:, 3] == pytest.approx([0, 0.1 - false, 0.1 - false, linked + false])
    assert found[:, 1] == pytest.approx([0, 1, 0, 0])


@pytest.mark.parametrize("lists", [2, 3, 4, 5])
def test_every_pair_of_records_misses_its_link_alike_and_no_record_is_lost(lists: int) -> None:
    found = LinkageError().matrix(lists, 0.19, 0.0)
    on = (np.arange(2**lists)[:, None] >> np.arange(lists)) & 1
    # Records of each list, and pairs of records that are linked, per true person.
    assert on.T @ found == pytest.approx(on.T.astype(float))
    for i in range(lists):
        for j in range(i):
            pair = on[:, i] * on[:, j]
            assert pair @ found == pytest.approx(0.81 * pair)


@pytest.mark.parametrize("lists", [2, 3, 4])
def test_false_links_are_their_share_of_all_links_and_keep_every_record(lists: int) -> None:
    right = LinkageError().matrix(lists, 0.1, 0.0)
    found = LinkageError().matrix(lists, 0.1, 0.04)
    on = (np.arange(2**lists)[:, None] >> np.arange(lists)) & 1
    assert on.T @ found == pytest.approx(on.T @ right)
    for i in range(lists):
        for j in range(i):
            pair = on[:, i] * on[:, j]
            assert pair @ right == pytest.approx(0.96 * (pair @ found))


def test_right_links_change_nothing() -> None:
    found = LinkageError().matrix(3, 0.0, 0.0)[1:, 1:]
    assert found == pytest.approx(np.eye(7))


def test_the_correction_takes_back_what_the_errors_did() -> None:
    counts = TWO.cells().counts
    made = LinkageError().matrix(2, 0.2, 0.02)[1:, 1:] @ counts
    linked = {p: round(n) for p, n in zip(TWO.cells().patterns, made, strict=True)}
    found = LinkageError(missed=0.2, false=0.02).corrected(TWO.with_counts(linked))
    assert found.table["corrected"].to_numpy() == pytest.approx(counts, rel=0.02)
    assert set(found.table["basis"]) == {"corrected with stated rates"}
    assert "stated rates" in found.text


def test_doubt_about_the_rates_widens_the_intervals() -> None:
    known = LinkageError(missed=0.1).corrected(TWO).table
    doubted = LinkageError(missed=fe.Beta(4, 36)).corrected(TWO).table
    assert ((doubted["high"] - doubted["low"]) > (known["high"] - known["low"])).all()
    again = LinkageError(missed=fe.Beta(4, 36)).corrected(TWO).table
    assert again.equals(doubted)


def test_rates_that_the_table_contradicts_are_called_so() -> None:
    table = OverlapTable(["a", "b"], {"10": 5, "01": 5, "11": 600})
    assert "contradict each other" in LinkageError(missed=0.3).corrected(table).text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LinkageError(missed=1.2), "field 'missed' must be between 0 and 1"),
        (LinkageError(false=-0.1), "field 'false' must be between 0 and 1"),
        (LinkageError(missed=fe.Beta(1, 1)), "rates above 0.9"),
        (LinkageError(missed="few"), "a prior or a number is needed"),
        (LinkageError(missed=fe.Shared("m")), "a parameter of a model"),
        (LinkageError(statement=3), "must be text"),
    ],
)
def test_says_what_is_wrong_with_rates(error: LinkageError, said: str) -> None:
    with pytest.raises(fe.SpecError, match=said):
        error.corrected(TWO)


def test_says_which_tables_it_takes() -> None:
    strata = OverlapTable(["a", "b"], {"x": {"10": 1, "01": 1}, "y": {"11": 4}})
    with pytest.raises(fe.SpecError, match="without strata"):
        LinkageError(missed=0.1).corrected(strata)
    names = [str(i) for i in range(8)]
    many = OverlapTable(names, {"1" * 8: 5})
    with pytest.raises(fe.SpecError, match="at most 7 lists"):
        LinkageError(missed=0.1).corrected(many)
