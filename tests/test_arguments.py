"""Whatever stands in an argument, it is taken or refused in a sentence, never with a traceback."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import funnelest as fe

PEOPLE = fe.Population(
    {"year": [2016, 2017], "age": [(0, 11), (12, 17)]}, np.full((2, 2), 1e4), ages="age"
)
NO_CELLS = ["", 0.0, False, [], (), 0, set()]


def model(*evidence, share=None, rate=None, **more):
    rate = fe.Rate(fe.Beta(1, 9)) if rate is None else rate
    shares = {("a", "b"): fe.Share(0.5) if share is None else share}
    return fe.Model(fe.Route("a", "b"), PEOPLE, rate, shares, evidence, **more)


def register(**more):
    return model(fe.Register(**{"name": "r", "step": "b", "count": 500, **more}))


@pytest.fixture(scope="module")
def result():
    return fe.fit(register(), draws=400, seed=1, progress=False)


#: Values that nobody meant; those that compare to no truth value are among them.
BAD = {
    "NA": pd.NA, "series": pd.Series([1, 2]), "array": np.array(["a", "b"]), "huge": 10**400,
    "object": object(), "list": [3], "float": 3.5, "complex": np.complex64(3), "set": {1},
}  # fmt: skip

CALLS = {
    "quantities": lambda r, v: r.quantities(v),
    "a quantity": lambda r, v: r.quantities({"a": v}),
    "basis": lambda r, v: r.quantities({"a": lambda q: 1.0}, basis=v),
    "sample_of": lambda r, v: r.sample_of(v),
    "prior_sample_of": lambda r, v: r.prior_sample_of(v),
    "rests_on": lambda r, v: r.rests_on(v, "estimated"),
    "per": lambda r, v: r.steps(per=v),
    "kind": lambda r, v: r.steps(kind=v),
    "by": lambda r, v: r.steps(by=v),
    "one of by": lambda r, v: r.steps(by=[v]),
    "where": lambda r, v: r.steps(v),
    "of": lambda r, v: r.shares(v),
    "distinct": lambda r, v: r.distinct(v),
    "save": lambda r, v: fe.save(r, v),
    "load": lambda r, v: fe.load(v),
    "saved": lambda r, v: fe.save(v, "a.nc"),
    "tree": lambda r, v: fe.to_datatree(v),
    "route": lambda r, v: fe.plot.route(v),
    "route language": lambda r, v: fe.plot.route(r, language=v),
    "route per": lambda r, v: fe.plot.route(r, per=v),
    "route title": lambda r, v: fe.plot.route(r, title=v),
    "published": lambda r, v: fe.plot.route(r, published=v),
    "published place": lambda r, v: fe.plot.route(r, published={(v if _hashes(v) else "c"): 3}),
    "ages": lambda r, v: fe.plot.ages(v),
    "page": lambda r, v: fe.report.page(v, "x.html", title="t"),
    "page path": lambda r, v: fe.report.page(r, v, title="t"),
    "page title": lambda r, v: fe.report.page(r, "x.html", title=v),
    "page sections": lambda r, v: fe.report.page(r, "x.html", title="t", sections=v),
    "page figure": lambda r, v: fe.report.page(r, "x.html", title="t", figure=v),
    "page language": lambda r, v: fe.report.page(r, "x.html", title="t", language=v),
    "with_evidence": lambda r, v: r.model.with_evidence(v),
    "with_assumptions": lambda r, v: r.model.with_assumptions(v),
    "without": lambda r, v: r.model.without(v),
    "from_dict": lambda r, v: fe.Model.from_dict(v),
    "from_dict, a part": lambda r, v: fe.Model.from_dict({**r.model.to_dict(), "route": v}),
    "fit": lambda r, v: fe.fit(v),
    **{
        f"fit {name}": lambda r, v, name=name: fe.fit(r.model, **{"progress": False, name: v})
        for name in ("engine", "draws", "chains", "seed", "start")
    },
    "a step": lambda r, v: fe.Route("a", "b", v),
    "skips": lambda r, v: fe.Route("a", "b", skips=v),
    "edges": lambda r, v: fe.Route("a", "b", edges=v),
    "an edge": lambda r, v: fe.Route("a", "b", edges=[("a", v)]),
    "unit": lambda r, v: fe.Route("a", "b", unit=v),
    "evidence step": lambda r, v: register(step=v),
    "evidence per": lambda r, v: register(per=v),
    "axis of a term": lambda r, v: model(share=fe.Share(fe.Beta(1, 1), fe.Levels(v))),
    "axis of priors": lambda r, v: model(share=fe.Share(fe.PerLevel(v, {2016: 0.5, 2017: 0.5}))),
    "rule": lambda r, v: register(count=fe.Rounded(10, to=5, rule=v)),
    "use": lambda r, v: register(count=fe.Disagreeing([3, 4], use=v)),
}


def _hashes(value):
    return isinstance(value, float | complex | type(pd.NA))


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("call", CALLS)
def test_what_nobody_meant_is_told(call, name, result):
    with pytest.raises(fe.SpecError) as caught:
        CALLS[call](result, BAD[name])
    assert "a field has a value that cannot be used" not in str(caught.value)


@pytest.mark.parametrize("call", ["skips", "save", "saved", "route", "page", "page title", "load"])
def test_nothing_is_no_argument_either(call, result):
    with pytest.raises(fe.SpecError):
        CALLS[call](result, None)


@pytest.mark.parametrize("name", ["NA", "series", "huge", "complex", "list"])
def test_a_number_that_is_none(name):
    value = BAD[name]
    for build in (
        lambda: model(parameters={"k": value}),
        lambda: model(rate=fe.Rate(value)),
        lambda: register(defects=[fe.Coverage(value)]),
        lambda: register(count=value),
        lambda: register().holding({"rate of a": value}),
        lambda: register().with_powers({"r": value}),
    ):
        with pytest.raises(fe.SpecError):
            build()


@pytest.mark.parametrize("where", NO_CELLS, ids=repr)
def test_only_nothing_and_an_empty_mapping_are_all_cells(where, result):
    for call in (
        result.steps, result.transitions, result.flows, result.distinct, result.first_events,
        lambda where: result.shares("a", where), lambda where: fe.plot.route(result, where=where),
        lambda where: fe.plot.ages(result, where=where),
        lambda where: fe.report.page(result, "x.html", title="t", where=where),
    ):  # fmt: skip
        with pytest.raises(fe.SpecError, match="where must be a mapping"):
            call(where)
    assert result.steps({}).equals(result.steps(None))


def test_draws_of_one_weight_pass_the_gate():
    """As many draws as may be asked for are as many as the gate asks for."""
    for one in (model(), model(rate=fe.Rate(0.1))):
        assert fe.fit(one, engine="importance", draws=400, seed=1, progress=False).gate.passed
    with pytest.raises(fe.SpecError, match="draws must be a whole number of at least 400"):
        fe.fit(model(), draws=399)


def test_a_number_of_numpy_is_a_number_of_draws():
    found = fe.fit(model(), draws=np.int16(400), chains=np.int8(4), seed=1, progress=False)
    assert found.draws["rate of a"].shape == (4, 100)
