"""What every kind of evidence, prior, term and assumption must do."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import funnelest as fe
from funnelest.density import log_likelihoods
from funnelest.figures import Figure
from funnelest.quantities import Quantities


def through_json(model, functions):
    return fe.Model.from_dict(json.loads(json.dumps(model.to_dict())), functions=functions)


def at_centre(model, truth):
    return Quantities(model, {name: np.array([value]) for name, value in truth.items()})


# ---------------------------------------------------------------------------- evidence


def test_a_good_example_has_no_problems(source, route, population):
    assert source.problems(route, population) == []


def test_a_source_has_the_protocol(source, build, centre):
    model = build(source)
    observations = source.observations(at_centre(model, centre(model)))
    assert observations
    assert all(np.isfinite(one.logp()).all() for one in observations)
    assert all(isinstance(prior, fe.Prior) for prior in source.parameters().values())
    assert all(isinstance(text, str) for text in source.defaults().values())


def test_a_misspelt_axis_is_named(source, build):
    wrong = dataclasses.replace(source, where={"agee": (12, 16)})
    with pytest.raises(fe.SpecError, match="'agee'") as caught:
        build(wrong)
    assert repr(source.name) in str(caught.value)
    assert "age, sex, year" in str(caught.value)


def test_a_misspelt_level_is_named(source, build):
    with pytest.raises(fe.SpecError, match="'femal'") as caught:
        build(dataclasses.replace(source, where={"sex": "femal"}))
    assert "male, female" in str(caught.value)


def test_a_misspelt_step_is_named(source, build):
    names = {field.name for field in dataclasses.fields(source)}
    wrong = {}
    if getattr(source, "step", None) is not None:
        wrong["step"] = "toldd" if isinstance(source.step, str) else (source.step[0], "toldd")
    if "of" in names and source.of is not None:
        wrong["of"] = "hapened"
    if not wrong:
        pytest.skip("its steps stand in the user's function")
    for field, value in wrong.items():
        spelt = value if isinstance(value, str) else value[1]
        with pytest.raises(fe.SpecError, match=repr(spelt)) as caught:
            build(dataclasses.replace(source, **{field: value}))
        assert f"field {field!r}" in str(caught.value)
        assert "happened, told, reported, investigated, helped" in str(caught.value)


def test_an_unknown_step_in_your_own_function_is_named(build):
    with pytest.raises(fe.SpecError, match="OwnPoisson 'own': there is no step 'toldd'"):
        build(fe.OwnPoisson(name="own", quantity=lambda q: q.number("toldd"), count=3))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda q: 1 / 0, "ZeroDivisionError"),
        (lambda q: q.parameter("nobody"), "no parameter 'nobody'"),
        (lambda q: q.share("happened", of="told"), "no path leads from 'told' to 'happened'"),
        (lambda q: 1.0 if q.number("told") > 3 else 0.0, "ambiguous"),
        (lambda q: np.ones(7), "ValueError"),
    ],
)
def test_your_own_function_is_tried_when_the_model_is_made(build, wrong, named):
    with pytest.raises(fe.SpecError, match=named):
        build(fe.OwnPoisson(name="own", quantity=wrong, count=3))


def test_a_source_comes_back_from_json(source, build, functions):
    model = build(source)
    again = through_json(model, functions)
    assert again == model
    assert again.hash() == model.hash()
    assert type(again.evidence[0]) is type(source)
    assert again.evidence[0].name == source.name


def test_a_source_shows_its_fields(source):
    assert repr(source).startswith(f"{type(source).__name__}(name={source.name!r}")


def _printed(observation):
    """Return the observed numbers on the printed scale."""
    figure = observation.figure
    if isinstance(figure, Figure):
        return np.array([figure.middle])
    if isinstance(figure, dict):
        return np.array([figure["value"]])
    return np.atleast_1d(np.asarray(figure, dtype=float)) * observation.unit


def _printed_moments(observation):
    """Return mean and spread of the printed numbers: exact for counts that are printed rounded."""
    mean, sd = (np.ravel(part) for part in observation.moments())
    if not isinstance(observation.figure, Figure) or isinstance(observation.figure, fe.Exact):
        return mean, sd
    divisor = observation.divisor
    centre, reach = int(mean[0] * divisor), int(10 * sd[0] * divisor) + 10
    counts = np.arange(max(0, centre - reach), centre + reach)
    if hasattr(observation.distribution, "n"):
        counts = counts[counts <= observation.distribution.n]
    weight = np.exp([float(observation.distribution.logp(np.array(k))[0]) for k in counts])
    assert weight.sum() == pytest.approx(1.0, abs=1e-6)
    shown = np.array([observation.figure.printed(int(k), divisor).middle for k in counts])
    mean = np.sum(weight * shown)
    return np.array([mean]), np.array([np.sqrt(np.sum(weight * (shown - mean) ** 2))])


def test_simulated_figures_have_the_moments_of_the_distribution(source, build, centre):
    model = build(source)
    truth = centre(model)
    q = at_centre(model, truth)
    (seen,) = source.observations(q)
    rng = np.random.default_rng(11)
    made = [fe.simulate(model, seed=rng, parameters=truth).evidence[0] for _ in range(300)]
    figures = np.array([_printed(o) for one in made for o in one.observations(q)])
    if isinstance(source, fe.OwnCustom):  # moments that only its author knows
        mean, sd = np.array(seen.distribution.expected), np.array([20.0 * np.sqrt(2)])
    else:
        mean, sd = _printed_moments(seen)
    assert np.all(np.abs(figures.mean(axis=0) - mean) < 4.5 * sd / np.sqrt(300) + 0.02 * sd)
    assert np.all(np.abs(figures.std(axis=0) / sd - 1) < 0.2)


def test_simulated_sources_differ_only_in_their_numbers(source, build, centre):
    model = build(source)
    new = fe.simulate(model, seed=1, parameters=centre(model)).evidence[0]
    data = {"yes", "share", "total", "count", "estimate", "interval", "se", "went", "data"}
    for field in dataclasses.fields(source):
        if field.name not in data:
            assert getattr(new, field.name) == getattr(source, field.name)
    for name in ("count", "yes"):
        old, drawn = getattr(source, name, None), getattr(new, name, None)
        if isinstance(old, fe.Rounded):
            assert (drawn.to, drawn.rule) == (old.to, old.rule)
            assert drawn.problems() == []
        elif isinstance(old, int):
            assert isinstance(drawn, int)


def test_simulated_sources_are_seen_as_the_real_one_is(source, build, centre):
    """The distribution and the kind of figure are those of the source that was simulated."""
    model = build(source)
    truth = centre(model)
    q = at_centre(model, truth)
    (seen,) = source.observations(q)
    rng = np.random.default_rng(2)
    for _ in range(12):
        again = fe.simulate(model, seed=rng, parameters=truth).evidence[0]
        (new,) = again.observations(q)
        assert type(new.figure) is type(seen.figure)
        assert new.unit == pytest.approx(seen.unit)
        assert np.isfinite(new.logp()).all()
        if (
            hasattr(seen.distribution, "sd")
            and getattr(seen.distribution, "scale", "") != "identity"
        ):
            assert new.distribution.sd == pytest.approx(seen.distribution.sd, rel=1e-9)


def test_the_same_seed_simulates_the_same(everything):
    assert fe.simulate(everything, seed=4) == fe.simulate(everything, seed=4)
    assert fe.simulate(everything, seed=4) != fe.simulate(everything, seed=5)


# ------------------------------------------------------- the same density in both engines


@pytest.fixture(scope="module")
def compiled(everything):
    """The parts of PyMC's density of the model with everything, compiled once."""
    import pytensor

    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        model = fe.to_pymc(everything)
        parts = model.logp(sum=False)
        names = [v.name for v in model.basic_RVs] + [p.name for p in model.potentials]
        function = model.compile_fn(parts, inputs=model.value_vars, mode="FAST_COMPILE")
    return model, names, function


