"""The calibration study: everything in the library has a case, and every case passes.

Mark: even ranks of the truth, and nominal coverage. Tolerance: 1% over all cases together, as the
page says. The reruns have other seeds than the table.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import funnelest as fe
from funnelest.lists import Chapman

HERE = Path(__file__).parent
CSV = HERE / "calibration.csv"


def _loaded(name: str):
    """Return a script as a module; scripts here are no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look themselves up, and scripts each other
    spec.loader.exec_module(module)
    return module


models = _loaded("calibration_cases")
lists = _loaded("calibration_lists")
study = _loaded("calibration")

ALL = study.cases()
NAMES = [one.name for one in ALL]
OTHER_SEED = 2718
#: Cases that do not pass, and why.
KNOWN: dict[str, str] = {}
CASES = [
    pytest.param(
        one,
        id=one.name,
        marks=[pytest.mark.xfail(reason=KNOWN[one.name])] if one.name in KNOWN else [],
    )
    for one in ALL
]


@pytest.fixture(scope="module")
def table():
    return study.read(CSV)


def case_of(name):
    return next(one for one in ALL if one.name == name)


# ---------------------------------------------------------------- nothing is forgotten


def test_every_kind_has_a_case():
    held = set().union(*(models.kinds_in(one.model) for one in ALL if hasattr(one, "model")))
    assert held | set(models.WITHOUT) >= set(models.KIND_NAMES)


def test_kinds_without_a_case_are_kinds():
    assert set(models.WITHOUT) < set(models.KIND_NAMES)


def test_every_method_for_linked_lists_has_a_case():
    held = {name for one in lists.list_cases() for name in one.holds}
    assert held >= lists.estimators()
    assert len(lists.estimators()) > 8


def test_every_form_of_a_kind_has_a_case():
    """Each field of evidence, figures, defects, terms and assumptions is used by some case."""
    used = {(one, field) for case in models.model_cases() for one, field in fields_of(case.model)}
    for kind in models.KINDS:
        if kind.__name__ in models.WITHOUT or kind.__name__ in models.PRIORS:
            continue
        fields = {one.name for one in dataclasses.fields(kind)} - SAID
        left = {name for name in fields if (kind.__name__, name) not in used}
        assert left == NOT_USED.get(kind.__name__, set()), kind.__name__


#: Fields that are for the reader, or that say of whom (a `where` is in many cases).
SAID = {"name", "source", "statement", "trouble", "axis", "where", "unit", "definition", "asks"}
#: Fields that stay at their default in all cases, and why that is enough.
NOT_USED = {
    # No defect of the library goes with these.
    "OwnCustom": {"defects"},
    "OwnNormal": {"defects"},
    "OwnPoisson": {"defects"},
    "Linked": {"defects"},
    "Unlinked": {"defects"},
    # Made-up groups and audits are drawn apart from what counts the same people, and could
    # contradict it where they are among these: what `among` bounds is checked by enumeration.
    "Cascade": {"among"},
    "Cohort": {"among"},
    "Survey": {"among"},
    "Validation": {"defects", "among"},
    # Lists of which a count is a limit: a made-up table would be another. The other is internal.
    "OverlapTable": {"upper", "may_be_empty"},
}


def fields_of(value, seen=None):
    """Yield the kinds in a model, each with its fields that are not at their default."""
    seen = set() if seen is None else seen
    if isinstance(value, str | bytes | int | float | np.ndarray) or id(value) in seen:
        return
    seen.add(id(value))
    parts = []
    if isinstance(value, models.KINDS):
        for field in dataclasses.fields(value):
            given = getattr(value, field.name)
            if given is not field.default and given != field.default:
                yield type(value).__name__, field.name
            parts.append(given)
    elif isinstance(value, fe.Model):
        parts = list(vars(value).values())
    elif hasattr(value, "items"):
        parts = [*value, *value.values()]
    elif isinstance(value, list | tuple):
        parts = list(value)
    for part in parts:
        yield from fields_of(part, seen)


# ---------------------------------------------------------------- the table that is kept


def test_names_differ():
    assert len(set(NAMES)) == len(NAMES)


def test_the_table_has_every_case_often_enough(table):
    assert list(table["case"]) == NAMES
    held = [sorted(text.split(", ")) for text in table["holds"]]
    assert held == [sorted(one.holds) for one in ALL]
    assert (table["replicates"] >= 300).all()


def test_the_table_says_that_all_cases_pass(table):
    verdicts = {row["case"]: study.passed(row, len(table)) for _, row in table.iterrows()}
    assert {name for name, good in verdicts.items() if not good} == set(KNOWN)


def test_the_page_shows_the_table(table):
    page = study.PAGE.read_text(encoding="utf-8")
    assert study.with_table(page, table) == page


def test_a_run_gives_the_columns_of_the_table_and_goes_on_where_it_was(table, tmp_path):
    case = case_of("survey: a count")
    first = study.run(case, 10, OTHER_SEED, folder=tmp_path)
    assert [*first, "seed", "version"] == list(table.columns)
    assert study.run(case, 10, OTHER_SEED, folder=tmp_path) == first
    of_lists = case_of("Chapman")
    again = [study.run(of_lists, 4, OTHER_SEED, folder=tmp_path) for _ in range(2)]
    assert again[0] == again[1] == study.run(of_lists, 4, OTHER_SEED)


# ---------------------------------------------------------------- the study can fail


def test_intervals_that_are_too_narrow_fail():
    narrow = dataclasses.replace(case_of("Chapman"), estimator=Chapman(probability=0.8))
    assert not study.passed(study.run(narrow, 60, OTHER_SEED), len(ALL))


@pytest.mark.slow
def test_a_simulation_that_is_not_the_likelihood_fails():
    case = case_of("own: custom")
    (own,) = case.model.evidence

    def wider(expected, rng):
        return float(rng.logistic(float(expected), 0.3))

    wrong = case.model.with_evidence([dataclasses.replace(own, simulate=wider)])
    row = study.run(dataclasses.replace(case, model=wrong), 300, OTHER_SEED)
    assert not study.passed(row, len(ALL))


# ---------------------------------------------------------------- reruns


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_case_passes_with_another_seed(case):
    row = study.run(case, study.REPLICATES, OTHER_SEED)
    assert study.passed(row, len(ALL)), row
