"""Overlap tables from frames: of combinations of lists, of persons, of records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelest.errors import SpecError
from funnelest.lists import OverlapTable

LISTS = ["a", "b", "c"]
COUNTS = {"100": 5, "010": 3, "001": 4, "110": 2, "011": 1}


def histories(counts=COUNTS, **more):
    rows = [{**dict(zip(LISTS, map(int, one), strict=True)), "n": n} for one, n in counts.items()]
    return pd.DataFrame(rows).assign(**more)


def persons(counts=COUNTS):
    rows = [list(map(int, one)) for one, n in counts.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=LISTS)
    return frame.assign(id=[f"secret-{i}" for i in range(len(frame))])


def records(counts=COUNTS):
    wide = persons(counts)
    long = wide.melt(id_vars="id", var_name="list", value_name="on")
    return long[long["on"] == 1].drop(columns="on").sample(frac=1, random_state=3)


def problems(read, *arguments, **more):
    with pytest.raises(SpecError) as caught:
        read(*arguments, **more)
    assert "secret" not in str(caught.value)
    return caught.value.problems


def sentence(read, *arguments, **more):
    found = problems(read, *arguments, **more)
    assert len(found) == 1, found
    return found[0]


TABLE = OverlapTable(LISTS, COUNTS)

AS = {
    "bool": lambda column: column.astype(bool),
    "int8": lambda column: column.astype("int8"),
    "float": lambda column: column.astype(float),
    "nullable bool": lambda column: column.astype("boolean"),
    "nullable int": lambda column: column.astype("Int64"),
    "nullable float": lambda column: column.astype("Float64"),
    "text": lambda column: column.astype(str),
    "string": lambda column: column.astype("string"),
    "category": lambda column: column.astype("category"),
    "category of text": lambda column: column.astype(str).astype("category"),
    "object": lambda column: column.astype(bool).astype(object),
}


@pytest.mark.parametrize("kind", AS)
def test_every_type_of_column_is_read(kind):
    frame = histories()
    wide = persons()
    for name in LISTS:
        frame[name] = AS[kind](frame[name])
        wide[name] = AS[kind](wide[name])
    before = frame.copy(deep=True)
    assert OverlapTable.from_histories(frame, LISTS, "n") == TABLE
    assert OverlapTable.from_records(wide, LISTS) == TABLE
    pd.testing.assert_frame_equal(frame, before)


def test_histories_persons_and_records_give_the_same_table():
    long = records()
    twice = pd.concat([long, long.head(7)])  # a second record of a person on a list
    assert OverlapTable.from_histories(histories(), LISTS, "n") == TABLE
    assert OverlapTable.from_records(persons(), LISTS, person="id") == TABLE
    assert OverlapTable.from_records(twice, person="id", list="list") == TABLE
    turned = OverlapTable.from_records(long, ["c", "a", "b"], person="id", list="list")
    assert turned.lists == ("c", "a", "b")
    assert turned.counts["010"] == 5


def test_the_order_of_the_lists_is_that_given():
    turned = OverlapTable.from_histories(histories(), ["c", "b", "a"], "n", source="here")
    assert turned.counts["001"] == 5
    assert turned.source == "here"


def test_what_is_not_linked_is_open():
    frame = histories({"100": 5, "001": 3, "101": 2}).assign(b=[np.nan, None, pd.NA])
    frame["b"] = frame["b"].astype(object)
    more = histories({"100": 4, "010": 3, "111": 2})
    both = pd.concat([frame.assign(where="x"), more.assign(where="y")])
    table = OverlapTable.from_histories(both, LISTS, "n", strata="where")
    assert table.counts["x"] == {"1?0": 5, "0?1": 3, "1?1": 2}
    both["b"] = both["b"].fillna("?")
    assert OverlapTable.from_histories(both, LISTS, "n", strata=["where"]) == table


def test_strata_are_joined():
    frame = pd.concat([histories(sex="f", year=2017), histories(sex="m", year=2018.0)])
    table = OverlapTable.from_histories(
        frame, LISTS, "n", strata=("sex", "year"), not_covering={}, upper=["c"]
    )
    assert table.strata == ("f / 2017", "m / 2018")
    assert table.upper == ("c",)
    assert table.pooled().counts["100"] == 10


def test_strata_of_persons_and_records():
    long = records().assign(sex=lambda x: np.where(x["id"] < "secret-5", "f", "m"))
    wide = persons().assign(sex=lambda x: np.where(x["id"] < "secret-5", "f", "m"))
    wide["sex"] = wide["sex"].astype("category")
    table = OverlapTable.from_records(wide, LISTS, strata="sex")
    assert OverlapTable.from_records(long, LISTS, person="id", list="list", strata=["sex"]) == table
    assert table.pooled() == TABLE
    covered = wide.assign(c=np.where(wide["sex"] == "f", 0, wide["c"]))
    covered = covered[covered[LISTS].sum(axis=1) > 0]
    table = OverlapTable.from_records(covered, LISTS, strata="sex", not_covering={"c": ["f"]})
    assert table.covers("c", "f") is False


def test_the_order_does_not_depend_on_the_rows():
    frame = records().assign(age="x")
    for i, age in enumerate(["10-14", "5-9", "15-19"]):
        frame.loc[frame["id"].str.endswith(tuple("0123456789"[i::3])), "age"] = age
    for seed in range(3):
        mixed = frame.sample(frac=1, random_state=seed)
        table = OverlapTable.from_records(mixed, person="id", list="list", strata="age")
        assert table.strata == ("5-9", "10-14", "15-19")
        assert all(list(one) == sorted(one) for one in table.counts.values())


def test_many_records():
    rng = np.random.default_rng(1)
    size = 300_000
    frame = pd.DataFrame(
        {
            "id": rng.integers(0, 200_000, size).astype(str),
            "list": rng.choice(["a", "b", "c", "d"], size),
        }
    )
    table = OverlapTable.from_records(frame, person="id", list="list")
    assert table.known == frame["id"].nunique()
    assert table.size("c") == frame.loc[frame["list"] == "c", "id"].nunique()


def test_nothing_of_the_frame_is_kept():
    table = OverlapTable.from_records(persons(), LISTS, person="id")
    assert "secret" not in repr(vars(table))


@given(st.lists(st.tuples(st.integers(1, 7), st.sampled_from("xyz")), min_size=1, max_size=60))
def test_everybody_is_counted_once(people):
    rows = [
        {"id": i, "list": name, "stratum": stratum}
        for i, (code, stratum) in enumerate(people)
        for place, name in enumerate(LISTS)
        if code >> place & 1
    ]
    frame = pd.DataFrame(rows)
    if set(frame["list"]) != set(LISTS):
        return
    table = OverlapTable.from_records(frame, person="id", list="list")
    assert table.known == len(people)
    for name in LISTS:
        assert table.size(name) == (frame["list"] == name).sum()
    if len(set(frame["stratum"])) * 2 <= len(people):
        apart = OverlapTable.from_records(frame, person="id", list="list", strata="stratum")
        assert apart.pooled() == table


# -------------------------------------------------------------------- refused


def test_every_problem_of_histories_at_once():
    frame = pd.DataFrame(
        {
            "a": ["1", "0", "yes", "1"],
            "b": [0, 1, 2, 0],
            "n": [3, -4, 2.5, None],
            "s": ["x", "x", None, "x"],
        }
    )
    found = problems(OverlapTable.from_histories, frame, ["a", "b", "d"], "n", strata=["s", "t"])
    said = " ".join(found)
    assert len(found) == 7
    for words in [
        "'d' is not a column",
        "'t' is not a column",
        "column 'a' must have 1 (on the list), 0",
        "column 'b' must",
        "column 's' has no value in 1 row.",
        "'n' has no number in 1 row",
        "'n' must have whole numbers of at least 0; 2 rows have",
    ]:
        assert words in said, words


def test_rows_of_the_same_pattern():
    frame = pd.concat([histories(), histories({"100": 2, "010": 2})])
    found = problems(OverlapTable.from_histories, frame, LISTS, "n")
    assert len(found) == 2
    assert found[0].startswith("2 rows have the pattern '100':")
    frame["s"] = "x"
    said = problems(OverlapTable.from_histories, frame, LISTS, "n", strata="s")[1]
    assert said.startswith("2 rows have the pattern '010' in stratum 'x':")


def test_people_on_no_list():
    said = sentence(OverlapTable.from_histories, histories({**COUNTS, "000": 9}), LISTS, "n")
    assert "'000' is that of people on no list" in said
    assert "form a list of their own" in said
    frame = histories({**COUNTS, "000": 9})
    frame.loc[frame.index[-1], "n"] = np.nan  # it is what is asked
    assert OverlapTable.from_histories(frame, LISTS, "n") == TABLE
    said = sentence(OverlapTable.from_records, persons({**COUNTS, "000": 2}), LISTS)
    assert said.startswith("2 persons are on no list")
    assert "a list of their own" in said


def test_every_problem_of_persons_at_once():
    frame = persons().assign(sex="f", b="maybe")
    frame.loc[3, "id"] = "secret-4"
    frame.loc[5, "id"] = None
    frame.loc[6, "sex"] = " "
    found = problems(
        OverlapTable.from_records, frame, ["a", "b", "x"], person="id", strata=["sex", "id"]
    )
    said = " ".join(found)
    for words in [
        "'x' is not a column",
        "column 'id' is named twice",
        "column 'b' must have 1",
        "15 rows have something else",
        "column 'sex' has no value in 1 row",
        "'person': column 'id' has no value in 1 row",
        "1 person has several rows",
    ]:
        assert words in said, words


def test_every_problem_of_records_at_once():
    frame = records().assign(sex="f")
    frame = pd.concat([frame, frame[frame["id"] == "secret-9"].assign(sex="m", list="d")])
    frame = pd.concat([frame, pd.DataFrame({"id": [None, "secret-1"], "list": ["a", None]})])
    found = problems(
        OverlapTable.from_records, frame, LISTS, person="id", list="list", strata="sex"
    )
    said = " ".join(found)
    for words in [
        "column 'sex' has no value in 2 rows",
        "'person': column 'id' has no value in 1 row",
        "'list': column 'list' has no value in 1 row",
        "1 name that is not in 'lists', in 1 row; the lists are: a, b, c",
        "2 persons are in several strata",
    ]:
        assert words in said, words


def test_columns_that_were_swapped_tell_nobody():
    said = sentence(OverlapTable.from_records, records(), person="list", list="id")
    assert "given 15" in said
    said = sentence(OverlapTable.from_records, records(), LISTS, person="list", list="id")
    assert "15 names that are not in 'lists', in 18 rows" in said
    wide = pd.concat([persons(), persons()]).assign(id=lambda x: [f"secret{i}" for i in range(30)])
    said = sentence(OverlapTable.from_records, wide, LISTS, strata="id")
    assert "30 strata of 30 persons" in said
    said = sentence(OverlapTable.from_records, wide.assign(b=wide["id"]), LISTS)
    assert "30 rows have something else" in said


def test_what_is_missing_is_said():
    assert "give 'lists'" in sentence(OverlapTable.from_records, persons())
    assert "needs 'person'" in sentence(OverlapTable.from_records, records(), list="list")
    assert "DataFrame" in sentence(OverlapTable.from_records, [[1, 0]], LISTS)
    assert "no rows" in sentence(OverlapTable.from_histories, histories().head(0), LISTS, "n")
    found = problems(OverlapTable.from_histories, histories(), LISTS, "a")
    assert "column 'a' is named twice" in found[0]
    doubled = pd.concat([histories(), histories()[["a"]]], axis=1)
    assert "name of 2 columns" in sentence(OverlapTable.from_histories, doubled, LISTS, "n")


def test_strata_that_become_the_same():
    frame = pd.concat([histories(s="x / y", t="z"), histories(s="x", t="y / z")])
    found = problems(OverlapTable.from_histories, frame, LISTS, "n", strata=["s", "t"])
    assert any("become the same" in one for one in found)


JUNK = [None, 3, 2.5, "a", [None], [3], [["a"]], {"a": 1}, object(), np.array([1, 2]), [{}]]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_junk_is_refused_in_sentences(junk):
    good = {"frame": histories(), "lists": LISTS, "count": "n", "strata": ()}
    for field in good:
        with pytest.raises(SpecError):
            OverlapTable.from_histories(**{**good, field: junk})
    wide = {"frame": persons(), "lists": LISTS, "person": "id", "strata": ()}
    long = {**wide, "frame": records(), "list": "list"}
    for way in (wide, long):
        for field in way:
            if junk is None and field in ("person", "lists", "list"):
                continue  # may be left out
            with pytest.raises(SpecError):
                OverlapTable.from_records(**{**way, field: junk})


def test_cells_that_cannot_be_counted():
    frame = persons().assign(id=[[i] for i in range(15)])
    assert "text or numbers" in sentence(OverlapTable.from_records, frame, LISTS, person="id")
    frame = persons().assign(a=[[1]] * 15)
    assert "column 'a' must have" in sentence(OverlapTable.from_records, frame, LISTS)
    frame = histories().astype({"n": object})
    frame.loc[0, "n"] = "5"
    frame.loc[1, "n"] = True
    frame.loc[2, "n"] = float("inf")
    assert "3 rows" in sentence(OverlapTable.from_histories, frame, LISTS, "n")


@pytest.mark.parametrize(
    ("persons_", "strata", "refused"),
    [(10, 10, True), (20, 10, True), (5, 5, True), (6, 3, False), (12, 4, False), (40, 12, False)],
)
def test_strata_that_are_persons_are_refused(persons_, strata, refused):
    frame = pd.DataFrame({"a": [1, 1, 0] * 20, "b": [1, 0, 1] * 20}).head(persons_)
    frame["of"] = [f"secret {i % strata}" for i in range(persons_)]
    if refused:
        said = sentence(OverlapTable.from_records, frame, ["a", "b"], strata="of")
        assert f"make {strata} strata of {persons_} persons" in said
        assert "Give columns of groups" in said
    else:
        table = OverlapTable.from_records(frame, ["a", "b"], strata="of")
        assert len(table.strata) == strata