def _pymc_point(model, density, z):
    """Return a point on the line as PyMC's vector variables."""
    rows = {name: i for i, name in enumerate(density.names)}
    point = {}
    for variable in model.free_RVs:
        members = model.coords[f"{variable.name}_parameter"]
        point[model.rvs_to_values[variable].name] = np.array([z[rows[name]] for name in members])
    return point


def test_numpy_and_pymc_give_the_same_density(everything, compiled, points):
    model, names, function = compiled
    density, z = points(everything, 6)
    assert sorted(density.names) == sorted(
        name for key, members in model.coords.items() for name in members
    )
    prior, values = density.log_prior(z), density.values(z)
    by_source = log_likelihoods(everything, values)
    np.testing.assert_allclose(sum(by_source.values()), density.log_likelihood(z), rtol=1e-10)
    np.testing.assert_allclose(density(z), prior + density.log_likelihood(z), rtol=1e-12)
    for column in range(z.shape[1]):
        found = function(_pymc_point(model, density, z[:, column]))
        parts = {name: float(np.sum(part)) for name, part in zip(names, found, strict=True)}
        theirs = {k: v for k, v in parts.items() if k.startswith("evidence: ")}
        assert set(theirs) == {f"evidence: {one.name}" for one in everything.evidence}
        for name, value in by_source.items():
            assert theirs[f"evidence: {name}"] == pytest.approx(
                value[column], rel=1e-8, abs=1e-8
            ), name
        own = sum(v for k, v in parts.items() if not k.startswith("evidence: "))
        assert own == pytest.approx(prior[column], rel=1e-9, abs=1e-9)


