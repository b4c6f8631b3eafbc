"""Whatever floating-point state a user has set, the package computes as it means to."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import funnelest as fe
from funnelest import check, lists, plot, report
from funnelest.entry import entry, is_entry
from funnelest.results.draws import Drawn
from funnelest.verdict import Verdict


@pytest.fixture
def raising():
    with np.errstate(all="raise"):
        yield
        assert set(np.geterr().values()) == {"raise"}  # the user's own is what it was


@pytest.mark.parametrize("room", [fe, check, plot, report, lists], ids=lambda m: m.__name__)
def test_every_function_that_a_user_calls_is_an_entry(room):
    functions = [
        one
        for one in (getattr(room, name) for name in room.__all__)
        if inspect.isfunction(one) and one.__module__.startswith("funnelest.")
    ]
    assert functions
    assert [one.__name__ for one in functions if not is_entry(one)] == []


@pytest.mark.parametrize(
    "kind",
    [fe.Population, fe.Model, fe.Route, fe.Quantities, fe.Result, Drawn, Verdict, fe.Beta,
     lists.OverlapTable, lists.Estimate, lists.LogLinear],
    ids=lambda kind: kind.__name__,
)  # fmt: skip
def test_every_method_that_a_user_calls_is_an_entry(kind):
    found = [
        name
        for name, member in vars(kind).items()
        if inspect.isfunction(member) and not name.startswith("_") and not is_entry(member)
    ]
    assert found == []
    assert any(is_entry(member) for member in vars(kind).values())


def test_the_state_of_an_entry_holds_to_what_is_called_inside(raising):
    @entry
    def inner():
        return np.float64(1) / np.zeros(1)

    @entry
    def outer():
        with np.errstate(all="ignore"):
            return inner()

    assert np.isinf(outer())
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        inner()
    with pytest.raises(FloatingPointError):
        np.float64(1) / np.zeros(1)


def built():
    axes = {"year": [2016, 2017], "age": [(0, 11), (12, 17)]}
    people = fe.Population(axes, np.full((2, 2), 1e4), ages="age")
    share = fe.Share(fe.Beta(0.5, 0.5), fe.Levels("year", fe.Normal(0, 1e-3)))
    sources = [
        fe.Register(name="r", step="b", count=500, defects=[fe.Coverage(fe.Beta(800, 2))]),
        fe.Survey(name="s", step="a", share=0.1, n=1000),
    ]
    return fe.Model(
        fe.Route("a", "b", "c"), people, fe.Rate(fe.LogNormal.from_interval(1e-6, 0.4)),
        {("a", "b"): share}, sources,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["importance", "hmc"])
def test_a_fit_its_tables_figures_page_and_file_in_any_state(engine, tmp_path):
    def made(state):
        with np.errstate(all=state), warnings.catch_warnings():
            warnings.simplefilter("error")
            result = fe.fit(built(), engine=engine, draws=4096, seed=1, progress=False)
            result = result.despite_failed_gate()
            tables = [result.steps(), result.transitions(), result.flows(), result.figures()]
            fe.plot.route(result)
            fe.plot.ages(result)
            path = fe.report.page(result, tmp_path / "x.html", title="t", checks=False)
            fe.save(result, tmp_path / "x.nc")
            assert fe.load(tmp_path / "x.nc").model == result.model
            made_up = fe.simulate(built(), seed=1)
            return [str(one) for one in tables], path.read_text(), made_up.hash(), repr(result)

    first, second = made("raise"), made("warn")
    assert first[0] == second[0]
    assert first[2] == second[2]


def test_checks_in_any_state(raising):
    result = fe.fit(built(), draws=800, seed=1, progress=False).despite_failed_gate()
    fe.trust(result, seed=1)
    check.prior_sensitivity(result, seed=1)
    check.contributions(result, seed=1)


def test_priors_in_any_state(raising, prior):
    if isinstance(prior, fe.Fixed | fe.Shared):
        pytest.skip("it has no density")
    draws = prior.sample(np.random.default_rng(1), 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # far out there is an overflow, which gives -inf
        prior.logpdf(np.r_[draws, 0.0, 1.0, 1e-300, 1e300])


def test_lists_in_any_state(raising):
    table = lists.OverlapTable(
        ("a", "b", "c"),
        {"100": 10, "010": 12, "001": 9, "110": 3, "101": 4, "011": 0, "111": 1},
    )
    plot.methods(lists.compare_methods(table))
    lists.what_can_be_said(table)
