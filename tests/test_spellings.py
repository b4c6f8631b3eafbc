"""The same model under other spellings gives the same answers, or the same refusal."""

from __future__ import annotations

import re

import numpy as np
import pytest

import funnelest as fe

#: Under 12, 12 to 16, and 17 and over, as they are printed.
AGES = {
    "numbers": [(0, 11), (12, 16), (17, None)],
    "dashes": ["0-11", "12-16", "17+"],
    "words": ["under 12", "12-16", "17 and over"],
    "years": ["0\u201311 years", "12\u201316 years", "17 years and older"],
    "aged": ["aged under 12", "aged 12-16", "aged 17 and over"],
    "children": ["Under 12s", "12 through 16", "at least 17 years old"],
    "signs": ["<12", "12 - 16", ">=17"],
    "Eurostat": ["Y_LT12", "Y12-16", "Y_GE17"],
    "intervals": ["[0,12)", "[12,17)", "17+"],
    "up to": ["11 and under", "12 .. 16", "17 plus"],
    "jonger dan": ["jonger dan 12 jaar", "12 t/m 16 jaar", "17 jaar en ouder"],
    "tot": ["0 tot 12 jaar", "12 tot 17 jaar", "17 jaar of ouder"],
    "van tot": ["onder de 12", "van 12 tot 17 jaar", "vanaf 17 jaar"],
    "jarigen": ["tot 12 jaar", "12-16-jarigen", "17-plussers"],
    "leeftijd": ["leeftijd 0-11", "leeftijd 12 tot en met 16", "leeftijd 17+"],
    "unter": ["unter 12 Jahre", "12 bis 16 Jahre", "17 Jahre und älter"],
    "bis unter": ["0 bis unter 12", "12 bis unter 17", "17 und mehr"],
    "Jahren": ["unter 12 Jahren", "12 bis unter 17 Jahren", "ab 17 Jahren"],
    "Jährige": ["bis 11 Jahre", "12-16-Jährige", "17 und aelter"],
    "Alter": ["Alter 0-11", "Alter 12 bis 16", "Alter ab 17"],
}  # fmt: skip
YEARS = {
    "numbers": [2016, 2017],
    "final": ["2016", "2017*"],
    "English": ["year 2016", "year 2017 (provisional)"],
    "Dutch": ["jaar 2016", "2017 (voorlopig)"],
    "German": ["Jahr 2016", "Jahr 2017"],
    "floats": [2016.0, 2017.0],
}
#: Names that say what an axis holds.
NAMES = [
    ("age", "year"), ("age_band", "Year"), ("Age (years)", "calendar year"), ("leeftijd", "jaar"),
    ("Leeftijdsgroep", "Perioden"), ("Alter", "Jahr"), ("Altersgruppe", "Berichtsjahr"),
    ("leeftijdsklasse", "verslagjaar"), ("\u00c2ge", "Kalenderjahr"), (" AGES ", "reporting year"),
]  # fmt: skip
#: Names that do not, whatever the levels are.
OTHER = [
    ("x", "t"), ("year", "age"), ("sex", "region"), ("stage", "born"), ("village", "postcode"),
    ("week", "year of birth"), ("klas", "geboortejaar"), ("district", "birth cohort"),
    ("Lager", "Geburtsjahr"), ("code", "postal area"),
]  # fmt: skip
COUNTS = np.array([[2_000_000.0, 2_010_000], [990_000, 980_000], [14_000_000, 14_100_000]])


