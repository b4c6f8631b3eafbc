"""Studies of a source: likelihoods and posteriors in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import funnelest as fe

PEOPLE = fe.Population({"sex": ["m", "f"]}, [1000, 3000])
#: A register of which the count says nothing.
ANY = {"name": "r", "step": "b", "count": fe.AtMost(10**9)}


def model_of(*evidence):
    return fe.Model(fe.Route("a", "b"), PEOPLE, fe.Rate(0.1), {("a", "b"): fe.Share(0.5)}, evidence)


def fit(*evidence):
    result = fe.fit(model_of(*evidence), engine="importance", draws=4000, seed=2, progress=False)
    assert result.gate.passed, result.gate.text
    return result


def on_grid(log_weights, x):
    weight = np.exp(log_weights - log_weights.max())
    total = np.cumsum(weight) - weight / 2
    return lambda value: np.interp(value, x, total / weight.sum())


X = (np.arange(4000) + 0.5) / 4000


@pytest.mark.parametrize(("defect", "what"), [(fe.Coverage, "coverage"), (fe.PPV, "ppv")])
def test_an_audit_is_beta_binomial(defect, what, agrees):
    result = fit(
        fe.Register(**ANY, defects=[defect(fe.Beta(2, 3))]),
        fe.Validation(name="v", of="r", what=what, yes=[17, 8], n=[20, 10]),
    )
    agrees(result.draws[f"{what}[r]"], stats.beta(27, 8).cdf, 4000)


def test_an_audit_of_one_sex_tells_the_other_by_the_term(agrees):
    result = fit(
        fe.Register(
            **ANY, defects=[fe.Coverage(fe.Beta(2, 3), fe.Levels("sex", fe.Normal(0, 0.5)))]
        ),
        fe.Validation(name="v", of="r", what="coverage", yes=17, n=20, where={"sex": "f"}),
    )
    nodes = np.linspace(-4, 4, 801)
    girls = special.expit(special.logit(X)[:, None] + 0.5 * nodes)
    weight = stats.binom.pmf(17, 20, girls) * stats.norm.pdf(nodes)
    agrees(
        result.draws["coverage[r]"],
        on_grid(np.log(weight.sum(axis=1)) + stats.beta.logpdf(X, 2, 3), X),
        4000,
    )


def test_a_test_that_was_tested(agrees):
    survey = fe.Survey(
        name="s", step="b", yes=40, n=400, defects=[fe.TestError(sensitivity=fe.Beta(2, 2))]
    )
    result = fit(survey, fe.Validation(name="v", of="s", what="sensitivity", yes=45, n=60))
    log = stats.binom.logpmf(40, 400, 0.05 * X) + stats.beta.logpdf(X, 47, 17)
    agrees(result.draws["sensitivity[s]"], on_grid(log, X), 4000)


def test_studies_that_differ(agrees):
    """The source is one more study: against quadrature over its own deviation and theirs."""
    result = fit(
        fe.Register(**ANY, defects=[fe.Coverage(fe.Beta(2, 3))]),
        fe.Validation(
            name="v", of="r", what="coverage", yes=[17, 5, 9], n=[20, 10, 10], between=0.8
        ),
    )
    z = np.linspace(-6, 6, 121)
    normal = stats.norm.pdf(z) * (z[1] - z[0])
    mean = special.logit(X)[::20, None] - 0.8 * z  # of the studies, given the source
    total = normal * np.ones_like(mean)
    for yes, n in ((17, 20), (5, 10), (9, 10)):
        p = special.expit(mean[..., None] + 0.8 * z)
        total = total * (stats.binom.pmf(yes, n, p) @ normal)
    log = np.log(total.sum(axis=1)) + stats.beta.logpdf(X[::20], 2, 3)
    agrees(result.draws["coverage[r]"], on_grid(log, X[::20]), 4000)
    pooled = stats.beta(33, 12)
    assert result.draws["coverage[r]"].std() > 1.5 * pooled.std()


def test_three_ways(agrees):
    """With known shares of what can be told: against the multinomial by hand."""
    result = fit(
        fe.Register(**ANY, defects=[fe.PPV(fe.Beta(2, 2))]),
        fe.Validation(
            name="v", of="r", what="ppv", yes=50, n=100, unconfirmed=40, confirmable=0.8,
            refutable=0.5,
        ),
    )  # fmt: skip
    p = np.array([0.8 * X, 0.2 * X + 0.5 * (1 - X), 0.5 * (1 - X)])
    log = 50 * np.log(p[0]) + 40 * np.log(p[1]) + 10 * np.log(p[2]) + stats.beta.logpdf(X, 2, 2)
    agrees(result.draws["ppv[r]"], on_grid(log, X), 4000)


def test_the_unconfirmed_are_not_taken_as_false(agrees):
    """Nothing known of what can be told: uniform, and said so; the posterior is wide above 1/2."""
    source = fe.Validation(name="v", of="r", what="ppv", yes=50, n=100, unconfirmed=40)
    register = fe.Register(**ANY, defects=[fe.PPV(fe.Beta(2, 2))])
    result = fit(register, source)
    u = ((np.arange(200) + 0.5) / 200)[:, None]
    x = X[::20]
    weight = np.zeros(len(x))
    for confirmable in u[:, 0]:
        first = x * confirmable
        last = (1 - x) * u
        rest = 1 - first - last
        logs = 50 * np.log(first) + 40 * np.log(rest) + 10 * np.log(last)
        weight += np.exp(logs - 50 * np.log(0.5) - 40 * np.log(0.4) - 10 * np.log(0.1)).sum(axis=0)
    agrees(result.draws["ppv[r]"], on_grid(np.log(weight) + stats.beta.logpdf(x, 2, 2), x), 4000)
    assert np.mean(result.draws["ppv[r]"]) > 0.6
    ledger = {entry.about: entry for entry in result.model.ledger()}
    for name in ("confirmable[v]", "refutable[v]"):
        assert ledger[name].kind == "default"
        assert ledger[name].statement == "any share of them, uniform from 0 to 1"


def test_the_source_that_is_one_more_study_is_said_to_be():
    register = fe.Register(**ANY, defects=[fe.Coverage(fe.Beta(2, 3))])
    study = {"of": "r", "what": "coverage", "yes": [1, 2], "n": [3, 4]}
    model = model_of(register, fe.Validation(name="v", **study, between=fe.HalfNormal(1)))
    assert set(model.free) == {
        "coverage[r]", "between studies[v]", "deviation of the source[v]",
    }  # fmt: skip
    ledger = {entry.about: entry for entry in model.ledger()}
    entry = ledger["deviation of the source[v]"]
    assert (entry.kind, entry.statement) == ("default", "the source is one more such study")


def test_leaving_out_what_a_study_checks():
    register = fe.Register(**ANY, defects=[fe.Coverage(fe.Beta(2, 3))])
    model = model_of(register, fe.Validation(name="v", of="r", what="coverage", yes=1, n=3))
    with pytest.raises(fe.SpecError, match="names the unknown source 'r'"):
        model.without("r")
    assert len(model.without("r", "v").evidence) == 0


@pytest.mark.parametrize(
    ("told", "kept", "turned"),
    [
        ({"share": 0.8, "n": 50}, {"share": 0.9, "n": 50}, False),
        ({"yes": fe.Rounded(40, to=5), "n": 50}, {"share": 0.9, "interval": (0.8, 0.95)}, False),
        ({"yes": [30, 20], "n": [50, 40]}, {"share": 0.8, "se": 0.05}, False),
        ({"share": 0.2, "se": 0.01}, {"share": 0.3, "n": 100}, True),
        ({"yes": 20, "n": 50}, {"yes": 20, "n": 50}, True),
        # As good as ten people: no sign that the test turns answers round.
        ({"yes": 20, "n": 50, "deff": 10}, {"yes": 20, "n": 50, "deff": 10}, False),
    ],
)  # fmt: skip
def test_studies_of_a_test_in_any_form_are_asked_whether_it_turns_round(told, kept, turned):
    test = fe.TestError(sensitivity=fe.Beta(1, 1), specificity=fe.Beta(1, 1))
    asked = fe.Survey(name="s", step="b", yes=10, n=50, defects=[test])
    both = [
        fe.Validation(name=what, of="s", what=what, **study)
        for what, study in (("sensitivity", told), ("specificity", kept))
    ]
    if not turned:
        assert model_of(asked, *both).evidence
        return
    with pytest.raises(fe.SpecError, match="must add up to more than 1"):
        model_of(asked, *both)


@pytest.mark.parametrize(("yes", "n"), [([5], 100), (5, [100]), (np.array([5]), 100), ([5], [100])])
def test_one_study_may_stand_in_a_list(yes, n):
    """In one of the two fields alone it ended in the words of Python: list has no __round__."""
    audit = fe.Validation(name="v", of="r", what="ppv", yes=yes, n=n)
    assert audit.problems(fe.Route("a"), fe.Population.cells()) == []


def test_a_masked_number_of_a_study_is_told():
    audit = fe.Validation(name="v", of="r", what="ppv", yes=np.ma.masked, n=100)
    (said,) = audit.problems(fe.Route("a"), fe.Population.cells())
    assert said.startswith("field 'yes' must be a whole number of at least 0")
    assert "which is masked" in said
