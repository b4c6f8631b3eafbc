"""The same people entered as if they were others: what is asked about, and what is not."""

from __future__ import annotations

import warnings
from dataclasses import replace
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


@pytest.mark.parametrize(
    "said",
    [{}, {"defects": [fe.Coverage(1.0)]}, {"defects": [fe.PPV(1.0), fe.Coverage(fe.Fixed(1.0))]},
     {"where": {"sex": ["male", "female"]}}],
    ids=["nothing", "coverage", "both", "where"],
)  # fmt: skip
def test_four_complete_registers_that_are_nested(said):
    """Counts that are taken together are not asked about, exact or rounded."""
    silent(*registers(**said))
    silent(*(replace(one, count=fe.Rounded(one.count, to=3)) for one in registers(**said)))
    apart = [replace(one, defects=[*one.defects, fe.Overdispersion(0.1)])
             for one in registers(**said)]  # fmt: skip
    with pytest.warns(fe.FunnelestWarning, match="nobody reaches a later one.*Cascade") as caught:
        model(*apart)
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
    silent(fe.Cascade(name="all", counts=COUNTS, among=True), registers()[0])
    silent(fe.Cascade(name="all", counts=COUNTS, among=False), registers()[0])


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
        made.with_evidence([*made.evidence, registers(count=900)[0]])
    plain = silent(registers()[0])
    with pytest.warns(fe.FunnelestWarning, match="384 people"):
        plain.with_evidence(cohorts())


PART = [fe.Coverage(fe.Beta(8, 2))]
TWICE = {
    "survey": fe.Survey(name="one", step="screened", yes=200, n=5_000),
    "survey of a step": fe.Survey(name="one", of="screened", step="examined", yes=20, n=50),
    "share": fe.Survey(name="one", step="screened", share=fe.Rounded(0.11, to=0.01), n=5_000),
    "interval": fe.Survey(name="one", step="screened", share=0.11, interval=(0.08, 0.15)),
    "register": fe.Register(name="one", step="screened", count=5_123),
    "small register": fe.Register(name="one", step="screened", count=3),
    "part": fe.Register(name="one", step="screened", count=512, defects=PART),
    "classes": fe.Register(
        name="one", step="screened", by="sex", count={"female": 12, "male": 17},
        defects=PART,
    ),
    "total": fe.Total(name="one", step="examined", estimate=5_000, interval=(1_000, 9_000)),
    "cohort": fe.Cohort(name="one", of="screened", step="began", n=384, yes=80),
    "cascade": fe.Cascade(name="one", counts=COUNTS),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
@pytest.mark.parametrize("where", [{}, {"sex": ["female", "male"]}], ids=["alike", "written out"])
def test_what_is_entered_twice(name, where):
    one = TWICE[name]
    silent(one)
    other = replace(one, name="other", where=where, statement="again")
    with pytest.warns(
        fe.FunnelestWarning, match="'one' and .* 'other'.*(twice|the same people)"
    ) as w:
        model(one, other)
    assert len(w) == 1
    with pytest.warns(fe.FunnelestWarning, match="counts 3 times|same people") as caught:
        model(one, other, replace(one, name="third"))
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("one", "changed"),
    [
        (TWICE["survey"], {"yes": 201}),
        (TWICE["survey"], {"n": 5_001}),
        (TWICE["part"], {"count": 513}),
        (TWICE["part"], {"step": "examined"}),
        (replace(TWICE["part"], count=12), {}),
        (replace(TWICE["part"], count=fe.Withheld(1, 4)), {}),
        (replace(TWICE["part"], count=fe.Rounded(500, to=50)), {}),
        (TWICE["total"], {"interval": (1_000, 9_100)}),
    ],
    ids=["yes", "n", "count", "step", "by chance", "withheld", "coarse", "interval"],
)
def test_other_numbers_and_small_ones_are_not_asked_about(one, changed):
    silent(one, replace(one, name="other", **changed))


def test_a_share_typed_as_a_count_of_the_same_people():
    one = fe.Survey(name="one", of="screened", step="examined", yes=50, n=200)
    other = fe.Cohort(name="other", of="screened", step="examined", share=0.25, n=200)
    with pytest.warns(fe.FunnelestWarning, match="Survey 'one' and Cohort 'other' give the same"):
        model(one, other)


def test_two_complete_registers_of_one_step():
    ours, theirs = (fe.Register(name=n, step="began", count=c) for n, c in (("a", 80), ("b", 90)))
    with pytest.warns(fe.FunnelestWarning, match="each hold everybody at one step.*Coverage"):
        model(ours, theirs)
    silent(ours, replace(theirs, where={"sex": "female"}))
    silent(ours, replace(theirs, count=fe.AtLeast(60)))
    silent(ours, replace(theirs, defects=[fe.PPV(fe.Beta(8, 2))]))


@pytest.mark.parametrize("of", [("screened", "examined"), ("screened", "began")])
def test_one_number_followed_from_several_steps(of):
    """384 of 384: it is a group of one size, and fewer came to the later step."""
    asked = [
        fe.Cohort(name=s, of=s, step="completed", n=384, yes=y)
        for s, y in zip(of, (63, 80), strict=True)
    ]
    with pytest.warns(
        fe.FunnelestWarning, match=f"384 people in '{of[0]}' and in '{of[1]}'.*Cascade"
    ):
        model(*asked)
    silent(asked[0], replace(asked[1], n=383))
