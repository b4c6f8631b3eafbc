"""What every kind of evidence, prior, term and assumption must do."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy.special import ndtr
from tests import examples

import funnelest as fe
from funnelest.assumptions.bounds import Held
from funnelest.distributions import JointQuantilesOn, QuantilesOn
from funnelest.figures import Figure
from funnelest.likelihood.density import log_likelihoods
from funnelest.likelihood.gradient import Gradient
from funnelest.observations.measured import InSample, Measured
from funnelest.quantities.quantities import Quantities


def through_json(model, functions):
    return fe.Model.from_dict(json.loads(json.dumps(model.to_dict())), functions=functions)


def at_centre(model, truth):
    return Quantities(model, {name: np.array([value]) for name, value in truth.items()})


# ---------------------------------------------------------------------------- evidence


def test_a_good_example_has_no_problems(source, route, population, build):
    assert source.problems(route, population) == []
    assert source.problems_among(build(source).evidence) == []


def test_a_source_has_the_protocol(source, build, centre, population):
    model = build(source)
    observations = source.observations(at_centre(model, centre(model)))
    assert observations
    for one in observations:
        assert one.logp().shape == (1,)
        assert np.isfinite(one.logp()).all()
        for place in one.locations():
            assert place is None or all(np.isfinite(part).all() for part in place)
    priors = source.parameters(population)
    assert all(isinstance(prior, fe.Prior) for prior in priors.values())
    assert set(priors) <= set(model.priors)
    unsaid = source.defaults()
    assert all(isinstance(text, str) for text in unsaid.values())
    ledger = {entry.about: entry for entry in model.ledger()}
    assert set(unsaid) <= set(ledger)
    assert isinstance(source.describe(), str)
    for member in (source, *source.members()):
        assert member in model.sources()
        for defect in member.defects:
            assert isinstance(defect, fe.Defect)
            assert defect.problems(population) == []
            assert defect.describe()
            assert set(defect.parameters(member.name, population)) <= set(priors)


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
    if "asked" in names:
        first = dataclasses.replace(source.asked[0], step="toldd", of="hapened")
        wrong["asked"] = [first, *source.asked[1:]]
    if "registers" in names:
        first = dataclasses.replace(source.registers[0], step="toldd")
        wrong["registers"] = [first, *source.registers[1:]]
    if isinstance(source, fe.Cascade):
        first, *others = source.counts.items()
        wrong["counts"] = dict([("toldd", first[1]), *others])
    if not wrong:
        pytest.skip("its steps stand in the user's function")
    for field, value in wrong.items():
        with pytest.raises(fe.SpecError) as caught:
            build(dataclasses.replace(source, **{field: value}))
        text = str(caught.value)
        assert f"field {field!r}" in text or field == "registers"
        if isinstance(source, fe.Validation):  # of a source, and not of a step
            assert "names the unknown source 'hapened'" in text
            continue
        assert "'hapened'" in text if field == "of" else "'toldd'" in text
        assert "happened, told, reported, investigated, helped" in text
        assert field != "asked" or "field 'of' names the unknown step 'hapened'" in text


def _misspelt_parts(source):
    """Yield the source with a wrong name in one of its parts, and that name."""
    if getattr(source, "by", ()):
        *others, _ = next(iter(source.count)) if len(source.axes) > 1 else (None,)
        count = {(*others, "femal") if others else "femal": 3}
        yield dataclasses.replace(source, by=[*source.axes[:-1], "agee"]), "'agee'"
        yield dataclasses.replace(source, count=count, total=None), "'femal'"
    for field in ("asked", "registers"):
        first, *rest = getattr(source, field, None) or [None]
        for where, spelt in (({"sex": "femal"}, "'femal'"), ({"agee": 3}, "'agee'")):
            if first is not None:
                changed = [dataclasses.replace(first, where=where), *rest]
                yield dataclasses.replace(source, **{field: changed}), spelt
    for at, defect in enumerate(source.defects):
        if not hasattr(defect, "terms"):
            continue
        named = ("axis", "name", "per", "definition")
        more = {name: value for name, value in vars(defect).items() if name in named}
        for term, spelt in (
            (fe.Levels("agee"), "'agee'"),
            (fe.Levels("sex", reference="femal"), "'femal'"),
            (fe.ChangePoint("year", 2011), "2011 lies outside"),
            (fe.ChangePoint("sex", 2018), "'sex' has names"),
        ):
            defects = list(source.defects)
            defects[at] = type(defect)(fe.Beta(2, 2), term, **more)
            yield dataclasses.replace(source, defects=defects), spelt


def test_a_misspelt_name_in_a_part_is_named(sources, build):
    """Of an axis that is counted apart, of a defect, of one of several shares or registers."""
    wrong = [one for source in sources for one in _misspelt_parts(source)]
    assert len(wrong) > 100
    for source, spelt in wrong:
        with pytest.raises(fe.SpecError) as caught:
            build(source)
        assert spelt in str(caught.value)
        assert repr(source.name) in str(caught.value)


def test_an_unknown_step_in_your_own_function_is_named(build):
    with pytest.raises(fe.SpecError, match=r"OwnPoisson 'own'.*: there is no step 'toldd'"):
        build(fe.OwnPoisson(name="own", quantity=lambda q: q.number("toldd"), count=3))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda q: 1 / 0, "ZeroDivisionError"),
        (lambda q: q.parameter("nobody"), "no parameter 'nobody'"),
        (lambda q: q.share("happened", of="told"), "no path leads from 'told' to 'happened'"),
        (lambda q: 1.0 if q.number("told") > 3 else 0.0, "ambiguous"),
        (lambda q: np.ones(7), "one number per draw"),
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


def seen_in(model, truth):
    """Return what the first source of a model gives."""
    return model.evidence[0].observations(at_centre(model, truth))


def _printed(observation, counts_of):
    """Return the observed numbers on the printed scale; several, of a table or of lists."""
    counts, totals = counts_of(observation)
    figures = [figure for _, figure, _ in counts] + [figure for _, figure in totals]
    if all(isinstance(figure, Figure) for figure in figures):
        return np.array([figure.middle for figure in figures])
    (figure,) = figures
    if isinstance(figure, dict):
        return np.array([figure["value"]])
    return np.atleast_1d(np.asarray(figure, dtype=float)) * observation.unit


def _weights(distribution, reach):
    """Return the probabilities of the counts 0 to `reach`."""
    counts = np.arange(reach + 1)
    if hasattr(distribution, "n"):
        counts = counts[counts <= distribution.n]
    weight = np.exp(distribution.logp(counts[:, None])[:, 0])
    assert weight.sum() == pytest.approx(1.0, abs=1e-6)
    return weight


def _moments_of_figure(figure, weight, divisor):
    """Return mean and spread of what is printed of counts with these probabilities.

    Summed over all counts; over what is printed at random, averaged.
    """
    rng = np.random.default_rng(8)
    mean = square = 0.0
    for k in np.flatnonzero(weight > 1e-9):
        shown = [figure.printed(int(k), divisor, rng).middle for _ in range(_times(figure))]
        mean += weight[k] * np.mean(shown)
        square += weight[k] * np.mean(np.square(shown))
    return mean, np.sqrt(square - mean**2)


def _times(figure):
    random = isinstance(figure, fe.RandomlyRounded | fe.RoundedToUnknown | fe.Disagreeing)
    return 12 if random else 1


def _printed_moments(observation, counts_of):
    """Return mean and spread of the printed numbers: exact for counts that are printed rounded."""
    counts, totals = counts_of(observation)
    (_, first, _), *others = counts
    counted = isinstance(first, Figure) and first.whole
    if not others and (not counted or isinstance(first, fe.Exact)):
        return tuple(np.ravel(part) for part in observation.moments())
    found, weights = [], []
    for law, figure, divisor in counts:
        mean, sd = (float(np.ravel(part)[0]) for part in law.moments())
        weights.append(_weights(law, int(mean + 12 * sd) + 10))
        found.append(_moments_of_figure(figure, weights[-1], divisor))
    for rows, figure in totals:
        weight = np.ones(1)
        for i in rows:
            weight = np.convolve(weight, weights[i])
        found.append(_moments_of_figure(figure, weight, divisor))
    return tuple(np.array(part) for part in zip(*found, strict=True))


def test_draws_have_the_moments_of_the_distribution(source, build, centre, counts_of):
    """All at once, of the counts before they are printed."""
    if isinstance(source, fe.OwnCustom):  # moments that only its author knows
        return
    size = 2000
    model = build(source)
    q = Quantities(model, {name: np.full(size, value) for name, value in centre(model).items()})
    rng = np.random.default_rng(11)
    for seen in source.observations(q):
        for law, _, _ in counts_of(seen)[0]:
            drawn = np.atleast_2d(law.sample(rng))
            mean, sd = (np.broadcast_to(part, drawn.shape)[:, :1] for part in law.moments())
            assert drawn.shape[-1] == size
            middle, spread = _middle_and_spread(law, drawn)
            assert np.all(np.abs(middle - mean) < 4.5 * sd / np.sqrt(size) + 0.02 * sd)
            assert np.all(np.abs(spread / sd - 1) < 0.2)


def _middle_and_spread(law, drawn):
    """Return mean and standard deviation; of a skewed estimate the median and the middle 68%."""
    if isinstance(law, QuantilesOn | JointQuantilesOn):
        low, middle, high = np.quantile(drawn, ndtr([-1, 0, 1]), axis=1)[:, :, None]
        return middle, (high - low) / 2
    return drawn.mean(axis=1, keepdims=True), drawn.std(axis=1, keepdims=True)


@pytest.mark.slow
def test_simulated_figures_have_the_moments_of_the_distribution(source, build, centre, counts_of):
    model = build(source)
    truth = centre(model)
    seen = seen_in(model, truth)
    rng = np.random.default_rng(11)
    # The middle 68% of a lopsided estimate ends where few are made: more of them.
    law = getattr(seen[0], "distribution", None)
    size = 1200 if isinstance(law, QuantilesOn | JointQuantilesOn) else 300
    made = [fe.simulate(model, seed=rng, parameters=truth) for _ in range(size)]
    figures = np.array(
        [np.concatenate([_printed(o, counts_of) for o in seen_in(one, truth)]) for one in made]
    )
    if isinstance(source, fe.OwnCustom):  # moments that only its author knows
        mean, sd = np.array(seen[0].distribution.expected), np.array([20.0 * np.sqrt(2)])
    else:
        parts = zip(*(_printed_moments(one, counts_of) for one in seen), strict=True)
        mean, sd = (np.concatenate(part) for part in parts)
    middle, spread = _middle_and_spread(law, figures.T)
    assert np.all(np.abs(middle[:, 0] - mean) < 4.5 * sd / np.sqrt(size) + 0.02 * sd)
    assert np.all(np.abs(spread[:, 0] / sd - 1) < 0.2)


#: The fields that hold the numbers of a source.
DATA = {
    "yes", "share", "total", "count", "estimate", "interval", "se", "went", "data", "unconfirmed",
    "asked", "covariance", "correlation", "registers", "table", "before", "onset",
    "unknown", "mean", "sd", "counts", "shares", "open",
}  # fmt: skip


def _form(value):
    """Return all of a value but its numbers."""
    if isinstance(value, fe.AtMost | fe.AtLeast):
        return "a limit"
    if isinstance(value, fe.Disagreeing):
        form = (tuple(map(_form, value.figures)), value.use, value.weights, value.apart)
        # Of what is not used nothing changes.
        return form if value.use == "mixture" else (*form, value.figures[: value.use])
    if isinstance(value, fe.Between):
        return (fe.Between, value.high - value.low)
    if isinstance(value, Measured):
        return (Measured, _form(value.figure), value.unit, bool(value.text))
    if isinstance(value, InSample):
        return (InSample, _form(value.figure), value.size, value.people)
    if isinstance(value, Figure):
        fields = [f.name for f in dataclasses.fields(value) if f.name != "value"]
        return (type(value), [getattr(value, name) for name in fields])
    if isinstance(value, fe.Register | fe.Asked):
        return (type(value), _kept(value), [_form(getattr(value, name, None)) for name in DATA])
    if isinstance(value, dict):
        return {key: _form(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return (type(value), [_form(one) for one in value])
    return type(value)


def _kept(source):
    return {
        field.name: getattr(source, field.name)
        for field in dataclasses.fields(source)
        if field.name not in DATA
    }


def test_simulated_sources_differ_only_in_their_numbers(source, build, centre, route, population):
    model = build(source)
    new = fe.simulate(model, seed=1, parameters=centre(model)).evidence[0]
    assert _kept(new) == _kept(source)
    assert type(new) is type(source)
    for name in (
        "count",
        "total",
        "yes",
        "unconfirmed",
        "went",
        "asked",
        "registers",
        "counts",
        "shares",
        "open",
    ):
        old, drawn = getattr(source, name, None), getattr(new, name, None)
        if isinstance(old, float) or (isinstance(source, fe.Survey) and name == "total"):
            # A mean such as 240.5 may come out whole, and an estimated total broken.
            assert isinstance(drawn, int | float | fe.Exact | type(old) | None)
            continue
        assert _form(drawn) == _form(old)
    assert new.problems(route, population) == []


def test_simulated_sources_are_seen_as_the_real_one_is(source, build, centre, counts_of):
    """The distribution and the kind of figure are those of the source that was simulated."""
    model = build(source)
    truth = centre(model)
    rng = np.random.default_rng(2)
    for _ in range(12):
        again = fe.simulate(model, seed=rng, parameters=truth)
        for seen, new in zip(seen_in(model, truth), seen_in(again, truth), strict=True):
            assert type(new) is type(seen)
            assert np.isfinite(new.logp()).all()
            (ours, totals), (theirs, others) = counts_of(seen), counts_of(new)
            assert [(_form(f), d) for _, f, d in theirs] == [(_form(f), d) for _, f, d in ours]
            assert [(r, _form(f)) for r, f in others] == [(r, _form(f)) for r, f in totals]
            assert getattr(new, "unit", 1) == pytest.approx(getattr(seen, "unit", 1))
            for (law, _, _), (old, _, _) in zip(theirs, ours, strict=True):
                assert type(law) is type(old)
                # Of several counts; how many are open is part of the data.
                if not hasattr(seen, "unit") and not getattr(source, "open", None):
                    np.testing.assert_equal(law.moments(), old.moments())
                if hasattr(old, "sd") and getattr(old, "scale", "") != "identity":
                    assert law.sd == pytest.approx(old.sd, rel=1e-9)
                if hasattr(old, "covariance"):
                    np.testing.assert_allclose(law.covariance, old.covariance, rtol=1e-9)


def test_the_same_seed_simulates_the_same(everything):
    assert fe.simulate(everything, seed=4) == fe.simulate(everything, seed=4)
    assert fe.simulate(everything, seed=4) != fe.simulate(everything, seed=5)


# ------------------------------------------------------- the same density in both engines


@pytest.fixture(scope="module")
def compiled(everything):
    """The parts of PyMC's density of the model with everything, compiled once."""
    import pytensor

    with pytensor.config.change_flags(mode="FAST_COMPILE", cxx=""):
        model = fe.to_pymc(everything)
        parts = model.logp(sum=False)
        names = [v.name for v in model.basic_RVs] + [p.name for p in model.potentials]
        function = model.compile_fn(parts, inputs=model.value_vars, mode="FAST_COMPILE")
    return model, names, function


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
    away = []
    for column in range(z.shape[1]):
        found = function(examples.pymc_point(model, density, z[:, column]))
        parts = {name: float(np.sum(part)) for name, part in zip(names, found, strict=True)}
        theirs = {k: v for k, v in parts.items() if k.startswith("evidence: ")}
        assert set(theirs) == {f"evidence: {one.name}" for one in everything.evidence}
        for name, value in by_source.items():
            assert theirs[f"evidence: {name}"] == pytest.approx(
                value[column], rel=1e-8, abs=1e-8
            ), name
        own = sum(v for k, v in parts.items() if not k.startswith("evidence: "))
        away.append(own - prior[column])
    # A constant: PyMC divides by the probability of a truncated normal's interval with a square
    # root of 2 of 32 bits.
    assert np.ptp(away) < 1e-9 * max(1.0, np.abs(prior).max())
    assert abs(away[0]) < 5e-8


