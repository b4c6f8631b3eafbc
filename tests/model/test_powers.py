"""Sources that count to a power, and priors that are set aside: against closed forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import funnelest as fe
from funnelest.likelihood.as_pymc import to_pymc
from funnelest.likelihood.density import Density, prior_draws

PEOPLE = fe.Population({"sex": ["male", "female"]}, [600, 400])
MODEL = fe.Model(
    fe.Route("a", "b"),
    PEOPLE,
    fe.Rate(fe.Beta(2, 8)),
    {("a", "b"): fe.Share(fe.Beta(3, 3))},
    [
        fe.Survey("s", step="a", yes=30, n=100),
        fe.Survey("t", step="b", of="a", yes=8, n=20),
    ],
)
OPTIONS = {"engine": "importance", "draws": 40_000, "seed": 3, "progress": False}


def quantiles(result, name):
    return np.quantile(result.draws[name], [0.025, 0.5, 0.975])


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_a_power_of_a_binomial_is_a_beta_of_that_much_data(power):
    result = fe.fit(MODEL.with_powers({"s": power}), **OPTIONS)
    exact = stats.beta(2 + 30 * power, 8 + 70 * power)
    np.testing.assert_allclose(
        quantiles(result, "rate of a"), exact.ppf([0.025, 0.5, 0.975]), rtol=0.06
    )
    other = stats.beta(3 + 8, 3 + 12)
    np.testing.assert_allclose(
        quantiles(result, "a -> b"), other.ppf([0.025, 0.5, 0.975]), rtol=0.06
    )


def test_both_engines_have_the_same_density():
    model = MODEL.with_powers({"s": 0.25, "t": 0.0})
    density = Density(model)
    z = density.line(prior_draws(model, np.random.default_rng(1), 4))
    made = to_pymc(model)
    logp = made.compile_logp(sum=True)
    names = [one.name for one in made.value_vars]
    assert names == ["beta_logodds__"]
    found = [float(logp({names[0]: point})) for point in z.T]
    np.testing.assert_allclose(found, density(z), rtol=1e-10)


def test_nothing_left_is_the_prior():
    result = fe.fit(MODEL.with_powers({"s": 0, "t": 0}), **OPTIONS)
    exact = stats.beta(2, 8).ppf([0.025, 0.5, 0.975])
    np.testing.assert_allclose(quantiles(result, "rate of a"), exact, rtol=0.08)


def test_another_prior_takes_the_place_of_its_own():
    changed = MODEL.with_priors({"rate of a": fe.Beta(20, 20)})
    np.testing.assert_allclose(
        quantiles(fe.fit(changed, **OPTIONS), "rate of a"),
        stats.beta(50, 90).ppf([0.025, 0.5, 0.975]),
        rtol=0.03,
    )
    (entry,) = [one for one in changed.ledger() if one.about == "rate of a"]
    assert entry.value == fe.Beta(20, 20).describe()
    assert list(changed.free) == list(MODEL.free)


def test_the_ledger_and_json_have_them():
    changed = MODEL.with_powers({"s": 0.5}).with_priors({"a -> b": fe.Uniform(0.1, 0.9)})
    (entry,) = [one for one in changed.ledger() if one.about == "s" and one.kind == "assumption"]
    assert "power 0.5" in entry.value
    again = fe.Model.from_dict(json.loads(json.dumps(changed.to_dict())))
    assert again == changed
    assert again != MODEL
    assert "s" not in changed.without("s").powers


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: MODEL.with_powers({"x": 1}),
         "powers: there is no source 'x'; the sources are: s, t."),
        (lambda: MODEL.with_powers({"s": -1}),
         "powers: that of 's' must be a number of at least 0; given -1."),
        (lambda: MODEL.with_powers({"s": True}),
         "powers: that of 's' must be a number of at least 0; given True."),
        (lambda: MODEL.with_powers(3), "powers must be a mapping; given 3."),
        (lambda: MODEL.with_priors({"a -> b": fe.Normal(0, 1)}),
         "instead: the prior of 'a -> b' must lie between 0 and 1; given Normal(0, 1)."),
        (lambda: MODEL.with_priors({"a -> b": fe.Shared("rate of a")}),
         "instead: 'a -> b' must be a number or a distribution; given Shared(name='rate of a')."),
        (lambda: MODEL.with_priors({"nobody": fe.Beta(1, 1)}),
         "instead: there is no unknown parameter 'nobody'; the unknown ones are: 'rate of a', "
         "'a -> b'."),
    ],
)  # fmt: skip
def test_what_cannot_be_changed(change, sentence):
    with pytest.raises(fe.SpecError) as caught:
        change()
    assert caught.value.problems == (sentence,)
