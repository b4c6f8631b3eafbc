"""Which sources see which parameter, against what is known of each model."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funnelest as fe
from funnelest.likelihood.informed import Probe, informed

EDGES = ("happened -> told", "told -> reported", "happened -> reported")


def test_a_source_sees_what_leads_to_its_step(build: Callable[..., fe.Model]) -> None:
    model = build(
        fe.Register(name="reports", step="reported", count=700),
        fe.Cohort(name="cohort", of="investigated", step="helped", yes=30, n=90),
        parameters={},
    )
    seen = informed(model)
    assert list(seen) == list(model.free)
    for name in ("rate of happened", *EDGES):
        assert seen[name] == {"reports"}
    assert seen["investigated -> helped"] == {"cohort"}
    assert seen["told -> helped"] == seen["reported -> investigated"] == frozenset()


def test_what_acts_on_the_scatter_only_is_seen(build: Callable[..., fe.Model]) -> None:
    spread = fe.Overdispersion(fe.HalfNormal(0.2))
    model = build(fe.Register(name="r", step="reported", count=700, defects=[spread]))
    assert informed(model)["overdispersion[r]"] == {"r"}


def test_a_hyperparameter_is_seen_through_its_effects(build: Callable[..., fe.Model]) -> None:
    rate = fe.Rate(fe.Beta(20, 980), fe.RandomWalk("age", fe.HalfNormal(0.2)))
    source = fe.Register(name="r", step="happened", count=700)
    seen = informed(build(source, occurrence=rate, parameters={}))
    assert seen["rate of happened[sd over age]"] == {"r"}


def test_a_figure_that_is_impossible_at_most_points_sees(build: Callable[..., fe.Model]) -> None:
    # All that a limit says is surely met or impossible; what it is a limit of still counts.
    sure = fe.Register(name="sure", step="reported", count=fe.AtMost(10**6))
    never = fe.Survey(name="never", step="told", of="happened", share=fe.Exact(0.999), se=1e-9)
    seen = informed(build(sure, never, parameters={}))
    assert seen["told -> reported"] == {"sure"}
    assert "never" in seen["happened -> told"]


def test_a_source_that_fails_sees_nothing(build: Callable[..., fe.Model]) -> None:
    working = True

    def breaking(q: Any) -> Any:
        if not working:
            raise ZeroDivisionError
        return q.number("told")

    model = build(fe.OwnPoisson(name="own", quantity=breaking, count=3), parameters={})
    assert informed(model)["happened -> told"] == {"own"}
    working = False  # a model of which it fails at once is refused
    assert set(informed(model).values()) == {frozenset()}
    assert Probe(model).depends_on(breaking) == frozenset(model.free)


def test_what_a_quantity_depends_on(build: Callable[..., fe.Model]) -> None:
    model = build(parameters={})
    assert Probe(model).depends_on(lambda q: q.number("reported")) == {"rate of happened", *EDGES}
    assert Probe(model).depends_on(lambda q: q.transition("told", "helped")) == {
        "told -> reported",
        "told -> helped",
    }
    assert Probe(model).depends_on(lambda q: 7.0) == frozenset()
    held = model.holding({"told -> reported": 0.2})
    assert Probe(held).depends_on(lambda q: q.transition("told", "helped")) == {"told -> helped"}


def test_nothing_unknown(build: Callable[..., fe.Model]) -> None:
    model = build(fe.Register(name="r", step="reported", count=700), parameters={})
    model = model.holding({name: float(prior.ppf(0.5)) for name, prior in model.free.items()})
    assert informed(model) == {}
    assert Probe(model).depends_on(lambda q: q.number("told")) == frozenset()


def test_every_source_sees_what_its_likelihood_needs(
    everything: fe.Model, points: Callable[..., Any]
) -> None:
    """Compared with moving one parameter at a time around the prior medians."""
    probe = Probe(everything)
    seen = probe.informed()
    assert set(seen) == set(everything.free)
    assert {name for sources in seen.values() for name in sources} == {
        one.name for one in everything.evidence
    }
    density, z = points(everything, 4)
    base = density.log_likelihood(z)
    for i, name in enumerate(density.names):
        moved = z.copy()
        moved[i] += 0.3
        other = density.log_likelihood(moved)
        finite = np.isfinite(base) & np.isfinite(other)
        if (np.abs(other - base)[finite] > 1e-6 * np.abs(base)[finite]).any():
            assert seen[name], name
    assert informed(everything) == seen  # the same on every call


@pytest.mark.parametrize("name", ["cover", "beta", "uniform"])
def test_parameters_of_no_source_are_seen_by_none(
    build: Callable[..., fe.Model], name: str
) -> None:
    model = build(
        fe.Register(name="r", step="reported", count=700),
        parameters={name: fe.Beta(2, 3)},
    )
    assert informed(model)[name] == frozenset()
