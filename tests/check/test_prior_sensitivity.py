"""Priors to a power, and other priors, against conjugate closed forms and ArviZ."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelest as fe
from funnelest.check.alternative_priors import alternative_priors
from funnelest.check.power_scaling import Scaled
from funnelest.check.prior_sensitivity import _goes, prior_sensitivity
from funnelest.likelihood.components import log_prior_density
from funnelest.verdict import Changed, Three
from funnelest.words import Language

LEVELS = (0.5, 0.025, 0.975)
PEOPLE = fe.Population({"sex": ["male", "female"]}, [600, 400])
RATE = {"rate": lambda q: q.parameter("rate of a")}


def shares(prior, yes=8, n=20):
    model = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(prior), {("a", "b"): fe.Share(0.5)},
        [fe.Survey("s", step="a", yes=yes, n=n)],
    )  # fmt: skip
    return fe.fit(model, engine="importance", draws=32_000, seed=1, progress=False)


def distance(x, p, q):
    """Return the cumulative Jensen-Shannon distance of two distribution functions on a grid."""

    def one(p, q):
        step, m = np.diff(x), (p + q) / 2
        with np.errstate(all="ignore"):
            inside = np.where(p > 0, p * np.log2(p / m), 0.0) + (q - p) / (2 * np.log(2))
        return np.sum(step * (inside[1:] + inside[:-1]) / 2)

    ways = [(p, q), (1 - p, 1 - q)]
    area = np.diff(x)
    return max(
        np.sqrt((one(a, b) + one(b, a)) / np.sum(area * ((a + b)[1:] + (a + b)[:-1]) / 2))
        for a, b in ways
    )  # fmt: skip


@pytest.mark.parametrize("belief", [fe.Beta(1, 1), fe.Uniform(0, 1), fe.Beta(6, 3)], ids=repr)
def test_a_beta_prior_to_a_power(belief):
    """The power times its parameters: as many observations, half as many, and twice."""
    a, b = (belief.alpha, belief.beta) if isinstance(belief, fe.Beta) else (1, 1)
    result = shares(belief)
    found = prior_sensitivity(result, quantities=RATE, seed=1, cores=1)
    row = next(row for row in found.found if row.component == "rate of a")
    for power, move in ((0.5, row.half), (2, row.twice)):
        exact = stats.beta(power * a + 8, power * b + 12).ppf(LEVELS)
        assert move.how == "reweighted"
        assert move.power == power
        np.testing.assert_allclose(move.after, exact, atol=0.012)
    # The distance is over the range of the draws: beyond it both functions are 0 or 1.
    draws = result.draws["rate of a"]
    x = np.linspace(draws.min(), draws.max(), 4001)
    base = stats.beta(a + 8, b + 12).cdf(x)
    exact = np.mean([
        distance(x, base, stats.beta(power * a + 8, power * b + 12).cdf(x)) / abs(np.log2(power))
        for power in (0.99, 1.01)
    ])  # fmt: skip
    assert row.psens == pytest.approx(exact, abs=0.006)
    data = next(row for row in found.found if row.component == "all sources")
    exact = np.mean([
        distance(x, base, stats.beta(a + power * 8, b + power * 12).cdf(x)) / abs(np.log2(power))
        for power in (0.99, 1.01)
    ])  # fmt: skip
    assert data.psens == pytest.approx(exact, abs=0.006)
    assert found.details["flat"] == (() if a == 6 else ("rate of a",))


def test_a_prior_against_the_data_is_flagged():
    found = prior_sensitivity(shares(fe.Beta(30, 3)), quantities=RATE, seed=1, cores=1)
    assert not found.passed
    assert found.headline == "rate is decided by the prior of rate of a."
    assert found.mark == "DECIDED BY PRIORS: rate"
    table = found.table.set_index("component")
    assert table.loc["rate of a", "diagnosis"] == "prior-data conflict, or a prior meant to inform"
    assert table.loc["rate of a", "decides"]
    assert table.loc["all sources", "diagnosis"] == ""
    assert "Assumed without a distribution, so that it cannot be scaled: a -> b." in found.text
    assert repr(found).startswith(found.text)
    dutch = found.in_language("nl")
    assert dutch.headline == "rate wordt bepaald door de prior van jaarcijfer van a."
    assert dutch.mark == "BEPAALD DOOR PRIORS: rate"
    diagnosis = dutch.table.set_index("component").loc["jaarcijfer van a", "diagnosis"]
    assert diagnosis.startswith("prior en gegevens in strijd")
    assert " the " not in dutch.text


def test_a_strong_prior_and_little_data_is_flagged():
    found = prior_sensitivity(shares(fe.Beta(40, 40), yes=1, n=2), quantities=RATE, seed=1, cores=1)
    row = next(row for row in found.found if row.component == "rate of a")
    assert row.decides
    diagnosis = found.table.set_index("component").loc["rate of a", "diagnosis"]
    assert diagnosis == "strong prior, weak likelihood"


def test_much_data_passes():
    found = prior_sensitivity(shares(fe.Beta(1, 1), yes=400, n=1000), quantities=RATE, seed=1)
    assert found.passed
    assert found.mark == ""
    assert found.headline == "No quantity moves with a prior (every sensitivity is below 0.05)."


def test_like_arviz_where_the_scale_is_the_same():
    """A normal prior on its natural scale is what ArviZ's `psense` scales."""
    from arviz_base import from_dict
    from arviz_stats import psense

    model = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(0.1), {("a", "b"): fe.Share(0.5)},
        [fe.OwnNormal(name="s", quantity=lambda q: q.parameter("x"), estimate=3.0, se=1.0)],
        parameters={"x": fe.Normal(0, 1)},
    )  # fmt: skip
    result = fe.fit(model, engine="importance", seed=1, progress=False)
    found = prior_sensitivity(result, quantities={"x": lambda q: q.parameter("x")}, seed=1, cores=1)
    x = result.draws["x"]
    tree = from_dict({
        "posterior": {"x": x},
        "log_prior": {"x": stats.norm.logpdf(x)},
        "log_likelihood": {"s": stats.norm.logpdf(3, x, 1)},
    })  # fmt: skip
    for component, group in (("x", "prior"), ("all sources", "likelihood")):
        row = next(row for row in found.found if row.component == component)
        assert row.psens == pytest.approx(float(psense(tree, group=group)["x"]), rel=0.01)