@pytest.mark.slow
def test_slopes_of_the_symbols_are_those_of_the_arrays(everything, points):
    """Finite too: a sampler that follows them gets nowhere past a slope that is no number."""
    theirs = examples.pymc_gradient(everything)
    for spread in (0.1, 0.7):
        # Far from the medians the people who are counted may be more than there are.
        density, z = points(everything, 16, spread)
        z = z[:, np.isfinite(density(z))][:, :2]
        assert z.size
        _, slopes = Gradient(density)(z)
        scale = 1e-8 * np.abs(slopes).max()
        for column in range(z.shape[1]):
            found = theirs(density, z[:, column])
            assert np.isfinite(found).all()
            np.testing.assert_allclose(slopes[:, column], found, rtol=1e-8, atol=scale)


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


#: The fields of assumptions that take a prior.
PRIOR_FIELDS = ("prior", "share", "uncertainty", "discount", "factor", "trend", "relative")


def test_a_wrong_assumption_is_refused(assumption, build):
    if hasattr(assumption, "axis"):
        wrong = dataclasses.replace(assumption, axis="agee")
    else:
        wrong = dataclasses.replace(assumption, where={"agee": 3})
    with pytest.raises(fe.SpecError, match="'agee'"):
        build(assumptions=[wrong])
    with pytest.raises(fe.SpecError, match="statement"):
        build(assumptions=[dataclasses.replace(assumption, statement="")])
    priors = [field for field in PRIOR_FIELDS if getattr(assumption, field, None) is not None]
    assert priors or isinstance(assumption, fe.Bounds | Held)
    for field in priors:
        with pytest.raises(fe.SpecError, match="sd must be above 0"):
            build(assumptions=[dataclasses.replace(assumption, **{field: fe.Normal(0, -1)})])