class Spelled:
    """A population and the parts of a model of it, in one spelling."""

    def __init__(self, age="numbers", year="numbers", names=("first", "second"), **roles):
        self.age, self.year = names
        self.young, self.teens, self.old = AGES[age]
        self.first, self.last = YEARS[year]
        axes = {self.age: AGES[age], self.year: YEARS[year]}
        if names not in NAMES:  # what the names do not say is declared
            roles = {"ages": self.age, "years": self.year, **roles}
        self.people = fe.Population(axes, COUNTS, **roles)

    def shift(self, which, how):
        return fe.Shift(ages=which, like=self.teens, prior=fe.Normal(how, 0.2), statement="s")

    def model(self, assumed=True):
        route = fe.Route("a", "b")
        register = fe.Register(
            name="register", step="b", by=(self.age, self.year),
            count={(self.teens, self.last): 300, (self.teens, self.first): 280},
        )  # fmt: skip
        survey = fe.Survey(name="survey", step="a", yes=40, n=2000, where={self.age: self.teens})
        rate = fe.Rate(fe.Beta(2, 98), fe.Levels(self.year, reference=self.first))
        given = [self.shift(self.young, -0.7), self.shift(self.old, -2.0)] if assumed else []
        return fe.Model(route, self.people, rate, evidence=[survey, register], assumptions=given)

    def plainly(self, text):
        """Return a text with the same names of axes, whatever they are called."""
        for name, known in ((self.age, "<ages>"), (self.year, "<years>")):
            if name not in ("age", "year"):  # words of sentences too
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", known, text)
        return text


def answers(one):
    """Return what a model says: numbers, the mean per year, labels and what rests on what."""
    model = one.model()
    rng = np.random.default_rng(3)
    values = {name: prior.sample(rng, 3) for name, prior in model.free.items()}
    q = fe.Quantities(model, values)
    numbers = [
        q.number("a"), q.number("b", {one.age: one.young}), q.share("a", {one.age: one.old}),
        q.number("a", {one.year: one.last, one.age: one.teens}), q.number("a", per="auto"),
    ]  # fmt: skip
    basis = [model.basis({one.age: which}) for which in (one.young, one.teens, one.old)]
    ledger = [one.plainly(f"{line.about}: {line.kind}, {line.value}") for line in model.ledger()]
    return numbers, basis, ledger, [one.plainly(name) for name in model.free]


FIRST = Spelled()
SAME = answers(FIRST)


def refusal(one):
    with pytest.raises(fe.SpecError) as caught:
        one.model(assumed=False)
    return [one.plainly(text) for text in caught.value.problems]


REFUSED = refusal(FIRST)


def test_the_guard_is_there():
    (text,) = REFUSED
    assert "0-11, 17+: no source asks" in text


def check(one):
    numbers, basis, *words = answers(one)
    np.testing.assert_allclose(numbers, SAME[0], rtol=1e-12)
    assert basis == SAME[1]
    if {one.age, one.year}.isdisjoint({"age", "year"}):
        # How an axis was recognised is said, and that it was declared.
        ledger, free = words
        known = [row for row in SAME[2] if not row.startswith("axis ")]
        assert ([row for row in ledger if not row.startswith("axis ")], free) == (known, SAME[3])
        (text,), (same,) = refusal(one), REFUSED
        assert text.startswith(same)
    else:
        assert len(refusal(one)) == len(REFUSED)
    again = fe.Population.from_dict(one.people.to_dict())
    assert again == one.people


@pytest.mark.parametrize("ages", AGES)
def test_ages_as_they_are_printed(ages):
    check(Spelled(ages))


@pytest.mark.parametrize("years", YEARS)
def test_years_as_they_are_printed(years):
    check(Spelled(year=years))


@pytest.mark.parametrize("names", [*NAMES, *OTHER], ids=map(" ".join, [*NAMES, *OTHER]))
def test_axes_of_any_name(names):
    check(Spelled(names=names))


@pytest.mark.parametrize("names", OTHER, ids=map(" ".join, OTHER))
@pytest.mark.parametrize("ages", ["numbers", "words"])
def test_axes_of_which_only_the_levels_say_what_they_hold_are_asked_about(names, ages):
    """And no number is divided, or guarded, by what nobody said."""
    one = Spelled(ages, names=names)
    people = fe.Population({one.age: AGES[ages], one.year: YEARS["numbers"]}, COUNTS)
    assert (people.ages, people.years) == (None, None)
    with pytest.raises(fe.SpecError) as caught:
        fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(2, 98)))
    said = " ".join(caught.value.problems)
    if names == ("year", "age"):
        assert "the axes 'year' and 'age' could each hold years" in said
    else:
        assert f"years={one.year!r}" in said
        assert f"ages={one.age!r}" in said
    for said in caught.value.problems:
        assert "no_role=" in said


