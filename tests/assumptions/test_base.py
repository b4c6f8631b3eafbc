"""What all assumptions about unasked ages have in common, and one of your own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.stats import norm

import funnelest as fe
from funnelest.fields import plain
from funnelest.likelihood.density import Density

PEOPLE = fe.Population(
    {"year": [2016, 2017], "age": list(range(17)), "sex": ["m", "f"]},
    np.random.default_rng(6).integers(500, 5_000, (2, 17, 2)),
)
PUPILS = fe.Survey("pupils", step="a", yes=80, n=4000, where={"age": (12, 16)})


def model_of(*assumptions, evidence=(PUPILS,), **parts):
    given = {"population": PEOPLE, "occurrence": fe.Rate(fe.Beta(1, 30)), **parts}
    return fe.Model(fe.Route("a", "b"), evidence=evidence, assumptions=list(assumptions), **given)


SHIFT = {"like": (12, 16), "prior": 0.0, "statement": "s"}

# --------------------------------------------------------------- a sixth assumption


@dataclass(frozen=True, kw_only=True)
class Halves(fe.Imputation):
    """A user's assumption: the rate halves with every so many years below the oldest age."""

    years: fe.Prior | float

    sentences: ClassVar[Mapping[str, str]] = {
        "en": "Below age {ages} the rate halves every so many years.",
        "nl": "Onder leeftijd {ages} halveert het cijfer om de zoveel jaar.",
    }

    def own_problems(self, population: fe.Population) -> list[str]:
        return [] if self.ages[1] < 16 else ["no age above it is left."]

    def parameters(self, population: fe.Population) -> dict[str, fe.Prior]:
        return {"years to halve": self.years}

    def apply_to_rate(self, rate: Any, values: Mapping[str, Any], population: fe.Population) -> Any:
        from funnelest.assumptions.imputation import filled
        from funnelest.terms.base import on_axis

        axis = population.age_axis(self.axis)
        column = [
            2.0 ** ((min(age - self.ages[1] - 1, 0)) / values["years to halve"])
            for age in axis.levels
        ]
        new = rate * on_axis(column, axis.name, population)
        return filled(rate, new, population, self.axis, self.ages)


MINE = Halves(ages=(0, 11), years=fe.Gamma(9, 3), statement="they are seldom alone", source="me")


def test_an_assumption_of_your_own_needs_no_registration():
    model = model_of(MINE)
    assert isinstance(MINE, fe.Assumption)
    assert model.basis({"age": (0, 11)}) == "imputed"
    assert model.basis({"age": (12, 16)}) == "estimated"
    assert model.basis() == "partly imputed"
    assert "age" in model.varies_over()
    values = {"rate of a": np.array([0.02, 0.04]), "years to halve": np.array([2.0, 4.0])}
    q = fe.Quantities(model, {**values, "a -> b": np.full(2, 0.5)})
    np.testing.assert_allclose(q.share("a", {"age": 8}), [0.02 / 4, 0.04 / 2])
    np.testing.assert_allclose(q.share("a", {"age": 12}), [0.02, 0.04])
    (entry,) = [one for one in model.ledger() if one.source == "me"]
    assert (entry.about, entry.kind) == (
        "Below age 0-11 the rate halves every so many years", "assumption"
    )  # fmt: skip
    assert MINE.sentence("nl") == "Onder leeftijd 0-11 halveert het cijfer om de zoveel jaar."


def test_it_comes_back_when_its_class_is_handed_in():
    model = model_of(MINE)
    data = json.loads(json.dumps(model.to_dict()))
    again = fe.Model.from_dict(data, kinds=[Halves])
    assert again == model
    assert again.assumptions == (MINE,)
    with pytest.raises(fe.SpecError, match="'Halves'"):
        fe.Model.from_dict(data)


def test_it_can_be_fitted_and_its_tables_say_imputed():
    result = fe.fit(model_of(MINE), engine="importance", draws=1000, seed=1, progress=False)
    rows = result.parameters().set_index("parameter")
    assert rows.loc["years to halve", "basis"] == "assumed"


