"""The same people entered as if they were others: what is asked about, and what is not."""

from __future__ import annotations

import warnings
from itertools import pairwise

import pytest

import funnelest as fe

STEPS = ("screened", "examined", "began", "completed")
COUNTS = dict(zip(STEPS, (384, 165, 84, 63), strict=True))
PEOPLE = fe.Population({"sex": ["female", "male"]}, [10_000, 30_000])


def model(*evidence, skips=()):
    return fe.Model(fe.Route(*STEPS, skips=skips), PEOPLE, fe.Rate(fe.Beta(2, 20)), {}, evidence)


def silent(*evidence, **parts):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return model(*evidence, **parts)


def cohorts(**changed):
    return [
        fe.Cohort(**{"name": step, "of": "screened", "step": step, "n": 384, "yes": yes, **changed})
        for step, yes in list(COUNTS.items())[1:]
    ]


def registers(**changed):
    return [
        fe.Register(**{"name": step, "step": step, "count": n, **changed})
        for step, n in COUNTS.items()
    ]


def test_three_cohorts_of_one_size():
    with pytest.warns(fe.FunnelestWarning) as caught:
        model(*cohorts())
    (one,) = caught
    text = str(one.message)
    assert "Cohort 'examined', Cohort 'began' and Cohort 'completed'" in text
    assert "384 people in 'screened'" in text
    assert "Cascade" in text


@pytest.mark.parametrize("spread", [[], [fe.Overdispersion(0.1)]], ids=["rounded", "scattered"])
def test_four_complete_registers_that_are_nested(spread):
    """Exact counts are taken together, and nothing is asked."""
    coarse = [
        fe.Register(
            name=step, step=step, count=n if spread else fe.Rounded(n, to=3), defects=spread
        )
        for step, n in COUNTS.items()
    ]
    silent(*registers())
    with pytest.warns(fe.FunnelestWarning, match="nobody reaches a later one.*Cascade") as caught:
        model(*coarse)
    (one,) = caught
    assert "'screened', 'examined', 'began', 'completed'" in str(one.message)


def test_several_answers_of_one_survey():
    asked = [
        fe.Survey(name=step, step=step, yes=yes, n=1900)
        for step, yes in (("screened", 300), ("examined", 40))
    ]
    with pytest.warns(fe.FunnelestWarning, match="1,900 people asked.*JointSurvey.*Cascade"):
        model(*asked)


def test_a_cascade_beside_a_cohort_of_its_people():
    one = fe.Cascade(name="all", counts=COUNTS)
    with pytest.warns(fe.FunnelestWarning, match="Cascade 'all' and Cohort 'completed'"):
        model(one, cohorts()[-1])


def test_once_as_a_cascade_nothing_is_asked():
    silent(fe.Cascade(name="all", counts=COUNTS))
    silent(fe.Cascade(name="all", counts=COUNTS), registers()[0])


@pytest.mark.parametrize(
    "evidence",
    [
        [  # each of those at the step before: the same likelihood as a cascade
            fe.Cohort(name=b, of=a, step=b, n=COUNTS[a], yes=COUNTS[b]) for a, b in pairwise(STEPS)
        ],
        [  # others
            cohorts(where={"sex": "female"})[0],
            cohorts(where={"sex": "male"})[1],
        ],
        [  # the same share of two groups
            fe.Cohort(name=name, of="screened", step="began", n=384, yes=yes)
            for name, yes in (("a", 80), ("b", 90))
        ],
        registers()[:2],
        registers(defects=[fe.Coverage(fe.Beta(8, 2))]),
        [one for one in registers() if one.step != "examined"][:2],
    ],
    ids=["one by one", "others", "the same step", "two registers", "coverage", "two apart"],
)
def test_what_is_not_asked_about(evidence):
    silent(*evidence)


def test_registers_that_people_reach_otherwise():
    silent(*registers(), skips=[("screened", "began")])


def test_it_is_asked_once():
    """What was there before is not asked about again."""
    with pytest.warns(fe.FunnelestWarning):
        made = model(*cohorts())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made.with_evidence([*made.evidence, registers()[0]])
    plain = silent(registers()[0])
    with pytest.warns(fe.FunnelestWarning, match="384 people"):
        plain.with_evidence(cohorts())
