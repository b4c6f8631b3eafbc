"""People who were followed, asked or audited, and are those of the model: no fewer than these."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.results.realised.numbers import Realised

ROUTE = fe.Route("a", "b", "c", skips=[("a", "c")])
CELLS = fe.Population.cells({"sex": ["f", "m"]})
PEOPLE = fe.Population({"sex": ["f", "m"]}, [40, 60])
DRAWS = 300
PPV, COVERAGE = fe.PPV(fe.Beta(1, 1)), fe.Coverage(fe.Beta(1, 1))


def model(*evidence, people=False):
    rate = fe.Rate(fe.Beta(1, 1)) if people else fe.Number(fe.LogUniform(1, 1e3))
    return fe.Model(ROUTE, PEOPLE if people else CELLS, rate, {}, evidence)


def values(made):
    """Draws of the priors, whatever the figures say: what is certain holds for each."""
    rng = np.random.default_rng(3)
    return {
        name: np.asarray(prior.ppf(rng.uniform(0.05, 0.95, DRAWS)))
        for name, prior in made.free.items()
    }


def people(made, where=None, given=None):
    one = Realised(made, values(made) if given is None else given, 5)
    (found,) = one.numbers([made.population.mask(where)])
    assert not any(note.key in ("realised.impossible", "realised.apart") for note in one.notes())
    return found


def register(count, *defects, step="a", **given):
    return fe.Register(name="r", step=step, count=count, defects=defects, **given)


def audit(what, yes, n, **given):
    return fe.Validation(name="x", of="r", what=what, yes=yes, n=n, **given)


def cohort(**given):
    return fe.Cohort(**{"name": "x", "of": "a", "step": "b", **given})


#: A source, what else there is, and of some places the fewest and most that there can be.
CERTAIN = {
    "all audited": (audit("ppv", 40, 50), [register(50, PPV)], {"a": (40, 40)}),
    "most audited": (audit("ppv", 40, 48), [register(50, PPV)], {"a": (40, 42)}),
    "several audits": (
        audit("ppv", [40, 20], [48, 24]), [register(50, PPV)], {"a": (40, 42)}
    ),
    "an audit printed rounded": (
        audit("ppv", fe.Between(30, 40), 50), [register(50, PPV)], {"a": (30, 40)},
    ),
    "unconfirmed": (
        audit("ppv", 30, 50, unconfirmed=15), [register(50, PPV)], {"a": (30, 45)},
    ),
    "false positives": (
        audit("ppv", 40, 48), [register(50, fe.FalsePositives(fe.HalfNormal(5)))], {"a": (40, 42)},
    ),
    "of some classes": (
        audit("ppv", 15, 20, where={"sex": "f"}),
        [register({"f": 20, "m": 30}, PPV, by="sex")], {"a": (15, 45)},
    ),
    "of all classes": (
        audit("ppv", 40, 48), [register({"f": 20, "m": 30}, PPV, by="sex")], {"a": (40, 42)},
    ),
    "not complete": (
        audit("ppv", 40, 50), [register(50, PPV, COVERAGE)], {"a": (40, np.inf)},
    ),
    "known people": (
        audit("coverage", 15, 60), [register(20, COVERAGE)], {"a": (65, np.inf)},
    ),
    "known people of a later step": (
        audit("coverage", 15, 60), [register(20, COVERAGE, step="b")],
        {"a": (65, np.inf), "b": (65, np.inf)},
    ),
    "known people, false records": (
        audit("coverage", 15, 60), [register(20, COVERAGE, PPV)], {"a": (60, np.inf)},
    ),
    "cascade": (
        fe.Cascade(name="x", counts={"a": 60, "b": 50, "c": 20}, of_those=True), [register(60)],
        {"a": (60, 60), "b": (50, 50), "c": (20, 30)},
    ),
    "cascade alone": (
        fe.Cascade(name="x", counts={"a": 40, "b": 20, "c": 6}, of_those=True), [],
        {"a": (40, np.inf), "b": (20, np.inf), "c": (6, np.inf)},
    ),
    "still open": (
        fe.Cascade(name="x", counts={"a": 60, "b": 40}, open={"b": 8}), [register(60)],
        {"b": (40, 48)},
    ),
    "printed cascade": (
        fe.Cascade(name="x", counts={"a": 60}, shares={"b": fe.Rounded(0.5, to=0.1)}),
        [register(60)], {"b": (27, 32)},
    ),
    "cohort": (cohort(yes=50, n=60), [register(60)], {"b": (50, 50)}),
    "part of a cohort": (cohort(yes=30, n=40), [register(60)], {"b": (30, 50)}),
    "printed cohort": (cohort(yes=fe.AtMost(50), n=60), [register(60)], {"b": (0, 50)}),
    "destinations": (
        cohort(step=None, went={"b": 20, "c": 30}, n=60), [register(60)],
        {("a", "b"): (20, 30), ("a", "c"): (30, 40)},
    ),
    "survey of a step": (
        fe.Survey(name="x", of="a", step="b", yes=50, n=60), [register(60)], {"b": (50, 50)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_of_the_models_own_people(name):
    one, beside, limits = CERTAIN[name]
    found = people(model(replace(one, among=True), *beside))
    for place, (low, high) in limits.items():
        assert found[place].min() >= low
        assert found[place].max() <= high


@pytest.mark.parametrize("among", [None, False])
@pytest.mark.filterwarnings("ignore::funnelest.FunnelestWarning")  # asked whose they are
@pytest.mark.parametrize("name", CERTAIN)
def test_of_others_nothing_is_taken(name, among):
    """The numbers are those without the source, for the same rates and shares."""
    one, beside, limits = CERTAIN[name]
    made = model(replace(one, among=among), *beside)
    without = model(*beside)
    if not beside:
        assert not Realised(made, values(made), 5).counts_people
        return
    given = values(made)
    found, wanted = people(made, given=given), people(without, given=given)
    for place in limits:
        np.testing.assert_array_equal(found[place], wanted[place])


def test_records_that_are_not_people_tell_of_no_people():
    reports = fe.Bridge("reports", fe.LogNormal(0.3, 0.1, statement="several of a child"))
    held = register(50, PPV, reports)
    made = model(audit("ppv", 40, 50, among=True), held)
    assert not Realised(made, values(made), 5).counts_people


@pytest.mark.parametrize(
    ("survey", "low", "high"),
    [
        ({"yes": 30, "n": 100}, 30, 30),
        ({"yes": fe.Between(25, 30), "n": 100}, 25, 30),
        ({"yes": 30, "n": 90}, 30, 100),
        ({"yes": 30, "n": 40}, 30, 100),
        ({"yes": 30, "n": 40, "where": {"sex": "f"}}, 30, 30),
        ({"yes": 30, "n": 100, "deff": 3.0}, 30, 30),
    ],
)
def test_those_who_said_so_in_a_survey(survey, low, high):
    made = model(fe.Survey(name="x", step="a", **survey), people=True)
    found = people(made, survey.get("where"))["a"]
    assert found.min() >= low
    assert found.max() <= high


@pytest.mark.parametrize(
    "survey",
    [
        {"among": False},
        {"defects": [fe.TestError(specificity=fe.Beta(9, 1))]},
        {"recall": (5, "years"), "defects": [fe.RepeatVictims(share=fe.Beta(2, 2), statement="some")]},
    ],
    ids=["others", "test", "period"],
)
def test_a_survey_that_is_not_of_these_people(survey):
    made = model(fe.Survey(name="x", step="a", yes=30, n=100, **survey), people=True)
    assert not Realised(made, values(made), 5).counts_people


def test_a_small_survey_of_many_changes_nothing():
    many = fe.Population({"sex": ["f", "m"]}, [4e5, 6e5])
    asked = fe.Survey(name="x", step="a", yes=300, n=1_000)
    made = fe.Model(ROUTE, many, fe.Rate(fe.Beta(30, 70)), {}, [asked])
    assert not Realised(made, values(made), 5).counts_people


def shares(draws, most):
    return np.bincount(draws.astype(int), minlength=most + 1)[: most + 1] / len(draws)


def near(found, wanted, draws):
    """Within 5.5 standard errors of each share: by chance in 1 of 25 million."""
    error = np.sqrt(wanted * (1 - wanted) / draws)
    assert (abs(found - wanted) <= 5.5 * error + 1e-12).all()


def test_the_law_of_a_step_that_a_cohort_came_to():
    """Of 12 people with p = 0.5 at least 5 came and 3 did not: a binomial cut off."""
    made = fe.Model(
        fe.Route("a", "b"), CELLS, fe.Number(10.0), {("a", "b"): fe.Share(0.5)},
        [register(12), cohort(yes=5, n=8, among=True)],
    )  # fmt: skip
    found = people(made, given={})["b"]
    every = np.arange(13)
    law = stats.binom.pmf(every, 12, 0.5) * ((every >= 5) & (every <= 9))
    near(shares(found, 12), law / law.sum(), len(found))


def test_the_law_of_records_that_were_audited_and_of_people_who_were_known():
    """Enumerated: true and false records of 12, and those who are in none."""
    held = register(12, fe.Coverage(0.5), fe.PPV(0.6))
    right = audit("ppv", 5, 8, among=True)
    known = replace(audit("coverage", 4, 10, among=True), name="known")
    made = fe.Model(fe.Route("a"), CELLS, fe.Number(8.0), {}, [held, right, known])
    found = people(made, given={})["a"]
    # 16 people, of whom 8 are expected to be held; 8 / 0.6 records.
    law = np.zeros(60)
    for true in range(5, 10):  # at least 5 right, and 3 false
        for missed in range(6, 40):
            if true + missed < 10:
                continue
            law[true + missed] += (
                stats.poisson.pmf(true, 8.0)
                * stats.poisson.pmf(12 - true, 8.0 / 0.6 - 8.0)
                * stats.poisson.pmf(missed, 8.0)
            )
    near(shares(found, 59), law / law.sum(), len(found))