@pytest.mark.parametrize(
    "figure",
    [
        fe.Exact(12), fe.Rounded(50, to=10, rule="floor"), fe.Between(0, 4),
        fe.RandomlyRounded(9, to=3), fe.RoundedToUnknown(50, (1, 10), (2.0, 1.0)), fe.Withheld(),
        fe.Withheld(1, 7, value=10, to=10), fe.AtMost(50), fe.AtLeast(50.5),
        fe.Disagreeing((fe.Rounded(950, to=50), 960), use=1),
        fe.Disagreeing((950, 960), use="mixture", weights=(1.0, 3.0), apart=0.1),
    ],
    ids=lambda one: one.describe(),
)  # fmt: skip
def test_a_figure_comes_back_from_json(figure, build, functions):
    table = fe.Register(
        name="t", step="told", by=("sex", "age"),
        count={("male", (0, 11)): figure, ("female", 17): 3}, total={"male": figure},
    )  # fmt: skip
    limit = not figure.bounded
    model = build(
        fe.Register(name="r", step="told", count=figure),
        dataclasses.replace(table, total=None) if limit else table,
    )
    again = through_json(model, functions)
    assert again == model
    assert again.evidence[0].count == figure
    assert again.evidence[1].count == table.count
    assert limit or again.evidence[1].total == {"male": figure}


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


