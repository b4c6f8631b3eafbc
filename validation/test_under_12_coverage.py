"""The coverage study of ages that nobody asked: its table is what the study gives.

Mark: nominal coverage where the assumption is true, and the table in `under_12_coverage.csv`
elsewhere. Tolerance: exact binomial limits at 1% over all scenarios of a test together. The reruns
have other seeds than the table.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

HERE = Path(__file__).parent
CSV = HERE / "under_12_coverage.csv"
PAGE = HERE.parent / "docs" / "under_12_coverage.md"


def _loaded(path: Path):
    """Return a script as a module; scripts here are no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


study = _loaded(HERE / "under_12_coverage.py")

ALL = study.scenarios()
TRUE = [one for one in ALL if one.truth == study.AS_ASSUMED]
WRONG = {
    ("Shift", "tight", study.TOGETHER, "0-11", "+2 sd"),
    ("Proportional", "tight", study.APART, "0-11", study.UNSEEN),
}
OTHER_SEEDS = 2718
LEVEL = 0.01


def name_of(scenario) -> str:
    return ", ".join(part for part in scenario.key if part)


@pytest.fixture(scope="module")
def table():
    return study.read(CSV)


def held(row) -> tuple[int, int]:
    """Return in how many replicates of a row the interval held the truth, and of how many."""
    n = int(row["replicates"] - row["failed"])
    return round(row["coverage"] * n), n


def row_of(table, key):
    found = table[(table[list(study.NAMED)] == list(key)).all(axis=1)]
    assert len(found) == 1
    return found.iloc[0]


# ---------------------------------------------------------------- the table that is kept


def test_the_table_has_every_scenario(table):
    assert [tuple(row) for row in table[list(study.NAMED)].to_numpy()] == [one.key for one in ALL]


def test_the_table_has_the_columns_of_the_study(table):
    found = study.replicates(ALL[-1], range(2), OTHER_SEEDS)
    assert list(study.row_of(ALL[-1], found)) == list(table.columns)


def test_the_table_is_nominal_where_the_assumption_is_true(table):
    for scenario in TRUE:
        row = row_of(table, scenario.key)
        assert stats.binomtest(*held(row), study.PROBABILITY).pvalue > LEVEL / len(TRUE), row


def test_few_fits_of_the_table_failed(table):
    # What fails is left out of the coverage, so that many failures would make it mean little.
    assert (table["failed"] <= 0.05 * table["replicates"]).all()


def test_bounds_hold_what_lies_between_them_and_nothing_else(table):
    bounded = table[(table["assumption"] == "Bounds") & (table["ages"] == "0-11")]
    coverage = bounded.set_index("truth")["coverage"]
    assert coverage["in the middle of the limits"] == coverage["10% below the upper limit"] == 1
    assert coverage["10% above the upper limit"] == coverage["10% below the lower limit"] == 0


def test_the_page_shows_the_table(table):
    page = PAGE.read_text(encoding="utf-8")
    assert study.overview(table) in page
    assert study.overview(table, study.APART) in page


# ---------------------------------------------------------------- reruns


@pytest.mark.slow
@pytest.mark.parametrize("scenario", TRUE, ids=name_of)
def test_intervals_of_a_true_assumption_are_calibrated(scenario):
    found = study.replicates(scenario, range(100), OTHER_SEEDS)
    good = found[found["passed"]]
    assert len(good) >= 95
    inside = int(((good["low"] <= good["truth"]) & (good["truth"] <= good["high"])).sum())
    assert stats.binomtest(inside, len(good), study.PROBABILITY).pvalue > LEVEL / len(TRUE)
    bins = np.histogram(good["rank"], bins=10, range=(0, 1))[0]
    assert stats.chisquare(bins).pvalue > LEVEL / len(TRUE), bins


@pytest.mark.slow
@pytest.mark.parametrize("key", sorted(WRONG), ids=", ".join)
def test_a_wrong_assumption_fails_as_the_table_says(table, key):
    scenario = next(one for one in ALL if one.key == key)
    again = study.row_of(scenario, study.replicates(scenario, range(80), OTHER_SEEDS))
    (now, n), (then, m) = held(again), held(row_of(table, key))
    compared = stats.fisher_exact([[now, n - now], [then, m - then]])
    assert compared.pvalue > LEVEL / len(WRONG), (now, n, then, m)


@pytest.mark.slow
def test_the_study_can_fail():
    # Two standard deviations beyond the worst shift of the table.
    scenario = study.wrong("Shift", 4.0)
    row = study.row_of(scenario, study.replicates(scenario, range(30), OTHER_SEEDS))
    below = stats.binomtest(*held(row), study.PROBABILITY, alternative="less")
    assert below.pvalue < 1e-6
    assert row["truth above"] > 0.5
    assert row["bias %"] < -50
