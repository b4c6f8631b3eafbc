"""Existence of estimates: against the linear programme as published, and by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog

from funnelest.errors import SpecError
from funnelest.lists import OverlapTable
from funnelest.lists.checks.existence import existence
from funnelest.lists.checks.what_can_be_said import what_can_be_said
from funnelest.lists.computing.reduced import reduced
from funnelest.lists.terms import read_model

NAMES = ["A", "B", "C"]
SPARSE = OverlapTable(NAMES, {"100": 40, "010": 30, "001": 20, "110": 6})


def published_code(table, model):
    """The programme of Fienberg and Rinaldo as in Chan, Silverman and Vincent."""
    cells = table.cells()
    left = reduced(cells, read_model(model, table.lists), len(table.lists))
    A, n = left.sums @ left.X, cells.counts[left.cells]
    # Maximise s, with A'x = A'n and x >= s.
    size = len(n)
    found = linprog(
        np.r_[np.zeros(size), -1.0],
        A_eq=np.c_[A.T, np.zeros(A.shape[1])],
        b_eq=A.T @ n,
        A_ub=np.c_[-np.eye(size), np.ones(size)],
        b_ub=np.zeros(size),
        bounds=[(None, None)] * size + [(None, None)],
    )
    return int(-found.fun < 1e-7) + 2 * int(np.linalg.matrix_rank(A) < A.shape[1])


@pytest.mark.parametrize("seed", range(12))
def test_the_dual_programme_agrees_with_the_published_one(seed):
    rng = np.random.default_rng(seed)
    every = [list(p) for p in combinations("ABCD", 2)] + [["A", "B", "C"]]
    for _ in range(6):
        counts = {format(i, "04b"): int(rng.poisson(rng.choice([0.4, 1.0]))) for i in range(1, 16)}
        for i in (8, 4, 2, 1):
            counts[format(i, "04b")] += 1
        table = OverlapTable(list("ABCD"), counts)
        chosen = [g for g in every if rng.random() < 0.5]
        model = [*chosen, *"ABCD"]
        assert existence(table, model).details["code"] == published_code(table, model)


def test_the_offending_overlaps_are_named():
    found = existence(SPARSE, "[12,3]")
    assert found.details["empty"] == (("A", "C"), ("B", "C"))
    assert found.details["hidden"] == "infinite"
    assert not found.passed
    assert "'A and C' and 'B and C'" in found.text
    assert "infinite" in found.text
    assert list(found.table["code"]) == [1]


def test_terms_that_cannot_be_told_apart_are_named():
    found = existence(SPARSE, "[12,13,23]")
    assert found.details["code"] == 2
    assert "people on none of the lists" in found.details["unidentified"]
    assert "A and B" in found.details["unidentified"]
    assert "C" in found.details["unidentified"]


def test_an_empty_single_list_sends_the_hidden_number_to_zero():
    counts = {"100": 40, "001": 20, "110": 6, "101": 4, "011": 3, "111": 2}
    found = existence(OverlapTable(NAMES, counts), "[12,13,23]")
    assert (found.details["code"], found.details["hidden"]) == (1, "zero")
    assert "'B only'" in found.text


def test_large_counts_do_not_matter():
    counts = {"100": 4 * 10**9, "010": 30, "001": 20, "110": 1, "101": 1, "011": 1}
    assert existence(OverlapTable(NAMES, counts), "[12,3]").details["code"] == 0


def test_each_stratum_is_checked_without_the_lists_that_do_not_cover_it():
    full = {"100": 40, "010": 30, "001": 20, "110": 6, "101": 5, "011": 4}
    table = OverlapTable(
        NAMES, {"x": full, "y": {"100": 9, "010": 8}, "z": {"100": 9, "010": 8, "110": 2}},
        not_covering={"C": ["y", "z"]},
    )  # fmt: skip
    found = existence(table, "[1,2,3]")
    assert [(one.stratum, one.code) for one in found.found] == [("x", 0), ("y", 1), ("z", 0)]
    assert found.details["code"] == 1
    assert "Stratum 'y'" in found.text
    assert existence(table, "[12,3]").found[2].code == 2  # all that is left depends


def test_counts_of_several_patterns_and_limits():
    partly = OverlapTable(NAMES, {"10?": 40, "01?": 30, "001": 20, "11?": 6})
    assert existence(partly, "[1,2,3]").details["code"] == 0
    assert existence(partly, "[13,2]").details["unidentified"] == ("A", "A and C")
    never = OverlapTable(NAMES, {"10?": 40, "01?": 30, "001": 20, "11?": 0})
    assert existence(never, "[1,2,3]").details["code"] == 1
    upper = OverlapTable(NAMES, {"100": 40, "010": 30, "001": 20, "110": 6, "101": 3, "011": 2},
                         upper=["C"])  # fmt: skip
    assert existence(upper, "[1,2,3]").details["code"] == 0
    assert existence(upper, "[12,3]").details["code"] == 2


def test_six_lists_with_all_pairs():
    rng = np.random.default_rng(1)
    counts = {format(i, "06b"): int(rng.poisson(0.7)) for i in range(1, 64)}
    table = OverlapTable(list("ABCDEF"), counts)
    found = existence(table, [list(p) for p in combinations("ABCDEF", 2)])
    assert found.details["code"] in {0, 1}


def test_a_model_of_other_lists_is_refused():
    with pytest.raises(SpecError, match="names list 4"):
        existence(SPARSE, "[12,34]")


# ------------------------------------------------------- before any model


def test_a_list_that_overlaps_none():
    found = what_can_be_said(SPARSE)
    assert found.details["empty"] == (("A", "C"), ("B", "C"))
    assert found.details["alone"] == ("C",)
    assert found.details["groups"] == (("A", "B"), ("C",))
    assert "C (20 people) overlaps with no other list" in found.text
    assert list(found.table["both"]) == [6, 0, 0]


def test_two_lists_only():
    found = what_can_be_said(OverlapTable(["A", "B"], {"10": 4, "01": 3}))
    assert "cannot be tested" in found.text
    assert "no upper limit" in found.text


def test_groups_without_anyone_in_common():
    counts = {"1000": 4, "0100": 3, "0010": 2, "0001": 3, "1100": 6, "0011": 2}
    found = what_can_be_said(OverlapTable(list("ABCD"), counts))
    assert found.details["groups"] == (("A", "B"), ("C", "D"))
    assert "fall into groups" in found.text


def test_strata_limits_and_lists_not_linked():
    table = OverlapTable(
        NAMES,
        {
            "x": {"100": 4, "010": 3, "11?": 2, "001": 5, "101": 1, "011": 1},
            "y": {"100": 3, "110": 2},
        },
        upper=["C"],
    )
    text = what_can_be_said(table).text
    assert "The 5 people on C only are an upper limit" in text
    assert "Of 2 people it is not known whether they are on C" in text
    assert "Stratum 'y': nobody is on C" in text
    assert "Stratum 'y': 2 lists have people" in text


def test_a_list_inside_another():
    table = OverlapTable(["A", "B"], {"10": 4, "11": 3})
    assert "Everybody on B (3) is on A" in what_can_be_said(table).text


def test_what_is_no_table_is_refused():
    for ask in (lambda: existence(None, "[1,2]"), lambda: what_can_be_said(None)):  # type: ignore[arg-type]
        with pytest.raises(SpecError, match="an OverlapTable is needed; given None"):
            ask()


def test_many_empty_pairs_are_one_sentence():
    names = [f"list {i}" for i in range(6)]
    chain = {"0" * i + "11" + "0" * (4 - i): 9 for i in range(5)}  # each with the next one only
    found = what_can_be_said(OverlapTable(names, chain))
    assert len(found.details["empty"]) == 10
    assert found.text.count("takes that as impossible") == 1
    assert "10 pairs of lists have nobody in common (list 0 and list 2; " in found.text
    assert "; and 4 more, see `empty`)" in found.text
