"""Sentences about odd input say what is so, and the ledger is Dutch on a Dutch page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelest as fe
from funnelest.words import Language

PEOPLE = fe.Population({"sex": ["m", "f"], "year": [2019, 2020]}, [[100, 100], [100, 100]])
COUNTS = {("m", 2019): 3, ("m", 2020): 4, ("f", 2019): 5, ("f", 2020): 6}


def model_of(*sources: fe.Evidence, assumptions: Any = ()) -> fe.Model:
    return fe.Model(
        fe.Route("a", "b", unit="children"), PEOPLE, fe.Rate(fe.Beta(1, 9)), None, sources,
        assumptions,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: fe.Survey("s", step="a", share=0.2, interval=np.array([0.1, 0.3])),
         "must be a tuple or list (low, high)"),
        (lambda: fe.Total("s", step="a", estimate=20, interval=pd.Series([10, 30])),
         "must be a tuple or list (low, high)"),
        (lambda: fe.Total("s", step="a", estimate=fe.AtLeast(20), se=3),
         "an AtLeast (at least 20)"),
        (lambda: fe.Survey("s", step="a", total=fe.AtLeast(20), n=30), "an AtLeast is of a share"),
        (lambda: fe.Register("r", step="b", count=COUNTS, by=("sex", "year"),
                             total={2019: 8, 2020: 10}),
         "names 2019, of which there are no counts: give levels of 'sex', the first axis of field"),
    ],
)  # fmt: skip
def test_what_is_refused_is_said_truly(build: Callable[[], fe.Evidence], said: str) -> None:
    with pytest.raises(fe.SpecError, match=re.escape(said)):
        model_of(build())


def test_totals_of_the_axis_that_comes_first_are_taken() -> None:
    counts = {(year, sex): count for (sex, year), count in COUNTS.items()}
    one = fe.Register("r", step="b", count=counts, by=("year", "sex"), total={2019: 8, 2020: 10})
    assert model_of(one).evidence == (one,)


def test_a_file_with_more_in_it_was_not_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    fe.save(fe.fit(model_of(fe.Register("r", step="b", count=5)), seed=1, progress=False), path)
    whole = path.read_bytes()
    path.write_bytes(whole + b"x")
    with pytest.raises(fe.SpecError, match=r"more bytes stand in it than were written \(1\)"):
        fe.load(path)
    for left in (len(whole) - 1, len(whole) - 90, 30):
        path.write_bytes(whole[:left])
        with pytest.raises(fe.SpecError, match="it was cut off"):
            fe.load(path)


def test_a_constancy_is_stated_once() -> None:
    one, other = (
        fe.Constant(of=of, over="year", statement=why)
        for of, why in (("coverage[r]", "one protocol"), ("coverage of 'r'", "the same staff"))
    )
    source = fe.Register("r", step="b", count=COUNTS, by=("sex", "year"),
                         defects=[fe.Coverage(fe.Beta(8, 2))])  # fmt: skip
    assert model_of(source, assumptions=[one]).ledger()
    with pytest.raises(
        fe.SpecError, match=r"'coverage.*' is stated to be the same over 'year' by 2"
    ):
        model_of(source, assumptions=[one, other])


def test_the_ledger_is_dutch_on_a_dutch_page() -> None:
    defects = [fe.Coverage(fe.Beta(8, 2)), fe.Overdispersion()]
    model = model_of(fe.Register("r", step="b", count=5, defects=defects))
    about = [one.about for one in model.ledger()]
    assert {"coverage[r]", "overdispersion[r]", "ppv[r]", "unit[r]", "axis sex"} <= set(about)
    dutch = [Language("nl").say(one) for one in about]
    assert {"dekking[r]", "overspreiding[r]", "eenheid[r]", "as sex"} <= set(dutch)
    assert not any("coverage" in one or "overdispersion" in one for one in dutch)