@pytest.mark.parametrize("ages", AGES)
def test_ages_that_are_declared(ages):
    """With a role that is said, which takes a year axis of texts of digits too."""
    check(Spelled(ages, "final", ("g", "t"), ages="g", years="t"))


@pytest.mark.parametrize(
    "levels",
    [
        ["0 to 11", "12 to 16", "over 16"], ["up to 11", "12-16", ">16"],
        ["tot en met elf (11)", "12-16", "ouder dan 16"], ["bis 11", "12 bis 16", "\u00fcber 16"],
        ["0", "12", "17"], ["A (0-11)", "B (12-16)", "C (17+)"],
    ],
)  # fmt: skip
def test_what_is_not_read_is_asked_about(levels):
    """Whether "over 16" has people of 16 differs by who says it; silent it is never."""
    people = fe.Population({"g": levels}, COUNTS[:, 0])
    survey = fe.Survey(name="survey", step="a", yes=40, n=2000, where={"g": levels[1]})
    with pytest.raises(fe.SpecError, match="may hold ages: say in the population"):
        fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(2, 98)), evidence=[survey])


@pytest.mark.parametrize("ages", ["numbers", "words", "tot", "unter", "Eurostat"])
@pytest.mark.parametrize("names", NAMES[:6:2], ids=map(" ".join, NAMES[:6:2]))
def test_fields_take_levels_in_any_spelling(ages, names):
    """Selections, classes, patterns and references, whatever the population is spelled in."""
    one = Spelled(names=names)
    young, teens, old = AGES[ages]
    rate = fe.Rate(
        fe.PerLevel(one.age, {young: 0.01, teens: fe.Beta(2, 98), old: 0.001}),
        fe.Levels(one.year, reference=YEARS["German"][0]),
    )
    register = fe.Register(
        name="r", step="b", by=one.age, count={young: 4, teens: 3}, where={one.year: "2017*"}
    )
    model = fe.Model(fe.Route("a", "b"), one.people, rate, evidence=[register])
    assert [one.plainly(name) for name in model.free] == [
        "rate of a[<ages>=12-16]", "rate of a[<years>=2017]", "a -> b",
    ] if "age" not in names else True  # fmt: skip
    pattern = fe.Proportional(
        ages=young, like=teens, pattern={young: 1.0, teens: 2.0}, uncertainty=0.0, discount=1.0,
        statement="s",
    )  # fmt: skip
    assert pattern.problems(one.people) == []
    assert model.population.total({one.age: young, one.year: "jaar 2016"}) == 2_000_000


@pytest.mark.parametrize(
    "name",
    ["step", "from", "unit", "number", "median", "mark", "source", "prior_low", "quantity", "kind"],
)
def test_an_axis_called_as_a_column_keeps_its_levels_and_the_column(name):
    """They took each other's place: of an axis "step" no table said which step a row was of."""
    tables = []
    for axis in ("sex", name):
        people = fe.Population({axis: ["m", "f"]}, [50_000, 60_000])
        register = fe.Register(name="r", step="b", by=axis, count={"m": 40, "f": 60})
        survey = fe.Survey(name="s", step="a", yes=100, n=1000)
        model = fe.Model(
            fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 20)), evidence=[register, survey]
        )
        result = fe.fit(model, draws=400, seed=1, progress=False)
        check = fe.check.contributions(result, by=axis, refit=False, seed=1)
        tables.append(
            [result.steps(by=axis), result.transitions(by=axis), result.shares(by=axis),
             *check.tables.values()]
        )  # fmt: skip
    for usual, other in zip(*tables, strict=True):
        assert list(other.columns) == [f"{name} (axis)" if one == "sex" else one for one in usual]
        assert [list(map(str, row)) for row in other.to_numpy().tolist()] == [
            [str(cell).replace("[sex=", f"[{name}=") for cell in row]
            for row in usual.to_numpy().tolist()
        ]
