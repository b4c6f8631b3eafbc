"""All verdicts on one screen, and the marks that they leave."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import funnelest as fe
from funnelest.check.trust import CHECKS, trust
from funnelest.sampling.gate import chains_gate
from funnelest.words import Language, named, say

PEOPLE = fe.Population({"sex": ["male", "female"]}, [6000, 4000])


def model(*evidence):
    return fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(2, 8)), {("a", "b"): fe.Share(fe.Beta(2, 2))},
        [fe.Survey("s", step="a", yes=300, n=1000), fe.Survey("t", step="b", of="a", yes=80, n=200),
         *evidence],
    )  # fmt: skip


def fitted_to(*evidence):
    return fe.fit(model(*evidence), seed=1, draws=2000, progress=False)


@pytest.fixture(scope="module")
def calm():
    return trust(fitted_to(fe.Survey("u", step="a", yes=60, n=210)), cores=1, progress=False)


@pytest.fixture(scope="module")
def torn():
    found = fitted_to(fe.Survey("u", step="a", yes=400, n=1000))
    return trust(found, cores=1, progress=False)


def test_every_check_is_made(calm):
    assert set(calm.checks) == set(CHECKS)
    assert not calm.not_made
    assert calm.passed, calm.text
    assert calm.mark == ""
    assert set(calm.table["verdict"]) == {"passed"}
    assert calm.headline == "All 6 checks that were made passed."
    assert (calm.table["seconds"] > 0).all()


def test_what_failed_comes_first_and_marks_every_table(torn):
    assert not torn.passed
    assert torn.failed[0] == "conflict"
    assert torn.table["verdict"].iloc[0] == "FAILED"
    assert "s" in torn.checks["conflict"].mark
    assert "u" in torn.checks["conflict"].mark
    for name in torn.failed:
        assert torn.checks[name].mark in torn.mark
    assert set(torn.result.steps()["mark"]) == {torn.mark}
    assert set(torn.result.figures()["mark"]) == {torn.mark}
    assert torn.text.index(torn.checks["conflict"].text) < torn.text.index("convergence: ")


def test_one_screen(torn, calm):
    for one in (torn, calm):
        lines = repr(one).splitlines()
        assert len(lines) < 45
        assert max(map(len, lines)) <= 200
        assert one.headline == lines[0]


def test_the_marks_are_kept_in_the_file(torn, tmp_path):
    said = say("contributions.mark", names=[named("word.number_at", step="a"), "x"])
    for name, result in (("r", torn.result), ("s", torn.result.marked([said, "own words"]))):
        fe.save(result, tmp_path / f"{name}.nc")
        read = fe.load(tmp_path / f"{name}.nc")
        assert read.mark == result.mark
    assert read.mark == "RESTS ON PRIORS: number at a, x; own words"
    assert Language("nl").say(read.said_mark) == "BERUST OP PRIORS: aantal bij a, x; own words"


def test_behind_a_closed_gate_little_is_checked():
    result = fitted_to()
    gate = chains_gate(1.2, 500, 500, 0, 0.9)
    found = trust(dataclasses.replace(result, gate=gate), cores=1, progress=False)
    assert set(found.checks) == {"convergence", "identification"}
    assert found.failed[0] == "convergence"
    assert set(found.not_made) == set(CHECKS) - set(found.checks)
    assert not found.passed
    assert found.result.mark.count("CONVERGENCE GATE FAILED") == 1
    assert "not made" in set(found.table["verdict"])
    dutch = found.in_language("nl")
    assert dutch.headline.startswith("1 van 2 controles niet gehaald: convergentie; niet gedaan:")
    assert dutch.mark.startswith("CONVERGENTIETOETS NIET GEHAALD")
    assert "de convergentietoets is niet gehaald" in dutch.not_made["conflict"]
    for text in (repr(dutch), dutch.text, " ".join(dutch.table["asks"])):
        assert not set(text.split()) & {"the", "that", "made:", "did", "was", "check"}, text
    with pytest.raises(fe.SpecError, match="language must be one of"):
        found.in_language("fr")


def test_your_own_checks_stand_among_the_others(calm):
    one = fe.check.convergence(calm.result)
    found = trust(calm.result, also=[one, one], cores=1, progress=False)
    assert {"convergence", "convergence 2", "convergence 3"} < set(found.checks)


def test_the_same_seed_gives_the_same_answer(torn):
    again = trust(torn.result, seed=torn.result.seed, cores=1, progress=False)
    assert again.headline == torn.headline
    one, other = again.checks["conflict"].table, torn.checks["conflict"].table
    assert list(one.columns) == list(other.columns)
    numbers = one.select_dtypes("number").columns
    np.testing.assert_array_equal(one[numbers], other[numbers])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seed": -1}, "seed must be a whole number"),
        ({"also": [3]}, "also must hold checks; given 3."),
        ({"quantities": {"x": 1}}, "quantity 'x' must be a function of q; given 1."),
    ],
)
def test_arguments_that_cannot_be_meant(calm, options, sentence):
    with pytest.raises(fe.SpecError, match=sentence.replace("(", "\\(")):
        trust(calm.result, **options)
    with pytest.raises(fe.SpecError, match="result must be a Result; given 3"):
        trust(3)


def test_imputed_totals_are_looked_at():
    people = fe.Population({"age": [(0, 11), (12, 16)]}, [6000, 4000])
    shift = fe.Shift(ages=(0, 11), like=(12, 16), prior=fe.Normal(0, 1), statement="much alike")
    asked = fe.Survey("s", step="a", yes=300, n=1000, where={"age": (12, 16)})
    made = fe.Model(
        fe.Route("a", "b"), people, fe.Rate(fe.Beta(2, 8)), {("a", "b"): fe.Share(fe.Beta(2, 2))},
        [asked, fe.Survey("t", step="b", of="a", yes=80, n=200)], [shift],
    )  # fmt: skip
    found = trust(fe.fit(made, seed=1, progress=False), cores=1, progress=False)
    assert "imputed number at a" in found.checks["contributions"].headline
    assert "imputed number at a" in found.checks["identification"].headline
    assert "imputed number at b" in set(found.checks["prior_sensitivity"].table["quantity"])
    assert not found.passed