@pytest.mark.parametrize(
    "belief",
    [fe.Normal(1, 2), fe.HalfNormal(2), fe.LogNormal(1, 0.5), fe.LogitNormal(0.5, 1), fe.Beta(2, 3),
     fe.Gamma(3, 2), fe.Uniform(0, 1), fe.Truncated(prior=fe.LogNormal(-3, 1), low=0.0, high=1.0)],
    ids=lambda one: one.describe(),
)  # fmt: skip
@pytest.mark.parametrize("power", [0.5, 2.0])
def test_a_prior_to_a_power_is_a_member_of_its_family(belief, power):
    x = belief.ppf(np.linspace(0.05, 0.95, 9))
    other = belief.powered(power)
    gap = log_prior_density(other, x) - power * log_prior_density(belief, x)
    np.testing.assert_allclose(gap, gap[0], atol=1e-9)
    assert other.support == belief.support


def test_families_without_such_a_member():
    assert fe.LogUniform(1, 100).powered(0.5) is None
    assert fe.Uniform(0, 2).powered(0.5) is None
    assert log_prior_density(fe.LogUniform(1, 100), np.array([1.1, 10.0])).argmax() == 1


def narrow(prior):
    """A parameter in the tail of its prior, so that weights fail when it counts half."""
    model = fe.Model(
        fe.Route("a", "b"), PEOPLE, fe.Rate(0.1), {("a", "b"): fe.Share(0.5)},
        [fe.OwnNormal(name="s", quantity=lambda q: q.parameter("x"), estimate=8.0, se=1.0)],
        parameters={"x": prior},
    )  # fmt: skip
    return fe.fit(model, engine="importance", seed=1, progress=False)


LOOKED = {"x": lambda q: q.parameter("x")}


def test_a_refit_where_weights_fail():
    """Normal(0, 0.5) and 8: from 1.6 to 2.67 when the prior counts half."""
    result = narrow(fe.Normal(0, 0.5))
    found = prior_sensitivity(result, quantities=LOOKED, seed=1, cores=1)
    row = next(row for row in found.found if row.component == "x")
    assert row.half.how == "refit"
    precision = 2.0 + 1
    exact = stats.norm(8 / precision, precision**-0.5).ppf(LEVELS)
    np.testing.assert_allclose(row.half.after, exact, atol=0.08)
    less = prior_sensitivity(result, quantities=LOOKED, seed=1, cores=1, refit=False)
    step = next(row for row in less.found if row.component == "x").half
    assert step.how == "smaller step"
    assert 0.5 < step.power < 1
    precision = 4 * step.power + 1
    np.testing.assert_allclose(step.after[0], 8 / precision, atol=0.08)
    assert "less of a change" in less.text


def test_a_refit_that_fails_is_not_believed(monkeypatch):
    def fails(models, **options):
        return dict.fromkeys(models, fe.FitError("no point"))

    for name in ("power_scaling", "alternative_priors"):  # a function has the module's name
        monkeypatch.setattr(sys.modules[f"funnelest.check.{name}"], "refits", fails)
    result = narrow(fe.Normal(0, 0.5))
    found = prior_sensitivity(result, quantities=LOOKED, seed=1, cores=1)
    assert next(row for row in found.found if row.component == "x").half.how == "smaller step"
    other = alternative_priors(result, {"far": {"x": fe.Normal(20, 1)}}, quantities=LOOKED, seed=1)
    (row,) = other.found
    assert row.how == "failed"
    assert np.isnan(row.after).all()
    assert not other.passed
    assert other.mark == "OTHER PRIORS FAILED: far"