@dataclasses.dataclass(frozen=True)
class Scrapped(fe.Defect):
    """A user's defect: a share of the records was thrown away, the same of all."""

    share: fe.Prior
    stage = 35
    label = "scrapped"

    def parameters(self, source, population):
        return {f"scrapped[{source}]": self.share}

    def on_records(self, records, q, source):
        kept = 1.0 - q.parameters[f"scrapped[{source}]"]
        return dataclasses.replace(records, true=records.true * kept, all=records.all * kept)

    def on_share(self, share, q, source):
        return share * (1.0 - q.parameters[f"scrapped[{source}]"])


def test_a_defect_of_your_own_needs_no_registration(build, centre):
    lost = [Scrapped(fe.Beta(2, 8)), fe.Coverage(0.5), fe.FalsePositives(7.0)]
    sources = [
        fe.Register(name="r", step="told", count=300, where={"age": (12, 16)}, defects=lost),
        fe.Survey(name="s", step="told", of="happened", yes=20, n=90, defects=lost[:1]),
    ]
    model = build(*sources)
    truth = {**centre(model), "scrapped[r]": 0.25, "scrapped[s]": 0.1}
    q = at_centre(model, truth)
    (count,), (share,) = (one.observations(q) for one in sources)
    told = q.number("told", {"age": (12, 16)})
    assert count.distribution.mean == pytest.approx(told * 0.5 * 0.75 + 7)
    assert share.distribution.p == pytest.approx(0.9 * q.share("told", of="happened"))
    assert sources[0].describe() == "times coverage, scrapped, plus false positives"
    assert fe.Model.from_dict(model.to_dict(), kinds=[Scrapped]) == model
    assert fe.simulate(model, seed=1, parameters=truth).evidence[0].defects == lost
    assert {entry.about for entry in model.ledger()} >= {"scrapped[r]", "scrapped[s]"}
    with pytest.raises(fe.SpecError, match="a Validation cannot carry Scrapped"):
        build(fe.Validation(name="v", of="police", what="coverage", yes=1, n=2, defects=lost[:1]))
    with pytest.raises(fe.SpecError, match="two defects are named 'scrapped'"):
        build(dataclasses.replace(sources[0], defects=[*lost, lost[0]]))


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
