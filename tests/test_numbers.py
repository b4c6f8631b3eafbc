"""Every door of the package reads a number by one rule, and refuses what is none in a sentence."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import funnelest as fe
from funnelest import numbers

#: What is no number, though much of it looks like one.
NONE = {
    "text": "2.160", "NumPy text": np.str_("3"), "bytes": b"3", "true": True,
    "NumPy truth": np.True_, "complex": 3 + 0j, "NumPy complex": np.complex128(3),
    "NaN": float("nan"), "infinity": float("inf"), "decimal NaN": Decimal("NaN"),
    "huge": 10**400, "huge decimal": Decimal("1e999999"), "nothing": None, "NA": pd.NA,
    "NaT": pd.NaT, "time": datetime.timedelta(3), "NumPy time": np.timedelta64(3, "D"),
    "pandas time": pd.Timedelta(3), "day": datetime.date(3, 1, 1),
    "moment": datetime.datetime(2020, 1, 1), "NumPy date": np.datetime64("2020"),
    "pandas date": pd.Timestamp("2020"), "masked": np.ma.masked,
    "masked array": np.ma.array(3.0, mask=True), "list": [3], "array": np.array([3, 4]),
    "lists": [[3]], "mapping": {3: 3}, "set": {3},
}  # fmt: skip
#: Three, as it may be given.
THREE = {
    "int": 3, "float": 3.0, "decimal": Decimal("3.00"), "fraction": Fraction(6, 2),
    "array": np.array(3), "unmasked": np.ma.array(3.0, mask=False), "int8": np.int8(3),
    "uint64": np.uint64(3), "float16": np.float16(3), "longdouble": np.longdouble(3),
}  # fmt: skip

PEOPLE = fe.Population({"age": [1, 2]}, [1000, 2000])
TWO = [fe.Asked(step="a", share=0.1), fe.Asked(step="b", share=0.05)]
YOUNG = {"ages": (1, 1), "like": (2, 2), "statement": "s"}


def model(*evidence, **parts):
    given = {"population": PEOPLE, "occurrence": fe.Rate(fe.Beta(1, 9)), **parts}
    return fe.Model(fe.Route("a", "b"), **given,
                    evidence=list(evidence))  # fmt: skip


def number(occurrence):
    return fe.Model(fe.Route("a", "b"), fe.Population.cells({"age": [1, 2]}), occurrence)


YEARS = fe.Population({"age": list(range(17))}, [100] * 17)
FIRST = fe.FirstTime(share=0.8, statement="s")
TABLE = fe.lists.OverlapTable(
    ["a", "b", "c"],
    {"111": 3, "110": 5, "101": 5, "011": 4, "100": 9, "010": 9, "001": 8},
)


def walk(term):
    return model(occurrence=fe.Rate(fe.Beta(1, 9), term), population=YEARS)


def onset(**parts):
    return model(fe.OnsetSurvey(name="o", **parts), population=YEARS, assumptions=[FIRST])


def unlinked(counts, **parts):
    names = zip("xy", counts, strict=True)
    registers = [fe.Register(name=name, step="b", count=count) for name, count in names]
    return model(fe.Unlinked(name="u", registers=registers, **parts))


def test_error(**parts):
    return fe.Survey(name="s", step="a", yes=3, n=40, defects=[fe.TestError(**parts)])


test_error.__test__ = False


def frame(value):
    column = pd.Series([value, 5], dtype=object)
    return pd.DataFrame({"sex": ["m", "f"], "count": column})


def records(value):
    return pd.DataFrame(
        {"a": [1, 0, 1], "b": [0, 1, 1], "n": pd.Series([value, 5, 6], dtype=object)}
    )


#: Every door for numbers of a user.
DOORS = {
    "counts": lambda n: fe.Population({"sex": ["m", "f"]}, [n, 5]),
    "counts in rows": lambda n: fe.Population({"sex": ["m", "f"], "g": ["x"]}, [[n], [5]]),
    "one count": lambda n: fe.Population({}, n),
    "counts of a frame": lambda n: fe.Population.from_frame(frame(n)),
    "prior": lambda n: model(occurrence=fe.Rate(fe.Beta(n, 9))),
    "prior of a term": lambda n: model(occurrence=fe.Rate(0.1, fe.Levels("age", fe.Normal(0, n)))),
    "from an interval": lambda n: number(fe.Number(fe.Gamma.from_interval(n, 9))),
    "known number": lambda n: number(fe.Number(n)),
    "truncated": lambda n: number(fe.Number(fe.Truncated(fe.Gamma(2, 1), low=n))),
    "per level": lambda n: number(fe.Number(fe.PerLevel("age", {1: n, 2: 4}))),
    "register": lambda n: model(fe.Register(name="r", step="b", count=n)),
    "register of classes": lambda n: model(
        fe.Register(name="r", step="b", by="age", count={1: n, 2: 5})
    ),
    "rounded": lambda n: model(fe.Register(name="r", step="b", count=fe.Rounded(n, to=1))),
    "rounded to": lambda n: model(fe.Register(name="r", step="b", count=fe.Rounded(9, to=n))),
    "between": lambda n: model(fe.Register(name="r", step="b", count=fe.Between(n, 9))),
    "official values": lambda n: model(
        fe.Register(name="r", step="b", count=fe.Disagreeing([4, 9], use="mixture", weights=[n, 1]))
    ),
    "survey yes": lambda n: model(fe.Survey(name="s", step="a", yes=n, n=40)),
    "survey n": lambda n: model(fe.Survey(name="s", step="a", yes=1, n=n)),
    "survey deff": lambda n: model(fe.Survey(name="s", step="a", yes=1, n=40, deff=n)),
    "total's interval": lambda n: model(fe.Total(name="s", step="a", estimate=4, interval=(n, 9))),
    "total": lambda n: model(fe.Total(name="s", step="a", estimate=n, se=2)),
    "standard errors": lambda n: model(
        fe.JointSurvey(name="j", asked=TWO, se=[0.001, n], correlation=0)
    ),
    "covariance": lambda n: model(
        fe.JointSurvey(name="j", asked=TWO, covariance=[[0.1, 0.0], [0.0, n]])
    ),
    "cohort": lambda n: model(fe.Cohort(name="c", of="a", step="b", yes=n, n=9)),
    "validation": lambda n: model(
        test_error(sensitivity=fe.Uniform(0.5, 1)),
        fe.Validation(name="v", of="s", what="sensitivity", yes=[n, 4], n=[9, 9]),
    ),
    "clusters": lambda n: model(
        fe.Survey(name="s", step="a", yes=3, n=40, defects=[fe.Clustered(clusters=n, icc=0.1)])
    ),
    "own binomial": lambda n: model(
        fe.OwnBinomial(name="o", quantity=lambda q: q.share("a"), yes=n, n=40)
    ),
    "own normal": lambda n: model(
        fe.OwnNormal(name="o", quantity=lambda q: q.number("a"), estimate=9, se=n)
    ),
    "own poisson": lambda n: model(
        fe.OwnPoisson(name="o", quantity=lambda q: q.number("a"), count=n)
    ),
    "held": lambda n: number(fe.Number(fe.Gamma(2, 1))).holding({"number at a": n}),
    "power": lambda n: model(fe.Register(name="r", step="b", count=5)).with_powers({"r": n}),
    "pattern": lambda n: model(
        assumptions=[fe.Proportional(**YOUNG, pattern={1: n, 2: 1}, uncertainty=0.1, discount=1)]
    ),
    "shift": lambda n: model(assumptions=[fe.Shift(**YOUNG, prior=n)]),
    "factor": lambda n: model(assumptions=[fe.Extrapolate(**YOUNG, factor=n)]),
    "ages at first events": lambda n: onset(onset={(0, 11): 3, (12, 16): n}, n=40),
    "mean age": lambda n: model(
        fe.OnsetAge(name="o", before=16, mean=n, sd=2, n=40), population=YEARS, assumptions=[FIRST]
    ),
    "classes of a cohort": lambda n: model(fe.Cohort(name="c", of="a", went={"b": n}, n=40)),
    "people": lambda n: model(assumptions=[fe.PopulationError(prior=n, statement="s")]),
    "knots": lambda n: walk(fe.Spline("age", 0.1, spacing=n)),
    "reference": lambda n: walk(fe.RandomWalk("age", 0.1, reference=n)),
    "step": lambda n: walk(fe.RandomWalk("age", n)),
    "change": lambda n: walk(fe.ChangePoint("age", at=n)),
    "limit": lambda n: model(
        assumptions=[fe.Bounds(ages=(1, 1), lower=0, upper=n, numbers=True, statement="s")]
    ),
    "unlinked": lambda n: unlinked([n, 9], overlap=fe.Beta(1, 1, statement="s")),
    "overlap of registers": lambda n: unlinked([8, 9], overlaps={("x", "y"): n}),
    "selection": lambda n: YEARS.select({"age": n}),
    "made-up overlaps": lambda n: TABLE.with_counts({"111": n, "100": 5, "011": 5}),
    "a prior of the number": lambda n: (
        fe.lists.DecomposableAverage(prior=fe.lists.NegativeBinomialN(n, 0.01))
        .estimate(TABLE)
        .hidden
    ),
    "overlaps": lambda n: fe.lists.OverlapTable(["a", "b"], {"11": n, "10": 5, "01": 5}),
    "overlaps of a frame": lambda n: fe.lists.OverlapTable.from_histories(
        records(n), lists=["a", "b"], count="n"
    ),
}


#: What some doors take that is no number: a level as it is printed, several of them, none.
ALSO = {
    "reference": {"NumPy text", "nothing"},
    "change": {"list"},
    "selection": {"NumPy text", "list", "lists", "set"},
}
#: Doors that take whole numbers only as such.
WRITTEN = {"change"}


@pytest.mark.parametrize(
    ("door", "bad"),
    [
        pytest.param(door, value, id=f"{name}-{what}")
        for name, door in DOORS.items()
        for what, value in NONE.items()
        if what not in ALSO.get(name, ())
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_number_is_refused_in_sentences(door, bad):
    """One `SpecError`, whatever it is, that does not read it as another number."""
    with pytest.raises(fe.SpecError) as caught:
        door(bad)
    assert caught.value.problems
    assert all(text.endswith((".", "?")) for text in caught.value.problems)


@pytest.mark.parametrize(
    ("door", "three"),
    [
        pytest.param(door, value, id=f"{name}-{what}")
        for name, door in DOORS.items()
        for what, value in THREE.items()
        if name not in WRITTEN or numbers.is_integer(numbers.plain_number(value))
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_number_is_the_same_however_it_is_given(door, three):
    assert written(door(three)) == written(door(3))


def written(made):
    """Return all that was read, as text in which 3 and 3.0 differ no more than for a user."""
    if isinstance(made, fe.Model):
        known = {name: vars(prior) for name, prior in made.priors.items()}
        sources = [vars(one) for one in made.evidence]
        made = (known, sources, made.powers, made.assumptions)
    elif isinstance(made, fe.Population):
        made = made.counts.tolist()
    elif isinstance(made, fe.lists.OverlapTable):
        made = made.counts
    return re.sub(" at 0x[0-9a-f]+", "", repr(made)).replace("3.0", "3")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (Decimal("0.1"), 0.1), (Decimal("2.160"), 2.16), (Fraction(1, 4), 0.25),
        (Fraction(1, 3), 1 / 3), (np.float32(0.1), 0.1), (Decimal("1e3"), 1000),
        (Decimal(2) ** 60 + 1, 2**60 + 1), (np.array(Decimal("0.1")), 0.1),
    ],
)  # fmt: skip
def test_exactly(value, read):
    made = numbers.plain_number(value)
    assert type(made) is type(read)
    assert made == read


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (["2.160", 3], "given '2.160', a text: give the number itself, without quotes"),
        ([True, 3], "given True, a truth value: give 1 or 0"),
        (np.ma.array([2.0, 3.0], mask=[True, False]), "which is masked: give the number"),
        ([np.timedelta64(3, "D"), 3], "a length of time"),
        ([np.datetime64("2020"), 3], "a date"),
        ([3j, 3], "a complex number: give its real part"),
        ([b"3", 3], "which are bytes: give the text, or the number, itself"),
        (pd.array([pd.NA, 3], dtype="Int64"), "which is missing: give the number"),
        (pd.Series([None, 3], dtype=object), "given None"),
        (np.array(["3", "4"]), "a text"),
        (np.array([3, 4], dtype="timedelta64[D]"), "a length of time"),
        (np.array([True, False]), "a truth value"),
        ([[3], [4, 5]], "as many in every row"),
        ("34", "a text"),
    ],
)
def test_what_is_said_and_what_to_write(counts, words):
    with pytest.raises(fe.SpecError) as caught:
        fe.Population({"sex": ["m", "f"]}, counts)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "counts",
    [
        np.ma.array([3, 4], mask=False), np.ma.array([3, 4]), pd.array([3, 4], dtype="Int64"),
        pd.Series([3, 4]), (3, 4), range(3, 5), np.array([3, 4], dtype=np.float32),
        np.array([Decimal(3), Fraction(4)]), pd.Index([3, 4]),
    ],
)  # fmt: skip
def test_rows_of_any_kind(counts):
    people = fe.Population({"sex": ["m", "f"]}, counts)
    assert people.counts.dtype == np.float64
    assert people.counts.tolist() == [3.0, 4.0]


def test_masks_stay_masks_in_lists_of_arrays():
    rows = [np.ma.array([3, 4], mask=[False, True]), np.ma.array([5, 6])]
    with pytest.raises(fe.SpecError, match="masked"):
        fe.Population({"sex": ["m", "f"], "g": ["x", "y"]}, rows)


@pytest.mark.parametrize(
    "axes", [{1: ["a"], "1": ["b"]}, {1: ["a"]}, {None: ["a"]}, {(1, 2): ["a"]}]
)
def test_the_name_of_an_axis_is_text(axes):
    """So that no two become one."""
    with pytest.raises(fe.SpecError, match="the name of an axis must be text; given"):
        fe.Population(axes, np.ones([1] * len(axes)))


def test_columns_too():
    table = pd.DataFrame([["x", "y", 3]], columns=[1, "1", "count"])
    with pytest.raises(fe.SpecError, match="the table has 2 columns '1'"):
        fe.Population.from_frame(table)
    table = pd.DataFrame([["x", "y", 3]], columns=["g", "g", "count"])
    with pytest.raises(fe.SpecError, match="2 columns 'g'"):
        fe.Population.from_frame(table)


@pytest.mark.parametrize(
    "level", [np.timedelta64(3, "D"), 3j, True, np.ma.masked, float("nan"), 2.5]
)
def test_a_level_is_no_other_kind_of_number(level):
    with pytest.raises(fe.SpecError, match="is not a level"):
        fe.Population({"age": [1, level]}, [3, 4])


@pytest.mark.parametrize(
    ("axes", "counts"),
    [
        ({"sex": ["m", "f"]}, pd.Series([1, 2], ["f", "m"])),
        ({"sex": ["m", "f"]}, pd.Series([1, 2], ["m", "m"])),
        ({"year": [2016, 2017]}, pd.Series([1, 2], [2017, 2016])),
        ({"age": ["0-11", "12-16"]}, pd.Series([1, 2], ["12-16", "0-11"])),
        ({"a": ["m", "f"], "b": [1, 2]}, pd.DataFrame([[1, 2], [3, 4]], [1, 2], ["m", "f"])),
        ({"a": ["m", "f"], "b": [1, 2]}, pd.DataFrame([[1, 2], [3, 4]], ["m", "f"], [2, 1])),
    ],
)
def test_a_table_whose_rows_have_other_names_is_not_read_by_their_order(axes, counts):
    """Of one man and two women under the names f, m there were two men, without a word."""
    with pytest.raises(fe.SpecError, match=r"in the order in which they stand.*to_numpy"):
        fe.Population(axes, counts)
    fe.Population(axes, counts.to_numpy())


@pytest.mark.parametrize("names", [["m", "f"], [0, 1], [4, 9]])
def test_names_that_are_the_levels_or_only_numbers_of_rows_are_fine(names):
    people = fe.Population({"sex": ["m", "f"]}, pd.Series([1, 2], names))
    assert people.counts.tolist() == [1, 2]


def test_a_covariance_with_names_is_not_read_by_its_order():
    matrix = [[1e-4, 2e-5], [2e-5, 4e-4]]
    named = pd.DataFrame(matrix, ["b", "a"], ["b", "a"])
    with pytest.raises(fe.SpecError, match=r"'covariance'.*\n.*\n.*to_numpy"):
        model(fe.JointSurvey(name="j", asked=TWO, covariance=named))
    model(fe.JointSurvey(name="j", asked=TWO, covariance=pd.DataFrame(matrix)))
    for ages, fits in (([12, 18], True), ([18, 12], False)):
        survey = fe.OnsetSurvey(
            name="o", before={12: 0.1, 18: 0.2}, covariance=pd.DataFrame(matrix, ages, ages)
        )
        said = " ".join(survey.problems(fe.Route("a"), YEARS))
        assert ("to_numpy" in said) is not fits, said
