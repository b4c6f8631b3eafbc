"""Registers that see some ages less well, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import funnelest as fe

GOOD = {
    "ages": (0, 7), "like": (8, 16), "registers": ["r"], "prior": 0.5, "relative": fe.Gamma(2, 4),
    "statement": "small children are seen by fewer",
}  # fmt: skip


def make(place, **fields):
    return fe.DetectionRatio(**{**GOOD, "axis": place.axis, **fields})


def label(place, what):
    return f"{what}[{place.axis} 0-7 against 8-16]"


def register(**fields):
    return fe.Register(**{"name": "r", "step": "a", "count": 900, **fields})


def test_the_rate_is_a_multiple(place):
    def by_hand(values, before, mean):
        young = before[place.levels((0, 7))]
        return np.broadcast_to(
            np.minimum(mean * values[label(place, "rate ratio")], 1.0), young.shape
        )

    place.check(make(place), by_hand, evidence=[register()])


def test_a_rate_is_at_most_one(place):
    model = place.model(make(place, relative=50.0), occurrence=fe.Rate(0.4), evidence=[register()])
    assert (place.rates(model, {})[place.levels((0, 7))] == 1).all()


def expected(model, values):
    q = fe.Quantities(model, values)
    return model.evidence[0].observations(q)[0].distribution.mean


@pytest.mark.parametrize("detected", [fe.LogNormal(-0.5, 0.4), 0.7])
def test_what_a_register_expects(place, detected):
    """Coverage comes first, then the ratio, then what is incomplete, false or counted twice."""
    twice = fe.Bridge("reports", fe.Fixed(1.3, statement="counted"))
    defects = [fe.FalsePositives(7.0), twice, fe.Completeness(0.9), fe.Coverage(fe.Beta(5, 5))]
    model = place.model(make(place, prior=detected), evidence=[register(defects=defects)])
    values = place.draws(model)
    rates = place.rates(model, values) * place.counts
    young = place.levels((0, 7))
    rho = values.get(label(place, "detection ratio"), np.full(4, 0.7))
    assert (rho * values["coverage[r]"] < 1).all()
    people = rates.sum(axis=tuple(range(rates.ndim - 1)))
    small = rates[young].sum(axis=tuple(range(rates.ndim - 1)))
    seen = values["coverage[r]"] * (people - small + rho * small)
    np.testing.assert_allclose(expected(model, values), seen * 0.9 * 1.3 + 7, rtol=1e-10)


def test_no_more_are_registered_than_there_are(place):
    model = place.model(
        make(place, prior=5.0),
        evidence=[register(defects=[fe.Coverage(0.5), fe.Completeness(0.8)])],
    )
    values = place.draws(model)
    rates = place.rates(model, values) * place.counts
    young = place.levels((0, 7))
    axes = tuple(range(rates.ndim - 1))
    small = rates[young].sum(axis=axes)
    seen = small + 0.5 * (rates.sum(axis=axes) - small)
    np.testing.assert_allclose(expected(model, values), 0.8 * seen, rtol=1e-10)


@pytest.mark.filterwarnings("ignore:.*give the same numbers of the same people")
def test_of_a_register_that_is_not_named_nothing_changes(place):
    other = register(name="other")
    model = place.model(make(place), evidence=[other, register()])
    values = place.draws(model)
    q = fe.Quantities(model, values)
    mean = other.observations(q)[0].distribution.mean
    np.testing.assert_allclose(mean, q.number("a"), rtol=1e-12)
    assert (expected(place.model(make(place), evidence=[register()]), values) < mean).all()


def test_totals_and_audits_see_it_too(place):
    """A total, and the coverage that an audit checks."""
    where = {place.axis: (0, 7)}
    asked = fe.Survey("s", step="a", share=0.05, n=900, where={place.axis: (8, 16)})
    total = fe.Total(name="t", step="a", estimate=300, se=90, where=where)
    counted = register(where=where, defects=[fe.Coverage(fe.Beta(5, 5))])
    audit = fe.Validation(name="v", of="r", what="coverage", yes=10, n=30)
    one = make(place, registers=["t", "r"], prior=0.25)
    model = place.model(one, evidence=[asked, total, counted, audit])
    values = place.draws(model)
    q = fe.Quantities(model, values)
    number = q.number("a", where)
    moments = total.observations(q)[0].moments()[0]
    np.testing.assert_allclose(total.expected(q, total.records(q), [where])[0], 0.25 * number)
    assert moments.shape == (4,)
    seen = 0.25 * values["coverage[r]"]
    np.testing.assert_allclose(counted.checked("coverage", q, {}), seen, rtol=1e-10)
    (checked,) = audit.observations(q)
    np.testing.assert_allclose(checked.distribution.p, seen, rtol=1e-10)
    elsewhere = {place.axis: (8, 16)}
    open_to_all = register(name="r", defects=[fe.Coverage(fe.Beta(5, 5))])
    model = place.model(one, evidence=[asked, total, open_to_all])
    q = fe.Quantities(model, values)
    np.testing.assert_allclose(
        open_to_all.checked("coverage", q, elsewhere), values["coverage[r]"], rtol=1e-10
    )


def test_a_register_among_unlinked_ones_is_refused(place):
    """How well each sees the people is estimated there, for all ages alike."""
    asked = fe.Survey("s", step="a", share=0.05, n=900, where={place.axis: (8, 16)})
    lists = fe.Unlinked(
        name="u", overlap=fe.Fixed(0.0, statement="nobody is in both"),
        registers=[register(), register(name="q")],
    )  # fmt: skip
    alone = register(name="alone")

    def told(*names):
        with pytest.raises(fe.SpecError) as caught:
            place.model(make(place, registers=list(names)), evidence=[asked, lists, alone])
        # Without the assumption nothing is said of the ages, so that may be told as well.
        return [text for text in caught.value.problems if text.startswith("DetectionRatio")]

    def member(name):
        return (
            f"DetectionRatio: field 'registers' names {name!r}, which is a member of registers "
            "that are not linked: how well each of them sees the people is estimated there, and "
            "cannot also differ by age."
        )

    assert told("r") == [member("r")]
    assert told("r", "alone", "q") == [member("r"), member("q")]
    assert told("u")[0].startswith("DetectionRatio: field 'registers' names 'u', which is no")
    model = place.model(make(place, registers=["alone"]), evidence=[asked, lists, alone])
    assert label(place, "rate ratio") in model.free


def test_of_the_records_as_many_are_true(place):
    """It is about who is registered, and not about which records are right."""
    one = register(defects=[fe.PPV(0.8), fe.Coverage(0.5)])
    model = place.model(make(place), evidence=[one])
    q = fe.Quantities(model, place.draws(model))
    for where in ({}, {place.axis: (0, 7)}, {place.axis: (8, 16)}):
        np.testing.assert_allclose(one.checked("ppv", q, where), 0.8, rtol=1e-12)


def test_only_the_product_matters_to_the_records(place):
    """Twice as many, seen half as well: the register of these ages cannot tell."""
    where = {place.axis: (0, 7)}
    one = make(place, prior=fe.LogNormal(-0.5, 0.4), relative=fe.LogNormal(-0.5, 1))
    model = place.model(one, evidence=[register(step="b", where=where)])
    values = place.draws(model)
    ratio, detected = label(place, "rate ratio"), label(place, "detection ratio")
    other = {**values, ratio: 2 * values[ratio], detected: values[detected] / 2}
    np.testing.assert_allclose(expected(model, values), expected(model, other), rtol=1e-10)
    assert not np.allclose(
        fe.Quantities(model, values).number("a", where),
        fe.Quantities(model, other).number("a", where),
    )


def test_a_register_that_is_named_is_no_limit_by_itself(place):
    """What it holds of all ages bounds nobody any more, so it is not called impossible."""
    few = fe.Population({"age": [(0, 7), (8, 16)]}, [500, 500])
    survey = fe.Survey("s", step="a", share=0.5, n=100, where={"age": (8, 16)})
    one = fe.DetectionRatio(**{**GOOD, "prior": 1.0})
    model = fe.Model(
        fe.Route("a", "b"), few, fe.Rate(fe.Beta(1, 1)), assumptions=[one],
        evidence=[survey, register(count=30, where={"age": (0, 7)})],
    )  # fmt: skip
    assert "rate ratio[age 0-7 against 8-16]" in model.free


def test_what_it_says():
    one = fe.DetectionRatio(**{**GOOD, "registers": ["police", "doctors"]})
    law = stats.gamma(2, scale=1 / 4)
    median, low, high = (float(law.ppf(p)) for p in (0.5, 0.025, 0.975))
    assert one.sentence() == (
        "A victim at age 0-7 is 0.5 times as likely to be registered as one at 8-16 (police, "
        f"doctors). The rate itself is {median:.3g} (assumed beforehand, 95% interval {low:.3g} "
        f"to {high:.3g}) times that at 8-16, as far as the registers do not tell."
    )
    known = fe.DetectionRatio(**{**GOOD, "registers": ["police", "doctors"], "relative": 0.25})
    assert known.sentence("nl") == (
        "Een slachtoffer van 0-7 jaar heeft 0,5 maal zoveel kans om geregistreerd te worden als "
        "een van 8-16 (police, doctors). Het cijfer zelf is 0,25 maal dat van 8-16, voor zover de "
        "registraties het niet leren."
    )


START = "DetectionRatio of ages 0-7: field "


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": ""}, "DetectionRatio of ages 0-7: field 'statement' is needed: what is "
         "assumed of these ages, and why?"),
        ({"prior": None}, START + "'prior' needs a prior, or a number that is taken as known."),
        ({"relative": None}, START + "'relative' needs a prior, or a number that is taken as "
         "known."),
        ({"prior": 0}, START + "'prior' must be above 0; given 0."),
        ({"prior": fe.Fixed(0.0)}, START + "'prior' must be above 0; given 0."),
        ({"relative": -1}, START + "'relative' must be at least 0; given -1."),
        ({"registers": []}, START + "'registers' must be a list of names of registers, at least "
         "one; given []."),
        ({"registers": "r"}, START + "'registers' must be a list of names of registers, at least "
         "one; given 'r'."),
        ({"registers": ["r", "q"]}, "DetectionRatio: field 'registers' names 'q', which is no "
         "register of the model; its registers are: r."),
        ({"registers": ["s"]}, "DetectionRatio: field 'registers' names 's', which is no "
         "register of the model; its registers are: r."),
        ({"like": [8, 16]}, "DetectionRatio: field 'like' must be a pair of ages (lowest, "
         "highest), both included; given [8, 16]."),
        ({"relative": fe.Uniform(-3, 1)}, START + "'relative' must be at least 0, where "
         "Uniform(-3, 1) has only 25.0% probability: what is left of it would hardly be what was "
         "stated."),
        ({"like": (7, 16)}, "DetectionRatio of ages 0-7: fields 'ages' (0-7) and 'like' (7-16) "
         "overlap: what is filled in cannot rest on itself."),
    ],
)  # fmt: skip
def test_what_is_refused(fields, sentence, refused):
    survey = fe.Survey("s", step="b", of="a", yes=3, n=30)
    found = refused(fe.DetectionRatio(**{**GOOD, **fields}), evidence=[survey, register()])
    assert found == [sentence]


def test_all_of_it_at_once(refused):
    found = refused(fe.DetectionRatio(ages=(0, 8), like=(8, 16)))
    assert len(found) == 5
    for words in (
        "'statement' is needed",
        "'prior' needs",
        "'relative' needs",
        "'registers'",
        "overlap",
    ):
        assert any(words in text for text in found)
