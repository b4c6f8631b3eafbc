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
    "timedelta": np.timedelta64(3, "D"), "NUL": "a\0b", "half": "\ud800", "bytes": b"a",
}  # fmt: skip

TABLE = pd.DataFrame({"a": ["x", "y"], "count": [1, 2]})

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
    "route ax": lambda r, v: fe.plot.route(r, ax=v),
    "ages title": lambda r, v: fe.plot.ages(r, title=v),
    "title of a check": lambda r, v: fe.plot.convergence(fe.check.convergence(r), title=v),
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
    "simulate": lambda r, v: fe.simulate(v, seed=1),
    "simulate parameters": lambda r, v: fe.simulate(r.model, seed=1, parameters=v),
    "simulate seed": lambda r, v: fe.simulate(r.model, seed=v),
    "draw_parameters": lambda r, v: fe.draw_parameters(v, seed=1),
    "first_events": lambda r, v: r.model.basis(first_events=v),
    **{
        f"q.{name}": lambda r, v, f=f: r.sample_of(lambda q: f(q, v))
        for name, f in {
            "number": lambda q, v: q.number(v),
            "share": lambda q, v: q.share("b", of=v),
            "transition": lambda q, v: q.transition("a", v),
            "flow": lambda q, v: q.flow(v, "b"),
            "parameter": lambda q, v: q.parameter(v),
            "source": lambda q, v: q.source(v),
            "what it gives": lambda q, v: "a" if _one_number(v) else v,
        }.items()
    },
    "from_frame": lambda r, v: fe.Population.from_frame(v),
    **{
        f"from_frame {name}": lambda r, v, name=name: fe.Population.from_frame(TABLE, **{name: v})
        for name in ("count", "ages", "years", "regions", "no_role")
    },
    "a column": lambda r, v: fe.Population.from_frame(
        pd.DataFrame([["x", 1], ["y", 2]], columns=pd.Index([v, "count"], dtype=object))
    ),
    "axis of people": lambda r, v: fe.Population({(v if _hashes(v) else b"a"): ["x", "y"]}, [1, 2]),
    "level of people": lambda r, v: fe.Population({"a": ["x", v]}, [1, 2]),
    "counted": lambda r, v: fe.Population({"a": ["x", "y"]}, [1, 2], counted=v),
    "Route.from_dict": lambda r, v: fe.Route.from_dict(v),
    "Population.from_dict": lambda r, v: fe.Population.from_dict(v),
    "source": lambda r, v: register(source=v),
    "statement": lambda r, v: register(statement=v),
    "name": lambda r, v: register(name=v),
    "statement of a prior": lambda r, v: model(rate=fe.Rate(fe.Beta(1, 9, statement=v))),
    "source of a prior": lambda r, v: model(
        parameters={"k": fe.Truncated(fe.Normal(0, 1), 0, 1, source=v)}
    ),
    "name of a parameter": lambda r, v: model(
        parameters={(v if _hashes(v) else b"a"): fe.Normal(0, 1)}
    ),
    "name of a list": lambda r, v: fe.lists.OverlapTable(("x", v), {"10": 1, "01": 2, "11": 3}),
    "a section": lambda r, v: fe.report.page(r, "x.html", title="t", sections=[(v, "text")]),
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


def _one_number(value):
    """Also a list of one, and to NumPy a time."""
    return isinstance(value, float | list | np.timedelta64)


def _hashes(value):
    return isinstance(value, float | complex | str | bytes | np.timedelta64 | type(pd.NA))


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


def test_columns_of_one_name_are_told():
    for columns in (["a", "a", "count"], ["a", "count", "count"], [1, "1", "count"]):
        frame = pd.DataFrame([["x", "y", 2], ["z", "w", 3]], columns=columns)
        with pytest.raises(fe.SpecError, match="has 2 columns"):
            fe.Population.from_frame(frame)


def test_transitions_of_an_array_are_those_of_a_list():
    for skips in (
        np.array([["a", "c"]]),
        [np.array(["a", "c"])],
        (["a", "c"],),
        iter([("a", "c")]),
    ):
        assert fe.Route("a", "b", "c", skips=skips) == fe.Route("a", "b", "c", skips=[("a", "c")])
    made = fe.Route("a", "b", "c", edges=np.array([["a", "b"], ["b", "c"]]))
    assert all(type(step) is str for edge in made.edges for step in edge)
    for skips in (np.zeros((2, 2)), np.array("a"), {"a": "c"}, pd.DataFrame({"a": [1]})):
        with pytest.raises(fe.SpecError, match=r"list of pairs|pair of steps|unknown step"):
            fe.Route("a", "b", "c", skips=skips)


def test_a_page_with_half_a_letter_in_its_contents_is_not_written(result, tmp_path):
    for what in ("\ud800", pd.DataFrame({"a": ["x\0"]})):
        with pytest.raises(fe.SpecError, match="no letter"):
            fe.report.page(
                result, tmp_path / "x.html", title="t", checks=False, sections=[("s", what)]
            )
    assert not list(tmp_path.iterdir())
