"""Registers with any defects: what is counted apart adds up to what is counted together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelest as fe
from funnelest.likelihood.density import prior_draws

AXES = {"age": [(0, 11), (12, 17)], "sex": ["m", "f"], "year": [2017, 2018, 2019]}
PEOPLE = fe.Population(AXES, np.random.default_rng(1).integers(500, 2000, (2, 2, 3)))
WHY = {"statement": "why"}


def model_of(*evidence):
    return fe.Model(
        fe.Route("a", "b", "c", skips=[("a", "c")]), PEOPLE,
        fe.Rate(fe.Beta(20, 80), fe.Levels("age"), fe.Levels("sex")), evidence=evidence,
    )  # fmt: skip


def terms(draw):
    found = [fe.Levels("age"), fe.Levels("sex"), fe.ChangePoint("year", [2018, 2019])]
    return [term for term in found if draw(st.booleans())]


@st.composite
def shares(draw, kind, **more):
    if draw(st.booleans()):
        return kind(fe.Beta(8, 3), *terms(draw), **more)
    bases = [
        fe.PerLevel("sex", {"m": fe.Beta(8, 3), "f": 0.8}),
        fe.PerLevel("year", {(2017, 2018): 1.0, 2019: fe.Beta(8, 3)}),
        0.7,
    ]
    return kind(draw(st.sampled_from(bases)), **more)


@st.composite
def defects(draw, false=()):
    """Return any defects of a count; `false` are those with false records that may be there."""
    found = []
    for one in (shares(fe.Coverage), shares(fe.Completeness)):
        if draw(st.booleans()):
            found.append(draw(one))
    if draw(st.booleans()):
        found.append(fe.Bridge("x", fe.LogNormal(0.2, 0.1, **WHY), inverse=draw(st.booleans())))
    which = draw(st.integers(0, 2))
    if which == 1:
        found.append(draw(shares(fe.PPV)))
    elif which == 2 and false:
        found.append(draw(st.sampled_from(false)))
    return draw(st.permutations(found))


BY_SEX_AND_YEAR = [
    fe.FalsePositives(fe.PerLevel("sex", {"m": fe.Gamma(4, 1), "f": 3}), per="year"),
    fe.FalsePositives(fe.Gamma(4, 1), fe.Levels("sex"), fe.ChangePoint("year", 2018)),
    fe.FalsePositives(fe.PerLevel("year", {(2017, 2018): 5, 2019: 1}), fe.Levels("sex")),
]
UNKNOWN = [
    fe.Unrecorded(fe.Beta(2, 8), fe.Levels("sex"), axis="sex", name="?"),
    fe.Unrecorded(fe.PerLevel("year", {(2017, 2018): 0.1, 2019: fe.Beta(2, 8)}), axis="year"),
]


def means(source, rng_seed=3):
    """Return the expected counts for draws from the prior, ``(counts, draws)``."""
    model = model_of(source)
    values = prior_draws(model, np.random.default_rng(rng_seed), 5)
    (seen,) = source.observations(fe.Quantities(model, values))
    return np.atleast_2d(seen.distribution.mean), values, model


def same(source, values):
    """Return the expected counts of another source for the same values."""
    model = model_of(source)
    (seen,) = source.observations(fe.Quantities(model, {n: values[n] for n in model.free}))
    return np.atleast_2d(seen.distribution.mean)


@settings(max_examples=60)
@given(defects(BY_SEX_AND_YEAR), st.sampled_from(["b", ("a", "c"), "c"]))
def test_all_classes_add_up(carried, step):
    names = [["m", "f", "?"], [2017, (2018, 2019), "unknown"]]
    table = fe.Register(
        name="r", step=step, by=("sex", "year"), count=dict.fromkeys(product(*names), 3),
        defects=[*carried, *UNKNOWN],
    )  # fmt: skip
    found, values, _ = means(table)
    whole = same(fe.Register(name="r", step=step, count=3, defects=carried), values)
    np.testing.assert_allclose(found.sum(axis=0), whole[0], rtol=1e-10)
    assert np.all(found > 0)


@settings(max_examples=60)
@given(defects(BY_SEX_AND_YEAR))
def test_a_class_is_what_a_register_of_its_cells_expects(carried):
    count = {("f", 2018): 3, ("m", (2017, 2019)): 3}
    table = fe.Register(name="r", step="b", by=["sex", "year"], count=count, defects=carried,
                        where={"age": (12, 17)})  # fmt: skip
    found, values, _ = means(table)
    for i, (sex, years) in enumerate(count):
        where = {"age": (12, 17), "sex": sex, "year": years}
        one = fe.Register(name="r", step="b", where=where, count=3, defects=carried)
        np.testing.assert_allclose(found[i], same(one, values)[0], rtol=1e-10)


@settings(max_examples=40)
@given(defects())
def test_every_draw_is_computed_as_if_it_were_alone(carried):
    table = fe.Register(
        name="r", step="b", by="sex", count={"m": 3, "f": 4, "?": 5},
        defects=[*carried, UNKNOWN[0], fe.Overdispersion()],
    )  # fmt: skip
    found, values, model = means(table)
    for draw in range(found.shape[1]):
        one = {name: value[[draw]] for name, value in values.items()}
        (seen,) = table.observations(fe.Quantities(model, one))
        np.testing.assert_allclose(seen.distribution.mean[:, 0], found[:, draw], rtol=1e-12)


@settings(max_examples=60)
@given(defects(BY_SEX_AND_YEAR))
def test_shares_are_what_a_study_of_the_register_checks(carried):
    source = fe.Register(name="r", step="b", count=3, defects=carried)
    model = model_of(source)
    q = fe.Quantities(model, prior_draws(model, np.random.default_rng(3), 5))
    _, registered = source.record_shares(q)
    np.testing.assert_allclose(source.checked("coverage", q, {}), registered[0], rtol=1e-10)
    assert np.all((registered > 0) & (registered <= 1 + 1e-12))
    # What a sample of records checks does not depend on how many records there are of one person.
    bare = [one for one in carried if not isinstance(one, fe.Bridge)]
    ppv = source.checked("ppv", q, {})
    assert np.all((ppv > 0) & (ppv <= 1 + 1e-12))
    if not any(isinstance(one, fe.FalsePositives) for one in carried):
        other = fe.Register(name="r", step="b", count=3, defects=bare)
        np.testing.assert_allclose(other.checked("ppv", q, {}), ppv, rtol=1e-10)


def test_a_mean_over_years_of_a_table():
    years = {"by": "sex", "count": {"m": 3, "f": 4}}
    one = fe.Register(name="r", step="b", per="year", **years, total=fe.Rounded(7, to=1))
    model = model_of(one)
    q = fe.Quantities(model, prior_draws(model, np.random.default_rng(3), 5))
    (seen,) = one.observations(q)
    total = np.sum(seen.moments()[0], axis=0)
    np.testing.assert_allclose(total, q.number("b", per="year"))


@pytest.mark.parametrize(
    ("figure", "spread", "limits"),
    [
        (fe.AtLeast(100), None, (100, np.inf)), (fe.AtMost(100), None, (0, 100)),
        (fe.Withheld(1, 4), None, (1, 4)), (fe.RoundedToUnknown(100), None, (50, 149)),
        (fe.Rounded(100, to=50), fe.Overdispersion(0.1), (75, 124)),
        (fe.Rounded(100, to=50), fe.Overdispersion(fe.Shared("x")), (0, np.inf)),
    ],
)  # fmt: skip
def test_limits_of_the_people_that_a_figure_implies(figure, spread, limits):
    """Five standard deviations around what prints as the figure, never past what is known."""
    defects = [] if spread is None else [spread]
    source = fe.Register(name="r", step="b", count=figure, defects=defects)
    step, (low, high) = source.implied_number(PEOPLE)
    people = PEOPLE.total()
    assert step == "b"
    assert 0 <= low * people <= limits[0]
    assert high * people >= limits[1]
    if limits[0] >= 75:
        assert low > 0
    if limits[1] < np.inf:
        assert high * people < 400