# -------------------------------------------------- priors, rates and terms, assumptions


def test_a_good_prior_has_no_problems(prior):
    assert prior.problems() == []
    assert prior.describe()


def test_a_prior_comes_back_from_json(prior, build, functions):
    model = build(parameters={"x": prior})
    assert through_json(model, functions) == model
    assert through_json(model, functions).parameters["x"] == prior


def test_a_prior_keeps_its_statement(prior, build, functions):
    stated = dataclasses.replace(prior, statement="why", source="who")
    again = through_json(build(parameters={"x": stated}), functions).parameters["x"]
    assert (again.statement, again.source) == ("why", "who")


def test_a_good_rate_has_no_problems_and_comes_back(varying, build, functions, population):
    assert varying.problems(population) == []
    model = build(occurrence=varying)
    assert through_json(model, functions) == model


def test_a_rate_gives_a_value_per_cell(varying, build, centre, population):
    model = build(occurrence=varying)
    q = at_centre(model, centre(model))
    cells = np.broadcast_to(q._entry(), (*population.shape, 1))
    low, high = varying.support
    assert np.all((cells > low) & (cells < high))
    # Pooled over everything = summed cell by cell.
    each = sum(
        q.number("happened", {"age": age, "sex": sex, "year": year})
        for age in ((0, 11), (12, 16), 17) for sex in ("male", "female") for year in (2017, 2018)
    )  # fmt: skip
    np.testing.assert_allclose(each, q.number("happened"), rtol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (fe.Rate(fe.Beta(1, 9), fe.Levels("sexx")), "'sexx'"),
        (fe.Rate(fe.PerLevel("sexx", {"male": 0.1})), "'sexx'"),
        (fe.Rate(fe.PerLevel("sex", {"mal": 0.1, "female": 0.1})), "'mal'"),
        (fe.Rate(fe.PerLevel("sex", {"male": 0.1})), "no prior for female"),
        (fe.Rate(fe.PerLevel("age", {(0, 16): 0.1, (12, 17): 0.1})), "has two priors"),
        (fe.Rate(fe.Beta(1, 9), fe.Levels("sex", reference="mal")), "'mal'"),
        (fe.Rate(fe.Beta(1, 9), fe.Levels("sex", prior=3)), "given 3"),
        (fe.Rate(fe.Beta(1, 9), fe.Levels("sex"), fe.Levels("sex")), "more than one term"),
        (fe.Rate(fe.PerLevel("sex", {"male": 0.1, "female": 0.1}), fe.Levels("sex")), "more than"),
        (fe.Rate(fe.Beta(1, 9), "sex"), "is not a term"),
        (fe.Rate(0.0, fe.Levels("sex")), "cannot vary"),
        (fe.Rate(1.4), "between 0 and 1"),
        (fe.Rate(fe.Normal(4, -1)), "sd must be above 0"),
        (fe.Rate(fe.Uniform(2, 3)), "no probability"),
        (fe.Number(-3), "between 0 and inf"),
        (fe.Rate("0.1"), "a prior or a number is needed; given '0.1'"),
        (fe.Rate(fe.Beta(1, 9), fe.Levels("sex", fe.Normal(0, -1))), "sd must be above 0"),
    ],
)
def test_a_wrong_rate_is_refused(wrong, named, build):
    with pytest.raises(fe.SpecError) as caught:
        build(occurrence=wrong)
    assert named in str(caught.value)


def test_levels_deviate_from_the_reference(build, centre):
    model = build(occurrence=fe.Rate(fe.Beta(20, 980), fe.Levels("sex", reference="female")))
    truth = {**centre(model), "rate of happened": 0.02, "rate of happened[sex=male]": 0.7}
    q = at_centre(model, truth)
    boys, girls = (q.share("happened", {"sex": sex})[0] for sex in ("male", "female"))
    assert girls == pytest.approx(0.02)
    assert np.log(boys / (1 - boys)) == pytest.approx(np.log(0.02 / 0.98) + 0.7)


