"""Tables as text: no number finer than its Monte Carlo error, none outside its ends."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import funnelest as fe
from funnelest import lists
from funnelest.report.content import content
from funnelest.results.intervals import ERRORS
from funnelest.results.printing import html_table, show_number
from funnelest.words import Language

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.py")]


def lines(table, name):
    """Return what is printed of each row of one column."""
    rows = fe.as_text(table.reset_index(drop=True).drop(columns="mark", errors="ignore"), [name])
    head, *found = (line.strip() for line in rows.split("\n"))
    assert head == name
    return found


def place(text):
    """Return the size of the last significant digit of a printed number."""
    digits = text.lstrip("-").replace(",", "")
    power = 1.0
    if "e" in digits:
        digits, tenth = digits.split("e")
        power = 10.0 ** int(tenth)
    if "." in digits:
        return power * 10.0 ** -len(digits.split(".")[1])
    return power * 10.0 ** (len(digits) - len(digits.rstrip("0")))


def is_as_known(text, value, error, within):
    """Return whether a printed number is a rounded one, as fine as its error and no finer."""
    shown, last = float(text.replace(",", "")), place(text)
    ends = [end for end in within if math.isfinite(end)]
    # The end itself stands there, as a number without an error: three digits, or whole.
    if any(abs(shown - end) <= max(0.5 if abs(end) >= 100 else 0, 0.00501 * abs(end))
           and abs(value - end) <= max(10 * error, last) for end in ends):  # fmt: skip
        return True
    within_ends = within[0] - 0.5 <= shown <= within[1] + 0.5
    one_digit = len(re.sub(r"e.*|[-,.]", "", text).strip("0")) <= 1
    fine = last >= error / 1.5 * (1 - 1e-9) or one_digit
    near = abs(shown - value) <= max(last, 0.00501 * abs(value)) / 1.99
    return within_ends and fine and (near or one_digit)


def check(table):
    """Check every number of a table that has an error; return how many there were."""
    names = {str(name) for name in table}
    errors = {name for name in names if "mc_error" in name}
    assert errors == {f"{name}_mc_error" for name in names} & names  # each says whose error it is
    head = fe.as_text(table).split("\n")[0].split()
    assert not errors & set(head)
    assert "<table" in html_table(table)
    rows, count = table.to_dict("records"), 0
    for name in (n for n in table if f"{n}_mc_error" in names):
        # Of draws where both stand there; tables of checks name other things by one of the two.
        ends = f"{name}_mc_error" in ERRORS and {"least", "most"} <= names
        for row, text in zip(rows, lines(table, name), strict=True):
            value, error = row[name], row[f"{name}_mc_error"]
            if pd.isna(value) or pd.isna(error) or error == 0:
                continue
            within = (row["least"], row["most"]) if ends else (-np.inf, np.inf)
            assert is_as_known(text, value, error, within), (name, text, value, error, within)
            count += 1
    return count


@pytest.mark.parametrize("size", 10.0 ** np.arange(-6, 8))
def test_numbers_of_every_size_and_error(size) -> None:
    rng = np.random.default_rng(7)
    values = size * rng.uniform(1, 10, 150) * rng.choice([-1, 1], 150)
    errors = np.abs(values) * 10 ** rng.uniform(-5, 1, 150)
    off = np.abs(values)[:, None] * rng.uniform(0, 0.02, (150, 2))
    table = pd.DataFrame(
        {"median": values, "median_mc_error": errors, "least": values - off[:, 0],
         "most": values + off[:, 1], "prior_median": values, "prior_median_mc_error": errors}
    )  # fmt: skip
    assert check(table.drop(columns=["least", "most"])) == 300
    assert check(table) == 300


def test_every_table_of_a_result(fitted) -> None:
    for table in (
        fitted.steps(), fitted.steps(by=["age", "sex"]), fitted.steps(number="predicted"),
        fitted.transitions(), fitted.flows(), fitted.shares(), fitted.parameters(),
        fitted.figures(), fitted.quantities({"told": lambda q: q.number("told")}),
        fitted.parameters().set_index("parameter"),
    ):  # fmt: skip
        assert check(table) > 0
    assert "(no rows)" in fe.as_text(fitted.linked())


@pytest.mark.slow
def test_every_table_of_checks(fitted) -> None:
    made = fe.trust(fitted, cores=1, progress=False)
    tables = [one for verdict in made.checks.values() for one in verdict.tables.values()]
    assert sum(check(one) for one in tables if len(one)) > 10
    fe.as_text(made.table)


def test_tables_of_lists_and_data() -> None:
    table = lists.OverlapTable(["p", "q", "r"], {"100": 40, "010": 30, "001": 20, "110": 27,
                                                 "101": 9, "011": 8, "111": 4})  # fmt: skip
    compared = lists.compare_methods(table, seed=1)
    assert "total" in fe.as_text(compared.table)
    for one in (table.table, fe.load_figures(), fe.load_onset()):
        assert len(fe.as_text(one).split("\n")) >= len(one) + 1


def test_what_is_printed_of_a_table() -> None:
    table = pd.DataFrame(
        {"step": ["a", "b"], "year": [2017, 2018], "median": [27_117.0, 0.41234],
         "sd": [1_234.5, np.nan], "median_mc_error": [970.0, 0.03], "least": [9.0, 0.1],
         "most": [90_000.0, 0.9], "how": [None, 0.5], "mark": ["", ""]}
    )  # fmt: skip
    assert fe.as_text(table) == (
        "step  year median    sd how\n   a  2017 27,000 1,230    \n   b  2018    0.4       0.5"
    )
    assert fe.as_text(table, ["median", "step"]) == "median step\n27,000    a\n   0.4    b"
    assert fe.as_text(table.set_index("step"), ["median"]).split() == [
        "step", "median", "a", "27,000", "b", "0.4",
    ]  # fmt: skip
    assert table["median"][0] == 27_117  # the table keeps its digits
    # What a check found stays beside the numbers, whatever is chosen.
    marked = table.assign(mark=["SOURCES IN CONFLICT", ""])
    assert "SOURCES IN CONFLICT" in fe.as_text(marked, ["median"])
    text = fe.as_text(table.assign(mark="SOURCES IN CONFLICT"), ["median"])
    assert text.splitlines()[-1] == "SOURCES IN CONFLICT"
    assert text.count("SOURCES IN CONFLICT") == 1


def test_limits_of_highest_density_have_three_digits(fitted) -> None:
    """Their error is not known, and they were printed to the last person."""
    table = fitted.steps(kind="highest-density")
    for text in lines(table, "low"):
        assert len(re.sub(r"\D", "", text).strip("0")) <= 3


@pytest.mark.parametrize(
    ("table", "columns", "words"),
    [
        ("a", None, "must be a pandas table"),
        (pd.DataFrame({"a": [1]}), "a", "must be a list"),
        (pd.DataFrame({"a": [1]}), ["b"], "columns names 'b'"),
    ],
)
def test_a_wrong_question_is_refused(table, columns, words) -> None:
    with pytest.raises(fe.SpecError, match=words):
        fe.as_text(table, columns)


def test_a_prior_on_a_page_is_not_held_within_the_draws_of_the_posterior() -> None:
    table = pd.DataFrame(
        {"median": [500.0], "median_mc_error": [3.0], "least": [400.0], "most": [600.0],
         "prior_low": [20.0], "prior_low_mc_error": [0.4]}
    )  # fmt: skip
    (page,) = content(table, "T", Language("en"), [])
    assert page.table.rows[0][0] == ["500", "20"]
    assert lines(table, "prior_low") == ["20"]


def test_examples_and_pages_print_tables_by_the_one_rule() -> None:
    finer = re.compile(r"\.round\([^()]*\)[\s)]*\.?(to_string|reset_index|iterrows)|float_format=")
    for path in PAGES:
        found = finer.search(path.read_text(encoding="utf-8"))
        assert not found, (path.name, found)


def test_numbers_of_checks_are_printed_no_finer_than_they_are_known() -> None:
    """Those of contributions and of powers of priors were printed to the last person."""
    people = fe.Population({"sex": ["m", "f"]}, [50_000, 50_000])
    register = fe.Register("r", step="b", by="sex", count={"m": 40, "f": 60},
                           defects=[fe.Coverage(fe.Beta(8, 2))])  # fmt: skip
    survey = fe.Survey("s", step="a", yes=100, n=1000)
    model = fe.Model(
        fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 20)), evidence=[register, survey]
    )
    result = fe.fit(model, draws=1000, seed=1, progress=False)
    verdicts = [
        fe.check.contributions(result, seed=1, refit=False),
        fe.check.prior_sensitivity(result, seed=1),
    ]
    for table in (table for verdict in verdicts for table in verdict.tables.values()):
        ends = ("median", "low", "high")
        numbers = [name for name in table if name.rpartition("_")[2] in ends]
        assert {f"{name}_mc_error" for name in numbers} <= set(table)
        text = fe.as_text(table)
        for name in numbers:
            known = table[[name, f"{name}_mc_error"]].dropna().to_numpy()
            for value, error in known:
                assert error < abs(value) or not value
                printed = show_number(value, error)
                assert printed in text
    assert "most" in fe.as_text(verdicts[0].table).split("\n")[0].split()


def test_a_table_cut_down_to_numbers_without_their_errors_is_refused(tmp_path) -> None:
    """On the page of the main example a prior median of 7,110 was off by 170."""
    people = fe.Population({"sex": ["m", "f"]}, [50_000, 50_000])
    survey = fe.Survey("s", step="a", yes=100, n=1000)
    result = fe.fit(fe.Model(fe.Route("a"), people, fe.Rate(fe.Beta(1, 20)), evidence=[survey]),
                    draws=400, seed=1, progress=False)  # fmt: skip
    steps = result.steps()
    for kept in (
        ["step", "median", "basis"],
        ["step", "median", "median_mc_error", "prior_median"],
    ):
        with pytest.raises(fe.SpecError, match=r"keep (prior_)?median_mc_error beside it"):
            fe.as_text(steps[kept])
        with pytest.raises(fe.SpecError, match="section 'own': the table has"):
            fe.report.page(result, tmp_path / "p.html", title="t", checks=False,
                           sections=[("own", ["text", steps[kept]])])  # fmt: skip
    assert fe.as_text(steps, ["step", "median", "basis"])


def test_a_table_of_a_method_without_draws_has_no_errors_and_is_printed() -> None:
    table = pd.DataFrame({"linked": [3], "low": [2.0], "high": [5.0], "basis": ["corrected"]})
    assert fe.as_text(table).split() == [
        "linked",
        "low",
        "high",
        "basis",
        "3",
        "2",
        "5",
        "corrected",
    ]
