"""Records without a sex or an age: expected counts by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import funnelest as fe

SEXES = {"by": "sex", "count": {"m": 1, "f": 1, "unknown": 1}}


def test_equal_shares_have_the_mix_of_all(expected):
    """Of 150 boys and 700 girls one in five is unknown."""
    found = expected(fe.Unrecorded(0.2, axis="sex"), **SEXES)
    assert found == pytest.approx([120, 560, 170])


def test_shares_per_class(expected):
    defect = fe.Unrecorded(fe.PerLevel("sex", {"m": 0.4, "f": fe.Beta(2, 8)}), axis="sex")
    found = expected(defect, values={"unknown sex[r][sex=f]": 0.1}, **SEXES)
    assert found == pytest.approx([90, 630, 60 + 70])


def test_shares_that_differ_by_odds(expected):
    """Odds of 1 to 4 for boys, and twice that for girls."""
    defect = fe.Unrecorded(fe.Beta(2, 8), fe.Levels("sex"), axis="sex", name="?")
    values = {"unknown sex[r]": 0.2, "unknown sex[r][sex=f]": math.log(2)}
    found = expected(defect, values=values, by="sex", count={"?": 1, "f": 1, "m": 1})
    assert found == pytest.approx([150 / 5 + 700 / 3, 700 * 2 / 3, 150 * 4 / 5])


def test_a_class_that_is_not_printed_is_not_counted(expected):
    found = expected(fe.Unrecorded(0.2, axis="sex"), by="sex", count={"f": 1, "unknown": 1})
    assert found == pytest.approx([560, 170])


def test_two_axes(expected):
    """Unknown are the sex of one in ten and the year of one in five, independently."""
    count = dict.fromkeys(
        [("m", 2017), ("m", "?"), ("f", (2017, 2018)), ("none", 2018), ("none", "?")], 1
    )
    defects = [fe.Unrecorded(0.1, axis="sex", name="none"),
               fe.Unrecorded(0.2, axis="year", name="?")]  # fmt: skip
    found = expected(*defects, by=("sex", "year"), count=count)
    by_hand = [50 * 0.9 * 0.8, 150 * 0.9 * 0.2, 700 * 0.9 * 0.8, 500 * 0.1 * 0.8, 850 * 0.1 * 0.2]
    assert found == pytest.approx(by_hand)


def test_all_classes_add_up_to_all_records(expected):
    """With other defects: what is unknown is not lost."""
    others = [
        fe.Coverage(fe.PerLevel("sex", {"m": 0.5, "f": 0.8})),
        fe.FalsePositives(fe.PerLevel("sex", {"m": 10, "f": 20})),
    ]
    defect = fe.Unrecorded(fe.PerLevel("sex", {"m": 0.4, "f": 0.1}), axis="sex")
    found = expected(defect, *others, **SEXES)
    whole = np.array([150 * 0.5 + 10, 700 * 0.8 + 20])
    assert found == pytest.approx([*(whole * [0.6, 0.9]), whole @ [0.4, 0.1]])
    assert found.sum() == pytest.approx(expected(*others)[0])


def test_shares_of_a_count_of_unknowns(model_of, quantities):
    """Who of the unknowns is in the register cannot be said; which of them are cases can."""
    register = fe.Register(
        name="r", step="b", **SEXES,
        defects=[fe.Unrecorded(0.2, axis="sex"), fe.PPV(0.8), fe.Coverage(0.5)],
    )  # fmt: skip
    true, seen = register.record_shares(quantities(model_of(register)))
    assert true[:, 0] == pytest.approx([0.8, 0.8, 0.8])
    assert seen[:2, 0] == pytest.approx([0.4, 0.4])
    assert np.isnan(seen[2, 0])


def test_names(model_of):
    register = fe.Register(
        name="r", step="b", **SEXES,
        defects=[fe.Unrecorded(fe.Beta(2, 8), fe.Levels("sex", fe.Normal(0, 0.3)), axis="sex")],
    )  # fmt: skip
    assert list(model_of(register).free) == ["unknown sex[r]", "unknown sex[r][sex=f]"]
    assert register.describe() == "sex unknown on some"
