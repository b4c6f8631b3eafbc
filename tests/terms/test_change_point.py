"""Steps at stated levels, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

import funnelest as fe
from funnelest.terms.change_point import ChangePoint

YEARS = {"year": [2014, 2015, 2016, 2017, 2018, 2019]}
PEOPLE = fe.Population(YEARS, [1000] * 6)


def model_of(term, population=PEOPLE, **parts):
    given = {"occurrence": fe.Rate(fe.Beta(1, 9)), **parts}
    share = {("a", "b"): fe.Share(fe.Beta(2, 2), term)}
    return fe.Model(fe.Route("a", "b"), population, transitions=share, **given)


def shares(model, values, axis="year"):
    q = fe.Quantities(model, {name: np.array([value]) for name, value in values.items()})
    levels = model.population.axis(axis).levels
    return [float(q.transition("a", "b", {axis: level})[0]) for level in levels]


def test_two_changes_in_six_years():
    """Odds of 1, from 2016 on of 3, and from 2018 on of 3/2."""
    model = model_of(fe.ChangePoint("year", [2016, 2018]))
    values = {
        "rate of a": 0.1, "a -> b": 0.5, "a -> b[from year 2016]": math.log(3),
        "a -> b[from year 2018]": -math.log(2),
    }  # fmt: skip
    assert list(model.free) == [*values]
    assert shares(model, values) == pytest.approx([1 / 2, 1 / 2, 3 / 4, 3 / 4, 3 / 5, 3 / 5])


@pytest.mark.parametrize("at", [2019, [2019], (2019,), np.int64(2019)])
def test_one_change_lasts_to_the_end(at):
    model = model_of(fe.ChangePoint("year", at, fe.Normal(0, 2)))
    assert model.free["a -> b[from year 2019]"] == fe.Normal(0, 2)
    values = {"rate of a": 0.1, "a -> b": 0.2, "a -> b[from year 2019]": math.log(4)}
    assert shares(model, values) == pytest.approx([0.2] * 5 + [0.5])


def test_levels_out_of_order_change_by_their_value():
    people = fe.Population({"year": [2018, 2014, 2016]}, [1000] * 3)
    model = model_of(fe.ChangePoint("year", 2016), people)
    values = {"rate of a": 0.1, "a -> b": 0.5, "a -> b[from year 2016]": math.log(3)}
    assert shares(model, values) == pytest.approx([3 / 4, 1 / 2, 3 / 4])


def test_bands_change_at_their_first_year():
    people = fe.Population({"age": [(0, 11), (12, 16), 17]}, [1000] * 3)
    model = model_of(fe.ChangePoint("age", (12, 17)), people)
    values = {
        "rate of a": 0.1, "a -> b": 0.5, "a -> b[from age 12]": math.log(3),
        "a -> b[from age 17]": math.log(3),
    }  # fmt: skip
    assert shares(model, values, "age") == pytest.approx([1 / 2, 3 / 4, 9 / 10])


def test_of_a_number_it_is_a_factor():
    number = fe.Number(fe.LogUniform(10, 100), fe.ChangePoint("year", 2017))
    model = fe.Model(fe.Route("a", "b"), fe.Population.cells(YEARS), number)
    values = {"number at a": 20.0, "number at a[from year 2017]": math.log(1.5), "a -> b": 0.5}
    q = fe.Quantities(model, {name: np.array([value]) for name, value in values.items()})
    found = [float(q.number("a", {"year": year})[0]) for year in YEARS["year"]]
    assert found == pytest.approx([20, 20, 20, 30, 30, 30])
    assert q.number("a") == pytest.approx(150)


def test_the_default_prior_is_said():
    model = model_of(fe.ChangePoint("year", 2017))
    ledger = {entry.about: entry for entry in model.ledger()}
    assert ledger["a -> b[from year 2017]"].kind == "default"
    assert model.free["a -> b[from year 2017]"] == fe.Normal(0, 1)
    stated = model_of(fe.ChangePoint("year", 2017, fe.Normal(0, 1)))
    ledger = {entry.about: entry for entry in stated.ledger()}
    assert ledger["a -> b[from year 2017]"].kind == "prior"
    assert "year" in model.varies_over()


def test_it_is_a_term_and_many_draws_are_each_of_them():
    term = ChangePoint("year", [2015, 2017])
    assert isinstance(term, fe.Term)
    assert term.problems(PEOPLE) == []
    rng = np.random.default_rng(1)
    values = {name: rng.standard_normal(7) for name in term.parameters("x", PEOPLE)}
    found = term.deviation(values, "x", PEOPLE)
    assert found.shape == (6, 7)
    one, two = values["x[from year 2015]"], values["x[from year 2017]"]
    np.testing.assert_allclose(found, [0 * one, one, one, one + two, one + two, one + two])


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (2014, "2014 lies outside the levels of 'year' that can begin a new period, 2015 to 2019"),
        (2020, "2020 lies outside"), ([2016, 2016], "'at' must ascend"), ([], "names no level"),
        ("2016", "must be whole numbers"), (True, "must be whole numbers"),
        ([2013, 2030], "2030 lies outside"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_change(at, words):
    found = fe.ChangePoint("year", at).problems(PEOPLE)
    assert any(words in text for text in found), found


def test_an_axis_of_one_level_has_no_change():
    people = fe.Population({"year": [2017]}, [1000])
    assert len(fe.ChangePoint("year", 2017).problems(people)) == 1