@pytest.mark.parametrize(
    ("belief", "how"),
    [(fe.Beta(3, 2), "reweighted"), (fe.Beta(300, 30), "refit")],
    ids=["near", "far"],
)
def test_alternative_priors(belief, how):
    result = shares(fe.Beta(1, 1))
    found = alternative_priors(
        result, {"other": {"rate of a": belief}}, quantities=RATE, seed=2, cores=1
    )
    (row,) = found.found
    law = stats.beta(belief.alpha + 8, belief.beta + 12)
    base = stats.beta(9, 13)
    assert row.how == how
    np.testing.assert_allclose(row.after, law.ppf(LEVELS), atol=0.012)
    width, was = np.diff(law.ppf(LEVELS[1:]))[0], np.diff(base.ppf(LEVELS[1:]))[0]
    assert row.widened == pytest.approx(width / was, rel=0.06)
    x = np.linspace(0, 1, 10_001)
    exact = np.trapezoid(np.minimum(law.pdf(x), base.pdf(x)), x)
    assert found.table["overlap"].iloc[1] == pytest.approx(exact, abs=0.03)
    logits = np.log(base.rvs(50_000, random_state=1))
    logits -= np.log1p(-np.exp(logits))
    exact = (np.log(law.median() / (1 - law.median())) - np.median(logits)) / logits.std()
    assert row.shift == pytest.approx(exact, abs=0.08)
    assert found.passed == (how == "reweighted")
    table = found.table
    assert list(table["priors"]) == ["as it is", "other"]
    assert list(table["changed"]) == [False, how == "refit"]
    assert f"{belief.describe()} for rate of a in place of Beta(1, 1)" in found.text
    assert repr(found).startswith(found.headline)
    dutch = found.in_language("nl").text
    assert f"{belief.describe()} voor rate of a in plaats van Beta(1, 1)" in dutch
    assert " the " not in dutch


@pytest.mark.slow
def test_the_same_on_one_core_and_on_two():
    """But for rounding: another process may add in another order."""
    result = narrow(fe.Normal(0, 0.5))
    others = {"far": {"x": fe.Normal(20, 1)}, "farther": {"x": fe.Normal(30, 1)}}
    one, two = (
        alternative_priors(result, others, quantities=LOOKED, seed=4, cores=cores).table
        for cores in (1, 2)
    )
    assert (one["how"] == "refit").sum() == 2
    pd.testing.assert_frame_equal(one, two, rtol=1e-9)


def test_arguments():
    result = shares(fe.Beta(1, 1))
    with pytest.raises(fe.SpecError) as caught:
        prior_sensitivity(1, quantities=2, probability=0, threshold=0, seed="x", cores=0, refit=1)
    for text in ("result must", "quantities must", "probability must", "threshold must",
                 "seed must", "cores must", "refit must"):  # fmt: skip
        assert text in str(caught.value)
    with pytest.raises(fe.SpecError) as caught:
        alternative_priors(
            result,
            {"one": {}, "two": {"rate of a": 0.5}, "three": {"nobody": fe.Beta(1, 1)},
             "four": {"rate of a": fe.Normal(0, 1)}},
            moved=0, widened=1, seed=1,
        )  # fmt: skip
    for text in ("moved must", "widened must", "alternative 'one' must", "use Model.holding",
                 "no unknown parameter 'nobody'", "alternative 'four': "):  # fmt: skip
        assert text in str(caught.value)
    with pytest.raises(fe.SpecError, match="alternatives must map"):
        alternative_priors(result, {}, seed=1)


def test_intervals_are_told_no_finer_than_draws_tell_them() -> None:
    """One of 20,666 to 63,313 is of 21,000 to 63,000, each limit as its own error allows."""
    was = Three((36_412.0, 20_666.0, 63_313.0), (900.0, 700.0, 1_100.0))
    half = Three((35_000.0, 9_876.0, 151_234.0), (900.0, 700.0, 9_000.0))
    twice = Three((1.5, 1, 2), (0.01, 0.01, 0.01))
    moves = [
        Changed(quantity="n", under="p", before=was, after=after, how="reweighted", power=power)
        for after, power in ((half, 0.5), (twice, 2.0))
    ]
    one = Scaled(quantity="n", component="p", kind="prior", psens=0.5, k_hat=0.1, half=moves[0],
                 twice=moves[1], decides=True)  # fmt: skip
    said = Language("en").say(_goes(one, 0.95))
    assert "from 21,000 to 63,000" in said
    assert "10,000 to 150,000 when it counts half" in said
    assert "1 to 2 when it counts twice" in said
