"""Named axes, head counts and the selection of cells."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnelest as fe


def people():
    return fe.Population(
        {"age": [(0, 11), (12, 16), 17], "sex": ["male", "female"]}, [[10, 11], [5, 6], [1, 2]]
    )


@pytest.mark.parametrize(
    ("where", "total"),
    [
        (None, 35), ({}, 35), ({"age": (0, 11)}, 21), ({"age": (0, 16)}, 32), ({"age": 17}, 3),
        ({"age": [(0, 11), 17]}, 24), ({"sex": "male"}, 16), ({"sex": ["male", "female"]}, 35),
        ({"sex": ("male",), "age": (12, 17)}, 6), ({"age": {(12, 16)}}, 11), ({"age": 17.0}, 3),
        ({"age": np.int64(17)}, 3),
    ],
)  # fmt: skip
def test_selection(where, total):
    assert people().total(where) == total


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"agee": 3}, "'agee'"), ({"age": (0, 5)}, "cuts the band 0-11"),
        ({"age": (12, 18)}, "not covered"), ({"age": 18}, "not covered"), ({"age": []}, "is empty"),
        ({"age": (16, 12)}, "runs backwards"), ({"sex": "girls"}, "'girls'"),
        ({"sex": 3}, "'3' is not a level"), ({"age": "12-15"}, "cuts"),
        ({"age": None}, "None"), ({"age": float("nan")}, "nan"),
        ({"age": (12, 13, 14)}, "(12, 13, 14)"),
        ({"age": True}, "True"), ({"sex": []}, "is empty"), ({"age": [12.5]}, "12.5"),
    ],
)  # fmt: skip
def test_a_wrong_selection_is_refused(where, words):
    with pytest.raises(fe.SpecError) as caught:
        people().select(where)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("axes", "counts", "words"),
    [
        ({"age": [1, 2]}, [1, -1], "age 2 must be a number of at least 0; given -1"),
        ({"age": [1, 2]}, [1, float("nan")], "given nan"),
        ({"age": [1, 2]}, [1, float("inf")], "given inf"),
        ({"age": [1, 2]}, [0, 0], "zero in every cell"),
        ({"age": [1, 2]}, [1, 2, 3], "shape (3,)"),
        ({"age": [1, 2]}, ["a", "b"], "must be a number of at least 0; given 'a', a text"),
        ({"age": [1, 2]}, None, "must be numbers"),
        ({"age": [1, 1]}, [1, 2], "names a level twice"),
        ({"age": [(0, 5), (5, 9)]}, [1, 2], "overlap"),
        ({"age": [(9, 5), 10]}, [1, 2], "runs backwards"),
        ({"age": [1, "two"]}, [1, 2], "mixes names and numbers"),
        ({"age": [1.5, 2]}, [1, 2], "1.5 is not a level"),
        ({"age": []}, [], "has no levels"),
    ],
)
def test_a_wrong_population_is_refused(axes, counts, words):
    with pytest.raises(fe.SpecError) as caught:
        fe.Population(axes, counts)
    assert words in str(caught.value)
    assert "in the population" in str(caught.value)


def test_from_frame():
    frame = pd.DataFrame(
        {
            "age": ["12-16", "0-11", "17", "12-16", "0-11", "17"],
            "sex": ["male"] * 3 + ["female"] * 3,
            "count": [5, 10, 1, 6, 11, 2],
        }
    )
    assert fe.Population.from_frame(frame) == people()
    renamed = frame.rename(columns={"count": "n"})
    assert fe.Population.from_frame(renamed, count="n") == people()
    shuffled = frame.sample(frac=1, random_state=1).sort_values(
        "sex", ascending=False, kind="stable"
    )
    assert fe.Population.from_frame(shuffled) == people()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"age": [1, 1], "count": [3, 4]}, "two rows for age 1"),
        ({"age": [1, 2], "count": [3, None]}, "age 2 must be a number of at least 0; given nan"),
        ({"age": [1, 2], "count": [3, "x"]}, "given 'x'"),
        ({"age": [1, 2], "sex": ["m", "f"], "count": [3, 4]}, "no row for age 1, sex f"),
        ({"age": [1, 2], "n": [3, 4]}, "no column 'count'; it has age, n"),
        ({"age": [1, None], "count": [3, 4]}, "nan is not a level"),
        ({"age": [1.5, 2], "count": [3, 4]}, "1.5 is not a level"),
    ],
)
def test_a_wrong_frame_is_refused(rows, words):
    with pytest.raises(fe.SpecError) as caught:
        fe.Population.from_frame(pd.DataFrame(rows))
    assert words in str(caught.value)


def test_counts_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        people().counts[0, 0] = 3


def test_cells_have_no_head_count():
    cells = fe.Population.cells({"region": ["north", "south"]})
    assert not cells.counted
    assert fe.Population.from_dict(cells.to_dict()) == cells
    assert fe.Population.cells().shape == ()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8, unique=True), st.data())
def test_a_range_selects_the_whole_bands_in_it(starts, data):
    edges = sorted({*starts, max(starts) + 3})
    bands = [(a, b - 1) for a, b in itertools.pairwise(edges)]
    counts = data.draw(st.lists(st.integers(1, 9), min_size=len(bands), max_size=len(bands)))
    population = fe.Population({"age": bands}, counts)
    i = data.draw(st.integers(0, len(bands) - 1))
    j = data.draw(st.integers(i, len(bands) - 1))
    assert population.total({"age": (bands[i][0], bands[j][1])}) == sum(counts[i : j + 1])


def test_it_round_trips():
    assert fe.Population.from_dict(people().to_dict()) == people()
    assert people() != fe.Population.cells({"age": [1]})
