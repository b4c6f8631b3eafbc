"""What cannot be meant is refused, in sentences, all at once, and never with a traceback."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import funnelest as fe

SEEN = {"age": (12, 16), "year": 2017}


def refusal(build, *evidence, **parts):
    with pytest.raises(fe.SpecError) as caught:
        build(*evidence, **parts)
    return caught.value


def sentence(build, *evidence, **parts):
    problems = refusal(build, *evidence, **parts).problems
    assert len(problems) == 1, problems
    return problems[0]


# --------------------------------------------- one mistake: source, field, allowed, given

MISTAKES = {
    "share above 1": (
        fe.Survey(name="s", step="happened", share=1.2, n=100),
        ["Survey 's'", "'share'", "between 0 and 1", "1.2"],
    ),
    "share below 0": (
        fe.Cohort(name="c", of="told", step="helped", share=-0.1, n=100),
        ["Cohort 'c'", "'share'", "between 0 and 1", "-0.1"],
    ),
    "more yes than asked": (
        fe.Survey(name="s", step="happened", yes=40, n=39),
        ["Survey 's'", "'yes'", "(40)", "'n'", "n=39"],
    ),
    "more own yes than asked": (
        fe.OwnBinomial(name="o", quantity=lambda q: 0.5, yes=40, n=39),
        ["OwnBinomial 'o'", "'yes'", "'n'", "40 of 39"],
    ),
    "bare total": (
        fe.Survey(name="s", step="happened", total=20_800),
        ["Survey 's'", "'n'", "'deff'", "'se'", "'interval'", "total"],
    ),
    "bare share": (
        fe.Survey(name="s", step="happened", share=0.02),
        ["Survey 's'", "'n'", "'se'", "'interval'", "not evidence"],
    ),
    "bare number": (
        fe.Total(name="t", step="helped", estimate=12_500),
        ["Total 't'", "'se'", "'interval'", "not evidence"],
    ),
    "total above everybody": (
        fe.Survey(name="s", step="happened", total=9e9, n=100),
        ["Survey 's'", "'total'", "9,000,000,000"],
    ),
    "share that is not nested": (
        fe.Survey(name="s", step="reported", of="told", yes=3, n=39),
        ["Survey 's'", "'reported' can be reached without passing 'told'", "Cohort"],
    ),
    "backwards share": (
        fe.Survey(name="s", step="happened", of="told", yes=3, n=39),
        ["no path leads from 'told'", "'of'"],
    ),
    "not a multiple": (
        fe.Register(name="r", step="reported", count=fe.Rounded(955, to=50)),
        ["Register 'r'", "'count'", "955 is not a multiple of 50"],
    ),
    "no such transition": (
        fe.Register(name="r", step=("happened", "helped"), count=3),
        ["Register 'r'", "'step'", "happened -> helped", "told -> helped"],
    ),
    "empty where": (
        fe.Register(name="r", step="reported", count=3, where={"sex": []}),
        ["Register 'r'", "'sex'", "empty"],
    ),
    "both kinds of false records": (
        fe.Register(name="r", step="reported", count=3, ppv=0.8, false_positives=3),
        ["Register 'r'", "'ppv'", "'false_positives'"],
    ),
    "coverage above 1": (
        fe.Register(name="r", step="reported", count=3, coverage=1.5),
        ["Register 'r'", "'coverage'", "between 0 and 1", "1.5"],
    ),
    "no coverage": (
        fe.Register(name="r", step="reported", count=3, coverage=0),
        ["Register 'r'", "'coverage'", "above 0"],
    ),
    "negative spread": (
        fe.Register(name="r", step="reported", count=3, overdispersion=-0.3),
        ["Register 'r'", "'overdispersion'", "above 0", "-0.3"],
    ),
    "no spread": (
        fe.Register(name="r", step="reported", count=3, overdispersion=0),
        ["Register 'r'", "'overdispersion'", "above 0"],
    ),
    "negative bridge": (
        fe.Register(
            name="r",
            step="reported",
            count=3,
            bridges=[fe.Bridge("twice", fe.Fixed(-2, statement="no"))],
        ),
        ["Register 'r'", "bridge 'twice'", "above 0", "-2"],
    ),
    "bridge without a reason": (
        fe.Total(name="t", step="told", interval=(1, 2), bridges=[fe.Bridge("x", fe.Beta(1, 1))]),
        ["Total 't'", "bridge 'x'", "statement"],
    ),
    "bridge named as a field": (
        fe.Register(
            name="r",
            step="reported",
            count=3,
            coverage=0.9,
            bridges=[fe.Bridge("coverage", fe.Fixed(0.5, statement="half"))],
        ),
        ["Register 'r'", "'coverage'", "field"],
    ),
    "impossible prior interval": (
        fe.Register(name="r", step="reported", count=3, coverage=fe.Beta.from_interval(0.9, 0.5)),
        ["Register 'r'", "coverage", "low=0.9", "high=0.5"],
    ),
    "unknown shared parameter": (
        fe.Register(name="r", step="reported", count=3, coverage=fe.Shared("kover")),
        ["coverage[r]", "'kover'", "'cover'"],
    ),
    "mean over an unknown axis": (
        fe.Register(name="r", step="reported", count=3, per="month"),
        ["Register 'r'", "'per'", "'month'", "age, sex, year"],
    ),
    "no destination": (
        fe.Cohort(name="c", of="told", yes=3, n=39),
        ["Cohort 'c'", "'step'", "'went'"],
    ),
    "no direct transition": (
        fe.Cohort(name="c", of="told", went={"investigated": 3}, n=39),
        ["Cohort 'c'", "'went'", "'investigated'", "reported, helped"],
    ),
    "more went than followed": (
        fe.Cohort(name="c", of="told", went={"reported": 30, "helped": 30}, n=39),
        ["Cohort 'c'", "'went'", "60", "n=39"],
    ),
    "estimate outside its interval": (
        fe.Total(name="t", step="helped", estimate=100, interval=(110, 120)),
        ["Total 't'", "'interval'", "100", "(110, 120)"],
    ),
    "design effect below 1": (
        fe.Survey(name="s", step="happened", yes=4, n=39, deff=0.5),
        ["Survey 's'", "'deff'", "at least 1", "0.5"],
    ),
    "unknown scale": (
        fe.OwnNormal(name="o", quantity=lambda q: 1.0, estimate=3, se=1, scale="sqrt"),
        ["OwnNormal 'o'", "'identity', 'log', 'logit'", "'sqrt'"],
    ),
    "no function": (
        fe.OwnPoisson(name="o", quantity="helped", count=3),
        ["OwnPoisson 'o'", "'quantity'", "'helped'"],
    ),
}


@pytest.mark.parametrize(("wrong", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told(wrong, words, build):
    text = sentence(build, wrong)
    assert all(word in text for word in words), text


def test_two_sources_with_one_name(build):
    one = fe.Register(name="r", step="told", count=3)
    text = sentence(build, one, dataclasses.replace(one, count=4))
    assert "two pieces of evidence are named 'r'" in text


def test_a_model_that_is_not_made_of_parts(build):
    assert "route must be a Route" in sentence(build, route="a -> b")
    assert "population must be a Population" in sentence(build, population=[1, 2])
    assert "occurrence must be a Rate or a Number" in sentence(build, occurrence=0.02)
    assert "evidence must be pieces of Evidence" in sentence(build, "a register of 950")
    assert "must be a Share" in sentence(build, transitions={("happened", "told"): 0.3})
    assert "no transition happened -> helped" in sentence(
        build, transitions={("happened", "helped"): fe.Share(0.3)}
    )
    assert "assumptions must be objects such as Shift" in sentence(build, assumptions=["none"])


def test_a_rate_needs_people(build):
    with pytest.raises(fe.SpecError, match="no head count"):
        build(population=fe.Population.cells({"sex": ["m", "f"]}))
    text = str(
        refusal(
            build, fe.Survey(name="s", step="told", share=0.3, n=10),
            population=fe.Population.cells(), occurrence=fe.Number(100.0),
        )
    )  # fmt: skip
    assert "give 'of'" in text


def test_a_shared_parameter_must_fit_its_places(build):
    source = fe.Register(name="r", step="reported", count=3, coverage=fe.Shared("wide"))
    text = sentence(build, source, parameters={"wide": fe.LogNormal(0, 1)})
    assert "coverage[r] must lie between 0 and 1" in text
    assert "LogNormal(0, 1)" in text


def test_a_parameter_defined_twice_is_refused(build):
    text = sentence(build, parameters={"rate of happened": fe.Beta(1, 1)})
    assert "both define the parameter 'rate of happened'" in text


def test_two_assumptions_on_the_same_cells_are_refused(build):
    shift = fe.Shift(ages=(0, 11), like=(12, 16), prior=0.0, statement="alike")
    other = dataclasses.replace(shift, like=(17, 17))
    assert "already sets the same cells" in sentence(build, assumptions=[shift, other])
    overlap = dataclasses.replace(shift, like=(0, 16))
    assert "overlap" in sentence(build, assumptions=[overlap])


# -------------------------------------------------- figures that cannot be true together


def chain(build, *evidence, skips=(), **parts):
    route = fe.Route("happened", "told", "reported", "investigated", "helped", skips=skips)
    people = fe.Population({"year": [2017, 2018]}, [3_300_000, 3_300_000])
    return build(
        *evidence, route=route, population=people, transitions={},
        occurrence=fe.Rate(fe.LogNormal.from_interval(0.005, 0.06)), **parts,
    )  # fmt: skip


FACT_SHEET = (
    fe.Register(name="VT", step="reported", count=fe.Rounded(950, to=50), per="year"),
    fe.Total(name="help", step="helped", estimate=12_500, interval=(9_500, 15_500), per="year"),
)


def test_the_fact_sheet_is_impossible_without_skips(build):
    text = sentence(lambda *e, **p: chain(build, *e, **p), *FACT_SHEET)
    for words in (
        "Total 'help'",
        "Register 'VT'",
        "likelihood is zero",
        "skip edge is needed",
        "skips=[('told', 'reported')]".replace("reported", "helped"),
        "Bridge",
        "coverage",
    ):
        assert words in text, text


@pytest.mark.parametrize("skip", [("happened", "helped"), ("told", "helped")])
def test_the_fact_sheet_is_possible_with_a_skip(skip, build):
    assert len(chain(build, *FACT_SHEET, skips=[skip]).evidence) == 2


def test_a_bridge_or_coverage_makes_it_possible_too(build):
    vt, total = FACT_SHEET
    part = dataclasses.replace(vt, coverage=fe.Beta(2, 20))
    assert chain(build, part, total)
    bridge = fe.Bridge("stock", fe.LogNormal(2, 1, statement="a stock"))
    assert chain(build, vt, dataclasses.replace(total, bridges=[bridge]))


def test_more_than_everybody_is_impossible(build):
    text = sentence(build, fe.Register(name="r", step="told", count=90_000, where=SEEN))
    assert "more than the population" in text


def test_other_proportions_of_the_cells_are_not_called_impossible(build):
    """The sources see the same levels, but in years whose make-up differs: both can be true."""
    people = fe.Population(
        {"age": [1, 2], "year": [2017, 2018]}, [[100_000, 1_000], [1_000, 100_000]]
    )
    sources = [
        fe.Register(name="later", step="told", count=3000, where={"year": 2017}),
        fe.Register(name="earlier", step="happened", count=600, where={"year": 2018}),
    ]
    model = build(
        *sources, population=people, route=fe.Route("happened", "told"), transitions={},
        occurrence=fe.Rate(fe.Beta(1, 30), fe.Levels("age", fe.Normal(0, 3))),
    )  # fmt: skip
    truth = {"rate of happened": 0.05, "rate of happened[age=2]": -4.0, "happened -> told": 0.6}
    from funnelest.density import log_likelihoods

    found = log_likelihoods(model, {name: np.array([v]) for name, v in truth.items()})
    assert found["later"] > -30  # that is, possible indeed
    same = fe.Rate(fe.Beta(1, 30))  # with one rate for all, it is not
    assert "likelihood is zero" in str(
        refusal(
            build, *sources, population=people, route=fe.Route("happened", "told"),
            transitions={}, occurrence=same,
        )
    )  # fmt: skip


def test_a_doubted_head_count_is_not_called_impossible(build):
    people = fe.Population({"age": [1, 2]}, [1_000, 1_000])
    sources = [
        fe.Register(name="later", step="told", count=900, where={"age": 1}),
        fe.Register(name="earlier", step="happened", count=300, where={"age": 2}),
    ]
    more = fe.PopulationError(
        prior=fe.LogNormal(1.0, 1.0), where={"age": 1}, statement="many are not registered"
    )
    parts = {"population": people, "route": fe.Route("happened", "told"), "transitions": {}}
    assert build(*sources, **parts, assumptions=[more])
    assert "likelihood is zero" in str(refusal(build, *sources, **parts))


def test_figures_that_exclude_each_other_give_a_fit_error(build):
    """Not found by the checks, but by the engine: still a sentence and no traceback of NumPy."""
    model = build(
        fe.OwnCustom(
            name="never", quantity=lambda q: q.number("told"), data=0,
            log_likelihood=lambda data, expected: expected * -np.inf,
        )
    )  # fmt: skip
    with pytest.raises(fe.FitError, match="probability"):
        fe.fit(model, engine="importance", seed=1, progress=False)


# ------------------------------------------------------------------ everything at once


def test_all_problems_come_in_one_error(build):
    wrong = [
        fe.Survey(name="s", step="hapened", share=1.2, n=100, where={"agee": 3}),
        fe.Register(name="r", step="reported", count=fe.Rounded(955, to=50), coverage=2.0),
        fe.Register(name="r", step=("told", "told"), count=-3),
        fe.Cohort(name="c", of="told", step="helped", yes=40, n=39, deff=0.1),
        fe.Total(name="t", step="helped", estimate=12_500),
        fe.OwnPoisson(name="o", quantity=3, count=3),
    ]
    error = refusal(
        build, *wrong,
        occurrence=fe.Rate(fe.Beta(1, -1), fe.Levels("sexx")),
        transitions={("happened", "helped"): fe.Share(0.5), ("told", "reported"): fe.Share(1.5)},
        assumptions=[fe.Shift(ages=(0, 5), like=(12, 16), prior=fe.Normal(0, 0), statement="")],
        parameters={"x": fe.Normal.from_interval(3, 1)},
    )  # fmt: skip
    text = str(error)
    assert text.startswith(f"{len(error.problems)} problems in the model:")
    for words in (
        "'hapened'", "given 1.2", "'agee'", "955 is not a multiple", "given 2.0",
        "told -> told", "given -3", "(40)", "given 0.1", "'se' (standard error)",
        "given 3", "beta must be above 0",
        "'sexx'", "no transition happened -> helped", "fixed at 1.5", "cuts the band 0-11",
        "sd must be above 0", "statement", "low=3, high=1", "two pieces of evidence are named 'r'",
    ):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"engine": "stan"}, "given 'stan'"), ({"draws": 10}, "at least 400"),
        ({"draws": 1e4}, "whole number"), ({"chains": 1}, "at least 2"), ({"seed": -1}, "given -1"),
        ({"seed": "one"}, "given 'one'"), ({"start": 3}, "start must be"),
    ],
)  # fmt: skip
def test_fit_refuses_what_cannot_be_meant(arguments, words, build):
    with pytest.raises(fe.SpecError) as caught:
        fe.fit(build(), **arguments)
    assert words in str(caught.value)
    with pytest.raises(fe.SpecError, match="must be a Model"):
        fe.fit("model", **arguments)


def test_simulate_wants_every_parameter(build):
    with pytest.raises(fe.SpecError, match="rate of happened"):
        fe.simulate(build(), seed=1, parameters={"cover": 0.9})
    with pytest.raises(fe.SpecError, match="'covr'"):
        fe.simulate(build(), seed=1, parameters={"covr": 0.9})


def test_leaving_out_an_unknown_source(build):
    with pytest.raises(fe.SpecError, match="no source 'q'"):
        build(fe.Register(name="r", step="told", count=3)).without("q")


# ------------------------------------------------------------------------- garbage

GARBAGE = st.sampled_from(
    [
        None, True, "", "abc", "told", 0, -1, 3, 0.5, 1.0, 2.5, -0.5, math.nan, math.inf, -math.inf,
        1e30, 1e-9, 10**30, (), (1,), (0.2, 0.1), (0.1, 0.2), (1, 2, 3), ("a", "b"), (None, None),
        (math.nan, 1.0), [], [1], ["told"], {}, {"age": 3}, {"told": 1}, {1: "x"}, object(),
        np.float64(0.3),
        np.int64(4), np.array([1.0, 2.0]), ("told", "helped"), fe.Beta(1, 1), fe.Fixed(0.5),
        fe.Shared("cover"), fe.Shared("none"), fe.Normal(0, -1), fe.Rounded(10, to=10),
        fe.Between(1, 3),
        fe.Exact(3), fe.Bridge("b", 2), [fe.Bridge("b", 2)], fe.Beta, lambda q: 1.0,
    ]
)  # fmt: skip


def made(make):
    """Return the model; None when it was refused in sentences. Any other error passes through."""
    try:
        return make()
    except fe.SpecError as error:
        problems = error.problems
    assert problems
    assert all(isinstance(text, str) and text.endswith((".", "?")) for text in problems), problems
    return None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_garbage_is_refused_or_used_as_given(source, build, data):
    """A wrong field gives a SpecError; what is accepted gives no nonsense when evaluated."""
    names = [field.name for field in dataclasses.fields(source) if field.name != "name"]
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    values = {name: data.draw(GARBAGE, label=name) for name in chosen}
    model = made(lambda: build(dataclasses.replace(source, **values)))
    if model is None or isinstance(source, fe.OwnCustom) or "quantity" in values:
        return  # refused; or the user's own functions, which do what they do
    from funnelest.density import Density, prior_draws

    density = Density(model)
    found = density(density.line(prior_draws(model, np.random.default_rng(1), 50)))
    assert np.isfinite(found).any()


PARTS = [
    "occurrence",
    "transitions",
    "evidence",
    "assumptions",
    "parameters",
    "route",
    "population",
]


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PARTS), GARBAGE)
def test_garbage_parts_are_refused(build, part, value):
    model = made(lambda: build(**{part: value}))
    assert model is None or isinstance(model, fe.Model)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_garbage_in_an_assumption_is_refused(assumption, build, data):
    names = [field.name for field in dataclasses.fields(assumption)]
    values = {data.draw(st.sampled_from(names)): data.draw(GARBAGE)}
    model = made(lambda: build(assumptions=[dataclasses.replace(assumption, **values)]))
    assert model is None or isinstance(model, fe.Model)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GARBAGE, GARBAGE)
def test_garbage_in_a_rate_is_refused(build, one, two):
    for rate in (
        lambda: fe.Rate(one),
        lambda: fe.Rate(fe.Beta(1, 30), one),
        lambda: fe.Rate(fe.Beta(1, 30), fe.Levels(one)),
        lambda: fe.Rate(fe.Beta(1, 30), fe.Levels("sex", one, two)),
        lambda: fe.Rate(fe.PerLevel(one, {"male": 0.1})),
        lambda: fe.Rate(fe.PerLevel("sex", one)),
        lambda: fe.Rate(fe.PerLevel("sex", {"male": one, "female": two})),
        lambda: fe.Number(one),
        lambda: fe.Rate(fe.Normal(one, two)),
        lambda: fe.Rate(fe.Truncated(one, low=two)),
        lambda: fe.Rate(fe.Truncated(fe.Beta(1, 1), low=one, high=two)),
        lambda: fe.Rate(fe.Beta.from_interval(one, two)),
    ):
        model = made(lambda rate=rate: build(occurrence=rate()))
        assert model is None or isinstance(model, fe.Model)


def test_a_number_refuses_a_head_count_that_would_multiply_it():
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [1000, 500])
    with pytest.raises(fe.SpecError, match=r"Population\.cells"):
        fe.Model(fe.Route("a", "b"), people, fe.Number(300.0), {})


def test_a_number_refuses_an_error_of_the_head_count():
    error = fe.PopulationError(prior=fe.LogNormal(0, 0.1), statement="it is off")
    with pytest.raises(fe.SpecError, match="the occurrence is a Number"):
        fe.Model(
            fe.Route("a", "b"), fe.Population.cells(), fe.Number(300.0), {}, assumptions=[error]
        )


def test_a_shift_does_not_rest_on_imputed_ages():
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [1000, 500])
    shifts = [
        fe.Shift(ages=a, like=b, prior=1.0, statement="s")
        for a, b in (((0, 11), (12, 16)), ((12, 16), (0, 11)))
    ]
    with pytest.raises(fe.SpecError, match="themselves imputed"):
        fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)), {}, assumptions=shifts)


def test_per_belongs_to_a_total():
    people = fe.Population({"year": [2016, 2017]}, [1000, 500])
    survey = fe.Survey("s", step="b", yes=3, n=30, per="year")
    with pytest.raises(fe.SpecError, match="'per' is of a mean total"):
        fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)), {}, [survey])
