"""The value of an assumption at which a conclusion turns, against closed forms."""

import importlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

import funnelest as fe
from funnelest.check import Conclusion, tipping_point
from funnelest.sampling.gate import Gate

GRID = importlib.import_module("funnelest.check.tipping_point")
SHIFT = "shift[age 0-11 against 12-16]"
YOUNG, OLD = {"age": (0, 11)}, {"age": (12, 16)}
FAILED = Gate("importance", {"k-hat": 0.9}, ("Pareto k-hat is 0.90, it must be below 0.7",))
PRIOR = fe.Normal(-0.7, 0.5)
POSTERIOR = stats.beta(1 + 40, 30 + 1900 - 40)  # of the rate at 12-16


def model(prior=PRIOR):
    return fe.Model(
        fe.Route("happened", "told"),
        fe.Population({"age": [(0, 11), (12, 16)]}, [2e6, 1e6]),
        fe.Rate(fe.Beta(1, 30)),
        evidence=[fe.Survey(name="asked", step="happened", yes=40, n=1900, where=OLD)],
        assumptions=[fe.Shift(ages=(0, 11), like=(12, 16), prior=prior, statement="assumed")],
    )


def young(q):
    return q.number("happened", YOUNG)


def old(q):
    return q.number("happened", OLD)


def many(probability=0.5):
    return Conclusion(
        statement="more than 30,000 under 12", larger=young, than=30_000, probability=probability
    )


def exact(shift):
    """Return the probability that 2e6 times the shifted rate is above 30,000."""
    return POSTERIOR.sf(expit(logit(0.015) - np.asarray(shift)))


def judged(found, **changed):
    """Return the verdict on the same, with other numbers."""
    return GRID.judged({**found.details, **changed})


@pytest.fixture(scope="module")
def found():
    return tipping_point(model(), many(0.8), {SHIFT: np.linspace(-1, 0.4, 8)}, seed=3, draws=2000)


def test_the_probability_at_every_value(found):
    table = found.table
    assert list(table) == [SHIFT, "probability", "probability_mc_error", "holds", "basis", "mark"]
    away = (table["probability"] - exact(table[SHIFT])) / table["probability_mc_error"]
    assert np.abs(away).max() < 4
    assert list(table["holds"]) == list(exact(table[SHIFT]) >= 0.8)
    assert set(table["basis"]) == {"imputed"}
    assert set(table["mark"]) == {""}
    assert found.passed


def test_where_it_turns(found):
    truth = float(logit(0.015) - logit(POSTERIOR.ppf(0.2)))
    (value,) = found.tables["turns"]["value"]
    (turn,) = found.found
    assert value == pytest.approx(truth, abs=0.02)
    assert turn.low < value < turn.high
    assert turn.between[0] < value < turn.between[1]
    assert turn.begins
    assert turn.kind == "at"
    assert turn.prior_above == pytest.approx(stats.norm(-0.7, 0.5).sf(value))
    assert "begins to hold at" in found.headline
    below = f"{100 * (1 - turn.prior_above):.0f}% on values below"
    assert f"The prior of the model puts {below}" in found.text
    assert "imputed" in found.text


def test_the_same_seed_gives_the_same_answer():
    grid = {SHIFT: [-0.6, -0.3, 0.0]}
    one, same, other = (
        tipping_point(model(), many(), grid, seed=seed, draws=400) for seed in (5, 5, 6)
    )
    assert one.table.equals(same.table)
    assert one.found == same.found
    assert (one.table["probability"] != other.table["probability"]).any()


def test_what_follows_from_the_held_value_jumps():
    conclusion = Conclusion(
        statement="more under 12 than at 12-16", larger=young, than=old, probability=0.9
    )
    found = tipping_point(model(), conclusion, {SHIFT: [-1.5, -1, -0.5, 0]}, seed=1, draws=400)
    assert list(found.table["probability"]) == [
        0,
        0,
        1,
        1,
    ]  # it turns at log(1/2) on the log-odds, or so
    (turn,) = found.found
    assert turn.kind == "jump"
    assert turn.value == -0.75  # halfway, whatever the stated probability
    assert (turn.low, turn.high) == turn.between == (-1.0, -0.5)
    assert "between shift[age 0-11 against 12-16] = -1 and -0.5" in found.text
    low, high = (f"{100 * PRIOR.cdf(v):.0f}%" for v in (-1, -0.5))
    assert f"{low} to {high} on values below that" in found.text


@pytest.mark.parametrize(("than", "word"), [(1.0, "holds"), (1.9e6, "fails")])
def test_a_conclusion_that_never_turns(than, word):
    conclusion = Conclusion(statement="it", larger=young, than=than)
    found = tipping_point(model(), conclusion, {SHIFT: [-1, 0, 1]}, seed=1, draws=400)
    assert found.found == ()
    assert f"{word} over the whole grid" in found.headline


