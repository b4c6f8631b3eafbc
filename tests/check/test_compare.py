"""One model under several assumptions: the table, the pool, and what is refused."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.verdict import Verdict

COMPARE = importlib.import_module("funnelest.check.compare")

CHILDREN = fe.Population({"age": [(0, 11), (12, 16), 17]}, [2_000_000, 1_000_000, 200_000])
ROUTE = fe.Route("happened", "told")
AGES = {"ages": (0, 11), "like": (12, 16), "statement": "nobody asked them"}
SHIFT = fe.Shift(**AGES, prior=fe.Normal(-0.7, 0.5))
SEVENTEEN = fe.Shift(ages=(17, 17), like=(12, 16), prior=0.0, statement="alike")
ALTERNATIVES = {
    "shift": SHIFT,
    "pattern": fe.Proportional(
        **AGES, pattern={(0, 11): 1.0, (12, 17): 2.0}, uncertainty=0.0, discount=1.0
    ),
    "bounds": fe.Bounds(ages=(0, 11), lower=0.001, upper=0.03, statement="what may be"),
}


def model(*assumptions: object) -> fe.Model:
    return fe.Model(
        ROUTE,
        CHILDREN,
        occurrence=fe.Rate(fe.Beta(2, 98)),
        transitions={("happened", "told"): fe.Share(fe.Beta(3, 2))},
        evidence=[fe.Survey("pupils", step="happened", yes=20, n=1000, where={"age": (12, 16)})],
        assumptions=[*assumptions, SEVENTEEN],
    )


@pytest.fixture(scope="module")
def compared() -> Verdict:
    return fe.check.compare(
        model(SHIFT), ALTERNATIVES, seed=4, engine="importance", draws=2000, progress=False
    )


def rows(compared, assumption):
    table = compared.table
    return table[table["assumption"] == assumption].set_index("quantity")


def test_every_quantity_of_every_alternative_has_a_row(compared):
    table = compared.table
    quantities = [
        "number at 'happened', age 0-11",
        "yearly rate of 'happened', age 0-11",
        "yearly rate of 'happened', age 0-11 over others",
        "number at 'happened', all",
        "happened -> told",
    ]
    assert list(table["quantity"]) == quantities * 3
    assert list(table["assumption"].unique()) == list(ALTERNATIVES)
    assert set(table["basis"]) == {"imputed", "partly imputed"}
    assert (table["mark"] == "").all()


def test_a_known_pattern_gives_the_closed_form(compared):
    # Of 12-16 the rate is Beta(22, 1078); at 0-11 it is half of that.
    found = rows(compared, "pattern")
    exact = stats.beta(22, 1078).ppf([0.5, 0.025, 0.975]) / 2
    got = found.loc["yearly rate of 'happened', age 0-11", ["median", "low", "high"]]
    np.testing.assert_allclose(got.astype(float), exact, rtol=0.06)
    number = found.loc["number at 'happened', age 0-11", "median"]
    assert number == pytest.approx(2_000_000 * got["median"], rel=1e-9)
    whole = found.loc["number at 'happened', all", "median"]
    assert whole == pytest.approx(number * (1 + 2 * 1.2 / 2), rel=1e-9)


def test_the_ratio_of_rates_shows_that_the_figures_say_nothing(compared):
    ratio = rows(compared, "shift").loc["yearly rate of 'happened', age 0-11 over others"]
    assert abs(ratio["contraction"]) < 0.1
    assert abs(ratio["moved"]) < 0.1
    assert "hardly told by the figures" in compared.text
    number = rows(compared, "shift").loc["number at 'happened', age 0-11"]
    assert number["contraction"] > 0.4  # the level is told, by 12-16


def test_bounds_have_no_median_and_are_exact_for_what_is_bounded(compared):
    found = rows(compared, "bounds")
    number = found.loc["number at 'happened', age 0-11"]
    assert np.isnan(number["median"])
    assert number["interval"] == COMPARE.NO_PROBABILITY
    np.testing.assert_allclose([number["low"], number["high"]], [2_000, 60_000])
    whole = found.loc["number at 'happened', all"]
    assert whole["interval"] == "95% equal-tailed at both bounds, the widest"
    exact = stats.beta(22, 1078).ppf([0.025, 0.975]) * 1_200_000 + [2_000, 60_000]
    np.testing.assert_allclose([whole["low"], whole["high"]], exact, rtol=0.06)


def test_other_assumptions_stay(compared):
    for fits in compared.details["results"].values():
        for one in fits:
            assert SEVENTEEN in one.model.assumptions
            assert (
                SHIFT not in one.model.assumptions or compared.details["results"]["shift"] == fits
            )


def test_a_pool_is_the_mixture_with_the_stated_weights(compared):
    pooled = fe.check.pool(
        compared, {"shift": 0.25, "pattern": 0.75}, statement="as the panel advised"
    )
    name = "pooled: 0.25 shift, 0.75 pattern"
    of = compared.found[0].of
    parts = [compared.details["results"][n][0].sample_of(of) for n in ("shift", "pattern")]
    row = rows(pooled, name).loc["number at 'happened', age 0-11"]
    below = [np.mean(part <= row["median"]) for part in parts]
    assert 0.25 * below[0] + 0.75 * below[1] == pytest.approx(0.5, abs=0.01)
    assert row["basis"] == "imputed, pooled with stated weights"
    assert "as the panel advised" in pooled.text
    assert compared.details["weights"] == {}  # nothing is pooled unless asked for


def test_every_problem_of_a_pool_comes_at_once(compared):
    with pytest.raises(fe.SpecError) as error:
        fe.check.pool(compared, {"bounds": 0.5, "other": -1}, statement=" ")
    text = str(error.value)
    assert "a pool needs a statement" in text
    assert "'bounds' are bounds" in text
    assert "no alternative 'other'" in text
    assert "must be above 0; given -1" in text
    with pytest.raises(fe.SpecError, match=r"add up to 1; they add up to 0\.9"):
        fe.check.pool(compared, {"shift": 0.4, "pattern": 0.5}, statement="so")
    with pytest.raises(fe.SpecError, match="must map alternatives"):
        fe.check.pool(compared, {}, statement="so")
    with pytest.raises(fe.SpecError, match=r"must be what check\.compare gives"):
        fe.check.pool(3, {"shift": 1.0}, statement="so")


def test_alternatives_must_be_about_the_same_people():
    half = fe.Shift(ages=(17, 17), like=(12, 16), prior=0.0, statement="other people")
    with pytest.raises(fe.SpecError, match=r"'half' does not fill in age 0-11"):
        fe.check.compare(model(SHIFT), {"shift": SHIFT, "half": half}, seed=1)


def test_every_problem_of_the_alternatives_comes_at_once():
    bad = fe.Shift(ages=(0, 11), like=(0, 16))
    with pytest.raises(fe.SpecError) as error:
        fe.check.compare(model(SHIFT), {"bad": bad, "none": 3, "empty": []}, seed=1)
    text = str(error.value)
    assert "'bad'" in text
    assert "'statement' is needed" in text
    assert "overlap" in text
    assert "which is no assumption" in text
    assert "'empty' holds no assumption" in text


def test_every_problem_of_the_arguments_comes_before_any_fit():
    with pytest.raises(fe.SpecError) as error:
        fe.check.compare(
            model(SHIFT),
            {1: SHIFT},
            seed=None,
            where={"sex": "f"},
            per="yeer",
            probability=2,
            engine="fast",
            draws=3,
        )
    text = str(error.value)
    for part in ("names of alternatives", "seed", "'sex'", "'yeer'", "probability", "engine"):
        assert part in text
    assert "draws must be" in text
    for wrong in ({}, None, 3):
        with pytest.raises(fe.SpecError, match="must map names"):
            fe.check.compare(model(SHIFT), wrong, seed=1)
    with pytest.raises(fe.SpecError, match="model must be a Model"):
        fe.check.compare(None, ALTERNATIVES, seed=1)
    doubt = fe.PopulationError(prior=fe.LogNormal(0, 0.1), statement="why")
    with pytest.raises(fe.SpecError, match="no alternative fills in any cells"):
        fe.check.compare(model(SHIFT), {"people": doubt}, seed=1)


def test_people_may_be_narrowed_down_only_where_that_means_something():
    people = fe.Population(
        {"age": [(0, 11), (12, 16)], "sex": ["f", "m"], "year": [2017, 2018]},
        np.full((2, 2, 2), 500_000.0),
    )
    shift = fe.Shift(**AGES, prior=fe.Normal(-0.7, 0.5))
    base = fe.Model(
        ROUTE,
        people,
        occurrence=fe.Rate(fe.Beta(2, 98)),
        transitions={("happened", "told"): fe.Share(fe.Beta(3, 2))},
        evidence=[fe.Survey("pupils", step="happened", yes=20, n=1000, where={"age": (12, 16)})],
        assumptions=[shift],
    )
    numbers = fe.Bounds(
        ages=(0, 11), lower=1_000, upper=12_000, numbers=True, statement="all children"
    )
    rates = fe.Bounds(ages=(0, 11), lower=0.001, upper=0.012, statement="every group")
    settings = {"seed": 1, "engine": "importance", "draws": 400, "progress": False}
    with pytest.raises(fe.SpecError, match="limits in numbers of all people"):
        fe.check.compare(base, {"n": numbers}, where={"sex": "f"}, **settings)
    with pytest.raises(fe.SpecError, match="along which some people are filled in"):
        fe.check.compare(base, {"s": shift}, where={"age": (0, 11)}, **settings)
    girls = fe.check.compare(base, {"r": rates}, where={"sex": "f"}, **settings)
    number = rows(girls, "r").loc["number at 'happened', age 0-11 (sex f)"]
    np.testing.assert_allclose([number["low"], number["high"]], [500, 6_000])
    assert number["unit"] == "people per year, mean over 2017-2018"
    everybody = fe.check.compare(base, {"n": numbers}, **settings)
    number = rows(everybody, "n").loc["number at 'happened', age 0-11"]
    np.testing.assert_allclose([number["low"], number["high"]], [1_000, 12_000])


def test_a_failed_gate_shows_no_number(compared):
    from dataclasses import replace

    fits = compared.details["results"]["shift"][0]
    closed = replace(fits, gate=replace(fits.gate, failures=("k-hat 0.9",)))
    assert not closed.gate.passed
    results = {**compared.details["results"], "shift": (closed,)}
    shown = COMPARE.judged(compared.found, {**compared.details, "results": results})
    found = rows(shown, "shift")
    assert found[["median", "low", "high", "prior_low"]].isna().all().all()
    assert (found["mark"] == "CONVERGENCE GATE FAILED").all()
    assert not shown.passed
    assert "gate failed: shift" in shown.text
    assert shown.mark == "CONVERGENCE GATE FAILED: shift"
    dutch = shown.in_language("nl")
    assert set(rows(dutch, "shift")["mark"]) == {"CONVERGENTIETOETS NIET GEHAALD"}
    assert "niet werd gehaald: shift" in dutch.text


def test_several_assumptions_may_be_one_alternative():
    parts = [
        fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(0, 0.1), statement="one"),
        fe.Shift(ages=(17, 17), like=(12, 16), prior=fe.Normal(0, 0.2), statement="two"),
    ]
    both = fe.check.compare(
        model(SHIFT), {"both": parts}, seed=1, engine="importance", draws=400, progress=False
    )
    (fits,) = both.details["results"]["both"]
    assert list(fits.model.assumptions) == parts
    assert both.headline.startswith("Nobody was asked there (age 0-11, 17): every number")
    assert both.in_language("nl").headline.startswith(
        "Niemand is daar ondervraagd (leeftijd 0-11, 17): elk getal"
    )


def test_the_same_seed_gives_the_same_table():
    one, two = (
        fe.check.compare(
            model(SHIFT),
            {"shift": SHIFT},
            seed=9,
            engine="importance",
            draws=400,
            progress=False,
        ).table
        for _ in range(2)
    )
    assert one.equals(two)


def test_what_is_printed_is_no_finer_than_its_monte_carlo_error(compared):
    shown = repr(compared)
    assert shown.startswith(compared.text)
    row = rows(compared, "shift").loc["number at 'happened', age 0-11"]
    assert 100 < row["high_mc_error"] < 15_000
    unit = 10 ** np.ceil(np.log10(row["high_mc_error"] / 1.5))
    near = {f"{unit * np.round(row['high'] / unit):,.0f}"}
    assert near <= set(shown.split())
    assert f"{row['high']:,.0f}" not in shown
    assert "e+0" not in shown
