"""What the fitted model prints anew, against a conjugate model."""

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check.conflict import conflict
from funnelest.check.posterior_predictive import posterior_predictive
from funnelest.sampling.gate import Gate

Y, N = (30, 25, 60), (400, 150, 500)


def share(q):
    return q.parameter("share")


def model(y=Y):
    return fe.Model(
        fe.Route("happened", "told"), fe.Population.cells(), fe.Number(1000),
        {("happened", "told"): fe.Share(0.5)},
        [
            fe.OwnBinomial(f"source {i}", quantity=share, yes=one, n=n)
            for i, (one, n) in enumerate(zip(y, N, strict=True), 1)
        ],
        parameters={"share": fe.Beta(1, 1)},
    )  # fmt: skip


def by_source(found):
    return found.tables["by_source"].to_dict("records")


@pytest.fixture(scope="module")
def result():
    return fe.fit(model(), engine="importance", seed=1, progress=False)


@pytest.fixture(scope="module")
def found(result):
    return posterior_predictive(result, seed=2, loo=True, cores=1)


def test_mid_p_and_intervals(found):
    for one, y, n in zip(found.found, Y, N, strict=True):
        law = stats.betabinom(n, 1 + sum(Y), 1 + sum(N) - sum(Y))
        assert abs(one.mid_p - law.sf(y) - 0.5 * law.pmf(y)) < 4 * one.mc_error
        assert one.low == pytest.approx(law.ppf(0.025), abs=1)
        assert one.high == pytest.approx(law.ppf(0.975), abs=1)


def test_residuals_are_those_of_the_result(found, result):
    assert list(found.table["residual"]) == pytest.approx(list(result.figures()["residual"]))


def test_chi_squared_of_one_count_is_two_sided(found):
    draws = np.random.default_rng(5)
    p = draws.beta(1 + sum(Y), 1 + sum(N) - sum(Y), 200_000)
    for one, y, n in zip(by_source(found), Y, N, strict=True):
        made = np.abs(draws.binomial(n, p) - n * p)
        seen = np.abs(y - n * p)
        truth = np.mean(made > seen) + 0.5 * np.mean(made == seen)
        assert abs(one["p"] - truth) < 4 * one["p_mc_error"] + 0.003


def test_scores_are_the_predictive_density(found):
    for one, y, n in zip(by_source(found), Y, N, strict=True):
        law = stats.betabinom(n, 1 + sum(Y) - y, 1 + sum(N) - sum(Y) - n + y)
        assert one["log_score"] == pytest.approx(law.logpmf(y), abs=0.15)
    assert found.details["log_score"] == pytest.approx(found.tables["by_source"]["log_score"].sum())
    assert "log score is" in found.text


def test_scores_of_a_conflict_that_is_there_already(result):
    already = conflict(result, seed=2, cores=1).details["left_out"]
    again = posterior_predictive(result, seed=2, without=already)
    assert "log score is" in again.text
    assert [one["log_score"] for one in by_source(again)] == [
        already[one["source"]].log_score for one in by_source(again)
    ]


def test_a_source_that_does_not_fit():
    far = fe.fit(model((30, 70, 40)), engine="importance", seed=1, progress=False)
    bad = posterior_predictive(far, seed=1)
    assert not bad.passed
    assert "source 2" in bad.details["misfitting"]
    assert bad.mark.startswith("POOR FIT: ")
    assert "does not describe" in bad.headline
    assert np.isnan(bad.details["log_score"])
    assert bad.table["outside"].any()
    dutch = bad.in_language("nl")
    assert dutch.mark.startswith("SLECHTE AANPASSING: ")
    assert "beschrijft" in dutch.headline
    assert " the " not in dutch.text


def test_a_good_fit_is_called_weak_evidence():
    good = fe.fit(model((30, 12, 38)), engine="importance", seed=1, progress=False)
    fine = posterior_predictive(good, seed=1)
    assert fine.passed
    assert fine.mark == ""
    assert "conservative" in fine.text
    assert "source 1" in repr(fine)
    assert list(fine.tables["by_source"]["figures"]) == [1, 1, 1]


def test_bad_arguments(result):
    with pytest.raises(fe.SpecError) as caught:
        posterior_predictive(result, probability=0, seed=-1, loo="yes", without=3)
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("count", [10, fe.Rounded(10, to=10), fe.AtLeast(5)])
def test_counts_of_the_same_people_are_said_to_be_compared_by_themselves(count):
    """And of limits, which are not taken together with others, nothing is said."""
    model = fe.Model(
        fe.Route("a", "b"), fe.Population.cells(), fe.Number(fe.Gamma(30, 1.0)),
        {("a", "b"): fe.Share(fe.Beta(2, 4))},
        [fe.Register("all", step="a", count=30), fe.Register("some", step="b", count=count)],
    )  # fmt: skip
    draws = {"number at a": np.linspace(25, 35, 400), "a -> b": np.linspace(0.2, 0.5, 400)}
    gate = Gate("importance", {"k-hat": 0.1}, ())
    found = posterior_predictive(fe.Result(model, draws, gate, seed=1), seed=1)
    said = "The counts of all and some are of the same people." in found.text
    assert said != isinstance(count, fe.AtLeast)
