"""Proportional to a pattern, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

import funnelest as fe

#: In bands, that every population of these tests can be told apart by.
PATTERN = {(0, 3): 2.0, (4, 7): 5.0, (8, 11): 12.0, (12, 16): 20.0}
SHARES = {key: value / 1000 for key, value in PATTERN.items()}
GOOD = {
    "ages": (0, 7), "like": (8, 16), "pattern": PATTERN, "uncertainty": 0, "discount": 1,
    "statement": "as elsewhere",
}  # fmt: skip


def make(place, **fields):
    return fe.Proportional(**{**GOOD, "axis": place.axis, **fields})


def column(place, pattern, error=None):
    """Return a pattern per level, with the errors of its values, ages first."""
    many = (slice(None),) + (None,) * len(place.population.shape)
    found = np.zeros(len(place.population.axes[place.at].levels))[many]
    for key, value in pattern.items():
        inside = np.zeros(len(found))
        inside[place.levels(key)] = 1.0
        found = found + inside[many] * (value if error is None else error(key, value))
    return found


def label(place, what):
    return f"{what}[{place.axis} 0-7 against 8-16]"


def errors(place, values):
    sd = values[label(place, "pattern uncertainty")]
    return {
        key: sd * values[label(place, f"pattern error at {key[0]}-{key[1]}")] for key in PATTERN
    }


def test_a_known_pattern(place):
    def by_hand(values, before, mean):
        pattern = column(place, PATTERN)
        middle = place.mean(np.broadcast_to(pattern, before.shape), (8, 16))
        return np.minimum(mean * pattern[place.levels((0, 7))] / middle, 1.0)

    one = make(place)
    assert set(one.parameters(place.population)) == {label(place, "discount")}
    place.check(one, by_hand)


def test_with_error_and_discount(place):
    one = make(place, uncertainty=fe.HalfNormal(0.3), discount=fe.LogNormal(-0.3, 0.2))

    def by_hand(values, before, mean):
        u = errors(place, values)
        pattern = column(place, PATTERN, lambda key, value: value * np.exp(u[key]))
        middle = place.mean(np.broadcast_to(pattern, before.shape), (8, 16))
        factor = values[label(place, "discount")] * pattern[place.levels((0, 7))]
        return np.minimum(mean * factor / middle, 1.0)

    place.check(one, by_hand)


def test_on_the_odds_scale(place):
    one = make(
        place, pattern=SHARES, uncertainty=fe.HalfNormal(0.3), discount=fe.LogNormal(-0.3, 0.2),
        scale="odds",
    )  # fmt: skip

    def by_hand(values, before, mean):
        u = errors(place, values)
        pattern = column(place, SHARES, lambda key, value: expit(logit(value) + u[key]))
        middle = place.mean(np.broadcast_to(pattern, before.shape), (8, 16))
        apart = logit(pattern[place.levels((0, 7))]) - logit(middle)
        return expit(logit(mean) + np.log(values[label(place, "discount")]) + apart)

    place.check(one, by_hand)


@pytest.mark.parametrize("scale", ["rate", "odds"])
def test_ages_outside_the_comparison_are_left_alone(place, scale):
    one = make(
        place, like=(12, 16), scale=scale,
        pattern={key: value for key, value in SHARES.items() if key != (8, 11)},
    )  # fmt: skip
    model = place.model(one)
    values = place.draws(model)
    before, after = place.plain(values), place.rates(model, values)
    kept = place.levels((8, 16))
    np.testing.assert_allclose(after[kept], before[kept], rtol=1e-12)
    place.check_symbols(model, {name: value[:1] for name, value in values.items()})


def test_the_unit_of_the_pattern_does_not_matter(place):
    model = place.model(make(place))
    values = place.draws(model)
    other = place.model(make(place, pattern={k: 37 * v for k, v in PATTERN.items()}))
    np.testing.assert_allclose(place.rates(model, values), place.rates(other, values), rtol=1e-12)


def test_a_pattern_may_be_zero_at_some_ages(place):
    model = place.model(make(place, pattern={**PATTERN, (0, 3): 0}))
    after = place.rates(model, place.draws(model))
    assert (after[place.levels((0, 3))] == 0).all()
    assert (after[place.levels((4, 7))] > 0).all()


def test_a_rate_is_at_most_one(place):
    model = place.model(make(place, discount=1e6), occurrence=fe.Rate(fe.Beta(5, 5)))
    after = place.rates(model, place.draws(model))
    assert (after[place.levels((0, 7))] == 1).all()


def test_priors_may_be_shared(place):
    one = make(place, uncertainty=fe.Shared("s"), discount=fe.Shared("d"))
    shared = {"s": fe.HalfNormal(0.2), "d": fe.LogNormal(0, 0.2)}
    model = place.model(one, parameters=shared)
    alone = place.model(make(place, uncertainty=fe.HalfNormal(0.2), discount=fe.LogNormal(0, 0.2)))
    values = place.draws(model)
    own = {label(place, "pattern uncertainty"): values["s"], label(place, "discount"): values["d"]}
    both = {name: own[name] if name in own else values[name] for name in alone.free}
    np.testing.assert_allclose(place.rates(model, values), place.rates(alone, both), rtol=1e-12)


def test_what_it_says():
    one = fe.Proportional(**{**GOOD, "discount": fe.Normal(0.5, 0.2)})
    within = fe.Truncated(fe.Normal(0.5, 0.2), low=0.0)
    low, high = within.interval(0.95)
    shown = f"{within.ppf(0.5):.3g} (assumed beforehand, 95% interval {low:.3g} to {high:.3g})"
    assert one.sentence() == (
        f"From age 8-16 to 0-7 the rates follow a pattern found elsewhere, times {shown}."
    )
    assert fe.Proportional(**{**GOOD, "scale": "odds", "uncertainty": 0.25}).sentence("nl") == (
        "Van leeftijd 8-16 naar 0-7 volgen de odds een elders gevonden patroon, maal 1; elke "
        "waarde van het patroon is bekend op een relatieve fout van 0,25 na."
    )
    # Of a half-normal prior with sd 0.2: 0.2 times 0.674, 0.0313 and 2.24.
    assert fe.Proportional(**{**GOOD, "uncertainty": fe.HalfNormal(0.2)}).sentence().endswith(
        "a relative error of 0.135 (assumed beforehand, 95% interval 0.00627 to 0.448)."
    )  # fmt: skip
    assert "volgen de cijfers" in one.sentence("nl")
    assert "the odds follow" in fe.Proportional(**{**GOOD, "scale": "odds"}).sentence()


START = "Proportional of ages 0-7: field "


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": ""}, "Proportional of ages 0-7: field 'statement' is needed: what is "
         "assumed of these ages, and why?"),
        ({"uncertainty": None}, START + "'uncertainty' needs a prior, or a number that is taken as "
         "known."),
        ({"discount": None}, START + "'discount' needs a prior, or a number that is taken as "
         "known."),
        ({"uncertainty": -0.1}, START + "'uncertainty' must be at least 0; given -0.1."),
        ({"discount": fe.Uniform(-2, -1)}, START + "'discount' must be at least 0, where "
         "Uniform(-2, -1) has no probability: what is left of it would hardly be what was "
         "stated."),
        ({"scale": "log"}, START + "'scale' must be 'rate' or 'odds'; given 'log'."),
        ({"pattern": {(0, 3): 2.0, (8, 16): 5.0}}, START + "'pattern' misses age 4, 5, 6, 7."),
        ({"pattern": {(0, 16): 0}}, START + "'pattern' is zero at every age: it says nothing."),
        ({"pattern": {(0, 7): 1, (8, 16): 0}}, START + "'pattern' is zero at 8-16 (field 'like'), "
         "so that nothing can be proportional to it."),
        ({"pattern": {}}, START + "'pattern' must map ages to rates; given {}."),
        ({"pattern": [1, 2]}, START + "'pattern' must map ages to rates; given [1, 2]."),
        ({"pattern": {(0, 16): -1}}, START + "'pattern': the value at age 0-16 must be a number of "
         "at least 0; given -1."),
        ({"pattern": {(0, 16): 1, 3: 1}}, START + "'pattern' has two values for age 3."),
        ({"pattern": {(0, 16): 1, 99: 1}}, START + "'pattern': 99 on axis 'age' is not covered by "
         "the population; axis 'age' has 0, 1, 2, ..., 15, 16."),
        ({"scale": "odds", "pattern": {(0, 7): 0.1, (8, 16): 1}}, START + "'pattern': on the odds "
         "scale the value at age 8-16 must lie strictly between 0 and 1; given 1."),
        ({"like": (3, 16)}, "Proportional of ages 0-7: fields 'ages' (0-7) and 'like' (3-16) "
         "overlap: what is filled in cannot rest on itself."),
    ],
)  # fmt: skip
def test_what_is_refused(fields, sentence, refused):
    assert refused(fe.Proportional(**{**GOOD, **fields})) == [sentence]


def test_all_of_it_at_once(refused):
    found = refused(fe.Proportional(ages=(0, 7), like=(7, 16), pattern={(0, 3): 0, (8, 16): 0}))
    text = "\n".join(found)
    assert len(found) == 6
    for words in ("'statement' is", "'uncertainty' needs", "'discount' needs", "zero at every age",
                  "overlap", "misses age 4, 5, 6, 7"):  # fmt: skip
        assert words in text
