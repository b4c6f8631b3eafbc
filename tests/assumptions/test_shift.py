"""A shift of the log-odds, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

import funnelest as fe

GOOD = {"ages": (0, 7), "like": (8, 16), "statement": "half as many"}


def shift(place, **fields):
    given = {**GOOD, "prior": fe.Normal(-0.7, 0.5), "axis": place.axis, **fields}
    return fe.Shift(**given)


def test_the_odds_are_shifted(place):
    label = f"shift[{place.axis} 0-7 against 8-16]"

    def by_hand(values, before, mean):
        return np.broadcast_to(
            expit(logit(mean) + values[label]), before[place.levels((0, 7))].shape
        )

    place.check(shift(place), by_hand)


def test_a_known_shift(place):
    def by_hand(values, before, mean):
        return np.broadcast_to(expit(logit(mean) - 0.7), before[place.levels((0, 7))].shape)

    assert (
        not shift(place, prior=-0.7)
        .parameters(place.population)[f"shift[{place.axis} 0-7 against 8-16]"]
        .problems()
    )
    place.check(shift(place, prior=-0.7), by_hand)


def test_a_shared_shift(place):
    model = place.model(shift(place, prior=fe.Shared("d")), parameters={"d": fe.Normal(0, 1)})
    values = place.draws(model)
    mean = place.mean(place.plain(values), (8, 16))
    after = place.rates(model, values)[place.levels((0, 7))]
    np.testing.assert_allclose(
        after, np.broadcast_to(expit(logit(mean) + values["d"]), after.shape), rtol=1e-10
    )


def test_what_it_says():
    one = fe.Shift(**GOOD, prior=fe.Normal(np.log(0.5), 0.5))
    assert one.sentence() == (
        "The odds (chance of yes over chance of no) at age 0-7 are those at 8-16 times 0.5 "
        "(assumed beforehand, 95% interval 0.188 to 1.33)."
    )
    assert one.sentence("nl") == (
        "De odds (kans op wel gedeeld door kans op niet) op leeftijd 0-7 zijn die op 8-16 maal 0,5 "
        "(vooraf aangenomen, 95%-interval 0,188 tot 1,33)."
    )
    assert one.sentence("fr") == one.sentence("en")
    assert one.describe() == one.sentence().rstrip(".")
    fixed = fe.Shift(**GOOD, prior=np.log(0.5))
    assert fixed.sentence() == (
        "The odds (chance of yes over chance of no) at age 0-7 are those at 8-16 times 0.5."
    )
    assert fixed.sentence("nl") == (
        "De odds (kans op wel gedeeld door kans op niet) op leeftijd 0-7 zijn die op 8-16 maal 0,5."
    )


def test_a_shift_beyond_all_numbers_can_still_be_said():
    """Of which the factor has no floating-point number: exp(710) overflows."""
    assert fe.Shift(**GOOD, prior=800).sentence().endswith("times inf.")
    assert fe.Shift(**GOOD, prior=-800).sentence().endswith("times 0.")
    wide = fe.Shift(**GOOD, prior=fe.Normal(0.0, 1000.0)).sentence()
    assert wide.endswith("times 1 (assumed beforehand, 95% interval 0 to inf).")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": " "}, "Shift of ages 0-7: field 'statement' is needed: what is assumed "
         "of these ages, and why?"),
        ({"prior": None}, "Shift of ages 0-7: field 'prior' needs a prior, or a number that is "
         "taken as known."),
        ({"prior": "x"}, "Shift of ages 0-7: field 'prior': a prior or a number is needed; given "
         "'x'."),
        ({"like": (7, 16)}, "Shift of ages 0-7: fields 'ages' (0-7) and 'like' (7-16) overlap: "
         "what is filled in cannot rest on itself."),
        ({"ages": (0, 99)}, "Shift of ages 0-99: field 'ages': 0-99 on axis 'age' is not covered "
         "by the population; axis 'age' has 0, 1, 2, ..., 15, 16."),
        ({"like": (12, 99)}, "Shift of ages 0-7: field 'like': 12-99 on axis 'age' is not covered "
         "by the population; axis 'age' has 0, 1, 2, ..., 15, 16."),
        ({"ages": [0, 7]}, "Shift: field 'ages' must be a pair of ages (lowest, highest), both "
         "included; given [0, 7]."),
        ({"like": 8}, "Shift: field 'like' must be a pair of ages (lowest, highest), both "
         "included; given 8."),
        ({"axis": "agee"}, "Shift of ages 0-7: field 'axis': there is no axis 'agee' of "
         "ages; the population's axes are: year, age, sex."),
    ],
)  # fmt: skip
def test_what_is_refused(fields, sentence, refused):
    assert refused(fe.Shift(**{**GOOD, "prior": 0.0, **fields})) == [sentence]


def test_all_of_it_at_once(refused):
    found = refused(fe.Shift(ages=(0, 8), like=(8, 16)))
    assert len(found) == 3
    assert "statement" in found[0]
    assert "'prior' needs a prior" in found[1]
    assert "overlap" in found[2]