def test_it_is_in_the_compiled_model():
    """With the same density, but for a constant."""
    import pytensor

    model = model_of(MINE, evidence=[PUPILS, fe.Register("r", step="a", count=3_000)])
    with pytensor.config.change_flags(mode="FAST_COMPILE", cxx=""):
        made = fe.to_pymc(model)
        function = made.compile_fn(made.logp(), inputs=made.value_vars, mode="FAST_COMPILE")
    density = Density(model)
    z = np.array([[-4.0, -3.5], [0.3, 0.2], [1.1, 1.6]])
    theirs = []
    for column in z.T:
        values = dict(zip(density.names, column, strict=True))
        point = {
            made.rvs_to_values[one].name: np.array(
                [values[name] for name in made.coords[f"{one.name}_parameter"]]
            )
            for one in made.free_RVs
        }
        theirs.append(float(function(point)))
    assert np.diff(theirs) == pytest.approx(np.diff(density(z)), rel=1e-8)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"statement": ""}, "Halves of ages 0-11: field 'statement' is needed: what is assumed "
         "of these ages, and why?"),
        ({"ages": (0, 16)}, "Halves of ages 0-16: no age above it is left."),
        ({"axis": "agee"}, "Halves of ages 0-11: field 'axis': there is no axis 'agee' of "
         "ages; the population's axes are: year, age, sex."),
        ({"ages": (3, 99)}, "Halves of ages 3-99: field 'ages': 3-99 on axis 'age' is not covered "
         "by the population; axis 'age' has 0, 1, 2, ..., 15, 16."),
        ({"ages": [0, 11]}, "Halves: field 'ages' must be a pair of ages (lowest, highest), both "
         "included; given [0, 11]."),
    ],
)  # fmt: skip
def test_its_problems_are_those_of_all(fields, sentence):
    given = {"ages": (0, 11), "years": 3.0, "statement": "s", **fields}
    with pytest.raises(fe.SpecError) as caught:
        model_of(Halves(**given))
    assert sentence in caught.value.problems


def test_what_it_leaves_out_is_plain():
    @dataclass(frozen=True, kw_only=True)
    class Bare(fe.Imputation):
        """Says nothing."""

    one = Bare(ages=(0, 11), statement="s")
    assert one.sentence("nl") == "Bare of ages 0-11."
    assert one.parameters(PEOPLE) == {}
    assert one.apply_to_population(3.0, {}, PEOPLE) == 3.0
    with pytest.raises(TypeError, match="Bare does not define apply_to_rate"):
        one.apply_to_rate(0.1, {}, PEOPLE)


# --------------------------------------------------------------- pairs of ages

NO_PAIRS = [
    [0, 11], (0.0, 11.0), (0, 11.0), (False, True), (np.True_, 11), 5, (5,), (0, 5, 11), (11, 0),
    ("0", "11"), "pupils", None, {"age": (0, 11)}, (None, 11), (np.float64(0), 11),
]  # fmt: skip


@pytest.mark.parametrize("value", NO_PAIRS, ids=repr)
def test_ages_are_a_pair_of_whole_numbers(value):
    """Each of the two fields says so of itself, whatever the other holds."""
    fields = {"ages": (0, 11), **SHIFT}
    ending = f"must be a pair of ages (lowest, highest), both included; given {plain(value)!r}."
    for name in ("ages", "like"):
        one = fe.Shift(**{**fields, name: value})
        assert one.problems(PEOPLE) == [f"Shift: field {name!r} {ending}"]
        with pytest.raises(fe.SpecError) as caught:
            model_of(one)
        assert f"Shift: field {name!r} {ending}" in caught.value.problems
    both = fe.Shift(ages=value, like=value)
    assert both.problems(PEOPLE) == [
        "Shift: field 'statement' is needed: what is assumed of these ages, and why?",
        f"Shift: field 'ages' {ending}",
        f"Shift: field 'like' {ending}",
        "Shift: field 'prior' needs a prior, or a number that is taken as known.",
    ]


@pytest.mark.parametrize("ages", ["0-11", "under 12", "tot 12 jaar", "0 t/m 11 jaar", "Y0-11"])
def test_ages_as_they_are_printed(ages):
    one = fe.Shift(ages=ages, **SHIFT)
    assert one == fe.Shift(ages=(0, 11), **SHIFT)
    assert model_of(one).to_dict() == model_of(fe.Shift(ages=(0, 11), **SHIFT)).to_dict()


@pytest.mark.parametrize("ages", [(11, 11), (np.int64(0), np.int32(11)), (0, 11)], ids=repr)
def test_a_single_age_is_a_pair_too(ages):
    one = fe.Shift(ages=ages, **SHIFT)
    assert one.problems(PEOPLE) == []
    assert one.imputed(PEOPLE).any(axis=(0, 2)).sum() == ages[1] - ages[0] + 1