def test_a_good_assumption_has_no_problems_and_comes_back(assumption, build, functions, population):
    assert assumption.problems(population) == []
    assert isinstance(assumption, fe.Assumption)
    assert assumption.describe()
    model = build(assumptions=[assumption])
    assert through_json(model, functions) == model
    assert any(entry.statement == assumption.statement for entry in model.ledger())


def test_a_wrong_assumption_is_refused(assumption, build):
    if isinstance(assumption, fe.Shift):
        wrong = dataclasses.replace(assumption, axis="agee")
    else:
        wrong = dataclasses.replace(assumption, where={"agee": 3})
    with pytest.raises(fe.SpecError, match="'agee'"):
        build(assumptions=[wrong])
    with pytest.raises(fe.SpecError, match="statement"):
        build(assumptions=[dataclasses.replace(assumption, statement="")])
    with pytest.raises(fe.SpecError, match="sd must be above 0"):
        build(assumptions=[dataclasses.replace(assumption, prior=fe.Normal(0, -1))])


@pytest.mark.parametrize(
    "figure", [fe.Exact(12), fe.Rounded(50, to=10, rule="floor"), fe.Between(0, 4)]
)
def test_a_figure_comes_back_from_json(figure, build, functions):
    model = build(fe.Register(name="r", step="told", count=figure))
    again = through_json(model, functions)
    assert again == model
    assert again.evidence[0].count == figure


# ----------------------------------------------------------- a kind of your own


@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class HalfSeen(fe.Evidence):
    """A user's kind: counts half of the people who were told."""

    count: int

    def observations(self, q):
        from funnelest.distributions import Poisson

        return [fe.Observation(Poisson(0.5 * q.number("told", self.where)), fe.Exact(self.count))]

    def with_data(self, figures, population):
        return dataclasses.replace(self, count=figures[0].value)


def test_a_kind_of_your_own_needs_no_registration(build, centre):
    model = build(HalfSeen(name="half", count=300, where={"age": (12, 16)}))
    again = fe.Model.from_dict(model.to_dict(), kinds=[HalfSeen])
    assert again == model
    new = fe.simulate(model, seed=1, parameters=centre(model)).evidence[0]
    assert isinstance(new, HalfSeen)
    assert new.count != 300
    with pytest.raises(fe.SpecError, match="'HalfSeen'"):
        fe.Model.from_dict(model.to_dict())


def test_functions_are_not_imported_on_the_word_of_a_file(build, functions):
    from_conftest = [n for n in functions if n.endswith(":helped_number")]
    model = build(fe.OwnPoisson(name="own", quantity=functions[from_conftest[0]], count=3))
    with pytest.raises(fe.SpecError, match="helped_number"):
        fe.Model.from_dict(model.to_dict())
    with pytest.raises(fe.SpecError, match="has no name"):
        build(fe.OwnPoisson(name="own", quantity=lambda q: 1.0, count=3)).to_dict()


def test_the_fingerprint_does_not_depend_on_the_process(build):
    """Sets have another order in every process; a fingerprint may not."""
    import os
    import subprocess
    import sys

    code = (
        "import funnelest as fe\n"
        "p = fe.Population({'s': list('abcdefgh')}, [1000] * 8)\n"
        "r = fe.Register(name='r', step='x', count=3, where={'s': set('abcdefg')})\n"
        "print(fe.Model(fe.Route('x', 'y'), p, fe.Rate(fe.Beta(1, 9)), evidence=[r]).hash())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in (1, 2, 3)
    }  # fmt: skip
    assert len(found) == 1


def test_known_and_unknown_shares_stand_beside_each_other(build):
    """A cohort counted at several next steps, of which one share is a known number."""
    model = build(
        fe.Cohort(name="c", of="told", went={"reported": 22, "helped": 15}, n=100),
        occurrence=fe.Rate(0.02),
        transitions={
            ("happened", "told"): fe.Share(0.3), ("told", "reported"): fe.Share(0.25),
            ("told", "helped"): fe.Share(fe.Beta(2, 8)),
        },
    )  # fmt: skip
    values = {name: prior.sample(np.random.default_rng(1), 5) for name, prior in model.free.items()}
    found = log_likelihoods(model, values)["c"]
    assert found.shape == (5,)
    assert len(set(found)) == 5
