"""The importance engine: exact proposals, closed-form posteriors, and a gate that closes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.inference.engines import importance
from funnelest.inference.engines import proposal as proposal_module
from funnelest.inference.engines.importance import Weighted
from funnelest.inference.engines.proposal import Component, Proposal
from funnelest.inference.engines.ridge import settle
from funnelest.inference.engines.target import Target
from funnelest.likelihood.density import Density

LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)


def model_of(parameters: Mapping[str, Any], evidence: Sequence[Any]) -> fe.Model:
    """Return a model in which only own parameters are unknown."""
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [1e6, 5e5])
    return fe.Model(
        fe.Route("happened", "told"),
        people,
        fe.Rate(0.01),
        {("happened", "told"): fe.Share(0.5)},
        evidence,
        [],
        parameters,
    )


def fitted(model: fe.Model, seed: int = 1, draws: int = 4000) -> tuple[dict[str, Any], Weighted]:
    density = Density(model)
    weighted = importance.sample(density, draws=draws, rng=np.random.default_rng(seed))
    return dict(density.values(weighted.draws)), weighted


def evidence_of(model: fe.Model, proposal: Proposal) -> tuple[float, float]:
    """Return the log of the mean weight, and its standard error."""
    target = Target(Density(model))
    drawn = proposal.draw(target, np.random.default_rng(9), 10_000)
    weights = target.log_density(drawn.u) - drawn.log_q
    ratios = np.exp(weights - weights.max())
    error = ratios.std() / ratios.mean() / np.sqrt(len(ratios))
    return float(np.log(ratios.mean()) + weights.max()), float(error)


def assert_quantiles(draws: Any, exact: Any, effective: float = 2000) -> None:
    """Compare in probability: four standard errors of a share among effective draws."""
    shares = [(draws <= value).mean() for value in exact]
    error = np.sqrt(np.array(LEVELS) * (1 - np.array(LEVELS)) / effective)
    assert np.all(np.abs(shares - np.array(LEVELS)) < 4 * error), (shares, LEVELS)


def own(kind: Any, quantity: Any, **data: Any) -> Any:
    return kind(name=f"source {sorted(data.items())[0]}", quantity=quantity, **data)


CLOSED = {
    "beta-binomial": (
        fe.Beta(2, 3),
        fe.OwnBinomial,
        {"yes": 7, "n": 20},
        stats.beta(9, 16),
        stats.betabinom(20, 2, 3).logpmf(7),
    ),
    "gamma-poisson": (
        fe.Gamma(2, 0.01),
        fe.OwnPoisson,
        {"count": 350},
        stats.gamma(352, scale=1 / 1.01),
        stats.nbinom(2, 0.01 / 1.01).logpmf(350),
    ),
    "nothing counted": (
        fe.Gamma(0.5, 0.1),
        fe.OwnPoisson,
        {"count": 0},
        stats.gamma(0.5, scale=1 / 1.1),
        stats.nbinom(0.5, 0.1 / 1.1).logpmf(0),
    ),
    "normal": (
        fe.Normal(1, 2),
        fe.OwnNormal,
        {"estimate": 3.0, "se": 0.5},
        stats.norm((1 / 4 + 12) / (1 / 4 + 4), (1 / 4 + 4) ** -0.5),
        stats.norm(1, np.hypot(2, 0.5)).logpdf(3),
    ),
}


@pytest.mark.parametrize("case", CLOSED)
def test_conjugate_posterior_and_evidence(case: str) -> None:
    prior, kind, data, posterior, log_evidence = CLOSED[case]
    model = model_of({"x": prior}, [own(kind, lambda q: q.parameter("x"), **data)])
    values, weighted = fitted(model)
    assert weighted.gate.passed
    assert_quantiles(values["x"], posterior.ppf(LEVELS))
    found, error = evidence_of(model, weighted.proposal)
    assert found == pytest.approx(log_evidence, abs=4 * error)


def ridge(q: Any) -> Any:
    return q.parameter("a") * q.parameter("b")


def corner(q: Any) -> Any:
    return 1e4 * q.parameter("a") + 3e4 * q.parameter("b")


def circle(q: Any) -> Any:
    return q.parameter("a") ** 2 + q.parameter("b") ** 2


CURVED = {
    "product": (
        {"a": fe.LogNormal(7.5, 1.0), "b": fe.Beta(4, 3)},
        [own(fe.OwnPoisson, ridge, count=fe.Rounded(950, to=50))],
    ),
    "corner": (
        {"a": fe.Beta(1, 3), "b": fe.Beta(1, 3)},
        [own(fe.OwnPoisson, corner, count=1500)],
    ),
    "circle": (
        {"a": fe.Normal(0, 1), "b": fe.Normal(0, 1)},
        [own(fe.OwnNormal, circle, estimate=2.0, se=0.1)],
    ),
}


@pytest.mark.parametrize("case", CURVED)
def test_curved_ridges_against_quadrature(case: str) -> None:
    model = model_of(*CURVED[case])
    _, weighted = fitted(model)
    assert weighted.gate.passed
    target = Target(Density(model))
    nodes = np.linspace(-7, 7, 1401)
    grid = np.array([axis.ravel() for axis in np.meshgrid(nodes, nodes)])
    logs = target.log_density(grid)
    cell = (nodes[1] - nodes[0]) ** 2
    mass = np.exp(logs - logs.max())
    found, error = evidence_of(model, weighted.proposal)
    assert found == pytest.approx(np.log(mass.sum() * cell) + logs.max(), abs=4 * error)
    table = (mass / mass.sum()).reshape(len(nodes), -1)
    for row, axis in ((0, 0), (1, 1)):
        below = np.cumsum(table.sum(axis=axis)) - table.sum(axis=axis) / 2
        exact = np.interp(LEVELS, below, nodes)
        points = target.line(np.repeat(exact[None], 2, axis=0))
        assert_quantiles(weighted.draws[row], points[row])


@pytest.mark.parametrize("case", CURVED)
def test_every_component_is_a_density(case: str) -> None:
    """It integrates to one: also where climbs stop early or find another branch."""
    model = model_of(*CURVED[case])
    _, weighted = fitted(model, draws=1000)
    target = Target(Density(model))
    nodes = np.linspace(-10, 10, 1401)
    grid = np.array([axis.ravel() for axis in np.meshgrid(nodes, nodes)])
    component = weighted.proposal.components[0]
    assert component.held.shape == (2, 1)
    logs = np.logaddexp(*component.log_parts(component.stand(target, grid)))
    assert np.exp(logs).sum() * (nodes[1] - nodes[0]) ** 2 == pytest.approx(1, abs=1e-3)


def test_density_of_own_draws_is_that_of_evaluation() -> None:
    model = model_of(*CURVED["corner"])
    _, weighted = fitted(model, draws=1000)
    target = Target(Density(model))
    component = weighted.proposal.components[0]
    rng = np.random.default_rng(2)
    u, at = component.put(target, component.draw_free(rng, 2000), component.tight.draw(rng, 2000))
    again = np.logaddexp(*component.log_parts(component.stand(target, u)))
    np.testing.assert_allclose(again, np.logaddexp(*component.log_parts(at)), rtol=1e-6, atol=1e-6)


def test_points_that_climb_with_others_stand_where_they_do_alone() -> None:
    model = model_of(*CURVED["corner"])
    _, weighted = fitted(model, draws=1000)
    target = Target(Density(model))
    component = weighted.proposal.components[0]
    rng = np.random.default_rng(3)
    parts = component.draw_free(rng, 500), component.tight.draw(rng, 500)
    others = rng.standard_normal((target.size, 200))
    u, at = component.put(target, *parts, others)
    alone, own = component.put(target, *parts)
    np.testing.assert_allclose(u, np.concatenate([alone, others], axis=1), atol=1e-9)
    logs = [
        np.logaddexp(*component.log_parts(own)),
        np.logaddexp(*component.log_parts(component.stand(target, others))),
    ]
    np.testing.assert_allclose(
        np.logaddexp(*component.log_parts(at)), np.concatenate(logs), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("case", CURVED)
def test_few_draws_pass_the_gate_of_many(case: str) -> None:
    model = model_of(*CURVED[case])
    many, long = fitted(model)
    runs = [fitted(model, seed, draws=400) for seed in range(8)]
    for values, short in runs:
        assert {len(x) for x in values.values()} == {400}
        assert short.gate.passed
        assert set(short.gate.measures) == set(long.gate.measures)  # the judge's among them
        assert short.gate.measures["evaluations"] < long.gate.measures["evaluations"]
    for name in many:
        exact = np.quantile(many[name], LEVELS)
        assert_quantiles(np.concatenate([values[name] for values, _ in runs]), exact, 1500)


def test_draws_of_one_proposal_can_be_joined() -> None:
    model = model_of(*CURVED["circle"])
    _, weighted = fitted(model, draws=1000)
    target, rng = Target(Density(model)), np.random.default_rng(4)
    one, two = (weighted.proposal.draw(target, rng, size) for size in (300, 500))
    both = one.joined(two)
    assert both.u.shape == (2, 800)
    for name in ("u", "log_q", "log_parts", "belongs", "arrived"):
        parts = [getattr(each, name) for each in (one, two)]
        np.testing.assert_array_equal(getattr(both, name), np.concatenate(parts, axis=-1))
    for at, first, second in zip(both.stand, one.stand, two.stand, strict=True):
        np.testing.assert_array_equal(at.log_det, np.append(first.log_det, second.log_det))


def test_a_short_sample_that_lacks_only_draws_goes_on(monkeypatch: Any) -> None:
    model = model_of(*CURVED["corner"])
    judged, sizes = importance.judged, []

    def seen(target: Any, drawn: Any, log_weights: Any) -> Any:
        sizes.append(len(log_weights))
        assert drawn.u.shape[1] == len(log_weights)
        return judged(target, drawn, log_weights)

    monkeypatch.setattr(importance, "judged", seen)
    # As if the gate asked for four times what it does.
    monkeypatch.setattr(importance, "ESS", 4 * importance.ESS)
    _, weighted = fitted(model, draws=400)
    assert weighted.gate.passed
    assert importance._lacks(weighted.gate, 400) < 1
    first, *further = sizes[-2:]
    assert further
    assert first < further[0] <= max(importance._PATIENCE)


def test_few_draws_that_the_short_way_does_not_give_are_made_the_long(monkeypatch: Any) -> None:
    model = model_of(*CURVED["corner"])
    short = fitted(model, draws=400)[1]
    judged, seen, rounds = importance.judged, [], len(importance._PATIENCE)

    def refused(*given: Any) -> Any:
        weights, gate = judged(*given)
        seen.append(gate)
        return weights, gate.with_measures({"k-hat": 0.9}) if len(seen) <= rounds else gate

    monkeypatch.setattr(importance, "judged", refused)
    long = fitted(model, draws=400)[1]
    assert long.gate.passed
    assert len(seen) > rounds
    assert long.gate.measures["evaluations"] > 3 * short.gate.measures["evaluations"]


def test_prior_in_scores_is_standard_normal() -> None:
    priors = {
        "beta": fe.Beta(19, 1),
        "gamma": fe.Gamma(2, 3),
        "half": fe.HalfNormal(2),
        "uniform": fe.Uniform(-1, 4),
        "log uniform": fe.LogUniform(1, 1e4),
        "cut": fe.Truncated(fe.Normal(0, 1), low=0.5),
        "normal": fe.Normal(3, 2),
        "log": fe.LogNormal(1, 2),
        "logit": fe.LogitNormal(0, 2),
    }
    model = model_of(priors, [])
    target = Target(Density(model))
    u = np.random.default_rng(3).standard_normal((len(priors), 5000))
    gap = target.log_density(u) - stats.norm.logpdf(u).sum(axis=0)
    assert np.abs(gap).max() < 0.01
    for name, values in target.density.values(target.line(u)).items():
        row = target.density.names.index(name)
        np.testing.assert_allclose(stats.norm.ppf(priors[name].cdf(values)), u[row], atol=2e-3)


def test_scores_beyond_the_table_go_on_in_a_straight_line() -> None:
    target = Target(Density(model_of({"b": fe.Beta(4, 3), "g": fe.Gamma(2, 3)}, [])))
    scores = np.concatenate([np.linspace(-12, 12, 2401), [6.0, -8.0, 8.0]])
    scores.sort()
    u = np.repeat(scores[None], 2, axis=0)
    line, log_slope = target._mapped(u)
    assert np.all(np.diff(line[:, np.diff(u[0], prepend=-99) > 0]) > 0)
    slopes = target._mapped(u + 1e-6)[0] - target._mapped(u - 1e-6)[0]
    np.testing.assert_allclose(np.log(slopes / 2e-6).sum(axis=0), log_slope, atol=1e-3)


def test_two_modes_are_both_found() -> None:
    square = own(fe.OwnNormal, lambda q: q.parameter("a") ** 2, estimate=1.0, se=0.02)
    values, weighted = fitted(model_of({"a": fe.Normal(0, 1)}, [square]))
    assert weighted.gate.passed
    assert abs((values["a"] > 0).mean() - 0.5) < 0.04


def test_custom_likelihood() -> None:
    def likelihood(data: float, expected: Any) -> Any:
        return -0.5 * ((data - expected) / 0.05) ** 2

    square = own(fe.OwnCustom, lambda q: q.parameter("a") ** 2, data=1.0, log_likelihood=likelihood)
    values, weighted = fitted(model_of({"a": fe.Normal(0, 1)}, [square]))
    assert weighted.gate.passed
    assert abs((values["a"] > 0).mean() - 0.5) < 0.04
    assert np.abs(values["a"]).std() == pytest.approx(0.025, rel=0.1)


def many_registers(size: int) -> fe.Model:
    """Return one number seen by registers of unknown coverage and predictive value."""
    parameters: dict[str, Any] = {"number": fe.LogNormal(7, 1)}
    evidence = []
    for i in range(size):
        parameters |= {f"c{i}": fe.Beta(4, 3), f"v{i}": fe.Beta(16, 4)}
        evidence.append(
            fe.OwnPoisson(
                name=f"register {i}",
                quantity=lambda q, i=i: (
                    q.parameter("number") * q.parameter(f"c{i}") / q.parameter(f"v{i}")
                ),
                count=fe.Rounded(600 + 50 * (i % 5), to=50),
            )
        )
    return model_of(parameters, evidence)


def test_many_parameters() -> None:
    values, weighted = fitted(many_registers(10), draws=1000)
    assert weighted.gate.passed
    assert weighted.gate.measures["ESS"] > 500
    # Exact along the one number: each register's pair is a two-dimensional integral.
    rng = np.random.default_rng(0)
    factor = np.sort(rng.beta(4, 3, 4000) / rng.beta(16, 4, 4000))
    nodes = np.linspace(6, 8, 400)
    logs = stats.norm(7, 1).logpdf(nodes)
    for i in range(10):
        low = 575 + 50 * (i % 5)
        mean = np.exp(nodes)[:, None] * factor
        inside = stats.poisson.cdf(low + 49, mean) - stats.poisson.cdf(low - 1, mean)
        logs = logs + np.log(inside.mean(axis=1))
    mass = np.exp(logs - logs.max())
    exact = np.average(nodes, weights=mass)
    assert np.log(values["number"]).mean() == pytest.approx(exact, abs=0.02)


def test_without_evidence_the_posterior_is_the_prior() -> None:
    values, weighted = fitted(model_of({"a": fe.Beta(2, 2)}, []))
    assert weighted.gate.passed
    assert_quantiles(values["a"], stats.beta(2, 2).ppf(LEVELS))


def test_start_from_an_earlier_fit() -> None:
    first = many_registers(4)
    _, weighted = fitted(first, draws=1000)
    other = fe.simulate(first, seed=4)
    density = Density(other)
    fresh = importance.sample(density, draws=2000, rng=np.random.default_rng(1))
    again = importance.sample(
        density, draws=2000, rng=np.random.default_rng(2), start=weighted.proposal
    )
    assert again.gate.passed
    gap = again.draws.mean(axis=1) - fresh.draws.mean(axis=1)
    spread = fresh.draws.std(axis=1)
    assert np.all(np.abs(gap) < 5 * spread * np.sqrt(2 / 1000))


def test_a_start_moves_with_its_mode_and_stays_as_it_was() -> None:
    """With half as many people seen a proposal for all of them is nowhere near."""
    first = many_registers(6)
    fewer = fe.Rounded(300, to=50)
    second = first.with_evidence([replace(one, count=fewer) for one in first.evidence])
    _, before = fitted(first)
    kept = [one.mode.copy() for one in before.proposal.components]
    rng = np.random.default_rng(2)
    moved = importance._moved(Target(Density(second)), before.proposal, rng)
    for one, other, mode in zip(before.proposal.components, moved.components, kept, strict=True):
        np.testing.assert_array_equal(one.mode, mode)
        assert np.abs(other.mode - mode).max() > 0.05
        heights = Target(Density(second)).log_density(np.array([mode, other.mode]).T)
        assert heights[1] > heights[0] + 1


def test_same_seed_same_draws() -> None:
    model = model_of(*CURVED["corner"])
    one, other = (fitted(model, seed=5, draws=500)[1].draws for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_gate_closes_on_a_proposal_that_misses_a_mode() -> None:
    """A spike that no climb finds, but draws of the prior hit: never a silent answer."""

    def likelihood(data: float, expected: Any) -> Any:
        hill = stats.norm.logpdf(expected, -1, 0.3)
        return np.logaddexp(hill, np.log(20.0) + stats.norm.logpdf(expected, 2.0, 0.02))

    spike = own(fe.OwnCustom, lambda q: q.parameter("a"), data=0.0, log_likelihood=likelihood)
    model = model_of({"a": fe.Normal(0, 1)}, [spike])
    target = Target(Density(model))
    at_hill = Proposal((Component.at(np.array([-1.0]), np.eye(1) * 12, 0),), np.ones(1), 0.9)
    done = importance._final(target, at_hill, 4000, np.random.default_rng(1))
    assert not done.gate.passed


def test_impossible_figures_are_an_error() -> None:
    def never(data: float, expected: Any) -> Any:
        return np.full(np.shape(expected), -np.inf)

    source = own(fe.OwnCustom, lambda q: q.parameter("a"), data=0.0, log_likelihood=never)
    with pytest.raises(
        fe.FitError, match=r"none of the 20,\d+ points .* by itself .source"
    ) as caught:
        fitted(model_of({"a": fe.Normal(0, 1)}, [source]))
    for shown in ("cannot", "impossible"):  # a search shows no such thing
        assert shown not in str(caught.value)


def test_figures_that_only_together_have_no_probability_found() -> None:
    def beyond(data: float, expected: Any) -> Any:
        return np.where(data * expected > 0, 0.0, -np.inf)

    sources = [
        own(fe.OwnCustom, lambda q: q.parameter("a"), data=one, log_likelihood=beyond)
        for one in (-1.0, 1.0)
    ]
    with pytest.raises(fe.FitError, match="Every source by itself has one"):
        fitted(model_of({"a": fe.Normal(0, 1)}, sources))


def test_a_batch_without_weight_is_no_proof() -> None:
    def never(data: float, expected: Any) -> Any:
        return np.full(np.shape(expected), -np.inf)

    source = own(fe.OwnCustom, lambda q: q.parameter("a"), data=0.0, log_likelihood=never)
    target = Target(Density(model_of({"a": fe.Normal(0, 1)}, [source])))
    with pytest.raises(fe.FitError, match="does not show that these figures cannot be"):
        importance.weigh(target, Proposal((), np.zeros(0)), np.random.default_rng(1), 100)


def test_settling_reaches_the_conditional_mode() -> None:
    model = model_of(
        {"a": fe.Normal(0, 1)},
        [own(fe.OwnNormal, lambda q: q.parameter("a"), estimate=2.0, se=0.1)],
    )
    found = settle(
        Target(Density(model)), np.zeros((1, 5)), np.eye(1), np.linspace(-3, 3, 5)[None], steps=8
    )
    assert found.arrived.all()
    np.testing.assert_allclose(found.at, 2 * 100 / 101, rtol=1e-6)
    np.testing.assert_allclose(found.curvature, 101, rtol=1e-5)


@pytest.mark.parametrize("unknowns", [6, 20, 34])
def test_width_costs_what_it_may(unknowns: int) -> None:
    """Of a normal posterior, by quadrature in one dimension: the mean of squared weights."""
    wide = proposal_module._width(unknowns)
    x = np.linspace(-12, 12, 4001)
    squared = stats.norm.pdf(x) ** 2 / stats.norm.pdf(x, scale=np.sqrt(wide))
    kept = (1 / np.trapezoid(squared, x)) ** unknowns
    assert wide <= 1.3
    assert kept == pytest.approx(0.85, abs=1e-6)
    assert proposal_module._width(2) == 1.3