# --------------------------------------------------------------- priors beyond the limits


def below_zero(share):
    """Return a normal prior of which this share lies below 0."""
    return fe.Normal(-float(norm.ppf(share)), 1.0)


def test_a_prior_that_lies_mostly_beyond_its_limits_is_refused():
    """It would be cut off there, and what is left would hardly be what was stated."""

    def told(name, prior):
        given = {"pattern": {(0, 16): 1}, "uncertainty": 0, "discount": 1, "statement": "s"}
        one = fe.Proportional(ages=(0, 11), like=(12, 16), **{**given, name: prior})
        return one.problems(PEOPLE)

    for name in ("discount", "uncertainty"):
        prior = below_zero(0.919)
        assert told(name, prior) == [
            f"Proportional of ages 0-11: field {name!r} must be at least 0, where "
            f"{prior.describe()} has only 8.1% probability: what is left of it would hardly be "
            "what was stated."
        ]
        assert "has only 49.0% probability" in told(name, below_zero(0.51))[0]
        assert told(name, below_zero(0.49)) == []
        assert told(name, fe.Normal(0.0, 1.0)) == []  # just half
        assert "has no probability: what is left" in told(name, fe.Uniform(-3, 0))[0]
        assert told(name, fe.Uniform(0, 9)) == []
        assert told(name, fe.Shared("elsewhere")) == []


@pytest.mark.parametrize("name", ["prior", "relative"])
def test_also_of_the_ratios(name):
    given = {"registers": ["r"], "prior": 1, "relative": 1, "statement": "s"}
    one = fe.DetectionRatio(ages=(0, 11), like=(12, 16), **{**given, name: below_zero(0.7)})
    (text,) = one.problems(PEOPLE)
    assert f"field {name!r} must be " in text
    assert "has only 30.0% probability" in text


def test_and_of_a_factor_per_year():
    def told(factor):
        given = {"ages": (0, 11), "like": (12, 16), "statement": "s"}
        return fe.Extrapolate(factor=factor, **given).problems(PEOPLE)

    assert told(fe.LogNormal(0.0, 0.1)) == []  # just half is above 1
    assert told(fe.LogNormal(0.01, 0.1)) == []
    assert "has only 46.0% probability" in told(fe.LogNormal(-0.01, 0.1))[0]  # Phi(-0.1) = 0.4602
    assert told(fe.HalfNormal(1.0))[0].count("has only 31.7% probability") == 1  # 2 Phi(-1)


# --------------------------------------------------------------- beside each other


def test_ages_that_nobody_asks_about_are_refused():
    """With the five ways to say what is assumed of them."""
    with pytest.raises(fe.SpecError) as caught:
        model_of()
    (text,) = caught.value.problems
    assert text.startswith(
        "age 0-11: no source asks about 'a' at these ages apart (those that do, at other ages or "
        "all together, are: 'pupils'), yet these people are in the population, and so in every "
        "number and denominator. State what is assumed of them: Proportional (to a pattern), "
        "Extrapolate, Shift, DetectionRatio or Bounds; or leave these ages out of the population. "
    )
    assert "vidence of your own says which people it asks in its field 'asks'" in text
    assert text.endswith(".")


def test_every_age_must_be_spoken_of():
    part = fe.Shift(ages=(0, 3), **SHIFT)
    with pytest.raises(fe.SpecError, match="age 4-11: no source asks about 'a'"):
        model_of(part)
    with pytest.raises(fe.SpecError, match="age 0, 1, 6, 7, 8, 9, 10, 11: no source asks"):
        model_of(fe.Shift(ages=(2, 5), **SHIFT))
    assert model_of(part, fe.Shift(ages=(4, 11), **SHIFT))