def test_two_parameters():
    grid = {SHIFT: [-1.0, -0.4, 0.2], "rate of happened": [0.01, 0.02, 0.04, 0.08]}
    found = tipping_point(model(), many(), grid, seed=1, draws=400)
    assert found.details["probability"].shape == (3, 4)
    table = found.table
    rate = expit(logit(table["rate of happened"]) + table[SHIFT])
    assert list(table["holds"]) == list(rate > 0.015)
    assert found.found == ()
    assert f"holds at {int((rate > 0.015).sum())} of the 12 points" in found.headline


def test_turning_twice_and_a_fit_that_failed(found):
    hump = judged(
        found,
        over={SHIFT: (-2.0, -1.0, 0.0, 1.0, 2.0)},
        conclusion=many(0.5),
        probability=np.array([0.2, np.nan, 0.8, 0.6, 0.4]),
        mc_error=np.array([0.01, np.nan, 0.01, 0.01, 0.01]),
        marks=np.array(["", "CONVERGENCE GATE FAILED", "", "", ""]),
    )
    first, second = hump.found
    assert first.kind == "gap"
    assert (first.low, first.high) == (-2.0, 0.0)
    assert first.value == pytest.approx(-1.0)
    assert second.value == pytest.approx(1.5)
    assert not second.begins
    assert 1 < second.low < 1.5 < second.high < 2
    assert "the fits between failed" in hump.text
    assert "At 1 of the 5 points the fit did not pass" in hump.text
    assert not hump.passed
    assert hump.table["holds"].isna().tolist() == [False, True, False, False, False]


def test_a_failed_gate_gives_a_mark_and_never_a_number(monkeypatch):
    starts = []

    def failing(model, *, start, **others):
        starts.append(start)
        made = fe.fit(model, start=start, **others)
        shift = model.instead[SHIFT]
        if shift == 1:
            raise fe.FitError("nothing fits")
        return replace(made, gate=FAILED) if shift == 0 else made

    monkeypatch.setattr(GRID, "fit_within", failing)
    found = tipping_point(model(), many(), {SHIFT: [-1, 0, 1, 2]}, seed=1, draws=400)
    assert np.isnan(found.table["probability"]).tolist() == [False, True, True, False]
    assert found.table["mark"].tolist() == [
        "", "CONVERGENCE GATE FAILED", "NO FIT: nothing fits", "",
    ]  # fmt: skip
    assert starts[0] is None
    assert starts[1] is starts[2] is starts[3]  # never from a fit that failed


def test_a_quantity_without_a_value():
    conclusion = Conclusion(statement="it", larger=lambda q: young(q) * np.nan, than=1.0)
    found = tipping_point(model(), conclusion, {SHIFT: [-1, 0, 1]}, seed=1, draws=400)
    assert np.isnan(found.table["probability"]).all()
    assert all(mark.startswith("NO VALUE") for mark in found.table["mark"])
    assert "nothing can be said" in found.text


def test_every_problem_at_once():
    wrong = Conclusion(statement=" ", larger=3, than="none", probability=1.0)
    with pytest.raises(fe.SpecError) as caught:
        tipping_point(
            model(fe.Truncated(PRIOR, -2, 1)), wrong,
            {SHIFT: [0, -1, 3], "shift": [1, 2], "rate of happened": [0.1, 0.2, np.nan]},
            seed=-1, engine="fast", draws=10,
        )  # fmt: skip
    said = "\n".join(caught.value.problems)
    for text in (
        "over must name one or two parameters; given 3",
        "there is no unknown parameter 'shift'; these are: 'rate of happened'",
        "must ascend",
        "must lie between -2 and 1, the support of its prior; given 3",
        "must hold at least 3 values; given 2",
        "must hold finite numbers",
        "conclusion: field 'statement' is needed",
        "field 'larger' must be a function",
        "field 'than' must be a function of q or a number",
        "field 'probability' must lie strictly between 0 and 1; given 1.0",
        "seed must be a whole number",
        "engine must be 'auto', 'importance' or 'hmc'; given 'fast'",
        "draws must be a whole number of at least 400; given 10",
    ):
        assert text in said, text


