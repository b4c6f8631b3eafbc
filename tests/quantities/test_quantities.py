"""The arithmetic of the route: pooling, paths, relabelling, on random values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import funnelest as fe
from funnelest.likelihood.density import Density
from funnelest.quantities.quantities import Quantities

seeds = st.integers(0, 2**32 - 1)


def random_route(rng, size):
    """Return a random acyclic route in which every step can be reached."""
    steps = [f"s{i}" for i in range(size)]
    edges = {(steps[rng.integers(j)], steps[j]) for j in range(1, size)}
    for i in range(size):
        for j in range(i + 1, size):
            if rng.random() < 0.4:
                edges.add((steps[i], steps[j]))
    return fe.Route(*steps, edges=sorted(edges))


def draws_of(model, rng, size=7):
    return {name: prior.sample(rng, size) for name, prior in model.free.items()}


@given(seeds, st.integers(2, 6))
def test_passing_is_the_inverse_of_one_minus_q(seed, size):
    rng = np.random.default_rng(seed)
    route = random_route(rng, size)
    model = fe.Model(route, fe.Population.cells(), fe.Number(fe.Gamma(5, 0.01)))
    q = Quantities(model, draws_of(model, rng))
    for draw in range(q.draws):
        matrix = np.zeros((size, size))
        for a, b in route.edges:
            matrix[route.steps.index(a), route.steps.index(b)] = q.transition(a, b)[draw]
        inverse = np.linalg.inv(np.eye(size) - matrix)
        assert np.all(matrix.sum(axis=1) <= 1 + 1e-12)
        for i, a in enumerate(route.steps):
            reach = q.share(a, of=route.steps[0])[draw]
            assert -1e-12 <= reach <= 1 + 1e-12
            for j, b in enumerate(route.steps):
                found = np.broadcast_to(q._passing(a, b), (q.draws,))[draw]
                assert found == pytest.approx(inverse[i, j], abs=1e-12)


@given(seeds, st.integers(3, 6))
def test_what_flows_in_is_what_reaches(seed, size):
    rng = np.random.default_rng(seed)
    route = random_route(rng, size)
    model = fe.Model(route, fe.Population.cells(), fe.Number(fe.Gamma(5, 0.01)))
    q = Quantities(model, draws_of(model, rng))
    for step in route.steps[1:]:
        into = sum(q.flow(a, b) for a, b in route.edges if b == step)
        np.testing.assert_allclose(into, q.number(step), rtol=1e-10)


counts = hnp.arrays(np.float64, (3, 2, 2), elements=st.floats(1, 1e6))
AXES = {"age": [(0, 11), (12, 16), 17], "sex": ["m", "f"], "year": [2017, 2018]}


def model_on(axes, people, assumptions=()):
    return fe.Model(
        fe.Route("a", "b", "c", skips=[("a", "c")]),
        fe.Population(axes, people),
        fe.Rate(
            fe.Beta(3, 50),
            fe.Levels("age", reference=axes["age"][0]),
            fe.Levels("sex", reference="m"),
        ),
        {
            ("a", "b"): fe.Share(fe.Beta(2, 2), fe.Levels("sex", reference="m")),
            ("b", "c"): fe.Share(fe.PerLevel("year", {2017: fe.Beta(2, 3), 2018: 0.2})),
        },
        assumptions=assumptions,
    )


@given(counts, seeds)
def test_pooling_then_dividing_is_dividing_the_pooled(people, seed):
    model = model_on(AXES, people)
    q = Quantities(model, draws_of(model, np.random.default_rng(seed)))
    cells = [
        {"age": age, "sex": sex, "year": year}
        for age in AXES["age"] for sex in AXES["sex"] for year in AXES["year"]
    ]  # fmt: skip
    for step in "abc":
        total = sum(q.number(step, cell) for cell in cells)
        np.testing.assert_allclose(q.number(step), total, rtol=1e-10)
        np.testing.assert_allclose(q.share(step), total / people.sum(), rtol=1e-10)
        of_a = sum(q.share(step, cell, of="a") * q.number("a", cell) for cell in cells)
        np.testing.assert_allclose(q.share(step, of="a"), of_a / q.number("a"), rtol=1e-10)
        yearly = (q.number(step, {"year": 2017}) + q.number(step, {"year": 2018})) / 2
        np.testing.assert_allclose(q.number(step, per="year"), yearly, rtol=1e-10)
    moved = sum(q.flow("a", "b", cell) for cell in cells) / q.number("a")
    np.testing.assert_allclose(q.transition("a", "b"), moved, rtol=1e-10)


@given(counts, seeds, st.permutations(range(3)), st.permutations(range(2)))
def test_reordered_levels_only_reorder_the_results(people, seed, ages, sexes):
    model = model_on(AXES, people)
    values = draws_of(model, np.random.default_rng(seed))
    axes = {
        "year": AXES["year"],
        "sex": [AXES["sex"][i] for i in sexes],
        "age": [AXES["age"][i] for i in ages],
    }
    moved = np.transpose(people[np.ix_(ages, sexes, range(2))], (2, 1, 0))
    other = fe.Model(
        model.route, fe.Population(axes, moved),
        fe.Rate(
            fe.Beta(3, 50), fe.Levels("age", reference=(0, 11)), fe.Levels("sex", reference="m")
        ),
        model.transitions,
    )  # fmt: skip
    one, two = Quantities(model, values), Quantities(other, values)
    assert set(other.free) == set(model.free)
    for where in ({}, {"age": (12, 17)}, {"sex": "f", "year": 2018}, {"age": [(0, 11), 17]}):
        for step in "abc":
            np.testing.assert_allclose(one.number(step, where), two.number(step, where), rtol=1e-10)


@given(counts, seeds)
def test_renamed_levels_change_nothing(people, seed):
    model = model_on(AXES, people)
    values = draws_of(model, np.random.default_rng(seed))
    renamed = fe.Model(
        model.route,
        fe.Population({**AXES, "sex": ["m", "girls"]}, people),
        model.occurrence,
        model.transitions,
    )
    new = {name.replace("sex=f", "sex=girls"): value for name, value in values.items()}
    one, two = Quantities(model, values), Quantities(renamed, new)
    np.testing.assert_allclose(
        one.number("c", {"sex": "f"}), two.number("c", {"sex": "girls"}), rtol=1e-12
    )


@given(counts, seeds, st.floats(0.01, 0.99))
def test_splitting_a_cell_in_two_with_the_same_rate_changes_nothing(people, seed, part):
    shift = fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(-0.7, 0.5), statement="a guess")
    model = model_on(AXES, people)
    split = np.concatenate([people[:1] * part, people[:1] * (1 - part), people[1:]])
    axes = {**AXES, "age": [(0, 5), (6, 11), (12, 16), 17]}
    # The same rate in both halves: one prior for the whole band.
    shares = fe.PerLevel(
        "age", {(0, 11): fe.Beta(3, 50), (12, 16): fe.Beta(3, 50), 17: fe.Beta(3, 50)}
    )
    whole = fe.Model(
        model.route, model.population, fe.Rate(shares), model.transitions, assumptions=[shift]
    )
    halves = fe.Model(
        model.route, fe.Population(axes, split), fe.Rate(shares), model.transitions,
        assumptions=[shift],
    )  # fmt: skip
    values = draws_of(whole, np.random.default_rng(seed))
    one, two = Quantities(whole, values), Quantities(halves, values)
    for where in ({}, {"age": (0, 11)}, {"age": (0, 16), "sex": "f"}):
        for step in "abc":
            np.testing.assert_allclose(one.number(step, where), two.number(step, where), rtol=1e-9)
    assert whole.basis({"age": (0, 11)}) == halves.basis({"age": (0, 5)}) == "imputed"


@given(counts, seeds)
def test_a_shift_moves_the_odds_of_the_weighted_mean(people, seed):
    shift = fe.Shift(ages=(0, 11), like=(12, 17), prior=fe.Normal(-0.7, 0.5), statement="a guess")
    model = model_on(AXES, people, [shift])
    values = draws_of(model, np.random.default_rng(seed))
    q = Quantities(model, values)
    for sex in ("m", "f"):
        where = {"sex": sex}
        like = sum(q.number("a", {"age": age, **where}) for age in ((12, 16), 17))
        like = like / q.population({"age": (12, 17), **where})
        found = q.share("a", {"age": (0, 11), **where})
        odds = like / (1 - like) * np.exp(values["shift[age 0-11 against 12-17]"])
        # The weights are those of the years together: the rate does not vary over them.
        np.testing.assert_allclose(found / (1 - found), odds, rtol=1e-8)


def test_a_population_error_scales_only_its_cells():
    doubt = fe.PopulationError(
        prior=fe.LogNormal(0, 0.1), where={"age": (0, 11)}, statement="not all are registered"
    )
    model = model_on(AXES, np.full((3, 2, 2), 1000.0), [doubt])
    rng = np.random.default_rng(1)
    values = draws_of(model, rng)
    plain = Quantities(model_on(AXES, np.full((3, 2, 2), 1000.0)), values)
    q, factor = Quantities(model, values), values["population factor[age 0-11]"]
    young, old = {"age": (0, 11)}, {"age": (12, 17)}
    np.testing.assert_allclose(q.number("a", young), plain.number("a", young) * factor)
    np.testing.assert_allclose(q.number("a", old), plain.number("a", old))
    np.testing.assert_allclose(q.population(young), 4000 * factor)
    np.testing.assert_allclose(q.share("a", young), plain.share("a", young))


def test_shares_are_sticks_broken_in_step_order(build):
    model = build()
    truth = {name: np.array([float(p.ppf(0.4))]) for name, p in model.free.items()}
    truth["happened -> told"], truth["happened -> reported"] = np.array([0.3]), np.array([0.5])
    q = Quantities(model, truth)
    assert q.transition("happened", "told")[0] == pytest.approx(0.3)
    assert q.transition("happened", "reported")[0] == pytest.approx(0.7 * 0.5)


def test_the_density_of_many_draws_is_that_of_each(build):
    from funnelest.likelihood.density import prior_draws

    model = build(fe.Register(name="r", step="reported", count=fe.Rounded(250, to=50)))
    density = Density(model)
    z = density.line(prior_draws(model, np.random.default_rng(1), 9))
    each = [density(z[:, [i]])[0] for i in range(9)]
    np.testing.assert_allclose(density(z), each, rtol=1e-12)
    back = density.line(density.values(z))
    np.testing.assert_allclose(back, z, atol=1e-8)


def test_unknown_names_are_named(build):
    model = build()
    q = Quantities(model, {n: np.array([float(p.ppf(0.5))]) for n, p in model.free.items()})
    with pytest.raises(fe.SpecError, match="'toldd'"):
        q.number("toldd")
    with pytest.raises(fe.SpecError, match="'covr'"):
        q.parameter("covr")
    with pytest.raises(fe.SpecError, match="'agee'"):
        q.number("told", {"agee": 3})
    with pytest.raises(fe.SpecError, match="happened -> helped"):
        q.flow("happened", "helped")


def test_no_share_of_people_whom_nobody_counted():
    """Population.cells() has one unit a cell, so that a number of people passed as a share."""
    cells = fe.Population.cells({"age": [(0, 11), (12, 17)]})
    asked = fe.Survey(name="asked", step="b", of="a", yes=3, n=10)
    number = fe.Number(fe.LogNormal(3, 1))

    def model(*evidence):
        told = {("a", "b"): fe.Share(fe.Beta(2, 2))}
        return fe.Model(fe.Route("a", "b"), cells, number, told, evidence)

    q = Quantities(model(asked), draws_of(model(asked), np.random.default_rng(0)))
    for refused, told in (
        (lambda q: q.share("b"), "no share of it can be computed; give 'of'"),
        (lambda q: q.share("b", {"age": (0, 11)}), "no share of it"),
        (lambda q: q.population(), "nobody knows how many people there are"),
    ):
        with pytest.raises(fe.SpecError, match=f"the population has no head count, so {told}"):
            refused(q)
    assert np.all(q.share("b", of="a") <= 1)
    own = fe.OwnNormal(name="own", quantity=lambda q: q.share("b"), estimate=0.3, se=0.1)
    with pytest.raises(fe.SpecError, match="no head count"):
        model(own)
    result = fe.fit(model(asked), seed=1, draws=1000, progress=False)
    with pytest.raises(fe.SpecError, match="no head count, so there is no rate to draw"):
        fe.plot.ages(result)
    assert list(result.shares()["step"]) == ["b"]