@pytest.mark.parametrize(
    "one",
    [
        fe.Shift(ages=(0, 11), **SHIFT),
        fe.Proportional(
            ages=(0, 11), like=(12, 16), pattern={(0, 11): 1, (12, 16): 2}, uncertainty=0,
            discount=1, statement="s",
        ),
        fe.Extrapolate(ages=(0, 11), like=(12, 16), factor=1.1, statement="s"),
        fe.DetectionRatio(
            ages=(0, 11), like=(12, 16), registers=["r"], prior=1, relative=1, statement="s"
        ),
        fe.Bounds(ages=(0, 11), lower=0, upper=1, statement="s"),
        MINE,
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_any_of_them_will_do(one):
    register = fe.Register("r", step="b", count=30)
    assert model_of(one, evidence=[PUPILS, register]).imputed()[:, :12].all()


@pytest.mark.parametrize(
    "evidence",
    [
        [],
        [fe.Survey("s", step="b", of="a", yes=3, n=30, where={"age": (12, 16)})],
        [fe.Register("r", step="b", count=30, where={"age": (12, 16)})],
        [PUPILS, fe.Survey("children", step="a", share=0.02, n=90, where={"age": (0, 11)})],
        [PUPILS, fe.Survey("all", step="a", share=0.02, n=900)],
        [fe.Total("all", step="a", estimate=900, se=90)],
    ],
)
def test_where_nothing_is_left_unsaid_nothing_is_asked(evidence):
    assert model_of(evidence=evidence).evidence == tuple(evidence)


def test_an_age_without_people_need_not_be_spoken_of():
    counts = PEOPLE.counts.copy()
    counts[:, :12] = 0
    empty = fe.Population({axis.name: axis.levels for axis in PEOPLE.axes}, counts)
    assert model_of(population=empty)


def test_two_assumptions_on_the_same_cells():
    with pytest.raises(fe.SpecError, match="another assumption already sets the same cells"):
        model_of(fe.Shift(ages=(0, 11), **SHIFT), fe.Bounds(
            ages=(11, 11), lower=0, upper=1, statement="s"
        ))  # fmt: skip


def test_none_rests_on_what_another_fills_in():
    ages = fe.Shift(ages=(0, 5), like=(6, 16), prior=0.0, statement="s")
    with pytest.raises(fe.SpecError, match="themselves imputed by an assumption"):
        model_of(ages, fe.Shift(ages=(6, 11), **SHIFT))


def test_all_of_it_comes_in_one_error():
    wrong = [
        fe.Shift(ages=(0, 2), like=(12, 16)),
        fe.Proportional(
            ages=(3, 4), like=(4, 16), pattern={3: 0, 16: 0}, uncertainty=0, discount=1,
            statement="s",
        ),
        fe.Bounds(ages=(5, 5), lower=0.4, upper=0.1, statement="s"),
        fe.Extrapolate(ages=(6, 7), like=(12, 16), factor=0.5, statement="s"),
        fe.DetectionRatio(
            ages=(8, 8), like=(12, 16), registers=["nobody"], prior=1, relative=1, statement="s"
        ),
        fe.Shift(ages=(9, 10), **SHIFT),
        fe.Shift(ages=(10, 11), **SHIFT),
        fe.FirstTime(share=0.0, statement="s"),
    ]  # fmt: skip
    with pytest.raises(fe.SpecError) as caught:
        model_of(*wrong)
    text = "\n".join(caught.value.problems)
    for words in (
        "'statement' is needed", "'prior' needs a prior", "'ages' (3-4) and 'like' (4-16) overlap",
        "zero at every age", "misses age 4, 5, 6,", "must not be above field 'upper'",
        "'factor' must be at least 1", "names 'nobody', which is no register",
        "already sets the same cells", "'share' must be above 0",
    ):  # fmt: skip
        assert words in text, words
    assert len(caught.value.problems) == 10


def test_a_number_of_people_has_no_ages_to_fill_in():
    cells = fe.Population.cells({"age": [(0, 11), (12, 16)]})
    with pytest.raises(fe.SpecError, match="this needs a Rate of a population"):
        model_of(
            fe.Shift(ages=(0, 11), **SHIFT), population=cells, occurrence=fe.Number(300.0),
            evidence=[],
        )  # fmt: skip


def test_a_stratum_without_people_of_the_observed_ages_has_a_rate_all_the_same():
    people = fe.Population({"age": [3, 12, 13], "sex": ["m", "f"]}, [[10, 10], [5, 0], [5, 0]])
    rate = fe.Rate(fe.PerLevel("age", {3: 0.5, 12: 0.1, 13: 0.3}), fe.Levels("sex"))
    shift = fe.Shift(ages=(3, 3), like=(12, 13), prior=0.0, statement="s")
    model = fe.Model(fe.Route("a", "b"), people, rate, assumptions=[shift])
    q = fe.Quantities(model, {"rate of a[sex=f]": np.zeros(1), "a -> b": np.array([0.5])})
    np.testing.assert_allclose(q.number("a", {"age": 3}), 20 * 0.2)