def test_other_things_in_their_place():
    for arguments, text in (
        ((3, many(), {SHIFT: [0, 1, 2]}), "model must be a Model"),
        ((model(), 3, {SHIFT: [0, 1, 2]}), "conclusion must be a Conclusion"),
        ((model(), many(), [SHIFT]), "over must map one or two parameters"),
        ((model(), many(), {}), "over must map one or two parameters"),
        ((model(), many(), {SHIFT: "abc"}), "must be a list of values"),
        (
            (model(), Conclusion(statement="it", larger=lambda q: np.ones(7), than=1.0),
             {SHIFT: [0, 1, 2]}),
            "one number per draw",
        ),
    ):  # fmt: skip
        with pytest.raises(fe.SpecError, match=text):
            tipping_point(*arguments, seed=1)


@pytest.fixture
def no_fit(monkeypatch):
    def fit(*_, **__):
        pytest.fail("it was fitted before its arguments were checked")

    monkeypatch.setattr(GRID, "fit_within", fit)


@pytest.mark.parametrize("seed", [True, None, 1.0])
def test_a_seed_is_a_whole_number(no_fit, seed):
    with pytest.raises(fe.SpecError, match="seed must be a whole number"):
        tipping_point(model(), many(), {SHIFT: [0, 1, 2]}, seed=seed)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda q: {}["a"], "fails (KeyError: 'a')."),
        (lambda q: 1 / 0, "fails (ZeroDivisionError: division by zero)."),
        (
            lambda q: np.ones((3, q.draws)),
            "must return one number per draw; the shape is (3, 2), with 2 draws.",
        ),
        (lambda q: "many", "must return one number per draw; it gave str."),
    ],
)
def test_functions_that_fail_are_named_in_one_sentence(no_fit, function, text):
    for name in ("larger", "than"):
        conclusion = Conclusion(**{"statement": "it", "larger": young, "than": 1.0, name: function})
        with pytest.raises(fe.SpecError) as caught:
            tipping_point(model(), conclusion, {SHIFT: [0, 1, 2]}, seed=1)
        assert caught.value.problems == (f"conclusion: {name} {text}",)


def test_a_wrong_name_in_a_function_is_said_of_that_function(no_fit):
    conclusion = Conclusion(statement="it", larger=young, than=lambda q: q.number("nowhere"))
    with pytest.raises(fe.SpecError) as caught:
        tipping_point(model(), conclusion, {SHIFT: [0, 1, 2]}, seed=1)
    (text,) = caught.value.problems
    assert text.startswith("conclusion: than: ")
    assert "nowhere" in text


def test_a_function_that_fails_only_on_the_draws_of_a_fit_is_named_too():
    conclusion = Conclusion(statement="it", larger=lambda q: np.ones(2), than=0.0)
    with pytest.raises(fe.SpecError) as caught:
        tipping_point(model(), conclusion, {SHIFT: [0, 1, 2]}, seed=1, draws=400)
    assert caught.value.problems == (
        "conclusion: larger must return one number per draw; the shape is (2,), with 400 draws.",
    )


def test_limits_without_a_distribution_are_refused_before_any_fit(no_fit):
    limits = fe.Bounds(ages=(0, 11), lower=0.001, upper=0.05, statement="assumed")
    bounded = fe.Model(
        fe.Route("happened", "told"),
        fe.Population({"age": [(0, 11), (12, 16)]}, [2e6, 1e6]),
        fe.Rate(fe.Beta(1, 30)),
        evidence=[fe.Survey(name="asked", step="happened", yes=40, n=1900, where=OLD)],
        assumptions=[limits],
    )
    with pytest.raises(fe.SpecError) as caught:
        tipping_point(bounded, many(), {"rate of happened": [0.01, 0.02, 0.03]}, seed=1)
    (text,) = caught.value.problems
    assert "no probability of a conclusion" in text


def test_between_neighbours_it_is_linear_in_the_parameter(found):
    # Over a span that the figure draws logarithmically: halfway is (1 + 100) / 2, and not 10.
    wide = judged(
        found,
        over={SHIFT: (1.0, 100.0)},
        conclusion=many(0.5),
        probability=np.array([0.2, 0.8]),
        mc_error=np.array([0.01, 0.01]),
        marks=np.array(["", ""]),
    )
    assert [turn.value for turn in wide.found] == pytest.approx([50.5])


def test_a_dutch_reader_gets_dutch(found):
    said = found.in_language("nl")
    assert said.headline.startswith("Van laag naar hoog geldt voor de conclusie \u201cmore than")
    assert "gaat op vanaf" in said.headline
    assert "Vastgezet, niet geschat" in said.text
    failed = judged(
        found, marks=np.full(8, "CONVERGENCE GATE FAILED"), probability=np.full(8, np.nan)
    )
    assert failed.mark == "NO PROBABILITY AT 8 OF 8 POINTS"
    assert failed.in_language("nl").mark == "GEEN KANS OP 8 VAN 8 PUNTEN"
    assert "nothing can be said" in failed.headline
