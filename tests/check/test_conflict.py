"""Sources against each other: mixed predictive checks, by closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check.conflict import conflict
from funnelest.check.figures_compared import at_least
from funnelest.check.measures import holm
from funnelest.inference.leaving_out import left_out
from funnelest.quantities.quantities import Quantities
from funnelest.results.printed_anew import replicated
from funnelest.sampling.gate import Gate
from funnelest.sampling.weights import discrete_quantiles

Y1, N1, Y2, N2 = 30, 400, 25, 150


def share(q):
    return q.parameter("share")


def x(q):
    return q.parameter("x")


def model(*evidence, **parameters):
    return fe.Model(
        fe.Route("happened", "told"), fe.Population.cells(), fe.Number(1000),
        {("happened", "told"): fe.Share(0.5)}, evidence, parameters=parameters,
    )  # fmt: skip


def two_surveys(y2=Y2):
    return model(
        fe.OwnBinomial("first", quantity=share, yes=Y1, n=N1),
        fe.OwnBinomial("second", quantity=share, yes=y2, n=N2),
        share=fe.Beta(1, 1),
    )


def fitted(one, **options):
    return fe.fit(one, engine="importance", seed=1, progress=False, **options)


@pytest.fixture(scope="module")
def surveys():
    return fitted(two_surveys())


@pytest.fixture(scope="module")
def found(surveys):
    return conflict(surveys, seed=2, cores=1)


def exact(y, n, of_y, of_n):
    law = stats.betabinom(n, 1 + of_y, 1 + of_n - of_y)
    return law.sf(y) + 0.5 * law.pmf(y)


def test_tails_of_a_count_are_averaged_and_not_counted(surveys):
    q = Quantities(surveys.model, {"share": np.full(3, 0.1)})
    for source in surveys.model.evidence:
        assert all(part.exact for part in replicated(source, q, np.random.default_rng(1)))


def test_two_surveys_of_one_share(found):
    truths = [exact(Y1, N1, Y2, N2), exact(Y2, N2, Y1, N1)]
    for one, truth in zip(found.found, truths, strict=True):
        assert one.against == "other sources"
        assert one.mc_error < 0.02 * max(truth, 0.1)
        assert abs(one.mid_p - truth) < 4 * one.mc_error
    law = stats.betabinom(N2, 1 + Y1, 1 + N1 - Y1)
    second = found.found[1]
    assert second.low == pytest.approx(law.ppf(0.025), abs=1)
    assert second.high == pytest.approx(law.ppf(0.975), abs=1)


def test_the_verdict_and_the_marks(found):
    assert found.details["conflicting"] == ("first", "second")
    assert not found.passed
    assert found.mark == "SOURCES IN CONFLICT: first, second"
    assert found.headline.startswith("Sources in conflict")
    assert "Nothing was left out of the result" in found.text
    assert list(found.table["verdict"]) == ["in conflict"] * 2
    assert set(found.table["mark"]) == {found.mark}
    assert "first" in repr(found)


def test_the_verdict_in_dutch(found):
    dutch = found.in_language("nl")
    assert dutch.mark == "BRONNEN IN STRIJD: first, second"
    assert dutch.headline == (
        "Bronnen in strijd met de andere: first en second "
        "(na de correctie van Holm voor 2 cijfers, op het niveau van 5%)."
    )
    assert "met een kans van 0,999 (mid-p)" in dutch.text
    assert " the " not in dutch.text


def test_one_figure_is_no_one_of_one():
    result = fitted(two_surveys(11))
    one = conflict(result, sources=["second"], seed=2, cores=1)
    assert one.headline.startswith(
        "No source conflicts with the others: the only figure that could be compared does not lie"
    )


def test_sources_that_agree():
    agreed = conflict(fitted(two_surveys(11)), seed=2, cores=1)
    assert agreed.passed
    assert agreed.mark == ""
    assert agreed.headline.startswith("No source conflicts")


def test_the_log_score_is_the_marginal_likelihood(found):
    law = stats.betabinom(N2, 1 + Y1, 1 + N1 - Y1)
    assert found.details["left_out"]["second"].log_score == pytest.approx(law.logpmf(Y2), abs=0.1)


def test_weights_take_the_place_of_a_refit_that_changes_little():
    little = model(
        fe.OwnBinomial("large", quantity=share, yes=300, n=4000),
        fe.OwnBinomial("small", quantity=share, yes=4, n=30),
        share=fe.Beta(1, 1),
    )
    result = fitted(little)
    quick = conflict(result, seed=1, cores=1)
    again = conflict(result, seed=1, cores=1, refit=True)
    assert [one.how for one in quick.found] == ["refit", "reweighted"]
    assert [one.how for one in again.found] == ["refit", "refit"]
    truth = exact(4, 30, 300, 4000)
    for one in (quick.found[1], again.found[1]):
        assert abs(one.mid_p - truth) < 4 * one.mc_error


def test_a_source_alone_has_only_its_prior():
    result = fitted(
        model(
            fe.OwnBinomial("asked", quantity=share, yes=1, n=400),
            fe.OwnNormal("other", quantity=x, estimate=0.0, se=1.0),
            share=fe.Beta(50, 50), x=fe.Normal(0, 3),
        )
    )  # fmt: skip
    alone = conflict(result, seed=1, cores=1)
    assert [one.against for one in alone.found] == ["prior", "prior"]
    assert alone.details["conflicting"] == ()
    assert alone.details["against_prior"] == ("asked",)
    assert alone.mark == "SOURCES IN CONFLICT WITH THEIR PRIOR: asked"
    assert "only the prior to compare with" in alone.text


def test_a_failed_refit_is_named(surveys, monkeypatch):
    shut = Gate("importance", {}, ("k-hat",))
    monkeypatch.setattr(
        "funnelest.inference.refitting.fit_within",
        lambda model, **_: replace(surveys, model=model, gate=shut),
    )
    failed = conflict(surveys, seed=1, cores=1)
    assert not failed.passed
    assert failed.details["not_compared"] == ("first", "second")
    assert failed.mark == "NOT COMPARED WITH THE OTHERS: first, second"
    assert failed.table["mid_p"].isna().all()


def test_data_without_an_order_are_left_out_and_named(surveys):
    own = fe.OwnCustom(
        name="words", quantity=share, data="yes", log_likelihood=lambda data, p: 0.0 * p
    )
    model_with = surveys.model.with_evidence([*surveys.model.evidence, own])
    both = conflict(fitted(model_with), sources=["words"], seed=1, cores=1)
    assert np.isnan(both.found[0].mid_p)
    assert "no order" in both.text


@pytest.mark.parametrize(
    "figure",
    [
        41,
        fe.Rounded(40, to=10),
        fe.Between(38, 47),
        fe.Withheld(0, 45),
        fe.Withheld(0, 9, value=40, to=10),
        fe.RandomlyRounded(40, to=5),
        fe.RoundedToUnknown(40, bases=(1, 10)),
        fe.AtLeast(43),
        fe.AtMost(37),
        fe.Disagreeing((fe.Rounded(40, to=10), 44)),
        fe.Disagreeing((fe.Rounded(40, to=10), 44), use="mixture"),
    ],
    ids=str,
)
def test_every_kind_of_figure_against_made_up_ones(figure):
    one = model(fe.OwnPoisson("count", quantity=x, count=figure), x=fe.Gamma(4, 0.1))
    q = Quantities(one, {"x": np.full(20_000, 41.0)})
    (part,) = replicated(one.evidence[0], q, np.random.default_rng(1))
    assert part.ordered
    law = stats.poisson(41)
    if part.limit:
        low, high = (43, np.inf) if part.limit == "at least" else (0, 37)
        holds = law.cdf(high) - law.cdf(low - 1)
        assert part.same.mean() == pytest.approx(holds)
        assert part.above.mean() == pytest.approx(0 if np.isinf(high) else 1 - holds)
        return
    above, same = np.mean(part.numbers > part.value), np.mean(part.numbers == part.value)
    assert part.above.mean() == pytest.approx(above, abs=0.015)
    assert part.same.mean() == pytest.approx(same, abs=0.015)


def test_several_figures_of_one_source():
    asked = [fe.Asked(step="told", share=y, of="happened") for y in (0.3, 0.6)]
    joint = fe.JointSurvey(name="joint", asked=asked, se=[0.1, 0.1], correlation=0.5)
    cohort = fe.Cohort("went", of="happened", n=100, went={"told": 50})
    one = model(joint, cohort, share=fe.Beta(1, 1))
    q = Quantities(one, {"share": np.full(10, 0.1)})
    first, second = replicated(joint, q, np.random.default_rng(1))
    assert (first.of, second.of) == ("figure 1", "figure 2")
    truth = stats.norm.sf(np.log(0.3 / 0.7), 0.0, 0.1 / 0.3 / 0.7)
    assert first.mid[0] == pytest.approx(truth)
    (part,) = replicated(cohort, q, np.random.default_rng(1))
    assert part.mid[0] == pytest.approx(0.5)


def test_corrections():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert at_least(4, 12, 0.05) == pytest.approx(stats.binom(12, 0.05).sf(3))
    assert at_least(0, 0, 0.05) == 1
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3])
    assert list(discrete_quantiles(values, [0.1, 0.6, 0.9], weights)) == [1, 2, 3]


def test_the_same_answer_on_one_core_and_on_two(surveys, found):
    two = conflict(surveys, seed=2, cores=2)
    assert [one.mid_p for one in two.found] == [one.mid_p for one in found.found]


def test_a_source_with_power_zero_is_out_already(surveys):
    gone = fitted(surveys.model.with_powers({"second": 0.0}))
    one = left_out(gone, ["second"], seed=1, cores=1)["second"]
    assert one.how == "reweighted"
    assert one.weights == pytest.approx(np.full(len(one.weights), one.weights[0]))


def test_bad_arguments_of_conflict(surveys):
    with pytest.raises(fe.SpecError) as caught:
        conflict(surveys, sources=["none"], probability=2, seed=-1, engine="x", cores=0)
    assert len(caught.value.problems) == 5
    with pytest.raises(fe.SpecError, match="must be a Result"):
        conflict("no", seed=1)
