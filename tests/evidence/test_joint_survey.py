"""Several shares of one survey, against SciPy's multivariate normal distribution."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe

MODEL = fe.Model(
    fe.Route("a", "b", "c"), fe.Population({"sex": ["m", "f"]}, [1000, 3000]),
    fe.Rate(fe.PerLevel("sex", {"m": 0.1, "f": 0.2})),
    {("a", "b"): fe.Share(0.5), ("b", "c"): fe.Share(0.2)},
)  # fmt: skip
ASKED = [
    fe.Asked(step="a", share=0.15),
    fe.Asked(step="b", share=0.12, where={"sex": "f"}),
    fe.Asked(step="c", of="b", share=0.25, where={"sex": "m"}),
]
COVARIANCE = np.array([[4e-4, 1e-4, 2e-4], [1e-4, 9e-4, 0], [2e-4, 0, 1e-3]])


def seen(survey):
    model = MODEL.with_evidence([survey])
    (one,) = survey.observations(fe.Quantities(model, {}))
    return one


@pytest.mark.parametrize(
    ("defects", "expected"),
    [
        ([], [0.175, 0.1, 0.2]),
        (
            [fe.TestError(sensitivity=0.8, specificity=0.9)],
            [0.8 * p + 0.1 * (1 - p) for p in (0.175, 0.1, 0.2)],
        ),
    ],
)
def test_the_density(defects, expected):
    survey = fe.JointSurvey(name="j", asked=ASKED, covariance=COVARIANCE.tolist(), defects=defects)
    one = seen(survey)
    assert np.ravel(one.moments()[0]) == pytest.approx(expected)
    shares = np.array([asked.share for asked in ASKED])
    slope = np.diag(1 / (shares * (1 - shares)))
    law = stats.multivariate_normal(special.logit(expected), slope @ COVARIANCE @ slope)
    assert one.logp() == pytest.approx(law.logpdf(special.logit(shares)))


def test_errors_and_correlations_are_a_covariance():
    errors = np.sqrt(np.diag(COVARIANCE))
    correlation = COVARIANCE / np.outer(errors, errors)
    by_matrix = fe.JointSurvey(
        name="j", asked=ASKED, se=errors.tolist(), correlation=correlation.tolist()
    )
    whole = fe.JointSurvey(name="j", asked=ASKED, covariance=COVARIANCE)
    assert seen(by_matrix).logp() == pytest.approx(seen(whole).logp())
    common = fe.JointSurvey(name="j", asked=ASKED, se=errors.tolist(), correlation=0.3)
    matrix = 0.3 * np.outer(errors, errors) + 0.7 * np.diag(errors**2)
    equal = fe.JointSurvey(name="j", asked=ASKED, covariance=matrix)
    assert seen(common).logp() == pytest.approx(seen(equal).logp())
    alone = [fe.Survey(name=f"s{i}", step=a.step, of=a.of, share=a.share, where=a.where, se=se)
             for i, (a, se) in enumerate(zip(ASKED, errors, strict=True))]  # fmt: skip
    apart = fe.JointSurvey(name="j", asked=ASKED, se=errors.tolist(), correlation=0)
    assert seen(apart).logp() == pytest.approx(sum(seen(one).logp() for one in alone))


def test_simulated_shares_have_the_covariance_on_the_logits():
    survey = fe.JointSurvey(name="j", asked=tuple(ASKED), covariance=COVARIANCE)
    one = seen(survey)
    rng = np.random.default_rng(3)
    made = special.logit([one.simulate(rng) for _ in range(6000)])
    assert made.mean(axis=0) == pytest.approx(special.logit([0.175, 0.1, 0.2]), abs=0.02)
    expected = one.distribution.covariance
    spread = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(np.cov(made.T) / np.outer(spread, spread),
                               expected / np.outer(spread, spread), atol=0.06)  # fmt: skip
    again = survey.with_data([np.array([0.1, 0.2, 0.3])], MODEL.population)
    assert [asked.share for asked in again.asked] == [0.1, 0.2, 0.3]
    np.testing.assert_allclose(seen(again).distribution.covariance, expected)
    assert dataclasses.replace(again, asked=survey.asked).problems(
        MODEL.route, MODEL.population) == []  # fmt: skip


def test_what_was_printed_stands_in_the_figures():
    whole = fe.JointSurvey(
        name="j", correlation=0.2,
        asked=[
            fe.Asked(step="a", share=0.27, interval=(0.27, 0.28)),
            fe.Asked(step="b", share=0.1, interval=(0.05, 0.15)),
        ],
    )  # fmt: skip
    texts = [figure.describe() for _, figure, _, _ in seen(whole).parts([])]
    assert texts == [
        "0.27 (0.27 to 0.28, 95%), read as 0.27167 (0.26833 to 0.28)", "0.1 (0.05 to 0.15, 95%)",
    ]  # fmt: skip
    rounded = fe.JointSurvey(
        name="j", se=[0.03, 0.03], correlation=0.2,
        asked=[fe.Asked(step="a", share=fe.Rounded(0.27, to=0.01)), fe.Asked(step="b", share=0.1)],
    )  # fmt: skip
    texts = [figure.describe() for _, figure, _, _ in seen(rounded).parts([])]
    assert texts == ["0.27 rounded to 0.01", "0.1"]


def test_a_share_that_may_be_an_end_is_refused_among_several():
    at = fe.Asked(step="a", share=fe.Rounded(0, to=0.01, rule="floor"))
    (text,) = at.problems(MODEL.route, MODEL.population)
    assert "may be an end of the scale" in text
    off = fe.Asked(step="a", share=fe.Rounded(0.01, to=0.01, rule="floor"))
    assert not off.problems(MODEL.route, MODEL.population)


def test_a_plain_share_is_asked_about_in_words_that_it_can_follow():
    survey = fe.JointSurvey(
        name="j", se=[0.0001, 0.03], correlation=0.2,
        asked=[fe.Asked(step="a", share=0.27), fe.Asked(step="b", share=0.1)],
    )  # fmt: skip
    with pytest.warns(fe.FunnelestWarning, match=r"write fe\.Exact\(0\.27\)"):
        MODEL.with_evidence([survey])
    exact = dataclasses.replace(
        survey, asked=[fe.Asked(step="a", share=fe.Exact(0.27)), survey.asked[1]]
    )
    assert seen(exact).logp() == pytest.approx(
        seen(dataclasses.replace(survey, asked=[fe.Asked(step="a", share=0.27000000001),
                                                survey.asked[1]])).logp(), rel=1e-4)  # fmt: skip
