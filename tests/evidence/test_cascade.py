"""One group of people followed over several steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.likelihood.density import log_likelihoods
from funnelest.quantities.quantities import Quantities

STEPS = ("screened", "examined", "began", "completed")
COUNTS = dict(zip(STEPS, (384, 165, 84, 63), strict=True))
PEOPLE = fe.Population({"sex": ["female", "male"]}, [10_000, 30_000])
SHARES = [("screened", "examined"), ("examined", "began"), ("began", "completed")]


def model(*evidence, skips=(), **parts):
    given = {
        "route": fe.Route(*STEPS, skips=skips),
        "population": PEOPLE,
        "occurrence": fe.Rate(fe.Beta(2, 20)),
        "transitions": {pair: fe.Share(fe.Beta(1, 1)) for pair in SHARES},
        "evidence": evidence,
    }
    return fe.Model(**{**given, **parts})


def cascade(**changed):
    return fe.Cascade(**{"name": "followed", "counts": COUNTS, **changed})


VALUES = {
    "rate of screened": np.array([0.1, 0.2, 0.3]),
    "screened -> examined": np.array([0.43, 0.2, 0.9]),
    "examined -> began": np.array([0.51, 0.6, 0.1]),
    "began -> completed": np.array([0.75, 0.7, 0.99]),
}


def of_one(source):
    return log_likelihoods(model(source), VALUES)


def test_known_counts_are_a_chain_of_cohorts():
    cohorts = [
        fe.Cohort(name=last, of=first, step=last, n=COUNTS[first], yes=COUNTS[last])
        for first, last in SHARES
    ]
    found = log_likelihoods(model(cascade()), VALUES)
    others = log_likelihoods(model(*cohorts), VALUES)
    np.testing.assert_allclose(found["followed"], sum(others[last] for _, last in SHARES))
    wanted = sum(
        stats.binom.logpmf(COUNTS[last], COUNTS[first], VALUES[f"{first} -> {last}"])
        for first, last in SHARES
    )
    np.testing.assert_allclose(found["followed"], wanted)


def test_the_posterior_is_that_of_each_transition():
    """With flat priors a beta each, of those who went on and those who did not."""
    rows = fe.fit(model(cascade()), draws=4_000, seed=1, progress=False).parameters()
    rows = rows.set_index("parameter")
    for first, last in SHARES:
        exact = stats.beta(1 + COUNTS[last], 1 + COUNTS[first] - COUNTS[last])
        row = rows.loc[f"{first} -> {last}"]
        for name, level in (("low", 0.025), ("median", 0.5), ("high", 0.975)):
            assert abs(row[name] - exact.ppf(level)) < 0.12 * exact.std()


def test_the_group_changes_as_it_goes_on():
    """In cells with other shares, those who have come so far are spread otherwise."""
    varying = {
        SHARES[0]: fe.Share(fe.PerLevel("sex", {"female": 0.9, "male": 0.1})),
        SHARES[1]: fe.Share(fe.PerLevel("sex", {"female": 0.2, "male": 0.8})),
        SHARES[2]: fe.Share(0.5),
    }
    q = Quantities(model(cascade(), transitions=varying), {"rate of screened": np.array([0.1])})
    female, male = 1_000 * 0.9, 3_000 * 0.1
    wanted = [(female + male) / 4_000, (female * 0.2 + male * 0.8) / (female + male), 0.5]
    np.testing.assert_allclose(q.onward(STEPS)[:, 0], wanted)
    np.testing.assert_allclose(q.onward(STEPS, {"sex": "male"})[:, 0], [0.1, 0.8, 0.5], rtol=1e-12)


def test_people_may_go_by_any_path_between_the_steps():
    """From screened to completed by way of began, or past it."""
    skips = [("examined", "completed")]
    parts = {(*SHARES[1],): fe.Share(0.5), ("examined", "completed"): fe.Share(0.4)}
    one = cascade(counts={"screened": 384, "examined": 165, "completed": 63})
    made = model(
        one, skips=skips,
        transitions={SHARES[0]: fe.Share(0.3), SHARES[2]: fe.Share(0.6), **parts},
        occurrence=fe.Rate(fe.Beta(2, 20)),
    )  # fmt: skip
    q = Quantities(made, {"rate of screened": np.array([0.1])})
    np.testing.assert_allclose(q.onward(list(one.counts))[:, 0], [0.3, 0.5 * 0.6 + 0.5 * 0.4])


def test_a_way_round_a_step_is_refused_unless_those_are_counted():
    skips = [("screened", "began")]
    with pytest.raises(fe.SpecError, match=r"without passing 'examined'.*of_those=True"):
        model(cascade(), skips=skips)
    made = model(cascade(of_those=True), skips=skips)
    (entry,) = [one for one in made.ledger() if one.about == "counts[followed]"]
    assert entry.stated
    assert "at the step before" in entry.value
    # Before the first count a way round is no matter.
    model(cascade(counts={"examined": 165, "began": 84, "completed": 63}), skips=skips)


def test_those_still_open_do_not_count():
    one = cascade(open={"completed": 12, "began": 0})
    found = {**of_one(one), **of_one(cascade(name="x"))}
    change = stats.binom.logpmf(63, 84 - 12, VALUES["began -> completed"])
    change = change - stats.binom.logpmf(63, 84, VALUES["began -> completed"])
    np.testing.assert_allclose(found["followed"] - found["x"], change)
    by_default = {entry.about: entry for entry in model(one).ledger() if not entry.stated}
    assert "as often as the others" in by_default["known sooner[followed]"].value


def test_arrivals_that_are_known_sooner():
    """Of all with p: 60% of arrivals and 20% of the others are known; the odds are 3 times."""
    known_yes, known_no = 0.6, 0.2
    one = cascade(open={"completed": 12}, known_sooner=known_yes / known_no)
    found = {**of_one(one), **of_one(cascade(name="x"))}
    p = VALUES["began -> completed"]
    among = p * known_yes / (p * known_yes + (1 - p) * known_no)
    change = stats.binom.logpmf(63, 84 - 12, among) - stats.binom.logpmf(63, 84, p)
    np.testing.assert_allclose(found["followed"] - found["x"], change)


def test_a_design_effect_is_that_of_the_group():
    """The correlation of two people is the same at each transition."""
    found = log_likelihoods(model(cascade(deff=3.0)), VALUES)["followed"]
    size = 383 / 2.0 - 1.0  # the correlation is 1 / (size + 1)
    wanted = sum(
        stats.betabinom.logpmf(COUNTS[last], COUNTS[first], p * size, (1 - p) * size)
        for first, last in SHARES
        for p in [VALUES[f"{first} -> {last}"]]
    )
    np.testing.assert_allclose(found, wanted)
    (law,) = cascade(deff=3.0).observations(Quantities(model(cascade(deff=3.0)), VALUES))
    np.testing.assert_allclose(law._law(0, 384).deff, 3.0)


def test_clusters_give_the_design_effect():
    known = cascade(deff=1 + (384 / 24 - 1) * 0.1)
    clustered = cascade(name="c", defects=[fe.Clustered(clusters=24, icc=0.1)])
    found = {**of_one(known), **of_one(clustered)}
    np.testing.assert_allclose(found["c"], found["followed"])


def test_published_shares_of_the_first():
    """Tuberculosis in India (Subbaraman and others, PLoS Med 2016;13:e1002149), of 1,000."""
    shares = {"examined": 0.72, "began": 0.6, "completed": 0.53}
    printed = {step: fe.Rounded(share, to=0.01) for step, share in shares.items()}
    one = cascade(counts={"screened": 1000}, shares=printed)
    found = log_likelihoods(model(one), VALUES)["followed"]
    wanted = np.zeros(3)
    for a in range(715, 725):
        for b in range(595, 605):
            for c in range(525, 535):
                p = [VALUES[f"{first} -> {last}"] for first, last in SHARES]
                wanted += np.exp(
                    stats.binom.logpmf(a, 1000, p[0])
                    + stats.binom.logpmf(b, a, p[1])
                    + stats.binom.logpmf(c, b, p[2])
                )
    some = wanted > 0
    assert some.any()
    np.testing.assert_allclose(found[some], np.log(wanted[some]), rtol=1e-10)


def test_it_says_nothing_of_how_many_people_there_are():
    found = log_likelihoods(
        model(cascade()), {**VALUES, "rate of screened": np.array([0.3, 0.1, 0.9])}
    )
    np.testing.assert_allclose(
        found["followed"], log_likelihoods(model(cascade()), VALUES)["followed"]
    )


def test_its_figures_are_those_after_the_first():
    result = fe.fit(model(cascade()), draws=2_000, seed=1, progress=False)
    rows = result.figures()
    assert rows["of"].tolist() == list(STEPS[1:])
    assert rows["figure"].tolist() == ["165", "84", "63"]
    assert (rows["residual"].abs() < 1).all()


def test_where_it_stands_on_the_route():
    shown = cascade().shown_on_route(fe.Route(*STEPS), PEOPLE)
    assert [one.place for one in shown] == SHARES
    np.testing.assert_allclose([one.number for one in shown], [165 / 384, 84 / 165, 63 / 84])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"counts": {"screened": 384}}, "at least two steps"),
        ({"counts": {"screened": 384, "examined": 165, "began": 170}}, "must not be above it"),
        ({"counts": {"screened": 384, "began": 165, "examined": 84}}, "in the order of the route"),
        ({"counts": {"screened": 0, "examined": 0}}, "nobody was followed"),
        ({"counts": {"screened": fe.AtLeast(300), "examined": 9}}, "needs an upper limit"),
        ({"counts": {"screened": 384, "examined": 16.5}}, "'examined': no whole number"),
        ({"counts": {"screened": 384, "examined": "165"}}, "'examined'.*given '165'"),
        ({"counts": {"screened": 384}, "shares": {"examined": 0.43}}, "say how it was printed"),
        ({"shares": {"completed": fe.Rounded(0.2, to=0.1)}}, "give that one alone"),
        (
            {"counts": {"screened": fe.Rounded(380, to=10)},
             "shares": {"examined": fe.Rounded(0.4, to=0.1)}},
            "a first count that is known",
        ),
        ({"open": {"screened": 3}}, "it is of the steps after the first"),
        ({"open": {"completed": -3}}, "at least 0"),
        ({"open": {"completed": 30}}, "of whom 30 still open"),
        ({"known_sooner": 2.0}, "beside 'open'"),
        ({"deff": 500}, "below the number followed, 384"),
        ({"deff": 2, "defects": [fe.Clustered(clusters=20, icc=0.1)]}, "not both"),
        ({"defects": [fe.Coverage(0.5)]}, "cannot carry Coverage"),
        (
            {"counts": {"screened": 9_000, "examined": fe.Rounded(4_000, to=2_000),
                        "began": fe.AtMost(4_000)}},
            "too long to sum",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(changed, said):
    with pytest.raises(fe.SpecError, match=said):
        model(cascade(**changed))


def test_made_up_data_are_of_the_same_form():
    one = cascade(
        counts={"screened": 384, "examined": fe.Rounded(160, to=10), "began": 84},
        open={"began": 7},
    )  # fmt: skip
    made = fe.simulate(model(one), seed=3).evidence[0]
    assert list(made.counts) == list(one.counts)
    assert made.counts["screened"] == 384
    assert isinstance(made.counts["examined"], fe.Rounded)
    assert isinstance(made.counts["began"], int)
    assert list(made.open) == ["began"]
    assert replace(made, counts=one.counts, open=one.open) == one


@pytest.mark.parametrize(
    "one",
    [
        fe.Cascade(name="one", counts={"screened": 60, "examined": 50}),
        fe.Cascade(
            name="one", counts={"screened": 60}, shares={"examined": fe.Rounded(0.8, to=0.1)}
        ),
        fe.Cohort(name="one", of="screened", step="examined", n=60, yes=50),
        fe.Survey(name="one", of="screened", step="examined", n=60, yes=50),
    ],
    ids=["cascade", "shares", "cohort", "survey"],
)
def test_a_group_stands_on_a_route_of_shares_only(one):
    """It says nothing of how many people there are."""
    made = fe.Model(fe.Route(*STEPS), evidence=[one])
    assert made.of_shares_only
